"""What MO must be sent: desired against actual, as ordered operations. Pure.

An operation writes one window of one object. Operations are gathered in steps: a step is what goes in one request or not
at all. A step *needs* steps that make what it refers to, and *follows* steps that let go of what it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aarhus_los.desired.claims import Actual, DesiredObject
from aarhus_los.mo.model import REFERRED, History, Kind, Mark, Object, Unit, Value, references
from aarhus_los.timeline import (
    FOREVER,
    NOTHING,
    Layers,
    Nothing,
    Piece,
    clip,
    differences,
    gains_days,
    is_there,
    merge,
    overlay,
    restrict,
    split,
)
from aarhus_los.uuids import UNKNOWN_TYPE


class Action(StrEnum):
    CREATE = "create"
    EDIT = "edit"
    TERMINATE = "terminate"

    __hash__ = str.__hash__  # as of a kind


class Marking(Struct, frozen=True):
    """The class that a window of a unit is marked with; MO then takes the mark away on all other days."""

    hierarchy: str
    before: History
    """What MO shows of the mark, on all days."""


class Operation(Struct, frozen=True):
    """Writes `value` (None: the object's absence) from `start` to `end`; `before` is what MO says on these days."""

    kind: Kind
    uuid: str
    action: Action
    start: date
    end: date
    value: Value | None
    before: History
    origin: tuple[Any, ...] = ()
    """The rows that ask for it."""
    marking: Marking | None = None
    """Of units only."""

    @property
    def object(self) -> Object:
        """What it writes."""
        return self.kind, self.uuid

    @property
    def mark(self) -> str | None:
        """Of units: the class that the window is marked with."""
        return None if self.marking is None else self.marking.hierarchy

    @property
    def ends(self) -> bool:
        """Whether it takes away days on which MO shows the object."""
        return self.value is None and is_there(self.before)

    @property
    def written(self) -> History:
        """What it writes, on its days."""
        return (Piece(self.start, self.end, NOTHING if self.value is None else self.value),)

    def shown_by(self, history: History, marks: History) -> bool:
        """Whether MO, whose histories of the object and of its mark are given, says what the operation writes."""
        if differences(history, self.written):
            return False
        return self.mark is None or marks == (Piece(self.start, self.end, Mark(self.mark)),)


class Step(Struct, frozen=True):
    """Operations of one request that is never split, and the numbers of the steps that come before it."""

    operations: tuple[Operation, ...]
    # In order, each once. No sets: a first import has as many as objects, and they would be a fourth of its memory.
    needs: tuple[int, ...] = ()
    """Must have been acknowledged, else this is not sent."""
    follows: tuple[int, ...] = ()
    """Must be over, one way or the other."""
    alone: bool = False
    """It may change nothing that MO shows: in a list it would spoil the others."""

    @property
    def after(self) -> tuple[int, ...]:
        """The steps that it comes after, in order."""
        return tuple(sorted({*self.needs, *self.follows})) if self.follows else self.needs


class Plan(Struct, frozen=True, dict=True):
    """The steps, in an order in which they could be sent one by one."""

    steps: tuple[Step, ...] = ()
    to_compare: frozenset[str] = frozenset()
    """Units on whose new days a mark may come to light that MO does not show yet: they are compared again afterwards."""

    @cached_property
    def operations(self) -> list[Operation]:
        """Sorted by kind and object; an object's in the order in which they are sent."""
        of: dict[Kind, list[Operation]] = {kind: [] for kind in Kind}
        for step in self.steps:
            for operation in step.operations:
                of[operation.kind].append(operation)
        for found in of.values():
            found.sort(key=attrgetter("uuid"))
        return [each for found in of.values() for each in found]


def histories_after(
    operations: Iterable[Operation], kinds: Iterable[Kind], actual: Actual
) -> dict[Kind, dict[str, History]]:
    """What MO, as far as it is known, says of some kinds once the operations of a plan are done."""
    after = {kind: dict(actual.get(kind, {})) for kind in kinds}
    of_kinds = (op for op in operations if op.kind in after)
    for (kind, uuid), of_object in groupby(of_kinds, attrgetter("kind", "uuid")):
        layers = Layers(after[kind].get(uuid, ()))
        for op in of_object:
            layers.overlay(op.written)
        after[kind][uuid] = layers.merged()
    return after


def make_plan(desired: Iterable[DesiredObject], actual: Actual) -> Plan:
    """Compares each object with what MO has."""
    requests: list[tuple[Operation, ...]] = []
    before: dict[int, set[int]] = {}
    creation: dict[Kind, dict[str, int]] = {kind: {} for kind in REFERRED}
    endings: dict[Object, list[int]] = {}
    alone: set[int] = set()
    to_compare: set[str] = set()
    for wanted in desired:
        history = actual.get(wanted.kind, {}).get(wanted.uuid, ())
        if wanted.kind is Kind.ORG_UNIT:
            writes = _of_unit(wanted, history, actual.get(Kind.MARK, {}).get(wanted.uuid, ()))
        else:
            writes = _Writes(_operations(wanted, history))
        if writes.may_uncover_a_mark:
            to_compare.add(wanted.uuid)
        last: int | None = None
        for operation in writes.operations:
            home = creation[Kind.ORG_UNIT].get(wanted.within or "")
            if operation.action is Action.CREATE and home is not None:
                requests[home] += (operation,)
                number = home
            else:
                number = len(requests)
                requests.append((operation,))
            if last is not None and last != number:
                before.setdefault(number, set()).add(last)
            if last is None and writes.renew_a_mark:
                alone.add(number)
            last = number
            if operation.action is Action.CREATE and wanted.kind in creation:
                creation[wanted.kind][wanted.uuid] = number
            if operation.action is Action.TERMINATE:
                endings.setdefault(wanted.object, []).append(number)
    needs = _needs(requests, creation, before)
    follows = _follows(requests, endings, needs) if endings else {}
    return Plan(
        tuple(
            Step(operations, needs[number], follows.get(number, ()), number in alone)
            for number, operations in enumerate(requests)
        ),
        frozenset(to_compare),
    )


class _Writes(Struct, frozen=True):
    """The operations on an object, in their order, and of a unit, what they may do to its mark."""

    operations: list[Operation]
    renew_a_mark: bool = False
    """The first marks the unit as MO shows it already, lest hidden days of the mark come to light."""
    may_uncover_a_mark: bool = False


def _of_unit(wanted: DesiredObject, history: History, marks: History) -> _Writes:
    """What is written of an org unit and its mark, which MO holds on one interval of days.

    A write that carries the mark takes it away on all other days, so one write carries it over its whole interval. What
    that overwrites of the unit's other fields is written again after it, each piece without the mark, and gaps inside the
    interval are ended again.
    """
    after = overlay(wanted.claim, history)
    marking = _marking(wanted, after, marks)
    gets_days = gains_days(history, after)
    renew = marking is None and gets_days and bool(marks)
    if renew:
        shown = marks[-1].value
        assert isinstance(shown, Mark)
        marking = (marks[0].start, marks[-1].end, shown.hierarchy)
    if marking is None:
        return _Writes(_operations(wanted, history), may_uncover_a_mark=gets_days)
    start, end, mark = marking
    value = next(
        piece.value
        for piece in (*clip(after, start, end), *clip(history, start, end))
        if isinstance(piece.value, Unit)
    )
    value = replace(value, type=value.type or UNKNOWN_TYPE)
    origin = wanted.mark.origin if wanted.mark else wanted.claim[0].origin
    action = Action.EDIT if history else Action.CREATE
    written_alone = _written(wanted, action, start, end, value, history, origin)
    marked = replace(written_alone, marking=Marking(mark, marks))
    overwritten: list[Piece[Value]] = [
        Piece(start, end, NOTHING if found is None else found.value, origin)
        for start, end, found in split(start, end, history)
    ]
    now = overlay(marked.written, history)
    claim = overlay(wanted.claim, merge(overwritten))
    return _Writes([marked, *_changed(wanted, history, now, claim)], renew_a_mark=renew)


def _marking(wanted: DesiredObject, after: History, marks: History) -> tuple[date, date, str] | None:
    """The interval and the class that must be written, where MO shows the mark on other days of the unit than it must."""
    mark = wanted.mark
    there = [piece for piece in after if piece.value is not NOTHING]
    if mark is None or not there:
        return None
    must: History = () if mark.interval is None else (Piece(*mark.interval, Mark(mark.hierarchy)),)
    ours = tuple(piece for piece in marks if piece.value == Mark(mark.hierarchy))
    if restrict(ours, after) == restrict(must, after):
        return None
    if mark.interval is not None and restrict(must, after):
        return (*mark.interval, mark.hierarchy)
    assert isinstance(mark.instead.value, Mark)
    left = clip(there, mark.instead.start, mark.instead.end) or there[-1:]
    return (left[0].start, left[-1].end, mark.instead.value.hierarchy)


def _operations(wanted: DesiredObject, history: History) -> list[Operation]:
    if wanted.create_only and history:
        return []
    first = next((piece for piece in wanted.claim if piece.value is not NOTHING), None)
    if history or first is None:
        return _changed(wanted, history, history, wanted.claim)
    # A manager's user key is none of ours, and MO has it on the days of the creation only: a later validity that an edit
    # makes outside of them would have none, and break MO's reads. So it is created without an end.
    end = FOREVER if wanted.kind is Kind.MANAGER else first.end
    assert not isinstance(first.value, Nothing)
    created = _written(wanted, Action.CREATE, first.start, end, first.value, (), first.origin)
    if len(wanted.claim) == 1 and end == first.end:
        return [created]
    return [created, *_changed(wanted, (), created.written, wanted.claim)]


def _changed(wanted: DesiredObject, history: History, now: History, claim: History) -> list[Operation]:
    """What makes an object that MO has say what is claimed, its edits before its ends.

    `history` is what MO says before the run, `now` what it says by the operations that come first.
    """
    edits: list[Operation] = []
    ends: list[Operation] = []
    for change in differences(now, claim):
        value = None if isinstance(change.value, Nothing) else change.value
        action = Action.TERMINATE if value is None else Action.EDIT
        operation = _written(wanted, action, change.start, change.end, value, history, change.origin)
        (ends if value is None else edits).append(operation)
    return [*edits, *ends]


def _written(
    wanted: DesiredObject,
    action: Action,
    start: date,
    end: date,
    value: Value | None,
    history: History,
    origin: tuple[Any, ...],
) -> Operation:
    before = clip(history, start, end) if history else ()
    return Operation(wanted.kind, wanted.uuid, action, start, end, value, before, origin)


def _needs(
    requests: Sequence[Sequence[Operation]],
    creation: Mapping[Kind, Mapping[str, int]],
    before: Mapping[int, set[int]],
) -> list[tuple[int, ...]]:
    """What each request needs: what comes before it, and the requests that make what it refers to."""
    needs: list[tuple[int, ...]] = []
    alike: dict[tuple[int, ...], tuple[int, ...]] = {}
    """Each needs once: there are a few for each person and unit."""
    for number, operations in enumerate(requests):
        makers = set(before.get(number, ()))
        for operation in operations:
            for kind, uuid in () if operation.value is None else references(operation.kind, operation.value):
                maker = creation[kind].get(uuid)
                if maker is not None and maker != number:
                    makers.add(maker)
        of_request = tuple(sorted(makers))
        needs.append(alike.setdefault(of_request, of_request))
    return needs


def _follows(
    requests: Sequence[Sequence[Operation]],
    endings: Mapping[Object, Sequence[int]],
    needs: Sequence[tuple[int, ...]],
) -> dict[int, tuple[int, ...]]:
    """The requests that an ending waits for: those that end or move away what refers to it, unless they need it."""
    follows: dict[int, set[int]] = {}
    for number, operations in enumerate(requests):
        for operation in operations:
            for piece in operation.before:
                if isinstance(piece.value, Nothing):
                    continue
                for left in references(operation.kind, piece.value):
                    for ending in endings.get(left, ()):
                        if ending != number and ending not in needs[number]:
                            follows.setdefault(ending, set()).add(number)
    return {ending: tuple(sorted(numbers)) for ending, numbers in follows.items()}
