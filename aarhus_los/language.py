"""The language in which people are addressed: Danish or English, as their machine is set."""

from __future__ import annotations

import locale
import os
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["da", "en"]


def of_locale() -> Language:
    """The language of this machine's locale: by the usual variables or, as on Windows, where none is set, by the system."""
    named = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None)
    name = named or locale.getlocale()[0] or ""
    return "da" if name.lower().startswith("da") else "en"
