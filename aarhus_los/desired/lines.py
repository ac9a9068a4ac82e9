"""The lines of the drop by what they are about: a *subject* is a unit, a person or a manager."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct, field

from aarhus_los.drop.file import DropFile
from aarhus_los.drop.rejects import Reject, RowRef
from aarhus_los.mo.model import History

if TYPE_CHECKING:
    from aarhus_los.drop.rows import Row

Line: TypeAlias = "Row | Reject"


class FileLines(Struct):
    """The lines of one file about one subject, in the order of the file."""

    file: DropFile
    rows: list[Any] = field(default_factory=list)
    """Of the kind that the file's name says."""
    rejects: Sequence[Reject] = ()
    first: date | None = None
    """The first day that the file claims of the subject's unit or engagement, once it is folded; None: it claims nothing."""
    claim: History = ()
    """What it claims of that."""
    last: date | None = None
    """And the last day of that after the file."""

    @property
    def is_due(self) -> bool:
        """Whether one of them is new or pending."""
        return any(self.file.is_due(line.ref) for line in (*self.rows, *self.rejects))

    def valid(self, set_aside: Collection[RowRef]) -> list[Any]:
        """The rows that are applied."""
        return [row for row in self.rows if row.ref not in set_aside] if set_aside else self.rows


def all_lines(each: Iterable[FileLines]) -> Iterator[Line]:
    """The rows and rejects of all files about a subject, file by file."""
    for lines in each:
        yield from lines.rows
        yield from lines.rejects


Gathered = Mapping[str, list[FileLines]]
"""A subject's uuid → its lines, a file each, in the order of folding."""


def gathered(
    files: Sequence[DropFile], subject_of: Callable[[Line], str | None]
) -> dict[str, list[FileLines]]:
    """The lines of all subjects that a new or a pending line is about, the subjects sorted."""
    found: dict[str, list[FileLines]] = {}
    for file in files:
        for subject, lines in parted(file, file, subject_of).items():
            found.setdefault(subject, []).append(lines)
    return {
        subject: found[subject] for subject in sorted(found) if any(each.is_due for each in found[subject])
    }


def parted(
    lines: DropFile | FileLines, file: DropFile, subject_of: Callable[[Line], str | None]
) -> dict[str, FileLines]:
    """Lines of one file by what they are about; those that are about nothing are left out."""
    found: dict[str, FileLines] = {}
    for row in lines.rows:
        if (subject := subject_of(row)) is None:
            continue
        if subject in found:
            found[subject].rows.append(row)
        else:
            found[subject] = FileLines(file, [row])
    rejects: dict[str, list[Reject]] = {}
    for reject in lines.rejects:
        if (subject := subject_of(reject)) is not None:
            rejects.setdefault(subject, []).append(reject)
    for subject, of_subject in rejects.items():
        found.setdefault(subject, FileLines(file)).rejects = of_subject
    return found
