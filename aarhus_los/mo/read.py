"""Reading MO: whole histories of the objects that are asked for, many at a time.

`as_of` asks for what MO said at an instant, which is inclusive: what was registered just then is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from aarhus_los.cpr import Cpr
from aarhus_los.errors import UnavailableError
from aarhus_los.mo.answers import NotShown, Refused, RestGoneError, member
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.histories import Page, histories, misunderstood, read_page
from aarhus_los.mo.model import KINDS, History, Kind, Person, Unit
from aarhus_los.mo.queries import ORGANISATION, By, by_keys, page_of

PAGE: Final = 500
"""So many objects are asked for at a time: MO takes about a second for them."""

ROOTLESS_SINCE: Final = 28
"""The version of GraphQL before which the parent of a unit that has none is the root organisation."""

SMALLEST_BATCH: Final = 50
"""Below this, a batch is not made smaller to keep more readers busy: requests have a price of their own."""

NOBODY: Final = "00000000-0000-0000-0000-000000000000"
"""A uuid that no object has: whoever asks for it learns whether MO answers such a query at all."""

K = TypeVar("K")


class Histories(Struct, frozen=True):
    """The objects that MO has, by uuid. `unreadable`: what MO has but cannot show, and why.

    An object that is in neither is not there. `unreadable` is by the uuid that was asked for: the object's own, or the
    person's where objects of persons were asked for.
    """

    found: dict[str, History] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    beside: dict[str, History] = field(default_factory=dict)
    """Of org units: their marks."""


class People(Struct, frozen=True):
    """The persons that MO has of each CPR number that was asked for, by uuid; more than one is possible."""

    found: dict[Cpr, dict[str, History]] = field(default_factory=dict)
    unreadable: dict[Cpr, str] = field(default_factory=dict)


def read_histories(
    client: MoClient,
    kind: Kind,
    uuids: Collection[str],
    *,
    as_of: datetime | None = None,
    page: int = PAGE,
) -> Histories:
    """The whole histories of objects of a kind. What MO does not have, or has without a validity, is missing."""
    answers = _ask(client, kind, "uuids", uuids, as_of, page)
    asked = set(uuids)
    of_pages = _merged(answers)
    for each in (of_pages.found, of_pages.beside):
        for uuid in each.keys() - asked:
            del each[uuid]
    return of_pages


def read_all(
    client: MoClient,
    kind: Kind,
    *,
    facets: Collection[str] | None = None,
    as_of: datetime | None = None,
    page: int = PAGE,
) -> Histories:
    """All objects of a kind that MO has few of: facets, IT systems, and the classes of `facets`, their user keys.

    They are read page after page; if one fails, the uuids alone are asked for, and each object by its own.
    """
    if facets is not None and not facets:
        return Histories()
    past, of_facets = as_of is not None, facets is not None
    variables: dict[str, Any] = {**_instant(as_of), "limit": page}
    if facets is not None:
        variables["facets"] = sorted(facets)
    whole = page_of(kind, of_facets=of_facets, past=past)
    try:
        return _merged(_Answers(_pages(client, kind, whole, variables), {}))
    except NotShown:
        pass
    only_uuids = page_of(kind, of_facets=of_facets, only_uuids=True, past=past)
    with _no_object_to_blame(KINDS[kind].collection):
        pages = _pages(client, kind, only_uuids, variables, only_uuids=True)
        uuids = [uuid for each in pages for uuid in each.listed]
    return read_histories(client, kind, uuids, as_of=as_of, page=page)


def read_persons_by_cpr(
    client: MoClient, cprs: Collection[Cpr], *, as_of: datetime | None = None, page: int = PAGE
) -> People:
    """The persons who have one of these CPR numbers on any day. A number that MO does not have is missing."""
    answers = _ask(client, Kind.EMPLOYEE, "cpr_numbers", cprs, as_of, page, written=Cpr.reveal)
    asked = set(cprs)
    found: dict[Cpr, dict[str, History]] = {}
    for each in answers.pages:
        merged = histories(each.objects)
        for uuid, pieces in each.objects.items():
            numbers = {piece.value.cpr for piece in pieces if isinstance(piece.value, Person)}
            for cpr in asked.intersection(numbers):
                found.setdefault(cpr, {})[uuid] = merged[uuid]
    return People(found, answers.unreadable)


def read_of(
    client: MoClient,
    kind: Kind,
    by: Literal["employees", "org_units"],
    owners: Collection[str],
    *,
    as_of: datetime | None = None,
    page: int = PAGE,
) -> Histories:
    """All objects of a kind that persons, or org units, have on any day."""
    return _merged(_ask(client, kind, by, owners, as_of, page))


def read_organisation(client: MoClient) -> tuple[str, int | None]:
    """The uuid of the root organisation, and its municipality code."""
    with _no_object_to_blame("org"):
        org = client.query(ORGANISATION).get("org")
        if not isinstance(org, dict) or not isinstance(org.get("uuid"), str):
            raise misunderstood("org.uuid")
        code = org.get("municipality_code")
        if code is not None and type(code) is not int:
            raise misunderstood("org.municipality_code")
        client.organisation = org["uuid"]
        return org["uuid"], code


def read_counts(client: MoClient, org_uuid: str) -> dict[Kind, int] | None:
    """How many units and engagements there are today; None where MO cannot tell, as it cannot while one unit is broken."""
    try:
        told = client.get(f"/service/o/{org_uuid}/")
    except (Refused, NotShown, RestGoneError):
        return None
    units, engagements = member(told, "unit_count"), member(told, "engagement_count")
    if type(units) is not int or type(engagements) is not int:
        return None
    return {Kind.ORG_UNIT: units, Kind.ENGAGEMENT: engagements}


class _Answers(NamedTuple, Generic[K]):
    pages: list[Page]
    unreadable: dict[K, str]


def _merged(answers: _Answers[str]) -> Histories:
    merged = Histories(unreadable=answers.unreadable)
    for page in answers.pages:
        merged.found.update(histories(page.objects))
        merged.beside.update(histories(page.beside))
    return merged


def _with_roots(page: Page, organisation: str) -> Page:
    """A page of org units: those whose parent is the root organisation have none."""
    units = {
        uuid: tuple(
            replace(piece, value=replace(unit, parent=None))
            if isinstance(unit := piece.value, Unit) and unit.parent == organisation
            else piece
            for piece in pieces
        )
        for uuid, pieces in page.objects.items()
    }
    return replace(page, objects=units)


def _instant(as_of: datetime | None) -> dict[str, str]:
    """The variable of a query for the past. MO takes an instant without a zone for a Danish one, and answers wrongly."""
    if as_of is None:
        return {}
    if as_of.tzinfo is None:
        raise ValueError("an instant without a zone")
    return {"at": as_of.isoformat()}


def _ask(
    client: MoClient,
    kind: Kind,
    by: By,
    keys: Collection[K],
    as_of: datetime | None,
    page: int,
    *,
    written: Callable[[K], str] = str,
) -> _Answers[K]:
    """Asks for objects by keys, in batches, in parallel. A batch that fails is halved until the culprit stands alone."""
    batches = _batches(sorted(set(keys), key=written), page, client.connections)
    past, instant = as_of is not None, _instant(as_of)
    query = by_keys(kind, by, past=past)
    shows_organisation = kind is Kind.ORG_UNIT and client.graphql_version < ROOTLESS_SINCE
    organisation = (
        client.organisation or read_organisation(client)[0] if batches and shows_organisation else None
    )

    def asked(batch: list[K], *, patient: bool = True) -> Page:
        data = client.query(query, {"keys": [written(key) for key in batch], **instant}, patient=patient)
        page = read_page(data, kind, client.graphql_version)
        return page if organisation is None else _with_roots(page, organisation)

    def halved(batch: list[K], error: NotShown) -> _Answers[K]:
        if len(batch) == 1:
            return _Answers([], {batch[0]: f"MO cannot show it ({kind}): {error}"})
        middle = len(batch) // 2
        pages: list[Page] = []
        unreadable: dict[K, str] = {}
        for half in (batch[:middle], batch[middle:]):
            try:
                pages.append(asked(half, patient=len(half) == 1))
            except NotShown as narrower:
                rest = halved(half, narrower)
                pages += rest.pages
                unreadable |= rest.unreadable
        return _Answers(pages, unreadable)

    def settled(batch: list[K]) -> _Answers[K]:
        try:
            return _Answers([asked(batch)], {})
        except NotShown as error:
            # Without this a role that is missing, or a field that MO has dropped, would be every object's fault.
            with _no_object_to_blame(KINDS[kind].collection):
                nobody = client.query(by_keys(kind, "uuids", past=past), {"keys": [NOBODY], **instant})
                read_page(nobody, kind, client.graphql_version)
            return halved(batch, error)

    answers = client.in_parallel([partial(settled, batch) for batch in batches])
    return _Answers(
        [each for answer in answers for each in answer.pages],
        {key: reason for answer in answers for key, reason in answer.unreadable.items()},
    )


def _batches(keys: list[K], page: int, readers: int) -> list[list[K]]:
    """Batches of at most a page, as equal as can be and a round number for each reader: all are done at the same time."""
    rounds = math.ceil(len(keys) / (page * readers))
    smallest = min(page, SMALLEST_BATCH)
    count = max(math.ceil(len(keys) / page), min(rounds * readers, len(keys) // smallest))
    return [keys[len(keys) * at // count : len(keys) * (at + 1) // count] for at in range(count)]


def _pages(
    client: MoClient, kind: Kind, text: str, variables: dict[str, Any], *, only_uuids: bool = False
) -> list[Page]:
    """All pages of a list. A page that points to a further one must have brought something new: else there is no end."""
    pages: list[Page] = []
    seen: set[str] = set()
    cursor: Any = None
    while True:
        data = client.query(text, {**variables, "cursor": cursor})
        page = read_page(data, kind, client.graphql_version, paged=True, only_uuids=only_uuids)
        pages.append(page)
        cursor = page.cursor
        if cursor is None:
            return pages
        if not page.listed - seen:
            raise misunderstood(
                f"{KINDS[kind].collection}: a page that brings nothing new, and is not the last"
            )
        seen |= page.listed


@contextmanager
def _no_object_to_blame(collection: str) -> Iterator[None]:
    """A query that fails although no single object can be its cause fails for all: MO is not usable for us."""
    try:
        yield
    except NotShown as error:
        raise error.unavailable or UnavailableError(
            f"MO does not answer queries of {collection}: {error}. Check the roles of our client in Keycloak"
            " (admin contains them) and the setting graphql_version",
            lasting=True,
        ) from None


def has_any(client: MoClient, kind: Kind, as_of: datetime) -> bool:
    """Whether MO had any object of a kind at an instant."""
    text = page_of(kind, only_uuids=True, past=True)
    with _no_object_to_blame(KINDS[kind].collection):
        data = client.query(text, {**_instant(as_of), "limit": 1, "cursor": None})
        return bool(read_page(data, kind, client.graphql_version, paged=True, only_uuids=True).listed)
