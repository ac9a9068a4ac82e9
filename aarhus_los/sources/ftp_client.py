"""ftplib with the limits that it lacks: what it reads can be cut off, and no answer or line is longer than it may be."""

from __future__ import annotations

import ftplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final

from aarhus_los.errors import UnavailableError

_LONGEST_ANSWER: Final = 64 * 1024
_LONGEST_LINE: Final = 8 * 1024
_BLOCK: Final = 64 * 1024


class Client(ftplib.FTP):
    """A plain connection, in latin-1. After the login it is in TYPE I, as sizes and files need it, but within `lines`."""

    _data: socket.socket | None = None
    _answered = 0

    def cut(self) -> None:
        """Ends what another thread reads. A TLS socket must not end TLS: another thread may be in the midst of it."""
        for each in (self.sock, self._data):
            if each is not None:
                with suppress(OSError):
                    socket.socket.shutdown(each, socket.SHUT_RDWR)

    def getmultiline(self) -> str:
        self._answered = 0
        return super().getmultiline()

    def getline(self) -> str:
        """A line of an answer. One that is cut off by the end of the connection is none."""
        line = "" if self.file is None else self.file.readline(self.maxline + 1)
        if not line:
            raise EOFError("the server has closed the connection")
        self._answered += len(line)
        if not line.endswith("\n") or self._answered > _LONGEST_ANSWER:
            raise ftplib.error_proto("an answer that is cut off, or without end")
        return line.rstrip("\r\n")

    def makepasv(self) -> tuple[str, int]:
        try:
            return super().makepasv()
        except ftplib.error_perm:
            if self.af != socket.AF_INET or self.sock is None:
                raise
            return ftplib.parse229(self.sendcmd("EPSV"), self.sock.getpeername())

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        self._data, size = super().ntransfercmd(cmd, rest)
        return self._data, size

    def optional(self, command: str) -> str | None:
        """The answer to a command that a server may refuse, or None."""
        try:
            return self.sendcmd(command)
        except (ftplib.error_perm, ftplib.error_temp):
            return None

    def lines(self, command: str, receive: Callable[[str | None], None]) -> None:
        """Gives each line of a listing as it comes; None for one that is too long.

        Raises ftplib's errors, also where the server says at the end that it was not able to list.
        """
        self.voidcmd("TYPE A")
        with closing(self.transfercmd(command)) as data:
            for line in _split(iter(lambda: data.recv(_BLOCK), b"")):
                receive(None if line is None else line.decode("utf-8", "replace"))
            _end_tls(data)
        answer = self.voidresp()
        if "failed to open" in answer:  # vsftpd of a folder that it may not read: 226, and no line
            raise ftplib.error_perm(answer)
        self.voidcmd("TYPE I")

    def download(self, command: str, size: int, closing_seconds: float) -> bytes:
        """The bytes that a transfer brings, not many more than `size`. `finish` reads what the server says at its end."""
        received = bytearray()
        with closing(self.transfercmd(command)) as data:
            while len(received) <= size:
                if len(received) == size:
                    data.settimeout(closing_seconds)
                try:
                    block = data.recv(_BLOCK)
                except OSError:
                    if len(received) != size:
                        raise
                    block = b""
                if not block:
                    break
                received += block
            data.settimeout(closing_seconds)
            _end_tls(data)
        return bytes(received)

    def finish(self, seconds: float) -> None:
        """Reads what the server says after a transfer, if it does so in time. Raises ftplib's errors."""
        assert self.sock is not None
        self.sock.settimeout(seconds)
        self.voidresp()
        self.sock.settimeout(self.timeout)


@contextmanager
def refusal_means(text: str, remedy: str) -> Iterator[None]:
    """A refusal within is one that lasts: raises UnavailableError with a text, the server's code, and what to do.

    None of the server's words, since it may repeat what was sent.
    """
    try:
        yield
    except ftplib.error_perm as error:
        raise UnavailableError(f"{text} ({str(error)[:3]}){remedy}", lasting=True) from None


def _end_tls(data: socket.socket) -> None:
    if isinstance(data, ssl.SSLSocket):
        data.unwrap()


def _split(blocks: Iterator[bytes]) -> Iterator[bytes | None]:
    """The lines in a stream, without their ends; None for one that is too long."""
    rest, too_long = b"", False
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield None if too_long else line.rstrip(b"\r")
            too_long = False
        if len(rest) > _LONGEST_LINE:
            rest, too_long = b"", True
    if rest or too_long:
        yield None if too_long else rest.rstrip(b"\r")
