"""An MO with the facets, classes and IT systems of the recordings, on a socket, and a client that has a token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from aarhus_los.sandbox.mo_server import MoServer
from aarhus_los.sandbox.mo_store import MoStore

DATA = Path(__file__).parents[1] / "data" / "mo"


@dataclass
class Client:
    """Talks to a stand-in MO over one connection, with a token."""

    server: MoServer
    session: requests.Session

    def log_in(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.server.client_id,
            "client_secret": self.server.client_secret,
        }
        url = f"{self.server.auth_url}/realms/{self.server.realm}/protocol/openid-connect/token"
        answer = self.session.post(url, data=form, timeout=10)
        assert answer.status_code == 200
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def request(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        answer = self.session.request(method, self.server.url + path, params=query, json=body, timeout=10)
        if answer.status_code == 500:
            self.session.close()  # MO has closed the connection: the next request on it may fail
        return answer

    def get(self, path: str) -> requests.Response:
        return self.request("GET", path)

    def create(self, items: Any, force: int = 1) -> requests.Response:
        return self.request("POST", "/service/details/create", items, force=force)

    def edit(self, items: Any, force: int = 1) -> requests.Response:
        return self.request("POST", "/service/details/edit", items, force=force)

    def terminate(self, items: Any, force: int = 1) -> requests.Response:
        return self.request("POST", "/service/details/terminate", items, force=force)

    def graphql(self, query: str, version: int = 30, **variables: Any) -> dict[str, Any]:
        answer = self.request("POST", f"/graphql/v{version}", {"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def read(self, query: str, version: int = 30, **variables: Any) -> dict[str, Any]:
        body = self.graphql(query, version, **variables)
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data


@pytest.fixture(scope="session")
def seed() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((DATA / "seed.json").read_text(encoding="utf-8"))
    return parsed


@pytest.fixture
def store(seed: dict[str, Any]) -> MoStore:
    return MoStore.seeded(seed)


@pytest.fixture
def server(store: MoStore) -> Iterator[MoServer]:
    with MoServer(store) as running:
        yield running


@pytest.fixture
def client(server: MoServer) -> Iterator[Client]:
    with requests.Session() as session:
        session.trust_env = False
        client = Client(server, session)
        client.log_in()
        yield client
