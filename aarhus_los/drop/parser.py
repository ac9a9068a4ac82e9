"""Makes a row of a record, or a reject that tells what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from operator import itemgetter
from typing import Any, Final, cast

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import rebuild_dataclass

from aarhus_los.cpr import Cpr
from aarhus_los.drop.columns import REQUIRED, Column
from aarhus_los.drop.dialect import DELIMITER, Broken
from aarhus_los.drop.header import Header
from aarhus_los.drop.names import DropName
from aarhus_los.drop.rows import Dated, Flaw, Reject, Row, RowRef
from aarhus_los.messages import Message

# MO's reads shift or fail on days long gone.
FIRST_DAY: Final = date(1900, 1, 1)


class Parser:
    """One kind of row, fitted to the header of one file."""

    def __init__(
        self,
        name: DropName,
        row: type[Row],
        header: Header,
        columns: Mapping[str, Column],
        *,
        validate_birthdate: bool,
    ) -> None:
        self._file = name.name
        self._file_date = None if name.stamp is None else name.file_date
        self._validate_birthdate = validate_birthdate
        self._header = header
        self._columns = columns
        self._fields = tuple(header.positions)
        self._pick = itemgetter(*header.positions.values())
        # Does nothing after the first file of the kind.
        rebuild_dataclass(cast(Any, row))
        self._row: Callable[[Mapping[str, Any]], Row] = TypeAdapter(row).validator.validate_python
        self._is_dated = issubclass(row, Dated)
        self._has_cpr = "cpr" in columns
        self._keys = tuple(field for field in self._fields if columns[field].key)
        mandatory = [field for field in self._fields if not columns[field].optional]
        self._shortest = 1 + max(header.positions[field] for field in mandatory)

    def parse(self, line: int, record: Sequence[str] | Broken) -> Row | Reject:
        """A record as a row, or as a reject that names the first column at fault."""
        ref = RowRef(self._file, line)
        if isinstance(record, Broken):
            return self._reject_line(ref, record.reason, record.text.split(DELIMITER))
        width = len(self._header.titles)
        if len(record) != width:
            if not self._shortest <= len(record) < width:
                return self._reject_line(ref, Message.WRONG_WIDTH(found=len(record), expected=width), record)
            record = [*record, *[""] * (width - len(record))]
        cells: dict[str, Any] = dict(zip(self._fields, self._pick(record), strict=True))
        cells["ref"] = ref
        try:
            row = self._row(cells)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
            return self._mend(
                ref, cells, {str(each["loc"][0]): str(each["ctx"]["error"]) for each in problems}
            )
        return row if self._is_plain(row) else self._mend(ref, cells, {})

    def _is_plain(self, row: Any) -> bool:
        """Whether nothing is to be said of a row's days and its person's birth."""
        if self._is_dated and not FIRST_DAY <= row.start <= row.end:
            return False
        return not self._has_cpr or row.cpr is None or self._birth_fault(row.cpr) is None

    def _birth_fault(self, cpr: Cpr) -> str | None:
        born = cpr.birth_date
        if born is None:
            return Message.NO_SUCH_BIRTH_DATE() if self._validate_birthdate else None
        if self._file_date is not None and born > self._file_date:
            return Message.BORN_LATER()
        return None

    def _mend(self, ref: RowRef, cells: Mapping[str, Any], unread: Mapping[str, str]) -> Row | Reject:
        """The row with what is to be reported of it, or a reject. `unread`: the fields that cannot be read, and why."""
        wrong = dict(unread)
        keys: dict[str, Any] = {
            field: self._columns[field].value(cells[field]) for field in self._keys if field not in wrong
        }
        if isinstance(cpr := keys.get("cpr"), Cpr) and (reason := self._birth_fault(cpr)):
            wrong["cpr"] = reason
            del keys["cpr"]
        faults: list[Flaw] = []
        flaws: list[Flaw] = []
        for field in self._fields:
            if field in wrong:
                is_fault = self._columns[field].bad is REQUIRED
                (faults if is_fault else flaws).append(self._flaw(field, wrong[field]))
        mended = {**cells, **{field: self._columns[field].bad for field in wrong}, "flaws": tuple(flaws)}
        notes: list[Flaw] = []
        if self._is_dated and not wrong.keys() & {"start", "end"}:
            start, end = (cast(date, self._columns[field].value(cells[field])) for field in ("start", "end"))
            fault = _fault_of_days(start, end)
            if fault:
                faults.append(self._flaw(*fault))
            elif note := _note_of_days(start, end):
                notes.append(self._flaw(*note))
            if start < FIRST_DAY:
                mended["start"] = FIRST_DAY
                keys["written_start"] = mended["written_start"] = start
            if not fault or fault[0] == "end":
                keys["days"] = (max(start, FIRST_DAY), max(end, FIRST_DAY - timedelta(days=1)))
        if faults:
            keys["any_day"] = any(str(cells[field]).strip() for field in wrong.keys() & {"start", "end"})
            return _reject(ref, [*faults, *flaws], keys)
        return self._row({**mended, "notes": tuple(notes)})

    def _flaw(self, field: str, reason: str) -> Flaw:
        return Flaw(self._header.title(field), reason)

    def _reject_line(self, ref: RowRef, reason: str, record: Sequence[str]) -> Reject:
        """A line whose values may not stand where they belong: its keys are read all the same, its dates are not."""
        keys: dict[str, Any] = {}
        for field in self._keys:
            position = self._header.positions[field]
            with suppress(ValueError):
                if position < len(record):
                    keys[field] = self._columns[field].value(record[position].strip(' "'))
        return _reject(ref, [Flaw("", reason)], {**keys, "any_day": self._is_dated})


def _fault_of_days(start: date, end: date) -> tuple[str, str] | None:
    """The field at fault and the reason, where the days of a row are none that MO can hold."""
    if (start - end).days > 1:
        return "start", Message.START_AFTER_END()
    return ("end", Message.ENDS_TOO_EARLY(day=FIRST_DAY)) if end < FIRST_DAY else None


def _note_of_days(start: date, end: date) -> tuple[str, str] | None:
    """A field and what is to be reported of it."""
    if start < FIRST_DAY:
        return "start", Message.STARTS_TOO_EARLY(day=FIRST_DAY)
    if start > end:
        return "end", Message.CANCELLED()
    return None


def _reject(ref: RowRef, problems: Sequence[Flaw], known: Mapping[str, Any]) -> Reject:
    first, *also = problems
    return Reject(ref, first.column, first.reason, also=tuple(also), **known)
