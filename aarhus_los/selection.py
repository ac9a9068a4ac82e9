"""Which files a run reads, and for which of their rows it answers: the state against what the source lists.

New versions are found by the sha256 of their bytes. From the oldest new file on, every file of that family is read, and
what is older and was claimed since, so that a late or a corrected row is folded in its place; and for pending rows, what
was kept for them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from aarhus_los.desired.claims import Notice
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import DropName, Family, near_miss, parse_name, refusal
from aarhus_los.drop.rejects import RowRef
from aarhus_los.errors import EXIT_DATA, EXIT_ROWS, StateError, UnavailableError
from aarhus_los.ledger import NOTHING_YET, Kept, Line, State, digest, moment_of_stamp
from aarhus_los.masking import masked
from aarhus_los.messages import Message
from aarhus_los.moments import folded_from
from aarhus_los.sources.entries import Entry, FileChanged, FileUnreadable, Source

AHEAD: Final = timedelta(days=1)
"""How far the time of the last import may lie ahead of the clock."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that is not imported and not in the state, and the exit code that it means."""

    file: str
    reason: str
    exit_code: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", masked(self.file))
        object.__setattr__(self, "reason", masked(self.reason))


@dataclass
class Selection:
    """What a run reads."""

    files: list[DropFile] = field(default_factory=list)
    """In the order of folding."""
    lines: dict[str, Line] = field(default_factory=dict)
    """The lines of the files that are read, as they will stand in the state but for what the import finds out, and of
    those that stand there without one: taken over, or with another modification time."""
    refused: list[Refusal] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    """The names of ours that the source has."""
    reported: dict[str, str] = field(default_factory=dict)
    """What the state will say that was reported, beside pending rows."""

    @property
    def quiet(self) -> bool:
        """Nothing is new and nothing pending."""
        return not self.files

    def of(self, family: Family) -> list[DropFile]:
        return [file for file in self.files if file.name.family is family]


class Wishes(NamedTuple):
    """What the operator asked for beside what is new."""

    since: date | None = None
    allow_late: bool = False
    allow_empty: bool = False
    accepted: Collection[RowRef] = ()
    """Pending rows that are given up: a file that has no others, and cannot be tried again, is nothing to refuse."""

    def has_given_up(self, name: str, line: Line) -> bool:
        """Whether all pending rows of a file are given up."""
        return all(RowRef(name, row) in self.accepted for row in line.pending)


def select(
    state: State,
    source: Source,
    kept: Kept,
    now: datetime,
    wishes: Wishes | None = None,
    *,
    validate_birthdate: bool = True,
) -> Selection:
    """Lists the source, fetches what may be new, and decides what is read.

    Raises UnavailableError and StateError. A file that cannot be taken is refused, by name, and the others go on.
    """
    if state.timestamp not in (None, NOTHING_YET) and state.timestamp > now + AHEAD:
        raise StateError(
            f"the state says that the last import was at {state.timestamp:%Y-%m-%d %H:%M}, and the clock says"
            f" {now:%Y-%m-%d %H:%M}: set the clock, or put back the last good copy of the state"
        )
    return _Selecting(state, source, kept, now, wishes or Wishes(), validate_birthdate).run()


class _Selecting:
    def __init__(
        self,
        state: State,
        source: Source,
        kept: Kept,
        now: datetime,
        wishes: Wishes,
        validate_birthdate: bool,
    ) -> None:
        self.state = state
        self.source = source
        self.kept = kept
        self.now = now
        self.wishes = wishes
        self.validate_birthdate = validate_birthdate
        self.selection = Selection()
        self.entries: dict[str, Entry] = {}
        self.fresh: dict[str, DropFile] = {}
        self.known: dict[str, DropName] = {}
        """What has a version in MO, also by the word of an earlier importer."""

    @property
    def _takes_over(self) -> bool:
        """Whether an earlier importer left a timestamp, and nothing else is known yet."""
        return not self.state.ours and self.state.timestamp not in (None, NOTHING_YET)

    def run(self) -> Selection:
        names = self._listed()
        for name in names:
            self._look_at(name, self.entries[name.name])
        self.known = {
            name: parsed
            for name in (self.state.lines.keys() | self.selection.lines.keys())
            if self._line(name).sha256 is not None
            and (parsed := parse_name(name)) is not None
            and parsed.fault is None
        }
        if self.wishes.since is not None:
            self._again_since(self.wishes.since)
        for family in Family:
            self.selection.files += self._choose(family)
        self._report_beside_files()
        return self.selection

    def _listed(self) -> list[DropName]:
        names = []
        listing = self.source.listing()
        if unusable := listing.unusable_text():
            self._news("unusable", unusable, fault=True, value=unusable)
        for entry in sorted(listing.entries, key=lambda entry: entry.name):
            name = parse_name(entry.name)
            if name is None:
                if miss := near_miss(entry.name):
                    self._news(
                        f"name:{entry.name}", Message.NOT_READ(file=repr(entry.name), why=miss), fault=True
                    )
            elif reason := refusal(name, self.now.date()):
                self._refuse(name.name, reason, EXIT_ROWS)
            else:
                self.entries[name.name] = entry
                names.append(name)
        self.selection.listed = set(self.entries)
        empty = not names and not self.selection.refused
        if empty and not self.wishes.allow_empty and (self.state.timestamp is None or self.state.listed):
            raise UnavailableError(
                f"{self.source.describe()} has no file of the drop: is it the right folder?"
                if self.state.timestamp is None
                else f"{self.source.describe()} has no file of the drop, and had {self.state.listed} before:"
                " nothing is taken from it. If that is right, `--allow empty` accepts it once"
            )
        return names

    def _refuse(self, file: str, reason: str, exit_code: int) -> None:
        refusal = Refusal(file, reason, exit_code)
        if refusal not in self.selection.refused:  # a file may be asked for twice
            self.selection.refused.append(refusal)

    def _news(self, key: str, text: str, *, fault: bool = False, value: str | None = None) -> None:
        """Reports what the state does not know as reported already; of what it knows, that it is so still."""
        key = masked(key)
        known = self.state.reported.get(key)
        value = masked(value) if value is not None else known or self.now.date().isoformat()
        self.selection.reported[key] = value
        if known != value:
            self.selection.notices.append(Notice(text, fault=fault, news=True))

    def _look_at(self, name: DropName, entry: Entry) -> None:
        """Finds out whether a listed file is new, by its bytes where size and time do not tell."""
        line = self.state.lines.get(name.name)
        mtime = _written(entry.mtime)
        if entry.size == 0:
            self._wait(name.name, Message.EMPTY_FILE_WAITS(file=name.name))
            return
        under_way = line is not None and line.under_way is not None
        in_mo = line is not None and line.sha256 is not None and not under_way
        if line and in_mo and mtime and (line.size, line.mtime) == (entry.size, mtime):
            return
        data = self._fetch(name.name)
        if data is None:
            return
        sha256 = digest(data)
        fetched = Line(
            name.name,
            sha256,
            len(data),
            mtime,
            began=line.began if line else None,
            last=line.last if line else None,
            under_way=line.under_way if line else None,
        )
        stamp = name.stamp and name.stamp.replace(tzinfo=self.now.tzinfo)
        timestamp = self.state.timestamp
        if self._takes_over and timestamp is not None and stamp is not None and stamp < timestamp:
            fetched = replace(fetched, began=moment_of_stamp(stamp), last=timestamp.isoformat())
        if line and line.sha256 == sha256 and not under_way:
            self.selection.lines[name.name] = replace(line, size=len(data), mtime=mtime)
        elif self._is_taken_over(entry, stamp):
            self.selection.lines[name.name] = replace(fetched, taken_over=True)
        else:
            # Also a version that is in MO, where the import of one is under way: MO may hold part of that.
            self._add_fresh(name, data, fetched)

    def _wait(self, name: str, text: str) -> None:
        """A file that is not whole waits for the next run; one that still waits a day later is refused."""
        key, today = f"waits:{name}", self.now.date().isoformat()
        since = self.state.reported.get(key, today)
        if since < today:
            self.selection.reported[key] = since
            self._refuse(name, Message.NOT_WHOLE_SINCE(day=date.fromisoformat(since)), EXIT_ROWS)
        else:
            self._news(key, text)

    def _fetch(self, name: str) -> bytes | None:
        try:
            return self.source.read(name)
        except FileChanged as changed:
            self._wait(name, Message.CHANGED_FILE_WAITS(change=str(changed)))
        except FileUnreadable as unreadable:
            self._refuse(name, unreadable.reason, EXIT_DATA)
        return None

    def _is_taken_over(self, entry: Entry, stamp: datetime | None) -> bool:
        """Whether the earlier importer, of which only a timestamp is left, has imported this file."""
        changed = entry.mtime or stamp
        timestamp = self.state.timestamp
        if not self._takes_over or changed is None or timestamp is None:
            return False
        return changed <= timestamp - timedelta(days=1)

    def _add_fresh(self, name: DropName, data: bytes, line: Line, *, again: bool = False) -> None:
        """A new version, or `again` the one that was imported."""
        if parsed := self._parse(name, data, line if again else None):
            if parsed.is_empty:
                self.selection.notices.append(Notice(Message.NO_ROWS(file=name.name)))
            self.fresh[name.name] = parsed
            self.selection.lines[name.name] = line
            self._report_header(parsed)

    def _parse(self, name: DropName, data: bytes, imported: Line | None) -> DropFile | None:
        """Reads a file. `imported`: its line in the state, where this version was imported."""
        from aarhus_los.drop.reader import FileRefused, read_file  # a night with nothing new needs none of it

        try:
            parsed = read_file(name, data, validate_birthdate=self.validate_birthdate)
        except FileRefused as refused:
            self._refuse(name.name, refused.reason, EXIT_DATA)
            return None
        if imported is None:
            return parsed
        return replace(parsed.without(imported.given_up), taken_over=imported.taken_over)

    def _report_header(self, file: DropFile) -> None:
        """An optional column that a header lacks: once for each header, a fault where it had it or spells it otherwise."""
        if file.name.family is Family.STAM:
            return
        key = f"header:{file.name.family.value}_{file.name.kind}"
        missing = ", ".join(file.missing_columns)
        lost = set(file.missing_columns) - set(self.state.reported.get(key, missing).split(", "))
        if missing:
            text = Message.OF_FILE(file=file.name.name, text=file.missing_text())
            self._news(key, text, fault=bool(lost or file.near_columns), value=missing)
        self.selection.reported[key] = missing

    def _report_beside_files(self) -> None:
        """What has no file of its own to be reported with."""
        selection = self.selection
        for key, value in self.state.reported.items():
            if key.startswith(("header:", "mo:")):
                selection.reported.setdefault(key, value)
        for name, line in sorted(self.state.lines.items()):
            if line.under_way is not None and name not in self.entries:
                text = Message.LEFT_UNDER_WAY(file=name)
                self._news(f"gone:{name}", text, fault=True)
        if self.state.timestamp in (None, NOTHING_YET) and self.fresh:
            selection.notices.append(Notice(Message.FIRST_IMPORT(count=len(self.fresh)), news=True))
        taken_over = [name for name in self.known.values() if self._line(name.name).taken_over]
        if self._takes_over and taken_over:
            newest = max(taken_over, key=lambda name: (name.stamp is not None, name))
            text = Message.TAKEN_OVER(count=len(taken_over), newest=newest.name)
            selection.notices.append(Notice(text, news=True))

    def _again_since(self, since: date) -> None:
        """Takes files of that day and later, and all class lists, as new, also where this version is in MO."""
        refused = {refusal.file for refusal in self.selection.refused}
        gone = []
        for name in sorted(self.known.values()):
            if name.name in self.fresh or name.name in refused:
                continue
            if name.stamp is not None and name.file_date < since:
                continue
            line = self._line(name.name)
            data = self._bytes(line)
            if data is None:
                gone.append(name.name)
            else:
                self._add_fresh(name, data, line, again=True)
        if gone:
            self.selection.notices.append(Notice(Message.GONE_FOR_SINCE(files=_some(gone)), fault=True))

    def _line(self, name: str) -> Line:
        return self.selection.lines.get(name) or self.state.lines.get(name) or Line(name)

    def _bytes(self, line: Line) -> bytes | None:
        """The bytes of the version that is in MO: kept, or still on the server; None where it is gone."""
        data = self.kept.read(line.name, line.sha256)
        if data is None and line.name in self.entries and line.name not in self.fresh:
            fetched = self._fetch(line.name)
            data = fetched if fetched is not None and digest(fetched) == line.sha256 else None
        return data

    def _choose(self, family: Family) -> list[DropFile]:
        fresh = {file.name: file for file in self.fresh.values() if file.name.family is family}
        known = {
            name for name in self.known.values() if name.family is family and name.name not in self.fresh
        }
        waiting = {name for name in known if self._line(name.name).pending}
        files: dict[DropName, DropFile] = {}
        if family is Family.STAM:  # a class list is whole in itself: none folds with another
            files |= fresh
            files |= {name: file for name in waiting if (file := self._tried(name))}
        else:
            order = sorted({*fresh, *known})
            files |= self._folded_with_fresh(order, fresh)
            files = {**self._folded_with_waiting(order, waiting), **files}
        for name in files:
            self.selection.lines.setdefault(name.name, self._line(name.name))
        return [files[name] for name in sorted(files)]

    def _folded_from(self, order: Sequence[DropName], name: DropName) -> Sequence[DropName]:
        """The files that one is folded with, as far as their lines tell: some may be about other subjects only."""
        first, _ = folded_from([self._line(each.name) for each in order], order.index(name))
        return order[first:]

    def _folded_with_fresh(
        self, order: Sequence[DropName], fresh: Mapping[DropName, DropFile]
    ) -> dict[DropName, DropFile]:
        """The new files, and those that they are folded with. What other files said must not be undone: a new file that is
        folded with one that is gone is refused. Where files are imported again, which MO may lack, so is a newer one that
        is about the same subjects: it would be taken for the first word on them.
        """
        files: dict[DropName, DropFile] = {}
        settled = False
        """Whether a file is taken: those that are newer are folded with no others than it."""
        refused: set[object] = set()
        """The subjects of the files that are refused."""
        missing: list[str] = []
        for name in sorted(fresh):
            if not settled:
                others = [other for other in self._folded_from(order, name) if other not in fresh]
                found = {other: self._known(other) for other in others}
                gone = [other.name for other, file in found.items() if file is None]
                missing = gone or missing
                settled = not gone or self.wishes.allow_late
                files = {other: file for other, file in found.items() if file is not None} if settled else {}
            subjects = _subjects(fresh[name]) if self.wishes.since else set()
            if settled and not subjects & refused:
                files[name] = fresh[name]
            else:
                refused |= subjects
                self._refuse(name.name, Message.COMES_LATE(files=_some(missing)), EXIT_ROWS)
                del self.selection.lines[name.name]
        return files

    def _folded_with_waiting(
        self, order: Sequence[DropName], waiting: Collection[DropName]
    ) -> dict[DropName, DropFile]:
        """The files with pending rows, and those that they are folded with."""
        files: dict[DropName, DropFile] = {}
        known = [name for name in order if name.name not in self.fresh]
        for name in sorted(waiting):
            file = self._tried(name)
            if file is None:
                continue
            found = {other: self._known(other) for other in self._folded_with(known, name)}
            gone = [other.name for other, each in found.items() if each is None]
            if gone and not (self.wishes.allow_late or self._is_given_up(name)):
                self._refuse(name.name, Message.PENDING_BUT_LATE(files=_some(gone)), EXIT_ROWS)
                continue
            files |= {other: each for other, each in found.items() if each is not None}
        return files

    def _folded_with(self, known: Sequence[DropName], name: DropName) -> Sequence[DropName]:
        """The files that are read for the pending rows of one."""
        line = self._line(name.name)
        if not all(str(number) in line.folded_with for number in line.pending):
            return self._folded_from(known, name)
        names = {name.name}.union(*(line.folded_with[str(number)] for number in line.pending))
        return [other for other in known if other.name in names]

    def _tried(self, name: DropName) -> DropFile | None:
        """A file whose pending rows are tried again. Where they are given up, it is no matter that it is gone."""
        file = self._known(name)
        if file is None and not self._is_given_up(name):
            self._refuse(name.name, Message.PENDING_BUT_GONE(), EXIT_ROWS)
        return file

    def _is_given_up(self, name: DropName) -> bool:
        return self.wishes.has_given_up(name.name, self._line(name.name))

    def _known(self, name: DropName) -> DropFile | None:
        """A file that is in MO, to be folded again; None where its bytes are gone."""
        line = self._line(name.name)
        data = self._bytes(line)
        parsed = None if data is None else self._parse(name, data, line)
        return parsed and replace(parsed, due=frozenset(line.pending))


def _subjects(file: DropFile) -> set[object]:
    """What lines name: units, engagements and people. Enough to tell files that cannot have a subject in common."""
    names = ("org_uuid",) if file.name.family is Family.ORG else ("engagement_uuid", "cpr")
    lines = (*file.rows, *file.rejects)
    return {each for line in lines for name in names if (each := getattr(line, name, None)) is not None}


def _written(mtime: datetime | None) -> str | None:
    return None if mtime is None else mtime.astimezone(UTC).isoformat()


def _some(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else Message.AND_MORE(name=names[0], count=len(names) - 1)
