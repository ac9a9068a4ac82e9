"""Whether an import would find all that it needs: asked of everything that it uses, without writing anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from aarhus_los.checks import machine
from aarhus_los.checks.address_service import address_service
from aarhus_los.checks.drop import drop
from aarhus_los.checks.findings import SETTING, Finding, Status
from aarhus_los.checks.mo import mo
from aarhus_los.errors import EXIT_OK, EXIT_USAGE, GRAVITY
from aarhus_los.report.blocks import Block, Line
from aarhus_los.settings import Settings

FORMAT: Final = 1
_STYLES: Final = {Status.OK: "", Status.WARNING: "warn", Status.FAILURE: "bad"}


def check(settings: Settings) -> list[Finding]:
    """What an import with these settings would meet, from the near to the far."""
    of_drop, files = drop(settings)
    return [
        *machine.settings_in_force(settings),
        *machine.proxies(settings),
        *machine.state(settings),
        *machine.folders(settings, files),
        *of_drop,
        *mo(settings),
        *address_service(settings),
    ]


def exit_code(findings: Sequence[Finding]) -> int:
    """With what an import would end before it has begun: warnings do not keep it from its work."""
    codes = {EXIT_OK, *(finding.exit_code for finding in findings)}
    return next(code for code in (EXIT_USAGE, *GRAVITY) if code in codes)


def is_quiet(findings: Sequence[Finding]) -> bool:
    """Whether there is nothing to say to those who only want to hear of problems."""
    return all(finding.status is Status.OK for finding in findings)


def findings_blocks(findings: Sequence[Finding], *, only_problems: bool = False) -> list[Block]:
    """A line a finding, the settings apart from the others, and a last line that can be read alone."""
    failures, warnings = (
        sum(finding.status is status for finding in findings) for status in (Status.FAILURE, Status.WARNING)
    )
    verdict = "An import would not get through" if failures else "An import would get through"
    shown = [each for each in findings if not (only_problems and each.status is Status.OK)]
    settings = [each for each in shown if each.subject.startswith(SETTING)]
    lines = [Line(str(each), _STYLES[each.status]) for each in shown if each not in settings]
    if settings:
        lines += [
            Line("Settings in force:", "title"),
            *(Line(f"{each.subject.removeprefix(SETTING)}: {each.text}", "", 2) for each in settings),
        ]
    counts = f"{failures} failure{'s' * (failures != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    return [*lines, Line(f"{verdict}: {counts}.", "bad" if failures else "warn" if warnings else "good")]


def findings_record(findings: Sequence[Finding]) -> dict[str, Any]:
    """The same for machines. Stable: fields are added, never changed."""
    return {
        "format": FORMAT,
        "exit_code": exit_code(findings),
        "findings": [
            {"subject": finding.subject, "status": finding.status.value, "text": finding.text}
            for finding in findings
        ],
    }
