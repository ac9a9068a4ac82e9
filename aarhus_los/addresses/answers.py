"""What Adressevask's answer to a look-up means: whether there is one address, in force, that is safe to use."""

from __future__ import annotations

import json
from typing import Any, Final

from aarhus_los.addresses.outcomes import Answer, Found, Unknown, Unsafe
from aarhus_los.messages import Message

_ACCEPTED: Final = frozenset({1000, 900})
"""An exact hit, and one where nothing but the spelling of the road name differs."""
_INTERVALS: Final = frozenset({800, 700})
_IN_FORCE: Final = 3
_STATUS_WORDS: Final = {2: "provisional", 4: "decommissioned", 5: "dropped"}
_LONGEST_TEXT: Final = 300


def read_answer(body: str) -> Answer:
    """The meaning of the JSON of an HTTP 200. Raises ValueError, without a value in it, for what is no such answer."""
    try:
        document = _mapping(json.loads(body))
        status = _mapping(document.get("vaskestatus"))
        kode, text = _number(status.get("kode")), _line(status.get("tekst"))
        if kode in _ACCEPTED:
            return _hit(kode, text, _mapping(document.get("vaskeresultat")))
        suggestion = _line(_mapping(document.get("vaskeresultat") or {}).get("adressebetegnelse"))
    except (ValueError, RecursionError):
        raise ValueError("not an answer of Adressevask") from None
    if kode <= 0:
        return Unknown(kode, text, suggestion)
    why = Message.ADDRESS_INTERVAL() if kode in _INTERVALS else Message.ADDRESS_CODE()
    return Unsafe(kode, text, suggestion, why)


def printable(text: str) -> str:
    """The text of a stranger as one line that can be shown, written and encoded."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_LONGEST_TEXT]


def _hit(kode: int, text: str, result: dict[str, Any]) -> Found | Unsafe:
    designation = _line(result.get("adressebetegnelse"))
    status = _number(result.get("status"))
    if status != _IN_FORCE:
        word = _STATUS_WORDS.get(status, "not known")
        return Unsafe(kode, text, designation, Message.ADDRESS_NOT_IN_FORCE(status=status, word=word))
    if result.get("virkningtil") is not None:
        return Unsafe(kode, text, designation, Message.ADDRESS_ENDS())
    uuid = result.get("adresse_id_lokalid")
    if not isinstance(uuid, str):
        raise ValueError("not a uuid")
    return Found(uuid.lower(), designation)


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _number(value: object) -> int:
    """A whole number, which the service writes as a number here and as a string there."""
    if isinstance(value, str):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("not a number")


def _line(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("not a text")
    return printable(value)
