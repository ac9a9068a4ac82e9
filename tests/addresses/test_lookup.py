from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from aarhus_los.addresses.adressevask import Adressevask
from aarhus_los.addresses.cache import Cache
from aarhus_los.addresses.lookup import MAX_PARALLEL, resolve
from aarhus_los.addresses.outcomes import Found, NotAsked, NotLookedUp, Outcome, Unknown, Unsafe
from tests.addresses.stand_in import MISS, TOKEN, StandIn, found, uuid_of, vask
from tests.scripted_http import Reply

NOW = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)


def streets(count: int) -> list[str]:
    return [f"Vestergade {number}, 8000 Aarhus C" for number in range(count)]


@pytest.fixture
def service(server: StandIn) -> Iterator[Adressevask]:
    with Adressevask(server.url, SecretStr(TOKEN), timeout=(5.0, 5.0), sleep=lambda seconds: None) as service:
        yield service


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.addresses.json"


def by_kind(text: str) -> Reply:
    if "Ukendt" in text:
        return Reply(body=MISS)
    if "-" in text:
        return Reply(body=vask(800))
    if "Nede" in text:
        return Reply(503)
    return found(text)


def test_each_text_gets_its_outcome(server: StandIn, service: Adressevask, path: Path) -> None:
    server.answer = by_kind
    texts = ["Vestergade 1, 8000", "Ukendt 1, 8000", "Vestergade 1-5, 8000", "Nede 1, 8000", "", *streets(40)]
    resolution = resolve(texts, service, Cache(path), NOW)
    kinds: dict[str, type[Outcome]] = {text: type(outcome) for text, outcome in resolution.outcomes.items()}
    assert kinds == {
        **dict.fromkeys(texts, Found),
        "Ukendt 1, 8000": Unknown,
        "Vestergade 1-5, 8000": Unsafe,
        "Nede 1, 8000": NotLookedUp,
        "": Unknown,
    }
    assert all(resolution.outcomes[text] == Found(uuid_of(text), text) for text in streets(40))
    assert (resolution.asked, resolution.retries) == (44, 4)
    assert resolution.warnings == ()


def test_texts_that_differ_in_spaces_are_asked_for_once(
    server: StandIn, service: Adressevask, path: Path
) -> None:
    texts = ["Vestergade 1, 8000", "Vestergade 1,8000", " Vestergade  1, 8000 ", "Vestergade 1, 8000"]
    resolution = resolve(iter(texts), service, Cache(path), NOW)
    assert server.asked == ["Vestergade 1, 8000"]
    assert resolution.outcomes == dict.fromkeys(
        texts, Found(uuid_of("Vestergade 1, 8000"), "Vestergade 1, 8000")
    )
    assert resolution.asked == 1


@pytest.mark.parametrize("parallel", [MAX_PARALLEL, 3, 1, 100])
def test_no_more_calls_at_a_time_than_allowed(
    server: StandIn, service: Adressevask, path: Path, parallel: int
) -> None:
    allowed = min(parallel, 10)
    together = threading.Barrier(allowed)

    def answer_when_all_are_there(text: str) -> Reply:
        together.wait(5)
        time.sleep(0.01)
        return found(text)

    server.answer = answer_when_all_are_there
    resolution = resolve(streets(3 * allowed), service, Cache(path), NOW, parallel)
    assert all(isinstance(outcome, Found) for outcome in resolution.outcomes.values())
    assert server.most_at_a_time == allowed
    assert len(server.connections) == allowed, "each thread keeps its connection"


def test_a_second_run_asks_for_what_is_new_only(server: StandIn, service: Adressevask, path: Path) -> None:
    server.answer = by_kind
    texts = ["Vestergade 1, 8000", "Ukendt 1, 8000", "Nede 1, 8000"]
    first = resolve(texts, service, Cache(path), NOW)
    server.asked.clear()
    server.answer = found
    second = resolve([*texts, "Vestergade 2, 8000"], service, Cache(path), NOW + timedelta(hours=1))
    assert sorted(server.asked) == ["Nede 1, 8000", "Vestergade 2, 8000"], (
        "what was not looked up is not remembered"
    )
    assert second.outcomes["Ukendt 1, 8000"] == first.outcomes["Ukendt 1, 8000"]
    assert isinstance(second.outcomes["Nede 1, 8000"], Found)
    assert (second.asked, second.retries) == (2, 0)


def test_a_miss_that_is_mended_is_found_the_day_after(
    server: StandIn, service: Adressevask, path: Path
) -> None:
    server.answer = by_kind
    texts = ["Vestergade 1, 8000", "Ukendt 1, 8000", "Vestergade 1-5, 8000"]
    resolve(texts, service, Cache(path), NOW)
    server.asked.clear()
    server.answer = found
    resolution = resolve(texts, service, Cache(path), NOW + timedelta(days=1, minutes=5))
    assert sorted(server.asked) == ["Ukendt 1, 8000", "Vestergade 1-5, 8000"]
    assert all(isinstance(outcome, Found) for outcome in resolution.outcomes.values())


def test_a_closed_service_is_asked_no_more(server: StandIn, service: Adressevask, path: Path) -> None:
    closed = threading.Event()
    before = streets(20)

    def answer(text: str) -> Reply:
        if "Vestergade 20," in text:
            closed.set()
            return Reply(410, "Gone")
        if text not in before:
            closed.wait(5)
            time.sleep(0.1)  # longer than it takes that answer to be read
        return found(text)

    server.answer = answer
    resolution = resolve(streets(500), service, Cache(path), NOW)
    missed = [outcome for outcome in resolution.outcomes.values() if isinstance(outcome, NotLookedUp)]
    # The 20 before it, itself, and those that were under way at the time: the rest got the reason without a call.
    assert 500 - len(missed) < 20 + 10 * 3
    # Those whose turn came as the service closed are counted, and perhaps not sent.
    answered = 500 - len(missed) + 1
    assert answered <= len(server.asked) <= resolution.asked < answered + 10
    assert len(set(missed)) == 1
    assert "HTTP 410" in missed[0].reason
    (warning,) = resolution.warnings
    assert "HTTP 410" in warning
    assert f"{len(missed)} addresses" in warning

    server.answer = found
    again = resolve(["Nygade 1, 8000"], service, Cache(path), NOW)
    assert again.outcomes == {"Nygade 1, 8000": missed[0]}
    assert again.asked == 0


def test_without_a_service_nothing_is_asked_or_written(path: Path) -> None:
    resolution = resolve(streets(3), None, Cache(path), NOW)
    assert resolution.outcomes == dict.fromkeys(streets(3), NotAsked())
    assert (resolution.asked, resolution.warnings) == (0, ())
    assert not path.exists()


def test_no_texts_no_calls(server: StandIn, service: Adressevask, path: Path) -> None:
    resolution = resolve([], service, Cache(path), NOW)
    assert resolution.outcomes == {}
    assert server.asked == []
    assert not path.exists()


def test_what_is_wrong_with_the_cache_is_told(service: Adressevask, path: Path) -> None:
    path.mkdir()
    resolution = resolve(streets(1), service, Cache(path), NOW)
    assert isinstance(resolution.outcomes[streets(1)[0]], Found)
    assert len(resolution.warnings) == 2


def test_progress_is_told_in_order(service: Adressevask, path: Path) -> None:
    resolve(streets(3), service, Cache(path), NOW)
    told: list[tuple[int, int]] = []
    resolve(streets(8), service, Cache(path), NOW, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (5, 5)
    assert {of for _, of in told} == {5}


def test_an_interrupted_run_ends_soon_and_keeps_its_answers(server: StandIn, path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done >= 5:
            raise KeyboardInterrupt

    server.answer = lambda text: Reply(503, headers={"Retry-After": "60"}) if "Nede" in text else found(text)
    started = time.monotonic()
    with (
        Adressevask(server.url, SecretStr(TOKEN)) as service,
        pytest.raises(KeyboardInterrupt),
    ):
        resolve(["Nede 1, 8000", *streets(2000)], service, Cache(path), NOW, progress=interrupt)
    assert time.monotonic() - started < 10
    assert len(server.asked) < 1000
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("address")]
    cache = Cache(path)
    assert 5 <= sum(cache.get(text, NOW) is not None for text in streets(2000)) < 1000
