from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.addresses.stand_in import StandIn


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server
