"""One connection a run to a file server: opened when it is needed, and again when the server drops it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from aarhus_los.errors import UnavailableError

_PAUSES: Final = (0.0, 2.0)
"""Seconds before the second and the third try; the first pause is none: an idle connection was closed, most often."""
_LONGEST_ANSWER: Final = 200

C = TypeVar("C")
T = TypeVar("T")


class Connection(Generic[C]):
    """What keeps a `C` open. After whatever goes wrong on it, the next use is on a new one.

    `refused` are the exceptions by which the server answers: they are not tried again. `lost` are those of a connection
    that is gone or out of order. Both become UnavailableErrors in which no one of `secrets` stands.
    """

    def __init__(
        self,
        place: str,
        connect: Callable[[], C],
        hang_up: Callable[[C], None],
        *,
        refused: tuple[type[Exception], ...],
        lost: tuple[type[Exception], ...],
        secrets: tuple[str, ...],
        sleep: Callable[[float], None],
    ) -> None:
        self._place = place
        self._connect = connect
        self._hang_up = hang_up
        self._refused = refused
        self._lost = lost
        self._secrets = secrets
        self._sleep = sleep
        self.current: C | None = None

    def use(self, purpose: str, action: Callable[[C], T]) -> T:
        """Does the action, three times at most, each on a new connection if the former one is lost.

        `purpose` completes "cannot …" in the error. What is neither refused nor lost is raised as it is.
        """
        for pause in (*_PAUSES, None):
            try:
                return self._once(action)
            except self._refused as error:
                raise UnavailableError(self._cannot(purpose, error)) from None
            except self._lost as error:
                if pause is None:
                    raise UnavailableError(self._cannot(purpose, error)) from None
                self._sleep(pause)
        raise AssertionError("unreachable")

    def _once(self, action: Callable[[C], T]) -> T:
        try:
            if self.current is None:
                self.current = self._connect()
            return action(self.current)
        except BaseException:
            self.close()  # the rest of an answer may still be on its way
            raise

    def close(self) -> None:
        current, self.current = self.current, None
        if current is not None:
            self._hang_up(current)

    def _cannot(self, purpose: str, error: Exception) -> str:
        said = " ".join(str(error).split())
        for secret in self._secrets:
            said = said.replace(secret, "***")
        return f"{self._place}: cannot {purpose}: {said[:_LONGEST_ANSWER] or type(error).__name__}"


def place_of(scheme: str, host: str, port: int, folder: str) -> str:
    """The URL of a folder, for people: no login, and letters as they are."""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}/{folder.lstrip('/')}"
