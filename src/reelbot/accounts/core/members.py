"""The values of `accounts`: members, their keys, and the identity that a presented key stands for."""

from typing import Literal, NamedTuple

from reelbot.accounts.core.scopes import EVERYTHING, Scope

Role = Literal["creator", "operator"]
"""A creator sees and uses one account; an operator also opens accounts, moves plans and grants."""


class Member(NamedTuple):
    """An account as the one who may ask for it. `name` is the account's own."""

    lane: int
    account: int
    name: str
    role: Role
    created_at: int


class Identity(NamedTuple):
    """Who is asking, and what the key that they ask with may be used for; a browser's session may be for everything."""

    lane: int
    account: int
    name: str
    role: Role
    scopes: frozenset[Scope] = EVERYTHING


class ApiKey(NamedTuple):
    """An API key as its owner sees it; the secret is not kept. `last_used_on` counts days since 1970-01-01 in UTC.

    From `expires_at` on it is refused, as from `revoked_at` on; one of None is refused when it is revoked.
    """

    number: int
    label: str
    created_at: int
    revoked_at: int | None
    last_used_on: int | None
    scopes: frozenset[Scope]
    expires_at: int | None

    def is_over(self, now: int) -> bool:
        """Whether it is refused at this instant."""
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= now)
