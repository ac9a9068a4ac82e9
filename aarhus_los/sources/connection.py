"""One connection a run to a file server: made when it is needed, and again when the server drops it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Generic, Protocol, Self, TypeVar

from aarhus_los.errors import UnavailableError
from aarhus_los.sources.entries import printable

_PAUSES: Final = (0.0, 2.0)
"""Seconds before the second and the third try; the first pause is none: an idle connection was closed, most often."""
_AGAIN: Final = 0.2


class Line(Protocol):
    """What can be connected to a server."""

    def cut(self) -> None:
        """Ends what another thread reads from it, as far as there is something to end yet."""
        ...

    def close(self) -> object: ...


L = TypeVar("L", bound=Line)
T = TypeVar("T")


class Failed(UnavailableError):
    """What was asked for came to nothing, because of `error`; `said` is what the server said, fit to be shown."""

    def __init__(self, text: str, said: str, error: Exception) -> None:
        super().__init__(f"{text}: {said}")
        self.said = said
        self.error = error


class Connection(Generic[L]):
    """What keeps an `L` open: `new` makes one and `connect` connects it. After what goes wrong on it, another one is.

    `refused` are the exceptions of whole answers that say no: they are not tried again. `lost` are those of a connection
    that is gone or out of order, and of a no that may be another one in a moment. Both become Failed, in which no one of
    `secrets` stands.
    """

    def __init__(
        self,
        place: str,
        new: Callable[[], L],
        connect: Callable[[L], None],
        *,
        refused: tuple[type[Exception], ...],
        lost: tuple[type[Exception], ...],
        secrets: tuple[str, ...],
        sleep: Callable[[float], None],
    ) -> None:
        self._place = place
        self._new = new
        self._connect = connect
        self._refused = refused
        self._lost = lost
        self._secrets = secrets
        self._sleep = sleep
        self.current: L | None = None

    def use(self, purpose: str, action: Callable[[L], T], seconds: float) -> T:
        """Does the action, three times at most, each on a new connection if the former one is lost, in so many seconds.

        `purpose` completes "cannot …" in the error. What is neither refused nor lost is raised as it is.
        """
        with _Deadline(seconds, self._cut) as deadline:
            for pause in (*_PAUSES, None):
                try:
                    return self._once(action)
                except self._refused as error:
                    raise self._failed(purpose, error) from None
                except self._lost as error:
                    if deadline.passed:
                        raise self._failed(purpose, error, f"given up after {seconds:g} s") from None
                    if pause is None:
                        raise self._failed(purpose, error) from None
                    self._sleep(pause)
        raise AssertionError("unreachable")

    def _once(self, action: Callable[[L], T]) -> T:
        connected = self.current is not None
        try:
            if self.current is None:
                self.current = self._new()
                self._connect(self.current)
                connected = True
            return action(self.current)
        except BaseException as error:
            if not (connected and isinstance(error, self._refused)):
                self.close()  # the rest of an answer may still be on its way
            raise

    def close(self) -> None:
        current, self.current = self.current, None
        if current is not None:
            current.close()

    def _cut(self) -> None:
        current = self.current
        if current is not None:
            current.cut()

    def _failed(self, purpose: str, error: Exception, said: str = "") -> Failed:
        text = str(error)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        said = said or printable(text) or type(error).__name__
        return Failed(f"{self._place}: cannot {purpose}", said, error)


class _Deadline:
    """Cuts what is under way when its time is up.

    The timeout of a socket is for each read alone: what comes byte by byte, or never ends, does not meet it.
    """

    def __init__(self, seconds: float, cut: Callable[[], None]) -> None:
        self._until = time.monotonic() + seconds
        self._cut = cut
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="source-deadline", daemon=True)

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self._until

    def _watch(self) -> None:
        wait = max(0.0, self._until - time.monotonic())
        while not self._done.wait(wait):
            with suppress(OSError):
                self._cut()
            wait = _AGAIN  # a socket may have come meanwhile

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()


def place_of(scheme: str, host: str, port: int, folder: str) -> str:
    """The URL of a folder, for people: no login, and letters as they are."""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}/{folder.lstrip('/')}"
