"""The values that go into and come out of working out what MO must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from aarhus_los.addresses.outcomes import Outcome
from aarhus_los.drop.names import DropName
from aarhus_los.drop.rows import Reject, RowRef
from aarhus_los.mo.kinds import History, Kind

RowType = TypeVar("RowType")

Actual = Mapping[Kind, Mapping[str, History]]
"""MO as it is: kind → uuid → history. An object that MO does not have has no entry."""


@dataclass(frozen=True)
class FileRows(Generic[RowType]):
    """One file as the fold reads it."""

    name: DropName
    rows: tuple[RowType, ...]
    rejects: tuple[Reject, ...]
    counted: frozenset[int] | None = None
    """The lines that this run answers for, new or pending; None: all, the file is new."""
    as_nye: frozenset[int] | None = None
    """The lines of a `_ret` file that were found to be new objects; None: to be found out."""

    def counts(self, ref: RowRef) -> bool:
        return self.counted is None or ref.line in self.counted


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row, or with `part` one detail of a row, that is not applied. Pending rows are tried again with every run."""

    ref: RowRef
    column: str
    reason: str
    pending: bool
    part: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the run tells without setting a row aside. `fault`: the run then ends with exit 1."""

    text: str
    ref: RowRef | None = None
    fault: bool = False

    def __str__(self) -> str:
        return f"{self.ref}: {self.text}" if self.ref else self.text


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """What MO must say of an object on the days of `claim`; days without a piece stay as they are."""

    kind: Kind
    uuid: str
    claim: History
    create_only: bool = False
    """Seed data: made where MO lacks it, never touched where MO has it."""
    within: str | None = None
    """The org unit with whose creation this object's creation goes, in one request."""


@dataclass(frozen=True, slots=True)
class UnresolvedAddress:
    """A postal address that was not safely resolved, and the address (a DAR uuid) that MO keeps meanwhile."""

    ref: RowRef
    org_unit: str
    text: str
    outcome: Outcome
    mo_has: str | None


@dataclass
class Desired:
    """What a family of the drop asks of MO, and what is to be told about it."""

    objects: list[DesiredObject] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    superseded: list[SetAside] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    as_nye: dict[str, frozenset[int]] = field(default_factory=dict)
    """File name → the lines that count as `_nye` rows, for files where it was found out in this run."""
    unresolved: list[UnresolvedAddress] = field(default_factory=list)

    def extend(self, other: Desired) -> None:
        self.objects += other.objects
        self.set_aside += other.set_aside
        self.superseded += other.superseded
        self.notices += other.notices
        self.as_nye.update(other.as_nye)
        self.unresolved += other.unresolved
