"""An importer, a stand-in MO and an address service over real sockets, for tests that read as stories."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Final
from unittest.mock import patch

import pytest

from aarhus_los.http import Http
from aarhus_los.mo.bookmark import CLASS, FACET
from aarhus_los.sandbox.mo_store import Snapshot
from aarhus_los.sandbox.stage import Stage, importer_environment
from tests import forked, here

HASTY: Final = """
from aarhus_los import cli, http
http.Http.__init__.__kwdefaults__["sleep"] = lambda seconds: None
cli.main()
"""
"""An importer that counts its waits before it asks again, and waits for none."""


@contextmanager
def no_waits() -> Iterator[None]:
    """Lets an importer in this process count its waits before it asks again, and wait for none."""
    with patch.dict(Http.__init__.__kwdefaults__, sleep=lambda seconds: None):
        yield


def without_bookmark(state: dict[str, dict[str, list[dict[str, Any]]]]) -> dict[str, dict[str, Any]]:
    """What MO holds, but for the class whose title is another after every run, and its facet."""
    ours = {"class": CLASS, "facet": FACET}
    return {
        kind: {uuid: each for uuid, each in objects.items() if uuid != ours.get(kind)}
        for kind, objects in state.items()
    }


class Sandbox:
    """One drop, one MO, one address service, one importer with a state of its own.

    `mo`, `dar` and `store` are the stand-ins themselves, for tests that break them.
    """

    all_apart: ClassVar[bool] = False
    """Whether each run is a process of its own, as `--apart` asks for."""

    def __init__(self, stage: Stage, drop: Path) -> None:
        self.stage = stage
        self.mo = stage.mo
        self.dar = stage.dar
        self.store = stage.store
        self.drop = drop
        self.settings_path = stage.settings_path
        self.state_file = stage.state_file
        self.reports = stage.reports
        self._counted = 0
        self.configure()

    def configure(self, **settings: object) -> None:
        """Sets further settings of the importer, by their names without the prefix."""
        self.stage.write_settings({"import_csv_folder": str(self.drop), **settings})

    def put(self, name: str, text: str | bytes) -> Path:
        """Writes a file into the drop; text as UTF-8, its line ends as they are."""
        path = self.drop / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def remove(self, name: str) -> None:
        """Takes a file out of the drop."""
        (self.drop / name).unlink()

    def start(
        self, *args: str, environ: dict[str, str] | None = None, program: str | None = None
    ) -> subprocess.Popen[str]:
        """Starts `los-import ARGS --settings …`, or a program that runs it, and does not wait for it."""
        return forked.Popen(
            self.command(args, program),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=importer_environment() | (environ or {}),
            cwd=self.stage.home,
        )

    def run(
        self, *args: str, environ: dict[str, str] | None = None, hasty: bool = False, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Runs `los-import ARGS --settings …` to its end. `hasty`: it waits for nothing before it asks again."""
        if self.all_apart:
            return self.run_apart(*args, environ=environ, program=HASTY if hasty else None, timeout=timeout)
        with no_waits() if hasty else nullcontext():
            return here.run(
                [*args, "--settings", self.settings_path],
                env=importer_environment() | (environ or {}),
                cwd=self.stage.home,
                timeout=timeout,
            )

    def run_apart(
        self,
        *args: str,
        environ: dict[str, str] | None = None,
        program: str | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """The same in a process of its own, or another program that runs it."""
        process = self.start(*args, environ=environ, program=program)
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            pytest.fail(f"los-import {' '.join(args)} ran for more than {timeout} s\n{stdout}{stderr}")
        return subprocess.CompletedProcess(self.command(args), process.returncode, stdout, stderr)

    def state(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """All that MO holds, but for the bookmark: kind → uuid → validities."""
        return without_bookmark(self.store.state())

    def requests(self) -> list[dict[str, Any]]:
        """All requests that MO got so far."""
        return [asdict(request) for request in self.mo.requests]

    def writes(self) -> int:
        """How many objects MO was sent, and took, to be created, edited or ended since last asked."""
        requests = self.requests()
        fresh, self._counted = requests[self._counted :], len(requests)
        return sum(request["objects"] for request in fresh if request["status"] < 300)

    def claimed(self) -> dict[str, str]:
        """The versions of files that the importer's state claims to be in MO: file name → sha256."""
        if not self.state_file.exists():
            return {}
        lines = self.state_file.read_text(encoding="utf-8").splitlines()[1:]
        found = [json.loads(line) for line in lines]
        return {line["name"]: line["sha256"] for line in found if "name" in line and "sha256" in line}

    def command(self, args: tuple[str, ...], program: str | None = None) -> list[str]:
        how = ["-m", "aarhus_los"] if program is None else ["-c", program]
        return [sys.executable, *how, *args, "--settings", str(self.settings_path)]


@dataclass(frozen=True)
class Imported:
    """An MO, and the state of an importer, after a first import."""

    mo: Snapshot
    state: bytes

    def put(self, sandbox: Sandbox) -> None:
        """As if that import had been made there."""
        sandbox.store.restore(self.mo)
        sandbox.state_file.write_bytes(self.state)
        sandbox.state_file.chmod(0o600)


def imported_once(folder: Path, put: Callable[[Sandbox], None]) -> Imported:
    """What the import of a drop leaves, which goes well; of everything else, nothing is left."""
    drop, home = folder / "drop", folder / "home"
    for each in (drop, home):
        each.mkdir(mode=0o700)
    with Stage(home) as stage:
        sandbox = Sandbox(stage, drop)
        put(sandbox)
        done = sandbox.run()
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return Imported(sandbox.store.snapshot(), sandbox.state_file.read_bytes())


def table_line(told: str, file: str) -> list[str]:
    """A file's line in the account: rows, unchanged, applied (or held back), superseded, set aside, pending.

    What happened to no row has no column: "0".
    """
    names = ["rows", "unchanged", "applied", "superseded", "set aside", "pending"]
    head = next(line for line in told.splitlines() if line.startswith("File "))
    shown = [name.replace("held back", "applied") for name in re.split(r"\s\s+", head.strip())[1:]]
    assert set(shown) <= set(names)
    line = next(line for line in told.splitlines() if line.startswith(f"{file} "))
    cells = dict(zip(shown, line.split()[1:], strict=True))
    return [cells.get(name, "0") for name in names]
