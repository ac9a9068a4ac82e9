"""Folding: the files about a unit or an engagement make claims on its objects one after the other; the last word wins.

Every rule that asks what is known (is it there, is it valid on a day, was it announced) asks the *base*: what MO said before
any of these files, overlaid with the claims of the files folded so far.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct, field

from aarhus_los.desired.claims import Actual
from aarhus_los.desired.lines import FileLines
from aarhus_los.drop.rows import RowRef
from aarhus_los.mo.model import History, Object, Value
from aarhus_los.timeline import (
    BEGINNING,
    FOREVER,
    NOTHING,
    UNCLAIMED,
    Layers,
    Nothing,
    Piece,
    Statement,
    Timeline,
    Unclaimed,
    cut,
    day_after,
    day_before,
    is_there,
    last_day,
    merge,
    overlay_statements,
    valid,
    value_at,
)

ValueOf = Callable[[Any], Value | Nothing | Unclaimed]
"""What a row states of an object on its days."""

Completed = Callable[[History, Sequence[Piece[Value]]], History]
"""A claim, with what it leaves to what is known filled in."""


class Claims(Struct):
    """The objects of a subject while its files are folded, and what is to be reported of that."""

    base: Mapping[Object, History]
    spared: list[tuple[RowRef, date]] = field(default_factory=list)
    """Rows that claim to their end only, since a change is announced for the day after."""
    unknown: list[RowRef] = field(default_factory=list)
    """Rows that end what nobody knows."""
    _claimed: dict[Object, Layers[Value]] = field(default_factory=dict)
    _known: dict[Object, Layers[Value]] = field(default_factory=dict)

    def known(self, key: Object) -> Sequence[Piece[Value]]:
        """The base, overlaid with what was claimed so far. Neighbours may have equal values."""
        found = self._known.get(key)
        return self.base.get(key, ()) if found is None else found.pieces

    def add(self, key: Object, claim: History) -> None:
        """A file's claim on an object."""
        if not claim:
            return
        claimed = self._claimed.get(key)
        if claimed is None:
            claimed = self._claimed[key] = Layers(claim)
            base = self.base.get(key)
            # Where the base has nothing, what is known is what was claimed.
            self._known[key] = Layers(base) if base else claimed
        else:
            claimed.overlay(claim)
        known = self._known[key]
        if known is not claimed:
            known.overlay(claim)

    def claimed(self, key: Object) -> History:
        """What all files together claim of an object."""
        found = self._claimed.get(key)
        return () if found is None else found.merged()

    def all_claimed(self) -> dict[Object, History]:
        """Of every object that is claimed."""
        return {key: layers.merged() for key, layers in self._claimed.items()}


def base_of(objects: Iterable[Object], base: Actual) -> dict[Object, History]:
    """Those of the objects that the base has."""
    return {(kind, uuid): found for kind, uuid in objects if (found := base.get(kind, {}).get(uuid))}


def fold(
    lines: Sequence[FileLines],
    values: Mapping[Object, ValueOf],
    base: Mapping[Object, History],
    set_aside: Collection[RowRef],
    completed: Completed = lambda claim, known: claim,
) -> Claims:
    """Folds the files about a unit with its addresses, or about an engagement: the first of the objects of `values`.

    `completed` fills what a claim on it leaves to what is known. What each file claims of it is noted in its lines.
    """
    lead = next(iter(values))
    claims = Claims(base)
    for each in lines:
        if each.file.name.kind == "luk":
            each.claim = end_at_file_date(each, lead, claims, set_aside)
            each.first = each.claim[0].start if each.claim else None
            claims.unknown += () if each.claim else (row.ref for row in each.valid(set_aside))
        else:
            each.claim = _claim(each, values, claims, set_aside, completed)
        each.last = last_day(claims.known(lead))
    return claims


def end_at_file_date(each: FileLines, key: Object, claims: Claims, set_aside: Collection[RowRef]) -> History:
    """What a luk file claims: the last day is the file date. Nothing where there is nothing to end."""
    refs = tuple(row.ref for row in each.valid(set_aside))
    if not refs or not is_there(claims.known(key)):  # what begins later only ends before it has begun
        return ()
    claim: History = (Piece(day_after(each.file.name.file_date), FOREVER, NOTHING, refs),)
    claims.add(key, claim)
    return claim


def _claim(
    each: FileLines,
    values: Mapping[Object, ValueOf],
    claims: Claims,
    set_aside: Collection[RowRef],
    completed: Completed,
) -> History:
    """Adds what a file that is no luk claims of all objects, and notes its first day. Returns its claim on the first."""
    each.first = None
    valid = each.valid(set_aside)
    if not valid:
        return ()
    lead, day = next(iter(values)), each.file.name.file_date
    first = each.first = first_day(each, claims.known(lead))
    rows = stated(each, first, set_aside)
    of_file = {key: _claim_on(rows, value_of) for key, value_of in values.items()}
    of_file[lead] = completed(of_file[lead], claims.known(lead))
    for gap in of_file[lead]:
        # The day before a gap that does not begin with the claim is the last of a row.
        ends_a_row = gap.value is NOTHING and gap.start not in (first, BEGINNING)
        if ends_a_row and gap.start > day and _announced(gap.start, lead, claims, values):
            of_file = {key: cut(claim, gap.start, gap.end) for key, claim in of_file.items()}
            last = max(valid, key=lambda row: (row.end, row.ref.line))
            claims.spared.append((last.ref, gap.start))
    for key, claim in of_file.items():
        claims.add(key, claim)
    return of_file[lead]


def first_day(each: FileLines, known: Sequence[Piece[Value]]) -> date:
    """The first day that a file claims of a unit or an engagement, of which `known` is known."""
    spans = [(row.start, row.end) for row in each.rows]
    spans += [reject.days for reject in each.rejects if reject.days is not None]
    starts: date = min(start for start, _ in spans)
    day = each.file.name.file_date
    if each.file.name.kind != "ret" or not is_there(known):
        return starts
    if any(start <= day <= end for start, end in spans):
        return day
    ended = [end for _, end in spans if end < day]
    if ended:
        return day_after(max(ended))
    return starts if valid(known, day) else day


def stated(each: FileLines, first: date, set_aside: Collection[RowRef]) -> Timeline[Any]:
    """The row that states each day from `first` on, or `NOTHING`; the days of a row that fails are unclaimed."""
    statements: list[Statement[Any]] = [
        Statement(max(start, first), end, UNCLAIMED, reject.order)
        for reject in each.rejects
        if reject.days is not None
        for start, end in [reject.days]
    ]
    last: tuple[date, int, tuple[RowRef, ...]] = (BEGINNING, 0, ())
    for row in each.rows:
        start = max(row.start, first)
        if row.ref in set_aside:
            statements.append(Statement(start, row.end, UNCLAIMED, row.order))
            continue
        origin = (row.ref,)
        last = max(last, (row.end, row.ref.line, origin))
        if not row.states_nothing:
            statements.append(Statement(start, row.end, row, row.order, origin))
    statements.append(Statement(first, FOREVER, NOTHING, (BEGINNING, 0), last[2]))
    return overlay_statements(statements)


def _claim_on(rows: Timeline[Any], value_of: ValueOf) -> History:
    """What the rows state of an object, day by day, else that it is not there."""
    pieces: list[Piece[Value]] = []
    for piece in rows:
        if piece.value is NOTHING:
            pieces.append(piece)
        elif (value := value_of(piece.value)) is not UNCLAIMED:
            pieces.append(Piece(piece.start, piece.end, value, piece.origin))
    return merge(pieces)


def _announced(day: date, lead: Object, claims: Claims, objects: Iterable[Object]) -> bool:
    """Whether a validity of one of the objects begins on a day, while the first of them is there."""
    return valid(claims.known(lead), day) and any(
        value_at(claims.known(key), day) not in (NOTHING, value_at(claims.known(key), day_before(day)))
        for key in objects
    )
