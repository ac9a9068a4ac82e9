"""The metrics file, in the format of node_exporter's textfile collector: how the last import ended, and what is waiting.

It is written after every import, however it ended. What a run that broke off cannot know, such as rows, is then left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from aarhus_los import clock
from aarhus_los.drop.names import parse_name
from aarhus_los.errors import EXIT_INTERNAL, EXIT_OK, EXIT_ROWS, SettingsError, StateError, needs_extra
from aarhus_los.files import obstacle, write_private
from aarhus_los.ledger import State, load_state
from aarhus_los.report.account import Account, Fate
from aarhus_los.settings import Settings

MODE: Final = 0o644
"""node_exporter is another user. Nothing in the file is about a person."""
LAST_RUN: Final = "los_import_last_run_timestamp_seconds"
LAST_SUCCESS: Final = "los_import_last_success_timestamp_seconds"
OUTCOMES: Final = ("found", "unsafe", "unknown", "not looked up", "not asked")
"""The outcomes of address look-ups that are always there, also when there were none: an alert needs a series to look at."""


class Recording(Struct):
    """What an import hands over once it has an account."""

    account: Account | None = None


@contextmanager
def recorded(settings: Settings, say: Callable[[str], None]) -> Iterator[Recording]:
    """Writes the file that the settings name, if they do, when the import within ends or breaks off.

    Raises SettingsError or StateError at the start where it could not be written. A failure at the end is only reported: it
    must not hide how the import itself ended.
    """
    recording = Recording()
    path = settings.metrics_file
    if path is None:
        yield recording
        return
    if lacking := lacking_extra():
        raise lacking
    if fault := obstacle(path.absolute()):
        raise StateError(fault)
    code = EXIT_INTERNAL
    try:
        yield recording
        if recording.account is not None:
            code = recording.account.exit_code
    except BaseException as error:
        code = getattr(error, "exit_code", EXIT_INTERNAL)
        raise
    finally:
        try:
            _write(path, settings.state_file, recording.account, code)
        except StateError as error:
            say(f"the metrics are those of an earlier run: {error}")


def lacking_extra() -> SettingsError | None:
    """What must be installed before metrics can be written; None where nothing must."""
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        return needs_extra("metrics_file", "metrics")
    return None


class _Metric(NamedTuple):
    """A metric, what it tells, and its value for each combination of labels."""

    name: str
    text: str
    values: Mapping[tuple[str, ...], float]
    labels: tuple[str, ...] = ()


def _write(path: Path, state_file: Path, account: Account | None, exit_code: int) -> None:
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    now = clock.now().timestamp()
    success = now if exit_code in (EXIT_OK, EXIT_ROWS) else _last_success(path)
    metrics = [_Metric(LAST_RUN, "When an import last ended, however it ended.", {(): now})]
    if success is not None:
        text = "When an import last ended with exit code 0 or 1."
        metrics.append(_Metric(LAST_SUCCESS, text, {(): success}))
    metrics.append(_Metric("los_import_exit_code", "The exit code of the last import.", {(): exit_code}))
    if account is not None:
        metrics += _of_account(account)
    with suppress(StateError):  # the exit code tells of it
        metrics += _of_state(load_state(state_file))
    registry = CollectorRegistry()
    for name, text, values, labels in metrics:
        gauge = Gauge(name, text, labels, registry=registry)
        for words, value in values.items():
            (gauge.labels(*(word.replace(" ", "_") for word in words)) if words else gauge).set(value)
    write_private(path, generate_latest(registry), MODE)


def _last_success(path: Path) -> float | None:
    """What an earlier run has written; None where there is nothing, or nothing that can be read."""
    with suppress(OSError, ValueError):
        found = re.search(rf"^{LAST_SUCCESS} (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        return float(found[1]) if found else None
    return None


def _of_account(account: Account) -> list[_Metric]:
    planned: Counter[tuple[str, ...]] = Counter(
        (each.kind.value, each.action.value) for each in account.plan.operations
    )
    results = {"acknowledged": account.acknowledged, "failed": account.failed, "unsettled": account.unsettled}
    outcomes = {outcome: account.addresses[outcome] for outcome in (*OUTCOMES, *account.addresses)}
    return [
        _Metric(
            "los_import_rows",
            "New and pending rows of the last import, by what became of them.",
            {(fate.value,): account.fates[fate] for fate in Fate},
            ("fate",),
        ),
        _Metric(
            "los_import_operations_planned",
            "Operations that the last import found to be needed in MO.",
            planned,
            ("kind", "action"),
        ),
        _Metric(
            "los_import_operations",
            "Operations of the last import, by what became of them.",
            {(result,): count for result, count in results.items()},
            ("result",),
        ),
        _Metric(
            "los_import_addresses",
            "Address texts of the last import, by the outcome of their look-up.",
            {(outcome,): count for outcome, count in outcomes.items()},
            ("outcome",),
        ),
        _Metric(
            "los_import_phase_seconds",
            "How long each phase of the last import took.",
            {(phase,): seconds for phase, seconds in account.durations.items()},
            ("phase",),
        ),
    ]


def _of_state(state: State) -> list[_Metric]:
    return [
        _Metric(
            "los_import_pending_rows",
            "Rows that wait and are tried again with every import.",
            {(): sum(len(line.pending) for line in state.lines.values())},
        ),
        _Metric(
            "los_import_newest_file_timestamp_seconds",
            "The time in the name of the newest file that was imported; of class lists, when it was changed.",
            newest_files(state),
            ("family", "kind"),
        ),
    ]


def newest_files(state: State) -> dict[tuple[str, ...], float]:
    """The time of the newest file by family and kind, in seconds since 1970. A feed that has dried up grows old here."""
    newest: dict[tuple[str, ...], float] = {}
    for line in state.lines.values():
        name = parse_name(line.name)
        if name is None or line.sha256 is None:
            continue
        if name.stamp is not None:
            time = name.stamp.replace(tzinfo=clock.COPENHAGEN)
        elif line.mtime is not None:
            time = datetime.fromisoformat(line.mtime)
        else:
            continue
        key = (name.family.value, name.kind)
        newest[key] = max(newest.get(key, 0.0), time.timestamp())
    return newest
