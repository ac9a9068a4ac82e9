"""What the rows of one file claim of a unit or an engagement on a single day: the rules that both have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from tests.drawn import cells
from tests.drawn.days import DAY, Sheet, after
from tests.drawn.world import FOREVER, File, Key

EARLIEST: Final = date(1900, 1, 1)

PENDING: Final = "pending"
REJECTED: Final = "rejected"

Ref = tuple[str, int]
"""File name and line."""


@dataclass
class SetAside:
    """Which rows are set aside, and why; which values are bad and told though their row is applied."""

    rows: dict[Ref, tuple[str, str]] = field(default_factory=dict)
    told: set[tuple[str, int, str]] = field(default_factory=set)
    """File, line, column."""
    partly: set[Ref] = field(default_factory=set)
    """Rows that are applied but for an address that was not looked up: pending."""

    speaks: dict[Ref, dict[Key, date]] = field(default_factory=dict)
    """The objects that a row says something of, and when its claim on each begins."""
    ends: dict[Ref, date] = field(default_factory=dict)
    """The last day of a row, where it can be read."""

    def reject(self, ref: Ref, reason: str) -> None:
        """The graver of two counts."""
        self.rows[ref] = (REJECTED, reason)

    def wait(self, ref: Ref, reason: str) -> None:
        self.rows.setdefault(ref, (PENDING, reason))

    def waits(self, ref: Ref) -> bool:
        return self.rows.get(ref, ("", ""))[0] == PENDING

    def __contains__(self, ref: Ref) -> bool:
        return ref in self.rows


@dataclass
class Row:
    """A row that may have dates. `subject` is the uuid of its unit or engagement, None where that cannot be read."""

    file: File
    line: int
    cells: dict[str, str]
    subject: str | None = None
    written: date | None = None
    """The start as written, by which rows are overlaid."""
    start: date | None = None
    end: date | None = None
    unreadable: bool = False
    """A cell of its dates has a text that is no date."""
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        return (self.file.name, self.line)

    @property
    def dated(self) -> bool:
        return self.start is not None and self.end is not None

    @property
    def states(self) -> bool:
        """Whether there is a day of which it says something: not a cancelled hire."""
        return self.start is not None and self.end is not None and self.start <= self.end

    def covers(self, day: date) -> bool:
        return self.start is not None and self.end is not None and self.start <= day <= self.end


def read_dates(row: Row, start_column: str, end_column: str, aside: SetAside) -> None:
    """Fills the days of a row, or sets it aside.

    Text: "An empty end is no end; an empty start, or a start after its end, rejects the row; but an end on the day before
    the start says that the unit or engagement is not there (a cancelled hire)". "A start before 1900-01-01 is taken as
    1900-01-01 (told), an end before rejects."
    """
    try:
        start = cells.day(row.cells[start_column])
        end = cells.end(row.cells[end_column])
    except cells.Bad as bad:
        row.unreadable = True
        aside.reject(row.ref, f"dates: {bad}")
        return
    if start is None:
        aside.reject(row.ref, "no start")
    elif start > after(end):
        aside.reject(row.ref, "starts after its end")
    else:
        if end < EARLIEST:
            aside.reject(row.ref, "ends before 1900")
        row.written, row.start, row.end = start, max(start, EARLIEST), end


def set_aside_cut_off(row: Row, aside: SetAside) -> None:
    """Text: "cells that lack at the end of a row are empty if they are all optional or not ours". If they are not, nobody
    knows whether the dates are where they belong.
    """
    if row.file.lacks(row.line):
        aside.reject(row.ref, "cut off")
        row.unreadable = row.file.kind != "luk"
        row.written = row.start = row.end = None


def set_aside_beside_unreadable(rows: Sequence[Row], aside: SetAside) -> None:
    """Text: "a row whose dates cannot be read sets aside the other rows of the same unit or the same engagement"."""
    for row in rows:
        if row.unreadable and row.subject is not None:
            for other in rows:
                if other.file == row.file and other.subject == row.subject:
                    aside.reject(other.ref, f"beside line {row.line}, whose dates cannot be read")


@dataclass
class Claim:
    """What one file claims of one unit or engagement.

    `rows` are all of the subject's rows in the file, the ones that are set aside too. Nothing is claimed where none is left
    (`first` is then None).
    """

    file: File
    rows: Sequence[Row]
    first: date | None
    spared: Collection[date]
    """The ends after which nothing is claimed, since something else begins on the next day."""
    aside: SetAside
    _winners: dict[date, Row | None] = field(default_factory=dict)

    def winner(self, day: date) -> Row | None:
        """Text: "overlaid in order of their start as written, later over earlier (equal starts: the later line)".

        Rows that are set aside take part: they are overlaid as days that are unclaimed.
        """
        if day not in self._winners:
            covering = [row for row in self.rows if row.covers(day)]
            self._winners[day] = max(covering, key=lambda row: (row.written, row.line), default=None)
        return self._winners[day]

    def silent(self, day: date) -> bool:
        """Whether the file claims nothing on that day, of the subject and all that hangs on it."""
        if self.first is None or day < self.first:
            return True
        winner = self.winner(day)
        if winner is not None:
            return winner.ref in self.aside
        ends = [row.end for row in self.rows if row.states and row.end is not None and row.end < day]
        return bool(ends) and max(ends) in self.spared

    def row(self, day: date) -> Row | None:
        """The row that speaks of the day; None where it is claimed that nothing is there. Ask `silent` first."""
        return self.winner(day)


def claim_of(
    file: File, rows: Sequence[Row], subject: Key, hangs: Iterable[Key], sheet: Sheet, aside: SetAside
) -> Claim:
    """The claim that the rows of `subject` in `file` make; `hangs` are the objects beside it that its rows speak of too."""
    dated = [row for row in rows if row.dated]
    aside.ends |= {row.ref: row.end for row in dated if row.end is not None}
    if all(row.ref in aside for row in dated):
        return Claim(file, dated, None, (), aside)
    first = _first_day(file, dated, sheet.known(subject), sheet.at(subject, file.date) is not None)
    spared = {
        row.end
        for row in dated
        if row.states and row.end is not None and _announced(row.end, file.date, (subject, *hangs), sheet)
    }
    return Claim(file, dated, first, spared, aside)


def _first_day(file: File, rows: Sequence[Row], known: bool, alive: bool) -> date:
    """Text: the table "What a row claims" and "First claimed day of a `_ret` file on a unit or an engagement".

    Rows that are set aside count too: so a row that heals does not change the first day.
    """
    starts = [row.start for row in rows if row.start is not None]
    ends = [row.end for row in rows if row.end is not None]
    if file.kind != "ret" or not known:
        return min(starts)
    if any(row.covers(file.date) for row in rows):
        return file.date
    if ended := [end for end in ends if end < file.date]:
        return max(ended) + DAY
    return min(starts) if alive else file.date


def _announced(end: date, file_date: date, keys: Iterable[Key], sheet: Sheet) -> bool:
    """Text: "A row whose end is the day before a validity that the base, overlaid, has after the file date"."""
    return end != FOREVER and end >= file_date and any(sheet.begins(key, end + DAY) for key in keys)
