"""Validity: intervals of days that carry values, overlaid, merged and compared.

Dates are inclusive; `BEGINNING` and `FOREVER` stand for no start and no end. A timeline is a tuple of pieces, in order
and without overlap. A day of it has one of three values: a value, `NOTHING` (the object is not there), or it is unclaimed
(no piece covers it). Knows neither LOS nor MO.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import Enum
from operator import attrgetter
from typing import Any, Final, Generic, NamedTuple, TypeVar

from msgspec import Struct

BEGINNING: Final = date.min
FOREVER: Final = date.max
ONE_DAY: Final = timedelta(days=1)


class Nothing(Enum):
    """The value of a day on which the object is not there."""

    NOTHING = "nothing"


class Unclaimed(Enum):
    """The value of a statement that leaves its days unclaimed. Never the value of a piece of a timeline."""

    UNCLAIMED = "unclaimed"


NOTHING: Final = Nothing.NOTHING
UNCLAIMED: Final = Unclaimed.UNCLAIMED

V = TypeVar("V")


class Piece(Struct, Generic[V], frozen=True):
    """`value` from `start` to `end`, both inclusive. `origin` says who claims it and takes no part in comparisons."""

    start: date
    end: date
    value: V | Nothing
    origin: tuple[Any, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Piece):
            return NotImplemented
        return self.start == other.start and self.end == other.end and self.value == other.value

    def __hash__(self) -> int:
        return hash((self.start, self.end, self.value))


Timeline = tuple[Piece[V], ...]


def day_before(day: date) -> date:
    """The day before, and the beginning for the beginning."""
    return day if day == BEGINNING else day - ONE_DAY


def day_after(day: date) -> date:
    """The day after, and no end for no end."""
    return day if day == FOREVER else day + ONE_DAY


class Statement(NamedTuple, Generic[V]):
    """What is stated of the days from `start` to `end`: a value, `NOTHING`, or `UNCLAIMED`."""

    start: date
    end: date
    value: V | Nothing | Unclaimed
    order: Any = 0
    """Where starts are equal, the higher wins."""
    origin: tuple[Any, ...] = ()


def overlay_statements(statements: Iterable[Statement[V]]) -> Timeline[V]:
    """The days of all statements: where several cover a day, the one that starts latest wins. The result is merged."""
    layers: Layers[Any] = Layers()
    for each in sorted(statements, key=attrgetter("start", "order")):
        if each.start <= each.end:
            layers.lay(Piece(each.start, each.end, each.value, each.origin))
    return merge([piece for piece in layers.pieces if piece.value is not UNCLAIMED])


def cut(timeline: Sequence[Piece[V]], start: date, end: date) -> Timeline[V]:
    """The timeline without the days from `start` to `end`: they become unclaimed."""
    before = clip(timeline, BEGINNING, day_before(start)) if start > BEGINNING else ()
    after = clip(timeline, day_after(end)) if end < FOREVER else ()
    return (*before, *after)


def clip(timeline: Sequence[Piece[V]], start: date, end: date = FOREVER) -> Timeline[V]:
    """Only the days from `start` to `end`."""
    first = bisect_left(timeline, start, key=_end)
    after = bisect_right(timeline, end, key=_start)
    clipped = list(timeline[first:after])
    for place in (0, -1) if clipped else ():
        piece = clipped[place]
        if piece.start < start or piece.end > end:
            clipped[place] = Piece(max(piece.start, start), min(piece.end, end), piece.value, piece.origin)
    return tuple(clipped)


def merge(timeline: Iterable[Piece[V]]) -> Timeline[V]:
    """Joins neighbours that touch and have equal values; their origins are joined too. A gap stays a gap."""
    pieces = tuple(timeline)
    if len(pieces) < 2 or not any(map(_touch, pieces, pieces[1:])):
        return pieces
    merged: list[Piece[V]] = []
    run: list[Piece[V]] = []
    """Neighbours of one value."""
    for piece in pieces:
        if run and not _touch(run[-1], piece):
            merged.append(_joined(run))
            run = []
        run.append(piece)
    return (*merged, _joined(run))


def overlay(over: Sequence[Piece[V]], under: Sequence[Piece[V]]) -> Timeline[V]:
    """Overlays one timeline on another: unclaimed days show what is under. The result is merged."""
    layers = Layers(under)
    layers.overlay(over)
    return layers.merged()


class Layers(Generic[V]):
    """A timeline that others are laid over, one after the other: each costs what it changes, not what is there.

    Its pieces are in order and without overlap; neighbours with equal values stay apart until they are asked for `merged`.
    """

    __slots__ = ("pieces",)

    def __init__(self, under: Iterable[Piece[V]] = ()) -> None:
        self.pieces: list[Piece[V]] = list(under)

    def overlay(self, over: Iterable[Piece[V]]) -> None:
        """Overlays a timeline on all that is there: its unclaimed days show what is under."""
        for piece in over:
            self.lay(piece)

    def lay(self, over: Piece[V]) -> None:
        """Lays a piece over all that is there."""
        start, end, pieces = over.start, over.end, self.pieces
        place = bisect_left(pieces, start, key=_end)
        after = bisect_right(pieces, end, key=_start, lo=place)
        laid = [over]
        if place < after:
            head, tail = pieces[place], pieces[after - 1]
            if head.start < start:
                laid.insert(0, Piece(head.start, day_before(start), head.value, head.origin))
            if tail.end > end:
                laid.append(Piece(day_after(end), tail.end, tail.value, tail.origin))
        pieces[place:after] = laid

    def merged(self) -> Timeline[V]:
        return merge(self.pieces)


def split(start: date, end: date, timeline: Sequence[Piece[V]]) -> list[tuple[date, date, Piece[V] | None]]:
    """The days from `start` to `end` in runs of one piece of the timeline (or of none) each, in order, nothing left out."""
    runs: list[tuple[date, date, Piece[V] | None]] = []
    day = start
    for place in range(bisect_left(timeline, start, key=_end), len(timeline)):
        piece = timeline[place]
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
    index = bisect_right(timeline, day, key=_start) - 1
    return timeline[index] if index >= 0 and timeline[index].end >= day else None


def value_at(timeline: Sequence[Piece[V]], day: date) -> V | Nothing:
    """The value of a day; `NOTHING` where no piece covers it."""
    piece = at(timeline, day)
    return NOTHING if piece is None else piece.value


def valid(timeline: Sequence[Piece[V]], day: date) -> bool:
    """Whether the object is there on a day."""
    return value_at(timeline, day) is not NOTHING


def is_there(timeline: Iterable[Piece[V]]) -> bool:
    """Whether the object is there on any day."""
    return any(piece.value is not NOTHING for piece in timeline)


def last_day(timeline: Sequence[Piece[V]]) -> date | None:
    """The last day on which the object is there, if there is one."""
    for piece in reversed(timeline):
        if piece.value is not NOTHING:
            return piece.end
    return None


def covers(timeline: Sequence[Piece[V]], start: date, end: date) -> bool:
    """Whether the object is there on every day from `start` to `end`."""
    return all(
        piece is not None and piece.value is not NOTHING for _, _, piece in split(start, end, timeline)
    )


def restrict(timeline: Sequence[Piece[V]], there: Sequence[Piece[V]]) -> Timeline[V]:
    """Of a timeline, only the values on days on which another object is there."""
    return merge(
        piece
        for span in there
        if span.value is not NOTHING
        for piece in clip(timeline, span.start, span.end)
        if piece.value is not NOTHING
    )


def gains_days(before: Sequence[Piece[V]], after: Sequence[Piece[V]]) -> bool:
    """Whether an object that was there before is there on more days after."""
    return is_there(before) and restrict(after, before) != merge(p for p in after if p.value is not NOTHING)


def differences(actual: Sequence[Piece[V]], desired: Sequence[Piece[V]]) -> list[Piece[V]]:
    """What must be written that `actual` says what `desired` claims: at most one piece for each of its own, in order.

    The window of a change is the shortest that holds all differing days of its piece: writing the days between them again
    changes nothing, and one write is cheaper than two.
    """
    changes: list[Piece[V]] = []
    for piece in desired:
        differing = [
            (start, end)
            for start, end, found in split(piece.start, piece.end, actual)
            if (NOTHING if found is None else found.value) != piece.value
        ]
        if differing:
            changes.append(Piece(differing[0][0], differing[-1][1], piece.value, piece.origin))
    return changes


def _start(piece: Piece[V]) -> date:
    return piece.start


def _end(piece: Piece[V]) -> date:
    return piece.end


def _touch(earlier: Piece[V], later: Piece[V]) -> bool:
    return earlier.end != FOREVER and earlier.end + ONE_DAY == later.start and earlier.value == later.value


def _joined(run: list[Piece[V]]) -> Piece[V]:
    first = run[0]
    if len(run) == 1:
        return first
    origins = {piece.origin for piece in run}
    origin = first.origin
    if len(origins) > 1:
        origin = tuple(dict.fromkeys(each for piece in run for each in piece.origin))
    return Piece(first.start, run[-1].end, first.value, origin)
