"""The manual: pages for people, and files for their machines, shown by `los-import help` without a network."""

from __future__ import annotations

from typing import Final

PAGES: Final = {
    "setup": "on a server, step by step; offline; with cron or systemd",
    "settings": "where they come from, and every key",
    "operation": "exit codes and what to do; brakes; pending rows",
    "drift": "det samme på dansk, til driften",
    "drop-rules": "what a row claims; what makes a file new; rows that fail",
    "takeover": "an MO that an earlier importer has filled",
    "restore": "after MO was put back to a copy",
    "monitoring": "metrics, alerts, the page, JSON",
    "personal-data": "where they are, and who can read them",
    "speed": "how fast it is, measured",
    "commands": "every command and option",
}
"""Topic → what it is about."""

FILES: Final = {
    "los-import.service": "systemd: the import",
    "los-import.timer": "systemd: every morning",
    "los-import-alert.service": "systemd: a mail when it fails",
    "hardening.conf": "systemd: what the service may not do, as a drop-in",
    "los-import.cron": "cron: the same without systemd",
    "alerts.yml": "Prometheus: alert rules for the metrics",
    "settings.json": "all settings, with their defaults",
}
"""Name → what it is."""


def page(topic: str) -> str:
    """A page of the manual, in Markdown."""
    return _text(f"{topic}.md")


def file(name: str) -> str:
    """A file that belongs on a server."""
    return _text(f"files/{name}")


def contents() -> str:
    """What there is to read, in Markdown."""
    topics = "".join(f"- `{topic}`: {about}\n" for topic, about in PAGES.items())
    files = "".join(f"- `{name}`: {about}\n" for name, about in FILES.items())
    return f"""# The manual of los-import

`los-import help TOPIC` shows a page:

{topics}
`los-import help --file NAME` prints a file for your machine:

{files}
`los-import COMMAND --help` tells the options of a command.
"""


def _text(name: str) -> str:
    from importlib import resources  # whoever only asks which pages there are need not wait for it

    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
