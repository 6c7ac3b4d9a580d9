"""A link that signs a browser in without a password, once. Printed by `serve` when it starts, and by `account link`."""

from reelbot.allowance import AccountRef
from reelbot.wiring import Parts


async def link_to(parts: Parts, account: AccountRef, url: str) -> str:
    """The link, on the server at `url`; an account that was opened without a member gets it now."""
    async with parts.database.transaction() as connection:
        await parts.accounts.join(connection, account.lane, account.id, account.name, "creator")
    ticket = await parts.accounts.sessions.issue_link(account.lane, account.id)
    return f"{url}/enter?token={ticket}"
