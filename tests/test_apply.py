"""Operations to MO: order, lists, refusals, lost answers; against an MO in memory that keeps to its rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from threading import Lock
from time import sleep
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aarhus_los.apply import LOST_ANSWERS, Applied, apply_plan
from aarhus_los.desired.claims import DesiredObject
from aarhus_los.errors import UnavailableError
from aarhus_los.http import Unsettled
from aarhus_los.mo.answers import Refused
from aarhus_los.mo.kinds import Address, Door, History, Item, Kind, Unit
from aarhus_los.plan import Plan, make_plan
from aarhus_los.timeline import FOREVER, NOTHING, Nothing, Piece
from tests.daily_mo import DailyMo

DAYS = [date(1900, 1, 1), *(date(2026, 1, 1) + timedelta(days=n) for n in range(40)), FOREVER]


def unit(uuid: str, parent: str | None = None, name: str = "Skolen", start: int = 1) -> DesiredObject:
    value = Unit("1", name, parent, "type", None)
    return DesiredObject(Kind.ORG_UNIT, uuid, (Piece(DAYS[start], FOREVER, value),))


def spread(uuid: str, *pieces: tuple[int, int, str | Nothing | None]) -> DesiredObject:
    """A unit with a parent for each of several times; `NOTHING`: it is not there."""
    claim: History = tuple(
        Piece(
            DAYS[start],
            DAYS[end],
            parent if isinstance(parent, Nothing) else Unit("1", "Skolen", parent, "type", None),
        )
        for start, end, parent in pieces
    )
    return DesiredObject(Kind.ORG_UNIT, uuid, claim)


def ean(uuid: str, of: str, value: str = "5798005770213") -> DesiredObject:
    return DesiredObject(Kind.ADDRESS, uuid, (Piece(DAYS[1], FOREVER, Address(value, "ean", of)),), within=of)


def uuid_of(item: Item) -> str:
    uuid: str = item.get("uuid") or item["data"]["uuid"]
    return uuid


class Mo(DailyMo):
    """Loses answers, goes away, and watches that no object is written by two requests at once."""

    def __init__(self) -> None:
        super().__init__(DAYS)
        self.events: list[tuple[str, tuple[str, ...]]] = []
        self.before: Callable[[Door, Sequence[Item]], None] = lambda door, items: None
        self.after: Callable[[Door, Sequence[Item]], None] = lambda door, items: None
        self.pause = 0.0
        self._busy: list[str] = []
        self._watch = Lock()

    def write(self, door: Door, items: Sequence[Item]) -> list[str | None]:
        uuids = [uuid_of(item) for item in items]
        with self._watch:
            assert len(set(uuids)) == len(uuids), "an object twice in one request"
            assert not set(uuids) & set(self._busy), "an object in two requests at once"
            assert uuids == sorted(uuids)
            self._busy += uuids
            self.events.append((door.name, tuple(uuids)))
        try:
            sleep(self.pause)
            self.before(door, items)
            answer = super().write(door, items)
            self.after(door, items)
            return answer
        finally:
            with self._watch:
                for uuid in uuids:
                    self._busy.remove(uuid)

    def settle(self, once: Callable[[], Any], *, again: Callable[[Unsettled], bool]) -> Any:
        while True:
            try:
                return once()
            except Unsettled as unsettled:
                if not again(unsettled):
                    raise

    def read(self, kind: Kind, uuids: Collection[str]) -> dict[str, History]:
        self.events.append(("READ", tuple(sorted(uuids))))
        return super().read(kind, uuids)

    def names(self) -> set[str]:
        return {uuid for (_, uuid), there in self.objects.items() if there}

    def refuse(self, *uuids: str, status: int = 400) -> None:
        def refuses(door: Door, items: Sequence[Item]) -> None:
            if any(uuid_of(item) in uuids for item in items):
                raise Refused(status, "V_TEST", "one of them is wrong")

        self.before = refuses

    def holds(self, *objects: DesiredObject) -> None:
        """MO has these already."""
        applied = apply(self, make_plan(objects, {}))
        assert applied.failed == []
        self.events.clear()


def apply(mo: Mo, plan: Plan, chunk_size: int = 50, concurrency: int = 4) -> Applied:
    return apply_plan(plan, mo, mo.read, chunk_size=chunk_size, concurrency=concurrency)


def bring(mo: Mo, *objects: DesiredObject, chunk_size: int = 50, concurrency: int = 4) -> Applied:
    return apply(mo, make_plan(objects, mo.actual()), chunk_size, concurrency)


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
    apply_plan(plan, mo, mo.read, chunk_size=2, concurrency=1, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 5


# What MO refuses


@pytest.mark.parametrize(("status", "pending"), [(400, False), (404, False), (500, True)])
def test_a_refused_list_is_halved_until_the_culprit_stands_alone(mo: Mo, status: int, pending: bool) -> None:
    mo.refuse("013", status=status)
    applied = bring(mo, *(unit(f"{n:03}") for n in range(40)))
    ((operation, failure),) = applied.failed
    assert (operation.uuid, failure.sent, failure.pending) == ("013", True, pending)
    assert str(status) in failure.reason
    assert mo.names() == {f"{n:03}" for n in range(40) if n != 13}
    assert ("CREATE", ("013",)) in mo.events


def test_what_refers_to_a_refused_object_is_not_sent_and_waits(mo: Mo) -> None:
    mo.refuse("b")
    applied = bring(mo, unit("d", "c"), unit("c", "b"), unit("b", "a"), unit("a"), unit("e", "a"))
    assert failed(applied) == {"b": True, "c": False, "d": False}
    assert all(failure.pending for operation, failure in applied.failed if operation.uuid != "b")
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
        def write(self, door: Door, items: Sequence[Item]) -> list[str | None]:
            return [None if uuid_of(item) == "a" else "b" for item in items]

    applied = apply(Answering(), plan)
    ((operation, failure),) = applied.failed
    assert (operation.uuid, failure.pending) == ("a", True)
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


def lose(mo: Mo, times: int, *, carried_out: bool) -> None:
    left = [times]

    def loses(door: Door, items: Sequence[Item]) -> None:
        if left[0]:
            left[0] -= 1
            raise Unsettled("connection reset", perhaps_done=True)

    if carried_out:
        mo.after = loses
    else:
        mo.before = loses


def test_a_create_whose_answer_was_lost_is_read_and_not_repeated(mo: Mo) -> None:
    lose(mo, 1, carried_out=True)
    applied = bring(mo, unit("a"), ean("e", "a"))
    assert done(applied) == {"a", "e"}
    assert [what for what, _ in mo.events] == ["CREATE", "READ", "READ"]


def test_a_create_that_was_not_carried_out_is_repeated_after_it_was_read(mo: Mo) -> None:
    lose(mo, 2, carried_out=False)
    applied = bring(mo, unit("a"))
    assert done(applied) == {"a"}
    assert [what for what, _ in mo.events] == ["CREATE", "READ", "CREATE", "READ", "CREATE"]


def test_a_create_that_mo_shows_otherwise_is_repeated(mo: Mo) -> None:
    def half(door: Door, items: Sequence[Item]) -> None:
        mo.after = lambda door, items: None
        del mo.objects[Kind.ORG_UNIT, "a"][DAYS[-1]]
        raise Unsettled("connection reset", perhaps_done=True)

    mo.after = half
    bring(mo, unit("a"))
    assert [what for what, _ in mo.events] == ["CREATE", "READ", "CREATE"]
    assert make_plan([unit("a")], mo.actual()).operations == []


def test_nothing_is_sent_to_an_object_before_its_lost_create_was_read(mo: Mo) -> None:
    lose(mo, 1, carried_out=True)
    bring(mo, spread("a", (1, 3, "x"), (4, 6, "y")), unit("b", "a"), concurrency=4)
    assert [what for what, _ in mo.events][:2] == ["CREATE", "READ"]
    assert mo.names() == {"a", "b"}


def test_an_mo_that_loses_every_answer_ends_the_run(mo: Mo) -> None:
    lose(mo, 1000, carried_out=False)
    applied = bring(mo, unit("a"), unit("b", "a"))
    assert isinstance(applied.stopped, UnavailableError)
    assert (applied.acknowledged, applied.failed) == ([], [])
    assert sum(what == "CREATE" for what, _ in mo.events) == LOST_ANSWERS


def test_an_mo_that_goes_away_while_a_lost_create_is_read_ends_the_run(mo: Mo) -> None:
    lose(mo, 1, carried_out=True)

    def gone(kind: Kind, uuids: Collection[str]) -> Mapping[str, History]:
        raise UnavailableError("MO is gone")

    applied = apply_plan(make_plan([unit("a")], {}), mo, gone, chunk_size=50, concurrency=2)
    assert str(applied.stopped) == "MO is gone"
    assert (applied.acknowledged, applied.failed) == ([], [])


# MO is gone


def test_an_mo_that_goes_away_ends_the_run_and_claims_nothing(mo: Mo) -> None:
    calls = [0]

    def goes(door: Door, items: Sequence[Item]) -> None:
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


@settings(deadline=None, derandomize=True, max_examples=60)
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
