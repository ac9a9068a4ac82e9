"""Which source the settings name."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from aarhus_los.drop.entries import Source
from aarhus_los.drop.folder import Folder
from aarhus_los.drop.ftp import Ftp
from aarhus_los.drop.names import parse_name
from aarhus_los.errors import SettingsError
from aarhus_los.settings import Settings


def open_source(settings: Settings) -> Source:
    """The local folder, where one is set, or else the file server. Nothing is asked of it yet.

    Raises SettingsError for a file server of a kind that is not supported: it is never asked in plain FTP instead.
    """
    if settings.import_csv_folder is not None:
        return Folder(settings.import_csv_folder)
    url = settings.ftp_url
    parts = urlsplit(url if "://" in url else f"//{url}")
    if parts.scheme == "file":
        return Folder(Path(unquote(parts.path)))
    if parts.scheme == "sftp" or (not parts.scheme and settings.ftp_ssh_key_path is not None):
        hint = "" if parts.scheme else ", and a host name with ftp_ssh_key_path means SFTP"
        raise SettingsError(f"ftp_url: SFTP is not supported yet{hint}; plain FTP is ftp://")
    if parts.scheme not in ("", "ftp"):
        raise SettingsError(f"ftp_url: {parts.scheme}:// is not supported yet; plain FTP is ftp://")
    return Ftp(
        host=parts.hostname or "",
        port=parts.port or settings.ftp_port,
        user=settings.ftp_user,
        password=settings.ftp_pass.get_secret_value() if settings.ftp_pass else None,
        folder=settings.ftp_folder or unquote(parts.path).strip("/"),
        interest=lambda name: parse_name(name) is not None,
    )
