"""An MO and an address service in this process, without sockets: made anew in a moment, filled and read as plain values."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import parse_qsl, unquote, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as LostError
from urllib3 import HTTPResponse

from aarhus_los.sandbox.dar import DarServer, address_uuid
from aarhus_los.sandbox.http_stand_in import Action, Answer, Drop, Request
from aarhus_los.sandbox.mo_changes import Change, created
from aarhus_los.sandbox.mo_errors import MoError
from aarhus_los.sandbox.mo_kinds import KINDS
from aarhus_los.sandbox.mo_server import MoServer, written_objects
from aarhus_los.sandbox.mo_store import ROOT_ORGANISATION, MoStore, Snapshot
from aarhus_los.sandbox.moments import COPENHAGEN, day_after
from aarhus_los.uuids import object_uuid, seed_uuid
from tests.drawn.cells import Bad
from tests.drawn.drops import CPRS, unit_uuid
from tests.drawn.lists import LISTS
from tests.drawn.units import ADDRESSES, OUTSIDE
from tests.drawn.world import (
    ALWAYS,
    AZ,
    FOREVER,
    LINE,
    UNKNOWN_TYPE,
    Account,
    Class,
    Engagement,
    ItSystem,
    Manager,
    Mo,
    Person,
    Piece,
    Unit,
    empty_mo,
    joined,
)

MO_HOST: Final = "mo.invalid"
DAR_HOST: Final = "dar.invalid"
LONG_AGO: Final = datetime(2019, 1, 1, tzinfo=UTC)
"""When what an MO has from its own set-up was registered in it."""
_TICK: Final = timedelta(milliseconds=1)
_NO: Final = MoError(400, "V_REFUSED", "It is so.")

AZ_SYSTEM: Final = seed_uuid("AZID_SYSTEM")
PRIMARY: Final = {True: seed_uuid("PRIMARY"), False: seed_uuid("NOT_PRIMARY")}
MARKS: Final = {
    LINE: seed_uuid("LINJE_ORG_HIERARCHY"),
    "sikkerhedsorg": seed_uuid("SIKKERHEDS_ORG_HIERARCHY"),
    OUTSIDE: seed_uuid("IKKE_LINJE_ORG_HIERARCHY"),
}
UKENDT: Final = seed_uuid("UNIT_TYPE_UNKNOWN")
_TYPES: Final = {
    "LOSID": "UNIT_LOS",
    "CVR": "UNIT_CVR",
    "EAN": "UNIT_EAN",
    "P-Nr": "UNIT_PNR",
    "SE-Nr": "UNIT_SENR",
    "IntDebitor-Nr": "UNIT_DEBITORNR",
    "MagID": "UNIT_MAG_ID",
    "PostAdresse": "UNIT_POSTADDR",
}
_EMAIL: Final = seed_uuid("PERSON_EMAIL")
_UNITS: Final = (*(unit_uuid(number) for number in range(12)),)
_KIND_OF: Final = {
    "unit": "org_unit",
    "address": "address",
    "person": "employee",
    "engagement": "engagement",
    "account": "it",
    "manager": "manager",
    "class": "class",
    "itsystem": "itsystem",
}
_LISTED: Final = {facet for facet, *_ in LISTS.values() if facet}

Event = Callable[[str], None]
"""Told what is about to happen, or has happened: may raise what ends the run."""


__all__ = ["COPENHAGEN", "StandIn", "wash"]


def wash(text: str) -> str | None:
    """What the address service makes of a text. Raises Bad where it cannot be asked."""
    if "Nede" in text:
        raise Bad("down")
    return None if "Ukendt" in text else address_uuid(text)


class StandIn:
    """One MO, one address service. `at` is what time it is in MO; it goes on by itself, a little with every write."""

    def __init__(self, seeds: Snapshot | None = None) -> None:
        self.at = datetime.now(UTC)
        self.store = MoStore(times=self._time)
        if seeds is not None:
            self.store.restore(seeds)
        self.mo = MoServer(self.store)
        self.dar = DarServer()
        self.dar_down = False
        self.washed: set[str] = set()
        """The texts that the address service was asked for, and knew what to make of."""
        self.refuses: Callable[[str], bool] = lambda uuid: False
        """Which objects of the organisation it lets nobody write."""
        self.refused = 0
        """How many writes it has refused, for that or by GraphQL."""
        self.event: Event = lambda what: None
        """Told of the requests to MO, before and after they take effect."""
        self.writes = 0
        """How many objects MO was asked to write."""
        self.bookmarks = 0
        """How often it was asked for a bookmark."""

    @property
    def today(self) -> date:
        return self.at.astimezone(COPENHAGEN).date()

    def _time(self) -> datetime:
        self.at += _TICK
        return self.at

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """For the length of a `with`, all that is sent over HTTP in this process goes to these two."""

        def send(adapter: HTTPAdapter, request: PreparedRequest, **_: Any) -> Response:
            return self._send(adapter, request)

        with patch.object(HTTPAdapter, "send", send):
            yield

    def _send(self, adapter: HTTPAdapter, prepared: PreparedRequest) -> Response:
        request = _request(prepared)
        host = urlsplit(prepared.url or "").hostname
        if host == DAR_HOST:
            action = self._ask_dar(request)
        elif host == MO_HOST:
            action = self._ask_mo(request)
        else:
            raise AssertionError(f"nothing is to be asked of {host}")
        if isinstance(action, Drop):
            raise LostError("dropped", request=prepared)
        raw = HTTPResponse(
            io.BytesIO(action.body), action.headers, action.status, preload_content=False, decode_content=True
        )
        return adapter.build_response(prepared, raw)

    def _ask_dar(self, request: Request) -> Action:
        if self.dar_down:
            return Answer.text(503, "down")
        action = self.dar.exchange(request)
        if isinstance(action, Answer) and action.status == 200:
            self.washed.add(" ".join(request.query.get("adresse", "").split()))
        return action

    def _ask_mo(self, request: Request) -> Action:
        objects = written_objects(request)
        bookmark = not objects and b'"query": "mutation' in request.body
        what = f"{'write' if objects else 'bookmark' if bookmark else 'read'} {request.path}"
        self.event(f"before {what}")
        self.writes += objects
        self.bookmarks += bookmark
        refused = request.path.startswith("/service/details/") and self._is_refused(request.json())
        action = Answer.json(400, _NO.body) if refused else self.mo.exchange(request)
        self.refused += refused or (objects > 0 and _is_refusal(request, action))
        self.event(f"after {what}")
        return action

    def _is_refused(self, items: list[dict[str, Any]]) -> bool:
        """One that is refused keeps all others of its list."""
        return any(self.refuses(each.get("uuid") or each["data"]["uuid"]) for each in items)

    # As plain values

    def fill(self, mo: Mo) -> None:
        """Makes the objects of `mo`, each by one registration; what the store has of them already is overwritten."""
        facets = self._facets()
        owners = {**_owners(), **_persons({**mo, "person": {**self.read()["person"], **mo["person"]}})}
        with self.store.transaction():
            for uuid, pieces in mo["class"].items():
                self._make("class", uuid, [(a, b, _class_fields(each, facets)) for a, b, each in pieces])
            for uuid, pieces in mo["itsystem"].items():
                self._make("itsystem", uuid, [(a, b, each._asdict()) for a, b, each in pieces])
            for uuid, pieces in mo["unit"].items():
                mark = mo["mark"].get(uuid, [])
                self._make("org_unit", uuid, [(a, b, _unit_fields(each)) for a, b, each in pieces], mark)
            for uuid, pieces in mo["person"].items():
                self._make("employee", uuid, [(a, b, _person_fields(uuid, each)) for a, b, each in pieces])
            for uuid, pieces in mo["address"].items():
                self._make(
                    "address",
                    uuid,
                    [(a, b, {"user_key": str(each), "value": each, **owners[uuid]}) for a, b, each in pieces],
                )
            for uuid, pieces in mo["engagement"].items():
                self._make("engagement", uuid, [(a, b, _engagement_fields(each)) for a, b, each in pieces])
            for uuid, pieces in mo["account"].items():
                self._make("it", uuid, [(a, b, _account_fields(each)) for a, b, each in pieces])
            for uuid, pieces in mo["manager"].items():
                self._make("manager", uuid, [(a, b, _manager_fields(uuid, each)) for a, b, each in pieces])

    def change(self, kind: str, uuid: str, start: date, end: date, value: Any) -> None:
        """Makes an object something else on some days; None: not there."""
        if value is None:
            self.store.terminate(_KIND_OF[kind], uuid, start, end)
        else:
            said = self.shown(_KIND_OF[kind], uuid)[-1]
            whose = {name: said[name] for name in _OWNERS if kind == "address" and said.get(name)}
            self.store.edit(_KIND_OF[kind], uuid, start, end, {**whose, **_FIELDS[kind](uuid, value)})

    def change_to(self, mo: Mo) -> int:
        """Writes what MO says otherwise than `mo`, without a thought; the number of objects."""
        said = self.read()
        changed = empty_mo()
        gone = []
        for kind in changed:
            for uuid in {*said[kind], *mo[kind]}:
                if said[kind].get(uuid) != mo[kind].get(uuid):
                    if uuid in mo["unit"] and kind == "mark":
                        changed["unit"][uuid] = mo["unit"][uuid]
                    elif uuid in mo[kind]:
                        changed[kind][uuid] = mo[kind][uuid]
                    elif kind != "mark":
                        gone.append((_KIND_OF[kind], uuid))
        changed["mark"] = {uuid: mo["mark"][uuid] for uuid in changed["unit"] if uuid in mo["mark"]}
        self.fill(changed)
        with self.store.transaction():
            for kind, uuid in gone:
                self.store.terminate(kind, uuid, ALWAYS, FOREVER)
        return len(gone) + sum(len(objects) for kind, objects in changed.items() if kind in _KIND_OF)

    def _make(self, kind: str, uuid: str, pieces: list[Piece], mark: Sequence[Piece] = ()) -> None:
        state = KINDS[kind].state.name
        change: Change = {}
        for number, (start, end, fields) in enumerate(pieces):
            until = day_after(end)
            # As where an object is made over all days and the gaps are ended after it: all but the state goes on in them.
            following = pieces[number + 1][0] if number + 1 < len(pieces) else until
            for track, rows in created(KINDS[kind], start, until, fields).items():
                held = rows if track == state else [row._replace(end=following) for row in rows]
                change.setdefault(track, []).extend(held)
            if until < following:
                change[state].append(
                    change[state][-1]._replace(start=until, end=following, value=KINDS[kind].gone)
                )
        if mark:
            fields = {"org_unit_hierarchy": MARKS[mark[0][2]]}
            rows = created(KINDS[kind], mark[0][0], day_after(mark[-1][1]), fields)["mark"]
            change["mark"] = rows
        self.store.write(KINDS[kind], uuid, change, creates=True)

    def _facets(self) -> dict[str, str]:
        """User key → uuid."""
        found = {}
        for uuid in self.store.uuids("facet"):
            for each in self.shown("facet", uuid, None):
                found[each["user_key"]] = uuid
        return found

    def shown(self, kind: str, uuid: str, moment: datetime | None = None) -> list[dict[str, Any]]:
        """An object's validities as the stand-in shows them."""
        registration = self.store.registration(kind, uuid, moment)
        return [] if registration is None else registration.validities

    def read(self, moment: datetime | None = None) -> Mo:
        """What MO says, now or as of a moment; of the classes those of the lists' facets, without the seeded ones."""
        facets = {uuid: user_key for user_key, uuid in self._facets().items()}
        marks = {uuid: name for name, uuid in MARKS.items()}
        mo = empty_mo()

        def read(kind: str, into: str, value: Callable[[dict[str, Any]], Any]) -> None:
            for uuid in self.store.uuids(kind):
                pieces = [
                    (_day(each["from"], ALWAYS), _day(each["to"], FOREVER), said)
                    for each in self.shown(kind, uuid, moment)
                    if (said := value(each)) is not None
                ]
                if pieces:
                    mo[into][uuid] = joined(pieces)

        read("class", "class", lambda each: _class_of(each, facets))
        mo["class"].pop(UKENDT, None)
        mo["class"].pop(seed_uuid("association_type"), None)
        mo["class"].pop("ec534b86-3d9b-42d8-bff0-afc4f81719af", None)
        read("itsystem", "itsystem", lambda each: ItSystem(each["user_key"], each["name"]))
        mo["itsystem"].pop(AZ_SYSTEM, None)
        read("org_unit", "unit", _unit_of)
        read("org_unit", "mark", lambda each: marks.get(each["org_unit_hierarchy"]))
        read("address", "address", lambda each: each["value"])
        read("employee", "person", lambda each: Person(each["cpr_no"] or "", each["name"]))
        read("engagement", "engagement", _engagement_of)
        read("it", "account", _account_of)
        read("manager", "manager", _manager_of)
        return mo

    def misfits(self, mo: Mo) -> list[str]:
        """Addresses with another type or owner than their uuid says; `mo` is what is read here now."""
        owners = {**_owners(), **_persons(mo)}
        return [
            f"address {uuid} has {name} {each.get(name)}"
            for uuid, fields in owners.items()
            for each in self.shown("address", uuid, None)
            for name, value in fields.items()
            if each.get(name) != value
        ]


def _is_refusal(request: Request, action: Action) -> bool:
    """Whether GraphQL refuses a write; that of an address of no unit at all is only a try."""
    body = action.body if isinstance(action, Answer) else b""
    if b'"errors"' not in body or b"E_ORG_UNIT_NOT_FOUND" not in body:
        return b'"errors"' in body
    first, *_ = json.loads(body)["errors"][0]["path"]
    return f"{first}: org_unit_".encode() in request.body


def _request(prepared: PreparedRequest) -> Request:
    parts = urlsplit(prepared.url or "")
    body = prepared.body or b""
    return Request(
        number=0,
        method=prepared.method or "",
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.lower(): str(value) for name, value in prepared.headers.items()},
        body=body if isinstance(body, bytes) else body.encode(),
    )


def _day(text: str | None, without: date) -> date:
    return date.fromisoformat(text) if text else without


@cache
def _owners() -> Mapping[str, Mapping[str, str]]:
    return {
        object_uuid(unit + word): {"org_unit": unit, "address_type": seed_uuid(_TYPES[column])}
        for unit in _UNITS
        for column, word in ADDRESSES.items()
    }


def _persons(mo: Mo) -> dict[str, dict[str, str]]:
    found = {pieces[-1][2].cpr: uuid for uuid, pieces in mo["person"].items()}
    return {
        object_uuid(cpr + "email"): {
            "person": found.get(cpr, object_uuid(cpr)),
            "address_type": _EMAIL,
        }
        for cpr in CPRS
    }


def _unit_fields(value: Unit) -> dict[str, Any]:
    kind = UKENDT if value.type == UNKNOWN_TYPE else value.type
    parent = value.parent or ROOT_ORGANISATION
    return {
        "user_key": value.user_key,
        "name": value.name,
        "parent": parent,
        "org_unit_type": kind or None,
    }


def _unit_of(each: Mapping[str, Any]) -> Unit:
    kind = each["org_unit_type"]
    parent = None if each["parent"] == ROOT_ORGANISATION else each["parent"]
    return Unit(each["user_key"], each["name"], parent, UNKNOWN_TYPE if kind == UKENDT else kind or "")


def _person_fields(uuid: str, value: Person) -> dict[str, Any]:
    given, _, surname = value.name.rpartition(" ")
    names = {"givenname": given or surname, "surname": surname if given else " "}
    return {"user_key": uuid, "cpr_no": value.cpr or None, **names}


def _engagement_fields(value: Engagement) -> dict[str, Any]:
    return {
        "user_key": value.user_key,
        "person": value.person,
        "org_unit": value.unit,
        "engagement_type": value.type,
        "job_function": value.job,
        "primary": PRIMARY[value.primary],
    }


def _engagement_of(each: Mapping[str, Any]) -> Engagement:
    return Engagement(
        each["user_key"],
        each["person"],
        each["org_unit"],
        each["engagement_type"],
        each["job_function"],
        each["primary"] == PRIMARY[True],
    )


def _account_fields(value: Account) -> dict[str, Any]:
    system = AZ_SYSTEM if value.system == AZ else value.system
    return {"user_key": value.user_key, "person": value.person, "itsystem": system}


def _account_of(each: Mapping[str, Any]) -> Account:
    system = AZ if each["itsystem"] == AZ_SYSTEM else each["itsystem"]
    return Account(each["person"] or "", system, each["user_key"])


def _manager_fields(uuid: str, value: Manager) -> dict[str, Any]:
    return {
        "user_key": uuid,
        "org_unit": value.unit,
        "person": value.person,
        "manager_type": value.type,
        "manager_level": value.level,
        "responsibility": tuple(sorted(value.responsibilities)),
    }


def _manager_of(each: Mapping[str, Any]) -> Manager:
    return Manager(
        each["org_unit"],
        each["person"] or "",
        each["manager_type"] or "",
        each["manager_level"] or "",
        frozenset(each["responsibility"]),
    )


_OWNERS: Final = ("address_type", "org_unit", "person")
"""What an edit of an address says again."""
_FIELDS: Final[dict[str, Callable[[str, Any], dict[str, Any]]]] = {
    "unit": lambda uuid, value: _unit_fields(value),
    "address": lambda uuid, value: {"user_key": value, "value": value},
    "person": _person_fields,
    "engagement": lambda uuid, value: _engagement_fields(value),
    "account": lambda uuid, value: {"user_key": value.user_key},
    "manager": _manager_fields,
}


def _class_fields(value: Class, facets: Mapping[str, str]) -> dict[str, Any]:
    return {
        "facet_uuid": facets[value.facet],
        "user_key": value.user_key,
        "name": value.title,
        "scope": "TEXT",
    }


def _class_of(each: Mapping[str, Any], facets: Mapping[str, str]) -> Class | None:
    facet = facets.get(each["facet_uuid"], "")
    return Class(facet, each["user_key"], each["name"]) if facet in _LISTED else None
