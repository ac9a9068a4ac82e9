"""What is peculiar to SFTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from aarhus_los.errors import UnavailableError
from aarhus_los.sources.entries import Entry, Limits
from aarhus_los.sources.sftp import Sftp
from aarhus_los.sources.ssh_keys import Login, Pinned
from tests.sources.sftp_server import PASSWORD, USER, SftpServer
from tests.sources.sites import UNHURRIED, WRONG_PASSWORD, sftp_on

NAME = "Org_nye_20210128_123742.csv"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    with SftpServer(tmp_path) as running:
        yield running


def connect(server: SftpServer, password: str = PASSWORD, limits: Limits = UNHURRIED) -> Sftp:
    return sftp_on(server.port, Pinned(server.host_key.fingerprint), Login(USER, password), limits=limits)


def test_names_from_the_server_are_never_paths(server: SftpServer) -> None:
    (server.home / NAME).write_bytes(b"1")
    server.names = lambda names: [*names, "../../etc/passwd", "/etc/passwd", "..", "a\\b", f"x/{NAME}"]
    with connect(server) as source:
        assert [entry.name for entry in source.listing().entries] == [NAME]
        with pytest.raises(KeyError):
            source.read("../../etc/passwd")


def test_foreign_links_are_not_followed(server: SftpServer) -> None:
    (server.home / "backup.zip").symlink_to(server.home)
    with connect(server) as source:
        assert source.listing().entries == (Entry("backup.zip", 0, None),)


def test_a_server_that_is_mute_after_the_login_is_given_up(server: SftpServer) -> None:
    server.mute = True
    started = time.monotonic()
    with (
        connect(server, limits=Limits(silence=0.2, exchange=0.4)) as source,
        pytest.raises(UnavailableError, match="cannot list the folder"),
    ):
        source.listing()
    assert time.monotonic() - started < 10


def test_a_connection_that_is_lost_at_the_login_is_no_refused_login(server: SftpServer) -> None:
    server.drops_logins = True
    with connect(server) as source, pytest.raises(UnavailableError, match="cannot list the folder") as caught:
        source.listing()
    assert not caught.value.lasting
    assert 1 < server.logins <= 3  # a connection that is made while the last one is dropped is a try too


def test_a_server_that_asks_for_more_than_a_key_asks_nobody(
    server: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda prompt="": asked.append(prompt) or "1234")
    key = paramiko.ECDSAKey.generate()
    server.keys.append(key)
    server.asks_for_more = True
    source = sftp_on(server.port, Pinned(server.host_key.fingerprint), Login(USER, key=key))
    with source, pytest.raises(UnavailableError, match="refuses the login") as caught:
        source.listing()
    assert caught.value.lasting
    assert asked == []


def test_a_refused_login_is_not_repeated(server: SftpServer) -> None:
    with (
        connect(server, WRONG_PASSWORD) as source,
        pytest.raises(UnavailableError, match="refuses the login"),
    ):
        source.listing()
    assert server.logins == 1
