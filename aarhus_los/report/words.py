"""What fields, changes and kinds of objects are called, in English and in Danish."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

from msgspec import Struct

from aarhus_los.language import Language


class Sort(StrEnum):
    """What happens to an object. For units, these are counted on each branch of the tree."""

    CREATED = "created"
    RENAMED = "renamed"
    MOVED = "moved"
    ENDED = "ended"
    REOPENED = "reopened"
    CHANGED = "changed"


class Word(Struct, frozen=True):
    """A word in both languages; `planned` is the Danish of what only would happen, `many` that of more than one."""

    english: str
    danish: str
    planned: str = ""
    many: str = ""

    def said(self, language: Language, *, planned: bool = False, count: int = 1) -> str:
        if language == "en":
            return self.english
        if planned and self.planned:
            return self.planned
        return self.many if count != 1 and self.many else self.danish


SYMBOLS: Final = {
    Sort.CREATED: "+",
    Sort.RENAMED: "~",
    Sort.MOVED: "→",
    Sort.ENDED: "−",
    Sort.REOPENED: "+",
    Sort.CHANGED: "~",
}
_OBJECT: Final = {
    Sort.CREATED: Word("new", "Ny", "Oprettes", "Nye"),
    Sort.RENAMED: Word("renamed", "Omdøbt", "Omdøbes", "Omdøbte"),
    Sort.MOVED: Word("moved", "Flyttet", "Flyttes", "Flyttede"),
    Sort.ENDED: Word("ended", "Lukket", "Lukkes", "Lukkede"),
    Sort.REOPENED: Word(
        "there again or longer",
        "Genåbnet eller forlænget",
        "Genåbnes eller forlænges",
        "Genåbnede eller forlængede",
    ),
    Sort.CHANGED: Word("changed", "Ændret", "Ændres", "Ændrede"),
}
_ENGAGEMENT: Final = {
    Sort.CREATED: Word(
        "engagement begins", "Ansættelse begyndt", "Ansættelse begynder", "Ansættelser begyndt"
    ),
    Sort.MOVED: Word("engagement moves", "Ansættelse flyttet", "Ansættelse flyttes", "Ansættelser flyttet"),
    Sort.ENDED: Word("engagement ends", "Ansættelse ophørt", "Ansættelse ophører", "Ansættelser ophørt"),
    Sort.REOPENED: Word("engagement goes on", "Ansættelse fortsat", "Ansættelse fortsætter"),
    Sort.CHANGED: Word("engagement changes", "Ansættelse ændret", "Ansættelse ændres"),
}
_MANAGER: Final = {
    Sort.CREATED: Word("begins to manage", "Leder begyndt", "Leder begynder", "Ledere begyndt"),
    Sort.ENDED: Word("ends to manage", "Leder ophørt", "Leder ophører", "Ledere ophørt"),
    Sort.REOPENED: Word("manages on", "Leder fortsat", "Leder fortsætter"),
    Sort.CHANGED: Word("manager changes", "Leder ændret", "Leder ændres"),
}
_PERSON: Final = {
    Sort.CREATED: Word("new person", "Ny person", "", "Nye personer"),
    Sort.RENAMED: Word("new name", "Nyt navn"),
}
DETAILS: Final = ("address", "it", "mark")

SORTS: Final = {
    "org_unit": _OBJECT,
    "engagement": _ENGAGEMENT,
    "manager": _MANAGER,
    "employee": _PERSON,
}
"""Kind → what happens to it → its word. Kinds that are missing: as org units."""


def sort_word(kind: str, sort: Sort) -> Word:
    return SORTS.get(kind, _OBJECT).get(sort, _OBJECT[sort])


FIELDS: Final = {
    "user_key": Word("user key", "Brugervendt nøgle"),
    "name": Word("name", "Navn"),
    "parent": Word("parent", "Overenhed"),
    "org_unit": Word("unit", "Enhed"),
    "person": Word("person", "Person"),
    "job_function": Word("job", "Stilling"),
    "engagement_type": Word("employment", "Ansættelsestype"),
    "primary": Word("primary", "Primær"),
    "hierarchy": Word("line organisation", "Linjeorganisation"),
    "level": Word("level", "Lederniveau"),
    "responsibilities": Word("responsibilities", "Lederansvar"),
    "scope": Word("scope", "Scope"),
    "published": Word("published", "Publiceret"),
    "municipality_code": Word("municipality code", "Kommunekode"),
}
TYPES: Final = {"org_unit": Word("type", "Enhedstype"), "manager": Word("type", "Ledertype")}

KINDS: Final = {
    "organisation": Word("organisation", "Organisation"),
    "facet": Word("facets", "Facetter"),
    "class": Word("classes", "Klasser"),
    "itsystem": Word("IT systems", "IT-systemer"),
    "org_unit": Word("org units", "Enheder"),
    "employee": Word("people", "Personer"),
    "engagement": Word("engagements", "Ansættelser"),
    "address": Word("addresses", "Adresser"),
    "it": Word("IT accounts", "IT-konti"),
    "manager": Word("managers", "Ledere"),
}
OUTCOMES: Final = {
    "found": "fundet",
    "unsafe": "usikre",
    "unknown": "ukendte",
    "not looked up": "ikke slået op",
    "not asked": "ikke spurgt",
}
PHASES: Final = {
    "read the drop": "læse filer",
    "read MO": "læse MO",
    "look up addresses": "slå adresser op",
    "compare": "sammenligne",
    "read names": "læse navne",
    "write MO": "skrive til MO",
    "verify": "efterprøve",
    "write the state": "skrive tilstand",
}
"""Outcomes of address look-ups, and phases of a run, in Danish."""
NONE: Final = "–"
TOP: Final = Word("(top)", "Øverst")
NOBODY: Final = Word("(nobody)", "(ingen person)")


def days(start: date, end: date, language: Language) -> str:
    """From and to, both inclusive, as people write it."""
    if language == "en":
        first, last = start.isoformat(), end.isoformat()
        only, since, until, always, to = "only", "from", "until", "always", "to"
    else:
        first, last = f"{start:%d-%m-%Y}", f"{end:%d-%m-%Y}"
        only, since, until, always, to = "kun", "fra", "til", "altid", "til"
    if start == end:
        return f"{only} {first}"
    if start == date.min:
        return always if end == date.max else f"{until} {last}"
    return f"{since} {first}" if end == date.max else f"{first} {to} {last}"


_ALPHABET: Final = str.maketrans("æøå", "{|}")


def collated(text: str) -> str:
    """A key that sorts as Danes do: æ, ø and å come after z, in this order."""
    return text.casefold().translate(_ALPHABET)
