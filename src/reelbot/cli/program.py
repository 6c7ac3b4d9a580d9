"""The `reelbot` program: which commands there are.

A command is the module of its name, with the command in it under the same name; it is imported when it is called, so
that `reelbot --help` and the small commands don't wait for the server's libraries.
"""

import sys
from importlib import import_module
from importlib.metadata import version

import click

from reelbot.extras import Extra, ExtraMissing, require

SUMMARIES = {
    "serve": "Serve the API on http://127.0.0.1:8080 and work on videos, in one process.",
    "work": "Work on videos only, beside servers on other machines.",
    "make": "Make a video of a topic, or many videos of many topics.",
    "usage": "Show what is used, held and left of every limit.",
    "history": "Show the ledger of an account, the newest entry first.",
    "account": "Open accounts, move plans, grant, set limits, issue API keys.",
    "webhook": "Tell other programs when a limit is near, reached, or back.",
    "plans": "Show the plans side by side.",
    "prices": "Show what each action costs.",
    "ledger": "Check the ledger.",
    "database": "Bring the database up to date.",
    "doctor": "Check this machine and this installation.",
}
"""Every command and its line of help; so that none is imported to list them."""

NEEDS: dict[str, Extra] = {"serve": "server", "work": "studio", "make": "studio", "webhook": "studio"}
"""The commands that need more than the ledger, and the extra that has it."""


class Program(click.Group):
    """The commands of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in SUMMARIES:
            return None
        _require(cmd_name)
        command: click.Command = getattr(import_module(f"reelbot.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; one that is not there is compared with those of the table."""
        if args[0] not in SUMMARIES and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=list(SUMMARIES), ctx=ctx)
        return super().resolve_command(ctx, args)


def _require(name: str) -> None:
    if name not in NEEDS:
        return
    try:
        require(NEEDS[name])
    except ExtraMissing as missing:
        raise click.ClickException(str(missing)) from missing


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings come from reelbot.toml, then REELBOT_* variables, then options. Every command takes --json.",
)
@click.version_option(version("reelbot"), prog_name="reelbot")
def program() -> None:
    """ReelBot: AI work for short videos, metered so clearly that nobody is ever surprised by it."""


def main() -> None:
    """Run what the command line says. A letter that the terminal has no code for is shown as `?`."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    program()
