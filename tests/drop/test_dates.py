from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.drop.dates import read_date

TIMES = (
    "",
    " 00:00",
    " 0:00",
    " 23:59:59",
    " 23.59.59",
    " 00:00:00.000",
    " 23:59:59.9999999",
    " 00:00:00.0000000 +01:00",
    "T00",
    "T000000Z",
    "T00:00:00Z",
    "T22:59:59-0200",
    "T23:59:59,5+01",
)


@given(
    st.dates(),
    st.sampled_from(["-", "/", "."]),
    st.sampled_from(["", "02"]),
    st.sampled_from(["iso", "basic", "danish"]),
    st.sampled_from(TIMES),
)
def test_a_day_comes_out_as_written_whatever_the_form_time_and_zone(
    day: date, mark: str, width: str, form: str, time: str
) -> None:
    digits = f"{day.day:{width}}", f"{day.month:{width}}"
    text = {
        "iso": f"{day.year:04}-{digits[1]}-{digits[0]}",
        "basic": f"{day.year:04}{day.month:02}{day.day:02}",
        "danish": mark.join([*digits, f"{day.year:04}"]),
    }[form]
    assert read_date(text + time) == day


@pytest.mark.parametrize(
    "text",
    [
        "44197",  # a day number of Excel
        "2958465",
        "2021001",
        "2021-001",
        "2021-W01-1",
        "2021",
        "2021-01",
        "202101",
        "01-01-21",
        "1. januar 2021",
        "01-jan-2021",
        "2021-01-01 12:00:00 AM",
        "2021-01-01 kl. 12",
        "2021/01/01",
        "01-01/2021",
        "0001",
        "٠١-٠١-٢٠٢١",
        "2021-01-01T",
        "10:00",
        "NULL",
    ],
)
def test_what_can_mean_more_than_one_day_or_none_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match="not a date"):
        read_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "30-02-2021",
        "2021-13-01",
        "2021-13-1",
        "13/13/2021",
        "1/13/2021",
        "01-13-2021",
        "20211301",
        "00-00-0000",
        "29.2.2021",
        "0000-1-1",
    ],
)
def test_a_day_that_does_not_exist_is_not_taken_for_another(text: str) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        read_date(text)
