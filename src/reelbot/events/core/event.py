"""What an event is, before and after it has its number."""

from typing import NamedTuple

Place = tuple[int, int]
"""Whose stream: the account's lane, and the account."""


class NewEvent(NamedTuple):
    """A fact to be told to those who watch an account."""

    lane: int
    account: int
    at: int
    kind: str
    body: bytes  # JSON in UTF-8, as it is sent


class Event(NamedTuple):
    """A stored fact. The numbers of one account count 1, 2, 3 without a gap, in the order of the commits."""

    n: int
    at: int
    kind: str
    body: bytes
