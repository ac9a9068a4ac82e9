"""The queries that are put to MO's GraphQL: every text but that of the mutations, which the client builds.

With `past`, each asks for MO as it was registered at the instant `$at`: by the filter and by the validities, both.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from aarhus_los.mo.model import KINDS, Kind

By: TypeAlias = Literal["uuids", "cpr_numbers", "employees", "org_units"]
"""What objects are asked for by: their own uuids, persons' CPR numbers, or the person or org unit that they belong to."""
ORGANISATION: Final = "query { org { uuid municipality_code } }"


def _text(
    kind: Kind, declared: str, filters: str, paging: str = "", *, only_uuids: bool = False, past: bool
) -> str:
    spec = KINDS[kind]
    at = ", registration_time: $at" if past else ""
    shown = (
        ""
        if only_uuids
        else f"validities(start: null, end: null{at}) {{ {spec.selection} validity {{ from to }} }}"
    )
    page_info = "page_info { next_cursor }" if paging else ""
    return (
        f"query({declared}{', $at: DateTime' if past else ''})"
        f" {{ {spec.collection}(filter: {{{filters}from_date: null, to_date: null{at}}}{paging})"
        f" {{ objects {{ uuid {shown} }} {page_info} }} }}"
    )


def by_keys(kind: Kind, by: By, *, past: bool = False) -> str:
    """Asks for the objects of a kind that have one of `$keys`."""
    scalar = "CPR" if by == "cpr_numbers" else "UUID"
    return _text(kind, f"$keys: [{scalar}!]", f"{by}: $keys, ", past=past)


def page_of(kind: Kind, *, of_facets: bool = False, only_uuids: bool = False, past: bool = False) -> str:
    """Asks for a page of all objects of a kind; `of_facets`: of the classes of `$facets`, user keys."""
    facets, filters = ("$facets: [String!], ", "facet: {user_keys: $facets}, ") if of_facets else ("", "")
    declared, paging = f"{facets}$limit: int, $cursor: Cursor", ", limit: $limit, cursor: $cursor"
    return _text(kind, declared, filters, paging, only_uuids=only_uuids, past=past)
