"""What is written through the endpoint is what is read back: every kind, against the stand-in MO of the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from aarhus_los.cpr import Cpr
from aarhus_los.errors import UnavailableError
from aarhus_los.mo import payloads
from aarhus_los.mo.answers import Refused
from aarhus_los.mo.client import Auth, MoClient
from aarhus_los.mo.model import (
    Account,
    Address,
    Class,
    Engagement,
    Facet,
    ItSystem,
    Kind,
    Manager,
    Mark,
    Organisation,
    Person,
    Unit,
    Value,
)
from aarhus_los.mo.payloads import Endpoint, Item
from aarhus_los.mo.read import (
    read_all,
    read_counts,
    read_histories,
    read_of,
    read_organisation,
    read_persons_by_cpr,
)
from aarhus_los.sandbox.mo_server import MoServer
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.timeline import BEGINNING, FOREVER, Piece

SEED = json.loads((Path(__file__).parents[1] / "data" / "mo" / "seed.json").read_text(encoding="utf-8"))
START, TURN, END = date(2020, 1, 1), date(2022, 7, 1), date(2023, 12, 31)
CPR = Cpr("0101851237")


def uuid(number: int) -> str:
    return str(UUID(int=number, version=4))


FACET, CLASS, OTHER, SYSTEM = uuid(1), uuid(2), uuid(3), uuid(4)
PARENT, UNIT, PERSON = uuid(5), uuid(6), uuid(7)

TWO_VALUES: list[tuple[Kind, str, Value, Value]] = [
    (Kind.ORG_UNIT, UNIT, Unit("k", "A", PARENT, CLASS), Unit("k2", "B", None, OTHER)),
    (Kind.ADDRESS, uuid(20), Address("one", CLASS, UNIT), Address("two", CLASS, UNIT)),
    (
        Kind.ADDRESS,
        uuid(21),
        Address("a@b.dk", CLASS, person=PERSON),
        Address("c@d.dk", CLASS, person=PERSON),
    ),
    (
        Kind.ENGAGEMENT,
        uuid(22),
        Engagement("e", PERSON, UNIT, CLASS, CLASS, OTHER),
        Engagement("f", PERSON, PARENT, OTHER, OTHER, CLASS),
    ),
    (Kind.IT, uuid(23), Account("AZ1", SYSTEM, PERSON), Account("AZ2", SYSTEM, PERSON)),
    (
        Kind.MANAGER,
        uuid(24),
        Manager(UNIT, PERSON, CLASS, OTHER, (CLASS,)),
        Manager(UNIT, PERSON, OTHER, CLASS, (CLASS, OTHER)),
    ),
]


@pytest.fixture
def server() -> Iterator[MoServer]:
    with MoServer(MoStore.seeded(SEED)) as server:
        yield server


def client_of(server: MoServer, *, writable: bool = True) -> MoClient:
    auth = Auth(server.auth_url, server.realm, server.client_id, SecretStr(server.client_secret))
    return MoClient(
        server.url,
        graphql_version=30,
        auth=auth,
        ca_bundle=None,
        writable=writable,
        sleep=lambda seconds: None,
    )


def endpoint_of(kind: Kind, endpoint: Endpoint) -> Endpoint:
    return Endpoint.MUTATE if kind in payloads.MUTATED else endpoint


def create(kind: Kind, uuid: str, value: Value, start: date, end: date) -> tuple[Endpoint, Item]:
    return endpoint_of(kind, Endpoint.CREATE), payloads.create(kind, uuid, value, start, end)


def edit(kind: Kind, uuid: str, value: Value, start: date, end: date) -> tuple[Endpoint, Item]:
    return endpoint_of(kind, Endpoint.EDIT), payloads.edit(kind, uuid, value, start, end)


def terminate(kind: Kind, uuid: str, start: date, end: date) -> tuple[Endpoint, Item]:
    return Endpoint.TERMINATE, payloads.terminate(kind, uuid, start, end)


def one(operation: tuple[Endpoint, Item]) -> tuple[Endpoint, list[Item]]:
    endpoint, item = operation
    return endpoint, [item]


def write(client: MoClient, *operations: tuple[Endpoint, Item]) -> None:
    for operation in operations:
        assert None not in client.write(*one(operation))


@pytest.fixture
def client(server: MoServer) -> Iterator[MoClient]:
    with client_of(server) as client:
        write(
            client,
            create(Kind.FACET, FACET, Facet("of_ours"), BEGINNING, FOREVER),
            create(Kind.CLASS, CLASS, Class(FACET, "c", "Class", "TEXT"), BEGINNING, FOREVER),
            create(Kind.CLASS, OTHER, Class(FACET, "o", "Other", None), BEGINNING, FOREVER),
            create(Kind.ITSYSTEM, SYSTEM, ItSystem("AZ", "AZ"), BEGINNING, FOREVER),
            create(Kind.ORG_UNIT, PARENT, Unit("p", "Parent", None, CLASS), START, FOREVER),
            create(Kind.ORG_UNIT, UNIT, Unit("u", "Unit", PARENT, CLASS), START, FOREVER),
            create(Kind.EMPLOYEE, PERSON, Person.named("Anna Marie Hansen", CPR), START, FOREVER),
        )
        yield client


@pytest.mark.parametrize(("kind", "of", "before", "after"), TWO_VALUES)
def test_a_history_is_read_as_it_was_written(
    client: MoClient, kind: Kind, of: str, before: Value, after: Value
) -> None:
    gap = (date(2021, 1, 1), date(2021, 6, 30))
    write(
        client,
        create(kind, of, before, START, FOREVER),
        edit(kind, of, after, TURN, FOREVER),
        terminate(kind, of, *gap),
        terminate(kind, of, date(2024, 1, 1), FOREVER),
    )
    assert read_histories(client, kind, [of]).found == {
        of: (
            Piece(START, date(2020, 12, 31), before),
            Piece(date(2021, 7, 1), date(2022, 6, 30), before),
            Piece(TURN, END, after),
        )
    }


def by_mutation(kind: Kind, verb: str, uuid: str, value: Value | None, start: date, end: date) -> Item:
    return payloads.mutated(kind, verb, uuid, value, start, end)


@pytest.mark.parametrize(("kind", "of", "before", "after"), TWO_VALUES)
def test_a_history_that_is_written_by_mutations_in_one_request_is_read_as_it_was_written(
    client: MoClient, kind: Kind, of: str, before: Value, after: Value
) -> None:
    answered = client.write(
        Endpoint.MUTATE,
        [
            by_mutation(kind, "create", of, before, START, FOREVER),
            by_mutation(kind, "update", of, after, TURN, FOREVER),
            by_mutation(kind, "terminate", of, None, date(2021, 1, 1), date(2021, 6, 30)),
            by_mutation(kind, "terminate", of, None, date(2024, 1, 1), FOREVER),
        ],
    )
    assert answered == [of] * 4
    assert read_histories(client, kind, [of]).found == {
        of: (
            Piece(START, date(2020, 12, 31), before),
            Piece(date(2021, 7, 1), date(2022, 6, 30), before),
            Piece(TURN, END, after),
        )
    }


def test_a_name_of_one_word_is_written_by_a_mutation(client: MoClient) -> None:
    items = [
        by_mutation(Kind.EMPLOYEE, "create", uuid(8), Person.named("Bo Lund"), START, FOREVER),
        by_mutation(Kind.EMPLOYEE, "update", uuid(8), Person.named("Eva"), TURN, FOREVER),
    ]
    assert client.write(Endpoint.MUTATE, items) == [uuid(8)] * 2
    found = read_histories(client, Kind.EMPLOYEE, [uuid(8)]).found[uuid(8)]
    assert [piece.value for piece in found] == [Person("Bo", "Lund"), Person("Eva", "")]


def test_of_a_bulk_mutation_that_mo_refuses_the_item_is_named_and_nothing_is_written(
    client: MoClient, server: MoServer
) -> None:
    good = [
        by_mutation(Kind.ADDRESS, "create", uuid(30 + n), Address(f"{n}", CLASS, UNIT), START, FOREVER)
        for n in range(3)
    ]
    early = by_mutation(
        Kind.ADDRESS, "create", uuid(40), Address("x", CLASS, UNIT), date(2000, 1, 1), FOREVER
    )
    before = client.requests["mutate"]
    with pytest.raises(Refused) as refused:
        client.write(Endpoint.MUTATE, [*good[:2], early, good[2]])
    assert (refused.value.item, refused.value.error_key) == (2, "V_DATE_OUTSIDE_ORG_UNIT_RANGE")
    assert client.requests["mutate"] - before == 2
    assert server.store.state()["address"] == {}
    assert client.write(Endpoint.MUTATE, good) == [uuid(30), uuid(31), uuid(32)]
    assert client.requests["mutate"] - before == 3
    nobody = by_mutation(Kind.ORG_UNIT, "create", uuid(41), Unit("u", "U", None, None), START, FOREVER)
    with pytest.raises(Refused) as refused:
        client.write(Endpoint.MUTATE, [good[0], nobody])
    assert refused.value.item == 1


def test_a_class_gets_a_new_name_and_keeps_its_history(client: MoClient) -> None:
    write(client, edit(Kind.CLASS, CLASS, Class(FACET, "c", "Renamed", "TEXT"), TURN, FOREVER))
    assert read_all(client, Kind.CLASS, facets=["of_ours"]).found[CLASS] == (
        Piece(BEGINNING, date(2022, 6, 30), Class(FACET, "c", "Class", "TEXT")),
        Piece(TURN, FOREVER, Class(FACET, "c", "Renamed", "TEXT")),
    )


@pytest.mark.parametrize("page", [3, 500])
def test_facets_and_it_systems_are_read_whole(client: MoClient, page: int) -> None:
    facets = {history[0].value for history in read_all(client, Kind.FACET, page=page).found.values()}
    assert facets == {Facet("of_ours"), *map(Facet, SEED["facets"])}
    systems = read_all(client, Kind.ITSYSTEM, page=page).found
    assert systems[SYSTEM] == (Piece(BEGINNING, FOREVER, ItSystem("AZ", "AZ")),)


def test_a_person_and_what_it_has(client: MoClient) -> None:
    write(client, edit(Kind.EMPLOYEE, PERSON, Person.named("Anna Marie Jensen"), TURN, FOREVER))
    for kind, of, value, _ in TWO_VALUES:
        if kind in (Kind.ENGAGEMENT, Kind.IT):
            write(client, create(kind, of, value, START, END))
    (found,) = read_persons_by_cpr(client, [CPR, Cpr("0202851238")]).found.items()
    assert found == (
        CPR,
        {
            PERSON: (
                Piece(date(1985, 1, 1), date(2022, 6, 30), Person("Anna Marie", "Hansen")),
                Piece(TURN, FOREVER, Person("Anna Marie", "Jensen")),
            )
        },
    )
    assert set(read_of(client, Kind.ENGAGEMENT, "employees", [PERSON, uuid(99)]).found) == {uuid(22)}
    assert set(read_of(client, Kind.IT, "employees", [PERSON, uuid(99)]).found) == {uuid(23)}


def test_a_name_of_one_word_takes_the_place_of_two_and_back(client: MoClient) -> None:
    one, two = Person.named("Eva"), Person.named("Eva Maria Holm")
    write(client, edit(Kind.EMPLOYEE, PERSON, one, START, FOREVER))
    write(client, edit(Kind.EMPLOYEE, PERSON, two, TURN, FOREVER))
    assert read_histories(client, Kind.EMPLOYEE, [PERSON]).found[PERSON] == (
        Piece(date(1985, 1, 1), date(2019, 12, 31), Person.named("Anna Marie Hansen")),
        Piece(START, date(2022, 6, 30), one),
        Piece(TURN, FOREVER, two),
    )


def test_the_mark_of_a_unit_is_read_beside_it_and_stays_in_edits_without_it(client: MoClient) -> None:
    marked, bare = Unit("u", "Marked", PARENT, CLASS), Unit("u", "Renamed", PARENT, CLASS)
    item = payloads.edit(Kind.ORG_UNIT, UNIT, marked, START, END, OTHER)
    write(client, (Endpoint.EDIT, item), edit(Kind.ORG_UNIT, UNIT, bare, TURN, FOREVER))
    read = read_histories(client, Kind.ORG_UNIT, [UNIT])
    assert read.beside == {UNIT: (Piece(START, END, Mark(OTHER)),)}
    assert read.found == {
        UNIT: (Piece(START, date(2022, 6, 30), marked), Piece(TURN, FOREVER, bare)),
    }


def test_the_municipality_code_is_set_and_units_are_counted(client: MoClient) -> None:
    org, code = read_organisation(client)
    assert code is None
    write(client, edit(Kind.ORGANISATION, org, Organisation(751), BEGINNING, FOREVER))
    assert read_organisation(client) == (org, 751)
    assert read_counts(client, org) == {Kind.ORG_UNIT: 2, Kind.ENGAGEMENT: 0}


def test_one_bad_item_refuses_the_whole_list(client: MoClient) -> None:
    endpoint, good = create(Kind.ADDRESS, uuid(30), Address("fine", CLASS, UNIT), START, FOREVER)
    bad = {
        **create(Kind.ADDRESS, uuid(31), Address("bad", CLASS, UNIT), START, FOREVER)[1],
        "type": "nonsense",
    }
    with pytest.raises(Refused) as raised:
        client.write(endpoint, [good, bad])
    assert (raised.value.status, raised.value.error_key) == (400, "E_UNKNOWN_ROLE_TYPE")
    assert read_histories(client, Kind.ADDRESS, [uuid(30)]).found == {}


def test_an_edit_of_what_mo_does_not_have_is_refused_or_null(client: MoClient) -> None:
    with pytest.raises(Refused) as raised:
        client.write(*one(edit(Kind.ORG_UNIT, uuid(99), Unit("k", "n", None, CLASS), START, FOREVER)))
    assert raised.value.status == 404
    assert client.write(*one(edit(Kind.EMPLOYEE, uuid(99), Person.named("N N"), START, FOREVER))) == [None]


def test_an_expired_token_is_renewed_in_the_middle(server: MoServer, client: MoClient) -> None:
    server.expire_tokens()
    assert read_organisation(client)[0]
    server.expire_tokens()
    assert read_counts(client, read_organisation(client)[0]) is not None


def test_rest_switched_off_is_said(server: MoServer, client: MoClient) -> None:
    server.rest_enabled = False
    with pytest.raises(UnavailableError, match="REST API off"):
        client.write(*one(terminate(Kind.ORG_UNIT, UNIT, START, FOREVER)))
