"""The arrows between the modules: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import aarhus_los

ROOT = Path(aarhus_los.__file__).parent
MODULES = {
    ".".join(("aarhus_los", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}
PURE = [
    name
    for name in MODULES
    if name.startswith(("aarhus_los.timeline", "aarhus_los.desired", "aarhus_los.plan"))
]


@cache
def imports(module: str, *, lazily: bool = True) -> frozenset[str]:
    """The names that a module imports; `lazily`: also those that only its functions import."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    package = module if MODULES[module].stem == "__init__" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(tree) if lazily else tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def ours(module: str) -> set[str]:
    """The modules of ours that a module imports."""
    return {name for name in imports(module) if name in MODULES} - {module, "aarhus_los"}


def reached(module: str) -> set[str]:
    """The modules of ours that a module imports, directly or not."""
    seen: set[str] = set()
    near = [module]
    while near:
        for other in ours(near.pop()) - seen:
            seen.add(other)
            near.append(other)
    return seen


def outsiders(module: str) -> set[str]:
    """The top-level packages of others that a module imports."""
    return {name.partition(".")[0] for name in imports(module)} - {"aarhus_los", ""}


def test_the_test_sees_the_modules_and_their_imports() -> None:
    assert {"aarhus_los.timeline", "aarhus_los.desired.org", "aarhus_los.plan"} <= set(PURE)
    assert "aarhus_los.run" in ours("aarhus_los.cli")
    assert "requests" in {package for module in reached("aarhus_los.run") for package in outsiders(module)}


def at_once(module: str) -> set[str]:
    """The modules of ours that are loaded with a module, without its functions being called."""
    seen: set[str] = set()
    near = [module]
    while near:
        found = {name for name in imports(near.pop(), lazily=False) if name in MODULES}
        near += found - seen
        seen |= found
    return seen


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("aarhus_los.cli", {"pydantic", "requests", "rich"}),
        ("aarhus_los.run", {"requests", "urllib3", "ssl", "rich"}),
    ],
)
def test_a_command_loads_what_it_needs(module: str, without: set[str]) -> None:
    """`--help` needs no settings, and a night with nothing new no MO."""
    loaded = f"import sys, {module}; print(*sys.modules)"
    printed = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    ).stdout
    assert not set(printed.split()) & without


def test_a_night_with_nothing_new_parses_no_rows() -> None:
    assert not at_once("aarhus_los.run") & {"aarhus_los.drop.rows", "aarhus_los.drop.reader"}


@pytest.mark.parametrize("module", PURE)
def test_what_works_out_the_plan_knows_neither_network_nor_command_line(module: str) -> None:
    for other in {module} | reached(module):
        assert not outsiders(other) & {"requests", "click", "urllib", "socket", "ftplib", "http"}, other


def test_validity_knows_nothing_of_ours() -> None:
    assert ours("aarhus_los.timeline") == set()


@pytest.mark.parametrize("end", ["aarhus_los.run", "aarhus_los.cli"])
def test_nothing_imports_the_story_but_the_command_line(end: str) -> None:
    importers = {module for module in MODULES if end in ours(module)}
    assert importers <= {"aarhus_los.cli", "aarhus_los.__main__", *COMMANDS}


COMMANDS = {module for module in MODULES if module.startswith("aarhus_los.cli")}


def test_the_sandbox_shares_no_code_with_the_importer() -> None:
    for module in MODULES:
        if module.startswith("aarhus_los.sandbox"):
            shared = {other for other in ours(module) if not other.startswith("aarhus_los.sandbox")}
            assert shared == set(), module


def test_the_importer_knows_the_sandbox_only_as_a_command() -> None:
    for module in MODULES:
        if not module.startswith("aarhus_los.sandbox"):
            sandbox = {name for name in imports(module) if name.startswith("aarhus_los.sandbox")}
            at_once = {
                name for name in imports(module, lazily=False) if name.startswith("aarhus_los.sandbox")
            }
            assert at_once == set(), module
            assert sandbox == set() or module in COMMANDS, module
