"""Drops of the size of Aarhus, made in seconds: the same seed makes the same bytes.

python -m tests.benchmarks.drops FOLDER [--factor 10]     writes the first drop and two daily deltas
"""

from __future__ import annotations

import argparse
import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from tests.e2e.los_files import LEDER, PERS

UNITS, LEVELS, HISTORY, ADDRESSES = 4_000, 7, 12_000, 4_000
PEOPLE, ENGAGEMENTS, MANAGERS = 30_000, 34_000, 1_500
LISTS = {
    "Enhedstype": ("EnhedstypeUUID", "Enhedstype", 50),
    "Engagementstype": ("EngagementstypeUUID", "Engagementstype", 50),
    "Stillingsbetegnelse": ("StillingBetUUID", "Stillingsbetegnelse", 2_500),
    "BVN_Stillingsbetegnelse": ("BVNStillingBetUUID", "BVNStillingsbetegnelse", 2_500),
    "Lederansvar": ("LederansvarUUID", "Lederansvar", 50),
    "Lederniveau": ("LederniveauUUID", "Lederniveau", 50),
    "Ledertype": ("LedertypeUUID", "Ledertype", 50),
    "Tilknytningsrolle": ("TilknytningsrolleUUID", "Tilknytningsrolle", 50),
}
ORG_HEADER = [
    "OrgUUID",
    "BrugervendtNøgle",
    "OrgEnhedsNavn",
    "ParentUUID",
    "OrgEnhedsTypeUUID",
    "Med-i-LinjeOrg",
    "StartDato",
    "SlutDato",
    "LOSID",
    "CVR",
    "EAN",
    "P-Nr",
    "SE-Nr",
    "IntDebitor-Nr",
    "MagID",
    "PostAdresse",
]
PERS_HEADER = [*PERS, "ADITSystemUUID", "ADkonto", "ADkontoUUID"]
FIRST = date(2026, 10, 5)
Row = list[str]


@dataclass
class Municipality:
    """What the drops are cut from. `factor` multiplies all; class lists only below 1."""

    factor: float = 1
    seed: int = 751
    classes: dict[str, list[str]] = field(default_factory=dict)
    units: list[Row] = field(default_factory=list)
    """The last row of each unit."""
    history: list[Row] = field(default_factory=list)
    people: list[Row] = field(default_factory=list)
    managers: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        shrunk = min(1, self.factor)
        self.classes = {
            name: [self._uuid() for _ in range(max(1, round(size * shrunk)))]
            for name, (_, _, size) in LISTS.items()
        }
        self._make_units()
        self._make_people()
        self._make_managers()

    def _times(self, number: int) -> int:
        return round(number * self.factor)

    def _uuid(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def _pick(self, name: str) -> str:
        return self.random.choice(self.classes[name])

    def _make_units(self) -> None:
        size = self._times(UNITS)
        above: list[list[str]] = [[self._uuid()]]
        sizes = [max(1, round(size * share)) for share in (0.002, 0.01, 0.05, 0.15, 0.35)]
        sizes.append(size - 1 - sum(sizes))
        rows_left = self._times(HISTORY) - size
        number = 0
        for level in range(LEVELS):
            uuids = above[0] if level == 0 else [self._uuid() for _ in range(sizes[level - 1])]
            for uuid in uuids:
                number += 1
                parent = uuid if level == 0 else self.random.choice(above[level - 1])
                extra = min(rows_left, 2)
                rows_left -= extra
                self._make_unit(number, uuid, parent, extra)
            if level:
                above.append(uuids)

    def _make_unit(self, number: int, uuid: str, parent: str, extra: int) -> None:
        starts = [date(2007, 1, 1) + timedelta(days=2200 * each) for each in range(extra + 1)]
        address = f"Testvej {number % self._times(ADDRESSES) + 1}, 8000 Aarhus C"
        for each, start in enumerate(starts):
            end = "" if each == extra else (starts[each + 1] - timedelta(days=1)).isoformat()
            row = [uuid, f"E{number}", f"Enhed {number} navn {each}", parent, self._pick("Enhedstype")]
            row += [str(number % 10 != 0), start.isoformat(), end, str(100_000 + number), f"{55133018:08}"]
            row += [
                f"{5798000000000 + number:013}",
                f"{1000000000 + number}",
                "",
                "",
                f"{number:04}",
                address,
            ]
            self.history.append(row)
        self.units.append(self.history[-1])

    def _make_people(self) -> None:
        count = self._times(PEOPLE)
        second = self._times(ENGAGEMENTS) - count
        for number in range(count):
            born = date(1895, 1, 1) + timedelta(days=number % 1_700)
            cpr = f"{born:%d%m%y}{number // 1_700:04}"
            for each in range(2 if number < second else 1):
                self.people.append(self._engagement(number, cpr, each))

    def _engagement(self, number: int, cpr: str, each: int) -> Row:
        row = [self._uuid(), f"{number}-{each}", cpr, f"Fornavn{number % 997} Efternavn{number % 1009}"]
        row += [(date(2015, 1, 1) + timedelta(days=number % 3_000)).isoformat(), "9999-12-31"]
        row += [f"p{number}@example.com", "Nej" if each else "Ja", self.random.choice(self.units)[0]]
        row += [self._pick("Engagementstype"), self._pick("Stillingsbetegnelse"), f"AZ{number}", "", "", ""]
        return row

    def _make_managers(self) -> None:
        for unit, person in zip(self.units, self.people[: self._times(MANAGERS)], strict=False):
            classes = [self._pick(name) for name in ("Ledertype", "Lederniveau", "Lederansvar")]
            self.managers.append([unit[0], person[2], *classes])

    def first(self) -> dict[str, bytes]:
        """The first drop: all lists, units with their history, people and managers."""
        files = {
            f"STAM_UUID_{name}.csv": table((uuid, title), [[u, f"{title} {n}"] for n, u in enumerate(uuids)])
            for name, uuids in self.classes.items()
            for uuid, title, _ in (LISTS[name],)
        }
        stamp = f"{FIRST:%Y%m%d}_220000"
        files[f"Org_inital_{stamp}.csv"] = table(ORG_HEADER, self.history)
        files[f"Pers_nye_{stamp}.csv"] = table(PERS_HEADER, self.people)
        files[f"Leder_nye_{stamp}.csv"] = table(LEDER, self.managers)
        return files

    def delta(self, rows: int, day: date) -> dict[str, bytes]:
        """A daily delta: a third units with a new name, two thirds people with another unit."""
        stamp = f"{day:%Y%m%d}_220000"
        units = []
        for row in self.random.sample(self.units, rows // 3):
            units.append([*row[:2], f"{row[2]} {day}", *row[3:]])
        people = []
        for row in self.random.sample(self.people, rows - len(units)):
            people.append([*row[:8], self.random.choice(self.units)[0], *row[9:]])
        return {
            f"Org_ret_{stamp}.csv": table(ORG_HEADER, units),
            f"Pers_ret_{stamp}.csv": table(PERS_HEADER, people),
        }


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def put(files: dict[str, bytes], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--factor", type=float, default=1)
    given = parser.parse_args()
    made = Municipality(given.factor)
    put(made.first(), given.folder / "first")
    put(made.delta(100, FIRST + timedelta(days=1)), given.folder / "delta100")
    put(made.delta(2_000, FIRST + timedelta(days=2)), given.folder / "delta2000")
