"""How a field of a row declares its column: how a cell is read, what an empty and a bad one mean, what a uuid refers to.

The declarations stand beside the fields (rows.py). The reader, the checks of references and what is read from MO follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple, get_type_hints

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from aarhus_los.drop.cells import NoValue
from aarhus_los.messages import Message

UNITS: Final = "Org"
"""What a reference to an org unit refers to; all others refer to a class list, by its name."""


REQUIRED: Final = object()
"""What an empty and a bad cell mean where there must be a value, and a good one: that the row is rejected."""


class Column(NamedTuple):
    """The column of a field, as an annotation of it.

    `read` makes a value of a stripped text; it raises ValueError with a reason for people. `empty` is what an empty cell
    means, `bad` what a value is taken for that cannot be read. `key`: also a rejected row tells it. `shared`: the same few
    values occur again and again, and are then one object in memory. `to`: what a uuid refers to, the name of a class list or
    `UNITS`. `optional`: the field has a default, and a file may lack it.
    """

    header: str
    read: Callable[[str], object]
    empty: object = REQUIRED
    bad: object = REQUIRED
    key: bool = False
    shared: bool = False
    to: str | None = None
    optional: bool = False

    def value(self, cell: object) -> object:
        """What a cell means; what is no text is a value already. Raises ValueError, without the text in its reason."""
        if cell.__class__ is not str:
            return cell
        text = cell.strip()
        if text:
            try:
                return self.read(text)
            except NoValue:
                if self.empty is REQUIRED:
                    raise
        elif self.empty is REQUIRED:
            raise ValueError(Message.EMPTY())
        return self.empty

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        value = lru_cache(maxsize=8192)(self.value) if self.shared else self.value
        return core_schema.no_info_before_validator_function(value, handler(source))


class Reference(NamedTuple):
    """A field whose uuid refers to something, its column, and to what: the name of a class list, or `UNITS`."""

    field: str
    column: str
    target: str


def columns(row: type) -> Mapping[str, Column]:
    """The columns of a kind of row by the names of their fields, in the order of the class."""
    return _declared(row)[0]


def references(row: type) -> tuple[Reference, ...]:
    """The fields of a kind of row that refer to an org unit or a class."""
    return _declared(row)[1]


@cache
def _declared(row: type) -> tuple[Mapping[str, Column], tuple[Reference, ...]]:
    hints = get_type_hints(row, include_extras=True)
    declared = {
        field.name: note._replace(optional=field.default is not MISSING)
        for field in fields(row)
        for note in getattr(hints[field.name], "__metadata__", ())
        if isinstance(note, Column)
    }
    return declared, tuple(
        Reference(field, column.header, column.to)
        for field, column in declared.items()
        if column.to is not None
    )
