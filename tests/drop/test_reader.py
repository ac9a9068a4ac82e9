from __future__ import annotations

import csv
import io
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.drop.rows import (
    EndedEngagementRow,
    ManagerRow,
    OrgRow,
)
from aarhus_los.errors import DataError, FileRefused
from tests.drop.samples import (
    CPR,
    DETAIL_FIELDS,
    LEDER,
    LEDER_CELLS,
    LEDER_LUK,
    LEDER_LUK_CELLS,
    LIST,
    ORG,
    ORG_CELLS,
    PERS,
    PERS_CELLS,
    PERS_LUK,
    PERS_LUK_CELLS,
    A,
    one,
    one_person,
    read,
    reject,
    text_of,
)


def refused(name: str, data: bytes | str) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read(name, data)
    assert isinstance(caught.value, DataError)
    assert str(caught.value).startswith(f"{name}: refused: ")
    return caught.value


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        (ORG, ORG_CELLS),
        (PERS, PERS_CELLS),
        (PERS_LUK, PERS_LUK_CELLS),
        (LEDER, LEDER_CELLS),
        (LEDER_LUK, LEDER_LUK_CELLS),
    ],
)
def test_a_file_is_refused_for_each_mandatory_column_that_it_lacks(name: str, cells: dict[str, str]) -> None:
    optional = {"OrgEnhedsTypeUUID", "Med-i-LinjeOrg", *DETAIL_FIELDS, "Email", "AZID"}
    for column in cells.keys() - optional:
        rest = {key: value for key, value in cells.items() if key != column}
        assert column in refused(name, text_of(rest, rest)).reason


def test_a_column_of_ours_that_occurs_twice_refuses_the_file_and_another_does_not() -> None:
    assert "EAN" in refused(ORG, ";".join([*ORG_CELLS, "ean"])).reason
    head, row = text_of(ORG_CELLS).splitlines()
    assert len(read(ORG, f"{head};Note;Note;;\n{row};1;2;;\n").rows) == 1


def test_commas_are_told() -> None:
    assert "the delimiter is ;" in refused(ORG, text_of(ORG_CELLS).replace(";", ",")).reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n\n;;\n", "empty"),
        (text_of(ORG_CELLS).encode("utf-16"), "UTF-16"),
        (text_of(ORG_CELLS).encode("utf-16-be"), "NUL"),
        (text_of(ORG_CELLS).encode()[:-1] + "ø".encode()[:1], "cut short"),
        (b"\xef\xbb\xbf" + text_of(ORG_CELLS).encode("cp1252"), "cut short"),
        (text_of(ORG_CELLS).encode("cp1252") + b"\x81", "neither UTF-8 nor cp1252: see line 3"),
        (b'"' + text_of(ORG_CELLS).encode(), "header"),
    ],
)
def test_what_is_no_text_of_ours_is_refused(data: bytes, reason: str) -> None:
    assert reason in refused(ORG, data).reason


def test_a_header_only_is_an_empty_delta() -> None:
    parsed = read(ORG, ";".join(ORG_CELLS))
    assert (parsed.rows, parsed.rejects) == ((), ())
    assert parsed.is_empty
    assert not read(ORG, text_of(ORG_CELLS)).is_empty


FRAGMENTS = st.sampled_from(
    [
        b";",
        b'"',
        b"\r",
        b"\n",
        b"\0",
        b"\xff",
        b"\xc3\xb8",
        b"\xe5",
        b" ",
        A.encode(),
        b"2021-02-30",
        b"9999-12-31",
        b"0001-01-01",
        b"{",
        b"x" * 200_000,
        text_of(ORG_CELLS).encode(),
        text_of(PERS_CELLS).encode(),
    ]
)


@given(
    st.sampled_from([ORG, PERS, PERS_LUK, LEDER, LEDER_LUK, LIST]),
    st.booleans(),
    st.lists(st.binary(max_size=20) | FRAGMENTS, max_size=30).map(b"".join),
)
def test_any_bytes_are_read_or_refused(name: str, headed: bool, data: bytes) -> None:
    headers = {
        ORG: ORG_CELLS,
        PERS: PERS_CELLS,
        PERS_LUK: PERS_LUK_CELLS,
        LEDER: LEDER_CELLS,
        LEDER_LUK: LEDER_LUK_CELLS,
    }
    header = (
        ";".join(headers.get(name, {"EnhedstypeUUID": "", "Enhedstype": ""})).encode() + b"\n"
        if headed
        else b""
    )
    try:
        parsed = read(name, header + data)
    except FileRefused:
        return
    lines = [one.ref.line for one in (*parsed.rows, *parsed.rejects)]
    assert len(set(lines)) == len(lines)
    assert "2021-02-30" not in "".join(map(str, parsed.rejects))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])).map(str.strip), max_size=20))
def test_names_survive_quoting(names: list[str]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, ORG_CELLS, delimiter=";")
    writer.writeheader()
    writer.writerows({**ORG_CELLS, "OrgEnhedsNavn": name} for name in names)
    parsed = read(ORG, text.getvalue())
    composed = [" ".join(normalize("NFC", name).split()) for name in names if name and name.upper() != "NULL"]
    assert [row.name for row in parsed.rows_of(OrgRow)] == composed
    assert len(parsed.rejects) == len(names) - len(composed)


def test_no_cpr_number_or_name_is_in_what_is_shown_of_rows_and_rejects() -> None:
    shown = [repr(one_person()), repr(one(LEDER, LEDER_CELLS, ManagerRow))]
    shown += [repr(one(PERS_LUK, PERS_LUK_CELLS, EndedEngagementRow))]
    for cpr in (CPR, "3102031234", "01020312345"):
        rejected = reject(PERS, PERS_CELLS, CPR=cpr, StartTid=cpr)
        shown += [repr(rejected), str(rejected)]
    for text in shown:
        assert "1234" not in text
        assert "Østergård" not in text
