"""The GraphQL interface of the stand-in MO: requests executed by graphql-core against `schema.graphql`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    build_schema,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from aarhus_los.sandbox import mo_readers, mo_scalars
from aarhus_los.sandbox.mo_errors import MoError, NotModelledError
from aarhus_los.sandbox.mo_graphql_types import BELOW_PERSONS, BY_COLLECTION, TYPES
from aarhus_los.sandbox.mo_mutations import mutate
from aarhus_los.sandbox.mo_readers import Context, Found, Info, refused, require

VERSIONS: Final = range(21, 31)


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
        query.fields[each.collection].resolve = mo_readers.collection(each)
        response = _object(built, f"{each.name}Response")
        response.fields["registrations"].resolve = mo_readers.registrations_of
        registered = _object(built, f"{each.name}ResponseRegistration")
        for name, resolve in (("current", mo_readers.current), ("validities", mo_readers.validities)):
            response.fields[name].resolve = resolve
            registered.fields[name].resolve = _of_object(resolve)
    for field, collection in BELOW_PERSONS.items():
        person.fields[field].resolve = mo_readers.collection(BY_COLLECTION[collection], "person")
    query.fields["org"].resolve = mo_readers.organisation
    query.fields["registrations"].resolve = mo_readers.registrations
    names = {each.role: f"{each.registration}Registration" for each in TYPES}
    interface = cast(GraphQLInterfaceType, built.type_map["IRegistration"])
    interface.resolve_type = lambda value, *_: names[value["model"]]
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


def _of_object(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """The resolver of a field of a registration: that of its object, as of then."""
    return lambda source, info, **arguments: resolve(source["object"], info, **arguments)


def _set_municipality_code(source: Any, info: Info, input: Mapping[str, Any]) -> dict[str, Any]:
    context = require(info, "create_org")
    context.store.set_municipality_code(input.get("municipality_code"))
    return mo_readers.organisation(source, info)


def _mutation(name: str) -> Callable[..., Found | list[Found]]:
    """The resolver of a mutation: of one object, or where it names a collection, of several, one after the other."""
    noun, _, verb = name.rpartition("_")
    bulk = BY_COLLECTION.get(noun)
    shown = bulk or next(each for each in TYPES if each.role == noun)

    def resolve(source: Any, info: Info, input: Any) -> Found | list[Found]:
        context = require(info, f"{verb}_{shown.role}")
        try:
            written = [
                Found(shown, mutate(context.store, shown.kind, verb, each, context.version))
                for each in (input if bulk else [input])
            ]
        except MoError as error:
            raise refused(error) from None
        return written if bulk else written[0]

    return resolve
