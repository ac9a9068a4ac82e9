"""A small HTTP server on loopback whose every exchange a test can see and spoil: what the stand-ins have in common."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response. `close` ends the connection after it unannounced; `cut` sends only so many bytes of the body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    close: bool = False
    cut: int | None = None

    @classmethod
    def json(cls, status: int, value: Any, *, close: bool = False) -> Answer:
        """A body of JSON."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, body, {"Content-Type": "application/json"}, close)

    @classmethod
    def text(cls, status: int, text: str) -> Answer:
        """A body of plain text."""
        return cls(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection is reset, and nobody is told what became of the request."""


class Phase(Enum):
    """When an exchange is intercepted."""

    BEFORE = "before it takes effect"
    AFTER = "after it took effect, before it is answered"


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `number` counts from 1, and `answer` is what it would be answered, known in phase AFTER."""

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    answer: Answer | None = None

    def json(self) -> Any:
        """The body's JSON. Raises ValueError."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of an exchange. `status` is None while it is unanswered, and of a dropped one for good."""

    method: str
    path: str
    status: int | None
    objects: int = 0


Action = Answer | Drop
Intercept = Callable[[Request, Phase], Action | None]
"""Called in the thread of the request, twice; it may wait, kill or raise. What it returns is done instead of going on:
in phase BEFORE the request does not take effect, in phase AFTER it has."""


class HttpStandIn(ABC):
    """A server on a port of its own, for the length of a `with`. `clock` tells the `Date` of its answers."""

    def __init__(
        self, intercept: Intercept | None = None, port: int = 0, clock: Callable[[], float] = time.time
    ) -> None:
        self.intercept = intercept
        self.clock = clock
        self._numbers = count(1)
        self._records: dict[int, Record] = {}
        self._lock = Lock()
        self._connections: set[socket.socket] = set()
        self._port = port
        self._server: _Server | None = None

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """Lets a request take effect."""

    def objects(self, request: Request) -> int:
        """How many objects a request asks to be written."""
        return 0

    def unrecorded(self, path: str) -> bool:
        """Whether requests to a path are about the stand-in itself: neither intercepted nor remembered."""
        return False

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> list[Record]:
        """The exchanges so far, in the order in which they came."""
        with self._lock:
            return list(self._records.values())

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_port
        self._server.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.end()
        self._server = None
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            _shut(connection)

    def exchange(self, request: Request) -> Action:
        """Takes a request through its two phases; what it returns is sent."""
        if self.unrecorded(request.path):
            return self.answer(request)
        with self._lock:
            request = replace(request, number=next(self._numbers))
            self._records[request.number] = Record(request.method, request.path, None, self.objects(request))
        action = self._intercepted(request, Phase.BEFORE)
        if action is None:
            answer = self.answer(request)
            action = self._intercepted(replace(request, answer=answer), Phase.AFTER) or answer
        if isinstance(action, Answer):
            with self._lock:
                record = self._records[request.number]
                self._records[request.number] = replace(record, status=action.status)
        return action

    def opened(self, connection: socket.socket) -> None:
        """Remembers a connection, to end it with the server."""
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forgets a connection."""
        with self._lock:
            self._connections.discard(connection)

    def _intercepted(self, request: Request, phase: Phase) -> Action | None:
        return None if self.intercept is None else self.intercept(request, phase)


class Listening(ThreadingHTTPServer):
    """Takes connections in a thread of its own, from `begin` to `end`, which wakes it: it looks for no end meanwhile."""

    daemon_threads = True
    request_queue_size = 128

    def begin(self) -> None:
        self._ended = False
        self._accepting = Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def end(self) -> None:
        self._ended = True
        self.socket.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self.server_close()

    def _accept(self) -> None:
        while not self._ended:
            self.handle_request()


class _Server(Listening):
    def __init__(self, address: tuple[str, int], stand_in: HttpStandIn) -> None:
        self.stand_in = stand_in
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that was killed or has given up is nothing to report.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "stand-in"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.stand_in.opened(self.connection)

    def finish(self) -> None:
        self.server.stand_in.closed(self.connection)
        super().finish()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        request = Request(
            number=0,
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        action = self.server.stand_in.exchange(request)
        if isinstance(action, Drop):
            self._reset()
        else:
            self._send(action)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut])
        self.wfile.flush()
        if answer.close or answer.cut is not None:
            self.close_connection = True

    def _reset(self) -> None:
        self.close_connection = True
        # With this option a close sends RST; detached, lest http.server ends it politely with FIN first.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The moment by the stand-in's clock, where none is given."""
        return super().date_time_string(self.server.stand_in.clock() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: what came is in `requests`."""


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other end was faster
