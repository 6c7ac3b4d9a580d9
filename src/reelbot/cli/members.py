"""Who may sign in to an account, how, and as what: commands of `reelbot account`, which are no entries of the ledger."""

import asyncio

import click
from rich.text import Text

from reelbot.accounts import Role
from reelbot.cli.call import Call, configured
from reelbot.cli.choosing import account_named
from reelbot.cli.entering import link_to
from reelbot.cli.terminal import styled, to_paste
from reelbot.config import Config
from reelbot.wiring import wired

_BY = "the command line"
"""Who changes a role, as the log says it."""

_MEANS: dict[Role, tuple[str, str]] = {
    "creator": ("a creator", "the operator's pages are closed to them, in every browser and for every API key."),
    "operator": ("an operator", "they see every account, open others, move plans and grant."),
}
"""Each role as people say it, and what it means for those who have it."""


@click.command()
@click.argument("name")
@click.argument("role", type=click.Choice(list(_MEANS)))
@configured
def role(call: Call, name: str, role: Role) -> None:
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
        return await parts.accounts.roles.give(ref.lane, ref.id, ref.name, role, _BY)


@click.command()
@click.argument("name")
@configured
def link(call: Call, name: str) -> None:
    """Print a link that signs a browser in, once, within ten minutes."""
    address = asyncio.run(_linked(call.config, name))
    words = Text(f"Open this to sign in as {name}, within ten minutes; it works once:")
    call.show({"account": name, "link": address}, words, to_paste(f"\n    {address}\n"))


async def _linked(config: Config, name: str) -> str:
    async with wired(config) as parts:
        return await link_to(parts, await account_named(parts, name), config.found_at)
