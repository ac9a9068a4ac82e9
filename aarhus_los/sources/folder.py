"""A drop in a local folder."""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aarhus_los.errors import FileRefused, UnavailableError
from aarhus_los.messages import Message
from aarhus_los.sources.entries import (
    Entry,
    FileChanged,
    Gathering,
    Limits,
    Listing,
    Source,
    listed_size,
    unusable,
)

# What has become a pipe meanwhile must not keep us waiting for a writer. Windows has no such flag, and no such pipes.
_WITHOUT_WAITING: Final = getattr(os, "O_NONBLOCK", 0)


class Folder(Source):
    """The regular files of a folder, and what links to one.

    The time of its reads is the kernel's: what hangs there, as on a network drive, no limit of ours ends.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self._path = path
        self._limits = limits or Limits()

    def __exit__(self, *_: object) -> None:
        pass

    def describe(self) -> str:
        return f"the folder {self._path}"

    def listing(self) -> Listing:
        gathering = Gathering(self.describe(), self._limits)
        try:
            with os.scandir(self._path) as found:
                for item in found:
                    gathering.count()
                    name = os.fsencode(item.name).decode("utf-8", "replace")
                    if reason := unusable(name):
                        gathering.leave_out(name, reason)
                    elif (entry := _entry(name, item)) is not None:
                        gathering.entries.append(entry)
        except OSError as error:
            raise self._gone(error) from None
        return self._listed(gathering)

    def read(self, name: str) -> bytes:
        size = listed_size(self.listed[name], self._limits)
        try:
            data = _read(self._path / name, size + 1)
        except OSError as error:
            self._check()
            if isinstance(error, FileNotFoundError):
                raise FileChanged(f"{name} is gone since it was listed") from None
            raise FileRefused(name, Message.CANNOT_BE_READ(reason=str(error.strerror))) from None
        if len(data) != size:
            raise FileChanged(f"{name} is no longer of the {size} bytes that it was listed with")
        return data

    def _check(self) -> None:
        """Raises UnavailableError where it is the folder that cannot be read, and no one file: a drive that went away."""
        try:
            with os.scandir(self._path) as found:
                next(found, None)
        except OSError as error:
            raise self._gone(error) from None

    def _gone(self, error: OSError) -> UnavailableError:
        text = f"{self.describe()} cannot be read: {error.strerror}: is it there, its drive mounted, and ours to read?"
        return UnavailableError(text, lasting=True)


def _entry(name: str, item: os.DirEntry[str]) -> Entry | None:
    """None for what is no regular file, and for what is gone already or leads nowhere."""
    try:
        status = item.stat()
    except OSError as error:
        return None if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP) else Entry(name, None, None)
    if not stat.S_ISREG(status.st_mode):
        return None
    try:
        mtime = datetime.fromtimestamp(status.st_mtime, UTC)
    except (OverflowError, OSError, ValueError):
        mtime = None
    return Entry(name, status.st_size, mtime)


def _read(path: Path, most: int) -> bytes:
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _WITHOUT_WAITING)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise FileNotFoundError
        return file.read(most)
