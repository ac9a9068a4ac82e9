from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from typing import Any, Final
from uuid import UUID

import pytest

from aarhus_los.cpr import Cpr
from aarhus_los.errors import UnavailableError
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.model import Account, Class, Engagement, Facet, ItSystem, Kind, Manager, Person, Unit
from aarhus_los.mo.queries import ORGANISATION
from aarhus_los.mo.read import (
    Histories,
    read_all,
    read_counts,
    read_histories,
    read_of,
    read_organisation,
    read_persons_by_cpr,
)
from aarhus_los.timeline import BEGINNING, FOREVER, Piece
from tests.mo.graphql_mo import GraphQlMo, Held, from_to
from tests.mo.stand_in import Received, StandIn
from tests.scripted_http import Reply

REASON = "1 validation error for ParsingModel: ********** is not allowed"


def uuid(number: int) -> str:
    return str(UUID(int=number + 1))


@pytest.fixture
def held(mo: StandIn) -> GraphQlMo:
    """What MO holds."""
    held = GraphQlMo()
    mo.answer = held.answer
    return held


def unit(name: str) -> list[dict[str, Any]]:
    fields = {"user_key": name, "name": name, "parent_uuid": None, "unit_type_uuid": uuid(900)}
    return [{**fields, "org_unit_hierarchy": None, "validity": from_to("2020-01-01", None)}]


def person(cpr: str | None, name: str) -> list[dict[str, Any]]:
    fields = {"cpr_number": cpr, "given_name": name, "surname": "Hansen"}
    return [{**fields, "validity": from_to("1985-01-01", None)}]


def engagement(of: str, key: str) -> list[dict[str, Any]]:
    fields = {"user_key": key, "employee_uuid": of, "org_unit_uuid": uuid(1), "primary_uuid": None}
    fields |= {"job_function_uuid": uuid(2), "engagement_type_uuid": uuid(3)}
    return [{**fields, "validity": from_to("2020-01-01", "2021-01-01")}]


class TestHistories:
    def test_whole_histories_come_back_and_what_is_not_there_is_missing(
        self, mo: StandIn, held: GraphQlMo
    ) -> None:
        held.held["org_units"] = {uuid(n): unit(f"Unit {n}") for n in range(3)}
        held.held["org_units"][uuid(3)] = []
        with mo.client() as client:
            read = read_histories(client, Kind.ORG_UNIT, [uuid(n) for n in (0, 2, 3, 4)])
        assert read == Histories(
            {
                uuid(n): (
                    Piece(
                        date(2020, 1, 1),
                        FOREVER,
                        Unit(f"Unit {n}", f"Unit {n}", None, uuid(900)),
                    ),
                )
                for n in (0, 2)
            }
        )

    def test_batches_are_read_in_parallel_and_no_larger_than_a_page(
        self, mo: StandIn, held: GraphQlMo
    ) -> None:
        held.held["org_units"] = {uuid(n): unit(f"Unit {n}") for n in range(95)}
        meeting = threading.Barrier(3)

        def answer(received: Received) -> Reply:
            if received in mo.received[:3]:
                meeting.wait(5)  # three requests at once let each other pass
            return held.answer(received)

        mo.answer = answer
        with mo.client(connections=3) as client:
            read = read_histories(client, Kind.ORG_UNIT, list(held.held["org_units"]), page=10)
        assert set(read.found) == set(held.held["org_units"])
        assert held.most == 10
        assert len(mo.received) == 10

    def test_nothing_to_read_is_no_request(self, mo: StandIn) -> None:
        with mo.client() as client:
            assert read_histories(client, Kind.ORG_UNIT, []) == Histories()
            assert read_all(client, Kind.CLASS, facets=[]) == Histories()
            assert read_of(client, Kind.ENGAGEMENT, "employees", []) == Histories()
        assert mo.received == []

    def test_objects_that_mo_cannot_show_are_named_and_all_others_read(
        self, mo: StandIn, held: GraphQlMo
    ) -> None:
        held.held["org_units"] = {uuid(n): unit(f"Unit {n}") for n in range(100)}
        held.poisoned = {uuid(n) for n in (0, 37, 38, 99)}
        with mo.client() as client:
            read = read_histories(client, Kind.ORG_UNIT, list(held.held["org_units"]), page=40)
        assert read.unreadable == dict.fromkeys(
            sorted(held.poisoned), f"MO cannot show it (org_unit): {REASON}"
        )
        assert set(read.found) == set(held.held["org_units"]) - held.poisoned

    ODD: Final[dict[str, Callable[[dict[str, Any]], object]]] = {
        "validities that overlap": lambda shown: shown["validities"].append(shown["validities"][0]),
        "no validities": lambda shown: shown.pop("validities"),
        "validities that are null": lambda shown: shown.update(validities=None),
        "a null among them": lambda shown: shown["validities"].append(None),
        "a name that is null": lambda shown: shown["validities"][0].update(name=None),
        "no name": lambda shown: shown["validities"][0].pop("name"),
        "a parent that is a list": lambda shown: shown["validities"][0].update(parent_uuid=[]),
        "a validity that is null": lambda shown: shown["validities"][0].update(validity=None),
        "a day that is none": lambda shown: shown["validities"][0]["validity"].update({"from": "soon"}),
        "a uuid that is none": lambda shown: shown.update(uuid="none"),
        "no uuid": lambda shown: shown.pop("uuid"),
    }

    @pytest.mark.parametrize("name", ODD)
    def test_an_object_that_is_shown_oddly_is_named_and_all_others_read(
        self, mo: StandIn, held: GraphQlMo, name: str
    ) -> None:
        held.held["org_units"] = {uuid(n): unit(f"Unit {n}") for n in range(100)}

        def answer(received: Received) -> Reply:
            reply = held.answer(received)
            for shown in reply.body["data"]["org_units"]["objects"]:
                if shown["uuid"] == uuid(37):
                    self.ODD[name](shown)
            return reply

        mo.answer = answer
        with mo.client() as client:
            read = read_histories(client, Kind.ORG_UNIT, list(held.held["org_units"]), page=40)
        assert set(read.unreadable) == {uuid(37)}
        assert "MO's answer is not understood: org_units" in read.unreadable[uuid(37)]
        assert set(read.found) == set(held.held["org_units"]) - {uuid(37)}

    def test_a_batch_that_gets_no_answer_is_halved_too(self, mo: StandIn, held: GraphQlMo) -> None:
        """Something before MO does not let one object through, or MO falls over it."""
        held.held["org_units"] = {uuid(n): unit(f"Unit {n}") for n in range(20)}

        def answer(received: Received) -> Reply:
            keys = received.body["variables"]["keys"]
            if uuid(3) in keys:
                return Reply(reset=True)
            return Reply(403, b"<html>") if uuid(7) in keys else held.answer(received)

        mo.answer = answer
        with mo.client() as client:
            read = read_histories(client, Kind.ORG_UNIT, list(held.held["org_units"]))
        assert read.unreadable.keys() == {uuid(3), uuid(7)}
        assert "before MO answered 403" in read.unreadable[uuid(7)]
        assert len(read.found) == 18
        singles = [each for each in mo.received if each.body["variables"]["keys"] == [uuid(7)]]
        assert len(singles) == 5, "the object alone is tried again; what holds others is not"

    def test_a_query_that_fails_for_all_is_no_objects_fault(self, mo: StandIn) -> None:
        mo.answer = lambda received: Reply(200, {"data": None, "errors": [{"message": "role missing"}]})
        with (
            mo.client(connections=1) as client,
            pytest.raises(UnavailableError, match="org_units: role missing"),
        ):
            read_histories(client, Kind.ORG_UNIT, [uuid(n) for n in range(500)])
        assert len(mo.received) == 2

    def test_what_was_not_asked_for_is_not_taken(self, mo: StandIn, held: GraphQlMo) -> None:
        held.held["org_units"] = {uuid(n): unit("Unit") for n in range(2)}

        def answer(received: Received) -> Reply:
            received.body["variables"]["keys"] = [uuid(0), uuid(1)]
            return held.answer(received)

        mo.answer = answer
        with mo.client() as client:
            assert set(read_histories(client, Kind.ORG_UNIT, [uuid(1)]).found) == {uuid(1)}

    def test_the_first_failure_ends_all_reading(self, mo: StandIn) -> None:
        def answer(received: Received) -> Reply:
            time.sleep(0.01)
            return Reply(403)

        mo.answer = answer
        with mo.client(connections=2) as client, pytest.raises(UnavailableError):
            read_histories(client, Kind.ORG_UNIT, [uuid(n) for n in range(1000)], page=1)
        assert len(mo.received) < 100

    def test_tasks_side_by_side_share_the_connections(self, mo: StandIn, held: GraphQlMo) -> None:
        held.held["org_units"] = {uuid(n): unit(f"Unit {n}") for n in range(60)}
        under_way, most = 0, 0
        lock = threading.Lock()

        def answer(received: Received) -> Reply:
            nonlocal under_way, most
            with lock:
                under_way += 1
                most = max(most, under_way)
            time.sleep(0.01)
            with lock:
                under_way -= 1
            return held.answer(received)

        mo.answer = answer
        found: dict[int, Histories] = {}

        def read(client: MoClient, first: int) -> None:
            wanted = [uuid(n) for n in range(first, first + 20)]
            found[first] = read_histories(client, Kind.ORG_UNIT, wanted, page=2)

        with mo.client(connections=3) as client:
            client.side_by_side(*(partial(read, client, first) for first in (0, 20, 40)))
        assert most == 3
        assert {first: len(each.found) for first, each in found.items()} == {0: 20, 20: 20, 40: 20}

    def test_no_task_at_all_is_none_to_wait_for(self, mo: StandIn) -> None:
        with mo.client(connections=3) as client:
            client.side_by_side()
        assert mo.received == []

    def test_a_task_that_fails_ends_those_beside_it(self, mo: StandIn, held: GraphQlMo) -> None:
        wanted = [uuid(n) for n in range(200)]
        held.held["org_units"] = {each: unit("Unit") for each in wanted}
        refusing, beside = threading.Event(), threading.Event()

        def answer(received: Received) -> Reply:
            if "engagements" in received.body["query"]:
                refusing.set()
                beside.wait(5)
                return Reply(403)
            beside.set()
            time.sleep(0.01)
            return held.answer(received)

        def units() -> None:
            refusing.wait(5)
            read_histories(client, Kind.ORG_UNIT, wanted, page=1)

        mo.answer = answer
        with mo.client(connections=2) as client, pytest.raises(UnavailableError):
            client.side_by_side(units, partial(read_histories, client, Kind.ENGAGEMENT, wanted[:1]))
        assert beside.is_set()
        assert len(mo.received) < 200


class TestWhatMoHasFewOf:
    @pytest.fixture(autouse=True)
    def classes(self, held: GraphQlMo) -> None:
        always = {"validity": from_to(None, None)}
        held.held["facets"] = {
            uuid(n): [{"user_key": key, **always}] for n, key in enumerate(("types", "levels", "others"))
        }
        held.held["itsystems"] = {uuid(9): [{"user_key": "AZ", "name": "AZ system", **always}]}
        held.held["classes"] = {
            uuid(10 + n): [
                {
                    "user_key": f"key {n}",
                    "name": f"Class {n}",
                    "scope": None,
                    "published": None,
                    "facet_uuid": uuid(n % 3),
                    **always,
                }
            ]
            for n in range(9)
        }

    @pytest.mark.parametrize("page", [1, 2, 500])
    def test_all_of_a_kind_are_read_page_by_page(self, mo: StandIn, page: int) -> None:
        with mo.client() as client:
            facets = read_all(client, Kind.FACET, page=page).found
            systems = read_all(client, Kind.ITSYSTEM, page=page).found
        assert [history[0].value for history in facets.values()] == [
            Facet("types"),
            Facet("levels"),
            Facet("others"),
        ]
        assert systems == {uuid(9): (Piece(BEGINNING, FOREVER, ItSystem("AZ", "AZ system")),)}

    @pytest.mark.parametrize("page", [1, 2, 500])
    def test_classes_of_the_facets_that_are_named(self, mo: StandIn, page: int) -> None:
        with mo.client() as client:
            read = read_all(client, Kind.CLASS, facets={"types", "levels"}, page=page)
        assert set(read.found) == {uuid(10 + n) for n in (0, 1, 3, 4, 6, 7)}
        assert read.found[uuid(11)] == (
            Piece(BEGINNING, FOREVER, Class(uuid(1), "key 1", "Class 1", None, "Publiceret")),
        )

    def test_a_class_that_mo_cannot_show_is_named_and_all_others_read(
        self, mo: StandIn, held: GraphQlMo
    ) -> None:
        held.poisoned = {uuid(14)}
        with mo.client() as client:
            read = read_all(client, Kind.CLASS, facets=["types", "levels"], page=4)
        assert read.unreadable == {uuid(14): f"MO cannot show it (class): {REASON}"}
        assert set(read.found) == {uuid(10 + n) for n in (0, 1, 3, 6, 7)}

    def test_a_list_that_fails_whole_ends_it(self, mo: StandIn) -> None:
        mo.answer = lambda received: Reply(200, {"data": None, "errors": [{"message": "role missing"}]})
        with mo.client() as client, pytest.raises(UnavailableError, match="classes: role missing"):
            read_all(client, Kind.CLASS, facets=["types"])

    @pytest.mark.parametrize("page_info", [None, {}, [], {"next_cursor": "same"}])
    def test_pages_that_do_not_end_are_not_understood(self, mo: StandIn, page_info: Any) -> None:
        listed = {"objects": [], "page_info": page_info}
        mo.answer = lambda received: Reply(200, {"data": {"facets": listed}})
        with mo.client() as client, pytest.raises(UnavailableError, match=r"not understood: facets"):
            read_all(client, Kind.FACET)
        assert len(mo.received) <= 2

    def test_pages_that_bring_nothing_new_end_it(self, mo: StandIn) -> None:
        """Each points to another page, and none is empty."""

        def answer(received: Received) -> Reply:
            listed = [{"uuid": uuid(n), "validities": []} for n in range(3)]
            page_info = {"next_cursor": str(len(mo.received))}
            return Reply(200, {"data": {"facets": {"objects": listed, "page_info": page_info}}})

        mo.answer = answer
        with mo.client() as client, pytest.raises(UnavailableError, match="brings nothing new"):
            read_all(client, Kind.FACET)
        assert len(mo.received) == 4, "two pages, and two of the uuids alone"


class TestPeople:
    ANNA, BO, EVA = Cpr("0101851237"), Cpr("0202851238"), Cpr("0303851239")

    def test_persons_are_found_by_cpr_number(self, mo: StandIn, held: GraphQlMo) -> None:
        held.held["persons"] = {
            uuid(1): person("0101851237", "Anna"),
            uuid(2): person("0202851238", "Bo"),
            uuid(3): person("0101851237", "Anna again"),
            uuid(4): person(None, "Nobody"),
        }
        with mo.client() as client:
            read = read_persons_by_cpr(client, {self.ANNA, self.EVA, self.BO}, page=1)
        assert {cpr: set(found) for cpr, found in read.found.items()} == {
            self.ANNA: {uuid(1), uuid(3)},
            self.BO: {uuid(2)},
        }
        assert read.found[self.BO][uuid(2)] == (Piece(date(1985, 1, 1), FOREVER, Person("Bo", "Hansen")),)

    def test_a_person_whose_number_was_corrected_has_both(self, mo: StandIn, held: GraphQlMo) -> None:
        (before,), (after,) = person("0101851237", "Anna"), person("0202851238", "Anna")
        before["validity"], after["validity"] = (
            from_to("1985-01-01", "2020-01-01"),
            from_to("2020-01-01", None),
        )
        held.held["persons"] = {uuid(1): [before, after]}
        with mo.client() as client:
            read = read_persons_by_cpr(client, [self.ANNA, self.BO])
        whole = (Piece(date(1985, 1, 1), FOREVER, Person("Anna", "Hansen")),)
        assert read.found == {self.ANNA: {uuid(1): whole}, self.BO: {uuid(1): whole}}

    def test_a_person_that_mo_cannot_show_is_told_by_number_but_shows_none(
        self, mo: StandIn, held: GraphQlMo
    ) -> None:
        held.held["persons"] = {uuid(1): person("0101851237", "Anna"), uuid(2): person("0202851238", "Bo")}
        held.poisoned = {uuid(1)}
        with mo.client() as client:
            read = read_persons_by_cpr(client, [self.ANNA, self.BO])
        assert read.unreadable == {self.ANNA: f"MO cannot show it (employee): {REASON}"}
        assert set(read.found) == {self.BO}
        assert "0101851237" not in repr(read)

    def test_engagements_of_persons(self, mo: StandIn, held: GraphQlMo) -> None:
        held.held["engagements"] = {
            uuid(10): engagement(uuid(1), "a"),
            uuid(11): engagement(uuid(1), "b"),
            uuid(12): engagement(uuid(2), "c"),
            uuid(13): engagement(uuid(3), "d"),
        }
        held.poisoned = {uuid(12)}
        with mo.client() as client:
            read = read_of(client, Kind.ENGAGEMENT, "employees", [uuid(1), uuid(2), uuid(4)])
        assert set(read.found) == {uuid(10), uuid(11)}
        assert read.found[uuid(10)] == (
            Piece(
                date(2020, 1, 1),
                date(2020, 12, 31),
                Engagement("a", uuid(1), uuid(1), uuid(2), uuid(3), None),
            ),
        )
        assert set(read.unreadable) == {uuid(2)}

    def test_accounts_of_persons(self, mo: StandIn, held: GraphQlMo) -> None:
        for number, of in ((10, 1), (11, 2)):
            account = {"user_key": "AZ1", "itsystem_uuid": uuid(9), "employee_uuid": uuid(of)}
            held.held["itusers"][uuid(number)] = [{**account, "validity": from_to("2020-01-01", None)}]
        with mo.client() as client:
            read = read_of(client, Kind.IT, "employees", [uuid(1)])
        assert read.found == {uuid(10): (Piece(date(2020, 1, 1), FOREVER, Account("AZ1", uuid(9), uuid(1))),)}

    def test_responsibilities_have_no_order(self, mo: StandIn, held: GraphQlMo) -> None:
        fields: dict[str, Any] = {
            "employee_uuid": uuid(1),
            "org_unit_uuid": uuid(2),
            "manager_type_uuid": None,
        }
        fields |= {"manager_level_uuid": None, "responsibility_uuids": [uuid(8), uuid(7)]}
        held.held["managers"][uuid(10)] = [{**fields, "validity": from_to("2020-01-01", None)}]
        with mo.client() as client:
            (history,) = read_histories(client, Kind.MANAGER, [uuid(10)]).found.values()
        assert history[0].value == Manager(uuid(2), uuid(1), None, None, (uuid(7), uuid(8)))


class TestAsItWas:
    """What MO said at an instant, of all that can be asked for."""

    CHANGED = datetime(2026, 11, 25, 21, 37, 13, 115137, tzinfo=timezone(timedelta(hours=1)))
    CPR = Cpr("0101851237")

    READS: Final[dict[str, Callable[[MoClient, datetime | None], set[str]]]] = {
        "units": lambda client, at: names(
            read_histories(client, Kind.ORG_UNIT, [uuid(1), uuid(2)], as_of=at)
        ),
        "facets": lambda client, at: names(read_all(client, Kind.FACET, as_of=at)),
        "classes": lambda client, at: names(read_all(client, Kind.CLASS, facets=["types"], as_of=at)),
        "persons": lambda client, at: {
            person.value.given_name
            for found in read_persons_by_cpr(client, [TestAsItWas.CPR], as_of=at).found.values()
            for history in found.values()
            for person in history
            if isinstance(person.value, Person)
        },
        "engagements of a person": lambda client, at: names(
            read_of(client, Kind.ENGAGEMENT, "employees", [uuid(1)], as_of=at)
        ),
        "accounts of a person": lambda client, at: names(
            read_of(client, Kind.IT, "employees", [uuid(1)], as_of=at)
        ),
        "engagements of a unit": lambda client, at: names(
            read_of(client, Kind.ENGAGEMENT, "org_units", [uuid(1)], as_of=at)
        ),
    }

    @pytest.fixture(autouse=True)
    def changed(self, held: GraphQlMo) -> None:
        def holding(name: str) -> Held:
            account = {"user_key": name, "itsystem_uuid": uuid(9), "employee_uuid": uuid(1)}
            a_class = {"user_key": name, "name": name, "scope": None, "published": None}
            return defaultdict(
                dict,
                org_units={uuid(1): unit(name)},
                facets={uuid(5): [{"user_key": "types", "validity": from_to(None, None)}]},
                classes={uuid(6): [{**a_class, "facet_uuid": uuid(5), "validity": from_to(None, None)}]},
                persons={uuid(1): person("0101851237", name)},
                engagements={uuid(7): engagement(uuid(1), name)},
                itusers={uuid(8): [{**account, "validity": from_to("2020-01-01", None)}]},
            )

        held.held = holding("After")
        held.held["facets"][uuid(4)] = [{"user_key": "After", "validity": from_to(None, None)}]
        held.before = (self.CHANGED, holding("Before"))

    @pytest.mark.parametrize("name", READS)
    def test_is_what_was_registered_by_then(self, mo: StandIn, name: str) -> None:
        read = self.READS[name]
        just_before = self.CHANGED - timedelta(microseconds=1)
        with mo.client() as client:
            assert "After" in read(client, None)
            assert "After" in read(client, self.CHANGED)
            assert "After" not in read(client, just_before)
            assert read(client, just_before) == read(client, just_before.astimezone(UTC))

    def test_an_object_that_mo_could_not_show_then_is_named(self, mo: StandIn, held: GraphQlMo) -> None:
        held.poisoned = {uuid(1)}
        with mo.client() as client:
            read = read_histories(
                client, Kind.ORG_UNIT, [uuid(1), uuid(2)], as_of=self.CHANGED - timedelta(days=1)
            )
        assert set(read.unreadable) == {uuid(1)}

    def test_the_queries_are_those_of_the_recordings(
        self, mo: StandIn, held: GraphQlMo, recording: Callable[[str], dict[str, Any]]
    ) -> None:
        held.before = None
        recorded = recording("asof_05_read_as_of_created")
        at = datetime.fromisoformat(recorded["request_json"]["variables"]["t"])
        (key,) = recorded["request_json"]["variables"]["keys"]
        mo.answer = lambda received: Reply(200, recorded["response_json"])
        with mo.client() as client:
            found = read_histories(client, Kind.ORG_UNIT, [key], as_of=at).found
        (received,) = mo.received
        assert received.body["variables"] == {"keys": [key], "at": at.isoformat()}
        assert [piece.value.name for piece in found[key] if isinstance(piece.value, Unit)] == ["A"]

    def test_an_instant_needs_a_zone(self, mo: StandIn) -> None:
        with mo.client() as client, pytest.raises(ValueError, match="zone"):
            read_histories(client, Kind.ORG_UNIT, [uuid(1)], as_of=datetime(2026, 11, 25))
        assert mo.received == []


def names(read: Histories) -> set[str]:
    return {piece.value.user_key for history in read.found.values() for piece in history}


class TestTheOrganisation:
    @pytest.mark.parametrize("code", [None, 751])
    def test_is_read_with_its_municipality_code(self, mo: StandIn, held: GraphQlMo, code: int | None) -> None:
        held.org = {"uuid": uuid(1), "municipality_code": code}
        with mo.client() as client:
            assert read_organisation(client) == (uuid(1), code)

    @pytest.mark.parametrize(("version", "times"), [(27, 1), (28, 0)])
    def test_is_asked_for_once_where_root_units_have_it_as_their_parent(
        self, mo: StandIn, held: GraphQlMo, version: int, times: int
    ) -> None:
        held.org = {"uuid": uuid(99), "municipality_code": None}
        with mo.client(graphql_version=version) as client:
            for number in range(3):
                read_histories(client, Kind.ORG_UNIT, [uuid(number)])
        assert [each.body["query"] for each in mo.received].count(ORGANISATION) == times

    @pytest.mark.parametrize(
        "org", [None, [], {}, {"uuid": 7}, {"uuid": uuid(1), "municipality_code": "751"}]
    )
    def test_of_another_shape_is_not_understood(self, mo: StandIn, org: Any) -> None:
        mo.answer = lambda received: Reply(200, {"data": {"org": org}})
        with mo.client() as client, pytest.raises(UnavailableError, match="not understood: org"):
            read_organisation(client)

    def test_that_cannot_be_read_ends_it(self, mo: StandIn) -> None:
        mo.answer = lambda received: Reply(200, {"data": None, "errors": [{"message": "role missing"}]})
        with mo.client() as client, pytest.raises(UnavailableError, match="org: role missing"):
            read_organisation(client)

    def test_is_counted(self, mo: StandIn) -> None:
        told = {"unit_count": 1, "person_count": 2, "engagement_count": 3, "manager_count": 0, "name": "root"}
        mo.answer = lambda received: Reply(200, told)
        with mo.client() as client:
            assert read_counts(client, uuid(1)) == {Kind.ORG_UNIT: 1, Kind.ENGAGEMENT: 3}
        assert mo.paths() == [f"/service/o/{uuid(1)}/"]

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(500, {"error": True, "status": 500, "error_key": "E_UNKNOWN", "description": "broken"}),
            Reply(200, {"unit_count": 1, "person_count": 2, "engagement_count": "3", "manager_count": 0}),
            Reply(200, []),
        ],
    )
    def test_that_mo_cannot_count_is_unknown(self, mo: StandIn, reply: Reply) -> None:
        mo.script.append(reply)
        with mo.client() as client:
            assert read_counts(client, uuid(1)) is None
