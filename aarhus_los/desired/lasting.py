"""Claims from the file date on: a name and a manager without an end, an e-mail address and an account until a last day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from aarhus_los.drop.rows import Absent, Detail, PersonRow, RowRef
from aarhus_los.mo.model import History, Value
from aarhus_los.timeline import FOREVER, NOTHING, Nothing, Piece, day_after, last_day


def lasting(value: Value | Nothing, day: date, last: date | None, origin: tuple[RowRef, ...]) -> History:
    """The value from a day on, and nothing after the last; where that lies before the day, only its end there.

    `last` None: there is no last day, since there is nothing that it could last as long as.
    """
    after = min(day, day_after(last)) if last is not None else day
    if value is NOTHING or last is None or last < day:
        return (Piece(after, FOREVER, NOTHING, origin),)
    held: History = (Piece(day, last, value, origin),)
    return held if last == FOREVER else (*held, Piece(day_after(last), FOREVER, NOTHING, origin))


def moved_end(
    known: Sequence[Piece[Value]], was: date | None, day: date, last: date | None, origin: tuple[RowRef, ...]
) -> History:
    """The claim of a file that says nothing of the value: its end moves, both ways, where it ended on `was`."""
    end = last_day(known)
    if end is None or end != was or end == last:
        return ()
    if last is None or last < end:
        return (Piece(day if last is None else day_after(last), FOREVER, NOTHING, origin),)
    value = next(piece.value for piece in reversed(known) if piece.value is not NOTHING)
    assert not isinstance(value, Nothing)
    return lasting(value, max(day_after(end), day), last, origin)


def voters_of(rows: Iterable[object], day: date) -> list[PersonRow]:
    """The rows that decide: ended ones only where all are ended, and none that states nothing."""
    stating = [row for row in rows if isinstance(row, PersonRow) and not row.states_nothing]
    return [row for row in stating if row.end >= day] or stating


def vote(voters: Sequence[PersonRow], field: str) -> tuple[PersonRow | None, bool]:
    """The row that decides the value of a field for a person, if one does, and whether another one says otherwise.

    A value beats a column that says nothing, which beats an empty one; then the primary engagement, the later line.
    """
    if len(voters) < 2:
        return (voters[0] if voters else None), False

    def weight(row: PersonRow) -> tuple[int, bool, int]:
        detail: Detail = getattr(row, field)
        return 1 if isinstance(detail, Absent) else 2 if detail else 0, row.primary, row.ref.line

    stated = {getattr(row, field) for row in voters} - {Absent.ABSENT}
    return max(voters, key=weight), len(stated) > 1
