"""The front door of `accounts`: who is asking. Members, their API keys, passwords and sessions."""

from reelbot.accounts.core.api_keys import LABEL_LENGTH_MAX
from reelbot.accounts.core.members import ApiKey, Identity, Member, Role
from reelbot.accounts.core.networks import NOWHERE, network_of
from reelbot.accounts.core.records import WORDS as RECORD_WORDS
from reelbot.accounts.core.records import Record, RecordKind
from reelbot.accounts.core.scopes import EVERYTHING, SCOPES, USUAL, Scope, checked_scopes, scopes_text
from reelbot.accounts.core.tokens import Session, is_session
from reelbot.accounts.passwords import LENGTH_MAX as PASSWORD_LENGTH_MAX
from reelbot.accounts.passwords import LENGTH_MIN as PASSWORD_LENGTH_MIN
from reelbot.accounts.roles import LastOperator
from reelbot.accounts.service import Accounts
from reelbot.accounts.sessions import LINK_MS, SESSION_MS, number_of
from reelbot.accounts.throttle import TooManyTries

__all__ = [
    "EVERYTHING",
    "LABEL_LENGTH_MAX",
    "LINK_MS",
    "NOWHERE",
    "PASSWORD_LENGTH_MAX",
    "PASSWORD_LENGTH_MIN",
    "RECORD_WORDS",
    "ROOM",
    "SCOPES",
    "SESSION_MS",
    "USUAL",
    "Accounts",
    "ApiKey",
    "Identity",
    "LastOperator",
    "Member",
    "Record",
    "RecordKind",
    "Role",
    "Scope",
    "Session",
    "TooManyTries",
    "checked_scopes",
    "is_session",
    "network_of",
    "number_of",
    "scopes_text",
]

ROOM = "reelbot.accounts"
"""The room's name to `reelbot.db.migrate`."""
