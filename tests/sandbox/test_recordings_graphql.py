"""What was written by GraphQL on a real MO, for one without REST, and what it answered, comes out of the stand-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import pytest

from aarhus_los.sandbox.mo_auth import ROLES
from aarhus_los.sandbox.mo_settings import AddressService
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import BEGINNING, FOREVER

from .conftest import DATA
from .recordings import RECORDINGS, replay, send

if TYPE_CHECKING:
    from .conftest import Client

ORDER: Final = (DATA / "recordings" / "gqlw_order.txt").read_text(encoding="utf-8").split()
IN_ORDER: Final = [name.removesuffix(".json") for name in ORDER]

LEFT_OUT: Final = dict.fromkeys(("gqlw_ou_delete", "gqlw_ou_delete_read"), "nothing is deleted")
"""Not replayed, since the importer never sends it, with why: answered 501."""

START: Final = date(2000, 1, 1)
UNIT: Final = "fea6a0bf-7e0d-51b6-8cb2-8a4bfd2a4f0a"
TEXT: Final = {"user_key": "1", "value": "1", "address_type": "3f6e4401-6ab0-54d2-ac00-281d63487c0e"}


def the_end_of_an_address_again(client: Client) -> None:
    """Three addresses, of which one has ended already."""
    for uuid in (
        "e048e5a7-836e-4664-80d2-d16afe4a01ad",
        "4297ffb1-ffb4-40ab-93f1-60b040287d04",
        "b8728c00-fe3f-45c1-ae61-157d53a9970d",
    ):
        client.server.store.create("address", uuid, START, FOREVER, {**TEXT, "org_unit": UNIT})
    client.server.store.terminate(
        "address", "4297ffb1-ffb4-40ab-93f1-60b040287d04", date(2009, 1, 1), FOREVER
    )


def no_service_api(client: Client) -> None:
    client.server.tokens.roles = ROLES - {"service_api"}
    client.log_in()


def only_reading(client: Client) -> None:
    client.server.tokens.roles = frozenset({"service_api", "read_employee"})
    client.log_in()


def all_roles(client: Client) -> None:
    client.server.tokens.roles = ROLES
    client.log_in()


def an_address_service_that_knows_nothing(client: Client) -> None:
    client.server.store.settings.address_service = AddressService.KNOWS_NONE


BEFORE: Final[dict[str, Callable[[Client], None]]] = {
    "gqlw_noop_noop_last": the_end_of_an_address_again,
    "gqlw_roles_noservice": no_service_api,
    "gqlw_roles_reader": only_reading,
    "gqlw_nodar_unit": all_roles,
    "gqlw_nodar_enable_dar_false_empty": an_address_service_that_knows_nothing,
}
"""What was done to MO before a recording, beside the recordings before it."""


def a_unit(store: MoStore, given: dict[str, Any]) -> None:
    store.create("org_unit", given["uuid"], START, FOREVER, {"user_key": "k", "name": "Enhed"})


def its_unit(store: MoStore, given: dict[str, Any]) -> None:
    a_unit(store, {"uuid": given["org_unit"]})


def its_parent(store: MoStore, given: dict[str, Any]) -> None:
    a_unit(store, {"uuid": given["parent"]})


def an_address(store: MoStore, given: dict[str, Any]) -> None:
    store.create("address", given["uuid"], START, FOREVER, {**TEXT, "org_unit": UNIT})


ALONE: Final[dict[str, Callable[[MoStore, dict[str, Any]], None] | None]] = {
    "gql_address_terminate": an_address,
    "gql_address_terminate_missing": None,
    "gql_address_update": an_address,
    "gql_address_update_value_only": an_address,
    "gql_addresses_create": its_unit,
    "gql_addresses_create_one_bad": its_unit,
    "gql_multi_mutation_force": its_unit,
    "gql_multi_mutation_one_bad": its_unit,
    "gql_org_unit_create": its_parent,
    "gql_org_unit_terminate": a_unit,
    "gql_org_unit_update_missing": None,
    "gql_org_unit_update_partial": a_unit,
    "gql_parent_child_one_request": its_parent,
}
"""Recordings in states of their own: what MO has to hold for the first input."""

ACCOUNTED: Final = [*IN_ORDER, *ALONE]


@pytest.fixture
def store(seed: dict[str, Any]) -> MoStore:
    """With the classes of addresses and the IT system to which these recordings refer."""
    store = MoStore.seeded(seed)
    store.clock = lambda: date(2026, 8, 1)
    for uuid, scope in (
        ("fbc818e4-9b5f-5427-b0ce-b2936363575c", "TEXT"),
        ("71c87d20-f490-593e-895c-15e0d0c02a75", "DAR"),
        ("7230648f-ef70-535d-8469-a178adcd03fe", "EAN"),
    ):
        store.create("class", uuid, BEGINNING, FOREVER, {"user_key": scope, "name": scope, "scope": scope})
    system = "ba030885-0bc8-5407-b65b-55e23ed54602"
    store.create("itsystem", system, BEGINNING, FOREVER, {"user_key": "AD", "name": "AD"})
    return store


def test_all_recordings_replay_in_their_order(client: Client) -> None:
    assert len(IN_ORDER) > 150
    for name in IN_ORDER:
        if name in BEFORE:
            BEFORE[name](client)
        if name not in LEFT_OUT:
            replay(client, name)


def test_what_a_request_with_an_empty_write_told_as_done_is_not(client: Client, store: MoStore) -> None:
    the_end_of_an_address_again(client)
    before = store.state()
    replay(client, "gqlw_noop_noop_last")
    replay(client, "gqlw_noop_noop_first")
    assert store.state() == before


def test_what_the_importer_never_sends_is_answered_501(client: Client) -> None:
    assert send(client, "gqlw_ou_delete").status_code == 501


@pytest.mark.parametrize("name", ALONE)
def test_recordings_replay_after_their_set_up(client: Client, store: MoStore, name: str) -> None:
    if (set_up := ALONE[name]) is not None:
        given = next(iter(RECORDINGS[name]["request_json"]["variables"].values()))
        set_up(store, given[0] if isinstance(given, list) else given)
    before = store.state()
    replay(client, name)
    refused = "errors" in RECORDINGS[name]["response_json"]
    assert (store.state() == before) is refused
