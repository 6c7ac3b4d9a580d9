"""What the audit finds: a fault of an account, in one sentence."""

from typing import NamedTuple

from reelbot.allowance.tamper import What

_SAID: dict[What, str] = {"wrong": "is wrong", "uncharged": "was delivered without its charge"}
"""What is said of a fault, where it is not that something was done to an entry."""


class Fault(NamedTuple):
    """What is wrong with an account: which entry, hold, balance, fact or delivery (`place`), and what was done to it."""

    account: str
    place: str
    what: What
    expected: str
    found: str

    @property
    def sentence(self) -> str:
        """The fault in one sentence."""
        said = _SAID.get(self.what, f"was {self.what}")
        return f"{self.account}: {self.place} {said}: expected {self.expected}, found {self.found}."
