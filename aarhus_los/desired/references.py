"""Whether what rows refer to is there, and whether org units hang in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import zip_longest
from typing import TypeVar

from aarhus_los.mo.model import History, Unit
from aarhus_los.timeline import FOREVER, at, day_after, day_before

R = TypeVar("R")


def dangling(
    rows: Iterable[R],
    makes: Callable[[R], str | None],
    needs: Callable[[R], str],
    known: Callable[[str], bool],
) -> dict[R, str]:
    """The rows whose need is neither known nor made by a row that is itself left, with what they lack.

    Transitively drops rows whose parent is dropped; rows may need each other in any order.
    """
    left: dict[str, int] = {}
    """What is made → how many of the rows that make it are left."""
    needed_by: dict[str, list[R]] = {}
    for row in rows:
        if (made := makes(row)) is not None:
            left[made] = left.get(made, 0) + 1
        needed_by.setdefault(needs(row), []).append(row)
    dropped: dict[R, str] = {}
    lacking = [need for need in needed_by if not left.get(need) and not known(need)]
    while lacking:
        need = lacking.pop()
        for row in needed_by[need]:
            made = makes(row)
            if row not in dropped and made is not None:
                left[made] -= 1
                if not left[made] and made in needed_by and not known(made):
                    lacking.append(made)
            dropped.setdefault(row, need)
    return dropped


def parents_of(history: History) -> set[str]:
    """The units that a unit ever hangs under."""
    return {
        piece.value.parent
        for piece in history
        if isinstance(piece.value, Unit) and piece.value.parent is not None
    }


def upward(units: Iterable[str], links: Mapping[str, History]) -> dict[str, History]:
    """The units, and all above them on any day, as far as `links` has them."""
    found: dict[str, History] = {}
    near = list(units)
    while near:
        unit = near.pop()
        if unit not in found and unit in links:
            found[unit] = links[unit]
            near += parents_of(links[unit])
    return found


def circles(links: Mapping[str, History]) -> list[tuple[date, date, list[str]]]:
    """The circles of parents, each with the first and last day of a time in which it is closed, and its units in order.

    `links` are the units' timelines as they will be; a unit that it does not hold has no parent that matters.
    """
    parents = {
        unit: {piece.value.parent for piece in timeline if isinstance(piece.value, Unit)}
        for unit, timeline in links.items()
    }
    suspects = _peeled({unit: {up for up in ups if up in parents} for unit, ups in parents.items()})
    pieces = [piece for unit in suspects for piece in links[unit]]
    days = sorted({day for piece in pieces for day in (piece.start, day_after(piece.end))})
    closed: dict[frozenset[str], list[tuple[date, date, list[str]]]] = {}
    for day, after in zip_longest(days, days[1:]):
        up = {}
        for unit in suspects:
            piece = at(links[unit], day)
            if piece is not None and isinstance(piece.value, Unit) and piece.value.parent in suspects:
                up[unit] = piece.value.parent
        last = FOREVER if after is None else day_before(after)
        for circle in _circles_of(up):
            times = closed.setdefault(frozenset(circle), [])
            start = times.pop()[0] if times and day_after(times[-1][1]) == day else day
            times.append((start, last, circle))
    return [time for times in closed.values() for time in times]


def _peeled(parents: dict[str, set[str]]) -> set[str]:
    """Takes away units without parents and without children until only circles, and what lies between them, is left."""
    children: dict[str, set[str]] = {unit: set() for unit in parents}
    for unit, ups in parents.items():
        for up in ups:
            children[up].add(unit)
    left = set(parents)
    for forward, backward in ((parents, children), (children, parents)):
        open_ends = {unit: len(forward[unit] & left) for unit in left}
        free = [unit for unit, count in open_ends.items() if count == 0]
        while free:
            unit = free.pop()
            left.discard(unit)
            for other in backward[unit] & left:
                open_ends[other] -= 1
                if open_ends[other] == 0:
                    free.append(other)
    return left


def _circles_of(up: Mapping[str, str]) -> list[list[str]]:
    seen: set[str] = set()
    found: list[list[str]] = []
    for unit in up:
        path: dict[str, int] = {}
        step: str | None = unit
        while step is not None and step not in seen and step not in path:
            path[step] = len(path)
            step = up.get(step)
        if step is not None and step in path:
            found.append(list(path)[path[step] :])
        seen.update(path)
    return found
