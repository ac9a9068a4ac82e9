"""What MO must say of people and managers, worked out a day at a time from the text of Pers and Leder files; slow and naive.

Shares no code with the importer: one bug would sit on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.oracle import derived

Thing = tuple[str, str]
"""`person`, `engagement`, `email`, `account` or `manager`, and the uuid."""
Days = dict[date, tuple[object, ...]]
"""The days on which a thing is there, and what it is."""


PRIMARY = derived("aarhus-los", "PRIMARY")
NOT_PRIMARY = derived("aarhus-los", "NOT_PRIMARY")


def person_of(cpr: str) -> str:
    """The uuid that a new person gets."""
    return derived("AAK", cpr)


def email_of(cpr: str) -> str:
    return derived("AAK", cpr + "email")


def account_of(cpr: str) -> str:
    return derived("AAK", cpr + "azid")


def manager_of(unit: str, cpr: str) -> str:
    return derived("AAK", unit + cpr + "manager")


@dataclass
class Mo:
    """MO before: whose CPR number is whose, and everything a day at a time.

    A person is its given name and surname; an engagement its user key, person, unit, job function, type and primary class;
    an e-mail its value and person; an account its user key, system and person; a manager its unit, person, type, level and
    sorted responsibilities.
    """

    cprs: Mapping[str, str]
    """Person → CPR number."""
    days: Mapping[Thing, Days]


@dataclass(frozen=True)
class References:
    """What rows may refer to."""

    units: frozenset[str]
    classes: Mapping[str, Collection[str]]
    """By the column that refers to them."""
    az_system: str

    def lacks_class_of(self, row: Row) -> bool:
        cells = {
            column.lower(): known for column, known in self.classes.items() if column.lower() in row.cells
        }
        return any(row.cells[column].lower() not in known for column, known in cells.items())


@dataclass(eq=False)
class Row:
    """A row as it stands."""

    file: str
    line: int
    cells: dict[str, str]
    cpr: str | None
    engagement: str | None = None
    start: date | None = None
    end: date | None = None
    fails: bool = False

    def covers(self, day: date) -> bool:
        return self.start is not None and self.end is not None and self.start <= day <= self.end


@dataclass
class File:
    """A Pers or a Leder file."""

    name: str
    family: str
    kind: str
    day: date
    rows: list[Row] = field(default_factory=list)


@dataclass
class Told:
    """What MO must say, which rows say nothing of it, and which ends are of what nobody knows."""

    days: dict[Thing, Days]
    failing: set[tuple[str, int]]
    """File and line."""
    pointless: set[tuple[str, int]]


def told(texts: Mapping[str, str], mo: Mo, days: Sequence[date], references: References) -> Told:
    """What MO must say after it was told all these files at once.

    `days` are sorted, hold the day after every day on which something ends, and end in one that stands for no end.
    """
    files = sorted((parse(name, text) for name, text in texts.items()), key=_turn)
    people = _People([file for file in files if file.family == "Pers"], mo, days, references)
    people.tell()
    managers = _Managers([file for file in files if file.family == "Leder"], people, references)
    managers.tell()
    failing = {(row.file, row.line) for file in files for row in file.rows if row.fails}
    return Told(people.now, failing, people.pointless | managers.pointless)


def parse(name: str, text: str) -> File:
    """The rows of a file: no quotes, no line ends in cells."""
    family, kind, day, _ = re.split("[_.]", name, maxsplit=3)
    file = File(name, family, kind, date.fromisoformat(day))
    header, *lines = text.splitlines()
    columns = [column.strip().lower() for column in header.split(";")]
    for number, line in enumerate(lines, start=2):
        cells = dict(zip(columns, [cell.strip() for cell in line.split(";")], strict=True))
        file.rows.append(_row(file, number, cells))
    return file


def _row(file: File, line: int, cells: dict[str, str]) -> Row:
    row = Row(file.name, line, cells, _cpr(cells["cpr"]))
    uuids = [cells[column] for column in cells if column.endswith("uuid") and not column.startswith("ad")]
    if file.family == "Leder":
        row.fails = row.cpr is None or not all(_uuid(uuid) for uuid in uuids)
        return row
    row.engagement = _uuid(cells["uuid"])
    if file.kind == "luk":
        row.fails = row.engagement is None
        return row
    start = _date(cells["starttid"])
    end = date.max if cells["sluttid"] == "" else _date(cells["sluttid"])
    if start is not None and end is not None and start <= end:
        row.start, row.end = start, end
    row.fails = (
        row.cpr is None
        or row.start is None
        or cells["brugervendtnøgle"] == ""
        or cells["cprnavn"] == ""
        or cells["primæransættelse"].lower() not in ("ja", "nej")
        or not all(_uuid(uuid) for uuid in uuids)
    )
    return row


def _uuid(text: str) -> str | None:
    return text.lower() if re.fullmatch("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) else None


def _cpr(text: str) -> str | None:
    """Ten digits whose first six are a day of the twentieth century: the tests have no others."""
    found = re.fullmatch(r"(\d\d)(\d\d)(\d\d)-?([0-3]\d\d\d)", text)
    if found is None:
        return None
    day, month, year, rest = found.groups()
    try:
        date(1900 + int(year), int(month), int(day))
    except ValueError:
        return None
    return day + month + year + rest


def _date(text: str) -> date | None:
    try:
        if re.fullmatch(r"\d\d-\d\d-\d{4}", text):
            day, month, year = text.split("-")
            return date(int(year), int(month), int(day))
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _turn(file: File) -> tuple[str, int]:
    order = ["nye", "ret", "luk"] if file.family == "Pers" else ["luk", "nye", "ret"]
    return (file.name.split("_", 2)[2], order.index(file.kind))


class _People:
    """The files told one after the other: `now` is what MO would say, were each imported in its time."""

    def __init__(self, files: Sequence[File], mo: Mo, days: Sequence[date], references: References) -> None:
        self.files = files
        self.mo = mo
        self.days = days
        self.references = references
        self.now: dict[Thing, Days] = {thing: dict(there) for thing, there in mo.days.items()}
        self.spoken: dict[Thing, set[date]] = {}
        """The days of which a file has spoken."""
        self.pointless: set[tuple[str, int]] = set()
        self.owners: dict[str, str] = {}
        for (what, uuid), there in mo.days.items():
            if what == "engagement" and there:
                self.owners[uuid] = str(there[max(there)][1])
        for file in files:
            for row in file.rows:
                if file.kind != "luk" and not row.fails and row.engagement and row.cpr:
                    self.owners.setdefault(row.engagement, self.person(row.cpr))

    def person(self, cpr: str) -> str:
        """The one who has the number; of several one that has engagements; of several the smallest uuid."""
        found = sorted(uuid for uuid, number in self.mo.cprs.items() if number == cpr)
        employed = [uuid for uuid in found if uuid in self.owners.values()]
        return [*employed, *found, person_of(cpr)][0]

    def known_cprs(self) -> set[str]:
        standing = {
            row.cpr for file in self.files if file.kind != "luk" for row in file.rows if not row.fails
        }
        return {*self.mo.cprs.values(), *(cpr for cpr in standing if cpr)}

    def subject(self, row: Row) -> str | None:
        if row.engagement in self.owners:
            return self.owners[row.engagement]
        return self.person(row.cpr) if row.cpr else None

    def rows(self, file: File, person: str) -> list[Row]:
        return [row for row in file.rows if self.subject(row) == person]

    def tell(self) -> None:
        for file in self.files:
            if file.kind != "luk":
                self._fell(file)
        for file in self.files:
            for row in file.rows:
                if file.kind == "luk" and not row.fails and self.subject(row) is None:
                    self.pointless.add((file.name, row.line))
        people = {self.subject(row) for file in self.files for row in file.rows}
        for person in people - {None}:
            assert person is not None
            for turn, file in enumerate(self.files):
                self._tell(person, turn, file)
        self._born()

    def _fell(self, file: File) -> None:
        blind = {self.subject(row) for row in file.rows if row.start is None} - {None}
        for row in file.rows:
            row.fails = row.fails or self.subject(row) in blind
        for row in file.rows:
            if row.fails:
                continue
            assert row.cpr is not None
            person = self.person(row.cpr)
            another = self.mo.cprs.get(person, row.cpr) != row.cpr
            row.fails = (
                person != self.subject(row)
                or another
                or row.cells["orgenheduuid"].lower() not in self.references.units
                or self.references.lacks_class_of(row)
            )

    def _tell(self, person: str, turn: int, file: File) -> None:
        rows = self.rows(file, person)
        if file.kind == "luk":
            self._end(person, turn, file, [row for row in rows if not row.fails])
            return
        for engagement in dict.fromkeys(row.engagement for row in rows if row.engagement):
            of_engagement = [row for row in rows if row.engagement == engagement and row.start]
            if any(not row.fails for row in of_engagement):
                self._claim(engagement, person, turn, file, of_engagement)
        standing = [row for row in rows if not row.fails]
        if not standing:
            return
        cpr = standing[0].cpr
        assert cpr is not None
        self._name(person, cpr, file, standing)
        last = self._last_day(person, turn)
        if last is None:
            return
        self._detail(("email", email_of(cpr)), file.day, last, self._email(person, file, standing))
        azid = self._azid(person, file, standing)
        account = self._account(person, cpr, file.day, last, azid)
        if account is not None:
            self._detail(("account", account), file.day, last, azid)

    # Engagements

    def _claim(self, engagement: str, person: str, turn: int, file: File, rows: Sequence[Row]) -> None:
        thing = ("engagement", engagement)
        known = self._known(thing, turn)
        nye = file.kind == "nye" or not known
        starts = [row.start for row in rows if row.start]
        first = min(starts) if nye else _first_of_ret(rows, file.day, alive=file.day in known)
        spared = self._spared(thing, first, turn, file.day, rows)
        there, spoken = self.now.setdefault(thing, {}), self.spoken.setdefault(thing, set())
        for day in self.days:
            row = _speaker(rows, day)
            if day < first or day in spared or (row is not None and row.fails):
                continue
            spoken.add(day)
            if row is None:
                there.pop(day, None)
            else:
                there[day] = (
                    row.cells["brugervendtnøgle"],
                    person,
                    row.cells["orgenheduuid"].lower(),
                    row.cells["stillingsbetegnelseuuid"].lower(),
                    row.cells["engagementtypeuuid"].lower(),
                    PRIMARY if row.cells["primæransættelse"].lower() == "ja" else NOT_PRIMARY,
                )

    def _end(self, person: str, turn: int, file: File, rows: Sequence[Row]) -> None:
        ended = False
        for row in rows:
            thing = ("engagement", str(row.engagement))
            if not self._known(thing, turn + 1):
                self.pointless.add((file.name, row.line))
                continue
            ended = True
            after = [day for day in self.days if day > file.day]
            self.spoken.setdefault(thing, set()).update(after)
            for day in after:
                self.now.get(thing, {}).pop(day, None)
        cpr = self._cpr_of(person)
        if ended and cpr is not None:
            last = self._last_day(person, turn) or file.day
            self._detail(("email", email_of(cpr)), file.day, last, None)
            account = self._account(person, cpr, file.day, last, None)
            if account is not None:
                self._detail(("account", account), file.day, last, None)

    def _cpr_of(self, person: str) -> str | None:
        in_rows = (row.cpr for file in self.files for row in file.rows if row.cpr)
        return self.mo.cprs.get(person) or next((cpr for cpr in in_rows if self.person(cpr) == person), None)

    def _known(self, thing: Thing, turn: int) -> Days:
        """What is known before the files from `turn` on speak.

        What MO has on days that they speak of may be their own doing, and does not count.
        """
        spoken = self.spoken.get(thing, set())
        later = self.files[turn:]
        return {
            day: value
            for day, value in self.now.get(thing, {}).items()
            if day in spoken or not any(self._claims_unasked(file, thing[1], day) for file in later)
        }

    def _claims_unasked(self, file: File, engagement: str, day: date) -> bool:
        rows = [row for row in file.rows if row.engagement == engagement]
        if file.kind == "luk":
            return day > file.day and any(not row.fails for row in rows)
        rows = [row for row in rows if row.start]
        if all(row.fails for row in rows):
            return False
        starts = [row.start for row in rows if row.start]
        first = min(starts) if file.kind == "nye" else _first_of_ret(rows, file.day, alive=True)
        speaker = _speaker(rows, day)
        return day >= first and not (speaker is not None and speaker.fails)

    def _spared(self, thing: Thing, first: date, turn: int, file_day: date, rows: Sequence[Row]) -> set[date]:
        """The days of a change announced by an earlier file, where a row ends the day before it."""
        spared: set[date] = set()
        sparing = False
        for eve, day in zip(self.days, self.days[1:], strict=False):
            if _speaker(rows, day) is not None or day < first:
                sparing = False
                continue
            if day > first and day > file_day and _speaker(rows, eve) is not None:
                known = self._known(thing, turn if day in self.spoken.get(thing, ()) else turn + 1)
                sparing = day in known and known.get(eve) != known[day]
            if sparing:
                spared.add(day)
        return spared

    # What a person has beside engagements

    def _last_day(self, person: str, turn: int) -> date | None:
        days = {
            day
            for engagement, owner in self.owners.items()
            if owner == person
            for day in self._known(("engagement", engagement), turn + 1)
        }
        return max(days, default=None)

    def _voted(self, rows: Sequence[Row], day: date, column: str, good: Callable[[str], bool]) -> Row | None:
        """The row that speaks for a person; None where none can."""
        voters = [row for row in rows if row.end and row.end >= day] or list(rows)
        voters = [row for row in voters if column in row.cells and good(row.cells[column])]
        return max(
            voters,
            key=lambda row: (
                row.cells[column] != "",
                row.cells["primæransættelse"].lower() == "ja",
                row.line,
            ),
            default=None,
        )

    def _name(self, person: str, cpr: str, file: File, rows: Sequence[Row]) -> None:
        row = self._voted(rows, file.day, "cprnavn", lambda text: True)
        assert row is not None
        *given, surname = row.cells["cprnavn"].split()
        name = (" ".join(given), surname) if given else (surname, "")
        there = self.now.setdefault(("person", person), {})
        there.update({day: name for day in self.days if day >= file.day})

    def _born(self) -> None:
        """A new person is there from birth on, by MO's own doing, under the first name."""
        for (what, uuid), there in self.now.items():
            if what == "person" and there and not self.mo.days.get((what, uuid)):
                there.update({day: there[min(there)] for day in self.days if day < min(there)})

    def _email(self, person: str, file: File, rows: Sequence[Row]) -> tuple[object, ...] | None:
        row = self._voted(rows, file.day, "email", lambda text: text == "" or "@" in text)
        if row is None:
            return None
        return (row.cells["email"], person) if row.cells["email"] else ()

    def _azid(self, person: str, file: File, rows: Sequence[Row]) -> tuple[object, ...] | None:
        row = self._voted(rows, file.day, "azid", lambda text: True)
        if row is None:
            return None
        return (row.cells["azid"], self.references.az_system, person) if row.cells["azid"] else ()

    def _account(
        self, person: str, cpr: str, day: date, last: date, azid: tuple[object, ...] | None
    ) -> str | None:
        ours = account_of(cpr)
        system = self.references.az_system
        in_mo = self.mo.days.get(("account", ours), {})
        foreign = any(value[1:] != (system, person) for value in in_mo.values())
        # What ends the day before it would be ended may be what this file ended, in an earlier run.
        since = day
        if not azid or day > last:
            since = last if azid != () or last < day else day - timedelta(days=1)
        if not foreign and any(each >= since for each in self.now.get(("account", ours), {})):
            return ours
        others = [
            uuid
            for (what, uuid), value in self.mo.days.items()
            if what == "account" and uuid != ours and value and value[max(value)][1:] == (system, person)
        ]
        if len(others) > 1 or (foreign and not others):
            return None
        return others[0] if others else ours

    def _detail(self, thing: Thing, file_day: date, last: date, value: tuple[object, ...] | None) -> None:
        """From the file date until the last engagement ends. `()` takes it away, None says its end only."""
        there = self.now.setdefault(thing, {})
        for day in self.days:
            if day > last or (value == () and day >= file_day):
                there.pop(day, None)
            elif value and day >= file_day:
                there[day] = value


class _Managers:
    def __init__(self, files: Sequence[File], people: _People, references: References) -> None:
        self.files = files
        self.people = people
        self.references = references
        self.pointless: set[tuple[str, int]] = set()

    def tell(self) -> None:
        cprs = self.people.known_cprs()
        for file in self.files:
            for row in file.rows:
                if file.kind != "luk" and not row.fails:
                    unknown = row.cells["orguuid"].lower() not in self.references.units
                    row.fails = unknown or self.references.lacks_class_of(row) or row.cpr not in cprs
        subjects = [_subject(row) for file in self.files for row in file.rows]
        for unit, cpr in dict.fromkeys(subject for subject in subjects if subject):
            for file in self.files:
                rows = [row for row in file.rows if _subject(row) == (unit, cpr)]
                self._tell(unit, cpr, file, rows)

    def _tell(self, unit: str, cpr: str, file: File, rows: Sequence[Row]) -> None:
        thing = ("manager", manager_of(unit, cpr))
        there = self.people.now.setdefault(thing, {})
        if file.kind == "luk":
            standing = [row for row in rows if not row.fails]
            if standing and not there:
                self.pointless |= {(file.name, row.line) for row in standing}
            for day in [day for day in there if day > file.day] if standing else []:
                del there[day]
        elif any(row.fails for row in rows):
            for row in rows:
                row.fails = True
        elif rows:
            value = (
                unit,
                self.people.person(cpr),
                rows[-1].cells["ledertypeuuid"].lower(),
                rows[-1].cells["lederniveauuuid"].lower(),
                tuple(sorted({row.cells["lederansvaruuid"].lower() for row in rows})),
            )
            there.update({day: value for day in self.people.days if day >= file.day})


def _subject(row: Row) -> tuple[str, str] | None:
    unit = _uuid(row.cells["orguuid"])
    return (unit, row.cpr) if unit and row.cpr else None


def _speaker(rows: Sequence[Row], day: date) -> Row | None:
    """The row that speaks of a day: the one that starts last, of equal starts the lower one."""
    covering = [(row.start, row.line, row) for row in rows if row.start and row.covers(day)]
    return max(covering, key=lambda found: found[:2])[2] if covering else None


def _first_of_ret(rows: Sequence[Row], file_day: date, *, alive: bool) -> date:
    if any(row.covers(file_day) for row in rows):
        return file_day
    ended = [row.end for row in rows if row.end and row.end < file_day]
    if ended:
        return max(ended) + timedelta(days=1)
    return min(row.start for row in rows if row.start) if alive else file_day
