"""What brakes count, worked out from what MO said and is to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aarhus_los.brakes import BrakeKind
from tests.drawn.days import after
from tests.drawn.world import Mo, Piece, on


def counts(before: Mo, either: Sequence[Mo]) -> dict[BrakeKind, tuple[int, int]]:
    """How many are ended or moved, at least and at most, where MO may become one of some.

    Whether one that loses days, but not its last one, has ended, the text leaves open.
    """
    each = [_counts(before, mo) for mo in either]
    return {
        kind: (min(least[kind][0] for least in each), max(most[kind][1] for most in each)) for kind in each[0]
    }


def _counts(before: Mo, now: Mo) -> dict[BrakeKind, tuple[int, int]]:
    units, engagements = (
        [(pieces, now[kind].get(uuid, [])) for uuid, pieces in before[kind].items()]
        for kind in ("unit", "engagement")
    )
    moved = sum(any(was and is_ and was.parent != is_.parent for was, is_ in _days(*each)) for each in units)
    return {
        BrakeKind.UNIT_ENDS: _ends(units),
        BrakeKind.UNIT_MOVES: (moved, moved),
        BrakeKind.ENGAGEMENT_ENDS: _ends(engagements),
    }


def _ends(objects: Sequence[tuple[Sequence[Piece], Sequence[Piece]]]) -> tuple[int, int]:
    least = sum(not now or now[-1][1] < before[-1][1] for before, now in objects)
    return least, sum(any(was and not is_ for was, is_ in _days(*each)) for each in objects)


def _days(before: Sequence[Piece], now: Sequence[Piece]) -> list[tuple[Any, Any]]:
    """What was said and what is, on each day on which one of both begins to differ."""
    days = {day for start, end, _ in (*before, *now) for day in (start, after(end))}
    return [(on(before, day), on(now, day)) for day in days]
