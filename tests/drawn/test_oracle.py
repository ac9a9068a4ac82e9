"""The oracle, rule by rule: small drops with what MO must say, written by hand beside the sentence of the text.

A history is written as the days on which something changes: `1990-01-01 Enhed 1, 2025-02-01 -`; `-` is not there.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from aarhus_los.uuids import object_uuid
from tests.drawn import cells
from tests.drawn.drops import (
    CPRS,
    UNKNOWN,
    class_list,
    class_lists,
    class_uuid,
    ended,
    engaged,
    engagement_uuid,
    file,
    leads,
    person_uuid,
    root,
    unit,
    unit_uuid,
)
from tests.drawn.oracle import Outcome, fold
from tests.drawn.units import address_key
from tests.drawn.world import (
    FOREVER,
    Account,
    Class,
    Engagement,
    File,
    Manager,
    Mo,
    Person,
    Unit,
    empty_mo,
)

TODAY = date(2025, 12, 1)
BIRTH_0 = "1950-01-01"


def given(*files: File, mo: Mo | None = None, lists: bool = True, wash: Any = None) -> Outcome:
    every = [*(class_lists() if lists else ()), *files]
    return fold(mo or empty_mo(), every, TODAY, **({"wash": wash} if wash else {}))


def history(outcome: Outcome, kind: str, uuid: str, field: str | None = None) -> str:
    changes, last = [], None
    for start, end, value in outcome.mo[kind].get(uuid, ()):
        if last is not None and last < start - timedelta(days=1):
            changes.append((last + timedelta(days=1), "-"))
        changes.append((start, str(value if field is None else getattr(value, field))))
        last = end
    if last is not None and last != FOREVER:
        changes.append((last + timedelta(days=1), "-"))
    kept = [each for number, each in enumerate(changes) if not number or changes[number - 1][1] != each[1]]
    return ", ".join(f"{day} {value}" for day, value in kept)


def name(outcome: Outcome, number: int = 1) -> str:
    return history(outcome, "unit", unit_uuid(number), "name")


def detail(outcome: Outcome, column: str, number: int = 1) -> str:
    return history(outcome, *address_key(unit_uuid(number), column))


def mark(outcome: Outcome, number: int = 1) -> str:
    return history(outcome, "mark", unit_uuid(number))


def key(outcome: Outcome, number: int = 0) -> str:
    return history(outcome, "engagement", engagement_uuid(number), "user_key")


def mail(outcome: Outcome, person: int = 0) -> str:
    return history(outcome, "address", object_uuid(CPRS[person] + "email"))


def account(outcome: Outcome, person: int = 0) -> str:
    return history(outcome, "account", object_uuid(CPRS[person] + "azid"), "user_key")


def fates(outcome: Outcome) -> dict[str, str]:
    return {f"{name[:-20]}:{line}": fate for (name, line), (fate, _) in outcome.set_aside.items()}


def there(kind: str, uuid: str, *pieces: tuple[str, str, Any]) -> Mo:
    """An MO that holds one object."""
    mo = empty_mo()
    mo[kind][uuid] = [
        (date.fromisoformat(start), date.fromisoformat(end) if end else FOREVER, value)
        for start, end, value in pieces
    ]
    return mo


def both(*mos: Mo) -> Mo:
    joined = empty_mo()
    for mo in mos:
        for kind, objects in mo.items():
            joined[kind] |= objects
    return joined


def unit_in_mo(number: int, *pieces: tuple[str, str, str], parent: int | None = 0) -> Mo:
    above = None if parent is None else unit_uuid(parent)
    return there(
        "unit",
        unit_uuid(number),
        *((start, end, Unit(f"B{number}", text, above, "ukendt")) for start, end, text in pieces),
    )


ROOT = unit_in_mo(0, ("1990-01-01", "", "Enhed 0"), parent=None)


class TestWhatARowClaims:
    def test_inital_and_nye_from_start_until_end(self) -> None:
        """`Org_inital`, `Org_nye` | `StartDato` | `SlutDato`."""
        outcome = given(root(), file("Org_nye 20250201", unit(1, "2024-06-01", "2025-06-30", CVR="12345678")))
        assert name(outcome) == "2024-06-01 Enhed 1, 2025-07-01 -"
        assert detail(outcome, "CVR") == "2024-06-01 12345678, 2025-07-01 -"
        assert outcome.exits == {0}

    def test_ret_from_the_file_date(self) -> None:
        """`Org_ret` | the file date; the days before the first claim are never touched."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2024-06-01", CVR="12345678", LOSID="7")),
            file("Org_ret 20250301", unit(1, "2024-01-01", "2025-06-30", name="Ny", LOSID="7")),
        )
        assert name(outcome) == "2024-06-01 Enhed 1, 2025-03-01 Ny, 2025-07-01 -"
        assert detail(outcome, "CVR") == "2024-06-01 12345678, 2025-03-01 -"
        assert detail(outcome, "LOSID") == "2024-06-01 7, 2025-07-01 -"

    def test_ret_that_ended_before_the_file_date(self) -> None:
        """Else, if rows end before it: the latest such end + 1 (it ends there)."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2024-06-01", EAN="5798000000001")),
            file("Org_ret 20250301", unit(1, "2024-06-01", "2025-02-15", name="Ny")),
        )
        assert name(outcome) == "2024-06-01 Enhed 1, 2025-02-16 -"
        assert detail(outcome, "EAN") == "2024-06-01 5798000000001, 2025-02-16 -"

    def test_the_latest_end_before_the_file_date(self) -> None:
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01")),
            file(
                "Org_ret 20250301",
                unit(1, "2020-01-01", "2023-12-31", name="Ny"),
                unit(1, "2024-01-01", "2025-02-15", name="Nyere"),
                unit(1, "2025-08-01", name="Nyest"),
            ),
        )
        assert name(outcome) == "2020-01-01 Enhed 1, 2025-02-16 -, 2025-08-01 Nyest"

    def test_ret_announced_ahead_of_a_unit_that_is_alive(self) -> None:
        """Else (only future rows, a change announced ahead): the first start where the unit is alive on the file date."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2024-06-01")),
            file("Org_ret 20250301", unit(1, "2025-05-01", name="Ny")),
        )
        assert name(outcome) == "2024-06-01 Enhed 1, 2025-05-01 Ny"

    def test_ret_announced_ahead_of_a_unit_that_is_not_alive(self) -> None:
        """… otherwise the file date: the announcement is moved from June to September."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2025-06-01")),
            file("Org_ret 20250301", unit(1, "2025-09-01")),
        )
        assert name(outcome) == "2025-09-01 Enhed 1"

    def test_ret_of_an_unknown_unit_counts_as_nye(self) -> None:
        """A `_ret` row for a unit … on no day counts as a `_nye` row, its addresses too."""
        outcome = given(root(), file("Org_ret 20250301", unit(1, "2010-01-01", CVR="12345678")))
        assert name(outcome) == "2010-01-01 Enhed 1"
        assert detail(outcome, "CVR") == "2010-01-01 12345678"

    def test_a_unit_known_on_another_day_is_known(self) -> None:
        """… that the base, overlaid with the files folded so far, has on no day."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2025-06-01")),
            file("Org_ret 20250301", unit(1, "2010-01-01", CVR="12345678")),
        )
        assert name(outcome) == "2025-03-01 Enhed 1"
        assert detail(outcome, "CVR") == "2025-03-01 12345678"

    def test_the_first_day_of_a_unit_holds_for_its_addresses(self) -> None:
        """A unit's first day holds for its addresses too."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2024-06-01", LOSID="7")),
            file("Org_ret 20250301", unit(1, "2025-05-01")),
        )
        assert detail(outcome, "LOSID") == "2024-06-01 7, 2025-05-01 -"

    def test_a_row_that_ends_where_an_announced_one_begins_claims_to_its_end_only(self) -> None:
        """… claims to its end only (else the next ordinary change would wipe what was announced)."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2024-06-01", LOSID="7")),
            file("Org_ret 20250301", unit(1, "2025-05-01", name="Ny", LOSID="8")),
            file("Org_ret 20250401", unit(1, "2024-06-01", "2025-04-30", name="Mellem", LOSID="9")),
        )
        assert name(outcome) == "2024-06-01 Enhed 1, 2025-04-01 Mellem, 2025-05-01 Ny"
        assert detail(outcome, "LOSID") == "2024-06-01 7, 2025-04-01 9, 2025-05-01 8"
        assert outcome.exits == {0}

    def test_an_announced_address_is_a_validity_too(self) -> None:
        """… the day before a validity that the base, overlaid, has after the file date"""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2024-06-01")),
            file("Org_ret 20250301", unit(1, "2025-05-01", LOSID="8")),
            file("Org_ret 20250401", unit(1, "2024-06-01", "2025-04-30", name="Ny")),
        )
        assert name(outcome) == "2024-06-01 Enhed 1, 2025-04-01 Ny, 2025-05-01 Enhed 1"
        assert detail(outcome, "LOSID") == "2025-05-01 8"

    def test_a_row_that_ends_elsewhere_ends_the_unit(self) -> None:
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2024-06-01")),
            file("Org_ret 20250301", unit(1, "2025-05-01", name="Ny")),
            file("Org_ret 20250401", unit(1, "2024-06-01", "2025-04-29")),
        )
        assert name(outcome) == "2024-06-01 Enhed 1, 2025-04-30 -"

    def test_what_begins_before_the_file_date_is_not_announced(self) -> None:
        """… a validity that the base, overlaid, has after the file date."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2024-06-01")),
            file("Org_ret 20250301", unit(1, "2024-06-01", name="Ny")),
            file("Org_ret 20250401", unit(1, "2024-06-01", "2025-02-28")),
        )
        assert name(outcome) == "2024-06-01 Enhed 1, 2025-03-01 -"

    def test_luk_ends_on_the_file_date(self) -> None:
        """`Pers_luk`, `Leder_luk` | ends the object; its last day is the file date."""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01")),
            file("Pers_luk 20250301", ended(0, 1)),
        )
        assert key(outcome) == "2020-01-01 K0, 2025-03-02 -"
        assert mail(outcome) == "2025-02-01 p0@aarhus.dk, 2025-03-02 -"

    def test_a_luk_for_what_nobody_knows_is_unchanged(self) -> None:
        outcome = given(
            root(), file("Pers_luk 20250301", ended(0, 0)), file("Leder_luk 20250301", leads(0, 0))
        )
        assert outcome.mo["engagement"] == outcome.mo["manager"] == outcome.mo["person"] == {}
        assert outcome.exits == {0}

    def test_a_luk_does_not_lengthen(self) -> None:
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01", "2025-02-10")),
            file("Pers_luk 20250301", ended(0, 0)),
        )
        assert key(outcome) == "2020-01-01 K0, 2025-02-11 -"

    def test_the_last_word_wins_in_the_order_of_the_stamps(self) -> None:
        """Files are folded in order of the stamp in their names, whatever order they are read in."""
        outcome = given(
            file("Org_ret 20250301", unit(1, "2020-01-01", name="To")),
            file("Org_ret 20250201", unit(1, "2020-01-01", name="En")),
            root(),
        )
        assert name(outcome) == "2020-01-01 En, 2025-03-01 To"

    def test_equal_stamps(self) -> None:
        """(equal stamps: inital < nye < ret < luk; Leder: luk < nye < ret …)"""
        outcome = given(
            root(),
            file("Pers_luk 20250301", ended(0, 0)),
            file("Pers_nye 20250301", engaged(0, 0, "2020-01-01")),
            file("Leder_nye 20250301", leads(0, 0)),
            file("Leder_luk 20250301", leads(0, 0)),
        )
        assert key(outcome) == "2020-01-01 K0, 2025-03-02 -"
        manager = object_uuid(unit_uuid(0) + CPRS[0] + "manager")
        assert history(outcome, "manager", manager, "unit") == f"2025-03-01 {unit_uuid(0)}"


class TestDates:
    def test_a_cancelled_hire_takes_the_announcement_back(self) -> None:
        """… an end on the day before the start says that the unit or engagement is not there (a cancelled hire)."""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2025-06-01")),
            file("Pers_ret 20250301", engaged(0, 0, "2025-06-01", "2025-05-31", who="Anden")),
        )
        assert key(outcome) == ""
        assert history(outcome, "person", person_uuid(0), "name") == f"{BIRTH_0} Person 0"
        assert mail(outcome) == "2025-02-01 p0@aarhus.dk, 2025-03-01 -"
        assert outcome.exits == {0}

    def test_a_cancelled_change_of_a_unit_that_is_alive(self) -> None:
        """the row states nothing and counts for the first claimed day"""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01")),
            file("Org_ret 20250301", unit(1, "2025-06-01", "2025-05-31")),
        )
        assert name(outcome) == "2020-01-01 Enhed 1, 2025-06-01 -"

    def test_a_cancelled_hire_in_the_past(self) -> None:
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2025-01-15")),
            file("Pers_ret 20250301", engaged(0, 0, "2025-01-15", "2025-01-14")),
        )
        assert key(outcome) == ""

    def test_a_cancelled_hire_makes_nobody(self) -> None:
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2025-06-01", "2025-05-31")),
            file("Leder_nye 20250301", leads(0, 0)),
        )
        assert outcome.mo["person"] == outcome.mo["manager"] == {}
        assert fates(outcome) == {"Leder_nye:2": "pending"}

    @pytest.mark.parametrize(
        ("start", "end"), [("", ""), ("2025-06-01", "2025-05-01"), ("1850-01-01", "1899-12-31")]
    )
    def test_days_that_are_none_reject_their_row_alone(self, start: str, end: str) -> None:
        """an empty start, or a start after its end, rejects the row; … an end before [1900] rejects."""
        outcome = given(
            root(), file("Org_nye 20250201", unit(1, start, end, name="Slet"), unit(1, "2020-01-01"))
        )
        assert name(outcome) == "2020-01-01 Enhed 1"
        assert fates(outcome) == {"Org_nye:2": "rejected"}
        assert outcome.exits == {1}

    def test_an_end_before_1900_counts_for_the_first_day(self) -> None:
        """It is a date that can be read, of a row that is rejected for another reason."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01")),
            file(
                "Org_inital 20250301",
                unit(1, "1850-01-01", "1890-01-01", name="Gammel"),
                unit(1, "2025-07-01", name="Ny"),
            ),
        )
        assert name(outcome) == "2025-07-01 Ny"

    def test_dates_that_cannot_be_read_set_aside_the_rows_beside_them(self) -> None:
        """a row whose dates cannot be read sets aside the other rows of the same unit … in that file"""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01"), unit(1, "i går"), unit(2, "2020-01-01")),
            file("Org_nye 20250301", unit(1, "2022-01-01")),
        )
        assert name(outcome) == "2022-01-01 Enhed 1"
        assert name(outcome, 2) == "2020-01-01 Enhed 2"
        assert fates(outcome) == {"Org_nye:2": "rejected", "Org_nye:3": "rejected"}

    def test_dates_that_cannot_be_read_have_no_say_on_the_person(self) -> None:
        """… and has no say on the person's name, e-mail and account"""
        outcome = given(
            root(),
            file(
                "Pers_nye 20250201",
                engaged(0, 0, "2020-01-01", primary="Nej", who="Rigtig", Email="a@x.dk", AZID="A"),
                engaged(1, 0, "NULL", who="Forkert", Email="b@x.dk", AZID="B"),
            ),
        )
        assert history(outcome, "person", person_uuid(0), "name") == f"{BIRTH_0} Rigtig"
        assert mail(outcome) == "2025-02-01 a@x.dk"
        assert account(outcome) == "2025-02-01 A"
        assert key(outcome, 1) == ""

    def test_1900(self) -> None:
        """A start before 1900-01-01 is taken as 1900-01-01 (told), … overlaid in order of their start as written"""
        outcome = given(
            root(),
            file(
                "Org_nye 20250201",
                unit(1, "1899-05-05", "1999-12-31", name="Senere"),
                unit(1, "1850-01-01", name="Først"),
            ),
        )
        assert name(outcome) == "1900-01-01 Senere, 2000-01-01 Først"
        assert outcome.exits == {0}

    def test_no_end(self) -> None:
        """`9999-12-31` (or `31-12-9999`) means *no end*; an empty end is no end."""
        ends = ("", "9999-12-31", "31-12-9999", "9999-12-31 00:00:00.000")
        assert {cells.end(text) for text in ends} == {FOREVER}

    def test_born_after_the_file_date(self) -> None:
        """A birth date after the file date rejects the row."""
        young = "0102255678"  # the seventh digit makes it 2025
        outcome = given(
            root(),
            file("Pers_nye 20250131", engaged(0, 0, "2020-01-01", CPR=young)),
            file("Pers_nye 20250201", engaged(1, 0, "2020-01-01", CPR=young)),
        )
        assert fates(outcome) == {"Pers_nye:2": "rejected"}
        assert key(outcome, 0) == ""
        assert key(outcome, 1) == "2020-01-01 K1"


class TestOverlay:
    def test_the_later_start_wins(self) -> None:
        outcome = given(
            root(),
            file(
                "Org_inital 20250201",
                unit(1, "2022-01-01", "2022-12-31", name="Senere", LOSID="8"),
                unit(1, "2020-01-01", "2024-12-31", name="Tidligere", LOSID="7"),
            ),
        )
        assert name(outcome) == "2020-01-01 Tidligere, 2022-01-01 Senere, 2023-01-01 Tidligere, 2025-01-01 -"
        assert detail(outcome, "LOSID") == "2020-01-01 7, 2022-01-01 8, 2023-01-01 7, 2025-01-01 -"

    def test_equal_starts_the_later_line(self) -> None:
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01"), unit(1, "2020-01-01", "2022-12-31", name="To")),
        )
        assert name(outcome) == "2020-01-01 To, 2023-01-01 Enhed 1"

    def test_a_gap_stays_a_gap(self) -> None:
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "1990-01-01", LOSID="7")),
            file(
                "Org_inital 20250301",
                unit(1, "1995-01-01", "1999-12-31", LOSID="7"),
                unit(1, "2005-01-01", LOSID="7"),
            ),
        )
        assert name(outcome) == "1990-01-01 Enhed 1, 2000-01-01 -, 2005-01-01 Enhed 1"
        assert detail(outcome, "LOSID") == "1990-01-01 7, 2000-01-01 -, 2005-01-01 7"

    def test_a_row_that_fails_leaves_its_days_unclaimed(self) -> None:
        """*Rows that fail* leave their days unclaimed, for all their objects"""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01", LOSID="7")),
            file(
                "Org_inital 20250301",
                unit(1, "2021-01-01", "2021-12-31", name="En", LOSID="1"),
                unit(1, "2022-01-01", "2022-12-31", parent=UNKNOWN, name="To", LOSID="2"),
                unit(1, "2023-01-01", "2023-12-31", name="Tre", LOSID="3"),
            ),
        )
        assert name(outcome) == (
            "2020-01-01 Enhed 1, 2021-01-01 En, 2022-01-01 Enhed 1, 2023-01-01 Tre, 2024-01-01 -"
        )
        assert detail(outcome, "LOSID") == (
            "2020-01-01 7, 2021-01-01 1, 2022-01-01 7, 2023-01-01 3, 2024-01-01 -"
        )
        assert fates(outcome) == {"Org_inital:3": "pending"}
        assert outcome.exits == {1}

    def test_a_row_that_fails_counts_for_the_first_day(self) -> None:
        """Its own days stay as they are; when it heals, no other day changes. A file of such rows alone claims nothing."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01")),
            file(
                "Org_ret 20250301",
                unit(1, "2020-01-01", "2025-04-30", parent=UNKNOWN, name="Falder"),
                unit(1, "2025-07-01", name="Ny"),
            ),
            file("Org_ret 20250302", unit(0, "1990-01-01", "2025-12-31", parent=UNKNOWN)),
        )
        assert name(outcome) == "2020-01-01 Enhed 1, 2025-05-01 -, 2025-07-01 Ny"
        assert name(outcome, 0) == "1990-01-01 Enhed 0"
        healed = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01")),
            file(
                "Org_ret 20250301",
                unit(1, "2020-01-01", "2025-04-30", name="Falder"),
                unit(1, "2025-07-01", name="Ny"),
            ),
        )
        assert name(healed) == "2020-01-01 Enhed 1, 2025-03-01 Falder, 2025-05-01 -, 2025-07-01 Ny"

    def test_a_bad_value_claims_nothing_for_that_one_object(self) -> None:
        """A bad value in a detail column … claims nothing for that one object: the rest of the row is applied, told."""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01", CVR="12345678", EAN="5798000000001")),
            file("Org_ret 20250301", unit(1, "2020-01-01", "2025-06-30", name="Ny", CVR="5,5E+07")),
        )
        assert name(outcome) == "2020-01-01 Enhed 1, 2025-03-01 Ny, 2025-07-01 -"
        assert detail(outcome, "CVR") == "2020-01-01 12345678, 2025-07-01 -"
        assert detail(outcome, "EAN") == "2020-01-01 5798000000001, 2025-03-01 -"
        assert {column for _, _, column in outcome.aside.told} == {"CVR"}
        assert outcome.exits == {1}

    def test_an_absent_column_is_unclaimed(self) -> None:
        """An optional column that is absent from a file is unclaimed, not empty: on the days of the file's rows"""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01", CVR="12345678", LOSID="7")),
            file("Org_ret 20250301", unit(1, "2020-01-01", "2025-06-30"), without=["CVR"]),
        )
        assert detail(outcome, "CVR") == "2020-01-01 12345678, 2025-07-01 -"
        assert detail(outcome, "LOSID") == "2020-01-01 7, 2025-03-01 -"

    def test_an_address_text_that_is_not_resolved(self) -> None:
        """… claims nothing *for the days of its row*; … so a closed unit's address ends with it"""

        def wash(text: str) -> str | None:
            if text == "Nede":
                raise cells.Bad("down")
            return None if text == "Ukendt" else f"uuid of {text}"

        outcome = given(
            root(),
            file(
                "Org_nye 20250201",
                unit(1, "2020-01-01", PostAdresse="A"),
                unit(2, "2020-01-01", PostAdresse="A"),
            ),
            file(
                "Org_ret 20250301",
                unit(1, "2020-01-01", "2025-06-30", PostAdresse="Ukendt"),
                unit(2, "2020-01-01", PostAdresse="Ukendt"),
            ),
            wash=wash,
        )
        assert detail(outcome, "PostAdresse") == "2020-01-01 uuid of A, 2025-07-01 -"
        assert detail(outcome, "PostAdresse", 2) == "2020-01-01 uuid of A"
        assert outcome.exits == {0}
        down = given(root(), file("Org_nye 20250201", unit(1, "2020-01-01", PostAdresse="Nede")), wash=wash)
        assert name(down) == "2020-01-01 Enhed 1"
        assert detail(down, "PostAdresse") == ""
        assert down.exits == {1}


class TestReferences:
    def test_a_parent_that_a_later_file_brings_is_known(self) -> None:
        """A reference is known if MO has the object on any day or the drop has a valid row"""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01", parent=2)),
            file("Org_nye 20250301", unit(2, "2022-01-01")),
        )
        assert history(outcome, "unit", unit_uuid(1), "parent") == f"2020-01-01 {unit_uuid(2)}"
        assert outcome.exits == {0}

    def test_what_needs_a_row_that_is_set_aside(self) -> None:
        """… set a row aside, and then what needs it and is not in MO."""
        outcome = given(
            root(),
            file(
                "Org_nye 20250201",
                unit(1, "2020-01-01", parent=UNKNOWN),
                unit(2, "2020-01-01", parent=1),
                unit(3, "2020-01-01"),
            ),
            file(
                "Pers_nye 20250202",
                engaged(0, 0, "2020-01-01", unit=unit_uuid(2)),
                engaged(1, 1, "2020-01-01"),
            ),
            file("Leder_nye 20250203", leads(0, 0), leads(2, 1), leads(0, 1)),
        )
        assert sorted(outcome.mo["unit"]) == [unit_uuid(0), unit_uuid(3)]
        assert list(outcome.mo["engagement"]) == [engagement_uuid(1)]
        assert list(outcome.mo["manager"]) == [object_uuid(unit_uuid(0) + CPRS[1] + "manager")]
        assert set(fates(outcome).values()) == {"pending"}
        assert sorted(fates(outcome)) == [
            "Leder_nye:2",
            "Leder_nye:3",
            "Org_nye:2",
            "Org_nye:3",
            "Pers_nye:2",
        ]

    def test_a_unit_of_mo_needs_no_row(self) -> None:
        outcome = given(
            file("Org_ret 20250201", unit(1, "2020-01-01", parent=UNKNOWN)),
            file("Org_nye 20250202", unit(2, "2020-01-01", parent=1)),
            mo=both(ROOT, unit_in_mo(1, ("2010-01-01", "2012-12-31", "Gammel"))),
        )
        assert name(outcome) == "2010-01-01 Gammel, 2013-01-01 -"
        assert name(outcome, 2) == "2020-01-01 Enhed 2"

    def test_a_type_that_nobody_has(self) -> None:
        """an org unit type that neither MO nor the drop has (the unit then gets `Ukendt`) | … told | 1"""
        outcome = given(root(), file("Org_nye 20250201", unit(1, "2020-01-01", type=UNKNOWN)))
        assert history(outcome, "unit", unit_uuid(1), "type") == "2020-01-01 ukendt"
        assert outcome.exits == {1}

    def test_a_circle(self) -> None:
        """the rows of that file that close one are set aside; the parent that was there before a circle [stays]"""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01"), unit(2, "2020-01-01", parent=1)),
            file(
                "Org_ret 20250301",
                unit(1, "2020-01-01", parent=2, name="Ny"),
                unit(2, "2020-01-01", parent=1, LOSID="7"),
            ),
            file("Org_ret 20250401", unit(1, "2020-01-01", name="Senere")),
        )
        assert history(outcome, "unit", unit_uuid(1), "parent") == f"2020-01-01 {unit_uuid(0)}"
        assert name(outcome) == "2020-01-01 Enhed 1, 2025-04-01 Senere"
        assert detail(outcome, "LOSID", 2) == ""
        assert fates(outcome) == {"Org_ret:2": "rejected", "Org_ret:3": "rejected"}

    def test_a_circle_on_some_days_only_counts(self) -> None:
        """looked for after each file, on each day"""
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01"), unit(2, "2020-01-01", "2025-06-30", parent=1)),
            file("Org_ret 20250301", unit(1, "2025-06-30", parent=2)),
        )
        assert fates(outcome) == {"Org_ret:2": "rejected"}
        after = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01"), unit(2, "2020-01-01", "2025-06-30", parent=1)),
            file("Org_ret 20250301", unit(1, "2025-07-01", parent=2)),
        )
        assert fates(after) == {}

    def test_the_first_list_has_a_class(self) -> None:
        """A uuid in two lists belongs to the first of them in this table"""
        outcome = given(
            class_list("Lederniveau", "Niveau"),
            File.of(
                "STAM_UUID_Ledertype.csv",
                [{"LedertypeUUID": class_uuid("Lederniveau", 0), "Ledertype": "Type"}],
                ("LedertypeUUID", "Ledertype"),
            ),
            lists=False,
        )
        assert history(outcome, "class", class_uuid("Lederniveau", 0), "title") == "0001-01-01 Niveau"
        assert outcome.exits == {1}

    def test_a_class_stays_in_the_facet_of_mo(self) -> None:
        """where MO has it in another facet already, it stays there, and the row is rejected, told"""
        uuid = class_uuid("Lederniveau", 0)
        mo = there("class", uuid, ("0001-01-01", "", Class("manager_type", "K", "T")))
        outcome = given(class_list("Lederniveau", "Niveau"), lists=False, mo=mo)
        assert history(outcome, "class", uuid, "title") == "0001-01-01 T"

    def test_a_title_changes_today(self) -> None:
        """A class whose title changed is updated, from today on."""
        uuid = class_uuid("Lederniveau", 0)
        mo = there("class", uuid, ("0001-01-01", "", Class("manager_level", "Gammel", "Gammel")))
        outcome = given(class_list("Lederniveau", "Ny"), lists=False, mo=mo)
        assert history(outcome, "class", uuid, "title") == f"0001-01-01 Gammel, {TODAY} Ny"
        assert outcome.exits == {0}


class TestPeople:
    def test_an_engagement_ret_from_the_file_date(self) -> None:
        """`Pers_ret`: engagement | the file date"""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01")),
            file("Pers_ret 20250301", engaged(0, 0, "2020-01-01", key="Ny")),
        )
        assert key(outcome) == "2020-01-01 K0, 2025-03-01 Ny"

    def test_a_resent_nye_claims_from_its_start(self) -> None:
        """`Pers_nye`: engagement | `StartTid`"""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01", "2024-12-31"), engaged(1, 0, "2020-01-01")),
            file("Pers_nye 20250301", engaged(0, 0, "2022-01-01", "2022-12-31", key="Ny")),
        )
        assert key(outcome) == "2020-01-01 K0, 2022-01-01 Ny, 2023-01-01 -"

    def test_the_name(self) -> None:
        """name | the file date | no end; a new person has it from birth."""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01", who="Eva  Holm")),
            file("Pers_ret 20250301", engaged(0, 0, "2020-01-01", "2025-06-30", who="Eva")),
        )
        assert history(outcome, "person", person_uuid(0), "name") == f"{BIRTH_0} Eva Holm, 2025-03-01 Eva"

    def test_mail_and_account_until_the_latest_end(self) -> None:
        """the file date | the latest end among the person's engagements *as they are after that file*"""
        outcome = given(
            root(),
            file(
                "Pers_nye 20250201",
                engaged(0, 0, "2025-03-01", "2025-06-30"),
                engaged(1, 0, "2020-01-01", "2025-04-30"),
            ),
            file("Pers_ret 20250401", engaged(1, 0, "2020-01-01", "2025-09-30")),
        )
        assert mail(outcome) == "2025-02-01 p0@aarhus.dk, 2025-10-01 -"
        assert account(outcome) == "2025-02-01 AZ0, 2025-10-01 -"

    def test_an_engagement_of_others_counts(self) -> None:
        """objects that no row of R speaks of are read as they are, also for the latest end"""
        foreign = Engagement("X", person_uuid(0), unit_uuid(0), "t", "j", True)
        mo = both(
            ROOT,
            there("person", person_uuid(0), (BIRTH_0, "", Person(CPRS[0], "Person 0"))),
            there("engagement", engagement_uuid(9), ("2010-01-01", "2027-03-31", foreign)),
        )
        outcome = given(file("Pers_nye 20250201", engaged(0, 0, "2020-01-01", "2025-06-30")), mo=mo)
        assert mail(outcome) == "2025-02-01 p0@aarhus.dk, 2027-04-01 -"

    def test_an_end_before_the_file_date(self) -> None:
        """An end before the file date ends them there and claims nothing before it; never a reason to reject"""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01")),
            file("Pers_ret 20250301", engaged(0, 0, "2020-01-01", "2025-02-15", Email="ny@x.dk", AZID="NY")),
            file("Pers_nye 20250301", engaged(1, 1, "2020-01-01", "2024-12-31")),
        )
        assert mail(outcome) == "2025-02-01 p0@aarhus.dk, 2025-02-16 -"
        assert account(outcome) == "2025-02-01 AZ0, 2025-02-16 -"
        assert mail(outcome, 1) == ""
        assert key(outcome, 1) == "2020-01-01 K1, 2025-01-01 -"
        assert outcome.exits == {0}

    def test_an_empty_mail_is_none(self) -> None:
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01")),
            file("Pers_ret 20250301", engaged(0, 0, "2020-01-01", Email="")),
        )
        assert mail(outcome) == "2025-02-01 p0@aarhus.dk, 2025-03-01 -"
        assert account(outcome) == "2025-02-01 AZ0"

    def test_a_luk_of_one_of_two_engagements(self) -> None:
        """`Pers_luk` of the last one ends them there"""
        first = file(
            "Pers_nye 20250201", engaged(0, 0, "2020-01-01"), engaged(1, 0, "2020-01-01", "2025-08-31")
        )
        one = given(root(), first, file("Pers_luk 20250301", ended(0, 0)))
        assert mail(one) == "2025-02-01 p0@aarhus.dk, 2025-09-01 -"
        both_ended = given(
            root(), first, file("Pers_luk 20250301", ended(0, 0)), file("Pers_luk 20250401", ended(1, 0))
        )
        assert mail(both_ended) == "2025-02-01 p0@aarhus.dk, 2025-04-02 -"
        assert account(both_ended) == "2025-02-01 AZ0, 2025-04-02 -"

    def test_a_silent_file_moves_the_end_both_ways(self) -> None:
        """still moves its end: both ways, with its last value, where it ended with the engagements so far"""
        start = file("Pers_nye 20250201", engaged(0, 0, "2020-01-01", "2025-08-31"))
        longer = given(
            root(),
            start,
            file("Pers_ret 20250301", engaged(0, 0, "2020-01-01", "2026-08-31", Email="x", AZID="NULL")),
        )
        assert mail(longer) == "2025-02-01 p0@aarhus.dk, 2026-09-01 -"
        assert account(longer) == "2025-02-01 AZ0, 2026-09-01 -"
        shorter = given(
            root(),
            start,
            file("Pers_ret 20250301", engaged(0, 0, "2020-01-01", "2025-04-30"), without=["Email"]),
        )
        assert mail(shorter) == "2025-02-01 p0@aarhus.dk, 2025-05-01 -"

    def test_only_the_end_moves(self) -> None:
        mo = both(ROOT, there("person", person_uuid(0), (BIRTH_0, "", Person(CPRS[0], "Person 0"))))
        mo["address"] = {
            object_uuid(CPRS[0] + "email"): [
                (date(2025, 1, 1), date(2025, 5, 31), "a@x.dk"),
                (date(2025, 6, 1), date(2025, 8, 31), "b@x.dk"),
            ]
        }
        own = Engagement("K0", person_uuid(0), unit_uuid(0), "t", "j", True)
        mo["engagement"] = {engagement_uuid(0): [(date(2020, 1, 1), date(2025, 8, 31), own)]}
        outcome = given(file("Pers_ret 20250301", engaged(0, 0, "2020-01-01"), without=["Email"]), mo=mo)
        assert mail(outcome) == "2025-01-01 a@x.dk, 2025-06-01 b@x.dk"

    def test_a_silent_file_leaves_what_ended_elsewhere(self) -> None:
        """… where it ended with the engagements so far"""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01", "2025-08-31")),
            file("Pers_ret 20250301", engaged(0, 0, "2020-01-01", "2026-08-31", Email="")),
            file("Pers_ret 20250401", engaged(0, 0, "2020-01-01"), without=["Email"]),
        )
        assert mail(outcome) == "2025-02-01 p0@aarhus.dk, 2025-03-01 -"

    def test_who_says_what_the_person_is_called(self) -> None:
        """a value beats an empty one …, then the primary engagement's row wins, then the later line"""
        outcome = given(
            root(),
            file(
                "Pers_nye 20250201",
                engaged(0, 0, "2020-01-01", who="Et", Email="", AZID="A"),
                engaged(1, 0, "2020-01-01", who="To", Email="2@x.dk", AZID="B", primary="Nej"),
                engaged(2, 0, "2020-01-01", who="Tre", Email="3@x.dk", AZID="C", primary="Nej"),
            ),
        )
        assert history(outcome, "person", person_uuid(0), "name") == f"{BIRTH_0} Et"
        assert mail(outcome) == "2025-02-01 3@x.dk"
        assert account(outcome) == "2025-02-01 A"

    def test_ended_rows_do_not_vote(self) -> None:
        """ended rows do not vote unless all are ended"""
        outcome = given(
            root(),
            file(
                "Pers_nye 20250201",
                engaged(0, 0, "2020-01-01", "2025-01-31", who="Ophørt"),
                engaged(1, 0, "2020-01-01", primary="Nej", who="Løbende", Email=""),
            ),
            file("Pers_nye 20250202", engaged(2, 1, "2020-01-01", "2025-01-31", who="Alle ophørt")),
        )
        assert history(outcome, "person", person_uuid(0), "name") == f"{BIRTH_0} Løbende"
        assert mail(outcome) == ""
        assert history(outcome, "person", person_uuid(1), "name") == "1960-02-02 Alle ophørt"

    def test_an_engagement_keeps_its_person(self) -> None:
        """A row that gives an engagement another person is rejected"""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01")),
            file("Pers_ret 20250301", engaged(0, 1, "2020-01-01", key="Ny"), engaged(1, 1, "2020-01-01")),
        )
        assert history(outcome, "engagement", engagement_uuid(0), "person") == f"2020-01-01 {person_uuid(0)}"
        assert key(outcome) == "2020-01-01 K0"
        assert fates(outcome) == {"Pers_ret:2": "rejected"}
        assert mail(outcome, 1) == "2025-03-01 p1@aarhus.dk"

    def test_the_person_that_mo_has(self) -> None:
        """The person's uuid is the one MO already has for that CPR number"""
        mo = both(ROOT, there("person", UNKNOWN, (BIRTH_0, "", Person(CPRS[0], "Gammel"))))
        outcome = given(
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01")),
            file("Leder_nye 20250201", leads(0, 0)),
            mo=mo,
        )
        assert history(outcome, "person", UNKNOWN, "name") == f"{BIRTH_0} Gammel, 2025-02-01 Person 0"
        assert history(outcome, "engagement", engagement_uuid(0), "person") == f"2020-01-01 {UNKNOWN}"
        manager = object_uuid(unit_uuid(0) + CPRS[0] + "manager")
        assert history(outcome, "manager", manager, "person") == f"2025-02-01 {UNKNOWN}"

    @pytest.mark.parametrize(
        ("derived_until", "others", "derived", "first_other"),
        [
            ("", 1, "2020-01-01 GL, 2025-03-01 AZ0", "2020-01-01 X0"),
            ("2025-02-28", 1, "2020-01-01 GL, 2025-03-01 -", "2020-01-01 X0, 2025-03-01 AZ0"),
            ("2025-03-01", 1, "2020-01-01 GL, 2025-03-01 AZ0", "2020-01-01 X0"),
            ("2025-02-28", 0, "2020-01-01 GL, 2025-03-01 AZ0", ""),
            ("2025-02-28", 2, "2020-01-01 GL, 2025-03-01 -", "2020-01-01 X0"),
            (None, 0, "2025-03-01 AZ0", ""),
            (None, 1, "", "2020-01-01 X0, 2025-03-01 AZ0"),
        ],
    )
    def test_the_account(
        self, derived_until: str | None, others: int, derived: str, first_other: str
    ) -> None:
        """the derived uuid if it is active on or after the file date; else the person's only other account …"""
        mo = both(ROOT, there("person", person_uuid(0), (BIRTH_0, "", Person(CPRS[0], "Person 0"))))
        if derived_until is not None:
            old = Account(person_uuid(0), "AZ", "GL")
            mo["account"] |= there(
                "account", object_uuid(CPRS[0] + "azid"), ("2020-01-01", derived_until, old)
            )["account"]
        for number in range(others):
            value = Account(person_uuid(0), "AZ", f"X{number}")
            mo["account"] |= there("account", unit_uuid(70 + number), ("2020-01-01", "", value))["account"]
        in_ad = Account(person_uuid(0), "AD", "AD0")
        mo["account"] |= there("account", unit_uuid(80), ("2020-01-01", "", in_ad))["account"]
        outcome = given(file("Pers_nye 20250301", engaged(0, 0, "2020-01-01")), mo=mo)
        assert account(outcome) == derived
        assert history(outcome, "account", unit_uuid(70), "user_key") == first_other
        assert history(outcome, "account", unit_uuid(80), "user_key") == "2020-01-01 AD0"


class TestManagers:
    def test_several_responsibilities_are_one_manager(self) -> None:
        """Several rows of one unit and person in one file are one manager with several responsibilities."""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01")),
            file("Leder_nye 20250301", leads(0, 0, 0), leads(0, 0, 1)),
            file("Leder_ret 20250401", leads(0, 0, 2)),
            file("Leder_luk 20250501", leads(0, 0)),
        )
        (pieces,) = outcome.mo["manager"].values()
        value = Manager(
            unit_uuid(0),
            person_uuid(0),
            class_uuid("Ledertype", 0),
            class_uuid("Lederniveau", 0),
            frozenset({class_uuid("Lederansvar", 0), class_uuid("Lederansvar", 1)}),
        )
        assert pieces == [
            (date(2025, 3, 1), date(2025, 3, 31), value),
            (
                date(2025, 4, 1),
                date(2025, 5, 1),
                value._replace(responsibilities=frozenset({class_uuid("Lederansvar", 2)})),
            ),
        ]

    def test_another_person_does_not_end_the_former_manager(self) -> None:
        """A row with another person does not end the former manager: `Leder_luk` does"""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01"), engaged(1, 1, "2020-01-01")),
            file("Leder_nye 20250301", leads(0, 0)),
            file("Leder_nye 20250401", leads(0, 1)),
        )
        assert {pieces[-1][1] for pieces in outcome.mo["manager"].values()} == {FOREVER}
        assert len(outcome.mo["manager"]) == 2

    def test_rows_of_one_manager_stand_or_fall_together(self) -> None:
        """The rows of one manager in one file stand or fall together."""
        outcome = given(
            root(),
            file("Pers_nye 20250201", engaged(0, 0, "2020-01-01"), engaged(1, 1, "2020-01-01")),
            file(
                "Leder_nye 20250301",
                leads(0, 0),
                leads(0, 0, LederansvarUUID=UNKNOWN),
                leads(0, 1),
                leads(0, 1, LederansvarUUID="x"),
            ),
        )
        assert outcome.mo["manager"] == {}
        assert fates(outcome) == {
            "Leder_nye:2": "pending",
            "Leder_nye:3": "pending",
            "Leder_nye:4": "rejected",
            "Leder_nye:5": "rejected",
        }


class TestTheMark:
    def test_entering_and_leaving(self) -> None:
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01", line="True"), unit(2, "2020-01-01")),
            file("Org_ret 20250301", unit(1, "2020-01-01"), unit(2, "2020-01-01", "2026-12-31", line="Ja")),
        )
        assert mark(outcome) == "2020-01-01 linjeorg, 2025-03-01 -"
        assert mark(outcome, 2) == "2025-03-01 linjeorg, 2027-01-01 -"

    def test_only_the_last_run_is_held(self) -> None:
        """Desired is one interval: the last run of days on which `Med-i-LinjeOrg` is true"""
        outcome = given(
            root(),
            file(
                "Org_inital 20250201",
                unit(1, "1990-01-01", "1999-12-31", line="True"),
                unit(1, "2000-01-01", "2009-12-31"),
                unit(1, "2010-01-01", "2014-12-31", line="True", name="Ny"),
                unit(1, "2015-01-01", "2019-12-31", line="True"),
                unit(1, "2020-01-01"),
            ),
        )
        assert mark(outcome) == "2010-01-01 linjeorg, 2020-01-01 -"

    def test_days_without_the_unit_interrupt_no_run(self) -> None:
        """(days on which the unit is not there interrupt no run, and are not compared)"""
        outcome = given(
            root(),
            file(
                "Org_inital 20250201",
                unit(1, "1990-01-01", "1999-12-31", line="True"),
                unit(1, "2010-01-01", line="True"),
            ),
        )
        assert mark(outcome) == "1990-01-01 linjeorg, 2000-01-01 -, 2010-01-01 linjeorg"

    def test_a_run_of_the_base_is_dropped_for_a_later_one(self) -> None:
        """Days before the first claim are never touched, but for the mark"""
        mo = both(
            ROOT,
            unit_in_mo(1, ("2000-01-01", "", "Enhed 1")),
            there("mark", unit_uuid(1), ("2000-01-01", "2009-12-31", "linjeorg")),
        )
        outcome = given(file("Org_ret 20250201", unit(1, "2000-01-01", line="True")), mo=mo)
        assert mark(outcome) == "2025-02-01 linjeorg"

    def test_a_mark_that_was_hidden_stays_hidden(self) -> None:
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01", line="True")),
            file("Org_ret 20250301", unit(1, "2020-01-01", "2025-02-28", line="True")),
            file("Org_ret 20250401", unit(1, "2025-04-01", line="hm")),
        )
        assert name(outcome) == "2020-01-01 Enhed 1, 2025-03-01 -, 2025-04-01 Enhed 1"
        assert mark(outcome) == "2020-01-01 linjeorg, 2025-03-01 -"

    def test_a_bad_value_leaves_the_mark(self) -> None:
        outcome = given(
            root(),
            file("Org_nye 20250201", unit(1, "2020-01-01", line="True")),
            file("Org_ret 20250301", unit(1, "2020-01-01", line="hm", name="Ny")),
        )
        assert mark(outcome) == "2020-01-01 linjeorg"
        assert name(outcome) == "2020-01-01 Enhed 1, 2025-03-01 Ny"
        assert outcome.exits == {1}

    @pytest.mark.parametrize(
        ("line", "said"), [("False", "2020-01-01 hånd"), ("True", "2025-03-01 linjeorg")]
    )
    def test_a_mark_set_by_hand(self, line: str, said: str) -> None:
        """a mark that is neither ours (set by hand in MO) is left alone unless the unit is in the line organisation"""
        mo = both(
            ROOT,
            unit_in_mo(1, ("2020-01-01", "", "Enhed 1")),
            there("mark", unit_uuid(1), ("2020-01-01", "", "hånd")),
        )
        outcome = given(file("Org_ret 20250301", unit(1, "2020-01-01", line=line)), mo=mo)
        assert mark(outcome) == said

    def test_outside_equals_none(self) -> None:
        """*Uden for linjeorganisationen* equals none."""
        mo = both(
            ROOT,
            unit_in_mo(1, ("2020-01-01", "", "Enhed 1")),
            there("mark", unit_uuid(1), ("2020-01-01", "", "ikke-linjeorg")),
        )
        outcome = given(file("Org_ret 20250301", unit(1, "2020-01-01")), mo=mo)
        assert mark(outcome) == ""


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("OrgUUID", "00000000-0000-0000-0000-000000000000"),
        ("ParentUUID", ""),
        ("OrgEnhedsNavn", " "),
        ("BrugervendtNøgle", "null"),
    ],
)
def test_key_columns_reject_their_row(column: str, cell: str) -> None:
    """Only key columns, dates, name, parent … set a row aside"""
    outcome = given(
        root(), file("Org_nye 20250201", unit(1, "2020-01-01") | {column: cell}, unit(2, "2020-01-01"))
    )
    assert fates(outcome) == {"Org_nye:2": "rejected"}
    assert sorted(outcome.mo["unit"]) == [unit_uuid(0), unit_uuid(2)]
