"""What time it is in Denmark: dates in files, states and reports are Danish, whatever the machine's zone."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

COPENHAGEN: Final = ZoneInfo("Europe/Copenhagen")


def now() -> datetime:
    """This moment, as a Danish clock shows it."""
    return datetime.now(COPENHAGEN)
