"""The client of MO: GraphQL and REST reads, and the one door through which MO is written."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar
from uuid import UUID

from aarhus_los.errors import UnavailableError
from aarhus_los.exchange import anonymous
from aarhus_los.mo.answers import Refused, Unauthorised, body_of, graphql_data, member
from aarhus_los.mo.kinds import Door, Item
from aarhus_los.mo.token import Auth, TokenSource
from aarhus_los.mo.transport import Transport, Tries, Unsettled, bearer, shown

__all__ = ["Ambiguous", "Auth", "GraphQlError", "MoClient", "Refused", "mutation"]

CONNECTIONS: Final = 4

A = TypeVar("A")
B = TypeVar("B")


class Ambiguous(Exception):
    """The answer to a create was lost. It may have been, or may yet be, carried out.

    A create that is repeated wipes what was written after it: read its objects before anything more is sent to them.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the answer of MO to a create was lost: {reason}")
        self.reason = reason


class GraphQlError(Exception):
    """MO could not answer a query, or only in part. Often one object is to blame, and the text does not say which."""


def mutation(items: Sequence[Item]) -> tuple[str, dict[str, Any]]:
    """The document and the variables of one mutation of several items, carried out in order, in one transaction."""
    declared = ", ".join(f"$i{n}: {item['input_type']}!" for n, item in enumerate(items))
    fields = " ".join(f"m{n}: {item['mutation']}(input: $i{n}) {{ uuid }}" for n, item in enumerate(items))
    return f"mutation({declared}) {{ {fields} }}", {f"i{n}": item["input"] for n, item in enumerate(items)}


class MoClient:
    """MO at `base_url`; a context manager that closes its connections. Thread-safe.

    `connections`: so many requests are under way at once of all that is read `in_parallel`, whoever asks.

    Its methods raise `UnavailableError` when MO or the token endpoint cannot be reached or refuses us. A request is
    repeated after failures that may pass (five tries, at most `retry_seconds`), unless it is a create that may have been
    carried out. `sleep` and `clock` (monotonic, seconds) are arguments for the sake of those who must interrupt or jump.
    """

    def __init__(
        self,
        base_url: str,
        *,
        graphql_version: int,
        auth: Auth | None,
        ca_bundle: str | Path | None,
        writable: bool,
        connections: int = CONNECTIONS,
        retry_seconds: float = 120.0,
        connect_timeout: float = 10.0,
        read_timeout: float = 120.0,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.graphql_version = graphql_version
        self.connections = connections
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="mo-read")
        self._base_url = base_url.rstrip("/")
        self._server = f"MO at {shown(base_url)}"
        self._writable = writable
        self._transport = Transport(
            ca_bundle=None if ca_bundle is None else str(ca_bundle),
            retry_seconds=retry_seconds,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            sleep=sleep,
            clock=clock,
        )
        self._tokens = None if auth is None else TokenSource(auth, self._transport)
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()

    def __enter__(self) -> MoClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._give_up()
        self._transport.close()

    def in_parallel(self, work: Callable[[A], B], over: Collection[A]) -> list[B]:
        """The results of work that reads, in order. Work must not call this itself: it would wait for its own place."""
        if self.connections < 2:
            return [work(each) for each in over]
        futures = [self._pool.submit(work, each) for each in over]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    def side_by_side(self, *tasks: Callable[[], object]) -> None:
        """Runs tasks that read, at the same time. The first that fails ends them all."""
        if self.connections < 2:
            for task in tasks:
                task()
            return
        with ThreadPoolExecutor(len(tasks), thread_name_prefix="mo-task") as pool:
            try:
                for done in as_completed([pool.submit(task) for task in tasks]):
                    done.result()
            except BaseException:
                self._give_up()
                raise

    def _give_up(self) -> None:
        """No more is read in parallel: what waits for its turn is cancelled, what is under way is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def retries(self) -> int:
        """How many requests were repeated, those for a token included."""
        return self._transport.retries

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent: query, get, create, edit, terminate, mutate, token."""
        with self._lock:
            counted = self._requests.copy()
        if self._tokens is not None:
            counted["token"] = self._tokens.requests
        return counted

    def query(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data that answers a GraphQL query. Raises `GraphQlError` when MO reports any error, even beside data."""
        payload = {"query": query, "variables": dict(variables or {})}
        try:
            return self._graphql("query", payload, repeatable=True)
        except Refused as refused:
            raise GraphQlError(refused.description) from None

    def get(self, path: str) -> Any:
        """What REST answers at a path; None where it has no content. Raises `Refused`."""
        return self._request("get", "GET", path, None, repeatable=True, judge=lambda body: body)

    def write(self, door: Door, items: Sequence[Item]) -> list[str | None]:
        """Writes items through one door, as one transaction, in order: the one way to change anything in MO.

        Returns a uuid an item, None where MO found nothing to change. Raises `Refused`, and for creates `Ambiguous`.
        """
        if not self._writable:
            raise RuntimeError("a plan must not write")
        if not items:
            return []
        kind = door.name.lower()
        if door is Door.MUTATE:
            document, variables = mutation(items)
            creates = any(_overwrites(item["mutation"]) for item in items)
            data = self._graphql(kind, {"query": document, "variables": variables}, repeatable=not creates)
            answered = [member(data.get(f"m{n}"), "uuid") for n in range(len(items))]
        else:
            creates = door is Door.CREATE
            path = f"{door.value}?force=1"
            answered = self._request(
                kind, "POST", path, list(items), repeatable=not creates, judge=lambda body: body
            )
        if not _are_uuids(answered, len(items)):
            if creates:
                raise Ambiguous("its answer is not understood")
            raise UnavailableError(f"{self._server}: its answer to {door.value} is not a list of uuids")
        return answered

    def _graphql(self, kind: str, payload: Mapping[str, Any], *, repeatable: bool) -> dict[str, Any]:
        path = f"/graphql/v{self.graphql_version}"
        data: dict[str, Any] = self._request(
            kind, "POST", path, payload, repeatable=repeatable, judge=graphql_data
        )
        return data

    def _request(
        self,
        kind: str,
        method: str,
        path: str,
        payload: Any,
        *,
        repeatable: bool,
        judge: Callable[[Any], Any],
    ) -> Any:
        """Sends a request until its outcome is settled. `judge` turns a decoded body into the result, or raises."""
        tries = Tries(self._transport, self._server)
        renewed = False
        while True:
            token = None if self._tokens is None else self._tokens.current()
            with self._lock:
                self._requests[kind] += 1
            try:
                answer = self._transport.exchange(
                    method,
                    self._base_url + path,
                    authorise=anonymous if token is None else bearer(token),
                    payload=payload,
                )
                return judge(body_of(answer, path, self._server, repeatable=repeatable))
            except Unsettled as unsettled:
                if unsettled.perhaps_done and not repeatable:
                    raise Ambiguous(unsettled.reason) from None
                tries.again(unsettled)
            except Unauthorised:
                if self._tokens is None or token is None:
                    raise UnavailableError(
                        f"{self._server} asks for a token (401): set client_id, client_secret and auth_server"
                    ) from None
                if renewed:
                    raise UnavailableError(
                        f"{self._server} refuses a token that was fetched just now (401): check that auth_server and"
                        " auth_realm are those that MO itself uses, and the clocks of both servers"
                    ) from None
                renewed = True
                self._tokens.replace(token)


def _overwrites(mutation: str) -> bool:
    """Whether a mutation wipes the history of its object; `org_create` only sets a code, and again, if it is repeated."""
    return mutation.endswith("_create") and mutation != "org_create"


def _are_uuids(answered: Any, count: int) -> bool:
    if not isinstance(answered, list) or len(answered) != count:
        return False
    try:
        return all(each is None or str(UUID(each)) == each.lower() for each in answered)
    except (ValueError, AttributeError, TypeError):
        return False
