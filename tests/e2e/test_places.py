"""What a run writes beside MO: tried before MO is written, swept after a kill, and none of what others have put there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.drops import CHANGED, NEW, office, put_files
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org
from tests.machine import THEM, fill, given_to, small_disk

DELTA = {
    NEW: org(
        office("ny", start="2026-02-01", PostAdresse="Ingen ved hvor 7"),
        office("orphan", "nowhere", start="2026-02-01"),  # pending
    ),
    CHANGED: org(office("mor", Med_i_LinjeOrg="False", OrgEnhedsNavn="Mor, ny")),
}


@pytest.fixture
def waiting(imported: Sandbox) -> Sandbox:
    """A sandbox with a delta before it, of which every kind of file comes."""
    home = imported.stage.home
    (home / "queries").mkdir(mode=0o700)
    (home / "metrics").mkdir(mode=0o700)
    imported.reports.mkdir(mode=0o700)
    imported.configure(queries_folder=str(home / "queries"), metrics_file=str(home / "metrics" / "los.prom"))
    put_files(imported, DELTA)
    imported.writes()
    return imported


def test_the_delta_leaves_every_kind_of_file(waiting: Sandbox) -> None:
    done = waiting.run()
    assert done.returncode == 1, done.stdout
    home = waiting.stage.home
    left = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    [record] = [name for name in left if name.startswith("reports/run_")]
    assert left - {record} == {
        "settings.json",
        "state",
        "state.lock",
        "state.addresses.json",
        f"state.d/{NEW}",
        f"reports/rejected_{NEW}",
        f"reports/failed_addr_{NEW}",
        f"queries/failed_addr_{NEW}",
        "metrics/los.prom",
    }


Spoil = Callable[[Path], Path]


def folder_at(place: str) -> Spoil:
    def spoil(home: Path) -> Path:
        path = home / place
        (path / "in the way").mkdir(parents=True)
        return path

    return spoil


def file_at(place: str) -> Spoil:
    def spoil(home: Path) -> Path:
        path = home / place
        if path.is_dir():
            path.rmdir()
        path.write_text("in the way", encoding="utf-8")
        return path

    return spoil


def link_of_another(place: str) -> Spoil:
    def spoil(home: Path) -> Path:
        if os.geteuid() != 0:
            pytest.skip("needs root, to be another user")
        path = home / place
        (home / "theirs").mkdir()
        if path.is_dir():
            path.rmdir()
        elif path.exists():
            path.rename(home / "theirs" / path.name)
        path.symlink_to(home / "theirs" / path.name)
        return given_to(THEM, path)

    return spoil


IN_THE_WAY: dict[str, Spoil] = {
    "a folder as reject file": folder_at(f"reports/rejected_{NEW}"),
    "a folder as list of addresses": folder_at(f"reports/failed_addr_{CHANGED}"),
    "a folder as list of addresses for all": folder_at(f"queries/failed_addr_{NEW}"),
    "a folder as metrics": folder_at("metrics/los.prom"),
    "a folder as state": folder_at("new/state"),
    "a folder among the kept files": folder_at("state.d/folder"),
    "a file as folder of kept files": file_at("state.d"),
    "a file as report folder": file_at("reports"),
    "a file as queries folder": file_at("queries"),
    "a file as metrics folder": file_at("metrics"),
    "a link of another user as state": link_of_another("state"),
    "a link of another user as folder of kept files": link_of_another("state.d"),
    "a link of another user as report folder": link_of_another("reports"),
}


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_what_is_in_the_way_is_found_before_anything_is_sent(waiting: Sandbox, case: str) -> None:
    path = IN_THE_WAY[case](waiting.stage.home)
    if path.parent.name == "new":
        waiting.configure(state_file=str(path))
    before = waiting.state()
    done = waiting.run()
    assert done.returncode == 74, done.stdout + done.stderr
    [line] = [line for line in done.stderr.splitlines() if str(path) in line]
    assert waiting.writes() == 0
    assert waiting.state() == before
    checked = waiting.run("check", "--json")
    assert checked.returncode == 74
    failures = [
        each["text"] for each in json.loads(checked.stdout)["findings"] if each["status"] == "failure"
    ]
    assert line.removeprefix("los-import: ") in failures


def test_a_page_that_cannot_be_written_is_found_before_anything_is_sent(waiting: Sandbox) -> None:
    page = folder_at("page.html")(waiting.stage.home)
    done = waiting.run("--html", str(page))
    assert done.returncode == 74
    assert str(page) in done.stderr
    assert waiting.writes() == 0


@pytest.mark.parametrize(
    ("place", "how"), [("reports", "full"), ("queries", "for reading only"), ("metrics", "full")]
)
def test_a_disk_that_takes_nothing_is_found_before_anything_is_sent(
    waiting: Sandbox, place: str, how: str
) -> None:
    folder = waiting.stage.home / place
    folder.rmdir()
    with small_disk(folder) as disk:
        if how == "full":
            fill(disk)
        else:
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        asked = len(waiting.requests())
        done = waiting.run()
        assert done.returncode == 74, done.stdout
        assert str(disk) in done.stderr
        assert len(waiting.requests()) == asked
        checked = waiting.run("check")
        assert checked.returncode == 74
        told = [line.removeprefix("los-import: ") for line in done.stderr.splitlines()]
        assert [line for line in told if line in checked.stdout]


def test_a_disk_without_room_for_what_will_be_kept_is_found_before_anything_is_sent(waiting: Sandbox) -> None:
    home = waiting.stage.home
    large = org(office("orphan", "nowhere", start="2026-02-01", OrgEnhedsNavn="x" * 700_000))
    put_files(waiting, {CHANGED: large})
    with small_disk(home / "small", "900k") as disk:
        shutil.copy(waiting.state_file, disk / "state")
        waiting.configure(state_file=str(disk / "state"))
        done = waiting.run()
        assert done.returncode == 74
        assert f"{disk} cannot be written: No space left on device: 1.0 MB must be free" in done.stderr
    assert waiting.writes() == 0


def test_what_is_not_ours_in_the_report_folder_is_left_alone(waiting: Sandbox) -> None:
    precious = waiting.stage.home / "precious"
    precious.write_text("not ours", encoding="utf-8")
    (waiting.reports / "run_20200101T000000.json").mkdir()
    (waiting.reports / "rejected_Org_nye_20200101_220000.csv").symlink_to(precious)
    (waiting.reports / "error_20200101T000000.txt").symlink_to("nowhere")
    (waiting.reports / "failed_addr_Org_nye_20200101_220000.csv").write_text("old", encoding="utf-8")
    entries = list(waiting.reports.iterdir())
    for path in entries:
        os.utime(path, (0, 0), follow_symlinks=False)
    os.utime(precious, (0, 0))
    done = waiting.run()
    assert (done.returncode, done.stderr) == (1, "")
    assert {path.name for path in entries if os.path.lexists(path)} == {
        "run_20200101T000000.json",
        "rejected_Org_nye_20200101_220000.csv",
        "error_20200101T000000.txt",
    }
    assert precious.exists()


# Kills

KILL = """
import os, pathlib, signal

from aarhus_los.cli import main

count = int(os.environ["KILL_AT"])
replace = pathlib.Path.replace

def killing(self, target):
    global count
    count -= 1
    if not count:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)

pathlib.Path.replace = killing
main()
"""


def temporary_files(home: Path) -> list[str]:
    return sorted(path.name for path in home.rglob(".*"))


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_whatever_write_a_run_is_killed_in_the_next_one_sweeps_up_and_ends_as_an_uncut_one(
    waiting: Sandbox, tmp_path: Path, every: int
) -> None:
    home = waiting.stage.home
    mo, copy = waiting.store.snapshot(), tmp_path / "copy"
    shutil.copytree(home, copy)

    def reset() -> None:
        waiting.store.restore(mo)
        shutil.rmtree(home)
        shutil.copytree(copy, home)

    def end() -> tuple[Any, ...]:
        files = {
            str(path.relative_to(home)): path.read_bytes()
            for path in home.rglob("*")
            if path.is_file() and path.parent.name in ("state.d", "reports", "queries")
        }
        return waiting.state(), {name: data for name, data in files.items() if "run_" not in name}

    assert waiting.run().returncode == 1
    uncut = end()
    swept: set[str] = set()
    for number in range(1, 100, every):
        reset()
        killed = waiting.run_apart(program=KILL, environ={"KILL_AT": f"{number}"})
        if killed.returncode != -signal.SIGKILL:
            break
        left = temporary_files(home)
        assert len(left) == 1
        swept |= {name.rpartition(".")[0].rpartition(".")[0] for name in left}
        assert waiting.run().returncode == 1
        assert temporary_files(home) == []
        for was, now in zip(uncut, end(), strict=True):
            assert {k: v for k, v in now.items() if was.get(k) != v} == {}, number
            assert was == now
    written = {
        ".state",
        ".state.addresses.json",
        f".{NEW}",
        f".rejected_{NEW}",
        f".failed_addr_{NEW}",
        ".run_*.json",
        ".los.prom",
    }
    names = {name if ".run_" not in name else ".run_*.json" for name in swept}
    assert names == written if every == 1 else names < written and len(names) > 1
