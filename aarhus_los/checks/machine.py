"""The near side of an import: settings, proxies, the state with its lock, and the folders that are written."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from aarhus_los.checks.findings import SETTING, Finding, failure, ok, warning
from aarhus_los.errors import StateError
from aarhus_los.ledger import NOTHING_YET, State, load_state
from aarhus_los.report.metrics import unfit
from aarhus_los.settings import Settings

_LOCKS: Final = Path("/proc/locks")


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
        found = [failure("state", str(error))]
    if holder := _lock_holder(path.with_name(path.name + ".lock")):
        found.append(warning("lock", f"an import is under way: {holder}; another one would end with exit 75"))
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


def _lock_holder(lock: Path) -> str | None:
    """Who holds the lock, by the kernel's list: trying to take it could keep out an import that starts just now."""
    with suppress(OSError, UnicodeDecodeError):
        inode = str(lock.stat().st_ino)
        holder = lock.read_text(encoding="utf-8").strip()
        named = re.match(r"process (\d+) ", holder)
        for line in _LOCKS.read_text(encoding="ascii").splitlines():
            match line.split():
                case [_, "FLOCK", _, _, pid, place, *_]:
                    if named and pid == named[1] and place.rpartition(":")[2] == inode:
                        return holder
    return None


def folders(settings: Settings) -> list[Finding]:
    """The folders that an import writes to. Whether it can is asked of the system, not tried."""
    found = [
        _private_folder("state folder", settings.state_file.parent),
        _private_folder("report folder", settings.report_folder),
    ]
    if settings.queries_folder is not None:
        folder = settings.queries_folder
        found.append(_unwritable("queries folder", folder) or ok("queries folder", str(folder)))
    if settings.metrics_file is not None:
        problem = unfit(settings.metrics_file)
        file = str(settings.metrics_file)
        found.append(failure("metrics", str(problem)) if problem else ok("metrics", file))
    return found


def _private_folder(subject: str, folder: Path) -> Finding:
    """A folder that is made (0700) by an import where there is none."""
    if os.path.lexists(folder):
        if problem := _unwritable(subject, folder):
            return problem
        if folder.stat().st_mode & 0o044:
            return warning(subject, f"others can read {folder}: chmod 0700 {folder}")
        return ok(subject, str(folder))
    above = next(parent for parent in folder.absolute().parents if os.path.lexists(parent))
    return _unwritable(subject, above) or ok(subject, f"{folder} is not there: the first import makes it")


def _unwritable(subject: str, folder: Path) -> Finding | None:
    if not folder.exists():
        return failure(subject, f"{folder} is not there: make it")
    if not folder.is_dir():
        return failure(subject, f"{folder} is not a folder: change the setting, or put it away")
    if not os.access(folder, os.W_OK | os.X_OK):
        return failure(subject, f"{folder} cannot be written: give our user the right to")
    return None
