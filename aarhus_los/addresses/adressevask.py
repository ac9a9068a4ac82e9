"""Adressevask, the agency's service that turns an address text into the uuid of a Danish address (DAR).

The token is part of the URL, so no URL may reach a log, a text or a traceback: what `requests` raises, which carries it,
is turned into a value here and goes no further, and log records of `urllib3` that show it are dropped.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from threading import Lock
from typing import Any, Final, Self
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from aarhus_los.addresses.answers import printable, read_answer
from aarhus_los.addresses.outcomes import Answer, NotLookedUp, Unknown, normalise
from aarhus_los.answer import Answer as Reply
from aarhus_los.answer import Unsettled, passing
from aarhus_los.errors import UnavailableError
from aarhus_los.http import Http
from aarhus_los.messages import Message

DOUBTED_AFTER: Final = 10
"""So many look-ups in a row without an answer, and until the next answer a look-up has one try only."""
DOWN_AFTER: Final = 50
"""So many, and the service is asked no more in this run: thousands of time-outs would take the night."""

NOT_UNDERSTOOD: Final = Message.ADDRESS_NOT_UNDERSTOOD()

_CLOSING: Final = {
    401: Message.ADDRESS_TOKEN(),
    403: Message.ADDRESS_FORBIDDEN(),
    410: Message.ADDRESS_CLOSED(),
}
_SERVER: Final = "the address service"
_LONGEST_TEXT: Final = 1_000
_LONGEST_ANSWER: Final = 256 * 1024
_LOGGERS_WITH_URLS: Final = ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")


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
        **limits: Any,
    ) -> None:
        """`timeout`: seconds to connect, and for each read. `limits` are arguments of `Http`, as `retry_seconds` is."""
        self.url: Final = url.rstrip("/")
        self._token = token
        self._http = Http(
            server=_SERVER,
            ca_bundle=None if ca_bundle is None else str(ca_bundle),
            retry_seconds=retry_seconds,
            connect_timeout=timeout[0],
            read_timeout=timeout[1],
            **{"largest": _LONGEST_ANSWER, **limits},
        )
        self._lock = Lock()
        self.closed: str | None = None
        """Why the service is asked no more in this run; None while it is."""
        self.asked = 0
        """Look-ups so far for which at least one request was sent."""
        self._failures = 0
        for name in _LOGGERS_WITH_URLS:
            logging.getLogger(name).addFilter(self._shows_no_token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections. Not while look-ups are under way."""
        self._http.close()
        for name in _LOGGERS_WITH_URLS:
            logging.getLogger(name).removeFilter(self._shows_no_token)

    @property
    def retries(self) -> int:
        """Requests so far that were sent again."""
        return self._http.retries

    def _shows_no_token(self, record: logging.LogRecord) -> bool:
        """Drops what shows the token, at whatever level an operator lets the HTTP library log."""
        message = record.getMessage()
        return not any(form in message for form in _forms(self._token))

    def stop(self, reason: str) -> None:
        """No more requests; waits before a retry end at once, and so does what is under way."""
        self._close(reason, 0.0)

    def _close(self, reason: str, grace: float = math.inf) -> None:
        with self._lock:
            self.closed = self.closed or reason
        self._http.stop(self.closed, grace)

    def look_up(self, text: str) -> Answer | NotLookedUp:
        """Asks for one address text."""
        text = normalise(text)
        if not text:
            return Unknown(400, Message.ADDRESS_EMPTY())
        if len(text) > _LONGEST_TEXT:
            return Unknown(400, Message.ADDRESS_TOO_LONG())
        outcome = self._ask(text)
        with self._lock:
            self._failures = self._failures + 1 if isinstance(outcome, NotLookedUp) else 0
            failures = self._failures
        if isinstance(outcome, NotLookedUp) and failures >= DOWN_AFTER:
            self._close(Message.TIMES_IN_A_ROW(reason=outcome.reason, count=failures))
        return outcome

    def _ask(self, text: str) -> Answer | NotLookedUp:
        if self.closed is not None:
            return NotLookedUp(self.closed)
        with self._lock:
            self.asked += 1
        try:
            return self._http.settle(
                lambda: self._once(text), again=lambda unsettled: self._failures < DOUBTED_AFTER
            )
        except Unsettled as unsettled:
            return NotLookedUp(Message.ADDRESS_FAILS(reason=unsettled.reason))
        except UnavailableError as error:
            return NotLookedUp(self.closed or str(error))

    def _once(self, text: str) -> Answer | NotLookedUp:
        parameters = {"adresse": text, "token": self._token.get_secret_value()}
        query = urlencode(parameters, quote_via=quote, safe="", errors="replace")
        reply = self._http.exchange("GET", f"{self.url}/vask/?{query}")
        return self._judge(reply, self._masked(reply.content.decode("utf-8-sig", "replace")))

    def _masked(self, text: str) -> str:
        for form in _forms(self._token):
            text = text.replace(form, "***")
        return text

    def _judge(self, reply: Reply, body: str) -> Answer | NotLookedUp:
        status = reply.status
        if status == 200:
            try:
                return read_answer(body)
            except ValueError:
                return NotLookedUp(NOT_UNDERSTOOD)
        if status == 400:
            return Unknown(status, printable(body))
        if status in _CLOSING:
            self._close(_CLOSING[status])
            return NotLookedUp(_CLOSING[status])
        passing(reply, _SERVER, "dar_url")
        if status >= 500:
            raise Unsettled(Message.ANSWER(status=status), perhaps_done=False)
        return NotLookedUp(Message.ADDRESS_ODD_STATUS(status=status))


def _forms(token: SecretStr) -> set[str]:
    """The token as it is, and as it stands in a URL."""
    plain = token.get_secret_value()
    return {plain, quote(plain, safe="")} - {""}
