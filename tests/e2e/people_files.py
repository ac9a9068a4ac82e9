"""Drops of people and managers: a small town hall, and ten days in its life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Final

from tests.e2e.los_files import LEDER, LEDER_LUK, PERS, PERS_LUK, Row, org, stam, table, unit, uuid_of

UNITS: Final = ("top", "skole", "kontor", "bibliotek")
FIRST_DAY: Final = date(2026, 2, 2)
CLASSES: Final = {
    "STAM_UUID_Engagementstype.csv": stam("Engagementstype", "Månedslønnet", "Timelønnet"),
    "STAM_UUID_Stillingsbetegnelse.csv": stam("Stillingsbetegnelse", "Lærer", "Jurist"),
    "STAM_UUID_Ledertype.csv": stam("Ledertype", "Chef"),
    "STAM_UUID_Lederniveau.csv": stam("Lederniveau", "Niveau 1"),
    "STAM_UUID_Lederansvar.csv": stam("Lederansvar", "Personale", "Økonomi"),
}
TOWN_HALL: Final = {
    **CLASSES,
    "Org_inital_20260105_220000.csv": org(*(unit(word, None if word == "top" else "top") for word in UNITS)),
}


def cpr_of(person: int) -> str:
    return f"{1 + person % 28:02}0270{1000 + person}"


def job_of(person: int, nth: int = 1) -> str:
    return uuid_of(f"engagement {person}-{nth}")


@dataclass(frozen=True)
class Job:
    """An engagement as LOS has it now, and what LOS knows of its person."""

    person: int
    nth: int = 1
    name: str = "Anna Andersen"
    start: date = date(2026, 1, 1)
    end: date | None = None
    unit: str = "skole"
    kind: str = "Månedslønnet"
    primary: bool = True
    email: str = "anna@aadal.example"
    azid: str = "AZ1"
    dash: bool = False

    def cells(self) -> Row:
        cpr = cpr_of(self.person)
        return {
            "UUID": job_of(self.person, self.nth),
            "BrugervendtNøgle": f"{self.person}-{self.nth}",
            "CPR": f"{cpr[:6]}-{cpr[6:]}" if self.dash else cpr,
            "CPRNavn": self.name,
            "StartTid": self.start.isoformat(),
            "SlutTid": "" if self.end is None else self.end.strftime("%d-%m-%Y"),
            "Email": self.email,
            "PrimærAnsættelse": "Ja" if self.primary else "Nej",
            "OrgenhedUUID": uuid_of(self.unit),
            "EngagementTypeUUID": uuid_of(self.kind),
            "StillingsBetegnelseUUID": uuid_of("Lærer"),
            "AZID": self.azid,
        }


def employed(*jobs: Job) -> str:
    """`Pers_nye` or `Pers_ret`."""
    return table(PERS, [job.cells() for job in jobs])


def gone(*jobs: Job) -> str:
    """`Pers_luk`."""
    return table(
        PERS_LUK,
        [
            {"UUID": job_of(job.person, job.nth), "CPR": cpr_of(job.person), "CPRNavn": job.name}
            for job in jobs
        ],
    )


def leading(*leaders: tuple[str, int, str]) -> str:
    """`Leder_nye` or `Leder_ret`: unit, person and responsibility."""
    return table(
        LEDER,
        [
            {
                "OrgUUID": uuid_of(word),
                "CPR": cpr_of(person),
                "LedertypeUUID": uuid_of("Chef"),
                "LederniveauUUID": uuid_of("Niveau 1"),
                "LederansvarUUID": uuid_of(responsibility),
            }
            for word, person, responsibility in leaders
        ],
    )


def resigned(*leaders: tuple[str, int]) -> str:
    """`Leder_luk`."""
    return table(LEDER_LUK, [{"OrgUUID": uuid_of(word), "CPR": cpr_of(person)} for word, person in leaders])


Files = Mapping[str, str]


def ten_days(seed: int = 4) -> list[Files]:
    """The files of ten days; on the first, everybody comes."""
    life = _Life(Random(seed))
    return [life.first_day(), *(life.next_day() for _ in range(9))]


@dataclass
class _Life:
    """LOS: who is employed, and who leads what."""

    drawn: Random
    day: date = FIRST_DAY
    jobs: dict[tuple[int, int], Job] = field(default_factory=dict)
    leaders: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def first_day(self) -> Files:
        new = [self._new() for _ in range(12)]
        self.leaders = {word: person for person, word in enumerate(UNITS)}
        led = [(word, person, "Personale") for word, person in self.leaders.items()]
        return self._named(Pers_nye=employed(*new), Leder_nye=leading(*led))

    def next_day(self) -> Files:
        self.day += timedelta(days=self.drawn.choice([1, 1, 3]))
        today = set(self.drawn.sample(sorted(self.jobs), 7))
        again = [self._again(key) for key in sorted(today)[:2]]
        busy = {job.person for job in again}
        changed = [self._changed(key) for key in sorted(today)[2:5] if key[0] not in busy]
        ended = [self.jobs[key] for key in sorted(today)[5:] if key[0] not in busy]
        word = self.drawn.choice(UNITS)
        former, self.leaders[word] = self.leaders[word], self.drawn.randrange(self.count)
        new = [self._new() for _ in range(self.drawn.randrange(3))]
        files = {
            "Pers_nye": employed(*new, *again) if new or again else "",
            "Pers_ret": employed(*changed) if changed else "",
            "Pers_luk": gone(*ended) if ended else "",
            "Leder_luk": resigned((word, former)),
            "Leder_nye": leading(
                (word, self.leaders[word], "Personale"), (word, self.leaders[word], "Økonomi")
            ),
        }
        return self._named(**{kind: text for kind, text in files.items() if text})

    def _new(self) -> Job:
        person, self.count = self.count, self.count + 1
        job = Job(
            person,
            name=f"Person Nummer{person}",
            start=self.day - timedelta(days=self.drawn.choice([0, 10])),
            unit=self.drawn.choice(UNITS),
            email=self.drawn.choice([f"{person}@aadal.example", ""]),
            azid=self.drawn.choice([f"AZ{person}", ""]),
            dash=self.drawn.random() < 0.5,
        )
        return self._noted(job)

    def _again(self, key: tuple[int, int]) -> Job:
        """A second engagement, or a third, of somebody who has had one."""
        job = self.jobs[key]
        nth = 1 + max(nth for person, nth in self.jobs if person == job.person)
        return self._noted(
            replace(
                job,
                nth=nth,
                start=self.day,
                end=self.drawn.choice([None, self.day + timedelta(days=30)]),
                unit=self.drawn.choice(UNITS),
                primary=False,
            )
        )

    def _changed(self, key: tuple[int, int]) -> Job:
        job = self.jobs[key]
        change = self.drawn.choice(
            [
                {"name": f"{job.name} Ny"},
                {"email": f"{job.person}.{self.day.day}@aadal.example"},
                {"email": ""},
                {"azid": f"AZ{job.person}{self.day.day}"},
                {"azid": ""},
                {"unit": self.drawn.choice(UNITS)},
                {"kind": "Timelønnet"},
                {"end": None},
                {"end": self.day + timedelta(days=30)},
                {"end": self.day - timedelta(days=1), "start": min(job.start, self.day - timedelta(days=1))},
                {"start": self.day + timedelta(days=20), "unit": self.drawn.choice(UNITS)},
            ]
        )
        changed = replace(job, **change)  # type: ignore[arg-type]
        if changed.end and changed.start > changed.end:
            changed = replace(changed, end=None)
        return self._noted(changed)

    def _noted(self, job: Job) -> Job:
        self.jobs[job.person, job.nth] = job
        return job

    def _named(self, **texts: str) -> Files:
        return {f"{kind}_{self.day:%Y%m%d}_220000.csv": text for kind, text in texts.items()}
