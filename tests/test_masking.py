"""Numbers in free text that could be CPR numbers are masked, and nothing else is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.checks.findings import warning
from aarhus_los.desired.claims import Notice
from aarhus_los.errors import UnavailableError
from aarhus_los.masking import MASK, masked
from aarhus_los.messages import Message
from aarhus_los.reason import code_of, danish
from aarhus_los.selection import Refusal


@pytest.mark.parametrize(
    "number",
    [
        "0102031234",
        "010203-1234",
        "010203 1234",
        "010203\u00a01234",
        "010203 - 1234",
        "010203–1234",
        "3112991234",
        "3102701999",  # no such day, but who knows that who reads it?
        "6102031234",  # of somebody without a number of the register
        "9112991234",
    ],
)
@pytest.mark.parametrize("around", ["{}", "Kim {} Holm", "cpr:{}.", "({})", "x{}y", "+45{}"[3:] + ";1"])
def test_what_could_be_a_cpr_number_is_masked(number: str, around: str) -> None:
    assert masked(around.format(number)) == around.format(MASK)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ågade 1, 8000 Aarhus C",
        "5790000000001",  # EAN
        "12345678",  # CVR
        "0002031234",  # no day 0
        "3202031234",
        "0113031234",  # no month 13
        "0100031234",
        "010203123",
        "01020312345",
        "010203/1234",
        "Org_nye_20260209_220000.csv:17",
        "2026-02-09T22:00:00.123456+01:00",
        "run_20260209T220000123456.json",
        "ab010203-1234-4abc-8def-0102031234ab",
        "f0a010203-1234",
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert masked(text) == (text if text != "f0a010203-1234" else f"f0a{MASK}")


def test_a_number_beside_a_uuid_is_masked_and_the_uuid_is_not() -> None:
    uuid = "ab010203-1234-4abc-8def-0102031234ab"
    assert masked(f"{uuid} 0102031234 {uuid.upper()}") == f"{uuid} {MASK} {uuid.upper()}"


def test_where_any_digits_may_be_one_the_day_is_no_matter() -> None:
    assert masked("9999991234", any_digits=True) == MASK
    assert masked("9999991234") == "9999991234"


@given(st.text(st.sampled_from("0123456789-– ax"), max_size=40))
def test_no_ten_digits_that_could_be_one_are_left(text: str) -> None:
    left = masked(text)
    assert masked(left) == left
    for found in re.finditer(r"(?<![0-9])([0-9]{2})([0-9]{2})[0-9]{2}[- ]?[0-9]{4}(?![0-9])", left):
        day, month = int(found[1]), int(found[2])
        assert not (1 <= day % 60 <= 31 and 1 <= month <= 12)


def test_whatever_is_told_is_masked_in_both_languages() -> None:
    reason = Message.MO_CANNOT_SHOW(uuid="x", reason="no 010203-1234 here")
    assert "010203" not in reason
    assert "010203" not in danish(reason)
    assert MASK in danish(Notice(reason).text)
    assert str(Notice("a file 0102031234.csv")) == f"a file {MASK}.csv"
    refusal = Refusal("0102031234.csv", "not 010203-1234", 65)
    assert (refusal.file, refusal.reason) == (f"{MASK}.csv", f"not {MASK}")
    assert warning("drop", "a file 0102031234.csv").text == f"a file {MASK}.csv"
    assert str(UnavailableError("550 0102031234.csv", lasting=True)).startswith(f"550 {MASK}.csv")


@pytest.mark.parametrize("uuid", ["4c9c6a10-0102-4031-8123-0102031234ab", "no uuid"])
def test_a_text_in_which_nothing_is_masked_keeps_its_danish(uuid: str) -> None:
    reason = Message.UNKNOWN_PARENT(uuid=uuid)
    for text in (masked(reason), Notice(reason).text, Refusal("a.csv", reason, 65).reason):
        assert (danish(text), code_of(text)) == (
            f"hverken MO eller LOS-filerne har overenheden {uuid}",
            "unknown-parent",
        )
