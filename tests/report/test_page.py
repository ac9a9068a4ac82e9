from __future__ import annotations

import base64
import hashlib
import json
import re
import stat
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest

from aarhus_los.addresses.outcomes import NotLookedUp, Unknown, Unsafe
from aarhus_los.brakes import Brake, BrakeKind, Limit
from aarhus_los.cpr import Cpr
from aarhus_los.desired.claims import DesiredObject, Notice, SetAside, UnresolvedAddress
from aarhus_los.drop.rows import RowRef
from aarhus_los.errors import SettingsError, StateError
from aarhus_los.messages import Message
from aarhus_los.mo import model
from aarhus_los.mo.model import (
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
from aarhus_los.report.names import gather_names
from aarhus_los.report.page import STYLE, check_page, write_page
from aarhus_los.report.record import as_json, run_record
from aarhus_los.selection import Refusal
from aarhus_los.timeline import FOREVER, NOTHING, Nothing, Piece

TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 7, 30)
SINCE = date(2010, 1, 1)
CPR = "0101951234"
NOT_LOOKED_UP = (
    "Ikke slået op, prøves igen ved næste kørsel: adressetjenesten afviser nøglen (HTTP 401): se på dar_token"
)
ORG_RET = "Org_ret_20260301_220000.csv"
JOB = "Stilling: Lærer Ansættelsestype: Månedslønnet Primær: Primær"
VOID = {"meta", "input"}


def uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def unit(name: str, parent: str | None = None, key: str = "", type_of: str | None = "Afdeling") -> Unit:
    """A unit by name; its parent too."""
    return Unit(key or name, name, parent and uuid(parent), type_of and uuid(type_of))


def ean(number: str, of: str) -> Address:
    return Address(number, uuid("EAN nummer"), uuid(of))


def mail(address: str, of: str) -> Address:
    return Address(address, uuid("Email"), person=uuid(of))


def always(value: model.Value) -> History:
    return (Piece(SINCE, FOREVER, value),)


def claim(
    kind: Kind,
    name: str,
    value: model.Value | Nothing,
    start: date = TODAY,
    line: int = 2,
    within: str | None = None,
) -> DesiredObject:
    piece: Piece[model.Value] = Piece(start, FOREVER, value, (RowRef(ORG_RET, line),))
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
    units = {uuid(name) for name in ("Museum", "Bus")}
    names = gather_names(TODAY, plan.operations, actual, from_mo, units=units)
    return Account(started=NOW, plan=plan, names=names, dry=True, **more)  # type: ignore[arg-type]


@dataclass
class Page(HTMLParser):
    """What a browser would find in the page."""

    text: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    rows: dict[str, list[list[str]]] = field(default_factory=dict)
    """Section → rows → cells, without the heads of tables. A row of one cell is the path above those that follow."""
    words: list[tuple[str | None, str]] = field(default_factory=list)
    """All texts, each with its language where that is not the page's."""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self._sections = [""]
        self._cell = False
        self.feed(self.text)
        self.close()
        assert self._open == [], "elements that are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag in VOID:
            return
        self._open.append((tag, attributes))
        if tag in ("details", "section"):
            self._sections.append(attributes.get("id") or "")
        if tag == "tr":
            self.rows.setdefault(self._sections[-1], []).append([])
        if tag in ("td", "th"):
            self._cell = True
            self.rows[self._sections[-1]][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self._open.pop()
        assert opened == tag, f"</{tag}> where {opened} is open"
        if tag in ("details", "section"):
            self._sections.pop()
        if tag in ("td", "th"):
            self._cell = False
        if tag == "thead":
            self.rows[self._sections[-1]].pop()

    def handle_data(self, data: str) -> None:
        tag, attributes = self._open[-1] if self._open else ("", {})
        if tag in ("script", "style"):
            (self.scripts if tag == "script" else self.styles).append(data)
            return
        text = " ".join(data.split())
        if text:
            languages = [each["lang"] for _, each in self._open if "lang" in each]
            self.words.append((languages[-1] if len(languages) > 1 else None, text))
        if self._cell and attributes.get("class") != "uuid":
            cell = self.rows[self._sections[-1]][-1]
            cell[-1] = f"{cell[-1]} {text}".strip()

    def told_of(self, unit: str) -> list[list[str]]:
        """The rows of a department or of a part of one, by the name of the unit."""
        return self.rows.get(f"u-{uuid(unit)}", [])

    def visible(self) -> str:
        return " ".join(text for _, text in self.words)


def page_of(account: Account, tmp_path: Path) -> Page:
    path = tmp_path / "page.html"
    write_page(path, run_record(account))
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return page_of(told(), tmp_path)


def test_units_stand_in_their_department_with_the_old_beside_the_new(page: Page) -> None:
    assert page.told_of("Klima")[0] == [
        "Klima",
        "Oprettes",
        "Enhedstype: Afdeling Brugervendt nøgle: Klima EAN nummer: 5798000000009",
        "fra 01-02-2026",
        f"{ORG_RET}:3, 2",
    ]
    assert page.told_of("Bibliotek")[:2] == [
        ["Hovedbibliotek", "Omdøbes", "Navn: Bibliotek", "Navn: Hovedbibliotek", "fra 01-03-2026", f"{ORG_RET}:4"],
        [
            "Bus",
            "Lukkes",
            "Enhedstype: Afdeling Brugervendt nøgle: Bus EAN nummer: 5798000000004",
            "–",
            "fra 01-03-2026",
            f"{ORG_RET}:6",
        ],
    ]  # fmt: skip
    assert page.told_of("Museum")[0] == [
        "Museum", "Ændres", "EAN nummer: 5798000000003", "EAN nummer: 5798000000010", "fra 01-03-2026", f"{ORG_RET}:8",
    ]  # fmt: skip
    assert page.told_of("Skoler")[0] == [
        "Skoler", "Ændres", "Enhedstype: Afdeling", "Enhedstype: Kontor", "fra 01-03-2026", f"{ORG_RET}:7",
    ]  # fmt: skip


def test_a_unit_that_moves_is_told_where_it_was_and_where_it_will_be(page: Page) -> None:
    moved = ["Musik", "Flyttes", "Overenhed: Ådal › Skoler", "Overenhed: Ådal › Kultur"]
    assert page.told_of("Musik")[0][:4] == page.told_of("Skoler")[1][:4] == moved


def test_people_stand_in_their_unit(page: Page) -> None:
    assert [row[:3] for row in page.told_of("Klima")[1:]] == [
        ["Eva Dam", "Ny person Ansættelse begynder", f"{JOB} Email: eva@aadal.example"],
    ]  # fmt: skip
    # Who is in a unit below the part is under its name.
    assert [row[:4] for row in page.told_of("Bibliotek")[2:]] == [
        ["Bus"],
        ["Ib Ravn", "Ansættelse ophører", JOB, "–"],
    ]  # fmt: skip
    assert [row[:4] for row in page.told_of("Museum")[1:]] == [
        [
            "Bo Bæk",
            "Leder begynder",
            "Email: bo@aadal.example",
            "Ledertype: Chef Lederniveau: Niveau 2 Lederansvar: Personale Email: bo.baek@aadal.example",
        ],
        ["Åse Holm", "Ansættelse flyttes", "Enhed: Ådal › Kultur › Musik", "Enhed: Ådal › Kultur › Museum"],
    ]  # fmt: skip


def test_the_tree_counts_on_each_branch_what_happens_below_it(page: Page) -> None:
    tree = page.text[page.text.index('<ul class="tree">') : page.text.index('<ul class="more">')]
    lines = [" ".join(re.sub(r"<[^>]*>", " ", line).split()) for line in tree.split("<li>")[1:]]
    assert lines == [
        "Ådal 1 oprettes 1 omdøbes 1 flyttes 1 lukkes 2 ændres 4 personer",
        "Klima 1 oprettes 1 person",
        "Kultur 1 omdøbes 1 flyttes 1 lukkes 1 ændres 3 personer",
        "Hovedbibliotek 1 omdøbes 1 lukkes 1 person",
        "Museum 1 ændres 2 personer",
        "Musik 1 flyttes",
        "Skoler 1 flyttes 1 ændres",
    ]


def test_a_unit_that_was_closed_is_there_again(tmp_path: Path) -> None:
    closed: History = (Piece(SINCE, date(2020, 12, 31), unit("Bus", "Kultur")),)
    actual = {**MO, Kind.ORG_UNIT: {**UNITS, uuid("Bus"): closed}}
    page = page_of(told([claim(Kind.ORG_UNIT, "Bus", unit("Bus", "Kultur"))], actual), tmp_path)
    assert page.told_of("Bus")[0][:2] == ["Bus", "Genåbnes eller forlænges"]


def test_a_change_that_is_announced_leaves_the_name_of_today(tmp_path: Path) -> None:
    wanted = [claim(Kind.ORG_UNIT, "Museum", unit("Kunstmuseum", "Kultur", "Museum"), date(2027, 1, 1))]
    page = page_of(told(wanted), tmp_path)
    assert page.told_of("Museum")[0][:5] == [
        "Museum", "Omdøbes", "Navn: Museum", "Navn: Kunstmuseum", "fra 01-01-2027",
    ]  # fmt: skip


def test_the_history_of_a_new_unit_is_told_by_stages(tmp_path: Path) -> None:
    stages: History = (
        Piece(date(2011, 1, 1), date(2019, 12, 31), unit("Miljø", "Ådal", "K")),
        Piece(date(2020, 1, 1), FOREVER, unit("Klima", "Ådal", "K")),
    )
    page = page_of(told([DesiredObject(Kind.ORG_UNIT, uuid("Klima"), stages)]), tmp_path)
    assert [row[:4] for row in page.told_of("Klima")] == [
        ["Klima", "Oprettes", "Navn: Miljø Enhedstype: Afdeling Brugervendt nøgle: K", "01-01-2011 til 31-12-2019"],
        ["Klima", "Oprettes", "Enhedstype: Afdeling Brugervendt nøgle: K", "fra 01-01-2020"],
    ]  # fmt: skip


def test_danes_sort_aa_last(tmp_path: Path) -> None:
    names = ("Åbo", "Ærø", "Zoo", "Østre", "avis")
    page = page_of(told([claim(Kind.ORG_UNIT, name, unit(name, "Bus")) for name in names]), tmp_path)
    assert [row[0] for row in page.told_of("Bibliotek")] == ["Bus", "avis", "Zoo", "Ærø", "Østre", "Åbo"]


def test_a_plan_says_would_and_an_import_says_did(tmp_path: Path) -> None:
    account = told()
    planned = page_of(account, tmp_path).visible()
    assert "Intet er skrevet" in planned
    assert "Plan 01-03-2026" in planned and "Oprettes" in planned and "Oprettet" not in planned
    account.dry = False
    account.written = account.plan.operations
    account.acknowledged = len(account.written)
    done = page_of(account, tmp_path).visible()
    assert "Import 01-03-2026" in done and "Ny" in done.split() and "Oprettes" not in done


def brake(kind: BrakeKind = BrakeKind.UNIT_ENDS, planned: int = 1) -> Brake:
    return Brake(kind, planned, Limit(0, 2), 61)


def test_an_import_that_a_brake_holds_back_has_a_headline_and_says_what_to_do(tmp_path: Path) -> None:
    account = told(brakes=[brake()])
    account.dry = False
    page = page_of(account, tmp_path)
    text = page.visible()
    assert "Bremsen er gået i: intet er sendt til MO. 1 enhed ville blive lukket, 1,6 % af 61" in text
    assert "Det skal du gøre" in text and "--allow unit-ends=1" in text
    assert "De største grene, der ville blive lukket Ådal › Kultur › Hovedbibliotek › Bus: 1 enhed" in text
    assert page.told_of("Bibliotek")
    assert "Anvendt" not in text and "Holdt tilbage" in text


def test_an_import_tells_only_what_was_done(tmp_path: Path) -> None:
    account = told()
    account.dry = False
    account.written = [each for each in account.plan.operations if each.uuid == uuid("Bibliotek")]
    planned = len(account.plan.operations)
    account.acknowledged, account.unsettled, account.stopped = 1, planned - 1, "MO: no connection"
    page = page_of(account, tmp_path)
    assert set(page.rows) == {f"u-{uuid('Bibliotek')}", "run"}
    text = page.visible()
    assert f"1 bekræftet af MO, 0 afvist, {planned - 1} ikke sendt eller uvist" in text
    assert f"Afbrudt: 1 af {planned} skrivninger er udført, og næste kørsel gør resten." in text
    assert "MO: no connection" in text
    assert "Ingen nye filer" not in text and "Rækkerne er ikke talt" in text


def full_account() -> Account:
    """One of everything that is told of rows and values."""
    refs = [RowRef(ORG_RET, line) for line in range(2, 9)]
    account = told(
        [],
        set_aside=[
            SetAside(refs[0], "StartDato", Message.NO_SUCH_DATE(), pending=False),
            SetAside(refs[1], "ParentUUID", Message.UNKNOWN_PARENT(uuid="4a"), pending=True, part=True),
        ],
        unresolved=[
            UnresolvedAddress(
                refs[2], uuid("Museum"), "Skovvej 3", Unknown(-1000, "Ukendt", "Skovvej 5"), uuid("x")
            ),
            UnresolvedAddress(refs[3], uuid("Bus"), "Havnen 1", NotLookedUp(Message.ADDRESS_TOKEN()), None),
            UnresolvedAddress(refs[6], uuid("Bus"), "Havnen 2", Unsafe(800, "Interval"), None),
        ],
        notices=[
            Notice(Message.BAD_VALUE(column="EAN", reason=Message.NOT_AN_EAN()), refs[4], fault=True),
            Notice(Message.ORPHANED(unit="4a", engagements=1, managers=2), refs[5]),
        ],
        refused=[Refusal("Org_nye_20260301_220000.csv", Message.COLUMNS_MISSING(columns="OrgUUID"), 65)],
        warnings=[Message.FOLDER_READABLE(folder="/srv")],
        brakes=[brake(kind) for kind in BrakeKind],
    )
    account.units_of_rows = {refs[0]: uuid("Museum")}
    return account


def test_rejects_and_addresses_stand_with_their_reasons(tmp_path: Path) -> None:
    page = page_of(full_account(), tmp_path)
    assert page.rows["set-aside"] == [
        [f"{ORG_RET}:2", "StartDato", "Ådal › Kultur › Museum", "en dato, der ikke findes", "Kræver en rettet fil"],
        [
            f"{ORG_RET}:3",
            "ParentUUID",
            "",
            "hverken MO eller LOS-filerne har overenheden 4a",
            "Venter: prøves igen ved næste kørsel. Resten af rækken er med",
        ],
    ]  # fmt: skip
    assert page.rows["unresolved"] == [
        ["Skovvej 3", "Ådal › Kultur › Museum", "-1000: Ukendt", "Skovvej 5", f"DAR {uuid('x')}", f"{ORG_RET}:4"],
        ["Havnen 1", "Ådal › Kultur › Bibliotek › Bus", NOT_LOOKED_UP, "", "–", f"{ORG_RET}:5"],
        ["Havnen 2", "Ådal › Kultur › Bibliotek › Bus", "800: Interval", "", "–", f"{ORG_RET}:8"],
    ]  # fmt: skip
    assert page.rows["faults"] == [[f"{ORG_RET}:6", "EAN: ikke et EAN-nummer på 13 cifre"]]
    assert page.rows["warnings"] == [
        ["", "andre kan læse mappen /srv (chmod 0700 /srv)"],
        [f"{ORG_RET}:7", "enheden 4a lukker, men 1 ansættelse og 2 ledere fortsætter i den"],
    ]
    assert "Org_nye_20260301_220000.csv er afvist: dens overskrift mangler OrgUUID" in page.visible()


ENGLISH = re.compile(
    r"\b(the|and|is|are|was|not|of|with|this|row|rows|file|files|unit|units|nothing|would|new|changed|ends|begins)\b"
)


def test_the_page_is_in_danish_throughout(tmp_path: Path) -> None:
    for account in (told(), full_account()):
        for planned in (True, False):
            account.dry = planned
            account.written = account.plan.operations
            account.acknowledged = len(account.written)
            page = page_of(account, tmp_path)
            for language, text in page.words:
                assert language is None, text
                assert not ENGLISH.search(re.sub(r"--allow \S+", "", text).lower()), text


def test_what_nobody_can_say_in_danish_is_marked_as_english(tmp_path: Path) -> None:
    page = page_of(told([], stopped="MO: no connection"), tmp_path)
    assert ("en", "MO: no connection") in page.words


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
        stopped=evil,
    )
    page = page_of(account, tmp_path)
    assert len(page.scripts) == 1 and "alert" not in page.scripts[0]
    assert "img" not in {tag for tag, _ in page.tags}
    assert page.told_of("Klima")[0][0] == evil
    assert page.rows["warnings"] == [["", evil]]


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


def test_links_lead_to_sections_that_are_there(tmp_path: Path) -> None:
    for account in (told(), full_account()):
        page = page_of(account, tmp_path)
        anchors = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
        targets = {(attributes.get("href") or "#")[1:] for tag, attributes in page.tags if tag == "a"}
        assert targets and targets <= set(anchors)
        assert len(set(anchors)) == len(anchors)


def test_everything_is_open_without_the_script(page: Page) -> None:
    assert all("open" in attributes for tag, attributes in page.tags if tag == "details")
    assert [tag for tag, attributes in page.tags if "hidden" in attributes] == ["form"]


def test_every_row_has_a_header_and_every_uuid_is_reached_with_the_keyboard(page: Page) -> None:
    cells = [(tag, each) for tag, each in page.tags if tag in ("tr", "th", "td")]
    for (tag, _), (next_tag, attributes) in pairwise(cells):
        if tag == "tr":
            assert (
                next_tag == "th" and attributes["scope"] in ("row", "col", "rowgroup")
            ) or "colspan" in attributes
    # A checkbox shows them, and a sheet of style alone makes it work.
    assert ("input", {"id": "uuids", "type": "checkbox"}) in page.tags
    assert "#uuids:checked ~ main .uuid" in page.styles[0]
    for name in ("Bus", "Ib Ravn"):
        assert f'<code class="uuid">{uuid(name)}</code>' in page.text
    assert not [each for _, each in page.tags if "title" in each]


def luminance(colour: str) -> float:
    values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_of_text_stands_out_from_what_is_behind_it() -> None:
    style = resources.files("aarhus_los.report").joinpath(STYLE).read_text(encoding="utf-8")
    named = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", style))
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style)
    assert len(named) > 5
    seen = 0
    for selector, rule in rules:
        found = re.search(r"(?<![\w-])color: (?:var\(--(\w+)\)|(#[0-9a-f]{3,6}))", rule)
        if found is None:
            continue
        colour = named[found[1]] if found[1] else found[2]
        own = re.search(r"background: (?:var\(--(\w+)\)|(#[0-9a-f]{6}))", rule)
        behind = [(named[own[1]] if own[1] else own[2])] if own else ["#ffffff", named["faint"]]
        for other in behind:
            light, dark = sorted((luminance(colour), luminance(other)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (selector.strip(), colour, other)
            seen += 1
    assert seen > 20


def test_no_cpr_number_is_in_the_page_or_the_record(page: Page) -> None:
    assert "Eva Dam" in page.text
    assert CPR not in page.text and CPR[:6] not in page.text and CPR[6:] not in page.text
    assert CPR not in as_json(run_record(told()))


def test_a_run_without_anything_to_do_has_a_page(tmp_path: Path) -> None:
    text = page_of(Account(), tmp_path).visible()
    assert "Der var intet nyt." in text
    assert "Ingen nye filer og ingen ventende rækker." in text
    assert "Ingen ændringer i MO." in text


def test_the_page_of_a_record_that_was_left_is_the_page_of_the_run(page: Page, tmp_path: Path) -> None:
    record = json.loads(as_json(run_record(told())))
    write_page(tmp_path / "later.html", record)
    assert (tmp_path / "later.html").read_text() == page.text


def test_only_missing_ancestors_are_read_a_level_at_a_time() -> None:
    asked: list[tuple[Kind, set[str]]] = []

    def read(kind: Kind, uuids: Collection[str]) -> Mapping[str, History]:
        asked.append((kind, set(uuids)))
        return from_mo(kind, uuids)

    known = {Kind.ORG_UNIT: {uuid("Bus"): UNITS[uuid("Bus")]}, Kind.CLASS: CLASSES}
    wanted = [claim(Kind.ORG_UNIT, "Bus", unit("Bogbus", "Bibliotek", "Bus"))]
    names = gather_names(TODAY, make_plan(wanted, known).operations, known, read)
    assert asked == [(Kind.ORG_UNIT, {uuid(name)}) for name in ("Bibliotek", "Kultur", "Ådal")]
    assert names.parents == {
        uuid(name): uuid(up)
        for name, up in (("Bus", "Bibliotek"), ("Bibliotek", "Kultur"), ("Kultur", "Ådal"))
    }
    assert names.names[uuid("Bus")] == "Bogbus"


def test_units_that_hang_below_each_other_or_that_mo_cannot_show_are_told_all_the_same(
    tmp_path: Path,
) -> None:
    circle = {uuid("A"): always(unit("A", "B")), uuid("B"): always(unit("B", "A"))}
    lost = {uuid("C"): always(unit("C", "nowhere"))}
    wanted = [claim(Kind.ORG_UNIT, name, unit(f"{name}!", up)) for name, up in (("A", "B"), ("C", "nowhere"))]
    actual = {Kind.ORG_UNIT: circle | lost, Kind.CLASS: CLASSES}
    page = page_of(told(wanted, actual), tmp_path)
    assert page.told_of("A")[0][0] == "A!"
    assert page.told_of("C")[0][0] == "C!"


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
    record = run_record(many_units(1000))
    begun = time.monotonic()
    write_page(tmp_path / "large.html", record)
    assert time.monotonic() - begun < 3
    large = (tmp_path / "large.html").stat().st_size - empty
    assert empty < 20_000
    assert large < 6 * small
    assert large < 1000 * 900


def test_the_page_is_for_its_owner_alone_and_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("an older one")
    path.chmod(0o644)
    check_page(path)
    assert path.read_text() == "an older one"
    write_page(path, run_record(told()))
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
    with pytest.raises(SettingsError, match="a page needs the extra `report`") as caught:
        check_page(tmp_path / "page.html")
    assert "pip install 'aarhus-los" not in str(caught.value), "nobody owns that name on an index"


def test_every_operation_is_somewhere_in_the_page(page: Page) -> None:
    operations: list[Operation] = told().plan.operations
    lines = {str(ref.line) for operation in operations for ref in operation.origin}
    shown = {
        line
        for section, rows in page.rows.items()
        for row in rows
        if len(row) > 1 and section != "run"
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
    names = gather_names(TODAY, [], {Kind.ORG_UNIT: {uuid("A"): history}}, from_mo, units=[uuid("A")])
    assert names.names[uuid("A")] == name


def test_a_unit_that_the_run_takes_away_on_all_its_days_keeps_the_name_and_place_that_it_had() -> None:
    known = {Kind.ORG_UNIT: {uuid("Bus"): UNITS[uuid("Bus")]}, Kind.CLASS: CLASSES}
    wanted = [claim(Kind.ORG_UNIT, "Bus", NOTHING, start=known[Kind.ORG_UNIT][uuid("Bus")][0].start)]
    names = gather_names(TODAY, make_plan(wanted, known).operations, known, from_mo)
    assert names.names[uuid("Bus")] == "Bus"
    assert names.parents[uuid("Bus")] == uuid("Bibliotek")


def test_who_is_in_no_operation_but_that_of_a_mail_address_is_told_in_their_unit(
    page: Page, tmp_path: Path
) -> None:
    wanted = [claim(Kind.ADDRESS, "mail of Bo Bæk", mail("bo.baek@aadal.example", "Bo Bæk"))]
    assert page_of(told(wanted), tmp_path).told_of("Museum")[0][:4] == [
        "Bo Bæk", "Ændres", "Email: bo@aadal.example", "Email: bo.baek@aadal.example",
    ]  # fmt: skip
