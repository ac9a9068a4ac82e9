"""The bookmark, and the registrations of what was written, on the sandbox's MO over real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from aarhus_los.answer import Unsettled
from aarhus_los.errors import UnavailableError
from aarhus_los.mo.bookmark import CLASS, FACET, last_bookmark, registered_since, set_bookmark
from aarhus_los.mo.client import Auth, MoClient
from aarhus_los.mo.model import KINDS, Facet, Kind, Unit
from aarhus_los.mo.payloads import Endpoint, create, edit, terminate
from aarhus_los.mo.target import Target
from aarhus_los.sandbox.http_stand_in import Action, Answer, Drop, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from aarhus_los.sandbox.stage import Stage
from aarhus_los.timeline import BEGINNING, FOREVER
from tests.mo.stand_in import StandIn
from tests.scripted_http import Reply

NOW = datetime(2026, 11, 25, 22, 0, 0, 1, tzinfo=timezone(timedelta(hours=1)))
UNIT, OTHER, TYPE = (f"{n}1111111-1111-4111-8111-111111111111" for n in (1, 2, 3))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as stage:
        yield stage


@pytest.fixture
def client(stage: Stage) -> Iterator[MoClient]:
    mo = stage.mo
    from pydantic import SecretStr

    auth = Auth(mo.auth_url, mo.realm, mo.client_id, SecretStr(mo.client_secret))
    with MoClient(
        mo.url, graphql_version=30, auth=auth, ca_bundle=None, writable=True, sleep=lambda seconds: None
    ) as client:
        yield client


def bookmarks(stage: Stage) -> list[dict[str, Any]]:
    return stage.store.state()["class"].get(CLASS, [])


def test_the_bookmark_is_made_where_mo_has_none(stage: Stage, client: MoClient) -> None:
    assert last_bookmark(client) is None
    moment = set_bookmark(client, NOW)
    assert moment == last_bookmark(client)
    assert moment.tzinfo is not None
    (shown,) = bookmarks(stage)
    assert shown["name"].startswith("2026-11-25T22:00:00.000001+01:00 ")
    assert (shown["from"], shown["to"]) == ("1930-01-01", None)
    assert stage.store.state()["facet"][FACET][0]["user_key"] == "los_import"


def test_an_ordinary_run_sets_it_with_two_requests_and_one_validity(stage: Stage, client: MoClient) -> None:
    first = set_bookmark(client, NOW)
    before = len(stage.mo.requests)
    second = set_bookmark(client, NOW)
    assert len(stage.mo.requests) == before + 2
    assert second > first
    assert len(bookmarks(stage)) == 1
    assert last_bookmark(client) == second


def test_a_facet_that_is_there_without_its_class_is_enough(stage: Stage, client: MoClient) -> None:
    """What a run left that was killed between the two."""
    client.write(Endpoint.MUTATE, [create(Kind.FACET, FACET, Facet("los_import"), date(1930, 1, 1), FOREVER)])
    assert set_bookmark(client, NOW) == last_bookmark(client)
    assert len(bookmarks(stage)) == 1


Struck = Callable[[int], Action | None]


@pytest.mark.parametrize("phase", [Phase.BEFORE, Phase.AFTER])
@pytest.mark.parametrize("struck", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "action",
    [
        Drop(),
        *(pytest.param(each, marks=pytest.mark.slow) for each in (Answer(503), Answer(502))),
        pytest.param(Answer(200, b"<html>"), marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_an_answer_that_is_lost_does_no_harm(
    stage: Stage, client: MoClient, phase: Phase, struck: int, action: Action, there: bool
) -> None:
    first = set_bookmark(client, NOW) if there else None
    numbers: dict[int, int] = {}

    def intercept(request: Request, at: Phase) -> Action | None:
        if not request.path.startswith("/graphql"):
            return None
        number = numbers.setdefault(request.number, len(numbers) + 1)
        return action if (number, at) == (struck, phase) else None

    stage.mo.intercept = intercept
    moment = set_bookmark(client, NOW)
    stage.mo.intercept = None
    assert moment == last_bookmark(client)
    assert first is None or moment > first
    assert len(bookmarks(stage)) == 1


def test_a_bookmark_that_somebody_else_sets_meanwhile_is_set_again(stage: Stage, client: MoClient) -> None:
    set_bookmark(client, NOW)
    left = [1]

    def intercept(request: Request, phase: Phase) -> Action | None:
        if phase is Phase.AFTER and written_objects(request) and left[0]:
            left[0] = 0
            set_bookmark(client, NOW + timedelta(seconds=1))
        return None

    stage.mo.intercept = intercept
    assert set_bookmark(client, NOW) == last_bookmark(client)
    (shown,) = bookmarks(stage)
    assert shown["name"].startswith("2026-11-25T22:00:00.000001+01:00 ")


def test_an_mo_that_does_not_keep_it_ends_the_run(mo: StandIn) -> None:
    empty = {"classes": {"objects": []}}
    mo.answer = lambda received: Reply(200, {"data": {**empty, "m0": {"uuid": CLASS}, "m1": {"uuid": CLASS}}})
    with mo.client() as client, pytest.raises(UnavailableError, match="does not show the bookmark"):
        set_bookmark(client, NOW)


def test_an_mo_that_refuses_it_ends_the_run(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(200, {"data": None, "errors": [{"message": "not you"}]})
    with mo.client() as client:
        for ask in (lambda: set_bookmark(client, NOW), lambda: last_bookmark(client)):
            with pytest.raises(UnavailableError, match=r"bookmark.*not you") as raised:
                ask()
            assert raised.value.lasting


def test_the_bookmark_of_a_real_mo_is_read(mo: StandIn, recording: Callable[[str], dict[str, Any]]) -> None:
    mo.script.append(Reply(200, recording("regs_10_bookmark_read")["response_json"]))
    with mo.client() as client:
        assert last_bookmark(client) == datetime.fromisoformat("2026-11-25T22:16:00.038411+01:00")


def unit(name: str) -> Unit:
    return Unit("key", name, None, TYPE)


def test_registrations_tell_what_was_written_since(stage: Stage, client: MoClient) -> None:
    target = Target(client, set_bookmark(client, NOW))
    start = date(2020, 1, 1)
    objects = {Kind.ORG_UNIT: [UNIT, OTHER]}
    assert target.registered(objects) == {}
    target.client.write(Endpoint.CREATE, [create(Kind.ORG_UNIT, UNIT, unit("A"), start, FOREVER)])
    target.client.write(Endpoint.EDIT, [edit(Kind.ORG_UNIT, UNIT, unit("B"), start, FOREVER)])
    assert target.registered(objects) == {UNIT: 2}
    target.client.write(Endpoint.TERMINATE, [terminate(Kind.ORG_UNIT, UNIT, start, FOREVER)])
    assert target.read(Kind.ORG_UNIT, [UNIT]).found == {}
    assert target.registered(objects) == {UNIT: 3}
    target.client.write(Endpoint.TERMINATE, [terminate(Kind.ORG_UNIT, UNIT, start, FOREVER)])
    assert target.registered(objects) == {UNIT: 3}, "what changes nothing is not registered"
    assert Target(client, set_bookmark(client, NOW)).registered(objects) == {}


def test_registrations_of_all_kinds_are_asked_for_at_once(stage: Stage, client: MoClient) -> None:
    moment = set_bookmark(client, NOW)
    before = len(stage.mo.requests)
    assert registered_since(client, {kind: [UNIT] for kind in KINDS}, moment) == {}
    assert len(stage.mo.requests) == before + 1
    client.write(Endpoint.MUTATE, [create(Kind.FACET, UNIT, Facet("x"), BEGINNING, FOREVER)])
    assert registered_since(client, {Kind.FACET: [UNIT], Kind.CLASS: [CLASS]}, moment) == {UNIT: 1}


def test_registrations_of_a_real_mo_are_counted(
    mo: StandIn, recording: Callable[[str], dict[str, Any]]
) -> None:
    recorded = recording("regs_05_read_registrations_top")
    uuid = recorded["request_json"]["variables"]["u"][0]
    mo.answer = lambda received: Reply(200, recorded["response_json"])
    second = datetime.fromisoformat("2026-11-25T22:15:59.858281+01:00")
    with mo.client() as client:
        for moment, count in ((second, 1), (second - timedelta(microseconds=1), 2)):
            assert registered_since(client, {Kind.ORG_UNIT: [uuid]}, moment)[uuid] == count
    assert 'registrations(filter: {uuids: $uuids, models: ["org_unit"]})' in mo.received[0].body["query"]


def test_the_organisation_is_read_like_any_other(stage: Stage, client: MoClient) -> None:
    found = Target(client, NOW).read(Kind.ORGANISATION, [stage.store.organisation]).found
    assert set(found) == {stage.store.organisation}


def test_a_write_is_sent_once(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(503)
    with mo.client() as client, pytest.raises(Unsettled):
        client.write(Endpoint.EDIT, [edit(Kind.ORG_UNIT, UNIT, unit("A"), BEGINNING, FOREVER)])
    assert len(mo.received) == 1
