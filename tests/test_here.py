"""A run in this process is to its caller as one in a process of its own, and leaves the process as it was."""

from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from aarhus_los import cli
from aarhus_los.sandbox.sample import first_drop, put
from aarhus_los.sandbox.stage import Stage, importer_environment
from tests import forked, here
from tests.e2e.drops import FIRST_FILES, TYPES, type_list


def both(args: list[str], cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """How a command line ends and what it says, in either way."""
    env = importer_environment() | environ
    ours = here.run(args, env=env, cwd=cwd)
    real = apart(args, env=env, cwd=cwd)
    assert (ours.returncode, ours.stdout, ours.stderr) == (real.returncode, real.stdout, real.stderr)
    return ours


@pytest.mark.parametrize(
    ("args", "exit_code"),
    [
        (["--version"], 0),
        (["plan", "--help"], 0),
        (["plna"], 2),
        (["validate", "/nowhere"], 2),
        (["validate", "."], 1),
        (["--settings", "nowhere"], 2),
        (["check"], 2),
        (["help", "drift"], 0),
        (["help", "--file", "los-import.service"], 0),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
@pytest.mark.parametrize("language", ["C.UTF-8", "da_DK.UTF-8"])
def test_it_says_the_same_and_ends_alike(
    tmp_path: Path, args: list[str], exit_code: int, language: str
) -> None:
    put(first_drop(), tmp_path)
    assert both(args, tmp_path, LC_MESSAGES=language).returncode == exit_code


def apart(args: list[str], env: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return forked.run(
        [sys.executable, "-m", "aarhus_los", *args],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )


def test_it_imports_alike(tmp_path: Path) -> None:
    for folder in ("drop", "home"):
        (tmp_path / folder).mkdir(mode=0o700)
    for name, text in {TYPES: type_list(), **FIRST_FILES}.items():
        (tmp_path / "drop" / name).write_text(text, encoding="utf-8", newline="")
    with Stage(tmp_path / "home") as stage:
        settings = stage.write_settings({"import_csv_folder": str(tmp_path / "drop")})
        empty = stage.store.snapshot()
        page = tmp_path / "page.html"
        ends: list[object] = []
        for run in (here.run, apart):
            stage.store.restore(empty)
            stage.state_file.unlink(missing_ok=True)
            for command in ("plan", "import", "check"):
                args = [command, "--settings", f"{settings}", *(("--html", f"{page}") * (command != "check"))]
                done = run(args, env=importer_environment(), cwd=tmp_path)
                ends.append((command, done.returncode, done.stderr, done.stdout.count("\n")))
            ends.append(page.read_text(encoding="utf-8").count("<tr"))
            page.unlink()
            ends.append(len(stage.store.state()["org_unit"]))
    half = len(ends) // 2
    assert ends[:half] == ends[half:]
    assert ends[-1] == 7


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    def around() -> dict[str, Any]:
        return {
            "environment": dict(os.environ),
            "folder": Path.cwd(),
            "signals": [signal.getsignal(each) for each in sorted(signal.valid_signals())],
            "timer": signal.getitimer(signal.ITIMER_REAL),
            "streams": (sys.stdin, sys.stdout, sys.stderr),
            "garbage": gc.get_threshold(),
            "threads": set(threading.enumerate()),
            "warnings": list(warnings.filters),
            "logging": (logging.getLogger("aarhus_los").level, logging.getLogger("aarhus_los").handlers),
            "open": len(list(Path("/proc/self/fd").iterdir())),
        }

    env = {"LOS_IMPORT_MORA_BASE": "http://127.0.0.1:9"}
    here.run(["-v"], env=env, cwd=tmp_path)  # what is imported for the first time stays
    before = around()
    assert here.run(["-v"], env=env, cwd=tmp_path).returncode == 2
    assert around() == before


@pytest.mark.parametrize(
    ("ended_by", "exit_code", "said"),
    [
        (SystemExit(), 0, ""),
        (SystemExit(300), 44, ""),
        (SystemExit("a text"), 1, "a text\n"),
        (KeyError("x"), 1, "KeyError: 'x'\n"),
    ],
    ids=repr,
)
def test_it_ends_as_python_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended_by: BaseException, exit_code: int, said: str
) -> None:
    def end(*args: Any, **kwargs: Any) -> None:
        raise ended_by

    monkeypatch.setattr(cli, "guard_streams", end)
    done = here.run([], env={}, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert done.stderr.endswith(said)
    assert ("Traceback" in done.stderr) == isinstance(ended_by, KeyError)


def test_it_takes_no_longer_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forever = threading.Event()
    monkeypatch.setattr(cli, "_settings", lambda ctx, given: forever.wait(60))
    with pytest.raises(
        pytest.fail.Exception, match=r"los-import plan ran for more than 0\.1 s\n\nlos-import: stopped"
    ):
        here.run(["plan"], env={}, cwd=tmp_path, timeout=0.1)


@pytest.mark.parametrize("name", ["PYTHONIOENCODING", "PYTHONPATH", "PYTHONOPTIMIZE", "TZ"])
def test_what_python_reads_at_its_start_is_for_a_process_of_its_own(tmp_path: Path, name: str) -> None:
    with pytest.raises(AssertionError, match=name):
        here.run(["--version"], env={name: "another"}, cwd=tmp_path)
