"""A stand-in for the address service Adressevask: it washes texts by a rule that tests can work out themselves.

A text with a four-digit postal code is found, and its uuid is `uuid5(NAMESPACE_URL, text with single spaces)`. Words in it
make the exceptions: `Ukendt` is not recognised, `Nedlagt` is decommissioned, at `Nede` the service is down, and an interval
of house numbers is an unsafe match.
"""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from aarhus_los.sandbox.http_stand_in import Answer, HttpStandIn, Intercept, Request

SHORTEST_TOKEN: Final = 10
LARGEST_BATCH: Final = 100

_EXACT = 1000
_INTERVAL = 800
_NO_POSTAL_CODE = -300
_UNRECOGNISED = -1000
_TEXTS: Final = {
    _EXACT: "Eksakt match",
    _INTERVAL: "Adressetekst er et interval. Første husnummer anvendt",
    _NO_POSTAL_CODE: "Postnummer mangler",
    _UNRECOGNISED: "Tekst kan ikke genkendes som en adresse",
}
_IN_FORCE = 3
_DECOMMISSIONED = 4

_POSTAL_CODE = re.compile(r"(?P<before>.*)(?<!\d)(?P<code>\d{4})(?!\d)(?P<town>.*)")
_RANGE = re.compile(r"(?<!\d)\d{1,3}[A-Z]?\s*-\s*\d{1,3}[A-Z]?(?!\d)")
_TIGHT_COMMA = re.compile(r",\S")
_GREENLAND = "39"


def address_uuid(text: str) -> str:
    """The uuid of the address that a text is washed to, if it is found."""
    return str(uuid5(NAMESPACE_URL, " ".join(text.split())))


class DarServer(HttpStandIn):
    """Serves for the length of a `with`. By uuid it knows the addresses that it has washed a text to, and no others."""

    def __init__(self, *, intercept: Intercept | None = None, port: int = 0) -> None:
        super().__init__(intercept, port)
        self._known: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> Answer:
        if request.method != "GET":
            return Answer.text(501, "not modelled")
        if len(request.query.get("token", "")) < SHORTEST_TOKEN:
            return Answer.text(401, "Token mangler eller er for kort")
        if request.path == "/vask/":
            return self._wash(request.query.get("adresse", ""))
        if request.path == "/adresser":
            return self._batch(request.query.get("id_lokalids", ""))
        if request.path.startswith("/adresser/"):
            return self._one(request.path.removeprefix("/adresser/"))
        return Answer.text(501, "not modelled")

    def _wash(self, text: str) -> Answer:
        plain = " ".join(text.split())
        if not plain:
            return Answer.text(400, "Parameteren adresse mangler")
        if "Nede" in plain:
            return Answer.text(503, "Service Unavailable")
        postal = _POSTAL_CODE.fullmatch(plain)
        if (
            "Ukendt" in plain
            or _TIGHT_COMMA.search(plain)
            or (postal and postal["code"].startswith(_GREENLAND))
        ):
            return _washed(_UNRECOGNISED)
        if postal is None:
            return _washed(_NO_POSTAL_CODE)
        uuid = address_uuid(text)
        status = _DECOMMISSIONED if "Nedlagt" in plain else _IN_FORCE
        self._known[uuid] = {
            "id_lokalid": uuid,
            "adressebetegnelse": plain,
            "status": str(status),
            "husnummer": {"postnummer": {"postnr": postal["code"], "navn": postal["town"].strip()}},
        }
        code = _INTERVAL if _RANGE.search(postal["before"]) else _EXACT
        return _washed(code, uuid, plain, status)

    def _one(self, uuid: str) -> Answer:
        address = self._in_force(uuid)
        if address is None:
            return Answer.text(404, "Adressen findes ikke")
        return Answer.json(200, {"status": "ok", "adresse": address})

    def _batch(self, uuids: str) -> Answer:
        asked = [uuid for uuid in uuids.split(",") if uuid]
        if not 0 < len(asked) <= LARGEST_BATCH:
            return Answer.text(400, f"Angiv mellem 1 og {LARGEST_BATCH} id_lokalids")
        found = [address for uuid in asked if (address := self._in_force(uuid)) is not None]
        if not found:
            return Answer.text(404, "Ingen af adresserne findes")
        return Answer.json(200, {"status": "ok", "adresser": found})

    def _in_force(self, uuid: str) -> dict[str, Any] | None:
        try:
            address = self._known.get(str(UUID(uuid)))
        except ValueError:
            return None
        return address if address is not None and address["status"] == str(_IN_FORCE) else None


def _washed(code: int, uuid: str | None = None, text: str | None = None, status: int | None = None) -> Answer:
    return Answer.json(
        200,
        {
            "vaskestatus": {"kode": code, "tekst": _TEXTS[code]},
            "vaskeresultat": {"adresse_id_lokalid": uuid, "adressebetegnelse": text, "status": status},
            "vaskeresultat_historisk": {"adressebetegnelse": None},
        },
    )
