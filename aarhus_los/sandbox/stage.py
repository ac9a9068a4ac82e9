"""What the sandbox sets up around an importer: an MO and an address service on loopback, and the settings to reach them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from aarhus_los.sandbox.dar import DarServer
from aarhus_los.sandbox.mo_server import MoServer
from aarhus_los.sandbox.mo_store import MoStore

MUNICIPALITY_CODE: Final = 751
DAR_TOKEN: Final = "sandbox-token"
_PREFIX: Final = "integrations.aarhus_los."

# The environment beats the settings file: what an operator has set up there would lead the importer to a real MO.
_LEADS_ASTRAY: Final = ("LOS_IMPORT_", "MORA_BASE", "CLIENT_ID", "CLIENT_SECRET", "AUTH_SERVER", "AUTH_REALM")


class Stage:
    """An MO with nothing but its root organisation, and an address service, for the length of a `with`.

    Everything that the importer writes goes below `home`.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state_file = home / "state"
        self.reports = home / "reports"
        self.settings_path = home / "settings.json"
        self.store = MoStore.empty()
        self.mo = MoServer(self.store)
        self.dar = DarServer()
        self._open = ExitStack()

    def __enter__(self) -> Stage:
        with ExitStack() as opening:
            opening.enter_context(self.mo)
            opening.enter_context(self.dar)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def write_settings(self, drop: Mapping[str, object]) -> Path:
        """Writes the settings file for an importer that reads `drop`: the settings that name a folder or a file server."""
        ours = {
            "state_file": str(self.state_file),
            "report_folder": str(self.reports),
            "client_id": self.mo.client_id,
            "client_secret": self.mo.client_secret,
            "auth_server": self.mo.auth_url,
            "auth_realm": self.mo.realm,
            "dar_url": self.dar.url,
            "dar_token": DAR_TOKEN,
            **drop,
        }
        settings: dict[str, Any] = {"mora.base": self.mo.url, "municipality.code": MUNICIPALITY_CODE}
        settings |= {_PREFIX + key: value for key, value in ours.items()}
        self.settings_path.touch(mode=0o600)
        self.settings_path.write_text(json.dumps(settings, indent=4), encoding="utf-8")
        return self.settings_path


def importer_environment() -> dict[str, str]:
    """The environment for an importer that must reach this stage and nothing else: no settings, no proxies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_LEADS_ASTRAY) and not name.lower().endswith("_proxy")
    }
    kept.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # many importers are started: they need not compile it anew each time
    return {**kept, "PYTHONIOENCODING": "utf-8"}
