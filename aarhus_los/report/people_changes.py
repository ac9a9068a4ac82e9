"""What happens to people: engagements begin, end and move, others lead, names, e-mail addresses and accounts change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from aarhus_los.mo.kinds import Account, Address, Class, Engagement, Kind, Manager
from aarhus_los.plan import Action, Operation
from aarhus_los.report import danish
from aarhus_los.report.danish import FIELDS, MANAGER_FIELDS, NONE, Words
from aarhus_los.report.lines import Entry, Line, Lines, absent, ending, rows_of
from aarhus_los.report.scene import values_of


class PeopleChanges:
    """Gathers the changes of people by unit: first engagements and managers, which say where people belong."""

    def __init__(self, lines: Lines, words: Words, new_people: Collection[str]) -> None:
        self.lines = lines
        self.scene = lines.scene
        self.words = words
        self.new_people = new_people
        self.units: dict[str | None, dict[str | None, Entry]] = {}
        """Unit → person → entry. None: people who are in no unit, and roles that no person has."""
        self.first: dict[str, Entry] = {}
        """Person → the first of their entries."""
        self.tallies: Counter[str] = Counter()

    def _entry_in(self, unit: str | None, person: str | None) -> Entry:
        entries = self.units.setdefault(unit, {})
        if person not in entries:
            name = "(ingen person)" if person is None else self.scene.name(Kind.EMPLOYEE, person)
            note = "ny" if person in self.new_people else ""
            entries[person] = Entry(name, person or "", note)
            if person is not None:
                self.first.setdefault(person, entries[person])
        return entries[person]

    def _entry_of(self, person: str) -> Entry:
        """Where a person is told of already, else where they belong."""
        return self.first.get(person) or self._entry_in(self.scene.homes.get(person), person)

    def tell_engagement(self, operations: Sequence[Operation]) -> None:
        happened = set()
        for operation in operations:
            value = values_of(operation)[0]
            assert isinstance(value, Engagement)
            entry = self._entry_in(value.org_unit, value.person)
            if operation.value is None:
                happened.add("ended")
                what = f"Ansættelse {self.words.ended}"
                entry.lines.append(ending(what, operation, self._job(value)))
                continue
            for start, end in absent(operation):
                happened.add("begun")
                what = f"Ansættelse {self.words.begun}"
                when = danish.days(start, end)
                entry.lines.append(Line(what, (NONE,), self._job(value), when, rows_of(operation)))
            for name, line in self.lines.edits(operation, FIELDS):
                if name == "org_unit":
                    happened.add("moved")
                    what = f"Ansættelse {self.words.moved.lower()}"
                    line = replace(line, what=what)
                entry.lines.append(line)
        self.tallies.update(happened)

    def _job(self, value: Engagement) -> tuple[str, ...]:
        texts = [
            self.scene.name(Kind.CLASS, each) for each in (value.job_function, value.engagement_type) if each
        ]
        primary = self.scene.value(Kind.CLASS, value.primary) if value.primary else None
        if isinstance(primary, Class) and primary.user_key != "primary":
            texts.append(primary.name)
        return tuple(texts)

    def tell_manager(self, operations: Sequence[Operation]) -> None:
        self.tallies["leaders"] += 1
        for operation in operations:
            value = values_of(operation)[0]
            assert isinstance(value, Manager)
            entry = self._entry_in(value.org_unit, value.person)
            role = tuple(
                self.lines.field(name, value)
                for name in ("type", "level", "responsibilities")
                if getattr(value, name)
            )
            if operation.value is None:
                entry.lines.append(ending(f"Leder {self.words.ended}", operation, role))
                continue
            for start, end in absent(operation):
                when = danish.days(start, end)
                entry.lines.append(Line(f"Leder {self.words.begun}", (NONE,), role, when, rows_of(operation)))
            entry.lines += [line for _, line in self.lines.edits(operation, MANAGER_FIELDS)]

    def tell_person(self, uuid: str, operations: Sequence[Operation]) -> None:
        entry = self._entry_of(uuid)
        if uuid in self.new_people:
            self.tallies["new"] += 1
            if not entry.lines:
                when = danish.days(operations[0].start, operations[0].end)
                entry.lines.append(Line("Person", (NONE,), (entry.name,), when, rows_of(operations[0])))
            return
        entry.lines += [self.lines.detail("Navn", operation) for operation in operations]

    def tell_account(self, operations: Sequence[Operation]) -> None:
        first = values_of(operations[0])[0]
        assert isinstance(first, Account)
        self._tell_detail(first.person, f"{self.scene.name(Kind.ITSYSTEM, first.itsystem)}-konto", operations)

    def tell_address(self, operations: Sequence[Operation]) -> None:
        first = values_of(operations[0])[0]
        assert isinstance(first, Address)
        self._tell_detail(first.person, self.scene.name(Kind.CLASS, first.type), operations)

    def _tell_detail(self, person: str | None, label: str, operations: Sequence[Operation]) -> None:
        """An e-mail address or an account; with a new person it is a part of what is new about them."""
        entry = self._entry_in(None, None) if person is None else self._entry_of(person)
        only = operations[0]
        if (
            person in self.new_people
            and len(operations) == 1
            and only.action is Action.CREATE
            and entry.lines
        ):
            first, *rest = entry.lines
            text = f"{label}: {self.lines.text(values_of(only)[0])}"
            entry.lines = [replace(first, after=(*first.after, text)), *rest]
            return
        entry.lines += [self.lines.detail(label, operation) for operation in operations]
