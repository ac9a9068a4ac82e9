"""What the modelled MO holds: objects as the JSON that answers a read, so that answering costs next to nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

ORGANISATION = "3b866d97-0b1f-48e0-8078-686d96f430b3"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
BEFORE_ALL, AFTER_ALL = "", "~"
"""Sort before and after every date that is written as text."""

Validity = dict[str, Any]
FIELDS: Mapping[str, Mapping[str, str]] = {
    "facet": {"user_key": "user_key"},
    "class": {
        "user_key": "user_key",
        "name": "name",
        "scope": "scope",
        "facet_uuid": "facet_uuid",
        "published": "published",
    },
    "itsystem": {"user_key": "user_key", "name": "name"},
    "org_unit": {
        "user_key": "user_key",
        "name": "name",
        "parent_uuid": "parent",
        "unit_type_uuid": "org_unit_type",
        "org_unit_hierarchy": "org_unit_hierarchy",
    },
    "employee": {"cpr_number": "cpr_no", "given_name": "given_name", "surname": "surname"},
    "engagement": {
        "user_key": "user_key",
        "employee_uuid": "person",
        "org_unit_uuid": "org_unit",
        "job_function_uuid": "job_function",
        "engagement_type_uuid": "engagement_type",
        "primary_uuid": "primary",
    },
    "address": {
        "value": "value",
        "address_type_uuid": "address_type",
        "org_unit_uuid": "org_unit",
        "employee_uuid": "person",
    },
    "it": {"user_key": "user_key", "itsystem_uuid": "itsystem", "employee_uuid": "person"},
    "manager": {
        "employee_uuid": "person",
        "org_unit_uuid": "org_unit",
        "manager_type_uuid": "manager_type",
        "manager_level_uuid": "manager_level",
        "responsibility_uuids": "responsibility",
    },
}
"""Kind → how GraphQL shows a field: what a write calls it."""

COLLECTIONS = {
    "facets": "facet",
    "classes": "class",
    "itsystems": "itsystem",
    "org_units": "org_unit",
    "persons": "employee",
    "engagements": "engagement",
    "addresses": "address",
    "itusers": "it",
    "managers": "manager",
}
_QUERY = re.compile(r"\{ (\w+)\(filter: \{(?:(\w+): (?:\$keys|\{user_keys))?")
_MUTATION = re.compile(r"m(\d+): (\w+?)_(create|update|terminate)\(")
_ALIASED = {"org_unit": 1.25, "address": 1.25, "engagement": 1.4, "employee": 1.13}
_IN_BULK = 1.07
"""What an object takes by a mutation against by REST, as measured (manager and IT user as the unit, bulk as addresses)."""
_FILTERED = {"employees": "employee_uuid", "org_units": "org_unit_uuid", "cpr_numbers": "cpr_number"}


REGISTRATIONS_READ = 3
"""What the registrations of an object cost, beside the request: so many objects read (13 ms in all for one)."""


@dataclass(frozen=True)
class Served:
    """An answer, the objects that it took, and what it was asked for."""

    body: bytes
    written: int = 0
    weight: float = 0.0
    """Of what was written by mutations: what it takes more than by REST, in objects."""
    read: int = 0
    purpose: str = "query"


@dataclass(frozen=True, slots=True)
class Registration:
    """What an object was written to say at an instant; None: it was taken away."""

    at: datetime
    body: bytes | None


@dataclass
class Store:
    """Objects by kind and uuid. Knows windows and filters; checks nothing."""

    objects: dict[str, dict[str, bytes]] = field(default_factory=lambda: {kind: {} for kind in FIELDS})
    found_by: dict[tuple[str, str, str], dict[str, None]] = field(default_factory=dict)
    """(kind, field, value) → the objects that have that value on any day."""
    municipality_code: int | None = None
    registrations: dict[str, list[Registration]] = field(default_factory=dict)
    """What each object was written to say, by uuid, in order."""
    last: datetime = _LONG_AGO
    """When something was written last."""

    def graphql(self, document: str, variables: Mapping[str, Any]) -> Served:
        if document.startswith("mutation"):
            return self._mutate(document, variables)
        if "registrations" in document:
            return self._registrations(document, variables)
        match = _QUERY.search(document)
        if match is None:
            organisation = {"uuid": ORGANISATION, "municipality_code": self.municipality_code}
            return Served(_json({"data": {"org": organisation}}))
        collection, filtered = match.groups()
        kind = COLLECTIONS[collection]
        at = datetime.fromisoformat(variables["at"]) if "at" in variables else None
        cursor = None
        if filtered == "uuids":
            uuids: Iterable[str] = variables["keys"]
        elif filtered in _FILTERED:
            uuids = self._having(kind, _FILTERED[filtered], variables["keys"])
        else:
            listed = [uuid for uuid in self.objects[kind] if at is None or self._said(kind, uuid, at)]
            if filtered == "facet":
                facets = [self._uuid_of("facet", key) for key in variables["facets"]]
                listed = self._having(kind, "facet_uuid", facets)
            start = int(variables.get("cursor") or 0)
            uuids = listed[start : start + variables["limit"]]
            cursor = str(start + variables["limit"]) if start + variables["limit"] < len(listed) else None
        found = [body for uuid in uuids if (body := self._said(kind, uuid, at)) is not None]
        head = f'{{"data":{{"{collection}":{{"objects":['.encode()
        tail = f'],"page_info":{{"next_cursor":{json.dumps(cursor)}}}}}}}}}'.encode()
        return Served(
            head + b",".join(found) + tail, read=len(found), purpose="query" if at is None else "as it was"
        )

    def _said(self, kind: str, uuid: str, at: datetime | None) -> bytes | None:
        """What MO says of an object, or said at an instant, which shows what was registered just then."""
        registrations = self.registrations.get(uuid, ())
        if at is None or not registrations or registrations[-1].at <= at:
            return self.objects[kind].get(uuid)
        return next((each.body for each in reversed(registrations) if each.at <= at), None)

    def _registrations(self, document: str, variables: Mapping[str, Any]) -> Served:
        """Those of objects, or of the bookmark beside its title."""
        if "uuids" in variables:
            told = [
                {"uuid": uuid, "start": each.at.isoformat()}
                for uuid in variables["uuids"]
                for each in self.registrations.get(uuid, ())
            ]
            read = REGISTRATIONS_READ * len(variables["uuids"])
            return Served(_json({"data": {"registrations": {"objects": told}}}), read=read, purpose="proof")
        held = [
            json.loads(self.objects["class"][uuid])
            for uuid in variables["keys"]
            if uuid in self.objects["class"]
        ]
        shown = [
            {
                **each,
                "registrations": [
                    {"start": told.at.isoformat()} for told in self.registrations[each["uuid"]]
                ],
            }
            for each in held
        ]
        read = REGISTRATIONS_READ * len(shown)
        return Served(_json({"data": {"classes": {"objects": shown}}}), read=read, purpose="bookmark")

    def _having(self, kind: str, name: str, values: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        for value in values:
            found |= self.found_by.get((kind, name, value), {})
        return list(found)

    def _uuid_of(self, kind: str, user_key: str) -> str:
        return next(iter(self.found_by.get((kind, "user_key", user_key), ())), "")

    def _mutate(self, document: str, variables: Mapping[str, Any]) -> Served:
        answers: dict[str, Any] = {}
        written, weight = 0, 0.0
        for number, noun, verb in _MUTATION.findall(document):
            given = variables[f"i{number}"]
            kind = COLLECTIONS.get(noun) or {"ituser": "it"}.get(noun, noun)
            several = given if isinstance(given, list) else [given]
            written += len(several)
            if kind == "org":
                self.municipality_code = given["municipality_code"]
            elif kind not in ("facet", "class", "itsystem"):
                weight += len(several) * ((_IN_BULK if several is given else _ALIASED.get(kind, 1.25)) - 1)
                for each in several:
                    self._mutate_detail(kind, verb, each)
                uuids = [{"uuid": each["uuid"]} for each in several]
                answers[f"m{number}"] = uuids if several is given else uuids[0]
                continue
            elif verb == "create" or given["uuid"] in self.objects[kind]:
                self._write(kind, given["uuid"], given, afresh=verb == "create")
            answers[f"m{number}"] = {"uuid": given.get("uuid", ORGANISATION)}
        sets_bookmark = any(
            isinstance(given, dict) and given.get("user_key") == "bookmark" for given in variables.values()
        )
        purpose = "bookmark" if sets_bookmark else "mutate"
        return Served(_json({"data": answers}), written=written, weight=weight, purpose=purpose)

    def _mutate_detail(self, kind: str, verb: str, given: Mapping[str, Any]) -> None:
        """As REST does, but that the last day of a window is the day before its `to`."""
        validity = dict(given if verb == "terminate" else given.get("validity", {}))
        if validity.get("to") is not None:
            validity["to"] = (date.fromisoformat(validity["to"]) - timedelta(days=1)).isoformat()
        if verb == "terminate":
            self._terminate(kind, given["uuid"], validity)
            return
        renamed = {"givenname": given.get("given_name"), "cpr_no": given.get("cpr_number")}
        item = {**given, **{name: value for name, value in renamed.items() if value is not None}}
        self._write(kind, given["uuid"], {**item, "validity": validity}, afresh=verb == "create")

    def details(self, verb: str, items: Iterable[Mapping[str, Any]]) -> Served:
        """A list to `/service/details/VERB`."""
        uuids = []
        for item in items:
            data = item.get("data", item)
            uuid = item.get("uuid") or data["uuid"]
            uuids.append(uuid)
            if verb == "terminate":
                self._terminate(item["type"], uuid, item["validity"])
            else:
                self._write(item["type"], uuid, data, afresh=verb == "create")
        return Served(_json(uuids), written=len(uuids))

    def counts(self) -> Served:
        counted = {
            f"{name}_count": len(self.objects[kind])
            for name, kind in (
                ("unit", "org_unit"),
                ("person", "employee"),
                ("engagement", "engagement"),
                ("manager", "manager"),
            )
        }
        return Served(_json({"uuid": ORGANISATION, **counted}))

    def validities(self) -> dict[str, int]:
        """How many validities, so how many writes there must have been at least, by kind."""
        return {kind: sum(map(_count, held.values())) for kind, held in self.objects.items()}

    def enlarge(self, times: int) -> None:
        """Adds what makes MO so many times larger: strangers that no drop speaks of, in all kinds that grow."""
        for kind in ("org_unit", "employee", "engagement", "address", "it", "manager"):
            held = self.objects[kind]
            for body in list(held.values()):
                for _ in range(times - 1):
                    held[str(uuid4())] = body

    def _write(self, kind: str, uuid: str, given: Mapping[str, Any], *, afresh: bool) -> None:
        history = [] if afresh else self._history(kind, uuid)
        shown: Validity = dict.fromkeys(FIELDS[kind])
        if history:
            shown = {name: history[0][name] for name in shown}
        shown |= {name: _plain(given[sent]) for name, sent in FIELDS[kind].items() if sent in given}
        validity = given.get("validity") or {}
        if kind == "employee":
            if "name" in given:
                shown["given_name"], _, shown["surname"] = given["name"].rpartition(" ")
            else:
                shown["given_name"], shown["surname"] = given["givenname"], given["surname"]
            validity = validity or {"from": _birth_date(shown["cpr_number"])}
        start, end = _window(validity)
        self._keep(kind, uuid, [*_without(history, start, end), {**shown, "validity": _shown(start, end)}])
        for name in ("employee_uuid", "org_unit_uuid", "cpr_number", "facet_uuid", "user_key"):
            if shown.get(name) is not None and (name != "user_key" or kind == "facet"):
                self.found_by.setdefault((kind, name, shown[name]), {})[uuid] = None

    def _terminate(self, kind: str, uuid: str, validity: Mapping[str, Any]) -> None:
        start, end = _window(validity)
        if "from" not in validity:
            start, end = end, AFTER_ALL
        self._keep(kind, uuid, _without(self._history(kind, uuid), start, end))

    def _history(self, kind: str, uuid: str) -> list[Validity]:
        body = self.objects[kind].get(uuid)
        validities: list[Validity] = [] if body is None else json.loads(body)["validities"]
        return validities

    def _keep(self, kind: str, uuid: str, history: Collection[Validity]) -> None:
        self.last = max(datetime.now(UTC), self.last + _MICROSECOND)
        body = None
        if history:
            ordered = sorted(history, key=lambda each: each["validity"]["from"] or BEFORE_ALL)
            body = self.objects[kind][uuid] = _json({"uuid": uuid, "validities": ordered})
        else:
            self.objects[kind].pop(uuid, None)
        self.registrations.setdefault(uuid, []).append(Registration(self.last, body))


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _count(body: bytes) -> int:
    return body.count(b'"validity":')


def _plain(value: Any) -> Any:
    """A reference as GraphQL shows it: the uuid."""
    if isinstance(value, dict):
        return value.get("uuid")
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _birth_date(cpr: str) -> str:
    return f"19{cpr[4:6]}-{cpr[2:4]}-{cpr[:2]}"


def _window(validity: Mapping[str, Any]) -> tuple[str, str]:
    """The first moment of a validity, and the first one after it, as GraphQL writes them."""
    start, last = validity.get("from"), validity.get("to")
    end = None if last is None else (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    return _moment(start) or BEFORE_ALL, _moment(end) or AFTER_ALL


def _moment(day: str | None) -> str | None:
    return None if day is None else f"{day}T00:00:00+01:00"


def _shown(start: str, end: str) -> dict[str, str | None]:
    return {"from": start or None, "to": None if end == AFTER_ALL else end}


def _without(history: Iterable[Validity], start: str, end: str) -> list[Validity]:
    """A history without the days of a window."""
    left = []
    for each in history:
        begins = each["validity"]["from"] or BEFORE_ALL
        ends = each["validity"]["to"] or AFTER_ALL
        if ends <= start or begins >= end:
            left.append(each)
            continue
        if begins < start:
            left.append({**each, "validity": _shown(begins, start)})
        if ends > end:
            left.append({**each, "validity": _shown(end, ends)})
    return left
