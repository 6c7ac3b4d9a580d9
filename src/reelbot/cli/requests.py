"""Requests for higher plans: list, approve, decline; commands of `reelbot account`."""

import asyncio
from collections.abc import Awaitable, Callable

import click
from rich.table import Table

from reelbot.cli.call import Invocation, configured
from reelbot.cli.terminal import styled, table
from reelbot.config import Config
from reelbot.errors import Failure
from reelbot.limits import PAGE_MAX
from reelbot.subscriptions import PlanRequest, PlanRequestShown, SubscriptionRefused, Subscriptions, request_shown
from reelbot.wiring import wired

BY = "the command line"
"""Who decides, as the account reads it."""

Decide = Callable[[Subscriptions], Awaitable[PlanRequest]]


@click.command()
@configured
def requests(call: Invocation) -> None:
    """List the requests for higher plans that wait for an answer, the newest first."""
    rows = [request_shown(one) for one in asyncio.run(_open(call.config))]
    call.show({"requests": rows}, _pictured(rows) if rows else styled("No request is open.", "green"))


@click.command()
@click.argument("request")
@click.option("--why", required=True, metavar="REASON", help="The account reads it, and it stands in its history.")
@configured
def approve(call: Invocation, request: str, why: str) -> None:
    """Approve a request: the account moves up at once.

    REQUEST is its id, as `reelbot account requests` lists it.
    """
    decided = asyncio.run(_decided(call.config, lambda rooms: rooms.approve(request, BY, why)))
    call.show(request_shown(decided), styled(f"Approved: {decided.name} is on {decided.plan} now.", "green"))


@click.command()
@click.argument("request")
@click.option("--why", required=True, metavar="REASON", help="The account reads it.")
@configured
def decline(call: Invocation, request: str, why: str) -> None:
    """Decline a request: the account stays where it is.

    REQUEST is its id, as `reelbot account requests` lists it.
    """
    decided = asyncio.run(_decided(call.config, lambda rooms: rooms.decline(request, BY, why)))
    call.show(request_shown(decided), styled(f"Declined: {decided.name} stays on {decided.present}.", "green"))


async def _open(config: Config) -> list[PlanRequest]:
    async with wired(config) as parts:
        return list(await parts.subscriptions.requests("open", PAGE_MAX))


async def _decided(config: Config, decide: Decide) -> PlanRequest:
    async with wired(config) as parts:
        try:
            return await decide(parts.subscriptions)
        except SubscriptionRefused as refused:
            raise Failure(refused.detail, "`reelbot account requests` lists those that are open.") from refused


def _pictured(rows: list[PlanRequestShown]) -> Table:
    made = table("Request", "Account", "Now on", "Requests", "Asked")
    for row in rows:
        made.add_row(row.id, row.account, row.present, row.plan, row.asked_at)
    return made
