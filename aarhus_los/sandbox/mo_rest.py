"""The REST interface of the stand-in MO, below `/service`: details, classes, and the organisation with its counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from aarhus_los.sandbox.mo_checks import check_create, check_edit
from aarhus_los.sandbox.mo_errors import (
    MoError,
    NotModelledError,
    missing,
    not_found,
    unforeseen,
    unit_not_found,
)
from aarhus_los.sandbox.mo_kinds import (
    ADDRESS,
    CLASS,
    DETAILS,
    EMPLOYEE,
    IT,
    KINDS,
    MANAGER,
    ORG_UNIT,
    PUBLISHED,
    Kind,
)
from aarhus_los.sandbox.mo_payload import Item, Write, read_create, read_edit, read_terminate
from aarhus_los.sandbox.mo_store import MoStore
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
    """`POST /service/details/create`: all items are checked, then written in order; answers the uuid, or a list of them."""
    items = _items(body)
    _check_kinds(items)
    with store.transaction():
        writes = [read_create(KINDS[item["type"]], item) for item in items]
        for write in writes:
            if write.source.get("details"):
                raise NotModelledError("details below an object are not modelled")
            check_create(store, write, force)
        for write in writes:
            _check_days(write)
            if write.kind is ORG_UNIT:
                if write.fields.get("org_unit_type") is None:
                    raise unforeseen()
                _hang(store, write)
            store.create(write.kind.name, write.uuid, write.start, write.end, write.fields)
    return _answer(body, [write.uuid for write in writes])


def edit(store: MoStore, body: Any, force: bool) -> Any:
    """`POST /service/details/edit`: of an object that MO does not have, null or an error, as the kind will have it."""
    items = _items(body)
    _check_kinds(items)
    with store.transaction():
        writes = [_edit(store, KINDS[item["type"]], item, force) for item in items]
        for write in filter(None, writes):
            _check_days(write)
            _hang(store, write)
            store.edit(write.kind.name, write.uuid, write.start, write.end, write.fields)
    return _answer(body, [None if write is None else write.uuid for write in writes])


def terminate(store: MoStore, body: Any) -> Any:
    """`POST /service/details/terminate`. Nothing cascades, and terminating what has ended changes nothing."""
    answers: list[str | None] = []
    with store.transaction():
        for item in _items(body):
            if item.get("type") not in _TERMINABLE:
                raise _not_terminable(item)
            _check_kinds([item])
            write = read_terminate(KINDS[item["type"]], item)
            known = store.history(write.kind.name, write.uuid) is not None
            if known:
                _check_days(write)
                store.terminate(write.kind.name, write.uuid, write.start, write.end)
            elif write.kind is not ORG_UNIT:
                raise not_found(uuid=write.uuid, original=None)
            answers.append(write.uuid if known else None)
    return _answer(body, answers)


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
            "published": PUBLISHED,
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


def _answer(body: Any, uuids: Sequence[str | None]) -> Any:
    return list(uuids) if isinstance(body, list) else uuids[0]


def _check_kinds(items: list[Item]) -> None:
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


def _edit(store: MoStore, kind: Kind, item: Item, force: bool) -> Write | None:
    write = read_edit(kind, item)
    history = store.history(kind.name, write.uuid)
    if history is None:
        if (refuse := _MISSING.get(kind.name)) is not None:
            raise refuse(write)
        if not write.fields.keys() & kind.references and kind is not EMPLOYEE:
            raise MoError(400, "E_INVALID_INPUT", 'invalid input syntax for type uuid: "None"')
        return None
    check_edit(store, write, force)
    for field in kind.carried - write.fields.keys():
        write.fields[field] = history[-1].fields.get(field)
    return write


_MISSING: Final[dict[str, Callable[[Write], MoError]]] = {
    ORG_UNIT.name: lambda write: unit_not_found(write.uuid),
    ADDRESS.name: lambda write: not_found(),
    IT.name: lambda write: not_found(),
    MANAGER.name: lambda write: unforeseen("list index out of range"),
}
"""What an edit of an object that MO does not have is answered; of a person or an engagement nothing is said, mostly."""


def _check_days(write: Write) -> None:
    """An empty validity is found by MO's database only, when the object is written."""
    if write.end < write.start:
        raise unforeseen()


def _hang(store: MoStore, write: Write) -> None:
    """A unit below the organisation reads back without a parent, however it was hung there."""
    if write.kind is ORG_UNIT and write.fields.get("parent") == store.organisation:
        write.fields["parent"] = None


def _facet(store: MoStore, key: str) -> str:
    for uuid in store.uuids("facet"):
        spans = store.active("facet", uuid, BEGINNING, FOREVER)
        if spans and (uuid == key or spans[0].fields["user_key"] == key):
            return uuid
    raise not_found()


def _broken(store: MoStore, uuid: str) -> bool:
    """Whether a unit makes MO's reads fail: no name, a start that it cannot show, or a cycle above it today."""
    spans = store.active("org_unit", uuid, BEGINNING, FOREVER)
    if any(span.start == BEGINNING or not span.fields.get("name") for span in spans):
        return True
    day = store.clock()
    passed: set[str] = set()
    above: str | None = uuid
    while above is not None:
        if above in passed:
            return True
        passed.add(above)
        today = store.active("org_unit", above, day, day)
        above = today[0].fields.get("parent") if today else None
    return False
