"""Hypothesis strategies of small drops of people and managers, and of what MO has before them."""

from __future__ import annotations

from datetime import date
from uuid import NAMESPACE_URL, uuid5

from hypothesis import strategies as st

from tests import people_oracle as oracle
from tests.people_world import (
    ANNA,
    ANNA_UUID,
    BO,
    BO_UUID,
    CARL,
    CHIEF,
    CLERK,
    DAYS,
    FOREVER,
    FOURTH_JOB,
    HOURLY,
    JOB,
    LEVEL,
    LONG_AGO,
    MONEY,
    MONTHLY,
    NO_CLASS,
    NOWHERE,
    OFFICE,
    SCHOOL,
    SECOND_JOB,
    STAFF,
    TEACHER,
    THIRD_JOB,
    People,
    day,
    ended,
    leader,
    left,
    name,
    person,
    text,
)

START = 13
"""Files are written from this day on."""
PROBABLE_STARTS = ["01-01-2000", day(5), day(12), day(13), day(15), day(18), day(22), day(27)]
PROBABLE_ENDS = ["", "", "9999-12-31", day(11), day(12), day(14), day(17), day(21), day(26), day(40)]
WHOSE = {JOB: ANNA, SECOND_JOB: ANNA, THIRD_JOB: BO, FOURTH_JOB: CARL}
HAND_MADE, OTHER_HAND_MADE = (f"{digit * 8}-5555-4555-8555-{digit * 12}" for digit in "89")


@st.composite
def _people(draw: st.DrawFn, *, sound: bool) -> dict[str, str]:
    pick = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    job = pick(*WHOSE)
    start, end = pick(*PROBABLE_STARTS), pick(*PROBABLE_ENDS)
    if start != "01-01-2000" and end and end != "9999-12-31":
        start, end = sorted((start, end), key=lambda text: text.split("-")[::-1])
    cells = person(
        UUID=job,
        CPR=pick(WHOSE[job], f"{WHOSE[job][:6]}-{WHOSE[job][6:]}"),
        CPRNavn=pick("Anna Andersen", "Anna Bo  Andersen", "Anna"),
        StartTid=start,
        SlutTid=end,
        Email=pick("anna@aarhus.dk", "bo@aarhus.dk", ""),
        PrimærAnsættelse=pick("Ja", "Nej", "nej"),
        OrgenhedUUID=pick(SCHOOL, OFFICE),
        EngagementTypeUUID=pick(MONTHLY, HOURLY),
        StillingsBetegnelseUUID=pick(TEACHER, CLERK),
        AZID=pick("AZ1", "AZ2", ""),
    )
    if not sound and draw(st.integers(0, 4)) == 0:
        column, value = pick(
            ("CPR", "3002701234"),
            ("CPR", BO),
            ("CPR", ""),
            ("CPRNavn", ""),
            ("StartTid", "30-02-2026"),
            ("StartTid", day(49)),
            ("Email", "anna"),
            ("Email", "anna"),
            ("PrimærAnsættelse", "måske"),
            ("OrgenhedUUID", NOWHERE),
            ("OrgenhedUUID", "x"),
            ("EngagementTypeUUID", NO_CLASS),
            ("StillingsBetegnelseUUID", MONEY + "0"),
            ("UUID", "x"),
        )
        cells = {**cells, column: value}
    return cells


@st.composite
def _ends(draw: st.DrawFn, *, sound: bool) -> dict[str, str]:
    job = draw(st.sampled_from([*WHOSE]))
    cells = ended(UUID=job, CPR=WHOSE[job])
    if not sound and draw(st.integers(0, 4)) == 0:
        column, value = draw(st.sampled_from([("CPR", ""), ("CPR", BO), ("UUID", "x"), ("UUID", NO_CLASS)]))
        cells = {**cells, column: value}
    return cells


@st.composite
def _leaders(draw: st.DrawFn, *, sound: bool) -> dict[str, str]:
    pick = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    cells = leader(OrgUUID=pick(SCHOOL, OFFICE), CPR=pick(ANNA, ANNA, BO), LederansvarUUID=pick(STAFF, MONEY))
    if not sound and draw(st.integers(0, 4)) == 0:
        column, value = pick(
            ("CPR", CARL),
            ("CPR", "x"),
            ("OrgUUID", NOWHERE),
            ("LedertypeUUID", NO_CLASS),
            ("LedertypeUUID", LEVEL),
            ("LederniveauUUID", "x"),
            ("LederansvarUUID", NO_CLASS),
        )
        cells = {**cells, column: value}
    return cells


@st.composite
def drops(draw: st.DrawFn, *, sound: bool = False, files: int = 4) -> dict[str, str]:
    """Pers files. Sound ones begin with one that has all engagements, which begin long before."""
    drop = {}
    if sound:
        first = [
            {**draw(_people(sound=True)), "UUID": job, "CPR": WHOSE[job], "StartTid": day(5), "SlutTid": ""}
            for job in WHOSE
        ]
        drop[name("nye", START - 1)] = text(first)
    for n in sorted(draw(st.lists(st.integers(START, START + 9), min_size=1, max_size=files))):
        kind = draw(st.sampled_from(["nye", "ret", "ret", "luk"]))
        rows = draw(st.lists((_ends if kind == "luk" else _people)(sound=sound), min_size=1, max_size=4))
        without: list[str] = []
        if kind != "luk" and not sound:
            without = draw(st.lists(st.sampled_from(["Email", "AZID"]), max_size=1))
        drop[name(kind, n)] = text(rows, without)
    return drop


@st.composite
def leader_drops(draw: st.DrawFn, *, sound: bool = False) -> dict[str, str]:
    """Leder files, and a Pers file by which Anna is known."""
    drop = {name("nye", START): text([person()])}
    for n in sorted(draw(st.lists(st.integers(START, START + 9), min_size=1, max_size=4))):
        kind = draw(st.sampled_from(["nye", "ret", "luk"]))
        if kind == "luk":
            rows = [
                left(OrgUUID=unit, CPR=draw(st.sampled_from([ANNA, BO, *([] if sound else ["x"])])))
                for unit in draw(st.lists(st.sampled_from([SCHOOL, OFFICE]), min_size=1, max_size=2))
            ]
        else:
            rows = draw(st.lists(_leaders(sound=sound), min_size=1, max_size=4))
        drop[name(kind, n, "Leder")] = text(rows)
    return drop


@st.composite
def spans(draw: st.DrawFn, least: int = 0) -> list[tuple[date, date]]:
    """One or two spans of days, in order, with a gap between them."""
    ends = sorted(draw(st.sets(st.integers(1, 40), min_size=4, max_size=4)))
    first, second = (DAYS[ends[0]], DAYS[ends[1]]), (DAYS[ends[2]], DAYS[ends[3]])
    last = draw(st.sampled_from([first, second]))
    open_end = (last[0], FOREVER)
    early = draw(st.sampled_from([LONG_AGO, first[0]]))
    return draw(
        st.sampled_from(
            [[first], [(early, first[1]), second], [first, open_end] if last == second else [open_end]]
        )
    )


@st.composite
def worlds(draw: st.DrawFn) -> People:
    """An MO that may have people, their engagements, e-mails, accounts and roles already."""
    world = People()
    holders: list[str] = []
    for cpr, derived_uuid in ((ANNA, ANNA_UUID), (BO, BO_UUID)):
        holder = draw(st.sampled_from([None, derived_uuid, str(uuid5(NAMESPACE_URL, cpr))]))
        if holder is None:
            continue
        holders.append(holder)
        world.has_person(holder, cpr, draw(st.sampled_from(["Anna Andersen", "Anna Berg"])))
        for job in [job for job, whose in WHOSE.items() if whose == cpr]:
            if draw(st.booleans()):
                world.has_job(job, holder, *draw(spans()))
        if draw(st.booleans()):
            world.has_email(oracle.email_of(cpr), holder, "gammel@aarhus.dk", *draw(spans()))
        others = draw(st.sets(st.sampled_from([HAND_MADE, OTHER_HAND_MADE])))
        # Beside exactly one other, what is ours depends on what was ours before: that is told in stories.
        if len(others) != 1 and draw(st.booleans()):
            # Ours: it began while the person had an engagement.
            ours = (LONG_AGO, draw(spans())[-1][1])
            world.has_account(oracle.account_of(cpr), holder, "AZ1", ours)
        for account in sorted(others):
            uuid = str(uuid5(NAMESPACE_URL, account + cpr))
            world.has_account(uuid, holder, f"AZ8{account[:1]}", *draw(spans()))
    if draw(st.integers(0, 3)) == 0:
        # Anna's number was corrected: the person whom the wrong one made is somebody else.
        if ANNA_UUID not in holders:
            world.has_person(ANNA_UUID, CARL, "Carl Carlsen")
    elif draw(st.integers(0, 3)) == 0:
        # Two people have Anna's number.
        world.has_person("77777777-6666-4666-8666-777777777777", ANNA, "Anna Dobbelt")
    for holder in holders[:1]:
        if draw(st.booleans()):
            world.has(
                "manager",
                oracle.manager_of(SCHOOL, ANNA),
                *draw(spans()),
                org_unit=SCHOOL,
                person=draw(st.sampled_from([holder, None])),
                manager_type=CHIEF,
                manager_level=LEVEL,
                responsibility=(STAFF,),
            )
    return world
