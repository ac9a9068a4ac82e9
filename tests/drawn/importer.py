"""The importer, in this process, with a drop, a state and reports in a folder of their own; it can be ended at any point."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from pydantic import SecretStr

from aarhus_los import clock
from aarhus_los.brakes import BrakeKind
from aarhus_los.drop.rejects import RowRef
from aarhus_los.errors import LosError
from aarhus_los.ledger import load_state
from aarhus_los.progress import pending_rows
from aarhus_los.report.account import Account
from aarhus_los.run import Options, import_drop
from aarhus_los.sandbox.mo_store import Snapshot
from aarhus_los.settings import Settings
from tests.drawn.claims import Ref
from tests.drawn.stand_in import COPENHAGEN, DAR_HOST, LONG_AGO, MO_HOST, StandIn
from tests.drawn.world import File

FAST: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A flush to a real disk takes a hundred times longer than the rest of a short run."""
FIRST_UPLOAD: Final = 1_767_225_600
"""When the first file was uploaded, in seconds since 1970; each later one, a second after the last."""


class Stopped(KeyboardInterrupt):
    """As Ctrl-C: the run may still tidy up."""


class Killed(BaseException):
    """As by the kernel: nothing that happens after it is seen."""


@dataclass(frozen=True)
class End:
    """Ends a run at the so many-th event from its first write on: a request, or a file put in its place, before or after."""

    at: int
    brutal: bool = False

    def __str__(self) -> str:
        return f"{'killed' if self.brutal else 'stopped'} at event {self.at}"


class Broken(StrEnum):
    """What is uploaded instead of a file, under its name."""

    EMPTY = "empty"
    HEADER = "half a header"
    BYTES = "undecodable"
    UTF_16 = "in UTF-16"

    def bytes_of(self, file: File) -> bytes:
        text = file.text()
        match self:
            case Broken.EMPTY:
                return b""
            case Broken.HEADER:
                return text[: text.index("\r\n") // 2].encode()
            case Broken.BYTES:
                return text.encode() + b"\x81"
            case Broken.UTF_16:
                return text.encode("utf-16")


@dataclass(frozen=True)
class Ran:
    """What a run came to: its exit code, None where it was ended; how many objects it asked MO to write, and how often for
    a bookmark; what it said. Without an account, it was ended, or nothing could be done.
    """

    exit_code: int | None
    writes: int
    told: str = ""
    ended_at: str = ""
    bookmarks: int = 0
    account: Account | None = None


class Importer:
    """One drop, one MO, one importer with a state of its own, all below `folder`."""

    def __init__(self, folder: Path, stand_in: StandIn, **settings: Any) -> None:
        self.stand_in = stand_in
        self.drop, self.home = folder / "drop", folder / "home"
        self.drop.mkdir()
        self.home.mkdir(mode=0o700)
        self.settings = settings
        self._uploads = 0
        self._events = 0
        self._end: End | None = None
        self._ended_at = ""
        self._saved = folder / "saved"

    def put(self, file: File, at: datetime | None = None, broken: Broken | None = None) -> None:
        """Uploads a file, later than all before it or at a time; or what is broken, under its name."""
        path = self.drop / file.name
        path.write_bytes(broken.bytes_of(file) if broken else file.text().encode())
        self._uploads += 1
        time = at.timestamp() if at else FIRST_UPLOAD + self._uploads
        os.utime(path, (time, time))

    def remove(self, name: str) -> None:
        """Takes a file off the server."""
        (self.drop / name).unlink(missing_ok=True)

    def forget_addresses(self) -> None:
        """What the address service said is asked anew."""
        for path in self.home.glob("*addresses*"):
            path.unlink()

    def lose_state(self) -> None:
        """The state file is deleted."""
        self.state.unlink(missing_ok=True)

    @property
    def state(self) -> Path:
        return self.home / "state"

    def pending(self) -> frozenset[Ref]:
        """The rows that wait, as the state has them."""
        return frozenset((ref.file, ref.line) for ref in pending_rows(load_state(self.state).lines))

    def run(
        self,
        since: date | None = None,
        end: End | None = None,
        accepted: Collection[Ref] | None = (),
        allow: Mapping[BrakeKind, int] = {},
    ) -> Ran:
        """An import, to its end or to where it is ended. What nobody foresaw is told, with exit code 70.

        `accepted` are the rows that it gives up; None: all. `allow`: what its brakes let pass.
        """
        mo = self.stand_in
        ours: dict[str, Any] = {
            "state_file": self.state,
            "report_folder": self.home / "reports",
            "import_csv_folder": self.drop,
            "mora_base": f"http://{MO_HOST}",
            "client_id": mo.mo.client_id,
            "client_secret": SecretStr(mo.mo.client_secret),
            "auth_server": f"http://{MO_HOST}/auth",
            "dar_url": f"http://{DAR_HOST}",
            "dar_token": SecretStr("sandbox-token"),
            "concurrency": 1,
            "retry_seconds": 0,
        }
        self._end, self._events, self._ended_at = end, 0, ""
        account: Account | None = None
        before = mo.writes
        bookmarks = mo.bookmarks
        settings = Settings(**{**ours, **self.settings})
        rows = frozenset(RowRef(*each) for each in accepted or ())
        options = Options(since=since, accept_rejects=accepted is None, accepted_rows=rows, allow=allow)
        with mo.reachable(), self._watched():
            try:
                account = import_drop(settings, options, lambda phase, done, of: None)
                code, told = account.exit_code, _told(account)
            except LosError as error:
                code, told = error.exit_code, str(error)
            except (Stopped, Killed):
                code, told = None, ""
            except Exception as error:
                code, told = 70, f"{type(error).__name__}: {error}"
        if self._saved.exists():
            shutil.rmtree(self.home)
            self._saved.rename(self.home)
            code = None
        return Ran(
            None if self._ended_at else code,
            mo.writes - before,
            told,
            self._ended_at,
            mo.bookmarks - bookmarks,
            account,
        )

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """It is what time it is in MO. Events are counted: requests to MO, and files that are put in their place."""
        replace = os.replace

        def watched(*args: Any, **kwargs: Any) -> None:
            self._event("before a file is replaced")
            replace(*args, **kwargs)
            self._event("after a file is replaced")

        self.stand_in.event = self._event
        try:
            with patch.object(os, "replace", watched), patch.object(clock, "now", self._now):
                yield
        finally:
            self.stand_in.event = lambda what: None

    def _now(self) -> datetime:
        return self.stand_in.at.astimezone(COPENHAGEN)

    def _event(self, what: str) -> None:
        if self._ended_at and self._end is not None and self._end.brutal:
            raise Killed
        if self._events == 0 and not what.startswith(("before write", "before bookmark")):
            return
        self._events += 1
        if self._end is None or self._events != self._end.at:
            return
        self._ended_at = what
        if not self._end.brutal:
            raise Stopped
        shutil.copytree(self.home, self._saved)
        raise Killed


def _told(account: Account) -> str:
    parts = [
        *(f"stopped: {account.stopped}" for _ in range(1) if account.stopped),
        *(f"refused: {each}" for each in account.refused),
        *(f"differs: {each}" for each in account.differences),
        *(f"set aside: {each}" for each in account.set_aside),
        *(f"brake: {each}" for each in account.brakes),
        *(f"notice: {each}" for each in account.notices),
    ]
    return "\n".join(str(part) for part in parts)


@contextmanager
def importer(stand_in: StandIn, **settings: Any) -> Iterator[Importer]:
    """An importer that has not run yet, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        yield Importer(Path(folder), stand_in, **settings)


def seeded() -> Snapshot:
    """An MO in which an import has made its facets, classes and IT system, long ago, and that holds nothing else."""
    stand_in = StandIn()
    stand_in.at = LONG_AGO
    with importer(stand_in) as there:
        there.put(File.of("Org_inital_19000101_000000.csv", [], _SMALLEST))
        ran = there.run()
        assert ran.exit_code == 0, ran
    return stand_in.store.snapshot()


_SMALLEST: Final = (
    "OrgUUID",
    "BrugervendtNøgle",
    "OrgEnhedsNavn",
    "OrgEnhedsTypeUUID",
    "ParentUUID",
    "StartDato",
    "SlutDato",
)
