"""What every HTTP exchange of ours has in common, whichever server is asked."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests


def anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authorises nothing. Without any callable, requests would send credentials of the host from a .netrc file."""
    return request


def retry_after(header: str | None) -> float:
    """How many seconds a Retry-After header, which holds seconds or a date, asks to wait; 0 where it asks nothing."""
    text = (header or "").strip()
    with suppress(ValueError, OverflowError):
        return max(0.0, float(int(text)))
    with suppress(ValueError, TypeError, OverflowError):
        at = parsedate_to_datetime(text)
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return 0.0
