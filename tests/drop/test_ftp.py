from __future__ import annotations

import os
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aarhus_los.drop.entries import Entry, FileChanged
from aarhus_los.drop.ftp import Ftp
from aarhus_los.drop.names import parse_name
from aarhus_los.errors import UnavailableError
from tests.drop.ftp_server import (
    PASSWORD,
    USER,
    AlwaysCuts,
    ClosesWhenIdle,
    CutsFiles,
    EmptyIs550,
    FtpServer,
    Handler,
    Serve,
    WithoutMlsd,
)

NAME = "Org_nye_20210128_123742.csv"
WHEN = datetime(2021, 1, 28, 11, 40, 2, tzinfo=UTC)

with_and_without_mlsd = pytest.mark.parametrize("handler", [Handler, WithoutMlsd, EmptyIs550])


def connect(server: FtpServer, folder: str = "", password: str = PASSWORD, timeout: float = 5.0) -> Ftp:
    return Ftp(
        "127.0.0.1",
        server.port,
        USER,
        password,
        folder,
        interest=lambda name: parse_name(name) is not None,
        timeout=timeout,
        sleep=lambda seconds: None,
    )


def put(folder: Path, name: str, data: bytes, when: datetime = WHEN) -> None:
    (folder / name).write_bytes(data)
    os.utime(folder / name, (when.timestamp(), when.timestamp()))


@with_and_without_mlsd
def test_lists_files_with_size_and_time_in_utc(serve: Serve, handler: type[Handler]) -> None:
    server = serve(handler)
    put(server.home, NAME, b"abc\r\n")
    put(server.home, "STAM_UUID_ITSystem.csv", b"")
    (server.home / "Org_nye_20210129_000000.csv").mkdir()
    with connect(server) as source:
        assert sorted(source.listing(), key=lambda entry: entry.name) == [
            Entry(NAME, 5, WHEN),
            Entry("STAM_UUID_ITSystem.csv", 0, WHEN),
        ]


@with_and_without_mlsd
def test_foreign_files_in_any_encoding_do_not_hinder(serve: Serve, handler: type[Handler]) -> None:
    server = serve(handler)
    put(server.home, NAME, b"1")
    put(server.home, "æøå læs mig.txt", b"22")
    (server.home / os.fsdecode("læs.txt".encode("latin-1"))).write_bytes(b"333")
    with connect(server) as source:
        assert {NAME, "æøå læs mig.txt"} <= {entry.name for entry in source.listing()}
        assert source.read(NAME) == b"1"


@with_and_without_mlsd
def test_reads_every_byte_as_it_is(serve: Serve, handler: type[Handler]) -> None:
    server = serve(handler)
    data = bytes(range(256)) * 4000 + b"\r\n\n\r"
    put(server.home, NAME, data)
    with connect(server) as source:
        source.listing()
        assert source.read(NAME) == data


@with_and_without_mlsd
def test_an_empty_folder_is_empty(serve: Serve, handler: type[Handler]) -> None:
    with connect(serve(handler)) as source:
        assert source.listing() == []


def test_enters_a_folder_whose_name_has_danish_letters(serve: Serve) -> None:
    server = serve()
    (server.home / "Årø").mkdir()
    put(server.home / "Årø", NAME, b"1")
    with connect(server, "Årø") as source:
        assert source.listing() == [Entry(NAME, 1, WHEN)]
        assert source.read(NAME) == b"1"


def test_a_run_takes_one_connection(serve: Serve) -> None:
    server = serve()
    for day in range(10, 20):
        put(server.home, f"Org_nye_202101{day}_000000.csv", b"%d" % day)
    with connect(server) as source:
        assert [source.read(entry.name) for entry in sorted(source.listing(), key=lambda e: e.name)] == [
            b"%d" % day for day in range(10, 20)
        ]
    assert server.handler.connections == 1
    assert server.handler.commands[-1] == "QUIT"


def test_only_names_of_interest_are_asked_for_size_and_time(serve: Serve) -> None:
    server = serve(WithoutMlsd)
    put(server.home, NAME, b"1")
    for number in range(20):
        put(server.home, f"backup{number}.zip", b"1")
    with connect(server) as source:
        assert len(source.listing()) == 21
    assert server.handler.commands.count("SIZE") == 1


@pytest.mark.parametrize("now", [b"more bytes than before", b"less"])
def test_a_file_of_another_size_than_listed_has_changed(serve: Serve, now: bytes) -> None:
    server = serve()
    put(server.home, NAME, b"eight by")
    put(server.home, "Org_nye_20210129_000000.csv", b"whole")
    with connect(server) as source:
        source.listing()
        put(server.home, NAME, now)
        with pytest.raises(FileChanged, match=NAME):
            source.read(NAME)
        assert source.read("Org_nye_20210129_000000.csv") == b"whole"


def test_a_file_that_left_has_changed(serve: Serve) -> None:
    server = serve()
    put(server.home, NAME, b"1")
    with connect(server) as source:
        source.listing()
        (server.home / NAME).unlink()
        with pytest.raises(FileChanged, match="gone"):
            source.read(NAME)


def test_a_connection_cut_in_the_middle_of_a_file_is_made_anew(serve: Serve) -> None:
    server = serve(CutsFiles)
    data = os.urandom(300_000)
    put(server.home, NAME, data)
    with connect(server) as source:
        source.listing()
        assert source.read(NAME) == data
    assert server.handler.connections == 2


def test_a_server_that_always_cuts_is_given_up(serve: Serve) -> None:
    server = serve(AlwaysCuts)
    put(server.home, NAME, b"x" * 300_000)
    with connect(server) as source:
        source.listing()
        with pytest.raises(UnavailableError, match=f"cannot read {NAME}"):
            source.read(NAME)
    assert server.handler.connections == 3


def test_a_connection_closed_while_idle_is_made_anew(serve: Serve) -> None:
    server = serve(ClosesWhenIdle)
    put(server.home, NAME, b"1")
    with connect(server) as source:
        source.listing()
        time.sleep(0.6)
        assert source.read(NAME) == b"1"
    assert server.handler.connections == 2


def test_a_refused_login_is_said_without_the_password_and_not_repeated(serve: Serve) -> None:
    server = serve()
    with connect(server, password="forkert-kode-42") as source, pytest.raises(UnavailableError) as caught:
        source.listing()
    assert "refuses the login" in str(caught.value) and "ftp_pass" in str(caught.value)
    assert "forkert" not in str(caught.value) and "forkert" not in source.describe()
    assert server.handler.connections == 1


def test_a_folder_that_is_not_there_is_said(serve: Serve) -> None:
    with connect(serve(), "FINDES/IKKE") as source, pytest.raises(UnavailableError, match="ftp_folder"):
        source.listing()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        source = Ftp(
            "127.0.0.1", port, USER, PASSWORD, "", interest=lambda name: True, sleep=lambda seconds: None
        )
        with source, pytest.raises(UnavailableError, match="cannot list the folder"):
            source.listing()


def test_a_server_that_says_nothing_is_given_up_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        source = Ftp(
            "127.0.0.1",
            mute.getsockname()[1],
            USER,
            PASSWORD,
            "",
            interest=lambda name: True,
            timeout=0.1,
            sleep=lambda seconds: None,
        )
        with source, pytest.raises(UnavailableError):
            source.listing()


@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\xff\xfe\x00garbage\r\n", b"220-\r\n" * 99]
)
def test_a_server_that_speaks_something_else_is_unavailable(greeting: bytes) -> None:
    def speak(listener: socket.socket) -> None:
        for _ in range(3):
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(100):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak, args=(listener,), daemon=True)
        thread.start()
        source = Ftp(
            "127.0.0.1",
            listener.getsockname()[1],
            USER,
            PASSWORD,
            "",
            interest=lambda name: True,
            timeout=2,
            sleep=lambda seconds: None,
        )
        with source, pytest.raises(UnavailableError):
            source.listing()
        thread.join(5)


def test_names_from_the_server_are_never_paths(serve: Serve) -> None:
    class Hostile(WithoutMlsd):
        def ftp_NLST(self, path: str) -> None:
            names = ("../../etc/passwd", "/etc/passwd", "..", "a\\b", "./" + NAME, "x/" + NAME)
            self.push_dtp_data("".join(name + "\r\n" for name in names).encode(), cmd="NLST")

    server = serve(Hostile)
    put(server.home, NAME, b"1")
    with connect(server) as source:
        assert [entry.name for entry in source.listing()] == [NAME]
        with pytest.raises(KeyError):
            source.read("../../etc/passwd")
