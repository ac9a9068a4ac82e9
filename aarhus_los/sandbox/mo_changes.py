"""What MO asks of its database for a create, an edit or a terminate: rows, by track; pure.

An edit is worked out on what MO has read of the object before it, and only then written. So of two edits of one object
that MO reads for at the same time, the second may bring back what the first has taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from aarhus_los.sandbox.mo_kinds import ORG_UNIT, Field, Kind, Merging, Part
from aarhus_los.sandbox.mo_rows import Row, Rows, Tracks, without

Change = dict[str, list[Row]]
"""Rows that are written, by the name of their track. A track that is not in it stays as it is."""
Fields = Mapping[str, Any]
"""Values by the name of their payload field, references as plain uuids."""

NOBODY: Final = object()
"""The value of a reference that is taken away."""


def created(kind: Kind, start: date, end: date, fields: Fields) -> Change:
    """An object that is there from `start` until `end`. What has no value gets no row."""
    change: Change = {}
    for part, ours in kind.filled:
        if rows := _given(kind, part, ours, start, end, fields):
            change.setdefault(part.track.name, []).extend(rows)
    return change


def edited(kind: Kind, before: Tracks, start: date, end: date, fields: Fields) -> Change:
    """Makes an object there from `start` until `end`, with the fields that are given; `before` are its rows as listed."""
    change: Change = {}
    for part, ours in kind.filled:
        known = read(before, part)
        if kind is ORG_UNIT and part.track.columns:
            fields = {**_last(part, known, start, end), **fields}
        rows = [] if part.fixed else _given(kind, part, ours, start, end, fields)
        if rows and part.single:
            rows += without(known, [Row(start, end, None)])
        elif not rows and part.widened:
            rows = _widened(part, known, start, end)
        if rows:
            change.setdefault(part.track.name, []).extend(rows)
    return change


def terminated(kind: Kind, start: date, end: date) -> Change:
    """Takes an object away from `start` until `end`; its other rows stay."""
    return {kind.state.name: [Row(start, end, kind.gone)]}


def read(before: Tracks, part: Part) -> Rows:
    """The rows of a part."""
    rows = before.get(part.track.name, ())
    return rows if part.role is None else tuple([row for row in rows if row.role == part.role])


def _given(
    kind: Kind, part: Part, ours: tuple[Field, ...], start: date, end: date, fields: Fields
) -> list[Row]:
    if part is kind.parts[0]:
        return [Row(start, end, fields.get("published") or kind.there)]
    if columns := part.track.columns:
        values = {field.name: fields[field.name] for field in ours if fields.get(field.name) is not None}
        return [Row(start, end, tuple(map(values.get, columns)))] if values else []
    targets: list[Any] = []
    for field in ours:
        value = fields.get(field.name)
        targets += (value or ()) if field.several else [] if value is None else [value]
    targets = [None if target is NOBODY else target for target in targets]
    return [Row(start, end, target if part.role is None else (target, part.role)) for target in targets]


def _last(part: Part, known: Rows, start: date, end: date) -> dict[str, Any]:
    """Of a unit's names, those which MO takes for the present ones: the last that it lists of the window."""
    rows = [row for row in known if row.start <= end and row.end > start]
    if not rows:
        return {}
    assert isinstance(rows[-1].value, tuple)
    return dict(zip(part.track.columns, rows[-1].value, strict=True))


def _widened(part: Part, known: Rows, start: date, end: date) -> list[Row]:
    """Spreads the first row to the start and the last to the end of the window, where they do not reach so far."""
    if part.track.merging is Merging.MANY and not part.single:
        return list(known)
    rows = sorted(known, key=lambda row: row.start)
    if not rows or (rows[0].start <= start and rows[-1].end >= end):
        return []
    first = rows[0]
    moved = [0] if start < first.start else []
    rows[0] = Row(min(start, first.start), first.end, first.value)
    last = rows[-1]
    if last.end < end:
        rows[-1] = Row(last.start, end, last.value)
        moved.append(len(rows) - 1)
    return rows if part.single else [rows[number] for number in sorted(set(moved))]
