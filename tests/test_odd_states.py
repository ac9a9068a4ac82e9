"""Whatever a state says: it is read, or refused with what to do (74). Never a defect."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aarhus_los.errors import LosError, StateError
from aarhus_los.ledger import Kept, State, load_state, save_state
from aarhus_los.moments import may_lack_a_past
from aarhus_los.progress import check_mo, completed, pending_rows, under_way
from aarhus_los.report.metrics import newest_files
from aarhus_los.selecting import select
from aarhus_los.selection import Options
from tests.memory_source import FOUR, LIST, NOW, ONE, THREE, TWO, Server, org, stam

FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None
LISTED = (ONE, TWO, THREE, FOUR, LIST)


def loaded(data: bytes) -> State:
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        path = Path(folder) / "state"
        path.write_bytes(data)
        return load_state(path)


def lived_through(state: State) -> None:
    """All that a run does with a state, as far as it needs no MO. Only what is for people may be raised."""
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        path = Path(folder) / "state"
        server = Server()
        for name in LISTED:
            server.put(name, stam() if name == LIST else org())
        try:
            newest_files(state)
            may_lack_a_past(NOW, state.lines.values())
            check_mo(state, "organisation", NOW, None)
            for since in (None, date(2026, 1, 1)):
                selection = select(
                    state, server, Kept(path), NOW, Options(since, allow_late=True, allow_empty=True)
                )
                after = under_way(state, selection, NOW)
                save_state(path, after)
                noted = load_state(path)
                after = completed(noted, selection, {}, (), NOW, pending_rows(noted.lines))
        except LosError:
            return
        save_state(path, after)
        assert load_state(path).lines.keys() == after.lines.keys()


ODD_TEXTS = (
    "",
    "2026-11-01",
    "2026-11-01T00:00:00",
    "2026-11-01T00:00:00+00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "\ud800",
    "a" * 64,
    "/../x",
    "\0",
    "Org_nye_99999999_999999.csv",
    *LISTED,
)
TEXTS = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(ODD_TEXTS)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
ANYTHING = st.recursive(
    SCALARS,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(TEXTS, each, max_size=3),
    max_leaves=6,
)
FIELDS = ("sha256", "size", "mtime", "imported", "taken_over", "began", "last", "under_way", "pending")
FIELDS += (
    "folded_with",
    "given_up",
    "rejected",
    "reported",
    "seen",
    "as_nye",
    "version",
    "ours",
    "organisation",
    "bookmark",
    "listed",
    "files",
)
PLAUSIBLE = st.fixed_dictionaries(
    {"name": st.sampled_from([*LISTED, "Pers_nye_20261101_220000.csv", "x", "\ud800.csv"])},
    optional={
        "sha256": st.just("a" * 64),
        "size": st.integers(),
        "mtime": TEXTS,
        "imported": TEXTS,
        "began": TEXTS,
        "last": TEXTS,
        "under_way": st.just("b" * 64),
        "pending": st.lists(st.integers(), max_size=3),
        "folded_with": st.dictionaries(TEXTS, st.lists(TEXTS, max_size=2), max_size=2),
        "given_up": st.lists(st.integers(-1, 5), max_size=3),
        "rejected": st.lists(st.integers(-1, 5), max_size=3),
        "reported": st.dictionaries(TEXTS, TEXTS, max_size=2),
        "seen": TEXTS,
        "taken_over": st.booleans(),
    },
)
ABOUT = st.fixed_dictionaries(
    {"version": st.just(2)},
    optional={
        "ours": st.booleans(),
        "bookmark": TEXTS,
        "organisation": st.just("organisation") | TEXTS,
        "listed": st.integers(),
        "reported": st.dictionaries(TEXTS, TEXTS, max_size=2),
    },
)
LINES = (
    PLAUSIBLE | ABOUT | st.dictionaries(st.sampled_from(("name", *FIELDS)), ANYTHING, max_size=5) | ANYTHING
)
FIRST = st.sampled_from(
    ["2026-11-01T00:00:00+01:00", "0001-01-01T00:00:00", "2021-01-01T00:00:00", "9999-12-31T23:59:59"]
)
FUZZ = settings(suppress_health_check=[HealthCheck.too_slow])


def written(first: str, lines: list[Any]) -> bytes:
    return "\n".join([first, *map(json.dumps, lines)]).encode()


@FUZZ
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf2026-11-01T00:00:00+01:00")
@example(b"[" * 100_000)
def test_any_bytes_are_a_state_or_refused(data: bytes) -> None:
    try:
        state = loaded(data)
    except StateError as error:
        assert error.exit_code == 74
        return
    lived_through(state)


@FUZZ
@given(FIRST, st.lists(LINES, max_size=4))
@example("2026-11-01T00:00:00+01:00", [{"name": LIST, "sha256": "a", "mtime": "yesterday"}])
@example(
    "2026-11-01T00:00:00+01:00", [{"version": 2}, {"name": ONE, "sha256": "a" * 64, "imported": "2026-11-01"}]
)
@example(
    "2026-11-01T00:00:00+01:00", [{"name": ONE, "sha256": "a" * 64, "imported": "2026-11-01", "pending": [2]}]
)
@example("2026-11-01T00:00:00+01:00", [{"version": 2}, {"name": ONE, "began": "0001-01-01T00:00:00+00:00"}])
@example("2026-11-01T00:00:00+01:00", [{"version": 2, "reported": {"\ud800": "\udfff"}}, {"name": "\udc80"}])
@example(
    "2026-11-01T00:00:00+01:00",
    [{"version": 2}, {"name": ONE, "sha256": "a" * 64, "size": 0, "pending": [-1]}],
)
def test_any_lines_are_a_state_or_refused(first: str, lines: list[Any]) -> None:
    try:
        state = loaded(written(first, lines))
    except StateError as error:
        assert "put back the last good copy" in str(error)
        return
    lived_through(state)


@pytest.mark.parametrize(
    "line",
    [
        '{"name": ' * 50_000,
        '{"version": 2, "listed": ' + "9" * 5_000 + "}",
        '{"version": 2, "listed": NaN}',
        '{"name": "x", "size": 1e400}',
        '{"version": 2, "bookmark": "0001-01-01T00:00:00+00:00"}',
        '{"version": 2, "bookmark": "9999-12-31T23:59:59+00:00"}',
        '{"name": "STAM_UUID_Enhedstype.csv", "sha256": "a", "mtime": "yesterday"}',
        '{"name": "STAM_UUID_Enhedstype.csv", "sha256": "a", "mtime": "2026-11-01T00:00:00"}',
        '{"name": "Org_nye_20261101_220000.csv", "imported": "2026-11-01T00:00:00"}',
    ],
    ids=lambda line: line[:60],
)
def test_a_line_that_says_nothing_sound_is_refused(line: str) -> None:
    with pytest.raises(StateError, match="line 2"):
        loaded(f"2026-11-01T00:00:00+01:00\n{line}\n".encode())


def test_half_a_letter_and_no_bytes_are_saved_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(
        written(
            "2026-11-01T00:00:00+01:00",
            [{"version": 2, "reported": {"\ud800": "\udfff"}}, {"name": "\udc80", "size": 0}],
        )
    )
    state = load_state(path)
    save_state(path, state)
    assert load_state(path) == state
    assert state.lines["\udc80"].size == 0
