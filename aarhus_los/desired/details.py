"""What a person has beside engagements, by the rows of one file: a name, an e-mail address and an AZ account.

E-mail and account last as long as the person has an engagement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from aarhus_los.cpr import Cpr
from aarhus_los.drop.rows import Absent, Detail, PersonRow, RowRef
from aarhus_los.mo.kinds import Account, Address, History, Person, Value
from aarhus_los.timeline import FOREVER, NOTHING, Nothing, Piece, clip, day_after, day_before
from aarhus_los.uuids import object_uuid, seed_uuid

EMAIL_TYPE: Final = seed_uuid("PERSON_EMAIL")


def email_uuid(cpr: Cpr) -> str:
    return object_uuid(cpr.reveal() + "email")


def account_uuid(cpr: Cpr) -> str:
    return object_uuid(cpr.reveal() + "azid")


@dataclass(frozen=True, slots=True)
class Vote:
    """The row that speaks for a person, and whether another one says otherwise."""

    row: PersonRow
    contested: bool


def vote(rows: Collection[PersonRow], day: date, value: Callable[[PersonRow], Detail]) -> Vote | None:
    """A value beats an empty one, then the primary engagement wins, then the later line; None where no row has a say.

    Ended rows have no vote unless all are ended.
    """
    standing = [row for row in rows if row.end >= day] or rows
    voters = [row for row in standing if value(row) is not Absent.ABSENT]
    if not voters:
        return None
    winner = max(voters, key=lambda row: (bool(value(row)), row.primary, row.ref.line))
    return Vote(winner, len({value(row) for row in voters}) > 1)


def plain_name(row: PersonRow) -> str:
    """A name as it is compared: spaces are no part of it."""
    return " ".join(row.name.split())


def name_claim(row: PersonRow, cpr: Cpr, day: date) -> History:
    """The name from the file date on."""
    return (Piece(day, FOREVER, Person.named(row.name, cpr), (row.ref,)),)


@dataclass(frozen=True, slots=True)
class Lasting:
    """What a file says of e-mail and account beside their values: from the file date, until the last engagement ends."""

    start: date
    end: date
    origin: tuple[RowRef, ...]
    """The lines that say so where no row has a say on the value."""

    def email(self, won: Vote | None, person: str) -> History:
        if won is None:
            return self._claim(None, self.origin)
        text = won.row.email
        value = Address(text, EMAIL_TYPE, person=person) if isinstance(text, str) else NOTHING
        return self._claim(value, (won.row.ref,))

    def account(self, won: Vote | None, person: str, system: str) -> History:
        if won is None:
            return self._claim(None, self.origin)
        text = won.row.azid
        return self._claim(
            Account(text, system, person) if isinstance(text, str) else NOTHING, (won.row.ref,)
        )

    def _claim(self, value: Value | Nothing | None, origin: tuple[RowRef, ...]) -> History:
        """`value` None claims the end only."""
        if value is NOTHING:
            return (Piece(min(self.start, day_after(self.end)), FOREVER, NOTHING, origin),)
        pieces: list[Piece[Value]] = []
        if value is not None and self.start <= self.end:
            pieces.append(Piece(self.start, self.end, value, origin))
        if self.end != FOREVER:
            pieces.append(Piece(day_after(self.end), FOREVER, NOTHING, origin))
        return tuple(pieces)


def is_current(account: History, claim: History) -> bool:
    """Whether an account is active when a claim on it begins, or later.

    One that ends the day before the claim ends it counts too: that may be this claim's own doing, of an earlier run.
    """
    first = claim[0].start
    since = day_before(first) if claim[0].value is NOTHING else first
    return any(piece.value is not NOTHING for piece in clip(account, since))


def adopted(ours: str, of_person: Sequence[str], *, is_foreign: bool) -> str | None:
    """The account to claim where ours is not active: the person's only other one in the system, else ours again.

    None where that is not for us to choose: there are several others, or ours is somebody else's in MO.
    """
    others = [uuid for uuid in of_person if uuid != ours]
    if len(others) > 1 or (is_foreign and not others):
        return None
    return others[0] if others else ours
