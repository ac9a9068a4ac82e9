"""What the importer shows on a terminal, on a dumb one, and where nothing but ASCII may be printed."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

import pytest

from aarhus_los.sandbox.stage import importer_environment
from tests.e2e.drops import put_first_files
from tests.e2e.harness import Sandbox


def on_a_terminal(sandbox: Sandbox, *args: str, environ: dict[str, str]) -> tuple[str, str]:
    """Runs the importer with a terminal as its stderr; returns what went to stdout and what the terminal got."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [*sandbox.command(args)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=importer_environment() | environ,
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # what a terminal says when nobody has it open any more
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)
    stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    return stdout.decode(), shown.decode()


def test_progress_is_shown_on_a_terminal_by_phase_and_with_counts(sandbox: Sandbox) -> None:
    put_first_files(sandbox)
    stdout, shown = on_a_terminal(sandbox, environ={"TERM": "xterm", "NO_COLOR": "1"})
    for phase in ("read the drop", "read MO", "compare", "write MO", "verify"):
        assert f"\x1b[K{phase}" in shown
    written = stdout.splitlines()[-1].split(" writes")[0].split()[-1]
    assert f"write MO {written} of {written}" in shown
    assert shown.endswith("\r\x1b[K\r")
    assert "\x1b" not in stdout
    assert "\x1b[K" in shown
    assert not [part for part in shown.split("\x1b[")[1:] if not part.startswith("K")], (
        "only lines are cleared"
    )


@pytest.mark.parametrize(
    ("args", "environ"), [((), {"TERM": "dumb"}), (("-q",), {"TERM": "xterm"})], ids=["dumb", "quiet"]
)
def test_elsewhere_no_progress_is_shown(
    sandbox: Sandbox, args: tuple[str, ...], environ: dict[str, str]
) -> None:
    put_first_files(sandbox)
    _, shown = on_a_terminal(sandbox, *args, environ=environ)
    assert shown == ""


def test_nothing_fails_for_want_of_a_letter(sandbox: Sandbox) -> None:
    put_first_files(sandbox)
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    for command in (("plan",), ("plan", "--json"), ("check",), (), ("import",)):
        done = sandbox.run(*command, environ=ascii_only)
        assert (done.returncode, done.stderr) == (0, ""), command
    told = sandbox.run("validate", str(sandbox.drop), environ=ascii_only)
    assert told.returncode == 0
