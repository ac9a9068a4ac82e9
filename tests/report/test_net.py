"""What operations come to, day by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.report.net import net

FIRST = date(2026, 1, 1)
DAYS = range(12)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def op(
    start: int, end: int | None, name: str | None, before: list[Any] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "kind": "org_unit",
        "uuid": "u",
        "action": "edit",
        "from": day(start).isoformat(),
        "to": None if end is None else day(end).isoformat(),
        "value": None
        if name is None
        else {"name": name, **({"hierarchy": more["mark"]} if "mark" in more else {})},
        "before": before or [],
        "rows": more.get("rows", ["f.csv:2"]),
        **({"marked_before": more["marked_before"]} if "marked_before" in more else {}),
    }


def piece(start: int, end: int | None, name: str | None) -> dict[str, Any]:
    return {
        "from": day(start).isoformat(),
        "to": None if end is None else day(end).isoformat(),
        "value": None if name is None else {"name": name},
    }


def mark(start: int, end: int | None, of: str) -> dict[str, Any]:
    return {
        "from": day(start).isoformat(),
        "to": None if end is None else day(end).isoformat(),
        "hierarchy": of,
    }


def told(operations: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(each.kind, each.start, each.end, each.before, each.after) for each in net(operations)]


NAMES = st.sampled_from([None, "A", "B"])


@given(
    before=st.lists(NAMES, min_size=12, max_size=12),
    windows=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), NAMES), max_size=4),
)
def test_each_day_is_told_once_with_what_it_was_and_what_it_will_be(
    before: list[str | None], windows: list[tuple[int, int, str | None]]
) -> None:
    operations = []
    after = list(before)
    touched = set()
    for one, other, name in windows:
        start, end = min(one, other), max(one, other)
        pieces = [piece(number, number, before[number]) for number in range(start, end + 1) if before[number]]
        operations.append(op(start, end, name, pieces))
        for number in range(start, end + 1):
            after[number] = name
            touched.add(number)
    found = net(operations)
    days: dict[int, tuple[Any, Any]] = {}
    for each in found:
        assert each.before != each.after
        for number in range((each.start - FIRST).days, (each.end - FIRST).days + 1):
            assert number not in days
            days[number] = (each.before and each.before["name"], each.after and each.after["name"])
    assert days == {
        number: (before[number], after[number]) for number in touched if before[number] != after[number]
    }
    assert all(
        (one.before, one.after) != (other.before, other.after)
        for one in found
        for other in found
        if one.end + timedelta(days=1) == other.start
    ), "neighbours that change alike are one"


def test_what_is_written_in_passing_is_no_change() -> None:
    """A mark is carried over a gap, which is ended again; before it the unit is what it was."""
    operations = [
        op(0, None, "A", [piece(0, 3, "A")], mark="m", marked_before=[mark(0, 3, "m")]),
        op(4, 6, None),
        op(7, None, "B", rows=["f.csv:3"]),
    ]
    assert told(operations) == [
        ("org_unit", day(7), date.max, None, {"name": "B"}),
        ("mark", day(7), date.max, None, {"hierarchy": "m"}),
    ]
    assert net(operations)[0].rows == ("f.csv:3",)


def test_a_write_of_the_mark_takes_it_away_on_all_other_days() -> None:
    carried = op(0, 4, "A", [piece(0, 4, "A")], mark="m", marked_before=[mark(0, None, "m")])
    assert told([carried]) == [("mark", day(5), date.max, {"hierarchy": "m"}, None)]
    other = op(2, None, "A", [piece(2, None, "A")], mark="other", marked_before=[mark(0, None, "m")])
    assert told([other]) == [
        ("mark", day(0), day(1), {"hierarchy": "m"}, None),
        ("mark", day(2), date.max, {"hierarchy": "m"}, {"hierarchy": "other"}),
    ]


def test_a_day_without_limit_is_told_without_one() -> None:
    [whole] = net([op(0, None, "A") | {"from": None}])
    assert (whole.start, whole.end) == (date.min, date.max)
