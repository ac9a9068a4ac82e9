"""From desired and actual to operations: what goes together, what comes first, what is left alone; and what MO says then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import strategies as st
from msgspec.structs import replace

from aarhus_los.api import REST
from aarhus_los.desired.claims import DesiredObject, WantedMark
from aarhus_los.mo.model import Address, Class, History, Kind, Manager, Mark, Unit, Value
from aarhus_los.mo.payloads import Endpoint
from aarhus_los.plan import Action, Marking, Operation, Plan, make_plan
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.timeline import (
    FOREVER,
    NOTHING,
    Nothing,
    Piece,
    clip,
    day_after,
    day_before,
    merge,
    overlay,
    restrict,
)
from aarhus_los.uuids import LINE_ORGANISATION, OUTSIDE_LINE, UNKNOWN_TYPE
from tests.in_process import all_of, carry_out
from tests.properties import examples

DAYS = [date(1900, 1, 1), *(date(2026, 1, 1) + timedelta(days=n) for n in range(20)), FOREVER]
TYPE, OTHER_TYPE = (f"{digit * 8}-2222-4222-8222-{digit * 12}" for digit in "12")
A, B, C, D = (f"{digit * 8}-1111-4111-8111-{digit * 12}" for digit in "abcd")
BY_HAND = "99999999-3333-4333-8333-999999999999"
"""A class of the same facet that others set."""


def unit(name: str = "Skolen", parent: str | None = None, of_type: str | None = TYPE) -> Unit:
    return Unit("1", name, parent, of_type)


def history(*pieces: tuple[int, int | None, Value | Nothing]) -> History:
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
    assert [step.needs for step in plan.steps] == [(), (0,), (0,)]


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
    assert [item for operation in plan.operations for item in REST.items(operation)] == [
        {"type": "org_unit", "uuid": "a", "validity": {"from": "2026-01-04", "to": "2026-01-06"}},
        {"type": "org_unit", "uuid": "a", "validity": {"to": "2026-01-09"}},
    ]
    assert {REST.endpoint(operation) for operation in plan.operations} == {Endpoint.TERMINATE}
    assert all(operation.ends for operation in plan.operations)


def test_an_edit_always_has_its_end() -> None:
    actual = {Kind.ORG_UNIT: {"a": history((1, None, unit()))}}
    (operation,) = make_plan([wanted("a", (4, 6, unit("B", "p")))], actual).operations
    assert REST.endpoint(operation) is Endpoint.EDIT
    assert REST.items(operation)[0] == {
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


def test_a_new_manager_is_created_without_an_end_and_ended_then() -> None:
    """MO has its user key on the days of the creation only, and fails on days without one."""
    value = Manager("a", "p", "t", "l", ("r",))
    plan = make_plan(
        [DesiredObject(Kind.MANAGER, "m", history((2, 5, value), (6, None, NOTHING)))],
        {},
    )
    assert sent(plan) == [[("create", "m", 2, None)], [("terminate", "m", 6, None)]]
    assert not plan.operations[-1].ends


def test_what_is_created_only_where_mo_lacks_it_is_never_touched_again() -> None:
    def seed(value: Class) -> History:
        return (Piece(DAYS[0], FOREVER, value),)

    ours, theirs = Class("f", "k", "Ours", "TEXT"), Class("f", "k", "Theirs", "TEXT")
    desired = [DesiredObject(Kind.CLASS, "c", seed(ours), create_only=True)]
    assert make_plan(desired, {Kind.CLASS: {"c": seed(theirs)}}) == Plan()
    (operation,) = make_plan(desired, {}).operations
    assert (operation.action, REST.endpoint(operation)) == (Action.CREATE, Endpoint.MUTATE)


def test_a_parent_and_a_type_come_first_wherever_they_stand() -> None:
    new_type = DesiredObject(Kind.CLASS, TYPE, (Piece(DAYS[0], FOREVER, Class("f", "t", "T", "TEXT")),))
    plan = make_plan([wanted("a", (1, None, unit(parent="b"))), wanted("b", (1, None, unit())), new_type], {})
    child, parent, made = (place(plan, Action.CREATE, uuid) for uuid in ("a", "b", TYPE))
    assert set(plan.steps[child].needs) == {parent, made}
    assert plan.steps[parent].needs == (made,)


def test_a_unit_ends_after_what_hung_under_it_has_moved_away() -> None:
    actual = {Kind.ORG_UNIT: {"a": history((1, None, unit(parent="b"))), "b": history((1, None, unit()))}}
    plan = make_plan([wanted("b", (5, None, NOTHING)), wanted("a", (5, None, unit(parent="c")))], actual)
    assert plan.steps[place(plan, Action.TERMINATE, "b")].follows == (place(plan, Action.EDIT, "a"),)


def test_operations_are_listed_by_kind_and_object() -> None:
    desired = [ean("e", "b", (1, None, "1")), wanted("b", (1, None, unit())), wanted("a", (1, None, unit()))]
    assert [operation.uuid for operation in make_plan(desired, {}).operations] == ["a", "b", "e"]


# What an operation wrote is there


def edit_of(value: Unit | None, *, mark: str | None = None) -> Operation:
    """From the third to the fifth day."""
    action = Action.TERMINATE if value is None else Action.EDIT
    marking = None if mark is None else Marking(mark, ())
    return Operation(Kind.ORG_UNIT, "a", action, DAYS[3], DAYS[5], value, (), marking=marking)


@pytest.mark.parametrize(
    ("value", "mo", "there"),
    [
        (unit("B"), history((1, None, unit("B"))), True),
        (unit("B"), history((3, 5, unit("B"))), True),
        (unit("B"), history((3, 4, unit("B"))), False),
        (unit("B"), history((1, 3, unit("B")), (5, None, unit("B"))), False),
        (unit("B"), history((1, None, unit("A"))), False),
        (unit("B"), (), False),
        (None, (), True),
        (None, history((1, 2, unit()), (6, None, unit())), True),
        (None, history((1, 3, unit())), False),
        (None, history((5, None, unit())), False),
    ],
)
def test_mo_shows_what_was_written_on_all_its_days(value: Unit | None, mo: History, there: bool) -> None:
    assert edit_of(value).shown_by(mo, ()) is there


@pytest.mark.parametrize(
    ("marks", "there"),
    [
        (history((3, 5, Mark(LINE_ORGANISATION))), True),
        (history((3, 6, Mark(LINE_ORGANISATION))), False),
        (history((3, 4, Mark(LINE_ORGANISATION))), False),
        (history((3, 5, Mark(OUTSIDE_LINE))), False),
        ((), False),
    ],
)
def test_a_mark_is_shown_on_its_interval_and_no_other_day(marks: History, there: bool) -> None:
    marked = edit_of(unit("B"), mark=LINE_ORGANISATION)
    assert marked.shown_by(history((1, None, unit("B"))), marks) is there
    assert edit_of(unit("B")).shown_by(history((1, None, unit("B"))), marks)


# The mark of the line organisation, on the sandbox's MO


def fields_of(value: Unit) -> dict[str, str | None]:
    return {
        "user_key": value.user_key,
        "name": value.name,
        "parent": value.parent,
        "org_unit_type": value.type,
    }


def fill(store: MoStore, uuid: str, pieces: History, mark: tuple[int, int, str] | None = None) -> None:
    """A unit that is there on the days of pieces, and its mark on an interval of days, whether it is there or not."""
    units = [(piece, piece.value) for piece in pieces if isinstance(piece.value, Unit)]
    if not units:
        return
    first, last = units[0][0].start, units[-1][0].end
    if mark is not None:
        start, end, hierarchy = DAYS[mark[0]], DAYS[mark[1]], mark[2]
        first, last = min(first, start), max(last, end)
        fields = {**fields_of(units[0][1]), "org_unit_hierarchy": hierarchy}
        store.create("org_unit", uuid, start, end, fields)
    for number, (piece, value) in enumerate(units):
        write = store.edit if number or mark else store.create
        write("org_unit", uuid, piece.start, piece.end, fields_of(value))
    there = merge(piece for piece, _ in units)
    day = first
    for piece in there:
        if day < piece.start:
            store.terminate("org_unit", uuid, day, day_before(piece.start))
        day = day_after(piece.end)
    if there[-1].end < last:
        store.terminate("org_unit", uuid, day, last)


def marked(
    each: DesiredObject, interval: tuple[int, int | None] | None, hierarchy: str = LINE_ORGANISATION
) -> DesiredObject:
    days = None
    if interval is not None:
        start, end = interval
        days = (DAYS[start], FOREVER if end is None else DAYS[end])
    return replace(
        each,
        mark=WantedMark(
            hierarchy, days, Piece(each.claim[0].start, FOREVER, Mark(OUTSIDE_LINE)), each.claim[0].origin
        ),
    )


class Mo:
    """An MO with one unit, what it says of it, and what a plan for it costs."""

    def __init__(
        self, *pieces: tuple[int, int | None, Unit | Nothing], mark: tuple[int, int, str] | None = None
    ):
        self.store = MoStore.empty()
        fill(self.store, A, history(*pieces), mark)

    def plan(self, desired: DesiredObject) -> Plan:
        return make_plan([desired], all_of(self.store))

    def takes(self, desired: DesiredObject) -> list[str]:
        """Carries out a plan; the operations in the order in which they were sent, those with the mark with a star."""
        operations = carry_out(self.plan(desired), self.store)
        again = self.plan(desired)
        assert again == Plan(), "it does not come to rest"
        return [_text(operation) for operation in operations]

    def name(self) -> str:
        return self._said(Kind.ORG_UNIT, lambda value: getattr(value, "name", ""))

    def mark(self) -> str:
        names = {LINE_ORGANISATION: "line", OUTSIDE_LINE: "outside", BY_HAND: "by hand"}
        return self._said(Kind.MARK, lambda value: names[getattr(value, "hierarchy", "")])

    def _said(self, kind: Kind, shown: object) -> str:
        assert callable(shown)
        pieces = all_of(self.store).get(kind, {}).get(A, ())
        return ", ".join(f"{shown(piece.value)} {_days(piece.start, piece.end)}" for piece in pieces)


def _days(start: date, end: date) -> str:
    return f"{DAYS.index(start)}-{'' if end == FOREVER else DAYS.index(end)}"


def _text(operation: Operation) -> str:
    star = "*" if operation.mark else ""
    name = operation.value.name if isinstance(operation.value, Unit) else ""
    return f"{operation.action}{star} {_days(operation.start, operation.end)} {name}".rstrip()


NAMES = [unit(f"N{n}") for n in range(5)]
FIVE: list[tuple[int, int | None, Unit]] = [
    (1, 3, NAMES[0]),
    (4, 6, NAMES[1]),
    (7, 9, NAMES[2]),
    (10, 12, NAMES[3]),
    (13, None, NAMES[4]),
]
LAST = len(DAYS) - 1


def test_five_names_all_in_the_line_organisation_cost_a_first_import_nothing_more() -> None:
    bare, mo = Mo(), Mo()
    without, within = (
        each.takes(desired)
        for each, desired in ((bare, wanted(A, *FIVE)), (mo, marked(wanted(A, *FIVE), (1, None))))
    )
    assert len(within) == len(without) == 5
    assert within == ["create* 1- N0", "edit 4-6 N1", "edit 7-9 N2", "edit 10-12 N3", "edit 13- N4"]
    assert mo.name() == bare.name() == "N0 1-3, N1 4-6, N2 7-9, N3 10-12, N4 13-"
    assert (bare.mark(), mo.mark()) == ("", "line 1-")


def test_a_new_unit_that_is_in_it_for_some_days_only_is_made_over_these() -> None:
    mo = Mo()
    assert mo.takes(marked(wanted(A, *FIVE), (4, 9))) == [
        "create* 4-9 N1",
        "edit 1-3 N0",
        "edit 7-9 N2",
        "edit 10-12 N3",
        "edit 13- N4",
    ]
    assert (mo.name(), mo.mark()) == ("N0 1-3, N1 4-6, N2 7-9, N3 10-12, N4 13-", "line 4-9")


def test_a_gap_inside_the_mark_of_a_new_unit_is_ended_again() -> None:
    mo = Mo()
    desired = marked(wanted(A, (1, 3, unit()), (4, 6, NOTHING), (7, None, unit())), (2, None))
    assert mo.takes(desired) == ["create* 2- Skolen", "edit 1-1 Skolen", "terminate 4-6"]
    assert (mo.name(), mo.mark()) == ("Skolen 1-3, Skolen 7-", "line 2-3, line 7-")


def test_a_rename_inside_the_mark_costs_nothing_more() -> None:
    mo = Mo((1, None, unit()), mark=(1, LAST, LINE_ORGANISATION))
    assert mo.takes(marked(wanted(A, (5, None, unit("B"))), (1, None))) == ["edit 5- B"]
    assert (mo.name(), mo.mark()) == ("Skolen 1-4, B 5-", "line 1-")


def test_entering_costs_one_write_and_one_for_each_other_piece_inside() -> None:
    mo = Mo(*FIVE)
    assert mo.takes(
        marked(wanted(A, (8, 9, NAMES[2]), (10, 12, NAMES[3]), (13, None, NAMES[4])), (8, None))
    ) == [
        "edit* 8- N2",
        "edit 10-12 N3",
        "edit 13- N4",
    ]
    assert (mo.name(), mo.mark()) == ("N0 1-3, N1 4-6, N2 7-9, N3 10-12, N4 13-", "line 8-")


def test_leaving_costs_one_write_and_one_for_each_other_piece_that_stays_inside() -> None:
    mo = Mo(*FIVE, mark=(4, LAST, LINE_ORGANISATION))
    claim = [(8, 9, NAMES[2]), (10, 12, NAMES[3]), (13, None, NAMES[4])]
    assert mo.takes(marked(wanted(A, *claim), (4, 7))) == ["edit* 4-7 N1", "edit 7-7 N2"]
    assert (mo.name(), mo.mark()) == ("N0 1-3, N1 4-6, N2 7-9, N3 10-12, N4 13-", "line 4-7")


@pytest.mark.parametrize(
    ("before", "interval", "said", "cost"),
    [
        ((4, 9), (4, 12), "line 4-12", 3),
        ((4, 9), (1, 9), "line 1-9", 3),
        ((4, 9), (4, 6), "line 4-6", 1),
        ((4, 9), (7, 9), "line 7-9", 1),
        ((4, 9), (11, 14), "line 11-14", 2),
        ((4, 9), (4, 9), "line 4-9", 0),
    ],
)
def test_a_mark_that_grows_shrinks_or_goes_elsewhere_is_written_over_exactly_its_interval(
    before: tuple[int, int], interval: tuple[int, int], said: str, cost: int
) -> None:
    mo = Mo(*FIVE, mark=(*before, LINE_ORGANISATION))
    assert len(mo.takes(marked(wanted(A, *FIVE), interval))) == cost
    assert (mo.name(), mo.mark()) == ("N0 1-3, N1 4-6, N2 7-9, N3 10-12, N4 13-", said)


def test_a_gap_inside_the_mark_is_not_compared_and_ended_again_where_the_mark_is_written() -> None:
    pieces: list[tuple[int, int | None, Unit]] = [(1, 4, unit()), (8, None, unit("B"))]
    mo = Mo(*pieces, mark=(1, LAST, LINE_ORGANISATION))
    desired = wanted(A, (1, 4, unit()), (5, 7, NOTHING), (8, None, unit("B")))
    assert mo.takes(marked(desired, (1, None))) == []
    assert mo.takes(marked(desired, (2, None))) == ["edit* 2- Skolen", "edit 8- B", "terminate 5-7"]
    assert (mo.name(), mo.mark()) == ("Skolen 1-4, B 8-", "line 2-4, line 8-")


def test_days_that_the_mark_overwrites_and_nobody_claims_are_as_they_were() -> None:
    """The mark of MO is another than that of the base: somebody has changed it by hand."""
    mo = Mo(*FIVE, mark=(13, LAST, LINE_ORGANISATION))
    assert mo.takes(marked(wanted(A, (13, None, NAMES[4])), (2, None)))[0] == "edit* 2- N0"
    assert (mo.name(), mo.mark()) == ("N0 1-3, N1 4-6, N2 7-9, N3 10-12, N4 13-", "line 2-")


def test_where_no_day_is_left_the_unit_is_outside_from_its_first_claimed_day_on() -> None:
    mo = Mo(*FIVE, mark=(1, LAST, LINE_ORGANISATION))
    assert mo.takes(marked(wanted(A, (8, 9, NAMES[2]), (10, 12, NAMES[3]), (13, None, NAMES[4])), None)) == [
        "edit* 8- N2",
        "edit 10-12 N3",
        "edit 13- N4",
    ]
    assert (mo.name(), mo.mark()) == ("N0 1-3, N1 4-6, N2 7-9, N3 10-12, N4 13-", "outside 8-")


def test_where_the_unit_is_there_on_no_day_of_its_interval_it_is_outside() -> None:
    """It is closed before it would have entered."""
    mo = Mo((1, None, unit()), mark=(1, LAST, LINE_ORGANISATION))
    desired = wanted(A, (5, 9, unit()), (10, None, NOTHING))
    assert mo.takes(marked(desired, (12, None))) == ["edit* 5-9 Skolen", "terminate 10-"]
    assert (mo.name(), mo.mark()) == ("Skolen 1-9", "outside 5-9")


@pytest.mark.parametrize("hierarchy", [OUTSIDE_LINE, BY_HAND])
def test_a_mark_that_is_not_ours_is_left_alone_unless_the_unit_is_in_it(hierarchy: str) -> None:
    mo = Mo((1, None, unit()), mark=(3, 9, hierarchy))
    before = mo.mark()
    assert mo.takes(marked(wanted(A, (5, None, unit("B"))), None)) == ["edit 5- B"]
    assert mo.mark() == before
    assert mo.takes(marked(wanted(A, (5, None, unit("B"))), (5, None))) == ["edit* 5- B"]
    assert mo.mark() == "line 5-"


def test_a_unit_of_which_nothing_is_stated_keeps_its_mark() -> None:
    mo = Mo((1, None, unit()), mark=(3, 9, LINE_ORGANISATION))
    assert mo.takes(wanted(A, (5, None, unit("B")))) == ["edit 5- B"]
    assert mo.mark() == "line 3-9"


@pytest.mark.parametrize("hierarchy", [LINE_ORGANISATION, BY_HAND])
def test_a_hidden_mark_does_not_come_to_light_when_its_days_are_filled(hierarchy: str) -> None:
    mo = Mo((1, 5, unit()), mark=(3, LAST, hierarchy))
    assert mo.mark() in ("line 3-5", "by hand 3-5")
    interval = (3, 5) if hierarchy == LINE_ORGANISATION else None
    desired = marked(wanted(A, (6, None, unit("B"))), interval)
    plan = mo.plan(desired)
    assert [(_text(step.operations[0]), step.alone) for step in plan.steps] == [
        ("edit* 3-5 Skolen", True),
        ("edit 6- B", False),
    ]
    assert plan.steps[1].needs == (0,)
    before = mo.mark()
    mo.takes(desired)
    assert (mo.name(), mo.mark()) == ("Skolen 1-5, B 6-", before)


def test_a_mark_is_renewed_also_where_it_hides_nothing_and_is_then_alone() -> None:
    """Nobody can see whether it does, and a write that changes nothing would spoil the list that it is in."""
    mo = Mo((1, 5, unit()), mark=(3, 5, LINE_ORGANISATION))
    plan = mo.plan(marked(wanted(A, (6, None, unit("B"))), (3, 5)))
    assert [step.alone for step in plan.steps] == [True, False]
    assert mo.takes(marked(wanted(A, (6, None, unit("B"))), (3, 5))) == ["edit* 3-5 Skolen", "edit 6- B"]


def test_a_unit_whose_mark_is_hidden_wholly_is_compared_again_when_it_gets_days() -> None:
    mo = Mo((1, 2, unit()), mark=(4, 9, LINE_ORGANISATION))
    assert mo.mark() == ""
    desired = marked(wanted(A, (6, None, unit("B"))), None)
    plan = mo.plan(desired)
    assert plan.to_compare == {A}
    carry_out(plan, mo.store)
    assert mo.mark() == "line 6-9"
    mo.takes(desired)
    assert (mo.name(), mo.mark()) == ("Skolen 1-2, B 6-", "outside 6-")


def test_a_unit_that_gets_no_days_is_not_compared_again() -> None:
    mo = Mo((1, None, unit()))
    for claim in ([(4, 6, NOTHING), (7, None, unit("B"))], [(6, None, unit("B"))]):
        assert mo.plan(marked(wanted(A, *claim), None)).to_compare == set()


def test_a_marked_write_of_a_unit_without_a_type_has_one() -> None:
    """MO refuses a unit without; older ones have none."""
    mo = Mo((1, None, unit(of_type=None)))
    (operation, *_) = mo.plan(marked(wanted(A, (5, None, unit())), (1, None))).operations
    assert isinstance(operation.value, Unit)
    assert operation.value.type == UNKNOWN_TYPE


def test_the_writes_of_a_unit_are_requests_of_their_own_one_after_the_other() -> None:
    """MO prepares all items of a list before it writes any: a second edit of a unit in it would bring the old mark back."""
    plan = Mo(*FIVE).plan(marked(wanted(A, *FIVE), (1, None)))
    assert [step.needs for step in plan.steps] == [(), (0,), (1,), (2,), (3,)]
    assert all(len(step.operations) == 1 for step in plan.steps)


# Whatever is desired


UNITS = [A, B, C]
spans = st.tuples(st.integers(1, LAST - 1), st.integers(1, LAST)).map(lambda pair: (min(pair), max(pair)))
intervals = st.none() | spans
marks = st.tuples(
    spans, st.sampled_from([None, LINE_ORGANISATION, LINE_ORGANISATION, OUTSIDE_LINE, BY_HAND])
).map(lambda mark: mark[1] and (*mark[0], mark[1]))


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Of a unit, from some day on, with gaps and with days of which nothing is said."""
    bounds = sorted(draw(st.lists(st.integers(1, LAST - 1), min_size=1, max_size=5, unique=True)))
    pieces: list[tuple[int, int | None, Unit | Nothing]] = []
    for n, start in enumerate(bounds):
        end = bounds[n + 1] - 1 if n + 1 < len(bounds) else draw(st.sampled_from([None, LAST - 1]))
        value = unit(draw(st.sampled_from("xy")), draw(st.sampled_from([None, D, *UNITS])))
        there = draw(st.sampled_from([value, value, NOTHING, None]))
        if there is not None:  # else nothing is said of these days
            pieces.append((start, end, there))
    return merge(history(*pieces))


@examples(12, 150, given(st.data()), suppress_health_check=[HealthCheck.too_slow])
def test_any_order_that_keeps_to_the_steps_gives_what_is_desired(data: st.DataObject) -> None:
    store = MoStore.empty()
    for uuid in data.draw(st.sets(st.sampled_from(UNITS), min_size=1), label="in MO"):
        fill(
            store, uuid, data.draw(histories(), label=f"before of {uuid}"), data.draw(marks, label="its mark")
        )
    desired: list[DesiredObject] = []
    for uuid in data.draw(st.permutations(UNITS), label="order"):
        if claim := data.draw(histories(), label=f"claim on {uuid}"):
            each = DesiredObject(Kind.ORG_UNIT, uuid, claim)
            if data.draw(st.integers(0, 3), label="whether its mark is stated"):
                each = marked(each, data.draw(intervals, label="its interval"))
            desired.append(each)
    before = all_of(store)

    def pick(free: Sequence[int]) -> int:
        return data.draw(st.sampled_from(free))

    plan = make_plan(desired, before)
    assert all(operation.origin for operation in plan.operations), "what fails must be some row's"
    carry_out(plan, store, pick)
    if light := [each for each in desired if each.uuid in plan.to_compare]:
        event("a mark may come to light")
        assert not any(before.get(Kind.MARK, {}).get(each.uuid) for each in light)
        carry_out(make_plan(light, all_of(store)), store, pick)
    after = all_of(store)
    for each in desired:
        assert _of(after, each.uuid) == _there(overlay(each.claim, _of(before, each.uuid)))
        _check_mark(each, before, after, to_compare=each.uuid in plan.to_compare)
    assert make_plan(desired, after) == Plan()


def _of(mo: dict[Kind, dict[str, History]], uuid: str, kind: Kind = Kind.ORG_UNIT) -> History:
    return mo.get(kind, {}).get(uuid, ())


def _there(timeline: History) -> History:
    return merge(piece for piece in timeline if piece.value is not NOTHING)


def _check_mark(
    each: DesiredObject,
    before: dict[Kind, dict[str, History]],
    after: dict[Kind, dict[str, History]],
    *,
    to_compare: bool,
) -> None:
    said, was = (_of(mo, each.uuid, Kind.MARK) for mo in (after, before))
    there = _of(after, each.uuid)
    line = Mark(LINE_ORGANISATION)
    kept: History = (Piece(was[0].start, was[-1].end, was[0].value),) if was else ()
    must: History = ()
    if each.mark is not None and each.mark.interval is not None:
        must = restrict((Piece(*each.mark.interval, line),), there)
    if each.mark is None:
        event("nothing stated")
        assert to_compare or said == restrict(kept, there)
    elif must:
        event("in the line organisation")
        assert said == must
    elif any(piece.value == line for piece in restrict(was, there)):
        event("left it")
        days = _there(clip(there, each.claim[0].start)) or there[-1:]
        assert said == restrict((Piece(days[0].start, days[-1].end, Mark(OUTSIDE_LINE)),), there)
    else:
        event("of others" if was else "was never in it")
        assert all(piece.value != line for piece in said)
        assert to_compare or said == restrict(kept, there)
