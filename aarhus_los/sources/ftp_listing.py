"""What the lines of FTP's three listings say: MLSD, NLST and LIST."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Final

from aarhus_los.sources.entries import Entry, Gathering, unusable

_LINKS: Final = ("os.unix=slink", "os.unix=symlink")
_NO_FILES: Final = "dlpscb"
"""How `ls -l` marks folders, links, pipes, sockets and devices."""
_LONG_LINE: Final = re.compile(r"[-dlpscb](?:[r-][w-][xsStT-]){3}[+.@]? +[0-9]+ ")


def gather_fact_line(gathering: Gathering, here: Collection[str], line: str) -> str | None:
    """Takes in a line of MLSD (RFC 3659, 7.2). Gives the name of what has to be asked about: a link, which may lead to a
    file, and what has no kind or no size. `here` is as for `gather_name_line`."""
    text, space, listed = line.partition(" ")
    facts = {
        key.lower(): value
        for key, equals, value in (fact.partition("=") for fact in text.split(";"))
        if equals
    }
    if not space or (text and not facts):
        gathering.leave_out(line, "it is not understood")
        return None
    kind = facts.get("type", "").lower()
    if kind not in ("", "file") and not kind.startswith(_LINKS):
        return None
    name = gather_name_line(gathering, here, listed)
    size = size_of(facts.get("size", ""))
    if name is None or kind != "file" or size is None:
        return name
    gathering.entries.append(Entry(name, size, time_of(facts.get("modify", ""))))
    return None


def gather_name_line(gathering: Gathering, here: Collection[str], line: str) -> str | None:
    """Takes in a line of NLST, and gives the name of what has to be asked about.

    `here` is what the server may call the folder that it lists: of a path in it, the last part is the name.
    """
    before, slash, last = line.rpartition("/")
    name = last if slash and posixpath.normpath(before or "/") in here else line
    if name in ("", ".", ".."):
        return None
    reason = "it is not understood" if _LONG_LINE.match(name) else unusable(name)
    if reason:
        gathering.leave_out(name, reason)
        return None
    return name


def can_be_files(lines: Iterable[str]) -> dict[str, bool]:
    """Whether the things of LIST can be files, by each word of their lines: names of ours are one word."""
    found: dict[str, bool] = {}
    for line in lines:
        words = line.partition(" -> ")[0].split()
        found |= dict.fromkeys(words, line[:1] not in _NO_FILES and "<DIR>" not in words)
    return found


def is_empty(lines: Iterable[str]) -> bool:
    """Whether LIST shows nothing but the folder itself and the one above it."""
    return all(
        not words or words[0].lower() == "total" or words[-1] in (".", "..")
        for words in (line.split() for line in lines)
    )


def size_of(text: str) -> int | None:
    """A number of bytes; None where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def time_of(text: str) -> datetime | None:
    """A time of RFC 3659, 2.3: `YYYYMMDDHHMMSS`, in UTC, perhaps with a fraction."""
    try:
        return datetime.strptime(text.partition(".")[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
