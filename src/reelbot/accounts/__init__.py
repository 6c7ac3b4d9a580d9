"""The front door of `accounts`: who is asking. Members, their API keys, passwords and sessions."""

from reelbot.accounts.core.keys import LABEL_LENGTH_MAX
from reelbot.accounts.core.members import Identity, Key, Member, Role
from reelbot.accounts.core.tickets import Session, is_session
from reelbot.accounts.passwords import LENGTH_MAX as PASSWORD_LENGTH_MAX
from reelbot.accounts.passwords import LENGTH_MIN as PASSWORD_LENGTH_MIN
from reelbot.accounts.roles import LastOperator
from reelbot.accounts.service import Accounts
from reelbot.accounts.sessions import LINK_MS, SESSION_MS, number_of
from reelbot.accounts.tries import TooManyTries

__all__ = [
    "LABEL_LENGTH_MAX",
    "LINK_MS",
    "PASSWORD_LENGTH_MAX",
    "PASSWORD_LENGTH_MIN",
    "ROOM",
    "SESSION_MS",
    "Accounts",
    "Identity",
    "Key",
    "LastOperator",
    "Member",
    "Role",
    "Session",
    "TooManyTries",
    "is_session",
    "number_of",
]

ROOM = "reelbot.accounts"
"""The room's name to `reelbot.db.migrate`."""
