"""An MO with a modelled cost, and an address service beside it, to measure an importer against. A cost model, not a proof.

    python -m tests.benchmarks.modelled_mo      serves on a port of its own, and prints its number

W workers serve one request at a time each, in the order of arrival; a request takes so much time for itself and for each
object that it writes or shows. What the stand-in itself computes is done within that time: its own speed does not show.
`POST /modelled/model` sets the model and begins a new tally, `POST /modelled/tally` tells it.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from tests.benchmarks.modelled_store import Served, Store

DAR = "/dar/vask/"
VERSION = "/graphql/v30"
DETAILS = "/service/details/"


@dataclass(frozen=True)
class Model:
    """What MO takes, in seconds. The address service takes `lookup` for each text, however many it is asked at once."""

    workers: int = 2
    request: float = 0.007
    written: float = 0.017
    read: float = 0.002
    lookup: float = 0.02

    def scaled(self, factor: float) -> Model:
        """The same MO on a machine so many times slower (below 1: faster)."""
        return replace(
            self,
            request=self.request * factor,
            written=self.written * factor,
            read=self.read * factor,
            lookup=self.lookup * factor,
        )

    def cost(self, requests: float, written: float = 0, read: float = 0) -> float:
        """The time of one worker for so much."""
        return requests * self.request + written * self.written + read * self.read


@dataclass
class Tally:
    """What was asked of MO since the model was set."""

    requests: Counter[str] = field(default_factory=Counter)
    written: int = 0
    """Without the bookmark, which costs as any other."""
    read: int = 0
    lookups: int = 0
    busy: float = 0.0
    """Seconds of all workers together."""


class ModelledMo:
    """Serves many connections in one thread; each worker is no more than the time at which it is free again."""

    def __init__(self) -> None:
        self.store = Store()
        self.model = Model()
        self.tally = Tally()
        self.free = [0.0] * self.model.workers

    def answer(self, method: str, target: str, body: bytes, now: float) -> tuple[Served, float]:
        """What a request is answered, and when."""
        parts = urlsplit(target)
        path = parts.path
        if path.startswith("/modelled/"):
            return self._modelled(path.rpartition("/")[2], body), now
        if path == DAR:
            self.tally.lookups += 1
            return _looked_up(parse_qs(parts.query)["adresse"][0]), now + self.model.lookup
        if path == VERSION:
            asked = json.loads(body)
            served = self.store.graphql(asked["query"], asked["variables"])
            kind = served.purpose
        elif path.startswith(DETAILS):
            kind = path.removeprefix(DETAILS)
            served = self.store.details(kind, json.loads(body))
        else:
            kind, served = "get", self.store.counts()
        self.tally.requests[kind] += 1
        if kind != "bookmark":
            self.tally.written += served.written
        self.tally.read += served.read
        cost = self.model.cost(1, served.written + served.weight, served.read)
        self.tally.busy += cost
        done = max(now, self.free[0]) + cost
        heapq.heapreplace(self.free, done)
        return served, done

    def _modelled(self, what: str, body: bytes) -> Served:
        told: Any = None
        match what:
            case "model":
                self.model = Model(**json.loads(body))
                self.free = [0.0] * self.model.workers
                self.tally = Tally()
            case "enlarge":
                self.store.enlarge(json.loads(body))
            case "empty":
                self.store = Store()
            case "tally":
                told = vars(self.tally)
            case "validities":
                told = self.store.validities()
            case "objects":
                told = {kind: len(held) for kind, held in self.store.objects.items()}
        return Served(json.dumps(told).encode())


def _looked_up(text: str) -> Served:
    uuid = UUID(bytes=hashlib.md5(text.encode(), usedforsecurity=False).digest())
    answer = {
        "vaskestatus": {"kode": 1000, "tekst": ""},
        "vaskeresultat": {"adresse_id_lokalid": str(uuid), "adressebetegnelse": text, "status": 3},
        "vaskeresultat_historisk": {"adressebetegnelse": None},
    }
    return Served(json.dumps(answer).encode())


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with a Content-Length, one request after the other: what the importer speaks."""

    def __init__(self, mo: ModelledMo) -> None:
        self.mo = mo
        self.loop = asyncio.get_running_loop()
        self.received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.write: Callable[[bytes], None] = transport.write
        self.closing = transport.is_closing

    def data_received(self, data: bytes) -> None:
        now = self.loop.time()
        self.received += data
        head, found, rest = bytes(self.received).partition(b"\r\n\r\n")
        if not found or len(rest) < (length := _length(head)):
            return
        self.received.clear()
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        served, done = self.mo.answer(method, target, rest[:length], now)
        status = "201 Created" if target.startswith(f"{DETAILS}create") else "200 OK"
        head_of_answer = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(served.body)}\r\n\r\n"
        self.loop.call_at(done, self._send, head_of_answer.encode() + served.body)

    def _send(self, answer: bytes) -> None:
        if not self.closing():
            self.write(answer)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


async def _serve() -> None:
    mo = ModelledMo()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(mo), "127.0.0.1", 0, backlog=128)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
