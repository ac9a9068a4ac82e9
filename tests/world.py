"""An MO in this process, and an importer that tells it files: from their bytes to what MO says, with a state, on no disk.

For tests of what rows mean. Days are numbered: the n-th of `DAYS`, of which the first is long ago and the last no end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from aarhus_los import initial
from aarhus_los.addresses.outcomes import Found, NotLookedUp, Outcome, Unknown
from aarhus_los.clock import COPENHAGEN
from aarhus_los.desired.claims import Desired
from aarhus_los.desired.families import Ours, desire
from aarhus_los.desired.org import units_in
from aarhus_los.desired.world import Subjects, World
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import Family, parse_name
from aarhus_los.drop.reader import read_file
from aarhus_los.ledger import Kept, State
from aarhus_los.mo.bookmark import set_bookmark
from aarhus_los.mo.model import History, Kind, Object
from aarhus_los.mo.read import read_histories
from aarhus_los.moments import trace
from aarhus_los.plan import Operation, Plan, make_plan
from aarhus_los.progress import completed, needed_again, rejected_for_others, under_way, with_healed
from aarhus_los.reading import as_it_was, read_world
from aarhus_los.sandbox.mo_store import MoStore, Snapshot
from aarhus_los.selecting import select
from aarhus_los.selection import Options, Selection
from aarhus_los.timeline import FOREVER
from aarhus_los.uuids import seed_uuid
from tests.days import runs_in
from tests.in_process import InProcess, carry_out
from tests.memory_source import Server

DAYS: Final = [date(1900, 1, 1), *(date(2026, 3, 1) + timedelta(days=n) for n in range(50)), FOREVER]
"""Everything in the tests begins and ends on these days."""
NOW: Final = datetime(2026, 4, 25, 12, tzinfo=COPENHAGEN)
AZ: Final = seed_uuid("AZID_SYSTEM")
OURS: Final = Ours(751, AZ)

TOP, A, B, C, D = (f"{digit * 8}-1111-4111-8111-{digit * 12}" for digit in "0abcd")
"""Org units; MO has the first."""
NOWHERE = "99999999-1111-4111-8111-999999999999"
SCHOOL, OFFICE = (f"{digit * 8}-2222-4222-8222-{digit * 12}" for digit in "12")
MONTHLY, HOURLY, TEACHER, CLERK = (f"{digit * 8}-2222-4222-8222-{digit * 12}" for digit in "3456")
CHIEF, OTHER_CHIEF, LEVEL, STAFF, MONEY = (f"{digit * 8}-3333-4333-8333-{digit * 12}" for digit in "12345")
NO_CLASS = "99999999-3333-4333-8333-999999999999"
_CLASSES: Final = {
    SCHOOL: "org_unit_type",
    OFFICE: "org_unit_type",
    MONTHLY: "engagement_type",
    HOURLY: "engagement_type",
    TEACHER: "engagement_job_function",
    CLERK: "engagement_job_function",
    CHIEF: "manager_type",
    OTHER_CHIEF: "manager_type",
    LEVEL: "manager_level",
    STAFF: "responsibility",
    MONEY: "responsibility",
}

STREET, OTHER_STREET, VAGUE, LATER = "Vestergade 1, 8000", "Nygade 2, 8000", "Ukendt 3, 8000", "Nede 4, 8000"
DAR: Final = {
    STREET: "11111111-3333-4333-8333-333333333333",
    OTHER_STREET: "22222222-3333-4333-8333-333333333333",
}
OUTCOMES: Final[Mapping[str, Outcome]] = {
    **{text: Found(uuid, text) for text, uuid in DAR.items()},
    VAGUE: Unknown(-1000, "Tekst kan ikke genkendes som en adresse"),
    LATER: NotLookedUp("answer 503"),
}


def day(n: int) -> str:
    """The n-th day as a cell has it."""
    return DAYS[n].strftime("%d-%m-%Y")


def name(kind: str, n: int, family: str = "Org") -> str:
    """The name of a file that is written on the n-th day."""
    return f"{family}_{kind}_{DAYS[n]:%Y%m%d}_220000.csv"


def text(rows: Sequence[Mapping[str, str]], without: Collection[str] = ()) -> str:
    columns = [column for column in rows[0] if column not in without]
    lines = [columns, *([each[column] for column in columns] for each in rows)]
    return "".join(";".join(cells) + "\n" for cells in lines)


def file_of(file: str, content: str) -> DropFile:
    parsed = parse_name(file)
    assert parsed is not None
    return read_file(parsed, content.encode())


class Importer:
    """An MO that has the org unit `TOP` and all classes, a server with the drop, and an importer with its state."""

    def __init__(self) -> None:
        self.store = MoStore.empty()
        self.store.restore(_furnished())
        self.client: Any = InProcess(self.store)
        self.server = Server()
        self.state = State()
        self.outcomes = dict(OUTCOMES)
        self.said = Desired()
        self.sent: list[Operation] = []
        self.subjects = Subjects({}, {}, {})

    def tell(self, drop: Mapping[str, str], *, since: date | None = None) -> Desired:
        """Uploads files, and imports what is new and what is pending, in one run."""
        selection, plan, state = self._planned(drop, since)
        moment = datetime.fromisoformat(state.bookmark) if plan.steps and state.bookmark else None
        self.sent = carry_out(plan, self.store)
        said = self.said
        given_up = [aside.ref for aside in said.superseded if not aside.part]
        waiting = needed_again(self.subjects.lines, {aside.ref for aside in said.set_aside if aside.pending})
        rejected = rejected_for_others(selection.files, said.set_aside)
        self.state = completed(state, selection, waiting, given_up, NOW, rejected=rejected)
        if moment is not None:
            self.state = with_healed(self.state, selection, [*said.set_aside, *said.superseded], moment)
        return said

    def again(self, since: int = 0) -> Desired:
        """Imports once more what the server has from the n-th day on."""
        return self.tell({}, since=DAYS[since])

    def cut_off(self, drop: Mapping[str, str], *, after: int, since: date | None = None) -> None:
        """The same, but the run ends after some requests of its plan."""
        _, plan, self.state = self._planned(drop, since)
        self.sent = carry_out(plan, self.store, most=after)

    def _planned(self, drop: Mapping[str, str], since: date | None) -> tuple[Selection, Plan, State]:
        """Up to the first write to MO: with the state that is noted before it."""
        for file, content in drop.items():
            self.server.put(file, content.encode())
        options = Options(since, allow_empty=True)
        selection = select(self.state, self.server, Kept(Path("/nowhere/state")), NOW, options)
        assert not selection.refused
        said, world = self._desired(selection)
        self.said = said
        plan = make_plan(said.objects, world.actual)
        state = self.state
        if plan.steps:
            moment = set_bookmark(self.client, NOW)
            state = under_way(state, selection, moment)
        return selection, plan, state

    def _desired(self, selection: Selection) -> tuple[Desired, World]:
        lines = {**self.state.lines, **selection.lines}
        world = read_world(self.client, selection.files, lines)
        units = trace(units_in(selection.of(Family.ORG)), lines)
        subjects, world, _ = as_it_was(self.client, selection.files, lines, world, units)
        self.subjects = subjects
        return desire(selection.files, subjects, world, self.outcomes, OURS, NOW.date()), world

    @property
    def complaints(self) -> list[str]:
        """What the last import reported, as lines."""
        lines = [f"{aside.ref.line} {aside.column}: {aside.reason}" for aside in self.said.set_aside]
        notices = self.said.notices
        return lines + [f"{notice.ref.line if notice.ref else ''} {notice.text}" for notice in notices]

    # What MO is given by others

    def has(
        self, kind: Kind, uuid: str, *spans: tuple[int, int], **fields: str | tuple[str, ...] | None
    ) -> None:
        """An object that is there from and to some days."""
        with self.store.transaction():
            for first, (start, end) in enumerate(spans):
                if first == 0:
                    given = {"user_key": uuid, **fields}
                    self.store.create(kind.value, uuid, DAYS[start], DAYS[end], given)
                else:
                    self.store.edit(kind.value, uuid, DAYS[start], DAYS[end], fields)
            for (_, end), (start, _) in pairwise(spans):
                if end + 1 < start:
                    self.store.terminate(kind.value, uuid, DAYS[end + 1], DAYS[start - 1])

    # What MO says

    def history(self, kind: Kind, uuid: str) -> History:
        read = read_histories(self.client, Kind.ORG_UNIT if kind is Kind.MARK else kind, [uuid])
        return (read.beside if kind is Kind.MARK else read.found).get(uuid, ())

    def shown(self, key: Object, show: Callable[[Any], object]) -> str:
        """What MO says of an object over the days, as `Skolen 1-20, Skole og SFO 21-`."""
        there = {
            each: show(piece.value)
            for piece in self.history(*key)
            for each in DAYS
            if piece.start <= each <= piece.end
        }
        return ", ".join(runs_in(DAYS, there))


@cache
def _furnished() -> Snapshot:
    """An MO as the first import of an empty drop leaves it, with a unit and classes."""
    store = MoStore.empty()
    client: Any = InProcess(store)
    world = read_world(client, [], {})
    seeds = desire([], Subjects({}, {}, {}), world, {}, OURS, DAYS[0])
    carry_out(make_plan(seeds.objects, world.actual), store)
    facets = initial.facet_uuids({})
    with store.transaction():
        for uuid, facet in _CLASSES.items():
            fields = {"facet_uuid": facets[facet], "user_key": uuid, "name": uuid, "scope": "TEXT"}
            store.create("class", uuid, DAYS[0], FOREVER, {**fields, "published": "Publiceret"})
        fields = {"user_key": "0", "name": "Toppen", "org_unit_type": OFFICE}
        store.create("org_unit", TOP, DAYS[0], FOREVER, fields)
    return store.snapshot()
