"""MO's two APIs: how the operations of a plan are sent by REST, and how by GraphQL mutations. Pure.

By GraphQL, what comes first in a request is seen by what comes after, and MO checks what it does not check of us by REST:
whether an object that is created, and a unit at any time, is within the days of the unit that it belongs to, and whether a
unit that ends is still in use. So the order matters, and a creation that goes beyond its unit's days is completed by an
update, which MO does not check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from aarhus_los.desired.claims import Actual
from aarhus_los.mo import payloads
from aarhus_los.mo.model import Address, Engagement, History, Kind, Object, references
from aarhus_los.mo.payloads import Endpoint, Item
from aarhus_los.plan import Action, Operation, Plan, Step, histories_after
from aarhus_los.postal import is_postal
from aarhus_los.timeline import (
    FOREVER,
    NOTHING,
    Nothing,
    Piece,
    clip,
    day_after,
    day_before,
    is_there,
    restrict,
    valid,
)

VERBS: Final = {Action.CREATE: "create", Action.EDIT: "update", Action.TERMINATE: "terminate"}


class Rest:
    """REST with `force`: MO checks next to nothing, and prepares all of a list before it writes any."""

    in_order: Final = False
    """Whether what comes first in a request is seen by what comes after, so that a list may hold what waits for it."""

    def ordered(self, plan: Plan) -> Plan:
        """The plan, its steps with all that they must come after."""
        return plan

    def endpoint(self, operation: Operation) -> Endpoint:
        """Where an operation is sent to."""
        return Endpoint.MUTATE if operation.kind in payloads.MUTATED else Endpoint[operation.action.name]

    def arranged(self, operations: Sequence[Operation]) -> list[Operation]:
        """The operations of one request in the order in which they are sent: by uuid, lest two requests wait for each
        other's objects in MO's database."""
        return sorted(operations, key=lambda op: op.uuid)

    def items(self, operation: Operation) -> list[Item]:
        """What is sent of an operation, in order."""
        op = operation
        if op.value is None:
            return [payloads.terminate(op.kind, op.uuid, op.start, op.end)]
        write = payloads.create if op.action is Action.CREATE else payloads.edit
        return [write(op.kind, op.uuid, op.value, op.start, op.end, op.mark)]


class GraphQL(Struct, frozen=True):
    """Mutations, with the methods of `Rest`. `units` are the org units as they will be."""

    units: Mapping[str, History] = field(default_factory=dict)
    in_order: ClassVar = True

    @classmethod
    def of(cls, plan: Plan, actual: Actual) -> GraphQL:
        return cls(histories_after(plan.operations, (Kind.ORG_UNIT,), actual)[Kind.ORG_UNIT])

    def endpoint(self, operation: Operation) -> Endpoint:
        return Endpoint.MUTATE

    def ordered(self, plan: Plan) -> Plan:
        """What refers to an org unit comes after what gives the unit days; a creation, also after what takes days away.

        Else the unit would be in use by then. An address that goes beyond the first days of a new unit cannot be made with
        these; and a postal one may be refused by what MO's address service knows, which must not keep the unit back.
        """
        steps = list(_apart(plan.steps))
        gives: dict[str, set[int]] = {}
        takes: dict[str, set[int]] = {}
        for number, step in enumerate(steps):
            for op in step.operations:
                if op.kind is Kind.ORG_UNIT:
                    (takes if op.value is None else gives).setdefault(op.uuid, set()).add(number)
        for number, step in enumerate(steps):
            before: set[int] = set()
            ours = {op.uuid for op in step.operations}
            for op in step.operations:
                for kind, uuid in () if op.value is None else references(op.kind, op.value):
                    if kind is Kind.ORG_UNIT and uuid not in ours:
                        before |= gives.get(uuid, set())
                        if op.action is Action.CREATE and op.kind is not Kind.ORG_UNIT:
                            before |= takes.get(uuid, set())
            later = {other for other in before if number in steps[other].after}
            if before := before - later - {*step.needs, number}:
                steps[number] = replace(step, follows=tuple(sorted({*step.follows, *before})))
        return replace(plan, steps=tuple(steps))

    def arranged(self, operations: Sequence[Operation]) -> list[Operation]:
        """In order, but like beside like where nothing between them says otherwise: MO takes several of a kind in bulk."""
        runs: list[_Run] = []
        for op in operations:
            touched = _touched(op)
            place = None
            for number in range(len(runs) - 1, -1, -1):
                if runs[number].sort == (op.kind, op.action):
                    place = runs[number]
                    break
                if op.object in runs[number].touched or touched & runs[number].written:
                    break
            if place is None:
                place = _Run((op.kind, op.action))
                runs.append(place)
            place.operations.append(op)
            place.touched |= touched
            place.written.add(op.object)
        return [op for run in runs for op in run.operations]

    def items(self, operation: Operation) -> list[Item]:
        op = operation
        if op.kind is Kind.ORG_UNIT and op.value is None:
            return self._end_of_unit(op)
        whole = payloads.mutated(op.kind, VERBS[op.action], op.uuid, op.value, op.start, op.end, op.mark)
        if op.action is Action.CREATE and isinstance(op.value, Address | Engagement):
            return self._creation(op, op.value, whole)
        return [whole]

    def _creation(self, op: Operation, value: Address | Engagement, whole: Item) -> list[Item]:
        """Within the days of its unit, or on one of them that is taken away again; the rest is an update."""
        there = self.units.get(value.org_unit or "", ())
        window: History = (Piece(op.start, op.end, value),)
        inside = restrict(window, there)
        if not is_there(there) or (inside and (inside[0].start, inside[0].end) == (op.start, op.end)):
            return [whole]
        beyond = payloads.mutated(op.kind, "update", op.uuid, value, op.start, op.end)
        if inside:
            first = inside[0]
            return [payloads.mutated(op.kind, "create", op.uuid, value, first.start, first.end), beyond]
        day = next(piece.start for piece in there if piece.value is not NOTHING)
        return [
            payloads.mutated(op.kind, "create", op.uuid, value, day, day),
            beyond,
            payloads.mutated(op.kind, "terminate", op.uuid, None, day, day),
        ]

    def _end_of_unit(self, op: Operation) -> list[Item]:
        """A window that begins with the unit is refused, an end for good is not: what comes after is written again."""
        there = self.units.get(op.uuid, ())
        if valid(there, day_before(op.start)) or op.end == FOREVER:
            return [payloads.mutated(op.kind, "terminate", op.uuid, None, op.start, op.end)]
        return [
            payloads.mutated(op.kind, "terminate", op.uuid, None, op.start, FOREVER),
            *(
                payloads.mutated(op.kind, "update", op.uuid, piece.value, piece.start, piece.end)
                for piece in clip(there, day_after(op.end))
                if not isinstance(piece.value, Nothing)
            ),
        ]


Api: TypeAlias = Rest | GraphQL
"""How a plan is sent."""
REST: Final = Rest()


def _apart(steps: Sequence[Step]) -> list[Step]:
    """Steps, with addresses in steps of their own that are postal, or go beyond the days with which their unit is made."""
    left = list(steps)
    moved: dict[Object, int] = {}
    for number, step in enumerate(steps):
        unit = step.operations[0]
        beyond = [
            op
            for op in step.operations[1:]
            if is_postal(op.value) or not unit.start <= op.start <= op.end <= unit.end
        ]
        if beyond:
            kept = tuple(op for op in step.operations if op not in beyond)
            left[number] = replace(step, operations=kept)
        for op in beyond:
            moved[op.object] = len(left)
            left.append(Step((op,), (number,)))
    for number, step in enumerate(left):
        makers = {moved[key] for op in step.operations if (key := op.object) in moved}
        if makers - {number}:
            left[number] = replace(step, needs=tuple(sorted({*step.needs, *makers})))
    return left


class _Run(Struct):
    """Neighbours in a request, of one kind and action: with the objects that they write, and those that they touch."""

    sort: tuple[Kind, Action]
    operations: list[Operation] = field(default_factory=list)
    touched: set[Object] = field(default_factory=set)
    written: set[Object] = field(default_factory=set)


def _touched(op: Operation) -> set[Object]:
    """The object that an operation writes, and those that it refers to, before and after."""
    values = [piece.value for piece in op.before if not isinstance(piece.value, Nothing)]
    if op.value is not None:
        values.append(op.value)
    return {op.object, *(each for value in values for each in references(op.kind, value))}
