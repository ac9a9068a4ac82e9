"""Servers that say what a test tells them to say: an FTP server, and what answers behind an SSH login."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Self

import paramiko

Says = bytes | Callable[["Talk"], None]
"""What a command is answered with: words, or something that is done."""


class Talk:
    """One connection. `argument` is of the command that is being answered; `data` the connection that PASV has opened."""

    def __init__(self, control: socket.socket, server: ScriptedFtp) -> None:
        self.control = control
        self.server = server
        self.argument = ""
        self._listener: socket.socket | None = None

    def say(self, *lines: str) -> None:
        self.control.sendall("".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape"))

    def open_data(self, answer: str) -> None:
        self.close_data()
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.say(answer.format(port=port, high=port // 256, low=port % 256))

    def close_data(self) -> None:
        if self._listener is not None:
            self._listener.close()

    def begin(self) -> socket.socket:
        """The answer that a transfer begins, and its data connection."""
        self.say("150 Here it comes.")
        assert self._listener is not None
        data, _ = self._listener.accept()
        self._listener.close()
        return data

    def transfer(self, content: bytes, closing: str = "226 Done.") -> None:
        with self.begin() as data:
            data.sendall(content)
        if closing:
            self.say(closing)

    def hang_up(self) -> None:
        self.control.shutdown(socket.SHUT_RDWR)

    def keep_on(self, sent: socket.socket, piece: bytes, pause: float) -> None:
        """Sends the same again and again, until the other side or the test has had enough."""
        with suppress(OSError):
            while not self.server.stopped.wait(pause):
                sent.sendall(piece)


class ScriptedFtp:
    """Serves `files` without MLSD, each command as a plain server would, but for what `script` says of a command, with its
    argument (`SIZE a.csv`) or without. `commands` is what it was told."""

    def __init__(
        self, files: Mapping[str, bytes], script: Mapping[str, Says], greeting: Says = b"220 Hej"
    ) -> None:
        self.files = files
        self.script = script
        self.greeting = greeting
        self.commands: list[str] = []
        self.stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                control, _ = self._listener.accept()
                control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.append(control)
                threading.Thread(target=self._serve, args=(control,), daemon=True).start()

    def _serve(self, control: socket.socket) -> None:
        talk = Talk(control, self)
        with ExitStack() as stack, suppress(OSError), control, control.makefile("rb") as lines:
            self._do(talk, self.greeting)
            stack.callback(talk.close_data)
            for line in lines:
                command, _, talk.argument = line.decode("utf-8", "replace").strip().partition(" ")
                whole = f"{command} {talk.argument}".strip()
                self.commands.append(whole)
                self._do(
                    talk,
                    self.script.get(whole, self.script.get(command, getattr(self, command, b"500 What?"))),
                )

    def _do(self, talk: Talk, says: Says) -> None:
        if isinstance(says, bytes):
            talk.control.sendall(says + b"\r\n")
        else:
            says(talk)

    USER = b"331 And?"
    PASS = b"230 In."
    PWD = b'257 "/los"'
    CWD = b"250 There."
    TYPE = b"200 Yes."
    QUIT = b"221 Farvel."
    MDTM = b"213 20210128114002"

    def PASV(self, talk: Talk) -> None:
        talk.open_data("227 Entering (127,0,0,1,{high},{low})")

    def NLST(self, talk: Talk) -> None:
        talk.transfer("".join(f"{name}\r\n" for name in self.files).encode())

    def LIST(self, talk: Talk) -> None:
        lines = (
            f"-rw-r--r-- 1 los los {len(data)} Jan 28 11:40 {name}\r\n" for name, data in self.files.items()
        )
        talk.transfer("".join(lines).encode())

    def SIZE(self, talk: Talk) -> None:
        data = self.files.get(talk.argument)
        talk.say("550 No." if data is None else f"213 {len(data)}")

    def RETR(self, talk: Talk) -> None:
        talk.transfer(self.files[talk.argument])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


class Speaking:
    """A server that is nothing but what it says to each who comes."""

    def __init__(self, says: Callable[[socket.socket], None]) -> None:
        self._says = says
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                control, _ = self._listener.accept()
                threading.Thread(target=self._say, args=(control,), daemon=True).start()

    def _say(self, control: socket.socket) -> None:
        with suppress(OSError), control:
            self._says(control)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def again(piece: bytes, pause: float) -> Callable[[socket.socket], None]:
    """The same again and again, until the other side has had enough."""

    def says(sent: socket.socket) -> None:
        while True:
            sent.sendall(piece)
            time.sleep(pause)

    return says


# What answers behind an SSH login, in packets of SFTP

INIT, VERSION, OPEN, CLOSE, READ, FSTAT, OPENDIR, READDIR, STAT = 1, 2, 3, 4, 5, 8, 11, 12, 17
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
REGULAR = 0o100644

Answer = Callable[[bytes, bytes], bytes]
"""The number and the content of a request → the bytes that are sent: whole packets, as a rule."""


def packet(kind: int, content: bytes) -> bytes:
    return struct.pack(">IB", 1 + len(content), kind) + content


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def status(code: int, text: bytes = b"") -> Answer:
    return lambda number, _: packet(STATUS, number + struct.pack(">I", code) + string(text) + string(b""))


def attributes(size: int | None = None, mode: int | None = REGULAR, mtime: int | None = None) -> bytes:
    flags = (1 if size is not None else 0) | (4 if mode is not None else 0) | (8 if mtime is not None else 0)
    content = struct.pack(">I", flags)
    content += b"" if size is None else struct.pack(">Q", size)
    content += b"" if mode is None else struct.pack(">I", mode)
    return content + (b"" if mtime is None else struct.pack(">II", mtime, mtime))


def names(*listed: tuple[bytes, bytes]) -> Answer:
    """A part of a listing: names with their attributes."""
    things = b"".join(string(name) + string(b"as by ls") + told for name, told in listed)
    return lambda number, _: packet(NAME, number + struct.pack(">I", len(listed)) + things)


def of_files(files: Mapping[str, bytes], **script: Answer) -> dict[int, Answer]:
    """A server of these files, but for what `script` says of a kind of request."""
    at_end = False

    def readdir(number: bytes, content: bytes) -> bytes:
        nonlocal at_end
        at_end = not at_end
        listed = [(name.encode(), attributes(len(data))) for name, data in files.items()]
        return (names(*listed) if at_end else status(1))(number, content)

    def read(number: bytes, content: bytes) -> bytes:
        length = struct.unpack(">I", content[:4])[0]
        data = files[content[4 : 4 + length].decode()]
        offset, count = struct.unpack(">QI", content[4 + length :])
        part = data[offset : offset + count]
        return packet(DATA, number + string(part)) if part else status(1)(number, content)

    def of_path(number: bytes, content: bytes) -> bytes:
        size = len(files[content[4:].decode()])
        return packet(ATTRS, number + attributes(size))

    def opened(number: bytes, content: bytes) -> bytes:
        length = struct.unpack(">I", content[:4])[0]
        return packet(HANDLE, number + content[: 4 + length])  # a path is its own handle

    known = {
        OPENDIR: opened,
        READDIR: readdir,
        OPEN: opened,
        READ: read,
        STAT: of_path,
        FSTAT: of_path,
        CLOSE: status(0),
    }
    return known | {globals()[kind]: answer for kind, answer in script.items()}


class ScriptedSftp(paramiko.SubsystemHandler):
    """Answers requests as it is told by their kinds."""

    def __init__(
        self,
        channel: paramiko.Channel,
        name: str,
        server: paramiko.ServerInterface,
        answers: Mapping[int, Answer],
    ) -> None:
        super().__init__(channel, name, server)
        self._answers = answers

    def start_subsystem(self, name: str, transport: paramiko.Transport, channel: paramiko.Channel) -> None:
        with suppress(OSError, EOFError):
            while True:
                length, kind = struct.unpack(">IB", _exactly(channel, 5))
                content = _exactly(channel, length - 1)
                if kind == INIT:
                    channel.sendall(packet(VERSION, struct.pack(">I", 3)))
                else:
                    channel.sendall(self._answers[kind](content[:4], content[4:]))


def _exactly(channel: paramiko.Channel, count: int) -> bytes:
    received = b""
    while len(received) < count:
        block = channel.recv(count - len(received))
        if not block:
            raise EOFError
        received += block
    return received
