"""The names that a record needs: of all that its operations are about, and the units above, as of today after the run.

What the run takes away altogether is named as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from msgspec import Struct

from aarhus_los.desired.claims import Actual
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.rejects import RowRef
from aarhus_los.mo.model import (
    Class,
    Engagement,
    Facet,
    History,
    ItSystem,
    Kind,
    Manager,
    Mark,
    Object,
    Person,
    Unit,
    Value,
    by_kind,
    references,
)
from aarhus_los.plan import Operation, histories_after
from aarhus_los.timeline import Nothing, at, valid

Read = Callable[[Kind, Collection[str]], Mapping[str, History]]
"""Reads objects of a kind from MO; those that MO does not have, or cannot show, are missing."""

NAMED: Final = (Kind.FACET, Kind.CLASS, Kind.ITSYSTEM, Kind.EMPLOYEE, Kind.ORG_UNIT)
PLACING: Final = (Kind.ENGAGEMENT, Kind.MANAGER)
"""What shows the unit of a person."""


class Names(Struct, frozen=True):
    """What is to be read beside the uuids of a record."""

    names: Mapping[str, str] = {}
    """An object's uuid → its name; the uuid of an address in DAR → the address as DAR writes it."""
    parents: Mapping[str, str] = {}
    """Org unit → the unit above."""
    homes: Mapping[str, str] = {}
    """Person → the unit of the main engagement, for people of whom neither an engagement nor a manager changes."""


def gather_names(
    today: date,
    operations: Sequence[Operation],
    actual: Actual,
    read: Read,
    *,
    units: Collection[str] = (),
    addresses: Mapping[str, str] | None = None,
) -> Names:
    """Gathers what is known already, and reads the rest: of the units that are touched, and `units`, all ancestors.

    `addresses`: the texts of addresses in DAR.
    """
    placing: set[Object] = set()
    others: set[Object] = {(Kind.ORG_UNIT, unit) for unit in units}
    for operation in operations:
        mentioned = placing if operation.kind in PLACING else others
        if operation.kind in NAMED:
            mentioned.add(operation.object)
        for value in _values_of(operation):
            mentioned.update(references(Kind.MARK if isinstance(value, Mark) else operation.kind, value))
    after = _After(today, operations, actual, read)
    of_kind = by_kind(placing | others)
    unplaced = {uuid for kind, uuid in others - placing if kind is Kind.EMPLOYEE}
    homes = after.homes(unplaced) if unplaced else {}
    of_kind.setdefault(Kind.ORG_UNIT, set()).update(homes.values())
    names = dict(addresses or {})
    parents: dict[str, str] = {}
    for kind in NAMED:
        level = seen = of_kind.get(kind, set())
        while level:  # a round for each level of the tree, however many units are touched
            above: set[str] = set()
            for uuid, value in after.values(kind, level).items():
                names[uuid] = _name(value) or uuid
                if isinstance(value, Unit) and value.parent is not None:
                    parents[uuid] = value.parent
                    above.add(value.parent)
            level = above - seen
            seen |= level
    return Names(names, parents, homes)


class _After:
    """MO as it will be after the run; what is not known is read."""

    def __init__(self, today: date, operations: Sequence[Operation], actual: Actual, read: Read) -> None:
        self.today = today
        self.operations = operations
        self.actual = actual
        self.known = histories_after(operations, NAMED, actual)
        self.read = read

    def values(self, kind: Kind, uuids: Collection[str]) -> dict[str, Value]:
        """What objects are today, else when they next are, else what they last were."""
        known = self.known[kind]
        missing = {uuid for uuid in uuids if uuid not in known}
        found = self.read(kind, missing) if missing else {}
        before = self.actual.get(kind, {})
        values = {
            uuid: self._value(found.get(uuid, known.get(uuid, ()))) or self._value(before.get(uuid, ()))
            for uuid in uuids
        }
        return {uuid: value for uuid, value in values.items() if value is not None}

    def _value(self, history: History) -> Value | None:
        there = [piece for piece in history if not isinstance(piece.value, Nothing)]
        now = at(history, self.today)
        later = (piece for piece in there if piece.start > self.today)
        best = now if now in there else next(later, there[-1] if there else None)
        return None if best is None or isinstance(best.value, Nothing) else best.value

    def homes(self, people: Collection[str]) -> dict[str, str]:
        """The unit of each person's main engagement; of those who have none, of what they manage."""
        best: dict[str, tuple[tuple[bool, bool, bool, date], str]] = {}
        for kind, histories in histories_after(self.operations, PLACING, self.actual).items():
            for history in histories.values():
                value = self._value(history)
                if not isinstance(value, Engagement | Manager) or value.person is None:
                    continue
                if value.person not in people:
                    continue
                main = value.primary if isinstance(value, Engagement) else None
                of_main = self._value(self.known[Kind.CLASS].get(main or "", ()))
                primary = isinstance(of_main, Class) and of_main.user_key == "primary"
                rank = (kind is Kind.ENGAGEMENT, valid(history, self.today), primary, history[-1].start)
                if value.person not in best or (rank, value.org_unit) > best[value.person]:
                    best[value.person] = rank, value.org_unit
        return {person: unit for person, (_, unit) in best.items()}


def _name(value: Value) -> str:
    match value:
        case Class() | ItSystem() | Person() | Unit():
            return value.name
        case Facet():
            return value.user_key
    return ""


def _values_of(operation: Operation) -> list[Value]:
    """The values that an operation writes or writes over."""
    found: list[Value] = [] if operation.value is None else [operation.value]
    marking = operation.marking
    for pieces in (operation.before, marking.before if marking else ()):
        found += [piece.value for piece in pieces if not isinstance(piece.value, Nothing)]
    return found if marking is None else [*found, Mark(marking.hierarchy)]


def units_of_rows(files: Iterable[DropFile], refs: Collection[RowRef]) -> dict[RowRef, str]:
    """Row → the org unit that it is about, where it names one."""
    units: dict[RowRef, str] = {}
    for file in files if refs else ():
        for row in (*file.rows, *file.rejects):
            unit = getattr(row, "org_uuid", None)
            if unit is not None and row.ref in refs:
                units[row.ref] = unit
    return units
