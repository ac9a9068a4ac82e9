"""The units of the manual, run by a systemd of their own: which exits it takes for success, and whom it tells of others.

It runs in user mode, in a mount namespace where the machine looks as if it had booted with systemd.
"""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from aarhus_los import manual
from aarhus_los.clock import COPENHAGEN
from aarhus_los.sandbox.stage import importer_environment
from tests.e2e.drops import NEW, office, put_first_files
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org

pytestmark = pytest.mark.servers

AS_IF_BOOTED = """
set -e
mount -t tmpfs none /run && mkdir -p /run/systemd/system
mount -t cgroup2 none /sys/fs/cgroup && mkdir -p "/sys/fs/cgroup/$1" && echo $$ > "/sys/fs/cgroup/$1/cgroup.procs"
exec /lib/systemd/systemd --user
"""


UNITS = {name: manual.file(name) for name in manual.FILES if name.endswith((".service", ".timer"))}
HARDENING = manual.file("hardening.conf")
# What this machine may not let a systemd of a namespace do, and what would hide the folders of the test.
NOT_HERE = r"(PrivateTmp|ProtectHome|ProtectKernelLogs|ProtectKernelTunables|ReadWritePaths)=.*\n"


class Manager:
    """A systemd with the manual's units, for this importer."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox = sandbox
        self.told = home / "told"
        self.ended = home / "ended"
        self.environ = importer_environment() | {
            "XDG_RUNTIME_DIR": str(home),
            "HOME": str(home),
            "SYSTEMD_IGNORE_CHROOT": "1",  # or systemctl takes the namespace for one, and does nothing
        }
        self.units = home / "systemd" / "user"
        self.units.mkdir(parents=True)
        command = f"{sys.executable} -m aarhus_los"
        for name, unit in UNITS.items():
            unit = unit.replace("User=los-import\n", "")
            unit = re.sub(r"(?<==)/opt/\S+/los-import ", f"{command} ", unit)
            unit = unit.replace("/etc/los-import/settings.json", str(sandbox.settings_path))
            unit = re.sub(r"(?<=ExecStart=)/bin/sh .*", f"/bin/touch {self.told}", unit)
            # systemd forgets how a service ended as soon as it is content with it.
            noting = f"ExecStopPost=/bin/sh -c 'echo $SERVICE_RESULT $EXIT_STATUS > {self.ended}'"
            unit = re.sub(r"(?<=SuccessExitStatus=1 75\n)", f"{noting}\n", unit)
            (self.units / name).write_text(unit, encoding="utf-8")
        drop_in = self.units / "los-import.service.d"
        drop_in.mkdir()
        writable = f"ReadWritePaths={sandbox.stage.home} {home}\n"
        hardening = re.sub(NOT_HERE, "", HARDENING) + writable
        (drop_in / "hardening.conf").write_text(hardening, encoding="utf-8")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "bash", "-c", AS_IF_BOOTED, "bash", home.parent.name],
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(100):
            if self.systemctl("is-system-running").stdout.strip() in ("running", "degraded"):
                return
            time.sleep(0.1)
        raise AssertionError("systemd does not come up")

    def systemctl(self, *args: str) -> subprocess.CompletedProcess[str]:
        enter = ["nsenter", "--mount", "--target", str(self.process.pid)]
        return subprocess.run(
            [*enter, "systemctl", "--user", *args],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self) -> tuple[int, str]:
        """Runs the service; returns how systemctl ended, and what systemd made of which exit code of the importer."""
        started = self.systemctl("start", "los-import.service")
        return started.returncode, self.ended.read_text(encoding="utf-8").strip()

    def shown(self, name: str, unit: str) -> str:
        return self.systemctl("show", "--value", "--property", name, unit).stdout.strip()

    def was_told(self) -> bool:
        """Whether the unit that tells of failures ran. It is started only after the service has ended."""
        for _ in range(20):
            if self.told.exists():
                self.told.unlink()
                return True
            time.sleep(0.1)
        return False


@pytest.fixture
def manager(sandbox: Sandbox, tmp_path: Path) -> Iterator[Manager]:
    namespace = ["unshare", "--mount", "mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"]
    if subprocess.run(namespace, capture_output=True, check=False).returncode:
        pytest.skip("no right to make a mount namespace for systemd")
    home = tmp_path / "manager"
    home.mkdir()
    manager = Manager(sandbox, home)
    yield manager
    manager.process.terminate()
    manager.process.wait(30)


def test_success_and_failure_are_what_the_manual_says(manager: Manager) -> None:
    sandbox = manager.sandbox
    put_first_files(sandbox)
    assert manager.start() == (0, "success 0")

    sandbox.put(NEW, org(office("lost", "nobody")))
    assert manager.start() == (0, "success 1")
    with sandbox.state_file.with_name(sandbox.state_file.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert manager.start() == (0, "success 75")
    assert not manager.was_told()

    sandbox.put(NEW, "not;what its name says\n")
    assert manager.start() == (1, "exit-code 65")
    assert manager.was_told()


def test_the_timer_starts_the_service(manager: Manager) -> None:
    put_first_files(manager.sandbox)
    timer = manager.units / "los-import.timer"
    assert manager.systemctl("start", timer.name).returncode == 0
    shown = manager.shown("NextElapseUSecRealtime", timer.name)
    at = datetime.strptime(shown.rpartition(" ")[0], "%a %Y-%m-%d %H:%M:%S").astimezone(COPENHAGEN)
    assert f"{at:%H:%M}" == "05:30", "whatever the machine's zone is"
    assert not manager.sandbox.claimed()

    every_second = re.sub(
        r"(?<=OnCalendar=).*", "*-*-* *:*:*\nAccuracySec=1ms", timer.read_text(encoding="utf-8")
    )
    timer.write_text(every_second, encoding="utf-8")
    manager.systemctl("daemon-reload")
    manager.systemctl("restart", timer.name)
    for _ in range(300):
        if manager.sandbox.claimed():
            break
        time.sleep(0.1)
    assert manager.sandbox.claimed()


def test_systemd_understands_every_line_and_little_is_open_to_the_service(tmp_path: Path) -> None:
    program = tmp_path / "los-import"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for name, unit in UNITS.items():
        (tmp_path / name).write_text(re.sub(r"(?<==)/opt/\S+/los-import ", f"{program} ", unit))
    (tmp_path / "los-import.service.d").mkdir()
    (tmp_path / "los-import.service.d" / "hardening.conf").write_text(HARDENING)
    units = [str(tmp_path / name) for name in UNITS]
    environ = importer_environment() | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", units[0]]
    secure = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert secure.returncode == 0, secure.stdout


def test_cron_takes_the_table_and_it_names_the_program_in_full(tmp_path: Path) -> None:
    table = tmp_path / "table"
    table.write_text(manual.file("los-import.cron"))
    checked = subprocess.run(["crontab", "-n", str(table)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    (line,) = [line for line in table.read_text().splitlines() if line[:1].isdigit()]
    assert line.split()[5] == "/opt/los-import/.venv/bin/los-import"
    table.write_text(manual.file("los-import.cron").replace("30 5 *", "30 25 *"))
    wrong = subprocess.run(["crontab", "-n", str(table)], capture_output=True, text=True, check=False)
    assert wrong.returncode != 0, "the check is one"


ALERTS = """
rule_files: [alerts.yml]
evaluation_interval: 1h
tests:
  - name: all is well
    interval: 1h
    input_series:
      - {series: "los_import_last_run_timestamp_seconds", values: "0+3600x400"}
      - {series: "los_import_last_success_timestamp_seconds", values: "0+3600x400"}
      - {series: "los_import_exit_code", values: "1x400"}
      - {series: "los_import_pending_rows", values: "0x400"}
      - {series: 'los_import_newest_file_timestamp_seconds{family="Org",kind="ret"}', values: "0+3600x400"}
      - {series: 'los_import_newest_file_timestamp_seconds{family="Org",kind="inital"}', values: "0x400"}
      - {series: 'los_import_newest_file_timestamp_seconds{family="STAM",kind="Enhedstype"}', values: "0x400"}
    alert_rule_test:
      - {eval_time: 300h, alertname: LosImportTooOld}
      - {eval_time: 300h, alertname: LosImportSilent}
      - {eval_time: 300h, alertname: LosImportFailed}
      - {eval_time: 300h, alertname: LosFeedDriedUp}
      - {eval_time: 300h, alertname: LosRowsPending}
  - name: nothing is well
    interval: 1h
    input_series:
      - {series: "los_import_last_success_timestamp_seconds", values: "0x400"}
      - {series: "los_import_exit_code", values: "69x400"}
      - {series: "los_import_pending_rows", values: "2x400"}
      - {series: 'los_import_newest_file_timestamp_seconds{family="Org",kind="ret"}', values: "0x400"}
      - {series: 'los_import_newest_file_timestamp_seconds{family="Org",kind="nye"}', values: "0x400"}
    alert_rule_test:
      - eval_time: 300h
        alertname: LosImportTooOld
        exp_alerts: [{exp_annotations: {summary: No import has succeeded for two nights.}}]
      - eval_time: 300h
        alertname: LosImportSilent
        exp_alerts: [{exp_annotations: {summary: There are no metrics of los-import at all.}}]
      - eval_time: 300h
        alertname: LosImportFailed
        exp_alerts: [{exp_annotations: {summary: The import has failed for more than a day.}}]
      - eval_time: 300h
        alertname: LosFeedDriedUp
        exp_alerts: [{exp_labels: {family: Org}, exp_annotations: {summary: No new Org file has come for a week.}}]
      - eval_time: 300h
        alertname: LosRowsPending
        exp_alerts: [{exp_annotations: {summary: Rows have been waiting for a week.}}]
"""


def test_prometheus_takes_the_alert_rules_and_they_tell_of_what_they_are_for(tmp_path: Path) -> None:
    (tmp_path / "alerts.yml").write_text(manual.file("alerts.yml"))
    (tmp_path / "tests.yml").write_text(ALERTS)
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "tests.yml"]):
        done = subprocess.run(
            ["promtool", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
