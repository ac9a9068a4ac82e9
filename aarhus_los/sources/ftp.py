"""A drop on an FTP server, with or without TLS."""

from __future__ import annotations

import ftplib
import posixpath
import ssl
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

from aarhus_los.errors import FileRefused
from aarhus_los.messages import Message
from aarhus_los.sources.connection import Failed, Place, Server
from aarhus_los.sources.entries import Entry, FileChanged, Gathering, listed_size
from aarhus_los.sources.ftp_client import Client, refusal_means
from aarhus_los.sources.ftp_listing import (
    can_be_files,
    gather_fact_line,
    gather_name_line,
    is_empty,
    size_of,
    time_of,
)
from aarhus_los.sources.ftps import TlsClient

DEFAULT_PORT: Final = 21
_UNKNOWN_COMMAND: Final = ("500", "501", "502", "504")
_NOT_OF_ONE_FILE: Final = ("421", "425", "426", "530", "532")
# All that a lost connection, a server out of order, or garbage from it becomes in ftplib. A refusal is told apart before.
_LOST: Final[tuple[type[Exception], ...]] = (*ftplib.all_errors, ValueError, OverflowError)


class Ftp(Server[Client]):
    """A folder of an FTP server, in passive mode; with `tls`, explicit FTPS and never without.

    Sizes and times come from MLSD, or from SIZE and MDTM for the names of the drop where the server has no MLSD.
    """

    refused = (ftplib.error_perm,)
    lost = _LOST
    not_listed = (
        "the server does not list the folder ({said}): see ftp_folder, and what our user may do there"
    )

    def __init__(
        self, place: Place, user: str | None, password: str | None, tls: ssl.SSLContext | None = None
    ) -> None:
        secrets = (password, _wire(password)) if password else ()
        super().__init__(place, "ftps" if tls else "ftp", DEFAULT_PORT, secrets, self._new_client)
        self._user = user
        self._password = password
        self._tls = tls
        self._has_mlsd = True

    def __exit__(self, kind: type[BaseException] | None, /, *_: object) -> None:
        if self.current is not None and kind is None:
            with suppress(*_LOST):
                self.current.putcmd("QUIT")  # what the server says to that, nobody waits for
        self.close()

    def read(self, name: str) -> bytes:
        size = listed_size(self.listed[name], self._limits)
        try:
            return self.use(
                f"read {name}", lambda client: self._download(client, name, size), self._limits.file
            )
        except Failed as failed:
            refused = isinstance(failed.error, ftplib.error_perm | ftplib.error_temp)
            if refused and not str(failed.error).startswith(_NOT_OF_ONE_FILE):
                raise FileRefused(name, Message.NOT_GIVEN(said=failed.said)) from None
            raise

    # Logging in

    def _new_client(self) -> Client:
        # Bytes pass the control connection as they are: a foreign name or message in whatever encoding cannot break it.
        silence, encoding = self._limits.silence, "latin-1"
        if self._tls is None:
            return Client(timeout=silence, encoding=encoding)
        return TlsClient(context=self._tls, timeout=silence, encoding=encoding)

    def _connect(self, client: Client) -> None:
        client.connect(self._place.host, self._port)
        if isinstance(client, TlsClient):
            client.start_tls(self.describe())
        login = "the login" if self._user else "an anonymous login (ftp_user is not set)"
        text = f"{self.describe()}: the server refuses {login}"
        with refusal_means(text, ": see ftp_user and ftp_pass"):
            client.login(_wire(self._user or ""), _wire(self._password or ""))
        if isinstance(client, TlsClient):
            client.protect_data(self.describe())
        features = client.optional("FEAT") or ""
        if "UTF8" in {line.strip().upper() for line in features.splitlines()}:
            client.optional("OPTS UTF8 ON")
        if self._place.folder:
            text = f"{self.describe()}: the folder is not there or not for us"
            with refusal_means(text, ": see ftp_folder"):
                client.cwd(_wire(self._place.folder))
        client.voidcmd("TYPE I")

    # Listing

    def _gather(self, client: Client) -> tuple[Gathering, list[str]]:
        here = {".", self._place.folder} - {""}
        with suppress(ftplib.error_perm):
            here.add(_text(client.pwd()))
        here = {posixpath.normpath(name) for name in here}
        if self._has_mlsd:
            try:
                return self._gathered(client, "MLSD", gather_fact_line, here)
            except ftplib.error_perm as error:
                # Of a folder that is not for us proftpd says so here alone: NLST and LIST are then empty.
                if not str(error).startswith(_UNKNOWN_COMMAND):
                    raise
                self._has_mlsd = False
        try:
            return self._gathered(client, "NLST", gather_name_line, here)
        except ftplib.error_perm as error:
            # So some servers say that a folder is empty; others, that it is not for us.
            with suppress(ftplib.error_perm):
                if str(error).startswith("550") and is_empty(self._long_lines(client)):
                    return Gathering(self.describe(), self._limits), []
            raise

    def _gathered(
        self,
        client: Client,
        command: str,
        gather: Callable[[Gathering, Collection[str], str], str | None],
        here: Collection[str],
    ) -> tuple[Gathering, list[str]]:
        gathering = Gathering(self.describe(), self._limits)
        names: list[str] = []

        def receive(line: str | None) -> None:
            gathering.count()
            if line is None:
                gathering.leave_out("…", "its line is too long")
            elif (name := gather(gathering, here, line)) is not None:
                names.append(name)

        client.lines(command, receive)
        return gathering, names

    def _long_lines(self, client: Client) -> list[str]:
        """The lines of LIST, which every server has. They are for people, and tell for sure only what is there."""
        gathering = Gathering(self.describe(), self._limits)
        lines: list[str] = []

        def receive(line: str | None) -> None:
            gathering.count()
            lines.append(line or "?")

        client.lines("LIST", receive)
        return lines

    def _asked(self, names: Collection[str]) -> list[Entry]:
        """Names of ours with sizes and times, by SIZE and MDTM; without those of folders, dangling links and the like."""
        found = self.ask(names, _asked)
        if all(entry.size is not None for entry in found.values()):
            return [*found.values()]
        try:
            lines = self.use("list the folder", self._long_lines, self._limits.exchange)
        except Failed as failed:
            if isinstance(failed.error, ftplib.error_perm):
                return [*found.values()]
            raise
        is_file = can_be_files(lines)
        return [entry for name, entry in found.items() if entry.size is not None or is_file.get(name, False)]

    # Reading

    def _download(self, client: Client, name: str, size: int) -> bytes:
        try:
            data = client.download(f"RETR {_wire(name)}", size, self._limits.closing)
        except ftplib.error_perm as error:
            if str(error).startswith("550") and _is_gone(client, name):
                raise FileChanged(f"{name} is gone since it was listed") from None
            raise
        if len(data) > size:
            raise FileChanged(f"{name} has more than the {size} bytes that it was listed with")
        try:
            client.finish(self._limits.closing if len(data) == size else self._limits.silence)
        except _LOST:
            if len(data) != size:
                raise
            self.close()  # it is all there, whatever the server says of it or does not
        if len(data) != size:
            raise FileChanged(f"{name} has {len(data)} bytes, and was listed with {size}")
        return data


def _asked(client: Client, name: str) -> Entry:
    code, _, size = (client.optional(f"SIZE {_wire(name)}") or "").partition(" ")
    time = client.optional(f"MDTM {_wire(name)}") or ""
    return Entry(name, size_of(size) if code == "213" else None, time_of(time[4:].strip()))


def _is_gone(client: Client, name: str) -> bool:
    try:
        client.sendcmd(f"SIZE {_wire(name)}")
    except ftplib.error_perm as error:
        return str(error).startswith("550")
    return False


def _wire(text: str) -> str:
    """UTF-8 bytes, as the latin-1 text that becomes these bytes on the control connection."""
    return text.encode().decode("latin-1")


def _text(wire: str) -> str:
    """What came as UTF-8 on the control connection."""
    return wire.encode("latin-1").decode("utf-8", "replace")
