from __future__ import annotations

import gc
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.errors import UnavailableError
from aarhus_los.mo.transport import Answer, Transport, Tries, Unsettled, shown
from tests.mo.stand_in import Reply, StandIn

CERTIFICATE = Path(__file__).with_name("loopback.pem")


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def transport(clock: Clock, retry_seconds: float = 120) -> Transport:
    return Transport(
        ca_bundle=None,
        retry_seconds=retry_seconds,
        connect_timeout=1,
        read_timeout=1,
        sleep=clock.sleep,
        clock=clock,
    )


def exhausted(tries: Tries, **told: Any) -> UnavailableError:
    with pytest.raises(UnavailableError) as raised:
        while True:
            tries.again(Unsettled("answer 503", perhaps_done=False, **told))
    return raised.value


@given(st.floats(0.001, 10_000))
def test_there_are_five_tries_and_their_waits_fit_into_the_time(retry_seconds: float) -> None:
    clock = Clock()
    used = transport(clock, retry_seconds)
    exhausted(Tries(used, "MO"))
    assert len(clock.waits) == used.retries == 4
    assert clock.now <= retry_seconds
    assert clock.waits == sorted(clock.waits)


def test_slow_tries_are_fewer() -> None:
    clock = Clock()
    tries = Tries(transport(clock), "MO")
    clock.now += 115
    tries.again(Unsettled("no answer", perhaps_done=True))
    clock.now += 115
    assert "Tried 2 times" in str(exhausted(tries))


def test_retry_after_is_waited_for() -> None:
    clock = Clock()
    exhausted(Tries(transport(clock), "MO"), retry_after=20)
    assert [round(wait) for wait in clock.waits[:3]] == [20, 20, 20]
    assert clock.now <= 120


def test_nobody_waits_for_a_retry_after_beyond_the_time() -> None:
    clock = Clock()
    error = exhausted(Tries(transport(clock), "MO"), retry_after=3600)
    assert clock.waits == []
    assert "it asks us to wait 3600 s. Tried once" in str(error)


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        ("in 90 seconds", 60, 91),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
    ],
    ids=["seconds", "a date to come", "a date gone by"],
)
def test_retry_after_holds_seconds_or_a_date(mo: StandIn, header: str, least: float, most: float) -> None:
    if header == "in 90 seconds":
        header = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    waits: list[float] = []
    mo.script.append(Reply(429, headers={"Retry-After": header}))
    mo.answer = lambda received: Reply(200, {})
    with mo.client(sleep=waits.append) as client:
        client.get("/service/o/")
    assert least <= waits[0] <= most + 0.5


@pytest.mark.parametrize("header", ["soon", "", "9" * 400, "Wed, 99 Oct 2015 07:28:00 GMT"])
def test_a_retry_after_that_is_none_is_ignored(mo: StandIn, header: str) -> None:
    mo.script.append(Reply(503, headers={"Retry-After": header}))
    mo.answer = lambda received: Reply(200, {})
    with mo.client() as client:
        assert client.get("/service/o/") == {}


def test_the_session_of_a_thread_that_has_ended_is_gone(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(200, {})
    with mo.client() as client:
        for _ in range(5):
            thread = threading.Thread(target=client.get, args=("/service/o/",))
            thread.start()
            thread.join()
        gc.collect()
        assert len(client._transport._sessions) == 0


def test_a_proxy_of_the_environment_is_used(mo: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    mo.answer = lambda received: Reply(200, {})
    monkeypatch.setenv("http_proxy", mo.url)
    monkeypatch.setenv("no_proxy", "")
    with mo.client() as client:
        client._base_url = "http://mo.example"
        client.get("/service/o/")
    assert mo.paths() == ["http://mo.example/service/o/"]


def test_a_proxy_that_is_not_there_was_sent_nothing(mo: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with mo.client() as client:
        client._base_url = "http://mo.example"
        with pytest.raises(UnavailableError, match="the proxy cannot be reached"):
            client.get("/service/o/")


@pytest.fixture
def tls(mo: StandIn) -> StandIn:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    mo.socket = context.wrap_socket(mo.socket, server_side=True)
    mo.answer = lambda received: Reply(200, {})
    return mo


class TestTls:
    def ask(self, mo: StandIn, ca_bundle: Path | None) -> Any:
        with mo.client(ca_bundle=ca_bundle) as client:
            client._base_url = mo.url.replace("http://127.0.0.1", "https://127.0.0.1")
            return client.get("/service/o/")

    def test_a_certificate_of_nobody_we_know_is_refused(self, tls: StandIn) -> None:
        with pytest.raises(UnavailableError, match=r"is not trusted: .* ca_bundle"):
            self.ask(tls, None)
        assert tls.received == []

    def test_the_bundle_of_the_settings_is_trusted(self, tls: StandIn) -> None:
        assert self.ask(tls, CERTIFICATE) == {}

    def test_the_bundle_of_the_environment_is_trusted(
        self, tls: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
        assert self.ask(tls, None) == {}

    def test_the_setting_wins_over_the_environment(
        self, tls: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
        assert self.ask(tls, CERTIFICATE) == {}

    def test_a_bundle_that_is_missing_is_said(self, tls: StandIn, tmp_path: Path) -> None:
        with pytest.raises(UnavailableError, match="CA bundle"):
            self.ask(tls, tmp_path / "missing.pem")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://user:secret@mo.example:5000/base/?token=secret#secret", "https://mo.example:5000/base"),
        ("http://[::1", "(not a URL)"),
    ],
)
def test_a_url_is_told_without_secrets(url: str, told: str) -> None:
    assert shown(url) == told


def test_an_answer_shows_no_content() -> None:
    assert repr(Answer(200, b"0101851237")) == "Answer(200, 10 bytes)"
