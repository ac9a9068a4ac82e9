"""What is read from MO before a run can work out what to write: only what the drop speaks of, and what seeding needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aarhus_los.cpr import Cpr
from aarhus_los.desired import managers, org
from aarhus_los.desired.details import account_uuid, email_uuid
from aarhus_los.desired.families import Drop, World
from aarhus_los.desired.persons import PeopleInMo, new_person_uuid
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.rows import ManagerRow, PersonRow
from aarhus_los.errors import UnavailableError
from aarhus_los.initial import SEED_CLASSES
from aarhus_los.mo import read
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.kinds import Engagement, Facet, History, Kind, Organisation, Person
from aarhus_los.mo.read import Histories
from aarhus_los.timeline import BEGINNING, FOREVER, Piece


def read_world(client: MoClient, drop: Drop, readers: int) -> World:
    """Reads all that the files speak of. Raises UnavailableError."""
    return _Reading(client, readers).world(drop)


class _Reading:
    def __init__(self, client: MoClient, readers: int) -> None:
        self.client = client
        self.readers = readers
        self.actual: dict[Kind, dict[str, History]] = {kind: {} for kind in Kind}
        self.unreadable: dict[str, str] = {}
        self.asked: dict[Kind, set[str]] = {kind: set() for kind in Kind}

    def world(self, drop: Drop) -> World:
        organisation = self._organisation()
        facets = self._facets()
        self._classes(drop, facets)
        people = self._people(drop)
        self._units(drop)
        self._managers(drop)
        return World(organisation, facets, self.actual, people, self.unreadable)

    def _note(self, kind: Kind, histories: Histories) -> None:
        self.actual[kind].update(histories.found)
        self.unreadable.update(histories.unreadable)

    def _objects(self, kind: Kind, uuids: Collection[str]) -> None:
        """Reads the objects that were not asked for yet."""
        missing = set(uuids) - self.asked[kind] - set(self.actual[kind])
        self.asked[kind] |= missing
        if missing:
            self._note(kind, read.read_histories(self.client, kind, missing, readers=self.readers))

    def _organisation(self) -> tuple[str, int | None]:
        uuid, code = read.read_organisation(self.client)
        self.actual[Kind.ORGANISATION] = {uuid: (Piece(BEGINNING, FOREVER, Organisation(code)),)}
        return uuid, code

    def _facets(self) -> dict[str, str]:
        for kind in (Kind.FACET, Kind.ITSYSTEM):
            self._note(kind, read.read_all(self.client, kind, readers=self.readers))
            for uuid, reason in self.unreadable.items():
                raise UnavailableError(f"MO cannot show {kind} {uuid}, which must be mended: {reason}")
        # Of several with one user key, the smallest uuid: any is as good, and it is the same one every night.
        return {
            history[-1].value.user_key: uuid
            for uuid, history in sorted(self.actual[Kind.FACET].items(), reverse=True)
            if isinstance(history[-1].value, Facet)
        }

    def _classes(self, drop: Drop, facets: Collection[str]) -> None:
        """All of the facets whose lists are read, since what is no longer listed is told, and those that rows name."""
        listed = {
            facet for file in drop.lists if (facet := CLASS_LISTS[file.name.kind].facet) and facet in facets
        }
        if listed:
            self._note(Kind.CLASS, read.read_classes(self.client, listed, readers=self.readers))
        named = {row.uuid for file in drop.lists if CLASS_LISTS[file.name.kind].facet for row in file.rows}
        for person_file in drop.people:
            for row in person_file.rows:
                if isinstance(row, PersonRow):
                    named |= {row.engagement_type_uuid, row.job_function_uuid}
        for manager_file in drop.managers:
            for line in manager_file.rows:
                if isinstance(line, ManagerRow):
                    named |= {line.type_uuid, line.level_uuid, line.responsibility_uuid}
        seeds = {seed.uuid for seed in SEED_CLASSES}
        self._objects(Kind.CLASS, seeds | named | org.speaks_of(drop.org).types)

    def _units(self, drop: Drop) -> None:
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

    def _managers(self, drop: Drop) -> None:
        """Those that rows speak of, and the others of their units: that a unit has several is told."""
        units = {
            row.org_uuid
            for file in drop.managers
            for row in file.rows
            if isinstance(row, ManagerRow) and file.counts(row.ref)
        }
        if units:
            self._note(
                Kind.MANAGER, read.read_of_units(self.client, Kind.MANAGER, units, readers=self.readers)
            )
        self._objects(Kind.MANAGER, managers.subjects(drop.managers))

    def _people(self, drop: Drop) -> PeopleInMo:
        cprs, engagements = _named(drop)
        numbers = cprs | {row.cpr for file in drop.managers for row in file.rows}
        found = read.read_persons_by_cpr(self.client, numbers, readers=self.readers)
        for each in found.found.values():
            self.actual[Kind.EMPLOYEE].update(each)
        self.unreadable |= {new_person_uuid(cpr): reason for cpr, reason in found.unreadable.items()}
        self._engagements_of(set(self.actual[Kind.EMPLOYEE]))
        self._objects(Kind.ENGAGEMENT, engagements)
        strangers = self._owners() - set(self.actual[Kind.EMPLOYEE])
        self._engagements_of(strangers)
        self._objects(Kind.EMPLOYEE, strangers | {new_person_uuid(cpr) for cpr in cprs - set(found.found)})
        names = self.actual[Kind.EMPLOYEE]
        cprs |= {
            piece.value.cpr
            for uuid in strangers
            for piece in names.get(uuid, ())[-1:]
            if isinstance(piece.value, Person) and piece.value.cpr is not None
        }
        self._objects(Kind.ADDRESS, {email_uuid(cpr) for cpr in cprs})
        if names:
            self._note(Kind.IT, read.read_accounts_of(self.client, set(names), readers=self.readers))
        self._objects(Kind.IT, {account_uuid(cpr) for cpr in cprs})
        return PeopleInMo(
            self._chosen(found.found),
            {cpr for cpr, each in found.found.items() if len(each) > 1},
            names,
            self.actual[Kind.ENGAGEMENT],
            self.actual[Kind.IT],
            self.unreadable,
        )

    def _engagements_of(self, persons: Collection[str]) -> None:
        if persons:
            self._note(Kind.ENGAGEMENT, read.read_engagements_of(self.client, persons, readers=self.readers))

    def _owners(self) -> set[str]:
        """The people who have the engagements that were read."""
        return {
            piece.value.person
            for history in self.actual[Kind.ENGAGEMENT].values()
            for piece in history[-1:]
            if isinstance(piece.value, Engagement)
        }

    def _chosen(self, found: Mapping[Cpr, Mapping[str, History]]) -> dict[Cpr, str]:
        """The person of each CPR number: of several the one with engagements, else the smallest uuid."""
        employed = self._owners()
        return {cpr: min(each, key=lambda uuid: (uuid not in employed, uuid)) for cpr, each in found.items()}


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
