"""From desired and actual to operations: what goes together, what comes first, what is left alone."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from aarhus_los.desired.claims import DesiredObject
from aarhus_los.mo.kinds import Address, Class, Door, History, Kind, Unit
from aarhus_los.plan import Action, Operation, Plan, make_plan
from aarhus_los.timeline import FOREVER, NOTHING, Nothing, Piece
from tests.daily_mo import DailyMo

DAYS = [date(1900, 1, 1), *(date(2026, 1, 1) + timedelta(days=n) for n in range(20)), FOREVER]
TYPE = "type"


def unit(name: str = "Skolen", parent: str | None = None, of_type: str = TYPE) -> Unit:
    return Unit("1", name, parent, of_type, None)


def history(*pieces: tuple[int, int | None, Unit | Address | Nothing]) -> History:
    """Pieces from and to the n-th day; None: no end."""
    return tuple(
        Piece(DAYS[start], FOREVER if end is None else DAYS[end], value, (f"row {start}",))
        for start, end, value in pieces
    )


def wanted(uuid: str, *pieces: tuple[int, int | None, Unit | Nothing]) -> DesiredObject:
    return DesiredObject(Kind.ORG_UNIT, uuid, history(*pieces))


def ean(uuid: str, of: str, *pieces: tuple[int, int | None, str | Nothing]) -> DesiredObject:
    values = [
        (start, end, value if isinstance(value, Nothing) else Address(value, "ean", of))
        for start, end, value in pieces
    ]
    return DesiredObject(Kind.ADDRESS, uuid, history(*values), within=of)


def shown(operation: Operation) -> tuple[str, str, int, int | None]:
    end = None if operation.end == FOREVER else DAYS.index(operation.end)
    return (operation.action.value, operation.uuid, DAYS.index(operation.start), end)


def sent(plan: Plan) -> list[list[tuple[str, str, int, int | None]]]:
    return [[shown(operation) for operation in step.operations] for step in plan.steps]


def place(plan: Plan, action: Action, uuid: str) -> int:
    """The number of the step that does something to an object."""
    (number,) = (
        number
        for number, step in enumerate(plan.steps)
        for operation in step.operations
        if (operation.action, operation.uuid) == (action, uuid)
    )
    return number


def test_a_new_unit_and_the_first_validity_of_its_addresses_go_in_one_request() -> None:
    units = [wanted("a", (1, 5, unit()), (6, None, unit("Skole og SFO")))]
    plan = make_plan([*units, ean("e", "a", (1, 3, "1"), (4, None, "2")), ean("f", "a", (2, None, "3"))], {})
    assert sent(plan) == [
        [("create", "a", 1, 5), ("create", "e", 1, 3), ("create", "f", 2, None)],
        [("edit", "a", 6, None)],
        [("edit", "e", 4, None)],
    ]
    assert [step.needs for step in plan.steps] == [set(), {0}, {0}]


def test_a_new_address_of_a_unit_that_mo_has_goes_alone() -> None:
    plan = make_plan(
        [wanted("a", (1, None, unit())), ean("e", "a", (3, None, "1"))],
        {Kind.ORG_UNIT: {"a": history((1, None, unit()))}},
    )
    assert sent(plan) == [[("create", "e", 3, None)]]


def test_what_mo_has_makes_no_operation() -> None:
    actual = {Kind.ORG_UNIT: {"a": history((1, 5, unit()), (8, None, unit("B")))}}
    assert make_plan([wanted("a", (1, 5, unit()), (6, 7, NOTHING), (8, None, unit("B")))], actual) == Plan()


def test_what_is_not_wanted_and_not_there_makes_no_operation() -> None:
    assert make_plan([wanted("a", (1, None, NOTHING))], {}) == Plan()


def test_days_that_are_not_claimed_stay_as_they_are() -> None:
    actual = {Kind.ORG_UNIT: {"a": history((1, None, unit()))}}
    (operation,) = make_plan([wanted("a", (4, 6, unit("B")))], actual).operations
    assert shown(operation) == ("edit", "a", 4, 6)
    assert operation.before == history((4, 6, unit()))
    assert operation.origin == ("row 4",)


def test_an_end_without_end_and_a_gap_are_terminations() -> None:
    actual = {Kind.ORG_UNIT: {"a": history((1, None, unit()))}}
    plan = make_plan([wanted("a", (4, 6, NOTHING), (7, 9, unit()), (10, None, NOTHING))], actual)
    assert [operation.item() for operation in plan.operations] == [
        {"type": "org_unit", "uuid": "a", "validity": {"from": "2026-01-04", "to": "2026-01-06"}},
        {"type": "org_unit", "uuid": "a", "validity": {"to": "2026-01-09"}},
    ]
    assert {operation.door for operation in plan.operations} == {Door.TERMINATE}


def test_an_edit_always_has_its_end() -> None:
    actual = {Kind.ORG_UNIT: {"a": history((1, None, unit()))}}
    (operation,) = make_plan([wanted("a", (4, 6, unit("B", "p")))], actual).operations
    assert operation.door is Door.EDIT
    assert operation.item() == {
        "type": "org_unit",
        "data": {
            "uuid": "a",
            "user_key": "1",
            "name": "B",
            "parent": {"uuid": "p"},
            "org_unit_type": {"uuid": TYPE},
            "validity": {"from": "2026-01-04", "to": "2026-01-06"},
        },
    }


def test_what_is_created_only_where_mo_lacks_it_is_never_touched_again() -> None:
    def seed(value: Class) -> History:
        return (Piece(DAYS[0], FOREVER, value),)

    ours, theirs = Class("f", "k", "Ours", "TEXT"), Class("f", "k", "Theirs", "TEXT")
    desired = [DesiredObject(Kind.CLASS, "c", seed(ours), create_only=True)]
    assert make_plan(desired, {Kind.CLASS: {"c": seed(theirs)}}) == Plan()
    (operation,) = make_plan(desired, {}).operations
    assert (operation.action, operation.door) == (Action.CREATE, Door.MUTATE)


def test_a_parent_and_a_type_come_first_wherever_they_stand() -> None:
    new_type = DesiredObject(Kind.CLASS, TYPE, (Piece(DAYS[0], FOREVER, Class("f", "t", "T", "TEXT")),))
    plan = make_plan([wanted("a", (1, None, unit(parent="b"))), wanted("b", (1, None, unit())), new_type], {})
    child, parent, made = (place(plan, Action.CREATE, uuid) for uuid in ("a", "b", TYPE))
    assert plan.steps[child].needs == {parent, made}
    assert plan.steps[parent].needs == {made}


def test_a_unit_ends_after_what_hung_under_it_has_moved_away() -> None:
    actual = {Kind.ORG_UNIT: {"a": history((1, None, unit(parent="b"))), "b": history((1, None, unit()))}}
    plan = make_plan([wanted("b", (5, None, NOTHING)), wanted("a", (5, None, unit(parent="c")))], actual)
    assert plan.steps[place(plan, Action.TERMINATE, "b")].follows == {place(plan, Action.EDIT, "a")}


def test_operations_are_listed_by_kind_and_object() -> None:
    desired = [ean("e", "b", (1, None, "1")), wanted("b", (1, None, unit())), wanted("a", (1, None, unit()))]
    assert [operation.uuid for operation in make_plan(desired, {}).operations] == ["a", "b", "e"]


NAMES = ["a", "b", "c"]
spans = st.lists(st.integers(1, 18), min_size=1, max_size=4, unique=True).map(sorted)


@st.composite
def histories(draw: st.DrawFn, *, gaps: bool) -> History:
    """Of a unit, from some day on, always with a piece for each day."""
    bounds = draw(spans)
    pieces: list[tuple[int, int | None, Unit | Nothing]] = []
    for n, start in enumerate(bounds):
        end = bounds[n + 1] - 1 if n + 1 < len(bounds) else None
        parent = draw(st.sampled_from([None, *NAMES]))
        value: Unit | Nothing = unit(draw(st.sampled_from("xy")), parent)
        pieces.append((start, end, NOTHING if gaps and draw(st.booleans()) else value))
    return history(*pieces)


def fill(mo: DailyMo, uuid: str, pieces: History) -> None:
    for piece in pieces:
        if isinstance(piece.value, Unit):
            fields = {
                "user_key": "1",
                "name": piece.value.name,
                "parent": piece.value.parent,
                "org_unit_type": TYPE,
            }
            window = {day: dict(fields) for day in DAYS if piece.start <= day <= piece.end}
            mo.objects.setdefault((Kind.ORG_UNIT, uuid), {}).update(window)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.dictionaries(st.sampled_from(NAMES), histories(gaps=True)), st.data())
def test_any_order_that_keeps_to_the_steps_gives_what_is_desired(
    before: dict[str, History], data: st.DataObject
) -> None:
    mo, ready = DailyMo(DAYS), DailyMo(DAYS)
    for uuid, pieces in before.items():
        fill(mo, uuid, pieces)
        fill(ready, uuid, pieces)
    desired = [
        DesiredObject(Kind.ORG_UNIT, uuid, data.draw(histories(gaps=True), label=uuid))
        for uuid in data.draw(st.permutations(NAMES))
    ]
    for each in desired:
        there = ready.objects.setdefault((Kind.ORG_UNIT, each.uuid), {})
        for day in [day for day in there if day >= each.claim[0].start]:
            del there[day]
        fill(ready, each.uuid, each.claim)
    plan = make_plan(desired, mo.actual())
    left = set(range(len(plan.steps)))
    while left:
        free = [n for n in sorted(left) if not (plan.steps[n].needs | plan.steps[n].follows) & left]
        number = data.draw(st.sampled_from(free)) if free else min(left)
        left.discard(number)
        for operation in plan.steps[number].operations:
            mo.write(operation.door, [operation.item()])
    assert mo.actual() == ready.actual()
    assert make_plan(desired, mo.actual()) == Plan()
