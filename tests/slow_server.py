"""A server on loopback that is alive and never done."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import ExitStack, suppress


class SlowServer:
    """Says something to everyone who has asked, and then something more again and again, with pauses."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._answering: list[threading.Thread] = []
        self.asked = threading.Event()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    def say(self, first: bytes, more: bytes, pause: float) -> None:
        self._says = (first, more, pause)

    def __enter__(self) -> SlowServer:
        self._accepting = threading.Thread(target=self._serve, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        # Closed alone, it would go on to listen for whom waits in it.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join(5)
        self._listening.close()
        for thread in self._answering:
            thread.join(5)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._answering.append(threading.Thread(target=self._answer, args=(connection,), daemon=True))
                self._answering[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        first, more, pause = self._says
        with ExitStack() as closing, suppress(OSError):
            closing.callback(connection.close)
            if self._tls is not None:
                connection = self._tls.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False
                )
                closing.callback(connection.close)
                connection.do_handshake()
            connection.recv(65536)
            self.asked.set()
            connection.sendall(first)
            while not self._ended.wait(pause):
                connection.sendall(more)
