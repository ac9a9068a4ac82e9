"""The stand-in MO answers what the real one answered: every recorded exchange is replayed, or it is said why it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import pytest

from aarhus_los.sandbox import mo_rest
from aarhus_los.sandbox.mo_settings import AddressService
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import BEGINNING, FOREVER

from . import test_recordings_graphql
from .recordings import RECORDINGS, replay, send

if TYPE_CHECKING:
    from .conftest import Client

SEQUENCES = {
    sequence: sorted(name for name in RECORDINGS if name.startswith(f"{sequence}_"))
    for sequence in ("seq1", "seq2", "seq3", "seq4", "hier", "asof", "regs", "name")
}
NO_OPS = sorted(name for name in RECORDINGS if name.startswith("noop_"))
Item = Mapping[str, Any]
SetUp = Callable[[MoStore, Item], None]

TEXT_TYPE = "3f6e4401-6ab0-54d2-ac00-281d63487c0e"
UNIT_TYPE = "94ff5280-dac3-586f-809a-c13813cd7fb4"
JOB = "5e0ffb1e-942c-5ff2-b328-5317b0f91c78"
ENGAGEMENT_TYPE = "d68a7a36-78a5-592f-9e72-c1367f5bc1d8"
AD = "d35cb99d-06cb-5e03-9ad3-d6c6f4ae6e7f"
SOMEWHERE = "a99bf8df-fc79-4749-9bce-2243d3ac657a"
SOMEBODY = "5a233b68-3d04-4dd1-a9dc-f1fe9040881a"
LEVEL = "3f297abf-5f80-59c2-a4df-9dba2737f408"
START = date(2000, 1, 1)
ROOT_ORGANISATION = "e7ddd030-218a-4bae-b1bb-c35d143dad9c"
"""Of the MO that was recorded."""


def unit(store: MoStore, uuid: str, start: date = START, end: date = FOREVER, **fields: Any) -> None:
    given = {"user_key": "u", "name": "Enhed", "org_unit_type": UNIT_TYPE, **fields}
    store.create("org_unit", uuid, start, end, given)


def person(store: MoStore, uuid: str, **fields: Any) -> None:
    given = {"user_key": "p", "givenname": "Anna", "surname": "Ødegaard", **fields}
    store.create("employee", uuid, date(1950, 1, 1), FOREVER, given)


def what_it_refers_to(store: MoStore, item: Item) -> None:
    """The unit and the person that an item names."""
    for field in ("parent", "org_unit"):
        if field in item:
            unit(store, item[field]["uuid"])
    if "person" in item:
        person(store, item["person"]["uuid"])


def itself(store: MoStore, item: Item) -> None:
    """The object that an item is about, with a history from 2000 on."""
    uuid = item.get("uuid") or item["data"]["uuid"]
    fields: dict[str, dict[str, Any]] = {
        "org_unit": {"name": "Enhed", "org_unit_type": UNIT_TYPE},
        "address": {"value": "v", "address_type": TEXT_TYPE, "org_unit": SOMEWHERE},
        "employee": {"givenname": "Anna", "surname": "Ødegaard"},
        "engagement": {
            "person": SOMEBODY,
            "org_unit": SOMEWHERE,
            "job_function": JOB,
            "engagement_type": ENGAGEMENT_TYPE,
        },
        "it": {"itsystem": AD, "person": SOMEBODY},
        "manager": {"org_unit": SOMEWHERE, "person": SOMEBODY, "manager_level": LEVEL},
    }
    kind = item["type"]
    store.create(kind, uuid, START, FOREVER, {"user_key": "k", **fields[kind]})


def somewhere_and_somebody(store: MoStore, item: Item) -> None:
    """What the object of an item is about in `itself`, and the person that it is to be about."""
    unit(store, SOMEWHERE)
    person(store, SOMEBODY)
    if "person" in item["data"]:
        person(store, item["data"]["person"]["uuid"])


def its_person(store: MoStore, item: Item) -> None:
    person(store, item["person"]["uuid"])


def its_address_type(store: MoStore, item: Item) -> None:
    """A class of its own."""
    if item["type"] == "address":
        fields = {"user_key": "t", "name": "T", "scope": "TEXT"}
        store.create("class", item["data"]["address_type"]["uuid"], BEGINNING, FOREVER, fields)


def the_same_edit(store: MoStore, item: Item) -> None:
    """An edit that was made already: again, it changes nothing."""
    mo_rest.edit(store, item, force=True)


def a_short_unit(store: MoStore, item: Item) -> None:
    unit(store, item["org_unit"]["uuid"], date(2005, 1, 1), date(2015, 12, 31))


def itself_until_2005(store: MoStore, item: Item) -> None:
    unit(store, item["data"]["uuid"], START, date(2005, 12, 31))


def its_new_parent(store: MoStore, item: Item) -> None:
    unit(store, item["data"]["parent"]["uuid"])


def its_new_parent_below_it(store: MoStore, item: Item) -> None:
    unit(store, item["data"]["parent"]["uuid"], parent=item["data"]["uuid"])


def somebody_with_that_cpr(store: MoStore, item: Item) -> None:
    person(store, SOMEBODY, cpr_no=item["cpr_no"])


def an_equal_account(store: MoStore, item: Item) -> None:
    fields = {"user_key": item["user_key"], "itsystem": AD, "person": item["person"]["uuid"]}
    store.create("it", str(uuid5(UUID(item["uuid"]), "other")), START, FOREVER, fields)


def the_same_account(store: MoStore, item: Item) -> None:
    fields = {"user_key": item["user_key"], "itsystem": AD, "person": item["person"]["uuid"]}
    store.create("it", item["uuid"], START, FOREVER, fields)


def an_object_of_another_kind(store: MoStore, item: Item) -> None:
    itself(store, {**item, "type": "address"})


def the_class(store: MoStore, item: Item) -> None:
    fields = {"facet_uuid": "6aa7ba96-1f29-559e-b25c-ef11e8ea0afa", "user_key": "x1", "name": "X1"}
    store.create("class", item["uuid"], BEGINNING, FOREVER, {**fields, "published": "Publiceret"})


def a_fifth_engagement_without_job_function(store: MoStore, item: Item) -> None:
    for number in range(5):
        itself(store, {"type": "engagement", "uuid": f"00000000-0000-4000-8000-{number:012}"})
    last = f"00000000-0000-4000-8000-{4:012}"
    store.edit("engagement", last, START, FOREVER, {"job_function": None})


def an_address_service(store: MoStore, item: Item) -> None:
    store.settings.address_service = AddressService.ANSWERS


def an_address_service_that_knows_nothing(store: MoStore, item: Item) -> None:
    store.settings.address_service = AddressService.KNOWS_NONE


def no_address_service(store: MoStore, item: Item) -> None:
    store.settings.address_service = AddressService.GONE


def no_way_to_the_address_service(store: MoStore, item: Item) -> None:
    store.settings.address_service = AddressService.UNREACHABLE


REPLAYED: dict[str, tuple[SetUp, ...]] = {
    **dict.fromkeys(
        (
            "create_address_EAN",
            "create_address_EmailUnit",
            "create_address_MultiUnit",
            "create_address_PhoneUnit",
            "create_address_TextUnit",
            "create_address_WWWUnit",
            "create_address_bad_EAN",
            "create_address_bad_EmailUnit",
            "create_address_bad_PhoneUnit",
            "create_address_bad_WWWUnit",
            "create_address_bad_pnummer",
            "create_address_dar_unreachable_force",
            "create_address_end_before_start",
            "create_address_person_phone",
            "create_address_pnummer",
            "create_address_unknown_type",
            "create_address_value_int",
            "create_engagement",
            "create_engagement_missing_job_function",
            "create_engagement_missing_org_unit",
            "create_engagement_missing_person",
            "create_it",
            "create_it_unknown_system",
            "create_list_db_failure",
            "create_list_one_bad_item",
            "create_manager",
            "create_manager_vacant",
            "create_org_unit_bad_uuid",
            "create_org_unit_children_list",
            "create_org_unit_missing_name",
            "create_org_unit_missing_type",
            "create_org_unit_missing_validity",
            "create_org_unit_outside_parent",
        ),
        (what_it_refers_to,),
    ),
    **dict.fromkeys(
        (
            "create_address_no_owner",
            "create_address_unknown_org_unit",
            "create_address_unknown_org_unit_force",
            "create_address_unknown_person",
            "create_employee",
            "create_employee_bad_cpr",
            "create_employee_name_only",
            "create_employee_no_name",
            "create_empty_list",
            "create_org_unit_missing_parent",
            "create_org_unit_missing_parent_force",
            "create_org_unit_root_single",
            "create_parent_child_same_post_force",
            "create_unknown_type",
            "edit_address_missing",
            "edit_employee_missing",
            "edit_engagement_missing",
            "edit_it_missing",
            "edit_manager_missing",
            "edit_org_unit_missing",
            "edit_org_unit_missing_force",
            "edit_org_unit_uuid_toplevel_only",
            "gql_bad_variable",
            "gql_class_create",
            "gql_class_create_unknown_facet",
            "gql_class_terminate_missing",
            "gql_class_update_missing",
            "gql_facet_create",
            "gql_itsystem_create",
            "gql_org_create",
            "rest_class_create",
            "terminate_address_missing",
            "terminate_employee_via_details",
            "terminate_org_unit_missing_via_details",
        ),
        (),
    ),
    **dict.fromkeys(
        (
            "edit_address",
            "edit_address_before_org_unit",
            "edit_address_from_to",
            "edit_address_value_without_type",
            "edit_employee",
            "edit_it",
            "edit_org_unit_clamp",
            "edit_org_unit_from_only",
            "edit_org_unit_from_to",
            "edit_org_unit_noop",
            "terminate_address",
            "terminate_address_after_end",
            "terminate_address_again",
            "terminate_address_from_to",
            "terminate_engagement",
            "terminate_from_only",
            "terminate_it",
            "terminate_manager",
            "terminate_org_unit_via_details",
            "terminate_org_unit_via_details2",
        ),
        (itself,),
    ),
    **dict.fromkeys(("gql_class_create_same_uuid", "gql_class_terminate", "gql_class_update"), (the_class,)),
    **dict.fromkeys(("edit_engagement", "edit_manager"), (itself, somewhere_and_somebody)),
    **dict.fromkeys(
        ("create_address_dar_enable_dar_false", "create_address_dar_unreachable"),
        (what_it_refers_to, no_way_to_the_address_service),
    ),
    "create_address_dar_empty": (what_it_refers_to, an_address_service_that_knows_nothing),
    "create_address_dar_gone": (what_it_refers_to, no_address_service),
    "create_address_dar_ok": (what_it_refers_to, an_address_service),
    "create_address_outside_org_unit": (a_short_unit,),
    "create_manager_unknown_ou": (its_person,),
    "create_employee_dup_cpr": (somebody_with_that_cpr,),
    "create_employee_dup_uuid": (itself,),
    "create_it_duplicate": (what_it_refers_to, an_equal_account),
    "create_it_duplicate_force": (what_it_refers_to, an_equal_account),
    "create_it_same_uuid": (what_it_refers_to, the_same_account),
    "create_org_unit_duplicate_uuid": (what_it_refers_to, itself),
    "edit_org_unit_move_to_child": (itself, its_new_parent_below_it),
    "edit_org_unit_name_outside_validity_500": (itself_until_2005,),
    "edit_org_unit_parent_outside": (itself, its_new_parent),
    "gql_engagements_poisoned": (a_fifth_engagement_without_job_function,),
    "terminate_wrong_type": (an_object_of_another_kind,),
}
"""What MO has to hold before a recording, made for each item of its request."""

FIRST_ITEM_ONLY: dict[str, tuple[SetUp, ...]] = {
    "create_parent_child_same_post_noforce": (what_it_refers_to,),
    "terminate_list_one_missing": (itself,),
}
"""The same, made for the first item alone: of the second something is missing."""

WITH_ROLES = {
    "create_forbidden_no_service_api": frozenset({"admin"}),
    "create_forbidden_reader": frozenset({"service_api"}),
}
WITHOUT_GOOD_TOKEN = ("unauthorized_expired", "unauthorized_no_token")

UNSENT = {
    **dict.fromkeys(
        (
            "create_association",
            "create_association_second_same",
            "edit_association",
            "edit_association_missing",
            "terminate_association",
        ),
        "LOS has no associations",
    ),
    "create_org_unit_nested_details": "details are sent as items of their own",
    **dict.fromkeys(("e_terminate", "e_terminate_missing"), "people are never ended"),
    "gql_address_delete": "nothing is deleted",
    **dict.fromkeys(
        (
            "ou_terminate",
            "ou_terminate_again",
            "ou_terminate_missing",
            "ou_terminate_with_children",
            "ou_terminate_with_children_force",
            "ou_terminate_with_roles",
            "ou_terminate_with_roles_force",
        ),
        "units are ended by details/terminate",
    ),
    **dict.fromkeys(
        (
            "rest_details_address_dar_unreachable",
            "rest_details_engagement_unknown_class",
            "rest_details_ou_address",
            "rest_details_ou_association",
            "rest_details_ou_engagement",
            "rest_details_ou_it",
            "rest_details_ou_leave",
            "rest_details_ou_manager",
            "rest_details_ou_org_unit",
            "rest_get_e",
            "rest_get_e_missing",
            "rest_get_facet_classes",
            "rest_get_ou",
            "rest_get_ou_at",
            "rest_get_ou_missing",
        ),
        "objects are read by GraphQL",
    ),
}
"""Not replayed, since the importer never sends it: answered 501."""


@pytest.fixture
def store(seed: dict[str, Any]) -> MoStore:
    return MoStore.seeded(seed, ROOT_ORGANISATION)


def test_every_recording_is_replayed_or_named() -> None:
    accounted = [
        *(name for names in SEQUENCES.values() for name in names),
        *REPLAYED,
        *FIRST_ITEM_ONLY,
        *WITH_ROLES,
        *WITHOUT_GOOD_TOKEN,
        *UNSENT,
        *NO_OPS,
        *test_recordings_graphql.ACCOUNTED,
        "gql_class_history",
    ]
    assert sorted(accounted) == sorted(RECORDINGS)


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_sequences_replay_whole_and_in_order(client: Client, sequence: str) -> None:
    assert SEQUENCES[sequence]
    for name in SEQUENCES[sequence]:
        replay(client, name)


@pytest.mark.parametrize("name", NO_OPS)
def test_a_write_that_changes_nothing_spoils_its_list(client: Client, store: MoStore, name: str) -> None:
    items = items_of(RECORDINGS[name])
    set_up(store, (itself, its_address_type), items)
    the_same_edit(store, items[0 if name.endswith("first") else -1])
    before = store.state()
    replay(client, name)
    assert store.state() == before


@pytest.mark.parametrize("name", REPLAYED)
def test_recordings_replay_after_their_set_up(client: Client, store: MoStore, name: str) -> None:
    set_up(store, REPLAYED[name], items_of(RECORDINGS[name]))
    replay(client, name)


@pytest.mark.parametrize("name", FIRST_ITEM_ONLY)
def test_a_list_with_one_bad_item_changes_nothing(client: Client, store: MoStore, name: str) -> None:
    set_up(store, FIRST_ITEM_ONLY[name], items_of(RECORDINGS[name])[:1])
    before = store.state()
    replay(client, name)
    assert store.state() == before


@pytest.mark.parametrize("name", WITH_ROLES)
def test_recordings_of_a_client_without_roles(client: Client, name: str) -> None:
    client.server.tokens.roles = WITH_ROLES[name]
    client.log_in()
    replay(client, name)


def test_recording_without_a_token(client: Client) -> None:
    del client.session.headers["Authorization"]
    replay(client, "unauthorized_no_token")


def test_recording_with_an_expired_token(client: Client) -> None:
    client.server.expire_tokens()
    replay(client, "unauthorized_expired")


@pytest.mark.parametrize("name", UNSENT)
def test_what_the_importer_never_sends_is_answered_501(client: Client, store: MoStore, name: str) -> None:
    before = store.state()
    assert send(client, name).status_code == 501
    assert store.state() == before


def test_the_recorded_history_of_a_class_comes_out_with_its_registrations(
    client: Client, store: MoStore
) -> None:
    names = ("gql_class_create_same_uuid", "gql_class_update", "gql_class_terminate", "gql_class_history")
    set_up(store, (the_class,), items_of(RECORDINGS[names[0]]))
    for name in names:
        replay(client, name)


def items_of(recorded: Mapping[str, Any]) -> list[Item]:
    body = recorded["request_json"]
    if "query" in body:
        return [body.get("variables", {}).get("i", {})]
    return body if isinstance(body, list) else [body]


def set_up(store: MoStore, steps: Iterable[SetUp], items: Iterable[Item]) -> None:
    for item in items:
        for step in steps:
            step(store, item)
