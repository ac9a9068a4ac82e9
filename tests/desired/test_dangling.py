"""What is left of rows that need each other; and that finding out takes no longer than there are rows."""

from __future__ import annotations

from datetime import date, timedelta
from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.desired.references import dangling
from aarhus_los.drop.rows import RowRef

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(6)]
NAMES = "abcd"
MANY = 50_000


def lacking(rows: list[tuple[str | None, str]], known: str = "") -> dict[int, str]:
    """Of rows (what it makes, what it needs), those that are dropped and what they lack."""
    dropped = dangling(
        [RowRef("file", n) for n in range(len(rows))],
        makes=lambda ref: rows[ref.line][0],
        needs=lambda ref: rows[ref.line][1],
        known=lambda unit: unit in known,
    )
    return {ref.line: need for ref, need in dropped.items()}


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
