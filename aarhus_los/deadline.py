"""How long a run may last."""

from __future__ import annotations

import time
from typing import Final

from aarhus_los.errors import UnavailableError


class Deadline:
    """So many hours after it was made, no new request is begun; 0: there is no such time."""

    def __init__(self, hours: float) -> None:
        self.hours = hours
        self.begun = time.monotonic()

    def check(self) -> None:
        """Raises UnavailableError once the time is over."""
        if 0 < self.hours * 3600 < time.monotonic() - self.begun:
            raise UnavailableError(
                f"the run was not done in run_hours ({self.hours:g}): the next run does the rest"
            )


NO_DEADLINE: Final = Deadline(0)
