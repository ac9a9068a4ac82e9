"""How a run ended, in a sentence, what its brakes and its verification say, and what is to be done about it."""

from __future__ import annotations

from typing import Final, get_args

from aarhus_los.brakes import Brake
from aarhus_los.errors import EXIT_DATA, EXIT_ROWS
from aarhus_los.messages import Message
from aarhus_los.mo.model import Value
from aarhus_los.plan import Action, Operation
from aarhus_los.reason import Reason, code_of
from aarhus_los.report.account import Account
from aarhus_los.timeline import FOREVER, Nothing

FIELDS: Final = {
    kind: tuple(name for name in kind.__struct_fields__ if name != "cpr") for kind in get_args(Value)
}
"""What is reported of each kind of value: all but a CPR number, which is never compared."""
WAITING: Final = ("empty-file-waits", "changed-file-waits")
"""The sorts of notices of files that are not whole yet."""


def verdict(account: Account) -> Reason:
    """The sentence that comes first and last."""
    planned, written = len(account.plan.operations), account.acknowledged
    if account.differences or not account.balances:
        return Message.NOT_AS_IT_MUST_BE()
    if account.stopped:
        return Message.CUT_OFF(written=written, planned=planned) if written else Message.CUT_OFF_BEFORE()
    if account.brakes and account.dry:
        return Message.PLANNED_BUT_BRAKE()
    if account.brakes:
        return Message.HELD_BACK() if account.held else Message.BRAKED(written=written, planned=planned)
    if account.refused:
        return Message.PLANNED_BUT_FILES() if account.dry else Message.DONE_BUT_FILES()
    if account.has_faults:
        of_rows = account.failed or account.set_aside or any(n.fault and n.ref for n in account.notices)
        if not of_rows:
            return Message.PLANNED_BUT_FAULTS() if account.dry else Message.DONE_BUT_FAULTS()
        return Message.PLANNED_BUT_ROWS() if account.dry else Message.DONE_BUT_ROWS()
    if any(code_of(notice.text) in WAITING for notice in account.notices):
        return Message.PLANNED_BUT_WAITING() if account.dry else Message.DONE_BUT_WAITING()
    if not account.files and not planned:
        return Message.PLANNED_NOTHING_NEW() if account.dry else Message.NOTHING_NEW()
    return Message.PLANNED() if account.dry else Message.ALL_DONE()


def difference_text(operation: Operation) -> Reason:
    """What would make MO say what it was told: the object, the days, the fields, and the rows that ask for it.

    Without values: it is reported in logs, where names of people do not belong.
    """
    days = Message.FROM_TO(start=operation.start, end=operation.end)
    if operation.end == FOREVER:
        days = Message.FROM_ON(start=operation.start)
    rows = f" ({', '.join(map(str, operation.origin))})" if operation.origin else ""
    kind, uuid = operation.kind, operation.uuid
    if operation.value is None:
        return Message.MO_STILL_SHOWS(kind=kind, uuid=uuid, days=days, rows=rows)
    before = [piece.value for piece in operation.before if not isinstance(piece.value, Nothing)]
    fields = [
        name
        for name in FIELDS[type(operation.value)]
        if any(getattr(value, name) != getattr(operation.value, name) for value in before)
    ]
    if operation.action is Action.CREATE or not fields:
        return Message.MO_DOES_NOT_SHOW(kind=kind, uuid=uuid, days=days, rows=rows)
    return Message.MO_SHOWS_OTHERWISE(kind=kind, uuid=uuid, days=days, fields=fields, rows=rows)


def brake_text(brake: Brake) -> Reason:
    """What a brake would let through, of how many, and how many are let through unasked."""
    what = Message[f"BRAKE_{brake.kind.name}"](planned=brake.planned)
    if not brake.present:
        return Message.BRAKE_OF_UNKNOWN(what=what, limit=brake.limit.number)
    return Message.BRAKE_OF(
        what=what,
        share=round(100 * brake.planned / brake.present, 1),
        present=brake.present,
        limit=brake.limit.number,
        percent=brake.limit.percent,
    )


def steps(account: Account) -> list[Reason]:
    """What to do if anything is wrong, the gravest first."""
    found: list[Reason] = []
    if account.differences:
        found.append(Message.STEP_DIFFERENCES())
    if account.stopped:
        found.append(Message.STEP_STOPPED())
    if account.brakes:
        allow = " ".join(f"--allow {brake.kind.value}={brake.planned}" for brake in account.brakes)
        found += [
            Message.STEP_BRAKE_LOOK(),
            Message.STEP_BRAKE_RIGHT(allow=allow),
            Message.STEP_BRAKE_WRONG(),
        ]
    in_future = sum(code_of(refusal.reason) == "stamp-in-future" for refusal in account.refused)
    if in_future > len(account.files):
        found.append(Message.STEP_CLOCK(now=f"{account.started:%Y-%m-%d %H:%M}"))
    if any(refusal.exit_code == EXIT_DATA for refusal in account.refused):
        found.append(Message.STEP_FILES())
    if any(refusal.exit_code == EXIT_ROWS for refusal in account.refused):
        found.append(Message.STEP_NAMES())
    if any(not aside.pending for aside in account.set_aside) or any(each.fault for each in account.notices):
        found.append(Message.STEP_REJECTED())
    if any(aside.pending and not account.given_up(aside) for aside in account.set_aside):
        found.append(Message.STEP_PENDING())
    return found
