"""Any split of the files into runs, with all that happens to runs, ends in the MO that all files at once make.

Plays are drawn by their seed, of each family and of all together in turn, and performed over real runs against the stand-in
MO; what fails is made smaller and told in words. The seeds are the same every time, so that what is red was broken just now;
`python -m tests.drawn` draws others, and sorts what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import pytest

from tests.drawn.dice import Dice, PlainDice
from tests.drawn.draw import FAMILIES
from tests.drawn.mishaps import MISHAPS
from tests.drawn.perform import perform
from tests.drawn.plays import Play, leaving, play
from tests.drawn.smaller import smaller

GROUPS: Final = ("all", *FAMILIES)
FEW, MANY, AT_ONCE = 6, 1500, 20
FOUND: Final = (
    *(20301, 20531, 20786, 21091, 20062, 24880, 24061, 1751, 1557, 40972),
    *(66642, 60400, 61627, 70355),
    *(61541, 60610, 60714, 61834, 65216, 66074, 72759, 73145, 73720, 73824, 82576),
)
"""Seeds beyond the many that failed: a superseded row counted as not there, so its days were ended in the next run; a
cancelled hire gave an engagement to its person; what was rejected for a circle was applied when its file was read again;
what was applied was taken back for a circle with what MO says of other days; a circle took rows with it that say nothing of
its days; an account that an earlier file had taken away was adopted; the details of a person whose number stood on a row of
somebody else were taken as they were before that one's files; a file of a run that wrote nothing was folded again without
the others of that run; an engagement that MO has no more was nobody's; an address that is in MO went while the address
service gave no answer; a unit that was cancelled on all its days was referred to, in the same run or afterwards."""
Draw = Callable[[Dice, str], Play]
"""Draws a play of a family, or of all of them."""


def drawn_by(seed: int, draw: Draw = play) -> Play:
    return draw(PlainDice(seed), GROUPS[seed % len(GROUPS)])


def holds(seed: int, draw: Draw = play) -> None:
    drawn = drawn_by(seed, draw)
    found = perform(drawn)
    if found is not None:
        small, found = smaller(drawn, found, perform, tries=100)
        pytest.fail(f"{found.sort}\n{found.words}\n{small}\n(seed {seed})", pytrace=False)


def batches(seeds: Iterable[int], size: int) -> list[list[int]]:
    listed = list(seeds)
    return [listed[first : first + size] for first in range(0, len(listed), size)]


def named(seeds: list[int]) -> str:
    return f"{seeds[0]}-{seeds[-1]}"


@pytest.mark.parametrize("seeds", batches(range(FEW), 3), ids=named)
def test_whatever_happens_it_ends_as_all_files_at_once(seeds: list[int]) -> None:
    for seed in seeds:
        holds(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", batches(range(MANY), AT_ONCE), ids=named)
def test_whatever_happens_it_ends_as_all_files_at_once_in_many_plays(seeds: list[int]) -> None:
    for seed in seeds:
        holds(seed)


@pytest.mark.parametrize(
    "seeds",
    [[*range(3)], *(pytest.param(each, marks=pytest.mark.slow) for each in batches(range(300), 20))],
    ids=named,
)
def test_files_that_are_imported_may_leave_the_server(seeds: list[int]) -> None:
    """Nobody misses them: not a run that follows one that was cut off, nor a row that waits."""
    for seed in seeds:
        holds(seed, leaving)


@pytest.mark.parametrize("kind", sorted(MISHAPS.keys() - {"leaving"}))
@pytest.mark.parametrize(
    "seeds",
    [[*range(3)], *(pytest.param(each, marks=pytest.mark.slow) for each in batches(range(150), AT_ONCE))],
    ids=named,
)
def test_whatever_else_happens_each_run_makes_of_mo_what_it_must(kind: str, seeds: list[int]) -> None:
    """A year passes, rows are given up, objects are refused, people write too, files are broken, the state is lost, …"""
    for seed in seeds:
        holds(seed, MISHAPS[kind])


@pytest.mark.slow
def test_what_failed_once_holds() -> None:
    for seed in FOUND:
        holds(seed)
