"""CPR numbers: a type that shows nothing of the number unless it is asked to, and a mask for those in free text.

A CPR number leaves this type in two places only: what is sent to MO, and the reject files. The uuids derived from it are
made here for the same reason.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from aarhus_los.messages import Message

MASK: Final = "**********"
_NUMBER: Final = re.compile(
    r"(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?<![0-9])(?P<day>[0-9]{2})(?P<month>[0-9]{2})[0-9]{2}[ \u00a0]?[-\u2010-\u2014]?[ \u00a0]?[0-9]{4}(?![0-9])",
    re.IGNORECASE,
)
"""A uuid, within which digits are no number; or ten digits, also parted after the sixth."""


class Cpr:
    """A CPR number, ten digits without a dash. Equal numbers are equal; `str`, `repr` and `format` show a mask."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = digits

    def reveal(self) -> str:
        """The ten digits: for the payload of MO, the reject file and derived uuids, and for nothing else."""
        return self._digits

    @property
    def birth_date(self) -> date | None:
        """By the rule of the CPR register: the seventh digit and the year say the century. None where no such day exists."""
        digits = self._digits
        day, month, year, seventh = int(digits[:2]), int(digits[2:4]), int(digits[4:6]), digits[6]
        if seventh in "0123":
            century = 1900
        elif seventh in "49":
            century = 2000 if year <= 36 else 1900
        else:
            century = 2000 if year <= 57 else 1800
        try:
            return date(century + year, month, day)
        except ValueError:
            return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cpr) and self._digits == other._digits

    def __lt__(self, other: Cpr) -> bool:
        return self._digits < other._digits

    def __hash__(self) -> int:
        return hash(("cpr", self._digits))

    def __repr__(self) -> str:
        return f"Cpr({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a CPR number is not pickled")


def parse_cpr(text: str) -> Cpr:
    """Reads a CPR number of ten digits; a dash after the sixth is tolerated.

    Raises ValueError, without the number in its text. Whether the birth date exists is asked of `birth_date`.
    """
    digits = text[:6] + text[7:] if len(text) == 11 and text[6] == "-" else text
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()):
        raise ValueError(Message.NOT_A_CPR())
    return Cpr(digits)


def masked(text: str, *, any_digits: bool = False) -> str:
    """A text for people with every number masked that could be a CPR number: ten digits, of which four can be a day.

    A day may be later by 60, as in the numbers of those who have none of their own. `any_digits`: whatever the day. A text
    without such a number is returned itself.
    """

    def hidden(found: re.Match[str]) -> str:
        if found["uuid"]:
            return found[0]
        possible = 1 <= int(found["day"]) % 60 <= 31 and 1 <= int(found["month"]) <= 12
        return MASK if possible or any_digits else found[0]

    return _NUMBER.sub(hidden, text) if _NUMBER.search(text) else text
