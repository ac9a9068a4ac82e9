"""Exchanges recorded on a real MO, sent to the stand-in and compared with its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from .conftest import DATA

if TYPE_CHECKING:
    from .conftest import Client

RECORDINGS: Final[dict[str, dict[str, Any]]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((DATA / "recordings").glob("*.json"))
}

NOT_THE_SAME = {
    "edit_org_unit_name_outside_validity_500": "description",  # the text of a database's syntax error
    "terminate_wrong_type": "original",  # the object as the database holds it
}
"""The one part of an answer that is not reproduced."""

WORDED_BY_THE_LIBRARY = {
    "gql_bad_variable",
    "gqlw_manager_create_no_level",
    "gqlw_ou_create_type_null",
    "gqlw_to_exclusive_null_from",
}
"""Refused before MO sees it: of the text, another in each version of GraphQL's library, the variable is compared."""


def send(client: Client, name: str) -> Any:
    recorded = RECORDINGS[name]
    body = recorded["request_json"]
    if name.startswith("asof_") and isinstance(body, dict) and body["variables"]["t"] is not None:
        body = {**body, "variables": {**body["variables"], "t": corresponding(client, body["variables"])}}
    return client.request(recorded["method"], recorded["path"], body, **(recorded["query"] or {}))


def corresponding(client: Client, variables: Mapping[str, Any]) -> str:
    """The time at which the stand-in had as many registrations of the object as MO at the recorded one."""
    shown = RECORDINGS["asof_08_read_now"]["response_json"]["data"]["org_units"]["objects"][0]
    moment = datetime.fromisoformat(variables["t"])
    number = len([one for one in shown["registrations"] if datetime.fromisoformat(one["start"]) <= moment])
    ours = client.server.store.registrations("org_unit", variables["keys"][0])
    start = ours[number - 1].start if number else ours[0].start - timedelta(microseconds=1)
    return start.astimezone(UTC).isoformat()


def without_clock(answer: Any) -> Any:
    """An answer in which numbers and times of registrations are replaced by their places among them."""
    places: dict[str, dict[Any, int]] = {"registration_id": {}, "start": {}}
    found = list(registrations_in(answer))
    for name, known in places.items():
        of_name = {each[name] for each in found} | {each.get("end") for each in found if name == "start"}
        known |= {value: place for place, value in enumerate(sorted(of_name - {None}, key=str))}
    text = json.dumps(answer)
    for each in found:
        changed = {
            name: places["start" if name == "end" else name].get(value, value) if name in TIMED else value
            for name, value in each.items()
        }
        text = text.replace(json.dumps(each), json.dumps(changed))
    return json.loads(text)


TIMED = ("registration_id", "start", "end")


def registrations_in(answer: Any) -> Iterator[dict[str, Any]]:
    if isinstance(answer, dict):
        if "registration_id" in answer:
            yield answer
        for value in answer.values():
            yield from registrations_in(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from registrations_in(value)


def replay(client: Client, name: str) -> None:
    recorded = RECORDINGS[name]
    answer = send(client, name)
    assert answer.status_code == recorded["status"], answer.text
    expected, body = recorded["response_json"], answer.json()
    if name == "gql_class_create_unknown_facet":  # MO gives the class a uuid of its own
        body["data"]["class_create"]["uuid"] = str(UUID(body["data"]["class_create"]["uuid"]))
        expected = {"data": {"class_create": {"uuid": body["data"]["class_create"]["uuid"]}}}
    if (left_out := NOT_THE_SAME.get(name)) is not None:
        body, expected = {**body, left_out: ""}, {**expected, left_out: ""}
    if name in WORDED_BY_THE_LIBRARY:
        body, expected = without_text(body), without_text(expected)
    assert without_order(without_clock(body)) == without_order(without_clock(expected)), name


def without_text(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with the first two words of each error."""
    return {
        **answer,
        "errors": [
            {**error, "message": error["message"].split(maxsplit=2)[:2]} for error in answer["errors"]
        ],
    }


def without_order(answer: Any) -> Any:
    """An answer with responsibilities in order: in which one MO shows them has no meaning."""
    if isinstance(answer, dict):
        return {
            key: sorted(value) if key == "responsibility_uuids" else without_order(value)
            for key, value in answer.items()
        }
    return [without_order(each) for each in answer] if isinstance(answer, list) else answer
