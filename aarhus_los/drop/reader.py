"""Reads a file of the drop: its bytes become rows and rejects, each with its line.

A file is refused as a whole only where it is not what its name says; anything else that is wrong costs a row or a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from sys import intern
from typing import Any, Final, TypeVar

from aarhus_los.drop.columns import REQUIRED, Column, Layout, layout_of
from aarhus_los.drop.dialect import DELIMITER, Broken, Undecodable, read_records
from aarhus_los.drop.names import DropName
from aarhus_los.drop.rows import ABSENT, Flaw, Reject, Row, RowRef
from aarhus_los.errors import DataError

# MO's reads shift or fail on days long gone.
FIRST_DAY: Final = date(1900, 1, 1)

R = TypeVar("R", bound=Row)


class FileRefused(DataError):
    """A file that is not what its name says. It is not in the state: a corrected upload is read by the next run."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: refused: {reason}")
        self.file = file
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file as read. Every line that is not blank is a row or a reject; `header` is as the file writes it."""

    name: DropName
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    rejects: tuple[Reject, ...]
    warnings: tuple[str, ...] = ()

    def rows_of(self, kind: type[R]) -> tuple[R, ...]:
        """The rows, known to be of the kind that the file's name says."""
        return tuple(row for row in self.rows if isinstance(row, kind))


def read_file(name: DropName, data: bytes) -> ParsedFile:
    """Reads the bytes of a file. Raises FileRefused."""
    try:
        return _read(name, data)
    except Undecodable as error:
        raise FileRefused(name.name, str(error)) from None


def _read(name: DropName, data: bytes) -> ParsedFile:
    records = read_records(data)
    _, header = next(records, (1, None))
    if header is None:
        raise FileRefused(name.name, "it is empty: not even a header")
    if isinstance(header, Broken):
        raise FileRefused(name.name, f"its header cannot be read: {header.reason}")
    parser = _Parser(name.name, layout_of(name), tuple(cell.strip() for cell in header))
    rows: list[Row] = []
    rejects: list[Reject] = []
    for line, record in records:
        parsed = parser.parse(RowRef(name.name, line), record)
        if isinstance(parsed, Reject):
            rejects.append(parsed)
        else:
            rows.append(parsed)
    warnings = () if rows or rejects else (f"{name.name}: a header but no rows: nothing to import",)
    return ParsedFile(name, parser.header, tuple(rows), tuple(rejects), warnings)


@dataclass(frozen=True, slots=True)
class _Place:
    """A column that the file has: where, and how its header writes it."""

    position: int
    header: str
    field: str
    column: Column


class _Parser:
    """One layout, fitted to the header of one file."""

    def __init__(self, file: str, layout: Layout, header: tuple[str, ...]) -> None:
        self.header = header
        self._layout = layout
        positions = _positions(file, layout, header)
        self._places = _fit(layout.columns, positions, header)
        self._details = _fit(layout.details, positions, header)
        self._absent = _lacking(layout.columns, positions)
        self._absent_details = _lacking(layout.details, positions)
        self._shared = sorted({place.position for place in self._places if place.column.shared})
        self._keys = tuple(place for place in self._places if place.field in layout.keys)
        self._written = {place.field: place.header for place in self._places}

    def parse(self, ref: RowRef, record: Sequence[str] | Broken) -> Row | Reject:
        """A record as a row, or as a reject that names the first column at fault."""
        if isinstance(record, Broken):
            return self._reject_line(ref, record.reason, tuple(record.text.split(DELIMITER)))
        if len(record) != len(self.header):
            reason = f"{len(record)} values where the header has {len(self.header)}"
            return self._reject_line(ref, reason, tuple(record))
        if self._shared:
            record = list(record)
            for position in self._shared:
                record[position] = intern(record[position])
        cells = tuple(record)
        faults: list[Flaw] = []
        flaws: list[Flaw] = []
        values = _values(self._places, cells, self._absent, faults, flaws)
        if self._layout.details:
            values["details"] = _values(self._details, cells, self._absent_details, faults, flaws)
        notes: tuple[Flaw, ...] = ()
        if self._layout.dates:
            notes = self._settle_days(values, faults)
        if faults:
            return self._reject(ref, values, cells, [*faults, *flaws])
        return self._layout.row(ref=ref, cells=cells, flaws=tuple(flaws), notes=notes, **values)

    def _settle_days(self, values: dict[str, Any], faults: list[Flaw]) -> tuple[Flaw, ...]:
        """Brings start and end, where both could be read, into the days that MO can hold; drops them if they are none."""
        if "start" not in values or "end" not in values:
            values.pop("start", None)
            return ()
        start: date = values["start"]
        end: date = date.max if values["end"] is None else values["end"]
        values["end"] = end
        if start > end or start == date.max:
            reason = (
                "after the end of the row" if start > end else "this date means no end, it cannot be a start"
            )
            faults.append(Flaw(self._written["start"], reason))
            del values["start"]
        elif end < FIRST_DAY:
            faults.append(Flaw(self._written["end"], f"before {FIRST_DAY}"))
        elif start < FIRST_DAY:
            values["start"] = FIRST_DAY
            return (Flaw(self._written["start"], f"before {FIRST_DAY}: taken as {FIRST_DAY}"),)
        return ()

    def _reject(
        self, ref: RowRef, values: Mapping[str, Any], cells: tuple[str, ...], problems: Sequence[Flaw]
    ) -> Reject:
        first, *also = problems
        return Reject(
            ref,
            first.column,
            first.reason,
            cells,
            days=(values["start"], values["end"]) if "start" in values else None,
            also=tuple(also),
            **{place.field: values.get(place.field) for place in self._keys},
        )

    def _reject_line(self, ref: RowRef, reason: str, cells: tuple[str, ...]) -> Reject:
        """A line whose values may not stand where they belong: its keys are read all the same, its dates are not."""
        keys = [place for place in self._keys if place.position < len(cells)]
        values = _values(keys, [cell.strip(' "') for cell in cells], {}, [], [])
        return self._reject(ref, values, cells, [Flaw("", reason)])


def _positions(file: str, layout: Layout, header: Sequence[str]) -> dict[str, int]:
    """Where our columns are, by their lower-case names. Raises FileRefused if one is missing or occurs twice."""
    positions: dict[str, int] = {}
    twice: set[str] = set()
    for position, title in enumerate(header):
        if positions.setdefault(title.lower(), position) != position:
            twice.add(title.lower())
    columns = (*layout.columns, *layout.details)
    missing = dict.fromkeys(c.header for c in columns if not c.optional and c.header.lower() not in positions)
    if missing:
        hint = f" (it has a single column: the delimiter is {DELIMITER})" if len(header) == 1 else ""
        raise FileRefused(file, f"its header lacks {', '.join(missing)}{hint}")
    if doubled := dict.fromkeys(c.header for c in columns if c.header.lower() in twice):
        raise FileRefused(file, f"its header has {', '.join(doubled)} more than once")
    return positions


def _fit(
    columns: Sequence[Column], positions: Mapping[str, int], header: Sequence[str]
) -> tuple[_Place, ...]:
    found = [(positions.get(column.header.lower()), column) for column in columns]
    return tuple(
        _Place(position, header[position], column.field, column)
        for position, column in found
        if position is not None
    )


def _lacking(columns: Sequence[Column], positions: Mapping[str, int]) -> dict[str, Any]:
    return {column.field: ABSENT for column in columns if column.header.lower() not in positions}


def _values(
    places: Sequence[_Place],
    cells: Sequence[str],
    absent: Mapping[str, Any],
    faults: list[Flaw],
    flaws: list[Flaw],
) -> dict[str, Any]:
    """The values of a record by field, without those at fault; what is wrong is appended to `faults` or `flaws`."""
    values = dict(absent)
    for place in places:
        column = place.column
        text = cells[place.position].strip()
        if text:
            try:
                values[place.field] = column.read(text)
            except ValueError as error:
                if column.bad is REQUIRED:
                    faults.append(Flaw(place.header, str(error)))
                else:
                    flaws.append(Flaw(place.header, str(error)))
                    values[place.field] = column.bad
        elif column.empty is REQUIRED:
            faults.append(Flaw(place.header, "empty"))
        else:
            values[place.field] = column.empty
    return values
