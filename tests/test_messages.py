"""Messages: English and Danish say the same of the same parameters."""

from __future__ import annotations

import json
import string
from datetime import date

import pytest

from aarhus_los.messages import Message
from aarhus_los.reason import Reason, code_of, danish


def test_both_languages_have_the_same_parameters() -> None:
    for message in Message:
        in_danish = {name for _, name, _, _ in string.Formatter().parse(message.danish) if name}
        assert in_danish == message.params, message.name
        params = dict.fromkeys(message.params, 2)
        reason = message(**params)
        assert "{" not in reason + reason.danish, message.name
        assert reason.danish.strip() and reason.strip(), message.name


def test_a_reason_is_its_english_text_and_knows_the_other() -> None:
    reason = Message.UNKNOWN_PARENT(uuid="4a")
    assert reason == "neither MO nor the drop has the parent 4a"
    assert danish(reason) == "hverken MO eller LOS-filerne har overenheden 4a"
    assert code_of(reason) == "unknown-parent"
    assert json.loads(json.dumps([reason])) == [reason]


def test_a_reason_survives_the_way_through_an_exception() -> None:
    assert isinstance(str(ValueError(Message.EMPTY())), Reason)


def test_a_plain_text_is_shown_as_it_is() -> None:
    assert (danish("Boom"), code_of("Boom")) == ("Boom", "")


def test_parameters_are_said_in_the_language_of_the_text() -> None:
    overlap = Message.OVERLAPS(line=4, day=date(2026, 3, 1))
    assert overlap == "overlaps line 4 and differs: from 2026-03-01 on this row wins"
    assert overlap.danish == "overlapper linje 4 og er anderledes: fra 01-03-2026 gælder denne række"
    inner = Message.MO_HAS_NO_SUCH()
    assert (
        danish(Message.MO_CANNOT_SHOW(uuid="7", reason=inner))
        == "MO kan ikke vise 7: MO svarede, at det ikke findes"
    )


def test_a_number_takes_its_noun() -> None:
    assert "1 engagement and 0 managers" in Message.ORPHANED(unit="u", engagements=1, managers=0)
    assert "2 ansættelser og 1 leder " in danish(Message.ORPHANED(unit="u", engagements=2, managers=1))


@pytest.mark.parametrize("params", [{}, {"uuid": "4a", "line": 3}])
def test_parameters_that_are_not_those_of_the_template_are_a_defect(params: dict[str, str]) -> None:
    with pytest.raises((KeyError, TypeError)):
        Message.UNKNOWN_PARENT(**params)
