"""The account of a run: what became of every row and of every operation, the exit code that follows, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aarhus_los import clock
from aarhus_los.brakes import Brake
from aarhus_los.desired.claims import Notice, SetAside, UnresolvedAddress
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.rejects import RowRef
from aarhus_los.errors import EXIT_DATA, EXIT_INTERNAL, EXIT_OK, EXIT_ROWS, EXIT_UNAVAILABLE, GRAVITY
from aarhus_los.messages import Message
from aarhus_los.mo.model import Kind
from aarhus_los.plan import Operation, Plan
from aarhus_los.report.names import Names
from aarhus_los.selection import Options, Refusal

if TYPE_CHECKING:
    from aarhus_los.apply import Applied


class Fate(StrEnum):
    """What became of a row, the gravest first: a row counts once."""

    SET_ASIDE = "set aside"
    SUPERSEDED = "superseded"
    APPLIED = "applied"
    UNCHANGED = "unchanged"


class FileAccount(Struct, frozen=True):
    """A file that was read for its own rows, new or pending."""

    name: str
    is_new: bool
    rows: int
    fates: Mapping[Fate, int]
    pending: int
    """Rows that are tried again with the next run, wholly or in part."""
    pending_in_part: int
    """Of those applied or unchanged: rows of which a detail is pending."""
    pending_since: str | None = None
    """When the file was imported whose rows are still pending; None for a new one."""

    @property
    def balances(self) -> bool:
        return self.rows == sum(self.fates.values())


class Account(Struct):
    """Everything that a run reports."""

    started: datetime = field(default_factory=clock.now)
    files: list[FileAccount] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    superseded: list[SetAside] = field(default_factory=list)
    unresolved: list[UnresolvedAddress] = field(default_factory=list)
    addresses: Counter[str] = field(default_factory=Counter)
    plan: Plan = field(default_factory=Plan)
    acknowledged: int = 0
    failed: int = 0
    unsettled: int = 0
    """Operations that were not sent, or whose fate is unknown, since the run was cut off."""
    differences: list[str] = field(default_factory=list)
    """What MO says otherwise than it was told, found by reading it again."""
    retries: int = 0
    requests: int = 0
    durations: dict[str, float] = field(default_factory=dict)
    brakes: list[Brake] = field(default_factory=list)
    stopped: str | None = None
    """Why the run was cut off."""
    stopped_with: int = EXIT_UNAVAILABLE
    """The exit code of a run that was cut off."""
    names: Names = field(default_factory=Names)
    """Of all that the plan and the rows that are set aside are about."""
    units_of_rows: dict[RowRef, str] = field(default_factory=dict)
    """Row that is set aside → the org unit that it is about."""
    written: list[Operation] = field(default_factory=list)
    """The operations that MO has acknowledged; those of them that were written again once more, at the end."""
    record: Path | None = None
    """What the run has left of what it wrote."""
    reports: list[Path] = field(default_factory=list)
    """The reject files, and the lists of addresses, that the run has left."""
    known_rows: frozenset[RowRef] = frozenset()
    """Pending rows that were reported already, and need not be reported again today."""
    dry: bool = False
    options: Options = field(default_factory=Options)
    rejects_exit_code: int = EXIT_ROWS

    @property
    def fates(self) -> Counter[Fate]:
        """What became of the rows of all files."""
        return Counter({fate: sum(file.fates[fate] for file in self.files) for fate in Fate})

    @property
    def held(self) -> bool:
        """Whether a brake kept everything back: what MO refused was sent too."""
        return bool(self.brakes) and not self.dry and not (self.acknowledged or self.failed)

    @property
    def kept_addresses(self) -> int:
        """Units that keep a former postal address because the new one is not resolved."""
        return len({each.org_unit for each in self.unresolved if each.mo_has})

    @property
    def balances(self) -> bool:
        planned = len(self.plan.operations)
        done = self.acknowledged + self.failed + self.unsettled
        return all(file.balances for file in self.files) and (
            self.dry or bool(self.brakes) or planned == done
        )

    @property
    def is_complete(self) -> bool:
        """Whether all was done that could be: nothing was held back or cut off, and nothing is unaccounted for."""
        return self.balances and not (self.brakes or self.stopped or self.differences)

    @property
    def has_faults(self) -> bool:
        """Whether rows or values are set aside, and not given up."""
        if any(not self.given_up(aside) for aside in self.set_aside):
            return True
        return not self.options.accept_rejects and (
            self.failed > 0 or any(notice.fault for notice in self.notices)
        )

    def given_up(self, aside: SetAside) -> bool:
        """Whether the operator gives a row up: it is not tried again, and no fault of this run."""
        return self.options.accept_rejects or aside.ref in self.options.accepted_rows

    @property
    def exit_code(self) -> int:
        """The gravest of what went wrong."""
        codes = {EXIT_OK, *(refusal.exit_code for refusal in self.refused)}
        if self.brakes:
            codes.add(EXIT_DATA)
        if self.stopped:
            codes.add(self.stopped_with)
        if self.differences or not self.balances:
            codes.add(EXIT_INTERNAL)
        if self.has_faults:
            codes.add(EXIT_ROWS)
        if self.stopped and self.stopped_with not in GRAVITY:  # a signal
            return self.stopped_with
        gravest = next(code for code in GRAVITY if code in codes)
        return self.rejects_exit_code if gravest == EXIT_ROWS else gravest


def failed_rows(applied: Applied, set_aside: Iterable[SetAside]) -> list[SetAside]:
    """The rows whose operations failed, each with its first failure in the order of the plan, whatever failed first.

    `set_aside`: what is set aside already.
    """
    known = {aside.ref for aside in set_aside if not aside.part}
    failed: dict[RowRef, SetAside] = {}
    order = {kind: place for place, kind in enumerate(Kind)}
    every = [*applied.failed, *applied.unconfirmed]
    for operation, failure in sorted(every, key=lambda each: (order[each[0].kind], each[0].uuid)):
        for ref in operation.origin:
            if ref not in known and ref not in failed:
                kind, uuid, why = operation.kind, operation.uuid, failure.reason
                reason = Message.OPERATION_FAILED(kind=kind, uuid=uuid, reason=why)
                failed[ref] = SetAside(ref, "", reason, pending=True)
    return list(failed.values())


def count_rows(
    files: Sequence[DropFile],
    set_aside: Sequence[SetAside],
    superseded: Sequence[SetAside],
    operations: Sequence[Operation],
    imported: Mapping[str, str | None],
) -> list[FileAccount]:
    """What became of each row that the run answers for. `operations`: those that were done, or would be.

    `imported`: when each file was imported whose rows are still pending.
    """
    whole = {aside.ref for aside in set_aside if not aside.part}
    pending = {aside.ref for aside in set_aside if aside.pending}
    replaced = {aside.ref for aside in superseded if not aside.part}
    in_part = {aside.ref for aside in set_aside if aside.part and aside.pending} - whole - replaced
    fate_of: dict[RowRef, Fate] = {ref: Fate.APPLIED for each in operations for ref in each.origin}
    fate_of |= dict.fromkeys(replaced, Fate.SUPERSEDED) | dict.fromkeys(whole, Fate.SET_ASIDE)
    accounts = []
    for file in files:
        if file.due is not None and not file.due:
            continue
        refs = [ref for ref in file.lines if file.is_due(ref)]
        fates = Counter(fate_of.get(ref, Fate.UNCHANGED) for ref in refs)
        accounts.append(
            FileAccount(
                file.name.name,
                file.due is None,
                len(refs) if file.due is None else len(file.due),
                {fate: fates[fate] for fate in Fate},
                sum(ref in pending for ref in refs),
                sum(ref in in_part for ref in refs),
                None if file.due is None else imported.get(file.name.name),
            )
        )
    return accounts
