"""The places that a drop can lie in, each running, and the ways in which it can fail."""

from __future__ import annotations

import codecs
import getpass
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aarhus_los.drop.names import parse_name
from aarhus_los.sources.connection import Place
from aarhus_los.sources.entries import Limits, Source
from aarhus_los.sources.folder import Folder
from aarhus_los.sources.ftp import Ftp
from aarhus_los.sources.ftps import tls_context
from aarhus_los.sources.sftp import Sftp
from aarhus_los.sources.ssh_keys import Login, Pinned, Trust, read_key
from tests.sources import ftp_server, sftp_server
from tests.sources.certificates import make_certificate
from tests.sources.daemons import Daemon, make_key, run_proftpd, run_sshd, run_vsftpd

WRONG_PASSWORD = "forkert-kode-42"
UNHURRIED = Limits(silence=10)


@dataclass(frozen=True)
class Site:
    """`connect(folder, right login?, limits)` is a source on it; `cutting(n)` drops n connections, each in the middle of
    a file; after `close_idle` no connection is open, after `freeze` nobody answers."""

    home: Path
    connect: Callable[[str, bool, Limits], Source]
    cutting: Callable[[int], AbstractContextManager[None]]
    close_idle: Callable[[], None]
    freeze: Callable[[], None]
    takes_a_while: int = 300_000
    """The size of a file that is long enough for its download to be cut."""

    def source(self, folder: str = "", *, right_login: bool = True, limits: Limits = UNHURRIED) -> Source:
        return self.connect(folder, right_login, limits)


@contextmanager
def unprivileged() -> Iterator[None]:
    """As nobody, also for servers in this process: root may read whatever there is."""
    # What Python imports when it is first asked, and what nobody may not read.
    datetime.strptime("2026", "%Y")
    codecs.lookup("latin-1")
    root = os.geteuid() == 0
    if root:
        os.setegid(65534)
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            os.setegid(0)


def is_ours(name: str) -> bool:
    return parse_name(name) is not None


def ftp_on(
    port: int,
    user: str | None,
    password: str | None,
    folder: str = "",
    *,
    limits: Limits = UNHURRIED,
    tls: ssl.SSLContext | None = None,
) -> Ftp:
    return Ftp(_place(port, folder, limits), user, password, tls)


def sftp_on(port: int, trust: Trust, login: Login, folder: str = "", *, limits: Limits = UNHURRIED) -> Sftp:
    return Sftp(_place(port, folder, limits), login, trust)


def _place(port: int, folder: str, limits: Limits) -> Place:
    return Place(
        host="127.0.0.1",
        port=port,
        folder=folder,
        limits=limits,
        sleep=lambda seconds: None,
    )


@contextmanager
def folder_site(base: Path, home: Path) -> Iterator[Site]:
    def never(*_: object) -> AbstractContextManager[None]:
        raise AssertionError("a folder has no connection")

    yield Site(home, lambda folder, _, limits: Folder(home / folder, limits), never, never, never)  # type: ignore[arg-type]


def pyftpdlib_site(handler: type[Any]) -> Callable[[Path, Path], AbstractContextManager[Site]]:
    @contextmanager
    def start(base: Path, home: Path) -> Iterator[Site]:
        certificate = make_certificate(base) if handler is ftp_server.TlsHandler else None
        context = tls_context(certificate.trust) if certificate else None
        settings = {"certfile": str(certificate.file)} if certificate else {}
        with ftp_server.FtpServer(home, handler, **settings) as server:

            def connect(folder: str, right_login: bool, limits: Limits) -> Source:
                password = ftp_server.PASSWORD if right_login else WRONG_PASSWORD
                return ftp_on(server.port, ftp_server.USER, password, folder, limits=limits, tls=context)

            @contextmanager
            def cutting(times: int) -> Iterator[None]:
                server.handler.cuts = times
                yield
                assert server.handler.cuts == 0

            yield Site(home, connect, cutting, server.close_idle, server.freeze)

    return start


@contextmanager
def paramiko_site(base: Path, home: Path) -> Iterator[Site]:
    with sftp_server.SftpServer(home) as server:

        def connect(folder: str, right_login: bool, limits: Limits) -> Source:
            login = Login(sftp_server.USER, sftp_server.PASSWORD if right_login else WRONG_PASSWORD)
            trust = Pinned(server.host_key.fingerprint)
            return sftp_on(server.port, trust, login, folder, limits=limits)

        @contextmanager
        def cutting(times: int) -> Iterator[None]:
            server.cuts = times
            yield
            # A reconnection that is refused while the last one is being cut is a try too.
            assert server.cuts < times

        yield Site(home, connect, cutting, server.drop_connections, server.freeze)


def _daemon_site(home: Path, daemon: Daemon, connect: Callable[[str, bool, Limits], Source]) -> Site:
    @contextmanager
    def cutting(times: int) -> Iterator[None]:
        with daemon.cutting(times):
            yield
        assert daemon.cuts == times

    return Site(home, connect, cutting, daemon.close_idle, daemon.freeze, takes_a_while=60_000_000)


def vsftpd_site(
    tls_version: ssl.TLSVersion | None = None,
) -> Callable[[Path, Path], AbstractContextManager[Site]]:
    """Over TLS it asks that data connections resume the session, and encrypts all or nothing."""

    @contextmanager
    def start(base: Path, home: Path) -> Iterator[Site]:
        certificate = make_certificate(base) if tls_version else None
        context = tls_context(certificate.trust) if certificate else None
        if context and tls_version:
            context.minimum_version = context.maximum_version = tls_version
        with run_vsftpd(base, home, certificate=certificate.file if certificate else None) as daemon:

            def connect(folder: str, right_login: bool, limits: Limits) -> Source:
                user, password = (None, None) if right_login else ("los", WRONG_PASSWORD)
                return ftp_on(daemon.port, user, password, folder, limits=limits, tls=context)

            yield _daemon_site(home, daemon, connect)

    return start


@contextmanager
def proftpd_site(base: Path, home: Path) -> Iterator[Site]:
    user, password = ftp_server.USER, ftp_server.PASSWORD
    with run_proftpd(base, home, user, password) as daemon:

        def connect(folder: str, right_login: bool, limits: Limits) -> Source:
            return ftp_on(
                daemon.port, user, password if right_login else WRONG_PASSWORD, folder, limits=limits
            )

        yield _daemon_site(home, daemon, connect)


@contextmanager
def openssh_site(base: Path, home: Path) -> Iterator[Site]:
    with run_sshd(base, home) as daemon:
        make_key(base / "other_key", "ed25519")
        host_key = read_key(base / "ssh_host_ed25519_key", None)

        def connect(folder: str, right_login: bool, limits: Limits) -> Source:
            key = read_key(base / ("user_key" if right_login else "other_key"), None)
            login = Login(getpass.getuser(), key=key)
            return sftp_on(daemon.port, Pinned(host_key.fingerprint), login, folder, limits=limits)

        yield _daemon_site(home, daemon, connect)


IN_PROCESS: dict[str, Callable[[Path, Path], AbstractContextManager[Site]]] = {
    "folder": folder_site,
    "pyftpdlib": pyftpdlib_site(ftp_server.Handler),
    "pyftpdlib-tls": pyftpdlib_site(ftp_server.TlsHandler),
    "pyftpdlib-without-mlsd": pyftpdlib_site(ftp_server.WithoutMlsd),
    "pyftpdlib-empty-is-550": pyftpdlib_site(ftp_server.EmptyIs550),
    "paramiko": paramiko_site,
}
DAEMONS: dict[str, Callable[[Path, Path], AbstractContextManager[Site]]] = {
    "vsftpd": vsftpd_site(),
    "vsftpd-tls-1.2": vsftpd_site(ssl.TLSVersion.TLSv1_2),
    "vsftpd-tls-1.3": vsftpd_site(ssl.TLSVersion.TLSv1_3),
    "proftpd": proftpd_site,
    "openssh": openssh_site,
}


@contextmanager
def started(name: str, base: Path) -> Iterator[Site]:
    """The site of this name; its home is a new folder in `base`."""
    home = base / "home"
    home.mkdir(mode=0o755)
    (base / "server").mkdir(mode=0o755)
    with (IN_PROCESS | DAEMONS)[name](base / "server", home) as site:
        yield site
