"""What a run reads: the files with new and pending rows, and those that they are folded with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from aarhus_los.desired.claims import Notice
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import Family
from aarhus_los.drop.rejects import RowRef
from aarhus_los.ledger import Line
from aarhus_los.masking import masked


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that is not imported and not in the state, and the exit code that it means."""

    file: str
    reason: str
    exit_code: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", masked(self.file))
        object.__setattr__(self, "reason", masked(self.reason))


@dataclass
class Selection:
    """What a run reads."""

    files: list[DropFile] = field(default_factory=list)
    """In the order of folding."""
    lines: dict[str, Line] = field(default_factory=dict)
    """The lines of the files that are read, as they will stand in the state but for what the import finds out, and of
    those that stand there without one: taken over, or with another modification time."""
    refused: list[Refusal] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    """The names of ours that the source has."""
    reported: dict[str, str] = field(default_factory=dict)
    """What the state will say that was reported, beside pending rows."""

    @property
    def quiet(self) -> bool:
        """Nothing is new and nothing pending."""
        return not self.files

    def of(self, family: Family) -> list[DropFile]:
        return [file for file in self.files if file.name.family is family]


class Wishes(NamedTuple):
    """What the operator asked for beside what is new."""

    since: date | None = None
    allow_late: bool = False
    allow_empty: bool = False
    accepted: Collection[RowRef] = ()
    """Pending rows that are given up: a file that has no others, and cannot be tried again, is nothing to refuse."""

    def has_given_up(self, name: str, line: Line) -> bool:
        """Whether all pending rows of a file are given up."""
        return all(RowRef(name, row) in self.accepted for row in line.pending)
