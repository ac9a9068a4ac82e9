"""Org files to units and addresses: against the day-by-day oracle, and rule by rule as stories."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from time import process_time
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aarhus_los.addresses.outcomes import Found, NotLookedUp, Outcome, Unknown
from aarhus_los.desired import org
from aarhus_los.desired.claims import Desired, FileRows
from aarhus_los.drop.names import parse_name
from aarhus_los.drop.reader import read_file
from aarhus_los.drop.rows import OrgRow
from aarhus_los.mo.kinds import Kind
from aarhus_los.plan import Action, Operation, make_plan
from aarhus_los.timeline import FOREVER
from tests import oracle
from tests.daily_mo import DailyMo
from tests.days import runs_in

DAYS = [date(1900, 1, 1), *(date(2026, 3, 1) + timedelta(days=n) for n in range(50)), FOREVER]
runs_of = partial(runs_in, DAYS)
"""Everything in the tests begins and ends on these days."""


def day(n: int) -> str:
    """The n-th day as a cell has it."""
    return DAYS[n].strftime("%d-%m-%Y")


A, B, C, D = (f"{digit * 8}-1111-4111-8111-{digit * 12}" for digit in "abcd")
TOP = "00000000-1111-4111-8111-000000000000"
NOWHERE = "99999999-1111-4111-8111-999999999999"
SCHOOL, OFFICE, NO_CLASS = (f"{digit * 8}-2222-4222-8222-{digit * 12}" for digit in "123")
TYPES = {SCHOOL, OFFICE, oracle.NO_TYPE}
EAN, OTHER_EAN = "5798005770213", "5798005770220"
STREET, OTHER_STREET, VAGUE, LATER = "Vestergade 1, 8000", "Nygade 2, 8000", "Ukendt 3, 8000", "Nede 4, 8000"
DAR = {STREET: "11111111-3333-4333-8333-333333333333", OTHER_STREET: "22222222-3333-4333-8333-333333333333"}
OUTCOMES: dict[str, Outcome] = {
    **{text: Found(uuid, text) for text, uuid in DAR.items()},
    VAGUE: Unknown(-1000, "Tekst kan ikke genkendes som en adresse"),
    LATER: NotLookedUp("answer 503"),
}
CELLS = {
    "OrgUUID": A,
    "BrugervendtNøgle": "1001",
    "OrgEnhedsNavn": "Skolen",
    "ParentUUID": TOP,
    "OrgEnhedsTypeUUID": SCHOOL,
    "Med-i-LinjeOrg": "False",
    "StartDato": day(1),
    "SlutDato": "",
    "LOSID": "",
    "CVR": "",
    "EAN": EAN,
    "P-Nr": "",
    "SE-Nr": "",
    "IntDebitor-Nr": "",
    "MagID": "",
    "PostAdresse": "",
}


def row(**cells: str) -> dict[str, str]:
    """A row; names of columns with `_` for what Python does not allow in a name."""
    named = {"Med_i_LinjeOrg": "Med-i-LinjeOrg", "P_Nr": "P-Nr"}
    cells = {named.get(column, column): cell for column, cell in cells.items()}
    assert cells.keys() <= CELLS.keys()
    return {**CELLS, **cells}


def name(kind: str, n: int) -> str:
    """The name of a file that is written on the n-th day."""
    return f"Org_{kind}_{DAYS[n]:%Y%m%d}_220000.csv"


def text(rows: Sequence[Mapping[str, str]], without: Sequence[str] = ()) -> str:
    columns = [column for column in CELLS if column not in without]
    return (
        "\n".join([";".join(columns), *(";".join(each[column] for column in columns) for each in rows)])
        + "\n"
    )


def files_of(
    drop: Mapping[str, str], as_nye: Mapping[str, frozenset[int]] | None = None
) -> list[org.OrgFile]:
    files: list[org.OrgFile] = []
    for file, content in drop.items():
        parsed_name = parse_name(file)
        assert parsed_name
        parsed = read_file(parsed_name, content.encode())
        noted = None if as_nye is None else as_nye.get(file, frozenset())
        files.append(FileRows(parsed_name, parsed.rows_of(OrgRow), parsed.rejects, None, noted))
    return sorted(files, key=lambda each: each.name)


class World:
    """An MO, and the importer as far as it is pure."""

    def __init__(self, *units: str) -> None:
        """`units` are there from the first day on, as roots."""
        self.mo = DailyMo(DAYS)
        for unit in units:
            fields = {"user_key": "0", "name": "Toppen", "parent": None, "org_unit_type": OFFICE}
            self.mo.objects[Kind.ORG_UNIT, unit] = {each: dict(fields) for each in DAYS}
        self.as_nye: dict[str, frozenset[int]] | None = None

    def tell(self, drop: Mapping[str, str], as_nye: Mapping[str, frozenset[int]] | None = None) -> Desired:
        """Imports files in one run."""
        desired = org.desire(files_of(drop, as_nye), self.mo.actual(), TYPES, OUTCOMES, {})
        self.sent: list[Operation] = []
        for step in make_plan(desired.objects, self.mo.actual()).steps:
            for operation in step.operations:
                self.mo.write(operation.door, [operation.item()])
                self.sent.append(operation)
        return desired

    def ret(self, n: int, *rows: Mapping[str, str], without: Sequence[str] = ()) -> Desired:
        return self.tell({name("ret", n): text(rows, without)})

    def nye(self, n: int, *rows: Mapping[str, str], without: Sequence[str] = ()) -> Desired:
        return self.tell({name("nye", n): text(rows, without)})

    def unit(self, unit: str, field: str = "name") -> str:
        """The values of a field of a unit over the days, as `Skolen 1-20, Skole og SFO 21-`."""
        return self._told((Kind.ORG_UNIT, unit), lambda there: there.get(field))

    def address(self, unit: str, column: str = "EAN") -> str:
        uuid = oracle.derived("AAK", unit + oracle.COLUMNS[column])
        return self._told((Kind.ADDRESS, uuid), lambda there: there["value"])

    def _told(self, key: tuple[Kind, str], show: Callable[[dict[str, object]], object]) -> str:
        there = self.mo.objects.get(key, {})
        return ", ".join(runs_of({each: show(fields) for each, fields in there.items()}))

    def __repr__(self) -> str:
        return "\n".join(f"{thing}: {runs_of(there)}" for thing, there in days_of(self.mo).items() if there)


def days_of(mo: DailyMo) -> dict[oracle.Thing, oracle.Days]:
    """What MO says of the test's units, in the oracle's words."""
    found: dict[oracle.Thing, oracle.Days] = {}
    for unit in (TOP, A, B, C, D):
        there = mo.objects.get((Kind.ORG_UNIT, unit), {})
        names = ("user_key", "name", "parent", "org_unit_type", "org_unit_hierarchy")
        found[unit, "unit"] = {
            each: dict(zip(oracle.FIELDS, [fields.get(name) for name in names], strict=True))
            for each, fields in there.items()
        }
        for column, suffix in oracle.COLUMNS.items():
            addresses = mo.objects.get((Kind.ADDRESS, oracle.derived("AAK", unit + suffix)), {})
            found[unit, column] = {each: fields["value"] for each, fields in addresses.items()}
    return found


# Drawn worlds and drops

T = TypeVar("T")

START = 13
"""Files are written from this day on."""
PROBABLE_STARTS = ["1850-01-01", day(5), day(12), day(13), day(15), day(18), day(22), day(27)]
PROBABLE_ENDS = ["", "", "9999-12-31", day(11), day(12), day(14), day(17), day(21), day(26), day(40)]


@st.composite
def drawn_rows(draw: st.DrawFn, units: Sequence[str], *, sound: bool) -> dict[str, str]:
    def pick(*choices: T) -> T:
        return draw(st.sampled_from(choices))

    bad = not sound and draw(st.integers(0, 4)) == 0
    unit = pick(*units)
    start, end = pick(*PROBABLE_STARTS), pick(*PROBABLE_ENDS[-2 if sound else 0 :], "")
    if start != "1850-01-01" and end and end != "9999-12-31" and not bad:
        start, end = sorted((start, end), key=lambda text: text.split("-")[::-1])
    cells = row(
        OrgUUID=unit,
        OrgEnhedsNavn=pick("Skolen", "Skole og SFO"),
        ParentUUID=pick(TOP, TOP, unit, *([] if sound else units)),
        OrgEnhedsTypeUUID=pick(SCHOOL, OFFICE, NO_CLASS, ""),
        Med_i_LinjeOrg=pick("True", "False", "Nej", ""),
        StartDato=start,
        SlutDato=end,
        EAN=pick(EAN, OTHER_EAN, ""),
        PostAdresse=pick(STREET, OTHER_STREET, VAGUE, ""),
        CVR=pick("10000001", "20000002"),
    )
    if bad:
        column, value = pick(
            ("OrgEnhedsNavn", ""),
            ("ParentUUID", NOWHERE),
            ("ParentUUID", "x"),
            ("OrgUUID", "x"),
            ("StartDato", "30-02-2026"),
            ("SlutDato", "1850-06-01"),
            ("EAN", "12"),
            ("EAN", "12"),
            ("OrgEnhedsTypeUUID", "x"),
            ("Med-i-LinjeOrg", "måske"),
        )
        cells = {**cells, column: value}
    return cells


@st.composite
def drops(draw: st.DrawFn, *, sound: bool = False, files: int = 4) -> dict[str, str]:
    units = [A, B, C, D][: draw(st.integers(2, 4))]
    drop = {}
    for n in sorted(draw(st.sets(st.integers(START, START + 9), min_size=1, max_size=files))):
        kind = draw(st.sampled_from(["ret"] if sound else ["nye", "ret", "ret", "inital"]))
        rows = draw(st.lists(drawn_rows(units, sound=sound), min_size=1, max_size=4))
        droppable = ["EAN", "OrgEnhedsTypeUUID", "Med-i-LinjeOrg", "PostAdresse"]
        without = [] if sound else draw(st.lists(st.sampled_from(droppable), max_size=1))
        drop[name(kind, n)] = text(rows, without)
    return drop


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = World(TOP)
    for unit in (A, B):
        pieces = draw(st.lists(st.tuples(st.integers(0, 35), st.integers(0, 35)), max_size=3))
        there = {}
        for one, other in pieces:
            fields = {
                "user_key": "1001",
                "name": draw(st.sampled_from(["Skolen", "Det gamle"])),
                "parent": draw(st.sampled_from([None, TOP])),
                "org_unit_type": draw(st.sampled_from([SCHOOL, None])),
                "org_unit_hierarchy": draw(st.sampled_from([None, oracle.LINE, "elsewhere"])),
            }
            last = draw(st.sampled_from([max(one, other), len(DAYS) - 1]))
            there.update({each: dict(fields) for each in DAYS[min(one, other) : last + 1]})
        world.mo.objects[Kind.ORG_UNIT, unit] = there
        for column in draw(st.sets(st.sampled_from(["EAN", "PostAdresse"]))):
            uuid = oracle.derived("AAK", unit + oracle.COLUMNS[column])
            values = {"EAN": [EAN, OTHER_EAN], "PostAdresse": [DAR[STREET], DAR[OTHER_STREET]]}[column]
            types = {"EAN": "UNIT_EAN", "PostAdresse": "UNIT_POSTADDR"}
            fields = {
                "value": draw(st.sampled_from(values)),
                "address_type": oracle.derived("aarhus-los", types[column]),
                "org_unit": unit,
            }
            start = draw(st.integers(0, 30))
            last = draw(st.sampled_from([start, start + 10, len(DAYS) - 1]))
            world.mo.objects[Kind.ADDRESS, uuid] = {each: dict(fields) for each in DAYS[start : last + 1]}
    return world


SETTINGS = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def check_against_the_oracle(world: World, drop: dict[str, str]) -> None:
    before = days_of(world.mo)
    told = oracle.told(drop, before, DAYS, TYPES, DAR)
    desired = world.tell(drop)
    fallen = {(aside.ref.file, aside.ref.line) for aside in desired.set_aside if not aside.part}
    overtaken = {(aside.ref.file, aside.ref.line) for aside in desired.superseded if not aside.part}
    assert fallen | overtaken == told.failing
    for thing, there in days_of(world.mo).items():
        assert runs_of(there) == runs_of(told.days.get(thing, {})), thing
    if not any("circle" in aside.reason for aside in desired.set_aside):
        # What hung on rows that made a circle may be judged otherwise once they are known to fall.
        world.tell(drop, as_nye=desired.as_nye)
        assert world.sent == []


@settings(SETTINGS, max_examples=100)
@given(worlds(), drops())
def test_mo_says_on_every_day_what_the_rows_say(world: World, drop: dict[str, str]) -> None:
    check_against_the_oracle(world, drop)


@pytest.mark.slow
@settings(SETTINGS, max_examples=2000)
@given(worlds(), drops())
def test_mo_says_on_every_day_what_the_rows_say_of_many_drops(world: World, drop: dict[str, str]) -> None:
    check_against_the_oracle(world, drop)


@settings(SETTINGS, max_examples=40)
@given(worlds(), drops(sound=True))
def test_deltas_one_by_one_and_all_at_once_give_the_same(world: World, drop: dict[str, str]) -> None:
    """Where MO holds nothing yet that was announced for days to come: of those, files that are read do not count."""
    for there in world.mo.objects.values():
        at_first = there.get(DAYS[START - 1])
        for each in DAYS[START:]:
            there.pop(each, None)
            if at_first:
                there[each] = at_first
    apart = World()
    apart.mo.objects = {key: dict(there) for key, there in world.mo.objects.items()}
    for file in files_of(drop):
        apart.tell({file.name.name: drop[file.name.name]})
    world.tell(drop)
    together, one_by_one = (days_of(each.mo) for each in (world, apart))
    for thing, found in together.items():
        assert runs_of(unmarked(found)) == runs_of(unmarked(one_by_one[thing])), thing


def unmarked(there: Mapping[date, oracle.Fields | str]) -> dict[date, object]:
    """Outside the line organisation is the same as never in it: a mark that an end took away does not come back."""
    return {
        each: value if isinstance(value, str) else {**value, "mark": value["mark"] == oracle.LINE}
        for each, value in there.items()
    }


# Rule by rule


@pytest.fixture
def world() -> World:
    return World(TOP)


@pytest.fixture
def school(world: World) -> World:
    """An MO where the school hangs under the top from the first day on, with an EAN."""
    world.nye(1, row())
    return world


def test_a_new_unit_is_there_from_its_start_with_its_addresses(world: World) -> None:
    world.nye(10, row(StartDato=day(5), SlutDato=day(20)))
    assert world.unit(A) == "Skolen 5-20"
    assert world.unit(A, "parent") == f"{TOP} 5-20"
    assert world.address(A) == f"{EAN} 5-20"


def test_an_end_that_is_empty_or_9999_is_no_end(world: World) -> None:
    world.nye(10, row(SlutDato="9999-12-31"), row(OrgUUID=B, SlutDato=""))
    assert (world.unit(A), world.unit(B)) == ("Skolen 1-", "Skolen 1-")


def test_a_start_before_1900_is_taken_as_1900(world: World) -> None:
    desired = world.nye(10, row(StartDato="0001-01-01"))
    assert world.unit(A) == "Skolen 0-"
    assert any("1900-01-01" in notice.text and not notice.fault for notice in desired.notices)


def test_an_end_before_1900_rejects_the_row(world: World) -> None:
    (aside,) = world.nye(10, row(StartDato="1850-01-01", SlutDato="1860-01-01")).set_aside
    assert (aside.column, aside.pending) == ("SlutDato", False)
    assert world.sent == []


def test_a_changed_name_begins_on_the_file_date(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="Skole og SFO"))
    assert school.unit(A) == "Skolen 1-9, Skole og SFO 10-"


def test_a_new_name_does_not_split_an_unchanged_ean(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="Skole og SFO"))
    assert {operation.kind for operation in school.sent} == {Kind.ORG_UNIT}


def test_a_closed_unit_closes_its_addresses(school: World) -> None:
    school.ret(10, row(SlutDato=day(20)))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-20", f"{EAN} 1-20")


def test_a_unit_that_was_closed_in_the_past_ends_there(school: World) -> None:
    school.ret(10, row(SlutDato=day(7)))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-7", f"{EAN} 1-7")


def test_the_days_before_the_claim_are_not_touched(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="X", StartDato=day(12), SlutDato=day(14)))
    assert school.unit(A) == "Skolen 1-11, X 12-14"


def test_a_change_announced_ahead_leaves_what_is_until_then(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="Skole og SFO", StartDato=day(20)))
    assert school.unit(A) == "Skolen 1-19, Skole og SFO 20-"


def test_a_unit_that_has_ended_and_is_announced_again_stays_away_until_then(school: World) -> None:
    school.ret(5, row(SlutDato=day(6)))
    school.ret(10, row(StartDato=day(20)))
    assert school.unit(A) == "Skolen 1-6, Skolen 20-"


def test_a_row_up_to_an_announced_change_leaves_it_and_is_told(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="Skole og SFO", StartDato=day(20)))
    desired = school.ret(12, row(OrgEnhedsNavn="Skolen på Bakken", SlutDato=day(19)))
    assert school.unit(A) == "Skolen 1-11, Skolen på Bakken 12-19, Skole og SFO 20-"
    assert any("announced" in notice.text and not notice.fault for notice in desired.notices)


def test_an_announced_ean_counts_as_an_announced_change(school: World) -> None:
    school.ret(10, row(EAN=OTHER_EAN, StartDato=day(20)))
    school.ret(12, row(SlutDato=day(19)))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-", f"{EAN} 1-19, {OTHER_EAN} 20-")


def test_a_unit_is_closed_where_nothing_was_announced_even_if_an_address_ends_there(world: World) -> None:
    """Its own end of an address is no announcement: folded again, the file gives what it gave."""
    drop = {
        name("nye", 10): text([row()], without=["EAN"]),
        name("ret", 12): text([row(SlutDato=day(20))]),
    }
    desired = world.tell(drop)
    assert (world.unit(A), world.address(A)) == ("Skolen 1-20", f"{EAN} 12-20")
    world.tell(drop, as_nye=desired.as_nye)
    assert world.sent == []


def test_a_gap_stays_a_gap(world: World) -> None:
    world.tell({name("inital", 10): text([row(SlutDato=day(3)), row(StartDato=day(6))])})
    assert (world.unit(A), world.address(A)) == ("Skolen 1-3, Skolen 6-", f"{EAN} 1-3, {EAN} 6-")


def test_equal_neighbours_are_one_validity(world: World) -> None:
    world.tell({name("inital", 10): text([row(StartDato=day(6)), row(SlutDato=day(5), EAN=OTHER_EAN)])})
    assert (world.unit(A), world.address(A)) == ("Skolen 1-", f"{OTHER_EAN} 1-5, {EAN} 6-")


def test_where_rows_overlap_the_later_start_wins_and_it_is_told(world: World) -> None:
    rows = [row(OrgEnhedsNavn="Ny", StartDato=day(8), SlutDato=day(12)), row(OrgEnhedsNavn="Gammel")]
    desired = world.nye(10, *rows)
    assert world.unit(A) == "Gammel 1-7, Ny 8-12, Gammel 13-"
    assert [notice.ref.line for notice in desired.notices if notice.ref and "overlaps" in notice.text] == [2]


def test_of_equal_starts_the_later_line_wins(world: World) -> None:
    world.nye(10, row(OrgEnhedsNavn="Første"), row(OrgEnhedsNavn="Anden"))
    assert world.unit(A) == "Anden 1-"


def test_a_changed_row_of_an_unknown_unit_counts_as_new_with_its_addresses(world: World) -> None:
    desired = world.ret(10, row(StartDato=day(5)))
    assert (world.unit(A), world.address(A)) == ("Skolen 5-", f"{EAN} 5-")
    assert desired.as_nye == {name("ret", 10): frozenset({2})}


def test_a_new_address_of_a_known_unit_begins_on_the_file_date(school: World) -> None:
    desired = school.ret(10, row(CVR="55133018"))
    assert school.address(A, "CVR") == "55133018 10-"
    assert desired.as_nye == {}


def test_what_counted_as_new_counts_so_when_it_is_folded_again(world: World) -> None:
    drop = {name("ret", 10): text([row(StartDato=day(5))])}
    desired = world.tell(drop)
    world.mo.objects.clear()
    again = World(TOP)
    again.mo.objects[Kind.ORG_UNIT, A] = {
        each: {"user_key": "1", "name": "Halv", "org_unit_type": SCHOOL} for each in DAYS[8:]
    }
    again.tell(drop, as_nye=desired.as_nye)
    assert again.unit(A) == "Skolen 5-"


def test_an_emptied_ean_ends_it(school: World) -> None:
    school.ret(10, row(EAN=""))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-", f"{EAN} 1-9")


def test_a_column_that_the_file_lacks_says_nothing(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="X"), without=["EAN", "OrgEnhedsTypeUUID", "Med-i-LinjeOrg"])
    assert school.address(A) == f"{EAN} 1-"
    assert school.unit(A, "org_unit_type") == f"{SCHOOL} 1-"


def test_a_bad_ean_costs_that_address_only(school: World) -> None:
    desired = school.ret(10, row(OrgEnhedsNavn="X", EAN="12"))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-9, X 10-", f"{EAN} 1-")
    assert desired.set_aside == []
    assert [notice.fault for notice in desired.notices] == [True]


def test_a_bad_ean_of_a_unit_that_closes_ends_with_the_unit(school: World) -> None:
    school.ret(10, row(EAN="12", SlutDato=day(20)))
    assert (school.unit(A), school.address(A)) == ("Skolen 1-20", f"{EAN} 1-20")


def test_a_postal_address_is_its_dar_uuid(world: World) -> None:
    world.nye(10, row(PostAdresse=STREET))
    assert world.address(A, "PostAdresse") == f"{DAR[STREET]} 1-"


def test_an_address_that_is_unknown_keeps_the_former_and_is_listed(world: World) -> None:
    world.nye(1, row(PostAdresse=STREET))
    desired = world.ret(10, row(PostAdresse=VAGUE))
    assert world.address(A, "PostAdresse") == f"{DAR[STREET]} 1-"
    assert [(each.org_unit, each.text, each.mo_has) for each in desired.unresolved] == [
        (A, VAGUE, DAR[STREET])
    ]
    assert desired.set_aside == []


def test_an_address_that_was_not_looked_up_makes_the_row_pending_in_part(world: World) -> None:
    (aside,) = world.nye(10, row(PostAdresse=LATER)).set_aside
    assert (aside.column, aside.pending, aside.part) == ("PostAdresse", True, True)
    assert (world.unit(A), world.address(A, "PostAdresse")) == ("Skolen 1-", "")


def test_an_address_that_is_not_resolved_ends_with_its_unit(world: World) -> None:
    world.nye(1, row(PostAdresse=STREET))
    world.ret(10, row(PostAdresse=VAGUE, SlutDato=day(20)))
    assert world.address(A, "PostAdresse") == f"{DAR[STREET]} 1-20"


def test_a_root_unit_has_no_parent(world: World) -> None:
    world.nye(10, row(ParentUUID=A))
    assert world.unit(A, "parent") == "None 1-"


def test_a_unit_that_becomes_a_root_loses_its_parent(school: World) -> None:
    school.ret(10, row(ParentUUID=A))
    assert school.unit(A, "parent") == f"{TOP} 1-9, None 10-"


@pytest.mark.parametrize("type_uuid", ["", NO_CLASS, "x"])
def test_a_type_that_is_not_known_is_ukendt(world: World, type_uuid: str) -> None:
    desired = world.nye(10, row(OrgEnhedsTypeUUID=type_uuid))
    assert world.unit(A, "org_unit_type") == f"{oracle.NO_TYPE} 1-"
    assert [notice.fault for notice in desired.notices] == ([True] if type_uuid else [])


def test_a_unit_of_the_line_organisation_is_marked(world: World) -> None:
    world.nye(10, row(Med_i_LinjeOrg="1"))
    assert world.unit(A, "org_unit_hierarchy") == f"{oracle.LINE} 1-"


def test_a_unit_that_was_never_in_the_line_organisation_gets_no_mark(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="X", Med_i_LinjeOrg="Nej"))
    assert school.unit(A, "org_unit_hierarchy") == "None 1-"


@pytest.mark.parametrize("at_once", [True, False])
def test_a_unit_that_leaves_the_line_organisation_is_marked_as_outside(world: World, at_once: bool) -> None:
    drop = {
        name("nye", 5): text([row(Med_i_LinjeOrg="True")]),
        name("ret", 10): text([row(Med_i_LinjeOrg="False")]),
        name("ret", 12): text([row(OrgEnhedsNavn="X", Med_i_LinjeOrg="")]),
    }
    for one in [drop] if at_once else [{file: content} for file, content in drop.items()]:
        world.tell(one)
    assert world.unit(A, "org_unit_hierarchy") == f"{oracle.LINE} 1-9, {oracle.NOT_LINE} 10-"


def test_a_mark_that_is_neither_is_left_alone(school: World) -> None:
    for fields in school.mo.objects[Kind.ORG_UNIT, A].values():
        fields["org_unit_hierarchy"] = "by hand"
    school.ret(10, row(OrgEnhedsNavn="X"))
    assert school.unit(A, "org_unit_hierarchy") == "by hand 1-"


def test_a_mark_that_cannot_be_read_says_nothing(world: World) -> None:
    world.nye(1, row(Med_i_LinjeOrg="True"))
    desired = world.ret(10, row(OrgEnhedsNavn="X", Med_i_LinjeOrg="måske"))
    assert world.unit(A, "org_unit_hierarchy") == f"{oracle.LINE} 1-"
    assert [notice.fault for notice in desired.notices] == [True]


# Rows that fail


def test_a_row_without_a_name_is_set_aside_and_leaves_its_days(school: World) -> None:
    rows = [
        row(OrgEnhedsNavn="", SlutDato=day(14)),
        row(OrgEnhedsNavn="X", StartDato=day(15), SlutDato=day(20)),
    ]
    (aside,) = school.ret(10, *rows).set_aside
    assert (aside.ref.line, aside.column, aside.pending) == (2, "OrgEnhedsNavn", False)
    assert (school.unit(A), school.address(A)) == ("Skolen 1-14, X 15-20", f"{EAN} 1-20")


def test_a_file_whose_rows_of_a_unit_all_fail_claims_nothing_of_it(school: World) -> None:
    school.ret(10, row(OrgEnhedsNavn="", SlutDato=day(20)))
    assert school.sent == []


def test_dates_that_cannot_be_read_set_aside_the_other_rows_of_the_unit(school: World) -> None:
    rows = [row(OrgEnhedsNavn="X"), row(StartDato="30-02-2026"), row(OrgUUID=B)]
    desired = school.ret(10, *rows)
    assert [aside.ref.line for aside in desired.set_aside] == [3, 2]
    assert (school.unit(A), school.unit(B)) == ("Skolen 1-", "Skolen 1-")


def test_a_row_that_fails_ends_the_unit_after_it_with_a_reason_that_can_be_traced(school: World) -> None:
    """The end after the last row, though that row fails, is asked for by the row that stands."""
    rows = [row(SlutDato=day(14)), row(OrgEnhedsNavn="", StartDato=day(15), SlutDato=day(20))]
    school.ret(10, *rows)
    assert school.unit(A) == "Skolen 1-20"
    assert all(operation.origin for operation in school.sent)


def test_a_row_whose_parent_nobody_knows_is_pending_and_so_are_its_children(world: World) -> None:
    desired = world.nye(10, row(OrgUUID=B, ParentUUID=A), row(ParentUUID=NOWHERE), row(OrgUUID=C))
    assert [(aside.ref.line, aside.column, aside.pending) for aside in desired.set_aside] == [
        (3, "ParentUUID", True),
        (2, "ParentUUID", True),
    ]
    assert (world.unit(A), world.unit(B), world.unit(C)) == ("", "", "Skolen 1-")


def test_a_parent_may_come_below_or_in_a_later_file(world: World) -> None:
    drop = {
        name("nye", 10): text([row(OrgUUID=C, ParentUUID=B), row(OrgUUID=B, ParentUUID=A)]),
        name("nye", 12): text([row()]),
    }
    assert world.tell(drop).set_aside == []
    assert world.unit(C, "parent") == f"{B} 1-"


def test_a_parent_that_mo_has_only_on_other_days_is_a_warning(school: World) -> None:
    school.ret(2, row(SlutDato=day(5)))
    desired = school.nye(10, row(OrgUUID=B, ParentUUID=A))
    assert school.unit(B) == "Skolen 1-"
    assert [(notice.fault, A in notice.text) for notice in desired.notices] == [(False, True)]
    assert desired.set_aside == []


def test_a_pending_row_is_superseded_by_a_later_word_on_the_unit(world: World) -> None:
    drop = {name("nye", 10): text([row(ParentUUID=NOWHERE)]), name("ret", 12): text([row(StartDato=day(12))])}
    desired = world.tell(drop)
    assert [aside.ref.file for aside in desired.superseded] == [name("nye", 10)]
    assert desired.set_aside == []
    assert world.unit(A) == "Skolen 12-"


def test_a_pending_row_is_not_superseded_by_a_word_that_begins_after_a_gap(world: World) -> None:
    drop = {
        name("nye", 10): text([row(ParentUUID=NOWHERE, SlutDato=day(14))]),
        name("ret", 12): text([row(StartDato=day(16))]),
    }
    desired = world.tell(drop)
    assert [aside.ref.file for aside in desired.set_aside] == [name("nye", 10)]
    assert desired.superseded == []


def test_a_pending_address_is_not_superseded_by_a_word_that_says_nothing_of_it(world: World) -> None:
    drop = {
        name("nye", 10): text([row(PostAdresse=LATER)]),
        name("ret", 12): text([row()], without=["PostAdresse"]),
    }
    assert [aside.part for aside in world.tell(drop).set_aside] == [True]


# Circles


def test_a_circle_of_three_is_set_aside_and_the_rest_is_imported(world: World) -> None:
    chain = [row(ParentUUID=B), row(OrgUUID=B, ParentUUID=C), row(OrgUUID=C, ParentUUID=A)]
    desired = world.nye(10, *chain, row(OrgUUID=D, ParentUUID=TOP))
    assert sorted(aside.ref.line for aside in desired.set_aside) == [2, 3, 4]
    assert {(aside.column, aside.pending) for aside in desired.set_aside} == {("ParentUUID", False)}
    assert (world.unit(A), world.unit(D)) == ("", "Skolen 1-")


def test_a_unit_that_becomes_its_own_ancestor_tomorrow_only(world: World) -> None:
    world.nye(1, row(), row(OrgUUID=B, ParentUUID=A), row(OrgUUID=C, ParentUUID=B))
    rows = [
        row(SlutDato=day(10)),
        row(ParentUUID=C, StartDato=day(11), SlutDato=day(11)),
        row(StartDato=day(12)),
    ]
    desired = world.ret(10, *rows)
    assert [aside.ref.line for aside in desired.set_aside] == [3]
    assert world.unit(A, "parent") == f"{TOP} 1-"


def test_rows_that_touch_a_circle_but_do_not_make_it_stand(world: World) -> None:
    """Line 3 says of the unit what line 2 says, on days on which there is no circle any more."""
    rows = [
        row(ParentUUID=B, SlutDato=day(9)),
        row(ParentUUID=B, StartDato=day(10)),
        row(OrgUUID=B, ParentUUID=A, SlutDato=day(9)),
        row(OrgUUID=B, ParentUUID=TOP, StartDato=day(10)),
    ]
    desired = world.nye(10, *rows)
    assert sorted(aside.ref.line for aside in desired.set_aside) == [2, 4]
    assert (world.unit(A), world.unit(B)) == ("Skolen 10-", "Skolen 10-")


def test_a_circle_through_what_mo_has_is_set_aside(world: World) -> None:
    world.nye(1, row(), row(OrgUUID=B, ParentUUID=A))
    desired = world.ret(10, row(ParentUUID=B))
    assert [aside.ref.line for aside in desired.set_aside] == [2]
    assert world.sent == []


def test_a_swap_of_parent_and_child_is_no_circle(world: World) -> None:
    world.nye(1, row(), row(OrgUUID=B, ParentUUID=A))
    desired = world.ret(10, row(ParentUUID=B), row(OrgUUID=B, ParentUUID=TOP))
    assert desired.set_aside == []
    assert (world.unit(A, "parent"), world.unit(B, "parent")) == (
        f"{TOP} 1-9, {B} 10-",
        f"{A} 1-9, {TOP} 10-",
    )


def test_a_tree_of_two_thousand_levels_and_a_circle_as_long() -> None:
    units = [f"{n:08x}-4444-4444-8444-444444444444" for n in range(2000)]
    for top, fallen in ((units[0], 0), (units[-1], 2000)):
        world = World()
        drop = {
            name("nye", 10): text(
                [
                    row(OrgUUID=unit, ParentUUID=above)
                    for above, unit in zip([top, *units[:-1]], units, strict=True)
                ]
            )
        }
        begun = process_time()
        desired = org.desire(files_of(drop), {}, TYPES, OUTCOMES, {})
        plan = make_plan(desired.objects, world.mo.actual())
        assert process_time() - begun < 5
        assert len(desired.set_aside) == fallen
        creates = {operation.uuid for operation in plan.operations if operation.action is Action.CREATE}
        assert len(creates & set(units)) == 2000 - fallen


def test_rows_of_a_unit_that_mo_cannot_show_are_pending(world: World) -> None:
    drop = {name("ret", 10): text([row(), row(OrgUUID=B, ParentUUID=A)])}
    desired = org.desire(files_of(drop), world.mo.actual(), TYPES, OUTCOMES, {A: "it has no name"})
    assert [(aside.ref.line, aside.pending) for aside in desired.set_aside] == [(2, True)]
    assert {each.uuid for each in desired.objects if each.kind is Kind.ORG_UNIT} == {B}


def test_only_the_subjects_of_counted_rows_are_claimed(world: World) -> None:
    """A file that is read again for one pending row says nothing of its other units."""
    drop = {name("nye", 10): text([row(), row(OrgUUID=B)])}
    (file,) = files_of(drop)
    desired = org.desire([replace(file, counted=frozenset({3}))], world.mo.actual(), TYPES, OUTCOMES, {})
    assert {each.uuid for each in desired.objects if each.kind is Kind.ORG_UNIT} == {B}


def test_a_mark_that_changes_by_itself_announces_nothing(school: World) -> None:
    """A unit is closed on the day before others put a mark on it."""
    for each in DAYS[21:]:
        school.mo.objects[Kind.ORG_UNIT, A][each]["org_unit_hierarchy"] = "by hand"
    school.ret(10, row(SlutDato=day(20)))
    assert school.unit(A) == "Skolen 1-20"


def test_a_unit_that_was_announced_is_known_and_changes_from_the_file_date(world: World) -> None:
    """MO has it, if only for days to come: its row is a change and not a new unit."""
    world.nye(5, row(StartDato=day(20)))
    desired = world.ret(10, row(StartDato=day(7)))
    assert world.unit(A) == "Skolen 10-"
    assert desired.as_nye == {}
