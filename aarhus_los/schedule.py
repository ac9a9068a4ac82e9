"""Which steps of a plan may be sent next: what others wait behind first, in lists, each after what it waits for. Pure."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from heapq import heappop, heappush
from itertools import islice
from typing import Final

from aarhus_los.api import REST, Api
from aarhus_los.mo.payloads import Endpoint
from aarhus_los.plan import Step

SMALLEST_LIST: Final = 10
"""Below this, a list is not made shorter to keep more connections busy: requests have a price of their own."""


class Schedule:
    """Steps, named by their numbers in the plan.

    Where `api` keeps the order of a list, a step also goes into the list of what it waits for, after it.
    """

    def __init__(self, steps: Sequence[Step], chunk_size: int, api: Api = REST) -> None:
        self._steps = steps
        self._chunk_size = chunk_size
        self._api = api
        self._waits = [len(step.after) for step in steps]
        self._blocks: dict[int, list[int]] = {}
        for number, step in enumerate(steps):
            for before in step.after:
                self._blocks.setdefault(before, []).append(number)
        self._heights = _heights(self._blocks, self._waits)
        self._ready: dict[tuple[int, Endpoint, bool], deque[int]] = {}
        self._open = bytearray(b"\1" * len(steps))
        """By step: 1 where it is neither over nor taken."""
        self._left = len(steps)
        """So many are open."""
        self._over = bytearray(len(steps))
        """By step: 1 where it is over."""
        self._suspected: set[int] = set()
        """Steps that go alone from now on."""
        for number in range(len(steps)):
            if self._waits[number] == 0:
                self._is_ready(number)

    def take(self, connections: int, *, idle: bool) -> tuple[Endpoint, list[int]] | None:
        """The next list, so long that so many connections are busy; None where all that is left waits.

        `idle`: nothing is under way that anything could wait for; then, of steps that wait for each other, one goes first.
        """
        if idle and self._left and not any(self._ready.values()):
            self._is_ready(self._first_of_a_circle())
        for key in sorted(self._ready, reverse=True):
            numbers = self._taken(key, connections)
            if numbers:
                return key[1], numbers
        return None

    def over(self, number: int) -> None:
        """Lets those go that waited for a step that is over."""
        self._over[number] = 1
        for waiting in self._blocks.get(number, ()):
            self._waits[waiting] -= 1
            if self._waits[waiting] == 0 and self._open[waiting]:
                self._is_ready(waiting)

    def failed(self, number: int) -> list[int]:
        """As `over`, but of what waited for the step, those that need it will not be sent. Returns them."""
        waiting = self._blocks.get(number, ())
        lost = [each for each in waiting if self._open[each] and number in self._steps[each].needs]
        for each in lost:
            self._close(each)
        self.over(number)
        return lost

    def give_back(self, numbers: Sequence[int], suspected: Collection[int]) -> None:
        """Steps of a list that MO refused will be taken again: those that may be to blame, alone."""
        self._suspected.update(suspected)
        for number in numbers:
            if not self._open[number]:
                self._open[number] = 1
                self._left += 1
            if self._waits[number] == 0:
                self._is_ready(number)

    def may_go(self, numbers: Sequence[int]) -> bool:
        """Whether all that these wait for is over, or among them."""
        among = set(numbers)
        return all(
            self._over[before] or before in among
            for number in numbers
            for before in self._steps[number].after
        )

    def _close(self, number: int) -> None:
        self._open[number] = 0
        self._left -= 1

    def _is_ready(self, number: int) -> None:
        """What most others wait behind goes first, in a list of its own: else MO would be idle in the end."""
        step = self._steps[number]
        key = (self._heights[number], self._api.endpoint(step.operations[0]), self._is_alone(number))
        self._ready.setdefault(key, deque()).append(number)

    def _taken(self, key: tuple[int, Endpoint, bool], connections: int) -> list[int]:
        queue, alone = self._ready[key], key[2]
        room = 0 if alone else self._room(queue, connections)
        numbers: list[int] = []
        size = 0
        behind: list[tuple[int, int]] = []
        """What waits for nothing but steps of this list: height, negative, and number."""
        waits: dict[int, int] = {}
        while behind or queue:
            number = behind[0][1] if behind else queue[0]
            if numbers and size + len(self._steps[number].operations) > room:
                break
            if behind:
                heappop(behind)
            else:
                queue.popleft()
            if not self._open[number]:
                continue
            self._close(number)
            numbers.append(number)
            size += len(self._steps[number].operations)
            for waiting in self._blocks.get(number, ()) if self._api.in_order and not alone else ():
                waits[waiting] = waits.get(waiting, self._waits[waiting]) - 1
                if waits[waiting] == 0 and not self._is_alone(waiting):
                    heappush(behind, (-self._heights[waiting], waiting))
        if not queue:
            del self._ready[key]
        return numbers

    def _room(self, queue: deque[int], connections: int) -> int:
        """How many operations a list may have: so many that there are some for all connections."""
        # To fill them all: the rest of a long queue need not be counted.
        enough = self._chunk_size * connections
        waiting = sum(len(self._steps[number].operations) for number in islice(queue, enough))
        if self._api.in_order:  # what is behind them goes with them
            waiting = max(waiting, min(self._left, enough))
        return min(self._chunk_size, max(SMALLEST_LIST, math.ceil(waiting / connections)))

    def _is_alone(self, number: int) -> bool:
        return self._steps[number].alone or number in self._suspected

    def _first_of_a_circle(self) -> int:
        """Of steps that all wait for each other, the first; none that only waits for the circle."""
        number = self._open.index(1)
        while True:
            above = self._waits_for(number)
            apart = next((other for other in reversed(above) if number not in self._waits_for(other)), None)
            if apart is None:
                return min(above)
            number = apart

    def _waits_for(self, number: int) -> dict[int, None]:
        """The open steps that a step waits for, directly or not, the nearest first."""
        above: dict[int, None] = {}
        near = deque([number])
        while near:
            step = self._steps[near.popleft()]
            for other in step.after:
                if self._open[other] and other not in above:
                    above[other] = None
                    near.append(other)
        return above


def _heights(blocks: Mapping[int, Sequence[int]], waits: Sequence[int]) -> list[int]:
    """How many steps one after the other wait behind each; of a circle, and of what only waits for one, nothing is known."""
    left = list(waits)
    order = [number for number, count in enumerate(left) if count == 0]
    for number in order:
        for waiting in blocks.get(number, ()):
            left[waiting] -= 1
            if left[waiting] == 0:
                order.append(waiting)
    heights = [0] * len(left)
    for number in reversed(order):
        if behind := blocks.get(number):
            heights[number] = 1 + max([heights[waiting] for waiting in behind])
    return heights
