"""The kinds of objects that the stand-in MO holds, and the fields of each under the names of the REST payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PUBLISHED: Final = "Publiceret"


@dataclass(frozen=True, slots=True)
class Kind:
    """What the stand-in knows of a kind."""

    name: str
    fields: tuple[str, ...]
    """What `/sandbox/state` always shows."""
    references: frozenset[str] = frozenset()
    """The fields that hold the uuid of another object."""
    required: tuple[str, ...] = ()
    """What a REST create cannot do without, in the order in which MO misses it."""
    extras: tuple[str, ...] = ()
    """Fields of others than LOS: kept, and shown where they have a value."""
    clearable: frozenset[str] = frozenset()
    """References that a REST edit can take away by null; elsewhere null keeps what was."""
    carried: frozenset[str] = frozenset()
    """References that an edit carries into days that the object never had, without their being given."""
    indexed: frozenset[str] = frozenset()
    """The fields by which readers find objects of this kind."""

    @property
    def writable(self) -> tuple[str, ...]:
        return (*self.fields, *self.extras)


ORG_UNIT: Final = Kind(
    "org_unit",
    fields=("user_key", "name", "parent", "org_unit_type", "org_unit_hierarchy"),
    references=frozenset(
        {"parent", "org_unit_type", "org_unit_hierarchy", "org_unit_level", "time_planning"}
    ),
    required=("name",),
    extras=("org_unit_level", "time_planning", "location"),
    clearable=frozenset({"parent"}),
    indexed=frozenset({"parent"}),
)
ADDRESS: Final = Kind(
    "address",
    fields=("value", "user_key", "address_type", "org_unit", "person"),
    references=frozenset({"address_type", "org_unit", "person", "visibility"}),
    required=("value", "address_type"),
    extras=("visibility", "value2"),
    indexed=frozenset({"org_unit", "person"}),
)
EMPLOYEE: Final = Kind(
    "employee",
    fields=("user_key", "givenname", "surname", "cpr_no"),
    extras=("nickname_givenname", "nickname_surname", "seniority"),
    indexed=frozenset({"cpr_no"}),
)
ENGAGEMENT: Final = Kind(
    "engagement",
    fields=("user_key", "person", "org_unit", "job_function", "engagement_type", "primary"),
    references=frozenset({"person", "org_unit", "job_function", "engagement_type", "primary"}),
    required=("org_unit", "person", "engagement_type"),
    extras=("fraction", *(f"extension_{number}" for number in range(1, 11))),
    carried=frozenset({"person"}),
    indexed=frozenset({"org_unit", "person"}),
)
IT: Final = Kind(
    "it",
    fields=("user_key", "itsystem", "person"),
    references=frozenset({"itsystem", "person", "org_unit", "primary"}),
    required=("itsystem",),
    extras=("org_unit", "primary", "external_id"),
    carried=frozenset({"itsystem", "person"}),
    indexed=frozenset({"org_unit", "person"}),
)
MANAGER: Final = Kind(
    "manager",
    fields=("user_key", "org_unit", "person", "manager_type", "manager_level", "responsibility"),
    references=frozenset({"org_unit", "person", "manager_type", "manager_level"}),
    required=("org_unit",),
    clearable=frozenset({"person"}),
    indexed=frozenset({"org_unit", "person"}),
)
CLASS: Final = Kind(
    "class",
    fields=("facet_uuid", "user_key", "name", "scope", "published"),
    indexed=frozenset({"facet_uuid"}),
)
FACET: Final = Kind("facet", fields=("user_key", "published"))
ITSYSTEM: Final = Kind("itsystem", fields=("user_key", "name"))

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind for kind in (ORG_UNIT, ADDRESS, EMPLOYEE, ENGAGEMENT, IT, MANAGER, CLASS, FACET, ITSYSTEM)
}
"""In the order in which `/sandbox/state` shows them."""

DETAILS: Final = frozenset({"org_unit", "address", "employee", "engagement", "it", "manager"})
"""The kinds behind `/service/details/…`."""


def split_name(name: str) -> tuple[str, str]:
    """Given names and surname: MO splits at the last space."""
    *given, last = name.rsplit(maxsplit=1) or [""]
    return (given[0], last) if given else (last, "")


def full_name(fields: Mapping[str, Any]) -> str:
    """A person's name as MO shows it."""
    return f"{fields.get('givenname') or ''} {fields.get('surname') or ''}".strip()


def shown(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a day as `/sandbox/state` shows them."""
    values = {name: fields.get(name) for name in kind.fields}
    values |= {name: fields[name] for name in kind.extras if fields.get(name) is not None}
    if kind is EMPLOYEE:
        values["name"] = full_name(fields)
    if kind is MANAGER:
        values["responsibility"] = sorted(fields.get("responsibility") or ())
    return values
