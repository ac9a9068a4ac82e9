"""Rows of MO's database: a value from one day until another; pure.

A row ends on the first day that is no longer part of it. The beginning and forever are days like any other here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple


class Row(NamedTuple):
    """A value from `start` until the day before `end`."""

    start: date
    end: date
    value: Any
    """Of an attribute, a tuple of its columns; of a state, its text; of a relation, its target, or that and its role."""

    @property
    def target(self) -> Any:
        """What a relation is to."""
        return self.value[0] if isinstance(self.value, tuple) else self.value

    @property
    def role(self) -> Any:
        """As what a relation is to its target."""
        return self.value[1] if isinstance(self.value, tuple) else None

    def overlaps(self, start: date, end: date) -> bool:
        """Whether it has a day in common with a window."""
        return self.start < end and start < self.end


Rows = tuple[Row, ...]
Tracks = Mapping[str, Rows]
"""All rows of an object, by the name of their track."""


def without(rows: Iterable[Row], taken: Sequence[Row]) -> list[Row]:
    """The rows, less the days of others."""
    left = list(rows)
    for each in taken:
        parts: list[Row] = []
        for row in left:
            if each.end <= row.start or row.end <= each.start:
                parts.append(row)
                continue
            if row.start < each.start:
                parts.append(Row(row.start, each.start, row.value))
            if each.end < row.end:
                parts.append(Row(each.end, row.end, row.value))
        left = parts
    return left


def place(row: Row) -> tuple[Any, ...]:
    """By which rows are sorted: value, what is missing last, then day."""
    parts = row.value if isinstance(row.value, tuple) else (row.value, None)
    return (*((part is None, "" if part is None else part) for part in parts), row.start)


def in_order(rows: Sequence[Row]) -> Rows:
    """As the database keeps them."""
    return tuple(rows) if len(rows) < 2 else tuple(sorted(rows, key=place))


def joined(rows: Rows) -> Rows:
    """Rows in order, with those of one value made one where they touch: as MO reads them."""
    if len(rows) < 2:
        return rows
    result = [rows[0]]
    for row in rows[1:]:
        last = result[-1]
        if last.end == row.start and last.value == row.value:
            result[-1] = Row(last.start, row.end, row.value)
        else:
            result.append(row)
    return tuple(result)
