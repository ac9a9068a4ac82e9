"""The small drops under tests/data/cases/folding: the files that arrive for each run."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from tests.drawn.world import File

FOLDER: Final = Path(__file__).parent.parent / "data" / "cases" / "folding"


def read_file(path: Path) -> File:
    """A file of a case: plain UTF-8 without any of the dialect's oddities."""
    with path.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines, delimiter=";")
    return File(path.name, tuple(header), tuple(map(tuple, rows)))


def runs_of(case: str) -> list[list[File]]:
    """The files that are new in each run of a case."""
    return [
        [read_file(path) for path in sorted(run.glob("*.csv"))]
        for run in sorted((FOLDER / case).glob("run*"))
    ]


def files_of(case: str) -> list[File]:
    """All files of a case as they are in the end: a class list of a later run replaces the former one."""
    return list({file.name: file for run in runs_of(case) for file in run}.values())
