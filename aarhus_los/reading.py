"""What is read from MO before a run can work out what to write: only what the drop speaks of, and what seeding needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from aarhus_los.cpr import Cpr
from aarhus_los.desired import managers, org
from aarhus_los.desired.details import account_uuid, email_uuid
from aarhus_los.desired.families import Drop, World
from aarhus_los.desired.persons import PeopleInMo, new_person_uuid
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.columns import UNITS, references
from aarhus_los.drop.rows import ManagerRow, PersonRow
from aarhus_los.errors import UnavailableError
from aarhus_los.initial import SEED_CLASSES
from aarhus_los.mo import read
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.kinds import Engagement, Facet, History, Kind, Organisation, Person
from aarhus_los.mo.read import Histories
from aarhus_los.timeline import BEGINNING, FOREVER, Piece


def read_world(client: MoClient, drop: Drop) -> World:
    """Reads all that the files speak of, the families side by side. Raises UnavailableError."""
    of_all, of_classes, of_units, of_managers = (_Reading(client) for _ in range(4))
    of_people = _ReadingOfPeople(client)
    organisation = of_all.organisation()
    facets = of_all.facets()
    client.side_by_side(
        partial(of_people.people, drop),
        partial(of_units.units, drop),
        partial(of_managers.managers, drop),
        partial(of_classes.classes, drop, facets),
    )
    readings = (of_all, of_classes, of_units, of_managers, of_people, of_people.of_details)
    actual: dict[Kind, dict[str, History]] = {kind: {} for kind in Kind}
    unreadable: dict[str, str] = {}
    for each in readings:
        unreadable |= each.unreadable
        for kind in Kind:
            actual[kind] |= each.actual[kind]
    return World(organisation, facets, actual, of_people.in_mo(), unreadable)


class _Reading:
    """What one of those who read side by side has read: each has its own, and shares no object with the others."""

    def __init__(self, client: MoClient) -> None:
        self.client = client
        self.actual: dict[Kind, dict[str, History]] = {kind: {} for kind in Kind}
        self.unreadable: dict[str, str] = {}
        self.asked: dict[Kind, set[str]] = {kind: set() for kind in Kind}

    def _note(self, kind: Kind, histories: Histories) -> None:
        self.actual[kind].update(histories.found)
        self.unreadable.update(histories.unreadable)

    def _objects(self, kind: Kind, uuids: Collection[str]) -> None:
        """Reads the objects that were not asked for yet."""
        missing = set(uuids) - self.asked[kind] - set(self.actual[kind])
        self.asked[kind] |= missing
        if missing:
            self._note(kind, read.read_histories(self.client, kind, missing))

    def organisation(self) -> tuple[str, int | None]:
        uuid, code = read.read_organisation(self.client)
        self.actual[Kind.ORGANISATION] = {uuid: (Piece(BEGINNING, FOREVER, Organisation(code)),)}
        return uuid, code

    def facets(self) -> dict[str, str]:
        for kind in (Kind.FACET, Kind.ITSYSTEM):
            self._note(kind, read.read_all(self.client, kind))
            for uuid, reason in self.unreadable.items():
                raise UnavailableError(f"MO cannot show {kind} {uuid}, which must be mended: {reason}")
        # Of several with one user key, the smallest uuid: any is as good, and it is the same one every night.
        return {
            history[-1].value.user_key: uuid
            for uuid, history in sorted(self.actual[Kind.FACET].items(), reverse=True)
            if isinstance(history[-1].value, Facet)
        }

    def classes(self, drop: Drop, facets: Collection[str]) -> None:
        """All of the facets whose lists are read, since what is no longer listed is told, and those that rows name."""
        listed = {
            facet for file in drop.lists if (facet := CLASS_LISTS[file.name.kind].facet) and facet in facets
        }
        if listed:
            self._note(Kind.CLASS, read.read_classes(self.client, listed))
        named = {row.uuid for file in drop.lists if CLASS_LISTS[file.name.kind].facet for row in file.rows}
        for file in (*drop.people, *drop.managers):
            for row in file.rows:
                named |= {getattr(row, field) for field, _, to in references(type(row)) if to != UNITS}
        seeds = {seed.uuid for seed in SEED_CLASSES}
        self._objects(Kind.CLASS, seeds | named | org.speaks_of(drop.org).types)

    def units(self, drop: Drop) -> None:
        needs = org.speaks_of(drop.org)
        held = {row.org_uuid for file in drop.people for row in file.rows if isinstance(row, PersonRow)} | {
            row.org_uuid for file in drop.managers for row in file.rows
        }
        self._objects(Kind.ORG_UNIT, needs.units | held)
        self._objects(Kind.ADDRESS, needs.addresses)
        above = org.moved_under(drop.org, self.actual[Kind.ORG_UNIT])
        seen: set[str] = set()
        while above:
            seen |= above
            self._objects(Kind.ORG_UNIT, above)
            units = self.actual[Kind.ORG_UNIT]
            above = {up for unit in above for up in org.parents_of(units.get(unit, ()))} - seen

    def managers(self, drop: Drop) -> None:
        """Those that rows speak of, and the others of their units: that a unit has several is told."""
        units = {
            row.org_uuid
            for file in drop.managers
            for row in file.rows
            if isinstance(row, ManagerRow) and file.counts(row.ref)
        }
        if units:
            self._note(Kind.MANAGER, read.read_of_units(self.client, Kind.MANAGER, units))
        self._objects(Kind.MANAGER, managers.subjects(drop.managers))


class _ReadingOfDetails(_Reading):
    """E-mail addresses and accounts."""

    def details(self, persons: Collection[str], cprs: Collection[Cpr]) -> None:
        """Those of persons, and those that rows with these numbers would make."""
        self._objects(Kind.ADDRESS, {email_uuid(cpr) for cpr in cprs})
        if persons:
            self._note(Kind.IT, read.read_accounts_of(self.client, persons))
        self._objects(Kind.IT, {account_uuid(cpr) for cpr in cprs})


class _ReadingOfPeople(_Reading):
    def __init__(self, client: MoClient) -> None:
        super().__init__(client)
        self.found: Mapping[Cpr, Mapping[str, History]] = {}
        self.of_details = _ReadingOfDetails(client)

    def people(self, drop: Drop) -> None:
        cprs, engagements = _named(drop)
        numbers = cprs | {row.cpr for file in drop.managers for row in file.rows}
        persons = read.read_persons_by_cpr(self.client, numbers)
        self.found = persons.found
        for each in self.found.values():
            self.actual[Kind.EMPLOYEE].update(each)
        self.unreadable |= {new_person_uuid(cpr): reason for cpr, reason in persons.unreadable.items()}
        known = set(self.actual[Kind.EMPLOYEE])
        self.client.side_by_side(
            partial(self._engagements, known, engagements),
            partial(self.of_details.details, known, cprs),
        )
        strangers = self._owners() - known
        self._engagements(strangers, ())
        self._objects(Kind.EMPLOYEE, strangers | {new_person_uuid(cpr) for cpr in cprs - set(self.found)})
        names = self.actual[Kind.EMPLOYEE]
        numbers_of_strangers = {
            piece.value.cpr
            for uuid in strangers
            for piece in names.get(uuid, ())[-1:]
            if isinstance(piece.value, Person) and piece.value.cpr is not None
        }
        self.of_details.details(set(names) - known, numbers_of_strangers)

    def in_mo(self) -> PeopleInMo:
        return PeopleInMo(
            self._chosen(),
            {cpr for cpr, each in self.found.items() if len(each) > 1},
            self.actual[Kind.EMPLOYEE],
            self.actual[Kind.ENGAGEMENT],
            self.of_details.actual[Kind.IT],
            self.unreadable | self.of_details.unreadable,
        )

    def _engagements(self, persons: Collection[str], uuids: Collection[str]) -> None:
        """Those of persons, and others that rows name."""
        if persons:
            self._note(Kind.ENGAGEMENT, read.read_engagements_of(self.client, persons))
        self._objects(Kind.ENGAGEMENT, uuids)

    def _owners(self) -> set[str]:
        """The people who have the engagements that were read."""
        return {
            piece.value.person
            for history in self.actual[Kind.ENGAGEMENT].values()
            for piece in history[-1:]
            if isinstance(piece.value, Engagement)
        }

    def _chosen(self) -> dict[Cpr, str]:
        """The person of each CPR number: of several the one with engagements, else the smallest uuid."""
        employed = self._owners()
        return {
            cpr: min(each, key=lambda uuid: (uuid not in employed, uuid)) for cpr, each in self.found.items()
        }


def _named(drop: Drop) -> tuple[set[Cpr], set[str]]:
    """The CPR numbers and engagements that new and pending Pers rows name, and those that other rows link to them."""
    lines = [line for file in drop.people for line in (*file.rows, *file.rejects)]
    counted = [line for file in drop.people for line in (*file.rows, *file.rejects) if file.counts(line.ref)]
    cprs: set[Cpr] = set()
    engagements: set[str] = set()
    linked = counted
    while linked:
        cprs |= {line.cpr for line in linked if line.cpr is not None}
        engagements |= {line.engagement_uuid for line in linked if line.engagement_uuid is not None}
        linked = [
            line
            for line in lines
            if (line.cpr in cprs or line.engagement_uuid in engagements)
            and (
                (line.cpr is not None and line.cpr not in cprs)
                or (line.engagement_uuid is not None and line.engagement_uuid not in engagements)
            )
        ]
    return cprs, engagements
