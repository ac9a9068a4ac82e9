"""Whatever a real MO was sent, the stand-in answers and shows the same: sequences of requests drawn at random."""

from __future__ import annotations

from typing import Any, Final

import pytest

from aarhus_los.sandbox.mo_store import MoStore

from .replaying import TODAY, first_difference, sequences

SEQUENCES: Final = sequences()
FAMILIES: Final = sorted({name.rpartition("-")[0] for name in SEQUENCES})


@pytest.mark.parametrize(
    "most", [3, pytest.param(len(SEQUENCES), marks=pytest.mark.slow)], ids=["few", "all"]
)
@pytest.mark.parametrize("family", FAMILIES)
def test_recorded_sequences_replay(seed: dict[str, Any], family: str, most: int) -> None:
    store = MoStore.seeded(seed)
    store.clock = lambda: TODAY
    names = [name for name in SEQUENCES if name.rpartition("-")[0] == family]
    assert names
    for name in names[:most]:
        assert (difference := first_difference(store, SEQUENCES[name])) is None, difference


def test_a_difference_is_told_in_words(seed: dict[str, Any]) -> None:
    name = next(name for name in SEQUENCES if name.startswith("names-"))
    sequence = SEQUENCES[name]
    step = sequence["steps"][0]
    wrong = {**sequence, "steps": [{**step, "status": 418}, *sequence["steps"][1:]]}
    told = first_difference(MoStore.seeded(seed), wrong)
    assert told is not None
    assert told.startswith(f"{name}, step 0, {step['path']}")
    assert "is answered by MO       (418" in told
