"""What readers see of the rows of an object: spans of days on which nothing changes; pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from aarhus_los.sandbox.mo_changes import read
from aarhus_los.sandbox.mo_kinds import EMPLOYEE, MANAGER, Field, Kind, Shown, full_name
from aarhus_los.sandbox.mo_rows import Row, Rows, Tracks, joined
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, day_after, iso, last_before


@dataclass(frozen=True, slots=True)
class Span:
    """The fields of an object from `start` to `end`, both inclusive. A field without a value is not in it."""

    start: date
    end: date
    fields: Mapping[str, Any]


def spans(kind: Kind, listed: Tracks, start: date = BEGINNING, end: date = FOREVER) -> list[Span]:
    """The spans of an object that have a day before `end` and not before `start`, each whole, in order.

    A new one begins where a row begins or ends, even if the values are those of its neighbour.
    """
    near = {name: rows if whole(start, end) else _during(rows, start, end) for name, rows in listed.items()}
    splitting = [row for name, rows in near.items() if kind.tracks[name].splits for row in rows]
    cuts = sorted({day for row in splitting for day in (row.start, row.end)})
    found: list[Span] = []
    for first, last in itertools.pairwise(cuts):
        if end <= first or last <= start:
            continue
        now = {name: _during(rows, first, last) for name, rows in near.items()}
        if any(row.value == kind.there for row in now.get(kind.state.name, ())):
            fields = {field.name: value for field in kind.fields if (value := _value(field, now)) is not None}
            found.append(Span(first, last_before(last), fields))
    return found


def whole(start: date, end: date) -> bool:
    """Whether a window is all days."""
    return start == BEGINNING and end == FOREVER


def is_there(kind: Kind, tracks: Tracks, start: date, end: date) -> bool:
    """Whether an object is there on a day before `end` and not before `start`."""
    states = tracks.get(kind.state.name, ())
    return any(row.value == kind.there and row.overlaps(start, end) for row in states)


def runs(kind: Kind, tracks: Tracks) -> list[tuple[date, date]]:
    """The unbroken runs of days on which an object is there, each until the day that is no longer part of it."""
    return [
        (row.start, row.end) for row in joined(tracks.get(kind.state.name, ())) if row.value == kind.there
    ]


def has(field: Field, tracks: Tracks, values: frozenset[Any], start: date, end: date) -> bool:
    """Whether a row of a field has one of the values on a day before `end` and not before `start`."""
    rows = (row for row in read(tracks, field.part) if row.overlaps(start, end))
    return any(_of(field, row) in values for row in rows)


def validities(kind: Kind, found: Iterable[Span]) -> list[dict[str, Any]]:
    """Spans as `/sandbox/state` shows them: fields that it always shows, equal neighbours joined."""
    result: list[tuple[date, date, dict[str, Any]]] = []
    for span in found:
        fields = _state_fields(kind, span.fields)
        if result and day_after(result[-1][1]) == span.start and result[-1][2] == fields:
            result[-1] = (result[-1][0], span.end, fields)
        else:
            result.append((span.start, span.end, fields))
    return [{"from": iso(start), "to": iso(end), **fields} for start, end, fields in result]


def _state_fields(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    values = {each.name: fields.get(each.name) for each in kind.fields if each.shown is Shown.ALWAYS}
    values |= {
        each.name: fields[each.name]
        for each in kind.fields
        if each.shown is Shown.WITH_A_VALUE and each.name in fields
    }
    if kind is EMPLOYEE:
        values |= {name: fields.get(name) or "" for name in ("givenname", "surname")}
        values["name"] = full_name(fields)
    if kind is MANAGER:
        values["responsibility"] = sorted(fields.get("responsibility") or ())
    return values


def _during(rows: Rows, start: date, end: date) -> Rows:
    return tuple([row for row in rows if row.start < end and start < row.end])


def _value(field: Field, now: Tracks) -> Any:
    rows = read(now, field.part)
    if field.several:
        return tuple(_of(field, row) for row in rows)
    values = [_of(field, row) for row in rows]
    return next((value for value in values if value), values[0] if values else None)


def _of(field: Field, row: Row) -> Any:
    return row.target if field.column is None else row.value[field.column]
