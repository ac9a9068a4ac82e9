"""The files in the report folder: rejected rows, and postal addresses that were not resolved."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from aarhus_los.addresses.outcomes import Unknown, Unsafe
from aarhus_los.desired.claims import SetAside, UnresolvedAddress
from aarhus_los.drop.file import DropFile
from aarhus_los.errors import StateError
from aarhus_los.files import encoded, read_own, write_private
from aarhus_los.masking import masked

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")
ADDRESS_HEADER: Final = ("org_uuid", "post_address", "kode", "tekst", "forslag", "mo_har")


def defused(cell: str) -> str:
    """A cell that a spreadsheet shows instead of running it."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def write_rejects(folder: Path, files: Sequence[DropFile], set_aside: Iterable[SetAside]) -> list[Path]:
    """Writes `rejected_<file>.csv` for each file that has rows set aside, and takes it away where none is any more.

    It is for reading: the way back is a corrected upload. Of a file that is read again for its pending rows, the other
    rows that were written of it before stay as long as any is set aside.
    """
    by_file: dict[str, list[SetAside]] = {}
    for aside in set_aside:
        by_file.setdefault(aside.ref.file, []).append(aside)
    written = []
    for file in files:
        path = folder / f"rejected_{file.name.name}"
        asides = by_file.get(file.name.name, [])
        if asides:
            header = ("line", "column", "reason", *file.header.titles)
            cells = file.cells({aside.ref.line for aside in asides})
            rows: list[Sequence[str]] = [
                (str(aside.ref.line), aside.column, aside.reason, *cells.get(aside.ref.line, ()))
                for aside in asides
            ]
            if file.due is not None:
                due = {str(line) for line in file.due}
                rows += [row for row in _written(path, header, ";") if row[0] not in due]
            rows.sort(key=lambda row: (int(row[0]), row[1]))
            # The mark tells a spreadsheet that it is UTF-8.
            write_private(path, codecs.BOM_UTF8 + _csv([header, *rows], ";"))
            written.append(path)
        elif file.due is None or file.due:
            _remove(path)
    return written


def write_failed_addresses(
    folders: Mapping[Path, int], files: Sequence[DropFile], unresolved: Iterable[UnresolvedAddress]
) -> list[Path]:
    """Writes `failed_addr_<file>.csv` into each folder, with these permissions, CPR numbers masked.

    Of a file that is read again for its pending rows, what was written of its other rows stays.
    """
    by_file: dict[str, list[UnresolvedAddress]] = {}
    for each in unresolved:
        by_file.setdefault(each.ref.file, []).append(each)
    written = []
    for file in files:
        if file.due is not None and not file.due:
            continue
        rows: list[Sequence[str]] = [
            (
                each.org_unit,
                masked(each.text),
                str(kode),
                masked(tekst),
                masked(suggestion),
                each.mo_has or "",
            )
            for each in by_file.get(file.name.name, [])
            if isinstance(each.outcome, Unsafe | Unknown)
            for kode, tekst, suggestion in [(each.outcome.kode, each.outcome.text, each.outcome.suggestion)]
        ]
        for folder, mode in folders.items():
            path = folder / f"failed_addr_{file.name.name}"
            others = _of_other_rows(file, _written(path, ADDRESS_HEADER, "#"))
            if rows or others:
                write_private(path, _csv([ADDRESS_HEADER, *others, *rows], "#"), mode)
                written.append(path)
            else:
                _remove(path)
    return written


def _of_other_rows(file: DropFile, written: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    """What was written of rows that this run does not answer for."""
    if file.due is None:
        return []
    from aarhus_los.drop.rows import OrgRow  # a night with nothing new needs none of it

    due = {
        (row.org_uuid, defused(masked(str(row.postal_address))))
        for row in file.rows_of(OrgRow)
        if row.ref.line in file.due
    }
    return [row for row in written if (row[0], row[1]) not in due]


def _written(path: Path, header: Sequence[str], delimiter: str) -> list[Sequence[str]]:
    """The rows that stand in such a file of ours already; none where there is none, or not as it was written."""
    try:
        text = read_own(path).decode("utf-8-sig", "replace")
    except (FileNotFoundError, StateError):  # not there, or none of ours: it is replaced
        return []
    try:
        first, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except (ValueError, csv.Error):
        return []
    if first != [defused(title) for title in header]:
        return []
    return [row for row in rows if len(row) > 1 and (header is ADDRESS_HEADER or row[0].isdecimal())]


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StateError(f"{path} cannot be removed: {error.strerror}") from error


def _csv(rows: Iterable[Sequence[str]], delimiter: str) -> bytes:
    """Texts are defused; a number, also a negative one, is no formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([cell if _NUMBER.fullmatch(cell) else defused(cell) for cell in row] for row in rows)
    return encoded(text.getvalue())
