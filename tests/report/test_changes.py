"""Where changes are told to be: the place in the tree of units, however deep that is."""

from __future__ import annotations

from time import process_time
from typing import Any

from aarhus_los.report.changes import DEEPEST, MORE, MOST_ROWS, changes_of


def record(parents: dict[str, str]) -> dict[str, Any]:
    value = {"user_key": "", "parent": None, "type": None, "hierarchy": None}
    made = [
        {
            "kind": "org_unit",
            "uuid": unit,
            "action": "create",
            "from": None,
            "to": None,
            "value": {**value, "name": unit, "parent": parents.get(unit)},
            "before": [],
            "rows": [],
        }
        for unit in {*parents, *parents.values()}
    ]
    return {"written": made, "names": {}, "parents": parents, "homes": {}}


def places(parents: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {change.uuid: change.place for change in changes_of(record(parents), "en").units}


def test_a_place_is_all_units_above_the_topmost_first() -> None:
    assert places({"c": "b", "b": "a", "d": "b"}) == {
        "a": (),
        "b": ("a",),
        "c": ("a", "b"),
        "d": ("a", "b"),
    }


def test_units_that_hang_in_a_circle_have_places_too() -> None:
    found = places({"a": "b", "b": "a", "c": "c", "d": "a"})
    assert found.keys() == {"a", "b", "c", "d"}
    assert all(len(place) <= 3 for place in found.values())


def test_of_a_place_too_deep_to_be_one_both_ends_are_told_and_in_no_time() -> None:
    size = 4_000
    begun = process_time()
    found = places({f"{n}": f"{n + 1}" for n in range(size)})
    assert process_time() - begun < 5
    deepest = found["0"]
    assert len(deepest) == DEEPEST - 1
    assert deepest[: DEEPEST // 2] == tuple(f"{size - n}" for n in range(DEEPEST // 2))
    assert deepest[-1] == "1"


def test_of_many_rows_that_ask_for_a_change_some_are_told() -> None:
    made = record({"b": "a"})
    few, many = [f"f.csv:{n}" for n in range(MOST_ROWS)], [f"f.csv:{n}" for n in range(500)]
    for operation in made["written"]:
        operation["rows"] = few if operation["uuid"] == "a" else many
    found = {change.uuid: list(change.rows) for change in changes_of(made, "en").units}
    assert found == {"a": few, "b": [*many[:MOST_ROWS], MORE]}
