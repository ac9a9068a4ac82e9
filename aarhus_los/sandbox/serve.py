"""The sandbox as servers: an MO and an address service that run until they are stopped, for tests and for trying things."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Final

from aarhus_los.sandbox.sample import first_drop, put
from aarhus_los.sandbox.stage import Stage

CANNOT_SERVE: Final = 2


class ForeignFileError(Exception):
    """A file of the sample would take the place of one that is somebody's."""


def serve(
    drop: Path | None,
    empty: bool,
    today: date | None = None,
    *,
    rest: bool = True,
    service_api: bool = True,
) -> int:
    """Serves until SIGTERM or SIGINT and returns the exit code; says on stdout where, as one line of JSON, when ready.

    `drop` is the folder that the importer will read, made if it is not there; None: a temporary one. `empty`: no sample
    files are put into it. MO holds only its root organisation in either case. `today` is the
    day it is for MO, if not this one. `rest` False: MO's operator has switched REST off, which is 404; `service_api` False:
    the importer's client lacks that role, which is 403.
    """
    with _stopped() as stopped, TemporaryDirectory(prefix="los-sandbox-") as temporary:
        folder = (drop or Path(temporary) / "drop").absolute()
        try:
            _fill(folder, {} if empty else first_drop())
        except OSError as error:
            sys.stderr.write(f"los-import: the drop {folder} cannot be written: {error.strerror}\n")
            return CANNOT_SERVE
        except ForeignFileError as error:
            sys.stderr.write(f"los-import: {error}\n")
            return CANNOT_SERVE
        with Stage(Path(temporary)) as stage:
            if today is not None:
                stage.store.clock = _always(today)
            stage.mo.rest_enabled = rest
            if not service_api:
                stage.mo.tokens.roles -= {"service_api"}
            settings = stage.write_settings({"import_csv_folder": str(folder)})
            ready = {
                "settings": str(settings),
                "drop": str(folder),
                "mo": stage.mo.url,
                "dar": stage.dar.url,
            }
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
            stopped.wait()
    return 0


def _always(day: date) -> Callable[[], date]:
    return lambda: day


def _fill(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        if path.exists() and path.read_bytes() != content:
            raise ForeignFileError(
                f"{path} is there already and not the sample's: name another folder, or serve with --empty"
            )
    put(files, folder)


@contextmanager
def _stopped() -> Iterator[threading.Event]:
    """An event that is set by the first SIGTERM or SIGINT; what they did before is put back at the end."""
    event = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
