"""The longest that a run lasts: asked before each list of writes and each page of reads, not after the last write."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from aarhus_los.addresses.lookup import LOOK_SECONDS, MAX_PARALLEL
from aarhus_los.sandbox.http_stand_in import Action, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from tests.e2e.drops import CHANGED, CHANGES, office, put_files, put_first_files
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org

LATE = """
import time
from pathlib import Path
from types import SimpleNamespace

from aarhus_los import cli, deadline

late = Path("late")
deadline.time = SimpleNamespace(monotonic=lambda: time.monotonic() + 7200 * late.exists())
cli.main()
"""
"""An importer whose clock is two hours ahead once there is a file `late` in its folder."""


def be_late(sandbox: Sandbox) -> None:
    (sandbox.stage.home / "late").touch()


@pytest.fixture
def waiting(imported: Sandbox) -> Sandbox:
    """A sandbox with a delta before it, whose runs may last an hour."""
    put_files(imported, CHANGES)
    imported.configure(run_hours=1, concurrency=1, chunk_size=2)
    return imported


def is_write(request: Request) -> bool:
    return request.path.startswith("/service/details/") and bool(written_objects(request))


def is_read(request: Request) -> bool:
    return request.path.startswith("/graphql/") and request.body.startswith(b'{"query": "query')


class Slow:
    """Lets MO take too long over the n-th of some requests, and counts those."""

    def __init__(self, sandbox: Sandbox, which: Callable[[Request], bool], number: int) -> None:
        self.sandbox, self.which, self.number, self.seen = sandbox, which, number, 0
        sandbox.mo.intercept = self

    def __call__(self, request: Request, phase: Phase) -> Action | None:
        if phase is Phase.BEFORE and self.which(request):
            self.seen += 1
            if self.seen == self.number:
                be_late(self.sandbox)
        return None


def test_no_list_is_begun_after_the_time(waiting: Sandbox) -> None:
    slow = Slow(waiting, is_write, 2)
    before, first_line = waiting.claimed(), waiting.state_file.read_text("utf-8").splitlines()[0]
    done = waiting.run_apart(program=LATE)
    assert done.returncode == 69
    assert "not done in run_hours" in done.stdout
    assert slow.seen == 2
    assert waiting.writes() > 0
    assert waiting.claimed() == before
    assert waiting.state_file.read_text("utf-8").splitlines()[0] == first_line
    assert len(list(waiting.reports.glob("run_*.json"))) == 1
    waiting.configure(run_hours=0)
    assert waiting.run().returncode == 0
    assert waiting.claimed().keys() == before.keys() | CHANGES.keys()
    assert waiting.run("--since", "2026-01-01").returncode == 0


def test_nothing_is_cut_off_after_the_last_write(waiting: Sandbox) -> None:
    mo, state = waiting.store.snapshot(), waiting.state_file.read_bytes()
    counted = Slow(waiting, is_write, 0)
    assert waiting.run().returncode == 0
    waiting.store.restore(mo)
    waiting.state_file.write_bytes(state)
    slow = Slow(waiting, is_write, counted.seen)
    done = waiting.run_apart(program=LATE)
    assert (done.returncode, done.stderr) == (0, "")
    assert slow.seen == counted.seen
    assert CHANGES.keys() <= waiting.claimed().keys()


def test_whether_mo_has_kept_the_last_list_is_asked_after_the_time_too(imported: Sandbox) -> None:
    changed = [office(word, OrgEnhedsNavn=f"{word}, ny") for word in ("øko", "hr")]
    put_files(imported, {CHANGED: org(*changed)})
    imported.configure(run_hours=1)
    slow = Slow(imported, lambda request: request.path.endswith("/edit"), 1)
    done = imported.run_apart(program=LATE)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert slow.seen == 1
    assert CHANGED in imported.claimed()


def test_no_page_is_read_after_the_time(waiting: Sandbox) -> None:
    slow = Slow(waiting, is_read, 2)
    state = waiting.state_file.read_bytes()
    waiting.writes()
    done = waiting.run_apart(program=LATE)
    assert (done.returncode, done.stdout) == (69, "")
    assert "the run was not done in run_hours (1): the next run does the rest" in done.stderr
    assert slow.seen == 2
    assert waiting.writes() == 0
    assert waiting.state_file.read_bytes() == state


def test_a_first_import_takes_as_long_as_it_takes(sandbox: Sandbox) -> None:
    put_first_files(sandbox)
    sandbox.configure(run_hours=1e-9)
    assert sandbox.run().returncode == 0
    put_files(sandbox, CHANGES)
    assert sandbox.run().returncode == 69


def test_no_address_is_looked_up_after_the_time(waiting: Sandbox) -> None:
    asked: list[str] = []

    def slow(request: Request, phase: Phase) -> Action | None:
        if phase is Phase.BEFORE:
            asked.append(f"{request.query}")
            be_late(waiting)
            time.sleep(0.02)
        return None

    waiting.dar.intercept = slow
    offices = [office(f"ny {n}", "top", PostAdresse=f"Nygade {n}, 8000 Ådal") for n in range(200)]
    put_files(waiting, {"Org_nye_20260210_220000.csv": org(*offices)})
    waiting.writes()
    done = waiting.run_apart(program=LATE)
    assert done.returncode == 69
    assert "run_hours" in done.stderr
    assert len(asked) <= 2 * MAX_PARALLEL * (1 + LOOK_SECONDS / 0.02)
    assert waiting.writes() == 0
