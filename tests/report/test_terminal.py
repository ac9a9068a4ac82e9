from __future__ import annotations

import pytest

from aarhus_los.desired.claims import SetAside
from aarhus_los.drop.rows import RowRef
from aarhus_los.report.account import Account
from aarhus_los.report.terminal import account_text
from aarhus_los.selection import Refusal

REF = RowRef("Org_nye_20260209_220000.csv", 2)
TITLE = "What to do next:"


@pytest.mark.parametrize(
    ("account", "step", "last"),
    [
        (Account(set_aside=[SetAside(REF, "", "wrong", pending=False)]), "mended and sent again", "exit 1."),
        (Account(set_aside=[SetAside(REF, "", "unknown", pending=True)]), "--accept-rejects", "exit 1."),
        (
            Account(refused=[Refusal("Org_nye_20260209_220000.csv", "a column is missing", 65)]),
            "sent again, mended",
            "exit 65.",
        ),
        (Account(refused=[Refusal("Org_nye_20260209_220000.csv", "late", 1)]), "--allow-late", "exit 1."),
        (Account(brakes=["the plan has 51 unit ends"]), "los-import plan", "exit 65."),
        (Account(stopped="MO: no connection"), "los-import check", "exit 69."),
        (Account(differences=["org_unit: it is not there"]), "who else wrote to MO", "exit 70."),
    ],
    ids=["rejected", "pending", "refused", "late", "brake", "stopped", "difference"],
)
def test_whatever_is_wrong_comes_with_what_to_do_next(account: Account, step: str, last: str) -> None:
    lines = account_text(account).splitlines()
    steps = lines[lines.index(TITLE) + 1 : -1]
    assert len(steps) == 1
    assert step in steps[0]
    assert lines[-1].endswith(last)


def test_where_nothing_is_wrong_nothing_is_to_be_done() -> None:
    assert TITLE not in account_text(Account())


def test_rows_that_were_given_up_are_not_waited_for() -> None:
    account = Account(set_aside=[SetAside(REF, "", "unknown", pending=True)], rows_accepted=True)
    assert TITLE not in account_text(account)


def test_a_plan_does_not_claim_that_anything_was_done() -> None:
    told = account_text(Account(set_aside=[SetAside(REF, "", "wrong", pending=False)], dry=True))
    assert "Planned, nothing was written; some rows" in told.splitlines()[-1]
    assert "Done" not in told
    assert "reject files" not in told
