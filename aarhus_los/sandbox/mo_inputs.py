"""The inputs of GraphQL mutations as the items that REST takes for the same writes, which is how MO goes about them too.

The days of GraphQL end with the first that is no longer part of them, in every version.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from graphql import GraphQLError

from aarhus_los.sandbox.mo_kinds import KINDS, MANAGER, ORG_UNIT, Kind
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, day_before, day_of

Input = Mapping[str, Any]

_NAMES: Final = {
    "given_name": "givenname",
    "nickname_given_name": "nickname_givenname",
    "cpr_number": "cpr_no",
}
"""What REST calls fields that have another name there."""
_FIRST_VERSION_THAT_MOVES_TO_THE_ROOT: Final = 22
"""Before it, the null that moves a unit to the root is taken for nothing (read in MO's source, not measured)."""


def create_item(kind: str, given: Input) -> dict[str, Any]:
    """The item of `details/create`. A null is nothing."""
    fields = _fields(KINDS[kind], given)
    if "validity" in given:
        fields["validity"] = _validity(given["validity"])
    return {"type": kind, **_without_null(fields)}


def edit_item(kind: str, given: Input, version: int) -> dict[str, Any]:
    """The item of `details/edit`. A null is nothing, but for a unit, and for the person of a manager, given or not."""
    fields = _fields(KINDS[kind], given)
    if kind != ORG_UNIT.name or version < _FIRST_VERSION_THAT_MOVES_TO_THE_ROOT:
        fields = _without_null(fields)
    if kind == MANAGER.name:
        fields = {"person": None, **fields}
        if not fields.get("responsibility"):
            fields.pop("responsibility", None)
    return {"type": kind, "uuid": given["uuid"], "data": {**fields, "validity": _validity(given["validity"])}}


def terminate_item(kind: str, given: Input) -> dict[str, Any]:
    """The item of `details/terminate`."""
    validity = {"to": _last(given["to"])}
    if given.get("from") is not None:
        validity["from"] = day_of(given["from"]).isoformat()
    return {"type": kind, "uuid": given["uuid"], "validity": validity}


def window(validity: Input) -> tuple[date, date]:
    """The days of a validity, until the first that is no longer part of it. Raises GraphQLError."""
    start, end = (validity.get(name) for name in ("from", "to"))
    if start is not None and end is not None and end < start:
        raise GraphQLError(
            "1 validation error for Validity\n__root__\n"
            f"  from_date {start} must be less than or equal to to_date {end} (type=value_error)"
        )
    return BEGINNING if start is None else day_of(start), FOREVER if end is None else day_of(end)


def _fields(kind: Kind, given: Input) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name == "validity":
            continue
        field = kind.field.get(_NAMES.get(name, name))
        if field is not None and field.refers and value is not None:
            value = [{"uuid": each} for each in value] if field.several else {"uuid": value}
        fields[_NAMES.get(name, name)] = value
    return fields


def _validity(given: Input) -> dict[str, Any]:
    window(given)
    return {
        "from": day_of(given["from"]).isoformat(),
        "to": None if given.get("to") is None else _last(given["to"]),
    }


def _last(end: datetime) -> str:
    return day_before(day_of(end)).isoformat()


def _without_null(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
