"""Leder rows, and MO as it was and is, to managers. The rows of one unit and person in a file are one manager."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import Final

from msgspec import Struct, field

from aarhus_los.cpr import Cpr
from aarhus_los.desired.claims import Desired, DesiredObject, Notice
from aarhus_los.desired.fold import Claims, base_of, end_at_file_date
from aarhus_los.desired.lasting import lasting
from aarhus_los.desired.lines import FileLines, Gathered, Line, gathered
from aarhus_los.desired.references import References
from aarhus_los.desired.rejections import Rejections
from aarhus_los.desired.world import World
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.rows import ManagerRow, RowRef
from aarhus_los.messages import Message
from aarhus_los.mo.model import History, Kind, Manager, Object
from aarhus_los.timeline import FOREVER, covers, day_after, overlay, valid
from aarhus_los.uuids import object_uuid

MANAGERS_SHOWN: Final = 3
"""So many of the other managers of a unit are named."""


def manager_uuid(org_unit: str, cpr: Cpr) -> str:
    return object_uuid(org_unit + cpr.reveal() + "manager")


def subject_of(line: Line) -> str | None:
    """The manager that a line is about, as far as it could be read."""
    org_uuid, cpr = getattr(line, "org_uuid", None), getattr(line, "cpr", None)
    return None if org_uuid is None or cpr is None else manager_uuid(org_uuid, cpr)


def managers_in(files: Sequence[DropFile]) -> dict[str, list[FileLines]]:
    """The lines of the managers that new and pending rows are about."""
    return gathered(files, subject_of)


class Managers(Struct, eq=False, dict=True):
    """What the files ask of MO for managers."""

    files: Sequence[DropFile]
    managers: Gathered
    """The lines about each, in the order of folding."""
    world: World
    there: References
    cprs: Collection[Cpr]
    """Of the people whom MO has, or will have."""
    result: Desired = field(default_factory=Desired)

    def __post_init__(self) -> None:
        self.set_aside = Rejections(self.files)

    def desired(self) -> Desired:
        for manager, each in self.managers.items():
            for lines in each:
                self._check(manager, lines)
            self._fold(manager, each)
        self._report_others()
        self.set_aside.report(
            self.result,
            self.managers,
            lambda manager, lines: (
                {(Kind.MANAGER, manager): lines.file.name.file_date}
                if any(isinstance(row, ManagerRow) for row in lines.valid(self.set_aside))
                else {}
            ),
            lambda manager, aside, row: [(Kind.MANAGER, manager)],
        )
        return self.result

    def _check(self, manager: str, lines: FileLines) -> None:
        """The rows of one manager in one file stand or fall together: they are one validity.

        Those that the operator has given up are no part of it.
        """
        dropped = lines.file.dropped
        rows = [row for row in lines.rows if isinstance(row, ManagerRow) and row.ref.line not in dropped]
        # What a rejected row takes with it cannot heal, whatever else is missing.
        self._drop_together(rows, [reject.ref for reject in lines.rejects])
        for row in rows:
            self.set_aside.check_references(row, lines.file.name, self.there)
            if row.cpr not in self.cprs:
                self.set_aside.add(row.ref, "CPR", Message.UNKNOWN_PERSON(), pending=True)
            self.set_aside.drop_unreadable(row, [manager], self.world)
        self._drop_together(rows, [row.ref for row in rows if row.ref in self.set_aside])

    def _drop_together(self, rows: Sequence[ManagerRow], failed: Sequence[RowRef]) -> None:
        for first in failed[:1]:
            for row in rows:
                reason = Message.BESIDE_SET_ASIDE_MANAGER(line=first.line)
                self.set_aside.add(row.ref, "", reason, pending=self.set_aside[first].pending)

    def _fold(self, manager: str, each: Sequence[FileLines]) -> None:
        key: Object = (Kind.MANAGER, manager)
        claims = Claims(base_of([key], self.world.base))
        for lines in each:
            valid = lines.valid(self.set_aside)
            rows = [row for row in valid if isinstance(row, ManagerRow)]
            if rows:
                origin = tuple(row.ref for row in rows)
                claims.add(key, lasting(self._value(rows), lines.file.name.file_date, FOREVER, origin))
            elif not end_at_file_date(lines, key, claims, self.set_aside):
                for row in valid:
                    if self.set_aside.is_due(row.ref):
                        text = Message.UNKNOWN_MANAGER(uuid=manager)
                        self.result.notices.append(Notice(text, row.ref))
        if claim := claims.claimed(key):
            self.result.objects.append(DesiredObject(*key, claim))

    def _value(self, rows: Sequence[ManagerRow]) -> Manager:
        last = max(rows, key=lambda row: row.ref.line)
        if len({(row.type_uuid, row.level_uuid) for row in rows}) > 1 and self.set_aside.is_due(last.ref):
            self.result.notices.append(Notice(Message.ROWS_OF_MANAGER_DIFFER(), last.ref))
        responsibilities = tuple(sorted({row.responsibility_uuid for row in rows}))
        person = self.world.people.of(last.cpr)
        return Manager(last.org_uuid, person, last.type_uuid, last.level_uuid, responsibilities)

    def _report_others(self) -> None:
        """A row with another person does not end the former manager; who is meant to go needs an end of the own."""
        after = dict(self.world.actual.get(Kind.MANAGER, {}))
        for wanted in self.result.objects:
            after[wanted.uuid] = overlay(wanted.claim, after.get(wanted.uuid, ()))
        of_unit: dict[str, list[tuple[str, History]]] = {}
        for uuid, history in after.items():
            for unit in {piece.value.org_unit for piece in history if isinstance(piece.value, Manager)}:
                of_unit.setdefault(unit, []).append((uuid, history))

        @cache
        def there(unit: str, day: date) -> list[str]:
            return sorted(uuid for uuid, history in of_unit.get(unit, ()) if valid(history, day))

        for manager, each in self.managers.items():
            rows = [
                (row, lines.file.name.file_date)
                for lines in each
                for row in self.set_aside.due_rows(lines)
                if isinstance(row, ManagerRow)
            ]
            for row, day in rows[-1:]:
                if not covers(self.there.units.after.get(row.org_uuid, ()), day, FOREVER):
                    text = Message.MANAGED_UNIT_NOT_THERE(uuid=row.org_uuid)
                    self.result.notices.append(Notice(text, row.ref))
                # The day after: who is ended by the same day's file is there to the end of that day.
                managers = there(row.org_uuid, day_after(day))
                if len(managers) > 1 and valid(after.get(manager, ()), day_after(day)):
                    shown = [uuid for uuid in managers[: MANAGERS_SHOWN + 1] if uuid != manager][
                        :MANAGERS_SHOWN
                    ]
                    if more := len(managers) - 1 - len(shown):
                        shown[-1] = Message.AND_MORE(name=shown[-1], count=more)
                    self.result.notices.append(Notice(Message.OTHER_MANAGERS(uuids=shown), row.ref))
