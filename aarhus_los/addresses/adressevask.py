"""Adressevask, the agency's service that turns an address text into the uuid of a Danish address (DAR).

The token is part of the URL, so no URL may reach a log, a text or a traceback: what `requests` raises, which carries it,
is turned into a value here and goes no further, and log records of `urllib3` that show it are dropped.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, local
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlencode

import requests
from pydantic import SecretStr
from urllib3.exceptions import HTTPError

from aarhus_los.addresses.answers import printable, read_answer
from aarhus_los.addresses.outcomes import Answer, NotLookedUp, Unknown, normalise
from aarhus_los.exchange import anonymous, retry_after

DEFAULT_URL: Final = "https://adressevaelger.dk"
TRIES: Final = 5
FIRST_BACKOFF: Final = 0.5
"""Seconds before the second try; twice as long before each further one."""
DOUBTED_AFTER: Final = 10
"""So many look-ups in a row without an answer, and until the next answer a look-up has one try only."""
DOWN_AFTER: Final = 50
"""So many, and the service is asked no more in this run: thousands of time-outs would take the night."""

NOT_UNDERSTOOD: Final = "the address service's answer was not understood"

_CLOSING: Final = {
    401: "the address service refuses the token (HTTP 401): check dar_token",
    403: "the address service refuses access (HTTP 403): check dar_token",
    410: "the address service is closed (HTTP 410): check dar_url",
}
_LONGEST_TEXT: Final = 1_000
_LONGEST_ANSWER: Final = 256 * 1024
_LOGGERS_WITH_URLS: Final = ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: str
    retry_after: str | None


@dataclass(frozen=True, slots=True)
class _Again:
    """Worth another try, no sooner than in `wait` seconds."""

    reason: str
    wait: float = 0.0


class Adressevask:
    """The service, for one run. Safe to use from several threads: each has an HTTP session of its own.

    Nothing is raised for what the service or the network does: a look-up that fails is a `NotLookedUp`. The service is
    `closed` when it refuses us, when it seems to be down, and after `stop`: then no more requests are sent, and every
    look-up gets the reason at once.
    """

    def __init__(
        self,
        url: str,
        token: SecretStr,
        *,
        ca_bundle: Path | None = None,
        retry_seconds: float = 120.0,
        timeout: tuple[float, float] = (10.0, 30.0),
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timeout`: seconds to connect, and for each read. `retry_seconds`: no try of a look-up begins later than that."""
        self.url: Final = url.rstrip("/")
        self._token = token
        # Given with each request: as the session's own it would have to yield to REQUESTS_CA_BUNDLE.
        self._verify = None if ca_bundle is None else str(ca_bundle)
        self._retry_seconds = retry_seconds
        self._timeout = timeout
        self._stopped = Event()
        # Ends when the service is closed, so that a run that is interrupted need not sit its waits out.
        self._sleep = sleep or self._stopped.wait
        self._clock = clock
        self._lock = Lock()
        self._closed: str | None = None
        self._failures = 0
        self._asked = 0
        self._retries = 0
        self._thread = local()
        self._sessions: list[requests.Session] = []
        self._filter = _WithoutToken(token)
        for name in _LOGGERS_WITH_URLS:
            logging.getLogger(name).addFilter(self._filter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections. Not while look-ups are under way."""
        for session in self._sessions:
            session.close()
        for name in _LOGGERS_WITH_URLS:
            logging.getLogger(name).removeFilter(self._filter)

    @property
    def closed(self) -> str | None:
        """Why the service is asked no more in this run; None while it is."""
        return self._closed

    @property
    def asked(self) -> int:
        """Look-ups so far for which at least one request was sent."""
        return self._asked

    @property
    def retries(self) -> int:
        """Requests so far that were sent again."""
        return self._retries

    def stop(self, reason: str) -> None:
        """No more requests; waits before a retry end at once."""
        with self._lock:
            self._closed = self._closed or reason
        self._stopped.set()

    def look_up(self, text: str) -> Answer | NotLookedUp:
        """Asks for one address text."""
        text = normalise(text)
        if not text:
            return Unknown(400, "The text is empty")
        if len(text) > _LONGEST_TEXT:
            return Unknown(400, "The text is longer than any address")
        outcome = self._ask(text)
        self._watch(outcome)
        return outcome

    def _ask(self, text: str) -> Answer | NotLookedUp:
        deadline = self._clock() + self._retry_seconds
        reason = ""
        wait = 0.0
        for attempt in range(TRIES):
            if attempt:
                if self._clock() + wait > deadline or self._failures >= DOUBTED_AFTER:
                    break
                self._sleep(wait)
            if self._closed is not None:
                return NotLookedUp(self._closed)
            with self._lock:
                self._asked += attempt == 0
                self._retries += attempt > 0
            reply = self._get(text)
            verdict = self._judge(reply) if isinstance(reply, _Reply) else reply
            if not isinstance(verdict, _Again):
                return verdict
            reason = verdict.reason
            # Jitter, lest ten threads that failed together come back together.
            wait = max(verdict.wait, FIRST_BACKOFF * 2**attempt * random.uniform(0.5, 1.0))
        return NotLookedUp(reason)

    def _get(self, text: str) -> _Reply | _Again:
        parameters = {"adresse": text, "token": self._token.get_secret_value()}
        try:
            with self._session().get(
                f"{self.url}/vask/?{urlencode(parameters, quote_via=quote, safe='', errors='replace')}",
                auth=anonymous,
                timeout=self._timeout,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _content(response).decode("utf-8-sig", "replace")
                return _Reply(response.status_code, self._masked(body), response.headers.get("Retry-After"))
        except requests.Timeout:
            return _Again("the address service did not answer in time")
        except requests.exceptions.SSLError:
            return _Again("no TLS connection to the address service: is its certificate trusted (ca_bundle)?")
        except requests.exceptions.ProxyError:
            return _Again("the proxy does not lead to the address service")
        except (OSError, ValueError, HTTPError):
            return _Again("the address service could not be reached, or broke the connection off")

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._thread, "session", None)
        if session is None:
            session = self._thread.session = requests.Session()
            session.headers.update({"Accept": "application/json", "User-Agent": "aarhus-los"})
            with self._lock:
                self._sessions.append(session)
        return session

    def _masked(self, text: str) -> str:
        for form in _forms(self._token):
            text = text.replace(form, "***")
        return text

    def _judge(self, reply: _Reply) -> Answer | NotLookedUp | _Again:
        status = reply.status
        if status == 200:
            try:
                return read_answer(reply.body)
            except ValueError:
                return NotLookedUp(NOT_UNDERSTOOD)
        if status == 400:
            return Unknown(status, printable(reply.body))
        if status in _CLOSING:
            self.stop(_CLOSING[status])
            return NotLookedUp(_CLOSING[status])
        if status in (408, 429) or status >= 500:
            return _Again(f"the address service answered HTTP {status}", retry_after(reply.retry_after))
        if 300 <= status < 400:
            return NotLookedUp(
                f"the address service redirects (HTTP {status}), which is not followed: check dar_url"
            )
        return NotLookedUp(f"the address service answered HTTP {status}: check dar_url")

    def _watch(self, outcome: Answer | NotLookedUp) -> None:
        with self._lock:
            self._failures = self._failures + 1 if isinstance(outcome, NotLookedUp) else 0
            failures = self._failures
        if isinstance(outcome, NotLookedUp) and failures >= DOWN_AFTER:
            self.stop(f"{outcome.reason} ({failures} times in a row)")


class _WithoutToken(logging.Filter):
    """Drops what shows the token, at whatever level an operator lets the HTTP library log."""

    def __init__(self, token: SecretStr) -> None:
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        return not any(form in message for form in _forms(self._token))


def _forms(token: SecretStr) -> set[str]:
    """The token as it is, and as it stands in a URL."""
    plain = token.get_secret_value()
    return {plain, quote(plain, safe="")} - {""}


def _content(response: requests.Response) -> bytes:
    """The body, cut where it is longer than any answer: it is then not understood, and the connection is dropped."""
    content = b""
    for chunk in response.iter_content(64 * 1024):
        content += chunk
        if len(content) > _LONGEST_ANSWER:
            break
    return content
