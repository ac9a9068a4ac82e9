"""What MO must say after a drop, worked out a day at a time from the text of the format and the design alone.

`fold` takes MO as it was before the first file and all files, and overlays MO with what each file claims, in the order
of the stamps. There are no masks and no notes: that is the property that runs must have, however the files are split
among them. It shares no code with the importer but the derived uuids, which have vectors of their own.

READINGS: sentences that can be read in more than one way, and how they are read here.

 1. "First claimed day of a `_ret` file …: if one of its rows covers the file date". All rows of the file about the unit or
    the engagement that have days count, also those that are set aside, whatever for, and cancelled hires: so a row that
    heals does not change the first day. The same for `_nye` and `_inital` files with several rows of a unit. A file that
    has no applied row of a unit claims nothing of it, not even the days behind a failed row's end.
 2. "Rows that fail leave their days unclaimed, for all their objects". Where an applied row of the same file covers the
    same days: a failed row takes part in the overlay as unclaimed days, so the later start wins, as written.
 3. "A row whose end is the day before a validity that the base, overlaid, has after the file date claims to its end
    only". A validity of any object that the row speaks of: the unit, one of its addresses, its mark. That goes for all
    files with such rows, also `_nye` and `_inital`, and also for rows that are set aside. What follows the row is left
    until the next row of the file begins.
 4. "a row whose dates cannot be read sets aside the other rows": a cell with a text that is no date. An empty start and
    a start after the end reject their row alone, and such a row has no days. An end before 1900 rejects its row alone
    too; it counts for the first claimed day, as one that ended in 1950 does. The others are rejected.
 5. "the row states nothing" (a cancelled hire): it has no say on name, e-mail and account, makes no person, and is not
    the "valid row" that makes a unit or a person known to others. As ended row for the first claimed day it counts with
    the day before its start, else with its start.
 6. Rows that are set aside have no say on the person's name, e-mail and account, whatever they are set aside for (the
    text says it of unreadable dates); they do not make these days unclaimed either.
 7. "A bad value in a detail column … claims nothing for that one object", "an optional column that is absent from a file
    is unclaimed": on the days of the file's rows of the unit, like an address text that is not resolved; on its other
    days it is a column like any other. So a closed unit's address ends with it, in all three cases.
 8. E-mail and account where the person has no engagement left on any day (all cancelled): claimed to be gone from the
    file date on, by ret, nye and luk alike.
 9. "still moves its end: both ways, with its last value, where it ended with the engagements so far". Extended: from
    the file date or the day after its end, whichever is later (no days before the file date, so a gap between stays a
    gap).
10. "(`Pers_luk` of the last one ends them there)" against "where it ended with the engagements so far": a luk that
    brings the latest end forward ends e-mail and account there even if they ended elsewhere, later.
11. The account "is active on or after the file date": of each file, in the base overlaid. A file without an AZID column
    moves the end of the account that this rule gives.
12. Circles: all rows of the file that are an edge of a circle are set aside, whole; they are rejected, not pending.
    Their days then show what was there, and a circle that this closes is looked for anew. A row that an earlier run applied
    is none of them: what MO says of later days was not there when its file was folded.
13. "the mark of the base": its interval, from the first to the last day that is shown, also where the unit is away
    between. Days claimed without a unit are claimed without a mark. It is reduced once, after the last file of a run.
14. A manager's rows in one file of which one is rejected and another pending: all are rejected. Where type or level
    differ: the last line.
15. A row that is superseded is set aside for good (the state remembers it), also for `--since`: "counts as not there" says
    that it heals no more, and that it makes nothing known to others. Its days in its own file stay unclaimed, as they
    were while it was pending: "the days between keep what MO has", and a repeat must write nothing. The exit code of a
    run in which it is read and superseded at once is 0 or 1. Of a row that waits for its address alone this cannot be
    said, since the rest of it is in MO: where it is read again for the sake of others, its text is looked up as any.
16. Rows with one engagement and two persons in one file: the first line is its person.
17. A type that is no uuid at all gives `Ukendt`, told, like one that nobody has. An absent type column leaves the type
    that the unit has on that day.
18. "a CPR number that neither knows": the drop knows it where a valid `Pers_nye` or `_ret` row has it.
19. Exit code where an optional column lacks in one of several headers, where a person has several other accounts, where
    a list no longer has a class: 0 or 1.
20. Two rows of a class uuid in one list: the later line.
21. "A reference is known if MO has the object on any day or the drop has a valid row": as if each file were a run of its
    own, since any split must end alike. MO has the unit on any day after the files before the row's own, or after its own
    or a later one (then it heals). So what rows have cancelled on all its days is known no more. Of a row that was applied
    it is not asked again.
22. A row that lacks cells which it must have, since its upload was cut off, is one whose dates cannot be read, wherever it
    was cut; a `Pers_luk` row must have all three. A row that is cut off within its last cell says what is left of that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tests.drawn import cells
from tests.drawn.claims import PENDING, Ref, Row, SetAside
from tests.drawn.days import Sheet, after
from tests.drawn.leaders import fold_leaders, read_leaders, set_aside_leaders
from tests.drawn.lists import fold_lists
from tests.drawn.people import People, read_people, set_aside_unknown_references
from tests.drawn.units import (
    ADDRESSES,
    Units,
    Wash,
    address_key,
    line_of_base,
    marks,
    read_units,
    set_aside_unknown_parents,
    tell_unknown_types,
)
from tests.drawn.world import FOREVER, File, Mo

_OPTIONAL = {"Org": {*ADDRESSES, "OrgEnhedsTypeUUID", "Med-i-LinjeOrg"}, "Pers": {"Email", "AZID"}}


@dataclass(frozen=True)
class Outcome:
    """What a fold gives: MO on each day, what was claimed of it, which rows are set aside and which values told."""

    sheet: Sheet
    aside: SetAside
    made: Mapping[str, date]
    """Persons who are new, and the date of the first file of them: what they are called before it, nobody says."""
    dropped: bool
    """Whether MO cannot keep a mark: an earlier run of days in the line organisation."""
    owners: Mapping[str, str]
    """Engagement → the person who has it, or had it after one of the files."""
    left_alone: bool
    """Whether a person's account was left alone, since there are several others."""
    exits: frozenset[int]
    """The exit codes that an import of all files at once may end with."""

    @property
    def mo(self) -> Mo:
        return self.sheet.mo()

    @property
    def set_aside(self) -> Mapping[Ref, tuple[str, str]]:
        """File and line → pending or rejected, and why."""
        return self.aside.rows


def _not_washed(text: str) -> str | None:
    raise cells.Bad("no address service")


def fold(
    mo: Mo,
    files: Sequence[File],
    today: date,
    wash: Wash = _not_washed,
    now: Mo | None = None,
    gone: Collection[Ref] = (),
    applied: Collection[Ref] = (),
) -> Outcome:
    """Folds the files over MO as it was before the first of them. `today` is the day of the run: titles change on it.

    `now` is MO as it is, where that is another: identities and references are looked up in it too. `gone` are rows that are
    set aside for good, whatever they say; `applied` are rows that MO has taken, and that no circle of half-way through the
    files takes back.
    """
    now = now or mo
    files = sorted(files, key=lambda file: file.order)
    family = {
        name: [file for file in files if file.family == name] for name in ("STAM", "Org", "Pers", "Leder")
    }
    aside = SetAside()
    for ref in gone:
        aside.reject(ref, "set aside for good")
    units = read_units(family["Org"], aside)
    people = read_people(family["Pers"], aside)
    leaders = read_leaders(family["Leder"], aside)
    turning = {today, date(1900, 1, 1), *_birth_dates(people)}
    for file in files:
        if file.family != "STAM":
            turning |= {file.date, after(file.date)}
    for pieces in now["unit"].values():
        turning |= {day for start, end, _ in pieces for day in (start, after(end))}
    for row in (*units, *people):
        if row.start and row.end:
            turning |= {row.start, row.end, after(row.end), row.start - timedelta(days=1)}

    while True:
        aside.partly.clear()
        sheet = Sheet(turning, mo)
        for unit, pieces in line_of_base(mo).items():
            sheet.values["line", unit] = [
                True if any(start <= day <= end for start, end, _ in pieces) else None for day in sheet.days
            ]
        classes = fold_lists(sheet, family["STAM"], today, aside)
        org = Units(sheet, classes, units, aside, wash, applied, now)
        org.fold()
        if set_aside_unknown_parents(units, org, applied, aside):
            continue
        if not org.closing:
            break
        for ref in org.closing:
            aside.reject(ref, "closes a circle")
    tell_unknown_types(units, classes, aside)
    dropped = marks(sheet, mo)

    persons = {pieces[-1][2].cpr: uuid for each in (mo, now) for uuid, pieces in each["person"].items()}
    set_aside_unknown_references(people, org, classes, applied, aside)
    folded = People(sheet, people, persons, now, aside)
    folded.fold()
    stated = {
        row.values["cpr"] for row in people if row.file.kind != "luk" and row.states and row.ref not in aside
    }
    set_aside_leaders(leaders, org, {*persons, *stated}, classes, applied, aside)
    fold_leaders(sheet, leaders, {**folded.persons}, aside)
    return Outcome(
        sheet,
        aside,
        folded.made,
        dropped,
        folded.owners,
        folded.left_alone,
        _exits(files, aside, folded.left_alone),
    )


def _birth_dates(people: Sequence[Row]) -> set[date]:
    numbers = {row.values["cpr"] for row in people if row.values.get("cpr")}
    return {cells.birth(number) for number in numbers}


def _exits(files: Sequence[File], aside: SetAside, left_alone: bool) -> frozenset[int]:
    superseded = {
        ref for ref, (fate, _) in aside.rows.items() if fate == PENDING and followed(ref, files, aside)
    }
    if set(aside.rows) - superseded or aside.told or aside.partly:
        return frozenset({1})
    doubtful = bool(superseded) or left_alone or any(open_header(file) for file in files)
    return frozenset({0, 1}) if doubtful else frozenset({0})


def open_header(file: File) -> bool:
    """Whether an optional column lacks, which may be told."""
    return file.kind != "luk" and bool(_OPTIONAL.get(file.family, set()) - set(file.header))


def followed(ref: Ref, files: Sequence[File], aside: SetAside) -> bool:
    """Text: "A pending row is *superseded* … when a later file has a valid `_nye` or `_ret` row whose claim begins no later
    than the day after the pending row's own end, for every object that it is pending for".
    """
    file = next(file for file in files if file.name == ref[0])
    later = [
        aside.speaks.get((each.name, line), {})
        for each in files
        if each.family == file.family and each.order > file.order and each.kind != "luk"
        for line, _ in each.cells()
        if (each.name, line) not in aside
    ]
    waits = set(aside.speaks.get(ref, ()))
    if ref in aside.partly:
        waits = {address_key(cells.uuid(dict(file.cells())[ref[1]]["OrgUUID"]), "PostAdresse")}
    last = after(aside.ends.get(ref, FOREVER))
    return bool(waits) and all(
        any(each.get(key, FOREVER) <= last for each in later if key in each) for key in waits
    )
