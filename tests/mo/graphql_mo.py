"""What MO's GraphQL shows of objects that a test holds: queries are executed against MO's own schema."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from tests.mo.stand_in import Received
from tests.scripted_http import Reply

SCHEMA = Path(__file__).parents[1] / "data" / "mo" / "schema.graphql"


@cache
def mo_schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text(encoding="utf-8"))


@cache
def document(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """A query, and what is wrong with it."""
    read = parse(query)
    return read, validate(mo_schema(), read)


def from_to(start: str | None, end: str | None) -> dict[str, str | None]:
    """A validity as GraphQL shows it since v29: `end` is exclusive, both are timestamps of local time."""
    return {
        "from": None if start is None else f"{start}T00:00:00+01:00",
        "to": None if end is None else f"{end}T00:00:00+02:00",
    }


Held = dict[str, dict[str, list[dict[str, Any]]]]


@dataclass
class GraphQlMo:
    """`held[collection][uuid]` are the validities of an object; who touches one of `poisoned` gets an error."""

    held: Held = field(default_factory=lambda: defaultdict(dict))
    before: tuple[datetime, Held] | None = None
    """What it held before an instant."""
    poisoned: set[str] = field(default_factory=set)
    org: dict[str, Any] = field(default_factory=dict)
    most: int = 0
    """The longest list of keys that was asked for."""

    def answer(self, received: Received) -> Reply:
        root = {
            name: self._resolver(name) for name in ("facets", "classes", "itsystems", "org_units", "persons")
        }
        root |= {name: self._resolver(name) for name in ("engagements", "addresses", "itusers", "managers")}
        query, errors = document(received.body["query"])
        if errors:
            return Reply(200, ExecutionResult(None, errors).formatted)
        result = execute_sync(
            mo_schema(),
            query,
            root_value={**root, "org": self.org},
            variable_values=received.body["variables"],
        )
        return Reply(200, result.formatted)

    def _resolver(self, collection: str) -> Callable[..., dict[str, Any]]:
        def resolve(
            info: Any,
            filter: dict[str, Any],
            limit: int | None = None,
            cursor: int | None = None,
            **others: Any,
        ) -> dict[str, Any]:
            assert filter["from_date"] is None and filter["to_date"] is None
            begin = int(cursor or 0)
            at = filter.get("registration_time")
            held = self._as_of(at)
            matching = [uuid for uuid in held[collection] if self._matches(held, collection, uuid, filter)]
            shown = matching[begin:] if limit is None else matching[begin : begin + limit]
            more = None if limit is None or begin + limit >= len(matching) else begin + limit
            return {
                "objects": [
                    {"uuid": uuid, "validities": self._validities(held[collection][uuid], uuid, at)}
                    for uuid in shown
                ],
                "page_info": {"next_cursor": more},
            }

        return resolve

    def _as_of(self, at: str | None) -> Held:
        """An instant shows what was registered just then."""
        if at is None or self.before is None:
            return self.held
        instant = datetime.fromisoformat(at)
        assert instant.tzinfo is not None, "MO would take it for a Danish one"
        return self.before[1] if instant < self.before[0] else self.held

    def _validities(
        self, validities: list[dict[str, Any]], uuid: str, at: str | None
    ) -> Callable[..., list[dict[str, Any]]]:
        def resolve(info: Any, start: None, end: None, **others: Any) -> list[dict[str, Any]]:
            assert others.get("registration_time") == at, "both, or MO shows the present"
            if uuid in self.poisoned:
                raise GraphQLError("1 validation error for ParsingModel: 0101851237 is not allowed")
            return validities

        return resolve

    def _matches(self, held: Held, collection: str, uuid: str, filter: dict[str, Any]) -> bool:
        validities = held[collection][uuid]
        keys: list[str]
        for name, of in (
            ("cpr_numbers", "cpr_number"),
            ("employees", "employee_uuid"),
            ("org_units", "org_unit_uuid"),
        ):
            if filter.get(name) is not None:
                keys = filter[name]
                self.most = max(self.most, len(keys))
                return any(validity[of] in keys for validity in validities)
        if filter.get("facet") is not None:
            facets = {
                facet
                for facet, shown in held["facets"].items()
                if shown[0]["user_key"] in filter["facet"]["user_keys"]
            }
            return validities[0]["facet_uuid"] in facets
        if filter.get("uuids") is not None:
            self.most = max(self.most, len(filter["uuids"]))
            return uuid in filter["uuids"]
        return True
