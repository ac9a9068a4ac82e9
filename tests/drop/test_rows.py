from __future__ import annotations

from datetime import date

import pytest

from aarhus_los.cpr import Cpr
from aarhus_los.drop.classlists import CLASS_LISTS, ClassList
from aarhus_los.drop.rows import (
    ABSENT,
    ClassRow,
    EndedEngagementRow,
    EndedManagerRow,
    Flaw,
    ManagerRow,
    OrgRow,
    PersonRow,
    RowRef,
)
from tests.drop.samples import (
    CPR,
    LEDER,
    LEDER_CELLS,
    LEDER_LUK,
    LEDER_LUK_CELLS,
    ORG,
    ORG_CELLS,
    PERS,
    PERS_CELLS,
    PERS_LUK,
    PERS_LUK_CELLS,
    A,
    B,
    C,
    D,
    details,
    one,
    one_org,
    one_person,
    read,
    reject,
    text_of,
)


def test_an_org_row_says_all_of_its_unit() -> None:
    cells = ORG_CELLS
    assert one_org() == OrgRow(
        ref=RowRef(ORG, 2),
        org_uuid=A,
        user_key="1001",
        name="Børn og Unge",
        parent_uuid=B,
        type_uuid=C,
        line_org=True,
        start=date(2020, 2, 1),
        end=date.max,
        los_id=cells["LOSID"],
        cvr=cells["CVR"],
        ean=cells["EAN"],
        p_number=cells["P-Nr"],
        se_number=cells["SE-Nr"],
        int_debitor=cells["IntDebitor-Nr"],
        mag_id=cells["MagID"],
        postal_address=cells["PostAdresse"],
    )


def test_a_person_row_says_all_of_its_engagement() -> None:
    assert one_person() == PersonRow(
        ref=RowRef(PERS, 2),
        engagement_uuid=A,
        user_key="77",
        cpr=Cpr(CPR),
        name="Åse Østergård",
        start=date(2020, 2, 1),
        end=date.max,
        email="aase@aarhus.dk",
        primary=True,
        org_uuid=B,
        engagement_type_uuid=C,
        job_function_uuid=D,
        azid="az77",
    )


def test_an_ended_engagement() -> None:
    row = one(PERS_LUK, PERS_LUK_CELLS, EndedEngagementRow)
    assert (row.engagement_uuid, row.cpr, row.name) == (A, Cpr(CPR), "Åse Østergård")


def test_an_engagement_ends_by_its_uuid_whatever_its_cpr_number() -> None:
    row = one(PERS_LUK, PERS_LUK_CELLS, EndedEngagementRow, CPR="3102031234", CPRNavn="")
    assert (row.engagement_uuid, row.cpr, row.name) == (A, None, None)
    assert [flaw.column for flaw in row.flaws] == ["CPR"]


def test_a_manager_row() -> None:
    row = one(LEDER, LEDER_CELLS, ManagerRow)
    assert (row.org_uuid, row.cpr, row.type_uuid, row.level_uuid, row.responsibility_uuid) == (
        A,
        Cpr(CPR),
        B,
        C,
        D,
    )


def test_an_ended_manager() -> None:
    row = one(LEDER_LUK, LEDER_LUK_CELLS, EndedManagerRow)
    assert (row.org_uuid, row.cpr) == (A, Cpr(CPR))


@pytest.mark.parametrize("listed", CLASS_LISTS.values(), ids=lambda listed: listed.name)
def test_each_class_list_has_its_own_columns(listed: ClassList) -> None:
    columns = dict.fromkeys((listed.title, "Loadtime", listed.uuid, listed.user_key))
    values = {listed.title: "Titel", listed.user_key: "Titel", listed.uuid: A, "Loadtime": "2021-01-01"}
    data = f"{';'.join(columns)}\n{';'.join(values[column] for column in columns)}\n"
    parsed = read(f"STAM_UUID_{listed.name}.csv", data)
    (row,) = parsed.rows_of(ClassRow)
    assert (row.uuid, row.user_key, row.name) == (A, "Titel", "Titel")


def test_an_it_system_has_a_key_and_a_name() -> None:
    (row,) = read("STAM_UUID_ITSystem.csv", f"ITSystemUUID;Userkey;Name\n{A};AD;Active Directory\n").rows_of(
        ClassRow
    )
    assert (row.uuid, row.user_key, row.name) == (A, "AD", "Active Directory")


@pytest.mark.parametrize(
    "text",
    ["04-03-2021", "2021-03-04", "2021-03-04 00:00:00.000", "2021-03-04 23:59:59", "2021-03-04T00:00:00"],
)
def test_an_iso_date_is_year_month_day_and_a_danish_one_day_month_year(text: str) -> None:
    assert one_org(StartDato=text).start == date(2021, 3, 4)


@pytest.mark.parametrize("text", ["", "9999-12-31", "31-12-9999", "9999-12-31 00:00:00.000"])
def test_no_end(text: str) -> None:
    assert one_org(SlutDato=text).end == date.max


@pytest.mark.parametrize(
    ("text", "value"),
    [("True", True), ("false", False), ("1", True), ("0", False), ("JA", True), ("nej", False)],
)
def test_booleans(text: str, value: bool) -> None:
    assert one_org(**{"Med-i-LinjeOrg": text}).line_org is value
    assert one_person(PrimærAnsættelse=text).primary is value


@pytest.mark.parametrize("text", [A.upper(), f"{{{A}}}", f" {{{A.upper()}}} "])
def test_uuids_become_lower_case_without_braces(text: str) -> None:
    row = one_org(OrgUUID=text, ParentUUID=text)
    assert (row.org_uuid, row.parent_uuid) == (A, A)


def test_a_cpr_number_may_have_a_dash() -> None:
    assert one_person(CPR="010203-1234").cpr == Cpr(CPR)


def test_a_start_before_1900_is_taken_as_1900_and_told() -> None:
    row = one_org(StartDato="0001-01-01")
    assert (row.start, row.written_start) == (date(1900, 1, 1), date(1, 1, 1))
    assert [note.column for note in row.notes] == ["StartDato"]
    assert row.flaws == ()


@pytest.mark.parametrize(
    ("column", "bad"),
    [
        ("EAN", "579800577021"),
        ("EAN", "57980057702١٣"),
        ("P-Nr", "10032591640"),
        ("LOSID", "47\x0711"),
        ("PostAdresse", '"Rådhuspladsen 2\n8000 Aarhus C"'),
    ],
)
def test_a_bad_detail_costs_that_detail_only(column: str, bad: str) -> None:
    row = one_org(**{column: bad})
    assert details(row)[column] is ABSENT
    assert [flaw.column for flaw in row.flaws] == [column]
    others = {name: value for name, value in details(row).items() if name != column}
    assert others == {name: ORG_CELLS[name] for name in others}


def test_a_bad_mark_is_absent_and_a_bad_type_is_none_and_both_are_flaws() -> None:
    row = one_org(OrgEnhedsTypeUUID="afdeling", **{"Med-i-LinjeOrg": "måske"})
    assert (row.type_uuid, row.line_org) == (None, ABSENT)
    assert [flaw.column for flaw in row.flaws] == ["OrgEnhedsTypeUUID", "Med-i-LinjeOrg"]


@pytest.mark.parametrize(
    "email",
    [
        "aase",
        "@aarhus.dk",
        "aase@",
        "aase@aarhus",
        "a b@aarhus.dk",
        "a@b@aarhus.dk",
        "a..b@aarhus.dk",
        "a@-x.dk",
        "a@1.2",
    ],
)
def test_a_bad_email_is_absent(email: str) -> None:
    person = one_person(Email=email)
    assert person.email is ABSENT
    assert [flaw.column for flaw in person.flaws] == ["Email"]


@pytest.mark.parametrize("email", ["aase.oe+x@mtm.aarhus.dk", "Åse@århus.dk", "a_b-c'd@x-y.io"])
def test_a_good_email_stands_as_it_is(email: str) -> None:
    assert one_person(Email=email).email == email


@pytest.mark.parametrize(
    ("column", "bad"),
    [
        ("OrgUUID", ""),
        ("OrgUUID", A[:-1]),
        ("OrgUUID", "{" + A),
        ("BrugervendtNøgle", ""),
        ("OrgEnhedsNavn", "  "),
        ("OrgEnhedsNavn", "a\x1bb"),
        ("ParentUUID", ""),
        ("StartDato", ""),
        ("StartDato", "30-02-2021"),
        ("StartDato", "2021-13-01"),
        ("StartDato", "01/02/21"),
        ("StartDato", "9999-12-31"),
        ("SlutDato", "i morgen"),
    ],
)
def test_a_bad_key_date_name_or_parent_rejects_the_row(column: str, bad: str) -> None:
    rejected = reject(ORG, {**ORG_CELLS, "SlutDato": "31-12-2021"}, **{column: bad})
    assert (rejected.ref, rejected.column) == (RowRef(ORG, 2), column)
    assert rejected.org_uuid == (None if column == "OrgUUID" else A)
    dated = (date(2020, 2, 1), date(2021, 12, 31))
    assert rejected.days == (None if column in ("StartDato", "SlutDato") else dated)


def test_a_start_after_the_end_rejects_the_row() -> None:
    assert one_org(StartDato="2021-12-31", SlutDato="2021-12-31").end == date(2021, 12, 31)
    rejected = reject(ORG, ORG_CELLS, StartDato="2022-01-02", SlutDato="2021-12-31")
    assert (rejected.column, rejected.org_uuid, rejected.days) == ("StartDato", A, None)


def test_an_end_on_the_day_before_the_start_is_a_row_that_states_nothing() -> None:
    row = one_org(StartDato="2022-01-01", SlutDato="2021-12-31")
    assert (row.start, row.end, row.states_nothing) == (date(2022, 1, 1), date(2021, 12, 31), True)
    assert ([note.column for note in row.notes], row.flaws) == (["SlutDato"], ())
    assert not one_org(StartDato="2022-01-01", SlutDato="2022-01-01").states_nothing


def test_an_end_before_1900_rejects_the_row() -> None:
    for start in ("1850-01-01", "0001-01-01"):
        rejected = reject(ORG, ORG_CELLS, StartDato=start, SlutDato="01-12-1899")
        assert rejected.column == "SlutDato"
        # No day that MO has: one that is empty, and no day of it or beside it is before MO's first.
        assert rejected.days == (date(1900, 1, 1), date(1899, 12, 31))


def test_rows_are_in_the_order_of_their_starts_as_written_also_where_they_are_taken_as_1900() -> None:
    starts = ["1899-12-31", "1850-06-01", "1900-01-01", "1850-06-01", "2020-02-01"]
    parsed = read(ORG, text_of(*({**ORG_CELLS, "StartDato": start} for start in starts)))
    rows = sorted(parsed.rows_of(OrgRow), key=lambda row: row.order)
    assert [row.ref.line for row in rows] == [3, 5, 2, 4, 6]
    assert {row.start for row in rows} == {date(1900, 1, 1), date(2020, 2, 1)}
    nameless = [{**ORG_CELLS, "StartDato": start, "OrgEnhedsNavn": ""} for start in starts]
    rejected = read(ORG, text_of(*nameless))
    assert [each.ref.line for each in sorted(rejected.rejects, key=lambda each: each.order)] == [
        3,
        5,
        2,
        4,
        6,
    ]
    assert all(each.days == (max(each.order[0], date(1900, 1, 1)), date.max) for each in rejected.rejects)


@pytest.mark.parametrize(
    "column",
    [
        "UUID",
        "CPR",
        "CPRNavn",
        "StartTid",
        "PrimærAnsættelse",
        "OrgenhedUUID",
        "EngagementTypeUUID",
        "StillingsBetegnelseUUID",
    ],
)
@pytest.mark.parametrize("bad", ["", "\x01"])
def test_a_bad_value_of_an_engagement_rejects_the_row_and_keeps_its_keys(column: str, bad: str) -> None:
    rejected = reject(PERS, PERS_CELLS, **{column: bad})
    assert rejected.column == column
    assert rejected.engagement_uuid == (None if column == "UUID" else A)
    assert rejected.cpr == (None if column == "CPR" else Cpr(CPR))
    assert rejected.days == (None if column == "StartTid" else (date(2020, 2, 1), date.max))


@pytest.mark.parametrize("column", LEDER_CELLS)
def test_a_bad_value_of_a_manager_rejects_the_row_and_keeps_its_keys(column: str) -> None:
    rejected = reject(LEDER, LEDER_CELLS, **{column: "x"})
    assert rejected.column == column
    assert rejected.org_uuid == (None if column == "OrgUUID" else A)
    assert rejected.cpr == (None if column == "CPR" else Cpr(CPR))
    assert rejected.days is None


def test_a_reject_tells_everything_that_is_wrong_with_its_line() -> None:
    rejected = reject(ORG, ORG_CELLS, OrgEnhedsNavn="", StartDato="x", EAN="1")
    assert [rejected.column, *(flaw.column for flaw in rejected.also)] == [
        "OrgEnhedsNavn",
        "StartDato",
        "EAN",
    ]
    assert str(rejected) == f"{ORG}:2: OrgEnhedsNavn: empty"


def test_a_column_is_named_as_the_header_writes_it() -> None:
    data = text_of({**ORG_CELLS, "EAN": "1", "Med-i-LinjeOrg": "x"}).replace(
        "Med-i-LinjeOrg", "med-i-linjeorg"
    )
    (row,) = read(ORG, data).rows
    assert Flaw("med-i-linjeorg", "neither True/False, 1/0, Ja/Nej nor SAND/FALSK") in row.flaws


def test_short_and_long_rows_are_rejected_by_line_with_what_keys_they_have() -> None:
    head, row = text_of(ORG_CELLS).splitlines()
    parsed = read(ORG, f"{head}\n{A}\n{row};\n{row}\n")
    assert [(one.ref.line, one.column, one.org_uuid, one.days) for one in parsed.rejects] == [
        (2, "", A, None),
        (3, "", A, None),
    ]
    assert [one.ref.line for one in parsed.rows] == [4]
