"""Who is who: the person of a CPR number, and whom a line of a Pers file is about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct

from aarhus_los.cpr import Cpr
from aarhus_los.desired.lines import FileLines, Line, all_lines
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.rows import EndedEngagementRow, PersonRow, Reject
from aarhus_los.mo.model import Engagement, History, Person
from aarhus_los.uuids import object_uuid


class PeopleInMo(Struct, frozen=True):
    """What MO has of the people that the files are about."""

    persons: Mapping[Cpr, str]
    """The person of each CPR number: of several, the one that is taken."""
    doubles: Collection[Cpr]
    """The CPR numbers that several persons have."""
    names: Mapping[str, History]
    """By the person's uuid: also those whose uuid a number would give, but who have another number."""
    engagements: Mapping[str, History]
    """By uuid: those that rows name, and all others of the same people."""
    former: Mapping[str, str]
    """The persons who had those that MO has no more, before the files."""
    accounts: Mapping[str, History]
    """By uuid: all of the people in all IT systems, and those that rows would make."""

    def cpr(self, person: str, each: Sequence[FileLines]) -> Cpr | None:
        """The CPR number that MO has of a person, else that of the lines that make the person."""
        for piece in self.names.get(person, ())[-1:]:
            if isinstance(piece.value, Person) and piece.value.cpr is not None:
                return piece.value.cpr
        named = (getattr(line, "cpr", None) for line in all_lines(each))
        return next((cpr for cpr in named if cpr is not None and self.of(cpr) == person), None)

    def of(self, cpr: Cpr) -> str:
        """The person of a CPR number: MO's, else the uuid that a new person gets."""
        return self.persons.get(cpr) or new_person_uuid(cpr)


def new_person_uuid(cpr: Cpr) -> str:
    return object_uuid(cpr.reveal())


def email_uuid(cpr: Cpr) -> str:
    return object_uuid(cpr.reveal() + "email")


def account_uuid(cpr: Cpr) -> str:
    return object_uuid(cpr.reveal() + "azid")


def owners_in(engagements: Mapping[str, History]) -> dict[str, str]:
    """Engagement → the person who has it: that never changes."""
    last = ((uuid, piece.value) for uuid, found in engagements.items() for piece in found[-1:])
    return {uuid: value.person for uuid, value in last if isinstance(value, Engagement)}


def subject_of(files: Sequence[DropFile], mo: PeopleInMo) -> Callable[[Line], str | None]:
    """Tells whom a line is about: the person who has the engagement that it names, else the person of its CPR number.

    An engagement belongs to whom MO says, as it is or as it was, else to whom the first row says that names it. `files` are
    in the order of folding. What is set aside for good gives no engagement to anybody, nor does a cancelled hire.
    """
    owners = {**owners_in(mo.engagements), **mo.former}
    for file in files:
        for row in file.rows:
            if isinstance(row, PersonRow) and not row.states_nothing and row.ref.line not in file.dropped:
                owners.setdefault(row.engagement_uuid, mo.of(row.cpr))

    def subject(line: Line) -> str | None:
        if not isinstance(line, PersonRow | EndedEngagementRow | Reject):
            return None
        owner = owners.get(line.engagement_uuid or "")
        return owner if owner is not None or line.cpr is None else mo.of(line.cpr)

    return subject
