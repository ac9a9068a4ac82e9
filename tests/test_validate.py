"""`los-import validate`: what a sender learns of a drop before the upload, and that no value of a row is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from aarhus_los import clock
from aarhus_los.errors import UnavailableError
from aarhus_los.language import Language
from aarhus_los.reason import Reason, danish
from aarhus_los.report.blocks import plain
from aarhus_los.sandbox.sample import first_drop
from aarhus_los.sandbox.stage import importer_environment
from aarhus_los.sources.entries import Limits
from aarhus_los.validate import Level, Validation, validate
from tests import here

UNIT = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
CLASS = "33333333-3333-4333-8333-333333333333"
ORG_HEADER = (
    "OrgUUID;BrugervendtNøgle;OrgEnhedsNavn;ParentUUID;OrgEnhedsTypeUUID;StartDato;SlutDato;EAN;"
    "LOSID;CVR;P-Nr;SE-Nr;IntDebitor-Nr;MagID;Med-i-LinjeOrg;PostAdresse"
)
PERS_HEADER = (
    "UUID;BrugervendtNøgle;CPR;CPRNavn;StartTid;SlutTid;Email;PrimærAnsættelse;OrgenhedUUID;"
    "EngagementTypeUUID;StillingsBetegnelseUUID;AZID"
)
LEDER_HEADER = "OrgUUID;CPR;LedertypeUUID;LederniveauUUID;LederansvarUUID"
CPR = "0104902345"
NAME = "Hemmelig Person"
CASES = Path(__file__).parent / "data" / "cases"
ENGLISH = MappingProxyType({"LANG": "en_GB.UTF-8"})
STAMP = "20210128_123742"


def put(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def unit(
    uuid: str = UNIT, parent: str = UNIT, kind: str = "", start: str = "2020-01-01", ean: str = ""
) -> str:
    return f"{uuid};nøgle;Enhed;{parent};{kind};{start};;{ean}"


def person(cpr: str = CPR, start: str = "2020-01-01", email: str = "", org: str = UNIT) -> str:
    return f"{OTHER};e1;{cpr};{NAME};{start};;{email};Ja;{org};{CLASS};{CLASS};"


def lines(found: Validation) -> list[str]:
    return [problem.text("en") for problem in found.problems]


def text(found: Validation, language: Language = "en") -> str:
    return plain(found.blocks(language))


def run(*args: str, cwd: Path, environ: Mapping[str, str] = ENGLISH) -> subprocess.CompletedProcess[str]:
    env = {
        key: value
        for key, value in importer_environment().items()
        if key not in ("LC_ALL", "LC_MESSAGES", "LANG")
    }
    return here.run(["validate", *args], env=env | environ, cwd=cwd)


def test_a_drop_without_faults(tmp_path: Path) -> None:
    put(tmp_path, f"Org_nye_{STAMP}.csv", ORG_HEADER, unit(), unit(OTHER, UNIT))
    put(tmp_path, f"Pers_nye_{STAMP}.csv", PERS_HEADER, person())
    (tmp_path / f"xxxxOrg_nye_{STAMP}.csv").write_text("a backup: not ours", encoding="utf-8")
    found = validate(tmp_path)
    assert (found.exit_code, found.files, found.rows, found.problems) == (0, 2, 3, ())
    assert text(found) == "Nothing must be mended: 2 files, 3 rows, 0 notes.\n"
    assert text(found, "da") == "Intet skal rettes: 2 filer, 3 rækker, 0 bemærkninger.\n"


def test_every_fault_of_a_row_is_listed_with_file_line_and_column(tmp_path: Path) -> None:
    name = f"Org_nye_{STAMP}.csv"
    put(tmp_path, name, ORG_HEADER, unit("x", "y", start="30-02-2021", ean="1"), unit(ean="571"), "a;b")
    found = validate(tmp_path)
    assert found.exit_code == 1
    assert lines(found) == [
        f"{name}:2:EAN: not an EAN number of 13 digits",
        f"{name}:2:OrgUUID: not a uuid",
        f"{name}:2:ParentUUID: not a uuid",
        f"{name}:2:StartDato: a date that does not exist",
        f"{name}:3:EAN: not an EAN number of 13 digits; not applied",
        f"{name}:4: 2 values where the header has 16",
    ]
    verdict = (
        "Mend it before the upload: 3 rows would not be applied, or only in part (1 file, 3 rows, 0 notes)."
    )
    told = text(found).splitlines()
    assert (told[0], told[-1], told.count(verdict)) == (verdict, verdict, 2)


def test_a_column_is_spelled_as_in_the_file(tmp_path: Path) -> None:
    put(tmp_path, f"Org_nye_{STAMP}.csv", ORG_HEADER.replace("StartDato", "STARTDATO"), unit(start="x"))
    assert lines(validate(tmp_path))[0].startswith(f"Org_nye_{STAMP}.csv:2:STARTDATO: not a date")


def test_notes_cost_nothing(tmp_path: Path) -> None:
    put(tmp_path, f"Org_nye_{STAMP}.csv", ORG_HEADER, unit(start="1800-01-01"))
    put(tmp_path, f"Org_ret_{STAMP}.csv", ORG_HEADER)
    found = validate(tmp_path)
    assert found.exit_code == 0
    assert lines(found) == [
        f"Org_nye_{STAMP}.csv:2:StartDato: before 1900-01-01: taken as 1900-01-01",
        f"Org_ret_{STAMP}.csv: a header but no rows",
    ]
    assert {problem.level for problem in found.problems} == {Level.NOTE}
    assert text(found).splitlines()[0] == "Nothing must be mended: 2 files, 1 row, 2 notes."


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (f"Org_nye_{STAMP}.csv", b"OrgUUID;CVR\n", "its header lacks"),
        (f"Org_nye_{STAMP}.csv", b"", "it is empty"),
        (f"Org_nye_{STAMP}.csv", "æ".encode("utf-16"), "UTF-16"),
        ("Org_nye_20210231_123742.csv", b"", "the date and time in its name do not exist"),
        ("Org_nye_20210128.csv", b"", "looks like a file of the drop"),
        (f"org_nye_{STAMP}.csv", b"", "upper and lower case"),
        ("STAM_UUID_Enhedstyper.csv", b"", "the lists are"),
    ],
)
def test_a_file_that_would_not_be_read(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    found = validate(tmp_path)
    assert found.exit_code == 65
    (line,) = lines(found)
    assert line.startswith(f"{name}: ")
    assert reason in line


def test_a_file_of_the_day_after_tomorrow_would_not_be_read(tmp_path: Path) -> None:
    ahead = clock.now() + timedelta(days=2)
    put(tmp_path, f"Org_nye_{ahead:%Y%m%d}_000000.csv", ORG_HEADER, unit())
    assert "the date in its name is in the future" in lines(validate(tmp_path))[0]


def test_files_weigh_more_than_rows(tmp_path: Path) -> None:
    put(tmp_path, f"Org_nye_{STAMP}.csv", ORG_HEADER, unit(start="x"))
    put(tmp_path, f"Pers_nye_{STAMP}.csv", "UUID")
    found = validate(tmp_path)
    assert found.exit_code == 65
    assert [problem.level for problem in found.problems] == [Level.FILE, Level.ROW]


def test_the_worst_comes_first_whatever_the_names(tmp_path: Path) -> None:
    put(tmp_path, f"Leder_nye_{STAMP}.csv", LEDER_HEADER)
    put(tmp_path, f"Org_nye_{STAMP}.csv", ORG_HEADER.replace("EAN", "EAN-nr"), unit(start="x"))
    put(tmp_path, f"Pers_nye_{STAMP}.csv", "UUID")
    assert text(validate(tmp_path), "da").splitlines() == [
        verdict
        := "Ret det før upload: 1 fil ville ikke blive læst, 1 fil mangler en kolonne, der måske er stavet"
        " forkert, 1 række ville ikke eller kun delvist blive brugt (3 filer, 1 række, 1 bemærkning).",
        "Filer, der ikke ville blive læst:",
        f"  Pers_nye_{STAMP}.csv: dens overskrift mangler BrugervendtNøgle, CPR, CPRNavn, StartTid, SlutTid,"
        " PrimærAnsættelse, OrgenhedUUID, EngagementTypeUUID, StillingsBetegnelseUUID (den har kun én kolonne:"
        " skilletegnet er ;)",
        "Kolonner, der måske er stavet forkert:",
        f"  Org_nye_{STAMP}.csv: dens overskrift mangler EAN: det, MO har der, ændres ikke; er EAN-nr ment som EAN?",
        "Rækker, der ikke eller kun delvist ville blive brugt:",
        f"  Org_nye_{STAMP}.csv:2:StartDato: ikke en dato: skriv den som 2021-12-31 eller 31-12-2021",
        "Bemærkninger, der intet kræver:",
        f"  Leder_nye_{STAMP}.csv: en overskrift, men ingen rækker",
        verdict,
    ]


@pytest.mark.parametrize("folder", sorted(CASES.iterdir()), ids=lambda each: each.name)
def test_whatever_is_found_is_said_in_danish_too(folder: Path) -> None:
    for problem in validate(folder).problems:
        assert isinstance(problem.reason, Reason), problem.reason
        assert problem.text("da") != problem.text("en")


def test_what_keeps_a_file_from_being_read_is_said_in_danish_too(tmp_path: Path) -> None:
    name = f"Org_nye_{STAMP}.csv"
    put(tmp_path, name, ORG_HEADER)
    os.truncate(tmp_path / name, Limits().file_bytes + 1)
    (reason,) = [problem.reason for problem in validate(tmp_path).problems]
    assert danish(reason) == "den er på 536870913 byte, og en LOS-fil højst på 512 MB"


@pytest.mark.parametrize(
    ("variables", "args", "verdict"),
    [
        ({"LANG": "da_DK.UTF-8"}, (), "Intet skal rettes: "),
        ({"LC_MESSAGES": "da_DK"}, (), "Intet skal rettes: "),
        ({"LC_ALL": "C.UTF-8", "LANG": "da_DK.UTF-8"}, (), "Nothing must be mended: "),
        ({"LC_ALL": "", "LANG": "da_DK.UTF-8"}, (), "Intet skal rettes: "),
        ({"LANG": "en_GB.UTF-8"}, (), "Nothing must be mended: "),
        ({}, (), "Nothing must be mended: "),
        ({"LANG": "en_GB.UTF-8"}, ("--lang", "da"), "Intet skal rettes: "),
        ({"LANG": "da_DK.UTF-8"}, ("--lang", "en"), "Nothing must be mended: "),
    ],
)
def test_the_language_is_that_of_the_machine_or_the_one_that_is_asked_for(
    tmp_path: Path, variables: dict[str, str], args: tuple[str, ...], verdict: str
) -> None:
    put(tmp_path, f"Org_nye_{STAMP}.csv", ORG_HEADER, unit())
    done = run(".", *args, cwd=tmp_path, environ=variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(verdict)


LIKE_WINDOWS = """
import os, signal, sys
for module in ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "syslog", "readline"):
    sys.modules[module] = None
for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "geteuid", "getuid", "fchmod", "pread", "fork"):
    delattr(os, name)
for name in ("pthread_sigmask", "SIGHUP", "SIGALRM"):
    delattr(signal, name)
from aarhus_los.cli import main
main()
"""


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("validate", ".", "--lang", "da"), 1, "Ret det før upload: 1 række "),
        (("validate", ".", "--json"), 1, '"verdict": "Mend it before the upload: 1 row '),
        (("help",), 0, "# The manual of los-import"),
        (("help", "drop-rules"), 0, "# "),
        (("--help",), 0, "Usage: "),
    ],
)
def test_it_works_where_there_is_no_unix(tmp_path: Path, args: tuple[str, ...], code: int, told: str) -> None:
    put(tmp_path, f"Org_nye_{STAMP}.csv", ORG_HEADER, unit(start="x"))
    done = subprocess.run(
        [sys.executable, "-c", LIKE_WINDOWS, *args],
        env=importer_environment() | {"PYTHONTZPATH": ""},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert told in done.stdout


def test_a_name_is_shown_on_one_line_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / "Org_nye_\x1b[31m\nx.csv").write_bytes(b"")
    assert len(text(validate(tmp_path)).splitlines()) == len(["verdict", "heading", "name", "verdict"])
    assert "\x1b" not in text(validate(tmp_path))


def test_an_empty_folder_is_hardly_the_one_that_was_meant(tmp_path: Path) -> None:
    found = validate(tmp_path)
    assert found.exit_code == 65
    assert lines(found) == [f"{tmp_path}: no file of the drop is in this folder: is it the right one?"]


def test_references_are_noted_only_where_the_drop_has_all_there_is(tmp_path: Path) -> None:
    put(tmp_path, f"Org_nye_{STAMP}.csv", ORG_HEADER, unit(UNIT, OTHER, CLASS))
    put(tmp_path, f"Pers_nye_{STAMP}.csv", PERS_HEADER, person(org=OTHER))
    put(tmp_path, f"Leder_nye_{STAMP}.csv", LEDER_HEADER, f"{OTHER};{CPR};{CLASS};{CLASS};{CLASS}")
    assert validate(tmp_path).problems == ()
    put(tmp_path, "Org_inital_20200101_000000.csv", ORG_HEADER, unit())
    put(tmp_path, "STAM_UUID_Enhedstype.csv", "EnhedstypeUUID;Enhedstype", f"{UNIT};Skole")
    put(tmp_path, "STAM_UUID_Lederansvar.csv", "LederansvarUUID;Lederansvar", f"{CLASS};Alt")
    found = validate(tmp_path)
    assert found.exit_code == 0
    assert [line.partition(": ")[0] for line in lines(found)] == [
        f"Leder_nye_{STAMP}.csv:2:OrgUUID",
        f"Org_nye_{STAMP}.csv:2:OrgEnhedsTypeUUID",
        f"Org_nye_{STAMP}.csv:2:ParentUUID",
        f"Pers_nye_{STAMP}.csv:2:OrgenhedUUID",
    ]
    assert all("applied only if MO has it" in line for line in lines(found))


def test_what_two_rows_cannot_both_say_is_listed(tmp_path: Path) -> None:
    put(tmp_path, f"Pers_nye_{STAMP}.csv", PERS_HEADER, person(), person("010490-2345"), person("0104902346"))
    put(tmp_path, "Pers_ret_20210129_123742.csv", PERS_HEADER, person("0104902347"))
    put(tmp_path, "STAM_UUID_Ledertype.csv", "LedertypeUUID;Ledertype", f"{CLASS};Chef", f"{CLASS};Chef")
    put(tmp_path, "STAM_UUID_Enhedstype.csv", "EnhedstypeUUID;Enhedstype", f"{CLASS};Skole", f"{OTHER};Hus")
    found = validate(tmp_path)
    assert found.exit_code == 1
    first = f"Pers_nye_{STAMP}.csv:2"
    assert lines(found) == [
        f"Pers_nye_{STAMP}.csv:4:CPR: the same engagement is another person's in {first}: one of the two is not applied",
        f"Pers_ret_20210129_123742.csv:2:CPR: the same engagement is another person's in {first}:"
        " one of the two is not applied",
        *(
            f"STAM_UUID_Ledertype.csv:{line}:LedertypeUUID: the same class is in STAM_UUID_Enhedstype.csv:2 too:"
            " one of the two is not applied"
            for line in (2, 3)
        ),
    ]


def test_a_unit_of_a_rejected_row_is_known_all_the_same(tmp_path: Path) -> None:
    put(tmp_path, f"Org_inital_{STAMP}.csv", ORG_HEADER, unit(start="x"), unit(OTHER, UNIT))
    assert {problem.level for problem in validate(tmp_path).problems} == {Level.ROW}


def test_the_command_needs_no_settings_and_shows_no_values(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    broken = f"310290{CPR[6:]}"
    put(
        drop,
        f"Pers_nye_{STAMP}.csv",
        PERS_HEADER,
        person(broken, email=f"{NAME}@aarhus"),
        f'{OTHER};"{CPR};{NAME}',
        person(start=CPR),
    )
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    done = run(str(drop), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count(f"Pers_nye_{STAMP}.csv:") == 4
    record: dict[str, Any] = json.loads(run("--json", "drop", "--settings", "none.json", cwd=tmp_path).stdout)
    assert (record["format"], record["exit_code"], record["files"], record["rows"]) == (1, 1, 1, 3)
    assert record["problems"][0].keys() == {"file", "line", "column", "reason", "danish", "code", "level"}
    for text in (done.stdout, json.dumps(record)):
        assert not any(value in text for value in (CPR, broken, NAME, "Hemmelig"))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_quiet_is_silent_when_all_is_well_and_no_folder_is_a_wrong_usage(tmp_path: Path) -> None:
    put(tmp_path, f"Org_nye_{STAMP}.csv", ORG_HEADER, unit())
    well = run("-q", ".", cwd=tmp_path)
    assert (well.returncode, well.stdout, well.stderr) == (0, "", "")
    none = run("none", cwd=tmp_path)
    assert none.returncode == 2
    assert "none" in none.stderr


def test_the_sample_has_its_one_bad_row(tmp_path: Path) -> None:
    for name, content in first_drop().items():
        (tmp_path / name).write_bytes(content)
    assert [problem.line for problem in validate(tmp_path).problems] == [13]


def test_a_folder_that_cannot_be_read_is_no_fault_of_the_drop(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot be read"):
        validate(tmp_path / "none")
