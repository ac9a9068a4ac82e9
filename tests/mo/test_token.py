from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aarhus_los.errors import UnavailableError
from aarhus_los.mo.client import Auth
from tests.mo.stand_in import SECRET, TOKEN_PATH, StandIn
from tests.scripted_http import Reply


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture(autouse=True)
def empty_answers(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(200, {})


def test_a_token_is_fetched_by_client_credentials_and_used_for_every_request(mo: StandIn) -> None:
    with mo.client(auth=mo.auth) as client:
        client.get("/service/o/")
        client.get("/service/o/")
    assert mo.forms == [
        {"grant_type": ["client_credentials"], "client_id": ["los"], "client_secret": [SECRET]}
    ]
    assert [received.token for received in mo.received] == ["token-1", "token-1"]


def test_without_auth_no_token_is_sent(mo: StandIn) -> None:
    with mo.client() as client:
        client.get("/service/o/")
    assert mo.received[0].token is None
    assert mo.forms == []


def test_credentials_of_a_netrc_file_do_not_take_the_place_of_the_token(
    mo: StandIn, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for auth in (mo.auth, None):
        with mo.client(auth=auth) as client:
            client.get("/service/o/")
    assert [received.authorization for received in mo.received] == ["Bearer token-1", ""]


def test_threads_share_one_token(mo: StandIn) -> None:
    start = threading.Barrier(8)

    def ask(n: int) -> None:
        start.wait()
        client.get("/service/o/")

    with mo.client(auth=mo.auth) as client, ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert len(mo.forms) == 1
    assert {received.token for received in mo.received} == {"token-1"}


def test_threads_that_are_all_refused_renew_the_token_once(mo: StandIn) -> None:
    start = threading.Barrier(8)

    def ask(n: int) -> None:
        start.wait()
        client.get("/service/o/")

    with mo.client(auth=mo.auth) as client, ThreadPoolExecutor(8) as pool:
        client.get("/service/o/")
        mo.accepted = "token-2"
        list(pool.map(ask, range(8)))
    assert len(mo.forms) == 2


def test_a_token_is_renewed_half_a_minute_before_it_expires(mo: StandIn, now: list[float]) -> None:
    with mo.client(auth=mo.auth, clock=lambda: now[0]) as client:
        for later in (0, 269, 2, 269, 2):
            now[0] += later
            client.get("/service/o/")
    assert [received.token for received in mo.received] == [
        "token-1",
        "token-1",
        "token-2",
        "token-2",
        "token-3",
    ]


def test_a_clock_that_jumps_costs_a_token_and_nothing_else(mo: StandIn, now: list[float]) -> None:
    with mo.client(auth=mo.auth, clock=lambda: now[0]) as client:
        for jump in (0, -500, 10_000, -20_000):
            now[0] += jump
            client.get("/service/o/")
    assert [received.token for received in mo.received] == ["token-1", "token-2", "token-3", "token-4"]


@pytest.mark.parametrize("expires_in", [None, "300", 0, -1])
def test_a_token_without_a_lifetime_is_used_for_a_while(
    mo: StandIn, now: list[float], expires_in: Any
) -> None:
    mo.expires_in = expires_in
    with mo.client(auth=mo.auth, clock=lambda: now[0]) as client:
        for _ in range(3):
            client.get("/service/o/")
            now[0] += 20
    assert [received.token for received in mo.received] == ["token-1", "token-1", "token-2"]


def test_a_short_lived_token_is_not_fetched_for_every_request(mo: StandIn, now: list[float]) -> None:
    mo.expires_in = 10
    with mo.client(auth=mo.auth, clock=lambda: now[0]) as client:
        client.get("/service/o/")
        client.get("/service/o/")
    assert len(mo.forms) == 1


def test_an_expired_token_is_renewed_once_on_a_401(mo: StandIn) -> None:
    mo.accepted = "token-2"
    with mo.client(auth=mo.auth) as client:
        assert client.get("/service/o/") == {}
    assert [received.token for received in mo.received] == ["token-1", "token-2"]
    assert client.retries == 0


def test_graphql_says_401_in_its_own_way(mo: StandIn) -> None:
    mo.script.extend(
        [
            Reply(200, {"data": None, "errors": [{"message": "User is not authenticated"}]}),
            Reply(200, {"data": {"org": None}}),
        ]
    )
    with mo.client(auth=mo.auth) as client:
        assert client.query("{ org { uuid } }") == {"org": None}
    assert len(mo.forms) == 2


def test_a_fresh_token_that_is_refused_ends_it(mo: StandIn) -> None:
    mo.accepted = "none of ours"
    with mo.client(auth=mo.auth) as client, pytest.raises(UnavailableError, match="auth_realm"):
        client.get("/service/o/")
    assert len(mo.received) == 2


def test_a_401_without_auth_names_the_settings(mo: StandIn) -> None:
    mo.accepted = "any"
    with mo.client() as client, pytest.raises(UnavailableError, match="set client_id, client_secret"):
        client.get("/service/o/")


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_are_said_at_once_without_the_secret(mo: StandIn, status: int) -> None:
    mo.token_script.append(Reply(status, {"error": "invalid_client", "secret": SECRET}))
    with (
        mo.client(auth=mo.auth) as client,
        pytest.raises(UnavailableError, match="client id or the client") as raised,
    ):
        client.get("/service/o/")
    assert SECRET not in str(raised.value)
    assert len(mo.forms) == 1
    assert mo.received == []


@pytest.mark.parametrize(
    "failure",
    [
        Reply(reset=True),
        Reply(500),
        Reply(503),
        Reply(429),
        Reply(200, b"<html>"),
        Reply(200, []),
        Reply(200, {}),
        Reply(200, {"access_token": 7}),
        Reply(200, {"access_token": "x"}, cut=True),
    ],
)
def test_the_token_endpoint_is_asked_again(mo: StandIn, failure: Reply) -> None:
    mo.token_script.extend([failure, failure])
    with mo.client(auth=mo.auth) as client:
        assert client.get("/service/o/") == {}
        assert client.retries == 2
        assert client.requests["token"] == 3


def test_a_token_endpoint_that_stays_away_ends_it_for_all_threads(mo: StandIn) -> None:
    mo.token_script.extend([Reply(503)] * 5)
    with mo.client(auth=mo.auth) as client, ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(client.get, "/service/o/") for _ in range(4)]
        for future in futures:
            with pytest.raises(UnavailableError, match=rf"token endpoint {mo.url}{TOKEN_PATH}: answer 503"):
                future.result()
    assert len(mo.forms) == 5


@pytest.mark.parametrize("status", [302, 404])
def test_a_wrong_address_of_the_token_endpoint_names_the_settings(mo: StandIn, status: int) -> None:
    mo.token_script.append(Reply(status, headers={"Location": f"{mo.url}/elsewhere"}))
    with mo.client(auth=mo.auth) as client, pytest.raises(UnavailableError, match="auth_server"):
        client.get("/service/o/")
    assert mo.received == []


@pytest.mark.parametrize("token", ["two\nlines", "with spaces", "ærø", ""])
def test_a_token_that_is_none_is_not_shown(mo: StandIn, token: str) -> None:
    mo.token_script.extend([Reply(200, {"access_token": token, "expires_in": 300})] * 5)
    with (
        mo.client(auth=mo.auth) as client,
        pytest.raises(UnavailableError, match="without a token") as raised,
    ):
        client.get("/service/o/")
    assert not token or token not in str(raised.value)


def test_auth_shows_no_secret(mo: StandIn) -> None:
    assert SECRET not in f"{mo.auth!r} {mo.auth}"
    assert Auth("https://k/auth/", "mo", "los", mo.auth.client_secret).url == f"https://k{TOKEN_PATH}"
