"""What a line of the drop says, as values: a row a file kind, and the reject that a line becomes which says nothing usable.

Every text is stripped, uuids are lower-case with dashes, dates are inclusive and no end is `date.max`. CPR numbers and names
stay out of `repr`. The records are slotted dataclasses, not models: half a million of them must fit in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Final, TypeAlias

from aarhus_los.cpr import Cpr


class Absent(Enum):
    """Claims nothing: an optional column that the file lacks, or the bad value of a detail column."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT

Detail: TypeAlias = str | Absent | None
"""The value of a detail column: a text, None for an empty cell (the object is not there), or `ABSENT`."""

DETAIL_COLUMNS: Final = ("LOSID", "CVR", "EAN", "P-Nr", "SE-Nr", "IntDebitor-Nr", "MagID", "PostAdresse")
"""The address columns of an org unit: the keys of `OrgRow.details`, spelled as here whatever the file's header says."""


@dataclass(frozen=True, slots=True, order=True)
class RowRef:
    """Where a row stands. `line` is the physical line on which it begins; the header is on line 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a value; `column` is spelled as in the file's header."""

    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.column}: {self.reason}" if self.column else self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What all rows have. A flaw costs its own value only and is a fault (exit 1); a note is just told.

    `cells` is the line as the file has it, for the reject file.
    """

    ref: RowRef
    flaws: tuple[Flaw, ...] = ()
    notes: tuple[Flaw, ...] = ()
    cells: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow(Record):
    """STAM: a class, or an IT system."""

    uuid: str
    user_key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgRow(Record):
    """Org_inital, Org_nye, Org_ret. A root unit is its own parent.

    `type_uuid` is None for an empty cell and, with a flaw, for a bad one: both are a unit of unknown type.
    """

    org_uuid: str
    user_key: str
    name: str
    parent_uuid: str
    type_uuid: Detail
    line_org: bool | Absent
    start: date
    end: date
    details: Mapping[str, Detail] = field(hash=False)
    """By the eight `DETAIL_COLUMNS`, all of them always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow(Record):
    """Pers_nye, Pers_ret: an engagement and its person."""

    engagement_uuid: str
    user_key: str
    cpr: Cpr
    name: str = field(repr=False)
    start: date
    end: date
    email: Detail = field(repr=False)
    primary: bool
    org_uuid: str
    engagement_type_uuid: str
    job_function_uuid: str
    azid: Detail = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedEngagementRow(Record):
    """Pers_luk. The uuid alone says which engagement ends, so a bad CPR number is a flaw and `cpr` None."""

    engagement_uuid: str
    cpr: Cpr | None
    name: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerRow(Record):
    """Leder_nye, Leder_ret: one responsibility of a manager."""

    org_uuid: str
    cpr: Cpr
    type_uuid: str
    level_uuid: str
    responsibility_uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedManagerRow(Record):
    """Leder_luk."""

    org_uuid: str
    cpr: Cpr


Row: TypeAlias = ClassRow | OrgRow | PersonRow | EndedEngagementRow | ManagerRow | EndedManagerRow


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is wrong in itself, with what could still be read of the subject that it speaks of.

    `days` are its first and last day; None where they cannot be read, and in files that have no dates. `column` is empty
    where the line as a whole is wrong. `reason` never holds a value. `also` is what else is wrong with the line.
    """

    ref: RowRef
    column: str
    reason: str
    cells: tuple[str, ...] = field(default=(), repr=False)
    org_uuid: str | None = None
    engagement_uuid: str | None = None
    cpr: Cpr | None = None
    days: tuple[date, date] | None = None
    also: tuple[Flaw, ...] = ()

    def __str__(self) -> str:
        return f"{self.ref}: {Flaw(self.column, self.reason)}"
