from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.request import ProxyHandler, build_opener
from uuid import UUID

import pytest
import requests

from aarhus_los.sandbox import show
from aarhus_los.sandbox.sample import first_drop
from aarhus_los.sandbox.stage import importer_environment
from tests import forked
from tests.e2e.harness import Sandbox

DIRECT: Final = {"http": "", "https": ""}
"""No proxy, whatever the environment says."""


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "aarhus_los", *args]


def environment(home: Path) -> dict[str, str]:
    """The temporary folders of the sandbox go below the test's own."""
    return importer_environment() | {"TMPDIR": str(home)}


def run(home: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return forked.run(
        command(*args), env=environment(home), capture_output=True, encoding="utf-8", timeout=60
    )


@contextmanager
def served(home: Path, *args: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    with forked.Popen(
        command("sandbox", "--serve", *args),
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield process, json.loads(line or "{}")
        finally:
            process.kill()


def get(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url, timeout=10) as answer:
        return json.load(answer)


class SandboxClient:
    """Talks to an MO that is served, with a token."""

    def __init__(self, url: str, settings: dict[str, str]) -> None:
        self.url = url
        own = {name.rpartition(".")[2]: value for name, value in settings.items()}
        form = {
            "grant_type": "client_credentials",
            "client_id": own["client_id"],
            "client_secret": own["client_secret"],
        }
        token = f"{own['auth_server']}/realms/{own['auth_realm']}/protocol/openid-connect/token"
        answer = requests.post(token, data=form, timeout=10, proxies=DIRECT)
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def get(self, path: str) -> Any:
        return requests.get(self.url + path, headers=self.headers, timeout=10, proxies=DIRECT).json()

    def post(self, path: str, body: Any) -> None:
        answer = requests.post(self.url + path, json=body, headers=self.headers, timeout=10, proxies=DIRECT)
        answer.raise_for_status()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.mark.slow
def test_the_show_ends_as_the_sample_says(home: Path) -> None:
    done = run(home, "sandbox")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "All three imports ended as the sample says." in done.stdout
    assert done.stdout.count(" -m aarhus_los --settings ") == 3
    assert list(home.iterdir()) == []


def test_a_show_that_ends_otherwise_names_the_difference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = show._acts()[0]
    nothing = replace(first, files={}, exit_code=0, units=3, does=[], leaves=first.does[:1])
    monkeypatch.setattr(show, "_acts", lambda: (nothing, nothing))
    assert show.show() == 1
    told = capsys.readouterr().out
    assert "0 org units in MO, expected 3" in told
    assert "ÅDAL parent: not in MO; expected: none (2007-01-01 to …)" in told
    assert told.count("--settings") == 1


def test_the_show_does_not_heed_settings_that_lead_to_another_mo(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MORA_BASE", "LOS_IMPORT_MORA_BASE", "AUTH_SERVER", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(name, "http://production.invalid")
    monkeypatch.setenv("http_proxy", "http://proxy.invalid")
    assert not [value for value in importer_environment().values() if "invalid" in value]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_empty_has_nothing_but_servers_until_it_is_stopped(home: Path, number: int) -> None:
    drop = home / "drop"
    with served(home, "--empty", "--drop", str(drop)) as (process, ready):
        assert list(ready) == ["settings", "drop", "mo", "dar"]
        assert ready["drop"] == str(drop)
        assert list(drop.iterdir()) == []
        state = get(ready["mo"] + "/sandbox/state")
        assert set(state) == {
            "org_unit",
            "address",
            "employee",
            "engagement",
            "it",
            "manager",
            "class",
            "facet",
            "itsystem",
        }
        assert not any(state.values())
        assert get(ready["mo"] + "/sandbox/requests") == []
        settings = Path(ready["settings"])
        assert settings.stat().st_mode & 0o077 == 0
        assert settings.parent.stat().st_mode & 0o077 == 0
        process.send_signal(number)
        assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0
        assert not settings.parent.exists()
    assert [path.name for path in home.iterdir()] == ["drop"]


def test_the_importer_runs_with_the_settings_that_serve_wrote(home: Path) -> None:
    with served(home) as (_, ready):
        assert len(list(Path(ready["drop"]).iterdir())) == 12
        done = run(home, "--settings", ready["settings"])
        assert done.returncode == 1, done.stderr + done.stdout
        assert len(get(ready["mo"] + "/sandbox/state")["org_unit"]) == 64


def test_serve_lives_on_the_day_that_it_is_told(home: Path) -> None:
    unit = {"type": "org_unit", "name": "A", "org_unit_type": {"uuid": str(UUID(int=1))}}
    with served(home, "--empty", "--today", "2027-06-01") as (_, ready):
        settings = json.loads(Path(ready["settings"]).read_text(encoding="utf-8"))
        client = SandboxClient(ready["mo"], settings)
        client.post(
            "/service/details/create?force=1", {**unit, "validity": {"from": "2027-06-01", "to": None}}
        )
        client.post(
            "/service/details/create?force=1", {**unit, "validity": {"from": "2027-06-02", "to": None}}
        )
        [root] = client.get("/service/o/")
        assert client.get(f"/service/o/{root['uuid']}/")["unit_count"] == 1


@pytest.mark.parametrize(
    ("option", "status", "body"),
    [
        ("--no-rest", 404, {"detail": "Not Found"}),
        ("--no-service-api", 403, {"status": "Forbidden", "msg": "The Service API is gone"}),
    ],
)
def test_an_mo_without_rest_is_served(home: Path, option: str, status: int, body: dict[str, str]) -> None:
    with served(home, "--empty", option) as (_, ready):
        settings = json.loads(Path(ready["settings"]).read_text(encoding="utf-8"))
        client = SandboxClient(ready["mo"], settings)
        for method, path in [
            ("POST", "/service/details/create"),
            ("GET", "/service/o/"),
            ("GET", "/service/x"),
        ]:
            answer = requests.request(
                method, client.url + path, json=[], headers=client.headers, timeout=10, proxies=DIRECT
            )
            assert (answer.status_code, answer.json()) == (status, body)
        person = 'mutation { employee_create(input: {given_name: "Anna", surname: "Lund"}) { uuid } }'
        client.post("/graphql/v30", {"query": person})
        [[written]] = get(ready["mo"] + "/sandbox/state")["employee"].values()
        assert written["name"] == "Anna Lund"


@pytest.mark.parametrize(
    "option",
    [["--today", "2027-06-01"], ["--empty"], ["--drop", "x"], ["--no-rest"], ["--no-service-api"]],
)
def test_options_of_serving_go_with_it(home: Path, option: list[str]) -> None:
    done = run(home, "sandbox", *option)
    assert done.returncode == 2
    assert "go with --serve" in done.stderr


def test_serve_takes_the_place_of_nobodys_files(home: Path) -> None:
    drop = home / "drop"
    drop.mkdir()
    (drop / "STAM_UUID_Enhedstype.csv").write_text("somebody's")
    done = run(home, "sandbox", "--serve", "--drop", str(drop))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "STAM_UUID_Enhedstype.csv is there already" in done.stderr
    assert [path.read_text() for path in drop.iterdir()] == ["somebody's"]


def test_a_test_can_put_files_run_the_importer_and_look(sandbox: Sandbox) -> None:
    sandbox.put("STAM_UUID_ITSystem.csv", first_drop()["STAM_UUID_ITSystem.csv"])
    done = sandbox.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert {"SBSYS", "OPUS", "AD"} <= {
        each["user_key"] for history in sandbox.state()["itsystem"].values() for each in history
    }
    assert sandbox.writes() > 3
    assert sandbox.writes() == 0
    assert sandbox.run("plan").returncode == 0
    assert sandbox.writes() == 0
    assert sandbox.state_file.exists()


def test_the_servers_share_no_code_with_the_importer() -> None:
    code = (
        "import sys, aarhus_los.sandbox.show, aarhus_los.sandbox.serve\n"
        "print(*(name for name in sys.modules if name.startswith('aarhus_los')"
        " and not name.startswith('aarhus_los.sandbox')))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.split() == ["aarhus_los"]
