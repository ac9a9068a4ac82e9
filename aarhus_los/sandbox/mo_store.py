"""What the stand-in MO holds: objects with all their registrations, written in transactions that are all or nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import RLock
from typing import Any, Final, Self

from aarhus_los.sandbox import mo_changes, mo_registrations
from aarhus_los.sandbox.mo_changes import NOBODY, Change
from aarhus_los.sandbox.mo_errors import MoError, unforeseen
from aarhus_los.sandbox.mo_kinds import KINDS, Kind
from aarhus_los.sandbox.mo_registrations import Registration, Registrations
from aarhus_los.sandbox.mo_settings import MoSettings
from aarhus_los.sandbox.mo_shown import Span, spans
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, day_after, day_of, now

ROOT_ORGANISATION: Final = "9b2d6f4e-1c07-4a58-8f3e-2d5a7c91e604"

State = dict[str, dict[str, list[dict[str, Any]]]]
"""Kind → uuid → validities, as `/sandbox/state` answers."""

_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a store held at one moment. Registrations are immutable, so taking and restoring one copies no object."""

    municipality_code: int | None
    objects: Mapping[str, Mapping[str, Registrations]]
    latest: datetime = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Before:
    """What a transaction puts back when it fails."""

    kind: str
    uuid: str
    registrations: Registrations


class MoStore:
    """Objects by kind and uuid. Writes belong in a `transaction()`; one is under way at a time, and readers wait for it.

    `times` tells the moment, and `clock` the day, which need not be that of the moment.
    """

    def __init__(
        self,
        organisation: str = ROOT_ORGANISATION,
        times: Callable[[], datetime] = now,
    ) -> None:
        self.organisation = organisation
        self.settings = MoSettings()
        self.municipality_code: int | None = None
        self.times = times
        self.clock: Callable[[], date] = lambda: day_of(self.times())
        self._objects: dict[str, dict[str, Registrations]] = {kind: {} for kind in KINDS}
        self._mentions: dict[tuple[str, str], dict[Any, set[str]]] = {}
        self._order: dict[str, list[str]] = {}
        self._numbers: dict[str, int] = dict.fromkeys(KINDS, 0)
        self._latest = datetime.min.replace(tzinfo=now().tzinfo)
        self._lock = RLock()
        self._journal: list[_Before] | None = None
        self._spoiled = False

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
                store.create("facet", uuid, start, end, {"user_key": user_key})
            for each in seed["classes"]:
                fields = {name: each[name] for name in ("user_key", "name", "scope")}
                store.create(
                    "class", each["uuid"], start, end, {"facet_uuid": facets[each["facet"]], **fields}
                )
            for each in seed["itsystems"]:
                fields = {"user_key": each["user_key"], "name": each["name"]}
                store.create("itsystem", each["uuid"], start, end, fields)
        return store

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes within take effect together, or none if an exception leaves it. One within another is part of it.

        A write that changes nothing spoils it: the database refuses whatever comes after, and in the end, without a word,
        keeps nothing of it.
        """
        with self._lock:
            if self._journal is not None:
                yield
                return
            journal: list[_Before] = []
            code = self.municipality_code
            self._journal, self._spoiled = journal, False
            try:
                yield
                if self._spoiled:
                    self._roll_back(journal, code)
            except BaseException:
                self._roll_back(journal, code)
                raise
            finally:
                self._journal, self._spoiled = None, False

    def check_usable(self) -> None:
        """Raises what the database answers in a transaction that a write without a change has spoiled."""
        if self._spoiled:
            raise unforeseen(
                "(psycopg.errors.InFailedSqlTransaction) current transaction is aborted, "
                "commands ignored until end of transaction block"
            )

    def write(self, kind: Kind, uuid: str, change: Change, *, creates: bool) -> None:
        """A registration for an object: made anew by a create, else changed. Raises KeyError if it is not there."""
        with self.transaction():
            self.check_usable()
            _check_days(change)
            known = self._objects[kind.name].get(uuid, ())
            if creates:
                tracks = mo_registrations.new(change)
            else:
                tracks = mo_registrations.updated(kind, self._objects[kind.name][uuid][-1].tracks, change)
                if mo_registrations.changes_nothing(known[-1], tracks):
                    self._spoiled = True
                    return
            assert self._journal is not None
            self._journal.append(_Before(kind.name, uuid, known))
            self._numbers[kind.name] += 1
            written = Registration(
                kind, self._numbers[kind.name], self._moment(), tracks, imported=creates and not known
            )
            self._put(kind.name, uuid, (*known, written))
            self._mention(kind, uuid, change)

    def create(self, kind: str, uuid: str, start: date, end: date, fields: Mapping[str, Any]) -> None:
        """Makes an object, or makes it anew, there from `start` to `end`: what it was before is forgotten."""
        given = self._hung(kind, {name: value for name, value in fields.items() if value is not None})
        if kind == "org_unit":
            given.setdefault("parent", self.organisation)
        elif "organisation" in KINDS[kind].field:
            given["organisation"] = self.organisation
        change = mo_changes.created(KINDS[kind], start, day_after(end), given)
        self.write(KINDS[kind], uuid, change, creates=True)

    def edit(self, kind: str, uuid: str, start: date, end: date, fields: Mapping[str, Any]) -> None:
        """Edits an object as MO's interfaces do; None takes a reference away. Raises KeyError if it is not there."""
        given = self._hung(kind, {name: NOBODY if value is None else value for name, value in fields.items()})
        before = self._objects[kind][uuid][-1].listed()
        change = mo_changes.edited(KINDS[kind], before, start, day_after(end), given)
        self.write(KINDS[kind], uuid, change, creates=False)

    def terminate(self, kind: str, uuid: str, start: date, end: date) -> None:
        """Makes an object inactive from `start` to `end`. Raises KeyError if it is not there."""
        change = mo_changes.terminated(KINDS[kind], start, day_after(end))
        self.write(KINDS[kind], uuid, change, creates=False)

    def set_municipality_code(self, code: int | None) -> None:
        """The root organisation's only field that can be written."""
        with self.transaction():
            self.check_usable()
            self.municipality_code = code

    def registrations(self, kind: str, uuid: str) -> Registrations:
        """All registrations of an object, oldest first; none if MO never had it."""
        return self._objects[kind].get(uuid, ())

    def registration(self, kind: str, uuid: str, moment: datetime | None = None) -> Registration | None:
        """What is registered of an object, now or at a moment; None if MO does not have it then."""
        known = self._objects[kind].get(uuid)
        return None if known is None else mo_registrations.at(known, moment)

    def history(self, kind: str, uuid: str) -> list[Span] | None:
        """The spans of an object on all days, or None if MO never had it."""
        found = self.registration(kind, uuid)
        return None if found is None else found.spans

    def active(self, kind: str, uuid: str, start: date, end: date) -> list[Span]:
        """The spans of an object that readers see of a window, both inclusive; none if it is not there."""
        found = self.registration(kind, uuid)
        return [] if found is None else spans(found.kind, found.listed(), start, day_after(end))

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
            index = self._mentions.get((kind, field))
            if index is None:
                index = self._mentions[kind, field] = self._index(kind, field)
            nobody: set[str] = set()
            return set().union(*(index.get(value, nobody) for value in values))

    def state(self) -> State:
        """All that MO holds: inclusive days, references as plain uuids, equal neighbours joined."""
        with self._lock:
            return {
                kind.name: {
                    uuid: shown
                    for uuid in self.uuids(kind.name)
                    if (shown := self._validities(self._objects[kind.name][uuid][-1]))
                }
                for kind in KINDS.values()
            }

    def snapshot(self) -> Snapshot:
        """All that is held now, to be restored later, here or in another store."""
        with self._lock:
            objects = {kind: dict(each) for kind, each in self._objects.items()}
            return Snapshot(self.municipality_code, objects, self._latest)

    def restore(self, snapshot: Snapshot) -> None:
        """Puts back what was held when the snapshot was taken."""
        with self._lock:
            self.municipality_code = snapshot.municipality_code
            self._objects = {kind: dict(snapshot.objects[kind]) for kind in KINDS}
            self._latest = max(self._latest, snapshot.latest)
            self._order.clear()
            self._mentions.clear()

    def _validities(self, registration: Registration) -> list[dict[str, Any]]:
        return [
            {**each, "parent": None} if each.get("parent") == self.organisation else dict(each)
            for each in registration.validities
        ]

    def _hung(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        """A unit without a parent is kept below the organisation."""
        return {**fields, "parent": self.organisation} if fields.get("parent") is NOBODY else fields

    def _moment(self) -> datetime:
        """When a registration begins: no two begin at once, and none before one that was written earlier."""
        self._latest = max(self.times(), self._latest + _INSTANT)
        return self._latest

    def _roll_back(self, journal: list[_Before], code: int | None) -> None:
        self.municipality_code = code
        for before in reversed(journal):
            self._put(before.kind, before.uuid, before.registrations)

    def _put(self, kind: str, uuid: str, registrations: Registrations) -> None:
        objects = self._objects[kind]
        if not registrations or uuid not in objects:
            self._order.pop(kind, None)
        if registrations:
            objects[uuid] = registrations
        else:
            objects.pop(uuid, None)

    def _mention(self, kind: Kind, uuid: str, change: Change) -> None:
        for name in kind.indexed:
            index = self._mentions.get((kind.name, name))
            if index is not None:
                for row in change.get(kind.field[name].part.track.name, ()):
                    index.setdefault(row.target, set()).add(uuid)

    def _index(self, kind: str, name: str) -> dict[Any, set[str]]:
        index: dict[Any, set[str]] = {}
        track = KINDS[kind].field[name].part.track.name
        for uuid, registrations in self._objects[kind].items():
            for registration in registrations:
                for row in registration.tracks.get(track, ()):
                    index.setdefault(row.target, set()).add(uuid)
        return index


def _check_days(change: Change) -> None:
    """The days of a write are looked at by the database only."""
    for rows in change.values():
        for row in rows:
            if row.end < row.start:
                raise MoError(
                    400,
                    "E_INVALID_INPUT",
                    "range lower bound must be less than or equal to range upper bound",
                )
            if row.end == row.start:
                raise unforeseen("(psycopg.errors.CheckViolation) new row violates check constraint")
