from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from aarhus_los.addresses.adressevask import DOUBTED_AFTER, DOWN_AFTER, NOT_UNDERSTOOD, Adressevask
from aarhus_los.addresses.outcomes import Found, NotLookedUp, Unknown, Unsafe
from aarhus_los.http import TRIES
from tests.addresses.stand_in import MISS, TOKEN, StandIn, found, uuid_of, vask
from tests.clock import Clock
from tests.scripted_http import Reply
from tests.slow_server import SlowServer

ADDRESS = "Skt. Johannes Allé 2, 8000 Aarhus C"
CERTIFICATE = Path(__file__).with_name("loopback.pem")


@pytest.fixture
def clock() -> Clock:
    return Clock()


Make = Callable[..., Adressevask]


@pytest.fixture
def make(server: StandIn, clock: Clock) -> Iterator[Make]:
    with ExitStack() as stack:

        def make(url: str = "", **options: Any) -> Adressevask:
            defaults: dict[str, Any] = {"timeout": (5.0, 5.0), "sleep": clock.sleep, "clock": clock}
            return stack.enter_context(
                Adressevask(url or server.url, SecretStr(TOKEN), **(defaults | options))
            )

        yield make


@pytest.fixture
def service(make: Make) -> Adressevask:
    return make()


def replies(*steps: Reply) -> Callable[[str], Reply]:
    """One reply after the other, the last one for ever."""
    left = list(steps)
    return lambda text: left.pop(0) if len(left) > 1 else left[0]


def test_a_text_is_asked_for_normalised_and_percent_encoded(server: StandIn, service: Adressevask) -> None:
    text = "Ærøgade 1/3 & 5+7#,8000  Aarhus C"
    assert service.look_up(text) == Found(
        uuid_of("Ærøgade 1/3 & 5+7#, 8000 Aarhus C"), "Ærøgade 1/3 & 5+7#, 8000 Aarhus C"
    )
    assert server.tokens == {TOKEN}
    assert server.paths[0].startswith(
        "/vask/?adresse=%C3%86r%C3%B8gade%201%2F3%20%26%205%2B7%23%2C%208000%20Aarhus%20C&token="
    )


def test_credentials_of_a_netrc_file_are_not_sent(
    server: StandIn, service: Adressevask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert service.look_up(ADDRESS) == found_address()
    assert server.credentials == set()


def test_a_base_url_may_end_with_a_slash(server: StandIn, make: Make) -> None:
    assert make(server.url + "/").look_up(ADDRESS) == found_address()
    assert server.paths[0].startswith("/vask/?")


def found_address() -> Found:
    return Found(uuid_of(ADDRESS), ADDRESS)


@pytest.mark.parametrize(
    ("body", "kind"), [(vask(), Found), (vask(800), Unsafe), (vask(status=4), Unsafe), (MISS, Unknown)]
)
def test_answers_are_read(server: StandIn, service: Adressevask, body: str, kind: type) -> None:
    server.answer = replies(Reply(body=body))
    assert isinstance(service.look_up(ADDRESS), kind)
    assert (service.asked, service.retries, service.closed) == (1, 0, None)


def test_http_400_is_an_answer(server: StandIn, service: Adressevask) -> None:
    server.answer = replies(Reply(400, "Adressen er\r\n for mærkelig"))
    assert service.look_up(ADDRESS) == Unknown(400, "Adressen er for mærkelig")
    assert service.retries == 0


@pytest.mark.parametrize("text", ["", "  ", "x" * 10_000])
def test_what_cannot_be_an_address_is_not_asked_for(server: StandIn, service: Adressevask, text: str) -> None:
    outcome = service.look_up(text)
    assert isinstance(outcome, Unknown)
    assert server.asked == []


def test_a_text_that_cannot_be_encoded_does_no_harm(server: StandIn, service: Adressevask) -> None:
    server.answer = replies(Reply(body=MISS))
    assert isinstance(service.look_up("Vestergade \ud800"), Unknown)


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(429),
        Reply(500),
        Reply(502),
        Reply(503),
        Reply(504),
        Reply(408),
        Reply(reset=True),
        Reply(body=vask(), cut=True),
    ],
    ids=["429", "500", "502", "503", "504", "408", "reset", "cut"],
)
def test_trouble_that_passes_is_tried_again(
    server: StandIn, make: Make, clock: Clock, trouble: Reply
) -> None:
    service = make()
    server.answer = replies(trouble, trouble, found(ADDRESS))
    assert service.look_up(ADDRESS) == found_address()
    assert server.asked == [ADDRESS] * 3
    assert (service.asked, service.retries) == (1, 2)
    assert len(clock.waits) == 2


def test_a_time_out_is_tried_again(server: StandIn, make: Make) -> None:
    released = threading.Event()
    steps = iter([True, False])

    def slow_once(text: str) -> Reply:
        if next(steps):
            released.wait(10)
        return found(text)

    server.answer = slow_once
    try:
        assert make(timeout=(5.0, 0.2)).look_up(ADDRESS) == found_address()
    finally:
        released.set()
    assert len(server.asked) == 2


def test_a_service_that_is_too_slow_is_said_to_be(server: StandIn, make: Make) -> None:
    released = threading.Event()

    def slow(text: str) -> Reply:
        released.wait(10)
        return found(text)

    server.answer = slow
    try:
        outcome = make(timeout=(5.0, 0.05)).look_up(ADDRESS)
    finally:
        released.set()
    assert outcome == NotLookedUp("the address service: no answer within 0.05 s")


def test_tries_are_bounded_and_ever_further_apart(
    server: StandIn, service: Adressevask, clock: Clock
) -> None:
    server.answer = replies(Reply(503))
    outcome = service.look_up(ADDRESS)
    assert outcome == NotLookedUp("the address service: answer 503")
    assert len(server.asked) == TRIES == 5
    assert len(clock.waits) == 4
    assert all(0 < earlier <= later for earlier, later in zip(clock.waits, clock.waits[1:], strict=False))
    assert service.closed is None


def test_no_try_begins_after_retry_seconds(server: StandIn, make: Make, clock: Clock) -> None:
    server.answer = replies(Reply(503, headers={"Retry-After": "4"}))
    assert isinstance(make(retry_seconds=10.0).look_up(ADDRESS), NotLookedUp)
    assert clock.waits == [4.0, 4.0]
    assert len(server.asked) == 3


def test_retry_after_is_honoured(server: StandIn, service: Adressevask, clock: Clock) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    server.answer = replies(
        Reply(429, headers={"Retry-After": "17"}), Reply(503, headers={"Retry-After": soon}), found(ADDRESS)
    )
    assert service.look_up(ADDRESS) == found_address()
    assert clock.waits == [17.0, pytest.approx(59, abs=2)]


def test_a_retry_after_beyond_all_patience_ends_the_look_up(
    server: StandIn, service: Adressevask, clock: Clock
) -> None:
    server.answer = replies(Reply(429, headers={"Retry-After": "3600"}))
    assert service.look_up(ADDRESS) == NotLookedUp("the address service: answer 429")
    assert (len(server.asked), clock.waits) == (1, [])


@pytest.mark.parametrize(
    "nonsense", ["soon", "-5", "Mon, 99 Foo 2026", "9" * 400, "Thu, 01 Jan 1970 00:00:00 GMT"]
)
def test_a_retry_after_that_makes_no_sense_does_no_harm(
    server: StandIn, make: Make, clock: Clock, nonsense: str
) -> None:
    server.answer = replies(Reply(503, headers={"Retry-After": nonsense}), found(ADDRESS))
    make().look_up(ADDRESS)
    assert all(0 < wait <= 0.5 for wait in clock.waits)


def test_nobody_listens(make: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        service = make(f"http://127.0.0.1:{free.getsockname()[1]}")
        outcome = service.look_up(ADDRESS)
    assert isinstance(outcome, NotLookedUp)
    assert "no connection" in outcome.reason
    assert service.retries == TRIES - 1


@pytest.mark.parametrize(
    "url",
    ["http://", "no-scheme", "http://[::1", "http://a b", "ftp://127.0.0.1", "http://" + "x" * 64 + ".dk"],
)
def test_a_url_that_is_none_is_a_reason_not_an_exception(make: Make, url: str) -> None:
    assert isinstance(make(url).look_up(ADDRESS), NotLookedUp)


@pytest.mark.parametrize("status", [401, 403, 410])
def test_a_refusal_closes_the_service(server: StandIn, service: Adressevask, status: int) -> None:
    server.answer = replies(Reply(status, "Nej"), found(ADDRESS))
    refused = service.look_up(ADDRESS)
    assert isinstance(refused, NotLookedUp)
    assert f"HTTP {status}" in refused.reason
    assert service.closed == refused.reason
    assert service.look_up("Vestergade 12, 8000 Aarhus C") == refused
    assert (len(server.asked), service.asked) == (1, 1)


def test_a_service_that_answers_nobody_is_asked_less_and_then_no_more(
    server: StandIn, service: Adressevask
) -> None:
    server.answer = replies(Reply(503))
    for number in range(DOWN_AFTER + 20):
        assert isinstance(service.look_up(f"Vestergade {number}, 8000 Aarhus C"), NotLookedUp)
    # The look-up that makes the service doubtful still had all its tries.
    assert len(server.asked) == TRIES * DOUBTED_AFTER + DOWN_AFTER - DOUBTED_AFTER
    assert service.closed is not None
    assert "answer 503" in service.closed


def test_an_answer_restores_the_trust(server: StandIn, service: Adressevask) -> None:
    server.answer = lambda text: Reply(503) if "Nede" in text else Reply(body=MISS)
    for number in range(DOWN_AFTER):
        service.look_up(f"Nede {number // 2}" if number % (DOUBTED_AFTER - 1) else "Vestergade")
    server.asked.clear()
    service.look_up("Vestergade")
    assert isinstance(service.look_up("Nede"), NotLookedUp)
    assert server.asked.count("Nede") == TRIES
    assert service.closed is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(server: StandIn, service: Adressevask, status: int) -> None:
    server.answer = replies(
        Reply(status, headers={"Location": f"{server.url}/vask/?adresse=x&token=y"}), found(ADDRESS)
    )
    outcome = service.look_up(ADDRESS)
    assert isinstance(outcome, NotLookedUp)
    assert "redirect" in outcome.reason
    assert server.asked == [ADDRESS]


@pytest.mark.parametrize("status", [404, 418, 204, 206])
def test_other_statuses_are_no_answers(server: StandIn, service: Adressevask, status: int) -> None:
    server.answer = replies(Reply(status, b"" if status == 204 else vask()))
    outcome = service.look_up(ADDRESS)
    assert isinstance(outcome, NotLookedUp)
    assert str(status) in outcome.reason
    assert service.closed is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Log in</html>",
        vask()[:-10].encode(),
        b"\xff\xfe\x00",
        vask(uuid="x").encode(),
    ],
    ids=["empty", "html", "truncated", "binary", "uuid"],
)
def test_an_answer_that_is_none_is_not_trusted(server: StandIn, service: Adressevask, body: bytes) -> None:
    server.answer = replies(Reply(body=body), found(ADDRESS))
    assert service.look_up(ADDRESS) == NotLookedUp(NOT_UNDERSTOOD)
    assert service.look_up(ADDRESS) == found_address()


def test_an_answer_without_end_is_not_read(server: StandIn, service: Adressevask) -> None:
    server.answer = replies(Reply(body=b" " * 2_000_000 + vask().encode()), found(ADDRESS))
    outcome = service.look_up(ADDRESS)
    assert isinstance(outcome, NotLookedUp)
    assert "more than 0.25 MB" in outcome.reason
    assert service.look_up(ADDRESS) == found_address()


def test_an_answer_that_trickles_in_is_not_waited_for(make: Make) -> None:
    with SlowServer() as slow:
        slow.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" ", 0.05)
        service = make(slow.url, exchange_seconds=0.1, retry_seconds=0, clock=time.monotonic)
        outcome = service.look_up(ADDRESS)
    assert outcome == NotLookedUp("the address service: the exchange was not over within 0.1 s")


def test_stopping_ends_what_is_under_way(make: Make) -> None:
    with SlowServer() as slow:
        slow.say(b"", b"", 1)
        service = make(slow.url, exchange_seconds=2)
        outcomes: list[object] = []
        thread = threading.Thread(target=lambda: outcomes.append(service.look_up(ADDRESS)))
        thread.start()
        assert slow.asked.wait(5)
        service.stop("the run was stopped")
        thread.join(3)
    assert outcomes == [NotLookedUp("the run was stopped")]


def test_a_byte_order_mark_is_no_obstacle(server: StandIn, service: Adressevask) -> None:
    server.answer = replies(Reply(body=b"\xef\xbb\xbf" + vask().encode()))
    assert isinstance(service.look_up(ADDRESS), Found)


def test_one_connection_serves_many_look_ups(server: StandIn, service: Adressevask) -> None:
    for number in range(20):
        service.look_up(f"Vestergade {number}, 8000 Aarhus C")
    assert len(server.connections) == 1


def test_stopping_ends_the_waits(server: StandIn, make: Make) -> None:
    server.answer = replies(Reply(503, headers={"Retry-After": "100"}))
    service = make(sleep=None, clock=time.monotonic, retry_seconds=120)
    outcomes: list[object] = []
    thread = threading.Thread(target=lambda: outcomes.append(service.look_up(ADDRESS)))
    thread.start()
    while not server.asked:
        time.sleep(0.01)
    service.stop("the run was stopped")
    thread.join(5)
    assert outcomes == [NotLookedUp("the run was stopped")]


class TestSecrets:
    """The token is in every URL, so no URL may show."""

    def test_no_log_shows_the_token(
        self, server: StandIn, make: Make, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        service = make()
        server.answer = replies(
            Reply(503),
            Reply(reset=True),
            Reply(body=vask(), cut=True),
            Reply(body=vask(), headers={"Connection": "close", "bad header": "x"}),
        )
        assert isinstance(service.look_up(ADDRESS), Found)
        assert "Starting new HTTP connection" in caplog.text, "the library's log was listened to"
        assert_no_token(caplog.text)

    def test_other_logs_of_the_library_are_left_alone(
        self, server: StandIn, make: Make, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        make().look_up(ADDRESS)
        logging.getLogger("urllib3.connectionpool").debug("http://mo GET /version/ 200")
        assert "GET /version/" in caplog.text

    def test_closing_leaves_no_filter_behind(self, make: Make) -> None:
        logger = logging.getLogger("urllib3.connectionpool")
        before = list(logger.filters)
        service = make()
        assert len(logger.filters) == len(before) + 1
        service.close()
        assert logger.filters == before

    def test_no_value_shows_the_token(self, server: StandIn, make: Make) -> None:
        service = make()
        echo = f"Nej: {server.url}/vask/?token={TOKEN} %s a%20secret%2Ftoken"
        seen: list[object] = [service, vars(service)]
        for reply in (
            Reply(400, echo),
            Reply(body=vask(-1000, None, None, echo, echo)),
            Reply(body=vask(800, designation=echo)),
            Reply(body=vask(designation=echo)),
            Reply(302, headers={"Location": echo}),
            Reply(500, echo),
            Reply(reset=True),
            Reply(401, echo),
        ):
            server.answer = replies(reply)
            seen.append(service.look_up(ADDRESS))
        seen.append(service.closed)
        assert_no_token(repr(seen))

    def test_an_exception_is_not_chained_to_the_url(self, make: Make) -> None:
        """An interruption in the middle of a request comes through, without the library's exceptions in its wake."""

        def interrupt(seconds: float) -> None:
            raise KeyboardInterrupt

        service = make("http://127.0.0.1:1", sleep=interrupt)
        with pytest.raises(KeyboardInterrupt) as caught:
            service.look_up(ADDRESS)
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None


def assert_no_token(text: str) -> None:
    for form in (TOKEN, "secret", "a%20secret%2Ftoken"):
        assert form not in text


class TestTls:
    """The certificate of the server is verified, against the bundle that the operator gave."""

    @pytest.fixture(autouse=True)
    def _tls(self, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.scheme = "https"

    def test_a_stranger_is_not_trusted(self, server: StandIn, service: Adressevask) -> None:
        outcome = service.look_up(ADDRESS)
        assert isinstance(outcome, NotLookedUp)
        assert "ca_bundle" in outcome.reason
        assert server.asked == []

    def test_the_bundle_of_the_settings_is_used(
        self, server: StandIn, make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "another.pem"))
        assert make(ca_bundle=CERTIFICATE).look_up(ADDRESS) == found_address()

    def test_the_bundle_of_the_environment_is_used(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
        assert make().look_up(ADDRESS) == found_address()


def test_the_stand_in_answers(server: StandIn) -> None:
    connection = HTTPConnection("127.0.0.1", server.server_port)
    connection.request("GET", "/vask/?adresse=Vestergade%2012&token=0123456789")
    response = connection.getresponse()
    assert response.status == 200
    assert uuid_of("Vestergade 12") in response.read().decode()
    connection.close()
