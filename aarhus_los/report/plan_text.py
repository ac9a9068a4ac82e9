"""The plan as lines of text: how much of what, and what of it where, above the account."""

from __future__ import annotations

from itertools import takewhile

from aarhus_los.report.account import Account
from aarhus_los.report.blocks import Block, Line, Table
from aarhus_los.report.changes import Change, Changes, changes_of, words_of
from aarhus_los.report.record import Record, run_record
from aarhus_los.report.text import closing, figures, problems
from aarhus_los.report.words import KINDS, NONE, SYMBOLS, Sort, days


def plan_blocks(account: Account, *, verbose: bool = False) -> list[Block]:
    """What a run would do: counted by kind, then by unit, then the account.

    `verbose`: with uuids, and the rows that ask for each change.
    """
    record = run_record(account)
    changes = changes_of(record, "en")
    planned: list[Block] = []
    if record["plan"]:
        planned = [
            Line(""),
            *_summary(changes),
            *_by_unit(record, changes, verbose),
            *_basics(record, changes, verbose),
            Line(""),
        ]
    return [closing(account), *planned, *problems(account), *figures(account), closing(account)]


def _summary(changes: Changes) -> list[Block]:
    """How many objects of each kind are new, changed, ended, moved."""
    groups = {
        "+ new": (Sort.CREATED, Sort.REOPENED),
        "~ changed": (Sort.RENAMED, Sort.CHANGED),
        "− ended": (Sort.ENDED,),
        "→ moved": (Sort.MOVED,),
    }
    rows = [
        [
            KINDS[kind].english,
            *(str(len(set().union(*(objects.get(sort, ()) for sort in sorts)))) for sorts in groups.values()),
        ]
        for kind, objects in changes.objects.items()
    ]
    return [Table(["What would change", *groups], rows)]


def _by_unit(record: Record, changes: Changes, verbose: bool) -> list[Block]:
    """Units under their ancestors, then the people in them."""
    names = record["names"]
    found: dict[tuple[str, ...], list[Change]] = {}
    for change in (*changes.units, *changes.people):
        found.setdefault(change.place, []).append(change)
    order = sorted(found, key=lambda place: [names.get(each, each) for each in place])
    lines: list[Block] = []
    above: tuple[str, ...] = ()
    for place in order:
        common = sum(1 for _ in takewhile(lambda each: each[0] == each[1], zip(above, place, strict=False)))
        lines += [
            Line(names.get(unit, unit) + (f"  [{unit}]" if verbose else ""), "title", 2 * depth)
            for depth, unit in enumerate(place[common:], common)
        ]
        above = place
        for change in found[place]:
            lines += _change(change, 2 * len(place), verbose)
    return [Line(""), *lines] if lines else []


def _basics(record: Record, changes: Changes, verbose: bool) -> list[Block]:
    lines: list[Block] = []
    for change in changes.basics:
        place = change.place[0]
        title = KINDS[place].english if place in KINDS else f"classes of {record['names'].get(place, place)}"
        if Line(title, "title") not in lines:
            lines.append(Line(title, "title"))
        lines += _change(change, 2, verbose)
    return [Line(""), *lines] if lines else []


def _change(change: Change, indent: int, verbose: bool) -> list[Block]:
    """A change in a line: what, when, and each field, the old and the new."""
    said = words_of(change, "en", planned=True)
    sort = said[0][0]
    span = days(change.start, change.end, "en")
    before, after = dict(change.before), dict(change.after)
    fields = [
        f"{label}: {after[label]}"
        if label not in before
        else f"{label}: {before[label]} → {after.get(label, NONE)}"
        for label in dict.fromkeys([*before, *after])
    ]
    details = f": {', '.join(fields)}" if fields and (after or sort is not Sort.ENDED) else ""
    lines = [
        Line(
            f"{SYMBOLS[sort]} {change.name}: {', '.join(word for _, word in said)} {span}{details}",
            sort,
            indent,
        )
    ]
    if verbose:
        lines.append(
            Line(f"{change.uuid or NONE} ({', '.join(change.rows) or 'no row'})", "soft", indent + 2)
        )
    return list(lines)
