from __future__ import annotations

import csv
import io
import json
import re
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aarhus_los.sandbox.http_stand_in import Answer, Drop, Phase
from aarhus_los.sandbox.mo_server import written_objects
from tests.e2e.harness import Sandbox, table_line
from tests.e2e.los_files import ORG, address_of, org, put_at, spans, stam, table, unit, uuid_of

INITAL = "Org_inital_20260101_220000.csv"
FEBRUARY = "Org_ret_20260201_220000.csv"
MARCH = "Org_ret_20260301_220000.csv"
APRIL = "Org_ret_20260401_220000.csv"

Names = list[tuple[str | None, str | None, Any]]


def imported(sandbox: Sandbox, *args: str, exit_code: int = 0) -> str:
    done = sandbox.run(*args)
    assert (done.returncode, done.stderr) == (exit_code, ""), done.stdout
    return done.stdout


def lines(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The state's line of each file."""
    written = [json.loads(line) for line in sandbox.state_file.read_text().splitlines()[1:]]
    return {line["name"]: line for line in written if "name" in line}


def names(sandbox: Sandbox, word: str) -> Names:
    """What a unit is called in MO, and when."""
    return spans(sandbox.state()["org_unit"].get(uuid_of(word), []), "name")


def called(word: str, name: str, **cells: str) -> dict[str, str]:
    return unit(word, "top", OrgEnhedsNavn=name, **cells)


def rejected(sandbox: Sandbox, file: str) -> list[dict[str, str]]:
    path = sandbox.reports / f"rejected_{file}"
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=";"))


def kept(sandbox: Sandbox) -> Path:
    return sandbox.state_file.with_name("state.d")


# Taken over


def test_what_an_earlier_importer_had_read_is_taken_over_and_only_what_is_new_is_imported(
    sandbox: Sandbox,
) -> None:
    sandbox.state_file.write_text("2026-03-02T04:00:00\n")
    old = org(unit("top"), called("old", "Old"))
    put_at(sandbox.drop, INITAL, old, datetime(2026, 1, 1, 22))
    put_at(sandbox.drop, FEBRUARY, old, datetime(2026, 3, 1, 3, 59))
    # An hour later: within a day of the timestamp, which clocks may be off by.
    put_at(sandbox.drop, MARCH, org(unit("new")), datetime(2026, 3, 1, 4, 1))
    told = imported(sandbox)
    assert INITAL not in told
    assert table_line(told, MARCH)[0] == "1"
    assert sandbox.state()["org_unit"].keys() == {uuid_of("new")}
    taken = {name: line.get("taken_over", False) for name, line in lines(sandbox).items()}
    assert taken == {INITAL: True, FEBRUARY: True, MARCH: False}
    # Hashed when it was taken over: a corrected upload is seen, also where its time says nothing.
    put_at(sandbox.drop, FEBRUARY, org(unit("top"), called("old", "Corrected")), datetime(2026, 2, 1, 22))
    assert table_line(imported(sandbox), FEBRUARY)[0] == "2"
    # What was claimed when it was taken over is folded with it: what the older file said stays before it.
    assert names(sandbox, "old") == [
        ("2020-01-01", "2026-01-31", "Old"),
        ("2026-02-01", None, "Corrected"),
    ]
    assert lines(sandbox)[FEBRUARY].get("taken_over", False) is False
    sandbox.writes()
    imported(sandbox)
    assert sandbox.writes() == 0


# Late files


def test_a_late_file_is_folded_in_its_place(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), called("both", "First"), called("late", "First")))
    sandbox.put(MARCH, org(called("both", "March", LOSID="3")))
    imported(sandbox)
    sandbox.put(FEBRUARY, org(called("both", "February", LOSID="2"), called("late", "February")))
    imported(sandbox)
    assert names(sandbox, "both") == [
        ("2020-01-01", "2026-01-31", "First"),
        ("2026-02-01", "2026-02-28", "February"),
        ("2026-03-01", None, "March"),
    ]
    assert spans(sandbox.state()["address"][address_of("both", "LOSID")], "value") == [
        ("2026-02-01", "2026-02-28", "2"),
        ("2026-03-01", None, "3"),
    ]
    assert names(sandbox, "late") == [("2020-01-01", "2026-01-31", "First"), ("2026-02-01", None, "February")]


def test_a_late_file_is_refused_where_later_ones_are_gone_unless_it_is_allowed(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), called("both", "First"), called("late", "First")))
    sandbox.put(MARCH, org(called("both", "March")))
    imported(sandbox)
    sandbox.remove(MARCH)
    sandbox.put(FEBRUARY, org(called("late", "February")))
    # A file that is not late does not wait for it, nor does another family.
    sandbox.put(APRIL, org(called("both", "April")))
    sandbox.put("STAM_UUID_Enhedstype.csv", stam("Enhedstype", "Skole"))
    told = imported(sandbox, exit_code=1)
    assert f"{FEBRUARY}: it comes late" in told
    assert MARCH in told
    assert "--allow-late" in told
    assert names(sandbox, "late") == [("2020-01-01", None, "First")]
    assert names(sandbox, "both")[-1] == ("2026-04-01", None, "April")
    assert uuid_of("Skole") in sandbox.state()["class"]
    assert lines(sandbox).keys() == {INITAL, MARCH, APRIL, "STAM_UUID_Enhedstype.csv"}
    imported(sandbox, "--allow-late")
    assert names(sandbox, "late")[-1] == ("2026-02-01", None, "February")
    assert names(sandbox, "both")[-1] == ("2026-04-01", None, "April")
    assert FEBRUARY in lines(sandbox)


# Pending rows


def test_a_pending_row_outlives_its_file_and_is_healed_in_its_place(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), called("child", "First")))
    sandbox.put(FEBRUARY, org(unit("child", "missing", OrgEnhedsNavn="February"), called("other", "Other")))
    told = imported(sandbox, exit_code=1)
    assert f"{FEBRUARY}:2: ParentUUID: neither MO nor the drop has the parent {uuid_of('missing')}" in told
    assert lines(sandbox)[FEBRUARY]["pending"] == [2]
    sandbox.put(MARCH, org(called("other", "March")))
    told = imported(sandbox, exit_code=1)
    assert table_line(told, FEBRUARY) == ["1", "0", "0", "0", "1", "1"]
    assert re.search(
        rf"  {FEBRUARY}: read again for its pending rows, which wait since \d{{4}}-\d\d-\d\d\n", told
    )
    folder = kept(sandbox)
    # What is folded about the pending unit: not what is about others only.
    assert {path.name for path in folder.iterdir()} == {INITAL, FEBRUARY}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}

    # The server is cleared, and the unit that was missing comes.
    sandbox.remove(FEBRUARY)
    sandbox.remove(MARCH)
    sandbox.put(APRIL, org(unit("missing", "top")))
    told = imported(sandbox)
    assert table_line(told, FEBRUARY)[:6] == ["1", "0", "1", "0", "0", "0"]
    assert names(sandbox, "child") == [
        ("2020-01-01", "2026-01-31", "First"),
        ("2026-02-01", None, "February"),
    ]
    assert spans(sandbox.state()["org_unit"][uuid_of("child")], "parent")[-1] == (
        "2026-02-01",
        None,
        uuid_of("missing"),
    )
    assert names(sandbox, "other")[-1] == ("2026-03-01", None, "March"), "a later word is not undone"
    assert "pending" not in lines(sandbox)[FEBRUARY]
    assert not kept(sandbox).exists()
    assert not (sandbox.reports / f"rejected_{FEBRUARY}").exists()


@pytest.mark.slow
def test_a_pending_row_that_a_later_file_has_superseded_is_done_with(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), called("child", "First")))
    sandbox.put(FEBRUARY, org(unit("child", "missing", OrgEnhedsNavn="February")))
    imported(sandbox, exit_code=1)
    sandbox.put(MARCH, org(called("child", "March")))
    told = imported(sandbox)
    assert "1 superseded" in told
    assert "pending" not in lines(sandbox)[FEBRUARY]
    assert not kept(sandbox).exists()
    # The days between keep what MO had.
    assert names(sandbox, "child") == [("2020-01-01", "2026-02-28", "First"), ("2026-03-01", None, "March")]


def test_accept_rejects_gives_up_what_is_pending_and_leaves_the_reject_file(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), unit("child", "missing")))
    imported(sandbox, exit_code=1)
    told = imported(sandbox, "--accept-rejects")
    assert "exit 0" in told.splitlines()[-1]
    assert "pending" not in lines(sandbox)[INITAL]
    assert not kept(sandbox).exists()
    assert [row["line"] for row in rejected(sandbox, INITAL)] == ["3"]
    # Nothing is tried again, not even when the row could be healed by now.
    sandbox.put(MARCH, org(unit("missing", "top")))
    assert table_line(imported(sandbox), MARCH)[0] == "1"
    assert names(sandbox, "child") == []
    asked = len(sandbox.requests())
    assert "No rows were read" in imported(sandbox)
    assert len(sandbox.requests()) == asked, "a quiet run leaves MO alone"


def test_accept_rejects_gives_up_one_row_and_the_others_go_on_waiting(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), unit("one", "missing"), unit("other", "missing")))
    imported(sandbox, exit_code=1)
    told = imported(sandbox, "import", "--accept-rejects", f"{INITAL}:3", exit_code=1)
    assert re.search(rf"^ *{INITAL}:3: ParentUUID: .* \(given up\)$", told, re.M), told
    assert re.search(
        rf"^ *{INITAL}:4: ParentUUID: .* \(pending: tried again with the next run\)$", told, re.M
    )
    assert lines(sandbox)[INITAL]["pending"] == [4]
    assert [row["line"] for row in rejected(sandbox, INITAL)] == ["3", "4"]
    # What is given up is not tried again, though it could be healed by now; what waits is.
    sandbox.put(MARCH, org(unit("missing", "top")))
    imported(sandbox)
    assert names(sandbox, "one") == []
    assert [name for _, _, name in names(sandbox, "other")] == ["Other"]
    assert "pending" not in lines(sandbox)[INITAL]


def test_what_is_given_up_stays_so_where_an_import_of_its_file_again_is_cut_off(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), unit("child", "missing")))
    imported(sandbox, exit_code=1)
    imported(sandbox, "--accept-rejects")
    sandbox.put(MARCH, org(unit("missing", "top")))
    sandbox.mo.intercept = lambda request, phase: (
        Drop() if phase is Phase.BEFORE and written_objects(request) else None
    )
    assert sandbox.run("--since", "2026-01-01", hasty=True).returncode == 69
    assert {"under_way", "given_up"} <= lines(sandbox)[INITAL].keys()
    sandbox.mo.intercept = None
    imported(sandbox)
    assert [name for _, _, name in names(sandbox, "missing")] == ["Missing"]
    assert names(sandbox, "child") == []
    assert lines(sandbox)[INITAL]["given_up"] == [3]


def test_accept_rejects_gives_nothing_up_of_what_has_healed_in_the_same_run(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), unit("child", "missing", OrgEnhedsNavn="First")))
    imported(sandbox, exit_code=1)
    sandbox.put(FEBRUARY, org(unit("missing", "top"), called("child", "February")))
    imported(sandbox, "--accept-rejects")
    # The row is in MO, and stays what the later one is folded on.
    first_then_february = [("2020-01-01", "2026-01-31", "First"), ("2026-02-01", None, "February")]
    assert names(sandbox, "child") == first_then_february
    imported(sandbox, "--since", "2026-01-01")
    assert names(sandbox, "child") == first_then_february


def test_accept_rejects_of_a_row_that_waits_for_its_address_gives_up_the_address_alone(
    sandbox: Sandbox,
) -> None:
    sandbox.dar.intercept = lambda request, phase: Answer.text(410, "gone")
    sandbox.put(INITAL, org(unit("top"), called("child", "First", PostAdresse="Vej 1, 8000 Aarhus C")))
    columns = [column for column in ORG if column != "PostAdresse"]
    sandbox.put(FEBRUARY, table(columns, [called("child", "February")]))
    imported(sandbox, exit_code=1)
    assert lines(sandbox)[INITAL]["pending"] == [3]
    imported(sandbox, "--accept-rejects")
    assert "pending" not in lines(sandbox)[INITAL]
    sandbox.dar.intercept = None
    imported(sandbox, "--since", "2026-01-01")
    assert names(sandbox, "child") == [
        ("2020-01-01", "2026-01-31", "First"),
        ("2026-02-01", None, "February"),
    ]


def test_accept_rejects_of_a_row_that_does_not_wait_gives_nothing_up_and_says_so(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), unit("child", "missing")))
    imported(sandbox, exit_code=1)
    for row in (f"{INITAL}:2", f"{INITAL}:99", f"{MARCH}:3"):
        told = imported(sandbox, "--accept-rejects", row, exit_code=1)
        assert "(given up)" not in told
        assert f"{row} is no pending row: nothing of it is given up" in told
    assert lines(sandbox)[INITAL]["pending"] == [3]


def test_accept_rejects_gives_up_what_can_no_longer_be_tried(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), unit("child", "missing")))
    sandbox.put(MARCH, org(called("other", "March")))
    imported(sandbox, exit_code=1)
    sandbox.remove(INITAL)
    (kept(sandbox) / INITAL).unlink()
    told = imported(sandbox, exit_code=1)
    assert f"{INITAL}: it has pending rows, and its bytes are neither on the server nor kept" in told
    assert "--accept-rejects" in told
    imported(sandbox, "--accept-rejects")
    assert "pending" not in lines(sandbox)[INITAL]


def test_what_is_given_up_is_not_tried_without_the_files_that_it_is_folded_with(sandbox: Sandbox) -> None:
    until_june = unit("child", "missing", end="2025-06-30", OrgEnhedsNavn="First")
    sandbox.put(INITAL, org(unit("top"), until_june))
    sandbox.put(FEBRUARY, org(called("child", "February", start="2026-02-01")))
    imported(sandbox, exit_code=1)
    february = names(sandbox, "child")
    assert february == [("2026-02-01", None, "February")]
    sandbox.remove(FEBRUARY)
    (kept(sandbox) / FEBRUARY).unlink()
    # What the row waits for has come, and what was said after it is gone.
    sandbox.put(MARCH, org(unit("missing", "top")))
    imported(sandbox, "--accept-rejects")
    assert names(sandbox, "child") == february
    line = lines(sandbox)[INITAL]
    assert (line.get("pending"), line["given_up"]) == (None, [3])


def test_a_corrected_file_needs_no_file_whose_row_it_has_superseded(sandbox: Sandbox) -> None:
    """A row that is superseded has claimed nothing."""
    sandbox.put(INITAL, org(unit("top")))
    sandbox.put(FEBRUARY, org(unit("child", "missing")))
    imported(sandbox, exit_code=1)
    sandbox.put(MARCH, org(called("child", "March", start="2026-03-01")))
    imported(sandbox)
    assert lines(sandbox)[FEBRUARY]["given_up"] == [2]
    sandbox.remove(FEBRUARY)
    sandbox.put(MARCH, org(called("child", "Marts", start="2026-03-01")))
    imported(sandbox)
    assert names(sandbox, "child") == [("2026-03-01", None, "Marts")]


def test_a_row_that_can_no_longer_be_tried_is_given_up_by_its_place_too(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), unit("one", "missing"), unit("other", "missing")))
    sandbox.put(MARCH, org(called("third", "March")))
    imported(sandbox, exit_code=1)
    sandbox.remove(INITAL)
    (kept(sandbox) / INITAL).unlink()
    told = imported(sandbox, "--accept-rejects", f"{INITAL}:3", exit_code=1)
    assert "is no pending row" not in told
    assert f"{INITAL}: it has pending rows, and its bytes are neither on the server nor kept" in told
    line = lines(sandbox)[INITAL]
    assert (line["pending"], line["given_up"]) == ([4], [3])
    told = imported(sandbox, "--accept-rejects", f"{INITAL}:4")
    assert "refused" not in told
    line = lines(sandbox)[INITAL]
    assert (line.get("pending"), line["given_up"]) == (None, [3, 4])
    assert "No rows were read" in imported(sandbox)


def test_a_row_heals_whose_file_left_the_server_more_than_a_year_ago(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), unit("child", "missing")))
    imported(sandbox, exit_code=1)
    sandbox.remove(INITAL)
    seen = lines(sandbox)[INITAL]["seen"]
    written = sandbox.state_file.read_text()
    sandbox.state_file.write_text(written.replace(f'"seen": "{seen}"', '"seen": "2024-01-01"'))
    sandbox.put(MARCH, org(unit("missing", "top")))
    imported(sandbox)
    assert names(sandbox, "child") == [("2020-01-01", None, "Child")]
    # It stayed in the state for the sake of the row alone.
    assert lines(sandbox).keys() == {MARCH}


def test_what_a_waiting_row_is_folded_with_is_remembered_as_long_as_it_waits(sandbox: Sandbox) -> None:
    until_june = unit("child", "missing", end="2025-06-30", OrgEnhedsNavn="First")
    sandbox.put(INITAL, org(unit("top"), until_june))
    sandbox.put(FEBRUARY, org(called("child", "February", start="2026-02-01")))
    imported(sandbox, exit_code=1)
    for name in (INITAL, FEBRUARY):
        sandbox.remove(name)
    seen = lines(sandbox)[INITAL]["seen"]
    written = sandbox.state_file.read_text()
    sandbox.state_file.write_text(written.replace(f'"seen": "{seen}"', '"seen": "2024-01-01"'))
    sandbox.put(MARCH, org(called("other", "Other")))
    imported(sandbox, exit_code=1)
    sandbox.put(APRIL, org(unit("missing", "top")))
    imported(sandbox)
    assert names(sandbox, "child") == [
        ("2020-01-01", "2025-06-30", "First"),
        ("2026-02-01", None, "February"),
    ]
    assert lines(sandbox).keys() == {MARCH, APRIL}


# Corrections and repetitions


def test_a_corrected_upload_under_the_old_name_heals_what_was_rejected(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), called("good", "Good"), called("bad", "Bad", start="31-02-2020")))
    told = imported(sandbox, exit_code=1)
    assert f"{INITAL}:4: StartDato: a date that does not exist" in told
    assert "pending" not in lines(sandbox)[INITAL], "wrong in itself: trying again does not help"
    sandbox.put(MARCH, org(called("good", "March")))
    assert INITAL not in imported(sandbox)
    before = lines(sandbox)[INITAL]["sha256"]
    corrected = org(unit("top"), called("good", "Better"), called("bad", "Bad", start="28-02-2020"))
    sandbox.put(INITAL, corrected)
    imported(sandbox)
    assert names(sandbox, "bad") == [("2020-02-28", None, "Bad")]
    assert names(sandbox, "good") == [("2020-01-01", "2026-02-28", "Better"), ("2026-03-01", None, "March")]
    assert not (sandbox.reports / f"rejected_{INITAL}").exists()
    assert lines(sandbox)[INITAL]["sha256"] != before


def test_since_imports_again_and_harms_nothing(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), called("one", "First", LOSID="1", EAN="5790000000001")))
    sandbox.put(FEBRUARY, org(called("one", "February", LOSID="1")))
    sandbox.put(MARCH, org(called("one", "March", LOSID="1", end="2026-12-31")))
    imported(sandbox)
    mo = sandbox.state()
    sandbox.writes()
    imported(sandbox, "--since", "2026-01-01")
    assert sandbox.writes() == 0
    assert sandbox.state() == mo
    # What somebody changed in MO by hand comes right again, on all days that the files say anything of.
    with sandbox.store.transaction():
        for month in (2, 3):
            day = datetime(2026, month, 10).date()
            sandbox.store.edit("org_unit", uuid_of("one"), day, day, {"name": "By hand"})
    assert f"{FEBRUARY}:" not in imported(sandbox, "--since", "2026-03-01")
    assert [name for _, _, name in names(sandbox, "one")] == ["First", "February", "March"]
    imported(sandbox, "--since", "2026-02-01")
    assert sandbox.state() == mo


def test_since_repeated_writes_nothing_where_a_file_has_but_a_superseded_row_of_a_unit(
    sandbox: Sandbox,
) -> None:
    """It does not speak of that unit: what is folded goes not back to it for having been imported again."""
    ahead = "Org_ret_20260210_220000.csv"
    line = {"Med_i_LinjeOrg": "True"}
    sandbox.put(INITAL, org(unit("top"), unit("one", "top", **line)))
    sandbox.put(FEBRUARY, org(unit("one", "top"), unit("one", "missing", start="2026-03-10")))
    sandbox.put(ahead, org(unit("one", "missing", start="2026-03-15", **line)))
    imported(sandbox, exit_code=1)
    sandbox.put(MARCH, org(unit("one", "top")))
    imported(sandbox)
    assert (lines(sandbox)[FEBRUARY]["given_up"], lines(sandbox)[ahead]["given_up"]) == ([3], [2])
    imported(sandbox, "--since", "2026-02-05")
    mo = sandbox.state()
    sandbox.writes()
    imported(sandbox, "--since", "2026-02-05")
    assert sandbox.writes() == 0
    assert sandbox.state() == mo


# What is not imported, and how it heals

NEAR = ("Org_nye_20260110.csv", "org_ret_20260110_220000.csv", "Org_nye_20260110_220000.csv.filepart")
FOREIGN = ("xxxxOrg_nye_20260110_220000.csv", "notes.txt", "upload.tmp")
FUTURE = f"Org_nye_{datetime.now() + timedelta(days=3):%Y%m%d}_220000.csv"
IMPOSSIBLE = "Org_nye_20261345_220000.csv"


@dataclass
class Night:
    """A drop in which next to nothing is as it must be, and what the import of it told."""

    sandbox: Sandbox
    told: str


@pytest.fixture
def night(sandbox: Sandbox) -> Night:
    header = ["SlutDato", "Fremmed", *(column for column in ORG if column != "SlutDato")]
    text = io.StringIO()
    writer = csv.DictWriter(text, header, delimiter=";", restval="")
    writer.writeheader()
    for row in (
        unit("top"),
        called("bad", "Bad; with a delimiter", start="2020-13-01") | {"Fremmed": "=1+1"},
        unit("child", "missing"),
    ):
        writer.writerow(row)
    sandbox.put(INITAL, text.getvalue().encode("cp1252"))
    sandbox.put(FEBRUARY, org(called("one", "February")).replace("ParentUUID", "Overenhed"))
    sandbox.put(MARCH, org(called("two", "March")))
    sandbox.put(APRIL, b"")
    for name in (*NEAR, *FOREIGN, FUTURE, IMPOSSIBLE):
        sandbox.put(name, org(unit(name)))
    (sandbox.drop / "Org_nye_20260111_220000.csv").mkdir()
    return Night(sandbox, imported(sandbox, exit_code=65))


def test_a_broken_file_is_refused_while_the_others_are_imported_and_healed_by_a_new_upload(
    night: Night,
) -> None:
    sandbox = night.sandbox
    assert f"{FEBRUARY}: its header lacks ParentUUID" in night.told
    assert "exit 65" in night.told.splitlines()[-1]
    assert lines(sandbox).keys() == {INITAL, MARCH}
    assert sandbox.state()["org_unit"].keys() == {uuid_of("top"), uuid_of("two")}
    sandbox.put(FEBRUARY, org(called("one", "February"), called("two", "February")))
    sandbox.put(APRIL, org(called("one", "April")))
    imported(sandbox, exit_code=1)
    assert names(sandbox, "one") == [("2020-01-01", "2026-03-31", "February"), ("2026-04-01", None, "April")]
    # As if it had come in its place: the later file is then a change.
    assert names(sandbox, "two") == [("2020-01-01", "2026-02-28", "February"), ("2026-03-01", None, "March")]


def test_files_that_are_not_imported_are_named_with_the_reason_and_foreign_ones_are_not(night: Night) -> None:
    for name in NEAR:
        assert f"{name!r} is not read: looks like a file of the drop" in night.told
    for name in FOREIGN:
        assert name not in night.told
    assert "Org_nye_20260111_220000.csv" not in night.told, "a folder is no file"
    assert f"{FUTURE}: the date in its name is in the future" in night.told
    assert f"{IMPOSSIBLE}: the date and time in its name do not exist" in night.told
    assert f"{APRIL} is empty: it waits for the next run" in night.told


def test_the_reject_file_names_line_column_and_reason_beside_the_original_row(night: Night) -> None:
    path = night.sandbox.reports / f"rejected_{INITAL}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    bad, child = rejected(night.sandbox, INITAL)
    assert list(bad)[:5] == ["line", "column", "reason", "SlutDato", "Fremmed"]
    assert list(bad)[5:] == [column for column in ORG if column != "SlutDato"]
    assert (bad["line"], bad["column"]) == ("3", "StartDato")
    assert bad["reason"] == "a date that does not exist"
    assert (bad["OrgEnhedsNavn"], bad["StartDato"]) == ("Bad; with a delimiter", "2020-13-01")
    assert bad["Fremmed"] == "'=1+1", "a spreadsheet shows it instead of running it"
    assert (child["line"], child["column"]) == ("4", "ParentUUID")
    assert child["reason"] == f"neither MO nor the drop has the parent {uuid_of('missing')}"
    assert child["BrugervendtNøgle"] == "child"
    assert f"{INITAL}:3: StartDato: a date that does not exist" in night.told


def test_a_date_in_the_future_alone_is_exit_1(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top")))
    sandbox.put(FUTURE, org(unit("future", "top")))
    imported(sandbox, exit_code=1)
    assert lines(sandbox).keys() == {INITAL}
    assert sandbox.state()["org_unit"].keys() == {uuid_of("top")}


@pytest.mark.slow
def test_a_good_version_that_is_overwritten_by_a_broken_one_stays_in_mo(sandbox: Sandbox) -> None:
    sandbox.put(INITAL, org(unit("top"), called("one", "First")))
    sandbox.put(MARCH, org(called("one", "March")))
    imported(sandbox)
    state, mo = lines(sandbox)[MARCH]["sha256"], sandbox.state()
    sandbox.put(MARCH, b"\xff\xfe\x00\x00not a file of the drop")
    imported(sandbox, exit_code=65)
    assert sandbox.state() == mo
    assert lines(sandbox)[MARCH]["sha256"] == state
    # A late file cannot be folded with what can no longer be read.
    sandbox.put(FEBRUARY, org(called("one", "February")))
    told = imported(sandbox, exit_code=65)
    assert f"{FEBRUARY}: it comes late" in told
    assert sandbox.state() == mo
