"""An importer in this process, against stand-ins over real sockets: many short runs, for tests that draw what happens."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from aarhus_los.errors import LosError
from aarhus_los.ledger import Line, load_state
from aarhus_los.report.account import Account
from aarhus_los.run import Options, import_drop
from aarhus_los.sandbox.stage import DAR_TOKEN, MUNICIPALITY_CODE, Stage
from aarhus_los.settings import Settings
from tests.e2e.drops import State
from tests.e2e.harness import without_bookmark

FAST: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A flush to a real disk takes a hundred times longer than the rest of a short run."""
LONG_AGO: Final = 1_767_225_600
"""When the first file of a drop was uploaded, in seconds since 1970; each later one, a second after the last."""


@dataclass(frozen=True)
class Ran:
    """What a run came to. Without an account, it was ended by what `error` says."""

    exit_code: int
    account: Account | None = None
    error: str = ""


@dataclass
class OneProcess:
    """One drop, one MO, one address service, one importer with a state of its own."""

    stage: Stage
    drop: Path
    settings: dict[str, Any] = field(default_factory=dict)
    uploads: int = 0

    def put(self, name: str, text: str) -> None:
        """Uploads a file, later than all before it."""
        path = self.drop / name
        path.write_text(text, encoding="utf-8", newline="")
        self.uploads += 1
        os.utime(path, (LONG_AGO + self.uploads, LONG_AGO + self.uploads))

    def run(self, options: Options | None = None) -> Ran:
        """An import, to its end. What nobody foresaw goes through."""
        stage = self.stage
        ours: dict[str, Any] = {
            "state_file": stage.state_file,
            "report_folder": stage.reports,
            "import_csv_folder": self.drop,
            "mora_base": stage.mo.url,
            "municipality_code": MUNICIPALITY_CODE,
            "client_id": stage.mo.client_id,
            "client_secret": SecretStr(stage.mo.client_secret),
            "auth_server": stage.mo.auth_url,
            "dar_url": stage.dar.url,
            "dar_token": SecretStr(DAR_TOKEN),
            "concurrency": 1,
        }
        settings = Settings(**{**ours, **self.settings})
        try:
            account = import_drop(settings, options or Options(), lambda phase, done, of: None)
        except LosError as error:
            return Ran(error.exit_code, error=str(error))
        return Ran(account.exit_code, account, account.stopped or "")

    def state(self) -> State:
        """All that MO holds, but for the bookmark."""
        return without_bookmark(self.stage.store.state())

    def lines(self) -> Mapping[str, Line]:
        """What the importer's state says of each file."""
        return load_state(self.stage.state_file).lines

    def claimed(self) -> dict[str, str]:
        """The versions of files that the state claims to be in MO: file name → sha256."""
        return {name: line.sha256 for name, line in self.lines().items() if line.sha256 is not None}

    def written(self, since: int = 0) -> int:
        """How many objects MO was asked to write, by all its requests after the first so many."""
        return sum(request.objects for request in self.stage.mo.requests[since:])

    def records(self) -> list[dict[str, Any]]:
        """What the runs left of what they wrote, the oldest first."""
        paths = sorted(self.stage.reports.glob("run_*.json"))
        return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


@contextmanager
def one_process(**settings: Any) -> Iterator[OneProcess]:
    """Everything that it takes, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        drop, home = Path(folder, "drop"), Path(folder, "home")
        drop.mkdir()
        home.mkdir(mode=0o700)
        with Stage(home) as stage:
            yield OneProcess(stage, drop, settings)
