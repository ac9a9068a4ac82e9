"""Pers rows, and MO as it was and is, to engagements, names, e-mail addresses and AZ accounts.

An engagement is folded alone, over the files that name it. E-mail and account last as long as the person has an engagement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct, field

from aarhus_los.cpr import Cpr
from aarhus_los.desired.claims import Desired, DesiredObject, Notice, SetAside
from aarhus_los.desired.fold import Claims, base_of, fold
from aarhus_los.desired.lasting import lasting, moved_end, vote, voters_of
from aarhus_los.desired.lines import FileLines, Gathered, parted
from aarhus_los.desired.persons import account_uuid, email_uuid, owners_in
from aarhus_los.desired.references import References
from aarhus_los.desired.rejections import Rejections, report_overlaps
from aarhus_los.desired.world import World
from aarhus_los.drop.columns import columns
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import DropName
from aarhus_los.drop.rows import ABSENT, Absent, PersonRow, Reject, Row, RowRef
from aarhus_los.messages import Message
from aarhus_los.mo.model import Account, Address, Engagement, History, Kind, Object, Person, Value
from aarhus_los.timeline import FOREVER, NOTHING, Piece, covers, day_after, is_there, last_day
from aarhus_los.uuids import EMAIL_TYPE, NOT_PRIMARY, PRIMARY

ByEngagement = Mapping[str, Sequence[FileLines]]
"""An engagement's uuid → the lines about it, a file each, in the order of folding."""


class People(Struct, eq=False, dict=True):
    """What the files ask of MO for persons, and whom MO will have by them."""

    files: Sequence[DropFile]
    persons: Gathered
    """The lines about each, in the order of folding."""
    world: World
    there: References
    az_system: str
    result: Desired = field(default_factory=Desired)
    first: dict[str, dict[str, date]] = field(default_factory=dict)
    """File → engagement → the first day that the file claims of it."""
    engagements: dict[str, dict[str, History]] = field(default_factory=dict)
    """Person → the engagements that the person has in MO."""

    def __post_init__(self) -> None:
        self.set_aside = Rejections(self.files)
        self.mo, self.base = self.world.people, self.world.base
        for uuid, owner in owners_in(self.mo.engagements).items():
            self.engagements.setdefault(owner, {})[uuid] = self.mo.engagements[uuid]
        self.accounts, self.accounts_before = (
            _accounts_of_persons(accounts, self.az_system)
            for accounts in (self.mo.accounts, self.base.get(Kind.IT, {}))
        )

    def desired(self) -> Desired:
        self.set_aside.drop_beside_unreadable_dates(
            self.persons, _engagement_of, Message.BESIDE_UNREADABLE_DATES_OF_ENGAGEMENT
        )
        for person, each in self.persons.items():
            for lines in each:
                for row in lines.rows:
                    if isinstance(row, PersonRow):
                        self._check(person, row, lines.file.name)
            of_engagement = _by_engagement(each)
            self._fold(person, each, of_engagement)
            self._report(person, each, of_engagement)
        self.set_aside.report(self.result, self.persons, self._begins, self._needed)
        return self.result

    def valid_cprs(self) -> set[Cpr]:
        """The CPR numbers of the people who will be in MO by these rows."""
        return {
            row.cpr
            for each in self.persons.values()
            for lines in each
            for row in lines.valid(self.set_aside)
            if isinstance(row, PersonRow) and not row.states_nothing
        }

    def _check(self, person: str, row: PersonRow, name: DropName) -> None:
        if self.mo.of(row.cpr) != person:
            reason = Message.OTHER_PERSONS_ENGAGEMENT(uuid=row.engagement_uuid)
            self.set_aside.add(row.ref, "CPR", reason, pending=False)
        elif row.cpr not in self.mo.persons and person in self.mo.names:
            self.set_aside.add(row.ref, "CPR", Message.OTHER_CPR_IN_MO(uuid=person), pending=True)
        self.set_aside.check_references(row, name, self.there)
        if self.world.unreadable:
            objects = (person, row.engagement_uuid, email_uuid(row.cpr), account_uuid(row.cpr))
            self.set_aside.drop_unreadable(row, objects, self.world)

    # What the others claim

    def _fold(self, person: str, each: Sequence[FileLines], of_engagement: ByEngagement) -> None:
        engagements = {
            uuid: self._fold_engagement(person, uuid, lines) for uuid, lines in of_engagement.items()
        }
        ends = self._last_days(person, each, of_engagement)
        cpr = self.mo.cpr(person, each)
        accounts = {*self.accounts.get(person, ()), *self.accounts_before.get(person, ())}
        claims = Claims({})
        if cpr is not None:
            keys = [
                (Kind.ADDRESS, email_uuid(cpr)),
                *((Kind.IT, uuid) for uuid in (account_uuid(cpr), *accounts)),
            ]
            claims = Claims(base_of(keys, self.base))
            unknown = {ref for folded in engagements.values() for ref in folded.unknown}
            for place, lines in enumerate(each):
                was, last = ends[place], ends[place + 1]
                name = lines.file.name
                of_file = _OfFile(person, cpr, name.file_date, was, last, name.kind == "luk")
                self._claim_details(of_file, claims, lines, unknown)
        for folded in engagements.values():
            self._collect(folded)
        self._collect(claims)

    def _collect(self, claims: Claims) -> None:
        self.result.objects += [
            DesiredObject(kind, uuid, claim) for (kind, uuid), claim in claims.all_claimed().items()
        ]

    def _fold_engagement(self, person: str, uuid: str, lines: Sequence[FileLines]) -> Claims:
        def value_of(row: PersonRow) -> Value:
            return Engagement(
                row.user_key,
                person,
                row.org_uuid,
                row.job_function_uuid,
                row.engagement_type_uuid,
                PRIMARY if row.primary else NOT_PRIMARY,
            )

        key = (Kind.ENGAGEMENT, uuid)
        folded = fold(lines, {key: value_of}, base_of([key], self.base), self.set_aside)
        for each in lines:
            if each.first is not None:
                self.first.setdefault(each.file.name.name, {})[uuid] = each.first
        for ref, day in folded.spared:
            if self.set_aside.is_due(ref):
                self.result.notices.append(Notice(Message.ENDS_BEFORE_ANNOUNCED(day=day), ref))
        for ref in folded.unknown:
            if self.set_aside.is_due(ref):
                self.result.notices.append(Notice(Message.UNKNOWN_ENGAGEMENT(uuid=uuid), ref))
        return folded

    def _last_days(
        self, person: str, each: Sequence[FileLines], of_engagement: ByEngagement
    ) -> list[date | None]:
        """The last day of the person's last engagement: before the files, and after each of them."""
        days = {uuid: last_day(self.base.get(Kind.ENGAGEMENT, {}).get(uuid, ())) for uuid in of_engagement}
        after: dict[str, dict[str, date | None]] = {}
        for uuid, about in of_engagement.items():
            for lines in about:
                after.setdefault(lines.file.name.name, {})[uuid] = lines.last
        in_mo = self.engagements.get(person, {})
        others = _latest(last_day(history) for uuid, history in in_mo.items() if uuid not in of_engagement)
        ends = [_latest((*days.values(), others))]
        for lines in each:
            days |= after.get(lines.file.name.name, {})
            ends.append(_latest((*days.values(), others)))
        return ends

    def _claim_details(
        self, of_file: _OfFile, claims: Claims, lines: FileLines, unknown: Collection[RowRef]
    ) -> None:
        """A name from the file date on, e-mail and account until the last engagement ends."""
        valid = [row for row in lines.valid(self.set_aside) if row.ref not in unknown]
        origin = tuple(row.ref for row in valid)
        if not origin:
            return
        voters = voters_of(valid, of_file.day)
        if won := self._vote(voters, "name"):
            name = Person.named(won.name, of_file.cpr)
            claims.add(
                (Kind.EMPLOYEE, of_file.person), lasting(name, of_file.day, FOREVER, _origin(won, origin))
            )
        won = self._vote(voters, "email")
        email = won.email if won else ABSENT
        address = Address(email, EMAIL_TYPE, person=of_file.person) if isinstance(email, str) else email
        key = (Kind.ADDRESS, email_uuid(of_file.cpr))
        claims.add(key, _claim(address, of_file, claims.known(key), _origin(won, origin)))
        won = self._vote(voters, "azid")
        azid = won.azid if won else ABSENT
        account = Account(azid, self.az_system, of_file.person) if isinstance(azid, str) else azid
        uuid = self._account(of_file, claims, (won.ref if won else origin[-1]))
        if uuid is not None:
            key = (Kind.IT, uuid)
            claims.add(key, _claim(account, of_file, claims.known(key), _origin(won, origin)))

    def _vote(self, voters: Sequence[PersonRow], field: str) -> PersonRow | None:
        won, contested = vote(voters, field)
        if won is not None and contested and self.set_aside.is_due(won.ref):
            text = Message.ROWS_OF_PERSON_DIFFER(column=columns(PersonRow)[field].header)
            self.result.notices.append(Notice(text, won.ref))
        return won

    def _account(self, of_file: _OfFile, claims: Claims, ref: RowRef) -> str | None:
        """The person's account: ours where it is valid on the file date or later, else the only other one, else ours.

        That is asked of the base; where that has none, and MO none of ours, of MO as it is. None, reported, where it is not
        for us to choose: there are several others, or ours is somebody else's in MO.
        """
        person, ours = of_file.person, account_uuid(of_file.cpr)
        last = last_day(claims.known((Kind.IT, ours)))
        before = self.accounts_before.get(person, [])
        of_person = [uuid for uuid in before if is_there(claims.known((Kind.IT, uuid)))]
        in_mo = self.mo.accounts.get(ours, ())
        is_foreign = bool(in_mo) and ours not in self.accounts.get(person, ())
        if last is not None and last >= of_file.day and not is_foreign:
            return ours
        if not before and not in_mo and last is None:
            of_person = self.accounts.get(person, [])
        others = [uuid for uuid in of_person if uuid != ours]
        if len(others) == 1:
            return others[0]
        if not others and not is_foreign:
            return ours
        if self.set_aside.is_due(ref):
            text = (
                Message.OTHER_ACCOUNTS(uuid=person, count=len(others))
                if others
                else Message.FOREIGN_ACCOUNT(uuid=ours)
            )
            self.result.notices.append(Notice(text, ref))
        return None

    # What is reported

    def _report(self, person: str, each: Sequence[FileLines], of_engagement: ByEngagement) -> None:
        report = self.result.notices.append
        due = [row for lines in each for row in self.set_aside.due_rows(lines) if isinstance(row, PersonRow)]
        for row in due[:1]:
            if row.cpr in self.mo.doubles:
                report(Notice(Message.SEVERAL_PEOPLE(uuid=person), row.ref))
        for row in due:
            first = self.first.get(row.ref.file, {}).get(row.engagement_uuid, row.start)
            start = max(row.start, first)
            if start <= row.end and not covers(self.there.units.after.get(row.org_uuid, ()), start, row.end):
                report(Notice(Message.UNIT_NOT_THERE(uuid=row.org_uuid), row.ref))
        for about in of_engagement.values():
            for lines in about:
                rows = [row for row in self.set_aside.due_rows(lines) if isinstance(row, PersonRow)]
                report_overlaps(self.result, rows, _stated)

    # Which pending rows are superseded

    def _begins(self, person: str, lines: FileLines) -> dict[Object, date]:
        begins: dict[Object, date] = {}
        for row in lines.valid(self.set_aside):
            first = self.first.get(row.ref.file, {}).get(_engagement_of(row) or "")
            if isinstance(row, PersonRow) and first is not None:
                key = (Kind.ENGAGEMENT, row.engagement_uuid)
                day = max(row.start, first)
                begins[key] = min(day, begins.get(key, day))
                for key in _details(person, row):
                    begins[key] = lines.file.name.file_date
        return begins

    def _needed(self, person: str, aside: SetAside, row: Row) -> Iterable[Object]:
        assert isinstance(row, PersonRow)
        return [(Kind.ENGAGEMENT, row.engagement_uuid), *_details(person, row)]


class _OfFile(Struct, frozen=True):
    """What a file's claims on the details of a person have in common."""

    person: str
    cpr: Cpr
    day: date
    """The file date."""
    was: date | None
    """The last day of the last engagement before the file."""
    last: date | None
    """And after it."""
    is_end: bool
    """Whether it is a luk: the end of the last engagement is theirs, wherever they ended before."""


def _origin(won: PersonRow | None, of_all: tuple[RowRef, ...]) -> tuple[RowRef, ...]:
    """The row that has won, else all. Of the only row it is one tuple: there are as many as people, and details of them."""
    return of_all if won is None or of_all == (won.ref,) else (won.ref,)


def _claim(
    value: Value | Absent | None, of_file: _OfFile, known: Sequence[Piece[Value]], origin: tuple[RowRef, ...]
) -> History:
    """A claim on e-mail or account (None: there is none): a file that says nothing of it moves its end only."""
    if not isinstance(value, Absent):
        return lasting(value or NOTHING, of_file.day, of_file.last, origin)
    was, last = of_file.was, of_file.last
    if of_file.is_end and was is not None and (last is None or last < was):
        return (Piece(of_file.day if last is None else day_after(last), FOREVER, NOTHING, origin),)
    return moved_end(known, of_file.was, of_file.day, of_file.last, origin)


def _details(person: str, row: PersonRow) -> list[Object]:
    """What a row states beside its engagement."""
    details = [(Kind.EMPLOYEE, person)]
    if not isinstance(row.email, Absent):
        details.append((Kind.ADDRESS, email_uuid(row.cpr)))
    if not isinstance(row.azid, Absent):
        details.append((Kind.IT, account_uuid(row.cpr)))
    return details


def _engagement_of(line: Row | Reject) -> str | None:
    return getattr(line, "engagement_uuid", None)


def _by_engagement(each: Sequence[FileLines]) -> ByEngagement:
    """The lines about a person by engagement, a file each."""
    found: dict[str, list[FileLines]] = {}
    for lines in each:
        for uuid, of_engagement in parted(lines, lines.file, _engagement_of).items():
            found.setdefault(uuid, []).append(of_engagement)
    return dict(sorted(found.items()))


def _accounts_of_persons(accounts: Mapping[str, History], system: str) -> dict[str, list[str]]:
    """Person → the person's accounts in an IT system."""
    found: dict[str, list[str]] = {}
    for uuid, history in sorted(accounts.items()):
        last = history[-1].value if history else None
        if isinstance(last, Account) and last.itsystem == system and last.person:
            found.setdefault(last.person, []).append(uuid)
    return found


def _latest(days: Iterable[date | None]) -> date | None:
    return max([day for day in days if day is not None], default=None)


def _stated(row: Row) -> object:
    """What a row states, to be compared with another row of its engagement."""
    assert isinstance(row, PersonRow)
    return (row.user_key, row.org_uuid, row.job_function_uuid, row.engagement_type_uuid, row.primary)
