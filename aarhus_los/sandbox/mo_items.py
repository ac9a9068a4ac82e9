"""Reads the parts of an item that MO is sent: references, texts and days; raises what MO answers to a wrong one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from aarhus_los.sandbox.mo_errors import DefectError, MoError, missing
from aarhus_los.sandbox.moments import FOREVER, day_after

Item = Mapping[str, Any]

_AS_WRITTEN: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def parsed_uuid(value: Any) -> str | None:
    """A uuid as MO writes it; None if the value is none."""
    if isinstance(value, str) and _AS_WRITTEN.fullmatch(value):
        return value
    try:
        return str(UUID(value))
    except (AttributeError, TypeError, ValueError):
        return None


def uuid_of(source: Item, key: str = "uuid") -> str | None:
    """A uuid, or None if there is none. Raises MoError if it is not one."""
    value = source.get(key)
    if not value:
        return None
    uuid = parsed_uuid(value)
    if uuid is None:
        raise MoError(400, "E_INVALID_UUID", f"Invalid uuid for {key!r}: {value!r}", obj=source)
    return uuid


def own_uuid(source: Item) -> str:
    """The uuid of the object that is written. Raises MoError if it is missing."""
    uuid = uuid_of(source)
    if uuid is None:
        raise missing("uuid", source)
    return uuid


def reference(source: Item, key: str) -> str | None:
    """The uuid in `{"key": {"uuid": …}}`; None if the key is missing, null or empty."""
    value = source.get(key)
    if not value:
        return None
    if not isinstance(value, dict):
        raise _wrong_type(source, key, "dict")
    uuid = uuid_of(value)
    if uuid is None:
        raise missing("uuid", value)
    return uuid


def needed_reference(source: Item, key: str) -> str:
    """The same, where MO cannot do without."""
    uuid = reference(source, key)
    if uuid is None:
        raise missing(key, source)
    return uuid


def carelessly(source: Item, key: str) -> str | None:
    """A reference that MO takes to be there wherever its key is; a null is a failure of its own."""
    if source[key] is None:
        raise DefectError("'NoneType' object has no attribute 'get'")
    return uuid_of(source[key])


def text(source: Item, key: str, *, needed: bool = False) -> str | None:
    """A text; None if it is missing or null. Raises MoError if it is none, or missing where MO needs it."""
    value = source.get(key)
    if value is None:
        if needed:
            raise missing(key, source)
        return None
    if not isinstance(value, str):
        raise _wrong_type(source, key, "str")
    return value


def several(source: Item, key: str) -> tuple[str, ...] | None:
    """The uuids in `{"key": [{"uuid": …}]}`; None if the key is missing or null."""
    value = source.get(key)
    return None if value is None else tuple(own_uuid(each) for each in value)


def window(source: Item, *, ordered: bool = True) -> tuple[date, date]:
    """The days of a validity, until the first that is no longer part of it.

    An end on the day before the start passes here, and fails when it is written (measured).
    """
    validity = source.get("validity") or {}
    if not validity.get("from"):
        raise MoError(400, "V_MISSING_START_DATE", "Missing start date.", obj=source)
    start = day(validity["from"])
    end = end_of(validity.get("to"))
    if ordered and end < start:
        raise MoError(400, "V_END_BEFORE_START", "End date is before start date.", obj=source)
    return start, end


def termination(source: Item) -> tuple[date, date]:
    """The days that a terminate takes away: from `from` until `to`, or all after `to`."""
    validity = source.get("validity") or {}
    if "to" not in validity:
        key = "Validity must be set with either 'to' or both 'from' and 'to'"
        raise missing(key, source, "Missing required value.")
    if "from" in validity:
        return window(source, ordered=False)
    return end_of(validity["to"]), FOREVER


def end_of(last: Any) -> date:
    """The first day after a last day; None has none."""
    if last is None:
        return FOREVER
    end = day(last)
    if end == FOREVER:  # MO reckons with the day after, which does not exist
        raise DefectError("date value out of range")
    return day_after(end)


def day(value: Any) -> date:
    """A day. Raises MoError."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise MoError(400, "E_INVALID_INPUT", "Invalid input.", value=value) from None


def _wrong_type(source: Item, key: str, expected: str) -> MoError:
    value = source[key]
    return MoError(
        400,
        "E_INVALID_TYPE",
        f"Invalid {key!r}, expected {expected}, got: {value}",
        key=key,
        expected=expected,
        actual=value,
        obj=source,
    )
