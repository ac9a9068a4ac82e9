"""The kinds of objects of MO: in which lists of rows its database keeps them, and which payload field is kept where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final

PUBLISHED: Final = "Publiceret"


class Merging(Enum):
    """What the database does with the rows that a list had, when a write brings others."""

    ONE = "the old rows keep the days that no new row has"
    MANY = "the new rows take the place of all"
    COLUMNS = "as ONE, and what a new row leaves out is filled in from the old ones on its days"


@dataclass(frozen=True)
class Track:
    """One list of rows of an object."""

    name: str
    merging: Merging = Merging.ONE
    columns: tuple[str, ...] = ()
    """Of attributes, those that are used here."""
    sparse: bool = False
    """Attributes that always have a column which is left out, so that a write splits its row along the old ones."""
    texts: bool = False
    """A relation to texts, not to uuids."""
    splits: bool = True
    """Whether a reader is shown a new validity where a row of it begins or ends."""


@dataclass(frozen=True)
class Part:
    """What MO writes and reads as one thing: a track, or the rows in it of one role."""

    track: Track
    role: str | None = None
    single: bool = False
    """A list in which MO keeps one value a day: it sends the whole list, its own rows laid over those it has read."""
    fixed: bool = False
    """Whether an edit never changes it, and does not say so."""
    widened: bool = True
    """Whether an edit that does not give it spreads its first and last row to the days of the edit."""


STATE: Final = Track("state")


class Shown(Enum):
    """When `/sandbox/state` shows a field."""

    ALWAYS = "always"
    WITH_A_VALUE = "a field of others than LOS: where it has a value"
    NEVER = "never"


@dataclass(frozen=True)
class Field:
    """A field of a payload."""

    name: str
    part: Part
    several: bool = False
    """Whether it holds a list."""
    shown: Shown = Shown.ALWAYS

    @property
    def refers(self) -> bool:
        """Whether it holds another object's uuid, or several."""
        track = self.part.track
        return not (track.columns or track.texts or track is STATE)

    @cached_property
    def column(self) -> int | None:
        """Where it is kept among the columns of an attribute; None if it is a state or a relation."""
        columns = self.part.track.columns
        return columns.index(self.name) if columns else None


@dataclass(frozen=True)
class Kind:
    """What the stand-in knows of a kind. The first track is the state, which tells whether an object is there."""

    name: str
    parts: tuple[Part, ...]
    fields: tuple[Field, ...]
    needed: tuple[str, ...] = ()
    """Fields without which a reader fails, in the order in which it looks for them."""
    indexed: frozenset[str] = frozenset()
    """Fields by which readers find objects of this kind."""
    there: str = "Aktiv"
    """The state of an object that is there."""
    gone: str = "Inaktiv"
    """The state of one that was taken away."""

    @cached_property
    def state(self) -> Track:
        return self.parts[0].track

    @cached_property
    def tracks(self) -> Mapping[str, Track]:
        return {part.track.name: part.track for part in self.parts}

    @cached_property
    def relations(self) -> Mapping[str, int]:
        """The tracks that are relations, each with its place among them in the database."""
        names = [name for name, track in self.tracks.items() if track is not self.state and not track.columns]
        return {name: place for place, name in enumerate(names)}

    @cached_property
    def filled(self) -> tuple[tuple[Part, tuple[Field, ...]], ...]:
        """The parts, each with its fields."""
        return tuple(
            (part, tuple(field for field in self.fields if field.part is part)) for part in self.parts
        )

    @cached_property
    def field(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}


_STATE: Final = Part(STATE)
_PROPERTIES: Final = Part(Track("properties", Merging.COLUMNS, ("user_key",)))
_TYPE: Final = Part(Track("type"))
_PRIMARY: Final = Part(Track("primary"))


def _single(track: Track, role: str | None = None) -> Part:
    return Part(track, role, single=True)


_TASKS: Final = Track("tasks", Merging.MANY)
_PERSONS: Final = _single(Track("persons", Merging.MANY))
_UNITS: Final = _single(Track("units", Merging.MANY))
_ORGANISATIONS: Final = _single(Track("organisations", Merging.MANY))
_ORGANISATION: Final = Field("organisation", _ORGANISATIONS, shown=Shown.NEVER)

_UNIT_PROPERTIES: Final = Part(Track("properties", Merging.COLUMNS, ("user_key", "name")))
_LEVEL: Final = Part(Track("level"))
_PARENT: Final = Part(Track("parent"))
_MARK: Final = Part(Track("mark", Merging.MANY))
_TIME_PLANNING: Final = _single(_TASKS, "time_planning")
ORG_UNIT: Final = Kind(
    "org_unit",
    parts=(_STATE, _UNIT_PROPERTIES, _TYPE, _LEVEL, _PARENT, _MARK, _TIME_PLANNING),
    fields=(
        Field("user_key", _UNIT_PROPERTIES),
        Field("name", _UNIT_PROPERTIES),
        Field("parent", _PARENT),
        Field("org_unit_type", _TYPE),
        Field("org_unit_hierarchy", _MARK),
        Field("org_unit_level", _LEVEL, shown=Shown.WITH_A_VALUE),
        Field("time_planning", _TIME_PLANNING, shown=Shown.WITH_A_VALUE),
    ),
    needed=("user_key", "name", "parent"),
    indexed=frozenset({"parent"}),
)

_ADDRESSES: Final = _single(Track("addresses", Merging.MANY, texts=True))
_TEXTS: Final = Part(_ADDRESSES.track, "texts", widened=False)
_VISIBILITY: Final = _single(_TASKS, "visibility")
ADDRESS: Final = Kind(
    "address",
    parts=(_STATE, _PROPERTIES, _TYPE, _ADDRESSES, _TEXTS, _VISIBILITY, _PERSONS, _UNITS, _ORGANISATIONS),
    fields=(
        Field("value", _ADDRESSES),
        Field("texts", _TEXTS, several=True, shown=Shown.NEVER),
        Field("user_key", _PROPERTIES),
        Field("address_type", _TYPE),
        Field("org_unit", _UNITS, shown=Shown.WITH_A_VALUE),
        Field("person", _PERSONS),
        Field("visibility", _VISIBILITY, shown=Shown.WITH_A_VALUE),
        _ORGANISATION,
    ),
    needed=("value", "user_key", "address_type"),
    indexed=frozenset({"org_unit", "person"}),
)

_PERSON_PROPERTIES: Final = Part(Track("properties", Merging.COLUMNS, ("user_key",), sparse=True))
_NAMES: Final = Part(
    Track(
        "names",
        Merging.COLUMNS,
        ("givenname", "surname", "nickname_givenname", "nickname_surname", "seniority"),
        sparse=True,
    ),
    widened=False,
)
_CPR: Final = _single(Track("cpr", Merging.MANY, texts=True))
EMPLOYEE: Final = Kind(
    "employee",
    parts=(_STATE, _PERSON_PROPERTIES, _NAMES, _CPR),
    fields=(
        Field("user_key", _PERSON_PROPERTIES),
        Field("givenname", _NAMES),
        Field("surname", _NAMES),
        Field("cpr_no", _CPR),
        Field("nickname_givenname", _NAMES, shown=Shown.WITH_A_VALUE),
        Field("nickname_surname", _NAMES, shown=Shown.WITH_A_VALUE),
        Field("seniority", _NAMES, shown=Shown.WITH_A_VALUE),
    ),
    indexed=frozenset({"cpr_no"}),
)

_NUMBERED: Final = tuple(f"extension_{number}" for number in range(1, 11))
_ENGAGEMENT_EXTENSIONS: Final = Part(
    Track("extensions", Merging.COLUMNS, ("fraction", *_NUMBERED), sparse=True)
)
_JOB: Final = _single(_TASKS)
_EMPLOYED: Final = Part(_PERSONS.track, single=True, fixed=True)
ENGAGEMENT: Final = Kind(
    "engagement",
    parts=(
        _STATE,
        _PROPERTIES,
        _ENGAGEMENT_EXTENSIONS,
        _TYPE,
        _PRIMARY,
        _JOB,
        _EMPLOYED,
        _UNITS,
        _ORGANISATIONS,
    ),
    fields=(
        Field("user_key", _PROPERTIES),
        Field("person", _EMPLOYED),
        Field("org_unit", _UNITS),
        Field("job_function", _JOB),
        Field("engagement_type", _TYPE),
        Field("primary", _PRIMARY),
        *(Field(name, _ENGAGEMENT_EXTENSIONS, shown=Shown.WITH_A_VALUE) for name in ("fraction", *_NUMBERED)),
        _ORGANISATION,
    ),
    needed=("user_key", "job_function", "engagement_type", "org_unit", "person"),
    indexed=frozenset({"org_unit", "person"}),
)

_ACCOUNT_EXTENSIONS: Final = Part(Track("extensions", Merging.COLUMNS, ("external_id",), sparse=True))
_SYSTEMS: Final = _single(Track("systems", Merging.MANY))
_ACCOUNT_PRIMARY: Final = Part(_PRIMARY.track, widened=False)
IT: Final = Kind(
    "it",
    parts=(
        _STATE,
        _PROPERTIES,
        _ACCOUNT_EXTENSIONS,
        _ACCOUNT_PRIMARY,
        _PERSONS,
        _UNITS,
        _ORGANISATIONS,
        _SYSTEMS,
    ),
    fields=(
        Field("user_key", _PROPERTIES),
        Field("itsystem", _SYSTEMS),
        Field("person", _PERSONS),
        Field("org_unit", _UNITS),
        Field("primary", _ACCOUNT_PRIMARY, shown=Shown.WITH_A_VALUE),
        Field("external_id", _ACCOUNT_EXTENSIONS, shown=Shown.WITH_A_VALUE),
        _ORGANISATION,
    ),
    needed=("user_key", "itsystem"),
    indexed=frozenset({"org_unit", "person"}),
)

_RESPONSIBILITIES: Final = _single(_TASKS, "responsibility")
_MANAGER_LEVEL: Final = _single(_TASKS, "level")
MANAGER: Final = Kind(
    "manager",
    parts=(
        _STATE,
        _PROPERTIES,
        _TYPE,
        _RESPONSIBILITIES,
        _MANAGER_LEVEL,
        _PERSONS,
        _UNITS,
        _ORGANISATIONS,
    ),
    fields=(
        Field("user_key", _PROPERTIES),
        Field("org_unit", _UNITS),
        Field("person", _PERSONS),
        Field("manager_type", _TYPE),
        Field("manager_level", _MANAGER_LEVEL),
        Field("responsibility", _RESPONSIBILITIES, several=True),
        _ORGANISATION,
    ),
    needed=("user_key", "org_unit"),
    indexed=frozenset({"org_unit", "person"}),
)

_CLASS_PROPERTIES: Final = Part(
    Track("properties", Merging.COLUMNS, ("user_key", "name", "scope"), sparse=True)
)
_FACET: Final = Part(Track("facet"))
_CLASS_PARENT: Final = Part(Track("parent", splits=False))
CLASS: Final = Kind(
    "class",
    parts=(_STATE, _CLASS_PROPERTIES, _FACET, _CLASS_PARENT),
    fields=(
        Field("facet_uuid", _FACET),
        Field("user_key", _CLASS_PROPERTIES),
        Field("name", _CLASS_PROPERTIES),
        Field("scope", _CLASS_PROPERTIES),
        Field("published", _STATE),
        Field("parent_uuid", _CLASS_PARENT, shown=Shown.NEVER),
    ),
    needed=("facet_uuid",),
    indexed=frozenset({"facet_uuid"}),
    there=PUBLISHED,
    gone="IkkePubliceret",
)

_FACET_PROPERTIES: Final = Part(Track("properties", Merging.COLUMNS, ("user_key",), sparse=True))
FACET: Final = Kind(
    "facet",
    parts=(_STATE, _FACET_PROPERTIES),
    fields=(Field("user_key", _FACET_PROPERTIES), Field("published", _STATE)),
    needed=("user_key",),
    there=PUBLISHED,
    gone="IkkePubliceret",
)

_SYSTEM_PROPERTIES: Final = Part(Track("properties", Merging.COLUMNS, ("user_key", "name"), sparse=True))
_SYSTEM_ORGANISATIONS: Final = Part(_ORGANISATIONS.track)
ITSYSTEM: Final = Kind(
    "itsystem",
    parts=(_STATE, _SYSTEM_PROPERTIES, _SYSTEM_ORGANISATIONS),
    fields=(
        Field("user_key", _SYSTEM_PROPERTIES),
        Field("name", _SYSTEM_PROPERTIES),
        Field("organisation", _SYSTEM_ORGANISATIONS, shown=Shown.NEVER),
    ),
    needed=("user_key",),
)

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind for kind in (ORG_UNIT, ADDRESS, EMPLOYEE, ENGAGEMENT, IT, MANAGER, CLASS, FACET, ITSYSTEM)
}
"""In the order in which `/sandbox/state` shows them."""

DETAILS: Final = frozenset({"org_unit", "address", "employee", "engagement", "it", "manager"})
"""The kinds behind `/service/details/…`."""


def full_name(fields: Mapping[str, Any]) -> str:
    """A person's name as MO shows it."""
    return f"{fields.get('givenname') or ''} {fields.get('surname') or ''}".strip()
