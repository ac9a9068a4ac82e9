"""What is there on which of a test's days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date


def runs_in(days: Sequence[date], there: Mapping[date, object]) -> list[str]:
    """Values over the days, for people: `Skolen 1-20`, `Skole og SFO 21-`."""
    runs: list[tuple[object, int, int]] = []
    for n, each in enumerate(days):
        if each in there:
            value = there[each]
            if runs and runs[-1][2] == n - 1 and runs[-1][0] == value:
                runs[-1] = (value, runs[-1][1], n)
            else:
                runs.append((value, n, n))
    last = len(days) - 1
    return [f"{value} {start}-{'' if end == last else end}" for value, start, end in runs]
