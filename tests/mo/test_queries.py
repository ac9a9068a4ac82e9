from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values

from aarhus_los.cpr import Cpr
from aarhus_los.mo.client import mutation
from aarhus_los.mo.model import (
    KINDS,
    Account,
    Address,
    Class,
    Engagement,
    Facet,
    ItSystem,
    Kind,
    Manager,
    Organisation,
    Person,
    Unit,
)
from aarhus_los.mo.payloads import Item, create, edit, mutated
from aarhus_los.mo.queries import ORGANISATION, by_keys, page_of
from aarhus_los.timeline import BEGINNING, FOREVER
from tests.mo.graphql_mo import mo_schema

ONE = "11111111-1111-4111-8111-111111111111"
KEYS = {"keys": [ONE]}
PAGE = {"limit": 500, "cursor": None}

AT = {"at": "2026-11-25T20:37:11.728893+00:00"}

QUERIES: list[tuple[str, dict[str, Any]]] = [(ORGANISATION, {})] + [
    (text, {**variables, **(AT if past else {})})
    for past in (False, True)
    for text, variables in [
        *((by_keys(kind, "uuids", past=past), KEYS) for kind in KINDS),
        (by_keys(Kind.EMPLOYEE, "cpr_numbers", past=past), {"keys": ["0101851237"]}),
        (by_keys(Kind.ENGAGEMENT, "employees", past=past), KEYS),
        (by_keys(Kind.IT, "employees", past=past), KEYS),
        (by_keys(Kind.ENGAGEMENT, "org_units", past=past), KEYS),
        (by_keys(Kind.MANAGER, "org_units", past=past), KEYS),
        *(
            (page_of(kind, only_uuids=short, past=past), PAGE)
            for kind in (Kind.FACET, Kind.ITSYSTEM)
            for short in (False, True)
        ),
        *(
            (page_of(Kind.CLASS, of_facets=True, only_uuids=short, past=past), {"facets": ["key"], **PAGE})
            for short in (False, True)
        ),
    ]
]

MUTATIONS: list[Item] = [
    item
    for start, end in ((BEGINNING, FOREVER), (date(2020, 1, 1), date(2020, 12, 31)))
    for write in (create, edit)
    for kind, value in (
        (Kind.FACET, Facet("key")),
        (Kind.CLASS, Class(ONE, "key", "Name", None)),
        (Kind.CLASS, Class(ONE, "key", "Name", "TEXT")),
        (Kind.ITSYSTEM, ItSystem("key", "Name")),
    )
    for item in [write(kind, ONE, value, start, end)]
] + [edit(Kind.ORGANISATION, ONE, Organisation(751), BEGINNING, FOREVER)]


DETAILS: list[Item] = [
    mutated(kind, verb, ONE, value, date(2020, 1, 1), end, mark)
    for end in (FOREVER, date(2020, 12, 31))
    for verb in ("create", "update", "terminate")
    for kind, each, mark in (
        (Kind.ORG_UNIT, Unit("1", "A", None, ONE), None),
        (Kind.ORG_UNIT, Unit("1", "A", ONE, ONE), ONE),
        (Kind.ADDRESS, Address("v", ONE, org_unit=ONE), None),
        (Kind.ADDRESS, Address("v", ONE, person=ONE), None),
        (Kind.EMPLOYEE, Person.named("Anna Lund", Cpr("0101851237")), None),
        (Kind.EMPLOYEE, Person.named("Anna"), None),
        (Kind.ENGAGEMENT, Engagement("1", ONE, ONE, ONE, ONE, None), None),
        (Kind.IT, Account("az", ONE, ONE), None),
        (Kind.MANAGER, Manager(ONE, ONE, ONE, ONE, (ONE,)), None),
    )
    for value in [None if verb == "terminate" else each]
    if (kind, verb) != (Kind.EMPLOYEE, "terminate")
]


def assert_valid(text: str, variables: dict[str, Any]) -> None:
    document = parse(text)
    assert validate(mo_schema(), document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    coerced = get_variable_values(mo_schema(), operation.variable_definitions or (), variables)
    assert not isinstance(coerced, list), coerced


@pytest.mark.parametrize(("text", "variables"), QUERIES)
def test_every_query_is_one_of_mos_schema(text: str, variables: dict[str, Any]) -> None:
    assert_valid(text, variables)


@pytest.mark.parametrize("item", MUTATIONS)
def test_every_mutation_is_one_of_mos_schema(item: Item) -> None:
    assert_valid(*mutation([item]))


def test_all_mutations_fit_into_one_request() -> None:
    assert_valid(*mutation([*MUTATIONS, *DETAILS]))


@pytest.mark.parametrize("item", DETAILS)
def test_every_mutation_of_a_detail_is_one_of_mos_schema_alone_and_in_bulk(item: Item) -> None:
    assert_valid(*mutation([item]))
    if "bulk" in item:
        assert_valid(*mutation([[item, item]]))


def test_all_bulk_mutations_that_mo_has_are_used() -> None:
    mutations = mo_schema().mutation_type
    assert mutations is not None
    in_bulk = {
        name
        for name in mutations.fields
        if name.split("_")[0] in {spec.collection for spec in KINDS.values()}
    }
    assert in_bulk == {item["bulk"] for item in DETAILS if "bulk" in item}


def test_the_mutation_of_a_recording_is_built_alike() -> None:
    text, variables = mutation(
        [{"mutation": "class_create", "input_type": "ClassCreateInput", "input": {"uuid": ONE}}]
    )
    assert text == "mutation($i0: ClassCreateInput!) { m0: class_create(input: $i0) { uuid } }"
    assert variables == {"i0": {"uuid": ONE}}
