"""Where a line of the drop stands, what is wrong with it, and the reject that it becomes where it says nothing usable."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from aarhus_los.cpr import Cpr
from aarhus_los.messages import Message


class RowRef(NamedTuple):
    """Where a row stands. `line` is the physical line on which it begins; the header is on line 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Flaw(NamedTuple):
    """What is wrong with a value; `column` is spelled as in the file's header."""

    column: str
    reason: str

    def __str__(self) -> str:
        return Message.BAD_VALUE(column=self.column, reason=self.reason) if self.column else self.reason


class Reject(NamedTuple):
    """A line that is wrong in itself, with what could still be read of the subject that it is about.

    `days` are its first and last day; None where they cannot be read, and in files that have no dates. Of a line that ends
    before MO's days begin they are none at all: the last is the day before the first. `column` is empty where the line as a
    whole is wrong. `reason` never holds a value. `also` is what else is wrong with the line.
    """

    ref: RowRef
    column: str
    reason: str
    org_uuid: str | None = None
    engagement_uuid: str | None = None
    cpr: Cpr | None = None
    days: tuple[date, date] | None = None
    any_day: bool = False
    """Whether its dates are written and cannot be read: it may be about any day of its subject."""
    written_start: date | None = None
    also: tuple[Flaw, ...] = ()

    @property
    def order(self) -> tuple[date, int]:
        """As of a dated row."""
        return (self.written_start or (self.days[0] if self.days else date.min), self.ref.line)

    def __str__(self) -> str:
        return f"{self.ref}: {Flaw(self.column, self.reason)}"
