"""Brakes: what counts, when one trips, and what is said of it."""

from __future__ import annotations

from datetime import date

import pytest

from aarhus_los.brakes import Brake, BrakeKind, Limit, counted, exceeding, tripped
from aarhus_los.desired.claims import DesiredObject
from aarhus_los.mo.kinds import Engagement, History, Kind, Unit, Value
from aarhus_los.plan import Plan, make_plan
from aarhus_los.timeline import FOREVER, NOTHING, Nothing, Piece

START, CHANGE, LATER = date(2020, 1, 1), date(2026, 3, 1), date(2026, 6, 1)
LIMITS = {
    BrakeKind.UNIT_ENDS: Limit(50, 2),
    BrakeKind.UNIT_MOVES: Limit(200, 5),
    BrakeKind.ENGAGEMENT_ENDS: Limit(500, 3),
}


def unit(parent: str | None = "p", name: str = "Skolen") -> Unit:
    return Unit("1", name, parent, "type", None)


def plan_of(kind: Kind, *changes: tuple[Value | None, Value | Nothing]) -> Plan:
    """A plan for one object a change: from what MO has to what it must say from the change on."""
    desired = [
        DesiredObject(kind, f"{n}", (Piece(CHANGE, FOREVER, after),)) for n, (_, after) in enumerate(changes)
    ]
    actual: dict[str, History] = {
        f"{n}": (Piece(START, FOREVER, before),)
        for n, (before, _) in enumerate(changes)
        if before is not None
    }
    return make_plan(desired, {kind: actual})


def test_ends_and_moves_are_counted_an_object_once() -> None:
    plan = plan_of(
        Kind.ORG_UNIT,
        (unit(), NOTHING),
        (unit(), unit("q")),
        (unit(), unit(None)),
        (unit(), unit(name="Skole og SFO")),
        (None, unit("q")),
    )
    assert counted(plan) == {
        BrakeKind.UNIT_ENDS: 1,
        BrakeKind.UNIT_MOVES: 2,
        BrakeKind.ENGAGEMENT_ENDS: 0,
    }


def test_a_unit_that_ends_twice_counts_once() -> None:
    claim: History = (
        Piece(CHANGE, CHANGE, NOTHING),
        Piece(date(2026, 3, 2), LATER, unit()),
        Piece(date(2026, 6, 2), FOREVER, NOTHING),
    )
    plan = make_plan(
        [DesiredObject(Kind.ORG_UNIT, "a", claim)], {Kind.ORG_UNIT: {"a": (Piece(START, FOREVER, unit()),)}}
    )
    assert counted(plan)[BrakeKind.UNIT_ENDS] == 1


def test_engagements_that_end_are_counted_apart_from_units() -> None:
    engagement = Engagement("1", "person", "unit", "job", "type", "primary")
    counts = counted(plan_of(Kind.ENGAGEMENT, (engagement, NOTHING), (engagement, NOTHING)))
    assert (counts[BrakeKind.ENGAGEMENT_ENDS], counts[BrakeKind.UNIT_ENDS]) == (2, 0)


def test_a_first_import_into_an_empty_mo_counts_nothing() -> None:
    plan = plan_of(Kind.ORG_UNIT, *[(None, unit()) for _ in range(1000)])
    assert exceeding(counted(plan), LIMITS, {}) == []


@pytest.mark.parametrize(
    ("planned", "allowed", "exceeds"),
    [
        (50, {}, False),
        (51, {}, True),
        (412, {BrakeKind.UNIT_ENDS: 412}, False),
        (413, {BrakeKind.UNIT_ENDS: 412}, True),
    ],
)
def test_a_number_is_exceeded_unless_that_many_are_allowed(
    planned: int, allowed: dict[BrakeKind, int], exceeds: bool
) -> None:
    assert (BrakeKind.UNIT_ENDS in exceeding({BrakeKind.UNIT_ENDS: planned}, LIMITS, allowed)) is exceeds


def test_an_allowance_of_ends_allows_no_moves() -> None:
    assert exceeding({BrakeKind.UNIT_MOVES: 201}, LIMITS, {BrakeKind.UNIT_ENDS: 1000}) == [
        BrakeKind.UNIT_MOVES
    ]


@pytest.mark.parametrize(("present", "trips"), [(2600, False), (2550, False), (2549, True), (None, True)])
def test_a_brake_trips_when_the_percentage_is_exceeded_too_or_nobody_knows(
    present: int | None, trips: bool
) -> None:
    present_of = None if present is None else {Kind.ORG_UNIT: present, Kind.ENGAGEMENT: 1}
    assert bool(tripped([BrakeKind.UNIT_ENDS], {BrakeKind.UNIT_ENDS: 51}, LIMITS, present_of)) is trips


def test_a_percentage_is_of_the_objects_of_its_kind() -> None:
    present = {Kind.ORG_UNIT: 10, Kind.ENGAGEMENT: 34_000}
    counts = {BrakeKind.ENGAGEMENT_ENDS: 501, BrakeKind.UNIT_ENDS: 51}
    assert [brake.kind for brake in tripped(list(counts), counts, LIMITS, present)] == [BrakeKind.UNIT_ENDS]


def test_a_brake_says_how_to_go_on() -> None:
    text = str(Brake(BrakeKind.UNIT_ENDS, 412, LIMITS[BrakeKind.UNIT_ENDS], 4000))
    assert "412 unit ends (10.3% of 4000)" in text
    assert "--allow unit-ends=412" in text
