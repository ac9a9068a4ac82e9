"""Validity: intervals of days that carry values, painted, laid over each other, merged and compared.

Dates are inclusive; `BEGINNING` and `FOREVER` stand for no start and no end. A timeline is a tuple of pieces, in order
and without overlap. A day of it has one of three values: a value, `NOTHING` (the object is not there), or it is unclaimed
(no piece covers it). Knows neither LOS nor MO.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from typing import Any, Final, Generic, TypeVar

BEGINNING: Final = date.min
FOREVER: Final = date.max
ONE_DAY: Final = timedelta(days=1)


class Nothing(Enum):
    """The value of a day on which the object is not there."""

    NOTHING = "nothing"


class Unclaimed(Enum):
    """What a layer of paint leaves behind that takes a claim away. Never the value of a piece of a timeline."""

    UNCLAIMED = "unclaimed"


NOTHING: Final = Nothing.NOTHING
UNCLAIMED: Final = Unclaimed.UNCLAIMED

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Piece(Generic[V]):
    """`value` from `start` to `end`, both inclusive. `origin` says who claims it and takes no part in comparisons."""

    start: date
    end: date
    value: V | Nothing
    origin: tuple[Any, ...] = field(default=(), compare=False)


Timeline = tuple[Piece[V], ...]


def day_before(day: date) -> date:
    """The day before, and the beginning for the beginning."""
    return day if day == BEGINNING else day - ONE_DAY


def day_after(day: date) -> date:
    """The day after, and no end for no end."""
    return day if day == FOREVER else day + ONE_DAY


@dataclass(frozen=True, slots=True)
class Layer(Generic[V]):
    """A coat of paint: a value, `NOTHING`, or `UNCLAIMED`, from `start` to `end`."""

    start: date
    end: date
    value: V | Nothing | Unclaimed
    order: int = 0
    """For who sorts layers by their start: where starts are equal, the higher wins."""
    origin: tuple[Any, ...] = ()


def paint(layers: Iterable[Layer[V]]) -> Timeline[V]:
    """Paints layers that may overlap in the order given, later over earlier. The result is merged."""
    painted: Timeline[V] = ()
    for layer in layers:
        painted = cut(painted, layer.start, layer.end)
        if not isinstance(layer.value, Unclaimed):
            painted = (*painted, Piece(layer.start, layer.end, layer.value, layer.origin))
    return merge(sorted(painted, key=lambda piece: piece.start))


def cut(timeline: Iterable[Piece[V]], start: date, end: date) -> Timeline[V]:
    """The timeline without the days from `start` to `end`: they become unclaimed."""
    left: list[Piece[V]] = []
    for piece in timeline:
        if piece.end < start or piece.start > end:
            left.append(piece)
            continue
        if piece.start < start:
            left.append(Piece(piece.start, day_before(start), piece.value, piece.origin))
        if piece.end > end:
            left.append(Piece(day_after(end), piece.end, piece.value, piece.origin))
    return tuple(left)


def clip(timeline: Iterable[Piece[V]], start: date, end: date = FOREVER) -> Timeline[V]:
    """Only the days from `start` to `end`."""
    return tuple(
        piece
        if piece.start >= start and piece.end <= end
        else Piece(max(piece.start, start), min(piece.end, end), piece.value, piece.origin)
        for piece in timeline
        if piece.end >= start and piece.start <= end
    )


def merge(timeline: Iterable[Piece[V]]) -> Timeline[V]:
    """Joins neighbours that touch and have equal values; their origins are joined too. A gap stays a gap."""
    merged: list[Piece[V]] = []
    for piece in timeline:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.end != FOREVER
            and last.end + ONE_DAY == piece.start
            and last.value == piece.value
        ):
            merged[-1] = Piece(last.start, piece.end, last.value, _join(last.origin, piece.origin))
        else:
            merged.append(piece)
    return tuple(merged)


def _join(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    return one if one == other else tuple(dict.fromkeys((*one, *other)))


def lay(
    over: Sequence[Piece[V]],
    under: Sequence[Piece[V]],
    combine: Callable[[V | Nothing, V | Nothing | None], V | Nothing] | None = None,
) -> Timeline[V]:
    """Lays one timeline over another: unclaimed days show what is under.

    `combine(upper, lower)` makes the value of a day that `over` claims; `lower` is None on a day that `under` does not
    claim. Without it the upper value stands.
    """
    laid: list[Piece[V]] = list(over)
    if combine is not None:
        laid = [
            Piece(start, end, combine(upper.value, None if lower is None else lower.value), upper.origin)
            for upper in over
            for start, end, lower in split(upper.start, upper.end, under)
        ]
    rest: Timeline[V] = tuple(under)
    for piece in over:
        rest = cut(rest, piece.start, piece.end)
    return merge(sorted((*rest, *laid), key=lambda piece: piece.start))


def split(start: date, end: date, timeline: Sequence[Piece[V]]) -> list[tuple[date, date, Piece[V] | None]]:
    """The days from `start` to `end` in runs of one piece of the timeline (or of none) each, in order, nothing left out."""
    runs: list[tuple[date, date, Piece[V] | None]] = []
    day = start
    for piece in timeline:
        if piece.end < day:
            continue
        if piece.start > end:
            break
        if piece.start > day:
            runs.append((day, day_before(piece.start), None))
            day = piece.start
        last = min(piece.end, end)
        runs.append((day, last, piece))
        if last == end:
            return runs
        day = day_after(last)
    runs.append((day, end, None))
    return runs


def at(timeline: Sequence[Piece[V]], day: date) -> Piece[V] | None:
    """The piece that covers a day, if one does."""
    index = bisect_right(timeline, day, key=lambda piece: piece.start) - 1
    return timeline[index] if index >= 0 and timeline[index].end >= day else None


def alive(timeline: Sequence[Piece[V]], day: date) -> bool:
    """Whether the object is there on a day."""
    piece = at(timeline, day)
    return piece is not None and piece.value is not NOTHING


@dataclass(frozen=True, slots=True)
class Change(Generic[V]):
    """What must be written: `value` in the window from `start` to `end`; before, the window read `before`."""

    start: date
    end: date
    value: V | Nothing
    before: Timeline[V]
    origin: tuple[Any, ...] = field(default=(), compare=False)


def differences(actual: Sequence[Piece[V]], desired: Sequence[Piece[V]]) -> list[Change[V]]:
    """The changes that make `actual` say what `desired` claims: at most one a desired piece, in order, disjoint.

    The window of a change is the shortest that holds all differing days of its piece: writing the days between them again
    changes nothing, and one write is cheaper than two.
    """
    changes: list[Change[V]] = []
    for piece in desired:
        differing = [
            (start, end)
            for start, end, found in split(piece.start, piece.end, actual)
            if (NOTHING if found is None else found.value) != piece.value
        ]
        if not differing:
            continue
        start, end = differing[0][0], differing[-1][1]
        changes.append(Change(start, end, piece.value, clip(actual, start, end), piece.origin))
    return changes
