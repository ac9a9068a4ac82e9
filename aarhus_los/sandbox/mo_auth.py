"""The token endpoint of the stand-in MO, and what MO makes of the tokens that it is shown."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from aarhus_los.sandbox.http_stand_in import Answer, Request

ROLES: Final = frozenset({"admin", "service_api"})
TOKEN_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says: until when it is good, and which realm roles its bearer has."""

    expires: float
    roles: frozenset[str]


class Tokens:
    """Issues tokens by client credentials, and knows those that it issued."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        roles: Iterable[str],
        seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.roles = frozenset(roles)
        self.seconds = seconds
        self._client = (client_id, client_secret)
        self._clock = clock
        self._issued: dict[str, Token] = {}

    def issue(self, request: Request) -> Answer:
        """Answers a POST to the token endpoint."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", "Unsupported grant_type")
        if (form.get("client_id"), form.get("client_secret")) != self._client:
            return _refused(401, "unauthorized_client", "Invalid client or Invalid client credentials")
        now = self._clock()
        token = Token(now + self.seconds, self.roles)
        text = self._signed(token, now)
        self._issued[text] = token
        return Answer.json(
            200,
            {
                "access_token": text,
                "expires_in": int(self.seconds),
                "refresh_expires_in": 0,
                "token_type": "Bearer",
                "not-before-policy": 0,
                "scope": "email profile",
            },
        )

    def expire(self) -> None:
        """Every token issued so far is out of date from now on."""
        self._issued = {text: Token(0, token.roles) for text, token in self._issued.items()}

    def check(self, request: Request) -> Token | Answer:
        """The token of a request, or what MO answers to one without a good one."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            return Answer.json(401, "Not authenticated")
        token = self._issued.get(text)
        if token is None:
            return Answer.json(401, {"status": "Unauthorized", "msg": "Signature verification failed"})
        if token.expires <= self._clock():
            return Answer.json(401, {"status": "Unauthorized", "msg": "Signature has expired"})
        return token

    def _signed(self, token: Token, now: float) -> str:
        """A JWT in shape, so that a client can read its roles; the signature is only a number that nobody guesses."""
        head = {"alg": "RS256", "typ": "JWT"}
        claims = {
            "iat": int(now),
            "exp": int(token.expires),
            "azp": self._client[0],
            "realm_access": {"roles": sorted(token.roles)},
        }
        return f"{_part(head)}.{_part(claims)}.{secrets.token_urlsafe(16)}"


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _refused(status: int, error: str, description: str) -> Answer:
    return Answer.json(status, {"error": error, "error_description": description})
