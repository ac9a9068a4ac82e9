"""Operations to MO: order, lists, refusals, lost answers; against an MO in memory that keeps to its rules.

One of them: a write of a list that changes nothing undoes the list, without a word where it comes last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import count
from threading import Lock
from time import sleep
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aarhus_los.answer import Unsettled
from aarhus_los.api import REST, Api, GraphQL
from aarhus_los.apply import Applied, apply_plan
from aarhus_los.brakes import Brake, BrakeKind, Limit
from aarhus_los.desired.claims import DesiredObject
from aarhus_los.errors import UnavailableError
from aarhus_los.http import TRIES
from aarhus_los.mo.answers import NotShown, Refused, Spoiled
from aarhus_los.mo.model import Address, Class, History, Kind, Unit
from aarhus_los.mo.payloads import Endpoint, Item
from aarhus_los.mo.read import Histories
from aarhus_los.plan import Plan, make_plan
from aarhus_los.timeline import FOREVER, NOTHING, Nothing, Piece
from tests.daily_mo import DailyMo

DAYS = [date(1900, 1, 1), *(date(2026, 1, 1) + timedelta(days=n) for n in range(40)), FOREVER]


def unit(uuid: str, parent: str | None = None, name: str = "Skolen", start: int = 1) -> DesiredObject:
    value = Unit("1", name, parent, "type")
    return DesiredObject(Kind.ORG_UNIT, uuid, (Piece(DAYS[start], FOREVER, value),))


def spread(uuid: str, *pieces: tuple[int, int, str | Nothing | None]) -> DesiredObject:
    """A unit with a parent for each of several times; `NOTHING`: it is not there."""
    claim: History = tuple(
        Piece(
            DAYS[start],
            DAYS[end],
            parent if isinstance(parent, Nothing) else Unit("1", "Skolen", parent, "type"),
        )
        for start, end, parent in pieces
    )
    return DesiredObject(Kind.ORG_UNIT, uuid, claim)


def ean(uuid: str, of: str, value: str = "5798005770213") -> DesiredObject:
    return DesiredObject(Kind.ADDRESS, uuid, (Piece(DAYS[1], FOREVER, Address(value, "ean", of)),), within=of)


def uuid_of(item: Item) -> str:
    uuid: str = item.get("uuid") or item.get("data", item.get("input"))["uuid"]
    return uuid


def kind_of(item: Item) -> Kind:
    return Kind(item["mutation"].split("_")[0] if "mutation" in item else item["type"])


def creates(endpoint: Endpoint, item: Item) -> bool:
    return endpoint is Endpoint.CREATE or item.get("mutation", "").endswith("_create")


class Mo(DailyMo):
    """Loses answers, goes away, and watches that no object is written by two requests at once."""

    def __init__(self) -> None:
        super().__init__(DAYS)
        self.events: list[tuple[str, tuple[str, ...]]] = []
        self.before: Callable[[Endpoint, Sequence[Item]], None] = lambda endpoint, items: None
        self.after: Callable[[Endpoint, Sequence[Item]], None] = lambda endpoint, items: None
        self.meanwhile: Callable[[], None] = lambda: None
        """What somebody else does before the first write."""
        self.pause = 0.0
        self.unreadable: dict[str, str] = {}
        self.registrations: Counter[str] = Counter()
        self.unanswerable = False
        """Whether it cannot tell registrations."""
        self.stopped_after: float | None = None
        self._busy: list[str] = []
        self._watch = Lock()

    def write(self, endpoint: Endpoint, items: Sequence[Item]) -> list[str | None]:
        uuids = [uuid_of(item) for item in items]
        with self._watch:
            assert len(set(uuids)) == len(uuids), "an object twice in one request"
            assert not set(uuids) & set(self._busy), "an object in two requests at once"
            assert uuids == sorted(uuids)
            self._busy += uuids
            self.events.append((endpoint.name, tuple(uuids)))
            self.meanwhile()
            self.meanwhile = lambda: None
        try:
            sleep(self.pause)
            self.before(endpoint, items)
            answer = self._carried_out(endpoint, items)
            self.after(endpoint, items)
            return answer
        finally:
            with self._watch:
                for uuid in uuids:
                    self._busy.remove(uuid)

    def _carried_out(self, endpoint: Endpoint, items: Sequence[Item]) -> list[str | None]:
        with self._watch:
            before = dict(self.objects)
            answer = super().write(endpoint, items)
            keys = [(kind_of(item), uuid_of(item)) for item in items]
            changed = [
                before.get(key) != self.objects.get(key) or creates(endpoint, item)
                for key, item in zip(keys, items, strict=True)
            ]
            if len(items) > 1 and not all(changed):
                self.objects = before
                if not all(changed[:-1]):
                    raise Spoiled(500, "E_UNKNOWN", "InFailedSqlTransaction")
                return answer
            self.registrations.update(uuid for (_, uuid), one in zip(keys, changed, strict=True) if one)
            return answer

    api: Api = REST

    @property
    def client(self) -> Mo:
        return self

    def settle(self, once: Callable[[], Any], *, again: Callable[[Unsettled], bool]) -> Any:
        for tries in range(1, TRIES + 1):
            try:
                return once()
            except Unsettled as unsettled:
                unsettled.tries = tries
                if tries == TRIES or not again(unsettled):
                    raise
        raise AssertionError("unreachable")

    def read(self, kind: Kind, uuids: Collection[str]) -> Histories:  # type: ignore[override]
        self.events.append(("READ", tuple(sorted(uuids))))
        unreadable = {uuid: self.unreadable[uuid] for uuid in uuids if uuid in self.unreadable}
        found = super().read(kind, set(uuids) - set(unreadable))
        return Histories(found, unreadable)

    def registered(self, objects: Mapping[Kind, Collection[str]]) -> Counter[str]:
        uuids = {uuid for each in objects.values() for uuid in each}
        self.events.append(("REGISTERED", tuple(sorted(uuids))))
        if self.unanswerable:
            raise NotShown("no such field")
        return Counter({uuid: self.registrations[uuid] for uuid in uuids})

    def stop(self, grace: float) -> None:
        self.stopped_after = grace

    def whats(self) -> list[str]:
        return [what for what, _ in self.events]

    def names(self) -> set[str]:
        return {uuid for (_, uuid), there in self.objects.items() if there}

    def refuse(self, *uuids: str, status: int = 400) -> None:
        def refuses(endpoint: Endpoint, items: Sequence[Item]) -> None:
            if any(uuid_of(item) in uuids for item in items):
                raise Refused(status, "V_TEST", "one of them is wrong")

        self.before = refuses

    def holds(self, *objects: DesiredObject) -> None:
        """MO has these already."""
        applied = apply(self, make_plan(objects, {}))
        assert applied.failed == []
        self.events.clear()
        self.registrations.clear()


def others_write(mo: Mo, plan: Plan) -> None:
    """Somebody else carries a plan out."""
    for operation in plan.operations:
        DailyMo.write(mo, REST.endpoint(operation), REST.items(operation))


def apply(mo: Mo, plan: Plan, chunk_size: int = 50, concurrency: int = 4, **more: Any) -> Applied:
    return apply_plan(plan, mo, chunk_size=chunk_size, concurrency=concurrency, **more)


def bring(
    mo: Mo, *objects: DesiredObject, chunk_size: int = 50, concurrency: int = 4, **more: Any
) -> Applied:
    """Plans by what MO says, and sends it."""
    return apply(mo, make_plan(objects, mo.actual()), chunk_size, concurrency, **more)


def agrees(mo: Mo, *objects: DesiredObject) -> bool:
    """Whether MO says what was desired."""
    return make_plan(objects, mo.actual()).operations == []


def failed(applied: Applied) -> dict[str, bool]:
    """uuid → whether it was sent."""
    return {operation.uuid: failure.sent for operation, failure in applied.failed}


def done(applied: Applied) -> set[str]:
    return {operation.uuid for operation in applied.acknowledged}


@pytest.fixture
def mo() -> Mo:
    return Mo()


# Lists and their order


def test_everything_is_written_in_lists_of_limited_size(mo: Mo) -> None:
    units = [unit(f"{n:03}") for n in range(100)]
    applied = bring(mo, *units, chunk_size=20)
    assert mo.names() == done(applied) == {each.uuid for each in units}
    assert max(len(uuids) for _, uuids in mo.events) <= 20
    assert len(mo.events) < 20, "lists, not single objects"


def test_a_parent_is_acknowledged_before_its_child_is_sent(mo: Mo) -> None:
    mo.pause = 0.002
    depth = [unit("c", "b"), unit("b", "a"), unit("a")]
    bring(mo, *depth)
    assert [uuids for _, uuids in mo.events] == [("a",), ("b",), ("c",)]


def test_an_object_s_operations_go_one_at_a_time_and_in_order(mo: Mo) -> None:
    mo.pause = 0.001
    objects = [spread(f"{n:02}", (1, 3, "x"), (4, 6, "y"), (9, 12, "z")) for n in range(30)]
    applied = bring(mo, *objects, chunk_size=7)
    assert applied.failed == []
    assert make_plan(objects, mo.actual()).operations == []


def test_a_new_unit_and_its_addresses_are_never_split(mo: Mo) -> None:
    mo.refuse("e2")
    pairs = [each for n in range(8) for each in (unit(f"u{n}"), ean(f"e{n}", f"u{n}"))]
    applied = bring(mo, *pairs, chunk_size=5)
    assert failed(applied) == {"u2": True, "e2": True}
    assert mo.names() == {f"{kind}{n}" for n in range(8) if n != 2 for kind in "ue"}
    for _, uuids in mo.events:
        assert {uuid[1] for uuid in uuids if uuid[0] == "u"} == {uuid[1] for uuid in uuids if uuid[0] == "e"}


def test_progress_is_told_up_to_the_last_operation(mo: Mo) -> None:
    told: list[int] = []
    plan = make_plan([unit(f"{n}") for n in range(5)], {})
    apply_plan(plan, mo, chunk_size=2, concurrency=1, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 5


# What MO refuses


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_refused_list_is_halved_until_the_culprit_stands_alone(mo: Mo, status: int) -> None:
    mo.refuse("013", status=status)
    applied = bring(mo, *(unit(f"{n:03}") for n in range(40)))
    ((operation, failure),) = applied.failed
    assert (operation.uuid, failure.sent) == ("013", True)
    assert str(status) in failure.reason
    assert mo.names() == {f"{n:03}" for n in range(40) if n != 13}
    assert ("CREATE", ("013",)) in mo.events
    assert len(mo.events) <= 12


def test_what_refers_to_a_refused_object_is_not_sent_and_waits(mo: Mo) -> None:
    mo.refuse("b")
    applied = bring(mo, unit("d", "c"), unit("c", "b"), unit("b", "a"), unit("a"), unit("e", "a"))
    assert failed(applied) == {"b": True, "c": False, "d": False}
    assert all(
        "org_unit b" in failure.reason for operation, failure in applied.failed if operation.uuid != "b"
    )
    assert mo.names() == {"a", "e"}
    assert not any(uuid in ("c", "d") for _, uuids in mo.events for uuid in uuids)


def test_the_later_operations_of_a_refused_object_are_not_sent(mo: Mo) -> None:
    mo.refuse("a")
    applied = bring(mo, spread("a", (1, 3, "x"), (4, 6, "y")), unit("b"))
    assert [failure.sent for _, failure in applied.failed] == [True, False]
    assert mo.names() == {"b"}


def test_an_end_is_written_even_if_what_should_move_away_before_it_is_refused(mo: Mo) -> None:
    mo.holds(unit("a"), unit("b", "a"))
    mo.refuse("b")
    applied = bring(mo, unit("b", "x", start=10), spread("a", (10, 12, NOTHING)))
    assert failed(applied) == {"b": True}
    assert [uuids for _, uuids in mo.events] == [("b",), ("a",)]
    assert done(applied) == {"a"}


def test_an_edit_that_mo_answers_with_null_has_failed(mo: Mo) -> None:
    mo.holds(unit("a"), unit("b"))
    plan = make_plan([unit("a", name="X"), unit("b", name="X")], mo.actual())

    class Answering(Mo):
        def write(self, endpoint: Endpoint, items: Sequence[Item]) -> list[str | None]:
            return [None if uuid_of(item) == "a" else "b" for item in items]

    applied = apply(Answering(), plan)
    assert failed(applied) == {"a": True}
    assert done(applied) == {"b"}


# Objects that refer to each other


def test_objects_that_refer_to_each_other_on_different_days_do_not_wait_for_ever(mo: Mo) -> None:
    objects = [spread("a", (1, 10, "b")), spread("b", (11, 20, "a")), unit("c", "b")]
    applied = bring(mo, *objects)
    assert applied.failed == []
    assert mo.names() == {"a", "b", "c"}
    assert [uuids for _, uuids in mo.events][-1] == ("c",)


def test_what_only_waits_for_a_circle_is_not_sent_before_it(mo: Mo) -> None:
    """The unit that sorts first hangs under the circle; it must not be sent if the circle is refused."""
    mo.refuse("b", "c")
    objects = [unit("a", "b"), spread("b", (1, 10, "c")), spread("c", (11, 20, "b"))]
    applied = bring(mo, *objects)
    assert failed(applied)["a"] is False
    assert mo.names() == set()
    assert len(applied.failed) == 3


# Lost answers


def lose(mo: Mo, times: int, *, carried_out: bool, **what: Any) -> None:
    """The next answers are lost, of what is carried out or of what is not."""
    left = [times]

    def loses(endpoint: Endpoint, items: Sequence[Item]) -> None:
        if left[0]:
            left[0] -= 1
            raise Unsettled("connection reset", **{"perhaps_done": True, **what})

    if carried_out:
        mo.after = loses
    else:
        mo.before = loses


def test_a_create_whose_answer_was_lost_is_read_and_not_repeated(mo: Mo) -> None:
    lose(mo, 1, carried_out=True)
    applied = bring(mo, unit("a"), ean("e", "a"))
    assert done(applied) == {"a", "e"}
    assert mo.whats() == ["CREATE", "READ", "READ"]


def test_a_create_that_was_not_carried_out_is_repeated_after_it_was_read(mo: Mo) -> None:
    lose(mo, 2, carried_out=False)
    applied = bring(mo, unit("a"))
    assert done(applied) == {"a"}
    assert mo.whats() == ["CREATE", "READ", "CREATE", "READ", "CREATE"]


CLASS = Class("facet", "key", "Chef", "TEXT")


def titled(uuid: str, title: str, start: int = 1) -> DesiredObject:
    value = replace(CLASS, name=title)
    return DesiredObject(Kind.CLASS, uuid, (Piece(DAYS[start], FOREVER, value),))


WRITES: Final[dict[str, tuple[list[DesiredObject], list[DesiredObject]]]] = {
    "edit": ([unit("a"), unit("b")], [unit("a", name="X"), unit("b", name="X")]),
    "terminate": (
        [unit("a"), unit("b")],
        [spread("a", (10, 41, NOTHING)), spread("b", (10, 41, NOTHING))],
    ),
    "mutation": ([titled("a", "Chef"), titled("b", "Chef")], [titled("a", "X", 5), titled("b", "X", 5)]),
}


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("write", WRITES)
def test_whatever_is_sent_again_is_read_first(mo: Mo, write: str, carried_out: bool) -> None:
    there, wanted = WRITES[write]
    mo.holds(*there)
    lose(mo, 1, carried_out=carried_out)
    applied = bring(mo, *wanted)
    assert done(applied) == {"a", "b"}
    assert agrees(mo, *wanted)
    sent = [what for what in mo.whats() if what not in ("READ", "REGISTERED")]
    assert len(sent) == (1 if carried_out else 2)
    assert mo.whats()[1] == "READ"


def test_of_a_lost_list_only_what_is_not_there_is_sent_again(mo: Mo) -> None:
    """Its answer was lost, it was undone, and somebody else has made one of the changes since."""
    mo.holds(*(unit(name) for name in "abc"))

    def loses(endpoint: Endpoint, items: Sequence[Item]) -> None:
        mo.before = lambda endpoint, items: None
        others_write(mo, make_plan([unit("b", name="X")], mo.actual()))
        raise Unsettled("connection reset", perhaps_done=True)

    mo.before = loses
    applied = bring(mo, *(unit(name, name="X") for name in "abc"), concurrency=1)
    assert done(applied) == {"a", "b", "c"}
    assert [event for event in mo.events if event[0] == "EDIT"] == [
        ("EDIT", ("a", "b", "c")),
        ("EDIT", ("a", "c")),
    ]


@pytest.mark.parametrize("api", [REST, GraphQL()], ids=["REST", "GraphQL"])
def test_what_is_there_is_not_sent_again_where_the_rest_is_refused(mo: Mo, api: Api) -> None:
    """Somebody else has made one of the changes of a list whose answer was lost, and one is wrong."""
    mo.api = api
    mo.holds(*(titled(name, "Chef") for name in "abcd"))

    def loses(endpoint: Endpoint, items: Sequence[Item]) -> None:
        mo.refuse("c")
        others_write(mo, make_plan([titled("a", "X", 5)], mo.actual()))
        raise Unsettled("connection reset", perhaps_done=True)

    mo.before = loses
    applied = bring(mo, *(titled(name, "X", 5) for name in "abcd"), concurrency=1)
    assert failed(applied) == {"c": True}
    assert done(applied) == {"a", "b", "d"}
    sent = [uuids for what, uuids in mo.events if what == "MUTATE"]
    assert [uuids for uuids in sent if "a" in uuids] == [("a", "b", "c", "d")]


def test_a_create_that_mo_shows_otherwise_is_repeated(mo: Mo) -> None:
    def half(endpoint: Endpoint, items: Sequence[Item]) -> None:
        mo.after = lambda endpoint, items: None
        del mo.objects[Kind.ORG_UNIT, "a"][DAYS[-1]]
        raise Unsettled("connection reset", perhaps_done=True)

    mo.after = half
    bring(mo, unit("a"))
    assert mo.whats() == ["CREATE", "READ", "CREATE"]
    assert agrees(mo, unit("a"))


def test_nothing_is_sent_to_an_object_before_its_lost_create_was_read(mo: Mo) -> None:
    lose(mo, 1, carried_out=True)
    bring(mo, spread("a", (1, 3, "x"), (4, 6, "y")), unit("b", "a"), concurrency=4)
    assert mo.whats()[:2] == ["CREATE", "READ"]
    assert mo.names() == {"a", "b"}


def test_what_mo_cannot_show_after_its_answer_was_lost_is_not_sent_again(mo: Mo) -> None:
    mo.holds(*(unit(name) for name in "abc"))
    mo.unreadable = {"b": "it has no name"}
    lose(mo, 1, carried_out=False)
    applied = bring(mo, *(unit(name, name="X") for name in "abc"))
    assert failed(applied) == {"b": True}
    assert "it has no name" in applied.failed[0][1].reason
    assert done(applied) == {"a", "c"}
    assert ("EDIT", ("a", "c")) in mo.events


def test_an_mo_that_loses_every_answer_ends_the_run(mo: Mo) -> None:
    lose(mo, 1000, carried_out=False)
    applied = bring(mo, unit("a"), unit("b", "a"))
    assert isinstance(applied.stopped, UnavailableError)
    assert (applied.acknowledged, applied.failed) == ([], [])
    assert mo.whats().count("CREATE") == TRIES


def test_an_mo_that_goes_away_while_a_lost_create_is_read_ends_the_run(mo: Mo) -> None:
    lose(mo, 1, carried_out=True)

    def gone(kind: Kind, uuids: Collection[str]) -> Histories:
        raise UnavailableError("MO is gone")

    mo.read = gone  # type: ignore[method-assign]
    applied = bring(mo, unit("a"))
    assert str(applied.stopped) == "MO is gone"
    assert (applied.acknowledged, applied.failed) == ([], [])


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_database_that_is_away_for_a_while_costs_nothing(mo: Mo, carried_out: bool) -> None:
    lose(mo, TRIES - 1, carried_out=carried_out, down=True)
    applied = bring(mo, *(unit(name) for name in "abc"), concurrency=1)
    assert done(applied) == {"a", "b", "c"}
    assert applied.failed == []
    assert mo.whats()[1] == "READ"


def test_a_database_that_stays_away_ends_the_run(mo: Mo) -> None:
    mo.holds(*(unit(name) for name in "abc"))
    lose(mo, 1000, carried_out=False, down=True)
    applied = bring(mo, *(unit(name, name="X") for name in "abc"))
    assert "connection reset" in str(applied.stopped)
    assert mo.whats().count("EDIT") == TRIES, "no list is halved for it"


# Writes that change nothing


def test_somebody_else_s_same_change_costs_no_other() -> None:
    """Between our read and our write; wherever in the list it stands."""
    for place in range(5):
        mo = Mo()
        mo.holds(*(unit(f"{n}") for n in range(5)))
        plan = make_plan([unit(f"{n}", name="X") for n in range(5)], mo.actual())
        theirs = make_plan([unit(f"{place}", name="X")], mo.actual())
        mo.meanwhile = partial(others_write, mo, theirs)
        applied = apply(mo, plan)
        assert (len(applied.acknowledged), applied.failed, applied.stopped) == (5, [], None)
        assert agrees(mo, *(unit(f"{n}", name="X") for n in range(5)))
        assert mo.whats().count("EDIT") == 2, "what is there is left out, and the rest goes in one list"


@given(
    st.sets(st.integers(0, 19)),
    st.sets(st.integers(0, 19)),
    st.integers(2, 9),
    st.integers(1, 4),
    st.sampled_from(["edit", "terminate", "mutation"]),
)
def test_whoever_makes_the_same_changes_all_is_written(
    theirs: set[int], ours: set[int], chunk_size: int, concurrency: int, what: str
) -> None:
    mo = Mo()
    there, wanted = {
        "edit": (unit, partial(unit, name="X")),
        "terminate": (unit, lambda uuid: spread(uuid, (10, 41, NOTHING))),
        "mutation": (lambda uuid: titled(uuid, "Chef"), lambda uuid: titled(uuid, "X", 5)),
    }[what]
    mo.holds(*(there(f"{n:02}") for n in range(20)))
    objects = [wanted(f"{n:02}") for n in ours]
    plan = make_plan(objects, mo.actual())
    others_write(mo, make_plan([wanted(f"{n:02}") for n in theirs], mo.actual()))
    applied = apply(mo, plan, chunk_size, concurrency)
    assert (len(applied.acknowledged), applied.failed, applied.stopped) == (len(ours), [], None)
    assert agrees(mo, *objects)


def cannot_be_held(mo: Mo, uuid: str) -> None:
    """MO takes every edit of an object, and holds what it held before."""
    write = mo._write

    def forgetful(endpoint: Endpoint, item: Item) -> str:
        before = mo.objects.get((kind_of(item), uuid_of(item)))
        answer = write(endpoint, item)
        if uuid_of(item) == uuid and before is not None:
            mo.objects[kind_of(item), uuid] = before
        return answer

    mo._write = forgetful  # type: ignore[method-assign]


@pytest.mark.parametrize("odd", ["0", "4", "9"])
def test_what_mo_cannot_hold_costs_no_other(mo: Mo, odd: str) -> None:
    """It shows neither what was written, nor why a list was undone."""
    mo.holds(*(unit(f"{n}") for n in range(10)))
    cannot_be_held(mo, odd)
    applied = bring(mo, *(unit(f"{n}", name="X") for n in range(10)), chunk_size=10)
    assert (len(applied.acknowledged), applied.failed, applied.stopped) == (10, [], None)
    assert agrees(mo, *(unit(f"{n}", name="X") for n in range(10) if str(n) != odd))


@pytest.mark.parametrize("api", [REST, GraphQL()], ids=["REST", "GraphQL"])
def test_what_mo_cannot_hold_beside_what_others_made_costs_no_other(mo: Mo, api: Api) -> None:
    mo.api = api
    mo.holds(*(titled(name, "Chef") for name in "abcd"))
    cannot_be_held(mo, "d")
    wanted = [titled(name, "X", 5) for name in "abcd"]
    plan = make_plan(wanted, mo.actual())
    mo.meanwhile = partial(others_write, mo, make_plan([titled("b", "X", 5)], mo.actual()))
    applied = apply(mo, plan)
    assert (len(applied.acknowledged), applied.failed, applied.stopped) == (4, [], None)
    assert agrees(mo, *wanted[:3])


def undoes_the_second_list(mo: Mo, first: Exception | None = None) -> None:
    """MO acknowledges it, and has nothing of it; `first`: what its answer to the list before comes to."""
    carried_out, lists = mo._carried_out, count(1)

    def undoing(endpoint: Endpoint, items: Sequence[Item]) -> list[str | None]:
        number = next(lists)
        if number == 2:
            return [uuid_of(item) for item in items]
        answer = carried_out(endpoint, items)
        if number == 1 and first is not None:
            raise first
        return answer

    mo._carried_out = undoing  # type: ignore[method-assign]


def test_an_object_that_was_written_before_proves_a_list_only_by_one_more_registration(mo: Mo) -> None:
    """Its first edit made a registration too. MO undoes the second list, whatever spoilt it."""
    mo.holds(unit("a"), unit("b"))
    wanted = [spread(uuid, (1, 3, "x"), (4, 41, "y")) for uuid in ("a", "b")]
    undoes_the_second_list(mo)
    applied = bring(mo, *wanted, concurrency=1)
    assert (len(applied.acknowledged), applied.failed) == (4, [])
    assert agrees(mo, *wanted)


@pytest.mark.parametrize("how", ["lost", "made by somebody else"])
def test_a_registration_of_what_was_only_read_proves_no_later_list(mo: Mo, how: str) -> None:
    """The first list is there when it is read, since its answer was lost or others made it. MO undoes the second."""
    mo.holds(unit("a"), unit("b"))
    wanted = [spread(uuid, (1, 3, "x"), (4, 41, "y")) for uuid in ("a", "b")]
    lost = Unsettled("connection reset", perhaps_done=True)
    undoes_the_second_list(mo, lost if how == "lost" else Spoiled(500, None, ""))
    applied = bring(mo, *wanted, concurrency=1)
    assert (len(applied.acknowledged), applied.failed) == (4, [])
    assert agrees(mo, *wanted)


def test_a_list_is_not_proven_by_what_was_made_in_the_same_run(mo: Mo) -> None:
    """How many registrations a create makes is not known. MO undoes the list after it."""
    mo.holds(unit("b"))
    wanted = [spread("a", (1, 3, "x"), (4, 41, "y")), spread("b", (1, 3, None), (4, 41, "y"))]
    carried_out = mo._carried_out

    def undoing(endpoint: Endpoint, items: Sequence[Item]) -> list[str | None]:
        if len(items) > 1:
            mo._carried_out = carried_out  # type: ignore[method-assign]
            return [uuid_of(item) for item in items]
        mo.registrations["a"] += 1
        return carried_out(endpoint, items)

    mo._carried_out = undoing  # type: ignore[method-assign]
    applied = bring(mo, *wanted, concurrency=1)
    assert (len(applied.acknowledged), applied.failed) == (3, [])
    assert agrees(mo, *wanted)


@pytest.mark.parametrize("unanswerable", [False, True])
def test_lists_are_proven_by_registrations_and_else_by_reading(mo: Mo, unanswerable: bool) -> None:
    mo.holds(*(unit(f"{n:02}") for n in range(20)))
    mo.unanswerable = unanswerable
    applied = bring(mo, *(unit(f"{n:02}", name="X") for n in range(20)), chunk_size=10, concurrency=1)
    assert (len(applied.acknowledged), applied.failed) == (20, [])
    assert ("READ" in mo.whats()) is unanswerable
    assert mo.whats().count("EDIT") == 2


def test_what_needs_no_proof_costs_none(mo: Mo) -> None:
    bring(mo, *(unit(f"{n}") for n in range(5)), *(ean(f"e{n}", f"{n}") for n in range(5)))
    bring(mo, *(titled(f"c{n}", "Chef") for n in range(5)))
    assert set(mo.whats()) == {"CREATE", "MUTATE"}
    mo.events.clear()
    bring(mo, unit("3", name="X"))
    assert mo.whats() == ["EDIT"]


def test_one_request_proves_all_lists_that_wait_for_it(mo: Mo) -> None:
    mo.holds(*(unit(f"{n:03}") for n in range(200)))
    mo.pause = 0.002
    slow = mo.registered

    def registered(objects: Mapping[Kind, Collection[str]]) -> Counter[str]:
        sleep(0.05)
        return slow(objects)

    mo.registered = registered  # type: ignore[method-assign]
    applied = bring(mo, *(unit(f"{n:03}", name="X") for n in range(200)), chunk_size=10)
    assert len(applied.acknowledged) == 200
    assert mo.whats().count("EDIT") == 20
    assert mo.whats().count("REGISTERED") <= 10


# Who speaks?


def intercept(mo: Mo, *uuids: str, answers: int = 10_000, perhaps_done: bool = False) -> None:
    """Something before MO answers what holds one of these objects (or any, where none is named), so many times."""
    left = [answers]

    def intercepts(endpoint: Endpoint, items: Sequence[Item]) -> None:
        if left[0] and (not uuids or any(uuid_of(item) in uuids for item in items)):
            left[0] -= 1
            raise Unsettled(
                "something before MO answered 403 (text/html)", perhaps_done=perhaps_done, foreign=True
            )

    mo.before = intercepts


@pytest.mark.parametrize("perhaps_done", [True, False])
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("odd", ["00", "17", "39"])
def test_an_object_that_something_before_mo_refuses_is_pending_and_all_others_are_written(
    mo: Mo, odd: str, concurrency: int, perhaps_done: bool
) -> None:
    intercept(mo, odd, perhaps_done=perhaps_done)
    applied = bring(mo, *(unit(f"{n:02}") for n in range(40)), unit("below", odd), concurrency=concurrency)
    assert applied.stopped is None
    reasons = {operation.uuid: failure for operation, failure in applied.failed}
    assert reasons.keys() == {odd, "below"}
    assert reasons[odd].sent
    assert "something before MO answered 403 (text/html)" in reasons[odd].reason
    assert mo.names() == {f"{n:02}" for n in range(40)} - {odd}


@pytest.mark.parametrize("count", [1, 2, 40, 1000])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_where_something_before_mo_refuses_all_the_run_is_stopped(
    mo: Mo, count: int, concurrency: int
) -> None:
    intercept(mo)
    applied = bring(mo, *(unit(f"{n:02}") for n in range(count)), concurrency=concurrency)
    assert "something before MO answered 403 (text/html)" in str(applied.stopped)
    assert (applied.acknowledged, applied.failed) == ([], [])
    assert len(mo.events) < 100


def test_a_list_that_nobody_answers_for_long_ends_the_run(mo: Mo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing else is answered meanwhile, halves of it would only take as long again."""
    monkeypatch.setattr("aarhus_los.apply.UNANSWERED_SECONDS", -1.0)
    intercept(mo)
    applied = bring(mo, *(unit(f"{n:02}") for n in range(40)), chunk_size=40, concurrency=1)
    assert applied.stopped is not None
    assert (applied.acknowledged, applied.failed) == ([], [])
    assert len(mo.events) == TRIES


def test_a_proxy_that_begins_to_refuse_in_the_middle_stops_the_run(mo: Mo) -> None:
    """Others passed before: that says nothing of what is refused now."""
    calls = [0]

    def intercepts(endpoint: Endpoint, items: Sequence[Item]) -> None:
        calls[0] += 1
        if calls[0] > 3:
            raise Unsettled("something before MO answered 403", perhaps_done=False, foreign=True)

    mo.before = intercepts
    applied = bring(mo, *(unit(f"{n:03}") for n in range(100)), chunk_size=10, concurrency=1)
    assert "before MO" in str(applied.stopped)
    assert applied.failed == []
    assert done(applied) == mo.names()
    assert len(mo.names()) == 30


def test_what_was_refused_for_a_while_is_sent_again_when_all_else_is_done(mo: Mo) -> None:
    """So long that a list was halved down to single objects."""
    intercept(mo, *(f"{n:02}" for n in range(4)), answers=TRIES + 6)
    applied = bring(mo, *(unit(f"{n:02}") for n in range(20)), chunk_size=4, concurrency=1)
    assert (applied.stopped, applied.failed) == (None, [])
    assert mo.names() == {f"{n:02}" for n in range(20)}


# The brake on refusals


def test_more_refusals_than_are_usual_end_it(mo: Mo) -> None:
    mo.refuse(*(f"{n:03}" for n in range(0, 400, 3)))
    objects = [unit(f"{n:03}") for n in range(400)]
    applied = bring(mo, *objects, limit=Limit(50, 5), concurrency=1)
    assert applied.stopped is None
    assert applied.refusals is not None
    assert applied.refusals.brake == Brake(BrakeKind.REFUSALS, 51, Limit(50, 5), 400)
    assert applied.refusals.reasons == [(51, "400 V_TEST: one of them is wrong")]
    assert len(applied.failed) == 51
    assert len(mo.names()) < 150


@pytest.mark.parametrize(
    ("limit", "allowed"), [(Limit(50, 50), 0), (Limit(150, 5), 0), (Limit(50, 5), 134), (None, 0)]
)
def test_refusals_within_either_limit_or_allowed_do_not(mo: Mo, limit: Limit | None, allowed: int) -> None:
    mo.refuse(*(f"{n:03}" for n in range(0, 400, 3)))
    objects = [unit(f"{n:03}") for n in range(400)]
    applied = bring(mo, *objects, limit=limit, allowed=allowed)
    assert (applied.refusals, len(applied.failed)) == (None, 134)
    assert len(mo.names()) == 400 - 134


def test_what_something_before_mo_refuses_counts_too(mo: Mo) -> None:
    intercept(mo, *(f"{n:03}" for n in range(0, 400, 3)))
    applied = bring(mo, *(unit(f"{n:03}") for n in range(400)), limit=Limit(50, 5), concurrency=1)
    assert applied.refusals is not None
    assert applied.refusals.reasons == [(51, "no answer of MO: something before MO answered 403 (text/html)")]


def test_what_is_answered_when_it_is_sent_again_is_no_refusal(mo: Mo) -> None:
    """Nor does it add to those that come after it."""
    left = [TRIES + 1]

    def answers(endpoint: Endpoint, items: Sequence[Item]) -> None:
        uuids = {uuid_of(item) for item in items}
        if "a" in uuids and left[0]:
            left[0] -= 1
            raise Unsettled("something before MO answered 403", perhaps_done=False, foreign=True)
        if "b" in uuids:
            raise Refused(400, "V_TEST", "it is wrong")

    mo.before = answers
    applied = bring(mo, unit("a"), unit("b", "a"), unit("z"), limit=Limit(1, 0), concurrency=1)
    assert (applied.refusals, failed(applied)) == (None, {"b": True})
    assert mo.names() == {"a", "z"}


def test_what_needs_a_refused_object_is_not_counted(mo: Mo) -> None:
    mo.refuse("a")
    applied = bring(mo, unit("a"), *(unit(f"{n:02}", "a") for n in range(60)), limit=Limit(50, 5))
    assert (applied.refusals, len(applied.failed)) == (None, 61)


# Steps that go alone


def test_a_step_that_goes_alone_is_in_no_list(mo: Mo) -> None:
    mo.holds(*(unit(f"{n}") for n in range(9)))
    plan = make_plan([unit(f"{n}", name="X") for n in range(9)], mo.actual())
    steps = [replace(step, alone=n in (2, 5)) for n, step in enumerate(plan.steps)]
    applied = apply(mo, Plan(tuple(steps)), concurrency=1)
    assert len(applied.acknowledged) == 9
    edits = [uuids for what, uuids in mo.events if what == "EDIT"]
    assert ("2",) in edits
    assert ("5",) in edits
    assert ("0", "1", "3", "4", "6", "7", "8") in edits


# MO is gone


def test_an_mo_that_goes_away_ends_the_run_and_claims_nothing(mo: Mo) -> None:
    calls = [0]

    def goes(endpoint: Endpoint, items: Sequence[Item]) -> None:
        calls[0] += 1
        if calls[0] > 2:
            raise UnavailableError("MO is gone")

    mo.before = goes
    applied = bring(mo, *(unit(f"{n:03}") for n in range(60)), chunk_size=10, concurrency=1)
    assert str(applied.stopped) == "MO is gone"
    assert done(applied) == mo.names()
    assert (len(mo.names()), applied.failed) == (20, [])
    assert calls[0] == 3


# Any tree, any refusals


@given(
    st.lists(st.integers(0, 30), max_size=30),
    st.sets(st.integers(0, 30), max_size=6),
    st.integers(1, 7),
    st.integers(1, 4),
)
def test_all_is_written_but_what_was_refused_and_what_hangs_on_it(
    parents: list[int], refused: set[int], chunk_size: int, concurrency: int
) -> None:
    mo = Mo()
    mo.refuse(*(f"{n:02}" for n in refused))
    above = {n: parent % n if n else None for n, parent in enumerate(parents)}
    objects = [unit(f"{n:02}", None if up is None else f"{up:02}") for n, up in above.items()]

    def stands(n: int) -> bool:
        up = above[n]
        return n not in refused and (up is None or stands(up))

    applied = bring(mo, *reversed(objects), chunk_size=chunk_size, concurrency=concurrency)
    assert mo.names() == done(applied) == {f"{n:02}" for n in above if stands(n)}
    assert set(failed(applied)) == {f"{n:02}" for n in above if not stands(n)}
