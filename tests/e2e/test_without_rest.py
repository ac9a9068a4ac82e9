"""An MO without its REST API ends as one with it, but for postal addresses and what MO says that it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.request import ProxyHandler, build_opener

import pytest

from aarhus_los.apply import REFUSED_BY_GRAPHQL
from aarhus_los.run import Options
from aarhus_los.sandbox.http_stand_in import Answer, Drop, Phase, Request
from aarhus_los.sandbox.mo_server import MoServer, written_objects
from aarhus_los.sandbox.mo_settings import AddressService, MoSettings
from aarhus_los.uuids import seed_uuid
from tests import forked, here
from tests.drawn.dice import PlainDice
from tests.drawn.draw import FAMILIES, drop
from tests.drawn.importer import End, Importer, Ran, importer
from tests.drawn.stand_in import StandIn
from tests.drawn.world import File, Mo
from tests.e2e.drops import (
    CHANGED,
    FIRST_FILES,
    NEW,
    TYPES,
    State,
    file_of,
    office,
    type_list,
)
from tests.e2e.harness import Sandbox, importer_environment, no_waits, without_bookmark
from tests.e2e.los_files import LEDER_LUK, org, table, uuid_of
from tests.e2e.one_process import one_process
from tests.e2e.test_crash import FIRST_PEOPLE, cpr
from tests.e2e.test_crash import MIXED as MIXED_BY_REST

POSTAL: Final = seed_uuid("UNIT_POSTADDR")
FIRST: Final = {TYPES: type_list(), **FIRST_FILES, **FIRST_PEOPLE}
NEW_ROWS: Final = (
    office("under", "ny", P_Nr="1003000002", start="2026-02-15", end="2027-01-31"),
    office("ny", "sen", start="2026-02-01", end="2027-01-31", MagID="M-7"),
)
TAKEN: Final = {
    **MIXED_BY_REST,
    NEW: org(*NEW_ROWS),
    CHANGED: org(
        # closed ahead, with changes until then, and what is in it moved away; it has had two names in the line organisation
        office(
            "bibl",
            OrgEnhedsNavn="Biblioteket på havnen",
            MagID="M-1",
            Med_i_LinjeOrg="False",
            end="31-03-2026",
        ),
        office("skov", "øko", start="2026-03-01", EAN="5790000000001", OrgEnhedsNavn="Skovbørnehaven"),
        office("øko", CVR="55133018", IntDebitor_Nr="18", EAN="", PostAdresse="Nygade 2, 8000 Ådal"),
        office("mor", Med_i_LinjeOrg="False", SE_Nr="12345678"),
        office("barn", "hr", OrgEnhedsNavn="Barnet, stort", end="2026-01-31"),
        office("hr", OrgEnhedsTypeUUID="", MagID="M-5", Med_i_LinjeOrg="False", OrgEnhedsNavn="Mennesker"),
        office("top", LOSID="2", start="01-07-2026"),
        office("sen", start="2025-11-01", PostAdresse="Nygade 2, 8000 Ådal"),
    ),
}
"""All that a night may bring and an MO without REST takes."""
MIXED: Final = {**TAKEN, NEW: org(*NEW_ROWS, office("orphan", "nowhere", start="2026-02-01"))}
"""With a row that waits."""


def without_postal(state: State) -> State:
    kept = {uuid: each for uuid, each in state["address"].items() if each[0].get("address_type") != POSTAL}
    return {**state, "address": kept}


# The commands, as processes


class Served:
    """`los-import sandbox --serve`, and an importer with its settings."""

    def __init__(self, ready: dict[str, str]) -> None:
        self.settings, self.mo = Path(ready["settings"]), ready["mo"]

    def run(self, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return here.run(
            [*args, "--settings", self.settings],
            env=importer_environment() | environ,
            cwd=self.settings.parent,
        )

    def state(self) -> State:
        return without_bookmark(self._get("/sandbox/state"))

    def written(self) -> int:
        """By what MO took: how many objects."""
        return sum(each["objects"] for each in self._get("/sandbox/requests") if each["status"] < 300)

    def paths(self) -> set[str]:
        """What was posted to, beside tokens."""
        found = {each["path"] for each in self._get("/sandbox/requests") if each["method"] == "POST"}
        return {path for path in found if not path.startswith("/auth/")}

    def _get(self, path: str) -> Any:
        with build_opener(ProxyHandler({})).open(self.mo + path, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def served(*flags: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "aarhus_los", "sandbox", "--serve", *flags]
    with forked.Popen(command, stdout=subprocess.PIPE, env=importer_environment(), text=True) as process:
        try:
            assert process.stdout is not None
            yield Served(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def by_rest() -> State:
    """What the sample makes of an MO with REST."""
    with served() as there:
        done = there.run()
        assert (done.returncode, done.stderr) == (1, ""), done.stdout  # two of its rows are set aside
        assert "/service/details/create" in there.paths()
        return there.state()


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--no-rest", "--no-service-api"])
def test_the_sample_ends_as_by_rest_but_for_postal_addresses(by_rest: State, flag: str) -> None:
    with served(flag) as there:
        checked = there.run("check")
        assert checked.returncode == 0, checked.stdout
        assert "what we write goes by GraphQL" in checked.stdout
        planned = there.run("plan")
        done = there.run()
        assert (done.returncode, done.stderr) == (1, ""), done.stdout
        assert there.paths() == {"/graphql/v30"}
        assert there.state() == without_postal(by_rest)
        assert there.state() != by_rest
        for told in (planned.stdout, done.stdout):
            assert "it is written by GraphQL" in told
            assert "postal addresses left out" in told
        written = there.written()
        again = there.run("--since", "2000-01-01", "--verify", "all")
        assert again.returncode == 1, again.stdout
        assert "it is written by GraphQL" not in again.stdout  # told once
        assert "postal addresses left out" in again.stdout
        # But for the try of one address, in a request that MO refuses.
        assert there.written() - written == 2 and there.state() == without_postal(by_rest)


def test_where_rest_is_asked_for_and_gone_nothing_is_written() -> None:
    with served("--no-rest") as there:
        done = there.run(LOS_IMPORT_MO_API="rest")
        assert done.returncode == 69
        assert "REST" in done.stderr + done.stdout
        assert there.run("check", LOS_IMPORT_MO_API="rest").returncode == 69
        assert not there.state()["org_unit"]


def test_where_graphql_is_asked_for_rest_is_not_used() -> None:
    with served() as there:
        done = there.run(LOS_IMPORT_MO_API="graphql")
        assert done.returncode == 1, done.stdout
        assert there.paths() == {"/graphql/v30"}
        assert "it is written by GraphQL" not in done.stdout


# Postal addresses


class Asked(MoSettings):
    """Counts how often MO asks its address service."""

    times = 0

    def ask_address_service(self) -> AddressService:
        self.times += 1
        return super().ask_address_service()


def without_rest(sandbox: Sandbox, service: AddressService) -> Asked:
    sandbox.mo.rest_enabled = False
    sandbox.store.settings = asked = Asked(address_service=service)
    return asked


def put(sandbox: Sandbox, files: dict[str, str]) -> None:
    for name, text in files.items():
        sandbox.put(name, text)


def postal(sandbox: Sandbox) -> list[str]:
    """From when on units have postal addresses."""
    each = sandbox.state()["address"].values()
    return sorted(pieces[0]["from"] for pieces in each if pieces[0]["address_type"] == POSTAL)


@pytest.mark.parametrize("gone", [AddressService.GONE, AddressService.UNREACHABLE, AddressService.KNOWS_NONE])
def test_postal_addresses_go_where_the_address_service_of_mo_answers_and_earlier_ones_with_since(
    sandbox: Sandbox, gone: AddressService
) -> None:
    asked = without_rest(sandbox, gone)
    put(sandbox, {**FIRST, CHANGED: MIXED[CHANGED]})
    done = sandbox.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "2 postal addresses left out" in done.stdout
    assert (postal(sandbox), asked.times) == ([], 1)
    assert sandbox.run("-q").stdout == ""  # nothing is pending
    assert asked.times == 1

    sandbox.store.settings.address_service = AddressService.ANSWERS
    later = office("sen", start="2025-11-01", PostAdresse="Nygade 4, 8000 Ådal")
    put(sandbox, {"Org_ret_20260210_220000.csv": org(later)})
    done = sandbox.run("-q")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "--since 2026-01-05" in done.stdout and "left out:" not in done.stdout
    assert postal(sandbox) == ["2026-02-10"]
    done = sandbox.run("--since", "2026-01-05")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "--since" not in done.stdout
    assert postal(sandbox) == ["2024-01-01", "2025-11-01"]
    sandbox.mo.rest_enabled = True
    by_graphql = sandbox.state()
    sandbox.writes()
    assert sandbox.run("--since", "2026-01-05").returncode == 0
    assert (sandbox.writes(), sandbox.state()) == (0, by_graphql)


def test_where_rest_is_back_the_run_says_how_the_postal_addresses_come(sandbox: Sandbox) -> None:
    without_rest(sandbox, AddressService.GONE)
    put(sandbox, FIRST)
    assert sandbox.run().returncode == 0
    sandbox.mo.rest_enabled = True
    put(sandbox, {"Org_ret_20260210_220000.csv": org(office("top", LOSID="7"))})
    assert "--since 2026-01-05" in sandbox.run("-q").stdout
    assert sandbox.run("--since", "2026-01-05").returncode == 0
    assert postal(sandbox) == ["2024-01-01"]
    put(sandbox, {"Org_ret_20260211_220000.csv": org(office("top", LOSID="8"))})
    assert sandbox.run("-q").stdout == ""


def test_a_postal_address_that_mo_has_ends_with_its_unit_all_the_same(sandbox: Sandbox) -> None:
    """MO ends no unit with an address in it."""
    put(sandbox, FIRST)
    assert sandbox.run().returncode == 0
    assert postal(sandbox) == ["2024-01-01"]
    without_rest(sandbox, AddressService.GONE)
    closing = office("øko", PostAdresse="Åboulevarden 1, 8000 Ådal", end="2026-03-31")
    led = {"OrgUUID": uuid_of("øko"), "CPR": cpr(2)}
    put(
        sandbox,
        {
            "Org_ret_20260210_220000.csv": org(closing),
            "Leder_luk_20260209_220000.csv": table(LEDER_LUK, [led]),
        },
    )
    done = sandbox.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    [ended] = [
        each[-1]["to"] for each in sandbox.state()["address"].values() if each[0]["address_type"] == POSTAL
    ]
    assert ended == sandbox.state()["org_unit"][uuid_of("øko")][-1]["to"] == "2026-03-31"


def test_a_unit_in_which_something_goes_on_is_not_ended_and_its_row_waits(sandbox: Sandbox) -> None:
    without_rest(sandbox, AddressService.GONE)
    put(sandbox, FIRST)
    assert sandbox.run().returncode == 0
    put(sandbox, {"Org_ret_20260210_220000.csv": org(office("top", LOSID="1", end="2026-03-31"))})
    done = sandbox.run("--allow", "unit-ends=1")
    assert (done.returncode, done.stderr) == (1, ""), done.stdout
    assert "it ends no org unit while something in it goes on" in done.stdout
    assert sandbox.state()["org_unit"][uuid_of("top")][-1]["to"] is None


# Kills


def files(texts: dict[str, str]) -> list[File]:
    return [file_of(name, text) for name, text in texts.items()]


def filled(there: Importer) -> None:
    for file in files(FIRST):
        there.put(file)
    ran = there.run()
    assert ran.exit_code == 0, ran.told
    for file in files(MIXED):
        there.put(file)


def stand_in(*, rest: bool) -> StandIn:
    made = StandIn()
    made.mo.rest_enabled = rest
    made.store.settings.address_service = AddressService.ANSWERS
    return made


@cache
def uncut(*, rest: bool) -> Mo:
    mo = stand_in(rest=rest)
    with importer(mo, chunk_size=5) as there:
        filled(there)
        ran = there.run()
        assert ran.exit_code == 1, ran.told
        again = there.run()
        assert (again.exit_code, again.writes) == (1, 0), again.told
    return mo.read()


def test_a_mixed_drop_ends_as_by_rest() -> None:
    assert uncut(rest=False) == uncut(rest=True)


@pytest.mark.parametrize("every", [47, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("brutal", [False, True])
def test_a_run_that_is_ended_anywhere_ends_as_an_uncut_one(brutal: bool, every: int) -> None:
    end = uncut(rest=False)
    mo = stand_in(rest=False)
    with importer(mo, chunk_size=5) as there:
        filled(there)
        before, at = mo.store.snapshot(), mo.at
        home = {path: path.read_bytes() for path in there.home.rglob("*") if path.is_file()}
        for cut in count(1, every):
            mo.store.restore(before)
            mo.at = at
            for path in list(there.home.rglob("*")):
                if path.is_file() and path not in home:
                    path.unlink()
            for path, data in home.items():
                path.write_bytes(data)
            ran = there.run(end=End(cut, brutal))
            if ran.exit_code is not None:
                break
            ran = there.run()
            assert ran.exit_code == 1, (cut, ran.told)
            assert mo.read() == end, cut
            again = there.run()
            assert (again.exit_code, again.writes) == (1, 0), (cut, again.told)
        assert cut > 30


# Lost answers, and others who write the same


Happening = Callable[[MoServer, Request], Drop | None]


def nothing(mo: MoServer, request: Request) -> None:
    return None


def lost_before(mo: MoServer, request: Request) -> Drop:
    return Drop()


def lost_after(mo: MoServer, request: Request) -> Drop:
    mo.answer(request)
    return Drop()


def written_twice(mo: MoServer, request: Request) -> None:
    """Then it changes nothing any more: MO undoes it, or says that it has done it, and has not."""
    mo.answer(request)


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("happens", [lost_before, lost_after, written_twice])
def test_whatever_happens_to_a_write_it_ends_as_it_would(happens: Happening, every: int) -> None:
    """To each, or to every third, in turn. Nothing is read back in the end."""
    with one_process(chunk_size=50, retry_seconds=1) as there:
        mo, store = there.stage.mo, there.stage.store
        mo.rest_enabled = False
        store.settings.address_service = AddressService.ANSWERS
        for name, text in FIRST.items():
            there.put(name, text)
        assert there.run().exit_code == 0
        for name, text in MIXED.items():
            there.put(name, text)
        before, state = store.snapshot(), there.stage.state_file.read_bytes()

        def end(number: int, what: Happening) -> tuple[State, bool]:
            """And whether there were so many writes."""
            seen: list[int] = []

            def intercept(request: Request, phase: Phase) -> Drop | None:
                if phase is Phase.BEFORE and written_objects(request):
                    seen.append(request.number)
                    if len(seen) == number:
                        return what(mo, request)
                return None

            store.restore(before)
            there.stage.state_file.write_bytes(state)
            mo.intercept = intercept
            with no_waits():
                ran = there.run(Options(verify="none"))
            assert ran.exit_code == 1, (number, ran.error)
            return there.state(), len(seen) >= number

        uncut, _ = end(1, nothing)
        number = 1
        while True:
            found, was_there = end(number, happens)
            if not was_there:
                break
            assert found == uncut, number
            number += every
        assert number > 3


@pytest.mark.parametrize("happens", [lost_before, lost_after])
def test_what_a_mark_overwrites_is_written_again_also_where_the_answer_is_lost(happens: Happening) -> None:
    """MO shows the later name already, until the write of the mark takes it away."""

    def named(in_line: str) -> str:
        first = office("name", "top", OrgEnhedsNavn="A", end="2026-06-30", Med_i_LinjeOrg=in_line)
        return org(
            first, office("name", "top", OrgEnhedsNavn="B", start="2026-07-01", Med_i_LinjeOrg=in_line)
        )

    with one_process(retry_seconds=1) as there:
        mo = there.stage.mo
        mo.rest_enabled = False
        for name, text in {TYPES: type_list(), **FIRST_FILES, NEW: named("False")}.items():
            there.put(name, text)
        assert there.run().exit_code == 0
        there.put("Org_ret_20260210_220000.csv", named("True"))
        lost: list[Drop] = []

        def intercept(request: Request, phase: Phase) -> Drop | None:
            marks = written_objects(request) and b"org_unit_hierarchy" in request.body
            if phase is Phase.BEFORE and marks and not lost:
                lost.append(happens(mo, request) or Drop())
                return lost[0]
            return None

        mo.intercept = intercept
        with no_waits():
            assert there.run(Options(verify="none")).exit_code == 0
        assert lost
        mo.intercept = None
        again = there.run(Options(since=date(2026, 2, 10)))
        assert again.account is not None
        assert again.account.plan.operations == []


def test_what_is_neither_rest_nor_its_absence_is_an_error_as_ever(sandbox: Sandbox) -> None:
    put(sandbox, FIRST)
    sandbox.configure(retry_seconds=0, concurrency=1)

    def proxied(request: Request, phase: Phase) -> Answer | None:
        return Answer(403, b"<html>") if request.path.startswith("/service/") else None

    sandbox.mo.intercept = proxied
    empty = sandbox.store.snapshot()
    asked_for = sandbox.run("--json", environ={"LOS_IMPORT_MO_API": "rest"})
    sandbox.state_file.unlink()
    sandbox.store.restore(empty)
    done = sandbox.run("--json")
    assert done.returncode == asked_for.returncode == 1
    rows = [{each["row"] for each in json.loads(ran.stdout)["set_aside"]} for ran in (asked_for, done)]
    assert rows[0] == rows[1]
    assert "something before MO answered 403" in done.stdout
    assert not sandbox.state()["org_unit"]


# Drawn drops


def import_drawn(mo: StandIn, drawn: list[File]) -> list[Ran]:
    """In two runs, and once more."""
    ran = []
    with importer(mo) as there:
        for part in (drawn[: len(drawn) * 2 // 3], drawn[len(drawn) * 2 // 3 :], []):
            for file in part:
                there.put(file)
            ran.append(there.run())
    return ran


def refused(ran: list[Ran]) -> tuple[set[tuple[str, str]], list[str]]:
    """The objects of which MO did not take all, and why."""
    objects: set[tuple[str, str]] = set()
    reasons: list[str] = []
    for each in ran:
        assert each.account is not None, each.told
        done = set(map(id, each.account.written))
        objects |= {(op.kind, op.uuid) for op in each.account.plan.operations if id(op) not in done}
        reasons += [str(aside.reason) for aside in each.account.set_aside if "MO refused it" in aside.reason]
    return objects, reasons


@pytest.mark.parametrize(
    ("family", "drops"),
    [("all", 1), *(pytest.param(family, 10, marks=pytest.mark.slow) for family in ("all", *FAMILIES))],
)
def test_drawn_drops_end_as_by_rest_but_for_what_mo_says_that_it_refuses(family: str, drops: int) -> None:
    """Until there are so many of which MO refuses nothing."""
    whole = seed = 0
    while whole < drops:
        seed += 1
        drawn = drop(PlainDice(seed), family)
        with_rest, without = stand_in(rest=True), stand_in(rest=False)
        by_rest, ran = import_drawn(with_rest, drawn), import_drawn(without, drawn)
        wanted, found = (without_bookmark(mo.store.state()) for mo in (with_rest, without))
        left, reasons = refused(ran)
        assert {each.exit_code for each in ran} <= {0, 1}, seed
        assert all(any(key in reason for key in REFUSED_BY_GRAPHQL) for reason in reasons), (seed, reasons)
        differing = {
            (kind, uuid)
            for kind, objects in wanted.items()
            for uuid in objects.keys() | found[kind].keys()
            if objects.get(uuid) != found[kind].get(uuid)
        }
        assert differing <= left, seed
        if not left:
            whole += 1
            assert [each.exit_code for each in ran] == [each.exit_code for each in by_rest], seed
        assert seed < 10 * drops
