"""Any interleaving of uploads, runs, kills and odd clocks, against a model that compares whole files and asks no clock."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from aarhus_los.clock import COPENHAGEN
from aarhus_los.ledger import NOTHING_YET, Line, State, Version, digest, save_state
from aarhus_los.selection import Selection
from tests.memory_source import BROKEN, NOW, Importer, Upload, again, leder, new, org, read, refused, stam

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
HOURS = st.integers(-36, 36)
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
        self.under_way: dict[str, bytes] = {}
        """Versions of which MO may hold a part, since their run was killed."""
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
        state = self.importer.state()
        lines = dict(state.lines)
        for file in selection.files:
            name = file.name.name
            if file.is_new:
                noted = Version(digest(file.data), (LINES[0],))
                lines[name] = replace(lines.get(name, Line(name)), under_way=noted)
                self.under_way[name] = file.data
        save_state(self.importer.state_file, State(state.timestamp or NOTHING_YET, lines, state.ours))

    @rule()
    def lose_the_kept_bytes(self) -> None:
        self.importer.kept.forget_others([])
        self.kept.clear()

    @rule(hours=HOURS, allow_late=SELDOM, data=st.data())
    def run(self, hours: int, allow_late: bool, data: Any) -> None:
        self.importer.now = NOW + timedelta(hours=hours)
        selection = self.importer.select(allow_late=allow_late)
        self.check(selection, allow_late)
        pending: dict[str, tuple[int, ...]] = {}
        for file in selection.files:
            lines = sorted(LINES if file.counted is None else file.counted)
            if lines:
                drawn = data.draw(st.sets(st.sampled_from(lines)), label=f"pending of {file.name.name}")
                pending[file.name.name] = tuple(sorted(drawn))
        self.finish(selection, pending)

    def finish(self, selection: Selection, pending: dict[str, tuple[int, ...]]) -> None:
        self.importer.finish(selection, pending)
        for file in selection.files:
            self.in_mo[file.name.name] = file.data
            if file.is_new:
                self.under_way.pop(file.name.name, None)
        for name, upload in self.server.files.items():
            if self.in_mo.get(name) == upload.data and not upload.growing:
                self.told[name] = (len(upload.data), upload.mtime if self.server.tells_times else None)
        self.pending = {name: lines for name, lines in (self.pending | pending).items() if lines}
        self.keep(selection)
        lines = self.importer.state().lines
        stored = {name: line.sha256 for name, line in lines.items() if line.sha256}
        assert stored == {name: digest(data) for name, data in self.in_mo.items()}

    def keep(self, selection: Selection) -> None:
        needed = set()
        for family in FAMILIES:
            waiting = [family.index(name) for name in family if name in self.pending]
            needed |= set(family[min(waiting) :]) if waiting else set()
        self.kept = {name: data for name, data in self.kept.items() if name in needed}
        self.kept |= {file.name.name: file.data for file in selection.files if file.name.name in needed}

    # What is right

    def ready(self, name: str) -> bool:
        upload = self.server.files.get(name)
        return upload is not None and not upload.growing and upload.data != b""

    def is_brought(self, name: str) -> bool:
        data = self.server.files[name].data if self.ready(name) else BROKEN
        in_mo = self.in_mo.get(name)
        return data != BROKEN and (data != in_mo or self.under_way.get(name, in_mo) != in_mo)

    def at_hand(self, name: str) -> bool:
        kept = self.kept.get(name) == self.in_mo[name]
        return kept or (self.ready(name) and self.server.files[name].data == self.in_mo[name])

    def check(self, selection: Selection, allow_late: bool) -> None:
        """A run reads what the texts ask for, nothing else, and refuses the rest by name."""
        broken = {n for n in ORDER if self.ready(n) and self.server.files[n].data == BROKEN}
        codes = dict.fromkeys(broken, 65)
        files: list[str] = []
        fresh: set[str] = set()
        may_be_fetched = {n for n, upload in self.server.files.items() if not self.is_told(n, upload)}
        for family in FAMILIES:
            brought = [n for n in family if self.is_brought(n)]
            waiting = [n for n in family if n in self.pending and n not in brought]
            if not brought and not waiting:
                continue
            first = min(map(family.index, [*brought, *waiting]))
            before = [n for n in family[first:] if n in self.in_mo and n not in brought]
            may_be_fetched |= set(before)
            gone = [n for n in before if not self.at_hand(n)]
            too_late = [
                n
                for n in [*brought, *waiting]
                if not allow_late and any(family.index(n) < family.index(other) for other in gone)
            ]
            out = {*too_late, *(set(gone) & set(waiting))}
            for name in out:
                codes.setdefault(name, 1)
            brought = [n for n in brought if n not in out]
            tried = [n for n in waiting if n not in out]
            if brought or tried:
                first = min(map(family.index, [*brought, *tried]))
                files += [
                    n
                    for n in family[first:]
                    if n in brought or (n in before and n not in gone and n not in out)
                ]
                fresh |= set(brought)
        assert read(selection) == files
        assert set(new(selection)) == fresh
        assert again(selection) == {n: set(self.pending.get(n, ())) for n in files if n not in fresh}
        assert refused(selection) == codes
        for file in selection.files:
            name = file.name.name
            if name in fresh and file.data == self.under_way.get(name):
                assert file.as_nye == frozenset({LINES[0]})
            assert file.data == (self.server.files[name].data if name in fresh else self.in_mo[name])
        assert set(self.server.reads) <= may_be_fetched

    def is_told(self, name: str, upload: Upload) -> bool:
        """Whether the listing alone tells that this version is in MO."""
        if self.under_way.get(name, self.in_mo.get(name)) != self.in_mo.get(name):
            return False
        return self.server.tells_times and self.told.get(name) == (len(upload.data), upload.mtime)

    def all_comes_right(self) -> None:
        """When uploads are done and late files are allowed, every version is in MO, and then it is quiet."""
        self.server.tells_times = True
        for name, upload in list(self.server.files.items()):
            if not self.ready(name) or upload.data == BROKEN:
                self.put(name, content(name, "9"), NOW, 0)
        selection = self.importer.select(allow_late=True)
        self.check(selection, allow_late=True)
        self.finish(selection, {file.name.name: () for file in selection.files})
        for name, upload in self.server.files.items():
            assert self.in_mo[name] == upload.data
        selection = self.importer.select()
        assert selection.quiet
        if not self.pending:
            assert (self.server.reads, selection.warnings, selection.refused) == ([], [], [])


Drop.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestDrop = Drop.TestCase
