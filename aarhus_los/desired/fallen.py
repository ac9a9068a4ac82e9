"""The rows of a family that are set aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aarhus_los.desired.claims import Desired, FileRows, SetAside
from aarhus_los.drop.rows import RowRef


class Fallen(dict[RowRef, SetAside]):
    """The rows that are set aside, each for the first reason that is found. What a file itself rejects falls at once."""

    def __init__(self, files: Sequence[FileRows[Any]]) -> None:
        super().__init__()
        self._files = {file.name.name: file for file in files}
        for file in files:
            for reject in file.rejects:
                self.add(reject.ref, reject.column, reject.reason, pending=False)

    def add(self, ref: RowRef, column: str, reason: str, *, pending: bool) -> None:
        self.setdefault(ref, SetAside(ref, column, reason, pending))

    def counts(self, ref: RowRef) -> bool:
        """Whether this run answers for a row: a new one, or a pending one."""
        return self._files[ref.file].counts(ref)

    def tell(self, result: Desired, overtaken: Callable[[SetAside], bool]) -> None:
        """Pending rows that a later file has overtaken are done with; all others that fell are told.

        So are the details of rows that are set aside in `result` already.
        """
        asides = [aside for aside in self.values() if self.counts(aside.ref)] + result.set_aside
        result.set_aside = []
        for aside in asides:
            done_with = aside.pending and overtaken(aside)
            (result.superseded if done_with else result.set_aside).append(aside)
