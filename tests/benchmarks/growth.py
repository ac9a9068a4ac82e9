"""How a run's CPU and memory grow with what it reads: at most a little faster than that, whatever the drop looks like.

    python -m tests.benchmarks.growth [--quick] [CASE …]

Whole imports in this process, each in a new one for its peak memory. MO is a dictionary at the seam of `mo.read`: its own
time, and HTTP's, are not the subject, and are not counted.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from aarhus_los import clock, reconcile, run
from aarhus_los.api import Api
from aarhus_los.cli import GARBAGE
from aarhus_los.mo import read
from aarhus_los.mo.model import Class, History, Kind, Mark, Object, Person
from aarhus_los.mo.read import Histories, People
from aarhus_los.plan import Operation, Plan
from aarhus_los.report.blocks import plain
from aarhus_los.report.changes import changes_of
from aarhus_los.report.record import as_json, run_record
from aarhus_los.report.text import account_blocks
from aarhus_los.settings import load_settings
from aarhus_los.timeline import NOTHING, Piece, Statement, overlay, overlay_statements
from tests.e2e.los_files import LEDER, ORG, PERS, STAM, Row, table, uuid_of

LIMIT: Final = 1.2
FAST: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
FIRST_DAY: Final = date(1980, 1, 1)
FILE_DAY: Final = date(2021, 1, 1)
Files = Mapping[str, str]


# What is measured


@dataclass(frozen=True)
class Case:
    """Imports at several sizes: the first brings MO and the state about, `measured` is what counts."""

    name: str
    sizes: tuple[int, int, int]
    files: Callable[[int], Files]
    then: Callable[[int], Files] | None = None
    """Files of a second run, which is then the one that is measured."""
    apart: bool = False
    """Whether the files of the first run began in a run each."""


def stam() -> Files:
    return {
        f"STAM_UUID_{kind}.csv": table(columns, [dict(zip(columns, (uuid_of(word), word), strict=True))])
        for kind, word in (
            ("Enhedstype", "Kontor"),
            ("Engagementstype", "Timelønnet"),
            ("Stillingsbetegnelse", "Jurist"),
            ("Ledertype", "Chef"),
            ("Lederniveau", "Niveau 1"),
            ("Lederansvar", "Personale"),
        )
        for columns in (STAM[kind],)
    }


def stamp(number: int) -> str:
    return f"{FILE_DAY + timedelta(days=number):%Y%m%d}_220000"


def unit(word: str, parent: str, name: str, start: date, end: date | None = None) -> Row:
    return {
        "OrgUUID": uuid_of(word),
        "BrugervendtNøgle": word,
        "OrgEnhedsNavn": name,
        "ParentUUID": uuid_of(parent),
        "OrgEnhedsTypeUUID": uuid_of("Kontor"),
        "Med-i-LinjeOrg": "True",
        "StartDato": f"{start}",
        "SlutDato": "" if end is None else f"{end}",
        "LOSID": f"{1000 + len(name)}",
        "EAN": "5790000000001",
    }


def units(*rows: Row) -> str:
    return table(ORG, rows)


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def in_a_row(size: int) -> Files:
    """Rows of one unit that follow each other, each of a day and another name."""
    rows = [unit("one", "one", f"Navn{number % 7 * 'x'}", day(number), day(number)) for number in range(size)]
    return {**stam(), f"Org_inital_{stamp(0)}.csv": units(*rows)}


def without_ends(size: int) -> Files:
    """Rows of one unit of which each is valid until the next, and none says so."""
    rows = [unit("one", "one", f"Navn{number % 7 * 'x'}", day(number)) for number in range(size)]
    return {**stam(), f"Org_inital_{stamp(0)}.csv": units(*rows)}


def nested(size: int) -> Files:
    """Rows of one unit within each other: each begins later and ends sooner."""
    rows = [
        unit("one", "one", f"Navn{number % 7 * 'x'}", day(number), day(3 * size - number))
        for number in range(size)
    ]
    return {**stam(), f"Org_inital_{stamp(0)}.csv": units(*rows)}


def deltas_of_unit(size: int) -> Files:
    files = {f"Org_inital_{stamp(0)}.csv": units(unit("one", "one", "Navn", FIRST_DAY))}
    for number in range(1, size):
        row = unit("one", "one", f"Navn{number % 7 * 'x'}", FIRST_DAY)
        files[f"Org_ret_{stamp(number)}.csv"] = units(row)
    return {**stam(), **files}


def cpr(number: int) -> str:
    return f"{number % 28 + 1:02}{number // 28 % 12 + 1:02}{60 + number // 336 % 40}{number // 13440 % 4}{number % 1000:03}"


def employed(number: int, email: str, job: int = 0) -> Row:
    return {
        "UUID": uuid_of(f"job {number} {job}"),
        "BrugervendtNøgle": f"{number}",
        "CPR": cpr(number),
        "CPRNavn": f"Fornavn{len(email) * 'x'} Efternavn",
        "StartTid": f"{FIRST_DAY}",
        "SlutTid": "",
        "Email": email,
        "PrimærAnsættelse": "Ja",
        "OrgenhedUUID": uuid_of("one"),
        "EngagementTypeUUID": uuid_of("Timelønnet"),
        "StillingsBetegnelseUUID": uuid_of("Jurist"),
        "AZID": f"AZ{number}{len(email)}",
    }


def deltas_of_person(size: int) -> Files:
    files = {f"Org_inital_{stamp(0)}.csv": units(unit("one", "one", "Navn", FIRST_DAY))}
    for number in range(size):
        row = employed(1, f"{number % 7 * 'x'}a@aadal.example")
        files[f"Pers_{'ret' if number else 'nye'}_{stamp(number)}.csv"] = table(PERS, [row])
    return {**stam(), **files}


def jobs_of_person(size: int) -> Files:
    rows = [employed(1, "a@aadal.example", job) for job in range(size)]
    return {
        **stam(),
        f"Org_inital_{stamp(0)}.csv": units(unit("one", "one", "Navn", FIRST_DAY)),
        f"Pers_nye_{stamp(0)}.csv": table(PERS, rows),
    }


def rows_of_engagement(size: int) -> Files:
    rows = [
        {
            **employed(1, f"{number % 7 * 'x'}a@aadal.example"),
            "StartTid": f"{day(number)}",
            "SlutTid": f"{day(number)}",
        }
        for number in range(size)
    ]
    return {
        **stam(),
        f"Org_inital_{stamp(0)}.csv": units(unit("one", "one", "Navn", FIRST_DAY)),
        f"Pers_nye_{stamp(0)}.csv": table(PERS, rows),
    }


def leading(number: int, word: str = "one") -> Row:
    return {
        "OrgUUID": uuid_of(word),
        "CPR": cpr(number),
        "LedertypeUUID": uuid_of("Chef"),
        "LederniveauUUID": uuid_of("Niveau 1"),
        "LederansvarUUID": uuid_of("Personale"),
    }


def rows_of_manager(size: int) -> Files:
    return {
        **stam(),
        f"Org_inital_{stamp(0)}.csv": units(unit("one", "one", "Navn", FIRST_DAY)),
        f"Pers_nye_{stamp(0)}.csv": table(PERS, [employed(1, "a@aadal.example")]),
        f"Leder_nye_{stamp(0)}.csv": table(LEDER, [leading(1)] * size),
    }


def managers_of_unit(size: int) -> Files:
    return {
        **stam(),
        f"Org_inital_{stamp(0)}.csv": units(unit("one", "one", "Navn", FIRST_DAY)),
        f"Pers_nye_{stamp(0)}.csv": table(PERS, [employed(n, "a@aadal.example") for n in range(size)]),
        f"Leder_nye_{stamp(0)}.csv": table(LEDER, [leading(n) for n in range(size)]),
    }


def deltas_of_manager(size: int) -> Files:
    files = {f"Leder_{'ret' if n else 'nye'}_{stamp(n)}.csv": table(LEDER, [leading(1)]) for n in range(size)}
    return {
        **stam(),
        f"Org_inital_{stamp(0)}.csv": units(unit("one", "one", "Navn", FIRST_DAY)),
        f"Pers_nye_{stamp(0)}.csv": table(PERS, [employed(1, "a@aadal.example")]),
        **files,
    }


def rejected(size: int) -> Files:
    rows = [
        {**unit("one", "one", "Navn", day(n), day(n)), "EAN": "x", "StartDato": "x" * (n % 2) or f"{day(n)}"}
        for n in range(size)
    ]
    return {**stam(), f"Org_inital_{stamp(0)}.csv": units(*rows)}


def moved(size: int) -> Files:
    """A unit that each file moves under another one."""
    files = {
        f"Org_inital_{stamp(0)}.csv": units(
            *(unit(word, word, "Navn", FIRST_DAY) for word in ("one", "a", "b"))
        )
    }
    for number in range(1, size):
        files[f"Org_ret_{stamp(number)}.csv"] = units(unit("one", "ab"[number % 2], "Navn", FIRST_DAY))
    return {**stam(), **files}


def pending_since_the_first(size: int) -> Files:
    files = {f"Org_nye_{stamp(0)}.csv": units(unit("orphan", "nowhere", "Navn", FIRST_DAY))}
    for number in range(1, size):
        rows = [unit(f"{number}-{n}", f"{number}-{n}", "Navn", FIRST_DAY) for n in range(5)]
        files[f"Org_nye_{stamp(number)}.csv"] = units(*rows)
    return {**stam(), **files}


def one_more(size: int) -> Files:
    return {f"Org_nye_{stamp(size)}.csv": units(unit("more", "more", "Navn", FIRST_DAY))}


def pending_managers(size: int) -> Files:
    rows = [leading(number, f"nowhere {number % 3}") for number in range(size)]
    return {
        **stam(),
        f"Org_inital_{stamp(0)}.csv": units(unit("one", "one", "Navn", FIRST_DAY)),
        f"Leder_nye_{stamp(0)}.csv": table(LEDER, rows),
    }


def chain(size: int) -> Files:
    """Units of which each hangs under the next."""
    rows = [unit(f"{n}", f"{min(n + 1, size - 1)}", "Navn", FIRST_DAY) for n in range(size)]
    return {**stam(), f"Org_inital_{stamp(0)}.csv": units(*rows)}


def hanging_on_nothing(size: int) -> Files:
    """Units of which each hangs under the next, and the last under none that is known."""
    rows = [unit(f"{n}", f"{n + 1}", "Navn", FIRST_DAY) for n in range(size)]
    return {**stam(), f"Org_inital_{stamp(0)}.csv": units(*rows)}


def under_many(size: int) -> Files:
    """A unit under as many as it has rows, none of which is known."""
    rows = [unit("one", f"nowhere {n}", "Navn", day(n), day(n)) for n in range(size)]
    return {**stam(), f"Org_inital_{stamp(0)}.csv": units(*rows)}


def circle(size: int) -> Files:
    rows = [unit(f"{n}", f"{(n + 1) % size}", "Navn", FIRST_DAY) for n in range(size)]
    return {**stam(), f"Org_inital_{stamp(0)}.csv": units(*rows)}


def circle_of_days(size: int) -> Files:
    """A circle whose units begin on a day of their own each."""
    rows = [unit(f"{n}", f"{(n + 1) % size}", "Navn", day(n)) for n in range(size)]
    return {**stam(), f"Org_inital_{stamp(0)}.csv": units(*rows)}


def turned_round(size: int) -> Files:
    """A chain whose last unit is moved under its first."""
    return {f"Org_ret_{stamp(1)}.csv": units(unit(f"{size - 1}", "0", "Navn", FIRST_DAY))}


def nothing_new(size: int) -> Files:
    return {}


def broad(size: int) -> Files:
    """Units of a usual tree: what the others are measured against."""
    rows = [unit(f"{n}", f"{n // 8}", "Navn", FIRST_DAY) for n in range(size)]
    return {**stam(), f"Org_inital_{stamp(0)}.csv": units(*rows)}


CASES: Final = (
    Case("units of a tree", (2_000, 4_000, 8_000), broad),
    Case("rows of one unit, in a row", (4_000, 8_000, 16_000), in_a_row),
    Case("rows of one unit, without ends", (4_000, 8_000, 16_000), without_ends),
    Case("rows of one unit, nested", (4_000, 8_000, 16_000), nested),
    Case("delta files of one unit", (400, 800, 1_600), deltas_of_unit),
    Case("delta files of one person", (400, 800, 1_600), deltas_of_person),
    Case("engagements of one person", (2_000, 4_000, 8_000), jobs_of_person),
    Case("rows of one engagement", (4_000, 8_000, 16_000), rows_of_engagement),
    Case("rows of one manager", (4_000, 8_000, 16_000), rows_of_manager),
    Case("managers of one unit", (2_000, 4_000, 8_000), managers_of_unit),
    Case("delta files of one manager", (400, 800, 1_600), deltas_of_manager),
    Case("delta files that move one unit", (400, 800, 1_600), moved),
    Case("rejected rows of one unit", (4_000, 8_000, 16_000), rejected),
    Case(
        "a row pending since the first of N files",
        (200, 400, 800),
        pending_since_the_first,
        one_more,
        apart=True,
    ),
    Case("manager rows that become pending", (5_000, 10_000, 20_000), pending_managers),
    Case("pending manager rows", (5_000, 10_000, 20_000), pending_managers, nothing_new),
    Case("a chain of parents", (2_000, 4_000, 8_000), chain),
    Case("a chain of parents that is closed", (2_000, 4_000, 8_000), chain, turned_round),
    Case("a chain of parents that hangs on nothing", (2_000, 4_000, 8_000), hanging_on_nothing),
    Case("rows of one unit under parents that nobody knows", (4_000, 8_000, 16_000), under_many),
    Case("a circle of parents", (2_000, 4_000, 8_000), circle),
    Case("a circle that closes day by day", (2_000, 4_000, 8_000), circle_of_days),
)


# MO as a dictionary


class Mo:
    """What MO says now, and before each run that wrote. Its own CPU is counted in `spent`."""

    retries = 0
    connections = 1

    def __init__(self) -> None:
        self.requests = Counter[str]()
        self.organisation = uuid_of("organisation")
        self.objects: dict[Kind, dict[str, History]] = {kind: {} for kind in Kind}
        self.past: list[tuple[datetime, dict[Kind, dict[str, History]]]] = []
        self.spent = 0.0
        self._wanted: dict[Object, History] = {}

    def __enter__(self) -> Mo:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, path: str) -> object:
        """REST is there."""
        return {}

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        begun = time.process_time()
        try:
            yield
        finally:
            self.spent += time.process_time() - begun

    # As the client

    def side_by_side(self, *tasks: Callable[[], object]) -> None:
        for task in tasks:
            task()

    def write(self, endpoint: object, items: Collection[object]) -> list[str | None]:
        return ["written"] * len(items)

    def settle(self, once: Callable[[], Any], **_: object) -> Any:
        return once()

    def stop(self, grace: float = 0) -> None:
        raise AssertionError("nothing stops this run")

    # As `mo.read`

    def _as_of(self, as_of: datetime | None) -> Mapping[Kind, Mapping[str, History]]:
        if as_of is not None:
            for moment, objects in self.past:
                if moment >= as_of:
                    return objects
        return self.objects

    def histories(
        self, client: Mo, kind: Kind, uuids: Iterable[str], *, as_of: datetime | None = None
    ) -> Histories:
        objects = self._as_of(as_of)
        found = {uuid: objects[kind][uuid] for uuid in uuids if uuid in objects[kind]}
        beside = {}
        if kind is Kind.ORG_UNIT:
            beside = {uuid: objects[Kind.MARK][uuid] for uuid in found if uuid in objects[Kind.MARK]}
        return Histories(found, {}, beside)

    def every(
        self,
        client: Mo,
        kind: Kind,
        *,
        facets: Collection[str] | None = None,
        as_of: datetime | None = None,
    ) -> Histories:
        objects = self._as_of(as_of)[kind]
        wanted = [
            uuid
            for uuid, history in objects.items()
            if facets is None or (isinstance(history[-1].value, Class) and history[-1].value.facet in facets)
        ]
        return self.histories(client, kind, wanted, as_of=as_of)

    def persons(self, client: Mo, cprs: Collection[Any]) -> People:
        found: dict[Any, dict[str, History]] = {}
        for uuid, history in self.objects[Kind.EMPLOYEE].items():
            value = history[-1].value
            if isinstance(value, Person) and value.cpr in cprs:
                found.setdefault(value.cpr, {})[uuid] = history
        return People(found)

    def of(
        self, client: Mo, kind: Kind, by: str, owners: Collection[str], *, as_of: datetime | None = None
    ) -> Histories:
        """Reads the objects that belong to others."""
        attribute = {"employees": "person", "org_units": "org_unit"}[by]
        found = {
            uuid: history
            for uuid, history in self._as_of(as_of)[kind].items()
            if getattr(history[-1].value, attribute) in owners
        }
        return Histories(found)

    # As a target

    def target(self, client: Mo, moment: datetime, api: Api) -> Mo:
        self.client, self.moment, self.api = client, moment, api
        return self

    def registered(self, objects: Mapping[Kind, Collection[str]]) -> Counter[str]:
        return Counter(dict.fromkeys((uuid for uuids in objects.values() for uuid in uuids), 10**9))

    def read_side_by_side(self, objects: Mapping[Kind, Collection[str]]) -> dict[Kind, Histories]:
        return {kind: self.histories(self, kind, uuids) for kind, uuids in objects.items()}

    def bookmark(self, client: Mo, now: datetime) -> datetime:
        self.past.append((now, {kind: dict(each) for kind, each in self.objects.items()}))
        return now

    def take(self, plan: Plan) -> None:
        """Says from now on what was written."""
        written: dict[Object, list[Operation]] = {}
        for operation in plan.operations:
            written.setdefault((operation.kind, operation.uuid), []).append(operation)
        for (kind, uuid), operations in written.items():
            over = overlay_statements(
                Statement(op.start, op.end, NOTHING if op.value is None else op.value, number)
                for number, op in enumerate(operations)
                if op.mark is None
            )
            under = self.objects[kind].get(uuid, ())
            for op in operations:
                if op.mark is not None:
                    assert op.value is not None
                    under = overlay((Piece(op.start, op.end, op.value),), under)
                    self.objects[Kind.MARK][uuid] = (Piece(op.start, op.end, Mark(op.mark)),)
            said = overlay(over, under)
            self.objects[kind][uuid] = tuple(piece for piece in said if piece.value is not NOTHING)


@contextmanager
def standing_in(mo: Mo) -> Iterator[None]:
    """Lets the importer meet this MO where it would read and write a real one."""
    real = reconcile.apply_plan

    def apply_plan(plan: Plan, *args: Any, **kwargs: Any) -> Any:
        applied = real(plan, *args, **kwargs)
        with mo.uncounted():
            mo.take(plan)
        return applied

    reading = {
        "read_histories": mo.histories,
        "read_all": mo.every,
        "read_persons_by_cpr": mo.persons,
        "read_of": mo.of,
        "read_organisation": lambda client: (mo.organisation, 751),
        "has_any": lambda *args: True,
    }
    running = {
        "MoClient": lambda *args, **kwargs: mo,
        "apply_plan": apply_plan,
        "set_bookmark": mo.bookmark,
        "last_bookmark": lambda client: mo.past[-1][0] if mo.past else None,
        "Target": mo.target,
        "read_histories": mo.histories,
        "read_of": mo.of,
        "read_counts": lambda *args: None,
    }
    with ExitStack() as stack:
        for module, names in ((read, reading), (reconcile, running)):
            stack.enter_context(patch.multiple(module, **names))
        yield


# Measuring


@dataclass(frozen=True)
class Spent:
    """CPU seconds of the measured run, and the peak memory of the process, in MB."""

    cpu: float
    peak: float


def measure(case: Case, size: int) -> Spent:
    """Measures in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (case.name, size))


def _measure(name: str, size: int) -> Spent:
    gc.set_threshold(*GARBAGE)  # as `main` does
    case = next(each for each in CASES if each.name == name)
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        home = Path(folder)
        (home / "drop").mkdir()
        mo = Mo()
        cpu = imported(mo, home, case.files(size))
        if case.then is not None:
            if case.apart:
                begin_apart(home / "state")
            cpu = imported(mo, home, case.then(size))
    return Spent(cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def imported(mo: Mo, home: Path, files: Files) -> float:
    """Imports these files, and tells the CPU that it took, with the account as text and the record."""
    for name, text in files.items():
        (home / "drop" / name).write_text(text, encoding="utf-8")
    named = {
        "state_file": home / "state",
        "report_folder": home / "reports",
        "import_csv_folder": home / "drop",
        "dar_provider": "none",
        "verify_limit": 10**6,
        "max_unit_moves": 10**6,
    }
    settings = load_settings(
        environ={f"LOS_IMPORT_{key.upper()}": str(value) for key, value in named.items()}
    )
    with standing_in(mo):
        gc.collect()
        gc.freeze()  # or looks for garbage among what MO and former imports hold would count: 0.1 s, now and then
        begun, mo.spent = time.process_time(), 0.0
        account = run.import_drop(settings, run.Options(verify="all"), lambda *_: None)
        plain(account_blocks(account))
        record = run_record(account)
        as_json(record)
        changes_of(record, "da")
        cpu = time.process_time() - begun - mo.spent
    assert account.balances
    assert account.exit_code in (0, 1), plain(account_blocks(account))[:2000]
    told = [*(aside.reason for aside in account.set_aside), *(notice.text for notice in account.notices)]
    assert max(map(len, told), default=0) < 500
    return cpu


def begin_apart(state: Path) -> None:
    """Lets each file of a state have begun in a run of its own, in the order of the days in their names."""
    first, about, *lines = state.read_text(encoding="utf-8").splitlines()
    moment = clock.now() - timedelta(days=1)
    written = []
    for line in sorted(map(json.loads, lines), key=lambda line: line["name"][-19:]):
        if "began" in line:
            moment += timedelta(seconds=1)
            line["began"] = line["last"] = moment.isoformat()
        written.append(json.dumps(line, ensure_ascii=False))
    state.write_text("\n".join([first, about, *written]) + "\n", encoding="utf-8")


def exponent(sizes: Iterable[int], seconds: Iterable[float]) -> float:
    """The slope of time over size, both as logarithms: 1 is linear, 2 is quadratic."""
    points = [(math.log(size), math.log(max(each, 1e-9))) for size, each in zip(sizes, seconds, strict=True)]
    middle = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    over = sum((x - middle[0]) * (y - middle[1]) for x, y in points)
    return over / sum((x - middle[0]) ** 2 for x, _ in points)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", nargs="*", help="only cases with this in their name")
    parser.add_argument("--quick", action="store_true", help="a fourth of the sizes")
    args = parser.parse_args()
    chosen = [each for each in CASES if not args.case or any(word in each.name for word in args.case)]
    within = True
    for case in chosen:
        sizes = tuple(size // 4 for size in case.sizes) if args.quick else case.sizes
        spent = [measure(case, size) for size in sizes]
        grown = exponent(sizes, (each.cpu for each in spent))
        within &= grown <= LIMIT
        times = "  ".join(f"{each.cpu:7.2f} s {each.peak:5.0f} MB" for each in spent)
        shown = "/".join(f"{size:,}" for size in sizes)
        print(
            f"{case.name:<42} {shown:<22} {times}   ^{grown:.2f}{'' if grown <= LIMIT else '  MISSED'}",
            flush=True,
        )
    sys.exit(not within)


if __name__ == "__main__":
    main()
