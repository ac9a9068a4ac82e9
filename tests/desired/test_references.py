"""What is left of rows that need each other, and circles of parents; and that both take no longer than there are rows."""

from __future__ import annotations

from datetime import date, timedelta
from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.desired.references import circles, dangling, upward
from aarhus_los.mo.model import History, Unit
from aarhus_los.timeline import FOREVER, NOTHING, Piece

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(6)]
NAMES = "abcd"
MANY = 50_000


def lacking(rows: list[tuple[str | None, str]], known: str = "") -> dict[int, str]:
    """Of rows (what it makes, what it needs), those that are dropped and what they lack."""
    return dangling(
        range(len(rows)),
        makes=lambda row: rows[row][0],
        needs=lambda row: rows[row][1],
        known=lambda unit: unit in known,
    )


rows = st.lists(st.tuples(st.none() | st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=7)


@given(rows, st.sets(st.sampled_from(NAMES)))
def test_the_most_rows_are_left_of_which_none_lacks_anything(
    rows: list[tuple[str | None, str]], known: set[str]
) -> None:
    """Also rows that need only each other are left: as circles they are found elsewhere."""
    dropped = lacking(rows, "".join(known))
    left = {n for n in range(len(rows)) if n not in dropped}

    def has(need: str, of: set[int]) -> bool:
        return need in known or any(rows[n][0] == need for n in of)

    assert all(has(rows[n][1], left) for n in left)
    most = set(range(len(rows)))
    while fallen := {n for n in most if not has(rows[n][1], most)}:
        most -= fallen
    assert left == most
    assert all(dropped[n] == rows[n][1] for n in dropped)


def test_a_long_chain_that_hangs_on_nothing_falls_at_once_in_no_time() -> None:
    chain: list[tuple[str | None, str]] = [(str(n), str(n + 1)) for n in range(MANY)]
    for rows in (chain, chain[::-1]):
        begun = process_time()
        assert len(lacking(rows)) == MANY
        assert process_time() - begun < 2


def test_many_rows_of_one_unit_that_lack_one_parent_take_no_time() -> None:
    begun = process_time()
    assert len(lacking([("a", "nowhere")] * MANY + [("b", "a")] * MANY)) == 2 * MANY
    assert process_time() - begun < 2


# Circles


def hangs(*parents: str | None, name: str = "x") -> History:
    """A unit that hangs under a parent on each day, from the first on; `-` is not there."""
    return tuple(
        Piece(day, day, NOTHING if parent == "-" else Unit("1", name, parent, "t"))
        for day, parent in zip(DAYS, parents, strict=False)
    )


links = st.dictionaries(
    st.sampled_from(NAMES),
    st.lists(st.sampled_from([*NAMES, None, "-"]), min_size=6, max_size=6).map(lambda each: hangs(*each)),
)


@given(links)
def test_circles_are_found_on_their_days_and_no_others(links: dict[str, History]) -> None:
    found = {
        (day, unit)
        for start, end, circle in circles(links)
        for day in DAYS
        if start <= day <= end
        for unit in circle
    }
    expected = set()
    for n, day in enumerate(DAYS):
        up = {
            unit: value.parent for unit, pieces in links.items() if isinstance(value := pieces[n].value, Unit)
        }
        for unit in up:
            passed, above = [unit], up[unit]
            while above is not None and above in up and above not in passed:
                passed.append(above)
                above = up[above]
            if above == unit:
                expected.add((day, unit))
    assert found == expected


def test_the_units_of_a_circle_are_in_order_each_under_the_next() -> None:
    links = {"a": hangs("b"), "b": hangs("c"), "c": hangs("a"), "d": hangs("a")}
    ((start, end, circle),) = circles(links)
    assert (start, end) == (DAYS[0], DAYS[0])
    following = {unit: circle[(n + 1) % 3] for n, unit in enumerate(circle)}
    assert following == {"a": "b", "b": "c", "c": "a"}


def test_a_circle_that_is_closed_for_two_times_is_told_for_each() -> None:
    links = {"a": hangs("b", "b", None, "b"), "b": hangs("a", "a", "a", "a")}
    assert [(start, end) for start, end, _ in circles(links)] == [(DAYS[0], DAYS[1]), (DAYS[3], DAYS[3])]


def test_a_deep_tree_and_a_long_circle_take_no_time() -> None:
    for closed in (False, True):
        links: dict[str, History] = {
            str(n): (Piece(DAYS[0], FOREVER, Unit("1", "x", str(n + 1), "t")),) for n in range(5_000)
        }
        if closed:
            links["4999"] = (Piece(DAYS[0], FOREVER, Unit("1", "x", "0", "t")),)
        begun = process_time()
        assert [len(circle) for _, _, circle in circles(links)] == ([5_000] if closed else [])
        assert process_time() - begun < 2


def test_what_is_above_is_found_on_any_day() -> None:
    links = {"a": hangs("b", "c"), "b": hangs(None), "c": hangs("d"), "e": hangs("a")}
    assert set(upward(["a"], links)) == {"a", "b", "c"}
