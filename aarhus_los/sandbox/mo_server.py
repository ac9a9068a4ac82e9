"""The stand-in MO on a socket: Keycloak's token endpoint, REST, GraphQL, and what tests ask of the stand-in itself.

What the importer does not send is answered 501. As the real one does, it closes the connection after a 500 `E_UNKNOWN`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, Final

from aarhus_los.sandbox import mo_graphql, mo_rest
from aarhus_los.sandbox.http_stand_in import Answer, HttpStandIn, Intercept, Request
from aarhus_los.sandbox.mo_auth import ROLES, TOKEN_SECONDS, Token, Tokens
from aarhus_los.sandbox.mo_errors import MoError, NotModelledError, unforeseen
from aarhus_los.sandbox.mo_graphql_types import TYPES
from aarhus_los.sandbox.mo_readers import NO_ACCESS, Context
from aarhus_los.sandbox.mo_store import MoStore

MO_VERSION: Final = "66.1.2"
CLIENT_ID: Final = "aarhus-los-sandbox"
REALM: Final = "mo"

_NO_DATABASE: Final = unforeseen(
    '(psycopg.OperationalError) connection failed: connection to server at "127.0.0.1", port 5432 failed: '
    "Connection refused"
)
_NOT_FOUND = Answer.json(404, {"detail": "Not Found"})
_GRAPHQL = re.compile(r"/graphql/v(\d+)")
_DETAILS = re.compile(r"/service/details/(create|edit|terminate)")
_FACET = re.compile(r"/service/f/([^/]+)/")
_ORGANISATION = re.compile(r"/service/o/([^/]+)/")


class MoServer(HttpStandIn):
    """Serves a store for the length of a `with`. What MO's operator decides is changed on it while it runs:

    `tokens.roles` are what tokens issued from now on are good for, `expire_tokens()` ends those issued so far, `denied` are
    roles that MO's policies deny to everybody, `rest_enabled` False switches REST off, and `restart_database()` does. Other
    settings of MO are those of its store.
    """

    def __init__(
        self,
        store: MoStore,
        *,
        intercept: Intercept | None = None,
        port: int = 0,
        roles: Iterable[str] = ROLES,
        token_seconds: float = TOKEN_SECONDS,
        clock: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(intercept, port, clock or (lambda: store.times().timestamp()))
        self.store = store
        self.client_id = CLIENT_ID
        self.client_secret = secrets.token_urlsafe(24)
        self.realm = REALM
        self.rest_enabled = True
        self.denied: frozenset[str] = frozenset()
        self.tokens = Tokens(self.client_id, self.client_secret, roles, token_seconds, self.clock)
        self._database_is_back = 0.0

    @property
    def auth_url(self) -> str:
        """The `auth_server` of the importer's settings."""
        return f"{self.url}/auth"

    def expire_tokens(self) -> None:
        """Every token issued so far is answered 401 from now on."""
        self.tokens.expire()

    def restart_database(self, seconds: float) -> Answer:
        """MO's database is away for a while: whatever needs it is refused at once.

        An intercept may give the answer to a request that is under way: in phase BEFORE it is not done, in AFTER it is.
        """
        self._database_is_back = self.clock() + seconds
        return _refused(_NO_DATABASE)

    def unrecorded(self, path: str) -> bool:
        return path.startswith("/sandbox/")

    def objects(self, request: Request) -> int:
        return written_objects(request)

    def answer(self, request: Request) -> Answer:
        try:
            return self._route(request)
        except MoError as error:
            return _refused(error)
        except NotModelledError as error:
            return _not_modelled(str(error))

    def _route(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/health/live":
                return Answer(204)
            case "GET", "/version/":
                return Answer.json(200, {"mo_version": MO_VERSION, "mo_hash": "", "lora_version": MO_VERSION})
            case "GET", "/sandbox/state":
                return Answer.json(200, self.store.state())
            case "GET", "/sandbox/requests":
                return Answer.json(200, [asdict(record) for record in self.requests])
            case "POST", path if path.startswith("/auth/"):
                if path == f"/auth/realms/{self.realm}/protocol/openid-connect/token":
                    return self.tokens.issue(request)
                return Answer.json(404, {"error": "Realm does not exist"})
            case "POST", path if found := _GRAPHQL.fullmatch(path):
                return self._graphql(int(found[1]), request)
            case _, path if path.startswith("/service/"):
                return self._service(request)
        return _not_modelled(f"{request.method} {request.path}")

    def _graphql(self, version: int, request: Request) -> Answer:
        if version not in mo_graphql.VERSIONS:
            return _NOT_FOUND
        token = self.tokens.check(request)
        if isinstance(token, Answer):
            return Answer.json(200, {"data": None, "errors": [{"message": "User is not authenticated"}]})
        self._check_database()
        context = Context(self.store, version, token.roles, self.denied)
        return Answer.json(200, mo_graphql.execute(context, _json(request)))

    def _service(self, request: Request) -> Answer:
        if not self.rest_enabled:
            return _NOT_FOUND
        token = self.tokens.check(request)
        if isinstance(token, Answer):
            return token
        if (refusal := _refusal(token, request)) is not None:
            return refusal
        self._check_database()
        force = request.query.get("force", "0").lower() in ("1", "true")
        match request.method, request.path:
            case "POST", path if found := _DETAILS.fullmatch(path):
                return self._details(found[1], _json(request), force)
            case "POST", path if found := _FACET.fullmatch(path):
                return Answer.json(200, mo_rest.put_class(self.store, found[1], _json(request)))
            case "GET", "/service/o/":
                return Answer.json(200, mo_rest.organisations(self.store))
            case "GET", path if found := _ORGANISATION.fullmatch(path):
                return Answer.json(200, mo_rest.organisation(self.store, found[1]))
        return _not_modelled(f"{request.method} {request.path}")

    def _check_database(self) -> None:
        if self.clock() < self._database_is_back:
            raise _NO_DATABASE

    def _details(self, verb: str, body: Any, force: bool) -> Answer:
        if not self.denied.isdisjoint(_roles(body)):
            raise unforeseen(NO_ACCESS)
        if verb == "create":
            return Answer.json(201, mo_rest.create(self.store, body, force))
        if verb == "edit":
            return Answer.json(200, mo_rest.edit(self.store, body, force))
        return Answer.json(200, mo_rest.terminate(self.store, body))


_BOOKMARK: Final = {"3ca8e715-2a72-fcda-5a0c-0b0b08f2eda5", "6913d11c-2459-739c-34ae-73c06a720a09"}
"""The facet and the class by which an importer finds out when it began: nothing of the organisation."""


def written_objects(request: Request) -> int:
    """How many objects a request asks MO to write: 0 for all that only reads, and for the bookmark of an importer.

    For intercepts, that is what a write is.
    """
    if request.method != "POST":
        return 0
    if _FACET.fullmatch(request.path):
        return 1
    details = _DETAILS.fullmatch(request.path)
    if details is None and not _GRAPHQL.fullmatch(request.path):
        return 0
    try:
        body = request.json()
    except ValueError:
        return 0
    if details is not None:
        return len(body) if isinstance(body, list) else 1
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return 0
    writes, fields = mo_graphql.root_fields(body["query"])
    variables = body.get("variables")
    inputs = variables.values() if isinstance(variables, dict) else ()
    bookmarks = sum(isinstance(each, dict) and each.get("uuid") in _BOOKMARK for each in inputs)
    in_bulk = sum(len(each) - 1 for each in inputs if isinstance(each, list))
    return fields - bookmarks + in_bulk if writes else 0


def _refusal(token: Token, request: Request) -> Answer | None:
    if "service_api" not in token.roles:
        return Answer.json(403, {"status": "Forbidden", "msg": "The Service API is gone"})
    if request.method != "GET" and "admin" not in token.roles:
        return Answer.json(403, {"status": "Forbidden", "msg": "Not authorized to perform this operation"})
    return None


def _roles(body: Any) -> set[str]:
    """The roles that read what a write is about: what may not be read may not be written."""
    items = body if isinstance(body, list) else [body]
    kinds = {str(item.get("type")) for item in items if isinstance(item, dict)}
    return {f"read_{each.role}" for each in TYPES if each.kind in kinds}


def _refused(error: MoError) -> Answer:
    return Answer.json(error.status, error.body, close=error.key == "E_UNKNOWN")


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise MoError(400, "E_INVALID_INPUT", "Invalid input.") from None


def _not_modelled(what: str) -> Answer:
    return Answer.json(501, {"error": True, "status": 501, "description": f"not modelled: {what}"})
