from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
import responses

from aarhus_los.answer import Unsettled
from aarhus_los.errors import UnavailableError
from aarhus_los.mo.answers import NotShown, Refused, RestGoneError, Spoiled
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.model import Class, Facet, Kind, Unit
from aarhus_los.mo.payloads import Endpoint, create, edit, terminate
from aarhus_los.timeline import BEGINNING, FOREVER
from tests.mo.stand_in import StandIn
from tests.scripted_http import Reply

ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"
UNIT = Unit("key", "Name", None, TWO)
CREATE = create(Kind.ORG_UNIT, ONE, UNIT, date(2020, 1, 1), FOREVER)
EDIT = edit(Kind.ORG_UNIT, ONE, UNIT, date(2020, 1, 1), FOREVER)
END = terminate(Kind.ORG_UNIT, ONE, date(2020, 1, 1), FOREVER)
NEW_CLASS = create(Kind.CLASS, ONE, Class(TWO, "key", "Name", None), BEGINNING, FOREVER)
SAME_CLASS = edit(Kind.CLASS, ONE, Class(TWO, "key", "Name", None), BEGINNING, FOREVER)
NEW_FACET = create(Kind.FACET, TWO, Facet("key"), BEGINNING, FOREVER)

ITEMS = {Endpoint.CREATE: CREATE, Endpoint.EDIT: EDIT, Endpoint.TERMINATE: END, Endpoint.MUTATE: SAME_CLASS}
HTML = b"<html><body>Bad gateway</body></html>"
DEADLOCK = {
    "error": True,
    "description": "(psycopg.errors.DeadlockDetected) …",
    "status": 500,
    "error_key": "E",
}


def test_a_list_goes_through_its_door_with_force_and_its_uuids_come_back(mo: StandIn) -> None:
    with mo.client() as client:
        assert client.write(Endpoint.CREATE, [CREATE, {**CREATE, "uuid": TWO}]) == [ONE, TWO]
        assert client.write(Endpoint.EDIT, [EDIT]) == [ONE]
        assert client.write(Endpoint.TERMINATE, [END]) == [ONE]
    assert mo.paths() == [f"/service/details/{verb}?force=1" for verb in ("create", "edit", "terminate")]
    assert mo.received[1].body == [EDIT]


def test_mutations_are_one_request_with_an_alias_an_item(mo: StandIn) -> None:
    with mo.client() as client:
        assert client.write(Endpoint.MUTATE, [NEW_FACET, NEW_CLASS]) == [TWO, ONE]
    (received,) = mo.received
    assert received.path == "/graphql/v30"
    assert received.body["variables"] == {"i0": NEW_FACET["input"], "i1": NEW_CLASS["input"]}


def test_a_client_of_a_plan_cannot_write(mo: StandIn) -> None:
    with mo.client(writable=False) as client:
        for endpoint, item in ITEMS.items():
            with pytest.raises(RuntimeError, match="a plan must not write"):
                client.write(endpoint, [item])
    assert mo.received == []


def test_nothing_to_write_is_no_request(mo: StandIn) -> None:
    with mo.client() as client:
        assert client.write(Endpoint.CREATE, []) == []
    assert mo.received == []


def test_null_for_an_object_is_handed_on(mo: StandIn) -> None:
    mo.script.append(Reply(200, [None]))
    with mo.client() as client:
        assert client.write(Endpoint.EDIT, [EDIT]) == [None]


@pytest.mark.parametrize("body", [[], [ONE, TWO], ["nope"], [7], ONE, {"uuid": ONE}, None])
def test_an_answer_that_is_not_a_uuid_an_item_is_not_taken_for_success(mo: StandIn, body: Any) -> None:
    mo.script.extend([Reply(200, body), Reply(201, body)])
    with mo.client() as client:
        for endpoint, item in ((Endpoint.EDIT, EDIT), (Endpoint.CREATE, CREATE)):
            with pytest.raises(Unsettled) as raised:
                client.write(endpoint, [item])
            assert (raised.value.foreign, raised.value.perhaps_done) == (True, True)


# -- what MO refuses


@pytest.mark.parametrize(
    ("name", "status", "key"),
    [
        ("create_list_one_bad_item", 400, "V_INVALID_ADDRESS_EAN"),
        ("create_employee_dup_cpr", 409, "V_EXISTING_CPR"),
        ("edit_org_unit_missing", 404, "E_ORG_UNIT_NOT_FOUND"),
        ("create_list_db_failure", 500, "E_UNKNOWN"),
        ("edit_org_unit_name_outside_validity_500", 500, "E_UNKNOWN"),
        ("gql_multi_mutation_one_bad", 400, "V_INVALID_ADDRESS_EAN"),
        ("gql_bad_variable", 500, None),
    ],
)
@responses.activate
def test_what_mo_refuses_is_told_by_status_and_key(
    recording: Callable[[str], dict[str, Any]], name: str, status: int, key: str | None
) -> None:
    recorded = recording(name)
    endpoint = {"create": Endpoint.CREATE, "edit": Endpoint.EDIT, "v30": Endpoint.MUTATE}[
        recorded["path"].rpartition("/")[2]
    ]
    responses.post(f"http://mo{recorded['path']}", json=recorded["response_json"], status=recorded["status"])
    with (
        MoClient("http://mo", graphql_version=30, auth=None, ca_bundle=None, writable=True) as client,
        pytest.raises(Refused) as raised,
    ):
        client.write(endpoint, [ITEMS[endpoint]])
    assert (raised.value.status, raised.value.error_key) == (status, key)
    assert 0 < len(raised.value.description) <= 300
    assert client.retries == 0


def test_a_bad_variable_is_refused_without_its_value(
    mo: StandIn, recording: Callable[[str], dict[str, Any]]
) -> None:
    mo.script.append(Reply(200, recording("gql_bad_variable")["response_json"]))
    with mo.client() as client, pytest.raises(Refused, match="Variable") as raised:
        client.write(Endpoint.MUTATE, [SAME_CLASS])
    assert "nope" not in str(raised.value)


def test_a_refusal_shows_no_cpr_number(mo: StandIn) -> None:
    told = {
        "error": True,
        "status": 400,
        "error_key": "V",
        "description": "0101851237 and 010185-1237\n are bad",
    }
    mo.script.append(Reply(400, {**told, "cpr": "0101851237"}))
    with mo.client() as client, pytest.raises(Refused) as raised:
        client.write(Endpoint.CREATE, [CREATE])
    assert raised.value.description == "********** and ********** are bad"


@pytest.mark.parametrize("endpoint", ITEMS)
def test_a_list_that_a_no_op_has_spoiled_is_known(
    mo: StandIn, recording: Callable[[str], dict[str, Any]], endpoint: Endpoint
) -> None:
    name = "gqlw_noop_noop_first" if endpoint is Endpoint.MUTATE else "noop_edit_address_noop_first"
    recorded = recording(name)
    mo.script.append(Reply(recorded["status"], recorded["response_json"]))
    with mo.client() as client, pytest.raises(Spoiled):
        client.write(endpoint, [ITEMS[endpoint]])


# -- who speaks?

NOT_MO = {
    "HTML": (Reply(403, HTML, {"Content-Type": "text/html; charset=utf-8", "Server": "gate"}), False),
    "empty 401": (Reply(401, b""), False),
    "empty 404": (Reply(404, b""), False),
    "JSON of a gateway": (Reply(400, {"message": "no"}), False),
    "JSON of a gateway that looks like GraphQL": (Reply(422, {"errors": ["x"]}), False),
    "an error without a key": (Reply(400, {"error": True, "description": "no"}), False),
    "too large": (Reply(413, HTML), False),
    "500": (Reply(500, HTML), True),
    "200": (Reply(200, HTML), True),
    "nothing": (Reply(200, b""), True),
    "JSON that is none": (Reply(200, b"[" * 100_000), True),
}


@pytest.mark.parametrize("name", NOT_MO)
@pytest.mark.parametrize("endpoint", ITEMS)
def test_what_is_not_worded_as_mo_does_is_of_something_before_mo(
    mo: StandIn, endpoint: Endpoint, name: str
) -> None:
    reply, perhaps_done = NOT_MO[name]
    mo.answer = lambda received: reply
    with mo.client(auth=mo.auth) as client, pytest.raises(Unsettled) as raised:
        client.write(endpoint, [ITEMS[endpoint]])
    unsettled = raised.value
    assert (unsettled.foreign, unsettled.down, unsettled.perhaps_done) == (True, False, perhaps_done)
    assert f"something before MO answered {reply.status}" in unsettled.reason
    if name == "HTML":
        assert "(text/html, " in unsettled.reason
        assert "gate)" in unsettled.reason


@pytest.mark.parametrize("name", NOT_MO)
def test_a_read_that_something_before_mo_answers_is_tried_again(mo: StandIn, name: str) -> None:
    reply, _ = NOT_MO[name]
    mo.script.extend([reply] * (4 if name == "empty 401" else 2))
    mo.answer = lambda received: Reply(200, {"data": {"org": None}})
    with mo.client(auth=mo.auth) as client:
        assert client.query("{ org { uuid } }") == {"org": None}
        assert client.retries == 2


@pytest.mark.parametrize("name", NOT_MO)
def test_a_read_that_mo_never_answers_shows_nothing(mo: StandIn, name: str) -> None:
    reply, _ = NOT_MO[name]
    mo.answer = lambda received: reply
    with mo.client() as client:
        with pytest.raises(NotShown, match=f"before MO answered {reply.status}") as raised:
            client.query("{ org { uuid } }")
        assert len(mo.received) == 5
        assert "Tried 5 times" in str(raised.value.unavailable)
        with pytest.raises(NotShown):
            client.query("{ org { uuid } }", patient=False)
        assert len(mo.received) == 6


# -- what may pass


@pytest.mark.parametrize(
    "failure",
    [
        Reply(reset=True),
        Reply(502, HTML),
        Reply(504, HTML),
        Reply(200, [ONE], cut=True),
    ],
    ids=["reset", "502", "504", "cut"],
)
class TestALostAnswer:
    @pytest.mark.parametrize("endpoint", ITEMS)
    def test_of_a_write_is_left_to_who_can_read_what_became_of_it(
        self, mo: StandIn, endpoint: Endpoint, failure: Reply
    ) -> None:
        mo.script.append(failure)
        with mo.client() as client, pytest.raises(Unsettled) as raised:
            client.write(endpoint, [ITEMS[endpoint]])
        unsettled = raised.value
        assert (unsettled.perhaps_done, unsettled.foreign, unsettled.down) == (True, False, False)
        assert len(mo.received) == 1

    def test_of_a_query_is_asked_for_again(self, mo: StandIn, failure: Reply) -> None:
        mo.script.extend([failure, Reply(200, {"data": {"org": None}})])
        with mo.client() as client:
            assert client.query("{ org { uuid } }") == {"org": None}


NOT_DONE = [
    pytest.param(Reply(429, headers={"Retry-After": "0"}), id="429"),
    pytest.param(Reply(503, HTML), id="503"),
    pytest.param(Reply(408, b""), id="408"),
    pytest.param(Reply(500, DEADLOCK), id="deadlock"),
]
DEADLOCK_IN_GRAPHQL = Reply(200, {"data": None, "errors": [{"message": "DeadlockDetected: …"}]})


@pytest.mark.parametrize(
    ("endpoint", "failure"),
    [
        *(
            pytest.param(endpoint, *each.values, id=f"{endpoint}-{each.id}")
            for endpoint in ITEMS
            for each in NOT_DONE
        ),
        pytest.param(Endpoint.MUTATE, DEADLOCK_IN_GRAPHQL, id="deadlock in graphql"),
    ],
)
def test_where_nothing_was_written_that_is_known(mo: StandIn, endpoint: Endpoint, failure: Reply) -> None:
    mo.script.extend([failure] * 4)
    with mo.client() as client:
        with pytest.raises(Unsettled) as raised:
            client.write(endpoint, [ITEMS[endpoint]])
        assert not raised.value.perhaps_done
        again = client.settle(
            lambda: client.write(endpoint, [ITEMS[endpoint]]),
            again=lambda unsettled: not unsettled.perhaps_done,
        )
        assert again == [ONE]
        assert client.retries == 3


AWAY = [
    "(psycopg.OperationalError) connection failed: connection to server at 127.0.0.1, port 5432 failed",
    "(psycopg.OperationalError) consuming input failed: server closed the connection unexpectedly",
    "(psycopg.errors.AdminShutdown) terminating connection due to administrator command",
    "(sqlalchemy.exc.InterfaceError) the connection is closed",
]


@pytest.mark.parametrize("description", AWAY)
@pytest.mark.parametrize("endpoint", ITEMS)
def test_a_database_that_restarts_is_away_and_refuses_nothing(
    mo: StandIn, endpoint: Endpoint, description: str
) -> None:
    error = {"error": True, "description": description, "status": 500, "error_key": "E_UNKNOWN"}
    told = {"message": "ErrorCodes.E_UNKNOWN", "extensions": {"error_context": error}}
    reply = Reply(200, {"data": None, "errors": [told]}) if endpoint is Endpoint.MUTATE else Reply(500, error)
    mo.script.append(reply)
    with mo.client() as client, pytest.raises(Unsettled, match="its database is away") as raised:
        client.write(endpoint, [ITEMS[endpoint]])
    assert (raised.value.perhaps_done, raised.value.down, raised.value.foreign) == (True, True, False)


@pytest.mark.parametrize("description", AWAY)
def test_a_read_waits_for_the_database(mo: StandIn, description: str) -> None:
    mo.script.extend([Reply(200, {"data": None, "errors": [{"message": description}]})] * 4)
    mo.answer = lambda received: Reply(200, {"data": {"org": None}})
    with mo.client() as client:
        assert client.query("{ org { uuid } }") == {"org": None}
        mo.script.extend([Reply(200, {"data": None, "errors": [{"message": description}]})] * 5)
        with pytest.raises(UnavailableError, match="its database is away"):
            client.query("{ org { uuid } }")


def test_a_read_timeout_of_a_write_is_left_to_the_caller(mo: StandIn) -> None:
    mo.script.append(Reply(hang=True))
    with mo.client(read_timeout=0.05) as client, pytest.raises(Unsettled, match="no answer within") as raised:
        client.write(Endpoint.CREATE, [CREATE])
    assert raised.value.perhaps_done
    assert len(mo.received) == 1


def test_what_was_never_sent_was_not_done() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    waits: list[float] = []
    client = MoClient(url, graphql_version=30, auth=None, ca_bundle=None, writable=True, sleep=waits.append)
    with client:
        with pytest.raises(Unsettled, match="no connection") as raised:
            client.write(Endpoint.CREATE, [CREATE])
        assert (raised.value.perhaps_done, raised.value.down) == (False, True)
        with pytest.raises(UnavailableError, match=rf"{url}: no connection .* Tried 5 times"):
            client.query("{ org { uuid } }")
    assert len(waits) == client.retries == 4
    assert waits == sorted(waits) and sum(waits) <= 120


def test_a_500_leaves_no_dead_connection_for_the_next_create(mo: StandIn) -> None:
    mo.script.append(Reply(500, {"error": True, "status": 500, "error_key": "E_UNKNOWN"}, last=True))
    with mo.client() as client:
        with pytest.raises(Refused):
            client.write(Endpoint.CREATE, [CREATE])
        assert client.write(Endpoint.CREATE, [CREATE]) == [ONE]


def test_an_idle_connection_is_not_used_again(mo: StandIn) -> None:
    now = [0.0]
    with mo.client(clock=lambda: now[0]) as client:
        client.write(Endpoint.CREATE, [CREATE])
        client.write(Endpoint.CREATE, [CREATE])
        now[0] = 10.0
        client.write(Endpoint.CREATE, [CREATE])
    first, second, third = (received.connection for received in mo.received)
    assert first == second != third


# -- what does not pass


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(mo: StandIn, status: int) -> None:
    mo.answer = lambda received: Reply(status, headers={"Location": f"{mo.url}/elsewhere"})
    with mo.client() as client:
        for ask in (
            lambda: client.write(Endpoint.EDIT, [EDIT]),
            lambda: client.write(Endpoint.CREATE, [CREATE]),
            lambda: client.query("{ org { uuid } }"),
            lambda: client.get("/service/o/"),
        ):
            with pytest.raises(UnavailableError, match=rf"MO at {mo.url} redirects") as raised:
                ask()
            assert raised.value.lasting
    assert "/elsewhere" not in mo.paths()


@pytest.mark.parametrize(
    ("name", "role"),
    [("create_forbidden_no_service_api", "service_api"), ("create_forbidden_reader", "admin")],
)
def test_each_meaning_of_403_is_said(
    mo: StandIn, recording: Callable[[str], dict[str, Any]], name: str, role: str
) -> None:
    mo.script.append(Reply(403, recording(name)["response_json"]))
    with (
        mo.client() as client,
        pytest.raises(UnavailableError, match=f"lacks the realm role {role}") as raised,
    ):
        client.write(Endpoint.CREATE, [CREATE])
    assert raised.value.lasting
    assert isinstance(raised.value, RestGoneError) is (role == "service_api")


def test_a_role_that_is_missing_inside_is_said(
    mo: StandIn, recording: Callable[[str], dict[str, Any]]
) -> None:
    told = {
        "error": True,
        "description": "No policy approved the access",
        "status": 500,
        "error_key": "E_UNKNOWN",
    }
    reader = recording("gqlw_roles_reader")["response_json"]
    mo.script.extend([Reply(500, told), Reply(200, reader), Reply(200, reader)])
    with mo.client() as client:
        for ask in (
            lambda: client.write(Endpoint.CREATE, [CREATE]),
            lambda: client.write(Endpoint.MUTATE, [NEW_CLASS]),
            lambda: client.query("{ org { uuid } }"),
        ):
            with pytest.raises(UnavailableError, match="lacks a role") as raised:
                ask()
            assert raised.value.lasting


def test_rest_that_is_switched_off_is_said(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(404, {"detail": "Not Found"})
    with mo.client() as client:
        for ask in (lambda: client.write(Endpoint.EDIT, [EDIT]), lambda: client.get("/service/o/")):
            with pytest.raises(RestGoneError, match="has switched the REST API off") as raised:
                ask()
            assert raised.value.lasting


def test_a_graphql_version_that_mo_does_not_serve_is_said(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(404, {"detail": "Not Found"})
    with mo.client(graphql_version=99) as client, pytest.raises(UnavailableError, match="graphql_version"):
        client.query("{ org { uuid } }")


def test_a_user_in_the_base_url_is_not_told(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(404, {"detail": "Not Found"})
    url = mo.url.replace("http://", "http://user:password@")
    with (
        MoClient(url, graphql_version=30, auth=None, ca_bundle=None, writable=False) as client,
        pytest.raises(UnavailableError) as raised,
    ):
        client.get("/version/")
    assert mo.url in str(raised.value)
    assert "password" not in str(raised.value)


@pytest.mark.parametrize("url", ["localhost:5000", "ftp://mo", "http://", "http://[::1"])
def test_a_base_url_that_is_none_is_said(url: str) -> None:
    with (
        MoClient(url, graphql_version=30, auth=None, ca_bundle=None, writable=False) as client,
        pytest.raises(UnavailableError),
    ):
        client.get("/service/o/")


# -- reading


def test_get_answers_what_is_there(mo: StandIn) -> None:
    mo.script.extend(
        [Reply(200, {"unit_count": 3}), Reply(204), Reply(500, DEADLOCK | {"description": "broken"})]
    )
    with mo.client() as client:
        assert client.get("/service/o/x/") == {"unit_count": 3}
        assert client.get("/health/live") is None
        with pytest.raises(Refused, match="broken"):
            client.get("/service/o/x/")


@pytest.mark.parametrize(
    "answer",
    [
        Reply(200, {"data": {"org": {"uuid": ONE}}, "errors": [{"message": "half of it"}]}),
        Reply(200, {"data": None, "errors": [{"message": "half of it"}]}),
        Reply(400, {"errors": [{"message": "half of it"}]}),
        Reply(500, {"error": True, "description": "half of it", "status": 500, "error_key": "E_UNKNOWN"}),
    ],
    ids=["beside data", "alone", "with a status", "not in graphql"],
)
def test_any_error_of_a_query_is_an_error(mo: StandIn, answer: Reply) -> None:
    mo.script.append(answer)
    with mo.client() as client, pytest.raises(NotShown, match="half of it"):
        client.query("{ org { uuid } }")


# -- for the account


def test_requests_and_retries_are_counted(mo: StandIn) -> None:
    mo.script.extend([Reply(503), Reply(200, {"data": {}})])
    with mo.client(auth=mo.auth) as client:
        client.query("{ org { uuid } }")
        client.write(Endpoint.CREATE, [CREATE])
        client.write(Endpoint.MUTATE, [NEW_CLASS])
        assert client.requests == {"token": 1, "query": 2, "create": 1, "mutate": 1}
        assert client.retries == 1


def test_threads_do_not_share_connections(mo: StandIn) -> None:
    with mo.client() as client, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: client.write(Endpoint.EDIT, [EDIT]), range(40)))
    assert 1 <= len({received.connection for received in mo.received}) <= 4
    assert client.requests["edit"] == 40
