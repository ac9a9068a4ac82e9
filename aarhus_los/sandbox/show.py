"""The show: the import of this package, run three times as a process on the sample drop, against servers in this process."""

from __future__ import annotations

import shlex
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from aarhus_los.sandbox.expectations import Expected, State, named, told
from aarhus_los.sandbox.ftp_server import PASSWORD, USER, FtpServer
from aarhus_los.sandbox.sample import delta_drop, first_drop, put
from aarhus_los.sandbox.sample_outcome import after_delta, after_first, untouched
from aarhus_los.sandbox.stage import Stage, importer_environment

_FOLDER: Final = "LOS"
_TIMEOUT: Final = 60

# What MO holds is told in its own words.
_KINDS: Final = {
    "org_unit": "org units",
    "address": "addresses",
    "employee": "people",
    "engagement": "engagements",
    "it": "accounts",
    "manager": "managers",
    "class": "classes",
    "facet": "facets",
    "itsystem": "IT systems",
}


@dataclass(frozen=True)
class Act:
    """One run of the importer, and how it must end."""

    title: str
    files: dict[str, bytes]
    """What is put on the file server before."""
    exit_code: int
    reason: str
    """Of the exit code."""
    units: int
    """How many org units MO has then, or had once."""
    does: list[Expected]
    leaves: list[Expected]


def show() -> int:
    """Runs the acts and prints what each did. The exit code: 0 where all ended as the sample says, else 1."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="los-sandbox-")))
        server = home / "server"
        (server / _FOLDER).mkdir(parents=True)
        ftp = stack.enter_context(FtpServer(server))
        stage = stack.enter_context(Stage(home))
        stage.write_settings(
            {
                "ftp_url": ftp.host,
                "ftp_port": ftp.port,
                "ftp_user": USER,
                "ftp_pass": PASSWORD,
                "ftp_folder": _FOLDER,
            }
        )
        _say("The import of a fictive municipality, three times, on this machine alone:")
        _say(f"an FTP server at {ftp.host}:{ftp.port}, an MO at {stage.mo.url}, DAR at {stage.dar.url}.")
        for act in _acts():
            if wrong := _play(act, stage, server / _FOLDER):
                _say(f"\nThis is not as the sample says, in {act.title!r}:")
                for line in wrong:
                    _say(f"  {line}")
                return 1
    _say("\nAll three imports ended as the sample says.")
    return 0


def _acts() -> tuple[Act, ...]:
    first = after_first()
    return (
        Act(
            "1. First import: the whole drop",
            first_drop(),
            exit_code=1,
            reason="one row has a date that does not exist, and a manager is nobody whom MO knows",
            units=64,
            does=first,
            leaves=[],
        ),
        Act(
            "2. The same again: nothing is sent",
            {},
            exit_code=1,
            reason="nothing is new, and the manager still nobody whom MO knows",
            units=64,
            does=[],
            leaves=first,
        ),
        Act(
            "3. A delta, five weeks later",
            delta_drop(),
            exit_code=0,
            reason="every row is right",
            units=69,
            does=after_delta(),
            leaves=untouched(),
        ),
    )


def _play(act: Act, stage: Stage, server: Path) -> list[str]:
    """One act; returns what went otherwise than it should."""
    _say(f"\n{act.title}\n")
    for name, content in act.files.items():
        _say(f"  onto the server: {name}, {len(content.splitlines()) - 1} rows")
    if act.files:
        _say()
    put(act.files, server)
    before = len(stage.mo.requests)
    exit_code = _run(stage)
    requests = list(stage.mo.requests[before:])
    state = stage.store.state()
    sent = sum(request.objects for request in requests)
    _say(f"  exit code {exit_code}; {sent} objects sent to MO in {len(requests)} requests")
    held = (f"{len(state[kind])} {words}" for kind, words in _KINDS.items() if state[kind])
    _say(f"  MO holds {', '.join(held)}\n")

    wrong = []
    if exit_code != act.exit_code:
        wrong.append(f"exit code {exit_code}, expected {act.exit_code}: {act.reason}")
    if bool(sent) is not bool(act.does):
        wrong.append(f"{sent} objects sent to MO, expected {'some' if act.does else 'none'}")
    if len(state["org_unit"]) != act.units:
        wrong.append(f"{len(state['org_unit'])} org units in MO, expected {act.units}")
    return wrong + _compare(named(state), act)


def _compare(state: State, act: Act) -> list[str]:
    """Tells what the act did to the objects that the sample speaks of, and returns what is otherwise."""
    found = [(each, each.found(state)) for each in (*act.does, *act.leaves)]
    wrong = [(each, history) for each, history in found if not each.agrees(history)]
    for each, history in found[: len(act.does)]:
        if each.agrees(history):
            _say(f"  ok  {each.tell(history)}")
    if act.leaves and not wrong:
        _say(f"  ok  {len(act.leaves)} histories are as they were")
    return [f"{each.tell(history)}; expected: {told(each.history)}" for each, history in wrong]


def _run(stage: Stage) -> int:
    """Runs the importer as an operator would, and shows what it says."""
    command = [sys.executable, "-m", "aarhus_los", "--settings", str(stage.settings_path)]
    _say(f"  $ {shlex.join(command)}")
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=importer_environment(),
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        _say(f"  | stopped: it ran for more than {_TIMEOUT} s")
        return -1
    for line in done.stdout.splitlines():
        _say(f"  | {line}".rstrip())
    return done.returncode


def _say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
