"""An MO in memory that keeps every object a day at a time: create, edit and terminate as MO carries them out.

It takes what the importer sends, behind the same endpoint, and shows what it holds as the importer reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise
from threading import Lock
from typing import Any

from aarhus_los.mo.client import Refused
from aarhus_los.mo.model import Address, Class, Facet, History, ItSystem, Kind, Unit, Value
from aarhus_los.mo.payloads import Endpoint, Item
from aarhus_los.timeline import FOREVER, ONE_DAY, Piece, merge

Fields = dict[str, Any]


class DailyMo:
    """`days` are sorted; each stands for itself and the days up to the next, the last for no end."""

    def __init__(self, days: Sequence[date]) -> None:
        assert days[-1] == FOREVER
        self.days = list(days)
        self.objects: dict[tuple[Kind, str], dict[date, Fields]] = {}
        self.requests: list[tuple[Endpoint, list[Item]]] = []
        self.refuses: Callable[[Item], bool] = lambda item: False
        self._lock = Lock()

    def write(self, endpoint: Endpoint, items: Sequence[Item]) -> list[str | None]:
        """One transaction: all items, in order, or none."""
        with self._lock:
            self.requests.append((endpoint, list(items)))
            before = dict(self.objects)  # what it holds is replaced, never changed
            try:
                return [self._write(endpoint, item) for item in items]
            except Refused:
                self.objects = before
                raise

    def _write(self, endpoint: Endpoint, item: Item) -> str:
        if self.refuses(item):
            raise Refused(400, "V_TEST", "it is refused")
        if endpoint is Endpoint.MUTATE:
            return self._mutate(item)
        kind, data = Kind(item["type"]), dict(item.get("data", item))
        uuid: str = item.get("uuid") or data["uuid"]
        key = (kind, uuid)
        there = self.objects.get(key, {})
        window = self._window(endpoint, data.pop("validity"))
        fields = {name: _plain(value) for name, value in data.items() if name not in ("type", "uuid")}
        if endpoint is Endpoint.CREATE:
            there = {}
        elif key not in self.objects:
            raise Refused(404, "E_NOT_FOUND", "there is no such object")
        if endpoint is Endpoint.TERMINATE:
            self.objects[key] = {day: kept for day, kept in there.items() if day not in window}
        else:
            self.objects[key] = {**there, **{day: {**there.get(day, {}), **fields} for day in window}}
        return uuid

    def _mutate(self, item: Item) -> str:
        stem, verb = item["mutation"].split("_")
        fields = dict(item["input"])
        uuid: str = fields.pop("uuid")
        window = self._window(Endpoint.MUTATE, fields.pop("validity"))
        key = (Kind(stem), uuid)
        there = {} if verb == "create" else self.objects[key]
        self.objects[key] = {**there, **{day: {**there.get(day, {}), **fields} for day in window}}
        return uuid

    def _window(self, endpoint: Endpoint, validity: Mapping[str, str | None]) -> list[date]:
        start, end = validity.get("from"), validity.get("to")
        if endpoint is Endpoint.TERMINATE and start is None:
            assert end is not None
            return [day for day in self.days if day > date.fromisoformat(end)]
        first = date.min if start is None else date.fromisoformat(start)
        last = FOREVER if end is None else date.fromisoformat(end)
        if end is not None and endpoint is Endpoint.MUTATE:
            last -= ONE_DAY
        assert first <= last
        return [day for day in self.days if first <= day <= last]

    def history(self, kind: Kind, uuid: str) -> History:
        """The history of an object as the importer reads it."""
        there = self.objects.get((kind, uuid), {})
        ends = {day: date.fromordinal(after.toordinal() - 1) for day, after in pairwise(self.days)}
        return merge(
            Piece(day, ends.get(day, FOREVER), _value(kind, there[day])) for day in self.days if day in there
        )

    def read(self, kind: Kind, uuids: Collection[str]) -> dict[str, History]:
        with self._lock:
            return {uuid: history for uuid in uuids if (history := self.history(kind, uuid))}

    def actual(self) -> dict[Kind, dict[str, History]]:
        """All that it holds."""
        found: dict[Kind, dict[str, History]] = {}
        for kind, uuid in self.objects:
            if history := self.history(kind, uuid):
                found.setdefault(kind, {})[uuid] = history
        return found


def _plain(value: Any) -> Any:
    return value["uuid"] if isinstance(value, dict) else value


def _value(kind: Kind, fields: Fields) -> Value:
    get = fields.get
    if kind is Kind.ORG_UNIT:
        return Unit(fields["user_key"], fields["name"], get("parent"), get("org_unit_type"))
    if kind is Kind.ADDRESS:
        return Address(fields["value"], fields["address_type"], get("org_unit"), get("person"))
    if kind is Kind.CLASS:
        return Class(fields["facet_uuid"], fields["user_key"], fields["name"], get("scope"))
    if kind is Kind.ITSYSTEM:
        return ItSystem(fields["user_key"], fields["name"])
    assert kind is Kind.FACET
    return Facet(fields["user_key"])
