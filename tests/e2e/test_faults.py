"""Ways in which MO fails a run: the end is right, or the run says that it is not and claims nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import count
from threading import Lock
from typing import Final

import pytest

from aarhus_los.sandbox.http_stand_in import Action, Answer, Drop, Phase, Request
from aarhus_los.sandbox.mo_server import MoServer, written_objects
from tests.e2e.drops import DELTA, State, put_files
from tests.e2e.harness import Sandbox

Deed = Callable[[MoServer, Request], Action | None]


def writing(request: Request) -> bool:
    return written_objects(request) > 0


def reading(request: Request) -> bool:
    return request.path.startswith("/graphql/") and not written_objects(request)


def editing_several(request: Request) -> bool:
    return request.path.endswith("/edit") and written_objects(request) > 1


class Fault:
    """Does something to the first, third, … request of a sort, in the order in which they come."""

    def __init__(
        self,
        deed: Deed,
        *at: int,
        of: Callable[[Request], bool] = writing,
        lasting: bool = False,
        phase: Phase = Phase.BEFORE,
    ) -> None:
        self.deed = deed
        self.of = of
        self.at: Collection[int] = range(at[0], 1000) if lasting else at
        self.phase = phase
        self.done = 0
        self._numbers: dict[int, int] = {}
        self._lock = Lock()

    def on(self, mo: MoServer) -> None:
        """Begins."""
        mo.intercept = lambda request, phase: self._intercept(mo, request, phase)

    def _intercept(self, mo: MoServer, request: Request, phase: Phase) -> Action | None:
        if not self.of(request):
            return None
        with self._lock:
            number = self._numbers.setdefault(request.number, len(self._numbers) + 1)
            if phase is not self.phase or number not in self.at:
                return None
            self.done += 1
        return self.deed(mo, request)


def answer(*actions: Action) -> Deed:
    """These, in turn and over again."""
    turn = count()
    return lambda mo, request: actions[next(turn) % len(actions)]


def status(code: int, **headers: str) -> Answer:
    return Answer(code, b"", {name.replace("_", "-"): value for name, value in headers.items()})


def unforeseen(description: str) -> Answer:
    """MO falls over its own feet: nothing is written, and it closes the connection."""
    body = {"error": True, "description": description, "error_key": "E_UNKNOWN", "status": 500}
    return Answer.json(500, body, close=True)


HTML: Final = Answer(200, b"<!doctype html><title>Please log in</title>", {"Content-Type": "text/html"})
DEADLOCK: Final = unforeseen("(asyncpg.exceptions.DeadlockDetectedError) DeadlockDetected: deadlock detected")


def token_expires(mo: MoServer, request: Request) -> None:
    time.sleep(0.05)
    mo.expire_tokens()


def half_an_answer(mo: MoServer, request: Request) -> Answer:
    assert request.answer is not None
    return replace(request.answer, cut=len(request.answer.body) // 2)


def an_error_beside_the_data(mo: MoServer, request: Request) -> Answer:
    assert request.answer is not None
    error = {"message": "Cannot return null for non-nullable field", "path": ["current"]}
    return Answer.json(200, {**json.loads(request.answer.body), "errors": [error]})


PASSING: Final[dict[str, tuple[Callable[[], Fault], bool]]] = {
    "reset before it took effect": (lambda: Fault(answer(Drop()), 1, 3, 6), True),
    "reset after it took effect": (lambda: Fault(answer(Drop()), 1, 3, 6, phase=Phase.AFTER), True),
    "slow, and the token expires": (lambda: Fault(token_expires, 1, 3, 6), False),
    "too many requests": (lambda: Fault(answer(status(429, Retry_After="1")), 2, 3), True),
    "deadlocks": (lambda: Fault(answer(DEADLOCK), 2, 4, 5), True),
    "it falls over a list": (
        lambda: Fault(answer(unforeseen("list index out of range")), 1, of=editing_several),
        False,
    ),
    "gateway errors": (lambda: Fault(answer(status(502), status(503), status(504)), 1, 3, 6), True),
    "gateway errors after it took effect": (
        lambda: Fault(answer(status(504), status(502)), 1, 3, 6, phase=Phase.AFTER),
        True,
    ),
    "half an answer": (lambda: Fault(half_an_answer, 1, 3, 6, phase=Phase.AFTER), True),
    "an HTML page": (lambda: Fault(answer(HTML), 1, 3, 6, phase=Phase.AFTER), True),
    "an error beside the data": (
        lambda: Fault(an_error_beside_the_data, 5, of=reading, phase=Phase.AFTER),
        False,
    ),
}
"""Faults that pass, and whether a request is sent again because of them."""


@pytest.fixture
def waiting(imported: Sandbox) -> Sandbox:
    """A sandbox with a delta that waits, and will be sent in many requests."""
    put_files(imported, DELTA)
    imported.configure(chunk_size=3, concurrency=1, retry_seconds=3)
    return imported


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_is_got_over(waiting: Sandbox, undisturbed: State, name: str) -> None:
    make, sends_again = PASSING[name]
    fault = make()
    fault.on(waiting.mo)
    done = waiting.run(hasty=True)
    assert fault.done == len(fault.at)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert waiting.state() == undisturbed
    assert waiting.claimed().keys() >= DELTA.keys()
    assert (" retries\n" in done.stdout or " retry\n" in done.stdout) is sends_again


def operator_switches_rest_off(mo: MoServer, request: Request) -> None:
    mo.rest_enabled = False


def client_loses_a_role(*left: str) -> Deed:
    def deed(mo: MoServer, request: Request) -> None:
        mo.tokens.roles = frozenset(left)
        mo.expire_tokens()

    return deed


def mo_goes_down(mo: MoServer, request: Request) -> Action:
    mo.__exit__(None, None, None)
    return Drop()


REFUSED: Final = "connection refused"
RESET: Final = "reset before anything took effect"
LASTING: Final[dict[str, tuple[Callable[[], Fault], str]]] = {
    REFUSED: (
        lambda: Fault(mo_goes_down, 4),
        "no connection (refused, or the host is not known)",
    ),
    RESET: (
        lambda: Fault(answer(Drop()), 4, lasting=True),
        "the connection was closed before the answer was whole",
    ),
    "REST switched off": (
        lambda: Fault(operator_switches_rest_off, 4),
        "its operator has switched the REST API off (/service)",
    ),
    "no role for REST": (
        lambda: Fault(client_loses_a_role("admin"), 4),
        "refuses us (403): our client in Keycloak lacks the realm role service_api",
    ),
    "no role for writing": (
        lambda: Fault(client_loses_a_role("service_api"), 4),
        "our client in Keycloak lacks",
    ),
    "an HTML page to every read": (
        lambda: Fault(answer(HTML), 2, of=reading, lasting=True),
        "something before MO answered 200 (text/html, ",
    ),
    "wait for an hour": (
        lambda: Fault(answer(status(503, Retry_After="3600")), 3, lasting=True),
        "it asks us to wait 3600 s",
    ),
}
"""Faults that stay until somebody mends them, and what is said of them."""


@pytest.mark.parametrize("name", LASTING)
def test_a_fault_that_stays_is_told_and_nothing_is_claimed(
    waiting: Sandbox, undisturbed: State, name: str
) -> None:
    make, text = LASTING[name]
    claimed = waiting.claimed()
    waiting.configure(chunk_size=3, concurrency=1, retry_seconds=0.5)
    make().on(waiting.mo)
    done = waiting.run(hasty=True)
    assert done.returncode == 69, done.stdout
    assert text in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Done" not in done.stdout
    assert waiting.claimed() == claimed
    # That the next run does the rest is one thing after every fault: these two leave the most and the least.
    if name not in (REFUSED, RESET):
        return
    waiting.mo.intercept = None
    if name == REFUSED:
        waiting.mo.__enter__()
    done = waiting.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert waiting.state() == undisturbed
    assert waiting.claimed().keys() >= DELTA.keys()
