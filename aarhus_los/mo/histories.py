"""What a GraphQL answer says of objects, checked piece by piece: an answer of MO is never trusted to have its shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from operator import attrgetter
from sys import intern
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from aarhus_los.errors import UnavailableError
from aarhus_los.mo.answers import NotShown
from aarhus_los.mo.model import KINDS, History, Kind, Value
from aarhus_los.timeline import BEGINNING, FOREVER, Piece, day_before, merge
from aarhus_los.uuids import WRITTEN

EXCLUSIVE_SINCE: Final = 29
"""The version of GraphQL from which on the `to` of a validity is the day after the last."""
_PLAIN: Final = re.compile(WRITTEN)
"""A uuid as it is kept."""


class Page(Struct, frozen=True):
    """A part of what a query lists, and where the next page begins."""

    objects: dict[str, tuple[Piece[Value], ...]]
    """The objects that have a validity: a uuid's validities in order, not merged."""
    beside: dict[str, tuple[Piece[Value], ...]]
    """Of org units: their marks, likewise."""
    listed: frozenset[str]
    """All uuids."""
    cursor: Any


def misunderstood(path: str) -> NotShown:
    """An answer that is not as it must be. The path names the field; its value may be a secret and is not reported."""
    text = f"MO's answer is not understood: {path}"
    question = "Is graphql_version right, and is it MO that answers?"
    return NotShown(text, UnavailableError(f"{text}. {question}"))


def histories(objects: Mapping[str, tuple[Piece[Value], ...]]) -> dict[str, History]:
    """The objects of a page with their histories: neighbours with equal values are one piece."""
    return {uuid: merge(pieces) for uuid, pieces in objects.items()}


def read_page(
    data: Mapping[str, Any],
    kind: Kind,
    graphql_version: int,
    *,
    paged: bool = False,
    only_uuids: bool = False,
) -> Page:
    """What a query of a kind's collection answered, which asked for a page (`paged`), or for nothing but the uuids.

    Raises `NotShown` where it is not understood.
    """
    spec = KINDS[kind]
    listed = _take(data, spec.collection, dict, spec.collection)
    cursor = None
    if paged:
        page_info = listed.get("page_info")
        if not isinstance(page_info, dict) or "next_cursor" not in page_info:
            raise misunderstood(f"{spec.collection}.page_info.next_cursor")
        cursor = page_info["next_cursor"]
    shown: dict[Kind, dict[str, tuple[Piece[Value], ...]]] = {kind: {}}
    if spec.beside is not None:
        shown[spec.beside] = {}
    exclusive = graphql_version >= EXCLUSIVE_SINCE
    uuids: list[str] = []
    for uuid, entry in _entries(listed, spec.collection):
        uuids.append(uuid)
        if only_uuids:
            continue
        path = f"{spec.collection} {uuid}: validities"
        validities = _take(entry, "validities", list, path)
        for of, objects in shown.items():
            pieces = _pieces(validities, of, path, exclusive)
            if len(pieces) > 1:
                pieces.sort(key=attrgetter("start"))
                if any(later.start <= earlier.end for earlier, later in pairwise(pieces)):
                    raise misunderstood(f"{path} that overlap")
            if pieces:
                objects[uuid] = tuple(pieces)
    beside = {} if spec.beside is None else shown[spec.beside]
    return Page(shown[kind], beside, frozenset(uuids), cursor)


def _entries(listed: Mapping[str, Any], collection: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    path = f"{collection}.objects"
    for entry in _take(listed, "objects", list, path):
        uuid = _take(entry, "uuid", str, f"{path}.uuid")
        try:
            yield intern(uuid if _PLAIN.fullmatch(uuid) else str(UUID(uuid))), entry
        except ValueError:
            raise misunderstood(f"{path}.uuid") from None


def _pieces(validities: list[Any], kind: Kind, path: str, exclusive: bool) -> list[Piece[Value]]:
    pieces: list[Piece[Value]] = []
    for read in validities:
        validity = _take(read, "validity", dict, f"{path}.validity")
        if kind is Kind.MARK and read.get("org_unit_hierarchy", "") is None:
            continue
        start = _day(validity, "from", path) or BEGINNING
        last = _day(validity, "to", path)
        end = FOREVER if last is None else day_before(last) if exclusive else last
        if end >= start:  # MO may show a validity of no day: it says nothing
            pieces.append(Piece(start, end, _value(read, kind, path)))
    return pieces


def _value(read: Mapping[str, Any], kind: Kind, path: str) -> Value:
    """The value that MO shows of a validity."""
    spec = KINDS[kind]
    values: list[Any] = []
    for _, never_null, several, in_mo in spec.fields:
        name, parse = in_mo.graphql, in_mo.parse
        found = read.get(name, read)  # a field that is missing is of no good type either
        if type(found) is str and not several:
            if in_mo.to is not None:
                found = intern(found)  # the same few objects are referred to again and again
        elif found is None:
            if never_null and parse is None:
                raise misunderstood(f"{path}.{name}")
        elif not (several and isinstance(found, list) and all(isinstance(each, str) for each in found)):
            raise misunderstood(f"{path}.{name}")
        if parse is not None:
            try:
                found = parse(found)
            except (ValueError, TypeError):
                raise misunderstood(path) from None
        values.append(found)
    value: Value = spec.of(*values)
    return value


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
