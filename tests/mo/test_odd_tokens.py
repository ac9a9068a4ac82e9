"""Whatever a token endpoint answers: a token that is good for a while, or an error for people. Never a defect."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aarhus_los.answer import LONGEST_ASKED, Answer, Unsettled
from aarhus_los.errors import UnavailableError
from aarhus_los.mo import token
from tests.mo.stand_in import StandIn
from tests.scripted_http import Reply

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(
    SCALARS, lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3)
)


def understood(content: bytes, status: int = 200) -> token._Token | None:
    try:
        return token._understood(Answer(status, content), 1000.0, "the token endpoint")
    except (Unsettled, UnavailableError) as error:
        assert "secret-of-nobody" not in str(error)
        return None


def answer(**body: object) -> bytes:
    return json.dumps(body).encode()


@given(ANYTHING, ANYTHING)
@example("secret-of-nobody", 10**400)
@example("secret-of-nobody", -1)
@example("secret-of-nobody", float("nan"))
@example("secret-of-nobody", float("inf"))
@example("secret-of-nobody", True)
@example("secret-of-nobody\ud800", 60)
@example("secret-of-nobody\n", 60)
@example("x" * 1_000_000, 60)
def test_any_answer_is_a_token_for_a_while_or_none(text: object, lifetime: object) -> None:
    found = understood(answer(access_token=text, expires_in=lifetime))
    if found is not None:
        assert found.text == text
        assert len(found.text) <= token.MOST_LETTERS
        assert found.text.isascii() and found.text.isprintable() and " " not in found.text
        assert 1000.0 < found.renew <= 1000.0 + token.LONGEST


@given(st.binary(), st.integers(100, 599))
@example(b"[" * 100_000, 200)
@example(b'{"access_token": "secret-of-nobody", "expires_in": ' + b"9" * 10_000 + b"}", 200)
@example(b'{"access_token": "secret-of-nobody", "expires_in": 1e999}', 200)
def test_any_bytes_and_status_are_understood(content: bytes, status: int) -> None:
    understood(content, status)


@pytest.mark.parametrize("lifetime", [True, -1, 0, None, "300", float("nan"), [], {}])
def test_a_lifetime_that_is_none_counts_as_a_short_one(lifetime: object) -> None:
    found = understood(answer(access_token="token", expires_in=lifetime))
    assert found is not None
    assert found.renew == 1000.0 + token.LIFETIME - token.MARGIN


@given(st.text() | st.integers().map(str))
@example("9" * 400)
@example("9" * 10_000)
@example("-9" + "9" * 400)
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("²")
@example("١٢")
def test_any_retry_after_is_so_many_seconds(text: str) -> None:
    assert 0.0 <= Answer(503, b"", {"Retry-After": text}).retry_after <= LONGEST_ASKED


def test_a_retry_after_says_seconds_or_when() -> None:
    assert Answer(503, b"", {"Retry-After": " 17 "}).retry_after == 17
    later = datetime.now(UTC).replace(microsecond=0).timestamp() + 3600
    text = datetime.fromtimestamp(later, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert 3590 < Answer(503, b"", {"Retry-After": text}).retry_after <= 3600


def test_a_huge_lifetime_over_the_wire_is_no_defect(mo: StandIn) -> None:
    mo.answer = lambda received: Reply(200, {})
    mo.token_script.append(Reply(200, {"access_token": "token-9", "expires_in": 10**400}))
    with mo.client(auth=mo.auth) as client:
        client.get("/service/o/")
    assert [received.token for received in mo.received] == ["token-9"]
