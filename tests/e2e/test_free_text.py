"""Numbers in free text that could be CPR numbers: MO gets them as they are, and nobody else does."""

from __future__ import annotations

import json

import pytest

from aarhus_los.masking import MASK
from aarhus_los.sandbox.http_stand_in import Action, Answer, Phase, Request
from tests.e2e.drops import office, put_files, type_list
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org
from tests.e2e.people_files import TOWN_HALL, Job, employed

NUMBERS = [f"{day:02}0285{day:02}17" for day in range(1, 15)]
"""None of them is the number of anybody in these files."""
PARTED = [f"{number[:6]}{between}{number[6:]}" for number in NUMBERS for between in ("-", " ")]
P_NUMBER, EAN, DEBITOR = "1003000002", "5790000000001", "0102031234"
"""A P-number and a debitor number could be CPR numbers by their digits. They are no free text."""
NAME, KEY, TITLE, FOUND, LOST, DOWN, PERSON, JOB, ACCOUNT, FILE, EMAIL, SECOND, PARENT, MOVED = NUMBERS


def parted(number: str, by: str = "-") -> str:
    return f"{number[:6]}{by}{number[6:]}"


FILES = {
    **TOWN_HALL,
    "STAM_UUID_Enhedstype.csv": type_list(Skole=f"Skole {TITLE}"),
    "Org_nye_20260202_220000.csv": org(
        office(
            "ny",
            "top",
            OrgEnhedsNavn=f"Kontor {parted(NAME)}",
            BrugervendtNøgle=KEY,
            PostAdresse=f"Nygade 2, 8000 Ådal, att. {FOUND}",
            P_Nr=P_NUMBER,
            EAN=EAN,
            IntDebitor_Nr=DEBITOR,
        ),
        office("lost", "top", PostAdresse=f"Ingen ved hvor {LOST}"),
        office("plain", "top", PostAdresse="Nygade 3, 8000 Ådal"),
        office("orphan", "nowhere", OrgEnhedsNavn=f"Kontor {PARENT}"),
    ),
    "Pers_nye_20260202_220000.csv": employed(
        Job(60, name=f"Kim {parted(PERSON, ' ')} Holm", azid=f"AZ{ACCOUNT}", email=f"{EMAIL}@aadal.example")
    ).replace(";60-1;", f";{JOB};"),
}
LATER = {
    "Org_ret_20260203_220000.csv": org(
        office("ny", "top", OrgEnhedsNavn=f"Kontor {MOVED}", BrugervendtNøgle=KEY, P_Nr=P_NUMBER, EAN=EAN),
    ),
    f"Org_nye_{FILE}.csv": "not by the rule of names",
    f"Org_nye_20260203_220000_{SECOND}.csv": "nor is this one",
}


class Watched:
    """A sandbox of which everything that is printed or left is looked through."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.home = sandbox.stage.home

    def run(self, *args: str) -> str:
        done = self.sandbox.run(*args)
        told = done.stdout + done.stderr
        assert done.returncode in (0, 1, 65, 69), told
        self.look(told, " ".join(args))
        for path in self.home.rglob("*"):
            allowed = "state.d" in path.parts or path.name.startswith("rejected_")
            if path.is_file() and not allowed:
                self.look(path.name, path.name)
                self.look(path.read_bytes().decode(), path.name)
        return told

    def look(self, text: str, where: str) -> None:
        for number in (*NUMBERS, *PARTED):
            assert number not in text, (number, where)

    def record(self) -> str:
        newest = max(self.sandbox.reports.glob("run_*.json"))
        return newest.read_text(encoding="utf-8")


@pytest.fixture
def watched(sandbox: Sandbox) -> Watched:
    put_files(sandbox, FILES)
    queries = sandbox.stage.home / "queries"
    queries.mkdir(mode=0o700)
    sandbox.configure(queries_folder=str(queries), metrics_file=str(sandbox.stage.home / "los.prom"))
    return Watched(sandbox)


def test_they_are_masked_wherever_they_are_told_or_recorded(watched: Watched) -> None:
    sandbox, page = watched.sandbox, watched.home / "page.html"
    for args in (("plan",), ("plan", "--json"), ("plan", "--html", str(page)), ("check",)):
        watched.run(*args)
    told = watched.run("import", "--json", "--html", str(page))
    assert MASK in page.read_text(encoding="utf-8")
    record = watched.record()
    assert f"Kontor {MASK}" in record
    # MO has them as they were.
    said = json.dumps(sandbox.state(), ensure_ascii=False)
    for number in (parted(NAME), KEY, TITLE, parted(PERSON, " "), JOB, ACCOUNT, EMAIL):
        assert number in said, number
    # Numbers of units are no free text.
    for number in (P_NUMBER, EAN, DEBITOR):
        assert number in record
    rejected = (sandbox.reports / "rejected_Org_nye_20260202_220000.csv").read_text(encoding="utf-8")
    assert PARENT in rejected
    for folder in (sandbox.reports, watched.home / "queries"):
        lost = (folder / "failed_addr_Org_nye_20260202_220000.csv").read_text(encoding="utf-8")
        assert f"Ingen ved hvor {MASK}" in lost
    assert json.loads(told)["exit_code"] == 1

    put_files(sandbox, LATER)
    for args in (("plan",), ("plan", "--json"), ("check",), ("import", "--json"), ("import",)):
        watched.run(*args)
    told = watched.run("validate", str(sandbox.drop))
    assert f"Org_nye_{MASK}.csv" in told
    # What was told of these names is known, and is no news again.
    assert MASK not in watched.run("-q")


def test_a_list_of_addresses_that_is_written_again_stays_masked(watched: Watched) -> None:
    watched.run()
    before = (watched.sandbox.reports / "failed_addr_Org_nye_20260202_220000.csv").read_bytes()
    watched.run()  # a row of the file is pending: it is read again
    assert (watched.sandbox.reports / "failed_addr_Org_nye_20260202_220000.csv").read_bytes() == before


def test_an_address_text_with_one_is_asked_for_and_not_cached(watched: Watched) -> None:
    queries: list[str] = []

    def listen(request: Request, phase: Phase) -> None:
        if phase is Phase.BEFORE:
            queries.append(f"{request.query}")

    def asked(*words: str) -> int:
        return sum(any(word in query for word in words) for query in queries)

    watched.sandbox.dar.intercept = listen
    watched.run()
    cache = (watched.sandbox.state_file.with_name("state.addresses.json")).read_text(encoding="utf-8")
    assert "Nygade 3" in cache
    assert FOUND not in cache
    nearby = ("Nygade 3", "Nygade%203", "Nygade+3")
    assert (asked(FOUND), asked(*nearby)) == (1, 1)
    watched.run("import", "--since", "2026-02-01")
    assert (asked(FOUND), asked(*nearby)) == (2, 1)


def test_what_a_server_repeats_is_masked(watched: Watched) -> None:
    def echo(request: Request, phase: Phase) -> Action | None:
        if phase is Phase.BEFORE and request.path.startswith("/service/details/"):
            body = {
                "error": True,
                "description": request.body.decode(),
                "status": 400,
                "error_key": f"V_{NAME}",
            }
            return Answer.json(400, body)
        return None

    watched.sandbox.mo.intercept = echo
    watched.run()
    watched.run("import", "--json")


def test_an_address_that_is_not_looked_up_is_masked(watched: Watched) -> None:
    watched.sandbox.dar.intercept = lambda request, phase: Answer.text(500, f"{request.query}")
    watched.sandbox.configure(retry_seconds=0.05)
    watched.run()
    watched.run("import", "--json")
