"""What a page of changes shows around them: names, the units above a unit, and where a person belongs, as after the run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from aarhus_los.desired.claims import Actual, DesiredObject
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.rows import RowRef
from aarhus_los.mo.kinds import (
    Account,
    Address,
    Class,
    Engagement,
    History,
    ItSystem,
    Kind,
    Manager,
    Person,
    Unit,
    Value,
    references,
)
from aarhus_los.plan import Operation
from aarhus_los.timeline import Nothing, at, overlay, valid

Read = Callable[[Kind, Collection[str]], Mapping[str, History]]
"""Reads objects of a kind from MO; those that MO does not have, or cannot show, are missing."""

NAMED: Final = (Kind.FACET, Kind.CLASS, Kind.ITSYSTEM, Kind.EMPLOYEE, Kind.ORG_UNIT)


@dataclass(frozen=True)
class Scene:
    """`operations` are what was done or, with a plan, would be done. All names are those of `today` after it."""

    today: date
    operations: Sequence[Operation] = ()
    after: Actual = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    """Person → the org unit of their main engagement, for people of whom more than an engagement changes."""
    designations: Mapping[str, str] = field(default_factory=dict)
    """The uuid of an address in DAR → the address as DAR writes it."""
    subjects: Mapping[RowRef, str] = field(default_factory=dict)
    """Row that is set aside → the org unit that it speaks of."""

    def value(self, kind: Kind, uuid: str) -> Value | None:
        """What an object is today, else when it next is, else what it last was."""
        return _value_on(self.after.get(kind, {}).get(uuid, ()), self.today)

    def name(self, kind: Kind, uuid: str) -> str:
        """The name of an object; its uuid where MO cannot show it."""
        value = self.value(kind, uuid)
        return value.name if isinstance(value, Class | ItSystem | Person | Unit) and value.name else uuid

    def above(self, unit: str) -> tuple[str, ...]:
        """The names of the units above a unit, the topmost first."""
        names: list[str] = []
        seen = {unit}
        parent = self._parent(unit)
        while parent is not None and parent not in seen:
            seen.add(parent)
            names.insert(0, self.name(Kind.ORG_UNIT, parent))
            parent = self._parent(parent)
        return tuple(names)

    def path(self, unit: str) -> tuple[str, ...]:
        """The names of the units above a unit, and its own."""
        return (*self.above(unit), self.name(Kind.ORG_UNIT, unit))

    def _parent(self, unit: str) -> str | None:
        value = self.value(Kind.ORG_UNIT, unit)
        return value.parent if isinstance(value, Unit) else None


def make_scene(
    today: date,
    wanted: Iterable[DesiredObject],
    actual: Actual,
    operations: Sequence[Operation],
    read: Read,
    *,
    units: Collection[str] = (),
    designations: Mapping[str, str] | None = None,
) -> Scene:
    """Gathers what is known, and reads what is missing: the ancestors of all units that are touched, above all.

    `units`: further units that will be named.
    """
    after = {kind: dict(actual.get(kind, {})) for kind in (*NAMED, Kind.ENGAGEMENT, Kind.MANAGER)}
    for each in wanted:
        if each.kind in after:
            known = after[each.kind].get(each.uuid, ())
            if not (each.create_only and known):
                after[each.kind][each.uuid] = overlay(each.claim, known)
    homes = _homes(operations, after, today)
    mentioned: dict[Kind, set[str]] = {kind: set() for kind in Kind}
    mentioned[Kind.ORG_UNIT] |= {*units, *homes.values()}
    for operation in operations:
        for value in values_of(operation):
            for kind, uuid in references(operation.kind, value):
                mentioned[kind].add(uuid)
        if operation.kind is Kind.ORG_UNIT:
            mentioned[Kind.ORG_UNIT].add(operation.uuid)
    for kind in (Kind.CLASS, Kind.EMPLOYEE):
        _add_missing(after, kind, mentioned[kind], read)
    _add_missing(after, Kind.ORG_UNIT, mentioned[Kind.ORG_UNIT], read)
    _add_ancestors(after, mentioned[Kind.ORG_UNIT], read)
    return Scene(today, operations, after, homes, designations or {})


def units_of_rows(files: Iterable[DropFile], refs: Collection[RowRef]) -> dict[RowRef, str]:
    """Row → the org unit that it speaks of, where it tells one."""
    units: dict[RowRef, str] = {}
    for file in files:
        for row in (*file.rows, *file.rejects):
            unit = getattr(row, "org_uuid", None)
            if unit is not None and row.ref in refs:
                units[row.ref] = unit
    return units


def values_of(operation: Operation) -> list[Value]:
    """The values that an operation writes or writes over."""
    before = [piece.value for piece in operation.before if not isinstance(piece.value, Nothing)]
    return before if operation.value is None else [operation.value, *before]


def person_of(value: Value) -> str | None:
    """The person that an object belongs to."""
    return value.person if isinstance(value, Account | Address | Engagement | Manager) else None


def _value_on(history: History, day: date) -> Value | None:
    piece = at(history, day)
    if piece is not None and not isinstance(piece.value, Nothing):
        return piece.value
    there = [each for each in history if not isinstance(each.value, Nothing)]
    found = next((each.value for each in there if each.start > day), there[-1].value if there else None)
    return None if isinstance(found, Nothing) else found


def _add_missing(after: dict[Kind, dict[str, History]], kind: Kind, uuids: set[str], read: Read) -> None:
    if missing := uuids - set(after[kind]):
        after[kind].update(read(kind, missing))


def _add_ancestors(after: dict[Kind, dict[str, History]], units: set[str], read: Read) -> None:
    """Reads a level a round: of whatever depth the tree is, and however many units are touched."""
    level, seen = set(units), set(units)
    while level:
        histories = [after[Kind.ORG_UNIT].get(unit, ()) for unit in level]
        level = {
            piece.value.parent
            for history in histories
            for piece in history
            if isinstance(piece.value, Unit) and piece.value.parent is not None
        } - seen
        seen |= level
        _add_missing(after, Kind.ORG_UNIT, level, read)


def _homes(
    operations: Iterable[Operation], after: Mapping[Kind, Mapping[str, History]], today: date
) -> dict[str, str]:
    people = {operation.uuid for operation in operations if operation.kind is Kind.EMPLOYEE}
    people |= {
        person
        for operation in operations
        if operation.kind in (Kind.ADDRESS, Kind.IT)
        for value in values_of(operation)
        if (person := person_of(value)) is not None
    }
    best: dict[str, tuple[tuple[bool, bool, bool, date], str]] = {}
    for kind in (Kind.ENGAGEMENT, Kind.MANAGER):
        for history in after[kind].values():
            value = _value_on(history, today)
            if not isinstance(value, Engagement | Manager) or value.person not in people:
                continue
            primary = isinstance(value, Engagement) and _is_primary(after, value.primary, today)
            rank = (kind is Kind.ENGAGEMENT, valid(history, today), primary, history[-1].start)
            if value.person not in best or rank > best[value.person][0]:
                best[value.person] = rank, value.org_unit
    return {person: unit for person, (_, unit) in best.items()}


def _is_primary(after: Mapping[Kind, Mapping[str, History]], uuid: str | None, today: date) -> bool:
    value = _value_on(after[Kind.CLASS].get(uuid or "", ()), today)
    return isinstance(value, Class) and value.user_key == "primary"
