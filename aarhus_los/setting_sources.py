"""Where the value of a setting comes from: flags, the environment, and a JSON file that serves many integrations."""

from __future__ import annotations

import json
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from msgspec import Struct

from aarhus_los.errors import SettingsError

FILE_PREFIX: Final = "integrations.aarhus_los."
FILE_KEYS: Final = {"mora_base": "mora.base", "municipality_code": "municipality.code"}
"""The settings that other integrations share; every other key is `FILE_PREFIX` and the name of the setting."""

ENVIRONMENT_PREFIX: Final = "LOS_IMPORT_"
SETTINGS_VARIABLE: Final = "LOS_IMPORT_SETTINGS"
MO_VARIABLES: Final = ("mora_base", "client_id", "client_secret", "auth_server", "auth_realm")
"""What MO's job runner exports under its plain name, weaker than the same name with `ENVIRONMENT_PREFIX`."""

CRONTAB_KEYS: Final = ("client_id", "client_secret", "auth_server", "auth_realm")
"""What the job runner takes from `crontab.NAME` of the file: the last resort, for runs that it did not start."""

FLAGS: Final = ("import_csv_folder", "state_file")
SECRETS: Final = ("ftp_pass", "ftp_ssh_key_pass", "client_secret", "dar_token")
"""Each of them can also come as NAME_file: the path of a file that holds it. None is ever a flag."""

PUBLIC_DAR_TOKEN: Final = "adressevaelger123"
SEARCHED: Final = (
    Path("settings.json"),
    Path("settings/settings.json"),
    Path("/opt/dipex/os2mo-data-import-and-export/settings/settings.json"),
)
"""Where a settings file is looked for when none is named; the first that is there is read."""


class SettingsFile(Struct, frozen=True):
    """A settings file that was read. `path` is None where there is none."""

    path: Path | None = None
    content: Mapping[str, object] = {}
    readable_by_all: bool = False
    twice: tuple[str, ...] = ()
    """Keys that stand in it more than once: JSON takes the last one."""

    def __repr__(self) -> str:
        return f"SettingsFile({self.path})"


class Found(Struct, frozen=True):
    """What one place says of one setting."""

    origin: str
    value: object
    is_secret_file: bool = False

    def __repr__(self) -> str:
        return f"Found({self.origin})"


def find_file(path: Path | None, environ: Mapping[str, str]) -> SettingsFile:
    """Reads the file that is named, or the first that is there. Raises SettingsError if it is no JSON object."""
    named = environ.get(SETTINGS_VARIABLE)
    if path is not None:
        return _read_file(_at_home(path), f"--settings: {path}")
    if named:
        return _read_file(_at_home(Path(named)), f"{SETTINGS_VARIABLE} (environment): {named}")
    for candidate in SEARCHED:
        if not _is_absent(candidate):
            return _read_file(candidate, str(candidate))
    return SettingsFile()


def _at_home(path: Path) -> Path:
    """A path with `~` expanded, where a shell has not done so."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _is_absent(path: Path) -> bool:
    """Whether there surely is no such file. One that is hidden from us is not passed over: it may be the one meant."""
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, FileNotFoundError | NotADirectoryError)
    return False


def _read_file(path: Path, where: str) -> SettingsFile:
    try:
        data = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise SettingsError(f"{where}: cannot be read: {error.strerror}") from None
    twice: list[str] = []
    content = _json_object(data, twice)
    if isinstance(content, str):
        raise SettingsError(f"{where}: {content}")
    return SettingsFile(path.absolute(), content, bool(mode & stat.S_IROTH), tuple(dict.fromkeys(twice)))


def _json_object(data: bytes, twice: list[str]) -> dict[str, object] | str:
    """The object that the bytes hold, or what is wrong with them. Raises nothing: these errors carry the whole text.

    Keys that stand in one object more than once are added to `twice`.
    """

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        counts = Counter(key for key, _ in pairs)
        twice.extend(key for key, count in counts.items() if count > 1)
        return dict(pairs)

    try:
        content = json.loads(data.decode("utf-8-sig"), object_pairs_hook=unique)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return f"not UTF-8 in line {line}; save the file as UTF-8"
    except json.JSONDecodeError as error:
        return f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}{_hint(error)}"
    except (ValueError, RecursionError):
        return "not JSON that can be read: a number is too long, or the nesting too deep"
    return (
        content if isinstance(content, dict) else "must hold a JSON object: keys and values between { and }"
    )


def _hint(error: json.JSONDecodeError) -> str:
    """What people write who take JSON for something else."""
    here, before = error.doc[error.pos :].lstrip(), error.doc[: error.pos].rstrip()
    if here.startswith(("#", "//", "/*")):
        return ". JSON has no comments: take it out"
    if here.startswith(("}", "]", ",")) and before.endswith(","):
        return ". The comma before it is one too many"
    return ". Keys and texts stand in double quotes" if here.startswith("'") else ""


def find_setting(
    name: str, flags: Mapping[str, str | None], environ: Mapping[str, str], file: SettingsFile
) -> Found | str | None:
    """What the strongest place that has a setting says, or a line on what is wrong there; None if none has it."""
    if flags.get(name) == "":
        return f"{flag_of(name)}: must not be empty"
    for rank in _ranks(name, flags, environ, file):
        given = [source for source in rank if source.value is not None and source.value != ""]
        if len(given) > 1:
            return f"{given[0].origin}: {given[1].origin} is given too; keep one of them"
        if given:
            return _read_secret(given[0]) if given[0].is_secret_file else given[0]
    return None


def _ranks(
    name: str, flags: Mapping[str, str | None], environ: Mapping[str, str], file: SettingsFile
) -> list[list[Found]]:
    """Every place that a setting can come from, the strongest first. What stands side by side must not both be given."""

    def variable(variable_name: str, is_secret_file: bool = False) -> Found:
        return Found(f"{variable_name} (environment)", environ.get(variable_name), is_secret_file)

    def key(file_key: str, is_secret_file: bool = False) -> Found:
        return Found(f"{file_key} in {file.path}", file.content.get(file_key), is_secret_file)

    own_variables, own_keys = [variable(variable_of(name))], [key(key_of(name))]
    if name in SECRETS:
        own_variables.append(variable(variable_of(f"{name}_file"), is_secret_file=True))
        own_keys.append(key(key_of(f"{name}_file"), is_secret_file=True))
    ranks = [[Found(flag_of(name), flags.get(name))], own_variables]
    if name in MO_VARIABLES:
        ranks.append([variable(name.upper())])
    ranks.append(own_keys)
    if name in CRONTAB_KEYS:
        ranks.append([key(f"crontab.{name.upper()}")])
    return ranks


def _read_secret(source: Found) -> Found | str:
    """The secret in the file that a setting names, without the one line end that editors put there.

    The path is not shown when it is wrong: it may be the secret itself, put under the wrong key.
    """
    if not isinstance(source.value, str):
        return f"{source.origin}: must be the path of a file"
    try:
        secret = Path(source.value).expanduser().read_bytes().decode()
    except OSError as error:
        return f"{source.origin}: the file that it names cannot be read: {error.strerror}"
    except (ValueError, RuntimeError):
        return f"{source.origin}: must be the path of a file whose text is UTF-8"
    secret = secret.removesuffix("\n").removesuffix("\r")
    return Found(source.origin, secret) if secret else f"{source.origin}: the file that it names is empty"


def find_warnings(names: Sequence[str], file: SettingsFile, environ: Mapping[str, str]) -> list[str]:
    """What the run can do without, and the operator should still hear. `names` are those of all settings."""
    with_files = [*names, *(f"{name}_file" for name in SECRETS)]
    keys = {name: key_of(name) for name in with_files}
    variables = {name: variable_of(name) for name in with_files}
    warnings = [
        f"{key} in {file.path}: unknown, ignored{_nearest(key.removeprefix(FILE_PREFIX), keys)}"
        for key in file.content
        if key.startswith(FILE_PREFIX) and key not in keys.values()
    ]
    warnings += [
        f"{variable} (environment): unknown, ignored"
        + _nearest(variable.removeprefix(ENVIRONMENT_PREFIX).lower(), variables)
        for variable in environ
        if variable.startswith(ENVIRONMENT_PREFIX)
        and variable not in (SETTINGS_VARIABLE, *variables.values())
    ]
    warnings += [
        f"{key} in {file.path}: stands there more than once; the last one counts"
        for key in file.twice
        if key.startswith((FILE_PREFIX, "crontab.")) or key in keys.values()
    ]
    warnings += [
        f"{place.origin}: every user can read the file that it names; take that right away (chmod o-r)"
        for name in SECRETS
        for rank in _ranks(name, {}, environ, file)
        for place in rank
        if place.is_secret_file and isinstance(place.value, str) and _is_readable_by_all(place.value)
    ]
    if file.readable_by_all and _holds_secrets(file.content):
        warnings.append(f"{file.path}: holds secrets and can be read by every user; chmod o-r {file.path}")
    return warnings


def _is_readable_by_all(path: str) -> bool:
    try:
        return bool(Path(path).expanduser().stat().st_mode & stat.S_IROTH)
    except (OSError, ValueError, RuntimeError):
        return False


def _nearest(name: str, known: Mapping[str, str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {known[close[0]]}?" if close else ""


def _holds_secrets(content: Mapping[str, object]) -> bool:
    keys = [*(key_of(name) for name in SECRETS), "crontab.CLIENT_SECRET"]
    return any(content.get(key) not in (None, "", PUBLIC_DAR_TOKEN) for key in keys)


def key_of(name: str) -> str:
    """The key of a setting in the file."""
    return FILE_KEYS.get(name, FILE_PREFIX + name)


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def flag_of(name: str) -> str:
    """The option of a setting on the command line, for those in FLAGS."""
    return "--" + name.replace("_", "-")
