"""The kinds of objects in MO, and the fields of each that we own: every fact about a field is declared beside it.

A value holds the fields that LOS owns on a day; the history of an object is a timeline of values. What MO says is projected
on these fields, so that what others own neither makes a difference nor is overwritten. What is asked of MO, how its answer
is read, what is sent, and what must be there first, all follow from the declarations. Nobody changes a value; they are not
frozen for the same reason as pieces of a timeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NamedTuple

from aarhus_los.cpr import Cpr
from aarhus_los.timeline import Timeline

PUBLISHED: Final = "Publiceret"
_SEVERAL_UUIDS: Final = "tuple[str, ...]"
"""The annotation of a field that has any number of uuids."""


class Kind(StrEnum):
    """In the order in which they are shown."""

    ORGANISATION = "organisation"
    FACET = "facet"
    CLASS = "class"
    ITSYSTEM = "itsystem"
    ORG_UNIT = "org_unit"
    MARK = "mark"
    """The mark of a unit in an organisational hierarchy: read and written with its unit, whose uuid it has."""
    EMPLOYEE = "employee"
    ENGAGEMENT = "engagement"
    ADDRESS = "address"
    IT = "it"
    MANAGER = "manager"

    # That of an enum is a function in Python, and a kind is part of most keys.
    __hash__ = str.__hash__


class Declared(NamedTuple):
    """How a field of a value stands in MO."""

    graphql: str
    """Its name where it is read."""
    written: str
    """Its name where it is written."""
    to: Kind | None = None
    """The kind of object that its uuid, or each of its uuids, refers to."""
    optional: bool = False
    """Left out of what is sent where it has no value: MO reads null there as "keep", at best."""
    create_only: bool = False
    """MO ignores it in an edit."""
    also: str | None = None
    """A second name under which it is sent, and never compared."""
    parse: Callable[[Any], Any] | None = None
    """From what MO says to the field; None: as it is."""

    @property
    def input(self) -> str:
        """Its name in the inputs of mutations: that of REST where it refers to something, else the one that is read."""
        return self.graphql if self.to is None else self.written


def mo(
    graphql: str, written: str | None = None, *, default: Any = MISSING, compare: bool = True, **declared: Any
) -> Any:
    """Declares a field; `declared` is what else `Declared` takes. Without `written` it is `graphql` less `_uuid`."""
    in_mo = Declared(graphql, written or graphql.removesuffix("_uuid"), **declared)
    return field(metadata={"mo": in_mo}, default=default, compare=compare)


@dataclass(slots=True, unsafe_hash=True)
class Organisation:
    """The root organisation: only its municipality code is ours, and only where MO has none."""

    municipality_code: int | None


@dataclass(slots=True, unsafe_hash=True)
class Facet:
    """A list of classes."""

    user_key: str = mo("user_key")


@dataclass(slots=True, unsafe_hash=True)
class Class:
    """A class; `facet` is the uuid of its facet."""

    facet: str = mo("facet_uuid", "facet_uuid", to=Kind.FACET)
    user_key: str = mo("user_key")
    name: str = mo("name")
    scope: str | None = mo("scope")
    published: str = mo("published", parse=lambda read: read or PUBLISHED, default=PUBLISHED)


@dataclass(slots=True, unsafe_hash=True)
class ItSystem:
    """A system in which people have accounts."""

    user_key: str = mo("user_key")
    name: str = mo("name")


@dataclass(slots=True, unsafe_hash=True)
class Unit:
    """An org unit; `parent` None hangs it under the organisation. MO needs a type; older ones allowed none."""

    user_key: str = mo("user_key")
    name: str = mo("name")
    # Never optional: a missing parent keeps the old one, so moving to the root needs null sent.
    parent: str | None = mo("parent_uuid", to=Kind.ORG_UNIT)
    type: str | None = mo("unit_type_uuid", "org_unit_type", to=Kind.CLASS)


@dataclass(slots=True, unsafe_hash=True)
class Mark:
    """The class of facet `org_unit_hierarchy` that a unit carries. MO holds it on one interval of days a unit."""

    hierarchy: str = mo("org_unit_hierarchy", to=Kind.CLASS)


@dataclass(slots=True, unsafe_hash=True)
class Address:
    """An address of an org unit or of a person. Its user key is its value: sent, never compared."""

    value: str = mo("value", also="user_key")
    type: str = mo("address_type_uuid", to=Kind.CLASS)
    org_unit: str | None = mo("org_unit_uuid", to=Kind.ORG_UNIT, optional=True, default=None)
    person: str | None = mo("employee_uuid", "person", to=Kind.EMPLOYEE, optional=True, default=None)


@dataclass(slots=True, unsafe_hash=True)
class Person:
    """A person's name as MO splits it, at the last space. A surname of one space, which MO needs for none, is none."""

    given_name: str = mo("given_name", "givenname", parse=str.strip)
    surname: str = mo("surname", parse=str.strip)
    cpr: Cpr | None = mo(  # noqa: RUF009 -- it declares a field
        "cpr_number",
        "cpr_no",
        create_only=True,
        parse=lambda read: None if read is None else Cpr(read),
        default=None,
        compare=False,
    )

    @classmethod
    def named(cls, name: str, cpr: Cpr | None = None) -> Person:
        given_name, _, surname = " ".join(name.split()).rpartition(" ")
        return cls(given_name, surname, cpr) if given_name else cls(surname, "", cpr)

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.surname}".strip()


@dataclass(slots=True, unsafe_hash=True)
class Engagement:
    """A person's employment in a unit; `primary` is the class that says whether it is the main one."""

    user_key: str = mo("user_key")
    person: str = mo("employee_uuid", "person", to=Kind.EMPLOYEE)
    org_unit: str = mo("org_unit_uuid", to=Kind.ORG_UNIT)
    job_function: str | None = mo("job_function_uuid", to=Kind.CLASS)
    engagement_type: str | None = mo("engagement_type_uuid", to=Kind.CLASS)
    primary: str | None = mo("primary_uuid", to=Kind.CLASS, optional=True)


@dataclass(slots=True, unsafe_hash=True)
class Account:
    """An IT user: an account of a person in an IT system."""

    user_key: str = mo("user_key")
    itsystem: str = mo("itsystem_uuid", to=Kind.ITSYSTEM, create_only=True)
    person: str | None = mo("employee_uuid", "person", to=Kind.EMPLOYEE, create_only=True)


@dataclass(slots=True, unsafe_hash=True)
class Manager:
    """A manager role; responsibilities are sorted, their order means nothing."""

    org_unit: str = mo("org_unit_uuid", to=Kind.ORG_UNIT)
    person: str | None = mo("employee_uuid", "person", to=Kind.EMPLOYEE)
    type: str | None = mo("manager_type_uuid", to=Kind.CLASS)
    level: str | None = mo("manager_level_uuid", to=Kind.CLASS)
    responsibilities: tuple[str, ...] = mo(
        "responsibility_uuids",
        "responsibility",
        to=Kind.CLASS,
        parse=lambda read: tuple(sorted(read or ())),
    )


Value = (
    Organisation | Facet | Class | ItSystem | Unit | Mark | Address | Person | Engagement | Account | Manager
)
History = Timeline[Value]
Object = tuple[Kind, str]
"""What names an object: its kind and its uuid."""


class DeclaredField(NamedTuple):
    """A field of a kind of value: its name in Python, whether it is never null or has several, and how it stands in MO."""

    name: str
    never_null: bool
    several: bool
    in_mo: Declared


@dataclass(frozen=True)
class Spec:
    """A kind as MO knows it."""

    of: type
    collection: str
    """The field of GraphQL's Query that lists it."""
    stem: str
    """What the names of its mutations begin with."""
    input_stem: str
    """What the names of their input types begin with."""
    by_mutation: bool = False
    """Whether it is written by mutations only: MO's REST has no list of it."""
    in_bulk: tuple[str, ...] = ()
    """The verbs of its mutations that there are for lists too, named after the collection."""
    beside: Kind | None = None
    """A kind that MO shows in the fields of this one."""

    @cached_property
    def fields(self) -> tuple[DeclaredField, ...]:
        """The fields of its values, in their order."""
        return tuple(
            DeclaredField(
                each.name,
                each.type in ("str", _SEVERAL_UUIDS),
                each.type == _SEVERAL_UUIDS,
                each.metadata["mo"],
            )
            for each in fields(self.of)
        )

    @property
    def selection(self) -> str:
        """What is asked of each validity, beside the validity itself."""
        asked = self.fields if self.beside is None else (*self.fields, *KINDS[self.beside].fields)
        return " ".join(each.in_mo.graphql for each in asked)


KINDS: Final[Mapping[Kind, Spec]] = {
    Kind.FACET: Spec(Facet, "facets", "facet", "Facet", by_mutation=True),
    Kind.CLASS: Spec(Class, "classes", "class", "Class", by_mutation=True),
    Kind.ITSYSTEM: Spec(ItSystem, "itsystems", "itsystem", "ITSystem", by_mutation=True),
    Kind.ORG_UNIT: Spec(Unit, "org_units", "org_unit", "OrganisationUnit", beside=Kind.MARK),
    Kind.MARK: Spec(Mark, "org_units", "org_unit", "OrganisationUnit"),
    Kind.EMPLOYEE: Spec(Person, "persons", "employee", "Employee"),
    Kind.ENGAGEMENT: Spec(
        Engagement, "engagements", "engagement", "Engagement", in_bulk=("create", "update")
    ),
    Kind.ADDRESS: Spec(Address, "addresses", "address", "Address", in_bulk=("create",)),
    Kind.IT: Spec(Account, "itusers", "ituser", "ITUser", in_bulk=("create",)),
    Kind.MANAGER: Spec(Manager, "managers", "manager", "Manager", in_bulk=("create",)),
}
"""All kinds with a history of their own; the organisation has none."""


def by_kind(objects: Iterable[Object]) -> dict[Kind, set[str]]:
    """The uuids of objects by their kind."""
    found: dict[Kind, set[str]] = {}
    for kind, uuid in objects:
        found.setdefault(kind, set()).add(uuid)
    return found


def references(kind: Kind, value: Value) -> list[Object]:
    """The objects that a value refers to: they must be in MO before it is sent."""
    found: list[Object] = []
    for name, to in _REFERENCES.get(kind, ()):
        uuid = getattr(value, name)
        if isinstance(uuid, str):
            found.append((to, uuid))
        elif uuid is not None:
            found += [(to, each) for each in uuid]
    return found


_REFERENCES: Final = {
    kind: tuple((each.name, each.in_mo.to) for each in spec.fields if each.in_mo.to is not None)
    for kind, spec in KINDS.items()
}
REFERRED: Final = frozenset(to for fields in _REFERENCES.values() for _, to in fields)
"""The kinds that values refer to."""
