from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.addresses.answers import read_answer
from aarhus_los.addresses.outcomes import Found, Unknown, Unsafe
from tests.addresses.stand_in import MISS, vask

UUID = "0a3f50c4-379f-32b8-e044-0003ba298018"
DESIGNATION = "Skt. Johannes Allé 2, 8000 Aarhus C"


@pytest.mark.parametrize("kode", [1000, 900, "1000"])
@pytest.mark.parametrize("status", [3, "3"])
def test_a_hit_in_force_is_found(kode: Any, status: Any) -> None:
    assert read_answer(vask(kode, status=status)) == Found(UUID, DESIGNATION)
    assert read_answer(vask(kode, status=status, virkningtil=None)) == Found(UUID, DESIGNATION)


def test_the_uuid_is_lower_case() -> None:
    assert read_answer(vask(uuid=UUID.upper())) == Found(UUID, DESIGNATION)


def test_a_former_designation_is_found_too() -> None:
    document = json.loads(vask())
    document["vaskeresultat_historisk"]["adressebetegnelse"] = "Vestergade 2, 8000 Aarhus C"
    assert read_answer(json.dumps(document)) == Found(UUID, DESIGNATION)


@pytest.mark.parametrize("kode", [800, 700, 999, 1, 1001])
def test_any_other_positive_code_is_not_safe(kode: int) -> None:
    outcome = read_answer(vask(kode, tekst="Interval"))
    assert isinstance(outcome, Unsafe)
    assert (outcome.kode, outcome.text, outcome.suggestion) == (kode, "Interval", DESIGNATION)
    assert outcome.why


@pytest.mark.parametrize("kode", [1000, 900])
@pytest.mark.parametrize(
    ("status", "more"),
    [(2, {}), (4, {}), ("4", {}), (5, {}), (17, {}), (3, {"virkningtil": "2026-11-01T00:00:00Z"})],
)
def test_a_hit_that_is_not_in_force_for_good_is_not_safe(
    kode: int, status: Any, more: dict[str, Any]
) -> None:
    outcome = read_answer(vask(kode, status=status, **more))
    assert isinstance(outcome, Unsafe)
    assert (outcome.kode, outcome.suggestion) == (kode, DESIGNATION)
    assert outcome.why


@pytest.mark.parametrize("kode", [-300, -500, -600, -1000, -17])
def test_a_negative_code_is_unknown(kode: int) -> None:
    assert read_answer(vask(kode, None, None, "Nej", None)) == Unknown(kode, "Nej")


def test_a_miss_as_recorded() -> None:
    assert read_answer(MISS) == Unknown(-1000, "Tekst kan ikke genkendes som en adresse")


def test_a_miss_needs_no_result() -> None:
    assert read_answer('{"vaskestatus": {"kode": -300, "tekst": null}}') == Unknown(-300, "")


def test_texts_come_out_as_one_short_printable_line() -> None:
    outcome = read_answer(vask(-1000, None, None, "en\nto\x1b[31m \ud800" + "x" * 1000, None))
    assert isinstance(outcome, Unknown)
    assert outcome.text.startswith("en to [31m xxx")
    assert len(outcome.text) == 300


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>Log in</html>",
        vask()[:-10],
        "null",
        "[]",
        "{}",
        '{"vaskestatus": []}',
        '{"vaskestatus": {"kode": 1000}}',
        '{"vaskestatus": {"kode": 1000}, "vaskeresultat": null}',
        '{"vaskestatus": {"kode": -1000, "tekst": "x"}, "vaskeresultat": [1]}',
        vask(kode=None),
        vask(kode=True),
        vask(kode=1000.0),
        vask(kode="tusind"),
        vask(kode=[1000]),
        vask(tekst={"da": "Eksakt"}),
        vask(status=None),
        vask(status=True),
        vask(status=[3]),
        vask(designation=17),
        vask(uuid=None),
        vask(uuid=17),
        vask(uuid=""),
        vask(uuid="{" + UUID + "}"),
        vask(uuid=UUID.replace("-", "")),
        vask(uuid=UUID[:-1]),
        "[" * 100_000,
        '{"vaskestatus": {"kode": ' + "9" * 10_000 + "}}",
    ],
    ids=lambda body: body[:60],
)
def test_anything_else_is_not_an_answer(body: str) -> None:
    with pytest.raises(ValueError, match=r"^not an answer of Adressevask$"):
        read_answer(body)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([UUID, 1000, 900, 3, "3"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kode", "tekst", "adresse_id_lokalid", "status", "virkningtil"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(st.fixed_dictionaries({"vaskestatus": _JSON, "vaskeresultat": _JSON}) | _JSON)
def test_whatever_json_comes_only_a_hit_in_force_is_found(document: Any) -> None:
    try:
        outcome = read_answer(json.dumps(document))
    except ValueError:
        return
    if isinstance(outcome, Found):
        result = document["vaskeresultat"]
        assert int(document["vaskestatus"]["kode"]) in (1000, 900)
        assert int(result["status"]) == 3
        assert result.get("virkningtil") is None
        assert result["adresse_id_lokalid"] == outcome.uuid == UUID
