"""The command line: what is typed wrong is answered with what is right, words are completed, settings are begun."""

from __future__ import annotations

import json
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from aarhus_los.cli import commands
from aarhus_los.first_settings import QUESTIONS
from aarhus_los.sandbox.sample import first_drop, put
from aarhus_los.sandbox.stage import Stage, importer_environment
from aarhus_los.setting_sources import key_of
from tests import forked, here

LOS_IMPORT = [sys.executable, "-m", "aarhus_los"]


def run(folder: Path, *args: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return here.run(args, env=importer_environment() | (environ or {}), cwd=folder)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("plna",), "No such command 'plna'. Did you mean 'plan'?"),
        (("--settings", "x", "chek"), "No such command 'chek'. Did you mean 'check'?"),
        (("somewhere",), "No such command 'somewhere'."),
        (("--dry-run",), "there is no --dry-run: that is `los-import plan`"),
        (("import", "--dry-run"), "there is no --dry-run: that is `los-import plan`"),
        (("--accept-rejects", "plna"), "No such command 'plna'. Did you mean 'plan'?"),
        (("import", "--accept-rejects", "7"), "'7' is no FILE:LINE, as in Org_nye_20260301_220000.csv:7"),
        (("--allow", "unit-ends"), "'unit-ends' is none of unit-ends=NUMBER"),
        (("help", "nothing"), "'nothing' is not one of"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_what_is_typed_wrong_is_answered_with_what_is_right(
    tmp_path: Path, args: tuple[str, ...], told: str
) -> None:
    done = run(tmp_path, *args, environ={"LOS_IMPORT_STATE_FILE": "/s/s", "LOS_IMPORT_REPORT_FOLDER": "/r"})
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version(tmp_path: Path, option: str) -> None:
    assert run(tmp_path, option).stdout.startswith("los-import, version ")


@pytest.mark.parametrize("name", [*commands.commands, ""])
def test_every_command_takes_settings_and_quiet(name: str) -> None:
    options = {option for param in commands.commands[name or "import"].params for option in param.opts}
    if name != "sandbox":  # which makes settings
        assert {"--settings", "-q"} <= options


def completed(tmp_path: Path, words: str) -> list[str]:
    told = run(
        tmp_path,
        environ={
            "_LOS_IMPORT_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        },
    )
    assert told.returncode == 0, told.stderr
    return [line.partition(",")[2] for line in told.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("los-import ", set(commands.commands)),
        ("los-import pl", {"plan"}),
        ("los-import --settings x pl", {"plan"}),
        ("los-import --all", {"--allow", "--allow-late"}),
        ("los-import plan --html", {"--html"}),
        ("los-import help dr", {"drift", "drop-rules"}),
        ("los-import import --verify ", {"some", "all", "none"}),
    ],
)
def test_commands_and_options_are_completed(tmp_path: Path, words: str, expected: set[str]) -> None:
    assert set(completed(tmp_path, words)) == expected


def test_without_a_terminal_init_writes_a_file_to_be_filled_in(tmp_path: Path) -> None:
    done = run(tmp_path, "init")
    path = tmp_path / "settings.json"
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = json.loads(path.read_text())
    assert set(written) == {key_of(question.name) for question in QUESTIONS} and len(written) == 8
    assert "Fill in integrations.aarhus_los.client_secret, integrations.aarhus_los.ftp_pass" in done.stdout
    again = run(tmp_path, "init")
    assert (again.returncode, again.stdout) == (2, "")
    assert "is there already: it is left as it is" in again.stderr
    nowhere = run(tmp_path, "init", "--settings", str(tmp_path / "no" / "such.json"))
    assert nowhere.returncode == 2 and "make it first, as with: install -d -m 0700" in nowhere.stderr


def test_on_a_terminal_init_asks_and_then_checks(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    put(first_drop(), drop)
    with Stage(tmp_path) as stage:
        path = tmp_path / "mine.json"
        answers = {
            "mora_base": stage.mo.url,
            "auth_server": stage.mo.auth_url,
            "client_id": stage.mo.client_id,
            "client_secret": stage.mo.client_secret,
            "ftp_user": "los",
            "ftp_pass": "hemmelig",
            "state_file": str(tmp_path / "s" / "state"),
            "report_folder": str(tmp_path / "r"),
        }
        assert list(answers) == [question.name for question in QUESTIONS]
        environ = importer_environment() | {
            "TERM": "xterm",
            "NO_COLOR": "1",
            "LOS_IMPORT_IMPORT_CSV_FOLDER": str(drop),
            "LOS_IMPORT_DAR_PROVIDER": "none",
        }
        shown, code = conversation(
            [*LOS_IMPORT, "init", "--settings", str(path)], list(answers.values()), environ
        )
    written = json.loads(path.read_text())
    assert written == {key_of(name): value for name, value in answers.items()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "hemmelig" not in shown and answers["client_secret"] not in shown
    assert "An import would get through" in shown, shown
    assert code == 0


def test_who_stops_init_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    environ = importer_environment() | {"TERM": "dumb"}
    shown, code = conversation([*LOS_IMPORT, "init", "--settings", str(path)], [None], environ)
    assert code == 130 and not path.exists()
    assert "next run" not in shown and "Traceback" not in shown


def conversation(command: list[str], answers: list[str | None], environ: dict[str, str]) -> tuple[str, int]:
    """Answers each question as it comes; None: Ctrl-C."""
    ours, theirs = pty.openpty()
    process = forked.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True
    )
    os.close(theirs)
    shown = b""
    waiting = list(answers)
    with suppress(OSError):
        while part := os.read(ours, 65536):
            shown += part
            if waiting and shown.rstrip().endswith(b":"):
                answer = waiting.pop(0)
                time.sleep(0.1)  # until the echo is off, where a secret is asked for
                if answer is None:
                    process.send_signal(signal.SIGINT)
                else:
                    os.write(ours, answer.encode() + b"\n")
                shown += b"\n"
    os.close(ours)
    return shown.decode(), process.wait(30)


def test_no_plugin_that_is_installed_beside_it_reaches_into_its_settings(tmp_path: Path) -> None:
    about = tmp_path / "meddler-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: meddler\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[pydantic]\nmeddler = meddler:meddle\n")
    (tmp_path / "meddler.py").write_text("raise SystemExit('I meddle')\n")
    (tmp_path / "settings.json").write_text("{}")
    done = subprocess.run(
        [*LOS_IMPORT, "plan", "--settings", f"{tmp_path / 'settings.json'}"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "I meddle" not in done.stderr
    assert "state_file: missing" in done.stderr
