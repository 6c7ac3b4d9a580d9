"""`reelbot webhook`: signed messages about an account, to addresses that are named here."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import click
import msgspec
from rich.table import Table
from rich.text import Text

from reelbot.allowance import AccountRef
from reelbot.cli.account_choice import account_chosen
from reelbot.cli.call import Invocation, configured
from reelbot.cli.studio import TOLD_KINDS
from reelbot.cli.terminal import styled, table, to_paste
from reelbot.config import Config
from reelbot.errors import Failure
from reelbot.webhooks import ALLOWANCE_KINDS, Added, Attempt, Webhooks, WebhookShown, open_webhooks, webhook_shown
from reelbot.wiring import wired


class _About(NamedTuple):
    """The webhooks, and the account that a command is about."""

    webhooks: Webhooks
    account: AccountRef

    def missing(self, webhook: str) -> Failure:
        """What is said of a webhook that the account does not have."""
        name = self.account.name
        return Failure(f"{name} has no webhook {webhook}.", f"`reelbot webhook list {name}` shows those there are.")


@asynccontextmanager
async def _about(config: Config, name: str | None) -> AsyncIterator[_About]:
    async with wired(config) as parts:
        account = await account_chosen(parts, name)
        rooms = (parts.database, parts.ledger, parts.clock)
        loopback = config.webhooks_to_loopback
        async with open_webhooks(*rooms, loopback=loopback, stored_kinds=TOLD_KINDS) as webhooks:
            yield _About(webhooks, account)


@click.group()
def webhook() -> None:
    """Tell other programs when a limit is near, reached, or back."""


@webhook.command()
@click.argument("name")
@click.argument("url")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="allowance.low, …; may be given several times.")
@click.option("--idempotency-key", "key", metavar="KEY", help="Called again with the same key, it is not done again.")
@configured
def add(call: Invocation, name: str, url: str, kinds: Sequence[str], key: str | None) -> None:
    """Add a webhook to an account and show the secret that signs its messages.

    Without --kind it is told of low, exhausted and reset limits.
    """
    added = asyncio.run(_added(call.config, name, url, kinds, key))
    document = msgspec.to_builtins(webhook_shown(added.webhook)) | {"secret": added.secret}
    words = Text(f"{added.webhook.id} tells {url}. Messages are signed with this secret:")
    call.show(document, words, to_paste(f"\n    {added.secret}\n"))


async def _added(config: Config, name: str, url: str, kinds: Sequence[str], key: str | None) -> Added:
    async with _about(config, name) as (webhooks, account):
        return await webhooks.add(account, url, kinds or ALLOWANCE_KINDS, key=key)


@webhook.command("list")
@click.argument("name", required=False)
@configured
def list_webhooks(call: Invocation, name: str | None) -> None:
    """List the webhooks of an account, and why those that are disabled are.

    NAME may be left out when there is one account.
    """
    found = asyncio.run(_listed(call.config, name))
    call.show({"webhooks": found}, _table(found))


async def _listed(config: Config, name: str | None) -> list[WebhookShown]:
    async with _about(config, name) as (webhooks, account):
        return [webhook_shown(one) for one in await webhooks.of(account)]


def _table(found: Sequence[WebhookShown]) -> Table:
    made = table("Webhook", "URL", "Kinds", "Waiting", "State", numbers=("Waiting",), wrapped=("URL", "Kinds", "State"))
    for one in found:
        made.add_row(one.id, one.url, ", ".join(one.kinds), str(one.pending), _state(one))
    return made


def _state(one: WebhookShown) -> Text:
    if one.disabled_at is not None:
        return styled(f"disabled since {one.disabled_at}. {one.failure}", "red")
    if one.failure is not None:
        return styled(f"failing, last tried {one.failed_at}. {one.failure}", "yellow")
    return Text("no message yet" if one.delivered_at is None else f"last delivered {one.delivered_at}")


@webhook.command()
@click.argument("name")
@click.argument("webhook")
@configured
def remove(call: Invocation, name: str, webhook: str) -> None:
    """Remove a webhook, with what it still has to tell."""
    asyncio.run(_removed(call.config, name, webhook))
    call.show({"account": name, "removed": webhook}, styled(f"{webhook} of {name} is removed.", "green"))


async def _removed(config: Config, name: str, webhook: str) -> None:
    async with _about(config, name) as about:
        if not await about.webhooks.remove(about.account, webhook):
            raise about.missing(webhook)


@webhook.command()
@click.argument("name")
@click.argument("webhook")
@configured
def rotate(call: Invocation, name: str, webhook: str) -> None:
    """Sign with a new secret, and for a day with the old one too."""
    secret = asyncio.run(_rotated(call.config, name, webhook))
    words = Text("The new secret signs from now on, the old one for another day:")
    call.show({"id": webhook, "secret": secret}, words, to_paste(f"\n    {secret}\n"))


async def _rotated(config: Config, name: str, webhook: str) -> str:
    async with _about(config, name) as about:
        secret = await about.webhooks.rotate(about.account, webhook)
        if secret is None:
            raise about.missing(webhook)
        return secret


@webhook.command("test")
@click.argument("name")
@click.argument("webhook")
@configured
def send_test(call: Invocation, name: str, webhook: str) -> None:
    """Send a message at once; one that is delivered enables a webhook again that was disabled."""
    attempt = asyncio.run(_tested(call.config, name, webhook))
    document = {"delivered": attempt.is_delivered, "status": attempt.status, "detail": attempt.detail}
    style = "green" if attempt.is_delivered else "red"
    call.show(document, styled(attempt.detail, style))
    if not attempt.is_delivered:
        raise click.exceptions.Exit(1)


async def _tested(config: Config, name: str, webhook: str) -> Attempt:
    async with _about(config, name) as about:
        attempt = await about.webhooks.test(about.account, webhook)
        if attempt is None:
            raise about.missing(webhook)
        return attempt
