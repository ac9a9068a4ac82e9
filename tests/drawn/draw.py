"""Draws small drops that are hard on an importer: few units, people, engagements and days, so that everything meets.

Days come from a small pool around the file dates, so that ends, starts and file dates touch, overlap and leave gaps. Nothing
that the text leaves to chance is drawn: see `READINGS` in the oracle for what it leaves to the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from tests.drawn.dice import Dice, chance, one_of, weighted
from tests.drawn.drops import (
    CPRS,
    DRAWN_LISTS,
    UNKNOWN,
    Row,
    class_list,
    class_uuid,
    ended,
    engaged,
    file,
    leads,
    unit,
    unit_uuid,
)
from tests.drawn.world import File

FAMILIES: Final = ("org", "people", "managers", "classes")
UNITS: Final = 4
PERSONS: Final = 3
ENGAGEMENTS: Final = 5
_DAY: Final = timedelta(days=1)
_BAD_DATES: Final = ("", "NULL", "2025-02-30", "snart")


@dataclass
class Calendar:
    """The days that a drop's rows are drawn from; each that was used, and its neighbours, is likely to be used again."""

    dice: Dice
    days: list[date] = field(default_factory=list)

    def use(self, day: date) -> date:
        if date(1800, 1, 1) < day < date(2100, 1, 1):
            self.days += [day, day + _DAY, day - _DAY]
        return day

    def some(self, file_date: date) -> date:
        """A day for a row of a file of that date."""
        near = weighted(self.dice, [(3, "pool"), (2, "near"), (1, "old"), (1, "file")])
        if near == "pool" and self.days:
            return one_of(self.dice, self.days)
        if near == "near":
            return self.use(file_date + timedelta(days=self.dice.number(-60, 60)))
        if near == "old":
            return self.use(
                one_of(self.dice, (date(1990, 1, 1), date(2020, 1, 1), date(2024, 6, 1), date(1899, 6, 1)))
            )
        return file_date

    def validity(self, file_date: date) -> tuple[str, str]:
        """Start and end of a row as text: mostly in order, now and then cancelled, reversed, unreadable."""
        start, end = self.some(file_date), self.some(file_date)
        kind = weighted(
            self.dice, [(60, "open"), (28, "closed"), (5, "cancelled"), (3, "reversed"), (4, "bad")]
        )
        if kind == "open":
            return str(start), one_of(self.dice, ("", "9999-12-31", "31-12-9999"))
        if kind == "closed":
            start, end = min(start, end), max(start, end)
            return f"{start}{one_of(self.dice, ('', ' 00:00:00.000'))}", end.strftime(
                one_of(self.dice, ("%Y-%m-%d", "%d-%m-%Y"))
            )
        if kind == "cancelled":
            return str(start), str(start - _DAY)
        if kind == "reversed":
            return str(max(start, end) + 3 * _DAY), str(min(start, end))
        return (
            (one_of(self.dice, _BAD_DATES), str(end))
            if chance(self.dice, 50)
            else (str(start), one_of(self.dice, _BAD_DATES[1:]))
        )


def stamps(dice: Dice, count: int) -> list[str]:
    """Stamps over some months, in order, some on the same day and some equal."""
    day, out = date(2025, 1, 10), []
    for _ in range(count):
        step = weighted(dice, [(4, "days"), (1, "weeks"), (1, "same day"), (1, "equal")])
        if step == "days":
            day += timedelta(days=dice.number(1, 9))
        elif step == "weeks":
            day += timedelta(days=dice.number(20, 70))
        hour = "0800" if step != "same day" else "2000"
        out.append(out[-1] if step == "equal" and out else f"{day:%Y%m%d}_{hour}")
    return sorted(out)


def date_of(stamp: str) -> date:
    return date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:8]))


# Units


_NAMES: Final = ("Enhed", "Ny", "Anden  enhed", "Tredje")
_DETAILS: Final = {
    "LOSID": ("", "7", "8", "1,2E+08"),
    "EAN": ("", "5798000000001", "5798000000002", "579"),
    "CVR": ("", "12345678", "55133018", "55133018.0"),
    "PostAdresse": ("", "Vej 1, 8000 Aarhus C", "Vej 2, 8000 Aarhus C", "Ukendt vej 3, 8000 Aarhus C"),
}


def org_row(dice: Dice, calendar: Calendar, file_date: date, number: int) -> Row:
    start, end = calendar.validity(file_date)
    parents = [0, *(each for each in range(UNITS) if each not in (0, number))]
    parent = weighted(
        dice, [(60, unit_uuid(0)), (30, unit_uuid(one_of(dice, parents))), (4, UNKNOWN), (1, ""), (1, "x")]
    )
    if number == 0:
        parent = unit_uuid(0)
    row = unit(number, start, end, parent=parent)
    row["OrgEnhedsNavn"] = weighted(dice, [(97, one_of(dice, _NAMES)), (1, ""), (1, "NULL")])
    row["Med-i-LinjeOrg"] = weighted(dice, [(10, "False"), (12, "True"), (1, ""), (2, "måske"), (1, "SAND")])
    types = ("", class_uuid("Enhedstype", 0), class_uuid("Enhedstype", 1))
    row["OrgEnhedsTypeUUID"] = weighted(dice, [(40, one_of(dice, types)), (1, UNKNOWN)])
    for column, (empty, one, two, bad) in _DETAILS.items():
        row[column] = weighted(dice, [(8, empty), (6, one), (3, two), (1, bad)])
    return row


def org_file(dice: Dice, calendar: Calendar, stamp: str, kind: str | None = None) -> File:
    kind = kind or weighted(dice, [(6, "ret"), (3, "nye"), (2, "inital")])
    day = calendar.use(date_of(stamp))
    numbers = [dice.number(1, UNITS - 1) for _ in range(dice.number(1, 3))]
    rows = [
        org_row(dice, calendar, day, number)
        for number in numbers
        for _ in range(weighted(dice, [(6, 1), (2, 2), (1, 3)]))
    ]
    if chance(dice, 3):
        rows.append(org_row(dice, calendar, day, 0))
    without = [one_of(dice, ("EAN", "CVR", "LOSID", "Med-i-LinjeOrg"))] if chance(dice, 8) else []
    return file(f"Org_{kind} {stamp}", *rows, without=without)


def first_org(dice: Dice, calendar: Calendar, stamp: str) -> File:
    """An Org_inital that has the root, and most units without oddities."""
    calendar.use(date_of(stamp))
    rows = [unit(0, "1990-01-01")]
    for number in range(1, UNITS):
        kind = weighted(dice, [(5, "plain"), (2, "none"), (2, "drawn")])
        if kind == "plain":
            line = one_of(dice, ("False", "True"))
            rows.append(
                unit(number, str(calendar.use(date(2020, 1, 1))), line=line, LOSID=one_of(dice, ("", "7")))
            )
        elif kind == "drawn":
            rows.append(org_row(dice, calendar, date_of(stamp), number))
    return file(f"Org_inital {stamp}", *rows)


# People


_TEXTS: Final = {
    "Email": ("", "a@aarhus.dk", "b@aarhus.dk", "ikke-en-mail"),
    "AZID": ("", "AZA", "AZB", "NULL"),
}


def person_of(number: int) -> int:
    """Whose engagement it is, as long as nothing is wrong."""
    return number % PERSONS


def pers_row(dice: Dice, calendar: Calendar, file_date: date, number: int) -> Row:
    start, end = calendar.validity(file_date)
    person = person_of(number)
    if chance(dice, 3):
        person = one_of(dice, range(PERSONS))
    row = engaged(number, person, start, end)
    row["BrugervendtNøgle"] = one_of(dice, (f"K{number}", "Ny"))
    row["CPRNavn"] = weighted(dice, [(12, f"Person {person}"), (4, "Eva"), (3, "Eva  Maria Holm"), (1, "")])
    row["PrimærAnsættelse"] = weighted(dice, [(30, "Ja"), (20, "Nej"), (1, "")])
    units = [unit_uuid(each) for each in range(UNITS)]
    row["OrgenhedUUID"] = weighted(dice, [(40, units[0]), (50, one_of(dice, units)), (5, UNKNOWN), (1, "")])
    row["StillingsBetegnelseUUID"] = class_uuid(
        "Stillingsbetegnelse", weighted(dice, [(10, 0), (8, 1), (1, 7)])
    )
    for column, (empty, one, two, bad) in _TEXTS.items():
        row[column] = weighted(dice, [(10, one), (5, two), (4, empty), (2, bad)])
    if chance(dice, 2):
        row["CPR"] = one_of(dice, ("0101505678", "3102501234", "123", "010150-1234"))
    return row


def first_pers(dice: Dice, calendar: Calendar, stamp: str) -> File:
    """A Pers_nye that has most people, without oddities."""
    calendar.use(date_of(stamp))
    rows = [
        engaged(
            number, person_of(number), str(calendar.some(date_of(stamp))), Email="a@aarhus.dk", AZID="AZA"
        )
        for number in range(ENGAGEMENTS)
        if chance(dice, 60)
    ]
    return file(f"Pers_nye {stamp}", *rows)


def pers_file(dice: Dice, calendar: Calendar, stamp: str, kind: str | None = None) -> File:
    kind = kind or weighted(dice, [(6, "ret"), (4, "nye"), (4, "luk")])
    day = calendar.use(date_of(stamp))
    numbers = [dice.number(0, ENGAGEMENTS - 1) for _ in range(dice.number(1, 3))]
    if kind == "luk":
        rows = [
            ended(number, person_of(number) if not chance(dice, 5) else one_of(dice, range(PERSONS)))
            for number in dict.fromkeys(numbers)
        ]
        return file(f"Pers_luk {stamp}", *rows)
    rows = [
        pers_row(dice, calendar, day, number)
        for number in numbers
        for _ in range(weighted(dice, [(12, 1), (2, 2)]))
    ]
    without = weighted(dice, [(12, ()), (1, ("Email",)), (1, ("AZID",)), (1, ("Email", "AZID"))])
    return file(f"Pers_{kind} {stamp}", *rows, without=without)


# Managers


def leder_file(dice: Dice, calendar: Calendar, stamp: str, kind: str | None = None) -> File:
    kind = kind or weighted(dice, [(5, "nye"), (5, "ret"), (4, "luk")])
    calendar.use(date_of(stamp))
    rows = []
    for _ in range(dice.number(1, 2)):
        number, person = dice.number(0, UNITS - 1), one_of(dice, range(PERSONS))
        duties = sorted({dice.number(0, 2) for _ in range(1 if kind == "luk" else dice.number(1, 3))})
        for duty in duties:
            row = leads(number, person, duty)
            row["LederniveauUUID"] = class_uuid("Lederniveau", 0 if duty else dice.number(0, 1))
            if chance(dice, 3):
                row["LederansvarUUID"] = class_uuid("Lederansvar", 7)
            if chance(dice, 2):
                row[one_of(dice, ("OrgUUID", "LedertypeUUID"))] = one_of(dice, (UNKNOWN, "", "x"))
            if chance(dice, 2):
                row["CPR"] = one_of(dice, (CPRS[3], "0101505678"))
            rows.append(row)
    return file(f"Leder_{kind} {stamp}", *rows)


# Classes


def lists(dice: Dice, *, titles: bool) -> list[File]:
    """Class lists with their classes 0 to 2 each; with `titles` some are drawn anew, and a uuid may be in two lists."""
    out = []
    for of in DRAWN_LISTS:
        names = [f"{of[:3]}{number}" for number in range(3)]
        if titles:
            names = [name if chance(dice, 70) else f"{name}x" for name in names]
        out.append(class_list(of, *names))
    if titles and chance(dice, 20):
        row = {"BVNStillingBetUUID": class_uuid("Stillingsbetegnelse", 0), "BVNStillingsbetegnelse": "BVN"}
        out.append(File.of("STAM_UUID_BVN_Stillingsbetegnelse.csv", [row], tuple(row)))
    return out


# A drop


_DRAWS: Final[dict[str, Callable[..., File]]] = {"org": org_file, "people": pers_file, "managers": leder_file}


def drop(dice: Dice, family: str, calendar: Calendar | None = None) -> list[File]:
    """The files of one drop: class lists and a first Org_inital, then files of a family, or of all of them.

    `calendar` has the days that MO uses already, where it holds something before the drop.
    """
    calendar = calendar or Calendar(dice)
    count = dice.number(1, 7)
    all_stamps = stamps(dice, count + 1)
    files = [first_org(dice, calendar, all_stamps[0])]
    for number, stamp in enumerate(all_stamps[1:]):
        if family in ("all", "classes"):
            kind = weighted(dice, [(5, "people"), (4, "org"), (3, "managers")])
        elif family == "managers":
            kind = weighted(dice, [(4, "managers"), (2, "people")])
        else:
            kind = family
        if number == 0 and family != "org" and chance(dice, 70):
            files.append(first_pers(dice, calendar, stamp))
        else:
            files.append(_DRAWS[kind](dice, calendar, stamp))
    named = {each.name: each for each in files}
    return [*lists(dice, titles=family == "classes"), *sorted(named.values(), key=lambda each: each.order)]


def since(dice: Dice, files: Sequence[File]) -> date:
    """A day for `--since`: around the file dates."""
    days = [each.date for each in files if each.family != "STAM"]
    return one_of(dice, days) + timedelta(days=dice.number(-1, 1))
