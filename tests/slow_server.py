"""A server on loopback that is alive and never done."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class SlowServer:
    """Says something to everyone who has asked, and then something more again and again, with pauses."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self.asked = threading.Event()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    def say(self, first: bytes, more: bytes, pause: float) -> None:
        self._says = (first, more, pause)

    def __enter__(self) -> SlowServer:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        first, more, pause = self._says
        with connection, suppress(OSError):
            connection.recv(65536)
            self.asked.set()
            connection.sendall(first)
            while not self._ended.wait(pause):
                connection.sendall(more)
