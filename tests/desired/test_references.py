"""Circles of parents, against a reading of each day by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from aarhus_los.desired.references import circles, hangs_elsewhere
from aarhus_los.mo.model import Unit
from aarhus_los.timeline import FOREVER, NOTHING, Piece, merge, overlay, value_at
from tests.properties import examples

FIRST = date(2026, 1, 1)
DAYS = [*(FIRST + timedelta(days=n) for n in range(12)), FOREVER]
NAMES = "abcde"


def hanging(parent: str | None) -> Unit:
    return Unit("key", "name", parent, "type")


Days = Sequence[str | None]
"""What a unit hangs under on each day; an empty text: it is not there."""


def timeline(days: Days) -> tuple[Piece[Unit], ...]:
    pieces: list[Piece[Unit]] = [
        Piece(day, FOREVER if day == FOREVER else day, NOTHING if parent == "" else hanging(parent))
        for day, parent in zip(DAYS, days, strict=True)
    ]
    # The last of these days stands for all that come.
    last = pieces[-1]
    pieces[-1] = Piece(DAYS[-2] + timedelta(days=1), FOREVER, last.value)
    return merge(pieces)


def closed_on(links: Mapping[str, Days], place: int) -> set[frozenset[str]]:
    """The circles of a day, found by walking up from each unit."""
    found = set()
    for unit in links:
        path = [unit]
        while (up := links.get(path[-1], [""] * len(DAYS))[place]) and up not in path:
            path.append(up)
        if up:
            found.add(frozenset(path[path.index(up) :]))
    return found


PARENTS = st.sampled_from([None, "", *NAMES, "elsewhere"])
LINKS = st.dictionaries(
    st.sampled_from(NAMES), st.lists(PARENTS, min_size=len(DAYS), max_size=len(DAYS)), max_size=len(NAMES)
)
ROUND = {name: [up] * len(DAYS) for name, up in zip("abc", "bca", strict=True)}
BACK = {name: [up] * 6 + [down] * 7 for name, up, down in zip("abc", "bca", "cab", strict=True)}


@examples(25, 300, given(LINKS))
@example(ROUND)
@example(BACK)
@example({"a": ["a"] * len(DAYS)})
def test_circles_are_those_of_each_day(links: dict[str, Days]) -> None:
    found = circles({unit: timeline(days) for unit, days in links.items()})
    for place, day in enumerate(DAYS):
        told = [frozenset(circle) for start, end, circle in found if start <= day <= end]
        assert len(told) == len(set(told))
        assert set(told) == closed_on(links, place), day
    for start, end, circle in found:
        # Its units in order, as they hang when it opens; and no two times of it touch.
        last = DAYS.index(min(end, FOREVER))
        for unit, up in zip(circle, [*circle[1:], circle[0]], strict=True):
            assert links[unit][last] == up
        assert (
            not [1 for other in found if set(other[2]) == set(circle) and other[0] == end + timedelta(days=1)]
            if end < FOREVER
            else True
        )
        assert start <= end


@given(
    st.lists(PARENTS, min_size=len(DAYS), max_size=len(DAYS)),
    st.lists(PARENTS, min_size=len(DAYS), max_size=len(DAYS)),
)
def test_a_claim_that_moves_a_unit_is_seen(known: Days, claimed: Days) -> None:
    before, claim = timeline(known), timeline(claimed)
    after = overlay(claim, before)

    def parents(days: Sequence[Piece[Unit]]) -> list[str | None]:
        values = (value_at(days, day) for day in DAYS)
        return [value.parent if isinstance(value, Unit) else None for value in values]

    assert hangs_elsewhere(claim, before) is (parents(after) != parents(before))
