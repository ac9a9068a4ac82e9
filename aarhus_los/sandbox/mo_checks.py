"""What MO checks of a write against what it holds, before it writes; most of it is skipped by `force`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from aarhus_los.sandbox.mo_errors import MoError, missing, not_found, unforeseen, unit_not_found
from aarhus_los.sandbox.mo_history import active, bounds
from aarhus_los.sandbox.mo_kinds import ADDRESS, EMPLOYEE, ENGAGEMENT, IT, ORG_UNIT
from aarhus_los.sandbox.mo_payload import Write
from aarhus_los.sandbox.mo_store import MoStore
from aarhus_los.sandbox.moments import BEGINNING, FOREVER, iso

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


def check_create(store: MoStore, write: Write, force: bool) -> None:
    """Raises what MO answers to a create that it refuses before writing."""
    if write.kind is ADDRESS:
        _check_address(store, write, force)
    elif write.kind is IT:
        _check_account(store, write, write.fields["itsystem"])
    if force:
        return
    if write.kind is EMPLOYEE:
        _check_new_cpr(store, write)
    elif write.kind is ORG_UNIT:
        if not write.fields["name"]:
            raise missing("name", write.source)
        _check_unit(store, write, write.fields.get("parent"))
    elif write.kind in (ADDRESS, ENGAGEMENT):
        _check_unit(store, write, write.fields.get("org_unit"))
        _check_person(store, write)


def check_edit(store: MoStore, write: Write, force: bool) -> None:
    """Raises what MO answers to an edit of an object that it has. An address may leave its unit's days (measured)."""
    if write.kind is ADDRESS and "value" in write.fields:
        _check_address(store, write, force)
    elif write.kind is IT:
        _check_account(store, write)
    elif write.kind is ORG_UNIT:
        _check_attributes(store, write)
        if not force:
            _check_unit(store, write, write.fields.get("parent"))
            _check_move(store, write)


def _check_address(store: MoStore, write: Write, force: bool) -> None:
    scope = next(
        (
            span.fields["scope"]
            for span in store.active("class", write.fields["address_type"], BEGINNING, FOREVER)
            if span.fields.get("scope")
        ),
        None,
    )
    if scope is None:
        raise missing("scope", None)
    if force:
        return
    if scope == "DAR":
        raise unforeseen(_ADDRESS_SERVICE_GONE)
    value = write.fields["value"]
    if scope in _SYNTAX and not _SYNTAX[scope][0].fullmatch(value):
        raise MoError(400, f"V_INVALID_ADDRESS_{scope}", _SYNTAX[scope][1], value=value)


def _check_account(store: MoStore, write: Write, new_in: str | None = None) -> None:
    """A person's accounts in the window, this write among them, must differ in system or user key. Force does not help.

    An edit is compared as what it makes of its account only where that is active in the window already: so one that brings
    an ended account back is let through, and from then on every create of the person fails (measured).
    """
    system = write.fields.get("itsystem")
    if system is not None and store.history("itsystem", system) is None:
        raise not_found()
    history = store.history("it", write.uuid)
    person = write.fields.get("person") or (history[-1].fields.get("person") if history else None)
    if person is None:
        return
    accounts: list[tuple[Any, Any]] = [] if new_in is None else [(new_in, write.fields["user_key"])]
    for uuid in store.mentioning("it", "person", [person]):
        for span in store.active("it", uuid, write.start, write.end)[:1]:
            edited = uuid == write.uuid and new_in is None
            fields = {**span.fields, **write.fields} if edited else span.fields
            accounts.append((fields.get("itsystem"), fields.get("user_key")))
    if len(set(accounts)) < len(accounts):
        raise MoError(400, "V_DUPLICATED_IT_USER", "Employee has the same IT user more than once")


def _check_new_cpr(store: MoStore, write: Write) -> None:
    cpr = write.fields.get("cpr_no")
    for uuid in store.mentioning("employee", "cpr_no", [] if cpr is None else [cpr]):
        spans = store.active("employee", uuid, BEGINNING, FOREVER)
        if uuid != write.uuid and any(span.fields.get("cpr_no") == cpr for span in spans):
            raise MoError(409, "V_EXISTING_CPR", "Person with CPR number already exists.")


def _check_unit(store: MoStore, write: Write, uuid: str | None) -> None:
    if uuid is None or uuid == store.organisation:
        return
    known = bounds(store.history("org_unit", uuid) or ())
    if known is None:
        raise unit_not_found(uuid)
    if write.start < known[0] or write.end > known[1]:
        raise MoError(
            400,
            "V_DATE_OUTSIDE_ORG_UNIT_RANGE",
            "Date range exceeds validity range of associated org unit.",
            org_unit_uuid=uuid,
            valid_from=iso(known[0]),
            valid_to=iso(known[1]),
        )


def _check_person(store: MoStore, write: Write) -> None:
    uuid = write.fields.get("person")
    if uuid is None:
        return
    known = bounds(store.history("employee", uuid) or ())
    if known is None:
        raise MoError(404, "E_USER_NOT_FOUND", "User not found.", employee_uuid=uuid)
    if write.start < known[0] or write.end > known[1]:
        raise MoError(
            400,
            "V_DATE_OUTSIDE_EMPL_RANGE",
            "Date range exceeds validity range of associated employee.",
            valid_from=iso(known[0]),
            valid_to=iso(known[1]),
        )


def _check_attributes(store: MoStore, write: Write) -> None:
    """MO's database cannot write one attribute of a unit, name or user key, into days that have none (measured)."""
    if ("name" in write.fields) == ("user_key" in write.fields):
        return
    history = store.history("org_unit", write.uuid) or ()
    if not any(span.start <= write.end and span.end >= write.start for span in history):
        raise unforeseen("INSERT has more expressions than target columns")


def _check_move(store: MoStore, write: Write) -> None:
    above = write.fields.get("parent")
    passed: set[str] = set()
    while above is not None and above not in passed:
        if above == write.uuid:
            raise MoError(
                400,
                "V_ORG_UNIT_MOVE_TO_CHILD",
                "Org unit cannot be moved to one of its own child units",
                org_unit_uuid=write.uuid,
            )
        passed.add(above)
        spans = active(store.history("org_unit", above) or (), write.start, write.start)
        above = spans[0].fields.get("parent") if spans else None
