"""What MO's REST interface does beyond the recordings: rules that were measured, and lists that are all or nothing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import FOREVER

if TYPE_CHECKING:
    from .conftest import Client

UNIT = "00000000-0000-4000-8000-000000000001"
CHILD = "00000000-0000-4000-8000-000000000002"
PERSON = "00000000-0000-4000-8000-000000000003"
OBJECT = "00000000-0000-4000-8000-000000000004"
OTHER = "00000000-0000-4000-8000-000000000005"
UNIT_TYPE = "94ff5280-dac3-586f-809a-c13813cd7fb4"
LINE = "90d3d46b-b1ad-58c2-a4e3-019e739566d5"
TEXT = "3f6e4401-6ab0-54d2-ac00-281d63487c0e"
EAN = "fb4cca30-34e1-5fa0-9154-3b959ca655f1"
AD = "d35cb99d-06cb-5e03-9ad3-d6c6f4ae6e7f"


def unit(
    uuid: str = UNIT, start: str = "2000-01-01", end: str | None = None, **fields: Any
) -> dict[str, Any]:
    item = {
        "type": "org_unit",
        "uuid": uuid,
        "user_key": "k",
        "name": "A",
        "org_unit_type": {"uuid": UNIT_TYPE},
    }
    return {**item, "validity": {"from": start, "to": end}, **fields}


def unit_edit(start: str, end: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"type": "org_unit", "data": {"uuid": UNIT, **fields, "validity": {"from": start, "to": end}}}


def address(uuid: str = OBJECT, value: str = "v", kind: str = TEXT) -> dict[str, Any]:
    return {
        "type": "address",
        "uuid": uuid,
        "value": value,
        "user_key": value,
        "address_type": {"uuid": kind},
        "org_unit": {"uuid": UNIT},
        "validity": {"from": "2000-01-01", "to": None},
    }


def account(uuid: str, start: str, end: str | None = None, user_key: str = "AZ1") -> dict[str, Any]:
    return {
        "type": "it",
        "uuid": uuid,
        "user_key": user_key,
        "person": {"uuid": PERSON},
        "itsystem": {"uuid": AD},
        "validity": {"from": start, "to": end},
    }


def person(store: MoStore) -> None:
    fields = {"user_key": "p", "givenname": "A", "surname": "B"}
    store.create("employee", PERSON, date(1985, 1, 1), FOREVER, fields)


def account_edit(uuid: str, start: str, end: str | None = None, user_key: str = "AZ1") -> dict[str, Any]:
    validity = {"from": start, "to": end}
    return {"type": "it", "uuid": uuid, "data": {"user_key": user_key, "validity": validity}}


def shown(store: MoStore, kind: str, uuid: str, *fields: str) -> list[tuple[Any, ...]]:
    return [
        (each["from"], each["to"], *(each[name] for name in fields)) for each in store.state()[kind][uuid]
    ]


def test_create_overwrites_an_object_with_its_whole_history(client: Client, store: MoStore) -> None:
    client.create(unit(end="2010-12-31", org_unit_hierarchy={"uuid": LINE}))
    assert client.create(unit(start="2012-01-01", name="B")).json() == UNIT
    assert shown(store, "org_unit", UNIT, "name", "org_unit_hierarchy") == [("2012-01-01", None, "B", None)]


def test_an_edit_without_an_end_overwrites_what_comes_later_and_revives_what_ended(
    client: Client, store: MoStore
) -> None:
    client.create(unit(end="2010-12-31"))
    client.edit(unit_edit("2015-01-01", "2015-12-31", name="C", user_key="k"))
    client.edit(unit_edit("2008-01-01", name="B", user_key="k", org_unit_type={"uuid": UNIT_TYPE}))
    assert shown(store, "org_unit", UNIT, "name") == [
        ("2000-01-01", "2007-12-31", "A"),
        ("2008-01-01", None, "B"),
    ]


def test_a_unit_is_moved_to_the_root_by_null_and_only_by_null(client: Client, store: MoStore) -> None:
    client.create([unit(CHILD), unit(parent={"uuid": CHILD})])
    client.edit(unit_edit("2001-01-01", "2001-12-31", name="B"))
    client.edit(unit_edit("2002-01-01", name="C", parent=None))
    assert shown(store, "org_unit", UNIT, "parent") == [
        ("2000-01-01", "2000-12-31", CHILD),
        ("2001-01-01", "2001-12-31", CHILD),
        ("2002-01-01", None, None),
    ]


def test_a_unit_below_the_organisation_has_no_parent(client: Client, store: MoStore) -> None:
    client.create([unit(parent={"uuid": store.organisation}), unit(CHILD, parent={"uuid": UNIT})])
    client.edit({"type": "org_unit", "data": {**unit(CHILD), "parent": {"uuid": store.organisation}}})
    assert shown(store, "org_unit", UNIT, "parent") == [("2000-01-01", None, None)]
    assert shown(store, "org_unit", CHILD, "parent") == [("2000-01-01", None, None)]


@pytest.mark.parametrize("nothing", [None, {}])
def test_the_hierarchy_of_a_unit_cannot_be_cleared(client: Client, store: MoStore, nothing: Any) -> None:
    client.create(unit(org_unit_hierarchy={"uuid": LINE}))
    assert client.edit(unit_edit("2001-01-01", name="A", org_unit_hierarchy=nothing)).status_code == 200
    assert shown(store, "org_unit", UNIT, "org_unit_hierarchy") == [("2000-01-01", None, LINE)]


@pytest.mark.parametrize(
    "validity",
    [
        {"from": "2010-01-02", "to": "2010-01-01"},
        {"from": "2010-01-01", "to": "9999-12-31"},
    ],
)
def test_dates_that_the_database_refuses(client: Client, store: MoStore, validity: dict[str, str]) -> None:
    assert client.create(unit(validity=validity)).json()["error_key"] == "E_UNKNOWN"
    client.create(unit())
    assert client.edit(unit_edit("2001-01-01", validity=validity)).status_code == 200
    assert client.terminate({"type": "org_unit", "uuid": UNIT, "validity": validity}).status_code == 500
    assert shown(store, "org_unit", UNIT, "name")[0][:2] == ("2000-01-01", None)


def test_a_unit_without_a_type_is_found_only_when_it_is_written(client: Client, store: MoStore) -> None:
    bad = unit(CHILD, org_unit_type=None)
    answer = client.create([unit(), bad])
    assert (answer.status_code, answer.json()["error_key"]) == (500, "E_UNKNOWN")
    assert store.state()["org_unit"] == {}


def test_an_empty_name_needs_force(client: Client, store: MoStore) -> None:
    assert client.create(unit(name=""), force=0).status_code == 400
    assert client.create(unit(name="")).status_code == 201
    assert shown(store, "org_unit", UNIT, "name") == [("2000-01-01", None, None)]


def test_force_skips_syntax_and_references_but_not_the_address_type(client: Client, store: MoStore) -> None:
    assert client.create(address(value="12", kind=EAN)).status_code == 201
    assert client.create(address(OTHER, kind=OTHER)).json()["description"] == "Missing scope"
    assert set(store.state()["address"]) == {OBJECT}


def test_a_list_of_edits_is_all_or_nothing(client: Client, store: MoStore) -> None:
    client.create([unit(), unit(CHILD)])
    before = store.state()
    missing = {"type": "address", "uuid": OTHER, "data": {**address(OTHER)}}
    answer = client.edit([unit_edit("2001-01-01", name="B", user_key="k"), missing])
    assert answer.status_code == 404
    assert store.state() == before


def test_items_without_an_object_answer_null_in_their_place(client: Client) -> None:
    client.create(unit())
    gone = {"type": "org_unit", "uuid": OTHER, "validity": {"to": "2010-12-31"}}
    assert client.terminate([gone, {**gone, "uuid": UNIT}]).json() == [None, UNIT]
    nobody = {"type": "employee", "uuid": OTHER, "data": {"name": "A B", "validity": {"from": "2020-01-01"}}}
    assert client.edit([nobody]).json() == [None]


def test_an_account_brought_back_keeps_its_person_and_system(client: Client, store: MoStore) -> None:
    client.create(account(OBJECT, "2020-01-01", "2020-12-31"))
    assert client.edit(account_edit(OBJECT, "2022-01-01")).json() == OBJECT
    assert shown(store, "it", OBJECT, "person", "itsystem", "user_key") == [
        ("2020-01-01", "2020-12-31", PERSON, AD, "AZ1"),
        ("2022-01-01", None, PERSON, AD, "AZ1"),
    ]


def test_an_account_may_be_edited_where_it_is_active(client: Client, store: MoStore) -> None:
    client.create(account(OBJECT, "2020-01-01"))
    assert client.edit(account_edit(OBJECT, "2019-01-01", "2020-06-30")).status_code == 200
    assert shown(store, "it", OBJECT, "user_key") == [("2019-01-01", None, "AZ1")]


def test_an_edit_that_makes_two_accounts_equal_is_refused_only_where_it_names_person_and_system(
    client: Client, store: MoStore
) -> None:
    person(store)
    client.create(account(OBJECT, "2020-01-01"))
    client.create(account(OTHER, "2020-01-01", user_key="AZ2"))
    whole = {"type": "it", "uuid": OTHER, "data": account(OTHER, "2021-01-01")}
    assert client.edit(whole).json()["error_key"] == "V_DUPLICATED_IT_USER"
    assert shown(store, "it", OTHER, "user_key") == [("2020-01-01", None, "AZ2")]
    assert client.edit(account_edit(OTHER, "2021-01-01")).status_code == 200


def test_an_ended_account_brought_back_beside_an_equal_one_poisons_the_person(client: Client) -> None:
    client.create(account(OBJECT, "2020-01-01", "2020-12-31"))
    client.create(account(OTHER, "2021-01-01"))
    assert client.edit(account_edit(OBJECT, "2022-01-01")).status_code == 200
    new = account("00000000-0000-4000-8000-000000000009", "2023-01-01", user_key="AZ9")
    assert client.create(new).json()["error_key"] == "V_DUPLICATED_IT_USER"


def test_two_equal_accounts_slip_in_by_one_list(client: Client) -> None:
    equal = [account(OBJECT, "2020-01-01"), account(OTHER, "2020-01-01")]
    assert client.create(equal).status_code == 201
    new = account("00000000-0000-4000-8000-000000000009", "2023-01-01", user_key="AZ9")
    assert client.create(new).json()["error_key"] == "V_DUPLICATED_IT_USER"


def test_an_engagement_never_changes_its_person(client: Client, store: MoStore) -> None:
    fields = {
        "user_key": "e",
        "person": {"uuid": PERSON},
        "org_unit": {"uuid": UNIT},
        "job_function": {"uuid": TEXT},
        "engagement_type": {"uuid": TEXT},
    }
    validity = {"from": "2020-01-01", "to": "2020-12-31"}
    client.create({"type": "engagement", "uuid": OBJECT, **fields, "validity": validity})
    data = {**fields, "person": {"uuid": OTHER}, "validity": {"from": "2020-06-01", "to": "2021-12-31"}}
    assert client.edit({"type": "engagement", "uuid": OBJECT, "data": data}).json() == OBJECT
    assert shown(store, "engagement", OBJECT, "person") == [("2020-01-01", "2021-12-31", PERSON)]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Anna Marie Hansen", ("Anna Marie", "Hansen")),
        ("Bo", ("Bo", "")),
        ("Anna  Hansen", ("Anna ", "Hansen")),
    ],
)
def test_names_are_split_at_the_last_space(
    client: Client, store: MoStore, name: str, split: tuple[str, str]
) -> None:
    client.create({"type": "employee", "uuid": PERSON, "name": name, "cpr_no": "0101850000"})
    assert shown(store, "employee", PERSON, "givenname", "surname") == [("1985-01-01", None, *split)]


@pytest.mark.parametrize(
    ("cpr", "born"),
    [
        ("0101850000", "1985-01-01"),
        ("0101364000", "2036-01-01"),
        ("0101374000", "1937-01-01"),
        ("0101575000", "2057-01-01"),
        ("0101585000", "1858-01-01"),
        ("2902004000", "2000-02-29"),
    ],
)
def test_a_person_is_there_from_the_birth_date_on(
    client: Client, store: MoStore, cpr: str, born: str
) -> None:
    client.create({"type": "employee", "uuid": PERSON, "name": "A B", "cpr_no": cpr})
    assert shown(store, "employee", PERSON, "cpr_no") == [(born, None, cpr)]


@pytest.mark.parametrize("cpr", ["2902010000", "010185-0000", "010185000", "0113850000"])
def test_an_impossible_cpr_number_is_refused_with_force_too(client: Client, store: MoStore, cpr: str) -> None:
    answer = client.create({"type": "employee", "uuid": PERSON, "name": "A B", "cpr_no": cpr})
    assert answer.json()["error_key"] == "V_CPR_NOT_VALID"
    assert store.state()["employee"] == {}


def test_with_force_there_can_be_two_people_of_one_cpr_number(client: Client, store: MoStore) -> None:
    item = {"type": "employee", "name": "A B", "cpr_no": "0101850000"}
    client.create({**item, "uuid": PERSON})
    assert client.create({**item, "uuid": OTHER}, force=0).status_code == 409
    assert client.create({**item, "uuid": PERSON}, force=0).status_code == 201
    assert client.create({**item, "uuid": OTHER}).status_code == 201
    assert set(store.state()["employee"]) == {PERSON, OTHER}


def test_a_class_is_put_under_a_facet_by_uuid_or_user_key(client: Client, store: MoStore, seed: Any) -> None:
    facet = seed["facets"]["manager_type"]
    body = {"uuid": OBJECT, "user_key": "k", "name": "n", "scope": "TEXT"}
    for key in ("manager_type", facet):
        assert client.request("POST", f"/service/f/{key}/", body).json() == OBJECT
    assert shown(store, "class", OBJECT, "facet_uuid", "name") == [(None, None, facet, "n")]
    assert client.request("POST", "/service/f/no_such_facet/", body).status_code == 404


def test_the_organisation_counts_what_is_valid_today(client: Client, store: MoStore) -> None:
    client.create([unit(), unit(CHILD, end="2010-12-31"), unit(OTHER, start="2900-01-01")])
    client.create({"type": "employee", "uuid": PERSON, "name": "A B", "cpr_no": "0101850000"})
    assert client.get("/service/o/").json()[0]["uuid"] == store.organisation
    counts = client.get(f"/service/o/{store.organisation}/").json()
    assert {name: counts[name] for name in counts if name.endswith("_count")} == {
        "unit_count": 1,
        "person_count": 1,
        "engagement_count": 0,
        "manager_count": 0,
        "association_count": 0,
        "leave_count": 0,
        "role_count": 0,
    }


def test_one_broken_unit_makes_the_counts_fail(client: Client, store: MoStore) -> None:
    path = f"/service/o/{store.organisation}/"
    client.create([unit(parent={"uuid": CHILD}), unit(CHILD, parent={"uuid": UNIT})])
    assert client.get(path).status_code == 500
    store.edit("org_unit", CHILD, date(2000, 1, 1), FOREVER, {"parent": None})
    assert client.get(path).status_code == 200
    client.create(unit(OTHER, start="0001-01-01"))
    assert client.get(path).status_code == 500
