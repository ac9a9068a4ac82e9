"""A real FTP server in a thread, well-behaved or not."""

from __future__ import annotations

import logging
import os
import queue
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.11 warns of what pyftpdlib uses there
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer as Server

USER = "los"
PASSWORD = "kodeordet-æ-9"

logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)


class _Cutting:
    """Data connections, some of which are cut."""

    def send(self, data: bytes) -> int:
        handler = type(self.cmd_channel)
        if self.cmd != "RETR" or handler.cuts == 0:
            return int(super().send(data))
        handler.cuts -= 1
        super().send(data[:1000])
        self.cmd_channel.close()
        return len(data)


class _Data(_Cutting, DTPHandler):
    pass


class _TlsData(_Cutting, TLS_DTPHandler):
    pass


class _Watched:
    """`commands` is every command of every connection, but for the password; `cuts` is of how many downloads from now on
    all connections are dropped in the middle."""

    use_sendfile = False
    cuts: ClassVar[int]
    commands: ClassVar[list[str]]
    connections: ClassVar[int]
    open: ClassVar[list[Any]]

    def on_connect(self) -> None:
        type(self).connections += 1
        self.open.append(self)

    def on_disconnect(self) -> None:
        self.open.remove(self)

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        type(self).commands.append(cmd)
        super().pre_process_command(line, cmd, arg)


class Handler(_Watched, FTPHandler):
    """A server as it should be."""

    dtp_handler = _Data


class TlsHandler(_Watched, TLS_FTPHandler):
    """A server that speaks TLS only. `certfile` is set before it is used."""

    dtp_handler = _TlsData
    tls_control_required = True
    tls_data_required = True


class WithoutMlsd(Handler):
    proto_cmds: ClassVar[dict[str, Any]] = {
        name: value for name, value in FTPHandler.proto_cmds.items() if name not in ("MLSD", "MLST")
    }


class EmptyIs550(WithoutMlsd):
    """NLST of an empty folder is refused, as by some servers."""

    def ftp_NLST(self, path: str) -> None:
        if os.access(path, os.R_OK, effective_ids=True) and not any(Path(path).iterdir()):
            self.respond("550 No files found.")
        else:
            super().ftp_NLST(path)


class FtpServer:
    """Serves a folder on a free port from entering to leaving."""

    def __init__(self, home: Path, handler: type[Any], **settings: Any) -> None:
        authorizer = DummyAuthorizer()
        authorizer.add_user(USER, PASSWORD, str(home), perm="elr")
        self.home = home
        self.handler: type[Any] = type(
            handler.__name__,
            (handler,),
            {
                "authorizer": authorizer,
                "commands": [],
                "connections": 0,
                "cuts": 0,
                "open": [],
                "auth_failed_timeout": 0,
                **settings,
            },
        )
        self._loop = IOLoop()
        self._server = Server(("127.0.0.1", 0), self.handler, ioloop=self._loop)
        self.port: int = self._server.address[1]
        self._stopped = threading.Event()
        self._orders: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while not self._stopped.is_set():
            self._loop.loop(timeout=0.005, blocking=False)
            while not self._orders.empty():
                self._orders.get()()

    def _order(self, action: Callable[[], object]) -> None:
        """Does the action in the server's thread, and waits until it is done."""
        done = threading.Event()
        self._orders.put(action)
        self._orders.put(done.set)
        assert done.wait(5)

    def close_idle(self) -> None:
        """As if the time of every connection had run out."""
        self._order(lambda: [handler.handle_timeout() for handler in list(self.handler.open)])

    def freeze(self) -> None:
        """Says nothing any more, to nobody."""
        self._orders.put(self._stopped.wait)

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
