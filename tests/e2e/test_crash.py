"""A run that is cut anywhere, and run again, ends in the same MO, the same state and the same reports as an uncut run."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any

import pytest

from aarhus_los.sandbox.http_stand_in import Action, Answer, Drop, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from aarhus_los.sandbox.stage import Stage
from tests.e2e.drops import CHANGED, NEW, State, office, put_files, put_first_files, type_list
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import LEDER, LEDER_LUK, PERS, PERS_LUK, Row, org, stam, table, uuid_of

KILLED = -signal.SIGKILL
WORKERS = 2


def employed(person: int, unit: str = "top", **cells: str) -> Row:
    """A row of a person's engagement."""
    usual = {
        "UUID": uuid_of(f"engagement {person}"),
        "BrugervendtNøgle": f"{person}",
        "CPR": cpr(person),
        "CPRNavn": f"Person Nummer{person}",
        "StartTid": "2025-01-01",
        "Email": f"{person}@aadal.example",
        "PrimærAnsættelse": "Ja",
        "OrgenhedUUID": uuid_of(unit),
        "EngagementTypeUUID": uuid_of("Timelønnet"),
        "StillingsBetegnelseUUID": uuid_of("Jurist"),
        "AZID": f"az{person}",
    }
    return usual | cells


def cpr(person: int) -> str:
    return f"010190{4000 + person}"


def leading(person: int, unit: str) -> Row:
    return {
        "OrgUUID": uuid_of(unit),
        "CPR": cpr(person),
        "LedertypeUUID": uuid_of("Chef"),
        "LederniveauUUID": uuid_of("Niveau 1"),
        "LederansvarUUID": uuid_of("Personale"),
    }


FIRST_PEOPLE = {
    "STAM_UUID_Engagementstype.csv": stam("Engagementstype", "Timelønnet"),
    "STAM_UUID_Stillingsbetegnelse.csv": stam("Stillingsbetegnelse", "Jurist"),
    "STAM_UUID_Ledertype.csv": stam("Ledertype", "Chef"),
    "STAM_UUID_Lederniveau.csv": stam("Lederniveau", "Niveau 1"),
    "STAM_UUID_Lederansvar.csv": stam("Lederansvar", "Personale"),
    "Pers_nye_20260105_220000.csv": table(PERS, [employed(person) for person in (1, 2)]),
    "Leder_nye_20260105_220000.csv": table(LEDER, [leading(2, "øko")]),
}
MIXED = {
    "STAM_UUID_Enhedstype.csv": type_list(Kontor="Kontorer", Skole="Skole"),
    NEW: org(
        office("under", "ny", P_Nr="1003000002", start="2026-02-15"),
        office("ny", "sen", start="2026-02-01", end="2027-01-31", MagID="M-7"),
        office("refused", start="2026-02-01"),
        office("below refused", "refused", start="2026-02-01"),
        office("orphan", "nowhere", start="2026-02-01"),
    ),
    CHANGED: org(
        # closed ahead, with changes until then: half of it must not look like something that was announced
        office(
            "bibl", OrgEnhedsNavn="Biblioteket på havnen", MagID="M-1", EAN="5790000000002", end="31-03-2026"
        ),
        office("øko", CVR="55133018", IntDebitor_Nr="18", EAN=""),
        office("mor", Med_i_LinjeOrg="False", SE_Nr="12345678"),
        office("barn", "hr", OrgEnhedsNavn="Barnet, stort", end="2026-01-31"),
        office("hr", OrgEnhedsTypeUUID="", MagID="M-5", Med_i_LinjeOrg="False", OrgEnhedsNavn="Mennesker"),
        office("top", LOSID="2", start="01-07-2026"),
        office("sen", start="2025-11-01", PostAdresse="Nygade 2, 8000 Ådal"),
        office("skov", "bibl", start="2026-03-01", EAN="5790000000001", OrgEnhedsNavn="Skovbørnehaven"),
    ),
    "Pers_nye_20260209_220000.csv": table(PERS, [employed(3, "ny", StartTid="2026-02-01")]),
    "Pers_ret_20260209_220000.csv": table(
        PERS,
        [employed(1, "mor", CPRNavn="Ny Navngiven", Email="ny@aadal.example", SlutTid="2026-12-31")],
    ),
    "Pers_luk_20260209_220000.csv": table(
        PERS_LUK, [{"UUID": uuid_of("engagement 2"), "CPR": cpr(2), "CPRNavn": "Person Nummer2"}]
    ),
    "Leder_luk_20260209_220000.csv": table(LEDER_LUK, [{"OrgUUID": uuid_of("øko"), "CPR": cpr(2)}]),
    "Leder_nye_20260209_220000.csv": table(LEDER, [leading(3, "ny")]),
}


def refusing(request: Request, phase: Phase) -> Action | None:
    """MO's own mind: one unit it never takes, and with another something always goes wrong."""
    if phase is Phase.BEFORE and request.path.startswith("/service/details/"):
        if uuid_of("refused").encode() in request.body:
            return refusal(400, "V_NOT_WANTED")
        if uuid_of("hr").encode() in request.body and request.path.endswith("/edit"):
            return refusal(500, "E_UNKNOWN")
    return None


def refusal(status: int, key: str) -> Answer:
    body = {"error": True, "description": "Not this one.", "status": status, "error_key": key}
    return Answer.json(status, body, close=status >= 500)


@dataclass(frozen=True)
class End:
    """What a run leaves, but for times, run ids, retries, and applied and unchanged taken together."""

    mo: State
    state: list[dict[str, Any]]
    kept: dict[str, bytes]
    reports: dict[str, bytes]
    account: dict[str, Any]


class Arena:
    """A sandbox after a first import, to which it can be put back, with the mixed drop before it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.home = sandbox.stage.home
        put_first_files(sandbox)
        put_files(sandbox, FIRST_PEOPLE)
        done = sandbox.run()
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        put_files(sandbox, MIXED)
        self._mo = sandbox.store.snapshot()
        self._disk = self.home.with_name(f"{self.home.name}-before")
        shutil.copytree(self.home, self._disk)

    def reset(self, concurrency: int) -> None:
        """Back to where the first import ended."""
        self.sandbox.store.restore(self._mo)
        shutil.rmtree(self.home)
        shutil.copytree(self._disk, self.home)
        self.sandbox.configure(chunk_size=3, concurrency=concurrency)
        self.sandbox.mo.intercept = refusing

    def finish(self) -> End:
        """Runs the importer to its end, apart since several may run at a time, and tells what is there then."""
        done = self.sandbox.run_apart("import", "--json")
        assert done.stderr == ""
        return self.end(json.loads(done.stdout))

    def end(self, account: dict[str, Any]) -> End:
        lines = self.sandbox.state_file.read_text(encoding="utf-8").splitlines()[1:]
        told = ("exit_code", "balances", "stopped", "refused", "set_aside", "superseded", "not_applied")
        files = [
            {**file, "applied": file["applied"] + file["unchanged"], "unchanged": 0}
            for file in account["files"]
        ]
        return End(
            self.sandbox.state(),
            [
                {
                    key: value
                    for key, value in json.loads(line).items()
                    if key not in ("imported", "mtime", "began", "last", "bookmark")
                }
                for line in lines
            ],
            contents(self.sandbox.state_file.with_name("state.d")),
            {
                name: text
                for name, text in contents(self.sandbox.reports).items()
                if not name.startswith("run_")
            },
            {key: account[key] for key in told} | {"files": files},
        )

    def cut(self, number: int, phase: Phase) -> End | None:
        """Kills a run at its n-th request to MO, runs it again, and tells the end; None: it was over before."""
        claimed = self.sandbox.claimed()
        killer = Killer(len(self.sandbox.mo.requests) + number, phase)
        self.sandbox.mo.intercept = killer
        with self.sandbox.start() as process:
            killer.process.put(process)
            process.communicate(timeout=60)
        self.sandbox.mo.intercept = refusing
        if not killer.fired:
            return None
        assert process.returncode == KILLED
        assert self.sandbox.claimed() == claimed
        return self.finish()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


class Killer:
    """Kills the importer when MO has got a request, before or after it takes effect; nobody hears of its outcome."""

    def __init__(self, number: int, phase: Phase) -> None:
        self.number = number
        self.phase = phase
        self.process: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        self.fired = False

    def __call__(self, request: Request, phase: Phase) -> Action | None:
        if (request.number, phase) == (self.number, self.phase):
            os.kill(self.process.get(timeout=30).pid, signal.SIGKILL)
            self.fired = True
            return Drop()
        return refusing(request, phase)


def arena_in(folder: Path, stack: ExitStack) -> Arena:
    for name in ("drop", "home"):
        (folder / name).mkdir(mode=0o700)
    return Arena(Sandbox(stack.enter_context(Stage(folder / "home")), folder / "drop"))


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with ExitStack() as stack:
        yield arena_in(tmp_path_factory.mktemp("arena"), stack)


@dataclass(frozen=True)
class Uncut:
    """An uncut run over one connection."""

    end: End
    writing: tuple[int, ...]
    """Which of its requests write."""
    requests: int


@pytest.fixture(scope="module")
def uncut(arena: Arena) -> Uncut:
    arena.reset(concurrency=1)
    before = len(arena.sandbox.mo.requests)
    end = arena.finish()
    sent = arena.sandbox.mo.requests[before:]
    return Uncut(end, tuple(n for n, request in enumerate(sent, 1) if request.objects), len(sent))


def test_the_mixed_drop_is_mixed(arena: Arena, uncut: Uncut) -> None:
    arena.reset(concurrency=1)
    planned = json.loads(arena.sandbox.run("plan", "--json").stdout)["plan"]
    actions = [operation["action"] for operation in planned]
    assert len(actions) >= 40
    assert all(actions.count(action) >= 8 for action in ("create", "edit", "terminate"))
    assert uncut.end.account["exit_code"] == 1
    assert uncut.end.account["balances"]
    aside = {each["row"]: each["pending"] for each in uncut.end.account["set_aside"]}
    assert aside == {f"{NEW}:4": True, f"{NEW}:5": True, f"{NEW}:6": True, f"{CHANGED}:6": True}


@pytest.mark.parametrize("moment", ["after the first write", "in the middle", "before the state is written"])
def test_a_killed_run_ends_as_an_uncut_one(arena: Arena, uncut: Uncut, moment: str) -> None:
    number, phase = {
        "after the first write": (uncut.writing[0], Phase.AFTER),
        "in the middle": (uncut.writing[len(uncut.writing) // 2], Phase.BEFORE),
        # Not the very last: whether a list was written is asked beside the writes, once more or less often.
        "before the state is written": (uncut.requests - 3, Phase.AFTER),
    }[moment]
    arena.reset(concurrency=1)
    assert arena.cut(number, phase) == uncut.end


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_request_ends_as_an_uncut_one(
    uncut: Uncut, tmp_path_factory: pytest.TempPathFactory
) -> None:
    points = [(number, Phase.BEFORE) for number in range(1, uncut.requests + 1)]
    points += [(number, Phase.AFTER) for number in uncut.writing]
    # what MO refuses takes no effect after which a run could be cut
    assert killed_at(points, 1, uncut, tmp_path_factory) > uncut.requests + len(uncut.writing) // 2


@pytest.mark.slow
def test_a_run_over_four_connections_that_is_killed_ends_as_an_uncut_one(
    uncut: Uncut, tmp_path_factory: pytest.TempPathFactory
) -> None:
    drawn = random.Random(6)
    first, last = uncut.writing[0], uncut.writing[-1]
    points = [(drawn.randint(first, last), drawn.choice(list(Phase))) for _ in range(20)]
    assert killed_at(points, 4, uncut, tmp_path_factory) > 10


def killed_at(
    points: list[tuple[int, Phase]], concurrency: int, uncut: Uncut, tmp_path_factory: pytest.TempPathFactory
) -> int:
    """Cuts a run at each of these points and compares the ends; returns how many runs were cut before they were over."""
    arenas: SimpleQueue[Arena] = SimpleQueue()

    def end_of(point: tuple[int, Phase]) -> End | None:
        arena = arenas.get()
        try:
            arena.reset(concurrency)
            return arena.cut(*point)
        finally:
            arenas.put(arena)

    with ExitStack() as stack, ThreadPoolExecutor(WORKERS) as pool:
        for _ in range(WORKERS):
            arenas.put(arena_in(tmp_path_factory.mktemp("arena"), stack))
        ends = list(pool.map(end_of, points))
    for point, end in zip(points, ends, strict=True):
        assert end is None or end == uncut.end, point
    return sum(end is not None for end in ends)


class Holder:
    """Holds a write, lets the test do something, and lets it go."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.holding, self.go_on = Event(), Event()

    def __call__(self, request: Request, phase: Phase) -> Action | None:
        if request.number >= self.number and phase is Phase.BEFORE and written_objects(request):
            self.holding.set()
            assert self.go_on.wait(30)
        return refusing(request, phase)


def held(arena: Arena, uncut: Uncut) -> tuple[Holder, subprocess.Popen[str]]:
    """A run of which a write, in the middle, is on its way."""
    middle = uncut.writing[len(uncut.writing) // 2]
    holder = Holder(len(arena.sandbox.mo.requests) + middle)
    arena.sandbox.mo.intercept = holder
    process = arena.sandbox.start()
    assert holder.holding.wait(30)
    return holder, process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_a_run_after_the_requests_in_flight(
    arena: Arena, uncut: Uncut, number: signal.Signals
) -> None:
    arena.reset(concurrency=2)
    claimed, before = arena.sandbox.claimed(), len(arena.sandbox.mo.requests)
    records = set(arena.sandbox.reports.glob("run_*.json"))
    holder, process = held(arena, uncut)
    with process:
        process.send_signal(number)
        time.sleep(0.5)
        assert process.poll() is None
        in_flight = len(arena.sandbox.mo.requests)
        holder.go_on.set()
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (128 + number, "")
    sent = arena.sandbox.mo.requests[before:]
    [record] = set(arena.sandbox.reports.glob("run_*.json")) - records
    written = sum(request.objects for request in sent if request.status and request.status < 300)
    left = json.loads(record.read_text(encoding="utf-8"))
    assert len(left["written"]) == written and left["exit_code"] == 128 + number
    planned = sum(sum(actions.values()) for actions in left["operations"]["planned"].values())
    told = f"{written} of {planned} writes were made; their record is {record}"
    assert stderr == f"los-import: stopped: the next run does the rest\nlos-import: {told}\n"
    assert before + len(sent) == in_flight
    assert all(request.status for request in sent)
    assert arena.sandbox.claimed() == claimed
    arena.sandbox.mo.intercept = refusing
    assert arena.finish() == uncut.end


def test_a_signal_stops_a_run_that_reads_mo(arena: Arena, uncut: Uncut) -> None:
    arena.reset(concurrency=4)
    reading, go_on = Event(), Event()

    def hold(request: Request, phase: Phase) -> Action | None:
        if phase is Phase.BEFORE and b"addresses(" in request.body:
            reading.set()
            assert go_on.wait(30)
        return refusing(request, phase)

    before = len(arena.sandbox.mo.requests)
    arena.sandbox.mo.intercept = hold
    with arena.sandbox.start() as process:
        assert reading.wait(30)
        process.send_signal(signal.SIGTERM)
        in_flight = -1
        # Others than the held one may be under way.
        while in_flight < (seen := len(arena.sandbox.mo.requests)):
            in_flight = seen
            time.sleep(0.4)
        go_on.set()
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (128 + signal.SIGTERM, "")
    assert stderr == "los-import: stopped: the next run does the rest\n"
    assert [str(each) for each in arena.sandbox.mo.requests[in_flight:]] == []
    assert not any(request.objects for request in arena.sandbox.mo.requests[before:])
    arena.sandbox.mo.intercept = refusing
    assert arena.finish() == uncut.end


def test_a_second_signal_stops_a_run_at_once(arena: Arena, uncut: Uncut) -> None:
    arena.reset(concurrency=1)
    holder, process = held(arena, uncut)
    with process:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=5)
    assert process.returncode == 128 + signal.SIGINT
    assert not holder.go_on.is_set()
    holder.go_on.set()
