"""One list of operations on its way to MO: sent until MO has answered for it, and never again what is there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

from msgspec import Struct, field

from aarhus_los.answer import Unsettled
from aarhus_los.messages import Message
from aarhus_los.mo.answers import Refused, Spoiled
from aarhus_los.mo.model import History, Kind, Object, by_kind
from aarhus_los.mo.payloads import Endpoint
from aarhus_los.mo.read import Histories
from aarhus_los.mo.target import Target
from aarhus_los.plan import Action, Operation, Step
from aarhus_los.timeline import differences, overlay


class Failure(Struct, frozen=True):
    """Why an operation was not done. The next run tries again."""

    reason: str
    sent: bool = True
    """False: it was never sent, since something it needs failed."""


class Batch(Struct):
    """Steps that go through one endpoint, in one request.

    `unread`: MO may have some of it already, so it is read before it is sent. `doubted`: so many of its operations MO took
    before, and wrote none: if reading them does not tell why, it goes in halves. `hurried`: where MO does not answer it,
    though it is not down, it is not tried again.
    """

    endpoint: Endpoint
    numbers: list[int]
    unread: bool = False
    doubted: int = 0
    hurried: bool = False
    sent_after: int = 0
    """How many others MO had answered by then."""
    failing_since: Failing | None = None
    """When it was first answered by no one, or by something before MO."""
    culprit: int | None = None
    """The step that MO says is to blame for a refusal."""

    def halves(self) -> list[Batch]:
        """Two batches of its steps."""
        middle = len(self.numbers) // 2
        return [
            Batch(self.endpoint, numbers, self.unread, hurried=self.hurried, failing_since=self.failing_since)
            for numbers in (self.numbers[:middle], self.numbers[middle:])
        ]


class Failing(Struct, frozen=True):
    """When a batch was first not answered by MO: on the clock, and after how many others were."""

    at: float
    answered: int


class Delivered(Struct, frozen=True):
    """What became of a batch."""

    failures: list[Failure | None]
    """Of each of its steps, in order."""
    written: list[Operation]
    """What MO has just acknowledged; the rest was there already."""
    writes: Counter[Object]
    """How often each object was written thereby."""
    doubtful: Set[Object]
    """Of which it is not known how often: they were read first, and may have been written by us or by others."""

    @property
    def unproven(self) -> bool:
        """Whether it may be undone although MO acknowledged it: what changes nothing undoes a list that it ends.

        A create always changes something.
        """
        return len(self.written) > 1 and any(
            each.action is not Action.CREATE and each.kind is not Kind.ORGANISATION for each in self.written
        )


class Delivery(Struct, dict=True):
    """Steps of a batch that are sent until MO has answered, at most as often as the batch says."""

    mo: Target
    batch: Batch
    steps: Sequence[Step]
    sent: list[Operation] = field(default_factory=list)
    """Of each item of the last request, in order, the operation that it is of."""
    failures: dict[Object, Failure] = field(default_factory=dict)
    doubtful: set[Object] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.left = self.mo.api.arranged([op for step in self.steps for op in step.operations])
        self.count = len(self.left)

    def run(self) -> Delivered:
        """Raises `Refused` (one of several may be to blame), `Unsettled` (enough was tried; the batch says whether it must
        be read before it is sent again) and `UnavailableError`."""
        answers = self.mo.client.settle(
            self._once, again=lambda unsettled: unsettled.down or not self.batch.hurried
        )
        missing = Failure(Message.MO_HAS_NO_SUCH())
        written = list(zip(self.sent, answers, strict=True))
        writes = Counter([op.object for op, answer in written if answer is not None])
        self.failures |= {op.object: missing for op, answer in written if answer is None}
        failures = [self._failure(step) for step in self.steps]
        return Delivered(failures, [op for op in self.left if op.object in writes], writes, self.doubtful)

    def _failure(self, step: Step) -> Failure | None:
        if not self.failures:
            return None
        failures = (self.failures.get(op.object) for op in step.operations)
        return next((failure for failure in failures if failure is not None), None)

    def _once(self) -> list[str | None]:
        if self.batch.unread:
            self._leave_out_what_is_there()
            self.batch.unread = False
        while self.left:
            of_operations = [(op, self.mo.api.items(op)) for op in self.left]
            self.sent = [op for op, items in of_operations for _ in items]
            try:
                return self.mo.client.write(
                    self.batch.endpoint, [item for _, items in of_operations for item in items]
                )
            except Unsettled as unsettled:
                self.batch.unread = unsettled.perhaps_done
                raise
            except Spoiled:
                # Somebody else has made one of the changes meanwhile, or we have, and were not told.
                sent = len(self.left)
                self._leave_out_what_is_there()
                if len(self.left) == sent:
                    raise
            except Refused as refused:
                self.batch.unread = len(self.left) < self.count
                if refused.item is not None:
                    blamed = self.sent[refused.item]
                    steps = zip(self.batch.numbers, self.steps, strict=True)
                    self.batch.culprit = next(n for n, step in steps if blamed in step.operations)
                raise
        self.sent = []
        return []

    def _leave_out_what_is_there(self) -> None:
        self.doubtful.update(operation.object for operation in self.left)
        wanted = by_kind(operation.object for operation in self.left)
        found = {kind: self.mo.read(kind, uuids) for kind, uuids in wanted.items()}
        for kind, histories in found.items():
            for uuid, reason in histories.unreadable.items():
                self.failures[kind, uuid] = Failure(Message.ANSWER_LOST(reason=reason))
        failed = {id(op) for step in self.steps if self._failure(step) for op in step.operations}
        of_object: dict[Object, list[Operation]] = {}
        for operation in self.left:
            if id(operation) not in failed:
                of_object.setdefault(operation.object, []).append(operation)
        still = {id(op) for key, ops in of_object.items() for op in _not_shown(ops, found[key[0]])}
        left = [operation for operation in self.left if id(operation) in still]
        if 0 < self.batch.doubted <= len(left) and len(self.steps) > 1:
            raise Spoiled(500, None, "MO took a list, and wrote nothing of it")
        self.left = left


def _not_shown(operations: Sequence[Operation], histories: Histories) -> Sequence[Operation]:
    """Of the operations on one object, in order, those that are to be sent: that MO does not show, or that these overwrite.

    A later one may have overwritten what an earlier one wrote: then what they come to together tells.
    """
    uuid = operations[0].uuid
    history, marks = histories.found.get(uuid, ()), histories.beside.get(uuid, ())
    together: History = ()
    for op in operations:
        together = overlay(op.written, together)
    if not differences(history, together) and all(op.mark is None for op in operations):
        return ()
    left: list[Operation] = []
    for op in operations:
        overwritten = any(other.start <= op.end and op.start <= other.end for other in left)
        if overwritten or not op.shown_by(history, marks):
            left.append(op)
    return left
