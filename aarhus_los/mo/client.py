"""The client of MO: GraphQL and REST reads, and the one way through which MO is written."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from aarhus_los.answer import Answer, Unsettled, http_date
from aarhus_los.deadline import NO_DEADLINE, Deadline
from aarhus_los.errors import UnavailableError
from aarhus_los.http import Http, R, shown
from aarhus_los.mo.answers import (
    NotShown,
    Refused,
    Spoiled,
    Unauthorised,
    foreign,
    graphql_data,
    member,
    rest_result,
)
from aarhus_los.mo.payloads import Endpoint, Item
from aarhus_los.mo.token import Auth, TokenSource
from aarhus_los.uuids import WRITTEN

__all__ = ["Auth", "MoClient", "NotShown", "Refused", "mutation"]

CONNECTIONS: Final = 4
_UUID: Final = re.compile(WRITTEN, re.IGNORECASE | re.ASCII)


def mutation(items: Sequence[Item | Sequence[Item]]) -> tuple[str, dict[str, Any]]:
    """The document and the variables of one mutation, carried out in order, in one transaction.

    Items of one bulk mutation are a sequence of their own.
    """
    declared, fields, variables = [], [], {}
    for n, each in enumerate(items):
        several = None if isinstance(each, Mapping) else each
        item: Item = each if isinstance(each, Mapping) else each[0]
        kind = f"[{item['input_type']}!]!" if several else f"{item['input_type']}!"
        declared.append(f"$i{n}: {kind}")
        fields.append(f"m{n}: {item['bulk' if several else 'mutation']}(input: $i{n}) {{ uuid }}")
        variables[f"i{n}"] = [one["input"] for one in several] if several else item["input"]
    return f"mutation({', '.join(declared)}) {{ {' '.join(fields)} }}", variables


def _in_bulk(items: Sequence[Item]) -> list[Item | Sequence[Item]]:
    """Items in order, neighbours together where one mutation takes them all."""
    runs = [list(run) for _, run in groupby(items, key=lambda item: item.get("bulk") or id(item))]
    return [run if len(run) > 1 else run[0] for run in runs]


class MoClient:
    """MO at `base_url`; a context manager that closes its connections. Thread-safe.

    `connections`: so many requests are under way at once of all that is read `in_parallel`, whoever asks.

    Its methods raise `UnavailableError` when MO or the token endpoint cannot be reached or refuses us. What reads is
    repeated after failures that may pass (five tries, at most `retry_seconds`); what writes is sent once, since only who
    has read what became of it may send it again. After `deadline` no request is begun. `limits` are arguments of `Http`.
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
        deadline: Deadline = NO_DEADLINE,
        connect_timeout: float = 10.0,
        read_timeout: float = 120.0,
        **limits: Any,
    ) -> None:
        self.graphql_version = graphql_version
        self.organisation: str | None = None
        """The uuid of MO's root organisation, once it was read."""
        self.connections = connections
        self.deadline = deadline
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="mo-read")
        self._base_url = base_url.rstrip("/")
        self.server = f"MO at {shown(base_url)}"
        self._writable = writable
        self._http = Http(
            server="MO",
            ca_bundle=None if ca_bundle is None else str(ca_bundle),
            retry_seconds=retry_seconds,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            **limits,
        )
        self.settle = self._http.settle
        self._tokens = None if auth is None else TokenSource(auth, self._http)
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._dated = ("", datetime.now(UTC))
        self._failed: BaseException | None = None
        """What ended all that is read in parallel."""

    def __enter__(self) -> MoClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections; what is still under way fails."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._http.close()

    def stop(self, grace: float = 0.0) -> None:
        """Nothing more is sent, waits end, and after `grace` seconds also what is under way."""
        self._http.stop("the run was stopped", grace)

    def in_parallel(self, tasks: Collection[Callable[[], R]]) -> list[R]:
        """The results of tasks that read, in order. They must not call this: they would wait for their own places.

        The first failure, of whoever reads in parallel, ends them all, and is what all of them raise.
        """
        if self.connections < 2:
            return [task() for task in tasks]
        futures = [self._pool.submit(self._unless_failed, task) for task in tasks]
        try:
            return [future.result() for future in futures]
        except BaseException as error:
            self._end_reading(error)
            raise

    def side_by_side(self, *tasks: Callable[[], object]) -> None:
        """Runs tasks that read, at the same time. The first that fails ends them all."""
        if self.connections < 2 or not tasks:
            for task in tasks:
                task()
            return
        with ThreadPoolExecutor(len(tasks), thread_name_prefix="mo-task") as pool:
            try:
                for done in as_completed([pool.submit(self._unless_failed, task) for task in tasks]):
                    done.result()
            except BaseException as error:
                self._end_reading(error)
                raise

    def _unless_failed(self, task: Callable[[], R]) -> R:
        if self._failed is not None:
            raise self._failed
        try:
            return task()
        except BaseException as error:
            self._end_reading(error)
            raise (self._failed or error) from None

    def _end_reading(self, error: BaseException) -> None:
        """What waits for its turn, or to be tried again, is not read any more; a signal also ends what is under way."""
        with self._lock:
            self._failed = self._failed or error
        if not isinstance(error, Exception):
            self.stop()

    @property
    def retries(self) -> int:
        """How many requests were repeated, those for a token included."""
        return self._http.retries

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent: query, get, create, edit, terminate, mutate, token."""
        with self._lock:
            counted = self._requests.copy()
        if self._tokens is not None:
            counted["token"] = self._tokens.requests
        return counted

    def query(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        patient: bool = True,
        in_time: bool = True,
    ) -> dict[str, Any]:
        """The data that answers a GraphQL query. Where not `patient`, it is tried again only while MO as a whole is away.
        Where not `in_time`, also after the deadline.

        Raises `NotShown` when MO reports any error, even beside data, and when no answer of MO comes back.
        """
        payload = {"query": query, "variables": dict(variables or {})}
        try:
            return self._read(lambda: self._graphql("query", payload), patient, in_time)
        except Refused as refused:
            raise NotShown(refused.description) from None

    def ask_to_write(self) -> None:
        """Asks MO to write nothing by REST, as it would be asked to write something.

        Raises as `get` does, and `UnavailableError` where our client may not write.
        """
        path = f"{Endpoint.CREATE.value}?force=1"
        self._read(lambda: self._once("create", "POST", path, [], rest_result), patient=True)

    def ask_to_mutate(self) -> None:
        """Asks MO to write nothing by GraphQL. Raises `NotShown`, and `UnavailableError` where our client may not write."""
        self.query(
            "mutation($i0: [AddressCreateInput!]!) { addresses_create(input: $i0) { uuid } }", {"i0": []}
        )

    def refusal_of(self, items: Sequence[Item]) -> Refused:
        """How MO refuses a mutation that it must refuse, so that nothing is written."""
        document, variables = mutation(items)
        payload = {"query": document, "variables": variables}
        try:
            self._read(lambda: self._graphql("mutate", payload), patient=True)
        except Refused as refused:
            return refused
        except NotShown as error:
            raise error.unavailable or UnavailableError(f"{self.server}: {error}") from None
        raise AssertionError("MO took what it must refuse")

    @property
    def ahead(self) -> timedelta | None:
        """How far the clock of MO's server, or of a proxy before it, was ahead of ours at its last answer, if it told."""
        header, received = self._dated
        told = http_date(header)
        return None if told is None else told - received

    def get(self, path: str) -> Any:
        """What REST answers at a path; None where it has no content. Raises `Refused` and `NotShown`."""
        return self._read(lambda: self._once("get", "GET", path, None, rest_result), patient=True)

    def _read(self, once: Callable[[], R], patient: bool, in_time: bool = True) -> R:
        def once_in_time() -> R:
            if in_time:
                self.deadline.check()
            return once()

        def again(unsettled: Unsettled) -> bool:
            return (patient or unsettled.down) and self._failed is None

        try:
            return self._http.settle(once_in_time, again=again)
        except Unsettled as failed:
            unsettled = failed
        unavailable = unsettled.final(self.server)
        if unsettled.down:
            raise unavailable
        raise NotShown(unsettled.reason, unavailable)

    def write(self, endpoint: Endpoint, items: Sequence[Item]) -> list[str | None]:
        """Writes items through one endpoint, once, as one transaction, in order: the one way to change anything in MO.

        Returns a uuid an item, None where MO found nothing to change. Raises `Refused` and `Unsettled`.
        """
        if not self._writable:
            raise RuntimeError("a plan must not write")
        if not items:
            return []
        self.deadline.check()
        kind = endpoint.name.lower()
        if endpoint is Endpoint.MUTATE:
            together = _in_bulk(items)
            try:
                return self._mutate(together)
            except Refused as refused:
                if len(together) == len(items) or isinstance(refused, Spoiled):
                    raise
            # Nothing of it was written. One by one, MO tells which is to blame.
            return self._mutate(items)

        def judge(answer: Answer, path: str, server: str) -> list[str | None]:
            told = rest_result(answer, path, server)
            if not isinstance(told, list) or len(told) != len(items):
                raise foreign(answer, "with something that is no list of uuids")
            return [_uuid_or_none(each) for each in told]

        return self._once(kind, "POST", f"{endpoint.value}?force=1", list(items), judge)

    def _mutate(self, items: Sequence[Item | Sequence[Item]]) -> list[str | None]:
        document, variables = mutation(items)
        data = self._graphql("mutate", {"query": document, "variables": variables})
        told: list[Any] = []
        expected = 0
        for n, each in enumerate(items):
            answer = data.get(f"m{n}")
            several = not isinstance(each, Mapping)
            expected += len(each) if several else 1
            told += answer if several and isinstance(answer, list) else [answer]
        if len(told) != expected:
            raise Unsettled("MO answered with another number of objects", perhaps_done=True, foreign=True)
        return [_uuid_or_none(member(each, "uuid")) for each in told]

    def _graphql(self, kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        return self._once(kind, "POST", f"/graphql/v{self.graphql_version}", payload, graphql_data)

    def _once(
        self, kind: str, method: str, path: str, payload: Any, judge: Callable[[Answer, str, str], R]
    ) -> R:
        """Sends a request, and once more with a new token where it is refused. `judge` makes the result, or raises."""
        renewed = False
        while True:
            token = None if self._tokens is None else self._tokens.current()
            with self._lock:
                self._requests[kind] += 1
            answer = self._http.exchange(
                method,
                self._base_url + path,
                token=token,
                payload=payload,
            )
            self._dated = (answer.headers.get("Date", ""), datetime.now(UTC))
            try:
                return judge(answer, path, self.server)
            except Unauthorised as unauthorised:
                by_mo = unauthorised.by_mo
            if self._tokens is not None and token is not None and not renewed:
                renewed = True
                self._tokens.replace(token)
                continue
            if not by_mo:
                raise foreign(answer)
            raise UnavailableError(
                f"{self.server} asks for a token (401): set client_id, client_secret and auth_server"
                if token is None
                else f"{self.server} refuses a token that was fetched just now (401): check that auth_server and"
                " auth_realm are those that MO itself uses, and the clocks of both servers",
                lasting=True,
            )


def _uuid_or_none(told: Any) -> str | None:
    """A uuid that MO answers. Anything else is no answer of MO."""
    if told is None:
        return None
    if isinstance(told, str) and _UUID.fullmatch(told):
        return told
    raise Unsettled(
        "something before MO answered with something that is no uuid", perhaps_done=True, foreign=True
    )
