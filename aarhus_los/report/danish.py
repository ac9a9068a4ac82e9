"""Danish words for the page: fields, days, and what becomes of things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from aarhus_los.mo.kinds import Kind
from aarhus_los.plan import Action
from aarhus_los.report.account import Fate
from aarhus_los.timeline import BEGINNING, FOREVER

NONE: Final = "–"

FIELDS: Final[Mapping[str, str]] = {
    "user_key": "Brugervendt nøgle",
    "name": "Navn",
    "parent": "Overenhed",
    "type": "Enhedstype",
    "hierarchy": "Hierarki",
    "org_unit": "Enhed",
    "person": "Person",
    "job_function": "Stilling",
    "engagement_type": "Ansættelsestype",
    "primary": "Primær",
    "itsystem": "IT-system",
    "facet": "Facet",
    "scope": "Scope",
    "published": "Publiceret",
    "municipality_code": "Kommunekode",
}
MANAGER_FIELDS: Final[Mapping[str, str]] = {
    "org_unit": "Leder af",
    "person": "Person",
    "type": "Ledertype",
    "level": "Lederniveau",
    "responsibilities": "Lederansvar",
}
KINDS: Final[Mapping[Kind, str]] = {
    Kind.ORGANISATION: "Organisation",
    Kind.FACET: "Facetter",
    Kind.CLASS: "Klasser",
    Kind.ITSYSTEM: "IT-systemer",
    Kind.ORG_UNIT: "Enheder",
    Kind.EMPLOYEE: "Personer",
    Kind.ENGAGEMENT: "Ansættelser",
    Kind.ADDRESS: "Adresser",
    Kind.IT: "IT-konti",
    Kind.MANAGER: "Ledere",
}
OUTCOMES: Final[Mapping[str, str]] = {
    "found": "fundet",
    "unsafe": "usikre",
    "unknown": "ukendte",
    "not looked up": "ikke slået op",
    "not asked": "ikke spurgt",
}
PHASES: Final[Mapping[str, str]] = {
    "read the drop": "læse filer",
    "read MO": "læse MO",
    "look up addresses": "slå adresser op",
    "compare": "sammenligne",
    "read names": "læse navne",
    "write MO": "skrive til MO",
    "verify": "efterprøve",
    "write the state": "skrive tilstand",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What is told of changes: of a run that has made them, or of one that would."""

    title: str
    lead: str
    created: str
    renamed: str
    moved: str
    closed: str
    reopened: str
    begun: str
    ended: str
    fates: Mapping[Fate, str]
    actions: Mapping[Action, str]
    outcomes: Mapping[int, str]
    """Of the run, by exit code."""


DONE: Final = Words(
    title="Import",
    lead="Siden viser, hvad importen har skrevet i MO.",
    created="Oprettet",
    renamed="Omdøbt",
    moved="Flyttet",
    closed="Lukket",
    reopened="Genåbnet eller forlænget",
    begun="begyndt",
    ended="ophørt",
    fates={
        Fate.APPLIED: "Anvendt",
        Fate.UNCHANGED: "Uændret",
        Fate.SUPERSEDED: "Overhalet",
        Fate.SET_ASIDE: "Sat til side",
    },
    actions={Action.CREATE: "Oprettet", Action.EDIT: "Ændret", Action.TERMINATE: "Afsluttet"},
    outcomes={
        0: "Alt er importeret.",
        1: "Importen er gennemført, men nogle rækker eller værdier er sat til side.",
        65: "Ikke alt er importeret.",
        69: "Importen blev afbrudt. Næste kørsel gør resten.",
        70: "MO eller regnskabet er ikke, som det skal være. Gå ikke videre, før det er forstået.",
    },
)
PLANNED: Final = Words(
    title="Plan",
    lead="Intet er sendt til MO. Siden viser, hvad en import vil skrive.",
    created="Oprettes",
    renamed="Omdøbes",
    moved="Flyttes",
    closed="Lukkes",
    reopened="Genåbnes eller forlænges",
    begun="begynder",
    ended="ophører",
    fates={
        Fate.APPLIED: "Anvendes",
        Fate.UNCHANGED: "Uændret",
        Fate.SUPERSEDED: "Overhalet",
        Fate.SET_ASIDE: "Sættes til side",
    },
    actions={Action.CREATE: "Oprettes", Action.EDIT: "Ændres", Action.TERMINATE: "Afsluttes"},
    outcomes={
        0: "En import vil gennemføre alt.",
        1: "En import vil sætte nogle rækker eller værdier til side.",
        65: "En import vil ikke tage alt med.",
        69: "MO kunne ikke nås.",
        70: "Regnskabet går ikke op. Gå ikke videre, før det er forstået.",
    },
)


def day(when: date) -> str:
    """A day as Danes write it."""
    return f"{when:%d-%m-%Y}"


def days(start: date, end: date) -> str:
    """From and to, both inclusive."""
    if start == end:
        return f"kun {day(start)}"
    if start == BEGINNING:
        return "altid" if end == FOREVER else f"til {day(end)}"
    return f"fra {day(start)}" if end == FOREVER else f"{day(start)} til {day(end)}"


def last_day(end: date) -> str:
    """The end of something that goes on before it."""
    return "uden slutdato" if end == FOREVER else f"sidste dag {day(end)}"


def collated(text: str) -> str:
    """A key that sorts as Danes do: æ, ø and å come after z, in this order."""
    return text.casefold().translate(_ALPHABET)


_ALPHABET: Final = str.maketrans("æøå", "{|}")
