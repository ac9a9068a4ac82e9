"""A source in memory, files to put in it, and runs that select from it, for tests of which files are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from aarhus_los.clock import COPENHAGEN
from aarhus_los.desired.claims import SetAside
from aarhus_los.desired.lines import Gathered
from aarhus_los.desired.managers import managers_in
from aarhus_los.desired.org import units_in
from aarhus_los.drop.names import Family
from aarhus_los.drop.rows import RowRef
from aarhus_los.errors import FileRefused
from aarhus_los.ledger import Kept, State, load_state, save_state
from aarhus_los.moments import trace
from aarhus_los.progress import (
    completed,
    files_of,
    needed_again,
    pending_rows,
    under_way,
    with_healed,
)
from aarhus_los.selecting import select
from aarhus_los.selection import Options, Selection
from aarhus_los.sources.entries import Entry, FileChanged, Listing

Pending = Mapping[str, Iterable[int]]
"""File → lines."""
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=COPENHAGEN)
HEADER = "OrgUUID;BrugervendtNøgle;OrgEnhedsNavn;ParentUUID;StartDato;SlutDato\n"
UNIT = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
ROW = f"{UNIT};1;Enhed;{UNIT};2020-01-01;\n"
BROKEN = b"OrgUUID;Navn\nx;y\n"

ONE = "Org_nye_20261101_220000.csv"
TWO = "Org_ret_20261102_220000.csv"
THREE = "Org_ret_20261103_220000.csv"
FOUR = "Org_nye_20261104_220000.csv"
LEDER = "Leder_luk_20261102_220000.csv"
LIST = "STAM_UUID_Enhedstype.csv"
OTHER_LIST = "STAM_UUID_Ledertype.csv"


def org(rows: int = 2, version: str = "A") -> bytes:
    return (HEADER + ROW.replace("Enhed", f"Enhed {version}") * rows).encode()


def leder(version: str = "1") -> bytes:
    return f"OrgUUID;CPR\n{UNIT};010203123{version}\n".encode()


def stam(version: str = "A") -> bytes:
    return f"EnhedstypeUUID;Enhedstype\n{UNIT};Type {version}\n".encode()


def ledertypes() -> bytes:
    return f"LedertypeUUID;Ledertype\n{UNIT};Leder\n".encode()


@dataclass
class Upload:
    data: bytes
    mtime: datetime | None
    growing: bool = False
    unreadable: str = ""


@dataclass
class Server:
    """A source in memory. Implements `Source`; `reads` are the names that were downloaded."""

    files: dict[str, Upload] = field(default_factory=dict)
    tells_times: bool = True
    reads: list[str] = field(default_factory=list)
    listed: dict[str, Entry] = field(default_factory=dict)
    _clock: datetime = datetime(2026, 11, 20, tzinfo=UTC)

    def put(self, name: str, data: bytes, mtime: datetime | None = None) -> None:
        self._clock += timedelta(seconds=1)
        self.files[name] = Upload(data, mtime or self._clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def describe(self) -> str:
        return "a server in memory"

    def listing(self) -> Listing:
        self.listed = {
            name: Entry(name, len(upload.data), upload.mtime if self.tells_times else None)
            for name, upload in reversed(self.files.items())
        }
        return Listing(tuple(self.listed.values()))

    def read(self, name: str) -> bytes:
        self.reads.append(name)
        if self.files[name].growing:
            raise FileChanged(f"{name} is no longer of the size that it was listed with")
        if why := self.files[name].unreadable:
            raise FileRefused(name, why)
        return self.files[name].data


@dataclass
class Importer:
    """Runs that select and then, unless they are killed, write the state as an import does."""

    state_file: Path
    server: Server = field(default_factory=Server)
    now: datetime = NOW
    moment: datetime = datetime(2026, 11, 23, tzinfo=UTC)
    """That of the last run that wrote to MO."""

    @property
    def kept(self) -> Kept:
        return Kept(self.state_file)

    def select(
        self, since: date | None = None, *, allow_late: bool = False, accept_rejects: bool = False
    ) -> Selection:
        self.server.reads.clear()
        state = load_state(self.state_file)
        accepted = pending_rows(state.lines) if accept_rejects else ()
        options = Options(since, allow_late=allow_late, accepted_rows=frozenset(accepted), allow_empty=True)
        return select(state, self.server, self.kept, self.now, options)

    def note(self, selection: Selection) -> None:
        """What a run does before its first other write."""
        self.moment += timedelta(hours=1)
        save_state(self.state_file, under_way(load_state(self.state_file), selection, self.moment))

    def finish(self, selection: Selection, pending: Pending | None = None, *, wrote: bool = False) -> None:
        """What a run does after its last write. `pending`: the rows that will be so."""
        state, refs = load_state(self.state_file), _refs(pending)
        needed = needed_again(_gathered(selection, state), refs)
        kept = files_of(needed)
        self.kept.keep({file.name.name: file.data for file in selection.files if file.name.name in kept})
        after = completed(state, selection, needed, (), self.now)
        if wrote:
            set_aside = [SetAside(ref, "", "unknown", pending=True) for ref in refs]
            after = with_healed(after, selection, set_aside, self.moment)
        save_state(self.state_file, after)
        self.kept.forget_others(kept)

    def run(
        self,
        since: date | None = None,
        *,
        pending: Pending | None = None,
        allow_late: bool = False,
        writes: bool = True,
    ) -> Selection:
        selection = self.select(since, allow_late=allow_late)
        wrote = bool(selection.files) and writes
        if wrote:
            self.note(selection)
        self.finish(selection, pending, wrote=wrote)
        return selection

    def nights(self, names: Iterable[str], pending: Pending | None = None) -> None:
        """Puts what the server has of these files into MO, a run each. `pending` are rows that stay so."""
        uploads = {name: self.server.files.pop(name) for name in names}
        for name, upload in uploads.items():
            self.server.files[name] = upload
            told = {file: lines for file, lines in (pending or {}).items() if file in self.server.files}
            self.run(pending=told)

    def folded(self, selection: Selection) -> dict[str, list[str]]:
        """Subject → the files that are folded about it."""
        gathered = _gathered(selection, self.state())
        return {subject: [lines.file.name.name for lines in each] for subject, each in gathered.items()}

    def state(self) -> State:
        return load_state(self.state_file)


def _refs(pending: Pending | None) -> list[RowRef]:
    return [RowRef(name, line) for name, lines in (pending or {}).items() for line in lines]


def _gathered(selection: Selection, state: State) -> Gathered:
    found = {**units_in(selection.of(Family.ORG)), **managers_in(selection.of(Family.LEDER))}
    return trace(found, {**state.lines, **selection.lines}).lines


def new(selection: Selection) -> list[str]:
    return [file.name.name for file in selection.files if file.due is None]


def again(selection: Selection) -> dict[str, set[int]]:
    """The files that are read for what they said before, with the lines that are pending."""
    return {file.name.name: set(file.due) for file in selection.files if file.due is not None}


def read(selection: Selection) -> list[str]:
    return [file.name.name for file in selection.files]


def refused(selection: Selection) -> dict[str, int]:
    """File → exit code, the gravest of several."""
    return {
        refusal.file: refusal.exit_code for refusal in sorted(selection.refused, key=lambda r: r.exit_code)
    }


def reason(selection: Selection, file: str) -> str:
    (found,) = [refusal.reason for refusal in selection.refused if refusal.file == file]
    return str(found)


def texts(selection: Selection) -> list[str]:
    """What a selection reports beside what it refuses."""
    return [str(notice) for notice in selection.notices]
