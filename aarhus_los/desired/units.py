"""What a row says of a unit and its eight addresses, and how that becomes what MO must say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from aarhus_los.addresses.outcomes import Found, Outcome
from aarhus_los.drop.columns import columns
from aarhus_los.drop.rows import Absent, OrgRow
from aarhus_los.drop.rows import Detail as RowDetail
from aarhus_los.mo.kinds import Address, History, Unit, Value
from aarhus_los.timeline import NOTHING, UNCLAIMED, Nothing, Piece, Timeline, Unclaimed, merge, split
from aarhus_los.uuids import object_uuid, seed_uuid

LINE_ORGANISATION: Final = seed_uuid("LINJE_ORG_HIERARCHY")
OUTSIDE_LINE: Final = seed_uuid("IKKE_LINJE_ORG_HIERARCHY")
UNKNOWN_TYPE: Final = seed_uuid("UNIT_TYPE_UNKNOWN")
POSTAL: Final = columns(OrgRow)["postal_address"].header
UNIT: Final = "unit"
"""The key of the unit itself among its nine objects; the others are keyed by their column."""


@dataclass(frozen=True, slots=True)
class Detail:
    """An address of a unit: the row's field, its class, and what its uuid is made of beside the unit's."""

    field: str
    type: str
    suffix: str

    @property
    def column(self) -> str:
        return columns(OrgRow)[self.field].header

    def of(self, row: OrgRow) -> RowDetail:
        """What a row says of it."""
        value: RowDetail = getattr(row, self.field)
        return value


DETAILS: Final = (
    Detail("los_id", seed_uuid("UNIT_LOS"), "los"),
    Detail("cvr", seed_uuid("UNIT_CVR"), "cvr"),
    Detail("ean", seed_uuid("UNIT_EAN"), "ean"),
    Detail("p_number", seed_uuid("UNIT_PNR"), "pnr"),
    Detail("se_number", seed_uuid("UNIT_SENR"), "senr"),
    Detail("int_debitor", seed_uuid("UNIT_DEBITORNR"), "debitornr"),
    Detail("mag_id", seed_uuid("UNIT_MAG_ID"), "mag_id"),
    Detail("postal_address", seed_uuid("UNIT_POSTADDR"), "postaddr"),
)
KEYS: Final = (UNIT, *(detail.column for detail in DETAILS))


class Of(Enum):
    """Values of a unit's fields that follow from what MO has on the day."""

    MO = "as it is in MO"
    OUTSIDE_LINE = "anything but the line organisation"
    LEFT_LINE = "outside the line organisation, where an earlier file had it inside"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A unit as a row claims it."""

    user_key: str
    name: str
    parent: str | None
    type: str | Of
    hierarchy: str | Of


Spoken = Unit | Claimed | Address
"""What a day of one of the nine objects may be: as MO has it, or as a row claims it."""


def address_uuid(unit: str, detail: Detail) -> str:
    """The uuid of an address of a unit."""
    return object_uuid(unit + detail.suffix)


def value_of(
    row: OrgRow, key: str, types: Collection[str], outcomes: Mapping[str, Outcome]
) -> Spoken | Nothing | Unclaimed:
    """What a row states of one of the nine objects. `types`: the unit types that there are."""
    if key == UNIT:
        parent = None if row.parent_uuid == row.org_uuid else row.parent_uuid
        return Claimed(row.user_key, row.name, parent, _type(row, types), _hierarchy(row))
    value = _DETAILS[key].of(row)
    if value is Absent.ABSENT:
        return UNCLAIMED
    if value is None:
        return NOTHING
    if key == POSTAL:
        outcome = outcomes[value]
        if not isinstance(outcome, Found):
            return UNCLAIMED
        value = outcome.uuid
    return Address(value, _DETAILS[key].type, org_unit=row.org_uuid)


_DETAILS: Final = {detail.column: detail for detail in DETAILS}


def _type(row: OrgRow, types: Collection[str]) -> str | Of:
    if isinstance(row.type_uuid, Absent):
        return Of.MO
    return row.type_uuid if row.type_uuid in types and row.type_uuid else UNKNOWN_TYPE


def _hierarchy(row: OrgRow) -> str | Of:
    if isinstance(row.line_org, Absent):
        return Of.MO
    return LINE_ORGANISATION if row.line_org else Of.OUTSIDE_LINE


def spoken(history: History) -> Timeline[Spoken]:
    return tuple(
        Piece(piece.start, piece.end, piece.value)
        for piece in history
        if isinstance(piece.value, Unit | Address)
    )


def bare(value: Spoken | Nothing) -> Spoken | Nothing:
    """A unit without the mark that others or the importer gave it: rows say only whether it is in the line organisation."""
    if isinstance(value, Unit) and value.hierarchy != LINE_ORGANISATION:
        return replace(value, hierarchy=None)
    if isinstance(value, Claimed) and value.hierarchy is Of.LEFT_LINE:
        return replace(value, hierarchy=Of.OUTSIDE_LINE)
    return value


def combined(upper: Spoken | Nothing, lower: Spoken | Nothing | None) -> Spoken | Nothing:
    """A later file's word over an earlier one's: fields of which it says nothing keep what the earlier one said.

    A unit that one file puts into the line organisation and a later one takes out is marked as outside, as it would be
    if each had been imported on its own.
    """
    if not isinstance(upper, Claimed) or not isinstance(lower, Claimed):
        return upper
    hierarchy = upper.hierarchy
    if hierarchy is Of.MO:
        hierarchy = lower.hierarchy
    elif hierarchy is Of.OUTSIDE_LINE and lower.hierarchy in (LINE_ORGANISATION, Of.LEFT_LINE):
        hierarchy = Of.LEFT_LINE
    return replace(upper, type=lower.type if upper.type is Of.MO else upper.type, hierarchy=hierarchy)


def settled(claim: Timeline[Spoken], actual: History) -> History:
    """The claim with every field told: what follows from MO is taken from the day's value there."""
    pieces: list[Piece[Value]] = []
    for piece in claim:
        value = piece.value
        if not isinstance(value, Claimed):
            pieces.append(Piece(piece.start, piece.end, value, piece.origin))
            continue
        for start, end, found in split(piece.start, piece.end, actual):
            now = found.value if found is not None and isinstance(found.value, Unit) else None
            pieces.append(Piece(start, end, _unit(value, now), piece.origin))
    return merge(pieces)


def _unit(claimed: Claimed, now: Unit | None) -> Unit:
    unit_type = claimed.type if isinstance(claimed.type, str) else (now.type if now else None)
    hierarchy = now.hierarchy if now else None
    if isinstance(claimed.hierarchy, str):
        hierarchy = claimed.hierarchy
    elif (hierarchy == LINE_ORGANISATION and claimed.hierarchy is not Of.MO) or (
        hierarchy is None and claimed.hierarchy is Of.LEFT_LINE
    ):
        hierarchy = OUTSIDE_LINE
    return Unit(claimed.user_key, claimed.name, claimed.parent, unit_type or UNKNOWN_TYPE, hierarchy)
