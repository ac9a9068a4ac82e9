"""What a row states of a unit, of its mark and of its eight addresses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from aarhus_los.addresses.outcomes import Found, NotAsked, NotLookedUp, Outcome
from aarhus_los.desired.claims import WantedMark
from aarhus_los.desired.fold import Claims, ValueOf
from aarhus_los.drop.rows import Absent, Detail, OrgRow, RowRef
from aarhus_los.mo.model import Address, History, Kind, Mark, Object, Unit, Value
from aarhus_los.timeline import (
    FOREVER,
    NOTHING,
    UNCLAIMED,
    Nothing,
    Piece,
    Unclaimed,
    gains_days,
    merge,
    overlay,
    restrict,
    split,
)
from aarhus_los.uuids import LINE_ORGANISATION, OUTSIDE_LINE, UNKNOWN_TYPE, object_uuid, seed_uuid

POSTAL: Final = "postal_address"


class AddressOf(Struct, frozen=True):
    """An address of a unit: the row's field, its class, and what its uuid is made of beside the unit's."""

    field: str
    type: str
    suffix: str

    def of(self, unit: str) -> Object:
        return Kind.ADDRESS, object_uuid(unit + self.suffix)


ADDRESSES: Final = (
    AddressOf("los_id", seed_uuid("UNIT_LOS"), "los"),
    AddressOf("cvr", seed_uuid("UNIT_CVR"), "cvr"),
    AddressOf("ean", seed_uuid("UNIT_EAN"), "ean"),
    AddressOf("p_number", seed_uuid("UNIT_PNR"), "pnr"),
    AddressOf("se_number", seed_uuid("UNIT_SENR"), "senr"),
    AddressOf("int_debitor", seed_uuid("UNIT_DEBITORNR"), "debitornr"),
    AddressOf("mag_id", seed_uuid("UNIT_MAG_ID"), "mag_id"),
    AddressOf(POSTAL, seed_uuid("UNIT_POSTADDR"), "postaddr"),
)
POSTAL_ADDRESS: Final = ADDRESSES[-1]
LEFT_AS_IT_IS: Final = Address("", POSTAL_ADDRESS.type)
"""The postal address of a row that was applied, and whose text this run has no answer for: its days keep what MO has."""


def objects_of(unit: str) -> list[Object]:
    """All that a row is about: the unit first, its mark, its addresses."""
    return [(Kind.ORG_UNIT, unit), (Kind.MARK, unit), *(each.of(unit) for each in ADDRESSES)]


class UnitValues(Struct, frozen=True):
    """What rows state of units, of their marks and addresses."""

    types: Collection[str]
    """The unit types that there are."""
    outcomes: Mapping[str, Outcome]
    """Of each address text."""
    was_applied: Callable[[RowRef], bool]
    """Of which rows MO has the address by an earlier run."""

    def of(self, unit: str) -> dict[Object, ValueOf]:
        """What a row states of each object of its unit, the unit first."""
        addresses = (partial(self.address, each) for each in ADDRESSES)
        return dict(zip(objects_of(unit), (self.unit, self.mark, *addresses), strict=True))

    def unit(self, row: OrgRow) -> Unit:
        parent = None if row.parent_uuid == row.org_uuid else row.parent_uuid
        return Unit(row.user_key, row.name, parent, self._type(row))

    def mark(self, row: OrgRow) -> Mark | Nothing | Unclaimed:
        if isinstance(row.line_org, Absent):
            return UNCLAIMED
        return Mark(LINE_ORGANISATION) if row.line_org else NOTHING

    def address(self, address: AddressOf, row: OrgRow) -> Address | Nothing | Unclaimed:
        text: Detail = getattr(row, address.field)
        if isinstance(text, Absent):
            return UNCLAIMED
        if text is not None and address is POSTAL_ADDRESS:
            outcome = self.outcomes[text]
            if isinstance(outcome, NotLookedUp | NotAsked) and self.was_applied(row.ref):
                return LEFT_AS_IT_IS
            if not isinstance(outcome, Found):
                return UNCLAIMED
            text = outcome.uuid
        return NOTHING if text is None else Address(text, address.type, org_unit=row.org_uuid)

    def _type(self, row: OrgRow) -> str | None:
        """None: the file says nothing of it, and it stays as it is known."""
        if isinstance(row.type_uuid, Absent):
            return None
        return row.type_uuid if row.type_uuid in self.types and row.type_uuid else UNKNOWN_TYPE


def with_types(claim: History, known: Sequence[Piece[Value]]) -> History:
    """A claim on a unit whose type, where the file says nothing of it, is the one that is known of the day."""
    if all(not isinstance(piece.value, Unit) or piece.value.type for piece in claim):
        return claim
    pieces: list[Piece[Value]] = []
    for piece in claim:
        value = piece.value
        if not isinstance(value, Unit) or value.type:
            pieces.append(piece)
            continue
        for start, end, found in split(piece.start, piece.end, known):
            of_day = found.value if found else None
            type_of_day = of_day.type if isinstance(of_day, Unit) else None
            filled = replace(value, type=type_of_day or UNKNOWN_TYPE)
            pieces.append(Piece(start, end, filled, piece.origin))
    return merge(pieces)


def line_of(marks: History) -> History:
    """The interval of the line organisation, which MO shows only where the unit is there: other marks are not ours."""
    shown = [piece for piece in marks if piece.value == Mark(LINE_ORGANISATION)]
    return (Piece(shown[0].start, shown[-1].end, Mark(LINE_ORGANISATION)),) if shown else ()


def mark_of(unit: str, claims: Claims, marks_before: History) -> tuple[WantedMark | None, History, bool]:
    """The one interval on which a unit must carry the mark of the line organisation.

    That is the last run of days on which it is in it; days on which the unit is not there interrupt no run. Returns the
    mark (None where no row says anything of it), the claim on the unit, and whether an earlier run is dropped, which MO
    cannot hold. Writing a mark overwrites the unit on all its days, so the claim has them: with what the base says, where
    no row does. Written are the base's interval and ours, where these differ, and any mark of a unit that gets days.
    `marks_before` are all marks that the base has: one that is not ours comes back where ours took its place, and no day is
    left for it.
    """
    key, mark_key = (Kind.ORG_UNIT, unit), (Kind.MARK, unit)
    claim, base = claims.claimed(key), claims.base.get(key, ())
    claimed_mark = claims.claimed(mark_key)
    if not claim:
        return None, claim, False
    there = claims.known(key)
    if marks_before and gains_days(base, there):
        claim = _with_days(claim, marks_before[0].start, marks_before[-1].end, base)
    if not claimed_mark:
        return None, claim, False
    before = _runs(claims.base.get(mark_key, ()), base)
    after = _runs(claims.known(mark_key), there)
    was, interval = (runs[-1] if runs else None for runs in (before, after))
    origin = claimed_mark[-1].origin
    instead: Piece[Value] = Piece(claim[0].start, FOREVER, Mark(OUTSIDE_LINE))
    for shown in marks_before[-1:] if was is None else ():
        instead = Piece(marks_before[0].start, shown.end, shown.value)
    wanted = WantedMark(LINE_ORGANISATION, interval, instead, origin)
    if _marked(was, there) != _marked(interval, there):
        for start, end in filter(None, (was, interval)):
            claim = _with_days(claim, start, end, base)
    return wanted, claim, len(after) > 1


def _with_days(claim: History, start: date, end: date, base: History) -> History:
    """The claim, and on the other days from the start to the end what the base says."""
    of_base: list[Piece[Value]] = [
        Piece(first, last, NOTHING if found is None else found.value, claim[-1].origin)
        for first, last, found in split(start, end, base)
    ]
    return overlay(claim, with_types(merge(of_base), ()))


def _marked(interval: tuple[date, date] | None, unit: Sequence[Piece[Value]]) -> History:
    """The days of an interval on which the unit is there."""
    return () if interval is None else restrict((Piece(*interval, Mark(LINE_ORGANISATION)),), unit)


def _runs(marks: Sequence[Piece[Value]], unit: Sequence[Piece[Value]]) -> list[tuple[date, date]]:
    """The days in the line organisation, first and last of each run."""
    runs: list[tuple[date, date]] = []
    unmarked_since = False
    for piece in unit:
        if piece.value is NOTHING:
            continue
        for start, end, mark in split(piece.start, piece.end, marks):
            if mark is None or mark.value != Mark(LINE_ORGANISATION):
                unmarked_since = True
            elif runs and not unmarked_since:
                runs[-1] = (runs[-1][0], end)
            else:
                runs.append((start, end))
                unmarked_since = False
    return runs
