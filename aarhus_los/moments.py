"""As it was: from when on the files about a subject are folded, and as of which moment MO is asked for it.

A file's line in the state has `began` and `last`, the moments of the first and the last run that imported it. What MO said
before the first of them had been imported is what the files are folded on: so folding again gives what folding gave.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, Literal

from msgspec import Struct

from aarhus_los.desired.lines import FileLines, Gathered
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import Family, parse_name
from aarhus_los.ledger import Line, moment_of_stamp

JUST_BEFORE: Final = timedelta(microseconds=1)
"""MO shows what was registered at the very instant that it is asked for."""
STILL_TO_COME: Final = datetime.max.replace(tzinfo=UTC)
"""The moment of a file that was imported by a run that wrote nothing: that of the next run that writes."""


class Traced(Struct, frozen=True):
    """The lines that are folded about each subject, and the instants as of which MO is asked for some of them."""

    lines: Gathered
    as_of: Mapping[str, datetime]
    """Subject → the instant. Of the others, MO as it is is the base."""


def trace(gathered: Gathered, state: Mapping[str, Line]) -> Traced:
    """Finds for each subject from which file on it is folded, and what its base is.

    It begins with the oldest file with a new or a pending row of it. Where an older file was claimed at or after the moment
    at which one of these began, that one is folded too. Files that are read for the sake of another subject only say nothing
    of this one: what stands between them may not be read. Nor do those of which all lines about it are given up.
    """
    names = sorted(name for each in state if (name := parse_name(each)) is not None and name.fault is None)
    orders = {family: [each for each in names if each.family is family] for family in Family}
    places = {each.name: place for order in orders.values() for place, each in enumerate(order)}
    imported = {name.family for name in names if _moment(state[name.name], "last") is not None}
    given_up = {name: frozenset(line.given_up) for name, line in state.items() if line.given_up}

    @cache
    def first_with(file: str) -> int:
        """The place of the first file that is read for a new one; all from there on are."""
        name = parse_name(file)
        if name is None or name.family not in imported:
            return places[file]  # nothing of its family was imported before
        first, _ = folded_from([state.get(each.name) for each in orders[name.family]], places[file])
        return first

    lines: dict[str, list[FileLines]] = {}
    as_of: dict[str, datetime] = {}
    for subject, in_files in gathered.items():
        each = [of_file for of_file in in_files if not _is_given_up(of_file, given_up)]
        read: set[str] = set()
        firsts: set[int] = set()
        for of_file in each:
            file = of_file.file.name.name
            waited = state[file].folded_with if of_file.file.due is not None and file in state else {}
            for row in (*of_file.rows, *of_file.rejects):
                if not of_file.file.is_due(row.ref):
                    continue
                read.add(file)
                if (with_it := waited.get(str(row.ref.line))) is not None:
                    read.update(with_it)
                elif file in places:
                    firsts.add(first_with(file))
        first = min(firsts, default=len(names))
        kept = [of for of in each if of.file.name.name in read or places.get(of.file.name.name, -1) >= first]
        due = next(place for place, of_file in enumerate(kept) if of_file.is_due)
        first, moment = folded_from([state.get(of_file.file.name.name) for of_file in kept], due)
        lines[subject] = each if first == 0 and len(kept) == len(each) else kept[first:]
        if moment is not None:
            as_of[subject] = moment - JUST_BEFORE
    return Traced(lines, as_of)


def _is_given_up(of_file: FileLines, given_up: Mapping[str, Collection[int]]) -> bool:
    """Whether all lines of a file about a subject are superseded or given up: as if they were not there."""
    lines = given_up.get(of_file.file.name.name, ())
    return bool(lines) and all(each.ref.line in lines for each in (*of_file.rows, *of_file.rejects))


def folded_from(lines: Sequence[Line | None], first: int) -> tuple[int, datetime | None]:
    """From which of some files on they are folded, where the one at `first` is, and when the first of these began.

    `lines` are those of the state, in the order of folding. The first moves back to an older file that was claimed at or
    after that moment, and again, until there is none. None: the moment is still to come, or there is nothing to ask for.
    """
    began, last = ([_moment(line, which) if line else None for line in lines] for which in ("began", "last"))
    while True:
        moment = min((at for at in began[first:] if at is not None), default=None)
        if moment is None:
            return first, None
        older = next(
            (place for place, at in enumerate(last[:first]) if at is not None and at >= moment), None
        )
        if older is None:
            return first, None if moment is STILL_TO_COME else moment
        first = older


def before_any(files: Iterable[DropFile], state: Mapping[str, Line]) -> datetime | None:
    """The instant before a run had imported any of the files; None: none of them has begun."""
    lines = (state[file.name.name] for file in files if file.name.name in state)
    moment = min((at for line in lines if (at := _moment(line, "began")) is not None), default=STILL_TO_COME)
    return None if moment is STILL_TO_COME else moment - JUST_BEFORE


def may_lack_a_past(at: datetime, lines: Iterable[Line]) -> bool:
    """Whether MO may know nothing of an instant: it is that of a stamp, or files of before it were imported.

    Then the MO that was there may be gone, and another one in its place that was filled later.
    """
    moments = [(line, began) for line in lines if (began := _moment(line, "began")) is not None]
    return any(began < at for _, began in moments) or any(
        began == at + JUST_BEFORE and _is_of_stamp(line) for line, began in moments
    )


def _is_of_stamp(line: Line) -> bool:
    name = parse_name(line.name)
    return name is not None and name.stamp is not None and line.began == moment_of_stamp(name.stamp)


def _moment(line: Line, which: Literal["began", "last"]) -> datetime | None:
    """None for a file that is imported for the first time."""
    text: str | None = getattr(line, which)
    return datetime.fromisoformat(text) if text else STILL_TO_COME if line.imported else None
