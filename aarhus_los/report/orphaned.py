"""Engagements and managers whose org unit ends and which do not: nothing cascades, they are reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aarhus_los.desired.claims import DesiredObject, Notice
from aarhus_los.messages import Message
from aarhus_los.mo.model import Engagement, History, Kind, Manager, Value
from aarhus_los.plan import Action, Operation
from aarhus_los.timeline import FOREVER, Nothing, clip, overlay


def ended_units(operations: Iterable[Operation]) -> dict[str, Operation]:
    """The org units that a plan ends for good."""
    return {
        operation.uuid: operation
        for operation in operations
        if operation.kind is Kind.ORG_UNIT
        and operation.action is Action.TERMINATE
        and operation.end == FOREVER
    }


def orphaned(
    ended: Mapping[str, Operation], histories: Mapping[str, History], desired: Iterable[DesiredObject]
) -> list[Notice]:
    """Counts the engagements and managers that are in a unit after its end, a notice a unit."""
    claims = {each.uuid: each.claim for each in desired}
    counts: dict[str, dict[str, int]] = {}
    for uuid, history in histories.items():
        after = overlay(claims.get(uuid, ()), history)
        for unit in {unit for piece in after if (unit := _unit(piece.value))} & set(ended):
            left = clip(after, ended[unit].start)
            if any(_unit(piece.value) == unit for piece in left):
                of_unit = counts.setdefault(unit, {"engagements": 0, "managers": 0})
                is_engagement = any(isinstance(piece.value, Engagement) for piece in after)
                of_unit["engagements" if is_engagement else "managers"] += 1
    return [
        Notice(Message.ORPHANED(unit=unit, **each), next(iter(ended[unit].origin), None))
        for unit, each in sorted(counts.items())
    ]


def _unit(value: Value | Nothing) -> str | None:
    return value.org_unit if isinstance(value, Engagement | Manager) else None
