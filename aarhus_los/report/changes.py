"""The changes of a record as people look for them: by unit and person, what was there before, what after, and when.

Works on records alone, so that it says the same of a plan, of a run, and of a record that was left long ago.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, field

from aarhus_los.language import Language
from aarhus_los.report.net import Net, Op, net
from aarhus_los.report.words import DETAILS, FIELDS, KINDS, NOBODY, TOP, TYPES, Sort, collated, sort_word

MOST_ROWS: Final = 20
"""So many of the rows that ask for a change are reported with it; the record has them all."""
MORE: Final = "…"
DEEPEST: Final = 40
"""So many levels of a place are reported. No real tree is deeper; one that is must not take the page's time and room."""
ABOUT: Final = {
    "org_unit": ("name", "parent", "type", "user_key"),
    "engagement": ("job_function", "engagement_type", "primary"),
    "manager": ("type", "level", "responsibilities"),
    "mark": ("hierarchy",),
    "class": ("user_key",),
    "itsystem": ("user_key",),
    "organisation": ("municipality_code",),
}
"""Kind → what is reported of an object that begins or ends; of one that changes, what changes is reported."""


class Change(Struct):
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
    """Kind and what happens to it, in the order in which it is reported."""
    before: list[tuple[str, str]] = field(default_factory=list)
    """Label and text of what is no more."""
    after: list[tuple[str, str]] = field(default_factory=list)
    rows: dict[str, None] = field(default_factory=dict)
    """`file:line` of what asks for it, and `MORE` where it is more than is reported."""

    def has(self, kind: str, *sorts: Sort) -> bool:
        return any((kind, sort) in self.sorts for sort in sorts)


class Changes(Struct, frozen=True):
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
        operations: list[Op] = record.get("written", record.get("plan", []))
        self.nets = net(operations)
        self.names: Mapping[str, str] = record["names"]
        self.parents: Mapping[str, str] = record["parents"]
        self.homes: dict[str, str] = dict(record["homes"])
        self.language: Language = language
        self.created = {op["uuid"] for op in operations if op["action"] == "create"}
        self.objects: dict[str, dict[Sort, set[str]]] = {}
        self.places: dict[str, tuple[str, ...]] = {}
        """Unit → the units above it and itself, as far as they were asked for."""
        self.shown: dict[str, Change] = {}
        """Person → the first change that shows them."""
        self.found: dict[str, dict[tuple[Any, ...], Change]] = {"units": {}, "people": {}, "basics": {}}

    def changes(self) -> Changes:
        # Engagements and managers first, since they say where people belong; people last, who may be shown already.
        order = {"org_unit": 0, "engagement": 0, "manager": 0, "mark": 1, "employee": 3}
        for each in sorted(
            self.nets, key=lambda each: (order.get(each.kind, 2), each.kind, self._type(each))
        ):
            self._add(each)
        units, people, basics = (sorted(each.values(), key=self._order) for each in self.found.values())
        return Changes(
            units, people, basics, {kind: self.objects[kind] for kind in KINDS if kind in self.objects}
        )

    def _type(self, each: Net) -> str:
        """The name of an address's type, by which the addresses of a unit are sorted."""
        return collated(self.name(each.value["type"])) if each.kind == "address" else ""

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

    def _add(self, each: Net) -> None:
        kind, before, after = each.kind, each.before, each.after
        if kind == "employee" and each.uuid in self.created and each.uuid in self.shown:
            self.shown[each.uuid].sorts[kind, Sort.CREATED] = None
            self._count(each, Sort.CREATED)
            return
        change = self._change(each)
        change.rows.update(dict.fromkeys(each.rows[:MOST_ROWS]))
        if len(each.rows) > MOST_ROWS:
            change.rows[MORE] = None
        sorts = list(self._sorts(each))
        change.sorts.update(dict.fromkeys((kind, sort) for sort in sorts))
        self._count(each, *sorts)
        if kind == "org_unit" and before and Sort.MOVED in sorts:
            change.left = self.above(before["parent"])
        if before and after:
            shown = [name for name in after if before.get(name) != after[name]]
        else:
            # The name and the parent of today stand above.
            known = {"name": change.name, "parent": change.place[-1] if change.place else None}
            shown = [name for name in ABOUT.get(kind, ()) if known.get(name, "") != each.value[name]]
        change.before += self._lines(kind, before, shown) if before else ()
        change.after += self._lines(kind, after, shown) if after else ()

    def _count(self, each: Net, *sorts: Sort) -> None:
        of_kind = self.objects.setdefault("org_unit" if each.kind == "mark" else each.kind, {})
        if each.kind == "mark" and any(each.uuid in counted for counted in of_kind.values()):
            return
        for sort in sorts:
            of_kind.setdefault(sort, set()).add(each.uuid)

    def _change(self, each: Net) -> Change:
        """The change that is reported with others of the same unit or person on the same days."""
        kind, uuid, value, start, end = each.kind, each.uuid, each.value, each.start, each.end
        if kind in ("org_unit", "mark") or (value.get("org_unit") and kind == "address"):
            unit = value["org_unit"] if kind == "address" else uuid
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
            if kind in DETAILS and person in self.shown and person in self.created:
                return self.shown[person]  # all that is new of a new person stands together
            change = Change(person or "", name, start, end, self.above(home))
            change = self.found["people"].setdefault((person or uuid, home, start, end), change)
            if person is not None:
                self.shown.setdefault(person, change)
            return change
        facet = value.get("facet")
        name = value.get("name") or value.get("user_key") or self.name(uuid)
        change = Change(uuid, name, start, end, (kind if facet is None else facet,))
        return self.found["basics"].setdefault((uuid, start, end), change)

    def _sorts(self, each: Net) -> Iterator[Sort]:
        if each.kind == "mark":
            yield Sort.CHANGED
        elif each.after is None:
            yield Sort.ENDED
        elif each.before is None:
            yield Sort.CREATED if each.uuid in self.created else Sort.REOPENED
        else:
            changed = {name for name in each.after if each.before.get(name) != each.after[name]}
            if "name" in changed or each.kind == "employee":
                yield Sort.RENAMED
            where = {"org_unit": "parent", "engagement": "org_unit"}.get(each.kind)
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


def words_of(change: Change, language: Language, *, planned: bool) -> list[tuple[Sort, str]]:
    """What happens, in words, each said once; a detail of something else is a change of that."""
    whole = [each for each in change.sorts if each[0] not in DETAILS] or [("", Sort.CHANGED)]
    found: dict[str, Sort] = {}
    for kind, sort in sorted(whole, key=lambda each: (list(Sort).index(each[1]), each[0] != "employee")):
        found.setdefault(sort_word(kind, sort).said(language, planned=planned), sort)
    return [(sort, word) for word, sort in found.items()]
