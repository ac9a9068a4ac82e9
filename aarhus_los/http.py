"""One HTTP exchange, whichever server is asked: sessions, limits, what a failure means, and when it is tried again.

What a server says in its own words is understood where that server is known: MO, Keycloak, the address service.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
import weakref
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import requests
from requests import exceptions as failures
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from aarhus_los.answer import Answer, Unsettled
from aarhus_los.cutoff import Adapter, Cutoff, trusting
from aarhus_los.errors import UnavailableError
from aarhus_los.messages import Message

TRIES: Final = 5
"""How often a request is sent at most."""
EXCHANGE_SECONDS: Final = 600.0
"""The longest that one exchange may last, however lively its socket is."""
LARGEST: Final = 256 * 1024 * 1024
"""The largest answer, unpacked."""
GRACE_SECONDS: Final = 10.0
"""How long requests that write may still wait for their answers after a run was told to stop."""
IDLE_SECONDS: Final = 4.0
"""MO's server closes a connection that was idle for five seconds; a request that meets the close is lost."""
_CHUNK: Final = 64 * 1024
_HEADERS: Final = {
    **requests.utils.default_headers(),
    "Accept": "application/json",
    "User-Agent": "aarhus-los",
}
_LOG: Final = logging.getLogger(__name__)

_JSON: Final = json.JSONEncoder(allow_nan=False).encode
R = TypeVar("R")
"""What an exchange comes to."""


def shown(url: str) -> str:
    """A URL as it may be told: without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


class Http:
    """Sends requests: connections of its own for each thread, proxies and CA bundle from the environment unless one is set.

    `server` is what it is called for people.

    `retry_seconds`: no try begins later than that after the first. `sleep` and `clock` (monotonic, seconds) are arguments
    for the sake of those who must jump; by itself a wait ends when the run is stopped.
    """

    def __init__(
        self,
        *,
        server: str,
        ca_bundle: str | None,
        retry_seconds: float,
        connect_timeout: float,
        read_timeout: float,
        exchange_seconds: float = EXCHANGE_SECONDS,
        largest: int = LARGEST,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self.retry_seconds = retry_seconds
        self.clock = clock
        self._stopped = threading.Event()
        self._why = ""
        self._sleep = self._stopped.wait if sleep is None else sleep
        self._timeout = (connect_timeout, read_timeout)
        self._exchange_seconds = exchange_seconds
        self._cutoff = Cutoff(exchange_seconds)
        self._largest = largest
        self._ca_bundle = ca_bundle
        self._environment: dict[tuple[str, str], Any] = {}
        self._trusting = cache(trusting)
        self._addresses: dict[str, str | None] = {}
        """Each without its query → as the library writes it."""
        self._lock = threading.Lock()
        self._retries = 0
        self._of_thread = threading.local()
        # Weak, so that the connections of a thread that has ended are closed with it.
        self._adapters: weakref.WeakSet[Adapter] = weakref.WeakSet()

    @property
    def retries(self) -> int:
        """How many requests were sent again."""
        return self._retries

    def close(self) -> None:
        """Ends the connections."""
        self._cutoff.close()
        with self._lock:
            for adapter in self._adapters:
                adapter.close()

    def stop(self, why: str, grace: float = 0.0) -> None:
        """Sends no more requests, ends all waits between tries, and what is under way after `grace` seconds."""
        if not self._stopped.is_set():
            self._why = why
        self._stopped.set()
        self._cutoff.end_all(grace)

    def settle(
        self,
        once: Callable[[], R],
        *,
        again: Callable[[Unsettled], bool] = lambda unsettled: True,
    ) -> R:
        """What `once` comes to, which is called until it settles: a few times, with ever longer waits in between.

        Raises the last `Unsettled` when enough was tried, or when `again` says that trying again is no use.
        """
        started = self.clock()
        for number in count(1):
            self._go_on()
            try:
                return once()
            except Unsettled as unsettled:
                failed = unsettled
            failed.tries, failed.seconds = number, self.clock() - started
            wait = self._wait(number, failed)
            if number >= TRIES or failed.seconds + wait > self.retry_seconds or not again(failed):
                raise failed
            with self._lock:
                self._retries += 1
            _LOG.info(
                "Retrying %s (%d of %d) …",
                self._server,
                number + 1,
                TRIES,
                extra={"waited": failed.seconds + wait, "wait": wait},
            )
            self._sleep(wait)
        raise AssertionError("unreachable")

    def _wait(self, number: int, failed: Unsettled) -> float:
        """The waits never make up more than `retry_seconds`. Drawn, so that parallel requests do not meet again."""
        longest = min(
            0.5 * 4 ** (number - 1), self.retry_seconds * 2 ** (number - 1) / (2 ** (TRIES - 1) - 1)
        )
        return max(random.uniform(longest / 2, longest), failed.retry_after)

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise UnavailableError(self._why)

    def exchange(
        self,
        method: str,
        url: str,
        *,
        token: str | None = None,
        payload: Any = None,
        form: dict[str, str] | None = None,
    ) -> Answer:
        """Sends one request, once, and follows no redirect: with a payload in JSON, or a form.

        Raises `Unsettled` where sending it again may help, `UnavailableError` where it cannot.
        """
        adapter = self._adapter()
        begun = self.clock()
        failure: Exception | None = None
        with self._cutoff.exchange(adapter) as watched:
            self._go_on()
            try:
                request = self._prepared(method, url, token, payload, form)
                with adapter.send(request, timeout=self._timeout, **self._of_server(url)) as response:
                    answer = Answer(response.status_code, self._content(response, url), response.headers)
            except (requests.RequestException, HTTPError, OSError) as error:
                failure = self._meaning(error, url)
            finally:
                self._of_thread.used = self.clock()
        if watched.cut:
            # Also where what was read looks like a whole answer: one may end where its connection does.
            failure = self._cut()
        if failure is not None:
            # Not from within the handler: the errors of the library hold the request, and their texts URLs.
            raise failure
        _LOG.debug("%s %s: %d in %.2f s", method, shown(url), answer.status, self.clock() - begun)
        if answer.status >= 500:
            # MO closes the connection after an unforeseen error, without a word: the next request on it would be lost.
            adapter.close()
        return answer

    def _prepared(
        self, method: str, url: str, token: str | None, payload: Any, form: dict[str, str] | None
    ) -> requests.PreparedRequest:
        """A request, prepared as by the library, which would read and write the address anew for each.

        A login that the host has in a .netrc file is never sent.
        """
        address, mark, query = url.partition("?")
        if address not in self._addresses:
            self._addresses[address] = (
                requests.Request("GET", address, auth=lambda request: request).prepare().url
            )
        request = requests.PreparedRequest()
        request.method, request.url = method, f"{self._addresses[address]}{mark}{query}"
        request.headers = CaseInsensitiveDict(_HEADERS)
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token}"
        if payload is not None or form is not None:
            written, sort = (
                (_JSON(payload), "json") if form is None else (urlencode(form), "x-www-form-urlencoded")
            )
            request.body = written.encode()
            request.headers["Content-Type"] = f"application/{sort}"
            request.headers["Content-Length"] = f"{len(request.body)}"
        return request

    def _of_server(self, url: str) -> Any:
        """Proxies and CA bundle for a server. The environment is asked for each server once, not for each request."""
        parts = urlsplit(url)
        server = (parts.scheme, parts.netloc)
        if server not in self._environment:
            with requests.Session() as session:
                self._environment[server] = session.merge_environment_settings(
                    url, {}, stream=True, verify=self._ca_bundle, cert=None
                )
        return self._environment[server]

    def _cut(self) -> Exception:
        if self._stopped.is_set():
            return UnavailableError(self._why)
        return Unsettled(Message.EXCHANGE_TOO_LONG(seconds=self._exchange_seconds), perhaps_done=True)

    def _content(self, response: requests.Response, url: str) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(_CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._largest:
                raise UnavailableError(
                    f"{shown(url)} answers with more than {self._largest / 2**20:g} MB: not read"
                )
        return b"".join(chunks)

    def _adapter(self) -> Adapter:
        of_thread = self._of_thread
        adapter: Adapter | None = getattr(of_thread, "adapter", None)
        if adapter is None:
            adapter = of_thread.adapter = Adapter(self._trusting)
            with self._lock:
                self._adapters.add(adapter)
        elif not 0 <= self.clock() - of_thread.used < IDLE_SECONDS:
            adapter.close()
        return adapter

    def _meaning(self, error: Exception, url: str) -> Exception:
        """What a failed exchange means: the order goes from special to general."""
        connect, read = self._timeout
        match error:
            case failures.SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return UnavailableError(
                    f"the certificate of {shown(url)} is not trusted: put the certificate of its authority into a file"
                    " and name it in the setting ca_bundle or in REQUESTS_CA_BUNDLE",
                    lasting=True,
                )
            case failures.SSLError():
                return Unsettled(Message.TLS_FAILED(), perhaps_done=True)
            case failures.ConnectTimeout():
                return Unsettled(Message.NO_CONNECTION_WITHIN(seconds=connect), perhaps_done=False, down=True)
            case failures.ProxyError():
                return Unsettled(Message.PROXY_FAILS(), perhaps_done=False, down=True)
            case failures.ReadTimeout():
                return Unsettled(Message.NO_ANSWER_WITHIN(seconds=read), perhaps_done=True)
            case failures.ConnectionError() if isinstance(_cause(error), NewConnectionError):
                return Unsettled(Message.NO_CONNECTION(), perhaps_done=False, down=True)
            case failures.ConnectionError() if isinstance(_cause(error), ReadTimeoutError):
                return Unsettled(Message.NOTHING_MORE_WITHIN(seconds=read), perhaps_done=True)
            case failures.InvalidURL() | failures.MissingSchema() | failures.InvalidSchema():
                return UnavailableError(
                    f"{shown(url)}, or the proxy to it, is not an address that can be asked: mend the setting",
                    lasting=True,
                )
            case failures.RequestException() | HTTPError():
                return Unsettled(Message.CLOSED_TOO_EARLY(), perhaps_done=True)
            case _:
                return UnavailableError(
                    f"{shown(url)} cannot be asked: the CA bundle (setting ca_bundle, or REQUESTS_CA_BUNDLE)"
                    " does not exist or cannot be read",
                    lasting=True,
                )


def _cause(error: Exception) -> Any:
    """What an error of requests was made from."""
    cause = error.args[0] if error.args else None
    return getattr(cause, "reason", None) or cause
