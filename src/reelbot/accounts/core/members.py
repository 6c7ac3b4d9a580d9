"""The values of `accounts`: members, their keys, and the identity that a presented key stands for."""

from typing import Literal, NamedTuple

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
    """Who is asking."""

    lane: int
    account: int
    name: str
    role: Role


class Key(NamedTuple):
    """An API key as its owner sees it; the secret is not kept. `last_used_on` counts days since 1970-01-01 in UTC."""

    number: int
    label: str
    created_at: int
    revoked_at: int | None
    last_used_on: int | None
