"""The uuids that follow from the data: MO databases hold them, so they must come out exactly like this."""

from __future__ import annotations

from functools import lru_cache
from hashlib import md5
from typing import Final

WRITTEN: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""A pattern: a uuid as it is written, with dashes and small letters."""


def _hashed(text: str) -> str:
    digits = md5(text.encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_AAK = _hashed("AAK")
_SEED = _hashed("aarhus-los")


@lru_cache(1024)
def object_uuid(text: str) -> str:
    """The uuid of an address, a person, an account or a manager: namespace `AAK`. Asked for again and again in a row."""
    return _hashed(_AAK + text)


def seed_uuid(name: str) -> str:
    """The uuid of a seeded facet, class or IT system: namespace `aarhus-los`."""
    return _hashed(_SEED + name)


LINE_ORGANISATION: Final = seed_uuid("LINJE_ORG_HIERARCHY")
OUTSIDE_LINE: Final = seed_uuid("IKKE_LINJE_ORG_HIERARCHY")
UNKNOWN_TYPE: Final = seed_uuid("UNIT_TYPE_UNKNOWN")
PRIMARY: Final = seed_uuid("PRIMARY")
NOT_PRIMARY: Final = seed_uuid("NOT_PRIMARY")
EMAIL_TYPE: Final = seed_uuid("PERSON_EMAIL")
"""The seeded classes that rules name."""
