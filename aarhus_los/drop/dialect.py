"""From the bytes of a file to its records: encoding, quotes and physical lines, whatever arrives.

A quote that nobody closes must not swallow the rows after it. A record is therefore given up where it cannot end well, and
reading goes on with the line after its first: such a quote costs its own line only.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Struct

from aarhus_los.messages import Message

DELIMITER: Final = ";"
_DIALECT: Final[dict[str, Any]] = {"delimiter": DELIMITER, "skipinitialspace": True, "strict": True}
_SPACE_AFTER_QUOTE: Final = re.compile(rf'"[ \t]+(?={DELIMITER}|[\r\n]|$)')
# A value of several lines is rare and short; each astray quote may cost that many lines read twice.
_LONGEST_RECORD: Final = 20
_LONGEST_LINE: Final = 1_000_000
_CHUNK: Final = 1 << 20

_BOM: Final = "\ufeff"
_END_OF_FILE: Final = b"\x1a"
"""What CP/M and DOS wrote at the end of a text, and some exports still do."""
_SEPARATOR_LINE: Final = f"sep={DELIMITER}"
"""The first line of a file that tells Excel the delimiter."""

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_UNDEFINED_IN_CP1252: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
# A Danish letter in UTF-8. In cp1252 it would be a capital A with tilde before a sign: in no Danish text.
_LETTER_IN_UTF8: Final = re.compile(rb"\xc3[\x80-\xbf]")


class Undecodable(ValueError):
    """The bytes are no text of ours; the reason, for people, names the line."""


def find_encoding(data: bytes) -> str:
    """UTF-8, with or without a BOM, or else cp1252. Raises Undecodable."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Undecodable(Message.UTF16())
    if _is_utf8(data):
        return "utf-8"
    undefined = _UNDEFINED_IN_CP1252.search(data)
    letter = _LETTER_IN_UTF8.search(data)
    if data.startswith(codecs.BOM_UTF8) or letter:
        raise Undecodable(
            Message.MIXED_FROM_LINE(line=_line_of(data, letter.start()))
            if letter
            else Message.MIXED_FROM_START()
        )
    if undefined:
        raise Undecodable(Message.NO_ENCODING(line=_line_of(data, undefined.start())))
    return "cp1252"


def _is_utf8(data: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), _CHUNK):
            decoder.decode(data[at : at + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _line_of(data: bytes, position: int) -> int:
    return 1 + sum(1 for _ in _LINE_END.finditer(data, 0, position))


class Broken(Struct, frozen=True):
    """A line that is no record of its own, and why."""

    reason: str
    text: str


class _Lines:
    """Feeds the CSV reader line by line, knows which lines it took, and takes lines back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0
        self.before_header = True

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) == _LONGEST_RECORD:
            raise StopIteration  # the CSV reader then finds its quote not closed
        line = self._again.popleft() if self._again else next(self._lines)
        if self.before_header:
            line = line.lstrip(_BOM)
        self.taken.append(line)
        self.number += 1
        return line

    def give_back(self) -> None:
        """All lines but the first of those taken will be read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        del self.taken[1:]


def read_records(data: bytes) -> Iterator[tuple[int, list[str] | Broken]]:
    """The records in order, each with the physical line on which it starts; blank ones are left out.

    The first is the header: a later record of two lines that are each as wide as it is has swallowed a row. Raises
    Undecodable.
    """
    if _END_OF_FILE in data[-4:]:
        data = data.rstrip(_END_OF_FILE + b"\r\n")
    text = io.TextIOWrapper(io.BytesIO(data), find_encoding(data), newline="")
    has_nul = b"\0" in data
    lines = _Lines(text)
    reader = csv.reader(lines, **_DIALECT)
    width = 0
    while True:
        lines.taken.clear()
        reason: str | None = None
        record: list[str] = []
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            record = _read_trimmed(lines.taken[0])
            reason = None if record and len(lines.taken) == 1 else _explain(error)
        if has_nul and any("\0" in line for line in lines.taken):
            reason = Message.NUL_BYTE_ON_LINE()
        if len(lines.taken) > 1:
            first, *others = (line.count(DELIMITER) for line in lines.taken)
            if width and min(first, max(others)) >= width - 1:
                reason = reason or Message.QUOTE_TAKES_NEXT_ROW()
            if reason:
                lines.give_back()
        start = lines.number - len(lines.taken) + 1
        if reason:
            lines.before_header = False
            yield start, Broken(reason, lines.taken[0].rstrip("\r\n")[:_LONGEST_LINE])
        elif "".join(record).strip() and (width or not _is_separator_line(record)):
            lines.before_header = False
            yield start, record
            width = width or len(record)


def _is_separator_line(record: list[str]) -> bool:
    return DELIMITER.join(record).strip().rstrip(DELIMITER).lower() == _SEPARATOR_LINE.rstrip(DELIMITER)


def _read_trimmed(line: str) -> list[str]:
    """The record of a line that could not be read, if only spaces after a closing quote are the matter; else nothing."""
    trimmed = _SPACE_AFTER_QUOTE.sub('"', line)
    if trimmed == line:
        return []
    try:
        return next(csv.reader([trimmed], **_DIALECT))
    except csv.Error:
        return []


def _explain(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message:
        return Message.QUOTE_NOT_CLOSED()
    if "expected after" in message:
        return Message.TEXT_AFTER_QUOTE()
    if "field larger" in message:
        return Message.VALUE_TOO_LONG(limit=csv.field_size_limit())
    return Message.NOT_CSV()
