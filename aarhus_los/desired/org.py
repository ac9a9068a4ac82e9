"""Org rows, and MO as it is, to org units and their addresses.

A row is the whole truth of its unit for its validity: it speaks of nine objects, the unit and each of its eight addresses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from aarhus_los.addresses.outcomes import Found, NotAsked, NotLookedUp, Outcome
from aarhus_los.desired.claims import (
    Actual,
    Desired,
    DesiredObject,
    FileRows,
    Notice,
    SetAside,
    UnresolvedAddress,
)
from aarhus_los.desired.fallen import Fallen
from aarhus_los.desired.folding import (
    Fold,
    contested,
)
from aarhus_los.desired.references import circles, covers, dangling
from aarhus_los.desired.units import (
    DETAILS,
    KEYS,
    POSTAL,
    UNIT,
    Spoken,
    address_uuid,
    bare,
    combined,
    settled,
    spoken,
    value_of,
)
from aarhus_los.desired.words import Words, gathered
from aarhus_los.drop.rows import Absent, OrgRow, Reject, RowRef
from aarhus_los.mo.kinds import Address, History, Kind, Unit
from aarhus_los.timeline import (
    FOREVER,
    UNCLAIMED,
    Layer,
    Nothing,
    Timeline,
    Unclaimed,
    clip,
    day_after,
    lay,
)

OrgFile = FileRows[OrgRow]


@dataclass(frozen=True)
class Needs:
    """What must be read from MO and looked up before the units can be worked out."""

    units: set[str]
    addresses: set[str]
    types: set[str]
    texts: set[str]


def subjects(files: Iterable[OrgFile]) -> set[str]:
    """The units that a new or pending row speaks of."""
    return {
        line.org_uuid
        for file in files
        for line in _lines(file)
        if line.org_uuid is not None and file.counts(line.ref)
    }


def speaks_of(files: Sequence[OrgFile]) -> Needs:
    """What the rows of the claimed units speak of."""
    units = subjects(files)
    rows = [row for file in files for row in file.rows if row.org_uuid in units]
    return Needs(
        units=units | {row.parent_uuid for row in rows},
        addresses={address_uuid(unit, detail) for unit in units for detail in DETAILS},
        types={row.type_uuid for row in rows if isinstance(row.type_uuid, str)},
        texts={text for row in rows if isinstance(text := row.postal_address, str)},
    )


def moved_under(files: Iterable[OrgFile], units: Mapping[str, History]) -> set[str]:
    """The parents of links that MO does not have: only a circle through one of them can be new."""
    claimed = subjects(files)
    return {
        row.parent_uuid
        for file in files
        for row in file.rows
        if row.org_uuid in claimed
        and row.parent_uuid != row.org_uuid
        and parents_of(units.get(row.org_uuid, ())) != {row.parent_uuid}
    }


def parents_of(history: History) -> set[str]:
    """The units that a unit ever hung under."""
    return {
        piece.value.parent
        for piece in history
        if isinstance(piece.value, Unit) and piece.value.parent is not None
    }


def desire(
    files: Sequence[OrgFile],
    mo: Actual,
    types: Collection[str],
    addresses: Mapping[str, Outcome],
    unreadable: Mapping[str, str],
) -> Desired:
    """What the files ask of MO for the units that their new and pending rows speak of.

    `files` are in the order of folding. `types` are the classes of unit types that MO or the drop has; `addresses` holds
    an outcome for each text; `unreadable` are objects that MO has and cannot show, with the reason.
    """
    return _Org(files, mo, types, addresses, unreadable).desired()


_Said = Words[OrgRow, str]
"""What one file says of one unit."""


class _Org:
    def __init__(
        self,
        files: Sequence[OrgFile],
        mo: Actual,
        types: Collection[str],
        outcomes: Mapping[str, Outcome],
        unreadable: Mapping[str, str],
    ) -> None:
        self.units = mo.get(Kind.ORG_UNIT, {})
        self.addresses = mo.get(Kind.ADDRESS, {})
        self.types = types
        self.outcomes = outcomes
        self.unreadable = unreadable
        self.result = Desired()
        self.fallen = Fallen(files)
        """Rows that are not applied; what they would claim stays unclaimed."""
        self.spared: dict[RowRef, Notice] = {}
        claimed = subjects(files)
        said: dict[str, list[_Said]] = gathered(files, lambda line: line.org_uuid)
        self.said = {unit: said[unit] for unit in sorted(claimed)}

    def desired(self) -> Desired:
        self._drop_beside_unreadable_dates()
        if self.unreadable:
            self._drop_unreadable()
        while True:
            self._drop_dangling()
            self.result.as_nye, self.spared = {}, {}
            claims = {unit: self._claims(unit, said) for unit, said in self.said.items()}
            after = {unit: lay(claim[UNIT], self.units.get(unit, ())) for unit, claim in claims.items()}
            after = {**self.units, **after}
            if not self._drop_circles(after):
                break
        for unit, said in self.said.items():
            self._tell(unit, said, claims[unit], after)
            self._collect(unit, claims[unit])
        self._tell_fallen()
        return self.result

    # Which rows fall

    def _standing(self, said: _Said) -> list[OrgRow]:
        return said.standing(self.fallen)

    def _drop_beside_unreadable_dates(self) -> None:
        for each in self.said.values():
            for said in each:
                blind = next((reject for reject in said.rejects if reject.days is None), None)
                if blind is not None:
                    for row in said.rows:
                        reason = (
                            f"line {blind.ref.line} speaks of the same unit, and its dates cannot be read"
                        )
                        self.fallen.add(row.ref, blind.column, reason, pending=False)

    def _drop_unreadable(self) -> None:
        for unit, each in self.said.items():
            for uuid in (unit, *(address_uuid(unit, detail) for detail in DETAILS)):
                if uuid in self.unreadable:
                    for row in (row for said in each for row in said.rows):
                        reason = f"MO cannot show {uuid}: {self.unreadable[uuid]}"
                        self.fallen.add(row.ref, "", reason, pending=True)

    def _drop_dangling(self) -> None:
        rows = {row.ref: row for each in self.said.values() for said in each for row in self._standing(said)}
        lacking = dangling(
            rows,
            subject=lambda ref: rows[ref].org_uuid,
            needs=lambda ref: rows[ref].parent_uuid,
            known=lambda unit: unit in self.units or unit in self.unreadable,
        )
        for ref, parent in lacking.items():
            reason = f"neither MO nor the drop has the parent {parent}"
            self.fallen.add(ref, "ParentUUID", reason, pending=True)

    def _drop_circles(self, after: Mapping[str, History]) -> bool:
        """Sets aside the rows that make a circle of parents; says whether there were any."""
        makers: dict[RowRef, str] = {}
        for start, end, circle in circles(after):
            path = " under ".join([*circle, circle[0]])
            for unit in circle:
                for ref in self._hung_by(unit, start, end):
                    makers.setdefault(ref, f"a circle of parents on {start}: {path}")
        for ref, reason in makers.items():
            self.fallen.add(ref, "ParentUUID", reason, pending=False)
        return bool(makers)

    def _hung_by(self, unit: str, start: date, end: date) -> set[RowRef]:
        """The rows whose word on a unit stands on one of the days.

        Also those that say what MO has: it may have it from them, and folding again must give what folding gave.
        """
        each = self.said.get(unit, [])
        turns = {day for said in each for span in said.spans for day in (span[0], day_after(span[1]))}
        turns |= {said.first[UNIT] for said in each if UNIT in said.first}
        rows = (self._speaker(each, day) for day in {start, *(turn for turn in turns if start < turn <= end)})
        return {row.ref for row in rows if row is not None}

    def _speaker(self, each: Sequence[_Said], day: date) -> OrgRow | None:
        """The row whose word on a unit stands on a day: the last file's that claims it."""
        for said in reversed(each):
            if self._standing(said) and said.first[UNIT] <= day:
                row = said.speaker(day)
                if isinstance(row, OrgRow) and row.ref not in self.fallen:
                    return row
        return None

    # What the others claim

    def _claims(self, unit: str, each: Sequence[_Said]) -> dict[str, History]:
        """The claims on the nine objects of a unit, folded over all files, as MO would write them."""
        actual: dict[str, Timeline[Spoken]] = {UNIT: spoken(self.units.get(unit, ()))}
        for detail in DETAILS:
            actual[detail.column] = spoken(self.addresses.get(address_uuid(unit, detail), ()))
        days = cache(lambda turn: each[turn].domain(self.fallen))  # the same for all nine
        fold = Fold(actual, len(each), lambda turn, key: days(turn), combined, bare)
        for turn, said in enumerate(each):
            new = said.new_lines(fold.known(UNIT, turn + 1))
            if new:
                file = said.file.name.name
                self.result.as_nye[file] = self.result.as_nye.get(file, frozenset()) | new
            if self._standing(said):
                claims, spared = said.claims(fold, turn, KEYS, self._value, self.fallen, is_new=bool(new))
                for day in spared:
                    self._notice_spared(said, day)
                for key, claim in claims.items():
                    fold.add(key, claim)
        return {key: settled(fold.claimed.get(key, ()), self.units.get(unit, ())) for key in KEYS}

    def _value(self, row: OrgRow, key: str) -> Spoken | Nothing | Unclaimed:
        return value_of(row, key, self.types, self.outcomes)

    # What comes of it

    def _collect(self, unit: str, claims: Mapping[str, History]) -> None:
        if claims[UNIT]:
            self.result.objects.append(DesiredObject(Kind.ORG_UNIT, unit, claims[UNIT]))
        for detail in DETAILS:
            if claim := claims[detail.column]:
                uuid = address_uuid(unit, detail)
                self.result.objects.append(DesiredObject(Kind.ADDRESS, uuid, claim, within=unit))

    def _tell(
        self,
        unit: str,
        each: Sequence[_Said],
        claims: Mapping[str, History],
        after: Mapping[str, History],
    ) -> None:
        tell = self.result.notices.append
        postal = self.addresses.get(address_uuid(unit, _POSTAL_DETAIL), ())
        for said in each:
            rows = [row for row in self._standing(said) if self.fallen.counts(row.ref)]
            for row in rows:
                for flaw in row.flaws:
                    tell(Notice(str(flaw), row.ref, fault=True))
                for note in row.notes:
                    tell(Notice(str(note), row.ref))
                if isinstance(row.type_uuid, str) and row.type_uuid not in self.types:
                    text = f"neither MO nor the drop has the unit type {row.type_uuid}: the unit gets Ukendt"
                    tell(Notice(text, row.ref, fault=True))
                self._tell_address(unit, row, said, postal)
            if rows:
                whole = [Layer(row.start, row.end, _whole(row), row.ref.line, (row.ref,)) for row in rows]
                for earlier, later in contested(whole):
                    text = f"overlaps line {earlier.order} and differs: from {later.start} on this row wins"
                    tell(Notice(text, later.origin[0]))
        for piece in claims[UNIT]:
            parent = piece.value.parent if isinstance(piece.value, Unit) else None
            if (
                parent is not None
                and piece.origin
                and self.fallen.counts(piece.origin[-1])
                and not covers(after.get(parent, ()), piece.start, piece.end)
            ):
                text = (
                    f"the parent {parent} is not there on every day from {piece.start} to {_shown(piece.end)}"
                )
                tell(Notice(text, piece.origin[-1]))

    def _tell_address(self, unit: str, row: OrgRow, said: _Said, postal: History) -> None:
        text = row.postal_address
        outcome = self.outcomes[text] if isinstance(text, str) else None
        if outcome is None or isinstance(outcome, Found | NotAsked):
            return
        assert isinstance(text, str)
        days = clip(postal, max(row.start, said.first[POSTAL]), row.end)
        kept = next((piece.value.value for piece in days if isinstance(piece.value, Address)), None)
        self.result.unresolved.append(UnresolvedAddress(row.ref, unit, text, outcome, kept))
        if isinstance(outcome, NotLookedUp):
            reason = f"the address was not looked up: {outcome.reason}"
            self.result.set_aside.append(SetAside(row.ref, POSTAL, reason, pending=True, part=True))

    def _notice_spared(self, said: _Said, day: date) -> None:
        row = max(self._standing(said), key=lambda row: row.end)
        if self.fallen.counts(row.ref):
            text = f"ends the day before a change that was announced for {day}: it claims to its end only"
            self.spared[row.ref] = Notice(text, row.ref)

    def _tell_fallen(self) -> None:
        place = {
            row.ref: (row, each[turn + 1 :])
            for each in self.said.values()
            for turn, said in enumerate(each)
            for row in said.rows
        }
        self.fallen.tell(self.result, lambda aside: self._overtaken(aside, *place[aside.ref]))
        self.result.notices += self.spared.values()

    def _overtaken(self, aside: SetAside, row: OrgRow, later: Sequence[_Said]) -> bool:
        """Whether later rows speak of every object that a row is pending for, from the day after its end or before."""
        keys = (
            [POSTAL]
            if aside.part
            else [UNIT, *(detail.column for detail in DETAILS if detail.of(row) is not Absent.ABSENT)]
        )
        return all(
            any(
                max(other.start, said.first[key]) <= day_after(row.end)
                for said in later
                for other in self._standing(said)
                if self._value(other, key) is not UNCLAIMED
            )
            for key in keys
        )


_POSTAL_DETAIL: Final = next(detail for detail in DETAILS if detail.column == POSTAL)


def _lines(said: OrgFile) -> list[OrgRow | Reject]:
    return [*said.rows, *said.rejects]


def _whole(row: OrgRow) -> tuple[object, ...]:
    return (
        row.user_key,
        row.name,
        row.parent_uuid,
        row.type_uuid,
        row.line_org,
        *(detail.of(row) for detail in DETAILS),
    )


def _shown(end: date) -> str:
    return "no end" if end == FOREVER else str(end)
