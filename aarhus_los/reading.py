"""What is read from MO before a run can work out what to write: only what the drop is about, and what seeding needs.

`read_world` reads MO as it is, `as_it_was` what MO said of some subjects before the files about them were imported.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from aarhus_los.desired import units
from aarhus_los.desired.claims import Notice
from aarhus_los.desired.lines import all_lines, gathered
from aarhus_los.desired.managers import managers_in
from aarhus_los.desired.persons import account_uuid, email_uuid, subject_of
from aarhus_los.desired.world import Subjects, World
from aarhus_los.drop.file import DropFile, by_family
from aarhus_los.drop.names import Family
from aarhus_los.errors import UnavailableError
from aarhus_los.initial import SEED_CLASSES, doubtful_facets
from aarhus_los.ledger import Line
from aarhus_los.messages import Message
from aarhus_los.mo import read
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.model import History, Kind, Object, by_kind
from aarhus_los.moments import Traced, before_any, may_lack_a_past, trace
from aarhus_los.readers import Reading, ReadingOfPeople


def read_world(client: MoClient, files: Sequence[DropFile], state: Mapping[str, Line]) -> World:
    """Reads all that the files are about as it is, the families side by side. Raises UnavailableError.

    `state` has the lines of the files: where one of these was begun, engagements may be gone whose person counts.
    """
    of = by_family(files)
    of_all, of_classes, of_units, of_managers = (Reading(client) for _ in range(4))
    of_people = ReadingOfPeople(client)
    organisation = of_all.organisation()
    facets: dict[str, str] = {}

    def classes() -> None:
        facets.update(of_all.facets())
        of_classes.classes(files, facets)

    client.side_by_side(
        partial(of_people.people, of[Family.PERS], of[Family.LEDER], before_any(of[Family.PERS], state)),
        partial(of_units.units, of[Family.ORG], [*of[Family.PERS], *of[Family.LEDER]]),
        partial(of_managers.managers, of[Family.LEDER]),
        classes,
    )
    readings = (of_all, of_classes, of_units, of_managers, of_people, of_people.of_details)
    actual: dict[Kind, dict[str, History]] = {kind: {} for kind in Kind}
    unreadable: dict[str, str] = {}
    for each in readings:
        unreadable |= each.unreadable
        for kind in Kind:
            actual[kind] |= each.actual[kind]
    doubtful = doubtful_facets(facets, of_all.unshown_facets)
    _check_seeds(doubtful, actual[Kind.CLASS], unreadable)
    odd = frozenset({*of_all.unreadable, *of_classes.unreadable})
    return World(organisation, facets, actual, actual, of_people.in_mo(), unreadable, odd, doubtful)


def _check_seeds(
    doubtful: Mapping[str, str], classes: Collection[str], unreadable: Mapping[str, str]
) -> None:
    """Classes that everything refers to cannot be made in a facet that MO may have, and cannot show."""
    for seed in SEED_CLASSES:
        if seed.facet in doubtful and seed.uuid not in classes and seed.uuid not in unreadable:
            uuid = doubtful[seed.facet]
            raise UnavailableError(
                f"MO has no facet {seed.facet} that it shows, and cannot show facet {uuid}, which may be it:"
                f" have that one mended ({unreadable[uuid]})",
                lasting=True,
            )


def objects_of(subjects: Subjects, world: World) -> dict[str, list[Object]]:
    """Subject → the objects that its lines are about. Accounts of persons are found by the person."""
    objects: dict[str, list[Object]] = {unit: units.objects_of(unit) for unit in subjects.units}
    for person, each in subjects.persons.items():
        engagements = {uuid for line in all_lines(each) if (uuid := getattr(line, "engagement_uuid", None))}
        cpr = world.people.cpr(person, each)  # that of a line may be somebody else's
        objects[person] = [
            (Kind.EMPLOYEE, person),
            *((Kind.ENGAGEMENT, uuid) for uuid in engagements),
            *([] if cpr is None else [(Kind.ADDRESS, email_uuid(cpr)), (Kind.IT, account_uuid(cpr))]),
        ]
    objects |= {manager: [(Kind.MANAGER, manager)] for manager in subjects.managers}
    return objects


def as_it_was(
    client: MoClient, files: Sequence[DropFile], lines: Mapping[str, Line], world: World, units: Traced
) -> tuple[Subjects, World, list[Notice]]:
    """The subjects with the lines that are folded about each, the world with what MO said before them, and what is odd.

    `units` are traced already, since their addresses are looked up before `world` is read.
    """
    of = by_family(files)
    people = gathered(of[Family.PERS], subject_of(of[Family.PERS], world.people))
    traced = [units, trace(people, lines), trace(managers_in(of[Family.LEDER]), lines)]
    subjects = Subjects(*(each.lines for each in traced))
    as_of = {subject: at for each in traced for subject, at in each.as_of.items()}
    if not as_of:
        return subjects, world, []
    has_no_past = {
        at
        for at in set(as_of.values())
        if may_lack_a_past(at, lines.values()) and not read.has_any(client, Kind.ORG_UNIT, at)
    }
    return subjects, *read_base(client, world, subjects, as_of, has_no_past)


def read_base(
    client: MoClient,
    world: World,
    subjects: Subjects,
    as_of: Mapping[str, datetime],
    has_no_past: Collection[datetime],
) -> tuple[World, list[Notice]]:
    """The world with what MO said of some subjects at the instants `as_of`, and what is to be reported of it.

    A subject that MO cannot show as it was is folded on MO as it is, and so are those asked for at an instant of which
    `has_no_past` has found that MO shows nothing of it.
    """
    objects = objects_of(subjects, world)
    base: dict[Kind, dict[str, History]] = {kind: dict(world.actual.get(kind, {})) for kind in Kind}
    at: dict[datetime, list[str]] = {}
    for subject, instant in as_of.items():
        at.setdefault(instant, []).append(subject)
    unshown: list[str] = []
    for instant, of_instant in sorted(at.items()):
        if instant in has_no_past:
            unshown += of_instant
            continue
        reading = Reading(client, instant)
        for kind, uuids in by_kind(each for subject in of_instant for each in objects[subject]).items():
            if kind is not Kind.MARK:  # read with its unit
                reading.objects(kind, uuids)
        people = [subject for subject in of_instant if subject in subjects.persons]
        accounts: dict[str, list[str]] = {}
        if people:
            reading.note(Kind.IT, read.read_of(client, Kind.IT, "employees", people, as_of=instant))
            for history in (world.actual.get(Kind.IT, {}), reading.actual[Kind.IT]):
                for uuid, found in history.items():
                    accounts.setdefault(getattr(found[-1].value, "person", None) or "", []).append(uuid)
        for subject in of_instant:
            of_subject = [*objects[subject], *((Kind.IT, uuid) for uuid in accounts.get(subject, ()))]
            if any(uuid in reading.unreadable for uuid in (subject, *(uuid for _, uuid in of_subject))):
                unshown.append(subject)
                continue
            for kind, uuid in of_subject:
                base[kind].pop(uuid, None)
                if uuid in reading.actual[kind]:
                    base[kind][uuid] = reading.actual[kind][uuid]
    notices = []
    if unshown:
        shown = ", ".join(sorted(unshown)[:3])
        notices = [Notice(Message.NO_PAST(count=len(unshown), uuids=shown))]
    return replace(world, base=base), notices
