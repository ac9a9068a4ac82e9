"""What MO checks of a write against what it holds, before it writes; most of it is skipped by `force`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from aarhus_los.sandbox.mo_errors import MoError, missing, unforeseen, unit_not_found
from aarhus_los.sandbox.mo_kinds import CLASS, EMPLOYEE, IT, ORG_UNIT
from aarhus_los.sandbox.mo_shown import has, runs
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import FOREVER, iso, last_before

_SYNTAX: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "EAN": (re.compile(r"\d{13}"), "Invalid EAN"),
    "EMAIL": (re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"), "Invalid email"),
    "PHONE": (re.compile(r"\+?\d+"), "Invalid phone number"),
    "PNUMBER": (re.compile(r"\d{10}"), "Invalid P-number"),
    "WWW": (re.compile(r"https?://[^\s/$.?#]\S*"), "Invalid web address"),
}
_ADDRESS_SERVICE_GONE = (
    "Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed ('127.0.0.1', 9)]"
)


def check_in_unit(store: MoStore, uuid: str, start: date, end: date) -> None:
    """Days within those of a unit, without a gap. Raises MoError."""
    unit = store.registration(ORG_UNIT.name, uuid)
    if unit is None:
        raise unit_not_found(uuid)
    known = runs(ORG_UNIT, unit.tracks)
    if not _covered(known, start, end):
        raise MoError(
            400,
            "V_DATE_OUTSIDE_ORG_UNIT_RANGE",
            "Date range exceeds validity range of associated org unit.",
            org_unit_uuid=uuid,
            valid_from=iso(min(first for first, _ in known)) if known else None,
            valid_to=iso(last_before(max(last for _, last in known))) if known else None,
        )


def check_in_person(store: MoStore, uuid: str, start: date, end: date) -> None:
    """Days within those of a person, without a gap. Raises MoError."""
    person = store.registration(EMPLOYEE.name, uuid)
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


def check_move(store: MoStore, uuid: str, parent: str, day: date) -> None:
    """A unit is not hung below itself, nor below what is not there on the day. Raises MoError."""
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


def check_new_cpr(store: MoStore, uuid: str, cpr: str, start: date) -> None:
    """No other person has a CPR number from a day on, ended or not. Raises MoError."""
    field = EMPLOYEE.field["cpr_no"]
    others: set[str] = set()
    for other in store.mentioning(EMPLOYEE.name, "cpr_no", [cpr]):
        person = store.registration(EMPLOYEE.name, other)
        if person is not None and has(field, person.tracks, frozenset({cpr}), start, FOREVER):
            others.add(other)
    if others and uuid not in others:
        raise MoError(409, "V_EXISTING_CPR", "Person with CPR number already exists.")


def check_address_value(scope: str, value: str) -> None:
    """The syntax of an address, by the scope of its type. Raises MoError."""
    if scope == "DAR":
        raise unforeseen(_ADDRESS_SERVICE_GONE)
    if scope in _SYNTAX and not _SYNTAX[scope][0].fullmatch(value):
        raise MoError(400, f"V_INVALID_ADDRESS_{scope}", _SYNTAX[scope][1], value=value)


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


def accounts(store: MoStore, person: str, system: str, *, by_graphql: bool) -> dict[str, Account]:
    """A person's accounts in a system that are active today, by uuid, as MO compares them with a new one.

    Of a person whom MO does not have, it finds no account; asked by GraphQL, it does not recognise person and system of
    those that it finds, so that none of them is equal to a new one (measured).
    """
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
