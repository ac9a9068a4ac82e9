"""What an account says as text: how it ended first and last, the gravest before the rest, and what to do."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aarhus_los.brakes import Brake, BrakeKind, Limit
from aarhus_los.desired.claims import Notice, SetAside
from aarhus_los.drop.rows import RowRef
from aarhus_los.messages import Message
from aarhus_los.mo.model import Kind, Unit
from aarhus_los.plan import Action, Operation, Plan, Step
from aarhus_los.report.account import Account, Fate, FileAccount
from aarhus_los.report.blocks import plain
from aarhus_los.report.names import Names
from aarhus_los.report.plan_text import plan_blocks
from aarhus_los.report.text import account_blocks
from aarhus_los.selection import Options, Refusal
from aarhus_los.timeline import Piece

FILE = "Org_nye_20260209_220000.csv"
REF = RowRef(FILE, 2)
TITLE = "What to do next:"
BRAKE = Brake(BrakeKind.UNIT_ENDS, 51, Limit(50, 2), 1000)


def account_text(account: Account) -> str:
    return plain(account_blocks(account))


def file_of(**fates: int) -> FileAccount:
    counts = {fate: fates.get(fate.name.lower(), 0) for fate in Fate}
    return FileAccount(FILE, True, sum(counts.values()), counts, 0, 0)


@pytest.mark.parametrize(
    ("account", "step", "last"),
    [
        (Account(set_aside=[SetAside(REF, "", "wrong", pending=False)]), "mended and sent again", "exit 1."),
        (Account(set_aside=[SetAside(REF, "", "unknown", pending=True)]), "--accept-rejects", "exit 1."),
        (Account(refused=[Refusal(FILE, "a column is missing", 65)]), "sent again, mended", "exit 65."),
        (Account(refused=[Refusal(FILE, "late", 1)]), "--allow-late", "exit 1."),
        (Account(brakes=[BRAKE]), "los-import plan", "exit 65."),
        (Account(stopped="MO: no connection"), "los-import check", "exit 69."),
        (Account(differences=["org_unit: it is not there"]), "who else wrote to MO", "exit 70."),
    ],
    ids=["rejected", "pending", "refused", "late", "brake", "stopped", "difference"],
)
def test_whatever_is_wrong_comes_with_what_to_do_next(account: Account, step: str, last: str) -> None:
    lines = account_text(account).splitlines()
    steps = lines[lines.index(TITLE) + 1 : -1]
    assert any(step in each for each in steps)
    assert lines[-1].endswith(last)
    assert lines[0] == lines[-1], "it begins with the sentence that it ends with"


def test_where_nothing_is_wrong_nothing_is_to_be_done() -> None:
    assert TITLE not in account_text(Account())


def test_a_brake_on_refusals_does_not_say_that_nothing_was_sent_or_read() -> None:
    plan = Plan((Step((ends("a", ""), ends("b", ""))),))
    account = Account(plan=plan, failed=1, unsettled=1, brakes=[Brake(BrakeKind.REFUSALS, 1, Limit(0, 5), 2)])
    told = account_text(account)
    assert told.startswith("Stopped by a brake: 0 of 2 writes were made, the rest is held back.")
    assert "nothing was sent" not in told and "No rows were read" not in told
    assert "MO: 2 operations: 0 acknowledged, 1 failed, 1 not sent or unknown" in told


@pytest.mark.parametrize("dry", [True, False])
def test_while_a_file_waits_nothing_is_said_to_be_all(dry: bool) -> None:
    waits = Notice(Message.EMPTY_FILE_WAITS(file=FILE))
    for files in ([], [file_of(applied=1)]):
        account = Account(notices=[waits], files=files, dry=dry)
        assert "a file is not whole yet" in account_text(account).splitlines()[0]
        assert account.exit_code == 0


def test_rows_that_were_given_up_are_not_waited_for() -> None:
    aside = SetAside(REF, "", "unknown", pending=True)
    other = SetAside(RowRef(FILE, 3), "", "unknown", pending=True)
    for account in (
        Account(set_aside=[aside], options=Options(accept_rejects=True)),
        Account(set_aside=[aside], options=Options(accepted_rows=frozenset({REF}))),
    ):
        told = account_text(account)
        assert TITLE not in told and account.exit_code == 0
        assert f"  {REF}: unknown (given up)\n" in told
    told = account_text(Account(set_aside=[aside, other], options=Options(accepted_rows=frozenset({REF}))))
    assert "(given up)" in told and "(pending" in told and "exit 1." in told


def test_a_plan_does_not_claim_that_anything_was_done() -> None:
    told = account_text(Account(set_aside=[SetAside(REF, "", "wrong", pending=False)], dry=True))
    assert "Planned, nothing was written; some rows" in told.splitlines()[-1]
    assert "Done" not in told
    assert "reject files" not in told


def test_what_a_brake_holds_back_is_not_called_applied() -> None:
    for dry in (True, False):
        told = account_text(Account(files=[file_of(applied=3)], brakes=[BRAKE], dry=dry))
        assert "applied" not in told and "3 held back" in told
        assert "51 unit ends (5.1% of 1000)" in told
        assert "run again with `--allow unit-ends=51`" in told
    assert "Held back by a brake: nothing was sent to MO." in told


def test_a_run_that_was_cut_off_does_not_say_that_there_was_nothing() -> None:
    told = account_text(Account(stopped="MO: no connection"))
    assert "No rows were read" not in told and "nothing new" not in told.lower()
    assert "Rows are not counted, since the run was cut off" in told


def test_the_gravest_comes_before_the_rest() -> None:
    told = account_text(
        Account(
            brakes=[BRAKE],
            refused=[Refusal(FILE, "no header", 65)],
            set_aside=[SetAside(REF, "", "wrong", pending=False)],
            notices=[Notice("bad", REF, fault=True), Notice("overlaps", REF)],
            files=[file_of(set_aside=1)],
        )
    )
    titles = [
        "Brakes:",
        "Files refused:",
        "Rows set aside:",
        "Values not applied:",
        "Warnings:",
        "File ",
        TITLE,
    ]
    places = [told.index(f"\n{title}") for title in titles]
    assert places == sorted(places)


def test_warnings_of_one_sort_are_one_line_with_their_number() -> None:
    overlaps = [
        Notice(Message.OVERLAPS(line=line, day=date(2026, 3, line)), RowRef(FILE, line))
        for line in range(2, 9)
    ]
    plain_texts = [Notice(f"the class 'x{n}' is left as it is", RowRef(FILE, n)) for n in range(3)]
    told = account_text(Account(notices=[*overlaps, *plain_texts], warnings=["others can read /srv"]))
    lines = told[told.index("Warnings:") :].splitlines()[1:4]
    assert lines == [
        "  others can read /srv",
        f"  {FILE}:2: overlaps line 2 and differs: from 2026-03-02 on this row wins (and 6 more like this)",
        f"  {FILE}:0: the class 'x0' is left as it is (and 2 more like this)",
    ]


def test_values_that_are_wrong_for_different_reasons_are_not_of_one_sort() -> None:
    told = account_text(
        Account(
            notices=[
                Notice(Message.BAD_VALUE(column=column, reason=reason), RowRef(FILE, line))
                for line, column, reason in [
                    (2, "StartDato", Message.STARTS_TOO_EARLY(day=date(1900, 1, 1))),
                    (3, "SlutDato", Message.CANCELLED()),
                    (4, "StartTid", Message.STARTS_TOO_EARLY(day=date(1900, 1, 1))),
                ]
            ]
        )
    )
    lines = told[told.index("Warnings:") :].splitlines()[1:3]
    assert lines == [
        f"  {FILE}:2: StartDato: before 1900-01-01: taken as 1900-01-01 (and 1 more like this)",
        f"  {FILE}:3: SlutDato: the day before the start: what the row is about is not there",
    ]


def test_of_rows_set_aside_for_one_reason_ten_are_told_and_where_all_of_them_stand() -> None:
    asides = [
        SetAside(RowRef(FILE, n), "ParentUUID", Message.UNKNOWN_PARENT(uuid=f"{n}"), True) for n in range(25)
    ]
    other = SetAside(RowRef(FILE, 99), "StartDato", Message.NO_SUCH_DATE(), False)
    reject = Path("/var/lib/los-import/reports") / f"rejected_{FILE}"
    told = account_text(Account(set_aside=[*asides, other], reports=[reject]))
    assert told.count("the parent") == 10
    assert "… and 15 more like this\n" in told
    assert f"{FILE}:99: StartDato: a date that does not exist\n" in told
    assert f"  in {reject}\n" in told


@pytest.mark.parametrize(("future", "told"), [(3, True), (1, False)])
def test_where_most_files_lie_in_the_future_our_own_clock_is_named(future: int, told: bool) -> None:
    reason = Message.STAMP_IN_FUTURE(today=date(2026, 3, 1))
    account = Account(
        started=datetime(2026, 3, 1, 5, 30),
        files=[file_of(applied=1), replace(file_of(applied=1), name="other")],
        refused=[Refusal(f"Org_nye_2027010{n}_220000.csv", reason, 1) for n in range(future)],
    )
    assert ("is the clock of this machine right? It says 2026-03-01 05:30" in account_text(account)) is told


def test_an_account_of_whole_files_fits_a_terminal_of_80_columns() -> None:
    files = [
        replace(file_of(applied=99999), name="STAM_UUID_BVN_Stillingsbetegnelse.csv"),
        file_of(unchanged=1),
    ]
    lines = account_text(Account(files=files)).splitlines()
    table = lines[lines.index(next(line for line in lines if line.startswith("File"))) :][:3]
    assert max(map(len, table)) <= 80


def test_one_is_told_as_one() -> None:
    account = Account(
        files=[file_of(applied=1)], plan=Plan((Step((ends("a", ""),)),)), acknowledged=1, retries=1
    )
    told = account_text(account)
    assert "1 row (" in told and "1 write, exit 0." in told
    assert "1 operation: 1 acknowledged, 0 failed, 1 retry\n" in told


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"dry": True}, ["MO: would be: 2 org_unit ended"]),
        (
            {"acknowledged": 1, "failed": 1, "written": 1},
            ["MO: 1 org_unit ended", "MO: 2 operations: 1 acknowledged, 1 failed"],
        ),
        ({"unsettled": 2}, ["MO: 2 operations: 0 acknowledged, 0 failed, 2 not sent or unknown"]),
    ],
)
def test_what_was_not_written_is_not_counted_as_done(own: dict[str, int], told: list[str]) -> None:
    plan = Plan((Step((ends("a", ""), ends("b", ""))),))
    written = list(plan.operations[: own.pop("written", 0)]) * 2  # and written again
    lines = account_text(Account(plan=plan, written=written, **own)).splitlines()
    assert [line for line in lines if line.startswith("MO: ")] == told


def ends(uuid: str, parent: str) -> Operation:
    value = Unit(uuid, uuid, parent or None, None)
    day = date(2026, 3, 1)
    before: Any = (Piece(date(2020, 1, 1), date.max, value),)
    return Operation(Kind.ORG_UNIT, uuid, Action.TERMINATE, day, date.max, None, before, (REF,))


def tree_of_ends(width: int) -> Account:
    """Of a root, so many departments end, each with as many units below it as its number says."""
    parents: dict[str, str] = {}
    operations = []
    for n in range(width):
        parents[f"d{n}"] = "root"
        for m in range(n):
            parents[f"d{n}-{m}"] = f"d{n}"
    operations = [ends(uuid, parent) for uuid, parent in parents.items()]
    names = Names({each: each.upper() for each in (*parents, "root")}, parents)
    planned = len(operations)
    return Account(
        plan=Plan((Step(tuple(operations)),)), names=names, brakes=[replace(BRAKE, planned=planned)], dry=True
    )


def test_a_brake_shows_the_ten_largest_branches_that_would_end() -> None:
    told = account_text(tree_of_ends(14))
    at = told.index("The largest branches that would end:")
    lines = told[at:].splitlines()[1:12]
    assert lines[0] == "    14 units: ROOT › D13"
    assert lines[9] == "    5 units: ROOT › D4"
    assert not lines[10].startswith("    ")
    assert "los-import plan --html FILE" in told


def test_a_plan_is_counted_by_kind_and_stands_under_ancestors_without_uuids() -> None:
    account = tree_of_ends(3)
    told = plain(plan_blocks(account)).splitlines()
    assert told[0] == told[-1] and told[0].startswith("Planned")
    assert "org units              0          0        6        0" in told
    at = told.index("ROOT")
    assert told[at : at + 9] == [
        "ROOT",
        "  − D0: ended from 2026-03-01",
        "  − D1: ended from 2026-03-01",
        "  − D2: ended from 2026-03-01",
        "  D1",
        "    − D1-0: ended from 2026-03-01",
        "  D2",
        "    − D2-0: ended from 2026-03-01",
        "    − D2-1: ended from 2026-03-01",
    ]
    verbose = plain(plan_blocks(account, verbose=True))
    assert f"      d2-1 ({REF})\n" in verbose and "ROOT  [root]\n" in verbose
