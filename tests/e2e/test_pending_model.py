"""Whatever is uploaded badly, corrected, late or rotated away: no row is lost, and no later word undone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from aarhus_los.report.account import Account
from aarhus_los.sandbox.http_stand_in import Action, Answer, Phase, Request
from tests.drawn.claims import PENDING
from tests.drawn.units import ADDRESSES
from tests.drawn.world import on
from tests.e2e.drops import FIRST, TYPES, file_of, folded, office, said, type_list
from tests.e2e.los_files import address_of, org, uuid_of
from tests.e2e.one_process import Ran, one_process

PARENTS: Final = {"a": "top", "b": "a", "c": "b", "d": "top", "e": "d"}
"""A unit has the same parent for good: another one that is unknown would make a row that was applied fail."""
UNITS: Final = tuple(PARENTS)
FILES: Final = tuple(
    f"Org_{kind}_202602{day}_220000.csv"
    for day, kind in (("03", "nye"), ("03", "ret"), ("05", "ret"), ("09", "nye"), ("11", "ret"))
)
"""In the order of folding."""
LAST_DAY: Final = date(2027, 12, 31)
STARTS: Final = [date(2024, 1, 1), *(date(2026, 2, day) for day in (3, 5, 9, 11)), LAST_DAY + timedelta(1)]
DAYS: Final = [*sorted({day + timedelta(n) for day in STARTS for n in (-1, 0, 1)}), date.max]


@dataclass(frozen=True)
class Said:
    """A row of one version of a file: the word of a unit, and what is wrong with it."""

    unit: str
    name: str
    ghost: bool = False
    """Its parent is a unit that no file has."""
    bad: str = ""
    """The column of which the value cannot stand."""
    ends: bool = False

    def cells(self, name: str) -> dict[str, str]:
        parent = "ghost" if self.ghost else PARENTS[self.unit]
        # A `_ret` row that counts as `_nye` then claims the same days: whether it does is a matter of when it came.
        start = date.fromisoformat(name.split("_")[2]).isoformat()
        row = office(self.unit, parent, start=start, end=LAST_DAY.isoformat() if self.ends else "")
        row["OrgEnhedsNavn"] = self.name
        row["PostAdresse"] = f"{self.name}vej 1, 8000 Ådal"
        wrong = {"OrgEnhedsNavn": "", "StartDato": "30-02-2026"}
        return row | ({self.bad: wrong[self.bad]} if self.bad else {})


Version = tuple[Said, ...]

WORDS: Final = st.builds(
    Said,
    st.sampled_from(UNITS),
    st.sampled_from(["Ask", "Birk", "Ceder"]),
    st.sampled_from([False, False, True]),
    st.sampled_from(["", "", "", "OrgEnhedsNavn", "StartDato"]),
    st.booleans(),
)
VERSIONS: Final = st.lists(WORDS, min_size=1, max_size=4, unique_by=lambda said: said.unit)
NAMES: Final = st.sampled_from(FILES)


def text_of(name: str, version: Version) -> str:
    return org(*(said.cells(name) for said in version))


def corrected(before: Version, now: list[Said]) -> Version:
    """A new version has every row of the one before, and what was right stays so.

    What a row that is wrong no longer says stays in MO, as do rows that are gone: both are told apart from a row that was
    never there by nothing but MO's memory.
    """
    words = {said.unit: said for said in now}
    rows = []
    for old in before:
        new = words.pop(old.unit, old)
        right = not (old.ghost or old.bad)
        rows.append(replace(new, ghost=False, bad="") if right else new)
    return (*rows, *words.values())


class Uploads(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.closing = ExitStack()
        self.there = self.closing.enter_context(one_process(retry_seconds=0, chunk_size=3))
        self.versions: dict[str, Version] = {}
        self.texts: dict[str, str] = {}
        """sha256 → text, of all that was ever uploaded."""
        self.superseded: set[tuple[str, int]] = set()
        self.accepted: dict[str, str] = {}
        self.settled = False
        """Whether nothing happened since the last run that went undisturbed."""
        self.put(TYPES, type_list())
        self.put(FIRST, org(office("top")))
        self.run_undisturbed()

    def teardown(self) -> None:
        try:
            self.all_comes_right()
        finally:
            self.closing.close()

    # What happens to the server

    def put(self, name: str, text: str) -> None:
        self.texts[hashlib.sha256(text.encode()).hexdigest()] = text
        self.there.put(name, text)
        self.settled = False

    @rule(name=NAMES, said=VERSIONS)
    def upload(self, name: str, said: list[Said]) -> None:
        """For the first time, or again under the old name; in any order of their stamps."""
        self.versions[name] = corrected(self.versions.get(name, ()), said)
        self.put(name, text_of(name, self.versions[name]))

    @rule(name=NAMES)
    def rotate_away(self, name: str) -> None:
        """A version that was not imported before it went was never there."""
        (self.there.drop / name).unlink(missing_ok=True)
        self.settled = False
        sha256 = self.there.claimed().get(name)
        if sha256 is None:
            self.versions.pop(name, None)

    # Runs

    def ran(self) -> tuple[Ran, Account]:
        before = self.there.claimed()
        ran = self.there.run()
        assert ran.account is not None, ran.error
        after = self.there.claimed()
        for name, sha256 in after.items():
            if before.get(name) != sha256:
                self.superseded = {each for each in self.superseded if each[0] != name}
        self.superseded |= {(each.ref.file, each.ref.line) for each in ran.account.superseded}
        self.accepted = {name: self.texts[sha256] for name, sha256 in after.items() if name != TYPES}
        assert ran.account.balances
        assert ran.exit_code in (0, 1)
        return ran, ran.account

    @rule(trouble=st.sampled_from(["MO", "DAR"]), unit=st.sampled_from(UNITS))
    def run_in_trouble(self, trouble: str, unit: str) -> None:
        """MO falls over a unit, or the address service is down: rows become pending that nothing is wrong with."""
        mo, dar = self.there.stage.mo, self.there.stage.dar
        if trouble == "DAR":
            dar.intercept = lambda request, phase: Answer.text(503, "Service Unavailable")
        else:
            mo.intercept = falls_over(uuid_of(unit))
        try:
            self.ran()
        finally:
            mo.intercept = dar.intercept = None
            self.settled = False

    @rule()
    def run_undisturbed(self) -> None:
        ran, account = self.ran()
        wrong = account.set_aside or account.refused or account.failed
        assert ran.exit_code == (1 if wrong else 0)
        assert not account.failed
        self.settled = True

    # What is right

    def failing(self) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
        """The rows that fail for want of a parent, and those that are wrong in themselves."""
        fates = folded({TYPES: type_list(), **self.accepted}).set_aside
        orphans = {ref for ref, (fate, _) in fates.items() if fate == PENDING}
        return orphans, set(fates) - orphans

    @precondition(lambda self: self.settled)
    @invariant()
    def no_row_is_lost(self) -> None:
        """A row is pending as long as its parent is missing, unless it was superseded; no other row is."""
        pending = {(name, line) for name, each in self.there.lines().items() for line in each.pending}
        orphans, bad = self.failing()
        assert pending <= orphans
        assert orphans <= pending | self.superseded
        for name in self.accepted:
            is_told = (self.there.stage.reports / f"rejected_{name}").exists()
            if name in dict(pending):
                assert is_told
            elif name not in dict(bad):
                assert not is_told

    @precondition(lambda self: self.settled)
    @invariant()
    def mo_says_what_was_accepted(self) -> None:
        """As if all accepted versions had come at once, and the last word of each unit stood.

        Days that an superseded row spoke of alone keep what MO has.
        """
        superseded = {
            cells["OrgUUID"]
            for name, text in self.accepted.items()
            for line, cells in file_of(name, text).cells()
            if (name, line) in self.superseded
        }
        last = max(date.fromisoformat(name.split("_")[2]) for name in self.accepted)
        wanted, found = folded({TYPES: type_list(), **self.accepted}).mo, said(self.there.stage.store)
        kept = superseded | {
            address_of(word, column) for word in UNITS for column in ADDRESSES if uuid_of(word) in superseded
        }
        for kind in ("unit", "mark", "address"):
            for uuid in wanted[kind].keys() | found[kind].keys():
                for day in (day for day in DAYS if uuid not in kept or day >= last):
                    assert on(found[kind].get(uuid, ()), day) == on(wanted[kind].get(uuid, ()), day), (
                        uuid,
                        day,
                    )

    @precondition(lambda self: self.settled)
    @rule()
    def run_again(self) -> None:
        """Folding again sends nothing; where nothing is new and nothing pending, MO is not even asked."""
        before = len(self.there.stage.mo.requests)
        _, account = self.ran()
        assert self.there.written(before) == 0
        if not account.set_aside:
            assert len(self.there.stage.mo.requests) == before

    def all_comes_right(self) -> None:
        """Once every file is corrected and back on the server, every word stands, and it is quiet."""
        for name, version in self.versions.items():
            self.versions[name] = tuple(replace(said, ghost=False, bad="") for said in version)
            self.put(name, text_of(name, self.versions[name]))
        told = {said.unit for version in self.versions.values() for said in version}
        missing = [unit for unit in UNITS if unit not in told]
        if missing:
            self.upload(
                FILES[0], [*self.versions.get(FILES[0], ()), *(Said(unit, "Ask") for unit in missing)]
            )
        self.run_undisturbed()
        assert self.accepted.keys() == {FIRST, *self.versions}
        assert not any(line.pending for line in self.there.lines().values())
        self.no_row_is_lost()
        self.mo_says_what_was_accepted()
        self.run_again()


def falls_over(uuid: str) -> Any:
    body = {"error": True, "description": "Not this one.", "status": 500, "error_key": "E_UNKNOWN"}

    def intercept(request: Request, phase: Phase) -> Action | None:
        writes = phase is Phase.BEFORE and request.path.startswith("/service/details/")
        return Answer.json(500, body, close=True) if writes and uuid.encode() in request.body else None

    return intercept


NYE, RET, LATER, NEXT, LAST = FILES
Deed = Callable[[Uploads], None]


def upload(name: str, *said: Said) -> Deed:
    return lambda story: story.upload(name, list(said))


def gone(name: str) -> Deed:
    return lambda story: story.rotate_away(name)


def run(story: Uploads) -> None:
    """A run, after which all is as it must be, and the next sends nothing."""
    story.run_undisturbed()
    story.no_row_is_lost()
    story.mo_says_what_was_accepted()
    story.run_again()


STORIES: Final[dict[str, list[Deed]]] = {
    "a late file says what a later one has said otherwise": [
        upload(LATER, Said("a", "Ask")),
        run,
        upload(NYE, Said("a", "Birk"), Said("d", "Birk")),
        run,
    ],
    "a late file, and the later one is gone": [
        upload(LATER, Said("a", "Ask")),
        run,
        gone(LATER),
        upload(NYE, Said("a", "Birk")),
        run,
    ],
    "a parent comes when the file of the child is gone": [
        upload(RET, Said("b", "Ask"), Said("d", "Ask")),
        run,
        gone(RET),
        upload(NEXT, Said("a", "Ask")),
        run,
    ],
    "a parent comes when what was said of the child since is gone": [
        upload(NYE, Said("c", "Ask"), Said("d", "Ask")),
        upload(LATER, Said("d", "Birk")),
        run,
        gone(NYE),
        gone(LATER),
        upload(LAST, Said("a", "Ask"), Said("b", "Ask")),
        run,
    ],
    "a later word overtakes a row that waits": [
        upload(NYE, Said("a", "Ask", ghost=True)),
        run,
        upload(LATER, Said("a", "Birk")),
        run,
    ],
    "a row is corrected under the old name, after a later word": [
        upload(NYE, Said("a", "", bad="OrgEnhedsNavn"), Said("d", "Ask", bad="StartDato")),
        upload(LATER, Said("d", "Birk")),
        run,
        upload(NYE, Said("a", "Ask"), Said("d", "Ask")),
        run,
    ],
    "MO falls over a unit, and its child waits with it": [
        upload(NYE, Said("a", "Ask"), Said("b", "Ask"), Said("d", "Ask")),
        lambda story: story.run_in_trouble("MO", "a"),
        gone(NYE),
        run,
    ],
    "an address is not looked up, and the file goes": [
        upload(NYE, Said("a", "Ask"), Said("d", "Birk")),
        lambda story: story.run_in_trouble("DAR", "a"),
        gone(NYE),
        run,
    ],
}


@pytest.mark.parametrize("name", STORIES)
def test_a_story_in_which_a_row_could_be_lost(name: str) -> None:
    story = Uploads()
    try:
        for deed in STORIES[name]:
            deed(story)
    finally:
        story.teardown()


def test_no_row_is_lost() -> None:
    run_state_machine_as_test(
        Uploads, settings=settings(max_examples=3, stateful_step_count=10, deadline=None)
    )


@pytest.mark.slow
def test_no_row_is_lost_in_longer_stories() -> None:
    run_state_machine_as_test(
        Uploads, settings=settings(max_examples=80, stateful_step_count=25, deadline=None)
    )
