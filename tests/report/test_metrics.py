"""The metrics file: read as Prometheus reads it, after imports that end in every way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from aarhus_los.clock import COPENHAGEN
from aarhus_los.errors import LockedError, LosError, SettingsError, StateError, UnavailableError
from aarhus_los.ledger import Line, State, save_state
from aarhus_los.report.account import Account, Fate, FileAccount
from aarhus_los.report.metrics import newest_files, recorded
from aarhus_los.sandbox.http_stand_in import Answer, Phase, Request
from aarhus_los.sandbox.mo_server import written_objects
from aarhus_los.sandbox.sample import FIRST_STAMP, first_drop
from aarhus_los.sandbox.stage import Stage, importer_environment
from aarhus_los.selection import Refusal
from aarhus_los.settings import Settings, load_settings
from tests import forked, here

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(path: Path) -> Samples:
    """Every value of a metrics file, by name and labels. All metrics have a help text and a type."""
    found: Samples = {}
    for family in text_string_to_metric_families(path.read_text(encoding="utf-8")):
        assert family.documentation
        assert family.type == "gauge"
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found
            found[key] = sample.value
    return found


def value(path: Path, name: str, **labels: str) -> float | None:
    return samples(path).get((f"los_import_{name}", tuple(sorted(labels.items()))))


def names(path: Path) -> set[str]:
    return {name for name, _ in samples(path)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environ = {
        "LOS_IMPORT_STATE_FILE": str(tmp_path / "state"),
        "LOS_IMPORT_REPORT_FOLDER": str(tmp_path / "reports"),
        "LOS_IMPORT_METRICS_FILE": str(tmp_path / "los.prom"),
    }
    return load_settings(environ=environ)


def metrics_of(settings: Settings) -> Path:
    assert settings.metrics_file is not None
    return settings.metrics_file


def record(settings: Settings, account: Account | None = None, error: BaseException | None = None) -> Path:
    """The metrics file after an import that ends with an account, or breaks off."""
    said: list[str] = []
    try:
        with recorded(settings, said.append) as recording:
            recording.account = account
            if error is not None:
                raise error
    except BaseException as raised:
        assert raised is error
    assert said == []
    return metrics_of(settings)


def account(fates: Mapping[Fate, int] | None = None, **rest: object) -> Account:
    fates = dict.fromkeys(Fate, 0) | dict(fates or {})
    file = FileAccount("Org_nye_20210128_123742.csv", True, sum(fates.values()), fates, 0, 0)
    return Account(files=[file], **rest)  # type: ignore[arg-type]


def test_rows_addresses_and_phases_of_an_account(settings: Settings) -> None:
    path = record(
        settings,
        account(
            {Fate.APPLIED: 5, Fate.SET_ASIDE: 2},
            addresses=Counter({"found": 7, "not looked up": 1}),
            durations={"read MO": 1.25},
        ),
    )
    assert value(path, "rows", fate="applied") == 5
    assert value(path, "rows", fate="set_aside") == 2
    assert value(path, "rows", fate="superseded") == 0
    assert value(path, "addresses", outcome="found") == 7
    assert value(path, "addresses", outcome="not_looked_up") == 1
    assert value(path, "addresses", outcome="unknown") == 0
    assert value(path, "phase_seconds", phase="read_MO") == 1.25
    assert value(path, "operations", result="failed") == 0


def test_the_file_is_for_all_to_read_and_nothing_else_is_left(settings: Settings, tmp_path: Path) -> None:
    path = record(settings, account())
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in tmp_path.iterdir()] == ["los.prom"]


def test_the_last_success_is_kept_until_there_is_another(settings: Settings) -> None:
    begun = time.time()
    path = record(settings, account())
    success = value(path, "last_success_timestamp_seconds")
    assert success is not None
    assert begun <= success <= time.time()
    for each in (UnavailableError("away"), LockedError("held"), ValueError("a defect"), KeyboardInterrupt()):
        record(settings, error=each)
        assert value(path, "last_success_timestamp_seconds") == success
    refused = account(refused=[Refusal("Org_ret_20210128_123742.csv", "broken", 65)])
    record(settings, refused)
    assert value(path, "exit_code") == 65
    assert value(path, "last_success_timestamp_seconds") == success
    last_run = value(path, "last_run_timestamp_seconds")
    assert last_run is not None
    assert last_run > success
    rows = account(refused=[Refusal("Org_ret_20210128_123742.csv", "late", 1)])
    record(settings, rows)
    assert value(path, "exit_code") == 1
    assert (value(path, "last_success_timestamp_seconds") or 0) > last_run


@pytest.mark.parametrize("old", [b"", b"\xff\xfe", b"los_import_last_success_timestamp_seconds soon\n"])
def test_an_old_file_that_says_nothing_sound_is_no_obstacle(settings: Settings, old: bytes) -> None:
    metrics_of(settings).write_bytes(old)
    path = record(settings, error=UnavailableError("away"))
    assert value(path, "exit_code") == 69
    assert value(path, "last_success_timestamp_seconds") is None


@pytest.mark.parametrize(
    ("error", "code"),
    [(UnavailableError("away"), 69), (StateError("broken"), 74), (LockedError("held"), 75), (KeyError(), 70)],
)
def test_an_import_that_breaks_off_leaves_its_exit_code_and_no_rows(
    settings: Settings, error: Exception, code: int
) -> None:
    path = record(settings, error=error)
    assert value(path, "exit_code") == code
    assert "los_import_rows" not in names(path)
    assert value(path, "pending_rows") == 0


def test_an_error_after_the_account_is_the_exit_code(settings: Settings) -> None:
    assert value(record(settings, account(), BrokenPipeError()), "exit_code") == 70


def test_pending_rows_and_the_newest_files_come_from_the_state(settings: Settings) -> None:
    lines = [
        Line("Org_ret_20261001_010203.csv", "00", pending=(4, 7)),
        Line("Org_ret_20261003_000000.csv", "11", pending=(9,)),
        Line("Org_nye_20260701_000000.csv", "22", taken_over=True),
        Line("Pers_ret_20261005_010203.csv"),
        Line("STAM_UUID_ITSystem.csv", "33", mtime="2026-10-01T12:00:00+00:00"),
        Line("STAM_UUID_Ledertype.csv", "44"),
    ]
    state = State(datetime(2026, 10, 6, tzinfo=COPENHAGEN), {line.name: line for line in lines}, ours=True)
    save_state(settings.state_file, state)
    path = record(settings, error=UnavailableError("away"))
    assert value(path, "pending_rows") == 3
    newest = {key: datetime.fromtimestamp(time, COPENHAGEN) for key, time in newest_files(state).items()}
    assert newest == {
        ("Org", "ret"): datetime(2026, 10, 3, tzinfo=COPENHAGEN),
        ("Org", "nye"): datetime(2026, 7, 1, tzinfo=COPENHAGEN),
        ("STAM", "ITSystem"): datetime(2026, 10, 1, 14, tzinfo=COPENHAGEN),
    }
    told = value(path, "newest_file_timestamp_seconds", family="Org", kind="ret")
    assert told == newest["Org", "ret"].timestamp()


def test_a_broken_state_leaves_out_what_it_would_have_said(settings: Settings) -> None:
    settings.state_file.write_text("broken", encoding="utf-8")
    path = record(settings, error=StateError("broken"))
    assert value(path, "exit_code") == 74
    assert "los_import_pending_rows" not in names(path)


def test_nothing_is_done_without_the_setting(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    off = settings.model_copy(update={"metrics_file": None})
    with recorded(off, pytest.fail):
        pass
    assert not metrics_of(settings).exists()


def test_a_file_that_cannot_be_written_ends_the_import_before_it_begins(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(settings: Settings, expected: type[LosError]) -> str:
        with pytest.raises(expected) as caught, recorded(settings, pytest.fail):
            pytest.fail("the import began")
        return str(caught.value)

    away = settings.model_copy(update={"metrics_file": tmp_path / "none" / "los.prom"})
    assert "is not there" in begin(away, StateError)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert "metrics_file needs the extra `metrics`" in begin(settings, SettingsError)


def test_a_failure_to_write_at_the_end_is_told_and_does_not_hide_the_end(settings: Settings) -> None:
    said: list[str] = []
    with pytest.raises(UnavailableError), recorded(settings, said.append):
        metrics_of(settings).mkdir()
        raise UnavailableError("away")
    assert len(said) == 1
    assert str(settings.metrics_file) in said[0]


def test_the_setting_must_name_a_file_that_node_exporter_reads(tmp_path: Path) -> None:
    environ = {
        "LOS_IMPORT_STATE_FILE": "s",
        "LOS_IMPORT_REPORT_FOLDER": "r",
        "LOS_IMPORT_METRICS_FILE": "los.txt",
    }
    with pytest.raises(SettingsError, match=r"LOS_IMPORT_METRICS_FILE.*must end in \.prom"):
        load_settings(environ=environ)


# --- the command


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "drop").mkdir()
    with Stage(tmp_path / "home") as stage:
        stage.write_settings(
            {"import_csv_folder": str(tmp_path / "drop"), "metrics_file": str(tmp_path / "los.prom")}
        )
        yield stage


def start(stage: Stage, *args: str) -> subprocess.Popen[str]:
    return forked.Popen(
        [sys.executable, "-m", "aarhus_los", *args, "--settings", str(stage.settings_path)],
        env=importer_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def run(stage: Stage, *args: str) -> int:
    done = here.run(
        [*args, "--settings", stage.settings_path], env=importer_environment(), cwd=stage.settings_path.parent
    )
    return done.returncode


def test_only_an_import_writes_metrics_and_they_are_those_of_the_run(stage: Stage, tmp_path: Path) -> None:
    for name, content in first_drop().items():
        if name.startswith(("STAM", "Org")):
            (tmp_path / "drop" / name).write_bytes(content)
    path = tmp_path / "los.prom"
    assert run(stage, "plan") in (0, 1)
    assert not path.exists()
    assert run(stage) == 1
    assert value(path, "exit_code") == 1
    assert value(path, "operations_planned", kind="org_unit", action="create") == 64
    assert value(path, "rows", fate="set_aside") == 1
    stamp = datetime.strptime(FIRST_STAMP, "%Y%m%d_%H%M%S").replace(tzinfo=COPENHAGEN)
    newest = value(path, "newest_file_timestamp_seconds", family="Org", kind="inital")
    assert newest == stamp.timestamp()
    phases = {labels for name, labels in samples(path) if name == "los_import_phase_seconds"}
    assert len(phases) >= 5
    stage.mo.tokens.roles = frozenset()
    os.utime(tmp_path / "drop" / "STAM_UUID_ITSystem.csv", (1, 1))
    (tmp_path / "drop" / "STAM_UUID_ITSystem.csv").write_bytes(b"ITSystemUUID;Userkey;Name\n")
    success = value(path, "last_success_timestamp_seconds")
    assert run(stage) == 69
    assert value(path, "exit_code") == 69
    assert value(path, "last_success_timestamp_seconds") == success


def test_an_import_that_is_stopped_leaves_its_exit_code(stage: Stage, tmp_path: Path) -> None:
    name = "STAM_UUID_ITSystem.csv"
    (tmp_path / "drop" / name).write_bytes(first_drop()[name])
    process = start(stage)
    writes = threading.Event()

    def intercept(request: Request, phase: Phase) -> Answer | None:
        if phase is Phase.BEFORE and written_objects(request) and not writes.is_set():
            writes.set()
            process.send_signal(signal.SIGTERM)  # once: a second one would end the import on the spot
        return None

    stage.mo.intercept = intercept
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert value(tmp_path / "los.prom", "exit_code") == 143
