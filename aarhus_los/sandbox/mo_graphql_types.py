"""How the kinds of MO look in GraphQL: which field of the store each column of a type shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A kind in GraphQL; beside its columns each shows uuid, user key and validity."""

    kind: str
    collection: str
    """The field of Query that lists it."""
    name: str
    columns: Mapping[str, str]
    role: str
    """The role that reads it is `read_` and this."""
    model: str
    """What MO calls the model that a broken object does not fit."""
    open: bool = False
    """Whether its validities may be without a start."""
    registered_as: str | None = None
    """What its registrations are called, where it is not the name."""

    @property
    def registration(self) -> str:
        return self.registered_as or self.name

    def column_of(self, field: str) -> str:
        """The column that shows a field of the store."""
        return next((column for column, shown in self.columns.items() if shown == field), field)


TYPES: Final = (
    ObjectType(
        "org_unit",
        "org_units",
        "OrganisationUnit",
        {
            "name": "name",
            "parent_uuid": "parent",
            "unit_type_uuid": "org_unit_type",
            "org_unit_hierarchy": "org_unit_hierarchy",
        },
        role="org_unit",
        model="organisation_unit.OrganisationUnitRead",
    ),
    ObjectType(
        "address",
        "addresses",
        "Address",
        {
            "value": "value",
            "address_type_uuid": "address_type",
            "org_unit_uuid": "org_unit",
            "employee_uuid": "person",
        },
        role="address",
        model="details.address.AddressRead",
    ),
    ObjectType(
        "employee",
        "persons",
        "Employee",
        {"cpr_number": "cpr_no", "given_name": "givenname", "surname": "surname"},
        role="employee",
        model="employee.EmployeeRead",
        open=True,
        registered_as="Person",
    ),
    ObjectType(
        "engagement",
        "engagements",
        "Engagement",
        {
            "employee_uuid": "person",
            "org_unit_uuid": "org_unit",
            "job_function_uuid": "job_function",
            "engagement_type_uuid": "engagement_type",
            "primary_uuid": "primary",
        },
        role="engagement",
        model="details.engagement.EngagementRead",
    ),
    ObjectType(
        "it",
        "itusers",
        "ITUser",
        {"itsystem_uuid": "itsystem", "employee_uuid": "person"},
        role="ituser",
        model="details.it_system.ITUserRead",
    ),
    ObjectType(
        "manager",
        "managers",
        "Manager",
        {
            "employee_uuid": "person",
            "org_unit_uuid": "org_unit",
            "manager_type_uuid": "manager_type",
            "manager_level_uuid": "manager_level",
            "responsibility_uuids": "responsibility",
        },
        role="manager",
        model="details.manager.ManagerRead",
    ),
    ObjectType(
        "class",
        "classes",
        "Class",
        {"name": "name", "scope": "scope", "facet_uuid": "facet_uuid", "published": "published"},
        role="class",
        model="class.ClassRead",
        open=True,
    ),
    ObjectType(
        "facet",
        "facets",
        "Facet",
        {"published": "published"},
        role="facet",
        model="facet.FacetRead",
        open=True,
    ),
    ObjectType(
        "itsystem",
        "itsystems",
        "ITSystem",
        {"name": "name"},
        role="itsystem",
        model="it_system.ITSystemRead",
        open=True,
    ),
)
BY_COLLECTION: Final = {each.collection: each for each in TYPES}
BELOW_PERSONS: Final = {
    "engagements_response": "engagements",
    "addresses_response": "addresses",
    "itusers_response": "itusers",
    "manager_roles_response": "managers",
}
"""The fields of a person that list objects referring to it, and the collection that each is a part of."""
