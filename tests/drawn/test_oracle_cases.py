"""The oracle against the cases that are worked out by hand: all files of a case at once, on an empty MO."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.drawn.cases import FOLDER, files_of
from tests.drawn.expected import CASES, TODAY
from tests.drawn.oracle import Outcome, fold
from tests.drawn.world import empty_mo, on


@pytest.mark.parametrize("case", sorted(CASES))
def test_the_oracle_says_what_was_worked_out_by_hand(case: str) -> None:
    expected = CASES[case]
    outcome = fold(empty_mo(), files_of(case), TODAY)

    assert {said: _says(outcome, *said) for said in expected.days} == expected.days
    assert {ref: fate for ref, (fate, _) in outcome.set_aside.items()} == expected.set_aside
    assert expected.exit in outcome.exits


def test_every_case_is_worked_out() -> None:
    assert sorted(CASES) == sorted(folder.name for folder in FOLDER.iterdir())


def _says(outcome: Outcome, kind: str, uuid: str, field: str | None, day: str) -> Any:
    value = on(outcome.mo[kind].get(uuid, ()), date.fromisoformat(day))
    return value if value is None or field is None else getattr(value, field)
