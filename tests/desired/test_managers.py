"""Leder files to managers, rule by rule as stories on the sandbox's MO."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

import pytest
from msgspec.structs import replace

from aarhus_los.mo.model import Kind
from tests.desired.people import (
    ANNA,
    ANNA_UUID,
    BO,
    BO_UUID,
    END,
    THIRD_JOB,
    People,
    leader,
    left,
    manager_of,
    name,
    person,
    text,
)
from tests.world import CHIEF, LEVEL, MONEY, NO_CLASS, NOWHERE, OTHER_CHIEF, STAFF, A, B

MANAGER = manager_of(A, ANNA)


@pytest.fixture
def world() -> People:
    """An MO that has Anna."""
    world = People()
    world.has_person(ANNA_UUID, ANNA)
    return world


def test_a_manager_begins_on_the_file_date(world: People) -> None:
    world.nye(10, leader())
    assert [world.manager(field=field) for field in ("org_unit", "person", "type", "level")] == [
        f"{A} 10-",
        f"{ANNA_UUID} 10-",
        f"{CHIEF} 10-",
        f"{LEVEL} 10-",
    ]
    assert world.manager() == f"{(STAFF,)} 10-"


def test_several_rows_are_one_manager_with_several_responsibilities(world: People) -> None:
    world.nye(10, leader(LederansvarUUID=MONEY), leader(), leader(LederansvarUUID=MONEY))
    assert world.manager() == f"{(STAFF, MONEY)} 10-"
    assert world.complaints == []
    world.nye(20, leader(), leader(LederansvarUUID=MONEY))
    assert world.sent == []


def test_where_type_or_level_differ_the_later_line_wins_and_it_is_told(world: People) -> None:
    world.nye(10, leader(), leader(LedertypeUUID=OTHER_CHIEF, LederansvarUUID=MONEY))
    assert world.manager(field="type") == f"{OTHER_CHIEF} 10-"
    assert world.complaints == ["3 type or level differ between the rows of one manager: this row wins"]


def test_a_changed_manager_is_changed_from_the_file_date(world: People) -> None:
    world.nye(10, leader())
    world.ret(20, leader(LederansvarUUID=MONEY))
    assert world.manager() == f"{(STAFF,)} 10-19, {(MONEY,)} 20-"


def test_the_last_day_of_a_manager_is_the_file_date(world: People) -> None:
    world.nye(10, leader())
    world.luk(20, left(CPR=f"{ANNA[:6]}-{ANNA[6:]}"))
    assert world.manager() == f"{(STAFF,)} 10-20"


def test_a_reappointment_is_a_second_validity_of_the_same_manager(world: People) -> None:
    world.nye(10, leader())
    world.luk(20, left())
    world.nye(30, leader())
    assert world.manager() == f"{(STAFF,)} 10-20, {(STAFF,)} 30-"
    assert list(world.store.state()["manager"]) == [MANAGER]


def test_a_manager_who_comes_and_goes_in_one_run_has_a_user_key_on_all_days(world: People) -> None:
    world.tell(
        {
            name("nye", 10, "Leder"): text([leader()]),
            name("luk", 20, "Leder"): text([left()]),
            name("nye", 30, "Leder"): text([leader(LederansvarUUID=MONEY)]),
            name("luk", 40, "Leder"): text([left()]),
        }
    )
    assert world.manager() == f"{(STAFF,)} 10-20, {(MONEY,)} 30-40"
    assert {each["user_key"] for each in world.store.state()["manager"][MANAGER]} == {MANAGER}


def test_a_change_that_comes_as_an_end_and_a_new_one_of_the_same_time_is_a_change(world: People) -> None:
    world.nye(10, leader())
    world.tell(
        {
            name("nye", 20, "Leder"): text([leader(LederansvarUUID=MONEY)]),
            name("luk", 20, "Leder"): text([left()]),
        }
    )
    assert world.manager() == f"{(STAFF,)} 10-19, {(MONEY,)} 20-"


def test_another_manager_does_not_end_the_former(world: People) -> None:
    world.has_person(BO_UUID, BO, "Bo Berg")
    world.nye(10, leader())
    world.nye(20, leader(CPR=BO))
    assert world.manager() == f"{(STAFF,)} 10-"
    assert world.manager(cpr=BO) == f"{(STAFF,)} 20-"
    assert [line for line in world.complaints if "another manager" in line] == [
        f"2 the unit has another manager too, only a Leder_luk ends one: {manager_of(A, ANNA)}"
    ]


def test_of_many_managers_of_a_unit_three_are_named(world: People) -> None:
    numbers = [f"0{n}0272123{n}" for n in range(1, 7)]
    for number in numbers:
        world.has_person(str(uuid5(NAMESPACE_URL, number)), number)
    world.nye(10, *(leader(CPR=number) for number in numbers))
    told = [line for line in world.complaints if "another manager" in line]
    assert len(told) == 6
    all_of_them = {manager_of(A, number) for number in numbers}
    for line in told:
        number = numbers[int(line.split()[0]) - 2]
        others = sorted(all_of_them - {manager_of(A, number)})
        assert line.endswith(f": {others[0]}, {others[1]}, {others[2]} and 2 more")


def test_one_person_may_manage_two_units(world: People) -> None:
    world.nye(10, leader(), leader(OrgUUID=B))
    world.luk(20, left(OrgUUID=B))
    assert [world.manager(), world.manager(B)] == [f"{(STAFF,)} 10-", f"{(STAFF,)} 10-20"]


def test_a_manager_has_the_uuid_that_mo_has_for_the_person() -> None:
    world = People()
    world.has_person(NO_CLASS, ANNA)
    world.nye(10, leader())
    assert world.manager(field="person") == f"{NO_CLASS} 10-"


def test_a_manager_whom_only_the_same_drop_knows(world: People) -> None:
    people = text([person(UUID=THIRD_JOB, CPR=BO, CPRNavn="Bo Berg")])
    said = world.tell({name("nye", 10): people, name("nye", 10, "Leder"): text([leader(CPR=BO)])})
    assert said.set_aside == []
    assert world.manager(cpr=BO, field="person") == f"{BO_UUID} 10-"


def test_a_person_whom_nobody_knows_is_pending(world: People) -> None:
    said = world.nye(10, leader(CPR=BO), leader())
    assert [(aside.ref.line, aside.column, aside.pending) for aside in said.set_aside] == [(2, "CPR", True)]
    assert BO not in str(said)
    assert world.manager() == f"{(STAFF,)} 10-"
    world.has_person(BO_UUID, BO, "Bo Berg")
    world.nye(10, leader(CPR=BO), leader())
    assert world.manager(cpr=BO) == f"{(STAFF,)} 10-"


def test_a_person_of_a_row_that_is_set_aside_is_not_known(world: People) -> None:
    people = text([person(UUID=THIRD_JOB, CPR=BO, OrgenhedUUID=NOWHERE)])
    said = world.tell({name("nye", 10): people, name("nye", 10, "Leder"): text([leader(CPR=BO)])})
    assert [aside.column for aside in said.set_aside] == ["OrgenhedUUID", "CPR"]
    assert world.sent == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("OrgUUID", NOWHERE),
        ("LedertypeUUID", NO_CLASS),
        ("LederniveauUUID", CHIEF),
        ("LederansvarUUID", LEVEL),
    ],
)
def test_what_refers_to_nothing_is_pending(world: People, column: str, value: str) -> None:
    said = world.nye(10, leader(**{column: value}))
    assert [(aside.column, aside.pending) for aside in said.set_aside] == [(column, True)]
    assert world.sent == []


@pytest.mark.parametrize(("bad", "pending"), [(NO_CLASS, True), ("x", False)])
def test_the_rows_of_one_manager_in_one_file_stand_or_fall_together(
    world: People, bad: str, pending: bool
) -> None:
    rows = [leader(), leader(LederansvarUUID=bad), leader(OrgUUID=B)]
    said = world.nye(10, *rows)
    asides = {(aside.ref.line, aside.pending) for aside in said.set_aside}
    assert asides == {(2, pending), (3, pending)}
    assert [world.manager(), world.manager(B)] == ["", f"{(STAFF,)} 10-"]


def test_rows_of_a_manager_do_not_wait_beside_one_that_is_rejected(world: People) -> None:
    said = world.nye(10, leader(LedertypeUUID=NO_CLASS), leader(LederansvarUUID="x"))
    assert sorted((aside.ref.line, aside.pending) for aside in said.set_aside) == [(2, False), (3, False)]


def test_a_row_that_is_given_up_is_no_part_of_its_manager(world: People) -> None:
    said = world.nye(10, leader(), leader(LederansvarUUID=NO_CLASS))
    assert sorted((aside.ref.line, aside.pending) for aside in said.set_aside) == [(2, True), (3, True)]
    line = replace(world.state.lines[name("nye", 10, "Leder")], pending=(2,), given_up=(3,))
    world.state = replace(world.state, lines={**world.state.lines, line.name: line})
    assert world.tell({}).set_aside == []
    assert world.manager() == f"{(STAFF,)} 10-"


def test_a_row_that_fails_leaves_the_days_of_its_manager_as_they_are(world: People) -> None:
    world.nye(10, leader())
    said = world.ret(20, leader(LederansvarUUID=MONEY), leader(LederansvarUUID="x"))
    assert sorted((aside.ref.line, aside.pending) for aside in said.set_aside) == [(2, False), (3, False)]
    assert world.manager() == f"{(STAFF,)} 10-"


def test_a_pending_manager_is_superseded_by_a_later_word_and_not_by_an_end(world: People) -> None:
    first = {name("nye", 10, "Leder"): text([leader(LederansvarUUID=NO_CLASS)])}
    said = world.tell(first | {name("luk", 20, "Leder"): text([left()])})
    assert [len(said.superseded), len(said.set_aside)] == [0, 1]
    said = world.tell(first | {name("ret", 20, "Leder"): text([leader()])})
    assert [len(said.superseded), len(said.set_aside)] == [1, 0]


def test_the_end_of_a_manager_whom_nobody_knows_changes_nothing_and_is_told(world: People) -> None:
    world.luk(10, left())
    assert world.sent == []
    assert world.complaints == [f"2 nobody knows the manager {MANAGER}: there is nothing to end"]


def test_a_manager_who_begins_later_only_is_ended(world: People) -> None:
    world.has(
        Kind.MANAGER,
        MANAGER,
        (30, END),
        org_unit=A,
        person=ANNA_UUID,
        manager_type=CHIEF,
        manager_level=LEVEL,
        responsibility=(STAFF,),
    )
    world.luk(20, left())
    assert world.manager() == ""


def test_a_manager_of_the_earlier_importer_gets_its_person_from_the_file_date(world: People) -> None:
    world.has(
        Kind.MANAGER,
        MANAGER,
        (5, END),
        org_unit=A,
        person=None,
        manager_type=CHIEF,
        manager_level=LEVEL,
        responsibility=(STAFF,),
    )
    world.ret(20, leader())
    assert world.manager(field="person") == f"None 5-19, {ANNA_UUID} 20-"
