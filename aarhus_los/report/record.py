"""Plan and account as JSON: for `--json`, and for the record that a run leaves. Stable: fields are added, never changed.

CPR numbers are in none of it. Names of people and units are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, get_args

from aarhus_los.desired.claims import SetAside
from aarhus_los.files import write_private
from aarhus_los.mo.kinds import History, Value
from aarhus_los.plan import Operation
from aarhus_los.report.account import Account, FileAccount
from aarhus_los.timeline import BEGINNING, FOREVER, Nothing

FORMAT: Final = 1
FIELDS: Final = {kind: tuple(each.name for each in fields(kind) if each.compare) for kind in get_args(Value)}
"""What is told of each kind of value: the fields that are compared."""
_IN_A_LINE: Final = json.JSONEncoder(ensure_ascii=False).encode


def account_record(account: Account) -> dict[str, Any]:
    """Everything that an account tells."""
    counts: dict[str, dict[str, int]] = {}
    for operation in account.plan.operations:
        by_action = counts.setdefault(operation.kind.value, {})
        by_action[operation.action.value] = by_action.get(operation.action.value, 0) + 1
    return {
        "format": FORMAT,
        "exit_code": account.exit_code,
        "dry_run": account.dry,
        "balances": account.balances,
        "stopped": account.stopped,
        "brakes": account.brakes,
        "files": [_file(file) for file in account.files],
        "refused": [
            {"file": refusal.file, "reason": refusal.reason, "exit_code": refusal.exit_code}
            for refusal in account.refused
        ],
        "set_aside": [_aside(aside) for aside in account.set_aside],
        "superseded": [_aside(aside) for aside in account.superseded],
        "not_applied": _notice(account, fault=True),
        "warnings": [*account.warnings, *_notice(account, fault=False)],
        "operations": {
            "planned": counts,
            "acknowledged": account.acknowledged,
            "failed": account.failed,
            "unsettled": account.unsettled,
        },
        "addresses": {
            **account.addresses,
            "units that keep a former address": account.kept_addresses,
        },
        "differences": account.differences,
        "retries": account.retries,
        "requests": account.requests,
        "seconds": {phase: round(seconds, 3) for phase, seconds in account.durations.items()},
    }


def plan_record(account: Account) -> dict[str, Any]:
    """The account of a plan, and each of its operations."""
    return {**account_record(account), "plan": [operation_record(op) for op in account.plan.operations]}


def operation_record(operation: Operation) -> dict[str, Any]:
    """An operation: the window, the values there before and after (null: not there), and the rows that ask for it."""
    return {
        "kind": operation.kind.value,
        "uuid": operation.uuid,
        "action": operation.action.value,
        "from": _day(operation.start),
        "to": _day(operation.end),
        "value": None if operation.value is None else _value(operation.value),
        "before": _history(operation.before),
        "rows": [str(ref) for ref in operation.origin],
    }


def write_record(folder: Path, now: datetime, account: Account, acknowledged: Iterable[Operation]) -> Path:
    """Leaves `run_<id>.json`: what was written, with the values before, so that it can be looked up and undone by hand."""
    path = folder / f"run_{now:%Y%m%dT%H%M%S%f}.json"
    account_part = {"started": now.isoformat(timespec="seconds"), **account_record(account)}
    write_private(path, _record(account_part, acknowledged))
    return path


def _record(account: dict[str, Any], written: Iterable[Operation]) -> Iterator[bytes]:
    """A JSON object, an operation a line: a first import has more of them than should be in memory as text."""
    head = as_json(account).rstrip().removesuffix("}").rstrip()
    yield f'{head},\n "written": [\n'.encode()
    for number, operation in enumerate(written):
        yield f"{',' if number else ' '} {_IN_A_LINE(operation_record(operation))}\n".encode()
    yield b" ]\n}\n"


def as_json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def _file(file: FileAccount) -> dict[str, Any]:
    return {
        "name": file.name,
        "new": file.is_new,
        "rows": file.rows,
        **{fate.value.replace(" ", "_"): count for fate, count in file.fates.items()},
        "pending": file.pending,
        "pending_in_part": file.pending_in_part,
        "pending_since": file.pending_since,
    }


def _aside(aside: SetAside) -> dict[str, Any]:
    return {
        "row": str(aside.ref),
        "column": aside.column,
        "reason": aside.reason,
        "pending": aside.pending,
        "part": aside.part,
    }


def _notice(account: Account, *, fault: bool) -> list[str]:
    return [str(notice) for notice in account.notices if notice.fault is fault]


def _history(history: History) -> list[dict[str, Any]]:
    return [
        {
            "from": _day(piece.start),
            "to": _day(piece.end),
            "value": None if isinstance(piece.value, Nothing) else _value(piece.value),
        }
        for piece in history
    ]


def _value(value: Value) -> dict[str, Any]:
    return {name: getattr(value, name) for name in FIELDS[type(value)]}


def _day(day: date) -> str | None:
    return None if day in (BEGINNING, FOREVER) else day.isoformat()
