"""Which source the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from aarhus_los.errors import SettingsError, needs_extra
from aarhus_los.settings import Settings
from aarhus_los.sources.entries import Source
from aarhus_los.sources.folder import Folder

if TYPE_CHECKING:
    from aarhus_los.sources.connection import Place


def open_source(settings: Settings) -> Source:
    """The local folder, where one is set, or else the file server. Nothing is asked of it yet.

    Raises SettingsError for what can be seen to be wrong beforehand: a key, certificate or library that is missing.
    """
    if settings.import_csv_folder is not None:
        return Folder(settings.import_csv_folder)
    url = settings.ftp_url
    parts = urlsplit(url if "://" in url else f"//{url}")
    scheme = parts.scheme or ("sftp" if settings.ftp_ssh_key_path is not None else "ftp")
    if scheme == "file":
        return Folder(Path(unquote(parts.path)))
    if scheme == "sftp":
        return _sftp(settings, parts)
    from aarhus_los.sources.ftp import Ftp
    from aarhus_los.sources.ftps import tls_context

    password = settings.ftp_pass.get_secret_value() if settings.ftp_pass else None
    tls = tls_context(settings.ftp_ca_file) if scheme == "ftps" else None
    return Ftp(_place(settings, parts), settings.ftp_user, password, tls)


def _sftp(settings: Settings, parts: SplitResult) -> Source:
    try:
        from aarhus_los.sources.sftp import Sftp
        from aarhus_los.sources.ssh_keys import Login, Pinned, read_key, read_known_hosts
    except ModuleNotFoundError as error:
        raise needs_extra(f"ftp_url: SFTP ({error.name})", "sftp") from None
    key_path, passphrase, password = settings.ftp_ssh_key_path, settings.ftp_ssh_key_pass, settings.ftp_pass
    if not settings.ftp_user:
        raise SettingsError("ftp_user: missing; SFTP has no anonymous login")
    if key_path is None and password is None:
        raise SettingsError("ftp_ssh_key_path: missing; SFTP needs it, or ftp_pass")
    login = Login(
        settings.ftp_user,
        password.get_secret_value() if password else None,
        read_key(key_path, passphrase.get_secret_value() if passphrase else None) if key_path else None,
    )
    if settings.ftp_host_fingerprint:
        return Sftp(_place(settings, parts), login, Pinned(settings.ftp_host_fingerprint))
    return Sftp(_place(settings, parts), login, read_known_hosts(settings.ftp_known_hosts or _known_hosts()))


def _known_hosts() -> Path:
    """Where OpenSSH keeps them. A service may have neither HOME nor an account with one."""
    try:
        return Path("~/.ssh/known_hosts").expanduser()
    except RuntimeError:
        raise SettingsError(
            "ftp_known_hosts: missing, and our user has no home with a .ssh/known_hosts: set it, or ftp_host_fingerprint"
        ) from None


def _place(settings: Settings, parts: SplitResult) -> Place:
    """The folder is seen from where the login leads to; one that begins with `/` (in a URL: with `//`) from the root."""
    from aarhus_los.sources.connection import Place

    folder = settings.ftp_folder or unquote(parts.path.removeprefix("/")).rstrip("/")
    port = parts.port or settings.ftp_port
    return Place(host=parts.hostname or "", port=port, folder=folder)
