"""Reads the items of MO's REST writes: what is asked, of which object, on which days; raises what MO answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from aarhus_los.sandbox.mo_errors import MoError, missing, unforeseen
from aarhus_los.sandbox.mo_kinds import ADDRESS, EMPLOYEE, ENGAGEMENT, MANAGER, ORG_UNIT, Kind, split_name
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, birthday, day_after, day_before

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Write:
    """One create, edit or terminate. `source` is the part of the item that MO quotes in its errors."""

    kind: Kind
    uuid: str
    start: date
    end: date
    fields: dict[str, Any]
    source: Item


def read_create(kind: Kind, item: Item) -> Write:
    """An item of `/service/details/create`."""
    uuid = _uuid(item, "uuid") or str(uuid4())
    fields = {"user_key": uuid, **_fields(kind, item)}
    if kind is EMPLOYEE:
        return Write(kind, uuid, _born(fields, item), FOREVER, fields, item)
    for key in kind.required:
        if fields.get(key) is None:
            raise missing(key, item)
    if kind is ADDRESS and ("org_unit" in fields) == ("person" in fields):
        raise MoError(400, "E_INVALID_INPUT", "Must supply exactly one org_unit or person UUID", obj=item)
    start, end = _window(item)
    return Write(kind, uuid, start, end, fields, item)


def read_edit(kind: Kind, item: Item) -> Write:
    """An item of `/service/details/edit`: of an org unit the uuid is inside `data`, else beside it."""
    data = item.get("data") or {}
    source = data if kind is ORG_UNIT else item
    uuid = _uuid(source, "uuid")
    if uuid is None:
        raise missing("uuid", source)
    fields = _fields(kind, data)
    if kind is ADDRESS and "value" in fields and "address_type" not in fields:
        raise missing("address_type", data)
    if kind is ORG_UNIT and "org_unit_type" in data and fields.get("org_unit_type") is None:
        raise unforeseen()
    if kind is ENGAGEMENT:  # an engagement never changes its person; MO does not say so (measured)
        fields.pop("person", None)
    start, end = _window(data)
    return Write(kind, uuid, start, end, fields, data)


def read_terminate(kind: Kind, item: Item) -> Write:
    """An item of `/service/details/terminate`: inactive after `to` for good, or from `from` to `to`."""
    uuid = _uuid(item, "uuid")
    if uuid is None:
        raise missing("uuid", item)
    validity = item.get("validity") or {}
    if not validity.get("to"):
        key = "Validity must be set with either 'to' or both 'from' and 'to'"
        raise missing(key, item, "Missing required value.")
    end = _last_day(validity["to"])
    if validity.get("from"):
        return Write(kind, uuid, _day(validity["from"]), end, {}, item)
    return Write(kind, uuid, day_after(end), FOREVER, {}, item)


def _fields(kind: Kind, source: Item) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key in kind.writable:
        if key not in source:
            continue
        if key in kind.references:
            reference = source[key]
            uuid = _uuid(reference, "uuid") if reference else None
            if uuid is not None or key in kind.clearable:
                fields[key] = uuid
        elif kind is MANAGER and key == "responsibility":
            fields[key] = tuple(uuid for each in source[key] or () if (uuid := _uuid(each, "uuid")))
        elif source[key] is not None:
            fields[key] = _text(source, key) if key in kind.fields else source[key]
    if kind is EMPLOYEE and isinstance(source.get("name"), str):
        fields["givenname"], fields["surname"] = split_name(source["name"])
    return fields


def _born(fields: Mapping[str, Any], item: Item) -> date:
    """A person is valid from the birth date that the CPR number tells, and without one from the beginning."""
    if not fields.get("givenname") and not fields.get("surname"):
        raise MoError(
            400,
            "V_MISSING_REQUIRED_VALUE",
            "Missing required value.",
            name="Missing name or givenname or surname",
        )
    cpr = fields.get("cpr_no")
    if cpr is None:
        return BEGINNING
    born = birthday(cpr)
    if born is None:
        raise MoError(400, "V_CPR_NOT_VALID", "Not a valid CPR number.", cpr=cpr)
    return born


def _window(source: Item) -> tuple[date, date]:
    validity = source.get("validity") or {}
    if not validity.get("from"):
        raise MoError(400, "V_MISSING_START_DATE", "Missing start date.", obj=source)
    start = _day(validity["from"])
    end = FOREVER if validity.get("to") is None else _last_day(validity["to"])
    # An end of one day before the start passes here, and fails when it is written (measured).
    if end < day_before(start):
        raise MoError(400, "V_END_BEFORE_START", "End date is before start date.", obj=source)
    return start, end


def _last_day(value: Any) -> date:
    end = _day(value)
    if end == FOREVER:  # MO reckons with the day after, which does not exist
        raise unforeseen("date value out of range")
    return end


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise MoError(400, "E_INVALID_INPUT", "Invalid input.", value=value) from None


def _text(source: Item, key: str) -> str:
    value = source[key]
    if not isinstance(value, str):
        raise MoError(
            400,
            "E_INVALID_TYPE",
            f"Invalid {key!r}, expected str, got: {value}",
            key=key,
            expected="str",
            actual=value,
            obj=source,
        )
    return value


def _uuid(source: Item, key: str) -> str | None:
    value = source.get(key)
    if value is None:
        return None
    try:
        return str(UUID(value))
    except (AttributeError, TypeError, ValueError):
        raise MoError(400, "E_INVALID_UUID", f"Invalid uuid for {key!r}: {value!r}", obj=source) from None
