"""A group of commands of which `import` is the default, wherever options stand."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import click
from click.shell_completion import CompletionItem

from aarhus_los.cli_options import ACCEPT, ROW


class CommandGroup(click.Group):
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
            value = before in taking and (before != ACCEPT or ROW.fullmatch(arg))
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
