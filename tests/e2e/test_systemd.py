"""The units of the README, run by a systemd of their own: which exits it takes for success, and whom it tells of others.

It runs in user mode, in a mount namespace where the machine looks as if it had booted with systemd.
"""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aarhus_los.sandbox.stage import importer_environment
from tests.e2e.drops import NEW, office, put_first_files
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org
from tests.e2e.test_readme import README

pytestmark = pytest.mark.servers

AS_IF_BOOTED = """
set -e
mount -t tmpfs none /run && mkdir -p /run/systemd/system
mount -t cgroup2 none /sys/fs/cgroup && mkdir -p "/sys/fs/cgroup/$1" && echo $$ > "/sys/fs/cgroup/$1/cgroup.procs"
exec /lib/systemd/systemd --user
"""


def readme_units() -> dict[str, str]:
    """The units that the README shows, under the names that it gives them."""
    text = README.read_text(encoding="utf-8")
    return dict(
        re.findall(r"^`/etc/systemd/system/([a-z-]+\.[a-z]+)`:\n\n```ini\n(.*?)```", text, re.M | re.S)
    )


class Manager:
    """A systemd with the README's units, for this importer."""

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
        for name, unit in readme_units().items():
            unit = unit.replace("User=los-import\n", "")
            unit = re.sub(r"(?<==)/opt/\S+/los-import ", f"{command} ", unit)
            unit = unit.replace("/etc/los-import/settings.json", str(sandbox.settings_path))
            unit = re.sub(r"(?<=ExecStart=)/bin/sh .*", f"/bin/touch {self.told}", unit)
            # systemd forgets how a service ended as soon as it is content with it.
            noting = f"ExecStopPost=/bin/sh -c 'echo $SERVICE_RESULT $EXIT_STATUS > {self.ended}'"
            unit = re.sub(r"(?<=SuccessExitStatus=1 75\n)", f"{noting}\n", unit)
            (self.units / name).write_text(unit, encoding="utf-8")
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


def test_success_and_failure_are_what_the_readme_says(manager: Manager) -> None:
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
    assert " 05:30:00 " in manager.shown("NextElapseUSecRealtime", timer.name)
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
