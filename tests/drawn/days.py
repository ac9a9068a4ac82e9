"""Time as a row of days: every day on which anything can change, each standing for the days until the next."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from tests.drawn.world import ALWAYS, FOREVER, KINDS, Key, Mo, joined

DAY: Final = timedelta(days=1)


class Unclaimed:
    """Of this day nothing is said."""

    def __repr__(self) -> str:
        return "UNCLAIMED"


UNCLAIMED: Final = Unclaimed()
LEFT: Final = Unclaimed()
"""Said, and not known any more: what earlier files claim of the day counts no more, and MO keeps what it has."""


def after(day: date) -> date:
    """The next day; there is none after the last one."""
    return day if day == FOREVER else day + DAY


class Sheet:
    """What is said of each object on each day, and which days were claimed.

    `days` are the days that matter, the first one at the beginning of time; what holds on one of them holds until the day
    before the next. Rules are asked of single days only.
    """

    def __init__(self, turning_points: Iterable[date], mo: Mo) -> None:
        points = {ALWAYS, *turning_points}
        for objects in mo.values():
            for pieces in objects.values():
                for start, end, _ in pieces:
                    points |= {start, after(end)}
        points.discard(FOREVER)
        self.days = sorted(points)
        self.values: dict[Key, list[Any]] = {}
        self.claimed: dict[Key, list[bool]] = {}
        for kind, objects in mo.items():
            for uuid, pieces in objects.items():
                row = self.values[kind, uuid] = [None] * len(self.days)
                for start, end, value in pieces:
                    for index, day in enumerate(self.days):
                        if start <= day <= end:
                            row[index] = value

    def last(self, index: int) -> date:
        """The last of the days for which `days[index]` stands."""
        return self.days[index + 1] - DAY if index + 1 < len(self.days) else FOREVER

    def at(self, key: Key, day: date) -> Any:
        """What is said of an object on a day, None if it is not there."""
        row = self.values.get(key)
        if row is None:
            return None
        return row[bisect_right(self.days, day) - 1]

    def known(self, key: Key) -> bool:
        """Whether the object is there on any day."""
        return any(value is not None for value in self.values.get(key, ()))

    def last_day(self, key: Key) -> date | None:
        """The last day on which the object is there."""
        there = [i for i, value in enumerate(self.values.get(key, ())) if value is not None]
        return self.last(there[-1]) if there else None

    def last_value(self, key: Key) -> Any:
        return [value for value in self.values[key] if value is not None][-1]

    def begins(self, key: Key, day: date) -> bool:
        """Whether a validity of the object begins on that day: it is there, and was not, or was another, the day before."""
        return self.at(key, day) is not None and self.at(key, day) != self.at(key, day - DAY)

    def of(self, kind: str) -> Iterator[tuple[str, list[Any]]]:
        """All objects of a kind that are there on any day."""
        for (each, uuid), row in list(self.values.items()):
            if each == kind and any(value is not None for value in row):
                yield uuid, row

    def claim(self, key: Key, says: Callable[[date], Any]) -> None:
        """Overlays what a file says of an object: a value, None for not there, `UNCLAIMED` or `LEFT`, for each day."""
        row = self.values.get(key, [None] * len(self.days))
        claimed = self.claimed.get(key, [False] * len(self.days))
        said = [says(day) for day in self.days]
        silent = (UNCLAIMED, LEFT)
        self.values[key] = [old if new in silent else new for old, new in zip(row, said, strict=True)]
        self.claimed[key] = [
            new is not LEFT and (old or new is not UNCLAIMED) for old, new in zip(claimed, said, strict=True)
        ]

    def mo(self) -> Mo:
        """All of it as pieces; objects that are there on no day are left out."""
        out: Mo = {kind: {} for kind in KINDS}
        for (kind, uuid), row in self.values.items():
            pieces = [
                (first, self.last(index), row[index])
                for index, first in enumerate(self.days)
                if row[index] is not None
            ]
            if pieces and kind in out:
                out[kind][uuid] = joined(pieces)
        return out
