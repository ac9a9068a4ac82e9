"""What GraphQL shows of the stand-in MO: collections, validities and registrations, now or as of a registration time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from graphql import GraphQLError, GraphQLResolveInfo

from aarhus_los.sandbox import mo_scalars
from aarhus_los.sandbox.mo_errors import DefectError, MoError
from aarhus_los.sandbox.mo_filters import find, window
from aarhus_los.sandbox.mo_graphql_types import TYPES, ObjectType
from aarhus_los.sandbox.mo_kinds import KINDS, full_name
from aarhus_los.sandbox.mo_registrations import Registration
from aarhus_los.sandbox.mo_shown import Span, spans, whole
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import (
    BEGINNING,
    COPENHAGEN,
    day_after,
    day_of,
    shown_end,
    shown_start,
)

ADMIN: Final = "admin"
NO_ACCESS: Final = "No policy approved the access"
_FIRST_ROOTLESS_VERSION: Final = 28
"""Before this GraphQL version, the parent of a unit that has none is the root organisation."""

Info = GraphQLResolveInfo["Context"]


@dataclass(frozen=True, slots=True)
class Context:
    """Of whom a request is, and what it asks."""

    store: MoStore
    version: int
    roles: frozenset[str]
    """The roles of the token, `admin` containing all others."""
    denied: frozenset[str] = frozenset()
    """Roles that the policies of this MO deny, whatever the token says."""

    def allows(self, role: str) -> bool:
        """Whether the caller may do what a role is for."""
        return role not in self.denied and not self.roles.isdisjoint({ADMIN, role})


@dataclass(frozen=True, slots=True)
class Found:
    """An object in an answer; its validities are looked up when they are asked for."""

    type: ObjectType
    uuid: str
    moment: datetime | None = None
    """The registration time at which it is shown, where a field does not give one."""


def require(info: Info, role: str) -> Context:
    """The context, if the caller has a role. Raises GraphQLError."""
    context = info.context
    if not context.allows(role):
        raise GraphQLError(NO_ACCESS)
    try:
        context.store.check_usable()
    except MoError as error:
        raise refused(error) from None
    return context


def refused(error: MoError) -> GraphQLError:
    """How GraphQL tells what MO refuses."""
    if isinstance(error, DefectError):
        return GraphQLError(error.description)
    return GraphQLError(f"ErrorCodes.{error.key}", extensions={"error_context": error.body})


def collection(each: ObjectType, owner_field: str | None = None) -> Callable[..., dict[str, Any]]:
    """The resolver of a collection: at the top, or below the object that a field of its objects refers to."""

    def resolve(source: Mapping[str, Any] | None, info: Info, **arguments: Any) -> dict[str, Any]:
        context = require(info, f"read_{each.role}")
        limit = arguments.get("limit")
        asked = arguments.get("filter") or {}
        below = owner_field is not None and source is not None
        found = find(
            context.store,
            each.kind,
            asked,
            owner=(owner_field, source["uuid"]) if owner_field is not None and source is not None else None,
            after=arguments.get("cursor") or "",
            limit=None if limit is None else limit + 1,
        )
        page = found if limit is None else found[:limit]
        days = window(asked, "from_date", "to_date", context.store.clock())
        _check_readable(each, [span for _, registration in page for span in _within(registration, *days)])
        more = len(found) > len(page) and bool(page)
        moment = asked.get("registration_time") if below else None
        return {
            "objects": [Found(each, uuid, moment) for uuid, _ in page],
            "page_info": {"next_cursor": mo_scalars.encode_cursor(page[-1][0]) if more else None},
        }

    return resolve


def current(source: Found, info: Info, **arguments: Any) -> dict[str, Any] | None:
    """The validity of today, or of the day `at`."""
    day = day_of(arguments["at"]) if arguments.get("at") else info.context.store.clock()
    found = _rows(source, info, day, day_after(day), arguments)
    return found[0] if found else None


def validities(source: Found, info: Info, **arguments: Any) -> list[dict[str, Any]]:
    """All validities of a window."""
    start, end = window(arguments, "start", "end", info.context.store.clock())
    return _rows(source, info, start, end, arguments)


def registrations_of(source: Found, info: Info, **arguments: Any) -> list[dict[str, Any]]:
    """All registrations of an object, whatever the time as of which it is shown."""
    known = info.context.store.registrations(source.type.kind, source.uuid)
    return [
        each
        for each in _registrations(source.type, source.uuid, known)
        if _overlaps(each, arguments.get("filter"))
    ]


def registrations(source: Any, info: Info, **arguments: Any) -> dict[str, Any]:
    """The registrations of all objects, in order of time, also of those that no read shows any more."""
    asked = arguments.get("filter") or {}
    store = info.context.store
    found: list[dict[str, Any]] = []
    for each in TYPES:
        if asked.get("models") is None or each.role in asked["models"]:
            require(info, f"read_{each.role}")
            for uuid in store.uuids(each.kind) if asked.get("uuids") is None else set(asked["uuids"]):
                known = store.registrations(each.kind, uuid)
                found += [one for one in _registrations(each, uuid, known) if _overlaps(one, asked)]
    found.sort(key=lambda one: (one["start"], one["uuid"]))
    first = int(arguments.get("cursor") or 0)
    last = len(found) if arguments.get("limit") is None else first + arguments["limit"]
    more = mo_scalars.encode_cursor(str(last)) if last < len(found) else None
    return {"objects": found[first:last], "page_info": {"next_cursor": more}}


def organisation(source: Any, info: Info) -> dict[str, Any]:
    """The root organisation. It has no registrations."""
    store = require(info, "read_org").store
    return {
        "uuid": store.organisation,
        "user_key": "root",
        "name": "root",
        "type": "organisation",
        "municipality_code": store.municipality_code,
    }


def _registrations(each: ObjectType, uuid: str, known: Iterable[Registration]) -> list[dict[str, Any]]:
    shown = [
        {
            "registration_id": registration.number,
            "start": _iso(registration.start),
            "end": None,
            "model": each.role,
            "uuid": uuid,
            "object": Found(each, uuid, registration.start),
        }
        for registration in known
    ]
    for one, following in itertools.pairwise(shown):
        one["end"] = following["start"]
    return shown


def _overlaps(registration: Mapping[str, Any], asked: Mapping[str, Any] | None) -> bool:
    start, end = (asked or {}).get("start"), (asked or {}).get("end")
    began, ended = registration["start"], registration["end"]
    return (end is None or datetime.fromisoformat(began) <= end) and (
        start is None or ended is None or datetime.fromisoformat(ended) > start
    )


def _rows(
    source: Found, info: Info, start: date, end: date, arguments: Mapping[str, Any]
) -> list[dict[str, Any]]:
    context = info.context
    moment = arguments.get("registration_time") or source.moment
    registration = context.store.registration(source.type.kind, source.uuid, moment)
    found = [] if registration is None else _within(registration, start, end)
    _check_readable(source.type, found)
    return [_row(context, source, span) for span in found]


def _within(registration: Registration, start: date, end: date) -> list[Span]:
    if whole(start, end):
        return registration.spans
    return spans(registration.kind, registration.listed(), start, end)


def _check_readable(each: ObjectType, found: list[Span]) -> None:
    """MO's writes let pass what its reads do not: one such object fails a whole read (measured)."""
    needed = KINDS[each.kind].needed
    for index, span in enumerate(found):
        if span.start == BEGINNING and not each.open:
            raise GraphQLError("year 0 is out of range")
        for field in needed:
            value = span.fields.get(field)
            if value is None:
                raise GraphQLError(
                    f"1 validation error for ParsingModel[list[mora.graphapi.gmodels.mo.{each.model}]]\n"
                    f"__root__ -> {index} -> {each.column_of(field)}\n"
                    "  none is not an allowed value (type=type_error.none.not_allowed)"
                )


def _row(context: Context, source: Found, span: Span) -> dict[str, Any]:
    fields = span.fields
    row = {column: fields.get(field) for column, field in source.type.columns.items()}
    row["uuid"] = source.uuid
    row["user_key"] = fields.get("user_key")
    row["validity"] = {"from": shown_start(span.start), "to": shown_end(span.end, context.version)}
    match source.type.kind:
        case "employee":
            row |= {name: row[name] or "" for name in ("given_name", "surname")}
            row["name"] = full_name(fields)
        case "org_unit" if row["parent_uuid"] == context.store.organisation:
            row["parent_uuid"] = None if context.version >= _FIRST_ROOTLESS_VERSION else row["parent_uuid"]
    return row


def _iso(moment: datetime) -> str:
    return moment.astimezone(COPENHAGEN).isoformat(timespec="microseconds")
