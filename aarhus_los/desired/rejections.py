"""The rows that are set aside, each for the first reason that is found, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from aarhus_los.desired.claims import Desired, Notice, SetAside
from aarhus_los.desired.lines import FileLines, Gathered
from aarhus_los.desired.references import References
from aarhus_los.desired.world import World
from aarhus_los.drop.columns import references
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import DropName
from aarhus_los.drop.rows import Reject, Row, RowRef
from aarhus_los.messages import Message
from aarhus_los.mo.model import Object
from aarhus_los.timeline import FOREVER, day_after


class Rejections(dict[RowRef, SetAside]):
    """The rows of a family that are set aside.

    What a file itself rejects is so from the beginning, and so is what an earlier run has set aside for good: no run answers
    for it any more.
    """

    def __init__(self, files: Sequence[DropFile]) -> None:
        super().__init__()
        self._files = {file.name.name: file for file in files}
        for file in files:
            for reject in file.rejects:
                self.add(reject.ref, reject.column, reject.reason, pending=False)
            for line in file.dropped:
                self.add(RowRef(file.name.name, line), "", "", pending=False)

    def add(self, ref: RowRef, column: str, reason: str, *, pending: bool) -> None:
        self.setdefault(ref, SetAside(ref, column, reason, pending))

    def is_due(self, ref: RowRef) -> bool:
        """Whether this run answers for a row: a new one, or a pending one."""
        return self._files[ref.file].is_due(ref)

    def was_applied(self, ref: RowRef) -> bool:
        return self._files[ref.file].was_applied(ref)

    def due_rows(self, each: FileLines) -> list[Any]:
        """The rows that are applied, and for which this run answers."""
        return [row for row in each.valid(self) if each.file.is_due(row.ref)]

    def drop_beside_unreadable_dates(
        self, gathered: Gathered, about: Callable[[Row | Reject], str | None], message: Message
    ) -> None:
        """A row whose dates cannot be read may be about any day: the others about the same thing say nothing either."""
        for each in gathered.values():
            for lines in each:
                unreadable = {about(reject): reject for reject in lines.rejects if reject.any_day}
                for row in lines.rows if unreadable else ():
                    reject = unreadable.get(about(row))
                    if reject is not None:
                        self.add(row.ref, reject.column, message(line=reject.ref.line), pending=False)

    def drop_unreadable(self, row: Row, objects: Iterable[str], world: World) -> None:
        """What MO has and cannot show can be neither compared nor written."""
        for uuid in objects:
            if uuid in world.unreadable:
                self.add(row.ref, "", world.cannot_show(uuid), pending=True)

    def check_references(self, row: Row, name: DropName, there: References) -> None:
        """A row of a file must refer to what is known; what was applied was judged before."""
        for field, column, target in () if self.was_applied(row.ref) else references(type(row)):
            uuid = getattr(row, field)
            if not there.known(target, uuid, name):
                self.add(row.ref, column, Message.UNKNOWN_REFERENCE(uuid=uuid), pending=True)

    def report(
        self,
        result: Desired,
        gathered: Gathered,
        begins: Callable[[str, FileLines], Mapping[Object, date]],
        needed: Callable[[str, SetAside, Row], Iterable[Object]],
    ) -> None:
        """Reports what is set aside, also what `result` has of it already, and what is odd about the rows that are not.

        A pending row is superseded where later files claim every object that it is pending for from the day after its end
        or before: `needed` tells these objects, `begins` from when on the valid rows of a file claim objects.
        """
        asides = [*(aside for aside in self.values() if self.is_due(aside.ref)), *result.set_aside]
        waiting: dict[RowRef, list[SetAside]] = {}
        for aside in asides:
            if aside.pending:
                waiting.setdefault(aside.ref, []).append(aside)
        superseded: set[SetAside] = set()
        for subject, each in gathered.items() if waiting else ():
            if not any(row.ref in waiting for lines in each for row in lines.rows):
                continue
            later: dict[Object, date] = {}
            for lines in reversed(each):
                for row in lines.rows:
                    latest = day_after(getattr(row, "end", FOREVER))
                    superseded |= {
                        aside
                        for aside in waiting.get(row.ref, ())
                        if all(key in later and later[key] <= latest for key in needed(subject, aside, row))
                    }
                for key, day in begins(subject, lines).items():
                    later[key] = min(day, later.get(key, day))
        result.superseded += (aside for aside in asides if aside in superseded)
        result.set_aside = [aside for aside in asides if aside not in superseded]
        for each in gathered.values():
            for row in (row for lines in each for row in self.due_rows(lines)):
                result.notices += (Notice(str(flaw), row.ref, fault=True) for flaw in row.flaws)
                result.notices += (Notice(str(note), row.ref) for note in row.notes)


def report_overlaps(result: Desired, rows: Sequence[Any], value_of: Callable[[Any], object]) -> None:
    """Reports rows of one unit or engagement that overlap and differ: the one that starts later wins."""
    longest: Any = None
    for row in sorted(rows, key=lambda row: (row.start, row.order)):
        if longest is not None and row.start <= longest.end and value_of(row) != value_of(longest):
            text = Message.OVERLAPS(line=longest.ref.line, day=row.start)
            result.notices.append(Notice(text, row.ref))
        if longest is None or row.end >= longest.end:
            longest = row
