from __future__ import annotations

import json
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aarhus_los.sandbox.dar import address_uuid
from aarhus_los.sandbox.http_stand_in import Action, Answer, Phase, Request
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import address_of, org, spans, unit, uuid_of

INITAL = "Org_inital_20260101_220000.csv"
RET = "Org_ret_20260301_220000.csv"
HEADER = "org_uuid#post_address#kode#tekst#forslag#mo_har"

GOOD = "Vestergade 12, 8000 Aarhus C"
OTHER = "Østergade 3, 8000 Aarhus C"
UNKNOWN = "Ukendt Sti 1, 8000 Aarhus C"
INTERVAL = "Nørregade 1-5, 8000 Aarhus C"
GONE = "Nedlagt Allé 3, 8000 Aarhus C"
DOWN = "Nede Plads 4, 8000 Aarhus C"


def located(word: str, address: str, **cells: str) -> dict[str, str]:
    return unit(word, "top", PostAdresse=address, **cells)


def postal(sandbox: Sandbox, word: str) -> list[tuple[str | None, str | None, Any]]:
    """The postal addresses that MO has of a unit, with their days."""
    return spans(sandbox.state()["address"].get(address_of(word, "PostAdresse"), []), "value")


def looked_up(sandbox: Sandbox) -> int:
    """How often the address service was asked so far."""
    return sum(request.path == "/vask/" for request in sandbox.dar.requests)


def failed(folder: Path, file: str) -> list[list[str]]:
    """The rows of `failed_addr_…`, checked to be the plain lines that other programs read."""
    first, *lines = (folder / f"failed_addr_{file}").read_text(encoding="utf-8").splitlines()
    assert first == HEADER
    return [line.split("#") for line in lines]


def pending(sandbox: Sandbox, file: str) -> list[int]:
    lines = [json.loads(line) for line in sandbox.state_file.read_text().splitlines()[1:]]
    numbers: list[int] = next(line for line in lines if line.get("name") == file).get("pending", [])
    return numbers


@contextmanager
def answering(sandbox: Sandbox, status: int) -> Iterator[None]:
    """The address service answers every call with an error while this lasts."""

    def refuse(request: Request, phase: Phase) -> Action | None:
        return Answer.text(status, "no")

    sandbox.dar.intercept = refuse
    try:
        yield
    finally:
        sandbox.dar.intercept = None


def imported(sandbox: Sandbox, exit_code: int = 0) -> str:
    done = sandbox.run()
    assert (done.returncode, done.stderr) == (exit_code, ""), done.stdout
    return done.stdout


def test_found_unsafe_unknown_and_not_looked_up_are_told_apart(sandbox: Sandbox, tmp_path: Path) -> None:
    queries = tmp_path / "queries"
    queries.mkdir()
    sandbox.configure(queries_folder=str(queries), retry_seconds=0)
    rows = [
        unit("top"),
        # The service does not understand a comma without a space, nor double spaces.
        located("good", "Vestergade  12,8000 Aarhus C"),
        located("unknown", UNKNOWN),
        located("interval", INTERVAL),
        located("gone", GONE),
        located("down", DOWN, LOSID="17"),
        located("none", ""),
        # A second unit at an address that is asked about already.
        located("neighbour", UNKNOWN),
    ]
    sandbox.put(INITAL, org(*rows))
    told = imported(sandbox, exit_code=1)

    assert "Addresses: 1 found, 1 not looked up, 1 unknown, 2 unsafe\n" in told
    assert f"{INITAL}:7: PostAdresse: the address was not looked up" in told
    assert looked_up(sandbox) == 5, "an address is looked up once, however many rows carry it"
    assert postal(sandbox, "good") == [("2020-01-01", None, address_uuid(GOOD))]
    for word in ("unknown", "interval", "gone", "down", "none", "neighbour"):
        assert postal(sandbox, word) == []
        assert uuid_of(word) in sandbox.state()["org_unit"]
    assert spans(sandbox.state()["address"][address_of("down", "LOSID")], "value")[0][2] == "17"
    assert pending(sandbox, INITAL) == [7]

    unsafe = "Adressetekst er et interval. Første husnummer anvendt"
    unrecognised = "Tekst kan ikke genkendes som en adresse"
    assert sorted(failed(sandbox.reports, INITAL)) == sorted(
        [
            [uuid_of("gone"), GONE, "1000", "Eksakt match", GONE, ""],
            [uuid_of("interval"), INTERVAL, "800", unsafe, INTERVAL, ""],
            [uuid_of("neighbour"), UNKNOWN, "-1000", unrecognised, "", ""],
            [uuid_of("unknown"), UNKNOWN, "-1000", unrecognised, "", ""],
        ]
    )
    copy, own = (folder / f"failed_addr_{INITAL}" for folder in (queries, sandbox.reports))
    assert copy.read_bytes() == own.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o644
    assert stat.S_IMODE(own.stat().st_mode) == 0o600


def test_a_queries_folder_that_cannot_be_written_is_found_before_anything_is_sent(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.configure(queries_folder=str(tmp_path / "nowhere"))
    sandbox.put(INITAL, org(unit("top"), located("unknown", UNKNOWN)))
    done = sandbox.run()
    assert done.returncode == 74
    assert f"{tmp_path / 'nowhere'} is not there: make it" in done.stderr
    assert sandbox.requests() == []


def test_mo_keeps_its_former_address_while_the_new_one_is_not_resolved(sandbox: Sandbox) -> None:
    rows = [unit("top"), located("moved", GOOD), located("lost", GOOD), located("stays", GOOD)]
    sandbox.put(INITAL, org(*rows))
    imported(sandbox)
    sandbox.put(RET, org(located("moved", INTERVAL), located("lost", UNKNOWN), located("stays", OTHER)))
    told = imported(sandbox)
    assert "Addresses: 1 found, 1 unknown, 1 unsafe; 2 units keep a former address\n" in told
    had = address_uuid(GOOD)
    assert postal(sandbox, "moved") == postal(sandbox, "lost") == [("2020-01-01", None, had)]
    assert postal(sandbox, "stays") == [
        ("2020-01-01", "2026-02-28", had),
        ("2026-03-01", None, address_uuid(OTHER)),
    ]
    rows_told = {row[0]: row for row in failed(sandbox.reports, RET)}
    assert {uuid: row[5] for uuid, row in rows_told.items()} == {uuid_of("moved"): had, uuid_of("lost"): had}
    assert rows_told[uuid_of("moved")][4] == INTERVAL, "the suggestion is shown, and never applied"
    assert not (sandbox.reports / f"failed_addr_{INITAL}").exists()
    assert pending(sandbox, RET) == []
    # A closed unit's address ends with it, also while its text is not resolved.
    sandbox.put("Org_ret_20260401_220000.csv", org(located("lost", UNKNOWN, end="2026-04-30")))
    imported(sandbox)
    assert postal(sandbox, "lost") == [("2020-01-01", "2026-04-30", had)]


def test_an_address_that_is_not_looked_up_is_pending_and_healed_by_the_next_run(sandbox: Sandbox) -> None:
    sandbox.configure(retry_seconds=0)
    sandbox.put(INITAL, org(unit("top"), located("moved", GOOD)))
    imported(sandbox)
    sandbox.put(RET, org(unit("top"), located("moved", OTHER, OrgEnhedsNavn="Nyt Navn")))
    with answering(sandbox, 503):
        told = imported(sandbox, exit_code=1)
    assert "1 not looked up; 1 unit keeps a former address" in told
    assert pending(sandbox, RET) == [3]
    assert postal(sandbox, "moved") == [("2020-01-01", None, address_uuid(GOOD))]
    assert spans(sandbox.state()["org_unit"][uuid_of("moved")], "name") == [
        ("2020-01-01", "2026-02-28", "Moved"),
        ("2026-03-01", None, "Nyt Navn"),
    ]
    sandbox.writes()
    assert "1 found" in imported(sandbox)
    assert sandbox.writes() == 1
    assert postal(sandbox, "moved") == [
        ("2020-01-01", "2026-02-28", address_uuid(GOOD)),
        ("2026-03-01", None, address_uuid(OTHER)),
    ]
    assert pending(sandbox, RET) == []
    assert not (sandbox.reports / f"rejected_{RET}").exists()
    assert not sandbox.state_file.with_name("state.d").exists()


@pytest.mark.parametrize("provider", ["adressevask", "none"])
def test_an_address_that_is_in_mo_stays_where_its_text_is_not_looked_up_again(
    sandbox: Sandbox, provider: str
) -> None:
    """It is folded again for a row that waits; what the service answered once is too old, or gone."""
    sandbox.configure(retry_seconds=0)
    waits = unit("moved", "nowhere", start="2020-01-01", end="2020-12-31")
    sandbox.put(INITAL, org(unit("top"), waits, unit("moved", "top", start="2021-01-01")))
    imported(sandbox, exit_code=1)
    sandbox.put(RET, org(located("moved", GOOD)))
    imported(sandbox, exit_code=1)
    there = [("2026-03-01", None, address_uuid(GOOD))]
    assert postal(sandbox, "moved") == there
    sandbox.state_file.with_name("state.addresses.json").unlink()
    if provider == "none":
        sandbox.configure(dar_provider="none")
    sandbox.writes()
    with answering(sandbox, 503):
        imported(sandbox, exit_code=1)
    assert (postal(sandbox, "moved"), sandbox.writes()) == (there, 0)
    imported(sandbox, exit_code=1)
    assert (postal(sandbox, "moved"), sandbox.writes()) == (there, 0)


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "check dar_token"),
        pytest.param(403, "check dar_token", marks=pytest.mark.slow),
        (410, "check dar_url"),
    ],
)
def test_a_service_that_refuses_us_is_asked_no_more_in_this_run(
    sandbox: Sandbox, status: int, hint: str
) -> None:
    words = [f"unit{number}" for number in range(40)]
    rows = [located(word, f"Vestergade {number}, 8000 Aarhus C") for number, word in enumerate(words, 1)]
    sandbox.put(INITAL, org(unit("top"), *rows))
    with answering(sandbox, status):
        told = imported(sandbox, exit_code=1)
    assert hint in told
    assert f"HTTP {status}" in told
    assert "40 not looked up" in told
    assert looked_up(sandbox) <= 10, "no more than were under way"
    assert len(sandbox.state()["org_unit"]) == 41
    assert pending(sandbox, INITAL) == list(range(3, 43))


def test_what_was_asked_yesterday_is_not_asked_again(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), located("one", GOOD), located("two", UNKNOWN)))
    assert sandbox.run("plan").returncode == 0
    assert looked_up(sandbox) == 2
    imported(sandbox)
    assert looked_up(sandbox) == 4, "a plan writes nothing, the cache neither"
    sandbox.put(RET, org(located("one", GOOD), located("two", UNKNOWN), located("three", OTHER)))
    assert "2 found, 1 unknown" in imported(sandbox)
    assert looked_up(sandbox) == 5, "only the address that is new"
    cache = sandbox.state_file.with_name("state.addresses.json")
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    assert "sandbox-token" not in cache.read_text()
    cache.write_text("not JSON")
    told = sandbox.run("--since", "2026-01-01")
    assert told.returncode == 0
    assert "is broken" in told.stdout
    assert looked_up(sandbox) == 8


def test_without_a_provider_no_address_is_looked_up_and_mo_keeps_what_it_has(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), located("one", GOOD)))
    imported(sandbox)
    before = looked_up(sandbox)
    sandbox.configure(dar_provider="none")
    sandbox.put(RET, org(located("one", OTHER), located("two", GOOD)))
    told = imported(sandbox)
    assert "2 not asked" in told
    assert looked_up(sandbox) == before
    assert postal(sandbox, "one") == [("2020-01-01", None, address_uuid(GOOD))]
    assert postal(sandbox, "two") == []
    assert pending(sandbox, RET) == []
    assert not (sandbox.reports / f"failed_addr_{RET}").exists()
    # An address that is emptied ends all the same: nothing has to be looked up for that.
    sandbox.put("Org_ret_20260401_220000.csv", org(located("one", "")))
    imported(sandbox)
    assert postal(sandbox, "one") == [("2020-01-01", "2026-03-31", address_uuid(GOOD))]


def test_addresses_are_looked_up_while_mo_is_read(sandbox: Sandbox) -> None:
    """Each server does not answer before the other one was asked."""
    asked = {"mo": threading.Event(), "dar": threading.Event()}
    met: list[bool] = []

    def answer_after(own: str, other: str) -> Callable[[Request, Phase], Action | None]:
        def wait(request: Request, phase: Phase) -> Action | None:
            if phase is Phase.BEFORE and not asked[own].is_set():
                asked[own].set()
                met.append(asked[other].wait(20))
            return None

        return wait

    sandbox.mo.intercept = answer_after("mo", "dar")
    sandbox.dar.intercept = answer_after("dar", "mo")
    sandbox.put(INITAL, org(unit("top"), located("good", GOOD)))
    imported(sandbox)
    assert met == [True, True]
    assert postal(sandbox, "good") == [("2020-01-01", None, address_uuid(GOOD))]


def test_an_mo_that_cannot_be_read_ends_the_looking_up(sandbox: Sandbox) -> None:
    def late(request: Request, phase: Phase) -> Action | None:
        if phase is Phase.BEFORE:
            time.sleep(0.5)
        return None

    def refuse(request: Request, phase: Phase) -> Action | None:
        gone = request.path.startswith("/graphql/")
        return Answer.text(404, '{"detail": "Not Found"}') if gone else None

    texts = [f"Vestergade {number}, 8000 Aarhus C" for number in range(1, 401)]
    sandbox.put(INITAL, org(unit("top"), *(located(f"{n}", text) for n, text in enumerate(texts))))
    sandbox.dar.intercept = late
    sandbox.mo.intercept = refuse
    done = sandbox.run()
    assert done.returncode == 69, done.stdout
    assert looked_up(sandbox) < len(texts) / 2
