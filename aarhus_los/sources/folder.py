"""A drop in a local folder."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from aarhus_los.errors import UnavailableError
from aarhus_los.sources.entries import Entry, FileChanged, check_count


class Folder:
    """The regular files of a folder, and what links to one. Implements `Source`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sizes: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def describe(self) -> str:
        return f"the folder {self._path}"

    def listing(self) -> list[Entry]:
        entries = []
        try:
            with os.scandir(self._path) as found:
                for item in found:
                    if (entry := _entry(item)) is not None:
                        entries.append(entry)
                        check_count(len(entries), self.describe())
        except OSError as error:
            raise UnavailableError(f"{self.describe()} cannot be read: {error.strerror}") from error
        self._sizes = {entry.name: entry.size for entry in entries}
        return entries

    def read(self, name: str) -> bytes:
        size = self._sizes[name]
        try:
            with (self._path / name).open("rb") as file:
                data = file.read(size + 1)
        except FileNotFoundError:
            raise FileChanged(f"{name} is gone since it was listed") from None
        except OSError as error:
            raise UnavailableError(f"{name} in {self.describe()} cannot be read: {error.strerror}") from error
        if len(data) != size:
            raise FileChanged(f"{name} is no longer of the {size} bytes that it was listed with")
        return data


def _entry(item: os.DirEntry[str]) -> Entry | None:
    """None for what is no regular file, and for what is gone already or leads nowhere."""
    try:
        status = item.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    try:
        mtime = datetime.fromtimestamp(status.st_mtime, UTC)
    except (OverflowError, OSError, ValueError):
        mtime = None
    # A name that is not UTF-8 is none of ours, but it may be shown.
    name = os.fsencode(item.name).decode("utf-8", "replace")
    return Entry(name, status.st_size, mtime)
