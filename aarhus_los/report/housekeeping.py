"""The report folder does not grow for ever, and does not keep personal data longer than it is of use."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

OURS: Final = ("run_*.json", "failed_addr_*.csv", "rejected_*.csv", "error_*.txt")


def tidy(folder: Path, now: datetime, days: int, pending: Collection[str]) -> None:
    """Removes reports that are older than `days`, but for the rejects of files that have pending rows."""
    oldest = (now - timedelta(days=days)).timestamp()
    kept = {f"rejected_{name}" for name in pending}
    for pattern in OURS:
        for path in folder.glob(pattern):
            if path.name not in kept and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
