"""Which objects a GraphQL filter means: by uuid, by what refers to what, and by days."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from aarhus_los.sandbox.mo_history import Span
from aarhus_los.sandbox.mo_kinds import KINDS
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, day_before

Filter = Mapping[str, Any]

_VALUES: Final = {
    "user_keys": "user_key",
    "cpr_numbers": "cpr_no",
    "employees": "person",
    "org_units": "org_unit",
    "parents": "parent",
    "facets": "facet_uuid",
    "address_types": "address_type",
    "itsystem_uuids": "itsystem",
}
"""Arguments that list the values which a field may have."""
_OBJECTS: Final = {
    "employee": ("person", "employee"),
    "org_unit": ("org_unit", "org_unit"),
    "parent": ("parent", "org_unit"),
    "facet": ("facet_uuid", "facet"),
    "address_type": ("address_type", "class"),
    "itsystem": ("itsystem", "itsystem"),
}
"""Arguments that are a filter of the objects to which a field may refer."""
_KEYS: Final = {
    "facet_user_keys": ("facet_uuid", "facet"),
    "address_type_user_keys": ("address_type", "class"),
}
"""Arguments that list the user keys of the objects to which a field may refer."""

_Conditions = list[tuple[str, frozenset[Any]]]


def window(arguments: Mapping[str, Any], start_name: str, end_name: str, today: date) -> tuple[date, date]:
    """The days that two optional moments mean: left out, only now; null, without bound; the second is exclusive."""
    start = arguments.get(start_name, today) or BEGINNING
    if end_name not in arguments:
        return (start, start) if start != BEGINNING else (start, FOREVER)
    end = arguments[end_name]
    return start, FOREVER if end is None else max(start, day_before(end))


def find(
    store: MoStore,
    kind: str,
    asked: Filter,
    *,
    owner: tuple[str, str] | None = None,
    after: str = "",
    limit: int | None = None,
) -> list[tuple[str, list[Span]]]:
    """The objects that a filter means, ordered by uuid, each with its spans in the filter's days.

    `owner` is a field and the uuid it must have. Only objects beyond the uuid `after` are given, and at most `limit`.
    """
    start, end = window(asked, "from_date", "to_date", store.clock())
    conditions = _conditions(store, asked)
    if owner is not None:
        conditions.append((owner[0], frozenset({owner[1]})))
    found: list[tuple[str, list[Span]]] = []
    for uuid in _candidates(store, kind, asked, conditions, after):
        spans = store.active(kind, uuid, start, end)
        if any(all(span.fields.get(name) in values for name, values in conditions) for span in spans):
            found.append((uuid, spans))
            if limit is not None and len(found) == limit:
                break
    return found


def _conditions(store: MoStore, asked: Filter) -> _Conditions:
    conditions: _Conditions = []
    for argument, field in _VALUES.items():
        if asked.get(argument) is not None:
            conditions.append((field, frozenset(asked[argument])))
    days = {name: asked[name] for name in ("from_date", "to_date") if name in asked}
    nested = [(*_OBJECTS[name], {**days, **asked[name]}) for name in _OBJECTS if asked.get(name) is not None]
    nested += [
        (*_KEYS[name], {**days, "user_keys": asked[name]}) for name in _KEYS if asked.get(name) is not None
    ]
    for field, kind, inner in nested:
        conditions.append((field, frozenset(uuid for uuid, _ in find(store, kind, inner))))
    return conditions


def _candidates(store: MoStore, kind: str, asked: Filter, conditions: _Conditions, after: str) -> list[str]:
    if asked.get("uuids") is not None:
        order = sorted(set(asked["uuids"]))
    else:
        indexed = [each for each in conditions if each[0] in KINDS[kind].indexed]
        if not indexed:
            return store.uuids(kind, after)
        order = sorted(store.mentioning(kind, *min(indexed, key=lambda each: len(each[1]))))
    return order[bisect_right(order, after) :]
