"""Resolves the address texts of a run: each once, from the cache or from the service, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Final

from msgspec import Struct

from aarhus_los.addresses.adressevask import Adressevask
from aarhus_los.addresses.cache import Cache
from aarhus_los.addresses.outcomes import Answer, NotAsked, NotLookedUp, Outcome, normalise
from aarhus_los.masking import masked
from aarhus_los.messages import Message

MAX_PARALLEL: Final = 10
"""The service has no stated limit; ten calls at a time is what careful clients use, 32 broke it."""
LOOK_SECONDS: Final = 0.05
"""How often it is told how far the look-ups are."""


class Resolution(Struct, frozen=True):
    """What became of each text, under the text as it was given."""

    outcomes: dict[str, Outcome]
    warnings: tuple[str, ...] = ()
    asked: int = 0
    """Look-ups for which the service was sent at least one request."""
    retries: int = 0


def resolve(
    texts: Iterable[str],
    service: Adressevask | None,
    cache: Cache,
    now: datetime,
    parallel: int = MAX_PARALLEL,
    progress: Callable[[int, int], None] | None = None,
) -> Resolution:
    """Resolves `texts`; texts that differ in spaces only are one. Raises nothing for what the service or the cache does.

    `service` None: addresses are not looked up, by the settings. `now`: an aware datetime. `progress` is told, in this
    thread and now and then, how many look-ups of how many are done. Answers are saved even if the run is interrupted.
    """
    wanted = {text: normalise(text) for text in texts}
    if service is None:
        return Resolution({text: NotAsked() for text in wanted})

    outcomes: dict[str, Outcome] = {
        text: answer for text in wanted.values() if (answer := cache.get(text, now)) is not None
    }
    missing = [text for text in dict.fromkeys(wanted.values()) if text not in outcomes]
    asked, retries = service.asked, service.retries

    left = iter(missing)
    answered: dict[str, Answer | NotLookedUp] = {}

    def look_up() -> None:
        for text in left:  # a list's iterator gives each of its texts to one thread only
            answered[text] = service.look_up(text)

    workers = min(max(1, parallel), MAX_PARALLEL, len(missing))
    pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="address")
    try:
        looking = {pool.submit(look_up) for _ in range(workers)}
        while looking:
            ended, looking = wait(looking, LOOK_SECONDS, FIRST_COMPLETED)
            for each in ended:
                each.result()
            if progress is not None:
                progress(len(answered), len(missing))
    except BaseException:
        service.stop("the run was stopped")
        raise
    finally:
        pool.shutdown()
        for text, outcome in answered.items():
            # A text that could hold a person's number is kept nowhere.
            if not isinstance(outcome, NotLookedUp) and masked(text) == text:
                cache.put(text, outcome, now)
        cache.save(now)
    outcomes |= answered

    warnings = [*cache.warnings]
    if service.closed is not None:
        missed = sum(isinstance(outcome, NotLookedUp) for outcome in outcomes.values())
        warnings.append(Message.ADDRESSES_CLOSED(reason=service.closed, count=missed))
    return Resolution(
        outcomes={text: outcomes[key] for text, key in wanted.items()},
        warnings=tuple(warnings),
        asked=service.asked - asked,
        retries=service.retries - retries,
    )
