"""The plain values that an oracle works on: what MO says of an object on a day, and the files of a drop as text cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final, NamedTuple

FOREVER: Final = date.max
ALWAYS: Final = date.min
AZ: Final = "AZ"
"""The user key of the IT system whose accounts LOS owns."""
UNKNOWN_TYPE: Final = "ukendt"
"""Stands for the seeded class that a unit without a type gets."""
LINE: Final = "linjeorg"

KINDS: Final = (
    "unit",
    "mark",
    "address",
    "person",
    "engagement",
    "account",
    "manager",
    "class",
    "itsystem",
)


class Unit(NamedTuple):
    """`parent` is None for a root unit, `type` the uuid of a class or `UNKNOWN_TYPE`."""

    user_key: str
    name: str
    parent: str | None
    type: str


class Person(NamedTuple):
    cpr: str
    name: str


class Engagement(NamedTuple):
    user_key: str
    person: str
    unit: str
    type: str
    job: str
    primary: bool


class Account(NamedTuple):
    person: str
    system: str
    user_key: str


class Manager(NamedTuple):
    unit: str
    person: str
    type: str
    level: str
    responsibilities: frozenset[str]


class Class(NamedTuple):
    facet: str
    user_key: str
    title: str


class ItSystem(NamedTuple):
    user_key: str
    name: str


Piece = tuple[date, date, Any]
"""First day, last day, what MO says: one of the values above; of an address its text, of a mark its class's user key."""
Mo = dict[str, dict[str, list[Piece]]]
"""Kind → uuid → pieces, in order, neighbours that are equal joined."""
Key = tuple[str, str]
"""Kind and uuid."""


_MAY_LACK: Final = {"Email", "AZID", "ADITSystemUUID", "ADkonto", "ADkontoUUID"}
"""Columns that are optional, or not ours, of those that come last in a file."""


@cache
def _stamp(name: str) -> datetime:
    found = re.search(r"(\d{8}_\d{6})\.csv$", name)
    return datetime.strptime(found[1], "%Y%m%d_%H%M%S") if found else datetime.min


@dataclass(frozen=True)
class File:
    """A file of the drop: its name, its header, and its rows as text cells. The first row is on line 2.

    The last row may be cut off within its line: it then has fewer cells than the header.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...] = ()
    """On which lines the rows are, where some of the file are left out."""

    @classmethod
    def of(cls, name: str, rows: Iterable[Mapping[str, str]], header: Sequence[str]) -> File:
        """A file whose rows are given by column; what a row does not name is an empty cell."""
        return cls(
            name, tuple(header), tuple(tuple(row.get(column, "") for column in header) for row in rows)
        )

    @property
    def family(self) -> str:
        return self.name.split("_")[0]

    @property
    def kind(self) -> str:
        return self.name.split("_")[1]

    @property
    def list(self) -> str:
        """Which list a STAM file is."""
        return self.name.removeprefix("STAM_UUID_").removesuffix(".csv")

    @property
    def stamp(self) -> datetime:
        return _stamp(self.name)

    @property
    def date(self) -> date:
        return self.stamp.date()

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Equal stamps: inital < nye < ret < luk; Leder: luk < nye < ret; then by name."""
        if self.family == "STAM":
            return (datetime.min, 0, self.name)
        kinds = ("luk", "nye", "ret") if self.family == "Leder" else ("inital", "nye", "ret", "luk")
        return (self.stamp, kinds.index(self.kind), self.name)

    def cells(self) -> list[tuple[int, dict[str, str]]]:
        """Line → cells by column."""
        lines = self.lines or range(2, len(self.rows) + 2)
        return [
            (line, {**dict.fromkeys(self.header, ""), **dict(zip(self.header, row, strict=False))})
            for line, row in zip(lines, self.rows, strict=True)
        ]

    def lacks(self, line: int) -> bool:
        """Whether the row on a line lacks cells that it must have."""
        row = self.rows[self.lines.index(line) if self.lines else line - 2]
        return not _MAY_LACK.issuperset(self.header[len(row) :])

    def only(self, lines: Collection[int]) -> File:
        """The rows on some lines, which stay on them."""
        kept = [(line, row) for (line, _), row in zip(self.cells(), self.rows, strict=True) if line in lines]
        return File(self.name, self.header, tuple(row for _, row in kept), tuple(line for line, _ in kept))

    def text(self) -> str:
        """The file as LOS would write it, or has written it so far."""
        text = "".join(";".join(cells) + "\r\n" for cells in (self.header, *self.rows))
        is_cut = self.rows and len(self.rows[-1]) < len(self.header)
        return text.removesuffix("\r\n") if is_cut else text


def empty_mo() -> Mo:
    return {kind: {} for kind in KINDS}


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces in order; neighbours that touch and are equal are one."""
    out: list[Piece] = []
    for start, end, value in sorted(pieces, key=lambda piece: piece[0]):
        if out and out[-1][2] == value and out[-1][1] < FOREVER and (start - out[-1][1]).days == 1:
            out[-1] = (out[-1][0], end, value)
        else:
            out.append((start, end, value))
    return out


def on(pieces: Iterable[Piece], day: date) -> Any:
    """What the pieces say of a day, or None."""
    return next((value for start, end, value in pieces if start <= day <= end), None)
