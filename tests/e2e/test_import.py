"""The import of class lists and org units as a whole: `los-import` as a process, over real sockets, end states asserted."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from aarhus_los.clock import now
from aarhus_los.sandbox.http_stand_in import Action, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.stage import importer_environment
from aarhus_los.uuids import LINE_ORGANISATION
from tests.e2e.drops import (
    CHANGED,
    CHANGES,
    DAY_OF_CHANGE,
    FIRST_FILES,
    NEW,
    TYPES,
    State,
    office,
    put_files,
    put_first_files,
    said,
    told,
    type_list,
)
from tests.e2e.harness import Sandbox, table_line
from tests.e2e.los_files import address_of, org, unit, uuid_of

FIRST = {TYPES: type_list(), **FIRST_FILES}
EVE = DAY_OF_CHANGE - timedelta(days=1)
LOS_IMPORT = Path(sys.executable).with_name("los-import")


def history(state: State, kind: str, uuid: str, field: str) -> list[tuple[str, str | None, Any]]:
    return [(each["from"], each["to"], each[field]) for each in state[kind].get(uuid, [])]


def kept_by(sandbox: Sandbox) -> dict[str, bytes]:
    """Everything that the importer has on its disk."""
    return {str(path): path.read_bytes() for path in sandbox.stage.home.rglob("*") if path.is_file()}


def test_a_second_run_on_the_same_drop_writes_nothing(sandbox: Sandbox) -> None:
    put_first_files(sandbox)
    first = sandbox.run()
    assert (first.returncode, first.stderr) == (0, ""), first.stdout
    assert sandbox.writes() > 50
    assert said(sandbox.store) == told(FIRST)
    assert "MO: 71 operations: 71 acknowledged, 0 failed\n" in first.stdout
    assert first.stdout.endswith(
        "Done. 11 rows (0 unchanged, 11 applied, 0 superseded, 0 set aside), 71 writes, exit 0.\n"
    )

    mo = sandbox.state()
    again = sandbox.run("-q")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    since = sandbox.run("import", "--since", "2020-01-01")
    assert (since.returncode, since.stderr) == (0, ""), since.stdout
    assert "11 rows (11 unchanged, 0 applied, 0 superseded, 0 set aside), 0 writes" in since.stdout
    assert sandbox.writes() == 0
    assert sandbox.state() == mo


@pytest.mark.parametrize("version", [21, 27, 28])
def test_an_older_mo_gives_root_units_the_organisation_as_their_parent(
    sandbox: Sandbox, version: int
) -> None:
    sandbox.configure(graphql_version=version)
    sandbox.put("Org_inital_20260101_220000.csv", org(unit("top"), unit("child", "top")))
    first = sandbox.run()
    assert first.returncode == 0, first.stdout
    # Whose unit above is none is no news: nothing moves, and nothing is written again.
    sandbox.writes()
    again = sandbox.run("--since", "2026-01-01")
    assert (again.returncode, sandbox.writes()) == (0, 0), again.stdout


def test_every_history_in_mo_is_what_the_rows_say(imported: Sandbox) -> None:
    before = said(imported.store)
    put_files(imported, CHANGES)
    done = imported.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout

    state = imported.state()
    assert said(imported.store) == told({TYPES: FIRST[TYPES], **CHANGES}, before) == told(FIRST | CHANGES)

    # closed ahead and closed late, each with its addresses
    assert history(state, "org_unit", uuid_of("bibl"), "name")[-1][:2] == ("2025-07-01", "2026-03-31")
    assert history(state, "address", address_of("bibl", "EAN"), "value")[-1][1] == "2026-03-31"
    assert history(state, "org_unit", uuid_of("barn"), "name")[-1][1] == "2026-01-31"
    assert history(state, "address", address_of("barn", "EAN"), "value")[-1][1] == "2026-01-31"
    # emptied
    assert history(state, "address", address_of("øko", "EAN"), "value")[-1][:2] == ("2024-01-01", str(EVE))
    assert history(state, "address", address_of("øko", "IntDebitor-Nr"), "value") == [
        ("2024-01-01", None, "17")
    ]
    # taken out of the line organisation
    assert history(state, "org_unit", uuid_of("mor"), "org_unit_hierarchy") == [
        ("2024-01-01", str(EVE), LINE_ORGANISATION),
        (str(DAY_OF_CHANGE), None, None),
    ]
    # a gap stays a gap
    assert [days[:2] for days in history(state, "org_unit", uuid_of("skov"), "name")] == [
        ("2024-01-01", "2025-12-31"),
        ("2026-03-01", None),
    ]


def test_a_plan_writes_nothing_and_tells_what_the_import_then_does(imported: Sandbox) -> None:
    put_files(imported, CHANGES)
    imported.put(TYPES, type_list(Kontor="Kontorer"))
    mo, disk = imported.state(), kept_by(imported)
    imported.writes()
    planned = imported.run("plan", "--json")
    assert (planned.returncode, planned.stderr) == (0, ""), planned.stdout
    assert (imported.writes(), imported.state(), kept_by(imported)) == (0, mo, disk)
    assert not imported.reports.exists()

    told = imported.run("plan", "-v")
    assert (
        f"  ~ Øko: changed from {DAY_OF_CHANGE}: EAN nummer: 5790000000597 → –, Postadresse: DAR"
        in told.stdout
    )
    hr = f"~ Mennesker: renamed from {DAY_OF_CHANGE}: name: Hr → Mennesker, Magkort: M-4 → M-5"
    assert f"  {hr}\n    {uuid_of('hr')} ({CHANGED}:6)\n" in told.stdout
    assert uuid_of("hr") not in imported.run("plan").stdout

    assert imported.run().returncode == 0
    (record,) = imported.reports.glob("run_*.json")
    written = json.loads(record.read_text(encoding="utf-8"))["written"]
    assert sorted(written, key=json.dumps) == sorted(json.loads(planned.stdout)["plan"], key=json.dumps)


def test_a_plan_of_a_first_import_leaves_no_trace(sandbox: Sandbox) -> None:
    put_first_files(sandbox)
    disk = kept_by(sandbox)
    done = subprocess.run(
        [LOS_IMPORT, "--settings", sandbox.settings_path, "plan"],
        env=importer_environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert re.search(rf"^org units +{len(told(FIRST)['unit'])} +0 +0 +0$", done.stdout, re.M)
    assert (sandbox.writes(), kept_by(sandbox)) == (0, disk)
    assert not any(sandbox.state().values())


def test_bad_rows_are_named_and_all_else_is_imported(imported: Sandbox) -> None:
    rows = [
        office("god", "skæv", start="2026-02-01"),
        office("dårlig", start="31-02-2026"),
        office("ensom", "savnet", start="2026-02-01"),
        office("skæv", start="2026-02-01", EAN="57980", P_Nr="1003000003"),
    ]
    imported.put(NEW, org(*rows))
    done = imported.run()
    assert done.returncode == 1
    lonely = f"{NEW}:4: ParentUUID: neither MO nor the drop has the parent {uuid_of('savnet')}"
    assert f"  {lonely} (pending: tried again with the next run)\n" in done.stdout
    assert f"  {NEW}:3: StartDato: " in done.stdout
    assert f"  {NEW}:5: EAN" in done.stdout
    assert table_line(done.stdout, NEW) == ["4", "0", "2", "0", "2", "1"]
    *_, mend, wait, last = done.stdout.splitlines()
    assert "mended and sent again" in mend
    assert "`los-import --accept-rejects` gives them up" in wait
    assert last.startswith("Done, but some rows or values are set aside.")
    state = imported.state()
    assert {uuid_of("god"), uuid_of("skæv")} <= set(state["org_unit"])
    assert not {uuid_of("dårlig"), uuid_of("ensom")} & set(state["org_unit"])
    assert address_of("skæv", "P-Nr") in state["address"]
    assert address_of("skæv", "EAN") not in state["address"]
    rejected = imported.reports / f"rejected_{NEW}"
    listed = list(csv.DictReader(rejected.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert [(row["line"], row["column"], row["OrgEnhedsNavn"]) for row in listed] == [
        ("3", "StartDato", "Dårlig"),
        ("4", "ParentUUID", "Ensom"),
    ]
    assert rejected.stat().st_mode & 0o077 == 0

    imported.writes()
    again = imported.run()
    assert again.returncode == 1
    assert lonely in again.stdout
    assert f"  {NEW}: read again for its pending rows" in again.stdout
    assert f"{NEW}:3" not in again.stdout
    assert (imported.writes(), imported.state()) == (0, state)

    imported.put("Org_nye_20260210_220000.csv", org(office("savnet", start="2026-02-01")))
    healed = imported.run()
    assert (healed.returncode, healed.stderr) == (0, ""), healed.stdout
    assert history(imported.state(), "org_unit", uuid_of("ensom"), "parent") == [
        ("2026-02-01", None, uuid_of("savnet"))
    ]
    assert imported.run("-q").stdout == ""
    assert imported.writes() == 4


def test_class_lists_make_and_retitle_classes_and_end_none(imported: Sandbox) -> None:
    imported.put(TYPES, type_list(Skole="Skole", Museum="Museum"))
    assert imported.run("-q").returncode == 0
    text = type_list(Kontor="Kontor og sekretariat", Skole="Skole")
    imported.put(TYPES, text)
    done = imported.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert (
        f"{TYPES}: MO has classes that it does not list, they are left as they are: 'Museum'" in done.stdout
    )
    classes = imported.state()["class"]
    (facet,) = {each["facet_uuid"] for each in classes[uuid_of("Kontor")]}
    assert imported.state()["facet"][facet][0]["user_key"] == "org_unit_type"
    titles = [(each["name"], each["user_key"], each["to"]) for each in classes[uuid_of("Kontor")]]
    yesterday = now().date() - timedelta(days=1)
    assert titles == [
        ("Kontor", "Kontor", str(yesterday)),
        ("Kontor og sekretariat", "Kontor og sekretariat", None),
    ]
    for key in ("Skole", "Museum"):
        assert [(each["name"], each["to"], each["published"]) for each in classes[uuid_of(key)]] == [
            (key, None, "Publiceret")
        ]


def test_facets_that_another_set_up_made_are_found_by_their_user_key(sandbox: Sandbox) -> None:
    path = Path(__file__).parents[1] / "data" / "mo" / "seed.json"
    seed = json.loads(path.read_text(encoding="utf-8"))
    sandbox.store.restore(MoStore.seeded(seed).snapshot())
    before = sandbox.state()
    put_first_files(sandbox)
    done = sandbox.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    state = sandbox.state()
    assert said(sandbox.store) == told(FIRST)
    assert state["class"][uuid_of("Kontor")][0]["facet_uuid"] == seed["facets"]["org_unit_type"]
    keys = [validity["user_key"] for each in state["facet"].values() for validity in each]
    assert len(keys) == len(set(keys))
    for kind in ("facet", "class", "itsystem"):
        assert before[kind].items() <= state[kind].items()


@pytest.mark.parametrize(
    ("args", "texts"),
    [
        (["--wrong"], ("No such option", "--wrong")),
        (["imprt"], ("No such command", "'imprt'")),
        (["import", "--since", "yesterday"], ("--since", "'yesterday'")),
    ],
)
def test_a_wrong_command_line_is_told(sandbox: Sandbox, args: list[str], texts: tuple[str, ...]) -> None:
    done = sandbox.run(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert all(text in done.stderr for text in texts)
    assert "Traceback" not in done.stderr
    assert sandbox.requests() == []


def test_a_wrong_setting_is_one_line_with_its_key_and_place(sandbox: Sandbox) -> None:
    sandbox.configure(concurrency="many")
    done = sandbox.run()
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "integrations.aarhus_los.concurrency" in line
    assert str(sandbox.settings_path) in line
    assert "Traceback" not in done.stderr
    assert kept_by(sandbox).keys() == {str(sandbox.settings_path)}


@pytest.mark.parametrize(
    "broken",
    [b"", b'2026-01-05T22:00:00+01:00\n{"name": "Org_\n'],
    ids=["empty", "half a line"],
)
def test_a_broken_state_stops_the_run_before_anything_is_sent(sandbox: Sandbox, broken: bytes) -> None:
    put_first_files(sandbox)
    sandbox.state_file.write_bytes(broken)
    done = sandbox.run()
    assert (done.returncode, done.stdout) == (74, "")
    assert f"the state file {sandbox.state_file} " in done.stderr
    assert sandbox.state_file.read_bytes() == broken
    assert sandbox.requests() == []


def test_a_second_run_at_the_same_time_is_kept_out(sandbox: Sandbox) -> None:
    put_first_files(sandbox)
    sandbox.configure(concurrency=1)
    writing, go_on = Event(), Event()

    def hold(request: Request, phase: Phase) -> Action | None:
        if written_objects(request) and phase is Phase.BEFORE:
            writing.set()
            assert go_on.wait(30)
        return None

    sandbox.mo.intercept = hold
    first = sandbox.start()
    assert writing.wait(30)
    asked = len(sandbox.requests())
    second = sandbox.run()
    assert (second.returncode, second.stdout) == (75, "")
    assert f"another run is under way: process {first.pid} since {now().date()}T" in second.stderr
    assert len(sandbox.requests()) == asked
    go_on.set()
    assert first.communicate(timeout=60)[1] == ""
    assert first.returncode == 0


NOBODY = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({"MORA_BASE": NOBODY}, f"MO at {NOBODY}: no connection"),
        ({"AUTH_SERVER": f"{NOBODY}/auth"}, "the token endpoint http://127.0.0.1:1/auth"),
        ({"CLIENT_SECRET": "not-this-one"}, "refuses the client id or the client secret (401)"),
    ],
    ids=["MO is not there", "no token endpoint", "secret refused"],
)
def test_without_mo_nothing_is_done(imported: Sandbox, environ: dict[str, str], text: str) -> None:
    put_files(imported, CHANGES)
    state, mo = imported.state_file.read_bytes(), imported.state()
    done = imported.run(environ={"LOS_IMPORT_RETRY_SECONDS": "0", **environ})
    assert done.returncode == 69
    assert text in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert "not-this-one" not in done.stderr + done.stdout
    assert (imported.state_file.read_bytes(), imported.state()) == (state, mo)


def test_rest_switched_off_at_mo_is_told(imported: Sandbox) -> None:
    put_files(imported, CHANGES)
    claimed, mo = imported.claimed(), said(imported.store)
    imported.mo.rest_enabled = False
    done = imported.run(environ={"LOS_IMPORT_MO_API": "rest"})
    assert done.returncode == 69
    assert "its operator has switched the REST API off (/service)" in done.stderr + done.stdout
    assert (imported.claimed(), said(imported.store)) == (claimed, mo)
    imported.mo.rest_enabled = True
    assert imported.run("-q").returncode == 0
    assert said(imported.store) == told({TYPES: FIRST[TYPES], **CHANGES}, mo)
