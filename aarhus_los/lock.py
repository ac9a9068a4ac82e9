"""The lock that keeps a second run out: held by the kernel for as long as the process lives, however it ends."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from aarhus_los import clock
from aarhus_los.errors import LockedError, StateError, UnavailableError
from aarhus_los.files import beside, is_trusted, unwritable

_HOLDER: Final = re.compile(r"process ([0-9]{1,10}) since (\S{1,40})\n?")
_LOCKS: Final = Path("/proc/locks")


@contextlib.contextmanager
def locked(state_file: Path, run_hours: float = 0) -> Iterator[None]:
    """Holds the lock of a state file.

    Raises LockedError where another run holds it, UnavailableError where that has held it for longer than `run_hours` (0:
    it may for ever), and StateError where the lock file is none that we or root have made.
    """
    path = beside(state_file, ".lock")
    descriptor = _opened(path)
    try:
        _check(path, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise StateError(f"the lock file {path} cannot be locked: {error.strerror}") from error
            raise _held(os.pread(descriptor, 200, 0).decode("utf-8", "replace"), run_hours) from None
        since = clock.now().isoformat(timespec="seconds")
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} since {since}\n".encode(), 0)
        except OSError as error:
            raise StateError(f"the lock file {path} cannot be written: {error.strerror}") from error
        yield
    finally:
        os.close(descriptor)


def obstacle(state_file: Path) -> str | None:
    """Why a lock file that is there could not be used, and what to do; None where it could, or there is none."""
    try:
        path = beside(state_file, ".lock")
        if not os.path.lexists(path):
            return None
        descriptor = _opened(path)
        try:
            _check(path, descriptor)
        finally:
            os.close(descriptor)
    except StateError as error:
        return str(error)
    return None


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags)
        with contextlib.suppress(FileExistsError):
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
        return os.open(path, flags)
    except OSError as error:
        raise StateError(
            unwritable(path.parent) or f"the lock file {path} cannot be opened: {_why(error)}"
        ) from error


def _check(path: Path, descriptor: int) -> None:
    found = os.fstat(descriptor)
    if not (stat.S_ISREG(found.st_mode) and is_trusted(found) and found.st_nlink == 1):
        raise StateError(f"the lock file {path} is no file of our own: see who made it, and remove it")


def _why(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a link: see who made it, and remove it"
    if error.errno == errno.EACCES:
        return f"{error.strerror}: where another user has run the import, give it to the one who runs it now"
    return str(error.strerror)


def _held(text: str, run_hours: float) -> LockedError | UnavailableError:
    holder = _HOLDER.fullmatch(text)
    if holder is None:
        return LockedError("another run is under way: an unknown process")
    under_way = f"another run is under way: process {holder[1]} since {holder[2]}"
    with contextlib.suppress(ValueError, TypeError):
        hours = (clock.now() - datetime.fromisoformat(holder[2])) / timedelta(hours=1)
        if 0 < run_hours < hours:
            return UnavailableError(
                f"{under_way}, longer than run_hours ({run_hours:g}). Unless it is a first import, see what it waits for:"
                f" `kill {holder[1]}` ends it, and the next run does the rest"
            )
    return LockedError(under_way)


def look(state_file: Path, run_hours: float = 0) -> LockedError | UnavailableError | None:
    """What would end a run that started now, since another holds the lock; None where nothing would.

    Asked of the kernel's list: trying to take the lock could keep out a run that starts just now.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError, StateError):
        path = beside(state_file, ".lock")
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            inode = str(os.fstat(descriptor).st_ino)
            text = file.read(200).decode("utf-8", "replace")
        holder = _HOLDER.fullmatch(text)
        for line in _LOCKS.read_text(encoding="ascii").splitlines():
            match line.split():
                case [_, "FLOCK", _, _, pid, place, *_]:
                    if holder and pid == holder[1] and place.rpartition(":")[2] == inode:
                        return _held(text, run_hours)
    return None
