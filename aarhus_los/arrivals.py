"""What has arrived: which listed files are new, by the sha256 of their bytes, and the bytes of those that are known.

What is odd about the listing, or about a file as a whole, is reported here, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from aarhus_los.desired.claims import Notice
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import DropName, Family, near_miss, parse_name, refusal
from aarhus_los.errors import EXIT_DATA, EXIT_ROWS, FileRefused, UnavailableError
from aarhus_los.ledger import NOTHING_YET, Kept, Line, State, digest, moment_of_stamp
from aarhus_los.masking import masked
from aarhus_los.messages import Message
from aarhus_los.selection import Options, Refusal, Selection
from aarhus_los.sources.entries import Entry, FileChanged, Source


class Arrivals(Struct):
    """The files of a source, against what the state says of them; what becomes of them is noted in the selection."""

    state: State
    source: Source
    kept: Kept
    now: datetime
    options: Options
    validate_birthdate: bool
    selection: Selection = field(default_factory=Selection)
    entries: dict[str, Entry] = field(default_factory=dict)
    fresh: dict[str, DropFile] = field(default_factory=dict)
    known: dict[str, DropName] = field(default_factory=dict)
    """What has a version in MO, also by the word of an earlier importer."""

    @property
    def _former(self) -> datetime | None:
        """When an earlier importer was run last, of which only this time is left; None where there is none such."""
        return None if self.state.ours or self.state.timestamp == NOTHING_YET else self.state.timestamp

    def look(self) -> None:
        """Lists the source, and finds out what is new. Raises UnavailableError."""
        for name in self._listed():
            self._look_at(name, self.entries[name.name])
        self.known = {
            name: parsed
            for name in (self.state.lines.keys() | self.selection.lines.keys())
            if self.line(name).sha256 is not None
            and (parsed := parse_name(name)) is not None
            and parsed.fault is None
        }
        if self.options.since is not None:
            self._again_since(self.options.since)

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
                self.refuse(name.name, reason, EXIT_ROWS)
            else:
                self.entries[name.name] = entry
                names.append(name)
        self.selection.listed = set(self.entries)
        empty = not names and not self.selection.refused
        if empty and not self.options.allow_empty and (self.state.timestamp is None or self.state.listed):
            raise UnavailableError(
                f"{self.source.describe()} has no file of the drop: is it the right folder?"
                if self.state.timestamp is None
                else f"{self.source.describe()} has no file of the drop, and had {self.state.listed} before:"
                " nothing is taken from it. If that is right, `--allow empty` accepts it once"
            )
        return names

    def _look_at(self, name: DropName, entry: Entry) -> None:
        """Finds out whether a listed file is new, by its bytes where size and time do not tell."""
        line = self.line(name.name)
        mtime = entry.mtime.astimezone(UTC).isoformat() if entry.mtime else None
        if entry.size == 0:
            self._wait(name.name, Message.EMPTY_FILE_WAITS(file=name.name))
            return
        under_way = line.under_way is not None
        in_mo = line.sha256 is not None and not under_way
        if in_mo and mtime and (line.size, line.mtime) == (entry.size, mtime):
            return
        data = self._fetch(name.name)
        if data is None:
            return
        sha256 = digest(data)
        if line.sha256 == sha256:
            line = replace(line, size=len(data), mtime=mtime)
            if under_way:  # MO may hold part of another version, or the half of this one
                self._add(name, data, line, again=True)
            else:
                self.selection.lines[name.name] = line
            return
        fetched = Line(
            name.name, sha256, len(data), mtime, began=line.began, last=line.last, under_way=line.under_way
        )
        stamp = name.stamp and name.stamp.replace(tzinfo=self.now.tzinfo)
        changed, former = entry.mtime or stamp, self._former
        if former is not None and stamp is not None and stamp < former:
            fetched = replace(fetched, began=moment_of_stamp(stamp), last=former.isoformat())
        if former is not None and changed is not None and changed <= former - timedelta(days=1):
            self.selection.lines[name.name] = replace(fetched, taken_over=True)
        else:
            self._add(name, data, fetched)

    def _wait(self, name: str, text: str) -> None:
        """A file that is not whole waits for the next run; one that still waits a day later is refused."""
        key, today = f"waits:{name}", self.now.date().isoformat()
        since = self.state.reported.get(key, today)
        if since < today:
            self.selection.reported[key] = since
            self.refuse(name, Message.NOT_WHOLE_SINCE(day=date.fromisoformat(since)), EXIT_ROWS)
        else:
            self._news(key, text, once=False)

    def _fetch(self, name: str) -> bytes | None:
        try:
            return self.source.read(name)
        except FileChanged as changed:
            self._wait(name, Message.CHANGED_FILE_WAITS(change=str(changed)))
        except FileRefused as refused:
            self.refuse(name, refused.reason, EXIT_DATA)
        return None

    def _add(self, name: DropName, data: bytes, line: Line, *, again: bool = False) -> None:
        """A new version, or `again` the one that was imported: what was set aside of it for good stays so."""
        if parsed := self.parse(name, data, line if again else None):
            if parsed.is_empty:
                self.selection.notices.append(Notice(Message.NO_ROWS(file=name.name)))
            self.fresh[name.name] = parsed
            self.selection.lines[name.name] = line
            self._report_header(parsed)

    def forget(self, name: str) -> None:
        """A version that is refused after all: what is known of the file is what was imported of it."""
        del self.fresh[name], self.selection.lines[name]
        if self.line(name).sha256 is None:
            self.known.pop(name, None)

    def parse(self, name: DropName, data: bytes, imported: Line | None) -> DropFile | None:
        """Reads a file. `imported`: its line in the state, where this version was imported."""
        from aarhus_los.drop.reader import read_file  # a night with nothing new needs none of it

        try:
            parsed = read_file(name, data, validate_birthdate=self.validate_birthdate)
        except FileRefused as refused:
            self.refuse(name.name, refused.reason, EXIT_DATA)
            return None
        if imported is None:
            return parsed
        return replace(parsed, dropped=frozenset(imported.given_up), taken_over=imported.taken_over)

    def _again_since(self, since: date) -> None:
        """Takes files of that day and later, and all class lists, as new, also where this version is in MO."""
        refused = {refusal.file for refusal in self.selection.refused}
        gone = []
        for name in sorted(self.known.values()):
            if name.name in self.fresh or name.name in refused:
                continue
            if name.stamp is not None and name.file_date < since:
                continue
            line = self.line(name.name)
            data = self.bytes_of(line)
            if data is None:
                gone.append(name.name)
            else:
                self._add(name, data, line, again=True)
        if gone:
            self.selection.notices.append(Notice(Message.GONE_FOR_SINCE(files=some(gone)), fault=True))

    def line(self, name: str) -> Line:
        """What is known of a file by now."""
        return self.selection.lines.get(name) or self.state.lines.get(name) or Line(name)

    def bytes_of(self, line: Line) -> bytes | None:
        """The bytes of the version that is in MO: kept, or still on the server; None where it is gone."""
        data = self.kept.read(line.name, line.sha256)
        if data is None and line.name in self.entries and line.name not in self.fresh:
            fetched = self._fetch(line.name)
            data = fetched if fetched is not None and digest(fetched) == line.sha256 else None
        return data

    def refuse(self, file: str, reason: str, exit_code: int) -> None:
        """A file is not imported, and the others go on."""
        refusal = Refusal(file, reason, exit_code)
        if refusal not in self.selection.refused:  # a file may be asked for twice
            self.selection.refused.append(refusal)

    def _news(
        self, key: str, text: str, *, fault: bool = False, value: str | None = None, once: bool = True
    ) -> None:
        """Reports what the state does not know as reported already; of what it knows, that it is so still.

        Not `once`: it is reported again while it lasts, and is no news then.
        """
        key = masked(key)
        known = self.state.reported.get(key)
        value = masked(value) if value is not None else known or self.now.date().isoformat()
        self.selection.reported[key] = value
        if known != value or not once:
            self.selection.notices.append(Notice(text, fault=fault, news=known != value))

    def _report_header(self, file: DropFile) -> None:
        """An optional column that a header lacks: once for each header, a fault where it had it or spells it otherwise."""
        if file.name.family is Family.STAM:
            return
        key = f"header:{file.name.family.value}_{file.name.kind}"
        missing = ", ".join(file.header.missing)
        lost = set(file.header.missing) - set(self.state.reported.get(key, missing).split(", "))
        if missing:
            text = Message.OF_FILE(file=file.name.name, text=file.header.missing_text)
            self._news(key, text, fault=bool(lost or file.header.near), value=missing)
        self.selection.reported[key] = missing

    def report_beside_files(self) -> None:
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
        taken_over = [name for name in self.known.values() if self.line(name.name).taken_over]
        if self._former and taken_over:
            text = Message.TAKEN_OVER(count=len(taken_over), newest=max(taken_over).name)
            selection.notices.append(Notice(text, news=True))


def some(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    return names[0] if len(names) == 1 else Message.AND_MORE(name=names[0], count=len(names) - 1)
