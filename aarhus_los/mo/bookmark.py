"""When MO registered what, by the clock of its database; and the bookmark, a class of ours that tells when runs began.

Registrations prove that a list was written, also of objects that no read shows any more. No other clock is of use: a run
compares times with those at which objects were registered, and MO shows no other either.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Final

from aarhus_los.answer import Unsettled
from aarhus_los.errors import UnavailableError
from aarhus_los.mo.answers import NotShown, Refused, member
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.histories import misunderstood
from aarhus_los.mo.model import KINDS, Class, Facet, Kind
from aarhus_los.mo.payloads import Endpoint, Item, mutated
from aarhus_los.timeline import FOREVER
from aarhus_los.uuids import seed_uuid

Moment = datetime
"""An instant of MO's database, with its zone."""

FACET: Final = seed_uuid("los_import")
CLASS: Final = seed_uuid("los_import_bookmark")
_FIRST_DAY: Final = date(1930, 1, 1)
"""Always the same, and no end: a bookmark has one validity, and each title replaces the last."""
_QUERY: Final = (
    "query($keys: [UUID!]) { classes(filter: {uuids: $keys, from_date: null, to_date: null}) { objects { uuid"
    " registrations { start } validities(start: null, end: null) { name } } } }"
)


def set_bookmark(client: MoClient, now: datetime) -> Moment:
    """Sets the bookmark to a title that no run had before, and makes it where MO lacks it. Returns when MO registered it.

    Raises `UnavailableError`.
    """
    title = f"{now.isoformat(timespec='microseconds')} {random.randrange(10**6):06}"
    perhaps_set = False

    def once() -> Moment:
        nonlocal perhaps_set
        found = _read(client) if perhaps_set else None
        if found is None or title not in found[1]:
            perhaps_set = True
            client.write(Endpoint.MUTATE, [_of_class("update", title)])
            found = _read(client)
        if found is None:  # MO says yes to the update of what it does not have
            facet = mutated(Kind.FACET, "create", FACET, Facet("los_import"), _FIRST_DAY, FOREVER)
            client.write(Endpoint.MUTATE, [facet, _of_class("create", title)])
            found = _read(client)
        if found is None or title not in found[1]:
            raise Unsettled("it does not show the bookmark that it was told to set", perhaps_done=True)
        return found[0]

    try:
        return client.settle(once)
    except Unsettled as unsettled:
        raise unsettled.final(client.server) from None
    except Refused as refused:
        text = f"{client.server} refuses the bookmark of this run, a class of the facet los_import: {refused}"
        raise UnavailableError(text, lasting=True) from None


def last_bookmark(client: MoClient) -> Moment | None:
    """When the bookmark was last set; None where MO has none. Raises `UnavailableError`."""
    found = _read(client)
    return None if found is None else found[0]


def _read(client: MoClient) -> tuple[Moment, list[str]] | None:
    """When the bookmark was last registered, and the titles that it shows."""
    try:
        objects = member(client.query(_QUERY, {"keys": [CLASS]}).get("classes"), "objects")
        if objects == []:
            return None
        try:
            (shown,) = objects
            registered = max(instant(each["start"]) for each in shown["registrations"])
            return registered, [each["name"] for each in shown["validities"]]
        except (ValueError, TypeError, LookupError):
            raise misunderstood("classes.registrations") from None
    except NotShown as error:
        raise error.unavailable or UnavailableError(
            f"{client.server} cannot show the bookmark, class {CLASS}: {error}", lasting=True
        ) from None


def instant(text: Any) -> Moment:
    """An instant as MO writes it. Raises ValueError and TypeError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant without a zone")
    return at


def _of_class(verb: str, title: str) -> Item:
    value = Class(FACET, "bookmark", title, "TEXT")
    return mutated(Kind.CLASS, verb, CLASS, value, _FIRST_DAY, FOREVER)


def registered_since(
    client: MoClient, objects: Mapping[Kind, Collection[str]], moment: Moment
) -> Counter[str]:
    """How often each object, by uuid, was registered after a moment; the root organisation has no registrations.

    Raises `NotShown` and `UnavailableError`.
    """
    models = ", ".join(f'"{KINDS[kind].stem}"' for kind in objects)
    text = (
        f"query($uuids: [UUID!]) {{ registrations(filter: {{uuids: $uuids, models: [{models}]}})"
        " { objects { uuid start } } }"
    )
    uuids = sorted({uuid for each in objects.values() for uuid in each})
    # After the deadline too: it belongs to what was written before.
    answered = client.query(text, {"uuids": uuids}, in_time=False)
    told = member(answered.get("registrations"), "objects")
    try:
        later = {(each["uuid"], each["start"]) for each in told if instant(each["start"]) > moment}
        return Counter(uuid for uuid, _ in later)
    except (ValueError, TypeError, LookupError):
        raise misunderstood("registrations.objects") from None
