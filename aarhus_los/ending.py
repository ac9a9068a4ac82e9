"""How a command ends: by itself, by a signal, by an error of ours, or by a defect, whose place is noted without values."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

import click

from aarhus_los import clock
from aarhus_los.errors import EXIT_INTERNAL, LosError

HANGUPS: Final = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()
"""A terminal that goes away. It may say so more than once; ignored it stays so, as `nohup` wishes."""
STOPPING: Final = (signal.SIGINT, signal.SIGTERM, *HANGUPS)
"""What ends a command from outside."""
LOOK_SECONDS: Final = 0.5
"""How often a wait is interrupted, to look whether a signal came."""
AGAIN_SECONDS: Final = 0.005
"""And when one has come, how often it is looked whether it can end the command there."""
MOST_SECONDS: Final = 2.0
"""After so long it ends the command wherever that is."""


class Stopped(BaseException):
    """A signal asked the run to end: what is on its way is finished, nothing more is sent."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_code = 128 + number


class Command:
    """What is known of the command that runs, when it ends."""

    reports: Path | None = None
    """Where the place of a defect is noted: nowhere, until the settings say which the report folder is."""
    is_import: bool = False
    """Whether a next run does what this one has left."""


@contextmanager
def ending() -> Iterator[Command]:
    """Ends the process as its command ended: with an exit code, and a line for each thing that there is to say."""
    command = Command()
    try:
        with _Signals().looked_for():
            yield command
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(128 + signal.SIGINT)
    except LosError as error:
        say(*str(error).splitlines(), *_notes(error))
        sys.exit(error.exit_code)
    except Stopped as error:
        say("stopped" + ": the next run does the rest" * command.is_import, *_notes(error))
        sys.exit(error.exit_code)
    except Exception as error:
        say(f"a defect: {type(error).__name__}{_noted(error, command.reports)}", *_notes(error))
        sys.exit(EXIT_INTERNAL)


class _Signals:
    """What ends a command from outside: an exception in the main thread, raised where it leaves no lock taken.

    Within a library one may just have been taken, which others would then wait for without end. So it is raised in our own
    code only, or where the main thread was at the last look too: there it waits.
    """

    def __init__(self) -> None:
        self._came: int | None = None
        self._since = 0.0
        self._place: tuple[CodeType, int] | None = None
        """Where the main thread was at the last look."""

    @contextmanager
    def looked_for(self) -> Iterator[None]:
        """Python sees a signal that comes just before a wait when that ends, be it after minutes: so it is looked for."""
        for number in STOPPING:
            if number not in HANGUPS or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._stop)
        if not hasattr(signal, "SIGALRM"):
            yield
            return
        former = signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, former)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        for each in STOPPING:
            again = signal.SIG_IGN if each in HANGUPS else lambda number, frame: os._exit(128 + number)
            signal.signal(each, again)
        if not hasattr(signal, "SIGALRM"):
            raise Stopped(number)
        self._came, self._since = number, time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS, AGAIN_SECONDS)
        self._look(number, frame)

    def _look(self, number: int, frame: FrameType | None) -> None:
        """Is called now and then, and when a signal comes, whichever thread has taken that."""
        place = None if frame is None else (frame.f_code, frame.f_lasti)
        waits, self._place = place == self._place, place
        came = self._came
        if came is None or came in signal.pthread_sigmask(signal.SIG_BLOCK, ()):
            return
        if waits or _is_ours(frame) or time.monotonic() - self._since > MOST_SECONDS:
            self._came = None
            raise Stopped(came)


def _is_ours(frame: FrameType | None) -> bool:
    return frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == "aarhus_los"


def say(*lines: str) -> None:
    """Says something on stderr."""
    for line in lines:
        click.echo(f"los-import: {line}", err=True)


def _notes(error: BaseException) -> list[str]:
    """How much of how much was written before an error, and where that stands."""
    return getattr(error, "__notes__", [])


def _noted(error: Exception, folder: Path | None) -> str:
    """Writes where it happened, but no values: they may be CPR numbers."""
    from aarhus_los.files import write_private

    lines = [f"{type(error).__name__}\n"]
    each: BaseException | None = error
    while each is not None:
        lines += [f"{type(each).__name__}:\n", *traceback.format_tb(each.__traceback__)]
        each = each.__cause__ or each.__context__
    if folder is not None:
        path = folder / f"error_{clock.now():%Y%m%dT%H%M%S}.txt"
        try:
            write_private(path, "".join(lines).encode())
        except LosError:
            pass
        else:
            return f": where it happened stands in {path}"
    return "".join([": the report folder cannot be written, so here is where:\n", *lines])
