"""Text for people as blocks: lines, and tables of numbers, with what each line is; and blocks as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from msgspec import Struct

Style: TypeAlias = str
"""What a line is: `title`, `good`, `warn`, `bad`, `soft`, or what happens in it; empty for plain text."""


class Line(Struct, frozen=True):
    text: str
    style: Style = ""
    indent: int = 0


class Table(Struct, frozen=True):
    """Rows of cells below a head; the first column is text, the others are numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    indent: int = 0


Block: TypeAlias = Line | Table


def plain(blocks: Iterable[Block]) -> str:
    """Blocks as text, a line each."""
    return "".join(f"{line}\n" for block in blocks for line in _plain(block))


def _plain(block: Block) -> list[str]:
    if isinstance(block, Line):
        return [" " * block.indent + block.text]
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
