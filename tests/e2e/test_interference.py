"""What comes between the importer and MO: a gateway, a database that restarts, somebody else's writes, a stop signal."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from aarhus_los.http import GRACE_SECONDS
from aarhus_los.mo.bookmark import CLASS
from aarhus_los.sandbox import mo_rest
from aarhus_los.sandbox.http_stand_in import Action, Answer, Drop, Intercept, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from tests.e2e.drops import (
    CHANGED,
    DELTA,
    FIRST_FILES,
    NEW,
    TYPES,
    State,
    office,
    put_files,
    type_list,
)
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org, uuid_of
from tests.e2e.one_process import OneProcess, one_process
from tests.e2e.test_crash import FIRST_PEOPLE
from tests.slow_server import SlowServer
from tests.test_http import ENDLESS

STOPPED: Final = 128 + signal.SIGTERM


def writing(request: Request) -> bool:
    """Whether a request writes anything but the bookmark."""
    return bool(written_objects(request)) and CLASS.encode() not in request.body


def reading(request: Request) -> bool:
    return request.path.startswith("/graphql/") and not written_objects(request)


@pytest.fixture
def waiting(imported: Sandbox) -> Sandbox:
    """A sandbox with a delta that waits, and will be sent in many requests."""
    put_files(imported, DELTA)
    imported.configure(chunk_size=3, concurrency=2)
    return imported


def repeats_nothing(sandbox: Sandbox) -> bool:
    """Whether everything is in MO: a run over all files finds nothing to write."""
    sandbox.mo.intercept = None
    sandbox.writes()
    done = sandbox.run("--since", "2026-01-05")
    return done.returncode == 0 and sandbox.writes() == 0


# -- a database that restarts


class Restarts:
    """MO's database is away for some time, from the n-th write on, and again from a later one on."""

    def __init__(self, *at: int, seconds: float, phase: Phase) -> None:
        self.at = set(at)
        self.seconds = seconds
        self.phase = phase
        self.away_until = 0.0
        self.failed = 0
        self._writes: dict[int, int] = {}
        self._lock = threading.Lock()

    def __call__(self, request: Request, phase: Phase) -> Action | None:
        if not request.path.startswith(("/service/", "/graphql/")):
            return None
        with self._lock:
            now = time.monotonic()
            if writing(request):
                number = self._writes.setdefault(request.number, len(self._writes) + 1)
                if phase is self.phase and number in self.at:
                    self.at.discard(number)
                    self.away_until = now + self.seconds
                    self.failed += 1
                    return _away(request)
            if phase is Phase.BEFORE and now < self.away_until:
                self.failed += 1
                return _away(request)
        return None


def _away(request: Request) -> Answer:
    text = "(psycopg.OperationalError) consuming input failed: server closed the connection unexpectedly"
    error = {"error": True, "description": text, "status": 500, "error_key": "E_UNKNOWN"}
    if request.path.startswith("/graphql/"):
        told = {"message": "ErrorCodes.E_UNKNOWN", "extensions": {"error_context": error}}
        return Answer.json(200, {"data": None, "errors": [told]})
    return Answer.json(500, error, close=True)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(
    ("seconds", "retry_seconds"), [(0.1, 3), pytest.param(3, 120, marks=pytest.mark.slow)]
)
def test_a_database_that_is_away_twice_is_waited_for(
    waiting: Sandbox, undisturbed: State, phase: Phase, seconds: float, retry_seconds: float
) -> None:
    waiting.configure(chunk_size=3, concurrency=2, retry_seconds=retry_seconds)
    restarts = Restarts(2, 5, seconds=seconds, phase=phase)
    waiting.mo.intercept = restarts
    done = waiting.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert restarts.at == set()
    assert restarts.failed > 2
    assert waiting.state() == undisturbed
    assert not list(waiting.reports.glob("rejected_*"))
    assert repeats_nothing(waiting)


# -- somebody else's writes


def in_mo_already(sandbox: Sandbox, place: int) -> Callable[[Request, Phase], None]:
    """Somebody else makes one of the changes of each list, just before MO gets it."""

    def intercept(request: Request, phase: Phase) -> None:
        if phase is Phase.BEFORE and re.fullmatch(r"/service/details/(edit|terminate)", request.path):
            items = request.json()
            if len(items) > 1:
                write = mo_rest.edit if request.path.endswith("edit") else _terminate
                write(sandbox.store, [items[place]], True)

    return intercept


def _terminate(store: Any, items: list[Any], force: bool) -> Any:
    return mo_rest.terminate(store, items)


@pytest.mark.parametrize("place", [0, -1])
def test_somebody_else_s_same_change_costs_no_other(waiting: Sandbox, undisturbed: State, place: int) -> None:
    """It comes first in its list, which MO then refuses, or last, and MO says yes and writes nothing."""
    waiting.configure(chunk_size=50, concurrency=1)
    waiting.mo.intercept = in_mo_already(waiting, place)
    done = waiting.run("--verify", "none")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "0 failed" in done.stdout
    assert waiting.state() == undisturbed
    assert repeats_nothing(waiting)


# -- something before MO

PAGE: Final = b"<!doctype html><title>Request rejected</title>"


def gate(status: int, *uuids: str) -> Intercept:
    """A gateway that answers writes of these objects itself; of all, where none is named."""
    answer = Answer(status, PAGE, {"Content-Type": "text/html"})

    def intercept(request: Request, phase: Phase) -> Action | None:
        refuses = writing(request) and (not uuids or any(uuid.encode() in request.body for uuid in uuids))
        return answer if refuses and phase is Phase.BEFORE else None

    return intercept


@pytest.mark.parametrize("status", [400, 401, 500, 200])
def test_an_object_that_a_gateway_refuses_is_pending(
    waiting: Sandbox, undisturbed: State, status: int
) -> None:
    waiting.configure(chunk_size=3, concurrency=2, retry_seconds=0.5)
    waiting.mo.intercept = gate(status, uuid_of("sen"))
    done = waiting.run(hasty=True)
    assert done.returncode == 1, done.stdout + done.stderr
    told = [line for line in done.stdout.splitlines() if f"before MO answered {status} (text/html" in line]
    assert any(f"{CHANGED}:8" in line and "pending" in line for line in told), done.stdout
    assert waiting.claimed().keys() >= DELTA.keys()
    waiting.mo.intercept = None
    done = waiting.run()
    assert done.returncode == 0, done.stdout
    assert waiting.state() == undisturbed


@pytest.mark.parametrize("status", [400, 500])
def test_a_gateway_that_refuses_everything_stops_the_run_and_loses_nothing(
    waiting: Sandbox, undisturbed: State, status: int
) -> None:
    waiting.configure(chunk_size=3, concurrency=2, retry_seconds=0.5)
    claimed = waiting.claimed()
    waiting.mo.intercept = gate(status)
    done = waiting.run()
    assert done.returncode == 69, done.stdout + done.stderr
    assert f"something before MO answered {status} (text/html" in done.stdout
    assert waiting.claimed() == claimed
    waiting.mo.intercept = None
    assert waiting.run().returncode == 0
    assert waiting.state() == undisturbed


def test_a_gateway_that_refuses_all_reads_stops_the_run(waiting: Sandbox) -> None:
    waiting.configure(retry_seconds=0.5)
    waiting.mo.intercept = lambda request, phase: (
        Answer(403, PAGE, {"Content-Type": "text/html"}) if reading(request) else None
    )
    done = waiting.run(hasty=True)
    assert done.returncode == 69
    assert "something before MO answered 403" in done.stderr


@pytest.fixture(scope="module")
def town() -> Iterator[OneProcess]:
    """An importer in this process, with units and people to import, which reads all kinds side by side."""
    with one_process(concurrency=8) as there:
        for name, text in {TYPES: type_list(), **FIRST_FILES, **FIRST_PEOPLE}.items():
            there.put(name, text)
        yield there


@pytest.mark.parametrize("times", [2, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "collection",
    [
        "facets",
        "itsystems",
        "classes",
        "org_units",
        "addresses",
        "persons",
        "engagements",
        "itusers",
        "managers",
    ],
)
def test_a_collection_that_mo_refuses_whole_is_69_every_time(
    town: OneProcess, collection: str, times: int
) -> None:
    """Whoever reads beside it at that moment."""
    refusal = {"message": "Cannot query field 'x' on type 'y'."}
    town.stage.mo.intercept = lambda request, phase: (
        Answer.json(200, {"data": None, "errors": [refusal]})
        if reading(request) and f"{collection}(".encode() in request.body
        else None
    )
    for _ in range(times):
        ran = town.run()
        assert ran.exit_code == 69
        assert f"MO does not answer queries of {collection}: Cannot query field" in ran.error
        assert "the same tomorrow" in ran.error
    assert town.written() == 0


# -- the brake on refusals


def many(count: int) -> str:
    return org(*(office(f"many {n}", "top") for n in range(count)))


def not_wanted(request: Request, phase: Phase) -> Action | None:
    """MO does not want units of a sort."""
    if phase is Phase.BEFORE and request.path == "/service/details/create" and b"many" in request.body:
        body = {"error": True, "description": "Not this sort.", "status": 400, "error_key": "V_SORT"}
        return Answer.json(400, body)
    return None


def test_more_refusals_than_are_usual_end_the_run_until_they_are_allowed(imported: Sandbox) -> None:
    put_files(imported, {NEW: many(60)})
    imported.configure(concurrency=1)
    claimed = imported.claimed()
    imported.mo.intercept = not_wanted
    done = imported.run()
    assert done.returncode == 65, done.stdout
    assert "objects were refused by MO" in done.stdout
    assert "400 V_SORT: Not this sort." in done.stdout
    assert "--allow refusals=" in done.stdout
    assert imported.claimed() == claimed
    assert imported.run("--allow", "refusals=50").returncode == 65
    done = imported.run("--allow", "refusals=1000")
    assert done.returncode == 1, done.stdout
    assert imported.claimed().keys() > claimed.keys()
    imported.mo.intercept = None
    assert imported.run().returncode == 0
    assert {uuid_of(f"many {n}") for n in range(60)} <= imported.state()["org_unit"].keys()


# -- a stop signal


class Hanging:
    """A server that does not answer requests of a sort until the test is over."""

    def __init__(self, of: Callable[[Request], bool]) -> None:
        self.of = of
        self.asked, self.over = threading.Event(), threading.Event()

    def __call__(self, request: Request, phase: Phase) -> Action | None:
        if phase is Phase.BEFORE and self.of(request):
            self.asked.set()
            self.over.wait(60)
            return Drop()
        return None


@pytest.fixture
def hanging() -> Iterator[Callable[[Callable[[Request], bool]], Hanging]]:
    made: list[Hanging] = []

    def make(of: Callable[[Request], bool]) -> Hanging:
        made.append(Hanging(of))
        return made[-1]

    yield make
    for each in made:
        each.over.set()


def stopped(process: subprocess.Popen[str]) -> float:
    """How long a run lasts that is told to stop."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == STOPPED
    assert "los-import: stopped: the next run does the rest\n" in stderr
    assert "Traceback" not in stderr
    return time.monotonic() - begun


def reading_units(request: Request) -> bool:
    """What is read in threads beside the one that the signal comes to."""
    return reading(request) and b"org_units(" in request.body


@pytest.mark.parametrize("of", [reading, reading_units, lambda request: request.path.startswith("/auth/")])
def test_a_stop_signal_ends_a_wait_for_what_is_read(
    waiting: Sandbox, hanging: Callable[..., Hanging], of: Callable[[Request], bool]
) -> None:
    waiting.mo.intercept = waits = hanging(of)
    with waiting.start() as process:
        assert waits.asked.wait(20)
        time.sleep(0.1)  # for all that read at the same time
        assert stopped(process) < 5


def test_a_stop_signal_ends_a_wait_for_an_address(waiting: Sandbox, hanging: Callable[..., Hanging]) -> None:
    waiting.dar.intercept = waits = hanging(lambda request: True)
    with waiting.start() as process:
        assert waits.asked.wait(20)
        assert stopped(process) < 5


@pytest.mark.parametrize("of", [reading_units, writing])
def test_a_stop_signal_ends_a_wait_before_another_try(
    waiting: Sandbox, of: Callable[[Request], bool]
) -> None:
    asked = threading.Event()

    def intercept(request: Request, phase: Phase) -> Action | None:
        if not of(request):
            return None
        asked.set()
        return Answer(503, b"", {"Retry-After": "100"})

    waiting.mo.intercept = intercept
    with waiting.start() as process:
        assert asked.wait(20)
        time.sleep(0.1)
        assert stopped(process) < 5


@pytest.mark.parametrize("grace", [0.3, pytest.param(GRACE_SECONDS, marks=pytest.mark.slow)])
def test_a_stop_signal_ends_a_wait_for_a_create_without_an_answer(
    waiting: Sandbox, undisturbed: State, hanging: Callable[..., Hanging], grace: float
) -> None:
    """After a while in which it may still come; and what came meanwhile is in the record."""
    patience = f"from aarhus_los import apply, cli\napply.GRACE_SECONDS = {grace}\ncli.main()\n"
    waiting.configure(chunk_size=3, concurrency=2)
    waits = hanging(
        lambda request: b"/create" in request.path.encode() and uuid_of("ny").encode() in request.body
    )
    waiting.mo.intercept = waits
    claimed = waiting.claimed()
    with waiting.start(program=patience) as process:
        assert waits.asked.wait(20)
        time.sleep(0.1)
        assert grace <= stopped(process) < grace + 8 < 20
    assert waiting.claimed() == claimed
    (record,) = waiting.reports.glob("run_*.json")
    assert json.loads(record.read_text(encoding="utf-8"))["written"]
    waits.over.set()
    waiting.mo.intercept = None
    done = waiting.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert waiting.state() == undisturbed


# -- limits


@pytest.mark.parametrize("name", ["a byte at a time", "100 Continue without end"])
def test_an_mo_that_never_ends_its_answer_ends_the_run(waiting: Sandbox, name: str) -> None:
    impatient = (
        "from aarhus_los import cli, http\n"
        "http.Http.__init__.__kwdefaults__['exchange_seconds'] = 0.4\n"
        "cli.main()\n"
    )
    with SlowServer() as slow:
        slow.say(*ENDLESS[name])
        waiting.configure(retry_seconds=0)
        settings = json.loads(waiting.settings_path.read_text(encoding="utf-8"))
        settings["mora.base"] = slow.url.rstrip("/")
        waiting.settings_path.write_text(json.dumps(settings), encoding="utf-8")
        done = waiting.run_apart(program=impatient, timeout=30)
    assert done.returncode == 69, done.stdout + done.stderr
    assert "was not over within" in done.stderr
