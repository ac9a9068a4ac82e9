"""What the stand-in serves is a part of the real MO's schema: a query that works here is one that works there."""

from __future__ import annotations

from pathlib import Path

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    print_ast,
)

import aarhus_los.sandbox

from .conftest import DATA

OURS = Path(aarhus_los.sandbox.__file__).with_name("schema.graphql")


def load(path: Path) -> GraphQLSchema:
    return build_schema(path.read_text(encoding="utf-8"))


REAL, SANDBOX = load(DATA / "schema.graphql"), load(OURS)
NAMES = sorted(name for name in SANDBOX.type_map if not name.startswith("__"))
BEYOND = {"RegistrationFilter", "RegistrationPaged", "registrations"}
"""Cut from the recorded schema; the recordings `regs_*` show how they are."""


def test_every_type_is_one_of_the_real_schema() -> None:
    for name in sorted({*NAMES} - BEYOND):
        ours, real = SANDBOX.type_map[name], REAL.type_map[name]
        assert type(ours) is type(real), name
        mine, theirs = parts(ours), parts(real)
        extra = {part for part in mine if name == "Query" and part.partition("(")[0] in BEYOND}
        assert {part: mine[part] for part in mine if part not in extra}.items() <= theirs.items(), name


def test_nothing_that_the_real_schema_requires_is_left_out() -> None:
    for name in sorted({*NAMES} - BEYOND):
        ours, real = SANDBOX.type_map[name], REAL.type_map[name]
        missing = parts(real).keys() - parts(ours).keys()
        if isinstance(ours, GraphQLInputObjectType):
            assert not [part for part in missing if required(parts(real)[part])], name
        elif isinstance(ours, GraphQLObjectType):
            shown = {part.split("(")[0] for part in parts(ours)}
            arguments = [part for part in missing if "(" in part and part.split("(")[0] in shown]
            assert not [part for part in arguments if required(parts(real)[part])], name


def parts(named: GraphQLNamedType) -> dict[str, str]:
    """Fields, input fields and arguments of a type, each with its type and default as the schema writes them."""
    if isinstance(named, GraphQLInputObjectType):
        return {name: written(each) for name, each in named.fields.items()}
    found: dict[str, str] = {}
    if isinstance(named, GraphQLObjectType):
        for name, field in named.fields.items():
            found[name] = written(field)
            for argument, each in field.args.items():
                found[f"{name}({argument})"] = written(each)
    return found


def written(part: GraphQLField | GraphQLInputField | GraphQLArgument) -> str:
    default = getattr(part.ast_node, "default_value", None)
    return f"{part.type}" if default is None else f"{part.type} = {print_ast(default)}"


def required(text: str) -> bool:
    return text.endswith("!")
