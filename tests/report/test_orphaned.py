"""What is said of engagements and managers whose org unit ends and which do not."""

from __future__ import annotations

from datetime import date

from aarhus_los.drop.rows import RowRef
from aarhus_los.mo.model import Engagement, Kind, Manager
from aarhus_los.plan import Action, Operation
from aarhus_los.reason import danish
from aarhus_los.report.orphaned import orphaned
from aarhus_los.timeline import BEGINNING, FOREVER, Piece

UNIT, ELSEWHERE = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
ROW = RowRef("Org_ret_20260301_220000.csv", 2)
END = Operation(Kind.ORG_UNIT, UNIT, Action.TERMINATE, date(2026, 3, 1), FOREVER, None, (), (ROW,))


def test_they_are_counted_in_the_words_of_either_language() -> None:
    engagements = [
        Engagement(str(n), "p", where, "j", "t", None) for n, where in enumerate((UNIT, ELSEWHERE))
    ]
    manager = Manager(UNIT, "p", "t", "l", ("r",))
    histories = {
        f"object {n}": (Piece(BEGINNING, FOREVER, value),) for n, value in enumerate((*engagements, manager))
    }
    over = {"over before": (Piece(BEGINNING, date(2026, 2, 28), manager),)}
    (notice,) = orphaned({UNIT: END}, {**histories, **over}, [])
    assert notice.ref == ROW
    assert notice.text == f"the org unit {UNIT} ends, and 1 engagement and 1 manager outlive it"
    assert danish(notice.text) == f"enheden {UNIT} lukker, men 1 ansættelse og 1 leder fortsætter i den"
