"""What a check found: a subject, how it stands, and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import force_setattr

from aarhus_los.errors import EXIT_OK, EXIT_UNAVAILABLE
from aarhus_los.masking import masked

SETTING: Final = "setting "
"""What the subject of a setting in force begins with."""


class Status(StrEnum):
    """How a subject stands. Only a failure keeps an import from its work, and only it changes the exit code."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


class Finding(Struct, frozen=True):
    """One line of a check. The text holds no secret, no CPR number and no name of a person."""

    subject: str
    status: Status
    text: str
    exit_code: int = EXIT_OK
    """Of a failure: with what an import would end."""

    def __post_init__(self) -> None:
        force_setattr(self, "text", masked(self.text))

    def __str__(self) -> str:
        return f"{self.status.value:<8} {self.subject}: {self.text}"


def ok(subject: str, text: str) -> Finding:
    return Finding(subject, Status.OK, text)


def warning(subject: str, text: str) -> Finding:
    return Finding(subject, Status.WARNING, text)


def failure(subject: str, text: str, exit_code: int = EXIT_UNAVAILABLE) -> Finding:
    return Finding(subject, Status.FAILURE, text, exit_code)
