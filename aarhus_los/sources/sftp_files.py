"""The few requests of SFTP, version 3 (draft-ietf-secsh-filexfer-02), that a reader of files has, over a channel.

paramiko's own client gives up a whole listing for one name that is not UTF-8, and reads packets of any length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from paramiko import Channel

_INIT, _VERSION, _OPEN, _CLOSE, _READ, _FSTAT = 1, 2, 3, 4, 5, 8
_OPENDIR, _READDIR, _STAT = 11, 12, 17
_STATUS, _HANDLE, _DATA, _NAME, _ATTRS = 101, 102, 103, 104, 105
_FOR_READING: Final = 1
_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_MORE = 1, 2, 4, 8, 1 << 31
_OK, _END, _NO_SUCH_FILE, _BAD_MESSAGE, _NO_CONNECTION, _LOST = 0, 1, 2, 5, 6, 7
_BLOCK: Final = 32 * 1024
"""Bytes of a read: what every server gives in one answer."""
_LONGEST_PACKET: Final = 1024 * 1024


class Refused(Exception):
    """The server's no to a request."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{text or 'no reason given'} ({code})")
        self.is_gone = code == _NO_SUCH_FILE


class Disorder(Exception):
    """What came is no answer to what was asked."""


class Attributes(Struct, frozen=True):
    """What the server tells of a file; None for what it does not. `mtime` is in seconds since 1970."""

    size: int | None
    mode: int | None
    mtime: int | None


class Files:
    """The files of a server. Names are UTF-8. Raises Refused, Disorder, EOFError, and what the channel raises."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._asked = 0
        self._send(_INIT, struct.pack(">I", 3))
        kind, _ = self._receive()
        if kind != _VERSION:
            raise Disorder("no SFTP server answers")

    def scan(self, folder: str) -> Iterator[tuple[bytes, Attributes]]:
        """The things in a folder, with links as links."""
        handle = self._handle(_OPENDIR, _text(folder))
        while (answer := self._next(_READDIR, handle, _NAME)) is not None:
            count = answer.number()
            if count == 0:
                raise Disorder("a listing that goes on without names")
            for _ in range(count):
                name = answer.string()
                answer.string()  # the line of `ls -l`
                yield name, answer.attributes()
        self._ask(_CLOSE, handle, _STATUS)

    def stat(self, path: str) -> Attributes:
        """Of what a link leads to."""
        return self._ask(_STAT, _text(path), _ATTRS).attributes()

    def read(self, path: str, most: int) -> tuple[bytes, int | None]:
        """The bytes of a file, not many more than `most`, and its size when they were read."""
        handle = self._handle(_OPEN, _text(path) + struct.pack(">II", _FOR_READING, 0))
        data = bytearray()
        while len(data) <= most:
            answer = self._next(_READ, handle + struct.pack(">QI", len(data), _BLOCK), _DATA)
            block = b"" if answer is None else answer.string()
            if not block:
                break
            data += block
        size = self._ask(_FSTAT, handle, _ATTRS).attributes().size
        self._ask(_CLOSE, handle, _STATUS)
        return bytes(data), size

    def _handle(self, kind: int, content: bytes) -> bytes:
        handle = self._ask(kind, content, _HANDLE).string()
        return struct.pack(">I", len(handle)) + handle

    def _ask(self, kind: int, content: bytes, expected: int) -> _Answer:
        answer = self._next(kind, content, expected)
        if answer is None:
            raise Disorder("an end where there is none")
        return answer

    def _next(self, kind: int, content: bytes, expected: int) -> _Answer | None:
        """The answer to a request; None for the end of a file or of a listing."""
        self._asked += 1
        self._send(kind, struct.pack(">I", self._asked) + content)
        answered, answer = self._receive()
        if answer.number() != self._asked or answered not in (expected, _STATUS):
            raise Disorder("an answer to something else")
        if answered == _STATUS:
            code = answer.number()
            if code == _END:
                return None
            if code in (_BAD_MESSAGE, _NO_CONNECTION, _LOST):
                raise Disorder(f"the server says that the connection is out of order ({code})")
            if code != _OK:
                raise Refused(code, answer.string().decode("utf-8", "replace") if answer.left else "")
            if expected != _STATUS:
                raise Disorder("an answer without what was asked for")
        return answer

    def _send(self, kind: int, content: bytes) -> None:
        self._channel.sendall(struct.pack(">IB", 1 + len(content), kind) + content)

    def _receive(self) -> tuple[int, _Answer]:
        length, kind = struct.unpack(">IB", self._exactly(5))
        if length > _LONGEST_PACKET:
            raise Disorder(f"a packet of {length} bytes")
        return kind, _Answer(self._exactly(length - 1))

    def _exactly(self, count: int) -> bytes:
        received = bytearray()
        while len(received) < count:
            block = self._channel.recv(count - len(received))
            if not block:
                raise EOFError("the server has closed the connection")
            received += block
        return bytes(received)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">I", len(data)) + data


class _Answer:
    """The content of a packet, read from its beginning to its end. Raises Disorder where it is too short."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._content) - self._at

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self._take(size), "big")

    def string(self) -> bytes:
        return self._take(self.number())

    def attributes(self) -> Attributes:
        flags = self.number()
        size = self.number(8) if flags & _HAS_SIZE else None
        if flags & _HAS_OWNER:
            self._take(8)
        mode = self.number() if flags & _HAS_MODE else None
        _, mtime = (self.number(), self.number()) if flags & _HAS_TIMES else (None, None)
        for _ in range(self.number() if flags & _HAS_MORE else 0):
            self.string(), self.string()
        return Attributes(size, mode, mtime)

    def _take(self, count: int) -> bytes:
        if count > self.left:
            raise Disorder("an answer that is cut off")
        self._at += count
        return self._content[self._at - count : self._at]
