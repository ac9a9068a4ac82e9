"""The options of the commands: how they are given, and what they ask of a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click

if TYPE_CHECKING:
    from aarhus_los.drop.rows import RowRef
    from aarhus_los.run import Options

Command: TypeAlias = Callable[..., Any]

_ALL: Final = "all"
_EMPTY: Final = "empty"
ACCEPT: Final = "--accept-rejects"
ROW: Final = re.compile(r"(.+\.csv):([0-9]+)")


def _all(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """All of some options, the last one first."""

    def given(command: Command) -> Command:
        for option in options:
            command = option(command)
        return command

    return given


common = _all(
    click.option("-q", "--quiet", is_flag=True, help="Say only what is new and what is wrong."),
    click.option("--state-file", type=click.Path(), help="The state file, instead of the setting."),
    click.option(
        "--import-csv-folder",
        type=click.Path(),
        help="A local folder to read the drop from, instead of the file server.",
    ),
    click.option("--settings", type=click.Path(path_type=Path), help="The settings, a JSON file."),
)
unread_settings = click.option(
    "--settings", type=click.Path(path_type=Path), help="Taken as by every command, and not read."
)
selecting = _all(
    click.option(
        "-v", "--verbose", is_flag=True, help="Show each request and retry; with a plan, uuids and rows."
    ),
    click.option(
        "--allow",
        multiple=True,
        metavar="KIND=NUMBER",
        help="Let a brake pass: the kind, and at most how many, as the plan shows them; `empty`: a drop that has no"
        " file any more.",
    ),
    click.option(
        ACCEPT,
        is_flag=False,
        flag_value=_ALL,
        multiple=True,
        metavar="[FILE:LINE]",
        help="Give up what is pending, all of it or one row: it is not tried again.",
    ),
    click.option(
        "--allow-late",
        is_flag=True,
        help="Import a late file although files that came after it are gone.",
    ),
    click.option(
        "--since",
        type=click.DateTime(["%Y-%m-%d"]),
        metavar="DATE",
        help="Import the files of that day and later again. Harmless: only differences are written.",
    ),
)
json_option = click.option("--json", is_flag=True, help="Print the result as JSON.")
html_option = click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the result, and each change, as a page for people. It holds their names: 0600.",
)


def options_of(given: dict[str, Any]) -> Options:
    from aarhus_los.brakes import BrakeKind
    from aarhus_los.run import Options

    allow: dict[BrakeKind, int] = {}
    for text in given["allow"]:
        if text == _EMPTY:
            continue
        kind, _, number = text.partition("=")
        if kind not in list(BrakeKind) or not number.isdecimal():
            kinds = ", ".join((*(f"{known.value}=NUMBER" for known in BrakeKind), _EMPTY))
            raise click.BadParameter(f"{text!r} is none of {kinds}", param_hint="--allow")
        allow[BrakeKind(kind)] = int(number)
    since: datetime | None = given["since"]
    day: date | None = since.date() if since else None
    accepted = set(given["accept_rejects"])
    return Options(
        day,
        given["allow_late"],
        allow_empty=_EMPTY in given["allow"],
        accept_rejects=_ALL in accepted,
        accepted_rows=frozenset(_row(text) for text in accepted - {_ALL}),
        allow=allow,
        verify=given.get("verify", "none"),
        names=given["html"] is not None,
    )


def _row(text: str) -> RowRef:
    from aarhus_los.drop.rows import RowRef

    found = ROW.fullmatch(text)
    if found is None:
        raise click.BadParameter(
            f"{text!r} is no FILE:LINE, as in Org_nye_20260301_220000.csv:7", param_hint=ACCEPT
        )
    return RowRef(found[1], int(found[2]))
