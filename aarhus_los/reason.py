"""Texts for people that know their Danish: how a message and its parameters become one.

In the templates `{name}` is a parameter: a text, a number, a date, another reason, or several of these. `{count:row|rows}`
is a number with its noun. CPR numbers and names of people are never parameters.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any, Final, TypeAlias

from aarhus_los.language import Language
from aarhus_los.masking import masked

Param: TypeAlias = str | int | float | date | Sequence[str]


class Reason(str):
    """A text for people that knows its Danish and its code. Equal to, and used as, its English text."""

    __slots__ = ("message", "params")
    message: Template
    params: Mapping[str, Param]

    def __str__(self) -> str:
        return self

    @property
    def code(self) -> str:
        """What sort of text it is."""
        return self.message.name.lower().replace("_", "-")

    @property
    def danish(self) -> str:
        """The same in Danish."""
        return masked(_DANISH.format(self.message.danish, **self.params))


def in_language(text: str, language: Language) -> str:
    """A text in one of the two languages; as it is where it has only one."""
    return danish(text) if language == "da" else text


def danish(text: str) -> str:
    """A text in Danish; as it is where it has none."""
    return text.danish if isinstance(text, Reason) else text


def recognised(text: str, *messages: Template) -> str:
    """A text that was stored in English, as the one of these messages that it was; as it is where it was none."""
    for message in messages:
        parts = re.split(r"\{(\w+)\}", message.english)
        pattern = "".join(f"(?P<{part}>.+)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
        if found := re.fullmatch(pattern, text):
            return message(**found.groupdict())
    return text


def code_of(text: str) -> str:
    """What sort of text it is; empty where that is not known."""
    return text.code if isinstance(text, Reason) else ""


class Template(Enum):
    """English and Danish of each message of a catalogue. Names are codes, which stand in records: they are not changed."""

    def __init__(self, english: str, danish: str) -> None:
        self.english = english
        self.danish = danish

    @cached_property
    def params(self) -> set[str]:
        """The names of the parameters of the English text; the Danish has the same."""
        return {name for _, name, _, _ in string.Formatter().parse(self.english) if name}

    def __call__(self, **params: Param) -> Reason:
        """The message with its parameters. Raises TypeError where they are not those of the template."""
        if params.keys() != self.params:
            raise TypeError(f"{self.name} takes the parameters {', '.join(sorted(self.params)) or '(none)'}")
        reason = Reason(masked(_ENGLISH.format(self.english, **params)) if params else self.english)
        reason.message, reason.params = self, params
        return reason


TERMS: Final = {
    "organisation": "organisationen",
    "facet": "facetten",
    "class": "klassen",
    "itsystem": "IT-systemet",
    "org_unit": "enheden",
    "employee": "personen",
    "engagement": "ansættelsen",
    "address": "adressen",
    "it": "IT-kontoen",
    "manager": "lederen",
}
"""The Danish of MO's kinds of objects, within a sentence."""


class _English(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec:
            one, many = format_spec.split("|")
            return f"{self.shown(value)} {one if value == 1 else many}"
        return self.shown(value)

    def shown(self, value: Any) -> str:
        if isinstance(value, list | tuple):
            return ", ".join(self.shown(each) for each in value)
        return f"{value:g}" if isinstance(value, float) else f"{value}"


class _Danish(_English):
    def shown(self, value: Any) -> str:
        if isinstance(value, Reason):
            return value.danish
        if isinstance(value, StrEnum):
            return TERMS.get(value.value, value.value)
        if isinstance(value, date):
            return f"{value:%d-%m-%Y}"
        if isinstance(value, float):
            return f"{value:g}".replace(".", ",")
        return super().shown(value)


_ENGLISH: Final = _English()
_DANISH: Final = _Danish()
