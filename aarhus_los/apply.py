"""Operations to MO: in the order that references ask for, in lists, over several connections.

What MO refuses is set aside, and what needs it is not sent; everything else is written. A step is acknowledged only when MO
has answered for each of its operations and, of those that it may have undone without a word, has shown that it has not;
or when MO shows them when it is read.
"""

from __future__ import annotations

import re
import signal
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any, Final

from msgspec import Struct, field

from aarhus_los.answer import Unsettled
from aarhus_los.brakes import Limit, Refusals
from aarhus_los.delivery import Batch, Delivered, Delivery, Failing, Failure
from aarhus_los.ending import STOPPING
from aarhus_los.errors import UnavailableError
from aarhus_los.http import GRACE_SECONDS
from aarhus_los.messages import Message
from aarhus_los.mo.answers import NotShown, Refused
from aarhus_los.mo.model import Kind, Object, Person, by_kind
from aarhus_los.mo.target import Target
from aarhus_los.plan import Action, Operation, Plan, Step
from aarhus_los.schedule import Schedule

UNANSWERED: Final = 10
"""After so many single steps in a row that MO did not answer, it is not they that are to blame."""
UNANSWERED_SECONDS: Final = 600.0
"""And after so long a time without any answer."""

REFUSED_BY_GRAPHQL: Final = {
    "V_DATE_OUTSIDE_ORG_UNIT_RANGE": Message.MO_REFUSED_OUTSIDE_UNIT,
    "V_DATE_OUTSIDE_EMPL_RANGE": Message.MO_REFUSED_OUTSIDE_PERSON,
    "V_TERMINATE_UNIT_WITH_CHILDREN": Message.MO_REFUSED_UNIT_IN_USE,
    "V_TERMINATE_UNIT_WITH_ROLES": Message.MO_REFUSED_UNIT_IN_USE,
    "V_TERMINATE_UNIT_WITH_CHILDREN_AND_ROLES": Message.MO_REFUSED_UNIT_IN_USE,
    "V_EXISTING_CPR": Message.MO_REFUSED_SAME_CPR,
}
"""What REST, with `force`, would do: why MO does not, by its keys."""


class Applied(Struct):
    """What became of a plan."""

    acknowledged: list[Operation] = field(default_factory=list)
    failed: list[tuple[Operation, Failure]] = field(default_factory=list)
    again: list[Operation] = field(default_factory=list)
    """What was written once more, since MO did not say it when it was read back."""
    unconfirmed: list[tuple[Operation, Failure]] = field(default_factory=list)
    """What is acknowledged, but could not be read back, or not be written again."""
    stopped: UnavailableError | None = None
    """MO could not be reached any more: what is in neither list was not sent, or its fate is unknown."""
    refusals: Refusals | None = None
    """The brake on refusals, where it tripped: the rest was not sent."""


def apply_plan(
    plan: Plan,
    mo: Target,
    *,
    chunk_size: int,
    concurrency: int,
    limit: Limit | None = None,
    allowed: int = 0,
    progress: Callable[[int], None] = lambda done: None,
    applied: Applied | None = None,
) -> Applied:
    """Sends a plan. Returns when everything is acknowledged, refused or out of reach.

    `limit` is the brake on refusals, `allowed` how many of them pass it. `applied` is filled as it goes, for whoever must
    tell what was done when this is interrupted.
    """
    plan = mo.api.ordered(plan)
    schedule = Schedule(plan.steps, chunk_size, mo.api)
    refusals = Refusals(sum(1 for _ in groupby(plan.operations, attrgetter("object"))), limit, allowed)
    into = Applied() if applied is None else applied
    return _Run(plan, mo, schedule, refusals, concurrency, progress, into).run()


class _Run(Struct, eq=False, dict=True):
    plan: Plan
    mo: Target
    schedule: Schedule
    refusals: Refusals
    concurrency: int
    progress: Callable[[int], None]
    applied: Applied
    again: deque[Batch] = field(default_factory=deque)
    """Batches that are sent before new ones."""
    delivering: dict[Future[Delivered], Batch] = field(default_factory=dict)
    proving: tuple[Future[Counter[str]], list[Proof]] | None = None
    unproven: list[Proof] = field(default_factory=list)
    unanswered: list[tuple[Batch, Unsettled]] = field(default_factory=list)
    """Single steps that MO did not answer while it answered others. They have another try when all else is done."""
    last_try: bool = False
    in_a_row: int = 0
    answered: int = 0
    writes: Counter[Object] = field(default_factory=Counter)
    """How often each of `several` was written, as MO's registrations must show; the others are written once at most."""
    doubtful: set[Object] = field(default_factory=set)
    """Objects of which that is not known, since they were read before they were sent again."""
    unread: set[int] = field(default_factory=set)
    """Steps of which MO may have some already, though they were given back to the schedule."""

    def __post_init__(self) -> None:
        self.steps = self.plan.steps
        # They are sorted by objects.
        objects = (op.object for op in self.plan.operations)
        self.several = {one for one, other in pairwise(objects) if one == other}
        """Objects of which there are several operations."""

    def run(self) -> Applied:
        # One more than write: proofs are asked for beside them.
        with ThreadPoolExecutor(self.concurrency + 1, thread_name_prefix="mo") as pool:
            signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
            try:
                self._send_all(pool)
            except BaseException:  # a signal: what is on its way is finished, if it is soon, and counts
                signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
                self.mo.client.stop(GRACE_SECONDS)
                for future in wait(self.delivering).done:
                    if future.exception() is None:
                        self._delivered(self.delivering[future], future.result())
                raise
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
                # What MO has acknowledged and could not be asked about any more: the next run finds out.
                for proof in (*(self.proving[1] if self.proving else ()), *self.unproven):
                    self._acknowledged(proof.batch, proof.delivered)
        return self.applied

    def _send_all(self, pool: ThreadPoolExecutor) -> None:
        while True:
            while len(self.delivering) < self.concurrency and (batch := self._next_batch()) is not None:
                steps = [self.steps[number] for number in batch.numbers]
                batch.sent_after = self.answered
                self.delivering[pool.submit(Delivery(self.mo, batch, steps).run)] = batch
            if self.unproven and self.proving is None and not self.applied.stopped:
                asked = by_kind(proof.object for proof in self.unproven)
                self.proving = (pool.submit(self.mo.registered, asked), self.unproven)
                self.unproven = []
            if not self.delivering and self.proving is None:
                return
            for future in self._next_done():
                self._settle(future)
            self.progress(len(self.applied.acknowledged) + len(self.applied.failed))

    def _next_done(self) -> set[Future[Any]]:
        """Waits. A signal is let through here only, where all that is on its way is accounted for."""
        under_way: set[Future[Any]] = set(self.delivering)
        if self.proving is not None:
            under_way.add(self.proving[0])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        try:
            return wait(under_way, return_when=FIRST_COMPLETED).done
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)

    def _next_batch(self) -> Batch | None:
        if self.applied.stopped or self.applied.refusals:
            return None
        batch = next((each for each in self.again if self.schedule.may_go(each.numbers)), None)
        if batch is not None:
            self.again.remove(batch)
            return batch
        idle = not self.delivering and self.proving is None and not self.unproven
        nothing_else = idle and not self.unanswered and not self.again
        taken = self.schedule.take(self.concurrency - len(self.delivering), idle=nothing_else)
        if taken is not None:
            return Batch(*taken, unread=not self.unread.isdisjoint(taken[1]))
        if idle and self.again:  # of batches that wait for each other, the first
            return self.again.popleft()
        if idle and self.unanswered:
            return self._unanswered_again()
        return None

    def _settle(self, future: Future[Any]) -> None:
        if self.proving is not None and future is self.proving[0]:
            proofs = self.proving[1]
            self.proving = None
            self._proven(proofs, future)
            return
        batch = self.delivering.pop(future)
        try:
            delivered: Delivered = future.result()
        except Refused as refused:
            self._answered()
            self._refused(batch, refused)
        except Unsettled as unsettled:
            self._not_answered(batch, unsettled)
        except UnavailableError as error:
            self._stop(error)
        else:
            self._answered()
            self._delivered(batch, delivered)

    def _stop(self, error: UnavailableError) -> None:
        self.applied.stopped = self.applied.stopped or error

    # What MO has acknowledged, and whether it has done it

    def _delivered(self, batch: Batch, delivered: Delivered) -> None:
        self.doubtful |= delivered.doubtful
        # A single step that was sent again because of it cannot be halved any more: whether it is there, is verified.
        if not delivered.unproven or (batch.doubted and len(batch.numbers) == 1):
            self._acknowledged(batch, delivered)
            return
        sure = [op for op in delivered.written if op.object not in self.doubtful]
        sure = [op for op in sure if op.kind is not Kind.ORGANISATION]
        if not sure:  # its registrations prove nothing
            self._undone(batch, delivered)
            return
        # Of one that this run has not made: how many registrations a create makes is not known.
        op = min(sure, key=lambda op: (op.action is Action.CREATE, self.writes[op.object]))
        self.unproven.append(Proof(batch, delivered, op.object))

    def _proven(self, proofs: list[Proof], future: Future[Counter[str]]) -> None:
        try:
            registered = future.result()
        except UnavailableError as error:
            self._stop(error)
            self.unproven += proofs
            return
        except NotShown:  # what was written is read instead
            registered = Counter()
        for proof in proofs:
            _, uuid = proof.object
            if registered[uuid] > self.writes[proof.object]:
                self._acknowledged(proof.batch, proof.delivered)
            else:
                self._undone(proof.batch, proof.delivered)

    def _undone(self, batch: Batch, delivered: Delivered) -> None:
        """MO may have undone what it acknowledged: it is read, and what is not there is sent again."""
        batch.unread, batch.doubted = True, len(delivered.written)
        self.again.append(batch)

    def _acknowledged(self, batch: Batch, delivered: Delivered) -> None:
        if self.several:
            self.writes.update({one: n for one, n in delivered.writes.items() if one in self.several})
        for number, failure in zip(batch.numbers, delivered.failures, strict=True):
            self._over(number, failure)

    # What MO has refused, and what it has not answered

    def _refused(self, batch: Batch, refused: Refused) -> None:
        if len(batch.numbers) > 1 and self.mo.api.in_order:
            if batch.unread:
                self.unread.update(batch.numbers)
            suspected = batch.numbers if batch.culprit is None else [batch.culprit]
            self.schedule.give_back(batch.numbers, suspected)
            return
        if len(batch.numbers) > 1:
            self.again.extend(batch.halves())
            return
        answer = f"{refused.status} {refused.error_key or ''}".rstrip()
        step = self.steps[batch.numbers[0]]
        description = _nameless(refused.description, step)
        self._count_refusal(step, answer, description)
        words = REFUSED_BY_GRAPHQL.get(refused.error_key or "") if self.mo.api.in_order else None
        reason = words(answer=answer) if words else Message.MO_REFUSED(answer=answer, text=description)
        self._over(batch.numbers[0], Failure(reason))

    def _count_refusal(self, step: Step, sort: str, reason: str) -> None:
        self.refusals.add({op.object for op in step.operations}, sort, reason)
        if self.refusals.tripped:
            self.applied.refusals = self.refusals

    def _answered(self) -> None:
        self.answered += 1
        self.in_a_row = 0

    def _not_answered(self, batch: Batch, unsettled: Unsettled) -> None:
        """One object may be to blame: then others are answered. Where none is, MO is not there."""
        now = time.monotonic()
        if batch.failing_since is None:
            # What was answered beside a single step tells as much as what is answered later.
            answered = self.answered if len(batch.numbers) > 1 else batch.sent_after
            batch.failing_since = Failing(now - unsettled.seconds, answered)
        others = self.answered > batch.failing_since.answered
        lasting = now - batch.failing_since.at > UNANSWERED_SECONDS and not others
        if unsettled.down or lasting:
            self._stop(unsettled.final("MO"))
        elif len(batch.numbers) > 1:
            batch.hurried = True
            self.again.extendleft(reversed(batch.halves()))
        elif self.last_try and others:
            self._count_refusal(self.steps[batch.numbers[0]], "no answer of MO", unsettled.reason)
            self._over(batch.numbers[0], Failure(unsettled.reason))
        elif self.last_try or self.in_a_row + 1 >= UNANSWERED:
            self._stop(unsettled.final("MO"))
        else:
            self.in_a_row += 1
            self.unanswered.append((batch, unsettled))
            self._count_refusal(self.steps[batch.numbers[0]], "no answer of MO", unsettled.reason)

    def _unanswered_again(self) -> Batch | None:
        """All else is done: what was not answered is sent once more, unless nothing was answered since."""
        self.last_try = True
        batch, unsettled = self.unanswered.pop(0)
        self.refusals.remove(op.object for number in batch.numbers for op in self.steps[number].operations)
        assert batch.failing_since is not None
        if self.answered == batch.failing_since.answered:
            self._stop(unsettled.final("MO"))
            return None
        return batch

    def _over(self, number: int, failure: Failure | None) -> None:
        """A step is over: notes it, and lets those go that waited for it."""
        if failure is None:
            self.applied.acknowledged += self.steps[number].operations
            self.schedule.over(number)
            return
        over = [(number, failure)]
        while over:
            number, failure = over.pop()
            step = self.steps[number]
            self.applied.failed += [(operation, failure) for operation in step.operations]
            over += [(lost, _unsent(step, failure)) for lost in self.schedule.failed(number)]


class Proof(Struct, frozen=True):
    """A batch that MO has acknowledged, and the object whose registrations tell whether it was written."""

    batch: Batch
    delivered: Delivered
    object: Object


def _nameless(text: str, step: Step) -> str:
    """What MO says of a step, without people's names: it may repeat what it was sent, and names are not for logs."""
    values = [value for op in step.operations for value in (op.value, *(piece.value for piece in op.before))]
    words = {word for value in values if isinstance(value, Person) for word in value.name.split()}
    return re.sub(rf"\b({'|'.join(map(re.escape, words))})\b", "…", text) if words else text


def _unsent(step: Step, failure: Failure) -> Failure:
    if not failure.sent:
        return failure
    first = step.operations[0]
    return Failure(Message.NOT_SENT(kind=first.kind, uuid=first.uuid, reason=failure.reason), sent=False)
