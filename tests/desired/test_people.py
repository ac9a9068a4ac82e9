"""Pers files to people, engagements, e-mails and accounts: against the day-by-day oracle, and rule by rule as stories."""

from __future__ import annotations

from datetime import date
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings

from tests import people_oracle as oracle
from tests.people_drops import drops, worlds
from tests.people_world import (
    ANNA,
    ANNA_UUID,
    AZ,
    BO,
    BO_UUID,
    CARL,
    DAYS,
    FOREVER,
    JOB,
    LEVEL,
    LONG_AGO,
    NO_CLASS,
    NOWHERE,
    OFFICE,
    SCHOOL,
    SECOND_JOB,
    THIRD_JOB,
    People,
    check_against_the_oracle,
    check_one_by_one,
    day,
    ended,
    name,
    person,
    text,
)

SETTINGS = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
HAND_MADE, OTHER_HAND_MADE, THEIRS = (f"{digit * 8}-5555-4555-8555-{digit * 12}" for digit in "789")


@settings(SETTINGS, max_examples=40)
@given(worlds(), drops())
def test_mo_says_on_every_day_what_the_rows_say(world: People, drop: dict[str, str]) -> None:
    check_against_the_oracle(world, drop)


@pytest.mark.slow
@settings(SETTINGS, max_examples=1500)
@given(worlds(), drops())
def test_mo_says_on_every_day_what_the_rows_say_of_many_drops(world: People, drop: dict[str, str]) -> None:
    check_against_the_oracle(world, drop)


@settings(SETTINGS, max_examples=25)
@given(drops(sound=True, files=5))
def test_files_one_by_one_and_all_at_once_give_the_same(drop: dict[str, str]) -> None:
    apart, together = People(), People()
    check_one_by_one(apart, together, drop)


# Rule by rule


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
    assert world.name_of(ANNA_UUID) == "Anna|Andersen 0-"
    assert world.store.state()["employee"][ANNA_UUID][0]["cpr_no"] == ANNA
    assert world.store.state()["employee"][ANNA_UUID][0]["from"] == "1970-01-01"
    assert [world.job(), world.job(part=2), world.job(part=5)] == [
        "1-1 5-30",
        f"{SCHOOL} 5-30",
        f"{oracle.PRIMARY} 5-30",
    ]
    assert world.email() == "anna@aarhus.dk 10-30"
    assert world.account() == "AZ1 10-30"


def test_a_cpr_number_with_a_dash_is_the_same_person(world: People) -> None:
    world.nye(10, person(), person(UUID=SECOND_JOB, CPR=f"{ANNA[:6]}-{ANNA[6:]}"))
    assert list(world.store.state()["employee"]) == [ANNA_UUID]
    assert world.job(SECOND_JOB, part=1) == f"{ANNA_UUID} 1-"


@pytest.mark.parametrize("cpr", ["010170123", "3002701234", "x", ""])
def test_a_cpr_number_that_mo_would_refuse_rejects_the_row(world: People, cpr: str) -> None:
    said = world.nye(10, person(CPR=cpr), person(UUID=THIRD_JOB, CPR=BO))
    assert [(aside.ref.line, aside.column, aside.pending) for aside in said.set_aside] == [(2, "CPR", False)]
    assert world.job() == ""
    assert world.job(THIRD_JOB) == "1-1 1-"


@pytest.mark.parametrize("primary", ["Ja", "ja", "JA"])
def test_primary_is_read_in_any_case(world: People, primary: str) -> None:
    world.nye(10, person(PrimærAnsættelse=primary), person(UUID=SECOND_JOB, PrimærAnsættelse="NEJ"))
    assert world.job(part=5) == f"{oracle.PRIMARY} 1-"
    assert world.job(SECOND_JOB, part=5) == f"{oracle.NOT_PRIMARY} 1-"


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
    assert world.job(part=1) == f"{HAND_MADE} 1-"
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
    world.has_job(JOB, OTHER_HAND_MADE, (LONG_AGO, FOREVER))
    world.ret(10, person(), person(UUID=SECOND_JOB, PrimærAnsættelse="Nej"))
    assert world.job(SECOND_JOB, part=1) == f"{OTHER_HAND_MADE} 1-"
    assert len(world.store.state()["employee"]) == 2
    assert f"2 several people in MO have this CPR number: {OTHER_HAND_MADE} is taken" in world.complaints


def test_of_two_people_with_one_number_and_no_engagements_the_smallest_uuid_is_taken(world: People) -> None:
    world.has_person(OTHER_HAND_MADE, ANNA)
    world.has_person(HAND_MADE, ANNA)
    world.nye(10, person())
    assert world.job(part=1) == f"{HAND_MADE} 1-"


def test_a_person_whose_number_was_corrected_is_never_overwritten(world: People) -> None:
    world.has_person(ANNA_UUID, CARL, "Carl Carlsen")
    world.has_job(THIRD_JOB, ANNA_UUID, (LONG_AGO, FOREVER))
    before = world.store.state()
    said = world.nye(10, person())
    assert world.store.state() == before
    assert [(aside.column, aside.pending) for aside in said.set_aside] == [("CPR", True)]
    assert ANNA not in str(said)
    world.nye(11, person(CPR=CARL, CPRNavn="Carl Carlsen", UUID=SECOND_JOB))
    assert world.job(SECOND_JOB, part=1) == f"{ANNA_UUID} 1-"


def test_e_mail_and_account_follow_the_number_that_mo_has(world: People) -> None:
    world.has_person(ANNA_UUID, CARL, "Carl Carlsen")
    world.has_job(JOB, ANNA_UUID, (LONG_AGO, FOREVER))
    world.has_email(oracle.email_of(CARL), ANNA_UUID, "carl@aarhus.dk", (LONG_AGO, FOREVER))
    world.has_email(oracle.email_of(ANNA), ANNA_UUID, "anna@aarhus.dk", (LONG_AGO, DAYS[5]))
    world.luk(10, ended())
    assert world.job() == "1-1 0-10"
    assert world.email(CARL) == "carl@aarhus.dk 0-10"
    assert world.email(ANNA) == "anna@aarhus.dk 0-5"


def test_an_engagement_never_changes_its_person(anna: People) -> None:
    said = anna.ret(10, person(CPR=BO, CPRNavn="Bo Berg", Email="bo@aarhus.dk", OrgenhedUUID=OFFICE))
    assert [(aside.column, aside.pending) for aside in said.set_aside] == [("CPR", False)]
    assert anna.sent == []


def test_of_files_that_give_an_engagement_two_people_the_first_stands(world: People) -> None:
    said = world.tell({name("nye", 10): text([person()]), name("ret", 11): text([person(CPR=BO)])})
    assert [aside.ref.file for aside in said.set_aside] == [name("ret", 11)]
    assert world.job(part=1) == f"{ANNA_UUID} 1-"
    assert BO_UUID not in world.store.state()["employee"]


# Names


def test_a_changed_name_begins_on_the_file_date(anna: People) -> None:
    anna.ret(20, person(CPRNavn="Anna Berg"))
    assert anna.name_of(ANNA_UUID) == "Anna|Andersen 0-19, Anna|Berg 20-"


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
    assert world.name_of(ANNA_UUID) == "Anna|Andersen 0-"
    assert [world.email(), world.account()] == ["anna@aarhus.dk 10-", "AZ1 10-"]
    told = "differs between the rows of one person: this row wins"
    assert world.complaints == [f"2 {column} {told}" for column in ("CPRNavn", "Email", "AZID")]


def test_of_equals_the_later_line_speaks_for_the_person(world: People) -> None:
    world.nye(10, person(), person(UUID=SECOND_JOB, CPRNavn="Anna Berg", Email="berg@aarhus.dk", AZID="AZ2"))
    assert world.name_of(ANNA_UUID) == "Anna|Berg 0-"
    assert [world.email(), world.account()] == ["berg@aarhus.dk 10-", "AZ2 10-"]


def test_a_value_beats_an_empty_one_even_of_the_primary_engagement(world: People) -> None:
    other = person(UUID=SECOND_JOB, Email="anna@aarhus.dk", AZID="AZ1", PrimærAnsættelse="Nej")
    world.nye(10, person(Email="", AZID=""), other)
    assert [world.email(), world.account()] == ["anna@aarhus.dk 10-", "AZ1 10-"]


def test_a_row_that_has_ended_does_not_vote(world: People) -> None:
    past = person(CPRNavn="Anna Berg", Email="berg@aarhus.dk", AZID="AZ2", SlutTid=day(9))
    now = person(UUID=SECOND_JOB, Email="", AZID="", PrimærAnsættelse="Nej")
    world.nye(10, past, now)
    assert world.name_of(ANNA_UUID) == "Anna|Andersen 0-"
    assert [world.email(), world.account()] == ["", ""]
    assert world.complaints == []


def test_a_row_that_ends_today_votes(world: People) -> None:
    last_day = person(CPRNavn="Anna Berg", SlutTid=day(10))
    world.nye(10, last_day, person(UUID=SECOND_JOB, PrimærAnsættelse="Nej"))
    assert world.name_of(ANNA_UUID) == "Anna|Berg 0-"


def test_rows_that_have_all_ended_vote(world: People) -> None:
    world.nye(10, person(CPRNavn="Anna Berg", SlutTid=day(8)), person(UUID=SECOND_JOB, SlutTid=day(9)))
    assert world.name_of(ANNA_UUID) == "Anna|Andersen 0-"
    world.nye(11, person(CPRNavn="Anna Berg", SlutTid=day(8)))
    assert world.name_of(ANNA_UUID) == "Anna|Andersen 0-10, Anna|Berg 11-"


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


def test_an_engagement_of_mo_that_the_file_does_not_name_keeps_them(world: People) -> None:
    world.has_person(ANNA_UUID, ANNA)
    world.has_job(SECOND_JOB, ANNA_UUID, (LONG_AGO, DAYS[40]))
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
    address = anna.store.state()["address"][oracle.email_of(ANNA)]
    assert [each["user_key"] for each in address] == ["anna@aarhus.dk", "ny@aarhus.dk"]


def test_a_bad_e_mail_costs_the_e_mail_only(anna: People) -> None:
    said = anna.ret(20, person(Email="anna at aarhus", OrgenhedUUID=OFFICE, SlutTid=day(40)))
    assert said.set_aside == []
    assert [notice.fault for notice in said.notices] == [True]
    assert anna.job(part=2) == f"{SCHOOL} 1-19, {OFFICE} 20-40"
    assert anna.email() == "anna@aarhus.dk 2-40"


def test_a_column_that_the_file_lacks_says_nothing(anna: People) -> None:
    anna.ret(20, person(), without=["Email", "AZID"])
    assert anna.sent == []


def test_e_mail_and_account_are_there_while_an_engagement_is_only_announced(world: People) -> None:
    world.nye(10, person(StartTid=day(30), SlutTid=day(40)))
    assert [world.job(), world.email()] == ["1-1 30-40", "anna@aarhus.dk 10-40"]


# Engagements


def test_a_changed_engagement_begins_on_the_file_date(anna: People) -> None:
    anna.ret(20, person(OrgenhedUUID=OFFICE))
    assert anna.job(part=2) == f"{SCHOOL} 1-19, {OFFICE} 20-"


def test_a_changed_row_of_an_unknown_engagement_counts_as_new_and_keeps_counting_so(world: People) -> None:
    drop = {name("ret", 10): text([person(StartTid=day(5))])}
    said = world.tell(drop)
    assert world.job() == "1-1 5-"
    assert said.as_nye == {name("ret", 10): frozenset({2})}
    world.tell({name("ret", 10): text([person(StartTid=day(7))])}, as_nye=said.as_nye)
    assert world.job() == "1-1 5-"  # the days before are not claimed any more, and left as they are


def test_a_change_announced_ahead_leaves_what_is_until_then(anna: People) -> None:
    anna.ret(10, person(StartTid=day(30), OrgenhedUUID=OFFICE))
    assert anna.job(part=2) == f"{SCHOOL} 1-29, {OFFICE} 30-"
    assert anna.email() == "anna@aarhus.dk 2-"


def test_a_row_up_to_an_announced_change_leaves_it_and_is_told(anna: People) -> None:
    anna.ret(10, person(StartTid=day(30), OrgenhedUUID=OFFICE))
    anna.ret(20, person(SlutTid=day(29), PrimærAnsættelse="Nej"))
    assert anna.job(part=2) == f"{SCHOOL} 1-29, {OFFICE} 30-"
    assert anna.job(part=5) == f"{oracle.PRIMARY} 1-19, {oracle.NOT_PRIMARY} 20-29, {oracle.PRIMARY} 30-"
    assert anna.email() == "anna@aarhus.dk 2-"
    assert any("announced" in line for line in anna.complaints)


def test_an_end_is_matched_by_the_uuid_of_the_engagement_alone(anna: People) -> None:
    anna.luk(20, ended(CPR=BO, CPRNavn="Somebody Else"))
    assert anna.job() == "1-1 1-20"
    assert anna.email() == "anna@aarhus.dk 2-20"
    assert anna.name_of(ANNA_UUID) == "Anna|Andersen 0-"
    assert BO_UUID not in anna.store.state()["employee"]


def test_an_end_with_an_unreadable_cpr_number_is_an_end(anna: People) -> None:
    anna.luk(20, ended(CPR="x"))
    assert anna.job() == "1-1 1-20"


def test_the_end_of_an_engagement_that_nobody_knows_changes_nothing_and_is_told(world: People) -> None:
    world.has_person(ANNA_UUID, ANNA)
    world.has_job(JOB, ANNA_UUID, (LONG_AGO, DAYS[5]))
    world.has_email(oracle.email_of(ANNA), ANNA_UUID, "anna@aarhus.dk", (LONG_AGO, FOREVER))
    world.has_account(oracle.account_of(ANNA), ANNA_UUID, "AZ1", (LONG_AGO, FOREVER))
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
        assert [each.job(), each.email(), each.account()] == ["", "anna@aarhus.dk 10-20", "AZ1 10-20"]


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


def test_an_end_supersedes_nothing(world: People) -> None:
    said = world.tell(
        {name("nye", 10): text([person(OrgenhedUUID=NOWHERE)]), name("luk", 20): text([ended()])}
    )
    assert [aside.ref.file for aside in said.set_aside] == [name("nye", 10)]


def test_a_pending_row_is_not_superseded_by_a_word_on_another_engagement(world: People) -> None:
    first = {name("nye", 10): text([person(OrgenhedUUID=NOWHERE)])}
    said = world.tell(first | {name("ret", 20): text([person(UUID=SECOND_JOB)])})
    assert [aside.ref.file for aside in said.set_aside] == [name("nye", 10)]


def test_dates_that_cannot_be_read_set_aside_the_other_rows_of_the_person(anna: People) -> None:
    said = anna.ret(20, person(CPRNavn="Anna Berg"), person(UUID=SECOND_JOB, StartTid="30-02-2026"))
    assert sorted(aside.ref.line for aside in said.set_aside) == [2, 3]
    assert anna.sent == []


def test_an_engagement_in_a_unit_that_is_not_there_all_the_time_is_a_warning(world: People) -> None:
    world.store.terminate("org_unit", SCHOOL, DAYS[30], FOREVER)
    try:
        world.client.remembered = None
        said = world.nye(10, person())
    finally:
        world.store.edit("org_unit", SCHOOL, DAYS[30], FOREVER, {})
    assert said.set_aside == []
    assert world.complaints == [f"2 the unit {SCHOOL} is not there on every day of the engagement"]


# AZ accounts


def employed(*accounts: tuple[str, str, int, int]) -> People:
    """Anna, employed, with accounts: the uuid, the user key, the first and the last day."""
    world = People()
    world.has_person(ANNA_UUID, ANNA)
    world.has_job(JOB, ANNA_UUID, (LONG_AGO, FOREVER))
    for uuid, user_key, start, end in accounts:
        world.has_account(uuid, ANNA_UUID, user_key, (DAYS[start], DAYS[end]))
    return world


OURS = oracle.account_of(ANNA)
END = len(DAYS) - 1


def accounts_of(world: People) -> dict[str, str]:
    uuids = world.store.state()["it"]
    return {uuid: world.told("account", uuid) for uuid in uuids}


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
    world.has("itsystem", ad, (LONG_AGO, FOREVER), user_key="AD", name="AD")
    world.has_account(HAND_MADE, ANNA_UUID, "AZ1", (LONG_AGO, FOREVER), system=ad)
    world.ret(10, person())
    assert accounts_of(world) == {HAND_MADE: "AZ1 0-", OURS: "AZ1 10-"}
    assert world.told("account", OURS, part=1) == f"{AZ} 10-"


def test_an_emptied_azid_ends_the_derived_account_once_and_not_the_other_when_it_is_told_again() -> None:
    world = employed((OURS, "AZ1", 0, END), (HAND_MADE, "HAND", 0, END))
    for _ in range(2):
        world.ret(10, person(AZID=""))
        assert accounts_of(world) == {OURS: "AZ1 0-9", HAND_MADE: "HAND 0-"}


def test_a_derived_account_that_mo_has_for_somebody_else_is_left_as_it_is() -> None:
    world = employed()
    world.has_person(BO_UUID, BO, "Bo Berg")
    world.has_account(OURS, BO_UUID, "OLD", (LONG_AGO, FOREVER))
    world.ret(10, person())
    assert accounts_of(world) == {OURS: "OLD 0-"}
    assert world.complaints == [
        f"2 the account {OURS} is of another person or IT system in MO: left as it is"
    ]


def test_an_account_of_the_earlier_importer_keeps_its_value_as_user_key_until_it_changes() -> None:
    world = employed((OURS, "AZ1", 0, END))
    world.has_email(oracle.email_of(ANNA), ANNA_UUID, "anna@aarhus.dk", (LONG_AGO, FOREVER))
    world.ret(10, person())
    assert world.sent == []


# The whole


def test_rows_of_one_person_in_two_files_make_one_person(world: People) -> None:
    world.tell({name("nye", 10): text([person()]), name("ret", 10): text([person(UUID=SECOND_JOB)])})
    assert list(world.store.state()["employee"]) == [ANNA_UUID]
    assert len(world.store.state()["address"]) == len(world.store.state()["it"]) == 1
    assert len(world.store.state()["engagement"]) == 2


def test_a_run_answers_for_the_people_that_its_new_rows_speak_of_only(anna: People) -> None:
    again = {name("nye", 2): text([person(Email="glemt@aarhus.dk"), person(UUID=THIRD_JOB, CPR=BO)])}
    anna.tell(
        again | {name("ret", 5): text([person(UUID=THIRD_JOB, CPR=BO)])},
        counted={name("nye", 2): frozenset()},
    )
    assert anna.email() == "anna@aarhus.dk 2-"
    assert anna.job(THIRD_JOB) == "1-1 1-"


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
    assert date.fromisoformat(world.store.state()["engagement"][JOB][0]["from"]) == DAYS[5]
