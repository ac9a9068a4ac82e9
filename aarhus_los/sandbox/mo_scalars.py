"""The scalars of MO's GraphQL schema: what is accepted, and how a value that is not is refused."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema

from aarhus_los.sandbox.moments import moment


def encode_cursor(uuid: str) -> str:
    """The cursor of the page that begins after an object; opaque to clients."""
    return base64.urlsafe_b64encode(uuid.encode()).decode()


def install(schema: GraphQLSchema) -> None:
    """Teaches the scalars of a schema built from SDL to read their values."""
    for name, parse in _PARSERS.items():
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        # The one name of it is graphql-core 3.2's, the other 3.3's.
        for attribute in ("parse_value", "coerce_input_value"):
            setattr(scalar, attribute, parse)


def _parser(name: str, parse: Callable[[str], Any]) -> Callable[[Any], Any]:
    def parsed(value: Any) -> Any:
        try:
            return parse(value)
        except (AttributeError, TypeError, ValueError) as error:
            raise GraphQLError(f'Value cannot represent a {name}: "{value}". {error}') from None

    return parsed


def _cpr(value: str) -> str:
    if len(value) != 10 or not value.isdigit():
        raise ValueError("not ten digits")
    return value


def _cursor(value: str) -> str:
    try:
        return base64.urlsafe_b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("not a cursor of this server") from None


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("not an integer")
    return int(value)


_PARSERS: Final[dict[str, Callable[[Any], Any]]] = {
    "UUID": _parser("UUID", lambda value: str(UUID(value))),
    "DateTime": _parser("DateTime", moment),
    "CPR": _parser("CPR", _cpr),
    "Cursor": _parser("Cursor", _cursor),
    "int": _parser("int", _int),
}
