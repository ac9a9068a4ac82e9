"""How MO's database keeps an object: a registration for each time that it was written, none of which is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from aarhus_los.sandbox.mo_changes import Change
from aarhus_los.sandbox.mo_errors import unforeseen
from aarhus_los.sandbox.mo_kinds import Kind, Merging, Track
from aarhus_los.sandbox.mo_listing import listed
from aarhus_los.sandbox.mo_rows import Row, Rows, Tracks, in_order, without
from aarhus_los.sandbox.mo_shown import Span, spans, validities


@dataclass(frozen=True)
class Registration:
    """What was written at a time, and holds until the object's next one begins."""

    kind: Kind
    number: int
    start: datetime
    tracks: Tracks
    imported: bool
    """Whether it is the first: a create of an object that is there already counts as a correction."""

    @cached_property
    def spans(self) -> list[Span]:
        """All days, as readers see them."""
        return spans(self.kind, self.listed())

    @cached_property
    def validities(self) -> list[dict[str, Any]]:
        """The same as `/sandbox/state` shows them; not to be changed."""
        return validities(self.kind, self.spans)

    def listed(self) -> Tracks:
        """All rows, as an edit goes by them."""
        return listed(self.kind, self.tracks)


Registrations = tuple[Registration, ...]
"""Those of an object, oldest first."""


def new(change: Change) -> Tracks:
    """The rows of an object that is created, or made anew."""
    return {name: in_order(rows) for name, rows in change.items() if rows}


def updated(kind: Kind, before: Tracks, change: Change) -> Tracks:
    """The rows of an object after a change."""
    after = dict(before)
    for name, rows in change.items():
        if rows:
            after[name] = in_order(_merged(kind.tracks[name], before.get(name, ()), rows))
    return after


def changes_nothing(before: Registration, after: Tracks) -> bool:
    """Whether the database finds a write empty: each of its rows is there already, with the same days and value."""
    return not before.imported and before.tracks == after


def at(registrations: Registrations, moment: datetime | None) -> Registration | None:
    """The registration that holds at a moment, from its very start on; without a moment, the present one."""
    if moment is None:
        return registrations[-1]
    return next((each for each in reversed(registrations) if each.start <= moment), None)


def _merged(track: Track, before: Rows, rows: Sequence[Row]) -> list[Row]:
    if track.merging is Merging.MANY:
        return list(rows)
    if track.merging is Merging.COLUMNS:
        rows = _filled_in(track, before, rows)
    return [*rows, *without(before, rows)]


def _filled_in(track: Track, before: Rows, rows: Sequence[Row]) -> list[Row]:
    """A row that leaves out a column is split along the old rows, and gets the column from each."""
    filled: list[Row] = []
    for row in rows:
        if not track.sparse and None not in row.value:
            filled.append(row)
            continue
        for old in before:
            if row.overlaps(old.start, old.end):
                value = tuple(
                    theirs if ours is None else ours
                    for ours, theirs in zip(row.value, old.value, strict=True)
                )
                filled.append(Row(max(row.start, old.start), min(row.end, old.end), value))
        rest = without([row], filled)
        if rest and not track.sparse:  # a defect of MO's database (measured)
            raise unforeseen("INSERT has more expressions than target columns")
        filled += rest
    return filled
