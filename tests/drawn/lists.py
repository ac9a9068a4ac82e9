"""STAM files: the class lists, and the IT systems."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from tests.drawn import cells
from tests.drawn.claims import SetAside
from tests.drawn.days import UNCLAIMED, Sheet
from tests.drawn.world import Class, File, ItSystem

LISTS: Final = {
    "Enhedstype": ("org_unit_type", "EnhedstypeUUID", "Enhedstype", "Enhedstype"),
    "Engagementstype": ("engagement_type", "EngagementstypeUUID", "Engagementstype", "Engagementstype"),
    "Stillingsbetegnelse": (
        "engagement_job_function",
        "StillingBetUUID",
        "Stillingsbetegnelse",
        "Stillingsbetegnelse",
    ),
    "BVN_Stillingsbetegnelse": (
        "engagement_job_function_bvn",
        "BVNStillingBetUUID",
        "BVNStillingsbetegnelse",
        "BVNStillingsbetegnelse",
    ),
    "Lederansvar": ("responsibility", "LederansvarUUID", "Lederansvar", "Lederansvar"),
    "Lederniveau": ("manager_level", "LederniveauUUID", "Lederniveau", "Lederniveau"),
    "Ledertype": ("manager_type", "LedertypeUUID", "Ledertype", "Ledertype"),
    "Tilknytningsrolle": (
        "association_type",
        "TilknytningsrolleUUID",
        "Tilknytningsrolle",
        "Tilknytningsrolle",
    ),
    "ITSystem": (None, "ITSystemUUID", "Userkey", "Name"),
}
"""In the order of the format's table: facet, uuid column, column of the user key, column of the title."""


def fold_lists(sheet: Sheet, files: Sequence[File], today: date, aside: SetAside) -> set[str]:
    """Claims the classes; the uuids of all classes that MO has or the lists have a valid row of.

    Text: "A uuid in two lists belongs to the first of them in this table; where MO has it in another facet already, it stays
    there, and the row is rejected, told"; "A class whose title changed is updated, from today on".
    """
    facets: dict[str, str | None] = {}
    for uuid, row in sheet.of("class"):
        facets[uuid] = next(value for value in row if value).facet
    for file in sorted(files, key=lambda file: list(LISTS).index(file.list)):
        facet, uuid_column, key_column, title_column = LISTS[file.list]
        values: dict[str, tuple[str, str]] = {}
        for line, row in file.cells():
            try:
                uuid = cells.uuid(row[uuid_column])
                value = (cells.text(row[key_column]), cells.text(row[title_column]))
            except cells.Bad as bad:
                aside.reject((file.name, line), str(bad))
                continue
            if not uuid or not all(value):
                aside.reject((file.name, line), "empty")
            elif facet is not None and facets.setdefault(uuid, facet) != facet:
                aside.reject((file.name, line), "in another facet")
            else:
                values[uuid] = value
        for uuid, (user_key, title) in values.items():
            key = ("class", uuid) if facet else ("itsystem", uuid)
            wanted = Class(facet, user_key, title) if facet else ItSystem(user_key, title)
            first = today if sheet.known(key) else date.min
            sheet.claim(key, lambda day, first=first, wanted=wanted: wanted if day >= first else UNCLAIMED)
    return set(facets)
