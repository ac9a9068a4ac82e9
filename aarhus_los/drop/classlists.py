"""The nine class lists of the drop, as a table: what each is called, the facet it fills, and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class ClassList(Struct, frozen=True):
    """One `STAM_UUID_<name>.csv`. `facet` is None for the IT systems, which are no classes."""

    name: str
    facet: str | None
    uuid: str
    user_key: str
    title: str


def _classes(name: str, facet: str, uuid: str, title: str | None = None) -> ClassList:
    column = title or name
    return ClassList(name, facet, uuid, column, column)


CLASS_LISTS: Final[Mapping[str, ClassList]] = {
    row.name: row
    for row in (
        _classes("Enhedstype", "org_unit_type", "EnhedstypeUUID"),
        _classes("Engagementstype", "engagement_type", "EngagementstypeUUID"),
        _classes("Stillingsbetegnelse", "engagement_job_function", "StillingBetUUID"),
        _classes(
            "BVN_Stillingsbetegnelse",
            "engagement_job_function_bvn",
            "BVNStillingBetUUID",
            "BVNStillingsbetegnelse",
        ),
        _classes("Lederansvar", "responsibility", "LederansvarUUID"),
        _classes("Lederniveau", "manager_level", "LederniveauUUID"),
        _classes("Ledertype", "manager_type", "LedertypeUUID"),
        _classes("Tilknytningsrolle", "association_type", "TilknytningsrolleUUID"),
        ClassList("ITSystem", None, "ITSystemUUID", "Userkey", "Name"),
    )
}
