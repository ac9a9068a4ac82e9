"""People, engagements, e-mails, accounts and managers, from files to MO: `los-import` as a process, over real sockets."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator, Mapping
from datetime import date
from queue import SimpleQueue
from typing import Any

import pytest

from aarhus_los.run import Options
from aarhus_los.sandbox.http_stand_in import Action, Drop, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from aarhus_los.sandbox.mo_store import MoStore, Snapshot
from aarhus_los.uuids import object_uuid
from tests.drawn.model import first_difference
from tests.e2e.drops import put_files, said, told
from tests.e2e.harness import Sandbox, no_waits, without_bookmark
from tests.e2e.los_files import org, spans, unit, uuid_of
from tests.e2e.one_process import OneProcess, one_process
from tests.e2e.people_files import (
    CLASSES,
    TOWN_HALL,
    Files,
    Job,
    cpr_of,
    employed,
    gone,
    job_of,
    leading,
    resigned,
    ten_days,
)

ANNA, BO, CARL = Job(1), Job(2, name="Bo Berg", email="bo@aadal.example", azid="AZ2"), Job(3, name="Carl")
HAND_MADE = "77777777-5555-4555-8555-777777777777"


def person_of(job: Job) -> str:
    return object_uuid(cpr_of(job.person))


def taken(here: OneProcess, files: Mapping[str, str]) -> int:
    """Imports files in this process, to which there is no objection; returns how many objects were written."""
    put_all(here, files)
    before = len(here.stage.mo.requests)
    assert here.run().exit_code == 0
    return here.written(before)


def imported(sandbox: Sandbox, files: Mapping[str, str]) -> None:
    """Imports files, to which there is no objection."""
    put_files(sandbox, dict(files))
    done = sandbox.run("-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def town_hall() -> tuple[Snapshot, bytes]:
    """What an MO holds that has a town hall without people, and the state of the importer that has built it."""
    with one_process() as importer:
        put_all(importer, TOWN_HALL)
        assert importer.run().exit_code == 0
        return importer.stage.store.snapshot(), importer.stage.state_file.read_bytes()


@pytest.fixture
def town(sandbox: Sandbox, town_hall: tuple[Snapshot, bytes]) -> Sandbox:
    """An importer of which a first run has built the town hall."""
    snapshot, state = town_hall
    sandbox.store.restore(snapshot)
    sandbox.state_file.write_bytes(state)
    return sandbox


@pytest.fixture
def here(town_hall: tuple[Snapshot, bytes]) -> Iterator[OneProcess]:
    """The same, with the importer in this process."""
    with one_process() as importer:
        importer.stage.store.restore(town_hall[0])
        importer.stage.state_file.write_bytes(town_hall[1])
        yield importer


def test_a_first_import_two_deltas_and_each_again(town: Sandbox) -> None:
    put_files(town, TOWN_HALL)
    drops = [
        {
            "Pers_nye_20260202_220000.csv": employed(
                ANNA,
                Job(1, 2, unit="kontor", primary=False, dash=True, email="", azid=""),
                BO,
                CARL,
            ),
            "Leder_nye_20260202_220000.csv": leading(
                ("skole", 1, "Personale"), ("skole", 1, "Økonomi"), ("kontor", 2, "Personale")
            ),
        },
        {
            "Pers_nye_20260209_220000.csv": employed(Job(4, name="Dorte Dam", email="d@aadal.example")),
            "Pers_ret_20260209_220000.csv": employed(
                Job(1, name="Anna Berg", email="berg@aadal.example"),
                Job(2, name="Bo Berg", email="", azid="", end=date(2026, 12, 31)),
            ),
            "Pers_luk_20260209_220000.csv": gone(Job(1, 2), CARL),
            "Leder_luk_20260209_220000.csv": resigned(("kontor", 2)),
            "Leder_nye_20260209_220000.csv": leading(("kontor", 4, "Personale")),
        },
        {
            "Pers_nye_20260211_220000.csv": employed(Job(3, 2, name="Carl", start=date(2026, 2, 11))),
            "Pers_luk_20260211_220000.csv": gone(ANNA),
            "Leder_nye_20260211_220000.csv": leading(("kontor", 2, "Økonomi")),
        },
    ]
    for files in drops:
        before = said(town.store)
        imported(town, files)
        assert first_difference(said(town.store), [told({**CLASSES, **files}, before)]) is None
        assert town.writes() > 5
        imported(town, {})
        assert town.writes() == 0
    assert town.run("--since", "2026-02-01").returncode == 0
    assert town.writes() == 0
    state = town.state()
    assert len(state["employee"]) == 4
    account = state["it"][object_uuid(cpr_of(3) + "azid")]
    assert spans(account, "user_key") == [
        ("2026-02-02", "2026-02-09", "AZ1"),
        ("2026-02-11", None, "AZ1"),
    ]


def test_a_person_made_by_hand_keeps_uuid_user_key_and_nickname(here: OneProcess) -> None:
    given = {
        "user_key": "anna-key",
        "givenname": "Anna",
        "surname": "Andersen",
        "cpr_no": cpr_of(1),
        "nickname_givenname": "Ann",
        "nickname_surname": "A",
    }
    with here.stage.store.transaction():
        here.stage.store.create("employee", HAND_MADE, date(1970, 1, 1), date.max, given)
    taken(here, {"Pers_nye_20260202_220000.csv": employed(ANNA)})
    taken(here, {"Pers_ret_20260203_220000.csv": employed(Job(1, name="Anna Maria Berg", dash=True))})
    people = here.state()["employee"]
    assert list(people) == [HAND_MADE]
    for field in ("user_key", "nickname_givenname", "nickname_surname"):
        assert [value for _, _, value in spans(people[HAND_MADE], field)] == [given[field]]
    assert spans(people[HAND_MADE], "name")[-1] == ("2026-02-03", None, "Anna Maria Berg")
    assert here.state()["engagement"][job_of(1)][0]["person"] == HAND_MADE


def test_an_end_with_another_s_number_ends_no_account_while_an_engagement_of_its_own_person_goes_on(
    here: OneProcess,
) -> None:
    """Also where only the end is imported again: what else is folded names the person by a number that it does not."""
    with here.stage.store.transaction():
        given = {"user_key": "anna-key", "givenname": "Anna", "surname": "Andersen", "cpr_no": cpr_of(1)}
        here.stage.store.create("employee", HAND_MADE, date(1970, 1, 1), date.max, given)
    taken(here, {"Pers_nye_20260202_220000.csv": employed(ANNA, BO)})
    end = gone(ANNA).replace(cpr_of(1), cpr_of(2))
    second = employed(Job(1, 2, primary=False))
    taken(here, {"Pers_nye_20260203_220000.csv": second, "Pers_luk_20260204_220000.csv": end})
    before = here.state()
    here.run(Options(since=date(2026, 2, 4)))
    assert here.state() == before


def test_one_number_in_two_files_with_and_without_a_dash_is_one_person(here: OneProcess) -> None:
    taken(
        here,
        {
            "Pers_nye_20260202_220000.csv": employed(ANNA),
            "Pers_ret_20260202_220000.csv": employed(Job(1, 2, dash=True, primary=False)),
            "Pers_nye_20260203_220000.csv": employed(Job(1, 3, dash=True, primary=False)),
        },
    )
    state = here.state()
    assert list(state["employee"]) == [person_of(ANNA)]
    assert len(state["address"]) == len(state["it"]) == 1
    assert len(state["engagement"]) == 3


def creates_people(request: Request) -> bool:
    return request.path == "/service/details/create" and b'"employee"' in request.body


@pytest.mark.parametrize("phase", list(Phase))
def test_a_person_whose_creation_was_not_answered_is_made_once(here: OneProcess, phase: Phase) -> None:
    lost = []

    def once(request: Request, when: Phase) -> Action | None:
        if creates_people(request) and when is phase and not lost:
            lost.append(request.number)
            return Drop()
        return None

    here.stage.mo.intercept = once
    with no_waits():
        taken(here, {"Pers_nye_20260202_220000.csv": employed(ANNA, BO)})
    assert lost
    assert set(here.state()["employee"]) == {person_of(ANNA), person_of(BO)}


def test_a_run_that_is_cut_off_when_people_are_made_and_repeated_makes_each_once(town: Sandbox) -> None:
    down = []

    def from_then_on(request: Request, when: Phase) -> Action | None:
        if creates_people(request) and when is Phase.AFTER:
            down.append(request.number)
        return Drop() if down and request.path != "/sandbox/state" else None

    put_files(town, {"Pers_nye_20260202_220000.csv": employed(ANNA, BO, CARL)})
    claimed = town.claimed()
    town.configure(retry_seconds=1)
    town.mo.intercept = from_then_on
    assert town.run().returncode == 69
    assert town.claimed() == claimed
    made = town.store.state()["employee"]
    assert made
    town.mo.intercept = None
    assert town.run().returncode == 0
    people = town.state()["employee"]
    assert set(people) == {person_of(job) for job in (ANNA, BO, CARL)}
    assert {uuid: people[uuid] for uuid in made} == made
    assert sorted(each[0]["cpr_no"] for each in people.values()) == sorted(
        cpr_of(number) for number in (1, 2, 3)
    )


def test_an_account_whose_creation_was_not_answered_is_not_made_twice(here: OneProcess) -> None:
    lost = []

    def once(request: Request, when: Phase) -> Action | None:
        accounts = request.path == "/service/details/create" and b'"it"' in request.body
        if accounts and when is Phase.AFTER and not lost:
            lost.append(request.number)
            return Drop()
        return None

    here.stage.mo.intercept = once
    with no_waits():
        taken(here, {"Pers_nye_20260202_220000.csv": employed(ANNA, BO)})
    assert lost
    assert set(here.state()["it"]) == {object_uuid(cpr_of(number) + "azid") for number in (1, 2)}


def test_a_pending_engagement_heals_when_its_unit_comes(town: Sandbox) -> None:
    put_files(
        town,
        {
            "Pers_nye_20260202_220000.csv": employed(Job(1, unit="ny"), BO),
            "Leder_nye_20260202_220000.csv": leading(("skole", 1, "Personale")),
        },
    )
    done = town.run()
    assert done.returncode == 1
    assert "Pers_nye_20260202_220000.csv:2: OrgenhedUUID: neither MO nor the drop has" in done.stdout
    assert "Leder_nye_20260202_220000.csv:2: CPR: neither MO nor the drop has a person" in done.stdout
    assert list(town.state()["employee"]) == [person_of(BO)]
    imported(town, {"Org_nye_20260203_220000.csv": org(unit("ny", "top"))})
    state = town.state()
    assert spans(state["engagement"][job_of(1)], "org_unit") == [("2026-01-01", None, uuid_of("ny"))]
    manager = state["manager"][object_uuid(uuid_of("skole") + cpr_of(1) + "manager")]
    assert spans(manager, "person") == [("2026-02-02", None, person_of(ANNA))]
    assert not town.state_file.with_name("state.d").exists()


# Ten days


def lived(days: list[Files], *, one_by_one: bool) -> MoStore:
    with one_process() as importer:
        put_all(importer, TOWN_HALL)
        assert importer.run().exit_code == 0
        for files in days:
            put_all(importer, files)
            if one_by_one:
                assert importer.run().exit_code == 0
        assert importer.run().exit_code == 0
        requests = len(importer.stage.mo.requests)
        assert importer.run().exit_code == 0
        assert importer.written(requests) == 0
        return importer.stage.store


def put_all(importer: OneProcess, files: Files) -> None:
    for name, text in files.items():
        importer.put(name, text)


@pytest.mark.parametrize(
    ("seed", "number"), [(4, 5), *(pytest.param(seed, 10, marks=pytest.mark.slow) for seed in (4, 5))]
)
def test_ten_days_one_by_one_and_all_at_once_are_what_the_rows_say(seed: int, number: int) -> None:
    """Or the first of them."""
    days = ten_days(seed)[:number]
    apart, together = lived(days, one_by_one=True), lived(days, one_by_one=False)
    assert without_bookmark(apart.state()) == without_bookmark(together.state())
    everything = {name: text for files in (TOWN_HALL, *days) for name, text in files.items()}
    assert first_difference(said(apart), [told(everything)]) is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_ten_days_of_other_lives(seed: int) -> None:
    test_ten_days_one_by_one_and_all_at_once_are_what_the_rows_say(seed, 10)


class Killer:
    """Kills the importer at its n-th write, before or after it takes effect."""

    def __init__(self, number: int, phase: Phase) -> None:
        self.number = number
        self.phase = phase
        self.process: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        self.writes: set[int] = set()
        self.fired = False

    def __call__(self, request: Request, phase: Phase) -> Action | None:
        if written_objects(request):
            self.writes.add(request.number)
            if not self.fired and len(self.writes) >= self.number and phase is self.phase:
                os.kill(self.process.get(timeout=30).pid, signal.SIGKILL)
                self.fired = True
        return Drop() if self.fired else None


@pytest.mark.slow
def test_ten_days_with_runs_that_are_killed_at_twenty_points_end_the_same(sandbox: Sandbox) -> None:
    drawn = random.Random(7)
    days = ten_days()
    put_files(sandbox, dict(TOWN_HALL))
    first = sandbox.run("-q")
    assert (first.returncode, first.stderr) == (0, "")
    assert f"a first import: {len(TOWN_HALL)} files are new" in first.stdout
    sandbox.configure(chunk_size=4, concurrency=2)
    killed = 0
    for files in days:
        put_files(sandbox, dict(files))
        for _ in range(3):
            killer = Killer(drawn.randint(1, 3), drawn.choice(list(Phase)))
            sandbox.mo.intercept = killer
            claimed = sandbox.claimed()
            with sandbox.start() as process:
                killer.process.put(process)
                process.communicate(timeout=60)
            if killer.fired:
                assert process.returncode == -signal.SIGKILL
                assert sandbox.claimed() == claimed
                killed += 1
        sandbox.mo.intercept = None
        done = sandbox.run("-q")
        assert (done.returncode, done.stderr) == (0, "")
    assert killed >= 20
    assert without_bookmark(sandbox.store.state()) == without_bookmark(lived(days, one_by_one=True).state())


# Brakes


def test_more_ends_of_engagements_than_allowed_are_not_sent_unasked(town: Sandbox) -> None:
    everybody = [Job(n, name=f"Person Nummer{n}", email="", azid="") for n in range(1, 21)]
    imported(town, {"Pers_nye_20260202_220000.csv": employed(*everybody)})
    town.configure(max_engagement_ends=3, max_engagement_ends_percent=15)
    before, claimed = town.state(), town.claimed()
    town.writes()
    put_files(town, {"Pers_luk_20260209_220000.csv": gone(*everybody[:4])})
    done = town.run()
    assert done.returncode == 65
    assert "the plan has 4 engagement ends (20% of 20)" in done.stdout
    assert "--allow engagement-ends=4" in done.stdout
    assert (town.writes(), town.state(), town.claimed()) == (0, before, claimed)
    assert town.run("--allow", "engagement-ends=3").returncode == 65
    assert town.run("--allow", "engagement-ends=4").returncode == 0
    assert sum(each[-1]["to"] == "2026-02-09" for each in town.state()["engagement"].values()) == 4


def test_few_ends_of_engagements_or_a_small_part_of_all_pass(here: OneProcess) -> None:
    everybody = [Job(n, name=f"Person Nummer{n}", email="", azid="") for n in range(1, 21)]
    taken(here, {"Pers_nye_20260202_220000.csv": employed(*everybody)})
    here.settings |= {"max_engagement_ends": 3, "max_engagement_ends_percent": 1}
    taken(here, {"Pers_luk_20260209_220000.csv": gone(*everybody[:3])})
    here.settings |= {"max_engagement_ends": 0, "max_engagement_ends_percent": 20}
    taken(here, {"Pers_luk_20260210_220000.csv": gone(*everybody[3:6])})


# The order of sending


class Listener:
    """Remembers what was sent, object by object."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        """The verb, the uuid, and the item."""

    def __call__(self, request: Request, phase: Phase) -> None:
        verb = request.path.removeprefix("/service/details/")
        if phase is Phase.BEFORE and verb in ("create", "edit", "terminate"):
            for item in request.json():
                uuid = item.get("uuid") or item["data"]["uuid"]
                self.sent.append((verb, uuid, item))

    def place(self, verb: str, uuid: str) -> int:
        """When an object was sent."""
        return next(n for n, (how, which, _) in enumerate(self.sent) if (how, which) == (verb, uuid))


def referred(item: Mapping[str, Any]) -> set[str]:
    """The uuids that an item refers to."""
    found = {value["uuid"] for value in item.values() if isinstance(value, dict) and "uuid" in value}
    lists = [value for value in item.values() if isinstance(value, list)]
    return found | {each["uuid"] for values in lists for each in values}


@pytest.mark.parametrize("concurrency", [1, 4])
def test_what_is_referred_to_is_sent_before_whatever_the_order_of_files(
    here: OneProcess, concurrency: int
) -> None:
    here.settings |= {"chunk_size": 1, "concurrency": concurrency}
    listener = Listener()
    here.stage.mo.intercept = listener
    files = {
        **TOWN_HALL,
        # the managers before the people, the people before their units
        "Leder_nye_20260101_220000.csv": leading(("ny", 1, "Personale")),
        "Pers_nye_20260102_220000.csv": employed(Job(1, unit="ny"), BO),
        "Org_nye_20260203_220000.csv": org(unit("ny", "kontor")),
    }
    taken(here, files)
    made = [uuid for verb, uuid, _ in listener.sent if verb == "create"]
    for verb, uuid, item in listener.sent:
        for need in referred(item) & set(made):
            assert listener.place("create", need) < listener.place(verb, uuid)
    kinds = [item["type"] for verb, _, item in listener.sent if verb == "create"]
    assert {"org_unit", "employee", "engagement", "address", "it", "manager"} == set(kinds)


def test_what_is_in_a_unit_ends_before_it(here: OneProcess) -> None:
    taken(
        here,
        {
            "Org_nye_20260201_220000.csv": org(unit("ny", "kontor")),
            "Pers_nye_20260202_220000.csv": employed(Job(1, unit="ny")),
            "Leder_nye_20260202_220000.csv": leading(("ny", 1, "Personale")),
        },
    )
    here.settings |= {"chunk_size": 1, "concurrency": 1}
    listener = Listener()
    here.stage.mo.intercept = listener
    taken(
        here,
        {
            "Org_ret_20260209_220000.csv": org(unit("ny", "kontor", end="2026-02-09")),
            "Pers_luk_20260209_220000.csv": gone(ANNA),
            "Leder_luk_20260209_220000.csv": resigned(("ny", 1)),
        },
    )
    ended = [uuid for verb, uuid, _ in listener.sent if verb == "terminate"]
    inside = {job_of(1), object_uuid(uuid_of("ny") + cpr_of(1) + "manager")}
    assert inside < set(ended[: ended.index(uuid_of("ny"))])


# People in an MO that others use too


def test_an_engagement_of_another_person_is_rejected_and_the_rest_goes_on(town: Sandbox) -> None:
    imported(town, {"Pers_nye_20260202_220000.csv": employed(ANNA)})
    before = town.state()["engagement"][job_of(1)]
    put_files(
        town,
        {
            "Pers_ret_20260203_220000.csv": employed(
                Job(2, name="Bo Berg"), Job(3, name="Carl", unit="kontor")
            ).replace(job_of(2), job_of(1))
        },
    )
    done = town.run()
    assert done.returncode == 1
    assert (
        f"Pers_ret_20260203_220000.csv:2: CPR: the engagement {job_of(1)} belongs to another" in done.stdout
    )
    assert cpr_of(2) not in done.stdout
    state = town.state()
    assert state["engagement"][job_of(1)] == before
    assert person_of(BO) not in state["employee"]
    assert spans(state["engagement"][job_of(3)], "org_unit") == [("2026-01-01", None, uuid_of("kontor"))]


def test_a_name_is_edited_only_when_it_changes(here: OneProcess) -> None:
    names = ["Anna", "Anna  Maria   Berg", "  Anna Berg  ", "Ægir Ørn Å", "Anna-Maria O'Brien Lund-Nørgaard"]
    everybody = [Job(number, name=name) for number, name in enumerate(names)]
    taken(here, {"Pers_nye_20260202_220000.csv": employed(*everybody)})
    assert taken(here, {"Pers_ret_20260203_220000.csv": employed(*everybody)}) == 0
    people = here.state()["employee"]
    assert [[each["name"] for each in people[person_of(job)]] for job in everybody] == [
        [" ".join(name.split())] for name in names
    ]
