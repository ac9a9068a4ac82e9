"""The address service: whether it is open to us, and finds an address that is there."""

from __future__ import annotations

from typing import Final

from aarhus_los.addresses.adressevask import Adressevask
from aarhus_los.addresses.outcomes import Found, NotLookedUp
from aarhus_los.checks.findings import Finding, failure, ok
from aarhus_los.settings import Settings

KNOWN: Final = "Rådhuspladsen 2, 8000 Aarhus C"
"""Aarhus's town hall."""


def address_service(settings: Settings) -> list[Finding]:
    """Looks up one address, in one try."""
    subject = "address service"
    if settings.dar_provider == "none":
        return [ok(subject, "not asked, by the setting dar_provider: postal addresses stay as they are")]
    with Adressevask(
        settings.dar_url, settings.dar_token, ca_bundle=settings.ca_bundle, retry_seconds=0
    ) as service:
        outcome = service.look_up(KNOWN)
    if isinstance(outcome, Found):
        return [ok(subject, f"{settings.dar_url} finds “{KNOWN}”")]
    if isinstance(outcome, NotLookedUp):
        return [failure(subject, f"{settings.dar_url}: {outcome.reason}")]
    text = f"does not find “{KNOWN}”, which it must ({outcome.kind}, {outcome.kode}: {outcome.text})"
    return [failure(subject, f"{settings.dar_url} {text}: check dar_url, and ask its operator")]
