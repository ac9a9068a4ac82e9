from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aarhus_los.apply import Applied, Failure
from aarhus_los.desired.claims import Desired, Notice, SetAside
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.names import parse_name
from aarhus_los.drop.reader import read_file
from aarhus_los.drop.rows import RowRef
from aarhus_los.mo.model import Kind, Unit
from aarhus_los.plan import Action, Operation, Plan, Step
from aarhus_los.report.account import Account, Fate, FileAccount, count_rows, failed_rows
from aarhus_los.selection import Options, Refusal

NAME = "Org_nye_20261101_220000.csv"
UNIT = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
HEADER = "OrgUUID;BrugervendtNøgle;OrgEnhedsNavn;ParentUUID;StartDato;SlutDato\n"
ROW = f"{UNIT};1;Enhed;{UNIT};2020-01-01;\n"
LINES = range(2, 12)
"""Ten lines, of which every fifth is no row."""


def file_of(due: set[int] | None = None) -> DropFile:
    name = parse_name(NAME)
    assert name is not None
    data = (HEADER + "".join("no row\n" if line % 5 == 0 else ROW for line in LINES)).encode()
    return replace(read_file(name, data), due=None if due is None else frozenset(due))


def counted(
    files: list[DropFile], set_aside: list[SetAside], superseded: list[SetAside], operations: list[Operation]
) -> list[FileAccount]:
    return count_rows(files, set_aside, superseded, operations, {NAME: "2026-11-02"})


def ref(line: int) -> RowRef:
    return RowRef(NAME, line)


def aside(line: int, *, pending: bool = False, part: bool = False) -> SetAside:
    return SetAside(ref(line), "", "why", pending, part)


def operation(*lines: int) -> Operation:
    value = Unit("1", "Enhed", None, None)
    origin = tuple(map(ref, lines))
    return Operation(Kind.ORG_UNIT, UNIT, Action.CREATE, date(2020, 1, 1), date.max, value, (), origin)


def only(accounts: list[FileAccount]) -> FileAccount:
    (account,) = accounts
    return account


# What became of each row


def test_each_row_counts_once_the_gravest_first() -> None:
    account = only(
        counted(
            [file_of()],
            [aside(2), aside(5), aside(3, pending=True), aside(6, pending=True, part=True)],
            [aside(2), aside(4), aside(7, part=True)],
            [operation(2, 3, 4), operation(6, 7), operation(8)],
        )
    )
    assert account.fates == {Fate.SET_ASIDE: 3, Fate.SUPERSEDED: 1, Fate.APPLIED: 3, Fate.UNCHANGED: 3}
    assert (account.rows, account.is_new, account.pending, account.pending_in_part) == (10, True, 2, 1)
    assert account.balances


def test_of_a_file_that_is_tried_again_only_its_pending_rows_count() -> None:
    account = only(counted([file_of({3, 4, 6})], [aside(3, pending=True)], [], [operation(4, 8)]))
    assert account.fates == {Fate.SET_ASIDE: 1, Fate.SUPERSEDED: 0, Fate.APPLIED: 1, Fate.UNCHANGED: 1}
    assert (account.rows, account.is_new, account.pending) == (3, False, 1)


def test_a_file_that_is_only_folded_again_is_not_counted() -> None:
    assert counted([file_of(set())], [], [], [operation(2)]) == []


def test_a_pending_row_that_the_file_does_not_have_breaks_the_balance() -> None:
    account = only(counted([file_of({3, 99})], [], [], []))
    assert not account.balances
    assert Account(files=[account]).exit_code == 70


LINE_SETS = st.sets(st.sampled_from(LINES))


@given(st.none() | LINE_SETS, LINE_SETS, LINE_SETS, LINE_SETS, LINE_SETS)
def test_the_balance_of_a_file_always_adds_up(
    due: set[int] | None, whole: set[int], part: set[int], superseded: set[int], done: set[int]
) -> None:
    accounts = counted(
        [file_of(due)],
        [
            *(aside(line, pending=line % 2 == 0) for line in whole),
            *(aside(n, pending=True, part=True) for n in part),
        ],
        [aside(line) for line in superseded],
        [operation(*done)],
    )
    lines = set(LINES if due is None else due)
    if not lines:
        assert accounts == []
        return
    account = only(accounts)
    assert account.balances
    assert account.rows == len(lines)
    assert account.fates[Fate.SET_ASIDE] == len(lines & whole)
    assert account.fates[Fate.SUPERSEDED] == len(lines & superseded - whole)
    assert account.fates[Fate.APPLIED] == len(lines & done - whole - superseded)
    assert account.pending == len(lines & ({line for line in whole if line % 2 == 0} | part))
    assert account.pending_in_part == len(lines & part - whole - superseded)


# Rows whose operations failed


def test_a_row_fails_once_and_is_pending() -> None:
    applied = Applied(
        failed=[
            (operation(3), Failure("out of order")),
            (operation(2, 3), Failure("refused")),
            (operation(3), Failure("refused too")),
            (operation(), Failure("nobody's")),
        ]
    )
    failed = {row.ref.line: row for row in failed_rows(applied, [])}
    assert {line: row.pending for line, row in failed.items()} == {2: True, 3: True}
    assert f"org_unit {UNIT}: refused" in failed[2].reason
    assert "out of order" in failed[3].reason


def test_a_row_set_aside_before_is_not_told_twice_but_one_with_a_bad_detail_is() -> None:
    applied = Applied(failed=[(operation(2, 3), Failure("refused"))])
    known = Desired(set_aside=[aside(2), aside(3, pending=True, part=True)])
    assert [row.ref.line for row in failed_rows(applied, known.set_aside)] == [3]


# The exit code

CAUSES: dict[str, tuple[int, dict[str, Any]]] = {
    "refused by name": (1, {"refused": [Refusal(NAME, "late", 1)]}),
    "row": (1, {"set_aside": [aside(2)]}),
    "value": (1, {"notices": [Notice("bad", ref(2), fault=True)]}),
    "file": (65, {"refused": [Refusal(NAME, "broken", 65)]}),
    "brake": (65, {"brakes": ["too many ends"]}),
    "unreachable": (69, {"stopped": "MO cannot be reached"}),
    "difference": (70, {"differences": ["MO says otherwise"]}),
    "file out of balance": (70, {"files": [FileAccount(NAME, True, 3, {Fate.APPLIED: 2}, 0, 0)]}),
    "operations out of balance": (70, {"plan": Plan((Step((operation(2),)),)), "acknowledged": 0}),
}
GRAVEST = [70, 69, 65, 1, 0]


@pytest.mark.parametrize("causes", list(combinations(CAUSES, 2)), ids=" and ".join)
def test_the_gravest_of_several_wins(causes: tuple[str, str]) -> None:
    told: dict[str, Any] = {}
    for cause in causes:
        for key, value in CAUSES[cause][1].items():
            told[key] = [*told[key], *value] if key in told else value
    codes = [CAUSES[cause][0] for cause in causes]
    if causes == ("brake", "operations out of balance"):
        codes.remove(70)  # with a brake on, nothing was to be sent
    assert Account(**told).exit_code == min(codes, key=GRAVEST.index)


def test_nothing_wrong_is_zero() -> None:
    account = Account(
        files=[FileAccount(NAME, True, 3, {Fate.APPLIED: 1, Fate.UNCHANGED: 1, Fate.SUPERSEDED: 1}, 0, 0)],
        warnings=["a hint"],
        notices=[Notice("told", ref(2))],
        superseded=[aside(3)],
        plan=Plan((Step((operation(2),)),)),
        acknowledged=1,
    )
    assert account.exit_code == 0


@pytest.mark.parametrize(("cause", "code"), [(cause, code) for cause, (code, _) in CAUSES.items()])
def test_only_rows_may_be_told_to_a_scheduler_as_success(cause: str, code: int) -> None:
    account = Account(**CAUSES[cause][1], rejects_exit_code=0)
    assert account.exit_code == (0 if code == 1 else code)


@pytest.mark.parametrize("cause", CAUSES)
def test_an_operator_who_accepts_the_loss_accepts_rows_only(cause: str) -> None:
    code, told = CAUSES[cause]
    account = Account(**told, options=Options(accept_rejects=True))
    assert account.exit_code == (0 if cause in ("row", "value") else code)


def test_operations_planned_are_acknowledged_failed_or_unsettled() -> None:
    plan = Plan((Step((operation(2), operation(3))), Step((operation(4),))))
    assert Account(plan=plan, acknowledged=1, failed=1, unsettled=1).balances
    assert not Account(plan=plan, acknowledged=1, failed=1).balances
    assert not Account(plan=plan, acknowledged=3, failed=1).balances
    assert Account(plan=plan, dry=True).balances
    assert Account(plan=plan, brakes=["too many ends"]).balances


def test_a_plan_exits_as_its_rows_and_files_would() -> None:
    plan = Plan((Step((operation(2),)),))
    assert Account(plan=plan, dry=True).exit_code == 0
    assert Account(plan=plan, dry=True, set_aside=[aside(3)]).exit_code == 1
