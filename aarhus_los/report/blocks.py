"""Text for people as blocks: lines, and tables of numbers, with what each line is; and blocks as plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

WIDTH: Final = 80
"""In columns, of plain text: as wide as terminals and mails are at least. Long words and tables of numbers may be wider."""

Style: TypeAlias = str
"""What a line is: `title`, `good`, `warn`, `bad`, `soft`, or what happens in it; empty for plain text."""


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    style: Style = ""
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells below a head; the first column is text, the others are numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    indent: int = 0


Block: TypeAlias = Line | Table


def plain(blocks: Iterable[Block]) -> str:
    """Blocks as text. What is wider than a terminal goes on below its own beginning, two columns further in."""
    return "".join(f"{line}\n" for block in blocks for line in _plain(block))


def _plain(block: Block) -> list[str]:
    if isinstance(block, Line):
        return textwrap.wrap(
            block.text,
            WIDTH,
            initial_indent=" " * block.indent,
            subsequent_indent=" " * (block.indent + 2),
            replace_whitespace=False,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    table = [block.head, *block.rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        " " * block.indent
        + "  ".join(
            (
                name.ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)),
            )
        ).rstrip()
        for name, *cells in table
    ]
