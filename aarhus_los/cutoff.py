"""Ends HTTP exchanges that last too long, or that nobody waits for any more, by shutting their sockets.

The timeout of a socket is for each read alone. An answer that trickles in, or `100 Continue` without end, never meets it:
only another thread can end what a library reads meanwhile.
"""

from __future__ import annotations

import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from ssl import SSLContext
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import create_urllib3_context

LOOKS: Final = 20
"""How often in its time an exchange is looked at: it lasts at most that part of it too long."""
LOOK_SECONDS: Final = 0.5


class Exchange:
    """An exchange under way, and what it is read from. `cut`: it was ended from outside."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.connection: HTTPConnection | None = None
        self.socket: Any = None
        self.cut = False

    def end(self) -> None:
        """Ends its reads, whatever phase it is in: a socket that comes later is shut when this is called again."""
        self.cut = True
        for read in (self.socket, getattr(self.connection, "sock", None)):
            plain = getattr(read, "socket", read)  # of TLS within TLS, what carries it
            if isinstance(plain, socket.socket):
                with suppress(OSError):  # closed meanwhile
                    # Not by the method of a TLS socket, which would take away what another thread reads with.
                    socket.socket.shutdown(plain, socket.SHUT_RDWR)


class Cutoff:
    """Watches the exchanges of all threads. Each may last `seconds`; one thread looks at them, from the first one on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._under_way: set[Exchange] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._watcher: threading.Thread | None = None
        self._until = float("inf")

    @contextmanager
    def exchange(self, adapter: Adapter) -> Iterator[Exchange]:
        """Watches an exchange that is sent through an adapter, for the length of a `with`."""
        watched = adapter.exchange = Exchange(min(time.monotonic() + self._seconds, self._until))
        with self._lock:
            self._under_way.add(watched)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="http-cutoff", daemon=True)
                self._watcher.start()
        try:
            yield watched
        finally:
            with self._lock:
                self._under_way.discard(watched)

    def end_all(self, grace: float) -> None:
        """Lets no exchange last longer than `grace` seconds from now."""
        self._until = time.monotonic() + grace
        with self._lock:
            for watched in self._under_way:
                watched.until = min(watched.until, self._until)
        self._look()

    def close(self) -> None:
        """Nothing is watched any more."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(min(LOOK_SECONDS, self._seconds / LOOKS)):
            self._look()

    def _look(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = [watched for watched in self._under_way if watched.until <= now]
        for watched in late:
            watched.end()


def trusting(file: str | None, folder: str | None) -> SSLContext:
    """What trusts the certificates of a file or of a folder. Raises OSError where they cannot be read."""
    context = create_urllib3_context()
    context.load_verify_locations(file, folder)
    return context


class Adapter(HTTPAdapter):
    """The connections of one thread, which has one exchange at a time, and of which they tell."""

    exchange: Exchange

    def __init__(self, trusting: Callable[[str | None, str | None], SSLContext]) -> None:
        """`trusting` makes what knows the certificates of a file or of a folder."""
        super().__init__()
        self._trusting = trusting
        self._pools: dict[tuple[str, str], Any] = {}

    def get_connection_with_tls_context(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """As by the library, which works out for each request what it connects with: for each server, once is enough."""
        server = urlsplit(request.url)[:2]
        pool: Any = self._pools.get(server)
        if pool is None:
            pool = self._pools[server] = super().get_connection_with_tls_context(request, *args, **kwargs)
            # Weakly: the library keeps connections for as long as the pool, and would keep that for ever.
            kind = _TlsConnection if pool.scheme == "https" else _Connection
            pool.ConnectionCls = partial(kind, weakref.proxy(self))
        return pool

    def cert_verify(self, conn: Any, *args: Any, **kwargs: Any) -> None:
        """As by the library, which reads the trusted certificates anew for each connection: as long as a dozen exchanges."""
        library: Any = super()
        library.cert_verify(conn, *args, **kwargs)
        if conn.scheme == "https" and conn.proxy is None:
            conn.conn_kw["ssl_context"] = self._trusting(conn.ca_certs, conn.ca_cert_dir)
            conn.ca_certs = conn.ca_cert_dir = None

    def build_response(self, request: Any, response: Any) -> requests.Response:
        """As by the library, less cookies and encoding, which nobody asks for."""
        built = requests.Response()
        built.status_code, built.headers = response.status, response.headers
        built.raw, built.request = response, request
        return built

    def close(self) -> None:
        """Ends the connections; the next exchange makes new ones."""
        self._pools.clear()
        super().close()


class _Connection(HTTPConnection):
    def __init__(self, adapter: Adapter, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.adapter = adapter

    def getresponse(self) -> Any:
        self.adapter.exchange.socket = self.sock  # the connection lets go of it before it reads a last answer
        return super().getresponse()


class _TlsConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        # What a proxy says before there is an answer. Connecting itself, and the handshake, have a timeout for the whole.
        if self.proxy_is_tunneling:
            self.adapter.exchange.connection = self
        super().connect()
