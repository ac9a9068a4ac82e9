"""What a run must come to, from the text of "As it was, as it is": which subjects it claims, and on what MO it folds them.

Where the plain property does not say it (a late file, a row that heals, a correction), this does: each run is held against
the fold of what it has to read, over MO as it was before these files, and on all other days against MO before the run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from aarhus_los.uuids import object_uuid
from tests.drawn import cells
from tests.drawn.claims import EARLIEST, PENDING, Ref
from tests.drawn.days import Sheet, after
from tests.drawn.oracle import Outcome, fold, followed, open_header
from tests.drawn.units import ADDRESSES, OUTSIDE, Wash, address_key
from tests.drawn.world import AZ, FOREVER, LINE, File, Key, Mo, Piece, empty_mo, joined, on

Subject = tuple[str, str]
"""unit, person or manager, and its uuid."""
Past = Callable[[datetime], Mo]
"""MO as of a moment."""


@dataclass
class Noted:
    """What the state has of a file."""

    file: File | None = None
    """The version that is imported."""
    began: datetime | None = None
    last: datetime | None = None
    under_way: bool = False
    without_moment: bool = False
    """Whether it was imported by a run that wrote nothing: it takes the moment of the next one that does."""


@dataclass(frozen=True)
class Expected:
    """`either` are what MO may say of it: mostly one MO; two where a superseded row may count or not."""

    either: Sequence[Mo]
    loose_marks: Collection[str]
    """Units of whose mark the text does not say enough here."""
    exits: frozenset[int]
    outcome: Outcome
    pending: frozenset[Ref]
    perhaps: frozenset[Ref]
    """Pending or superseded."""
    healed: frozenset[str]
    """Files of which rows healed."""


@dataclass
class Model:
    """The state of an importer, and what it must make of MO."""

    noted: dict[str, Noted] = field(default_factory=dict)
    pending: frozenset[Ref] = frozenset()
    perhaps: frozenset[Ref] = frozenset()
    superseded: frozenset[Ref] = frozenset()
    """Rows that were perhaps superseded in a run that was completed."""

    def new(self, server: Mapping[str, File], since: date | None = None) -> list[File]:
        """The files on the server that a run takes as new."""
        return [
            file
            for name, file in server.items()
            if (known := self.noted.get(name)) is None
            or known.file != file
            or known.under_way
            or (since is not None and (file.family == "STAM" or file.date >= since))
        ]

    def expect(
        self,
        server: Mapping[str, File],
        now: Mo,
        past: Past,
        today: date,
        wash: Wash,
        since: date | None = None,
    ) -> Expected:
        """What a run must come to. `now` is MO before it."""
        new = {file.name for file in self.new(server, since)}
        lists = [file for file in server.values() if file.family == "STAM"]
        dated = sorted(
            (file for file in server.values() if file.family != "STAM"), key=lambda each: each.order
        )
        speaks = subjects(dated, now, lists, today, wash)
        waiting = self.pending | self.perhaps
        due: dict[Subject, list[str]] = {}
        for (name, line), subject in speaks.items():
            if subject is not None and (name in new or (name, line) in waiting):
                due.setdefault(subject, []).append(name)

        reads: dict[Subject, list[File]] = {}
        base = {kind: dict(objects) for kind, objects in now.items()}
        pasts: dict[datetime, Mo] = {}
        for subject, names in due.items():
            its = [
                file
                for file in dated
                if any(speaks.get((file.name, line)) == subject for line, _ in file.cells())
            ]
            reads[subject], moment = self._reads(its, names)
            if moment is not None:
                if moment not in pasts:
                    pasts[moment] = past(moment)
                before = pasts[moment]
                if before["unit"] or not self._without_past(moment, reads[subject]):
                    _put_back(base, before, now, subject, reads[subject], speaks)

        read = []
        for file in dated:
            lines = [
                line
                for line, _ in file.cells()
                if (
                    file in reads.get(subject, ())
                    if (subject := speaks[file.name, line]) is not None
                    else file.name in new
                )
            ]
            if lines:
                read.append(file.only(lines))
        outcome = fold(base, [*lists, *read], today, wash, now)
        optional = {
            ref
            for ref, (fate, _) in outcome.set_aside.items()
            if fate == PENDING and followed(ref, read, outcome.aside)
        } | {ref for ref in self.superseded if ref in outcome.set_aside}
        outcomes = [outcome]
        if optional:
            without = [
                file.only([line for line, _ in file.cells() if (file.name, line) not in optional])
                for file in read
            ]
            outcomes.append(fold(base, [*lists, *(file for file in without if file.rows)], today, wash, now))

        pending = {
            ref for ref, (fate, _) in outcome.set_aside.items() if fate == PENDING
        } | outcome.aside.partly
        relevant = {ref for ref in speaks if ref[0] in new} | waiting
        relevant |= {(file.name, line) for file in lists if file.name in new for line, _ in file.cells()}
        return Expected(
            [laid_over(now, each.sheet) for each in outcomes],
            _loose_marks(now, base, outcome.sheet),
            self._exits(outcome, relevant, pending, optional, server, new, since),
            outcome,
            frozenset(pending - optional),
            frozenset(pending & optional),
            frozenset(name for name, line in waiting if (name, line) not in outcome.set_aside),
        )

    def _reads(self, its: Sequence[File], due: Collection[str]) -> tuple[list[File], datetime | None]:
        """R and T of a subject: `its` files, in order, of which those that are `due` have a new or a pending row of it."""
        first = next(number for number, file in enumerate(its) if file.name in due)
        while True:
            began = [moment for file in its[first:] if (moment := self._noted(file).began) is not None]
            moment = min(began, default=None)
            older = [
                number
                for number, file in enumerate(its[:first])
                if moment is not None and (last := self._noted(file).last) is not None and last >= moment
            ]
            if not older:
                return list(its[first:]), moment
            first = older[0]

    def _noted(self, file: File) -> Noted:
        return self.noted.get(file.name, Noted())

    def _without_past(self, moment: datetime, read: Sequence[File]) -> bool:
        """Whether an MO without any unit as of the moment is one of which MO has no past."""
        earlier = any(each.began is not None and each.began < moment for each in self.noted.values())
        is_stamp = any(
            self._noted(file).began == moment and moment.replace(tzinfo=None) == file.stamp for file in read
        )
        return earlier or is_stamp

    def _exits(
        self,
        outcome: Outcome,
        relevant: Collection[Ref],
        pending: Collection[Ref],
        optional: Collection[Ref],
        server: Mapping[str, File],
        new: Collection[str],
        since: date | None,
    ) -> frozenset[int]:
        """Exit 0: nothing is pending, and nothing was left out that was not told before."""
        if set(pending) - set(optional):
            return frozenset({1})
        aside = outcome.aside
        first = {name for name in new if self.noted.get(name, Noted()).file != server[name]}
        told = {ref for ref in relevant if ref in outcome.set_aside} - set(optional)
        told |= {(name, line) for name, line, _ in aside.told if (name, line) in relevant}
        if any(name in first for name, _ in told):
            return frozenset({1})
        doubtful = bool(told) or bool(optional) or outcome.left_alone
        doubtful = doubtful or any(open_header(server[name]) for name in new)
        return frozenset({0, 1}) if doubtful else frozenset({0})

    def ended(self, new: Iterable[File], start: datetime) -> None:
        """A run was ended that had begun to write, or may have."""
        for file in new:
            noted = self.noted.setdefault(file.name, Noted())
            noted.last, noted.under_way = start, True
        self._take_moment(start)

    def done(self, new: Iterable[File], start: datetime, wrote: bool, expected: Expected) -> None:
        """A run was completed that began after `start`."""
        names = {file.name for file in new}
        for file in new:
            noted = self.noted.setdefault(file.name, Noted())
            noted.file, noted.under_way = file, False
        for name in names | expected.healed:
            self.noted[name].without_moment = True
        if wrote:
            self._take_moment(start)
        self.superseded |= expected.perhaps
        self.pending, self.perhaps = expected.pending, expected.perhaps

    def _take_moment(self, start: datetime) -> None:
        for noted in self.noted.values():
            noted.began = noted.began or start
            if noted.without_moment or noted.last is None:
                noted.last, noted.without_moment = start, False


def subjects(
    files: Sequence[File], now: Mo, lists: Sequence[File], today: date, wash: Wash
) -> dict[Ref, Subject | None]:
    """The subject of each row.

    Text: "the subject of a Pers row is the person who has that engagement, else its CPR number".
    """
    persons = {pieces[-1][2].cpr: uuid for uuid, pieces in now["person"].items()}
    owners = {
        uuid: pieces[-1][2].person
        for mo in (fold(now, [*lists, *files], today, wash).mo, now)
        for uuid, pieces in mo["engagement"].items()
    }
    found: dict[Ref, Subject | None] = {}
    for file in files:
        for line, row in file.cells():
            found[file.name, line] = _subject(file.family, row, persons, owners)
    return found


def _subject(
    family: str, row: Mapping[str, str], persons: Mapping[str, str], owners: Mapping[str, str]
) -> Subject | None:
    cpr = _read(cells.cpr, row.get("CPR", ""))
    if family == "Pers":
        owner = owners.get(_read(cells.uuid, row["UUID"]))
        uuid = owner or (persons.get(cpr, object_uuid(cpr)) if cpr else "")
        return ("person", uuid) if uuid else None
    unit = _read(cells.uuid, row["OrgUUID"])
    if family == "Org":
        return ("unit", unit) if unit else None
    return ("manager", object_uuid(unit + cpr + "manager")) if unit and cpr else None


def _read(reader: Callable[[str], str], cell: str) -> str:
    try:
        return reader(cell)
    except cells.Bad:
        return ""


def _put_back(
    base: Mo,
    before: Mo,
    now: Mo,
    subject: Subject,
    files: Sequence[File],
    speaks: Mapping[Ref, Subject | None],
) -> None:
    """Takes the objects of a subject that its files speak of as they were."""
    for kind, uuid in _objects(before, now, subject, files, speaks):
        pieces = before[kind].get(uuid)
        if pieces:
            base[kind][uuid] = pieces
        else:
            base[kind].pop(uuid, None)


def _objects(
    before: Mo, now: Mo, subject: Subject, files: Sequence[File], speaks: Mapping[Ref, Subject | None]
) -> list[Key]:
    what, uuid = subject
    if what == "manager":
        return [("manager", uuid)]
    if what == "unit":
        return [("unit", uuid), ("mark", uuid), *(address_key(uuid, column) for column in ADDRESSES)]
    found: list[Key] = [("person", uuid)]
    cprs = {pieces[-1][2].cpr for mo in (before, now) if (pieces := mo["person"].get(uuid))}
    found += [("address", object_uuid(cpr + "email")) for cpr in cprs]
    found += [
        ("engagement", _read(cells.uuid, row["UUID"]))
        for file in files
        for line, row in file.cells()
        if speaks[file.name, line] == subject
    ]
    derived = {object_uuid(cpr + "azid") for cpr in cprs}
    then, today = (_accounts(mo, uuid) for mo in (before, now))
    if then or derived & today:
        found += [("account", each) for each in then | today]
    return found


def _accounts(mo: Mo, person: str) -> set[str]:
    return {
        uuid
        for uuid, pieces in mo["account"].items()
        if any(value.person == person and value.system == AZ for _, _, value in pieces)
    }


def laid_over(now: Mo, sheet: Sheet) -> Mo:
    """MO after a run: on the claimed days what is claimed, on the others what MO said before it."""
    out = {kind: dict(objects) for kind, objects in now.items()}
    for (kind, uuid), claimed in sheet.claimed.items():
        if kind not in out:
            continue
        said: list[Piece] = []
        row = sheet.values[kind, uuid]
        for index, first in enumerate(sheet.days):
            last = sheet.last(index)
            if claimed[index]:
                said += [(first, last, row[index])] if row[index] is not None else []
            else:
                said += [
                    (max(first, start), min(last, end), value)
                    for start, end, value in now[kind].get(uuid, ())
                    if start <= last and end >= first
                ]
        out[kind].pop(uuid, None)
        if said:
            out[kind][uuid] = joined(said)
    for unit in [uuid for kind, uuid in sheet.claimed if kind == "unit"]:
        out["mark"].pop(unit, None)
        if mark := _mark(out["unit"].get(unit, []), sheet, unit):
            out["mark"][unit] = mark
    return out


def _mark(there: Sequence[Piece], sheet: Sheet, unit: str) -> list[Piece]:
    """The interval that is to hold a unit's mark, on the days of the unit."""
    row = sheet.values.get(("mark", unit), ())
    marked = [index for index, value in enumerate(row) if value is not None]
    if not marked:
        return []
    first, last, name = sheet.days[marked[0]], sheet.last(marked[-1]), row[marked[0]]
    return joined(
        (max(start, first), min(end, last), name) for start, end, _ in there if start <= last and end >= first
    )


def _loose_marks(now: Mo, base: Mo, sheet: Sheet) -> set[str]:
    """Units that have days which nobody claims any more, or a mark set by hand that may come to light again."""
    loose = {
        unit
        for unit, pieces in now["mark"].items()
        if any(value not in (LINE, OUTSIDE) for _, _, value in pieces)
    }
    for unit in {*now["unit"], *base["unit"]}:
        claimed = sheet.claimed.get(("unit", unit))
        if claimed and any(
            (on(now["unit"].get(unit, ()), day) is None) != (on(base["unit"].get(unit, ()), day) is None)
            for index, day in enumerate(sheet.days)
            if not claimed[index]
        ):
            loose.add(unit)
    return loose


def _since_1900(pieces: Sequence[Piece]) -> list[Piece]:
    """From when on a new class is there, the text leaves open: before all that may refer to it."""
    return [(max(start, EARLIEST), end, value) for start, end, value in pieces if end >= EARLIEST]


def first_difference(said: Mo, wanted: Mo, loose_marks: Collection[str] = ()) -> str | None:
    """The first day on which MO says otherwise than it should, in words."""
    found: list[tuple[date, str]] = []
    for kind in empty_mo():
        for uuid in {*said[kind], *wanted[kind]}:
            if kind == "mark" and uuid in loose_marks:
                continue
            one, two = said[kind].get(uuid, []), wanted[kind].get(uuid, [])
            if kind == "mark":
                one, two = ([piece for piece in each if piece[2] != OUTSIDE] for each in (one, two))
            if kind in ("class", "itsystem"):
                one, two = (_since_1900(each) for each in (one, two))
            if one == two:
                continue
            days = sorted(
                {date.min}
                | {day for start, end, _ in [*one, *two] for day in (start, after(end)) if day != FOREVER}
            )
            day = next((day for day in days if on(one, day) != on(two, day)), None)
            if day is not None:
                found.append((day, f"{kind} {uuid} on {day}: MO says {on(one, day)}, not {on(two, day)}"))
    return min(found)[1] if found else None
