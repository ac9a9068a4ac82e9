import os
from datetime import datetime, timedelta
from pathlib import Path

from aarhus_los.clock import COPENHAGEN
from aarhus_los.pruning import prune, sweep_all
from aarhus_los.settings import load_settings

NOW = datetime(2026, 11, 24, 5, 30, tzinfo=COPENHAGEN)


def put(folder: Path, name: str, age: int) -> None:
    path = folder / name
    path.write_text("x", encoding="utf-8")
    then = (NOW - timedelta(days=age)).timestamp()
    os.utime(path, (then, then))


def test_reports_go_after_their_time_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    for name, age in {
        "run_20260101T053000.json": 91,
        "run_20261101T053000.json": 23,
        "failed_addr_Org_nye_20260801_220000.csv": 100,
        "error_20260801T053000.txt": 100,
        "rejected_Org_nye_20260801_220000.csv": 100,
        "rejected_Org_ret_20260801_220000.csv": 100,
        "notes.txt": 400,
    }.items():
        put(tmp_path, name, age)
    prune(tmp_path, NOW, 90, {"Org_ret_20260801_220000.csv"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "notes.txt",
        "rejected_Org_ret_20260801_220000.csv",
        "run_20261101T053000.json",
    ]


def test_what_a_killed_run_has_left_is_swept_from_all_folders(tmp_path: Path) -> None:
    settings = load_settings(
        environ={
            "LOS_IMPORT_STATE_FILE": str(tmp_path / "state"),
            "LOS_IMPORT_REPORT_FOLDER": str(tmp_path / "reports"),
            "LOS_IMPORT_QUERIES_FOLDER": str(tmp_path / "queries"),
            "LOS_IMPORT_METRICS_FILE": str(tmp_path / "metrics" / "los.prom"),
        }
    )
    left = {
        "state",
        "state.addresses.json",
        "state.d/Org_ret_20260801_220000.csv",
        "reports/run_20260801T053000.json",
        "queries/failed_addr_Org_ret_20260801_220000.csv",
        "metrics/los.prom",
    }
    for path in map(tmp_path.joinpath, left):
        path.parent.mkdir(exist_ok=True)
        path.touch()
        path.with_name(f".{path.name}.abcdefgh.tmp").touch()
        (path.parent / ".notes.txt.abcdefgh.tmp").touch()
    sweep_all(settings)
    kept = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    others = {
        str((tmp_path / each).parent.relative_to(tmp_path) / ".notes.txt.abcdefgh.tmp") for each in left
    }
    assert kept == left | (others - {"state.d/.notes.txt.abcdefgh.tmp"})
