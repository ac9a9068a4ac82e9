"""The files in the report folder: rejected rows, and postal addresses that were not resolved."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from aarhus_los.addresses.outcomes import Unknown, Unsafe
from aarhus_los.desired.claims import SetAside, UnresolvedAddress
from aarhus_los.ledger import write_private
from aarhus_los.selection import ReadFile

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
ADDRESS_HEADER: Final = ("org_uuid", "post_address", "kode", "tekst", "forslag", "mo_har")


def defused(cell: str) -> str:
    """A cell that a spreadsheet shows instead of running it."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def write_rejects(folder: Path, files: Sequence[ReadFile], set_aside: Iterable[SetAside]) -> list[Path]:
    """Writes `rejected_<file>.csv` for each file that has rows set aside, and takes it away where none is any more.

    It is for reading: the way back is a corrected upload. Rows of a file that is read again for its pending rows only
    replace the rows that were written of it before.
    """
    by_file: dict[str, list[SetAside]] = {}
    for aside in set_aside:
        by_file.setdefault(aside.ref.file, []).append(aside)
    written = []
    for file in files:
        path = folder / f"rejected_{file.name.name}"
        asides = by_file.get(file.name.name, [])
        if asides:
            write_private(path, _rejects(file, asides))
            written.append(path)
        elif file.counted is None or file.counted:
            path.unlink(missing_ok=True)
    return written


def _rejects(file: ReadFile, asides: Sequence[SetAside]) -> bytes:
    cells = {row.ref: row.cells for row in (*file.parsed.rows, *file.parsed.rejects)}
    rows = [
        (str(aside.ref.line), aside.column, aside.reason, *cells.get(aside.ref, ()))
        for aside in sorted(asides, key=lambda aside: (aside.ref.line, aside.column))
    ]
    return _csv([("line", "column", "reason", *file.parsed.header), *rows], ";")


def write_failed_addresses(
    folders: Mapping[Path, int], files: Sequence[ReadFile], unresolved: Iterable[UnresolvedAddress]
) -> list[Path]:
    """Writes `failed_addr_<file>.csv` into each folder, with these permissions."""
    by_file: dict[str, list[UnresolvedAddress]] = {}
    for each in unresolved:
        by_file.setdefault(each.ref.file, []).append(each)
    written = []
    for file in files:
        rows = [
            (each.org_unit, each.text, str(kode), tekst, suggestion, each.mo_has or "")
            for each in by_file.get(file.name.name, [])
            if isinstance(each.outcome, Unsafe | Unknown)
            for kode, tekst, suggestion in [(each.outcome.kode, each.outcome.text, each.outcome.suggestion)]
        ]
        for folder, mode in folders.items():
            path = folder / f"failed_addr_{file.name.name}"
            if rows:
                write_private(path, _csv([ADDRESS_HEADER, *rows], "#"), mode)
                written.append(path)
            elif file.counted is None:
                path.unlink(missing_ok=True)
    return written


def _csv(rows: Iterable[Sequence[str]], delimiter: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")
