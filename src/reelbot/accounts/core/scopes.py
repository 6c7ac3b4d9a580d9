"""Scopes: what an API key may be used for. Every operation of the API names the one that it needs.

`read` looks at the account and belongs to every key; each of the others adds what may be changed. A scope never gives what
the account's role does not: `operator` opens the operators' routes to an operator only.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from reelbot.errors import Malformed

Scope = Literal["read", "studio", "ledger", "operator"]
"""What an API key may be used for."""

SCOPES: Mapping[Scope, str] = MappingProxyType(
    {
        "read": "see everything in the account",
        "studio": "make, publish and remove drafts, videos, uploads and presets",
        "ledger": "hold and settle, change the plan, the time zone and webhooks",
        "operator": "run this server: every account, its plan, role and jobs",
    }
)
"""Each scope and what it allows, in words; in this order wherever scopes are listed."""

EVERYTHING: frozenset[Scope] = frozenset(SCOPES)
"""What a browser's session may do, and a key that was issued before there were scopes."""

USUAL: frozenset[Scope] = EVERYTHING - {"operator"}
"""What a new key may do unless something else is asked for: an operator's power is given by name only."""


def checked_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """The scopes of these names, and `read`, which every key has; `Malformed` names one that does not exist."""
    asked = frozenset(names)
    unknown = sorted(asked - EVERYTHING)
    if unknown:
        raise Malformed(f"{unknown[0]} is not a scope; there are {', '.join(SCOPES)}.", "scope")
    return frozenset(scope for scope in SCOPES if scope in asked) | {"read"}


def scopes_text(scopes: frozenset[Scope]) -> str:
    """Scopes as they are kept and shown: their names with blanks between them."""
    return " ".join(scope for scope in SCOPES if scope in scopes)


def kept_scopes(text: str) -> frozenset[Scope]:
    """Scopes as they are kept. A name that this version does not know allows nothing."""
    names = text.split()
    return frozenset(scope for scope in SCOPES if scope in names)
