"""What a line of the drop says, as values: a row a file kind.

Each field declares its column. Every text is stripped and in composed form, uuids are lower-case with dashes, dates are
inclusive and no end is `date.max`. CPR numbers and names stay out of `repr`. The rows are slotted dataclasses and no
models: half a million of them must fit in memory.
"""

# Annotations are values here, not texts as elsewhere: pydantic reads them, and would have to compile each.
import dataclasses
from collections.abc import Callable
from datetime import date
from enum import Enum
from typing import Annotated, Any, Final, TypeAlias

from pydantic import ConfigDict, SkipValidation
from pydantic.dataclasses import dataclass

from aarhus_los.cpr import Cpr, parse_cpr
from aarhus_los.drop.cells import (
    number_of,
    read_address,
    read_boolean,
    read_code,
    read_email,
    read_text,
    read_uuid,
    read_words,
)
from aarhus_los.drop.columns import UNITS, Column
from aarhus_los.drop.dates import read_end, read_start
from aarhus_los.drop.rejects import Flaw as Flaw
from aarhus_los.drop.rejects import Reject as Reject
from aarhus_los.drop.rejects import RowRef as RowRef
from aarhus_los.messages import Message


class Absent(Enum):
    """Claims nothing: an optional column that the file lacks, or the bad value of a detail column."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT

Detail: TypeAlias = str | Absent | None
"""The value of a detail column: a text, None for an empty cell (the object is not there), or `ABSENT`."""


# A validation error must not show what a cell holds. A night has files of two or three kinds: the schemas of the others are
# not built, which takes longer than the files of a night.
_CONFIG: Final = ConfigDict(arbitrary_types_allowed=True, hide_input_in_errors=True, defer_build=True)


def _reference(header: str, to: str | None, *, key: bool = False) -> Column:
    return Column(header, read_uuid, key=key, shared=True, to=to)


def _detail(header: str, read: Callable[[str], Any], *, shared: bool = False) -> Column:
    return Column(header, read, empty=None, bad=ABSENT, shared=shared)


def _end(header: str) -> Column:
    return Column(header, read_end, empty=date.max, shared=True)


_CPR: Final = Column("CPR", parse_cpr, key=True)


@dataclass(frozen=True, slots=True, kw_only=True, config=_CONFIG)
class Record:
    """What all rows have. A flaw costs its own value only and is a fault (exit 1); a note is just reported."""

    ref: Annotated[RowRef, SkipValidation]
    flaws: Annotated[tuple[Flaw, ...], SkipValidation] = ()
    notes: Annotated[tuple[Flaw, ...], SkipValidation] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=_CONFIG)
class ClassRow(Record):
    """STAM: a class, or an IT system. The names of the columns are in the table of class lists."""

    uuid: Annotated[str, Column("", read_uuid)]
    user_key: Annotated[str, Column("", read_text)]
    name: Annotated[str, Column("", read_text)]


class Dated:
    """A row with a validity. `written_start` is its start as the file has it, where MO cannot hold that: None as a rule."""

    __slots__ = ()
    ref: RowRef
    start: date
    end: date
    written_start: date | None

    @property
    def order(self) -> tuple[date, int]:
        """Its place among the rows of one file that are about the same: of two on the same day, the later one wins."""
        return (self.written_start or self.start, self.ref.line)

    @property
    def states_nothing(self) -> bool:
        """Whether it ends on the day before it starts: what it is about is not there (a cancelled hire)."""
        return self.start > self.end


@dataclass(frozen=True, slots=True, kw_only=True, config=_CONFIG)
class OrgRow(Dated, Record):
    """Org_inital, Org_nye, Org_ret. A root unit is its own parent.

    `type_uuid` is None for an empty cell and, with a flaw, for a bad one: both are a unit of unknown type.
    """

    org_uuid: Annotated[str, Column("OrgUUID", read_uuid, key=True)]
    user_key: Annotated[str, Column("BrugervendtNøgle", read_text)]
    name: Annotated[str, Column("OrgEnhedsNavn", read_words)]
    parent_uuid: Annotated[str, _reference("ParentUUID", UNITS)]
    type_uuid: Annotated[
        Detail,
        Column("OrgEnhedsTypeUUID", read_uuid, empty=None, bad=None, shared=True, to="Enhedstype"),
    ] = ABSENT
    # An empty mark is no mark.
    line_org: Annotated[
        bool | Absent, Column("Med-i-LinjeOrg", read_boolean, empty=False, bad=ABSENT, shared=True)
    ] = ABSENT
    start: Annotated[date, Column("StartDato", read_start, shared=True)]
    end: Annotated[date, _end("SlutDato")]
    written_start: Annotated[date | None, SkipValidation] = None
    los_id: Annotated[Detail, _detail("LOSID", read_code)] = ABSENT
    cvr: Annotated[Detail, _detail("CVR", number_of(8, Message.NOT_A_CVR), shared=True)] = ABSENT
    ean: Annotated[Detail, _detail("EAN", number_of(13, Message.NOT_AN_EAN))] = ABSENT
    p_number: Annotated[Detail, _detail("P-Nr", number_of(10, Message.NOT_A_P_NUMBER))] = ABSENT
    se_number: Annotated[Detail, _detail("SE-Nr", number_of(8, Message.NOT_AN_SE), shared=True)] = ABSENT
    int_debitor: Annotated[Detail, _detail("IntDebitor-Nr", read_code)] = ABSENT
    mag_id: Annotated[Detail, _detail("MagID", read_code)] = ABSENT
    postal_address: Annotated[Detail, _detail("PostAdresse", read_address)] = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True, config=_CONFIG)
class PersonRow(Dated, Record):
    """Pers_nye, Pers_ret: an engagement and its person."""

    engagement_uuid: Annotated[str, Column("UUID", read_uuid, key=True)]
    user_key: Annotated[str, Column("BrugervendtNøgle", read_text)]
    cpr: Annotated[Cpr, _CPR]
    name: Annotated[str, Column("CPRNavn", read_words)] = dataclasses.field(repr=False)
    start: Annotated[date, Column("StartTid", read_start, shared=True)]
    end: Annotated[date, _end("SlutTid")]
    written_start: Annotated[date | None, SkipValidation] = None
    email: Annotated[Detail, _detail("Email", read_email)] = dataclasses.field(repr=False, default=ABSENT)
    primary: Annotated[bool, Column("PrimærAnsættelse", read_boolean, shared=True)]
    org_uuid: Annotated[str, _reference("OrgenhedUUID", UNITS)]
    engagement_type_uuid: Annotated[str, _reference("EngagementTypeUUID", "Engagementstype")]
    job_function_uuid: Annotated[str, _reference("StillingsBetegnelseUUID", "Stillingsbetegnelse")]
    azid: Annotated[Detail, _detail("AZID", read_code)] = dataclasses.field(repr=False, default=ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True, config=_CONFIG)
class EndedEngagementRow(Record):
    """Pers_luk. The uuid alone says which engagement ends, so a bad CPR number is a flaw and `cpr` None."""

    engagement_uuid: Annotated[str, Column("UUID", read_uuid, key=True)]
    cpr: Annotated[Cpr | None, Column("CPR", parse_cpr, empty=None, bad=None, key=True)]
    name: Annotated[str | None, Column("CPRNavn", read_words, empty=None, bad=None)] = dataclasses.field(
        repr=False
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=_CONFIG)
class ManagerRow(Record):
    """Leder_nye, Leder_ret: one responsibility of a manager."""

    org_uuid: Annotated[str, _reference("OrgUUID", UNITS, key=True)]
    cpr: Annotated[Cpr, _CPR]
    type_uuid: Annotated[str, _reference("LedertypeUUID", "Ledertype")]
    level_uuid: Annotated[str, _reference("LederniveauUUID", "Lederniveau")]
    responsibility_uuid: Annotated[str, _reference("LederansvarUUID", "Lederansvar")]


@dataclass(frozen=True, slots=True, kw_only=True, config=_CONFIG)
class EndedManagerRow(Record):
    """Leder_luk."""

    org_uuid: Annotated[str, _reference("OrgUUID", None, key=True)]
    cpr: Annotated[Cpr, _CPR]


Row: TypeAlias = ClassRow | OrgRow | PersonRow | EndedEngagementRow | ManagerRow | EndedManagerRow
