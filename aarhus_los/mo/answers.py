"""What the answers of MO mean: a result, a refusal, or something that may pass."""

from __future__ import annotations

import re
from typing import Any, Final

from aarhus_los.errors import UnavailableError
from aarhus_los.mo.transport import Answer, Unsettled

LONGEST: Final = 300
"""So many characters of what MO says are kept."""

_UUID_OR_CPR = re.compile(
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|(?<!\d)\d{6}[-–\s]?\d{4}(?!\d)", re.I
)


class Refused(Exception):
    """MO will not do what was asked; nothing of the request was written. Of a list, one item may be to blame.

    `status` as HTTP has it, `error_key` as MO names the reason, `description` scrubbed.
    """

    def __init__(self, status: int, error_key: str | None, description: str) -> None:
        super().__init__(f"MO refuses ({status} {error_key or 'without a key'}): {description}")
        self.status = status
        self.error_key = error_key
        self.description = description


class Unauthorised(Exception):
    """MO does not accept the token, or wants one."""


def scrub(text: str) -> str:
    """What MO says, for people: on one line, not too long, and without CPR numbers."""
    masked = _UUID_OR_CPR.sub(lambda match: match[1] or "**********", " ".join(text.split()))
    return masked if len(masked) <= LONGEST else masked[: LONGEST - 1] + "…"


def body_of(answer: Answer, path: str, server: str, *, repeatable: bool) -> Any:
    """The decoded body of an answer that settles the matter, or what its status means, raised."""
    status = answer.status
    if 300 <= status < 400:
        raise UnavailableError(
            f"{server} redirects to another address ({status}), which is not followed:"
            " set mora.base to the address that answers itself (https instead of http, perhaps)"
        )
    if status == 401:
        raise Unauthorised
    if status in (408, 429, 503):
        raise Unsettled(f"answer {status}", perhaps_done=False, retry_after=answer.retry_after)
    if status in (502, 504):
        raise Unsettled(f"answer {status}", perhaps_done=True)
    if status == 403:
        raise UnavailableError(f"{server} refuses us (403): {_forbidden(answer.content)}")
    if status == 407:
        raise UnavailableError(f"the proxy to {server} asks for a login (407)")
    try:
        body = answer.json() if answer.content else None
        decoded = bool(answer.content) or status == 204
    except ValueError:
        body, decoded = None, False
    if status in (404, 405) and not member(body, "error"):
        raise UnavailableError(f"{server} does not know {path} ({status}): {_not_there(path)}")
    if status >= 500 and b"DeadlockDetected" in answer.content:
        raise Unsettled("a deadlock in its database", perhaps_done=False)
    if not decoded and (status < 300 or (status >= 500 and not repeatable)):
        raise Unsettled(f"answer {status} is not JSON, or not whole", perhaps_done=True)
    if status >= 300 and not (path.startswith("/graphql/") and member(body, "errors")):
        key, description = member(body, "error_key"), member(body, "description")
        raise Refused(
            status,
            scrub(key) if isinstance(key, str) else None,
            scrub(description) if isinstance(description, str) else f"answer {status} without a reason",
        )
    return body


def graphql_data(body: Any) -> dict[str, Any]:
    """The data of a GraphQL answer. A transaction with an error is undone whole, so there is nothing like half of it."""
    if member(body, "errors"):
        raise _refusal(body["errors"])
    data = member(body, "data")
    if not isinstance(data, dict):
        raise Unsettled("an answer without data", perhaps_done=True)
    return data


def _refusal(errors: Any) -> Exception:
    status, key, messages = 500, None, []
    for error in errors if isinstance(errors, list) else []:
        context = member(member(error, "extensions"), "error_context")
        message = member(error, "message")
        message = message if isinstance(message, str) else "an error without a message"
        if message == "User is not authenticated":
            return Unauthorised()
        if "DeadlockDetected" in message or "DeadlockDetected" in str(member(context, "description")):
            return Unsettled("a deadlock in its database", perhaps_done=False)
        if isinstance(context, dict) and not key:
            status = context["status"] if isinstance(context.get("status"), int) else 500
            key = context["error_key"] if isinstance(context.get("error_key"), str) else None
            message = context["description"] if isinstance(context.get("description"), str) else message
        messages.append(message.partition(" got invalid value")[0])  # what follows is the value
    description = "; ".join(dict.fromkeys(messages)) or "errors that are not understood"
    return Refused(status, None if key is None else scrub(key), scrub(description))


def member(value: Any, name: str) -> Any:
    """A member of a JSON object; None where there is none, or no object."""
    return value.get(name) if isinstance(value, dict) else None


def _forbidden(content: bytes) -> str:
    if b"The Service API is gone" in content:
        return "our client in Keycloak lacks the realm role service_api"
    if b"Not authorized to perform this operation" in content:
        return "our client in Keycloak lacks the realm role admin"
    return "our client in Keycloak lacks a role, or a proxy before MO keeps us out"


def _not_there(path: str) -> str:
    if path.startswith("/graphql/"):
        return "it does not serve this version; set graphql_version to one that it serves"
    if path.startswith("/service/"):
        return "its operator has switched the REST API off (/service), or mora.base is not MO's address"
    return "mora.base is not MO's address"
