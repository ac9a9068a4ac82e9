"""MO: reachable, its token and what the token is good for, REST, GraphQL, and the facets and classes that we need."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from aarhus_los.checks.findings import Finding, Status, failure, ok, warning
from aarhus_los.errors import StateError, UnavailableError
from aarhus_los.http import Http
from aarhus_los.initial import AZ_SYSTEM, SEED_CLASSES, doubtful_facets, seed_objects
from aarhus_los.ledger import load_state
from aarhus_los.mo.answers import NotShown, Refused, RoleError, member
from aarhus_los.mo.bookmark import last_bookmark, registered_since
from aarhus_los.mo.client import Auth, MoClient
from aarhus_los.mo.model import KINDS, Kind
from aarhus_los.mo.read import NOBODY, read_histories, read_organisation
from aarhus_los.mo.token import TokenSource
from aarhus_los.mo.without_rest import writes_by_rest
from aarhus_los.progress import check_mo
from aarhus_los.readers import Reading
from aarhus_los.settings import Settings, login_places

ROLES: Final = ("service_api", "admin")
"""The realm roles that our client needs: REST, where it is used, and all reads and writes."""
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 30.0
"""Whoever checks waits at a terminal: shorter than an import's, and one try only."""
CLOCKS_APART: Final = timedelta(seconds=60)
_NEXT_RUN: Final = " The next run does the rest."


def mo(settings: Settings) -> list[Finding]:
    """Asks MO, in the order in which one thing needs another. Nothing is written."""
    found = [*_asked("MO", partial(_reached, settings)), *_asked("MO token", partial(_token, settings))]
    if any(each.status is Status.FAILURE for each in found[:2]):
        return found
    with _client(settings, _auth(settings)) as client:
        found += [*_asked("MO REST", partial(_writes, client, settings.mo_api)), *_clock(client)]
        try:
            organisation = read_organisation(client)
        except UnavailableError as error:
            return [*found, failure("MO GraphQL", _text(error))]
        found.append(ok("MO GraphQL", f"version {settings.graphql_version} answers"))
        found += _asked("MO bookmark", partial(_same, client, settings.state_file, organisation[0]))
        found += _asked("MO GraphQL", partial(_reads, client))
        found += _asked("MO GraphQL", partial(_history, client))
        found += _asked("MO GraphQL", partial(_seed, client, settings, organisation))
    return found


def _asked(subject: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """What a check finds: where it gets no good answer, that its subject fails."""
    try:
        return check()
    except (UnavailableError, Refused, NotShown) as error:
        return [failure(subject, _text(error))]


def _auth(settings: Settings) -> Auth | None:
    if settings.client_id and settings.client_secret and settings.auth_server:
        return Auth(settings.auth_server, settings.auth_realm, settings.client_id, settings.client_secret)
    return None


def _client(settings: Settings, auth: Auth | None) -> MoClient:
    return MoClient(
        settings.mora_base,
        graphql_version=settings.graphql_version,
        auth=auth,
        ca_bundle=settings.ca_bundle,
        writable=False,
        connections=1,  # what cannot be read does not keep the rest from being asked for
        retry_seconds=0,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )


def _text(error: Exception) -> str:
    return str(error).removesuffix(_NEXT_RUN)


def _reached(settings: Settings) -> list[Finding]:
    with _client(settings, None) as client:
        version = member(client.get("/version/"), "mo_version")
    if not isinstance(version, str):
        return [failure("MO", f"{settings.mora_base} answers, but is no MO: check the setting mora.base")]
    return [ok("MO", f"{settings.mora_base} answers: version {version[:40]}")]


def _token(settings: Settings) -> list[Finding]:
    auth = _auth(settings)
    if auth is None:
        text = f"no login is set: right only for an MO without authentication. {login_places()}"
        return [warning("MO token", text)]
    http = Http(
        server="the token endpoint",
        ca_bundle=None if settings.ca_bundle is None else str(settings.ca_bundle),
        retry_seconds=0,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )
    with closing(http):
        token = TokenSource(auth, http).current()
    needed = ROLES if settings.mo_api == "rest" else ("admin",)
    return [ok("MO token", f"{auth.url} gives one to the client {auth.client_id}"), _roles(token, needed)]


def _roles(token: str, needed: Sequence[str]) -> Finding:
    roles = realm_roles(token)
    if roles is None:
        return warning("MO roles", "the token is no JWT with roles: which ours has is not known")
    missing = [role for role in needed if role not in roles]
    if missing:
        text = f"our client in Keycloak lacks the realm role {' and the realm role '.join(missing)}: give it"
        return failure("MO roles", text)
    return ok("MO roles", f"the token has {' and '.join(role for role in ROLES if role in roles)}")


def realm_roles(token: str) -> set[str] | None:
    """The realm roles in the payload of a JWT, which is not verified: that is MO's business. None where it has none."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, IndexError, RecursionError):
        return None
    roles = member(member(claims, "realm_access"), "roles")
    return {role for role in roles if isinstance(role, str)} if isinstance(roles, list) else None


def _writes(client: MoClient, asked: str) -> list[Finding]:
    if writes_by_rest(client, asked):
        organisations = client.get("/service/o/")
        if not isinstance(organisations, list) or not member(next(iter(organisations), None), "uuid"):
            return [failure("MO REST", "MO has no root organisation: finish its installation")]
        client.ask_to_write()
        return [ok("MO REST", "switched on, and takes what we write")]
    try:
        client.ask_to_mutate()
    except (UnavailableError, NotShown) as error:
        return [failure("MO writes", f"MO does not take what we write by GraphQL: {_text(error)}")]
    gone = "REST is switched off, or closed to our client" if asked == "auto" else "REST is not used"
    text = (
        f"{gone}: what we write goes by GraphQL, postal addresses only where MO's own address service answers"
    )
    return [ok("MO REST", text)]


def _clock(client: MoClient) -> list[Finding]:
    """The `Date` header is whole seconds, and up to two late: it shows a clock that is wrong, no more."""
    ahead = client.ahead
    if ahead is None:
        return []
    if abs(ahead) <= CLOCKS_APART:
        return [ok("MO clock", "shows the time that ours shows")]
    seconds = round(abs(ahead.total_seconds()))
    direction = "ahead of" if ahead > timedelta() else "behind"
    text = (
        f"is {seconds} s {direction} ours (or that of a proxy before it is): set the clocks of both servers"
    )
    return [warning("MO clock", text)]


def _same(client: MoClient, state_file: Path, organisation: str) -> list[Finding]:
    """Whether it is the MO that the state is about, and no older copy of it. A state that is broken is told elsewhere."""
    try:
        state = load_state(state_file)
    except StateError:
        return []
    try:
        check_mo(state, organisation, last_bookmark(client) if state.bookmark else None, None)
    except StateError as error:
        return [failure("MO bookmark", str(error), error.exit_code)]
    return [ok("MO bookmark", "it is the MO of the state, and no older copy")] if state.organisation else []


def _reads(client: MoClient) -> list[Finding]:
    """REST writes with our own roles: what we may not read, we may not write either."""
    lacking = []
    for kind, spec in KINDS.items():
        if kind is Kind.MARK:  # read with its unit
            continue
        try:
            read_histories(client, kind, [NOBODY])
        except RoleError:
            lacking.append(f"read_{spec.stem}")
    if lacking:
        roles = ", ".join(lacking)
        text = f"our client in Keycloak lacks the realm role admin, or of those in it: {roles}; what we may not read,"
        return [failure("MO reads", f"{text} REST does not let us write either")]
    return [ok("MO reads", "all kinds that we write may be read")]


def _history(client: MoClient) -> list[Finding]:
    """Whether MO shows what it said before, and what of ours it has written."""
    now = datetime.now(UTC)
    try:
        read_histories(client, Kind.ORG_UNIT, [NOBODY], as_of=now)
        registered_since(client, {Kind.ORG_UNIT: [NOBODY]}, now)
    except (UnavailableError, NotShown) as error:
        text = f"MO does not show what it said earlier, which an import needs: {_text(error)}"
        return [failure("MO history", text)]
    return [ok("MO history", "what MO said earlier can be read, and when it registered what")]


def _seed(client: MoClient, settings: Settings, organisation: tuple[str, int | None]) -> list[Finding]:
    reading = Reading(client)
    facets = reading.facets()
    reading.objects(Kind.CLASS, {seed.uuid for seed in SEED_CLASSES})
    actual = {uuid for histories in reading.actual.values() for uuid in histories}
    unshown = reading.unreadable
    found = [
        warning("MO seed", f"MO cannot show {uuid}, and what needs it waits until it is mended: {reason}")
        for uuid, reason in unshown.items()
    ]
    doubtful = doubtful_facets(facets, reading.unshown_facets)
    if any(each.facet in doubtful and each.uuid not in {*actual, *unshown} for each in SEED_CLASSES):
        names = ", ".join(doubtful)
        found.append(failure("MO seed", f"MO may have {names} among what it cannot show: have that mended"))
    system = settings.azid_it_system_uuid
    if system not in (None, AZ_SYSTEM) and system not in actual and system not in unshown:
        found.append(failure("MO seed", f"azid_it_system_uuid: MO has no IT system {system}"))
    objects, notices = seed_objects(facets, organisation, settings.municipality_code, system)
    found += [warning("MO seed", str(notice)) for notice in notices]
    missing = Counter(
        each.kind.value for each in objects if each.uuid not in actual and each.uuid not in unshown
    )
    if missing:
        counts = ", ".join(f"{count} of kind {kind}" for kind, count in missing.items())
        found.append(ok("MO seed", f"not there yet: {counts}; the next import that writes makes them"))
    elif not found:
        found.append(ok("MO seed", "all facets, classes and IT systems that we need are there"))
    return found
