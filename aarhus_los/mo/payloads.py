"""What is sent to MO of one operation on one object; it follows from the declared fields of the value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from aarhus_los.cpr import Cpr
from aarhus_los.mo.model import KINDS, Kind, Organisation, Person, Value
from aarhus_los.timeline import BEGINNING, FOREVER, day_after, day_before


class Endpoint(StrEnum):
    """The ways to write. A list goes to one of them, and is one transaction in MO."""

    CREATE = "/service/details/create"
    EDIT = "/service/details/edit"
    TERMINATE = "/service/details/terminate"
    MUTATE = "graphql"

    __hash__ = str.__hash__  # as of a kind


Item = Mapping[str, Any]
"""What is sent of one operation. To `MUTATE`: `{"mutation": name, "input_type": type, "input": {…}}`, and `"bulk": name`
where another mutation takes a list of such inputs."""


MUTATED: Final = frozenset({Kind.ORGANISATION, *(kind for kind, spec in KINDS.items() if spec.by_mutation)})
"""The kinds that are written by GraphQL mutations."""


def create(kind: Kind, uuid: str, value: Value, start: date, end: date, mark: str | None = None) -> Item:
    """What creates an object that is `value` from `start` to `end`; a unit with the class of its mark, if it has one."""
    if kind in MUTATED:
        return mutated(kind, "create", uuid, value, start, end)
    item: dict[str, Any] = {"type": kind, "uuid": uuid}
    if isinstance(value, Person):  # from the birth date on, by itself
        cpr = {} if value.cpr is None else {"cpr_no": value.cpr.reveal()}
        return {**item, "name": value.name, **cpr}
    item |= _fields(kind, value, mark)
    if kind is Kind.ORG_UNIT and item["parent"] is None:
        del item["parent"]
    item["validity"] = _validity(start, end)
    return item


def edit(kind: Kind, uuid: str, value: Value, start: date, end: date, mark: str | None = None) -> Item:
    """What sets `value` from `start` to `end`, and leaves the days before and after as they are.

    Where a unit's edit carries the class of its mark, the mark is taken away on all other days.
    """
    if kind in MUTATED:
        return mutated(kind, "update", uuid, value, start, end)
    data = {**_fields(kind, value, mark, edits=True), "validity": _validity(start, end)}
    if kind is Kind.ORG_UNIT:
        return {"type": kind, "data": {"uuid": uuid, **data}}
    return {"type": kind, "uuid": uuid, "data": data}


def terminate(kind: Kind, uuid: str, start: date, end: date) -> Item:
    """What takes an object away from `start` to `end`."""
    if end == FOREVER:
        # `to` alone names the last day that is left.
        validity: dict[str, str | None] = {"to": day_before(start).isoformat()}
    else:
        validity = _validity(start, end)
    return {"type": kind, "uuid": uuid, "validity": validity}


def mutated(
    kind: Kind, verb: str, uuid: str, value: Value | None, start: date, end: date, mark: str | None = None
) -> Item:
    """What creates, updates or terminates by a mutation: of any kind, with a `to` that is the day after the last."""
    if isinstance(value, Organisation):
        code = {"municipality_code": value.municipality_code}
        return {"mutation": "org_create", "input_type": "OrganisationCreate", "input": code}
    spec = KINDS[kind]
    days = _validity(start, day_after(end))
    if value is None:
        fields: dict[str, Any] = {"to": days["from"]} if days["to"] is None else days
    else:
        fields = _fields(kind, value, mark, edits=verb == "update", by_mutation=True)
        if not (isinstance(value, Person) and verb == "create"):  # from the birth date on, by itself
            fields["validity"] = days
    item = {
        "mutation": f"{spec.stem}_{verb}",
        "input_type": f"{spec.input_stem}{verb.capitalize()}Input",
        "input": {"uuid": uuid, **fields},
    }
    return {**item, "bulk": f"{spec.collection}_{verb}"} if verb in spec.in_bulk else item


def _fields(
    kind: Kind, value: Value, mark: str | None, *, edits: bool = False, by_mutation: bool = False
) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for name, _, _, in_mo in KINDS[kind].fields:
        field = getattr(value, name)
        if (edits and in_mo.create_only) or (field is None and in_mo.optional):
            continue
        if field is not None and in_mo.to is not None:
            field = _reference(field, by_mutation)
        elif type(field) is Cpr:
            field = field.reveal()
        sent[in_mo.input if by_mutation else in_mo.written] = field
        if in_mo.also is not None:
            sent[in_mo.also] = field
    if mark is not None:
        sent["org_unit_hierarchy"] = mark if by_mutation else {"uuid": mark}
    if edits and isinstance(value, Person):
        sent["surname"] = value.surname or " "  # an empty one would keep the old surname
    return sent


def _reference(field: str | tuple[str, ...], by_mutation: bool) -> Any:
    """A uuid, or several, as MO takes them: in REST as objects that have one."""
    if isinstance(field, str):
        return field if by_mutation else {"uuid": field}
    return list(field) if by_mutation else [{"uuid": each} for each in field]


def _validity(start: date, end: date) -> dict[str, str | None]:
    return {
        "from": None if start == BEGINNING else start.isoformat(),
        "to": None if end == FOREVER else end.isoformat(),
    }
