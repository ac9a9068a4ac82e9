"""The command line: a thin skin over the run."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from aarhus_los import __version__, manual
from aarhus_los.cli_group import CommandGroup
from aarhus_los.cli_options import common, html_option, json_option, options_of, selecting, unread_settings
from aarhus_los.ending import Command, ending, say
from aarhus_los.errors import EXIT_CHANGES, needs_extra
from aarhus_los.language import Language, of_locale
from aarhus_los.report.console import guard_streams, progress, show, show_page

if TYPE_CHECKING:
    from aarhus_los.report.account import Account
    from aarhus_los.settings import Settings

GARBAGE: Final = (1_000_000, 50, 100)
"""How seldom it is looked for rings of values: a run makes millions and hardly a ring; else that is a third of its cost."""


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="los-import")
def commands() -> None:
    """Bring Aarhus Kommune's LOS drop into OS2mo.

    Without a command the new files are imported. Only what differs from MO is written.
    """


@commands.command("import")
@common
@selecting
@click.option(
    "--verify",
    type=click.Choice(["some", "all", "none"]),
    default="some",
    show_default=True,
    help="How much of what was written is read back and compared.",
)
@json_option
@html_option
@click.pass_context
def import_command(ctx: click.Context, /, quiet: bool, verbose: bool, json: bool, **given: Any) -> None:
    """Import the new files. This is what `los-import` alone does."""
    from aarhus_los.report.metrics import recorded
    from aarhus_los.report.news import has_news
    from aarhus_los.run import import_drop

    settings = _settings(ctx, given)
    ctx.ensure_object(Command).is_import = True
    with recorded(settings, say) as recording:
        page = _page(given["html"])
        options = options_of(given)
        with progress(quiet=quiet, verbose=verbose) as update:
            account = recording.account = import_drop(settings, options, update)
        if json:
            from aarhus_los.report.record import account_record, as_json

            click.echo(as_json(account_record(account)), nl=False)
        elif not quiet or has_news(account):
            from aarhus_los.report.text import account_blocks

            show(account_blocks(account, only_news=quiet))
        page(account)
    ctx.exit(account.exit_code)


@commands.command("plan")
@common
@selecting
@json_option
@html_option
@click.option("--exit-code", is_flag=True, help="Exit with 10 where it would be 0 and there are changes.")
@click.pass_context
def plan_command(
    ctx: click.Context, /, quiet: bool, verbose: bool, json: bool, exit_code: bool, **given: Any
) -> None:
    """Show what an import would do. Writes nothing anywhere, but for the file of `--html`."""
    from aarhus_los.report.news import has_news
    from aarhus_los.report.plan_text import plan_blocks
    from aarhus_los.report.record import as_json, run_record
    from aarhus_los.run import plan_drop

    settings = _settings(ctx, given)
    page = _page(given["html"])
    options = options_of(given)
    with progress(quiet=quiet, verbose=verbose) as update:
        account = plan_drop(settings, options, update)
    if json:
        click.echo(as_json(run_record(account)), nl=False)
    elif not quiet or has_news(account):
        show(plan_blocks(account, verbose=verbose))
    page(account)
    changes = exit_code and account.exit_code == 0 and bool(account.plan.steps)
    ctx.exit(EXIT_CHANGES if changes else account.exit_code)


@commands.command("check")
@common
@json_option
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
@click.option("--lang", type=click.Choice(["da", "en"]), help="The language, instead of the machine's.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@unread_settings
@json_option
@click.pass_context
def validate_command(
    ctx: click.Context, /, folder: Path, lang: Language | None, quiet: bool, settings: Path | None, json: bool
) -> None:
    """List what is wrong with the files of the drop in FOLDER, before they are uploaded. Needs no MO and no settings."""
    from aarhus_los.report.record import as_json
    from aarhus_los.validate import validate

    found = validate(folder)
    if json:
        click.echo(as_json(found.record()), nl=False)
    elif not (quiet and found.exit_code == 0):
        show(found.blocks(lang or of_locale()))
    ctx.exit(found.exit_code)


@commands.command("page")
@click.argument("record", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("-q", "--quiet", is_flag=True, help="Do not say where the page is.")
@unread_settings
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
@unread_settings
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
    click.echo(f"Written: {path}. `los-import help settings` lists all other keys.")
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
    from aarhus_los.setting_sources import FLAGS
    from aarhus_los.settings import load_settings

    settings = load_settings(given["settings"], {name: given[name] for name in FLAGS})
    ctx.ensure_object(Command).reports = settings.report_folder
    return settings


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
    # Pydantic would look through all that is installed, and let what it finds there change what our settings mean.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(*GARBAGE)
    # Nor are there any to look for at the end, as Python does several times: that would be a sixth of a small run.
    atexit.register(gc.freeze)
    guard_streams()
    with ending() as command:
        code = commands.main(
            args=None if args is None else list(args),
            prog_name="los-import",
            standalone_mode=False,
            obj=command,
        )
    sys.exit(code)
