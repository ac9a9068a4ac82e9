"""Who is who: the person of a CPR number, and whom a line of a Pers file speaks of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aarhus_los.cpr import Cpr
from aarhus_los.desired.claims import FileRows
from aarhus_los.drop.rows import EndedEngagementRow, PersonRow, Reject
from aarhus_los.mo.kinds import Engagement, History, Person
from aarhus_los.uuids import object_uuid

PersonFile = FileRows[PersonRow]
EndFile = FileRows[EndedEngagementRow]
Line = PersonRow | EndedEngagementRow | Reject


@dataclass(frozen=True)
class PeopleInMo:
    """What MO has of the people that the files speak of."""

    persons: Mapping[Cpr, str]
    """The person of each CPR number: of several, the one that is taken."""
    doubles: Collection[Cpr]
    """The CPR numbers that several persons have."""
    names: Mapping[str, History]
    """By the person's uuid: also those whose uuid a number would give, but who have another number."""
    engagements: Mapping[str, History]
    """By uuid: those that rows name, and all others of the same people."""
    accounts: Mapping[str, History]
    """By uuid: all of the people in all IT systems, and those that rows would make."""
    unreadable: Mapping[str, str]
    """What MO has and cannot show, and why."""

    def cpr(self, person: str) -> Cpr | None:
        """The CPR number that MO has of a person."""
        last = self.names.get(person, ())[-1:]
        return next((piece.value.cpr for piece in last if isinstance(piece.value, Person)), None)


def new_person_uuid(cpr: Cpr) -> str:
    return object_uuid(cpr.reveal())


def person_uuid(cpr: Cpr, persons: Mapping[Cpr, str]) -> str:
    """The uuid that MO has for a CPR number, else the one that a new person gets."""
    return persons.get(cpr) or new_person_uuid(cpr)


@dataclass(frozen=True)
class Subjects:
    """Whom each line of the files speaks of."""

    owners: Mapping[str, str]
    """Engagement → person: MO's, else that of the first row that names it."""
    persons: Mapping[Cpr, str]

    def of(self, line: Line) -> str | None:
        """The person who has the engagement, else the person of the CPR number."""
        owner = self.owners.get(line.engagement_uuid or "")
        if owner is not None or line.cpr is None:
            return owner
        return person_uuid(line.cpr, self.persons)


def subjects_of(lines: Iterable[Line], mo: PeopleInMo) -> Subjects:
    """`lines` are in the order of folding."""
    owners = {
        uuid: piece.value.person
        for uuid, history in mo.engagements.items()
        for piece in history[-1:]
        if isinstance(piece.value, Engagement)
    }
    for line in lines:
        if isinstance(line, PersonRow):
            owners.setdefault(line.engagement_uuid, person_uuid(line.cpr, mo.persons))
    return Subjects(owners, mo.persons)


def lines_of(file: PersonFile | EndFile) -> list[Line]:
    return [*file.rows, *file.rejects]


def dated(files: Sequence[PersonFile | EndFile]) -> list[PersonFile]:
    """The files whose rows have days of their own."""
    return [
        FileRows(
            file.name,
            tuple(row for row in file.rows if isinstance(row, PersonRow)),
            file.rejects,
            file.counted,
            file.as_nye,
        )
        for file in files
        if file.name.kind != "luk"
    ]
