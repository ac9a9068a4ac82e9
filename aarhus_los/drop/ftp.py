"""A drop on an FTP server: one connection a run, opened when it is needed and again when the server drops it."""

from __future__ import annotations

import ftplib
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self, TypeVar

from aarhus_los.drop.entries import Entry, FileChanged
from aarhus_los.errors import UnavailableError

DEFAULT_PORT: Final = 21
_PAUSES: Final = (0.0, 2.0)
"""Seconds before the second and the third try; the first pause is none: an idle connection was closed, most often."""
_UNKNOWN_COMMAND: Final = ("500", "501", "502", "504")
# All that a lost connection, a server out of order, or garbage from it becomes in ftplib. A refusal is told apart before.
_LOST: Final[tuple[type[Exception], ...]] = (*ftplib.all_errors, ValueError, OverflowError)
_GOODBYE_SECONDS: Final = 5.0

T = TypeVar("T")


class Ftp:
    """A folder of an FTP server, in passive mode. Implements `Source`.

    Modification times come from MLSD, or from MDTM for the names that are of `interest` where the server has no MLSD.
    """

    def __init__(
        self,
        host: str,
        port: int | None,
        user: str | None,
        password: str | None,
        folder: str,
        *,
        interest: Callable[[str], bool],
        timeout: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._host = host
        self._port = port or DEFAULT_PORT
        self._user = user
        self._password = password
        self._folder = folder
        self._interest = interest
        self._timeout = timeout
        self._sleep = sleep
        self._connection: ftplib.FTP | None = None
        self._has_mlsd = True
        self._sizes: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None and kind is None:
            with suppress(*_LOST):
                if self._connection.sock is not None:
                    self._connection.sock.settimeout(_GOODBYE_SECONDS)
                self._connection.quit()
        self._hang_up()

    def describe(self) -> str:
        return f"ftp://{self._host}:{self._port}/{self._folder.lstrip('/')}"

    def listing(self) -> list[Entry]:
        entries = self._persist("list the folder", self._list)
        self._sizes = {entry.name: entry.size for entry in entries}
        return entries

    def read(self, name: str) -> bytes:
        size = self._sizes[name]
        return self._persist(f"read {name}", lambda ftp: _download(ftp, name, size))

    def _persist(self, purpose: str, action: Callable[[ftplib.FTP], T]) -> T:
        """Does the action, three times at most, each on a new connection if the former one is lost."""
        for pause in (*_PAUSES, None):
            try:
                if self._connection is None:
                    self._connection = self._connect()
                return action(self._connection)
            except FileChanged:
                self._hang_up()  # the rest of the file may still be on its way
                raise
            except ftplib.error_perm as error:
                self._hang_up()
                raise UnavailableError(self._cannot(purpose, error)) from None
            except _LOST as error:
                self._hang_up()
                if pause is None:
                    raise UnavailableError(self._cannot(purpose, error)) from None
                self._sleep(pause)
        raise AssertionError("unreachable")

    def _cannot(self, purpose: str, error: Exception) -> str:
        said = " ".join(str(error).split())[:200]
        for secret in filter(None, (self._password, _wire(self._password or ""))):
            said = said.replace(secret, "***")
        return f"{self.describe()}: cannot {purpose}: {said or type(error).__name__}"

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> ftplib.FTP:
        # Bytes pass the control connection as they are: a foreign name or message in whatever encoding cannot break it.
        ftp = ftplib.FTP(timeout=self._timeout, encoding="latin-1")
        try:
            ftp.connect(self._host, self._port)
            self._log_in(ftp)
            if "UTF8" in _features(ftp):
                _optional(ftp, "OPTS UTF8 ON")
            if self._folder:
                self._enter_folder(ftp)
            ftp.voidcmd("TYPE I")
        except BaseException:
            ftp.close()
            raise
        return ftp

    def _log_in(self, ftp: ftplib.FTP) -> None:
        try:
            ftp.login(_wire(self._user or ""), _wire(self._password or ""))
        except ftplib.error_perm as error:
            # The answer may repeat what was sent, so none of its words.
            login = "the login" if self._user else "an anonymous login (ftp_user is not set)"
            raise UnavailableError(
                f"{self.describe()}: the server refuses {login} ({str(error)[:3]}): see ftp_user and ftp_pass"
            ) from None

    def _enter_folder(self, ftp: ftplib.FTP) -> None:
        try:
            ftp.cwd(_wire(self._folder))
        except ftplib.error_perm as error:
            raise UnavailableError(
                f"{self.describe()}: the folder is not there or not for us ({str(error)[:3]}): see ftp_folder"
            ) from None

    def _list(self, ftp: ftplib.FTP) -> list[Entry]:
        if self._has_mlsd:
            try:
                return [entry for line in _lines(ftp, "MLSD") if (entry := _mlsd_entry(line)) is not None]
            except ftplib.error_perm as error:
                if not str(error).startswith(_UNKNOWN_COMMAND):
                    raise
                self._has_mlsd = False
        names = [name for line in _names(ftp) if _usable(name := line.removeprefix("./"))]
        ftp.voidcmd("TYPE I")  # a size in TYPE A is another, or refused
        entries = []
        for name in names:
            if not self._interest(name):
                entries.append(Entry(name, 0, None))
            elif (size := _size(ftp, name)) is not None:
                entries.append(Entry(name, size, _modified(ftp, name)))
        return entries


def _wire(text: str) -> str:
    """UTF-8 bytes, as the latin-1 text that becomes these bytes on the control connection."""
    return text.encode().decode("latin-1")


def _usable(name: str) -> bool:
    """Whether a name is one of a file in this folder. Names are never paths, here or locally."""
    return name not in ("", ".", "..") and not any(mark in name for mark in "/\\\0\r\n")


def _features(ftp: ftplib.FTP) -> set[str]:
    answer = _optional(ftp, "FEAT") or ""
    return {line.strip().upper() for line in answer.splitlines()}


def _optional(ftp: ftplib.FTP, command: str) -> str | None:
    """The answer to a command that a server may refuse, or None."""
    try:
        return ftp.sendcmd(command)
    except ftplib.error_perm:
        return None


def _lines(ftp: ftplib.FTP, command: str) -> list[str]:
    lines: list[str] = []
    ftp.retrlines(command, lines.append)
    return [line.encode("latin-1").decode("utf-8", "replace") for line in lines]


def _names(ftp: ftplib.FTP) -> list[str]:
    try:
        return _lines(ftp, "NLST")
    except (ftplib.error_perm, ftplib.error_temp) as error:
        if str(error).startswith(("550", "450")):
            return []  # how some servers say that a folder is empty
        raise


def _mlsd_entry(line: str) -> Entry | None:
    """A file of an MLSD listing (RFC 3659, 7.2); None for folders and for what cannot be a file of ours."""
    text, _, name = line.partition(" ")
    facts = {key.lower(): value for key, _, value in (fact.partition("=") for fact in text.split(";"))}
    if facts.get("type", "").lower() != "file" or not _usable(name):
        return None
    size = facts.get("size", "")
    if not (size.isascii() and size.isdigit()):
        raise ftplib.error_proto("a listing without sizes")
    return Entry(name, int(size), _time(facts.get("modify", "")))


def _size(ftp: ftplib.FTP, name: str) -> int | None:
    """None for a folder, and for a file that is gone."""
    try:
        return ftp.size(_wire(name))
    except ftplib.error_perm as error:
        if str(error).startswith("550"):
            return None
        raise


def _modified(ftp: ftplib.FTP, name: str) -> datetime | None:
    answer = _optional(ftp, f"MDTM {_wire(name)}")
    return _time(answer[4:].strip()) if answer else None


def _time(text: str) -> datetime | None:
    """A time of RFC 3659, 2.3: `YYYYMMDDHHMMSS`, in UTC, perhaps with a fraction."""
    try:
        return datetime.strptime(text.partition(".")[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _download(ftp: ftplib.FTP, name: str, size: int) -> bytes:
    data = bytearray()

    def receive(block: bytes) -> None:
        data.extend(block)
        if len(data) > size:
            raise FileChanged(f"{name} has more than the {size} bytes that it was listed with")

    try:
        ftp.retrbinary(f"RETR {_wire(name)}", receive, blocksize=1 << 16)
    except ftplib.error_perm as error:
        if str(error).startswith("550") and _size(ftp, name) is None:
            raise FileChanged(f"{name} is gone since it was listed") from None
        raise
    if len(data) != size:
        raise FileChanged(f"{name} has {len(data)} bytes, and was listed with {size}")
    return bytes(data)
