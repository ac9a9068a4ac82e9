"""`los-import` as a process with a drop and a state of its own, against a modelled MO: ours, and another one in turn."""

from __future__ import annotations

import compileall
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from tests.benchmarks.modelled_mo import Model

CHECKOUT = Path(__file__).parents[2]
T = TypeVar("T")


@dataclass(frozen=True)
class Ran:
    """A process that ran. Seconds and MB; `tally` is what MO saw of it, `errors` what it printed to stderr."""

    wall: float
    cpu: float
    peak: float
    tally: Mapping[str, Any]
    errors: str

    @property
    def requests(self) -> int:
        return sum(self.tally["requests"].values())


def run_process(checkout: Path, arguments: Sequence[str], *, python: Sequence[str] = ()) -> Ran:
    """Runs `los-import` of a checkout: our interpreter and its packages, but the modules of that folder."""
    environ = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with tempfile.TemporaryFile("w+") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *python, "-m", "aarhus_los", *arguments],
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            env=environ,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        output.seek(0)
        errors = output.read()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"los-import of {checkout} ended with {process.returncode}:\n{errors[-4000:]}")
    return Ran(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, {}, errors)


class Bench:
    """An importer with a drop and a state of its own, and a modelled MO as a process."""

    def __init__(self, checkout: Path = CHECKOUT) -> None:
        self.checkout = checkout
        # Else a checkout that never ran would compile its modules in each run, where Python is told to leave none.
        compileall.compile_dir(checkout / "aarhus_los", quiet=1)
        self.home = Path(tempfile.mkdtemp(prefix="los-bench-"))
        self.drop = self.home / "drop"
        self.drop.mkdir()

    def __enter__(self) -> Bench:
        self._mo = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.modelled_mo"],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._mo.stdout is not None
        self.port = int(self._mo.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._mo.kill()
        self._mo.communicate()
        shutil.rmtree(self.home)

    def tell(self, what: str, value: object = None) -> Any:
        """Asks the modelled MO something about itself."""
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", f"/modelled/{what}", json.dumps(value))
        told = json.loads(connection.getresponse().read())
        connection.close()
        return told

    def forget(self, *, addresses: bool) -> None:
        """The importer's state: the next run reads everything again. `addresses`: what it looked up, too."""
        for path in self.home.glob("state*" if addresses else "state"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def deliver(self, folder: Path) -> None:
        """Puts the files of a folder into the drop."""
        shutil.copytree(folder, self.drop, dirs_exist_ok=True)

    def run(self, model: Model, *, python: Sequence[str] = (), **settings: object) -> Ran:
        """Runs `los-import` against MO with this model."""
        self.tell("model", asdict(model))
        url = f"http://127.0.0.1:{self.port}"
        ours = {
            "state_file": str(self.home / "state"),
            "report_folder": str(self.home / "reports"),
            "import_csv_folder": str(self.drop),
            "dar_url": f"{url}/dar",
            **settings,
        }
        named = {f"integrations.aarhus_los.{key}": value for key, value in ours.items()}
        path = self.home / "settings.json"
        path.write_text(json.dumps({"mora.base": url, "municipality.code": 751, **named}), encoding="utf-8")
        ran = run_process(self.checkout, ["import", "-q", "--settings", str(path)], python=python)
        return Ran(ran.wall, ran.cpu, ran.peak, self.tell("tally"), ran.errors)


@dataclass(frozen=True)
class Measured:
    """Runs of ours, and of another checkout in turn with them, if there is one."""

    ours: list[Ran]
    theirs: list[Ran]

    @property
    def last(self) -> Ran:
        return self.ours[-1]

    @property
    def cpu(self) -> float:
        return median(ran.cpu for ran in self.ours)

    @property
    def cpu_ratio(self) -> float | None:
        """Our CPU ÷ theirs, the median of all turns."""
        if not self.theirs:
            return None
        return median(ours.cpu / theirs.cpu for ours, theirs in zip(self.ours, self.theirs, strict=True))


@dataclass(frozen=True)
class Sides:
    """Ours, and another checkout if one is given: what is measured of both, they do in turn."""

    ours: Bench
    theirs: Bench | None

    def each(self, work: Callable[[Bench], object]) -> None:
        for bench in filter(None, (self.ours, self.theirs)):
            work(bench)

    def run(self, work: Callable[[Bench], Ran], times: int = 1) -> Measured:
        ours: list[Ran] = []
        theirs: list[Ran] = []
        for _ in range(times):
            ours.append(work(self.ours))
            if self.theirs is not None:
                theirs.append(work(self.theirs))
        return Measured(ours, theirs)


def import_times(errors: str) -> tuple[float, Counter[str]]:
    """What `-X importtime` printed: milliseconds in all, and of each top-level package for itself."""
    by_package: Counter[str] = Counter()
    for line in errors.splitlines():
        if (
            line.startswith("import time:")
            and (parts := line[len("import time:") :].split("|"))[0].strip().isdigit()
        ):
            by_package[parts[2].strip().partition(".")[0]] += int(parts[0])
    return by_package.total() / 1000, by_package


@dataclass
class Table:
    """What is printed: each number beside what it must not exceed."""

    within: bool = True

    def line(self, name: str, number: float | None, limit: float | None = None, unit: str = "") -> None:
        """Prints a number, unless there is none."""
        if number is None:
            return
        verdict = ""
        if limit is not None:
            within = number <= limit
            self.within &= within
            verdict = f"at most {limit:.3g} {'' if within else '  MISSED'}"
        print(f"{name:<66} {number:>10.3g} {unit:<5} {verdict}".rstrip(), flush=True)


def apart(work: Callable[..., T], *args: object) -> T:
    """In a process of its own: what it takes shows neither in the harness nor, by way of it, in the importer's peak."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, args)
