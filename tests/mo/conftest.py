from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mo.stand_in import StandIn

DATA = Path(__file__).parents[1] / "data" / "mo"


@pytest.fixture
def mo() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture
def recording() -> Callable[[str], dict[str, Any]]:
    """An exchange with a real MO, by its name."""

    def load(name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(
            (DATA / "recordings" / f"{name}.json").read_text(encoding="utf-8")
        )
        return loaded

    return load
