"""A file of the drop as a value: its name, bytes and version, what its header says, its rows and its rejects."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from aarhus_los.drop.dialect import DELIMITER, Broken, read_records
from aarhus_los.drop.header import Header
from aarhus_los.drop.names import DropName, Family
from aarhus_los.drop.rejects import Reject, RowRef

if TYPE_CHECKING:
    from aarhus_los.drop.rows import Row

R = TypeVar("R", bound="Row")


class DropFile(Struct, frozen=True, dict=True):
    """A file as read. Every line that is not blank is a row or a reject.

    `due` are the lines that the run answers for, new or pending; None: all, the version is new. `dropped` are those that are
    set aside for good: superseded, given up by the operator, or rejected in an earlier run. `taken_over`: an earlier
    importer imported it, if anyone.
    """

    name: DropName
    data: bytes
    header: Header
    rows: tuple[Row, ...]
    rejects: tuple[Reject, ...]
    due: frozenset[int] | None = None
    dropped: frozenset[int] = frozenset()
    taken_over: bool = False

    def __repr__(self) -> str:
        return f"DropFile({self.name.name})"  # rows are about people

    @cached_property
    def sha256(self) -> str:
        """What tells one version of a file from another."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def is_empty(self) -> bool:
        """Whether it is a header without rows: nothing to import."""
        return not self.rows and not self.rejects

    @property
    def lines(self) -> list[RowRef]:
        """Where its rows and rejects stand."""
        return [line.ref for line in (*self.rows, *self.rejects)]

    def is_due(self, ref: RowRef) -> bool:
        return ref.line not in self.dropped and (self.due is None or ref.line in self.due)

    def was_applied(self, ref: RowRef) -> bool:
        """Whether we did that before. What it needed may be gone since, and it is still what was said."""
        return not (self.taken_over or self.is_due(ref) or ref.line in self.dropped)

    def rows_of(self, kind: type[R]) -> tuple[R, ...]:
        """The rows, known to be of the kind that the file's name says."""
        return tuple(row for row in self.rows if isinstance(row, kind))

    def cells(self, lines: Collection[int]) -> Mapping[int, tuple[str, ...]]:
        """The cells of some of its lines, as the file has them: also of lines that are no rows."""
        wanted = set(lines)
        return {
            line: tuple(record.text.split(DELIMITER) if isinstance(record, Broken) else record)
            for line, record in (read_records(self.data) if wanted else ())
            if line in wanted
        }


def by_family(files: Iterable[DropFile]) -> dict[Family, list[DropFile]]:
    """Some files, in their order, by family: each has an entry."""
    found: dict[Family, list[DropFile]] = {family: [] for family in Family}
    for file in files:
        found[file.name.family].append(file)
    return found
