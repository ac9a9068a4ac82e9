"""Fits the columns of a kind of row to the header of one file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final
from unicodedata import normalize

from msgspec import Struct

from aarhus_los.drop.columns import Column
from aarhus_los.messages import Message

_NEAR: Final = 0.6
"""How much of two names must be alike; `P-Nummer` and `P-Nr` are just so."""


_LONGEST_SHOWN: Final = 60
_LONG_NUMBER: Final = re.compile(r"[0-9]{5}")


class Unfit(ValueError):
    """The header is not that of such a file; the reason is for people."""


class Header(Struct, frozen=True):
    """The header of a file: its titles as it writes them, and where the fields of a row stand.

    `missing` are the optional columns that it lacks, `near` pairs of a title that is none of ours and the missing column
    that it is near to.
    """

    titles: tuple[str, ...]
    positions: Mapping[str, int]
    missing: tuple[str, ...]
    near: tuple[tuple[str, str], ...]

    def title(self, field: str) -> str:
        return self.titles[self.positions[field]]

    @property
    def missing_text(self) -> str:
        """What to say of the optional columns that it lacks, for people; empty where it has them all."""
        return meant(Message.COLUMNS_ABSENT(columns=self.missing), self.near) if self.missing else ""


def fit(titles: Sequence[str], columns: Mapping[str, Column]) -> Header:
    """Finds the columns, which go by fields, by their names, without regard to case.

    Raises Unfit where a mandatory column is missing, or one of ours is there twice.
    """
    written = tuple(title.strip() for title in titles)
    places: dict[str, int] = {}
    twice: set[str] = set()
    for position, title in enumerate(written):
        if places.setdefault(_plain(title), position) != position:
            twice.add(_plain(title))
    headers = {_plain(column.header) for column in columns.values()}
    others = [title for title in written if title and _plain(title) not in headers]
    lacking = [column for column in columns.values() if _plain(column.header) not in places]
    if mandatory := list(dict.fromkeys(column.header for column in lacking if not column.optional)):
        raise Unfit(meant(Message.COLUMNS_MISSING(columns=mandatory), _near(others, mandatory)))
    if doubled := dict.fromkeys(c.header for c in columns.values() if _plain(c.header) in twice):
        raise Unfit(Message.COLUMNS_TWICE(columns=list(doubled)))
    positions = {
        field: places[_plain(column.header)] for field, column in columns.items() if column not in lacking
    }
    missing = tuple(column.header for column in lacking)
    return Header(written, positions, missing, _near(others, missing))


def meant(text: str, near: Iterable[tuple[str, str]]) -> str:
    """A text on what a header lacks, with what it may have in its place."""
    for title, column in near:
        text = Message.MEANT_FOR(text=text, title=title, column=column)
    return text


def _plain(title: str) -> str:
    return normalize("NFC", title).lower()


def _near(others: Iterable[str], missing: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Each title that is none of ours beside the missing column that it is nearest to, if it is near to one."""
    found = []
    for title in others:
        if not title.isprintable() or len(title) > _LONGEST_SHOWN or _LONG_NUMBER.search(title):
            continue  # a header may be a row that holds a person's number: it is not shown
        alike, ours = max(((_likeness(title, column), column) for column in missing), default=(0.0, ""))
        if alike >= _NEAR:
            found.append((title, ours))
    return tuple(found)


def _likeness(one: str, other: str) -> float:
    """From 0 to 1, by letters and digits alone; 1 too where the one begins with the whole of the other."""
    first, second = ("".join(filter(str.isalnum, _plain(title))) for title in (one, other))
    if len(second) > 2 and first.startswith(second):
        return 1.0
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
