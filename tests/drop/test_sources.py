from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aarhus_los.drop.entries import Source
from aarhus_los.drop.sources import open_source
from aarhus_los.errors import SettingsError
from aarhus_los.settings import Settings


def opened(tmp_path: Path, **values: Any) -> Source:
    fixed = {
        "state_file": tmp_path / "state",
        "report_folder": tmp_path / "reports",
        "ftp_url": "ftp.example.org",
    }
    return open_source(Settings.model_validate({**fixed, **values}))


def test_a_local_folder_wins(tmp_path: Path) -> None:
    source = opened(tmp_path, import_csv_folder=tmp_path, ftp_url="sftp://ftp.example.org")
    assert source.describe() == f"the folder {tmp_path}"


@pytest.mark.parametrize(
    ("values", "described"),
    [
        ({"ftp_folder": "TEST"}, "ftp://ftp.example.org:21/TEST"),
        ({"ftp_port": 2121}, "ftp://ftp.example.org:2121/"),
        ({"ftp_url": "ftp://ftp.example.org", "ftp_folder": "/a/b"}, "ftp://ftp.example.org:21/a/b"),
        ({"ftp_url": "ftp://ftp.example.org:2121/%C3%A6/b/"}, "ftp://ftp.example.org:2121/æ/b"),
        ({"ftp_url": "file:///srv/los%20drop"}, "the folder /srv/los drop"),
    ],
)
def test_where_the_settings_point_to(tmp_path: Path, values: dict[str, Any], described: str) -> None:
    source = opened(tmp_path, ftp_user="los", ftp_pass="kodeordet", **values)
    assert source.describe() == described


@pytest.mark.parametrize("url", ["sftp://ftp.example.org", "ftps://ftp.example.org"])
def test_other_servers_are_refused_and_never_asked_in_plain_ftp(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="not supported yet"):
        opened(tmp_path, ftp_url=url)


def test_a_bare_host_with_a_key_means_sftp(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("")
    with pytest.raises(SettingsError, match="SFTP is not supported yet"):
        opened(tmp_path, ftp_ssh_key_path=key)
    assert (
        opened(tmp_path, ftp_ssh_key_path=key, ftp_url="ftp://ftp.example.org")
        .describe()
        .startswith("ftp://")
    )
