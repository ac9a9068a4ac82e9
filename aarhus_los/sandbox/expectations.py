"""Histories that MO must hold: how they are written, found in its state, compared, and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

State = Mapping[str, Mapping[str, list[dict[str, Any]]]]
"""What the stand-in MO answers to /sandbox/state."""
Days = tuple[str | None, str | None, Any]
"""First day, last day (None: no start, no end), and a value."""

_NO_START: Final = "0001-01-01"
THERE: Final = "there"
"""Stands for a field, and its value, where only the days matter on which an object is there."""


@dataclass(frozen=True)
class Expected:
    """The history of one field of one object. References are user keys; no days: MO never had the object."""

    story: str
    kind: str
    where: tuple[tuple[str, str], ...]
    """Fields that tell which object."""
    field: str
    history: tuple[Days, ...]
    any_day: bool = False
    """Where the days follow from the day of the import, only the values count, and that there is no gap."""

    def found(self, state: State) -> tuple[Days, ...]:
        """What MO has. `state` is as `named` gives it."""
        validities = [
            validity
            for history in state[self.kind].values()
            if any(all(each.get(name) == value for name, value in self.where) for each in history)
            for validity in history
        ]
        days: list[Days] = [
            (each["from"], each["to"], THERE if self.field == THERE else each.get(self.field))
            for each in validities
        ]
        return _joined(sorted(days, key=lambda each: each[0] or _NO_START))

    def agrees(self, found: tuple[Days, ...]) -> bool:
        """Whether what MO has is as it should be."""
        if not self.any_day:
            return found == self.history
        values = [[value for _, _, value in each] for each in (found, self.history)]
        return values[0] == values[1] and all(_touch(a[1], b[0]) for a, b in pairwise(found))

    def tell(self, found: tuple[Days, ...]) -> str:
        """A line for people: the story, and what MO has."""
        subject = " ".join(value for _, value in self.where)
        field = "" if self.field in (THERE, "value") else f" {self.field}"
        return f"{self.story}: {subject}{field}: {told(found)}"


def told(history: tuple[Days, ...]) -> str:
    """A history in one line."""
    stages = []
    for start, end, value in history:
        days = f"{start or '…'} to {end or '…'}"
        stages.append(days if value == THERE else f"{value or 'none'} ({days})")
    return ", ".join(stages) or "not in MO"


def named(state: State) -> State:
    """The state with user keys in the place of the uuids of units, classes and IT systems: each object's first one."""
    keys = {
        uuid: history[0]["user_key"]
        for kind in ("org_unit", "class", "itsystem")
        for uuid, history in state[kind].items()
    }
    return {
        kind: {
            uuid: [
                {field: keys.get(value, value) if isinstance(value, str) else value for field, value in days}
                for days in (validity.items() for validity in history)
            ]
            for uuid, history in objects.items()
        }
        for kind, objects in state.items()
    }


def _touch(end: str | None, start: str | None) -> bool:
    if end is None or start is None:
        return False
    return date.fromisoformat(end) + timedelta(days=1) == date.fromisoformat(start)


def _joined(days: list[Days]) -> tuple[Days, ...]:
    """Neighbours with equal values are one: how MO cuts them says nothing."""
    joined: list[Days] = []
    for start, end, value in days:
        if joined and joined[-1][2] == value and _touch(joined[-1][1], start):
            joined[-1] = (joined[-1][0], end, value)
        else:
            joined.append((start, end, value))
    return tuple(joined)
