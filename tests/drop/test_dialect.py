from __future__ import annotations

import time
import unicodedata
from uuid import uuid4

import pytest

from aarhus_los.drop.rows import (
    ABSENT,
    OrgRow,
    PersonRow,
)
from tests.drop.samples import (
    DETAIL_FIELDS,
    ORG,
    ORG_CELLS,
    PERS,
    PERS_CELLS,
    A,
    details,
    one_org,
    one_person,
    read,
    reject,
    text_of,
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_danish_letters_come_out_right_in_every_encoding_and_line_end(encoding: str, end: str) -> None:
    data = text_of(ORG_CELLS, {**ORG_CELLS, "OrgEnhedsNavn": "Ældre på Ø – nr. 2"}, end=end).encode(encoding)
    assert [(row.name, row.ref.line) for row in read(ORG, data).rows_of(OrgRow)] == [
        ("Børn og Unge", 2),
        ("Ældre på Ø – nr. 2", 3),
    ]


def test_mixed_line_ends_and_blank_lines_count_as_lines() -> None:
    head, row = text_of(ORG_CELLS).splitlines()
    parsed = read(ORG, f"{head}\r\n\r\n{row}\n;;;;\n{row}\r{row}")
    assert [one.ref.line for one in parsed.rows] == [3, 5, 6]
    assert parsed.rejects == ()


def test_columns_in_any_order_case_and_company() -> None:
    cells = {"Ukendt": "x", **dict(reversed(ORG_CELLS.items())), "": "y", "Loadtime": "z"}
    header = ";".join(f" {name.upper()} " for name in cells)
    parsed = read(ORG, f"{header}\n{';'.join(cells.values())}\n")
    (row,) = parsed.rows_of(OrgRow)
    assert row.org_uuid == A
    assert row.line_org is True
    assert row.p_number == "1003259164"
    assert parsed.cells({2}) == {2: tuple(cells.values())}


def test_quotes_and_spaces_around_values() -> None:
    row = one_org(OrgEnhedsNavn='"Afd. ""Nord""; øst"', EAN="  5798005770213 ", LOSID=' "47" ', MagID="   ")
    assert row.name == 'Afd. "Nord"; øst'
    assert (row.ean, row.mag_id) == ("5798005770213", None)


def test_columns_that_a_file_may_lack_are_absent_and_not_empty() -> None:
    optional = ("OrgEnhedsTypeUUID", "Med-i-LinjeOrg", *DETAIL_FIELDS)
    cells = {name: value for name, value in ORG_CELLS.items() if name not in optional}
    (row,) = read(ORG, text_of(cells)).rows_of(OrgRow)
    assert row.type_uuid is ABSENT
    assert row.line_org is ABSENT
    assert details(row) == dict.fromkeys(DETAIL_FIELDS, ABSENT)
    people = {name: value for name, value in PERS_CELLS.items() if name not in ("Email", "AZID")}
    (person,) = read(PERS, text_of(people)).rows_of(PersonRow)
    assert (person.email, person.azid) == (ABSENT, ABSENT)


def test_empty_optional_cells_are_no_values() -> None:
    row = one_org(OrgEnhedsTypeUUID="", PostAdresse="", **{"Med-i-LinjeOrg": ""})
    assert (row.type_uuid, row.line_org, row.postal_address, row.flaws) == (None, False, None, ())
    person = one_person(Email="", AZID="")
    assert (person.email, person.azid, person.flaws) == (None, None, ())


def named_lines(count: int) -> list[str]:
    return [
        ";".join({**ORG_CELLS, "OrgUUID": str(uuid4()), "OrgEnhedsNavn": f"Enhed {n}"}.values())
        for n in range(count)
    ]


@pytest.mark.parametrize("where", ["Enhed 5", "Rådhuspladsen"])
def test_a_quote_that_is_never_closed_costs_its_own_line_only(where: str) -> None:
    head = ";".join(ORG_CELLS)
    lines = named_lines(60)
    lines[5] = lines[5].replace(where, f'"{where}')
    parsed = read(ORG, "\n".join([head, *lines]))
    assert [(one.ref.line, one.org_uuid) for one in parsed.rejects] == [(7, lines[5][:36])]
    assert "quote" in parsed.rejects[0].reason
    assert [one.ref.line for one in parsed.rows] == [line for line in range(2, 62) if line != 7]


def test_a_quote_closed_on_a_later_line_does_not_swallow_the_rows_between() -> None:
    lines = named_lines(6)
    lines[1] = lines[1].replace("Enhed 1", '"Enhed 1')
    lines[4] = lines[4].replace("Enhed 4", 'Enhed 4"')
    parsed = read(ORG, "\n".join([";".join(ORG_CELLS), *lines]))
    assert [one.ref.line for one in parsed.rejects] == [3]
    assert [one.name for one in parsed.rows_of(OrgRow)] == [
        "Enhed 0",
        "Enhed 2",
        "Enhed 3",
        'Enhed 4"',
        "Enhed 5",
    ]


def test_a_value_of_several_lines_in_a_column_that_is_not_ours_is_a_value() -> None:
    cells = {"Note": '"en\nto\r\ntre"', **ORG_CELLS}
    parsed = read(ORG, text_of(cells, cells))
    assert [one.ref.line for one in parsed.rows] == [2, 5]
    assert parsed.cells({2, 5})[2][0] == "en\nto\r\ntre"


def test_text_after_a_closing_quote_is_rejected() -> None:
    rejected = reject(ORG, ORG_CELLS, OrgEnhedsNavn='"Afd. "Nord""')
    assert "quote" in rejected.reason
    assert rejected.org_uuid == A


def test_a_line_of_ten_megabytes_costs_itself_only() -> None:
    parsed = read(ORG, text_of(ORG_CELLS, {**ORG_CELLS, "PostAdresse": "x" * 10_000_000}, ORG_CELLS))
    assert [one.ref.line for one in parsed.rows] == [2, 4]
    assert [one.ref.line for one in parsed.rejects] == [3]


def test_quotes_that_open_on_every_line_are_read_in_time() -> None:
    started = time.monotonic()
    parsed = read(ORG, "\n".join([";".join(ORG_CELLS), *['b";"""'] * 20_000]))
    assert len(parsed.rejects) == 20_000
    assert time.monotonic() - started < 10


def test_a_thousand_columns() -> None:
    cells = {**ORG_CELLS, **{f"Kolonne{n}": str(n) for n in range(1000)}}
    assert len(read(ORG, text_of(cells)).rows) == 1


BOM = "\ufeff"


@pytest.mark.parametrize(
    "before",
    [
        BOM,
        BOM * 3,
        f"\n{BOM}",
        f"sep=;\n{BOM}",
        f"{BOM}sep=;\r\n",
        f'{BOM}"sep=;"\n',
        "SEP=;\n",
        f"{BOM}\n\n{BOM * 2}",
    ],
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_what_stands_before_the_header_is_no_text(before: str, quote: str) -> None:
    head, row = text_of(ORG_CELLS).splitlines()
    head = ";".join(f"{quote}{title}{quote}" for title in head.split(";"))
    parsed = read(ORG, f"{before}{head}\n{row}\n")
    assert [one.ref.line for one in parsed.rows] == [2 + before.count("\n")]
    assert parsed.header.titles == tuple(ORG_CELLS)


def test_a_line_for_excel_is_known_on_the_first_line_only() -> None:
    parsed = read(ORG, text_of(ORG_CELLS) + "sep=;\n")
    assert [one.ref.line for one in parsed.rejects] == [3]


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a", "\n\x1a\r\n", "\r\n\x1a\x1a"])
def test_an_end_of_file_character_is_no_text(end: str) -> None:
    parsed = read(ORG, text_of(ORG_CELLS).rstrip() + end)
    assert ([one.ref.line for one in parsed.rows], parsed.rejects) == ([2], ())
    assert parsed.rows_of(OrgRow)[0].postal_address == ORG_CELLS["PostAdresse"]


@pytest.mark.parametrize("column", ["OrgEnhedsNavn", "PostAdresse", "Note"])
def test_a_nul_rejects_its_row_and_no_other(column: str) -> None:
    cells = {**ORG_CELLS, "Note": "x"}
    parsed = read(ORG, text_of(cells, {**cells, column: "a\0b"}, cells))
    assert [one.ref.line for one in parsed.rows] == [2, 4]
    (rejected,) = parsed.rejects
    assert (rejected.ref.line, rejected.org_uuid) == (3, A)
    assert "NUL" in rejected.reason


def test_a_nul_within_a_value_of_several_lines_costs_its_lines_only() -> None:
    cells = {**ORG_CELLS, "Note": '"a\nb\0"'}
    parsed = read(ORG, text_of(cells, {**cells, "Note": "x"}))
    assert [one.ref.line for one in parsed.rows] == [4]
    assert [one.ref.line for one in parsed.rejects] == [2, 3]


def test_cells_that_lack_at_the_end_are_empty_where_all_of_them_are_optional_or_not_ours() -> None:
    cells = {**ORG_CELLS, "Note": "x"}
    head, row = text_of(cells).splitlines()
    written = row.split(";")
    first_detail = list(cells).index("LOSID")
    shorter = [";".join(written[:count]) for count in range(first_detail - 1, len(written) + 1)]
    parsed = read(ORG, "\n".join([head, *shorter]))
    assert [one.ref.line for one in parsed.rejects] == [2]
    assert parsed.rejects[0].reason == f"{first_detail - 1} values where the header has {len(cells)}"
    rows = parsed.rows_of(OrgRow)
    assert [sum(value is None for value in details(row).values()) for row in rows] == [
        8,
        7,
        6,
        5,
        4,
        3,
        2,
        1,
        0,
        0,
    ]


def test_runs_of_spaces_in_a_name_or_an_address_count_as_one() -> None:
    row = one_org(OrgEnhedsNavn="Afd.\xa0  Nord", PostAdresse="Ågade  1,   8000 Aarhus C", LOSID="4  7")
    assert (row.name, row.postal_address, row.los_id) == ("Afd. Nord", "Ågade 1, 8000 Aarhus C", "4  7")
    assert one_person(CPRNavn="Åse  Østergård").name == "Åse Østergård"


def test_headers_and_texts_are_read_in_composed_form() -> None:
    data = unicodedata.normalize("NFD", text_of({**PERS_CELLS, "Email": "åse@århus.dk"}))
    (row,) = read(PERS, data).rows_of(PersonRow)
    assert (row.name, row.email) == ("Åse Østergård", "åse@århus.dk")
