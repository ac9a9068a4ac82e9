"""How fast the reader is, beside `csv.DictReader` into plain dicts."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable

from aarhus_los.drop.names import parse_name
from aarhus_los.drop.reader import read_file
from tests.benchmarks.drops import Municipality

ROUNDS = 3


def slowest_ratio(factor: float) -> float:
    """The reader's CPU time against that of DictReader, for the large file that fares worst."""
    return max(
        _ratio(name, data)
        for name, data in Municipality(factor).first().items()
        if name.startswith(("Org_", "Pers_"))
    )


def _ratio(name: str, data: bytes) -> float:
    parsed = parse_name(name)
    assert parsed is not None
    ours = _fastest(lambda: read_file(parsed, data))
    plain = _fastest(lambda: list(csv.DictReader(io.StringIO(data.decode(), newline=""), delimiter=";")))
    return ours / plain


def _fastest(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)
