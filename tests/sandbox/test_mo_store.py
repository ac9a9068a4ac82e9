"""The store against a model that keeps a value for every single day, and its transactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.sandbox.mo_errors import MoError
from aarhus_los.sandbox.mo_store import MoStore, State
from aarhus_los.sandbox.moments import FOREVER
from tests.properties import examples

FIRST = date(2019, 12, 20)
DAYS = 40
"""The model's last day stands for it and all days after it; no operation begins or ends beyond it but at no end."""

UUIDS = [str(UUID(int=number)) for number in range(1, 3)]
KIND = "it"
FIELDS = ("user_key", "person")

Operation = tuple[str, str, int, int, dict[str, Any]]
"""Verb, uuid, first and last day by number, fields."""


@dataclass
class Model:
    """What is so on each day, worked out naively: the fields, and whether the object is there.

    A field that an edit does not give is so from the first to the last day of the edit at least: its first value is spread
    to days before, its last to days after, those between included on which the object is not there.
    """

    fields: dict[tuple[str, str], dict[int, Any]] = field(default_factory=dict)
    """By uuid and field, then by day."""
    there: set[tuple[str, int]] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    def apply(self, verb: str, uuid: str, first: int, last: int, fields: dict[str, Any]) -> None:
        if verb == "create":
            self.known.add(uuid)
            self.there = {key for key in self.there if key[0] != uuid}
            self.fields = {key: value for key, value in self.fields.items() if key[0] != uuid}
        days = range(first, last + 1)
        if verb == "terminate":
            self.there -= {(uuid, day) for day in days}
            return
        self.there |= {(uuid, day) for day in days}
        for name in FIELDS:
            known = self.fields.setdefault((uuid, name), {})
            if name in fields:
                known |= dict.fromkeys(days, fields[name])
            elif known:
                one, other = min(known), max(known)
                known |= dict.fromkeys(range(first, one), known[one])
                known |= dict.fromkeys(range(other + 1, last + 1), known[other])

    def days(self) -> dict[tuple[str, int], dict[str, Any]]:
        return {
            (uuid, day): {name: self.fields[uuid, name].get(day) for name in FIELDS}
            for uuid, day in self.there
        }


def to_date(number: int) -> date:
    return FOREVER if number == DAYS - 1 else FIRST + timedelta(days=number)


def days_of(state: State) -> dict[tuple[str, int], dict[str, Any]]:
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for uuid, validities in state[KIND].items():
        for validity in validities:
            start = (date.fromisoformat(validity["from"]) - FIRST).days
            end = DAYS - 1 if validity["to"] is None else (date.fromisoformat(validity["to"]) - FIRST).days
            for day in range(start, end + 1):
                assert (uuid, day) not in found, "validities overlap"
                found[uuid, day] = {name: validity[name] for name in FIELDS}
    return found


def apply(store: MoStore, operation: Operation) -> None:
    verb, uuid, first, last, fields = operation
    start, end = FIRST + timedelta(days=first), to_date(last)
    if verb == "terminate":
        store.terminate(KIND, uuid, start, end)
    else:
        {"create": store.create, "edit": store.edit}[verb](KIND, uuid, start, end, fields)


@st.composite
def operations(draw: st.DrawFn) -> list[Operation]:
    drawn: list[Operation] = []
    known: set[str] = set()
    for _ in range(draw(st.integers(1, 12))):
        uuid = draw(st.sampled_from(UUIDS))
        verb = draw(st.sampled_from(("create", "edit", "edit", "terminate"))) if uuid in known else "create"
        known.add(uuid)
        first = draw(st.integers(0, DAYS - 2))
        last = draw(st.integers(first, DAYS - 2) | st.just(DAYS - 1))
        fields = draw(st.dictionaries(st.sampled_from(FIELDS), st.sampled_from("abc"), min_size=1))
        drawn.append((verb, uuid, first, last, fields))
    return drawn


@examples(10, 100, given(operations()))
def test_every_day_is_as_a_naive_model_has_it(drawn: list[Operation]) -> None:
    store, model = MoStore.empty(), Model()
    for operation in drawn:
        apply(store, operation)
        model.apply(*operation)
        assert days_of(store.state()) == model.days()
    for validities in store.state()[KIND].values():
        for one, other in pairwise(validities):
            touching = date.fromisoformat(one["to"]) + timedelta(days=1) == date.fromisoformat(other["from"])
            assert not touching or [one[name] for name in FIELDS] != [other[name] for name in FIELDS]


@examples(5, 40, given(operations(), operations()))
def test_a_transaction_that_fails_leaves_nothing(before: list[Operation], after: list[Operation]) -> None:
    store = MoStore.empty()
    for operation in before:
        apply(store, operation)
    state, snapshot = store.state(), store.snapshot()

    # An operation that changes nothing spoils the transaction by itself.
    with pytest.raises((ZeroDivisionError, MoError)), store.transaction():
        store.set_municipality_code(751)
        for operation in after:
            with store.transaction():
                apply(store, operation)
        raise ZeroDivisionError

    assert store.state() == state
    assert store.snapshot() == snapshot
    assert store.municipality_code is None


@examples(5, 40, given(operations()))
def test_an_object_is_found_by_what_it_refers_to_after_a_restore(drawn: list[Operation]) -> None:
    person = "f615cb04-b225-5ed4-b548-01d52b561209"
    store = MoStore.empty()
    for operation in drawn:
        apply(store, operation)
    uuid = drawn[0][1]
    store.edit(KIND, uuid, FIRST, FOREVER, {"person": person})

    other = MoStore.empty()
    other.restore(store.snapshot())

    assert other.state() == store.state()
    assert other.mentioning(KIND, "person", [person]) == {uuid}


def test_a_snapshot_does_not_follow_what_is_written_later() -> None:
    store = MoStore.empty()
    store.create("org_unit", UUIDS[0], FIRST, FOREVER, {"name": "a"})
    state, snapshot = store.state(), store.snapshot()
    store.terminate("org_unit", UUIDS[0], FIRST, FOREVER)
    store.create("org_unit", UUIDS[1], FIRST, FOREVER, {"name": "b"})
    store.set_municipality_code(751)

    store.restore(snapshot)

    assert store.state() == state
    assert store.municipality_code is None
    assert store.uuids("org_unit") == [UUIDS[0]]


def test_an_ended_object_brought_back_has_the_fields_that_are_not_given_again() -> None:
    store = MoStore.empty()
    store.create("org_unit", UUIDS[0], FIRST, FOREVER, {"name": "a", "user_key": "k"})
    store.terminate("org_unit", UUIDS[0], date(2020, 1, 1), FOREVER)
    store.edit("org_unit", UUIDS[0], date(2021, 1, 1), FOREVER, {"name": "b"})

    first, second = store.state()["org_unit"][UUIDS[0]]

    assert (first["from"], first["to"], first["name"]) == ("2019-12-20", "2019-12-31", "a")
    assert (second["from"], second["to"], second["name"], second["user_key"]) == (
        "2021-01-01",
        None,
        "b",
        "k",
    )


def test_an_object_without_a_day_is_not_in_the_state() -> None:
    store = MoStore.empty()
    store.create("org_unit", UUIDS[0], FIRST, FOREVER, {"name": "a"})
    store.terminate("org_unit", UUIDS[0], FIRST, FOREVER)
    assert store.state()["org_unit"] == {}
    assert store.history("org_unit", UUIDS[0]) is not None


def test_the_state_of_an_empty_and_of_a_seeded_mo(seed: dict[str, Any]) -> None:
    kinds = [
        "org_unit",
        "address",
        "employee",
        "engagement",
        "it",
        "manager",
        "class",
        "facet",
        "itsystem",
    ]
    assert MoStore.empty().state() == {kind: {} for kind in kinds}

    state = MoStore.seeded(seed).state()
    assert set(state["facet"]) == set(seed["facets"].values())
    assert set(state["itsystem"]) == {each["uuid"] for each in seed["itsystems"]}
    assert state["class"]["90d3d46b-b1ad-58c2-a4e3-019e739566d5"] == [
        {
            "from": "1930-01-01",
            "to": None,
            "facet_uuid": seed["facets"]["org_unit_hierarchy"],
            "user_key": "linjeorg",
            "name": "Linjeorganisation",
            "scope": "TEXT",
            "published": "Publiceret",
        }
    ]


@pytest.mark.parametrize("write", [MoStore.edit, MoStore.terminate])
def test_what_is_not_there_cannot_be_edited_or_ended(write: Callable[..., None]) -> None:
    arguments: list[dict[str, Any]] = [{}] if write is MoStore.edit else []
    with pytest.raises(KeyError):
        write(MoStore.empty(), "org_unit", UUIDS[0], FIRST, FOREVER, *arguments)
