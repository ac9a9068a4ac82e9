"""All families of the drop together: what one may refer to follows from what the others bring."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from aarhus_los import initial
from aarhus_los.addresses.outcomes import Outcome
from aarhus_los.desired import classes, managers, org, people
from aarhus_los.desired.claims import Actual, Desired, DesiredObject
from aarhus_los.desired.classes import ListFile
from aarhus_los.desired.managers import ManagerFile
from aarhus_los.desired.org import OrgFile
from aarhus_los.desired.persons import EndFile, PeopleInMo, PersonFile
from aarhus_los.mo.kinds import Class, History, Kind
from aarhus_los.timeline import lay


@dataclass(frozen=True)
class Drop:
    """The files of a run by family, each in the order of folding."""

    lists: list[ListFile] = field(default_factory=list)
    org: list[OrgFile] = field(default_factory=list)
    people: list[PersonFile | EndFile] = field(default_factory=list)
    managers: list[ManagerFile] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """MO as it is, as far as the drop asks."""

    organisation: tuple[str, int | None]
    """The root organisation's uuid and municipality code."""
    facets: Mapping[str, str]
    """User key → uuid."""
    actual: Actual
    people: PeopleInMo
    unreadable: Mapping[str, str]
    """Objects that MO has and cannot show, and why."""


@dataclass(frozen=True)
class Ours:
    """What the settings say of this municipality."""

    municipality_code: int
    az_system: str


def desire(
    drop: Drop, world: World, addresses: Mapping[str, Outcome], ours: Ours, today: date
) -> list[Desired]:
    """What the drop asks of MO, a family each, beginning with the seed data."""
    seeds, notices = initial.seed_objects(
        world.facets, world.organisation, ours.municipality_code, ours.az_system
    )
    facets = initial.facet_uuids(world.facets)
    listed = classes.desire(drop.lists, world.actual, facets, today, initial.FIRST_DAY, world.unreadable)
    # A list may name what is seeded, and MO may have it and be unable to show it: neither is made a second time.
    spoken_of = {each.uuid for each in listed.objects} | set(world.unreadable)
    seeds = [each for each in seeds if each.uuid not in spoken_of]
    made = [each for each in (*seeds, *listed.objects) if each.kind is Kind.CLASS]

    def classes_of(facet: str) -> set[str]:
        return _classes_of(facets[facet], made, world.actual)

    units = org.desire(drop.org, world.actual, classes_of("org_unit_type"), addresses, world.unreadable)
    units_after = _after(units, world.actual.get(Kind.ORG_UNIT, {}))
    known = people.Known(
        units_after,
        classes_of("engagement_type"),
        classes_of("engagement_job_function"),
        ours.az_system,
    )
    persons, cprs = people.desire(drop.people, world.people, known)
    known_to_managers = managers.Known(
        units_after,
        cprs | set(world.people.persons),
        world.people.persons,
        classes_of("manager_type"),
        classes_of("manager_level"),
        classes_of("responsibility"),
    )
    leaders = managers.desire(
        drop.managers, world.actual.get(Kind.MANAGER, {}), known_to_managers, world.unreadable
    )
    return [Desired(objects=seeds, notices=notices), listed, units, persons, leaders]


def _after(desired: Desired, units: Mapping[str, History]) -> dict[str, History]:
    """The org units as they will be; one that is claimed not to be there and never was is not among them."""
    after = dict(units)
    for each in desired.objects:
        if each.kind is Kind.ORG_UNIT and (timeline := lay(each.claim, units.get(each.uuid, ()))):
            after[each.uuid] = timeline
    return after


def _classes_of(facet: str, made: Collection[DesiredObject], actual: Actual) -> set[str]:
    """The classes of a facet that MO has on any day, or will have."""
    histories: Sequence[Mapping[str, History]] = (
        actual.get(Kind.CLASS, {}),
        {each.uuid: each.claim for each in made},
    )
    return {
        uuid
        for known in histories
        for uuid, history in known.items()
        if any(isinstance(piece.value, Class) and piece.value.facet == facet for piece in history)
    }
