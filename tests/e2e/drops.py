"""A small drop of org units, and what MO must then say of them by the oracle."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from aarhus_los.sandbox.mo_store import MoStore
from tests.drawn.oracle import Outcome, fold
from tests.drawn.stand_in import StandIn, wash
from tests.drawn.world import File, Mo, empty_mo
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import STAM, Row, org, table, unit, uuid_of

State = Mapping[str, Mapping[str, list[dict[str, Any]]]]

TYPES: Final = "STAM_UUID_Enhedstype.csv"
FIRST: Final = "Org_inital_20260105_220000.csv"
NEW: Final = "Org_nye_20260209_220000.csv"
CHANGED: Final = "Org_ret_20260209_220000.csv"
DAY_OF_CHANGE: Final = date(2026, 2, 9)


def office(word: str, parent: str = "top", *, start: str = "01-01-2024", end: str = "", **cells: str) -> Row:
    """A row of an office with an EAN, in the line organisation."""
    usual = {
        "OrgEnhedsTypeUUID": uuid_of("Kontor"),
        "Med_i_LinjeOrg": "True",
        "EAN": f"579{sum(word.encode()):010}",
    }
    return unit(word, parent, start=start, end=end, **{**usual, **cells})


def type_list(**titles: str) -> str:
    """The list of unit types, `Kontor` among them; each is known by the title that it had first."""
    columns = STAM["Enhedstype"]
    named = {"Kontor": "Kontor", **titles}.items()
    return table(columns, [dict(zip(columns, (uuid_of(key), title), strict=True)) for key, title in named])


FIRST_ROWS: Final = (
    office("top", LOSID="1"),
    office("bibl", OrgEnhedsNavn="Biblioteket", end="30-06-2025", P_Nr="1003000001"),
    office("bibl", OrgEnhedsNavn="Hovedbiblioteket", start="2025-07-01"),
    office("øko", CVR="55133018", PostAdresse="Åboulevarden 1, 8000 Ådal", IntDebitor_Nr="17"),
    office("skov", "øko", end="2025-12-31"),
    office("skov", "bibl", start="01-03-2026", end="9999-12-31"),
    office("hr", OrgEnhedsTypeUUID="", MagID="M-4", Med_i_LinjeOrg="False"),
    # rows that overlap and differ, and before those of their parent
    office("barn", "mor", OrgEnhedsNavn="Barnet", end="2025-12-31"),
    office("barn", "mor", OrgEnhedsNavn="Barnet, stort", start="2025-06-01"),
    office("mor", SE_Nr="12345678"),
)


FIRST_FILES: Final = {FIRST: org(*FIRST_ROWS)}
CHANGES: Final = {
    NEW: org(
        office("under", "ny", P_Nr="1003000002", start="2026-02-15"),
        office("ny", "sen", start="2026-02-01", end="2027-01-31"),
    ),
    CHANGED: org(
        office("bibl", OrgEnhedsNavn="Hovedbiblioteket", end="31-03-2026"),
        office("øko", CVR="55133018", IntDebitor_Nr="17", EAN=""),
        office("mor", Med_i_LinjeOrg="False", SE_Nr="12345678"),
        office("barn", "hr", OrgEnhedsNavn="Barnet, stort", end="2026-01-31"),
        office("hr", OrgEnhedsTypeUUID="", MagID="M-5", Med_i_LinjeOrg="False", OrgEnhedsNavn="Mennesker"),
        # announced ahead, and a unit that nobody knows yet
        office("top", LOSID="2", start="01-07-2026"),
        office("sen", start="2025-11-01", PostAdresse="Nygade 2, 8000 Ådal"),
    ),
}
DELTA: Final = {TYPES: type_list(Kontor="Kontorer", Skole="Skole"), **CHANGES}
"""The changes of a day, and of a class list."""


def put_first_files(sandbox: Sandbox) -> None:
    """Puts the list of unit types and the first org units."""
    put_files(sandbox, {TYPES: type_list(), **FIRST_FILES})


def put_files(sandbox: Sandbox, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        sandbox.put(name, text)


def said(store: MoStore) -> Mo:
    """What an MO says but for the class lists, in the oracle's words."""
    reader = StandIn()
    reader.store = store
    return _of_los(reader.read())


def file_of(name: str, text: str) -> File:
    """A file for the oracle."""
    header, *rows = csv.reader(io.StringIO(text), delimiter=";")
    return File(name, tuple(header), tuple(map(tuple, rows)))


def folded(files: Mapping[str, str], before: Mo | None = None) -> Outcome:
    """What these files make of an MO, by the oracle; without one, of an empty one."""
    drop = [file_of(name, text) for name, text in files.items()]
    return fold(before or empty_mo(), drop, date.today(), wash)


def told(files: Mapping[str, str], before: Mo | None = None) -> Mo:
    """What MO must say after these files, but for the class lists."""
    return _of_los(folded(files, before).mo)


def _of_los(mo: Mo) -> Mo:
    return {**mo, "class": {}, "itsystem": {}}
