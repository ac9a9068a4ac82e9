"""The seam of every place that a drop can lie in: what a source lists, how it is read, and within which limits."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Self

from msgspec import Struct, field

from aarhus_los.errors import FileRefused, UnavailableError
from aarhus_los.messages import Message

_EXAMPLES: Final = 3
_LONGEST_SHOWN: Final = 200
_LONGEST_NAME: Final = 1000
_LIKE_CPR: Final = re.compile(r"(?<![0-9])[0-9]{6}[- ]?[0-9]{4}(?![0-9])")


class Limits(Struct, frozen=True):
    """How long a source may take, in seconds, and how much it may give: nothing waits for ever, or fills the memory.

    `silence` is the timeout of a socket, for each read alone; `closing` is that for what follows the last byte of a file.
    `exchange` is for a listing as a whole, the login before it included, and `file` for a file. `questions` is for all
    that a server which tells little in its listing is asked of single files.
    """

    silence: float = 60.0
    closing: float = 10.0
    exchange: float = 10 * 60.0
    questions: float = 30 * 60.0
    file: float = 30 * 60.0
    file_bytes: int = 512 * 1024 * 1024
    entries: int = 200_000
    """Eight files a day are fewer in sixty years."""


class Entry(Struct, frozen=True):
    """A file of a source. `mtime` is aware, in UTC, and None where the source does not tell.

    `size` is in bytes; None where the source does not tell it, also when asked: such a file is not read. It is 0 also where
    a server that has to be asked for each size was not, the name being of no interest.
    """

    name: str
    size: int | None
    mtime: datetime | None


class Listing(Struct, frozen=True):
    """The files of a folder, whatever their names. `unusable` names were left out; `examples` are a few, and why."""

    entries: tuple[Entry, ...]
    unusable: int = 0
    examples: tuple[str, ...] = ()

    def unusable_text(self) -> str:
        """What to say of the names that were left out, for people; empty where there are none."""
        if not self.unusable:
            return ""
        more = f" and {self.unusable - len(self.examples)} more" if self.unusable > len(self.examples) else ""
        names = "1 name" if self.unusable == 1 else f"{self.unusable} names"
        return f"{names} in the folder cannot be used: {'; '.join(self.examples)}{more}"


class Gathering(Struct):
    """A listing on its way, from a place that errors name."""

    place: str
    limits: Limits
    entries: list[Entry] = field(default_factory=list)
    _lines: int = 0
    _unusable: int = 0
    _examples: list[str] = field(default_factory=list)

    def count(self) -> None:
        """One thing more was listed, whatever it is. Raises UnavailableError where that is too much."""
        self._lines += 1
        if self._lines > self.limits.entries:
            text = f"{self.place}: more than {self.limits.entries} files in the folder: is it the right one?"
            raise UnavailableError(text, lasting=True)

    def leave_out(self, name: str, reason: str) -> None:
        self._unusable += 1
        if len(self._examples) < _EXAMPLES:
            self._examples.append(f"{printable(name, 80)!r} ({reason})")

    def listing(self) -> Listing:
        """Raises UnavailableError where no name at all can be used: that is a misunderstanding, and no empty folder."""
        listing = Listing(tuple(self.entries), self._unusable, tuple(self._examples))
        if self._unusable and not self.entries:
            raise UnavailableError(f"{self.place}: {listing.unusable_text()}", lasting=True)
        return listing


class FileChanged(Exception):
    """A file is not, or no longer, what the listing said: an upload is under way. It waits for the next run."""


def listed_size(entry: Entry, limits: Limits) -> int:
    """The size that a file must have when it is read. Raises FileRefused where it is not known, or is too large."""
    if entry.size is None:
        raise FileRefused(entry.name, Message.SIZE_NOT_KNOWN())
    if entry.size > limits.file_bytes:
        most = f"{limits.file_bytes / 2**20:g} MB"
        raise FileRefused(entry.name, Message.FILE_TOO_LARGE(size=entry.size, most=most))
    return entry.size


def unusable(name: str) -> str | None:
    """Why a name can be none of a file in this folder, or None if it can. Names are never paths, here or locally."""
    if "/" in name or "\\" in name:
        return "it leads elsewhere"
    if "\ufffd" in name:
        return "it is not UTF-8"
    return "it is too long" if len(name) > _LONGEST_NAME else None


def printable(text: str, longest: int = _LONGEST_SHOWN) -> str:
    """What others have written, on one line for people: short, and without numbers that could be CPR numbers."""
    plain = "".join(char if char.isprintable() else " " for char in text[: 10 * longest])
    return _LIKE_CPR.sub("**********", " ".join(plain.split()))[:longest]


class Source(ABC):
    """A folder with files, entered before it is asked. Every method raises UnavailableError when the source is."""

    listed: Mapping[str, Entry] = MappingProxyType({})
    """The files of the last listing, by their names."""

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(self, kind: type[BaseException] | None, /, *_: object) -> None: ...

    @abstractmethod
    def describe(self) -> str:
        """Where this is, for people: without a login."""

    @abstractmethod
    def listing(self) -> Listing:
        """All files, whatever their names; no folders. An empty one is of a folder that is there, is ours and is empty."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The bytes of a file of the last listing.

        Raises FileChanged when it no longer has the size listed, or is gone, and FileRefused when it is not given to us.
        """

    def _listed(self, gathering: Gathering) -> Listing:
        """What was gathered is the last listing."""
        listing = gathering.listing()
        self.listed = {entry.name: entry for entry in listing.entries}
        return listing
