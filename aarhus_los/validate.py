"""What is wrong with a drop, found offline: for its sender, before the upload, in the sender's language, on any machine.

No value of a row is reported, only where it stands: it may be a CPR number or a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from aarhus_los import clock
from aarhus_los.cpr import Cpr
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.columns import UNITS, references
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import DropName, Family, near_miss, parse_name, refusal
from aarhus_los.drop.reader import read_file
from aarhus_los.drop.rejects import RowRef
from aarhus_los.drop.rows import ClassRow, OrgRow, PersonRow, Reject
from aarhus_los.errors import EXIT_DATA, EXIT_OK, EXIT_ROWS, FileRefused
from aarhus_los.language import Language
from aarhus_los.masking import masked
from aarhus_los.messages import Message
from aarhus_los.reason import Reason, code_of, danish, in_language
from aarhus_los.report.blocks import Block, Line
from aarhus_los.sources.entries import FileChanged
from aarhus_los.sources.folder import Folder

FORMAT: Final = 1


class Level(StrEnum):
    """What a problem costs: a file, a column of it, a row or a value of that is not applied; a note costs nothing."""

    FILE = "file"
    COLUMN = "column"
    ROW = "row"
    NOTE = "note"


_WORST_FIRST: Final = tuple(Level)
_HEADINGS: Final = {
    Level.FILE: (Message.LISTED_FILES, "bad"),
    Level.COLUMN: (Message.LISTED_COLUMNS, "bad"),
    Level.ROW: (Message.LISTED_ROWS, "warn"),
    Level.NOTE: (Message.LISTED_NOTES, "soft"),
}


class Problem(Struct, frozen=True):
    """What is wrong, and where. `line` None: with the file as a whole. `column` empty: with the line as a whole."""

    file: str
    line: int | None
    column: str
    reason: str
    level: Level

    def text(self, language: Language) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {in_language(self.reason, language)}"


class Validation(Struct, frozen=True):
    """All that was found in a folder: how many files and rows of the drop, and the problems, the worst first."""

    files: int
    rows: int
    problems: tuple[Problem, ...]

    @property
    def exit_code(self) -> int:
        levels = {problem.level for problem in self.problems}
        if Level.FILE in levels:
            return EXIT_DATA
        return EXIT_ROWS if levels & {Level.COLUMN, Level.ROW} else EXIT_OK

    def of(self, level: Level) -> list[Problem]:
        return [problem for problem in self.problems if problem.level is level]

    @property
    def verdict(self) -> Reason:
        """The sentence that comes first and last, and can be read alone."""
        counts = {"files": self.files, "rows": self.rows, "notes": len(self.of(Level.NOTE))}
        faults = [
            message(count=count)
            for message, count in (
                (Message.FILES_NOT_READ, len({each.file for each in self.of(Level.FILE)})),
                (Message.COLUMNS_MISSPELT, len({each.file for each in self.of(Level.COLUMN)})),
                (Message.ROWS_NOT_APPLIED, len({(each.file, each.line) for each in self.of(Level.ROW)})),
            )
            if count
        ]
        return Message.NOT_VALID(faults=faults, **counts) if faults else Message.VALID(**counts)

    def blocks(self, language: Language) -> list[Block]:
        """The verdict, a line a problem, and the verdict again."""
        style = {EXIT_OK: "good", EXIT_ROWS: "warn"}.get(self.exit_code, "bad")
        verdict = Line(in_language(self.verdict, language), style)
        blocks: list[Block] = []
        for level, (message, style) in _HEADINGS.items():
            if problems := self.of(level):
                blocks.append(Line(in_language(message(), language), style))
                blocks += [Line(problem.text(language), "", 2) for problem in problems]
        return [verdict, *blocks, verdict] if blocks else [verdict]

    def record(self) -> dict[str, Any]:
        """The same for machines. Stable: fields are added, never changed."""
        return {
            "format": FORMAT,
            "exit_code": self.exit_code,
            "files": self.files,
            "rows": self.rows,
            "verdict": self.verdict,
            "problems": [
                {
                    "file": problem.file,
                    "line": problem.line,
                    "column": problem.column,
                    "reason": problem.reason,
                    "danish": danish(problem.reason),
                    "code": code_of(problem.reason),
                    "level": problem.level.value,
                }
                for problem in self.problems
            ],
        }


def validate(folder: Path) -> Validation:
    """Reads every file of the drop in a folder. Raises UnavailableError where the folder cannot be read."""
    count, today = 0, clock.now().date()
    files: list[DropFile] = []
    problems: list[Problem] = []

    def refuse(file: str, reason: str) -> None:
        problems.append(Problem(file, None, "", reason, Level.FILE))

    with Folder(folder) as source:
        for entry in source.listing().entries:
            name = parse_name(entry.name)
            if name is None:
                if miss := near_miss(entry.name):
                    refuse(_shown(entry.name), miss)
                continue
            count += 1
            if reason := refusal(name, today):
                refuse(name.name, reason)
                continue
            try:
                files.append(read_file(name, source.read(name.name)))
            except FileChanged:
                refuse(name.name, Message.BEING_WRITTEN())
            except FileRefused as refused:
                refuse(name.name, refused.reason)
    if not count and not problems:
        refuse(_shown(str(folder)), Message.NO_DROP())
    problems += [problem for file in files for problem in _problems(file)]
    problems += _contradictions(files)
    problems += _strangers(files)
    rows = sum(len(file.rows) + len(file.rejects) for file in files)
    return Validation(count, rows, tuple(sorted(problems, key=_order)))


def _order(problem: Problem) -> tuple[int, str, int, str]:
    """The worst first, then by file, line and column."""
    return (_WORST_FIRST.index(problem.level), problem.file, problem.line or 0, problem.column)


def _problems(parsed: DropFile) -> Iterator[Problem]:
    """What the reader has found in one file."""
    file = parsed.name.name
    if text := parsed.header.missing_text:
        yield Problem(file, None, "", text, Level.COLUMN if parsed.header.near else Level.NOTE)
    if parsed.is_empty:
        yield Problem(file, None, "", Message.HEADER_ONLY(), Level.NOTE)
    for reject in parsed.rejects:
        yield Problem(file, reject.ref.line, reject.column, reject.reason, Level.ROW)
        for flaw in reject.also:
            yield Problem(file, reject.ref.line, flaw.column, flaw.reason, Level.ROW)
    for row in parsed.rows:
        for flaw in row.flaws:
            yield Problem(file, row.ref.line, flaw.column, Message.NOT_APPLIED(reason=flaw.reason), Level.ROW)
        for note in row.notes:
            yield Problem(file, row.ref.line, note.column, note.reason, Level.NOTE)


def _contradictions(files: Sequence[DropFile]) -> Iterator[Problem]:
    """What two rows cannot both say, whatever MO has: a class of two lists, an engagement of two people."""
    said: dict[tuple[Message, str], tuple[str | Cpr, RowRef]] = {}
    lists = list(CLASS_LISTS)

    def place(file: DropFile) -> tuple[int, DropName]:
        return lists.index(file.name.kind) if file.name.family is Family.STAM else 0, file.name

    for parsed in sorted(files, key=place):
        for row in parsed.rows:
            says: str | Cpr
            if isinstance(row, ClassRow):
                message, uuid, says = Message.CLASS_IN_ANOTHER_LIST, row.uuid, parsed.name.kind
                column = CLASS_LISTS[parsed.name.kind].uuid
            elif isinstance(row, PersonRow):
                message, uuid, says = Message.ENGAGEMENT_OF_ANOTHER_PERSON, row.engagement_uuid, row.cpr
                column = "CPR"
            else:
                continue
            first, ref = said.setdefault((message, uuid), (says, row.ref))
            if first != says:
                yield Problem(parsed.name.name, row.ref.line, column, message(row=str(ref)), Level.ROW)


def _strangers(files: Sequence[DropFile]) -> Iterator[Problem]:
    """References to what the drop itself does not have, where it has all there is: a whole list, or an `Org_inital`.

    They are only notes: MO may have the unit or the class from elsewhere.
    """
    known = _known(files)
    for parsed in files:
        for row in parsed.rows:
            for name, column, target in references(type(row)):
                uuid = getattr(row, name)
                if isinstance(uuid, str) and target in known and uuid not in known[target]:
                    reason = (
                        Message.UNIT_NOT_IN_DROP()
                        if target == UNITS
                        else Message.CLASS_NOT_IN_DROP(file=f"STAM_UUID_{target}.csv")
                    )
                    yield Problem(parsed.name.name, row.ref.line, column, reason, Level.NOTE)


def _known(files: Iterable[DropFile]) -> dict[str, set[str]]:
    """The uuids by what knows them; only of what the drop has all of."""
    known: dict[str, set[str]] = {}
    units: set[str] = set()
    for parsed in files:
        if parsed.name.family is Family.STAM:
            known[parsed.name.kind] = {row.uuid for row in parsed.rows_of(ClassRow)}
        elif parsed.name.family is Family.ORG:
            lines: list[OrgRow | Reject] = [*parsed.rows_of(OrgRow), *parsed.rejects]
            units |= {line.org_uuid for line in lines if line.org_uuid is not None}
            if parsed.name.kind == "inital":
                known[UNITS] = units
    return known


def _shown(name: str) -> str:
    """A file name on one line, whatever it holds."""
    return masked(name if name.isprintable() else repr(name))
