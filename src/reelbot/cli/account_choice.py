"""Which account a command is about: the one that is named, or the only one there is."""

import click

from reelbot.allowance import AccountRef
from reelbot.errors import Failure
from reelbot.wiring import Parts

NAMES_SHOWN = 5


async def account_named(parts: Parts, name: str) -> AccountRef:
    """The account of a name; `Failure` when there is none."""
    account = await parts.ledger.find(name)
    if account is None:
        raise Failure(f"There is no account named {name}.", "`reelbot account list` shows those there are.")
    return account


async def account_chosen(parts: Parts, name: str | None) -> AccountRef:
    """The account of a name, or without one the only account; with several a `UsageError` asks to name one."""
    if name is not None:
        return await account_named(parts, name)
    some = await parts.ledger.accounts(None, NAMES_SHOWN + 1)
    if not some:
        raise Failure("There is no account yet.", "Open one with `reelbot account create NAME`.")
    if len(some) > 1:
        names = ", ".join(account.name for account in some[:NAMES_SHOWN])
        more = ", …" if len(some) > NAMES_SHOWN else ""
        raise click.UsageError(f"There are several accounts: say which one ({names}{more}).")
    return AccountRef(some[0].lane, some[0].id, some[0].name)
