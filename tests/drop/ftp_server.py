"""A real FTP server in a thread, well-behaved or not, and where a test speaks to it."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.11 warns of what pyftpdlib uses there
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer as Server

USER = "los"
PASSWORD = "kodeordet-æ-9"

logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)


class Handler(FTPHandler):
    """A server as it should be. `commands` is every command of every connection, but for the password."""

    use_sendfile = False
    commands: ClassVar[list[str]]
    connections: ClassVar[int]

    def on_connect(self) -> None:
        type(self).connections += 1

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        type(self).commands.append(cmd)
        super().pre_process_command(line, cmd, arg)


class WithoutMlsd(Handler):
    proto_cmds: ClassVar[dict[str, Any]] = {
        name: value for name, value in FTPHandler.proto_cmds.items() if name not in ("MLSD", "MLST")
    }


class EmptyIs550(WithoutMlsd):
    """NLST of an empty folder is refused, as by some servers."""

    def ftp_NLST(self, path: str) -> None:
        if any(Path(path).iterdir()):
            super().ftp_NLST(path)
        else:
            self.respond("550 No files found.")


class _Cut(DTPHandler):
    def send(self, data: bytes) -> int:
        handler = type(self.cmd_channel)
        if self.cmd != "RETR" or handler.cuts == 0:
            return int(super().send(data))
        handler.cuts -= 1
        super().send(data[:1000])
        self.cmd_channel.close()
        return len(data)


class CutsFiles(Handler):
    """Drops all of the connection in the middle of the first files."""

    cuts: ClassVar[int] = 1
    dtp_handler = _Cut


class AlwaysCuts(CutsFiles):
    cuts = 1000


class ClosesWhenIdle(Handler):
    timeout = 0.2


class FtpServer:
    """Serves a folder on a free port from entering to leaving."""

    def __init__(self, home: Path, handler: type[Handler]) -> None:
        authorizer = DummyAuthorizer()
        authorizer.add_user(USER, PASSWORD, str(home), perm="elr")
        self.home = home
        self.handler: type[Handler] = type(
            handler.__name__,
            (handler,),
            {"authorizer": authorizer, "commands": [], "connections": 0, "auth_failed_timeout": 0},
        )
        self._loop = IOLoop()
        self._server = Server(("127.0.0.1", 0), self.handler, ioloop=self._loop)
        self.port: int = self._server.address[1]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while not self._stopped.is_set():
            self._loop.loop(timeout=0.02, blocking=False)

    def __enter__(self) -> FtpServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()
        self._server.close_all()


Serve = Callable[..., FtpServer]
