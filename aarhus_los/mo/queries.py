"""The queries that are put to MO's GraphQL: every text but that of the mutations, which the client builds.

With `past`, each asks for MO as it was registered at the instant `$at`: by the filter and by the validities, both.
"""

from __future__ import annotations

from typing import Final

from aarhus_los.mo.model import KINDS, Kind

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


def by_uuid(kind: Kind, *, past: bool = False) -> str:
    """Asks for objects of a kind by `$keys`: their uuids."""
    return _text(kind, "$keys: [UUID!]", "uuids: $keys, ", past=past)


def by_person(kind: Kind, *, past: bool = False) -> str:
    """Asks for objects of a kind by `$keys`: the uuids of the persons that they belong to."""
    return _text(kind, "$keys: [UUID!]", "employees: $keys, ", past=past)


def by_unit(kind: Kind, *, past: bool = False) -> str:
    """Asks for objects of a kind by `$keys`: the uuids of the org units that they belong to."""
    return _text(kind, "$keys: [UUID!]", "org_units: $keys, ", past=past)


def by_cpr(*, past: bool = False) -> str:
    """Asks for persons by `$keys`: CPR numbers."""
    return _text(Kind.EMPLOYEE, "$keys: [CPR!]", "cpr_numbers: $keys, ", past=past)


def page_of(kind: Kind, *, only_uuids: bool = False, past: bool = False) -> str:
    """Asks for a page of all objects of a kind."""
    declared, paging = "$limit: int, $cursor: Cursor", ", limit: $limit, cursor: $cursor"
    return _text(kind, declared, "", paging, only_uuids=only_uuids, past=past)


def page_of_classes(*, only_uuids: bool = False, past: bool = False) -> str:
    """Asks for a page of the classes of `$facets`: user keys."""
    declared = "$facets: [String!], $limit: int, $cursor: Cursor"
    filters, paging = "facet: {user_keys: $facets}, ", ", limit: $limit, cursor: $cursor"
    return _text(Kind.CLASS, declared, filters, paging, only_uuids=only_uuids, past=past)
