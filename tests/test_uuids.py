"""The derived uuids, against vectors from MO databases that hold them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aarhus_los.cpr import Cpr
from aarhus_los.desired.managers import manager_uuid
from aarhus_los.desired.persons import account_uuid, email_uuid, new_person_uuid
from aarhus_los.desired.units import ADDRESSES
from aarhus_los.mo import bookmark
from aarhus_los.uuids import seed_uuid

VECTORS = json.loads((Path(__file__).parent / "data" / "uuids.json").read_text(encoding="utf-8"))
SEEDS, OBJECTS = VECTORS["aarhus-los"], VECTORS["AAK"]
UNIT = "a1b2c3d4-0000-4000-8000-000000000001"
PERSON = Cpr("0101501234")


@pytest.mark.parametrize("name", SEEDS)
def test_seeds(name: str) -> None:
    assert seed_uuid(name) == SEEDS[name]


def test_the_bookmark_and_its_facet() -> None:
    assert (SEEDS["los_import"], SEEDS["los_import_bookmark"]) == (bookmark.FACET, bookmark.CLASS)


def test_objects_of_units_and_people() -> None:
    made = {f"{UNIT}{address.suffix}": address.of(UNIT)[1] for address in ADDRESSES}
    made |= {
        "0101501234": new_person_uuid(PERSON),
        "0101501234email": email_uuid(PERSON),
        "0101501234azid": account_uuid(PERSON),
        f"{UNIT}0101501234manager": manager_uuid(UNIT, PERSON),
    }
    assert made == OBJECTS
