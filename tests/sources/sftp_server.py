"""A real SFTP server in threads, with a login by password or key, well-behaved or not."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_PARTIALLY_SUCCESSFUL, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from tests.sources.scripted import Answer, ScriptedSftp

USER = "los"
PASSWORD = "kodeordet-æ-9"

logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


@cache
def _rsa_key() -> paramiko.RSAKey:
    """One for all servers: to make one takes longer than most tests."""
    return paramiko.RSAKey.generate(2048)


class _File(paramiko.SFTPHandle):
    server: SftpServer

    def read(self, offset: int, length: int) -> bytes | int:
        if offset > 0 and self.server.cuts > 0:
            self.server.cuts -= 1
            self.server.drop_connections()
        if self.server.frozen.is_set():
            self.server.stopped.wait()
        return super().read(offset, length)

    def stat(self) -> paramiko.SFTPAttributes:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))  # type: ignore[attr-defined]


class _Folder(paramiko.SFTPServerInterface):
    def __init__(self, login: _Login, server: SftpServer) -> None:
        super().__init__(login)
        self._server = server

    def _path(self, path: str) -> str:
        return f"{self._server.home}{self.canonicalize(path)}"

    def list_folder(self, path: str) -> Any:
        folder = self._path(path)
        found = []
        for name in self._server.names([path.name for path in Path(folder).iterdir()]):
            # `filename` may be bytes: a name that is not UTF-8 goes out as it is.
            status = os.lstat(f"{folder}/{name}") if os.path.lexists(f"{folder}/{name}") else os.lstat(folder)
            found.append(paramiko.SFTPAttributes.from_stat(status, os.fsencode(name)))  # type: ignore[arg-type]
        return found

    def stat(self, path: str) -> Any:
        return self._status(os.stat, path)

    def lstat(self, path: str) -> Any:
        return self._status(os.lstat, path)

    def _status(self, ask: Callable[[str], os.stat_result], path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(ask(self._path(path)))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        file = _File(flags)
        file.server = self._server
        try:
            file.readfile = Path(self._path(path)).open("rb")  # type: ignore[attr-defined] # noqa: SIM115
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return file


class _Login(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return "keyboard-interactive" if self._server.asks_for_more else "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self._server.logins += 1
        if self._server.drops_logins:
            self._server.drop_connections()
        right = (username, password) == (USER, PASSWORD)
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        if username != USER or key not in self._server.keys:
            return AUTH_FAILED
        return AUTH_PARTIALLY_SUCCESSFUL if self._server.asks_for_more else AUTH_SUCCESSFUL

    def check_auth_interactive(self, username: str, submethods: str) -> paramiko.InteractiveQuery:
        return paramiko.InteractiveQuery("Koden på din telefon?", "", ("Kode: ", True))

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        # An SSH server that is mute after the login.
        if self._server.mute:
            self._server.stopped.wait()
        return super().check_channel_subsystem_request(channel, name)


class SftpServer:
    """Serves a folder on a free port from entering to leaving. `cuts` is as of the FTP server; `names` alters listings,
    `script` answers in place of the folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.host_key = paramiko.ECDSAKey.generate()
        self.other_host_key = _rsa_key()
        self.keys: list[paramiko.PKey] = []
        self.names: Callable[[list[str]], list[str]] = list
        self.script: Mapping[int, Answer] | None = None
        self.cuts = 0
        self.logins = 0
        self.mute = False
        self.drops_logins = False
        self.asks_for_more = False
        self.frozen = threading.Event()
        self.stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._transports: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.stopped.is_set():
                connection.close()
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = paramiko.Transport(connection)
            self._transports.append(transport)
            if not self.frozen.is_set():
                transport.add_server_key(self.host_key)
                transport.add_server_key(self.other_host_key)
                if self.script is None:
                    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, self)
                else:
                    transport.set_subsystem_handler("sftp", ScriptedSftp, self.script)
                transport.start_server(event=threading.Event(), server=_Login(self))

    def drop_connections(self) -> None:
        while self._transports:
            transport = self._transports.pop()
            transport.close()
            transport.sock.close()

    def freeze(self) -> None:
        """Says nothing any more, to nobody."""
        self.frozen.set()

    def __enter__(self) -> SftpServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        self.drop_connections()
