"""Which files a run reads, and for which of their rows it answers: the state against what the source lists.

New versions are found by the sha256 of their bytes. From the oldest stamp among new files and files with pending rows on,
every file of that family is read, so that a late, a corrected or a pending row is folded in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import DropName, Family, near_miss, parse_name, refusal
from aarhus_los.drop.reader import FileRefused, read_file
from aarhus_los.errors import EXIT_DATA, EXIT_ROWS
from aarhus_los.ledger import NOTHING_YET, Kept, Line, State, digest
from aarhus_los.sources.entries import Entry, FileChanged, FileUnreadable, Source


@dataclass(frozen=True)
class ReadFile:
    """A file that this run reads. `counted` are the lines it answers for; None: all, since this version is new."""

    name: DropName
    data: bytes = field(repr=False)
    parsed: DropFile = field(repr=False)
    line: Line
    """As it will stand in the state, but for what the import finds out."""
    counted: frozenset[int] | None
    as_nye: frozenset[int] | None
    """None: to be found out."""

    @property
    def is_new(self) -> bool:
        return self.counted is None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that is not imported and not in the state, and the exit code that it means."""

    file: str
    reason: str
    exit_code: int


@dataclass
class Selection:
    """What a run reads."""

    files: list[ReadFile] = field(default_factory=list)
    """In the order of folding."""
    lines: dict[str, Line] = field(default_factory=dict)
    """Lines that are new in the state without an import: taken over, or with another modification time."""
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    """The names of ours that the source has."""

    @property
    def quiet(self) -> bool:
        """Nothing is new and nothing pending."""
        return not self.files

    def of(self, family: Family) -> list[ReadFile]:
        return [file for file in self.files if file.name.family is family]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator asked for beside what is new."""

    since: date | None = None
    allow_late: bool = False
    accept_rejects: bool = False
    """What is pending is given up: what cannot be tried again is then nothing to refuse."""


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
        self.fresh: dict[str, ReadFile] = {}
        self.known: dict[str, DropName] = {}
        """What has a version in MO, also by the word of an earlier importer."""

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
        return self.selection

    def _listed(self) -> list[DropName]:
        names = []
        listing = self.source.listing()
        if unusable := listing.unusable_text():
            self.selection.warnings.append(unusable)
        for entry in sorted(listing.entries, key=lambda entry: entry.name):
            name = parse_name(entry.name)
            if name is None:
                if miss := near_miss(entry.name):
                    self.selection.warnings.append(f"{entry.name!r} is not read: {miss}")
            elif reason := refusal(name, self.now.date()):
                self._refuse(name.name, reason, EXIT_ROWS)
            else:
                self.entries[name.name] = entry
                names.append(name)
        self.selection.listed = set(self.entries)
        return names

    def _refuse(self, file: str, reason: str, exit_code: int) -> None:
        refusal = Refusal(file, reason, exit_code)
        if refusal not in self.selection.refused:  # a file may be asked for twice
            self.selection.refused.append(refusal)

    def _look_at(self, name: DropName, entry: Entry) -> None:
        """Finds out whether a listed file is new, by its bytes where size and time do not tell."""
        line = self.state.lines.get(name.name)
        mtime = _written(entry.mtime)
        if entry.size == 0:
            self.selection.warnings.append(f"{name.name} is empty: it waits for the next run")
            return
        cut_off = line is not None and line.under_way is not None and line.under_way.sha256 != line.sha256
        seen = line is not None and line.sha256 is not None and not cut_off
        if line and seen and mtime and (line.size, line.mtime) == (entry.size, mtime):
            return
        data = self._fetch(name.name)
        if data is None:
            return
        sha256 = digest(data)
        fetched = Line(name.name, sha256, len(data), mtime)
        if line and line.sha256 == sha256 and not cut_off:
            self.selection.lines[name.name] = replace(line, size=len(data), mtime=mtime)
        elif self._is_taken_over(name, entry):
            under_way = line.under_way if line else None
            self.selection.lines[name.name] = replace(fetched, taken_over=True, under_way=under_way)
        else:
            # Also a version that is in MO, where the import of another one was cut off: MO may hold part of that.
            self._add_fresh(name, data, fetched, _as_nye(line, sha256))

    def _fetch(self, name: str) -> bytes | None:
        try:
            return self.source.read(name)
        except FileChanged as changed:
            self.selection.warnings.append(f"{changed}: it waits for the next run")
        except FileUnreadable as unreadable:
            self._refuse(name, unreadable.reason, EXIT_DATA)
        return None

    def _is_taken_over(self, name: DropName, entry: Entry) -> bool:
        """Whether an earlier importer, of which only a timestamp is left, has imported this file."""
        timestamp = self.state.timestamp
        if self.state.ours or timestamp is None or timestamp == NOTHING_YET:
            return False
        changed = entry.mtime
        if changed is None and name.stamp is not None:
            changed = name.stamp.replace(tzinfo=self.now.tzinfo)
        return changed is not None and changed <= timestamp - timedelta(days=1)

    def _add_fresh(self, name: DropName, data: bytes, line: Line, as_nye: frozenset[int] | None) -> None:
        if parsed := self._parse(name, data):
            if parsed.is_empty:
                self.selection.warnings.append(f"{name.name}: a header but no rows: nothing to import")
            self.fresh[name.name] = ReadFile(name, data, parsed, line, None, as_nye)

    def _parse(self, name: DropName, data: bytes) -> DropFile | None:
        try:
            return read_file(name, data, validate_birthdate=self.validate_birthdate)
        except FileRefused as refused:
            self._refuse(name.name, refused.reason, EXIT_DATA)
            return None

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
                self._add_fresh(name, data, line, _as_nye(line, line.sha256))
        if gone:
            self.selection.warnings.append(
                f"{_some(gone)} cannot be imported again: neither on the server nor kept"
            )

    def _line(self, name: str) -> Line:
        renewed = self.selection.lines.get(name)
        return self.state.lines[name] if renewed is None else renewed

    def _bytes(self, line: Line) -> bytes | None:
        """The bytes of the version that is in MO: kept, or still on the server; None where it is gone."""
        data = self.kept.read(line.name, line.sha256)
        if data is None and line.name in self.entries and line.name not in self.fresh:
            fetched = self._fetch(line.name)
            data = fetched if fetched is not None and digest(fetched) == line.sha256 else None
        return data

    def _choose(self, family: Family) -> list[ReadFile]:
        fresh = sorted(
            (file for file in self.fresh.values() if file.name.family is family), key=lambda file: file.name
        )
        waiting = [
            name
            for name in self.known.values()
            if name.family is family and name.name not in self.fresh and self._line(name.name).pending
        ]
        if not fresh and not waiting:
            return []
        known = self._known_from(family, min([*(file.name for file in fresh), *waiting]), waiting)
        missing = sorted(name for name, file in known.items() if file is None)
        fresh = [file for file in fresh if self._in_time(file.name, missing)]
        tried = [name for name in waiting if self._can_be_tried(name, missing)]
        if not fresh and not tried:
            return []
        first = min([*(file.name for file in fresh), *tried])
        again = [file for name, file in known.items() if file is not None and not name < first]
        return sorted([*fresh, *again], key=lambda file: file.name)

    def _known_from(
        self, family: Family, first: DropName, waiting: Sequence[DropName]
    ) -> Mapping[DropName, ReadFile | None]:
        """The files in MO from `first` on that fold with what is new; None for one whose bytes are gone."""
        found: dict[DropName, ReadFile | None] = {}
        for name in self.known.values():
            if name.family is not family or name.name in self.fresh or name < first:
                continue
            if family is Family.STAM and name not in waiting:
                continue  # a class list is whole in itself: none folds with another
            line = self._line(name.name)
            data = self._bytes(line)
            parsed = self._parse(name, data) if data is not None else None
            if data is None or parsed is None:
                found[name] = None
            else:
                counted = frozenset(line.pending)
                found[name] = ReadFile(name, data, parsed, line, counted, _as_nye(line, line.sha256))
        return found

    def _in_time(self, name: DropName, missing: Sequence[DropName]) -> bool:
        """Whether a new file can be folded with those that came after it."""
        reason = self._too_late(name, missing, "it comes late")
        if reason is not None:
            self._refuse(name.name, reason, EXIT_ROWS)
        return reason is None

    def _can_be_tried(self, name: DropName, missing: Sequence[DropName]) -> bool:
        """Whether pending rows can be tried again. Where they are given up, it is no matter that they cannot."""
        reason: str | None = (
            "it has pending rows, and its bytes are neither on the server nor kept: upload it again, "
            "or give its rows up with --accept-rejects"
        )
        if name not in missing:
            reason = self._too_late(name, missing, "it has pending rows")
        if reason is not None and not self.wishes.accept_rejects:
            self._refuse(name.name, reason, EXIT_ROWS)
        return reason is None

    def _too_late(self, name: DropName, missing: Sequence[DropName], why: str) -> str | None:
        """Why a file cannot be folded: what later files said must not be undone because their bytes are gone."""
        later = [gone.name for gone in missing if name < gone]
        if not later or self.wishes.allow_late or name.family is Family.STAM:
            return None
        return (
            f"{why}, and {_some(later)} that came after it can no longer be read: upload them again, "
            "or let it speak where the files that are left are silent, with --allow-late"
        )


def _as_nye(line: Line | None, sha256: str | None) -> frozenset[int] | None:
    """What was found out of a version before, if it was; it is never found out again, whatever MO has by now."""
    if line is None:
        return None
    if line.under_way is not None and line.under_way.sha256 == sha256:
        return frozenset(line.under_way.as_nye)
    return frozenset(line.as_nye) if line.sha256 == sha256 and not line.taken_over else None


def _written(mtime: datetime | None) -> str | None:
    return None if mtime is None else mtime.astimezone(UTC).isoformat()


def _some(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def needed_again(lines: Mapping[str, Line]) -> set[str]:
    """The files whose bytes pending rows need: their own, and those of all later files of the family."""
    names = [name for line in lines.values() if (name := parse_name(line.name)) is not None]
    needed: set[str] = set()
    for family in Family:
        of_family = [name for name in names if name.family is family]
        waiting = [name for name in of_family if lines[name.name].pending]
        if family is Family.STAM:
            of_family = waiting
        needed |= {name.name for name in of_family if waiting and not name < min(waiting)}
    return needed
