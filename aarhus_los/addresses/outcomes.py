"""What becomes of an address text: a DAR uuid, or the reason why there is none.

Pure values, apart from the service that gives them: what works out the desired state needs these and no network.
Each has a `kind`, its name in accounts and in the cache.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from aarhus_los.uuids import WRITTEN

_PLAIN: Final = re.compile(WRITTEN)


class _Outcome(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)


class Found(_Outcome, frozen=True, tag="found"):
    """One address in force, safe to use."""

    uuid: str
    """The uuid of the address in DAR: lower case, with dashes."""
    designation: str
    """The address as DAR writes it, for people."""

    def __post_init__(self) -> None:
        if not _PLAIN.fullmatch(self.uuid):
            raise ValueError("not a uuid in its plain form")


class Unsafe(_Outcome, frozen=True, tag="unsafe"):
    """The service found something that is not safe to use: listed for people, never applied, not pending."""

    kode: int
    text: str
    """The service's own words (`tekst`)."""
    suggestion: str = ""
    why: str = ""
    """Why it is not used."""


class Unknown(_Outcome, frozen=True, tag="unknown"):
    """The service knows no such address: listed for people, not pending."""

    kode: int
    """The service's own code, negative; or 400 where the text is nothing to ask for at all."""
    text: str
    suggestion: str = ""


class NotLookedUp(_Outcome, frozen=True, tag="not looked up"):
    """The service could not be asked, or not be understood: the row is pending and tried again with the next run."""

    reason: str


class NotAsked(_Outcome, frozen=True, tag="not asked"):
    """Addresses are not looked up at all, by the settings: nothing is claimed and nothing is pending."""


Answer = Found | Unsafe | Unknown
"""What the service said. Only answers are worth remembering."""

Outcome = Answer | NotLookedUp | NotAsked


def normalise(text: str) -> str:
    """The text as the service is asked for it: single spaces, and a space after each comma (it fails without)."""
    return " ".join(text.replace(",", ", ").split())
