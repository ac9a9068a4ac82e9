from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.addresses.outcomes import Found, normalise


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Vestergade 12, 8000 Aarhus C", "Vestergade 12, 8000 Aarhus C"),
        ("Vestergade 12,8000 Aarhus C", "Vestergade 12, 8000 Aarhus C"),
        ("  Vestergade   12 ,\t8000\u00a0Aarhus C ", "Vestergade 12 , 8000 Aarhus C"),
        ("Ærøgade 1,,8000", "Ærøgade 1, , 8000"),
        ("Vestergade 12,", "Vestergade 12,"),
        ("   ", ""),
    ],
)
def test_spaces_are_single_and_follow_each_comma(text: str, normal: str) -> None:
    assert normalise(text) == normal


@given(st.text(alphabet=st.sampled_from("aØ1, \t\n\u00a0")))
def test_normalising_again_changes_nothing_and_loses_no_sign(text: str) -> None:
    normal = normalise(text)
    assert normalise(normal) == normal
    assert "".join(normal.split()) == "".join(text.split())


@pytest.mark.parametrize(
    "uuid",
    [
        "",
        "0A3F50C4-379F-32B8-E044-0003BA298018",
        "{0a3f50c4-379f-32b8-e044-0003ba298018}",
        "0a3f50c4379f32b8e0440003ba298018",
        "0a3f50c4-379f-32b8-e044-0003ba29801",
    ],
)
def test_a_found_address_has_a_plain_uuid(uuid: str) -> None:
    with pytest.raises(ValueError):
        Found(uuid, "Vestergade 12, 8000 Aarhus C")
