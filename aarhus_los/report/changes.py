"""The changes of a record as people look for them: by unit and person, what was there before, what after, and when.

Works on records alone, so that it tells the same of a plan, of a run, and of a record that was left long ago.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from aarhus_los.report.words import (
    DETAILS,
    FIELDS,
    KINDS,
    NOBODY,
    TOP,
    TYPES,
    Language,
    Sort,
    collated,
    sort_word,
)

Op = Mapping[str, Any]
"""An operation as a record has it."""

DEEPEST: Final = 40
"""So many levels of a place are told. No real tree is deeper; one that is must not take the page's time and room."""
ABOUT: Final = {
    "org_unit": ("name", "parent", "type", "user_key", "hierarchy"),
    "engagement": ("job_function", "engagement_type", "primary"),
    "manager": ("type", "level", "responsibilities"),
    "class": ("user_key",),
    "itsystem": ("user_key",),
    "organisation": ("municipality_code",),
}
"""Kind → what is told of an object that begins or ends; of one that changes, what changes is told."""


@dataclass(slots=True)
class Change:
    """What happens to a unit, a person or a class on some days."""

    uuid: str
    name: str
    start: date
    end: date
    place: tuple[str, ...] = ()
    """The uuids of the units above, the topmost first; of a person, the last is the unit where they are."""
    left: tuple[str, ...] = ()
    """Of a unit that moves: the units above as they were."""
    sorts: dict[tuple[str, Sort], None] = field(default_factory=dict)
    """Kind and what happens to it, in the order in which it is told."""
    before: list[tuple[str, str]] = field(default_factory=list)
    """Label and text of what is no more."""
    after: list[tuple[str, str]] = field(default_factory=list)
    rows: dict[str, None] = field(default_factory=dict)
    """`file:line` of what asks for it."""

    def has(self, kind: str, *sorts: Sort) -> bool:
        return any((kind, sort) in self.sorts for sort in sorts)


@dataclass(frozen=True)
class Changes:
    """All changes of a record, sorted by place and name."""

    units: list[Change]
    people: list[Change]
    basics: list[Change]
    """Classes, facets, IT systems and the organisation; their place is the facet, else the kind."""
    objects: dict[str, dict[Sort, set[str]]]
    """Kind → what happens → the objects to which it happens."""


def changes_of(record: Mapping[str, Any], language: Language) -> Changes:
    """Tells the operations of a record."""
    return _Telling(record, language).changes()


class _Telling:
    def __init__(self, record: Mapping[str, Any], language: Language) -> None:
        self.operations: list[Op] = record.get("written", record.get("plan", []))
        self.names: Mapping[str, str] = record["names"]
        self.parents: Mapping[str, str] = record["parents"]
        self.homes: dict[str, str] = dict(record["homes"])
        self.language: Language = language
        self.created = {op["uuid"] for op in self.operations if op["action"] == "create"}
        self.objects: dict[str, dict[Sort, set[str]]] = {}
        self.places: dict[str, tuple[str, ...]] = {}
        """Unit → the units above it and itself, as far as they were asked for."""
        self.told: dict[str, Change] = {}
        """Person → the first change that is told of them."""
        self.found: dict[str, dict[tuple[Any, ...], Change]] = {"units": {}, "people": {}, "basics": {}}

    def changes(self) -> Changes:
        # Engagements and managers first, since they say where people belong; people last, who may be told of already.
        order = {"org_unit": 0, "engagement": 0, "manager": 0, "employee": 2}
        for op in sorted(
            self.operations, key=lambda op: (order.get(op["kind"], 1), op["kind"], self._type(op))
        ):
            self._tell(op)
        units, people, basics = (sorted(each.values(), key=self._order) for each in self.found.values())
        return Changes(
            units, people, basics, {kind: self.objects[kind] for kind in KINDS if kind in self.objects}
        )

    def _type(self, op: Op) -> str:
        """The name of an address's type, by which the addresses of a unit are sorted."""
        if op["kind"] != "address":
            return ""
        value = op["value"] or next(piece["value"] for piece in op["before"] if piece["value"] is not None)
        return collated(self.name(value["type"]))

    def name(self, uuid: str) -> str:
        return self.names.get(uuid, uuid)

    def above(self, unit: str | None) -> tuple[str, ...]:
        """The units from the topmost down to a unit; of more than `DEEPEST`, not those in the middle."""
        climbed: dict[str, None] = {}
        while unit is not None and unit not in self.places and unit not in climbed:
            climbed[unit] = None
            unit = self.parents.get(unit)
        place = self.places.get(unit or "", ())
        for each in reversed(climbed):
            place = (*place, each)
            if len(place) > DEEPEST:
                place = (*place[: DEEPEST // 2], *place[DEEPEST // 2 + 1 :])
            self.places[each] = place
        return place

    def path(self, unit: str | None) -> str:
        return " › ".join(self.name(each) for each in self.above(unit)) or TOP.said(self.language)

    def _order(self, change: Change) -> tuple[Any, ...]:
        place = [collated(self.name(each)) for each in change.place]
        return place, collated(change.name), change.uuid, change.start

    def _tell(self, op: Op) -> None:
        kind, value = op["kind"], op["value"]
        old = [piece["value"] for piece in op["before"] if piece["value"] is not None]
        any_value = value or (old[0] if old else {})
        if _changes_nothing(op):
            return
        if kind == "employee" and op["uuid"] in self.created and op["uuid"] in self.told:
            self.told[op["uuid"]].sorts[kind, Sort.CREATED] = None
            self._count(op, Sort.CREATED)
            return
        change = self._change(op, any_value)
        change.rows.update(dict.fromkeys(op["rows"]))
        sorts = list(self._sorts(op, old))
        change.sorts.update(dict.fromkeys((kind, sort) for sort in sorts))
        self._count(op, *sorts)
        if kind == "org_unit" and Sort.MOVED in sorts:
            change.left = self.above(old[-1]["parent"])
        if Sort.CHANGED in sorts or Sort.RENAMED in sorts or Sort.MOVED in sorts:
            shown = [name for name in any_value if any(each.get(name) != any_value[name] for each in old)]
            change.before += dict.fromkeys(line for each in old for line in self._lines(kind, each, shown))
        else:
            # The name and the parent of today stand above.
            known = {"name": change.name, "parent": change.place[-1] if change.place else None}
            shown = [name for name in ABOUT.get(kind, ()) if known.get(name, "") != any_value.get(name, "")]
            change.before += [line for each in old[-1:] for line in self._lines(kind, each, shown)]
        if value is not None:
            change.after += self._lines(kind, value, shown)

    def _count(self, op: Op, *sorts: Sort) -> None:
        for sort in sorts:
            self.objects.setdefault(op["kind"], {}).setdefault(sort, set()).add(op["uuid"])

    def _change(self, op: Op, value: Mapping[str, Any]) -> Change:
        """The change that an operation joins: that of the same unit or person on the same days."""
        kind, uuid = op["kind"], op["uuid"]
        start = date.min if op["from"] is None else date.fromisoformat(op["from"])
        end = date.max if op["to"] is None else date.fromisoformat(op["to"])
        if kind == "org_unit" or (value.get("org_unit") and kind == "address"):
            unit = uuid if kind == "org_unit" else value["org_unit"]
            change = Change(unit, self.name(unit), start, end, self.above(unit)[:-1])
            return self.found["units"].setdefault((unit, start, end), change)
        if kind in ("employee", "engagement", "manager", "address", "it"):
            person = uuid if kind == "employee" else value.get("person")
            home = value.get("org_unit")
            if home is None:
                home = self.homes.get(person or "")
            elif person is not None:
                self.homes.setdefault(person, home)
            name = NOBODY.said(self.language) if person is None else self.name(person)
            if kind in DETAILS and person in self.told and person in self.created:
                return self.told[person]  # all that is new of a new person stands together
            change = Change(person or "", name, start, end, self.above(home))
            change = self.found["people"].setdefault((person or uuid, home, start, end), change)
            if person is not None:
                self.told.setdefault(person, change)
            return change
        facet = value.get("facet")
        name = value.get("name") or value.get("user_key") or self.name(uuid)
        change = Change(uuid, name, start, end, (kind if facet is None else facet,))
        return self.found["basics"].setdefault((uuid, start, end), change)

    def _sorts(self, op: Op, old: Sequence[Mapping[str, Any]]) -> Iterator[Sort]:
        value = op["value"]
        if value is None:
            yield Sort.ENDED
        elif not old:
            yield Sort.CREATED if op["uuid"] in self.created else Sort.REOPENED
        else:
            changed = {name for each in old for name in value if each.get(name) != value[name]}
            kind = op["kind"]
            if "name" in changed or kind == "employee":
                yield Sort.RENAMED
            where = {"org_unit": "parent", "engagement": "org_unit"}.get(kind)
            if where in changed:
                yield Sort.MOVED
            if changed - {"name", where, "given_name", "surname"}:
                yield Sort.CHANGED

    def _lines(self, kind: str, value: Mapping[str, Any], shown: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Label and text of some fields of a value."""
        if kind == "employee":
            yield FIELDS["name"].said(self.language), f"{value['given_name']} {value['surname']}".strip()
        elif kind == "address":
            yield self.name(value["type"]), self._address(value["value"])
        elif kind == "it":
            yield self.name(value["itsystem"]), value["user_key"]
        else:
            for name in shown:
                if text := self._field(kind, name, value.get(name)):
                    word = TYPES.get(kind) if name == "type" else FIELDS.get(name)
                    yield (word.said(self.language) if word else name), text

    def _field(self, kind: str, name: str, found: Any) -> str:
        if name in ("parent", "org_unit"):
            return self.path(found)
        if name == "responsibilities":
            return ", ".join(sorted((self.name(each) for each in found), key=collated))
        return "" if found is None else self.name(str(found))

    def _address(self, value: str) -> str:
        try:
            return self.names.get(value) or f"DAR {UUID(value)}"
        except ValueError:
            return value


def _changes_nothing(op: Op) -> bool:
    """Whether MO said so before: a unit's other days are written again after a write that carries its mark."""
    days = [(piece["from"], piece["to"], piece["value"]) for piece in op["before"]]
    return days == [(op["from"], op["to"], op["value"])] if op["value"] else not days


def words_of(change: Change, language: Language, *, planned: bool) -> list[tuple[Sort, str]]:
    """What happens, in words, each said once; a detail of something else is a change of that."""
    whole = [each for each in change.sorts if each[0] not in DETAILS] or [("", Sort.CHANGED)]
    found: dict[str, Sort] = {}
    for kind, sort in sorted(whole, key=lambda each: (list(Sort).index(each[1]), each[0] != "employee")):
        found.setdefault(sort_word(kind, sort).said(language, planned=planned), sort)
    return [(sort, word) for word, sort in found.items()]
