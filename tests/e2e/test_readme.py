"""The README cannot drift: its command reference is generated, its settings are all there, its examples run.

python -m tests.e2e.test_readme      writes the command reference into README.md
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

from aarhus_los.cli import commands
from aarhus_los.desired.claims import SetAside
from aarhus_los.drop.rows import RowRef
from aarhus_los.report.account import Account, Fate, FileAccount
from aarhus_los.report.record import account_record, run_record
from aarhus_los.sandbox.stage import importer_environment
from aarhus_los.settings import KEYS
from tests.e2e.harness import Sandbox

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- commands -->", "<!-- /commands -->"


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
    return "\n".join(parts)


def documented() -> str:
    text = README.read_text(encoding="utf-8")
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip() + "\n"


def test_the_command_reference_is_what_the_commands_say() -> None:
    assert documented() == reference(), "run: python -m tests.e2e.test_readme"


def test_every_setting_is_in_the_table() -> None:
    cells = "\n".join(
        line.split("|")[1]
        for line in README.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    )
    named = {name.rpartition(".")[2] for name in re.findall(r"`([a-z_.]+)`", cells)}
    shared = {"mora_base": "base", "municipality_code": "code"}
    assert {shared.get(key, key) for key in KEYS} - named == set()


def test_every_field_of_the_json_is_in_the_table() -> None:
    section = README.read_text(encoding="utf-8").partition("### As JSON")[2].partition("## Restoring")[0]
    rows = [line.partition(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    of_fields = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert of_fields == run_record(Account(dry=True)).keys()
    file = FileAccount("Org_nye_20260209_220000.csv", True, 0, dict.fromkeys(Fate, 0), 0, 0)
    account = Account(files=[file], set_aside=[SetAside(RowRef(file.name, 2), "", "", pending=True)])
    record = account_record(account)
    named = set(re.findall(r"`(\w+)`", section))
    assert record["files"][0].keys() <= named
    assert record["set_aside"][0].keys() <= named


def examples() -> list[str]:
    """Every `los-import …` of the README, in a line of its own or within a sentence."""
    text = README.read_text(encoding="utf-8")
    text = text[: text.index(BEGIN)] + text[text.index(END) :]
    found = re.findall(r"`(los-import(?: [^`]+)?)`", text)
    found += [match[1] for match in re.finditer(r"^(?:[^\n]*/|[0-9* ]+ )?(los-import [^\n#&]*)$", text, re.M)]
    without_servers = {" ".join(each.split()) for each in found if "sandbox" not in each}
    return sorted(each for each in without_servers if not re.search(r"los-import[.-]\w", each))


@pytest.mark.slow
def test_every_example_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    assert len(examples()) > 8
    for example in examples():
        words = shlex.split(example)[1:]
        if "--settings" in words:
            at = words.index("--settings")
            del words[at : at + 2]
        words = [
            {"DATE": "2026-11-01", "FILE": str(tmp_path / "page.html")}.get(word, word) for word in words
        ]
        words = [str(sandbox.drop) if word == "FOLDER" else word for word in words]
        done = sandbox.run(*words)
        assert done.returncode == 0, (example, done.stdout, done.stderr)


@pytest.mark.slow
def test_the_offline_installation_works(tmp_path: Path) -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    make = next(line for line in lines if " pip wheel " in line.replace("/", " "))
    install = next(line for line in lines if "--no-index" in line)
    project, server = tmp_path / "project", tmp_path / "server"
    shutil.copytree(README.parent / "aarhus_los", project / "aarhus_los")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(README.parent / name, project)
    server.mkdir()
    subprocess.run(make, shell=True, check=True, cwd=project)
    shutil.move(project / "wheels", server)
    # Not even by way of an index that is set in the environment.
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_CONFIG_FILE": os.devnull}
    subprocess.run(install, shell=True, check=True, cwd=server, env=importer_environment() | nowhere)
    importer = server / ".venv" / "bin" / "los-import"
    done = subprocess.run([importer, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("los-import, version ")
    python = server / ".venv" / "bin" / "python"
    subprocess.run([python, "-c", "import paramiko, prometheus_client, jinja2"], check=True)


if __name__ == "__main__":
    whole = README.read_text(encoding="utf-8")
    head, tail = whole[: whole.index(BEGIN)], whole[whole.index(END) :]
    README.write_text(f"{head}{BEGIN}\n\n{reference()}\n{tail}", encoding="utf-8")
