"""A forked process is to the outside, and finds itself, as one that is started."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from aarhus_los.sandbox.stage import importer_environment
from tests import forked
from tests.machine import as_user, disk_of

WAYS = (subprocess.Popen, forked.Popen)

ITSELF = """
import json, locale, os, resource, signal, sys, threading, time
def stream(each):
    return each.encoding, each.errors, each.line_buffering, each.write_through, each.isatty(), each.fileno()
umask = os.umask(0)
print(json.dumps({
    "program": (__name__, sys.argv, sys.path, sys.flags),
    "folder": os.getcwd(),
    "environment": dict(os.environ),
    "umask": umask,
    "limits": [resource.getrlimit(getattr(resource, each)) for each in dir(resource) if each.startswith("RLIMIT_")],
    "user": (os.getresuid(), os.getresgid(), os.getgroups()),
    "parent": os.getppid(),
    "leads": (os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()),
    "session": os.getsid(0) == os.getpid() or os.getsid(0),
    "group": os.getpgid(0) == os.getpid() or os.getpgid(0),
    "streams": [stream(each) for each in (sys.stdin, sys.stdout, sys.stderr)],
    "same": (sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__),
    "open": sorted(set(os.listdir("/proc/self/fd")) - {str(os.open("/", 0))}),
    "signals": [str(signal.getsignal(each)) for each in sorted(signal.valid_signals())],
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "letters": (locale.setlocale(locale.LC_CTYPE), sys.getfilesystemencoding()),
    "clock": (time.tzname, time.timezone),
    "threads": threading.active_count(),
}, default=str))
print(chr(233), file=sys.stderr)
"""


def both(args: list[str], **how: Any) -> tuple[int, bytes, bytes]:
    """How a process ends and what it says, begun in either way."""
    ends = []
    for way in WAYS:
        with way(
            [sys.executable, *args], **{"stdout": -1, "stderr": -1, "stdin": subprocess.DEVNULL} | how
        ) as process:
            stdout, stderr = process.communicate(timeout=30)
        ends.append((process.returncode, stdout, re.sub(rb"0x[0-9a-f]+", b"", stderr or b"")))
    real, ours = ends
    assert ours == real
    return real


@contextmanager
def umask(mode: int) -> Iterator[None]:
    former = os.umask(mode)
    try:
        yield
    finally:
        os.umask(former)


def told(**how: Any) -> dict[str, Any]:
    code, stdout, stderr = both(["-c", ITSELF, "one", "two words"], **how)
    assert code == 0, stderr
    found: dict[str, Any] = json.loads(stdout)
    return found


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"A": "b", "HOME": "/nowhere"},
        {"TZ": "Pacific/Auckland"},
        # Each of these takes a Python of its own, with all imports.
        *(
            pytest.param(environ, marks=pytest.mark.slow, id=str(environ))
            for environ in (
                {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
                {"LC_ALL": "C"},
                {"PYTHONUNBUFFERED": ""},
            )
        ),
        {"PYTHONUNBUFFERED": "1"},
    ],
    ids=str,
)
def test_it_finds_itself_where_it_was_started(tmp_path: Path, environ: dict[str, str]) -> None:
    with umask(0o027), disk_of(1_000_000):
        found = told(cwd=tmp_path, env=importer_environment() | environ)
    assert found["folder"] == str(tmp_path)
    assert found["umask"] == 0o027
    assert [1_000_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]] in found["limits"]
    assert found["parent"] == os.getpid()
    assert found["environment"].items() >= environ.items()
    assert found["open"] == ["0", "1", "2"]


def test_it_takes_what_is_not_said_from_its_parent() -> None:
    found = told(env=dict(os.environ))
    assert (found["folder"], found["session"]) == (str(Path.cwd()), os.getsid(0))
    assert found["leads"] == [False, False]
    assert told(env=dict(os.environ), start_new_session=True)["leads"] == [True, True]


@pytest.mark.slow
def test_a_fork_of_its_parent_has_children_of_its_own() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to be another user")

    def work() -> bool:
        done = forked.run([sys.executable, "-c", "import os; print(os.getppid())"], capture_output=True)
        return int(done.stdout) == os.getpid()

    assert work()
    assert as_user(0, work) == "True"


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("print('without an end', end='')", 0),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('a text')", 1),
        ("import os; print('lost'); os._exit(4)", 4),
        ("def deep():\n    1 / 0\ndeep()", 1),
        ("try:\n    1 / 0\nexcept Exception as error:\n    raise KeyError('x') from error", 1),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("import os; os.kill(os.getpid(), 15)", -signal.SIGTERM),
        ("import atexit; atexit.register(print, 'at the end')", 0),
        ("import threading, time; threading.Timer(0.1, print, ['late']).start()", 0),
        ("class A:\n    def __del__(self): 1 / 0\na = A()", 0),
        ("class A:\n    def __del__(self): print('gone')\na = A(); a.itself = a; del a", 0),
        ("import os; left = open('/proc/self/fd/1', 'w'); left.write('in a buffer')", 0),
        ("import sys; sys.stdout.detach(); sys.exit(2)", 120),
        ("import sys; sys.exit(-1)", 255),
        ("import sys; print(sys.stdin.read())", 0),
        ("import warnings; warnings.warn('so')", 0),
        ("syntax error", 1),
    ],
)
def test_it_ends_and_tells_what_befell_it(code: str, exit_code: int) -> None:
    assert both(["-c", code], env=importer_environment() | {"PYTHONUNBUFFERED": ""})[0] == exit_code


@pytest.mark.parametrize(
    "args", [["--version"], ["plna"], ["validate", "/nowhere"], ["--settings", "/nowhere"], ["help", "drift"]]
)
def test_the_importer_is_itself(tmp_path: Path, args: list[str]) -> None:
    both(["-m", "aarhus_los", *args], env=importer_environment(), cwd=tmp_path)


def closed_pipe() -> IO[bytes]:
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "wb")


@pytest.mark.parametrize("program", [["-m", "aarhus_los", "help"], ["-c", "print('x')"]], ids=["ours", "any"])
@pytest.mark.parametrize("broken", ["closed pipe", "full disk"])
@pytest.mark.parametrize("end", ["stdout", "stderr"])
def test_nobody_listens(program: list[str], broken: str, end: str) -> None:
    with closed_pipe() if broken == "closed pipe" else Path("/dev/full").open("wb") as stream:
        both(program, env=importer_environment() | {"PYTHONUNBUFFERED": ""}, **{end: stream})


def test_it_is_on_a_terminal() -> None:
    shown = []
    for way in WAYS:
        ours, theirs = pty.openpty()
        code = "import sys; print(sys.stdout.isatty(), sys.stdout.line_buffering, input('? '))"
        with way(
            [sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        ) as process:
            os.close(theirs)
            asked = os.read(ours, 1000)
            os.write(ours, b"answer\n")
            assert process.wait(30) == 0
        shown.append(asked + os.read(ours, 1000))
        os.close(ours)
    assert shown[0] == shown[1] and b"True" in shown[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_signals_reach_it(number: signal.Signals) -> None:
    if number != signal.SIGKILL and signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("whoever runs the tests lets it be ignored, as nohup does")
    # No long sleep: a signal between the last look for one and the system call would be slept over.
    code = "import time\nprint('up', flush=True)\nwhile True: time.sleep(0.01)"
    ends = []
    for way in WAYS:
        with way([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True) as process:
            assert process.stdout.readline() == "up\n"
            assert process.poll() is None
            process.send_signal(number)
            stdout, stderr = process.communicate(timeout=30)
        ends.append((process.returncode, stdout, stderr.splitlines()[-1:]))  # above it, wherever it was
    assert ends[0] == ends[1]


def test_it_can_be_waited_for_no_longer_than_is_said() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        forked.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.1)


def test_it_is_not_waited_for_by_a_test_that_has_failed() -> None:
    with (
        pytest.raises(AssertionError),
        forked.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as it,
    ):
        raise AssertionError
    assert it.returncode == -signal.SIGKILL


def test_what_one_changes_no_other_sees() -> None:
    code = "from aarhus_los import run; print(hasattr(run, 'changed')); run.changed = 1"
    both(["-c", code])
    assert both(["-c", code])[1] == b"False\n"
