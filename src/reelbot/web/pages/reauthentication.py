"""Asks for the password again before something that gives others access: a key, a link, another password.

An open browser that somebody finds is worth what can be done with it in that minute, and no key that lasts. Not asked where
there is no password, nor of whoever signed in with a link within the hour: they may have forgotten it.
"""

from reelbot.errors import Malformed
from reelbot.web.pages.visits import Visit

FIELD = "old"
"""The member of a form that has the current password."""

_WRONG = "The current password is not the right one."


async def needs_password(visit: Visit) -> bool:
    """Whether the current password is to be asked for."""
    who, accounts = visit.member, visit.accounts
    if not await accounts.passwords.is_set(who.lane, who.account):
        return False
    return not await accounts.sessions.may_reset(visit.session or "")


async def require_password(visit: Visit) -> None:
    """Raise `Malformed` unless the form has the current password, where it is to be asked for.

    `TooManyTries` when too many were wrong.
    """
    who = visit.member
    if not await needs_password(visit):
        return
    typed = visit.form.get(FIELD, [""])[0]
    if not await visit.accounts.passwords.is_right(who.name, (who.lane, who.account), typed, visit.address):
        raise Malformed(_WRONG, FIELD)
