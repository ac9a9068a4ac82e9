"""When MO registered what: the proof that a list was written, also of objects that no read shows any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from aarhus_los.mo.answers import member
from aarhus_los.mo.bookmark import Moment, instant
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.histories import misunderstood
from aarhus_los.mo.model import KINDS, Kind


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
