"""Org files: units, their addresses, and the line organisation, folded file by file and asked day by day."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from aarhus_los.uuids import object_uuid
from tests.drawn import cells
from tests.drawn.claims import (
    Claim,
    Ref,
    Row,
    SetAside,
    claim_of,
    read_dates,
    set_aside_beside_unreadable,
    set_aside_cut_off,
)
from tests.drawn.days import LEFT, UNCLAIMED, Sheet
from tests.drawn.world import LINE, UNKNOWN_TYPE, File, Key, Mo, Unit, on

ADDRESSES: Final[Mapping[str, str]] = {
    "LOSID": "los",
    "CVR": "cvr",
    "EAN": "ean",
    "P-Nr": "pnr",
    "SE-Nr": "senr",
    "IntDebitor-Nr": "debitornr",
    "MagID": "mag_id",
    "PostAdresse": "postaddr",
}
OUTSIDE: Final = "ikke-linjeorg"

Wash = Callable[[str], str | None]
"""Address text → uuid, None where it is not safely resolved. Raises `cells.Bad` where the service cannot be asked."""


def address_key(unit: str, column: str) -> tuple[str, str]:
    return ("address", object_uuid(unit + ADDRESSES[column]))


def read_units(files: Sequence[File], aside: SetAside) -> list[Row]:
    """All rows of the Org files, those that are wrong in themselves set aside."""
    rows = []
    for file in files:
        for line, row_cells in file.cells():
            row = Row(file, line, row_cells)
            rows.append(row)
            _read(row, aside)
            set_aside_cut_off(row, aside)
    set_aside_beside_unreadable(rows, aside)
    return rows


def _read(row: Row, aside: SetAside) -> None:
    for column, name in (("OrgUUID", "unit"), ("ParentUUID", "parent")):
        try:
            row.values[name] = cells.uuid(row.cells[column])
        except cells.Bad:
            row.values[name] = ""
        if not row.values[name]:
            aside.reject(row.ref, column)
    row.subject = row.values["unit"] or None
    for column, name in (("BrugervendtNøgle", "user_key"), ("OrgEnhedsNavn", "name")):
        try:
            row.values[name] = cells.text(row.cells[column])
        except cells.Bad:
            row.values[name] = ""
        if not row.values[name]:
            aside.reject(row.ref, column)
    read_dates(row, "StartDato", "SlutDato", aside)
    readers: dict[str, Callable[[str], Any]] = {
        "OrgEnhedsTypeUUID": cells.uuid,
        "Med-i-LinjeOrg": cells.boolean,
        **{column: lambda cell, column=column: cells.detail(column, cell) for column in ADDRESSES},
    }
    for column, read in readers.items():
        if column not in row.cells:
            row.values[column] = UNCLAIMED
            continue
        try:
            row.values[column] = read(row.cells[column]) or None
        except cells.Bad:
            row.values[column] = UNKNOWN_TYPE if column == "OrgEnhedsTypeUUID" else UNCLAIMED
            aside.told.add((*row.ref, column))


class Units:
    """The fold of the Org files. `now` is MO as it is."""

    def __init__(
        self,
        sheet: Sheet,
        classes: set[str],
        rows: Sequence[Row],
        aside: SetAside,
        wash: Wash,
        applied: Collection[Ref],
        now: Mo,
    ) -> None:
        self.sheet, self.classes, self.aside, self.wash = sheet, classes, aside, wash
        self.rows, self.applied, self.now = rows, applied, now
        self.there: list[tuple[tuple[datetime, int, str], set[str]]] = []
        """The units that are there on any day after each file, by its place; first, before all of them."""
        self.closing: set[Ref] = set()
        """The rows of the first file that closes a circle, which close it."""

    def fold(self) -> None:
        self.there = [((datetime.min, 0, ""), {unit for unit, _ in self.sheet.of("unit")})]
        for file, rows in groupby(self.rows, key=lambda row: row.file):
            claims = self._claims(file, list(rows))
            for unit, claim in claims.items():
                self._overlay(unit, claim)
            self.there.append((file.order, {unit for unit, _ in self.sheet.of("unit")}))
            self.closing = self.closing or self._closing(claims)

    def known(self, unit: str, file: File) -> bool:
        """Whether a row of a file may refer to a unit, as if each file were a run of its own: MO has it before the file, or
        after it, or after a later one; then the row heals.
        """
        before = [units for order, units in self.there if order < file.order][-1]
        later = [units for order, units in self.there if order >= file.order]
        return unit in before or any(unit in units for units in later) or self._ends_up(unit)

    def _ends_up(self, unit: str) -> bool:
        claimed = self.sheet.claimed.get(("unit", unit))
        pieces = self.now["unit"].get(unit, ())
        if claimed is None:
            return bool(pieces)
        values = self.sheet.values["unit", unit]
        return any(
            value is not None if is_claimed else on(pieces, day) is not None
            for day, is_claimed, value in zip(self.sheet.days, claimed, values, strict=True)
        )

    def _claims(self, file: File, rows: Sequence[Row]) -> dict[str, Claim]:
        claims = {}
        for unit in dict.fromkeys(row.subject for row in rows if row.subject):
            hangs = [address_key(unit, column) for column in ADDRESSES] + [("line", unit)]
            its = [row for row in rows if row.subject == unit]
            claim = claims[unit] = claim_of(file, its, ("unit", unit), hangs, self.sheet, self.aside)
            for row in claim.rows:
                self.aside.speaks[row.ref] = self._speaks(row, claim.first)
        return claims

    def _speaks(self, row: Row, first: date | None) -> dict[Key, date]:
        """A text that is not looked up claims nothing, whether its row waits for it or did."""
        assert row.subject is not None and row.start is not None
        begin = max(first or row.start, row.start)
        found: dict[Key, date] = {("unit", row.subject): begin}
        for column in (*ADDRESSES, "Med-i-LinjeOrg"):
            said = row.values[column] if row.ref in self.aside else self._detail(row, column)
            if said not in (UNCLAIMED, LEFT):
                key = address_key(row.subject, column) if column in ADDRESSES else ("line", row.subject)
                found[key] = begin
        return found

    def _overlay(self, unit: str, claim: Claim) -> None:
        """Text: "Every row speaks of all nine objects of its unit"; "A unit's first day holds for its addresses too"."""
        if claim.first is None:
            return
        before = {day: self.sheet.at(("unit", unit), day) for day in self.sheet.days}
        rows = {day: UNCLAIMED if claim.silent(day) else claim.row(day) for day in self.sheet.days}

        def unit_on(day: date) -> Any:
            row = rows[day]
            return self._unit(row, before[day]) if isinstance(row, Row) else row

        def column_on(column: str) -> Callable[[date], Any]:
            def says(day: date) -> Any:
                row = rows[day]
                return self._detail(row, column) if isinstance(row, Row) else row

            return says

        self.sheet.claim(("unit", unit), unit_on)
        for column in ADDRESSES:
            self.sheet.claim(address_key(unit, column), column_on(column))
        self.sheet.claim(("line", unit), column_on("Med-i-LinjeOrg"))

    def _unit(self, row: Row, before: Unit | None) -> Unit:
        kind = row.values["OrgEnhedsTypeUUID"]
        if kind is UNCLAIMED:
            kind = before.type if before else UNKNOWN_TYPE
        elif kind is None or kind not in self.classes:
            kind = UNKNOWN_TYPE
        parent = row.values["parent"]
        return Unit(
            row.values["user_key"], row.values["name"], None if parent == row.subject else parent, kind
        )

    def _detail(self, row: Row, column: str) -> Any:
        value = row.values[column]
        if column != "PostAdresse" or value is None or value is UNCLAIMED:
            return value
        try:
            return self.wash(value) or UNCLAIMED
        except cells.Bad:
            if row.ref in self.applied:
                return LEFT
            self.aside.partly.add(row.ref)
            return UNCLAIMED

    def _closing(self, claims: Mapping[str, Claim]) -> set[Ref]:
        """Text: "A circle of parents is looked for after each file, on each day; the rows of that file that close one"."""
        closing: set[Ref] = set()
        for index, day in enumerate(self.sheet.days):
            parents = {unit: row[index].parent for unit, row in self.sheet.of("unit") if row[index]}
            for unit in claims:
                walked, at = [], unit
                while at in parents and at not in walked:
                    walked.append(at)
                    at = parents[at]
                if at != unit or unit not in parents:
                    continue
                for each in walked:
                    claim = claims.get(each)
                    if claim is not None and not claim.silent(day) and (row := claim.row(day)):
                        closing.add(row.ref)
        return closing - set(self.applied)


def tell_unknown_types(rows: Sequence[Row], classes: set[str], aside: SetAside) -> None:
    """Text: "an org unit type that neither MO nor the drop has (the unit then gets `Ukendt`)" is told."""
    for row in rows:
        kind = row.values["OrgEnhedsTypeUUID"]
        if (
            row.states
            and row.ref not in aside
            and isinstance(kind, str)
            and kind not in {UNKNOWN_TYPE, *classes}
        ):
            aside.told.add((*row.ref, "OrgEnhedsTypeUUID"))


def set_aside_unknown_parents(
    rows: Sequence[Row], units: Units, applied: Collection[Ref], aside: SetAside
) -> bool:
    """Sets aside what refers to no unit, of the first file that has such rows. Whether there were any."""
    left = (row for row in rows if row.ref not in aside and row.ref not in applied)
    orphans = [row for row in left if not units.known(row.values["parent"], row.file)]
    for row in orphans:
        if row.file == orphans[0].file:
            aside.wait(row.ref, "unknown parent")
    return bool(orphans)


def line_of_base(mo: Mo) -> dict[str, list[tuple[date, date, bool]]]:
    """The base's interval of the line organisation: from its first to its last day, also where the unit is away between."""
    return {
        unit: [(pieces[0][0], pieces[-1][1], True)]
        for unit, every in mo["mark"].items()
        if (pieces := [piece for piece in every if piece[2] == LINE])
    }


def marks(sheet: Sheet, mo: Mo) -> bool:
    """Whether a run was dropped. Reduces the mark of each claimed unit to what MO can hold, and puts it into the sheet.

    Text: "Desired is one interval: the last run of days on which `Med-i-LinjeOrg` is true, of the claims laid over the
    mark of the base (days on which the unit is not there interrupt no run, and are not compared)".
    """
    dropped = False
    for unit, there in sheet.of("unit"):
        if ("unit", unit) not in sheet.claimed:
            continue
        line = sheet.values.get(("line", unit), [None] * len(sheet.days))
        run = last_run(line, [value is not None for value in there])
        if run:
            dropped = dropped or any(line[index] and there[index] for index in range(run.start))
            row = [LINE if index in run and there[index] else None for index in range(len(sheet.days))]
        else:
            row = _by_hand(sheet, mo, unit, there)
        sheet.values["mark", unit] = row
    for unit in mo["mark"]:
        if not sheet.known(("unit", unit)):
            sheet.values.pop(("mark", unit), None)
    return dropped


def last_run(line: Sequence[Any], there: Sequence[bool]) -> range:
    """The indexes from the first to the last day of the last run; empty if there is none."""
    run: list[int] = []
    for index in range(len(line) - 1, -1, -1):
        if not there[index]:
            continue
        if line[index]:
            run.append(index)
        elif run:
            break
    return range(run[-1], run[0] + 1) if run else range(0)


def _by_hand(sheet: Sheet, mo: Mo, unit: str, there: Sequence[Any]) -> list[Any]:
    """A mark that is none of ours is left alone: its interval, where the unit is there."""
    pieces = [piece for piece in mo["mark"].get(unit, ()) if piece[2] not in (LINE, OUTSIDE)]
    if not pieces:
        return [None] * len(sheet.days)
    first, last, name = pieces[0][0], pieces[-1][1], pieces[0][2]
    return [
        name if value and first <= day <= last else None for day, value in zip(sheet.days, there, strict=True)
    ]
