"""Brakes: what counts, when one trips, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from aarhus_los.brakes import BrakeKind, Limit, counted, tripped
from aarhus_los.desired.claims import DesiredObject, WantedMark
from aarhus_los.mo.model import Engagement, History, Kind, Mark, Unit, Value
from aarhus_los.plan import Plan, make_plan
from aarhus_los.timeline import FOREVER, NOTHING, Nothing, Piece

START, CHANGE, LATER = date(2020, 1, 1), date(2026, 3, 1), date(2026, 6, 1)
LIMITS = {
    BrakeKind.UNIT_ENDS: Limit(50, 2),
    BrakeKind.UNIT_MOVES: Limit(200, 5),
    BrakeKind.ENGAGEMENT_ENDS: Limit(500, 3),
}


def unit(parent: str | None = "p", name: str = "Skolen") -> Unit:
    return Unit("1", name, parent, "type")


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


def trips(
    counts: dict[BrakeKind, int],
    present: dict[Kind, int] | None = None,
    allowed: Mapping[BrakeKind, int] = {},
) -> list[BrakeKind]:
    """The brakes that trip; without `present` nobody knows how many there are in MO, and the number decides."""
    return [brake.kind for brake in tripped(counts, LIMITS, allowed, lambda: present)]


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


LINE, OUTSIDE = "line", "outside"
GAP = (date(2026, 4, 1), date(2026, 4, 30))
REOPENED: History = (
    Piece(CHANGE, date(2026, 3, 31), unit("p")),
    Piece(*GAP, NOTHING),
    Piece(date(2026, 5, 1), FOREVER, unit("q")),
)


def entering(claim: History) -> DesiredObject:
    """A unit that is in the line organisation on all days of its claim."""
    mark = WantedMark(LINE, (claim[0].start, claim[-1].end), Piece(claim[0].start, FOREVER, Mark(OUTSIDE)))
    return DesiredObject(Kind.ORG_UNIT, "a", claim, mark=mark)


def test_what_a_mark_overwrites_for_a_moment_neither_ends_nor_moves() -> None:
    there: History = tuple(piece for piece in REOPENED if piece.value is not NOTHING)
    plan = make_plan([entering(REOPENED)], {Kind.ORG_UNIT: {"a": there}})
    assert len(plan.operations) == 3  # over all days, the second piece, and the gap once more
    assert not any(counted(plan).values())


def test_a_new_unit_with_a_gap_in_its_mark_neither_ends_nor_moves() -> None:
    assert not any(counted(make_plan([entering(REOPENED)], {})).values())


def test_a_unit_that_moves_or_ends_while_its_mark_is_written_counts() -> None:
    moved: History = (Piece(CHANGE, FOREVER, unit("q")),)
    actual: dict[Kind, dict[str, History]] = {Kind.ORG_UNIT: {"a": (Piece(START, FOREVER, unit("p")),)}}
    assert counted(make_plan([entering(moved)], actual))[BrakeKind.UNIT_MOVES] == 1
    ended: History = (Piece(CHANGE, LATER, unit("p")), Piece(date(2026, 6, 2), FOREVER, NOTHING))
    counts = counted(make_plan([entering(ended)], actual))
    assert (counts[BrakeKind.UNIT_ENDS], counts[BrakeKind.UNIT_MOVES]) == (1, 0)


def test_a_mark_that_is_renewed_before_a_unit_is_opened_again_moves_nothing() -> None:
    actual: dict[Kind, dict[str, History]] = {
        Kind.ORG_UNIT: {
            "a": (Piece(START, date(2020, 12, 31), unit("p")), Piece(date(2021, 1, 1), LATER, unit("q")))
        },
        Kind.MARK: {"a": (Piece(START, LATER, Mark("by hand")),)},
    }
    claim: History = (Piece(date(2026, 6, 2), FOREVER, unit("q")),)
    plan = make_plan([DesiredObject(Kind.ORG_UNIT, "a", claim)], actual)
    assert len(plan.operations) == 2
    assert not any(counted(plan).values())


def test_engagements_that_end_are_counted_apart_from_units() -> None:
    engagement = Engagement("1", "person", "unit", "job", "type", "primary")
    counts = counted(plan_of(Kind.ENGAGEMENT, (engagement, NOTHING), (engagement, NOTHING)))
    assert (counts[BrakeKind.ENGAGEMENT_ENDS], counts[BrakeKind.UNIT_ENDS]) == (2, 0)


def test_a_first_import_into_an_empty_mo_counts_nothing() -> None:
    plan = plan_of(Kind.ORG_UNIT, *[(None, unit()) for _ in range(1000)])
    assert trips(counted(plan)) == []


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
    assert bool(trips({BrakeKind.UNIT_ENDS: planned}, allowed=allowed)) is exceeds


def test_an_allowance_of_ends_allows_no_moves() -> None:
    allowed = {BrakeKind.UNIT_ENDS: 1000}
    assert trips({BrakeKind.UNIT_MOVES: 201}, allowed=allowed) == [BrakeKind.UNIT_MOVES]


@pytest.mark.parametrize(("present", "is_over"), [(2600, False), (2550, False), (2549, True), (None, True)])
def test_a_brake_trips_when_the_percentage_is_exceeded_too_or_nobody_knows(
    present: int | None, is_over: bool
) -> None:
    present_of = None if present is None else {Kind.ORG_UNIT: present, Kind.ENGAGEMENT: 1}
    assert bool(trips({BrakeKind.UNIT_ENDS: 51}, present_of)) is is_over


def test_a_percentage_is_of_the_objects_of_its_kind() -> None:
    present = {Kind.ORG_UNIT: 10, Kind.ENGAGEMENT: 34_000}
    counts = {BrakeKind.ENGAGEMENT_ENDS: 501, BrakeKind.UNIT_ENDS: 51}
    assert trips(counts, present) == [BrakeKind.UNIT_ENDS]


def test_mo_is_asked_how_many_there_are_only_where_a_number_is_exceeded() -> None:
    def asked() -> dict[Kind, int]:
        raise AssertionError("MO is asked")

    assert tripped({BrakeKind.UNIT_ENDS: 50, BrakeKind.UNIT_MOVES: 200}, LIMITS, {}, asked) == []
