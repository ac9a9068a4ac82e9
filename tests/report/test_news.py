"""What is told where only news are wanted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from aarhus_los.desired.claims import Notice, SetAside
from aarhus_los.drop.rows import RowRef
from aarhus_los.ledger import Line
from aarhus_los.report.account import Account
from aarhus_los.report.blocks import plain
from aarhus_los.report.news import has_news, known_rows
from aarhus_los.report.text import account_blocks
from aarhus_los.selection import Refusal

FILE = "Org_nye_20260209_220000.csv"
TOLD = date(2026, 3, 1)
OLD, NEW = RowRef(FILE, 2), RowRef(FILE, 3)


@pytest.mark.parametrize(
    ("days", "last_import", "known"),
    [
        (0, 0, True),
        (1, -1, True),
        (6, -1, True),
        (7, -1, False),
        (7, 0, True),
        (8, -1, True),
        (14, -3, False),
    ],
    ids=[
        "the same day",
        "the next",
        "the sixth",
        "the seventh",
        "again on it",
        "the eighth",
        "after days without",
    ],
)
def test_a_pending_row_is_told_again_in_the_first_run_of_each_seventh_day(
    days: int, last_import: int, known: bool
) -> None:
    lines = {FILE: Line(FILE, pending=(2,), reported={"2": TOLD.isoformat()})}
    today = TOLD + timedelta(days=days)
    found = known_rows(lines, today + timedelta(days=last_import), today)
    assert (OLD in found) is known


def aside(ref: RowRef) -> SetAside:
    return SetAside(ref, "ParentUUID", "no such unit", pending=True)


@pytest.mark.parametrize(
    ("more", "news"),
    [
        ({}, False),
        ({"set_aside": [aside(OLD)]}, False),
        ({"set_aside": [aside(OLD), aside(NEW)]}, True),
        ({"notices": [Notice("overlaps", NEW)]}, False),
        ({"notices": [Notice("a first import", news=True)]}, True),
        ({"notices": [Notice("EAN: bad", OLD, fault=True)]}, False),
        ({"notices": [Notice("EAN: bad", NEW, fault=True)]}, True),
        ({"warnings": ["a setting is odd"]}, True),
        ({"refused": [Refusal(FILE, "no header", 65)]}, True),
        ({"stopped": "MO: no connection"}, True),
    ],
)
def test_what_was_told_before_is_no_news(more: dict[str, Any], news: bool) -> None:
    assert has_news(Account(known_rows=frozenset({OLD}), **more)) is news


def test_only_news_are_in_the_text_and_how_it_ended() -> None:
    account = Account(
        known_rows=frozenset({OLD}),
        set_aside=[aside(OLD), aside(NEW)],
        notices=[Notice("overlaps", NEW), Notice("its header lacks EAN", fault=True, news=True)],
    )
    told = plain(account_blocks(account, only_news=True))
    assert str(NEW) in told and str(OLD) not in told
    assert "its header lacks EAN" in told and "overlaps" not in told
    assert told.splitlines()[0] == told.splitlines()[-1] and "exit 1." in told
    whole = plain(account_blocks(account))
    assert str(OLD) in whole and "overlaps" in whole
