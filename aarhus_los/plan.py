"""What MO must be sent: desired against actual, as ordered operations. Pure.

An operation writes one window of one object. Operations are gathered in steps: a step is what goes in one request or not
at all. A step *needs* steps that make what it refers to, and *follows* steps that let go of what it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from aarhus_los.desired.claims import Actual, DesiredObject
from aarhus_los.mo import kinds
from aarhus_los.mo.kinds import History, Kind, Value
from aarhus_los.timeline import Nothing, differences


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

    def item(self) -> tuple[kinds.Door, kinds.Item]:
        """The door it goes through and what is sent."""
        if self.value is None:
            return kinds.terminate(self.kind, self.uuid, self.start, self.end)
        write = kinds.create if self.action is Action.CREATE else kinds.edit
        return write(self.kind, self.uuid, self.value, self.start, self.end)


@dataclass(slots=True)
class Step:
    """Operations of one request that is never split, and the numbers of the steps that come before it."""

    operations: list[Operation]
    needs: set[int] = field(default_factory=set)
    """Must have been acknowledged, else this is not sent."""
    follows: set[int] = field(default_factory=set)
    """Must be over, one way or the other."""


@dataclass(frozen=True)
class Plan:
    """The steps, in an order in which they could be sent one by one."""

    steps: tuple[Step, ...] = ()

    @property
    def operations(self) -> list[Operation]:
        """Sorted by kind and object; an object's in the order in which they are sent."""
        order = list(Kind)
        found = [operation for step in self.steps for operation in step.operations]
        return sorted(found, key=lambda operation: (order.index(operation.kind), operation.uuid))


def make_plan(desired: Iterable[DesiredObject], actual: Actual) -> Plan:
    """Compares each object with what MO has."""
    steps: list[Step] = []
    creation: dict[tuple[Kind, str], int] = {}
    endings: dict[tuple[Kind, str], list[int]] = {}
    for wanted in desired:
        key = (wanted.kind, wanted.uuid)
        last: int | None = None
        for operation in _operations(wanted, actual.get(wanted.kind, {}).get(wanted.uuid, ())):
            home = creation.get((Kind.ORG_UNIT, wanted.within or ""))
            if operation.action is Action.CREATE and home is not None:
                steps[home].operations.append(operation)
                number = home
            else:
                number = len(steps)
                steps.append(Step([operation]))
            if last is not None and last != number:
                steps[number].needs.add(last)
            last = number
            if operation.action is Action.CREATE:
                creation[key] = number
            if operation.action is Action.TERMINATE:
                endings.setdefault(key, []).append(number)
    _order(steps, creation, endings)
    return Plan(tuple(steps))


def _operations(wanted: DesiredObject, history: History) -> list[Operation]:
    if wanted.create_only and history:
        return []
    operations: list[Operation] = []
    exists = bool(history)
    for change in differences(history, wanted.claim):
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
    return operations


def _order(
    steps: Sequence[Step],
    creation: Mapping[tuple[Kind, str], int],
    endings: Mapping[tuple[Kind, str], list[int]],
) -> None:
    for number, step in enumerate(steps):
        for operation in step.operations:
            if operation.value is not None:
                for referred in kinds.references(operation.kind, operation.value):
                    maker = creation.get(referred)
                    if maker is not None and maker != number:
                        step.needs.add(maker)
            for piece in operation.before:
                if isinstance(piece.value, Nothing):
                    continue
                for left in kinds.references(operation.kind, piece.value):
                    for ending in endings.get(left, ()):
                        if ending != number:
                            steps[ending].follows.add(number)
