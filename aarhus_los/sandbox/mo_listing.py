"""The order in which MO reads the rows of an object before it edits it, which decides what is "the first" of several.

The database has all relations of an object in order of their values, and puts them together by the kind of relation with a
quicksort (Bentley and McIlroy, "Engineering a sort function", as in PostgreSQL). That is not stable: of seven rows or more,
those of one kind come out in an order that is the same each time and has no meaning.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

from aarhus_los.sandbox.mo_kinds import Kind, Track
from aarhus_los.sandbox.mo_rows import Row, Rows, Tracks, joined, place

_FEW: Final = 7
"""Fewer than these are sorted by insertion."""
_MANY: Final = 40
"""Of more than these the pivot is the median of nine, not of three."""

_Entry = tuple[int, str, Row]
"""A row with the rank and name of its track."""


def listed(kind: Kind, tracks: Tracks) -> Tracks:
    """The rows of an object as MO reads them: those of one value that touch are one."""
    found: dict[str, list[Row]] = {}
    if sum(len(tracks[name]) for name in kind.relations if name in tracks) >= _FEW:
        relations = [
            (rank, name, row) for name, rank in kind.relations.items() for row in tracks.get(name, ())
        ]
        relations.sort(key=lambda entry: _place(kind, entry))
        _quicksort(relations, 0, len(relations))
        for _, name, row in relations:
            found.setdefault(name, []).append(row)
    return {
        name: joined(_by_value(found[name]) if name in found else _told(kind.tracks[name], rows))
        for name, rows in tracks.items()
    }


def _told(track: Track, rows: Rows) -> Rows:
    """Of attributes, the database does not tell what is empty, but for a user key."""
    if not track.columns or all("" not in row.value for row in rows):
        return rows
    told = []
    for row in rows:
        columns = zip(track.columns, row.value, strict=True)
        value = tuple(value if value or name == "user_key" else None for name, value in columns)
        told.append(Row(row.start, row.end, value))
    return _by_value(told)


def _place(kind: Kind, entry: _Entry) -> tuple[Any, ...]:
    """Texts that are no uuids come after those that are."""
    _, name, row = entry
    return (kind.tracks[name].texts or row.target is None, *place(row))


def _by_value(rows: Sequence[Row]) -> Rows:
    """The values in the order in which they first occur, the days of each in order."""
    values: dict[Any, list[Row]] = {}
    for row in rows:
        values.setdefault(row.value, []).append(row)
    return tuple(row for each in values.values() for row in sorted(each))


def _quicksort(entries: list[_Entry], start: int, end: int) -> None:
    """Sorts the entries from `start` to before `end` by rank."""
    while True:
        ranks = [entry[0] for entry in entries[start:end]]
        if all(one <= following for one, following in itertools.pairwise(ranks)):
            return
        if end - start < _FEW:
            entries[start:end] = sorted(entries[start:end], key=_rank)
            return
        smaller, greater = _partition(entries, start, end)
        _quicksort(entries, start, start + smaller)
        start = end - greater


def _partition(entries: list[_Entry], start: int, end: int) -> tuple[int, int]:
    """Puts what is smaller than a pivot before, and what is greater behind, all that is equal; how many of either."""
    swap, compare = _on(entries)
    swap(start, _pivot(entries, start, end))
    equal_left = left = start + 1
    equal_right = right = end - 1
    while True:
        while left <= right and (order := compare(left, start)) <= 0:
            if order == 0:
                swap(equal_left, left)
                equal_left += 1
            left += 1
        while left <= right and (order := compare(right, start)) >= 0:
            if order == 0:
                swap(right, equal_right)
                equal_right -= 1
            right -= 1
        if left > right:
            break
        swap(left, right)
        left, right = left + 1, right - 1
    smaller, greater = left - equal_left, equal_right - right
    for step in range(min(equal_left - start, smaller)):
        swap(start + step, left - min(equal_left - start, smaller) + step)
    for step in range(min(greater, end - 1 - equal_right)):
        swap(left + step, end - min(greater, end - 1 - equal_right) + step)
    return smaller, greater


def _on(entries: list[_Entry]) -> tuple[Callable[[int, int], None], Callable[[int, int], int]]:
    def swap(one: int, other: int) -> None:
        entries[one], entries[other] = entries[other], entries[one]

    def compare(one: int, other: int) -> int:
        return entries[one][0] - entries[other][0]

    return swap, compare


def _pivot(entries: list[_Entry], start: int, end: int) -> int:
    number = end - start
    first, middle, last = start, start + number // 2, end - 1
    if number == _FEW:
        return middle
    if number > _MANY:
        step = number // 8
        first = _median(entries, first, first + step, first + 2 * step)
        middle = _median(entries, middle - step, middle, middle + step)
        last = _median(entries, last - 2 * step, last - step, last)
    return _median(entries, first, middle, last)


def _median(entries: list[_Entry], one: int, two: int, three: int) -> int:
    a, b, c = (entries[place][0] for place in (one, two, three))
    if a < b:
        return two if b < c else (three if a < c else one)
    return two if b > c else (one if a < c else three)


def _rank(entry: _Entry) -> int:
    return entry[0]
