"""What rows declare of their columns, and what follows from it."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest
from msgspec import structs
from pydantic import ValidationError

from aarhus_los.cpr import Cpr
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.columns import UNITS, columns, references
from aarhus_los.drop.reader import row_type
from aarhus_los.drop.rows import ManagerRow, OrgRow, PersonRow, Row
from tests.drop.samples import (
    CPR,
    LEDER_CELLS,
    ORG,
    ORG_CELLS,
    PERS_CELLS,
    PERS_LUK,
    PERS_LUK_CELLS,
    B,
    one_org,
    one_person,
    read,
    text_of,
)

KINDS = get_args(Row)


def test_references_name_field_column_and_target() -> None:
    assert references(PersonRow) == (
        ("org_uuid", "OrgenhedUUID", UNITS),
        ("engagement_type_uuid", "EngagementTypeUUID", "Engagementstype"),
        ("job_function_uuid", "StillingsBetegnelseUUID", "Stillingsbetegnelse"),
    )
    assert references(OrgRow) == (
        ("parent_uuid", "ParentUUID", UNITS),
        ("type_uuid", "OrgEnhedsTypeUUID", "Enhedstype"),
    )
    assert [reference.column for reference in references(ManagerRow)] == [
        column for column in LEDER_CELLS if column != "CPR"
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_referred_to_exists(kind: type) -> None:
    assert {reference.target for reference in references(kind)} <= {UNITS, *CLASS_LISTS}


@pytest.mark.parametrize(
    ("kind", "cells"), [(OrgRow, ORG_CELLS), (PersonRow, PERS_CELLS), (ManagerRow, LEDER_CELLS)]
)
def test_every_column_of_ours_is_declared_once(kind: type, cells: dict[str, str]) -> None:
    assert sorted(column.header for column in columns(kind).values()) == sorted(cells)


def test_a_row_can_be_changed_and_stays_checked() -> None:
    row = one_person()
    changed = dataclasses.replace(row, org_uuid=B.upper(), start=row.end)
    assert (changed.org_uuid, changed.start, changed.cpr) == (B, row.end, Cpr(CPR))
    with pytest.raises(ValidationError) as error:
        dataclasses.replace(row, cpr=f"{CPR}1")  # type: ignore[arg-type]
    assert CPR not in str(error.value)


def test_rows_take_no_more_memory_than_their_slots() -> None:
    assert not hasattr(one_org(), "__dict__")
    assert not hasattr(one_person(), "__dict__")


def test_a_file_knows_its_version_which_lines_are_due_and_its_lines_as_written() -> None:
    file = read(ORG, text_of(ORG_CELLS, ORG_CELLS) + "too;short\n")
    assert len(file.sha256) == 64
    assert [ref.line for ref in file.lines] == [2, 3, 4]
    assert [ref.line for ref in file.lines if file.is_due(ref)] == [2, 3, 4]
    again = structs.replace(file, due=frozenset({3}))
    assert [ref.line for ref in again.lines if again.is_due(ref)] == [3]
    assert file.cells({1, 3, 4}) == {1: tuple(ORG_CELLS), 3: tuple(ORG_CELLS.values()), 4: ("too", "short")}


@pytest.mark.parametrize(
    ("title", "ours"),
    [
        ("E-mail", "Email"),
        ("EMAILADRESSE", "Email"),
        ("AZ-ID", "AZID"),
        ("AZ ident", "AZID"),
        ("Telefon", None),
        ("Email 0102031234", None),
        ("Email\x1b[31m", None),
        ("ADITSystemUUID", None),
        ("ADkonto", None),
    ],
)
def test_a_title_that_is_near_to_a_missing_column_is_told(title: str, ours: str | None) -> None:
    cells = {name: value for name, value in PERS_CELLS.items() if name not in ("Email", "AZID")}
    file = read("Pers_nye_20210128_123742.csv", text_of({**cells, title: "x"}))
    assert file.header.near == (() if ours is None else ((title, ours),))
    assert file.header.missing == ("Email", "AZID")
    assert ("meant for" in file.header.missing_text) is (ours is not None)


def test_a_header_with_all_columns_has_nothing_to_tell() -> None:
    file = read(ORG, text_of({**ORG_CELLS, "EAN-nr": "x"}))
    assert (file.header.missing, file.header.near, file.header.missing_text) == ((), (), "")


def test_the_kind_of_row_follows_from_the_name() -> None:
    assert row_type(read(PERS_LUK, text_of(PERS_LUK_CELLS)).name).__name__ == "EndedEngagementRow"
