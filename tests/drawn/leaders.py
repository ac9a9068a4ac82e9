"""Leder files: managers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from aarhus_los.uuids import object_uuid
from tests.drawn import cells
from tests.drawn.claims import REJECTED, Ref, SetAside
from tests.drawn.days import UNCLAIMED, Sheet
from tests.drawn.units import Units
from tests.drawn.world import File, Manager

_CLASSES = {"LedertypeUUID": "type", "LederniveauUUID": "level", "LederansvarUUID": "responsibility"}


@dataclass
class LeaderRow:
    file: File
    line: int
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        return (self.file.name, self.line)

    @property
    def subject(self) -> tuple[str, str] | None:
        """Unit and CPR number, where both can be read."""
        unit, cpr = self.values["unit"], self.values["cpr"]
        return (unit, cpr) if unit and cpr else None


def read_leaders(files: Sequence[File], aside: SetAside) -> list[LeaderRow]:
    """All rows of the Leder files, those that are wrong in themselves set aside."""
    rows = []
    for file in files:
        for line, row_cells in file.cells():
            row = LeaderRow(file, line)
            rows.append(row)
            columns: dict[str, tuple[str, Any]] = {"OrgUUID": ("unit", cells.uuid), "CPR": ("cpr", cells.cpr)}
            if file.kind != "luk":
                columns |= {column: (name, cells.uuid) for column, name in _CLASSES.items()}
            for column, (name, read) in columns.items():
                try:
                    row.values[name] = read(row_cells[column])
                except cells.Bad:
                    row.values[name] = ""
                if not row.values[name]:
                    aside.reject(row.ref, column)
            if row.values["cpr"] and cells.birth(row.values["cpr"]) > file.date:
                aside.reject(row.ref, "born after the file date")
    return rows


def set_aside_leaders(
    rows: Sequence[LeaderRow],
    units: Units,
    persons: set[str],
    classes: set[str],
    applied: Collection[Ref],
    aside: SetAside,
) -> None:
    """Unknown references; `persons` are CPR numbers. Text: "The rows of one manager in one file stand or fall together"."""
    for row in rows:
        if row.subject:
            aside.speaks[row.ref] = {("manager", "".join(row.subject)): row.file.date}
        if row.file.kind == "luk" or row.ref in aside or row.ref in applied:
            continue
        if not units.known(row.values["unit"], row.file):
            aside.wait(row.ref, "unknown unit")
        if row.values["cpr"] not in persons:
            aside.wait(row.ref, "unknown person")
        if any(row.values[name] not in classes for name in _CLASSES.values()):
            aside.wait(row.ref, "unknown class")
    for _, group in groupby(rows, key=lambda row: row.file):
        together: dict[tuple[str, str], list[LeaderRow]] = {}
        for row in group:
            if row.subject:
                together.setdefault(row.subject, []).append(row)
        for its in together.values():
            fates = {aside.rows[row.ref][0] for row in its if row.ref in aside}
            for row in its if fates else ():
                if REJECTED in fates:
                    aside.reject(row.ref, "beside a row that is set aside")
                else:
                    aside.wait(row.ref, "beside a row that is set aside")


def fold_leaders(
    sheet: Sheet, rows: Sequence[LeaderRow], persons: Mapping[str, str], aside: SetAside
) -> None:
    """`persons` is who has a CPR number."""
    for file, group in groupby(rows, key=lambda row: row.file):
        together: dict[tuple[str, str], list[LeaderRow]] = {}
        for row in group:
            if row.subject and row.ref not in aside:
                together.setdefault(row.subject, []).append(row)
        for (unit, cpr), its in together.items():
            key = ("manager", object_uuid(unit + cpr + "manager"))
            if file.kind == "luk":
                if sheet.known(key):
                    sheet.claim(key, lambda day, last=file.date: None if day > last else UNCLAIMED)
                continue
            value = Manager(
                unit,
                persons.get(cpr, object_uuid(cpr)),
                its[-1].values["type"],
                its[-1].values["level"],
                frozenset(row.values["responsibility"] for row in its),
            )
            sheet.claim(key, lambda day, first=file.date, value=value: value if day >= first else UNCLAIMED)
