"""The FTP source against vsftpd, which has no MLSD. Needs Debian's package vsftpd, and root to start it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aarhus_los.drop.entries import Entry, FileChanged
from aarhus_los.drop.ftp import Ftp
from aarhus_los.drop.names import parse_name
from aarhus_los.errors import UnavailableError

pytestmark = pytest.mark.servers

NAME = "Org_nye_20210128_123742.csv"
WHEN = datetime(2021, 7, 28, 11, 40, 2, tzinfo=UTC)

CONFIG = """
listen=YES
listen_ipv6=NO
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
anon_root={home}
local_enable=NO
no_anon_password=YES
secure_chroot_dir={empty}
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
idle_session_timeout={idle}
xferlog_enable=NO
"""


@contextmanager
def run_vsftpd(base: Path, home: Path, idle: int) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    empty = base / "empty"
    empty.mkdir(mode=0o755)
    config = base / "vsftpd.conf"
    config.write_text(CONFIG.format(port=port, home=home, empty=empty, idle=idle))
    command = shutil.which("vsftpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert command is not None, "install Debian's package vsftpd"
    with (base / "vsftpd.log").open("wb") as log:
        process = subprocess.Popen([command, str(config)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            _wait_for(port, process, base / "vsftpd.log")
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        assert process.poll() is None, log.read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                assert probe.recv(3) == b"220", log.read_text()
            return
        except OSError:
            assert time.monotonic() < deadline, "vsftpd does not listen"
            time.sleep(0.05)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the server's unprivileged user reaches: pytest's own are closed to it."""
    with tempfile.TemporaryDirectory(prefix="los-vsftpd-") as name:
        base = Path(name)
        base.chmod(0o755)
        (base / "home").mkdir(mode=0o755)
        yield base / "home"


@pytest.fixture
def connect(tmp_path: Path, home: Path) -> Iterator[Callable[..., Ftp]]:
    with ExitStack() as stack:

        def start(folder: str = "", user: str | None = None, idle: int = 60) -> Ftp:
            port = stack.enter_context(run_vsftpd(tmp_path, home, idle))
            source = Ftp(
                "127.0.0.1",
                port,
                user,
                user and "kodeordet",
                folder,
                interest=lambda name: parse_name(name) is not None,
                timeout=10,
                sleep=lambda seconds: None,
            )
            return stack.enter_context(source)

        yield start


def put(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.write_bytes(data)
    path.chmod(0o644)
    os.utime(path, (WHEN.timestamp(), WHEN.timestamp()))


def test_lists_and_reads(connect: Callable[..., Ftp], home: Path) -> None:
    data = "Rådhuspladsen æøå\r\n".encode() * 200_000
    put(home, NAME, data)
    put(home, "læs mig.txt", b"foreign")
    (home / "Org_nye_20210129_000000.csv").mkdir()
    source = connect()
    listed = source.listing()
    assert Entry(NAME, len(data), WHEN) in listed
    assert "læs mig.txt" in {entry.name for entry in listed}
    assert "Org_nye_20210129_000000.csv" not in {entry.name for entry in listed}
    assert source.read(NAME) == data


def test_enters_a_folder(connect: Callable[..., Ftp], home: Path) -> None:
    (home / "Årø").mkdir(mode=0o755)
    put(home / "Årø", NAME, b"1")
    source = connect("Årø")
    assert source.listing() == [Entry(NAME, 1, WHEN)]
    assert source.read(NAME) == b"1"


def test_an_empty_folder_is_empty(connect: Callable[..., Ftp]) -> None:
    assert connect().listing() == []


def test_a_folder_that_is_not_there_is_said(connect: Callable[..., Ftp]) -> None:
    with pytest.raises(UnavailableError, match="ftp_folder"):
        connect("FINDES-IKKE").listing()


def test_a_file_that_grew_or_left_has_changed(connect: Callable[..., Ftp], home: Path) -> None:
    source = connect()
    put(home, NAME, b"small")
    source.listing()
    put(home, NAME, b"larger than before")
    with pytest.raises(FileChanged, match="more than the 5 bytes"):
        source.read(NAME)
    (home / NAME).unlink()
    with pytest.raises(FileChanged, match="gone"):
        source.read(NAME)


def test_a_file_that_is_not_for_us_to_read_is_said(connect: Callable[..., Ftp], home: Path) -> None:
    put(home, NAME, b"secret")
    (home / NAME).chmod(0o600)
    source = connect()
    source.listing()
    with pytest.raises(UnavailableError, match=NAME):
        source.read(NAME)


def test_a_connection_closed_while_idle_is_made_anew(connect: Callable[..., Ftp], home: Path) -> None:
    put(home, NAME, b"1")
    source = connect(idle=1)
    source.listing()
    time.sleep(2.5)
    assert source.read(NAME) == b"1"


def test_a_refused_login_is_said(connect: Callable[..., Ftp]) -> None:
    with pytest.raises(UnavailableError, match="refuses the login") as caught:
        connect(user="los").listing()
    assert "kodeordet" not in str(caught.value)
