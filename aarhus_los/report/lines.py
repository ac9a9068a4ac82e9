"""One change in a line: what, the old beside the new, on which days, and the rows that ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Final
from uuid import UUID

from aarhus_los.mo.kinds import (
    Account,
    Address,
    Class,
    Engagement,
    Facet,
    ItSystem,
    Kind,
    Manager,
    Organisation,
    Person,
    Unit,
    Value,
)
from aarhus_los.plan import Operation
from aarhus_los.report import danish
from aarhus_los.report.danish import NONE
from aarhus_los.report.scene import Scene
from aarhus_los.timeline import FOREVER, Nothing, day_after, day_before, split


@dataclass(frozen=True, slots=True)
class Line:
    """One change: what, the texts before and after, on which days, and the rows that ask for it."""

    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    days: str
    rows: tuple[str, ...] = ()


@dataclass(slots=True)
class Entry:
    """A unit, a person or a class, and its changes."""

    name: str
    uuid: str
    note: str = ""
    lines: list[Line] = field(default_factory=list)


class Lines:
    """Tells operations and values with the names of a scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def detail(self, label: str, operation: Operation) -> Line:
        """A change of something that is one text."""
        after = NONE if operation.value is None else self.text(operation.value)
        before = [
            self.text(piece.value) for piece in operation.before if not isinstance(piece.value, Nothing)
        ]
        when = danish.days(operation.start, operation.end)
        return Line(label, tuple(dict.fromkeys(before)) or (NONE,), (after,), when, rows_of(operation))

    def edits(self, operation: Operation, labels: Mapping[str, str]) -> Iterator[tuple[str, Line]]:
        """The fields that an operation changes on days on which the object was there."""
        old = [piece.value for piece in operation.before if not isinstance(piece.value, Nothing)]
        if operation.value is None or not old:
            return
        for each in fields(operation.value):
            name = each.name
            if not each.compare or all(
                getattr(value, name) == getattr(operation.value, name) for value in old
            ):
                continue
            before = tuple(dict.fromkeys(self.field(name, value) for value in old))
            after = (self.field(name, operation.value),)
            when = danish.days(operation.start, operation.end)
            yield name, Line(labels.get(name, name), before, after, when, rows_of(operation))

    def field(self, name: str, value: Value) -> str:
        """A field of a value, as names where it refers to something."""
        found = getattr(value, name)
        if not found:
            return "Øverst" if name == "parent" else NONE
        kind = _REFERS.get(name)
        if kind is None:
            return str(found)
        if name == "responsibilities":
            return ", ".join(sorted((self.scene.name(kind, each) for each in found), key=danish.collated))
        if kind is Kind.ORG_UNIT:
            return " › ".join(self.scene.path(found))
        return self.scene.name(kind, found)

    def text(self, value: Value) -> str:
        """What a value is called."""
        match value:
            case Address():
                known = self.scene.designations.get(value.value)
                return known or (f"DAR {value.value}" if _is_uuid(value.value) else value.value)
            case Account() | Facet():
                return str(value.user_key)
            case Organisation():
                return str(value.municipality_code or NONE)
            case Class() | ItSystem() | Person() | Unit():
                return value.name
            case Engagement() | Manager():
                return " › ".join(self.scene.path(value.org_unit))


_REFERS: Final[Mapping[str, Kind]] = {
    "parent": Kind.ORG_UNIT,
    "org_unit": Kind.ORG_UNIT,
    "type": Kind.CLASS,
    "hierarchy": Kind.CLASS,
    "job_function": Kind.CLASS,
    "engagement_type": Kind.CLASS,
    "primary": Kind.CLASS,
    "level": Kind.CLASS,
    "responsibilities": Kind.CLASS,
    "person": Kind.EMPLOYEE,
    "itsystem": Kind.ITSYSTEM,
}
"""Fields that hold the uuid of something with a name."""


def absent(operation: Operation) -> list[tuple[date, date]]:
    """The days of an operation on which the object was not there before, in runs."""
    runs: list[tuple[date, date]] = []
    for start, end, piece in split(operation.start, operation.end, operation.before):
        if piece is not None and not isinstance(piece.value, Nothing):
            continue
        if runs and day_after(runs[-1][1]) == start:
            runs[-1] = runs[-1][0], end
        else:
            runs.append((start, end))
    return runs


def ending(what: str, operation: Operation, of: tuple[str, ...] = ()) -> Line:
    """The last day before and after, for what ends; the days that fall away, for what is interrupted."""
    there = [piece for piece in operation.before if not isinstance(piece.value, Nothing)]
    before = danish.last_day(there[-1].end) if there else NONE
    goes_on = operation.end != FOREVER
    after = "findes ikke på disse dage" if goes_on else danish.last_day(day_before(operation.start))
    when = danish.days(operation.start, operation.end)
    return Line(what, (*of, before), (after,), when, rows_of(operation))


def rows_of(operation: Operation) -> tuple[str, ...]:
    """The rows that ask for it, a file each: `file:line, line`."""
    lines: dict[str, list[str]] = {}
    for ref in operation.origin:
        lines.setdefault(ref.file, []).append(str(ref.line))
    return tuple(f"{file}:{', '.join(numbers)}" for file, numbers in lines.items())


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
