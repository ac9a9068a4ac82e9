"""An HTTP server on loopback that answers as a test says, over real sockets."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from aarhus_los.sandbox.http_stand_in import Listening


@dataclass
class Reply:
    """What is sent back; a body that is no bytes, as JSON.

    `reset`: nothing, and the connection is reset. `cut`: less than was announced. `hang`: nothing, until the test ends.
    `last`: the connection looks alive, but the next request on it is reset, as MO does after an unforeseen error.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False
    cut: bool = False
    hang: bool = False
    last: bool = False


@dataclass(frozen=True)
class Asked:
    """A request as it came. `connection` is the port at the other end."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


class ScriptedServer(Listening):
    """`reply` is called in the thread of the request."""

    scheme = "http"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def reply(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.end()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust us, is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ScriptedServer

    def setup(self) -> None:
        super().setup()
        self.doomed = False

    def log_message(self, *arguments: Any) -> None:
        pass

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.doomed:
            return self._reset()
        asked = Asked(self.command, self.path, self.headers, body, self.client_address[1])
        return self._send(self.server.reply(asked))

    do_GET = do_POST = _serve

    def _send(self, reply: Reply) -> None:
        if reply.hang:
            self.server.ended.wait(10)
        if reply.hang or reply.reset:
            return self._reset()
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        if reply.status == 204:
            body = b""
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", f"{len(body)}")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if reply.cut else body)
        self.doomed = reply.last
        self.close_connection = self.close_connection or reply.cut
        return None

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
