"""The lock that keeps a second run out."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aarhus_los import clock
from aarhus_los.errors import LockedError, LosError, StateError, UnavailableError
from aarhus_los.lock import locked, look, obstacle
from aarhus_los.sandbox.stage import importer_environment
from tests import forked
from tests.machine import THEM, US, as_user, disk_of, fill, given_to, shared_folder, small_disk

HOLD = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from aarhus_los.lock import locked\n"
    "with locked(Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


@contextmanager
def holder(state_file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input ends."""
    with forked.Popen(
        [sys.executable, "-c", HOLD, state_file],
        env=importer_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_run_is_told_who_holds_the_lock_since_when(tmp_path: Path) -> None:
    state_file = tmp_path / "state"
    began = clock.now()
    with holder(state_file) as process:
        with pytest.raises(LockedError) as caught, locked(state_file):
            pytest.fail("both hold the lock")
        assert caught.value.exit_code == 75
        told = re.search(rf"process {process.pid} since (\S+)", str(caught.value))
        assert told
        assert abs(datetime.fromisoformat(told[1]) - began) < timedelta(seconds=60)
        process.communicate("")
        assert process.returncode == 0
    with locked(state_file):
        pass


def test_a_killed_run_leaves_no_lock_behind(tmp_path: Path) -> None:
    state_file = tmp_path / "state"
    with holder(state_file) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with (
            locked(state_file),
            pytest.raises(LockedError, match=f"process {os.getpid()} "),
            locked(state_file),
        ):
            pytest.fail("held twice")


def test_the_lock_is_private_and_let_go_after_a_failure(tmp_path: Path) -> None:
    state_file = tmp_path / "state"
    with pytest.raises(RuntimeError), locked(state_file):
        raise RuntimeError
    with locked(state_file):
        assert stat.S_IMODE((tmp_path / "state.lock").stat().st_mode) == 0o600


def since(lock: Path, hours: float) -> None:
    """Lets the lock say that it is held for so long already."""
    began = (clock.now() - timedelta(hours=hours)).isoformat(timespec="seconds")
    lock.write_text(f"process {os.getpid()} since {began}\n", encoding="utf-8")


def held_for(state_file: Path, hours: float, run_hours: float) -> LosError:
    with locked(state_file):
        since(state_file.with_name("state.lock"), hours)
        with pytest.raises(LosError) as caught, locked(state_file, run_hours):
            pytest.fail("both hold the lock")
        looked = look(state_file, run_hours)
    assert (type(looked), str(looked)) == (type(caught.value), str(caught.value))
    return caught.value


def test_a_lock_that_is_held_longer_than_a_run_may_last_is_a_failure(tmp_path: Path) -> None:
    state_file = tmp_path / "state"
    late = held_for(state_file, 5.1, 5)
    assert isinstance(late, UnavailableError)
    assert late.exit_code == 69
    assert "longer than run_hours (5)" in str(late)
    assert f"kill {os.getpid()}" in str(late)
    assert isinstance(held_for(state_file, 0.02, 0.01), UnavailableError)


@pytest.mark.parametrize(("hours", "run_hours"), [(4.9, 5), (100, 0), (-3, 5), (-3, 0)])
def test_a_lock_that_is_held_for_no_longer_is_not(tmp_path: Path, hours: float, run_hours: float) -> None:
    assert held_for(tmp_path / "state", hours, run_hours).exit_code == 75


@pytest.mark.parametrize(
    "text",
    ["", "process", "process 1 since yesterday\n", "process 1 since 2026-01-01T00:00:00\n", "\0\xff" * 90],
)
def test_a_lock_that_says_nothing_sound_is_still_held(tmp_path: Path, text: str) -> None:
    with locked(tmp_path / "state"):
        (tmp_path / "state.lock").write_bytes(text.encode("latin-1"))
        with pytest.raises(LockedError, match="another run is under way"), locked(tmp_path / "state", 0.001):
            pytest.fail("both hold the lock")


def test_a_lock_that_nobody_holds_is_seen(tmp_path: Path) -> None:
    assert look(tmp_path / "state") is None
    with locked(tmp_path / "state"):
        pass
    assert look(tmp_path / "state") is None


# Disks


def test_a_lock_that_cannot_be_written_is_no_defect(tmp_path: Path) -> None:
    with disk_of(0), pytest.raises(StateError, match=r"state\.lock"), locked(tmp_path / "state"):
        pass
    with locked(tmp_path / "state"):
        pass


def test_a_full_disk_and_one_for_reading_only(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        fill(disk)
        with pytest.raises(StateError, match="No space left"), locked(disk / "state"):
            pass
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(StateError, match="mounted for reading only"), locked(disk / "state"):
            pass


# Other users


def take(state_file: Path) -> str:
    with locked(state_file):
        return "taken"


def test_a_link_in_place_of_the_lock_is_not_followed() -> None:
    with shared_folder() as folder:
        precious = folder / "precious"
        precious.write_text("of the importer's user", encoding="utf-8")
        given_to(US, precious)
        lock = folder / "state.lock"
        lock.symlink_to(precious)
        for maker in (THEM, US):
            given_to(maker, lock)
            told = as_user(US, lambda: take(folder / "state"))
            assert told.startswith("StateError: the lock file")
            assert "it is a link" in told
        assert precious.read_text(encoding="utf-8") == "of the importer's user"


def test_a_lock_of_another_user_is_not_used() -> None:
    with shared_folder() as folder:
        lock = folder / "state.lock"
        lock.write_text("", encoding="utf-8")
        given_to(THEM, lock)
        lock.chmod(0o666)
        assert "is no file of our own" in as_user(US, lambda: take(folder / "state"))
        given_to(US, lock)
        assert as_user(US, lambda: take(folder / "state")) == "taken"


def test_a_lock_that_root_has_left_is_told_before_a_run_ends_on_it() -> None:
    with shared_folder() as folder:
        lock = folder / "state.lock"
        lock.write_text("", encoding="utf-8")
        lock.chmod(0o600)
        told = as_user(US, lambda: obstacle(folder / "state"))
        assert (
            "Permission denied: where another user has run the import, give it to the one who runs it now"
            in told
        )
        assert as_user(US, lambda: take(folder / "state")) == f"StateError: {told}"
        lock.unlink()
        assert as_user(US, lambda: obstacle(folder / "state")) == "None"
        assert not lock.exists()


def test_a_folder_that_cannot_be_written_is_told_with_what_to_do() -> None:
    with shared_folder() as folder:
        inner = folder / "own"
        inner.mkdir(mode=0o500)
        given_to(US, inner)
        assert f"{inner} cannot be written: chmod u+wx {inner}" in as_user(US, lambda: take(inner / "state"))


def test_a_second_name_of_one_of_our_files_is_not_taken_for_the_lock() -> None:
    with shared_folder() as folder:
        precious = folder / "precious"
        precious.write_text("of the importer's user", encoding="utf-8")
        (folder / "state.lock").hardlink_to(given_to(US, precious))
        assert "is no file of our own" in as_user(US, lambda: take(folder / "state"))
        assert precious.read_text(encoding="utf-8") == "of the importer's user"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_no_lock_and_does_not_hang(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "state.lock")
    with pytest.raises(StateError, match=r"state\.lock"), locked(tmp_path / "state"):
        pass


def test_one_state_has_one_lock_however_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "state")
    with locked(tmp_path / "link"), pytest.raises(LockedError), locked(tmp_path / "state"):
        pytest.fail("both hold the lock")
