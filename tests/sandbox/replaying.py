"""Replays recorded sequences of a real MO on the stand-in, in this process, and says in words where the two part."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from aarhus_los.sandbox.http_stand_in import Request
from aarhus_los.sandbox.mo_server import MoServer
from aarhus_los.sandbox.mo_store import MoStore

from .conftest import DATA

TODAY: Final = date(2026, 11, 25)
"""The day on which the sequences were recorded."""

COLUMNS: Final = {
    "facet": ("facets", "user_key"),
    "class": ("classes", "user_key name scope facet_uuid published"),
    "itsystem": ("itsystems", "user_key name"),
    "org_unit": ("org_units", "user_key name parent_uuid unit_type_uuid org_unit_hierarchy"),
    "employee": ("persons", "cpr_number given_name surname"),
    "engagement": (
        "engagements",
        "user_key employee_uuid org_unit_uuid job_function_uuid engagement_type_uuid primary_uuid",
    ),
    "address": ("addresses", "value address_type_uuid org_unit_uuid employee_uuid"),
    "it": ("itusers", "user_key itsystem_uuid employee_uuid"),
    "manager": (
        "managers",
        "employee_uuid org_unit_uuid manager_type_uuid manager_level_uuid responsibility_uuids",
    ),
}
"""Of each kind, its collection in GraphQL, and what was read of its objects."""
FILTERS: Final = {
    "by_uuid": "uuids: $keys",
    "by_cpr": "cpr_numbers: $cprs",
    "by_person": "employees: $keys",
    "by_unit": "org_units: $keys",
}
FAILED: Final = "MO fails to show it"

Objects = dict[str, dict[str, Any]]
"""Kind → uuid → validities, FAILED, or None where MO shows nothing."""


class Direct:
    """Sends requests to a stand-in without a socket between."""

    def __init__(self, store: MoStore) -> None:
        self.server = MoServer(store)
        form = {
            "grant_type": "client_credentials",
            "client_id": self.server.client_id,
            "client_secret": self.server.client_secret,
        }
        path = f"/auth/realms/{self.server.realm}/protocol/openid-connect/token"
        answer = self.server.answer(Request(0, "POST", path, {}, {}, urlencode(form).encode()))
        self._headers = {"authorization": f"Bearer {json.loads(answer.body)['access_token']}"}

    def post(self, path: str, body: Any, query: Mapping[str, str] | None = None) -> tuple[int, Any]:
        request = Request(0, "POST", path, query or {}, self._headers, json.dumps(body).encode())
        answer = self.server.answer(request)
        return answer.status, json.loads(answer.body)


def sequences() -> dict[str, dict[str, Any]]:
    """The recorded sequences by name."""
    with gzip.open(DATA / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return {each["name"]: each for each in found}


def first_difference(store: MoStore, sequence: Mapping[str, Any]) -> str | None:
    """What MO said and the stand-in did not, in words; None if they agree to the end."""
    mo = Direct(store)
    version = sequence["version"]
    objects = _objects(sequence)
    expected: Objects = {kind: dict.fromkeys(uuids) for kind, uuids in objects.items()}
    for number, step in enumerate(sequence["steps"]):
        where = f"{sequence['name']}, step {number}, {step['path']} {step['query']} {_short(step['json'])}"
        said = _said(step["path"], *mo.post(step["path"], step["json"], step["query"]))
        recorded = (step["status"], step["error_key"], step["answer"])
        if said != recorded:
            return f"{where}\n  is answered by MO       {recorded}\n  and by the stand-in     {said}"
        for kind, changed in step["reads"].items():
            expected[kind] |= {uuid: _known(shown) for uuid, shown in changed.items()}
        for kind, uuid, shown in _shown(mo, objects, version, store.organisation):
            if shown != expected[kind][uuid]:
                return (
                    f"{where}\n  after it, {kind} {uuid}\n  is shown by MO as       {_short(expected[kind][uuid])}"
                    f"\n  and by the stand-in as  {_short(shown)}"
                )
    for each in sequence.get("lists", []):
        listed = _listed(mo, each, version)
        recorded = FAILED if isinstance(each["uuids"], dict) else each["uuids"]
        if listed != recorded:
            return (
                f"{sequence['name']}, at its end, {each['kind']} {each['query']} {each['keys']}"
                f"\n  are by MO               {recorded}\n  and by the stand-in     {listed}"
            )
    return None


def _said(path: str, status: int, body: Any) -> tuple[int, str | None, Any]:
    """Status, error key and uuids of an answer."""
    if not path.startswith("/graphql"):
        return (status, body.get("error_key"), None) if status >= 400 else (status, None, body)
    if errors := body.get("errors"):
        context = (errors[0].get("extensions") or {}).get("error_context") or {}
        return status, context.get("error_key") or "GRAPHQL_ERROR", None
    answers = body["data"]
    return status, None, [answers[f"m{number}"]["uuid"] for number in range(len(answers))]


def _objects(sequence: Mapping[str, Any]) -> dict[str, list[str]]:
    """All objects that a sequence writes or reads."""
    found: dict[str, dict[str, None]] = {}
    for step in sequence["steps"]:
        for kind, uuids in step["reads"].items():
            found.setdefault(kind, {}).update(dict.fromkeys(uuids))
        for kind, uuid in _written(step):
            if isinstance(uuid, str) and len(uuid) == 36:
                found.setdefault(kind, {})[uuid] = None
    return {kind: list(uuids) for kind, uuids in found.items()}


def _written(step: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if step["path"].startswith("/graphql"):
        for part in step["json"]["query"].split("{", 1)[1].split("{ uuid }"):
            alias, colon, call = part.partition(":")
            if colon:
                yield (
                    call.strip().split("_")[0],
                    step["json"]["variables"][f"i{alias.strip()[1:]}"].get("uuid"),
                )
    else:
        for item in step["json"]:
            if item.get("type") in COLUMNS:
                yield item["type"], item.get("uuid") or (item.get("data") or {}).get("uuid")


def _shown(
    mo: Direct, objects: Mapping[str, list[str]], version: int, root: str
) -> Iterator[tuple[str, str, Any]]:
    for kind, uuids in objects.items():
        found = _read(mo, kind, uuids, version)
        for uuid in uuids:
            if found is not None:
                yield kind, uuid, _placed(found.get(uuid), root)
            else:  # one that cannot be shown fails all
                alone = _read(mo, kind, [uuid], version)
                yield kind, uuid, FAILED if alone is None else _placed(alone.get(uuid), root)


def _read(mo: Direct, kind: str, uuids: list[str], version: int) -> dict[str, Any] | None:
    _, body = mo.post(f"/graphql/v{version}", history_query(kind, "by_uuid", uuids))
    if body.get("errors"):
        return None
    return {each["uuid"]: _known(each["validities"]) for each in body["data"][COLUMNS[kind][0]]["objects"]}


def _listed(mo: Direct, asked: Mapping[str, Any], version: int) -> Any:
    _, body = mo.post(f"/graphql/v{version}", history_query(asked["kind"], asked["query"], asked["keys"]))
    if body.get("errors"):
        return FAILED
    found = body["data"][COLUMNS[asked["kind"]][0]]["objects"]
    return sorted(each["uuid"] for each in found if each["validities"])


def history_query(kind: str, by: str, keys: list[str]) -> dict[str, Any]:
    collection, columns = COLUMNS[kind]
    declared, values = (
        ("$cprs: [CPR!]", {"cprs": keys}) if by == "by_cpr" else ("$keys: [UUID!]", {"keys": keys})
    )
    query = (
        f"query({declared}) {{ {collection}(filter: {{{FILTERS[by]}, from_date: null, to_date: null}})"
        f" {{ objects {{ uuid validities(start: null, end: null) {{ {columns} validity {{ from to }} }} }} }} }}"
    )
    return {"query": query, "variables": values}


def _known(shown: Any) -> Any:
    """Validities in order of time, as the recordings have them."""
    if not shown:
        return None
    if isinstance(shown, dict):
        return FAILED
    for validity in shown:
        if isinstance(validity.get("responsibility_uuids"), list):
            validity["responsibility_uuids"].sort()
    return sorted(shown, key=lambda validity: validity["validity"]["from"] or "")


def _placed(shown: Any, root: str) -> Any:
    """The recordings do not tell the uuid of MO's root organisation."""
    for validity in shown or ():
        if validity.get("parent_uuid") == root:
            validity["parent_uuid"] = "ROOT-ORGANISATION"
    return shown


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:1500]
