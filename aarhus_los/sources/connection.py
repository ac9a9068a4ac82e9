"""A folder of a file server, over one connection a run: made when it is needed, and again when the server drops it."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from msgspec import Struct

from aarhus_los.drop.names import parse_name
from aarhus_los.errors import UnavailableError
from aarhus_los.sources.entries import Entry, Gathering, Limits, Listing, Source, printable

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


class Place(Struct, frozen=True, kw_only=True):
    """A folder of a file server. `port` None: the usual one."""

    host: str
    port: int | None
    folder: str
    limits: Limits = Limits()
    sleep: Callable[[float], None] = time.sleep


class Server(Source, Generic[L]):
    """A folder of a file server, and what keeps an `L` open to it, which `new` makes.

    After what goes wrong on a connection, another one is made. No one of `secrets` stands in an error.
    """

    refused: ClassVar[tuple[type[Exception], ...]]
    """The exceptions of whole answers that say no: they are not tried again, and become Failed."""
    lost: ClassVar[tuple[type[Exception], ...]]
    """Those of a connection that is gone or out of order, and of a no that may be another one in a moment. Likewise."""

    not_listed: ClassVar[str]
    """What it means that the server refuses to list the folder, and says `{said}`."""

    def __init__(
        self, place: Place, scheme: str, usual_port: int, secrets: Collection[str], new: Callable[[], L]
    ) -> None:
        self._place = place
        self._port = place.port or usual_port
        self._scheme = scheme
        self._secrets = secrets
        self._new = new
        self._limits = place.limits
        self.current: L | None = None

    @abstractmethod
    def _connect(self, new: L) -> None:
        """Connects, logs in, and enters the folder."""

    @abstractmethod
    def _gather(self, connected: L) -> tuple[Gathering, list[str]]:
        """What the folder holds, and the names of what the server has to be asked about."""

    @abstractmethod
    def _asked(self, names: Collection[str]) -> list[Entry]:
        """Names of ours as they are, without those of no files, and of links that lead nowhere."""

    def __exit__(self, kind: type[BaseException] | None, /, *_: object) -> None:
        self.close()

    def describe(self) -> str:
        """The URL of the folder, for people: no login, and letters as they are."""
        host = f"[{self._place.host}]" if ":" in self._place.host else self._place.host
        return f"{self._scheme}://{host}:{self._port}/{self._place.folder.lstrip('/')}"

    def listing(self) -> Listing:
        try:
            gathering, names = self.use("list the folder", self._gather, self._limits.exchange)
            ours = [name for name in names if parse_name(name) is not None]
            asked = self._asked(ours)  # what is no file of the drop is not worth a question
        except Failed as failed:
            if isinstance(failed.error, self.refused):
                text = f"{self.describe()}: {self.not_listed.format(said=failed.said)}"
                raise UnavailableError(text, lasting=True) from None
            raise
        gathering.entries += [Entry(name, 0, None) for name in names if parse_name(name) is None]
        gathering.entries += asked
        return self._listed(gathering)

    def ask(self, names: Collection[str], one: Callable[[L, str], T]) -> dict[str, T]:
        """Asks about names, one after the other; those that were answered before a connection was lost, once."""
        found: dict[str, T] = {}

        def each(connected: L) -> None:
            for name in names:
                if name not in found:
                    found[name] = one(connected, name)

        if names:
            self.use("ask for the sizes of the files", each, self._limits.questions)
        return found

    def use(self, purpose: str, action: Callable[[L], T], seconds: float) -> T:
        """Does the action, three times at most, each on a new connection if the former one is lost, in so many seconds.

        `purpose` completes "cannot …" in the error. What is neither refused nor lost is raised as it is.
        """
        with _deadline(seconds, self._cut) as is_over:
            for pause in (*_PAUSES, None):
                try:
                    return self._once(action)
                except self.refused as error:
                    raise self._failed(purpose, error) from None
                except self.lost as error:
                    if is_over():
                        raise self._failed(purpose, error, f"given up after {seconds:g} s") from None
                    if pause is None:
                        raise self._failed(purpose, error) from None
                    self._place.sleep(pause)
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
            if not (connected and isinstance(error, self.refused)):
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
        return Failed(f"{self.describe()}: cannot {purpose}", said, error)


@contextmanager
def _deadline(seconds: float, cut: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Cuts what is under way when its time is up; what it gives tells whether it is.

    The timeout of a socket is for each read alone: what comes byte by byte, or never ends, does not meet it.
    """
    until = time.monotonic() + seconds
    done = threading.Event()

    def watch() -> None:
        wait = max(0.0, until - time.monotonic())
        while not done.wait(wait):
            with suppress(OSError):
                cut()
            wait = _AGAIN  # a socket may have come meanwhile

    thread = threading.Thread(target=watch, name="source-deadline", daemon=True)
    thread.start()
    try:
        yield lambda: time.monotonic() >= until
    finally:
        done.set()
        thread.join()
