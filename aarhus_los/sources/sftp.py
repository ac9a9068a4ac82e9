"""A drop on an SFTP server. Needs paramiko, the extra `sftp`: imported by those only who have checked for it."""

from __future__ import annotations

import logging
import socket
import stat
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from aarhus_los.errors import FileRefused, UnavailableError
from aarhus_los.messages import Message
from aarhus_los.sources.connection import Failed, Place, Server
from aarhus_los.sources.entries import Entry, FileChanged, Gathering, listed_size, printable, unusable
from aarhus_los.sources.sftp_files import Attributes, Disorder, Files, Refused
from aarhus_los.sources.ssh_keys import Login, Trust

DEFAULT_PORT: Final = 22


class _Session:
    """A connection, and the files at its other end once it is made."""

    files: Files

    def __init__(self) -> None:
        self.client = paramiko.SSHClient()
        self.socket: socket.socket | None = None

    def cut(self) -> None:
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.client.close()
        if self.socket is not None:
            self.socket.close()


class Sftp(Server[_Session]):
    """A folder of an SFTP server. The host key is checked before the login."""

    refused = (Refused,)
    lost = (paramiko.SSHException, Disorder, OSError, EOFError, ValueError)
    not_listed = "the folder is not there or not for us ({said}): see ftp_folder"

    def __init__(self, place: Place, login: Login, trust: Trust) -> None:
        secrets = (login.password,) if login.password else ()
        super().__init__(place, "sftp", DEFAULT_PORT, secrets, _Session)
        # It logs every lost connection with its traceback, which without a handler would go to stderr.
        logging.getLogger("paramiko").addHandler(logging.NullHandler())
        self._login = login
        self._trust = trust

    def read(self, name: str) -> bytes:
        size = listed_size(self.listed[name], self._limits)
        path = self._path(name)
        try:
            data, now = self.use(
                f"read {name}", lambda session: session.files.read(path, size), self._limits.file
            )
        except Failed as failed:
            if not isinstance(failed.error, Refused):
                raise
            if failed.error.is_gone:
                raise FileChanged(f"{name} is gone since it was listed") from None
            raise FileRefused(name, Message.NOT_GIVEN(said=failed.said)) from None
        if len(data) != size or now not in (size, None):
            raise FileChanged(f"{name} is no longer of the {size} bytes that it was listed with")
        return data

    def _path(self, name: str) -> str:
        return f"{self._place.folder}/{name}" if self._place.folder else name

    # Logging in

    def _connect(self, session: _Session) -> None:
        silence = self._limits.silence
        session.socket = socket.create_connection((self._place.host, self._port), silence)
        # A request that follows another message would wait for the server's delayed acknowledgement.
        session.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session.client.set_missing_host_key_policy(_Policy(self._check_host_key))
        started = time.monotonic()
        try:
            session.client.connect(
                self._place.host,
                self._port,
                self._login.user,
                self._login.password,
                self._login.key,
                sock=session.socket,
                timeout=silence,
                banner_timeout=silence,
                auth_timeout=silence,
                allow_agent=False,
                look_for_keys=False,
                transport_factory=self._transport,
            )
        except paramiko.AuthenticationException:
            # The same class, and no more of it, tells of a connection that was lost meanwhile, and of no answer.
            transport = session.client.get_transport()
            if transport is None or not transport.is_active() or time.monotonic() - started >= silence:
                raise
            text = f"{self.describe()}: the server refuses the login: see ftp_user, ftp_ssh_key_path and ftp_pass"
            raise UnavailableError(text, lasting=True) from None
        except IncompatiblePeer as error:
            raise UnavailableError(
                f"{self.describe()}: the server is too old for us, and nothing was sent ({printable(str(error))})."
                " Most often its only host key is one that signs with SHA-1 (ssh-rsa), which can be forged: its owner"
                " has to give it a key of Ed25519 (ssh-keygen -A, and a restart), or newer software",
                lasting=True,
            ) from None
        transport = session.client.get_transport()
        assert transport is not None
        channel = transport.open_session(timeout=silence)
        channel.settimeout(silence)
        channel.invoke_subsystem("sftp")
        session.files = Files(channel)

    def _transport(self, connected: Any, /, **options: Any) -> paramiko.Transport:
        """A server has several host keys, and shows the kind that is asked for first: that is one that is known."""
        transport = _Transport(connected, **options)
        known = self._trust.kinds(self._place.host, self._port)
        offered = transport.get_security_options()
        offered.key_types = tuple(sorted(offered.key_types, key=lambda kind: _key_name(kind) not in known))
        return transport

    def _check_host_key(self, key: paramiko.PKey) -> None:
        refusal = self._trust.refusal(self._place.host, self._port, key)
        if refusal is not None:
            text = f"{self.describe()}: the server is not trusted, and nothing was sent: {refusal}"
            raise UnavailableError(text, lasting=True)

    # Listing

    def _gather(self, session: _Session) -> tuple[Gathering, list[str]]:
        gathering = Gathering(self.describe(), self._limits)
        names = []
        for written, attributes in session.files.scan(self._place.folder or "."):
            gathering.count()
            name, mode = written.decode("utf-8", "replace"), attributes.mode
            if name in (".", ".."):
                continue
            if reason := unusable(name):
                gathering.leave_out(name, reason)
            elif mode is None or stat.S_ISLNK(mode) or (stat.S_ISREG(mode) and attributes.size is None):
                names.append(name)
            elif stat.S_ISREG(mode):
                gathering.entries.append(_entry(name, attributes))
        return gathering, names

    def _asked(self, names: Collection[str]) -> list[Entry]:
        found = self.ask(names, lambda session, name: _asked(session.files, name, self._path(name)))
        return [entry for entry in found.values() if entry is not None]


class _Transport(paramiko.Transport):
    def auth_interactive_dumb(self, *_: Any, **__: Any) -> NoReturn:
        """What paramiko does where a key is not enough: it asks on the terminal, where nobody is."""
        raise paramiko.AuthenticationException("the server asks for more than a key")


class _Policy(paramiko.MissingHostKeyPolicy):
    """To paramiko every host is unknown: its own check takes the first kind of key alone that a host is known by."""

    def __init__(self, check: Callable[[paramiko.PKey], None]) -> None:
        self._check = check

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        self._check(key)


def _asked(files: Files, name: str, path: str) -> Entry | None:
    try:
        attributes = files.stat(path)
    except Refused as refused:
        return None if refused.is_gone else Entry(name, None, None)
    is_file = attributes.mode is None or stat.S_ISREG(attributes.mode)
    return _entry(name, attributes) if is_file else None


def _entry(name: str, attributes: Attributes) -> Entry:
    modified = attributes.mtime
    return Entry(name, attributes.size, None if modified is None else datetime.fromtimestamp(modified, UTC))


def _key_name(kind: str) -> str:
    """What a key that signs with this algorithm is called in known_hosts."""
    return "ssh-rsa" if kind.startswith("rsa-sha2-") else kind
