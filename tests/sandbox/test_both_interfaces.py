"""A timeline that is written by REST, and the same one by GraphQL, are shown alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import BEGINNING, FOREVER
from tests.properties import examples

from .conftest import DATA
from .replaying import Direct, history_query

UNITS: Final = [f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2)]
PEOPLE: Final = [f"00000000-0000-4000-8000-00000000001{number}" for number in (1, 2)]
OBJECT: Final = "00000000-0000-4000-8000-000000000099"
CHILD: Final = "00000000-0000-4000-8000-000000000098"

FIRST: Final = date(2000, 1, 1)
REFUSED_BY_GRAPHQL: Final = {
    "V_DATE_OUTSIDE_ORG_UNIT_RANGE",
    "V_TERMINATE_UNIT_WITH_CHILDREN",
    "V_DATE_OUTSIDE_EMPL_RANGE",
    "V_EXISTING_CPR",
}

NOUNS: Final = {
    "org_unit": ("org_unit", "OrganisationUnit"),
    "address": ("address", "Address"),
    "employee": ("employee", "Employee"),
    "engagement": ("engagement", "Engagement"),
    "it": ("ituser", "ITUser"),
    "manager": ("manager", "Manager"),
}
"""Of each kind, how its mutations and their inputs begin."""
RENAMED: Final = {"givenname": "given_name", "cpr_no": "cpr_number"}

Item = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """A create, edit or terminate, as REST is sent it."""

    verb: str
    item: Item

    @property
    def kind(self) -> str:
        kind: str = self.item["type"]
        return kind

    @property
    def mutation(self) -> str:
        return f"{NOUNS[self.kind][0]}_{'update' if self.verb == 'edit' else self.verb}"

    @property
    def input(self) -> tuple[str, Item]:
        """Type and value of the input of the mutation."""
        name = "Update" if self.verb == "edit" else self.verb.capitalize()
        given = {key: value for key, value in self.item.items() if key not in ("type", "data")}
        given |= self.item.get("data", {})
        validity = given.pop("validity", None)
        fields = {RENAMED.get(key, key): plain(value) for key, value in given.items()}
        if validity is not None:
            days = {key: value for key, value in validity.items() if value is not None}
            if "to" in days:
                days["to"] = (date.fromisoformat(days["to"]) + timedelta(1)).isoformat()
            fields |= days if self.verb == "terminate" else {"validity": days}
        return f"{NOUNS[self.kind][1]}{name}Input", fields


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value["uuid"] if isinstance(value, dict) else value


def request(operations: list[Operation]) -> dict[str, Any]:
    """All operations as aliases of one mutation."""
    inputs = [operation.input for operation in operations]
    declared = ", ".join(f"$i{number}: {name}!" for number, (name, _) in enumerate(inputs))
    fields = " ".join(
        f"m{number}: {operation.mutation}(input: $i{number}) {{ uuid }}"
        for number, operation in enumerate(operations)
    )
    variables = {f"i{number}": value for number, (_, value) in enumerate(inputs)}
    return {"query": f"mutation({declared}) {{ {fields} }}", "variables": variables}


class World:
    """An MO with two units of which one has a child, and two people."""

    def __init__(self) -> None:
        self.store = MoStore.seeded(json.loads((DATA / "seed.json").read_text(encoding="utf-8")))
        fields = {"user_key": "k", "name": "Enhed", "org_unit_type": uuid("Afdeling")}
        for each in UNITS:
            self.store.create("org_unit", each, date(1950, 1, 1), FOREVER, fields)
        self.store.create("org_unit", CHILD, FIRST, FOREVER, {**fields, "parent": UNITS[1]})
        for each in PEOPLE:
            self.store.create("employee", each, BEGINNING, FOREVER, {"user_key": "p", "givenname": "Anna"})
        self.mo = Direct(self.store)

    def rest(self, operation: Operation) -> tuple[int, Any]:
        return self.mo.post(f"/service/details/{operation.verb}", [operation.item], {"force": "1"})

    def graphql(self, operations: list[Operation]) -> dict[str, Any]:
        status, body = self.mo.post("/graphql/v30", request(operations))
        assert status == 200
        answer: dict[str, Any] = body
        return answer

    def shown(self, kind: str) -> Any:
        return self.mo.post("/graphql/v30", history_query(kind, "by_uuid", [OBJECT]))

    def writes(self, kind: str) -> int:
        return len(self.store.registrations(kind, OBJECT))


def uuid(user_key: str) -> str:
    seed = json.loads((DATA / "seed.json").read_text(encoding="utf-8"))
    return next(
        each["uuid"] for each in [*seed["classes"], *seed["itsystems"]] if each["user_key"] == user_key
    )


def one_of(*user_keys: str) -> st.SearchStrategy[Item]:
    return st.sampled_from([{"uuid": uuid(user_key)} for user_key in user_keys])


days = st.integers(0, 60).map(lambda number: FIRST + timedelta(number * 7))
units = st.sampled_from([{"uuid": each} for each in UNITS])
people = st.sampled_from([{"uuid": each} for each in PEOPLE])
texts = st.sampled_from(["A", "B", "Ærø"])
responsibilities = st.lists(one_of("personale", "drift"), min_size=1, unique_by=lambda each: each["uuid"])

VALUES: Final[dict[str, dict[str, st.SearchStrategy[Any]]]] = {
    "org_unit": {
        "user_key": texts,
        "name": texts,
        "org_unit_type": one_of("Afdeling", "Institution"),
        "parent": st.none() | st.just({"uuid": UNITS[0]}),
    },
    "address": {
        "value": texts,
        "user_key": texts,
        "address_type": one_of("TextUnit", "TextUnit2"),
        "org_unit": units,
    },
    "employee": {"givenname": texts, "surname": st.sampled_from(["", "Lund", "Dahl"])},
    "engagement": {
        "user_key": texts,
        "person": people,
        "org_unit": units,
        "job_function": one_of("specialist", "chef"),
        "engagement_type": one_of("Ansat"),
        "primary": one_of("primary", "non-primary"),
    },
    "it": {"user_key": texts},
    "manager": {
        "org_unit": units,
        "person": people,
        "manager_type": one_of("leder"),
        "manager_level": one_of("N1", "niv1"),
        "responsibility": responsibilities,
    },
}
"""Of each kind, the fields that an importer sends with every write."""
OPTIONAL: Final = {"org_unit": {"org_unit_hierarchy": one_of("linjeorg")}}
ONLY_CREATED: Final = {
    "it": {"itsystem": one_of("AD"), "person": people},
    "employee": {"cpr_no": st.sampled_from(["0101501234", "0202601111"])},
}


@st.composite
def windows(draw: st.DrawFn) -> Item:
    start = draw(days)
    end = draw(st.none() | days.filter(lambda day: day >= start))
    return {"from": start.isoformat(), "to": end and end.isoformat()}


@st.composite
def operations(draw: st.DrawFn, kind: str, verb: str) -> Operation:
    if verb == "terminate":
        validity = draw(windows())
        if validity["to"] is None:
            validity = {"to": validity["from"]}
        return Operation(verb, {"type": kind, "uuid": OBJECT, "validity": validity})
    fields = draw(st.fixed_dictionaries(VALUES[kind], optional=OPTIONAL.get(kind, {})))
    if verb == "edit":
        data = {"uuid": OBJECT, **fields, "validity": draw(windows())}
        return Operation(verb, {"type": kind, "uuid": OBJECT, "data": data})
    fields |= draw(st.fixed_dictionaries(ONLY_CREATED.get(kind, {})))
    if kind != "employee":
        fields["validity"] = draw(windows())
    return Operation(verb, {"type": kind, "uuid": OBJECT, **fields})


@st.composite
def timelines(draw: st.DrawFn, kind: str) -> list[Operation]:
    verbs = st.sampled_from(["edit", "edit", "terminate"] if kind != "employee" else ["edit"])
    later = draw(st.lists(verbs, max_size=6))
    return [draw(operations(kind, verb)) for verb in ["create", *later]]


def key_of(answer: dict[str, Any]) -> str:
    key: str = answer["errors"][0]["extensions"]["error_context"]["error_key"]
    return key


@pytest.mark.parametrize("kind", VALUES)
@examples(4, 40, given(data=st.data()))
def test_a_timeline_is_shown_alike(kind: str, data: st.DataObject) -> None:
    """Operation by operation, but for those that GraphQL refuses; then all in one request."""
    timeline = data.draw(timelines(kind))
    by_rest, by_graphql, at_once = World(), World(), World()
    taken: list[Operation] = []
    empty = False
    for operation in timeline:
        answer = by_graphql.graphql([operation])
        if "errors" in answer:
            assert key_of(answer) in REFUSED_BY_GRAPHQL, answer
            continue
        taken.append(operation)
        before = by_rest.writes(kind)
        assert by_rest.rest(operation)[0] in (200, 201)
        empty = empty or by_rest.writes(kind) == before
        assert by_graphql.shown(kind) == by_rest.shown(kind)
        assert by_graphql.writes(kind) == by_rest.writes(kind)
    if taken:
        unwritten = at_once.shown(kind)
        answer = at_once.graphql(taken)
        assert at_once.shown(kind) == (unwritten if empty else by_rest.shown(kind))
        assert empty or "errors" not in answer


def test_of_a_list_only_graphql_lets_each_write_see_the_one_before() -> None:
    """By REST, the second edit of a unit in a list brings back the mark that the first has taken away."""

    def marked(start: str, end: str | None, **fields: Any) -> Item:
        data = {"uuid": OBJECT, "user_key": "k", "name": "A", "org_unit_type": {"uuid": uuid("Afdeling")}}
        return {"uuid": OBJECT, "data": {**data, **fields, "validity": {"from": start, "to": end}}}

    mark = {"org_unit_hierarchy": {"uuid": uuid("linjeorg")}}
    create = Operation("create", {"type": "org_unit", **marked("2000-01-01", None, **mark)["data"]})
    edits = [
        Operation("edit", {"type": "org_unit", **marked("2001-01-01", "2001-12-31", **mark)}),
        Operation("edit", {"type": "org_unit", **marked("2005-01-01", "2005-12-31", name="B")}),
    ]
    by_rest, by_graphql, one_by_one = World(), World(), World()
    by_rest.rest(create)
    by_rest.mo.post("/service/details/edit", [edit.item for edit in edits], {"force": "1"})
    by_graphql.graphql([create, *edits])
    for operation in (create, *edits):
        one_by_one.rest(operation)
    assert by_graphql.shown("org_unit") == one_by_one.shown("org_unit")
    assert by_rest.shown("org_unit") != one_by_one.shown("org_unit")
