"""A magic link: signs a browser in without a password, once. Printed by `serve` when it starts, and by `account link`."""

from reelbot.allowance import AccountRef
from reelbot.wiring import COMMAND_LINE, Parts


async def link_to(parts: Parts, account: AccountRef, url: str) -> str:
    """The link, on the server at `url`; an account that was opened without a member gets it now."""
    await parts.accounts.admit(account.lane, account.id, account.name)
    ticket = await parts.accounts.sessions.issue_link(account.lane, account.id, COMMAND_LINE)
    return f"{url}/enter?token={ticket}"
