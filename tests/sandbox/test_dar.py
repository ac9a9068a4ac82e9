"""The stand-in address service: its rule, its errors in plain text, and lookups of what it has washed."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

import pytest
import requests

from aarhus_los.sandbox.dar import DarServer, address_uuid
from aarhus_los.sandbox.http_stand_in import Answer, Phase

TOKEN = "0123456789"
TEXT = "Skt. Johannes Allé 2, 8000 Aarhus C"

UNHEARD_OF = "7f1f8a3e-5c0d-4b1e-9d43-0a6f7e2c9b10"


@pytest.fixture
def dar() -> Iterator[DarServer]:
    with DarServer() as server:
        yield server


def get(dar: DarServer, path: str, **query: str) -> requests.Response:
    return requests.get(dar.url + path, params={"token": TOKEN, **query}, timeout=10)


def test_a_text_with_a_postal_code_is_found(dar: DarServer) -> None:
    answer = get(dar, "/vask/", adresse=f"  {TEXT.replace(' ', '  ')} ")
    assert answer.status_code == 200
    assert answer.json() == {
        "vaskestatus": {"kode": 1000, "tekst": "Eksakt match"},
        "vaskeresultat": {
            "adresse_id_lokalid": str(uuid5(NAMESPACE_URL, TEXT)),
            "adressebetegnelse": TEXT,
            "status": 3,
        },
        "vaskeresultat_historisk": {"adressebetegnelse": None},
    }
    assert address_uuid(TEXT) == str(uuid5(NAMESPACE_URL, TEXT))


@pytest.mark.parametrize(
    ("text", "code", "found", "status"),
    [
        ("Vestergade 12, 8000", 1000, True, 3),
        ("Hal 2000, Vej 1, 8000 Aarhus", 1000, True, 3),
        ("Vestergade 1-5, 8000 Aarhus C", 800, True, 3),
        ("Vestergade 12A - 14B, 8000 Aarhus C", 800, True, 3),
        ("Nedlagt Skole 1, 8000 Aarhus C", 1000, True, 4),
        ("Ukendt Vej 1, 8000 Aarhus C", -1000, False, None),
        ("Vestergade 12,8000 Aarhus C", -1000, False, None),
        ("Vej 1, 3900 Nuuk", -1000, False, None),
        ("Vestergade 12", -300, False, None),
        ("Vestergade 12, 80000 Aarhus", -300, False, None),
    ],
)
def test_codes(dar: DarServer, text: str, code: int, found: bool, status: int | None) -> None:
    answer = get(dar, "/vask/", adresse=text).json()
    assert answer["vaskestatus"]["kode"] == code
    result = answer["vaskeresultat"]
    assert result["adresse_id_lokalid"] == (address_uuid(text) if found else None)
    assert result["status"] == status


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/vask/", {"adresse": TEXT, "token": ""}, 401),
        ("/vask/", {"adresse": TEXT, "token": "123456789"}, 401),
        ("/adresser", {"id_lokalids": "x", "token": ""}, 401),
        ("/vask/", {"adresse": ""}, 400),
        ("/vask/", {"adresse": "Nede 1, 8000 Aarhus C"}, 503),
        ("/adresser", {}, 400),
        ("/adresser", {"id_lokalids": ",".join(["x"] * 101)}, 400),
        ("/adresser", {"id_lokalids": UNHEARD_OF}, 404),
        (f"/adresser/{UNHEARD_OF}", {}, 404),
        ("/adresser/x", {}, 404),
        ("/vask", {"adresse": TEXT}, 501),
    ],
)
def test_errors_are_plain_text(dar: DarServer, path: str, query: dict[str, str], status: int) -> None:
    answer = get(dar, path, **query)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/plain; charset=utf-8")


def test_what_was_washed_is_looked_up_by_uuid_unless_it_is_decommissioned(dar: DarServer) -> None:
    gone = "Nedlagt Skole 1, 8000 Aarhus C"
    for text in (TEXT, gone):
        get(dar, "/vask/", adresse=text)
    one = get(dar, f"/adresser/{address_uuid(TEXT)}").json()
    assert one["status"] == "ok"
    address = one["adresse"]
    assert (address["adressebetegnelse"], address["status"]) == (TEXT, "3")
    assert address["husnummer"]["postnummer"]["postnr"] == "8000"
    assert get(dar, f"/adresser/{address_uuid(gone)}").status_code == 404
    both = get(dar, "/adresser", id_lokalids=f"{address_uuid(TEXT)},{address_uuid(gone)}").json()
    assert both == {"status": "ok", "adresser": [address]}


def test_requests_are_remembered_without_their_token_and_can_be_intercepted(dar: DarServer) -> None:
    gone = Answer.text(410, "Gone")
    dar.intercept = lambda request, phase: gone if phase is Phase.BEFORE else None
    assert get(dar, "/vask/", adresse=TEXT).status_code == 410
    assert [(each.method, each.path, each.status) for each in dar.requests] == [("GET", "/vask/", 410)]
