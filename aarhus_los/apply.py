"""Operations to MO: in the order that references ask for, in lists, over several connections.

What MO refuses is set aside, and what needs it is not sent; everything else is written. A step is acknowledged only when MO
has answered for each of its operations, or shows them when it is read.
"""

from __future__ import annotations

import math
import re
import signal
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, TypeVar

from aarhus_los.errors import UnavailableError
from aarhus_los.http import Unsettled
from aarhus_los.mo.answers import Refused
from aarhus_los.mo.kinds import Door, History, Item, Kind, Person
from aarhus_los.plan import Operation, Plan, Step
from aarhus_los.timeline import at, clip

STOPPING = (signal.SIGINT, signal.SIGTERM)
LOST_ANSWERS = 5
"""How often one list may lose its answer before MO counts as unreachable."""
SMALLEST_LIST = 10
"""Below this, a list is not made shorter to keep more connections busy: requests have a price of their own."""


class Writer(Protocol):
    """The one door to MO."""

    def write(self, door: Door, items: Sequence[Item]) -> list[str | None]: ...

    def settle(self, once: Callable[[], R], *, again: Callable[[Unsettled], bool]) -> R: ...


R = TypeVar("R")
Reader = Callable[[Kind, Collection[str]], Mapping[str, History]]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an operation was not done. `pending`: the next run tries again."""

    reason: str
    pending: bool
    sent: bool = True
    """False: it was never sent, since something it needs failed."""


@dataclass
class Applied:
    """What became of a plan."""

    acknowledged: list[Operation] = field(default_factory=list)
    failed: list[tuple[Operation, Failure]] = field(default_factory=list)
    stopped: UnavailableError | None = None
    """MO could not be reached any more: what is in neither list was not sent, or its fate is unknown."""


@dataclass(slots=True)
class _Batch:
    """Steps on their way through one door."""

    door: Door
    numbers: list[int]
    lost: int = 0
    """How often its answer was lost."""


def apply_plan(
    plan: Plan,
    writer: Writer,
    read: Reader,
    *,
    chunk_size: int,
    concurrency: int,
    progress: Callable[[int], None] = lambda done: None,
    applied: Applied | None = None,
) -> Applied:
    """Sends a plan. Returns when everything is acknowledged, refused or out of reach.

    `applied` is filled as it goes, for whoever must tell what was done when this is interrupted.
    """
    into = Applied() if applied is None else applied
    return _Run(plan, writer, read, chunk_size, concurrency, progress, into).run()


class _Run:
    def __init__(
        self,
        plan: Plan,
        writer: Writer,
        read: Reader,
        chunk_size: int,
        concurrency: int,
        progress: Callable[[int], None],
        applied: Applied,
    ) -> None:
        self.steps = plan.steps
        self.writer = writer
        self.read = read
        self.chunk_size = chunk_size
        self.concurrency = concurrency
        self.progress = progress
        self.applied = applied
        self.waits = [len(step.needs | step.follows) for step in self.steps]
        self.blocks: dict[int, list[int]] = {}
        for number, step in enumerate(self.steps):
            for before in step.needs | step.follows:
                self.blocks.setdefault(before, []).append(number)
        self.heights = _heights(self.blocks, self.waits)
        self.ready: dict[tuple[int, Door], deque[int]] = {}
        self.halves: deque[_Batch] = deque()
        self.open = set(range(len(self.steps)))
        """Steps that are neither over nor on their way."""
        for number in range(len(self.steps)):
            if self.waits[number] == 0:
                self._is_ready(number)

    def _is_ready(self, number: int) -> None:
        """What most others wait behind goes first, in a list of its own: else MO would be idle in the end."""
        key = (self.heights[number], self.steps[number].operations[0].endpoint)
        self.ready.setdefault(key, deque()).append(number)

    def run(self) -> Applied:
        under_way: dict[Future[list[Failure | None]], _Batch] = {}
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="mo") as pool:
            signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
            try:
                return self._send_all(pool, under_way)
            except BaseException:  # a signal: what is on its way is finished, and counts
                signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
                for future in wait(under_way).done:
                    if future.exception() is None:
                        self._settle(under_way[future], future)
                raise
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    def _next_done(
        self, under_way: dict[Future[list[Failure | None]], _Batch]
    ) -> set[Future[list[Failure | None]]]:
        """Waits. A signal is let through here only, where all that is on its way is accounted for."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        try:
            return wait(under_way, return_when=FIRST_COMPLETED).done
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)

    def _send_all(
        self, pool: ThreadPoolExecutor, under_way: dict[Future[list[Failure | None]], _Batch]
    ) -> Applied:
        while True:
            while self.applied.stopped is None and len(under_way) < self.concurrency:
                batch = self._next_batch(self.concurrency - len(under_way), idle=not under_way)
                if batch is None:
                    break
                under_way[pool.submit(self._send, batch)] = batch
            if not under_way:
                return self.applied
            for future in self._next_done(under_way):
                self._settle(under_way.pop(future), future)

    def _next_batch(self, connections: int, *, idle: bool) -> _Batch | None:
        if self.halves:
            return self.halves.popleft()
        if idle and self.open and not any(self.ready.values()):
            # Objects that refer to each other on different days: one of them has to go first.
            self._is_ready(self._first_of_a_circle())
        for key in sorted(self.ready, reverse=True):
            queue = self.ready[key]
            enough = (
                self.chunk_size * connections
            )  # to fill them all: the rest of a long queue need not be counted
            waiting = sum(len(self.steps[number].operations) for number in islice(queue, enough))
            room = min(self.chunk_size, max(SMALLEST_LIST, math.ceil(waiting / connections)))
            numbers: list[int] = []
            size = 0
            while queue and (not numbers or size + len(self.steps[queue[0]].operations) <= room):
                number = queue.popleft()
                if number not in self.open:
                    continue
                self.open.discard(number)
                numbers.append(number)
                size += len(self.steps[number].operations)
            if not queue:
                del self.ready[key]
            if numbers:
                return _Batch(key[1], numbers)
        return None

    def _first_of_a_circle(self) -> int:
        """Of steps that all wait for each other, the first; none that only waits for the circle."""
        number = min(self.open)
        while True:
            above = self._waits_for(number)
            apart = next((other for other in reversed(above) if number not in self._waits_for(other)), None)
            if apart is None:
                return min(above)
            number = apart

    def _waits_for(self, number: int) -> dict[int, None]:
        """The open steps that a step waits for, directly or not, the nearest first."""
        above: dict[int, None] = {}
        near = deque([number])
        while near:
            step = self.steps[near.popleft()]
            for other in sorted((step.needs | step.follows) & self.open):
                if other not in above:
                    above[other] = None
                    near.append(other)
        return above

    def _send(self, batch: _Batch) -> list[Failure | None]:
        """Sends a batch, and tells for each of its steps how it failed, or None."""
        steps = [self.steps[number] for number in batch.numbers]
        operations = sorted((op for step in steps for op in step.operations), key=lambda op: op.uuid)
        items = [operation.item() for operation in operations]
        answers = self.writer.settle(
            lambda: self.writer.write(batch.door, items), again=lambda unsettled: not unsettled.perhaps_done
        )
        missing = {op.uuid for op, answer in zip(operations, answers, strict=True) if answer is None}
        failure = Failure("MO answered that it has no such object", pending=True)
        return [failure if any(op.uuid in missing for op in step.operations) else None for step in steps]

    def _settle(self, batch: _Batch, future: Future[list[Failure | None]]) -> None:
        try:
            failures = future.result()
        except Refused as refused:
            self._halve(batch, refused)
        except Unsettled as lost:
            if lost.perhaps_done:
                self._find_out(batch, lost)
            else:
                self.applied.stopped = self.applied.stopped or lost.final("MO")
        except UnavailableError as error:
            self.applied.stopped = self.applied.stopped or error
        else:
            for number, failure in zip(batch.numbers, failures, strict=True):
                self._over(number, failure)

    def _halve(self, batch: _Batch, refused: Refused) -> None:
        if len(batch.numbers) > 1:
            middle = len(batch.numbers) // 2
            for numbers in (batch.numbers[:middle], batch.numbers[middle:]):
                self.halves.append(_Batch(batch.door, numbers))
            return
        key = f" {refused.error_key}" if refused.error_key else ""
        description = _nameless(refused.description, self.steps[batch.numbers[0]])
        reason = f"MO refused it ({refused.status}{key}): {description}"
        self._over(batch.numbers[0], Failure(reason, pending=refused.status >= 500))

    def _find_out(self, batch: _Batch, lost: Unsettled) -> None:
        """An answer was lost: nothing more is sent to its objects before they are read."""
        try:
            wanted: dict[Kind, set[str]] = {}
            for number in batch.numbers:
                for operation in self.steps[number].operations:
                    wanted.setdefault(operation.kind, set()).add(operation.uuid)
            found = {kind: self.read(kind, uuids) for kind, uuids in wanted.items()}
        except UnavailableError as error:
            self.applied.stopped = self.applied.stopped or error
            return
        again = []
        for number in batch.numbers:
            if all(_shows(found[op.kind].get(op.uuid, ()), op) for op in self.steps[number].operations):
                self._over(number, None)
            else:
                again.append(number)
        if again and batch.lost + 1 >= LOST_ANSWERS:
            self.applied.stopped = self.applied.stopped or UnavailableError(
                f"MO's answer was lost {LOST_ANSWERS} times: {lost}"
            )
        elif again:
            self.halves.append(_Batch(batch.door, again, batch.lost + 1))

    def _over(self, number: int, failure: Failure | None) -> None:
        """A step is over: notes it, and lets those go that waited for it."""
        open_steps = [(number, failure)]
        while open_steps:
            number, failure = open_steps.pop()
            step = self.steps[number]
            if failure is None:
                self.applied.acknowledged += step.operations
            else:
                self.applied.failed += [(operation, failure) for operation in step.operations]
            self.progress(len(self.applied.acknowledged) + len(self.applied.failed))
            for waiting in self.blocks.get(number, ()):
                if waiting not in self.open:
                    continue
                self.waits[waiting] -= 1
                if failure is not None and number in self.steps[waiting].needs:
                    self.open.discard(waiting)
                    open_steps.append((waiting, _unsent(step, failure)))
                elif self.waits[waiting] == 0:
                    self._is_ready(waiting)


def _heights(blocks: Mapping[int, Sequence[int]], waits: Sequence[int]) -> list[int]:
    """How many steps one after the other wait behind each; of a circle, and of what only waits for one, nothing is known."""
    left = list(waits)
    order = [number for number, count in enumerate(left) if count == 0]
    for number in order:
        for waiting in blocks.get(number, ()):
            left[waiting] -= 1
            if left[waiting] == 0:
                order.append(waiting)
    heights = [0] * len(left)
    for number in reversed(order):
        heights[number] = max((heights[waiting] + 1 for waiting in blocks.get(number, ())), default=0)
    return heights


def _nameless(text: str, step: Step) -> str:
    """What MO says of a step, without people's names: it may repeat what it was sent, and names are not for logs."""
    values = [value for op in step.operations for value in (op.value, *(piece.value for piece in op.before))]
    words = {word for value in values if isinstance(value, Person) for word in value.name.split()}
    return re.sub(rf"\b({'|'.join(map(re.escape, words))})\b", "…", text) if words else text


def _unsent(step: Step, failure: Failure) -> Failure:
    if not failure.sent:
        return failure
    first = step.operations[0]
    return Failure(
        f"not sent: it needs {first.kind} {first.uuid}, which failed: {failure.reason}", True, sent=False
    )


def _shows(history: History, operation: Operation) -> bool:
    if operation.value is None:
        return not clip(history, operation.start, operation.end)
    piece = at(history, operation.start)
    return piece is not None and piece.value == operation.value and piece.end >= operation.end
