"""How MO prepares an edit or a terminate, kind by kind: what it misses and refuses, and what it keeps unasked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from aarhus_los.sandbox import mo_checks
from aarhus_los.sandbox.mo_changes import NOBODY, edited, read, terminated
from aarhus_los.sandbox.mo_creates import names_in
from aarhus_los.sandbox.mo_errors import DefectError, MoError, not_found, unforeseen, unit_not_found
from aarhus_los.sandbox.mo_items import (
    Item,
    carelessly,
    needed_reference,
    own_uuid,
    reference,
    several,
    termination,
    text,
    uuid_of,
    window,
)
from aarhus_los.sandbox.mo_kinds import ADDRESS, EMPLOYEE, ENGAGEMENT, IT, KINDS, MANAGER, ORG_UNIT, Kind
from aarhus_los.sandbox.mo_rows import Tracks
from aarhus_los.sandbox.mo_shown import runs
from aarhus_los.sandbox.mo_writes import Asked, Write

_NOTHING: Final[Tracks] = {}


def prepare_edit(asked: Asked, item: Item) -> Write:
    """The edit of an item: of an org unit the uuid is inside `data`, else beside it. Raises MoError."""
    return _PREPARE[item["type"]](asked, item, item.get("data") or {})


def prepare_terminate(asked: Asked, item: Item) -> Write:
    """The terminate of an item. Nothing cascades. Raises MoError."""
    kind = KINDS[item["type"]]
    uuid = own_uuid(item)
    start, end = termination(item)
    if kind is ORG_UNIT:
        if asked.by_graphql:
            mo_checks.check_unused(asked, uuid, start, end)
    elif asked.store.registration(kind.name, uuid) is None:
        raise not_found(uuid=uuid, original=None)
    return Write(kind, uuid, terminated(kind, start, end))


def _unit(asked: Asked, item: Item, data: Item) -> Write:
    uuid = own_uuid(data)
    before = _known(asked, ORG_UNIT, uuid)
    if before is None:
        raise unit_not_found(uuid)
    start, end = window(data)
    if data.get("clamp"):
        end = min(end, max(last for _, last in runs(ORG_UNIT, before)))
    fields = _texts(data, "user_key", "name")
    if "org_unit_type" in data:
        fields["org_unit_type"] = carelessly_typed(data)
    for key in ("org_unit_level", "org_unit_hierarchy", "time_planning"):
        if (value := reference(data, key)) is not None:
            fields[key] = value
    if "parent" in data:
        parent = reference(data, "parent")
        if parent is not None:
            mo_checks.check_in_unit(asked, parent, start, end)
        mo_checks.check_move(asked, uuid, parent or asked.store.organisation, start)
        fields["parent"] = parent or asked.store.organisation
    return _write(ORG_UNIT, uuid, before, start, end, fields)


def carelessly_typed(data: Item) -> str | None:
    """The type of a unit, which MO takes to be there wherever its key is."""
    if data["org_unit_type"] is None:
        raise DefectError("'NoneType' object is not subscriptable")
    return uuid_of(data["org_unit_type"])


def _address(asked: Asked, item: Item, data: Item) -> Write:
    uuid = own_uuid(item)
    before = _known(asked, ADDRESS, uuid)
    if before is None:
        raise not_found()
    start, end = window(data)
    owners = {key: reference(data, key) for key in ("org_unit", "person") if key in data}
    if len([owner for owner in owners.values() if owner is not None]) > 1:
        raise MoError(400, "E_INVALID_INPUT", "Must supply at most one of org_unit or person UUID", obj=item)
    fields = {**_texts(data, "user_key"), **owners}
    if "value" in data:
        kind = needed_reference(data, "address_type")
        scope = mo_checks.scope_of(asked.store, kind)
        value = text(data, "value", needed=True) or ""
        mo_checks.check_address_value(asked, scope, value)
        fields |= {
            **mo_checks.kept(scope, value),
            "address_type": kind,
            "visibility": reference(data, "visibility"),
        }
    person = owners["person"] if "person" in owners else _first(ADDRESS, before, "person")
    if person is not None:
        mo_checks.check_in_person(asked, person, start, end)
    return _write(ADDRESS, uuid, before, start, end, fields, owners)


def _employee(asked: Asked, item: Item, data: Item) -> Write:
    uuid = uuid_of(item) or own_uuid(data)
    before = _known(asked, EMPLOYEE, uuid)
    start, end = window(data)
    fields: dict[str, Any] = _texts(data, "user_key")
    # What is empty is not told to the database, which then keeps what was: a surname cannot be taken away.
    fields |= {key: value for key, value in names_in(data).items() if value}
    fields |= {
        key: data[key] for key in ("nickname_givenname", "nickname_surname") if data.get(key) is not None
    }
    if "seniority" in data:
        fields["seniority"] = data["seniority"] or ""
    if "cpr_no" in data:
        fields["cpr_no"] = text(data, "cpr_no")
    return _write(EMPLOYEE, uuid, before, start, end, fields)


def _engagement(asked: Asked, item: Item, data: Item) -> Write:
    uuid = own_uuid(item)
    before = _known(asked, ENGAGEMENT, uuid)
    start, end = window(data)
    fields: dict[str, Any] = _texts(data, "user_key")
    for key in ("job_function", "engagement_type"):
        if key in data:
            fields[key] = carelessly(data, key)
    if "org_unit" in data:
        fields["org_unit"] = needed_reference(data, "org_unit")
    if (primary := reference(data, "primary")) is not None:
        fields["primary"] = primary
    extensions = ("fraction", *(f"extension_{number}" for number in range(1, 11)))
    fields |= {key: data[key] for key in extensions if data.get(key) is not None}
    person = None if before is None else _first(ENGAGEMENT, before, "person")
    mo_checks.check_in_person(asked, person, start, end)
    return _write(ENGAGEMENT, uuid, before, start, end, fields, ("job_function", "engagement_type"))


def _account(asked: Asked, item: Item, data: Item) -> Write:
    uuid = own_uuid(item)
    before = _known(asked, IT, uuid)
    if before is None:
        raise not_found()
    start, end = window(data)
    fields: dict[str, Any] = _texts(data, "user_key")
    if "itsystem" in data:
        fields["itsystem"] = reference(data, "itsystem")
    for key in ("person", "org_unit", "primary"):
        if (value := reference(data, key)) is not None:
            fields[key] = value
    if data.get("external_id") is not None:
        fields["external_id"] = data["external_id"]
    person, system, user_key = fields.get("person"), fields.get("itsystem"), fields.get("user_key")
    if person and system and user_key:
        known = mo_checks.accounts(asked, person, system)
        if uuid in known:
            known[uuid] = (person, system, user_key)
        mo_checks.check_different(known)
    return _write(IT, uuid, before, start, end, fields, ("itsystem",))


def _manager(asked: Asked, item: Item, data: Item) -> Write:
    uuid = own_uuid(item)
    before = _known(asked, MANAGER, uuid)
    start, end = window(data)
    unit = None if before is None else _first(MANAGER, before, "org_unit")
    if before is None or unit is None:
        raise DefectError("list index out of range")
    fields: dict[str, Any] = _texts(data, "user_key")
    for key in ("manager_type", "org_unit"):
        if key in data:
            fields[key] = reference(data, key)
    if "person" in data:
        person = reference(data, "person")
        fields["person"] = person or NOBODY
    else:
        person = _all(MANAGER, before, "person")[-1]
    # MO keeps both in one list of its database, and so sends both, given or not.
    given = several(data, "responsibility")
    fields["responsibility"] = _all(MANAGER, before, "responsibility") if given is None else given
    fields["manager_level"] = reference(data, "manager_level") or _first(MANAGER, before, "manager_level")
    mo_checks.check_in_unit(asked, unit, start, end)
    if person is not None:
        mo_checks.check_in_person(asked, person, start, end)
    mo_checks.check_distinct(asked, fields["responsibility"])
    return _write(MANAGER, uuid, before, start, end, fields, ("manager_type", "org_unit", "manager_level"))


def _known(asked: Asked, kind: Kind, uuid: str) -> Tracks | None:
    found = asked.store.registration(kind.name, uuid)
    return None if found is None else found.listed()


def _all(kind: Kind, before: Tracks, field: str) -> tuple[Any, ...]:
    return tuple(row.target for row in read(before, kind.field[field].part))


def _first(kind: Kind, before: Tracks, field: str) -> Any:
    """The value that MO takes for that of the object: the first that the database lists, whatever the days."""
    return next((value for value in _all(kind, before, field) if value is not None), None)


def _texts(data: Item, *keys: str) -> dict[str, Any]:
    return {key: value for key in keys if (value := text(data, key)) is not None}


def _write(
    kind: Kind,
    uuid: str,
    before: Tracks | None,
    start: date,
    end: date,
    fields: Mapping[str, Any],
    needed: Any = (),
) -> Write:
    """`needed` are fields that the database will not have empty, where they are given."""
    fault = unforeseen() if any(fields.get(name, "") is None for name in needed) else None
    change = edited(kind, before or _NOTHING, start, end, fields)
    return Write(kind, uuid, change, fault=fault)


_PREPARE: Final[Mapping[str, Callable[[Asked, Item, Item], Write]]] = {
    ORG_UNIT.name: _unit,
    ADDRESS.name: _address,
    EMPLOYEE.name: _employee,
    ENGAGEMENT.name: _engagement,
    IT.name: _account,
    MANAGER.name: _manager,
}
