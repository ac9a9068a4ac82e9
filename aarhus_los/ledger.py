"""The state: what is in MO, file by file, and the bytes kept for pending rows.

The first line of the state file is the time of the last completed import; below it stands a line of JSON a file name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from aarhus_los.clock import COPENHAGEN
from aarhus_los.drop.names import parse_name
from aarhus_los.errors import StateError
from aarhus_los.files import (
    beside,
    encoded,
    is_own_folder,
    make_own_folder,
    read_own,
    resolved,
    write_private,
)

REMEMBERED: Final = timedelta(days=365)
"""How long a file that left the server stays in the state."""
NOTHING_YET: Final = datetime.min
NO_FILES: Final = {"files": 0}
"""The line of a state in which no file is, as the version before this one wrote it."""
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9000
"""Of moments: of what is before and after, nothing can be reckoned."""
VERSION: Final = 2
"""Of the state file."""
REMEDY: Final = "put back the last good copy, or write the time of the last import on its first line, alone"


def digest(data: bytes) -> str:
    """What tells one version of a file from another."""
    return hashlib.sha256(data).hexdigest()


class Line(Struct, frozen=True):
    """A file name: the version of it that is in MO. `sha256` None: none is yet, an import of it was cut off."""

    name: str
    sha256: str | None = None
    size: int | None = None
    mtime: str | None = None
    """As the server tells it, ISO 8601; None where it does not."""
    imported: str | None = None
    taken_over: bool = False
    """An earlier importer is trusted to have imported it."""
    began: str | None = None
    """The moment of the first run that imported the name, ISO 8601; None: no run has had a moment since."""
    last: str | None = None
    """The moment of the last run that claimed rows of it."""
    under_way: str | None = None
    """The sha256 of the version whose import is not completed."""
    pending: tuple[int, ...] = ()
    """The lines that are tried again with every run."""
    folded_with: Mapping[str, tuple[str, ...]] = {}
    """Pending line → the other files that are folded about what it is about."""
    given_up: tuple[int, ...] = ()
    """The lines that were pending and are set aside for good: superseded, or given up by the operator."""
    rejected: tuple[int, ...] = ()
    """The rows that were rejected for what others say: so they are until the version is imported anew."""
    reported: Mapping[str, str] = {}
    """Pending line → the day on which it was reported first."""
    seen: str = ""
    """The last day on which the server had it."""


class State(Struct, frozen=True):
    """`timestamp` None: no state file, a first import. `NOTHING_YET`: nothing was imported so far."""

    timestamp: datetime | None = None
    lines: Mapping[str, Line] = field(default_factory=dict)
    ours: bool = False
    """Whether this importer wrote it; else an earlier one did, of which only the timestamp is left."""
    organisation: str | None = None
    """The uuid of the root organisation of the MO that it is about."""
    bookmark: str | None = None
    """When MO's bookmark was set last, ISO 8601."""
    listed: int = 0
    """How many files of the drop the last listing had."""
    reported: Mapping[str, str] = field(default_factory=dict)
    """What was reported already, beside pending rows: what it is about → what was said, or when."""


def load_state(path: Path) -> State:
    """Reads the state file. Raises StateError, with what to do, where it is there but says nothing sound."""
    try:
        text = read_own(resolved(path)).decode()
    except FileNotFoundError:
        return State()
    except UnicodeDecodeError:
        raise StateError(f"the state file {path} is broken: it is not UTF-8: {REMEDY}") from None
    first, _, rest = text.partition("\n")
    if not text.strip():
        raise StateError(f"the state file {path} is empty: {REMEDY}")
    try:
        timestamp = _time(first.strip())
    except ValueError:
        # What stands there instead is not shown: it may be a file of the drop.
        raise StateError(f"the state file {path} is broken: line 1 is not a time: {REMEDY}") from None
    read: list[Any] = []
    for number, written in enumerate(rest.split("\n"), start=2):
        if not written.strip():
            continue
        try:
            read.append(json.loads(written))
            _check(read[-1])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            why = "nested too deeply" if isinstance(error, RecursionError) else error
            raise StateError(f"the state file {path} is broken: line {number}: {why}: {REMEDY}") from None
    about: dict[str, Any] = next((each for each in read if "name" not in each), {})
    files = [_line(each) for each in read if "name" in each]
    if files and "version" not in about:
        files = [_of_former_version(line, timestamp) for line in files]
    return State(
        timestamp,
        {line.name: line for line in files},
        # A first import that was cut off leaves lines of what was under way, and is a first import still.
        ours=bool(about.get("ours", about == NO_FILES)) or any(line.sha256 is not None for line in files),
        organisation=about.get("organisation"),
        bookmark=about.get("bookmark"),
        listed=about.get("listed", 0),
        reported=about.get("reported", {}),
    )


def _time(text: str) -> datetime:
    """A time as this importer or an earlier one wrote it. Raises ValueError."""
    time = datetime.fromisoformat(text)
    if time.year == NOTHING_YET.year:
        return NOTHING_YET
    if time.tzinfo is None:
        time = time.replace(tzinfo=COPENHAGEN)
    try:
        return time.astimezone(COPENHAGEN)
    except OverflowError as error:
        raise ValueError("out of range") from error


def _check(read: Any) -> None:
    """Raises ValueError where a line of the state is not what this importer, or its version before, writes."""
    if not isinstance(read, dict):
        raise ValueError("not a JSON object")
    if isinstance(read.get("under_way"), dict):  # as the version before this one wrote it
        read["under_way"] = read["under_way"].get("sha256")
    if "name" not in read and "version" not in read and read != NO_FILES:
        raise ValueError("no file name")
    known = _OF_LINE if "name" in read else _OF_STATE
    for field_name, value in read.items():
        if field_name not in known:
            raise ValueError("a field that is not known")
        if not _fits(value, known[field_name]):
            raise ValueError(f"{field_name}: a value of the wrong kind")
    if read.get("seen"):
        date.fromisoformat(read["seen"])
    for time in read.keys() & {*_MOMENTS, "mtime", "imported"}:
        at = datetime.fromisoformat(read[time])
        if at.tzinfo is None:
            raise ValueError(f"{time}: a time without a zone")
        if time in _MOMENTS and not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise ValueError(f"{time}: out of range")


_MOMENTS: Final = ("began", "last", "bookmark")
_OF_LINE: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("name", "sha256", "mtime", "imported", "began", "last", "under_way", "seen"), str),
    "pending": [int],
    "given_up": [int],
    "rejected": [int],
    "folded_with": {str: [str]},
    "reported": {str: str},
    "size": int,
    "taken_over": bool,
    # Of the version before this one; no more needed.
    "as_nye": [int],
}
_OF_STATE: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("version", "listed", "files"), int),
    **dict.fromkeys(("organisation", "bookmark"), str),
    "ours": bool,
    "reported": {str: str},
}


def _fits(value: Any, shape: Any) -> bool:
    """Whether a value of JSON is of a shape: of a type, or `[shape]` or `{str: shape}`."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(each, shape[0]) for each in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_fits(each, shape[str]) for each in value.values())
    return type(value) is shape


def _line(read: Mapping[str, Any]) -> Line:
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in read.items()
        if name != "as_nye"
    }
    fields["folded_with"] = {line: tuple(names) for line, names in read.get("folded_with", {}).items()}
    return Line(**fields)


def _of_former_version(line: Line, timestamp: datetime) -> Line:
    """The version before this one knew no moments: a file began with its stamp, and was claimed when it was imported."""
    name = parse_name(line.name)
    if name is None or name.stamp is None or (line.sha256 is None and line.under_way is None):
        return line
    began = moment_of_stamp(name.stamp)
    last = line.imported or (began if timestamp == NOTHING_YET else timestamp.isoformat())
    return replace(line, began=began, last=last)


def moment_of_stamp(stamp: datetime) -> str:
    """The stamp of a file name as an instant."""
    return stamp.replace(tzinfo=COPENHAGEN).isoformat(timespec="microseconds")


def save_state(path: Path, state: State) -> None:
    """Puts a state in place of the old one, whole or not at all."""
    assert state.timestamp is not None
    about = {
        "version": VERSION,
        "ours": state.ours,
        "organisation": state.organisation,
        "bookmark": state.bookmark,
        "listed": state.listed,
        "reported": state.reported,
    }
    lines = (asdict(line) for line in sorted(state.lines.values(), key=lambda line: line.name))
    written = [state.timestamp.isoformat()]
    for each in (about, *lines):
        kept = {k: v for k, v in each.items() if v or type(v) is int}
        written.append(json.dumps(kept, ensure_ascii=False))
    write_private(resolved(path), encoded("\n".join(written) + "\n"))


class Kept:
    """Bytes of files that are needed again while rows are pending, in a private folder beside the state."""

    def __init__(self, state_file: Path) -> None:
        self.folder = beside(state_file, ".d")

    def read(self, name: str, sha256: str | None) -> bytes | None:
        """The bytes of a version, if they were kept."""
        try:
            data = read_own(self.folder / name)
        except FileNotFoundError:
            return None
        return data if digest(data) == sha256 else None

    def keep(self, files: Mapping[str, bytes]) -> None:
        """Keeps these files, and puts nothing away yet: the state that still needs others may stay in force."""
        if files:
            make_own_folder(self.folder)
        for name, data in files.items():
            if self.read(name, digest(data)) is None:
                write_private(self.folder / name, data)

    def forget_others(self, names: Iterable[str]) -> None:
        """Removes all but these."""
        wanted = set(names)
        if not is_own_folder(self.folder):
            return
        try:
            for path in list(self.folder.iterdir()):
                if path.name not in wanted:
                    path.unlink(missing_ok=True)
            if not wanted:
                self.folder.rmdir()
        except OSError as error:
            raise StateError(f"the folder {self.folder} cannot be cleared: {error.strerror}") from error


def next_state(
    state: State, now: datetime, lines: Mapping[str, Line], listed: Iterable[str], reported: Mapping[str, str]
) -> State:
    """The state after a completed import: `lines` replace or join the old ones, and files long gone are left out.

    Not those that rows wait in, nor what these are folded with.
    """
    today = now.date()
    present = set(listed)
    after = {**state.lines, **lines}
    needed = {name for line in after.values() for names in line.folded_with.values() for name in names}
    kept = {
        name: replace(line, seen=today.isoformat()) if name in present or not line.seen else line
        for name, line in after.items()
        if name in present
        or line.pending
        or name in needed
        or not line.seen
        or today - date.fromisoformat(line.seen) <= REMEMBERED
    }
    return replace(state, timestamp=now, lines=kept, ours=True, listed=len(present), reported=reported)
