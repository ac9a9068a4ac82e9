"""Imports from file servers that do not give everything: what they withhold is told, and costs nothing else."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org, unit, uuid_of
from tests.sources.ftp_server import PASSWORD, USER, FtpServer, Handler
from tests.sources.scripted import ScriptedFtp, Speaking

NAMES = [f"Org_nye_202601{day}_220000.csv" for day in range(10, 20)]
ODD = NAMES[4]
DENIED = f"{ODD} is not read: the server does not give it (550 Not for you.)"


class Withholding(Handler):
    withheld: str = ODD

    def ftp_RETR(self, file: str) -> None:
        if self.withheld and file.endswith(self.withheld):
            self.respond("550 Not for you.")
        else:
            super().ftp_RETR(file)


@contextmanager
def serving(sandbox: Sandbox) -> Iterator[FtpServer]:
    """The drop, on a server that withholds one file of ten."""
    for number, name in enumerate(NAMES):
        sandbox.put(name, org(unit(f"unit {number}")))
    with FtpServer(sandbox.drop, Withholding) as server:
        point_to(sandbox, server.port)
        yield server


def point_to(sandbox: Sandbox, port: int, scheme: str = "ftp") -> None:
    url = f"{scheme}://127.0.0.1:{port}"
    sandbox.configure(import_csv_folder=None, ftp_url=url, ftp_user=USER, ftp_pass=PASSWORD)


def test_one_file_of_ten_that_may_not_be_read_is_refused_and_nine_are_imported(sandbox: Sandbox) -> None:
    with serving(sandbox) as server:
        told = sandbox.run("check")
        assert (told.returncode, told.stderr) == (0, "")
        assert DENIED in told.stdout
        done = sandbox.run()
        assert (done.returncode, done.stderr) == (65, ""), done.stdout
        assert f"{ODD}: the server does not give it (550 Not for you.)" in done.stdout
        units = sandbox.state()["org_unit"].keys()
        assert units == {uuid_of(f"unit {number}") for number in range(10) if number != 4}
        assert sandbox.claimed().keys() == {*NAMES} - {ODD}
        # Nothing is forgotten: it is asked for again, and imported once it is given.
        assert sandbox.run().returncode == 65
        server.handler.withheld = ""
        assert sandbox.run().returncode == 0
        assert uuid_of("unit 4") in sandbox.state()["org_unit"]
        sandbox.writes()
        assert sandbox.run().returncode == 0
        assert sandbox.writes() == 0


def test_a_folder_that_is_not_for_us_ends_the_run_and_says_that_it_will_last(sandbox: Sandbox) -> None:
    with ScriptedFtp({}, {"NLST": b"550 Permission denied", "LIST": b"550 Permission denied"}) as server:
        point_to(sandbox, server.port)
        for command in ("import", "plan"):
            done = sandbox.run(command)
            assert (done.returncode, done.stdout) == (69, "")
            assert "does not list the folder (550 Permission denied)" in done.stderr
            assert "the same tomorrow" in done.stderr
        assert not sandbox.state_file.exists()
        told = sandbox.run("check")
        assert told.returncode == 69
        assert "does not list the folder (550 Permission denied)" in told.stdout


def test_names_that_cannot_be_used_are_told_and_the_others_are_imported(sandbox: Sandbox) -> None:
    sandbox.put(NAMES[0], org(unit("top")))
    sandbox.put(os.fsdecode(b"Org_nye_20260111_220000 \xf8.csv"), b"")
    for command in ("check", "plan", "import"):
        told = sandbox.run(command).stdout
        assert (
            "1 name in the folder cannot be used: 'Org_nye_20260111_220000 \ufffd.csv' (it is not UTF-8)"
            in told
        )
    assert sandbox.state()["org_unit"].keys() == {uuid_of("top")}


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
def test_a_stop_is_heard_while_a_server_keeps_us_waiting(sandbox: Sandbox, scheme: str) -> None:
    asked: list[float] = []

    def says(connection: socket.socket) -> None:
        asked.append(time.monotonic())
        while connection.recv(1000):
            pass

    with Speaking(says) as server:
        point_to(sandbox, server.port, scheme)
        process = sandbox.start()
        try:
            until = time.monotonic() + 20
            while not asked:
                assert time.monotonic() < until
                time.sleep(0.01)
            time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            _, stderr = process.communicate(timeout=5)
        finally:
            process.kill()
            process.wait()
    assert (process.returncode, stderr) == (143, "los-import: stopped: the next run does the rest\n")
