"""Seed data: the table, its uuids, and an MO that has it all."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from aarhus_los.desired.claims import DesiredObject
from aarhus_los.initial import AZ_SYSTEM, FACETS, SEED_CLASSES, facet_uuids, seed_objects
from aarhus_los.mo.model import Class, Facet, History, ItSystem, Kind, Organisation
from aarhus_los.plan import make_plan
from aarhus_los.timeline import FOREVER, Piece
from aarhus_los.uuids import seed_uuid

VECTORS = json.loads((Path(__file__).parent / "data" / "uuids.json").read_text(encoding="utf-8"))[
    "aarhus-los"
]
UNLISTED = {"IKKE_LINJE_ORG_HIERARCHY", "UNIT_TYPE_UNKNOWN"}
"""Names without a vector of their own."""
TABLE = """
org_unit_address_type | Postadresse | AddressMailUnit | DAR | UNIT_POSTADDR
org_unit_address_type | LOS ID | LOSID | TEXT | UNIT_LOS
org_unit_address_type | CVR nummer | CVRUnit | TEXT | UNIT_CVR
org_unit_address_type | EAN nummer | EANUnit | EAN | UNIT_EAN
org_unit_address_type | P-nummer | PNumber | PNUMBER | UNIT_PNR
org_unit_address_type | SE-nummer | SENumber | TEXT | UNIT_SENR
org_unit_address_type | IntDebitor-Nr | intdebit | TEXT | UNIT_DEBITORNR
org_unit_address_type | WWW | UnitWeb | WWW | UNIT_WWW
org_unit_address_type | Ekspeditionstid | UnitHours | TEXT | UNIT_HOURS
org_unit_address_type | Telefontid | UnitPhoneHours | TEXT | UNIT_PHONEHOURS
org_unit_address_type | Telefon | UnitPhone | PHONE | UNIT_PHONE
org_unit_address_type | Fax | UnitFax | PHONE | UNIT_FAX
org_unit_address_type | Email | UnitEmail | EMAIL | UNIT_EMAIL
org_unit_address_type | Magkort | UnitMagID | TEXT | UNIT_MAG_ID
org_unit_address_type | Alternativt navn | UnitNameAlt | TEXT | UNIT_NAME_ALT
employee_address_type | Phone | PhoneEmployee | PHONE | PERSON_PHONE
employee_address_type | Email | EmailEmployee | EMAIL | PERSON_EMAIL
employee_address_type | Lokale | RoomEmployee | TEXT | PERSON_ROOM
employee_address_type | Alternativ stillingsbetegnelse | AltJobTitle | TEXT | PERSON_JOB_TITLE_ALT
primary_type | Primær | primary | 100000 | PRIMARY
primary_type | Ikke-primær | non-primary | 0 | NOT_PRIMARY
org_unit_hierarchy | Linjeorganisation | linjeorg | TEXT | LINJE_ORG_HIERARCHY
org_unit_hierarchy | Sikkerhedsorganisation | sikkerhedsorg | TEXT | SIKKERHEDS_ORG_HIERARCHY
org_unit_hierarchy | Uden for linjeorganisationen | ikke-linjeorg | TEXT | IKKE_LINJE_ORG_HIERARCHY
org_unit_type | Ukendt | ukendt | TEXT | UNIT_TYPE_UNKNOWN
role_type | Rolletype | role_type | TEXT | 964c31a2-6267-4388-bff5-42d6f3c5f708
association_type | Tilknytningsrolle | association_type | TEXT | ec534b86-3d9b-42d8-bff0-afc4f81719af
leave_type | Orlovsrolle | leave_type | TEXT | d2892fa6-bc56-4c14-bd24-74ae0c71fa3a
"""
LISTED = {
    "org_unit_type",
    "engagement_type",
    "engagement_job_function",
    "engagement_job_function_bvn",
    "responsibility",
    "manager_level",
    "manager_type",
    "association_type",
}
"""The facets of the class lists."""
ORGANISATION = ("3b866d97-0b1f-48e0-8078-686d96f430b3", 751)


def rows() -> list[list[str]]:
    return [line.split(" | ") for line in TABLE.strip().splitlines()]


def by_uuid(objects: list[DesiredObject], kind: Kind) -> dict[str, DesiredObject]:
    found = {each.uuid: each for each in objects if each.kind is kind}
    assert len(found) == sum(each.kind is kind for each in objects)
    return found


def test_the_classes_are_those_of_the_table_with_their_uuids() -> None:
    seeds, _ = seed_objects({}, ORGANISATION, 751, None)
    expected = {}
    for facet, name, user_key, scope, vector in rows():
        uuid = vector if "-" in vector else seed_uuid(vector) if vector in UNLISTED else VECTORS[vector]
        expected[uuid] = Class(seed_uuid(facet), user_key, name, scope)
    assert {uuid: each.claim[0].value for uuid, each in by_uuid(seeds, Kind.CLASS).items()} == expected
    assert len(SEED_CLASSES) == len(rows()) == len(expected)


def test_the_facets_are_those_that_classes_and_lists_need() -> None:
    seeds, _ = seed_objects({}, ORGANISATION, 751, None)
    needed = {facet for facet, *_ in rows()} | LISTED
    assert set(FACETS) == needed
    assert {uuid: each.claim[0].value for uuid, each in by_uuid(seeds, Kind.FACET).items()} == {
        seed_uuid(facet): Facet(facet) for facet in needed
    }


def test_a_facet_that_mo_has_is_used_and_not_made() -> None:
    seeds, _ = seed_objects({"org_unit_type": "theirs"}, ORGANISATION, 751, None)
    assert seed_uuid("org_unit_type") not in by_uuid(seeds, Kind.FACET)
    unknown = by_uuid(seeds, Kind.CLASS)[seed_uuid("UNIT_TYPE_UNKNOWN")].claim[0].value
    assert isinstance(unknown, Class)
    assert unknown.facet == "theirs"
    assert facet_uuids({"org_unit_type": "theirs"})["org_unit_type"] == "theirs"


@pytest.mark.parametrize(("named", "made"), [(None, True), (AZ_SYSTEM, True), ("another", False)])
def test_the_it_system_is_made_unless_the_settings_name_another(named: str | None, made: bool) -> None:
    seeds, _ = seed_objects({}, ORGANISATION, 751, named)
    systems = by_uuid(seeds, Kind.ITSYSTEM)
    assert VECTORS["AZID_SYSTEM"] == AZ_SYSTEM
    assert [each.claim[0].value for each in systems.values()] == ([ItSystem("AZ", "AZ")] if made else [])


def test_the_municipality_code_is_set_only_where_mo_has_none() -> None:
    uuid, _ = ORGANISATION
    seeds, notices = seed_objects({}, (uuid, None), 751, None)
    (organisation,) = by_uuid(seeds, Kind.ORGANISATION).values()
    assert (organisation.uuid, organisation.claim[0].value) == (uuid, Organisation(751))
    assert notices == []


def test_another_municipality_code_is_told_and_left() -> None:
    seeds, (notice,) = seed_objects({}, (ORGANISATION[0], 740), 751, None)
    assert by_uuid(seeds, Kind.ORGANISATION) == {}
    assert "740" in notice.text
    assert not notice.fault


def test_seeding_an_mo_that_has_everything_sends_nothing_even_where_others_changed_it() -> None:
    seeds, _ = seed_objects({}, ORGANISATION, 751, None)
    again, notices = seed_objects({facet: seed_uuid(facet) for facet in FACETS}, ORGANISATION, 751, None)
    actual: dict[Kind, dict[str, History]] = {}
    for each in seeds:
        value = each.claim[0].value
        if isinstance(value, Class):
            value = replace(value, name="Changed by hand")
        actual.setdefault(each.kind, {})[each.uuid] = (Piece(date(2020, 1, 1), FOREVER, value),)
    assert make_plan(again, actual).operations == []
    assert notices == []


def test_seeding_an_empty_mo_makes_facets_before_their_classes() -> None:
    seeds, _ = seed_objects({}, ORGANISATION, 751, None)
    plan = make_plan(seeds, {})
    number_of = {operation.uuid: n for n, step in enumerate(plan.steps) for operation in step.operations}
    for facet, _, _, _, vector in rows():
        uuid = vector if "-" in vector else seed_uuid(vector)
        assert number_of[seed_uuid(facet)] in plan.steps[number_of[uuid]].needs
