"""What a run must come to, against the plain property: an importer that does just that ends in what all files at once make.

No importer of ours runs here. What differs here is wrong in the model, in the oracle or in the design.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from aarhus_los.brakes import BrakeKind
from tests.drawn.claims import Ref
from tests.drawn.dice import PlainDice
from tests.drawn.draw import FAMILIES
from tests.drawn.importer import Broken, End, Ran
from tests.drawn.perform import Difference, Performance, stage
from tests.drawn.plays import Play, play
from tests.drawn.world import File


class Ideal:
    """Makes of MO what it must. Where it is ended, it has written some of it."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.performance: Performance

    def put(self, file: File, at: datetime | None, broken: Broken | None = None) -> None:
        """The performance knows."""

    def remove(self, name: str) -> None:
        """It reads none."""

    def forget_addresses(self) -> None:
        """It has no memory."""

    lose_state = forget_addresses

    def pending(self) -> frozenset[Ref]:
        return self.performance.model.pending

    def run(
        self,
        since: date | None = None,
        end: End | None = None,
        accepted: Collection[Ref] | None = (),
        allow: Mapping[BrakeKind, int] = {},
    ) -> Ran:
        stand_in = self.performance.stand_in
        expected = self.performance.expect(since, stand_in.dar_down, accepted)
        wanted = expected.either[0]
        if end is None:
            return Ran(min(expected.exits), stand_in.change_to(wanted))
        self.state.write_text(f"under way since {stand_in.at}")
        some = {kind: dict(objects) for kind, objects in stand_in.read().items()}
        chance = random.Random(end.at)
        for kind, objects in wanted.items():
            some[kind] |= {uuid: pieces for uuid, pieces in objects.items() if chance.random() < 0.5}
        return Ran(None, stand_in.change_to(some))


def ideally(made: Play, folder: Path) -> Difference | None:
    ideal = Ideal(folder)
    made = replace(made, bare=False)
    ideal.performance = Performance(made, stage(made), ideal, refuses=False)
    return ideal.performance.difference()


@pytest.mark.parametrize("family", ["all", *FAMILIES])
@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(n, marks=pytest.mark.slow) for n in range(4, 12))]
)
def test_what_each_run_must_come_to_is_what_all_at_once_come_to(
    family: str, seed: int, tmp_path: Path
) -> None:
    made = play(PlainDice(seed), family)
    found = ideally(made, tmp_path)
    assert found is None, f"{found.sort}\n{found.words}\n{made}"
