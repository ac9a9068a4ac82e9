"""The sandbox shares no code with the importer: one bug must not sit on both sides and every test be green."""

from __future__ import annotations

import ast
from pathlib import Path

import aarhus_los.sandbox

FOLDER = Path(aarhus_los.sandbox.__file__).parent


def test_the_sandbox_imports_nothing_of_the_importer() -> None:
    files = sorted(FOLDER.glob("**/*.py"))
    assert files
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file.name}:{node.lineno}: a relative import"
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                ours = name.split(".")[0] != "aarhus_los" or name.startswith("aarhus_los.sandbox")
                assert ours, f"{file.name}:{node.lineno}: {name}"
