"""The people of the sample: who works where, since when, who leads, and what changes in the delta.

Nobody alive has one of these CPR numbers: all were born before 1900, and none before 1895: MO's older dates are not safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from aarhus_los.sandbox.sample_classes import (
    ENGAGEMENT_TYPE,
    JOB_FUNCTION,
    MANAGER_LEVEL,
    MANAGER_TYPE,
    RESPONSIBILITY,
    Table,
    class_uuid,
)
from aarhus_los.sandbox.sample_units import unit_uuid

COUNT: Final = 200
UNKNOWN: Final = COUNT
"""The person who leads in the first drop, and whom only the delta's people know."""

_GIVEN: Final = (
    *("Anne", "Søren", "Mette", "Åse", "Jørgen", "Bodil", "Frederik", "Zainab", "Niels Ole", "Kirsten"),
    *("Mohammed", "Ægir", "Signe", "Poul", "Line Marie", "Rasmus", "Birthe", "Øjvind", "Camilla"),
)
_SURNAMES: Final = (
    *("Jensen", "Østergaard", "Nielsen", "Kjær", "Sørensen", "Møller", "Åkjær", "Holm", "Christensen"),
    *("Ravn", "Yılmaz", "Bæk", "Thomsen", "Lund-Nørgaard", "Hassan", "Dam", "Vestergaard"),
)
_WORKPLACES: Final = (
    *("REGN", "LØN", "KURS", "DRIFT", "SEKR", "ÅBAK", "NØRR", "SØND", "MÆLK", "TUSI", "PPR", "HJNO", "HJSY"),
    *("LIND", "SØBO", "ENGL", "SUPL", "TAND", "UNGE", "SYGE", "VÆRE", "GART", "GENØ", "BORG", "BIBL", "MUSE"),
)
_TYPES: Final = ("Månedslønnet", "Månedslønnet", "Timelønnet", "Elev", "Fleksjob")
_JOBS: Final = ("Lærer", "Pædagog", "Sygeplejerske", "Kontorassistent", "Jurist", "Gartner", "Bibliotekar")
_LED: Final = ("BA", "BU", "SO", "SB", "TM", "KB", "ØKO", "HR", "IT", "SKOLE", "DAG", "BORG", "BIBL", "VEJ")
_ASCII: Final = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ı": "i", " ": "."})


@dataclass(frozen=True)
class PersonRow:
    """A row of a Pers file: an engagement, and what is known of its person."""

    person: int
    key: str
    """User key of the engagement."""
    name: str
    unit: str
    start: str
    end: str = ""
    primary: bool = True
    email: str = ""
    dashed: bool = False

    def cells(self) -> dict[str, str]:
        cpr = cpr_of(self.person)
        return {
            "UUID": _engagement_uuid(self.key),
            "BrugervendtNøgle": self.key,
            "CPR": f"{cpr[:6]}-{cpr[6:]}" if self.dashed else cpr,
            "CPRNavn": self.name,
            "StartTid": self.start,
            "SlutTid": self.end,
            "Email": self.email,
            "PrimærAnsættelse": "Ja" if self.primary else "Nej",
            "OrgenhedUUID": unit_uuid(self.unit),
            "EngagementTypeUUID": class_uuid(ENGAGEMENT_TYPE, _TYPES[self.person % len(_TYPES)]),
            "StillingsBetegnelseUUID": class_uuid(JOB_FUNCTION, _JOBS[self.person % len(_JOBS)]),
            "AZID": f"az{10_000 + self.person}",
            "ADITSystemUUID": class_uuid("ITSystem", "AD"),
            "ADkonto": f"ad{self.person}",
            "ADkontoUUID": str(uuid5(NAMESPACE_URL, f"urn:sandbox:ad:{self.person}")),
        }


def cpr_of(person: int) -> str:
    return f"{1 + person % 28:02}{1 + person % 12:02}{95 + person % 5}{5001 + person}"


def name_of(person: int) -> str:
    return f"{_GIVEN[person % len(_GIVEN)]} {_SURNAMES[person % len(_SURNAMES)]}"


def _engagement_uuid(key: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"urn:sandbox:ansættelse:{key}"))


def _row(person: int, nth: int = 1) -> PersonRow:
    """A person's nth engagement; only the first is the primary one."""
    unit = _WORKPLACES[(person + 7 * (nth - 1)) % len(_WORKPLACES)]
    email = f"{name_of(person).lower().translate(_ASCII)}.{person}@aadal.example"
    start = f"{2008 + person % 17}-{1 + person % 12:02}-01"
    return PersonRow(person, f"{person}-{nth}", name_of(person), unit, start, "", nth == 1, email)


def _first_people() -> list[PersonRow]:
    rows = [_row(person) for person in range(COUNT)]
    rows += [_row(person, 2) for person in range(0, COUNT, 10)]  # every tenth has a second engagement
    rows[5] = replace(rows[5], end="2027-06-30")
    # employed again after a gap
    rows[7] = replace(rows[7], start="2009-01-01", end="2019-06-30")
    rows.append(replace(_row(7, 2), start="2021-02-01", primary=True))
    # one CPR number in two ways of writing, with two spellings of the name: the primary engagement's counts
    rows[20] = replace(rows[20], name="Zoë Ravn")
    rows.append(replace(_row(20, 3), name="Zoe Ravn", dashed=True))
    return rows


def _leader(unit: str, person: int, responsibility: str = "Personale") -> dict[str, str]:
    return {
        "OrgUUID": unit_uuid(unit),
        "CPR": cpr_of(person),
        "LedertypeUUID": class_uuid(MANAGER_TYPE, "Afdelingschef"),
        "LederniveauUUID": class_uuid(MANAGER_LEVEL, "Niveau 2"),
        "LederansvarUUID": class_uuid(RESPONSIBILITY, responsibility),
    }


def _ended(rows: Sequence[PersonRow]) -> Table:
    return [{column: row.cells()[column] for column in ("UUID", "CPR", "CPRNavn")} for row in rows]


def first_tables() -> dict[str, Table]:
    """Kind of file → rows of the first drop."""
    leaders = [_leader(unit, 30 + nth) for nth, unit in enumerate(_LED)]
    leaders.append(_leader("BA", 30, "Økonomi"))
    leaders.append(_leader("MUSE", UNKNOWN))
    return {"Pers_nye": [row.cells() for row in _first_people()], "Leder_nye": leaders}


def delta_tables() -> dict[str, Table]:
    """Kind of file → rows of the delta."""
    changed = [
        replace(_row(11), unit="BIBL"),
        replace(_row(12), name="Signe Østergaard Åkjær"),
        replace(_row(13), email="ny.adresse@aadal.example"),
        replace(_row(15), email=""),
        # the other engagement becomes the primary one
        replace(_row(30), primary=False),
        replace(_row(30, 2), primary=True),
    ]
    new = [replace(_row(person), start="2026-11-01") for person in range(UNKNOWN, UNKNOWN + 5)]
    left = {column: _leader("BORG", 41)[column] for column in ("OrgUUID", "CPR")}
    return {
        "Pers_nye": [row.cells() for row in new],
        "Pers_ret": [row.cells() for row in changed],
        "Pers_luk": _ended([_row(16), _row(10, 2)]),
        "Leder_luk": [left],
        "Leder_nye": [_leader("BORG", 42)],
    }
