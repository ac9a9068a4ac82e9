"""A record as a page for people: one HTML file in Danish that loads nothing from elsewhere, without CPR numbers."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from aarhus_los.errors import EXIT_ROWS, needs_extra
from aarhus_los.files import check_place, encoded, write_private
from aarhus_los.report import words
from aarhus_los.report.account import Fate
from aarhus_los.report.changes import MORE, Change, changes_of, words_of
from aarhus_los.report.record import Record
from aarhus_los.report.tree import Branch, ended_branches, grow
from aarhus_los.report.words import Sort, collated

TEMPLATE: Final = "page.html.jinja"
STYLE: Final = "page.css"
SCRIPT: Final = "page.js"


class Section(NamedTuple):
    """A department with the parts of it, or a root by itself. `level`: so many units lead to it, with its own."""

    branch: Branch
    level: int
    parts: list[Branch]


Group: TypeAlias = tuple[tuple[str, ...], list[Change]]
"""The names that lead to a place, and the changes there."""


def check_page(path: Path) -> None:
    """Finds out before anything is done that a page cannot be written. Raises SettingsError or StateError."""
    try:
        import jinja2  # noqa: F401
    except ImportError:
        raise needs_extra("a page", "report") from None
    check_place(path.absolute())


def write_page(path: Path, record: Record) -> None:
    """Writes the page of a record, 0600, whole or not at all. Raises StateError."""
    write_private(path.absolute(), b"".join(encoded(part) for part in _rendered(record)))


def _rendered(record: Record) -> Iterator[str]:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("aarhus_los.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = _text_of(STYLE), _text_of(SCRIPT)
    return environment.get_template(TEMPLATE).generate(
        _Context(record).content(),
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _text_of(name: str) -> str:
    return resources.files("aarhus_los.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's own policy lets run; nothing that comes in with the data is it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


class _Context:
    """What the template shows of a record."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.planned = bool(record["dry_run"] or record["held_back"])
        self.names: Mapping[str, str] = record["names"]
        self.changes = changes_of(record, "da")
        self.tree = grow(self.changes, self.names)

    def content(self) -> dict[str, Any]:
        record = self.record
        started = datetime.fromisoformat(record["started"])
        code = record["exit_code"]
        faulty = record["set_aside"] or record["not_applied"]
        return {
            "record": record,
            "planned": self.planned,
            "started": started,
            "title": "Plan" if record["dry_run"] else "Import",
            "status": "bad" if code > EXIT_ROWS else "warn" if code or faulty else "good",
            "tiles": self._tiles(),
            "tree": self.tree,
            "sorts": list(Sort),
            "word": lambda sort, count: self._word("org_unit", sort, count),
            "ended": ended_branches(self.changes.units, self.names)
            if any(brake["kind"] == "unit-ends" for brake in record["brakes"])
            else [],
            "sections": [section for root in self.tree.branches for section in self._departments(root)],
            "tables": self._tables,
            "basics": self._groups(self.changes.basics, lambda change: (self._facet(change.place[0]),)),
            "path": self._path,
            "said": lambda change: words_of(change, "da", planned=self.planned),
            "days": lambda change: words.days(change.start, change.end, "da"),
            "rows": lambda change: _by_file(change.rows),
            "fates": [(fate.value.replace(" ", "_"), self._fate(fate)) for fate in reversed(Fate)],
            "operations": self._operations(),
            "addresses": [
                (words.OUTCOMES[kind], count)
                for kind, count in sorted(record["addresses"].items())
                if kind in words.OUTCOMES
            ],
            "kept_addresses": record["addresses"].get("units that keep a former address", 0),
            "seconds": [
                (words.PHASES.get(phase, phase), seconds) for phase, seconds in record["seconds"].items()
            ],
            "day": lambda text: f"{datetime.fromisoformat(text):%d-%m-%Y}",
        }

    def _path(self, unit: str | None) -> str:
        chain: list[str] = []
        while unit is not None and unit not in chain:
            chain.insert(0, unit)
            unit = self.record["parents"].get(unit)
        return " › ".join(self.names.get(each, each) for each in chain)

    def _fate(self, fate: Fate) -> str:
        done, planned = {
            Fate.APPLIED: ("Anvendt", "Anvendes"),
            Fate.UNCHANGED: ("Uændret", "Uændret"),
            Fate.SUPERSEDED: ("Overhalet", "Overhalet"),
            Fate.SET_ASIDE: ("Sat til side", "Sættes til side"),
        }[fate]
        held = self.record["held_back"] and fate is Fate.APPLIED
        return "Holdt tilbage" if held else planned if self.planned else done

    def _word(self, kind: str, sort: Sort, count: int) -> str:
        return words.sort_word(kind, sort).said("da", planned=self.planned, count=count)

    def _tiles(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """Title → what is counted."""
        people = Counter(
            (kind, sort)
            for _, kind, sort in {
                (change.uuid, *each) for change in self.changes.people for each in change.sorts
            }
        )
        shown = (
            ("employee", Sort.CREATED),
            ("engagement", Sort.CREATED),
            ("engagement", Sort.ENDED),
            ("engagement", Sort.MOVED),
            ("manager", Sort.CREATED),
            ("manager", Sort.ENDED),
        )
        counts = self.tree.counts
        units = [(self._word("org_unit", sort, counts[sort]), counts[sort]) for sort in Sort]
        return [
            ("Enheder", units),
            ("Personer", [(self._word(*each, people[each]), people[each]) for each in shown]),
        ]

    def _departments(self, root: Branch) -> Iterator[Section]:
        """The root's own changes, if any, and a section for each department."""
        if root.units or root.people:
            yield Section(root, 1, [])
        for department in root.branches:
            yield Section(department, 2, department.branches)

    def _tables(self, branch: Branch, level: int = 0) -> list[tuple[str, list[Group]]]:
        """Groups of units, and of people, of one branch; with what they are of."""

        def below(change: Change) -> tuple[str, ...]:
            return tuple(self.names.get(each, each) for each in change.place[level:])

        tables = [
            ("Enhed", self._groups(branch.units, below)),
            ("Person", self._groups(branch.people, below)),
        ]
        return [(of, groups) for of, groups in tables if groups]

    def _facet(self, place: str) -> str:
        return words.KINDS[place].danish if place in words.KINDS else self.names.get(place, place)

    def _groups(self, changes: Sequence[Change], place: Callable[[Change], tuple[str, ...]]) -> list[Group]:
        in_order = sorted(changes, key=lambda each: [collated(name) for name in place(each)])
        return [(path, list(group)) for path, group in groupby(in_order, key=place)]

    def _operations(self) -> list[tuple[str, list[int]]]:
        """Kind → how many operations of each action are planned."""
        planned = self.record["operations"]["planned"]
        return [
            (word.danish, [planned[kind].get(action, 0) for action in ("create", "edit", "terminate")])
            for kind, word in words.KINDS.items()
            if kind in planned
        ]


def _by_file(refs: Mapping[str, None]) -> list[str]:
    """The rows that ask for a change, a file each: `file:line, line`."""
    lines: dict[str, list[str]] = {}
    for ref in refs:
        file, _, line = ref.rpartition(":")
        lines.setdefault(file, []).append(line)
    return [f"{file}:{', '.join(numbers)}" if file else MORE for file, numbers in lines.items()]
