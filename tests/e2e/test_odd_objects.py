"""One object that MO cannot show, or shows oddly, stops nobody else: it is reported, and only what needs it waits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest
from pydantic import SecretStr

from aarhus_los.mo.client import Auth, MoClient
from aarhus_los.mo.payloads import Endpoint
from aarhus_los.run import Options
from aarhus_los.sandbox.http_stand_in import Action, Answer, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from aarhus_los.sandbox.mo_store import Snapshot
from aarhus_los.uuids import seed_uuid
from tests.e2e.drops import CHANGED, DELTA, FIRST_FILES, TYPES, office, type_list
from tests.e2e.los_files import address_of, org, uuid_of
from tests.e2e.one_process import OneProcess, Ran, one_process
from tests.e2e.test_crash import FIRST_PEOPLE, cpr

FIRST: Final = {TYPES: type_list(), **FIRST_FILES, **FIRST_PEOPLE}
STRANGER: Final = "99999999-9999-4999-8999-999999999999"


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[OneProcess, Snapshot, bytes, Any]]:
    """An importer after its first import, with a delta that waits; and MO after the delta, with nothing odd about it."""
    with one_process(concurrency=4, retry_seconds=0) as there:
        for name, text in FIRST.items():
            there.put(name, text)
        assert there.run().exit_code == 0
        mo, state = there.stage.store.snapshot(), there.stage.state_file.read_bytes()
        for name, text in DELTA.items():
            there.put(name, text)
        assert there.run().exit_code == 0
        yield there, mo, state, there.state()


@pytest.fixture
def there(world: tuple[OneProcess, Snapshot, bytes, Any]) -> Iterator[OneProcess]:
    there, mo, state, _ = world
    there.stage.store.restore(mo)
    there.stage.state_file.write_bytes(state)
    yield there
    there.stage.mo.intercept = None


Oddly = Callable[[dict[str, Any]], None]


def overlapping(shown: dict[str, Any]) -> None:
    shown["validities"] = shown["validities"] * 2


def with_a_null(shown: dict[str, Any]) -> None:
    for validity in shown["validities"]:
        validity["user_key"] = validity["validity"] = None


def without_a_shape(shown: dict[str, Any]) -> None:
    shown["validities"] = {}


def failing(shown: dict[str, Any]) -> None:
    raise RuntimeError


HOW: Final[dict[str, Oddly]] = {
    "an error": failing,
    "validities that overlap": overlapping,
    "a null": with_a_null,
    "no list of validities": without_a_shape,
}


def showing(uuid: str, oddly: Oddly) -> Callable[[Request, Phase], Action | None]:
    """MO shows an object oddly, wherever its validities are asked for."""

    def intercept(request: Request, phase: Phase) -> Action | None:
        read = request.path.startswith("/graphql/") and not written_objects(request)
        if not read or phase is not Phase.AFTER or b"validities" not in request.body:
            return None
        assert request.answer is not None
        body = json.loads(request.answer.body)
        for collection in (body.get("data") or {}).values():
            for shown in (collection or {}).get("objects", []):
                if shown.get("uuid") == uuid:
                    try:
                        oddly(shown)
                    except RuntimeError:
                        return Answer.json(200, {"data": None, "errors": [{"message": "not this one"}]})
        return Answer.json(200, body)

    return intercept


def told(ran: Ran, uuid: str) -> bool:
    assert ran.account is not None
    return any(uuid in str(notice) for notice in ran.account.notices)


def aside(ran: Ran) -> dict[str, bool]:
    """The rows that are set aside, and whether they are pending."""
    assert ran.account is not None
    return {str(each.ref): each.pending for each in ran.account.set_aside}


def shown_oddly(*which: str, **uuids: Any) -> pytest.MarkDecorator:
    """All objects shown in all ways. Not slow: the first object in all of them, each other one in these."""
    first = next(iter(uuids))
    return pytest.mark.parametrize(
        ("uuid", "how"),
        [
            pytest.param(
                uuid,
                how,
                marks=() if name == first or how in which else pytest.mark.slow,
                id=f"{name.replace('_', ' ')}-{how}",
            )
            for name, uuid in uuids.items()
            for how in HOW
        ],
    )


@shown_oddly(
    "an error",
    class_of_units=uuid_of("Kontor"),
    facet_of_a_list=seed_uuid("org_unit_type"),
    facet_that_is_not_needed=seed_uuid("engagement_type"),
    facet_of_others=STRANGER,
    seed=seed_uuid("UNIT_EAN"),
    system=seed_uuid("AZID_SYSTEM"),
)
def test_an_odd_facet_class_or_system_is_told_and_stops_nobody(
    there: OneProcess, world: Any, uuid: str, how: str
) -> None:
    if uuid == STRANGER:
        facet = {"uuid": uuid, "user_key": "of_others", "validity": {"from": "1930-01-01", "to": None}}
        make_facet(there, facet)
    there.stage.mo.intercept = showing(uuid, HOW[how])
    ran = there.run()
    assert ran.error == ""
    assert told(ran, uuid)
    # The row of the list that names an odd class waits: nobody knows whether its title is another.
    waits = {f"{TYPES}:2": True} if uuid == uuid_of("Kontor") else {}
    assert (ran.exit_code, aside(ran)) == (1 if waits else 0, waits)
    there.stage.mo.intercept = None
    assert there.run().exit_code == 0
    state = there.state()
    state = {**state, "facet": {uuid: each for uuid, each in state["facet"].items() if uuid != STRANGER}}
    assert state == world[3]


def make_facet(there: OneProcess, facet: dict[str, Any]) -> None:
    mo = there.stage.mo
    auth = Auth(mo.auth_url, mo.realm, mo.client_id, SecretStr(mo.client_secret))
    item = {"mutation": "facet_create", "input_type": "FacetCreateInput", "input": facet}
    with MoClient(mo.url, graphql_version=30, auth=auth, ca_bundle=None, writable=True) as client:
        client.write(Endpoint.MUTATE, [item])


@shown_oddly("a null", unit=uuid_of("bibl"), another_unit=uuid_of("øko"), address=address_of("øko", "EAN"))
def test_what_is_about_an_odd_object_waits_and_all_else_is_done(
    there: OneProcess, world: Any, uuid: str, how: str
) -> None:
    there.stage.mo.intercept = showing(uuid, HOW[how])
    ran = there.run()
    assert (ran.exit_code, ran.error) == (1, "")
    assert aside(ran) == {f"{CHANGED}:{2 if uuid == uuid_of('bibl') else 3}": True}
    there.stage.mo.intercept = None
    assert there.run().exit_code == 0
    assert there.state() == world[3]


@shown_oddly("", engagement=uuid_of("engagement 1"))
def test_an_odd_engagement_makes_only_its_person_wait(there: OneProcess, uuid: str, how: str) -> None:
    """It is found by the person who has it: that it is this one, is known to nobody."""
    there.stage.mo.intercept = showing(uuid, HOW[how])
    ran = there.run(Options(since=date(2026, 1, 1)))
    assert ran.error == ""
    assert ran.exit_code == 1
    waiting = aside(ran)
    assert all(waiting.values())
    assert {ref.partition(":")[0] for ref in waiting} == {"Pers_nye_20260105_220000.csv"}
    assert cpr(1) not in str(ran.account)


def test_a_facet_that_mo_lacks_and_may_have_is_not_made_a_second_time(there: OneProcess) -> None:
    """MO's own set-up made it, with another uuid, and MO cannot show it now."""
    store = there.stage.store
    ours = seed_uuid("engagement_type")
    facet = {"uuid": STRANGER, "user_key": "engagement_type", "validity": {"from": "1930-01-01", "to": None}}
    make_facet(there, facet)
    odd = showing(STRANGER, failing)
    gone = showing(ours, lambda shown: shown.update(uuid=STRANGER))

    def intercept(request: Request, phase: Phase) -> Action | None:
        changed = gone(request, phase)
        return odd(request, phase) if changed is None else odd_of(changed, odd, request, phase)

    there.stage.mo.intercept = intercept
    before = set(store.state()["facet"])
    ran = there.run()
    assert ran.error == ""
    assert set(store.state()["facet"]) == before


def test_classes_of_ours_are_not_made_in_a_facet_that_mo_may_have_and_cannot_show() -> None:
    """Everything refers to them, so there is nothing that could be done without."""
    with one_process(retry_seconds=0) as there:
        validity = {"from": "1930-01-01", "to": None}
        make_facet(there, {"uuid": STRANGER, "user_key": "primary_type", "validity": validity})
        there.put(TYPES, type_list())
        there.stage.mo.intercept = showing(STRANGER, failing)
        before = there.state()
        ran = there.run()
        assert ran.exit_code == 69
        assert STRANGER in ran.error
        assert there.state() == before
        there.stage.mo.intercept = None
        assert there.run().exit_code == 0


def odd_of(
    changed: Action, odd: Callable[[Request, Phase], Action | None], request: Request, phase: Phase
) -> Action | None:
    assert isinstance(changed, Answer)
    return odd(replace(request, answer=changed), phase)


def test_a_delta_of_the_odd_object_s_neighbours_is_planned_without_it(there: OneProcess) -> None:
    """A plan says the same as an import."""
    there.put("Org_ret_20260210_220000.csv", org(office("bibl", OrgEnhedsNavn="Bib", EAN="")))
    there.stage.mo.intercept = showing(uuid_of("bibl"), overlapping)
    ran = there.run()
    assert ran.exit_code == 1
    assert "Org_ret_20260210_220000.csv:2" in aside(ran)
