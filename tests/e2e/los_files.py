"""Files of a drop, written row by row, and what MO says of an object, read as plain spans."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from aarhus_los.uuids import object_uuid
from tests.drawn.units import ADDRESSES

Row = dict[str, str]
Validities = Sequence[Mapping[str, Any]]

ORG: Final = (
    "OrgUUID",
    "BrugervendtNøgle",
    "OrgEnhedsNavn",
    "ParentUUID",
    "OrgEnhedsTypeUUID",
    "Med-i-LinjeOrg",
    "StartDato",
    "SlutDato",
    *ADDRESSES,
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
)
PERS_LUK: Final = ("UUID", "CPR", "CPRNavn")
LEDER: Final = ("OrgUUID", "CPR", "LedertypeUUID", "LederniveauUUID", "LederansvarUUID")
LEDER_LUK: Final = ("OrgUUID", "CPR")
STAM: Final = {
    "Enhedstype": ("EnhedstypeUUID", "Enhedstype"),
    "Engagementstype": ("EngagementstypeUUID", "Engagementstype"),
    "Stillingsbetegnelse": ("StillingBetUUID", "Stillingsbetegnelse"),
    "Ledertype": ("LedertypeUUID", "Ledertype"),
    "Lederniveau": ("LederniveauUUID", "Lederniveau"),
    "Lederansvar": ("LederansvarUUID", "Lederansvar"),
}


def uuid_of(word: str) -> str:
    """The uuid that LOS has given to what the tests call by a word."""
    return str(uuid5(NAMESPACE_URL, f"los:{word}"))


def address_of(word: str, column: str) -> str:
    """The uuid of an address of a unit, by its column."""
    return object_uuid(uuid_of(word) + ADDRESSES[column])


def table(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """The text of a file; columns that a row does not name are empty, and others are a mistake of the test."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def org(*rows: Row) -> str:
    """`Org_inital`, `Org_nye` or `Org_ret`."""
    return table(ORG, rows)


def unit(
    word: str, parent: str | None = None, *, start: str = "2020-01-01", end: str = "", **cells: str
) -> Row:
    """A row of a unit that is called by a word; without a parent it is a root unit. `cells` by column, `_` for `-`."""
    return {
        "OrgUUID": uuid_of(word),
        "BrugervendtNøgle": word,
        "OrgEnhedsNavn": word.capitalize(),
        "ParentUUID": uuid_of(parent or word),
        "Med-i-LinjeOrg": "False",
        "StartDato": start,
        "SlutDato": end,
    } | {column.replace("_", "-"): value for column, value in cells.items()}


def stam(listed: str, *titles: str) -> str:
    """A class list; the uuid of a class is that of its title."""
    uuid, title = STAM[listed]
    return table((uuid, title), [{uuid: uuid_of(each), title: each} for each in titles])


def put_at(folder: Path, name: str, text: str, modified: datetime) -> Path:
    """Writes a file into the drop as a server lists it that was given it at a moment of Danish time."""
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    seconds = modified.replace(tzinfo=ZoneInfo("Europe/Copenhagen")).timestamp()
    os.utime(path, (seconds, seconds))
    return path


def spans(validities: Validities, field: str) -> list[tuple[str | None, str | None, Any]]:
    """What one field says, from when until when (None: no start, no end); neighbours that say the same are one."""
    found: list[tuple[str | None, str | None, Any]] = []
    for each in validities:
        start, end, value = each["from"], each["to"], each[field]
        if found and found[-1][2] == value and _touch(found[-1][1], start):
            found[-1] = (found[-1][0], end, value)
        else:
            found.append((start, end, value))
    return found


def _touch(end: str | None, start: str | None) -> bool:
    if end is None or start is None:
        return False
    return (datetime.fromisoformat(start) - datetime.fromisoformat(end)).days == 1
