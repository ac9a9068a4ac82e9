"""Settings: what a run is told to do, checked, each value with the place that it came from."""

# Annotations are values here, not texts as elsewhere: pydantic reads them, and would have to compile each.
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from aarhus_los.errors import SettingsError
from aarhus_los.setting_sources import (
    FLAGS,
    PUBLIC_DAR_TOKEN,
    SEARCHED,
    SECRETS,
    SETTINGS_VARIABLE,
    Found,
    SettingsFile,
    find_file,
    find_setting,
    find_warnings,
    flag_of,
    key_of,
    variable_of,
)

LOGIN: Final = ("client_id", "client_secret", "auth_server")
SSH_PORT: Final = 22
LONGEST_PATH: Final = 4000
LONGEST_NAME: Final = 230
"""In bytes, with room for what is added to the name of the state file."""


def _base_url(url: str) -> str:
    """A URL that paths are appended to. Neither it nor a query may carry a login: URLs are shown and logged."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or " " in url:
        raise ValueError("must be a URL that begins with http:// or https:// and a host name")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or a password")
    if parts.query or parts.fragment:
        raise ValueError("must end with the path: no ? and no #")
    return url.rstrip("/")


def _file_server(url: str) -> str:
    """A bare host name, or a URL of one of four schemes. A login goes into its own settings: this value is shown."""
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        port = parts.port
        usable = parts.scheme in ("", "ftp", "ftps", "sftp", "file") and port != 0
    except ValueError:
        usable = False
    if not usable or " " in url or not (parts.path if parts.scheme == "file" else parts.hostname):
        raise ValueError("must be a host name or a URL that begins with ftp://, ftps://, sftp:// or file://")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or a password: they belong into ftp_user and ftp_pass")
    if port == SSH_PORT and parts.scheme in ("ftp", "ftps"):
        raise ValueError("must not have port 22, which is SFTP's: leave it out, or begin with sftp://")
    if not parts.scheme and parts.path:
        raise ValueError("must be a host name without a path: the folder belongs into ftp_folder")
    return url


def _realm(name: str) -> str:
    if any(char in "/?#% " for char in name):
        raise ValueError("must be the name of a realm, not a path or a URL")
    return name


def _uuid_text(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("must be a UUID") from None


def _expanded(value: object) -> object:
    """A path as text, with `~` as the home folder that it stands for, and such as a file system can hold."""
    if not isinstance(value, str):
        return value
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise ValueError("must not begin with ~: there is no such user, or no home folder") from None
    if len(os.fsencode(path)) > LONGEST_PATH or any(
        len(os.fsencode(part)) > LONGEST_NAME for part in path.parts
    ):
        raise ValueError("must not be longer than a path can be")
    return path


def _file(path: Path) -> Path:
    if path.name in ("", ".."):
        raise ValueError("must name a file, not a folder")
    return path


def _readable(path: Path) -> Path:
    if not os.access(path, os.R_OK):
        raise ValueError("must name a file that exists and can be read")
    return path


def _fingerprint(text: str) -> str:
    """As `ssh-keygen -l` writes it. Older forms are of MD5, which proves nothing any more."""
    fingerprint = text.rstrip("=")
    if not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", fingerprint):
        raise ValueError("must be SHA256: and 43 characters, as ssh-keygen -l shows it")
    return fingerprint


def _textfile(path: Path) -> Path:
    if path.suffix != ".prom":
        raise ValueError("must end in .prom, node_exporter reads no other files")
    return path


def _version_number(value: object) -> object:
    return value[1:] if isinstance(value, str) and value[:1] in ("v", "V") else value


def _long_enough(token: SecretStr) -> SecretStr:
    if len(token.get_secret_value()) < 10:
        raise ValueError("must have at least 10 characters, the address service takes no shorter one")
    return token


LocalPath = Annotated[Path, BeforeValidator(_expanded)]
ReadablePath = Annotated[LocalPath, AfterValidator(_readable)]
Url = Annotated[str, AfterValidator(_base_url)]
Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class Settings(BaseModel):
    """All settings of a run, checked. Relative paths are relative to the working folder.

    `origins` tells for every setting by its name where the value came from. `warnings` are sentences for the operator.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    state_file: Annotated[LocalPath, AfterValidator(_file)]
    report_folder: LocalPath
    queries_folder: LocalPath | None = None
    metrics_file: Annotated[LocalPath, AfterValidator(_textfile)] | None = None
    report_days: Annotated[int, Field(ge=1)] = 90
    rejects_exit_code: Annotated[int, Field(ge=0, le=1)] = 1
    # The longest that a run lasts, a first import aside; 0: as long as it takes.
    run_hours: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0

    # When this is set, the drop is read from it and the file server is not asked.
    import_csv_folder: LocalPath | None = None
    ftp_url: Annotated[str, AfterValidator(_file_server)] = "ftp.aarhuskommune.dk"
    ftp_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    ftp_user: str | None = None
    ftp_pass: SecretStr | None = None
    ftp_folder: str = ""
    ftp_ssh_key_path: LocalPath | None = None
    ftp_ssh_key_pass: SecretStr | None = None
    # SFTP: what the server's host key is checked against; without either, the known_hosts of the user.
    ftp_known_hosts: ReadablePath | None = None
    ftp_host_fingerprint: Annotated[str, AfterValidator(_fingerprint)] | None = None
    # FTPS: the CA that the server's certificate must come from; without it, those that the system trusts.
    ftp_ca_file: ReadablePath | None = None
    # False, where MO's own setting of this name is: any ten digits are a CPR number.
    cpr_validate_birthdate: bool = True

    mora_base: Url = "http://localhost:5000"
    municipality_code: Annotated[int, Field(ge=1, le=9999)] = 751
    azid_it_system_uuid: Annotated[str, AfterValidator(_uuid_text)] | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    auth_server: Url | None = None
    auth_realm: Annotated[str, AfterValidator(_realm)] = "mo"
    # How MO is written; auto: by REST where MO has it.
    mo_api: Literal["auto", "rest", "graphql"] = "auto"
    graphql_version: Annotated[int, BeforeValidator(_version_number), Field(ge=21, le=30)] = 30
    concurrency: Annotated[int, Field(ge=1, le=32)] = 4
    chunk_size: Annotated[int, Field(ge=1, le=500)] = 50
    # The longest that one request is retried, in seconds.
    retry_seconds: Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False)] = 120.0
    ca_bundle: ReadablePath | None = None

    dar_provider: Literal["adressevask", "none"] = "adressevask"
    dar_url: Url = "https://adressevaelger.dk"
    dar_token: Annotated[SecretStr, AfterValidator(_long_enough)] = SecretStr(PUBLIC_DAR_TOKEN)

    max_unit_ends: Count = 50
    max_unit_ends_percent: Percent = 2.0
    max_unit_moves: Count = 200
    max_unit_moves_percent: Percent = 5.0
    max_engagement_ends: Count = 500
    max_engagement_ends_percent: Percent = 3.0
    # Of the objects of a plan: so many refused, and so large a part, and nothing more is sent.
    max_refused: Count = 50
    max_refused_percent: Percent = 5.0
    # How many touched objects are all read back after a run; of more, a sample is.
    verify_limit: Count = 5000

    origins: Mapping[str, str] = Field(default={}, repr=False)
    warnings: tuple[str, ...] = Field(default=(), repr=False)

    def shown(self) -> list[tuple[str, str, str]]:
        """Every setting as (name, value, origin), in the order of the class. A secret is masked, as by pydantic's str."""
        return [
            (name, "not set" if value is None else str(value), self.origins.get(name, "default"))
            for name in KEYS
            for value in (getattr(self, name),)
        ]


KEYS: Final = tuple(name for name in Settings.model_fields if name not in ("origins", "warnings"))
"""The names of all settings, in the order of the class."""

_REQUIRED: Final = tuple(name for name in KEYS if Settings.model_fields[name].is_required())


def load_settings(
    path: Path | None = None,
    flags: Mapping[str, str | None] = {},
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings of a run: a flag beats the environment, that beats the file, that beats the defaults.

    `path` is the file that --settings names. `flags` are the values of FLAGS by name; None is a flag that was not given.
    Raises SettingsError with one line a problem, in the order of the class. Neither it nor what it chains to holds a secret.
    """
    file = find_file(path, environ)
    found: dict[str, Found] = {}
    problems: dict[str, str] = {}
    for name in KEYS:
        source = find_setting(name, flags, environ, file)
        if isinstance(source, str):
            problems[name] = source
        elif source is not None:
            found[name] = source
    settings = _validate(found, problems, file)
    _check_login(found, problems, file)
    if settings is None or problems:
        lines = [problems[name] for name in KEYS if name in problems]
        if file.path is None and not found.keys() >= set(_REQUIRED):
            lines.append(_no_file())
        raise SettingsError("\n".join(lines))
    origins = {name: found[name].origin if name in found else "default" for name in KEYS}
    warnings = [*find_warnings(KEYS, file, environ), *_relative(settings, origins)]
    return _without_old_port(settings.model_copy(update={"origins": origins, "warnings": tuple(warnings)}))


def _relative(settings: Settings, origins: Mapping[str, str]) -> list[str]:
    """Paths that mean another place in another working folder. Who gives one as a flag sees where he is."""
    return [
        f"{origins[name]}: a relative path, which is another place where we are started in another folder;"
        f" write {path.absolute()}"
        for name in ("state_file", "report_folder")
        if not (path := getattr(settings, name)).is_absolute() and not origins[name].startswith("--")
    ]


def _validate(found: Mapping[str, Found], problems: dict[str, str], file: SettingsFile) -> Settings | None:
    """The settings, or None and a line in `problems` for each that is wrong or missing.

    pydantic's own exception holds the raw values: it ends here, and its kind and message alone go on.
    """
    given: dict[str, object] = {}
    for name, source in found.items():
        if reason := _odd(name, source.value):
            problems.setdefault(name, _wrong(name, reason, source))
        else:
            given[name] = source.value
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            name = str(detail["loc"][0])
            missing = detail["type"] == "missing"
            line = _missing(name, file) if missing else _wrong(name, detail["msg"], found[name])
            problems.setdefault(name, line)
        return None
    if settings.ftp_port == SSH_PORT and settings.ftp_url.lower().startswith(("ftp://", "ftps://")):
        hint = "22 is the port of SFTP: leave it out, or begin ftp_url with sftp://"
        problems["ftp_port"] = f"{found['ftp_port'].origin}: {hint}"
    return settings


def _odd(name: str, value: object) -> str | None:
    """Why a value is none of any setting; None where it may be one.

    No number is a boolean, which Python would take for 1 or 0, and no setting has more than one line: a line break in a
    user, a folder or a password would be a second command to the file server. Half a letter cannot be sent.
    """
    if isinstance(value, bool) and Settings.model_fields[name].annotation is not bool:
        return "must not be true or false"
    if isinstance(value, str) and any(ord(char) < 32 or ord(char) == 127 for char in value):
        return "must be one line without control characters"
    if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        return "must be text that can be written as UTF-8"
    return None


def _check_login(found: Mapping[str, Found], problems: dict[str, str], file: SettingsFile) -> None:
    """A login needs all its parts. None of them is right too: an MO without authentication."""
    given = [name for name in LOGIN if name in found]
    for name in LOGIN:
        if given and name not in found:
            because = f"a login needs it beside {found[given[0]].origin}"
            problems.setdefault(name, f"{_missing(name, file)}; {because}")


def _without_old_port(settings: Settings) -> Settings:
    """Earlier importers had 22 as their default and ignored it for FTP: settings files say it without meaning it."""
    sftp = "://" in settings.ftp_url or settings.ftp_ssh_key_path is not None
    if settings.ftp_port != SSH_PORT or sftp:
        return settings
    warning = f"{settings.origins['ftp_port']}: 22 is the port of SFTP, ignored for FTP; leave it out"
    return settings.model_copy(
        update={
            "ftp_port": None,
            "origins": {**settings.origins, "ftp_port": "default"},
            "warnings": (*settings.warnings, warning),
        }
    )


def _wrong(name: str, message: str, source: Found) -> str:
    reason = message.removeprefix("Value error, ").replace("Input should", "must").replace("Input is", "is")
    return f"{source.origin}: {reason}{_quoted(name, source.value)}"


def _quoted(name: str, value: Any) -> str:
    """The wrong value, where it is short and cannot hold a password, in itself or as part of a URL."""
    if name in SECRETS or not isinstance(value, str | int | float):
        return ""
    text = repr(value)
    return "" if len(text) > 100 or "@" in text or "?" in text else f"; it is {text}"


def _missing(name: str, file: SettingsFile) -> str:
    places = f"set it in {file.path or 'a settings file'} or as {variable_of(name)} in the environment"
    flag = f", or give {flag_of(name)}" if name in FLAGS else ""
    return f"{key_of(name)}: missing; {places}{flag}"


def login_places() -> str:
    """Where a login can be set."""
    keys = ", ".join(key_of(name) for name in LOGIN)
    variables = ", ".join(name.upper() for name in LOGIN)
    return f"A login is {keys} in the settings file, or {variables} in the environment"


def _no_file() -> str:
    places = ", ".join(str(path) for path in SEARCHED)
    return f"no settings file: none at {places}, and neither --settings nor {SETTINGS_VARIABLE} names one"
