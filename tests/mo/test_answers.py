from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.mo.answers import LONGEST, scrub

UUID = "12345678-1234-4123-8123-123456789012"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cpr 0101851237.", "cpr **********."),
        ("cpr 010185-1237", "cpr **********"),
        ("cpr 010185 1237", "cpr **********"),
        ("cpr0101851237x", "cpr**********x"),
        ("'0101851237','0202851238'", "'**********','**********'"),
        (f"object {UUID} from 2020-01-01", f"object {UUID} from 2020-01-01"),
        ("EAN 5790000123456", "EAN 5790000123456"),
        ("two\n\n  lines", "two lines"),
    ],
)
def test_cpr_numbers_are_masked_and_nothing_else(text: str, told: str) -> None:
    assert scrub(text) == told


@given(st.text(st.sampled_from("0123456789- \nab,"), max_size=1000))
def test_no_text_lets_a_cpr_number_through(text: str) -> None:
    told = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", scrub(text))
    assert not re.search(r"(?<!\d)\d{6}[- ]?\d{4}(?!\d)", told)
    assert len(told) <= LONGEST
