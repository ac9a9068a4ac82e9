from __future__ import annotations

import json
import os
import re
import signal
import stat
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from aarhus_los.clock import COPENHAGEN
from aarhus_los.errors import StateError
from aarhus_los.ledger import (
    NOTHING_YET,
    Kept,
    Line,
    State,
    digest,
    load_state,
    next_state,
    save_state,
)
from aarhus_los.sandbox.stage import importer_environment
from tests import forked
from tests.machine import disk_of

NAME = "Org_nye_20210128_123742.csv"
LATER = "Org_ret_20210129_123742.csv"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=COPENHAGEN)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# The format


def test_a_timestamp_and_a_line_of_json_for_the_rest_and_for_each_name(tmp_path: Path) -> None:
    began, last = "2026-11-24T11:00:00.123456+00:00", "2026-11-25T11:00:00.654321+00:00"
    lines = {
        LATER: Line(
            LATER,
            "b" * 64,
            20,
            began=began,
            last=last,
            under_way="c" * 64,
            pending=(3, 17),
            folded_with={"3": (NAME,), "17": ()},
            given_up=(5,),
            rejected=(6,),
            reported={"3": "2026-11-24"},
            seen="2026-11-24",
        ),
        NAME: Line(NAME, "a" * 64, 10, "2021-01-28T11:37:42+00:00", taken_over=True, seen="2026-11-24"),
    }
    state = State(
        NOON, lines, True, "0b9d6f4e-1c07-4a58-8f3e-2d5a7c91e604", last, 2, {"name:x": "2026-11-24"}
    )
    save_state(tmp_path / "state", state)
    first, *others = (tmp_path / "state").read_text("utf-8").splitlines()
    assert first == "2026-11-24T12:00:00+01:00"
    about, earlier, later = map(json.loads, others)
    assert about == {
        "version": 2,
        "ours": True,
        "organisation": "0b9d6f4e-1c07-4a58-8f3e-2d5a7c91e604",
        "bookmark": last,
        "listed": 2,
        "reported": {"name:x": "2026-11-24"},
    }
    assert earlier == {
        "name": NAME,
        "sha256": "a" * 64,
        "size": 10,
        "mtime": "2021-01-28T11:37:42+00:00",
        "taken_over": True,
        "seen": "2026-11-24",
    }
    assert later == {
        "name": LATER,
        "sha256": "b" * 64,
        "size": 20,
        "began": began,
        "last": last,
        "under_way": "c" * 64,
        "pending": [3, 17],
        "folded_with": {"3": [NAME], "17": []},
        "given_up": [5],
        "rejected": [6],
        "reported": {"3": "2026-11-24"},
        "seen": "2026-11-24",
    }


# The version before this one


FORMER = """2026-11-24T12:00:00+01:00
{"name": "Org_nye_20210128_123742.csv", "sha256": "aa", "size": 10, "mtime": "2021-01-28T11:37:42+00:00", \
"imported": "2026-11-20T22:00:05+01:00", "pending": [3], "as_nye": [2, 3], "seen": "2026-11-24"}
{"name": "Org_ret_20210129_123742.csv", "sha256": "bb", "size": 20, "taken_over": true, "seen": "2026-11-24"}
{"name": "STAM_UUID_Enhedstype.csv", "sha256": "cc", "size": 30, "imported": "2026-11-20T22:00:05+01:00"}
{"name": "Org_ret_20210131_123742.csv", "under_way": {"sha256": "dd", "as_nye": [7]}}
"""


def test_the_state_of_the_version_before_is_read(tmp_path: Path) -> None:
    """A file began with its stamp and was claimed when it was imported; what was found out for its rows is not needed."""
    state = load_state(written(tmp_path / "state", FORMER.replace("\\\n", "")))
    assert (state.timestamp, state.ours, state.organisation, state.bookmark) == (NOON, True, None, None)
    lines = state.lines
    assert {name: (line.began, line.last) for name, line in lines.items()} == {
        NAME: ("2021-01-28T12:37:42.000000+01:00", "2026-11-20T22:00:05+01:00"),
        LATER: ("2021-01-29T12:37:42.000000+01:00", "2026-11-24T12:00:00+01:00"),
        "Org_ret_20210131_123742.csv": ("2021-01-31T12:37:42.000000+01:00", "2026-11-24T12:00:00+01:00"),
        "STAM_UUID_Enhedstype.csv": (None, None),
    }
    assert (lines[NAME].pending, lines[NAME].sha256, lines[LATER].taken_over) == ((3,), "aa", True)
    assert lines["Org_ret_20210131_123742.csv"].under_way == "dd"
    save_state(tmp_path / "state", state)
    assert load_state(tmp_path / "state") == state
    assert "as_nye" not in (tmp_path / "state").read_text("utf-8")


def test_a_first_import_that_the_version_before_did_not_complete_is_one_still(tmp_path: Path) -> None:
    text = '0001-01-01T00:00:00\n{"name": "Org_ret_20210131_123742.csv", "under_way": {"sha256": "dd", "as_nye": []}}\n'
    state = load_state(written(tmp_path / "state", text))
    assert (state.timestamp, state.ours) == (NOTHING_YET, False)
    (line,) = state.lines.values()
    assert line.began == line.last == "2021-01-31T12:37:42.000000+01:00"


def test_an_empty_state_of_the_version_before_is_ours(tmp_path: Path) -> None:
    state = load_state(written(tmp_path / "state", '2026-11-24T12:00:00+01:00\n{"files": 0}\n'))
    assert state == State(NOON, {}, ours=True)


def test_no_file_is_a_first_import(tmp_path: Path) -> None:
    assert load_state(tmp_path / "state") == State(None, {}, ours=False)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2021-07-01T12:00:00", datetime(2021, 7, 1, 10, tzinfo=UTC)),
        ("2021-01-01T12:00:00.123456\n", datetime(2021, 1, 1, 11, 0, 0, 123456, tzinfo=UTC)),
        ("2021-01-01 12:00:00\r\n", datetime(2021, 1, 1, 11, tzinfo=UTC)),
        ("2021-01-01T12:00:00+00:00", datetime(2021, 1, 1, 12, tzinfo=UTC)),
        ("2021-01-01T12:00:00Z", datetime(2021, 1, 1, 12, tzinfo=UTC)),
        # The hour that comes twice, and the one that does not come.
        ("2021-10-31T02:30:00", datetime(2021, 10, 31, 0, 30, tzinfo=UTC)),
        ("2021-10-31T02:30:00+01:00", datetime(2021, 10, 31, 1, 30, tzinfo=UTC)),
        ("2021-03-28T02:30:00", datetime(2021, 3, 28, 1, 30, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("machine", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_a_naive_time_is_danish_whatever_the_machine(
    tmp_path: Path, text: str, instant: datetime, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", machine)
    state = load_state(written(tmp_path / "state", text))
    assert state.timestamp is not None
    assert state.timestamp.astimezone(UTC) == instant
    assert not state.ours


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00", "0001-01-01T00:00:00\n", "0001-01-01T00:00:00+00:00"]
)
def test_the_beginning_of_time_means_that_nothing_was_imported(tmp_path: Path, text: str) -> None:
    state = load_state(written(tmp_path / "state", text))
    assert state == State(NOTHING_YET, {}, ours=False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n \n",
        b"\0" * 100,
        b"yesterday\n",
        b"0001-01-01T00:00:00+14:00x",
        b"OrgUUID;CPR\n;0102031234\n",
        b'{"name": "Org_nye_20210128_123742.csv"}\n',
        b"\xff\xfe2\0",
        b"2021-01-01T00:00:00+01:00\n{",
        b"2021-01-01T00:00:00+01:00\n[]",
        b"2021-01-01T00:00:00+01:00\n{}",
        b'2021-01-01T00:00:00+01:00\n{"name": 5}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "pending": 5}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "pending": ["5"]}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "size": "5"}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "seen": "yesterday"}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "sha256": 5}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "under_way": {"sha": "a"}}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "under_way": 5}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "began": "2021-01-01T00:00:00"}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "last": "yesterday"}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "given_up": [true]}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "rejected": "2"}',
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "reported": {"2": 5}}',
        b'2021-01-01T00:00:00+01:00\n{"version": 2, "bookmark": "2021-01-01T00:00:00"}',
        b'2021-01-01T00:00:00+01:00\n{"version": "2"}',
        b'2021-01-01T00:00:00+01:00\n{"version": 2, "reported": []}',
        b"2021-01-01T00:00:00+01:00\n" + b"[" * 100_000,
        b'2021-01-01T00:00:00+01:00\n{"name": "x", "unheard": "of"}',
        b'2021-01-01T00:00:00+01:00\n{"files": 5}',
    ],
)
def test_an_empty_or_broken_state_says_what_to_do(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "state"
    path.write_bytes(data)
    with pytest.raises(StateError) as caught:
        load_state(path)
    told = str(caught.value)
    assert str(path) in told
    assert "put back the last good copy" in told
    assert len(told) < 500
    assert "0102031234" not in told
    assert caught.value.exit_code == 74


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "state", '2021-01-01T00:00:00+01:00\n{"name": "x"}\n{"name": "y", "siz')
    with pytest.raises(StateError, match="line 3"):
        load_state(path)


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=re.escape(str(tmp_path))):
        load_state(tmp_path)


SHA = st.text("0123456789abcdef", min_size=64, max_size=64)
NUMBERS = st.lists(st.integers(2, 10**6), max_size=4).map(tuple)
DAYS = st.dates(date(1999, 1, 1), date(2200, 1, 1)).map(str)
ZONES = st.sampled_from([UTC, COPENHAGEN, timezone(timedelta(hours=-11, minutes=-30))])
MOMENTS = st.builds(
    datetime.astimezone,
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    ZONES,
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
REPORTED = st.dictionaries(TEXTS, DAYS, max_size=3)
LINES = st.builds(
    Line,
    name=TEXTS,
    sha256=st.none() | SHA,
    size=st.none() | st.integers(0, 2**40),
    mtime=st.none() | MOMENTS.map(datetime.isoformat),
    imported=st.none() | MOMENTS.map(datetime.isoformat),
    taken_over=st.booleans(),
    began=st.none() | MOMENTS.map(datetime.isoformat),
    last=st.none() | MOMENTS.map(datetime.isoformat),
    under_way=st.none() | SHA,
    pending=NUMBERS,
    folded_with=st.dictionaries(TEXTS, st.lists(TEXTS, max_size=2).map(tuple), max_size=2),
    given_up=NUMBERS,
    rejected=NUMBERS,
    reported=REPORTED,
    seen=st.just("") | DAYS,
)
MAPPINGS = st.lists(LINES, max_size=4).map(lambda lines: {line.name: line for line in lines})


STATES = st.builds(
    State,
    timestamp=MOMENTS | st.just(NOTHING_YET),
    lines=MAPPINGS,
    ours=st.booleans(),
    organisation=st.none() | TEXTS,
    bookmark=st.none() | MOMENTS.map(datetime.isoformat),
    listed=st.integers(0, 10**6),
    reported=REPORTED,
)


@given(STATES)
@example(State(datetime(2021, 10, 31, 2, 30, tzinfo=COPENHAGEN, fold=1), {}, ours=True))
@example(State(NOTHING_YET, {NAME: Line(NAME, under_way="a" * 64)}, ours=False))
@example(State(NOON, {NAME: Line(NAME, under_way="a" * 64)}, ours=False))
@example(State(NOON, {NAME: Line(NAME, under_way="a" * 64)}, ours=True))
@example(State(NOON, {}, ours=True))
def test_what_is_saved_is_loaded(state: State) -> None:
    state = replace(state, ours=state.ours or any(line.sha256 for line in state.lines.values()))
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        save_state(Path(folder) / "state", state)
        loaded = load_state(Path(folder) / "state")
    assert replace(loaded, timestamp=None) == replace(state, timestamp=None)
    assert loaded.timestamp is not None
    assert state.timestamp is not None
    if state.timestamp == NOTHING_YET:
        assert loaded.timestamp == NOTHING_YET
    else:
        assert loaded.timestamp.astimezone(UTC) == state.timestamp.astimezone(UTC)


# Whole or not at all


def test_the_state_is_private_whatever_the_umask_and_the_old_file(tmp_path: Path) -> None:
    path = written(tmp_path / "state", "2021-01-01T00:00:00\n")
    path.chmod(0o666)
    former = os.umask(0)
    try:
        save_state(path, State(NOON, {}, ours=True))
    finally:
        os.umask(former)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize("moment", ["Path.replace", "os.fsync", "os.fchmod"])
def test_a_kill_before_the_rename_leaves_the_old_state(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "state"
    old = State(NOON, {NAME: Line(NAME, "a" * 64, 10, seen="2026-11-24")}, ours=True)
    save_state(path, old)
    killed = forked.run(
        [
            sys.executable,
            "-c",
            "import os, signal, sys\n"
            "from datetime import datetime, UTC\n"
            "from pathlib import Path\n"
            "from aarhus_los.ledger import State, save_state\n"
            f"{moment} = lambda *args: os.kill(os.getpid(), signal.SIGKILL)\n"
            "save_state(Path(sys.argv[1]), State(datetime.now(UTC), {}, ours=True))\n",
            path,
        ],
        env=importer_environment(),
    )
    assert killed.returncode == -signal.SIGKILL
    assert load_state(path) == old
    save_state(path, State(NOON, {}, ours=True))
    assert load_state(path).lines == {}


def test_a_failed_write_leaves_the_old_state_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "state"
    old = State(NOON, {}, ours=True)
    save_state(path, old)
    with disk_of(20), pytest.raises(StateError, match=re.escape(f"{path} cannot be written")):
        save_state(path, State(NOON, {NAME: Line(NAME, "a" * 64)}, ours=True))
    assert load_state(path) == old
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


# The state after a run


def test_files_that_left_the_server_are_remembered_for_a_year() -> None:
    state = State(NOON, {NAME: Line(NAME, "a" * 64)}, ours=True)
    state = next_state(state, NOON, {}, [NAME], {})
    assert state.lines[NAME].seen == "2026-11-24"
    year = next_state(state, NOON + timedelta(days=365), {}, [], {})
    assert NAME in year.lines
    assert NAME not in next_state(year, NOON + timedelta(days=366), {}, [], {}).lines
    again = next_state(state, NOON + timedelta(days=300), {}, [NAME], {})
    assert NAME in next_state(again, NOON + timedelta(days=600), {}, [], {}).lines


def test_a_file_with_pending_rows_is_never_forgotten() -> None:
    state = State(NOON, {NAME: Line(NAME, "a" * 64, pending=(2,), seen="2020-01-01")}, ours=True)
    assert next_state(state, NOON, {}, [], {}).lines[NAME].pending == (2,)


def test_a_clock_that_jumps_back_forgets_nothing() -> None:
    state = next_state(State(), NOON, {NAME: Line(NAME, "a" * 64)}, [NAME], {})
    back = next_state(state, NOON - timedelta(days=1000), {}, [], {})
    assert back.lines == state.lines


def test_a_completed_run_replaces_lines_by_name() -> None:
    old = State(None, {NAME: Line(NAME, "a" * 64, seen="2026-11-01"), LATER: Line(LATER, "c" * 64)})
    after = next_state(old, NOON, {NAME: Line(NAME, "b" * 64)}, [NAME, LATER], {})
    assert (after.timestamp, after.ours) == (NOON, True)
    assert {name: line.sha256 for name, line in after.lines.items()} == {NAME: "b" * 64, LATER: "c" * 64}
    assert after.lines[NAME].seen == "2026-11-24"
    assert after.listed == 2


def test_what_was_reported_is_what_the_run_says_is_so_still() -> None:
    old = State(NOON, {}, ours=True, reported={"name:x": "2026-11-01"})
    assert next_state(old, NOON, {}, [], {"name:y": "2026-11-24"}).reported == {"name:y": "2026-11-24"}


# Kept bytes


def test_bytes_are_kept_in_private_until_no_row_needs_them(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state")
    kept.keep({NAME: b"one", LATER: b"two"})
    folder = tmp_path / "state.d"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert kept.read(NAME, digest(b"one")) == b"one"
    assert kept.read(NAME, digest(b"another version")) is None
    kept.forget_others([LATER])
    assert kept.read(NAME, digest(b"one")) is None
    assert kept.read(LATER, digest(b"two")) == b"two"
    kept.forget_others([])
    assert not folder.exists()
    kept.forget_others([])


def test_keeping_puts_nothing_away(tmp_path: Path) -> None:
    """The state that needs the others stays in force until the new one is written."""
    kept = Kept(tmp_path / "state")
    kept.keep({NAME: b"one"})
    kept.keep({LATER: b"two"})
    assert kept.read(NAME, digest(b"one")) == b"one"


def test_bytes_that_rotted_are_not_taken_for_the_version(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state")
    kept.keep({NAME: b"one"})
    (tmp_path / "state.d" / NAME).write_bytes(b"on")
    assert kept.read(NAME, digest(b"one")) is None
    kept.keep({NAME: b"one"})
    assert kept.read(NAME, digest(b"one")) == b"one"


def test_what_was_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state")
    kept.keep({NAME: b"one"})
    written(tmp_path / "state.d" / f".{LATER}.abc", "half")
    kept.forget_others([NAME])
    assert [path.name for path in (tmp_path / "state.d").iterdir()] == [NAME]


def test_a_foreign_folder_among_kept_bytes_is_told(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state")
    kept.keep({NAME: b"one"})
    (tmp_path / "state.d" / "mine").mkdir()
    with pytest.raises(StateError, match=re.escape("state.d")):
        kept.forget_others([])
