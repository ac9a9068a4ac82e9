"""An MO in this process, and the importer from parsed rows to MO's answers: for tests of people and managers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, partial
from typing import Any, Final

from aarhus_los import initial
from aarhus_los.apply import Applied, apply_plan
from aarhus_los.desired.claims import Desired, FileRows
from aarhus_los.desired.families import Drop, Ours, desire
from aarhus_los.drop.names import Family, parse_name
from aarhus_los.drop.reader import read_file
from aarhus_los.drop.rows import EndedEngagementRow, EndedManagerRow, ManagerRow, PersonRow
from aarhus_los.mo.answers import NotShown, Refused
from aarhus_los.mo.client import mutation
from aarhus_los.mo.kinds import Door, History, Item, Kind
from aarhus_los.mo.read import read_histories
from aarhus_los.plan import Operation, make_plan
from aarhus_los.reading import read_world
from aarhus_los.sandbox import mo_graphql, mo_rest
from aarhus_los.sandbox.mo_errors import MoError
from aarhus_los.sandbox.mo_store import MoStore, Snapshot
from tests import people_oracle as oracle
from tests.days import runs_in
from tests.people_oracle import Days, Mo, References, Thing, derived

FOREVER: Final = date.max
DAYS: Final = [*(date(2026, 3, 1) + timedelta(days=n) for n in range(50)), FOREVER]
runs_of = partial(runs_in, DAYS)
"""Everything in the tests begins and ends on these days; what began earlier is there on the first."""
LONG_AGO: Final = date(2000, 1, 1)


def day(n: int) -> str:
    """The n-th day as a cell has it."""
    return DAYS[n].strftime("%d-%m-%Y")


SCHOOL, OFFICE, NOWHERE = (f"{digit * 8}-1111-4111-8111-{digit * 12}" for digit in "ab9")
MONTHLY, HOURLY, TEACHER, CLERK = (f"{digit * 8}-2222-4222-8222-{digit * 12}" for digit in "1234")
CHIEF, LEVEL, STAFF, MONEY, NO_CLASS = (f"{digit * 8}-3333-4333-8333-{digit * 12}" for digit in "12349")
JOB, SECOND_JOB, THIRD_JOB, FOURTH_JOB = (f"{digit * 8}-4444-4444-8444-{digit * 12}" for digit in "1234")
ANNA, BO, CARL = "0101701231", "0202721232", "0303741233"
"""CPR numbers."""
ANNA_UUID, BO_UUID, CARL_UUID = (oracle.person_of(cpr) for cpr in (ANNA, BO, CARL))
EMAIL_TYPE: Final = derived("aarhus-los", "PERSON_EMAIL")
AZ: Final = derived("aarhus-los", "AZID_SYSTEM")
_CLASSES: Final = {
    MONTHLY: "engagement_type",
    HOURLY: "engagement_type",
    TEACHER: "engagement_job_function",
    CLERK: "engagement_job_function",
    CHIEF: "manager_type",
    LEVEL: "manager_level",
    STAFF: "responsibility",
    MONEY: "responsibility",
}
REFERENCES: Final = References(
    frozenset({SCHOOL, OFFICE}),
    {
        "EngagementTypeUUID": {MONTHLY, HOURLY},
        "StillingsBetegnelseUUID": {TEACHER, CLERK},
        "LedertypeUUID": {CHIEF},
        "LederniveauUUID": {LEVEL},
        "LederansvarUUID": {STAFF, MONEY},
    },
    AZ,
)

_PERSON: Final = {
    "UUID": JOB,
    "BrugervendtNøgle": "1-1",
    "CPR": ANNA,
    "CPRNavn": "Anna Andersen",
    "StartTid": day(1),
    "SlutTid": "",
    "Email": "anna@aarhus.dk",
    "PrimærAnsættelse": "Ja",
    "OrgenhedUUID": SCHOOL,
    "EngagementTypeUUID": MONTHLY,
    "StillingsBetegnelseUUID": TEACHER,
    "AZID": "AZ1",
}
_MANAGER: Final = {
    "OrgUUID": SCHOOL,
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
    return _row({"OrgUUID": SCHOOL, "CPR": ANNA}, cells)


def name(kind: str, n: int, family: str = "Pers") -> str:
    """The name of a file that is written on the n-th day."""
    return f"{family}_{kind}_{DAYS[n]:%Y%m%d}_220000.csv"


def text(rows: Sequence[Mapping[str, str]], without: Collection[str] = ()) -> str:
    columns = [column for column in rows[0] if column not in without]
    return (
        "\n".join([";".join(columns), *(";".join(each[column] for column in columns) for each in rows)])
        + "\n"
    )


class _InProcess:
    """The client of MO as far as reading, planning and applying need it, without sockets."""

    graphql_version = 30
    connections = 1

    def __init__(self, store: MoStore, remembered: dict[str, dict[str, Any]] | None = None) -> None:
        """`remembered`: answers about what no test here changes, which are asked for again and again."""
        self.store = store
        self.remembered = remembered

    def in_parallel(self, work: Callable[[Any], Any], over: Collection[Any]) -> list[Any]:
        return [work(each) for each in over]

    def side_by_side(self, *tasks: Callable[[], object]) -> None:
        for task in tasks:
            task()

    def query(
        self, query: str, variables: Mapping[str, Any] | None = None, *, patient: bool = True
    ) -> dict[str, Any]:
        key = f"{query} {variables}"
        if self.remembered is not None and key in self.remembered:
            return self.remembered[key]
        try:
            answer = self._graphql(query, variables)
        except Refused as refused:
            raise NotShown(refused.description) from None
        if self.remembered is not None and answer.keys() <= {
            "org",
            "facets",
            "itsystems",
            "classes",
            "org_units",
        }:
            self.remembered[key] = answer
        return answer

    def _graphql(self, query: str, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        context = mo_graphql.Context(self.store, self.graphql_version, frozenset({"admin"}))
        answer = mo_graphql.execute(context, {"query": query, "variables": dict(variables or {})})
        if answer.get("errors"):
            raise Refused(500, None, answer["errors"][0]["message"])
        data: dict[str, Any] = answer["data"]
        return data

    def settle(self, once: Callable[[], Any], **others: Any) -> Any:
        return once()

    def write(self, door: Door, items: Sequence[Item]) -> list[str | None]:
        if door is Door.MUTATE:
            document, variables = mutation(items)
            answered = self._graphql(document, variables)
            return [answered[f"m{n}"]["uuid"] for n in range(len(items))]
        try:
            if door is Door.TERMINATE:
                answers: list[str | None] = mo_rest.terminate(self.store, list(items))
            else:
                verb = mo_rest.create if door is Door.CREATE else mo_rest.edit
                answers = verb(self.store, list(items), True)
        except MoError as error:
            raise Refused(error.status, error.key, str(error.body.get("description"))) from None
        return answers


_REMEMBERED: dict[str, dict[str, Any]] = {}


class People:
    """An MO that has two units and all classes, and an importer that tells it files."""

    def __init__(self) -> None:
        self.store = MoStore.empty()
        self.store.restore(_furnished())
        self.client: Any = _InProcess(self.store, _REMEMBERED)
        self.said = Desired()
        self.sent: list[Operation] = []
        self.applied = Applied()

    def tell(
        self,
        drop: Mapping[str, str],
        as_nye: Mapping[str, frozenset[int]] | None = None,
        counted: Mapping[str, frozenset[int]] | None = None,
    ) -> Desired:
        """Imports files in one run. `as_nye` and `counted` are as the state has them, for files that it has."""
        files = [_file(file, content, as_nye, counted) for file, content in drop.items()]
        files.sort(key=lambda file: file.name)
        wanted = Drop(
            people=[file for file in files if file.name.family is Family.PERS],
            managers=[file for file in files if file.name.family is Family.LEDER],
        )
        world = read_world(self.client, wanted)
        said = self.said = Desired()
        for each in desire(wanted, world, {}, Ours(751, AZ), DAYS[-2]):
            said.extend(each)
        plan = make_plan(said.objects, world.actual)
        self.sent = plan.operations
        self.applied = apply_plan(plan, self.client, self._read, chunk_size=50, concurrency=1)
        assert self.applied.stopped is None
        return said

    def _read(self, kind: Kind, uuids: Collection[str]) -> Mapping[str, History]:
        return read_histories(self.client, kind, uuids).found

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

    @property
    def complaints(self) -> list[str]:
        """What the last import told, as lines."""
        said = self.said
        lines = [f"{aside.ref.line} {aside.column}: {aside.reason}" for aside in said.set_aside]
        return lines + [f"{notice.ref.line if notice.ref else ''} {notice.text}" for notice in said.notices]

    # What MO is given by others

    def has_person(self, uuid: str, cpr: str | None, name: str = "Anna Andersen", **others: str) -> None:
        given, _, surname = name.rpartition(" ")
        fields = {"user_key": uuid, "givenname": given, "surname": surname, "cpr_no": cpr, **others}
        with self.store.transaction():
            self.store.create("employee", uuid, date(1970, 1, 1), FOREVER, fields)

    def has(
        self, kind: str, uuid: str, *spans: tuple[date, date], **fields: str | tuple[str, ...] | None
    ) -> None:
        """An object that is there for some spans."""
        with self.store.transaction():
            for first, (start, end) in enumerate(spans):
                if first == 0:
                    self.store.create(kind, uuid, start, end, {"user_key": uuid, **fields})
                else:
                    self.store.edit(kind, uuid, start, end, fields)

    def has_job(self, uuid: str, person: str, *spans: tuple[date, date]) -> None:
        self.has(
            "engagement",
            uuid,
            *spans,
            user_key="1-1",
            person=person,
            org_unit=SCHOOL,
            job_function=TEACHER,
            engagement_type=MONTHLY,
            primary=oracle.PRIMARY,
        )

    def has_account(
        self, uuid: str, person: str, user_key: str, *spans: tuple[date, date], system: str = AZ
    ) -> None:
        self.has("it", uuid, *spans, user_key=user_key, itsystem=system, person=person)

    def has_email(self, uuid: str, person: str, value: str, *spans: tuple[date, date]) -> None:
        self.has("address", uuid, *spans, user_key=value, value=value, address_type=EMAIL_TYPE, person=person)

    # What MO says

    def days(self) -> dict[Thing, Days]:
        return {thing: there for thing, there in days_of(self.store).items() if there}

    def told(self, what: str, uuid: str, part: int = 0) -> str:
        """A part of what a thing is over the days, as `anna@aarhus.dk 1-20, anne@aarhus.dk 21-`."""
        there = days_of(self.store).get((what, uuid), {})
        return ", ".join(runs_of({each: value[part] for each, value in there.items()}))

    def name_of(self, uuid: str) -> str:
        there = days_of(self.store).get(("person", uuid), {})
        return ", ".join(runs_of({each: f"{value[0]}|{value[1]}" for each, value in there.items()}))

    def job(self, uuid: str = JOB, part: int = 0) -> str:
        return self.told("engagement", uuid, part)

    def email(self, cpr: str = ANNA) -> str:
        return self.told("email", oracle.email_of(cpr))

    def account(self, cpr: str = ANNA) -> str:
        return self.told("account", oracle.account_of(cpr))

    def manager(self, unit: str = SCHOOL, cpr: str = ANNA, part: int = 4) -> str:
        return self.told("manager", oracle.manager_of(unit, cpr), part)


def check_one_by_one(apart: People, together: People, drop: dict[str, str]) -> None:
    """Files imported in a run each end as they do in one run."""
    for _, file in sorted((parsed, file) for file in drop if (parsed := parse_name(file))):
        apart.tell({file: drop[file]})
    together.tell(drop)
    told = [{thing: runs_of(there) for thing, there in each.days().items()} for each in (apart, together)]
    assert told[0] == told[1]


def check_against_the_oracle(world: People, drop: Mapping[str, str]) -> None:
    """Imports files, and compares what MO says then with what the oracle says; telling them again changes nothing."""
    told = oracle.told(drop, oracle_mo(world.store), DAYS, REFERENCES)
    desired = world.tell(drop)
    assert world.applied.failed == []
    fallen = [*desired.set_aside, *desired.superseded]
    assert {(aside.ref.file, aside.ref.line) for aside in fallen} == told.failing
    pointless = [notice.ref for notice in desired.notices if "nobody knows" in notice.text]
    assert {(ref.file, ref.line) for ref in pointless if ref} == told.pointless
    wanted = {thing: runs_of(there) for thing, there in told.days.items() if there}
    assert {thing: runs_of(there) for thing, there in world.days().items()} == wanted
    world.tell(drop, as_nye=desired.as_nye)
    assert world.sent == []


def oracle_mo(store: MoStore, days: Sequence[date] = DAYS) -> Mo:
    """An MO in the oracle's words."""
    cprs = {
        uuid: validities[-1]["cpr_no"]
        for uuid, validities in store.state()["employee"].items()
        if validities[-1]["cpr_no"]
    }
    return Mo(cprs, days_of(store, days))


def days_of(store: MoStore, days: Sequence[date] = DAYS) -> dict[Thing, Days]:
    """All people and managers of an MO, a day at a time."""
    state = store.state()
    found: dict[Thing, Days] = {}

    def add(what: str, uuid: str, validities: Sequence[Mapping[str, Any]], *names: str) -> None:
        there: Days = {}
        for each in validities:
            value = tuple(tuple(v) if isinstance(v := each[name], list) else v for name in names)
            start = date.fromisoformat(each["from"] or "0001-01-01")
            end = date.fromisoformat(each["to"]) if each["to"] else FOREVER
            there.update({day: value for day in days if start <= day <= end})
        found[what, uuid] = there

    for uuid, validities in state["employee"].items():
        add("person", uuid, validities, "givenname", "surname")
    for uuid, validities in state["engagement"].items():
        fields = ("user_key", "person", "org_unit", "job_function", "engagement_type", "primary")
        add("engagement", uuid, validities, *fields)
    for uuid, validities in state["address"].items():
        if validities[0]["person"] is not None:
            add("email", uuid, validities, "value", "person")
    for uuid, validities in state["it"].items():
        add("account", uuid, validities, "user_key", "itsystem", "person")
    for uuid, validities in state["manager"].items():
        fields = ("org_unit", "person", "manager_type", "manager_level", "responsibility")
        add("manager", uuid, validities, *fields)
    return found


def _file(
    file: str,
    content: str,
    as_nye: Mapping[str, frozenset[int]] | None,
    counted: Mapping[str, frozenset[int]] | None,
) -> FileRows[Any]:
    parsed_name = parse_name(file)
    assert parsed_name is not None
    parsed = read_file(parsed_name, content.encode())
    is_end = parsed_name.kind == "luk"
    if parsed_name.family is Family.PERS:
        kind: type[Any] = EndedEngagementRow if is_end else PersonRow
    else:
        kind = EndedManagerRow if is_end else ManagerRow
    noted = None if as_nye is None else as_nye.get(file, frozenset())
    return FileRows(
        parsed_name,
        parsed.rows_of(kind),
        parsed.rejects,
        None if counted is None else counted.get(file),
        noted,
    )


@cache
def _furnished() -> Snapshot:
    """An MO as the first import of an empty drop leaves it, and the units and classes of the tests."""
    store = MoStore.empty()
    client: Any = _InProcess(store)
    world = read_world(client, Drop())
    seeds = desire(Drop(), world, {}, Ours(751, AZ), DAYS[0])
    plan = make_plan([each for said in seeds for each in said.objects], world.actual)
    applied = apply_plan(
        plan,
        client,
        lambda kind, uuids: read_histories(client, kind, uuids).found,
        chunk_size=500,
        concurrency=1,
    )
    assert not applied.failed
    facets = initial.facet_uuids({})
    with store.transaction():
        for uuid, facet in _CLASSES.items():
            fields = {
                "facet_uuid": facets[facet],
                "user_key": uuid,
                "name": uuid,
                "scope": "TEXT",
                "published": "Publiceret",
            }
            store.create("class", uuid, LONG_AGO, FOREVER, fields)
        for uuid in (SCHOOL, OFFICE):
            fields = {
                "user_key": uuid,
                "name": "Skolen",
                "org_unit_type": derived("aarhus-los", "UNIT_TYPE_UNKNOWN"),
            }
            store.create("org_unit", uuid, LONG_AGO, FOREVER, fields)
    return store.snapshot()
