"""The small drops that went wrong once, over real runs: run by run, all at once, and with runs that are killed."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from tests.drawn.cases import files_of, runs_of
from tests.drawn.expected import CASES
from tests.drawn.importer import End
from tests.drawn.perform import performed
from tests.drawn.plays import Play, Run, Step, Upload
from tests.drawn.world import File, Mo, empty_mo, on


def played(runs: list[list[File]], end: End | None = None) -> Mo:
    """What MO says after the runs, each of which is held against the oracle and repeated, with --since any day at last."""
    steps: list[Step] = []
    for new in runs:
        steps += [Upload(file) for file in new]
        steps += [Run(end=end)] if end else []
        steps.append(Run(repeat=True))
    files = [file for new in runs for file in new]
    exact = len({file.name for file in files}) == len(files)
    days = sorted({file.date for file in files if file.family != "STAM"})
    steps += [Run(since=day) for day in days]
    found, mo = performed(Play("case", "all", empty_mo(), tuple(steps), exact=exact))
    assert found is None, f"{found.sort}\n{found.words}"
    return mo


def says(mo: Mo, kind: str, uuid: str, field: str | None, day: str) -> Any:
    value = on(mo[kind].get(uuid, ()), date.fromisoformat(day))
    return value if value is None or field is None else getattr(value, field)


def cases(*, at_once: bool) -> list[Any]:
    """Each case goes one of both ways in every run of the tests, one of three all at once; the other way is slow."""
    return [
        pytest.param(case, marks=() if (number % 3 == 0) == at_once else pytest.mark.slow)
        for number, case in enumerate(sorted(CASES))
    ]


@pytest.mark.parametrize("case", cases(at_once=False))
def test_run_by_run(case: str) -> None:
    mo = played(runs_of(case))
    expected = CASES[case].days
    assert {said: says(mo, *said) for said in expected} == expected


@pytest.mark.parametrize("case", cases(at_once=True))
def test_all_at_once(case: str) -> None:
    mo = played([files_of(case)])
    expected = CASES[case].days
    assert {said: says(mo, *said) for said in expected} == expected


KILLED_AT: Final = (1, 2, 4, 7, 11)
"""Each case is killed at all of these; in every run of the tests, one case at each."""


@pytest.mark.parametrize(
    ("case", "at"),
    [
        pytest.param(case, at, marks=() if number == 3 * place else pytest.mark.slow)
        for number, case in enumerate(sorted(CASES))
        for place, at in enumerate(KILLED_AT)
    ],
)
def test_killed_in_between(case: str, at: int) -> None:
    mo = played(runs_of(case), End(at, brutal=True))
    expected = CASES[case].days
    assert {said: says(mo, *said) for said in expected} == expected
