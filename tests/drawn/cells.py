"""What the text of a cell means to the oracle: its own reading of the format, small, of what drops are drawn from."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from tests.drawn.world import FOREVER

NIL: Final = "00000000-0000-0000-0000-000000000000"


class Bad(Exception):
    """A cell whose text is no value of its column."""


def text(cell: str) -> str:
    """A text with single spaces, "" if there is none. `NULL` is a bad value wherever it stands."""
    value = " ".join(cell.split())
    if value.upper() == "NULL":
        raise Bad("NULL")
    return value


def uuid(cell: str) -> str:
    value = text(cell).lower()
    if value in ("", NIL):
        return ""
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        raise Bad("not a uuid")
    return value


def day(cell: str) -> date | None:
    """A date, None for an empty cell. The 31st of December 9999 is no end."""
    value = text(cell)
    if not value:
        return None
    value = re.split(r"[ T]", value)[0]
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", value)
    danish = re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", value)
    if not iso and not danish:
        raise Bad("not a date")
    year, month, number = iso.groups() if iso else reversed(danish.groups())
    try:
        return date(int(year), int(month), int(number))
    except ValueError:
        raise Bad("no such day") from None


def end(cell: str) -> date:
    return day(cell) or FOREVER


def boolean(cell: str) -> bool | None:
    """None for an empty cell."""
    value = text(cell).lower()
    if not value:
        return None
    if value in ("true", "1", "ja", "sand"):
        return True
    if value in ("false", "0", "nej", "falsk"):
        return False
    raise Bad("not a boolean")


def cpr(cell: str) -> str:
    value = text(cell)
    if re.fullmatch(r"\d{6}-\d{4}", value):
        value = value.replace("-", "")
    if not re.fullmatch(r"\d{10}", value):
        raise Bad("not a CPR number")
    birth(value)
    return value


def birth(number: str) -> date:
    """The birth date: the seventh digit and the year say the century."""
    year, seventh = int(number[4:6]), int(number[6])
    if seventh <= 3:
        century = 1900
    elif seventh in (4, 9):
        century = 2000 if year <= 36 else 1900
    else:
        century = 2000 if year <= 57 else 1800
    try:
        return date(century + year, int(number[2:4]), int(number[:2]))
    except ValueError:
        raise Bad("no such birth date") from None


def email(cell: str) -> str:
    value = text(cell)
    if value and not re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", value):
        raise Bad("not an e-mail address")
    return value


_DIGITS: Final = {"CVR": 8, "SE-Nr": 8, "EAN": 13, "P-Nr": 10}


def detail(column: str, cell: str) -> str:
    """An address column of a unit."""
    value = text(cell)
    if not value or column == "PostAdresse":
        return value
    if column in _DIGITS:
        if not re.fullmatch(rf"\d{{{_DIGITS[column]}}}", value):
            raise Bad("wrong number of digits")
    elif re.fullmatch(r"\d+([.,]\d+)?[eE][+-]?\d+|\d+[.,]\d+", value):
        raise Bad("a number as Excel writes it")
    return value
