"""Brakes: a plan that ends or moves far more than a day's worth, or of which MO refuses far more than is usual, is not
carried out unless the operator allows it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from aarhus_los.mo.model import Kind, Object, Unit, Value
from aarhus_los.plan import Operation, Plan
from aarhus_los.timeline import NOTHING, Layers, Piece, clip


class BrakeKind(StrEnum):
    """What is counted; the names that `--allow` takes."""

    UNIT_ENDS = "unit-ends"
    UNIT_MOVES = "unit-moves"
    ENGAGEMENT_ENDS = "engagement-ends"
    REFUSALS = "refusals"


class Limit(Struct, frozen=True):
    """A brake trips when both the number and the percentage of what MO has are exceeded."""

    number: int
    percent: float


class Brake(Struct, frozen=True):
    """A brake that trips."""

    kind: BrakeKind
    planned: int
    limit: Limit
    present: int | None
    """What MO counts today; None: unknown, the number alone decides."""


def counted(plan: Plan) -> dict[BrakeKind, int]:
    """How many objects the plan ends or moves."""
    ended = {op.object for op in plan.operations if op.ends}
    of_unit: dict[str, list[Operation]] = {}
    for op in plan.operations:
        if op.kind is Kind.ORG_UNIT:
            of_unit.setdefault(op.uuid, []).append(op)
    return {
        BrakeKind.UNIT_ENDS: sum(kind is Kind.ORG_UNIT for kind, _ in ended),
        BrakeKind.UNIT_MOVES: sum(map(_moves, of_unit.values())),
        BrakeKind.ENGAGEMENT_ENDS: sum(kind is Kind.ENGAGEMENT for kind, _ in ended),
    }


def _moves(operations: Sequence[Operation]) -> bool:
    """Whether a unit hangs elsewhere on any day in the end: what is written over for a moment only has not moved."""
    after: Layers[Value] = Layers()
    for op in operations:
        after.lay(Piece(op.start, op.end, op.value or NOTHING))
    return any(
        isinstance(now, Unit) and isinstance(was, Unit) and now.parent != was.parent
        for op in operations
        for before in op.before
        for was in [before.value]
        for now in (piece.value for piece in clip(after.pieces, before.start, before.end))
    )


def tripped(
    counts: Mapping[BrakeKind, int],
    limits: Mapping[BrakeKind, Limit],
    allowed: Mapping[BrakeKind, int],
    present: Callable[[], Mapping[Kind, int] | None],
) -> list[Brake]:
    """The brakes whose number is exceeded and not allowed, and the percentage of what MO counts too.

    `present` asks MO how many there are, only where a number is exceeded.
    """
    kinds = [kind for kind, count in counts.items() if count > max(limits[kind].number, allowed.get(kind, 0))]
    in_mo = present() if kinds else None
    brakes = []
    for kind in kinds:
        of = Kind.ENGAGEMENT if kind is BrakeKind.ENGAGEMENT_ENDS else Kind.ORG_UNIT
        total = None if in_mo is None else in_mo[of]
        if not total or counts[kind] > total * limits[kind].percent / 100:
            brakes.append(Brake(kind, counts[kind], limits[kind], total))
    return brakes


REASONS = 10
"""How many sorts of refusals are reported."""


class Refusals:
    """Counts the objects of a plan that are refused while it is sent, and by what reasons."""

    def __init__(self, objects: int, limit: Limit | None, allowed: int) -> None:
        self._objects = objects
        self._limit = limit
        self._allowed = allowed
        self._refused: dict[Object, str] = {}
        self._reasons: dict[str, str] = {}

    def add(self, objects: Iterable[Object], sort: str, reason: str) -> None:
        """Counts objects. Those of a sort are reported together, with the first reason."""
        self._refused.update(dict.fromkeys(objects, sort))
        self._reasons.setdefault(sort, reason)

    def remove(self, objects: Iterable[Object]) -> None:
        """They were written after all."""
        for each in objects:
            self._refused.pop(each, None)

    @property
    def tripped(self) -> bool:
        """Whether both the number and the percentage of the plan are exceeded, and the number is not allowed."""
        limit, refused = self._limit, len(self._refused)
        return (
            limit is not None
            and refused > max(limit.number, self._allowed)
            and refused > self._objects * limit.percent / 100
        )

    @property
    def brake(self) -> Brake:
        """The brake that it is, once it has tripped."""
        assert self._limit is not None
        return Brake(BrakeKind.REFUSALS, len(self._refused), self._limit, self._objects)

    @property
    def reasons(self) -> list[tuple[int, str]]:
        """The most frequent reasons, and how often each was given."""
        counts = Counter(self._refused.values()).most_common(REASONS)
        return [(count, f"{sort}: {self._reasons[sort]}") for sort, count in counts]
