"""What the operator asks of a run, and what it reads: files with new and pending rows, and what they are folded with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from msgspec.structs import force_setattr

from aarhus_los.desired.claims import Notice
from aarhus_los.drop.file import DropFile, by_family
from aarhus_los.drop.names import Family
from aarhus_los.drop.rejects import RowRef
from aarhus_los.ledger import Line
from aarhus_los.masking import masked

if TYPE_CHECKING:
    from aarhus_los.brakes import BrakeKind


class Refusal(Struct, frozen=True):
    """A file that is not imported and not in the state, and the exit code that it means."""

    file: str
    reason: str
    exit_code: int

    def __post_init__(self) -> None:
        force_setattr(self, "file", masked(self.file))
        force_setattr(self, "reason", masked(self.reason))


class Selection(Struct):
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
        return by_family(self.files)[family]


class Options(Struct, frozen=True):
    """What the operator asks of one run."""

    since: date | None = None
    allow_late: bool = False
    allow_empty: bool = False
    accept_rejects: bool = False
    """Whether all pending rows are given up."""
    accepted_rows: frozenset[RowRef] = frozenset()
    """Those that are given up by name."""
    allow: Mapping[BrakeKind, int] = {}
    verify: Literal["some", "all", "none"] = "some"
    names: bool = False
    """Whether the names of all that is reported are read from MO, also where nobody is about to decide by them."""

    def has_given_up(self, name: str, line: Line) -> bool:
        """Whether all pending rows of a file are given up: where it cannot be tried again, it is nothing to refuse."""
        return self.accept_rejects or all(RowRef(name, row) in self.accepted_rows for row in line.pending)
