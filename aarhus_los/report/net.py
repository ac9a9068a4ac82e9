"""What the operations of a record come to: on which days an object is something else after them than before.

Several operations may be needed for one change, and pass by what they do not change: a unit's other days are written again
after a write that carries its mark, and a gap that it fills is ended again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

Value = Mapping[str, Any]
Op = Mapping[str, Any]
"""An operation as a record has it."""

MARK: Final = "hierarchy"
"""The field that a write which carries a mark has beside those of the unit."""
_AFTER_ALL: Final = date.max.toordinal() + 1


@dataclass(frozen=True, slots=True)
class Net:
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


@dataclass(slots=True)
class _Days:
    """From `start` on, less `end`, as ordinals."""

    start: int
    end: int
    before: Value | None
    after: Value | None
    rows: tuple[str, ...]


def net(operations: Iterable[Op]) -> list[Net]:
    """The changes of each object, in the order of the operations, and after those of a unit the changes of its mark."""
    of_object: dict[tuple[str, str], list[Op]] = {}
    for op in operations:
        of_object.setdefault((op["kind"], op["uuid"]), []).append(op)
    found: list[Net] = []
    for (kind, uuid), ops in of_object.items():
        days = list(_days(ops))
        found += _merged(kind, uuid, days)
        marking = [op for op in ops if op.get("marked_before") is not None]
        if marking:
            found += _merged("mark", uuid, _marked(marking, days))
    return found


def _days(ops: Sequence[Op]) -> Iterator[_Days]:
    """The days of the operations, cut where any of them begins or ends. Of several on a day, the last one stands."""
    spans = [(*_span(op), op) for op in ops]
    pieces = [(*_span(piece), piece) for op in ops for piece in op["before"]]
    cuts = sorted({day for start, end, _ in (*spans, *pieces) for day in (start, end)})
    for start, end in pairwise(cuts):
        covering = [op for first, last, op in spans if first <= start < last]
        if covering:
            before = next((piece["value"] for first, last, piece in pieces if first <= start < last), None)
            yield _Days(
                start, end, _unmarked(before), _unmarked(covering[-1]["value"]), tuple(covering[-1]["rows"])
            )


def _marked(marking: Sequence[Op], days: Sequence[_Days]) -> Iterator[_Days]:
    """The mark of a unit, which the last write that carries it puts on its days, and on no other."""
    shown = [(*_span(piece), piece) for piece in marking[0]["marked_before"]]
    last = marking[-1]
    first_day, after_last = _span(last)
    mark = {MARK: last["value"][MARK]}
    cuts = {day for first, end, _ in shown for day in (first, end)}
    cuts |= {first_day, after_last} | {day for each in days for day in (each.start, each.end)}
    for start, end in pairwise(sorted(cuts)):
        before = next(({MARK: piece[MARK]} for first, stop, piece in shown if first <= start < stop), None)
        there = any(each.start <= start < each.end and each.after is not None for each in days)
        after = mark if first_day <= start < after_last and there else None
        yield _Days(start, end, before, after, tuple(last["rows"]))


def _merged(kind: str, uuid: str, days: Iterable[_Days]) -> list[Net]:
    """The days on which something changes, neighbours that change alike as one."""
    runs: list[_Days] = []
    for each in days:
        if each.before == each.after:
            continue
        last = runs[-1] if runs else None
        if last and last.end == each.start and (last.before, last.after) == (each.before, each.after):
            last.end = each.end
            last.rows = tuple(dict.fromkeys((*last.rows, *each.rows)))
        else:
            runs.append(each)
    return [
        Net(
            kind,
            uuid,
            date.fromordinal(run.start),
            date.fromordinal(run.end - 1),
            run.before,
            run.after,
            run.rows,
        )
        for run in runs
    ]


def _span(piece: Mapping[str, Any]) -> tuple[int, int]:
    """The first day, and the day after the last; null is no limit."""
    start = 1 if piece["from"] is None else date.fromisoformat(piece["from"]).toordinal()
    end = _AFTER_ALL if piece["to"] is None else date.fromisoformat(piece["to"]).toordinal() + 1
    return start, end


def _unmarked(value: Value | None) -> Value | None:
    """A value without the mark, which has days of its own."""
    return value and {name: field for name, field in value.items() if name != MARK}
