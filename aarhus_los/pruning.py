"""What earlier runs have left: reports that are too old, and temporary files of runs that were killed while they wrote.

Only what we have made is removed. Nothing here fails a run.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from aarhus_los.files import beside, is_own_file, resolved, sweep
from aarhus_los.settings import Settings

REPORTS: Final = ("run_*.json", "failed_addr_*.csv", "rejected_*.csv", "error_*.txt")


def prune(folder: Path, now: datetime, days: int, pending: Collection[str]) -> None:
    """Removes reports that are older than `days`, but for the rejects of files that have pending rows."""
    oldest = (now - timedelta(days=days)).timestamp()
    kept = {f"rejected_{name}" for name in pending}
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.name in kept or not any(fnmatchcase(entry.name, pattern) for pattern in REPORTS):
                continue
            with suppress(OSError):
                if is_own_file(entry) and entry.stat().st_mtime < oldest:
                    Path(entry.path).unlink()


def sweep_all(settings: Settings) -> None:
    """Removes temporary files from all folders that an import writes to. Only for whoever holds the lock."""
    state_file = resolved(settings.state_file)
    cache = beside(state_file, ".addresses.json")
    sweep(state_file.parent, [state_file.name, cache.name])
    sweep(beside(state_file, ".d"), ["*"])
    for folder in filter(None, (settings.report_folder, settings.queries_folder)):
        sweep(folder, REPORTS)
    if settings.metrics_file is not None:
        sweep(settings.metrics_file.absolute().parent, [settings.metrics_file.name])
