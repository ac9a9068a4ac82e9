"""The GraphQL mutations of the stand-in MO: the organisation, facets, classes and IT systems.

MO checks neither references nor uniqueness here; an update or terminate of what it does not have is answered as if it were
done (measured). Where a validity ends is the first moment that is not part of it, in every version.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from graphql import GraphQLError

from aarhus_los.sandbox.mo_changes import NOBODY, Change, created, terminated
from aarhus_los.sandbox.mo_kinds import CLASS, ITSYSTEM, KINDS, Kind
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.mo_writes import Write
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, day_of

Input = Mapping[str, Any]


def create(store: MoStore, kind: str, given: Input) -> str:
    """Creates an object, or makes it anew: what it was before is forgotten."""
    uuid: str = given.get("uuid") or str(uuid4())
    Write(KINDS[kind], uuid, _stated(store, KINDS[kind], given), creates=True).submit(store)
    return uuid


def update(store: MoStore, kind: str, given: Input) -> str:
    """Begins a new validity; the history before it is kept, and what is left out stays as it was."""
    uuid: str = given["uuid"]
    Write(KINDS[kind], uuid, _stated(store, KINDS[kind], given)).submit(store)
    return uuid


def terminate(store: MoStore, kind: str, given: Input) -> str:
    """Ends an object at `to`, or takes it away from `from` until `to`."""
    uuid: str = given["uuid"]
    end = day_of(given["to"])
    start, end = (day_of(given["from"]), end) if given.get("from") else (end, FOREVER)
    Write(KINDS[kind], uuid, terminated(KINDS[kind], start, end)).submit(store)
    return uuid


def _stated(store: MoStore, kind: Kind, given: Input) -> Change:
    start, end = _window(given)
    fields = {field.name: given.get(field.name) for field in kind.fields}
    if kind is CLASS and fields["parent_uuid"] is None:
        fields["parent_uuid"] = NOBODY
    if kind is ITSYSTEM:
        fields["organisation"] = store.organisation
    return created(kind, start, end, fields)


def _window(given: Input) -> tuple[date, date]:
    start, end = (given["validity"].get(name) for name in ("from", "to"))
    if start is not None and end is not None and end < start:
        raise GraphQLError(
            "1 validation error for Validity\n__root__\n"
            f"  from_date {start} must be less than or equal to to_date {end} (type=value_error)"
        )
    return BEGINNING if start is None else day_of(start), FOREVER if end is None else day_of(end)
