"""Small drops that went wrong once, from the folder to MO: what is there afterwards; a second run writes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Imported, Sandbox, imported_once, table_line

CASES = Path(__file__).parents[1] / "data" / "cases"
UNITS_OF_BASE = {"ROD", "SKOLE"}
ENGAGEMENTS_OF_BASE = {"e1", "e2"}


def copy(case: str, sandbox: Sandbox) -> None:
    for path in (CASES / case).iterdir():
        shutil.copy(path, sandbox.drop)


def user_keys(sandbox: Sandbox, kind: str) -> set[str]:
    return {validities[-1]["user_key"] for validities in sandbox.state()[kind].values()}


def of_unit(sandbox: Sandbox, user_key: str) -> list[dict[str, Any]]:
    (found,) = [each for each in sandbox.state()["org_unit"].values() if each[-1]["user_key"] == user_key]
    return found


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    return imported_once(tmp_path_factory.mktemp("base"), lambda sandbox: copy("base", sandbox))


@pytest.fixture
def based(sandbox: Sandbox, base: Imported) -> Sandbox:
    """A sandbox in which the files of the base are imported."""
    copy("base", sandbox)
    base.put(sandbox)
    return sandbox


@pytest.mark.parametrize(
    ("case", "exit_code", "units", "engagements"),
    [
        ("null-text", 1, {"A"}, set()),
        ("excel-numbers", 1, set("ABCD"), set()),
        ("nil-uuids", 1, {"B"}, set()),
        ("nil-parent", 1, set(), set()),
        ("decomposed-letters", 0, {"A"}, set()),
        ("two-boms", 0, {"A"}, set()),
        ("danish-booleans", 1, set("ABCDEF"), set()),
        ("dates", 1, {f"S{n}" for n in (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 14, 15)}, set()),
        ("end-dates", 1, {f"S{n}" for n in (*range(13), 14, 15)}, set()),
        ("cpr-forms", 1, set(), {f"x{n}" for n in (3, 6, 10, 15, 16, 18)}),
    ],
)
def test_what_is_right_comes_in_and_the_rest_is_told(
    based: Sandbox, case: str, exit_code: int, units: set[str], engagements: set[str]
) -> None:
    copy(case, based)
    done = based.run()
    assert (done.returncode, done.stderr) == (exit_code, ""), done.stdout
    assert user_keys(based, "org_unit") == UNITS_OF_BASE | units
    assert user_keys(based, "engagement") == ENGAGEMENTS_OF_BASE | engagements
    based.writes()
    again = based.run()
    assert (again.returncode, based.writes()) == (0, 0), again.stdout


def test_nothing_is_written_for_null(based: Sandbox) -> None:
    before = set(based.state()["address"])
    copy("null-text", based)
    based.run()
    assert set(based.state()["address"]) == before
    assert len(of_unit(based, "A")) == 1


def test_letters_are_written_in_composed_form_once(based: Sandbox) -> None:
    copy("decomposed-letters", based)
    based.run()
    (unit,) = of_unit(based, "A")
    assert unit["name"] == "Ådalens Café"


def test_with_the_setting_it_is_mo_that_judges_replacement_numbers(based: Sandbox) -> None:
    """This MO takes none: what it refuses is pending, where the importer alone would have rejected it for good."""
    based.configure(cpr_validate_birthdate=False)
    copy("cpr-forms", based)
    done = based.run()
    assert done.returncode == 1, done.stdout
    _, _, applied, _, set_aside, pending, *_ = table_line(done.stdout, "Pers_nye_20260110_220000.csv")
    assert (applied, set_aside, pending) == ("6", "13", "5")
    assert user_keys(based, "engagement") == ENGAGEMENTS_OF_BASE | {f"x{n}" for n in (3, 6, 10, 15, 16, 18)}


def test_a_birth_date_after_the_file_date_costs_its_row_alone(sandbox: Sandbox) -> None:
    copy("folding/cpr-born-in-the-future/run1", sandbox)
    done = sandbox.run()
    assert (done.returncode, done.stderr) == (1, ""), done.stdout
    assert user_keys(sandbox, "engagement") == {"K0"}


@pytest.mark.parametrize("case", ["misnamed-files", "misspelt-optional-column"])
def test_of_rows_that_are_set_aside_nothing_is_said_where_none_are(based: Sandbox, case: str) -> None:
    copy(case, based)
    done = based.run()
    first, last = done.stdout.splitlines()[0], done.stdout.splitlines()[-1]
    assert done.returncode == 1
    assert first.startswith("Done, but there is something to look at.")
    assert last.startswith("Done, but there is something to look at.")
