"""What happens to an importer: uploads, runs that come to their end or do not, an MO put back, what others write. Drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from tests.drawn import drops
from tests.drawn.dice import Dice, chance, one_of, weighted
from tests.drawn.draw import Calendar, drop
from tests.drawn.draw_mo import mo_before
from tests.drawn.drops import class_list, class_uuid, engaged, file, unit, unit_uuid
from tests.drawn.importer import Broken, End
from tests.drawn.oracle import fold
from tests.drawn.stand_in import COPENHAGEN, wash
from tests.drawn.world import File, Mo, empty_mo

LATER_UNIT: Final = 8
"""A unit to which rows may refer before there is a file of it."""
LATER_CLASS: Final = 5
WAITING: Final = 3
"""The number of a person of whom there is nothing but a row that waits for ever."""
NEVER: Final = unit_uuid(99)


@dataclass(frozen=True)
class Upload:
    """A file arrives, or another version of it. `broken`: in which way it cannot be read, if it cannot."""

    file: File
    at: datetime | None = None
    broken: Broken | None = None

    def __str__(self) -> str:
        return f"upload {self.file.name}{f', broken: {self.broken}' if self.broken else ''}"


@dataclass(frozen=True)
class Run:
    """An import. `end` ends it before its time; `down`: the address service is away; `repeat`: it is run again at once.

    `accept`: each so many-th row that waits is given up; 1: all, also what would begin to wait. `refused`: another number,
    other objects that MO refuses; 0: none. `graphql`: MO has no REST.
    """

    since: date | None = None
    end: End | None = None
    down: bool = False
    repeat: bool = False
    accept: int = 0
    refused: int = 0
    graphql: bool = False

    def __str__(self) -> str:
        parts = ["run"]
        if self.since:
            parts.append(f"--since {self.since}")
        if self.end:
            parts.append(f"({self.end})")
        if self.down:
            parts.append("(no address service)")
        if self.accept:
            parts.append(f"--accept-rejects{f' of one row in {self.accept}' if self.accept > 1 else ''}")
        if self.refused:
            parts.append(f"(MO refuses {self.refused})")
        if self.graphql:
            parts.append("(MO has no REST)")
        if self.repeat:
            parts.append("and again")
        return " ".join(parts)


@dataclass(frozen=True)
class PutBack:
    """MO is put back to what it was before the so many-th run."""

    before: int

    def __str__(self) -> str:
        return f"MO is put back to a copy from before run {self.before + 1}"


@dataclass(frozen=True)
class Mend:
    """Runs after MO was put back: without --since, with a day too late, and with the right one, or so much earlier."""

    earlier: int = 0

    def __str__(self) -> str:
        return (
            f"mended with --since the day that is asked for{f', less {self.earlier}' if self.earlier else ''}"
        )


@dataclass(frozen=True)
class Others:
    """Somebody else writes to an object that no row speaks of."""

    what: str
    number: int

    def __str__(self) -> str:
        return f"others write: {self.what} {self.number}"


@dataclass(frozen=True)
class ByHand:
    """Somebody changes an object that rows may speak of, if MO has it. `to`: which of some changes; 0: it is ended."""

    kind: str
    uuid: str
    start: date
    end: date
    to: int

    def __str__(self) -> str:
        return f"by hand: {self.kind} {self.uuid} {self.start}–{self.end} {self.to or 'ended'}"


@dataclass(frozen=True)
class LoseState:
    """The state file is deleted."""

    def __str__(self) -> str:
        return "the state is lost"


@dataclass(frozen=True)
class Wait:
    """Nothing happens for some days."""

    days: int

    def __str__(self) -> str:
        return f"{self.days} days later"


Step = Upload | Run | PutBack | Mend | Others | ByHand | LoseState | Wait


@dataclass(frozen=True)
class Play:
    """`mo` is what MO holds before; `steps` what happens.

    `exact`: the end is what all files at once make of MO as it was before. `taken_over`: the time in the state of an earlier
    importer; `history` is then what MO held at which time.
    """

    kind: str
    family: str
    mo: Mo
    steps: tuple[Step, ...]
    exact: bool = True
    chunk: int = 50
    taken_over: datetime | None = None
    history: tuple[tuple[datetime, Mo], ...] = ()
    bare: bool = False
    """An MO fresh from its installation, without our facets and classes."""
    leaves: bool = False
    """Whether files leave the server once they are imported, until the end."""
    spoiled: Broken | None = None
    """What leaves the server is not gone, but broken in this way."""
    settings: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.kind} of {self.family}, lists of {self.chunk}{', a bare MO' if self.bare else ''}"]
        if self.leaves:
            lines.append(f"files leave the server once they are imported ({self.spoiled or 'gone'})")
        lines += [f"{name}: {value}" for name, value in self.settings]
        if self.taken_over:
            lines.append(f"taken over: the state says {self.taken_over:%Y-%m-%dT%H:%M:%S}")
        for moment, mo in self.history:
            lines += [f"MO on {moment:%Y-%m-%d %H:%M}:", *_shown(mo)]
        if any(self.mo.values()):
            lines += ["MO before:", *_shown(self.mo)]
        for step in self.steps:
            lines.append(f"- {step}")
            if isinstance(step, Upload):
                lines += [f"    {line}" for line in shown(step.file)]
        return "\n".join(lines)


def _shown(mo: Mo) -> list[str]:
    return [
        f"    {kind} {uuid}: " + "; ".join(f"{start}–{end} {value}" for start, end, value in pieces)
        for kind, objects in mo.items()
        if kind != "class"
        for uuid, pieces in objects.items()
    ]


def shown(file: File) -> list[str]:
    """The rows of a file, with the columns that are not empty."""
    lacking = set(header_of(file)) - set(file.header)
    out = [f"without {', '.join(sorted(lacking))}"] if lacking else []
    if file.rows and (cells := len(file.rows[-1])) < len(file.header):
        out.append(f"cut off within {file.header[cells - 1]}")
    for line, row in file.cells():
        out.append(f"{line}: " + " ".join(f"{column}={cell}" for column, cell in row.items() if cell))
    return out


def header_of(file: File) -> Sequence[str]:
    """All columns that a file of its kind has."""
    return file.header if file.family == "STAM" else drops.header_of(file.name)


# What is drawn


def play(dice: Dice, family: str, kind: str | None = None) -> Play:
    """A play of one family, or of all of them."""
    kind = kind or weighted(
        dice,
        [
            (6, "split"),
            (3, "late"),
            (3, "corrected"),
            (3, "healing"),
            (2, "put back"),
            (2, "taken over"),
            (2, "held"),
        ],
    )
    made = _KINDS[kind](dice, family)
    if family in ("people", "all") and chance(dice, 15):
        made = _with_one_who_waits(made)
    return replace(made, kind=kind, chunk=one_of(dice, (50, 3, 1)))


def leaving(dice: Dice, family: str) -> Play:
    """A play in which files leave the server once they are imported: none comes late, and none is imported again."""
    made = play(dice, family, one_of(dice, ("split", "healing", "held")))
    while _is_late(made):
        made = play(dice, family, "split")
    steps = (replace(step, since=None) if isinstance(step, Run) else step for step in made.steps)
    return replace(made, steps=tuple(steps), leaves=True)


def _is_late(play: Play) -> bool:
    """Whether a file comes after a run that has imported a newer one."""
    imported: list[File] = []
    uploaded: list[File] = []
    for step in play.steps:
        if isinstance(step, Run):
            imported = [*uploaded]
        elif isinstance(step, Upload):
            new = step.file
            if any(each.family == new.family != "STAM" and each.order > new.order for each in imported):
                return True
            uploaded.append(new)
    return False


def _begin(dice: Dice, family: str) -> tuple[Mo, list[File], list[File]]:
    """MO before, the class lists, the other files in order."""
    calendar = Calendar(dice)
    mo = mo_before(dice, calendar) if chance(dice, 40) else empty_mo()
    files = drop(dice, family, calendar)
    lists = [each for each in files if each.family == "STAM"]
    return mo, lists, [each for each in files if each.family != "STAM"]


def _runs(dice: Dice, files: Sequence[File]) -> list[list[File]]:
    """Files in groups, one a run."""
    groups: list[list[File]] = [[]]
    for each in files:
        if groups[-1] and chance(dice, 45):
            groups.append([])
        groups[-1].append(each)
    return groups


def _run(dice: Dice, files: Sequence[File]) -> list[Step]:
    """A run that comes to its end; before it perhaps some that do not."""
    steps: list[Step] = []
    while chance(dice, 25) and len(steps) < 3:
        steps.append(Run(end=End(dice.number(1, 45), brutal=chance(dice, 60))))
    steps.append(Run(repeat=chance(dice, 10)))
    if chance(dice, 10):
        steps.append(Run(since=_day(dice, files), end=None))
    return steps


def _day(dice: Dice, files: Sequence[File]) -> date:
    days = [each.date for each in files if each.family != "STAM"] or [date(2025, 1, 10)]
    return one_of(dice, days) + timedelta(days=dice.number(-1, 1))


def _others(dice: Dice) -> list[Step]:
    if not chance(dice, 15):
        return []
    return [Others(one_of(dice, ("unit", "phone", "account", "stranger")), dice.number(0, 2))]


def _steps(dice: Dice, lists: Sequence[File], groups: Sequence[Sequence[File]]) -> list[Step]:
    steps: list[Step] = [Upload(each) for each in lists]
    so_far: list[File] = []
    for group in groups:
        so_far += group
        steps += [Upload(each) for each in group]
        steps += _run(dice, so_far)
        steps += _others(dice)
    return steps


def _split(dice: Dice, family: str) -> Play:
    mo, lists, files = _begin(dice, family)
    steps = _steps(dice, lists, _runs(dice, files))
    bare = not any(mo.values()) and chance(dice, 10)
    if family == "classes":
        steps = [*steps, *(Upload(each) for each in _retitled(dice, lists)), Run()]
    return Play("", family, mo, tuple(steps), bare=bare)


def _retitled(dice: Dice, lists: Sequence[File]) -> list[File]:
    """Some class lists with other titles, a class more, or one less."""
    out = []
    for each in lists:
        if chance(dice, 60):
            rows = [
                tuple(f"{cell}y" if n and chance(dice, 30) else cell for n, cell in enumerate(row))
                for row in each.rows
            ]
            if chance(dice, 20):
                rows = rows[1:]
            out.append(File(each.name, each.header, tuple(rows)))
    return out


def _late(dice: Dice, family: str) -> Play:
    mo, lists, files = _begin(dice, family)
    groups = _runs(dice, files)
    if len(groups) == 1:
        groups = [[each] for each in files]
    for _ in range(dice.number(1, 2)):
        at = dice.number(0, len(groups) - 1)
        if at + 1 < len(groups) and groups[at]:
            number = dice.number(0, len(groups[at]) - 1)
            late = groups[at].pop(number)
            groups[dice.number(at + 1, len(groups) - 1)].append(late)
    return Play("", family, mo, tuple(_steps(dice, lists, [each for each in groups if each])), exact=False)


def _corrected(dice: Dice, family: str) -> Play:
    mo, lists, files = _begin(dice, family)
    groups = _runs(dice, files)
    if len(groups) == 1:
        groups.append([])
    at = dice.number(0, len(groups) - 2)
    right = one_of(dice, groups[at])
    how = weighted(dice, [(15, "cut off"), (45, "changed"), (40, "values")])
    wrong = {"cut off": _cut_off, "changed": _changed, "values": _values_changed}[how](dice, right)
    groups[at] = [wrong if each is right else each for each in groups[at]]
    groups[dice.number(at + 1, len(groups) - 1)].append(right)
    return Play("", family, mo, tuple(_steps(dice, lists, groups)), exact=how == "values")


_VALUES: Final = {
    "OrgEnhedsNavn": ("Fejl", "Enhed"),
    "LOSID": ("99", "7"),
    "AZID": ("AZF", "AZA"),
    "Email": ("fejl@aarhus.dk", "a@aarhus.dk"),
    "BrugervendtNøgle": ("F", "B1"),
}


def _values_changed(dice: Dice, right: File) -> File:
    """Another version with the same rows and dates, and other good values where there are good ones."""
    rows = []
    for _, row in right.cells():
        for column, values in _VALUES.items():
            good = row.get(column) and row[column] not in ("NULL", "ikke-en-mail", "1,2E+08")
            if good and chance(dice, 50):
                row[column] = one_of(dice, values)
        rows.append(row)
    return File.of(right.name, rows, right.header)


def _changed(dice: Dice, right: File) -> File:
    """Another version of which rows lack, dates differ, or a reference is not known."""
    rows = []
    for _, row in right.cells():
        if chance(dice, 30):
            continue
        for column, other in (
            ("StartDato", "2024-03-01"),
            ("SlutDato", "2025-06-30"),
            ("StartTid", "2024-03-01"),
            ("SlutTid", "2025-06-30"),
            ("ParentUUID", NEVER),
            ("OrgenhedUUID", NEVER),
            ("CPRNavn", "Fejl Navn"),
        ):
            if column in row and chance(dice, 15):
                row[column] = other
        rows.append(row)
    return File.of(right.name, rows, right.header)


def _cut_off(dice: Dice, right: File) -> File:
    """What there is of a file whose upload was cut off within its last row."""
    if not right.rows:
        return right
    *rows, last = right.rows
    text = ";".join(last)
    cut = text[: dice.number(1, len(text) - 1)]
    return replace(right, rows=(*rows, tuple(cut.split(";"))))


def _healing(dice: Dice, family: str) -> Play:
    """Rows refer to a unit and to classes of which files come later."""
    mo, lists, files = _begin(dice, family)
    first, *others = files
    mended = []
    for each in others:
        rows = []
        for _, row in each.cells():
            for column in ("ParentUUID", "OrgenhedUUID"):
                if column in row and chance(dice, 40):
                    row[column] = unit_uuid(LATER_UNIT)
            for column, of in (
                ("StillingsBetegnelseUUID", "Stillingsbetegnelse"),
                ("LederansvarUUID", "Lederansvar"),
            ):
                if column in row and chance(dice, 15):
                    row[column] = class_uuid(of, LATER_CLASS)
            if "PostAdresse" in row and chance(dice, 20):
                row["PostAdresse"] = f"Vej {dice.number(1, 3)}, 8000 Aarhus C"
            rows.append(row)
        mended.append(File.of(each.name, rows, each.header))
    stamp = f"{(files[-1].date if chance(dice, 50) else first.date) + timedelta(days=1):%Y%m%d}_2300"
    later = file(f"Org_nye {stamp}", unit(LATER_UNIT, "2020-01-01"))
    groups = [*_runs(dice, [first, *mended]), [later]]
    steps = _steps(dice, lists, groups)
    steps = [
        replace(each, down=True) if isinstance(each, Run) and chance(dice, 20) else each for each in steps
    ]
    for of in ("Stillingsbetegnelse", "Lederansvar"):
        if chance(dice, 50):
            steps.insert(
                dice.number(len(lists), len(steps)),
                Upload(class_list(of, *(f"{of[:3]}{number}" for number in range(6)))),
            )
    return Play("", family, mo, (*steps, Run()), exact=False)


def _put_back(dice: Dice, family: str) -> Play:
    mo, lists, files = _begin(dice, family)
    groups = _runs(dice, files)
    steps: list[Step] = [Upload(each) for each in lists]
    back = dice.number(0, len(groups) - 1)
    for runs, group in enumerate(groups, start=1):
        steps += [Upload(each) for each in group]
        steps.append(Run())
        if runs > back and (runs == len(groups) or chance(dice, 40)):
            steps += [PutBack(dice.number(0, back)), Mend(dice.number(0, 20) if chance(dice, 30) else 0)]
            back = len(groups)
    return Play("", family, mo, tuple(steps))


def _taken_over(dice: Dice, family: str) -> Play:
    """The first files are in MO by an earlier importer, which left the time of its last run."""
    mo, lists, files = _begin(dice, family)
    at = dice.number(1, len(files))
    old, rest = files[:at], files[at:]
    time = old[-1].stamp.replace(tzinfo=COPENHAGEN) + timedelta(hours=6)
    history = [(old[0].stamp.replace(tzinfo=COPENHAGEN) - timedelta(days=1), mo)]
    for number, each in enumerate(old, start=1):
        held = fold(mo, [*lists, *old[:number]], each.date, wash).mo
        history.append((each.stamp.replace(tzinfo=COPENHAGEN) + timedelta(hours=1), held))
    if chance(dice, 40):
        history = [(datetime.now(COPENHAGEN) - timedelta(days=1), history[-1][1])]
    steps: list[Step] = [Upload(each, time - timedelta(days=30)) for each in lists]
    again = [each for each in old if chance(dice, 15)]
    steps += [Upload(each, time if each in again else time - timedelta(days=2)) for each in old]
    groups = _runs(dice, rest) if rest else [[]]
    for group in groups:
        steps += [Upload(each) for each in group]
        steps += _run(dice, files)
    made = Play("", family, empty_mo(), tuple(steps), exact=False)
    return replace(made, taken_over=time.replace(tzinfo=None), history=tuple(history))


def _held(dice: Dice, family: str) -> Play:
    """MO holds what the first files claim, of which the importer knows nothing."""
    mo, lists, files = _begin(dice, family)
    held = fold(mo, [*lists, *files[: dice.number(1, len(files))]], files[-1].date, wash).mo
    return Play("", family, held, tuple(_steps(dice, lists, _runs(dice, files))))


def _with_one_who_waits(made: Play) -> Play:
    """A row of a person of whom there is nothing else, in the first file of people: it waits for ever."""
    steps = list(made.steps)
    for number, step in enumerate(steps):
        if isinstance(step, Upload) and step.file.family == "Pers" and step.file.kind == "nye":
            rows = [*(row for _, row in step.file.cells()), engaged(77, WAITING, "2020-01-01", unit=NEVER)]
            other = File.of(step.file.name, rows, step.file.header)
            steps[number] = replace(step, file=other)
            break
    return replace(made, steps=tuple(steps))


_KINDS: Final[dict[str, Callable[[Dice, str], Play]]] = {
    "split": _split,
    "late": _late,
    "corrected": _corrected,
    "healing": _healing,
    "put back": _put_back,
    "taken over": _taken_over,
    "held": _held,
}
KINDS: Final = tuple(_KINDS)
