"""The seam of every place that a drop can lie in: what a source lists, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Final, Protocol, Self

from aarhus_los.errors import UnavailableError

MOST_FILES: Final = 200_000
"""Eight files a day are fewer in sixty years. A folder of more is another one, or a server that never ends its answer."""


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


def check_count(count: int, place: str) -> None:
    """Raises UnavailableError where a listing has grown beyond `MOST_FILES`, so that it cannot fill the memory."""
    if count > MOST_FILES:
        raise UnavailableError(f"{place}: more than {MOST_FILES} files in the folder: is it the right one?")


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
