"""Folding: files make claims on objects one after the other, and the last word wins.

Shared by org units, people and managers. The rules ask what MO has (is the object there, is it alive); days that files of
this run claim count as not there until the fold reaches the file, so that folding again gives what folding gave.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Generic, TypeVar

from aarhus_los.timeline import (
    FOREVER,
    NOTHING,
    Layer,
    Nothing,
    Piece,
    Timeline,
    Unclaimed,
    alive,
    at,
    clip,
    cut,
    day_after,
    day_before,
    lay,
    paint,
)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Span = tuple[date, date]


def first_day(spans: Sequence[Span], file_date: date, alive_then: bool) -> date:
    """The first day that a `_ret` file claims of an object, from the days of all its rows in the file."""
    if any(start <= file_date <= end for start, end in spans):
        return file_date
    ended = [end for _, end in spans if end < file_date]
    if ended:
        return day_after(max(ended))
    return min(start for start, _ in spans) if alive_then else file_date


def claim_of(statements: Sequence[Layer[V]], first: date) -> Timeline[V]:
    """The claim of one file on one object: from `first` on it is exactly what the rows state, else not there.

    A statement is a row's, or one side of it: `UNCLAIMED` where the row fails or says nothing of the object; its order is
    the line number.
    """
    last = max(statements, key=lambda row: (bool(row.origin), row.end, row.order))
    # A row that ends before it starts states nothing.
    stated = [row for row in statements if row.start <= row.end]
    rows = sorted(stated, key=lambda row: (row.start, row.order))
    ground: Layer[V] = Layer(first, FOREVER, NOTHING, origin=last.origin)
    return clip(paint([ground, *rows]), first)


def claimed_days(first: date) -> Timeline[bool]:
    """The days that a file claims which says of all days from `first` on what the object is."""
    return (Piece(first, FOREVER, True),)


def is_there(timeline: Iterable[Piece[V]]) -> bool:
    """Whether the object is there on any day."""
    return any(piece.value is not NOTHING for piece in timeline)


class Fold(Generic[K, V]):
    """The objects of one subject while the files are folded in their order; a file's place in it is its turn."""

    def __init__(
        self,
        actual: Mapping[K, Timeline[V]],
        turns: int,
        days: Callable[[int, K], Timeline[bool]],
        combine: Callable[[V | Nothing, V | Nothing | None], V | Nothing] | None = None,
        bare: Callable[[V | Nothing], V | Nothing] = lambda value: value,
    ) -> None:
        """`days` tells what the file of a turn claims of an object, without asking what MO has.

        `bare` takes from a value what no row says: a change of that alone was announced by none.
        """
        self.claimed: dict[K, Timeline[V]] = {}
        self.bare = bare
        self._actual = actual
        self._turns = turns
        self._days = cache(days)
        self._combine = combine

    def known(self, key: K, turn: int) -> Timeline[V]:
        """What is known of an object before the files from `turn` on have spoken."""
        timeline = self._actual.get(key, ())
        if timeline:
            for later in range(turn, self._turns):
                for span in self._days(later, key):
                    timeline = cut(timeline, span.start, span.end)
        return lay(self.claimed.get(key, ()), timeline)

    def add(self, key: K, claim: Timeline[V]) -> None:
        """Folds a file's claim on an object over what earlier files claimed."""
        self.claimed[key] = lay(claim, self.claimed.get(key, ()), self._combine)


def spare_announced(
    claims: Mapping[K, Timeline[V]], fold: Fold[K, V], turn: int, lead: K, file_date: date
) -> tuple[dict[K, Timeline[V]], list[date]]:
    """Takes from the claims what would wipe a change that an earlier file announced.

    Where a row ends the day before a validity of one of the objects begins, the file claims to that end only. Returns the
    claims and the days on which the spared changes begin.
    """
    spared: list[date] = []
    left = dict(claims)
    for gap in claims[lead]:
        if gap.value is not NOTHING or gap.start <= file_date or gap.start == claims[lead][0].start:
            continue
        eve = day_before(gap.start)
        # Where an earlier file of this run speaks, what MO has may already be this file's own doing, and does not count.
        told = at(fold.claimed.get(lead, ()), gap.start) is not None
        before = {key: fold.known(key, turn if told else turn + 1) for key in claims}
        if alive(before[lead], gap.start) and any(
            _value(timeline, gap.start, fold) not in (NOTHING, _value(timeline, eve, fold))
            for timeline in before.values()
        ):
            spared.append(gap.start)
            left = {key: cut(claim, gap.start, gap.end) for key, claim in left.items()}
    return left, spared


def _value(timeline: Timeline[V], day: date, fold: Fold[K, V]) -> V | Nothing:
    piece = at(timeline, day)
    return NOTHING if piece is None else fold.bare(piece.value)


def contested(statements: Sequence[Layer[V]]) -> list[tuple[Layer[V], Layer[V]]]:
    """Pairs of rows that overlap and differ: the earlier, and the later one that wins on the days of both."""
    pairs: list[tuple[Layer[V], Layer[V]]] = []
    longest: Layer[V] | None = None
    for row in sorted(statements, key=lambda row: (row.start, row.order)):
        if isinstance(row.value, Unclaimed) or row.start > row.end:
            continue
        if longest is not None and row.start <= longest.end and row.value != longest.value:
            pairs.append((longest, row))
        if longest is None or row.end >= longest.end:
            longest = row
    return pairs
