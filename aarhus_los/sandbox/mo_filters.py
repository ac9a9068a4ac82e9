"""Which objects a GraphQL filter means: by uuid, by what refers to what, by days, and as of a registration time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from aarhus_los.sandbox.mo_kinds import KINDS, Kind
from aarhus_los.sandbox.mo_registrations import Registration
from aarhus_los.sandbox.mo_shown import has, is_there
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, day_after, day_of

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
_WHEN: Final = ("from_date", "to_date", "registration_time")

_Conditions = list[tuple[str, frozenset[Any]]]


def window(arguments: Mapping[str, Any], start_name: str, end_name: str, today: date) -> tuple[date, date]:
    """The days that two optional moments mean, until the first that is not part of them.

    Left out, only that day, or today. Null: without bound.
    """
    start = _day(arguments[start_name], BEGINNING) if start_name in arguments else today
    if end_name not in arguments:
        return start, FOREVER if start == BEGINNING else day_after(start)
    return start, max(day_after(start), _day(arguments[end_name], FOREVER))


def _day(moment: datetime | None, without: date) -> date:
    return without if moment is None else day_of(moment)


def find(
    store: MoStore,
    kind: str,
    asked: Filter,
    *,
    owner: tuple[str, str] | None = None,
    after: str = "",
    limit: int | None = None,
) -> list[tuple[str, Registration]]:
    """The objects that a filter means, ordered by uuid, each with what is registered of it at the filter's time.

    `owner` is a field and the uuid it must have. Only objects beyond the uuid `after` are given, and at most `limit`.
    """
    days = window(asked, "from_date", "to_date", store.clock())
    conditions = _conditions(store, asked)
    if owner is not None:
        conditions.append((owner[0], frozenset({owner[1]})))
    found: list[tuple[str, Registration]] = []
    for uuid in _candidates(store, KINDS[kind], asked, conditions, after):
        registration = store.registration(kind, uuid, asked.get("registration_time"))
        if registration is not None and _meant(registration, conditions, *days):
            found.append((uuid, registration))
            if limit is not None and len(found) == limit:
                break
    return found


def _meant(registration: Registration, conditions: _Conditions, start: date, end: date) -> bool:
    kind, tracks = registration.kind, registration.tracks
    return is_there(kind, tracks, start, end) and all(
        has(kind.field[name], tracks, values, start, end) for name, values in conditions
    )


def _conditions(store: MoStore, asked: Filter) -> _Conditions:
    conditions: _Conditions = []
    for argument, field in _VALUES.items():
        if asked.get(argument) is not None:
            conditions.append((field, frozenset(asked[argument])))
    when = {name: asked[name] for name in _WHEN if name in asked}
    nested = [(*_OBJECTS[name], {**when, **asked[name]}) for name in _OBJECTS if asked.get(name) is not None]
    nested += [
        (*_KEYS[name], {**when, "user_keys": asked[name]}) for name in _KEYS if asked.get(name) is not None
    ]
    for field, kind, inner in nested:
        conditions.append((field, frozenset(uuid for uuid, _ in find(store, kind, inner))))
    return conditions


def _candidates(store: MoStore, kind: Kind, asked: Filter, conditions: _Conditions, after: str) -> list[str]:
    if asked.get("uuids") is not None:
        order = sorted(set(asked["uuids"]))
    else:
        indexed = [each for each in conditions if each[0] in kind.indexed]
        if not indexed:
            return store.uuids(kind.name, after)
        order = sorted(store.mentioning(kind.name, *min(indexed, key=lambda each: len(each[1]))))
    return order[bisect_right(order, after) :]
