"""What MO must be sent: desired against actual, as ordered operations. Pure.

An operation writes one window of one object. Operations are gathered in steps: a step is what goes in one request or not
at all. A step *needs* steps that make what it refers to, and *follows* steps that let go of what it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from aarhus_los.desired.claims import Actual, DesiredObject
from aarhus_los.mo import kinds
from aarhus_los.mo.kinds import Door, History, Item, Kind, Value
from aarhus_los.timeline import FOREVER, Change, Nothing, Piece, at, clip, cut, day_after, differences

Object = tuple[Kind, str]


class Action(StrEnum):
    CREATE = "create"
    EDIT = "edit"
    TERMINATE = "terminate"


@dataclass(frozen=True, slots=True)
class Operation:
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

    @property
    def door(self) -> Door:
        """The door it goes through."""
        if kinds.is_mutated(self.kind):
            return Door.MUTATE
        return _DOORS[self.action]

    def item(self) -> Item:
        """What is sent of it."""
        if self.value is None:
            return kinds.terminate(self.kind, self.uuid, self.start, self.end)
        write = kinds.create if self.action is Action.CREATE else kinds.edit
        return write(self.kind, self.uuid, self.value, self.start, self.end)

    def is_in(self, history: History) -> bool:
        """Whether MO says already, on all days, what this writes."""
        if self.value is None:
            return not clip(history, self.start, self.end)
        piece = at(history, self.start)
        return piece is not None and piece.value == self.value and piece.end >= self.end


_DOORS: Final = {Action.CREATE: Door.CREATE, Action.EDIT: Door.EDIT, Action.TERMINATE: Door.TERMINATE}


@dataclass(frozen=True, slots=True)
class Step:
    """Operations of one request that is never split, and the numbers of the steps that come before it."""

    operations: tuple[Operation, ...]
    needs: frozenset[int] = frozenset()
    """Must have been acknowledged, else this is not sent."""
    follows: frozenset[int] = frozenset()
    """Must be over, one way or the other."""
    alone: bool = False
    """Goes in a request of its own, in no list with other steps."""


@dataclass(frozen=True)
class Plan:
    """The steps, in an order in which they could be sent one by one."""

    steps: tuple[Step, ...] = ()

    @cached_property
    def operations(self) -> list[Operation]:
        """Sorted by kind and object; an object's in the order in which they are sent."""
        order = {kind: place for place, kind in enumerate(Kind)}
        found = [operation for step in self.steps for operation in step.operations]
        return sorted(found, key=lambda operation: (order[operation.kind], operation.uuid))


def make_plan(desired: Iterable[DesiredObject], actual: Actual) -> Plan:
    """Compares each object with what MO has."""
    requests: list[list[Operation]] = []
    before: dict[int, set[int]] = {}
    creation: dict[Object, int] = {}
    endings: dict[Object, list[int]] = {}
    for wanted in desired:
        key = (wanted.kind, wanted.uuid)
        last: int | None = None
        after: set[int] = set()
        for operation in _operations(wanted, actual.get(wanted.kind, {}).get(wanted.uuid, ())):
            home = creation.get((Kind.ORG_UNIT, wanted.within or ""))
            if operation.action is Action.CREATE and home is not None:
                requests[home].append(operation)
                number = home
            else:
                number = len(requests)
                requests.append([operation])
            if last is not None and last != number:
                before.setdefault(number, set()).add(last)
            if operation.action is not Action.TERMINATE:
                after |= set(endings.get((Kind.ORG_UNIT, wanted.within or ""), ()))
            if after:
                before.setdefault(number, set()).update(after)
            last = number
            if operation.action is Action.CREATE:
                creation[key] = number
            if operation.action is Action.TERMINATE:
                endings.setdefault(key, []).append(number)
    needs = _needs(requests, creation, before)
    follows = _follows(requests, endings, needs) if endings else {}
    return Plan(
        tuple(
            Step(tuple(operations), frozenset(needs.get(number, ())), frozenset(follows.get(number, ())))
            for number, operations in enumerate(requests)
        )
    )


def _operations(wanted: DesiredObject, history: History) -> list[Operation]:
    if wanted.create_only and history:
        return []
    operations: list[Operation] = []
    exists = bool(history)
    changes = differences(history, wanted.claim)
    if wanted.kind is Kind.MANAGER and changes and not exists:
        changes = _open_ended(changes[0], wanted.claim)
    for change in changes:
        value = None if isinstance(change.value, Nothing) else change.value
        action = Action.TERMINATE if value is None else Action.EDIT if exists else Action.CREATE
        exists = exists or value is not None
        operations.append(
            Operation(
                wanted.kind,
                wanted.uuid,
                action,
                change.start,
                change.end,
                value,
                change.before,
                change.origin,
            )
        )
    return _ends_first(operations, history)


def _open_ended(creation: Change[Value], claim: History) -> list[Change[Value]]:
    """Creates an object without an end, and takes away after that what the claim does not say.

    A manager's user key is none of ours, and MO has it on the days of the creation only: a later validity that an edit
    makes outside of them would have none, and break MO's reads.
    """
    created: History = (Piece(creation.start, FOREVER, creation.value),)
    rest = differences(created, clip(claim, day_after(creation.end))) if creation.end != FOREVER else []
    return [replace(creation, end=FOREVER), *rest]


def _ends_first(operations: list[Operation], history: History) -> list[Operation]:
    """The operations on an object, its ends before its edits; for the same reason a unit ends before its addresses change.

    A change until an end that is not written yet looks like a change of another file, announced for the day after: a run
    that is cut between the two would spare it when it is repeated, and the end would be lost. Only an object that would
    not be there at all meanwhile is edited first, since MO could not edit it.
    """
    ends = [operation for operation in operations if operation.action is Action.TERMINATE]
    left = history
    for end in ends:
        left = cut(left, end.start, end.end)
    if not left:
        return operations
    return [*ends, *(operation for operation in operations if operation.action is not Action.TERMINATE)]


def _needs(
    requests: Sequence[Sequence[Operation]], creation: Mapping[Object, int], before: dict[int, set[int]]
) -> dict[int, set[int]]:
    """Adds to what comes before each request the requests that make what it refers to."""
    for number, operations in enumerate(requests):
        for operation in operations:
            if operation.value is not None:
                for referred in kinds.references(operation.kind, operation.value):
                    maker = creation.get(referred)
                    if maker is not None and maker != number:
                        before.setdefault(number, set()).add(maker)
    return before


def _follows(
    requests: Sequence[Sequence[Operation]],
    endings: Mapping[Object, Sequence[int]],
    needs: Mapping[int, set[int]],
) -> dict[int, set[int]]:
    """The requests that an ending waits for: those that end or move away what refers to it, unless they need it."""
    follows: dict[int, set[int]] = {}
    for number, operations in enumerate(requests):
        for operation in operations:
            for piece in operation.before:
                if isinstance(piece.value, Nothing):
                    continue
                for left in kinds.references(operation.kind, piece.value):
                    for ending in endings.get(left, ()):
                        if ending != number and ending not in needs.get(number, ()):
                            follows.setdefault(ending, set()).add(number)
    return follows
