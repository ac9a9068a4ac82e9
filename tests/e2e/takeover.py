"""An MO as the earlier importer left it, with everything that it got wrong; the files are in takeover_drop."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from aarhus_los.sandbox.dar import address_uuid as dar_uuid
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.uuids import LINE_ORGANISATION, object_uuid, seed_uuid
from tests.e2e.los_files import address_of, uuid_of

ORG_UUID: Final = "266a7532-40d2-8de3-cd0f-1a94de5ad1fb"
"""Below this the earlier importer hung root units, whether or not it was MO's organisation."""
STATE: Final = "2026-09-02T04:00:00"
BEGUN: Final = "2024-01-01"
CLOSED: Final = [f"lukket{number}" for number in range(55)]
"""Units that LOS closed, and that are alive in MO: more than the brake lets pass."""
OPEN: Final = date.max

ANNA, BO, CILLE, DAN = "0101701111", "0202702222", "0303703333", "0404704444"
EVA, FIE, GORM, HANS, IDA = "0505705555", "0606706666", "0707707777", "0808708888", "0909709999"
NAMES: Final = {
    ANNA: "Anna Æbelø",
    BO: "Bo Bro",
    CILLE: "Cille Carl",
    DAN: "Dan Dal",
    EVA: "Eva Ek",
    FIE: "Fie Fur",
    GORM: "Gorm Gren",
    HANS: "Hans Hede",
    IDA: "Ida Is",
}
OTHER_EVA: Final = "00000000-0000-4000-8000-000000000005"
"""A second person with Eva's CPR number, of the smaller uuid, who has no engagement."""

MO_FACETS: Final = ("org_unit_type", "engagement_type", "engagement_job_function", "employee_address_type")
"""Made by MO's own set-up, before the earlier importer came."""
OUR_FACETS: Final = (
    "org_unit_address_type",
    "primary_type",
    "org_unit_hierarchy",
    "manager_type",
    "manager_level",
    "responsibility",
    "association_type",
    "role_type",
    "leave_type",
    "engagement_job_function_bvn",
)
SEEDED: Final = {
    "org_unit_address_type": "POSTADDR LOS CVR EAN PNR SENR DEBITORNR WWW HOURS PHONEHOURS PHONE FAX EMAIL MAG_ID NAME_ALT",
    "employee_address_type": "PHONE EMAIL ROOM JOB_TITLE_ALT",
    "primary_type": "PRIMARY NOT_PRIMARY",
    "org_unit_hierarchy": "LINJE_ORG_HIERARCHY SIKKERHEDS_ORG_HIERARCHY",
}
PREFIXES: Final = {"org_unit_address_type": "UNIT_", "employee_address_type": "PERSON_"}
FIXED: Final = {
    "role_type": "964c31a2-6267-4388-bff5-42d6f3c5f708",
    "association_type": "ec534b86-3d9b-42d8-bff0-afc4f81719af",
    "leave_type": "d2892fa6-bc56-4c14-bd24-74ae0c71fa3a",
}
LISTED: Final = {
    "org_unit_type": ("Afdeling", "Dagtilbud", "Udvalg"),
    "engagement_type": ("Månedsløn",),
    "engagement_job_function": ("Lærer",),
    "manager_type": ("Leder",),
    "manager_level": ("Niveau 1",),
    "responsibility": ("Personale",),
}
DROPPED: Final = ("Dagtilbud", "Udvalg")
"""No longer listed at some time: the earlier importer emptied and unpublished them. The first comes back tonight."""


def facet_of(user_key: str) -> str:
    return uuid_of(f"facet {user_key}") if user_key in MO_FACETS else seed_uuid(user_key)


def manager_of(word: str, cpr: str) -> str:
    return object_uuid(uuid_of(word) + cpr + "manager")


def fill(store: MoStore, organisation: str) -> None:
    """Makes MO what the earlier importer left; `organisation` is the uuid of MO's own root organisation."""
    store.organisation = organisation
    with store.transaction():
        store.set_municipality_code(751)
        _classes(store)
        _units(store)
        _people(store)
        _managers(store)


def _classes(store: MoStore) -> None:
    for user_key in (*MO_FACETS, *OUR_FACETS):
        fields = {"user_key": user_key, "published": "Publiceret"}
        store.create("facet", facet_of(user_key), date.min, OPEN, fields)
    store.create("itsystem", seed_uuid("AZID_SYSTEM"), date.min, OPEN, {"user_key": "AZ", "name": "AZ"})
    for facet, vectors in SEEDED.items():
        for vector in vectors.split():
            _class(store, seed_uuid(PREFIXES.get(facet, "") + vector), facet, vector)
    for facet, uuid in FIXED.items():
        _class(store, uuid, facet, facet)
    for facet, titles in LISTED.items():
        for title in titles:
            _class(store, uuid_of(title), facet, title)
    for title in DROPPED:
        emptied = {"user_key": "-", "name": "-", "published": "IkkePubliceret"}
        store.edit("class", uuid_of(title), date(1910, 1, 1), OPEN, emptied)


def _class(store: MoStore, uuid: str, facet: str, title: str) -> None:
    fields = {"facet_uuid": facet_of(facet), "user_key": title, "name": title, "scope": "TEXT"}
    store.create("class", uuid, date.min, OPEN, {**fields, "published": "Publiceret"})


def _units(store: MoStore) -> None:
    def create(word: str, start: date = date(2020, 1, 1), **fields: str | None) -> None:
        common = {
            "user_key": word,
            "name": word.capitalize(),
            "parent": uuid_of("top"),
            "org_unit_type": uuid_of("Afdeling"),
            "org_unit_hierarchy": None,
        }
        store.create("org_unit", uuid_of(word), start, OPEN, common | fields)

    def address(word: str, column: str, value: str, user_key: str) -> None:
        kind = {"LOSID": "LOS", "CVR": "CVR", "EAN": "EAN", "PostAdresse": "POSTADDR"}[column]
        fields = {
            "value": value,
            "user_key": user_key,
            "address_type": seed_uuid(f"UNIT_{kind}"),
            "org_unit": uuid_of(word),
        }
        store.create("address", address_of(word, column), date(2020, 1, 1), OPEN, fields)

    # MO shows no parent of a unit below its organisation; another uuid it shows as it was written.
    create("top", date(2010, 1, 1), parent=None if store.organisation == ORG_UUID else ORG_UUID)
    create("skole", name="Skole")
    store.edit("org_unit", uuid_of("skole"), date(2026, 9, 1), OPEN, {"name": "Skolen"})
    address("skole", "LOSID", "10", "10")
    create("dag", org_unit_type=uuid_of("Dagtilbud"))
    # Created row by row, each create wiping what the one before had made: the last row is left.
    create("historie", date(2015, 1, 1))
    create("forud")
    store.edit("org_unit", uuid_of("forud"), date(2025, 3, 10), OPEN, {"name": "Forud II"})
    create("linje", org_unit_hierarchy=LINE_ORGANISATION)
    create("tom")
    address("tom", "EAN", "5790000000001", "5790000000001")
    create("uden type", org_unit_type=None)
    create("adresse")
    address("adresse", "LOSID", "70", "70")
    store.edit("address", address_of("adresse", "LOSID"), date(2025, 3, 10), OPEN, {"value": "71"})
    address("adresse", "CVR", "12345678", address_of("adresse", "CVR"))
    address(
        "adresse",
        "PostAdresse",
        dar_uuid("Åvej 1, 8000 Aarhus C"),
        address_of("adresse", "PostAdresse"),
    )
    for word in CLOSED:
        create(word)
        address(word, "LOSID", word, word)


def _people(store: MoStore) -> None:
    def create(cpr: str, uuid: str) -> None:
        given, surname = NAMES[cpr].split()
        fields = {"user_key": uuid, "givenname": given, "surname": surname, "cpr_no": cpr}
        born = date(1900 + int(cpr[4:6]), int(cpr[2:4]), int(cpr[:2]))
        store.create("employee", uuid, born, OPEN, fields)

    def employ(word: str, cpr: str, end: date = OPEN, primary: str = "PRIMARY") -> None:
        fields = {
            "user_key": word,
            "person": object_uuid(cpr),
            "org_unit": uuid_of("skole"),
            "job_function": uuid_of("Lærer"),
            "engagement_type": uuid_of("Månedsløn"),
            "primary": seed_uuid(primary),
        }
        store.create("engagement", uuid_of(word), date(2020, 1, 1), end, fields)

    def detail(kind: str, cpr: str, end: date = OPEN, **fields: Any) -> None:
        uuid = object_uuid(cpr + "email") if kind == "address" else object_uuid(cpr + "azid")
        own = {"address_type": "PERSON_EMAIL"} if kind == "address" else {"itsystem": "AZID_SYSTEM"}
        references = {name: seed_uuid(vector) for name, vector in own.items()}
        fields = {"user_key": uuid, "person": object_uuid(cpr), **references, **fields}
        store.create(kind, uuid, date(2025, 2, 1), end, fields)

    for cpr in (ANNA, BO, CILLE, DAN, EVA, FIE, GORM, HANS):
        create(cpr, object_uuid(cpr))
        if cpr != ANNA:
            employ(NAMES[cpr].split()[0].lower(), cpr)
    create(EVA, OTHER_EVA)
    # E-mail and account ended with one of two engagements.
    ended = date(2025, 4, 30)
    employ("anna1", ANNA, end=ended)
    employ("anna2", ANNA, primary="NOT_PRIMARY")
    detail("address", ANNA, ended, value="anna@aarhus.dk")
    detail("it", ANNA, ended, user_key="AZ01")
    # The user key is the first value, also where it is the account's name itself; or a uuid.
    detail("address", BO, value="bo@aarhus.dk", user_key="bo@aarhus.dk")
    new = {"value": "bo.bro@aarhus.dk"}
    store.edit("address", object_uuid(BO + "email"), date(2025, 3, 10), OPEN, new)
    detail("it", BO, user_key="AZ02")
    detail("address", CILLE, value="cille@aarhus.dk")
    detail("it", CILLE)
    detail("address", DAN, value="dan@aarhus.dk")


def _managers(store: MoStore) -> None:
    for word, cpr, begun, person in (
        ("skole", FIE, date(2025, 2, 3), object_uuid(FIE)),
        ("dag", GORM, date(2025, 9, 3), object_uuid(GORM)),
        ("tom", HANS, date(2025, 2, 1), None),
    ):
        uuid = manager_of(word, cpr)
        fields = {
            "user_key": uuid,
            "org_unit": uuid_of(word),
            "person": person,
            "manager_type": uuid_of("Leder"),
            "manager_level": uuid_of("Niveau 1"),
            "responsibility": (uuid_of("Personale"),),
        }
        store.create("manager", uuid, begun, OPEN, fields)
