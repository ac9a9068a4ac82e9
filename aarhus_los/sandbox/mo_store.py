"""What the stand-in MO holds: objects as valid-time histories, written in transactions that are all or nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from threading import RLock
from typing import Any, Final, Self

from aarhus_los.sandbox.mo_history import History, Span, active, created, edited, merged, terminated
from aarhus_los.sandbox.mo_kinds import KINDS, PUBLISHED, shown
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, iso, today

ROOT_ORGANISATION: Final = "e7ddd030-218a-4bae-b1bb-c35d143dad9c"

State = dict[str, dict[str, list[dict[str, Any]]]]
"""Kind → uuid → validities, as `/sandbox/state` answers."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a store held at one moment. Histories are immutable, so taking and restoring one copies no object."""

    municipality_code: int | None
    objects: Mapping[str, Mapping[str, History]]


@dataclass(frozen=True, slots=True)
class _Before:
    """What a transaction puts back when it fails."""

    kind: str
    uuid: str
    history: History | None


class MoStore:
    """Objects by kind and uuid. Writes belong in a `transaction()`; one is under way at a time, and readers wait for it."""

    def __init__(self, organisation: str = ROOT_ORGANISATION, clock: Callable[[], date] = today) -> None:
        self.organisation = organisation
        self.municipality_code: int | None = None
        self.clock = clock
        self._objects: dict[str, dict[str, History]] = {kind: {} for kind in KINDS}
        self._mentions: dict[tuple[str, str, Any], set[str]] = {}
        self._order: dict[str, list[str]] = {}
        self._lock = RLock()
        self._journal: list[_Before] | None = None

    @classmethod
    def empty(cls, organisation: str = ROOT_ORGANISATION) -> Self:
        """An MO fresh from its installation: only the root organisation."""
        return cls(organisation)

    @classmethod
    def seeded(cls, seed: Mapping[str, Any], organisation: str = ROOT_ORGANISATION) -> Self:
        """An MO with facets, classes and IT systems.

        `seed` is `{"validity": {"from", "to"}, "facets": {user_key: uuid}, "classes": [{"uuid", "facet": user_key,
        "user_key", "name", "scope"}], "itsystems": [{"uuid", "user_key", "name"}]}`.
        """
        store = cls(organisation)
        validity, facets = seed["validity"], seed["facets"]
        start = date.fromisoformat(validity["from"]) if validity["from"] else BEGINNING
        end = date.fromisoformat(validity["to"]) if validity["to"] else FOREVER
        with store.transaction():
            for user_key, uuid in facets.items():
                store.create("facet", uuid, start, end, {"user_key": user_key, "published": PUBLISHED})
            for each in seed["classes"]:
                fields = {
                    "facet_uuid": facets[each["facet"]],
                    "user_key": each["user_key"],
                    "name": each["name"],
                    "scope": each["scope"],
                    "published": PUBLISHED,
                }
                store.create("class", each["uuid"], start, end, fields)
            for each in seed["itsystems"]:
                fields = {"user_key": each["user_key"], "name": each["name"]}
                store.create("itsystem", each["uuid"], start, end, fields)
        return store

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes within take effect together, or none if an exception leaves it. One within another is part of it."""
        with self._lock:
            if self._journal is not None:
                yield
                return
            journal: list[_Before] = []
            code = self.municipality_code
            self._journal = journal
            try:
                yield
            except BaseException:
                self.municipality_code = code
                for before in reversed(journal):
                    self._put(before.kind, before.uuid, before.history)
                raise
            finally:
                self._journal = None

    def create(self, kind: str, uuid: str, start: date, end: date, fields: Mapping[str, Any]) -> None:
        """Makes an object, or makes it anew: what it was before is forgotten."""
        self._write(kind, uuid, created(start, end, fields), fields)

    def edit(self, kind: str, uuid: str, start: date, end: date, fields: Mapping[str, Any]) -> None:
        """Sets fields in a window and makes the object active there. Raises KeyError if it is not there."""
        self._write(kind, uuid, edited(self._objects[kind][uuid], start, end, fields), fields)

    def terminate(self, kind: str, uuid: str, start: date, end: date) -> None:
        """Makes an object inactive in a window. Raises KeyError if it is not there."""
        self._write(kind, uuid, terminated(self._objects[kind][uuid], start, end), {})

    def set_municipality_code(self, code: int | None) -> None:
        """The root organisation's only field that can be written."""
        with self.transaction():
            self.municipality_code = code

    def history(self, kind: str, uuid: str) -> History | None:
        """An object's history, inactive spans too, or None if MO never had it."""
        return self._objects[kind].get(uuid)

    def active(self, kind: str, uuid: str, start: date, end: date) -> list[Span]:
        """The spans of an object that readers see of a window; none if it is not there."""
        return active(self._objects[kind].get(uuid, ()), start, end)

    def uuids(self, kind: str, after: str = "") -> list[str]:
        """The uuids of all objects of a kind, in order, beyond a uuid."""
        with self._lock:
            order = self._order.get(kind)
            if order is None:
                order = self._order[kind] = sorted(self._objects[kind])
            return order[bisect_right(order, after) :] if after else order

    def mentioning(self, kind: str, field: str, values: Iterable[Any]) -> set[str]:
        """The objects of which an indexed field has, or once had, one of the values: a reader still has to look."""
        with self._lock:
            nobody: set[str] = set()
            return set().union(*(self._mentions.get((kind, field, value), nobody) for value in values))

    def state(self) -> State:
        """All that MO holds: inclusive days, references as plain uuids, equal neighbours joined."""
        with self._lock:
            return {
                kind.name: {
                    uuid: validities
                    for uuid in self.uuids(kind.name)
                    if (validities := self._validities(kind.name, uuid))
                }
                for kind in KINDS.values()
            }

    def snapshot(self) -> Snapshot:
        """All that is held now, to be restored later, here or in another store."""
        with self._lock:
            objects = {kind: dict(histories) for kind, histories in self._objects.items()}
            return Snapshot(self.municipality_code, objects)

    def restore(self, snapshot: Snapshot) -> None:
        """Puts back what was held when the snapshot was taken."""
        with self._lock:
            self.municipality_code = snapshot.municipality_code
            self._objects = {kind: dict(snapshot.objects[kind]) for kind in KINDS}
            self._order.clear()
            self._mentions.clear()
            for kind, histories in self._objects.items():
                for uuid, history in histories.items():
                    for span in history:
                        self._index(kind, uuid, span.fields)

    def _validities(self, kind: str, uuid: str) -> list[dict[str, Any]]:
        spans = merged(
            Span(span.start, span.end, span.active, shown(KINDS[kind], span.fields))
            for span in self._objects[kind][uuid]
        )
        return [{"from": iso(span.start), "to": iso(span.end), **span.fields} for span in spans]

    def _write(self, kind: str, uuid: str, history: History, fields: Mapping[str, Any]) -> None:
        with self.transaction():
            assert self._journal is not None
            self._journal.append(_Before(kind, uuid, self._objects[kind].get(uuid)))
            self._put(kind, uuid, history)
            self._index(kind, uuid, fields)

    def _put(self, kind: str, uuid: str, history: History | None) -> None:
        objects = self._objects[kind]
        if history is None or uuid not in objects:
            self._order.pop(kind, None)
        if history is None:
            objects.pop(uuid, None)
        else:
            objects[uuid] = history

    def _index(self, kind: str, uuid: str, fields: Mapping[str, Any]) -> None:
        for field in KINDS[kind].indexed:
            value = fields.get(field)
            if value is not None:
                self._mentions.setdefault((kind, field, value), set()).add(uuid)
