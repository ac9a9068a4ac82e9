"""Plays in which more happens than in the others: files leave the server, rows are given up, MO refuses objects. Drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tests.drawn.dice import Dice, chance, one_of, weighted
from tests.drawn.plays import Play, Run, Step, Wait, leaving, play

_RUNS_ON: Final = ((6, "split"), (3, "healing"), (1, "late"), (1, "corrected"), (1, "held"))
"""Kinds of plays whose runs may end in other ways too."""


def waiting(dice: Dice, family: str) -> Play:
    """A play in which files leave the server, and up to more than a year passes between the runs."""
    made = leaving(dice, family)
    steps: list[Step] = []
    for step in made.steps:
        steps.append(step)
        if isinstance(step, Run) and chance(dice, 60):
            steps.append(Wait(one_of(dice, (1, 3, 8, 40, 200, 400))))
    return replace(made, steps=tuple(steps))


def accepting(dice: Dice, family: str) -> Play:
    """A play in which the operator gives up rows that wait, of files that may leave the server."""
    return _with_runs(_made(dice, family), lambda run: _accepting(dice, run))


def refusing(dice: Dice, family: str) -> Play:
    """A play in which MO refuses some objects, for a run or for several, and takes them in the end."""
    made = _made(dice, family)
    refused = dice.number(1, 9999)

    def changed(run: Run) -> Run:
        return replace(run, refused=refused) if chance(dice, 50) else _accepting(dice, run)

    made = _with_runs(made, changed)
    return replace(made, steps=(*made.steps, Run()))


def _made(dice: Dice, family: str) -> Play:
    return leaving(dice, family) if chance(dice, 25) else play(dice, family, weighted(dice, _RUNS_ON))


def _accepting(dice: Dice, run: Run) -> Run:
    """What a run that does not come to its end has given up, nobody knows."""
    return replace(run, accept=dice.number(1, 3)) if run.end is None and chance(dice, 40) else run


def _with_runs(made: Play, changed: Callable[[Run], Run]) -> Play:
    return replace(made, steps=tuple(changed(step) if isinstance(step, Run) else step for step in made.steps))


MISHAPS: Final[dict[str, Callable[[Dice, str], Play]]] = {
    "leaving": leaving,
    "waiting": waiting,
    "accepting": accepting,
    "refusing": refusing,
}
