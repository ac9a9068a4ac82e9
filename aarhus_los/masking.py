"""Numbers in free text that could be CPR numbers are masked wherever the text is reported or recorded."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "**********"
_NUMBER: Final = re.compile(
    r"(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?<![0-9])(?P<day>[0-9]{2})(?P<month>[0-9]{2})[0-9]{2}[ \u00a0]?[-\u2010-\u2014]?[ \u00a0]?[0-9]{4}(?![0-9])",
    re.IGNORECASE,
)
"""A uuid, within which digits are no number; or ten digits, also parted after the sixth."""


def masked(text: str, *, any_digits: bool = False) -> str:
    """A text for people with every number masked that could be a CPR number: ten digits, of which four can be a day.

    A day may be later by 60, as in the numbers of those who have none of their own. `any_digits`: whatever the day. A text
    without such a number is returned itself, with the Danish that it may know.
    """

    if _NUMBER.search(text) is None:
        return text

    def hidden(found: re.Match[str]) -> str:
        if found["uuid"]:
            return found[0]
        possible = 1 <= int(found["day"]) % 60 <= 31 and 1 <= int(found["month"]) <= 12
        return MASK if possible or any_digits else found[0]

    without = _NUMBER.sub(hidden, text)
    return text if without == text else without
