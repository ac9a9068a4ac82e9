"""How MO refuses: its error keys, and the bodies that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MoError(Exception):
    """MO refuses a request; nothing of it takes effect."""

    def __init__(self, status: int, key: str, description: str, /, **context: Any) -> None:
        super().__init__(description)
        self.status = status
        self.key = key
        self.description = description
        self.context = context

    @property
    def body(self) -> dict[str, Any]:
        """What MO answers."""
        return {
            "error": True,
            "description": self.description,
            "status": self.status,
            "error_key": self.key,
            **self.context,
        }


class DefectError(MoError):
    """MO's own code fails: REST answers 500 as to all that is unforeseen, GraphQL with the bare text of the failure."""

    def __init__(self, description: str) -> None:
        super().__init__(500, "E_UNKNOWN", description)


class NotModelledError(Exception):
    """The request may be right, but the importer never sends it: answered 501, lest a test rests on a guess."""


def unforeseen(description: str = "Unknown Error.") -> MoError:
    """What MO does not foresee, its database's failures above all; REST also closes the connection after it."""
    return MoError(500, "E_UNKNOWN", description)


def missing(key: str, source: Mapping[str, Any] | None, description: str | None = None) -> MoError:
    """A field that MO needs and did not get."""
    return MoError(400, "V_MISSING_REQUIRED_VALUE", description or f"Missing {key}", key=key, obj=source)


def unit_not_found(uuid: str) -> MoError:
    """An org unit that MO does not have."""
    return MoError(404, "E_ORG_UNIT_NOT_FOUND", "Org unit not found.", org_unit_uuid=uuid)


def not_found(**context: Any) -> MoError:
    """An object that MO does not have."""
    return MoError(404, "E_NOT_FOUND", "Not found.", **context)
