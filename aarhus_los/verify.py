"""What was written is read back. What MO says otherwise is written again, alone, before it is held against MO."""

from __future__ import annotations

import random
from collections.abc import Sequence

from msgspec.structs import replace

from aarhus_los.apply import Applied, apply_plan
from aarhus_los.delivery import Failure
from aarhus_los.desired.claims import DesiredObject
from aarhus_los.mo.model import History, Kind, Object, by_kind
from aarhus_los.mo.target import Target
from aarhus_los.plan import Operation, Plan, Step, make_plan


def chosen(wanted: Sequence[DesiredObject], plan: Plan, limit: int | None) -> list[DesiredObject]:
    """The objects that are to be read back: of those that are written, all, or a sample, and some units always.

    `limit`: so many writes are drawn at most.
    """
    drawn: Sequence[Operation] = plan.operations
    if limit is not None and limit < len(drawn):
        drawn = random.Random(len(drawn)).sample(drawn, limit)
    read_back = {op.object for op in drawn if op.kind is not Kind.ORGANISATION}
    read_back |= {(Kind.ORG_UNIT, uuid) for uuid in plan.to_compare}
    # Copies: a few here and there that stayed would keep the memory of all that are let go from being used again.
    return [
        replace(each, claim=tuple(replace(piece) for piece in each.claim))
        for each in wanted
        if each.object in read_back
    ]


def verify(objects: Sequence[DesiredObject], target: Target, applied: Applied) -> list[Operation]:
    """Reads those of the objects back that were written, and of which nothing failed.

    Returns what would make MO say what it was told, twice. What was written again, and what MO cannot show, or refuses
    now, is noted in `applied`. Raises `UnavailableError`.
    """
    asked = {each.object for each in objects} - {op.object for op, _ in applied.failed}
    written = asked.intersection(op.object for op in applied.acknowledged)  # of some, where all are many
    whole = [each for each in objects if each.object in written]
    otherwise, again = _compared(whole, target, applied)
    if not again:
        return []
    alone = Plan(tuple(replace(step, alone=True) for step in again))
    done = apply_plan(alone, target, chunk_size=1, concurrency=target.client.connections)
    applied.again += done.acknowledged
    if done.stopped is not None:
        raise done.stopped
    refused = {operation.object: failure for operation, failure in done.failed}
    _pend(applied, refused)
    left = [each for each in otherwise if each.object not in refused]
    return [operation for step in _compared(left, target, applied)[1] for operation in step.operations]


def _compared(
    objects: Sequence[DesiredObject], target: Target, applied: Applied
) -> tuple[list[DesiredObject], tuple[Step, ...]]:
    """The objects of which MO says otherwise, and the steps that would mend it."""
    read = target.read_side_by_side(by_kind(each.object for each in objects))
    actual: dict[Kind, dict[str, History]] = {kind: histories.found for kind, histories in read.items()}
    if Kind.ORG_UNIT in read:
        actual[Kind.MARK] = read[Kind.ORG_UNIT].beside
    unshown = {
        (kind, uuid): Failure(f"it was written, and read back: {reason}")
        for kind, histories in read.items()
        for uuid, reason in histories.unreadable.items()
    }
    _pend(applied, unshown)
    # Also what is only made where MO lacks it: it was made.
    shown = [replace(each, create_only=False) for each in objects if each.object not in unshown]
    steps = make_plan(shown, actual).steps
    different = {op.object for step in steps for op in step.operations}
    return [each for each in shown if each.object in different], steps


def _pend(applied: Applied, failures: dict[Object, Failure]) -> None:
    """The rows that asked for objects are pending, although MO has acknowledged what was written."""
    applied.unconfirmed += [
        (operation, failures[operation.object])
        for operation in applied.acknowledged
        if operation.object in failures
    ]
