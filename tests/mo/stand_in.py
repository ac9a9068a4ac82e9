"""An MO and a Keycloak on loopback that answer as a test says, over real sockets, and remember what they were asked."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from pydantic import SecretStr

from aarhus_los.mo.client import Auth, MoClient
from tests.scripted_http import Asked, Reply, ScriptedServer

SECRET = "the client's secret"
TOKEN_PATH = "/auth/realms/mo/protocol/openid-connect/token"


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


class StandIn(ScriptedServer):
    """`script` is played first, a reply a request to MO; then `answer` says what MO answers."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Callable[[Received], Reply] = echo
        self.script: deque[Reply] = deque()
        self.received: list[Received] = []
        self.token_script: deque[Reply] = deque()
        self.forms: list[dict[str, list[str]]] = []
        self.expires_in: Any = 300
        self.accepted: str | None = None
        """The only token that MO accepts; None accepts all."""
        self.lock = threading.Lock()

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

    def reply(self, asked: Asked) -> Reply:
        return self._token(asked) if asked.target == TOKEN_PATH else self._mo(asked)

    def _token(self, asked: Asked) -> Reply:
        with self.lock:
            assert "Authorization" not in asked.headers
            self.forms.append(parse_qs(asked.body.decode()))
            if self.token_script:
                return self.token_script.popleft()
            token = f"token-{len(self.forms)}"
            return Reply(body={"access_token": token, "expires_in": self.expires_in})

    def _mo(self, asked: Asked) -> Reply:
        received = Received(
            asked.method,
            asked.target,
            json.loads(asked.body) if asked.body else None,
            asked.headers.get("Authorization", ""),
            asked.connection,
        )
        with self.lock:
            self.received.append(received)
            if self.accepted is not None and received.token != self.accepted:
                return Reply(401, {"status": "Unauthorized", "msg": "Signature has expired"})
            if self.script:
                return self.script.popleft()
        return self.answer(received)
