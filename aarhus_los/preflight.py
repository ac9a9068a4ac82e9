"""What an import will have to write, tried before anything is sent: else MO would say it, and nothing would know.

Used by the import, and by the check beforehand: so both say the same.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from aarhus_los import lock
from aarhus_los.errors import StateError
from aarhus_los.files import beside, is_own_folder, no_room, obstacle, resolved, unwritable
from aarhus_los.settings import Settings

OPERATION_BYTES: Final = 1_000
"""About how much an operation takes in the record of a run."""


class Fault(Struct, frozen=True):
    """What stands in the way of an import, and what to do."""

    subject: str
    text: str


def preflight(settings: Settings, files: Collection[str] = (), *, kept: int = 0, reports: int = 0) -> None:
    """Raises StateError, a line a fault, where not all could be written that an import of these files may have to.

    `kept` and `reports`: about how many bytes it will keep beside the state, and put into the report folder.
    """
    found = faults(settings, files, kept=kept, reports=reports)
    if found:
        raise StateError("\n".join(dict.fromkeys(fault.text for fault in found)))


def faults(
    settings: Settings, files: Collection[str] = (), *, kept: int = 0, reports: int = 0
) -> list[Fault]:
    """What stands in the way, of every folder; what an import makes itself may be missing. Leaves nothing behind."""
    found: list[Fault] = []
    try:
        state_file = resolved(settings.state_file)
        size = kept + (state_file.stat().st_size if state_file.is_file() else 0)
        found += _of_folder("state folder", state_file.parent, [state_file], size, made=True)
        found += _of_kept(beside(state_file, ".d"))
        if not found and (fault := lock.obstacle(state_file)):
            found.append(Fault("lock", fault))
    except StateError as error:
        found.append(Fault("state folder", str(error)))
    named = [f"{kind}_{file}" for kind in ("rejected", "failed_addr") for file in files]
    folder = settings.report_folder
    found += _of_folder("report folder", folder, [folder / name for name in named], reports, made=True)
    if settings.queries_folder is not None:
        folder = settings.queries_folder
        lists = [folder / f"failed_addr_{file}" for file in files]
        found += _of_folder("queries folder", folder, lists, reports)
    if settings.metrics_file is not None:
        path = settings.metrics_file.absolute()
        found += _of_folder("metrics", path.parent, [path], 0)
    return found


def _of_folder(
    subject: str, folder: Path, paths: Collection[Path], size: int, *, made: bool = False
) -> Iterator[Fault]:
    """`made`: an import makes the folder where it is not there."""
    try:
        folder = resolved(folder)
    except StateError as error:
        yield Fault(subject, str(error))
        return
    if made and not os.path.lexists(folder):
        above = next(parent for parent in folder.absolute().parents if os.path.lexists(parent))
        if fault := unwritable(above):
            yield Fault(subject, fault)
        return
    if fault := unwritable(folder) or no_room(folder, size):
        yield Fault(subject, fault)
        return
    for path in paths:
        if fault := obstacle(path):
            yield Fault(subject, fault)


def _of_kept(folder: Path) -> Iterator[Fault]:
    """What is in it goes when no row needs it any more, and the folder with it."""
    if not os.path.lexists(folder):
        return
    if not is_own_folder(folder):
        yield Fault("kept files", f"{folder} is not a folder of our own: see who made it, and put it away")
    elif fault := unwritable(folder):
        yield Fault("kept files", fault)
    else:
        with os.scandir(folder) as entries:
            inner = sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
        for path in inner:
            yield Fault("kept files", f"{path} is a folder, where only files of ours may be: put it away")
