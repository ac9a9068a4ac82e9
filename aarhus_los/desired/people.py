"""Pers rows, and MO as it is, to people, their engagements, and what else they have.

The rows of a person are folded together, since e-mail and account last as long as the person has an engagement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from aarhus_los.cpr import Cpr
from aarhus_los.desired.claims import Desired, DesiredObject, Notice
from aarhus_los.desired.details import (
    Lasting,
    Vote,
    account_uuid,
    adopted,
    email_uuid,
    is_current,
    name_claim,
    plain_name,
    vote,
)
from aarhus_los.desired.fallen import Fallen
from aarhus_los.desired.folding import Fold, claimed_days, contested, is_there
from aarhus_los.desired.persons import (
    EndFile,
    Line,
    PeopleInMo,
    PersonFile,
    dated,
    lines_of,
    person_uuid,
    subjects_of,
)
from aarhus_los.desired.references import covers
from aarhus_los.desired.words import Words, gathered
from aarhus_los.drop.rows import Absent, Detail, EndedEngagementRow, PersonRow, Reject, RowRef
from aarhus_los.mo.kinds import Account, Engagement, History, Kind, Value
from aarhus_los.timeline import (
    FOREVER,
    NOTHING,
    Layer,
    Nothing,
    Piece,
    Timeline,
    Unclaimed,
    day_after,
    lay,
)
from aarhus_los.uuids import seed_uuid

PRIMARY: Final = seed_uuid("PRIMARY")
NOT_PRIMARY: Final = seed_uuid("NOT_PRIMARY")

_Words = Words[PersonRow, tuple[Kind, str]]
Key = tuple[Kind, str]


@dataclass(frozen=True)
class Known:
    """What engagements may refer to."""

    units: Mapping[str, History]
    """As they will be after this run."""
    engagement_types: Collection[str]
    job_functions: Collection[str]
    az_system: str


def desire(files: Sequence[PersonFile | EndFile], mo: PeopleInMo, known: Known) -> tuple[Desired, set[Cpr]]:
    """What the files ask of MO for the people that their new and pending rows speak of.

    Also the CPR numbers of the people who will be in MO by these rows.
    """
    people = _People(files, mo, known)
    return people.desired(), people.standing_cprs()


class _People:
    def __init__(self, files: Sequence[PersonFile | EndFile], mo: PeopleInMo, known: Known) -> None:
        self.files = {file.name.name: file for file in files}
        self.mo = mo
        self.known = known
        lines = [line for file in files for line in lines_of(file)]
        self.subjects = subjects_of(lines, mo)
        self.result = Desired()
        self.fallen = Fallen(files)
        self.spared: dict[RowRef, Notice] = {}
        claimed = {self.subjects.of(line) for line in lines if self.fallen.counts(line.ref)} - {None}
        self.lines: dict[str, dict[str, list[Line]]] = {}
        """Person → file, in the order of folding → the lines that speak of the person."""
        for line in lines:
            person = self.subjects.of(line)
            if person is not None and person in claimed:
                self.lines.setdefault(person, {}).setdefault(line.ref.file, []).append(line)
        words: dict[str, list[_Words]] = gathered(dated(files), lambda line: line.engagement_uuid)
        self.words = {uuid: {said.file.name.name: said for said in each} for uuid, each in words.items()}
        """Engagement → file → what it says of the engagement."""
        self.engagements: dict[str, list[str]] = {}
        """Person → the engagements that are the person's, in MO or by the files."""
        for uuid, owner in sorted(self.subjects.owners.items()):
            self.engagements.setdefault(owner, []).append(uuid)
        self.accounts: dict[str, list[str]] = {}
        """Person → the person's accounts in the AZ system."""
        for uuid, history in sorted(mo.accounts.items()):
            last = history[-1].value
            if isinstance(last, Account) and last.itsystem == known.az_system and last.person:
                self.accounts.setdefault(last.person, []).append(uuid)
        for file in files:
            for row in file.rows:
                if isinstance(row, EndedEngagementRow) and self.subjects.of(row) is None:
                    self._notice_unknown_end(row)

    def desired(self) -> Desired:
        for person in sorted(self.lines):
            self._check(person)
            self._fold(person)
        whose = {
            row.ref: (row, person)
            for person in self.lines
            for row in self._rows(person)
            if row.ref in self.fallen
        }
        self.fallen.tell(self.result, lambda aside: self._overtaken(*whose[aside.ref]))
        self.result.notices += self.spared.values()
        return self.result

    def standing_cprs(self) -> set[Cpr]:
        return {row.cpr for person in self.lines for row in self._rows(person) if row.ref not in self.fallen}

    # Which rows fall

    def _rows(self, person: str) -> list[PersonRow]:
        return [row for name in self.lines[person] for row in self._rows_of(person, name)]

    def _rows_of(self, person: str, name: str) -> list[PersonRow]:
        return [line for line in self.lines[person][name] if isinstance(line, PersonRow)]

    def _check(self, person: str) -> None:
        for name, lines in self.lines[person].items():
            blind = next((line for line in lines if isinstance(line, Reject) and line.days is None), None)
            if blind is None or self.files[name].name.kind == "luk":
                continue
            for line in lines:
                reason = f"line {blind.ref.line} speaks of the same person, and its dates cannot be read"
                self.fallen.add(line.ref, blind.column, reason, pending=False)
        for row in self._rows(person):
            if person_uuid(row.cpr, self.mo.persons) != person:
                reason = f"the engagement {row.engagement_uuid} belongs to another person"
                self.fallen.add(row.ref, "CPR", reason, pending=False)
            elif row.cpr not in self.mo.persons and person in self.mo.names:
                reason = f"the person {person}, whom this number made, has another CPR number in MO"
                self.fallen.add(row.ref, "CPR", reason, pending=True)
            for column, uuid, there in (
                ("OrgenhedUUID", row.org_uuid, self.known.units),
                ("EngagementTypeUUID", row.engagement_type_uuid, self.known.engagement_types),
                ("StillingsBetegnelseUUID", row.job_function_uuid, self.known.job_functions),
            ):
                if uuid not in there:
                    self.fallen.add(row.ref, column, f"neither MO nor the drop has {uuid}", pending=True)
            if self.mo.unreadable:
                self._drop_unreadable(person, row)

    def _drop_unreadable(self, person: str, row: PersonRow) -> None:
        for uuid in (person, row.engagement_uuid, email_uuid(row.cpr), account_uuid(row.cpr)):
            if uuid in self.mo.unreadable:
                reason = f"MO cannot show {uuid}: {self.mo.unreadable[uuid]}"
                self.fallen.add(row.ref, "", reason, pending=True)

    # What the others claim

    def _fold(self, person: str) -> None:
        names = list(self.lines[person])
        actual = {(Kind.ENGAGEMENT, uuid): self.mo.engagements.get(uuid, ()) for uuid in self._held(person)}
        fold: Fold[Key, Value] = Fold(
            actual, len(names), lambda turn, key: self._days(person, names[turn], key)
        )
        cpr = self._cpr(person)
        for turn, name in enumerate(names):
            day = self.files[name].name.file_date
            if self.files[name].name.kind == "luk":
                ending = self._end_engagements(fold, turn, name, person)
                if ending and cpr is not None:
                    last = self._last_day(fold, turn, person) or day
                    self._claim_details(fold, person, cpr, [], Lasting(day, last, tuple(ending)))
                continue
            self._claim_engagements(fold, turn, name, person)
            rows = [row for row in self._rows_of(person, name) if row.ref not in self.fallen]
            if not rows or cpr is None:
                continue
            if won := self._vote(rows, day, "CPRNavn", plain_name):
                fold.add((Kind.EMPLOYEE, person), name_claim(won.row, cpr, day))
            if last_day := self._last_day(fold, turn, person):
                origin = tuple(row.ref for row in rows)
                self._claim_details(fold, person, cpr, rows, Lasting(day, last_day, origin))
        for (kind, uuid), claim in fold.claimed.items():
            self.result.objects.append(DesiredObject(kind, uuid, claim))
        self._tell(person)

    def _held(self, person: str) -> list[str]:
        return self.engagements.get(person, [])

    def _cpr(self, person: str) -> Cpr | None:
        """The number that MO has, else that of the rows that make the person."""
        lines = (line for each in self.lines[person].values() for line in each)
        named = (line.cpr for line in lines if line.cpr is not None)
        return self.mo.cpr(person) or next(
            (cpr for cpr in named if person_uuid(cpr, self.mo.persons) == person), None
        )

    def _days(self, person: str, name: str, key: Key) -> Timeline[bool]:
        """The days that a file claims of an engagement."""
        _, uuid = key
        if self.files[name].name.kind == "luk":
            ended = any(line.engagement_uuid == uuid for line in self.lines[person][name])
            return claimed_days(day_after(self.files[name].name.file_date)) if ended else ()
        said = self.words.get(uuid, {}).get(name)
        return () if said is None else said.domain(self.fallen)

    def _end_engagements(self, fold: Fold[Key, Value], turn: int, name: str, person: str) -> list[RowRef]:
        """Returns the lines that end an engagement which somebody knows."""
        first = day_after(self.files[name].name.file_date)
        ending = []
        for line in self.lines[person][name]:
            if not isinstance(line, EndedEngagementRow):
                continue
            key = (Kind.ENGAGEMENT, line.engagement_uuid)
            # Also what begins later only: it ends before it has begun.
            if is_there(fold.known(key, turn + 1)):
                fold.add(key, (Piece(first, FOREVER, NOTHING, (line.ref,)),))
                ending.append(line.ref)
            else:
                self._notice_unknown_end(line)
        return ending

    def _notice_unknown_end(self, line: EndedEngagementRow) -> None:
        if self.fallen.counts(line.ref):
            text = f"nobody knows the engagement {line.engagement_uuid}: there is nothing to end"
            self.result.notices.append(Notice(text, line.ref))

    def _claim_engagements(self, fold: Fold[Key, Value], turn: int, name: str, person: str) -> None:
        def value(row: PersonRow, key: Key) -> Value | Nothing | Unclaimed:
            return Engagement(
                row.user_key,
                person,
                row.org_uuid,
                row.job_function_uuid,
                row.engagement_type_uuid,
                PRIMARY if row.primary else NOT_PRIMARY,
            )

        for uuid in self._held(person):
            said = self.words.get(uuid, {}).get(name)
            if said is None:
                continue
            key = (Kind.ENGAGEMENT, uuid)
            new = said.new_lines(fold.known(key, turn))
            if new:
                self.result.as_nye[name] = self.result.as_nye.get(name, frozenset()) | new
            standing = said.standing(self.fallen)
            if not standing:
                continue
            claims, spared = said.claims(fold, turn, [key], value, self.fallen, is_new=bool(new))
            fold.add(key, claims[key])
            last = max(standing, key=lambda row: row.end)
            for day in spared if self.fallen.counts(last.ref) else ():
                text = f"ends the day before a change that was announced for {day}: it claims to its end only"
                self.spared[last.ref] = Notice(text, last.ref)

    def _last_day(self, fold: Fold[Key, Value], turn: int, person: str) -> date | None:
        """The last day of the person's last engagement as they are after a file."""
        ends = [
            piece.end
            for uuid in self._held(person)
            for piece in fold.known((Kind.ENGAGEMENT, uuid), turn + 1)
            if piece.value is not NOTHING
        ]
        return max(ends, default=None)

    def _claim_details(
        self, fold: Fold[Key, Value], person: str, cpr: Cpr, rows: Sequence[PersonRow], lasting: Lasting
    ) -> None:
        """E-mail and account; without rows, their end only."""
        day = lasting.start
        won = self._vote(rows, day, "Email", lambda row: row.email)
        fold.add((Kind.ADDRESS, email_uuid(cpr)), lasting.email(won, person))
        won = self._vote(rows, day, "AZID", lambda row: row.azid)
        claim = lasting.account(won, person, self.known.az_system)
        if claim and (uuid := self._account(fold, person, cpr, claim)):
            fold.add((Kind.IT, uuid), claim)

    def _vote(
        self, rows: Sequence[PersonRow], day: date, column: str, value: Callable[[PersonRow], Detail]
    ) -> Vote | None:
        won = vote(rows, day, value)
        if won and won.contested and self.fallen.counts(won.row.ref):
            text = f"{column} differs between the rows of one person: this row wins"
            self.result.notices.append(Notice(text, won.row.ref))
        return won

    def _account(self, fold: Fold[Key, Value], person: str, cpr: Cpr, claim: History) -> str | None:
        """The person's account: ours while it is active, else another one that is adopted; None, told, where none can be."""
        ours = account_uuid(cpr)
        of_person = self.accounts.get(person, [])
        in_mo = self.mo.accounts.get(ours, ())
        is_foreign = bool(in_mo) and ours not in of_person
        if not is_foreign and is_current(lay(fold.claimed.get((Kind.IT, ours), ()), in_mo), claim):
            return ours
        uuid = adopted(ours, of_person, is_foreign=is_foreign)
        ref = claim[0].origin[-1]
        if uuid is None and self.fallen.counts(ref):
            others = len(of_person) - (ours in of_person)
            text = (
                f"the person {person} has {others} other accounts in the AZ system: left as they are"
                if others
                else f"the account {ours} is of another person or IT system in MO: left as it is"
            )
            self.result.notices.append(Notice(text, ref))
        return uuid

    # What is told

    def _tell(self, person: str) -> None:
        tell = self.result.notices.append
        rows = [row for row in self._rows(person) if self.fallen.counts(row.ref)]
        for row in rows[:1]:
            if row.cpr in self.mo.doubles:
                tell(Notice(f"several people in MO have this CPR number: {person} is taken", row.ref))
        for name, lines in self.lines[person].items():
            for line in lines:
                if isinstance(line, Reject) or line.ref in self.fallen or not self.fallen.counts(line.ref):
                    continue
                for flaw in line.flaws:
                    tell(Notice(str(flaw), line.ref, fault=True))
                for note in line.notes:
                    tell(Notice(str(note), line.ref))
                if isinstance(line, PersonRow):
                    self._tell_unit(line, self.words[line.engagement_uuid][name])
        for uuid in self._held(person):
            for said in self.words.get(uuid, {}).values():
                rows = [row for row in said.standing(self.fallen) if self.fallen.counts(row.ref)]
                whole = [Layer(row.start, row.end, _whole(row), row.ref.line, (row.ref,)) for row in rows]
                for earlier, later in contested(whole):
                    text = f"overlaps line {earlier.order} and differs: from {later.start} on this row wins"
                    tell(Notice(text, later.origin[0]))

    def _tell_unit(self, row: PersonRow, said: _Words) -> None:
        start = max(row.start, said.first.get((Kind.ENGAGEMENT, row.engagement_uuid), row.start))
        if start <= row.end and not covers(self.known.units[row.org_uuid], start, row.end):
            text = f"the unit {row.org_uuid} is not there on every day of the engagement"
            self.result.notices.append(Notice(text, row.ref))

    def _overtaken(self, row: PersonRow, person: str) -> bool:
        """Whether later rows speak of every object that a row is pending for, from the day after its end or before."""
        names = list(self.lines[person])
        later = [
            (name, line)
            for name in names[names.index(row.ref.file) + 1 :]
            for line in self.lines[person][name]
            if isinstance(line, PersonRow) and line.ref not in self.fallen
        ]
        key = (Kind.ENGAGEMENT, row.engagement_uuid)
        latest = day_after(row.end)
        engagement = any(
            max(other.start, self.words[row.engagement_uuid][name].first[key]) <= latest
            for name, other in later
            if other.engagement_uuid == row.engagement_uuid
        )
        in_time = [other for name, other in later if self.files[name].name.file_date <= latest]
        return (
            engagement
            and bool(in_time)
            and (row.email is Absent.ABSENT or any(other.email is not Absent.ABSENT for other in in_time))
            and (row.azid is Absent.ABSENT or any(other.azid is not Absent.ABSENT for other in in_time))
        )


def _whole(row: PersonRow) -> tuple[object, ...]:
    return (row.user_key, row.org_uuid, row.job_function_uuid, row.engagement_type_uuid, row.primary)
