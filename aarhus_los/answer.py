"""What comes back of an HTTP exchange, whichever server is asked: an answer, or the word that there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from msgspec import Struct

from aarhus_los.errors import UnavailableError
from aarhus_los.messages import Message

LONGEST_ASKED: Final = 86_400.0
"""So many seconds at most count of what a server asks us to wait: no request is tried again for longer."""


class Unsettled(Exception):
    """There is no answer, or none that settles the matter. `reason` is for people.

    `perhaps_done`: what was sent may have been, or may yet be, carried out. `down`: the server as a whole is away, no part
    of what was sent can be the cause. `foreign`: something before the server has answered in its place.
    """

    def __init__(
        self,
        reason: str,
        *,
        perhaps_done: bool,
        down: bool = False,
        foreign: bool = False,
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.perhaps_done = perhaps_done
        self.down = down
        self.foreign = foreign
        self.retry_after = retry_after
        self.tries = 1
        self.seconds = 0.0
        """How long so many tries took."""

    def final(self, server: str) -> UnavailableError:
        """What ends the run, after so many tries."""
        tries = "once" if self.tries == 1 else f"{self.tries} times"
        asked = f"; it asks us to wait {self.retry_after:.0f} s" if self.retry_after else ""
        return UnavailableError(
            f"{server}: {self.reason}{asked}. Tried {tries} in {max(self.seconds, 0):.0f} s."
            " The next run does the rest."
        )


class Answer(Struct, frozen=True):
    """What a server said, whole. Its content is not shown: it may hold CPR numbers or a token."""

    status: int
    content: bytes
    headers: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.content)} bytes)"

    def json(self) -> Any:
        """The content, decoded. Raises ValueError, without the content in its text."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise ValueError("the answer is not JSON") from None

    @property
    def retry_after(self) -> float:
        """How many seconds it asks to wait, by seconds or by a date; 0 where it asks nothing, a day where it asks more."""
        text = self.headers.get("Retry-After", "").strip()
        seconds = 0.0
        if text.isdecimal():
            seconds = float(text) if len(text) < 20 else 0.0
        elif (at := http_date(text)) is not None:
            seconds = (at - datetime.now(UTC)).total_seconds()
        return min(max(seconds, 0.0), LONGEST_ASKED)


def http_date(text: str) -> datetime | None:
    """The time that a header gives; None where it gives none."""
    with suppress(ValueError, TypeError, OverflowError):
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=at.tzinfo or UTC)
    return None


def passing(answer: Answer, server: str, setting: str) -> None:
    """Raises what a status means, whichever server answers so: `Unsettled` where it may pass, else `UnavailableError`.

    `setting` names the setting that holds the server's address.
    """
    status = answer.status
    if 300 <= status < 400:
        raise UnavailableError(
            f"{server} redirects to another address ({status}), which is not followed: set {setting} to the address"
            " that answers itself (https instead of http, perhaps)",
            lasting=True,
        )
    if status == 407:
        raise UnavailableError(f"the proxy to {server} asks for a login (407)", lasting=True)
    if status in (408, 429, 503):
        raise Unsettled(
            Message.ANSWER(status=status), perhaps_done=False, down=True, retry_after=answer.retry_after
        )
    if status in (502, 504):
        raise Unsettled(Message.ANSWER(status=status), perhaps_done=True, retry_after=answer.retry_after)
