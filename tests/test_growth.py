"""A run's CPU grows no faster than what it reads: the benchmark of growth, at sizes that a test can wait for."""

from __future__ import annotations

import multiprocessing

import pytest

from tests.benchmarks.growth import CASES, Case, exponent, measure

LIMIT = 1.35
"""Above the benchmark's own, since a small run is drowned by whatever else the machine does. Quadratic is 2."""


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_time_grows_as_the_drop_does(case: Case) -> None:
    sizes = [size // 2 for size in case.sizes]
    spent = []
    for size in sizes:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            spent.append(pool.apply(measure, (case.name, size)).cpu)
    assert exponent(sizes, spent) <= LIMIT, spent


def test_the_exponent_of_what_is_linear_and_quadratic() -> None:
    assert exponent((1, 2, 4), (3.0, 6.0, 12.0)) == pytest.approx(1)
    assert exponent((1, 2, 4), (3.0, 12.0, 48.0)) == pytest.approx(2)
