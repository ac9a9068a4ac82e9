"""What the benchmarks measure against answers the importer's questions about the past as an MO does."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from aarhus_los.mo.bookmark import CLASS
from aarhus_los.mo.model import Kind
from aarhus_los.mo.queries import by_keys, page_of
from tests.benchmarks.modelled_store import Served, Store
from tests.e2e.los_files import uuid_of

UNIT = uuid_of("one")


def wrote(store: Store, verb: str, name: str) -> None:
    data = {"uuid": UNIT, "name": name, "validity": {"from": "2020-01-01", "to": None}}
    store.details(
        verb, [{"type": "org_unit", **data} if verb == "create" else {"type": "org_unit", "data": data}]
    )


def data_of(served: Served, collection: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(served.body)["data"][collection]["objects"]
    return found


def names(store: Store, at: datetime) -> list[str]:
    asked = store.graphql(by_keys(Kind.ORG_UNIT, "uuids", past=True), {"keys": [UNIT], "at": at.isoformat()})
    return [each["name"] for unit in data_of(asked, "org_units") for each in unit["validities"]]


def registered(store: Store) -> list[datetime]:
    asked = 'registrations(filter: {uuids: $uuids, models: ["org_unit"]}) { objects { uuid start } }'
    text = f"query($uuids: [UUID!]) {{ {asked} }}"
    told = data_of(store.graphql(text, {"uuids": [UNIT]}), "registrations")
    return [datetime.fromisoformat(each["start"]) for each in told]


def test_reads_as_of_a_registration_show_what_was_written_by_then() -> None:
    store = Store()
    wrote(store, "create", "Before")
    wrote(store, "edit", "After")
    first, second = registered(store)
    instant = timedelta(microseconds=1)
    assert names(store, first - instant) == []
    assert names(store, first) == names(store, second - instant) == ["Before"]
    assert names(store, second) == ["After"]


def test_a_page_as_of_an_instant_has_what_was_there() -> None:
    store = Store()
    wrote(store, "create", "Before")
    text, variables = page_of(Kind.ORG_UNIT, only_uuids=True, past=True), {"limit": 1, "cursor": None}
    at = registered(store)[0]
    assert data_of(store.graphql(text, {**variables, "at": at.isoformat()}), "org_units")
    earlier = (at - timedelta(microseconds=1)).isoformat()
    assert not data_of(store.graphql(text, {**variables, "at": earlier}), "org_units")


def test_what_was_ended_later_is_shown_as_of_before() -> None:
    store = Store()
    wrote(store, "create", "Before")
    item = {"type": "org_unit", "uuid": UNIT, "validity": {"from": "2020-01-01", "to": None}}
    store.details("terminate", [item])
    assert names(store, registered(store)[0]) == ["Before"]
    assert names(store, registered(store)[1]) == []


def test_the_bookmark_is_no_write_of_the_plan() -> None:
    fields = {"uuid": CLASS, "user_key": "bookmark", "name": "now", "validity": {"from": None, "to": None}}
    made = Store().graphql("mutation($i0: C!) { m0: class_create(input: $i0) { uuid } }", {"i0": fields})
    assert made.purpose == "bookmark"
