from __future__ import annotations

import ftplib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from aarhus_los.sandbox.ftp_server import PASSWORD, USER, FtpServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FtpServer]:
    (tmp_path / "Ørken.csv").write_bytes(b"a;b\n1;2\n")
    with FtpServer(tmp_path) as server:
        yield server


def client(server: FtpServer, password: str = PASSWORD) -> ftplib.FTP:
    ftp = ftplib.FTP(encoding="utf-8", timeout=5)
    ftp.connect(server.host, server.port)
    try:
        ftp.login(USER, password)
    except ftplib.Error:
        ftp.close()
        raise
    return ftp


def test_it_lists_with_mlsd_and_gives_files(server: FtpServer) -> None:
    with client(server) as ftp:
        listed = {name: facts["size"] for name, facts in ftp.mlsd() if facts["type"] == "file"}
        assert listed == {"Ørken.csv": "8"}
        content = io.BytesIO()
        ftp.retrbinary("RETR Ørken.csv", content.write)
        assert content.getvalue() == b"a;b\n1;2\n"


def test_nothing_can_be_changed_on_it(server: FtpServer, tmp_path: Path) -> None:
    with client(server) as ftp:
        with pytest.raises(ftplib.error_perm):
            ftp.storbinary("STOR new.csv", io.BytesIO(b"x"))
        with pytest.raises(ftplib.error_perm):
            ftp.delete("Ørken.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["Ørken.csv"]


def test_a_wrong_password_is_refused(server: FtpServer) -> None:
    with pytest.raises(ftplib.error_perm):
        client(server, "wrong")


def test_it_says_nothing_and_is_gone_afterwards(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with FtpServer(tmp_path) as server:
        client(server).quit()
    assert capfd.readouterr() == ("", "")
    with pytest.raises(ConnectionRefusedError):
        client(server)
