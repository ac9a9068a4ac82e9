"""What MO must say of units and their addresses, worked out a day at a time from the text of Org files; slow and naive.

Shares no code with the importer: one bug would sit on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import md5
from itertools import pairwise
from uuid import UUID

COLUMNS = {
    "LOSID": "los",
    "CVR": "cvr",
    "EAN": "ean",
    "P-Nr": "pnr",
    "SE-Nr": "senr",
    "IntDebitor-Nr": "debitornr",
    "MagID": "mag_id",
    "PostAdresse": "postaddr",
}
"""Address column → what the uuid of the address is made of, beside the unit's."""
OLDEST = date(1900, 1, 1)
FIELDS = ("user_key", "name", "parent", "type", "mark")

Fields = Mapping[str, str | None]
Thing = tuple[str, str]
"""A unit's uuid, and `unit` or the column of one of its addresses."""
Days = dict[date, "Fields | str"]
"""The days on which a thing is there, and what it is: the fields of a unit, or the value of an address."""


def derived(namespace: str, text: str) -> str:
    """The uuid of a text in a namespace."""

    def hashed(word: str) -> str:
        return str(UUID(bytes=md5(word.encode()).digest()))

    return hashed(hashed(namespace) + text)


LINE = derived("aarhus-los", "LINJE_ORG_HIERARCHY")
NOT_LINE = derived("aarhus-los", "IKKE_LINJE_ORG_HIERARCHY")
NO_TYPE = derived("aarhus-los", "UNIT_TYPE_UNKNOWN")


@dataclass(eq=False)
class Row:
    """A row as it stands; a cell that the file has no column for is None."""

    line: int
    cells: dict[str, str]
    unit: str | None
    start: date | None = None
    end: date | None = None
    fails: bool = False

    def covers(self, day: date) -> bool:
        return self.start is not None and self.end is not None and self.start <= day <= self.end

    def cell(self, column: str) -> str | None:
        return self.cells.get(column.lower())


@dataclass
class File:
    """An Org file."""

    name: str
    kind: str
    day: date
    rows: list[Row] = field(default_factory=list)

    def of(self, unit: str) -> list[Row]:
        return [row for row in self.rows if row.unit == unit]


@dataclass
class Told:
    """What MO must say, on the days that were asked for, and which rows say nothing of it."""

    days: dict[Thing, Days]
    failing: set[tuple[str, int]]
    """File and line."""


def told(
    texts: Mapping[str, str],
    mo: Mapping[Thing, Days],
    days: Sequence[date],
    types: Iterable[str],
    dar: Mapping[str, str],
) -> Told:
    """What MO must say after it was told all these files at once.

    `texts`: file name → text; `mo` is MO before; `days` are sorted, hold the day after every day on which something ends,
    and end in one that stands for no end; `types` are the known unit types; `dar`: address text → uuid.
    """
    files = sorted((parse(name, text) for name, text in texts.items()), key=_turn)
    units = {row.unit for file in files for row in file.rows if row.unit}
    units_of_mo = {unit for unit, what in mo if what == "unit" and mo[unit, what]}
    for file in files:
        for unit in units:
            if any(row.start is None for row in file.of(unit)):
                for row in file.of(unit):
                    row.fails = True
    while True:
        _fell_unknown_parents(files, units_of_mo)
        story = _Story(files, mo, days, set(types), dar)
        for unit in units:
            story.tell(unit)
        if not story.fell_circles():
            failing = {(file.name, row.line) for file in files for row in file.rows if row.fails}
            return Told(story.now, failing)


def parse(name: str, text: str) -> File:
    """The rows of a file: no quotes, no line ends in cells."""
    _, kind, day, _ = re.split("[_.]", name, maxsplit=3)
    file = File(name, kind, date.fromisoformat(day))
    header, *lines = text.splitlines()
    columns = [column.strip().lower() for column in header.split(";")]
    for number, line in enumerate(lines, start=2):
        cells = dict(zip(columns, [cell.strip() for cell in line.split(";")], strict=True))
        file.rows.append(_row(number, cells))
    return file


def _row(line: int, cells: dict[str, str]) -> Row:
    row = Row(line, cells, _uuid(cells["orguuid"]))
    start = _date(cells["startdato"])
    end = date.max if cells["slutdato"] == "" else _date(cells["slutdato"])
    if start is not None and end is not None and start <= end and start != date.max:
        row.start, row.end = max(start, OLDEST) if end >= OLDEST else start, end
    row.fails = (
        row.unit is None
        or row.start is None
        or (end is not None and end < OLDEST)
        or cells["brugervendtnøgle"] == ""
        or cells["orgenhedsnavn"] == ""
        or _uuid(cells["parentuuid"]) is None
    )
    return row


def _uuid(text: str) -> str | None:
    return text.lower() if re.fullmatch("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) else None


def _date(text: str) -> date | None:
    try:
        if re.fullmatch(r"\d\d-\d\d-\d{4}", text):
            day, month, year = text.split("-")
            return date(int(year), int(month), int(day))
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _turn(file: File) -> tuple[str, int]:
    return (file.name.split("_", 2)[2], ["inital", "nye", "ret"].index(file.kind))


def _fell_unknown_parents(files: Sequence[File], units_of_mo: set[str]) -> None:
    """A parent is known if MO has it on any day, or a row that stands speaks of it."""
    while True:
        speaking = {row.unit for file in files for row in file.rows if not row.fails}
        lost = [
            row
            for file in files
            for row in file.rows
            if not row.fails and row.cells["parentuuid"].lower() not in speaking | units_of_mo
        ]
        if not lost:
            return
        for row in lost:
            row.fails = True


class _Story:
    """The files told one after the other: `now` is what MO would say, were each imported in its time."""

    def __init__(
        self,
        files: Sequence[File],
        mo: Mapping[Thing, Days],
        days: Sequence[date],
        types: set[str],
        dar: Mapping[str, str],
    ) -> None:
        self.files = files
        self.mo = mo
        self.days = days
        self.types = types
        self.dar = dar
        self.now: dict[Thing, Days] = {thing: dict(there) for thing, there in mo.items()}
        self.said: dict[Thing, dict[date, object]] = {}
        """The days of which a file has spoken, and what the files alone said: None where a thing is not there."""
        self.speaker: dict[tuple[str, date], Row] = {}
        """Whose word a day of a unit is."""

    def tell(self, unit: str) -> None:
        for turn, file in enumerate(self.files):
            rows = file.of(unit)
            if any(not row.fails for row in rows):
                self._tell(unit, file, turn, rows)

    def _tell(self, unit: str, file: File, turn: int, rows: Sequence[Row]) -> None:
        things = [(unit, what) for what in ("unit", *COLUMNS)]
        nye = file.kind != "ret" or not self._known((unit, "unit"), turn + 1)
        firsts = {
            thing: min(_starts(rows))
            if nye
            else _first_of_ret(rows, file.day, lambda: file.day in self._known(thing, turn))  # noqa: B023
            for thing in things
        }
        lead = firsts[unit, "unit"]
        spared = self._spared(things, lead, file.day, rows, turn)
        for thing in things:
            for day in self.days:
                if day < firsts[thing] or day in spared:
                    continue
                self._say(thing, day, _speaker(rows, day))

    def _known(self, thing: Thing, turn: int) -> set[date]:
        """The days on which a thing is there for all that is known before this file speaks.

        What MO has on days that this file or a later one speaks of may be their own doing, and does not count.
        """
        spoken = self.said.get(thing, {})
        return {
            day
            for day in self.now.get(thing, {})
            if day in spoken or not any(_claims_unasked(file, thing[0], day) for file in self.files[turn:])
        }

    def _there(self, thing: Thing, turn: int) -> dict[date, object]:
        """What is known of a thing before a file speaks, as far as LOS speaks of it."""
        said = self.said.get(thing, {})
        found: dict[date, object] = {}
        for day in self._known(thing, turn):
            now = self.now[thing][day]
            in_mo = now if isinstance(now, str) else {**now, "mark": now["mark"] == LINE}
            found[day] = said.get(day) or in_mo
        return found

    def _spared(
        self, things: Sequence[Thing], first: date, file_day: date, rows: Sequence[Row], turn: int
    ) -> set[date]:
        """The days of changes announced by earlier files, where a row ends the day before such a change."""
        here = [self._there(thing, turn + 1) for thing in things]
        told = [self._there(thing, turn) for thing in things]
        spared: set[date] = set()
        sparing = False
        stood = False  # whether the file has said anything of the unit up to the eve
        for eve, day in pairwise(self.days):
            before = _speaker(rows, eve)
            stood = stood or (eve >= first and (before is None or not before.fails))
            if _speaker(rows, day) is not None or day < first:
                sparing = False
                continue
            if stood and day > file_day and before is not None:
                known = told if day in self.said.get(things[0], {}) else here
                sparing = day in known[0] and any(
                    there.get(day) not in (None, there.get(eve)) for there in known
                )
            if sparing:
                spared.add(day)
        return spared

    def _say(self, thing: Thing, day: date, row: Row | None) -> None:
        unit, what = thing
        there = self.now.setdefault(thing, {})
        said = self.said.setdefault(thing, {})
        word: object = None
        if row is None:
            there.pop(day, None)
            if what == "unit":
                self.speaker.pop((unit, day), None)
        elif row.fails:
            return
        elif what == "unit":
            mo = self.mo.get(thing, {}).get(day) or {}
            before = there.get(day) or mo
            assert not isinstance(mo, str) and not isinstance(before, str)
            # What a unit that is away may still have is what it has in MO.
            there[day] = self._unit(row, before, mo.get("mark"))
            self.speaker[unit, day] = row
            word = self._word(row, said.get(day))
        else:
            value = row.cell(what)
            if value is None or (value and not _is_good(what, value)):
                return
            if what == "PostAdresse" and value:
                if value not in self.dar:
                    return
                value = self.dar[value]
            if value:
                there[day] = word = value
            else:
                there.pop(day, None)
        said[day] = word

    def _word(self, row: Row, earlier: object) -> tuple[str | None, ...]:
        """What files said of a unit, without what MO adds to it."""
        _, _, _, earlier_type, earlier_mark = earlier if isinstance(earlier, tuple) else (None,) * 5
        cell = row.cell("OrgEnhedsTypeUUID")
        mark = row.cell("Med-i-LinjeOrg")
        word = earlier_mark
        if mark is not None and _is_boolean(mark):
            word = "in" if _mark(mark, None, None) == LINE else "out"
        return (
            row.cells["brugervendtnøgle"],
            row.cells["orgenhedsnavn"],
            row.cells["parentuuid"].lower(),
            earlier_type if cell is None else self._type(cell, None),
            word,
        )

    def _unit(self, row: Row, before: Fields, mark_in_mo: str | None) -> Fields:
        assert row.unit
        parent = row.cells["parentuuid"].lower()
        return {
            "user_key": row.cells["brugervendtnøgle"],
            "name": row.cells["orgenhedsnavn"],
            "parent": None if parent == row.unit else parent,
            "type": self._type(row.cell("OrgEnhedsTypeUUID"), before.get("type")),
            "mark": _mark(row.cell("Med-i-LinjeOrg"), before.get("mark"), mark_in_mo),
        }

    def _type(self, cell: str | None, before: str | None) -> str:
        if cell is None:
            return before or NO_TYPE
        return cell.lower() if cell.lower() in self.types else NO_TYPE

    def fell_circles(self) -> bool:
        """Whether rows hang units in a circle on some day; they fail."""
        found: list[Row] = []
        for day in self.days:
            up = {unit: self._parent(unit, day) for unit, what in self.now if what == "unit"}
            for unit in up:
                path = [unit]
                while (above := up.get(path[-1])) is not None and above not in path:
                    path.append(above)
                row = self.speaker.get((unit, day))
                if above == unit and row:
                    found.append(row)
        for row in found:
            row.fails = True
        return bool(found)

    def _parent(self, unit: str, day: date) -> str | None:
        there = self.now[unit, "unit"].get(day)
        assert not isinstance(there, str)
        return there["parent"] if there else None


def _speaker(rows: Sequence[Row], day: date) -> Row | None:
    """The row that speaks of a day: the one that starts last, of equal starts the lower one."""
    covering = [(row.start, row.line, row) for row in rows if row.start and row.covers(day)]
    return max(covering, key=lambda found: found[:2])[2] if covering else None


def _starts(rows: Sequence[Row]) -> list[date]:
    return [row.start for row in rows if row.start]


def _first_of_ret(rows: Sequence[Row], file_day: date, alive: Callable[[], bool]) -> date:
    if any(row.covers(file_day) for row in rows):
        return file_day
    ended = [row.end for row in rows if row.end and row.end < file_day]
    if ended:
        return max(ended) + timedelta(days=1)
    return min(_starts(rows)) if alive() else file_day


def _claims_unasked(file: File, unit: str, day: date) -> bool:
    rows = file.of(unit)
    if all(row.fails for row in rows):
        return False
    first = min(_starts(rows)) if file.kind != "ret" else _first_of_ret(rows, file.day, lambda: True)
    speaker = _speaker(rows, day)
    return day >= first and not (speaker is not None and speaker.fails)


def _mark(cell: str | None, before: str | None, in_mo: str | None) -> str | None:
    if cell is None or not _is_boolean(cell):
        return before
    if cell.lower() in ("true", "1", "ja"):
        return LINE
    if before != LINE:
        return before
    return NOT_LINE if in_mo in (None, LINE) else in_mo  # a mark set by hand is left alone


def _is_boolean(cell: str) -> bool:
    return cell.lower() in ("true", "1", "ja", "false", "0", "nej", "")


def _is_good(column: str, value: str) -> bool:
    digits = {"EAN": 13, "P-Nr": 10}.get(column)
    return digits is None or (len(value) == digits and value.isdigit())
