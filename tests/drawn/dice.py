"""Where chance comes from: hypothesis, which shrinks what it draws, or a plain generator, which is fast."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DataObject

T = TypeVar("T")


class Dice(Protocol):
    def number(self, low: int, high: int) -> int:
        """Both ends included; the lower one is the simplest."""


class PlainDice:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)


class HypothesisDice:
    def __init__(self, data: DataObject) -> None:
        self._data = data

    def number(self, low: int, high: int) -> int:
        return self._data.draw(st.integers(low, high))


def chance(dice: Dice, percent: int) -> bool:
    """True in so many of a hundred draws; False is the simplest."""
    return dice.number(0, 99) >= 100 - percent


def one_of(dice: Dice, choices: Sequence[T]) -> T:
    """One of the choices; the first is the simplest."""
    return choices[dice.number(0, len(choices) - 1)]


def weighted(dice: Dice, choices: Sequence[tuple[int, T]]) -> T:
    """One of the choices by weight; the first is the simplest."""
    at = dice.number(0, sum(weight for weight, _ in choices) - 1)
    for weight, choice in choices:
        if at < weight:
            return choice
        at -= weight
    raise AssertionError("unreachable")
