"""Draws what an MO holds before the first file comes: made by an earlier importer, by other integrations, by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from aarhus_los.uuids import object_uuid
from tests.drawn.cells import birth
from tests.drawn.dice import Dice, chance, one_of, weighted
from tests.drawn.draw import ENGAGEMENTS, PERSONS, UNITS, Calendar, person_of
from tests.drawn.drops import CPRS, DRAWN_LISTS, class_uuid, engagement_uuid, unit_uuid
from tests.drawn.lists import LISTS
from tests.drawn.units import OUTSIDE, address_key
from tests.drawn.world import (
    ALWAYS,
    AZ,
    FOREVER,
    LINE,
    UNKNOWN_TYPE,
    Account,
    Class,
    Engagement,
    Manager,
    Mo,
    Person,
    Piece,
    Unit,
    empty_mo,
    joined,
)

BY_HAND: Final = "sikkerhedsorg"
_DAYS: Final = (
    date(2020, 1, 1),
    date(2024, 6, 1),
    date(2025, 1, 1),
    date(2025, 1, 20),
    date(2025, 2, 10),
    date(2025, 3, 1),
    date(2025, 6, 1),
)


def pieces(dice: Dice, values: list[Any], calendar: Calendar) -> list[Piece]:
    """A history of one to three pieces, with and without gaps and an end."""
    count = weighted(dice, [(6, 1), (3, 2), (1, 3)])
    starts = sorted({one_of(dice, _DAYS) for _ in range(count)})
    out: list[Piece] = []
    for number, start in enumerate(starts):
        last = starts[number + 1] - timedelta(days=1) if number + 1 < len(starts) else FOREVER
        if chance(dice, 30):
            last = min(last, start + timedelta(days=dice.number(5, 300)))
        out.append((calendar.use(start), last, one_of(dice, values)))
        if last != FOREVER:
            calendar.use(last)
    return joined(out)


def mo_before(dice: Dice, calendar: Calendar) -> Mo:
    """An MO with the root unit, some units, people and managers, and the classes that they need."""
    mo = empty_mo()
    for of in DRAWN_LISTS:
        facet = LISTS[of][0]
        assert facet is not None
        for number in range(3):
            title = f"{of[:3]}{number}"
            mo["class"][class_uuid(of, number)] = [(ALWAYS, FOREVER, Class(facet, title, title))]
    root = Unit("B0", "Enhed 0", None, UNKNOWN_TYPE)
    mo["unit"][unit_uuid(0)] = [(date(1990, 1, 1), FOREVER, root)]
    for number in range(1, UNITS):
        if chance(dice, 60):
            _unit(dice, calendar, mo, number)
    for number in range(PERSONS):
        if chance(dice, 60):
            _person(dice, calendar, mo, number)
    return mo


def _unit(dice: Dice, calendar: Calendar, mo: Mo, number: int) -> None:
    uuid = unit_uuid(number)
    kinds = (UNKNOWN_TYPE, class_uuid("Enhedstype", 1))
    values = [
        Unit(f"B{number}", name, unit_uuid(0), one_of(dice, kinds)) for name in (f"Enhed {number}", "Ny")
    ]
    mo["unit"][uuid] = pieces(dice, values, calendar)
    if chance(dice, 50):
        name = weighted(dice, [(6, LINE), (2, BY_HAND), (1, OUTSIDE)])
        start = one_of(dice, [piece[0] for piece in mo["unit"][uuid]])
        end = one_of(dice, (FOREVER, start + timedelta(days=dice.number(0, 200))))
        mo["mark"][uuid] = [
            (max(start, first), min(end, last), name)
            for first, last, _ in _there(mo["unit"][uuid])
            if max(start, first) <= min(end, last)
        ]
    for column, texts in (("LOSID", ["7", "8"]), ("EAN", ["5798000000001"])):
        if chance(dice, 40):
            held = [
                (max(start, first), min(end, last), text)
                for start, end, text in pieces(dice, texts, calendar)
                for first, last, _ in _there(mo["unit"][uuid])
                if max(start, first) <= min(end, last)
            ]
            if held:
                mo["address"][address_key(uuid, column)[1]] = joined(held)


def _there(every: list[Piece]) -> list[Piece]:
    return joined((start, end, True) for start, end, _ in every)


def _person(dice: Dice, calendar: Calendar, mo: Mo, number: int) -> None:
    cpr = CPRS[number]
    uuid = weighted(dice, [(3, object_uuid(cpr)), (1, unit_uuid(900 + number))])
    mo["person"][uuid] = [
        (birth(cpr), FOREVER, Person(cpr, one_of(dice, (f"Person {number}", "Eva", "Før Navn"))))
    ]
    for each in [*range(ENGAGEMENTS), 90 + number]:
        if each >= 90 or person_of(each) == number:
            if not chance(dice, 20 if each >= 90 else 50):
                continue
            mo["engagement"][engagement_uuid(each)] = pieces(
                dice,
                [
                    Engagement(
                        f"K{each}",
                        uuid,
                        unit_uuid(0),
                        class_uuid("Engagementstype", 0),
                        class_uuid("Stillingsbetegnelse", job),
                        True,
                    )
                    for job in (0, 1)
                ],
                calendar,
            )
    if chance(dice, 60):
        mo["address"][object_uuid(cpr + "email")] = pieces(dice, ["a@aarhus.dk", "gl@aarhus.dk"], calendar)
    accounts = weighted(dice, [(4, ["azid"]), (2, []), (2, ["x"]), (1, ["azid", "x"]), (1, ["x", "y"])])
    for each in accounts:
        account = Account(uuid, AZ, "AZA" if each == "azid" else f"{each}{number}")
        mo["account"][object_uuid(cpr + each)] = pieces(dice, [account], calendar)
    if chance(dice, 40):
        leads = unit_uuid(0)
        value = Manager(
            leads,
            uuid,
            class_uuid("Ledertype", 0),
            class_uuid("Lederniveau", 0),
            frozenset({class_uuid("Lederansvar", 0)}),
        )
        mo["manager"][object_uuid(leads + cpr + "manager")] = pieces(dice, [value], calendar)
