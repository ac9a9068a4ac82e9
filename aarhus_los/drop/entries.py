"""The seam of every place that a drop can lie in: what a source lists, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a source. `mtime` is aware, in UTC, and None where the source does not tell.

    `size` is in bytes; 0 also where a server that has to be asked for each size was not, the name being of no interest.
    """

    name: str
    size: int
    mtime: datetime | None


class FileChanged(Exception):
    """A file is not, or no longer, what the listing said: an upload is under way. It waits for the next run."""


class Source(Protocol):
    """A folder with files, entered before it is asked. Every method raises UnavailableError when the source is."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def listing(self) -> list[Entry]:
        """All files, whatever their names; no folders."""
        ...

    def read(self, name: str) -> bytes:
        """The bytes of a file of the last listing. Raises FileChanged when it no longer has the size listed, or is gone."""
        ...

    def describe(self) -> str:
        """Where this is, for people: without a login."""
        ...
