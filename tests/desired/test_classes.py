"""Class lists to classes and IT systems."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from msgspec.structs import replace

from aarhus_los import initial
from aarhus_los.desired import classes, families
from aarhus_los.desired.claims import Actual, Desired
from aarhus_los.desired.families import Ours
from aarhus_los.desired.persons import PeopleInMo
from aarhus_los.desired.world import Subjects, World
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import parse_name
from aarhus_los.drop.reader import read_file
from aarhus_los.mo.model import Class, History, ItSystem, Kind, Value
from aarhus_los.plan import Operation, make_plan
from aarhus_los.timeline import FOREVER, Piece

A, B = (f"{digit * 8}-5555-4555-8555-{digit * 12}" for digit in "ab")
FACETS = {facet: f"facet {facet}" for facet in initial.FACETS}
TYPES = "STAM_UUID_Enhedstype.csv"
FIRST, YESTERDAY, TODAY = date(1900, 1, 1), date(2026, 3, 9), date(2026, 3, 10)


def file_of(name: str, *rows: tuple[str, str]) -> DropFile:
    """A list of (uuid, title)."""
    parsed_name = parse_name(name)
    assert parsed_name
    listed = CLASS_LISTS[parsed_name.kind]
    columns = list(dict.fromkeys([listed.uuid, listed.user_key, listed.title, "Loadtime"]))
    lines = [
        ";".join(
            {listed.uuid: uuid, listed.user_key: title, listed.title: title, "Loadtime": "2026"}[column]
            for column in columns
        )
        for uuid, title in rows
    ]
    return read_file(parsed_name, "\n".join([";".join(columns), *lines]).encode())


def held(value: Value, start: date = FIRST) -> History:
    return (Piece(start, FOREVER, value),)


def a_class(title: str, facet: str = "org_unit_type", **more: str) -> Class:
    return replace(Class(FACETS[facet], title, title, "TEXT"), **more)


def world_of(facets: Mapping[str, str], mo: Actual, unreadable: Mapping[str, str]) -> World:
    """An MO in which nobody is."""
    return World(("root", 751), facets, mo, mo, PeopleInMo({}, (), {}, {}, {}, {}), unreadable)


def desire(
    file: DropFile,
    actual: Mapping[str, History] | None = None,
    unreadable: Mapping[str, str] | None = None,
) -> tuple[Desired, list[Operation]]:
    kind = Kind.CLASS if CLASS_LISTS[file.name.kind].facet else Kind.ITSYSTEM
    mo = {kind: dict(actual or {})}
    desired = classes.desire([file], world_of(FACETS, mo, unreadable or {}), TODAY)
    return desired, make_plan(desired.objects, mo).operations


def test_a_new_class_is_valid_from_before_anything_of_the_drop() -> None:
    _, (operation,) = desire(file_of(TYPES, (A, "Skole")))
    assert (operation.start, operation.end, operation.value) == (FIRST, FOREVER, a_class("Skole"))


def test_a_changed_title_is_valid_from_today_on_and_its_history_is_kept() -> None:
    _, (operation,) = desire(file_of(TYPES, (A, "Folkeskole")), {A: held(a_class("Skole"))})
    assert (operation.start, operation.end, operation.value) == (TODAY, FOREVER, a_class("Folkeskole"))


def test_a_title_that_has_not_changed_sends_nothing() -> None:
    changed_before: History = (
        Piece(FIRST, YESTERDAY, a_class("Skole")),
        Piece(TODAY, FOREVER, a_class("SFO")),
    )
    _, operations = desire(file_of(TYPES, (A, "SFO")), {A: changed_before})
    assert operations == []


def test_a_scope_that_another_set_up_gave_a_class_is_kept() -> None:
    _, (operation,) = desire(file_of(TYPES, (A, "SFO")), {A: held(a_class("Skole", scope="INTEGER"))})
    assert operation.value == a_class("SFO", scope="INTEGER")


def test_a_class_that_is_no_longer_listed_is_told_and_never_ended() -> None:
    desired, operations = desire(
        file_of(TYPES, (A, "Skole")), {A: held(a_class("Skole")), B: held(a_class("Museum"))}
    )
    assert operations == []
    assert [("Museum" in notice.text, notice.fault) for notice in desired.notices] == [(True, False)]


def test_of_many_classes_that_are_not_listed_a_few_are_named_and_the_others_counted() -> None:
    others = {f"{n:08}-1111-4111-8111-111111111111": held(a_class(f"Museum {n}")) for n in range(1, 8)}
    desired, _ = desire(file_of(TYPES, (A, "Skole")), {A: held(a_class("Skole")), **others})
    (notice,) = desired.notices
    named = ", ".join(f"'Museum {n}'" for n in range(1, 6))
    assert notice.text.endswith(f"they are left as they are: {named} and 2 more")


def test_seeded_classes_and_those_of_other_facets_are_not_told_as_unlisted() -> None:
    unknown = initial.SEED_CLASSES[-1].uuid
    others = {unknown: held(a_class("Ukendt")), B: held(a_class("Fuldtid", "engagement_type"))}
    desired, _ = desire(file_of(TYPES, (A, "Skole")), {A: held(a_class("Skole")), **others})
    assert desired.notices == []


def test_a_class_that_was_dropped_before_and_is_listed_again_gets_its_title_back() -> None:
    dropped = a_class("-", published="IkkePubliceret")
    _, (operation,) = desire(file_of(TYPES, (A, "Skole")), {A: held(dropped, date(1910, 1, 1))})
    assert (operation.start, operation.value) == (TODAY, a_class("Skole"))


@pytest.mark.parametrize("name", [f"STAM_UUID_{listed}.csv" for listed in CLASS_LISTS])
def test_every_list_has_its_facet_or_makes_it_systems(name: str) -> None:
    _, (operation,) = desire(file_of(name, (A, "Titel")))
    facet = CLASS_LISTS[name.removeprefix("STAM_UUID_").removesuffix(".csv")].facet
    assert operation.value == (a_class("Titel", facet) if facet else ItSystem("Titel", "Titel"))
    assert operation.origin


def test_a_renamed_it_system_is_updated() -> None:
    _, (operation,) = desire(
        file_of("STAM_UUID_ITSystem.csv", (A, "AD")), {A: held(ItSystem("AD", "Active Directory"))}
    )
    assert (operation.kind, operation.start, operation.value) == (Kind.ITSYSTEM, TODAY, ItSystem("AD", "AD"))


def test_a_line_that_is_wrong_costs_only_itself() -> None:
    desired, (operation,) = desire(file_of(TYPES, ("x", "Skole"), (B, "Museum")))
    assert operation.uuid == B
    assert [(aside.ref.line, aside.column, aside.pending) for aside in desired.set_aside] == [
        (2, "EnhedstypeUUID", False)
    ]


def test_of_two_lines_of_one_class_the_later_wins_and_it_is_told() -> None:
    desired, (operation,) = desire(file_of(TYPES, (A, "Skole"), (A, "SFO")))
    assert operation.value == a_class("SFO")
    assert [notice.ref.line for notice in desired.notices if notice.ref] == [3]


def test_a_class_that_mo_cannot_show_is_pending() -> None:
    desired, operations = desire(file_of(TYPES, (A, "Skole")), unreadable={A: "it has no facet"})
    assert operations == []
    assert [(aside.ref.line, aside.pending) for aside in desired.set_aside] == [(2, True)]


def test_a_list_read_again_answers_only_for_its_pending_lines() -> None:
    file = replace(file_of(TYPES, (A, "Skole"), (B, "Museum")), due=frozenset({3}))
    desired, (operation,) = desire(file, {"c": held(a_class("Kontor"))})
    assert operation.uuid == B
    assert desired.notices == []


ROLE = next(seed for seed in initial.SEED_CLASSES if seed.facet == "association_type")


def made_of_all(lists: list[DropFile], unreadable: Mapping[str, str]) -> list[str]:
    """The uuids of all that a drop and the seed data ask an empty MO to make."""
    world = world_of({}, {}, unreadable)
    subjects = Subjects({}, {}, {})
    desired = families.desire(lists, subjects, world, {}, Ours(751, initial.AZ_SYSTEM), TODAY)
    plan = make_plan(desired.objects, {})
    return [operation.uuid for operation in plan.operations]


def test_a_list_that_names_a_seeded_class_makes_it_once() -> None:
    """Two creates of it would be two requests on one object at once."""
    file = file_of("STAM_UUID_Tilknytningsrolle.csv", (ROLE.uuid, "Tilknytningsrolle"))
    assert made_of_all([file], {}).count(ROLE.uuid) == 1


def test_a_seeded_class_that_mo_has_and_cannot_show_is_not_made_again() -> None:
    made = made_of_all([], {ROLE.uuid: "it has no facet"})
    assert ROLE.uuid not in made
    assert len(made) == len(set(made)) > len(initial.SEED_CLASSES)


# A uuid in two lists


BVN = "STAM_UUID_BVN_Stillingsbetegnelse.csv"
JOBS = "STAM_UUID_Stillingsbetegnelse.csv"


def test_a_uuid_in_two_lists_belongs_to_the_first_of_them() -> None:
    """In the order of the table, whichever is read first; the other list's row is told and not tried again."""
    both = [file_of(BVN, (A, "Lærer (BVN)"), (B, "Pedel (BVN)")), file_of(JOBS, (A, "Lærer"))]
    for lists in (both, both[::-1]):
        desired = classes.desire(lists, world_of(FACETS, {}, {}), TODAY)
        assert {each.uuid: each.claim[0].value for each in desired.objects} == {
            A: a_class("Lærer", "engagement_job_function"),
            B: a_class("Pedel (BVN)", "engagement_job_function_bvn"),
        }
        assert [(aside.ref.file, aside.ref.line, aside.pending) for aside in desired.set_aside] == [
            (BVN, 2, False)
        ]


def test_a_class_stays_in_the_facet_where_mo_has_it() -> None:
    actual = {A: held(a_class("Lærer", "engagement_job_function_bvn"))}
    desired, operations = desire(file_of(JOBS, (A, "Overlærer")), actual)
    assert operations == []
    assert [(aside.ref.line, aside.pending) for aside in desired.set_aside] == [(2, False)]
