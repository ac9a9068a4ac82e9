from __future__ import annotations

import pwd
import sys
from pathlib import Path
from typing import Any

import paramiko
import pytest

from aarhus_los.errors import SettingsError
from aarhus_los.settings import Settings
from aarhus_los.sources.entries import Listing, Source
from aarhus_los.sources.open import open_source
from tests.sources.sftp_server import PASSWORD, USER, SftpServer


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
        ({"ftp_url": "ftp://[::1]:2121//a"}, "ftp://[::1]:2121/a"),
        ({"ftp_url": "ftps://ftp.example.org/a"}, "ftps://ftp.example.org:21/a"),
        ({"ftp_url": "FTPS://ftp.example.org", "ftp_port": 990}, "ftps://ftp.example.org:990/"),
        ({"ftp_url": "sftp://ftp.example.org/a"}, "sftp://ftp.example.org:22/a"),
        (
            {"ftp_url": "sftp://ftp.example.org:2222", "ftp_folder": "TEST"},
            "sftp://ftp.example.org:2222/TEST",
        ),
        ({"ftp_url": "file:///srv/los%20drop"}, "the folder /srv/los drop"),
    ],
)
def test_where_the_settings_point_to(tmp_path: Path, values: dict[str, Any], described: str) -> None:
    source = opened(tmp_path, ftp_user="los", ftp_pass="kodeordet", **values)
    assert source.describe() == described


def test_a_bare_host_with_a_key_means_sftp(tmp_path: Path) -> None:
    key = tmp_path / "key"
    paramiko.ECDSAKey.generate().write_private_key_file(str(key))
    login = {"ftp_user": "los", "ftp_ssh_key_path": key}
    assert opened(tmp_path, **login).describe() == "sftp://ftp.example.org:22/"
    assert opened(tmp_path, **login, ftp_port=2222).describe() == "sftp://ftp.example.org:2222/"
    assert opened(tmp_path, **login, ftp_url="ftp://a.example.org").describe() == "ftp://a.example.org:21/"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "ftp_user: missing"),
        ({"ftp_user": "los"}, "ftp_ssh_key_path: missing; SFTP needs it, or ftp_pass"),
        (
            {"ftp_user": "los", "ftp_ssh_key_path": "/no/such/key"},
            "ftp_ssh_key_path: /no/such/key cannot be read",
        ),
    ],
)
def test_half_a_login_of_sftp_is_refused(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        opened(tmp_path, ftp_url="sftp://ftp.example.org", **values)


def test_without_a_home_the_known_hosts_are_a_setting_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    login = {"ftp_url": "sftp://ftp.example.org", "ftp_user": "los", "ftp_pass": "kodeordet"}
    with pytest.raises(SettingsError, match=r"^ftp_known_hosts: missing.*ftp_host_fingerprint"):
        opened(tmp_path, **login)
    (tmp_path / "known").touch()
    assert opened(tmp_path, **login, ftp_known_hosts=tmp_path / "known")
    assert opened(tmp_path, **login, ftp_host_fingerprint="SHA256:" + "x" * 43)


def test_sftp_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "paramiko"]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("sftp", "ssh_keys"):
        monkeypatch.delitem(sys.modules, f"aarhus_los.sources.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "paramiko", None)
    with pytest.raises(SettingsError, match=r"SFTP \(paramiko\) needs the extra `sftp`"):
        opened(tmp_path, ftp_url="sftp://ftp.example.org", ftp_user="los", ftp_pass="kodeordet")
    assert opened(tmp_path, ftp_url="ftps://ftp.example.org").describe().startswith("ftps://")


def test_a_pinned_key_and_a_known_one_come_from_the_settings(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with SftpServer(home) as server:
        known = tmp_path / "known"
        key = f"{server.host_key.get_name()} {server.host_key.get_base64()}"
        known.write_text(f"[127.0.0.1]:{server.port} {key}\n")
        for trust in (
            {"ftp_known_hosts": known},
            {"ftp_host_fingerprint": server.host_key.fingerprint + "="},
        ):
            url = f"sftp://127.0.0.1:{server.port}"
            with opened(tmp_path, ftp_url=url, ftp_user=USER, ftp_pass=PASSWORD, **trust) as source:
                assert source.listing() == Listing(())
