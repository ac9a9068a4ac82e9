"""The account as lines of text, for a terminal or a mail from cron."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from aarhus_los.desired.claims import Notice, SetAside
from aarhus_los.errors import EXIT_OK, EXIT_ROWS
from aarhus_los.plan import Operation
from aarhus_los.reason import Reason
from aarhus_los.report.account import Account, Fate
from aarhus_los.report.blocks import Block, Line, Style, Table
from aarhus_los.report.changes import changes_of
from aarhus_los.report.news import is_news
from aarhus_los.report.record import run_record
from aarhus_los.report.tree import ended_branches
from aarhus_los.report.verdict import brake_text, steps, verdict

SHOWN: Final = 10
"""How many lines of one sort are shown; the record and the files in the report folder have them all."""


def account_blocks(account: Account, *, only_news: bool = False) -> list[Block]:
    """What a run did. The first line and the last say how it ended. `only_news`: without what was reported before."""
    return [
        closing(account),
        *problems(account, only_news),
        *figures(account, only_news),
        closing(account),
    ]


def problems(account: Account, only_news: bool = False) -> list[Block]:
    """What is not as it should be, the gravest first."""
    asides = [each for each in account.set_aside if not (only_news and each.ref in account.known_rows)]
    notices = [each for each in account.notices if not only_news or is_news(account, each)]
    return [
        *_brakes(account),
        *_listed("Files refused", [f"{each.file}: {each.reason}" for each in account.refused], "bad"),
        *_listed("Differences", account.differences, "bad"),
        *([Line(account.stopped, "bad")] if account.stopped else []),
        *_set_aside(account, asides),
        *_listed("Values not applied", [str(each) for each in notices if each.fault], "warn"),
        *_listed("Warnings", _folded(account.warnings, notices), "warn"),
    ]


def figures(account: Account, only_news: bool = False) -> list[Block]:
    """What was done, in numbers, and what to do."""
    next_steps = _listed("What to do next", steps(account), "title")
    if only_news:
        return next_steps
    return [
        *_listed(
            "Rows superseded by a later file", [_aside(account, each) for each in account.superseded], "soft"
        ),
        *_files(account),
        *_operations(account),
        *_addresses(account),
        *_durations(account),
        *next_steps,
    ]


def closing(account: Account) -> Line:
    code = account.exit_code
    totals = account.fates
    rows = ", ".join(f"{totals[fate]} {_fate(account, fate)}" for fate in reversed(Fate))
    written = 0 if account.dry else account.acknowledged
    counts = f"{_many(sum(totals.values()), 'row')} ({rows}), {_many(written, 'write')}, exit {code}."
    style = "good" if code == EXIT_OK else "warn" if code == EXIT_ROWS else "bad"
    return Line(f"{verdict(account)} {counts}", style)


def _fate(account: Account, fate: Fate) -> str:
    return "held back" if fate is Fate.APPLIED and account.brakes and not account.acknowledged else fate.value


def _brakes(account: Account) -> list[Block]:
    if not account.brakes:
        return []
    lines: list[Block] = [Line("Brakes:", "bad")]
    lines += [Line(f"{brake_text(brake)}.", "bad", 2) for brake in account.brakes]
    if any(brake.kind == "unit-ends" for brake in account.brakes):
        record = run_record(account)
        ended = ended_branches(changes_of(record, "en").units, record["names"])
        lines.append(Line("The largest branches that would end:", "title", 2))
        lines += [Line(f"{_many(size, 'unit')}: {path}", "ended", 4) for path, size in ended]
    return lines


def _set_aside(account: Account, asides: Sequence[SetAside]) -> list[Block]:
    """The rows that are set aside, so many of each sort, and where they all stand."""
    by_sort: dict[tuple[str, str], list[str]] = {}
    for aside in asides:
        by_sort.setdefault((aside.column, _sort(aside.reason)), []).append(_aside(account, aside))
    given_up = " and given up" if account.options.accept_rejects else ""
    lines = _listed(
        f"Rows set aside{given_up}",
        [line for each in by_sort.values() for line in _first(each)],
        "warn",
        None,
    )
    if not asides:
        return []
    return [
        *lines,
        *(Line(f"in {path}", "soft", 2) for path in account.reports if path.name.startswith("rejected_")),
    ]


def _first(lines: Sequence[str]) -> list[str]:
    more = [f"… and {len(lines) - SHOWN} more like this"] if len(lines) > SHOWN else []
    return [*lines[:SHOWN], *more]


def _folded(warnings: Sequence[str], notices: Sequence[Notice]) -> list[str]:
    """The warnings, those of one sort in one line."""
    texts = [(text, text) for text in warnings]
    texts += [(each.text, str(each)) for each in notices if not each.fault]
    sorts: dict[str, list[str]] = {}
    for text, line in texts:
        sorts.setdefault(_sort(text), []).append(line)
    return [f"{first} (and {len(more)} more like this)" if more else first for first, *more in sorts.values()]


def _sort(text: str) -> str:
    """What sort of text it is; where it does not say so itself, the text without what is different from row to row."""
    if isinstance(text, Reason):
        return " ".join(
            [text.code, *(each.code for each in text.params.values() if isinstance(each, Reason))]
        )
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+|'[^']*'|\S+\.csv", "#", text)


def _aside(account: Account, aside: SetAside) -> str:
    column = f"{aside.column}: " if aside.column else ""
    again = " (pending: tried again with the next run)" if aside.pending else ""
    if account.given_up(aside):
        again = " (given up)"
    return f"{aside.ref}: {column}{aside.reason}{again}"


def _files(account: Account) -> list[Block]:
    """A line a file, and what became of its rows; what happened to none of them has no column."""
    if not account.files:
        if account.stopped or account.brakes:
            return [Line("Rows are not counted, since the run was cut off: the next one reads them again.")]
        return [Line("No rows were read.")]
    always = (Fate.UNCHANGED, Fate.APPLIED)
    fates = [
        fate for fate in reversed(Fate) if fate in always or any(file.fates[fate] for file in account.files)
    ]
    pending = any(file.pending for file in account.files)
    head = ["File", "rows", *(_fate(account, fate) for fate in fates), *(["pending"] if pending else [])]
    rows = [
        [
            file.name,
            str(file.rows),
            *(str(file.fates[fate]) for fate in fates),
            *([str(file.pending)] if pending else []),
        ]
        for file in account.files
    ]
    again = [file for file in account.files if not file.is_new]
    notes = [
        f"{file.name}: read again for its pending rows"
        + (f", which wait since {file.pending_since[:10]}" if file.pending and file.pending_since else "")
        for file in again
    ]
    return [Table(head, rows), *(Line(note, "soft", 2) for note in _first(notes))]


def _operations(account: Account) -> list[Block]:
    operations = account.plan.operations
    if not operations:
        return [Line("MO: nothing to write.")]
    if account.dry or account.held:
        return [Line(f"MO: would be: {_counted(account, operations)}")]
    fates = f"{account.acknowledged} acknowledged, {account.failed} failed"
    unsettled = f", {account.unsettled} not sent or unknown" if account.unsettled else ""
    retries = f", {_many(account.retries, 'retry', 'retries')}" if account.retries else ""
    of = _many(len(operations), "operation")
    record = [Line(f"in {account.record}", "soft", 2)] if account.record else []
    done = account.written[: account.acknowledged]  # what was written again follows
    made = [Line(f"MO: {_counted(account, done)}")] if done else []
    return [*made, Line(f"MO: {of}: {fates}{unsettled}{retries}"), *record]


def _counted(account: Account, operations: Sequence[Operation]) -> str:
    """How many of each sort, in the order of the plan, whatever order MO acknowledged them in."""
    done = {"create": "created", "edit": "edited", "terminate": "ended"}
    counts = Counter((op.kind, op.action) for op in operations)
    order = list(dict.fromkeys((op.kind, op.action) for op in (*account.plan.operations, *operations)))
    return ", ".join(f"{counts[sort]} {sort[0]} {done[sort[1]]}" for sort in order if counts[sort])


def _addresses(account: Account) -> list[Block]:
    if not account.addresses:
        return []
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(account.addresses.items()))
    kept = account.kept_addresses
    tail = f"; {_many(kept, 'unit keeps', 'units keep')} a former address" if kept else ""
    lists = [
        Line(f"in {path}", "soft", 2) for path in account.reports if path.name.startswith("failed_addr_")
    ]
    return [Line(f"Addresses: {counts}{tail}"), *lists]


def _durations(account: Account) -> list[Block]:
    if not account.durations:
        return []
    phases = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in account.durations.items())
    return [Line(f"Time: {sum(account.durations.values()):.1f} s: {phases}")]


def _many(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _listed(title: str, lines: Sequence[str], style: Style, shown: int | None = 5 * SHOWN) -> list[Block]:
    if not lines:
        return []
    more = [Line(f"… and {len(lines) - shown} more", "soft", 2)] if shown and len(lines) > shown else []
    return [Line(f"{title}:", style), *(Line(line, "", 2) for line in lines[:shown]), *more]
