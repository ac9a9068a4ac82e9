"""Small drops that went wrong once, and what the reader and `validate` make of each. The files are in tests/data/cases."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

import pytest

from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import near_miss, parse_name
from aarhus_los.drop.reader import read_file
from aarhus_los.drop.rows import ABSENT, ClassRow, ManagerRow, OrgRow, PersonRow
from aarhus_los.report.blocks import plain
from aarhus_los.validate import Level, validate

CASES = Path(__file__).parents[1] / "data" / "cases"
NYE = "Org_nye_20260110_220000.csv"
DETAILS = ("los_id", "cvr", "ean", "p_number", "se_number", "int_debitor", "mag_id", "postal_address")


def read(case: str, file: str = NYE, *, validate_birthdate: bool = True) -> DropFile:
    name = parse_name(file)
    assert name is not None
    return read_file(name, (CASES / case / file).read_bytes(), validate_birthdate=validate_birthdate)


def rejected(file: DropFile) -> dict[int, str]:
    """Line → the column at fault."""
    return {reject.ref.line: reject.column for reject in file.rejects}


def flawed(file: DropFile) -> dict[int, list[str]]:
    """Line → the columns whose bad values are left out."""
    return {row.ref.line: [flaw.column for flaw in row.flaws] for row in file.rows if row.flaws}


def problems(case: str, levels: Collection[Level] = (Level.FILE, Level.COLUMN, Level.ROW)) -> list[str]:
    return [
        f"{each.file}:{each.line}:{each.column}"
        for each in validate(CASES / case).problems
        if each.level in levels
    ]


def test_null_is_a_bad_value_in_optional_columns_and_rejects_in_others() -> None:
    file = read("null-text")
    (row,) = file.rows_of(OrgRow)
    assert {name: getattr(row, name) for name in DETAILS} == dict.fromkeys(DETAILS, ABSENT)
    assert [flaw.column for flaw in row.flaws] == [
        *("LOSID", "CVR", "EAN", "P-Nr", "SE-Nr", "IntDebitor-Nr", "MagID", "PostAdresse")
    ]
    assert rejected(file) == {3: "SlutDato"}
    people = read("null-text", "Pers_nye_20260110_220000.csv")
    assert (people.rows, rejected(people)) == ((), {2: "SlutTid"})
    assert [flaw.column for flaw in people.rejects[0].also] == ["Email", "AZID"]
    assert validate(CASES / "null-text").exit_code == 1


def test_numbers_as_a_spreadsheet_shows_them_are_bad_values() -> None:
    file = read("excel-numbers")
    assert file.rejects == ()
    assert flawed(file) == {
        2: ["LOSID", "CVR", "EAN", "P-Nr", "SE-Nr", "IntDebitor-Nr"],
        3: ["LOSID", "CVR", "EAN", "P-Nr"],
        4: ["CVR", "EAN", "P-Nr"],
        5: ["CVR", "EAN", "P-Nr"],
    }
    assert [row.mag_id for row in file.rows_of(OrgRow)] == ["0", None, None, None]
    assert [row.los_id for row in file.rows_of(OrgRow)] == [ABSENT, ABSENT, "100", "100"]
    assert validate(CASES / "excel-numbers").exit_code == 1


def test_misspelt_optional_columns_are_named_beside_those_that_are_missing() -> None:
    units = read("misspelt-optional-column", "Org_ret_20260120_220000.csv")
    assert set(units.header.missing) == {"EAN", "P-Nr", "Med-i-LinjeOrg"}
    assert dict(units.header.near) == {
        "EAN-nr": "EAN",
        "P-Nummer": "P-Nr",
        "Med i LinjeOrg": "Med-i-LinjeOrg",
    }
    people = read("misspelt-optional-column", "Pers_ret_20260120_220000.csv")
    assert (people.header.missing, people.header.near) == (("Email",), (("E-mail", "Email"),))
    assert [row.email for row in people.rows_of(PersonRow)] == [ABSENT]
    found = validate(CASES / "misspelt-optional-column")
    assert found.exit_code == 1
    assert [(each.file, each.level) for each in found.problems] == [
        (units.name.name, Level.COLUMN),
        (people.name.name, Level.COLUMN),
    ]
    assert "is E-mail meant for Email?" in plain(found.blocks("en"))


def test_the_headers_of_the_base_lack_nothing() -> None:
    found = validate(CASES / "base")
    assert (found.exit_code, found.problems) == (0, ())


def test_misnamed_files_are_ours_by_intent() -> None:
    for name in (
        "Pers_ny_20260110_220000.csv",
        "org_nye_20260110_220000.csv",
        "Org_slet_20260110_220000.csv",
    ):
        assert parse_name(name) is None
        assert near_miss(name) is not None
    assert validate(CASES / "misnamed-files").exit_code == 65


def test_the_nil_uuid_is_no_value() -> None:
    units = read("nil-uuids")
    assert rejected(units) == {2: "ParentUUID", 4: "OrgUUID", 5: "OrgUUID"}
    assert [(row.user_key, row.type_uuid, row.flaws) for row in units.rows_of(OrgRow)] == [("B", None, ())]
    people = read("nil-uuids", "Pers_nye_20260110_220000.csv")
    assert (people.rows, rejected(people)) == ((), {2: "UUID", 3: "UUID", 4: "OrgenhedUUID"})
    assert [reject.engagement_uuid is None for reject in people.rejects] == [True, True, False]
    managers = read("nil-uuids", "Leder_nye_20260110_220000.csv")
    assert (managers.rows_of(ManagerRow), rejected(managers)) == ((), {2: "LederniveauUUID"})
    types = read("nil-uuids", "STAM_UUID_Enhedstype.csv")
    assert (len(types.rows_of(ClassRow)), rejected(types)) == (2, {4: "EnhedstypeUUID"})
    assert rejected(read("nil-parent")) == {2: "ParentUUID"}


def test_letters_are_in_composed_form() -> None:
    plain, ret = read("decomposed-letters"), read("decomposed-letters", "Org_ret_20260111_220000.csv")
    assert {"Ådalens Café".encode() in file.data for file in (plain, ret)} == {True, False}
    for file in (plain, ret):
        assert [(row.name, row.postal_address) for row in file.rows_of(OrgRow)] == [
            ("Ådalens Café", "Åboulevarden 3, 8000 Aarhus C")
        ]
        assert file.header.missing == ()


def test_two_boms_are_read_as_one() -> None:
    assert [row.user_key for row in read("two-boms").rows_of(OrgRow)] == ["A"]


def test_danish_booleans() -> None:
    file = read("danish-booleans")
    assert [row.line_org for row in file.rows_of(OrgRow)] == [True, False, True, ABSENT, False, ABSENT]
    assert flawed(file) == {5: ["Med-i-LinjeOrg"], 7: ["Med-i-LinjeOrg"]}


def test_dates_that_can_mean_one_day_only() -> None:
    file = read("dates")
    days = {row.user_key: row.start for row in file.rows_of(OrgRow)}
    new_year = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 14)
    assert days == {f"S{n}": date(2021, 1, 1) for n in new_year} | {"S15": date(2020, 12, 31)}
    assert rejected(file) == dict.fromkeys((2 + n for n in (8, 12, 13, 16, 17)), "StartDato")


def test_end_dates() -> None:
    file = read("end-dates")
    days = {int(row.user_key[1:]): row.end for row in file.rows_of(OrgRow)}
    assert days == {
        **dict.fromkeys((0, 1, 2), date(2021, 12, 31)),
        # MO cannot tell the last but one of all days from no end
        **dict.fromkeys((3, 4, 5, 6, 15), date.max),
        7: date(2199, 12, 31),
        8: date(2079, 6, 6),
        9: date(2262, 4, 11),
        10: date(2099, 12, 31),
        11: date(9999, 1, 1),
        12: date(9999, 1, 1),
        14: date(3000, 1, 1),
    }
    assert rejected(file) == {15: "SlutDato", 18: "SlutDato", 19: "StartDato", 20: "StartDato"}


def test_a_reference_that_begins_later_is_no_fault_of_the_drop() -> None:
    assert problems("reference-begins-later") == []


@pytest.mark.parametrize(
    ("validate_birthdate", "accepted"),
    [(True, {3, 6, 10, 15, 16, 18}), (False, {0, 3, 4, 6, 10, 11, 12, 15, 16, 17, 18})],
)
def test_cpr_numbers(validate_birthdate: bool, accepted: set[int]) -> None:
    file = read("cpr-forms", "Pers_nye_20260110_220000.csv", validate_birthdate=validate_birthdate)
    rows = {int(row.user_key[1:]): row for row in file.rows_of(PersonRow)}
    assert rows.keys() == accepted
    assert set(rejected(file).values()) == {"CPR"}
    assert len(file.rows) + len(file.rejects) == 19
    if not validate_birthdate:
        assert {n for n, row in rows.items() if row.cpr.birth_date is None} == {0, 4, 11, 12, 17}


# Of the cases on folding, what the reader has to say.


def test_a_birth_date_after_the_file_date_rejects_the_row() -> None:
    file = read("folding/cpr-born-in-the-future/run1", "Pers_nye_20250110_080000.csv")
    assert [row.user_key for row in file.rows_of(PersonRow)] == ["K0"]
    (reject,) = file.rejects
    assert (reject.ref.line, reject.column, reject.cpr) == (3, "CPR", None)
    assert reject.engagement_uuid == "e0000000-0000-4000-8000-000000000001"


def test_a_bad_value_is_told_from_an_empty_one() -> None:
    file = read("folding/two-mails-one-bad/run2", "Pers_ret_20250301_080000.csv")
    assert [row.email for row in file.rows_of(PersonRow)] == [ABSENT, None]


def test_a_start_after_the_end_rejects_its_own_row_only() -> None:
    folder = "folding/start-after-end-beside-a-good-row/run1"
    file = read(folder, "Pers_nye_20250110_080000.csv")
    assert [row.user_key for row in file.rows_of(PersonRow)] == ["K0"]
    assert rejected(file) == {3: "StartTid"}


@pytest.mark.parametrize(
    "folder", sorted((CASES / "folding").glob("*/run*")), ids=lambda path: "-".join(path.parts[-2:])
)
def test_every_file_of_the_cases_on_folding_is_read(folder: Path) -> None:
    assert Level.FILE not in {problem.level for problem in validate(folder).problems}
