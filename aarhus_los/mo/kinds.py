"""The kinds of objects in MO: the fields of each that we own, how they are read, and how they are written.

A value holds the fields that LOS owns on a day; the history of an object is a timeline of values. What MO says is projected
on these fields, so that what others own neither makes a difference nor is overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from aarhus_los.cpr import Cpr
from aarhus_los.timeline import BEGINNING, FOREVER, Timeline

PUBLISHED: Final = "Publiceret"


class Kind(StrEnum):
    """In the order in which they are shown."""

    ORGANISATION = "organisation"
    FACET = "facet"
    CLASS = "class"
    ITSYSTEM = "itsystem"
    ORG_UNIT = "org_unit"
    EMPLOYEE = "employee"
    ENGAGEMENT = "engagement"
    ADDRESS = "address"
    IT = "it"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Organisation:
    """The root organisation: only its municipality code is ours, and only where MO has none."""

    municipality_code: int | None


@dataclass(frozen=True, slots=True)
class Facet:
    user_key: str


@dataclass(frozen=True, slots=True)
class Class:
    """A class; `facet` is the uuid of its facet."""

    facet: str
    user_key: str
    name: str
    scope: str | None
    published: str = PUBLISHED


@dataclass(frozen=True, slots=True)
class ItSystem:
    user_key: str
    name: str


@dataclass(frozen=True, slots=True)
class Unit:
    """An org unit; `parent` None hangs it under the organisation. MO needs a type; older ones allowed none."""

    user_key: str
    name: str
    parent: str | None
    type: str | None
    hierarchy: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an org unit or of a person. Its user key is its value: sent, never compared."""

    value: str
    type: str
    org_unit: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person's name as MO splits it, at the last space."""

    given_name: str
    surname: str
    cpr: Cpr | None = field(default=None, compare=False)

    @classmethod
    def named(cls, name: str, cpr: Cpr | None = None) -> Person:
        given_name, _, surname = " ".join(name.split()).rpartition(" ")
        return cls(given_name, surname, cpr) if given_name else cls(surname, "", cpr)

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.surname}".strip()


@dataclass(frozen=True, slots=True)
class Engagement:
    user_key: str
    person: str
    org_unit: str
    job_function: str | None
    engagement_type: str | None
    primary: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """An IT user: an account of a person in an IT system."""

    user_key: str
    itsystem: str
    person: str | None


@dataclass(frozen=True, slots=True)
class Manager:
    """A manager role; responsibilities are sorted, their order means nothing."""

    org_unit: str
    person: str | None
    type: str | None
    level: str | None
    responsibilities: tuple[str, ...]


Value = Organisation | Facet | Class | ItSystem | Unit | Address | Person | Engagement | Account | Manager
History = Timeline[Value]


class Door(StrEnum):
    """The ways to write. A batch goes through one of them; each batch is one transaction in MO."""

    CREATE = "/service/details/create"
    EDIT = "/service/details/edit"
    TERMINATE = "/service/details/terminate"
    MUTATE = "graphql"


Item = Mapping[str, Any]
"""What is sent of one operation. Behind `MUTATE`: `{"mutation": name, "input_type": type, "input": {…}}`."""


@dataclass(frozen=True)
class Spec:
    """How a kind is read and written."""

    collection: str
    """The field of GraphQL's Query that lists it."""
    selection: str
    """What is asked of each validity, beside the validity itself."""
    parse: Callable[[Mapping[str, Any]], Value]
    fields: Callable[[Any], dict[str, Any]]
    """The fields of a create; an edit sends the same but for `create_only`."""
    create_only: frozenset[str] = frozenset()
    mutations: tuple[str, str] | None = None
    """For kinds behind GraphQL: the stems of create and update, as (field, input type)."""
    references: Callable[[Any], tuple[tuple[Kind, str | None], ...]] = lambda value: ()
    """The objects that a value refers to; they must be in MO before it is sent."""


def _uuid(value: str | None) -> dict[str, str] | None:
    return None if value is None else {"uuid": value}


def _present(fields: dict[str, Any], *optional: str) -> dict[str, Any]:
    """Leaves out optional fields without a value: MO reads null there as "keep", at best."""
    return {key: value for key, value in fields.items() if key not in optional or value is not None}


def _owner(value: Address) -> tuple[tuple[Kind, str | None], ...]:
    return ((Kind.ORG_UNIT, value.org_unit), (Kind.EMPLOYEE, value.person), (Kind.CLASS, value.type))


KINDS: Final[Mapping[Kind, Spec]] = {
    Kind.FACET: Spec(
        collection="facets",
        selection="user_key",
        parse=lambda read: Facet(read["user_key"]),
        fields=lambda value: {"user_key": value.user_key},
        mutations=("facet", "Facet"),
    ),
    Kind.CLASS: Spec(
        collection="classes",
        selection="user_key name scope facet_uuid published",
        parse=lambda read: Class(
            read["facet_uuid"], read["user_key"], read["name"], read["scope"], read["published"] or PUBLISHED
        ),
        fields=lambda value: {
            "facet_uuid": value.facet,
            "user_key": value.user_key,
            "name": value.name,
            "scope": value.scope,
            "published": value.published,
        },
        mutations=("class", "Class"),
        references=lambda value: ((Kind.FACET, value.facet),),
    ),
    Kind.ITSYSTEM: Spec(
        collection="itsystems",
        selection="user_key name",
        parse=lambda read: ItSystem(read["user_key"], read["name"]),
        fields=lambda value: {"user_key": value.user_key, "name": value.name},
        mutations=("itsystem", "ITSystem"),
    ),
    Kind.ORG_UNIT: Spec(
        collection="org_units",
        selection="user_key name parent_uuid unit_type_uuid org_unit_hierarchy",
        parse=lambda read: Unit(
            read["user_key"],
            read["name"],
            read["parent_uuid"],
            read["unit_type_uuid"],
            read["org_unit_hierarchy"],
        ),
        # A missing parent keeps the old one: moving to the root needs null sent.
        fields=lambda value: _present(
            {
                "user_key": value.user_key,
                "name": value.name,
                "parent": _uuid(value.parent),
                "org_unit_type": _uuid(value.type),
                "org_unit_hierarchy": _uuid(value.hierarchy),
            },
            "org_unit_hierarchy",
        ),
        references=lambda value: (
            (Kind.ORG_UNIT, value.parent),
            (Kind.CLASS, value.type),
            (Kind.CLASS, value.hierarchy),
        ),
    ),
    Kind.EMPLOYEE: Spec(
        collection="persons",
        selection="cpr_number given_name surname",
        parse=lambda read: Person(
            read["given_name"],
            read["surname"],
            None if read["cpr_number"] is None else Cpr(read["cpr_number"]),
        ),
        fields=lambda value: {"name": value.name, "cpr_no": value.cpr},
        create_only=frozenset({"cpr_no"}),
    ),
    Kind.ENGAGEMENT: Spec(
        collection="engagements",
        selection="user_key employee_uuid org_unit_uuid job_function_uuid engagement_type_uuid primary_uuid",
        parse=lambda read: Engagement(
            read["user_key"],
            read["employee_uuid"],
            read["org_unit_uuid"],
            read["job_function_uuid"],
            read["engagement_type_uuid"],
            read["primary_uuid"],
        ),
        fields=lambda value: _present(
            {
                "user_key": value.user_key,
                "person": _uuid(value.person),
                "org_unit": _uuid(value.org_unit),
                "job_function": _uuid(value.job_function),
                "engagement_type": _uuid(value.engagement_type),
                "primary": _uuid(value.primary),
            },
            "primary",
        ),
        references=lambda value: (
            (Kind.EMPLOYEE, value.person),
            (Kind.ORG_UNIT, value.org_unit),
            (Kind.CLASS, value.job_function),
            (Kind.CLASS, value.engagement_type),
            (Kind.CLASS, value.primary),
        ),
    ),
    Kind.ADDRESS: Spec(
        collection="addresses",
        selection="value address_type_uuid org_unit_uuid employee_uuid",
        parse=lambda read: Address(
            read["value"], read["address_type_uuid"], read["org_unit_uuid"], read["employee_uuid"]
        ),
        fields=lambda value: _present(
            {
                "value": value.value,
                "user_key": value.value,
                "address_type": _uuid(value.type),
                "org_unit": _uuid(value.org_unit),
                "person": _uuid(value.person),
            },
            "org_unit",
            "person",
        ),
        references=_owner,
    ),
    Kind.IT: Spec(
        collection="itusers",
        selection="user_key itsystem_uuid employee_uuid",
        parse=lambda read: Account(read["user_key"], read["itsystem_uuid"], read["employee_uuid"]),
        fields=lambda value: {
            "user_key": value.user_key,
            "itsystem": _uuid(value.itsystem),
            "person": _uuid(value.person),
        },
        create_only=frozenset({"itsystem", "person"}),
        references=lambda value: ((Kind.EMPLOYEE, value.person), (Kind.ITSYSTEM, value.itsystem)),
    ),
    Kind.MANAGER: Spec(
        collection="managers",
        selection="employee_uuid org_unit_uuid manager_type_uuid manager_level_uuid responsibility_uuids",
        parse=lambda read: Manager(
            read["org_unit_uuid"],
            read["employee_uuid"],
            read["manager_type_uuid"],
            read["manager_level_uuid"],
            tuple(sorted(read["responsibility_uuids"] or ())),
        ),
        fields=lambda value: {
            "org_unit": _uuid(value.org_unit),
            "person": _uuid(value.person),
            "manager_type": _uuid(value.type),
            "manager_level": _uuid(value.level),
            "responsibility": [_uuid(each) for each in value.responsibilities],
        },
        references=lambda value: (
            (Kind.ORG_UNIT, value.org_unit),
            (Kind.EMPLOYEE, value.person),
            (Kind.CLASS, value.type),
            (Kind.CLASS, value.level),
            *((Kind.CLASS, each) for each in value.responsibilities),
        ),
    ),
}
"""All kinds with a history of their own; the organisation has none."""


def is_mutated(kind: Kind) -> bool:
    """Whether a kind is written by GraphQL mutations."""
    return kind is Kind.ORGANISATION or KINDS[kind].mutations is not None


def references(kind: Kind, value: Value) -> tuple[tuple[Kind, str], ...]:
    """The objects that a value refers to."""
    if kind is Kind.ORGANISATION:
        return ()
    return tuple((to, uuid) for to, uuid in KINDS[kind].references(value) if uuid is not None)


def create(kind: Kind, uuid: str, value: Value, start: date, end: date) -> Item:
    """What creates an object whose first validity is `value` from `start` to `end`."""
    spec = KINDS[kind]
    if spec.mutations:
        return _mutation(spec.mutations, "create", uuid, spec.fields(value), start, end)
    item = {"type": kind.value, "uuid": uuid, **spec.fields(value)}
    if kind is Kind.EMPLOYEE:  # from the birth date on, by itself
        return _present({**item, "cpr_no": _revealed(item["cpr_no"])}, "cpr_no")
    if kind is Kind.ORG_UNIT:
        item = _present(item, "parent")
    return {**item, "validity": _validity(start, end)}


def edit(kind: Kind, uuid: str, value: Value, start: date, end: date) -> Item:
    """What sets `value` from `start` to `end`, and leaves the days before and after as they are."""
    if kind is Kind.ORGANISATION:
        assert isinstance(value, Organisation)
        code = {"municipality_code": value.municipality_code}
        return {"mutation": "org_create", "input_type": "OrganisationCreate", "input": code}
    spec = KINDS[kind]
    if spec.mutations:
        return _mutation(spec.mutations, "update", uuid, spec.fields(value), start, end)
    data = {key: part for key, part in spec.fields(value).items() if key not in spec.create_only}
    data["validity"] = _validity(start, end)
    if kind is Kind.ORG_UNIT:
        return {"type": kind.value, "data": {"uuid": uuid, **data}}
    return {"type": kind.value, "uuid": uuid, "data": data}


def terminate(kind: Kind, uuid: str, start: date, end: date) -> Item:
    """What takes an object away from `start` to `end`."""
    if end == FOREVER:
        # `to` alone names the last day that is left.
        validity: dict[str, str | None] = {"to": date.fromordinal(start.toordinal() - 1).isoformat()}
    else:
        validity = _validity(start, end)
    return {"type": kind.value, "uuid": uuid, "validity": validity}


def _validity(start: date, end: date) -> dict[str, str | None]:
    return {
        "from": None if start == BEGINNING else start.isoformat(),
        "to": None if end == FOREVER else end.isoformat(),
    }


def _mutation(
    stems: tuple[str, str], verb: str, uuid: str, fields: dict[str, Any], start: date, end: date
) -> Item:
    field_stem, type_stem = stems
    return {
        "mutation": f"{field_stem}_{verb}",
        "input_type": f"{type_stem}{verb.capitalize()}Input",
        "input": {"uuid": uuid, **fields, "validity": _validity(start, end)},
    }


def _revealed(cpr: Cpr | None) -> str | None:
    return None if cpr is None else cpr.reveal()
