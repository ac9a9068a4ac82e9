"""What is sent of an operation, field by field: as MO needs it, and no more."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from aarhus_los.cpr import Cpr
from aarhus_los.mo.histories import read_page
from aarhus_los.mo.model import (
    Account,
    Address,
    Class,
    Engagement,
    Facet,
    ItSystem,
    Kind,
    Manager,
    Mark,
    Organisation,
    Person,
    Unit,
    Value,
    references,
)
from aarhus_los.mo.payloads import create, edit, terminate
from aarhus_los.timeline import BEGINNING, FOREVER

START, END = date(2026, 1, 1), date(2026, 3, 31)
WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}
CPR = Cpr("0101701231")


def created(kind: Kind, value: Value, mark: str | None = None) -> Any:
    return create(kind, "u", value, START, END, mark)


def edited(kind: Kind, value: Value, mark: str | None = None) -> Any:
    return edit(kind, "u", value, START, END, mark)


def test_a_unit() -> None:
    fields = {"user_key": "1", "name": "A", "org_unit_type": {"uuid": "t"}}
    value = Unit("1", "A", "p", "t")
    assert created(Kind.ORG_UNIT, value) == {
        "type": "org_unit",
        "uuid": "u",
        **fields,
        "parent": {"uuid": "p"},
        "validity": WINDOW,
    }
    assert edited(Kind.ORG_UNIT, value) == {
        "type": "org_unit",
        "data": {"uuid": "u", **fields, "parent": {"uuid": "p"}, "validity": WINDOW},
    }


def test_a_root_unit_is_made_without_a_parent_and_moved_there_with_null() -> None:
    """A parent that is left out of an edit would stay."""
    value = Unit("1", "A", None, "t")
    assert "parent" not in created(Kind.ORG_UNIT, value)
    assert edited(Kind.ORG_UNIT, value)["data"]["parent"] is None


def test_a_mark_is_sent_where_it_is_given_and_nowhere_else() -> None:
    """Null in its place would be ignored, and any other class takes it away on all other days."""
    value = Unit("1", "A", None, "t")
    assert created(Kind.ORG_UNIT, value, "m")["org_unit_hierarchy"] == {"uuid": "m"}
    assert edited(Kind.ORG_UNIT, value, "m")["data"]["org_unit_hierarchy"] == {"uuid": "m"}
    assert "org_unit_hierarchy" not in created(Kind.ORG_UNIT, value)
    assert "org_unit_hierarchy" not in edited(Kind.ORG_UNIT, value)["data"]


@pytest.mark.parametrize(
    ("value", "owner"),
    [
        (Address("v", "t", org_unit="o"), {"org_unit": {"uuid": "o"}}),
        (Address("v", "t", person="p"), {"person": {"uuid": "p"}}),
    ],
)
def test_an_address_has_its_value_as_user_key_and_one_owner(value: Address, owner: Any) -> None:
    fields = {"value": "v", "user_key": "v", "address_type": {"uuid": "t"}, **owner, "validity": WINDOW}
    assert created(Kind.ADDRESS, value) == {"type": "address", "uuid": "u", **fields}
    assert edited(Kind.ADDRESS, value) == {"type": "address", "uuid": "u", "data": fields}


def test_a_person_is_made_with_name_and_number_from_birth_on_by_itself() -> None:
    named = Person.named("Anna Marie Hansen", CPR)
    made = {"type": "employee", "uuid": "u", "name": "Anna Marie Hansen", "cpr_no": "0101701231"}
    assert created(Kind.EMPLOYEE, named) == made
    assert created(Kind.EMPLOYEE, Person.named("Anna")) == {"type": "employee", "uuid": "u", "name": "Anna"}
    names = {"givenname": "Anna Marie", "surname": "Hansen"}
    assert edited(Kind.EMPLOYEE, named) == {
        "type": "employee",
        "uuid": "u",
        "data": {**names, "validity": WINDOW},
    }


def test_a_name_of_one_word_is_sent_with_a_surname_of_one_space() -> None:
    """An empty one would keep the old surname."""
    data = edited(Kind.EMPLOYEE, Person.named("Eva", CPR))["data"]
    assert (data["givenname"], data["surname"]) == ("Eva", " ")


@pytest.mark.parametrize(
    ("name", "given", "surname"),
    [
        ("Anna Marie Hansen", "Anna Marie", "Hansen"),
        ("Eva", "Eva", ""),
        ("  Anna   Hansen ", "Anna", "Hansen"),
    ],
)
def test_a_name_is_split_at_the_last_space_and_read_as_it_was_sent(
    name: str, given: str, surname: str
) -> None:
    value = Person.named(name)
    assert (value.given_name, value.surname) == (given, surname)
    shown = {"given_name": given, "surname": surname or " ", "cpr_number": None}
    uuid, validity = "0a3f50c4-379f-42b8-8044-0003ba298018", {"from": None, "to": None}
    listed = {"persons": {"objects": [{"uuid": uuid, "validities": [{**shown, "validity": validity}]}]}}
    (read,) = read_page(listed, Kind.EMPLOYEE, 30).objects[uuid]
    assert read.value == value
    assert value.name == " ".join(name.split())


def test_the_number_of_a_person_makes_no_difference() -> None:
    assert Person.named("Anna", CPR) == Person.named("Anna")


def test_an_engagement() -> None:
    value = Engagement("1-1", "p", "o", "j", "e", "y")
    fields = {
        "user_key": "1-1",
        "person": {"uuid": "p"},
        "org_unit": {"uuid": "o"},
        "job_function": {"uuid": "j"},
        "engagement_type": {"uuid": "e"},
        "validity": WINDOW,
    }
    item = {"type": "engagement", "uuid": "u"}
    assert created(Kind.ENGAGEMENT, value) == {**item, **fields, "primary": {"uuid": "y"}}
    assert edited(Kind.ENGAGEMENT, value) == {**item, "data": {**fields, "primary": {"uuid": "y"}}}
    assert created(Kind.ENGAGEMENT, Engagement("1-1", "p", "o", "j", "e", None)) == {**item, **fields}


def test_an_account_keeps_its_system_and_person() -> None:
    value = Account("AZ1", "s", "p")
    assert created(Kind.IT, value) == {
        "type": "it",
        "uuid": "u",
        "user_key": "AZ1",
        "itsystem": {"uuid": "s"},
        "person": {"uuid": "p"},
        "validity": WINDOW,
    }
    assert edited(Kind.IT, value)["data"] == {"user_key": "AZ1", "validity": WINDOW}


def test_a_manager() -> None:
    value = Manager("o", "p", "t", "l", ("r", "s"))
    assert edited(Kind.MANAGER, value) == {
        "type": "manager",
        "uuid": "u",
        "data": {
            "org_unit": {"uuid": "o"},
            "person": {"uuid": "p"},
            "manager_type": {"uuid": "t"},
            "manager_level": {"uuid": "l"},
            "responsibility": [{"uuid": "r"}, {"uuid": "s"}],
            "validity": WINDOW,
        },
    }


# Windows


@pytest.mark.parametrize(
    ("start", "end", "validity"),
    [
        (START, END, WINDOW),
        (START, FOREVER, {"from": "2026-01-01", "to": None}),
        (BEGINNING, END, {"from": None, "to": "2026-03-31"}),
        (START, START, {"from": "2026-01-01", "to": "2026-01-01"}),
    ],
)
def test_a_window_names_its_last_day_and_no_end_with_null(start: date, end: date, validity: Any) -> None:
    item: Any = edit(Kind.IT, "u", Account("AZ1", "s", "p"), start, end)
    assert item["data"]["validity"] == validity


@pytest.mark.parametrize(
    ("start", "end", "validity"),
    [
        (START, END, WINDOW),
        (START, FOREVER, {"to": "2025-12-31"}),
    ],
)
def test_an_end_for_good_names_the_last_day_that_is_left(start: date, end: date, validity: Any) -> None:
    assert terminate(Kind.ADDRESS, "u", start, end) == {"type": "address", "uuid": "u", "validity": validity}


def test_the_window_of_a_mutation_ends_with_the_day_after_its_last() -> None:
    made: Any = created(Kind.CLASS, Class("f", "k", "N", "TEXT"))
    assert made == {
        "mutation": "class_create",
        "input_type": "ClassCreateInput",
        "input": {
            "uuid": "u",
            "facet_uuid": "f",
            "user_key": "k",
            "name": "N",
            "scope": "TEXT",
            "published": "Publiceret",
            "validity": {"from": "2026-01-01", "to": "2026-04-01"},
        },
    }
    last: Any = edit(Kind.CLASS, "u", Class("f", "k", "N", "TEXT"), START, START)
    assert last["mutation"] == "class_update"
    assert last["input"]["validity"] == {"from": "2026-01-01", "to": "2026-01-02"}
    item: Any = create(Kind.FACET, "u", Facet("k"), BEGINNING, FOREVER)
    assert item["input"]["validity"] == {"from": None, "to": None}


def test_an_it_system_and_the_organisation_are_mutated() -> None:
    item: Any = edited(Kind.ITSYSTEM, ItSystem("AZ", "Azure"))
    assert (item["mutation"], item["input_type"]) == ("itsystem_update", "ITSystemUpdateInput")
    assert edited(Kind.ORGANISATION, Organisation(751)) == {
        "mutation": "org_create",
        "input_type": "OrganisationCreate",
        "input": {"municipality_code": 751},
    }


# What must be there first


@pytest.mark.parametrize(
    ("kind", "value", "needs"),
    [
        (Kind.ORG_UNIT, Unit("1", "A", "p", "t"), [(Kind.ORG_UNIT, "p"), (Kind.CLASS, "t")]),
        (Kind.ORG_UNIT, Unit("1", "A", None, None), []),
        (Kind.MARK, Mark("m"), [(Kind.CLASS, "m")]),
        (Kind.ADDRESS, Address("v", "t", person="p"), [(Kind.CLASS, "t"), (Kind.EMPLOYEE, "p")]),
        (Kind.EMPLOYEE, Person.named("Anna", CPR), []),
        (
            Kind.ENGAGEMENT,
            Engagement("1", "p", "o", "j", "e", None),
            [(Kind.EMPLOYEE, "p"), (Kind.ORG_UNIT, "o"), (Kind.CLASS, "j"), (Kind.CLASS, "e")],
        ),
        (Kind.IT, Account("AZ1", "s", "p"), [(Kind.ITSYSTEM, "s"), (Kind.EMPLOYEE, "p")]),
        (
            Kind.MANAGER,
            Manager("o", "p", "t", "l", ("r", "s")),
            [
                (Kind.ORG_UNIT, "o"),
                (Kind.EMPLOYEE, "p"),
                *((Kind.CLASS, uuid) for uuid in ("t", "l", "r", "s")),
            ],
        ),
        (Kind.CLASS, Class("f", "k", "N", "TEXT"), [(Kind.FACET, "f")]),
        (Kind.ORGANISATION, Organisation(751), []),
    ],
)
def test_what_a_value_refers_to(kind: Kind, value: Value, needs: list[Any]) -> None:
    assert list(references(kind, value)) == needs
