"""Reads and mutations over GraphQL: days, pages, filters, versions, and the objects that make a whole read fail."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import BEGINNING, FOREVER

if TYPE_CHECKING:
    from .conftest import Client

UUIDS = [str(UUID(int=number)) for number in range(1, 8)]
UNIT, PERSON, ENGAGEMENT, ADDRESS, ACCOUNT, MANAGER, OTHER = UUIDS
NAMES = """query($u: [UUID!]) { org_units(filter: {uuids: $u, from_date: null, to_date: null}) { objects {
    uuid validities(start: null, end: null) { name validity { from to } } } } }"""
CLASSES = """query($u: [UUID!]) { classes(filter: {uuids: $u, from_date: null, to_date: null}) { objects {
    validities(start: null, end: null) { name scope validity { from to } } } } }"""
UPDATE = "mutation($i:ClassUpdateInput!){class_update(input:$i){uuid}}"


def add_unit(store: MoStore, uuid: str, start: date, end: date = FOREVER, name: str | None = "A") -> None:
    store.create("org_unit", uuid, start, end, {"user_key": "k", "name": name})


def test_without_dates_only_what_is_valid_now_is_seen(client: Client, store: MoStore) -> None:
    add_unit(store, UUIDS[0], date(2000, 1, 1), name="then")
    store.edit("org_unit", UUIDS[0], date(2010, 1, 1), FOREVER, {"name": "now"})
    add_unit(store, UUIDS[1], date(2000, 1, 1), date(2009, 12, 31))
    found = client.read("{org_units{objects{uuid current{name} validities{name}}}}")["org_units"]["objects"]
    assert found == [{"uuid": UUIDS[0], "current": {"name": "now"}, "validities": [{"name": "now"}]}]


def test_the_end_of_a_window_is_not_part_of_it(client: Client, store: MoStore) -> None:
    add_unit(store, UNIT, date(2010, 1, 1), date(2010, 12, 31))
    query = "query($f:DateTime,$t:DateTime){org_units(filter:{from_date:$f,to_date:$t}){objects{uuid}}}"

    def found(start: str | None, end: str | None) -> bool:
        return bool(client.read(query, f=start, t=end)["org_units"]["objects"])

    assert not found(None, "2010-01-01")
    assert found(None, "2010-01-02T00:00:00+01:00")
    assert found("2010-12-31", None)
    assert not found("2011-01-01", None)


def test_timestamps_are_danish_midnights_and_their_end_exclusive_from_version_29_on(
    client: Client, store: MoStore
) -> None:
    add_unit(store, UNIT, date(2010, 6, 1), date(2010, 12, 31))

    def validity(version: int) -> dict[str, Any]:
        objects = client.read(NAMES, version, u=[UNIT])["org_units"]["objects"]
        found: dict[str, Any] = objects[0]["validities"][0]["validity"]
        return found

    start = "2010-06-01T00:00:00+02:00"
    for version in (29, 30):
        assert validity(version) == {"from": start, "to": "2011-01-01T00:00:00+01:00"}
    for version in (21, 28):
        assert validity(version) == {"from": start, "to": "2010-12-31T00:00:00+01:00"}


def test_starts_before_1894_read_back_a_day_early(client: Client, store: MoStore) -> None:
    add_unit(store, UNIT, date(1893, 12, 31), date(1893, 12, 31))
    store.edit("org_unit", UNIT, date(1894, 1, 1), FOREVER, {"user_key": "k", "name": "B"})
    validities = client.read(NAMES, u=[UNIT])["org_units"]["objects"][0]["validities"]
    assert [each["validity"]["from"][:10] for each in validities] == ["1893-12-30", "1894-01-01"]


def test_pages_are_in_order_of_uuid_and_leave_nothing_out(client: Client, store: MoStore) -> None:
    for uuid in reversed(UUIDS):
        add_unit(store, uuid, date(2000, 1, 1))
    query = "query($c:Cursor){org_units(limit:3,cursor:$c){objects{uuid} page_info{next_cursor}}}"
    cursor, sizes, found = None, [], []
    while True:
        page = client.read(query, c=cursor)["org_units"]
        sizes.append(len(page["objects"]))
        found += [each["uuid"] for each in page["objects"]]
        cursor = page["page_info"]["next_cursor"]
        if cursor is None:
            break
    assert (found, sizes) == (UUIDS, [3, 3, 1])


def test_pages_of_objects_that_are_asked_for_by_uuid(client: Client, store: MoStore) -> None:
    for uuid in UUIDS:
        add_unit(store, uuid, date(2000, 1, 1))
    query = """query($u: [UUID!], $c: Cursor) { org_units(filter: {uuids: $u}, limit: 2, cursor: $c) {
        objects { uuid } page_info { next_cursor } } }"""
    asked = [UUIDS[4], UUIDS[0], UUIDS[2], OTHER.replace("7", "9")]
    first = client.read(query, u=asked)["org_units"]
    second = client.read(query, u=asked, c=first["page_info"]["next_cursor"])["org_units"]
    assert [each["uuid"] for each in first["objects"] + second["objects"]] == [UUIDS[0], UUIDS[2], UUIDS[4]]
    assert second["page_info"]["next_cursor"] is None


@pytest.mark.parametrize(
    ("collection", "asked", "found"),
    [
        ("persons", '{cpr_numbers:["0101850000","0101860000"]}', [PERSON]),
        ("persons", '{cpr_numbers:["0101860000"]}', []),
        ("engagements", f'{{employees:["{PERSON}"]}}', [ENGAGEMENT]),
        ("engagements", f'{{employee:{{uuids:["{PERSON}"]}}}}', [ENGAGEMENT]),
        ("engagements", '{employee:{cpr_numbers:["0101850000"]}}', [ENGAGEMENT]),
        ("engagements", f'{{org_unit:{{uuids:["{UNIT}"]}}}}', [ENGAGEMENT]),
        ("engagements", f'{{org_units:["{OTHER}"]}}', []),
        ("addresses", '{address_type_user_keys:["EmailEmployee"]}', [ADDRESS]),
        ("addresses", f'{{employees:["{PERSON}"],address_type:{{user_keys:["EAN"]}}}}', []),
        ("itusers", '{itsystem:{user_keys:["AD"]}}', [ACCOUNT]),
        ("itusers", '{user_keys:["AZ2"]}', []),
        ("managers", f'{{org_units:["{UNIT}"],employees:["{PERSON}"]}}', [MANAGER]),
        ("org_units", f'{{parents:["{OTHER}"]}}', [UNIT]),
        ("facets", '{user_keys:["manager_type"]}', ["0788f031-285e-5bdb-ad85-cf81b1f26aa3"]),
        ("classes", '{facet_user_keys:["manager_type"]}', ["672c6137-0fdf-5649-b5a7-49cbadb0d114"]),
        ("itsystems", '{user_keys:["SD"]}', ["31e9dd56-fd7e-5490-b004-5bddd02eb82f"]),
    ],
)
def test_filters(client: Client, store: MoStore, collection: str, asked: str, found: list[str]) -> None:
    populate(store)
    objects = client.read(f"{{{collection}(filter:{asked}){{objects{{uuid}}}}}}")[collection]["objects"]
    assert [each["uuid"] for each in objects] == found


def test_a_filter_holds_on_one_day_and_only_in_its_window(client: Client, store: MoStore) -> None:
    populate(store)
    store.edit("engagement", ENGAGEMENT, date(2021, 1, 1), FOREVER, {"org_unit": OTHER})
    query = "query($u:[UUID!]){engagements(filter:{org_units:$u%s}){objects{uuid}}}"
    assert client.read(query % "", u=[UNIT])["engagements"]["objects"] == []
    ever = query % ",from_date:null,to_date:null"
    assert client.read(ever, u=[UNIT])["engagements"]["objects"] == [{"uuid": ENGAGEMENT}]


def test_what_belongs_to_a_person_is_read_below_the_person(client: Client, store: MoStore) -> None:
    populate(store)
    store.terminate("engagement", ENGAGEMENT, date(2021, 1, 1), FOREVER)
    dates = "filter:{from_date:null,to_date:null}"
    query = f"""{{ persons {{ objects {{ validities {{
        name
        now: engagements_response {{ objects {{ uuid }} }}
        ever: engagements_response({dates}) {{ objects {{
            validities(start: null, end: null) {{ org_unit_uuid }} }} }}
        addresses_response {{ objects {{ current {{ value }} }} }}
        itusers_response {{ objects {{ current {{ user_key }} }} }}
        manager_roles_response {{ objects {{ current {{ responsibility_uuids }} }} }}
    }} }} }} }}"""
    [found] = client.read(query)["persons"]["objects"]
    assert found["validities"] == [
        {
            "name": "Anna Hansen",
            "now": {"objects": []},
            "ever": {"objects": [{"validities": [{"org_unit_uuid": UNIT}]}]},
            "addresses_response": {"objects": [{"current": {"value": "a@b.dk"}}]},
            "itusers_response": {"objects": [{"current": {"user_key": "AZ1"}}]},
            "manager_roles_response": {"objects": [{"current": {"responsibility_uuids": [OTHER]}}]},
        }
    ]


@pytest.mark.parametrize(
    ("start", "name"), [(date(2000, 1, 1), ""), (date(2000, 1, 1), None), (BEGINNING, "A")]
)
def test_one_broken_unit_makes_every_read_that_meets_it_fail_whole(
    client: Client, store: MoStore, start: date, name: str | None
) -> None:
    add_unit(store, UUIDS[0], date(2000, 1, 1))
    add_unit(store, UUIDS[1], start, name=name)
    answer = client.graphql(NAMES, u=UUIDS)
    assert answer["data"] is None
    assert answer["errors"][0]["path"] == ["org_units"]
    assert client.read(NAMES, u=[UUIDS[0]])["org_units"]["objects"][0]["uuid"] == UUIDS[0]


def test_an_engagement_without_job_function_breaks_the_read_of_its_person(
    client: Client, store: MoStore
) -> None:
    populate(store)
    store.edit("engagement", ENGAGEMENT, date(2020, 1, 1), FOREVER, {"job_function": None})
    answer = client.graphql("{persons{objects{validities{engagements_response{objects{uuid}}}}}}")
    assert answer["data"] is None
    assert "job_function_uuid" in answer["errors"][0]["message"]


def test_a_variable_of_the_wrong_shape_is_an_error_of_the_answer(client: Client) -> None:
    answer = client.graphql(NAMES, u=["nope"])
    assert answer["data"] is None
    assert 'Value cannot represent a UUID: "nope"' in answer["errors"][0]["message"]


@pytest.mark.parametrize("version", [20, 31])
def test_other_versions_are_not_found(client: Client, version: int) -> None:
    assert client.request("POST", f"/graphql/v{version}", {"query": "{org{uuid}}"}).status_code == 404


@pytest.mark.parametrize("body", [[], {}, {"query": "{"}, {"query": 7}])
def test_what_is_no_query_is_answered_with_errors(client: Client, body: Any) -> None:
    answer = client.request("POST", "/graphql/v30", body)
    assert (answer.status_code, answer.json()["data"]) == (200, None)


def test_mutations_of_one_request_run_in_order_in_one_transaction(client: Client, store: MoStore) -> None:
    facet = {"uuid": OTHER, "user_key": "f", "validity": {"from": None, "to": None}}
    given = {
        "uuid": UNIT,
        "facet_uuid": OTHER,
        "user_key": "k",
        "name": "n",
        "validity": {"from": None, "to": None},
    }
    query = """mutation($f: FacetCreateInput!, $c: ClassCreateInput!, $u: ClassUpdateInput!) {
        a: facet_create(input: $f) { uuid } b: class_create(input: $c) { uuid } c: class_update(input: $u) { uuid } }"""
    bad = {**given, "name": "m", "validity": {"from": "2020-01-01", "to": "2019-01-01"}}
    before = store.state()
    assert client.graphql(query, f=facet, c=given, u=bad)["data"] is None
    assert store.state() == before

    good = {**bad, "validity": {"from": "2020-01-01", "to": None}}
    found = client.read(query, f=facet, c=given, u=good)
    assert [found[alias]["uuid"] for alias in "abc"] == [OTHER, UNIT, UNIT]
    assert [each["name"] for each in store.state()["class"][UNIT]] == ["n", "m"]


def test_a_title_that_changes_keeps_its_history_and_what_is_not_sent(client: Client, store: MoStore) -> None:
    uuid = "672c6137-0fdf-5649-b5a7-49cbadb0d114"
    given = {
        "uuid": uuid,
        "facet_uuid": "0788f031-285e-5bdb-ad85-cf81b1f26aa3",
        "user_key": "leder",
        "name": "Chef",
        "validity": {"from": "2020-01-01", "to": None},
    }
    client.read(UPDATE, i=given)
    [found] = client.read(CLASSES, u=[uuid])["classes"]["objects"]
    assert [(each["name"], each["scope"]) for each in found["validities"]] == [
        ("Leder", "TEXT"),
        ("Chef", "TEXT"),
    ]


def test_an_unpublished_class_is_not_seen(client: Client) -> None:
    uuid = "672c6137-0fdf-5649-b5a7-49cbadb0d114"
    given = {
        "uuid": uuid,
        "facet_uuid": "0788f031-285e-5bdb-ad85-cf81b1f26aa3",
        "user_key": "-",
        "name": "-",
        "published": "IkkePubliceret",
        "validity": {"from": "1910-01-01", "to": None},
    }
    client.read(UPDATE, i=given)
    assert client.read(CLASSES, u=[uuid])["classes"]["objects"] == []


@pytest.mark.parametrize("version", [21, 28, 29, 30])
def test_the_end_that_a_mutation_gives_is_exclusive_in_every_version(
    client: Client, store: MoStore, version: int
) -> None:
    given = {"uuid": UNIT, "user_key": "k", "name": "n", "validity": {"from": None, "to": "2020-06-15"}}
    query = "mutation($i:ITSystemCreateInput!){itsystem_create(input:$i){uuid}}"
    client.read(query, version, i=given)
    [found] = store.state()["itsystem"][UNIT]
    assert (found["from"], found["to"]) == (None, "2020-06-14")


def test_a_role_a_field_or_admin(client: Client) -> None:
    client.server.tokens.roles = frozenset({"read_org"})
    client.log_in()
    assert client.read("{org{uuid}}")["org"]["uuid"] == client.server.store.organisation
    for query in ("{facets{objects{uuid}}}", "mutation{org_create(input:{municipality_code:1}){uuid}}"):
        answer = client.graphql(query)
        assert answer["data"] is None
        assert answer["errors"][0]["message"] == "No policy approved the access"
    assert client.server.store.municipality_code is None


def populate(store: MoStore) -> None:
    """One of everything, from 2020 on."""
    start = date(2020, 1, 1)
    add_unit(store, UNIT, start)
    store.edit("org_unit", UNIT, start, FOREVER, {"parent": OTHER})
    owner = {"person": PERSON, "org_unit": UNIT}
    classes = {"job_function": OTHER, "engagement_type": OTHER}
    name = {"givenname": "Anna", "surname": "Hansen"}
    email = "f279dae0-184c-598b-9e12-5744056f1dc4"
    store.create("employee", PERSON, start, FOREVER, {"user_key": "p", "cpr_no": "0101850000", **name})
    store.create("engagement", ENGAGEMENT, start, FOREVER, {"user_key": "e", **owner, **classes})
    fields = {"user_key": "a", "value": "a@b.dk", "person": PERSON, "address_type": email}
    store.create("address", ADDRESS, start, FOREVER, fields)
    system = "d35cb99d-06cb-5e03-9ad3-d6c6f4ae6e7f"
    store.create("it", ACCOUNT, start, FOREVER, {"user_key": "AZ1", "itsystem": system, "person": PERSON})
    store.create("manager", MANAGER, start, FOREVER, {"user_key": "m", **owner, "responsibility": (OTHER,)})
