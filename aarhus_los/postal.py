"""Postal addresses where MO is written by GraphQL: left out where MO's own address service does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec.structs import replace

from aarhus_los.desired.claims import DesiredObject
from aarhus_los.desired.units import POSTAL_ADDRESS
from aarhus_los.drop.names import parse_name
from aarhus_los.mo.model import Address, Value
from aarhus_los.plan import Operation
from aarhus_los.timeline import NOTHING, Nothing

LEFT_OUT: Final = "mo:postal addresses"
"""What the state calls the day of the oldest file of which postal addresses were left out."""


def value_of(operation: Operation) -> str:
    """The address that an operation writes: a uuid of DAR."""
    assert isinstance(operation.value, Address)
    return operation.value.value


def without(wanted: Sequence[DesiredObject]) -> list[DesiredObject]:
    """What is wanted, but for postal addresses: of these only the ends."""
    return [
        replace(each, claim=tuple(piece for piece in each.claim if piece.value is NOTHING))
        if any(is_postal(piece.value) for piece in each.claim)
        else each
        for each in wanted
    ]


def first_day(operations: Sequence[Operation]) -> date:
    """The day of the oldest file that asks for some operations."""
    names = {ref.file for op in operations for ref in op.origin}
    days = (name.file_date for each in names if (name := parse_name(each)) is not None)
    return min(days, default=date(1900, 1, 1))


def is_postal(value: Value | Nothing | None) -> bool:
    """Whether a value is a postal address of an org unit."""
    return isinstance(value, Address) and value.type == POSTAL_ADDRESS.type
