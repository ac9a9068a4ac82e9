"""The drop: whether it can be reached and listed, and what in it will not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from aarhus_los import clock
from aarhus_los.checks.findings import Finding, failure, ok, warning
from aarhus_los.drop.names import DropName, Family, near_miss, parse_name, refusal
from aarhus_los.errors import LosError, StateError
from aarhus_los.ledger import load_state
from aarhus_los.settings import Settings
from aarhus_los.sources.entries import Entry
from aarhus_los.sources.open import open_source

SKEW: Final = timedelta(minutes=5)
"""Clocks that differ by less are as good as equal."""
_SUBJECT: Final = "drop"


def drop(settings: Settings) -> tuple[list[Finding], list[str]]:
    """Logs in and lists the folder; no file is read. Also the names of the files that an import would read."""
    try:
        with open_source(settings) as source:
            entries = source.listing()
            place = source.describe()
    except LosError as error:
        return [failure(_SUBJECT, str(error), error.exit_code)], []
    found = [*_listed(place, entries), *_unread(entries), *_ahead(entries, clock.now())]
    if place.startswith("ftp://"):
        found.append(warning(_SUBJECT, f"{place}: not encrypted, nor is the login: use ftps:// or sftp://"))
    return found, _to_read(settings, entries)


def _to_read(settings: Settings, entries: Sequence[Entry]) -> list[str]:
    """The files that are not in MO, as far as their names tell, and those with pending rows."""
    try:
        lines = load_state(settings.state_file).lines
    except StateError:
        return []
    found = []
    for name in _names(entries):
        line = lines.get(name.name)
        if line is None or line.sha256 is None or line.pending:
            found.append(name.name)
    return found


def _listed(place: str, entries: Sequence[Entry]) -> list[Finding]:
    names = _names(entries)
    if not names:
        text = f"no file of the drop among {len(entries)} files: check ftp_folder or import_csv_folder"
        return [warning(_SUBJECT, f"{place}: {text}")]
    families = Counter(name.family for name in names)
    counts = ", ".join(f"{families[family]} {family.value}" for family in Family if families[family])
    newest = max(names)
    text = f", the newest {newest.name}" if newest.stamp else ""
    return [ok(_SUBJECT, f"{place}: {len(names)} files of the drop ({counts}){text}")]


def _unread(entries: Sequence[Entry]) -> list[Finding]:
    """Files that look like ours and are not, and those that an import refuses by their name alone."""
    today = clock.now().date()
    found = []
    for entry in sorted(entries, key=lambda entry: entry.name):
        name = parse_name(entry.name)
        if name is None:
            if miss := near_miss(entry.name):
                found.append(warning(_SUBJECT, f"{entry.name!r} is not read: {miss}"))
        elif reason := refusal(name, today):
            found.append(warning(_SUBJECT, f"{name.name} is not read: {reason}"))
    return found


def _ahead(entries: Sequence[Entry], now: datetime) -> list[Finding]:
    """Files dated later than now: one of the clocks is wrong, and what is imported of them begins in the future."""
    found = []
    stamped = [name for name in _names(entries) if name.stamp is not None and not refusal(name, now.date())]
    newest = max(stamped, default=None)
    if newest and newest.stamp and newest.stamp.replace(tzinfo=now.tzinfo) > now + SKEW:
        found.append(warning(_SUBJECT, f"the newest file is dated in the future: {newest.name}"))
    times = [(entry.mtime, entry.name) for entry in entries if entry.mtime is not None]
    time, file = max(times, default=(now, ""))
    if time > now + SKEW:
        text = "was changed in the future: the clock of its server or of this machine is wrong"
        found.append(warning(_SUBJECT, f"{file!r} {text} (it is {now.isoformat(timespec='seconds')})"))
    return found


def _names(entries: Sequence[Entry]) -> list[DropName]:
    return [name for entry in entries if (name := parse_name(entry.name)) is not None]
