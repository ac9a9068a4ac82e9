"""Readers of MO, one for each family of the drop: they read side by side, and share no object with each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from aarhus_los.cpr import Cpr
from aarhus_los.desired import managers, org, units
from aarhus_los.desired.persons import PeopleInMo, account_uuid, email_uuid, new_person_uuid, owners_in
from aarhus_los.desired.references import parents_of
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.columns import UNITS, references
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import Family
from aarhus_los.drop.rows import ClassRow, ManagerRow, Reject, Row
from aarhus_los.initial import SEED_CLASSES
from aarhus_los.mo import read
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.model import Facet, History, Kind, Organisation, Person
from aarhus_los.mo.read import Histories
from aarhus_los.timeline import BEGINNING, FOREVER, Piece


class Reading:
    """What one of those who read side by side has read: each has its own, and shares no object with the others."""

    def __init__(self, client: MoClient, as_of: datetime | None = None) -> None:
        self.client = client
        self.as_of = as_of
        self.actual: dict[Kind, dict[str, History]] = {kind: {} for kind in Kind}
        self.unreadable: dict[str, str] = {}
        self.unshown_facets: set[str] = set()
        self.asked: dict[Kind, set[str]] = {kind: set() for kind in Kind}

    def note(self, kind: Kind, histories: Histories) -> None:
        self.actual[kind].update(histories.found)
        self.actual[Kind.MARK].update(histories.beside)
        self.unreadable.update(histories.unreadable)

    def objects(self, kind: Kind, uuids: Collection[str]) -> None:
        """Reads the objects that were not asked for yet."""
        asked, known = self.asked[kind], self.actual[kind]
        missing = {uuid for uuid in uuids if uuid not in asked and uuid not in known}
        self.asked[kind] |= missing
        if missing:
            self.note(kind, read.read_histories(self.client, kind, missing, as_of=self.as_of))

    def organisation(self) -> tuple[str, int | None]:
        uuid, code = read.read_organisation(self.client)
        self.actual[Kind.ORGANISATION] = {uuid: (Piece(BEGINNING, FOREVER, Organisation(code)),)}
        return uuid, code

    def facets(self) -> dict[str, str]:
        for kind in (Kind.FACET, Kind.ITSYSTEM):
            self.note(kind, read.read_all(self.client, kind))
            if kind is Kind.FACET:
                self.unshown_facets = set(self.unreadable)
        # Of several with one user key, the smallest uuid: any is as good, and it is the same one every night.
        return {
            history[-1].value.user_key: uuid
            for uuid, history in sorted(self.actual[Kind.FACET].items(), reverse=True)
            if isinstance(history[-1].value, Facet)
        }

    def classes(self, files: Sequence[DropFile], facets: Collection[str]) -> None:
        """All of the facets whose lists are read, since what is no longer listed is reported, and those that rows name."""
        lists = [file for file in files if file.name.family is Family.STAM]
        listed = {facet for file in lists if (facet := CLASS_LISTS[file.name.kind].facet) and facet in facets}
        if listed:
            self.note(Kind.CLASS, read.read_all(self.client, Kind.CLASS, facets=listed))
        named = {seed.uuid for seed in SEED_CLASSES}
        for file in lists:
            if CLASS_LISTS[file.name.kind].facet:
                named |= {row.uuid for row in file.rows_of(ClassRow)}
        referred = _referred([row for file in files for row in file.rows])
        self.objects(Kind.CLASS, named.union(*(uuids for to, uuids in referred.items() if to != UNITS)))

    def units(self, files: Sequence[DropFile], others: Sequence[DropFile]) -> None:
        """The units of the due rows with their addresses, what all rows refer to, and what moved units hang under."""
        due = org.units_in(files)
        objects = [each for unit in due for each in units.objects_of(unit)]
        rows = [*org.rows_of(due), *(row for file in others for row in file.rows)]
        self.objects(Kind.ORG_UNIT, {*due, *_referred(rows).get(UNITS, ())})
        self.objects(Kind.ADDRESS, {uuid for kind, uuid in objects if kind is Kind.ADDRESS})
        above = org.moved_under(due, self.actual[Kind.ORG_UNIT])
        seen: set[str] = set()
        while above:
            seen |= above
            self.objects(Kind.ORG_UNIT, above)
            known = self.actual[Kind.ORG_UNIT]
            above = {up for unit in above for up in parents_of(known.get(unit, ()))} - seen

    def managers(self, files: Sequence[DropFile]) -> None:
        """Those that rows are about, and the others of their units: that a unit has several is reported."""
        in_units = {
            row.org_uuid
            for file in files
            for row in file.rows
            if isinstance(row, ManagerRow) and file.is_due(row.ref)
        }
        if in_units:
            self.note(Kind.MANAGER, read.read_of(self.client, Kind.MANAGER, "org_units", in_units))
        self.objects(Kind.MANAGER, managers.managers_in(files))

    def details(self, of_persons: Collection[str], cprs: Collection[Cpr]) -> None:
        """E-mail addresses and accounts: those of persons, and those that rows with these numbers would make."""
        self.objects(Kind.ADDRESS, {email_uuid(cpr) for cpr in cprs})
        if of_persons:
            self.note(Kind.IT, read.read_of(self.client, Kind.IT, "employees", of_persons))
        self.objects(Kind.IT, {account_uuid(cpr) for cpr in cprs})


class ReadingOfPeople(Reading):
    def __init__(self, client: MoClient) -> None:
        super().__init__(client)
        self.found: Mapping[Cpr, Mapping[str, History]] = {}
        self.of_details = Reading(client)
        self.former: dict[str, str] = {}

    def people(
        self,
        files: Sequence[DropFile],
        manager_files: Sequence[DropFile],
        before: datetime | None,
        beside: Collection[Cpr] = (),
    ) -> None:
        """`before` the files: MO had engagements then that it has no more. `beside`: numbers that are read in any case."""
        cprs, engagements = _named(files, beside)
        numbers = cprs | {
            cpr for file in manager_files for row in file.rows if (cpr := getattr(row, "cpr", None))
        }
        by_cpr = read.read_persons_by_cpr(self.client, numbers)
        self.found = by_cpr.found
        for each in self.found.values():
            self.actual[Kind.EMPLOYEE].update(each)
        self.unreadable |= {new_person_uuid(cpr): reason for cpr, reason in by_cpr.unreadable.items()}
        known = set(self.actual[Kind.EMPLOYEE])
        self.client.side_by_side(
            partial(self._engagements, known, engagements),
            partial(self.of_details.details, known, cprs),
        )
        if before is not None and (gone := engagements - self.actual[Kind.ENGAGEMENT].keys()):
            then = read.read_histories(self.client, Kind.ENGAGEMENT, gone, as_of=before)
            self.former = owners_in(then.found)
        owners = owners_in(self.actual[Kind.ENGAGEMENT]) | self.former
        strangers = set(owners.values()) - known
        self._engagements(strangers, ())
        self.objects(Kind.EMPLOYEE, strangers | {new_person_uuid(cpr) for cpr in cprs - set(self.found)})
        names = self.actual[Kind.EMPLOYEE]
        # A row may name the engagement of somebody else than its number says: that is whom it is about.
        named = (owners.get(uuid, "") for uuid in engagements)
        numbers = {
            piece.value.cpr
            for uuid in {*strangers, *named}
            for piece in names.get(uuid, ())[-1:]
            if isinstance(piece.value, Person) and piece.value.cpr is not None
        }
        if numbers - cprs:
            self.people(files, manager_files, before, numbers | cprs)
        else:
            self.of_details.details(set(names) - known, ())

    def in_mo(self) -> PeopleInMo:
        # Of several persons with a number the one with engagements, else the smallest uuid.
        employed = set(owners_in(self.actual[Kind.ENGAGEMENT]).values())
        return PeopleInMo(
            {
                cpr: min(each, key=lambda uuid: (uuid not in employed, uuid))
                for cpr, each in self.found.items()
            },
            {cpr for cpr, each in self.found.items() if len(each) > 1},
            self.actual[Kind.EMPLOYEE],
            self.actual[Kind.ENGAGEMENT],
            self.former,
            self.of_details.actual[Kind.IT],
        )

    def _engagements(self, of_persons: Collection[str], uuids: Collection[str]) -> None:
        """Those of persons, and others that rows name."""
        if of_persons:
            self.note(Kind.ENGAGEMENT, read.read_of(self.client, Kind.ENGAGEMENT, "employees", of_persons))
        self.objects(Kind.ENGAGEMENT, uuids)


def _referred(rows: Iterable[Row]) -> dict[str, set[str]]:
    """What rows refer to: `UNITS` or the name of a class list → uuids."""
    found: dict[str, set[str]] = {}
    for row in rows:
        for field, _, to in references(type(row)):
            if isinstance(uuid := getattr(row, field), str):
                found.setdefault(to, set()).add(uuid)
    return found


def _named(files: Sequence[DropFile], beside: Collection[Cpr]) -> tuple[set[Cpr], set[str]]:
    """The CPR numbers and engagements that new and pending Pers rows name, and those that other rows link to them.

    And the numbers `beside`, with what rows link to these.
    """
    by_cpr: dict[Cpr, list[Row | Reject]] = {}
    by_engagement: dict[str, list[Row | Reject]] = {}
    near: list[Row | Reject] = []
    for file in files:
        for line in (*file.rows, *file.rejects):
            if cpr := getattr(line, "cpr", None):
                by_cpr.setdefault(cpr, []).append(line)
            if uuid := getattr(line, "engagement_uuid", None):
                by_engagement.setdefault(uuid, []).append(line)
            if file.is_due(line.ref):
                near.append(line)
    cprs = set(beside)
    near += (line for cpr in cprs for line in by_cpr.get(cpr, ()))
    engagements: set[str] = set()
    while near:
        line = near.pop()
        cpr, uuid = getattr(line, "cpr", None), getattr(line, "engagement_uuid", None)
        if cpr is not None and cpr not in cprs:
            cprs.add(cpr)
            near += by_cpr[cpr]
        if uuid is not None and uuid not in engagements:
            engagements.add(uuid)
            near += by_engagement[uuid]
    return cprs, engagements
