"""The bearer token for MO: one for all threads, fetched by client credentials and renewed before it expires."""

from __future__ import annotations

import re
import threading
from typing import Final

from msgspec import Struct
from pydantic import SecretStr

from aarhus_los.answer import Answer, Unsettled, passing
from aarhus_los.errors import UnavailableError
from aarhus_los.http import Http, shown

MARGIN: Final = 30.0
"""A token is renewed so many seconds before it expires: a request that is on its way must still be accepted."""

LIFETIME: Final = 60.0
"""How many seconds a token is used whose server does not say how long it lives."""
MOST_LETTERS: Final = 65_536
"""Of a token: no server takes a longer header."""
LONGEST: Final = 86_400.0
"""No token is used for longer, whatever its server says."""


class Auth(Struct, frozen=True):
    """Who we are: a client of a Keycloak realm. `auth_server` is its base URL, which ends in `/auth`."""

    auth_server: str
    realm: str
    client_id: str
    client_secret: SecretStr

    @property
    def url(self) -> str:
        return f"{self.auth_server.rstrip('/')}/realms/{self.realm}/protocol/openid-connect/token"


class _Token(Struct, frozen=True):
    text: str
    fetched: float
    renew: float

    def __repr__(self) -> str:
        return "_Token()"


class TokenSource:
    """Hands out the token. Thread-safe: while one thread fetches a token, the others wait for it."""

    def __init__(self, auth: Auth, http: Http) -> None:
        self._auth = auth
        self._http = http
        self._lock = threading.Lock()
        self._token: _Token | None = None
        self._failed: UnavailableError | None = None
        self._requests = 0

    @property
    def requests(self) -> int:
        """How many requests were sent to the token endpoint."""
        return self._requests

    def current(self) -> str:
        """A token that is good for a while. Raises `UnavailableError`."""
        with self._lock:
            token = self._token
            # Also renewed when the clock has jumped back behind the fetch: then nobody knows how old it is.
            if token is None or not token.fetched <= self._http.clock() < token.renew:
                token = self._renewed()
            return token.text

    def replace(self, refused: str) -> None:
        """Renews the token because MO has refused it, unless another thread has done so meanwhile."""
        with self._lock:
            if self._token is not None and self._token.text == refused:
                self._renewed()

    def _renewed(self) -> _Token:
        # Every thread would try for as long again, one after the other, and hear the same.
        if self._failed is not None:
            raise UnavailableError(str(self._failed))
        try:
            self._token = self._fetch()
        except UnavailableError as failed:
            self._failed = failed
            raise
        return self._token

    def _fetch(self) -> _Token:
        server = f"the token endpoint {shown(self._auth.url)}"
        try:
            return self._http.settle(lambda: self._fetched(server))
        except Unsettled as unsettled:
            raise unsettled.final(server) from None

    def _fetched(self, server: str) -> _Token:
        auth = self._auth
        begun = self._http.clock()
        self._requests += 1
        answer = self._http.exchange(
            "POST",
            auth.url,
            form={
                "grant_type": "client_credentials",
                "client_id": auth.client_id,
                "client_secret": auth.client_secret.get_secret_value(),
            },
        )
        return _understood(answer, begun, server)


def _understood(answer: Answer, fetched: float, server: str) -> _Token:
    status = answer.status
    if status in (400, 401, 403):
        raise UnavailableError(
            f"{server} refuses the client id or the client secret ({status}): check the settings client_id and"
            " client_secret, and that the client may use client credentials",
            lasting=True,
        )
    passing(answer, server, "auth_server")
    if status >= 500:
        raise Unsettled(f"answer {status}", perhaps_done=False)
    if status != 200:
        raise UnavailableError(
            f"{server} answers {status}: check the settings auth_server (ends in /auth) and auth_realm",
            lasting=True,
        )
    try:
        body = answer.json()
        text, lifetime = body["access_token"], body.get("expires_in")
    except (ValueError, TypeError, LookupError, AttributeError):
        text = lifetime = None
    # Anything else cannot be sent in a header, and the error that says so shows it.
    if not isinstance(text, str) or not re.fullmatch(rf"[!-~]{{1,{MOST_LETTERS}}}", text):
        raise Unsettled("an answer without a token", perhaps_done=False)
    told = isinstance(lifetime, int | float) and not isinstance(lifetime, bool) and lifetime > 0
    seconds = float(min(lifetime, LONGEST)) if told else LIFETIME
    return _Token(text, fetched, fetched + seconds - min(MARGIN, seconds / 2))
