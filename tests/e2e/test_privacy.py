"""CPR numbers, names and secrets stay where they belong: not in what is printed, kept, reported or raised."""

from __future__ import annotations

import fcntl
import json
import pickle
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from aarhus_los.cpr import parse_cpr
from aarhus_los.drop.names import parse_name
from aarhus_los.drop.reader import read_file
from aarhus_los.sandbox.ftp_server import FtpServer
from aarhus_los.sandbox.http_stand_in import Action, Answer, Drop, Phase, Request
from aarhus_los.sources import connection
from tests.desired.people import CARL, People, leader, left, person
from tests.e2e.drops import put_files
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org, table, unit
from tests.e2e.people_files import TOWN_HALL, Job, cpr_of, employed, gone, job_of, leading, resigned
from tests.world import text

CPRS = [*(cpr_of(n) for n in range(60, 72)), "3102701999", "0101701999"]
"""The last two are no CPR numbers, and of nobody whom anybody knows."""
NAMES = ["Zebedæus", "Kvistgård", "Xerxes", "Yrsa", "Wotan"]
FTP_PASSWORD = "ftp-pass-Vd8kQ2"
DAR_TOKEN = "dar-token-Hs71xW"
KEY_PASS = "key-pass-Pw93nL"


def named(number: int, **others: Any) -> Job:
    return Job(number, name=f"{NAMES[number % 5]} {NAMES[(number + 1) % 5]}", **others)


PEOPLE = [named(n, email=f"{n}@aadal.example", azid=f"AZ{n}", dash=n % 2 == 0) for n in range(60, 66)]
FIRST = {
    "Pers_nye_20260202_220000.csv": employed(*PEOPLE),
    "Leder_nye_20260202_220000.csv": leading(("skole", 60, "Personale"), ("kontor", 61, "Økonomi")),
}
BAD_ROWS = {
    "Pers_nye_20260209_220000.csv": employed(
        named(66),
        named(67, unit="nowhere"),  # pending
        named(68, email=f"{cpr_of(68)} at aadal"),
        named(69, kind="nowhere"),
    )
    # dates that cannot be read, a number that is none, and a line that is too long and one that is too short
    + employed(named(70)).split("\r\n", 1)[1].replace("2026-01-01", "30-02-2026")
    + employed(named(71)).split("\r\n", 1)[1].replace(cpr_of(71), "3102701999")
    + employed(named(71)).split("\r\n", 1)[1].replace("Ja", f"Ja;{cpr_of(71)};{NAMES[0]}")
    + f"{job_of(71)};{cpr_of(71)};{NAMES[0]}\r\n"
    # columns that have changed places: number and name stand where a uuid, a date and a boolean belong
    + f"{cpr_of(71)};{NAMES[1]};{job_of(71)};x;{cpr_of(71)};{NAMES[2]};y;{cpr_of(71)};{cpr_of(71)};z;{NAMES[3]};1\r\n",
    # an engagement that is somebody else's, and rows of one person that disagree
    "Pers_ret_20260209_220000.csv": employed(
        named(60, email="new@aadal.example"),
        Job(60, 2, name=f"{NAMES[4]} {NAMES[4]}", primary=False, azid="other"),
        named(62),
    ).replace(job_of(62), job_of(61)),
    "Pers_luk_20260209_220000.csv": gone(named(64), Job(64, 9, name=NAMES[0])),
    "Leder_nye_20260209_220000.csv": leading(("skole", 71, "Personale"), ("nowhere", 62, "Personale"))
    + f"{cpr_of(63)};{cpr_of(63)};{cpr_of(63)};x;y\r\n",
    "Leder_luk_20260209_220000.csv": resigned(("bibliotek", 63), ("kontor", 61)),
    # no header: its first person stands in the header's place
    "Pers_ret_20260210_220000.csv": employed(named(65), named(62)).split("\r\n", 1)[1],
    "Leder_ret_20260210_220000.csv": f"CPR;CPR;{cpr_of(65)};{NAMES[2]}\r\n",
    "Org_ret_20260209_220000.csv": org(unit("skole", "top", PostAdresse="Nede 4, 8000 Ådal", EAN=cpr_of(65))),
}


@dataclass
class Seen:
    """All that runs printed, and what they left in the folder that is theirs."""

    sandbox: Sandbox
    planted: set[str] = field(default_factory=set)
    """Files in which the test itself has put what must not be there."""
    printed: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def run(self, *args: str, hasty: bool = False) -> subprocess.CompletedProcess[str]:
        return self.keep(self.sandbox.run(*args, hasty=hasty))

    def run_apart(self, *args: str, program: str | None = None) -> subprocess.CompletedProcess[str]:
        return self.keep(self.sandbox.run_apart(*args, program=program))

    def keep(self, done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
        self.printed += [done.stdout, done.stderr]
        self.codes.append(done.returncode)
        return done

    def left(self) -> dict[str, str]:
        """Names and texts of files, without settings, and without the two places that may hold CPR numbers."""
        home = self.sandbox.stage.home
        found = {}
        for path in home.rglob("*"):
            inside = path.relative_to(home)
            allowed = inside.parts[0] in ("settings.json", "state.d") or path.name.startswith("rejected_")
            if path.is_file() and not allowed and str(inside) not in self.planted:
                found[str(inside)] = path.read_bytes().decode("utf-8", "replace")
        return found

    def secrets(self) -> list[str]:
        return [self.sandbox.mo.client_secret, FTP_PASSWORD, DAR_TOKEN, KEY_PASS]

    def check(self, *, plans: bool = False) -> None:
        """Names may stand in what somebody asks for: a plan, and the report folder."""
        left = self.left()
        numbers = [f"{cpr[:6]}{between}{cpr[6:]}" for cpr in CPRS for between in ("", "-", " ")]
        for word in (*numbers, *self.secrets()):
            assert not [name for name, content in left.items() if word in content or word in name], word
            assert not [each for each in self.printed if word in each]
        asked_for = ("reports/run_", "page.html")
        for name in NAMES:
            logged = [content for file, content in left.items() if not file.startswith(asked_for)]
            assert not [content for content in logged if name in content]
            if not plans:
                assert not [each for each in self.printed if name in each]


@pytest.fixture
def seen(sandbox: Sandbox) -> Seen:
    sandbox.configure(
        dar_token=DAR_TOKEN, ftp_pass=FTP_PASSWORD, ftp_ssh_key_pass=KEY_PASS, retry_seconds=0.5
    )
    return Seen(sandbox)


def echo(request: Request) -> str:
    """What was sent, as a careless server repeats it: in clear text."""
    secret = request.headers.get("authorization", "")
    numbers = " ".join(f"{cpr} {cpr[:6]}-{cpr[6:]} {cpr[:6]} {cpr[6:]}" for cpr in CPRS)
    return f"{request.body.decode()} {request.query} {secret} {numbers}"


def refused(request: Request, status: int) -> Answer:
    body = {
        "error": True,
        "description": f"Not these: {echo(request)}",
        "status": status,
        "error_key": f"V_{CPRS[0]}",
        "obj": echo(request),
    }
    return Answer.json(status, body, close=status >= 500)


def test_the_markers_would_be_found(seen: Seen) -> None:
    put_files(seen.sandbox, {**TOWN_HALL, **FIRST})
    seen.run()
    kept = [CPRS[0], f"{CPRS[1][:6]}-{CPRS[1][6:]}", NAMES[0]]
    for word in kept:
        seen.printed.append(f"told: {word}.")
        with pytest.raises(AssertionError):
            seen.check()
        seen.printed.pop()
    seen.check()
    for word in [*kept, *seen.secrets()]:
        path = seen.sandbox.reports / "error_1.txt"
        path.write_text(f"told: {word}.", encoding="utf-8")
        with pytest.raises(AssertionError):
            seen.check()


def test_runs_that_succeed(seen: Seen) -> None:
    page = seen.sandbox.stage.home / "page.html"
    put_files(seen.sandbox, {**TOWN_HALL, **FIRST})
    seen.run("--json", "--html", str(page))
    put_files(
        seen.sandbox,
        {
            "Pers_ret_20260203_220000.csv": employed(
                Job(60, name=f"{NAMES[4]} Ny", email="new@aadal.example", azid="")
            ),
            "Pers_luk_20260203_220000.csv": gone(named(61)),
            "Leder_luk_20260203_220000.csv": resigned(("skole", 60)),
        },
    )
    seen.run("--verify", "all")
    seen.run("check")
    seen.run("check", "--json")
    assert set(seen.codes) == {0}
    assert page.is_file()
    seen.check()
    assert any(name.startswith("reports/run_") for name in seen.left())
    put_files(
        seen.sandbox, {"Pers_ret_20260204_220000.csv": employed(named(62, email="newer@aadal.example"))}
    )
    seen.run("plan", "--html", str(page))
    seen.run("plan", "--json")
    seen.check(plans=True)


def test_rows_and_files_that_are_wrong(seen: Seen) -> None:
    put_files(seen.sandbox, {**TOWN_HALL, **FIRST})
    seen.run()
    put_files(seen.sandbox, BAD_ROWS)
    assert seen.run(hasty=True).returncode == 65
    done = seen.run(hasty=True)
    assert done.returncode == 65
    assert "Pers_nye_20260209_220000.csv:3: OrgenhedUUID" in done.stdout
    assert "Pers_ret_20260210_220000.csv: its header lacks" in done.stdout
    seen.run("import", "--json", hasty=True)
    seen.run("--since", "2026-02-01", hasty=True)
    seen.run("validate", str(seen.sandbox.drop))
    seen.run("validate", str(seen.sandbox.drop), "--json")
    seen.check()
    seen.run("plan", "--since", "2026-02-01", hasty=True)
    seen.check(plans=True)
    rejected = (seen.sandbox.reports / "rejected_Pers_nye_20260209_220000.csv").read_text(encoding="utf-8")
    assert cpr_of(67) in rejected
    assert (seen.sandbox.state_file.with_name("state.d") / "Pers_nye_20260209_220000.csv").exists()


Spoil = Callable[[Seen], None]


def mo_says(answer: Callable[[Request], Action | None], *paths: str) -> Spoil:
    """MO answers so to all requests whose path begins with one of these."""

    def intercept(request: Request, phase: Phase) -> Action | None:
        return answer(request) if phase is Phase.BEFORE and request.path.startswith(paths) else None

    def spoil(seen: Seen) -> None:
        seen.sandbox.mo.intercept = intercept

    return spoil


def about_people(answer: Callable[[Request], Action]) -> Callable[[Request], Action | None]:
    def answered(request: Request) -> Action | None:
        of_people = any(word in request.body for word in (b'"employee"', b'"manager"', b"cpr_numbers"))
        return answer(request) if of_people else None

    return answered


def graphql_error(request: Request) -> Answer:
    message = f"Variable '$keys' got invalid value '{CPRS[0]}' at 'keys[0]'; {echo(request)}"
    return Answer.json(200, {"data": None, "errors": [{"message": message}]})


def dar_says(answer: Callable[[Request], Action]) -> Spoil:
    def spoil(seen: Seen) -> None:
        seen.sandbox.dar.intercept = lambda request, phase: answer(request)

    return spoil


def dar_down(seen: Seen) -> None:
    seen.sandbox.configure(dar_url="http://127.0.0.1:9", dar_token=DAR_TOKEN, retry_seconds=0.5)


def mo_down(seen: Seen) -> None:
    settings = seen.sandbox.settings_path
    settings.write_text(settings.read_text().replace(seen.sandbox.mo.url + '"', 'http://127.0.0.1:9"'))


def broken_state(seen: Seen) -> None:
    line = f'{{"name": "Pers_nye_20260202_220000.csv", "sha256": 1, "size": "{CPRS[0]} {NAMES[0]}"\n'
    state = seen.sandbox.state_file
    seen.planted.add(state.name)
    state.write_text("2026-02-03T22:00:00+01:00\n" + line, encoding="utf-8")


def broken_settings(seen: Seen) -> None:
    seen.sandbox.configure(dar_token=[DAR_TOKEN], ftp_pass={"is": FTP_PASSWORD}, retry_seconds="soon")


def unreadable_secret(seen: Seen) -> None:
    seen.sandbox.configure(client_secret_file=f"/nowhere/{DAR_TOKEN[:3]}", dar_token=DAR_TOKEN)


DEFECT = """
import aarhus_los.reconcile
from aarhus_los.cli import main

def fail(*args, **kwargs):
    [wanted] = [each for each in args if isinstance(each, list)][:1]
    shown = "{words}"
    try:
        raise KeyError(shown)
    except KeyError as error:
        raise RuntimeError(f"it broke at {{shown}} {{wanted!r}}") from error

aarhus_los.reconcile.make_plan = fail
main()
"""
"""The planning of a run fails, and says of what."""


FAILURES: dict[str, tuple[Spoil, int]] = {
    "mo refuses people, and repeats what it was sent": (
        mo_says(about_people(lambda request: refused(request, 400)), "/service/details/"),
        1,
    ),
    "mo fails, and repeats what it was sent": (
        mo_says(about_people(lambda request: refused(request, 500)), "/service/details/"),
        1,
    ),
    "mo fails at everything": (mo_says(lambda request: refused(request, 500), "/service/details/"), 1),
    "mo refuses everything": (mo_says(lambda request: refused(request, 409), "/service/details/"), 1),
    "mo answers a page of text": (
        mo_says(lambda request: Answer.text(502, echo(request)), "/service/details/"),
        69,
    ),
    "mo answers what is no JSON": (
        mo_says(lambda request: Answer.text(200, echo(request)), "/service/details/"),
        69,
    ),
    "mo answers something else": (
        mo_says(lambda request: Answer.json(200, [echo(request)]), "/service/details/"),
        69,
    ),
    "mo forbids it": (mo_says(lambda request: Answer.text(403, echo(request)), "/service/details/"), 69),
    "mo cannot show people": (mo_says(about_people(graphql_error), "/graphql/"), 1),
    "mo cannot answer queries": (mo_says(graphql_error, "/graphql/"), 69),
    "mo shows something else": (
        mo_says(lambda request: Answer.json(200, {"data": {"org": echo(request)}}), "/graphql/"),
        69,
    ),
    "mo drops connections": (mo_says(lambda request: Drop(), "/service/details/"), 69),
    "mo is down": (mo_down, 69),
    "the token is refused": (mo_says(lambda request: Answer.text(401, echo(request)), "/auth/"), 69),
    "the token endpoint fails": (mo_says(lambda request: Answer.json(500, echo(request)), "/auth/"), 69),
    "the token is not accepted": (
        mo_says(lambda request: Answer.json(401, echo(request)), "/graphql/", "/service/"),
        69,
    ),
    "dar does not accept the token": (
        dar_says(lambda request: Answer.text(401, f"{request.query} {DAR_TOKEN}")),
        1,
    ),
    "dar fails": (dar_says(lambda request: Answer.text(500, f"{request.query}")), 1),
    "dar answers something else": (dar_says(lambda request: Answer.json(200, [f"{request.query}"])), 1),
    "dar drops connections": (dar_says(lambda request: Drop()), 1),
    "dar is down": (dar_down, 1),
    "the state is broken": (broken_state, 74),
    "settings are wrong": (broken_settings, 2),
    "a secret's file is not there": (unreadable_secret, 2),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_runs_that_fail(seen: Seen, failure: str) -> None:
    spoil, expected = FAILURES[failure]
    files = {
        **TOWN_HALL,
        **FIRST,
        "Org_nye_20260202_220000.csv": org(unit("ny", "top", PostAdresse="Nygade 2, 8000 Ådal")),
    }
    put_files(seen.sandbox, files)
    spoil(seen)
    # That MO is away, and not a few objects at fault, hangs on the waits.
    code = seen.run(hasty=expected == 1).returncode
    assert code == expected, seen.printed
    assert "Traceback" not in "".join(seen.printed)
    seen.check()


def test_a_defect_leaves_where_it_happened_and_no_values(seen: Seen) -> None:
    put_files(seen.sandbox, {**TOWN_HALL, **FIRST})
    words = " ".join([*CPRS, *NAMES, *seen.secrets()])
    done = seen.run_apart(program=DEFECT.format(words=words))
    assert done.returncode == 70
    assert "a defect: RuntimeError" in done.stderr
    (path,) = seen.sandbox.reports.glob("error_*.txt")
    assert "in fail" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0
    seen.check()


def test_a_run_beside_another(seen: Seen) -> None:
    put_files(seen.sandbox, {**TOWN_HALL, **FIRST})
    lock = seen.sandbox.state_file.with_name("state.lock")
    with lock.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert seen.run().returncode == 75
    seen.check()


def test_a_file_server_that_refuses_the_login_or_is_not_there(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_PAUSES", (0.0, 0.0))
    with ExitStack() as stack:
        server = stack.enter_context(FtpServer(seen.sandbox.drop))
        seen.sandbox.stage.write_settings(
            {
                "ftp_url": server.host,
                "ftp_port": server.port,
                "ftp_user": "los",
                "ftp_pass": FTP_PASSWORD,
                "ftp_folder": "/",
                "dar_token": DAR_TOKEN,
                "retry_seconds": 0.5,
            }
        )
        assert seen.run().returncode == 69
        assert seen.run("check").returncode == 69
        seen.check()
    assert seen.run().returncode == 69
    seen.check()


def test_a_brake_and_a_plan_of_it(seen: Seen) -> None:
    put_files(seen.sandbox, {**TOWN_HALL, **FIRST})
    seen.run()
    seen.sandbox.configure(max_engagement_ends=1, dar_token=DAR_TOKEN, ftp_pass=FTP_PASSWORD)
    put_files(seen.sandbox, {"Pers_luk_20260209_220000.csv": gone(*PEOPLE)})
    assert seen.run().returncode == 65
    seen.check()


def test_values_in_memory_show_no_numbers() -> None:
    """What an exception or a debugger would print of rows, claims and operations."""
    world = People()
    world.nye(10, person(CPR=CARL, CPRNavn=NAMES[0]), person(CPR="x"))
    shown = [repr(world.said), str(world.said), repr(world.sent)]
    world.nye(10, leader(CPR=CARL), leader(CPR=cpr_of(60)))
    world.luk(11, left(CPR=CARL))
    shown += [repr(world.said), repr(world.sent)]
    for name, rows in (
        (
            "Pers_nye_20260202_220000.csv",
            [person(CPR=CARL, CPRNavn=NAMES[0]), person(CPR="", CPRNavn=NAMES[1])],
        ),
        ("Leder_nye_20260202_220000.csv", [leader(CPR=CARL), leader(CPR="")]),
        ("Leder_luk_20260202_220000.csv", [left(CPR=CARL), left(CPR="")]),
    ):
        parsed_name = parse_name(name)
        assert parsed_name is not None
        parsed = read_file(parsed_name, text(rows).encode())
        assert parsed.rows and parsed.rejects
        parts = [*parsed.rows, *parsed.rejects]
        shown += [repr(parts), *map(str, parts)]
        assert not [each for each in shown[-len(parts) - 1 :] if NAMES[0] in each or NAMES[1] in each]
    assert not [each for each in shown if CARL in each or cpr_of(60) in each]


def test_a_number_shows_itself_to_nobody_who_does_not_ask() -> None:
    cpr = parse_cpr(CPRS[0])
    shown = [str(cpr), repr(cpr), f"{cpr}", f"{cpr:>20}", "%s" % cpr, repr([cpr]), repr({cpr: 1})]  # noqa: UP031
    assert not [each for each in shown if CPRS[0] in each]
    assert cpr.reveal() == CPRS[0]
    for encode in (json.dumps, pickle.dumps):
        with pytest.raises(TypeError) as refused:
            encode(cpr)
        assert CPRS[0] not in str(refused.value)
    with pytest.raises(ValueError) as refused_text:
        parse_cpr(f"{CPRS[-2]}0")
    assert CPRS[-2] not in str(refused_text.value)
    assert refused_text.value.__cause__ is None


def test_a_table_of_nobody_shows_nobody(seen: Seen) -> None:
    """A file whose columns are named by people."""
    rows = [{f"{CPRS[0]}": CPRS[1], NAMES[0]: NAMES[1]}]
    put_files(seen.sandbox, {"Pers_nye_20260202_220000.csv": table((CPRS[0], NAMES[0]), rows)})
    assert seen.run().returncode == 65
    seen.check()
