"""The fixtures of the e2e tests: one drop, one MO, one importer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aarhus_los.sandbox.mo_store import Snapshot
from aarhus_los.sandbox.stage import Stage
from tests.e2e.drops import DELTA, State, put_files, put_first_files
from tests.e2e.harness import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    drop = tmp_path / "drop"
    home = tmp_path / "home"
    for folder in (drop, home):
        folder.mkdir(mode=0o700)
    with Stage(home) as stage:
        yield Sandbox(stage, drop)


@dataclass(frozen=True)
class Imported:
    """An MO, and the state of an importer, after the first import of the small drop."""

    mo: Snapshot
    state: bytes


@pytest.fixture(scope="session")
def first_import(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    home = tmp_path_factory.mktemp("home")
    with Stage(home) as stage:
        sandbox = Sandbox(stage, tmp_path_factory.mktemp("drop"))
        put_first_files(sandbox)
        done = sandbox.run()
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return Imported(sandbox.store.snapshot(), sandbox.state_file.read_bytes())


@pytest.fixture
def imported(sandbox: Sandbox, first_import: Imported) -> Sandbox:
    """A sandbox after the first import of the small drop."""
    put_first_files(sandbox)
    sandbox.store.restore(first_import.mo)
    sandbox.state_file.write_bytes(first_import.state)
    sandbox.state_file.chmod(0o600)
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
