"""The servers of Debian's packages vsftpd, proftpd-core and openssh-server, as processes on loopback. They need root."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_CUT_AFTER: Final = 4_000_000
_RATE: Final = 80_000_000
"""Bytes a second, that a download lasts until it is cut."""

VSFTPD: Final = """
listen=YES
listen_ipv6=NO
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
anon_root={home}
local_enable=NO
no_anon_password=YES
secure_chroot_dir={base}/empty
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
use_sendfile=NO
anon_max_rate={rate}
idle_session_timeout={idle}
xferlog_enable=NO
"""
VSFTPD_TLS: Final = """
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
ssl_ciphers=HIGH
rsa_cert_file={certificate}
rsa_private_key_file={certificate}
"""
PROFTPD: Final = """
ServerName "los"
ServerType standalone
DefaultAddress 127.0.0.1
SocketBindTight on
UseIPv6 off
Port {port}
User nobody
Group nogroup
PidFile {base}/pid
ScoreboardFile {base}/scoreboard
SystemLog none
WtmpLog off
AuthOrder mod_auth_file.c
AuthUserFile {base}/passwd
RequireValidShell off
DefaultRoot {home}
UseSendfile off
TransferRate RETR {kilobytes}
DelayEngine off
"""
SSHD: Final = """
ListenAddress 127.0.0.1
Port {port}
AuthorizedKeysFile {base}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowUsers {user}
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {home}
"""


class Daemon:
    """A server process with the sessions that it forks."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port
        self.cuts = 0

    def close_idle(self) -> None:
        """Every connection ends, without a word."""
        sessions = self._sessions()
        assert sessions
        for session in sessions:
            _send(signal.SIGKILL, session)
        deadline = time.monotonic() + 5
        while self._sessions():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def freeze(self) -> None:
        """Says nothing any more, to nobody."""
        for process in (self._process.pid, *self._sessions()):
            _send(signal.SIGSTOP, process)

    @contextmanager
    def cutting(self, times: int) -> Iterator[None]:
        """Ends the connection in the middle of the next downloads. `cuts` counts them."""
        ended = threading.Event()

        def watch() -> None:
            dead: set[int] = set()
            while self.cuts < times and not ended.is_set():
                sessions = [session for session in self._sessions() if session not in dead]
                if any(_written(session) > _CUT_AFTER for session in sessions):
                    self.cuts += 1
                    for session in sessions:
                        _send(signal.SIGKILL, session)
                    dead.update(sessions)  # a moment before they are
                time.sleep(0.001)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def stop(self) -> None:
        for process in (*self._sessions(), self._process.pid):
            _send(signal.SIGKILL, process)
        self._process.wait(10)

    def _sessions(self) -> list[int]:
        """Whatever descends from the server. Zombies are no sessions any more."""
        found: list[int] = []
        parents = [self._process.pid]
        while parents:
            parent = parents.pop()
            with suppress(OSError):
                children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
                parents += map(int, children)
                found += [int(child) for child in children if _is_alive(int(child))]
        return found


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _written(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/io").read_text().split("wchar:")[1].split()[0])
    except (OSError, IndexError):
        return 0


def _send(what: signal.Signals, process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, what)


@contextmanager
def run_vsftpd(
    base: Path, home: Path, *, certificate: Path | None = None, idle: int = 60
) -> Iterator[Daemon]:
    (base / "empty").mkdir(mode=0o755, exist_ok=True)
    port = _free_port()
    text = VSFTPD + (VSFTPD_TLS if certificate else "")
    config = base / "vsftpd.conf"
    config.write_text(
        text.format(port=port, home=home, base=base, certificate=certificate, idle=idle, rate=_RATE)
    )
    with _run(base, port, b"220", [_command("vsftpd"), str(config)]) as daemon:
        yield daemon


@contextmanager
def run_proftpd(base: Path, home: Path, user: str, password: str) -> Iterator[Daemon]:
    port = _free_port()
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"], input=password.encode(), capture_output=True, check=True
    ).stdout.decode()
    accounts = base / "passwd"
    accounts.write_text(f"{user}:{hashed.strip()}:65534:65534::{home}:/bin/false\n")
    accounts.chmod(0o640)
    config = base / "proftpd.conf"
    config.write_text(PROFTPD.format(port=port, home=home, base=base, kilobytes=_RATE // 1024))
    with _run(base, port, b"220", [_command("proftpd"), "--nodaemon", "-c", str(config)]) as daemon:
        yield daemon


@contextmanager
def run_sshd(
    base: Path, home: Path, kinds: Sequence[str] = ("ed25519",), *, options: str = ""
) -> Iterator[Daemon]:
    """Lets the user of the tests in with the key `user_key`. It has a host key of each kind, `ssh_host_<kind>_key`."""
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    make_key(base / "user_key", "ed25519")
    for kind in kinds:
        make_key(base / f"ssh_host_{kind}_key", kind)
    (base / "authorized_keys").write_bytes((base / "user_key.pub").read_bytes())
    port = _free_port()
    config = base / "sshd_config"
    keys = "".join(f"HostKey {base}/ssh_host_{kind}_key\n" for kind in kinds)
    config.write_text(SSHD.format(port=port, home=home, base=base, user=getpass.getuser()) + keys + options)
    with _run(base, port, b"SSH", [_command("sshd"), "-D", "-e", "-f", str(config)]) as daemon:
        yield daemon


def make_key(path: Path, kind: str, passphrase: str = "") -> None:
    command = [
        "ssh-keygen",
        "-q",
        "-t",
        kind,
        *(("-b", "2048") if kind == "rsa" else ()),
        "-N",
        passphrase,
        "-C",
        "los",
        "-f",
        str(path),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


@contextmanager
def _run(base: Path, port: int, greeting: bytes, command: Sequence[str]) -> Iterator[Daemon]:
    log = base / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    daemon = Daemon(process, port)
    try:
        _wait_for(port, greeting, process, log)
        yield daemon
    finally:
        daemon.stop()


def _command(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert found is not None, (
        f"{name} is missing. It is in Debian's packages; vsftpd and proftpd-core exclude each other: unpack one of them"
        " with dpkg -x, and let PATH lead to it"
    )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, greeting: bytes, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        assert process.poll() is None, log.read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                assert probe.recv(3) == greeting, log.read_text()
            return
        except OSError:
            assert time.monotonic() < deadline, f"nobody listens: {log.read_text()}"
            time.sleep(0.05)
