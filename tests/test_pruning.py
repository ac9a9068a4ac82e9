import os
from datetime import datetime, timedelta
from pathlib import Path

from aarhus_los.clock import COPENHAGEN
from aarhus_los.pruning import prune

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
