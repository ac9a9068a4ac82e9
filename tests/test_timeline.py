"""Validity: laws of painting, merging, laying and comparing, against sets of days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise, zip_longest

import pytest
from aarhus_los.desired.folding import claim_of
from hypothesis import given, settings
from hypothesis import strategies as st

from aarhus_los.timeline import (
    BEGINNING,
    FOREVER,
    NOTHING,
    UNCLAIMED,
    Change,
    Layer,
    Nothing,
    Piece,
    Timeline,
    Unclaimed,
    alive,
    at,
    clip,
    cut,
    day_after,
    day_before,
    differences,
    lay,
    merge,
    paint,
    split,
)

DAYS = [BEGINNING, *(date(2026, 1, 1) + timedelta(days=n) for n in range(14)), FOREVER]
"""Every interval begins and ends on one of these."""
VALUES = ["a", "b"]

Days = dict[date, str | Nothing]

days = st.sampled_from(DAYS)
spans = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))
values: st.SearchStrategy[str | Nothing] = st.sampled_from(["a", "b", NOTHING])
deep = settings(deadline=None, derandomize=True)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline[str]:
    """Pieces in order, without overlap, not always merged."""
    bounds = sorted(draw(st.sets(days, max_size=8)))
    pieces: list[Piece[str]] = []
    for start, after in zip_longest(bounds, bounds[1:]):
        if draw(st.booleans()):
            end = FOREVER if after is None else day_before(after)
            if draw(st.booleans()):
                end = start
            pieces.append(Piece(start, end, draw(values)))
    return tuple(pieces)


def told(timeline: Iterable[Piece[str]]) -> Days:
    """A timeline a day at a time; no day twice."""
    found: Days = {}
    for piece in timeline:
        assert piece.start <= piece.end
        for each in DAYS:
            if piece.start <= each <= piece.end:
                assert each not in found
                found[each] = piece.value
    return found


def is_tidy(timeline: Sequence[Piece[str]]) -> bool:
    """In order, and no neighbours that could be one."""
    return all(
        earlier.end < later.start
        and not (day_after(earlier.end) == later.start and earlier.value == later.value)
        for earlier, later in pairwise(timeline)
    )


# Painting


Row = tuple[tuple[date, date], str | Unclaimed]
rows_apart = st.lists(
    st.tuples(spans, st.sampled_from([*VALUES, UNCLAIMED])), min_size=1, unique_by=lambda row: row[0][0]
)


@deep
@given(rows_apart.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), days)
def test_painting_does_not_depend_on_the_order_of_rows_where_starts_differ(
    orders: tuple[list[Row], list[Row]], first: date
) -> None:
    one, other = (
        claim_of([Layer(*span, value, line) for line, (span, value) in enumerate(rows)], first)
        for rows in orders
    )
    assert one == other


@deep
@given(st.lists(st.tuples(spans, st.sampled_from([*VALUES, UNCLAIMED])), min_size=1, max_size=5), days)
def test_a_claim_says_on_every_day_what_the_row_with_the_latest_start_says(
    rows: list[Row], first: date
) -> None:
    claim = told(claim_of([Layer(*span, value, order) for order, (span, value) in enumerate(rows)], first))
    for each in DAYS:
        covering = [
            (span[0], order, value) for order, (span, value) in enumerate(rows) if span[0] <= each <= span[1]
        ]
        expected = max(covering, key=lambda row: row[:2])[2] if covering else NOTHING
        if each < first or isinstance(expected, Unclaimed):
            assert each not in claim
        else:
            assert claim[each] == expected


@deep
@given(st.lists(st.tuples(spans, st.sampled_from([*VALUES, NOTHING, UNCLAIMED])), max_size=6))
def test_a_later_layer_covers_an_earlier_one(
    layers: list[tuple[tuple[date, date], str | Nothing | Unclaimed]],
) -> None:
    expected: Days = {}
    for (start, end), value in layers:
        for each in DAYS:
            if start <= each <= end:
                if isinstance(value, Unclaimed):
                    expected.pop(each, None)
                else:
                    expected[each] = value
    painted = paint([Layer(*span, value) for span, value in layers])
    assert told(painted) == expected
    assert is_tidy(painted)


# Merging, cutting, clipping, laying


@deep
@given(timelines())
def test_merging_loses_no_day_and_invents_none(timeline: Timeline[str]) -> None:
    merged = merge(timeline)
    assert told(merged) == told(timeline)
    assert is_tidy(merged)
    assert merge(merged) == merged


def test_merging_keeps_a_gap_and_joins_where_pieces_come_from() -> None:
    one, two, three = (Piece(DAYS[n], DAYS[n], "a", (name,)) for n, name in ((1, "x"), (2, "y"), (4, "z")))
    assert [(piece.start, piece.end, piece.origin) for piece in merge([one, two, three])] == [
        (DAYS[1], DAYS[2], ("x", "y")),
        (DAYS[4], DAYS[4], ("z",)),
    ]


def test_where_a_piece_comes_from_makes_no_difference() -> None:
    assert Piece(DAYS[1], DAYS[2], "a", ("x",)) == Piece(DAYS[1], DAYS[2], "a", ("y",))


@deep
@given(timelines(), spans)
def test_cut_and_clip_are_two_halves(timeline: Timeline[str], span: tuple[date, date]) -> None:
    inside, outside = told(clip(timeline, *span)), told(cut(timeline, *span))
    assert all(span[0] <= each <= span[1] for each in inside)
    assert not any(span[0] <= each <= span[1] for each in outside)
    assert inside | outside == told(timeline)


@deep
@given(timelines(), timelines())
def test_what_is_laid_over_shows_what_is_under_where_it_claims_nothing(
    over: Timeline[str], under: Timeline[str]
) -> None:
    laid = lay(over, under)
    assert told(laid) == told(under) | told(over)
    assert is_tidy(laid)


@deep
@given(timelines(), timelines())
def test_laying_combines_a_day_s_two_values(over: Timeline[str], under: Timeline[str]) -> None:
    laid = lay(over, under, lambda upper, lower: f"{upper} over {lower}")
    beneath = told(under)
    combined = {each: f"{value} over {beneath.get(each)}" for each, value in told(over).items()}
    assert told(laid) == beneath | combined


@deep
@given(timelines(), spans)
def test_splitting_leaves_no_day_out(timeline: Timeline[str], span: tuple[date, date]) -> None:
    runs = split(*span, timeline)
    assert (runs[0][0], runs[-1][1]) == span
    assert all(day_after(end) == start for (_, end, _), (start, _, _) in pairwise(runs))
    for start, end, found in runs:
        assert start <= end
        assert at(timeline, start) == found
        assert at(timeline, end) == found


@deep
@given(timelines(), days)
def test_the_piece_of_a_day_is_the_one_that_covers_it(timeline: Timeline[str], day: date) -> None:
    value = told(timeline).get(day)
    found = at(timeline, day)
    assert value == (None if found is None else found.value)
    assert alive(timeline, day) == (value in VALUES)


@pytest.mark.parametrize("day", DAYS)
def test_the_days_around_a_day_stop_at_the_ends_of_time(day: date) -> None:
    assert day == BEGINNING or day_before(day) == day - timedelta(days=1)
    assert day == FOREVER or day_after(day) == day + timedelta(days=1)
    assert (day_before(BEGINNING), day_after(FOREVER)) == (BEGINNING, FOREVER)


# Comparing


def written(actual: Timeline[str], changes: Sequence[Change[str]]) -> Days:
    """What MO says after the changes: create overwrites the object, edit and terminate write their window."""
    there: Days = {each: value for each, value in told(actual).items() if value is not NOTHING}
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


@deep
@given(timelines(), timelines())
def test_writing_the_difference_gives_the_desired_and_leaves_other_days(
    actual: Timeline[str], desired: Timeline[str]
) -> None:
    after = written(actual, differences(actual, desired))
    expected = told(actual) | told(desired)
    assert after == {each: value for each, value in expected.items() if value is not NOTHING}


@deep
@given(timelines(), timelines())
def test_a_second_difference_is_empty(actual: Timeline[str], desired: Timeline[str]) -> None:
    assert differences(lay(desired, actual), desired) == []


@deep
@given(timelines(), timelines())
def test_changes_are_few_in_order_and_apart_and_know_what_was_before(
    actual: Timeline[str], desired: Timeline[str]
) -> None:
    changes = differences(actual, desired)
    assert len(changes) <= len(desired)
    assert all(one.end < other.start for one, other in pairwise(changes))
    for change in changes:
        assert told(change.before) == {
            each: value for each, value in told(actual).items() if change.start <= each <= change.end
        }
        for edge in (change.start, change.end):
            piece = at(actual, edge)
            assert (NOTHING if piece is None else piece.value) != change.value
