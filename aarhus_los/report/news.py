"""What a run reports that was not reported before: all that it prints where only news are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from aarhus_los.desired.claims import Notice
from aarhus_los.drop.rejects import RowRef
from aarhus_los.errors import EXIT_ROWS
from aarhus_los.ledger import Line
from aarhus_los.report.account import Account

AGAIN_AFTER: Final = 7
"""A pending row is reported again in the first run of each such day since it was reported first."""


def known_rows(lines: Mapping[str, Line], last_import: date | None, today: date) -> frozenset[RowRef]:
    """The pending rows that need not be reported today, since they were. `lines`, `last_import`: as the state has them."""
    is_first_today = last_import is None or last_import < today
    return frozenset(
        RowRef(name, int(number))
        for name, line in lines.items()
        for number, day in line.reported.items()
        if (days := (today - date.fromisoformat(day)).days) % AGAIN_AFTER or not (days and is_first_today)
    )


def is_news(account: Account, notice: Notice) -> bool:
    """Whether a notice says something that was not reported before: of a row that waits, only what it waits for counts."""
    return notice.news or (notice.fault and notice.ref not in account.known_rows)


def has_news(account: Account) -> bool:
    """Whether there is anything to print. A run that could not do its work says so every time."""
    return (
        account.exit_code > EXIT_ROWS
        or bool(account.warnings)
        or any(aside.ref not in account.known_rows for aside in account.set_aside)
        or any(is_news(account, notice) for notice in account.notices)
    )
