"""Which files a run reads: what has arrived, what is pending, and what these are folded with.

From the oldest new file on, every file of that family is read, and what is older and was claimed since, so that a late or a
corrected row is folded in its place; and for pending rows, what was kept for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from aarhus_los.arrivals import Arrivals, some
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import DropName, Family
from aarhus_los.errors import EXIT_ROWS, StateError
from aarhus_los.ledger import NOTHING_YET, Kept, State
from aarhus_los.messages import Message
from aarhus_los.moments import folded_from
from aarhus_los.selection import Options, Selection
from aarhus_los.sources.entries import Source

AHEAD: Final = timedelta(days=1)
"""How far the time of the last import may lie ahead of the clock."""


def select(
    state: State,
    source: Source,
    kept: Kept,
    now: datetime,
    options: Options | None = None,
    *,
    validate_birthdate: bool = True,
) -> Selection:
    """Lists the source, fetches what may be new, and decides what is read.

    Raises UnavailableError and StateError. A file that cannot be taken is refused, by name, and the others go on.
    """
    if state.timestamp not in (None, NOTHING_YET) and state.timestamp > now + AHEAD:
        raise StateError(
            f"the state says that the last import was at {state.timestamp:%Y-%m-%d %H:%M}, and the clock says"
            f" {now:%Y-%m-%d %H:%M}: set the clock, or put back the last good copy of the state"
        )
    arrivals = Arrivals(state, source, kept, now, options or Options(), validate_birthdate)
    arrivals.look()
    choice = _Choice(arrivals)
    for family in Family:
        arrivals.selection.files += choice.of(family)
    arrivals.report_beside_files()
    return arrivals.selection


class _Choice:
    def __init__(self, arrivals: Arrivals) -> None:
        self.arrivals = arrivals
        self.options = arrivals.options
        self.lines = arrivals.selection.lines

    def of(self, family: Family) -> list[DropFile]:
        """The files of a family that are read, in the order of folding."""
        fresh = {file.name: file for file in self.arrivals.fresh.values() if file.name.family is family}
        files: dict[DropName, DropFile] = {}
        if family is Family.STAM:  # a class list is whole in itself: none folds with another
            files |= fresh
            known = self._known_of(family)
            files |= {name: file for name in self._waiting(known) if (file := self._tried(name))}
        else:
            files |= self._folded_with_fresh(sorted({*fresh, *self._known_of(family)}), fresh)
            files = {**self._folded_with_waiting(self._known_of(family)), **files}
        for name in files:
            self.lines.setdefault(name.name, self.arrivals.line(name.name))
        return [files[name] for name in sorted(files)]

    def _known_of(self, family: Family) -> list[DropName]:
        """The files of which a version is in MO, and no new one is taken, in the order of folding."""
        every = (name for name in self.arrivals.known.values() if name.family is family)
        return sorted(name for name in every if name.name not in self.arrivals.fresh)

    def _waiting(self, known: Iterable[DropName]) -> list[DropName]:
        """Those with pending rows."""
        return [name for name in known if self.arrivals.line(name.name).pending]

    def _folded_from(self, order: Sequence[DropName], name: DropName) -> Sequence[DropName]:
        """The files that one is folded with, as far as their lines tell: some may be about other subjects only."""
        first, _ = folded_from([self.arrivals.line(each.name) for each in order], order.index(name))
        return order[first:]

    def _folded_with_fresh(
        self, order: Sequence[DropName], fresh: Mapping[DropName, DropFile]
    ) -> dict[DropName, DropFile]:
        """The new files, and those that they are folded with. What other files said must not be undone: a new file that is
        folded with one that is gone is refused. Where files are imported again, which MO may lack, so is a newer one that
        is about the same subjects: it would be taken for the first word on them.
        """
        files: dict[DropName, DropFile] = {}
        settled = False
        """Whether a file is taken: those that are newer are folded with no others than it."""
        refused: set[object] = set()
        """The subjects of the files that are refused."""
        missing: list[str] = []
        for name in sorted(fresh):
            if not settled:
                others = [other for other in self._folded_from(order, name) if other not in fresh]
                found = {other: self._known(other) for other in others}
                gone = [other.name for other, file in found.items() if file is None]
                missing = gone or missing
                settled = not gone or self.options.allow_late
                files = {other: file for other, file in found.items() if file is not None} if settled else {}
            subjects = _subjects(fresh[name]) if self.options.since else set()
            if settled and not subjects & refused:
                files[name] = fresh[name]
            else:
                refused |= subjects
                self.arrivals.refuse(name.name, Message.COMES_LATE(files=some(missing)), EXIT_ROWS)
                self.arrivals.forget(name.name)
        return files

    def _folded_with_waiting(self, known: Sequence[DropName]) -> dict[DropName, DropFile]:
        """The files with pending rows, and those that they are folded with."""
        files: dict[DropName, DropFile] = {}
        for name in self._waiting(known):
            file = self._tried(name)
            if file is None:
                continue
            found = {other: self._known(other) for other in self._folded_with(known, name)}
            gone = [other.name for other, each in found.items() if each is None]
            if gone and not self.options.allow_late:
                if not self._is_given_up(name):
                    self.arrivals.refuse(name.name, Message.PENDING_BUT_LATE(files=some(gone)), EXIT_ROWS)
                continue
            files |= {other: each for other, each in found.items() if each is not None}
        return files

    def _folded_with(self, known: Sequence[DropName], name: DropName) -> Sequence[DropName]:
        """The files that are read for the pending rows of one."""
        line = self.arrivals.line(name.name)
        if not all(str(number) in line.folded_with for number in line.pending):
            return self._folded_from(known, name)
        names = {name.name}.union(*(line.folded_with[str(number)] for number in line.pending))
        return [other for other in known if other.name in names]

    def _tried(self, name: DropName) -> DropFile | None:
        """A file whose pending rows are tried again. Where they are given up, it is no matter that it is gone."""
        file = self._known(name)
        if file is None and not self._is_given_up(name):
            self.arrivals.refuse(name.name, Message.PENDING_BUT_GONE(), EXIT_ROWS)
        return file

    def _is_given_up(self, name: DropName) -> bool:
        return self.options.has_given_up(name.name, self.arrivals.line(name.name))

    def _known(self, name: DropName) -> DropFile | None:
        """A file that is in MO, to be folded again; None where its bytes are gone."""
        line = self.arrivals.line(name.name)
        data = self.arrivals.bytes_of(line)
        parsed = None if data is None else self.arrivals.parse(name, data, line)
        return parsed and replace(
            parsed, due=frozenset(line.pending), dropped=parsed.dropped.union(line.rejected)
        )


def _subjects(file: DropFile) -> set[object]:
    """What lines name: units, engagements and people. Enough to tell files that cannot have a subject in common."""
    names = ("org_uuid",) if file.name.family is Family.ORG else ("engagement_uuid", "cpr")
    lines = (*file.rows, *file.rejects)
    return {each for line in lines for name in names if (each := getattr(line, name, None)) is not None}
