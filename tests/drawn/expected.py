"""What the cases under tests/data/cases/folding must come to: single days, worked out by hand from the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from tests.drawn.world import Manager

TODAY: Final = date(2026, 8, 1)

Said = tuple[str, str, str | None, str]
"""Kind, uuid, field of the value or None for all of it, day."""

MAIL: Final = "22e49a1b-9bec-343b-cfe5-40814019c4a3"  # of 0101501234
ACCOUNT: Final = "b6e7e866-afeb-40ca-5a5c-83bc0fa8f912"  # of 0101501234
PERSON: Final = "df1e5f73-5b41-b784-7d6a-41d1970e2e5a"  # 0101501234
UNIT_1: Final = "a1b2c3d4-0000-4000-8000-000000000001"
EAN_1: Final = "f93a90ca-b393-bf62-3c04-ba2c2cc1dde0"
LOSID_1: Final = "e3200789-caf3-f1df-e9cf-f6027172312a"
K0, K1, K2 = (f"e0000000-0000-4000-8000-00000000000{number}" for number in range(3))
JOB_0, JOB_1, JOB_2 = (f"10000000-0000-4000-8000-00000000000{number}" for number in range(3))
MANAGER_0: Final = "a95932b1-414b-b70c-edde-e82b7b5f8945"  # of unit 0 and 0101501234
FAR: Final = "2090-01-01"


@dataclass(frozen=True)
class Case:
    """`days`: what MO says. `set_aside`: file and line → pending or rejected. `exit`: of an import of all files at once."""

    days: dict[Said, Any]
    set_aside: dict[tuple[str, int], str] = field(default_factory=dict)
    exit: int = 0


def mail(*days: tuple[str, str | None]) -> dict[Said, Any]:
    return {("address", MAIL, None, day): value for day, value in days}


def account(*days: tuple[str, str | None]) -> dict[Said, Any]:
    return {("account", ACCOUNT, "user_key", day): value for day, value in days}


def job(engagement: str, *days: tuple[str, str | None]) -> dict[Said, Any]:
    return {("engagement", engagement, "job", day): value for day, value in days}


P0: Final = "p0@aarhus.dk"
CASES: Final = {
    # "the engagement goes on without end, so do e-mail and account"
    "two-nights-in-one-run-bad-mail": Case(
        {
            **mail(
                ("2025-01-09", None), ("2025-01-10", P0), ("2025-02-02", P0), ("2025-03-01", P0), (FAR, P0)
            ),
            **account(("2025-01-09", None), ("2025-01-10", "AZ1"), ("2025-03-01", "AZ1"), (FAR, "AZ1")),
            **job(K2, ("2025-02-01", JOB_0), ("2025-02-02", None)),
            **job(K0, ("2025-02-28", JOB_0), ("2025-03-01", JOB_2), (FAR, JOB_2)),
        },
        exit=1,
    ),
    "one-stamp-new-engagement-and-bad-mail": Case(
        {
            **mail(("2025-01-10", P0), ("2025-02-28", P0), ("2025-07-01", P0), (FAR, P0)),
            **account(("2025-01-10", "AZ1"), ("2025-02-28", "AZ1"), ("2025-07-01", "AZ1"), (FAR, "AZ1")),
            **job(
                K2, ("2025-02-28", None), ("2025-03-01", JOB_0), ("2025-06-30", JOB_0), ("2025-07-01", None)
            ),
            **job(K0, (FAR, JOB_0)),
            ("engagement", K0, "primary", "2025-02-28"): True,
            ("engagement", K0, "primary", "2025-03-01"): False,
        },
        exit=1,
    ),
    # "`--since 2025-01-15` on a right MO writes 0"
    "since-ends-mail-and-account": Case(
        {
            **mail(("2025-01-09", None), ("2025-01-10", P0), ("2025-02-02", P0), (FAR, P0)),
            **account(("2025-01-10", "AZ1"), ("2025-02-02", "AZ1"), (FAR, "AZ1")),
            **job(K2, ("2025-02-01", JOB_0), ("2025-02-02", None)),
            **job(K0, ("2025-02-28", JOB_0), (FAR, JOB_2)),
        },
        exit=1,
    ),
    # "no gap in e-mail and account"
    "two-nights-in-one-run-resent-nye": Case(
        {
            **mail(("2025-01-10", P0), ("2025-02-01", P0), ("2025-02-02", P0), ("2025-02-28", P0), (FAR, P0)),
            **account(("2025-01-10", "AZ1"), ("2025-02-02", "AZ1"), ("2025-02-28", "AZ1"), (FAR, "AZ1")),
            **job(K0, ("2019-12-31", None), ("2020-01-01", JOB_2), (FAR, JOB_2)),
            **job(K2, ("2025-02-01", JOB_0), ("2025-02-02", None)),
        }
    ),
    # "MO knows the unit: the `_ret` is no `_nye`; nothing before 1990"
    "org-ret-and-new-inital-in-one-run": Case(
        {
            ("unit", UNIT_1, "name", "1980-01-01"): None,
            ("unit", UNIT_1, "name", "1989-12-31"): None,
            ("unit", UNIT_1, "name", "1990-01-01"): "Enhed 1",
            ("unit", UNIT_1, "name", "2025-02-01"): "Enhed 1",
            ("unit", UNIT_1, "name", FAR): "Enhed 1",
            ("address", LOSID_1, None, "2025-02-01"): None,
            ("address", LOSID_1, None, FAR): None,
            ("mark", UNIT_1, None, "1989-12-31"): None,
            ("mark", UNIT_1, None, "1990-01-01"): "linjeorg",
        }
    ),
    # "MO knows it (from 26 April): the `_ret` claims from 17 April"
    "ret-of-announced-engagement-counts-as-nye": Case(
        {
            **job(K0, ("2025-04-06", None), ("2025-04-16", None), ("2025-04-17", JOB_0), (FAR, JOB_0)),
            **mail(("2025-02-28", None), ("2025-03-01", P0), (FAR, P0)),
        }
    ),
    # "EAN from 10 March to 19 April: the first day is the unit's"
    "announced-address-wiped-by-second-announcement": Case(
        {
            ("address", EAN_1, None, "2025-03-09"): None,
            ("address", EAN_1, None, "2025-03-10"): "5798000000001",
            ("address", EAN_1, None, "2025-04-19"): "5798000000001",
            ("address", EAN_1, None, "2025-04-20"): None,
            ("address", EAN_1, None, FAR): None,
            ("unit", UNIT_1, "name", "2025-03-10"): "Enhed 1",
            ("unit", UNIT_1, "name", "2025-04-19"): "Enhed 1",
            ("unit", UNIT_1, "name", "2025-04-20"): "Ny",
        }
    ),
    # "a birth date after the file date rejects the row; all else is imported, exit 1"
    "cpr-born-in-the-future": Case(
        {
            **job(K1, ("2020-01-01", None), ("2025-06-01", None), (FAR, None)),
            **job(K0, ("2025-01-31", JOB_0), ("2025-02-01", JOB_1)),
            **mail((FAR, P0)),
        },
        {("Pers_nye_20250110_080000.csv", 3): "rejected"},
        exit=1,
    ),
    # "the first list (in the order of los-format.md's table) has it, the row of the other is told and set aside"
    "class-uuid-in-two-lists": Case(
        {
            ("class", JOB_0, "facet", FAR): "engagement_job_function",
            ("class", JOB_0, "title", FAR): "J0",
            **job(K0, ("2025-01-31", JOB_0), ("2025-02-01", JOB_1)),
        },
        {("STAM_UUID_BVN_Stillingsbetegnelse.csv", 2): "rejected"},
        exit=1,
    ),
    # "e-mail and account follow, with their last value"
    "mail-absent-column-extends": Case(
        {
            **mail(("2025-01-09", None), ("2025-06-30", P0), ("2025-07-01", P0), (FAR, P0)),
            **account(("2025-06-30", "AZ1"), ("2025-07-01", "AZ1"), (FAR, "AZ1")),
            **job(K0, ("2025-07-01", JOB_0)),
        },
        exit=1,
    ),
    # "a bad value beside an empty one claims nothing: the e-mail stays"
    "two-mails-one-bad": Case(
        {**mail(("2025-02-28", P0), ("2025-03-01", P0), (FAR, P0)), **job(K1, (FAR, JOB_0))},
        exit=1,
    ),
    # "the bad row alone is set aside; the person's other engagement is imported"
    "start-after-end-beside-a-good-row": Case(
        {
            **job(K0, ("2020-01-01", JOB_0), ("2025-02-01", JOB_1)),
            **job(K1, ("2025-01-24", None), ("2025-02-06", None)),
            **mail((FAR, P0)),
            **account((FAR, "AZ1")),
        },
        {("Pers_nye_20250110_080000.csv", 3): "rejected"},
        exit=1,
    ),
    # "e-mail and account end on 20 January, the last day of the last engagement that is left"
    "luk-of-announced-after-gap": Case(
        {
            **mail(
                ("2025-01-10", P0),
                ("2025-01-20", P0),
                ("2025-01-21", None),
                ("2025-02-01", None),
                (FAR, None),
            ),
            **account(("2025-01-20", "AZ1"), ("2025-01-21", None), (FAR, None)),
            **job(K1, ("2025-02-28", None), ("2025-03-01", None), (FAR, None)),
            **job(K0, ("2025-01-20", JOB_0), ("2025-01-21", None)),
        }
    ),
    # "all rows of that manager in the file are pending"
    "manager-one-responsibility-unknown": Case(
        {
            ("manager", MANAGER_0, None, FAR): Manager(
                "a1b2c3d4-0000-4000-8000-000000000000",
                PERSON,
                "30000000-0000-4000-8000-000000000000",
                "30000000-0000-4000-8000-000000000003",
                frozenset({"30000000-0000-4000-8000-000000000006"}),
            ),
            ("manager", MANAGER_0, None, "2025-01-09"): None,
        },
        {("Leder_ret_20250301_080000.csv", 2): "pending", ("Leder_ret_20250301_080000.csv", 3): "pending"},
        exit=1,
    ),
    # "luk rows that end something are *applied*, of engagements and managers alike"
    "luk-account": Case(
        {
            **job(K0, ("2025-02-01", JOB_0), ("2025-02-02", None)),
            **job(K1, ("2025-03-01", JOB_0), ("2025-03-02", None)),
            **mail(("2025-02-01", P0), ("2025-02-02", None)),
            ("manager", MANAGER_0, "person", "2025-01-10"): PERSON,
            ("manager", MANAGER_0, "person", "2025-02-01"): PERSON,
            ("manager", MANAGER_0, "person", "2025-02-02"): None,
        }
    ),
}
