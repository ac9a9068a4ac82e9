"""What the text of one cell means: uuids, dates, booleans and texts. Each reader raises ValueError with a reason for people.

The cell is stripped and not empty. A reason never holds the value: it may be a CPR number or a name.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

_HEX_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUID: Final = re.compile(_HEX_UUID)
_LOOSE_UUID: Final = re.compile(rf"({_HEX_UUID})|\{{({_HEX_UUID})\}}", re.IGNORECASE | re.ASCII)


def read_uuid(text: str) -> str:
    """A uuid in lower case with dashes; braces around it and upper case are understood."""
    if _UUID.fullmatch(text):
        return text
    loose = _LOOSE_UUID.fullmatch(text)
    if loose is None:
        raise ValueError("not a uuid")
    return (loose[1] or loose[2]).lower()


@lru_cache(maxsize=8192)
def read_reference(text: str) -> str:
    """As `read_uuid`, for columns where few uuids occur many times: they are then one string in memory."""
    return read_uuid(text)


# A time of day may follow a date. It says nothing: the days of a row are dates.
_TIME: Final = r"(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)?"
_YEAR_FIRST: Final = re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}}){_TIME}")
_DAY_FIRST: Final = re.compile(rf"([0-9]{{2}})-([0-9]{{2}})-([0-9]{{4}}){_TIME}")


@lru_cache(maxsize=8192)
def read_date(text: str) -> date:
    """A date as `2021-12-31`, `31-12-2021` or `2021-12-31 00:00:00.000`; the 31st of December 9999 is `date.max`."""
    if iso := _YEAR_FIRST.fullmatch(text):
        year, month, day = iso.groups()
    elif danish := _DAY_FIRST.fullmatch(text):
        day, month, year = danish.groups()
    else:
        raise ValueError("not a date: write it as 2021-12-31 or 31-12-2021")
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise ValueError("a date that does not exist") from None


_BOOLEANS: Final = {"true": True, "1": True, "ja": True, "false": False, "0": False, "nej": False}


def read_boolean(text: str) -> bool:
    """True/False, 1/0 or Ja/Nej, in any case."""
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError("neither True/False, 1/0 nor Ja/Nej") from None


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def read_text(text: str) -> str:
    """Any text without control characters: a line break in a cell is a quote gone astray more often than a value."""
    if _CONTROL.search(text):
        raise ValueError("a line break or another control character in the value")
    return text


_EAN: Final = re.compile(r"[0-9]{13}")
_P_NUMBER: Final = re.compile(r"[0-9]{10}")


def read_ean(text: str) -> str:
    """An EAN number as MO checks it."""
    if not _EAN.fullmatch(text):
        raise ValueError("not an EAN number of 13 digits")
    return text


def read_p_number(text: str) -> str:
    """A production unit number as MO checks it."""
    if not _P_NUMBER.fullmatch(text):
        raise ValueError("not a P-number of 10 digits")
    return text


_ATOM: Final = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL: Final = re.compile(
    rf"(?=.{{1,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}"
)


def read_email(text: str) -> str:
    """An e-mail address of the syntax that MO accepts: dotted words, one @, and a domain of at least two labels."""
    if not _EMAIL.fullmatch(text):
        raise ValueError("not an e-mail address")
    return text
