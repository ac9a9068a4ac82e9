"""What the importer shows on a terminal, on a dumb one, where nothing but ASCII may be printed, and where nothing can be."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import IO, Any

import pytest

from aarhus_los.sandbox.http_stand_in import Action, Answer, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from aarhus_los.sandbox.sample import first_drop, put
from aarhus_los.sandbox.stage import importer_environment
from tests import forked
from tests.e2e.drops import NEW, office, put_first_files
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org


def on_a_terminal(
    sandbox: Sandbox, *args: str, environ: dict[str, str], whole: bool = False, exit_code: int = 0
) -> tuple[str, str]:
    """Runs the importer with a terminal as its stderr; returns what went to stdout and what the terminal got.

    `whole`: the terminal, of 80 columns, is its stdout too.
    """
    ours, theirs = pty.openpty()
    process = forked.Popen(
        sandbox.command(args),
        stdin=subprocess.DEVNULL,
        stdout=theirs if whole else subprocess.PIPE,
        stderr=theirs,
        env=importer_environment() | {"COLUMNS": "80"} | environ,
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # what a terminal says when nobody has it open any more
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)
    stdout, _ = process.communicate(timeout=30)
    assert process.returncode == exit_code, shown.decode()
    return (stdout or b"").decode(), shown.decode()


def put_some_files(sandbox: Sandbox) -> None:
    """First files, a long name, a row that waits, and one that is set aside."""
    put_first_files(sandbox)
    long = office("lang", OrgEnhedsNavn=f"Afdelingen for {'meget ' * 40}lange navne")
    sandbox.put(NEW, org(long, office("orphan", "nowhere")))
    header = "OrgUUID;BrugervendtNøgle;OrgEnhedsNavn;ParentUUID;StartDato;SlutDato"
    sandbox.put("Org_nye_20260301_220000.csv", f"{header}\nx;1;X;x;2020-01-01;\n")


def test_progress_is_shown_on_a_terminal_by_phase_and_with_counts(sandbox: Sandbox) -> None:
    def slow(request: Request, phase: Phase) -> Action | None:
        if phase is Phase.BEFORE and written_objects(request):
            time.sleep(0.02)  # else the writing may be over before a bar is drawn that knows how fast it is
        return None

    put(first_drop(), sandbox.drop)
    sandbox.mo.intercept = slow
    stdout, shown = on_a_terminal(sandbox, environ={"TERM": "xterm", "NO_COLOR": "1"}, exit_code=1)
    for phase in ("read the drop", "write MO"):
        assert re.search(rf"\r\x1b\[2K{phase} +━", shown), shown[:2000]
    assert re.search(r"write MO [━╸╺ ]+ \d+ of 1461, \d+/s +\d+:\d\d", shown), "how many, how fast, how long"
    assert shown.endswith("\x1b[2K"), "it is gone at the end"
    assert "\x1b" not in stdout
    assert not re.search(r"\x1b\[[\d;]*m", shown), "no colour"
    # A first import of 1461 writes is over in a second: ten times a second, it is drawn a few times a phase.
    assert shown.count("\r\x1b[2K") < 60


@pytest.mark.parametrize(
    ("args", "environ"), [((), {"TERM": "dumb"}), (("-q",), {"TERM": "xterm"})], ids=["dumb", "quiet"]
)
def test_elsewhere_no_progress_is_shown(
    sandbox: Sandbox, args: tuple[str, ...], environ: dict[str, str]
) -> None:
    put_first_files(sandbox)
    _, shown = on_a_terminal(sandbox, *args, environ=environ)
    assert shown == ""


@pytest.mark.parametrize(
    "put_drop",
    [put_some_files, pytest.param(lambda sandbox: put(first_drop(), sandbox.drop), marks=pytest.mark.slow)],
    ids=["small", "sample"],
)
def test_a_terminal_has_colours_and_no_line_is_wider_than_it(
    sandbox: Sandbox, put_drop: Callable[[Sandbox], None]
) -> None:
    put_drop(sandbox)
    for command in (("plan",), ("plan", "-v"), ()):
        _, shown = on_a_terminal(sandbox, *command, environ={"TERM": "xterm"}, whole=True, exit_code=1)
        assert re.search(r"\x1b\[[\d;]*m", shown)
        lines = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown).replace("\r", "\n").splitlines()
        assert max(map(len, lines)) <= 80
        assert any(line.startswith("File") for line in lines)
    _, plain = on_a_terminal(
        sandbox, "plan", environ={"TERM": "xterm", "NO_COLOR": "1"}, whole=True, exit_code=1
    )
    assert not re.search(r"\x1b\[(?!1m|2m|0m)[\d;]+m", plain), "bold and dim are no colours"
    _, dumb = on_a_terminal(sandbox, "plan", environ={"TERM": "dumb"}, whole=True, exit_code=1)
    assert "\x1b" not in dumb


def test_rich_is_imported_on_terminals_only(sandbox: Sandbox, tmp_path: Path) -> None:
    put_first_files(sandbox)
    (tmp_path / "without" / "rich").mkdir(parents=True)
    (tmp_path / "without" / "rich" / "__init__.py").write_text("raise SystemExit('rich was imported')\n")
    done = sandbox.run_apart("plan", environ={"PYTHONPATH": str(tmp_path / "without")})
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_fails_for_want_of_a_letter(sandbox: Sandbox) -> None:
    put_first_files(sandbox)
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    for command in (("plan",), ("plan", "--json"), ("check",), (), ("import",)):
        done = sandbox.run_apart(*command, environ=ascii_only)
        assert (done.returncode, done.stderr) == (0, ""), command
    told = sandbox.run_apart("validate", str(sandbox.drop), environ=ascii_only)
    assert told.returncode == 0


# Requests and retries


def busy(seconds: int) -> Callable[[Request, Phase], Action | None]:
    """MO is busy once when something is written, and asks to wait."""
    told: list[int] = []

    def intercept(request: Request, phase: Phase) -> Action | None:
        if phase is Phase.BEFORE and written_objects(request) and (not told or request.number == told[0]):
            told.append(request.number)
            return Answer(503, b"", {"Retry-After": str(seconds)}) if len(told) == 1 else None
        return None

    return intercept


def test_verbose_tells_requests_and_retries_as_they_happen(sandbox: Sandbox) -> None:
    put_first_files(sandbox)
    sandbox.mo.intercept = busy(0)
    done = sandbox.run("-v")
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert (
        len([line for line in lines if re.fullmatch(r"(GET|POST) http://\S+: \d{3} in [\d.]+ s", line)]) > 5
    )
    assert "Retrying MO (2 of 5) …" in lines
    assert not [line for line in lines if "token" in line and "secret" in line]
    quiet = sandbox.run("plan")
    assert quiet.stderr == ""


@pytest.mark.slow
def test_a_terminal_says_after_five_seconds_that_it_waits(sandbox: Sandbox) -> None:
    put_first_files(sandbox)
    sandbox.mo.intercept = busy(6)
    _, shown = on_a_terminal(sandbox, environ={"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "120"})
    assert "Retrying MO (2 of 5) …" in shown


# Where nothing can be written


def closed_pipe() -> IO[Any]:
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "wb")


def full_disk() -> IO[Any]:
    return Path("/dev/full").open("wb")


COMMANDS = {"": 1, "plan": 1, "--json": 1, "-v": 1, "check": 0, "import --help": 0, "nonsense": 2}
"""And their exit codes."""


def deaf() -> Iterator[Any]:
    """A command, what its streams are, and which of them are broken: of most commands, the usual and the worst."""
    for command, ends in product(COMMANDS, (("stdout",), ("stderr",), ("stdout", "stderr"))):
        for broken in (closed_pipe, full_disk):
            usual = (broken, ends) in ((closed_pipe, ("stdout",)), (full_disk, ("stdout", "stderr")))
            marks = () if usual or not command else pytest.mark.slow
            name = f"{command}-{'+'.join(ends)}-{broken.__name__}"
            yield pytest.param(command, broken, ends, marks=marks, id=name)


@pytest.mark.parametrize(("command", "broken", "ends"), list(deaf()))
def test_who_does_not_listen_changes_nothing(
    sandbox: Sandbox, command: str, broken: Callable[[], IO[Any]], ends: tuple[str, ...]
) -> None:
    put_some_files(sandbox)
    streams: dict[str, Any] = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    with broken() as stream:
        streams |= dict.fromkeys(ends, stream)
        done = forked.run(
            sandbox.command(tuple(command.split())),
            env=importer_environment(),
            cwd=sandbox.stage.home,
            timeout=60,
            **streams,
        )
    assert done.returncode == COMMANDS[command], done
    for told in (done.stdout or b"", done.stderr or b""):
        assert b"Traceback" not in told and b"Exception ignored" not in told and b"defect" not in told
    assert not list(sandbox.reports.glob("error_*"))
    if command in ("", "--json", "-v"):
        assert sandbox.claimed(), "the import is done"
        assert len(list(sandbox.reports.glob("run_*.json"))) == 1


def test_head_does_not_stop_a_run(sandbox: Sandbox) -> None:
    put(first_drop(), sandbox.drop)
    command = " ".join(sandbox.command(("plan", "-v")))
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"],
        env=importer_environment(),
        capture_output=True,
        text=True,
        cwd=sandbox.stage.home,
        check=False,
    )
    first, code = done.stdout.splitlines()
    assert first.startswith("Planned") and code == "1"
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


def test_quiet_tells_what_waits_once_and_leaves_the_rest_to_the_exit_code(sandbox: Sandbox) -> None:
    put(first_drop(), sandbox.drop)
    first = sandbox.run("-q")
    assert first.returncode == 1
    assert "Leder_nye_20261005_220000.csv:17: CPR: " in first.stdout
    assert "a first import: 12 files are new" in first.stdout
    again = sandbox.run("-q")
    assert (again.returncode, again.stdout, again.stderr) == (1, "", "")
    loud = sandbox.run()
    assert loud.returncode == 1 and "Leder_nye_20261005_220000.csv:17: CPR: " in loud.stdout
