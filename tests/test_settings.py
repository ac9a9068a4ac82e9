"""Settings: which value wins, what is refused and in which words, and that no secret is ever among them."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aarhus_los import setting_sources
from aarhus_los.errors import EXIT_USAGE, SettingsError
from aarhus_los.settings import KEYS, Settings, load_settings

EXAMPLE = Path(__file__).parents[1] / "settings.example.json"
OWN = "integrations.aarhus_los."
MARKER = "hemmelig-kode-4711"
REQUIRED = {"LOS_IMPORT_STATE_FILE": "/srv/los/state", "LOS_IMPORT_REPORT_FOLDER": "/srv/los/reports"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder and a system folder without settings of this machine."""
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    system = tmp_path / "opt" / "settings.json"
    monkeypatch.setattr(setting_sources, "SEARCHED", (*setting_sources.SEARCHED[:2], system))


def write(path: Path, content: Any, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    path.chmod(mode)
    return path


def settings_file(tmp_path: Path, mode: int = 0o600, **own: object) -> Path:
    """A settings file with the required keys and others: `mora__base` is `mora.base`, the rest are ours."""
    content: dict[str, object] = {
        f"{OWN}state_file": "/srv/los/state",
        f"{OWN}report_folder": "/srv/los/reports",
    }
    for name, value in own.items():
        content[name.replace("__", ".") if "__" in name else OWN + name] = value
    return write(tmp_path / "etc" / "settings.json", content, mode)


def problems(*args: Any, **kwargs: Any) -> list[str]:
    """The lines of the error that loading must end with."""
    with pytest.raises(SettingsError) as caught:
        load_settings(*args, **kwargs)
    return str(caught.value).splitlines()


def from_file(tmp_path: Path, **own: object) -> Settings:
    return load_settings(settings_file(tmp_path, **own), environ={})


# --- which value wins


def test_defaults() -> None:
    settings = load_settings(environ=REQUIRED)
    assert settings.mora_base == "http://localhost:5000"
    assert settings.municipality_code == 751
    assert settings.ftp_url == "ftp.aarhuskommune.dk"
    assert settings.import_csv_folder is None
    assert settings.auth_realm == "mo"
    assert settings.dar_url == "https://adressevaelger.dk"
    assert settings.dar_token.get_secret_value() == "adressevaelger123"
    assert (settings.graphql_version, settings.concurrency, settings.chunk_size) == (30, 4, 50)
    assert settings.retry_seconds == 120.0
    assert (settings.max_unit_ends, settings.max_unit_ends_percent) == (50, 2.0)
    assert (settings.max_unit_moves, settings.max_unit_moves_percent) == (200, 5.0)
    assert (settings.max_engagement_ends, settings.max_engagement_ends_percent) == (500, 3.0)
    assert (settings.max_refused, settings.max_refused_percent) == (50, 5.0)
    assert (settings.report_days, settings.rejects_exit_code, settings.verify_limit) == (90, 1, 5000)
    assert settings.origins["state_file"] == "LOS_IMPORT_STATE_FILE (environment)"
    assert settings.origins["chunk_size"] == "default"
    assert settings.warnings == ()


def test_a_stronger_place_wins_and_is_the_origin(tmp_path: Path) -> None:
    """Every place in turn, from the strongest down, is taken away: the next one shows."""
    path = settings_file(tmp_path, state_file="of-file")
    flags = {"state_file": "of-flag"}
    environ = {"LOS_IMPORT_STATE_FILE": "of-environment"}
    seen = [
        load_settings(path, flags, environ),
        load_settings(path, {"state_file": None}, environ),
        load_settings(path, {}, {}),
    ]
    assert [str(settings.state_file) for settings in seen] == ["of-flag", "of-environment", "of-file"]
    assert [settings.origins["state_file"] for settings in seen] == [
        "--state-file",
        "LOS_IMPORT_STATE_FILE (environment)",
        f"{OWN}state_file in {path}",
    ]


@pytest.mark.parametrize("name", ["client_id", "auth_realm", "auth_server", "client_secret"])
def test_login_comes_from_five_places(tmp_path: Path, name: str) -> None:
    upper = name.upper()
    url = "http://{}/auth" if name == "auth_server" else "{}"
    login = {"client_id": "id", "client_secret": "secret", "auth_server": "http://a/auth"}
    own = {**login, f"crontab__{upper}": url.format("crontab"), name: url.format("file")}
    path = settings_file(tmp_path, **own)
    weak = settings_file(tmp_path / "weak", **{key: value for key, value in own.items() if key != name})
    exported = {upper: url.format("exported")}
    strongest = {f"LOS_IMPORT_{upper}": url.format("strongest")}

    def value(settings: Settings) -> str:
        found = getattr(settings, name)
        return found if isinstance(found, str) else found.get_secret_value()

    assert value(load_settings(path, environ=exported | strongest)) == url.format("strongest")
    assert value(load_settings(path, environ=exported)) == url.format("exported")
    assert value(load_settings(path, environ={})) == url.format("file")
    settings = load_settings(weak, environ={})
    assert value(settings) == url.format("crontab")
    assert settings.origins[name] == f"crontab.{upper} in {weak}"


def test_mora_base_of_the_job_runner_beats_the_file(tmp_path: Path) -> None:
    path = settings_file(tmp_path, mora__base="http://file:1")
    assert load_settings(path, environ={}).mora_base == "http://file:1"
    assert load_settings(path, environ={"MORA_BASE": "http://exported:1"}).mora_base == "http://exported:1"
    both = {"MORA_BASE": "http://exported:1", "LOS_IMPORT_MORA_BASE": "http://ours:1"}
    assert load_settings(path, environ=both).mora_base == "http://ours:1"


def test_an_empty_variable_and_an_empty_key_are_not_set(tmp_path: Path) -> None:
    path = settings_file(tmp_path, chunk_size=7, import_csv_folder="", ftp_port=None)
    settings = load_settings(
        path, environ={"LOS_IMPORT_CHUNK_SIZE": "", "LOS_IMPORT_SETTINGS": "", "MORA_BASE": ""}
    )
    assert settings.chunk_size == 7
    assert settings.import_csv_folder is None
    assert settings.mora_base == "http://localhost:5000"


def test_an_empty_flag_is_an_error_and_not_another_state_file(tmp_path: Path) -> None:
    lines = problems(settings_file(tmp_path), {"state_file": ""}, {})
    assert lines == ["--state-file: must not be empty"]


def test_zero_counts_as_a_value(tmp_path: Path) -> None:
    settings = from_file(tmp_path, max_unit_ends=0, rejects_exit_code=0, max_unit_moves_percent=0)
    assert (settings.max_unit_ends, settings.rejects_exit_code, settings.max_unit_moves_percent) == (
        0,
        0,
        0.0,
    )


# --- the settings file


def test_the_file_is_looked_for_in_order(tmp_path: Path) -> None:
    named, other = (
        settings_file(tmp_path / "named", chunk_size=1),
        settings_file(tmp_path / "env", chunk_size=2),
    )
    places = [Path("settings.json"), Path("settings/settings.json"), setting_sources.SEARCHED[2]]
    for number, place in enumerate(places, start=3):
        write(place, settings_file(tmp_path / str(number), chunk_size=number).read_text())
    environ = {"LOS_IMPORT_SETTINGS": str(other)}
    assert load_settings(named, environ=environ).chunk_size == 1
    assert load_settings(environ=environ).chunk_size == 2
    for number, place in enumerate(places, start=3):
        settings = load_settings(environ={})
        assert settings.chunk_size == number
        assert settings.origins["chunk_size"] == f"{OWN}chunk_size in {place.absolute()}"
        place.unlink()


def test_the_system_folder_is_that_of_earlier_importers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert [str(path) for path in setting_sources.SEARCHED] == [
        "settings.json",
        "settings/settings.json",
        "/opt/dipex/os2mo-data-import-and-export/settings/settings.json",
    ]


def test_without_a_file_the_environment_and_flags_are_enough() -> None:
    environ = {"LOS_IMPORT_REPORT_FOLDER": "reports"}
    settings = load_settings(flags={"state_file": "s", "import_csv_folder": "drop"}, environ=environ)
    assert (settings.state_file, settings.import_csv_folder) == (Path("s"), Path("drop"))


def test_without_a_file_it_is_said_what_is_missing_and_where_a_file_was_looked_for() -> None:
    lines = problems(environ={})
    assert lines[0].startswith(f"{OWN}state_file: missing")
    assert "LOS_IMPORT_STATE_FILE" in lines[0]
    assert "--state-file" in lines[0]
    assert lines[1].startswith(f"{OWN}report_folder: missing")
    assert "settings.json, settings/settings.json, " in lines[2]
    assert len(lines) == 3


def test_a_wrong_variable_is_no_reason_to_speak_of_files() -> None:
    assert len(problems(environ=REQUIRED | {"LOS_IMPORT_CHUNK_SIZE": "0"})) == 1


def test_with_a_file_the_missing_key_names_it(tmp_path: Path) -> None:
    path = write(tmp_path / "s.json", {f"{OWN}state_file": "state"})
    assert problems(path, environ={}) == [
        f"{OWN}report_folder: missing; set it in {path} or as LOS_IMPORT_REPORT_FOLDER in the environment"
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{\n  "a": 1,\n  "b" 2}', "line 3, column 7"),
        (b"", "line 1, column 1"),
        (b"[1, 2]", "must hold a JSON object"),
        (b'"text"', "must hold a JSON object"),
        (b'{\n"a": "\xe6"}', "not UTF-8 in line 2"),
        (b"[" * 100_000, "not JSON that can be read"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "not JSON that can be read"),
    ],
)
def test_a_file_that_is_no_settings_file_is_one_line(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    (line,) = problems(path, environ=REQUIRED)
    assert line.startswith(f"--settings: {path}: ")
    assert expected in line
    (line,) = problems(environ={"LOS_IMPORT_SETTINGS": str(path)})
    assert line.startswith(f"LOS_IMPORT_SETTINGS (environment): {path}: ")


def test_a_named_file_that_cannot_be_read_is_never_passed_over(tmp_path: Path) -> None:
    write(Path("settings.json"), settings_file(tmp_path).read_text())
    absent = tmp_path / "absent.json"
    assert problems(absent, environ={}) == [
        f"--settings: {absent}: cannot be read: No such file or directory"
    ]
    (line,) = problems(environ={"LOS_IMPORT_SETTINGS": str(tmp_path)})
    assert line == f"LOS_IMPORT_SETTINGS (environment): {tmp_path}: cannot be read: Is a directory"


def test_a_file_in_the_way_of_a_searched_one_is_not_passed_over() -> None:
    Path("settings.json").mkdir()
    assert problems(environ=REQUIRED) == ["settings.json: cannot be read: Is a directory"]


def test_a_file_where_a_folder_would_be_means_that_there_are_no_settings() -> None:
    Path("settings").write_text("")
    assert load_settings(environ=REQUIRED).chunk_size == 50


def test_a_searched_file_that_is_hidden_from_us_is_not_passed_over() -> None:
    Path("settings.json").symlink_to("settings.json")
    assert problems(environ=REQUIRED) == ["settings.json: cannot be read: Too many levels of symbolic links"]


def test_a_byte_order_mark_and_danish_letters_are_read(tmp_path: Path) -> None:
    path = settings_file(tmp_path, ftp_folder="Ærø/Lønstrup")
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(json.loads(path.read_text()), ensure_ascii=False).encode())
    assert load_settings(path, environ={}).ftp_folder == "Ærø/Lønstrup"


# --- values


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("chunk_size", "25", 25),
        ("concurrency", 32, 32),
        ("retry_seconds", "0.5", 0.5),
        ("max_unit_ends_percent", "12.5", 12.5),
        ("graphql_version", "v22", 22),
        ("graphql_version", "V30", 30),
        ("graphql_version", "21", 21),
        ("graphql_version", 25, 25),
        ("rejects_exit_code", "0", 0),
        ("dar_provider", "none", "none"),
        ("ftp_port", "2121", 2121),
        ("ftp_url", "sftp://files.example.dk:2222/los", "sftp://files.example.dk:2222/los"),
        ("ftp_url", "file:///var/drop", "file:///var/drop"),
        ("ftp_host_fingerprint", "SHA256:" + "aB3+/" * 8 + "abc=", "SHA256:" + "aB3+/" * 8 + "abc"),
        (
            "azid_it_system_uuid",
            "{8D8A5FD6-9E4D-4C2B-9A42-0B7B6E1E7C01}",
            "8d8a5fd6-9e4d-4c2b-9a42-0b7b6e1e7c01",
        ),
        ("mora_base", "https://mo.example.dk/", "https://mo.example.dk"),
        ("dar_url", "http://127.0.0.1:8080/dar//", "http://127.0.0.1:8080/dar"),
        ("municipality_code", "370", 370),
    ],
)
def test_values_are_understood(name: str, value: object, expected: object, tmp_path: Path) -> None:
    key = {"mora_base": "mora__base", "municipality_code": "municipality__code"}.get(name, name)
    assert getattr(from_file(tmp_path, **{key: value}), name) == expected
    settings = load_settings(environ=REQUIRED | {f"LOS_IMPORT_{name.upper()}": str(value)})
    assert getattr(settings, name) == expected


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("chunk_size", 501, "must be less than or equal to 500; it is 501"),
        ("chunk_size", 0, "must be greater than or equal to 1; it is 0"),
        ("chunk_size", "many", "must be a valid integer"),
        ("chunk_size", 1.5, "must be a valid integer"),
        ("chunk_size", True, "must not be true or false"),
        ("rejects_exit_code", False, "must not be true or false"),
        ("rejects_exit_code", 2, "must be less than or equal to 1"),
        ("concurrency", 33, "must be less than or equal to 32"),
        ("concurrency", [4], "must be a valid integer"),
        ("retry_seconds", "nan", "must be a finite number"),
        ("retry_seconds", -1, "must be greater than or equal to 0"),
        ("max_unit_ends_percent", 101, "must be less than or equal to 100"),
        ("max_unit_ends", -1, "must be greater than or equal to 0"),
        ("graphql_version", "v20", "must be greater than or equal to 21"),
        ("graphql_version", "latest", "must be a valid integer"),
        ("dar_provider", "dawa", "must be 'adressevask' or 'none'; it is 'dawa'"),
        ("dar_token", "short", "at least 10 characters"),
        ("azid_it_system_uuid", "AZ", "must be a UUID; it is 'AZ'"),
        ("azid_it_system_uuid", 7, "must be a valid string"),
        ("ftp_port", 70000, "must be less than or equal to 65535"),
        ("ftp_url", "http://files.example.dk", "must be a host name or a URL"),
        ("ftp_url", "files.example.dk/los", "belongs into ftp_folder"),
        ("ftp_url", "ftp://files.example.dk:22", "22, which is SFTP's"),
        ("ftp_url", "ftp://files.example.dk:port", "must be a host name or a URL"),
        ("ftp_host_fingerprint", "MD5:16:27:ac:a5:76:28:2d:36", "must be SHA256: and 43 characters"),
        ("ftp_host_fingerprint", "SHA256:" + "a" * 42, "must be SHA256: and 43 characters"),
        ("ftp_known_hosts", "/no/such/known_hosts", "exists and can be read"),
        ("ftp_ca_file", "/no/such/ca.pem", "exists and can be read"),
        ("ftp_user", "los\r\nDELE x", "must be one line"),
        ("ftp_user", 5, "must be a valid string"),
        ("ca_bundle", "/no/such/bundle.pem", "exists and can be read; it is '/no/such/bundle.pem'"),
        ("dar_url", "adressevaelger.dk", "must be a URL that begins with http:// or https://"),
        ("dar_url", "http://[::1", "must be a URL"),
        ("dar_url", "http://a/?token=b", "no ? and no #"),
        ("auth_realm", "realms/mo", "must be the name of a realm"),
        ("state_file", 5, "is not a valid path"),
        ("report_days", 0, "must be greater than or equal to 1"),
    ],
)
def test_a_wrong_value_names_its_key_and_its_place(
    name: str, value: object, reason: str, tmp_path: Path
) -> None:
    path = settings_file(tmp_path, **{name: value})
    (line,) = problems(path, environ={})
    assert line.startswith(f"{OWN}{name} in {path}: ")
    assert reason in line
    assert "Input" not in line and "Value error" not in line
    if isinstance(value, str):
        (line,) = problems(environ=REQUIRED | {f"LOS_IMPORT_{name.upper()}": value})
        assert line.startswith(f"LOS_IMPORT_{name.upper()} (environment): ")
        assert reason in line


def test_shared_keys_have_their_own_names(tmp_path: Path) -> None:
    path = settings_file(tmp_path, mora__base="localhost:5000", municipality__code="Aarhus")
    lines = problems(path, environ={})
    assert lines[0].startswith(f"mora.base in {path}: ")
    assert lines[1].startswith(f"municipality.code in {path}: ")


def test_all_problems_are_told_at_once_in_the_order_of_the_settings(tmp_path: Path) -> None:
    path = write(tmp_path / "s.json", {f"{OWN}chunk_size": 0, f"{OWN}ftp_pass_file": "/no/such"})
    lines = problems(path, {"state_file": ""}, {"LOS_IMPORT_CONCURRENCY": "99"})
    starts = ["--state-file:", f"{OWN}report_folder: missing", f"{OWN}ftp_pass_file in"]
    starts += ["LOS_IMPORT_CONCURRENCY (environment):", f"{OWN}chunk_size in"]
    assert len(lines) == len(starts)
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))


def test_a_flag_that_is_wrong_is_named_as_the_flag(tmp_path: Path) -> None:
    (line,) = problems(settings_file(tmp_path), {"import_csv_folder": "a\nb"}, {})
    assert line.startswith("--import-csv-folder: ")


def test_the_error_means_wrong_usage() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={})
    assert caught.value.exit_code == EXIT_USAGE


def test_a_ca_bundle_that_is_there(tmp_path: Path) -> None:
    bundle = write(tmp_path / "ca.pem", "certificates")
    assert from_file(tmp_path, ca_bundle=str(bundle)).ca_bundle == bundle


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = from_file(tmp_path)
    with pytest.raises(ValidationError):
        settings.chunk_size = 3  # type: ignore[misc]


# --- the file server's port


def test_the_old_default_port_of_ftp_is_ignored_and_told(tmp_path: Path) -> None:
    path = settings_file(tmp_path, ftp_url="ftp.example.dk", ftp_port=22)
    settings = load_settings(path, environ={})
    assert settings.ftp_port is None
    assert settings.origins["ftp_port"] == "default"
    (warning,) = settings.warnings
    assert warning.startswith(f"{OWN}ftp_port in {path}: 22 is the port of SFTP")


def test_port_22_stands_where_it_means_sftp(tmp_path: Path) -> None:
    with_key = from_file(tmp_path, ftp_url="ftp.example.dk", ftp_port=22, ftp_ssh_key_path="/etc/key")
    with_url = from_file(tmp_path, ftp_url="sftp://ftp.example.dk", ftp_port=22)
    assert (with_key.ftp_port, with_url.ftp_port) == (22, 22)
    assert with_key.warnings == with_url.warnings == ()


@pytest.mark.parametrize("url", ["ftp://ftp.example.dk", "FTPS://ftp.example.dk"])
def test_port_22_with_an_ftp_url_is_refused(tmp_path: Path, url: str) -> None:
    path = settings_file(tmp_path, ftp_url=url, ftp_port=22)
    (line,) = problems(path, environ={})
    assert line.startswith(f"{OWN}ftp_port in {path}: 22 is the port of SFTP")
    assert "sftp://" in line


# --- the login


def test_no_login_at_all_is_an_mo_without_authentication(tmp_path: Path) -> None:
    settings = from_file(tmp_path)
    assert settings.client_id is settings.client_secret is settings.auth_server is None


def test_half_a_login_is_refused(tmp_path: Path) -> None:
    lines = problems(settings_file(tmp_path), environ={"CLIENT_ID": "los"})
    assert [line.split(":")[0] for line in lines] == [f"{OWN}client_secret", f"{OWN}auth_server"]
    assert all(line.endswith("a login needs it beside CLIENT_ID (environment)") for line in lines)
    (line,) = problems(settings_file(tmp_path, client_secret="x", auth_server="http://a/auth"), environ={})
    assert line.startswith(f"{OWN}client_id: missing")


def test_a_login_may_come_from_several_places(tmp_path: Path) -> None:
    path = settings_file(tmp_path, crontab__CLIENT_SECRET="from-crontab", auth_server="http://a/auth/")
    settings = load_settings(path, environ={"CLIENT_ID": "los"})
    assert settings.client_secret is not None
    assert settings.client_secret.get_secret_value() == "from-crontab"
    assert (settings.client_id, settings.auth_server) == ("los", "http://a/auth")


# --- secrets


@pytest.mark.parametrize("name", ["ftp_pass", "ftp_ssh_key_pass", "client_secret", "dar_token"])
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file(tmp_path: Path, name: str, ending: str) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(f" {MARKER} ".encode() + ending.encode())
    login = {"client_id": "id", "auth_server": "http://a/auth"}
    login |= {} if name == "client_secret" else {"client_secret": "x"}
    path = settings_file(tmp_path, **login, **{f"{name}_file": str(secret)})
    settings = load_settings(path, environ={})
    assert getattr(settings, name).get_secret_value() == f" {MARKER} "
    assert settings.origins[name] == f"{OWN}{name}_file in {path}"


def test_a_stronger_secret_file_beats_a_weaker_secret(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", "strong")
    path = settings_file(tmp_path, ftp_pass="weak")
    settings = load_settings(path, environ={"LOS_IMPORT_FTP_PASS_FILE": str(secret)})
    assert settings.ftp_pass is not None
    assert settings.ftp_pass.get_secret_value() == "strong"


def test_only_one_line_end_is_taken_off(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", f"{MARKER}\n\n")
    (line,) = problems(settings_file(tmp_path, ftp_pass_file=str(secret)), environ={})
    assert "must be one line" in line
    assert MARKER not in line


def test_a_secret_file_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    empty, odd = write(tmp_path / "empty", "\n"), tmp_path / "odd"
    odd.write_bytes(b"\xff\xfe")
    for value, reason in [
        (str(empty), "is empty"),
        (str(odd), "UTF-8"),
        (MARKER, "cannot be read: No such file or directory"),
        (f"\0{MARKER}", "must be the path of a file"),
        (17, "must be the path of a file"),
    ]:
        path = settings_file(tmp_path, ftp_pass_file=value)
        (line,) = problems(path, environ={})
        assert line.startswith(f"{OWN}ftp_pass_file in {path}: ")
        assert reason in line
        assert MARKER not in line


def test_a_secret_given_twice_in_one_place_is_refused(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", MARKER)
    path = settings_file(tmp_path, ftp_pass=MARKER, ftp_pass_file=str(secret))
    assert problems(path, environ={}) == [
        f"{OWN}ftp_pass in {path}: {OWN}ftp_pass_file in {path} is given too; keep one of them"
    ]
    environ = {"LOS_IMPORT_FTP_PASS": MARKER, "LOS_IMPORT_FTP_PASS_FILE": str(secret)}
    (line,) = problems(environ=REQUIRED | environ)
    assert line.startswith("LOS_IMPORT_FTP_PASS (environment): ")


WRONG_IN_MANY_WAYS: list[dict[str, object]] = [
    {"ftp_pass": f"{MARKER}\r\nQUIT"},
    {"ftp_pass": [MARKER]},
    {"ftp_pass": {"value": MARKER}},
    {"client_secret": MARKER},
    {"dar_token": MARKER[:9]},
    {"mora__base": f"http://mo:{MARKER}@mo.example.dk"},
    {"mora__base": f"http://mo:{MARKER}@[mo.example.dk"},
    {"auth_server": f"ftp://mo:{MARKER}@mo.example.dk"},
    {"dar_url": f"https://dar.example.dk/?token={MARKER}"},
    {"ftp_url": f"ftp://los:{MARKER}@ftp.example.dk"},
    {"ftp_url": f"los:{MARKER}@ftp.example.dk"},
    {"chunk_size": {MARKER: 1}, "client_secret": MARKER, "crontab__CLIENT_SECRET": MARKER},
]


@pytest.mark.parametrize("own", WRONG_IN_MANY_WAYS)
def test_no_error_shows_a_secret(tmp_path: Path, own: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as caught:
        from_file(tmp_path, **own)
    _assert_hidden(caught.value, MARKER[:9])


@pytest.mark.parametrize("tail", ["", ",", "\udce6"])
def test_a_broken_file_with_a_secret_shows_nothing_of_it(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(f'{{"{OWN}ftp_pass": "{MARKER}"{tail}'.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ={})
    _assert_hidden(caught.value, MARKER)


def _assert_hidden(error: BaseException, secret: str) -> None:
    """Neither the error nor one behind it knows the secret: a tool that prints locals and contexts finds nothing."""
    assert secret not in "".join(traceback.format_exception(error))
    behind: BaseException | None = error
    while behind is not None:
        assert secret not in repr(behind) + repr(vars(behind))
        assert not isinstance(behind, ValidationError | ValueError)
        behind = behind.__cause__ or behind.__context__


def test_settings_made_without_a_file_hide_their_input_too() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"state_file": "s", "report_folder": "r", "ftp_pass": [MARKER]})
    assert MARKER not in str(caught.value)


def test_no_form_of_the_settings_shows_a_secret(tmp_path: Path) -> None:
    secrets = dict.fromkeys(("ftp_pass", "ftp_ssh_key_pass", "client_secret", "dar_token"), MARKER)
    settings = from_file(tmp_path, **secrets, client_id="los", auth_server="http://a/auth")
    forms = [repr(settings), str(settings), settings.model_dump_json(), str(settings.shown())]
    assert all(MARKER not in form for form in forms)


@given(value=st.text(min_size=1))
def test_any_text_is_a_value_or_one_clean_line(value: str) -> None:
    for name in ("ftp_pass", "mora_base", "ftp_url", "graphql_version", "auth_realm", "azid_it_system_uuid"):
        try:
            load_settings(environ=REQUIRED | {f"LOS_IMPORT_{name.upper()}": value})
        except SettingsError as error:
            (line,) = str(error).split("\n")
            assert line.startswith(f"LOS_IMPORT_{name.upper()} (environment): ")


# --- warnings


def test_unknown_keys_of_others_are_ignored_and_unknown_ones_of_ours_are_told(tmp_path: Path) -> None:
    path = settings_file(tmp_path, integrations__ad__chunk_size=5, chunksize=9, qqq=1, mora_base="http://x")
    settings = load_settings(path, environ={})
    assert settings.chunk_size == 50
    assert settings.warnings == (
        f"{OWN}chunksize in {path}: unknown, ignored; did you mean {OWN}chunk_size?",
        f"{OWN}qqq in {path}: unknown, ignored",
        f"{OWN}mora_base in {path}: unknown, ignored; did you mean mora.base?",
    )


def test_an_unknown_variable_of_ours_is_told(tmp_path: Path) -> None:
    environ = {
        "LOS_IMPORT_CONCURENCY": "2",
        "CONCURRENCY": "3",
        "LOS_IMPORT_SETTINGS": str(settings_file(tmp_path)),
    }
    settings = load_settings(environ=environ)
    assert settings.concurrency == 4
    assert settings.warnings == (
        "LOS_IMPORT_CONCURENCY (environment): unknown, ignored; did you mean LOS_IMPORT_CONCURRENCY?",
    )


@pytest.mark.parametrize(
    ("own", "mode", "told"),
    [
        ({"ftp_pass": MARKER}, 0o644, True),
        ({"crontab__CLIENT_SECRET": MARKER, "client_id": "a", "auth_server": "http://a"}, 0o604, True),
        ({"ftp_pass": MARKER}, 0o640, False),
        ({"ftp_pass": ""}, 0o644, False),
        ({"dar_token": "adressevaelger123"}, 0o644, False),
    ],
)
def test_secrets_that_everybody_can_read_are_told(
    tmp_path: Path, own: dict[str, object], mode: int, told: bool
) -> None:
    path = settings_file(tmp_path, mode, **own)
    warnings = load_settings(path, environ={}).warnings
    assert warnings == (
        (f"{path}: holds secrets and can be read by every user; chmod o-r {path}",) if told else ()
    )


# --- what is shown


def test_shown_has_every_setting_with_its_origin(tmp_path: Path) -> None:
    path = settings_file(tmp_path, ftp_pass=MARKER, chunk_size=7)
    rows = load_settings(path, {"state_file": "flagged"}, {}).shown()
    assert [name for name, _, _ in rows] == list(KEYS)
    shown = {name: (value, origin) for name, value, origin in rows}
    assert shown["state_file"] == ("flagged", "--state-file")
    assert shown["chunk_size"] == ("7", f"{OWN}chunk_size in {path}")
    assert shown["ftp_pass"] == ("**********", f"{OWN}ftp_pass in {path}")
    assert shown["ca_bundle"] == ("not set", "default")


# --- the example


def test_the_example_shows_every_key_and_loads(tmp_path: Path) -> None:
    content = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    secret_files = {
        f"{OWN}{name}_file" for name in ("ftp_pass", "ftp_ssh_key_pass", "client_secret", "dar_token")
    }
    shared = {"mora_base": "mora.base", "municipality_code": "municipality.code"}
    assert set(content) == {shared.get(name, OWN + name) for name in KEYS} | secret_files
    content[f"{OWN}state_file"] = str(tmp_path / "state")
    content[f"{OWN}report_folder"] = str(tmp_path / "reports")
    settings = load_settings(write(tmp_path / "s.json", content), environ={})
    assert settings.warnings == ()


def test_the_example_shows_the_defaults() -> None:
    settings, defaults = load_settings(EXAMPLE, environ={}), load_settings(environ=REQUIRED)
    chosen = {
        "state_file",
        "report_folder",
        "ftp_user",
        "ftp_pass",
        "client_id",
        "client_secret",
        "auth_server",
    }
    for name in set(KEYS) - chosen:
        assert getattr(settings, name) == getattr(defaults, name), name


# --- what people write


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    secret = write(tmp_path / "secret", MARKER)
    write(tmp_path / "etc" / "settings.json", {f"{OWN}state_file": "~/los/state", f"{OWN}report_folder": "~"})
    environ = {"LOS_IMPORT_SETTINGS": "~/etc/settings.json", "LOS_IMPORT_FTP_PASS_FILE": "~/secret"}
    settings = load_settings(environ=environ)
    assert settings.state_file == tmp_path / "los" / "state"
    assert settings.report_folder == tmp_path
    assert settings.ftp_pass is not None and settings.ftp_pass.get_secret_value() == MARKER
    assert settings.warnings == () and secret.exists()
    assert problems(environ=REQUIRED | {"LOS_IMPORT_STATE_FILE": "~nobody-of-that-name/state"}) == [
        "LOS_IMPORT_STATE_FILE (environment): must not begin with ~: there is no such user, or no home folder;"
        " it is '~nobody-of-that-name/state'"
    ]


def test_a_relative_path_of_state_or_reports_is_told_but_for_a_flag(tmp_path: Path) -> None:
    path = settings_file(tmp_path, state_file="state", report_folder="reports")
    settings = load_settings(path, environ={})
    assert [warning.partition(" in ")[0] for warning in settings.warnings] == [
        f"{OWN}state_file",
        f"{OWN}report_folder",
    ]
    assert f"write {Path('state').absolute()}" in settings.warnings[0]
    flagged = load_settings(path, {"state_file": "state"}, {})
    assert [warning.partition(" in ")[0] for warning in flagged.warnings] == [f"{OWN}report_folder"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('{\n // the state\n "a": 1}', "JSON has no comments: take it out"),
        ('{"a": 1, /* this */ "b": 2}', "JSON has no comments: take it out"),
        ('{"a": 1} # end', "JSON has no comments: take it out"),
        ('{"a": 1,\n}', "The comma before it is one too many"),
        ("{'a': 1}", "Keys and texts stand in double quotes"),
    ],
)
def test_what_people_take_json_for_is_told(tmp_path: Path, text: str, hint: str) -> None:
    path = write(tmp_path / "settings.json", text)
    (line,) = problems(path, environ={})
    assert line.startswith(f"--settings: {path}: not JSON: line ") and line.endswith(f". {hint}")


def test_a_key_that_stands_there_twice_is_told(tmp_path: Path) -> None:
    own = f'"{OWN}state_file": "/a", "{OWN}report_folder": "/r", "{OWN}chunk_size": 1, "{OWN}chunk_size": 2'
    others = '"other.key": 1, "other.key": 2, "mora.base": "http://a", "mora.base": "http://b"'
    path = write(tmp_path / "settings.json", f"{{{own}, {others}}}")
    settings = load_settings(path, environ={})
    assert settings.chunk_size == 2
    assert settings.warnings == tuple(
        f"{key} in {path}: stands there more than once; the last one counts"
        for key in (f"{OWN}chunk_size", "mora.base")
    )


def test_a_secret_file_that_everybody_can_read_is_told(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", MARKER, 0o644)
    settings = from_file(tmp_path, ftp_pass_file=str(secret))
    (warning,) = settings.warnings
    assert warning.startswith(f"{OWN}ftp_pass_file in ") and "every user can read the file" in warning
    secret.chmod(0o600)
    assert from_file(tmp_path, ftp_pass_file=str(secret)).warnings == ()
    secret.chmod(0o644)
    environ = REQUIRED | {
        "LOS_IMPORT_CLIENT_SECRET_FILE": str(secret),
        "CLIENT_ID": "c",
        "AUTH_SERVER": "http://a/auth",
    }
    assert "LOS_IMPORT_CLIENT_SECRET_FILE (environment)" in load_settings(environ=environ).warnings[0]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["\ud800", "~", "~x", ".", "/", "..", "a/" * 3000, "x" * 300, "1" * 400, "\x00", "1e999"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


@given(
    values=st.dictionaries(st.sampled_from([*KEYS, "ftp_pass_file", "client_secret_file"]), JSON, max_size=4)
)
def test_whatever_stands_in_the_file_there_are_settings_or_lines(values: dict[str, object]) -> None:
    own = {f"{OWN}{name}": value for name, value in values.items()}
    path = write(
        Path("odd.json"), json.dumps({f"{OWN}state_file": "/s/x", f"{OWN}report_folder": "/r"} | own)
    )
    try:
        settings = load_settings(path, environ={})
    except SettingsError as error:
        assert all(": " in line for line in str(error).splitlines())
    else:
        # What a run does first with them: the lock beside the state, and both folders.
        settings.state_file.with_name(settings.state_file.name + ".addresses.json").exists()
        settings.report_folder.exists()


@pytest.mark.parametrize("path", ["/", ".", "..", "/srv/.."])
def test_a_state_file_is_a_file(path: str) -> None:
    assert problems(environ=REQUIRED | {"LOS_IMPORT_STATE_FILE": path}) == [
        f"LOS_IMPORT_STATE_FILE (environment): must name a file, not a folder; it is {path!r}"
    ]
