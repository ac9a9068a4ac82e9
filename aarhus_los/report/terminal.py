"""The account and the plan as text, for a terminal or a mail from cron."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from aarhus_los.desired.claims import SetAside
from aarhus_los.errors import EXIT_DATA, EXIT_INTERNAL, EXIT_OK, EXIT_ROWS, EXIT_UNAVAILABLE
from aarhus_los.mo.kinds import Value
from aarhus_los.plan import Action, Operation
from aarhus_los.report.account import Account, Fate
from aarhus_los.report.record import FIELDS
from aarhus_los.timeline import BEGINNING, FOREVER, Nothing

SHOWN: Final = 50
"""How many lines of one sort are shown; the files in the report folder have them all."""
_DONE: Final = {Action.CREATE: "created", Action.EDIT: "edited", Action.TERMINATE: "ended"}
_PLANNED: Final = {
    EXIT_OK: "Planned, nothing was written.",
    EXIT_ROWS: "Planned, nothing was written; some rows or values would not be applied: see above.",
}
_CLOSING: Final = {
    EXIT_OK: "Done.",
    EXIT_ROWS: "Done, but some rows or values were not applied: see above.",
    EXIT_DATA: "Not all is imported: see above.",
    EXIT_UNAVAILABLE: "Cut off: the state is unchanged, and the next run does the rest.",
    EXIT_INTERNAL: "MO or the account is not as it must be: do not go on before this is understood.",
}


def account_text(account: Account) -> str:
    """What a run did, or with a plan would do; the last line can be read alone."""
    lines: list[str] = []
    lines += _listed("Warnings", [*account.warnings, *_notices(account, fault=False)])
    lines += _listed("Values not applied", _notices(account, fault=True))
    lines += _listed("Rows set aside", [_aside(aside) for aside in account.set_aside])
    lines += _listed("Rows that a later file has overtaken", [_aside(aside) for aside in account.superseded])
    lines += _listed("Files refused", [f"{refusal.file}: {refusal.reason}" for refusal in account.refused])
    lines += _listed("Brakes", [*account.brakes, *filter(None, [account.refusals])])
    lines += _listed("Differences", account.differences)
    lines += _files(account)
    lines += _operations(account)
    lines += _addresses(account)
    lines += _durations(account)
    if account.stopped:
        lines.append(account.stopped)
    lines += _next_steps(account)
    lines.append(_closing(account))
    return "\n".join(lines) + "\n"


def plan_text(account: Account) -> str:
    """The operations of a plan by kind and by object: what, from when, and which row asks for it."""
    lines: list[str] = []
    kind = uuid = None
    for operation in account.plan.operations:
        if operation.kind is not kind:
            kind, uuid = operation.kind, None
            lines.append(f"{kind}:")
        if operation.uuid != uuid:
            uuid = operation.uuid
            lines.append(f"  {uuid}")
        lines.append(f"    {operation_text(operation)}")
    if not lines:
        lines.append("Nothing to write.")
    return "\n".join(lines) + "\n"


def operation_text(operation: Operation) -> str:
    """An operation in a line: the window, each field that changes, and the rows that ask for it."""
    why = f" ({', '.join(str(ref) for ref in operation.origin)})" if operation.origin else ""
    span = f"from {_day(operation.start)} to {_day(operation.end)}"
    if operation.value is None:
        return f"ended {span}{why}"
    if operation.action is Action.CREATE:
        values = ", ".join(f"{name}: {_shown(value)}" for name, value in _fields(operation.value))
        return f"created {span}: {values}{why}"
    return f"edited {span}: {', '.join(_edits(operation)) or 'is there on these days'}{why}"


def difference_text(operation: Operation) -> str:
    """What would make MO say what it was told, in a line: the object, the days, each field, and the rows that ask for it.

    Without values: it is told in logs, where names of people do not belong.
    """
    if operation.value is None:
        what = "it is still there"
    elif operation.action is Action.CREATE:
        what = "it is not there"
    else:
        what = ", ".join(name for name, _, _ in _changed(operation)) or "it is not there"
    why = f" ({', '.join(str(ref) for ref in operation.origin)})" if operation.origin else ""
    span = f"from {_day(operation.start)} to {_day(operation.end)}"
    return f"{operation.kind} {operation.uuid}: MO does not say what it was told {span}: {what}{why}"


def _edits(operation: Operation) -> list[str]:
    return [f"{name}: {old or '(not there)'} → {new}" for name, old, new in _changed(operation)]


def _changed(operation: Operation) -> list[tuple[str, str, str]]:
    """The fields that an edit changes: name, the values before, and the new one."""
    assert operation.value is not None
    before = [piece.value for piece in operation.before if not isinstance(piece.value, Nothing)]
    changed = []
    for name, new in _fields(operation.value):
        old = list(dict.fromkeys(_shown(getattr(value, name)) for value in before))
        if old != [_shown(new)]:
            changed.append((name, " / ".join(old), _shown(new)))
    return changed


def _fields(value: Value) -> list[tuple[str, Any]]:
    return [(name, getattr(value, name)) for name in FIELDS[type(value)]]


def _shown(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, tuple):
        return "[" + ", ".join(_shown(each) for each in value) + "]"
    return repr(value) if isinstance(value, str) and " " in value else str(value)


def _day(day: date) -> str:
    return "the beginning" if day == BEGINNING else "no end" if day == FOREVER else day.isoformat()


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  … and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [f"{title}:", *(f"  {line}" for line in lines[:SHOWN]), *more]


def _notices(account: Account, *, fault: bool) -> list[str]:
    return [str(notice) for notice in account.notices if notice.fault is fault]


def _aside(aside: SetAside) -> str:
    column = f"{aside.column}: " if aside.column else ""
    again = " (pending: tried again with the next run)" if aside.pending else ""
    return f"{aside.ref}: {column}{aside.reason}{again}"


def _files(account: Account) -> list[str]:
    """A table: a line a file, and what became of its rows."""
    if not account.files:
        return ["No new files and no pending rows."]
    fates = [*reversed(Fate)]
    table = [["File", "rows", *(fate.value for fate in fates), "pending", ""]]
    for file in account.files:
        since = f"since {file.pending_since}" if file.pending and file.pending_since else ""
        again = "" if file.is_new else "read again for its pending rows"
        counts = [file.rows, *(file.fates[fate] for fate in fates), file.pending]
        table.append([file.name, *map(str, counts), ", ".join(filter(None, (since, again)))])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            (
                name.ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(cells, widths[1:-1], strict=True)),
                note,
            )
        ).rstrip()
        for name, *cells, note in table
    ]


def _operations(account: Account) -> list[str]:
    operations = account.plan.operations
    if not operations:
        return ["MO: nothing to write."]
    counts = Counter((operation.kind, operation.action) for operation in operations)
    planned = ", ".join(f"{count} {kind} {_DONE[action]}" for (kind, action), count in counts.items())
    if account.dry or account.brakes:
        return [f"MO: would be: {planned}"]
    fates = f"{account.acknowledged} acknowledged, {account.failed} failed"
    unsettled = f", {account.unsettled} not sent or unknown" if account.unsettled else ""
    retries = f", {account.retries} retries" if account.retries else ""
    return [f"MO: {planned}", f"MO: {len(operations)} operations: {fates}{unsettled}{retries}"]


def _addresses(account: Account) -> list[str]:
    if not account.addresses:
        return []
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(account.addresses.items()))
    kept = account.kept_addresses
    return [f"Addresses: {counts}" + (f"; {kept} units keep a former address" if kept else "")]


def _durations(account: Account) -> list[str]:
    if not account.durations:
        return []
    phases = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in account.durations.items())
    return [f"Time: {sum(account.durations.values()):.1f} s: {phases}"]


def _next_steps(account: Account) -> list[str]:
    """What to do if anything is wrong, the gravest first."""
    steps = []
    if account.differences:
        steps.append(
            "find out who else wrote to MO, or what it refused without a word; the record run_<time>.json in the report"
            " folder has all that was sent. The state is unchanged: the next run tries again"
        )
    if account.stopped:
        steps.append("`los-import check` shows whether MO can be reached; the next run does the rest")
    if account.brakes:
        steps.append(
            "look at `los-import plan`; if it is right, run again with --allow as the brake says, else have the drop mended"
        )
    if account.refusals:
        steps.append(
            "find out why MO refuses so much, and whether it is MO that does; the next run does the rest, or the same with"
            " --allow as the brake says"
        )
    if any(refusal.exit_code == EXIT_DATA for refusal in account.refused):
        steps.append("have the files that are refused sent again, mended; the others are imported")
    if any(refusal.exit_code == EXIT_ROWS for refusal in account.refused):
        steps.append(
            "do for each file that is refused as its reason says: one of a coming day waits for it; a late one needs the"
            " later ones on the server again, or --allow-late"
        )
    if any(not aside.pending for aside in account.set_aside) or _notices(account, fault=True):
        where = "" if account.dry else "; the rows are in the reject files of the report folder"
        steps.append(f"have the rows and values that are rejected mended and sent again{where}")
    if any(aside.pending for aside in account.set_aside) and not account.rows_accepted:
        steps.append(
            "wait for what pending rows need: each run tries them again; `los-import --accept-rejects` gives them up"
        )
    return _listed("What to do next", steps)


def _closing(account: Account) -> str:
    code = account.exit_code
    what = (_PLANNED if account.dry and code in _PLANNED else _CLOSING)[code]
    totals: Counter[str] = Counter()
    for file in account.files:
        totals.update({fate.value: count for fate, count in file.fates.items()})
    rows = ", ".join(f"{totals[fate.value]} {fate.value}" for fate in reversed(Fate))
    written = 0 if account.dry else account.acknowledged
    return f"{what} {sum(totals.values())} rows ({rows}), {written} writes, exit {code}."
