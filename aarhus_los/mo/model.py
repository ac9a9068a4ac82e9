"""The kinds of objects in MO, and the fields of each that we own: every fact about a field is declared beside it.

A value holds the fields that LOS owns on a day; the history of an object is a timeline of values. What MO says is projected
on these fields, so that what others own neither makes a difference nor is overwritten. What is asked of MO, how its answer
is read, what is sent, and what must be there first, all follow from the declarations, which are annotations: this module
does not put off working them out.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, NamedTuple, Self

from msgspec import Struct

from aarhus_los.cpr import Cpr
from aarhus_los.timeline import Timeline

PUBLISHED: Final = "Publiceret"
_SEVERAL_UUIDS: Final = tuple[str, ...]
"""Of a field that has any number of uuids."""


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


def mo(graphql: str, written: str | None = None, **declared: Any) -> Declared:
    """Declares a field; `declared` is what else `Declared` takes. Without `written` it is `graphql` less `_uuid`."""
    return Declared(graphql, written or graphql.removesuffix("_uuid"), **declared)


class Organisation(Struct, frozen=True):
    """The root organisation: only its municipality code is ours, and only where MO has none."""

    municipality_code: int | None


class Facet(Struct, frozen=True):
    """A list of classes."""

    user_key: Annotated[str, mo("user_key")]


class Class(Struct, frozen=True):
    """A class; `facet` is the uuid of its facet."""

    facet: Annotated[str, mo("facet_uuid", "facet_uuid", to=Kind.FACET)]
    user_key: Annotated[str, mo("user_key")]
    name: Annotated[str, mo("name")]
    scope: Annotated[str | None, mo("scope")]
    published: Annotated[str, mo("published", parse=lambda read: read or PUBLISHED)] = PUBLISHED


class ItSystem(Struct, frozen=True):
    """A system in which people have accounts."""

    user_key: Annotated[str, mo("user_key")]
    name: Annotated[str, mo("name")]


class Unit(Struct, frozen=True):
    """An org unit; `parent` None hangs it under the organisation. MO needs a type; older ones allowed none."""

    user_key: Annotated[str, mo("user_key")]
    name: Annotated[str, mo("name")]
    # Never optional: a missing parent keeps the old one, so moving to the root needs null sent.
    parent: Annotated[str | None, mo("parent_uuid", to=Kind.ORG_UNIT)]
    type: Annotated[str | None, mo("unit_type_uuid", "org_unit_type", to=Kind.CLASS)]


class Mark(Struct, frozen=True):
    """The class of facet `org_unit_hierarchy` that a unit carries. MO holds it on one interval of days a unit."""

    hierarchy: Annotated[str, mo("org_unit_hierarchy", to=Kind.CLASS)]


class Address(Struct, frozen=True):
    """An address of an org unit or of a person. Its user key is its value: sent, never compared."""

    value: Annotated[str, mo("value", also="user_key")]
    type: Annotated[str, mo("address_type_uuid", to=Kind.CLASS)]
    org_unit: Annotated[str | None, mo("org_unit_uuid", to=Kind.ORG_UNIT, optional=True)] = None
    person: Annotated[str | None, mo("employee_uuid", "person", to=Kind.EMPLOYEE, optional=True)] = None


class Person(Struct, frozen=True):
    """A person's name as MO splits it, at the last space. A surname of one space, which MO needs for none, is none."""

    given_name: Annotated[str, mo("given_name", "givenname", parse=str.strip)]
    surname: Annotated[str, mo("surname", parse=str.strip)]
    cpr: Annotated[
        Cpr | None,
        mo("cpr_number", "cpr_no", create_only=True, parse=lambda read: None if read is None else Cpr(read)),
    ] = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Person):
            return NotImplemented
        return self.given_name == other.given_name and self.surname == other.surname

    def __hash__(self) -> int:
        return hash((self.given_name, self.surname))

    @classmethod
    def named(cls, name: str, cpr: Cpr | None = None) -> Self:
        given_name, _, surname = " ".join(name.split()).rpartition(" ")
        return cls(given_name, surname, cpr) if given_name else cls(surname, "", cpr)

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.surname}".strip()


class Engagement(Struct, frozen=True):
    """A person's employment in a unit; `primary` is the class that says whether it is the main one."""

    user_key: Annotated[str, mo("user_key")]
    person: Annotated[str, mo("employee_uuid", "person", to=Kind.EMPLOYEE)]
    org_unit: Annotated[str, mo("org_unit_uuid", to=Kind.ORG_UNIT)]
    job_function: Annotated[str | None, mo("job_function_uuid", to=Kind.CLASS)]
    engagement_type: Annotated[str | None, mo("engagement_type_uuid", to=Kind.CLASS)]
    primary: Annotated[str | None, mo("primary_uuid", to=Kind.CLASS, optional=True)]


class Account(Struct, frozen=True):
    """An IT user: an account of a person in an IT system."""

    user_key: Annotated[str, mo("user_key")]
    itsystem: Annotated[str, mo("itsystem_uuid", to=Kind.ITSYSTEM, create_only=True)]
    person: Annotated[str | None, mo("employee_uuid", "person", to=Kind.EMPLOYEE, create_only=True)]


class Manager(Struct, frozen=True):
    """A manager role; responsibilities are sorted, their order means nothing."""

    org_unit: Annotated[str, mo("org_unit_uuid", to=Kind.ORG_UNIT)]
    person: Annotated[str | None, mo("employee_uuid", "person", to=Kind.EMPLOYEE)]
    type: Annotated[str | None, mo("manager_type_uuid", to=Kind.CLASS)]
    level: Annotated[str | None, mo("manager_level_uuid", to=Kind.CLASS)]
    responsibilities: Annotated[
        tuple[str, ...],
        mo(
            "responsibility_uuids",
            "responsibility",
            to=Kind.CLASS,
            parse=lambda read: tuple(sorted(read or ())),
        ),
    ]


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


class Spec(Struct, frozen=True, dict=True):
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
            DeclaredField(name, type_ in (str, _SEVERAL_UUIDS), type_ == _SEVERAL_UUIDS, in_mo)
            for name, type_, in_mo in (
                (name, hint.__origin__, *hint.__metadata__) for name, hint in self.of.__annotations__.items()
            )
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
