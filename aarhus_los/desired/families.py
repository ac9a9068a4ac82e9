"""All families of the drop together: what one may refer to follows from what the others bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from aarhus_los import initial
from aarhus_los.addresses.outcomes import Outcome
from aarhus_los.desired import classes
from aarhus_los.desired.claims import Desired, Notice
from aarhus_los.desired.managers import Managers
from aarhus_los.desired.org import Units
from aarhus_los.desired.people import People
from aarhus_los.desired.references import References
from aarhus_los.desired.world import Subjects, World
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.columns import UNITS, references
from aarhus_los.drop.file import DropFile, by_family
from aarhus_los.drop.names import Family
from aarhus_los.drop.rows import ManagerRow, OrgRow, PersonRow
from aarhus_los.mo.model import Class, Kind


class Ours(Struct, frozen=True):
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
    of = by_family(files)
    seeds, notices = initial.seed_objects(
        world.facets, world.organisation, ours.municipality_code, ours.az_system
    )
    notices += [Notice(world.cannot_show(uuid)) for uuid in sorted(world.odd)]
    facets = initial.facet_uuids(world.facets)
    doubtful = world.doubtful_facets
    listed = classes.desire(of[Family.STAM], world, today)
    # A list may name what is seeded, and MO may have it and be unable to show it: neither is made a second time.
    named = {each.uuid for each in listed.objects} | set(world.unreadable) | {facets[key] for key in doubtful}
    seeds = [each for each in seeds if each.uuid not in named]
    made = [each for each in (*seeds, *listed.objects) if each.kind is Kind.CLASS]

    classes_in: dict[str, set[str]] = {}
    """Facet → the classes that MO has in it on any day, or will have."""
    in_mo = world.actual.get(Kind.CLASS, {})
    for uuid, history in (*in_mo.items(), *((each.uuid, each.claim) for each in made)):
        for piece in history:
            if isinstance(piece.value, Class):
                classes_in.setdefault(piece.value.facet, set()).add(uuid)

    def known_of(class_list: str) -> frozenset[str]:
        # What MO has may be referred to although MO cannot show it; and in a facet that it cannot show may be the classes
        # of one that it does not show.
        facet = CLASS_LISTS[class_list].facet or ""
        in_facets = {facets[facet], *(world.odd if facet in doubtful else ())}
        return world.odd.union(*(classes_in.get(each, ()) for each in in_facets))

    listed_classes = {
        target: known_of(target)
        for row in (OrgRow, PersonRow, ManagerRow)
        for _, _, target in references(row)
        if target != UNITS
    }
    units = Units(of[Family.ORG], subjects.units, world, listed_classes["Enhedstype"], addresses)
    of_units, there = units.desired(), References(units.there, listed_classes)
    del units  # what was folded takes much memory, and is done with
    people = People(of[Family.PERS], subjects.persons, world, there, ours.az_system)
    of_people = people.desired()
    cprs = people.valid_cprs() | set(world.people.persons)
    of_managers = Managers(of[Family.LEDER], subjects.managers, world, there, cprs).desired()
    return Desired.of((Desired(seeds, notices=notices), listed, of_units, of_people, of_managers))
