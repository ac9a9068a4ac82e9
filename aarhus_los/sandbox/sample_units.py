"""The org units of the sample: a fictive municipality of four levels, its history, and what changes in the delta."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from aarhus_los.sandbox.sample_classes import UNIT_TYPE, Table, class_uuid

# Indentation is the level. User key, type, name.
_TREE: Final = """\
ÅDAL  Kommune  Ådal Kommune
  BA  Magistratsafdeling  Borgmesterens Afdeling
    ØKO  Afdeling  Økonomi
      REGN  Kontor  Regnskab
      INDK  Kontor  Indkøb og Udbud
      LØN  Kontor  Løn og Personaleforhold
    HR  Afdeling  HR og Organisation
      KURS  Kontor  Kursus og Læring
      ARBM  Kontor  Arbejdsmiljø
    IT  Afdeling  It og Digitalisering
      DRIFT  Driftsenhed  Serverdrift
      PROJ  Kontor  Projektkontoret
    SEKR  Afdeling  Byrådssekretariatet
      MED  Udvalg  Hoved-MED
  BU  Magistratsafdeling  Børn og Unge
    SKOLE  Afdeling  Skoler
      ÅBAK  Skole  Åbakkeskolen
      NØRR  Skole  Nørrevangskolen
      SØND  Skole  Søndermarkskolen
      ØSTE  Skole  Østervang Skole
      HAVØ  Skole  Sommerskolen Havørnen
    DAG  Afdeling  Dagtilbud
      SKOV  Dagtilbud  Skovbrynets Børnehave
      MÆLK  Dagtilbud  Mælkevejens Vuggestue
      TUSI  Dagtilbud  Tusindfryd
      SNØR  Dagtilbud  Børnehuset Snørklen
    PPR  Afdeling  Pædagogisk Psykologisk Rådgivning
  SO  Magistratsafdeling  Sundhed, Omsorg og Ældre
    HJEM  Afdeling  Hjemmepleje
      HJNO  Driftsenhed  Hjemmepleje Nord
      HJSY  Driftsenhed  Hjemmepleje Syd
      NATV  Driftsenhed  Nattevagten
    PLEJ  Afdeling  Plejehjem
      LIND  Plejehjem  Lindegården
      SØBO  Plejehjem  Søbo
      ENGL  Plejehjem  Englyst
    FORE  Afdeling  Forebyggelse
      SUPL  Kontor  Sundhedsplejen
      TAND  Kontor  Tandplejen
  SB  Magistratsafdeling  Sociale Forhold og Beskæftigelse
    JOB  Afdeling  Jobcenter Ådal
      UNGE  Kontor  Ungeindsatsen
      SYGE  Kontor  Sygedagpenge
    SOCI  Afdeling  Socialtilbud
      HERB  Driftsenhed  Herberget Møllen
      VÆRE  Driftsenhed  Værestedet Åhuset
  TM  Magistratsafdeling  Teknik og Miljø
    VEJ  Afdeling  Vej og Park
      GART  Driftsenhed  Gartneriet
      VINT  Driftsenhed  Vintertjenesten
    AFF  Afdeling  Affald og Genbrug
      GENØ  Driftsenhed  Genbrugsstation Øst
      GENV  Driftsenhed  Genbrugsstation Vest
    NAT  Afdeling  Natur og Vandmiljø
      FELT  Driftsenhed  Feltstationen
      ROTT  Driftsenhed  Rottebekæmpelsen
  KB  Magistratsafdeling  Kultur og Borgerservice
    BORG  Afdeling  Borgerservice
    BIBL  Bibliotek  Ådal Hovedbibliotek
      FILN  Bibliotek  Filialbiblioteket Nørreby
      FILS  Bibliotek  Filialbiblioteket Søndersø
      BOGB  Driftsenhed  Bogbussen
    MUSE  Museum  Ådal Museum
      ARKI  Kontor  Lokalarkivet
    MUSI  Afdeling  Musikskolen
"""

# Dates of a stage are its first and last day; a stage is the unit as above but for what it names.
_HISTORY: Final[dict[str, list[dict[str, str | bool]]]] = {
    # renamed twice; the last stage is split in two rows that say the same
    "SO": [
        {"name": "Ældre og Sundhed", "end": "2011-12-31"},
        {"name": "Sundhed og Omsorg", "start": "2012-01-01", "end": "2018-06-30"},
        {"start": "2018-07-01", "end": "2020-12-31"},
        {"start": "2021-01-01"},
    ],
    # renamed, its EAN number stays and its production unit ends
    "BIBL": [
        {"name": "Ådal Bibliotek", "end": "2015-12-31"},
        {"start": "2016-01-01", "p_number": ""},
    ],
    # moved between departments, and of another type since
    "MUSI": [
        {"parent": "SKOLE", "type": "Skole", "end": "2018-07-31"},
        {"start": "2018-08-01"},
    ],
    "SUPL": [{"parent": "BU", "end": "2013-12-31"}, {"start": "2014-01-01"}],
    # closed, also tomorrow
    "SKOV": [{"end": "2020-07-31"}],
    "NATV": [{"end": "2016-03-31"}],
    "VINT": [{"start": "2012-10-01", "end": "2027-04-30"}],
    # a gap, the second time elsewhere
    "HAVØ": [
        {"start": "2015-05-01", "end": "2017-09-30", "address": "Havnevej 2, 8992 Sønderstrand"},
        {"start": "2019-05-01", "address": "Fyrvej 11, 8992 Sønderstrand"},
    ],
    # two gaps
    "HERB": [
        {"start": "2008-11-01", "end": "2009-03-31"},
        {"start": "2009-11-01", "end": "2010-03-31"},
        {"start": "2010-11-01"},
    ],
    # rows that overlap and differ: the later start wins
    "GENØ": [
        {"name": "Genbrugsplads Øst", "start": "2010-01-01", "end": "2021-12-31"},
        {"start": "2021-07-01"},
    ],
    # another EAN number
    "REGN": [{"end": "2019-12-31"}, {"start": "2020-01-01", "ean": "5798009999996"}],
    # opens next year
    "SNØR": [{"start": "2027-08-01"}],
    # never in the line organisation; a unit without a type
    "MED": [{"line_org": False, "address": ""}],
    "PROJ": [{"type": "", "start": "2020-02-01"}],
    # addresses that are not safely resolved
    "FELT": [{"address": "Ukendt Skovvej 3, 8991 Nørreby"}],
    "HJNO": [{"address": "Engvej 12-18, 8991 Nørreby"}],
    "GENV": [{"address": "Nedlagt Stationsvej 4, 8990 Ådal"}],
    # the one bad row: September has 30 days
    "ROTT": [{"start": "2021-09-31"}],
}

_ROADS: Final = ("Rådhuspladsen", "Skolegade", "Østergade", "Møllevej", "Åboulevarden", "Kærvej", "Bøgealle")
_PLACES: Final = ("8990 Ådal", "8991 Nørreby", "8992 Sønderstrand")
_SINCE: Final = "2007-01-01"


@dataclass(frozen=True)
class UnitRow:
    """A row of an Org file. Dates are ISO, an empty end is no end; parents are user keys, types titles."""

    key: str
    name: str
    parent: str
    type: str
    number: int
    """Of the unit; its codes are made of it."""
    address: str
    start: str = _SINCE
    end: str = ""
    line_org: bool = True
    ean: str = ""
    p_number: str = ""

    def cells(self, nth: int) -> dict[str, str]:
        """The row as written in a file. Dates come in all the forms that occur, by the row's place in its file."""
        return {
            "OrgUUID": unit_uuid(self.key),
            "BrugervendtNøgle": self.key,
            "OrgEnhedsNavn": self.name,
            "OrgEnhedsTypeUUID": class_uuid(UNIT_TYPE, self.type) if self.type else "",
            "ParentUUID": unit_uuid(self.parent),
            "StartDato": _date(self.start, nth),
            "SlutDato": _date(self.end or "9999-12-31", nth),
            "LOSID": f"{100_000 + self.number}",
            "CVR": "29000017",
            "EAN": self.ean,
            "P-Nr": self.p_number,
            "SE-Nr": f"{31_000_000 + self.number}" if self.number % 3 == 0 else "",
            "IntDebitor-Nr": f"{40_000 + self.number}" if self.number % 2 == 0 else "",
            "MagID": f"{self.number:04}",
            "Med-i-LinjeOrg": str(self.line_org),
            "PostAdresse": self.address,
        }


def unit_uuid(key: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"urn:sandbox:enhed:{key}"))


def _date(iso: str, nth: int) -> str:
    year, month, day = iso.split("-")
    return (iso, f"{iso} 00:00:00.000", f"{day}-{month}-{year}")[nth % 3]


def unit(number: int, key: str, parent: str, unit_type: str, name: str) -> UnitRow:
    """A unit with its numbers and an address of its own."""
    address = f"{_ROADS[number % len(_ROADS)]} {number}, {_PLACES[number % len(_PLACES)]}"
    ean, p_number = f"5798000{number:06}", f"10030{number:05}"
    return UnitRow(key, name, parent, unit_type, number, address, ean=ean, p_number=p_number)


def _units() -> list[UnitRow]:
    units = []
    above: list[str] = []
    for number, line in enumerate(_TREE.splitlines(), start=1):
        level = (len(line) - len(line.lstrip())) // 2
        key, unit_type, name = re.split(r"\s{2,}", line.strip())
        above[level:] = [key]
        units.append(unit(number, key, above[max(level - 1, 0)], unit_type, name))
    return units


def _stages(row: UnitRow) -> list[UnitRow]:
    return [replace(row, **stage) for stage in _HISTORY.get(row.key, [{}])]  # type: ignore[arg-type]


def initial_rows() -> list[UnitRow]:
    """Every unit with its history. Children come before their parents here: the order of rows means nothing."""
    return [stage for row in reversed(_units()) for stage in _stages(row)]


def _new(nth: int, key: str, parent: str, unit_type: str, name: str, start: str) -> UnitRow:
    return replace(unit(100 + nth, key, parent, unit_type, name), start=start)


def new_rows() -> list[UnitRow]:
    """The units that the delta adds."""
    return [
        _new(1, "KLIM-Å", "KLIM", "Kontor", "Vandløb og Åer", "2026-11-15"),
        _new(2, "KLIM", "TM", "Afdeling", "Klimasekretariatet", "2026-11-01"),
        _new(3, "DIGI", "BORG", "Kontor", "Digital Hjælp", "2027-01-01"),
        _new(4, "BRÆN", "SKOLE", "Specialtilbud", "Brændgårdens Ordblindetilbud", "2026-11-09"),
    ]


def changed_rows() -> list[UnitRow]:
    """The units that the delta changes, whole rows as they now are."""
    now = {row.key: _stages(row)[-1] for row in _units()}
    return [
        replace(now["BORG"], name="Borgerservice og Åben Rådgivning"),
        replace(now["SUPL"], parent="BU"),
        replace(now["FILN"], end="2026-11-30"),
        replace(now["BOGB"], end="2026-10-31"),
        replace(now["ØKO"], ean=""),
        replace(now["ARBM"], line_org=False),
        replace(now["VEJ"], name="Vej, Park og Natur", start="2027-01-01"),
        replace(now["SKOV"], name="Skovbrynets Naturbørnehave", end="", start="2026-11-09"),
        replace(now["FELT"], address="Skovvej 3, 8991 Nørreby"),
        replace(now["ROTT"], start="2021-09-30"),
    ]


def org_table(rows: list[UnitRow]) -> Table:
    return [row.cells(nth) for nth, row in enumerate(rows)]
