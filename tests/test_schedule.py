"""Lists of steps: each step once, alone where it must be, and after all that it waits for, or behind it in its list."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.api import REST, Api, GraphQL
from aarhus_los.mo.model import Kind, Unit
from aarhus_los.plan import Action, Operation, Step
from aarhus_los.schedule import Schedule
from aarhus_los.timeline import BEGINNING, FOREVER
from tests.properties import examples


def step(number: int, needs: set[int], follows: set[int], *, alone: bool, size: int) -> Step:
    value = Unit("1", "A", None, "type")
    operation = Operation(Kind.ORG_UNIT, f"{number:03}", Action.EDIT, BEGINNING, FOREVER, value, ())
    return Step((operation,) * size, tuple(sorted(needs)), tuple(sorted(follows - needs)), alone)


@st.composite
def plans(draw: st.DrawFn) -> list[Step]:
    steps = []
    for number in range(draw(st.integers(1, 30))):
        earlier = st.sets(st.integers(0, number - 1), max_size=3) if number else st.just(set[int]())
        alone = draw(st.integers(0, 9)) == 0
        steps.append(step(number, draw(earlier), draw(earlier), alone=alone, size=draw(st.integers(1, 3))))
    return steps


@pytest.mark.parametrize("api", [REST, GraphQL()])
@examples(
    15,
    100,
    given(steps=plans(), chunk=st.integers(1, 12), connections=st.integers(1, 4), seed=st.integers(0, 2**16)),
)
def test_whatever_fails_and_is_given_back_each_step_is_over_once(
    api: Api, steps: list[Step], chunk: int, connections: int, seed: int
) -> None:
    drawn = random.Random(seed)
    fails = {number for number in range(len(steps)) if drawn.random() < 0.1}
    schedule = Schedule(steps, chunk, api)
    under_way: list[list[int]] = []
    over: set[int] = set()
    failed: set[int] = set()

    def end(number: int, fault: bool) -> None:
        assert number not in over
        over.add(number)
        if not fault:
            schedule.over(number)
            return
        failed.add(number)
        for lost in schedule.failed(number):
            assert failed & set(steps[lost].needs)
            end(lost, True)

    while len(over) < len(steps):
        taken = (
            schedule.take(connections - len(under_way), idle=not under_way)
            if len(under_way) < connections
            else None
        )
        if taken is None:
            assert under_way
            numbers = under_way.pop(drawn.randrange(len(under_way)))
            wrong = [number for number in numbers if number in fails]
            if wrong and len(numbers) > 1:
                schedule.give_back(numbers, wrong[:1] if drawn.random() < 0.8 else numbers)
            else:
                for number in numbers:
                    end(number, number in fails)
            continue
        numbers = taken[1]
        assert len(numbers) == 1 or sum(len(steps[number].operations) for number in numbers) <= chunk
        assert len(numbers) == 1 or not any(steps[number].alone for number in numbers)
        for place, number in enumerate(numbers):
            before = over | (set(numbers[:place]) if api.in_order else set())
            assert set(steps[number].after) <= before
            assert not failed & set(steps[number].needs)
        assert schedule.may_go(numbers)
        under_way.append(numbers)
    assert fails <= failed


def test_where_lists_keep_their_order_a_unit_goes_with_all_that_hangs_below_it() -> None:
    steps = [
        step(number, {number - 1} if number else set(), set(), alone=False, size=1) for number in range(5)
    ]
    in_order, one_by_one = Schedule(steps, 50, GraphQL()), Schedule(steps, 50)
    assert [taken[1] for taken in [in_order.take(1, idle=True)] if taken] == [[0, 1, 2, 3, 4]]
    assert [taken[1] for taken in [one_by_one.take(1, idle=True)] if taken] == [[0]]
