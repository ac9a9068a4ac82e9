"""A run as a page for people: one HTML file in Danish that loads nothing from elsewhere. CPR numbers are in none of it."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

from aarhus_los import __version__
from aarhus_los.addresses.outcomes import NotLookedUp, Outcome, Unknown, Unsafe
from aarhus_los.errors import EXIT_ROWS, GRAVITY, SettingsError
from aarhus_los.files import check_place, write_private
from aarhus_los.report import danish
from aarhus_los.report.account import Account, Fate
from aarhus_los.report.changes import Changes, changes_of
from aarhus_los.report.scene import Scene

TEMPLATE: Final = "page.html.jinja"
STYLE: Final = "page.css"
SCRIPT: Final = "page.js"


@dataclass(frozen=True, slots=True)
class Tile:
    """A number of the first screen, and the section that tells more."""

    label: str
    count: int
    anchor: str
    alarming: bool = False


def check_page(path: Path) -> None:
    """Finds out before anything is done that a page cannot be written. Raises SettingsError or StateError."""
    try:
        import jinja2  # noqa: F401
    except ImportError:
        raise SettingsError("--html needs an extra: pip install 'aarhus-los[report]'") from None
    check_place(path.absolute())


def write_page(path: Path, account: Account, now: datetime) -> None:
    """Writes the page of a run, 0600, whole or not at all. Raises StateError."""
    write_private(path.absolute(), b"".join(part.encode() for part in _rendered(account, now)))


def _rendered(account: Account, now: datetime) -> Iterator[str]:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("aarhus_los.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = _text_of(STYLE), _text_of(SCRIPT)
    return environment.get_template(TEMPLATE).generate(
        _content(account, now),
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _text_of(name: str) -> str:
    return resources.files("aarhus_los.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's own policy lets run; nothing that comes in with the data is it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _content(account: Account, now: datetime) -> dict[str, Any]:
    planned = account.dry or bool(account.brakes)
    words = danish.PLANNED if planned else danish.DONE
    scene = account.scene or Scene(now.date())
    changes = changes_of(scene, words)
    return {
        "words": words,
        "danish": danish,
        "account": account,
        "fates": list(reversed(Fate)),
        "title": words.title if account.dry else danish.DONE.title,
        "held": bool(account.brakes) and not account.dry,
        "status": _status(account),
        "outcome": words.outcomes[_code(account)],
        "now": now,
        "version": __version__,
        "unit_tiles": _unit_tiles(changes, words),
        "people_tiles": _people_tiles(changes, words),
        "row_tiles": _row_tiles(account),
        "operations": _operations(account),
        "sections": changes.sections,
        "set_aside": [
            (aside, " › ".join(scene.path(unit)) if (unit := scene.subjects.get(aside.ref)) else "")
            for aside in account.set_aside
        ],
        "unresolved": [
            (each, " › ".join(scene.path(each.org_unit)), *_told(each.outcome), _kept(each.mo_has, scene))
            for each in account.unresolved
        ],
        "faults": [notice for notice in account.notices if notice.fault],
        "warnings": [*account.warnings, *(notice for notice in account.notices if not notice.fault)],
        "addresses": [
            (danish.OUTCOMES.get(kind, kind), count) for kind, count in sorted(account.addresses.items())
        ],
        "seconds": [
            (danish.PHASES.get(phase, phase), seconds) for phase, seconds in account.durations.items()
        ],
    }


def _code(account: Account) -> int:
    """What happened, also where the settings let rows that are set aside end with another exit code."""
    code = account.exit_code
    return code if code in GRAVITY and code in danish.DONE.outcomes else EXIT_ROWS


def _status(account: Account) -> str:
    code = _code(account)
    return "good" if code == 0 else "warn" if code == EXIT_ROWS else "bad"


def _unit_tiles(changes: Changes, words: danish.Words) -> list[Tile]:
    labels = {
        "created": words.created,
        "renamed": words.renamed,
        "moved": words.moved,
        "closed": words.closed,
        "reopened": words.reopened,
        "other": "Andre ændringer",
    }
    return [Tile(label, changes.size(key), key) for key, label in labels.items()]


def _people_tiles(changes: Changes, words: danish.Words) -> list[Tile]:
    labels = {
        "new": "Nye personer",
        "begun": f"Ansættelser {words.begun}",
        "ended": f"Ansættelser {words.ended}",
        "moved": f"Ansættelser {words.moved.lower()}",
        "leaders": "Ledere",
    }
    return [Tile(label, changes.tallies[key], "people") for key, label in labels.items()]


def _row_tiles(account: Account) -> list[Tile]:
    faults = sum(notice.fault for notice in account.notices)
    warnings = len(account.warnings) + len(account.notices) - faults
    return [
        Tile("Rækker sat til side", len(account.set_aside), "set-aside", alarming=True),
        Tile("Uafklarede adresser", len(account.unresolved), "unresolved", alarming=True),
        Tile("Værdier ikke anvendt", faults, "faults", alarming=True),
        Tile("Bemærkninger", warnings, "warnings"),
    ]


def _operations(account: Account) -> list[tuple[str, list[tuple[str, int]]]]:
    """Kind → action → how many operations are planned."""
    planned = account.plan.operations
    counts = Counter((operation.kind, operation.action) for operation in planned)
    return [
        (label, [(action.value, counts[kind, action]) for action in danish.DONE.actions])
        for kind, label in danish.KINDS.items()
        if any(counts[kind, action] for action in danish.DONE.actions)
    ]


def _told(outcome: Outcome) -> tuple[str, str]:
    """Why an address is not used, and what the service suggests."""
    if isinstance(outcome, Unsafe):
        why = f" ({outcome.why})" if outcome.why else ""
        return f"{outcome.kode}: {outcome.text}{why}", outcome.suggestion
    if isinstance(outcome, Unknown):
        return f"{outcome.kode}: {outcome.text}", outcome.suggestion
    if isinstance(outcome, NotLookedUp):
        return f"Ikke slået op, prøves igen ved næste kørsel: {outcome.reason}", ""
    return danish.OUTCOMES[outcome.kind], ""


def _kept(mo_has: str | None, scene: Scene) -> str:
    return "" if mo_has is None else scene.designations.get(mo_has) or f"DAR {mo_has}"
