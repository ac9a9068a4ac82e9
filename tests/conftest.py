"""Property tests draw the same few examples everywhere; the profile `many` draws more of them, and `drawn` others."""

import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator
from types import CodeType
from unittest.mock import patch

import pytest
from jinja2 import Environment

# Whatever the environment says: to compile all tests and Hypothesis anew takes each worker longer than to run most files.
sys.dont_write_bytecode = False

from hypothesis import settings  # noqa: E402

from aarhus_los.cli import GARBAGE  # noqa: E402

settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=25)
settings.register_profile("many", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("drawn", deadline=None, print_blob=True)
settings.load_profile("fixed")


def pytest_xdist_auto_num_workers() -> int | None:
    """Two more than there are processors: tests that wait for a limit to be over leave one idle."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else len(os.sched_getaffinity(0)) + 2


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--apart", action="store_true", help="each run of the importer in a process of its own")


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """The template of the page is compiled once: a process makes one page, and the tests make many."""
    compiled: dict[tuple[str, ...], CodeType] = {}
    compile = Environment.compile

    def once(self: Environment, *text: str) -> CodeType:
        if text not in compiled:
            compiled[text] = compile(self, *text)
        return compiled[text]

    with patch.object(Environment, "compile", once):
        yield


@pytest.fixture(scope="session", autouse=True)
def hang_ups() -> Iterator[None]:
    """The importers that tests start hear of a terminal that goes away, also where `nohup` has started the tests."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The collected tests stay to the end: to look through them for garbage, again and again, took a third of a run.

    Afterwards it is looked for as seldom as in the importer itself.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        gc.enable()
