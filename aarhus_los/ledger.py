"""The state: what is in MO, file by file, the bytes kept for pending rows, and the lock that keeps a second run out.

The first line of the state file is the time of the last completed import; below it stands a line of JSON a file name.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aarhus_los.clock import COPENHAGEN
from aarhus_los.errors import LockedError, StateError

REMEMBERED: Final = timedelta(days=365)
"""How long a file that left the server stays in the state."""
NOTHING_YET: Final = datetime.min
NO_FILES: Final = {"files": 0}
"""The line of a state in which no file is."""
REMEDY: Final = "put back the last good copy, or write the time of the last import on its first line, alone"
ROOM: Final = 256 * 1024
"""What must fit on the disk beside a state of its present size before anything is sent."""


def digest(data: bytes) -> str:
    """What tells one version of a file from another."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Version:
    """The new rows of a version that was being imported, and found to be new objects, when a run ended."""

    sha256: str
    as_nye: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A file name: the version of it that is in MO. `sha256` None: none is yet, an import of it was cut off."""

    name: str
    sha256: str | None = None
    size: int | None = None
    mtime: str | None = None
    """As the server tells it, ISO 8601; None where it does not."""
    imported: str | None = None
    taken_over: bool = False
    """An earlier importer is trusted to have imported it."""
    pending: tuple[int, ...] = ()
    as_nye: tuple[int, ...] = ()
    seen: str = ""
    """The last day on which the server had it."""
    under_way: Version | None = None


@dataclass(frozen=True)
class State:
    """`timestamp` None: no state file, a first import. `NOTHING_YET`: nothing was imported so far."""

    timestamp: datetime | None = None
    lines: Mapping[str, Line] = field(default_factory=dict)
    ours: bool = False
    """Whether this importer wrote it; else an earlier one did, of which only the timestamp is left."""


def load_state(path: Path) -> State:
    """Reads the state file. Raises StateError, with what to do, where it is there but says nothing sound."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return State()
    except OSError as error:
        raise StateError(f"the state file {path} cannot be read: {error.strerror}") from error
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
    lines: dict[str, Line] = {}
    ours = False
    for number, written in enumerate(rest.split("\n"), start=2):
        if not written.strip():
            continue
        try:
            line = _line(json.loads(written))
        except (ValueError, TypeError, KeyError) as error:
            raise StateError(f"the state file {path} is broken: line {number}: {error}: {REMEDY}") from None
        # A first import that was cut off leaves lines of what was under way, and is a first import still.
        ours = ours or line is None or line.sha256 is not None
        if line is not None:
            lines[line.name] = line
    return State(timestamp, lines, ours)


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


def _line(read: Any) -> Line | None:
    if not isinstance(read, dict):
        raise ValueError("not a JSON object")
    if "name" not in read:
        if read == NO_FILES:
            return None
        raise ValueError("no file name")
    if not read.keys() <= {each.name for each in fields(Line)}:
        raise ValueError("a field that is not known")
    cut_off = read.get("under_way")
    line = Line(
        **{
            **read,
            "pending": tuple(read.get("pending", ())),
            "as_nye": tuple(read.get("as_nye", ())),
            "under_way": cut_off and Version(cut_off["sha256"], tuple(cut_off["as_nye"])),
        }
    )
    under_way = line.under_way or Version("", ())
    numbers = [line.size or 0, *line.pending, *line.as_nye, *under_way.as_nye]
    texts = [line.name, line.seen, line.sha256, line.mtime, line.imported, under_way.sha256]
    if not all(isinstance(number, int) for number in numbers) or not all(
        isinstance(text, str | None) for text in texts
    ):
        raise ValueError("a value of the wrong kind")
    if line.seen:
        date.fromisoformat(line.seen)
    return line


def save_state(path: Path, state: State) -> None:
    """Puts a state in place of the old one, whole or not at all."""
    assert state.timestamp is not None
    written = [state.timestamp.isoformat()]
    for line in sorted(state.lines.values(), key=lambda line: line.name):
        told = {k: v for k, v in asdict(line).items() if v is not None and v is not False and v != ()}
        written.append(json.dumps(told, ensure_ascii=False))
    if state.ours and not any(line.sha256 for line in state.lines.values()):
        written.append(json.dumps(NO_FILES))  # tells it from the state of an earlier importer
    write_private(path, ("\n".join(written) + "\n").encode())


def write_private(path: Path, data: bytes | Iterable[bytes], mode: int = 0o600) -> None:
    """Writes a file by way of a temporary one beside it, flushed to the disk, so that it is never half there."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
                os.fchmod(file.fileno(), mode)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error.strerror}") from error


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> str | None:
    """Makes a private folder (0700) where there is none. Returns a warning where others can read it."""
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
        mode = folder.stat().st_mode
    except OSError as error:
        raise StateError(f"the folder {folder} cannot be made: {error.strerror}") from error
    if not folder.is_dir():
        raise StateError(f"{folder} is not a folder")
    return f"others can read the folder {folder} (chmod 0700 {folder})" if mode & 0o044 else None


def check_room(folder: Path, size: int = 0) -> None:
    """Finds a read-only or full disk before anything is sent."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".room.") as file:
            file.write(b"\0" * (size + ROOM))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StateError(f"the folder {folder} cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def locked(state_file: Path) -> Iterator[None]:
    """Holds the lock of a state file. The kernel lets go of it when the process ends, however it ends."""
    path = state_file.with_name(state_file.name + ".lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(f"the lock file {path} cannot be opened: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise StateError(f"the lock file {path} cannot be locked: {error.strerror}") from error
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or "an unknown process"
            raise LockedError(f"another run is under way: {holder}") from None
        since = datetime.now(COPENHAGEN).isoformat(timespec="seconds")
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} since {since}\n".encode(), 0)
        except OSError as error:
            raise StateError(f"the lock file {path} cannot be written: {error.strerror}") from error
        yield
    finally:
        os.close(descriptor)


class Kept:
    """Bytes of files that are needed again while rows are pending, in a private folder beside the state."""

    def __init__(self, state_file: Path) -> None:
        self.folder = state_file.with_name(state_file.name + ".d")

    def read(self, name: str, sha256: str | None) -> bytes | None:
        """The bytes of a version, if they were kept."""
        try:
            data = (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"{self.folder / name} cannot be read: {error.strerror}") from error
        return data if digest(data) == sha256 else None

    def keep(self, files: Mapping[str, bytes]) -> None:
        """Keeps these files, and puts nothing away yet: the state that still needs others may stay in force."""
        if files:
            make_folder(self.folder)
        for name, data in files.items():
            if self.read(name, digest(data)) is None:
                write_private(self.folder / name, data)

    def forget_others(self, names: Iterable[str]) -> None:
        """Removes all but these."""
        wanted = set(names)
        if not self.folder.is_dir():
            return
        try:
            for path in list(self.folder.iterdir()):
                if path.name not in wanted:
                    path.unlink(missing_ok=True)
            if not wanted:
                self.folder.rmdir()
        except OSError as error:
            raise StateError(f"the folder {self.folder} cannot be cleared: {error.strerror}") from error


def next_state(state: State, now: datetime, lines: Mapping[str, Line], listed: Iterable[str]) -> State:
    """The state after a completed import: `lines` replace or join the old ones, and files long gone are left out."""
    today = now.date()
    present = set(listed)
    after = {**state.lines, **lines}
    kept = {
        name: replace(line, seen=today.isoformat()) if name in present or not line.seen else line
        for name, line in after.items()
        if name in present
        or line.pending
        or not line.seen
        or today - date.fromisoformat(line.seen) <= REMEMBERED
    }
    return State(now, kept, ours=True)
