"""The sample drop of the sandbox: the files of a first import, and those of a delta some weeks later."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from aarhus_los.sandbox.sample_classes import UNIT_TYPE, Table, class_list, class_lists
from aarhus_los.sandbox.sample_people import delta_tables, first_tables
from aarhus_los.sandbox.sample_units import changed_rows, initial_rows, new_rows, org_table

FIRST_STAMP: Final = "20261005_220000"
DELTA_STAMP: Final = "20261109_220000"

RETITLED: Final = {"Kontor": "Kontor og sekretariat"}
ADDED: Final = "Specialtilbud"


def first_drop() -> dict[str, bytes]:
    """File name → content of the first import."""
    files = {name: _csv(table, encoding="utf-8-sig") for name, table in class_lists().items()}
    files[f"Org_inital_{FIRST_STAMP}.csv"] = _csv(org_table(initial_rows()))
    return files | _stamped(FIRST_STAMP, first_tables())


def delta_drop() -> dict[str, bytes]:
    """File name → content of what comes later. A class list has no date in its name: it takes the place of the first."""
    unit_types = class_list(UNIT_TYPE, RETITLED, (ADDED,))
    files = {
        f"STAM_UUID_{UNIT_TYPE}.csv": _csv(unit_types, encoding="utf-8-sig"),
        # an old sender: its code page, its line ends
        f"Org_nye_{DELTA_STAMP}.csv": _csv(org_table(new_rows()), encoding="cp1252", line_end="\r\n"),
        f"Org_ret_{DELTA_STAMP}.csv": _csv(org_table(changed_rows())),
    }
    return files | _stamped(DELTA_STAMP, delta_tables())


def put(files: dict[str, bytes], folder: Path) -> None:
    """Writes files into a drop. An importer never sees half a file: each appears whole, under its name."""
    for name, content in files.items():
        part = folder / f"{name}.tmp"
        part.write_bytes(content)
        part.replace(folder / name)


def _stamped(stamp: str, tables: dict[str, Table]) -> dict[str, bytes]:
    return {f"{kind}_{stamp}.csv": _csv(table) for kind, table in tables.items()}


def _csv(table: Table, *, encoding: str = "utf-8", line_end: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), delimiter=";", lineterminator=line_end)
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue().encode(encoding)
