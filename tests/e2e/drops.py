"""A small drop of org units, and what MO must then say of them: day by day, from the oracle's naive reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from aarhus_los.sandbox.dar import address_uuid
from tests import oracle
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import STAM, Row, org, table, unit, uuid_of

State = Mapping[str, Mapping[str, list[dict[str, Any]]]]

TYPES: Final = "STAM_UUID_Enhedstype.csv"
FIRST: Final = "Org_inital_20260105_220000.csv"
NEW: Final = "Org_nye_20260209_220000.csv"
CHANGED: Final = "Org_ret_20260209_220000.csv"
DAY_OF_CHANGE: Final = date(2026, 2, 9)
DAYS: Final = [*(date(2023, 12, 30) + timedelta(days=n) for n in range(1300)), date.max]
"""Every day on which something in these drops may change, and one that stands for no end."""
_ADDRESS_TYPES: Final = {
    "LOSID": "LOSID",
    "CVR": "CVRUnit",
    "EAN": "EANUnit",
    "P-Nr": "PNumber",
    "SE-Nr": "SENumber",
    "IntDebitor-Nr": "intdebit",
    "MagID": "UnitMagID",
    "PostAdresse": "AddressMailUnit",
}


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


def put_first_files(sandbox: Sandbox) -> None:
    """Puts the list of unit types and the first org units."""
    put_files(sandbox, {TYPES: type_list(), **FIRST_FILES})


def put_files(sandbox: Sandbox, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        sandbox.put(name, text)


def days_in_mo(state: State, days: Sequence[date] = DAYS) -> dict[oracle.Thing, oracle.Days]:
    """What MO says of every unit and its addresses, day by day."""
    found: dict[oracle.Thing, oracle.Days] = {}
    classes = {uuid: history[-1]["user_key"] for uuid, history in state["class"].items()}
    for uuid, history in state["org_unit"].items():
        found[uuid, "unit"] = {
            day: {
                "user_key": validity["user_key"],
                "name": validity["name"],
                "parent": validity["parent"],
                "type": validity["org_unit_type"],
                "mark": validity["org_unit_hierarchy"],
            }
            for validity in history
            for day in _within(validity, days)
        }
        for column, suffix in oracle.COLUMNS.items():
            address = state["address"].get(oracle.derived("AAK", uuid + suffix), [])
            assert {classes[each["address_type"]] for each in address} <= {_ADDRESS_TYPES[column]}
            assert {each["org_unit"] for each in address} <= {uuid}
            found[uuid, column] = {
                day: validity["value"] for validity in address for day in _within(validity, days)
            }
    return {thing: there for thing, there in found.items() if there}


def days_told(
    files: Mapping[str, str],
    mo: Mapping[oracle.Thing, oracle.Days],
    days: Sequence[date] = DAYS,
    types: Iterable[str] = ("Kontor",),
) -> dict[oracle.Thing, oracle.Days]:
    """What MO must say after these Org files, from what it said before."""
    known = {uuid_of(each) for each in types} | {oracle.NO_TYPE}
    rows = [row.cells for name, text in files.items() for row in oracle.parse(name, text).rows]
    dar = {row["postadresse"]: address_uuid(row["postadresse"]) for row in rows}
    told = oracle.told(files, mo, days, known, dar)
    return {thing: there for thing, there in told.days.items() if there}


def _within(validity: Mapping[str, Any], days: Iterable[date]) -> list[date]:
    start = date.fromisoformat(validity["from"] or "0001-01-01")
    end = date.fromisoformat(validity["to"] or "9999-12-31")
    return [day for day in days if start <= day <= end]
