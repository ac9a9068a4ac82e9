from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.names import DropName, Family, near_miss, parse_name, refusal

LISTS = (
    "Enhedstype",
    "Engagementstype",
    "Stillingsbetegnelse",
    "BVN_Stillingsbetegnelse",
    "Lederansvar",
    "Lederniveau",
    "Ledertype",
    "Tilknytningsrolle",
    "ITSystem",
)


def parsed(name: str) -> DropName:
    result = parse_name(name)
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("name", "family", "kind"),
    [
        ("Org_inital_20210128_123742.csv", Family.ORG, "inital"),
        ("Org_initial_20210128_123742.csv", Family.ORG, "inital"),
        ("Org_nye_20210128_123742.csv", Family.ORG, "nye"),
        ("Org_ret_20210128_123742.csv", Family.ORG, "ret"),
        ("Pers_nye_20210128_123742.csv", Family.PERS, "nye"),
        ("Pers_ret_20210128_123742.csv", Family.PERS, "ret"),
        ("Pers_luk_20210128_123742.csv", Family.PERS, "luk"),
        ("Leder_nye_20210128_123742.csv", Family.LEDER, "nye"),
        ("Leder_ret_20210128_123742.csv", Family.LEDER, "ret"),
        ("Leder_luk_20210128_123742.csv", Family.LEDER, "luk"),
    ],
)
def test_dated_names_are_ours(name: str, family: Family, kind: str) -> None:
    assert parse_name(name) == DropName(name, family, kind, datetime(2021, 1, 28, 12, 37, 42))
    assert parsed(name).file_date == date(2021, 1, 28)
    assert near_miss(name) is None


def test_the_nine_lists_are_ours() -> None:
    assert tuple(CLASS_LISTS) == LISTS
    for name in LISTS:
        assert parse_name(f"STAM_UUID_{name}.csv") == DropName(f"STAM_UUID_{name}.csv", Family.STAM, name)


def test_a_list_has_no_file_date() -> None:
    with pytest.raises(ValueError, match="no file date"):
        parsed("STAM_UUID_ITSystem.csv").file_date  # noqa: B018


@pytest.mark.parametrize(
    "name",
    [
        "xxxxOrg_nye_20210128_123742.csv",
        "Org_nye_20210128_123742.csv.tmp",
        "TEST",
        "Organisation.csv",
        "Org_retning.txt",
        "Leder.docx",
        "læs mig.txt",
        "",
    ],
)
def test_other_files_are_left_in_peace(name: str) -> None:
    assert parse_name(name) is None
    assert near_miss(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Org_nye_20210128.csv", "the time is missing"),
        ("Org_nye_20210128_123742.csv.filepart", "not finished"),
        ("Org_nye_20210128_123742 (1).csv", "copy"),
        ("Org_nye_20210128_123742 - Kopi.csv", "copy"),
        ("org_nye_20210128_123742.csv", "upper and lower case"),
        ("PERS_RET_20210128_123742.CSV", "upper and lower case"),
        (" Leder_luk_20210128_123742.csv", "spaces"),
        ("Org_luk_20210128_123742.csv", "Org files are inital, nye, ret"),
        ("Pers_inital_20210128_123742.csv", "Pers files are nye, ret, luk"),
        ("Org_nye_20210128-123742.csv", "pattern"),
        ("Org_nye_٢٠٢١٠١٢٨_123742.csv", "pattern"),
        ("Pers_nye.csv", "pattern"),
        ("STAM_UUID_Stillinger.csv", "the lists are"),
        ("stam_uuid_enhedstype.csv", "upper and lower case"),
        ("STAM_UUID_Enhedstype.csv.filepart", "not finished"),
        ("STAM_UUID_Enhedstype (2).csv", "copy"),
    ],
)
def test_near_misses_say_what_differs_and_what_was_expected(name: str, reason: str) -> None:
    assert parse_name(name) is None
    said = near_miss(name)
    assert said is not None
    assert reason in said
    assert "expected" in said


@pytest.mark.parametrize(
    "stamp", ["20211345_000000", "20210229_000000", "20210101_246060", "00010101_000000"]
)
def test_an_impossible_stamp_is_refused_by_name(stamp: str) -> None:
    name = parsed(f"Org_nye_{stamp}.csv")
    assert name.stamp is None
    assert refusal(name, date(2021, 1, 1)) is not None
    assert near_miss(name.name) is None


@pytest.mark.parametrize(
    ("today", "refused"),
    [(date(2021, 1, 28), False), (date(2021, 1, 27), False), (date(2021, 1, 26), True), (date.min, True)],
)
def test_a_stamp_more_than_a_day_ahead_is_refused(today: date, refused: bool) -> None:
    assert (refusal(parsed("Org_nye_20210128_235959.csv"), today) is not None) is refused


def test_a_list_is_never_refused() -> None:
    assert refusal(parsed("STAM_UUID_ITSystem.csv"), date(2021, 1, 1)) is None


def test_names_are_ordered_as_they_are_folded() -> None:
    expected = [
        "STAM_UUID_ITSystem.csv",
        "Org_ret_20200101_000000.csv",
        "Org_inital_20210101_000000.csv",
        "Org_nye_20210101_000000.csv",
        "Org_ret_20210101_000000.csv",
        "Org_inital_20210101_000001.csv",
    ]
    assert [name.name for name in sorted(map(parsed, reversed(expected)))] == expected


def test_people_end_last_and_managers_end_first_at_one_time() -> None:
    people = ["Pers_nye", "Pers_ret", "Pers_luk"]
    managers = ["Leder_luk", "Leder_nye", "Leder_ret"]
    for kinds in (people, managers):
        names = [f"{kind}_20210101_000000.csv" for kind in kinds]
        assert [name.name for name in sorted(map(parsed, reversed(names)))] == names


def test_files_of_several_families_at_one_time_are_ordered_by_their_kind_then_by_name() -> None:
    kinds = ["Org_inital", "Org_nye", "Pers_nye", "Org_ret", "Pers_ret", "Pers_luk"]
    names = [f"{kind}_20210101_000000.csv" for kind in kinds]
    assert [name.name for name in sorted(map(parsed, reversed(names)))] == names


@given(st.text() | st.from_regex(r"(?i)\s*(org|pers|leder|stam)[ _.-](uuid|nye|ret|luk|inital)?.{0,25}"))
def test_a_name_is_ours_or_not_and_never_both(name: str) -> None:
    ours, near = parse_name(name), near_miss(name)
    assert ours is None or near is None
    if ours is not None:
        refusal(ours, date(2021, 1, 1))
        assert not ours < ours
