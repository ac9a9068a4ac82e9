"""The sandbox's MO in this process: the client of MO without sockets, and plans that are carried out on it step by step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Final

from aarhus_los.api import REST
from aarhus_los.mo.answers import NotShown, Refused
from aarhus_los.mo.client import mutation
from aarhus_los.mo.model import KINDS, History, Kind, Organisation
from aarhus_los.mo.payloads import Endpoint, Item
from aarhus_los.mo.read import read_all, read_organisation
from aarhus_los.plan import Operation, Plan, Step
from aarhus_los.sandbox import mo_graphql, mo_rest
from aarhus_los.sandbox.mo_errors import MoError
from aarhus_los.sandbox.mo_readers import Context
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.timeline import BEGINNING, FOREVER, Piece

ADMIN: Final = frozenset({"admin"})


class InProcess:
    """The client of MO, as far as reading, the bookmark, planning and writing need it."""

    graphql_version = 30
    connections = 1

    def __init__(self, store: MoStore) -> None:
        self.store = store

    def in_parallel(self, tasks: Collection[Callable[[], Any]]) -> list[Any]:
        return [task() for task in tasks]

    def side_by_side(self, *tasks: Callable[[], object]) -> None:
        for task in tasks:
            task()

    def settle(self, once: Callable[[], Any], **others: Any) -> Any:
        return once()

    def query(
        self, query: str, variables: Mapping[str, Any] | None = None, *, patient: bool = True
    ) -> dict[str, Any]:
        try:
            return self._graphql(query, variables)
        except Refused as refused:
            raise NotShown(refused.description) from None

    def write(self, endpoint: Endpoint, items: Sequence[Item]) -> list[str | None]:
        if endpoint is Endpoint.MUTATE:
            document, variables = mutation(items)
            answered = self._graphql(document, variables)
            return [answered[f"m{n}"]["uuid"] for n in range(len(items))]
        try:
            if endpoint is Endpoint.TERMINATE:
                answers: list[str | None] = mo_rest.terminate(self.store, list(items))
            else:
                verb = mo_rest.create if endpoint is Endpoint.CREATE else mo_rest.edit
                answers = verb(self.store, list(items), True)
        except MoError as error:
            raise Refused(error.status, error.key, str(error.body.get("description"))) from None
        return answers

    def _graphql(self, query: str, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        context = Context(self.store, self.graphql_version, ADMIN)
        answer = mo_graphql.execute(context, {"query": query, "variables": dict(variables or {})})
        if answer.get("errors"):
            raise Refused(500, None, answer["errors"][0]["message"])
        data: dict[str, Any] = answer["data"]
        return data


def all_of(store: MoStore, as_of: datetime | None = None) -> dict[Kind, dict[str, History]]:
    """All that an MO says, now or as it was, as the importer reads it."""
    client: Any = InProcess(store)
    uuid, code = read_organisation(client)
    found: dict[Kind, dict[str, History]] = {
        Kind.ORGANISATION: {uuid: (Piece(BEGINNING, FOREVER, Organisation(code)),)}
    }
    for kind in (kind for kind in KINDS if kind is not Kind.MARK):
        read = read_all(client, kind) if as_of is None else read_all(client, kind, as_of=as_of)
        assert not read.unreadable
        found[kind] = dict(read.found)
        if read.beside:
            found[Kind.MARK] = dict(read.beside)
    return found


def carry_out(
    plan: Plan,
    store: MoStore,
    pick: Callable[[Sequence[int]], int] = lambda free: free[0],
    *,
    most: int | None = None,
) -> list[Operation]:
    """Sends the steps of a plan, at `most` so many, a request each, in an order that they allow.

    `pick` chooses among those that are free. Returns the operations as they were sent.

    No write may be one that MO finds empty, but for a step that says so of itself.
    """
    client: Any = InProcess(store)
    left = set(range(len(plan.steps)))
    sent: list[Step] = []
    while left and len(sent) != most:
        free = [n for n in sorted(left) if not left.intersection(plan.steps[n].after)]
        number = pick(free) if free else min(left)
        left.discard(number)
        step = plan.steps[number]
        (endpoint,) = {REST.endpoint(operation) for operation in step.operations}
        before = [_registrations(store, operation) for operation in step.operations]
        assert None not in client.write(
            endpoint, [item for operation in step.operations for item in REST.items(operation)]
        )
        written = [_registrations(store, operation) for operation in step.operations]
        assert step.alone or written == [number + 1 for number in before], f"MO finds {step} empty"
        sent.append(step)
    return list(chain.from_iterable(step.operations for step in sent))


def _registrations(store: MoStore, operation: Operation) -> int:
    if operation.kind is Kind.ORGANISATION:
        return -1 if store.municipality_code is None else 0
    return len(store.registrations(operation.kind.value, operation.uuid))
