"""The front door of `accounts`: who is asking. Members of the ledger's accounts, and their API keys."""

from reelbot.accounts.core.keys import LABEL_LENGTH_MAX
from reelbot.accounts.core.members import Identity, Key, Member, Role
from reelbot.accounts.service import Accounts

__all__ = ["LABEL_LENGTH_MAX", "ROOM", "Accounts", "Identity", "Key", "Member", "Role"]

ROOM = "reelbot.accounts"
"""The room's name to `reelbot.db.migrate`."""
