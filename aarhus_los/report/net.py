"""What the operations of a record come to: on which days an object is something else after them than before.

Several operations may be needed for one change, and pass by what they do not change: a unit's other days are written again
after a write that carries its mark, and a gap that it fills is ended again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from aarhus_los.timeline import BEGINNING, FOREVER, Layers, Nothing, Piece, at, clip, day_after, day_before

Value = Mapping[str, Any]
Op = Mapping[str, Any]
"""An operation as a record has it."""

MARK: Final = "hierarchy"
"""The field that a write which carries a mark has beside those of the unit."""


class Net(Struct, frozen=True):
    """An object on days on which it changes in one way. `before`, `after`: None where it is not there."""

    kind: str
    uuid: str
    start: date
    end: date
    before: Value | None
    after: Value | None
    rows: tuple[str, ...]
    """`file:line` of what asks for it."""

    @property
    def value(self) -> Value:
        """What it is after that, else what it was."""
        return self.after or self.before or {}


def net(operations: Iterable[Op]) -> list[Net]:
    """The changes of each object, in the order of the operations, and after those of a unit the changes of its mark."""
    of_object: dict[tuple[str, str], list[Op]] = {}
    for op in operations:
        of_object.setdefault((op["kind"], op["uuid"]), []).append(op)
    found: list[Net] = []
    for (kind, uuid), ops in of_object.items():
        days = list(_days(kind, uuid, ops))
        found += _merged(days)
        marking = [op for op in ops if op.get("marked_before") is not None]
        if marking:
            found += _merged(_marked(uuid, marking, days))
    return found


def _days(kind: str, uuid: str, ops: Sequence[Op]) -> Iterator[Net]:
    """The days of the operations. Of several on a day, the last one stands, and the first tells what was there."""
    written: Layers[Value | None] = Layers()
    for op in ops:
        written.lay(_piece(op, op))
    shown: Layers[Value | None] = Layers()
    for op in reversed(ops):
        for piece in reversed(op["before"]):
            shown.lay(_piece(piece, piece["value"]))
    rows = {id(op): tuple(op["rows"]) for op in ops}
    for start, end, was, now in _beside(shown.pieces, written.pieces):
        if now is not None:
            before = None if was is None else _unmarked(was)
            yield Net(kind, uuid, start, end, before, _unmarked(now["value"]), rows[id(now)])


def _marked(uuid: str, marking: Sequence[Op], days: Sequence[Net]) -> Iterator[Net]:
    """The mark of a unit, which the last write that carries it puts on its days, and on no other."""
    last = marking[-1]
    rows, mark = tuple(last["rows"]), {MARK: last["value"][MARK]}
    there: list[Piece[Value | None]] = [
        Piece(each.start, each.end, mark) for each in days if each.after is not None
    ]
    shown = [_piece(piece, {MARK: piece[MARK]}) for piece in marking[0]["marked_before"]]
    for start, end, before, after in _beside(shown, clip(there, *_span(last))):
        yield Net("mark", uuid, start, end, before, after, rows)


def _beside(
    one: Sequence[Piece[Value | None]], other: Sequence[Piece[Value | None]]
) -> Iterator[tuple[date, date, Value | None, Value | None]]:
    """The days of two timelines, cut where a piece of either begins or ends, with the value that each has there."""
    days = {piece.start for piece in one} | {day_after(piece.end) for piece in one}
    days |= {piece.start for piece in other} | {day_after(piece.end) for piece in other}
    cuts = sorted(days - {FOREVER})
    for start, after in zip_longest(cuts, cuts[1:]):
        yield start, FOREVER if after is None else day_before(after), _on(one, start), _on(other, start)


def _on(timeline: Sequence[Piece[Value | None]], day: date) -> Value | None:
    piece = at(timeline, day)
    return None if piece is None or isinstance(piece.value, Nothing) else piece.value


def _merged(days: Iterable[Net]) -> list[Net]:
    """The days on which something changes, neighbours that change alike as one."""
    runs: list[list[Net]] = []
    for each in days:
        if each.before == each.after:
            continue
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and day_after(last.end) == each.start
            and (last.before, last.after) == (each.before, each.after)
        ):
            runs[-1].append(each)
        else:
            runs.append([each])
    return [replace(run[0], end=run[-1].end, rows=_rows_of(run)) for run in runs]


def _rows_of(run: Sequence[Net]) -> tuple[str, ...]:
    # Often they are one and the same, and many.
    different = {id(each.rows): each.rows for each in run}
    if len(different) == 1:
        return run[0].rows
    return tuple(dict.fromkeys(row for rows in different.values() for row in rows))


def _piece(piece: Mapping[str, Any], value: Value | None) -> Piece[Value | None]:
    return Piece(*_span(piece), value)


def _span(piece: Mapping[str, Any]) -> tuple[date, date]:
    """The first and the last day; null is no limit."""
    start = BEGINNING if piece["from"] is None else date.fromisoformat(piece["from"])
    end = FOREVER if piece["to"] is None else date.fromisoformat(piece["to"])
    return start, end


def _unmarked(value: Value | None) -> Value | None:
    """A value without the mark, which has days of its own."""
    return value and {name: field for name, field in value.items() if name != MARK}
