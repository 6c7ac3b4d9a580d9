"""`reelbot account access`: the access log of one account, or of all: sign-ins, links, keys, passwords and roles."""

import asyncio
from collections.abc import Sequence

import click
from rich.table import Table

from reelbot.accounts import RECORD_WORDS, Record
from reelbot.cli.account_choice import account_named
from reelbot.cli.call import Invocation, configured
from reelbot.cli.terminal import table
from reelbot.clock import instant_text
from reelbot.config import Config
from reelbot.limits import PAGE_MAX
from reelbot.wiring import wired


@click.command()
@click.argument("name", required=False)
@click.option(
    "--limit", type=click.IntRange(1, PAGE_MAX), default=50, show_default=True, help="So many, the newest first."
)
@configured
def access(call: Invocation, name: str | None, limit: int) -> None:
    """Show who got into an account, or into any, and who changed who can."""
    rows = asyncio.run(_rows(call.config, name, limit))
    call.show({"records": rows}, _picture(rows))


async def _rows(config: Config, name: str | None, limit: int) -> list[dict[str, object]]:
    async with wired(config) as parts:
        if name is None:
            return [_row(one) for one in await parts.accounts.access.everywhere(limit)]
        ref = await account_named(parts, name)
        return [_row(one) for one in await parts.accounts.access.of(ref.lane, ref.id, limit)]


def _row(one: Record) -> dict[str, object]:
    return {
        "at": instant_text(one.at),
        "account": one.name or (f"{one.lane}-{one.account}" if one.account else None),
        "kind": one.kind,
        "by": one.by,
        "network": one.network,
        "detail": one.detail,
    }


def _picture(rows: Sequence[dict[str, object]]) -> Table:
    made = table("When (UTC)", "Account", "What", "By", "From", "Details", wrapped=("Details",))
    for row in rows:
        at, account, kind, *others = row.values()
        what = next((words for known, words in RECORD_WORDS.items() if known == kind), str(kind))
        made.add_row(str(at), str(account or "unknown name"), what, *(str(one or "-") for one in others))
    return made
