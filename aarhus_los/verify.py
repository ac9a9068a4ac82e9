"""What was written is read back. What MO says otherwise is written again, alone, before it is held against MO."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from aarhus_los.apply import Applied, apply_plan
from aarhus_los.delivery import Failure
from aarhus_los.desired.claims import DesiredObject
from aarhus_los.mo.model import History, Kind, Object
from aarhus_los.mo.target import Target
from aarhus_los.plan import Operation, Plan, Step, make_plan


def touched(
    wanted: Sequence[DesiredObject], applied: Applied, limit: int | None, always: Collection[str] = ()
) -> list[DesiredObject]:
    """The objects that are read back: of those that were written, all, or a sample of `limit`, and some units always."""
    failed = {(operation.kind, operation.uuid) for operation, _ in applied.failed}
    written = applied.acknowledged
    some = limit is not None and limit < len(written)
    chosen: set[Object] = set()
    must: set[Object] = set()
    for each in random.Random(len(written)).sample(written, len(written)) if some else written:
        key = (each.kind, each.uuid)
        if key in failed or each.kind is Kind.ORGANISATION:
            continue
        if each.kind is Kind.ORG_UNIT and each.uuid in always:
            must.add(key)
        elif limit is None or len(chosen) < limit:
            chosen.add(key)
    chosen |= must
    return [each for each in wanted if (each.kind, each.uuid) in chosen]


def verify(objects: Sequence[DesiredObject], target: Target, applied: Applied) -> list[Operation]:
    """Reads objects back. Returns what would make MO say what it was told, twice.

    What was written again, and what MO cannot show, or refuses now, is noted in `applied`. Raises `UnavailableError`.
    """
    otherwise, again = _compared(objects, target, applied)
    if not again:
        return []
    alone = Plan(tuple(step._replace(alone=True) for step in again))
    done = apply_plan(alone, target, api=target.api, chunk_size=1, concurrency=target.client.connections)
    applied.again += done.acknowledged
    if done.stopped is not None:
        raise done.stopped
    refused = {(operation.kind, operation.uuid): failure for operation, failure in done.failed}
    _pend(applied, refused)
    left = [each for each in otherwise if (each.kind, each.uuid) not in refused]
    return [operation for step in _compared(left, target, applied)[1] for operation in step.operations]


def _compared(
    objects: Sequence[DesiredObject], target: Target, applied: Applied
) -> tuple[list[DesiredObject], tuple[Step, ...]]:
    """The objects of which MO says otherwise, and the steps that would mend it."""
    by_kind: dict[Kind, set[str]] = {}
    for each in objects:
        by_kind.setdefault(each.kind, set()).add(each.uuid)
    read = target.read_side_by_side(by_kind)
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
    shown = [each._replace(create_only=False) for each in objects if (each.kind, each.uuid) not in unshown]
    steps = make_plan(shown, actual).steps
    different = {(op.kind, op.uuid) for step in steps for op in step.operations}
    return [each for each in shown if (each.kind, each.uuid) in different], steps


def _pend(applied: Applied, failures: dict[Object, Failure]) -> None:
    """The rows that asked for objects are pending, although MO has acknowledged what was written."""
    applied.unconfirmed += [
        (operation, failures[operation.kind, operation.uuid])
        for operation in applied.acknowledged
        if (operation.kind, operation.uuid) in failures
    ]
