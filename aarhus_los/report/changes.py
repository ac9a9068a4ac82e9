"""The changes of a run as people speak of them: what was created, renamed, moved, closed, and where, the old by the new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aarhus_los.mo.kinds import Address, Class, Facet, Kind
from aarhus_los.plan import Action, Operation
from aarhus_los.report import danish
from aarhus_los.report.danish import FIELDS, Words
from aarhus_los.report.lines import Entry, Lines, ending
from aarhus_los.report.people_changes import PeopleChanges
from aarhus_los.report.scene import Scene, values_of
from aarhus_los.report.unit_changes import UnitChanges

Objects = Mapping[str, Sequence[Operation]]
"""Object → its operations, in the order in which they are sent."""

BASICS: Final = (Kind.ORGANISATION, Kind.FACET, Kind.CLASS, Kind.ITSYSTEM)


@dataclass(slots=True)
class Group:
    """Entries in one place; `path` are the names that lead there."""

    path: tuple[str, ...]
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Section:
    """All changes of one sort. `key` is its anchor, `of` what its entries are."""

    key: str
    title: str
    of: str
    groups: list[Group]
    has_before: bool = True

    @property
    def size(self) -> int:
        return sum(len(group.entries) for group in self.groups)


@dataclass(frozen=True)
class Changes:
    """All that changes, and how often people begin, end, move, or lead."""

    sections: list[Section]
    tallies: Counter[str]

    def size(self, key: str) -> int:
        return next((section.size for section in self.sections if section.key == key), 0)


def changes_of(scene: Scene, words: Words) -> Changes:
    """Tells the operations of a scene."""
    lines = Lines(scene)
    objects: dict[Kind, dict[str, list[Operation]]] = {kind: {} for kind in Kind}
    for operation in scene.operations:
        objects[operation.kind].setdefault(operation.uuid, []).append(operation)
    # As in the plan, in whatever order MO has answered.
    objects = {kind: dict(sorted(each.items())) for kind, each in objects.items()}
    units = UnitChanges(lines, words, _created(objects[Kind.ORG_UNIT]))
    people = PeopleChanges(lines, words, _created(objects[Kind.EMPLOYEE]))
    for uuid, operations in objects[Kind.ORG_UNIT].items():
        units.tell(uuid, operations)
    for operations in objects[Kind.ENGAGEMENT].values():
        people.tell_engagement(operations)
    for operations in objects[Kind.MANAGER].values():
        people.tell_manager(operations)
    for uuid, operations in objects[Kind.EMPLOYEE].items():
        people.tell_person(uuid, operations)
    for address, of_address in _by_type(objects[Kind.ADDRESS], scene):
        if address.org_unit is not None:
            units.tell_address(address.org_unit, of_address)
        else:
            people.tell_address(of_address)
    for operations in objects[Kind.IT].values():
        people.tell_account(operations)
    units.finish()
    sections = [
        *_unit_sections(units),
        _people_section(people),
        _basics_section(lines, words, {kind: objects[kind] for kind in BASICS}),
    ]
    return Changes([section for section in sections if section.groups], people.tallies)


def _created(objects: Objects) -> set[str]:
    return {uuid for uuid, operations in objects.items() if operations[0].action is Action.CREATE}


def _by_type(objects: Objects, scene: Scene) -> list[tuple[Address, Sequence[Operation]]]:
    """The addresses that operations speak of, sorted so that every unit tells its own in the same order."""
    found = [(values_of(operations[0])[0], operations) for operations in objects.values()]
    addresses = [(value, operations) for value, operations in found if isinstance(value, Address)]
    return sorted(addresses, key=lambda each: danish.collated(scene.name(Kind.CLASS, each[0].type)))


def _unit_sections(units: UnitChanges) -> list[Section]:
    words = units.words
    titles = {
        "created": f"{words.created}: enheder",
        "renamed": f"{words.renamed}: enheder",
        "moved": f"{words.moved}: enheder",
        "closed": f"{words.closed}: enheder",
        "reopened": f"{words.reopened}: enheder",
        "other": "Andre ændringer af enheder og deres adresser",
    }
    return [
        Section(
            key,
            title,
            "Enhed",
            _grouped((units.scene.above(uuid), entry) for uuid, entry in units.sections.get(key, {}).items()),
            has_before=key != "created",
        )
        for key, title in titles.items()
    ]


def _people_section(people: PeopleChanges) -> Section:
    placed = [
        (people.scene.path(unit) if unit else (), entry)
        for unit, each in people.units.items()
        for entry in each.values()
    ]
    return Section("people", "Personer, ansættelser og ledere", "Person", _grouped(placed))


def _basics_section(lines: Lines, words: Words, objects: Mapping[Kind, Objects]) -> Section:
    """Class lists and other basic data, by facet."""
    placed = []
    for kind, of_kind in objects.items():
        for uuid, operations in of_kind.items():
            first = values_of(operations[0])[0]
            place = danish.KINDS[kind]
            if isinstance(first, Class):
                facet = lines.scene.value(Kind.FACET, first.facet)
                place = facet.user_key if isinstance(facet, Facet) else first.facet
            entry = Entry(lines.text(first), uuid)
            for operation in operations:
                what = words.actions[operation.action]
                if operation.value is None:
                    entry.lines.append(ending(what, operation))
                elif operation.action is Action.CREATE or kind is Kind.ORGANISATION:
                    entry.lines.append(lines.detail(what, operation))
                else:
                    entry.lines += [line for _, line in lines.edits(operation, FIELDS)]
            placed.append(((place,), entry))
    return Section("basics", "Klasselister og IT-systemer", "Navn", _grouped(placed))


def _grouped(placed: Iterable[tuple[tuple[str, ...], Entry]]) -> list[Group]:
    """A group a path, both sorted, so that what is below a unit comes after it."""
    groups: dict[tuple[str, ...], Group] = {}
    for path, entry in placed:
        groups.setdefault(path, Group(path)).entries.append(entry)
    for group in groups.values():
        group.entries.sort(key=lambda entry: (danish.collated(entry.name), entry.uuid))
    return sorted(groups.values(), key=lambda group: [danish.collated(name) for name in group.path])
