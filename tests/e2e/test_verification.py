"""What was touched is read back: an MO that says yes and does otherwise is found out, by object and field."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pytest

from aarhus_los.errors import EXIT_INTERNAL
from aarhus_los.mo.bookmark import CLASS
from aarhus_los.report.account import Account, FileAccount
from aarhus_los.run import Options
from aarhus_los.sandbox.http_stand_in import Action, Answer, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from aarhus_los.sandbox.mo_store import MoStore, Snapshot
from aarhus_los.sandbox.moments import BEGINNING, FOREVER
from aarhus_los.uuids import LINE_ORGANISATION, UNKNOWN_TYPE, object_uuid
from tests.e2e.drops import CHANGED, FIRST_FILES, TYPES, office, type_list
from tests.e2e.los_files import PERS, address_of, org, stam, table, uuid_of
from tests.e2e.one_process import OneProcess, Ran, one_process
from tests.e2e.test_crash import cpr, employed

PEOPLE: Final = "Pers_ret_20260209_220000.csv"
CLASSES: Final = {
    TYPES: type_list(),
    "STAM_UUID_Engagementstype.csv": stam("Engagementstype", "Timelønnet"),
    "STAM_UUID_Stillingsbetegnelse.csv": stam("Stillingsbetegnelse", "Jurist", "Rådgiver"),
}


CHANGES: Final = {
    TYPES: type_list(Kontor="Kontorer", Skole="Skole"),
    CHANGED: org(
        office("bibl", OrgEnhedsNavn="Biblioteket på havnen", EAN="5790000000002"),
        office("øko", CVR="55133018", EAN=""),
        office("mor", "hr", SE_Nr="12345678"),
        office("ny", start="2026-02-09"),
    ),
    PEOPLE: table(
        PERS,
        [
            employed(
                1,
                CPRNavn="Ny Navngiven",
                Email="ny@aadal.example",
                StillingsBetegnelseUUID=uuid_of("Rådgiver"),
            )
        ],
    ),
}


@dataclass(frozen=True)
class World:
    there: OneProcess
    mo: Snapshot
    state: bytes


@pytest.fixture(scope="module")
def first() -> Iterator[World]:
    with one_process() as there:
        for name, text in {
            **CLASSES,
            **FIRST_FILES,
            PEOPLE.replace("ret", "nye"): table(PERS, [employed(1)]),
        }.items():
            there.put(name, text)
        assert there.run().exit_code == 0
        world = World(there, there.stage.store.snapshot(), there.stage.state_file.read_bytes())
        for name, text in CHANGES.items():
            there.put(name, text)
        yield world


@pytest.fixture
def there(first: World) -> Iterator[OneProcess]:
    first.there.stage.store.restore(first.mo)
    first.there.stage.state_file.write_bytes(first.state)
    yield first.there
    for changed in ("verify_limit", "concurrency", "retry_seconds"):
        first.there.settings.pop(changed, None)
    first.there.stage.mo.intercept = None


def saying_yes(request: Request, phase: Phase) -> Action | None:
    """MO acknowledges every edit, and does nothing."""
    if phase is Phase.BEFORE and request.path == "/service/details/edit":
        uuids = [item.get("uuid") or item["data"]["uuid"] for item in request.json()]
        return Answer.json(200, uuids)
    return None


def meddling(change: Callable[[], None]) -> Callable[[Request, Phase], Action | None]:
    """MO writes otherwise than it was told: the change is made whenever it has written."""

    def intercept(request: Request, phase: Phase) -> Action | None:
        if phase is Phase.AFTER and written_objects(request):
            change()
        return None

    return intercept


def differences(ran: Ran) -> list[str]:
    assert ran.account is not None
    return ran.account.differences


def test_an_mo_that_says_yes_and_writes_nothing_is_found_out(there: OneProcess) -> None:
    claimed = there.claimed()
    there.stage.mo.intercept = saying_yes
    ran = there.run()
    assert ran.exit_code == EXIT_INTERNAL
    found = {difference.partition(": ")[0]: difference for difference in differences(ran)}
    told = "MO does not say what it was told from 2026-02-09 to no end"
    assert found[f"org_unit {uuid_of('bibl')}"].endswith(f"{told}: name ({CHANGED}:2)")
    assert found[f"org_unit {uuid_of('mor')}"].endswith(f"{told}: parent ({CHANGED}:4)")
    assert found[f"address {address_of('bibl', 'EAN')}"].endswith(f"{told}: value ({CHANGED}:2)")
    assert found[f"engagement {uuid_of('engagement 1')}"].endswith(f"{told}: job_function ({PEOPLE}:2)")
    # A log is no place for what people are called.
    assert found.keys() >= {f"employee {object_uuid(cpr(1))}"}
    assert not any(
        word in difference
        for difference in found.values()
        for word in ("Nummer1", "Navngiven", "@aadal", cpr(1))
    )
    assert there.claimed() == claimed
    there.stage.mo.intercept = None
    assert there.run().exit_code == 0
    assert there.claimed().keys() >= CHANGES.keys()
    before = len(there.stage.mo.requests)
    assert there.run().exit_code == 0
    assert len(there.stage.mo.requests) == before


Meddle = Callable[[MoStore], None]
WHOLE: Final = (BEGINNING, FOREVER)


def edit(kind: str, uuid: str, **fields: Any) -> Meddle:
    def meddle(store: MoStore) -> None:
        history = store.history(kind, uuid)
        if history is not None:
            store.edit(kind, uuid, history[0].start, FOREVER, fields)

    return meddle


def end(kind: str, uuid: str) -> Meddle:
    return lambda store: store.terminate(kind, uuid, *WHOLE) if store.history(kind, uuid) else None


OTHERWISE: Final[dict[str, tuple[Meddle, str, str]]] = {
    "another name": (
        edit("org_unit", uuid_of("bibl"), name="Bibl"),
        f"org_unit {uuid_of('bibl')}",
        "name",
    ),
    "another parent": (
        edit("org_unit", uuid_of("mor"), parent=uuid_of("bibl")),
        f"org_unit {uuid_of('mor')}",
        "parent",
    ),
    "a unit that is not there": (
        end("org_unit", uuid_of("ny")),
        f"org_unit {uuid_of('ny')}",
        "it is not there",
    ),
    "an address that is still there": (
        edit("address", address_of("øko", "EAN"), value="5790000000009"),
        f"address {address_of('øko', 'EAN')}",
        "it is still there",
    ),
    "another title of a class": (
        edit("class", uuid_of("Kontor"), name="Knotor"),
        f"class {uuid_of('Kontor')}",
        "name",
    ),
    "another job": (
        edit("engagement", uuid_of("engagement 1"), job_function=uuid_of("Jurist")),
        f"engagement {uuid_of('engagement 1')}",
        "job_function",
    ),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_an_mo_that_writes_otherwise_is_found_out(there: OneProcess, name: str) -> None:
    meddle, thing, field = OTHERWISE[name]
    claimed = there.claimed()
    there.stage.mo.intercept = meddling(lambda: meddle(there.stage.store))
    ran = there.run()
    assert ran.exit_code == EXIT_INTERNAL
    found = [difference for difference in differences(ran) if difference.startswith(thing)]
    assert found
    assert any(field in difference for difference in found)
    assert there.claimed() == claimed
    there.stage.mo.intercept = None
    assert there.run().exit_code == 0


def test_what_is_only_made_where_mo_lacks_it_is_read_back_like_all_else() -> None:
    with one_process() as there:
        there.put(TYPES, CLASSES[TYPES])
        meddle = edit("class", UNKNOWN_TYPE, name="Ukendte")
        there.stage.mo.intercept = meddling(lambda: meddle(there.stage.store))
        ran = there.run()
        assert ran.exit_code == EXIT_INTERNAL
        assert [each for each in differences(ran) if each.startswith(f"class {UNKNOWN_TYPE}")]


def test_who_asks_for_no_verification_believes_mo(there: OneProcess) -> None:
    there.stage.mo.intercept = saying_yes
    ran = there.run(Options(verify="none"))
    assert (ran.exit_code, differences(ran)) == (0, [])


class Reads:
    """The objects that are read after the last write."""

    def __init__(self) -> None:
        self.uuids: set[str] = set()

    def __call__(self, request: Request, phase: Phase) -> Action | None:
        if phase is Phase.AFTER:
            if written_objects(request):
                self.uuids.clear()
            elif request.path.startswith("/graphql/") and b"registrations" not in request.body:
                variables = request.json().get("variables") or {}
                self.uuids |= {uuid for value in variables.values() for uuid in _texts(value)}
        return None


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    ("verify", "limit", "read"),
    [("none", 5000, 0), ("some", 5000, None), ("some", 3, 3), ("some", 0, 0), ("all", 3, None)],
)
def test_how_much_is_read_back(there: OneProcess, verify: Any, limit: int, read: int | None) -> None:
    """`read` None: everything that was touched."""
    there.settings["verify_limit"] = limit
    reads = Reads()
    there.stage.mo.intercept = reads
    ran = there.run(Options(verify=verify))
    assert ran.exit_code == 0
    assert ran.account is not None
    touched = {operation.uuid for operation in ran.account.plan.operations}
    assert len(touched) > 8
    assert reads.uuids <= touched
    assert len(reads.uuids) == (len(touched) if read is None else read)


def test_a_mark_that_comes_to_light_is_taken_back_whatever_the_limit() -> None:
    """Nobody could see it before: it was on days only on which the unit was not there."""
    until = "Org_ret_20260208_220000.csv"
    with one_process(verify_limit=0) as there:
        for name, text in (CLASSES | FIRST_FILES).items():
            there.put(name, text)
        assert there.run().exit_code == 0
        there.put(until, org(office("hr", Med_i_LinjeOrg="False", end="2027-12-31")))
        assert there.run().exit_code == 0
        store, unit = there.stage.store, uuid_of("hr")
        store.edit("org_unit", unit, date(2028, 1, 1), FOREVER, {"org_unit_hierarchy": LINE_ORGANISATION})
        store.terminate("org_unit", unit, date(2028, 1, 1), FOREVER)
        there.put(CHANGED, org(office("hr", Med_i_LinjeOrg="False")))
        ran = there.run()
        assert (ran.exit_code, differences(ran)) == (0, [])
        shown = store.history("org_unit", unit)
        assert shown is not None
        assert shown[-1].end == FOREVER
        assert LINE_ORGANISATION not in [piece.fields.get("org_unit_hierarchy") for piece in shown]


class ReadBack:
    """What befalls the reads that come after the writes of a run."""

    def __init__(self, deed: Callable[[Request], Action | None]) -> None:
        self.deed = deed
        self.wrote = False

    def __call__(self, request: Request, phase: Phase) -> Action | None:
        if written_objects(request):
            self.wrote |= CLASS.encode() not in request.body
            return None
        reads = request.path.startswith("/graphql/") and b"registrations" not in request.body
        return self.deed(request) if self.wrote and reads and phase is Phase.BEFORE else None


def once(change: Callable[[], None]) -> Callable[[Request], None]:
    left = [1]

    def deed(request: Request) -> None:
        if left[0]:
            left[0] = 0
            change()

    return deed


def forget(there: OneProcess) -> None:
    """Removes the records of runs: a run of the same second would take the place of one."""
    for path in there.stage.reports.glob("run_*"):
        path.unlink()


def written(there: OneProcess, thing: str) -> int:
    """How often the last run that left a record wrote an object."""
    return [f"{each['kind']} {each['uuid']}" for each in there.records()[-1]["written"]].count(thing)


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_mo_says_otherwise_is_written_again_before_it_is_held_against_it(
    first: World, there: OneProcess, name: str
) -> None:
    """Somebody else wrote at the same time, or a create that was given up was carried out late."""
    meddle, thing, _ = OTHERWISE[name]
    store = there.stage.store
    assert there.run().exit_code == 0
    as_often = written(there, thing)
    store.restore(first.mo)
    there.stage.state_file.write_bytes(first.state)
    forget(there)
    there.stage.mo.intercept = ReadBack(once(lambda: meddle(store)))
    ran = there.run()
    assert (ran.exit_code, differences(ran)) == (0, [])
    assert written(there, thing) == as_often + 1
    there.stage.mo.intercept = None
    again = there.run(Options(since=date(2026, 2, 9)))
    assert again.account is not None
    assert (again.exit_code, again.account.plan.operations) == (0, [])


def naming(uuid: str, answer: Action) -> Callable[[Request], Action | None]:
    return lambda request: answer if uuid.encode() in request.body else None


UNSHOWN: Final = Answer.json(200, {"data": None, "errors": [{"message": "it has no name"}]})


def test_what_mo_cannot_show_afterwards_is_pending_with_its_words(there: OneProcess) -> None:
    there.stage.mo.intercept = ReadBack(naming(uuid_of("bibl"), UNSHOWN))
    ran = there.run()
    assert ran.account is not None
    assert (ran.exit_code, differences(ran), ran.account.stopped) == (1, [], None)
    aside = [each for each in ran.account.set_aside if str(each.ref) == f"{CHANGED}:2"]
    assert [each.pending for each in aside] == [True]
    assert "it has no name" in aside[0].reason
    there.stage.mo.intercept = None
    assert there.run().exit_code == 0
    assert not any(line.pending for line in there.lines().values())


def test_what_mo_refuses_to_write_again_is_pending(there: OneProcess) -> None:
    meddle, _, _ = OTHERWISE["another name"]
    body = {"error": True, "description": "Not again.", "status": 400, "error_key": "V_NOT_AGAIN"}
    read_back = ReadBack(once(lambda: meddle(there.stage.store)))
    meddled = read_back.deed

    def deed(request: Request) -> None:
        meddled(request)
        there.stage.mo.intercept = lambda request, phase: (
            Answer.json(400, body) if phase is Phase.BEFORE and request.path.endswith("/edit") else None
        )

    read_back.deed = deed
    there.stage.mo.intercept = read_back
    ran = there.run()
    assert ran.account is not None
    assert (ran.exit_code, differences(ran)) == (1, [])
    assert [aside.pending for aside in ran.account.set_aside] == [True]
    assert "Not again." in ran.account.set_aside[0].reason


def test_an_mo_that_goes_away_while_it_is_read_back_claims_nothing_and_leaves_the_record(
    there: OneProcess,
) -> None:
    claimed, records = there.claimed(), len(there.records())
    there.settings["retry_seconds"] = 0
    there.stage.mo.intercept = ReadBack(lambda request: Answer(503))
    ran = there.run()
    assert ran.exit_code == 69
    assert there.claimed() == claimed
    assert len(there.records()) == records + 1
    there.stage.mo.intercept = None
    assert there.run().exit_code == 0


def test_kinds_are_read_back_side_by_side(there: OneProcess) -> None:
    there.settings["concurrency"] = 4
    first_three = threading.Barrier(3)
    left = iter(range(3))

    def deed(request: Request) -> None:
        if next(left, None) is not None:
            first_three.wait(5)  # they let each other pass, or nobody

    there.stage.mo.intercept = ReadBack(deed)
    assert there.run().exit_code == 0
    assert next(left, None) is None
    assert not first_three.broken


def test_what_failed_is_not_held_against_mo_twice(there: OneProcess) -> None:
    body = {"error": True, "description": "Not this one.", "status": 400, "error_key": "V_NOT_WANTED"}

    def refusing(request: Request, phase: Phase) -> Action | None:
        refused = (
            phase is Phase.BEFORE and written_objects(request) and uuid_of("ny").encode() in request.body
        )
        return Answer.json(400, body) if refused else None

    there.stage.mo.intercept = refusing
    ran = there.run()
    assert (ran.exit_code, differences(ran)) == (1, [])


def test_a_run_that_does_not_balance_fails_and_claims_nothing(
    there: OneProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That there is no such run is what the other tests are for; here the account itself is made wrong."""
    claimed = there.claimed()
    monkeypatch.setattr(FileAccount, "balances", property(lambda file: file.name != CHANGED))
    ran = there.run()
    assert isinstance(ran.account, Account)
    assert ran.exit_code == EXIT_INTERNAL
    assert there.claimed() == claimed
    monkeypatch.undo()
    assert there.run().exit_code == 0
    assert there.claimed().keys() >= CHANGES.keys()
