"""How MO prepares a create, kind by kind: what it misses and refuses, in the order in which it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import uuid4

from aarhus_los.sandbox import mo_checks
from aarhus_los.sandbox.mo_changes import created
from aarhus_los.sandbox.mo_errors import MoError, missing, not_found, unforeseen
from aarhus_los.sandbox.mo_items import (
    Item,
    needed_reference,
    reference,
    several,
    text,
    uuid_of,
    window,
)
from aarhus_los.sandbox.mo_kinds import ADDRESS, EMPLOYEE, ENGAGEMENT, IT, MANAGER, ORG_UNIT, Kind
from aarhus_los.sandbox.mo_writes import Asked, Write
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, birthday


def prepare_create(asked: Asked, item: Item) -> Write:
    """The create of an item. Raises MoError."""
    return _PREPARE[item["type"]](asked, item)


def names_in(source: Item) -> dict[str, str]:
    """The names of a person: given, or split at the last space."""
    given = {key: text(source, key) or "" for key in ("givenname", "surname")}
    name = text(source, "name") or ""
    if name:
        if any(given.values()):
            raise MoError(
                400, "E_INVALID_INPUT", "Invalid input.", name="Supply either name or given name/surame"
            )
        first = name.rsplit(" ", maxsplit=1)[0]
        given = {"givenname": first, "surname": name[len(first) :].strip()}
    return given


def extras(source: Item, *keys: str) -> dict[str, Any]:
    """Fields that are kept as they are given."""
    return {key: source[key] for key in keys if key in source}


def _unit(asked: Asked, item: Item) -> Write:
    name = text(item, "name", needed=True)
    if not name and not asked.force:
        raise missing("name", item)
    uuid = _uuid(item)
    parent = reference(item, "parent") or asked.store.organisation
    fields = {
        "user_key": text(item, "user_key") or uuid,
        "name": name,
        "parent": parent,
        **{key: reference(item, key) for key in _UNIT_CLASSES},
    }
    start, end = window(item, ordered=False)
    if parent != asked.store.organisation:
        mo_checks.check_in_unit(asked, parent, start, end)
    fault = unforeseen() if fields["org_unit_type"] is None else None
    return _write(asked, ORG_UNIT, uuid, start, end, fields, fault)


_TEN_DIGITS: Final = re.compile(r"[0-9]{10}")
_UNIT_CLASSES: Final = ("org_unit_type", "org_unit_hierarchy", "org_unit_level", "time_planning")


def _address(asked: Asked, item: Item) -> Write:
    owners = {key: reference(item, key) for key in ("org_unit", "person")}
    mo_checks.check_one_owner(list(owners.values()), item)
    start, end = window(item)
    kind = needed_reference(item, "address_type")
    scope = mo_checks.scope_of(asked.store, kind)
    value = text(item, "value", needed=True) or ""
    mo_checks.check_address_value(asked, scope, value)
    uuid = _uuid(item)
    fields = {
        "user_key": text(item, "user_key") or value or uuid,
        **mo_checks.kept(scope, value),
        "address_type": kind,
        "visibility": reference(item, "visibility"),
        **owners,
    }
    _check_owners(asked, fields, start, end)
    return _write(asked, ADDRESS, uuid, start, end, fields)


def _employee(asked: Asked, item: Item) -> Write:
    names = names_in(item)
    if not any(names.values()):
        raise MoError(
            400,
            "V_MISSING_REQUIRED_VALUE",
            "Missing required value.",
            name="Missing name or givenname or surname",
        )
    cpr = text(item, "cpr_no")
    uuid = _uuid(item)
    start = BEGINNING
    if cpr:
        start = _born(asked, cpr)
        mo_checks.check_new_cpr(asked, uuid, cpr, start)
    fields = {
        "user_key": text(item, "user_key") or uuid,
        **names,
        **extras(item, "nickname_givenname", "nickname_surname", "seniority"),
        "cpr_no": cpr or None,
    }
    return _write(asked, EMPLOYEE, uuid, start, FOREVER, fields)


def _engagement(asked: Asked, item: Item) -> Write:
    unit = needed_reference(item, "org_unit")
    start, end = window(item)
    person = needed_reference(item, "person")
    mo_checks.check_in_person(asked, person, start, end)
    mo_checks.check_in_unit(asked, unit, start, end)
    uuid = _uuid(item)
    fields = {
        "user_key": text(item, "user_key") or uuid,
        "org_unit": unit,
        "person": person,
        "primary": reference(item, "primary"),
        "job_function": reference(item, "job_function"),
        "engagement_type": needed_reference(item, "engagement_type"),
        **extras(item, "fraction", *(f"extension_{number}" for number in range(1, 11))),
    }
    return _write(asked, ENGAGEMENT, uuid, start, end, fields)


def _account(asked: Asked, item: Item) -> Write:
    system = needed_reference(item, "itsystem")
    if asked.store.registration("itsystem", system) is None:
        raise not_found()
    owners = {key: reference(item, key) for key in ("org_unit", "person")}
    start, end = window(item)
    uuid = _uuid(item)
    user_key = text(item, "user_key") or uuid
    _check_owners(asked, owners, start, end)
    if (person := owners["person"]) is not None:
        known = mo_checks.accounts(asked, person, system)
        mo_checks.check_different(known, (person, system, user_key))
    fields = {
        "user_key": user_key,
        "itsystem": system,
        "primary": reference(item, "primary"),
        **owners,
        **extras(item, "external_id"),
    }
    return _write(asked, IT, uuid, start, end, fields)


def _manager(asked: Asked, item: Item) -> Write:
    unit = needed_reference(item, "org_unit")
    person = reference(item, "person")
    start, end = window(item)
    uuid = _uuid(item)
    if person is not None:
        _check_owners(asked, {"person": person}, start, end)
    fields = {
        "user_key": text(item, "user_key") or uuid,
        "org_unit": unit,
        "person": person,
        "manager_type": reference(item, "manager_type"),
        "manager_level": reference(item, "manager_level"),
        "responsibility": several(item, "responsibility"),
    }
    return _write(asked, MANAGER, uuid, start, end, fields)


def _check_owners(asked: Asked, fields: Mapping[str, Any], start: date, end: date) -> None:
    if (unit := fields.get("org_unit")) is not None:
        mo_checks.check_in_unit(asked, unit, start, end)
    if (person := fields.get("person")) is not None:
        mo_checks.check_in_person(asked, person, start, end)


def _born(asked: Asked, cpr: str) -> date:
    """From when a person of a CPR number is there."""
    born = birthday(cpr)
    if born is None and (asked.store.settings.cpr_validate_birthdate or not _TEN_DIGITS.fullmatch(cpr)):
        raise MoError(400, "V_CPR_NOT_VALID", "Not a valid CPR number.", cpr=cpr)
    return born or BEGINNING


def _uuid(item: Item) -> str:
    return uuid_of(item) or str(uuid4())


def _write(
    asked: Asked,
    kind: Kind,
    uuid: str,
    start: date,
    end: date,
    fields: Mapping[str, Any],
    fault: MoError | None = None,
) -> Write:
    if "organisation" in kind.field:
        fields = {**fields, "organisation": asked.store.organisation}
    return Write(kind, uuid, created(kind, start, end, fields), creates=True, fault=fault)


_PREPARE: Final[Mapping[str, Callable[[Asked, Item], Write]]] = {
    ORG_UNIT.name: _unit,
    ADDRESS.name: _address,
    EMPLOYEE.name: _employee,
    ENGAGEMENT.name: _engagement,
    IT.name: _account,
    MANAGER.name: _manager,
}
