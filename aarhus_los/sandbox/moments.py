"""Days as MO takes and shows them: dates go in, Danish midnights come out."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

BEGINNING: Final = date.min
FOREVER: Final = date.max
COPENHAGEN: Final = ZoneInfo("Europe/Copenhagen")
FIRST_EXCLUSIVE_VERSION: Final = 29
"""From this GraphQL version on, the `to` of a validity is the first moment that is not part of it."""

_ONE_DAY = timedelta(days=1)
_STANDARD_TIME = date(1894, 1, 1)


def now() -> datetime:
    """The moment, in Denmark."""
    return datetime.now(COPENHAGEN)


def day_before(day: date) -> date:
    """The day before; the beginning has none."""
    return day if day == BEGINNING else day - _ONE_DAY


def day_after(day: date) -> date:
    """The day after; forever has none."""
    return day if day == FOREVER else day + _ONE_DAY


def iso(day: date) -> str | None:
    """A day as `/sandbox/state` writes it, and None for no start or no end."""
    return None if day in (BEGINNING, FOREVER) else day.isoformat()


@cache
def midnight(day: date) -> str:
    """The moment at which a day begins in Denmark, as GraphQL writes it.

    Before standard time came in 1894, MO shows a moment as the day before (measured).
    """
    shown = day if day >= _STANDARD_TIME or day == BEGINNING else day - _ONE_DAY
    return datetime.combine(shown, time(), COPENHAGEN).isoformat()


def shown_start(start: date) -> str | None:
    """The `from` of a validity in GraphQL."""
    return None if start == BEGINNING else midnight(start)


def shown_end(end: date, version: int) -> str | None:
    """The `to` of a validity in GraphQL, which changed its meaning between versions."""
    if end == FOREVER:
        return None
    return midnight(day_after(end) if version >= FIRST_EXCLUSIVE_VERSION else end)


def moment(text: str) -> datetime:
    """A GraphQL DateTime: a date, or a timestamp; without a zone, Danish. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=COPENHAGEN) if parsed.tzinfo is None else parsed


def day_of(moment: datetime) -> date:
    """The Danish day of a moment."""
    return moment.astimezone(COPENHAGEN).date()


def last_before(end: date) -> date:
    """The last day of what ends before a day; of what has no end, forever."""
    return FOREVER if end == FOREVER else day_before(end)


def birthday(cpr: str) -> date | None:
    """The birth date that a CPR number tells, by the rule of its seventh digit; None if it tells none."""
    if len(cpr) != 10 or not (cpr.isascii() and cpr.isdigit()):
        return None
    day, month, year, century = int(cpr[:2]), int(cpr[2:4]), int(cpr[4:6]), int(cpr[6])
    if century <= 3 or (century in (4, 9) and year >= 37):
        year += 1900
    elif century in (4, 9) or year <= 57:
        year += 2000
    else:
        year += 1800
    try:
        return date(year, month, day)
    except ValueError:
        return None
