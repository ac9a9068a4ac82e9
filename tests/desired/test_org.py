"""Org files to units, marks and addresses, rule by rule as stories on the sandbox's MO."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from itertools import product
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.addresses.outcomes import NotAsked
from aarhus_los.desired import org
from aarhus_los.desired.claims import Actual, Desired
from aarhus_los.desired.persons import PeopleInMo
from aarhus_los.desired.world import World as InMo
from aarhus_los.drop.file import DropFile
from aarhus_los.mo.model import Kind, Unit
from aarhus_los.plan import Action, make_plan
from aarhus_los.timeline import Piece
from aarhus_los.uuids import LINE_ORGANISATION, OUTSIDE_LINE, UNKNOWN_TYPE, object_uuid
from tests.in_process import all_of
from tests.world import (
    DAR,
    DAYS,
    LATER,
    NO_CLASS,
    NOWHERE,
    OFFICE,
    OTHER_STREET,
    OUTCOMES,
    SCHOOL,
    STREET,
    TOP,
    VAGUE,
    A,
    B,
    C,
    D,
    Importer,
    day,
    file_of,
    name,
    text,
)

EAN, OTHER_EAN = "5798005770213", "5798005770220"
CELLS = {
    "OrgUUID": A,
    "BrugervendtNøgle": "1001",
    "OrgEnhedsNavn": "Skolen",
    "ParentUUID": TOP,
    "OrgEnhedsTypeUUID": SCHOOL,
    "Med-i-LinjeOrg": "False",
    "StartDato": day(1),
    "SlutDato": "",
    "LOSID": "",
    "CVR": "",
    "EAN": EAN,
    "P-Nr": "",
    "SE-Nr": "",
    "IntDebitor-Nr": "",
    "MagID": "",
    "PostAdresse": "",
}
SUFFIXES = {"CVR": "cvr", "EAN": "ean", "LOSID": "los", "PostAdresse": "postaddr"}
BY_HAND = "77777777-3333-4333-8333-777777777777"
MARKS = {LINE_ORGANISATION: "line", OUTSIDE_LINE: "outside", BY_HAND: "by hand"}


def row(**cells: str) -> dict[str, str]:
    """A row; names of columns with `_` for what Python does not allow in a name."""
    named = {"Med_i_LinjeOrg": "Med-i-LinjeOrg", "P_Nr": "P-Nr"}
    cells = {named.get(column, column): cell for column, cell in cells.items()}
    assert cells.keys() <= CELLS.keys()
    return {**CELLS, **cells}


class World(Importer):
    def ret(self, n: int, *rows: Mapping[str, str], without: Sequence[str] = ()) -> Desired:
        return self.tell({name("ret", n): text(rows, without)})

    def nye(self, n: int, *rows: Mapping[str, str], without: Sequence[str] = ()) -> Desired:
        return self.tell({name("nye", n): text(rows, without)})

    def unit(self, unit: str, field: str = "name") -> str:
        """The values of a field of a unit over the days, as `Skolen 1-20, Skole og SFO 21-`."""
        return self.shown((Kind.ORG_UNIT, unit), lambda value: getattr(value, field))

    def address(self, unit: str, column: str = "EAN") -> str:
        uuid = object_uuid(unit + SUFFIXES[column])
        return self.shown((Kind.ADDRESS, uuid), lambda value: value.value)

    def mark(self, unit: str = A) -> str:
        return self.shown((Kind.MARK, unit), lambda value: MARKS[value.hierarchy])


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def school(world: World) -> World:
    """An MO where the school hangs under the top from the first day on, with an EAN."""
    world.nye(1, row())
    return world


def test_a_new_unit_is_there_from_its_start_with_its_addresses(world: World) -> None:
    world.nye(10, row(StartDato=day(5), SlutDato=day(20)))
    assert world.unit(A) == "Skolen 5-20"
    assert world.unit(A, "parent") == f"{TOP} 5-20"
    assert world.address(A) == f"{EAN} 5-20"


def test_an_end_that_is_empty_or_9999_is_no_end(world: World) -> None:
    world.nye(10, row(SlutDato="9999-12-31"), row(OrgUUID=B, SlutDato=""))
    assert (world.unit(A), world.unit(B)) == ("Skolen 1-", "Skolen 1-")


def test_a_start_before_1900_is_taken_as_1900(world: World) -> None:
    desired = world.nye(10, row(StartDato="0001-01-01"))
    assert world.unit(A) == "Skolen 0-"
    assert any("1900-01-01" in notice.text and not notice.fault for notice in desired.notices)


def test_an_end_before_1900_rejects_the_row(world: World) -> None:
    (aside,) = world.nye(10, row(StartDato="1850-01-01", SlutDato="1860-01-01")).set_aside
    assert (aside.column, aside.pending) == ("SlutDato", False)
    assert world.sent == []


def test_a_changed_name_begins_on_the_file_date(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="Skole og SFO"))
    assert school.unit(A) == "Skolen 1-9, Skole og SFO 10-"


def test_a_new_name_does_not_split_an_unchanged_ean(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="Skole og SFO"))
    assert {operation.kind for operation in school.sent} == {Kind.ORG_UNIT}


def test_a_closed_unit_closes_its_addresses(school: World) -> None:
    school.ret(10, row(SlutDato=day(20)))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-20", f"{EAN} 1-20")


def test_a_unit_that_was_closed_in_the_past_ends_there(school: World) -> None:
    school.ret(10, row(SlutDato=day(7)))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-7", f"{EAN} 1-7")


def test_the_days_before_the_claim_are_not_touched(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="X", StartDato=day(12), SlutDato=day(14)))
    assert school.unit(A) == "Skolen 1-11, X 12-14"


def test_a_change_announced_ahead_leaves_what_is_until_then(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="Skole og SFO", StartDato=day(20)))
    assert school.unit(A) == "Skolen 1-19, Skole og SFO 20-"


def test_a_unit_that_has_ended_and_is_announced_again_stays_away_until_then(school: World) -> None:
    school.ret(5, row(SlutDato=day(6)))
    school.ret(10, row(StartDato=day(20)))
    assert school.unit(A) == "Skolen 1-6, Skolen 20-"


def test_a_row_up_to_an_announced_change_leaves_it_and_is_told(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="Skole og SFO", StartDato=day(20)))
    desired = school.ret(12, row(OrgEnhedsNavn="Skolen på Bakken", SlutDato=day(19)))
    assert school.unit(A) == "Skolen 1-11, Skolen på Bakken 12-19, Skole og SFO 20-"
    assert any("announced" in notice.text and not notice.fault for notice in desired.notices)


def test_an_announced_ean_counts_as_an_announced_change(school: World) -> None:
    school.ret(10, row(EAN=OTHER_EAN, StartDato=day(20)))
    school.ret(12, row(SlutDato=day(19)))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-", f"{EAN} 1-19, {OTHER_EAN} 20-")


def test_a_unit_is_closed_where_nothing_was_announced_even_if_an_address_ends_there(world: World) -> None:
    """Its own end of an address is no announcement: folded again, the file gives what it gave."""
    drop = {
        name("nye", 10): text([row()], without=["EAN"]),
        name("ret", 12): text([row(SlutDato=day(20))]),
    }
    world.tell(drop)
    assert (world.unit(A), world.address(A)) == ("Skolen 1-20", f"{EAN} 12-20")
    world.again()
    assert world.sent == []


def test_a_gap_stays_a_gap(world: World) -> None:
    world.tell({name("inital", 10): text([row(SlutDato=day(3)), row(StartDato=day(6))])})
    assert (world.unit(A), world.address(A)) == ("Skolen 1-3, Skolen 6-", f"{EAN} 1-3, {EAN} 6-")


def test_equal_neighbours_are_one_validity(world: World) -> None:
    world.tell({name("inital", 10): text([row(StartDato=day(6)), row(SlutDato=day(5), EAN=OTHER_EAN)])})
    assert (world.unit(A), world.address(A)) == ("Skolen 1-", f"{OTHER_EAN} 1-5, {EAN} 6-")


def test_where_rows_overlap_the_later_start_wins_and_it_is_told(world: World) -> None:
    rows = [row(OrgEnhedsNavn="Ny", StartDato=day(8), SlutDato=day(12)), row(OrgEnhedsNavn="Gammel")]
    desired = world.nye(10, *rows)
    assert world.unit(A) == "Gammel 1-7, Ny 8-12, Gammel 13-"
    assert [notice.ref.line for notice in desired.notices if notice.ref and "overlaps" in notice.text] == [2]


def test_rows_that_follow_each_other_or_say_the_same_do_not_overlap(world: World) -> None:
    in_a_row = [row(SlutDato=day(5)), row(OrgEnhedsNavn="Ny", StartDato=day(6))]
    world.nye(10, *in_a_row, row(OrgUUID=B), row(OrgUUID=B, StartDato=day(6)))
    assert world.complaints == []


def test_of_equal_starts_the_later_line_wins(world: World) -> None:
    world.nye(10, row(OrgEnhedsNavn="Første"), row(OrgEnhedsNavn="Anden"))
    assert world.unit(A) == "Anden 1-"


def test_a_changed_row_of_an_unknown_unit_is_treated_as_new_with_its_addresses(world: World) -> None:
    world.ret(10, row(StartDato=day(5)))
    assert (world.unit(A), world.address(A)) == ("Skolen 5-", f"{EAN} 5-")


def test_a_new_address_of_a_known_unit_begins_on_the_file_date(school: World) -> None:
    school.ret(10, row(CVR="55133018"))
    assert school.address(A, "CVR") == "55133018 10-"


def test_a_unit_s_first_day_holds_for_its_addresses_too(school: World) -> None:
    """Of a change that ended before the file date, and of one that is announced ahead."""
    school.ret(10, row(OrgEnhedsNavn="X", EAN=OTHER_EAN, StartDato=day(20)))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-19, X 20-", f"{EAN} 1-19, {OTHER_EAN} 20-")
    school.ret(12, row(SlutDato=day(7), EAN=OTHER_EAN))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-7", f"{EAN} 1-7")


def test_what_was_treated_as_new_is_so_when_it_is_told_again(world: World) -> None:
    drop = {name("ret", 10): text([row(StartDato=day(5))])}
    world.tell(drop)
    assert world.unit(A) == "Skolen 5-"
    world.again()
    assert (world.unit(A), world.sent) == ("Skolen 5-", [])


def test_what_others_did_to_a_unit_since_then_is_overwritten_when_its_file_is_told_again(
    world: World,
) -> None:
    """The base is MO before the file, and there the unit was not."""
    drop = {name("ret", 10): text([row(StartDato=day(5))])}
    world.tell(drop)
    world.store.terminate("org_unit", A, DAYS[5], DAYS[7])
    world.store.edit("org_unit", A, DAYS[12], DAYS[14], {"name": "Halv"})
    world.again()
    assert world.unit(A) == "Skolen 5-"


def test_days_that_a_corrected_file_no_longer_claims_keep_what_they_have(world: World) -> None:
    world.ret(10, row(StartDato=day(5)))
    world.ret(10, row(StartDato=day(7), OrgEnhedsNavn="X"))
    assert world.unit(A) == "Skolen 5-6, X 7-"


def test_an_emptied_ean_ends_it(school: World) -> None:
    school.ret(10, row(EAN=""))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-", f"{EAN} 1-9")


def test_a_column_that_the_file_lacks_says_nothing(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="X"), without=["EAN", "OrgEnhedsTypeUUID", "Med-i-LinjeOrg"])
    assert school.address(A) == f"{EAN} 1-"
    assert school.unit(A, "type") == f"{SCHOOL} 1-"


def test_a_bad_ean_costs_that_address_only(school: World) -> None:
    desired = school.ret(10, row(OrgEnhedsNavn="X", EAN="12"))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-9, X 10-", f"{EAN} 1-")
    assert desired.set_aside == []
    assert [notice.fault for notice in desired.notices] == [True]


def test_a_bad_ean_of_a_unit_that_closes_ends_with_the_unit(school: World) -> None:
    school.ret(10, row(EAN="12", SlutDato=day(20)))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-20", f"{EAN} 1-20")


def test_a_postal_address_is_its_dar_uuid(world: World) -> None:
    world.nye(10, row(PostAdresse=STREET))
    assert world.address(A, "PostAdresse") == f"{DAR[STREET]} 1-"


def test_an_address_that_is_unknown_keeps_the_former_and_is_listed(world: World) -> None:
    world.nye(1, row(PostAdresse=STREET))
    desired = world.ret(10, row(PostAdresse=VAGUE))
    assert world.address(A, "PostAdresse") == f"{DAR[STREET]} 1-"
    assert [(each.org_unit, each.text, each.mo_has) for each in desired.unresolved] == [
        (A, VAGUE, DAR[STREET])
    ]
    assert desired.set_aside == []


def test_an_address_that_was_not_looked_up_makes_the_row_pending_in_part(world: World) -> None:
    (aside,) = world.nye(10, row(PostAdresse=LATER)).set_aside
    assert (aside.column, aside.pending, aside.part) == ("PostAdresse", True, True)
    assert (world.unit(A), world.address(A, "PostAdresse")) == ("Skolen 1-", "")


def test_an_address_that_is_not_resolved_ends_with_its_unit(world: World) -> None:
    world.nye(1, row(PostAdresse=STREET))
    world.ret(10, row(PostAdresse=VAGUE, SlutDato=day(20)))
    assert world.address(A, "PostAdresse") == f"{DAR[STREET]} 1-20"


def test_a_root_unit_has_no_parent(world: World) -> None:
    world.nye(10, row(ParentUUID=A))
    assert world.unit(A, "parent") == "None 1-"


def test_a_unit_that_becomes_a_root_loses_its_parent(school: World) -> None:
    school.ret(10, row(ParentUUID=A))
    assert school.unit(A, "parent") == f"{TOP} 1-9, None 10-"


def test_what_an_applied_row_hangs_under_may_be_gone_since(world: World) -> None:
    world.nye(2, row(OrgUUID=B, StartDato=day(2)))
    rows = [
        row(StartDato=day(10)),
        row(ParentUUID=B, Med_i_LinjeOrg="True", StartDato=day(2)),
        row(ParentUUID=NOWHERE, StartDato=day(1)),
    ]
    world.nye(5, *rows)
    world.ret(6, row(OrgUUID=B, StartDato=day(2), SlutDato=day(1)))
    assert (world.unit(A, "parent"), world.unit(B)) == (f"{B} 2-9, {TOP} 10-", "")
    world.nye(20, row(OrgUUID=C))
    assert (world.unit(A, "parent"), world.mark()) == (f"{B} 2-9, {TOP} 10-", "line 2-9")


@pytest.mark.parametrize("type_uuid", ["", NO_CLASS, "x"])
def test_a_type_that_is_not_known_is_ukendt(world: World, type_uuid: str) -> None:
    desired = world.nye(10, row(OrgEnhedsTypeUUID=type_uuid))
    assert world.unit(A, "type") == f"{UNKNOWN_TYPE} 1-"
    assert [notice.fault for notice in desired.notices] == ([True] if type_uuid else [])


# The mark of the line organisation: one interval, the last run of days


def test_a_unit_of_the_line_organisation_is_marked(world: World) -> None:
    world.nye(10, row(Med_i_LinjeOrg="1", SlutDato=day(20)))
    assert world.mark() == "line 1-20"


def test_a_unit_that_was_never_in_the_line_organisation_gets_no_mark(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="X", Med_i_LinjeOrg="Nej"))
    assert school.mark() == ""


@pytest.mark.parametrize("at_once", [True, False])
def test_a_unit_that_leaves_the_line_organisation_was_in_it_until_then(world: World, at_once: bool) -> None:
    drop = {
        name("nye", 5): text([row(Med_i_LinjeOrg="True")]),
        name("ret", 10): text([row(Med_i_LinjeOrg="False")]),
        name("ret", 12): text([row(OrgEnhedsNavn="X", Med_i_LinjeOrg="")]),
    }
    for one in [drop] if at_once else [{file: content} for file, content in drop.items()]:
        world.tell(one)
    assert (world.unit(A), world.mark()) == ("Skolen 1-11, X 12-", "line 1-9")


def test_a_unit_that_enters_the_line_organisation_is_in_it_from_then_on(school: World) -> None:
    school.ret(10, row(Med_i_LinjeOrg="True"))
    assert (school.unit(A), school.mark()) == ("Skolen 1-", "line 10-")


def test_a_unit_that_was_never_to_be_in_it_is_outside_from_its_first_claimed_day_on(world: World) -> None:
    """A corrected file takes the whole mark away, which MO cannot."""
    world.nye(5, row(Med_i_LinjeOrg="True"))
    world.nye(5, row(Med_i_LinjeOrg="False", StartDato=day(3)))
    assert (world.unit(A), world.mark()) == ("Skolen 1-", "outside 3-")
    world.ret(8, row(Med_i_LinjeOrg="Nej"))
    assert (world.sent, world.mark()) == ([], "outside 3-")


def test_a_mark_by_hand_comes_back_where_ours_took_its_place_and_is_gone(world: World) -> None:
    world.has(Kind.ORG_UNIT, A, (2, 20), name="Skolen", parent=TOP, org_unit_type=SCHOOL)
    world.store.edit("org_unit", A, DAYS[4], DAYS[12], {"org_unit_hierarchy": BY_HAND})
    world.nye(5, row(Med_i_LinjeOrg="True"))
    assert world.mark() == "line 1-"
    world.nye(5, row(Med_i_LinjeOrg="False"))
    assert (world.unit(A), world.mark()) == ("Skolen 1-", "by hand 4-12")


def test_of_two_runs_in_the_line_organisation_the_last_is_held_and_that_is_told_once(world: World) -> None:
    drop = {
        name("nye", 5): text([row(Med_i_LinjeOrg="True")]),
        name("ret", 10): text([row(Med_i_LinjeOrg="False")]),
        name("ret", 15): text([row(Med_i_LinjeOrg="True")]),
    }
    told = []
    for file, content in drop.items():
        world.tell({file: content})
        told += [line for line in world.complaints if A in line]
    for since in (0, 6, 12):
        world.again(since)
        told += [line for line in world.complaints if A in line]
        assert (world.mark(), world.sent) == ("line 15-", [])
    world.ret(20, row(OrgEnhedsNavn="X", Med_i_LinjeOrg="True"))
    told += [line for line in world.complaints if A in line]
    assert (world.unit(A), world.mark()) == ("Skolen 1-19, X 20-", "line 15-")
    assert len(told) == 1
    assert DAYS[15].isoformat() in told[0]


def test_a_run_that_was_dropped_is_told_when_all_comes_at_once(world: World) -> None:
    rows = [
        row(Med_i_LinjeOrg="True", SlutDato=day(9)),
        row(StartDato=day(10), SlutDato=day(14)),
        row(Med_i_LinjeOrg="True", StartDato=day(15)),
    ]
    desired = world.tell({name("inital", 20): text(rows)})
    assert (world.unit(A), world.mark()) == ("Skolen 1-", "line 15-")
    assert len([notice for notice in desired.notices if A in notice.text]) == 1
    desired = world.again()
    assert [notice for notice in desired.notices if A in notice.text] == []
    assert (world.mark(), world.sent) == ("line 15-", [])


def test_days_without_the_unit_interrupt_no_run(world: World) -> None:
    rows = [
        row(Med_i_LinjeOrg="True", SlutDato=day(9)),
        row(Med_i_LinjeOrg="True", StartDato=day(15), SlutDato=day(30)),
    ]
    desired = world.nye(5, *rows)
    assert (world.unit(A), world.mark()) == ("Skolen 1-9, Skolen 15-30", "line 1-9, line 15-30")
    assert desired.notices == []


def test_where_the_mark_changes_the_days_before_the_first_claim_are_as_they_were(world: World) -> None:
    """They are written again with what MO said of them before the file, whatever became of them since."""
    rows = [
        row(OrgEnhedsNavn="Ældst", Med_i_LinjeOrg="True", SlutDato=day(3)),
        row(OrgEnhedsNavn="Ældre", Med_i_LinjeOrg="True", StartDato=day(4), SlutDato=day(6)),
        row(Med_i_LinjeOrg="True", StartDato=day(7)),
    ]
    world.nye(9, *rows)
    world.ret(10, row(Med_i_LinjeOrg="False"))
    assert (world.unit(A), world.mark()) == ("Ældst 1-3, Ældre 4-6, Skolen 7-", "line 1-9")


def three_names(world: World) -> None:
    """A unit of three names, in the line organisation under the last."""
    rows = [
        row(OrgEnhedsNavn="Ældst", SlutDato=day(3)),
        row(OrgEnhedsNavn="Ældre", StartDato=day(5), SlutDato=day(6)),
        row(Med_i_LinjeOrg="True", StartDato=day(7)),
    ]
    world.nye(9, *rows)
    assert (world.unit(A), world.mark()) == ("Ældst 1-3, Ældre 5-6, Skolen 7-", "line 7-")


@pytest.mark.parametrize("cut", range(5))
def test_a_run_that_is_cut_off_between_the_mark_and_what_it_overwrites_is_mended(
    world: World, cut: int
) -> None:
    """Also on the days before the first claim: the base has them."""
    three_names(world)
    world.store.edit("org_unit", A, DAYS[1], DAYS[2], {"org_unit_hierarchy": BY_HAND})
    # The mark that the base has is from the first day on: MO shows it before the file, and not after it.
    world.store.edit(
        "org_unit", A, DAYS[1], DAYS[-1], {"name": "Skolen", "org_unit_hierarchy": LINE_ORGANISATION}
    )
    for first, last, named in ((1, 3, "Ældst"), (5, 6, "Ældre")):
        world.store.edit("org_unit", A, DAYS[first], DAYS[last], {"name": named})
    world.store.terminate("org_unit", A, DAYS[4], DAYS[4])
    assert (world.unit(A), world.mark()) == ("Ældst 1-3, Ældre 5-6, Skolen 7-", "line 1-3, line 5-")
    left = {name("ret", 11): text([row(Med_i_LinjeOrg="False", OrgEnhedsNavn="Ny")])}
    world.cut_off(left, after=cut)
    world.tell({})
    assert (world.unit(A), world.mark()) == (
        "Ældst 1-3, Ældre 5-6, Skolen 7-10, Ny 11-",
        "line 1-3, line 5-10",
    )
    world.again(11)
    assert world.sent == []


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("cut", range(4))
def test_a_run_that_is_cut_off_after_a_mark_was_written_for_new_days_is_mended(
    world: World, cut: int, by_hand: bool
) -> None:
    """MO has the unit there on the whole interval then: the gaps of before it are ended by the next run."""
    line = {"Med_i_LinjeOrg": str(not by_hand)}
    world.nye(10, row(SlutDato=day(5), **line), row(StartDato=day(20), **line))
    if by_hand:
        world.store.edit("org_unit", A, DAYS[1], DAYS[-1], {"org_unit_hierarchy": BY_HAND})
        world.store.terminate("org_unit", A, DAYS[6], DAYS[19])
    assert world.unit(A) == "Skolen 1-5, Skolen 20-"
    assert world.mark() == ("by hand 1-5, by hand 20-" if by_hand else "line 1-5, line 20-")
    longer = {name("ret", 11): text([row(StartDato=day(11))], without=["Med-i-LinjeOrg"])}
    world.cut_off(longer, after=cut)
    world.tell({})
    assert world.unit(A) == "Skolen 1-5, Skolen 11-"
    world.again(11)
    assert world.sent == []


def test_a_mark_that_is_neither_is_left_alone(school: World) -> None:
    school.store.edit("org_unit", A, DAYS[3], DAYS[20], {"org_unit_hierarchy": BY_HAND})
    school.ret(10, row(OrgEnhedsNavn="X"))
    assert (school.unit(A), school.mark()) == ("Skolen 1-9, X 10-", "by hand 3-20")


def test_a_mark_that_is_neither_gives_way_where_the_unit_is_in_the_line_organisation(school: World) -> None:
    school.store.edit("org_unit", A, DAYS[3], DAYS[20], {"org_unit_hierarchy": BY_HAND})
    school.ret(10, row(Med_i_LinjeOrg="True"))
    assert school.mark() == "line 10-"


def test_a_mark_that_mo_has_lost_is_written_again_with_the_next_change(world: World) -> None:
    world.nye(1, row(Med_i_LinjeOrg="True"))
    world.store.edit("org_unit", A, DAYS[1], DAYS[3], {"org_unit_hierarchy": BY_HAND})
    world.ret(10, row(OrgEnhedsNavn="X", Med_i_LinjeOrg="True"))
    assert (world.unit(A), world.mark()) == ("Skolen 1-9, X 10-", "line 10-")


def test_a_mark_that_cannot_be_read_says_nothing(world: World) -> None:
    world.nye(1, row(Med_i_LinjeOrg="True"))
    desired = world.ret(10, row(OrgEnhedsNavn="X", Med_i_LinjeOrg="måske"))
    assert world.mark() == "line 1-"
    assert [notice.fault for notice in desired.notices] == [True]


def test_a_column_that_is_absent_says_nothing_of_the_mark(world: World) -> None:
    world.nye(1, row(Med_i_LinjeOrg="True"))
    world.ret(10, row(OrgEnhedsNavn="X"), without=["Med-i-LinjeOrg"])
    assert (world.unit(A), world.mark()) == ("Skolen 1-9, X 10-", "line 1-")


def test_a_unit_that_is_opened_again_does_not_show_a_mark_that_was_hidden(world: World) -> None:
    """MO keeps the mark where the unit was ended, and shows it when its days are filled."""
    world.nye(1, row(Med_i_LinjeOrg="True"))
    world.ret(5, row(Med_i_LinjeOrg="True", SlutDato=day(9)))
    assert world.mark() == "line 1-9"
    world.ret(20, row(StartDato=day(20), Med_i_LinjeOrg="False"))
    assert (world.unit(A), world.mark()) == ("Skolen 1-9, Skolen 20-", "line 1-9")


# Rows that fail


def test_a_row_without_a_name_is_set_aside_and_leaves_its_days(school: World) -> None:
    rows = [
        row(OrgEnhedsNavn="", SlutDato=day(14)),
        row(OrgEnhedsNavn="X", StartDato=day(15), SlutDato=day(20)),
    ]
    (aside,) = school.ret(10, *rows).set_aside
    assert (aside.ref.line, aside.column, aside.pending) == (2, "OrgEnhedsNavn", False)
    assert (school.unit(A), school.address(A)) == ("Skolen 1-14, X 15-20", f"{EAN} 1-20")


def test_a_file_whose_rows_of_a_unit_all_fail_claims_nothing_of_it(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="", SlutDato=day(20)))
    assert school.sent == []


def test_dates_that_cannot_be_read_set_aside_the_other_rows_of_the_unit(school: World) -> None:
    rows = [row(OrgEnhedsNavn="X"), row(StartDato="30-02-2026"), row(OrgUUID=B)]
    desired = school.ret(10, *rows)
    assert [aside.ref.line for aside in desired.set_aside] == [3, 2]
    assert (school.unit(A), school.unit(B)) == ("Skolen 1-", "Skolen 1-")


def test_a_row_that_fails_ends_the_unit_after_it_with_a_reason_that_can_be_traced(school: World) -> None:
    """The end after the last row, though that row fails, is asked for by the row that stands."""
    rows = [row(SlutDato=day(14)), row(OrgEnhedsNavn="", StartDato=day(15), SlutDato=day(20))]
    school.ret(10, *rows)
    assert school.unit(A) == "Skolen 1-20"
    assert all(operation.origin for operation in school.sent)


def test_a_row_whose_parent_nobody_knows_is_pending_and_so_are_its_children(world: World) -> None:
    desired = world.nye(10, row(OrgUUID=B, ParentUUID=A), row(ParentUUID=NOWHERE), row(OrgUUID=C))
    assert [(aside.ref.line, aside.column, aside.pending) for aside in desired.set_aside] == [
        (3, "ParentUUID", True),
        (2, "ParentUUID", True),
    ]
    assert (world.unit(A), world.unit(B), world.unit(C)) == ("", "", "Skolen 1-")


def test_a_parent_may_come_below_or_in_a_later_file(world: World) -> None:
    drop = {
        name("nye", 10): text([row(OrgUUID=C, ParentUUID=B), row(OrgUUID=B, ParentUUID=A)]),
        name("nye", 12): text([row()]),
    }
    assert world.tell(drop).set_aside == []
    assert world.unit(C, "parent") == f"{B} 1-"


def test_a_parent_that_mo_has_only_on_other_days_is_a_warning(school: World) -> None:
    school.ret(2, row(SlutDato=day(5)))
    desired = school.nye(10, row(OrgUUID=B, ParentUUID=A))
    assert school.unit(B) == "Skolen 1-"
    assert [(notice.fault, A in notice.text) for notice in desired.notices] == [(False, True)]
    assert desired.set_aside == []


def test_the_days_are_told_on_which_a_parent_is_not_there(school: World) -> None:
    school.ret(2, row(SlutDato=day(5)))
    beneath = [row(OrgUUID=B, ParentUUID=A, SlutDato=day(9)), row(OrgUUID=B, ParentUUID=A, StartDato=day(12))]
    school.nye(10, *beneath)
    told = f"the parent {A} is not there on every day from"
    assert school.complaints == [f"2 {told} {DAYS[1]} to {DAYS[9]}", f"3 {told} {DAYS[12]} on"]


def test_a_row_is_not_superseded_by_one_whose_address_nobody_is_asked_about(world: World) -> None:
    world.outcomes[STREET] = NotAsked()
    first = text([row(ParentUUID=NOWHERE, PostAdresse="")])
    world.tell({name("nye", 10): first, name("ret", 12): text([row(PostAdresse=STREET)])})
    for _ in range(2):
        said = world.tell({})
        assert [(aside.ref.file, aside.pending) for aside in said.set_aside] == [(name("nye", 10), True)]
        assert said.superseded == []


def test_a_pending_row_is_superseded_by_a_later_word_on_the_unit(world: World) -> None:
    drop = {name("nye", 10): text([row(ParentUUID=NOWHERE)]), name("ret", 12): text([row(StartDato=day(12))])}
    desired = world.tell(drop)
    assert [aside.ref.file for aside in desired.superseded] == [name("nye", 10)]
    assert desired.set_aside == []
    assert world.unit(A) == "Skolen 12-"


def test_a_pending_row_is_not_superseded_by_a_word_that_begins_after_a_gap(world: World) -> None:
    drop = {
        name("nye", 10): text([row(ParentUUID=NOWHERE, SlutDato=day(14))]),
        name("ret", 12): text([row(StartDato=day(16))]),
    }
    desired = world.tell(drop)
    assert [aside.ref.file for aside in desired.set_aside] == [name("nye", 10)]
    assert desired.superseded == []


def test_a_pending_address_is_not_superseded_by_a_word_that_says_nothing_of_it(world: World) -> None:
    drop = {
        name("nye", 10): text([row(PostAdresse=LATER)]),
        name("ret", 12): text([row()], without=["PostAdresse"]),
    }
    assert [aside.part for aside in world.tell(drop).set_aside] == [True]


# Circles


def test_a_circle_takes_only_the_rows_that_speak_on_its_days(world: World) -> None:
    world.nye(1, row(), row(OrgUUID=B, ParentUUID=A))
    early = row(OrgUUID=C, ParentUUID=B, StartDato=day(5))
    late = row(OrgUUID=C, ParentUUID=B, OrgEnhedsNavn="X", StartDato=day(10))
    said = world.nye(5, early, late, row(ParentUUID=C, StartDato=day(12)))
    assert sorted(aside.ref.line for aside in said.set_aside) == [3, 4]
    assert (world.unit(C), world.unit(A, field="parent")) == ("Skolen 5-9", f"{TOP} 1-")


def test_what_was_rejected_for_a_circle_is_so_when_its_file_is_folded_again(world: World) -> None:
    """The other side of the circle is then not read."""
    circle = [row(ParentUUID=B), row(OrgUUID=B, ParentUUID=A)]
    world.tell({name("ret", 5): text([row(ParentUUID=NOWHERE)]), name("nye", 10): text(circle)})
    assert (world.unit(A), world.unit(B)) == ("", "")
    world.tell({})
    assert (world.unit(A), world.sent) == ("", [])


def test_units_that_have_changed_places_are_no_circle_when_one_of_them_is_folded_again(world: World) -> None:
    """A row of the one waits, and what was said of the other later is in MO already."""
    waits = row(StartDato=day(21), ParentUUID=NOWHERE)
    there = [row(OrgUUID=B, ParentUUID=A, SlutDato=day(20)), row(OrgUUID=B, StartDato=day(21))]
    world.tell(
        {
            name("inital", 1): text([row(SlutDato=day(20)), waits]),
            name("nye", 5): text([row(ParentUUID=B, StartDato=day(4)), row(OrgUUID=B, StartDato=day(0))]),
            name("ret", 10): text([row(SlutDato=day(20)), waits, *there]),
        }
    )
    before = f"{TOP} 1-3, {B} 4-9, {TOP} 10-20, {B} 21-"
    assert world.unit(A, field="parent") == before
    world.tell({})
    assert (world.unit(A, field="parent"), world.sent) == (before, [])


def test_a_late_row_that_makes_a_circle_with_what_was_applied_gives_way(world: World) -> None:
    waits = row(StartDato=day(21), ParentUUID=NOWHERE)
    moved = [row(ParentUUID=B, SlutDato=day(20)), waits]
    world.tell({name("nye", 1): text([row(), row(OrgUUID=B)]), name("ret", 10): text(moved)})
    said = world.tell({name("ret", 5): text([row(OrgUUID=B, ParentUUID=A)])})
    assert [aside.ref.file for aside in said.set_aside] == [name("ret", 10), name("ret", 5)]
    assert world.unit(A, field="parent") == f"{TOP} 1-9, {B} 10-20, {TOP} 21-"
    assert world.unit(B, field="parent") == f"{TOP} 1-"


def test_a_circle_of_three_is_set_aside_and_the_rest_is_imported(world: World) -> None:
    chain = [row(ParentUUID=B), row(OrgUUID=B, ParentUUID=C), row(OrgUUID=C, ParentUUID=A)]
    desired = world.nye(10, *chain, row(OrgUUID=D, ParentUUID=TOP))
    assert sorted(aside.ref.line for aside in desired.set_aside) == [2, 3, 4]
    assert {(aside.column, aside.pending) for aside in desired.set_aside} == {("ParentUUID", False)}
    assert (world.unit(A), world.unit(D)) == ("", "Skolen 1-")


def test_a_unit_that_becomes_its_own_ancestor_tomorrow_only(world: World) -> None:
    world.nye(1, row(), row(OrgUUID=B, ParentUUID=A), row(OrgUUID=C, ParentUUID=B))
    rows = [
        row(SlutDato=day(10)),
        row(ParentUUID=C, StartDato=day(11), SlutDato=day(11)),
        row(StartDato=day(12)),
    ]
    desired = world.ret(10, *rows)
    assert [aside.ref.line for aside in desired.set_aside] == [3]
    assert world.unit(A, "parent") == f"{TOP} 1-"


def test_rows_that_touch_a_circle_but_do_not_make_it_stand(world: World) -> None:
    """Line 3 says of the unit what line 2 says, on days on which there is no circle any more."""
    rows = [
        row(ParentUUID=B, SlutDato=day(9)),
        row(ParentUUID=B, StartDato=day(10)),
        row(OrgUUID=B, ParentUUID=A, SlutDato=day(9)),
        row(OrgUUID=B, ParentUUID=TOP, StartDato=day(10)),
    ]
    desired = world.nye(10, *rows)
    assert sorted(aside.ref.line for aside in desired.set_aside) == [2, 4]
    assert (world.unit(A), world.unit(B)) == ("Skolen 10-", "Skolen 10-")


def test_a_circle_through_what_mo_has_is_set_aside(world: World) -> None:
    world.nye(1, row(), row(OrgUUID=B, ParentUUID=A))
    desired = world.ret(10, row(ParentUUID=B))
    assert [aside.ref.line for aside in desired.set_aside] == [2]
    assert world.sent == []


def test_a_swap_of_parent_and_child_is_no_circle(world: World) -> None:
    world.nye(1, row(), row(OrgUUID=B, ParentUUID=A))
    desired = world.ret(10, row(ParentUUID=B), row(OrgUUID=B, ParentUUID=TOP))
    assert desired.set_aside == []
    assert (world.unit(A, "parent"), world.unit(B, "parent")) == (
        f"{TOP} 1-9, {B} 10-",
        f"{A} 1-9, {TOP} 10-",
    )


def desired_by(
    files: Sequence[DropFile], mo: Actual, types: Collection[str], unreadable: Mapping[str, str]
) -> Desired:
    nobody = PeopleInMo({}, (), {}, {}, {}, {})
    there = InMo((TOP, None), {}, mo, mo, nobody, unreadable)
    return org.Units(files, org.units_in(files), there, types, OUTCOMES).desired()


def desire(world: World, drop: Mapping[str, str], **unreadable: str) -> Desired:
    """What a drop asks, without asking MO for each of its units."""
    files = [file_of(*each) for each in drop.items()]
    mo = all_of(world.store)
    types = {SCHOOL, OFFICE, UNKNOWN_TYPE}
    return desired_by(files, mo, types, unreadable)


def test_a_tree_of_more_levels_than_python_goes_down_and_a_circle_as_long() -> None:
    levels = sys.getrecursionlimit() + 200
    units = [f"{n:08x}-4444-4444-8444-444444444444" for n in range(levels)]
    for top, fallen in ((units[0], 0), (units[-1], levels)):
        world = World()
        drop = {
            name("nye", 10): text(
                [
                    row(OrgUUID=unit, ParentUUID=above)
                    for above, unit in zip([top, *units[:-1]], units, strict=True)
                ]
            )
        }
        begun = process_time()
        desired = desire(world, drop)
        plan = make_plan(desired.objects, all_of(world.store))
        assert process_time() - begun < 5
        assert len(desired.set_aside) == fallen
        creates = {operation.uuid for operation in plan.operations if operation.action is Action.CREATE}
        assert len(creates & set(units)) == levels - fallen


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=7),
    st.sets(st.sampled_from("abcd")),
)
def test_the_most_rows_are_left_of_which_none_lacks_its_parent(
    rows: list[tuple[str, str]], known: set[str]
) -> None:
    """Each row has a day of its own, so that there are no circles."""
    world, uuids = World(), dict(zip("abcd", (A, B, C, D), strict=True))
    mo = {**all_of(world.store)}
    there = Unit("1", "Skolen", TOP, SCHOOL)
    mo[Kind.ORG_UNIT] = {
        **mo[Kind.ORG_UNIT],
        **{uuids[each]: (Piece(DAYS[0], DAYS[-1], there),) for each in known},
    }
    cells = [
        row(OrgUUID=uuids[unit], ParentUUID=uuids[parent], StartDato=day(n), SlutDato=day(n))
        for n, (unit, parent) in enumerate(rows, start=1)
    ]
    files = [file_of(name("nye", 10), text(cells))]
    desired = desired_by(files, mo, {SCHOOL}, {})
    most = list(enumerate(rows))
    while lacking := [
        (n, (unit, parent))
        for n, (unit, parent) in most
        if parent not in known and not any(parent == other for _, (other, _) in most)
    ]:
        most = [each for each in most if each not in lacking]
    left = set(range(len(rows))) - {aside.ref.line - 2 for aside in desired.set_aside}
    assert left == {n for n, _ in most}


GONE = row(StartDato=day(1), SlutDato="28-02-2026")
"""The unit is not there on any day."""
CANCELLED_AND_BACK = [
    (name("ret", 10), [GONE]),
    (name("nye", 12), [row(OrgUUID=B, ParentUUID=A, StartDato=day(12))]),
    (name("nye", 14), [row(StartDato=day(14))]),
]


@pytest.mark.parametrize("runs", [[1, 1, 1], [2, 1], [1, 2], [3]], ids=str)
@pytest.mark.parametrize("again", [False, True], ids=["", "since the first day"])
def test_a_unit_that_is_cancelled_is_known_no_more_until_it_is_back(
    school: World, runs: Sequence[int], again: bool
) -> None:
    """However the files are split."""
    left = [(file, text(rows)) for file, rows in CANCELLED_AND_BACK]
    for size in runs:
        said = school.tell(dict(left[:size]))
        waits = any(file == name("nye", 12) for file, _ in left[:size]) and len(left) == size + 1
        assert [(aside.column, aside.pending) for aside in said.set_aside] == [("ParentUUID", True)] * waits
        left = left[size:]
    if again:
        school.again()
    assert (school.unit(A), school.unit(B)) == ("Skolen 14-", "Skolen 12-")


@pytest.mark.parametrize("runs", [[1, 1], [2]], ids=str)
def test_a_row_whose_parent_is_cancelled_by_the_file_before_waits(school: World, runs: Sequence[int]) -> None:
    left = [(file, text(rows)) for file, rows in CANCELLED_AND_BACK[:2]]
    for size in runs:
        said = school.tell(dict(left[:size]))
        left = left[size:]
    assert [(aside.column, aside.pending) for aside in said.set_aside] == [("ParentUUID", True)]
    assert (school.unit(A), school.unit(B)) == ("", "")
    said = school.again()
    assert [(aside.column, aside.pending) for aside in said.set_aside] == [("ParentUUID", True)]


@pytest.mark.parametrize("runs", [[1, 1], [2]], ids=str)
def test_a_row_whose_parent_a_later_file_cancels_is_applied(school: World, runs: Sequence[int]) -> None:
    left = [
        (name("nye", 12), text([row(OrgUUID=B, ParentUUID=A, StartDato=day(12))])),
        (name("ret", 14), text([GONE])),
    ]
    for size in runs:
        assert school.tell(dict(left[:size])).set_aside == []
        left = left[size:]
    assert (school.unit(A), school.unit(B)) == ("", "Skolen 12-")
    assert school.again().set_aside == []
    assert (school.unit(A), school.unit(B)) == ("", "Skolen 12-")


def test_rows_of_a_unit_that_mo_cannot_show_are_pending(world: World) -> None:
    drop = {name("ret", 10): text([row(), row(OrgUUID=B, ParentUUID=A)])}
    desired = desire(world, drop, **{A: "it has no name"})
    assert [(aside.ref.line, aside.pending) for aside in desired.set_aside] == [(2, True)]
    assert {each.uuid for each in desired.objects if each.kind is Kind.ORG_UNIT} == {B}


def test_only_the_subjects_of_due_rows_are_claimed(world: World) -> None:
    """A file that is read again for one pending row says nothing of its other units."""
    drop = {name("nye", 10): text([row(), row(OrgUUID=B, ParentUUID=NOWHERE)])}
    world.tell(drop)
    world.store.edit("org_unit", A, DAYS[5], DAYS[9], {"name": "X"})
    world.has(Kind.ORG_UNIT, NOWHERE, (0, len(DAYS) - 1), name="Her", org_unit_type=SCHOOL)
    world.tell({})
    assert (world.unit(A), world.unit(B)) == ("Skolen 1-4, X 5-9, Skolen 10-", "Skolen 1-")


def test_days_that_are_filled_between_two_of_the_mark_are_in_it(world: World) -> None:
    """The mark of MO is one interval, whether the unit is there or not."""
    rows = [
        row(Med_i_LinjeOrg="True", SlutDato=day(9)),
        row(Med_i_LinjeOrg="True", StartDato=day(15), SlutDato=day(30)),
    ]
    world.nye(5, *rows)
    assert world.mark() == "line 1-9, line 15-30"
    desired = world.ret(12, row(StartDato=day(10), SlutDato=day(30)), without=["Med-i-LinjeOrg"])
    assert (world.unit(A), world.mark()) == ("Skolen 1-9, Skolen 12-30", "line 1-9, line 12-30")
    assert not any(A in notice.text for notice in desired.notices)


def test_a_mark_that_others_changed_announces_nothing(school: World) -> None:
    """A unit is closed on the day before others put a mark on it."""
    school.store.edit("org_unit", A, DAYS[21], DAYS[-1], {"org_unit_hierarchy": BY_HAND})
    school.ret(10, row(SlutDato=day(20)))
    assert school.unit(A) == "Skolen 1-20"


def test_a_unit_that_was_announced_is_known_and_changes_from_the_file_date(world: World) -> None:
    """MO has it, if only for days to come: its row is a change and not a new unit."""
    world.nye(5, row(StartDato=day(20)))
    world.ret(10, row(StartDato=day(7)))
    assert world.unit(A) == "Skolen 10-"


# The first day that a file claims


def test_rows_that_are_set_aside_count_for_the_first_day(school: World) -> None:
    """So a row that heals later does not change what its file claims."""
    rows = [
        row(OrgEnhedsNavn="X", StartDato=day(20)),
        row(ParentUUID=NOWHERE, StartDato=day(8), SlutDato=day(12)),
    ]
    (aside,) = school.ret(10, *rows).set_aside
    assert aside.pending
    assert school.unit(A) == "Skolen 1-12, X 20-"


def test_rows_that_are_wrong_in_themselves_count_too_with_their_days(school: World) -> None:
    rows = [
        row(OrgEnhedsNavn="X", StartDato=day(20)),
        row(OrgEnhedsNavn="", StartDato=day(8), SlutDato=day(12)),
    ]
    school.ret(10, *rows)
    assert school.unit(A) == "Skolen 1-12, X 20-"


def test_an_announcement_is_moved_where_the_unit_is_not_there_on_the_file_date(world: World) -> None:
    """To a later day, or to an earlier one."""
    world.nye(5, row(StartDato=day(20)))
    world.ret(10, row(StartDato=day(25)))
    assert (world.unit(A), world.address(A)) == ("Skolen 25-", f"{EAN} 25-")
    world.ret(12, row(StartDato=day(15)))
    assert (world.unit(A), world.address(A)) == ("Skolen 15-", f"{EAN} 15-")


def test_a_change_that_is_past_already_is_no_announcement(world: World) -> None:
    """A file with the whole history ends the unit where its last row does."""
    world.nye(2, row(SlutDato=day(5)), row(OrgEnhedsNavn="X", StartDato=day(6)))
    world.tell({name("inital", 10): text([row(SlutDato=day(5))])})
    assert world.unit(A) == "Skolen 1-5"


def test_of_rows_that_ended_before_the_file_date_the_latest_end_counts(school: World) -> None:
    rows = [
        row(SlutDato=day(5)),
        row(OrgEnhedsNavn="X", StartDato=day(6), SlutDato=day(8)),
        row(OrgEnhedsNavn="Y", StartDato=day(20)),
    ]
    school.ret(10, *rows)
    assert school.unit(A) == "Skolen 1-8, Y 20-"


def test_a_unit_that_ends_on_the_day_before_it_starts_is_not_there_and_that_is_told(school: World) -> None:
    desired = school.ret(10, row(OrgEnhedsNavn="X", StartDato=day(15), SlutDato=day(14)))
    assert desired.set_aside == []
    assert [notice.fault for notice in desired.notices] == [False]
    assert (school.unit(A), school.address(A)) == ("Skolen 1-14", f"{EAN} 1-14")


def test_a_cancelled_unit_that_nobody_knows_is_not_made_and_makes_no_parent_known(world: World) -> None:
    rows = [row(StartDato=day(15), SlutDato=day(14)), row(OrgUUID=B, ParentUUID=A)]
    desired = world.nye(10, *rows)
    assert [(aside.ref.line, aside.pending) for aside in desired.set_aside] == [(3, True)]
    assert (world.unit(A), world.unit(B)) == ("", "")


def test_a_new_unit_of_several_rows_is_there_from_its_first_start(world: World) -> None:
    world.nye(10, row(StartDato=day(12), SlutDato=day(14)), row(StartDato=day(5), SlutDato=day(6)))
    assert (world.unit(A), world.address(A)) == ("Skolen 5-6, Skolen 12-14", f"{EAN} 5-6, {EAN} 12-14")


# What is pending, and heals


def test_a_pending_row_is_tried_again_in_its_place(world: World) -> None:
    """What a later file said of the unit stands."""
    world.nye(10, row(ParentUUID=NOWHERE, SlutDato=day(14)))
    world.nye(12, row(OrgEnhedsNavn="X", StartDato=day(16)))
    assert world.unit(A) == "X 16-"
    world.has(Kind.ORG_UNIT, NOWHERE, (0, len(DAYS) - 1), name="Her", org_unit_type=SCHOOL)
    world.tell({})
    assert (world.unit(A), world.unit(A, "parent")) == ("Skolen 1-14, X 16-", f"{NOWHERE} 1-14, {TOP} 16-")
    world.tell({})
    assert world.sent == []


def test_a_pending_address_heals_alone(world: World) -> None:
    world.nye(1, row(PostAdresse=STREET))
    world.ret(10, row(PostAdresse=LATER))
    assert world.address(A, "PostAdresse") == f"{DAR[STREET]} 1-"
    world.ret(20, row(OrgEnhedsNavn="X", PostAdresse=LATER))
    world.outcomes[LATER] = world.outcomes[OTHER_STREET]
    world.tell({})
    assert world.unit(A) == "Skolen 1-19, X 20-"
    assert world.address(A, "PostAdresse") == f"{DAR[STREET]} 1-9, {DAR[OTHER_STREET]} 10-"


def test_a_superseded_row_leaves_the_state_and_is_set_aside_for_good(world: World) -> None:
    world.nye(10, row(ParentUUID=NOWHERE, OrgEnhedsNavn="Tidlig"))
    desired = world.ret(12, row(StartDato=day(12)))
    assert [aside.ref.file for aside in desired.superseded] == [name("nye", 10)]
    assert world.state.lines[name("nye", 10)].given_up == (2,)
    world.has(Kind.ORG_UNIT, NOWHERE, (0, len(DAYS) - 1), name="Her", org_unit_type=SCHOOL)
    for since in (0, 11):
        world.again(since)
        assert (world.unit(A), world.sent) == ("Skolen 12-", [])


def test_a_corrected_file_needs_no_file_whose_row_it_has_superseded(world: World) -> None:
    """That one has claimed nothing."""
    world.nye(10, row(ParentUUID=NOWHERE, OrgEnhedsNavn="Tidlig"))
    world.ret(12, row(StartDato=day(12)))
    del world.server.files[name("nye", 10)]
    world.ret(12, row(StartDato=day(12), OrgEnhedsNavn="X"))
    assert world.unit(A) == "X 12-"


def test_the_days_of_a_superseded_row_keep_what_mo_had_also_when_its_file_is_folded_again(
    world: World,
) -> None:
    world.nye(1, row())
    beside = row(OrgEnhedsNavn="X", StartDato=day(10), SlutDato=day(14))
    world.ret(10, beside, row(StartDato=day(15), ParentUUID=NOWHERE))
    desired = world.nye(
        12, row(OrgEnhedsNavn="Y", StartDato=day(18)), row(StartDato=day(25), ParentUUID=NOWHERE)
    )
    assert [aside.ref.file for aside in desired.superseded] == [name("ret", 10)]
    assert [aside.ref.file for aside in desired.set_aside] == [name("nye", 12)]
    said = "Skolen 1-9, X 10-14, Skolen 15-17, Y 18-24, Skolen 25-"
    assert world.unit(A) == said
    world.tell({})
    assert (world.unit(A), world.sent) == (said, [])
    world.again()
    assert (world.unit(A), world.sent) == (said, [])


# Runs that are split, cut off, late or corrected


SPLIT = {
    name("inital", 2): text(
        [row(SlutDato=day(10), Med_i_LinjeOrg="True"), row(OrgEnhedsNavn="B", StartDato=day(11))]
    ),
    name("ret", 5): text([row(OrgEnhedsNavn="X", StartDato=day(20), EAN=OTHER_EAN)]),
    name("ret", 12): text([row(OrgEnhedsNavn="Y", SlutDato=day(19), Med_i_LinjeOrg="True")]),
    name("ret", 15): text(
        [row(OrgEnhedsNavn="Z", Med_i_LinjeOrg="True", StartDato=day(13), SlutDato=day(17))]
    ),
}


def state_of(world: World) -> tuple[str, str, str, str]:
    return world.unit(A), world.unit(A, "parent"), world.address(A), world.mark()


@pytest.mark.parametrize(
    ("at", "cut"),
    [
        pytest.param(at, cut, marks=pytest.mark.slow if (at + cut) % 2 else ())
        for at, cut in product(range(1, 4), range(4))
    ],
)
def test_whatever_the_split_and_wherever_it_is_cut_off_the_end_is_the_same(at: int, cut: int) -> None:
    files = list(SPLIT.items())
    once, apart = World(), World()
    once.tell(SPLIT)
    apart.cut_off(dict(files[:at]), after=cut)
    apart.tell({})
    apart.cut_off(dict(files[at:]), after=cut)
    apart.tell({})
    assert state_of(apart) == state_of(once)
    for since in (0, 3, 13):
        apart.again(since)
        assert apart.sent == []


@pytest.mark.parametrize("late", list(SPLIT)[:-1])
def test_a_late_file_is_folded_in_its_place(late: str) -> None:
    once, apart = World(), World()
    once.tell(SPLIT)
    apart.tell({file: content for file, content in SPLIT.items() if file != late})
    apart.tell({late: SPLIT[late]})
    assert state_of(apart) == state_of(once)
    apart.tell({late: SPLIT[late] + "\n"})
    assert apart.sent == []


@pytest.mark.parametrize("wrong", list(SPLIT))
def test_a_corrected_value_takes_the_place_of_the_wrong_one_and_of_no_other(wrong: str) -> None:
    once, apart = World(), World()
    once.tell(SPLIT)
    bad = SPLIT[wrong].replace(";1001;", ";9999;")
    for file, content in SPLIT.items():
        apart.tell({file: bad if file == wrong else content})
    apart.tell({wrong: SPLIT[wrong]})
    assert state_of(apart) == state_of(once)
    assert apart.unit(A, "user_key") == once.unit(A, "user_key")
