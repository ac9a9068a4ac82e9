"""The record of a run: all that its page and its account show, as JSON. For `--json`, and for what a run leaves.

Names of people and units are in it, CPR numbers are not. While `format` is the same, fields are added, never changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

from aarhus_los import __version__
from aarhus_los.addresses.outcomes import NotLookedUp, Outcome, Unknown, Unsafe
from aarhus_los.brakes import Brake
from aarhus_los.desired.claims import Notice, SetAside, UnresolvedAddress
from aarhus_los.errors import SettingsError
from aarhus_los.files import encoded, write_private
from aarhus_los.masking import masked
from aarhus_los.messages import Message
from aarhus_los.mo.model import Address, Mark, Value
from aarhus_los.plan import Marking, Operation
from aarhus_los.reason import code_of, danish, recognised
from aarhus_los.report.account import Account, FileAccount
from aarhus_los.report.verdict import FIELDS, brake_text, steps, verdict
from aarhus_los.timeline import BEGINNING, FOREVER, Nothing, split

_FREE_TEXT: Final = {
    of: tuple(name for name in names if name in ("user_key", "name", "given_name", "surname", "value"))
    for of, names in FIELDS.items()
}
FORMAT: Final = 2
_WHYS: Final = (
    *(Message.ADDRESS_INTERVAL, Message.ADDRESS_CODE, Message.ADDRESS_NOT_IN_FORCE, Message.ADDRESS_ENDS),
    *(Message.ADDRESS_EMPTY, Message.ADDRESS_TOO_LONG),
)
"""What is said of addresses. The cache of addresses knows it in English."""
_IN_A_LINE: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode

Record = dict[str, Any]


def account_record(account: Account) -> Record:
    """Everything that an account says without naming anybody: not the operations."""
    counts: dict[str, dict[str, int]] = {}
    for operation in account.plan.operations:
        by_action = counts.setdefault(operation.kind, {})
        by_action[operation.action] = by_action.get(operation.action, 0) + 1
    return {
        "format": FORMAT,
        "version": __version__,
        "started": account.started.isoformat(timespec="seconds"),
        "exit_code": account.exit_code,
        "verdict": _text(verdict(account)),
        "next": [_text(step) for step in steps(account)],
        "dry_run": account.dry,
        "held_back": account.held,
        "balances": account.balances,
        "stopped": None if account.stopped is None else _text(account.stopped),
        "brakes": [_brake(brake) for brake in account.brakes],
        "files": [_file(file) for file in account.files],
        "refused": [
            {"file": refusal.file, "exit_code": refusal.exit_code, **_text(refusal.reason, "reason")}
            for refusal in account.refused
        ],
        "set_aside": [_aside(account, aside) for aside in account.set_aside],
        "superseded": [_aside(account, aside) for aside in account.superseded],
        "unresolved": [_unresolved(each) for each in account.unresolved],
        "not_applied": [_notice(each) for each in account.notices if each.fault],
        "warnings": [
            *(_notice(Notice(text)) for text in account.warnings),
            *(_notice(each) for each in account.notices if not each.fault),
        ],
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
        "differences": [_text(difference) for difference in account.differences],
        "retries": account.retries,
        "requests": account.requests,
        "seconds": {phase: round(seconds, 3) for phase, seconds in account.durations.items()},
        "reports": [str(path) for path in account.reports],
    }


def _names(account: Account) -> dict[str, Mapping[str, str]]:
    names = account.names
    return {
        "names": {uuid: masked(name) for uuid, name in names.names.items()},
        "parents": names.parents,
        "homes": names.homes,
    }


def run_record(account: Account) -> Record:
    """The account, each operation (`written`; of what is only planned or held back, `plan`), and the names in them."""
    planned = account.dry or account.held
    operations = account.plan.operations if planned else account.written
    key = "plan" if planned else "written"
    return {
        **account_record(account),
        **_names(account),
        key: [operation_record(each) for each in operations],
    }


def operation_record(operation: Operation) -> Record:
    """An operation: the window, the values there before and after (null: not there), and the rows that ask for it."""
    return {
        "kind": operation.kind,
        "uuid": operation.uuid,
        "action": operation.action,
        "from": _day(operation.start),
        "to": _day(operation.end),
        "value": None
        if operation.value is None
        else _value(operation.value) | (_marked(operation.mark) if operation.mark else {}),
        "before": _before(operation),
        "rows": [str(ref) for ref in operation.origin],
        **({"marked_before": _marks(operation.marking)} if operation.marking else {}),
    }


@contextmanager
def record_left(folder: Path, account: Account, update: Callable[[], None]) -> Iterator[None]:
    """Whatever ends what is within: once anything is written, the record of it is left, `run_<time>.json`.

    `update` brings the account up to date first. An exception that ends the run gets a note: how much of how much was
    written, and where that stands.
    """
    try:
        yield
    except BaseException as error:
        update()
        account.unsettled = len(account.plan.operations) - account.acknowledged - account.failed
        account.stopped = account.stopped or (str(error) or type(error).__name__)
        account.stopped_with = getattr(error, "exit_code", 70)
        if account.written:
            of = f"{len(account.written)} of {len(account.plan.operations)} writes were made"
            try:
                path = write_record(folder, account)
            except Exception as failure:
                error.add_note(f"{of}, and their record could not be left: {failure}")
            else:
                error.add_note(f"{of}; their record is {path}")
        raise


def write_record(folder: Path, account: Account) -> Path:
    """Leaves what was written, with the values before, so that it can be looked up, shown, and undone by hand."""
    path = folder / f"run_{account.started:%Y%m%dT%H%M%S%f}.json"
    write_private(path, _written(account))
    account.record = path
    return path


def _written(account: Account) -> Iterator[bytes]:
    """A record as JSON, a name or an operation a line: a first import has more than should be in memory as text."""
    yield encoded(as_json(account_record(account)).rstrip().removesuffix("}").rstrip())
    for key, told in _names(account).items():
        yield encoded(f',\n "{key}": {{')
        for number, (uuid, name) in enumerate(told.items()):
            yield encoded(f"{',' if number else ''}\n  {_IN_A_LINE(uuid)}: {_IN_A_LINE(name)}")
        yield b"\n }" if told else b"}"
    yield b',\n "written": [\n'
    for number, operation in enumerate(account.written):
        yield encoded(f"{',' if number else ' '} {_IN_A_LINE(operation_record(operation))}\n")
    yield b" ]\n}\n"


def read_record(path: Path) -> Record:
    """A record that a run has left. Raises SettingsError where the file is none."""
    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise SettingsError(f"{path} is no record of a run: not JSON") from None
    if not isinstance(record, dict) or ("written" not in record and "plan" not in record):
        raise SettingsError(f"{path} is no record of a run: name a run_<time>.json of the report folder")
    if record.get("format") != FORMAT:
        raise SettingsError(
            f"{path} was left by another version of los-import ({record.get('version', 'old')})"
        )
    return record


def as_json(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def _text(text: str, key: str = "text") -> Record:
    """A text in English and Danish, and what sort of text it is."""
    return {key: text, "danish": danish(text), "code": code_of(text)}


def _brake(brake: Brake) -> Record:
    return {
        "kind": brake.kind.value,
        "planned": brake.planned,
        "present": brake.present,
        "limit": brake.limit.number,
        "percent": brake.limit.percent,
        **_text(brake_text(brake)),
    }


def _file(file: FileAccount) -> Record:
    return {
        "name": file.name,
        "new": file.is_new,
        "rows": file.rows,
        **{fate.value.replace(" ", "_"): count for fate, count in file.fates.items()},
        "pending": file.pending,
        "pending_in_part": file.pending_in_part,
        "pending_since": file.pending_since,
    }


def _aside(account: Account, aside: SetAside) -> Record:
    return {
        "row": str(aside.ref),
        "column": aside.column,
        **_text(aside.reason, "reason"),
        "pending": aside.pending,
        "part": aside.part,
        "unit": account.units_of_rows.get(aside.ref),
    }


def _unresolved(each: UnresolvedAddress) -> Record:
    kode, reason, suggestion = _outcome(each.outcome)
    return {
        "row": str(each.ref),
        "unit": each.org_unit,
        "address": masked(each.text),
        "outcome": each.outcome.kind,
        "kode": kode,
        **_text(masked(reason), "reason"),
        "suggestion": masked(suggestion),
        "kept": each.mo_has,
    }


def _outcome(outcome: Outcome) -> tuple[int | None, str, str]:
    """The service's code and words, and what it suggests."""
    if isinstance(outcome, Unsafe):
        why = recognised(outcome.why, *_WHYS)
        text = Message.NOT_USED(text=outcome.text, why=why) if why else outcome.text
        return outcome.kode, text, outcome.suggestion
    if isinstance(outcome, Unknown):
        return outcome.kode, recognised(outcome.text, *_WHYS), outcome.suggestion
    return None, outcome.reason if isinstance(outcome, NotLookedUp) else "", ""


def _notice(notice: Notice) -> Record:
    return {"row": None if notice.ref is None else str(notice.ref), **_text(notice.text)}


def _before(operation: Operation) -> list[Record]:
    """What MO says on the days of an operation; of one that carries a mark, with the marks of the days."""
    pieces: list[Record] = []
    for piece in operation.before:
        value = None if isinstance(piece.value, Nothing) else _value(piece.value)
        marks = operation.marking.before if operation.marking else ()
        for start, end, found in split(piece.start, piece.end, marks):
            mark = found.value.hierarchy if found and isinstance(found.value, Mark) else None
            with_mark = _marked(mark) if operation.mark and value is not None else {}
            pieces.append({"from": _day(start), "to": _day(end), "value": value and value | with_mark})
    return pieces


def _marks(marking: Marking) -> list[Record]:
    """What MO shows of a unit's mark, on all days."""
    return [
        {"from": _day(piece.start), "to": _day(piece.end), **_marked(piece.value.hierarchy)}
        for piece in marking.before
        if isinstance(piece.value, Mark)
    ]


def _marked(mark: str | None) -> Record:
    """The mark of a unit, as a field of it."""
    return {"hierarchy": mark}


def _value(value: Value) -> Record:
    sort = type(value)
    shown: Record = {name: getattr(value, name) for name in FIELDS[sort]}
    if sort is Address and shown["person"] is None:
        return shown  # the addresses of org units are numbers, and uuids of DAR: no free text
    for name in _FREE_TEXT[sort]:
        if text := shown[name]:
            shown[name] = masked(text)
    return shown


def _day(day: date) -> str | None:
    return None if day in (BEGINNING, FOREVER) else day.isoformat()
