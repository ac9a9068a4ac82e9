"""Reads a date of the drop: three forms by themselves, and what is unambiguous beside them with python-dateutil."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

from aarhus_los.messages import Message

LAST_BUT_ONE: Final = date(9999, 12, 30)
# A time of day, with or without a zone, may follow a date. It says nothing: the days of a row are dates, as written.
_TIME: Final = (
    r"(?:(?: +|T)[0-9]{1,2}(?:[:.]?[0-9]{2}(?:[:.]?[0-9]{2}(?:[.,][0-9]+)?)?)?"
    r" ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_YEAR_FIRST: Final = re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}}){_TIME}")
_DAY_FIRST: Final = re.compile(rf"([0-9]{{2}})-([0-9]{{2}})-([0-9]{{4}}){_TIME}")

_OTHERS: Final = (
    "(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
    "(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})",
    "(?P<day>[0-9]{1,2})(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})",
)


@lru_cache(maxsize=8192)
def read_date(text: str) -> date:
    """A date; the 31st of December 9999 is `date.max`. Raises ValueError, with a reason for people.

    `2021-12-31`, `31-12-2021` and `2021-12-31 00:00:00.000` are what the drop has. `20211231`, `2021-12-1` and
    day-month-year with `-`, `/` or `.` are understood too: each can mean one day only.
    """
    if iso := _YEAR_FIRST.fullmatch(text):
        year, month, day = iso.groups()
    elif danish := _DAY_FIRST.fullmatch(text):
        day, month, year = danish.groups()
    else:
        return _read_other(text)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise ValueError(Message.NO_SUCH_DATE()) from None


def read_end(text: str) -> date:
    """A date that is a last day. MO cannot tell the last but one of all days from no end."""
    end = read_date(text)
    return date.max if end == LAST_BUT_ONE else end


def read_start(text: str) -> date:
    """A date that is a first day."""
    start = read_date(text)
    if start == date.max:
        raise ValueError(Message.START_MEANS_NO_END())
    return start


def _read_other(text: str) -> date:
    # Imported here, since it takes as long as all the rest of a start, and hardly any drop has such a date.
    from dateutil.parser import parse

    match = next(filter(None, (re.fullmatch(rf"(?P<written>{form}){_TIME}", text) for form in _OTHERS)), None)
    if match is None:
        raise ValueError(Message.NOT_A_DATE())
    year_first = match["written"].startswith(match["year"])
    try:
        found = parse(match["written"], yearfirst=year_first, dayfirst=not year_first).date()
    except (ValueError, OverflowError):
        raise ValueError(Message.NO_SUCH_DATE()) from None
    if (found.year, found.month, found.day) != (int(match["year"]), int(match["month"]), int(match["day"])):
        # dateutil takes the 13th month for a day.
        raise ValueError(Message.NO_SUCH_DATE())
    return found
