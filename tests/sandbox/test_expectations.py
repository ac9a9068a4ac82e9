from __future__ import annotations

from typing import Any

from aarhus_los.sandbox.expectations import THERE, Expected, named, told
from aarhus_los.sandbox.sample_outcome import after_delta, after_first, untouched

UNIT = "11111111-1111-4111-8111-111111111111"
PARENT = "22222222-2222-4222-8222-222222222222"
CLASS = "33333333-3333-4333-8333-333333333333"


def state(*validities: dict[str, Any]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    return {
        "org_unit": {
            UNIT: list(validities),
            PARENT: [{"from": "2000-01-01", "to": None, "user_key": "TOP", "name": "Top"}],
        },
        "class": {CLASS: [{"from": None, "to": None, "user_key": "Kontor", "name": "Kontor"}]},
        "itsystem": {},
        "address": {},
    }


def stage(start: str, end: str | None, **fields: Any) -> dict[str, Any]:
    return {"from": start, "to": end, "user_key": "A", **fields}


def expected(field: str, *history: tuple[str | None, str | None, Any], any_day: bool = False) -> Expected:
    return Expected("a story", "org_unit", (("user_key", "A"),), field, history, any_day)


def agrees(each: Expected, *validities: dict[str, Any]) -> bool:
    return each.agrees(each.found(named(state(*validities))))


def test_references_are_read_as_user_keys() -> None:
    each = expected("parent", ("2020-01-01", None, "TOP"))
    assert agrees(each, stage("2020-01-01", None, parent=PARENT))
    assert not agrees(each, stage("2020-01-01", None, parent=CLASS))


def test_how_mo_cuts_a_field_that_did_not_change_says_nothing() -> None:
    each = expected("name", ("2020-01-01", None, "N"))
    assert agrees(each, stage("2020-01-01", "2020-12-31", name="N", x=1), stage("2021-01-01", None, name="N"))


def test_a_gap_a_day_or_a_value_too_many_is_a_difference() -> None:
    each = expected("name", ("2020-01-01", "2020-12-31", "N"), ("2021-01-01", None, "M"))
    assert agrees(each, stage("2020-01-01", "2020-12-31", name="N"), stage("2021-01-01", None, name="M"))
    assert not agrees(each, stage("2020-01-01", "2020-12-30", name="N"), stage("2021-01-01", None, name="M"))
    assert not agrees(each, stage("2020-01-01", "2020-12-31", name="N"))
    assert not agrees(each, stage("2020-01-01", "2020-12-31", name="N"), stage("2021-01-01", None, name="N"))


def test_only_the_days_count_where_only_being_there_does() -> None:
    each = expected(THERE, ("2020-01-01", None, THERE))
    assert agrees(each, stage("2020-01-01", "2020-12-31", name="N"), stage("2021-01-01", None, name="M"))


def test_an_object_that_must_not_be_there_is_found_if_it_is() -> None:
    each = Expected("left out", "org_unit", (("user_key", "B"),), THERE, ())
    assert agrees(each, stage("2020-01-01", None))
    assert not agrees(
        Expected("left out", "org_unit", (("user_key", "A"),), THERE, ()), stage("2020-01-01", None)
    )


def test_on_any_day_the_values_count_and_that_they_touch() -> None:
    each = expected("name", (None, None, "N"), (None, None, "M"), any_day=True)
    assert agrees(each, stage("2020-01-01", "2026-11-23", name="N"), stage("2026-11-24", None, name="M"))
    assert not agrees(each, stage("2020-01-01", "2026-11-20", name="N"), stage("2026-11-24", None, name="M"))
    assert not agrees(each, stage("2020-01-01", None, name="N"))


def test_a_history_is_told_in_one_line() -> None:
    assert told(()) == "not in MO"
    assert told((("2020-01-01", "2020-12-31", "N"), ("2021-01-01", None, None))) == (
        "N (2020-01-01 to 2020-12-31), none (2021-01-01 to …)"
    )


def test_what_the_delta_does_not_speak_of_is_expected_to_stay() -> None:
    def subjects(each: list[Expected]) -> set[tuple[object, ...]]:
        return {(one.kind, one.where, one.field) for one in each}

    assert subjects(untouched()) == subjects(after_first()) - subjects(after_delta())
    assert len(untouched()) >= 15
