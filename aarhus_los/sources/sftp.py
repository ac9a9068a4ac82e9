"""A drop on an SFTP server. Needs paramiko, the extra `sftp`: imported by those only who have checked for it."""

from __future__ import annotations

import logging
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_NAME, CMD_OPENDIR, CMD_READDIR, SFTPError

from aarhus_los.errors import SettingsError, UnavailableError
from aarhus_los.sources.connection import Connection, place_of
from aarhus_los.sources.entries import Entry, FileChanged, check_count
from aarhus_los.sources.host_keys import Trust

DEFAULT_PORT: Final = 22
_BLOCK: Final = 1 << 15
"""Bytes of a read: what every server gives in one answer."""
# The server's answers; every other OSError is a connection that is lost or a server out of order.
_REFUSED: Final[tuple[type[Exception], ...]] = (FileNotFoundError, PermissionError)
_LOST: Final[tuple[type[Exception], ...]] = (
    paramiko.SSHException,
    SFTPError,
    OSError,
    EOFError,
    ValueError,
)
_NO_FOLDER: Final[tuple[type[Exception], ...]] = (*_REFUSED, SFTPError)
_KEY_KINDS: Final = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in, with a key or a password or both. Nothing else is tried: no agent, no keys that lie around."""

    user: str
    password: str | None = field(default=None, repr=False)
    key: paramiko.PKey | None = field(default=None, repr=False)


def read_key(path: Path, passphrase: str | None) -> paramiko.PKey:
    """A private key. Raises SettingsError for a file that holds none, and for a passphrase that is missing or wrong."""
    try:
        path.read_bytes()
    except OSError as error:
        raise SettingsError(f"ftp_ssh_key_path: {path} cannot be read: {error.strerror}") from None
    for kind in _KEY_KINDS:
        try:
            return kind.from_private_key_file(str(path), passphrase)
        except paramiko.PasswordRequiredException:
            reason = "it needs a passphrase: set ftp_ssh_key_pass"
            break
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
            # paramiko takes the padding of some keys without a comment for their end.
            reason = (
                "no private key of Ed25519, ECDSA or RSA, or one without a comment (ssh-keygen -c sets it)"
            )
            reason += ", or ftp_ssh_key_pass is not its passphrase" if passphrase else ""
    raise SettingsError(f"ftp_ssh_key_path: {path}: {reason}")


@dataclass(frozen=True, slots=True)
class _Session:
    transport: paramiko.Transport
    files: paramiko.SFTPClient


class Sftp:
    """A folder of an SFTP server. Implements `Source`.

    The host key is checked before the login. Links are followed for the names that are of `interest`.
    """

    def __init__(
        self,
        host: str,
        port: int | None,
        login: Login,
        trust: Trust,
        folder: str,
        *,
        interest: Callable[[str], bool],
        timeout: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # It logs every lost connection with its traceback, which without a handler would go to stderr.
        logging.getLogger("paramiko").addHandler(logging.NullHandler())
        self._host = host
        self._port = port or DEFAULT_PORT
        self._login = login
        self._trust = trust
        self._folder = folder
        self._interest = interest
        self._timeout = timeout
        self._connection = Connection(
            self.describe(),
            self._connect,
            lambda session: session.transport.close(),
            refused=_REFUSED,
            lost=_LOST,
            secrets=(login.password,) if login.password else (),
            sleep=sleep,
        )
        self._sizes: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def describe(self) -> str:
        return place_of("sftp", self._host, self._port, self._folder)

    def listing(self) -> list[Entry]:
        entries = self._connection.use("list the folder", lambda session: self._list(session.files))
        self._sizes = {entry.name: entry.size for entry in entries}
        return entries

    def read(self, name: str) -> bytes:
        size = self._sizes[name]
        return self._connection.use(f"read {name}", lambda session: _download(session.files, name, size))

    def _connect(self) -> _Session:
        connected = socket.create_connection((self._host, self._port), self._timeout)
        try:
            # A request that follows another message would wait for the server's delayed acknowledgement.
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = paramiko.Transport(connected)
        except BaseException:
            connected.close()
            raise
        try:
            transport.banner_timeout = self._timeout
            transport.auth_timeout = self._timeout
            self._prefer_known_keys(transport)
            transport.start_client(timeout=self._timeout)
            self._check_host_key(transport.get_remote_server_key())
            self._log_in(transport)
            return _Session(transport, self._open(transport))
        except BaseException:
            transport.close()
            raise

    def _prefer_known_keys(self, transport: paramiko.Transport) -> None:
        """A server has several host keys and shows the kind that is asked for first."""
        known = self._trust.kinds(self._host, self._port)
        options = transport.get_security_options()
        options.key_types = tuple(sorted(options.key_types, key=lambda kind: _key_name(kind) not in known))

    def _check_host_key(self, key: paramiko.PKey) -> None:
        refusal = self._trust.refusal(self._host, self._port, key)
        if refusal is not None:
            raise UnavailableError(
                f"{self.describe()}: the server is not trusted, and nothing was sent: {refusal}"
            )

    def _log_in(self, transport: paramiko.Transport) -> None:
        user, key, password = self._login.user, self._login.key, self._login.password
        started = time.monotonic()
        try:
            if key is not None:
                with suppress(*(() if password is None else (paramiko.AuthenticationException,))):
                    transport.auth_publickey(user, key)
            if password is not None and not transport.is_authenticated():
                transport.auth_password(user, password)
        except paramiko.AuthenticationException:
            # The same class, and no more of it, tells of a connection that was lost meanwhile, and of no answer.
            if not transport.is_active() or time.monotonic() - started >= self._timeout:
                raise
        if not transport.is_authenticated():
            raise UnavailableError(
                f"{self.describe()}: the server refuses the login: see ftp_user, ftp_ssh_key_path and ftp_pass"
            )

    def _open(self, transport: paramiko.Transport) -> paramiko.SFTPClient:
        channel = transport.open_session(timeout=self._timeout)
        channel.settimeout(self._timeout)
        with _closed_after(self._timeout, transport):
            channel.invoke_subsystem("sftp")
        files = paramiko.SFTPClient(channel)
        if self._folder:
            try:
                files.chdir(self._folder)
            except _NO_FOLDER:
                raise UnavailableError(
                    f"{self.describe()}: the folder is not there or not for us: see ftp_folder"
                ) from None
        return files

    def _list(self, files: paramiko.SFTPClient) -> list[Entry]:
        entries: list[Entry] = []
        for name, attributes in _scan(files):
            if _usable(name) and (entry := self._entry(files, name, attributes)) is not None:
                entries.append(entry)
                check_count(len(entries), self.describe())
        return entries

    def _entry(
        self, files: paramiko.SFTPClient, name: str, attributes: paramiko.SFTPAttributes
    ) -> Entry | None:
        """None for what is no regular file, and for a link to none."""
        if attributes.st_mode is None or stat.S_ISLNK(attributes.st_mode):
            if not self._interest(name):
                return Entry(name, 0, None)
            try:
                attributes = files.stat(name)
            except _REFUSED:
                return None
        if attributes.st_size is None or not stat.S_ISREG(attributes.st_mode or stat.S_IFREG):
            return None
        modified = attributes.st_mtime
        return Entry(
            name, attributes.st_size, None if modified is None else datetime.fromtimestamp(modified, UTC)
        )


def _key_name(kind: str) -> str:
    """What a key that signs with this algorithm is called in known_hosts."""
    return "ssh-rsa" if kind.startswith("rsa-sha2-") else kind


def _usable(name: str) -> bool:
    """Whether a name is one of a file in this folder. Names are never paths, here or locally."""
    return name not in ("", ".", "..") and not any(mark in name for mark in "/\\\0\r\n")


@contextmanager
def _closed_after(seconds: float, transport: paramiko.Transport) -> Iterator[None]:
    """paramiko waits without end for the answer to a channel request; that the transport is closed is one."""
    timer = threading.Timer(seconds, transport.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _scan(files: paramiko.SFTPClient) -> Iterator[tuple[str, paramiko.SFTPAttributes]]:
    """As paramiko's `listdir_iter`, whose end a name is that is not UTF-8: a foreign file in the way must not be ours."""
    protocol: Any = files
    parse: Any = paramiko.SFTPAttributes
    _, answer = protocol._request(CMD_OPENDIR, protocol._adjust_cwd("."))
    handle = answer.get_binary()
    while True:
        try:
            kind, answer = protocol._request(CMD_READDIR, handle)
        except EOFError:
            break
        if kind != CMD_NAME:
            raise SFTPError("a listing without names")
        for _ in range(answer.get_int()):
            name = answer.get_binary()
            answer.get_binary()  # the line of `ls -l`
            yield name.decode("utf-8", "replace"), parse._from_msg(answer)
    protocol._request(CMD_CLOSE, handle)


def _download(files: paramiko.SFTPClient, name: str, size: int) -> bytes:
    try:
        with files.open(name, "rb") as file:
            data = bytearray()
            # paramiko copies all that it has with every answer: of a large file that is read at once, gigabytes.
            while len(data) <= size and (block := file.read(_BLOCK)):
                data += block
            now = file.stat().st_size
    except FileNotFoundError:
        raise FileChanged(f"{name} is gone since it was listed") from None
    if len(data) != size or now not in (size, None):
        raise FileChanged(f"{name} is no longer of the {size} bytes that it was listed with")
    return bytes(data)
