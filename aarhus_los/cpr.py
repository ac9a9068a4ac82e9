"""CPR numbers: a type that shows nothing of the number unless it is asked to.

A CPR number leaves this type for three things only: what is sent to MO, the reject files, and the uuids derived from it.
"""

from __future__ import annotations

from datetime import date

from aarhus_los.masking import MASK
from aarhus_los.messages import Message


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
