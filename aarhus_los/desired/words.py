"""What one file says of one subject whose rows have dates of their own: a unit with its addresses, or an engagement."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, Protocol, TypeVar

from aarhus_los.desired.claims import FileRows
from aarhus_los.desired.folding import (
    Fold,
    claim_of,
    first_day,
    is_there,
    spare_announced,
)
from aarhus_los.drop.rows import Reject, RowRef
from aarhus_los.timeline import UNCLAIMED, Layer, Nothing, Timeline, Unclaimed, alive


class DatedRow(Protocol):
    """A row with a validity."""

    @property
    def ref(self) -> RowRef: ...
    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...


R = TypeVar("R", bound=DatedRow)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
S = TypeVar("S", bound=Hashable)


@dataclass
class Words(Generic[R, K]):
    """The rows of one file that speak of one subject; `K` are the keys of the subject's objects."""

    file: FileRows[R]
    rows: list[R] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    first: dict[K, date] = field(default_factory=dict)
    """The first day that it claims of each object, once it is folded."""

    @property
    def lines(self) -> list[RowRef]:
        return [*(row.ref for row in self.rows), *(reject.ref for reject in self.rejects)]

    @property
    def spans(self) -> list[tuple[date, date]]:
        days = [(row.start, row.end) for row in self.rows]
        return days + [reject.days for reject in self.rejects if reject.days is not None]

    def speaker(self, day: date) -> R | Reject | None:
        """The line that is painted last on a day."""
        lines = [(row.start, row.ref.line, row) for row in self.rows if row.start <= day <= row.end]
        blank = [(each.days, each) for each in self.rejects if each.days is not None]
        found: list[tuple[date, int, R | Reject]] = [
            *lines,
            *((days[0], reject.ref.line, reject) for days, reject in blank if days[0] <= day <= days[1]),
        ]
        return max(found, key=lambda line: line[:2])[2] if found else None

    def standing(self, fallen: Collection[RowRef]) -> list[R]:
        """The rows that are applied."""
        return [row for row in self.rows if row.ref not in fallen]

    def domain(self, fallen: Collection[RowRef]) -> Timeline[bool]:
        """The days that it claims, told without asking what MO has."""
        if not self.standing(fallen):
            return ()
        nye = self.file.name.kind != "ret" or self._noted_as_nye()
        stated: list[Layer[bool]] = [
            Layer(row.start, row.end, UNCLAIMED if row.ref in fallen else True, row.ref.line)
            for row in self.rows
        ]
        stated += [Layer(*each.days, UNCLAIMED, each.ref.line) for each in self.rejects if each.days]
        return claim_of(stated, self._start() if nye else self._change(alive_then=True))

    def new_lines(self, known: Timeline[V]) -> frozenset[int]:
        """The lines of a `_ret` file that count as `_nye` rows since nobody knows the subject, and are not noted yet."""
        if self.file.name.kind != "ret" or self.file.as_nye is not None or is_there(known):
            return frozenset()
        return frozenset(ref.line for ref in self.lines)

    def claims(
        self,
        fold: Fold[K, V],
        turn: int,
        keys: Sequence[K],
        value: Callable[[R, K], V | Nothing | Unclaimed],
        fallen: Collection[RowRef],
        *,
        is_new: bool,
    ) -> tuple[dict[K, Timeline[V]], list[date]]:
        """What it claims of each object, the first key leading, and the days of announced changes that it spares."""
        nye = self.file.name.kind != "ret" or self._noted_as_nye() or is_new
        day = self.file.name.file_date
        claims = {}
        for key in keys:
            self.first[key] = self._start() if nye else self._change(alive(fold.known(key, turn), day))
            claims[key] = claim_of(self._statements(key, value, fallen), self.first[key])
        return spare_announced(claims, fold, turn, keys[0], day)

    def _noted_as_nye(self) -> bool:
        noted = self.file.as_nye or frozenset()
        return any(ref.line in noted for ref in self.lines)

    def _start(self) -> date:
        return min(start for start, _ in self.spans)

    def _change(self, alive_then: bool) -> date:
        return first_day(self.spans, self.file.name.file_date, alive_then)

    def _statements(
        self, key: K, value: Callable[[R, K], V | Nothing | Unclaimed], fallen: Collection[RowRef]
    ) -> list[Layer[V]]:
        statements: list[Layer[V]] = [
            Layer(*reject.days, UNCLAIMED, reject.ref.line)
            for reject in self.rejects
            if reject.days is not None
        ]
        for row in self.rows:
            if row.ref in fallen:
                statements.append(Layer(row.start, row.end, UNCLAIMED, row.ref.line))
            else:
                statements.append(Layer(row.start, row.end, value(row, key), row.ref.line, (row.ref,)))
        return statements


def gathered(
    files: Sequence[FileRows[R]], subject_of: Callable[[R | Reject], S | None]
) -> dict[S, list[Words[R, K]]]:
    """Subject → what each file says of it, in the order of folding."""
    said: dict[S, list[Words[R, K]]] = {}
    for file in files:
        of_file: dict[S, Words[R, K]] = {}
        for row in file.rows:
            subject = subject_of(row)
            if subject is not None:
                of_file.setdefault(subject, Words(file)).rows.append(row)
        for reject in file.rejects:
            subject = subject_of(reject)
            if subject is not None:
                of_file.setdefault(subject, Words(file)).rejects.append(reject)
        for subject, words in of_file.items():
            said.setdefault(subject, []).append(words)
    return said
