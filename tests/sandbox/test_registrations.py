"""What MO remembers of when an object was written, and what it shows as of then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import COPENHAGEN, FOREVER

if TYPE_CHECKING:
    from .conftest import Client

UNIT = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"
PERSON = "00000000-0000-4000-8000-000000000003"
ENGAGEMENT = "00000000-0000-4000-8000-000000000004"
START = date(2000, 1, 1)

REGISTERED = """query($f: RegistrationFilter) { registrations(filter: $f) { objects { uuid start end } } }"""
AS_OF = """query($u: [UUID!], $t: DateTime) {
    org_units(filter: {uuids: $u, from_date: null, to_date: null, registration_time: $t}) { objects {
        uuid validities(start: null, end: null, registration_time: $t) { name } } } }"""


@pytest.fixture
def times() -> list[datetime]:
    """The moments at which the store is written, the last of which it is."""
    return [datetime(2030, 11, 25, 12, tzinfo=UTC)]


@pytest.fixture
def store(seed: dict[str, Any], times: list[datetime]) -> MoStore:
    store = MoStore.seeded(seed)
    store.times = lambda: times[-1]
    return store


def unit(store: MoStore, uuid: str, name: str) -> None:
    store.create("org_unit", uuid, START, FOREVER, {"user_key": "k", "name": name})


def registered(client: Client, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.read(REGISTERED, f=asked)["registrations"]["objects"]
    return found


def names(client: Client, moment: str | datetime, uuids: list[str]) -> dict[str, list[str]]:
    text = moment if isinstance(moment, str) else moment.isoformat()
    found = client.read(AS_OF, u=uuids, t=text)["org_units"]["objects"]
    return {each["uuid"]: [one["name"] for one in each["validities"]] for each in found}


def test_each_object_of_a_list_is_registered_after_the_other(
    client: Client, store: MoStore, times: list[datetime]
) -> None:
    with store.transaction():
        for uuid in (OTHER, UNIT):
            unit(store, uuid, "a")
    first, second = registered(client, uuids=[UNIT, OTHER])
    assert (first["uuid"], second["uuid"]) == (OTHER, UNIT)
    assert first["start"] == "2030-11-25T13:00:00.000000+01:00"
    assert second["start"] == "2030-11-25T13:00:00.000001+01:00"
    assert first["end"] is second["end"] is None


def test_a_write_that_fails_or_changes_nothing_is_not_registered(client: Client, store: MoStore) -> None:
    unit(store, UNIT, "a")
    store.edit("org_unit", UNIT, START, FOREVER, {"name": "b"})
    store.edit("org_unit", UNIT, START, FOREVER, {"name": "b"})
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.edit("org_unit", UNIT, START, FOREVER, {"name": "c"})
        raise ZeroDivisionError
    assert len(registered(client, uuids=[UNIT])) == 2


def test_a_create_over_an_object_keeps_its_registrations_and_starts_anew(
    client: Client, store: MoStore, times: list[datetime]
) -> None:
    unit(store, UNIT, "a")
    times.append(times[-1] + timedelta(minutes=1))
    store.edit("org_unit", UNIT, date(2010, 1, 1), FOREVER, {"name": "b"})
    times.append(times[-1] + timedelta(minutes=1))
    unit(store, UNIT, "c")
    assert [names(client, moment, [UNIT])[UNIT] for moment in times] == [["a"], ["a", "b"], ["c"]]
    assert [each["end"] for each in registered(client, uuids=[UNIT])] == [
        "2030-11-25T13:01:00.000000+01:00",
        "2030-11-25T13:02:00.000000+01:00",
        None,
    ]


def test_registrations_are_found_by_the_time_that_they_held(
    client: Client, store: MoStore, times: list[datetime]
) -> None:
    unit(store, UNIT, "a")
    times.append(times[-1] + timedelta(minutes=1))
    unit(store, OTHER, "a")
    store.edit("org_unit", UNIT, START, FOREVER, {"name": "b"})
    noon, one = times

    def found(**asked: datetime) -> list[str]:
        given = {name: moment.isoformat() for name, moment in asked.items()}
        return [each["uuid"] for each in registered(client, uuids=[UNIT, OTHER], **given)]

    assert found(start=noon) == [UNIT, OTHER, UNIT]
    assert found(start=one) == [UNIT, OTHER, UNIT]
    assert found(start=one + timedelta(seconds=1)) == [OTHER, UNIT]
    assert found(end=noon) == [UNIT]
    assert registered(client, uuids=[UNIT], models=["class"]) == []


def test_a_registration_holds_from_its_very_start_on_object_by_object(
    client: Client, store: MoStore, times: list[datetime]
) -> None:
    with store.transaction():
        unit(store, UNIT, "a")
        unit(store, OTHER, "b")
    start = times[0]
    before, after = (start + timedelta(microseconds=number) for number in (-1, 1))
    assert names(client, before, [UNIT, OTHER]) == {}
    assert names(client, start, [UNIT, OTHER]) == {UNIT: ["a"]}
    assert names(client, after, [UNIT, OTHER]) == {UNIT: ["a"], OTHER: ["b"]}


def test_a_moment_without_a_zone_is_danish(client: Client, store: MoStore, times: list[datetime]) -> None:
    unit(store, UNIT, "a")
    danish = times[0].astimezone(COPENHAGEN).replace(tzinfo=None)
    assert names(client, danish.isoformat(), [UNIT]) == {UNIT: ["a"]}
    assert names(client, (danish - timedelta(seconds=1)).isoformat(), [UNIT]) == {}


def test_an_object_that_is_gone_is_there_as_of_then_and_has_its_registrations(
    client: Client, store: MoStore, times: list[datetime]
) -> None:
    unit(store, UNIT, "a")
    times.append(times[-1] + timedelta(minutes=1))
    store.terminate("org_unit", UNIT, START, FOREVER)
    assert names(client, times[0], [UNIT]) == {UNIT: ["a"]}
    assert names(client, times[1], [UNIT]) == {}
    assert len(registered(client, uuids=[UNIT], models=["org_unit"])) == 2


def test_a_person_is_found_by_the_cpr_number_of_then_with_what_belonged_to_it(
    client: Client, store: MoStore, times: list[datetime]
) -> None:
    person = {"user_key": "p", "givenname": "A", "surname": "B", "cpr_no": "0101850000"}
    work = {
        "user_key": "e",
        "person": PERSON,
        "org_unit": UNIT,
        "job_function": UNIT,
        "engagement_type": UNIT,
    }
    store.create("employee", PERSON, START, FOREVER, person)
    store.create("engagement", ENGAGEMENT, START, FOREVER, work)
    times.append(times[-1] + timedelta(minutes=1))
    store.edit("employee", PERSON, START, FOREVER, {"cpr_no": "0101860000"})
    store.terminate("engagement", ENGAGEMENT, START, FOREVER)
    query = """query($c: [CPR!], $t: DateTime) {
        persons(filter: {cpr_numbers: $c, from_date: null, to_date: null, registration_time: $t}) { objects {
            validities(start: null, end: null, registration_time: $t) { cpr_number
                engagements_response(filter: {from_date: null, to_date: null, registration_time: $t}) {
                    objects { validities(start: null, end: null) { org_unit_uuid } } } } } } }"""

    def found(cpr: str, moment: datetime | None) -> list[dict[str, Any]]:
        text = None if moment is None else moment.isoformat()
        objects = client.read(query, c=[cpr], t=text)["persons"]["objects"]
        return [one for each in objects for one in each["validities"]]

    [then] = found("0101850000", times[0] + timedelta(seconds=1))
    assert then["engagements_response"] == {"objects": [{"validities": [{"org_unit_uuid": UNIT}]}]}
    assert found("0101850000", None) == []
    [now] = found("0101860000", None)
    assert now["engagements_response"] == {"objects": []}


def test_what_may_not_be_read_has_no_registrations_to_show(client: Client, store: MoStore) -> None:
    unit(store, UNIT, "a")
    client.server.denied = frozenset({"read_org_unit"})
    answer = client.graphql(REGISTERED, f={"models": ["org_unit"]})
    assert answer["errors"][0]["message"] == "No policy approved the access"
    assert registered(client, models=["facet"], uuids=[UNIT]) == []
