from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aarhus_los.sandbox.mo_store import ROOT_ORGANISATION
from aarhus_los.sandbox.stage import Stage
from aarhus_los.uuids import LINE_ORGANISATION, OUTSIDE_LINE, UNKNOWN_TYPE, object_uuid
from tests.e2e import takeover, takeover_drop
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import address_of, spans, uuid_of
from tests.e2e.takeover import (
    ANNA,
    BO,
    CILLE,
    CLOSED,
    DAN,
    EVA,
    FIE,
    GORM,
    HANS,
    IDA,
    ORG_UUID,
    OTHER_EVA,
    facet_of,
    manager_of,
)

State = dict[str, dict[str, list[dict[str, Any]]]]
Object = tuple[str, str]


@dataclass
class Step:
    """One run, and what was there when it had ended."""

    done: subprocess.CompletedProcess[str]
    writes: int
    mo: State
    files: dict[str, bytes]
    """All that the importer keeps beside its settings."""

    @property
    def told(self) -> Any:
        return json.loads(self.done.stdout)

    @property
    def planned(self) -> set[Object]:
        return {(operation["kind"], operation["uuid"]) for operation in self.told["plan"]}


@dataclass
class Story:
    """The runs of an operator who takes over an MO, in their order."""

    organisation: str
    before: Step
    first_plan: Step
    first_import: Step
    since_plan: Step
    blocked: Step
    mended: Step
    again: Step
    next_night: Step


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(ROOT_ORGANISATION, id="another root"),
        pytest.param(ORG_UUID, id="its root", marks=pytest.mark.slow),
    ],
)
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """`its root`: the uuid below which it hung root units is MO's root organisation; `another root`: it is not."""
    folder = tmp_path_factory.mktemp("takeover")
    drop, home = folder / "drop", folder / "home"
    for each in (drop, home):
        each.mkdir(mode=0o700)
    with Stage(home) as stage:
        sandbox = Sandbox(stage, drop)
        takeover_drop.put_earlier_files(drop)
        takeover_drop.put_tonights_files(drop)
        takeover.fill(stage.store, request.param)
        sandbox.state_file.write_text(takeover.STATE + "\n")

        def step(*args: str) -> Step:
            done = sandbox.run(*args)
            assert done.stderr == ""
            return seen(done)

        def seen(done: subprocess.CompletedProcess[str]) -> Step:
            files = {
                str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()
            }
            return Step(done, sandbox.writes(), sandbox.state(), files)

        since = ("--since", takeover.BEGUN)
        yield Story(
            request.param,
            before=seen(subprocess.CompletedProcess([], 0, "", "")),
            first_plan=step("plan", "--json"),
            first_import=step("--json"),
            since_plan=step("plan", *since, "--json"),
            blocked=step(*since),
            mended=step(*since, "--allow", f"unit-ends={len(CLOSED)}"),
            again=step(*since, "--json"),
            next_night=step(),
        )


TONIGHT: set[Object] = {
    ("class", uuid_of("Dagtilbud")),
    # What the earlier importer did not know.
    ("class", OUTSIDE_LINE),
    ("class", UNKNOWN_TYPE),
    ("org_unit", uuid_of("skole")),
    ("org_unit", uuid_of("uden type")),
    ("org_unit", uuid_of("ny")),
    ("address", address_of("ny", "LOSID")),
    ("employee", object_uuid(IDA)),
    ("engagement", uuid_of("ida")),
    ("address", object_uuid(IDA + "email")),
    ("it", object_uuid(IDA + "azid")),
    ("manager", manager_of("ny", IDA)),
}
WRONG: set[Object] = {
    ("org_unit", uuid_of("historie")),
    ("org_unit", uuid_of("forud")),
    ("org_unit", uuid_of("linje")),
    ("org_unit", uuid_of("uden type")),
    ("address", address_of("tom", "EAN")),
    *(("org_unit", uuid_of(word)) for word in CLOSED),
    *(("address", address_of(word, "LOSID")) for word in CLOSED),
    ("address", object_uuid(ANNA + "email")),
    ("it", object_uuid(ANNA + "azid")),
    ("it", object_uuid(BO + "azid")),
    ("it", object_uuid(CILLE + "azid")),
    ("address", object_uuid(CILLE + "email")),
    ("engagement", uuid_of("cille")),
    ("address", object_uuid(DAN + "email")),
    ("manager", manager_of("skole", FIE)),
    ("manager", manager_of("dag", GORM)),
    ("manager", manager_of("tom", HANS)),
}


def changed(before: State, after: State) -> set[Object]:
    return {
        (kind, uuid)
        for kind in after
        for uuid in before[kind].keys() | after[kind].keys()
        if before[kind].get(uuid) != after[kind].get(uuid)
    }


def wrong(story: Story) -> set[Object]:
    root: set[Object] = {("org_unit", uuid_of("top"))} if story.organisation != ORG_UUID else set()
    return WRONG | root


def test_the_first_plan_reads_the_new_files_only_and_writes_nothing_anywhere(story: Story) -> None:
    plan = story.first_plan
    assert plan.done.returncode == 0
    assert {file["name"] for file in plan.told["files"]} == {
        "STAM_UUID_Enhedstype.csv",
        # Modified less than a day before the last import: read again, lest it was missed.
        "Org_ret_20260901_220000.csv",
        "Org_ret_20260902_220000.csv",
        "Pers_nye_20260902_220000.csv",
        "Leder_nye_20260902_220000.csv",
    }
    assert plan.planned == TONIGHT
    assert plan.writes == 0
    assert plan.mo == story.before.mo
    assert plan.files == story.before.files


def test_the_first_import_does_what_was_planned_and_leaves_everything_else_as_it_is(story: Story) -> None:
    night = story.first_import
    assert night.done.returncode == 0
    assert changed(story.before.mo, night.mo) == TONIGHT
    units = night.mo["org_unit"]
    assert spans(units[uuid_of("skole")], "name") == [
        ("2020-01-01", "2026-08-31", "Skole"),
        ("2026-09-01", "2026-09-01", "Skolen"),
        ("2026-09-02", None, "Ny Skole"),
    ]
    assert spans(units[uuid_of("uden type")], "org_unit_type") == [
        ("2020-01-01", "2026-09-01", None),
        ("2026-09-02", None, uuid_of("Afdeling")),
    ]
    assert night.mo["facet"] == story.before.mo["facet"]


def test_the_state_has_a_line_for_every_file_and_says_which_ones_were_taken_over(story: Story) -> None:
    first, *written = story.first_import.files["state"].decode().splitlines()
    lines = {line["name"]: line for line in map(json.loads, written) if "name" in line}
    assert first > takeover.STATE
    assert first[-6:] in ("+01:00", "+02:00")
    assert {name for name, line in lines.items() if line.get("taken_over")} == {
        "STAM_UUID_Engagementstype.csv",
        "STAM_UUID_Stillingsbetegnelse.csv",
        "STAM_UUID_Ledertype.csv",
        "STAM_UUID_Lederniveau.csv",
        "STAM_UUID_Lederansvar.csv",
        "Org_inital_20240101_220000.csv",
        "Org_ret_20250310_220000.csv",
        "Pers_nye_20250201_220000.csv",
        "Pers_ret_20250310_220000.csv",
        "Pers_luk_20250430_220000.csv",
        "Leder_nye_20250201_220000.csv",
        "Leder_luk_20250531_220000.csv",
        "Leder_nye_20250901_220000.csv",
    }
    assert lines.keys() == {path.name for path in story_drop(story)}
    assert all(len(line["sha256"]) == 64 for line in lines.values())


def story_drop(story: Story) -> list[Path]:
    settings = json.loads(story.before.files["settings.json"])
    return list(Path(settings["integrations.aarhus_los.import_csv_folder"]).iterdir())


def test_a_class_that_is_listed_again_gets_title_and_key_back_and_its_like_stays_away(story: Story) -> None:
    before, after = story.before.mo["class"], story.first_import.mo["class"]
    again = after[uuid_of("Dagtilbud")][-1]
    assert (again["name"], again["user_key"], again["published"]) == ("Dagtilbud", "Dagtilbud", "Publiceret")
    assert again["to"] is None
    assert after[uuid_of("Dagtilbud")][:-1] == before[uuid_of("Dagtilbud")], (
        "the days before stay as they are"
    )
    assert after[uuid_of("Udvalg")] == before[uuid_of("Udvalg")]
    assert "Udvalg" not in story.first_import.done.stdout, "what is unpublished is nothing to tell"


def test_a_plan_since_the_beginning_shows_what_is_wrong(story: Story) -> None:
    plan = story.since_plan
    assert plan.done.returncode == 65
    assert plan.planned == wrong(story)
    assert [(brake["kind"], brake["planned"]) for brake in plan.told["brakes"]] == [("unit-ends", 55)]
    assert any("--allow unit-ends=55" in step["text"] for step in plan.told["next"])
    assert plan.writes == 0
    assert plan.files == story.first_import.files


def test_since_without_allow_is_stopped_by_the_brake_before_anything_is_sent(story: Story) -> None:
    assert story.blocked.done.returncode == 65
    assert "--allow unit-ends=55" in story.blocked.done.stdout
    assert story.blocked.writes == 0
    assert story.blocked.mo == story.first_import.mo
    assert story.blocked.files["state"] == story.first_import.files["state"]


def test_since_with_allow_mends_all_of_it_and_nothing_else(story: Story) -> None:
    assert story.mended.done.returncode == 0
    assert changed(story.first_import.mo, story.mended.mo) == wrong(story)


def test_after_that_there_is_nothing_left_to_write(story: Story) -> None:
    assert (story.again.done.returncode, story.again.writes) == (0, 0)
    assert sum(file["applied"] for file in story.again.told["files"]) == 0
    assert (story.next_night.done.returncode, story.next_night.writes) == (0, 0)
    assert story.next_night.mo == story.mended.mo


def test_root_units_hang_below_the_organisation_whatever_they_hung_below(story: Story) -> None:
    was = None if story.organisation == ORG_UUID else ORG_UUID
    top = uuid_of("top")
    assert spans(story.first_import.mo["org_unit"][top], "parent") == [("2010-01-01", None, was)]
    assert spans(story.mended.mo["org_unit"][top], "parent") == [("2010-01-01", None, None)]


def test_units_are_mended_day_by_day(story: Story) -> None:
    units = story.mended.mo["org_unit"]
    assert spans(units[uuid_of("historie")], "name") == [
        ("2010-01-01", "2014-12-31", "Historie I"),
        ("2015-01-01", None, "Historie"),
    ]
    assert spans(units[uuid_of("forud")], "name") == [
        ("2020-01-01", "2025-05-31", "Forud"),
        ("2025-06-01", None, "Forud II"),
    ]
    assert spans(units[uuid_of("linje")], "org_unit_hierarchy") == [
        ("2020-01-01", "2025-03-09", LINE_ORGANISATION),
        ("2025-03-10", None, None),
    ]
    assert spans(units[uuid_of("uden type")], "org_unit_type") == [
        ("2020-01-01", None, uuid_of("Afdeling")),
    ]
    for word in CLOSED:
        assert spans(units[uuid_of(word)], "name") == [("2020-01-01", "2025-06-30", word.capitalize())]


def test_addresses_are_mended_and_a_user_key_alone_is_no_difference(story: Story) -> None:
    before, after = story.before.mo["address"], story.mended.mo["address"]
    assert spans(after[address_of("tom", "EAN")], "value") == [("2020-01-01", "2025-03-09", "5790000000001")]
    for word in CLOSED:
        assert spans(after[address_of(word, "LOSID")], "value") == [("2020-01-01", "2025-06-30", word)]
    kept = [address_of("adresse", column) for column in ("LOSID", "CVR", "PostAdresse")]
    assert {uuid: after[uuid] for uuid in kept} == {uuid: before[uuid] for uuid in kept}
    assert spans(after[kept[0]], "user_key") == [("2020-01-01", None, "70")]
    assert spans(after[kept[0]], "value")[-1] == ("2025-03-10", None, "71")


def test_email_and_account_last_as_long_as_an_engagement_does(story: Story) -> None:
    mo = story.mended.mo
    assert spans(mo["address"][object_uuid(ANNA + "email")], "value") == [
        ("2025-02-01", None, "anna@aarhus.dk")
    ]
    assert spans(mo["it"][object_uuid(ANNA + "azid")], "user_key") == [("2025-02-01", None, "AZ01")]
    assert spans(mo["engagement"][uuid_of("anna1")], "user_key") == [("2020-01-01", "2025-04-30", "anna1")]
    assert spans(mo["engagement"][uuid_of("cille")], "user_key") == [("2020-01-01", "2025-12-31", "cille")]
    assert spans(mo["address"][object_uuid(CILLE + "email")], "value") == [
        ("2025-02-01", "2025-12-31", "cille@aarhus.dk")
    ]
    assert spans(mo["address"][object_uuid(DAN + "email")], "value") == [
        ("2025-02-01", "2025-03-09", "dan@aarhus.dk")
    ]


def test_an_account_is_named_by_its_user_key_and_gets_the_right_one(story: Story) -> None:
    mo = story.mended.mo
    assert spans(mo["it"][object_uuid(BO + "azid")], "user_key") == [
        ("2025-02-01", "2025-03-09", "AZ02"),
        ("2025-03-10", None, "AZ22"),
    ]
    assert spans(mo["it"][object_uuid(CILLE + "azid")], "user_key") == [("2025-02-01", "2025-12-31", "AZ03")]
    assert mo["address"][object_uuid(BO + "email")] == story.before.mo["address"][object_uuid(BO + "email")]


def test_of_two_people_with_one_cpr_number_the_employed_one_is_taken(story: Story) -> None:
    assert (
        f"several people in MO have this CPR number: {object_uuid(EVA)} is taken" in story.mended.done.stdout
    )
    assert EVA not in story.mended.done.stdout
    assert story.mended.mo["employee"][OTHER_EVA] == story.before.mo["employee"][OTHER_EVA]
    assert {each["person"] for each in story.mended.mo["engagement"][uuid_of("eva")]} == {object_uuid(EVA)}


def test_managers_begin_on_the_file_date_and_reappointments_are_told_apart(story: Story) -> None:
    managers = story.mended.mo["manager"]
    assert spans(managers[manager_of("skole", FIE)], "person") == [("2025-02-01", None, object_uuid(FIE))]
    assert spans(managers[manager_of("dag", GORM)], "person") == [
        ("2025-02-01", "2025-05-31", object_uuid(GORM)),
        ("2025-09-01", None, object_uuid(GORM)),
    ]
    assert spans(managers[manager_of("tom", HANS)], "person") == [("2025-02-01", None, object_uuid(HANS))]


def test_what_was_seeded_and_set_up_before_us_is_found_and_kept(story: Story) -> None:
    before, after = story.before.mo, story.mended.mo
    assert after["facet"] == before["facet"]
    assert after["itsystem"] == before["itsystem"]
    ours = {uuid_of("Dagtilbud"), OUTSIDE_LINE, UNKNOWN_TYPE}
    assert {uuid: each for uuid, each in after["class"].items() if uuid not in ours} == {
        uuid: each for uuid, each in before["class"].items() if uuid not in ours
    }
    # One facet is MO's own and one was made by the earlier importer: both are found by their user key.
    assert after["class"][UNKNOWN_TYPE][-1]["facet_uuid"] == facet_of("org_unit_type") != UNKNOWN_TYPE
    assert after["class"][OUTSIDE_LINE][-1]["facet_uuid"] == facet_of("org_unit_hierarchy")
