"""A run that is cut off after it has written: its record is left, and what is told says how much of how much it wrote."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest

from aarhus_los.report.page import write_page
from aarhus_los.sandbox.http_stand_in import Action, Answer, Drop, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from tests.e2e.drops import CHANGES, put_files, put_first_files
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org, unit


class OnVerification:
    """Does something to each read that comes after the last write; the first one of them is told of by `reached`."""

    def __init__(self, action: Action | None) -> None:
        self.action = action
        self.reached = Event()
        self.go_on = Event()
        self.lock = Lock()
        self.written = 0
        self.wanted = 1_000_000

    def __call__(self, request: Request, phase: Phase) -> Action | None:
        if phase is Phase.AFTER and request.answer is not None and request.answer.status < 300:
            objects = written_objects(request)
            with self.lock:  # MO answers several at a time
                self.written += objects
        if phase is Phase.BEFORE and self.written >= self.wanted and request.path.startswith("/graphql/"):
            if written_objects(request):
                return None
            self.reached.set()
            if self.action is None:
                assert self.go_on.wait(30)
            return self.action
        return None


def writes_of(sandbox: Sandbox) -> int:
    """How many writes the drop takes."""
    plan = json.loads(sandbox.run("plan", "--json").stdout)
    return sum(sum(actions.values()) for actions in plan["operations"]["planned"].values())


def left_by(sandbox: Sandbox) -> tuple[Path, dict[str, Any]]:
    (path,) = sandbox.reports.glob("run_*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    return path, json.loads(path.read_text(encoding="utf-8"))


def check(sandbox: Sandbox, done: subprocess.CompletedProcess[str], code: int, writes: int) -> None:
    path, record = left_by(sandbox)
    assert done.returncode == record["exit_code"] == code, done.stderr
    told = done.stdout + done.stderr
    written = len(record["written"])
    # Of an MO that is gone it cannot be asked any more whether it has kept the last lists.
    assert written == writes or (code == 69 and 0 < written < writes)
    assert f"{written} of {writes} writes were made" in told and str(path) in told
    assert record["verdict"]["text"].startswith(f"Cut off: {written} of {writes} writes were made")
    assert "No rows were read" not in told and "Nothing" not in told and "nothing" not in told
    assert "Traceback" not in told
    write_page(path.with_suffix(".html"), record)
    page = path.with_suffix(".html").read_text(encoding="utf-8")
    assert "Afbrudt" in page and "Ingen nye filer" not in page


@pytest.fixture
def cut(sandbox: Sandbox) -> Sandbox:
    put_first_files(sandbox)
    sandbox.configure(retry_seconds=0.2)
    return sandbox


def test_by_a_signal_while_it_verifies(cut: Sandbox) -> None:
    writes = writes_of(cut)
    fault = cut.mo.intercept = OnVerification(None)
    fault.wanted = writes
    with cut.start() as process:
        assert fault.reached.wait(30)
        process.send_signal(signal.SIGTERM)
        fault.go_on.set()
        stdout, stderr = process.communicate(timeout=30)
    done = subprocess.CompletedProcess([], process.returncode, stdout, stderr)
    check(cut, done, 128 + signal.SIGTERM, writes)
    assert cut.claimed() == {}


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (Drop(), "cannot be reached"),
        (Answer(502, b"<html>bad gateway</html>", {"Content-Type": "text/html"}), "502"),
    ],
    ids=["gone", "gateway"],
)
def test_by_an_mo_that_is_gone_when_it_verifies(cut: Sandbox, action: Action, text: str) -> None:
    writes = writes_of(cut)
    fault = cut.mo.intercept = OnVerification(action)
    fault.wanted = writes
    done = cut.run(hasty=True)
    check(cut, done, 69, writes)
    assert "the next run does the rest" in done.stdout + done.stderr
    cut.mo.intercept = None
    again = cut.run()
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.splitlines()[-1].endswith("0 writes, exit 0.")


def test_a_file_of_a_quiet_night_may_leave_the_server_before_a_run_is_cut_off(cut: Sandbox) -> None:
    """A delta without rows, say. MO says what it said before it: the file that is new is not folded with it."""
    assert cut.run().returncode == 0
    quiet = "Org_ret_20260801_220000.csv"
    cut.put(quiet, org())
    assert cut.run().stdout.splitlines()[-1].endswith("0 writes, exit 0.")
    cut.remove(quiet)
    cut.put("Org_ret_20260802_220000.csv", org(unit("top", OrgEnhedsNavn="Nyt navn")))
    fault = cut.mo.intercept = OnVerification(Drop())
    fault.wanted = 1
    assert cut.run(hasty=True).returncode == 69
    cut.mo.intercept = None
    again = cut.run()
    assert (again.returncode, again.stderr) == (0, "")


DEFECT = """
import sys
from aarhus_los import cli, reconcile
def broken(*args):
    raise KeyError("no such thing")
reconcile.verify = broken
cli.main(sys.argv[1:])
"""


def test_by_a_defect(cut: Sandbox) -> None:
    writes = writes_of(cut)
    check(cut, cut.run_apart(program=DEFECT), 70, writes)


FULL = """
import sys
from aarhus_los import cli, errors, frame
def full(*args, **more):
    raise errors.StateError("the state cannot be written: No space left on device")
frame.completed = full
cli.main(sys.argv[1:])
"""


def test_by_a_disk_that_fills_up(cut: Sandbox) -> None:
    writes = writes_of(cut)
    check(cut, cut.run_apart(program=FULL), 74, writes)


def test_before_anything_was_written_there_is_no_record(imported: Sandbox) -> None:
    put_files(imported, CHANGES)
    imported.configure(retry_seconds=0.2)
    for path in imported.reports.glob("run_*.json"):
        path.unlink()
    imported.mo.intercept = lambda request, phase: Drop() if written_objects(request) else None
    done = imported.run(hasty=True)
    assert done.returncode == 69, done.stderr
    assert "writes were made" not in done.stderr
    assert "Cut off before anything was written: the next run does it." in done.stdout.splitlines()[-1]
    assert not list(imported.reports.glob("run_*.json"))
