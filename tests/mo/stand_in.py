"""An MO and a Keycloak on loopback that answer as a test says, over real sockets, and remember what they were asked."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from pydantic import SecretStr

from aarhus_los.mo.client import Auth, MoClient

SECRET = "the client's secret"
TOKEN_PATH = "/auth/realms/mo/protocol/openid-connect/token"


@dataclass
class Reply:
    """What is sent back.

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


@dataclass
class Received:
    method: str
    path: str
    body: Any
    authorization: str
    connection: int

    @property
    def token(self) -> str | None:
        scheme, _, token = self.authorization.partition(" ")
        return token if scheme == "Bearer" else None


def echo(received: Received) -> Reply:
    """Every write succeeds and answers with the uuids that it was sent; every query has no data."""
    if "graphql" in received.path:
        variables = received.body["variables"]
        return Reply(
            body={"data": {f"m{n}": {"uuid": variables[f"i{n}"]["uuid"]} for n in range(len(variables))}}
        )
    uuids = [item.get("uuid") or item["data"]["uuid"] for item in received.body or []]
    return Reply(201 if received.path.startswith("/service/details/create") else 200, uuids)


class StandIn(ThreadingHTTPServer):
    """`script` is played first, a reply a request to MO; then `answer` says what MO answers."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: Callable[[Received], Reply] = echo
        self.script: deque[Reply] = deque()
        self.received: list[Received] = []
        self.token_script: deque[Reply] = deque()
        self.forms: list[dict[str, list[str]]] = []
        self.expires_in: Any = 300
        self.accepted: str | None = None
        """The only token that MO accepts; None accepts all."""
        self.lock = threading.Lock()
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def auth(self) -> Auth:
        return Auth(f"{self.url}/auth", "mo", "los", SecretStr(SECRET))

    def client(self, **changed: Any) -> MoClient:
        arguments: dict[str, Any] = {
            "graphql_version": 30,
            "auth": None,
            "ca_bundle": None,
            "writable": True,
            "read_timeout": 5,
            "sleep": lambda seconds: None,
        }
        return MoClient(self.url, **{**arguments, **changed})

    def paths(self) -> list[str]:
        return [each.path for each in self.received]


@contextmanager
def serving() -> Iterator[StandIn]:
    with StandIn() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: StandIn

    def setup(self) -> None:
        super().setup()
        self.doomed = False

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers["Content-Length"])))

    def _serve(self, content: bytes) -> None:
        if self.doomed:
            return self._reset()
        return self._send(self._token(content) if self.path == TOKEN_PATH else self._mo(content))

    def _token(self, content: bytes) -> Reply:
        server = self.server
        with server.lock:
            assert "Authorization" not in self.headers
            server.forms.append(parse_qs(content.decode()))
            if server.token_script:
                return server.token_script.popleft()
            token = f"token-{len(server.forms)}"
            return Reply(body={"access_token": token, "expires_in": server.expires_in})

    def _mo(self, content: bytes) -> Reply:
        server = self.server
        received = Received(
            self.command,
            self.path,
            json.loads(content) if content else None,
            self.headers.get("Authorization", ""),
            self.client_address[1],
        )
        with server.lock:
            server.received.append(received)
            if server.accepted is not None and received.token != server.accepted:
                return Reply(401, {"status": "Unauthorized", "msg": "Signature has expired"})
            if server.script:
                return server.script.popleft()
        return server.answer(received)

    def _send(self, reply: Reply) -> None:
        if reply.hang:
            self.server.ended.wait(10)
        if reply.hang or reply.reset:
            return self._reset()
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        if reply.status == 204:
            body = b""
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if reply.cut else body)
        self.doomed = reply.last
        self.close_connection = reply.cut
        return None

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
