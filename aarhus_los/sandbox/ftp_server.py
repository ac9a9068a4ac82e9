"""A real FTP server on loopback for the length of a `with`: it lets one user read one folder."""

from __future__ import annotations

import logging
import threading
import warnings
from pathlib import Path
from types import TracebackType
from typing import Final

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.11 warns of what pyftpdlib imports there
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer as Listener

USER: Final = "los"
PASSWORD: Final = "kun-til-prøver"
_READ_ONLY: Final = "elr"
_TICK: Final = 0.01


class FtpServer:
    """Serves `home` on a free port, to `USER` with `PASSWORD`."""

    host: Final = "127.0.0.1"

    def __init__(self, home: Path) -> None:
        # Without a handler it would tell stderr whatever a client does; the sandbox tells its own story.
        logging.getLogger("pyftpdlib").addHandler(logging.NullHandler())
        authorizer = DummyAuthorizer()
        authorizer.add_user(USER, PASSWORD, str(home), perm=_READ_ONLY)
        handler = type("Handler", (FTPHandler,), {"authorizer": authorizer, "auth_failed_timeout": 0})
        self._loop = IOLoop()
        self._listener = Listener((self.host, 0), handler, ioloop=self._loop)
        self.port: int = self._listener.address[1]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="ftp-server", daemon=True)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._loop.loop(timeout=_TICK, blocking=False)

    def __enter__(self) -> FtpServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._listener.close_all()
        self._loop.close()
