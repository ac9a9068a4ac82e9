"""What the project is installed with: bounds where parts shift, and a pinned version of everything for CI."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = PROJECT["optional-dependencies"]
REQUIRED = [
    Requirement(text)
    for text in (*PROJECT["dependencies"], *(text for extra in OPTIONAL.values() for text in extra))
]
PINNED = {
    canonicalize_name(pin.name): pin
    for line in (ROOT / "tests" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
    for pin in [Requirement(line)]
}


@pytest.mark.parametrize("needed", REQUIRED, ids=lambda needed: needed.name)
def test_what_is_needed_is_pinned_to_a_version_that_is_allowed(needed: Requirement) -> None:
    if needed.name == PROJECT["name"]:
        return
    pin = PINNED[canonicalize_name(needed.name)]
    [version] = [each.version for each in pin.specifier if each.operator == "=="]
    assert needed.specifier.contains(version)


@pytest.mark.parametrize(
    "name",
    [
        "click",
        "graphql-core",
        "paramiko",
        "prometheus-client",
        "pydantic",
        "pyftpdlib",
        "python-dateutil",
        "requests",
        "rich",
        "urllib3",
    ],
)
def test_what_shifts_has_an_upper_bound(name: str) -> None:
    [needed] = [each for each in REQUIRED if each.name == name]
    assert [each for each in needed.specifier if each.operator == "<"]


def test_ci_installs_what_is_pinned() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    pinning = lines.index('export PIP_CONSTRAINT="$PWD/tests/constraints.txt"')
    [installing] = [number for number, line in enumerate(lines) if "'.[test]'" in line]
    assert pinning < installing
