"""The fixtures of the e2e tests: one drop, one MO, one importer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aarhus_los.sandbox.stage import Stage
from tests.e2e.drops import DELTA, State, put_files, put_first_files
from tests.e2e.harness import Imported, Sandbox, imported_once


@pytest.fixture(scope="session", autouse=True)
def apart(request: pytest.FixtureRequest) -> None:
    Sandbox.all_apart = request.config.getoption("--apart")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    drop = tmp_path / "drop"
    home = tmp_path / "home"
    for folder in (drop, home):
        folder.mkdir(mode=0o700)
    with Stage(home) as stage:
        yield Sandbox(stage, drop)


@pytest.fixture(scope="session")
def first_import(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    return imported_once(tmp_path_factory.mktemp("first"), put_first_files)


@pytest.fixture
def imported(sandbox: Sandbox, first_import: Imported) -> Sandbox:
    """A sandbox after the first import of the small drop."""
    put_first_files(sandbox)
    first_import.put(sandbox)
    return sandbox


@pytest.fixture(scope="session")
def undisturbed(first_import: Imported, tmp_path_factory: pytest.TempPathFactory) -> State:
    """MO after the delta, with no fault and nothing in between."""
    with Stage(tmp_path_factory.mktemp("home")) as stage:
        sandbox = Sandbox(stage, tmp_path_factory.mktemp("drop"))
        sandbox.store.restore(first_import.mo)
        put_first_files(sandbox)
        put_files(sandbox, DELTA)
        done = sandbox.run()
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return sandbox.state()
