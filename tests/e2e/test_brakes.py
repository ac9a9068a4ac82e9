from __future__ import annotations

from datetime import date

from aarhus_los.uuids import UNKNOWN_TYPE
from tests.e2e.harness import Sandbox, table_line
from tests.e2e.los_files import org, spans, unit, uuid_of

ORG_RET = "Org_ret_20260301_220000.csv"


def fill(sandbox: Sandbox, count: int) -> None:
    """Puts units into MO as if they had been imported long ago: two roots, and below one of them all others."""
    with sandbox.store.transaction():
        for word in ("top", "other", *words(count - 2)):
            fields = {
                "user_key": word,
                "name": word.capitalize(),
                "parent": None if word in ("top", "other") else uuid_of("top"),
                "org_unit_type": UNKNOWN_TYPE,
                "org_unit_hierarchy": None,
            }
            sandbox.store.create("org_unit", uuid_of(word), date(2020, 1, 1), date.max, fields)


def words(count: int) -> list[str]:
    return [f"unit{number}" for number in range(count)]


def closing(count: int) -> str:
    return org(*(unit(word, "top", end="2026-03-31") for word in words(count)))


def moving(count: int) -> str:
    return org(*(unit(word, "other") for word in words(count)))


def asked(sandbox: Sandbox) -> list[int]:
    """MO's answers to the question how much there is."""
    path = f"/service/o/{sandbox.store.organisation}/"
    return [request["status"] for request in sandbox.requests() if request["path"] == path]


def ended(sandbox: Sandbox) -> int:
    units = sandbox.state()["org_unit"].values()
    return sum(validities[-1]["to"] == "2026-03-31" for validities in units)


def moved(sandbox: Sandbox) -> int:
    units = sandbox.state()["org_unit"].values()
    return sum(validities[-1]["parent"] == uuid_of("other") for validities in units)


def tripped(sandbox: Sandbox, *args: str) -> str:
    """Runs into a brake, which leaves MO and the state as they were; returns what is told."""

    def all_that_there_is() -> tuple[object, bytes | None]:
        path = sandbox.state_file
        return sandbox.state(), path.read_bytes() if path.exists() else None

    before = all_that_there_is()
    sandbox.writes()
    done = sandbox.run(*args)
    assert done.returncode == 65, done.stdout + done.stderr
    assert "exit 65" in done.stdout.splitlines()[-1]
    assert sandbox.writes() == 0
    assert all_that_there_is() == before
    return done.stdout


def passed(sandbox: Sandbox, *args: str) -> str:
    done = sandbox.run(*args)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_many_ends_stop_the_run_before_its_first_write_until_that_many_are_allowed(sandbox: Sandbox) -> None:
    fill(sandbox, 60)
    sandbox.put(ORG_RET, closing(51))
    # What has nothing to do with the ends waits too, also the seed data: a drop that is not to be trusted is not
    # imported in part.
    sandbox.put("Org_nye_20260301_220000.csv", org(unit("new", "top")))
    told = tripped(sandbox)
    assert "51 unit ends" in told
    assert "--allow unit-ends=51" in told
    assert table_line(told, ORG_RET)[:3] == ["51", "0", "51"], "what would be done is not nothing"
    planned = tripped(sandbox, "plan")
    assert "--allow unit-ends=51" in planned
    assert planned.count(": ended from 2026-04-01\n") == 51
    tripped(sandbox, "--allow", "unit-ends=50", "--allow", "unit-moves=1000")
    # One more came since the plan was looked at.
    sandbox.put(ORG_RET, closing(52))
    tripped(sandbox, "--allow", "unit-ends=51")
    passed(sandbox, "--allow", "unit-ends=52")
    assert ended(sandbox) == 52
    assert uuid_of("new") in sandbox.state()["org_unit"]


def test_many_moves_stop_the_run_too_and_are_allowed_by_their_own_name(sandbox: Sandbox) -> None:
    fill(sandbox, 210)
    sandbox.put(ORG_RET, moving(201))
    assert "--allow unit-moves=201" in tripped(sandbox, "--allow", "unit-ends=1000")
    assert asked(sandbox) == [200]
    passed(sandbox, "--allow", "unit-moves=201")
    assert moved(sandbox) == 201
    assert asked(sandbox) == [200], "MO need not be asked about what is allowed"


def test_200_moves_are_a_days_work(sandbox: Sandbox) -> None:
    fill(sandbox, 210)
    sandbox.put(ORG_RET, moving(200))
    passed(sandbox)
    assert moved(sandbox) == 200
    assert asked(sandbox) == [], "MO is asked only where the number is exceeded"


def test_51_ends_are_too_many_where_they_are_more_than_two_percent(sandbox: Sandbox) -> None:
    fill(sandbox, 2549)
    sandbox.put(ORG_RET, closing(51))
    assert "of 2549" in tripped(sandbox)
    with sandbox.store.transaction():
        fields = {"user_key": "one", "name": "One", "parent": None, "org_unit_type": UNKNOWN_TYPE}
        sandbox.store.create("org_unit", uuid_of("one more"), date(2020, 1, 1), date.max, fields)
    passed(sandbox)
    assert ended(sandbox) == 51


def test_where_mo_cannot_count_the_number_alone_decides(sandbox: Sandbox) -> None:
    fill(sandbox, 3000)
    with sandbox.store.transaction():
        # One broken unit, and MO answers 500 to whoever asks how many there are.
        nameless = {"user_key": "x", "name": "", "parent": None, "org_unit_type": UNKNOWN_TYPE}
        sandbox.store.create("org_unit", uuid_of("broken"), date(2020, 1, 1), date.max, nameless)
    sandbox.put(ORG_RET, closing(51))
    assert "MO could not tell of how many" in tripped(sandbox)
    assert set(asked(sandbox)) == {500}
    sandbox.put(ORG_RET, closing(50))
    passed(sandbox)
    assert ended(sandbox) == 50


def test_settings_make_a_brake_tighter_or_looser(sandbox: Sandbox) -> None:
    fill(sandbox, 60)
    sandbox.put(ORG_RET, closing(1))
    sandbox.configure(max_unit_ends=0, max_unit_ends_percent=1)
    assert "1 unit end (" in tripped(sandbox)
    sandbox.configure(max_unit_ends=0, max_unit_ends_percent=50)
    passed(sandbox)
    sandbox.put(ORG_RET, closing(56))
    sandbox.configure(max_unit_ends=55)
    passed(sandbox)
    assert ended(sandbox) == 56


def test_a_first_import_into_an_mo_without_units_trips_no_brake(sandbox: Sandbox) -> None:
    """Closed units, moves and gaps in their history, and not a single end or move tolerated."""
    rows = [unit("top"), unit("other")]
    for word in words(60):
        rows.append(unit(word, "top", start="2010-01-01", end="2015-12-31"))
        rows.append(unit(word, "other", start="2018-01-01", end="2026-03-31"))
    sandbox.put("Org_inital_20260301_220000.csv", org(*rows))
    none = {f"max_unit_{kind}{percent}": 0 for kind in ("ends", "moves") for percent in ("", "_percent")}
    sandbox.configure(**none)
    passed(sandbox)
    assert ended(sandbox) == 60
    assert spans(sandbox.state()["org_unit"][uuid_of("unit7")], "parent") == [
        ("2010-01-01", "2015-12-31", uuid_of("top")),
        ("2018-01-01", "2026-03-31", uuid_of("other")),
    ]
