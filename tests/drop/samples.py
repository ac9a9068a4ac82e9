"""Rows of every kind, their columns and values, for tests to bend."""

from __future__ import annotations

from typing import TypeVar

from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import parse_name
from aarhus_los.drop.reader import read_file
from aarhus_los.drop.rows import (
    OrgRow,
    PersonRow,
    Reject,
    Row,
)

ORG = "Org_nye_20210128_123742.csv"
PERS = "Pers_nye_20210128_123742.csv"
PERS_LUK = "Pers_luk_20210128_123742.csv"
LEDER = "Leder_ret_20210128_123742.csv"
LEDER_LUK = "Leder_luk_20210128_123742.csv"
LIST = "STAM_UUID_Enhedstype.csv"

A, B, C, D, E = (f"{digit * 8}-{digit * 4}-{digit * 4}-{digit * 4}-{digit * 12}" for digit in "abcde")
CPR = "0102031234"

ORG_CELLS = {
    "OrgUUID": A,
    "BrugervendtNøgle": "1001",
    "OrgEnhedsNavn": "Børn og Unge",
    "ParentUUID": B,
    "OrgEnhedsTypeUUID": C,
    "Med-i-LinjeOrg": "True",
    "StartDato": "01-02-2020",
    "SlutDato": "31-12-9999",
    "LOSID": "4711",
    "CVR": "55133018",
    "EAN": "5798005770213",
    "P-Nr": "1003259164",
    "SE-Nr": "55133018",
    "IntDebitor-Nr": "12",
    "MagID": "34",
    "PostAdresse": "Rådhuspladsen 2, 8000 Aarhus C",
}
DETAIL_FIELDS = {
    "LOSID": "los_id",
    "CVR": "cvr",
    "EAN": "ean",
    "P-Nr": "p_number",
    "SE-Nr": "se_number",
    "IntDebitor-Nr": "int_debitor",
    "MagID": "mag_id",
    "PostAdresse": "postal_address",
}
PERS_CELLS = {
    "UUID": A,
    "BrugervendtNøgle": "77",
    "CPR": CPR,
    "CPRNavn": "Åse Østergård",
    "StartTid": "2020-02-01 00:00:00.000",
    "SlutTid": "",
    "Email": "aase@aarhus.dk",
    "PrimærAnsættelse": "Ja",
    "OrgenhedUUID": B,
    "EngagementTypeUUID": C,
    "StillingsBetegnelseUUID": D,
    "AZID": "az77",
}
PERS_LUK_CELLS = {"UUID": A, "CPR": CPR, "CPRNavn": "Åse Østergård"}
LEDER_CELLS = {"OrgUUID": A, "CPR": CPR, "LedertypeUUID": B, "LederniveauUUID": C, "LederansvarUUID": D}
LEDER_LUK_CELLS = {"OrgUUID": A, "CPR": CPR}


R = TypeVar("R", bound=Row)


def details(row: OrgRow) -> dict[str, object]:
    """What a row says of its unit's eight details, by their columns."""
    return {column: getattr(row, field) for column, field in DETAIL_FIELDS.items()}


def read(name: str, data: bytes | str, *, validate_birthdate: bool = True) -> DropFile:
    parsed_name = parse_name(name)
    assert parsed_name is not None
    data = data.encode() if isinstance(data, str) else data
    return read_file(parsed_name, data, validate_birthdate=validate_birthdate)


def text_of(*rows: dict[str, str], end: str = "\n") -> str:
    lines = [";".join(rows[0]), *(";".join(row.values()) for row in rows)]
    return end.join(lines) + end


def one_org(**cells: str) -> OrgRow:
    return one(ORG, ORG_CELLS, OrgRow, **cells)


def one_person(**cells: str) -> PersonRow:
    return one(PERS, PERS_CELLS, PersonRow, **cells)


def one(name: str, base: dict[str, str], kind: type[R], **cells: str) -> R:
    assert cells.keys() <= base.keys()
    parsed = read(name, text_of({**base, **cells}))
    assert parsed.rejects == ()
    (row,) = parsed.rows_of(kind)
    return row


def reject(name: str, base: dict[str, str], **cells: str) -> Reject:
    assert cells.keys() <= base.keys()
    parsed = read(name, text_of({**base, **cells}))
    assert parsed.rows == ()
    (rejected,) = parsed.rejects
    return rejected
