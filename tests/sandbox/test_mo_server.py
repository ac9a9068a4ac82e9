"""The stand-in MO on its socket: tokens, roles, what is remembered of requests, and how a test can spoil them."""

from __future__ import annotations

import base64
import json
import socket
import time
from datetime import UTC, date, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests

from aarhus_los.sandbox.http_stand_in import Answer, Drop, Phase, Request
from aarhus_los.sandbox.mo_server import MoServer, written_objects
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import FOREVER

from .conftest import Client as RealClient

if TYPE_CHECKING:
    from .conftest import Client

SYSTEM = "00000000-0000-4000-8000-000000000001"
WRITE = "mutation($i:ITSystemCreateInput!){itsystem_create(input:$i){uuid}}"


def write(client: Client, name: str = "n") -> dict[str, Any]:
    given = {"uuid": SYSTEM, "user_key": "k", "name": name, "validity": {"from": None, "to": None}}
    return client.graphql(WRITE, i=given)


def raw(server: MoServer, text: str) -> bytes:
    """Sends bytes and reads until the server ends the connection."""
    with socket.create_connection(
        ("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10
    ) as connection:
        connection.sendall(text.encode())
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def test_health_and_version_need_no_token(server: MoServer) -> None:
    assert requests.get(f"{server.url}/health/live", timeout=10).status_code == 204
    assert requests.get(f"{server.url}/version/", timeout=10).json()["mo_version"] == "66.1.2"


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "unauthorized_client"),
        ({"client_id": "nobody"}, 401, "unauthorized_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_the_token_endpoint_refuses(
    server: MoServer, change: dict[str, str], status: int, error: str
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
    }
    url = f"{server.auth_url}/realms/mo/protocol/openid-connect/token"
    answer = requests.post(url, data={**form, **change}, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    other = requests.post(url.replace("/mo/", "/other/"), data=form, timeout=10)
    assert other.status_code == 404


def test_a_token_tells_its_roles_and_when_it_ends(client: Client) -> None:
    token = str(client.session.headers["Authorization"]).split()[1]
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["realm_access"]["roles"] == ["admin", "service_api"]
    assert 0 < claims["exp"] - time.time() <= 300


def test_a_token_ends_by_the_clock(store: MoStore) -> None:
    now = [1000.0]
    with MoServer(store, clock=lambda: now[0]) as server, requests.Session() as session:
        client = RealClient(server, session)
        client.log_in()
        now[0] += 299
        assert client.get("/service/o/").status_code == 200
        now[0] += 1
        assert client.get("/service/o/").status_code == 401
        assert client.get("/service/o/").json() == {
            "status": "Unauthorized",
            "msg": "Signature has expired",
        }
        client.log_in()
        assert client.get("/service/o/").status_code == 200


@pytest.mark.parametrize("header", [None, "Basic x", "Bearer", "Bearer forged"])
def test_without_a_good_token_nothing_is_read_or_written(
    client: Client, store: MoStore, header: str | None
) -> None:
    before = store.state()
    if header is None:
        del client.session.headers["Authorization"]
    else:
        client.session.headers["Authorization"] = header
    assert client.create([]).status_code == 401
    refused = {"data": None, "errors": [{"message": "User is not authenticated"}]}
    assert client.graphql("{org{uuid}}") == refused
    assert write(client) == refused
    assert store.state() == before


def test_rest_can_be_switched_off(client: Client) -> None:
    client.server.rest_enabled = False
    answer = client.create([])
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    assert "org" in client.read("{org{uuid}}")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("DELETE", "/service/o/"), ("GET", "/graphql/v30"), ("POST", "/service/details/move")],
)
def test_what_is_not_modelled_is_501(client: Client, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 501


def test_requests_are_remembered_with_the_objects_they_wrote(client: Client) -> None:
    client.create([{"type": "employee", "name": "A B"}, {"type": "employee", "name": "C D"}])
    client.create({"type": "nonsense"})
    client.read("{org{uuid}}")
    write(client)
    client.request("POST", "/service/f/manager_type/", {"user_key": "k", "name": "n"})
    client.get("/sandbox/state")
    told = requests.get(f"{client.server.url}/sandbox/requests", timeout=10).json()
    assert told == [
        {
            "method": "POST",
            "path": "/auth/realms/mo/protocol/openid-connect/token",
            "status": 200,
            "objects": 0,
        },
        {"method": "POST", "path": "/service/details/create", "status": 201, "objects": 2},
        {"method": "POST", "path": "/service/details/create", "status": 400, "objects": 1},
        {"method": "POST", "path": "/graphql/v30", "status": 200, "objects": 0},
        {"method": "POST", "path": "/graphql/v30", "status": 200, "objects": 1},
        {"method": "POST", "path": "/service/f/manager_type/", "status": 200, "objects": 1},
    ]


def test_the_state_is_what_the_store_holds(client: Client, store: MoStore) -> None:
    write(client)
    assert requests.get(f"{client.server.url}/sandbox/state", timeout=10).json() == store.state()
    assert store.state()["itsystem"][SYSTEM] == [{"from": None, "to": None, "user_key": "k", "name": "n"}]


def test_after_a_defect_the_connection_is_closed_without_notice(client: Client) -> None:
    headers = f"Host: x\r\nAuthorization: {client.session.headers['Authorization']!s}\r\n"
    body = json.dumps({"type": "org_unit", "user_key": "k", "name": "n", "validity": {"from": "2000-01-01"}})
    request = (
        f"POST /service/details/create?force=1 HTTP/1.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}"
    )
    received = raw(client.server, request + request).decode()
    assert received.startswith("HTTP/1.1 500 ")
    assert "connection: close" not in received.lower()
    assert received.count("HTTP/1.1") == 1


def test_other_answers_keep_the_connection(client: Client) -> None:
    request = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    last = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    assert raw(client.server, request + request + last).count(b"HTTP/1.1 204") == 3


@pytest.mark.parametrize(("phase", "took_effect"), [(Phase.BEFORE, False), (Phase.AFTER, True)])
def test_a_connection_is_dropped_before_or_after_the_request_took_effect(
    client: Client, store: MoStore, phase: Phase, took_effect: bool
) -> None:
    def intercept(request: Request, now: Phase) -> Drop | None:
        return Drop() if now is phase and written_objects(request) else None

    client.server.intercept = intercept
    with pytest.raises(requests.ConnectionError):
        write(client)
    assert (SYSTEM in store.state()["itsystem"]) is took_effect
    assert client.server.requests[-1].status is None
    client.server.intercept = None
    assert write(client)["data"] is not None


def test_an_interceptor_answers_in_mos_place(client: Client, store: MoStore) -> None:
    page = Answer(429, b"<html>", {"Content-Type": "text/html", "Retry-After": "1"})
    client.server.intercept = lambda request, phase: page if phase is Phase.BEFORE else None
    answer = client.create([{"type": "employee", "name": "A B"}])
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (429, "<html>", "1")
    assert store.state()["employee"] == {}
    assert client.server.requests[-1].status == 429


def test_an_interceptor_sees_the_answer_and_can_cut_it(client: Client, store: MoStore) -> None:
    seen: list[tuple[int, str, Phase, int | None]] = []

    def intercept(request: Request, phase: Phase) -> Answer | None:
        status = None if request.answer is None else request.answer.status
        seen.append((request.number, request.path, phase, status))
        if request.answer is None:
            return None
        return Answer(request.answer.status, request.answer.body, request.answer.headers, cut=5)

    client.server.intercept = intercept
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError, ValueError)):
        client.create([{"type": "employee", "name": "A B"}]).json()
    assert len(store.state()["employee"]) == 1
    path = "/service/details/create"
    assert seen == [(2, path, Phase.BEFORE, None), (2, path, Phase.AFTER, 201)]


def test_an_interceptor_can_expire_the_tokens_between_two_requests(client: Client) -> None:
    def intercept(request: Request, phase: Phase) -> None:
        if request.number == 3 and phase is Phase.BEFORE:
            client.server.expire_tokens()

    client.server.intercept = intercept
    statuses = [client.get("/service/o/").status_code for _ in range(2)]
    client.log_in()
    assert [*statuses, client.get("/service/o/").status_code] == [200, 401, 200]


def test_roles_that_mo_denies_are_denied_by_both_interfaces(client: Client, store: MoStore) -> None:
    client.server.denied = frozenset({"read_address"})
    [error] = client.graphql("{addresses{objects{uuid}}}")["errors"]
    assert error["message"] == "No policy approved the access"
    address = {"type": "address", "validity": {"from": "2000-01-01"}}
    answer = client.create([{"type": "employee", "name": "A B"}, address])
    assert (answer.status_code, answer.json()["error_key"]) == (500, "E_UNKNOWN")
    assert answer.json()["description"] == "No policy approved the access"
    assert store.state()["employee"] == {}
    assert client.create([{"type": "employee", "name": "A B"}]).status_code == 201


@pytest.mark.parametrize(("phase", "done"), [(Phase.BEFORE, False), (Phase.AFTER, True)])
def test_a_database_that_restarts_refuses_at_once_and_comes_back(
    store: MoStore, phase: Phase, done: bool
) -> None:
    now = [1000.0]

    def restart(request: Request, when: Phase) -> Answer | None:
        return server.restart_database(3) if when is phase and written_objects(request) else None

    with MoServer(store, clock=lambda: now[0]) as server, requests.Session() as session:
        client = RealClient(server, session)
        client.log_in()
        server.intercept = restart
        under_way = client.create([{"type": "employee", "name": "A B"}])
        assert len(store.state()["employee"]) == done
        server.intercept = None
        later = [client.get("/service/o/"), client.request("POST", "/graphql/v30", {"query": "{org{uuid}}"})]
        for answer in (under_way, *later):
            assert (answer.status_code, answer.json()["error_key"]) == (500, "E_UNKNOWN")
            assert "OperationalError" in answer.json()["description"]
        assert client.get("/health/live").status_code == 204
        now[0] += 3
        assert client.get("/service/o/").status_code == 200


def test_answers_tell_the_time_by_mos_clock(store: MoStore) -> None:
    store.times = lambda: datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
    with MoServer(store) as server:
        answer = requests.get(f"{server.url}/health/live", timeout=10)
    assert answer.headers["Date"] == "Wed, 25 Nov 2026 12:30:00 GMT"
    assert store.clock() == date(2026, 11, 25)


def test_somebody_else_writes_between_two_requests(client: Client, store: MoStore) -> None:
    def somebody(request: Request, phase: Phase) -> None:
        if phase is Phase.BEFORE and written_objects(request):
            store.edit("itsystem", SYSTEM, date(2020, 1, 1), FOREVER, {"name": "theirs"})
            client.server.intercept = None

    write(client, "n")
    client.server.intercept = somebody
    write(client, "ours")
    names = [
        registration.spans[-1].fields["name"] for registration in store.registrations("itsystem", SYSTEM)
    ]
    assert names == ["n", "theirs", "ours"]


def test_a_request_that_waits_does_not_keep_others_waiting(client: Client) -> None:
    slow, arrived, go_on = "/service/o/", Event(), Event()

    def intercept(request: Request, phase: Phase) -> None:
        if request.path == slow and phase is Phase.BEFORE:
            arrived.set()
            assert go_on.wait(10)

    client.server.intercept = intercept
    header = {"Authorization": str(client.session.headers["Authorization"])}
    waiting = Thread(
        target=requests.get, args=(client.server.url + slow,), kwargs={"headers": header, "timeout": 10}
    )
    waiting.start()
    assert arrived.wait(10)
    assert write(client)["data"] is not None
    assert [record.status for record in client.server.requests] == [200, None, 200]
    go_on.set()
    waiting.join()
    assert [record.status for record in client.server.requests] == [200, 200, 200]


def test_lists_over_several_connections_all_arrive(client: Client, store: MoStore) -> None:
    header = str(client.session.headers["Authorization"])

    def create(start: int) -> None:
        with requests.Session() as session:
            other = RealClient(client.server, session)
            session.headers["Authorization"] = header
            for number in range(start, start + 10):
                other.create([{"type": "employee", "name": f"A {number}"}] * 5)

    threads = [Thread(target=create, args=(start,)) for start in range(0, 40, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.state()["employee"]) == 200


def test_a_server_that_has_stopped_refuses_connections(store: MoStore) -> None:
    with MoServer(store) as server:
        url = server.url
        with requests.Session() as session:
            session.get(f"{url}/health/live", timeout=10)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/health/live", timeout=10)


def test_five_thousand_objects_take_well_under_a_millisecond_each(client: Client) -> None:
    item = {
        "type": "address",
        "value": "v",
        "address_type": {"uuid": "3f6e4401-6ab0-54d2-ac00-281d63487c0e"},
        "org_unit": {"uuid": SYSTEM},
        "validity": {"from": "2000-01-01", "to": None},
    }
    started = time.process_time()
    for _ in range(100):
        assert client.create([item] * 50).status_code == 201
    assert (time.process_time() - started) / 5000 < 0.001
