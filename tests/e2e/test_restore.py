"""MO put back to an earlier copy becomes what it was, and the record of a run tells what was written."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pytest

from aarhus_los.run import Options
from aarhus_los.sandbox.mo_store import MoStore, Snapshot
from tests.e2e.drops import State, office
from tests.e2e.harness import without_bookmark
from tests.e2e.los_files import LEDER, LEDER_LUK, PERS, org, table, uuid_of
from tests.e2e.one_process import OneProcess, one_process
from tests.e2e.test_crash import cpr, employed, leading
from tests.e2e.test_fault_schedules import DELTA, FIRST, timeless

LATER: Final = {
    "Org_ret_20260211_220000.csv": org(
        office("sen", OrgEnhedsNavn="Den sene", EAN=""),
        office("ny", "top", OrgEnhedsTypeUUID=uuid_of("Skole"), MagID="M-9"),
        office("hr", OrgEnhedsTypeUUID="", MagID="M-5", Med_i_LinjeOrg="True", end="28-02-2026"),
    ),
    "Pers_ret_20260211_220000.csv": table(PERS, [employed(3, "sen", AZID="az33", SlutTid="2027-06-30")]),
    "Leder_luk_20260211_220000.csv": table(LEDER_LUK, [{"OrgUUID": uuid_of("ny"), "CPR": cpr(3)}]),
    "Leder_nye_20260211_220000.csv": table(LEDER, [leading(1, "sen")]),
}
DROPS: Final = (FIRST, DELTA, LATER)
ALL_PEOPLE: Final = [cpr(person) for person in (1, 2, 3)]


@dataclass(frozen=True)
class History:
    """An importer that was fed three drops, a copy of MO after each, and what MO says at the end."""

    there: OneProcess
    copies: tuple[Snapshot, ...]
    end: State
    state: bytes

    def put_back(self, copy: int) -> None:
        self.there.stage.store.restore(self.copies[copy - 1])
        self.there.stage.state_file.write_bytes(self.state)


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    with one_process(chunk_size=10) as there:
        copies = []
        for drop in DROPS:
            for name, text in drop.items():
                there.put(name, text)
            assert there.run().exit_code == 0
            copies.append(there.stage.store.snapshot())
        yield History(there, tuple(copies), there.state(), there.stage.state_file.read_bytes())


@pytest.mark.parametrize(
    ("copy", "since"),
    [(1, date(2026, 2, 8)), (2, date(2026, 2, 10)), (1, date(2026, 1, 4)), (2, date(2026, 1, 4))],
    ids=[
        "after the first drop",
        "after the second",
        "after the first, all again",
        "after the second, all again",
    ],
)
def test_files_imported_again_make_mo_what_it_was(history: History, copy: int, since: date) -> None:
    history.put_back(copy)
    there = history.there
    claimed = there.claimed()
    assert there.state() != history.end
    ran = there.run(Options(since=since))
    assert (ran.exit_code, ran.error) == (0, "")
    assert timeless(there.state()) == timeless(history.end)
    assert there.claimed() == claimed
    before = len(there.stage.mo.requests)
    assert there.run(Options(since=since)).exit_code == 0
    assert there.written(before) == 0


def test_an_mo_without_anything_is_filled_again(history: History) -> None:
    there = history.there
    there.stage.store.restore(MoStore.empty().snapshot())
    there.stage.state_file.write_bytes(history.state)
    assert there.run(Options(since=date(2026, 1, 1))).exit_code == 0
    assert timeless(there.state()) == timeless(history.end)


def test_files_that_are_gone_are_named_and_can_be_uploaded_again(history: History) -> None:
    gone = "Org_ret_20260209_220000.csv"
    history.put_back(1)
    there = history.there
    (there.drop / gone).unlink()
    options = Options(since=date(2026, 2, 8))
    ran = there.run(options)
    assert ran.account is not None
    assert ran.exit_code == 1
    assert any(gone in str(notice) for notice in ran.account.notices)
    there.put(gone, DELTA[gone])
    assert there.run(options).exit_code == 0
    assert timeless(there.state()) == timeless(history.end)


FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "org_unit": {"type": "org_unit_type", "hierarchy": "org_unit_hierarchy"},
    "address": {"type": "address_type"},
    "employee": {"given_name": "givenname"},
    "manager": {"type": "manager_type", "level": "manager_level", "responsibilities": "responsibility"},
    "class": {"facet": "facet_uuid"},
}
"""Fields of MO that are called otherwise in a record."""


def replay(store: MoStore, operation: Mapping[str, Any]) -> None:
    """Does by hand what a record says that was done."""
    kind, uuid, value = operation["kind"], operation["uuid"], operation["value"]
    start = date.fromisoformat(operation["from"] or "0001-01-01")
    end = date.fromisoformat(operation["to"] or "9999-12-31")
    if kind == "organisation":
        store.set_municipality_code(value["municipality_code"])
        return
    if value is None:
        store.terminate(kind, uuid, start, end)
        return
    fields = {FIELDS.get(kind, {}).get(name, name): each for name, each in value.items()}
    if kind == "address":
        fields["user_key"] = fields["value"]
    (store.create if operation["action"] == "create" else store.edit)(kind, uuid, start, end, fields)


def anonymous(state: State) -> dict[str, Any]:
    """MO but for what no record holds: CPR numbers, the days of birth, and the keys that MO gives of its own accord."""
    told: dict[str, Any] = dict(timeless(state))
    for kind in ("employee", "manager"):
        told[kind] = {
            uuid: [
                {name: value for name, value in each.items() if name not in ("cpr_no", "user_key")}
                for each in validities
            ]
            for uuid, validities in state[kind].items()
        }
    for validities in told["employee"].values():
        validities[0]["from"] = None
    told["facet"] = {uuid: validities[-1]["user_key"] for uuid, validities in told["facet"].items()}
    return told


@pytest.mark.parametrize("drop", [1, 2, 3])
def test_the_record_of_a_run_replayed_by_hand_gives_the_same_mo(history: History, drop: int) -> None:
    store = MoStore.empty()
    if drop > 1:
        store.restore(history.copies[drop - 2])
    for operation in history.there.records()[drop - 1]["written"]:
        replay(store, operation)
    after = MoStore.empty()
    after.restore(history.copies[drop - 1])
    assert anonymous(without_bookmark(store.state())) == anonymous(without_bookmark(after.state()))
    assert store.municipality_code == after.municipality_code


@pytest.mark.parametrize("drop", [2, 3])
def test_a_record_tells_what_was_there_before(history: History, drop: int) -> None:
    """Enough to undo by hand: every value that a run took away or changed was in MO before it."""
    store = MoStore.empty()
    store.restore(history.copies[drop - 2])
    there = store.state()
    undoable = 0
    for operation in history.there.records()[drop - 1]["written"]:
        for piece in operation["before"]:
            if piece["value"] is None or operation["kind"] == "organisation":
                continue
            undoable += 1
            names = FIELDS.get(operation["kind"], {})
            said = {names.get(name, name): value for name, value in piece["value"].items()}
            day = max(piece["from"] or "0001-01-01", operation["from"] or "0001-01-01")
            found = [
                each
                for each in there[operation["kind"]][operation["uuid"]]
                if (each["from"] or "0001-01-01") <= day <= (each["to"] or "9999-12-31")
            ]
            assert [{name: each.get(name) for name in said} for each in found] == [said]
    assert undoable > 3


def test_records_are_private_and_hold_no_cpr_number(history: History) -> None:
    paths = list(history.there.stage.reports.glob("run_*.json"))
    assert len(paths) >= len(DROPS)
    assert stat.S_IMODE(history.there.stage.reports.stat().st_mode) == 0o700
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        text = path.read_text(encoding="utf-8")
        assert not any(
            word in text for number in ALL_PEOPLE for word in (number, number[:6], f"-{number[6:]}")
        )
    assert any("Navngiven" in path.read_text(encoding="utf-8") for path in paths)
