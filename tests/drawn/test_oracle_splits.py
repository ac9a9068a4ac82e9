"""The oracle against itself: folding some files, and then the others over what that gave, is folding all of them.

Where rows that are set aside could heal, and where MO cannot hold what it is to say of a mark, that is not so by design.
"""

from __future__ import annotations

from datetime import date

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.drawn.cells import Bad
from tests.drawn.dice import HypothesisDice, chance, one_of
from tests.drawn.draw import FAMILIES, Calendar, drop
from tests.drawn.draw_mo import mo_before
from tests.drawn.oracle import fold
from tests.drawn.world import Mo, empty_mo
from tests.properties import examples

TODAY = date(2026, 8, 1)


def wash(text: str) -> str | None:
    if text.startswith("Nede"):
        raise Bad("down")
    return None if text.startswith("Ukendt") else f"uuid of {text}"


@examples(6, 60, given(st.data(), st.sampled_from(("all", *FAMILIES))))
def test_any_split_is_all_at_once(data: st.DataObject, family: str) -> None:
    dice = HypothesisDice(data)
    calendar = Calendar(dice)
    mo = mo_before(dice, calendar) if chance(dice, 40) else empty_mo()
    files = drop(dice, family, calendar)
    lists = [file for file in files if file.family == "STAM"]
    dated = [file for file in files if file.family != "STAM"]
    at = one_of(dice, range(1, len(dated) + 1))
    once = fold(mo, files, TODAY, wash)
    first = fold(mo, [*lists, *dated[:at]], TODAY, wash)
    assume(all(ref in once.set_aside for ref in first.set_aside))
    second = fold(first.mo, [*lists, *dated[at:]], TODAY, wash)
    assume(all(ref in once.set_aside for ref in second.set_aside))
    assert _without_marks(second.mo) == _without_marks(once.mo)


def _without_marks(mo: Mo) -> Mo:
    return {kind: objects for kind, objects in mo.items() if kind != "mark"}
