"""An importer that is told of people and managers, and what MO says of them then."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final

from aarhus_los.desired.claims import Desired
from aarhus_los.mo.model import Kind
from aarhus_los.timeline import FOREVER
from aarhus_los.uuids import EMAIL_TYPE, PRIMARY, object_uuid
from tests.world import (
    AZ,
    CHIEF,
    DAYS,
    LEVEL,
    MONTHLY,
    SCHOOL,
    STAFF,
    TEACHER,
    TOP,
    A,
    B,
    Importer,
    day,
    text,
)
from tests.world import name as name_of_file

JOB, SECOND_JOB, THIRD_JOB, FOURTH_JOB = (f"{digit * 8}-4444-4444-8444-{digit * 12}" for digit in "1234")
ANNA, BO, CARL = "0101701231", "0202721232", "0303741233"
"""CPR numbers."""
ANNA_UUID, BO_UUID, CARL_UUID = (object_uuid(cpr) for cpr in (ANNA, BO, CARL))
END: Final = len(DAYS) - 1
"""The day of no end."""

_PERSON: Final = {
    "UUID": JOB,
    "BrugervendtNøgle": "1-1",
    "CPR": ANNA,
    "CPRNavn": "Anna Andersen",
    "StartTid": day(1),
    "SlutTid": "",
    "Email": "anna@aarhus.dk",
    "PrimærAnsættelse": "Ja",
    "OrgenhedUUID": A,
    "EngagementTypeUUID": MONTHLY,
    "StillingsBetegnelseUUID": TEACHER,
    "AZID": "AZ1",
}
_MANAGER: Final = {
    "OrgUUID": A,
    "CPR": ANNA,
    "LedertypeUUID": CHIEF,
    "LederniveauUUID": LEVEL,
    "LederansvarUUID": STAFF,
}


def _row(usual: Mapping[str, str], cells: Mapping[str, str]) -> dict[str, str]:
    assert cells.keys() <= usual.keys()
    return {**usual, **cells}


def person(**cells: str) -> dict[str, str]:
    """A row of `Pers_nye` or `Pers_ret`."""
    return _row(_PERSON, cells)


def ended(**cells: str) -> dict[str, str]:
    """A row of `Pers_luk`."""
    return _row({"UUID": JOB, "CPR": ANNA, "CPRNavn": "Anna Andersen"}, cells)


def leader(**cells: str) -> dict[str, str]:
    """A row of `Leder_nye` or `Leder_ret`."""
    return _row(_MANAGER, cells)


def left(**cells: str) -> dict[str, str]:
    """A row of `Leder_luk`."""
    return _row({"OrgUUID": A, "CPR": ANNA}, cells)


def name(kind: str, n: int, family: str = "Pers") -> str:
    """The name of a file that is written on the n-th day."""
    return name_of_file(kind, n, family)


def email_of(cpr: str) -> str:
    return object_uuid(cpr + "email")


def account_of(cpr: str) -> str:
    return object_uuid(cpr + "azid")


def manager_of(unit: str, cpr: str) -> str:
    return object_uuid(unit + cpr + "manager")


class People(Importer):
    """It has two units more, from the first day on."""

    def __init__(self) -> None:
        super().__init__()
        for unit in (A, B):
            self.has(Kind.ORG_UNIT, unit, (0, END), name="Skolen", parent=TOP, org_unit_type=SCHOOL)

    def nye(self, n: int, *rows: Mapping[str, str], without: Collection[str] = ()) -> Desired:
        """A file of new people, or of new managers."""
        return self._told("nye", n, rows, without)

    def ret(self, n: int, *rows: Mapping[str, str], without: Collection[str] = ()) -> Desired:
        return self._told("ret", n, rows, without)

    def luk(self, n: int, *rows: Mapping[str, str]) -> Desired:
        return self._told("luk", n, rows, ())

    def _told(
        self, kind: str, n: int, rows: Sequence[Mapping[str, str]], without: Collection[str]
    ) -> Desired:
        family = "Leder" if "OrgUUID" in rows[0] else "Pers"
        return self.tell({name(kind, n, family): text(rows, without)})

    # What MO is given by others

    def has_person(self, uuid: str, cpr: str | None, name: str = "Anna Andersen", **others: str) -> None:
        given, _, surname = name.rpartition(" ")
        fields = {"user_key": uuid, "givenname": given, "surname": surname, "cpr_no": cpr, **others}
        self.store.create("employee", uuid, date(1970, 1, 1), FOREVER, fields)

    def has_job(self, uuid: str, person: str, *spans: tuple[int, int]) -> None:
        self.has(
            Kind.ENGAGEMENT,
            uuid,
            *spans,
            user_key="1-1",
            person=person,
            org_unit=A,
            job_function=TEACHER,
            engagement_type=MONTHLY,
            primary=PRIMARY,
        )

    def has_account(
        self, uuid: str, person: str, user_key: str, *spans: tuple[int, int], system: str = AZ
    ) -> None:
        self.has(Kind.IT, uuid, *spans, user_key=user_key, itsystem=system, person=person)

    def has_email(self, uuid: str, person: str, value: str, *spans: tuple[int, int]) -> None:
        fields = {"user_key": value, "value": value, "address_type": EMAIL_TYPE, "person": person}
        self.has(Kind.ADDRESS, uuid, *spans, **fields)

    # What MO says

    def field(self, kind: Kind, uuid: str, field: str) -> str:
        """The values of a field of an object over the days, as `anna@aarhus.dk 1-20, anne@aarhus.dk 21-`."""
        return self.shown((kind, uuid), lambda value: getattr(value, field))

    def name_of(self, uuid: str) -> str:
        return self.shown((Kind.EMPLOYEE, uuid), lambda value: f"{value.given_name}|{value.surname}")

    def job(self, uuid: str = JOB, field: str = "user_key") -> str:
        return self.field(Kind.ENGAGEMENT, uuid, field)

    def email(self, cpr: str = ANNA) -> str:
        return self.field(Kind.ADDRESS, email_of(cpr), "value")

    def account(self, cpr: str = ANNA) -> str:
        return self.field(Kind.IT, account_of(cpr), "user_key")

    def manager(self, unit: str = A, cpr: str = ANNA, field: str = "responsibilities") -> str:
        return self.field(Kind.MANAGER, manager_of(unit, cpr), field)
