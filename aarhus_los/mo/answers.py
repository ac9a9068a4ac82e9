"""What the answers of MO mean: a result, a refusal, something that may pass, or the word of something before MO."""

from __future__ import annotations

import re
from typing import Any, Final

from aarhus_los.answer import Answer, Unsettled, passing
from aarhus_los.errors import UnavailableError
from aarhus_los.masking import masked

LONGEST: Final = 300
"""So many characters of what MO says are kept."""
LONGEST_HEADER: Final = 60

DATABASE_AWAY: Final = (
    "OperationalError",
    "connection failed",
    "server closed the connection",
    "AdminShutdown",
    "InterfaceError",
)
"""What MO says of its database while it restarts, in a 500."""
NO_ROLE: Final = "No policy approved the access"
NOT_AUTHENTICATED: Final = "User is not authenticated"

_FORBIDDEN: Final = {
    "The Service API is gone": "service_api",
    "Not authorized to perform this operation": "admin",
}
"""What MO's own 403 says, and the role that is missing."""


class Refused(Exception):
    """MO will not do what was asked; nothing of the request was written. Of a list, one item may be to blame.

    `status` as HTTP has it, `error_key` as MO names the reason, `description` scrubbed; `item` is the number of the item of
    a mutation that is to blame, where MO says so.
    """

    item: int | None = None

    def __init__(self, status: int, error_key: str | None, description: str) -> None:
        super().__init__(f"MO refuses ({status} {error_key or 'without a key'}): {description}")
        self.status = status
        self.error_key = error_key
        self.description = description


class Spoiled(Refused):
    """MO has undone a whole list: before its last item, one changed nothing."""


class NotShown(Exception):
    """MO could not show what was asked for, or only in part. Often one object is to blame, and nothing says which.

    `unavailable` is what it means where no object can be to blame; None: that MO does not answer such queries at all.
    """

    def __init__(self, reason: str, unavailable: UnavailableError | None = None) -> None:
        super().__init__(reason)
        self.unavailable = unavailable


class RestGoneError(UnavailableError):
    """MO's REST API is switched off, or closed to our client."""


class RoleError(UnavailableError):
    """Our client lacks a role for something that is read or written."""


class Unauthorised(Exception):
    """The token is not accepted, or missing. `by_mo`: MO itself says so."""

    def __init__(self, by_mo: bool) -> None:
        super().__init__()
        self.by_mo = by_mo


def scrub(text: str) -> str:
    """What MO says, for people: on one line, not too long, and without CPR numbers."""
    short = masked(" ".join(text.split()), any_digits=True)
    return short if len(short) <= LONGEST else short[: LONGEST - 1] + "…"


def rest_result(answer: Answer, path: str, server: str) -> Any:
    """What REST answers, decoded; None where it has no content.

    Raises `Refused`, `Unauthorised`, `Unsettled` and `UnavailableError`.
    """
    passing(answer, server, "mora.base")
    body = _decoded(answer)
    if answer.status < 300 and ((answer.content and body is not None) or answer.status == 204):
        return body
    raise _meaning(answer, body, path, server)


def graphql_data(answer: Answer, path: str, server: str) -> dict[str, Any]:
    """The data of a GraphQL answer. A transaction with an error is undone whole, so there is nothing like half of it.

    Raises as `rest_result` does.
    """
    passing(answer, server, "mora.base")
    body = _decoded(answer)
    errors = member(body, "errors")
    if isinstance(errors, list) and errors and all(isinstance(member(e, "message"), str) for e in errors):
        raise _graphql_refusal(errors, server)
    data = member(body, "data")
    if answer.status < 300 and isinstance(data, dict) and not errors:
        return data
    raise _meaning(answer, body, path, server)


def foreign(answer: Answer, what: str = "instead of MO") -> Unsettled:
    """Something before MO has answered: who, as far as its headers tell. Its text may hold anything, and is not reported."""
    content = answer.headers.get("Content-Type", "").partition(";")[0].strip() or "of no type"
    teller = answer.headers.get("Server", "").strip()
    told = scrub(f"{content[:LONGEST_HEADER]}{f', {teller[:LONGEST_HEADER]}' if teller else ''}")
    return Unsettled(
        f"something before MO answered {answer.status} ({told}) {what}",
        perhaps_done=not 400 <= answer.status < 500,
        foreign=True,
    )


def member(value: Any, name: str) -> Any:
    """A member of a JSON object; None where there is none, or no object."""
    return value.get(name) if isinstance(value, dict) else None


def _decoded(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _meaning(answer: Answer, body: Any, path: str, server: str) -> Exception:
    """What an answer means that is no result. It is MO's only where it is worded as MO words it."""
    status = answer.status
    if status == 401:
        return Unauthorised(by_mo=body == "Not authenticated" or member(body, "status") == "Unauthorized")
    role = _FORBIDDEN.get(told) if isinstance(told := member(body, "msg"), str) else None
    if status == 403 and role:
        kind = RestGoneError if role == "service_api" else UnavailableError
        text = f"{server} refuses us (403): our client in Keycloak lacks the realm role {role}"
        return kind(text, lasting=True)
    if status == 404 and body == {"detail": "Not Found"}:
        kind = RestGoneError if path.startswith("/service/") else UnavailableError
        return kind(f"{server} does not know {path} (404): {_not_there(path)}", lasting=True)
    key, description = member(body, "error_key"), member(body, "description")
    if status >= 400 and member(body, "error") is True and isinstance(key, str):
        return _refusal(
            status, key, description if isinstance(description, str) else "without a reason", server
        )
    return foreign(answer)


def _refusal(status: int, key: str | None, description: str, server: str) -> Exception:
    """What an error of MO means, by its words."""
    if NO_ROLE in description:
        text = f"{server} refuses us ({scrub(description)}): our client in Keycloak lacks a role; admin has them all"
        return RoleError(text, lasting=True)
    if "DeadlockDetected" in description:
        return Unsettled("a deadlock in its database", perhaps_done=False)
    if status >= 500 and any(words in description for words in DATABASE_AWAY):
        return Unsettled("its database is away", perhaps_done=True, down=True)
    kind = Spoiled if "InFailedSqlTransaction" in description else Refused
    return kind(status, None if key is None else scrub(key), scrub(description))


def _graphql_refusal(errors: list[Any], server: str) -> Exception:
    status, key, messages = 500, None, []
    for error in errors:
        context = member(member(error, "extensions"), "error_context")
        message = error["message"]
        if message == NOT_AUTHENTICATED:
            return Unauthorised(by_mo=True)
        if isinstance(context, dict) and not key:
            status = context["status"] if isinstance(context.get("status"), int) else 500
            key = context["error_key"] if isinstance(context.get("error_key"), str) else None
            message = context["description"] if isinstance(context.get("description"), str) else message
        messages.append(message.partition(" got invalid value")[0])  # what follows is the value
    meaning = _refusal(status, key, "; ".join(dict.fromkeys(messages)), server)
    if type(meaning) is Refused:
        meaning.item = _blamed(errors[0])
    return meaning


def _blamed(error: dict[str, Any]) -> int | None:
    """Which alias of a mutation, or which of its variables, an error is about."""
    path = error.get("path")
    told = path[0] if isinstance(path, list) and path else error["message"]
    found = re.match(r"m(\d+)$|Variable '\$i(\d+)'", told) if isinstance(told, str) else None
    return int(found[1] or found[2]) if found else None


def _not_there(path: str) -> str:
    if path.startswith("/graphql/"):
        return "it does not serve this version; set graphql_version to one that it serves"
    if path.startswith("/service/"):
        return "its operator has switched the REST API off (/service), or mora.base is not MO's address"
    return "mora.base is not MO's address"
