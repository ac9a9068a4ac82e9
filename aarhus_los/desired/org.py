"""Org rows, and MO as it was and is, to org units with their marks and addresses.

A row is the whole truth of its unit for its validity: it is about the unit and each of its eight addresses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from heapq import heapify, heappop, heappush
from typing import Any

from msgspec import Struct, field

from aarhus_los.addresses.outcomes import Found, NotAsked, NotLookedUp, Outcome
from aarhus_los.desired.claims import Desired, DesiredObject, Notice, SetAside, UnresolvedAddress
from aarhus_los.desired.fold import Claims, base_of, fold, stated
from aarhus_los.desired.lines import FileLines, Gathered, Line, gathered
from aarhus_los.desired.references import OrgUnits, circles, hangs_elsewhere, parents_of, upward
from aarhus_los.desired.rejections import Rejections, report_overlaps
from aarhus_los.desired.units import (
    ADDRESSES,
    LEFT_AS_IT_IS,
    POSTAL,
    POSTAL_ADDRESS,
    UnitValues,
    line_of,
    mark_of,
    objects_of,
    with_types,
)
from aarhus_los.desired.world import World
from aarhus_los.drop.columns import columns
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import DropName
from aarhus_los.drop.rows import Absent, OrgRow
from aarhus_los.messages import Message
from aarhus_los.mo.model import Address, History, Kind, Mark, Object, Unit, Value
from aarhus_los.timeline import FOREVER, UNCLAIMED, Layers, Piece, clip, covers, restrict


def subject_of(line: Line) -> str | None:
    """The unit that a line is about, as far as it could be read."""
    return getattr(line, "org_uuid", None)


def units_in(files: Sequence[DropFile]) -> dict[str, list[FileLines]]:
    """The lines of the units that new and pending rows are about."""
    return gathered(files, subject_of)


def rows_of(units: Gathered) -> list[OrgRow]:
    """All rows of the units."""
    return [row for each in units.values() for lines in each for row in lines.rows]


class Units(Struct, eq=False, dict=True):
    """What the files ask of MO for org units, and which units may be referred to."""

    files: Sequence[DropFile]
    units: Gathered
    """The lines of each, in the order of folding."""
    world: World
    types: Collection[str]
    """The classes of unit types that MO or the drop has."""
    outcomes: Mapping[str, Outcome]
    """Of each address text."""
    result: Desired = field(default_factory=Desired)
    folded: dict[str, Claims] = field(default_factory=dict)
    under: dict[str, dict[DropName, list[OrgRow]]] = field(default_factory=dict)
    """A unit → the rows that say others hang under it, by file."""

    def __post_init__(self) -> None:
        self.set_aside = Rejections(self.files)
        self.values = UnitValues(self.types, self.outcomes, self.set_aside.was_applied)
        self.mo_units = self.world.actual.get(Kind.ORG_UNIT, {})
        self.there = OrgUnits(self.mo_units, self.world.unreadable)
        for lines in (lines for each in self.units.values() for lines in each):
            for row in lines.rows:
                self.under.setdefault(row.parent_uuid, {}).setdefault(lines.file.name, []).append(row)

    def desired(self) -> Desired:
        self.set_aside.drop_beside_unreadable_dates(
            self.units, subject_of, Message.BESIDE_UNREADABLE_DATES_OF_UNIT
        )
        if self.world.unreadable:
            for row in rows_of(self.units):
                objects = (uuid for _, uuid in objects_of(row.org_uuid))
                self.set_aside.drop_unreadable(row, objects, self.world)
        for unit in self.units:
            self._fold(unit)
        self._drop_dangling(self.under)
        while circular := self._drop_circles():
            for unit in circular:
                self._fold(unit)
            self._drop_dangling(circular)
        for unit in self.units:
            self._collect(unit)
            self._report(unit)
        self.set_aside.report(self.result, self.units, self._begins, self._needed)
        return self.result

    def _fold(self, unit: str) -> None:
        values = self.values.of(unit)
        base = base_of(values, self.world.base)
        mark = (Kind.MARK, unit)
        self.folded[unit] = fold(
            self.units[unit], values, {**base, mark: line_of(base.get(mark, ()))}, self.set_aside, with_types
        )
        self.there.add(unit, self.units[unit], self.folded[unit])

    # Which rows are set aside

    def _drop_dangling(self, parents: Iterable[str]) -> None:
        """Sets aside the rows under these units where they are not known, file by file, and what that takes from others."""
        doubtful = self._doubtful(parents)
        heapify(doubtful)
        while doubtful:
            name = doubtful[0][0]
            stale: set[str] = set()
            while doubtful and doubtful[0][0] == name:
                _, parent = heappop(doubtful)
                rows = [row for row in self.under[parent][name] if row.ref not in self.set_aside]
                orphans = [row for row in rows if not self.set_aside.was_applied(row.ref)]
                if orphans and not self.there.known(parent, name):
                    reason = Message.UNKNOWN_PARENT(uuid=parent)
                    for row in orphans:
                        self.set_aside.add(row.ref, "ParentUUID", reason, pending=True)
                        stale.add(row.org_uuid)
            for unit in stale:
                self._fold(unit)
            for each in self._doubtful(stale):
                heappush(doubtful, each)

    def _doubtful(self, units: Iterable[str]) -> list[tuple[DropName, str]]:
        """Of these units those that will not be there, each with the files of which rows hang under it."""
        gone = (unit for unit in units if not self.there.will_be(unit))
        return [(name, unit) for unit in gone for name in self.under.get(unit, ())]

    def _drop_circles(self) -> set[str]:
        """Sets aside the rows of the first file that makes a circle of parents. Returns their units, to be folded again.

        What hung there before the file stays. What was applied before stays too: where no other row makes the circle, it is
        one with what MO says of later days only, and none in the end; else the last file with a row of it gives way.
        """
        layers: dict[str, Layers[Value]] = {}
        of_file: dict[str, dict[str, FileLines]] = {}
        for unit, folded in self.folded.items():
            layers[unit] = Layers(folded.base.get((Kind.ORG_UNIT, unit), ()))
            for lines in self.units[unit]:
                of_file.setdefault(lines.file.name.name, {})[unit] = lines
        links = {**self.mo_units, **{unit: each.pieces for unit, each in layers.items()}}
        is_left = False
        for file in self.files:
            lines_of = of_file.get(file.name.name, {})
            moved = [unit for unit, lines in lines_of.items() if hangs_elsewhere(lines.claim, links[unit])]
            for unit, lines in lines_of.items():
                layers[unit].overlay(lines.claim)
            found = circles(upward(moved, links)) if moved else []
            if found:
                dropped = self._drop_makers(found, lines_of)
                if dropped:
                    return dropped
                is_left = True
        found = circles(upward(self.folded, links)) if is_left else []
        for file in reversed(self.files) if found else ():
            dropped = self._drop_makers(found, of_file.get(file.name.name, {}))
            if dropped:
                return dropped
        return set()

    def _drop_makers(
        self, found: Sequence[tuple[date, date, list[str]]], lines_of: Mapping[str, FileLines]
    ) -> set[str]:
        """Sets aside those of the rows of a file, by unit, that make these circles. Returns their units."""
        dropped = set()
        for start, end, circle in found:
            for place, unit in enumerate(circle):
                lines = lines_of.get(unit)
                if lines is None or lines.first is None:
                    continue
                child, parent = circle[place - 1], circle[(place + 1) % len(circle)]
                path = Message.UNITS_UNDER(unit=child, parent=Message.UNITS_UNDER(unit=unit, parent=parent))
                reason = Message.CIRCLE(day=start, units=path)
                for piece in clip(stated(lines, lines.first, self.set_aside), start, end):
                    row = piece.value
                    if (
                        isinstance(row, OrgRow)
                        and row.parent_uuid == parent
                        and not self.set_aside.was_applied(row.ref)
                    ):
                        self.set_aside.add(row.ref, "ParentUUID", reason, pending=False)
                        dropped.add(unit)
        return dropped

    # What comes of it

    def _collect(self, unit: str) -> None:
        folded = self.folded[unit]
        mark, claim, drops_a_run = mark_of(unit, folded, self.world.base.get(Kind.MARK, {}).get(unit, ()))
        if claim:
            self.result.objects.append(DesiredObject(Kind.ORG_UNIT, unit, claim, mark=mark))
        for each in ADDRESSES:
            kind, uuid = each.of(unit)
            address = folded.claimed((kind, uuid))
            if address := tuple(piece for piece in address if piece.value is not LEFT_AS_IT_IS):
                self.result.objects.append(DesiredObject(kind, uuid, address, within=unit))
        if drops_a_run and mark is not None and mark.interval is not None:
            there = folded.known((Kind.ORG_UNIT, unit))
            held: History = (Piece(*mark.interval, Mark(mark.hierarchy)),)
            if restrict(self.world.actual.get(Kind.MARK, {}).get(unit, ()), there) != restrict(held, there):
                text = Message.MARK_RUN_DROPPED(unit=unit, start=mark.interval[0])
                self.result.notices.append(Notice(text, mark.origin[-1] if mark.origin else None))

    def _report(self, unit: str) -> None:
        report = self.result.notices.append
        folded = self.folded[unit]
        for lines in self.units[unit]:
            rows = self.set_aside.due_rows(lines)
            for row in rows:
                if isinstance(row.type_uuid, str) and not (row.states_nothing or row.type_uuid in self.types):
                    report(Notice(Message.UNKNOWN_TYPE(uuid=row.type_uuid), row.ref, fault=True))
                self._report_address(unit, row, lines)
            report_overlaps(self.result, rows, _stated)
        for ref, day in folded.spared:
            if self.set_aside.is_due(ref):
                report(Notice(Message.ENDS_BEFORE_ANNOUNCED(day=day), ref))
        for piece in folded.claimed((Kind.ORG_UNIT, unit)):
            parent = piece.value.parent if isinstance(piece.value, Unit) else None
            if (
                parent is not None
                and piece.origin
                and self.set_aside.is_due(piece.origin[-1])
                and not covers(self.there.after.get(parent, ()), piece.start, piece.end)
            ):
                text = (
                    Message.PARENT_NOT_THERE_WITHOUT_END(uuid=parent, start=piece.start)
                    if piece.end == FOREVER
                    else Message.PARENT_NOT_THERE(uuid=parent, start=piece.start, end=piece.end)
                )
                report(Notice(text, piece.origin[-1]))

    def _report_address(self, unit: str, row: OrgRow, lines: FileLines) -> None:
        text = row.postal_address
        outcome = self.outcomes[text] if isinstance(text, str) else None
        if outcome is None or isinstance(outcome, Found | NotAsked):
            return
        assert isinstance(text, str)
        kind, uuid = POSTAL_ADDRESS.of(unit)
        days = clip(
            self.world.actual.get(kind, {}).get(uuid, ()), max(row.start, lines.first or row.start), row.end
        )
        kept = next((piece.value.value for piece in days if isinstance(piece.value, Address)), None)
        self.result.unresolved.append(UnresolvedAddress(row.ref, unit, text, outcome, kept))
        if isinstance(outcome, NotLookedUp):
            reason = Message.ADDRESS_NOT_LOOKED_UP(reason=outcome.reason)
            self.result.set_aside.append(
                SetAside(row.ref, columns(OrgRow)[POSTAL].header, reason, pending=True, part=True)
            )

    # Which pending rows are superseded

    def _begins(self, unit: str, lines: FileLines) -> dict[Object, date]:
        """From when on the valid rows of a file claim each object of a unit."""
        begins: dict[Object, date] = {}
        values = self.values.of(unit)
        for row in [] if lines.first is None else lines.valid(self.set_aside):
            day = max(row.start, lines.first)
            for key, value_of in values.items():
                if value_of(row) not in (UNCLAIMED, LEFT_AS_IT_IS):
                    begins[key] = min(day, begins.get(key, day))
        return begins

    def _needed(self, unit: str, aside: SetAside, row: Any) -> Iterable[Object]:
        if aside.part:
            return [POSTAL_ADDRESS.of(unit)]
        stated = [each for each in ADDRESSES if not isinstance(getattr(row, each.field), Absent)]
        mark = [] if isinstance(row.line_org, Absent) else [(Kind.MARK, unit)]
        return [(Kind.ORG_UNIT, unit), *mark, *(each.of(unit) for each in stated)]


def _stated(row: OrgRow) -> object:
    """What a row states, to be compared with another row of its unit."""
    fields = (row.user_key, row.name, row.parent_uuid, row.type_uuid, row.line_org)
    return (*fields, *(getattr(row, each.field) for each in ADDRESSES))


def postal_texts(units: Gathered) -> set[str]:
    """The address texts that must be looked up."""
    return {row.postal_address for row in rows_of(units) if isinstance(row.postal_address, str)}


def moved_under(units: Gathered, mo_units: Mapping[str, History]) -> set[str]:
    """The parents of links that MO does not have: only a circle through one of them can be new."""
    return {
        row.parent_uuid
        for row in rows_of(units)
        if row.parent_uuid != row.org_uuid and parents_of(mo_units.get(row.org_uuid, ())) != {row.parent_uuid}
    }
