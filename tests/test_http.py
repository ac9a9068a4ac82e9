from __future__ import annotations

import gc
import gzip
import resource
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.answer import Answer, Unsettled, passing
from aarhus_los.errors import UnavailableError
from aarhus_los.http import LARGEST, TRIES, Http, shown
from tests.clock import Clock
from tests.mo.stand_in import StandIn
from tests.scripted_http import Reply
from tests.slow_server import SlowServer

CERTIFICATE = Path(__file__).parent / "mo" / "loopback.pem"


@pytest.fixture
def mo() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


def gzip_bomb(megabytes: int) -> bytes:
    """So many megabytes of nothing, packed."""
    return gzip.compress(b"\0" * 2**20 * megabytes if megabytes < 2 else b"\0" * 2**20) * (
        1 if megabytes < 2 else megabytes
    )


def http(clock: Clock, retry_seconds: float = 120) -> Http:
    return Http(
        server="the server",
        ca_bundle=None,
        retry_seconds=retry_seconds,
        connect_timeout=1,
        read_timeout=1,
        sleep=clock.sleep,
        clock=clock,
    )


class Failing:
    """Never settles, and each try takes so many seconds."""

    def __init__(self, clock: Clock, seconds: float = 0, **told: Any) -> None:
        self.clock = clock
        self.seconds = seconds
        self.told = {"perhaps_done": False, **told}
        self.tries = 0

    def __call__(self) -> None:
        self.tries += 1
        self.clock.now += self.seconds
        raise Unsettled("answer 503", **self.told)


def exhausted(used: Http, failing: Failing, **how: Any) -> str:
    with pytest.raises(Unsettled) as raised:
        used.settle(failing, **how)
    assert raised.value.tries == failing.tries
    return str(raised.value.final("MO"))


@given(st.floats(0.001, 10_000))
def test_there_are_five_tries_and_their_waits_fit_into_the_time(retry_seconds: float) -> None:
    clock = Clock()
    used = http(clock, retry_seconds)
    exhausted(used, failing := Failing(clock))
    assert failing.tries == TRIES == 5
    assert len(clock.waits) == used.retries == 4
    assert clock.now <= retry_seconds
    assert clock.waits == sorted(clock.waits)


def test_slow_tries_are_fewer() -> None:
    clock = Clock()
    assert "Tried 2 times in " in exhausted(http(clock), Failing(clock, 110))


def test_what_is_no_use_is_not_tried_again() -> None:
    clock = Clock()
    assert "Tried once in 0 s" in exhausted(
        http(clock), failing := Failing(clock), again=lambda unsettled: failing.tries < 1
    )
    assert (failing.tries, clock.waits) == (1, [])


def test_retry_after_is_waited_for() -> None:
    clock = Clock()
    exhausted(http(clock), Failing(clock, retry_after=20))
    assert [round(wait) for wait in clock.waits[:3]] == [20, 20, 20]
    assert clock.now <= 120


def test_nobody_waits_for_a_retry_after_beyond_the_time() -> None:
    clock = Clock()
    assert "it asks us to wait 3600 s. Tried once" in exhausted(http(clock), Failing(clock, retry_after=3600))
    assert clock.waits == []


# -- limits


@pytest.fixture
def slow() -> Iterator[SlowServer]:
    with SlowServer() as server:
        yield server


def limited(**limits: Any) -> Http:
    return Http(
        server="the server",
        retry_seconds=0,
        connect_timeout=5,
        **{"ca_bundle": None, "read_timeout": 5, "exchange_seconds": 0.1, **limits},
    )


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ENDLESS = {
    "a byte at a time": (HEAD + b"Content-Length: 100000\r\n\r\n", b"1", 0.05),
    "a byte at a time, on a connection that closes": (HEAD + b"Connection: close\r\n\r\n", b"1", 0.05),
    "chunks without end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n1\r\n", 0.05),
    "headers without end": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"1", 0.05),
    "a status line without end": (b"", b"H", 0.05),
    "100 Continue without end": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_exchange_that_does_not_end_is_ended(slow: SlowServer, name: str) -> None:
    slow.say(*ENDLESS[name])
    used = limited()
    begun = time.monotonic()
    with pytest.raises(Unsettled, match=r"was not over within 0\.1 s") as raised:
        used.exchange("GET", slow.url)
    assert time.monotonic() - begun < 3
    assert raised.value.perhaps_done
    used.close()


@pytest.mark.parametrize("name", ENDLESS)
def test_an_exchange_over_tls_that_does_not_end_is_ended(name: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    used = limited(ca_bundle=str(CERTIFICATE))
    with SlowServer(context) as slow:
        slow.say(*ENDLESS[name])
        begun = time.monotonic()
        with pytest.raises(Unsettled, match=r"was not over within 0\.1 s"):
            used.exchange("GET", slow.url.replace("http://", "https://"))
    assert time.monotonic() - begun < 3
    used.close()


def test_a_proxy_that_does_not_end_its_answer_is_not_waited_for(
    slow: SlowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", slow.url)
    monkeypatch.setenv("no_proxy", "")
    slow.say(*ENDLESS["a status line without end"])
    used = limited()
    with pytest.raises(Unsettled, match=r"was not over within 0\.1 s"):
        used.exchange("GET", "https://mo.example/")
    used.close()


def test_an_exchange_that_ends_in_time_is_left_alone(slow: SlowServer) -> None:
    slow.say(HEAD + b"Content-Length: 20\r\n\r\n", b"1", 0.01)
    used = limited(exchange_seconds=20)
    assert used.exchange("GET", slow.url).content == b"1" * 20
    used.close()


@pytest.mark.parametrize("megabytes", [32, pytest.param(LARGEST // 2**20, marks=pytest.mark.slow)])
def test_a_bomb_is_not_unpacked(mo: StandIn, megabytes: int) -> None:
    """1.5 GB in 1.5 MB."""
    packed = gzip_bomb(1500)
    assert len(packed) < 2_000_000
    mo.answer = lambda received: Reply(200, packed, {"Content-Encoding": "gzip"})
    used = limited(exchange_seconds=60, largest=megabytes * 2**20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnavailableError, match=rf"answers with more than {megabytes} MB"):
        used.exchange("GET", f"{mo.url}/bomb")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 2.4 * megabytes * 1024, "kB"
    used.close()


def test_the_size_counts_unpacked_and_from_the_first_byte_on(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(200, gzip_bomb(1), {"Content-Encoding": "gzip"})
    used = limited(largest=2**20)
    assert len(used.exchange("GET", f"{mo.url}/large").content) == 2**20
    used = limited(largest=2**20 - 1)
    with pytest.raises(UnavailableError, match="answers with more than"):
        used.exchange("GET", f"{mo.url}/larger")


@pytest.mark.parametrize("grace", [0.0, 0.2])
def test_a_stop_ends_what_is_under_way_after_its_grace(slow: SlowServer, grace: float) -> None:
    slow.say(b"", b"", 1)
    used = limited(exchange_seconds=4, read_timeout=60)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(used.exchange, "GET", slow.url)
        slow.asked.wait(5)
        begun = time.monotonic()
        used.stop("the run was stopped", grace)
        with pytest.raises(UnavailableError, match="the run was stopped"):
            asking.result(5)
    assert grace <= time.monotonic() - begun < grace + 2
    with pytest.raises(UnavailableError, match="the run was stopped"):
        used.exchange("GET", slow.url)
    used.close()


def test_a_stop_ends_a_wait(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(503, headers={"Retry-After": "60"})
    used = limited()
    used.retry_seconds = 120

    def once() -> None:
        passing(used.exchange("GET", f"{mo.url}/"), "MO", "mora.base")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(used.settle, once)
        while not mo.received:
            time.sleep(0.01)
        time.sleep(0.1)
        used.stop("the run was stopped")
        with pytest.raises(UnavailableError, match="the run was stopped"):
            waiting.result(5)
    assert len(mo.received) == 1
    used.close()


def test_nobody_watches_when_nothing_was_sent() -> None:
    threads = set(threading.enumerate())
    limited().close()
    assert set(threading.enumerate()) == threads


# -- what is the same for every server


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


def test_the_connections_of_a_thread_that_has_ended_are_gone(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(200, {})
    with mo.client() as client:
        for _ in range(5):
            thread = threading.Thread(target=client.get, args=("/service/o/",))
            thread.start()
            thread.join()
        gc.collect()
        assert len(client._http._adapters) == 0


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

    def test_the_bundle_is_read_once(self, tls: StandIn, tmp_path: Path) -> None:
        """Not for each connection: every thread has some of its own, and an idle one is closed."""
        bundle = tmp_path / "bundle.pem"
        bundle.write_bytes(CERTIFICATE.read_bytes())
        with tls.client(ca_bundle=bundle) as client:
            client._base_url = tls.url.replace("http://127.0.0.1", "https://127.0.0.1")
            assert client.get("/service/o/") == {}
            bundle.write_bytes(Path(certifi.where()).read_bytes())
            with ThreadPoolExecutor(1) as other:
                assert other.submit(client.get, "/service/o/").result() == {}

    @pytest.mark.parametrize("content", [b"", b"no certificate"])
    def test_a_bundle_without_certificates_is_said(
        self, tls: StandIn, tmp_path: Path, content: bytes
    ) -> None:
        bundle = tmp_path / "bundle.pem"
        bundle.write_bytes(content)
        with pytest.raises(UnavailableError, match="CA bundle"):
            self.ask(tls, bundle)

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
