"""Measures `los-import` as a process, against an MO with a modelled cost, as ratios within one run.

    python -m tests.benchmarks.harness [--against CHECKOUT] [--factor N] [--quick] [--only floor,own,…]

CPU and memory are those of the importer's process, from wait4. The wall time of everything here is stretched by what else
the machine does; the CPU less so, and least its ratio to that of another checkout, which runs in turn with ours.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from tests.benchmarks.bench import (
    CHECKOUT,
    Bench,
    Measured,
    Ran,
    Sides,
    Table,
    apart,
    import_times,
    run_process,
)
from tests.benchmarks.drops import FIRST, Municipality, put
from tests.benchmarks.modelled_mo import Model
from tests.benchmarks.plain_way import send_everything
from tests.benchmarks.reader_speed import slowest_ratio

SECTIONS = ("reader", "floor", "plain", "apis", "own", "delta", "start", "growth")
CHUNK, PAGE, VERIFIED = 50, 500, 5_000
HISTORY_FILES = 4
TURNS = 5
"""How often a short run is measured."""


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
        table.line(f"floor, {workers} workers: wall / necessary MO time", first.wall / least, 1.05)
        table.line("    of these: MO's own time of what we sent", first.tally["busy"] / workers / least)
        table.line("    objects written / validities in MO", first.tally["written"] / validities)
        table.line("    CPU / wall", first.cpu / first.wall)
        table.line("    wall", first.wall, unit="s")
        bench.forget(addresses=False)
        again = bench.run(model, concurrency=2 * workers)
        table.line("    repeat, state lost: writes", again.tally["written"], 0)
        table.line("        wall against the first import", again.wall / first.wall, 1 / 9)
    again = bench.run(model, concurrency=2 * workers)
    table.line("repeat, state kept: requests", again.requests, 0)
    table.line("    wall against the first import", again.wall / first.wall, 1 / 9)


def imported(sides: Sides, factor: float, model: Model) -> Measured:
    """A first import by each."""
    apart(make_first, sides.ours.drop, factor)
    if sides.theirs is not None:
        sides.theirs.deliver(sides.ours.drop)
    return sides.run(lambda bench: bench.run(model))


def import_where_none(sides: Sides, factor: float, model: Model) -> None:
    """A first import by whoever has not made one."""
    for bench in filter(None, (sides.ours, sides.theirs)):
        if not (bench.home / "state").exists():
            imported(Sides(bench, None), factor, model)


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


def own(table: Table, sides: Sides, factor: float) -> None:
    """What the importer itself takes, with a fast MO: only CPU and memory count here.

    The whole drop is imported once, a part of it in turns: what else the machine does is in the CPU too, and differs.
    """
    model = Model().scaled(0.02)
    limit = 250 if factor <= 1 else 220 * factor
    if sides.theirs is not None:
        apart(make_first, sides.ours.drop, factor / 5)
        sides.theirs.deliver(sides.ours.drop)

        def afresh(bench: Bench) -> Ran:
            bench.tell("empty")
            bench.forget(addresses=True)
            return bench.run(model)

        def again(bench: Bench) -> Ran:
            bench.forget(addresses=False)
            return bench.run(model)

        firsts, repeats = sides.run(afresh, TURNS), sides.run(again, TURNS)
        sent = firsts.last.tally["written"]
        table.line(
            f"first import, {sent} objects written: CPU an object", firsts.cpu / sent * 1000, unit="ms"
        )
        table.line("    against the other checkout", firsts.cpu_ratio, 0.8)
        table.line("repeat, state lost: CPU", repeats.cpu, unit="s")
        table.line("    against the other checkout", repeats.cpu_ratio)
        sides.each(lambda bench: bench.tell("empty"))
        sides.each(lambda bench: bench.forget(addresses=True))
        sides.each(lambda bench: shutil.rmtree(bench.drop))
    first = imported(Sides(sides.ours, None), factor, model).last
    sent = first.tally["written"]
    table.line(f"first import, {sent} objects written: CPU an object", first.cpu / sent * 1000, unit="ms")
    table.line("    CPU", first.cpu, unit="s")
    table.line("    peak memory", first.peak, limit, "MB")
    sides.ours.forget(addresses=False)
    again_whole = sides.ours.run(model)
    table.line("repeat, state lost: writes", again_whole.tally["written"], 0)
    table.line("    CPU", again_whole.cpu, unit="s")
    table.line("    peak memory", again_whole.peak, unit="MB")


def delta(table: Table, sides: Sides, factor: float) -> None:
    """Daily deltas of 100 rows, before and after MO and the file history grow tenfold. Goes on from the first import."""
    fast, slow = Model().scaled(0), Model(request=0.02, written=0, read=0)
    measured = HISTORY_FILES + TURNS
    days = measured + 10 * HISTORY_FILES
    most = round(2_000 * min(1, factor))
    ours = sides.ours
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        apart(make_daily, made, factor, range(1, days), 10)
        apart(make_daily, made, factor, range(1, days + 1), 100)
        apart(make_daily, made / "corrected", factor, range(days, days + 1), 100)
        apart(make_daily, made, factor, range(days + 1, days + 2), most)
        import_where_none(sides, factor, fast)

        def small(bench: Bench, small_days: range) -> None:
            for day in small_days:
                bench.deliver(made / "10" / f"{day}")
            bench.run(fast)

        sides.each(lambda bench: small(bench, range(1, HISTORY_FILES + 1)))
        turns = {id(bench): iter(range(HISTORY_FILES + 1, measured + 1)) for bench in (ours, sides.theirs)}

        def one_day(bench: Bench) -> Ran:
            bench.deliver(made / "100" / f"{next(turns[id(bench)])}")
            return bench.run(slow)

        before = sides.run(one_day, TURNS)
        ours.tell("enlarge", 10)
        small(ours, range(measured + 1, days))
        ours.deliver(made / "100" / f"{days}")
        after = ours.run(slow)
        ours.deliver(made / "corrected" / "100" / f"{days}")
        corrected = ours.run(slow)
        ours.deliver(made / f"{most}" / f"{days + 1}")
        large = ours.run(slow)
    requests = before.last.tally["requests"]
    table.line("delta of 100 rows: requests", before.last.requests)
    table.line("    of these: to set and read the bookmark", requests.get("bookmark", 0))
    table.line("    of these: whether lists were written", requests.get("proof", 0))
    if before.theirs:
        named = sum(requests.get(name, 0) for name in ("bookmark", "proof"))
        more = before.last.requests - named - before.theirs[-1].requests
        table.line("    of the others: more than the other checkout", more, 0)
    grown = abs(after.requests - before.last.requests)
    table.line("    more or less with 10 times the MO and the file history", grown, 2)
    table.line("    wall at 20 ms a request", before.last.wall, 3, "s")
    table.line("    wall, all 10 times larger", after.wall, 3, "s")
    table.line("    CPU", before.cpu, 2, "s")
    table.line("    against the other checkout", before.cpu_ratio, 0.8)
    table.line("    CPU, all 10 times larger", after.cpu, 2, "s")
    table.line("    peak memory", after.peak, unit="MB")
    table.line("    uploaded again with other values: requests", corrected.requests)
    table.line("        of these: for MO as it was", corrected.tally["requests"].get("as it was", 0))
    table.line("        writes", corrected.tally["written"])
    table.line("        CPU", corrected.cpu, unit="s")
    table.line(f"delta of {most:,} rows, all 10 times larger: requests", large.requests)
    table.line("    wall at 20 ms a request", large.wall, unit="s")
    table.line("    CPU", large.cpu, unit="s")


def start(table: Table, sides: Sides, factor: float) -> None:
    """What a run takes before it has anything to do. Goes on from an import."""
    fast = Model().scaled(0)
    import_where_none(sides, factor, fast)
    imports = ("-X", "importtime")
    for name, work, limit, ratio_limit in (
        ("a night with nothing new", lambda bench, python=(): bench.run(fast, python=python), None, 0.65),
        (
            "--help",
            lambda bench, python=(): run_process(bench.checkout, ["--help"], python=python),
            0.12,
            None,
        ),
    ):
        measured = sides.run(work, TURNS)
        table.line(f"{name}: CPU", measured.cpu, limit, "s")
        table.line("    against the other checkout", measured.cpu_ratio, ratio_limit)
        table.line("    peak memory", measured.last.peak, unit="MB")
        all_of, by_package = import_times(work(sides.ours, imports).errors)
        table.line("    python -X importtime, in all", all_of, unit="ms")
        if sides.theirs is not None:
            theirs, _ = import_times(work(sides.theirs, imports).errors)
            table.line("        against the other checkout", all_of / theirs)
        for package, spent in by_package.most_common(5):
            table.line(f"        {package}", spent / 1000, unit="ms")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", type=Path, help="another checkout, to run in turn with this one")
    parser.add_argument("--factor", type=float, default=1, help="size of the drop for CPU, memory and delta")
    parser.add_argument("--quick", action="store_true", help="a tenth of the drop: less time, rougher ratios")
    parser.add_argument("--only", default=",".join(SECTIONS), help="some of: %(default)s")
    given = parser.parse_args()
    factor = given.factor * (0.1 if given.quick else 1)
    small, smallest = given.factor / (50 if given.quick else 40), given.factor / 200
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
        growth = None
        if "growth" in sections:  # beside the others: it takes CPU, and they mostly wait for MO
            told = stack.enter_context(tempfile.TemporaryFile("w+"))
            asked = [sys.executable, "-m", "tests.benchmarks.growth", *(["--quick"] if given.quick else [])]
            growth = subprocess.Popen(asked, cwd=CHECKOUT, stdout=told)
        if "floor" in sections:
            floor(table, stack.enter_context(Bench()), small)
        if "plain" in sections:
            plain(table, stack.enter_context(Bench()), smallest)
        if "apis" in sections:
            apis(table, stack.enter_context(Bench()), smallest)
        if growth is not None:
            table.within &= growth.wait() == 0
            told.seek(0)
            print(told.read(), end="", flush=True)
        if "reader" in sections:
            ratio = apart(slowest_ratio, factor)
            table.line("reader alone: CPU / csv.DictReader's", ratio, 8)
        theirs = stack.enter_context(Bench(given.against)) if given.against else None
        sides = Sides(stack.enter_context(Bench()), theirs)
        if "own" in sections:
            own(table, sides, factor)
        if "delta" in sections:
            delta(table, sides, factor)
        if "start" in sections:
            start(table, sides, factor)
    sys.exit(not table.within)


if __name__ == "__main__":
    main()
