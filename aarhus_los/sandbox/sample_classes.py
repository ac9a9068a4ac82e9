"""The nine class lists of the sample: what a fictive municipality calls its units, jobs, managers and systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import NAMESPACE_URL, uuid5

UNIT_TYPE: Final = "Enhedstype"
ENGAGEMENT_TYPE: Final = "Engagementstype"
JOB_FUNCTION: Final = "Stillingsbetegnelse"
RESPONSIBILITY: Final = "Lederansvar"
MANAGER_LEVEL: Final = "Lederniveau"
MANAGER_TYPE: Final = "Ledertype"

_COLUMNS: Final = {
    UNIT_TYPE: ("EnhedstypeUUID", "Enhedstype"),
    ENGAGEMENT_TYPE: ("EngagementstypeUUID", "Engagementstype"),
    JOB_FUNCTION: ("StillingBetUUID", "Stillingsbetegnelse"),
    "BVN_Stillingsbetegnelse": ("BVNStillingBetUUID", "BVNStillingsbetegnelse"),
    RESPONSIBILITY: ("LederansvarUUID", "Lederansvar", "Loadtime"),
    MANAGER_LEVEL: ("LederniveauUUID", "Lederniveau", "Loadtime"),
    MANAGER_TYPE: ("LedertypeUUID", "Ledertype", "Loadtime"),
    "Tilknytningsrolle": ("TilknytningsrolleUUID", "Tilknytningsrolle", "Loadtime"),
}
_LOADTIME: Final = "2026-10-05 21:04:11.873"

_TITLES: Final = {
    UNIT_TYPE: (
        "Kommune",
        "Magistratsafdeling",
        "Afdeling",
        "Kontor",
        "Skole",
        "Dagtilbud",
        "Plejehjem",
        "Bibliotek",
        "Museum",
        "Driftsenhed",
        "Udvalg",
    ),
    ENGAGEMENT_TYPE: ("Månedslønnet", "Timelønnet", "Elev", "Fleksjob", "Åremålsansat"),
    JOB_FUNCTION: (
        "Lærer",
        "Pædagog",
        "Sygeplejerske",
        "Social- og sundhedsassistent",
        "Kontorassistent",
        "Jurist",
        "Økonomikonsulent",
        "Ingeniør",
        "Gartner",
        "Bibliotekar",
        "Tømrer",
        "Ernæringsassistent",
        "It-arkitekt",
        "Afdelingsleder",
        "Direktør",
    ),
    "BVN_Stillingsbetegnelse": (
        "Underviser",
        "Omsorgsmedarbejder",
        "Administrativ medarbejder",
        "Håndværker",
    ),
    RESPONSIBILITY: ("Personale", "Økonomi", "Faglig ledelse", "Arbejdsmiljø"),
    MANAGER_LEVEL: ("Niveau 1", "Niveau 2", "Niveau 3", "Niveau 4"),
    MANAGER_TYPE: ("Direktør", "Afdelingschef", "Institutionsleder", "Souschef"),
    "Tilknytningsrolle": ("Formand", "Næstformand", "Medlem", "Arbejdsmiljørepræsentant"),
}
_SYSTEMS: Final = (("AD", "Active Directory"), ("SBSYS", "SBSYS"), ("OPUS", "Opus Løn og Økonomi"))

Table = list[dict[str, str]]
"""Rows of a file: column → cell, the columns in order."""


def class_uuid(class_list: str, title: str) -> str:
    """The uuid of a class, made from the title that it had first."""
    return str(uuid5(NAMESPACE_URL, f"urn:sandbox:{class_list}:{title}"))


def class_list(name: str, retitled: Mapping[str, str] | None = None, added: tuple[str, ...] = ()) -> Table:
    """One of the lists with a title; `retitled` maps titles to what they became."""
    uuid_column, title_column, *loadtime = _COLUMNS[name]
    return [
        {
            uuid_column: class_uuid(name, title),
            title_column: (retitled or {}).get(title, title),
            **dict.fromkeys(loadtime, _LOADTIME),
        }
        for title in (*_TITLES[name], *added)
    ]


def class_lists() -> dict[str, Table]:
    """All nine lists by the name of their file."""
    lists = {f"STAM_UUID_{name}.csv": class_list(name) for name in _COLUMNS}
    lists["STAM_UUID_ITSystem.csv"] = [
        {"ITSystemUUID": class_uuid("ITSystem", key), "Userkey": key, "Name": name} for key, name in _SYSTEMS
    ]
    return lists
