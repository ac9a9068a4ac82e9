"""What MO checks of a write against what it holds, before it writes. Those that `force` skips are asked with who asks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from aarhus_los.sandbox.mo_errors import DefectError, MoError, missing, unit_not_found
from aarhus_los.sandbox.mo_items import parsed_uuid
from aarhus_los.sandbox.mo_kinds import ADDRESS, CLASS, EMPLOYEE, ENGAGEMENT, IT, MANAGER, ORG_UNIT
from aarhus_los.sandbox.mo_settings import AddressService
from aarhus_los.sandbox.mo_shown import has, runs
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.mo_writes import Asked
from aarhus_los.sandbox.moments import FOREVER, day_after, day_before, iso, last_before

_SYNTAX: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "EAN": (re.compile(r"\d{13}"), "Invalid EAN"),
    "EMAIL": (re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"), "Invalid email"),
    "PHONE": (re.compile(r"\+?\d+"), "Invalid phone number"),
    "PNUMBER": (re.compile(r"\d{10}"), "Invalid P-number"),
    "WWW": (re.compile(r"https?://[^\s/$.?#]\S*"), "Invalid web address"),
}
_ADDRESS_SERVICE_UNREACHABLE = (
    "Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed ('127.0.0.1', 9)]"
)


_ROLES: Final = {
    ADDRESS.name: "Adresse",
    ENGAGEMENT.name: "Engagement",
    IT.name: "IT-system",
    MANAGER.name: "Leder",
}
"""What MO calls the details of a unit."""


def check_in_unit(asked: Asked, uuid: str, start: date, end: date) -> None:
    """Days within those of a unit, without a gap. Raises MoError."""
    if asked.force:
        return
    unit = asked.store.registration(ORG_UNIT.name, uuid)
    if unit is None:
        raise unit_not_found(uuid)
    known = runs(ORG_UNIT, unit.tracks)
    if not _covered(known, start, end):
        first, last = (
            (min(first for first, _ in known), max(last for _, last in known)) if known else (None, None)
        )
        raise MoError(
            400,
            "V_DATE_OUTSIDE_ORG_UNIT_RANGE",
            "Date range exceeds validity range of associated org unit.",
            org_unit_uuid=uuid,
            valid_from=first and iso(first),
            valid_to=last and iso(last if asked.by_graphql else last_before(last)),
        )


def check_in_person(asked: Asked, uuid: str | None, start: date, end: date) -> None:
    """Days within those of a person, without a gap. Raises MoError."""
    if asked.force:
        return
    if uuid is None:  # MO looks for somebody of that name
        raise MoError(400, "E_INVALID_INPUT", 'invalid input syntax for type uuid: "None"')
    person = asked.store.registration(EMPLOYEE.name, uuid)
    if person is None:
        raise MoError(404, "E_USER_NOT_FOUND", "User not found.", employee_uuid=uuid)
    if not _covered(runs(EMPLOYEE, person.tracks), start, end):
        raise MoError(
            400,
            "V_DATE_OUTSIDE_EMPL_RANGE",
            "Date range exceeds validity range of associated employee.",
            uuid=uuid,
            valid_from=None,
            valid_to=None,
        )


def check_move(asked: Asked, uuid: str, parent: str, day: date) -> None:
    """A unit is not hung below itself, nor below what is not there on the day. Raises MoError."""
    if asked.force:
        return
    store = asked.store
    passed = {uuid}
    above = parent
    while above != store.organisation:
        if above in passed:
            raise MoError(
                400,
                "V_ORG_UNIT_MOVE_TO_CHILD",
                "Org unit cannot be moved to one of its own child units",
                org_unit_uuid=above,
            )
        passed.add(above)
        if store.registration(ORG_UNIT.name, above) is None:
            raise unit_not_found(above)
        spans = store.active(ORG_UNIT.name, above, day, day)
        if not spans:
            raise MoError(
                400,
                "V_DATE_OUTSIDE_ORG_UNIT_RANGE",
                "Date range exceeds validity range of associated org unit.",
                org_unit_uuid=above,
            )
        above = spans[0].fields["parent"]


def check_unused(asked: Asked, uuid: str, start: date, end: date) -> None:
    """A unit is there until its days from `start` to `end` are taken away, and nothing uses it then. Raises MoError.

    Of a window, MO looks at its beginning. Of an end for good it looks a day later, so that the end of what has just ended
    is refused (as recorded); whether it looks at the first day too is not known: here it does.
    """
    begun = day_after(start) if end == FOREVER else start
    check_in_unit(asked, uuid, day_before(begun), begun)
    children = _users(asked.store, ORG_UNIT.name, "parent", uuid, start, begun)
    roles = sorted(
        role for kind, role in _ROLES.items() if _users(asked.store, kind, "org_unit", uuid, start, begun)
    )
    context: dict[str, Any] = {"child_count": children} if children else {}
    if roles:
        context["roles"] = ", ".join(roles)
    if context:
        what = [name for name, there in (("children", children), ("roles", roles)) if there]
        raise MoError(
            400,
            f"V_TERMINATE_UNIT_WITH_{'_AND_'.join(what).upper()}",
            f"Cannot terminate unit with active {' and '.join(what)}.",
            **context,
        )


def check_new_cpr(asked: Asked, uuid: str, cpr: str, start: date) -> None:
    """No other person has a CPR number from a day on, ended or not. Raises MoError."""
    if asked.force:
        return
    field = EMPLOYEE.field["cpr_no"]
    others: set[str] = set()
    for other in asked.store.mentioning(EMPLOYEE.name, "cpr_no", [cpr]):
        person = asked.store.registration(EMPLOYEE.name, other)
        if person is not None and has(field, person.tracks, frozenset({cpr}), start, FOREVER):
            others.add(other)
    if others and uuid not in others:
        raise MoError(409, "V_EXISTING_CPR", "Person with CPR number already exists.")


def check_address_value(asked: Asked, scope: str, value: str) -> None:
    """The syntax of an address, by the scope of its type; of a postal one, that MO's address service knows it.

    Raises MoError.
    """
    if asked.force:
        return
    if scope == "DAR":
        service = asked.store.settings.ask_address_service()
        if service is AddressService.UNREACHABLE:
            raise DefectError(_ADDRESS_SERVICE_UNREACHABLE)
        if service is not AddressService.ANSWERS or parsed_uuid(value) is None:
            raise MoError(400, "V_INVALID_ADDRESS_DAR", "Invalid address", value=value)
    if scope in _SYNTAX and not _SYNTAX[scope][0].fullmatch(value):
        raise MoError(400, f"V_INVALID_ADDRESS_{scope}", _SYNTAX[scope][1], value=value)


def check_distinct(asked: Asked, responsibilities: Sequence[str]) -> None:
    """No responsibility of a manager is named twice. Raises MoError."""
    duplicates = sorted(each for each, number in Counter(responsibilities).items() if number > 1)
    if duplicates and not asked.force:
        raise MoError(
            400,
            "V_DUPLICATED_RESPONSIBILITY",
            "Manager has the same responsibility more than once.",
            duplicates=duplicates,
        )


def scope_of(store: MoStore, address_type: str) -> str:
    """The scope of a class. Raises MoError if there is none."""
    known = store.registration(CLASS.name, address_type)
    scopes = [span.fields.get("scope") for span in known.spans] if known else []
    scope: str | None = next((scope for scope in scopes if scope), None)
    if scope is None:
        raise missing("scope", None)
    return scope


def kept(scope: str, value: str) -> dict[str, Any]:
    """The field in which an address is kept: several texts, of which the importer knows one, are another than one text."""
    return {"texts": (value, "")} if scope == "MULTIFIELD_TEXT" else {"value": value}


Account = tuple[str | None, str | None, Any]
"""What must be different between two accounts: person, system and user key."""


def accounts(asked: Asked, person: str, system: str) -> dict[str, Account]:
    """A person's accounts in a system that are active today, by uuid, as MO compares them with a new one.

    Of a person whom MO does not have, it finds no account; asked by GraphQL, it does not recognise person and system of
    those that it finds, so that none of them is equal to a new one (measured).
    """
    store, by_graphql = asked.store, asked.by_graphql
    today = store.clock()
    found: dict[str, Account] = {}
    nobody = by_graphql or store.registration(EMPLOYEE.name, person) is None
    for uuid in store.mentioning(IT.name, "person", [person]):
        for span in store.active(IT.name, uuid, today, today):
            if span.fields.get("person") == person and span.fields.get("itsystem") == system:
                whose = None if nobody else person
                found[uuid] = (whose, None if by_graphql else system, span.fields.get("user_key"))
    return found


def check_different(known: dict[str, Account], new: Account | None = None) -> None:
    """No two accounts are equal, whichever. Raises MoError."""
    every = Counter([*known.values(), *([] if new is None else [new])])
    if any(number > 1 for number in every.values()):
        raise MoError(400, "V_DUPLICATED_IT_USER", "Employee has the same IT user more than once")


def check_one_owner(owners: Sequence[str | None], source: Mapping[str, Any]) -> None:
    """An address belongs to a unit or to a person. Raises MoError."""
    if len([owner for owner in owners if owner is not None]) != 1:
        raise MoError(400, "E_INVALID_INPUT", "Must supply exactly one org_unit or person UUID", obj=source)


def _covered(known: list[tuple[date, date]], start: date, end: date) -> bool:
    return start < end and any(first <= start and end <= last for first, last in known)


def _users(store: MoStore, kind: str, field: str, unit: str, first: date, last: date) -> int:
    """How many objects of a kind refer to a unit on a day from the first to the last."""
    return sum(
        any(span.fields.get(field) == unit for span in store.active(kind, uuid, first, last))
        for uuid in store.mentioning(kind, field, [unit])
    )
