"""What the address service answered in earlier runs, in a small file beside the state file.

It is only a cache: whatever is wrong with it costs a warning and some look-ups, never a run.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct, json

from aarhus_los.addresses.outcomes import Answer, Found
from aarhus_los.errors import StateError
from aarhus_los.files import read_own, write_private
from aarhus_los.messages import Message

HIT_KEPT: Final = timedelta(days=30)
MISS_KEPT: Final = timedelta(days=1)
"""Also for what was found but is not safe to use: people mend both, and expect to see it the next day."""


class _Entry(Struct, frozen=True, forbid_unknown_fields=True):
    asked: Annotated[datetime, Meta(tz=True)]
    answer: Answer

    def fresh(self, now: datetime) -> bool:
        """Whether the answer still counts. A date in the future does not: it would never grow old."""
        age = now - self.asked
        return timedelta(0) <= age < (HIT_KEPT if isinstance(self.answer, Found) else MISS_KEPT)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    service: str
    answers: dict[str, _Entry]


_ENCODER: Final = json.Encoder(enc_hook=str.__str__)
"""Reasons are texts that know what they were made of."""


class Cache:
    """Answers by normalised text. Times are aware datetimes, given by the caller."""

    def __init__(self, path: Path, *, service: str = "", read_only: bool = False) -> None:
        """Reads the file, if there is one.

        `service`: its URL; what another service answered (the sandbox's, say) does not count. With `read_only`, `save`
        does nothing.
        """
        self._path = path
        self._service = service
        self._read_only = read_only
        self.warnings: list[str] = []
        """What went wrong so far, for people."""
        self._on_disk = self._read()
        self._entries = dict(self._on_disk)

    def get(self, text: str, now: datetime) -> Answer | None:
        """The answer that was given for a text; None if there was none, or it is too old."""
        entry = self._entries.get(text)
        return entry.answer if entry is not None and entry.fresh(now) else None

    def put(self, text: str, answer: Answer, now: datetime) -> None:
        self._entries[text] = _Entry(now, answer)

    def save(self, now: datetime) -> None:
        """Writes what still counts, 0600, in one step; leaves a file alone that says just that already."""
        kept = {text: entry for text, entry in self._entries.items() if entry.fresh(now)}
        if self._read_only or kept == self._on_disk:
            return
        # No half letters: no text that has one can be asked for again.
        answers = {text.encode(errors="replace").decode(): entry for text, entry in sorted(kept.items())}
        try:
            write_private(
                self._path, json.format(_ENCODER.encode(_File(self._service, answers)), indent=1) + b"\n"
            )
        except (StateError, ValueError) as error:  # or the service has answered with half a letter
            self.warnings.append(Message.CACHE_NOT_WRITTEN(path=str(self._path), reason=_why(error)))
        else:
            self._on_disk = kept

    def _read(self) -> dict[str, _Entry]:
        try:
            file = json.decode(read_own(self._path), type=_File)
        except FileNotFoundError:
            return {}
        except StateError as error:
            problem = Message.CACHE_NOT_READ(path=str(self._path), reason=_why(error))
        except (ValueError, RecursionError):
            problem = Message.CACHE_BROKEN(path=str(self._path))
        else:
            return file.answers if file.service == self._service else {}
        self.warnings.append(problem)
        return {}


def _why(error: Exception) -> str:
    """What the system said, where it did."""
    return str(getattr(error.__cause__, "strerror", None) or error)
