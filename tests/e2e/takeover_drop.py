"""The drop of a night on which an MO is taken over: what the earlier importer had read, and what has come since."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from tests.e2e.los_files import LEDER, LEDER_LUK, PERS, PERS_LUK, Row, org, put_at, stam, table, unit, uuid_of
from tests.e2e.takeover import ANNA, BO, CILLE, CLOSED, DAN, EVA, FIE, GORM, HANS, IDA, NAMES


def engagement(
    word: str, cpr: str, *, start: str = "2020-01-01", end: str = "", in_unit: str = "skole", **cells: str
) -> Row:
    """A row of `Pers_nye` or `Pers_ret`."""
    return {
        "UUID": uuid_of(word),
        "BrugervendtNøgle": word,
        "CPR": cpr,
        "CPRNavn": NAMES[cpr],
        "StartTid": start,
        "SlutTid": end,
        "PrimærAnsættelse": "Ja",
        "OrgenhedUUID": uuid_of(in_unit),
        "EngagementTypeUUID": uuid_of("Månedsløn"),
        "StillingsBetegnelseUUID": uuid_of("Lærer"),
    } | cells


def leader(word: str, cpr: str) -> Row:
    """A row of `Leder_nye`."""
    return {
        "OrgUUID": uuid_of(word),
        "CPR": cpr,
        "LedertypeUUID": uuid_of("Leder"),
        "LederniveauUUID": uuid_of("Niveau 1"),
        "LederansvarUUID": uuid_of("Personale"),
    }


def typed(word: str, parent: str | None = "top", *, type: str = "Afdeling", **cells: str) -> Row:
    return unit(word, parent, OrgEnhedsTypeUUID=uuid_of(type), **cells)


def put_earlier_files(drop: Path) -> None:
    """What the earlier importer had read, all of it still on the server."""

    def put(name: str, text: str, modified: str) -> None:
        put_at(drop, name, text, datetime.fromisoformat(modified))

    begun = "2024-01-01 22:00"
    put("STAM_UUID_Enhedstype.csv", stam("Enhedstype", "Afdeling"), begun)
    put("STAM_UUID_Engagementstype.csv", stam("Engagementstype", "Månedsløn"), begun)
    put("STAM_UUID_Stillingsbetegnelse.csv", stam("Stillingsbetegnelse", "Lærer"), begun)
    put("STAM_UUID_Ledertype.csv", stam("Ledertype", "Leder"), begun)
    put("STAM_UUID_Lederniveau.csv", stam("Lederniveau", "Niveau 1"), begun)
    put("STAM_UUID_Lederansvar.csv", stam("Lederansvar", "Personale"), begun)
    put(
        "Org_inital_20240101_220000.csv",
        org(
            typed("top", None, start="2010-01-01"),
            typed("skole", LOSID="10"),
            typed("dag", type="Dagtilbud"),
            typed("historie", start="2010-01-01", end="2014-12-31", OrgEnhedsNavn="Historie I"),
            typed("historie", start="2015-01-01"),
            typed("forud"),
            typed("linje") | {"Med-i-LinjeOrg": "True"},
            typed("tom", EAN="5790000000001"),
            typed("uden type"),
            typed("adresse", LOSID="70", CVR="12345678", PostAdresse="Åvej 1, 8000 Aarhus C"),
            *(typed(word, LOSID=word) for word in CLOSED),
        ),
        begun,
    )
    put(
        "Org_ret_20250310_220000.csv",
        org(
            # Announced ahead; the earlier importer wrote it from the file date on.
            typed("forud", start="2025-06-01", OrgEnhedsNavn="Forud II"),
            typed("linje"),
            typed("tom"),
            typed("adresse", LOSID="71", CVR="12345678", PostAdresse="Åvej 1, 8000 Aarhus C"),
            *(typed(word, LOSID=word, end="2025-06-30") for word in CLOSED),
        ),
        "2025-03-10 22:00",
    )
    put(
        "Org_ret_20260901_220000.csv",
        org(typed("skole", LOSID="10", OrgEnhedsNavn="Skolen")),
        "2026-09-01 22:00",
    )
    put_earlier_people(drop)


def put_earlier_people(drop: Path) -> None:
    def put(name: str, columns: Iterable[str], rows: Iterable[Row], modified: str) -> None:
        put_at(drop, name, table(tuple(columns), rows), datetime.fromisoformat(modified))

    put(
        "Pers_nye_20250201_220000.csv",
        PERS,
        [
            engagement("anna1", ANNA, Email="anna@aarhus.dk", AZID="AZ01"),
            engagement("anna2", ANNA, Email="anna@aarhus.dk", AZID="AZ01", PrimærAnsættelse="Nej"),
            engagement("bo", BO, Email="bo@aarhus.dk", AZID="AZ02"),
            engagement("cille", CILLE, Email="cille@aarhus.dk", AZID="AZ03"),
            engagement("dan", DAN, Email="dan@aarhus.dk"),
            engagement("eva", EVA),
            *(engagement(NAMES[cpr].split()[0].lower(), cpr) for cpr in (FIE, GORM, HANS)),
        ],
        "2025-02-01 22:00",
    )
    put(
        "Pers_ret_20250310_220000.csv",
        PERS,
        [
            engagement("bo", BO, Email="bo.bro@aarhus.dk", AZID="AZ22"),
            engagement("cille", CILLE, Email="cille@aarhus.dk", AZID="AZ03", end="2025-12-31"),
            engagement("dan", DAN),
        ],
        "2025-03-10 22:00",
    )
    put(
        "Pers_luk_20250430_220000.csv",
        PERS_LUK,
        [{"UUID": uuid_of("anna1"), "CPR": ANNA, "CPRNavn": NAMES[ANNA]}],
        "2025-04-30 22:00",
    )
    leaders = [leader("skole", FIE), leader("dag", GORM), leader("tom", HANS)]
    put("Leder_nye_20250201_220000.csv", LEDER, leaders, "2025-02-01 22:00")
    end = [{"OrgUUID": uuid_of("dag"), "CPR": GORM}]
    put("Leder_luk_20250531_220000.csv", LEDER_LUK, end, "2025-05-31 22:00")
    put("Leder_nye_20250901_220000.csv", LEDER, [leader("dag", GORM)], "2025-09-01 22:00")


def put_tonights_files(drop: Path) -> None:
    """What has come since: nobody has imported it."""

    def put(name: str, text: str) -> None:
        put_at(drop, name, text, datetime(2026, 9, 2, 22, 0))

    put("STAM_UUID_Enhedstype.csv", stam("Enhedstype", "Afdeling", "Dagtilbud"))
    put(
        "Org_ret_20260902_220000.csv",
        org(
            typed("skole", LOSID="10", OrgEnhedsNavn="Ny Skole"),
            typed("uden type"),
            typed("ny", start="2026-09-02", LOSID="99"),
        ),
    )
    ida = engagement("ida", IDA, start="2026-09-02", in_unit="ny", Email="ida@aarhus.dk", AZID="AZ09")
    put("Pers_nye_20260902_220000.csv", table(PERS, [ida]))
    put("Leder_nye_20260902_220000.csv", table(LEDER, [leader("ny", IDA)]))
