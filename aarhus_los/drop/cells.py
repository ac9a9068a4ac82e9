"""What the text of one cell means: uuids, booleans, numbers and texts.

The text is stripped and not empty. Each reader raises ValueError with a reason for people, which never holds the value: it
may be a CPR number or a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from unicodedata import normalize

from aarhus_los.messages import Message
from aarhus_los.uuids import WRITTEN

_UUID: Final = re.compile(WRITTEN)
_LOOSE_UUID: Final = re.compile(rf"({WRITTEN})|\{{({WRITTEN})\}}", re.IGNORECASE | re.ASCII)
_NIL: Final = "00000000-0000-0000-0000-000000000000"


class NoValue(ValueError):
    """The text stands for no value: its cell is as good as empty."""


def read_uuid(text: str) -> str:
    """A uuid in lower case with dashes; braces around it and upper case are understood. Raises NoValue for the nil uuid."""
    if not _UUID.fullmatch(text):
        loose = _LOOSE_UUID.fullmatch(text)
        if loose is None:
            raise ValueError(Message.NOT_A_UUID())
        text = (loose[1] or loose[2]).lower()
    if text == _NIL:
        raise NoValue(Message.NIL_UUID())
    return text


# Excel's Danish words among them.
_BOOLEANS: Final = {
    **dict.fromkeys(("true", "1", "ja", "sand"), True),
    **dict.fromkeys(("false", "0", "nej", "falsk"), False),
}


def read_boolean(text: str) -> bool:
    """True/False, 1/0, Ja/Nej or SAND/FALSK, in any case."""
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError(Message.NOT_A_BOOLEAN()) from None


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def read_text(text: str) -> str:
    """Any text without control characters, in composed form (NFC).

    A line break in a cell is a quote gone astray more often than a value.
    """
    if not text.isprintable() and _CONTROL.search(text):
        raise ValueError(Message.CONTROL_CHARACTER())
    if len(text) == 4 and text.upper() == "NULL":
        raise ValueError(Message.NULL_TEXT())
    if text == _NIL:
        raise NoValue(Message.NIL_UUID())
    return text if text.isascii() else normalize("NFC", text)


def read_words(text: str) -> str:
    """A name or a postal address: a text in which a run of spaces counts as one."""
    return " ".join(read_text(text).split())


# As a spreadsheet shows a long number, or one that it took for a fraction.
_EXCEL_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+|(?:[.,][0-9]+)?[eE][+-][0-9]+)")


def read_code(text: str) -> str:
    """A text of a detail column: what a spreadsheet made of a number is none."""
    if _EXCEL_NUMBER.fullmatch(text):
        raise ValueError(Message.SPREADSHEET_NUMBER())
    return read_text(text)


def read_address(text: str) -> str:
    """A postal address."""
    return " ".join(read_code(text).split())


def number_of(digits: int, otherwise: Message) -> Callable[[str], str]:
    """A reader of numbers of so many digits, whose reason for all other texts is a message."""

    def read(text: str) -> str:
        if len(text) != digits or not (text.isascii() and text.isdecimal()):
            raise ValueError(otherwise())
        return text

    return read


_ATOM: Final = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL: Final = re.compile(
    rf"(?=.{{1,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}"
)


def read_email(text: str) -> str:
    """An e-mail address of the syntax that MO accepts: dotted words, one @, and a domain of at least two labels."""
    text = normalize("NFC", text)
    if not _EMAIL.fullmatch(text):
        raise ValueError(Message.NOT_AN_EMAIL())
    return text
