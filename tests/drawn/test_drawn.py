"""Any split of the files into runs, with all that happens to runs, ends in the MO that all files at once make.

Plays are drawn by their seed and performed over real runs against the stand-in MO; what fails is made smaller and told in
words. `python -m tests.drawn` draws many, and sorts what it finds.
"""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.drawn.dice import PlainDice
from tests.drawn.draw import FAMILIES
from tests.drawn.perform import perform
from tests.drawn.plays import play
from tests.drawn.smaller import smaller

GROUPS = ("all", *FAMILIES)
SEEDS = st.integers(0, 2**32)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""A seed has no smaller ones: the play itself is made smaller."""


def holds(family: str, seed: int) -> None:
    drawn = play(PlainDice(seed), family)
    found = perform(drawn)
    if found is not None:
        small, found = smaller(drawn, found, perform, tries=100)
        pytest.fail(f"{found.sort}\n{found.words}\n{small}\n(seed {seed} of {family})", pytrace=False)


@pytest.mark.parametrize("family", GROUPS)
@settings(max_examples=8, phases=PHASES, derandomize=True)
@given(seed=SEEDS)
def test_whatever_happens_it_ends_as_all_files_at_once(family: str, seed: int) -> None:
    holds(family, seed)


@pytest.mark.slow
@pytest.mark.parametrize("family", GROUPS)
@settings(max_examples=300, phases=PHASES, derandomize=True)
@given(seed=SEEDS)
def test_whatever_happens_it_ends_as_all_files_at_once_in_many_plays(family: str, seed: int) -> None:
    holds(family, seed)
