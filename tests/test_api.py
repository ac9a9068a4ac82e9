"""How operations are sent by GraphQL: what comes before what, what goes in bulk, and creations within their unit's days."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.api import REST, GraphQL
from aarhus_los.desired.claims import DesiredObject
from aarhus_los.mo.client import mutation
from aarhus_los.mo.model import Address, Engagement, History, Kind, Unit, Value
from aarhus_los.plan import Action, Operation, make_plan
from aarhus_los.timeline import FOREVER, NOTHING, Nothing, Piece
from aarhus_los.uuids import seed_uuid


def day(year: int) -> date:
    return date(year, 1, 1)


def last(year: int) -> date:
    return date(year, 12, 31)


def there(name: str = "A", parent: str | None = None) -> Unit:
    return Unit("1", name, parent, "type")


def wanted(
    kind: Kind, uuid: str, *pieces: tuple[date, date, Value | Nothing], within: str | None = None
) -> DesiredObject:
    return DesiredObject(kind, uuid, tuple(Piece(*piece) for piece in pieces), within=within)


def address(unit: str = "u", value: str = "v", kind: str = "ean") -> Address:
    return Address(value, kind, org_unit=unit)


def sent(api: GraphQL, *objects: DesiredObject, actual: Any = None) -> list[list[str]]:
    """The mutations of each step."""
    plan = api.ordered(make_plan(objects, actual or {}))
    return [[item["mutation"] for op in step.operations for item in api.items(op)] for step in plan.steps]


def windows(api: GraphQL, op: Operation) -> list[tuple[str, str, str | None]]:
    """Mutation, first day and the day after the last, of each item."""
    found = []
    for item in api.items(op):
        given = item["input"]
        days = given.get("validity", given)
        found.append((item["mutation"], days.get("from", days["to"]), days["to"]))
    return found


def creation(value: Value, kind: Kind, start: date, end: date) -> Operation:
    return Operation(kind, "x", Action.CREATE, start, end, value, ())


def units(*days: tuple[date, date]) -> GraphQL:
    return GraphQL({"u": tuple(Piece(*each, there()) for each in days)})


def test_a_creation_that_goes_beyond_its_unit_is_completed_by_an_update() -> None:
    api = units((day(2001), last(2001)), (day(2003), FOREVER))
    op = creation(address(), Kind.ADDRESS, day(2001), FOREVER)
    assert windows(api, op) == [
        ("address_create", "2001-01-01", "2002-01-01"),
        ("address_update", "2001-01-01", None),
    ]
    job = Engagement("1", "p", "u", "j", "t", None)
    op = creation(job, Kind.ENGAGEMENT, day(2000), last(2004))
    assert [each[0] for each in windows(api, op)] == ["engagement_create", "engagement_update"]


def test_a_creation_on_days_without_its_unit_begins_on_one_with_it_that_is_taken_away() -> None:
    api = units((day(2001), last(2001)))
    op = creation(address(), Kind.ADDRESS, day(2005), FOREVER)
    assert windows(api, op) == [
        ("address_create", "2001-01-01", "2001-01-02"),
        ("address_update", "2005-01-01", None),
        ("address_terminate", "2001-01-01", "2001-01-02"),
    ]


def test_a_creation_within_its_unit_is_one_mutation() -> None:
    api = units((day(2001), FOREVER))
    op = creation(address(), Kind.ADDRESS, day(2002), last(2002))
    assert windows(api, op) == [("address_create", "2002-01-01", "2003-01-01")]
    of_person = creation(Address("v", "mail", person="p"), Kind.ADDRESS, day(1990), FOREVER)
    assert windows(api, of_person) == [("address_create", "1990-01-01", None)]


def test_a_unit_that_begins_later_is_ended_for_good_and_what_comes_after_is_written_again() -> None:
    """MO ends no window that begins with the unit itself."""
    api = units((day(2003), FOREVER))
    op = Operation(Kind.ORG_UNIT, "u", Action.TERMINATE, day(2001), last(2002), None, ())
    assert windows(api, op) == [
        ("org_unit_terminate", "2001-01-01", "2001-01-01"),
        ("org_unit_update", "2003-01-01", None),
    ]
    gap = GraphQL({"u": (Piece(day(2000), last(2000), there()), Piece(day(2003), FOREVER, there()))})
    assert windows(gap, op) == [("org_unit_terminate", "2001-01-01", "2003-01-01")]


def test_addresses_that_need_later_days_of_a_new_unit_or_are_postal_are_not_made_with_it() -> None:
    unit = wanted(Kind.ORG_UNIT, "u", (day(2001), last(2001), there()), (day(2002), FOREVER, there("B")))
    objects = [
        unit,
        wanted(Kind.ADDRESS, "a", (day(2001), last(2001), address()), within="u"),
        wanted(Kind.ADDRESS, "b", (day(2001), FOREVER, address()), within="u"),
        wanted(
            Kind.ADDRESS, "c", (day(2001), last(2001), address(kind=seed_uuid("UNIT_POSTADDR"))), within="u"
        ),
    ]
    made = make_plan(objects, {})
    api = GraphQL.of(made, {})
    plan = api.ordered(made)
    assert [[op.uuid for op in step.operations] for step in plan.steps] == [["u", "a"], ["u"], ["b"], ["c"]]
    assert plan.steps[2].needs == (0,) and plan.steps[2].follows == (1,)
    assert plan.steps[3].needs == (0,)


def test_what_is_made_with_a_unit_waits_for_none_of_its_later_days() -> None:
    """They wait for it."""
    days = [
        (day(2001), last(2001), there()),
        (day(2002), last(2002), there("B")),
        (day(2003), FOREVER, there("C")),
    ]
    objects = [
        wanted(Kind.ORG_UNIT, "u", *days),
        wanted(Kind.ADDRESS, "a", (day(2001), last(2001), address()), within="u"),
    ]
    made = make_plan(objects, {})
    plan = GraphQL.of(made, {}).ordered(made)
    assert [step.after for step in plan.steps] == [(), (0,), (1,)]


def test_a_child_comes_after_what_gives_its_parent_days() -> None:
    actual = {Kind.ORG_UNIT: {"p": (Piece(day(2010), FOREVER, there()),)}}
    objects = [
        wanted(Kind.ORG_UNIT, "c", (day(2001), FOREVER, there(parent="p"))),
        wanted(Kind.ORG_UNIT, "p", (day(2000), FOREVER, there())),
    ]
    made = make_plan(objects, actual)
    plan = GraphQL.of(made, actual).ordered(made)
    assert plan.steps[0].follows == (1,)
    assert REST.ordered(plan) is plan


def test_what_is_made_in_a_unit_comes_after_what_ends_it() -> None:
    """Else MO would not end it."""
    actual = {Kind.ORG_UNIT: {"u": (Piece(day(2001), FOREVER, there()),)}}
    job = Engagement("1", "p", "u", "j", "t", None)
    objects = [
        wanted(Kind.ORG_UNIT, "u", (day(2010), FOREVER, NOTHING)),
        wanted(Kind.ENGAGEMENT, "e", (day(2005), FOREVER, job)),
    ]
    made = make_plan(objects, actual)
    plan = GraphQL.of(made, actual).ordered(made)
    assert plan.steps[1].follows == (0,)


def test_like_goes_beside_like_and_in_bulk() -> None:
    objects = []
    for name, parent in (("u", None), ("v", "u"), ("w", "v")):
        objects += [
            wanted(Kind.ORG_UNIT, name, (day(2001), FOREVER, there(parent=parent))),
            wanted(Kind.ADDRESS, f"a{name}", (day(2001), FOREVER, address(name)), within=name),
        ]
    plan = make_plan(objects, {})
    api = GraphQL.of(plan, {})
    arranged = api.arranged([op for step in plan.steps for op in step.operations])
    assert [op.uuid for op in arranged] == ["u", "v", "w", "au", "av", "aw"]
    items = [item for op in arranged for item in api.items(op)]
    text, variables = mutation([*items[:3], items[3:]])
    assert "m3: addresses_create(input: $i3)" in text and "$i3: [AddressCreateInput!]!" in text
    assert [each["uuid"] for each in variables["i3"]] == ["au", "av", "aw"]


names = st.sampled_from("uvw")


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    kind = draw(st.sampled_from([Kind.ORG_UNIT, Kind.ADDRESS]))
    uuid = draw(names) if kind is Kind.ORG_UNIT else f"a{draw(names)}"

    def value() -> Value:
        if kind is Kind.ORG_UNIT:
            return there(parent=draw(st.none() | names))
        return address(draw(names))

    action = draw(st.sampled_from(list(Action)))
    before: History = () if draw(st.booleans()) else (Piece(day(2001), FOREVER, value()),)
    return Operation(
        kind, uuid, action, day(2001), FOREVER, None if action is Action.TERMINATE else value(), before
    )


@given(st.lists(operations(), max_size=20))
def test_no_operation_passes_one_on_an_object_that_either_touches(given: list[Operation]) -> None:
    def touches(op: Operation) -> set[str]:
        values = [op.value, *(piece.value for piece in op.before)]
        found = {op.uuid}
        for value in values:
            found |= {getattr(value, name) for name in ("parent", "org_unit") if getattr(value, name, None)}
        return found

    arranged = GraphQL().arranged(given)
    assert sorted(map(id, arranged)) == sorted(map(id, given))
    place = {id(op): number for number, op in enumerate(arranged)}
    for number, op in enumerate(given):
        for later in given[number + 1 :]:
            if op.uuid in touches(later) or later.uuid in touches(op):
                assert place[id(op)] < place[id(later)]
