"""What is read from MO before a run can work out what to write: only what the drop speaks of, and what seeding needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from aarhus_los.desired import org
from aarhus_los.desired.classes import ListFile
from aarhus_los.desired.org import OrgFile
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.errors import UnavailableError
from aarhus_los.initial import SEED_CLASSES
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.kinds import Facet, History, Kind
from aarhus_los.mo.read import read_all, read_classes, read_histories, read_organisation


@dataclass
class World:
    """MO as it is, as far as the drop asks."""

    organisation: tuple[str, int | None]
    """The root organisation's uuid and municipality code."""
    facets: dict[str, str]
    """User key → uuid."""
    actual: dict[Kind, dict[str, History]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    """Objects that MO has and cannot show, and why."""


def read_world(
    client: MoClient, lists: Sequence[ListFile], org_files: Sequence[OrgFile], readers: int
) -> World:
    """Reads all that the files speak of."""
    facets = read_all(client, Kind.FACET, readers=readers)
    systems = read_all(client, Kind.ITSYSTEM, readers=readers)
    for uuid, reason in (*facets.unreadable.items(), *systems.unreadable.items()):
        raise UnavailableError(
            f"MO cannot show the facet or IT system {uuid}, which must be mended: {reason}"
        )
    world = World(
        read_organisation(client),
        {
            history[-1].value.user_key: uuid
            for uuid, history in sorted(facets.found.items(), reverse=True)
            if isinstance(history[-1].value, Facet)
        },
    )
    world.actual[Kind.FACET] = facets.found
    world.actual[Kind.ITSYSTEM] = systems.found

    def read(kind: Kind, uuids: Collection[str]) -> None:
        known = world.actual.setdefault(kind, {})
        missing = set(uuids) - set(known) - set(world.unreadable)
        if missing:
            histories = read_histories(client, kind, missing, readers=readers)
            known.update(histories.found)
            world.unreadable.update(histories.unreadable)

    listed = sorted(
        {facet for file in lists if (facet := CLASS_LISTS[file.name.kind].facet) and facet in world.facets}
    )
    if listed:
        classes = read_classes(client, listed, readers=readers)
        world.actual[Kind.CLASS] = classes.found
        world.unreadable.update(classes.unreadable)
    needs = org.speaks_of(org_files)
    rows = {row.uuid for file in lists if CLASS_LISTS[file.name.kind].facet for row in file.rows}
    read(Kind.CLASS, {seed.uuid for seed in SEED_CLASSES} | needs.types | rows)
    read(Kind.ORG_UNIT, needs.units)
    read(Kind.ADDRESS, needs.addresses)
    _read_ancestors(world, read, org.moved_under(org_files, world.actual.get(Kind.ORG_UNIT, {})))
    return world


def _read_ancestors(world: World, read: Callable[[Kind, Collection[str]], None], units: set[str]) -> None:
    known = world.actual.get(Kind.ORG_UNIT, {})
    seen: set[str] = set()
    while units:
        seen |= units
        read(Kind.ORG_UNIT, units)
        above = {up for unit in units for up in org.parents_of(known.get(unit, ()))}
        units = above - seen
