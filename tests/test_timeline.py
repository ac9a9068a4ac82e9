"""Validity: laws of overlaying, merging, cutting and comparing, against sets of days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import pairwise, zip_longest
from random import Random
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.timeline import (
    BEGINNING,
    FOREVER,
    NOTHING,
    ONE_DAY,
    UNCLAIMED,
    Layers,
    Nothing,
    Piece,
    Statement,
    Timeline,
    Unclaimed,
    at,
    clip,
    covers,
    cut,
    day_after,
    day_before,
    differences,
    is_there,
    last_day,
    merge,
    overlay,
    overlay_statements,
    restrict,
    split,
    valid,
    value_at,
)
from tests.properties import examples

DAYS = [BEGINNING, *(date(2026, 1, 1) + timedelta(days=n) for n in range(14)), FOREVER]
"""Every interval begins and ends on one of these."""
VALUES = ["a", "b"]

Days = dict[date, str | Nothing]

days = st.sampled_from(DAYS)
spans = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))
values: st.SearchStrategy[str | Nothing] = st.sampled_from(["a", "b", NOTHING])
deep = partial(examples, 20, 300)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline[str]:
    """Pieces in order, without overlap, not always merged."""
    bounds = sorted(draw(st.sets(days, max_size=8)))
    pieces: list[Piece[str]] = []
    for start, after in zip_longest(bounds, bounds[1:]):
        if draw(st.integers(0, 3)):
            end = FOREVER if after is None else day_before(after)
            if not draw(st.integers(0, 2)):
                end = start
            pieces.append(Piece(start, end, draw(values)))
    return tuple(pieces)


def by_day(timeline: Iterable[Piece[str]]) -> Days:
    """A timeline a day at a time; no day twice."""
    found: Days = {}
    for piece in timeline:
        assert piece.start <= piece.end
        for each in DAYS:
            if piece.start <= each <= piece.end:
                assert each not in found
                found[each] = piece.value
    return found


def is_merged(timeline: Sequence[Piece[str]]) -> bool:
    """In order, and no neighbours that could be one."""
    return all(
        earlier.end < later.start
        and not (day_after(earlier.end) == later.start and earlier.value == later.value)
        for earlier, later in pairwise(timeline)
    )


# Overlaying statements


Row = tuple[tuple[date, date], str | Nothing | Unclaimed]
rows = st.lists(st.tuples(spans, st.sampled_from([*VALUES, NOTHING, UNCLAIMED])), max_size=6)


def stated(rows: Sequence[Row]) -> list[Statement[str]]:
    return [Statement(*span, value, line, (line,)) for line, (span, value) in enumerate(rows)]


@deep(given(rows, st.randoms(use_true_random=False)))
def test_on_each_day_the_statement_that_starts_latest_wins_and_of_equal_starts_the_higher_one(
    rows: list[Row], random: Random
) -> None:
    statements = stated(rows)
    random.shuffle(statements)
    overlaid = overlay_statements(statements)
    expected: Days = {}
    for day in DAYS:
        covering = [each for each in statements if each.start <= day <= each.end]
        if covering:
            winner = max(covering, key=lambda each: (each.start, each.order))
            if not isinstance(winner.value, Unclaimed):
                expected[day] = winner.value
                piece = at(overlaid, day)
                assert piece is not None
                assert winner.order in piece.origin
    assert by_day(overlaid) == expected
    assert is_merged(overlaid)


def test_a_statement_of_no_day_states_nothing() -> None:
    assert overlay_statements([Statement(DAYS[3], DAYS[2], "a")]) == ()


# Merging, cutting, clipping, overlaying


@deep(given(timelines()))
def test_merging_loses_no_day_and_invents_none(timeline: Timeline[str]) -> None:
    merged = merge(timeline)
    assert by_day(merged) == by_day(timeline)
    assert is_merged(merged)
    assert merge(merged) == merged


def test_merging_keeps_a_gap_and_joins_where_pieces_come_from() -> None:
    one, two, three = (Piece(DAYS[n], DAYS[n], "a", (name,)) for n, name in ((1, "x"), (2, "y"), (4, "z")))
    assert [(piece.start, piece.end, piece.origin) for piece in merge([one, two, three])] == [
        (DAYS[1], DAYS[2], ("x", "y")),
        (DAYS[4], DAYS[4], ("z",)),
    ]


def test_where_a_piece_comes_from_makes_no_difference() -> None:
    assert Piece(DAYS[1], DAYS[2], "a", ("x",)) == Piece(DAYS[1], DAYS[2], "a", ("y",))


@deep(given(timelines(), spans))
def test_cut_and_clip_are_two_halves(timeline: Timeline[str], span: tuple[date, date]) -> None:
    inside, outside = by_day(clip(timeline, *span)), by_day(cut(timeline, *span))
    assert all(span[0] <= each <= span[1] for each in inside)
    assert not any(span[0] <= each <= span[1] for each in outside)
    assert inside | outside == by_day(timeline)


@deep(given(timelines(), timelines()))
def test_what_is_overlaid_shows_what_is_under_where_it_claims_nothing(
    over: Timeline[str], under: Timeline[str]
) -> None:
    overlaid = overlay(over, under)
    assert by_day(overlaid) == by_day(under) | by_day(over)
    assert is_merged(overlaid)


@deep(given(timelines(), st.lists(timelines(), max_size=6)))
def test_layers_are_overlays_one_after_the_other(under: Timeline[str], all_over: list[Timeline[str]]) -> None:
    layers, expected, days = Layers(under), under, by_day(under)
    for over in all_over:
        layers.overlay(over)
        expected, days = overlay(over, expected), days | by_day(over)
        assert by_day(layers.pieces) == by_day(expected) == days
        assert layers.pieces == sorted(layers.pieces, key=lambda piece: piece.start)
    assert layers.merged() == merge(expected)


@deep(given(timelines(), timelines()))
def test_what_is_restricted_is_there_only_where_the_other_is(
    one: Timeline[str], other: Timeline[str]
) -> None:
    there = {day for day, value in by_day(other).items() if value is not NOTHING}
    restricted = restrict(one, other)
    assert by_day(restricted) == {
        day: value for day, value in by_day(one).items() if day in there and value is not NOTHING
    }


@deep(given(timelines(), spans))
def test_splitting_leaves_no_day_out(timeline: Timeline[str], span: tuple[date, date]) -> None:
    runs = split(*span, timeline)
    assert (runs[0][0], runs[-1][1]) == span
    assert all(day_after(end) == start for (_, end, _), (start, _, _) in pairwise(runs))
    for start, end, found in runs:
        assert start <= end
        assert at(timeline, start) == found
        assert at(timeline, end) == found


@deep(given(timelines(), days))
def test_the_piece_of_a_day_is_the_one_that_covers_it(timeline: Timeline[str], day: date) -> None:
    value = by_day(timeline).get(day)
    found = at(timeline, day)
    assert value == (None if found is None else found.value)
    assert valid(timeline, day) == (value in VALUES)
    assert value_at(timeline, day) == (NOTHING if value is None else value)


@deep(given(timelines(), spans))
def test_when_the_object_is_there(timeline: Timeline[str], span: tuple[date, date]) -> None:
    there = [day for day, value in by_day(timeline).items() if value is not NOTHING]
    assert is_there(timeline) == bool(there)
    last = last_day(timeline)
    assert (last is None) == (not there)
    assert last is None or (
        valid(timeline, last) and not any(valid(timeline, day) for day in DAYS if day > last)
    )
    every = split(*span, timeline)
    assert covers(timeline, *span) == all(
        piece is not None and piece.value is not NOTHING for *_, piece in every
    )


@pytest.mark.parametrize("day", DAYS)
def test_the_days_around_a_day_stop_at_the_ends_of_time(day: date) -> None:
    assert day == BEGINNING or day_before(day) == day - timedelta(days=1)
    assert day == FOREVER or day_after(day) == day + timedelta(days=1)
    assert (day_before(BEGINNING), day_after(FOREVER)) == (BEGINNING, FOREVER)


# Comparing


def written(actual: Timeline[str], changes: Sequence[Piece[str]]) -> Days:
    """What MO says after the changes: create overwrites the object, edit and terminate write their window."""
    there: Days = {each: value for each, value in by_day(actual).items() if value is not NOTHING}
    exists = bool(there)
    for change in changes:
        window = [each for each in DAYS if change.start <= each <= change.end]
        if change.value is NOTHING:
            assert exists, "MO has no such object to end"
            there = {each: value for each, value in there.items() if each not in window}
        elif exists:
            there |= dict.fromkeys(window, change.value)
        else:
            there = dict.fromkeys(window, change.value)  # a create
            exists = True
    return there


@deep(given(timelines(), timelines()))
def test_writing_the_difference_gives_the_desired_and_leaves_other_days(
    actual: Timeline[str], desired: Timeline[str]
) -> None:
    after = written(actual, differences(actual, desired))
    expected = by_day(actual) | by_day(desired)
    assert after == {each: value for each, value in expected.items() if value is not NOTHING}


@deep(given(timelines(), timelines()))
def test_a_second_difference_is_empty(actual: Timeline[str], desired: Timeline[str]) -> None:
    assert differences(overlay(desired, actual), desired) == []


@deep(given(timelines(), timelines()))
def test_changes_are_few_in_order_and_apart_and_begin_and_end_with_a_difference(
    actual: Timeline[str], desired: Timeline[str]
) -> None:
    changes = differences(actual, desired)
    assert len(changes) <= len(desired)
    assert all(one.end < other.start for one, other in pairwise(changes))
    for change in changes:
        for edge in (change.start, change.end):
            piece = at(actual, edge)
            assert (NOTHING if piece is None else piece.value) != change.value


# Cost: what a unit with a long history costs must not grow faster than the history


MANY = 20_000
"""At so many pieces, work that grows with their square would take minutes."""


def in_a_row(values: str, gap: int = 0) -> Timeline[str]:
    """Many pieces of a day each, with or without a gap after each."""
    start = date(1000, 1, 1)
    return tuple(
        Piece(day, day, values[n % len(values)])
        for n in range(MANY)
        for day in [start + timedelta(days=n * (1 + gap))]
    )


def nested() -> list[Statement[str]]:
    """Each within the one before it."""
    start, end = date(1000, 1, 1), date(9000, 1, 1)
    return [Statement(start + n * ONE_DAY, end - n * ONE_DAY, "ab"[n % 2], origin=(n,)) for n in range(MANY)]


def one_after_the_other() -> list[Statement[str]]:
    """Each but the first has the days of the one before it, less one."""
    start = date(1000, 1, 1)
    return [Statement(start + n * ONE_DAY, FOREVER, "ab"[n % 2]) for n in range(MANY)]


@pytest.mark.parametrize(
    ("work", "pieces"),
    [
        (lambda: overlay_statements(nested()), 2 * MANY - 1),
        (lambda: overlay_statements(one_after_the_other()), MANY),
        (lambda: overlay(in_a_row("ab"), in_a_row("cd")), MANY),
        (lambda: overlay(in_a_row("ab", gap=1), in_a_row("cd")), MANY + MANY // 2),
        (lambda: restrict(in_a_row("ab"), in_a_row("a", gap=1)), MANY // 2),
        (lambda: differences(in_a_row("cd"), in_a_row("ab")), MANY),
        (lambda: differences((), in_a_row("ab", gap=1)), MANY),
        (lambda: merge(in_a_row("a")), 1),
    ],
    ids=["nested", "one after the other", "overlay", "overlay with gaps", "restrict", "all", "none", "merge"],
)
def test_a_long_history_costs_no_more_than_it_is_long(
    work: Callable[[], Sequence[object]], pieces: int
) -> None:
    begun = process_time()
    assert len(work()) == pieces
    assert process_time() - begun < 1
