"""An MO without its REST API: whether ours is one, and whether it can take postal addresses."""

from __future__ import annotations

from datetime import date
from typing import Final

from aarhus_los.mo import payloads
from aarhus_los.mo.answers import NotShown, Refused, RestGoneError
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.model import Address, Class, Kind
from aarhus_los.mo.read import NOBODY
from aarhus_los.timeline import FOREVER
from aarhus_los.uuids import seed_uuid

NO_SUCH_UNIT: Final = "E_ORG_UNIT_NOT_FOUND"
_TRIED: Final = seed_uuid("los_import_address_that_is_refused")
_DAY: Final = date(1930, 1, 1)


def writes_by_rest(client: MoClient, asked: str) -> bool:
    """Whether MO is written by REST: as the setting says, or where REST is there. Raises `UnavailableError`."""
    if asked != "auto":
        return asked == "rest"
    try:
        client.get("/service/o/")
    except RestGoneError:
        return False
    except (Refused, NotShown):
        pass  # it is there; whoever writes will hear what is wrong with it
    return True


def takes_address(client: MoClient, address: str) -> bool:
    """Whether MO's own address service knows a postal address, without which no mutation can write one.

    Tried with an address of a unit that does not exist, of a class that is made for it: so it is refused in any case, and
    nothing is written; but MO asks its address service first. Where that is gone, MO waits 30 s for it. Raises
    `UnavailableError`.
    """
    kind = Class(NOBODY, "los_import", "los_import", "DAR")
    value = Address(address, _TRIED, org_unit=NOBODY)
    refusal = client.refusal_of(
        [
            payloads.mutated(Kind.CLASS, "create", _TRIED, kind, _DAY, FOREVER),
            payloads.mutated(Kind.ADDRESS, "create", _TRIED, value, _DAY, FOREVER),
        ]
    )
    return refusal.error_key == NO_SUCH_UNIT
