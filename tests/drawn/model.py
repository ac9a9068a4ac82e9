"""What a run must come to, from the text of "As it was, as it is": which subjects it claims, and on what MO it folds them.

Where the plain property does not say it (a late file, a row that heals, a correction), this does: each run is held against
the fold of what it has to read, over MO as it was before these files, and on all other days against MO before the run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby

from aarhus_los.uuids import object_uuid
from tests.drawn import cells
from tests.drawn.claims import EARLIEST, PENDING, REJECTED, Ref
from tests.drawn.days import Sheet, after
from tests.drawn.oracle import Outcome, fold, followed, open_header
from tests.drawn.units import ADDRESSES, OUTSIDE, Wash, address_key
from tests.drawn.world import AZ, FOREVER, LINE, File, Key, Mo, Piece, empty_mo, joined, on

Subject = tuple[str, str]
"""unit, person or manager, and its uuid."""
Reads = dict[Subject, tuple[tuple[File, ...], datetime | None]]
"""R and T of the subjects of a run."""
Past = Callable[[datetime], Mo]
"""MO as of a moment."""


STILL_TO_COME = datetime.max.replace(tzinfo=UTC)
"""The moment of a run that wrote nothing is that of the next one that does."""


@dataclass
class Noted:
    """What the state has of a file."""

    file: File | None = None
    """The version that is imported."""
    began: datetime | None = None
    last: datetime | None = None
    written: datetime | None = None
    """As `last`, but as it was where a run on the file wrote nothing: which of the two counts, is left open."""
    under_way: bool = False
    without_moment: bool = False
    """Whether it was imported by a run that wrote nothing: it takes the moment of the next one that does."""
    taken_over: bool = False
    """Whether it was an earlier importer that imported it: what became of its rows, nobody knows."""

    @property
    def first(self) -> datetime | None:
        """Its `began`, also where that is still to come."""
        return STILL_TO_COME if self.without_moment and self.began is None else self.began

    def claimed(self, written: bool) -> datetime | None:
        """Its `last`, also where that is still to come."""
        return self.first if self.began is None else self.written if written else self.last


@dataclass(frozen=True)
class Loose:
    """What the text leaves open."""

    marks: Collection[str] = ()
    """Units of whose mark it does not say enough here."""
    names: Mapping[str, date] = field(default_factory=dict)
    """Persons, and the day before which it does not say what they are called."""
    units: Collection[str] = ()
    """Units that a write of their mark may have overwritten, without what is written again after it."""


@dataclass(frozen=True)
class Expected:
    """`either` are what MO may say, on each day: mostly one MO; several where the text leaves open what is read again."""

    either: Sequence[Mo]
    loose: Loose
    exits: frozenset[int]
    outcome: Outcome
    pending: frozenset[Ref]
    superseded: frozenset[Ref]
    """Rows that would be pending, and that later ones have superseded."""
    in_part: frozenset[Ref]
    """Rows that wait for their address alone, or would."""
    healed: frozenset[str]
    """Files of which rows healed."""
    given_up: frozenset[Ref]
    """Rows that would be pending, and that the operator gives up."""
    read: Mapping[Subject, Sequence[File]]
    """Of the subjects, the files that were read for them."""
    speaks: Mapping[Ref, Subject | None]
    """The subject of each row."""


@dataclass
class Model:
    """The state of an importer, and what it must make of MO."""

    noted: dict[str, Noted] = field(default_factory=dict)
    pending: frozenset[Ref] = frozenset()
    rejected: frozenset[Ref] = frozenset()
    """Rows that are rejected, until another version of their file is imported."""
    gone: frozenset[Ref] = frozenset()
    """Rows that are superseded or given up, as long. Not those that waited for their address alone: they are in MO."""
    kept: dict[Subject, str] = field(default_factory=dict)
    """Subject of which a row is pending → the first file that is kept for it."""
    kept_files: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    """Files that a run does not take, though they are new: what they are folded with is gone."""

    def new(self, server: Mapping[str, File], since: date | None = None) -> list[File]:
        """The files on the server that a run takes as new."""
        return [
            file
            for name, file in server.items()
            if name not in self.late
            and (
                (known := self.noted.get(name)) is None
                or known.file != file
                or known.under_way
                or (since is not None and (file.family == "STAM" or file.date >= since))
            )
        ]

    def comes_late(
        self, server: Mapping[str, File], absent: Collection[str], since: date | None = None
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Which files a run must refuse, and which it may. `absent`: names under which nothing can be read.

        Text: "A late new file (or `--since`) of whose R some have left the server (or were overwritten by a version that is
        broken) is refused by name"; what is gone "counts as speaking of every subject" from D on. Whether what is older than
        D and gone does, nobody knows.
        """
        there = {file.name: file for file in self.new(server, since) if file.family != "STAM"}
        gone = [
            file
            for name in absent
            if (file := self.noted.get(name, Noted()).file) is not None
            and file.family != "STAM"
            and name not in self.kept_files
        ]
        may = {file.name for file in there.values() if any(each.family == file.family for each in gone)}
        must = {
            name
            for name in may
            if any(each.family == there[name].family and each.order >= there[name].order for each in gone)
        }
        return frozenset(must), frozenset(may)

    def _to_read(self, server: Mapping[str, File]) -> dict[str, File]:
        """The server without what comes late: of that, there is what was imported."""
        imported = {name: self.noted.get(name, Noted()).file for name in self.late}
        return {
            name: there for name, file in server.items() if (there := imported.get(name, file)) is not None
        }

    def expect(
        self,
        server: Mapping[str, File],
        now: Mo,
        past: Past,
        today: date,
        wash: Wash,
        since: date | None = None,
        accepted: Collection[Ref] | None = (),
    ) -> Expected:
        """What a run must come to. `now` is MO before it; `accepted` are the rows that it gives up, None: all."""
        server = self._to_read(server)
        new = {file.name for file in self.new(server, since)}
        run = _Fold(self, server, new, now, past, today, wash)
        reads = [run.reads(written, all_kept) for written in (False, True) for all_kept in (True, False)]
        folds = list({id(each): each for each in map(run.fold, reads)}.values())  # many are one and the same
        outcome = folds[0].outcome
        aside = outcome.aside
        pending = {ref for ref, (fate, _) in aside.rows.items() if fate == PENDING} | aside.partly
        # Rows that are read for the sake of others, and were imported before, answer for nothing.
        pending = {ref for ref in pending if ref[0] in new or ref in self.pending}
        superseded = {ref for ref in pending if followed(ref, folds[0].read, aside)}
        pending -= superseded
        given_up = frozenset(pending if accepted is None else pending.intersection(accepted))
        pending -= given_up
        exits = self._exits(outcome, run, pending, superseded, given_up, server)
        left_out = {*aside.rows, *aside.partly}
        return Expected(
            [laid_over(now, each.base, each.outcome.sheet) for each in folds],
            Loose(
                _loose_marks(now, folds[0].base, outcome.sheet),
                {person: day for each in folds for person, day in each.outcome.made.items()},
            ),
            frozenset({0}) if accepted is None else exits,
            outcome,
            frozenset(pending),
            frozenset(superseded),
            frozenset(aside.partly),
            frozenset(name for name, line in self.pending if (name, line) not in left_out),
            given_up,
            {subject: read for subject, (read, _) in reads[0].items()},
            run.speaks,
        )

    def refused(self, expected: Expected, before: Mo, pending: frozenset[Ref]) -> Expected:
        """What a run must come to of which MO refuses objects: each day as it was before, or as it would be. `pending` are
        the rows that wait after it, those that would and others.
        """
        healed = {name for name, line in self.pending - pending - expected.superseded}
        either = [before, *expected.either]
        marked = {uuid for mo in either for uuid in mo["mark"]}
        return replace(
            expected,
            either=either,
            loose=replace(expected.loose, units=marked, marks={*expected.loose.marks, *marked}),
            exits=frozenset({1}),
            pending=pending,
            superseded=expected.superseded - pending,
            healed=frozenset(healed),
        )

    def has(self, file: File) -> bool:
        """Whether this version of the file is imported."""
        return self.noted.get(file.name, Noted()).file == file

    def reads(
        self, its: Sequence[File], due: Collection[str], written: bool, kept: str | None
    ) -> tuple[tuple[File, ...], datetime | None]:
        """R and T of a subject: `its` files, in order, of which those that are `due` have a new or a pending row of it.

        `kept` is the first of the files that are kept for its pending row. Text: "for a row that was pending already, R is
        what is kept and what came since": of what is older, nothing.
        """
        first = next(number for number, file in enumerate(its) if file.name in due)
        oldest = next((number for number, file in enumerate(its) if file.name == kept), 0)
        while True:
            began = [moment for file in its[first:] if (moment := self._noted(file).first) is not None]
            moment = min(began, default=None)
            older = [
                number
                for number, file in enumerate(its[:first])
                if moment is not None
                and number >= oldest
                and (last := self._noted(file).claimed(written)) is not None
                and last >= moment
            ]
            if not older:
                return tuple(its[first:]), None if moment == STILL_TO_COME else moment
            first = older[0]

    def _noted(self, file: File) -> Noted:
        return self.noted.get(file.name, Noted())

    def without_past(self, moment: datetime, read: Sequence[File]) -> bool:
        """Whether an MO without any unit as of the moment is one of which MO has no past. Class lists have no `began`."""
        noted = [each for name, each in self.noted.items() if not name.startswith("STAM")]
        earlier = any(each.began is not None and each.began < moment for each in noted)
        is_stamp = any(
            self._noted(file).began == moment and moment.replace(tzinfo=None) == file.stamp for file in read
        )
        return earlier or is_stamp

    def _exits(
        self,
        outcome: Outcome,
        run: _Fold,
        pending: Collection[Ref],
        superseded: Collection[Ref],
        given_up: Collection[Ref],
        server: Mapping[str, File],
    ) -> frozenset[int]:
        """Exit 0: nothing is pending, and nothing was left out that was not told before."""
        new = run.new
        relevant = {ref for ref in run.speaks if ref[0] in new} | self.pending
        lists = [file for name, file in server.items() if name in new and file.family == "STAM"]
        relevant |= {(file.name, line) for file in lists for line, _ in file.cells()}
        if pending:
            return frozenset({1})
        aside = outcome.aside
        first = {name for name in new if self.noted.get(name, Noted()).file != server[name]}
        told = {ref for ref in relevant if ref in outcome.set_aside}
        told |= {(name, line) for name, line, _ in aside.told if (name, line) in relevant}
        told -= {*superseded, *given_up, *run.gone}
        if any(name in first for name, _ in told):
            return frozenset({1})
        at_once = any(name in first for name, _ in superseded)
        doubtful = bool(told) or at_once or outcome.left_alone
        doubtful = doubtful or any(open_header(server[name]) for name in new)
        return frozenset({0, 1}) if doubtful else frozenset({0})

    def ended(self, new: Iterable[File], start: datetime) -> None:
        """A run was ended that had begun to write, or may have."""
        for file in new:
            noted = self.noted.setdefault(file.name, Noted())
            noted.last = noted.written = start
            noted.under_way = True
        self._take_moment(start, {file.name for file in new})

    def done(self, new: Iterable[File], start: datetime, wrote: bool, expected: Expected) -> None:
        """A run was completed that began after `start`."""
        names = {file.name for file in new}
        replaced = {file.name for file in new if not self.has(file)}
        for file in new:
            noted = self.noted.setdefault(file.name, Noted())
            noted.file, noted.under_way, noted.taken_over = file, False, False
        for name in names | expected.healed:
            self.noted[name].without_moment = True
            if wrote:
                self.noted[name].written = start
        if wrote:
            self._take_moment(start, names | expected.healed)
        self.pending = expected.pending
        rejected = {ref for ref, (fate, _) in expected.outcome.set_aside.items() if fate == REJECTED}
        self.rejected = frozenset({ref for ref in self.rejected if ref[0] not in names} | rejected)
        self.gone = frozenset(ref for ref in self.gone if ref[0] not in replaced)
        self.gone |= (expected.superseded | expected.given_up) - expected.in_part
        waits = {expected.speaks[ref] for ref in expected.pending}
        kept = {subject: read for subject, read in expected.read.items() if subject in waits}
        self.kept = {subject: read[0].name for subject, read in kept.items()}
        self.kept_files = frozenset(file.name for read in kept.values() for file in read)

    def _take_moment(self, start: datetime, own: Collection[str]) -> None:
        """Text: "its files take that of the next run that has one, and until then MO as it is is their base": what was
        imported without one was there just before. `own` are the files of the run itself.
        """
        for name, noted in self.noted.items():
            moment = start if name in own else start - timedelta(microseconds=1)
            noted.began = noted.began or moment
            if noted.without_moment or noted.last is None:
                noted.last, noted.without_moment = moment, False
                noted.written = noted.written or moment


@dataclass(frozen=True)
class _Folded:
    base: Mo
    read: Sequence[File]
    outcome: Outcome


class _Fold:
    """The fold of one run, with these or those rows."""

    def __init__(
        self,
        model: Model,
        server: Mapping[str, File],
        new: Collection[str],
        now: Mo,
        past: Past,
        today: date,
        wash: Wash,
    ) -> None:
        self.model, self.new, self.now, self.today, self.wash = model, frozenset(new), now, today, wash
        self.past = cache(past)
        self._folds: dict[object, _Folded] = {}
        self.lists = [file for file in server.values() if file.family == "STAM"]
        dated = [file for file in server.values() if file.family != "STAM"]
        self.dated = sorted(dated, key=lambda each: each.order)
        self.speaks = subjects(self.dated, now, self.lists, today, wash)
        self.replaced = {name for name in new if not model.has(server[name])}
        self.gone = frozenset(ref for ref in model.gone if ref[0] not in self.replaced)

    def reads(self, written: bool, all_kept: bool) -> Reads:
        """What the new rows and those that wait make the run read. See `Noted.written` and `Model.reads`.

        Text: "A superseded or given-up row counts as not there": also where its file is imported again.

        `all_kept`: whether new rows of a subject are read with all that was claimed since, or its pending row with what is
        kept for it alone: where a subject has both, the text does not say which.
        """
        due: dict[Subject, list[str]] = {}
        for (name, line), subject in self.speaks.items():
            ref = (name, line)
            is_due = (name in self.new and ref not in self.gone) or ref in self.model.pending
            if subject is not None and is_due:
                due.setdefault(subject, []).append(name)
        reads: Reads = {}
        for subject, names in due.items():
            its = [file for file in self.dated if self._speaks_of(file, subject)]
            only_waits = not self.new.intersection(names)
            first = self.model.kept.get(subject) if only_waits or not all_kept else None
            reads[subject] = self.model.reads(its, names, written, first)
        return reads

    def fold(self, reads: Reads) -> _Folded:
        """Folds what the run reads."""
        key = tuple(reads.items())
        if key not in self._folds:
            self._folds[key] = self._fold(reads)
        return self._folds[key]

    def _fold(self, reads: Reads) -> _Folded:
        base = {kind: dict(objects) for kind, objects in self.now.items()}
        for subject, (its, moment) in reads.items():
            if moment is not None:
                before = self.past(moment)
                if before["unit"] or not self.model.without_past(moment, its):
                    _put_back(base, before, self.now, subject, its, self.speaks)
        read = [file.only(self._lines(file, reads)) for file in self.dated]
        read = [file for file in read if file.rows]
        rejected = {ref for ref in self.model.rejected if ref[0] not in self.new}
        noted = self.model.noted
        old = [file for file in read if file.name not in self.new and not noted[file.name].taken_over]
        applied = {(file.name, line) for file in old for line, _ in file.cells()} - self.model.pending
        outcome = fold(
            base, [*self.lists, *read], self.today, self.wash, self.now, self.gone | rejected, applied
        )
        return _Folded(base, read, outcome)

    def _speaks_of(self, file: File, subject: Subject) -> bool:
        """Text: "A superseded or given-up row counts as not there"."""
        refs = [(file.name, line) for line, _ in file.cells()]
        return any(self.speaks.get(ref) == subject and ref not in self.gone for ref in refs)

    def _lines(self, file: File, reads: Reads) -> set[int]:
        return {
            line
            for line, _ in file.cells()
            if (
                file in reads.get(subject, ((), None))[0]
                if (subject := self.speaks[file.name, line]) is not None
                else file.name in self.new
            )
        }


def subjects(
    files: Sequence[File], now: Mo, lists: Sequence[File], today: date, wash: Wash
) -> dict[Ref, Subject | None]:
    """The subject of each row.

    Text: "the subject of a Pers row is the person who has that engagement, else its CPR number".
    """
    persons = {pieces[-1][2].cpr: uuid for uuid, pieces in now["person"].items()}
    owners = fold(now, [*lists, *files], today, wash).owners
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


def laid_over(now: Mo, base: Mo, sheet: Sheet) -> Mo:
    """MO after a run: on the claimed days what is claimed, on the others what MO said before it."""
    _claim_marked_days(base, sheet)
    out = {kind: dict(objects) for kind, objects in now.items()}
    for (kind, uuid), claimed in sheet.claimed.items():
        if kind not in out:
            continue
        said: list[Piece] = []
        row = sheet.values[kind, uuid]
        for is_claimed, days in groupby(range(len(sheet.days)), claimed.__getitem__):
            indices = list(days)
            if is_claimed:
                said += [(sheet.days[i], sheet.last(i), row[i]) for i in indices if row[i] is not None]
            else:
                first, last = sheet.days[indices[0]], sheet.last(indices[-1])
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


def _claim_marked_days(base: Mo, sheet: Sheet) -> None:
    """Text: "Where the base's interval is another, the unit claims all days of both intervals, with what the base says of
    the days before its first claim".

    The same of a unit that gets days: "the mark is written over its interval before them". A run that is killed after that
    leaves the gaps of the interval filled, so that the next one must claim them.
    """
    for unit in [uuid for kind, uuid in sheet.claimed if kind == "unit"]:
        were = [piece for piece in base["mark"].get(unit, ()) if piece[2] == LINE]
        row = sheet.values.get(("mark", unit), ())
        marked = [index for index, value in enumerate(row) if value == LINE]
        before = (were[0][0], were[-1][1]) if were else None
        now = (sheet.days[marked[0]], sheet.last(marked[-1])) if marked else None
        kept, is_kept = (_days_within(each, sheet, unit) for each in (before, now))
        written = [] if kept == is_kept else [before, now]
        there, shown = base["unit"].get(unit, ()), base["mark"].get(unit, ())
        days = [
            day
            for day, value in zip(sheet.days, sheet.values["unit", unit], strict=True)
            if value is not None
        ]
        if there and shown and not all(any(start <= day <= end for start, end, _ in there) for day in days):
            written.append((shown[0][0], shown[-1][1]))
        for index, day in enumerate(sheet.days):
            if any(each and each[0] <= day <= each[1] for each in written):
                sheet.claimed["unit", unit][index] = True


def _days_within(interval: tuple[date, date] | None, sheet: Sheet, unit: str) -> list[date]:
    """The days of an interval on which the unit is there: the others "are not compared"."""
    row = zip(sheet.days, sheet.values["unit", unit], strict=True)
    return [day for day, value in row if value is not None and interval and interval[0] <= day <= interval[1]]


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


def first_difference(said: Mo, either: Sequence[Mo], loose: Loose = Loose()) -> str | None:
    """The first day on which MO says what it says on that day in none of some, in words."""
    found: list[tuple[date, str]] = []
    for kind in empty_mo():
        for uuid in set(said[kind]).union(*(mo[kind] for mo in either)):
            if uuid in {"mark": loose.marks, "unit": loose.units}.get(kind, ()):
                continue
            one, *others = (_plain(kind, mo[kind].get(uuid, [])) for mo in (said, *either))
            if one in others:
                continue
            days = sorted(
                {date.min}
                | {day for each in (one, *others) for start, end, _ in each for day in (start, after(end))}
                - {FOREVER}
            )
            for day in days:
                wanted = [on(each, day) for each in others]
                if on(one, day) in wanted or (kind == "person" and day < loose.names.get(uuid, date.min)):
                    continue
                found.append((day, f"{kind} {uuid} on {day}: MO says {on(one, day)}, not {wanted[0]}"))
                break
    return min(found)[1] if found else None


def _plain(kind: str, pieces: Sequence[Piece]) -> list[Piece]:
    """What is compared: *Uden for linjeorganisationen* equals none, and classes from 1900 on: before all that may refer to
    one, the text leaves open from when on it is there.
    """
    if kind == "mark":
        return [piece for piece in pieces if piece[2] != OUTSIDE]
    if kind in ("class", "itsystem"):
        return [(max(start, EARLIEST), end, value) for start, end, value in pieces if end >= EARLIEST]
    return list(pieces)
