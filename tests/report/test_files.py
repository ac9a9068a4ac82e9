from __future__ import annotations

import codecs
import csv
import io
import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aarhus_los.addresses.outcomes import Found, NotAsked, NotLookedUp, Outcome, Unknown, Unsafe
from aarhus_los.desired.claims import SetAside, UnresolvedAddress
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import parse_name
from aarhus_los.drop.reader import read_file
from aarhus_los.drop.rows import RowRef
from aarhus_los.errors import StateError
from aarhus_los.report.files import defused, write_failed_addresses, write_rejects

NAME = "Org_nye_20261101_220000.csv"
LEDER = "Leder_luk_20261101_220000.csv"
UNITS = [f"{letter * 8}-{letter * 4}-4{letter * 3}-8{letter * 3}-{letter * 12}" for letter in "abc"]
STREETS = ["Ågade 1, 8000 Aarhus C", "-Vej 2, 8000 Aarhus C", "Havnen 3, 8000 Aarhus C"]
DAR = "0a3f50c4-379f-32b8-e044-0003ba298018"
FORMULA = '=HYPERLINK("http://example.org";"Klik")'
TEXT = "OrgUUID;BrugervendtNøgle;OrgEnhedsNavn;ParentUUID;StartDato;SlutDato;PostAdresse\n" + "".join(
    f'{unit};1;"{name}";{unit};2020-01-01;;{street}\n'
    for unit, name, street in zip(UNITS, ["Børn", FORMULA.replace('"', '""'), "Havn"], STREETS, strict=True)
)
REJECTED = "rejected_" + NAME
FAILED = "failed_addr_" + NAME


def file_of(due: set[int] | None = None, text: str = TEXT, name: str = NAME) -> DropFile:
    """A file with the rows on lines 2, 3 and 4. `due` None: it is new."""
    parsed_name = parse_name(name)
    assert parsed_name is not None
    data = text.encode()
    return replace(read_file(parsed_name, data), due=None if due is None else frozenset(due))


def aside(line: int, reason: str = "why", column: str = "ParentUUID", *, pending: bool = True) -> SetAside:
    return SetAside(RowRef(NAME, line), column, reason, pending)


def table(path: Path, delimiter: str) -> list[list[str]]:
    return list(
        csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), delimiter=delimiter)
    )


def rejects(folder: Path) -> list[list[str]]:
    """Line, column and reason of what stands in the reject file."""
    return [row[:3] for row in table(folder / REJECTED, ";")[1:]]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Rejected rows


def test_a_reject_file_has_line_column_reason_and_the_row_as_it_was(tmp_path: Path) -> None:
    written = write_rejects(tmp_path, [file_of()], [aside(4), aside(2, "no such parent")])
    assert written == [tmp_path / REJECTED]
    header, first, second = table(tmp_path / REJECTED, ";")
    assert header[:3] == ["line", "column", "reason"]
    assert header[3:] == TEXT.splitlines()[0].split(";")
    assert first == ["2", "ParentUUID", "no such parent", *TEXT.splitlines()[1].replace('"', "").split(";")]
    assert second[0] == "4"
    # A spreadsheet takes a file without this mark for cp1252.
    assert (tmp_path / REJECTED).read_bytes().startswith(codecs.BOM_UTF8)


def test_lines_that_are_no_rows_are_shown_as_they_are(tmp_path: Path) -> None:
    file = file_of(text=TEXT + "too;short\n")
    (reject,) = file.rejects
    write_rejects(tmp_path, [file], [SetAside(reject.ref, reject.column, reject.reason, pending=False)])
    assert table(tmp_path / REJECTED, ";")[1] == ["5", "", reject.reason, "too", "short"]


def test_a_reject_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        write_rejects(tmp_path, [file_of()], [aside(2)])
    finally:
        os.umask(former)
    assert mode(tmp_path / REJECTED) == 0o600


def test_a_cpr_number_stands_in_the_reject_file(tmp_path: Path) -> None:
    file = file_of(text=f"OrgUUID;CPR\n{UNITS[0]};0102031234\n", name=LEDER)
    write_rejects(tmp_path, [file], [SetAside(RowRef(LEDER, 2), "CPR", "nobody knows the person", True)])
    assert table(tmp_path / f"rejected_{LEDER}", ";")[1][3:] == [UNITS[0], "0102031234"]


def test_nothing_is_written_where_no_row_is_set_aside(tmp_path: Path) -> None:
    assert write_rejects(tmp_path, [file_of()], []) == []
    assert list(tmp_path.iterdir()) == []


def test_a_corrected_file_takes_its_reject_file_away(tmp_path: Path) -> None:
    write_rejects(tmp_path, [file_of()], [aside(2, pending=False)])
    write_rejects(tmp_path, [file_of()], [])
    assert list(tmp_path.iterdir()) == []


def test_a_new_version_replaces_what_was_written_of_the_old_one(tmp_path: Path) -> None:
    write_rejects(tmp_path, [file_of()], [aside(2), aside(3)])
    write_rejects(tmp_path, [file_of()], [aside(4)])
    assert [row[0] for row in rejects(tmp_path)] == ["4"]


def test_rejected_rows_stay_beside_pending_ones_that_are_tried_again(tmp_path: Path) -> None:
    write_rejects(tmp_path, [file_of()], [aside(2, "wrong in itself", pending=False), aside(3), aside(4)])
    write_rejects(tmp_path, [file_of({3, 4})], [aside(4, "still")])
    assert rejects(tmp_path) == [["2", "ParentUUID", "wrong in itself"], ["4", "ParentUUID", "still"]]
    shown = table(tmp_path / REJECTED, ";")[1]
    assert shown[3:] == TEXT.splitlines()[1].replace('"', "").split(";")


def test_the_file_goes_when_none_of_its_rows_is_pending_any_more(tmp_path: Path) -> None:
    write_rejects(tmp_path, [file_of()], [aside(2, pending=False), aside(3)])
    write_rejects(tmp_path, [file_of({3})], [])
    assert list(tmp_path.iterdir()) == []


def test_a_file_read_only_for_what_it_said_keeps_its_reject_file(tmp_path: Path) -> None:
    write_rejects(tmp_path, [file_of()], [aside(2, pending=False)])
    write_rejects(tmp_path, [file_of(set())], [])
    assert [row[0] for row in rejects(tmp_path)] == ["2"]


@pytest.mark.parametrize("spoiled", [b"", b"\xff\xfe\0", b"other;header\n2;a;b\n", b'"' * 300_001])
def test_a_reject_file_that_somebody_changed_is_written_anew(tmp_path: Path, spoiled: bytes) -> None:
    (tmp_path / REJECTED).write_bytes(spoiled)
    write_rejects(tmp_path, [file_of({3})], [aside(3)])
    assert [row[0] for row in rejects(tmp_path)] == ["3"]


def test_what_cannot_be_written_or_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / REJECTED / "in the way").mkdir(parents=True)
    for asides in ([aside(2)], []):
        with pytest.raises(StateError, match=re.escape(REJECTED)):
            write_rejects(tmp_path, [file_of()], asides)


# Formulas


@pytest.mark.parametrize("start", list("=+-@\t\r\n"))
def test_a_cell_that_a_spreadsheet_would_run_is_defused(start: str) -> None:
    assert defused(f"{start}1+1") == f"'{start}1+1"


@given(st.text())
def test_a_defused_cell_runs_nothing_and_says_the_same(cell: str) -> None:
    assert defused(cell).removeprefix("'") == cell.removeprefix("'")
    assert not defused(cell).startswith(tuple("=+-@\t\r\n"))
    assert defused(defused(cell)) == defused(cell)


def test_formulas_in_rows_headers_and_reasons_are_defused_also_after_a_retry(tmp_path: Path) -> None:
    file = file_of(
        text=TEXT.replace("PostAdresse\n", "PostAdresse;=x\n").replace("Aarhus C\n", "Aarhus C;@y\n")
    )
    write_rejects(tmp_path, [file], [aside(2, "-1 rows"), aside(3)])
    expected = table(tmp_path / REJECTED, ";")
    assert expected[0][-1] == "'=x"
    assert (expected[1][2], expected[1][-1]) == ("'-1 rows", "'@y")
    assert expected[2][5] == f"'{FORMULA}"
    again = replace(file, due=frozenset({3}))
    write_rejects(tmp_path, [again], [aside(3)])
    assert table(tmp_path / REJECTED, ";") == expected


# Addresses


def unresolved(line: int, outcome: Outcome, mo_has: str | None = None) -> UnresolvedAddress:
    return UnresolvedAddress(RowRef(NAME, line), UNITS[line - 2], STREETS[line - 2], outcome, mo_has)


UNSAFE = Unsafe(800, "Vejnavn#eksakt", "Ågade 1A, 8000 Aarhus C")
UNKNOWN = Unknown(-1000, "Tekst kan ikke genkendes som en adresse")


def test_the_file_of_addresses_is_as_its_readers_know_it(tmp_path: Path) -> None:
    found = [unresolved(2, UNSAFE, DAR), unresolved(3, UNKNOWN)]
    assert write_failed_addresses({tmp_path: 0o600}, [file_of()], found) == [tmp_path / FAILED]
    raw = (tmp_path / FAILED).read_bytes()
    assert raw.startswith(b"org_uuid#post_address#kode#tekst#forslag#mo_har\r\n")
    assert table(tmp_path / FAILED, "#")[1:] == [
        [UNITS[0], STREETS[0], "800", "Vejnavn#eksakt", "Ågade 1A, 8000 Aarhus C", DAR],
        [UNITS[1], f"'{STREETS[1]}", "-1000", UNKNOWN.text, "", ""],
    ]
    assert "Ågade".encode() in raw


def test_the_folder_for_queries_is_for_all_to_read(tmp_path: Path) -> None:
    reports, queries = tmp_path / "reports", tmp_path / "queries"
    reports.mkdir()
    queries.mkdir()
    folders = {reports: 0o600, queries: 0o644}
    former = os.umask(0o077)
    try:
        write_failed_addresses(folders, [file_of()], [unresolved(2, UNSAFE)])
    finally:
        os.umask(former)
    assert (mode(reports / FAILED), mode(queries / FAILED)) == (0o600, 0o644)
    assert (reports / FAILED).read_bytes() == (queries / FAILED).read_bytes()
    write_failed_addresses(folders, [file_of()], [])
    assert [*reports.iterdir(), *queries.iterdir()] == []


@pytest.mark.parametrize("outcome", [NotLookedUp("the service is down"), NotAsked(), Found(DAR, STREETS[0])])
def test_an_address_without_an_answer_is_not_listed(tmp_path: Path, outcome: Outcome) -> None:
    assert write_failed_addresses({tmp_path: 0o600}, [file_of()], [unresolved(2, outcome)]) == []
    assert list(tmp_path.iterdir()) == []


def listed(folder: Path) -> list[str]:
    return [row[0] for row in table(folder / FAILED, "#")[1:]]


def test_addresses_of_rows_that_are_not_tried_again_stay_listed(tmp_path: Path) -> None:
    write_failed_addresses({tmp_path: 0o600}, [file_of()], [unresolved(3, UNKNOWN), unresolved(4, UNKNOWN)])
    write_failed_addresses({tmp_path: 0o600}, [file_of({2, 4})], [unresolved(2, UNSAFE)])
    assert sorted(listed(tmp_path)) == UNITS[:2]
    write_failed_addresses({tmp_path: 0o600}, [file_of({2, 3})], [unresolved(3, UNSAFE)])
    assert table(tmp_path / FAILED, "#")[1:] == [
        [UNITS[1], f"'{STREETS[1]}", "800", UNSAFE.text, UNSAFE.suggestion, ""]
    ]
    write_failed_addresses({tmp_path: 0o600}, [file_of({3})], [])
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_addresses_that_is_written_again_is_the_same(tmp_path: Path) -> None:
    found = [unresolved(2, UNSAFE), unresolved(3, UNKNOWN), unresolved(4, UNSAFE)]
    write_failed_addresses({tmp_path: 0o600}, [file_of()], found)
    once = (tmp_path / FAILED).read_bytes()
    assert b"#-1000#" in once
    write_failed_addresses({tmp_path: 0o600}, [file_of({4})], found[2:])
    assert (tmp_path / FAILED).read_bytes() == once


def test_a_link_in_place_of_a_report_is_replaced(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("line;column;reason", encoding="utf-8")
    (tmp_path / REJECTED).symlink_to(theirs)
    write_rejects(tmp_path, [file_of({3})], [aside(3)])
    assert [row[0] for row in rejects(tmp_path)] == ["3"]
    assert theirs.read_text(encoding="utf-8") == "line;column;reason"


def test_a_file_read_only_for_what_it_said_keeps_its_addresses(tmp_path: Path) -> None:
    write_failed_addresses({tmp_path: 0o600}, [file_of()], [unresolved(2, UNSAFE)])
    write_failed_addresses({tmp_path: 0o600}, [file_of(set())], [])
    assert listed(tmp_path) == UNITS[:1]
