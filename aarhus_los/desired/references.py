"""Whether what rows refer to is there, and whether org units hang in a circle."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from aarhus_los.desired.fold import Claims
from aarhus_los.desired.lines import FileLines
from aarhus_los.drop.columns import UNITS
from aarhus_los.drop.names import DropName
from aarhus_los.mo.model import History, Kind, Unit, Value
from aarhus_los.timeline import FOREVER, Layers, Piece, day_after, day_before, is_there, overlay, split


class OrgUnits:
    """The org units that rows may refer to: the same, however the files are split into runs.

    A unit is known where MO has it, on any day, after the files before the row's own, or after that one or a later one: then
    the row heals. What rows have cancelled on all its days is known no more.
    """

    def __init__(self, mo: Mapping[str, History], unreadable: Collection[str]) -> None:
        """`mo` is MO as it is; `unreadable` are objects that it has and cannot show."""
        self.after = dict(mo)
        """The units as they will be."""
        self._mo = mo
        self._unreadable = unreadable
        self._gone: dict[str, tuple[History, Sequence[FileLines]]] = {}
        """Units that will not be there: what the base says of them, and the files that do."""

    def add(self, unit: str, lines: Sequence[FileLines], folded: Claims) -> None:
        """Takes in what the files say of a unit."""
        key = (Kind.ORG_UNIT, unit)
        self.after[unit] = overlay(folded.claimed(key), self._mo.get(unit, ()))
        self._gone.pop(unit, None)
        if not self.will_be(unit):
            self._gone[unit] = folded.base.get(key, ()), lines

    def will_be(self, unit: str) -> bool:
        """Whether a unit will be there on any day."""
        return is_there(self.after.get(unit, ()))

    def known(self, unit: str, name: DropName) -> bool:
        """Whether the rows of a file may refer to a unit."""
        return self.will_be(unit) or unit in self._unreadable or self._was_there(unit, name)

    def _was_there(self, unit: str, name: DropName) -> bool:
        if unit not in self._gone:
            return False
        base, each = self._gone[unit]
        known = Layers(base)
        for lines in each:
            if is_there(known.pieces) and not lines.file.name < name:
                return True
            known.overlay(lines.claim)
        return is_there(known.pieces)


class References(Struct, frozen=True):
    """What rows may refer to."""

    units: OrgUnits
    classes: Mapping[str, Collection[str]]
    """Class list → the uuids of the classes that MO has of it, or will have."""

    def known(self, target: str, uuid: str, name: DropName) -> bool:
        """Whether the rows of a file may refer to something. `target` is `UNITS` or the name of a class list."""
        return self.units.known(uuid, name) if target == UNITS else uuid in self.classes[target]


def parent_of(piece: Piece[Value] | None) -> str | None:
    """What a unit hangs under on the days of a piece of its timeline."""
    return piece.value.parent if piece is not None and isinstance(piece.value, Unit) else None


def hangs_elsewhere(claim: History, known: Sequence[Piece[Value]]) -> bool:
    """Whether a claim on a unit says on any day that it hangs under another one than is known."""
    return any(
        parent_of(found) != parent_of(piece)
        for piece in claim
        for _, _, found in split(piece.start, piece.end, known)
    )


def parents_of(history: Sequence[Piece[Value]]) -> set[str]:
    """The units that a unit ever hangs under."""
    return {
        piece.value.parent
        for piece in history
        if isinstance(piece.value, Unit) and piece.value.parent is not None
    }


def upward(
    units: Iterable[str], links: Mapping[str, Sequence[Piece[Value]]]
) -> dict[str, Sequence[Piece[Value]]]:
    """The units, and all above them on any day, as far as `links` has them."""
    found: dict[str, Sequence[Piece[Value]]] = {}
    near = list(units)
    while near:
        unit = near.pop()
        if unit not in found and unit in links:
            found[unit] = links[unit]
            near += parents_of(links[unit])
    return found


def circles(links: Mapping[str, Sequence[Piece[Value]]]) -> list[tuple[date, date, list[str]]]:
    """The circles of parents, each with the first and last day of a time in which it is closed, and its units in order.

    `links` are the units' timelines as they will be; a unit that it does not hold has no parent that matters.
    """
    suspects = _peeled({unit: parents_of(timeline) & links.keys() for unit, timeline in links.items()})
    changes: dict[date, dict[str, str | None]] = {}
    """Day → the suspects that hang elsewhere from it on, and where."""
    for unit in suspects:
        for piece in links[unit]:
            parent = parent_of(piece)
            changes.setdefault(piece.start, {})[unit] = parent if parent in suspects else None
            if piece.end != FOREVER:
                changes.setdefault(day_after(piece.end), {}).setdefault(unit, None)
    found = _Circles()
    for day, moved in sorted(changes.items()):
        found.move(day, moved)
    return found.times()


class _Circles:
    """The circles among units that hang under one other each, from day to day."""

    def __init__(self) -> None:
        self._up: dict[str, str] = {}
        self._closed: dict[str, tuple[date, list[str]]] = {}
        """Unit → the circle that it is in now, and since when."""
        self._over: dict[frozenset[str], list[tuple[date, date, list[str]]]] = {}

    def move(self, day: date, moved: Mapping[str, str | None]) -> None:
        """From a day on these units hang elsewhere. Only a circle through one of them opens, or closes."""
        for unit, parent in moved.items():
            if unit in self._closed and self._up.get(unit) != parent:
                self._open(unit, day_before(day))
            if parent is None:
                self._up.pop(unit, None)
            else:
                self._up[unit] = parent
        seen: set[str] = set()
        for unit in moved:
            path: dict[str, int] = {}
            step: str | None = unit
            while step is not None and step not in seen and step not in path and step not in self._closed:
                path[step] = len(path)
                step = self._up.get(step)
            if step is not None and step in path:
                circle = list(path)[path[step] :]
                self._closed.update(dict.fromkeys(circle, (day, circle)))
            seen.update(path)

    def _open(self, unit: str, last: date) -> None:
        start, circle = self._closed[unit]
        for each in circle:
            del self._closed[each]
        times = self._over.setdefault(frozenset(circle), [])
        if times and day_after(times[-1][1]) == start:  # the same units, the other way round
            start = times.pop()[0]
        times.append((start, last, circle))

    def times(self) -> list[tuple[date, date, list[str]]]:
        """All circles, with the first and last day of each time in which they are closed."""
        while self._closed:
            self._open(next(iter(self._closed)), FOREVER)
        return [time for times in self._over.values() for time in times]


def _peeled(parents: dict[str, set[str]]) -> set[str]:
    """Takes away units without parents and without children until only circles, and what lies between them, is left."""
    children: dict[str, set[str]] = {unit: set() for unit in parents}
    for unit, ups in parents.items():
        for up in ups:
            children[up].add(unit)
    left = set(parents)
    for forward, backward in ((parents, children), (children, parents)):
        open_ends = {unit: len(forward[unit] & left) for unit in left}
        free = [unit for unit, count in open_ends.items() if count == 0]
        while free:
            unit = free.pop()
            left.discard(unit)
            for other in backward[unit] & left:
                open_ends[other] -= 1
                if open_ends[other] == 0:
                    free.append(other)
    return left
