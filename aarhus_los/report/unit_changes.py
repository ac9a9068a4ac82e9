"""What happens to org units: created, renamed, moved, closed, there again, or changed in a detail or an address."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from aarhus_los.mo.kinds import Address, Kind, Unit
from aarhus_los.plan import Operation
from aarhus_los.report import danish
from aarhus_los.report.danish import FIELDS, NONE, Words
from aarhus_los.report.lines import Entry, Line, Lines, absent, ending, rows_of
from aarhus_los.report.scene import values_of


class UnitChanges:
    """Gathers the changes of units by section. `new`: the units that are created."""

    def __init__(self, lines: Lines, words: Words, new: Collection[str]) -> None:
        self.lines = lines
        self.scene = lines.scene
        self.words = words
        self.new = new
        self.sections: dict[str, dict[str, Entry]] = {}
        """Section → unit → entry."""
        self.whole: dict[tuple[str, date, date], tuple[Entry, int, list[str | None]]] = {}
        """Unit and days on which it ends, or is there again → its line, and what its addresses do on just these days."""

    def _entry(self, key: str, uuid: str) -> Entry:
        entries = self.sections.setdefault(key, {})
        return entries.setdefault(uuid, Entry(self.scene.name(Kind.ORG_UNIT, uuid), uuid))

    def tell(self, uuid: str, operations: Sequence[Operation]) -> None:
        """A unit, by all that happens to it."""
        if uuid in self.new:
            entry = self._entry("created", uuid)
            entry.lines += [self._stage(uuid, each) for each in operations if isinstance(each.value, Unit)]
            return
        for operation in operations:
            if operation.value is None:
                entry = self._entry("closed", uuid)
                entry.lines.append(ending(self.words.closed, operation))
                self.whole[uuid, operation.start, operation.end] = entry, len(entry.lines) - 1, []
                continue
            for start, end in absent(operation):
                entry = self._entry("reopened", uuid)
                text = (self.lines.text(operation.value),)
                when = danish.days(start, end)
                entry.lines.append(Line(self.words.reopened, (NONE,), text, when, rows_of(operation)))
                self.whole[uuid, start, end] = entry, len(entry.lines) - 1, []
            for name, line in self.lines.edits(operation, FIELDS):
                key = {"name": "renamed", "parent": "moved"}.get(name, "other")
                self._entry(key, uuid).lines.append(line)

    def _stage(self, uuid: str, operation: Operation) -> Line:
        """What a new unit is for some time; its name and parent only where they are not those of today."""
        value = operation.value
        assert isinstance(value, Unit)
        now = self.scene.value(Kind.ORG_UNIT, uuid)
        texts = [value.name] if isinstance(now, Unit) and value.name != now.name else []
        if isinstance(now, Unit) and value.parent != now.parent:
            texts.append(f"{FIELDS['parent']}: {self.lines.field('parent', value)}")
        texts += [
            f"{FIELDS[name]}: {self.lines.field(name, value)}"
            for name in ("type", "user_key", "hierarchy")
            if getattr(value, name)
        ]
        return Line("", (), tuple(texts), danish.days(operation.start, operation.end), rows_of(operation))

    def tell_address(self, unit: str, operations: Sequence[Operation]) -> None:
        """An address of a unit. Units are told before their addresses."""
        first = values_of(operations[0])[0]
        assert isinstance(first, Address)
        label = self.scene.name(Kind.CLASS, first.type)
        for operation in operations:
            value = operation.value
            if unit in self.new and value is not None:
                self._add_to_creation(unit, operation, f"{label}: {self.lines.text(value)}")
            elif (unit, operation.start, operation.end) in self.whole:
                text = None if value is None else f"{label}: {self.lines.text(value)}"
                self.whole[unit, operation.start, operation.end][2].append(text)
            else:
                self._entry("other", unit).lines.append(self.lines.detail(label, operation))

    def _add_to_creation(self, unit: str, operation: Operation, text: str) -> None:
        """An address joins the stage of its unit on the same days, else it has a line of its own."""
        entry = self._entry("created", unit)
        when = danish.days(operation.start, operation.end)
        for number, line in enumerate(entry.lines):
            if line.days == when:
                entry.lines[number] = replace(line, after=(*line.after, text))
                return
        entry.lines.append(Line("", (), (text,), when, rows_of(operation)))

    def finish(self) -> None:
        """Adds to what ends or comes back whole the addresses that go with it."""
        for entry, number, texts in self.whole.values():
            if texts:
                line = entry.lines[number]
                # Which addresses a unit had that ends is of no interest; those that come back with it are.
                count = f"og {len(texts)} {'adresse' if len(texts) == 1 else 'adresser'}"
                also = [text for text in texts if text is not None] or [count]
                entry.lines[number] = replace(line, after=(*line.after, *also))
