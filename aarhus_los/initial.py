"""Seed data: the facets, classes and IT system that the import needs, made where MO lacks them and never touched again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from aarhus_los.desired.claims import DesiredObject, Notice
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.messages import Message
from aarhus_los.mo.model import Class, Facet, ItSystem, Kind, Organisation, Value
from aarhus_los.timeline import FOREVER, Piece
from aarhus_los.uuids import seed_uuid

FIRST_DAY: Final = date(1900, 1, 1)
"""From when on seed data is valid: no validity of the drop begins earlier."""


class Seed(Struct, frozen=True):
    """A class that must be there."""

    facet: str
    name: str
    user_key: str
    scope: str
    uuid: str


def _seed(facet: str, name: str, user_key: str, scope: str, vector: str) -> Seed:
    return Seed(facet, name, user_key, scope, seed_uuid(vector))


SEED_CLASSES: Final = (
    _seed("org_unit_address_type", "Postadresse", "AddressMailUnit", "DAR", "UNIT_POSTADDR"),
    _seed("org_unit_address_type", "LOS ID", "LOSID", "TEXT", "UNIT_LOS"),
    _seed("org_unit_address_type", "CVR nummer", "CVRUnit", "TEXT", "UNIT_CVR"),
    _seed("org_unit_address_type", "EAN nummer", "EANUnit", "EAN", "UNIT_EAN"),
    _seed("org_unit_address_type", "P-nummer", "PNumber", "PNUMBER", "UNIT_PNR"),
    _seed("org_unit_address_type", "SE-nummer", "SENumber", "TEXT", "UNIT_SENR"),
    _seed("org_unit_address_type", "IntDebitor-Nr", "intdebit", "TEXT", "UNIT_DEBITORNR"),
    _seed("org_unit_address_type", "WWW", "UnitWeb", "WWW", "UNIT_WWW"),
    _seed("org_unit_address_type", "Ekspeditionstid", "UnitHours", "TEXT", "UNIT_HOURS"),
    _seed("org_unit_address_type", "Telefontid", "UnitPhoneHours", "TEXT", "UNIT_PHONEHOURS"),
    _seed("org_unit_address_type", "Telefon", "UnitPhone", "PHONE", "UNIT_PHONE"),
    _seed("org_unit_address_type", "Fax", "UnitFax", "PHONE", "UNIT_FAX"),
    _seed("org_unit_address_type", "Email", "UnitEmail", "EMAIL", "UNIT_EMAIL"),
    _seed("org_unit_address_type", "Magkort", "UnitMagID", "TEXT", "UNIT_MAG_ID"),
    _seed("org_unit_address_type", "Alternativt navn", "UnitNameAlt", "TEXT", "UNIT_NAME_ALT"),
    _seed("employee_address_type", "Phone", "PhoneEmployee", "PHONE", "PERSON_PHONE"),
    _seed("employee_address_type", "Email", "EmailEmployee", "EMAIL", "PERSON_EMAIL"),
    _seed("employee_address_type", "Lokale", "RoomEmployee", "TEXT", "PERSON_ROOM"),
    _seed(
        "employee_address_type",
        "Alternativ stillingsbetegnelse",
        "AltJobTitle",
        "TEXT",
        "PERSON_JOB_TITLE_ALT",
    ),
    _seed("primary_type", "Primær", "primary", "100000", "PRIMARY"),
    _seed("primary_type", "Ikke-primær", "non-primary", "0", "NOT_PRIMARY"),
    _seed("org_unit_hierarchy", "Linjeorganisation", "linjeorg", "TEXT", "LINJE_ORG_HIERARCHY"),
    _seed(
        "org_unit_hierarchy", "Sikkerhedsorganisation", "sikkerhedsorg", "TEXT", "SIKKERHEDS_ORG_HIERARCHY"
    ),
    _seed(
        "org_unit_hierarchy",
        "Uden for linjeorganisationen",
        "ikke-linjeorg",
        "TEXT",
        "IKKE_LINJE_ORG_HIERARCHY",
    ),
    _seed("org_unit_type", "Ukendt", "ukendt", "TEXT", "UNIT_TYPE_UNKNOWN"),
    Seed("role_type", "Rolletype", "role_type", "TEXT", "964c31a2-6267-4388-bff5-42d6f3c5f708"),
    Seed(
        "association_type",
        "Tilknytningsrolle",
        "association_type",
        "TEXT",
        "ec534b86-3d9b-42d8-bff0-afc4f81719af",
    ),
    Seed("leave_type", "Orlovsrolle", "leave_type", "TEXT", "d2892fa6-bc56-4c14-bd24-74ae0c71fa3a"),
)
AZ_SYSTEM: Final = seed_uuid("AZID_SYSTEM")
FACETS: Final = tuple(
    dict.fromkeys(
        [*(seed.facet for seed in SEED_CLASSES), *(each.facet for each in CLASS_LISTS.values() if each.facet)]
    )
)
"""The user keys of all facets that the import needs."""


def facet_uuids(facets_of_mo: Mapping[str, str]) -> dict[str, str]:
    """User key → uuid of each facet that the import needs: MO's own, else the one that it is made with."""
    return {user_key: facets_of_mo.get(user_key) or seed_uuid(user_key) for user_key in FACETS}


def doubtful_facets(facets_of_mo: Mapping[str, str], unshown: Collection[str]) -> dict[str, str]:
    """User key → uuid, of the facets that MO does not show: a facet that it cannot show, and that may be the one.

    `unshown` are the facets that MO has and cannot show, by uuid: what their user keys are nobody can tell, but of ours.
    """
    strangers = sorted(set(unshown) - {seed_uuid(key) for key in FACETS})
    missing = [key for key in FACETS if key not in facets_of_mo and seed_uuid(key) not in unshown]
    return dict.fromkeys(missing, strangers[0]) if strangers else {}


def seed_objects(
    facets_of_mo: Mapping[str, str],
    organisation: tuple[str, int | None],
    municipality_code: int,
    azid_it_system: str | None,
) -> tuple[list[DesiredObject], list[Notice]]:
    """All seed data as desired objects, and what is odd about MO's. `organisation`: the root's uuid and code in MO."""
    facets = facet_uuids(facets_of_mo)
    seeds = [_object(Kind.FACET, facets[key], Facet(key)) for key in FACETS if key not in facets_of_mo]
    seeds += [
        _object(Kind.CLASS, seed.uuid, Class(facets[seed.facet], seed.user_key, seed.name, seed.scope))
        for seed in SEED_CLASSES
    ]
    if azid_it_system in (None, AZ_SYSTEM):
        seeds.append(_object(Kind.ITSYSTEM, AZ_SYSTEM, ItSystem("AZ", "AZ")))
    uuid, code = organisation
    notices = []
    if code is None:
        seeds.append(_object(Kind.ORGANISATION, uuid, Organisation(municipality_code), create_only=False))
    elif code != municipality_code:
        notices.append(Notice(Message.OTHER_MUNICIPALITY(found=code, expected=municipality_code)))
    return seeds, notices


def _object(kind: Kind, uuid: str, value: Value, *, create_only: bool = True) -> DesiredObject:
    return DesiredObject(kind, uuid, (Piece(FIRST_DAY, FOREVER, value),), create_only)
