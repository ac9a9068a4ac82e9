"""How the state goes on, and whether the MO that is read is the one that it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from aarhus_los.clock import COPENHAGEN
from aarhus_los.desired.claims import SetAside
from aarhus_los.desired.org import units_in
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.rows import RowRef
from aarhus_los.errors import StateError
from aarhus_los.ledger import NOTHING_YET, Line, State, digest
from aarhus_los.progress import (
    check_mo,
    completed,
    files_of,
    healed,
    needed_again,
    pending_rows,
    under_way,
    with_healed,
)
from aarhus_los.selection import Selection
from tests.memory_source import FOUR, HEADER, LIST, NOW, ONE, ROW, THREE, TWO, UNIT, stam
from tests.world import A, B, file_of

MO, OTHER_MO = "9b2d6f4e-1c07-4a58-8f3e-2d5a7c91e604", "00000000-1c07-4a58-8f3e-2d5a7c91e604"
SET = datetime(2026, 11, 20, 3, 0, 0, 123456, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


# Whether MO is the one that it was


def state_of(**last: datetime) -> State:
    """A state whose files were claimed last at these times."""
    names = {"list": LIST, "one": ONE, "two": TWO, "three": THREE}
    lines = {
        names[key]: Line(names[key], "a" * 64, began=at.isoformat(), last=at.isoformat())
        for key, at in last.items()
    }
    return State(NOW, lines, ours=True, organisation=MO, bookmark=SET.isoformat())


LATEST = state_of(one=SET - 2 * DAY, two=SET - DAY, three=SET)


@pytest.mark.parametrize("bookmark", [SET, SET + HOUR, SET.astimezone(COPENHAGEN)])
def test_an_mo_whose_bookmark_is_as_late_is_the_one(bookmark: datetime) -> None:
    """Another state may have been in use since, or a run that was cut off before it noted its own."""
    check_mo(LATEST, MO, bookmark, None)


def test_a_state_without_a_bookmark_is_of_any_mo() -> None:
    """The first run that writes notes whose it is."""
    check_mo(State(), MO, None, None)
    check_mo(State(NOW, {}, ours=True), MO, None, None)


@pytest.mark.parametrize("since", [None, date(2020, 1, 1)])
@pytest.mark.parametrize("bookmark", [None, SET])
def test_another_mo_is_refused_whatever_is_asked(bookmark: datetime | None, since: date | None) -> None:
    with pytest.raises(StateError, match="this state is of another MO") as raised:
        check_mo(LATEST, OTHER_MO, bookmark, since)
    assert raised.value.exit_code == 74
    assert MO in str(raised.value)
    assert OTHER_MO in str(raised.value)


@pytest.mark.parametrize(
    ("bookmark", "day"),
    [
        (None, date(2026, 11, 1)),
        (SET - 3 * DAY, date(2026, 11, 1)),
        (SET - 2 * DAY, date(2026, 11, 2)),
        (SET - 2 * DAY + HOUR, date(2026, 11, 2)),
        (SET - timedelta(microseconds=1), date(2026, 11, 3)),
    ],
)
def test_an_mo_that_was_put_back_needs_the_day_of_the_oldest_file_that_it_lacks(
    bookmark: datetime | None, day: date
) -> None:
    for refused in (None, day + DAY):
        with pytest.raises(StateError, match=f"--since {day}") as raised:
            check_mo(LATEST, MO, bookmark, refused)
        assert raised.value.exit_code == 74
    for allowed in (day, day - DAY):
        check_mo(LATEST, MO, bookmark, allowed)


def test_the_oldest_file_is_by_its_name_and_not_by_when_it_was_claimed() -> None:
    """A correction of the first file was imported last."""
    state = state_of(one=SET, two=SET - DAY, three=SET - 2 * DAY)
    with pytest.raises(StateError, match="--since 2026-11-01"):
        check_mo(state, MO, SET - HOUR, date(2026, 11, 2))


def test_an_mo_that_lacks_class_lists_only_takes_any_day() -> None:
    state = replace(state_of(one=SET - DAY), lines={LIST: Line(LIST, "a" * 64)})
    with pytest.raises(StateError, match="--since 2026-11-24"):
        check_mo(state, MO, SET - HOUR, None)
    for any_day in (NOW.date() - DAY, NOW.date(), NOW.date() + DAY):
        check_mo(state, MO, SET - HOUR, any_day)


# What is noted before the first write


MOMENT = datetime(2026, 11, 24, 11, 0, 0, 654321, tzinfo=UTC)
AT = MOMENT.isoformat()
EARLIER = (MOMENT - DAY).isoformat()


def file(name: str, *units: str, due: set[int] | None = None) -> DropFile:
    content = stam() if name == LIST else HEADER + "".join(ROW.replace(UNIT, unit) for unit in units or (A,))
    read = file_of(name, content if isinstance(content, str) else content.decode())
    return replace(read, due=None if due is None else frozenset(due))


def selected(state: State, *files: DropFile, **others: Line) -> Selection:
    lines = {}
    for each in files:
        name = each.name.name
        known = state.lines.get(name, Line(name))
        lines[name] = replace(known, sha256=each.sha256, size=len(each.data)) if each.due is None else known
    lines |= {line.name: line for line in others.values()}
    return Selection(files=list(files), lines=lines, listed=set(lines))


def test_new_files_are_under_way_and_begin_with_this_run() -> None:
    new = file(ONE)
    noted = under_way(State(), selected(State(), new), MOMENT)
    assert noted.lines == {ONE: Line(ONE, began=AT, last=AT, under_way=new.sha256)}
    assert (noted.timestamp, noted.ours, noted.bookmark) == (NOTHING_YET, False, AT)


def test_a_corrected_file_keeps_its_beginning_and_its_version_in_mo() -> None:
    state = State(
        NOW, {ONE: Line(ONE, "a" * 64, 7, began=EARLIER, last=EARLIER, seen="2026-11-01")}, ours=True
    )
    new = file(ONE)
    (line,) = under_way(state, selected(state, new), MOMENT).lines.values()
    assert line == Line(ONE, "a" * 64, 7, began=EARLIER, last=AT, under_way=new.sha256, seen="2026-11-01")


def test_class_lists_are_under_way_and_have_no_moments() -> None:
    new = file(LIST)
    noted = under_way(State(), selected(State(), new), MOMENT)
    assert noted.lines == {LIST: Line(LIST, under_way=new.sha256)}


def test_what_is_read_again_is_claimed_only_where_a_pending_row_has_healed() -> None:
    """And not before it has: a run that is cut off leaves it pending."""
    known = {name: Line(name, "a" * 64, began=EARLIER, last=EARLIER, pending=(2,)) for name in (ONE, TWO)}
    state = State(NOW, known, ours=True)
    selection = selected(state, file(ONE, due={2}), file(TWO, due={2}), file(THREE))
    noted = under_way(state, selection, MOMENT)
    old = (EARLIER, EARLIER, None)
    assert {name: (line.began, line.last, line.under_way) for name, line in noted.lines.items()} == {
        ONE: old,
        TWO: old,
        THREE: (AT, AT, file(THREE).sha256),
    }
    assert noted.lines[ONE].pending == (2,)
    waits = SetAside(RowRef(TWO, 2), "", "unknown", pending=True)
    after = completed(noted, selection, {waits.ref: ()}, (), NOW)
    after = with_healed(after, selection, [waits], MOMENT)
    assert {name: (line.began, line.last, line.under_way) for name, line in after.lines.items()} == {
        ONE: (EARLIER, AT, None),
        TWO: old,
        THREE: (AT, AT, None),
    }


def test_what_had_no_moment_yet_was_there_just_before_this_run() -> None:
    """Imported by a run that had nothing to write: no new file is folded with it."""
    state = State(NOW, {ONE: Line(ONE, "a" * 64), LIST: Line(LIST, "b" * 64)}, ours=True)
    noted = under_way(state, selected(state, file(TWO)), MOMENT).lines
    before = (MOMENT - timedelta(microseconds=1)).isoformat()
    assert (noted[ONE].began, noted[ONE].last) == (before, before)
    assert (noted[TWO].began, noted[TWO].last) == (AT, AT)
    assert (noted[LIST].began, noted[LIST].last) == (None, None)


def test_what_is_taken_over_is_noted_and_began_with_its_stamp() -> None:
    state = State(NOW)
    taken = Line(ONE, "a" * 64, began="2026-11-01T22:00:00+01:00", last=NOW.isoformat(), taken_over=True)
    stamped = Line(TWO, began="2026-11-02T22:00:00+01:00", last=NOW.isoformat())
    new, newer = file(TWO), file(THREE)
    selection = selected(replace(state, lines={TWO: stamped}), new, newer, taken=taken)
    noted = under_way(state, selection, MOMENT)
    assert noted.lines[ONE] == taken
    assert noted.lines[TWO] == replace(stamped, under_way=new.sha256)
    assert noted.lines[THREE] == Line(THREE, began=AT, last=AT, under_way=newer.sha256)
    assert noted.timestamp == NOW
    # The same run again, since it was cut off, changes nothing of that.
    again = under_way(noted, selection, MOMENT + DAY).lines
    assert (again[ONE], again[TWO].began, again[THREE].began) == (taken, stamped.began, AT)


# What is done after the last


def test_a_completed_file_is_in_mo_and_no_longer_under_way() -> None:
    new = file(ONE)
    selection = selected(State(), new)
    noted = under_way(State(), selection, MOMENT)
    after = completed(noted, selection, {}, (), NOW)
    assert after.lines[ONE] == Line(
        ONE,
        digest(new.data),
        len(new.data),
        imported="2026-11-24T12:00:00+01:00",
        began=AT,
        last=AT,
        seen="2026-11-24",
    )
    assert (after.timestamp, after.ours, after.listed) == (NOW, True, 1)


def test_a_version_that_was_cut_off_before_is_under_way_no_more() -> None:
    new = file(ONE)
    cut_off = State(NOTHING_YET, {ONE: Line(ONE, began=EARLIER, last=EARLIER, under_way="b" * 64)})
    selection = selected(cut_off, new)
    assert selection.lines[ONE].under_way == "b" * 64
    noted = under_way(cut_off, selection, MOMENT)
    assert noted.lines[ONE].under_way == new.sha256
    line = completed(noted, selection, {}, (), NOW).lines[ONE]
    assert (line.under_way, line.began, line.last) == (None, EARLIER, AT)


def test_pending_rows_are_noted_with_the_day_on_which_they_were_told_first() -> None:
    new = file(ONE, A, B)
    selection = selected(State(), new)
    first = completed(State(), selection, {RowRef(ONE, 3): ()}, (), NOW)
    assert (first.lines[ONE].pending, first.lines[ONE].reported) == ((3,), {"3": "2026-11-24"})
    again = selected(first, file(ONE, A, B, due={3}))
    second = completed(first, again, {RowRef(ONE, 3): ()}, (), NOW + DAY)
    assert (second.lines[ONE].pending, second.lines[ONE].reported) == ((3,), {"3": "2026-11-24"})
    assert second.lines[ONE].imported == first.lines[ONE].imported
    done = completed(second, selected(second, file(ONE, A, B, due={3})), {}, (), NOW)
    assert (done.lines[ONE].pending, done.lines[ONE].reported) == ((), {})


def test_a_superseded_row_is_given_up_for_good() -> None:
    state = State(NOW, {ONE: Line(ONE, "a" * 64, pending=(2, 3), given_up=(4,))}, ours=True)
    selection = selected(state, file(ONE, A, B, due={2, 3}), file(TWO))
    after = completed(state, selection, {RowRef(ONE, 3): ()}, [RowRef(ONE, 2)], NOW)
    assert (after.lines[ONE].pending, after.lines[ONE].given_up) == ((3,), (2, 4))


def test_a_new_version_forgets_what_was_given_up_and_rejected() -> None:
    state = State(NOW, {ONE: Line(ONE, "a" * 64, given_up=(2,), rejected=(4,))}, ours=True)
    selection = selected(state, file(ONE))
    selection.lines[ONE] = Line(ONE, file(ONE).sha256)  # as the selection has a version that it fetched
    after = completed(state, selection, {}, (), NOW, rejected=[RowRef(ONE, 3)]).lines[ONE]
    assert (after.given_up, after.rejected) == ((), (3,))


def test_what_was_rejected_is_remembered_while_other_rows_of_the_file_wait() -> None:
    state = State(NOW, {ONE: Line(ONE, "a" * 64, pending=(2, 3), rejected=(4,))}, ours=True)
    selection = selected(state, file(ONE, A, B, due={2, 3}))
    after = completed(state, selection, {RowRef(ONE, 3): ()}, (), NOW, rejected=[RowRef(ONE, 2)])
    assert after.lines[ONE].rejected == (2, 4)


def test_a_file_imported_with_since_is_judged_anew() -> None:
    state = State(NOW, {ONE: Line(ONE, "a" * 64, rejected=(4,))}, ours=True)
    assert completed(state, selected(state, file(ONE)), {}, (), NOW).lines[ONE].rejected == ()


def test_what_is_given_up_are_rows_of_the_version_that_waits_and_not_those_of_its_correction() -> None:
    state = State(NOW, {ONE: Line(ONE, "a" * 64, pending=(2,), reported={"2": "2026-11-01"})}, ours=True)
    correction = file(ONE, A, B)
    after = completed(state, selected(state, correction), {}, (), NOW, pending_rows(state.lines)).lines[ONE]
    assert (after.sha256, after.pending, after.given_up) == (correction.sha256, (), ())


def test_who_gives_up_all_gives_up_also_what_was_not_tried() -> None:
    """A file of another family, or one whose bytes are gone."""
    known = {name: Line(name, "a" * 64, pending=(2,), reported={"2": "2026-11-01"}) for name in (ONE, TWO)}
    state = State(NOW, known, ours=True)
    selection = selected(state, file(TWO, due={2}))
    after = completed(state, selection, {}, [RowRef(TWO, 2)], NOW, pending_rows(state.lines)).lines
    assert {name: (line.pending, line.given_up, line.reported) for name, line in after.items()} == {
        ONE: ((), (2,), {}),
        TWO: ((), (2,), {}),
    }


def test_only_rows_that_wait_are_given_up() -> None:
    known = {ONE: Line(ONE, "a" * 64, pending=(2,)), TWO: Line(TWO, "b" * 64)}
    state = State(NOW, known, ours=True)
    given_up = [RowRef(ONE, 2), RowRef(ONE, 3), RowRef(TWO, 2), RowRef(THREE, 2)]
    after = completed(state, selected(state), {}, (), NOW, given_up).lines
    assert {name: line.given_up for name, line in after.items()} == {ONE: (2,), TWO: ()}


def test_a_file_that_a_run_takes_over_stays_so_until_it_is_imported() -> None:
    taken = Line(ONE, "a" * 64, taken_over=True)
    state = State(NOW, {}, ours=False)
    after = completed(state, selected(state, taken=taken), {}, (), NOW)
    assert after.lines[ONE].taken_over
    new = file(ONE)
    imported = completed(after, selected(after, new), {}, (), NOW)
    assert not imported.lines[ONE].taken_over


def test_rows_that_heal() -> None:
    files = [file(ONE, A, B, due={2, 3}), file(TWO, A, due={2}), file(THREE, A, due=set()), file(FOUR)]
    selection = selected(State(), *files)
    waiting = [SetAside(RowRef(ONE, 3), "", "unknown", True), SetAside(RowRef(TWO, 2), "", "unknown", True)]
    assert healed(selection, waiting) == {ONE}
    rejected = [waiting[0], replace(waiting[1], pending=False)]
    assert healed(selection, rejected) == {ONE}


def test_what_is_kept_are_the_files_about_what_a_pending_row_is_about() -> None:
    files = [file(ONE, A), file(TWO, B), file(THREE, A, B), file(LIST)]
    gathered = units_in(files)
    two, three, of_list = RowRef(THREE, 2), RowRef(THREE, 3), RowRef(LIST, 2)
    needed = needed_again(gathered, {two, three, of_list})
    assert needed == {two: {ONE}, three: {TWO}, of_list: set()}
    assert files_of(needed) == {ONE, TWO, THREE, LIST}
    assert files_of(needed_again(gathered, {two})) == {ONE, THREE}
    assert files_of(needed_again(gathered, set())) == set()
