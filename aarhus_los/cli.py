"""The command line: a thin skin over the run."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, TypeVar

import click
from click.shell_completion import CompletionItem

from aarhus_los import __version__, manual
from aarhus_los.ending import Command, ending, tell
from aarhus_los.errors import EXIT_CHANGES, needs_extra
from aarhus_los.report.console import guard_streams, progress, show, show_page

if TYPE_CHECKING:
    from aarhus_los.drop.rejects import RowRef
    from aarhus_los.report.account import Account
    from aarhus_los.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

_ALL: Final = "all"
_EMPTY: Final = "empty"
_ACCEPT: Final = "--accept-rejects"
_ROW: Final = re.compile(r"(.+\.csv):([0-9]+)")


class _Commands(click.Group):
    """Commands of which `import` is the default. Options may stand before the command too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--dry-run" in args:
            raise click.UsageError("there is no --dry-run: that is `los-import plan`", ctx)
        own = ("-h", "--help", "-V", "--version")
        if not (ctx.resilient_parsing or any(arg in own for arg in args[:1])):
            at = self._command_at(args)
            args = [args[at], *args[:at], *args[at + 1 :]] if at is not None else ["import", *args]
        return super().parse_args(ctx, args)

    def _command_at(self, args: Sequence[str]) -> int | None:
        """The place of the first word that is neither an option nor the value of one."""
        taking = {
            name
            for command in self.commands.values()
            for option in command.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        before = ""
        for place, arg in enumerate(args):
            value = before in taking and (before != _ACCEPT or _ROW.fullmatch(arg))
            if not value and not arg.startswith("-"):
                return place
            before = "" if value else arg
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not ctx.resilient_parsing and args[0] not in self.commands:
            close = get_close_matches(args[0], self.commands, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, and the options of the one that is the default."""
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            default = self.commands["import"]
            found += default.shell_complete(click.Context(default, parent=ctx), incomplete)
        return list({item.value: item for item in found}.values())


def _common(command: F) -> F:
    for option in (
        click.option("-q", "--quiet", is_flag=True, help="Say only what is new and what is wrong."),
        click.option(
            "--state-file", type=click.Path(path_type=Path), help="The state file, instead of the setting."
        ),
        click.option(
            "--import-csv-folder",
            type=click.Path(path_type=Path),
            help="A local folder to read the drop from, instead of the file server.",
        ),
        click.option("--settings", type=click.Path(path_type=Path), help="The settings, a JSON file."),
    ):
        command = option(command)
    return command


def _unread_settings(command: F) -> F:
    return click.option(
        "--settings", type=click.Path(path_type=Path), help="Taken as by every command, and not read."
    )(command)


def _selecting(command: F) -> F:
    for option in (
        click.option(
            "-v", "--verbose", is_flag=True, help="Tell each request and retry; with a plan, uuids and rows."
        ),
        click.option(
            "--allow",
            multiple=True,
            metavar="KIND=NUMBER",
            help="Let a brake pass: the kind, and at most how many, as the plan shows them; `empty`: a drop that has no"
            " file any more.",
        ),
        click.option(
            _ACCEPT,
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
    ):
        command = option(command)
    return command


_json = click.option("--json", is_flag=True, help="Print what is told as JSON.")
_html = click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what is told, and each change, as a page for people. It holds their names: 0600.",
)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="los-import")
def commands() -> None:
    """Bring Aarhus Kommune's LOS drop into OS2mo.

    Without a command the new files are imported. Only what differs from MO is written.
    """


@commands.command("import")
@_common
@_selecting
@click.option(
    "--verify",
    type=click.Choice(["some", "all", "none"]),
    default="some",
    show_default=True,
    help="How much of what was written is read back and compared.",
)
@_json
@_html
@click.pass_context
def import_command(
    ctx: click.Context,
    /,
    quiet: bool,
    verbose: bool,
    verify: Literal["some", "all", "none"],
    json: bool,
    **given: Any,
) -> None:
    """Import the new files. This is what `los-import` alone does."""
    from aarhus_los.report.metrics import recorded
    from aarhus_los.report.news import has_news
    from aarhus_los.run import import_drop

    settings = _settings(ctx, given)
    ctx.ensure_object(Command).is_import = True
    with recorded(settings, tell) as recording:
        page = _page(given["html"])
        options = _options(given, verify)
        with progress(quiet=quiet, verbose=verbose) as told:
            account = recording.account = import_drop(settings, options, told)
        if json:
            from aarhus_los.report.record import account_record, as_json

            click.echo(as_json(account_record(account)), nl=False)
        elif not quiet or has_news(account):
            from aarhus_los.report.text import account_blocks

            show(account_blocks(account, only_news=quiet))
        page(account)
    ctx.exit(account.exit_code)


@commands.command("plan")
@_common
@_selecting
@_json
@_html
@click.option("--exit-code", is_flag=True, help="Exit with 10 where it would be 0 and there are changes.")
@click.pass_context
def plan_command(
    ctx: click.Context, /, quiet: bool, verbose: bool, json: bool, exit_code: bool, **given: Any
) -> None:
    """Show what an import would do. Writes nothing anywhere, but for the file of `--html`."""
    from aarhus_los.report.news import has_news
    from aarhus_los.report.record import as_json, run_record
    from aarhus_los.report.text import plan_blocks
    from aarhus_los.run import plan_drop

    settings = _settings(ctx, given)
    page = _page(given["html"])
    options = _options(given, "none")
    with progress(quiet=quiet, verbose=verbose) as told:
        account = plan_drop(settings, options, told)
    if json:
        click.echo(as_json(run_record(account)), nl=False)
    elif not quiet or has_news(account):
        show(plan_blocks(account, verbose=verbose))
    page(account)
    changes = exit_code and account.exit_code == 0 and bool(account.plan.steps)
    ctx.exit(EXIT_CHANGES if changes else account.exit_code)


@commands.command("check")
@_common
@_json
@click.pass_context
def check_command(ctx: click.Context, /, quiet: bool, json: bool, **given: Any) -> None:
    """Tell whether an import would find all that it needs, and what to do if not. Writes nothing anywhere."""
    from aarhus_los.check import check, exit_code, findings_blocks, findings_record, is_quiet
    from aarhus_los.report.record import as_json

    findings = check(_settings(ctx, given))
    code = exit_code(findings)
    if json:
        click.echo(as_json(findings_record(findings)), nl=False)
    elif not (quiet and is_quiet(findings)):
        show(findings_blocks(findings, only_problems=quiet))
    ctx.exit(code)


@commands.command("validate")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@_unread_settings
@_json
@click.pass_context
def validate_command(
    ctx: click.Context, /, folder: Path, quiet: bool, settings: Path | None, json: bool
) -> None:
    """List what is wrong with the files of the drop in FOLDER, before they are uploaded. Needs no MO and no settings."""
    from aarhus_los.report.record import as_json
    from aarhus_los.validate import validate

    found = validate(folder)
    if json:
        click.echo(as_json(found.record()), nl=False)
    elif not (quiet and found.exit_code == 0):
        click.echo(str(found), nl=False)
    ctx.exit(found.exit_code)


@commands.command("page")
@click.argument("record", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("-q", "--quiet", is_flag=True, help="Do not tell where the page is.")
@_unread_settings
def page_command(record: Path, file: Path | None, quiet: bool, settings: Path | None) -> None:
    """Make the page of a run from the RECORD that it left, run_<time>.json, as FILE or beside it. It holds names: 0600."""
    from aarhus_los.report.page import check_page, write_page
    from aarhus_los.report.record import read_record

    path = file or record.with_suffix(".html")
    found = read_record(record)
    check_page(path)
    write_page(path, found)
    if not quiet:
        click.echo(f"The page is {path}")


@commands.command("help")
@click.argument("topic", type=click.Choice(list(manual.PAGES)), required=False)
@click.option(
    "--file", "name", type=click.Choice(list(manual.FILES)), help="Print a file for your machine instead."
)
@click.option("-q", "--quiet", is_flag=True, help="Taken as by every command.")
@_unread_settings
def help_command(topic: str | None, name: str | None, quiet: bool, settings: Path | None) -> None:
    """Show the manual: what there is to read, or a page of it. Needs no network."""
    if name is not None:
        click.echo(manual.file(name), nl=False)
    else:
        show_page(manual.page(topic) if topic else manual.contents())


@commands.command("init")
@click.option(
    "--settings",
    type=click.Path(path_type=Path),
    help="The file to write. Without it: LOS_IMPORT_SETTINGS, else ./settings.json.",
)
@click.option("-q", "--quiet", is_flag=True, help="Do not check afterwards.")
@click.pass_context
def init_command(ctx: click.Context, /, settings: Path | None, quiet: bool) -> None:
    """Write a first settings file (0600) with the eight keys that matter. On a terminal they are asked for."""
    from aarhus_los.first_settings import Question, write_first
    from aarhus_los.setting_sources import SEARCHED, SETTINGS_VARIABLE

    asking = sys.stdin.isatty()

    def ask(question: Question) -> str:
        if not asking:
            return question.default
        answer: str = click.prompt(
            question.text,
            default=question.default,
            hide_input=question.secret,
            show_default=not question.secret,
        )
        return answer

    path = settings or Path(os.environ.get(SETTINGS_VARIABLE) or SEARCHED[0])
    empty = write_first(path.expanduser(), ask)
    click.echo(f"Written: {path}. `los-import help settings` tells of all other keys.")
    if empty:
        click.echo(f"Fill in {', '.join(empty)}, then: los-import check --settings {path}")
    elif not quiet:
        ctx.invoke(
            check_command, settings=path, state_file=None, import_csv_folder=None, quiet=False, json=False
        )


@commands.command("sandbox")
@click.option("--serve", is_flag=True, help="Serve until stopped, and print where as a line of JSON.")
@click.option("--drop", type=click.Path(path_type=Path), help="With --serve: the folder that is the drop.")
@click.option("--empty", is_flag=True, help="With --serve: no sample files.")
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="With --serve: the day it is for MO."
)
@click.option("--no-rest", is_flag=True, help="With --serve: an MO that has switched its REST API off.")
@click.option("--no-service-api", is_flag=True, help="With --serve: a client without MO's role service_api.")
@click.pass_context
def sandbox_command(
    ctx: click.Context,
    /,
    serve: bool,
    drop: Path | None,
    empty: bool,
    today: datetime | None,
    no_rest: bool,
    no_service_api: bool,
) -> None:
    """Run the import on sample data, against an MO, a file server and an address service on this machine."""
    try:
        from aarhus_los.sandbox.serve import serve as serve_sandbox
        from aarhus_los.sandbox.show import show as show_sandbox
    except ImportError as error:
        raise needs_extra(f"the sandbox ({error})", "sandbox") from None
    if not serve:
        if drop or empty or today or no_rest or no_service_api:
            raise click.UsageError("the other options of the sandbox go with --serve")
        ctx.exit(show_sandbox())
    day = today.date() if today else None
    ctx.exit(serve_sandbox(drop, empty, day, rest=not no_rest, service_api=not no_service_api))


def _settings(ctx: click.Context, given: dict[str, Any]) -> Settings:
    from aarhus_los.settings import load_settings

    flags = {key: given[key] for key in ("import_csv_folder", "state_file")}
    settings = load_settings(
        given["settings"], {key: None if value is None else str(value) for key, value in flags.items()}
    )
    ctx.ensure_object(Command).reports = settings.report_folder
    return settings


def _options(given: dict[str, Any], verify: Literal["some", "all", "none"]) -> Any:
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
        verify=verify,
        names=given["html"] is not None,
    )


def _row(text: str) -> RowRef:
    from aarhus_los.drop.rejects import RowRef

    found = _ROW.fullmatch(text)
    if found is None:
        raise click.BadParameter(
            f"{text!r} is no FILE:LINE, as in Org_nye_20260301_220000.csv:7", param_hint=_ACCEPT
        )
    return RowRef(found[1], int(found[2]))


def _page(path: Path | None) -> Callable[[Account], None]:
    """What writes the page of `--html`, once it is found out that it can be written."""
    if path is None:
        return lambda account: None
    from aarhus_los.report.page import check_page, write_page
    from aarhus_los.report.record import run_record

    check_page(path)
    return lambda account: write_page(path, run_record(account))


def main(args: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    # A run makes millions of values and hardly a ring of them: looking for rings would be a third of its cost.
    gc.set_threshold(200_000, 50, 100)
    guard_streams()
    with ending() as command:
        code = commands.main(
            args=None if args is None else list(args),
            prog_name="los-import",
            standalone_mode=False,
            obj=command,
        )
    sys.exit(code)
