"""Measures `los-import` as a process, against an MO with a modelled cost, as ratios within one run.

    python -m tests.benchmarks.harness [--factor N] [--quick] [--only floor,plain,apis,own,delta,reader]

CPU and memory are those of the importer's process, from wait4. The wall time of everything here is stretched by what else
the machine does; the CPU hardly is.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar

from tests.benchmarks.drops import FIRST, Municipality, put
from tests.benchmarks.modelled_mo import Model
from tests.benchmarks.plain_way import send_everything
from tests.benchmarks.reader_speed import slowest_ratio

SECTIONS = ("reader", "floor", "plain", "apis", "own", "delta")
CHUNK, PAGE, VERIFIED = 50, 500, 5_000
HISTORY_FILES = 4
T = TypeVar("T")


@dataclass(frozen=True)
class Ran:
    """One run of the importer. Seconds and MB; `tally` is what MO saw of it."""

    wall: float
    cpu: float
    peak: float
    tally: Mapping[str, Any]

    @property
    def requests(self) -> int:
        return sum(self.tally["requests"].values())


class Bench:
    """An importer with a drop and a state of its own, and a modelled MO as a process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.drop = home / "drop"
        self.drop.mkdir()

    def __enter__(self) -> Bench:
        self._mo = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.modelled_mo"], stdout=subprocess.PIPE, text=True
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

    def run(self, model: Model, **settings: object) -> Ran:
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
        environ = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        log = self.home / "log"
        with log.open("w") as output:
            started = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, "-m", "aarhus_los", "import", "-q", "--settings", str(path)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environ,
            )
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"los-import ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        return Ran(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, self.tell("tally"))


@dataclass
class Table:
    """What is printed: each number beside what it must not exceed."""

    within: bool = True

    def line(self, name: str, number: float, limit: float | None = None, unit: str = "") -> None:
        verdict = ""
        if limit is not None:
            within = number <= limit
            self.within &= within
            verdict = f"at most {limit:g} {'' if within else '  MISSED'}"
        print(f"{name:<62} {number:>10.3g} {unit:<5} {verdict}".rstrip(), flush=True)


def apart(work: Callable[..., T], *args: object) -> T:
    """In a process of its own: what it takes shows neither in the harness nor, by way of it, in the importer's peak."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, args)


def make_first(folder: Path, factor: float) -> None:
    put(Municipality(factor).first(), folder)


def make_daily(folder: Path, factor: float, days: range, rows: int) -> None:
    """A folder a day, named by its number."""
    municipality = Municipality(factor)
    for day in days:
        put(municipality.delta(rows, FIRST + timedelta(days=day)), folder / f"{rows}" / f"{day}")


def necessary(model: Model, objects: int, validities: int) -> float:
    """What a first import cannot do without, in seconds of one worker: a write for each validity, one look whether each
    object is there, and the reading back of as many as `verify_limit` says, all in full lists."""
    verified = min(objects, VERIFIED)
    requests = validities / CHUNK + objects / PAGE + verified / PAGE
    return model.cost(requests, validities, verified)


def floor(table: Table, bench: Bench, factor: float) -> None:
    """Wall time against what MO must take, with MO's true cost: in a scaled one our own CPU would weigh too much.

    More workers get a larger drop, so that all take as long. Two connections a worker, or one would wait between two lists.
    """
    for workers in (1, 2, 4):
        model = Model(workers)
        shutil.rmtree(bench.drop)
        apart(make_first, bench.drop, factor * workers / 2)
        bench.tell("empty")
        bench.forget(addresses=True)
        first = bench.run(model, concurrency=2 * workers)
        validities = sum(bench.tell("validities").values())
        least = necessary(model, sum(bench.tell("objects").values()), validities) / workers
        table.line(f"floor, {workers} workers: wall / necessary MO time", first.wall / least, 1.10)
        table.line("    of these: MO's own time of what we sent", first.tally["busy"] / workers / least)
        table.line("    objects written / validities in MO", first.tally["written"] / validities)
        table.line("    CPU / wall", first.cpu / first.wall)
        table.line("    wall", first.wall, unit="s")
        bench.forget(addresses=False)
        again = bench.run(model, concurrency=2 * workers)
        table.line("    repeat, state lost: writes", again.tally["written"], 0)
        table.line("        wall against the first import", again.wall / first.wall, 1 / 8)
    again = bench.run(model, concurrency=2 * workers)
    table.line("repeat, state kept: requests", again.requests, 0)
    table.line("    wall against the first import", again.wall / first.wall, 1 / 8)


def plain(table: Table, bench: Bench, factor: float) -> None:
    """Against one POST an object, four connections, everything each time."""
    apart(make_first, bench.drop, factor)
    model = Model()
    first = bench.run(model)
    bench.forget(addresses=False)
    again = bench.run(model)
    for name, ours in (("first import", first), ("repeated drop", again)):
        if ours is first:
            bench.tell("empty")
        bench.tell("model", asdict(model))
        theirs = apart(send_everything, bench.drop, bench.port)
        table.line(f"the plain way, {name}: requests", theirs.requests)
        table.line("    our requests", ours.requests)
        table.line("    its wall against ours", theirs.wall / ours.wall)


def apis(table: Table, bench: Bench, factor: float) -> None:
    """A first import by GraphQL against one by REST, both without postal addresses."""
    apart(make_first, bench.drop, factor)
    ran, held = [], []
    for api in ("rest", "graphql"):
        bench.tell("empty")
        bench.forget(addresses=True)
        ran.append(bench.run(Model(), mo_api=api, dar_provider="none"))
        held.append(bench.tell("validities"))
    by_rest, by_graphql = ran
    table.line("first import by GraphQL: wall against by REST", by_graphql.wall / by_rest.wall, 1.2)
    table.line("    MO's own time against by REST", by_graphql.tally["busy"] / by_rest.tally["busy"])
    table.line("    requests", by_graphql.requests)
    table.line("        by REST", by_rest.requests)
    table.line("    wall", by_graphql.wall, unit="s")
    apart_by = sum(abs(held[0][kind] - held[1][kind]) for kind in held[0])
    table.line("    validities more or less than by REST", apart_by, 0)


def own(table: Table, bench: Bench, factor: float) -> None:
    """What the importer itself takes, with a fast MO: only CPU and memory count here."""
    apart(make_first, bench.drop, factor)
    model = Model().scaled(0.02)
    first = bench.run(model)
    sent = first.tally["written"]
    table.line(f"first import, {sent} objects written: CPU an object", first.cpu / sent * 1000, 0.25, "ms")
    table.line("    CPU", first.cpu, unit="s")
    table.line("    peak memory", first.peak, 400 if factor <= 1 else 400 * factor, "MB")
    bench.forget(addresses=False)
    again = bench.run(model)
    table.line("repeat, state lost: writes", again.tally["written"], 0)
    table.line("    CPU", again.cpu, unit="s")
    table.line("    peak memory", again.peak, 400 if factor <= 1 else 400 * factor, "MB")


def delta(table: Table, bench: Bench, factor: float) -> None:
    """A daily delta of 100 rows, before and after MO and the file history grow tenfold. Goes on from the first import."""
    days = 10 * HISTORY_FILES + 2
    with tempfile.TemporaryDirectory() as made:
        apart(make_daily, Path(made), factor, range(1, days), 10)
        apart(make_daily, Path(made), factor, range(1, days + 1), 100)
        apart(make_daily, Path(made), factor, range(days + 1, days + 2), 2000)
        fast = Model().scaled(0)
        if not (bench.home / "state").exists():
            apart(make_first, bench.drop, factor)
            bench.run(fast)
        slow = Model(request=0.02, written=0, read=0)
        before = _after_days(bench, Path(made), range(1, HISTORY_FILES + 1), fast, slow)
        bench.tell("enlarge", 10)
        after = _after_days(bench, Path(made), range(HISTORY_FILES + 2, days), fast, slow)
        large = _after_days(bench, Path(made), range(days + 1, days + 1), fast, slow, rows=2000)
    table.line("delta of 100 rows: requests", before.requests)
    grown = abs(after.requests - before.requests)
    table.line("    more or less with 10 times the MO and the file history", grown, 2)
    table.line("    wall at 20 ms a request", before.wall, 3, "s")
    table.line("    wall, all 10 times larger", after.wall, 3, "s")
    table.line("    CPU", before.cpu, 2, "s")
    table.line("    CPU, all 10 times larger", after.cpu, 2, "s")
    table.line("    peak memory", after.peak, unit="MB")
    table.line("delta of 2,000 rows, all 10 times larger: requests", large.requests)
    table.line("    wall at 20 ms a request", large.wall, unit="s")
    table.line("    CPU", large.cpu, unit="s")


def _after_days(bench: Bench, made: Path, days: range, fast: Model, model: Model, rows: int = 100) -> Ran:
    """A delta of so many rows on the day after some days of small ones."""
    for day in days:
        shutil.copytree(made / "10" / f"{day}", bench.drop, dirs_exist_ok=True)
    bench.run(fast)
    shutil.copytree(made / f"{rows}" / f"{days.stop}", bench.drop, dirs_exist_ok=True)
    return bench.run(model)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--factor", type=float, default=1, help="size of the drop for CPU, memory and delta")
    parser.add_argument("--quick", action="store_true", help="a tenth of the drop: less time, rougher ratios")
    parser.add_argument("--only", default=",".join(SECTIONS), help="some of: %(default)s")
    given = parser.parse_args()
    factor = given.factor * (0.1 if given.quick else 1)
    small, smallest = given.factor / (50 if given.quick else 10), given.factor / (200 if given.quick else 50)
    sections = given.only.split(",")
    model = Model()
    print(
        f"Modelled MO: {model.request * 1000:g} ms a request, {model.written * 1000:g} an object written,"
        f" {model.read * 1000:g} an object read; address service {model.lookup * 1000:g} ms a text.\n"
        f"Drop of Aarhus times {factor:g}; floor times {small / 2:g}, {small:g} and {small * 2:g},"
        f" and the plain way times {smallest:g}, at that cost;"
        f" CPU with MO 50 times as fast.\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n"
    )
    table = Table()
    with ExitStack() as stack:

        def bench() -> Bench:
            return stack.enter_context(Bench(Path(tempfile.mkdtemp(prefix="los-bench-"))))

        if "reader" in sections:
            ratio = apart(slowest_ratio, factor)
            table.line("reader alone: CPU / csv.DictReader's", ratio, 8)
        if "floor" in sections:
            floor(table, bench(), small)
        if "plain" in sections:
            plain(table, bench(), smallest)
        if "apis" in sections:
            apis(table, bench(), smallest)
        large = bench()
        if "own" in sections:
            own(table, large, factor)
        if "delta" in sections:
            delta(table, large, factor)
    sys.exit(not table.within)


if __name__ == "__main__":
    main()
