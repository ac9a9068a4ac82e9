"""From which file on a subject is folded, and as of when MO is asked for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aarhus_los.clock import COPENHAGEN
from aarhus_los.desired.org import units_in
from aarhus_los.drop.file import DropFile
from aarhus_los.ledger import Line, moment_of_stamp
from aarhus_los.moments import folded_from, may_lack_a_past, trace
from tests.memory_source import HEADER, ROW, UNIT
from tests.world import A, B, file_of

INSTANT = timedelta(microseconds=1)


def moment(n: int) -> datetime:
    """The moment of the n-th run."""
    return datetime(2026, 11, 10, 3, n, 0, 123456, tzinfo=UTC)


def line(name: str, began: int | None = None, last: int | None = None) -> Line:
    began_at, last_at = (n and moment(n).isoformat() for n in (began, last))
    return Line(name, "a" * 64, began=began_at or None, last=last_at or None)


def name(n: int) -> str:
    return f"Org_ret_202611{n:02}_220000.csv"


History = list[tuple[int | None, int | None]]
"""Of files in the order of folding: the runs that claimed each first and last; None: none has had a moment."""


@pytest.mark.parametrize(
    ("history", "due", "first", "asked"),
    [
        ([(None, None)], 0, 0, None),
        # An ordinary night, the one after it, and a run that was cut off after it was noted.
        ([(1, 1), (2, 2), (None, None)], 2, 2, None),
        ([(1, 1), (2, 2), (3, 3)], 2, 2, 3),
        # A corrected file: itself, and what came after it.
        ([(1, 1), (2, 2), (3, 3)], 1, 1, 2),
        # A late one: MO as it was before the oldest of those that came after it, whatever its own stamp.
        ([(1, 1), (None, None), (3, 3), (2, 2)], 1, 1, 2),
        # What was imported in one run is folded together.
        ([(1, 1), (1, 1), (1, 1)], 2, 0, 1),
        ([(1, 1), (2, 2), (2, 2)], 2, 1, 2),
        # An older one that was claimed again since: all from it on, and as of before any of these.
        ([(1, 4), (2, 2), (3, 3)], 2, 0, 1),
        ([(1, 1), (2, 5), (3, 3), (4, 4)], 3, 1, 2),
        # And again, from there.
        ([(1, 2), (2, 4), (3, 3)], 2, 0, 1),
        # Claimed just then counts, a moment before does not.
        ([(1, 3), (3, 3)], 1, 0, 1),
        ([(1, 2), (3, 3)], 1, 1, 3),
        # A file that is imported for the first time is nobody's past.
        ([(None, None), (2, 2)], 1, 1, 2),
        ([(1, 3), (None, None)], 1, 1, None),
        ([(1, 3), (None, None), (2, 2)], 1, 0, 1),
    ],
)
def test_folding_begins_with_the_oldest_that_was_claimed_since_one_of_them_began(
    history: History, due: int, first: int, asked: int | None
) -> None:
    lines = [line(name(n + 1), *each) for n, each in enumerate(history)]
    assert folded_from(lines, due) == (first, None if asked is None else moment(asked))


def quiet(n: int) -> Line:
    """Of a file that a run imported which wrote nothing: its moment is still to come."""
    return replace(line(name(n)), imported="2026-11-10T04:00:00+01:00")


def test_what_was_imported_since_the_last_moment_is_folded_together() -> None:
    """One may have said what another took back, so that nothing had to be written."""
    assert folded_from([quiet(1), quiet(2)], 1) == (0, None)
    assert folded_from([line(name(1), 1, 1), quiet(2), quiet(3)], 2) == (1, None)
    assert folded_from([line(name(1), 1, 1), quiet(2), line(name(3))], 2) == (2, None)  # an ordinary night
    # A late one that changed nothing: a newer file is folded with it, on what was before that.
    assert folded_from([quiet(1), line(name(2), 2, 2)], 1) == (0, moment(2))


def test_a_file_without_a_line_has_no_moment() -> None:
    assert folded_from([None, line(name(2), 2, 2), None], 2) == (2, None)
    assert folded_from([None, line(name(2), 2, 2)], 0) == (0, moment(2))


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 4)), min_size=1, max_size=7).flatmap(
        lambda files: st.tuples(st.just(files), st.integers(0, len(files) - 1))
    )
)
def test_nothing_older_was_claimed_since_and_nothing_between_is_left_out(
    drawn: tuple[list[tuple[int, int]], int],
) -> None:
    files, due = drawn
    history = [(began, began + more) for began, more in files]
    first, at = folded_from([line(name(n + 1), *each) for n, each in enumerate(history)], due)
    assert first <= due
    oldest = min(began for began, _ in history[first:])
    assert at == moment(oldest)
    assert all(last < oldest for _, last in history[:first])
    # And no later one would do.
    for later in range(first + 1, due + 1):
        began = min(began for began, _ in history[later:])
        assert any(last >= began for _, last in history[:later])


# Subjects


def file(n: int, *units: str, due: set[int] | None = None) -> DropFile:
    rows = "".join(ROW.replace(UNIT, unit) for unit in units)
    read = file_of(name(n), HEADER + rows)
    return replace(read, due=None if due is None else frozenset(due))


def test_each_subject_has_a_beginning_and_a_base_of_its_own() -> None:
    files = [file(1, A, B, due=set()), file(2, B, due={2}), file(3, A, B)]
    state = {name(n): line(name(n), n, n) for n in (1, 2)}
    traced = trace(units_in(files), state)
    assert {unit: [each.file.name.name for each in lines] for unit, lines in traced.lines.items()} == {
        A: [name(3)],
        B: [name(2), name(3)],
    }
    assert traced.as_of == {B: moment(2) - INSTANT}


def test_a_subject_that_no_new_or_pending_row_is_about_is_none() -> None:
    files = [file(1, A, B, due=set()), file(2, B)]
    assert set(trace(units_in(files), {}).lines) == {B}


def test_of_a_file_that_is_read_whole_the_lines_about_a_subject_count_alone() -> None:
    """The pending row of another unit does not make the file older for this one."""
    files = [file(1, A, B, due={3}), file(2, A)]
    state = {name(1): line(name(1), 1, 1)}
    traced = trace(units_in(files), state)
    assert [each.file.name.name for each in traced.lines[A]] == [name(2)]
    assert traced.as_of == {B: moment(1) - INSTANT}


def test_a_file_of_which_only_what_is_given_up_is_about_a_subject_is_none_of_its_own() -> None:
    """What is superseded or given up counts as not there, beside other lines alone it leaves its days unclaimed."""
    files = [file(1, A, B, A, due=set()), file(2, A)]
    given_up = {name(1): replace(line(name(1), 1, 3), given_up=(2, 4)), name(2): line(name(2), 2, 2)}
    traced = trace(units_in(files), given_up)
    assert [each.file.name.name for each in traced.lines[A]] == [name(2)]
    assert traced.as_of == {A: moment(2) - INSTANT}
    in_part = {**given_up, name(1): replace(given_up[name(1)], given_up=(2,))}
    assert trace(units_in(files), in_part).as_of == {A: moment(1) - INSTANT}


def test_mo_is_asked_for_one_microsecond_before() -> None:
    """It shows what was registered at the very instant that it is asked for."""
    traced = trace(units_in([file(1, A)]), {name(1): line(name(1), 4, 4)})
    assert traced.as_of == {A: moment(4) - INSTANT}


# An MO that has no past


STAMP = datetime(2026, 11, 3, 22, tzinfo=COPENHAGEN)
OF_STAMP = Line(name(3), began=moment_of_stamp(STAMP.replace(tzinfo=None)), last=moment(1).isoformat())


def at_instant(at: datetime) -> Line:
    return Line(name(1), "a" * 64, began=at.isoformat(), last=at.isoformat())


@pytest.mark.parametrize(
    ("at", "lines", "lacks"),
    [
        (moment(2), [line(name(1), 2, 2)], False),
        (moment(2), [line(name(1), 2, 2), line(name(2), 3, 3)], False),
        (moment(2), [line(name(1), 1, 1), line(name(2), 2, 2)], True),
        (STAMP, [OF_STAMP], True),
        (moment(1), [OF_STAMP, line(name(1), 1, 1)], True),
        (moment(2), [line(name(1))], False),
        # Imported by a run that wrote nothing: noted just before the first one that does.
        (moment(2), [at_instant(moment(2) - INSTANT), line(name(2), 2, 2)], False),
    ],
)
def test_where_mo_may_have_no_past(at: datetime, lines: list[Line], lacks: bool) -> None:
    """As of a stamp, or where files of before were imported: then the MO that was there may be another."""
    assert may_lack_a_past(at - INSTANT, lines) is lacks
