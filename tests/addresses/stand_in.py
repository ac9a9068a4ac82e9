"""An Adressevask on loopback that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, uuid5

TOKEN = "a secret/token"


@dataclass
class Reply:
    """What is sent back. `reset`: nothing, and the connection is reset. `cut`: less than was announced."""

    status: int = 200
    body: bytes | str = b""
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False
    cut: bool = False


def vask(
    kode: Any = 1000,
    uuid: Any = "0a3f50c4-379f-32b8-e044-0003ba298018",
    status: Any = 3,
    tekst: Any = "Eksakt",
    designation: Any = "Skt. Johannes Allé 2, 8000 Aarhus C",
    **more: Any,
) -> str:
    """The document of an HTTP 200; `more` goes into its `vaskeresultat`."""
    result = {"adresse_id_lokalid": uuid, "adressebetegnelse": designation, "status": status, **more}
    return json.dumps(
        {
            "vaskestatus": {"kode": kode, "tekst": tekst},
            "vaskeresultat": result,
            "vaskeresultat_historisk": {"adressebetegnelse": None},
        }
    )


MISS = vask(-1000, None, None, "Tekst kan ikke genkendes som en adresse", None)


def found(text: str) -> Reply:
    """Every text is an address; its uuid is made from the text."""
    return Reply(body=vask(uuid=uuid_of(text), designation=text))


def uuid_of(text: str) -> str:
    return str(uuid5(NAMESPACE_URL, text))


class StandIn(ThreadingHTTPServer):
    """The server. `answer` may be replaced at any time; it is called in the thread of the request."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "http"
        self.answer: Callable[[str], Reply] = found
        self.asked: list[str] = []
        self.paths: list[str] = []
        self.tokens: set[str] = set()
        self.credentials: set[str] = set()
        self.connections: set[tuple[str, int]] = set()
        self.most_at_a_time = 0
        self._now = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust us, is part of the tests."""

    def enter(self, path: str, text: str, token: str, client: tuple[str, int]) -> None:
        with self._lock:
            self._now += 1
            self.most_at_a_time = max(self.most_at_a_time, self._now)
            self.paths.append(path)
            self.asked.append(text)
            self.tokens.add(token)
            self.connections.add(client)

    def leave(self) -> None:
        with self._lock:
            self._now -= 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: StandIn

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        text = query["adresse"][0]
        self.server.credentials |= set(self.headers.get_all("Authorization", []))
        self.server.enter(self.path, text, query["token"][0], self.client_address)
        try:
            reply = self.server.answer(text)
        finally:
            self.server.leave()
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + (10 if reply.cut else 0)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or reply.cut

    def log_message(self, format: str, *args: Any) -> None:
        pass
