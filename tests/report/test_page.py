from __future__ import annotations

import base64
import hashlib
import re
import stat
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest

from aarhus_los.addresses.outcomes import NotLookedUp, Unknown
from aarhus_los.cpr import Cpr
from aarhus_los.desired.claims import DesiredObject, Notice, SetAside, UnresolvedAddress
from aarhus_los.drop.rows import RowRef
from aarhus_los.errors import SettingsError, StateError
from aarhus_los.mo import kinds
from aarhus_los.mo.kinds import (
    Address,
    Class,
    Engagement,
    Facet,
    History,
    ItSystem,
    Kind,
    Manager,
    Person,
    Unit,
)
from aarhus_los.plan import Operation, make_plan
from aarhus_los.report.account import Account
from aarhus_los.report.page import check_page, write_page
from aarhus_los.report.scene import Scene, make_scene
from aarhus_los.selection import Refusal
from aarhus_los.timeline import FOREVER, NOTHING, Nothing, Piece

TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 7, 30)
SINCE = date(2010, 1, 1)
CPR = "0101951234"
NOT_LOOKED_UP = "Ikke slået op, prøves igen ved næste kørsel: no connection"
ORG_RET = "Org_ret_20260301_220000.csv"
VOID = {"meta", "input"}
IMPLIED = {"tr", "td", "th"}
"""May be left open: what comes next closes them."""


def uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def unit(name: str, parent: str | None = None, key: str = "", type_of: str | None = "Afdeling") -> Unit:
    """A unit by name; its parent too."""
    return Unit(key or name, name, parent and uuid(parent), type_of and uuid(type_of), None)


def ean(number: str, of: str) -> Address:
    return Address(number, uuid("EAN nummer"), uuid(of))


def mail(address: str, of: str) -> Address:
    return Address(address, uuid("Email"), person=uuid(of))


def always(value: kinds.Value) -> History:
    return (Piece(SINCE, FOREVER, value),)


def claim(
    kind: Kind,
    name: str,
    value: kinds.Value | Nothing,
    start: date = TODAY,
    line: int = 2,
    within: str | None = None,
) -> DesiredObject:
    piece: Piece[kinds.Value] = Piece(start, FOREVER, value, (RowRef(ORG_RET, line),))
    return DesiredObject(kind, uuid(name), (piece,), within=within)


CLASSES = {
    uuid(name): always(Class(uuid("facet"), name, name, "TEXT"))
    for name in (
        "Afdeling",
        "Kontor",
        "EAN nummer",
        "Postadresse",
        "Email",
        "Lærer",
        "Månedslønnet",
        "Chef",
        "Niveau 2",
        "Personale",
    )
} | {uuid("primary"): always(Class(uuid("facet"), "primary", "Primær", "1"))}
UNITS = {
    uuid("Ådal"): always(unit("Ådal")),
    uuid("Skoler"): always(unit("Skoler", "Ådal")),
    uuid("Kultur"): always(unit("Kultur", "Ådal")),
    uuid("Bibliotek"): always(unit("Bibliotek", "Kultur")),
    uuid("Museum"): always(unit("Museum", "Kultur")),
    uuid("Musik"): always(unit("Musik", "Skoler")),
    uuid("Bus"): always(unit("Bus", "Bibliotek")),
}
MO: dict[Kind, dict[str, History]] = {
    Kind.CLASS: CLASSES,
    Kind.FACET: {uuid("facet"): always(Facet("org_unit_type"))},
    Kind.ITSYSTEM: {uuid("AZ"): always(ItSystem("AZ", "AZ"))},
    Kind.ORG_UNIT: UNITS,
    Kind.EMPLOYEE: {
        uuid(name): always(Person.named(name, Cpr(CPR))) for name in ("Åse Holm", "Bo Bæk", "Ib Ravn")
    },
    Kind.ENGAGEMENT: {
        uuid(f"job of {name}"): always(
            Engagement("1", uuid(name), uuid(where), uuid("Lærer"), uuid("Månedslønnet"), uuid("primary"))
        )
        for name, where in (("Åse Holm", "Musik"), ("Bo Bæk", "Museum"), ("Ib Ravn", "Bus"))
    },
    Kind.ADDRESS: {
        uuid("ean of Museum"): always(ean("5798000000003", "Museum")),
        uuid("ean of Bus"): always(ean("5798000000004", "Bus")),
        uuid("mail of Bo Bæk"): always(mail("bo@aadal.example", "Bo Bæk")),
    },
}


def job(person: str, where: str, what: str = "Lærer") -> Engagement:
    return Engagement("1", uuid(person), uuid(where), uuid(what), uuid("Månedslønnet"), uuid("primary"))


LEADER = Manager(uuid("Museum"), uuid("Bo Bæk"), uuid("Chef"), uuid("Niveau 2"), (uuid("Personale"),))
CHANGES = [
    claim(Kind.ORG_UNIT, "Klima", unit("Klima", "Ådal"), date(2026, 2, 1), 3),
    claim(Kind.ADDRESS, "ean of Klima", ean("5798000000009", "Klima"), date(2026, 2, 1), within=uuid("Klima")),
    claim(Kind.ORG_UNIT, "Bibliotek", unit("Hovedbibliotek", "Kultur", "Bibliotek"), line=4),
    claim(Kind.ORG_UNIT, "Musik", unit("Musik", "Kultur"), line=5),
    claim(Kind.ORG_UNIT, "Bus", NOTHING, line=6),
    claim(Kind.ADDRESS, "ean of Bus", NOTHING, line=6),
    claim(Kind.ORG_UNIT, "Skoler", unit("Skoler", "Ådal", type_of="Kontor"), line=7),
    claim(Kind.ADDRESS, "ean of Museum", ean("5798000000010", "Museum"), line=8),
    claim(Kind.EMPLOYEE, "Eva Dam", Person.named("Eva Dam", Cpr(CPR)), SINCE),
    claim(Kind.ENGAGEMENT, "job of Eva Dam", job("Eva Dam", "Klima")),
    claim(Kind.ADDRESS, "mail of Eva Dam", mail("eva@aadal.example", "Eva Dam")),
    claim(Kind.ENGAGEMENT, "job of Åse Holm", job("Åse Holm", "Museum")),
    claim(Kind.ENGAGEMENT, "job of Ib Ravn", NOTHING),
    claim(Kind.ADDRESS, "mail of Bo Bæk", mail("bo.baek@aadal.example", "Bo Bæk")),
    claim(Kind.MANAGER, "leader", LEADER),
]  # fmt: skip


def from_mo(kind: Kind, uuids: Collection[str]) -> Mapping[str, History]:
    return {each: MO[kind][each] for each in uuids if each in MO.get(kind, {})}


def told(
    wanted: list[DesiredObject] = CHANGES,
    actual: Mapping[Kind, Mapping[str, History]] = MO,
    **more: object,
) -> Account:
    """The account of a plan."""
    plan = make_plan(wanted, actual)
    scene = make_scene(TODAY, wanted, actual, plan.operations, from_mo)
    return Account(plan=plan, scene=scene, dry=True, **more)  # type: ignore[arg-type]


@dataclass
class Page(HTMLParser):
    """What a browser would find in the page."""

    text: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    rows: dict[str, list[list[str]]] = field(default_factory=dict)
    """Section → rows → cells. A row of one cell is the path above those that follow."""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._section = ""
        self.feed(self.text)
        self.close()
        assert self._open == [], "elements that are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in VOID:
            return
        if tag in IMPLIED:
            while self._open[-1] in (("td", "th") if tag != "tr" else IMPLIED):
                self._open.pop()
        self._open.append(tag)
        if tag == "details":
            self._section = dict(attrs)["id"] or ""
        if tag == "tr" and self._section:
            self.rows.setdefault(self._section, []).append([])
        if tag in ("td", "th") and self._section:
            self.rows[self._section][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open[-1] != tag:
            assert self._open[-1] in IMPLIED, f"</{tag}> where {self._open[-1]} is open"
            self._open.pop()
        self._open.pop()
        if tag == "details":
            self._section = ""

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("script", "style"):
            (self.scripts if self._open[-1] == "script" else self.styles).append(data)
        elif self._section and self.rows.get(self._section) and self.rows[self._section][-1]:
            cell = self.rows[self._section][-1]
            between = " › " if self._open[-2:] == ["th", "span"] and cell[-1] else " " if cell[-1] else ""
            cell[-1] += between + data.strip() if data.strip() else ""

    def told_of(self, section: str) -> list[list[str]]:
        """The rows of a section without its head."""
        return self.rows.get(section, [[]])[1:]


def page_of(account: Account, tmp_path: Path) -> Page:
    path = tmp_path / "page.html"
    write_page(path, account, NOW)
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return page_of(told(), tmp_path)


def test_units_stand_below_their_ancestors_with_the_old_beside_the_new(page: Page) -> None:
    assert page.told_of("created") == [
        ["Ådal"],
        [
            "Klima",
            "Enhedstype: Afdeling Brugervendt nøgle: Klima EAN nummer: 5798000000009",
            "fra 01-02-2026",
            f"{ORG_RET}:3",
        ],
    ]
    assert page.told_of("renamed") == [
        ["Ådal › Kultur"],
        ["Hovedbibliotek", "Navn", "Bibliotek", "Hovedbibliotek", "fra 01-03-2026", f"{ORG_RET}:4"],
    ]
    assert page.told_of("moved") == [
        ["Ådal › Kultur"],
        ["Musik", "Overenhed", "Ådal › Skoler", "Ådal › Kultur", "fra 01-03-2026", f"{ORG_RET}:5"],
    ]
    assert page.told_of("closed") == [
        ["Ådal › Kultur › Hovedbibliotek"],
        ["Bus", "Lukkes", "uden slutdato", "sidste dag 28-02-2026 og 1 adresse", "fra 01-03-2026", f"{ORG_RET}:6"],
    ]  # fmt: skip
    assert page.told_of("other") == [
        ["Ådal"],
        ["Skoler", "Enhedstype", "Afdeling", "Kontor", "fra 01-03-2026", f"{ORG_RET}:7"],
        ["Ådal › Kultur"],
        ["Museum", "EAN nummer", "5798000000003", "5798000000010", "fra 01-03-2026", f"{ORG_RET}:8"],
    ]


def test_people_stand_below_their_unit(page: Page) -> None:
    assert [row[:4] for row in page.told_of("people")] == [
        ["Ådal › Klima"],
        ["Eva Dam ny", "Ansættelse begynder", "–", "Lærer Månedslønnet Email: eva@aadal.example"],
        ["Ådal › Kultur › Hovedbibliotek › Bus"],
        ["Ib Ravn", "Ansættelse ophører", "Lærer Månedslønnet uden slutdato", "sidste dag 28-02-2026"],
        ["Ådal › Kultur › Museum"],
        ["Bo Bæk", "Leder begynder", "–", "Chef Niveau 2 Personale"],
        ["", "Email", "bo@aadal.example", "bo.baek@aadal.example"],
        ["Åse Holm", "Ansættelse flyttes", "Ådal › Kultur › Musik", "Ådal › Kultur › Museum"],
    ]


def test_a_unit_that_was_closed_is_there_again(tmp_path: Path) -> None:
    closed: History = (Piece(SINCE, date(2020, 12, 31), unit("Bus", "Kultur")),)
    actual = {**MO, Kind.ORG_UNIT: {**UNITS, uuid("Bus"): closed}}
    page = page_of(told([claim(Kind.ORG_UNIT, "Bus", unit("Bus", "Kultur"))], actual), tmp_path)
    assert page.told_of("reopened")[1][:5] == [
        "Bus",
        "Genåbnes eller forlænges",
        "–",
        "Bus",
        "fra 01-03-2026",
    ]
    assert not page.told_of("created")


def test_a_change_that_is_announced_leaves_the_name_of_today(tmp_path: Path) -> None:
    wanted = [claim(Kind.ORG_UNIT, "Museum", unit("Kunstmuseum", "Kultur", "Museum"), date(2027, 1, 1))]
    page = page_of(told(wanted), tmp_path)
    assert page.told_of("renamed")[1][:5] == ["Museum", "Navn", "Museum", "Kunstmuseum", "fra 01-01-2027"]


def test_the_history_of_a_new_unit_is_told_by_stages(tmp_path: Path) -> None:
    stages: History = (
        Piece(date(2011, 1, 1), date(2019, 12, 31), unit("Miljø", "Ådal", "K")),
        Piece(date(2020, 1, 1), FOREVER, unit("Klima", "Ådal", "K")),
    )
    page = page_of(told([DesiredObject(Kind.ORG_UNIT, uuid("Klima"), stages)]), tmp_path)
    assert [row[:3] for row in page.told_of("created")[1:]] == [
        ["Klima", "Miljø Enhedstype: Afdeling Brugervendt nøgle: K", "01-01-2011 til 31-12-2019"],
        ["", "Enhedstype: Afdeling Brugervendt nøgle: K", "fra 01-01-2020"],
    ]


def test_danes_sort_aa_last(tmp_path: Path) -> None:
    names = ("Åbo", "Ærø", "Zoo", "Østre", "avis")
    page = page_of(told([claim(Kind.ORG_UNIT, name, unit(name, "Ådal")) for name in names]), tmp_path)
    assert [row[0] for row in page.told_of("created")[1:]] == ["avis", "Zoo", "Ærø", "Østre", "Åbo"]


def test_a_plan_says_would_and_an_import_says_did(tmp_path: Path) -> None:
    account = told()
    planned = page_of(account, tmp_path).text
    assert "Intet er sendt til MO" in planned
    assert ">Plan <" in planned and "Oprettes" in planned and "Oprettet" not in planned
    account.dry = False
    account.acknowledged = len(account.plan.operations)
    done = page_of(account, tmp_path).text
    assert "hvad importen har skrevet i MO" in done
    assert ">Import <" in done and "Oprettet" in done and "Oprettes" not in done


def test_an_import_that_a_brake_holds_back_says_that_nothing_was_sent(tmp_path: Path) -> None:
    account = told(brakes=["unit-ends: 40 org units would end"])
    account.dry = False
    page = page_of(account, tmp_path)
    assert "Intet er sendt til MO" in page.text and "En bremse holder importen tilbage" in page.text
    assert "unit-ends: 40 org units would end" in page.text
    assert page.told_of("renamed")


def test_an_import_tells_only_what_was_done(tmp_path: Path) -> None:
    account = told()
    done = [each for each in account.plan.operations if each.uuid == uuid("Bibliotek")]
    account.dry = False
    account.scene = Scene(TODAY, done, account.scene.after if account.scene else {})
    account.acknowledged, account.unsettled, account.stopped = 1, 16, "MO: no connection"
    page = page_of(account, tmp_path)
    assert list(page.rows) == ["renamed"]
    assert "1 bekræftet af MO, 0 afvist, 16 ikke sendt eller uvist" in page.text
    assert "MO: no connection" in page.text


def test_rejects_and_addresses_stand_with_their_reasons(tmp_path: Path) -> None:
    refs = [RowRef(ORG_RET, line) for line in range(2, 8)]
    account = told(
        [],
        set_aside=[
            SetAside(refs[0], "StartDato", "no such day", pending=False),
            SetAside(refs[1], "ParentUUID", "no such unit", pending=True, part=True),
        ],
        unresolved=[
            UnresolvedAddress(
                refs[2], uuid("Museum"), "Skovvej 3", Unknown(-1000, "Ukendt", "Skovvej 5"), uuid("x")
            ),
            UnresolvedAddress(refs[3], uuid("Bus"), "Havnen 1", NotLookedUp("no connection"), None),
        ],
        notices=[Notice("EAN: not 13 digits", refs[4], fault=True), Notice("a unit outlives", refs[5])],
        refused=[Refusal("Org_nye_20260301_220000.csv", "the column OrgUUID is missing", 65)],
        warnings=["others can read the folder"],
    )
    assert account.scene is not None
    account.scene = Scene(TODAY, (), account.scene.after, subjects={refs[0]: uuid("Museum")})
    page = page_of(account, tmp_path)
    assert page.told_of("set-aside") == [
        [f"{ORG_RET}:2", "StartDato", "Ådal › Kultur › Museum", "no such day", "Kræver en rettet fil"],
        [f"{ORG_RET}:3", "ParentUUID", "", "no such unit", "Venter: prøves igen ved næste kørsel. Resten af rækken er med"],
    ]  # fmt: skip
    assert page.told_of("unresolved") == [
        ["Skovvej 3", "Ådal › Kultur › Museum", "-1000: Ukendt", "Skovvej 5", f"DAR {uuid('x')}", f"{ORG_RET}:4"],
        ["Havnen 1", "Ådal › Kultur › Bibliotek › Bus", NOT_LOOKED_UP, "", "–", f"{ORG_RET}:5"],
    ]  # fmt: skip
    assert page.rows["faults"] == [[f"{ORG_RET}:6: EAN: not 13 digits"]]
    assert page.rows["warnings"] == [["others can read the folder"], [f"{ORG_RET}:7: a unit outlives"]]
    assert "the column OrgUUID is missing" in page.text


def test_what_comes_in_with_the_data_is_text(tmp_path: Path) -> None:
    evil = '<script>alert("1")</script><img src=x onerror=alert(1)>'
    actual = {**MO, Kind.ORG_UNIT: {**UNITS, uuid("Kultur"): always(unit(evil, "Ådal"))}}
    wanted = [
        claim(Kind.ORG_UNIT, "Klima", unit(evil, "Kultur", evil)),
        claim(Kind.ORG_UNIT, "Museum", unit(evil, "Kultur", "Museum")),
        claim(Kind.EMPLOYEE, "Ib Ravn", Person.named(evil)),
    ]
    ref = RowRef(f"{evil}.csv", 2)
    account = told(
        wanted,
        actual,
        set_aside=[SetAside(ref, evil, evil, pending=False)],
        unresolved=[UnresolvedAddress(ref, uuid("Kultur"), evil, Unknown(1, evil, evil), None)],
        warnings=[evil],
        brakes=[evil],
        stopped=evil,
    )
    page = page_of(account, tmp_path)
    assert len(page.scripts) == 1 and "alert" not in page.scripts[0]
    assert "img" not in {tag for tag, _ in page.tags}
    assert page.told_of("created")[1][0] == evil
    assert page.told_of("created")[0] == [f"Ådal › {evil}"]
    assert page.rows["warnings"] == [[evil]]


def test_the_page_loads_nothing_and_runs_nothing_but_its_own_script(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "base")
        assert not {"src", "srcset", "style", "action", "data"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\(|@import|image-set", page.styles[0])
    assert not re.search(r"https?:|//", page.text.replace(page.scripts[0], ""))
    assert "fetch" not in page.scripts[0] and "http" not in page.scripts[0]
    policy = next(each["content"] for _, each in page.tags if each.get("http-equiv"))
    assert policy is not None and policy.startswith("default-src 'none'; ")
    for text in (page.scripts[0], page.styles[0]):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy


def test_links_lead_to_sections_that_are_there(page: Page) -> None:
    anchors = {attributes.get("id") for _, attributes in page.tags}
    targets = {(attributes.get("href") or "#")[1:] for tag, attributes in page.tags if tag == "a"}
    assert targets == {"created", "renamed", "moved", "closed", "other", "people"}
    assert targets <= anchors


def test_everything_is_open_without_the_script(page: Page) -> None:
    assert all("open" in attributes for tag, attributes in page.tags if tag == "details")
    assert [tag for tag, attributes in page.tags if "hidden" in attributes] == ["form"]


def test_no_cpr_number_is_in_the_page(page: Page) -> None:
    assert "Eva Dam" in page.text
    assert CPR not in page.text and CPR[:6] not in page.text and CPR[6:] not in page.text


def test_a_run_without_anything_to_do_has_a_page(tmp_path: Path) -> None:
    page = page_of(Account(), tmp_path)
    assert "Alt er importeret." in page.text
    assert "Ingen nye filer og ingen ventende rækker." in page.text
    assert "Ingen ændringer i MO." in page.text


def test_only_missing_ancestors_are_read_a_level_at_a_time() -> None:
    asked: list[tuple[Kind, set[str]]] = []

    def read(kind: Kind, uuids: Collection[str]) -> Mapping[str, History]:
        asked.append((kind, set(uuids)))
        return from_mo(kind, uuids)

    known = {Kind.ORG_UNIT: {uuid("Bus"): UNITS[uuid("Bus")]}, Kind.CLASS: CLASSES}
    wanted = [claim(Kind.ORG_UNIT, "Bus", unit("Bogbus", "Bibliotek", "Bus"))]
    scene = make_scene(TODAY, wanted, known, make_plan(wanted, known).operations, read)
    assert asked == [(Kind.ORG_UNIT, {uuid(name)}) for name in ("Bibliotek", "Kultur", "Ådal")]
    assert scene.path(uuid("Bus")) == ("Ådal", "Kultur", "Bibliotek", "Bogbus")


def test_units_that_hang_below_each_other_or_that_mo_cannot_show_are_told_all_the_same() -> None:
    circle = {uuid("A"): always(unit("A", "B")), uuid("B"): always(unit("B", "A"))}
    lost = {uuid("C"): always(unit("C", "nowhere"))}
    wanted = [claim(Kind.ORG_UNIT, name, unit(f"{name}!", up)) for name, up in (("A", "B"), ("C", "nowhere"))]
    actual = {Kind.ORG_UNIT: circle | lost, Kind.CLASS: CLASSES}
    scene = make_scene(TODAY, wanted, actual, make_plan(wanted, actual).operations, from_mo)
    assert scene.path(uuid("A")) == ("B", "A!")
    assert scene.path(uuid("C")) == (uuid("nowhere"), "C!")


def many_units(number: int) -> Account:
    wanted = []
    for nth in range(number):
        name = f"Enhed {nth}"
        wanted.append(claim(Kind.ORG_UNIT, name, unit(name, f"Enhed {nth // 10}" if nth else "Ådal")))
        address = Address(f"{nth:013}", uuid("EAN nummer"), uuid(name))
        wanted.append(claim(Kind.ADDRESS, f"ean of {name}", address, within=uuid(name)))
    return told(wanted)


def test_the_page_grows_with_the_changes_and_not_faster(tmp_path: Path) -> None:
    empty = len(page_of(Account(), tmp_path).text)
    small = len(page_of(many_units(200), tmp_path).text) - empty
    account = many_units(1000)
    begun = time.monotonic()
    write_page(tmp_path / "large.html", account, NOW)
    assert time.monotonic() - begun < 3
    large = (tmp_path / "large.html").stat().st_size - empty
    assert empty < 20_000
    assert large < 6 * small
    assert large < 1000 * 600


def test_the_page_is_for_its_owner_alone_and_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("an older one")
    path.chmod(0o644)
    check_page(path)
    assert path.read_text() == "an older one"
    write_page(path, told(), NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("name", ["", "nowhere/page.html", "/dev/null", "/proc/page.html"])
def test_a_place_where_no_page_can_be_is_told_before(tmp_path: Path, name: str) -> None:
    with pytest.raises(StateError) as caught:
        check_page(tmp_path / name)
    assert caught.value.exit_code == 74
    assert str((tmp_path / name).parent if name.endswith("html") else tmp_path / name) in str(caught.value)


def test_without_the_extra_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(SettingsError, match=r"pip install 'aarhus-los\[report\]'"):
        check_page(tmp_path / "page.html")


def test_every_operation_is_somewhere_in_the_page(page: Page) -> None:
    operations: list[Operation] = told().plan.operations
    lines = {str(ref.line) for operation in operations for ref in operation.origin}
    shown = {
        line
        for section in page.rows
        for row in page.told_of(section)
        if len(row) > 1
        for line in row[-1].rpartition(":")[2].split(", ")
    }
    assert lines == shown


@pytest.mark.parametrize(
    ("spans", "name"),
    [
        ([("old", 2010, 2015), ("now", 2016, 2030)], "now"),
        ([("old", 2010, 2015), ("next", 2027, 2027), ("later", 2028, 2030)], "next"),
        ([("older", 2010, 2012), ("old", 2013, 2015)], "old"),
    ],
)
def test_a_name_is_that_of_today_else_the_next_one_else_the_last(
    spans: list[tuple[str, int, int]], name: str
) -> None:
    history: History = tuple(
        Piece(date(start, 1, 1), date(end, 12, 31), unit(each)) for each, start, end in spans
    )
    assert Scene(TODAY, (), {Kind.ORG_UNIT: {uuid("A"): history}}).name(Kind.ORG_UNIT, uuid("A")) == name
