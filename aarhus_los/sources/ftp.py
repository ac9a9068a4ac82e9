"""A drop on an FTP server, with or without TLS."""

from __future__ import annotations

import ftplib
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self, TypeVar

from aarhus_los.errors import UnavailableError
from aarhus_los.sources.connection import Connection, place_of
from aarhus_los.sources.entries import Entry, FileChanged, check_count
from aarhus_los.sources.ftps import FtpTls, protect_data, start_tls

DEFAULT_PORT: Final = 21
_UNKNOWN_COMMAND: Final = ("500", "501", "502", "504")
_LINKS: Final = ("os.unix=slink", "os.unix=symlink")
# All that a lost connection, a server out of order, or garbage from it becomes in ftplib. A refusal is told apart before.
_LOST: Final[tuple[type[Exception], ...]] = (*ftplib.all_errors, ValueError, OverflowError)
_GOODBYE_SECONDS: Final = 5.0

T = TypeVar("T")


class Ftp:
    """A folder of an FTP server, in passive mode; with `tls`, explicit FTPS and never without. Implements `Source`.

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
        tls: ssl.SSLContext | None = None,
        timeout: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._host = host
        self._port = port or DEFAULT_PORT
        self._user = user
        self._password = password
        self._folder = folder
        self._interest = interest
        self._tls = tls
        self._timeout = timeout
        self._connection = Connection(
            self.describe(),
            self._connect,
            ftplib.FTP.close,
            refused=(ftplib.error_perm,),
            lost=_LOST,
            secrets=(password, _wire(password)) if password else (),
            sleep=sleep,
        )
        self._has_mlsd = True
        self._sizes: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ftp = self._connection.current
        if ftp is not None and kind is None:
            with suppress(*_LOST):
                if ftp.sock is not None:
                    ftp.sock.settimeout(_GOODBYE_SECONDS)
                ftp.quit()
        self._connection.close()

    def describe(self) -> str:
        return place_of("ftps" if self._tls else "ftp", self._host, self._port, self._folder)

    def listing(self) -> list[Entry]:
        entries = self._connection.use("list the folder", self._list)
        self._sizes = {entry.name: entry.size for entry in entries}
        return entries

    def read(self, name: str) -> bytes:
        size = self._sizes[name]
        return self._connection.use(f"read {name}", lambda ftp: _download(ftp, name, size))

    def _connect(self) -> ftplib.FTP:
        # Bytes pass the control connection as they are: a foreign name or message in whatever encoding cannot break it.
        encoding = "latin-1"
        tls = self._tls and FtpTls(context=self._tls, timeout=self._timeout, encoding=encoding)
        ftp = tls or ftplib.FTP(timeout=self._timeout, encoding=encoding)
        try:
            ftp.connect(self._host, self._port)
            if tls:
                start_tls(tls, self.describe())
            self._log_in(ftp)
            if tls:
                protect_data(tls, self.describe())
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
        listed = self._listed(ftp)
        if any(isinstance(item, str) for item in listed):
            ftp.voidcmd("TYPE I")  # a size in TYPE A is another, or refused
        entries = (item if isinstance(item, Entry) else self._entry(ftp, item) for item in listed)
        return [entry for entry in entries if entry is not None]

    def _listed(self, ftp: ftplib.FTP) -> list[Entry | str]:
        """Entries, or the names of what the server has to be asked about."""
        if self._has_mlsd:
            try:
                return self._lines(ftp, "MLSD", _mlsd_entry)
            except ftplib.error_perm as error:
                if not str(error).startswith(_UNKNOWN_COMMAND):
                    raise
                self._has_mlsd = False
        return [*self._names(ftp)]

    def _entry(self, ftp: ftplib.FTP, name: str) -> Entry | None:
        if not self._interest(name):
            return Entry(name, 0, None)
        size = _size(ftp, name)
        return None if size is None else Entry(name, size, _modified(ftp, name))

    def _names(self, ftp: ftplib.FTP) -> list[str]:
        try:
            return self._lines(ftp, "NLST", _listed_name)
        except (ftplib.error_perm, ftplib.error_temp) as error:
            if str(error).startswith(("550", "450")):
                return []  # how some servers say that a folder is empty
            raise

    def _lines(self, ftp: ftplib.FTP, command: str, parse: Callable[[str], T | None]) -> list[T]:
        """What the lines of a listing mean, each parsed as it comes; None is left out."""
        found: list[T] = []

        def receive(line: str) -> None:
            if (item := parse(line.encode("latin-1").decode("utf-8", "replace"))) is not None:
                found.append(item)
                check_count(len(found), self.describe())

        ftp.retrlines(command, receive)
        return found


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


def _listed_name(line: str) -> str | None:
    name = line.removeprefix("./")
    return name if _usable(name) else None


def _mlsd_entry(line: str) -> Entry | str | None:
    """A file of an MLSD listing (RFC 3659, 7.2), or the name of a link, which may lead to one; None for folders and for
    what cannot be a file of ours."""
    text, _, name = line.partition(" ")
    facts = {key.lower(): value for key, _, value in (fact.partition("=") for fact in text.split(";"))}
    kind = facts.get("type", "").lower()
    if not _usable(name):
        return None
    if kind.startswith(_LINKS):
        return name
    if kind != "file":
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
