"""Pers files to people, engagements, e-mails and accounts, rule by rule as stories on the sandbox's MO."""

from __future__ import annotations

from time import process_time

import pytest

from aarhus_los.mo.model import Kind
from aarhus_los.uuids import NOT_PRIMARY, PRIMARY
from tests.desired.people import (
    ANNA,
    ANNA_UUID,
    BO,
    BO_UUID,
    CARL,
    END,
    JOB,
    SECOND_JOB,
    THIRD_JOB,
    People,
    account_of,
    email_of,
    ended,
    name,
    person,
    text,
)
from tests.world import AZ, DAYS, LEVEL, NO_CLASS, NOWHERE, SCHOOL, A, B, day

HAND_MADE, OTHER_HAND_MADE, THEIRS = (f"{digit * 8}-5555-4555-8555-{digit * 12}" for digit in "789")


@pytest.fixture
def world() -> People:
    return People()


@pytest.fixture
def anna() -> People:
    """Anna is employed since the first day, and MO has learned of it on the second."""
    world = People()
    world.nye(2, person())
    return world


def test_a_new_person_has_what_the_row_says(world: People) -> None:
    world.nye(10, person(StartTid=day(5), SlutTid=day(30)))
    assert world.name_of(ANNA_UUID) == "Anna|Andersen 1-"
    assert world.store.state()["employee"][ANNA_UUID][0]["cpr_no"] == ANNA
    assert world.store.state()["employee"][ANNA_UUID][0]["from"] == "1970-01-01"
    assert [world.job(), world.job(field="org_unit"), world.job(field="primary")] == [
        "1-1 5-30",
        f"{A} 5-30",
        f"{PRIMARY} 5-30",
    ]
    assert world.email() == "anna@aarhus.dk 10-30"
    assert world.account() == "AZ1 10-30"


def test_a_cpr_number_with_a_dash_is_the_same_person(world: People) -> None:
    world.nye(10, person(), person(UUID=SECOND_JOB, CPR=f"{ANNA[:6]}-{ANNA[6:]}"))
    assert list(world.store.state()["employee"]) == [ANNA_UUID]
    assert world.job(SECOND_JOB, field="person") == f"{ANNA_UUID} 1-"


@pytest.mark.parametrize("cpr", ["010170123", "3002701234", "x", ""])
def test_a_cpr_number_that_mo_would_refuse_rejects_the_row(world: People, cpr: str) -> None:
    said = world.nye(10, person(CPR=cpr), person(UUID=THIRD_JOB, CPR=BO))
    assert [(aside.ref.line, aside.column, aside.pending) for aside in said.set_aside] == [(2, "CPR", False)]
    assert world.job() == ""
    assert world.job(THIRD_JOB) == "1-1 1-"


@pytest.mark.parametrize("primary", ["Ja", "ja", "JA"])
def test_primary_is_read_in_any_case(world: People, primary: str) -> None:
    world.nye(10, person(PrimærAnsættelse=primary), person(UUID=SECOND_JOB, PrimærAnsættelse="NEJ"))
    assert world.job(field="primary") == f"{PRIMARY} 1-"
    assert world.job(SECOND_JOB, field="primary") == f"{NOT_PRIMARY} 1-"


# Who is who


def test_a_person_made_by_hand_keeps_uuid_and_what_is_not_ours(world: People) -> None:
    world.has_person(
        HAND_MADE,
        ANNA,
        "Anna Andersen",
        user_key="anna-key",
        nickname_givenname="Ann",
        nickname_surname="A",
        seniority="2010-01-01",
    )
    before = world.store.state()["employee"]
    world.nye(10, person())
    assert world.store.state()["employee"] == before
    assert world.job(field="person") == f"{HAND_MADE} 1-"
    world.ret(20, person(CPRNavn="Anna Berg"))
    spans = world.store.state()["employee"][HAND_MADE]
    assert [(span["name"], span["to"]) for span in spans] == [
        ("Anna Andersen", DAYS[19].isoformat()),
        ("Anna Berg", None),
    ]
    for span in spans:
        assert (span["user_key"], span["nickname_givenname"], span["seniority"]) == (
            "anna-key",
            "Ann",
            "2010-01-01",
        )


def test_of_two_people_with_one_number_the_one_who_has_engagements_is_taken_and_it_is_told(
    world: People,
) -> None:
    world.has_person(HAND_MADE, ANNA, "Anna Ubrugt")
    world.has_person(OTHER_HAND_MADE, ANNA, "Anna Andersen")
    world.has_job(JOB, OTHER_HAND_MADE, (0, END))
    world.ret(10, person(), person(UUID=SECOND_JOB, PrimærAnsættelse="Nej"))
    assert world.job(SECOND_JOB, field="person") == f"{OTHER_HAND_MADE} 1-"
    assert len(world.store.state()["employee"]) == 2
    assert f"2 several people in MO have this CPR number: {OTHER_HAND_MADE} is taken" in world.complaints


def test_of_two_people_with_one_number_and_no_engagements_the_smallest_uuid_is_taken(world: People) -> None:
    world.has_person(OTHER_HAND_MADE, ANNA)
    world.has_person(HAND_MADE, ANNA)
    world.nye(10, person())
    assert world.job(field="person") == f"{HAND_MADE} 1-"


def test_a_person_whose_number_was_corrected_is_never_overwritten(world: People) -> None:
    world.has_person(ANNA_UUID, CARL, "Carl Carlsen")
    world.has_job(THIRD_JOB, ANNA_UUID, (0, END))
    before = world.store.state()
    said = world.nye(10, person())
    assert world.store.state() == before
    assert [(aside.column, aside.pending) for aside in said.set_aside] == [("CPR", True)]
    assert ANNA not in str(said)
    world.nye(11, person(CPR=CARL, CPRNavn="Carl Carlsen", UUID=SECOND_JOB))
    assert world.job(SECOND_JOB, field="person") == f"{ANNA_UUID} 1-"


def test_e_mail_and_account_follow_the_number_that_mo_has(world: People) -> None:
    world.has_person(ANNA_UUID, CARL, "Carl Carlsen")
    world.has_job(JOB, ANNA_UUID, (0, END))
    world.has_email(email_of(CARL), ANNA_UUID, "carl@aarhus.dk", (0, END))
    world.has_email(email_of(ANNA), ANNA_UUID, "anna@aarhus.dk", (0, 5))
    world.luk(10, ended())
    assert world.job() == "1-1 0-10"
    assert world.email(CARL) == "carl@aarhus.dk 0-10"
    assert world.email(ANNA) == "anna@aarhus.dk 0-5"


def test_an_engagement_never_changes_its_person(anna: People) -> None:
    said = anna.ret(10, person(CPR=BO, CPRNavn="Bo Berg", Email="bo@aarhus.dk", OrgenhedUUID=B))
    assert [(aside.column, aside.pending) for aside in said.set_aside] == [("CPR", False)]
    assert anna.sent == []


def test_of_files_that_give_an_engagement_two_people_the_first_stands(world: People) -> None:
    said = world.tell({name("nye", 10): text([person()]), name("ret", 11): text([person(CPR=BO)])})
    assert [aside.ref.file for aside in said.set_aside] == [name("ret", 11)]
    assert world.job(field="person") == f"{ANNA_UUID} 1-"
    assert BO_UUID not in world.store.state()["employee"]


def test_an_engagement_that_never_began_stays_that_of_its_person(world: People) -> None:
    """MO has it no more, nor says whose it was."""
    world.nye(10, person(StartTid=day(25)))
    world.tell({name("ret", 11): text([person(CPR=BO)]), name("luk", 12): text([ended()])})
    assert JOB not in world.store.state()["engagement"]
    said = world.again(11)
    assert [(aside.ref.file, aside.column) for aside in said.set_aside] == [(name("ret", 11), "CPR")]
    assert world.sent == []


def test_its_end_is_still_about_that_person_when_it_is_folded_again(world: People) -> None:
    world.nye(10, person(StartTid=day(25)))
    cancelled = person(StartTid=day(25), SlutTid=day(24), OrgenhedUUID=NOWHERE)
    other = person(UUID=SECOND_JOB, StartTid=day(14))
    luk = text([ended(CPR=BO), ended(UUID=SECOND_JOB)])
    world.tell({name("nye", 11): text([cancelled, other]), name("luk", 12): luk})
    before = [world.email(), world.account()]
    said = world.tell({})
    assert [(aside.ref.file, aside.column) for aside in said.set_aside] == [(name("nye", 11), "OrgenhedUUID")]
    assert world.sent == []
    assert [world.email(), world.account()] == before == ["anna@aarhus.dk 10-11", "AZ1 10-11"]


def test_e_mail_and_account_follow_the_number_of_the_person_not_that_of_another_s_row(world: People) -> None:
    cancelled = person(CPR=BO, StartTid=day(5), SlutTid=day(4), Email="bo@aarhus.dk", AZID="AZ2")
    said = world.nye(10, cancelled, person())
    assert [(aside.ref.line, aside.column) for aside in said.set_aside] == [(2, "CPR")]
    assert [world.email(), world.account()] == ["anna@aarhus.dk 10-", "AZ1 10-"]


def test_a_hire_that_is_cancelled_leaves_the_engagement_to_another_person(world: People) -> None:
    said = world.nye(10, person(StartTid=day(25), SlutTid=day(24)), person(CPR=BO))
    assert [aside.ref.line for aside in said.set_aside] == [2]
    assert world.job(field="person") == f"{BO_UUID} 1-"
    assert ANNA_UUID not in world.store.state()["employee"]


# Names


def test_a_changed_name_begins_on_the_file_date(anna: People) -> None:
    anna.ret(20, person(CPRNavn="Anna Berg"))
    assert anna.name_of(ANNA_UUID) == "Anna|Andersen 1-19, Anna|Berg 20-"


@pytest.mark.parametrize("name", ["Anna", "Anna  Bo   Andersen", "Anna Bo Andersen "])
def test_an_odd_name_is_not_edited_every_night(world: People, name: str) -> None:
    world.nye(10, person(CPRNavn=name))
    world.ret(11, person(CPRNavn=name))
    assert world.sent == []
    assert world.store.state()["employee"][ANNA_UUID][0]["name"] == " ".join(name.split())


def test_names_that_differ_by_spaces_only_do_not_disagree(world: People) -> None:
    world.nye(10, person(CPRNavn="Anna  Andersen"), person(UUID=SECOND_JOB))
    assert world.complaints == []


# Where rows disagree


def test_the_primary_engagement_speaks_for_the_person_and_it_is_told(world: People) -> None:
    other = person(
        UUID=SECOND_JOB,
        CPRNavn="Anna Berg",
        Email="berg@aarhus.dk",
        AZID="AZ2",
        PrimærAnsættelse="Nej",
    )
    world.nye(10, person(), other)
    assert world.name_of(ANNA_UUID) == "Anna|Andersen 1-"
    assert [world.email(), world.account()] == ["anna@aarhus.dk 10-", "AZ1 10-"]
    told = "differs between the rows of one person: this row wins"
    assert world.complaints == [f"2 {column} {told}" for column in ("CPRNavn", "Email", "AZID")]


def test_of_equals_the_later_line_speaks_for_the_person(world: People) -> None:
    world.nye(10, person(), person(UUID=SECOND_JOB, CPRNavn="Anna Berg", Email="berg@aarhus.dk", AZID="AZ2"))
    assert world.name_of(ANNA_UUID) == "Anna|Berg 1-"
    assert [world.email(), world.account()] == ["berg@aarhus.dk 10-", "AZ2 10-"]


def test_a_value_beats_an_empty_one_even_of_the_primary_engagement(world: People) -> None:
    other = person(UUID=SECOND_JOB, Email="anna@aarhus.dk", AZID="AZ1", PrimærAnsættelse="Nej")
    world.nye(10, person(Email="", AZID=""), other)
    assert [world.email(), world.account()] == ["anna@aarhus.dk 10-", "AZ1 10-"]


def test_a_value_beats_a_bad_one_even_of_the_primary_engagement(world: People) -> None:
    world.nye(10, person(Email="anna at aarhus"), person(UUID=SECOND_JOB, PrimærAnsættelse="Nej"))
    assert world.email() == "anna@aarhus.dk 10-"


def test_a_row_that_has_ended_does_not_vote(world: People) -> None:
    past = person(CPRNavn="Anna Berg", Email="berg@aarhus.dk", AZID="AZ2", SlutTid=day(9))
    now = person(UUID=SECOND_JOB, Email="", AZID="", PrimærAnsættelse="Nej")
    world.nye(10, past, now)
    assert world.name_of(ANNA_UUID) == "Anna|Andersen 1-"
    assert [world.email(), world.account()] == ["", ""]
    assert world.complaints == []


def test_a_row_that_ends_today_votes(world: People) -> None:
    last_day = person(CPRNavn="Anna Berg", SlutTid=day(10))
    world.nye(10, last_day, person(UUID=SECOND_JOB, PrimærAnsættelse="Nej"))
    assert world.name_of(ANNA_UUID) == "Anna|Berg 1-"


def test_rows_that_have_all_ended_vote(world: People) -> None:
    world.nye(10, person(CPRNavn="Anna Berg", SlutTid=day(8)), person(UUID=SECOND_JOB, SlutTid=day(9)))
    assert world.name_of(ANNA_UUID) == "Anna|Andersen 1-"
    world.nye(11, person(CPRNavn="Anna Berg", SlutTid=day(8)))
    assert world.name_of(ANNA_UUID) == "Anna|Andersen 1-10, Anna|Berg 11-"


def test_a_row_that_has_ended_does_not_vote_in_place_of_a_bad_value(anna: People) -> None:
    past = person(UUID=SECOND_JOB, Email="berg@aarhus.dk", SlutTid=day(9))
    anna.ret(10, person(Email="anna at aarhus"), past)
    assert anna.email() == "anna@aarhus.dk 2-"


def test_a_row_that_is_set_aside_does_not_vote(world: People) -> None:
    world.nye(10, person(OrgenhedUUID=NOWHERE), person(UUID=SECOND_JOB, Email="", PrimærAnsættelse="Nej"))
    assert [world.email(), world.job(), world.job(SECOND_JOB)] == ["", "", "1-1 1-"]


# How long e-mail and account last


def test_they_last_until_the_last_engagement_ends(world: People) -> None:
    world.nye(10, person(SlutTid=day(20)), person(UUID=SECOND_JOB, SlutTid=day(30)))
    assert [world.email(), world.account()] == ["anna@aarhus.dk 10-30", "AZ1 10-30"]


def test_of_an_engagement_that_ends_on_the_file_date_they_are_there_for_that_day(world: People) -> None:
    world.nye(10, person(SlutTid=day(10)))
    assert [world.email(), world.account()] == ["anna@aarhus.dk 10-10", "AZ1 10-10"]


def test_an_engagement_of_mo_that_the_file_does_not_name_keeps_them(world: People) -> None:
    world.has_person(ANNA_UUID, ANNA)
    world.has_job(SECOND_JOB, ANNA_UUID, (0, 40))
    world.nye(10, person(SlutTid=day(20)))
    assert [world.email(), world.account()] == ["anna@aarhus.dk 10-40", "AZ1 10-40"]


def test_the_end_of_the_last_engagement_ends_them(anna: People) -> None:
    anna.luk(20, ended())
    assert [anna.job(), anna.email(), anna.account()] == ["1-1 1-20", "anna@aarhus.dk 2-20", "AZ1 2-20"]


def test_the_end_of_one_of_two_does_not(anna: People) -> None:
    anna.nye(10, person(UUID=SECOND_JOB, SlutTid=day(40)))
    anna.luk(20, ended())
    assert anna.job() == "1-1 1-20"
    assert [anna.email(), anna.account()] == ["anna@aarhus.dk 2-40", "AZ1 2-40"]
    anna.luk(30, ended(UUID=SECOND_JOB))
    assert [anna.email(), anna.account()] == ["anna@aarhus.dk 2-30", "AZ1 2-30"]


def test_an_end_by_a_changed_row_ends_them_too(anna: People) -> None:
    anna.ret(20, person(SlutTid=day(25)))
    assert [anna.job(), anna.email(), anna.account()] == ["1-1 1-25", "anna@aarhus.dk 2-25", "AZ1 2-25"]


def test_an_end_before_the_file_date_ends_them_there_and_claims_nothing_before(anna: People) -> None:
    anna.ret(20, person(SlutTid=day(15), Email="berg@aarhus.dk", AZID="AZ2"))
    assert [anna.job(), anna.email(), anna.account()] == ["1-1 1-15", "anna@aarhus.dk 2-15", "AZ1 2-15"]


def test_what_is_emptied_after_the_end_of_the_engagement_ends_with_it(anna: People) -> None:
    anna.ret(20, person(SlutTid=day(15), Email="", AZID=""))
    assert [anna.email(), anna.account()] == ["anna@aarhus.dk 2-15", "AZ1 2-15"]


def test_a_new_person_whose_engagement_is_over_has_neither(world: People) -> None:
    said = world.nye(20, person(SlutTid=day(15)))
    assert said.set_aside == []
    assert [world.job(), world.email(), world.account()] == ["1-1 1-15", "", ""]


def test_a_new_engagement_brings_them_back(anna: People) -> None:
    anna.luk(20, ended())
    anna.nye(30, person(UUID=SECOND_JOB, StartTid=day(30), Email="ny@aarhus.dk"))
    assert anna.email() == "anna@aarhus.dk 2-20, ny@aarhus.dk 30-"
    assert anna.account() == "AZ1 2-20, AZ1 30-"


def test_the_same_engagement_again_brings_them_back(anna: People) -> None:
    anna.luk(20, ended())
    anna.ret(30, person(StartTid=day(30)))
    assert [anna.job(), anna.email(), anna.account()] == [
        "1-1 1-20, 1-1 30-",
        "anna@aarhus.dk 2-20, anna@aarhus.dk 30-",
        "AZ1 2-20, AZ1 30-",
    ]


def test_an_emptied_e_mail_and_azid_end_from_the_file_date(anna: People) -> None:
    anna.ret(20, person(Email="", AZID=""))
    assert [anna.job(), anna.email(), anna.account()] == ["1-1 1-", "anna@aarhus.dk 2-19", "AZ1 2-19"]


def test_a_changed_e_mail_and_azid_begin_on_the_file_date(anna: People) -> None:
    anna.ret(20, person(Email="ny@aarhus.dk", AZID="AZ2"))
    assert [anna.email(), anna.account()] == ["anna@aarhus.dk 2-19, ny@aarhus.dk 20-", "AZ1 2-19, AZ2 20-"]
    address = anna.store.state()["address"][email_of(ANNA)]
    assert [each["user_key"] for each in address] == ["anna@aarhus.dk", "ny@aarhus.dk"]


def test_a_bad_e_mail_costs_the_e_mail_only(anna: People) -> None:
    said = anna.ret(20, person(Email="anna at aarhus", OrgenhedUUID=B, SlutTid=day(40)))
    assert said.set_aside == []
    assert [notice.fault for notice in said.notices] == [True]
    assert anna.job(field="org_unit") == f"{A} 1-19, {B} 20-40"
    assert anna.email() == "anna@aarhus.dk 2-40"


def test_a_column_that_the_file_lacks_says_nothing(anna: People) -> None:
    anna.ret(20, person(), without=["Email", "AZID"])
    assert anna.sent == []


def test_e_mail_and_account_are_there_while_an_engagement_is_only_announced(world: People) -> None:
    world.nye(10, person(StartTid=day(30), SlutTid=day(40)))
    assert [world.job(), world.email()] == ["1-1 30-40", "anna@aarhus.dk 10-40"]


@pytest.mark.parametrize("silent", [{"without": ["Email", "AZID"]}, {}])
def test_a_file_that_says_nothing_of_them_moves_their_end_both_ways(
    world: People, silent: dict[str, list[str]]
) -> None:
    """A bad value says as little as an absent column."""
    bad = {} if silent else {"Email": "anna at aarhus", "AZID": "1,2E+08"}
    world.nye(5, person(SlutTid=day(20)))
    world.ret(10, person(SlutTid=day(30), **bad), **silent)
    assert [world.email(), world.account()] == ["anna@aarhus.dk 5-30", "AZ1 5-30"]
    world.ret(12, person(SlutTid=day(25), **bad), **silent)
    assert [world.email(), world.account()] == ["anna@aarhus.dk 5-25", "AZ1 5-25"]
    world.ret(40, person(SlutTid="", **bad), **silent)
    assert [world.job(), world.email()] == ["1-1 1-25, 1-1 40-", "anna@aarhus.dk 5-25, anna@aarhus.dk 40-"]


def test_an_end_that_is_not_the_engagement_s_is_not_moved(world: People) -> None:
    """Somebody has ended the e-mail by hand."""
    world.nye(5, person(SlutTid=day(20)))
    world.store.terminate("address", email_of(ANNA), DAYS[15], DAYS[END])
    world.ret(10, person(SlutTid=day(30)), without=["Email", "AZID"])
    assert [world.email(), world.account()] == ["anna@aarhus.dk 5-14", "AZ1 5-30"]


def test_a_luk_of_an_announced_engagement_leaves_them_to_the_one_that_is_left(world: People) -> None:
    world.nye(5, person(SlutTid=day(20)), person(UUID=SECOND_JOB, StartTid=day(30), PrimærAnsættelse="Nej"))
    assert world.email() == "anna@aarhus.dk 5-"
    world.luk(12, ended(UUID=SECOND_JOB))
    assert [world.job(), world.job(SECOND_JOB)] == ["1-1 1-20", ""]
    assert [world.email(), world.account()] == ["anna@aarhus.dk 5-20", "AZ1 5-20"]


def test_a_bad_value_beats_an_empty_one(anna: People) -> None:
    """It is as if the column were absent, and the e-mail stays."""
    other = person(UUID=SECOND_JOB, Email="anna at aarhus", PrimærAnsættelse="Nej")
    anna.ret(20, person(Email=""), other)
    assert anna.email() == "anna@aarhus.dk 2-"


def test_two_nights_in_one_run_leave_no_gap(world: People) -> None:
    """The person is without an engagement between the two files, and not between two days."""
    world.nye(5, person(SlutTid=""))
    world.tell(
        {
            name("ret", 10): text([person(SlutTid=day(12))]),
            name("nye", 11): text([person(UUID=SECOND_JOB, StartTid=day(12))]),
        }
    )
    assert [world.email(), world.account()] == ["anna@aarhus.dk 5-", "AZ1 5-"]
    world.again(10)
    assert world.sent == []


# Cancelled hires and births


def test_an_engagement_that_ends_on_the_day_before_it_starts_is_not_there_and_that_is_told(
    anna: People,
) -> None:
    said = anna.ret(20, person(StartTid=day(25), SlutTid=day(24), CPRNavn="Anna Berg", Email="x@aarhus.dk"))
    assert said.set_aside == []
    assert len(said.notices) == 1
    assert anna.job() == "1-1 1-24"
    assert anna.name_of(ANNA_UUID) == "Anna|Andersen 1-"


def test_a_hire_that_is_cancelled_before_it_is_known_makes_nobody(world: People) -> None:
    world.nye(10, person(StartTid=day(25), SlutTid=day(24)))
    assert ANNA_UUID not in world.store.state()["employee"]
    assert world.job() == ""


def test_an_announced_engagement_that_is_cancelled_goes_with_e_mail_and_account(world: People) -> None:
    world.nye(5, person(StartTid=day(25)))
    assert [world.job(), world.email()] == ["1-1 25-", "anna@aarhus.dk 5-"]
    world.ret(10, person(StartTid=day(25), SlutTid=day(24)))
    assert [world.job(), world.email(), world.account()] == ["", "anna@aarhus.dk 5-9", "AZ1 5-9"]


def test_a_birth_after_the_file_date_rejects_the_row_alone(world: People) -> None:
    unborn = person(UUID=THIRD_JOB, CPR="0101505232")
    assert [line.column for line in world.nye(10, person(), unborn).set_aside] == ["CPR"]
    assert [world.job(), world.job(THIRD_JOB)] == ["1-1 1-", ""]


# Engagements


def test_a_changed_engagement_begins_on_the_file_date(anna: People) -> None:
    anna.ret(20, person(OrgenhedUUID=B))
    assert anna.job(field="org_unit") == f"{A} 1-19, {B} 20-"


def test_a_changed_row_of_an_unknown_engagement_is_treated_as_new(world: People) -> None:
    world.ret(10, person(StartTid=day(5)))
    assert world.job() == "1-1 5-"
    world.again()
    assert (world.job(), world.sent) == ("1-1 5-", [])
    world.ret(10, person(StartTid=day(3)))
    assert world.job() == "1-1 3-"
    world.ret(10, person(StartTid=day(7)))
    assert world.job() == "1-1 3-"  # the days before are not claimed any more, and left as they are


def test_a_changed_row_of_an_engagement_that_is_announced_is_a_change(world: People) -> None:
    """MO knows it, if only on days to come."""
    world.nye(5, person(StartTid=day(30)))
    world.ret(10, person(StartTid=day(7)))
    assert world.job() == "1-1 10-"


def test_a_change_announced_ahead_leaves_what_is_until_then(anna: People) -> None:
    anna.ret(10, person(StartTid=day(30), OrgenhedUUID=B))
    assert anna.job(field="org_unit") == f"{A} 1-29, {B} 30-"
    assert anna.email() == "anna@aarhus.dk 2-"


def test_a_row_up_to_an_announced_change_leaves_it_and_is_told(anna: People) -> None:
    anna.ret(10, person(StartTid=day(30), OrgenhedUUID=B))
    anna.ret(20, person(SlutTid=day(29), PrimærAnsættelse="Nej"))
    assert anna.job(field="org_unit") == f"{A} 1-29, {B} 30-"
    assert anna.job(field="primary") == f"{PRIMARY} 1-19, {NOT_PRIMARY} 20-29, {PRIMARY} 30-"
    assert anna.email() == "anna@aarhus.dk 2-"
    assert any("announced" in line for line in anna.complaints)


def test_an_end_is_matched_by_the_uuid_of_the_engagement_alone(anna: People) -> None:
    anna.luk(20, ended(CPR=BO, CPRNavn="Somebody Else"))
    assert anna.job() == "1-1 1-20"
    assert anna.email() == "anna@aarhus.dk 2-20"
    assert anna.name_of(ANNA_UUID) == "Anna|Andersen 1-"
    assert BO_UUID not in anna.store.state()["employee"]


def test_an_end_with_an_unreadable_cpr_number_is_an_end(anna: People) -> None:
    anna.luk(20, ended(CPR="x"))
    assert anna.job() == "1-1 1-20"


def test_the_end_of_an_engagement_that_nobody_knows_changes_nothing_and_is_told(world: People) -> None:
    world.has_person(ANNA_UUID, ANNA)
    world.has_job(JOB, ANNA_UUID, (0, 5))
    world.has_email(email_of(ANNA), ANNA_UUID, "anna@aarhus.dk", (0, END))
    world.has_account(account_of(ANNA), ANNA_UUID, "AZ1", (0, END))
    said = world.luk(20, ended(UUID=SECOND_JOB))
    assert world.sent == []
    assert said.set_aside == []
    assert world.complaints == [f"2 nobody knows the engagement {SECOND_JOB}: there is nothing to end"]


def test_the_end_of_an_engagement_of_nobody_is_told(world: People) -> None:
    world.luk(20, ended())
    assert world.sent == []
    assert len(world.complaints) == 1


def test_an_engagement_that_ends_before_it_begins_was_never_there(world: People) -> None:
    drop = {name("nye", 10): text([person(StartTid=day(30))]), name("luk", 20): text([ended()])}
    world.tell(drop)
    apart = People()
    for file, content in drop.items():
        apart.tell({file: content})
    for each in (world, apart):
        assert [each.job(), each.email(), each.account()] == ["", "anna@aarhus.dk 10-19", "AZ1 10-19"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("OrgenhedUUID", NOWHERE), ("EngagementTypeUUID", NO_CLASS), ("StillingsBetegnelseUUID", LEVEL)],
)
def test_a_row_that_refers_to_what_nobody_knows_is_pending(world: People, column: str, value: str) -> None:
    said = world.nye(10, person(**{column: value}), person(UUID=THIRD_JOB, CPR=BO))
    assert [(aside.ref.line, aside.column, aside.pending) for aside in said.set_aside] == [(2, column, True)]
    assert world.complaints == [f"2 {column}: neither MO nor the drop has {value}"]
    assert ANNA_UUID not in world.store.state()["employee"]
    assert world.job(THIRD_JOB) == "1-1 1-"


def test_a_pending_row_is_superseded_by_a_later_word_on_the_engagement(world: People) -> None:
    first = {name("nye", 10): text([person(OrgenhedUUID=NOWHERE)])}
    later = {
        name("ret", 20): text(
            [
                person(),
            ]
        )
    }
    said = world.tell(first | later)
    assert [aside.ref.file for aside in said.superseded] == [name("nye", 10)]
    assert said.set_aside == []


@pytest.mark.parametrize(("start", "superseded"), [(15, True), (16, False)])
def test_a_later_word_supersedes_from_the_day_after_the_pending_row_s_end_or_before(
    world: People, start: int, superseded: bool
) -> None:
    first = {name("nye", 10): text([person(OrgenhedUUID=NOWHERE, SlutTid=day(14))])}
    said = world.tell(first | {name("nye", 12): text([person(StartTid=day(start))])})
    assert [len(said.superseded), len(said.set_aside)] == ([1, 0] if superseded else [0, 1])


def test_a_later_word_that_says_nothing_of_the_e_mail_supersedes_no_row_that_does(world: People) -> None:
    drop = {
        name("nye", 10): text([person(OrgenhedUUID=NOWHERE)]),
        name("ret", 20): text([person()], without=["Email"]),
    }
    said = world.tell(drop)
    assert [len(said.superseded), len(said.set_aside)] == [0, 1]


def test_another_person_s_pending_row_changes_nothing_for_anybody_else(world: People) -> None:
    world.nye(5, person(), person(UUID=THIRD_JOB, CPR=BO, CPRNavn="Bo Berg", OrgenhedUUID=NOWHERE))
    world.ret(10, person(OrgenhedUUID=B, SlutTid=day(30)))
    before = [world.job(field="org_unit"), world.email(), world.account()]
    world.tell({})
    assert world.sent == []
    world.has(Kind.ORG_UNIT, NOWHERE, (0, END), name="Her", org_unit_type=SCHOOL)
    world.tell({})
    assert world.job(THIRD_JOB, field="org_unit") == f"{NOWHERE} 1-"
    assert [world.job(field="org_unit"), world.email(), world.account()] == before


def test_a_number_on_a_row_of_somebody_else_leaves_its_own_person_as_it_is(world: People) -> None:
    """The other one is folded on what MO said before, for a row that waits."""
    waits = person(CPR=BO, UUID=SECOND_JOB, OrgenhedUUID=NOWHERE)
    world.tell(
        {name("nye", 1): text([person()]), name("luk", 5): text([ended()]), name("ret", 6): text([waits])}
    )
    assert [world.email(), world.account()] == ["anna@aarhus.dk 1-5", "AZ1 1-5"]
    rows = [person(), person(UUID=SECOND_JOB)]
    said = world.tell({name("nye", 10): text(rows, without=["Email", "AZID"])})
    assert [(aside.ref.line, aside.pending) for aside in said.set_aside] == [(2, True), (3, False)]
    assert [world.email(), world.account()] == ["anna@aarhus.dk 1-5, anna@aarhus.dk 10-", "AZ1 1-5, AZ1 10-"]


def test_an_end_supersedes_nothing(world: People) -> None:
    said = world.tell(
        {name("nye", 10): text([person(OrgenhedUUID=NOWHERE)]), name("luk", 20): text([ended()])}
    )
    assert [aside.ref.file for aside in said.set_aside] == [name("nye", 10)]


def test_a_pending_row_is_not_superseded_by_a_word_on_another_engagement(world: People) -> None:
    first = {name("nye", 10): text([person(OrgenhedUUID=NOWHERE)])}
    said = world.tell(first | {name("ret", 20): text([person(UUID=SECOND_JOB)])})
    assert [aside.ref.file for aside in said.set_aside] == [name("nye", 10)]


def test_dates_that_cannot_be_read_set_aside_the_other_rows_of_the_engagement_only(anna: People) -> None:
    """And have no say on the person's name, e-mail and account."""
    rows = [
        person(OrgenhedUUID=B),
        person(StartTid="30-02-2026", CPRNavn="Anna Forkert", Email="forkert@aarhus.dk", AZID="AZ9"),
        person(UUID=SECOND_JOB, CPRNavn="Anna Berg", Email="berg@aarhus.dk", PrimærAnsættelse="Nej"),
    ]
    said = anna.ret(20, *rows)
    assert sorted((aside.ref.line, aside.pending) for aside in said.set_aside) == [(2, False), (3, False)]
    assert [anna.job(field="org_unit"), anna.job(SECOND_JOB)] == [f"{A} 1-", "1-1 1-"]
    assert anna.name_of(ANNA_UUID) == "Anna|Andersen 1-19, Anna|Berg 20-"
    assert [anna.email(), anna.account()] == ["anna@aarhus.dk 2-19, berg@aarhus.dk 20-", "AZ1 2-"]


def test_an_engagement_in_a_unit_that_is_not_there_all_the_time_is_a_warning(world: People) -> None:
    world.store.terminate("org_unit", A, DAYS[30], DAYS[END])
    said = world.nye(10, person())
    assert said.set_aside == []
    assert world.complaints == [f"2 the unit {A} is not there on every day of the engagement"]


def test_only_days_that_a_file_claims_are_days_without_a_unit(world: People) -> None:
    world.store.terminate("org_unit", A, DAYS[0], DAYS[9])
    world.nye(10, person(StartTid=day(10)))
    world.ret(12, person(StartTid=day(1)))
    assert world.complaints == []


# AZ accounts


def employed(*accounts: tuple[str, str, int, int]) -> People:
    """Anna, employed, with accounts: the uuid, the user key, the first and the last day."""
    world = People()
    world.has_person(ANNA_UUID, ANNA)
    world.has_job(JOB, ANNA_UUID, (0, END))
    for uuid, user_key, start, end in accounts:
        world.has_account(uuid, ANNA_UUID, user_key, (start, end))
    return world


OURS = account_of(ANNA)


def accounts_of(world: People) -> dict[str, str]:
    uuids = world.store.state()["it"]
    return {uuid: world.field(Kind.IT, uuid, "user_key") for uuid in uuids}


def test_the_derived_account_is_ours_while_it_is_active() -> None:
    world = employed((OURS, "OLD", 0, END), (HAND_MADE, "HAND", 0, END))
    world.ret(10, person())
    assert accounts_of(world) == {OURS: "OLD 0-9, AZ1 10-", HAND_MADE: "HAND 0-"}


def test_the_only_other_account_is_adopted_whatever_its_user_key() -> None:
    world = employed((HAND_MADE, "HAND", 0, END))
    world.ret(10, person())
    assert accounts_of(world) == {HAND_MADE: "HAND 0-9, AZ1 10-"}
    world.luk(20, ended())
    assert accounts_of(world) == {HAND_MADE: "HAND 0-9, AZ1 10-20"}


def test_beside_a_derived_account_that_has_ended_the_only_other_is_adopted() -> None:
    world = employed((OURS, "AZ1", 0, 5), (HAND_MADE, "AZ1", 3, END))
    world.ret(10, person())
    assert accounts_of(world) == {OURS: "AZ1 0-5", HAND_MADE: "AZ1 3-"}


def test_without_another_the_derived_account_comes_back() -> None:
    world = employed((OURS, "AZ1", 0, 5))
    world.ret(10, person())
    assert accounts_of(world) == {OURS: "AZ1 0-5, AZ1 10-"}


@pytest.mark.parametrize("at_once", [True, False])
def test_an_account_that_an_earlier_file_has_taken_away_is_adopted_no_more(at_once: bool) -> None:
    world = employed((HAND_MADE, "HAND", 15, END))
    files = {name("ret", 10): text([person(AZID="")]), name("ret", 12): text([person(AZID="AZ9")])}
    for each in [files] if at_once else [{file: content} for file, content in files.items()]:
        world.tell(each)
    assert accounts_of(world) == {OURS: "AZ9 12-"}


def test_more_than_one_other_is_told_and_left_alone() -> None:
    world = employed((HAND_MADE, "HAND", 0, END), (OTHER_HAND_MADE, "HAND2", 0, 5))
    world.ret(10, person())
    assert accounts_of(world) == {HAND_MADE: "HAND 0-", OTHER_HAND_MADE: "HAND2 0-5"}
    assert world.complaints == [
        f"2 the person {ANNA_UUID} has 2 other accounts in the AZ system: left as they are"
    ]


def test_accounts_in_other_systems_are_nothing_to_us() -> None:
    world = employed()
    ad = "99999999-5555-4555-8555-000000000000"
    world.has(Kind.ITSYSTEM, ad, (0, END), user_key="AD", name="AD")
    world.has_account(HAND_MADE, ANNA_UUID, "AZ1", (0, END), system=ad)
    world.ret(10, person())
    assert accounts_of(world) == {HAND_MADE: "AZ1 0-", OURS: "AZ1 10-"}
    assert world.field(Kind.IT, OURS, "itsystem") == f"{AZ} 10-"


def test_an_emptied_azid_ends_the_derived_account_once_and_not_the_other_when_it_is_told_again() -> None:
    world = employed((OURS, "AZ1", 0, END), (HAND_MADE, "HAND", 0, END))
    world.ret(10, person(AZID=""))
    assert accounts_of(world) == {OURS: "AZ1 0-9", HAND_MADE: "HAND 0-"}
    world.again()
    assert (accounts_of(world), world.sent) == ({OURS: "AZ1 0-9", HAND_MADE: "HAND 0-"}, [])


def test_a_derived_account_that_mo_has_for_somebody_else_is_left_as_it_is() -> None:
    world = employed()
    world.has_person(BO_UUID, BO, "Bo Berg")
    world.has_account(OURS, BO_UUID, "OLD", (0, END))
    world.ret(10, person())
    assert accounts_of(world) == {OURS: "OLD 0-"}
    assert world.complaints == [
        f"2 the account {OURS} is of another person or IT system in MO: left as it is"
    ]


def test_an_account_of_the_earlier_importer_keeps_its_value_as_user_key_until_it_changes() -> None:
    world = employed((OURS, "AZ1", 0, END))
    world.has_email(email_of(ANNA), ANNA_UUID, "anna@aarhus.dk", (0, END))
    world.ret(10, person())
    assert world.sent == []


def test_the_account_is_that_of_mo_before_the_files_also_when_they_are_told_again() -> None:
    """Anna's account by hand is adopted, and stays hers while the derived one, since then made by hand, is left alone."""
    world = employed((HAND_MADE, "HAND", 0, END))
    world.ret(10, person())
    assert accounts_of(world) == {HAND_MADE: "HAND 0-9, AZ1 10-"}
    world.has_account(OURS, ANNA_UUID, "OTHER", (30, END))
    world.again()
    assert accounts_of(world) == {HAND_MADE: "HAND 0-9, AZ1 10-", OURS: "OTHER 30-"}


def test_where_the_base_has_no_account_it_is_chosen_in_mo_as_it_is() -> None:
    world = employed()
    world.ret(10, person(OrgenhedUUID=B, AZID=""), without=["AZID"])
    world.has_account(HAND_MADE, ANNA_UUID, "HAND", (0, END))
    world.ret(10, person())
    assert accounts_of(world) == {HAND_MADE: "HAND 0-9, AZ1 10-"}


# The whole


def test_rows_of_one_person_in_two_files_make_one_person(world: People) -> None:
    world.tell({name("nye", 10): text([person()]), name("ret", 10): text([person(UUID=SECOND_JOB)])})
    assert list(world.store.state()["employee"]) == [ANNA_UUID]
    assert len(world.store.state()["address"]) == len(world.store.state()["it"]) == 1
    assert len(world.store.state()["engagement"]) == 2


def test_a_run_answers_for_the_people_that_its_new_rows_speak_of_only(world: People) -> None:
    """Also where a file is read again for one pending row, or folded with a new one."""
    rows = [person(), person(UUID=THIRD_JOB, CPR=BO, CPRNavn="Bo Berg", OrgenhedUUID=NOWHERE)]
    world.nye(5, *rows)
    world.store.edit("address", email_of(ANNA), DAYS[7], DAYS[END], {"value": "haand@aarhus.dk"})
    world.has(Kind.ORG_UNIT, NOWHERE, (0, END), name="Her", org_unit_type=SCHOOL)
    world.tell({})
    assert world.job(THIRD_JOB) == "1-1 1-"
    assert world.email() == "anna@aarhus.dk 5-6, haand@aarhus.dk 7-"


def test_thousands_of_pending_rows_take_no_time_to_be_superseded() -> None:
    world = People()
    rows = [
        person(UUID=f"{n:08}-4444-4444-8444-444444444444", CPR=f"010170{1000 + n}", OrgenhedUUID=NOWHERE)
        for n in range(2000)
    ]
    begun = process_time()
    said = world.nye(10, *rows)
    assert len(said.set_aside) == 2000
    assert process_time() - begun < 10


def test_dates_in_all_ways_of_writing(world: People) -> None:
    iso = DAYS[5].isoformat()
    world.nye(
        10,
        person(StartTid=iso, SlutTid="9999-12-31"),
        person(UUID=SECOND_JOB, StartTid=f"{iso} 00:00:00.000", SlutTid="31-12-9999"),
    )
    assert [world.job(), world.job(SECOND_JOB)] == ["1-1 5-", "1-1 5-"]
    assert world.history(Kind.ENGAGEMENT, JOB)[0].start == DAYS[5]
