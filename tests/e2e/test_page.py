"""`--html`: the page of a plan and of an import, on the sample drop, also as a browser shows it."""

from __future__ import annotations

import re
import shutil
import stat
import struct
import subprocess
from pathlib import Path

import pytest

from aarhus_los.sandbox.sample import delta_drop, first_drop, put
from aarhus_los.sandbox.sample_people import COUNT, cpr_of
from tests.e2e.harness import Sandbox

CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)


def texts(page: Path) -> str:
    """The text of a page, a space between elements."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.read_text(encoding="utf-8")).split())


def tiles(page: Path) -> dict[str, int]:
    """What the first screen counts, by the first word of each label."""
    return {word: int(count) for count, word in re.findall(r"<b>(\d+)</b> <span>([^<]*)<", page.read_text())}


def test_plan_and_import_leave_a_page_of_the_same_changes(sandbox: Sandbox, tmp_path: Path) -> None:
    planned, done, again = (tmp_path / f"{name}.html" for name in ("planned", "done", "again"))
    put(first_drop(), sandbox.drop)
    first = sandbox.run("--html", str(done))
    assert (first.returncode, first.stderr) == (1, ""), first.stdout
    assert tiles(done) == dict.fromkeys(tiles(done), 0) | {
        "Nye": 64, "Nye personer": 200, "Ansættelser begyndt": 200, "Ledere begyndt": 14,
    }  # fmt: skip
    assert "rækker sat til side" in texts(done).lower() and "uafklarede adresser" in texts(done).lower()
    assert 'lang="en"' not in done.read_text(), "rejects, remarks and addresses are told in Danish"
    put(delta_drop(), sandbox.drop)
    written = sandbox.writes()
    plan = sandbox.run("plan", "--html", str(planned))
    assert (plan.returncode, plan.stderr) == (0, ""), plan.stdout
    assert sandbox.writes() == 0 < written
    second = sandbox.run("import", "--html", str(done))
    assert (second.returncode, second.stderr) == (0, ""), second.stdout
    assert stat.S_IMODE(done.stat().st_mode) == stat.S_IMODE(planned.stat().st_mode) == 0o600

    assert list(tiles(planned).values()) == list(tiles(done).values()) == [5, 2, 1, 2, 1, 3, 5, 5, 2, 1, 2, 1]
    # Ådal Kommune is in none of the delta's files: its name was read for the record.
    assert (
        "Overenhed: Ådal Kommune › Sundhed, Omsorg og Ældre › Forebyggelse Overenhed: Ådal Kommune › Børn og Unge"
        in (texts(done).replace(" :", ":"))
    )
    assert "Intet er skrevet" in texts(planned) and "Intet er skrevet" not in texts(done)
    digits = re.sub(r"(?<=\d)-(?=\d)", "", planned.read_text() + done.read_text())
    assert not [number for number in range(COUNT + 5) if cpr_of(number) in digits]

    nothing = sandbox.run("-q", "--html", str(again))
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "")
    assert "Ingen ændringer i MO." in texts(again)


def test_the_record_that_a_run_leaves_makes_its_page_afterwards(sandbox: Sandbox, tmp_path: Path) -> None:
    page, later = tmp_path / "page.html", tmp_path / "later.html"
    put(first_drop(), sandbox.drop)
    assert sandbox.run("-q", "--html", str(page)).returncode == 1
    (record,) = sandbox.reports.glob("run_*.json")
    asked = len(sandbox.requests())
    made = sandbox.run("page", str(record), str(later))
    assert (made.returncode, made.stdout, made.stderr) == (0, f"The page is {later}\n", "")
    assert len(sandbox.requests()) == asked, "MO is not asked"
    assert stat.S_IMODE(later.stat().st_mode) == 0o600
    # Only what comes after the record, the writing of the state, has no time in it.
    assert texts(later).partition(" Tid:")[0] == texts(page).partition(" Tid:")[0]
    beside = sandbox.run("page", "-q", str(record))
    assert (beside.returncode, beside.stdout) == (0, "")
    assert record.with_suffix(".html").read_text() == later.read_text()


@pytest.mark.parametrize(
    "content", [None, "", "{}", "[]", '{"format": 1, "written": []}', "x" * 100, "[" * 99999]
)
def test_what_is_no_record_is_told_in_a_line(sandbox: Sandbox, tmp_path: Path, content: str | None) -> None:
    record = tmp_path / "run_1.json"
    if content is not None:
        record.write_text(content)
    made = sandbox.run("page", str(record))
    assert (made.returncode, made.stdout) == (2, "")
    assert made.stderr.startswith(f"los-import: {record} ") and made.stderr.count("\n") == 1
    assert not record.with_suffix(".html").exists()


def test_a_page_that_cannot_be_written_is_told_before_anything_is_sent(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    put(first_drop(), sandbox.drop)
    done = sandbox.run("--html", str(tmp_path / "nowhere" / "page.html"))
    assert (done.returncode, done.stdout) == (74, "")
    assert f"{tmp_path / 'nowhere'} is not there: make it" in done.stderr
    assert sandbox.requests() == []
    assert not sandbox.state_file.exists()


def test_without_the_extra_nothing_is_done(sandbox: Sandbox, tmp_path: Path) -> None:
    put(first_drop(), sandbox.drop)
    (tmp_path / "without" / "jinja2").mkdir(parents=True)
    (tmp_path / "without" / "jinja2" / "__init__.py").write_text("raise ImportError('not installed')\n")
    environ = {"PYTHONPATH": str(tmp_path / "without")}
    done = sandbox.run_apart("--html", str(tmp_path / "page.html"), environ=environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "los-import: a page needs the extra `report`: install los-import's own wheel or folder as '…[report]', see"
        " `los-import help setup`\n"
    )
    assert sandbox.requests() == []


@pytest.mark.servers
def test_a_browser_shows_and_prints_the_page(sandbox: Sandbox, tmp_path: Path) -> None:
    assert shutil.which("chromium"), "install Debian's chromium"
    page = tmp_path / "page.html"
    put(first_drop(), sandbox.drop)
    sandbox.run("-q")
    put(delta_drop(), sandbox.drop)
    assert sandbox.run("-q", "--html", str(page)).returncode == 0

    def browse(url: str, *options: str) -> str:
        profile = tmp_path / "profile"
        command = [*CHROMIUM, f"--user-data-dir={profile}", *options, url]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)
        shutil.rmtree(profile, ignore_errors=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    for width in (400, 1280):
        picture = tmp_path / f"{width}.png"
        browse(page.as_uri(), f"--window-size={width},1600", f"--screenshot={picture}")
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG") and struct.unpack(">II", data[16:24]) == (width, 1600)
        assert len(data) > 30_000, "there is something to see"
    printed = tmp_path / "page.pdf"
    browse(page.as_uri(), "--no-pdf-header-footer", f"--print-to-pdf={printed}")
    assert printed.read_bytes().startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) <= 14

    # The page's own script has run if the filter is there, and nothing is wider than a narrow window.
    assert '<form class="filter" role="search">' in browse(page.as_uri(), "--dump-dom")
    probe = tmp_path / "probe.html"
    probe.write_text(
        f'<iframe src="{page.as_uri()}" style="width:400px;height:900px"></iframe><p></p><script>'
        "onload = () => { const inside = document.querySelector('iframe').contentDocument.documentElement;"
        "document.querySelector('p').textContent = `${inside.scrollWidth} of ${inside.clientWidth}`; }</script>"
    )
    told = re.search(
        r"<p>(\d+) of (\d+)</p>", browse(probe.as_uri(), "--allow-file-access-from-files", "--dump-dom")
    )
    assert told is not None and int(told[1]) <= int(told[2])
