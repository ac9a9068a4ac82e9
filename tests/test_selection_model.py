"""Any interleaving of uploads, runs, kills and odd clocks, against a model that compares whole files and asks no clock."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from aarhus_los.clock import COPENHAGEN
from aarhus_los.ledger import digest
from aarhus_los.selection import Selection
from tests.memory_source import (
    BROKEN,
    NOW,
    Importer,
    Upload,
    again,
    leder,
    new,
    org,
    read,
    refused,
    stam,
    texts,
)

LIST = "STAM_UUID_Enhedstype.csv"
FAMILIES = [
    [LIST],
    [
        "Org_nye_20261101_220000.csv",
        "Org_ret_20261101_220000.csv",
        "Org_nye_20261102_220000.csv",
    ],
    ["Leder_luk_20261101_220000.csv"],
]
"""Each in the order of folding."""
ORDER = [name for family in FAMILIES for name in family]
LINES = (2, 3)
LONG_AGO = NOW - timedelta(days=9000)
# The hour that comes twice.
AUTUMN = datetime(2026, 10, 25, 2, 30, tzinfo=COPENHAGEN)

FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A flush to a real disk takes a hundred times longer than the rest of a run."""

NAMES = st.sampled_from(ORDER)
VERSIONS = st.sampled_from("123")
CLOCKS = st.sampled_from([NOW, LONG_AGO, AUTUMN, AUTUMN.replace(fold=1)])
HOURS = st.integers(-11, 12)
"""Also over midnight; a clock that is a day behind the last import stops a run."""
SELDOM = st.sampled_from([False, False, False, True])


def content(name: str, version: str) -> bytes:
    """Versions of the same size, so that only the time can tell them apart."""
    if name == LIST:
        return stam(version) * 2
    return leder(version) * 2 if name.startswith("Leder") else org(2, version)


class Drop(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=FAST))
        self.importer = Importer(self.folder / "state")
        self.server = self.importer.server
        self.in_mo: dict[str, bytes] = {}
        self.pending: dict[str, tuple[int, ...]] = {}
        self.kept: dict[str, bytes] = {}
        self.told: dict[str, tuple[int, datetime | None]] = {}
        self.under_way: set[str] = set()
        """Names of which MO may hold a part of some version, since their run was killed."""
        self.waits: dict[str, date] = {}
        """Files that are not whole, and since when."""
        self.moment = 0
        self.began: dict[str, float] = {}
        self.last: dict[str, float] = {}
        """Of files that fold: when a run that wrote claimed them first, and last; else, just before the next such run."""
        self.past: dict[str, list[Upload]] = {}
        self.ticks = 0

    def teardown(self) -> None:
        try:
            self.all_comes_right()
        finally:
            shutil.rmtree(self.folder)

    # What happens to the server

    def put(self, name: str, data: bytes, clock: datetime, hours: int, *, growing: bool = False) -> None:
        """Uploads; no two uploads have the same time, and so versions differ in size or time."""
        self.ticks += 1
        mtime = clock + timedelta(hours=hours, seconds=self.ticks)
        self.server.files[name] = Upload(data, mtime, growing)
        self.past.setdefault(name, []).append(self.server.files[name])

    @initialize(names=st.sets(NAMES))
    def fill(self, names: set[str]) -> None:
        for name in names:
            self.put(name, content(name, "1"), NOW, 0)

    @rule(name=NAMES, version=VERSIONS, clock=CLOCKS, hours=HOURS)
    def upload(self, name: str, version: str, clock: datetime, hours: int) -> None:
        self.put(name, content(name, version), clock, hours)

    @rule(name=NAMES, size=st.none() | st.integers(0, 300))
    def upload_badly(self, name: str, size: int | None) -> None:
        """A broken file, an empty one, or one that is still growing."""
        data = BROKEN if size is None else content(name, "9")[:size]
        self.put(name, data, NOW, 0, growing=bool(size))

    @rule(name=NAMES, data=st.data())
    def go_back(self, name: str, data: Any) -> None:
        """Puts back an old version, with the time that it had, or takes the file away."""
        upload = data.draw(st.sampled_from([None, *self.past.get(name, ())]))
        if upload is None:
            self.server.files.pop(name, None)
        else:
            self.server.files[name] = upload

    @rule(hours=HOURS, tells=st.booleans())
    def move_the_server(self, hours: int, tells: bool) -> None:
        """Other times, or none any more."""
        self.server.tells_times = tells
        self.ticks += 1
        for name, upload in self.server.files.items():
            assert upload.mtime is not None
            mtime = upload.mtime + timedelta(hours=hours, microseconds=self.ticks)
            self.server.files[name] = replace(upload, mtime=mtime)

    # Runs

    @rule(hours=HOURS, allow_late=SELDOM)
    def run_and_be_killed(self, hours: int, allow_late: bool) -> None:
        """After it has noted what it is about to write."""
        self.importer.now = NOW + timedelta(hours=hours)
        selection = self.importer.select(allow_late=allow_late)
        self.check(selection, allow_late)
        self.note(selection)

    @rule()
    def lose_the_kept_bytes(self) -> None:
        self.importer.kept.forget_others([])
        self.kept.clear()

    @rule(hours=HOURS, allow_late=SELDOM, writes=st.booleans(), data=st.data())
    def run(self, hours: int, allow_late: bool, writes: bool, data: Any) -> None:
        self.importer.now = NOW + timedelta(hours=hours)
        selection = self.importer.select(allow_late=allow_late)
        self.check(selection, allow_late)
        pending: dict[str, tuple[int, ...]] = {}
        for file in selection.files:
            lines = sorted(LINES if file.due is None else file.due)
            if lines:
                drawn = data.draw(st.sets(st.sampled_from(lines)), label=f"pending of {file.name.name}")
                pending[file.name.name] = tuple(sorted(drawn))
        needed = self.needed(selection, pending)
        if writes:
            self.note(selection)
        self.finish(selection, pending, needed, wrote=writes)

    def note(self, selection: Selection) -> None:
        """What a run does before its first other write, if it has any."""
        self.importer.note(selection)
        self.moment += 1
        for file in selection.files:
            name = file.name.name
            if file.due is None:
                self.under_way.add(name)
                if name != LIST:
                    self.last[name] = self.moment
                    self.began.setdefault(name, self.moment)
        for name in {*self.in_mo, *self.under_way} - {LIST}:
            if name not in self.began:
                self.began[name] = self.last[name] = self.moment - 0.5

    def finish(
        self,
        selection: Selection,
        pending: dict[str, tuple[int, ...]],
        needed: set[str],
        *,
        wrote: bool = False,
    ) -> None:
        today = self.importer.now.date()
        self.waits = {name: self.waits.get(name, today) for name in self.waiting()}
        self.importer.finish(selection, pending, wrote=wrote)
        for file in selection.files:
            if (
                wrote
                and file.due
                and file.name.name != LIST
                and file.due - set(pending.get(file.name.name, ()))
            ):
                self.last[file.name.name] = self.moment
            self.in_mo[file.name.name] = file.data
            if file.due is None:
                self.under_way.discard(file.name.name)
        for name, upload in self.server.files.items():
            if self.in_mo.get(name) == upload.data and not upload.growing:
                self.told[name] = (len(upload.data), upload.mtime if self.server.tells_times else None)
        self.pending = {name: lines for name, lines in (self.pending | pending).items() if lines}
        self.kept = {file.name.name: file.data for file in selection.files if file.name.name in needed}
        lines = self.importer.state().lines
        stored = {name: line.sha256 for name, line in lines.items() if line.sha256}
        assert stored == {name: digest(data) for name, data in self.in_mo.items()}

    def needed(self, selection: Selection, pending: dict[str, tuple[int, ...]]) -> set[str]:
        """The files that are folded with pending rows; all files of a family are about one subject."""
        needed = set()
        for family in FAMILIES:
            waiting = [name for name in family if pending.get(name)]
            if waiting and family != [LIST]:
                files = [file for file in selection.files if file.name.name in family]
                first = min(n for n, file in enumerate(files) if file.due is None or file.due)
                names = [file.name.name for file in files]
                needed |= set(names[self.folded_from(names, first) :])
            needed |= set(waiting)
        return needed

    def folded_from(self, names: list[str], first: int) -> int:
        """Where the files begin that one is folded with: none older was claimed since one of them began."""
        quiet = {name for name in names if name in self.in_mo and not self.is_brought(name)}
        began, last = dict.fromkeys(quiet, inf) | self.began, dict.fromkeys(quiet, inf) | self.last
        while moments := [began[name] for name in names[first:] if name in began]:
            older = [n for n in range(first) if last.get(names[n], 0) >= min(moments)]
            if not older:
                break
            first = older[0]
        return first

    # What is right

    def ready(self, name: str) -> bool:
        upload = self.server.files.get(name)
        return upload is not None and not upload.growing and upload.data != b""

    def waiting(self) -> set[str]:
        """What the last selection found not to be whole."""
        return {
            name
            for name, upload in self.server.files.items()
            if not upload.data or (upload.growing and name in self.server.reads)
        }

    def is_brought(self, name: str) -> bool:
        data = self.server.files[name].data if self.ready(name) else BROKEN
        return data != BROKEN and (data != self.in_mo.get(name) or name in self.under_way)

    def is_kept(self, name: str) -> bool:
        return self.kept.get(name) == self.in_mo[name]

    def at_hand(self, name: str) -> bool:
        return self.is_kept(name) or (self.ready(name) and self.server.files[name].data == self.in_mo[name])

    def check(self, selection: Selection, allow_late: bool) -> None:
        """A run reads what the texts ask for, nothing else, and refuses the rest by name."""
        broken = {n for n in ORDER if self.ready(n) and self.server.files[n].data == BROKEN}
        codes = dict.fromkeys(broken, 65)
        codes |= {n: 1 for n in self.waiting() if self.waits.get(n, date.max) < self.importer.now.date()}
        files: set[str] = set()
        fresh: set[str] = set()
        may_be_fetched = {n for n, upload in self.server.files.items() if not self.is_told(n, upload)}
        for family in FAMILIES:
            brought = [n for n in family if self.is_brought(n)]
            known = [n for n in family if n in self.in_mo and n not in brought]
            names = [n for n in family if n in brought or n in known]
            for name in brought:
                start = 0 if family == [LIST] else self.folded_from(names, names.index(name))
                others = [n for n in names[start:] if n in known]
                may_be_fetched |= set(others)
                if allow_late or all(map(self.at_hand, others)):
                    fresh |= {n for n in brought if family.index(n) >= family.index(name)}
                    files |= {n for n in others if self.at_hand(n)}
                    break
                codes.setdefault(name, 1)
            for name in (n for n in known if n in self.pending):
                may_be_fetched.add(name)
                if not self.at_hand(name):
                    codes.setdefault(name, 1)
                elif self.is_kept(name):
                    files |= {n for n in known if self.is_kept(n)}
                else:
                    start = 0 if family == [LIST] else self.folded_from(known, known.index(name))
                    may_be_fetched |= set(known[start:])
                    if allow_late or all(map(self.at_hand, known[start:])):
                        files |= {n for n in known[start:] if self.at_hand(n)}
                    else:
                        codes.setdefault(name, 1)
        assert set(new(selection)) == fresh
        assert read(selection) == [n for n in ORDER if n in files | fresh]
        assert again(selection) == {n: set(self.pending.get(n, ())) for n in files}
        assert refused(selection) == codes
        for file in selection.files:
            name = file.name.name
            assert file.data == (self.server.files[name].data if name in fresh else self.in_mo[name])
        assert set(self.server.reads) <= may_be_fetched

    def is_told(self, name: str, upload: Upload) -> bool:
        """Whether the listing alone tells that this version is in MO."""
        version = (len(upload.data), upload.mtime)
        return name not in self.under_way and self.server.tells_times and self.told.get(name) == version

    def all_comes_right(self) -> None:
        """When uploads are done and late files are allowed, every version is in MO, and then it is quiet."""
        self.server.tells_times = True
        for name, upload in list(self.server.files.items()):
            if not self.ready(name) or upload.data == BROKEN:
                self.put(name, content(name, "9"), NOW, 0)
        selection = self.importer.select(allow_late=True)
        self.check(selection, allow_late=True)
        self.finish(selection, {file.name.name: () for file in selection.files}, set())
        for name, upload in self.server.files.items():
            assert self.in_mo[name] == upload.data
        selection = self.importer.select()
        assert selection.quiet
        if not self.pending:
            assert (self.server.reads, texts(selection), selection.refused) == ([], [], [])


@pytest.mark.parametrize("examples", [8, pytest.param(60, marks=pytest.mark.slow)])
def test_each_version_is_imported_once_and_nothing_is_left(examples: int) -> None:
    run_state_machine_as_test(
        Drop, settings=settings(max_examples=examples, stateful_step_count=30, deadline=None)
    )
