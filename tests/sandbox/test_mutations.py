"""GraphQL mutations of units, addresses, people, engagements, accounts and managers, beyond what was recorded of them."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from aarhus_los.sandbox.mo_auth import ROLES
from aarhus_los.sandbox.mo_settings import AddressService
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import BEGINNING, FOREVER

if TYPE_CHECKING:
    from .conftest import Client

UNIT, CHILD, PERSON, OBJECT, OTHER, NOBODY = [str(UUID(int=number)) for number in range(1, 7)]
UNIT_TYPE = "94ff5280-dac3-586f-809a-c13813cd7fb4"
TEXT_TYPE = "3f6e4401-6ab0-54d2-ac00-281d63487c0e"
POSTAL_TYPE = "961ae8e6-8e73-5166-ad21-5138a873a3e5"
JOB = "5e0ffb1e-942c-5ff2-b328-5317b0f91c78"
ENGAGEMENT_TYPE = "d68a7a36-78a5-592f-9e72-c1367f5bc1d8"
AD = "d35cb99d-06cb-5e03-9ad3-d6c6f4ae6e7f"
MANAGER_TYPE = "672c6137-0fdf-5649-b5a7-49cbadb0d114"
LEVEL = "3f297abf-5f80-59c2-a4df-9dba2737f408"
STAFF, BUDGET = "c51c7481-56e5-505c-acac-679cad0dc794", "1ed0d8c0-d7d3-579b-80ac-4a7c28cf2393"
START = date(2000, 1, 1)
ALWAYS = {"from": "2000-01-01"}

TYPES = {
    "org_unit": "OrganisationUnit",
    "address": "Address",
    "employee": "Employee",
    "engagement": "Engagement",
    "ituser": "ITUser",
    "manager": "Manager",
}
GIVEN: dict[str, dict[str, Any]] = {
    "org_unit": {"name": "Enhed", "user_key": "k", "org_unit_type": UNIT_TYPE},
    "address": {"value": "v", "address_type": TEXT_TYPE, "org_unit": UNIT},
    "employee": {"given_name": "Anna", "surname": "Lund"},
    "engagement": {
        "user_key": "e",
        "person": PERSON,
        "org_unit": UNIT,
        "job_function": JOB,
        "engagement_type": ENGAGEMENT_TYPE,
    },
    "ituser": {"user_key": "az1", "itsystem": AD, "person": PERSON},
    "manager": {
        "org_unit": UNIT,
        "person": PERSON,
        "manager_type": MANAGER_TYPE,
        "manager_level": LEVEL,
        "responsibility": [STAFF, BUDGET],
    },
}


def change(name: str, uuid: str = OBJECT, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A mutation of an object that is there from 2000 on; `fields` are beside those that it needs, or other than them."""
    noun, _, verb = name.rpartition("_")
    if verb == "terminate":
        return name, {"uuid": uuid, **fields}
    validity = {} if name == "employee_create" else {"validity": ALWAYS}
    return name, {"uuid": uuid, **GIVEN[noun], **validity, **fields}


def send(client: Client, *changes: tuple[str, Any], version: int = 30) -> dict[str, Any]:
    """The answer to one request with several mutations; a list is for the mutation of several objects."""
    declared, fields, variables = [], [], {}
    for number, (name, given) in enumerate(changes):
        noun, _, verb = name.rpartition("_")
        one = noun if noun in TYPES else noun.removesuffix("es" if noun == "addresses" else "s")
        each = f"{TYPES[one]}{verb.capitalize()}Input!"
        declared.append(f"$i{number}: {f'[{each}]!' if isinstance(given, list) else each}")
        fields.append(f"m{number}: {name}(input: $i{number}) {{ uuid }}")
        variables[f"i{number}"] = given
    return client.graphql(
        f"mutation({', '.join(declared)}) {{ {' '.join(fields)} }}", version=version, **variables
    )


def key(answer: dict[str, Any]) -> str | None:
    """The error key of an answer, None if it has none."""
    [error] = answer["errors"]
    assert answer["data"] is None
    found: str | None = error.get("extensions", {}).get("error_context", {}).get("error_key")
    return found


def there(store: MoStore, kind: str, uuid: str = OBJECT) -> list[tuple[str | None, str | None]]:
    """From when until when an object is there."""
    return [(each["from"], each["to"]) for each in store.state()[kind].get(uuid, [])]


@pytest.fixture(autouse=True)
def furnished(store: MoStore) -> None:
    """A unit and a person."""
    store.create("org_unit", UNIT, START, FOREVER, {"user_key": "u", "name": "A", "org_unit_type": UNIT_TYPE})
    store.create("employee", PERSON, BEGINNING, FOREVER, {"user_key": "p", "givenname": "Ib", "surname": ""})


class TestTheEndOfAUnit:
    """What uses it is ended before it, in the same request or an earlier one."""

    END = ("org_unit_terminate", {"uuid": UNIT, "to": "2020-01-01"})

    @pytest.mark.parametrize(
        ("name", "role"),
        [
            ("address_create", "Adresse"),
            ("engagement_create", "Engagement"),
            ("manager_create", "Leder"),
        ],
    )
    def test_details(self, client: Client, store: MoStore, name: str, role: str) -> None:
        send(client, change(name))
        before = store.state()
        answer = send(client, self.END)
        context = answer["errors"][0]["extensions"]["error_context"]
        assert (context["error_key"], context["roles"]) == ("V_TERMINATE_UNIT_WITH_ROLES", role)
        assert store.state() == before
        ended = change(name.replace("create", "terminate"), to="2020-01-01")
        assert "errors" not in send(client, ended, self.END)
        assert there(store, "org_unit", UNIT) == [("2000-01-01", "2019-12-31")]

    def test_all_roles_are_named(self, client: Client) -> None:
        account = change("ituser_create", str(UUID(int=14)), person=None, org_unit=UNIT)
        send(
            client,
            change("manager_create", str(UUID(int=11))),
            change("engagement_create", str(UUID(int=12))),
            change("address_create", str(UUID(int=13))),
            account,
            change("org_unit_create", CHILD, parent=UNIT),
        )
        context = send(client, self.END)["errors"][0]["extensions"]["error_context"]
        assert context["error_key"] == "V_TERMINATE_UNIT_WITH_CHILDREN_AND_ROLES"
        assert context["roles"] == "Adresse, Engagement, IT-system, Leder"
        assert context["child_count"] == 1

    def test_children(self, client: Client, store: MoStore) -> None:
        send(client, change("org_unit_create", CHILD, parent=UNIT))
        assert key(send(client, self.END)) == "V_TERMINATE_UNIT_WITH_CHILDREN"
        child = ("org_unit_terminate", {"uuid": CHILD, "to": "2020-01-01"})
        assert key(send(client, self.END, child)) == "V_TERMINATE_UNIT_WITH_CHILDREN"
        assert "errors" not in send(client, child, self.END)
        assert there(store, "org_unit", CHILD) == [("2000-01-01", "2019-12-31")]

    def test_a_child_that_has_moved_away_is_none(self, client: Client) -> None:
        send(client, change("org_unit_create", CHILD, parent=UNIT))
        moved = change("org_unit_update", CHILD, parent=None, validity={"from": "2020-01-01"})
        assert "errors" not in send(client, moved, self.END)

    def test_a_gap_looks_at_its_first_day_only(self, client: Client, store: MoStore) -> None:
        gap = ("org_unit_terminate", {"uuid": UNIT, "from": "2010-01-01", "to": "2011-01-01"})
        send(client, change("address_create", validity={"from": "2005-01-01", "to": "2010-01-02"}))
        assert key(send(client, gap)) == "V_TERMINATE_UNIT_WITH_ROLES"
        send(client, change("address_terminate", to="2010-01-01"))
        send(client, change("address_create", OTHER, validity={"from": "2010-06-01"}))
        assert "errors" not in send(client, gap)
        assert there(store, "org_unit", UNIT) == [("2000-01-01", "2009-12-31"), ("2011-01-01", None)]

    @pytest.mark.parametrize(
        "days", [{"to": "1999-12-31"}, {"from": "1999-01-01", "to": "2001-01-01"}, {"to": "2030-01-01"}]
    )
    def test_only_days_on_which_it_is_there_are_taken_away(
        self, client: Client, store: MoStore, days: dict[str, str]
    ) -> None:
        send(client, self.END)
        before = store.state()
        answer = send(client, ("org_unit_terminate", {"uuid": UNIT, **days}))
        assert key(answer) == "V_DATE_OUTSIDE_ORG_UNIT_RANGE"
        assert store.state() == before


class TestSeveralAtOnce:
    """The forms that take a list."""

    @pytest.mark.parametrize(
        ("name", "one", "kind"),
        [
            ("addresses_create", "address_create", "address"),
            ("engagements_create", "engagement_create", "engagement"),
            ("managers_create", "manager_create", "manager"),
            ("itusers_create", "ituser_create", "it"),
        ],
    )
    def test_creates(self, client: Client, store: MoStore, name: str, one: str, kind: str) -> None:
        items = [change(one, uuid, user_key=uuid)[1] for uuid in (OBJECT, OTHER)]
        assert send(client, (name, items)) == {"data": {"m0": [{"uuid": OBJECT}, {"uuid": OTHER}]}}
        assert sorted(store.state()[kind]) == [OBJECT, OTHER]
        assert client.server.requests[-1].objects == 2

    def test_updates_and_one_that_changes_nothing(self, client: Client, store: MoStore) -> None:
        items = [change("engagement_create", uuid)[1] for uuid in (OBJECT, OTHER)]
        send(client, ("engagements_create", items))
        updates = [change("engagement_update", uuid, user_key="new")[1] for uuid in (OBJECT, OTHER)]
        send(client, ("engagements_update", updates))
        state = store.state()
        assert {each[0]["user_key"] for each in state["engagement"].values()} == {"new"}
        newest = change("engagement_update", user_key="newest")[1]
        assert key(send(client, ("engagements_update", [updates[1], newest]))) == "E_UNKNOWN"
        assert "errors" not in send(client, ("engagements_update", [newest, updates[1]]))
        assert store.state() == state

    def test_one_that_is_refused_spoils_all(self, client: Client, store: MoStore) -> None:
        before = store.state()
        items = [change("address_create")[1], change("address_create", OTHER, org_unit=NOBODY)[1]]
        assert key(send(client, ("addresses_create", items))) == "E_ORG_UNIT_NOT_FOUND"
        assert store.state() == before


@pytest.mark.parametrize(
    ("name", "error_key"),
    [
        ("org_unit_update", "E_ORG_UNIT_NOT_FOUND"),
        ("org_unit_terminate", "E_ORG_UNIT_NOT_FOUND"),
        ("address_update", "E_NOT_FOUND"),
        ("address_terminate", "E_NOT_FOUND"),
        ("employee_update", None),
        ("engagement_update", "E_INVALID_INPUT"),
        ("engagement_terminate", "E_NOT_FOUND"),
        ("ituser_update", "E_NOT_FOUND"),
        ("ituser_terminate", "E_NOT_FOUND"),
        ("manager_update", None),
        ("manager_terminate", "E_NOT_FOUND"),
    ],
)
def test_what_mo_does_not_have_is_an_error(client: Client, name: str, error_key: str | None) -> None:
    fields = {"to": "2010-01-01"} if name.endswith("terminate") else {}
    assert key(send(client, change(name, **fields))) == error_key


@pytest.mark.parametrize("noun", TYPES)
def test_each_mutation_has_a_role_of_its_own(client: Client, store: MoStore, noun: str) -> None:
    changes = [change(f"{noun}_create"), change(f"{noun}_update")]
    if noun != "employee":
        changes.append(change(f"{noun}_terminate", to="2010-01-01"))
    for name, given in changes:
        client.server.tokens.roles = {"create_nonsense"}
        client.log_in()
        before = store.state()
        assert "No policy approved the access" in str(send(client, (name, given)))
        assert store.state() == before
        verb = name.rpartition("_")[2]
        client.server.tokens.roles = {f"{verb}_{noun}"}
        client.log_in()
        assert "errors" not in send(client, (name, given))


@pytest.mark.parametrize("version", [21, 28, 29, 30])
def test_the_end_is_not_a_part_of_the_days_in_any_version(
    client: Client, store: MoStore, version: int
) -> None:
    days = {"from": "2001-01-01", "to": "2002-01-01"}
    send(client, change("address_create", validity=days), version=version)
    assert there(store, "address") == [("2001-01-01", "2001-12-31")]
    send(client, change("address_terminate", to="2001-06-01"), version=version)
    assert there(store, "address") == [("2001-01-01", "2001-05-31")]


@pytest.mark.parametrize(("end", "error_key"), [("2001-01-01", "E_UNKNOWN"), ("2000-12-31", None)])
def test_days_that_are_none(client: Client, end: str, error_key: str | None) -> None:
    days = {"from": "2001-01-01", "to": end}
    assert key(send(client, change("org_unit_create", CHILD, validity=days))) == error_key


class TestAManager:
    """Its fields are the ones that an update cannot leave alone."""

    @pytest.mark.parametrize("person", [{"person": None}, {}])
    def test_of_whom_no_person_is_sent_is_nobody(
        self, client: Client, store: MoStore, person: dict[str, Any]
    ) -> None:
        send(client, change("manager_create"))
        name, given = change("manager_update", validity={"from": "2010-01-01"})
        del given["person"]
        assert "errors" not in send(client, (name, {**given, **person}))
        assert [each["person"] for each in store.state()["manager"][OBJECT]] == [PERSON, None]

    def test_keeps_its_responsibilities_if_none_are_sent(self, client: Client, store: MoStore) -> None:
        send(client, change("manager_create"))
        send(client, change("manager_update", responsibility=[], validity={"from": "2010-01-01"}))
        [validity] = store.state()["manager"][OBJECT]
        assert validity["responsibility"] == sorted([STAFF, BUDGET])

    def test_is_refused_if_they_are_kept_twice(self, client: Client) -> None:
        send(client, change("manager_create"))
        window = {"from": "2010-01-01", "to": "2011-01-01"}
        send(client, change("manager_update", responsibility=[STAFF], validity=window))
        answer = send(client, change("manager_update", responsibility=[], manager_level=None))
        assert key(answer) == "V_DUPLICATED_RESPONSIBILITY"


class TestTheParentOfAUnit:
    def parents(self, store: MoStore) -> list[str | None]:
        return [each["parent"] for each in store.state()["org_unit"][CHILD]]

    def test_that_is_left_out_stays(self, client: Client, store: MoStore) -> None:
        send(client, change("org_unit_create", CHILD, parent=UNIT))
        send(client, change("org_unit_update", CHILD, validity={"from": "2010-01-01"}))
        assert self.parents(store) == [UNIT]

    @pytest.mark.parametrize(("version", "moved"), [(21, False), (22, True), (30, True)])
    def test_that_is_null_is_the_root(
        self, client: Client, store: MoStore, version: int, moved: bool
    ) -> None:
        send(client, change("org_unit_create", CHILD, parent=UNIT))
        send(
            client,
            change("org_unit_update", CHILD, parent=None, validity={"from": "2010-01-01"}),
            version=version,
        )
        assert self.parents(store) == ([UNIT, None] if moved else [UNIT])

    def test_that_is_the_organisation_is_known_to_a_create_only(self, client: Client, store: MoStore) -> None:
        send(client, change("org_unit_create", CHILD, parent=store.organisation))
        assert self.parents(store) == [None]
        moved = change("org_unit_update", CHILD, parent=store.organisation)
        assert key(send(client, moved)) == "E_ORG_UNIT_NOT_FOUND"


class TestPostalAddresses:
    """MO asks its own address service about each."""

    POSTAL = change("address_create", value=str(UUID(int=77)), address_type=POSTAL_TYPE)

    def rest(self, client: Client, force: int) -> int:
        item = {
            "type": "address",
            "uuid": OBJECT,
            "value": str(UUID(int=77)),
            "address_type": {"uuid": POSTAL_TYPE},
            "org_unit": {"uuid": UNIT},
            "validity": ALWAYS,
        }
        return client.create([item], force=force).status_code

    def test_are_written_where_it_answers(self, client: Client, store: MoStore) -> None:
        store.settings.address_service = AddressService.ANSWERS
        assert "errors" not in send(client, self.POSTAL)
        assert there(store, "address") == [("2000-01-01", None)]
        assert self.rest(client, force=0) == 201
        no_uuid = change("address_create", value="Gade 1", address_type=POSTAL_TYPE)
        assert key(send(client, no_uuid)) == "V_INVALID_ADDRESS_DAR"

    @pytest.mark.parametrize(
        ("service", "error_key", "status"),
        [
            (AddressService.GONE, "V_INVALID_ADDRESS_DAR", 400),
            (AddressService.KNOWS_NONE, "V_INVALID_ADDRESS_DAR", 400),
            (AddressService.UNREACHABLE, None, 500),
        ],
    )
    def test_are_refused_where_it_does_not(
        self, client: Client, store: MoStore, service: AddressService, error_key: str | None, status: int
    ) -> None:
        store.settings.address_service = service
        assert key(send(client, change("address_create", OTHER), self.POSTAL)) == error_key
        assert store.state()["address"] == {}
        assert self.rest(client, force=0) == status
        assert self.rest(client, force=1) == 201

    def test_are_refused_after_a_wait_where_it_is_gone(self, client: Client, store: MoStore) -> None:
        assert store.settings.address_service is AddressService.GONE
        assert store.settings.address_service_seconds == 0
        store.settings.address_service_seconds = 0.2
        began = time.monotonic()
        assert key(send(client, self.POSTAL)) == "V_INVALID_ADDRESS_DAR"
        assert time.monotonic() - began >= 0.2
        assert "errors" not in send(client, change("address_create"))


class TestNumbersWithoutABirthDate:
    """A replacement number, whose first digits are no day."""

    def created(self, client: Client) -> list[str | None]:
        """The error keys of creates by GraphQL and by REST."""
        item = {"type": "employee", "uuid": OTHER, "name": "Bo Dahl", "cpr_no": "7112501235"}
        by_graphql = send(client, change("employee_create", cpr_number="7112501234"))
        by_rest = client.create([item]).json()
        return [
            key(by_graphql) if "errors" in by_graphql else None,
            by_rest["error_key"] if isinstance(by_rest, dict) else None,
        ]

    def test_are_refused(self, client: Client) -> None:
        assert self.created(client) == ["V_CPR_NOT_VALID", "V_CPR_NOT_VALID"]

    def test_are_accepted_where_mo_does_not_look(self, client: Client, store: MoStore) -> None:
        store.settings.cpr_validate_birthdate = False
        assert self.created(client) == [None, None]
        assert there(store, "employee") == there(store, "employee", OTHER) == [(None, None)]
        send(client, change("employee_create", CHILD, cpr_number="0101501234"))
        assert there(store, "employee", CHILD) == [("1950-01-01", None)]

    def test_are_no_other_texts(self, client: Client, store: MoStore) -> None:
        store.settings.cpr_validate_birthdate = False
        item = {"type": "employee", "name": "Bo Dahl", "cpr_no": "711250-123"}
        assert client.create(item).json()["error_key"] == "V_CPR_NOT_VALID"


def test_without_the_role_service_api_graphql_is_left(client: Client, store: MoStore) -> None:
    client.server.tokens.roles = ROLES - {"service_api"}
    client.log_in()
    answer = client.create([])
    assert (answer.status_code, answer.json()["msg"]) == (403, "The Service API is gone")
    assert client.get("/service/o/").status_code == 403
    assert "errors" not in send(client, change("org_unit_create", CHILD, parent=UNIT))
    assert there(store, "org_unit", CHILD) == [("2000-01-01", None)]


def test_fields_that_the_importer_does_not_send_are_kept_too(client: Client, store: MoStore) -> None:
    send(client, change("employee_create", nickname_given_name="A", nickname_surname="L"))
    send(client, change("engagement_create", OTHER, fraction=50, extension_3="x"))
    send(client, change("ituser_create", CHILD, external_id="id", primary=LEVEL))
    state = store.state()
    [person] = state["employee"][OBJECT]
    assert (person["nickname_givenname"], person["nickname_surname"]) == ("A", "L")
    assert state["engagement"][OTHER][0]["fraction"] == 50
    assert state["engagement"][OTHER][0]["extension_3"] == "x"
    assert state["it"][CHILD][0]["external_id"] == "id"
    assert state["it"][CHILD][0]["primary"] == LEVEL
