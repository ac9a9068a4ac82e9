"""README and manual cannot drift: the command reference is generated, all settings are there, the examples run.

python -m tests.e2e.test_readme      writes the command reference into the manual
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

import aarhus_los
from aarhus_los import manual
from aarhus_los.brakes import Brake, BrakeKind, Limit
from aarhus_los.cli import commands
from aarhus_los.desired.claims import Notice, SetAside
from aarhus_los.drop.rows import RowRef
from aarhus_los.errors import GRAVITY
from aarhus_los.report.account import Account, Fate, FileAccount
from aarhus_los.report.record import run_record
from aarhus_los.sandbox.sample import first_drop, put
from aarhus_los.sandbox.stage import importer_environment
from aarhus_los.settings import KEYS
from tests import forked, here
from tests.e2e.harness import Sandbox

README = Path(__file__).parents[2] / "README.md"
PACKAGE = Path(aarhus_los.__file__).parent
COMMANDS = PACKAGE / "manual" / "commands.md"


def all_texts() -> dict[str, str]:
    """README, and the pages of the manual."""
    return {"README": README.read_text(encoding="utf-8")} | {
        topic: manual.page(topic) for topic in manual.PAGES
    }


def reference() -> str:
    """The help of every command, as it is printed on a terminal of 100 columns."""
    parts = []
    for name in ["", *commands.commands]:
        command: click.Command = commands.commands[name] if name else commands
        info = f"los-import {name}".strip()
        whole = click.Context(commands, info_name="los-import", **commands.context_settings)
        context = click.Context(command, info_name=name, parent=whole) if name else whole
        context.max_content_width = 100
        context.terminal_width = 100
        parts.append(f"```text\n$ {info} --help\n{command.get_help(context)}\n```\n")
    return "# Commands\n\n" + "\n".join(parts)


def test_the_command_reference_is_what_the_commands_say() -> None:
    assert manual.page("commands") == reference(), "run: python -m tests.e2e.test_readme"


def test_the_readme_is_short_and_its_links_lead_to_every_page_of_the_manual() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    linked = set(re.findall(r"\]\(([^)h][^)]*)\)", text))
    assert all((README.parent / link).is_file() for link in linked)
    assert {f"aarhus_los/manual/{topic}.md" for topic in manual.PAGES} <= linked


def test_every_page_and_file_is_in_the_list_and_every_one_listed_is_there() -> None:
    assert {path.stem for path in (PACKAGE / "manual").glob("*.md")} == set(manual.PAGES)
    assert {path.name for path in (PACKAGE / "manual" / "files").iterdir()} == set(manual.FILES)
    named = {
        name
        for text in all_texts().values()
        for name in re.findall(r"los-import help --file ([\w.-]+\w)", text)
    }
    assert named and named <= set(manual.FILES)
    topics = {
        topic
        for text in all_texts().values()
        for topic in re.findall(r"los-import help ([a-z][a-z-]+)", text)
    }
    assert topics and topics <= set(manual.PAGES)


@pytest.mark.parametrize(
    "args", [(), *((topic,) for topic in manual.PAGES), *(("--file", name) for name in manual.FILES)]
)
def test_the_manual_is_shown_without_settings_and_network(tmp_path: Path, args: tuple[str, ...]) -> None:
    done = here.run(["help", *args], env=importer_environment(), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    if not args:
        assert done.stdout == manual.contents()
    else:
        assert done.stdout == (manual.page(args[0]) if len(args) == 1 else manual.file(args[1]))


def test_every_setting_is_in_the_table() -> None:
    text = manual.page("settings")
    cells = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    named = {name.rpartition(".")[2] for name in re.findall(r"`([a-z_.]+)`", cells)}
    shared = {"mora_base": "base", "municipality_code": "code"}
    assert {shared.get(key, key) for key in KEYS} - named == set()


def test_every_exit_code_is_in_the_tables_of_both_languages() -> None:
    codes = {*GRAVITY, 2, 75}
    for topic in ("operation", "drift"):
        found = {int(code) for code in re.findall(r"^\| (\d+)\b", manual.page(topic), re.M)}
        assert codes <= found, topic


def test_every_field_of_the_json_is_in_the_table() -> None:
    section = manual.page("monitoring").partition("## As JSON")[2]
    rows = [line.partition(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    of_fields = set(re.findall(r"`(\w+)`", " ".join(rows)))
    ref = RowRef("Org_nye_20260209_220000.csv", 2)
    account = Account(
        files=[FileAccount(ref.file, True, 0, dict.fromkeys(Fate, 0), 0, 0)],
        set_aside=[SetAside(ref, "", "", pending=True)],
        notices=[Notice("x", ref)],
        brakes=[Brake(BrakeKind.UNIT_ENDS, 1, Limit(0, 0), 1)],
        dry=True,
    )
    record = run_record(account)
    assert of_fields == {*record.keys(), "written"}
    named = set(re.findall(r"`(\w+)`", section))
    for key in ("files", "set_aside", "warnings", "brakes"):
        assert record[key][0].keys() <= named, key


def test_no_text_tells_to_install_from_an_index() -> None:
    """Nobody owns our name on an index: whoever takes it would run on the server with the CPR data."""
    texts = all_texts() | {str(path): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    texts |= {name: manual.file(name) for name in manual.FILES}
    for name, text in texts.items():
        for found in re.findall(r"pip3? install[^\n]*", text):
            assert not re.search(r"(?<![\w/])aarhus[-_]los(?!-)", found), (name, found)


def examples() -> list[str]:
    """Every `los-import …` of the texts, in a line of its own or within a sentence."""
    texts = all_texts()
    del texts["commands"]
    text = "\n".join(texts.values())
    found = re.findall(r"`(los-import(?: [^`]+)?)`", text)
    lines = r"^(?:[^\n]*bin/|[0-9* ]+ )?(los-import [^\n#&|>;]*)$"
    found += [match[1] for match in re.finditer(lines, text + "\n" + manual.file("los-import.cron"), re.M)]
    without_servers = {
        " ".join(each.split()) for each in found if "sandbox" not in each and " init" not in each
    }
    return sorted(
        each for each in without_servers if not re.search(r"los-import[.-]\w", each.partition(" help ")[0])
    )


@pytest.mark.slow
def test_every_example_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    put(first_drop(), sandbox.drop)
    sandbox.run("-q")
    (record,) = sandbox.reports.glob("run_*.json")
    for path in sandbox.drop.iterdir():
        if path.name != "STAM_UUID_Enhedstype.csv":
            path.unlink()
    for path in (sandbox.state_file, sandbox.state_file.with_name(sandbox.state_file.name + ".d")):
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
    filled = {
        "DATE": "2026-11-01",
        "FILE": str(tmp_path / "page.html"),
        "FIL": str(tmp_path / "side.html"),
        "FOLDER": str(sandbox.drop),
        "RECORD": str(record),
        "TOPIC": "setup",
        "NAME": "alerts.yml",
        "COMMAND": "plan",
        "DAY": "2026-11-01",
        "page.html": str(tmp_path / "later.html"),
    }
    assert len(examples()) > 20
    for example in examples():
        words = shlex.split(example)[1:]
        if "--settings" in words:
            at = words.index("--settings")
            del words[at : at + 2]
        words = [str(record) if "run_" in word else filled.get(word, word) for word in words]
        if words == ["page"]:
            words.append(str(record))
        command = sandbox.command(tuple(words))
        if "--help" in words:
            command = command[: command.index("--settings")]
        done = forked.run(
            command, env=importer_environment(), cwd=sandbox.stage.home, capture_output=True, text=True
        )
        assert done.returncode == 0, (example, done.stdout, done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("topic", ["README", "setup"])
def test_the_offline_installation_works(tmp_path: Path, topic: str) -> None:
    lines = [line.strip() for line in all_texts()[topic].splitlines()]
    make = next(line for line in lines if " pip wheel " in line.replace("/", " "))
    at = next(n for n, line in enumerate(lines) if "--no-index" in line)
    opt = tmp_path / "opt"
    install = [line.replace("/opt/", f"{opt}/") for line in lines[at - 1 : at + 1]]
    project, server = tmp_path / "project", tmp_path / "server"
    shutil.copytree(PACKAGE, project / "aarhus_los")
    for name in ("pyproject.toml", "README.md", "settings.example.json"):
        shutil.copy(README.parent / name, project)
    server.mkdir()
    subprocess.run(make, shell=True, check=True, cwd=project)
    shutil.move(project / "wheels", server)
    # Not even by way of an index that is set in the environment.
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_CONFIG_FILE": os.devnull}
    for line in install:
        subprocess.run(line, shell=True, check=True, cwd=server, env=importer_environment() | nowhere)
    importer = opt / "los-import" / ".venv" / "bin" / "los-import"
    done = subprocess.run([importer, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("los-import, version ")
    for args in (["help", "setup"], ["help", "--file", "settings.json"]):
        told = subprocess.run([importer, *args], capture_output=True, text=True, check=True).stdout
        assert told == (manual.page("setup") if len(args) == 2 else manual.file("settings.json"))
    python = importer.with_name("python")
    subprocess.run([python, "-c", "import paramiko, prometheus_client, jinja2, rich"], check=True)


if __name__ == "__main__":
    COMMANDS.write_text(reference(), encoding="utf-8")
