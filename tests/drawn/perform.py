"""Performs a play over real runs, and says what is not as it must be."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from aarhus_los.brakes import Brake, BrakeKind
from aarhus_los.sandbox.mo_kinds import KINDS
from aarhus_los.sandbox.mo_settings import AddressService
from aarhus_los.sandbox.mo_store import Snapshot
from aarhus_los.uuids import seed_uuid
from tests.drawn.cells import Bad
from tests.drawn.claims import Ref
from tests.drawn.counts import counts
from tests.drawn.drops import class_uuid, person_uuid, unit_uuid
from tests.drawn.importer import Broken, End, Ran, importer, seeded
from tests.drawn.model import Expected, Loose, Model, Noted, first_difference
from tests.drawn.oracle import fold
from tests.drawn.plays import ByHand, LoseState, Mend, Others, Play, PutBack, Run, Upload, Wait
from tests.drawn.stand_in import COPENHAGEN, PRIMARY, StandIn, wash
from tests.drawn.world import FOREVER, File, Mo, on


@dataclass(frozen=True)
class Difference:
    """`sort` is what the same faults have in common."""

    sort: str
    words: str


class Wrong(Exception):
    def __init__(self, sort: str, words: str) -> None:
        super().__init__(f"{sort}: {words}")
        self.difference = Difference(sort, words)


@cache
def seeds() -> Snapshot:
    """An MO with our facets and classes."""
    return seeded()


class Runs(Protocol):
    """What is performed with: the importer, or something that does as it must."""

    state: Path

    def put(self, file: File, at: datetime | None, broken: Broken | None = None) -> None: ...
    def remove(self, name: str) -> None: ...
    def forget_addresses(self) -> None: ...
    def lose_state(self) -> None: ...
    def pending(self) -> frozenset[Ref]: ...
    def run(
        self,
        since: date | None = None,
        end: End | None = None,
        accepted: Collection[Ref] | None = (),
        allow: Mapping[BrakeKind, int] = {},
    ) -> Ran: ...


def perform(play: Play) -> Difference | None:
    """The first thing that is not as it must be, in runs of the importer."""
    return performed(play)[0]


def performed(play: Play) -> tuple[Difference | None, Mo]:
    """The first thing that is not as it must be, in runs of the importer, and what MO says then."""
    stand_in = stage(play)
    with importer(stand_in, chunk_size=play.chunk, **dict(play.settings)) as there:
        return Performance(play, stand_in, there).difference(), stand_in.read()


def stage(play: Play) -> StandIn:
    """An MO as it is before a play."""
    stand_in = StandIn(None if play.bare else seeds())
    stand_in.store.settings.address_service = AddressService.ANSWERS
    now = stand_in.at
    for moment, mo in play.history:
        stand_in.at = moment
        stand_in.fill(mo)
    stand_in.at = now
    stand_in.fill(play.mo)
    return stand_in


@dataclass
class Performance:
    """A play that is performed."""

    play: Play
    stand_in: StandIn
    importer: Runs
    refuses: bool = True
    """Whether it knows when MO was put back."""
    model: Model = field(default_factory=Model)
    server: dict[str, File] = field(default_factory=dict)
    broken: dict[str, Broken] = field(default_factory=dict)
    """What is on the server, but cannot be read."""
    waits: dict[str, date] = field(default_factory=dict)
    """Files of 0 bytes, and the day of the first run that told so."""
    left: set[str] = field(default_factory=set)
    """What was imported, and has left the server."""
    lost: dict[str, File] = field(default_factory=dict)
    """What had left the server when the state was lost: nobody knows of it."""
    copies: list[tuple[datetime, Snapshot]] = field(default_factory=list)
    put_back_to: datetime | None = None
    foreign: dict[tuple[str, str], Any] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)
    cut_off: bool = False
    """Whether the run before this one was ended."""
    was_down: bool = False
    """Whether the address service was away in the run before this one."""
    gave_up: bool = False
    """Whether rows were given up in the run before this one: what waited beside them heals in the next one."""
    waited: bool = False
    """Whether days have passed: what left the server may not be known any more, and does not return."""
    returned: bool = False
    """Whether what left the server is there again, for good."""
    exact: bool = True
    circle: bool = False
    """Whether rows were set aside for a circle."""
    kept_out: set[str] = field(default_factory=set)
    """Files of rows of which MO has refused something: when they heal, they are as if it never had."""

    def difference(self) -> Difference | None:
        """The first thing that is not as it must be."""
        try:
            self._perform()
        except Wrong as wrong:
            return wrong.difference
        return None

    def _perform(self) -> None:
        self.exact = self.play.exact
        if self.play.taken_over:
            self._take_over(self.play.taken_over)
        for step in self.play.steps:
            match step:
                case Upload():
                    self._upload(step)
                case Run():
                    self._run(step)
                case PutBack():
                    self._put_back(step)
                case Mend():
                    self._mend(step)
                case Others():
                    self._others(step)
                case ByHand():
                    self._by_hand(step)
                case LoseState():
                    self._lose_state()
                case Wait():
                    self._wait(step)
        if self.play.leaves and not self.waited:
            for file in {**self.lost, **self.server}.values():
                self._upload(Upload(file))
            self.returned = True
        if any(isinstance(step, Run | Mend) for step in self.play.steps):
            self._in_the_end()

    def _upload(self, step: Upload) -> None:
        name = step.file.name
        self.importer.put(step.file, step.at, step.broken)
        self.model.late = frozenset()
        self.broken.pop(name, None)
        self.left.discard(name)
        self.lost.pop(name, None)
        if step.broken:
            self.broken[name] = step.broken
            self._only_imported(name)
        else:
            self.server[name] = step.file

    def _only_imported(self, name: str) -> None:
        """What is on the server under a name is not to be read: there is what a run has imported, if one has."""
        noted = self.model.noted.get(name)
        if noted is not None and noted.file is not None:
            self.server[name] = noted.file
        else:
            self.server.pop(name, None)

    def _lose_state(self) -> None:
        self.importer.lose_state()
        self.model = Model()
        self.exact = False
        self.waits.clear()
        for name in {*self.left, *self.broken} & self.server.keys():
            self.lost[name] = self.server.pop(name)
        self.left.clear()

    def _wait(self, step: Wait) -> None:
        """Some days later. What the address service said is forgotten, as it is after some time."""
        self.stand_in.at += timedelta(days=step.days)
        self.waited = True
        self._forget_addresses()

    def _forget_addresses(self) -> None:
        self.importer.forget_addresses()
        self.cached.clear()

    def _take_over(self, time: datetime) -> None:
        self.importer.state.write_text(f"{time.isoformat()}\n")
        self.importer.state.chmod(0o600)
        moment = time.replace(tzinfo=COPENHAGEN)
        for step in self.play.steps:
            if isinstance(step, Run | Mend):
                break
            if not isinstance(step, Upload):
                continue
            is_old = step.at is not None and step.at < moment - timedelta(days=1)
            noted = self.model.noted[step.file.name] = Noted(step.file if is_old else None, taken_over=is_old)
            stamp = step.file.stamp.replace(tzinfo=COPENHAGEN)
            if step.file.family != "STAM" and stamp < moment:
                noted.began, noted.last = stamp, moment

    def _set(self, name: str) -> Any:
        """A setting, where the play has one."""
        return dict(self.play.settings).get(name)

    def _wash(self, down: bool) -> Any:
        def washed(text: str) -> str | None:
            if self._set("dar_provider") == "none":
                return None
            if down and text not in self.cached:
                raise Bad("down")
            return wash(text)

        return washed

    def expect(
        self,
        since: date | None = None,
        down: bool = False,
        accepted: Collection[Ref] | None = (),
        now: Mo | None = None,
    ) -> Expected:
        """What a run must come to. `now` is MO before it, where that is not as it is."""
        mo, wash = self.stand_in, self._wash(down)
        return self.model.expect(self.server, now or mo.read(), mo.read, mo.today, wash, since, accepted)

    def _state(self) -> bytes:
        """What the state says: until a run has noted what it is about, it may as well not have begun."""
        return self.importer.state.read_bytes() if self.importer.state.exists() else b""

    def _accepted(self, step: Run) -> Collection[Ref] | None:
        """The rows that a run gives up; None: all."""
        waiting = sorted(self.model.pending)
        return None if step.accept == 1 else waiting[:: step.accept] if step.accept else ()

    def _run(self, step: Run, allow: Mapping[BrakeKind, int] = {}) -> None:
        """An import. Where a brake holds it back, again with what is to be allowed."""
        if self.put_back_to is not None:
            return  # what a run then must do is asked by the step that mends
        self.model.late = frozenset()
        must, may = self.model.comes_late(self.server, {*self.broken, *self.left}, step.since)
        self.model.late = must
        accepted = self._accepted(step)
        expected = self.expect(step.since, step.down, accepted)
        start, before, state = self.stand_in.at, self.stand_in.read(), self._state()
        self.copies.append((start, self.stand_in.store.snapshot()))
        self.stand_in.dar_down, self.stand_in.washed = step.down, set()
        self.stand_in.refuses, self.stand_in.refused = _refuser(step.refused), 0
        self.stand_in.mo.rest_enabled = not step.graphql
        ran = self.importer.run(step.since, step.end, accepted, allow)
        self.stand_in.refuses = _refuser(0)
        self.stand_in.mo.rest_enabled = True
        if may and ran.account:
            refused = {each.file for each in ran.account.refused} - self.broken.keys()
            if not must - self.broken.keys() <= refused <= may:
                raise Wrong("late: refused", f"{sorted(refused)}, not {sorted(must)}\n{ran.told}")
            self.model.late = must | refused
            expected = self.expect(step.since, step.down, accepted, before)
        new = self.model.new(self.server, step.since)
        brakes = ran.account.brakes if ran.account else []
        self._braked(ran, brakes, allow, expected, before)
        if brakes:
            self.cached |= self.stand_in.washed
            if ran.bookmarks:
                self.model.ended(new, start)
            self._run(step, {**allow, **{each.kind: each.planned for each in brakes}})
            return
        if ran.exit_code is None:
            if self._state() != state:
                self.model.ended(new, start)
            self.cut_off = True
            self._forget_addresses()
            self.stand_in.dar_down = False
            return
        self.cached |= self.stand_in.washed
        if self.stand_in.refused:
            expected = self._refused(expected, before)
        self._right(ran, expected, "run")
        self.stand_in.dar_down = False
        self.model.done(new, start, ran.writes > 0, expected)
        self.circle = self.circle or any("circle" in why for _, why in expected.outcome.set_aside.values())
        healed = expected.healed - self.kept_out
        lost = expected.outcome.dropped or healed or expected.superseded or expected.given_up or self.circle
        self.exact = self.exact and not lost
        empty = [name for name, how in self.broken.items() if how is Broken.EMPTY]
        self.waits = {name: self.waits.get(name, self.stand_in.today) for name in empty}
        self.cut_off, self.was_down, self.gave_up = False, step.down, bool(expected.given_up)
        if self.play.leaves and not self.returned:
            for noted in self.model.noted.values():
                if noted.file is not None and noted.file.family != "STAM":
                    self._leave(noted.file)
        if step.repeat and not (step.down or self.gave_up or self.stand_in.refused):
            self._repeat()

    def _braked(
        self,
        ran: Ran,
        brakes: Sequence[Brake],
        allowed: Collection[BrakeKind],
        expected: Expected,
        before: Mo,
    ) -> None:
        """Brakes trip where more ends or moves than the limit, and nothing is written."""
        if ran.exit_code is None:
            return
        kinds = {*allowed, *(each.kind for each in brakes)}
        for kind, (fewest, most) in counts(before, expected.either).items():
            limit = self._set(f"max_{kind.replace('-', '_')}")
            if (
                limit is not None
                and kind not in allowed
                and not (fewest > limit) <= (kind in kinds) <= (most > limit)
            ):
                raise Wrong(
                    f"brakes: {kind} {'trip' if kind in kinds else 'do not trip'}",
                    f"{fewest} to {most}, and the limit is {limit}\n{ran.told}",
                )
        if self._set("max_refused") == 0 and self.stand_in.refused and BrakeKind.REFUSALS not in kinds:
            raise Wrong("brakes: refusals do not trip", ran.told)
        if brakes and ran.exit_code != 65:
            raise Wrong(f"brakes: exit {ran.exit_code}", ran.told)
        held = any(each.kind != BrakeKind.REFUSALS for each in brakes)
        if held and (ran.writes or ran.bookmarks or self.stand_in.read() != before):
            raise Wrong("brakes: something is written", ran.told)

    def _refused(self, expected: Expected, before: Mo) -> Expected:
        """What is expected of a run of which MO has refused something. Which rows are pending for it, the state says."""
        pending = self.importer.pending()
        if missing := expected.pending - pending:
            raise Wrong("refused: not pending", str(sorted(missing)))
        if not pending and first_difference(self.stand_in.read(), expected.either, expected.loose):
            raise Wrong("refused: nothing is pending", "though MO is not as it would be")
        self.kept_out |= {name for name, _ in pending - expected.pending}
        return self.model.refused(expected, before, pending)

    def _exits(self, exits: Collection[int]) -> set[int]:
        """What these exit codes are with these settings, and with what is on the server."""
        today = self.stand_in.today
        if {*self.broken.values()} - {Broken.EMPTY}:
            return {65}
        if self.model.late or any(self.waits.get(name, today) < today for name in self.broken):
            exits = {1}
        exits = {*exits, 1} if self.broken else exits
        return {0 if self._set("rejects_exit_code") == 0 else each for each in exits}

    def _right(self, ran: Ran, expected: Expected, what: str) -> None:
        exits = expected.exits | {0, 1} if self.cut_off and not expected.pending else expected.exits
        if ran.exit_code not in (0, 1, *self._exits(exits)):
            raise Wrong(f"{what}: exit {ran.exit_code}: {_sort_of(ran.told)}", ran.told)
        said = self.stand_in.read()
        if found := first_difference(said, expected.either, expected.loose):
            raise Wrong(f"{what}: MO: {found.split()[0]}", f"{found}\n{ran.told}")
        if self.stand_in.dar_down or self.was_down:
            exits |= {
                1
            }  # an address may be asked for of which no day is claimed: its row is pending for it, and tried again
        exits = self._exits(exits)
        if ran.exit_code not in exits:
            aside = "; ".join(f"{ref}: {why}" for ref, why in expected.outcome.set_aside.items())
            raise Wrong(
                f"{what}: exit {ran.exit_code}, not {sorted(exits)}",
                f"exit {ran.exit_code}, not {sorted(exits)}\nset aside by the oracle: {aside};"
                f" told {expected.outcome.aside.told}, in part {expected.outcome.aside.partly}\nsaid: {ran.told}",
            )
        if misfits := self.stand_in.misfits(said):
            raise Wrong(f"{what}: an address of another type or owner", misfits[0])
        for (kind, uuid), shown in self.foreign.items():
            if self._shown(kind, uuid) != shown:
                raise Wrong(
                    f"{what}: {kind} of others changed",
                    f"{kind} {uuid}: {self._shown(kind, uuid)}, not {shown}",
                )

    def _leave(self, file: File) -> None:
        """A file leaves the server, or what is there under its name is broken."""
        if self.play.spoiled is None:
            self.importer.remove(file.name)
            self.left.add(file.name)
        else:
            self._upload(Upload(file, broken=self.play.spoiled))

    def _repeat(self, since: date | None = None) -> None:
        """A repeat writes nothing, with the same exit code. What MO refuses is tried again, and refused again."""
        what = f"--since {since}" if since else "a repeat"
        sort = "--since" if since else "repeat"
        before, self.stand_in.refused = self.stand_in.read(), 0
        ran = self.importer.run(since)
        tried = self.stand_in.refused > 0 and bool(self.model.pending)
        if ran.exit_code not in (0, 1, *self._exits(())):
            raise Wrong(f"{sort}: exit {ran.exit_code}: {_sort_of(ran.told)}", f"{what}: {ran.told}")
        found = first_difference(self.stand_in.read(), [before])
        if found or (ran.writes and not tried):
            kind = str(found).split()[0] if found else "nothing changed"
            raise Wrong(
                f"{sort}: writes: {kind}", f"{what} wrote {ran.writes} objects; {found} (before)\n{ran.told}"
            )
        if ran.bookmarks and not tried:
            raise Wrong(
                f"{sort}: a bookmark", f"{what} has nothing to write, and asked for a bookmark\n{ran.told}"
            )
        wanted = self._exits({1} if self.model.pending else {0, 1} if since or self.cut_off else {0})
        if ran.exit_code not in wanted:
            raise Wrong(
                f"{sort}: exit {ran.exit_code}, not {sorted(wanted)}",
                f"{what}: exit {ran.exit_code}, not {sorted(wanted)}; pending: {sorted(self.model.pending)}\n{ran.told}",
            )

    def _put_back(self, step: PutBack) -> None:
        """MO is put back. Not to a copy without any unit: by the text, MO then has no past of what is imported again."""
        if step.before < len(self.copies):
            moment, copy = self.copies[step.before]
            if copy.objects["org_unit"]:
                self.put_back_to = moment
                self.stand_in.store.restore(copy)

    def _mend(self, step: Mend) -> None:
        """A run on an MO that was put back is refused, until it is told from which day on it has to import again."""
        copy, self.put_back_to = self.put_back_to, None
        if copy is None:
            return
        # What a run imported that wrote nothing was there just before: see `Model`.
        since_then = copy - timedelta(microseconds=1)
        lost = [
            noted.file.date
            for noted in self.model.noted.values()
            if noted.file
            and noted.file.family != "STAM"
            and noted.last is not None
            and noted.last >= since_then
        ]
        if not lost:
            return
        idle = not self.model.new(self.server) and not self.model.pending
        for since in (None, min(lost) + timedelta(days=1)):
            ran = self.importer.run(since) if self.refuses else Ran(74, 0, str(min(lost)))
            if idle and since is None and ran.exit_code == 0 and not ran.writes:
                continue  # nothing is asked of MO where nothing is new
            if ran.exit_code != 74 or ran.writes:
                which = " with a later day" if since else ""
                raise Wrong(
                    f"put back: not refused{which}",
                    f"exit {ran.exit_code}, {ran.writes} writes, --since {since}; {min(lost)} is right\n{ran.told}",
                )
            if str(min(lost)) not in ran.told:
                raise Wrong("put back: the right day is not told", f"{ran.told}, not --since {min(lost)}")
        self._run(Run(since=min(lost) - timedelta(days=step.earlier)))

    def _in_the_end(self) -> None:
        if self.put_back_to is not None:
            return
        if self.cut_off or self.was_down or self.gave_up or self.model.new(self.server):
            self._run(Run())
        self._repeat()
        said = self.stand_in.read()
        if self.exact and not self.stand_in.refused:
            self._all_at_once(said)
        day = self._some_day()
        if day is None or self.waited:
            return
        if not self.exact:
            self._run(Run(since=day))
        self._repeat(day)

    def _all_at_once(self, said: Mo) -> None:
        washed = self._wash(False)
        once = fold(self.play.mo, list(self.server.values()), self.stand_in.today, washed)
        if any("circle" in why for _, why in once.set_aside.values()):
            return
        lists = {
            step.file for step in self.play.steps if isinstance(step, Upload) and step.file.family == "STAM"
        }
        if len({file.name for file in lists}) < len(lists):
            return
        wanted = {kind: dict(objects) for kind, objects in once.mo.items()}
        for kind in wanted:
            for uuid in said[kind]:
                if uuid not in wanted[kind] and any(uuid == each for _, each in self.foreign):
                    wanted[kind][uuid] = said[kind][uuid]
        if self.waited:
            wanted["class"] = said["class"]  # a title is from the day of its run on what it is
        loose = Loose({*said["unit"], *wanted["unit"]}, once.made)
        if found := first_difference(said, [wanted], loose):
            raise Wrong(f"all at once: {found.split()[0]}", found)

    def _some_day(self) -> date | None:
        """A day for --since that is any, and the same whenever the play is performed."""
        days = sorted({file.date for file in self.server.values() if file.family != "STAM"})
        return days[len(self.play.steps) % len(days)] if days else None

    def _others(self, step: Others) -> None:
        """What others write is another object in each case, so that they may do it again and again."""
        store, number = self.stand_in.store, step.number
        start, end = date(2024, 1, 1), (FOREVER, date(2025, 6, 30))[number % 2]
        uuid = f"0f{number:06}-0000-4000-8000-{len(self.foreign):012}"
        match step.what:
            case "unit":
                kind = "org_unit"
                fields = {"user_key": "X", "name": "Andres", "org_unit_type": seed_uuid("UNIT_TYPE_UNKNOWN")}
            case "phone":
                kind = "address"
                fields = {
                    "user_key": "87654321",
                    "value": "87654321",
                    "address_type": seed_uuid("UNIT_PHONE"),
                    "org_unit": unit_uuid(number),
                }
            case "account":
                kind = "it"
                fields = {"user_key": "AD", "itsystem": unit_uuid(55), "person": person_uuid(number)}
            case _:
                kind = "engagement"
                fields = {
                    "user_key": "X",
                    "person": unit_uuid(66),
                    "org_unit": unit_uuid(0),
                    "engagement_type": seed_uuid("UNIT_PHONE"),
                    "job_function": seed_uuid("UNIT_PHONE"),
                    "primary": PRIMARY[True],
                }
        store.create(kind, uuid, start, end, fields)
        self.foreign[kind, uuid] = self._shown(kind, uuid)

    def _by_hand(self, step: ByHand) -> None:
        """Somebody ends an object, or makes it something else."""
        pieces = self.stand_in.read()[step.kind].get(step.uuid)
        if pieces:
            was = on(pieces, step.start) or pieces[-1][2]
            value = _CHANGED[step.kind](was, step.to) if step.to else None
            self.stand_in.change(step.kind, step.uuid, step.start, step.end, value)
            self.exact = False

    def _shown(self, kind: str, uuid: str) -> Any:
        assert kind in KINDS
        return self.stand_in.shown(kind, uuid)


_CHANGED: Final[dict[str, Callable[[Any, int], Any]]] = {
    "unit": lambda was, to: was._replace(
        name="Hånd", parent=(was.parent, was.parent and unit_uuid(0))[to - 1]
    ),
    "address": lambda was, to: f"{was[:-1]}{to}",
    "person": lambda was, to: was._replace(name=("Ved Hånd", "Eva")[to - 1]),
    "engagement": lambda was, to: was._replace(job=class_uuid("Stillingsbetegnelse", to), unit=unit_uuid(to)),
    "account": lambda was, to: was._replace(user_key=f"AZ{to}"),
    "manager": lambda was, to: was._replace(level=class_uuid("Lederniveau", to)),
}
"""What an object is changed to by hand, one way or the other."""


def _refuser(number: int) -> Callable[[str], bool]:
    """Which objects are refused: of each number a third, others."""
    return lambda uuid: bool(number) and random.Random(f"{number} {uuid}").random() < 0.3


def _sort_of(told: str) -> str:
    """The words of a message, without what differs from case to case."""
    words = told.split("\n")[0].split()
    return " ".join(word for word in words[:14] if not any(char.isdigit() for char in word))
