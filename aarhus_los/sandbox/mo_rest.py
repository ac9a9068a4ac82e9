"""The REST interface of the stand-in MO, below `/service`: details, classes, and the organisation with its counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

from aarhus_los.sandbox.mo_creates import prepare_create
from aarhus_los.sandbox.mo_edits import prepare_edit, prepare_terminate
from aarhus_los.sandbox.mo_errors import MoError, NotModelledError, missing, not_found, unforeseen
from aarhus_los.sandbox.mo_items import Item, parsed_uuid
from aarhus_los.sandbox.mo_kinds import CLASS, DETAILS
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.mo_writes import Asked, Write
from aarhus_los.sandbox.moments import BEGINNING, FOREVER

OTHERS: Final = frozenset({"association", "role", "kle", "owner", "leave", "related_unit", "rolebinding"})
"""Kinds of MO that the importer never writes."""

_TERMINABLE: Final = (
    "address",
    "association",
    "engagement",
    "org_unit",
    "manager",
    "it",
    "role",
    "kle",
    "owner",
)


def create(store: MoStore, body: Any, force: bool) -> Any:
    """`POST /service/details/create`; answers the uuid, or a list of them."""
    return _write_all(store, body, force, prepare_create)


def edit(store: MoStore, body: Any, force: bool) -> Any:
    """`POST /service/details/edit`: of an object that MO does not have, null or an error, as the kind will have it."""
    return _write_all(store, body, force, prepare_edit)


def terminate(store: MoStore, body: Any) -> Any:
    """`POST /service/details/terminate`. Nothing cascades."""
    for item in _items(body):
        if item.get("type") not in _TERMINABLE:
            raise _not_terminable(item)
        if parsed_uuid(item.get("uuid")) is None:
            raise MoError(400, "E_INVALID_INPUT", "Invalid input.", request=item)
    return _write_all(store, body, False, prepare_terminate)


def put_class(store: MoStore, facet: str, body: Any) -> str:
    """`POST /service/f/{uuid or user key of a facet}/`: creates a class without start and end, or overwrites it."""
    if not isinstance(body, dict):
        raise MoError(400, "E_INVALID_INPUT", "Invalid input.", request=body)
    for key in ("user_key", "name"):
        if not isinstance(body.get(key), str):
            raise missing(key, body)
    try:
        uuid = str(UUID(body["uuid"])) if body.get("uuid") else str(uuid4())
    except (AttributeError, TypeError, ValueError):
        raise MoError(400, "E_INVALID_UUID", "Invalid uuid for 'uuid'", obj=body) from None
    with store.transaction():
        fields = {
            "facet_uuid": _facet(store, facet),
            "user_key": body["user_key"],
            "name": body["name"],
            "scope": body.get("scope"),
        }
        store.create(CLASS.name, uuid, BEGINNING, FOREVER, fields)
    return uuid


def organisations(store: MoStore) -> list[dict[str, Any]]:
    """`GET /service/o/`: the root organisation, alone."""
    return [{"name": "root", "user_key": "root", "uuid": store.organisation}]


def organisation(store: MoStore, uuid: str) -> dict[str, Any]:
    """`GET /service/o/{uuid}/`: how much MO holds that is valid today. One broken unit makes it fail."""
    if uuid != store.organisation:
        raise MoError(404, "E_ORG_NOT_FOUND", "Organisation not found.", org_uuid=uuid)
    with store.transaction():
        day = store.clock()
        counts = {
            f"{shown}_count": sum(bool(store.active(kind, each, day, day)) for each in store.uuids(kind))
            for shown, kind in (
                ("unit", "org_unit"),
                ("person", "employee"),
                ("engagement", "engagement"),
                ("manager", "manager"),
            )
        }
        if any(_broken(store, each) for each in store.uuids("org_unit")):
            raise unforeseen()
    return {**organisations(store)[0], **counts, "association_count": 0, "leave_count": 0, "role_count": 0}


def _items(body: Any) -> list[Item]:
    items = body if isinstance(body, list) else [body]
    if not all(isinstance(item, dict) for item in items):
        raise MoError(400, "E_INVALID_INPUT", "Invalid input.", request=body)
    return items


def _write_all(
    store: MoStore, body: Any, force: bool, prepare: Callable[[Asked, Item], Write]
) -> str | list[str | None] | None:
    """All items are prepared on what MO holds before any of them, then written in order: all of them, or none."""
    items = _items(body)
    _check_kinds(items)
    with store.transaction():
        writes = [prepare(Asked(store, force), item) for item in items]
        uuids = [write.submit(store) for write in writes]
    return uuids if isinstance(body, list) else uuids[0]


def _check_kinds(items: list[Item]) -> None:
    if any(item.get("details") for item in items):
        raise NotModelledError("details within an item: the importer sends them as items of their own")
    kinds: set[Any] = {item.get("type") for item in items}
    if not kinds <= DETAILS | OTHERS:
        unknown = sorted(kinds - DETAILS - OTHERS, key=str)
        raise MoError(400, "E_UNKNOWN_ROLE_TYPE", "Unknown role type.", types=unknown)
    if not kinds <= DETAILS:
        raise NotModelledError(f"{', '.join(sorted(kinds - DETAILS))}: the importer does not write it")


def _not_terminable(item: Item) -> MoError:
    permitted = ", ".join(repr(kind) for kind in _TERMINABLE)
    return MoError(
        400,
        "E_INVALID_INPUT",
        "Invalid input.",
        request=item,
        errors=[
            {"loc": ["body"], "msg": "value is not a valid list", "type": "type_error.list"},
            {
                "loc": ["body", "type"],
                "msg": f"unexpected value; permitted: {permitted}",
                "type": "value_error.const",
                "ctx": {"given": item.get("type"), "permitted": list(_TERMINABLE)},
            },
        ],
    )


def _facet(store: MoStore, key: str) -> str:
    for uuid in store.uuids("facet"):
        spans = store.active("facet", uuid, BEGINNING, FOREVER)
        if spans and (uuid == key or spans[0].fields["user_key"] == key):
            return uuid
    raise not_found()


def _broken(store: MoStore, uuid: str) -> bool:
    """Whether a unit makes MO's reads fail: no name, a start that it cannot show, or a cycle above it today."""
    spans = store.history("org_unit", uuid) or []
    if any(span.start == BEGINNING or not span.fields.get("name") for span in spans):
        return True
    day = store.clock()
    passed: set[str] = set()
    above: str | None = uuid
    while above is not None and above != store.organisation:
        if above in passed:
            return True
        passed.add(above)
        today = store.active("org_unit", above, day, day)
        above = today[0].fields.get("parent") if today else None
    return False
