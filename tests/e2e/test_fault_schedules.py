"""Any schedule of faults: the end is right, or the run says that it is not and claims nothing; the next does the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from aarhus_los import clock
from aarhus_los.errors import UnavailableError
from aarhus_los.ledger import digest
from aarhus_los.sandbox.http_stand_in import Action, Answer, Drop, HttpStandIn, Phase, Request
from aarhus_los.sandbox.mo_auth import ROLES
from aarhus_los.sandbox.mo_server import MoServer, written_objects
from aarhus_los.sandbox.mo_settings import AddressService
from aarhus_los.sandbox.mo_store import Snapshot
from aarhus_los.sources.entries import FileChanged, Listing
from aarhus_los.sources.folder import Folder
from tests.e2e.drops import DELTA as A_DAY
from tests.e2e.drops import FIRST_FILES, TYPES, State, type_list
from tests.e2e.los_files import LEDER, LEDER_LUK, PERS, PERS_LUK, table, uuid_of
from tests.e2e.one_process import OneProcess, Ran, one_process
from tests.e2e.test_crash import FIRST_PEOPLE, cpr, employed, leading
from tests.e2e.test_without_rest import TAKEN

FIRST: Final = {TYPES: type_list(), **FIRST_FILES, **FIRST_PEOPLE}
DELTA: Final = {
    **A_DAY,
    "Pers_nye_20260209_220000.csv": table(PERS, [employed(3, "ny", StartTid="2026-02-01")]),
    "Pers_ret_20260209_220000.csv": table(PERS, [employed(1, "mor", CPRNavn="Ny Navngiven", Email="")]),
    "Pers_luk_20260209_220000.csv": table(
        PERS_LUK, [{"UUID": uuid_of("engagement 2"), "CPR": cpr(2), "CPRNavn": "Person Nummer2"}]
    ),
    "Leder_luk_20260209_220000.csv": table(LEDER_LUK, [{"OrgUUID": uuid_of("øko"), "CPR": cpr(2)}]),
    "Leder_nye_20260209_220000.csv": table(LEDER, [leading(3, "ny")]),
}

Deed = Callable[[HttpStandIn, Request], Action | None]


def answer(status: int, body: bytes = b"", *, close: bool = False, **headers: str) -> Deed:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda server, request: Answer(status, body, named, close)


def unforeseen(description: str) -> Deed:
    body = {"error": True, "description": description, "error_key": "E_UNKNOWN", "status": 500}
    return answer(500, json.dumps(body).encode(), close=True, Content_Type="application/json")


def falls_over_a_write(server: HttpStandIn, request: Request) -> Action | None:
    return unforeseen("list index out of range")(server, request) if written_objects(request) else None


def half(server: HttpStandIn, request: Request) -> Action | None:
    assert request.answer is not None
    return replace(request.answer, cut=len(request.answer.body) // 2) if request.answer.body else None


def in_part(server: HttpStandIn, request: Request) -> Action | None:
    """GraphQL answers with an error beside half of the data: who believed it would write over what MO has."""
    assert request.answer is not None
    if not request.path.startswith("/graphql/") or written_objects(request):
        return None
    data = json.loads(request.answer.body)["data"]
    for found in data.values():
        if isinstance(found, dict) and "objects" in found:
            found["objects"] = found["objects"][: len(found["objects"]) // 2]
    error = {"message": "Cannot return null for non-nullable field", "path": ["current"]}
    return Answer.json(200, {"data": data, "errors": [error]})


def token_expires(server: HttpStandIn, request: Request) -> None:
    assert isinstance(server, MoServer)
    server.expire_tokens()


def rest_is_switched_off(server: HttpStandIn, request: Request) -> None:
    assert isinstance(server, MoServer)
    server.rest_enabled = False


def role_is_lost(role: str) -> Deed:
    def deed(server: HttpStandIn, request: Request) -> None:
        assert isinstance(server, MoServer)
        server.tokens.roles = frozenset({"service_api", "admin"} - {role})
        server.expire_tokens()

    return deed


GATEWAY: Final[Mapping[str, Deed]] = {
    "reset": lambda server, request: Drop(),
    "429": answer(429, Retry_After="0"),
    "429, for an hour": answer(429, Retry_After="3600"),
    "502": answer(502),
    "503": answer(503, b"<html>", Content_Type="text/html"),
    "504": answer(504),
    "HTML": answer(200, b"<!doctype html><title>Log in</title>", Content_Type="text/html"),
}
BEFORE: Final[Mapping[str, Mapping[str, Deed]]] = {
    "MO": {
        **GATEWAY,
        "it falls over a write": falls_over_a_write,
        "deadlock": unforeseen("(asyncpg.exceptions.DeadlockDetectedError) DeadlockDetected"),
        "token expires": token_expires,
        "REST switched off": rest_is_switched_off,
        "no admin": role_is_lost("admin"),
        "no service_api": role_is_lost("service_api"),
    },
    "token": {**GATEWAY, "401": answer(401), "500": answer(500)},
    "DAR": {**GATEWAY, "401": answer(401), "403": answer(403), "410": answer(410), "500": answer(500)},
}
AFTER: Final[Mapping[str, Mapping[str, Deed]]] = {
    server: {**GATEWAY, "half an answer": half} | ({"in part": in_part} if server == "MO" else {})
    for server in BEFORE
}


@dataclass(frozen=True)
class Fault:
    """What befalls the n-th request to a server, or all from that one on."""

    server: str
    phase: Phase
    name: str
    at: int
    lasts: bool

    def hits(self, number: int) -> bool:
        return number >= self.at if self.lasts else number == self.at

    @property
    def deed(self) -> Deed:
        return (BEFORE if self.phase is Phase.BEFORE else AFTER)[self.server][self.name]


FAULTS: Final = st.one_of(
    [
        st.builds(
            Fault,
            st.just(server),
            st.just(phase),
            st.sampled_from(sorted(deeds[server])),
            st.integers(1, last),
            st.sampled_from([False, False, False, True]),
        )
        for phase, deeds in ((Phase.BEFORE, BEFORE), (Phase.AFTER, AFTER))
        for server, last in (("MO", 32), ("MO", 32), ("token", 3), ("DAR", 2))
    ]
)
SOURCE_FAULTS: Final = st.none() | st.tuples(
    st.sampled_from(["unreachable", "lost", "growing", "growing", "growing"]), st.integers(1, 2 * len(DELTA))
)
JUMPS: Final = st.integers(-12, 12)
"""Hours. A state whose time is more than a day ahead of the clock is not believed."""


class Schedule:
    """Intercepts the servers, and counts the requests of each on its own."""

    def __init__(self, there: OneProcess, faults: Sequence[Fault]) -> None:
        self.there = there
        self.faults = faults
        self.hit = 0
        self._numbers: dict[str, dict[int, int]] = {server: {} for server in BEFORE}
        self._lock = Lock()

    def __enter__(self) -> Self:
        mo, dar = self.there.stage.mo, self.there.stage.dar
        mo.intercept = lambda request, phase: self._strike(
            mo, "token" if request.path.startswith("/auth/") else "MO", request, phase
        )
        dar.intercept = lambda request, phase: self._strike(dar, "DAR", request, phase)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mo = self.there.stage.mo
        mo.intercept = self.there.stage.dar.intercept = None
        mo.rest_enabled = True
        mo.tokens.roles = frozenset(ROLES)

    def _strike(self, server: HttpStandIn, name: str, request: Request, phase: Phase) -> Action | None:
        with self._lock:
            numbers = self._numbers[name]
            number = numbers.setdefault(request.number, len(numbers) + 1)
        for fault in self.faults:
            if (fault.server, fault.phase) == (name, phase) and fault.hits(number):
                self.hit += 1
                if (action := fault.deed(server, request)) is not None:
                    return action
        return None


class FlakyFolder(Folder):
    """A folder whose server cannot be reached, or is lost, or on which a file is still growing, when it is read."""

    def __init__(self, path: Path, fault: str, at: int) -> None:
        super().__init__(path)
        self._fault = fault
        self._left = at

    def listing(self) -> Listing:
        if self._fault == "unreachable":
            raise UnavailableError("the folder cannot be read")
        return super().listing()

    def read(self, name: str) -> bytes:
        self._left -= 1
        if self._left == 0:
            if self._fault == "growing":
                raise FileChanged(f"{name} has grown since it was listed")
            raise UnavailableError(f"{name} cannot be read: the connection was lost")
        return super().read(name)


@dataclass(frozen=True)
class World:
    """An importer after its first import, and what MO says after the next without a fault."""

    there: OneProcess
    mo: Snapshot = field(repr=False)
    state: bytes = field(repr=False)
    uncut: Mapping[str, Any] = field(repr=False)
    delta: Mapping[str, str] = field(repr=False)

    def reset(self) -> None:
        self.there.stage.store.restore(self.mo)
        self.there.stage.state_file.write_bytes(self.state)
        self.there.stage.state_file.with_name("state.addresses.json").unlink(missing_ok=True)


@contextmanager
def made(mo_api: str) -> Iterator[World]:
    delta = DELTA if mo_api == "rest" else TAKEN
    with one_process(chunk_size=3, retry_seconds=0.05, mo_api=mo_api) as there:
        there.stage.store.settings.address_service = AddressService.ANSWERS
        for name, text in FIRST.items():
            there.put(name, text)
        assert there.run().exit_code == 0
        mo, state = there.stage.store.snapshot(), there.stage.state_file.read_bytes()
        for name, text in delta.items():
            there.put(name, text)
        assert there.run().exit_code == 0
        yield World(there, mo, state, timeless(there.state()), delta)


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[str], World]]:
    """Makes the world of each interface once."""
    with ExitStack() as stack:
        yield cache(lambda mo_api: stack.enter_context(made(mo_api)))


@pytest.fixture(params=["rest", "graphql"])
def world(request: pytest.FixtureRequest, worlds: Callable[[str], World]) -> World:
    return worlds(request.param)


def timeless(state: State) -> Mapping[str, Any]:
    """MO, but for since when a class has its title: that is the day of the run."""
    classes = {uuid: {**history[-1], "from": None, "to": None} for uuid, history in state["class"].items()}
    return {**state, "class": classes}


class Jumping:
    """A clock that is hours off, and elsewhere each time it is asked."""

    def __init__(self, hours: Sequence[int]) -> None:
        self._hours = hours
        self._asked = 0

    def __call__(self) -> datetime:
        self._asked += 1
        return datetime.now(clock.COPENHAGEN) + timedelta(hours=self._hours[self._asked % len(self._hours)])


def told_right_or_nothing_claimed(world: World, ran: Ran, before: Mapping[str, str]) -> str:
    """Returns how it ended, in a word for statistics."""
    there = world.there
    claimed = there.claimed()
    if ran.exit_code not in (0, 1):
        assert ran.exit_code == 69
        assert ran.error
        assert claimed == before
        return f"stopped with {ran.exit_code}"
    assert ran.account is not None
    assert ran.account.balances
    waiting = [name for name, text in world.delta.items() if claimed.get(name) != digest(text.encode())]
    pending = any(line.pending for line in there.lines().values())
    assert (ran.exit_code == 1) == pending
    if not (waiting or pending):
        assert timeless(there.state()) == world.uncut
    return "pending" if pending else "waiting" if waiting else "got over"


def check(
    world: World,
    faults: Sequence[Fault],
    source_fault: tuple[str, int] | None,
    hours: Sequence[int],
) -> str:
    world.reset()
    there = world.there
    before = there.claimed()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", Jumping(hours))
        with Schedule(there, faults), patch.context() as at_source:
            if source_fault is not None:
                at_source.setattr(
                    "aarhus_los.run.open_source", lambda settings: FlakyFolder(there.drop, *source_fault)
                )
            ran = there.run()
        ended = told_right_or_nothing_claimed(world, ran, before)
        done = there.run()
        assert (done.exit_code, done.error) == (0, "")
        assert timeless(there.state()) == world.uncut
        assert all(there.claimed()[name] == digest(text.encode()) for name, text in world.delta.items())
        asked = len(there.stage.mo.requests)
        assert there.run().exit_code == 0
        assert len(there.stage.mo.requests) == asked
    return ended


SCHEDULES: Final = given(
    faults=st.lists(FAULTS, max_size=3),
    source_fault=SOURCE_FAULTS,
    hours=st.lists(JUMPS, min_size=1, max_size=3),
)
STEADY: Final = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def every_second(phase: Phase, name: str, first: int) -> list[Fault]:
    """From the first of them on, every second request to MO comes to grief; its repetition gets through."""
    return [Fault("MO", phase, name, number, False) for number in range(first, 60, 2)]


CHOSEN: Final[Sequence[tuple[list[Fault], tuple[str, int] | None, list[int]]]] = (
    (every_second(Phase.AFTER, "reset", 1), None, [0]),
    (every_second(Phase.AFTER, "reset", 2), None, [0]),
    (every_second(Phase.BEFORE, "token expires", 1), None, [0]),
    (every_second(Phase.BEFORE, "deadlock", 2), None, [0]),
    (every_second(Phase.AFTER, "in part", 1), None, [0]),
    ([Fault("MO", Phase.BEFORE, "it falls over a write", 1, True)], None, [0]),
    ([Fault("DAR", Phase.BEFORE, "410", 1, True)], ("growing", 3), [12, -12]),
)


@pytest.mark.parametrize(
    ("world", "number"),
    [
        pytest.param(mo_api, number, marks=() if number % 2 == odd else pytest.mark.slow)
        for odd, mo_api in enumerate(("rest", "graphql"))
        for number in range(len(CHOSEN))
    ],
    indirect=["world"],
)
def test_after_a_chosen_schedule_a_run_ends_right_or_claims_nothing(world: World, number: int) -> None:
    """In every run of the tests, each by one of the interfaces; by the other, in one of the slow tests."""
    check(world, *CHOSEN[number])


@SCHEDULES
@settings(STEADY, max_examples=1)
def test_a_run_ends_right_or_claims_nothing(
    world: World, faults: list[Fault], source_fault: tuple[str, int] | None, hours: list[int]
) -> None:
    event(check(world, faults, source_fault, hours))


@pytest.mark.slow
@SCHEDULES
@settings(STEADY, max_examples=100)
def test_many_runs_end_right_or_claim_nothing(
    world: World, faults: list[Fault], source_fault: tuple[str, int] | None, hours: list[int]
) -> None:
    event(check(world, faults, source_fault, hours))
