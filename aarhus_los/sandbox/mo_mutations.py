"""The GraphQL mutations of the stand-in MO.

Units, addresses, people, engagements, accounts and managers are written as by REST, but each as soon as it is prepared, and
`force` does not count. Of facets, classes and IT systems MO checks neither references nor uniqueness; an update or terminate
of one that it does not have is answered as if it were done (measured).
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from graphql import GraphQLError

from aarhus_los.sandbox import mo_inputs
from aarhus_los.sandbox.mo_changes import NOBODY, Change, created, terminated
from aarhus_los.sandbox.mo_creates import prepare_create
from aarhus_los.sandbox.mo_edits import prepare_edit, prepare_terminate
from aarhus_los.sandbox.mo_inputs import Input
from aarhus_los.sandbox.mo_kinds import CLASS, DETAILS, ITSYSTEM, KINDS, Kind
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.mo_writes import Asked, Write
from aarhus_los.sandbox.moments import FOREVER, day_of


def mutate(store: MoStore, kind: str, verb: str, given: Input, version: int) -> str:
    """Creates, updates or terminates an object, and returns its uuid. Raises MoError and GraphQLError."""
    if kind in DETAILS:
        return _mutate_detail(Asked(store, by_graphql=True), kind, verb, given, version)
    uuid: str = given.get("uuid") or str(uuid4())
    change = _ended(KINDS[kind], given) if verb == "terminate" else _stated(store, KINDS[kind], given)
    Write(KINDS[kind], uuid, change, creates=verb == "create").submit(store)
    return uuid


def _mutate_detail(asked: Asked, kind: str, verb: str, given: Input, version: int) -> str:
    match verb:
        case "create":
            write = prepare_create(asked, mo_inputs.create_item(kind, given))
        case "update":
            write = prepare_edit(asked, mo_inputs.edit_item(kind, given, version))
        case _:
            write = prepare_terminate(asked, mo_inputs.terminate_item(kind, given))
    uuid = write.submit(asked.store)
    if uuid is None:  # a person that MO does not have: it stumbles over its own answer
        raise GraphQLError("one of the hex, bytes, bytes_le, fields, or int arguments must be given")
    return uuid


def _ended(kind: Kind, given: Input) -> Change:
    end = day_of(given["to"])
    start, end = (day_of(given["from"]), end) if given.get("from") else (end, FOREVER)
    return terminated(kind, start, end)


def _stated(store: MoStore, kind: Kind, given: Input) -> Change:
    start, end = mo_inputs.window(given["validity"])
    fields: dict[str, Any] = {field.name: given.get(field.name) for field in kind.fields}
    if kind is CLASS and fields["parent_uuid"] is None:
        fields["parent_uuid"] = NOBODY
    if kind is ITSYSTEM:
        fields["organisation"] = store.organisation
    return created(kind, start, end, fields)
