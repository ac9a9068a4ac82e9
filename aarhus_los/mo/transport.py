"""One HTTP exchange at a time: sessions, what a failure means for what was sent, and when it may be sent again."""

from __future__ import annotations

import json
import logging
import random
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests import exceptions as failures
from urllib3.exceptions import HTTPError, NewConnectionError

from aarhus_los.errors import UnavailableError
from aarhus_los.exchange import retry_after

TRIES: Final = 5
"""How often a request is sent at most."""

IDLE_SECONDS: Final = 4.0
"""MO's server closes a connection that was idle for five seconds; a request that meets the close is lost."""

_LOG: Final = logging.getLogger(__name__)

Authorise = Callable[[requests.PreparedRequest], requests.PreparedRequest]


class Unsettled(Exception):
    """There is no answer, or none that settles the matter. `perhaps_done`: what was sent may have been carried out."""

    def __init__(self, reason: str, *, perhaps_done: bool, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.perhaps_done = perhaps_done
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, whole. Its content is not shown: it may hold CPR numbers or a token."""

    status: int
    content: bytes
    retry_after: float = 0.0

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.content)} bytes)"

    def json(self) -> Any:
        """The content, decoded. Raises ValueError, without the content in its text."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise ValueError("the answer is not JSON") from None


def bearer(token: str) -> Authorise:
    """Authorises with a token, in a header."""

    def authorise(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authorise


def shown(url: str) -> str:
    """A URL as it may be told: without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


class Transport:
    """Sends requests: one HTTP session a thread, proxies and CA bundle from the environment unless one is set."""

    def __init__(
        self,
        *,
        ca_bundle: str | None,
        retry_seconds: float,
        connect_timeout: float,
        read_timeout: float,
        sleep: Callable[[float], object],
        clock: Callable[[], float],
    ) -> None:
        self.retry_seconds = retry_seconds
        self.sleep = sleep
        self.clock = clock
        self._timeout = (connect_timeout, read_timeout)
        self._ca_bundle = ca_bundle
        self._lock = threading.Lock()
        self._retries = 0
        self._of_thread = threading.local()
        # Weak, so that the session of a thread that has ended is closed with it.
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()

    @property
    def retries(self) -> int:
        return self._retries

    def count_retry(self) -> None:
        with self._lock:
            self._retries += 1

    def close(self) -> None:
        with self._lock:
            for session in self._sessions:
                session.close()

    def exchange(
        self,
        method: str,
        url: str,
        *,
        authorise: Authorise,
        payload: Any = None,
        form: dict[str, str] | None = None,
    ) -> Answer:
        """Sends one request, once, and follows no redirect.

        Raises `Unsettled` where sending it again may help, `UnavailableError` where it cannot.
        """
        session = self._session()
        begun = self.clock()
        try:
            response = session.request(
                method,
                url,
                json=payload,
                data=form,
                auth=authorise,
                headers={"Accept": "application/json"},
                timeout=self._timeout,
                verify=self._ca_bundle,  # per request, or REQUESTS_CA_BUNDLE would win
                allow_redirects=False,
            )
        except (requests.RequestException, HTTPError, OSError) as error:
            # The texts of these errors hold URLs, and the errors hold the request: neither goes further.
            raise self._meaning(error, url) from None
        finally:
            self._of_thread.used = self.clock()
        _LOG.debug("%s %s: %d in %.2f s", method, shown(url), response.status_code, self.clock() - begun)
        if response.status_code >= 500:
            # MO closes the connection after an unforeseen error, without a word: the next request on it would be lost.
            session.close()
        return Answer(
            response.status_code, response.content, retry_after(response.headers.get("Retry-After"))
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = self._of_thread.session = requests.Session()
            with self._lock:
                self._sessions.add(session)
        elif not 0 <= self.clock() - self._of_thread.used < IDLE_SECONDS:
            session.close()
        return session

    def _meaning(self, error: Exception, url: str) -> Exception:
        """What a failed exchange means: the order goes from special to general."""
        connect, read = self._timeout
        match error:
            case failures.SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return UnavailableError(
                    f"the certificate of {shown(url)} is not trusted: put the certificate of its authority into a file"
                    " and name it in the setting ca_bundle or in REQUESTS_CA_BUNDLE"
                )
            case failures.SSLError():
                return Unsettled("the TLS connection failed", perhaps_done=True)
            case failures.ConnectTimeout():
                return Unsettled(f"no connection within {connect:g} s", perhaps_done=False)
            case failures.ProxyError():
                return Unsettled("the proxy cannot be reached or refuses", perhaps_done=False)
            case failures.ReadTimeout():
                return Unsettled(f"no answer within {read:g} s", perhaps_done=True)
            case failures.ConnectionError() if isinstance(_cause(error), NewConnectionError):
                return Unsettled("no connection (refused, or the host is not known)", perhaps_done=False)
            case failures.InvalidURL() | failures.MissingSchema() | failures.InvalidSchema():
                return UnavailableError(
                    f"{shown(url)}, or the proxy to it, is not an address that can be asked: mend the setting"
                )
            case failures.RequestException() | HTTPError():
                return Unsettled("the connection was closed before the answer was whole", perhaps_done=True)
            case _:
                return UnavailableError(
                    f"{shown(url)} cannot be asked: the CA bundle (setting ca_bundle, or REQUESTS_CA_BUNDLE)"
                    " does not exist or cannot be read"
                )


def _cause(error: Exception) -> Any:
    return getattr(error.args[0], "reason", None) if error.args else None


class Tries:
    """The tries of one request: at most `TRIES`, none begun later than `retry_seconds` after the first."""

    def __init__(self, transport: Transport, server: str) -> None:
        self._transport = transport
        self._server = server
        self._started = transport.clock()
        self._count = 1

    def again(self, unsettled: Unsettled) -> None:
        """Waits until the next try may begin, longer every time, or raises `UnavailableError`: enough tried."""
        transport = self._transport
        waits = self._count - 1
        # The four waits never make up more than `retry_seconds`. Drawn, so that parallel requests do not meet again.
        longest = min(0.5 * 4**waits, transport.retry_seconds * 2**waits / (2 ** (TRIES - 1) - 1))
        wait = max(random.uniform(longest / 2, longest), unsettled.retry_after)
        elapsed = transport.clock() - self._started
        if self._count >= TRIES or elapsed + wait > transport.retry_seconds:
            tries = "once" if self._count == 1 else f"{self._count} times"
            asked = f"; it asks us to wait {wait:.0f} s" if unsettled.retry_after else ""
            raise UnavailableError(
                f"{self._server}: {unsettled.reason}{asked}. Tried {tries} in {max(elapsed, 0):.0f} s."
                " The next run does the rest."
            ) from None
        self._count += 1
        transport.count_retry()
        _LOG.info(
            "Retrying %s (%d of %d) …",
            self._server,
            self._count,
            TRIES,
            extra={"waited": elapsed + wait, "wait": wait},
        )
        transport.sleep(wait)
