"""Files that are ours: private, written whole or not at all, and on the disk before their name is; and their folders.

Other users may share a folder with us. Nothing that one of them could have put there is followed, or taken for ours: a link,
the lock, the state, the folder of kept bytes. What we or root have made is trusted, a link to the state file too.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from aarhus_los.errors import StateError
from aarhus_los.messages import Message

ROOM: Final = 256 * 1024
"""What must fit on a disk beside what is known to be written."""
_ENDING: Final = ".tmp"
_TEMPORARY: Final = re.compile(rf"\.(.+)\.[a-z0-9_]{{8}}{re.escape(_ENDING)}")
"""The name of a temporary file, with that of the file which it was to become."""
_LINKS: Final = 10
_SYSTEM: Final = ("var", "usr", "dev")
"""Whose folders are the system's, like those right below the root."""


def is_trusted(found: os.stat_result) -> bool:
    """Whether something was made by us or by root: no other user can have put it there."""
    return found.st_uid in (os.geteuid(), 0)


def resolved(path: Path) -> Path:
    """Where a file or folder really lies: a link is followed where we or root have made it. Raises StateError."""
    for _ in range(_LINKS):
        try:
            found = path.lstat()
            if not stat.S_ISLNK(found.st_mode):
                return path
            if not is_trusted(found):
                raise StateError(f"{path} is a link that another user has made: see who did, and remove it")
            path = path.parent / path.readlink()
        except (FileNotFoundError, NotADirectoryError):
            return path
        except OSError as error:
            raise StateError(f"{path} cannot be looked up: {error.strerror}") from error
    raise StateError(f"{path} is a link that leads to no end: remove it")


def beside(path: Path, ending: str) -> Path:
    """The place of a file that belongs to another one, beside it wherever that really lies. Raises StateError."""
    path = resolved(path)
    return path.with_name(path.name + ending)


def read_own(path: Path) -> bytes:
    """The bytes of a file that is ours, or as good as ours. Raises FileNotFoundError and StateError.

    Refused is what another user could have put there: what lies in a folder that all may write to and is not ours or root's.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise StateError(f"{path} cannot be read: it is not a file")
            if path.parent.stat().st_mode & stat.S_IWOTH and not is_trusted(found):
                raise StateError(
                    f"{path} is of another user, in a folder that all may write to: see who put it there, and remove it"
                )
            return file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}") from error


def encoded(text: str) -> bytes:
    """A text as UTF-8. Half a letter, which JSON of others may hold, is written as JSON would: it is none in UTF-8."""
    return text.encode("utf-8", "backslashreplace")


def write_private(path: Path, data: bytes | Iterable[bytes], mode: int = 0o600) -> None:
    """Writes a file by way of a temporary one beside it, flushed to the disk, so that it is never half there."""
    try:
        descriptor, temporary = tempfile.mkstemp(_ENDING, f".{path.name}.", path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
                os.fchmod(descriptor, mode)
                file.flush()
                os.fsync(descriptor)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error.strerror}") from error


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network filesystems cannot, and need not
            raise
    finally:
        os.close(descriptor)


def sweep(folder: Path, names: Iterable[str]) -> None:
    """Removes what a run that was killed while it wrote has left: our own temporary files, of files with these names.

    The names are patterns as a shell has them. What cannot be removed is left.
    """
    patterns = tuple(names)
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in list(entries):
            temporary = _TEMPORARY.fullmatch(entry.name)
            if temporary and any(fnmatchcase(temporary[1], each) for each in patterns):
                with suppress(OSError):
                    if is_own_file(entry):
                        Path(entry.path).unlink()


def is_own_file(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of a folder is a file that we have made; a link is none. Raises OSError."""
    found = entry.stat(follow_symlinks=False)
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()


def make_folder(folder: Path, setting: str) -> str | None:
    """Makes a private folder (0700) where there is none. Returns a warning where others can read it.

    Raises StateError. `setting` names where the folder comes from.
    """
    folder = resolved(folder)
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise StateError(f"the folder {folder} cannot be made: {error.strerror}") from error
    if not folder.is_dir():
        raise StateError(f"{folder} is not a folder: put it away, or name another")
    return open_to_others(folder, setting)


def make_own_folder(folder: Path) -> None:
    """Makes a folder (0700) that must be ours, whoever else may write to the one that it lies in. Raises StateError."""
    try:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
    except OSError as error:
        raise StateError(f"the folder {folder} cannot be made: {error.strerror}") from error
    if not is_own_folder(folder):
        raise StateError(f"{folder} is not a folder of our own: see who made it, and put it away")


def is_own_folder(folder: Path) -> bool:
    """Whether there is a folder that we or root have made; a link to one is none."""
    with suppress(OSError):
        found = folder.lstat()
        return stat.S_ISDIR(found.st_mode) and is_trusted(found)
    return False


def open_to_others(folder: Path, setting: str) -> str | None:
    """Says where others can read a folder, and what to do that harms nobody; None where they cannot."""
    try:
        if not folder.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            return None
        shared = _is_of_others(folder)
    except OSError as error:
        raise StateError(f"the folder {folder} cannot be read: {error.strerror}") from error
    if shared:
        return Message.SHARED_FOLDER_READABLE(folder=str(folder), setting=setting)
    return Message.FOLDER_READABLE(folder=str(folder))


def _is_of_others(folder: Path) -> bool:
    """Whether others rely on a folder: then its permissions are not ours to change. Raises OSError."""
    found, parts = folder.stat(), folder.resolve().parts[1:]
    if found.st_uid != os.geteuid() or len(parts) < 2 or (len(parts) == 2 and parts[0] in _SYSTEM):
        return True
    if found.st_mode & (stat.S_ISVTX | stat.S_ISGID | stat.S_IWGRP | stat.S_IWOTH):
        return True
    with os.scandir(folder) as entries:
        return any(entry.stat(follow_symlinks=False).st_uid != found.st_uid for entry in entries)


def obstacle(path: Path) -> str | None:
    """Why a file could not be put in a place, and what to do; None where nothing is in the way. Tries nothing."""
    if fault := unwritable(path.parent):
        return fault
    try:
        found, folder = path.lstat(), path.parent.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{path} cannot be looked up: {error.strerror}"
    if path.exists() and not path.is_file():
        return f"{path} is not a file, and one must be written there: put it away"
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in (0, found.st_uid, folder.st_uid):
        return f"{path} is of another user, who alone may replace it there: have it removed, or set another folder"
    return None


def unwritable(folder: Path) -> str | None:
    """Why files cannot be written to a folder, and what to do; None where they can. Tries nothing."""
    try:
        found = folder.stat()
        if not stat.S_ISDIR(found.st_mode):
            return f"{folder} is not a folder: put it away, or name another"
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            return f"{folder} cannot be written: its disk is mounted for reading only"
    except FileNotFoundError:
        return f"{folder} is not there: make it, or name another folder"
    except OSError as error:
        return f"{folder} cannot be looked up: {error.strerror}"
    if not os.access(folder, os.W_OK | os.X_OK):
        advice = f"chmod u+wx {folder}" if found.st_uid == os.geteuid() else "set another folder"
        return f"{folder} cannot be written: {advice}"
    return None


def no_room(folder: Path, size: int = 0) -> str | None:
    """Why a folder cannot be written or has no room for so many bytes; None where it can. Leaves nothing there."""
    try:
        # A file without a name: nothing is left of it, however we end. Where there is none such, it has one for a moment.
        with tempfile.TemporaryFile(dir=folder, prefix=".room.", suffix=_ENDING) as file:
            os.posix_fallocate(file.fileno(), 0, size + ROOM)
            os.fsync(file.fileno())
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        needed = f": {(size + ROOM) / 1e6:.1f} MB must be free" if full else ""
        return f"{folder} cannot be written: {error.strerror}{needed}"
    return None


def check_place(path: Path, size: int = 0) -> None:
    """Raises StateError where a file of so many bytes could not be put in a place."""
    if fault := obstacle(path) or no_room(path.parent, size):
        raise StateError(fault)
