"""What MO must hold after each import of the sample: written by hand, not derived from the drop, for the telling objects."""

from __future__ import annotations

from typing import Final
from uuid import NAMESPACE_URL, uuid5

from aarhus_los.sandbox.expectations import THERE, Days, Expected


def after_first() -> list[Expected]:
    """What the first import does."""
    return [*_FIRST, *_FIRST_PEOPLE]


def after_delta() -> list[Expected]:
    """What the delta does."""
    return [*_DELTA, *_DELTA_PEOPLE]


def untouched() -> list[Expected]:
    """What the first import does and the delta does not speak of."""
    changed = {(each.kind, each.where, each.field) for each in after_delta()}
    return [each for each in after_first() if (each.kind, each.where, each.field) not in changed]


def _unit(key: str, field: str, story: str, *history: Days) -> Expected:
    return Expected(story, "org_unit", (("user_key", key),), field, history)


def _address(key: str, address_type: str, story: str, *history: Days) -> Expected:
    where = (("org_unit", key), ("address_type", address_type))
    return Expected(story, "address", where, "value", history)


def _dar(text: str) -> str:
    return str(uuid5(NAMESPACE_URL, text))


_FIRST: Final = (
    _unit("ÅDAL", "parent", "the root hangs under the organisation", ("2007-01-01", None, None)),
    _unit(
        "SO",
        "name",
        "two renames keep their history, rows that say the same are one",
        ("2007-01-01", "2011-12-31", "Ældre og Sundhed"),
        ("2012-01-01", "2018-06-30", "Sundhed og Omsorg"),
        ("2018-07-01", None, "Sundhed, Omsorg og Ældre"),
    ),
    _unit(
        "BIBL",
        "name",
        "a rename",
        ("2007-01-01", "2015-12-31", "Ådal Bibliotek"),
        ("2016-01-01", None, "Ådal Hovedbibliotek"),
    ),
    _address("BIBL", "EANUnit", "a rename does not cut the EAN", ("2007-01-01", None, "5798000000059")),
    _address("BIBL", "PNumber", "an emptied P-number ends", ("2007-01-01", "2015-12-31", "1003000059")),
    _unit(
        "MUSI",
        "parent",
        "a move",
        ("2007-01-01", "2018-07-31", "SKOLE"),
        ("2018-08-01", None, "KB"),
    ),
    _unit(
        "MUSI",
        "org_unit_type",
        "another type with the move",
        ("2007-01-01", "2018-07-31", "Skole"),
        ("2018-08-01", None, "Afdeling"),
    ),
    _unit("SKOV", THERE, "a closure", ("2007-01-01", "2020-07-31", THERE)),
    _address("SKOV", "LOSID", "addresses end with their unit", ("2007-01-01", "2020-07-31", "100023")),
    _unit("VINT", THERE, "a closure announced ahead", ("2012-10-01", "2027-04-30", THERE)),
    _unit(
        "HAVØ",
        THERE,
        "a gap stays a gap",
        ("2015-05-01", "2017-09-30", THERE),
        ("2019-05-01", None, THERE),
    ),
    _address(
        "HAVØ",
        "AddressMailUnit",
        "another address after the gap",
        ("2015-05-01", "2017-09-30", _dar("Havnevej 2, 8992 Sønderstrand")),
        ("2019-05-01", None, _dar("Fyrvej 11, 8992 Sønderstrand")),
    ),
    _unit(
        "HERB",
        THERE,
        "two gaps",
        ("2008-11-01", "2009-03-31", THERE),
        ("2009-11-01", "2010-03-31", THERE),
        ("2010-11-01", None, THERE),
    ),
    _unit(
        "GENØ",
        "name",
        "rows that overlap: the later start wins",
        ("2010-01-01", "2021-06-30", "Genbrugsplads Øst"),
        ("2021-07-01", None, "Genbrugsstation Øst"),
    ),
    _address(
        "REGN",
        "EANUnit",
        "another EAN",
        ("2007-01-01", "2019-12-31", "5798000000004"),
        ("2020-01-01", None, "5798009999996"),
    ),
    _unit("SNØR", THERE, "a unit that opens next year", ("2027-08-01", None, THERE)),
    _unit("MED", "org_unit_hierarchy", "never in the line: no mark", ("2007-01-01", None, None)),
    _unit("HR", "org_unit_hierarchy", "in the line organisation", ("2007-01-01", None, "linjeorg")),
    _unit("PROJ", "org_unit_type", "no type is the type Ukendt", ("2020-02-01", None, "ukendt")),
    _address("FELT", "AddressMailUnit", "an address that DAR does not know"),
    _address("HJNO", "AddressMailUnit", "an address that is an interval"),
    _address("GENV", "AddressMailUnit", "an address that is no longer in force"),
    _unit("ROTT", THERE, "the bad row is left out"),
    Expected("a class", "class", (("user_key", "Skole"),), "name", ((None, None, "Skole"),), any_day=True),
)

_DELTA: Final = (
    _unit(
        "BORG",
        "name",
        "a rename from the file date on",
        ("2007-01-01", "2026-11-08", "Borgerservice"),
        ("2026-11-09", None, "Borgerservice og Åben Rådgivning"),
    ),
    _unit(
        "SUPL",
        "parent",
        "a move back",
        ("2007-01-01", "2013-12-31", "BU"),
        ("2014-01-01", "2026-11-08", "FORE"),
        ("2026-11-09", None, "BU"),
    ),
    _unit("FILN", THERE, "a closure to come", ("2007-01-01", "2026-11-30", THERE)),
    _address("FILN", "CVRUnit", "and its addresses with it", ("2007-01-01", "2026-11-30", "29000017")),
    _unit("BOGB", THERE, "a closure told late", ("2007-01-01", "2026-10-31", THERE)),
    _address("ØKO", "EANUnit", "an emptied EAN ends", ("2007-01-01", "2026-11-08", "5798000000003")),
    _address("ØKO", "PNumber", "the number beside it stays", ("2007-01-01", None, "1003000003")),
    _unit(
        "ARBM",
        "org_unit_hierarchy",
        "taken out of the line organisation",
        ("2007-01-01", "2026-11-08", "linjeorg"),
        ("2026-11-09", None, None),
    ),
    _unit(
        "VEJ",
        "name",
        "a rename announced ahead",
        ("2007-01-01", "2026-12-31", "Vej og Park"),
        ("2027-01-01", None, "Vej, Park og Natur"),
    ),
    _unit(
        "SKOV",
        "name",
        "open again under another name",
        ("2007-01-01", "2020-07-31", "Skovbrynets Børnehave"),
        ("2026-11-09", None, "Skovbrynets Naturbørnehave"),
    ),
    _unit("SKOV", THERE, "open again", ("2007-01-01", "2020-07-31", THERE), ("2026-11-09", None, THERE)),
    _address(
        "SKOV",
        "LOSID",
        "and its addresses with it",
        ("2007-01-01", "2020-07-31", "100023"),
        ("2026-11-09", None, "100023"),
    ),
    _address(
        "FELT",
        "AddressMailUnit",
        "the address that is known now",
        ("2026-11-09", None, _dar("Skovvej 3, 8991 Nørreby")),
    ),
    _unit("ROTT", THERE, "the bad row, corrected", ("2021-09-30", None, THERE)),
    _unit("KLIM-Å", "parent", "a new unit under a new one", ("2026-11-15", None, "KLIM")),
    _unit("KLIM", "name", "a new unit", ("2026-11-01", None, "Klimasekretariatet")),
    _unit("DIGI", THERE, "a new unit to come", ("2027-01-01", None, THERE)),
    _unit("BRÆN", "org_unit_type", "a unit of a new type", ("2026-11-09", None, "Specialtilbud")),
    Expected(
        "a class title from the day of the import on",
        "class",
        (("user_key", "Kontor"),),
        "name",
        ((None, None, "Kontor"), (None, None, "Kontor og sekretariat")),
        any_day=True,
    ),
)


def _engagement(key: str, field: str, story: str, *history: Days) -> Expected:
    return Expected(story, "engagement", (("user_key", key),), field, history)


_FIRST_PEOPLE: Final = (
    _engagement("11-1", "org_unit", "an engagement", ("2019-12-01", None, "HJNO")),
    _engagement("7-1", THERE, "an engagement that ended", ("2009-01-01", "2019-06-30", THERE)),
    _engagement("7-2", THERE, "employed again", ("2021-02-01", None, THERE)),
    _engagement("30-1", "primary", "the primary engagement", ("2021-07-01", None, "primary")),
    Expected("a manager", "manager", (("org_unit", "BORG"),), THERE, (("2026-10-05", None, THERE),)),
    Expected("a manager whom nobody knows", "manager", (("org_unit", "MUSE"),), THERE, ()),
)
_DELTA_PEOPLE: Final = (
    Expected(
        "another manager",
        "manager",
        (("org_unit", "BORG"),),
        THERE,
        (("2026-10-05", "2026-11-09", THERE), ("2026-11-09", None, THERE)),
    ),
    _engagement(
        "11-1",
        "org_unit",
        "moved to another unit",
        ("2019-12-01", "2026-11-08", "HJNO"),
        ("2026-11-09", None, "BIBL"),
    ),
    _engagement("16-1", THERE, "an engagement that ends", ("2024-05-01", "2026-11-09", THERE)),
    _engagement(
        "30-1",
        "primary",
        "no longer the primary engagement",
        ("2021-07-01", "2026-11-08", "primary"),
        ("2026-11-09", None, "non-primary"),
    ),
    Expected(
        "a manager who is known now",
        "manager",
        (("org_unit", "MUSE"),),
        THERE,
        (("2026-10-05", None, THERE),),
    ),
)
