"""The drop: whether it can be reached and listed, and what in it will not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from aarhus_los import clock
from aarhus_los.checks.findings import Finding, failure, ok, warning
from aarhus_los.drop.names import DropName, Family, parse_name, refusal
from aarhus_los.errors import LosError, StateError
from aarhus_los.ledger import Kept, load_state
from aarhus_los.selecting import select
from aarhus_los.selection import Selection
from aarhus_los.settings import Settings
from aarhus_los.sources.entries import Entry
from aarhus_los.sources.open import open_source

SKEW: Final = timedelta(minutes=5)
"""Clocks that differ by less are as good as equal."""
_SUBJECT: Final = "drop"


def drop(settings: Settings) -> tuple[list[Finding], list[str]]:
    """Logs in, lists the folder, and opens each file that an import would: what it says of them is reported beforehand.

    Also the names of those that it would read.
    """
    try:
        state = load_state(settings.state_file)
    except StateError:
        state = None  # another finding
    selection = Selection()
    try:
        with open_source(settings) as source:
            place = source.describe()
            if state is None:
                source.listing()
            else:
                kept, birthdate = Kept(settings.state_file), settings.cpr_validate_birthdate
                selection = select(state, source, kept, clock.now(), validate_birthdate=birthdate)
            entries = list(source.listed.values())
    except LosError as error:
        return [failure(_SUBJECT, str(error), error.exit_code)], []
    found = [
        *_listed(place, entries),
        *(
            warning(_SUBJECT, str(each)) if each.fault else ok("news", str(each))
            for each in selection.notices
        ),
        *(warning(_SUBJECT, f"{each.file} is not read: {each.reason}") for each in selection.refused),
        *_ahead(entries, clock.now()),
    ]
    if place.startswith("ftp://"):
        found.append(warning(_SUBJECT, f"{place}: not encrypted, nor is the login: use ftps:// or sftp://"))
    return found, [file.name.name for file in selection.files]


def _listed(place: str, entries: Sequence[Entry]) -> list[Finding]:
    names = _names(entries)
    if not names:
        return []  # an empty drop that an import would not take for one is a failure by now
    families = Counter(name.family for name in names)
    counts = ", ".join(f"{families[family]} {family.value}" for family in Family if families[family])
    newest = max(names)
    text = f", the newest {newest.name}" if newest.stamp else ""
    return [ok(_SUBJECT, f"{place}: {len(names)} files of the drop ({counts}){text}")]


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
