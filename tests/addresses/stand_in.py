"""An Adressevask on loopback that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, uuid5

from tests.scripted_http import Asked, Reply, ScriptedServer

TOKEN = "a secret/token"


def vask(
    kode: Any = 1000,
    uuid: Any = "0a3f50c4-379f-32b8-e044-0003ba298018",
    status: Any = 3,
    tekst: Any = "Eksakt",
    designation: Any = "Skt. Johannes Allé 2, 8000 Aarhus C",
    **more: Any,
) -> str:
    """The document of an HTTP 200; `more` goes into its `vaskeresultat`."""
    result = {"adresse_id_lokalid": uuid, "adressebetegnelse": designation, "status": status, **more}
    return json.dumps(
        {
            "vaskestatus": {"kode": kode, "tekst": tekst},
            "vaskeresultat": result,
            "vaskeresultat_historisk": {"adressebetegnelse": None},
        }
    )


MISS = vask(-1000, None, None, "Tekst kan ikke genkendes som en adresse", None)


def found(text: str) -> Reply:
    """Every text is an address; its uuid is made from the text."""
    return Reply(body=vask(uuid=uuid_of(text), designation=text))


def uuid_of(text: str) -> str:
    return str(uuid5(NAMESPACE_URL, text))


class StandIn(ScriptedServer):
    """The server. `answer` may be replaced at any time; it is called in the thread of the request."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Callable[[str], Reply] = found
        self.asked: list[str] = []
        self.paths: list[str] = []
        self.tokens: set[str] = set()
        self.credentials: set[str] = set()
        self.connections: set[int] = set()
        self.most_at_a_time = 0
        self._now = 0
        self._lock = threading.Lock()

    def reply(self, asked: Asked) -> Reply:
        query = parse_qs(urlsplit(asked.target).query)
        [text], [token] = query["adresse"], query["token"]
        with self._lock:
            self._now += 1
            self.most_at_a_time = max(self.most_at_a_time, self._now)
            self.paths.append(asked.target)
            self.asked.append(text)
            self.tokens.add(token)
            self.credentials |= {
                said for name, said in asked.headers.items() if name.lower() == "authorization"
            }
            self.connections.add(asked.connection)
        try:
            reply = self.answer(text)
        finally:
            with self._lock:
                self._now -= 1
        return reply if isinstance(reply.body, bytes) else replace(reply, body=(reply.body or "").encode())
