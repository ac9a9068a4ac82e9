from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.cpr import Cpr
from aarhus_los.mo.answers import NotShown
from aarhus_los.mo.histories import histories, read_page
from aarhus_los.mo.model import (
    KINDS,
    Account,
    Address,
    Engagement,
    History,
    Kind,
    Manager,
    Mark,
    Person,
    Unit,
)
from aarhus_los.timeline import BEGINNING, FOREVER, Piece

ONE, TWO = (f"{digit * 8}-1111-4111-8111-{digit * 12}" for digit in "12")
SECRET = "Navn Navnesen 0101851237"
Recording = Callable[[str], dict[str, Any]]


def read(data: Any, kind: Kind, version: int = 30) -> dict[str, History]:
    return histories(read_page(data, kind, version).objects)


def units(*validities: tuple[str | None, str | None, str]) -> dict[str, Any]:
    """A page with one unit, which has these names."""
    fields = {"user_key": "key", "parent_uuid": None, "unit_type_uuid": None, "org_unit_hierarchy": None}
    shown = [
        {**fields, "name": name, "validity": {"from": start, "to": end}} for start, end, name in validities
    ]
    return {"org_units": {"objects": [{"uuid": ONE, "validities": shown}]}}


def days(history: History) -> list[tuple[date, date, str]]:
    return [(piece.start, piece.end, piece.value.name) for piece in history if isinstance(piece.value, Unit)]


class TestOfARealMo:
    def test_units_have_histories_with_gaps(self, recording: Recording) -> None:
        found = read(recording("seq1_06_read_units")["response_json"]["data"], Kind.ORG_UNIT)
        assert days(found["f615cb04-b225-5ed4-b548-01d52b561209"]) == [
            (date(2010, 1, 1), date(2012, 12, 31), "A"),
            (date(2013, 1, 1), date(2014, 12, 31), "B"),
            (date(2016, 1, 1), date(2016, 12, 31), "C"),
            (date(2018, 1, 1), date(2019, 12, 31), "C"),
        ]
        assert found["8f608160-200f-55d6-9045-4026567a4d22"] == (
            Piece(
                date(2010, 1, 1),
                FOREVER,
                Unit("bvn", "X", None, "94ff5280-dac3-586f-809a-c13813cd7fb4"),
            ),
        )

    def test_addresses(self, recording: Recording) -> None:
        (history,) = read(recording("seq2_04_read_address")["response_json"]["data"], Kind.ADDRESS).values()
        owner, kind = "8f608160-200f-55d6-9045-4026567a4d22", "3f6e4401-6ab0-54d2-ac00-281d63487c0e"
        assert history == (
            Piece(date(2010, 1, 1), date(2010, 12, 31), Address("v1", kind, owner)),
            Piece(date(2012, 1, 1), date(2020, 6, 30), Address("v2", kind, owner)),
        )

    def test_persons(self, recording: Recording) -> None:
        (history,) = read(recording("seq3_12_read_person")["response_json"]["data"], Kind.EMPLOYEE).values()
        assert history == (
            Piece(date(1985, 1, 1), date(2024, 4, 30), Person("Anna Marie", "Jensen")),
            Piece(date(2024, 5, 1), FOREVER, Person("Anna Marie", "Hansen")),
        )
        assert isinstance(history[0].value, Person)
        assert history[0].value.cpr == Cpr("0101851237")

    @pytest.mark.parametrize(
        ("name", "kind", "of"),
        [
            ("seq3_13_read_engagements", Kind.ENGAGEMENT, Engagement),
            ("seq3_13_read_itusers", Kind.IT, Account),
            ("seq3_13_read_managers", Kind.MANAGER, Manager),
        ],
    )
    def test_what_people_have(self, recording: Recording, name: str, kind: Kind, of: type) -> None:
        (history,) = read(recording(name)["response_json"]["data"], kind).values()
        assert [type(piece.value) for piece in history] == [of, of]

    def test_classes_without_a_beginning(self, recording: Recording) -> None:
        found = read(recording("seq4_07_read_classes")["response_json"]["data"], Kind.CLASS)
        first, second, third = found["335ab35d-ce57-5e32-b1c0-c649e7a5e60f"]
        assert (first.start, first.end) == (BEGINNING, date(2025, 12, 31))
        assert (second.start, second.end) == (date(2026, 1, 1), date(2026, 5, 31))
        assert (third.start, third.end) == (date(2026, 9, 1), FOREVER)

    def test_facets_and_it_systems(self, recording: Recording) -> None:
        data = recording("seq4_08_read_facets_itsystems")["response_json"]["data"]
        for kind in (Kind.FACET, Kind.ITSYSTEM):
            assert len(read(data, kind)) == len(data[KINDS[kind].collection]["objects"]) > 0
            assert set(read(data, kind)) == read_page(data, kind, 30, only_uuids=True).listed


def test_neighbours_that_say_the_same_are_one_piece() -> None:
    data = units(
        ("2013-01-01T00:00:00+01:00", None, "A"),
        ("2010-01-01T00:00:00+01:00", "2012-07-01T00:00:00+02:00", "A"),
        ("2012-07-01T00:00:00+02:00", "2013-01-01T00:00:00+01:00", "A"),
    )
    assert days(read(data, Kind.ORG_UNIT)[ONE]) == [(date(2010, 1, 1), FOREVER, "A")]


@pytest.mark.parametrize(("version", "last"), [(28, 31), (29, 30), (30, 30)])
def test_the_end_is_exclusive_since_version_29(version: int, last: int) -> None:
    data = units(("2010-01-01T00:00:00+01:00", "2010-12-31T00:00:00+01:00", "A"))
    assert days(read(data, Kind.ORG_UNIT, version)[ONE]) == [(date(2010, 1, 1), date(2010, 12, last), "A")]


@pytest.mark.parametrize("zone", ["+02:00", "-11:00", "+14:00", "Z", ""])
def test_a_date_is_taken_as_it_is_written(zone: str) -> None:
    data = units((f"2020-07-01T00:00:00{zone}", None, "A"))
    assert days(read(data, Kind.ORG_UNIT)[ONE]) == [(date(2020, 7, 1), FOREVER, "A")]


def test_a_unit_s_mark_is_read_beside_it() -> None:
    data = units(
        ("2010-01-01T00:00:00+01:00", "2012-01-01T00:00:00+01:00", "A"),
        ("2012-01-01T00:00:00+01:00", "2014-01-01T00:00:00+01:00", "B"),
        ("2014-01-01T00:00:00+01:00", "2016-01-01T00:00:00+01:00", "B"),
        ("2016-01-01T00:00:00+01:00", None, "C"),
    )
    for validity in data["org_units"]["objects"][0]["validities"][1:3]:
        validity["org_unit_hierarchy"] = TWO
    page = read_page(data, Kind.ORG_UNIT, 30)
    assert histories(page.beside) == {ONE: (Piece(date(2012, 1, 1), date(2015, 12, 31), Mark(TWO)),)}
    assert days(histories(page.objects)[ONE]) == [
        (date(2010, 1, 1), date(2011, 12, 31), "A"),
        (date(2012, 1, 1), date(2015, 12, 31), "B"),
        (date(2016, 1, 1), FOREVER, "C"),
    ]


def test_an_object_without_validities_is_not_there() -> None:
    day = "2010-01-01T00:00:00+01:00"
    assert read(units(), Kind.ORG_UNIT) == {}
    assert read(units((day, day, "of no day")), Kind.ORG_UNIT) == {}


def test_validities_that_overlap_are_not_understood() -> None:
    day = "2010-01-01T00:00:00+01:00"
    with pytest.raises(NotShown, match="overlap"):
        read(units((day, None, "A"), (day, None, "B")), Kind.ORG_UNIT)


def mangled(data: Any, path: list[Any], value: Any) -> Any:
    copied = copy.deepcopy(data)
    inner = copied
    for step in path[:-1]:
        inner = inner[step]
    if value is KeyError:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return copied


VALIDITY = ["org_units", "objects", 0, "validities", 0]


@pytest.mark.parametrize("value", [KeyError, 7, [SECRET], {"a": SECRET}, True])
@pytest.mark.parametrize(
    "path",
    [
        ["org_units"],
        ["org_units", "objects"],
        ["org_units", "objects", 0, "uuid"],
        ["org_units", "objects", 0, "validities"],
        [*VALIDITY, "name"],
        [*VALIDITY, "parent_uuid"],
        [*VALIDITY, "org_unit_hierarchy"],
        [*VALIDITY, "validity"],
        [*VALIDITY, "validity", "from"],
        [*VALIDITY, "validity", "to"],
    ],
    ids=lambda path: ".".join(map(str, path)),
)
def test_another_shape_is_not_understood_and_named_without_values(path: list[Any], value: Any) -> None:
    data = units(("2010-01-01T00:00:00+01:00", None, SECRET))
    with pytest.raises(NotShown, match="MO's answer is not understood: org_units") as raised:
        read(mangled(data, path, value), Kind.ORG_UNIT)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "path", [["objects", 0, "uuid"], ["objects", 0, "validities", 0], ["objects", 0, "validities", 0, "name"]]
)
def test_null_is_no_value_where_there_must_be_one(path: list[Any]) -> None:
    data = units(("2010-01-01T00:00:00+01:00", None, "A"))
    with pytest.raises(NotShown, match="not understood"):
        read(mangled(data, ["org_units", *path], None), Kind.ORG_UNIT)


@pytest.mark.parametrize("value", [SECRET, {"a": SECRET}, [SECRET, None], None, 7])
def test_responsibilities_are_a_list_of_uuids(value: object) -> None:
    fields: dict[str, Any] = dict.fromkeys(
        ("employee_uuid", "manager_type_uuid", "manager_level_uuid"), None
    ) | {"org_unit_uuid": SECRET, "responsibility_uuids": value, "validity": {"from": None, "to": None}}
    data = {
        "managers": {"objects": [{"uuid": "0a3f50c4-379f-42b8-8044-0003ba298018", "validities": [fields]}]}
    }
    if value is None:  # MO's word for none
        assert read(data, Kind.MANAGER)
        return
    with pytest.raises(NotShown, match="responsibility_uuids") as raised:
        read(data, Kind.MANAGER)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("text", ["yesterday", "", "2010-13-01T00:00:00", SECRET])
def test_a_date_that_is_none_is_not_understood(text: str) -> None:
    with pytest.raises(NotShown, match=r"validity\.from") as raised:
        read(units((text, None, "A")), Kind.ORG_UNIT)
    assert SECRET not in str(raised.value)


def test_a_list_is_no_single_reference() -> None:
    data = units(("2010-01-01T00:00:00+01:00", None, "A"))
    with pytest.raises(NotShown, match="unit_type_uuid"):
        read(mangled(data, [*VALIDITY, "unit_type_uuid"], [ONE]), Kind.ORG_UNIT)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    json_values,
    st.sampled_from([*range(1, len(VALIDITY) + 1)]),
    st.sampled_from([kind for kind in KINDS if kind is not Kind.MARK]),
)
def test_whatever_mo_answers_is_read_or_not_understood(value: Any, depth: int, kind: Kind) -> None:
    data = mangled(units(("2010-01-01T00:00:00+01:00", None, "A")), VALIDITY[:depth], value)
    try:
        found = read({KINDS[kind].collection: data.get("org_units")}, kind)
    except NotShown:
        return
    assert all(pieces for pieces in found.values())
