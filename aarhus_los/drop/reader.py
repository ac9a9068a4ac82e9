"""Reads a file of the drop: its bytes become rows and rejects, each with its line.

A file is refused as a whole only where it is not what its name says; anything else that is wrong costs a row or a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.columns import Column, columns
from aarhus_los.drop.dialect import DELIMITER, Broken, Undecodable, read_records
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.header import Unfit, fit
from aarhus_los.drop.names import DropName, Family
from aarhus_los.drop.parser import Parser
from aarhus_los.drop.rows import (
    ClassRow,
    EndedEngagementRow,
    EndedManagerRow,
    ManagerRow,
    OrgRow,
    PersonRow,
    Reject,
    Row,
)
from aarhus_los.errors import FileRefused
from aarhus_los.messages import Message

_ROWS: Final[Mapping[Family, type[Row]]] = {
    Family.STAM: ClassRow,
    Family.ORG: OrgRow,
    Family.PERS: PersonRow,
    Family.LEDER: ManagerRow,
}
_ENDS: Final[Mapping[Family, type[Row]]] = {Family.PERS: EndedEngagementRow, Family.LEDER: EndedManagerRow}


def read_file(name: DropName, data: bytes, *, validate_birthdate: bool = True) -> DropFile:
    """Reads the bytes of a file. Without `validate_birthdate` any ten digits are a CPR number. Raises FileRefused."""
    try:
        return _read(name, data, validate_birthdate)
    except (Undecodable, Unfit) as error:
        raise FileRefused(name.name, str(error)) from None


def _read(name: DropName, data: bytes, validate_birthdate: bool) -> DropFile:
    records = read_records(data)
    _, titles = next(records, (1, None))
    if titles is None:
        raise FileRefused(name.name, Message.NO_HEADER())
    if isinstance(titles, Broken):
        raise FileRefused(name.name, Message.BAD_HEADER(reason=titles.reason))
    row = row_type(name)
    try:
        header = fit(titles, columns_of(name))
    except Unfit as error:
        if len(titles) > 1:
            raise
        raise Unfit(Message.ONE_COLUMN(text=str(error), delimiter=DELIMITER)) from None
    parser = Parser(name, row, header, columns_of(name), validate_birthdate=validate_birthdate)
    rows: list[Row] = []
    rejects: list[Reject] = []
    for line, record in records:
        parsed = parser.parse(line, record)
        if isinstance(parsed, Reject):
            rejects.append(parsed)
        else:
            rows.append(parsed)
    return DropFile(name, data, header, tuple(rows), tuple(rejects))


def row_type(name: DropName) -> type[Row]:
    """The kind of row that a file of this name has."""
    return (_ENDS if name.kind == "luk" else _ROWS)[name.family]


def columns_of(name: DropName) -> Mapping[str, Column]:
    """The columns of a file of this name, by the fields that they fill."""
    declared = columns(row_type(name))
    if name.family is not Family.STAM:
        return declared
    listed = CLASS_LISTS[name.kind]
    headers = {"uuid": listed.uuid, "user_key": listed.user_key, "name": listed.title}
    return {field: column._replace(header=headers[field]) for field, column in declared.items()}
