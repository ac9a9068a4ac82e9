from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aarhus_los.errors import UnavailableError
from aarhus_los.sources.entries import Limits, Source
from aarhus_los.sources.ftp import Ftp
from aarhus_los.sources.ftps import tls_context
from aarhus_los.sources.ssh_keys import Login, Pinned
from tests.sources.daemons import run_vsftpd
from tests.sources.ftp_server import (
    PASSWORD,
    USER,
    FtpServer,
    Handler,
    Serve,
    WithoutMlsd,
)
from tests.sources.scripted import ScriptedFtp, Speaking, Talk, again
from tests.sources.sites import ftp_on, sftp_on

NAME = "Org_nye_20210128_123742.csv"
FAST = Limits(silence=2)
WHEN = datetime(2021, 1, 28, 11, 40, 2, tzinfo=UTC)


def connect(server: FtpServer, password: str = PASSWORD) -> Ftp:
    return ftp_on(server.port, USER, password)


def plain(port: int, limits: Limits) -> Source:
    return ftp_on(port, USER, PASSWORD, limits=limits)


def over_tls(port: int, limits: Limits) -> Source:
    return ftp_on(port, USER, PASSWORD, limits=limits, tls=tls_context(None))


def over_ssh(port: int, limits: Limits) -> Source:
    return sftp_on(port, Pinned(""), Login(USER, PASSWORD), limits=limits)


Make = Callable[[int, Limits], Source]
makes = pytest.mark.parametrize("make", [plain, over_tls, over_ssh])


def put(folder: Path, name: str, data: bytes, when: datetime = WHEN) -> None:
    (folder / name).write_bytes(data)
    os.utime(folder / name, (when.timestamp(), when.timestamp()))


def test_a_run_takes_one_connection(serve: Serve) -> None:
    server = serve()
    for day in range(10, 20):
        put(server.home, f"Org_nye_202101{day}_000000.csv", b"%d" % day)
    with connect(server) as source:
        assert [
            source.read(entry.name) for entry in sorted(source.listing().entries, key=lambda e: e.name)
        ] == [b"%d" % day for day in range(10, 20)]
    assert server.handler.connections == 1
    until = time.monotonic() + 10
    while server.handler.open and time.monotonic() < until:
        time.sleep(0.01)
    assert server.handler.commands[-1] == "QUIT"


def test_only_names_of_interest_are_asked_for_size_and_time(serve: Serve) -> None:
    server = serve(WithoutMlsd)
    put(server.home, NAME, b"1")
    for number in range(20):
        put(server.home, f"backup{number}.zip", b"1")
    with connect(server) as source:
        assert len(source.listing().entries) == 21
    assert server.handler.commands.count("SIZE") == 1


def test_a_refused_login_is_said_without_the_password_and_not_repeated(serve: Serve) -> None:
    server = serve()
    with connect(server, password="forkert-kode-42") as source, pytest.raises(UnavailableError) as caught:
        source.listing()
    assert "refuses the login" in str(caught.value) and "ftp_pass" in str(caught.value)
    assert "forkert" not in str(caught.value) and "forkert" not in source.describe()
    assert server.handler.connections == 1


def test_mlsd_lists_many_files_in_a_few_round_trips(serve: Serve) -> None:
    server = serve()
    put(server.home, NAME, b"1")
    for number in range(499):
        os.link(server.home / NAME, server.home / f"Org_nye_20210129_{number:06}.csv")
    with connect(server) as source:
        assert len(source.listing().entries) == 500
        logged_in = server.handler.commands.index("TYPE") + 1
        assert server.handler.commands[logged_in:] == ["PWD", "TYPE", "PASV", "MLSD", "TYPE"]


@pytest.mark.parametrize("most", [5_000, pytest.param(Limits().entries, marks=pytest.mark.slow)])
def test_a_listing_without_end_is_given_up(serve: Serve, most: int) -> None:
    class Endless(Handler):
        def ftp_MLSD(self, path: str) -> None:
            self.push_dtp_data(self, isproducer=True, cmd="MLSD")

        def more(self) -> bytes:
            return b"type=file;size=1;modify=20210128114002; x.csv\r\n" * 1000

    with (
        plain(serve(Endless).port, Limits(silence=10, entries=most)) as source,
        pytest.raises(UnavailableError, match=f"more than {most} files"),
    ):
        source.listing()


@pytest.mark.servers
def test_the_goodbye_of_an_idle_connection_is_no_answer(open_folder: Path) -> None:
    (open_folder / "home").mkdir(mode=0o755)
    put(open_folder / "home", NAME, b"1")
    with (
        run_vsftpd(open_folder, open_folder / "home", idle=1) as daemon,
        ftp_on(daemon.port, None, None) as source,
    ):
        source.listing()
        time.sleep(2.5)
        assert source.read(NAME) == b"1"


@makes
def test_a_server_that_is_not_there_is_unavailable(make: Make) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        source = make(unused.getsockname()[1], FAST)
        with source, pytest.raises(UnavailableError, match=r"cannot list the folder: .*refused") as caught:
            source.listing()
    assert not caught.value.lasting


@makes
@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\xff\xfe\x00garbage\r\n", b"220-\r\n" * 99]
)
def test_a_server_that_speaks_something_else_is_unavailable(make: Make, greeting: bytes) -> None:
    def says(connection: socket.socket) -> None:
        connection.sendall(greeting)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(100):
            pass

    with Speaking(says) as server, make(server.port, FAST) as source, pytest.raises(UnavailableError):
        source.listing()


@makes
@pytest.mark.parametrize(
    "says", [again(b"220-Hej\r\n", 0.01), again(b"x", 0.05), again(b"x" * 8000 + b"\r\n", 0), again(b"", 1)]
)
def test_a_greeting_without_end_is_given_up(make: Make, says: Callable[[socket.socket], None]) -> None:
    patient = Limits(silence=60, exchange=0.1)
    started = time.monotonic()
    with Speaking(says) as server, make(server.port, patient) as source, pytest.raises(UnavailableError):
        source.listing()
    assert time.monotonic() - started < 20


def test_a_tls_handshake_that_trickles_in_is_given_up() -> None:
    def handshake(talk: Talk) -> None:
        talk.say("234 Go on.")
        talk.keep_on(talk.control, b"\x16\x03\x03\x00\xff" + bytes(10), 0.1)

    started = time.monotonic()
    with (
        ScriptedFtp({}, {"AUTH": handshake}) as server,
        over_tls(server.port, Limits(silence=0.4, exchange=0.2)) as source,
        pytest.raises(UnavailableError),
    ):
        source.listing()
    assert time.monotonic() - started < 20


def test_names_from_the_server_are_never_paths(serve: Serve) -> None:
    class Hostile(WithoutMlsd):
        def ftp_NLST(self, path: str) -> None:
            names = ("../../etc/passwd", "/etc/passwd", "..", "a\\b", "./" + NAME, "x/" + NAME)
            self.push_dtp_data("".join(name + "\r\n" for name in names).encode(), cmd="NLST")

    server = serve(Hostile)
    put(server.home, NAME, b"1")
    with connect(server) as source:
        assert [entry.name for entry in source.listing().entries] == [NAME]
        with pytest.raises(KeyError):
            source.read("../../etc/passwd")
