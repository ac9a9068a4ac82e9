"""Leder rows, and MO as it is, to managers. The rows of one unit and person in a file are one manager."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from aarhus_los.cpr import Cpr
from aarhus_los.desired.claims import Desired, DesiredObject, FileRows, Notice
from aarhus_los.desired.fallen import Fallen
from aarhus_los.desired.folding import Fold, claimed_days, is_there
from aarhus_los.desired.persons import person_uuid
from aarhus_los.drop.rows import EndedManagerRow, ManagerRow, Reject, RowRef
from aarhus_los.mo.kinds import History, Kind, Manager, Value
from aarhus_los.timeline import FOREVER, NOTHING, Piece, Timeline, alive, day_after, lay
from aarhus_los.uuids import object_uuid

ManagerFile = FileRows[ManagerRow] | FileRows[EndedManagerRow]
Line = ManagerRow | EndedManagerRow | Reject


@dataclass(frozen=True)
class Known:
    """What managers may refer to."""

    units: Collection[str]
    cprs: Collection[Cpr]
    """The people whom MO has, or will have."""
    persons: Mapping[Cpr, str]
    """The uuid that MO has for a CPR number."""
    types: Collection[str]
    levels: Collection[str]
    responsibilities: Collection[str]


def manager_uuid(org_unit: str, cpr: Cpr) -> str:
    return object_uuid(org_unit + cpr.reveal() + "manager")


def subject_of(line: Line) -> str | None:
    """The manager that a line speaks of, as far as it could be read."""
    if line.org_uuid is None or line.cpr is None:
        return None
    return manager_uuid(line.org_uuid, line.cpr)


def subjects(files: Sequence[ManagerFile]) -> set[str]:
    """The managers that a new or pending row speaks of."""
    lines = [line for file in files for line in _lines(file) if file.counts(line.ref)]
    return {subject for line in lines if (subject := subject_of(line))}


def desire(
    files: Sequence[ManagerFile],
    managers: Mapping[str, History],
    known: Known,
    unreadable: Mapping[str, str],
) -> Desired:
    """What the files ask of MO for the managers that their new and pending rows speak of."""
    return _Managers(files, managers, known, unreadable).desired()


class _Managers:
    def __init__(
        self,
        files: Sequence[ManagerFile],
        managers: Mapping[str, History],
        known: Known,
        unreadable: Mapping[str, str],
    ) -> None:
        self.files = {file.name.name: file for file in files}
        self.managers = managers
        self.known = known
        self.unreadable = unreadable
        self.result = Desired()
        self.fallen = Fallen(files)
        claimed = subjects(files)
        self.said: dict[str, dict[str, list[Line]]] = {}
        """Manager → file, in the order of folding → its lines."""
        for file in files:
            for line in _lines(file):
                subject = subject_of(line)
                if subject in claimed:
                    self.said.setdefault(subject, {}).setdefault(file.name.name, []).append(line)

    def desired(self) -> Desired:
        for manager, said in sorted(self.said.items()):
            for lines in said.values():
                self._check(manager, lines)
            self._fold(manager, said)
        self._tell_others()
        self.fallen.tell(self.result, lambda aside: self._overtaken(aside.ref))
        return self.result

    def _check(self, manager: str, lines: Sequence[Line]) -> None:
        rows = [line for line in lines if isinstance(line, ManagerRow)]
        for row in rows:
            for column, uuid, there in (
                ("OrgUUID", row.org_uuid, self.known.units),
                ("LedertypeUUID", row.type_uuid, self.known.types),
                ("LederniveauUUID", row.level_uuid, self.known.levels),
                ("LederansvarUUID", row.responsibility_uuid, self.known.responsibilities),
            ):
                if uuid not in there:
                    self.fallen.add(row.ref, column, f"neither MO nor the drop has {uuid}", pending=True)
            if row.cpr not in self.known.cprs:
                reason = "neither MO nor the drop has a person with this CPR number"
                self.fallen.add(row.ref, "CPR", reason, pending=True)
            if manager in self.unreadable:
                reason = f"MO cannot show {manager}: {self.unreadable[manager]}"
                self.fallen.add(row.ref, "", reason, pending=True)
        # A row that fails leaves its days unclaimed, and every row of a manager has the same days.
        failed = next((line.ref for line in lines if line.ref in self.fallen), None)
        if failed is not None:
            pending = self.fallen[failed].pending
            for row in rows:
                reason = f"line {failed.line} speaks of the same manager and is set aside"
                self.fallen.add(row.ref, "", reason, pending=pending)

    def _fold(self, manager: str, said: Mapping[str, Sequence[Line]]) -> None:
        names = list(said)

        def days(turn: int, key: str) -> Timeline[bool]:
            name = names[turn]
            day = self.files[name].name.file_date
            first = day_after(day) if self.files[name].name.kind == "luk" else day
            stands = any(line.ref not in self.fallen for line in said[name])
            return claimed_days(first) if stands else ()

        fold: Fold[str, Value] = Fold({manager: self.managers.get(manager, ())}, len(names), days)
        for turn, (name, lines) in enumerate(said.items()):
            day = self.files[name].name.file_date
            standing = [line for line in lines if line.ref not in self.fallen]
            rows = [line for line in standing if isinstance(line, ManagerRow)]
            origin = tuple(line.ref for line in standing)
            if rows:
                value = self._value(rows)
                fold.add(manager, (Piece(day, FOREVER, value, origin),))
            elif standing and is_there(fold.known(manager, turn + 1)):  # also one that begins later only
                fold.add(manager, (Piece(day_after(day), FOREVER, NOTHING, origin),))
            else:
                for line in standing:
                    if self.fallen.counts(line.ref):
                        self.result.notices.append(
                            Notice(f"nobody knows the manager {manager}: there is nothing to end", line.ref)
                        )
        if claim := fold.claimed.get(manager):
            self.result.objects.append(DesiredObject(Kind.MANAGER, manager, claim))

    def _tell_others(self) -> None:
        """A row with another person does not end the former manager; who is meant to go needs an end of the own."""
        after = dict(self.managers)
        for each in self.result.objects:
            after[each.uuid] = lay(each.claim, self.managers.get(each.uuid, ()))
        of_unit: dict[str, list[tuple[str, History]]] = {}
        for uuid, history in after.items():
            for unit in {piece.value.org_unit for piece in history if isinstance(piece.value, Manager)}:
                of_unit.setdefault(unit, []).append((uuid, history))
        for manager, said in sorted(self.said.items()):
            lines = [line for each in said.values() for line in each if isinstance(line, ManagerRow)]
            rows = [line for line in lines if line.ref not in self.fallen and self.fallen.counts(line.ref)]
            for row in rows[-1:]:
                # The day after: who is ended by the same day's file is there to the end of that day.
                day = day_after(self.files[row.ref.file].name.file_date)
                others = [
                    uuid
                    for uuid, history in of_unit.get(row.org_uuid, ())
                    if uuid != manager and alive(history, day)
                ]
                if alive(after.get(manager, ()), day) and others:
                    text = f"the unit has another manager too, only a Leder_luk ends one: {', '.join(sorted(others))}"
                    self.result.notices.append(Notice(text, row.ref))

    def _value(self, rows: Sequence[ManagerRow]) -> Manager:
        last = max(rows, key=lambda row: row.ref.line)
        if len({(row.type_uuid, row.level_uuid) for row in rows}) > 1 and self.fallen.counts(last.ref):
            text = "type or level differ between the rows of one manager: this row wins"
            self.result.notices.append(Notice(text, last.ref))
        return Manager(
            last.org_uuid,
            person_uuid(last.cpr, self.known.persons),
            last.type_uuid,
            last.level_uuid,
            tuple(sorted({row.responsibility_uuid for row in rows})),
        )

    def _overtaken(self, ref: RowRef) -> bool:
        """Whether a later file has a valid row for the manager: a manager's claim has no end, so every one is in time."""
        for said in self.said.values():
            names = list(said)
            if ref.file in said and any(line.ref == ref for line in said[ref.file]):
                later = [line for name in names[names.index(ref.file) + 1 :] for line in said[name]]
                return any(isinstance(line, ManagerRow) and line.ref not in self.fallen for line in later)
        return False


def _lines(file: ManagerFile) -> list[Line]:
    return [*file.rows, *file.rejects]
