"""The values that go into and come out of working out what MO must say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct, field
from msgspec.structs import force_setattr

from aarhus_los.addresses.outcomes import Outcome
from aarhus_los.drop.rejects import RowRef
from aarhus_los.masking import masked
from aarhus_los.mo.model import History, Kind, Object, Value
from aarhus_los.timeline import Piece

Actual = Mapping[Kind, Mapping[str, History]]
"""MO as it is, or was: kind → uuid → history. An object that MO does not have has no entry."""


class SetAside(Struct, frozen=True):
    """A row, or with `part` one detail of a row, that is not applied. Pending rows are tried again with every run."""

    ref: RowRef
    column: str
    reason: str
    pending: bool
    part: bool = False


class Notice(Struct, frozen=True):
    """Something that the run reports without setting a row aside.

    `fault`: the run then ends with exit 1. `news`: the state does not know it as reported already.
    """

    text: str
    ref: RowRef | None = None
    fault: bool = False
    news: bool = False

    def __post_init__(self) -> None:
        force_setattr(self, "text", masked(self.text))

    def __str__(self) -> str:
        return f"{self.ref}: {self.text}" if self.ref else self.text


class WantedMark(Struct, frozen=True):
    """The one interval of days on which a unit must carry a mark. MO can hold no second one."""

    hierarchy: str
    interval: tuple[date, date] | None
    """First and last day; on days between on which the unit is not there it is not compared. None: on no day."""
    instead: Piece[Value]
    """What takes its place where no day is left, since MO cannot take a mark away."""
    origin: tuple[RowRef, ...] = ()


class DesiredObject(Struct, frozen=True):
    """What MO must say of an object on the days of `claim`; days without a piece stay as they are."""

    kind: Kind
    uuid: str
    claim: History
    create_only: bool = False
    """Seed data: made where MO lacks it, never touched where MO has it."""
    within: str | None = None
    """The org unit with whose creation this object's creation goes, in one request."""
    mark: WantedMark | None = None
    """Of an org unit; None: its rows say nothing of the mark."""

    @property
    def object(self) -> Object:
        return self.kind, self.uuid


class UnresolvedAddress(Struct, frozen=True):
    """A postal address that was not safely resolved, and the address (a DAR uuid) that MO keeps meanwhile."""

    ref: RowRef
    org_unit: str
    text: str
    outcome: Outcome
    mo_has: str | None


class Desired(Struct):
    """What a family of the drop, or all of it, asks of MO, and what is to be reported about it."""

    objects: list[DesiredObject] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    superseded: list[SetAside] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    unresolved: list[UnresolvedAddress] = field(default_factory=list)

    @classmethod
    def of(cls, several: Iterable[Desired]) -> Desired:
        """All of them together, in order."""
        together = cls()
        for each in several:
            for part in cls.__struct_fields__:
                getattr(together, part).extend(getattr(each, part))
        return together
