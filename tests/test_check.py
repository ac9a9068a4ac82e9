"""`los-import check`: every failure that it can find, against real servers on loopback, and that it leaves no trace."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import prometheus_client  # noqa: F401
import pytest
from msgspec.structs import replace

from aarhus_los import clock
from aarhus_los.check import check, exit_code, findings_blocks
from aarhus_los.checks.findings import Finding, Status
from aarhus_los.checks.machine import folders
from aarhus_los.checks.mo import realm_roles
from aarhus_los.initial import SEED_CLASSES
from aarhus_los.ledger import Line, State, load_state, save_state
from aarhus_los.lock import locked
from aarhus_los.report.blocks import plain
from aarhus_los.run import Options, import_drop
from aarhus_los.sandbox.ftp_server import PASSWORD, USER, FtpServer
from aarhus_los.sandbox.http_stand_in import Answer, Drop, Intercept, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from aarhus_los.sandbox.sample import first_drop
from aarhus_los.sandbox.stage import DAR_TOKEN, Stage, importer_environment
from aarhus_los.settings import load_settings
from aarhus_los.sources import connection
from tests import here
from tests.machine import as_user
from tests.memory_source import org

NOBODY = 65534
OK, WARNING, FAILURE = Status.OK, Status.WARNING, Status.FAILURE


class Bench:
    """A stage with an importer that can be checked, whose settings a test changes."""

    def __init__(self, stage: Stage, drop: Path) -> None:
        self.stage = stage
        self.drop = drop
        self.environ: dict[str, str] = {}
        (drop / "Org_nye_20210128_123742.csv").write_bytes(org(1))

    def check(self, **settings: object) -> list[Finding]:
        self.write(**settings)
        found = check(load_settings(self.stage.settings_path, environ=self.environ))
        for secret in (self.stage.mo.client_secret, DAR_TOKEN, PASSWORD):
            assert secret not in "".join(map(str, found))
        return found

    def write(self, **settings: object) -> None:
        own = {key: value for key, value in settings.items() if "." not in key}
        self.stage.write_settings({"import_csv_folder": str(self.drop), **own})
        shared = {key: value for key, value in settings.items() if "." in key}
        content = json.loads(self.stage.settings_path.read_text("utf-8"))
        self.stage.settings_path.write_text(json.dumps(content | shared), encoding="utf-8")

    def import_drop(self) -> None:
        import_drop(load_settings(self.stage.settings_path, environ={}), Options(), lambda *_: None)

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return here.run(
            ["check", *args, "--settings", self.stage.settings_path],
            env=importer_environment(),
            cwd=self.stage.home,
        )


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for folder in ("home", "drop"):
        (tmp_path / folder).mkdir(mode=0o700)
    with Stage(tmp_path / "home") as stage:
        yield Bench(stage, tmp_path / "drop")


def of(found: list[Finding], subject: str) -> list[Finding]:
    return [each for each in found if each.subject == subject]


def problems(found: list[Finding]) -> list[str]:
    return [f"{each.status} {each.subject}" for each in found if each.status is not OK]


def findings_text(findings: list[Finding]) -> str:
    return plain(findings_blocks(findings))


def told(found: list[Finding], subject: str, status: Status, code: int = 69) -> str:
    """The text of what is found of a subject, which must be just one line of that status."""
    (only,) = (each for each in of(found, subject) if each.status is status)
    assert exit_code(found) == (code if status is FAILURE else exit_code(found))
    return only.text


def answering(path: str, answer: Answer | Drop) -> Intercept:
    """Answers all requests to a path so."""

    def intercept(request: Request, phase: Phase) -> Answer | Drop | None:
        return answer if request.path.startswith(path) else None

    return intercept


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def snapshot(folder: Path) -> dict[str, tuple[Any, ...]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_mode, path.is_file() and path.read_bytes())
        for path in [folder, *folder.rglob("*")]
    }


# --- a check of everything


def test_before_the_first_import_all_is_well_but_for_the_state_that_is_not_there(bench: Bench) -> None:
    found = bench.check()
    assert problems(found) == ["warning state"]
    assert "ok       MO GraphQL: version 30 answers\n" in findings_text(found)
    assert exit_code(found) == 0
    assert findings_text(found).endswith("An import would get through: 0 failures, 1 warning.\n")
    assert "first import" in told(found, "state", WARNING)
    assert "the first import makes it" in told(found, "report folder", OK)
    assert "not there yet: 14 of kind facet, 28 of kind class, 1 of kind itsystem" in told(
        found, "MO seed", OK
    )


def test_a_check_writes_nothing_anywhere(bench: Bench, tmp_path: Path) -> None:
    """Neither before a first import, which would make folders, nor after one, beside a state and a cache."""
    for name, content in first_drop().items():
        (bench.drop / name).write_bytes(content)
    (bench.drop / "Org_nye_20210128_123742.csv").unlink()
    for _ in range(2):
        bench.write(metrics_file=str(tmp_path / "home" / "los.prom"))
        before, state, count = snapshot(tmp_path), bench.stage.store.state(), len(bench.stage.mo.requests)
        assert exit_code(check(load_settings(bench.stage.settings_path, environ={}))) == 0
        assert snapshot(tmp_path) == before
        assert bench.stage.store.state() == state
        sent = bench.stage.mo.requests[count:]
        assert sent
        assert not any(request.objects for request in sent)
        posts = {request.path.partition("/realms")[0] for request in sent if request.method != "GET"}
        assert posts == {"/graphql/v30", "/auth", "/service/details/create"}  # nothing, to be written
        bench.import_drop()
        assert bench.stage.state_file.exists()


def test_the_command_exits_with_69_for_a_failure_and_is_silent_with_quiet_when_all_is_well(
    bench: Bench,
) -> None:
    bench.write()
    first = bench.run("-q")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("warning  state: "), "a warning is told too"
    bench.import_drop()
    well = bench.run("-q")
    assert (well.returncode, well.stdout, well.stderr) == (0, "", "")
    bench.stage.mo.rest_enabled = False
    bench.write(mo_api="rest")
    failed = bench.run("-q")
    assert (failed.returncode, failed.stderr) == (69, "")
    assert "failure  MO REST: " in failed.stdout
    assert "ok  " not in failed.stdout
    whole = bench.run().stdout.splitlines()
    at = whole.index("Settings in force:")
    assert not [line for line in whole[:at] if line.startswith("ok       setting")]
    assert (
        whole[at + 1].startswith("  state_file: ")
        and whole[-1] == "An import would not get through: 1 failure, 0 warnings."
    )
    record = json.loads(bench.run("--json").stdout)
    assert (record["format"], record["exit_code"]) == (1, 69)
    assert [each["subject"] for each in record["findings"] if each["status"] == "failure"] == ["MO REST"]


# --- this machine


def test_settings_are_told_with_their_origins_and_secrets_masked(bench: Bench) -> None:
    bench.environ = {"LOS_IMPORT_CHUNK_SIZE": "7", "LOS_IMPORT_CHUNKSIZE": "8"}
    found = bench.check(ftp_pass=PASSWORD)
    assert told(found, "setting chunk_size", OK) == "7 (LOS_IMPORT_CHUNK_SIZE (environment))"
    assert told(found, "setting ftp_folder", OK) == "empty (default)"
    assert told(found, "setting ftp_pass", OK).startswith("********** (integrations.aarhus_los.ftp_pass in ")
    assert "LOS_IMPORT_CHUNKSIZE (environment): unknown" in told(found, "settings", WARNING)


def test_the_proxy_in_use_is_told_without_its_login(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(bench.check(), "proxy", OK) == "none is used"
    port = free_port()
    monkeypatch.setenv("http_proxy", f"http://bruger:hemmelig@127.0.0.1:{port}")
    found = bench.check()
    assert "hemmelig" not in findings_text(found)
    text = told(found, "proxy", OK)
    for server in ("MO", "the token endpoint", "the address service"):
        assert f"{server}: 127.0.0.1:{port}" in text
    assert "proxy" in told(found, "MO", FAILURE)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert told(bench.check(), "proxy", OK) == "none is used"


def test_a_broken_state_is_a_failure(bench: Bench) -> None:
    bench.stage.state_file.write_text("", encoding="utf-8")
    assert "is empty: put back the last good copy" in told(bench.check(), "state", FAILURE, 74)


def test_a_state_without_an_import_and_one_of_an_earlier_importer(bench: Bench) -> None:
    bench.stage.state_file.write_text("0001-01-01T00:00:00\n", encoding="utf-8")
    assert "nothing is imported yet" in told(bench.check(), "state", OK)
    bench.stage.state_file.write_text("2026-10-05T22:00:00\n", encoding="utf-8")
    text = told(bench.check(), "state", OK)
    assert "last import 2026-10-05T22:00:00+02:00 by an earlier importer" in text


def test_pending_rows_and_an_import_that_was_cut_off_are_told(bench: Bench) -> None:
    lines = [
        Line("Org_ret_20261001_010203.csv", "00", imported="2026-10-02T04:00:00+02:00", pending=(4, 7)),
        Line("Pers_ret_20261003_010203.csv", "11", imported="2026-10-04T04:00:00+02:00", pending=(9,)),
        Line("Org_ret_20261005_010203.csv", under_way="22"),
    ]
    save_state(bench.stage.state_file, State(clock.now(), {line.name: line for line in lines}, ours=True))
    found = bench.check()
    text = told(found, "pending rows", WARNING)
    assert text.startswith("3 rows of 2 files wait, the oldest since 2026-10-02T04:00:00+02:00")
    assert "Org_ret_20261005_010203.csv" in told(found, "state", WARNING)
    assert exit_code(found) == 0


def test_an_mo_that_is_not_that_of_the_state_is_a_failure(bench: Bench) -> None:
    bench.write()
    bench.import_drop()
    assert told(bench.check(), "MO bookmark", OK)
    state = load_state(bench.stage.state_file)
    later = (clock.now() + timedelta(hours=1)).isoformat()
    save_state(bench.stage.state_file, replace(state, bookmark=later))
    assert "put back to a copy" in told(bench.check(), "MO bookmark", FAILURE, 74)
    save_state(bench.stage.state_file, replace(state, organisation=str(UUID(int=1))))
    assert "of another MO" in told(bench.check(), "MO bookmark", FAILURE, 74)


def test_an_import_under_way_is_told_and_not_disturbed(bench: Bench) -> None:
    with locked(bench.stage.state_file):
        assert f"process {os.getpid()} since" in told(bench.check(), "lock", WARNING)
    assert not of(bench.check(), "lock")
    lock = bench.stage.state_file.with_name("state.lock")
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_lock_file_that_the_import_could_not_use_is_a_failure(bench: Bench) -> None:
    lock = bench.stage.state_file.with_name("state.lock")
    lock.mkdir()
    found = bench.check()
    assert "state.lock" in told(found, "lock", FAILURE, 74)


def test_folders_that_others_can_read_are_told(bench: Bench) -> None:
    bench.stage.home.chmod(0o755)
    bench.stage.reports.mkdir()
    bench.stage.reports.chmod(0o750)
    found = bench.check()
    assert f"chmod 0700 {bench.stage.home}" in told(found, "state folder", WARNING)
    assert f"chmod 0700 {bench.stage.reports}" in told(found, "report folder", WARNING)


def test_what_is_no_folder_is_a_failure(bench: Bench) -> None:
    bench.stage.reports.write_text("a file", encoding="utf-8")
    found = bench.check(queries_folder=str(bench.stage.home / "none"))
    assert "is not a folder" in told(found, "report folder", FAILURE, 74)
    assert "is not there: make it" in told(found, "queries folder", FAILURE, 74)
    below = bench.check(report_folder=str(bench.stage.reports / "below"))
    assert "is not a folder" in told(below, "report folder", FAILURE, 74)
    assert told(bench.check(queries_folder=str(bench.drop)), "queries folder", OK) == str(bench.drop)


def test_folders_that_our_user_may_not_write_are_failures() -> None:
    environ = {
        "LOS_IMPORT_STATE_FILE": "/usr/state",
        "LOS_IMPORT_REPORT_FOLDER": "/usr/los/reports",
        "LOS_IMPORT_QUERIES_FOLDER": "/usr",
        "LOS_IMPORT_METRICS_FILE": "/usr/los.prom",
    }
    settings = load_settings(environ=environ)
    found = _as_nobody(lambda: "\n".join(map(str, folders(settings))))
    assert found.splitlines() == [
        "failure  state folder: /usr cannot be written: set another folder",
        "failure  report folder: /usr cannot be written: set another folder",
        "failure  queries folder: /usr cannot be written: set another folder",
        "failure  metrics: /usr cannot be written: set another folder",
    ]


def _as_nobody(work: Callable[[], str]) -> str:
    """What a user without rights gets: root may write everywhere."""
    return as_user(NOBODY, work) if os.geteuid() == 0 else work()


def test_metrics_that_cannot_be_written_are_a_failure(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = str(bench.stage.home / "none" / "los.prom")
    assert "is not there: make it" in told(bench.check(metrics_file=nowhere), "metrics", FAILURE, 74)
    here = str(bench.stage.home / "los.prom")
    assert told(bench.check(metrics_file=here), "metrics", OK) == here
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert "the extra `metrics`" in told(bench.check(metrics_file=here), "metrics", FAILURE, 2)


# --- the drop


def test_the_drop_is_counted_and_what_would_not_be_read_is_told(bench: Bench) -> None:
    today = clock.now().date()
    late = f"Pers_nye_{today + timedelta(days=9):%Y%m%d}_120000.csv"
    for name in ("STAM_UUID_ITSystem.csv", "Org_nye_20210128.csv", "notes.txt", late):
        (bench.drop / name).write_text("x", encoding="utf-8")
    found = bench.check()
    assert "3 files of the drop (1 STAM, 1 Org, 1 Pers)" in told(found, "drop", OK)
    warnings = [each.text for each in of(found, "drop") if each.status is WARNING]
    assert [text.partition(" is not read: ")[0] for text in warnings] == [
        "'Org_nye_20210128.csv'",
        late,
        "STAM_UUID_ITSystem.csv",  # opened, and found to be none
    ]
    assert exit_code(found) == 0


def test_an_empty_drop_is_a_warning_and_one_that_is_not_there_a_failure(bench: Bench, tmp_path: Path) -> None:
    (bench.drop / "Org_nye_20210128_123742.csv").unlink()
    assert "no file of the drop: is it the right folder?" in told(bench.check(), "drop", FAILURE, 69)
    text = told(bench.check(import_csv_folder=str(tmp_path / "none")), "drop", FAILURE)
    assert "cannot be read" in text


def test_files_dated_in_the_future_are_told(bench: Bench) -> None:
    soon = clock.now() + timedelta(hours=23)
    newest = f"Org_ret_{soon:%Y%m%d_%H%M%S}.csv"
    (bench.drop / newest).write_bytes(org(1))
    assert told(bench.check(), "drop", WARNING).endswith(f"dated in the future: {newest}")
    (bench.drop / newest).unlink()
    ahead = (clock.now() + timedelta(hours=1)).timestamp()
    os.utime(bench.drop / "Org_nye_20210128_123742.csv", (ahead, ahead))
    text = told(bench.check(), "drop", WARNING)
    assert text.startswith("'Org_nye_20210128_123742.csv' was changed in the future: the clock")


def test_an_ftp_server_is_listed_and_told_to_be_in_the_clear(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_PAUSES", (0.0, 0.0))
    with FtpServer(bench.drop) as server:
        url = f"ftp://127.0.0.1:{server.port}"
        login = {"import_csv_folder": None, "ftp_url": url, "ftp_user": USER, "ftp_pass": PASSWORD}
        found = bench.check(**login)
        assert f"{url}/: 1 files of the drop" in told(found, "drop", OK)
        assert "not encrypted" in told(found, "drop", WARNING)
        refused = bench.check(**login | {"ftp_pass": "another"})
        assert "refuses the login" in told(refused, "drop", FAILURE)
        assert "folder is not there" in told(bench.check(**login, ftp_folder="none"), "drop", FAILURE)
        tls = bench.check(**login | {"ftp_url": f"ftps://127.0.0.1:{server.port}"})
        assert "TLS" in told(tls, "drop", FAILURE)
    assert "cannot list the folder" in told(bench.check(**login), "drop", FAILURE)


def test_sftp_without_a_login_is_a_failure(bench: Bench) -> None:
    found = bench.check(import_csv_folder=None, ftp_url="sftp://127.0.0.1")
    assert "ftp_user" in told(found, "drop", FAILURE, 2)


# --- MO


def test_an_mo_that_is_not_there_or_is_none(bench: Bench) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    found = bench.check(**{"mora.base": nowhere})
    assert "no connection" in told(found, "MO", FAILURE)
    assert "next run" not in told(found, "MO", FAILURE)
    assert not of(found, "MO REST")
    bench.stage.mo.intercept = answering("/version/", Answer.json(200, {"name": "something else"}))
    assert "is no MO" in told(bench.check(), "MO", FAILURE)
    bench.stage.mo.intercept = answering("/version/", Answer.json(404, {"detail": "Not Found"}))
    assert "mora.base is not MO's address" in told(bench.check(), "MO", FAILURE)


def test_a_token_that_is_not_given(bench: Bench) -> None:
    wrong = bench.check(client_secret="another secret")
    assert "check the settings client_id and client_secret" in told(wrong, "MO token", FAILURE)
    realm = bench.check(auth_realm="none")
    assert "auth_realm" in told(realm, "MO token", FAILURE)
    nowhere = bench.check(auth_server=f"http://127.0.0.1:{free_port()}/auth")
    assert "no connection" in told(nowhere, "MO token", FAILURE)
    assert not of(nowhere, "MO GraphQL")


def test_without_a_login_an_mo_that_wants_one_is_a_failure(bench: Bench) -> None:
    found = bench.check(client_id=None, client_secret=None, auth_server=None)
    assert "no login is set" in told(found, "MO token", WARNING)
    assert "asks for a token (401)" in told(found, "MO REST", FAILURE)
    assert "asks for a token (401)" in told(found, "MO GraphQL", FAILURE)


def test_a_token_without_the_roles_that_we_need(bench: Bench) -> None:
    bench.stage.mo.tokens.roles = frozenset({"admin"})
    found = bench.check(mo_api="rest")
    assert (
        told(found, "MO roles", FAILURE) == "our client in Keycloak lacks the realm role service_api: give it"
    )
    assert "service_api" in told(found, "MO REST", FAILURE)
    bench.stage.mo.tokens.roles = frozenset({"service_api"})
    found = bench.check()
    assert told(found, "MO roles", FAILURE) == "our client in Keycloak lacks the realm role admin: give it"
    assert "lacks a role" in told(found, "MO GraphQL", FAILURE)
    assert "realm role admin" in told(found, "MO REST", FAILURE)
    bench.stage.mo.tokens.roles = frozenset()
    found = bench.check(mo_api="rest")
    assert "service_api and the realm role admin" in told(found, "MO roles", FAILURE)
    found = bench.check()
    assert told(found, "MO roles", FAILURE) == "our client in Keycloak lacks the realm role admin: give it"
    assert "does not take what we write" in told(found, "MO writes", FAILURE)


def test_a_token_whose_roles_cannot_be_told(bench: Bench) -> None:
    bench.stage.mo.intercept = answering("/auth", Answer.json(200, {"access_token": "opaque"}))
    found = bench.check()
    assert "no JWT" in told(found, "MO roles", WARNING)
    assert "refuses a token" in told(found, "MO REST", FAILURE)


@pytest.mark.parametrize(
    "payload", [[], "x", {"realm_access": []}, {"realm_access": {"roles": "admin"}}, {"roles": ["admin"]}]
)
def test_a_jwt_of_another_shape_tells_no_roles(payload: object) -> None:
    part = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    assert realm_roles(f"head.{part}.signature") is None


def test_rest_that_is_switched_off_and_an_mo_without_an_organisation(bench: Bench) -> None:
    bench.stage.mo.rest_enabled = False
    found = bench.check(mo_api="rest")
    assert "switched the REST API off" in told(found, "MO REST", FAILURE)
    assert of(found, "MO GraphQL")[0].status is OK
    bench.stage.mo.rest_enabled = True
    bench.stage.mo.intercept = answering("/service/o/", Answer.json(200, []))
    assert "no root organisation" in told(bench.check(), "MO REST", FAILURE)


def test_where_rest_is_gone_graphql_is_asked_to_write_nothing(bench: Bench) -> None:
    bench.stage.mo.rest_enabled = False
    assert "what we write goes by GraphQL" in told(bench.check(), "MO REST", OK)
    bench.stage.mo.rest_enabled = True
    bench.stage.mo.tokens.roles = frozenset({"admin"})
    found = bench.check()
    assert told(found, "MO roles", OK) == "the token has admin"
    assert "what we write goes by GraphQL" in told(found, "MO REST", OK)
    bench.stage.mo.intercept = refusing("addresses_create")
    assert "No policy approved" in told(bench.check(mo_api="graphql"), "MO writes", FAILURE)
    assert bench.stage.store.state()["address"] == {}


def test_a_graphql_version_that_is_not_served(bench: Bench) -> None:
    bench.stage.mo.intercept = answering("/graphql/", Answer.json(404, {"detail": "Not Found"}))
    assert "set graphql_version" in told(bench.check(graphql_version="v29"), "MO GraphQL", FAILURE)


def test_what_mo_has_of_the_seed(bench: Bench) -> None:
    bench.write()
    (bench.drop / "Org_nye_20210128_123742.csv").unlink()
    name = "STAM_UUID_ITSystem.csv"
    (bench.drop / name).write_bytes(first_drop()[name])
    bench.import_drop()
    assert "are there" in told(bench.check(), "MO seed", OK)
    other = bench.check(**{"municipality.code": 101})
    assert "municipality code 751, the settings have 101" in told(other, "MO seed", WARNING)
    nobody = bench.check(azid_it_system_uuid="8f0a4a1e-4f6b-4a55-a8a4-3f4f3f3f3f3f")
    assert "MO has no IT system 8f0a4a1e" in told(nobody, "MO seed", FAILURE)
    kept = next(iter(bench.stage.store.uuids("itsystem")))
    assert "are there" in told(bench.check(azid_it_system_uuid=kept), "MO seed", OK)


def test_a_class_that_mo_cannot_show_is_told(bench: Bench) -> None:
    broken = SEED_CLASSES[0].uuid

    def intercept(request: Request, phase: Phase) -> Answer | None:
        if phase is Phase.BEFORE and written_objects(request) == 0 and broken in request.body.decode():
            return Answer.json(200, {"data": None, "errors": [{"message": "cannot be shown"}]})
        return None

    bench.stage.mo.intercept = intercept
    found = bench.check()
    text = told(found, "MO seed", WARNING)
    assert text.startswith(f"MO cannot show {broken}, and what needs it waits")
    assert exit_code(found) == 0


NO_ROLE = Answer.json(200, {"data": None, "errors": [{"message": "No policy approved the access"}]})


def refusing(*words: str, answer: Answer = NO_ROLE) -> Intercept:
    """MO refuses queries in which all of these words are."""

    def intercept(request: Request, phase: Phase) -> Answer | None:
        asked = request.body.decode() if request.path.startswith("/graphql/") else ""
        return answer if phase is Phase.BEFORE and asked and all(word in asked for word in words) else None

    return intercept


@pytest.mark.parametrize(
    ("collection", "role"),
    [("persons", "read_employee"), ("itusers", "read_ituser"), ("org_units", "read_org_unit")],
)
def test_a_role_for_what_is_written_is_named(bench: Bench, collection: str, role: str) -> None:
    """REST writes with the roles that our client has in GraphQL, whatever the token tells of them."""
    bench.stage.mo.intercept = refusing(f"{collection}(")
    text = told(bench.check(), "MO reads", FAILURE)
    assert f"of those in it: {role};" in text


def test_an_mo_that_does_not_tell_what_it_said_is_a_failure(bench: Bench) -> None:
    assert "can be read" in told(bench.check(), "MO history", OK)
    unknown = Answer.json(200, {"data": None, "errors": [{"message": "Unknown argument"}]})
    for words in (["registration_time"], ["registrations(filter"]):
        bench.stage.mo.intercept = refusing(*words, answer=unknown)
        text = told(bench.check(), "MO history", FAILURE)
        assert "does not show what it said earlier" in text
        assert "Unknown argument" in text


def test_a_write_that_is_refused_although_rest_answers_reads_is_a_failure(bench: Bench) -> None:
    """Nothing is written: MO is asked to write an empty list."""
    bench.stage.mo.intercept = answering(
        "/service/details/create",
        Answer.json(403, {"status": "Forbidden", "msg": "Not authorized to perform this operation"}),
    )
    assert "realm role admin" in told(bench.check(), "MO REST", FAILURE)
    bench.stage.mo.intercept = answering("/service/details/create", Answer(403, b"<html>"))
    assert "something before MO answered 403" in told(bench.check(), "MO REST", FAILURE)
    bench.stage.mo.intercept = None
    assert "takes what we write" in told(bench.check(), "MO REST", OK)
    assert bench.stage.store.state()["org_unit"] == {}


@pytest.mark.parametrize(
    ("ahead", "text"), [(300, "300 s ahead of ours"), (-90, "90 s behind ours"), (58, None), (-58, None)]
)
def test_a_clock_of_mo_that_is_off_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, ahead: int, text: str | None
) -> None:
    class Ours(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) - timedelta(seconds=ahead)

    monkeypatch.setattr("aarhus_los.mo.client.datetime", Ours)
    found = bench.check()
    assert exit_code(found) == 0
    if text is None:
        assert "the time that ours shows" in told(found, "MO clock", OK)
    else:
        said = told(found, "MO clock", WARNING).replace("299 s", "300 s").replace("91 s", "90 s")
        assert text in said


# --- the address service


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer.text(410, "Gone"), "is closed (HTTP 410): check dar_url"),
        (Answer.text(401, "no"), "refuses the token (HTTP 401): check dar_token"),
        (Answer.text(503, "later"), "answer 503"),
        (Drop(), "closed before the answer was whole"),
        (
            Answer.json(
                200, {"vaskestatus": {"kode": -1000, "tekst": "Kan ikke genkendes"}, "vaskeresultat": None}
            ),
            "does not find “Rådhuspladsen 2, 8000 Aarhus C”, which it must (unknown, -1000",
        ),
    ],
)
def test_an_address_service_that_is_of_no_use(bench: Bench, answer: Answer | Drop, reason: str) -> None:
    bench.stage.dar.intercept = answering("/vask/", answer)
    assert reason in told(bench.check(), "address service", FAILURE)
    assert len(bench.stage.dar.requests) == 1


def test_an_address_service_that_is_not_asked(bench: Bench) -> None:
    assert "dar_provider" in told(bench.check(dar_provider="none"), "address service", OK)
    assert bench.stage.dar.requests == []
