"""The queries that are put to MO's GraphQL: every text but that of the mutations, which the client builds."""

from __future__ import annotations

from typing import Final

from aarhus_los.mo.kinds import KINDS, Kind

ORGANISATION: Final = "query { org { uuid municipality_code } }"


def _text(kind: Kind, declared: str, filters: str, paging: str = "", *, only_uuids: bool = False) -> str:
    spec = KINDS[kind]
    shown = (
        ""
        if only_uuids
        else f"validities(start: null, end: null) {{ {spec.selection} validity {{ from to }} }}"
    )
    page_info = "page_info { next_cursor }" if paging else ""
    return (
        f"query({declared}) {{ {spec.collection}(filter: {{{filters}from_date: null, to_date: null}}{paging})"
        f" {{ objects {{ uuid {shown} }} {page_info} }} }}"
    )


def by_uuid(kind: Kind) -> str:
    """Asks for objects of a kind by `$keys`: their uuids."""
    return _text(kind, "$keys: [UUID!]", "uuids: $keys, ")


def by_person(kind: Kind) -> str:
    """Asks for objects of a kind by `$keys`: the uuids of the persons that they belong to."""
    return _text(kind, "$keys: [UUID!]", "employees: $keys, ")


def by_unit(kind: Kind) -> str:
    """Asks for objects of a kind by `$keys`: the uuids of the org units that they belong to."""
    return _text(kind, "$keys: [UUID!]", "org_units: $keys, ")


def by_cpr() -> str:
    """Asks for persons by `$keys`: CPR numbers."""
    return _text(Kind.EMPLOYEE, "$keys: [CPR!]", "cpr_numbers: $keys, ")


def page_of(kind: Kind, *, only_uuids: bool = False) -> str:
    """Asks for a page of all objects of a kind."""
    return _text(
        kind, "$limit: int, $cursor: Cursor", "", ", limit: $limit, cursor: $cursor", only_uuids=only_uuids
    )


def page_of_classes(*, only_uuids: bool = False) -> str:
    """Asks for a page of the classes of `$facets`: user keys."""
    return _text(
        Kind.CLASS,
        "$facets: [String!], $limit: int, $cursor: Cursor",
        "facet: {user_keys: $facets}, ",
        ", limit: $limit, cursor: $cursor",
        only_uuids=only_uuids,
    )
