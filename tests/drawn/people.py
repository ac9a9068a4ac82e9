"""Pers files: engagements, and of each person the name, the e-mail address and the AZ account."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

from aarhus_los.uuids import object_uuid
from tests.drawn import cells
from tests.drawn.claims import (
    Ref,
    Row,
    SetAside,
    claim_of,
    read_dates,
    set_aside_beside_unreadable,
    set_aside_cut_off,
)
from tests.drawn.days import UNCLAIMED, Sheet, after
from tests.drawn.units import Units
from tests.drawn.world import AZ, Account, Engagement, File, Key, Mo, Person

_REFERENCES: Final = {
    "OrgenhedUUID": "unit",
    "EngagementTypeUUID": "type",
    "StillingsBetegnelseUUID": "job",
}


def read_people(files: Sequence[File], aside: SetAside) -> list[Row]:
    """All rows of the Pers files, those that are wrong in themselves set aside."""
    rows = []
    for file in files:
        for line, row_cells in file.cells():
            row = Row(file, line, row_cells)
            rows.append(row)
            (_read_luk if file.kind == "luk" else _read)(row, aside)
            set_aside_cut_off(row, aside)
    set_aside_beside_unreadable(rows, aside)
    return rows


def _mandatory(row: Row, column: str, name: str, read: Callable[[str], Any], aside: SetAside) -> None:
    try:
        value = read(row.cells[column])
    except cells.Bad:
        value = None
    row.values[name] = value
    if value in (None, ""):
        aside.reject(row.ref, column)


def _read_luk(row: Row, aside: SetAside) -> None:
    _mandatory(row, "UUID", "engagement", cells.uuid, aside)
    row.subject = row.values["engagement"] or None


def _read(row: Row, aside: SetAside) -> None:
    _read_luk(row, aside)
    _mandatory(row, "BrugervendtNøgle", "user_key", cells.text, aside)
    _mandatory(row, "CPR", "cpr", cells.cpr, aside)
    if row.values["cpr"] and cells.birth(row.values["cpr"]) > row.file.date:
        aside.reject(row.ref, "born after the file date")
    _mandatory(row, "CPRNavn", "name", cells.text, aside)
    _mandatory(row, "PrimærAnsættelse", "primary", cells.boolean, aside)
    for column, name in _REFERENCES.items():
        _mandatory(row, column, name, cells.uuid, aside)
    read_dates(row, "StartTid", "SlutTid", aside)
    for column, read in (("Email", cells.email), ("AZID", cells.text)):
        if column not in row.cells:
            row.values[column] = UNCLAIMED
            continue
        try:
            row.values[column] = read(row.cells[column]) or None
        except cells.Bad:
            row.values[column] = UNCLAIMED
            aside.told.add((*row.ref, column))


def set_aside_unknown_references(
    rows: Sequence[Row], units: Units, classes: set[str], applied: Collection[Ref], aside: SetAside
) -> None:
    for row in rows:
        if row.file.kind == "luk" or row.ref in aside or row.ref in applied:
            continue
        for name in _REFERENCES.values():
            uuid = row.values[name]
            if not (units.known(uuid, row.file) if name == "unit" else uuid in classes):
                aside.wait(row.ref, f"unknown {name}")


class People:
    """The fold of the Pers files. `persons` is who has a CPR number, in MO and so far in the drop."""

    def __init__(
        self, sheet: Sheet, rows: Sequence[Row], persons: Mapping[str, str], now: Mo, aside: SetAside
    ) -> None:
        self.sheet, self.rows, self.now, self.aside = sheet, rows, now, aside
        self.persons = dict(persons)
        self.made: dict[str, date] = {}
        self.owners = {uuid: str(pieces[-1][2].person) for uuid, pieces in now["engagement"].items()}
        """Who has an engagement, or had it: in MO as it is or in what was folded so far. The first to come stays."""
        self.left_alone = False
        """Whether a person's account was left alone, since there are several others."""

    def fold(self) -> None:
        for file, rows in groupby(self.rows, key=lambda row: row.file):
            self._file(file, list(rows))

    def _file(self, file: File, rows: Sequence[Row]) -> None:
        if file.kind == "luk":
            applied = [row for row in rows if row.ref not in self.aside]
            concerned = [self._owner(row) for row in applied]
        else:
            self._set_aside_other_persons(rows)
            applied = [row for row in rows if row.ref not in self.aside]
            concerned = [self._person(row) for row in applied]
        persons = list(dict.fromkeys(person for person in concerned if person))
        until = {person: self._latest_end(person) for person in persons}
        for engagement in dict.fromkeys(row.subject for row in rows if row.subject):
            its = [row for row in rows if row.subject == engagement]
            if file.kind == "luk":
                self._end(file, engagement, its)
            else:
                self._engage(file, engagement, its)
        for person in persons:
            its = [row for row in applied if file.kind != "luk" and self._person(row) == person]
            self._details(file, person, its, until[person])

    def _owner(self, row: Row) -> str | None:
        """The person who has the engagement of a row, in MO as it is or in what was folded so far."""
        values = [value for value in self.sheet.values.get(("engagement", row.subject or ""), ()) if value]
        return self.owners.get(row.subject or "") or (values[-1].person if values else None)

    def _person(self, row: Row) -> str:
        """Text: "The person's uuid is the one MO already has for that CPR number; for a new person it is `AAK(CPR)`"."""
        cpr: str = row.values["cpr"]
        return self.persons.get(cpr, object_uuid(cpr))

    def _set_aside_other_persons(self, rows: Sequence[Row]) -> None:
        """Text: "A row that gives an engagement another person is rejected"; the first to come is its person."""
        for row in rows:
            if row.subject is None or (row.ref in self.aside and not self.aside.waits(row.ref)):
                continue
            owner = self._owner(row)
            if owner is not None and owner != self._person(row):
                self.aside.reject(row.ref, "the engagement of another person")
            elif row.states:
                # Also where it comes to no day, or later: it came first.
                self.owners.setdefault(row.subject, self._person(row))

    def _end(self, file: File, engagement: str, rows: Sequence[Row]) -> None:
        """Text: "ends the object; its last day is the file date"; "A luk for an object that nobody knows is *unchanged*"."""
        key = ("engagement", engagement)
        if self.sheet.known(key) and any(row.ref not in self.aside for row in rows):
            self.sheet.claim(key, lambda day: None if day > file.date else UNCLAIMED)

    def _engage(self, file: File, engagement: str, rows: Sequence[Row]) -> None:
        key = ("engagement", engagement)
        claim = claim_of(file, rows, key, (), self.sheet, self.aside)
        for row in claim.rows:
            if row.values["cpr"]:
                self.aside.speaks[row.ref] = self._speaks(row, claim.first)
        if claim.first is None:
            return

        def says(day: date) -> Any:
            if claim.silent(day):
                return UNCLAIMED
            row = claim.row(day)
            if row is None:
                return None
            values = row.values
            return Engagement(
                values["user_key"],
                self._person(row),
                values["unit"],
                values["type"],
                values["job"],
                values["primary"],
            )

        self.sheet.claim(key, says)
        person = next((value.person for value in self.sheet.values[key] if value), None)
        if person is not None:
            self.owners.setdefault(engagement, person)

    def _speaks(self, row: Row, first: date | None) -> dict[Key, date]:
        assert row.start is not None
        found: dict[Key, date] = {("engagement", row.subject or ""): max(first or row.start, row.start)}
        found["person", self._person(row)] = row.file.date
        for column, kind, end in (("Email", "address", "email"), ("AZID", "account", "azid")):
            if row.values[column] is not UNCLAIMED:
                found[kind, object_uuid(row.values["cpr"] + end)] = row.file.date
        return found

    def _latest_end(self, person: str) -> date | None:
        """The latest end among a person's engagements, as they are by now; None if there is none."""
        ends = [
            self.sheet.last_day(("engagement", uuid))
            for uuid, row in self.sheet.of("engagement")
            if any(value and value.person == person for value in row)
        ]
        return max((end for end in ends if end), default=None)

    def _details(self, file: File, person: str, rows: Sequence[Row], until_before: date | None) -> None:
        """Name, e-mail and account of one person; `rows` are the person's rows that are applied."""
        stating = [row for row in rows if row.states]
        running = [row for row in stating if row.end is not None and row.end >= file.date]
        voting = running or stating
        if voting:
            self._name(file, person, best(voting, "name"), voting[0].values["cpr"])
        cpr = self._cpr(person)
        if cpr is None:
            return
        until = self._latest_end(person)
        mail = ("address", object_uuid(cpr + "email"))
        self._until(file, mail, best(voting, "Email"), until_before, until)
        account = self._account(person, cpr, file.date)
        if account is not None:
            azid = best(voting, "AZID")
            value = Account(person, AZ, azid) if isinstance(azid, str) else azid
            self._until(file, account, value, until_before, until)

    def _name(self, file: File, person: str, name: str, cpr: str) -> None:
        """Text: name: "from the file date", "no end"; a new person has it from birth, since MO makes it so."""
        known = person in self.now["person"] or self.sheet.known(("person", person))
        first = file.date if known else cells.birth(cpr)
        if not known:
            self.made[person] = file.date
        self.persons[cpr] = person
        self.sheet.claim(("person", person), lambda day: Person(cpr, name) if day >= first else UNCLAIMED)

    def _cpr(self, person: str) -> str | None:
        return next((cpr for cpr, uuid in self.persons.items() if uuid == person), None)

    def _until(self, file: File, key: Key, value: Any, before: date | None, until: date | None) -> None:
        """An e-mail address or an account: from the file date until the latest end among the engagements."""
        if value is UNCLAIMED:
            self._move_end(file, key, before, until)
            return

        def says(day: date) -> Any:
            if until is None:
                return None if day >= file.date else UNCLAIMED
            if day > until:
                return None
            return value if day >= file.date else UNCLAIMED

        self.sheet.claim(key, says)

    def _move_end(self, file: File, key: Key, before: date | None, until: date | None) -> None:
        """Text: "A file that says nothing of an e-mail or an account (column absent, or the value bad) still moves its
        end: both ways, with its last value, where it ended with the engagements so far", and "`Pers_luk` of the last one
        ends them there".
        """
        if before is None or until == before:
            return
        ended = self.sheet.last_day(key)
        if ended != before and not (file.kind == "luk" and (until is None or until < before)):
            return
        if until is None:
            self.sheet.claim(key, lambda day: None if day >= file.date else UNCLAIMED)
        elif until < before:
            self.sheet.claim(key, lambda day: None if day > until else UNCLAIMED)
        else:
            value, start = self.sheet.last_value(key), max(file.date, after(before))
            self.sheet.claim(key, lambda day: value if start <= day <= until else UNCLAIMED)

    def _account(self, person: str, cpr: str, file_date: date) -> Key | None:
        """Text: "the derived uuid if it is active on or after the file date; else the person's only other account in that
        system, whatever its user key; else the derived uuid; more than one other: told, left alone".
        """
        derived = object_uuid(cpr + "azid")
        last = self.sheet.last_day(("account", derived))
        if last is not None and last >= file_date:
            return ("account", derived)
        others = [
            uuid
            for uuid, row in self.sheet.of("account")
            if uuid != derived and any(value and value[:2] == (person, AZ) for value in row)
        ]
        if len(others) > 1:
            self.left_alone = True
            return None
        return ("account", others[0] if others else derived)


def best(rows: Sequence[Row], name: str) -> Any:
    """What the rows of one person in one file say of a column: a text, None for empty, `UNCLAIMED` where they are silent.

    Text: "a value beats an empty one (a bad value counts as a column that is absent, and beats an empty one too), then the
    primary engagement's row wins, then the later line".
    """

    def rank(row: Row) -> tuple[int, bool, int]:
        value = row.values[name]
        return (
            2 if isinstance(value, str) else 1 if value is UNCLAIMED else 0,
            row.values["primary"],
            row.line,
        )

    return max(rows, key=rank).values[name] if rows else UNCLAIMED
