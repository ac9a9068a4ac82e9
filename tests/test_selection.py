from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aarhus_los.clock import COPENHAGEN
from aarhus_los.desired.rejections import Rejections
from aarhus_los.drop.names import Family
from aarhus_los.drop.rejects import RowRef
from aarhus_los.errors import StateError, UnavailableError
from aarhus_los.ledger import State, digest, save_state
from aarhus_los.selecting import select
from tests.memory_source import (
    BROKEN,
    FOUR,
    LEDER,
    LIST,
    NOW,
    ONE,
    OTHER_LIST,
    THREE,
    TWO,
    UNIT,
    Importer,
    Server,
    again,
    leder,
    ledertypes,
    new,
    org,
    read,
    reason,
    refused,
    stam,
    texts,
)


@pytest.fixture
def importer(tmp_path: Path) -> Importer:
    return Importer(tmp_path / "state")


# What is new


def test_a_first_import_reads_everything_in_the_order_of_the_stamps(importer: Importer) -> None:
    for name in (THREE, ONE, TWO):
        importer.server.put(name, org(version=name))
    importer.server.put(LEDER, leder())
    importer.server.put(LIST, stam())
    selection = importer.run()
    assert read(selection) == [LIST, ONE, TWO, THREE, LEDER]
    assert new(selection) == read(selection)
    assert [file.name.name for file in selection.of(Family.ORG)] == [ONE, TWO, THREE]
    assert selection.listed == set(importer.server.files)
    assert [len(file.rows) for file in selection.of(Family.ORG)] == [2, 2, 2]


def test_equal_stamps_are_read_as_the_kinds_come(importer: Importer) -> None:
    stamp = "20261101_220000"
    for name in (f"Org_{kind}_{stamp}.csv" for kind in ("ret", "nye", "inital", "initial")):
        importer.server.put(name, org())
    for name in (f"Leder_{kind}_{stamp}.csv" for kind in ("ret", "luk", "nye")):
        text = (
            f"OrgUUID;CPR;LedertypeUUID;LederniveauUUID;LederansvarUUID\n{UNIT};0102031234{f';{UNIT}' * 3}\n"
        )
        importer.server.put(name, text.encode())
    kinds = [name.split("_")[1] for name in read(importer.run())]
    assert kinds == ["inital", "initial", "nye", "ret", "luk", "nye", "ret"]


def test_a_run_with_nothing_new_is_quiet_and_downloads_nothing(importer: Importer) -> None:
    importer.server.put(ONE, org())
    importer.server.put(LIST, stam())
    assert not importer.run().quiet
    selection = importer.run()
    assert selection.quiet
    assert (importer.server.reads, selection.refused, texts(selection)) == ([], [], [])


def test_a_later_file_is_read_alone(importer: Importer) -> None:
    importer.server.put(ONE, org())
    importer.run()
    importer.server.put(TWO, org())
    assert read(importer.run()) == [TWO]
    assert importer.server.reads == [TWO]


def test_a_corrected_file_under_its_old_name_is_new_and_so_is_the_first_version_again(
    importer: Importer,
) -> None:
    for version in "ABA":
        importer.server.put(ONE, org(version=version))
        selection = importer.run()
        assert new(selection) == [ONE]
        assert importer.state().lines[ONE].sha256 == digest(org(version=version))
    assert importer.run().quiet


def test_the_same_bytes_with_another_time_only_renew_the_time(importer: Importer) -> None:
    importer.server.put(ONE, org())
    importer.run()
    importer.server.put(ONE, org())
    assert importer.run().quiet
    assert importer.server.reads == [ONE]
    assert importer.run().quiet
    assert importer.server.reads == []


def test_a_modification_time_that_was_preserved_hides_nothing(importer: Importer) -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    importer.server.put(ONE, org(), long_ago)
    importer.run()
    importer.server.put(TWO, org(), long_ago)
    importer.server.put(ONE, org(rows=3), long_ago)
    assert new(importer.run()) == [ONE, TWO]


def test_a_server_that_tells_no_times_is_compared_by_bytes(importer: Importer) -> None:
    importer.server.tells_times = False
    importer.server.put(ONE, org(version="A"))
    importer.run()
    assert importer.run().quiet
    importer.server.put(ONE, org(version="B"))
    assert new(importer.run()) == [ONE]


def test_another_server_with_other_times_brings_nothing_new(importer: Importer) -> None:
    for name in (ONE, TWO):
        importer.server.put(name, org())
    importer.run()
    moved = Server(tells_times=False)
    for name in (ONE, TWO):
        moved.put(name, org())
    importer.server = moved
    assert importer.run().quiet
    moved.tells_times = True
    assert importer.run().quiet
    assert importer.run().quiet
    assert moved.reads == []


def test_the_night_when_an_hour_comes_twice(importer: Importer) -> None:
    """Versions that a Danish clock would give the same time."""
    summer = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    importer.server.put(ONE, org(version="A"), summer)
    importer.run()
    importer.server.put(ONE, org(version="B"), summer + timedelta(hours=1))
    assert new(importer.run()) == [ONE]
    assert importer.run().quiet


@pytest.mark.parametrize("times", [True, False])
def test_a_file_that_grows_or_is_empty_waits(importer: Importer, times: bool) -> None:
    importer.server.tells_times = times
    importer.server.put(ONE, org(rows=1))
    importer.server.files[ONE].growing = True
    importer.server.put(TWO, b"")
    importer.server.put(THREE, org())
    selection = importer.run()
    assert read(selection) == [THREE]
    assert sorted(importer.state().lines) == [THREE]
    assert selection.refused == []
    for name in (ONE, TWO):
        assert any(name in warning and "waits for the next run" in warning for warning in texts(selection))
        assert all(notice.news for notice in selection.notices if name in notice.text)
    # Until it is whole each run says so, if not to those who want to hear of news only.
    selection = importer.run()
    for name in (ONE, TWO):
        assert [notice.news for notice in selection.notices if name in notice.text] == [False]
    importer.server.put(ONE, org(rows=3))
    importer.server.put(TWO, org())
    selection = importer.run()
    assert new(selection) == [ONE, TWO]
    assert again(selection) == {THREE: set()}


def test_a_half_upload_that_looked_whole_comes_right(importer: Importer) -> None:
    importer.server.put(ONE, org(rows=3)[:-30])
    importer.run()
    importer.server.put(ONE, org(rows=3))
    assert new(importer.run()) == [ONE]
    assert importer.run().quiet


def test_a_run_whose_state_is_not_saved_is_repeated_whole(importer: Importer) -> None:
    importer.server.put(ONE, org())
    killed = importer.select()
    assert [file.data for file in importer.run().files] == [file.data for file in killed.files]


# Files and names that are refused


def test_a_broken_file_is_refused_by_name_while_others_are_read(importer: Importer) -> None:
    importer.server.put(ONE, org())
    importer.server.put(TWO, BROKEN)
    importer.server.put(LEDER, b"\xff\xfe\0")
    for _ in range(2):
        selection = importer.run()
        assert refused(selection) == {TWO: 65, LEDER: 65}
        assert "OrgEnhedsNavn" in reason(selection, TWO)
        assert TWO not in importer.state().lines
    importer.server.put(TWO, org())
    selection = importer.run()
    assert new(selection) == [TWO]
    assert refused(selection) == {LEDER: 65}


def test_a_file_that_is_not_given_to_us_is_refused_once_while_others_are_read(importer: Importer) -> None:
    for name in (ONE, TWO, THREE):
        importer.server.put(name, org())
    importer.run()
    importer.server.put(TWO, org(version="B"))
    importer.server.files[TWO].unreadable = "550 Permission denied"
    importer.server.put(FOUR, org())
    for _ in range(2):
        selection = importer.run()
        assert [(each.file, each.reason, each.exit_code) for each in selection.refused] == [
            (TWO, "550 Permission denied", 65)
        ]
    assert importer.state().lines[TWO].sha256 == digest(org())
    assert importer.state().lines[FOUR].sha256 == digest(org())
    # Also where it is looked at because of an older one.
    importer.server.put(ONE, org(version="C"))
    assert [each.file for each in importer.select().refused].count(TWO) == 1
    importer.server.files[TWO].unreadable = ""
    assert new(importer.run()) == [ONE, TWO]


def test_a_broken_version_leaves_the_good_one_in_the_state(importer: Importer) -> None:
    importer.server.put(ONE, org())
    importer.run()
    importer.server.put(ONE, BROKEN)
    assert refused(importer.run()) == {ONE: 65}
    assert importer.state().lines[ONE].sha256 == digest(org())
    importer.server.put(ONE, org())
    assert importer.run().quiet


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Org_nye_20261345_220000.csv", "do not exist"),
        ("Org_nye_20261101_250000.csv", "do not exist"),
        ("Org_nye_20261126_000000.csv", "in the future"),
        ("Org_nye_29990101_000000.csv", "in the future"),
        ("Org_nye_18991231_000000.csv", "before 1900"),
    ],
)
def test_impossible_and_future_names_are_refused(importer: Importer, name: str, word: str) -> None:
    importer.server.put(name, org())
    importer.server.put(ONE, org())
    selection = importer.run()
    assert refused(selection) == {name: 1}
    assert word in reason(selection, name)
    assert read(selection) == [ONE]
    assert sorted(importer.state().lines) == [ONE]
    assert name not in importer.server.reads


def test_a_day_ahead_is_no_future(importer: Importer) -> None:
    """A sender's clock may be ahead, and a night may begin between its upload and the run."""
    name = "Org_nye_20261125_235959.csv"
    importer.server.put(name, org())
    assert new(importer.run()) == [name]


def test_a_clock_put_right_lets_the_future_in(importer: Importer) -> None:
    name = "Org_nye_20261126_000000.csv"
    importer.server.put(name, org())
    importer.run()
    importer.now += timedelta(days=1)
    assert new(importer.run()) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "Org_nye_20210128.csv",
        "Org_nye_20210128_123742.csv.filepart",
        "Org_nye_20210128_123742 (1).csv",
        "org_nye_20210128_123742.csv",
        "Org_nye_20210128_123742.CSV",
        "Stam_UUID_Enhedstype.csv",
    ],
)
def test_near_misses_are_told_and_not_read(importer: Importer, name: str) -> None:
    importer.server.put(name, org())
    selection = importer.run()
    assert [name in warning for warning in texts(selection)] == [True]
    assert (selection.quiet, selection.refused, importer.server.reads) == (True, [], [])
    assert importer.state().lines == {}


@pytest.mark.parametrize("name", ["xxxxOrg_nye_20210128_123742.csv", "notes.txt", "Org_nye.tmp", "Pers.zip"])
def test_foreign_files_are_left_in_peace(importer: Importer, name: str) -> None:
    importer.server.put(name, b"whatever")
    selection = importer.run()
    assert (texts(selection), selection.quiet, importer.server.reads) == ([], True, [])


def test_an_empty_delta_is_new_once_and_a_warning_once(importer: Importer) -> None:
    importer.server.put(TWO, org(rows=0))
    selection = importer.run()
    assert new(selection) == [TWO]
    assert any(f"{TWO}: a header but no rows" in told for told in texts(selection))
    importer.server.put(ONE, org())
    selection = importer.run()
    assert read(selection) == [ONE, TWO]
    assert not any("but no rows" in told for told in texts(selection))


# The state of an earlier importer

DAY = timedelta(days=1)
LAST = datetime(2026, 11, 20, 3, 0, tzinfo=COPENHAGEN)


@pytest.fixture
def taking_over(importer: Importer) -> Importer:
    importer.state_file.write_text("2026-11-20T03:00:00\n")
    return importer


def test_what_was_modified_after_the_timestamp_less_a_day_is_new(taking_over: Importer) -> None:
    server = taking_over.server
    server.put(ONE, org(version="1"), LAST - 30 * DAY)
    server.put(TWO, org(version="2"), LAST - DAY)
    server.put(THREE, org(version="3"), LAST - DAY + timedelta(seconds=1))
    server.put(LIST, stam(), LAST - 2 * DAY)
    server.put(FOUR, org(version="4"), LAST + DAY)
    selection = taking_over.run()
    assert new(selection) == [THREE, FOUR]
    lines = taking_over.state().lines
    assert {name for name, line in lines.items() if line.taken_over} == {ONE, TWO, LIST}
    assert lines[ONE].sha256 == digest(org(version="1"))
    assert taking_over.run().quiet
    assert server.reads == []
    server.put(ONE, org(version="corrected"), LAST - 29 * DAY)
    assert new(taking_over.run()) == [ONE]
    assert not taking_over.state().lines[ONE].taken_over


def test_a_file_without_a_time_goes_by_its_stamp(taking_over: Importer) -> None:
    server = taking_over.server
    server.tells_times = False
    early, late = "Org_nye_20261119_030000.csv", "Org_nye_20261119_030001.csv"
    server.put(early, org())
    server.put(late, org())
    server.put(LIST, stam())
    assert new(taking_over.run()) == [LIST, late]
    assert taking_over.run().quiet


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00\n", "0001-01-01T00:00:00+00:00\n", "0001-01-01T05:00:00"]
)
def test_where_nothing_was_imported_yet_everything_is_new(importer: Importer, text: str) -> None:
    importer.state_file.write_text(text)
    importer.server.put(ONE, org(), datetime(1980, 1, 1, tzinfo=UTC))
    assert new(importer.run()) == [ONE]


def test_a_folder_that_was_empty_at_first_takes_nothing_over_later(importer: Importer) -> None:
    assert importer.run().quiet
    importer.server.put(ONE, org(), NOW - 30 * DAY)
    assert new(importer.run()) == [ONE]


def test_a_first_run_cut_off_takes_over_all_the_same(taking_over: Importer) -> None:
    """What was noted before the first write must not make the earlier importer's work look undone."""
    server = taking_over.server
    server.put(ONE, org(version="1"), LAST - 30 * DAY)
    server.put(TWO, org(version="2"), LAST + DAY)
    before = taking_over.select()
    taking_over.note(before)
    after = taking_over.select()
    assert new(after) == new(before) == [TWO]
    assert taking_over.state().timestamp == LAST
    assert taking_over.state().lines[ONE].taken_over
    assert taking_over.state().lines[TWO].under_way == digest(org(version="2"))


def test_what_is_taken_over_began_with_its_stamp_and_was_claimed_at_the_time_of_the_state(
    taking_over: Importer,
) -> None:
    """New or not: a file that the earlier importer may have imported is in MO from its stamp on."""
    server = taking_over.server
    server.put(ONE, org(version="1"), LAST - 30 * DAY)
    server.put(TWO, org(version="2"), LAST + DAY)
    after_it = "Org_ret_20261120_030000.csv"  # the very time of the state is not before it
    server.put(after_it, org(version="3"), LAST + DAY)
    assert new(taking_over.run()) == [TWO, after_it]
    lines = taking_over.state().lines
    began = {name: line.began and datetime.fromisoformat(line.began) for name, line in lines.items()}
    last = {name: line.last and datetime.fromisoformat(line.last) for name, line in lines.items()}
    assert began == {
        ONE: datetime(2026, 11, 1, 22, tzinfo=COPENHAGEN),
        TWO: datetime(2026, 11, 2, 22, tzinfo=COPENHAGEN),
        after_it: taking_over.moment,
    }
    assert last == {ONE: LAST, TWO: LAST, after_it: taking_over.moment}


def test_taken_over_files_have_the_later_word_already_in_the_first_run(taking_over: Importer) -> None:
    server = taking_over.server
    server.put(TWO, org(version="2"), LAST - 3 * DAY)
    server.put(ONE, org(version="corrected"), LAST + DAY)
    selection = taking_over.run()
    assert new(selection) == [ONE]
    assert again(selection) == {TWO: set()}
    assert taking_over.state().lines[TWO].taken_over


def test_since_reaches_taken_over_files_already_in_the_first_run(taking_over: Importer) -> None:
    for number, name in enumerate((ONE, TWO, THREE)):
        taking_over.server.put(name, org(version=name), LAST - (9 - number) * DAY)
    selection = taking_over.run(date(2026, 11, 2))
    assert new(selection) == [TWO, THREE]
    lines = taking_over.state().lines
    assert {name: line.taken_over for name, line in lines.items()} == {ONE: True, TWO: False, THREE: False}


# From the oldest new or pending file on


def three(importer: Importer, pending: dict[str, tuple[int, ...]] | None = None) -> None:
    """Puts ONE, TWO and THREE into MO, a night each, with these rows pending."""
    for name in (ONE, TWO, THREE):
        importer.server.put(name, org(rows=3, version=name))
    importer.server.put(LEDER, leder())
    importer.nights([ONE, TWO, THREE, LEDER], pending)


def test_a_corrected_file_is_folded_with_all_that_came_after_it(importer: Importer) -> None:
    three(importer)
    importer.server.put(TWO, org(version="corrected"))
    selection = importer.run()
    assert read(selection) == [TWO, THREE]
    assert (new(selection), again(selection)) == ([TWO], {THREE: set()})
    assert [file.data for file in selection.files] == [org(version="corrected"), org(rows=3, version=THREE)]


def test_a_pending_row_is_tried_again_in_its_place(importer: Importer) -> None:
    three(importer, {TWO: (2, 4)})
    importer.server.put(FOUR, org())
    selection = importer.run(pending={TWO: (4,)})
    assert (read(selection), new(selection)) == ([TWO, THREE, FOUR], [FOUR])
    assert again(selection) == {TWO: {2, 4}, THREE: set()}
    assert again(importer.run()) == {TWO: {4}, THREE: set(), FOUR: set()}
    assert importer.run().quiet


def test_a_pending_row_is_folded_with_what_was_kept_for_it_and_no_other_file_is_fetched(
    importer: Importer,
) -> None:
    elsewhere = org().replace(UNIT.encode(), UNIT.replace("a", "b").encode())
    for name, data in ((ONE, org()), (TWO, org(rows=3)), (THREE, elsewhere), (FOUR, org(version="4"))):
        importer.server.put(name, data)
    importer.run(pending={TWO: (2,)})
    selection = importer.run(pending={TWO: (2,)})
    assert again(selection) == {ONE: set(), TWO: {2}, FOUR: set()}
    assert importer.server.reads == []


def test_kept_bytes_are_used_instead_of_the_server(importer: Importer) -> None:
    three(importer, {TWO: (2,)})
    importer.server.files.clear()
    selection = importer.run(pending={TWO: (2,)})
    assert again(selection) == {TWO: {2}, THREE: set()}
    assert (selection.refused, importer.server.reads) == ([], [])
    assert selection.files[0].data == org(rows=3, version=TWO)


def test_a_pending_version_is_tried_while_a_broken_one_lies_on_the_server(importer: Importer) -> None:
    three(importer, {TWO: (2,)})
    importer.server.put(TWO, BROKEN)
    selection = importer.run(pending={TWO: (2,)})
    assert refused(selection) == {TWO: 65}
    assert again(selection) == {TWO: {2}, THREE: set()}
    importer.server.put(TWO, org(version="corrected"))
    assert new(importer.run()) == [TWO]
    assert importer.run().quiet


def test_a_pending_file_whose_bytes_are_gone_is_told_every_time(importer: Importer) -> None:
    three(importer, {TWO: (2,)})
    importer.kept.forget_others([])
    del importer.server.files[TWO]
    for _ in range(2):
        selection = importer.run()
        assert refused(selection) == {TWO: 1}
        assert "--accept-rejects" in reason(selection, TWO)
        assert selection.files == []
    assert importer.state().lines[TWO].pending == (2,)
    assert importer.select(accept_rejects=True).refused == []
    importer.server.put(TWO, org(rows=3, version=TWO))
    assert again(importer.run()) == {TWO: {2}, THREE: set()}


def test_a_pending_file_does_not_undo_what_a_later_file_said_that_is_gone(importer: Importer) -> None:
    three(importer, {ONE: (2,)})
    importer.kept.forget_others([])
    del importer.server.files[THREE]
    selection = importer.select()
    assert refused(selection) == {ONE: 1}
    assert THREE in reason(selection, ONE)
    assert selection.files == []
    assert again(importer.select(allow_late=True)) == {ONE: {2}, TWO: set()}


def test_each_family_and_each_class_list_stands_for_itself(importer: Importer) -> None:
    three(importer)
    importer.server.put(LIST, stam())
    importer.server.put(OTHER_LIST, ledertypes())
    importer.run(pending={LIST: (2,)})
    importer.server.put(OTHER_LIST, ledertypes() + b"\n")
    selection = importer.select()
    assert (read(selection), new(selection)) == ([LIST, OTHER_LIST], [OTHER_LIST])
    importer.server.put(LEDER, leder("5"))
    assert new(importer.select()) == [OTHER_LIST, LEDER]


# Late files


def test_a_late_file_is_folded_with_the_later_ones_on_the_server(importer: Importer) -> None:
    importer.server.put(TWO, org(version="2"))
    importer.server.put(THREE, org(version="3"))
    importer.run()
    importer.server.put(ONE, org())
    selection = importer.run()
    assert (new(selection), again(selection)) == ([ONE], {TWO: set(), THREE: set()})


@pytest.mark.parametrize("how", ["left", "overwritten by a broken version", "being replaced", "emptied"])
def test_a_late_file_is_refused_where_later_ones_cannot_be_read(importer: Importer, how: str) -> None:
    importer.server.put(TWO, org(version="2"))
    importer.server.put(THREE, org(version="3"))
    importer.run()
    if how == "left":
        del importer.server.files[TWO]
    else:
        importer.server.put(TWO, b"" if how == "emptied" else BROKEN)
        importer.server.files[TWO].growing = how == "being replaced"
    importer.server.put(ONE, org())
    importer.server.put(FOUR, org())
    selection = importer.run()
    assert refused(selection)[ONE] == 1
    assert TWO in reason(selection, ONE)
    assert "--allow-late" in reason(selection, ONE)
    assert read(selection) == [FOUR]
    assert ONE not in importer.state().lines
    allowed = importer.run(allow_late=True)
    assert ONE not in refused(allowed)
    assert (new(allowed), again(allowed)) == ([ONE], {THREE: set(), FOUR: set()})
    assert ONE in importer.state().lines


def test_a_late_file_that_is_refused_is_not_told_as_gone_for_others(importer: Importer) -> None:
    """Where the state, as the version before wrote it, does not say what a pending row is folded with."""
    importer.server.put(ONE, org())
    importer.run(pending={ONE: (2,)})
    importer.server.put(THREE, org(version="3"))
    importer.run(pending={ONE: (2,)})
    state = importer.state()
    lines = {name: replace(line, folded_with={}) for name, line in state.lines.items()}
    save_state(importer.state_file, replace(state, lines=lines))
    shutil.rmtree(importer.kept.folder)
    del importer.server.files[THREE]
    importer.server.put(TWO, org(version="2"))
    selection = importer.select()
    assert refused(selection) == {ONE: 1, TWO: 1}
    assert THREE in reason(selection, ONE)
    assert TWO not in reason(selection, ONE)


def test_a_later_file_that_comes_back_lets_the_late_one_in(importer: Importer) -> None:
    three(importer)
    del importer.server.files[THREE]
    importer.server.put(TWO, org(version="corrected"))
    assert refused(importer.run()) == {TWO: 1}
    importer.server.put(THREE, org(rows=3, version=THREE))
    assert new(importer.run()) == [TWO]


def test_a_later_file_overwritten_by_a_good_version_is_folded(importer: Importer) -> None:
    three(importer)
    importer.server.put(TWO, org(version="corrected"))
    importer.server.put(THREE, org(version="corrected too"))
    assert new(importer.run()) == [TWO, THREE]


def test_files_of_a_year_ago_do_not_make_others_late(importer: Importer) -> None:
    three(importer)
    del importer.server.files[THREE]
    importer.now += timedelta(days=366)
    importer.run()
    importer.server.put(TWO, org(version="corrected"))
    assert new(importer.run()) == [TWO]


def test_a_clock_that_jumped_back_refuses_and_forgets_nothing_for_good(importer: Importer) -> None:
    three(importer)
    importer.now = datetime(2026, 10, 1, tzinfo=COPENHAGEN)
    with pytest.raises(StateError, match="set the clock") as raised:
        importer.run()
    assert raised.value.exit_code == 74
    importer.now = NOW
    importer.server.put(TWO, org(version="corrected"))
    selection = importer.run()
    assert (new(selection), again(selection)) == ([TWO], {THREE: set()})


# Again from a day on


def test_since_imports_again_from_that_day_on_and_all_class_lists(importer: Importer) -> None:
    three(importer)
    importer.server.put(LIST, stam())
    importer.run()
    selection = importer.run(date(2026, 11, 2))
    assert read(selection) == new(selection) == [LIST, TWO, THREE, LEDER]
    assert importer.run().quiet


def test_since_is_refused_where_later_files_left_the_server(importer: Importer) -> None:
    three(importer)
    del importer.server.files[TWO]
    selection = importer.run(date(2026, 11, 1))
    # The third is about the same unit: on an MO that was put back it would be taken for the first word on it.
    assert refused(selection) == {ONE: 1, THREE: 1}
    assert new(selection) == [LEDER]
    assert any(TWO in warning for warning in texts(selection))
    assert new(importer.run(date(2026, 11, 1), allow_late=True)) == [ONE, THREE, LEDER]


@pytest.mark.parametrize("pending", [(), (2,)])
def test_since_tells_of_a_broken_version_only_that_it_is_refused(
    importer: Importer, pending: tuple[int, ...]
) -> None:
    """The version before is folded as it was imported, where it is kept, and is not imported again."""
    three(importer, {THREE: pending})
    importer.server.put(THREE, BROKEN)
    selection = importer.select(date(2026, 11, 3))
    assert refused(selection) == {THREE: 65}
    assert (new(selection), texts(selection)) == ([], [])
    assert again(selection) == ({THREE: {2}} if pending else {})


def test_since_uses_kept_bytes(importer: Importer) -> None:
    three(importer, {TWO: (2,)})
    importer.server.files.clear()
    assert new(importer.select(date(2026, 11, 2))) == [TWO, THREE]


# What MO may hold part of


def test_a_file_that_is_refused_is_folded_as_it_was_imported(importer: Importer) -> None:
    """Else the pending row of an older one would undo what it says."""
    elsewhere = org().replace(UNIT.encode(), UNIT.replace("a", "b").encode())
    for name, data in ((ONE, org(rows=3)), (TWO, org(version="2")), (THREE, elsewhere)):
        importer.server.put(name, data)
    importer.run(pending={ONE: (2,)})
    importer.server.files.clear()
    selection = importer.run(date(2026, 11, 2), pending={ONE: (2,)})
    assert refused(selection) == {TWO: 1}
    assert again(selection) == {ONE: {2}, TWO: set()}
    assert again(importer.run(pending={ONE: (2,)})) == {ONE: {2}, TWO: set()}


def test_a_version_is_new_while_an_import_of_the_file_is_under_way(importer: Importer) -> None:
    importer.server.put(TWO, org())
    importer.note(importer.select())
    assert importer.state().lines[TWO].under_way == digest(org())
    for version in ("A", "another"):
        importer.server.put(TWO, org(version=version))
        assert new(importer.select()) == [TWO]
    importer.run()
    assert importer.run().quiet


def test_a_version_in_mo_is_new_again_after_another_was_cut_off(importer: Importer) -> None:
    """MO may hold part of the other one."""
    importer.server.put(TWO, org(version="A"))
    first = importer.server.files[TWO]
    importer.run()
    importer.server.put(TWO, org(version="B"))
    importer.note(importer.select())
    importer.server.files[TWO] = first
    selection = importer.run()
    assert [(file.data, file.due) for file in selection.files] == [(org(version="A"), None)]
    assert importer.run().quiet


def test_a_file_that_left_half_imported_is_told_once_as_a_fault(importer: Importer) -> None:
    importer.server.put(ONE, org())
    importer.server.put(TWO, org())
    importer.run()
    importer.server.put(TWO, org(version="B"))
    importer.note(importer.select())
    del importer.server.files[TWO]
    for run in range(2):
        told = [notice for notice in importer.run().notices if TWO in str(notice)]
        assert [notice.fault for notice in told] == ([True] if run == 0 else [])


# What is folded with what


def test_a_file_is_folded_with_those_that_began_in_the_same_run(importer: Importer) -> None:
    """MO as it was before that run knows nothing of them."""
    for name in (ONE, TWO, THREE):
        importer.server.put(name, org(version=name))
    importer.run()
    importer.server.put(TWO, org(version="corrected"))
    selection = importer.select()
    assert (read(selection), new(selection)) == ([ONE, TWO, THREE], [TWO])
    assert again(selection) == {ONE: set(), THREE: set()}


def test_an_older_file_that_was_claimed_again_since_is_folded_too(importer: Importer) -> None:
    three(importer)
    importer.server.put(ONE, org(version="corrected"))
    assert read(importer.run()) == [ONE, TWO, THREE]
    importer.server.put(THREE, org(version="corrected"))
    assert read(importer.run()) == [ONE, TWO, THREE]


def test_a_new_file_is_read_alone_whatever_was_claimed_since(importer: Importer) -> None:
    three(importer)
    importer.run(date(2026, 11, 1))
    importer.server.put(FOUR, org())
    assert read(importer.run()) == [FOUR]


@pytest.mark.parametrize("how", ["corrected", "since"])
def test_a_file_is_refused_where_one_that_it_is_folded_with_has_left(importer: Importer, how: str) -> None:
    """The base is from before the older file, and would not have what that one said."""
    for name in (ONE, TWO):
        importer.server.put(name, org(version=name))
    importer.run()
    del importer.server.files[ONE]
    importer.server.put(FOUR, org())
    if how == "corrected":
        importer.server.put(TWO, org(version="corrected"))
    since = None if how == "corrected" else date(2026, 11, 2)
    selection = importer.run(since)
    assert refused(selection) == ({TWO: 1} if how == "corrected" else {TWO: 1, FOUR: 1})
    assert ONE in reason(selection, TWO)
    assert "--allow-late" in reason(selection, TWO)
    assert new(selection) == ([FOUR] if how == "corrected" else [])
    allowed = importer.run(since or date(2026, 11, 2), allow_late=True)
    assert (refused(allowed), read(allowed)) == ({}, [TWO, FOUR])


def test_a_new_file_is_not_refused_for_what_a_pending_one_is_not_folded_with(importer: Importer) -> None:
    importer.server.put(
        ONE, org(version="of another unit").replace(UNIT.encode(), UNIT.replace("a", "b").encode())
    )
    importer.server.put(TWO, org())
    importer.run(pending={TWO: (2,)})
    del importer.server.files[ONE]
    importer.server.put(THREE, org())
    selection = importer.run(pending={TWO: (2,)})
    assert (refused(selection), read(selection)) == ({}, [TWO, THREE])


def test_a_file_that_is_read_for_another_subject_is_not_folded_about_this_one(importer: Importer) -> None:
    """What stands between them is not read: folded without that, the older word would undo it."""
    others = [UNIT.replace("a", digit) for digit in "bc"]
    row = org(rows=1).removeprefix(org(rows=0))
    of_others = b"".join(row.replace(UNIT.encode(), each.encode()) for each in others)
    importer.server.put(ONE, org(rows=1) + of_others)
    importer.run(pending={ONE: (3, 4)})
    importer.server.put(TWO, org(version="between"))
    importer.run(pending={ONE: (3, 4)})
    importer.server.put(THREE, org(rows=1))
    importer.run(pending={ONE: (3, 4), THREE: (2,)})
    importer.run(pending={ONE: (4,), THREE: (2,)})
    selection = importer.select()
    assert read(selection) == [ONE, THREE]
    assert importer.folded(selection) == {UNIT: [THREE], others[1]: [ONE]}


@pytest.mark.parametrize("how", ["since", "since, cut off", "late"])
def test_a_row_that_was_given_up_is_set_aside_for_good(importer: Importer, how: str) -> None:
    three(importer)
    state = importer.state()
    line = replace(state.lines[TWO], given_up=(3,))
    save_state(importer.state_file, replace(state, lines={**state.lines, TWO: line}))
    if how == "late":
        importer.server.put(ONE, org(version="corrected"))
    if how == "since, cut off":
        importer.note(importer.select(date(2026, 11, 1)))
    selection = importer.run(date(2026, 11, 1) if how == "since" else None)
    (file,) = (file for file in selection.files if file.name.name == TWO)
    assert set(Rejections([file])) == {RowRef(TWO, 3)}
    assert not file.is_due(RowRef(TWO, 3))
    assert importer.state().lines[TWO].given_up == (3,)
    importer.server.put(TWO, org(rows=3, version="corrected"))
    (file,) = (file for file in importer.run().files if file.name.name == TWO)
    assert not Rejections([file])
    assert importer.state().lines[TWO].given_up == ()


# What cannot be, or not yet


def test_a_state_from_the_future_is_refused_and_a_day_ahead_is_none(importer: Importer) -> None:
    importer.server.put(ONE, org())
    save_state(importer.state_file, State(NOW + DAY, {}, ours=True))
    assert not importer.select().quiet
    save_state(importer.state_file, State(NOW + DAY + timedelta(minutes=1), {}, ours=True))
    with pytest.raises(StateError, match="put back the last good copy"):
        importer.select()


def test_a_file_that_is_not_whole_a_day_later_is_refused(importer: Importer) -> None:
    importer.server.put(ONE, b"")
    importer.server.put(TWO, org())
    importer.server.files[TWO].growing = True
    for _ in range(2):
        assert refused(importer.run()) == {}
    importer.now += DAY
    assert refused(importer.run()) == {ONE: 1, TWO: 1}
    importer.server.put(ONE, org())
    importer.server.put(TWO, org())
    assert new(importer.run()) == [ONE, TWO]
    importer.server.put(ONE, b"")
    importer.now += DAY
    assert refused(importer.run()) == {}  # it is not whole for a new day


def test_a_listing_without_any_file_is_no_empty_drop(importer: Importer) -> None:
    state = importer.state()
    with pytest.raises(UnavailableError, match="has no file of the drop"):
        select(state, importer.server, importer.kept, NOW)
    importer.server.put(ONE, org())
    importer.run()
    importer.server.files.clear()
    with pytest.raises(UnavailableError, match="and had 1 before"):
        select(importer.state(), importer.server, importer.kept, NOW)
    assert importer.run().quiet  # where the operator accepts it
    assert select(importer.state(), importer.server, importer.kept, NOW).quiet


def test_a_listing_of_which_all_is_refused_is_no_empty_one(importer: Importer) -> None:
    importer.server.put(ONE, org())
    importer.run()
    importer.server.files.clear()
    ahead = "Org_nye_20271101_220000.csv"
    importer.server.put(ahead, org())
    selection = select(importer.state(), importer.server, importer.kept, NOW)
    assert (refused(selection), selection.quiet) == ({ahead: 1}, True)


def test_what_is_told_once_is_no_news_the_next_time(importer: Importer) -> None:
    importer.server.put("Org_nye_20210128.csv", org())
    importer.server.put(ONE, org())
    told = [notice for notice in importer.run().notices if notice.fault]
    assert [("20210128" in str(notice), notice.news) for notice in told] == [(True, True)]
    assert importer.run().notices == []
    del importer.server.files["Org_nye_20210128.csv"]
    importer.run()
    importer.server.put("Org_nye_20210128.csv", org())
    assert len(importer.run().notices) == 1


def test_a_header_that_loses_a_column_is_a_fault_once(importer: Importer) -> None:
    with_losid = org().replace(b"SlutDato\n", b"SlutDato;LOSID\n").replace(b";\n", b";;7\n")
    importer.server.put(ONE, with_losid)
    assert [notice.fault for notice in importer.run().notices if "header lacks" in str(notice)] == [False]
    for name, faults in ((FOUR, [True]), ("Org_nye_20261105_220000.csv", [])):
        importer.server.put(name, org())
        notices = importer.run().notices
        assert [notice.fault for notice in notices if "header lacks" in str(notice)] == faults


def test_values_that_could_be_cpr_numbers_are_not_shown(importer: Importer) -> None:
    importer.server.put(LEDER, leder("4"))
    assert "0102031234" not in repr(importer.select())
