from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values

from aarhus_los.mo.client import mutation
from aarhus_los.mo.model import KINDS, Class, Facet, ItSystem, Kind, Organisation
from aarhus_los.mo.payloads import Item, create, edit
from aarhus_los.mo.queries import (
    ORGANISATION,
    by_cpr,
    by_person,
    by_unit,
    by_uuid,
    page_of,
    page_of_classes,
)
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
        *((by_uuid(kind, past=past), KEYS) for kind in KINDS),
        (by_cpr(past=past), {"keys": ["0101851237"]}),
        (by_person(Kind.ENGAGEMENT, past=past), KEYS),
        (by_person(Kind.IT, past=past), KEYS),
        (by_unit(Kind.ENGAGEMENT, past=past), KEYS),
        (by_unit(Kind.MANAGER, past=past), KEYS),
        *(
            (page_of(kind, only_uuids=short, past=past), PAGE)
            for kind in (Kind.FACET, Kind.ITSYSTEM)
            for short in (False, True)
        ),
        *(
            (page_of_classes(only_uuids=short, past=past), {"facets": ["key"], **PAGE})
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
    assert_valid(*mutation(MUTATIONS))


def test_the_mutation_of_a_recording_is_built_alike() -> None:
    text, variables = mutation(
        [{"mutation": "class_create", "input_type": "ClassCreateInput", "input": {"uuid": ONE}}]
    )
    assert text == "mutation($i0: ClassCreateInput!) { m0: class_create(input: $i0) { uuid } }"
    assert variables == {"i0": {"uuid": ONE}}
