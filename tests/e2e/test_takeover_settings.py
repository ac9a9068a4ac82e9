from __future__ import annotations

import json
import subprocess
from datetime import datetime

import pytest

from aarhus_los.sandbox.stage import DAR_TOKEN, importer_environment
from tests import here
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org, put_at, unit, uuid_of


class Inherited:
    """The settings of the earlier importer, where its job runner finds them, and what becomes of a run with them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.home = sandbox.stage.home
        self.mo = sandbox.mo
        self.settings: dict[str, object] = {
            "municipality.name": "Aarhus Kommune",
            "municipality.code": 751,
            "mora.base": sandbox.mo.url,
            "crontab.CLIENT_ID": sandbox.mo.client_id,
            "crontab.CLIENT_SECRET": sandbox.mo.client_secret,
            "crontab.AUTH_SERVER": sandbox.mo.auth_url,
            "crontab.AUTH_REALM": sandbox.mo.realm,
            "exporters.somebody.else": {"nested": [1, 2]},
            "integrations.aarhus_los.ftp_url": "ftp.example.invalid",
            "integrations.aarhus_los.ftp_port": 22,
            "integrations.aarhus_los.ftp_user": "los",
            "integrations.aarhus_los.ftp_pass": "hemmelig",
            "integrations.aarhus_los.ftp_folder": "TEST",
            "integrations.aarhus_los.state_file": str(sandbox.state_file),
            "integrations.aarhus_los.import_csv_folder": str(sandbox.drop),
        }

    def run(self, **environ: str) -> subprocess.CompletedProcess[str]:
        folder = self.home / "settings"
        folder.mkdir(exist_ok=True)
        path = folder / "settings.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.settings))
        return here.run([], env=importer_environment() | environ, cwd=self.home)


def test_its_settings_serve_with_a_report_folder_added(sandbox: Sandbox) -> None:
    sandbox.settings_path.unlink()
    inherited = Inherited(sandbox)
    sandbox.state_file.write_text("0001-01-01T00:00:00\n")
    long_ago = datetime(2024, 1, 1, 22, 0)
    put_at(sandbox.drop, "Org_inital_20240101_220000.csv", org(unit("top")), long_ago)
    missing = inherited.run()
    assert missing.returncode == 2
    assert missing.stderr.count("\n") == 1
    assert "integrations.aarhus_los.report_folder: missing" in missing.stderr
    inherited.settings |= {
        "integrations.aarhus_los.report_folder": str(sandbox.reports),
        "integrations.aarhus_los.dar_url": sandbox.dar.url,
        "integrations.aarhus_los.dar_token": DAR_TOKEN,
    }
    done = inherited.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert "integrations.aarhus_los.ftp_port" in done.stdout
    assert "22 is the port of SFTP, ignored for FTP" in done.stdout
    assert "hemmelig" not in done.stdout
    # A state in which nothing was imported yet takes nothing over, however old it is.
    assert uuid_of("top") in sandbox.state()["org_unit"]


@pytest.mark.slow
def test_what_its_job_runner_exports_beats_the_file(sandbox: Sandbox) -> None:
    sandbox.settings_path.unlink()
    inherited = Inherited(sandbox)
    inherited.settings |= {
        "mora.base": "http://127.0.0.1:9",
        "crontab.CLIENT_ID": "somebody-else",
        "crontab.CLIENT_SECRET": "another",
        "integrations.aarhus_los.report_folder": str(sandbox.reports),
        "integrations.aarhus_los.dar_provider": "none",
    }
    sandbox.put("Org_inital_20240101_220000.csv", org(unit("top")))
    done = inherited.run(
        MORA_BASE=sandbox.mo.url,
        CLIENT_ID=sandbox.mo.client_id,
        CLIENT_SECRET=sandbox.mo.client_secret,
        AUTH_SERVER=sandbox.mo.auth_url,
        AUTH_REALM=sandbox.mo.realm,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert uuid_of("top") in sandbox.state()["org_unit"]
