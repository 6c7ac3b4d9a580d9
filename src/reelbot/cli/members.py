"""Who may sign in to an account, how, and as what: commands of `reelbot account`, which are no entries of the ledger."""

import asyncio
import sys

import click
from rich.text import Text

from reelbot.accounts import Role
from reelbot.cli.account_choice import account_named
from reelbot.cli.call import Invocation, configured
from reelbot.cli.magic_link import link_to
from reelbot.cli.terminal import styled, to_paste
from reelbot.config import Config
from reelbot.wiring import COMMAND_LINE, wired

_MEANS: dict[Role, tuple[str, str]] = {
    "creator": ("a creator", "the operator's pages are closed to them, in every browser and for every API key."),
    "operator": ("an operator", "they see every account, open others, move plans and grant."),
}
"""Each role as people say it, and what it means for those who have it."""


@click.command()
@click.argument("name")
@click.argument("role", type=click.Choice(list(_MEANS)))
@configured
def role(call: Invocation, name: str, role: Role) -> None:
    """Make an account a creator or an operator, at once.

    It counts in every open browser and for every API key. The last operator stays one.
    """
    is_changed = asyncio.run(_given(call.config, name, role))
    title, meaning = _MEANS[role]
    words = f"{name} is {title} now: {meaning}" if is_changed else f"{name} is {title} already; nothing changes."
    call.show({"account": name, "role": role, "changed": is_changed}, styled(words, "green"))


async def _given(config: Config, name: str, role: Role) -> bool:
    async with wired(config) as parts:
        ref = await account_named(parts, name)
        return await parts.accounts.roles.give(ref.lane, ref.id, ref.name, role, COMMAND_LINE)


@click.command()
@click.argument("name")
@configured
def link(call: Invocation, name: str) -> None:
    """Print a link that signs a browser in, once, within ten minutes. Older links of the account end."""
    address = asyncio.run(_linked(call.config, name))
    words = Text(f"Open this to sign in as {name}, within ten minutes; it works once, and older links end:")
    call.show({"account": name, "link": address}, words, to_paste(f"\n    {address}\n"))


async def _linked(config: Config, name: str) -> str:
    async with wired(config) as parts:
        return await link_to(parts, await account_named(parts, name), config.found_at)


@click.command()
@click.argument("name")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read it from standard input, which is one line.")
@configured
def password(call: Invocation, name: str, from_stdin: bool) -> None:
    """Set another password, for somebody who has forgotten it.

    It is asked for without being shown. All browsers of the account are signed out; its API keys stay as they are.
    """
    asyncio.run(_set(call.config, name, from_stdin))
    words = f"{name} has a new password. All their browsers are signed out; their API keys stay as they are."
    call.show({"account": name, "changed": True}, styled(words, "green"))


async def _set(config: Config, name: str, from_stdin: bool) -> None:
    async with wired(config) as parts:
        ref = await account_named(parts, name)  # before anybody has to think of a password
        await parts.accounts.set_password(ref.lane, ref.id, ref.name, _typed(from_stdin), COMMAND_LINE)


def _typed(from_stdin: bool) -> str:
    """The new password; what is typed at a terminal is typed twice."""
    if from_stdin:
        line = sys.stdin.buffer.readline().decode(errors="surrogateescape")
        return line.removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask at; use --stdin to read the password from standard input.")
    typed: str = click.prompt("New password", hide_input=True, confirmation_prompt="The same again", err=True)
    return typed
