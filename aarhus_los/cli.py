"""The command line: a thin skin over the run."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

import click

from aarhus_los import __version__, clock
from aarhus_los.errors import EXIT_CHANGES, EXIT_INTERNAL, LosError, SettingsError
from aarhus_los.settings import Settings, load_settings

if TYPE_CHECKING:
    from aarhus_los.report.account import Account

F = TypeVar("F", bound=Callable[..., Any])


class _Commands(click.Group):
    """Commands of which `import` is the default. Options may stand before the command too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not any(arg in ("-h", "--help", "--version") for arg in args[:1]):
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
        skip = False
        for place, arg in enumerate(args):
            if skip:
                skip = False
            elif arg in taking:
                skip = True
            elif not arg.startswith("-"):
                return place
        return None


def _common(command: F) -> F:
    for option in (
        click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well."),
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


def _selecting(command: F) -> F:
    for option in (
        click.option(
            "--allow",
            multiple=True,
            metavar="KIND=NUMBER",
            help="Let a brake pass: the kind, and at most how many, as the plan shows them.",
        ),
        click.option(
            "--accept-rejects", is_flag=True, help="Give up what is pending: it is not tried again."
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
@click.version_option(__version__, prog_name="los-import")
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
    ctx: click.Context, /, quiet: bool, verify: Literal["some", "all", "none"], json: bool, **given: Any
) -> None:
    """Import the new files. This is what `los-import` alone does."""
    from aarhus_los.report.metrics import recorded
    from aarhus_los.report.record import account_record, as_json
    from aarhus_los.report.terminal import account_text
    from aarhus_los.run import import_drop

    settings = _settings(given)
    with _guarded(settings), recorded(settings, _tell) as recording:
        page = _page(given["html"])
        progress = _progress(quiet)
        account = recording.account = import_drop(settings, _options(given, verify), progress)
        progress("", 0, 0)
        if json:
            click.echo(as_json(account_record(account)), nl=False)
        elif not (quiet and account.exit_code == 0):
            click.echo(account_text(account), nl=False)
        page(account)
    ctx.exit(account.exit_code)


@commands.command("plan")
@_common
@_selecting
@_json
@_html
@click.option("--exit-code", is_flag=True, help="Exit with 10 where it would be 0 and there are changes.")
@click.pass_context
def plan_command(ctx: click.Context, /, quiet: bool, json: bool, exit_code: bool, **given: Any) -> None:
    """Show what an import would do. Writes nothing anywhere, but for the file of `--html`."""
    from aarhus_los.report.record import as_json, plan_record
    from aarhus_los.report.terminal import account_text, plan_text
    from aarhus_los.run import plan_drop

    settings = _settings(given)
    with _guarded(settings):
        page = _page(given["html"])
        progress = _progress(quiet)
        account = plan_drop(settings, _options(given, "none"), progress)
        progress("", 0, 0)
        if json:
            click.echo(as_json(plan_record(account)), nl=False)
        elif not (quiet and account.exit_code == 0):
            click.echo(plan_text(account), nl=False)
            click.echo(account_text(account), nl=False)
        page(account)
    changes = exit_code and account.exit_code == 0 and bool(account.plan.steps)
    ctx.exit(EXIT_CHANGES if changes else account.exit_code)


@commands.command("check")
@_common
@_json
@click.pass_context
def check_command(ctx: click.Context, /, quiet: bool, json: bool, **given: Any) -> None:
    """Tell whether an import would find all that it needs, and what to do if not. Writes nothing anywhere."""
    from aarhus_los.check import check, exit_code, findings_record, findings_text
    from aarhus_los.report.record import as_json

    settings = _settings(given)
    with _guarded(settings):
        findings = check(settings)
        code = exit_code(findings)
        if json:
            click.echo(as_json(findings_record(findings)), nl=False)
        elif not (quiet and code == 0):
            click.echo(findings_text(findings, only_problems=quiet), nl=False)
    ctx.exit(code)


@commands.command("validate")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@click.option("--settings", type=click.Path(path_type=Path), help="Taken as by every command, and not read.")
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


@commands.command("sandbox")
@click.option("--serve", is_flag=True, help="Serve until stopped, and print where as a line of JSON.")
@click.option("--drop", type=click.Path(path_type=Path), help="With --serve: the folder that is the drop.")
@click.option("--empty", is_flag=True, help="With --serve: no sample files.")
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="With --serve: the day it is for MO."
)
@click.pass_context
def sandbox_command(
    ctx: click.Context, /, serve: bool, drop: Path | None, empty: bool, today: datetime | None
) -> None:
    """Run the import on sample data, against an MO, a file server and an address service on this machine."""
    try:
        from aarhus_los.sandbox.serve import serve as serve_sandbox
        from aarhus_los.sandbox.show import show
    except ImportError as error:
        raise SettingsError(
            f"the sandbox needs its extra: pip install 'aarhus-los[sandbox]' ({error})"
        ) from None
    if (drop or empty or today) and not serve:
        raise click.UsageError("--drop, --empty and --today go with --serve")
    ctx.exit(serve_sandbox(drop, empty, today.date() if today else None) if serve else show())


def _settings(given: dict[str, Any]) -> Settings:
    flags = {key: given[key] for key in ("import_csv_folder", "state_file")}
    return load_settings(
        given["settings"], {key: None if value is None else str(value) for key, value in flags.items()}
    )


def _options(given: dict[str, Any], verify: Literal["some", "all", "none"]) -> Any:
    from aarhus_los.brakes import BrakeKind
    from aarhus_los.run import Options

    allow: dict[BrakeKind, int] = {}
    for text in given["allow"]:
        kind, _, number = text.partition("=")
        if kind not in list(BrakeKind) or not number.isdecimal():
            kinds = ", ".join(f"{known.value}=NUMBER" for known in BrakeKind)
            raise click.BadParameter(f"{text!r} is none of {kinds}", param_hint="--allow")
        allow[BrakeKind(kind)] = int(number)
    since: datetime | None = given["since"]
    day: date | None = since.date() if since else None
    scene = given["html"] is not None
    return Options(
        day,
        given["allow_late"],
        accept_rejects=given["accept_rejects"],
        allow=allow,
        verify=verify,
        scene=scene,
    )


def _page(path: Path | None) -> Callable[[Account], None]:
    """What writes the page of `--html`, once it is found out that it can be written."""
    if path is None:
        return lambda account: None
    from aarhus_los.report.page import check_page, write_page

    check_page(path)
    return lambda account: write_page(path, account, clock.now())


def _tell(text: str) -> None:
    click.echo(f"los-import: {text}", err=True)


def _progress(quiet: bool) -> Callable[[str, int, int], None]:
    """Shows, on a terminal only, the phase, how much of how much is done, and about how long the rest takes."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return lambda phase, done, of: None
    begun: dict[str, float] = {}

    def show(phase: str, done: int, of: int) -> None:
        start = begun.setdefault(phase, time.monotonic())
        left = (time.monotonic() - start) / done * (of - done) if done else 0
        count = f" {done} of {of}" if of else ""
        rest = f", about {left:.0f} s left" if left >= 1 else ""
        # Back to the beginning of the line, which is cleared: what comes next is written over it.
        click.echo(f"\r\x1b[K{phase}{count}{rest}\r", err=True, nl=False)

    return show


class _Stopped(BaseException):
    """A signal asked the run to end: what is on its way is finished, nothing more is sent."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class _guarded:
    """Ends a run in order: on a signal, and on a defect, whose traceback goes into the report folder without values."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.report_folder

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> NoReturn:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda number, frame: os._exit(128 + number))
        raise _Stopped(number)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, _Stopped):
            click.echo("los-import: stopped: the next run does the rest", err=True)
            sys.exit(error.exit_code)
        if isinstance(error, Exception) and not isinstance(
            error, LosError | click.exceptions.Exit | click.ClickException
        ):
            click.echo(f"los-import: a defect: {type(error).__name__}{self._noted(error)}", err=True)
            sys.exit(EXIT_INTERNAL)

    def _noted(self, error: Exception) -> str:
        """Writes where it happened, but no values: they may be CPR numbers."""
        from aarhus_los.files import write_private

        lines = [f"{type(error).__name__}\n"]
        each: BaseException | None = error
        while each is not None:
            lines += [f"{type(each).__name__}:\n", *traceback.format_tb(each.__traceback__)]
            each = each.__cause__ or each.__context__
        path = self._folder / f"error_{clock.now():%Y%m%dT%H%M%S}.txt"
        try:
            write_private(path, "".join(lines).encode())
        except LosError:
            return "".join([": the report folder cannot be written, so here is where:\n", *lines])
        return f": where it happened stands in {path}"


def main(args: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    # A run makes millions of values and hardly a ring of them: looking for rings would be a third of its cost.
    gc.set_threshold(200_000, 50, 100)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = commands.main(
            args=None if args is None else list(args), prog_name="los-import", standalone_mode=False
        )
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(128 + signal.SIGINT)
    except LosError as error:
        for line in str(error).splitlines():
            click.echo(f"los-import: {line}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_INTERNAL)
    sys.exit(code)
