"""The names of the drop's files: which are ours, what they hold, and in which order they are folded."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final

from msgspec import Struct

from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.messages import Message


class Family(Enum):
    """The files that are folded together."""

    STAM = "STAM"
    ORG = "Org"
    PERS = "Pers"
    LEDER = "Leder"


_KINDS: Final[dict[Family, tuple[str, ...]]] = {
    Family.STAM: tuple(CLASS_LISTS),
    Family.ORG: ("inital", "nye", "ret"),
    Family.PERS: ("nye", "ret", "luk"),
    Family.LEDER: ("luk", "nye", "ret"),
}
# Where stamps are equal, of whatever family: rows of people refer to units, and any split into runs must end alike.
_IN_TURN: Final = ("inital", "nye", "ret", "luk")
_SPELLINGS: Final = {"initial": "inital"}
# A validity before this year breaks MO's reads, and file dates become validities.
_FIRST_YEAR: Final = 1900


class DropName(Struct, frozen=True):
    """A file name of the drop. Names are ordered as their files are folded; class lists, which have no stamp, first.

    `kind` is inital, nye, ret or luk, or the name of a class list. `stamp` is local Danish time, without a zone; None for
    class lists and where `fault` says why the stamp cannot be a time: such a file is refused.
    """

    name: str
    family: Family
    kind: str
    stamp: datetime | None = None
    fault: str | None = None

    @property
    def file_date(self) -> date:
        """The day of the stamp. Raises ValueError for a name without one."""
        if self.stamp is None:
            raise ValueError(f"{self.name} has no file date")
        return self.stamp.date()

    @property
    def order(self) -> tuple[datetime, int, str]:
        """The place among other files: the stamp, then the kind, then the name."""
        # A change of a manager comes as a luk and a nye, so there the end is read first.
        in_turn = _KINDS[Family.LEDER] if self.family is Family.LEDER else _IN_TURN
        rank = 0 if self.family is Family.STAM else in_turn.index(self.kind)
        return (self.stamp or datetime.min, rank, self.name)

    def __lt__(self, other: DropName) -> bool:
        return self.order < other.order


_DATED: Final = re.compile(
    r"(Org|Pers|Leder)_([a-z]+)_([0-9]{4})([0-9]{2})([0-9]{2})_([0-9]{2})([0-9]{2})([0-9]{2})\.csv"
)
_LIST: Final = re.compile(r"STAM_UUID_(.+)\.csv")


def parse_name(name: str) -> DropName | None:
    """What a file name says, or None where it is no name of the drop.

    A name of ours with an impossible stamp, such as `Org_nye_20211345_000000.csv`, is a DropName with a `fault`.
    """
    if listed := _LIST.fullmatch(name):
        return DropName(name, Family.STAM, listed[1]) if listed[1] in CLASS_LISTS else None
    dated = _DATED.fullmatch(name)
    if dated is None:
        return None
    family = Family(dated[1])
    kind = _SPELLINGS.get(dated[2], dated[2])
    if kind not in _KINDS[family]:
        return None
    try:
        year, month, day, hour, minute, second = map(int, dated.groups()[2:])
        stamp = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return DropName(name, family, kind, fault=Message.IMPOSSIBLE_STAMP())
    if stamp.year < _FIRST_YEAR:
        return DropName(name, family, kind, fault=Message.STAMP_TOO_OLD(year=_FIRST_YEAR))
    return DropName(name, family, kind, stamp)


def refusal(name: DropName, today: date) -> str | None:
    """Why a file is refused by its name alone, or None: its stamp is impossible, or more than a day ahead of `today`."""
    if name.fault is not None:
        return Message.UPLOAD_AGAIN(reason=name.fault)
    if name.stamp is not None and name.file_date - today > timedelta(days=1):
        return Message.STAMP_IN_FUTURE(today=today)
    return None


# Patterns that only a name needs that is none of ours.
_SIMILAR: Final = (
    r"\s*(?:(org|pers|leder)[\s_.-]*(inital|initial|nye|ret|luk)|(stam)[\s_.-]*uuid)(?![a-zæøå])"
)
_STAMPED: Final = r"\s*(org|pers|leder)[\s_.-]+(.*?)[\s_.-]*[0-9]{8}[\s_.-]*[0-9]{0,6}\.csv\s*"
"""A family's prefix, a stamp and `.csv`: ours by intent, whatever stands between them."""
_COPY: Final = r"(.*?)\s*(?:\([0-9]+\)|[-_ ]+(?:kopi|copy)(?:\s*\([0-9]+\))?)\.csv"


def near_miss(name: str) -> str | None:
    """Why a name that is ours by intent is none of ours, for people; None where it does not even look like one.

    Backups under a prefix, `.tmp` files and anything else are left in peace.
    """
    similar = re.match(_SIMILAR, name.lower()) or re.fullmatch(_STAMPED, name.lower())
    if similar is None or name.lower().endswith(".tmp") or parse_name(name) is not None:
        return None
    if similar[1] is None:
        family, kind, expected = Family.STAM, None, "STAM_UUID_<list>.csv"
    else:
        family, kind = Family(similar[1].capitalize()), similar[2]
        known = _SPELLINGS.get(kind, kind) in _KINDS[family]
        expected = f"{family.value}_{kind if known else '<kind>'}_YYYYMMDD_HHMMSS.csv"
    return Message.NEAR_MISS(why=_difference(name, family, kind), expected=expected)


def _difference(name: str, family: Family, kind: str | None) -> str:
    if kind is not None and _SPELLINGS.get(kind, kind) not in _KINDS[family]:
        return Message.FAMILY_HAS_KINDS(family=family.value, kinds=_KINDS[family])
    if (copy := re.fullmatch(_COPY, name, re.IGNORECASE)) and _canonical(copy[1] + ".csv"):
        return Message.NAMED_LIKE_COPY()
    if _canonical(name):
        return Message.NAME_CASE()
    lowered = name.lower()
    if ".csv." in lowered and _canonical(name[: lowered.index(".csv.") + 4]):
        return Message.NAME_GOES_ON()
    if family is Family.STAM:
        return Message.UNKNOWN_LIST(lists=list(CLASS_LISTS))
    if re.search(r"[0-9]{8}\.csv", lowered):
        return Message.NAME_LACKS_TIME()
    return Message.NAME_OTHERWISE()


def _canonical(name: str) -> bool:
    """Whether a name is ours when case and surrounding spaces do not count."""
    folded = name.strip().lower()
    lists = any(folded == f"stam_uuid_{known.lower()}.csv" for known in CLASS_LISTS)
    family = folded.partition("_")[0]
    return lists or parse_name(folded.replace(family, family.capitalize(), 1)) is not None
