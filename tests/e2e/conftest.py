"""The fixture of the e2e tests: one drop, one MO, one importer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aarhus_los.sandbox.stage import Stage
from tests.e2e.harness import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    drop = tmp_path / "drop"
    home = tmp_path / "home"
    for folder in (drop, home):
        folder.mkdir(mode=0o700)
    with Stage(home) as stage:
        yield Sandbox(stage, drop)
