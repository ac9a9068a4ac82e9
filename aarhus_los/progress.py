"""How the state goes on: what is under way is noted before the first write, what is done after the last.

Also whether the MO that is read is the one that the state is about, and not an older copy of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from msgspec.structs import replace

from aarhus_los.desired.claims import SetAside
from aarhus_los.desired.lines import Gathered, all_lines
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import Family, parse_name
from aarhus_los.drop.rejects import RowRef
from aarhus_los.errors import StateError
from aarhus_los.ledger import NOTHING_YET, Line, State, next_state
from aarhus_los.moments import JUST_BEFORE
from aarhus_los.selection import Selection


def check_mo(state: State, organisation: str, bookmark: datetime | None, since: date | None) -> None:
    """Raises StateError where MO is another one than the state is about, or was put back to an older copy.

    `bookmark` is when MO's was set last. With `since` at or before the day of the oldest file that the copy lacks, a copy is
    as good as any MO.
    """
    if state.organisation not in (None, organisation):
        raise StateError(
            f"this state is of another MO: its root organisation is {state.organisation}, and MO's is {organisation}."
            " Set mora.base to the MO that it is about, or state_file to the state of this one"
        )
    if state.bookmark is None:
        return
    if bookmark is not None and bookmark >= datetime.fromisoformat(state.bookmark):
        return
    lacking = [
        name.file_date
        for line in state.lines.values()
        if line.last and (bookmark is None or datetime.fromisoformat(line.last) > bookmark)
        if (name := parse_name(line.name)) and name.stamp is not None
    ]
    # Where only class lists are lacking, any day does: they are whole every time.
    oldest = min(lacking, default=state.timestamp.date() if state.timestamp else date.max)
    if since is None or (lacking and since > oldest):
        copy = (
            "has no bookmark of this importer"
            if bookmark is None
            else f"is as it was at {bookmark:%Y-%m-%d %H:%M}"
        )
        raise StateError(
            f"MO was put back to a copy: it {copy}, and the last import was later. Import what it lacks with"
            f" --since {oldest}"
        )


def healed(selection: Selection, left_out: Iterable[SetAside]) -> set[str]:
    """The files of which rows that were pending are applied. `left_out`: what is set aside or superseded."""
    refs = {aside.ref for aside in left_out}
    return {
        file.name.name
        for file in selection.files
        if file.due and any(ref.line in file.due and ref not in refs for ref in file.lines)
    }


def under_way(state: State, selection: Selection, at: datetime) -> State:
    """The state before the first write: what is being imported, so that a run that is cut off changes nothing.

    `at` is the moment of the run. What was imported by runs that wrote nothing takes the last instant before: MO said then
    what it says, and nothing new is folded with it.
    """
    moment, before = at.isoformat(), (at - JUST_BEFORE).isoformat()
    lines = dict(state.lines)
    for name, line in selection.lines.items():
        if line.taken_over:
            lines.setdefault(name, line)
    for file in selection.files:
        name = file.name.name
        fresh = selection.lines[name]
        if file.due is None:
            # A new file of the run that takes over has its stamp as its beginning.
            line = lines.get(name, Line(name, began=fresh.began, last=fresh.last))
            line = replace(line, under_way=file.sha256)
            lines[name] = line if name not in lines and fresh.began else _claimed(line, moment)
    for name, line in lines.items():
        if line.began is None:
            lines[name] = _claimed(line, before)
    return replace(state, timestamp=state.timestamp or NOTHING_YET, lines=lines, bookmark=moment)


def _claimed(line: Line, moment: str) -> Line:
    """Class lists have no moments: none is folded on what was before it."""
    name = parse_name(line.name)
    if name is None or name.family is Family.STAM:
        return line
    return replace(line, began=line.began or moment, last=moment)


def with_healed(state: State, selection: Selection, left_out: Iterable[SetAside], at: datetime) -> State:
    """The state after a run whose moment was `at`: it has claimed the files of which rows have healed.

    Not before: while they are pending, what is new about the same subjects is folded with them anyhow. Of those that left
    the server long ago, the state has a line no more.
    """
    files = healed(selection, left_out) & state.lines.keys()
    claimed = {name: _claimed(state.lines[name], at.isoformat()) for name in files}
    return replace(state, lines={**state.lines, **claimed})


def completed(
    state: State,
    selection: Selection,
    pending: Mapping[RowRef, Collection[str]],
    given_up: Iterable[RowRef],
    now: datetime,
    accepted: Iterable[RowRef] = (),
    rejected: Iterable[RowRef] = (),
) -> State:
    """The state after everything else. `pending` and `given_up`: the rows that become so by this run.

    `pending` has what `needed_again` says of each row. `accepted`: those of former runs that are given up, also where they
    could not be tried again. `rejected`: those that this run has rejected, and no reader of their file alone would.
    """
    waiting, done_with, refused = _by_file(pending), _by_file(given_up), _by_file(rejected)
    today = now.date().isoformat()
    lines = {
        name: replace(line, began=noted.began, last=noted.last) if (noted := state.lines.get(name)) else line
        for name, line in selection.lines.items()
    }
    tried = {file.name.name for file in selection.files}
    for name, rows in _by_file(accepted).items():
        line, numbers = state.lines.get(name), {str(row) for row in rows}
        if line and name not in tried:
            lines[name] = replace(
                lines.get(name, line),
                pending=tuple(row for row in line.pending if row not in rows),
                folded_with={row: names for row, names in line.folded_with.items() if row not in numbers},
                given_up=tuple(sorted({*line.given_up, *rows.intersection(line.pending)})),
                reported={row: day for row, day in line.reported.items() if row not in numbers},
            )
    for file in selection.files:
        name = file.name.name
        line = lines[name]
        of_file = sorted(waiting.get(name, ()))
        line = replace(
            line,
            pending=tuple(of_file),
            folded_with={str(number): tuple(sorted(pending[RowRef(name, number)])) for number in of_file},
            given_up=tuple(sorted({*line.given_up, *done_with.get(name, ())})),
            rejected=tuple(sorted(refused.get(name, set()).union(() if file.due is None else line.rejected))),
            reported={str(number): line.reported.get(str(number), today) for number in of_file},
        )
        if file.due is None:
            imported = now.isoformat(timespec="seconds")
            line = replace(line, imported=imported, taken_over=False, under_way=None)
        lines[name] = line
    return next_state(state, now, lines, selection.listed, selection.reported)


def pending_rows(lines: Mapping[str, Line]) -> set[RowRef]:
    """The rows that wait, by the state's lines of all files."""
    return {RowRef(name, row) for name, line in lines.items() for row in line.pending}


def rejected_for_others(files: Iterable[DropFile], set_aside: Iterable[SetAside]) -> set[RowRef]:
    """The rows that are rejected, and would not be if their file were all that there is."""
    in_themselves = {reject.ref for file in files for reject in file.rejects}
    return {aside.ref for aside in set_aside if not aside.pending} - in_themselves


def needed_again(gathered: Gathered, pending: Collection[RowRef]) -> dict[RowRef, set[str]]:
    """Of each pending row the other files that are folded about its subject: with these it is tried again."""
    needed: dict[RowRef, set[str]] = {ref: set() for ref in pending}
    for each in gathered.values() if needed else ():
        names = {lines.file.name.name for lines in each}
        for line in all_lines(each):
            if line.ref in needed:
                needed[line.ref] = names - {line.ref.file}
    return needed


def files_of(needed: Mapping[RowRef, Collection[str]]) -> set[str]:
    """The files whose bytes are kept for pending rows."""
    return {ref.file for ref in needed}.union(*needed.values())


def _by_file(rows: Iterable[RowRef]) -> Mapping[str, set[int]]:
    found: dict[str, set[int]] = {}
    for ref in rows:
        found.setdefault(ref.file, set()).add(ref.line)
    return found
