from __future__ import annotations

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from aarhus_los.sandbox.moments import birthday
from aarhus_los.sandbox.sample import delta_drop, first_drop, put
from aarhus_los.sandbox.sample_people import COUNT, delta_tables, first_tables
from aarhus_los.sandbox.sample_units import changed_rows, initial_rows, new_rows

WRITTEN = date(2026, 11, 24)
"""The day on which the sample was made: no file of it may be dated later."""

FORMS = ("%Y-%m-%d", "%Y-%m-%d 00:00:00.000", "%d-%m-%Y")

Rows = list[dict[str, str]]


def read(content: bytes) -> Rows:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def org_rows(files: dict[str, bytes]) -> Rows:
    return [row for name, content in files.items() if name.startswith("Org_") for row in read(content)]


def day(text: str) -> date | None:
    for form in FORMS:
        with suppress(ValueError):
            return datetime.strptime(text, form).date()
    return None


def test_it_is_the_same_every_time() -> None:
    assert first_drop() == first_drop()
    assert delta_drop() == delta_drop()


def test_it_has_all_nine_lists_and_a_file_of_each_kind() -> None:
    assert sorted(first_drop()) == [
        "Leder_nye_20261005_220000.csv",
        "Org_inital_20261005_220000.csv",
        "Pers_nye_20261005_220000.csv",
        "STAM_UUID_BVN_Stillingsbetegnelse.csv",
        "STAM_UUID_Engagementstype.csv",
        "STAM_UUID_Enhedstype.csv",
        "STAM_UUID_ITSystem.csv",
        "STAM_UUID_Lederansvar.csv",
        "STAM_UUID_Lederniveau.csv",
        "STAM_UUID_Ledertype.csv",
        "STAM_UUID_Stillingsbetegnelse.csv",
        "STAM_UUID_Tilknytningsrolle.csv",
    ]
    assert sorted(delta_drop()) == [
        "Leder_luk_20261109_220000.csv",
        "Leder_nye_20261109_220000.csv",
        "Org_nye_20261109_220000.csv",
        "Org_ret_20261109_220000.csv",
        "Pers_luk_20261109_220000.csv",
        "Pers_nye_20261109_220000.csv",
        "Pers_ret_20261109_220000.csv",
        "STAM_UUID_Enhedstype.csv",
    ]


def test_no_file_is_dated_in_the_future() -> None:
    stamps = [re.findall(r"_(\d{8})_", name) for name in (*first_drop(), *delta_drop())]
    days = [datetime.strptime(stamp, "%Y%m%d").date() for found in stamps for stamp in found]
    assert days and max(days) <= WRITTEN


def test_it_is_a_municipality_of_four_levels() -> None:
    parents = {row["OrgUUID"]: row["ParentUUID"] for row in org_rows(first_drop())}
    assert len(parents) == 65

    def level(unit: str) -> int:
        return 1 if parents[unit] == unit else 1 + level(parents[unit])

    assert Counter(level(unit) for unit in parents) == {1: 1, 2: 6, 3: 19, 4: 39}


def test_every_parent_and_type_is_in_the_drop() -> None:
    first, delta = first_drop(), delta_drop()
    both = org_rows(first) + org_rows(delta)
    units = {row["OrgUUID"] for row in both}
    types = {row["EnhedstypeUUID"] for row in read(delta["STAM_UUID_Enhedstype.csv"])}
    assert {row["ParentUUID"] for row in both} <= units
    assert {row["OrgEnhedsTypeUUID"] for row in both} <= types | {""}
    before = {row["EnhedstypeUUID"] for row in read(first["STAM_UUID_Enhedstype.csv"])}
    assert {row["OrgEnhedsTypeUUID"] for row in org_rows(first)} <= before | {""}


def test_one_row_of_the_first_drop_is_bad_and_the_delta_mends_it() -> None:
    def bad(rows: Rows) -> list[tuple[str, str]]:
        return [
            (row["BrugervendtNøgle"], row["StartDato"])
            for row in rows
            if not ((start := day(row["StartDato"])) and (end := day(row["SlutDato"])) and start <= end)
        ]

    assert bad(org_rows(first_drop())) == [("ROTT", "31-09-2021")]
    assert bad(org_rows(delta_drop())) == []
    assert any(row["BrugervendtNøgle"] == "ROTT" for row in org_rows(delta_drop()))


def test_dates_come_in_every_form_that_occurs() -> None:
    shapes = {re.sub(r"\d", "9", row["StartDato"]) for row in org_rows(first_drop())}
    assert shapes == {"9999-99-99", "9999-99-99 99:99:99.999", "99-99-9999"}


def test_numbers_have_the_shape_that_mo_asks_for() -> None:
    for row in org_rows(first_drop()) + org_rows(delta_drop()):
        assert re.fullmatch(r"(\d{13})?", row["EAN"])
        assert re.fullmatch(r"(\d{10})?", row["P-Nr"])


def test_danish_letters_come_in_both_encodings() -> None:
    delta = delta_drop()
    assert "Vandløb og Åer".encode("cp1252") in delta["Org_nye_20261109_220000.csv"]
    assert "Åben Rådgivning".encode() in delta["Org_ret_20261109_220000.csv"]
    assert delta["Org_nye_20261109_220000.csv"].count(b"\r\n") == 5


def test_no_address_makes_the_address_service_fail() -> None:
    texts = {row.address for row in (*initial_rows(), *new_rows(), *changed_rows())}
    assert not any("Nede" in text for text in texts)
    assert {word for word in ("Ukendt", "Nedlagt", "12-18") if any(word in text for text in texts)} == {
        "Ukendt",
        "Nedlagt",
        "12-18",
    }


def test_people_are_written_where_they_are_asked_for() -> None:
    assert {name.split("_2")[0] for name in first_drop()} >= {"Pers_nye", "Leder_nye"}
    assert {name.split("_2")[0] for name in delta_drop()} >= {
        "Pers_nye",
        "Pers_ret",
        "Pers_luk",
        "Leder_nye",
        "Leder_luk",
    }


def test_nobody_alive_has_a_cpr_number_of_the_sample() -> None:
    rows = [*first_tables()["Pers_nye"], *delta_tables()["Pers_nye"]]
    born = {row["CPR"].replace("-", ""): birthday(row["CPR"].replace("-", "")) for row in rows}
    assert len(born) == COUNT + 5
    assert all(each is not None and 1895 <= each.year <= 1899 for each in born.values())


def test_what_people_refer_to_is_in_the_drop() -> None:
    files = first_drop()
    classes = {
        cell
        for name, content in files.items()
        if name.startswith("STAM")
        for row in read(content)
        for column, cell in row.items()
        if column.endswith("UUID")
    }
    units = {row["OrgUUID"] for row in org_rows(files)}
    for tables in (first_tables(), delta_tables()):
        for row in (*tables["Pers_nye"], *tables.get("Pers_ret", [])):
            assert row["OrgenhedUUID"] in units
            assert {row["EngagementTypeUUID"], row["StillingsBetegnelseUUID"]} <= classes
        for row in tables["Leder_nye"]:
            assert row["OrgUUID"] in units
            assert {row["LedertypeUUID"], row["LederniveauUUID"], row["LederansvarUUID"]} <= classes


def test_one_manager_is_known_only_after_the_delta() -> None:
    first, delta = first_tables(), delta_tables()
    people = {row["CPR"] for row in first["Pers_nye"]}
    unknown = {row["CPR"] for row in first["Leder_nye"]} - people
    assert len(unknown) == 1
    assert unknown <= {row["CPR"] for row in delta["Pers_nye"]}


def test_engagements_have_keys_of_their_own() -> None:
    keys = Counter(row["UUID"] for row in first_tables()["Pers_nye"])
    assert max(keys.values()) == 1
    known = set(keys) | {row["UUID"] for row in delta_tables()["Pers_nye"]}
    changed = delta_tables()
    assert {row["UUID"] for row in (*changed["Pers_ret"], *changed["Pers_luk"])} <= known


def test_files_appear_whole_and_leave_nothing_beside_them(tmp_path: Path) -> None:
    put({"a.csv": b"1"}, tmp_path)
    put({"a.csv": b"22", "b.csv": b"3"}, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.csv": b"22", "b.csv": b"3"}
