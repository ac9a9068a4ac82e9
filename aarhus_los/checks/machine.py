"""The near side of an import: settings, proxies, the state with its lock, and the folders that are written."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from aarhus_los import lock
from aarhus_los.checks.findings import SETTING, Finding, failure, ok, warning
from aarhus_los.errors import EXIT_STATE, StateError
from aarhus_los.files import open_to_others, resolved
from aarhus_los.ledger import NOTHING_YET, State, load_state
from aarhus_los.preflight import faults
from aarhus_los.report.metrics import lacking_extra
from aarhus_los.settings import Settings


def settings_in_force(settings: Settings) -> list[Finding]:
    """Every setting with its value, secrets masked, and where the value comes from."""
    shown = [
        ok(f"{SETTING}{name}", f"{value or 'empty'} ({origin})") for name, value, origin in settings.shown()
    ]
    return [*shown, *(warning("settings", text) for text in settings.warnings)]


def proxies(settings: Settings) -> list[Finding]:
    """By way of which proxy each server is asked. None of them sees the file server."""
    servers = {"MO": settings.mora_base}
    if settings.auth_server:
        servers["the token endpoint"] = settings.auth_server
    if settings.dar_provider != "none":
        servers["the address service"] = settings.dar_url
    used = {server: proxy for server, url in servers.items() if (proxy := _proxy_of(url)) is not None}
    if not used:
        return [ok("proxy", "none is used")]
    ways = [f"{server}: {used.get(server, 'without one')}" for server in servers]
    return [ok("proxy", f"{', '.join(ways)} (by the environment: HTTP_PROXY, HTTPS_PROXY, NO_PROXY)")]


def _proxy_of(url: str) -> str | None:
    """Host and port of the proxy that the environment names for a URL, without the login that it may hold."""
    proxy = select_proxy(url, get_environ_proxies(url))
    if proxy is None:
        return None
    try:
        parts = urlsplit(proxy if "://" in proxy else f"//{proxy}")
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return "a proxy whose address is no URL"


def state(settings: Settings) -> list[Finding]:
    """The state file: what it says of earlier imports, and whether one is under way."""
    path = settings.state_file
    try:
        found = _state_findings(path, load_state(path))
    except StateError as error:
        found = [failure("state", str(error), error.exit_code)]
    if held := lock.look(path, settings.run_hours):
        found.append(warning("lock", f"{held}; an import that began now would end with {held.exit_code}"))
    return found


def _state_findings(path: Path, read: State) -> list[Finding]:
    if read.timestamp is None:
        text = (
            "is not there: the next import is a first import; if one ran before, check the setting state_file"
        )
        return [warning("state", f"{path} {text}")]
    if read.timestamp == NOTHING_YET:
        return [ok("state", f"{path}: nothing is imported yet")]
    whose = "" if read.ours else " by an earlier importer, whose files are taken over"
    found = [ok("state", f"{path}: last import {read.timestamp.isoformat(timespec='seconds')}{whose}")]
    waiting = [line for line in read.lines.values() if line.pending]
    if waiting:
        rows = sum(len(line.pending) for line in waiting)
        since = min((line.imported for line in waiting if line.imported), default="an unknown day")
        text = f"{rows} rows of {len(waiting)} files wait, the oldest since {since}: see rejected_*.csv"
        found.append(warning("pending rows", f"{text} in the report folder"))
    cut_off = sorted(line.name for line in read.lines.values() if line.under_way is not None)
    if cut_off:
        text = "an import was cut off; the next one does the rest of"
        found.append(warning("state", f"{text} {', '.join(cut_off)}"))
    return found


def folders(settings: Settings, files: Collection[str] = ()) -> list[Finding]:
    """The folders that an import writes to, and what it would write there of these files. Leaves nothing in them."""
    in_the_way = faults(settings, files)
    found = [failure(fault.subject, fault.text, EXIT_STATE) for fault in in_the_way]
    places = [
        ("state folder", "state_file", settings.state_file),
        ("report folder", "report_folder", settings.report_folder),
        ("queries folder", None, settings.queries_folder),
        ("metrics", None, settings.metrics_file),
    ]
    for subject, setting, path in places:
        if path is None or any(fault.subject == subject for fault in in_the_way):
            continue
        place = resolved(path).parent if setting == "state_file" else path
        if setting is not None and not place.exists():
            found.append(ok(subject, f"{place} is not there: the first import makes it"))
        elif setting is not None and (reason := open_to_others(place, setting)):
            found.append(warning(subject, reason))
        else:
            found.append(ok(subject, str(place)))
    if settings.metrics_file is not None and (lacking := lacking_extra()):
        found.append(failure("metrics", str(lacking), lacking.exit_code))
    return found
