"""A command line of the importer, run in this process: begins in no time, and is to its caller as a process of its own.

It has streams, environment and folder of its own, and leaves nothing behind. Where a process is the subject (signals, a
kill, limits, terminals, streams that break, what Python takes from its environment at its start), `forked` is the way.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest

from aarhus_los.cli import main

_OF_THE_START: Final = ("PYTHON", "TZ")
"""How the names begin of what Python reads from its environment when it starts."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


def run(
    args: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Runs `los-import ARGS` to its end, with nothing on stdin. A run of more seconds than `timeout` fails the test."""
    as_here = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    others = [name for name in env if name.startswith(_OF_THE_START) and env[name] != as_here.get(name)]
    assert not others, f"{others}: for a process of its own"
    words = [str(arg) for arg in args]
    stdout, stderr = _stream("strict"), _stream("backslashreplace")
    with (
        _restored(),
        patch.dict(os.environ, env, clear=True),
        contextlib.chdir(cwd),
        patch.multiple(sys, stdin=io.TextIOWrapper(io.BytesIO(), "utf-8"), stdout=stdout, stderr=stderr),
        _ended_after(timeout) as late,
    ):
        code = _exit_code(words)
    told = [_text(stream) for stream in (stdout, stderr)]
    if late.is_set():
        pytest.fail("\n".join((f"los-import {' '.join(words)} ran for more than {timeout} s", *told)))
    return subprocess.CompletedProcess(words, code, *told)


def _exit_code(args: list[str]) -> int:
    """As Python makes it of how a program ends, with what it says of that."""
    try:
        main(args)
    except SystemExit as ended:
        if ended.code is None:
            return 0
        if isinstance(ended.code, int):
            return ended.code & 0xFF
        print(ended.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    return 1


def _stream(errors: str) -> io.TextIOWrapper:
    """As Python opens stdout and stderr on a pipe."""
    return io.TextIOWrapper(io.BytesIO(), "utf-8", errors, newline="\n")


def _text(stream: io.TextIOWrapper) -> str:
    """What was written, as `subprocess` reads it: each end of a line is the same."""
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode().replace("\r\n", "\n").replace("\r", "\n")


@contextlib.contextmanager
def _restored() -> Iterator[None]:
    """What `main` sets up for a process that is its own."""
    handlers = [(number, signal.getsignal(number)) for number in _SIGNALS]
    thresholds = gc.get_threshold()
    try:
        yield
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
        gc.set_threshold(*thresholds)
        atexit.unregister(gc.freeze)


@contextlib.contextmanager
def _ended_after(seconds: float) -> Iterator[threading.Event]:
    """Ends a run by a signal, as an operator does, when its time is over, and says so."""
    late = threading.Event()
    main_thread = threading.main_thread().ident
    assert main_thread == threading.get_ident(), "signals come to the main thread: for a process of its own"

    def end() -> None:
        late.set()
        signal.pthread_kill(main_thread, signal.SIGTERM)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        timer.join()
