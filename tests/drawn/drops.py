"""Rows and files as LOS writes them, with a small set of invented units, people, engagements and classes to name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aarhus_los.uuids import object_uuid
from tests.drawn.lists import LISTS
from tests.drawn.units import ADDRESSES
from tests.drawn.world import File

ORG: Final = (
    "OrgUUID",
    "BrugervendtNøgle",
    "OrgEnhedsNavn",
    "OrgEnhedsTypeUUID",
    "ParentUUID",
    "Med-i-LinjeOrg",
    *ADDRESSES,
    "StartDato",
    "SlutDato",
)
PERS: Final = (
    "UUID",
    "BrugervendtNøgle",
    "CPR",
    "CPRNavn",
    "StartTid",
    "SlutTid",
    "Email",
    "PrimærAnsættelse",
    "OrgenhedUUID",
    "EngagementTypeUUID",
    "StillingsBetegnelseUUID",
    "AZID",
    "ADITSystemUUID",
    "ADkonto",
    "ADkontoUUID",
)
PERS_LUK: Final = ("UUID", "CPR", "CPRNavn")
LEDER: Final = ("OrgUUID", "CPR", "LedertypeUUID", "LederniveauUUID", "LederansvarUUID")
LEDER_LUK: Final = ("OrgUUID", "CPR")

CPRS: Final = ("0101501234", "0202601234", "0303701234", "0404804321")
UNKNOWN: Final = "ffffffff-0000-4000-8000-000000000099"
"""A uuid that nobody has."""

DRAWN_LISTS: Final = (
    "Enhedstype",
    "Engagementstype",
    "Stillingsbetegnelse",
    "Lederansvar",
    "Lederniveau",
    "Ledertype",
)
"""The class lists that rows refer to."""

Row = dict[str, str]


def unit_uuid(number: int) -> str:
    return f"a1b2c3d4-0000-4000-8000-{number:012}"


def engagement_uuid(number: int) -> str:
    return f"e0000000-0000-4000-8000-{number:012}"


def class_uuid(of: str, number: int) -> str:
    """The uuid of a class of a list."""
    return f"{list(LISTS).index(of) + 1}0000000-0000-4000-8000-{number:012}"


def person_uuid(number: int) -> str:
    return object_uuid(CPRS[number])


def header_of(name: str) -> tuple[str, ...]:
    family, kind = name.split("_")[:2]
    return {
        "Org": ORG,
        "Pers": PERS_LUK if kind == "luk" else PERS,
        "Leder": LEDER_LUK if kind == "luk" else LEDER,
    }[family]


def file(name: str, *rows: Row, without: Sequence[str] = ()) -> File:
    """A file by the start of its name and its stamp (`Org_ret 20250201_2200`, `Org_ret 20250201`), `without` columns."""
    start, stamp = name.split()
    stamp += "" if "_" in stamp else "_220000"
    header = tuple(column for column in header_of(start + "_x") if column not in without)
    return File.of(f"{start}_{stamp:0<15}.csv", rows, header)


def unit(number: int, start: str, end: str = "", parent: int | str | None = None, **more: str) -> Row:
    """A row of an Org file, below the root unit 0 unless `parent` is given. `more` are columns, with `_` for `-`."""
    above = parent if isinstance(parent, str) else unit_uuid(0 if parent is None else parent)
    row = {
        "OrgUUID": unit_uuid(number),
        "BrugervendtNøgle": f"B{number}",
        "OrgEnhedsNavn": f"Enhed {number}",
        "ParentUUID": above,
        "Med-i-LinjeOrg": "False",
        "StartDato": start,
        "SlutDato": end,
    }
    return row | _columns(more)


def _columns(more: dict[str, str]) -> Row:
    names = {
        "name": "OrgEnhedsNavn",
        "line": "Med-i-LinjeOrg",
        "type": "OrgEnhedsTypeUUID",
        "key": "BrugervendtNøgle",
        "who": "CPRNavn",
        "primary": "PrimærAnsættelse",
        "unit": "OrgenhedUUID",
        "job": "StillingsBetegnelseUUID",
    }
    return {names.get(name, name).replace("_", "-"): value for name, value in more.items()}


def engaged(number: int, person: int, start: str, end: str = "", **more: str) -> Row:
    """A row of a Pers_nye or Pers_ret file."""
    row = {
        "UUID": engagement_uuid(number),
        "BrugervendtNøgle": f"K{number}",
        "CPR": CPRS[person],
        "CPRNavn": f"Person {person}",
        "StartTid": start,
        "SlutTid": end,
        "Email": f"p{person}@aarhus.dk",
        "PrimærAnsættelse": "Ja",
        "OrgenhedUUID": unit_uuid(0),
        "EngagementTypeUUID": class_uuid("Engagementstype", 0),
        "StillingsBetegnelseUUID": class_uuid("Stillingsbetegnelse", 0),
        "AZID": f"AZ{person}",
    }
    return row | _columns(more)


def ended(number: int, person: int) -> Row:
    """A row of a Pers_luk file."""
    return {"UUID": engagement_uuid(number), "CPR": CPRS[person], "CPRNavn": f"Person {person}"}


def leads(number: int, person: int, duty: int = 0, **more: str) -> Row:
    """A row of a Leder file of any kind."""
    row = {
        "OrgUUID": unit_uuid(number),
        "CPR": CPRS[person],
        "LedertypeUUID": class_uuid("Ledertype", 0),
        "LederniveauUUID": class_uuid("Lederniveau", 0),
        "LederansvarUUID": class_uuid("Lederansvar", duty),
    }
    return row | _columns(more)


def class_list(of: str, *titles: str, first: int = 0) -> File:
    """A class list; the uuids are numbered from `first`."""
    _, uuid, key, title = LISTS[of]
    header = tuple(dict.fromkeys((uuid, key, title)))
    rows = [
        {uuid: class_uuid(of, first + number), key: each, title: each} for number, each in enumerate(titles)
    ]
    return File.of(f"STAM_UUID_{of}.csv", rows, header)


def class_lists() -> list[File]:
    """The lists that people and managers refer to, with three classes each."""
    return [class_list(of, *(f"{of[:3]}{number}" for number in range(3))) for of in DRAWN_LISTS]


def root(stamp: str = "20250101") -> File:
    """A first Org_inital of the root unit 0 alone, there since 1990."""
    return file(f"Org_inital {stamp}", unit(0, "1990-01-01"))
