"""`los-import init`: a first settings file, with the eight keys that have no default that would do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from aarhus_los.errors import SettingsError
from aarhus_los.files import write_private
from aarhus_los.setting_sources import key_of

HOME: Final = Path("/var/lib/los-import")


class Question(Struct, frozen=True):
    """A setting, how it is asked for, and what is taken where nothing is said."""

    name: str
    text: str
    default: str = ""
    secret: bool = False


QUESTIONS: Final = (
    Question("mora_base", "MO, as in https://mo.example.dk", "http://localhost:5000"),
    Question("auth_server", "Keycloak, ending in /auth", "http://localhost:8081/auth"),
    Question("client_id", "Our client in Keycloak", "los-import"),
    Question("client_secret", "Its secret", secret=True),
    Question("ftp_user", "Our user on the file server with the drop", "los"),
    Question("ftp_pass", "Its password", secret=True),
    Question("state_file", "The state file: what was imported", str(HOME / "state")),
    Question("report_folder", "The folder for reports", str(HOME / "reports")),
)
Ask = Callable[[Question], str]


def write_first(path: Path, ask: Ask) -> list[str]:
    """Asks, and writes the file (0600). Returns the keys that are still empty. Raises SettingsError and StateError."""
    if path.exists():
        raise SettingsError(f"{path} is there already: it is left as it is; change it in an editor")
    if not path.absolute().parent.is_dir():
        folder = path.absolute().parent
        raise SettingsError(f"{folder} is not there: make it first, as with: install -d -m 0700 {folder}")
    content = {key_of(question.name): ask(question) for question in QUESTIONS}
    write_private(path.absolute(), (json.dumps(content, ensure_ascii=False, indent=4) + "\n").encode())
    return [key for key, value in content.items() if not value]
