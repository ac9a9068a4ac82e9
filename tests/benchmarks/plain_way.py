"""The plain way to import a drop, to compare with: everything each time, one object a request, over four connections."""

from __future__ import annotations

import csv
import json
import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any

from aarhus_los.uuids import object_uuid

CONNECTIONS = 4
ADDRESS_COLUMNS = ("LOSID", "CVR", "EAN", "P-Nr", "SE-Nr", "IntDebitor-Nr", "MagID", "PostAdresse")
Item = dict[str, Any]


@dataclass(frozen=True)
class Took:
    """What a run took."""

    requests: int
    wall: float


def send_everything(folder: Path, port: int) -> Took:
    """Reads the folder, and sends what each row says of each of its objects."""
    started = time.monotonic()
    work: list[queue.SimpleQueue[tuple[str, Item] | None]] = [queue.SimpleQueue() for _ in range(CONNECTIONS)]
    threads = [Thread(target=_send, args=(each, port)) for each in work]
    for thread in threads:
        thread.start()
    made: set[str] = set()
    sent = 0
    for item in _items(folder):
        sent += 1
        uuid = item["uuid"]
        verb = "edit" if uuid in made else "create"
        made.add(uuid)
        # An object's requests stay in order: they all go over one connection.
        work[hash(uuid) % CONNECTIONS].put((verb, item))
    for each in work:
        each.put(None)
    for thread in threads:
        thread.join()
    return Took(sent, time.monotonic() - started)


def _send(work: queue.SimpleQueue[tuple[str, Item] | None], port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port)
    while (task := work.get()) is not None:
        verb, item = task
        connection.request("POST", f"/service/details/{verb}", json.dumps([item]))
        answer = connection.getresponse()
        answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"HTTP {answer.status}")
    connection.close()


def _items(folder: Path) -> Iterator[Item]:
    for path in sorted(folder.glob("STAM_*.csv")):
        for row in _rows(path):
            uuid, title = row.values()
            yield {"type": "class", "uuid": uuid, "user_key": title, "name": title}
    for path in sorted(folder.glob("Org_*.csv")):
        for row in _rows(path):
            yield from _of_unit(row)
    for path in sorted(folder.glob("Pers_*.csv")):
        for row in _rows(path):
            yield from _of_person(row)
    for path in sorted(folder.glob("Leder_*.csv")):
        for row in _rows(path):
            uuid = object_uuid(row["OrgUUID"] + row["CPR"] + "manager")
            yield {"type": "manager", "uuid": uuid, "org_unit": {"uuid": row["OrgUUID"]}}


def _of_unit(row: dict[str, str]) -> Iterator[Item]:
    uuid = row["OrgUUID"]
    validity = {"from": row["StartDato"], "to": row["SlutDato"] or None}
    yield {
        "type": "org_unit",
        "uuid": uuid,
        "user_key": row["BrugervendtNøgle"],
        "name": row["OrgEnhedsNavn"],
        "parent": {"uuid": row["ParentUUID"]},
        "org_unit_type": {"uuid": row["OrgEnhedsTypeUUID"]},
        "validity": validity,
    }
    for column in ADDRESS_COLUMNS:
        if row[column]:
            yield {
                "type": "address",
                "uuid": object_uuid(uuid + column),
                "value": row[column],
                "org_unit": {"uuid": uuid},
                "validity": validity,
            }


def _of_person(row: dict[str, str]) -> Iterator[Item]:
    cpr = row["CPR"]
    person = {"uuid": object_uuid(cpr)}
    validity = {"from": row["StartTid"], "to": None}
    yield {
        "type": "employee",
        **person,
        "cpr_no": cpr,
        "name": row["CPRNavn"],
        "validity": {"from": (date(1900, 1, 1) + timedelta(days=1)).isoformat(), "to": None},
    }
    yield {
        "type": "engagement",
        "uuid": row["UUID"],
        "user_key": row["BrugervendtNøgle"],
        "person": person,
        "org_unit": {"uuid": row["OrgenhedUUID"]},
        "engagement_type": {"uuid": row["EngagementTypeUUID"]},
        "job_function": {"uuid": row["StillingsBetegnelseUUID"]},
        "validity": validity,
    }
    yield {
        "type": "address",
        "uuid": object_uuid(cpr + "email"),
        "value": row["Email"],
        "person": person,
        "validity": validity,
    }
    yield {
        "type": "it",
        "uuid": object_uuid(cpr + "azid"),
        "user_key": row["AZID"],
        "person": person,
        "validity": validity,
    }


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=";")
