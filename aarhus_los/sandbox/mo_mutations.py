"""The GraphQL mutations of the stand-in MO: the organisation, facets, classes and IT systems.

MO checks neither references nor uniqueness here; an update or terminate of what it does not have is answered as if it were
done (measured).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from graphql import GraphQLError

from aarhus_los.sandbox.mo_kinds import CLASS, KINDS, PUBLISHED
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, day_after, last_day

Input = Mapping[str, Any]


def create(store: MoStore, kind: str, given: Input, version: int) -> str:
    """Creates an object, or overwrites it with its whole history."""
    uuid = given.get("uuid") or str(uuid4())
    start, end = _window(given, version)
    store.create(kind, uuid, start, end, _fields(kind, given))
    _hide_unpublished(store, kind, uuid, start, end, given)
    return uuid


def update(store: MoStore, kind: str, given: Input, version: int) -> str:
    """Begins a new validity with all fields as given; what is left out is taken away. The history before is kept."""
    uuid: str = given["uuid"]
    if store.history(kind, uuid) is not None:
        start, end = _window(given, version)
        store.edit(kind, uuid, start, end, _fields(kind, given))
        _hide_unpublished(store, kind, uuid, start, end, given)
    return uuid


def terminate(store: MoStore, kind: str, given: Input, version: int) -> str:
    """Ends an object at `to`, or takes it away from `from` to `to`."""
    uuid: str = given["uuid"]
    if store.history(kind, uuid) is not None:
        last = last_day(given["to"], version)
        window = (given["from"], last) if given.get("from") else (day_after(last), FOREVER)
        store.terminate(kind, uuid, *window)
    return uuid


def _fields(kind: str, given: Input) -> dict[str, Any]:
    return {name: given.get(name) for name in KINDS[kind].fields}


def _window(given: Input, version: int) -> tuple[date, date]:
    validity = given["validity"]
    start = validity.get("from") or BEGINNING
    end = last_day(validity.get("to"), version)
    if end < start:
        raise GraphQLError("ErrorCodes.V_END_BEFORE_START")
    return start, end


def _hide_unpublished(store: MoStore, kind: str, uuid: str, start: date, end: date, given: Input) -> None:
    """A class is there while it is published: for a reader, unpublishing it is ending it."""
    if kind == CLASS.name and given["published"] != PUBLISHED:
        store.terminate(kind, uuid, start, end)
