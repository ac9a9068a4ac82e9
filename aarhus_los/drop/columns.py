"""Which columns each kind of file has, as a table: what they fill, how they are read, and what a bad value costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aarhus_los.cpr import parse_cpr
from aarhus_los.drop import cells
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.names import DropName, Family
from aarhus_los.drop.rows import (
    ABSENT,
    DETAIL_COLUMNS,
    ClassRow,
    EndedEngagementRow,
    EndedManagerRow,
    ManagerRow,
    OrgRow,
    PersonRow,
    Row,
)

REQUIRED: Final = object()
"""The `empty` of a column whose cells must have a value."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is imported.

    `empty` is what an empty cell means, or `REQUIRED`. `bad` is what a value that cannot be read is taken for, with a
    flaw; `REQUIRED` where it rejects the row. Where the file may lack the column, `optional`, it is then `ABSENT`.
    `shared`: the same few values occur again and again.
    """

    header: str
    field: str
    read: Callable[[str], Any]
    empty: Any = REQUIRED
    bad: Any = REQUIRED
    optional: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a kind of file. Columns without a place in `row` itself are gathered in its `details`."""

    row: type[Row]
    columns: tuple[Column, ...]
    details: tuple[Column, ...] = ()
    dates: bool = False
    keys: frozenset[str] = frozenset()
    """The fields by which a rejected row still names its subject."""


def _uuid(header: str, field: str) -> Column:
    return Column(header, field, cells.read_uuid)


def _reference(header: str, field: str) -> Column:
    return Column(header, field, cells.read_reference, shared=True)


def _text(header: str, field: str) -> Column:
    return Column(header, field, cells.read_text)


def _validity(start: str, end: str) -> tuple[Column, Column]:
    return (
        Column(start, "start", cells.read_date, shared=True),
        Column(end, "end", cells.read_date, empty=None, shared=True),
    )


def _detail(header: str, field: str, read: Callable[[str], Any] = cells.read_text) -> Column:
    return Column(header, field, read, empty=None, bad=ABSENT, optional=True)


_DETAIL_READERS: Final = {"EAN": cells.read_ean, "P-Nr": cells.read_p_number}

_CPR: Final = Column("CPR", "cpr", parse_cpr)

_ORG: Final = Layout(
    OrgRow,
    (
        _uuid("OrgUUID", "org_uuid"),
        _text("BrugervendtNøgle", "user_key"),
        _text("OrgEnhedsNavn", "name"),
        _reference("ParentUUID", "parent_uuid"),
        Column(
            "OrgEnhedsTypeUUID",
            "type_uuid",
            cells.read_reference,
            empty=None,
            bad=None,
            optional=True,
            shared=True,
        ),
        # An empty mark is no mark.
        Column(
            "Med-i-LinjeOrg",
            "line_org",
            cells.read_boolean,
            empty=False,
            bad=ABSENT,
            optional=True,
            shared=True,
        ),
        *_validity("StartDato", "SlutDato"),
    ),
    details=tuple(
        _detail(header, header, _DETAIL_READERS.get(header, cells.read_text)) for header in DETAIL_COLUMNS
    ),
    dates=True,
    keys=frozenset({"org_uuid"}),
)

_PERSON: Final = Layout(
    PersonRow,
    (
        _uuid("UUID", "engagement_uuid"),
        _text("BrugervendtNøgle", "user_key"),
        _CPR,
        _text("CPRNavn", "name"),
        *_validity("StartTid", "SlutTid"),
        _detail("Email", "email", cells.read_email),
        Column("PrimærAnsættelse", "primary", cells.read_boolean, shared=True),
        _reference("OrgenhedUUID", "org_uuid"),
        _reference("EngagementTypeUUID", "engagement_type_uuid"),
        _reference("StillingsBetegnelseUUID", "job_function_uuid"),
        _detail("AZID", "azid"),
    ),
    dates=True,
    keys=frozenset({"engagement_uuid", "cpr"}),
)

_ENDED_ENGAGEMENT: Final = Layout(
    EndedEngagementRow,
    (
        _uuid("UUID", "engagement_uuid"),
        Column("CPR", "cpr", parse_cpr, empty=None, bad=None),
        Column("CPRNavn", "name", cells.read_text, empty=None, bad=None),
    ),
    keys=frozenset({"engagement_uuid", "cpr"}),
)

_MANAGER: Final = Layout(
    ManagerRow,
    (
        _reference("OrgUUID", "org_uuid"),
        _CPR,
        _reference("LedertypeUUID", "type_uuid"),
        _reference("LederniveauUUID", "level_uuid"),
        _reference("LederansvarUUID", "responsibility_uuid"),
    ),
    keys=frozenset({"org_uuid", "cpr"}),
)

_ENDED_MANAGER: Final = Layout(
    EndedManagerRow,
    (_reference("OrgUUID", "org_uuid"), _CPR),
    keys=frozenset({"org_uuid", "cpr"}),
)

_CLASSES: Final[Mapping[str, Layout]] = {
    listed.name: Layout(
        ClassRow,
        (_uuid(listed.uuid, "uuid"), _text(listed.user_key, "user_key"), _text(listed.title, "name")),
    )
    for listed in CLASS_LISTS.values()
}

_PEOPLE_AND_MANAGERS: Final[Mapping[tuple[Family, str], Layout]] = {
    (Family.PERS, "nye"): _PERSON,
    (Family.PERS, "ret"): _PERSON,
    (Family.PERS, "luk"): _ENDED_ENGAGEMENT,
    (Family.LEDER, "nye"): _MANAGER,
    (Family.LEDER, "ret"): _MANAGER,
    (Family.LEDER, "luk"): _ENDED_MANAGER,
}


def layout_of(name: DropName) -> Layout:
    """The columns that a file of this name has."""
    if name.family is Family.STAM:
        return _CLASSES[name.kind]
    if name.family is Family.ORG:
        return _ORG
    return _PEOPLE_AND_MANAGERS[name.family, name.kind]
