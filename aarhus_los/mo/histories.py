"""What a GraphQL answer says of objects, checked piece by piece: an answer of MO is never trusted to have its shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from aarhus_los.errors import UnavailableError
from aarhus_los.mo.kinds import KINDS, History, Kind, Value
from aarhus_los.timeline import BEGINNING, FOREVER, Piece, day_before, merge

EXCLUSIVE_SINCE: Final = 29
"""The version of GraphQL from which on the `to` of a validity is the day after the last."""

@dataclass(frozen=True, slots=True)
class Page:
    """A part of what a query lists: objects that have a validity, and where the next page begins."""

    objects: dict[str, tuple[Piece[Value], ...]]
    """A uuid's validities in order, not merged."""
    beside: dict[str, tuple[Piece[Value], ...]]
    """Of org units: their marks, likewise."""
    cursor: Any


def misunderstood(path: str) -> UnavailableError:
    """An answer that is not as it must be. The path names the field; its value may be a secret and is not told."""
    return UnavailableError(
        f"MO's answer is not understood: {path}. Is graphql_version right, and is it MO that answers?"
    )


def histories(objects: Mapping[str, tuple[Piece[Value], ...]]) -> dict[str, History]:
    """The objects of a page with their histories: neighbours with equal values are one piece."""
    return {uuid: merge(pieces) for uuid, pieces in objects.items()}


def read_page(data: Mapping[str, Any], kind: Kind, graphql_version: int) -> Page:
    """What a query of a kind's collection answered. Raises `UnavailableError` where it is not understood."""
    spec = KINDS[kind]
    listed = _take(data, spec.collection, dict, spec.collection)
    page_info = listed.get("page_info") or {}
    if not isinstance(page_info, dict):
        raise misunderstood(f"{spec.collection}.page_info")
    page = Page({}, {}, page_info.get("next_cursor"))
    exclusive = graphql_version >= EXCLUSIVE_SINCE
    for uuid, entry in _entries(listed, spec.collection):
        path = f"{spec.collection} {uuid}: validities"
        validities = _take(entry, "validities", list, path)
        for of, objects in ((kind, page.objects), (spec.beside, page.beside)):
            pieces = [] if of is None else sorted(_pieces(validities, of, path, exclusive), key=_start)
            if any(later.start <= earlier.end for earlier, later in pairwise(pieces)):
                raise misunderstood(f"{path} that overlap")
            if pieces:
                objects[uuid] = tuple(pieces)
    return page


def _start(piece: Piece[Value]) -> date:
    return piece.start


def read_uuids(data: Mapping[str, Any], kind: Kind) -> list[str]:
    """The uuids of a collection that was asked for nothing else."""
    collection = KINDS[kind].collection
    return [uuid for uuid, _ in _entries(_take(data, collection, dict, collection), collection)]


def _entries(listed: Mapping[str, Any], collection: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    path = f"{collection}.objects"
    for entry in _take(listed, "objects", list, path):
        uuid = _take(entry, "uuid", str, f"{path}.uuid")
        try:
            yield str(UUID(uuid)), entry
        except ValueError:
            raise misunderstood(f"{path}.uuid") from None


def _pieces(validities: list[Any], kind: Kind, path: str, exclusive: bool) -> Iterator[Piece[Value]]:
    for read in validities:
        if kind is Kind.MARK and read.get("org_unit_hierarchy") is None:
            continue
        validity = _take(read, "validity", dict, f"{path}.validity")
        start = _day(validity, "from", path) or BEGINNING
        last = _day(validity, "to", path)
        end = FOREVER if last is None else day_before(last) if exclusive else last
        if end >= start:  # MO may show a validity of no day: it says nothing
            yield Piece(start, end, _value(read, kind, path))


def _value(read: Mapping[str, Any], kind: Kind, path: str) -> Value:
    spec = KINDS[kind]
    for each in spec.fields:
        name = each.in_mo.graphql
        if name not in read or not _plain(read[name], several=name.endswith("_uuids")):
            raise misunderstood(f"{path}.{name}")
        if each.never_null and each.in_mo.parse is None and read[name] is None:
            raise misunderstood(f"{path}.{name}")
    try:
        return spec.parse(read)
    except (ValueError, TypeError, LookupError, AttributeError):
        raise misunderstood(path) from None


def _plain(value: Any, *, several: bool) -> bool:
    if several and isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return value is None or isinstance(value, str)


def _day(validity: Mapping[str, Any], name: str, path: str) -> date | None:
    """A date as it is written: by way of UTC it could become another day. Null is no limit."""
    if name not in validity:
        raise misunderstood(f"{path}.validity.{name}")
    text = validity[name]
    if text is None:
        return None
    try:
        return date.fromisoformat(text[:10])
    except (ValueError, TypeError):
        raise misunderstood(f"{path}.validity.{name}") from None


def _take(value: Any, name: str, kind: type, path: str) -> Any:
    taken = value.get(name) if isinstance(value, dict) else None
    if not isinstance(taken, kind):
        raise misunderstood(path)
    return taken
