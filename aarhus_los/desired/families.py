"""All families of the drop together: what one may refer to follows from what the others bring."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from aarhus_los import initial
from aarhus_los.addresses.outcomes import Outcome
from aarhus_los.desired import classes, managers, org, people
from aarhus_los.desired.claims import Actual, Desired, DesiredObject, Notice
from aarhus_los.desired.lines import FileLines, Gathered
from aarhus_los.desired.persons import PeopleInMo
from aarhus_los.desired.references import References
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.columns import UNITS, references
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import Family
from aarhus_los.drop.rows import ManagerRow, OrgRow, PersonRow
from aarhus_los.messages import Message
from aarhus_los.mo.model import Class, History, Kind


class Subjects(NamedTuple):
    """Whom and what new and pending rows are about: by family, each subject's lines in the order of folding."""

    units: Gathered
    persons: Gathered
    managers: Gathered

    @property
    def lines(self) -> dict[str, list[FileLines]]:
        """Of all families."""
        return {**self.units, **self.persons, **self.managers}


@dataclass(frozen=True)
class World:
    """MO as it is, as far as the drop asks, and as it was before the files were imported."""

    organisation: tuple[str, int | None]
    """The root organisation's uuid and municipality code."""
    facets: Mapping[str, str]
    """User key → uuid."""
    actual: Actual
    base: Actual
    """The objects of the subjects as they were before any file that is folded about them."""
    people: PeopleInMo
    unreadable: Mapping[str, str]
    """Objects that MO has and cannot show, and why."""
    odd: frozenset[str] = frozenset()
    """Of those, facets, classes and IT systems: they may be referred to all the same."""
    doubtful_facets: Mapping[str, str] = field(default_factory=dict)
    """The user keys of facets that MO does not show, each with a facet that it cannot show and that may be the one."""


class Ours(NamedTuple):
    """What the settings say of this municipality."""

    municipality_code: int
    az_system: str


def desire(
    files: Sequence[DropFile],
    subjects: Subjects,
    world: World,
    addresses: Mapping[str, Outcome],
    ours: Ours,
    today: date,
) -> Desired:
    """What the drop asks of MO, the seed data first. `files` are in the order of folding."""
    of = {family: [file for file in files if file.name.family is family] for family in Family}
    mo, base, unreadable = world.actual, world.base, world.unreadable
    seeds, notices = initial.seed_objects(
        world.facets, world.organisation, ours.municipality_code, ours.az_system
    )
    notices += [
        Notice(Message.MO_CANNOT_SHOW(uuid=uuid, reason=unreadable[uuid])) for uuid in sorted(world.odd)
    ]
    facets = initial.facet_uuids(world.facets)
    doubtful = {key: (uuid, unreadable[uuid]) for key, uuid in world.doubtful_facets.items()}
    listed = classes.desire(of[Family.STAM], mo, facets, today, initial.FIRST_DAY, unreadable, doubtful)
    # A list may name what is seeded, and MO may have it and be unable to show it: neither is made a second time.
    named = {each.uuid for each in listed.objects} | set(unreadable) | {facets[key] for key in doubtful}
    seeds = [each for each in seeds if each.uuid not in named]
    made = [each for each in (*seeds, *listed.objects) if each.kind is Kind.CLASS]

    def classes_of(class_list: str) -> set[str]:
        # What MO has may be referred to although MO cannot show it; and in a facet that it cannot show may be the classes
        # of one that it does not show.
        facet = CLASS_LISTS[class_list].facet
        in_facets = {uuid for key, uuid in facets.items() if key == facet}
        return _classes_of(in_facets | (world.odd if facet in doubtful else set()), made, mo) | world.odd

    listed_classes = {
        target: classes_of(target)
        for row in (OrgRow, PersonRow, ManagerRow)
        for _, _, target in references(row)
        if target != UNITS
    }
    units, org_units = org.desire(
        of[Family.ORG], subjects.units, mo, base, listed_classes["Enhedstype"], addresses, unreadable
    )
    there = References(org_units, listed_classes)
    persons, cprs = people.desire(
        of[Family.PERS], subjects.persons, world.people, base, there, ours.az_system
    )
    leaders = managers.desire(
        of[Family.LEDER],
        subjects.managers,
        mo.get(Kind.MANAGER, {}),
        base,
        there,
        managers.People(world.people, cprs | set(world.people.persons)),
        unreadable,
    )
    return Desired.of((Desired(seeds, notices=notices), listed, units, persons, leaders))


def _classes_of(facets: Collection[str], made: Collection[DesiredObject], actual: Actual) -> set[str]:
    """The classes of these facets that MO has on any day, or will have."""
    histories: Sequence[Mapping[str, History]] = (
        actual.get(Kind.CLASS, {}),
        {each.uuid: each.claim for each in made},
    )
    return {
        uuid
        for known in histories
        for uuid, history in known.items()
        if any(isinstance(piece.value, Class) and piece.value.facet in facets for piece in history)
    }
