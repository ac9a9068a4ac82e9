"""Where texts go: to a terminal with colours, tables and a progress bar, by `rich`; elsewhere as plain lines.

A stream that cannot be written, since its reader has gone or its disk is full, changes nothing of a run.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import IO, TYPE_CHECKING, Any, Final, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console

    from aarhus_los.report.blocks import Block

STYLES: Final = {
    "title": "bold",
    "good": "green",
    "warn": "yellow",
    "bad": "bold red",
    "soft": "dim",
    "created": "green",
    "reopened": "green",
    "renamed": "yellow",
    "changed": "yellow",
    "moved": "cyan",
    "ended": "red",
}
UPDATES: Final = 10
"""How often a second a terminal is drawn anew at most."""
WIDEST_PAGE: Final = 100
"""In columns: longer lines are hard to read."""
PATIENCE: Final = 5.0
"""After so many seconds of waiting for a server, a terminal says so."""

Progress = Callable[[str, int, int], None]
Hear = Callable[[str, float], None]
"""Told what the importer logs, and how many seconds it now waits."""


class Unbreakable:
    """A stream whose failures to write are nobody's business: what is written after one is lost."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: Any) -> int:
        try:
            written: int = self._stream.write(text)
            return written
        except (OSError, ValueError):
            self._give_up()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._give_up()

    def _give_up(self) -> None:
        """What is still in its buffer, and all that comes, goes to /dev/null."""
        with suppress(OSError, ValueError):  # it may have no file below it, and then no buffer either
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)

    @property
    def buffer(self) -> Unbreakable:
        """What bytes go to, for whoever goes around the encoding."""
        return Unbreakable(self._stream.buffer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guard_streams() -> None:
    """From now on stdout and stderr cannot fail, and a letter that they do not have is written as its code."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or isinstance(stream, Unbreakable):
            continue
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, Unbreakable(stream))


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks at a stream who can see more than plain lines."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") not in ("dumb", "")


def show(blocks: Iterable[Block]) -> None:
    """Prints blocks on stdout."""
    from aarhus_los.report.blocks import Line, plain

    if not is_terminal(sys.stdout):
        click.echo(plain(blocks), nl=False)
        return
    from rich import box
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = _console(sys.stdout)
    for block in blocks:
        if isinstance(block, Line):
            # What does not fit goes on below its own beginning.
            text = Text(block.text, STYLES.get(block.style, ""))
            console.print(Padding(text, (0, 0, 0, block.indent)))
            continue
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
        table.add_column(block.head[0], overflow="fold")
        for title in block.head[1:]:
            table.add_column(title, justify="right")
        for row in block.rows:
            table.add_row(*(Text(cell, "dim" if cell == "0" else "") for cell in row))
        console.print(table)


def show_page(markdown: str) -> None:
    """Prints a page of the manual on stdout: as it is written, or on a terminal as it is meant."""
    if not is_terminal(sys.stdout):
        click.echo(markdown, nl=False)
        return
    from rich.markdown import Markdown

    console = _console(sys.stdout)
    console.print(Markdown(markdown, code_theme="bw"), width=min(console.width, WIDEST_PAGE))


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=False)


@contextmanager
def progress(*, quiet: bool, verbose: bool) -> Iterator[Progress]:
    """Shows on a terminal how far the run is. `verbose`: and each request and retry, wherever stderr goes."""
    if quiet or not is_terminal(sys.stderr):
        with _heard(lambda text, _: click.echo(text, err=True), verbose) if verbose else nullcontext():
            yield lambda phase, done, of: None
        return
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[waiting]}"),
        console=_console(sys.stderr),
        refresh_per_second=UPDATES,
        transient=True,
    )
    shown: dict[str, TaskID] = {}
    """The phase that is shown, and its bar."""
    waits_until = 0.0

    def update(phase: str, done: int, of: int) -> None:
        if phase not in shown:
            for ended in shown.values():
                bars.remove_task(ended)
            shown.clear()
            shown[phase] = bars.add_task(phase, total=None, count="", waiting="")
        speed = bars.tasks[0].speed
        rate = f", {speed:.0f}/s" if speed else ""
        count = f"{done} of {of}{rate}" if of else ""
        bars.update(shown[phase], completed=done, total=of or None, count=count)
        if time.monotonic() > waits_until:
            bars.update(shown[phase], waiting="")

    def hear(text: str, seconds: float) -> None:
        nonlocal waits_until
        if verbose:
            bars.console.print(text)
        else:
            waits_until = time.monotonic() + seconds
            for task in shown.values():
                bars.update(task, waiting=text)

    with bars, _heard(hear, verbose):
        yield update


class _Hearing(logging.Handler):
    """Passes on what the importer logs: requests, and tries that come after a failure.

    A record of a try says how long it has `waited` by then, since the first try, and how long that `wait` is.
    """

    def __init__(self, hear: Hear, verbose: bool) -> None:
        super().__init__()
        self._hear = hear
        self._verbose = verbose

    def emit(self, record: logging.LogRecord) -> None:
        if self._verbose or getattr(record, "waited", 0.0) >= PATIENCE:
            self._hear(record.getMessage(), getattr(record, "wait", 0.0))


@contextmanager
def _heard(hear: Hear, verbose: bool) -> Iterator[None]:
    logger = logging.getLogger("aarhus_los")
    handler = _Hearing(hear, verbose)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
