"""A run's CPU grows no faster than what it reads: the benchmark of growth, at sizes that a test can wait for."""

from __future__ import annotations

import pytest

from tests.benchmarks.growth import CASES, Case, exponent, measure

LIMIT = 1.35
"""Above the benchmark's own, since a small run is drowned by whatever else the machine does. Quadratic is 2."""
TRIES = 5
"""What else the machine does only adds to a run's CPU: of several tries the least counts."""


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_time_grows_as_the_drop_does(case: Case) -> None:
    sizes = [size // 2 for size in case.sizes]
    tries: list[list[float]] = []
    least: list[float] = []
    while not least or (exponent(sizes, least) > LIMIT and len(tries) < TRIES):
        tries.append([measure(case, size).cpu for size in sizes])
        least = [min(each) for each in zip(*tries, strict=True)]
    assert exponent(sizes, least) <= LIMIT, tries


def test_the_exponent_of_what_is_linear_and_quadratic() -> None:
    assert exponent((1, 2, 4), (3.0, 6.0, 12.0)) == pytest.approx(1)
    assert exponent((1, 2, 4), (3.0, 12.0, 48.0)) == pytest.approx(2)
