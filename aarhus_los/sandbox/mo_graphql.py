"""The GraphQL interface of the stand-in MO: requests executed by graphql-core against `schema.graphql`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationType,
    build_schema,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from aarhus_los.sandbox import mo_mutations, mo_scalars
from aarhus_los.sandbox.mo_errors import NotModelledError
from aarhus_los.sandbox.mo_filters import find, window
from aarhus_los.sandbox.mo_graphql_types import BELOW_PERSONS, BY_COLLECTION, NEEDED, TYPES, ObjectType
from aarhus_los.sandbox.mo_history import Span
from aarhus_los.sandbox.mo_kinds import full_name
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import BEGINNING, shown_end, shown_start

VERSIONS: Final = range(21, 31)
ADMIN: Final = "admin"


_MUTATIONS: Final = {
    "create": mo_mutations.create,
    "update": mo_mutations.update,
    "terminate": mo_mutations.terminate,
}


@dataclass(frozen=True, slots=True)
class Context:
    """Of whom a request is, and what it asks."""

    store: MoStore
    version: int
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Found:
    """An object in an answer; its validities are looked up when they are asked for."""

    type: ObjectType
    uuid: str


def execute(context: Context, body: Any) -> dict[str, Any]:
    """Answers the body of a POST; the mutations of one request are one transaction, in order.

    Raises NotModelledError for what the schema does not hold.
    """
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return _failed(GraphQLError("No GraphQL query found in the request"))
    try:
        document, problems = _document(body["query"])
    except GraphQLError as error:
        return _failed(error)
    if problems:
        raise NotModelledError("; ".join(problems))
    try:
        with context.store.transaction():
            result = execute_sync(
                schema(),
                document,
                context_value=context,
                variable_values=body.get("variables"),
                operation_name=body.get("operationName"),
            )
            if result.errors:
                raise _RolledBackError(result.errors)
    except _RolledBackError as failure:
        return _failed(*failure.errors)
    return {"data": result.data}


def is_mutation(query: str) -> bool:
    """Whether a request writes; one that cannot be parsed does not."""
    return root_fields(query)[0]


def root_fields(query: str) -> tuple[bool, int]:
    """Whether a request writes, and how many fields it asks for at the top: the mutations that it holds."""
    try:
        document, _ = _document(query)
    except GraphQLError:
        return False, 0
    operation = get_operation_ast(document)
    if operation is None:
        return False, 0
    return operation.operation is OperationType.MUTATION, len(operation.selection_set.selections)


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """The schema with its resolvers."""
    built = build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))
    mo_scalars.install(built)
    query, person = _object(built, "Query"), _object(built, "Employee")
    for each in TYPES:
        query.fields[each.collection].resolve = _collection(each)
        response = _object(built, f"{each.name}Response")
        response.fields["current"].resolve = _current
        response.fields["validities"].resolve = _validities
    for field, collection in BELOW_PERSONS.items():
        person.fields[field].resolve = _collection(BY_COLLECTION[collection], "person")
    query.fields["org"].resolve = _organisation
    for name, mutation in _object(built, "Mutation").fields.items():
        mutation.resolve = _set_municipality_code if name == "org_create" else _mutation(name)
    return built


class _RolledBackError(Exception):
    """Leaves the transaction of a request in which something failed."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


@lru_cache(maxsize=512)
def _document(query: str) -> tuple[DocumentNode, tuple[str, ...]]:
    document = parse(query)
    return document, tuple(error.message for error in validate(schema(), document))


def _object(built: GraphQLSchema, name: str) -> GraphQLObjectType:
    return cast(GraphQLObjectType, built.type_map[name])


def _failed(*errors: GraphQLError) -> dict[str, Any]:
    return {"data": None, "errors": [error.formatted for error in errors]}


def _require(info: GraphQLResolveInfo[Context], role: str) -> Context:
    context = info.context
    if not context.roles & {ADMIN, role}:
        raise GraphQLError(f"User does not have required role: {role}")
    return context


def _collection(each: ObjectType, owner_field: str | None = None) -> Callable[..., dict[str, Any]]:
    def resolve(
        source: Mapping[str, Any] | None, info: GraphQLResolveInfo[Context], **arguments: Any
    ) -> dict[str, Any]:
        context = _require(info, f"read_{each.role}")
        limit = arguments.get("limit")
        owner = None if owner_field is None or source is None else (owner_field, source["uuid"])
        found = find(
            context.store,
            each.kind,
            arguments.get("filter") or {},
            owner=owner,
            after=arguments.get("cursor") or "",
            limit=None if limit is None else limit + 1,
        )
        page = found if limit is None else found[:limit]
        _check_readable(each, page)
        more = len(found) > len(page) and bool(page)
        return {
            "objects": [_Found(each, uuid) for uuid, _ in page],
            "page_info": {"next_cursor": mo_scalars.encode_cursor(page[-1][0]) if more else None},
        }

    return resolve


def _check_readable(each: ObjectType, page: list[tuple[str, list[Span]]]) -> None:
    if each.open:
        return
    column = NEEDED.get(each.kind)
    field = None if column is None else each.columns[column]
    for index, span in enumerate(span for _, spans in page for span in spans):
        if span.start == BEGINNING:
            raise GraphQLError("year 0 is out of range")
        if field is not None and not span.fields.get(field):
            raise GraphQLError(
                f"1 validation error for ParsingModel[list[mora.graphapi.gmodels.mo.{each.model}]]\n"
                f"__root__ -> {index} -> {column}\n"
                "  none is not an allowed value (type=type_error.none.not_allowed)"
            )


def _current(source: _Found, info: GraphQLResolveInfo[Context], **arguments: Any) -> dict[str, Any] | None:
    context = info.context
    day = arguments.get("at") or context.store.clock()
    spans = context.store.active(source.type.kind, source.uuid, day, day)
    return _row(source, spans[0], context.version) if spans else None


def _validities(source: _Found, info: GraphQLResolveInfo[Context], **arguments: Any) -> list[dict[str, Any]]:
    context = info.context
    start, end = window(arguments, "start", "end", context.store.clock())
    spans = context.store.active(source.type.kind, source.uuid, start, end)
    return [_row(source, span, context.version) for span in spans]


def _row(source: _Found, span: Span, version: int) -> dict[str, Any]:
    fields = span.fields
    row = {column: fields.get(field) for column, field in source.type.columns.items()}
    row["uuid"] = source.uuid
    row["user_key"] = fields.get("user_key")
    row["validity"] = {"from": shown_start(span.start), "to": shown_end(span.end, version)}
    if source.type.kind == "employee":
        row["name"] = full_name(fields)
    return row


def _organisation(source: Any, info: GraphQLResolveInfo[Context]) -> dict[str, Any]:
    store = _require(info, "read_org").store
    return {
        "uuid": store.organisation,
        "user_key": "root",
        "name": "root",
        "type": "organisation",
        "municipality_code": store.municipality_code,
    }


def _set_municipality_code(
    source: Any, info: GraphQLResolveInfo[Context], input: Mapping[str, Any]
) -> dict[str, Any]:
    context = _require(info, "create_org")
    context.store.set_municipality_code(input.get("municipality_code"))
    return _organisation(source, info)


def _mutation(name: str) -> Callable[..., _Found]:
    kind, _, verb = name.rpartition("_")
    mutate = _MUTATIONS[verb]
    shown = next(each for each in TYPES if each.kind == kind)

    def resolve(source: Any, info: GraphQLResolveInfo[Context], input: Mapping[str, Any]) -> _Found:
        context = _require(info, f"{verb}_{shown.role}")
        return _Found(shown, mutate(context.store, kind, input, context.version))

    return resolve
