"""The records of the access log: what happened to an account's access, by whom, from which part of the network."""

import ipaddress
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from reelbot.accounts.core.networks import NOWHERE, network_of

RecordKind = Literal[
    "signed_in", "wrong_password", "signed_out", "signed_out_everywhere", "link_issued", "link_used", "key_issued",
    "key_revoked", "all_keys_revoked", "password_changed", "role_changed", "plan_approved", "plan_declined",
]  # fmt: skip
"""What a line of the access log tells of."""

WORDS: Mapping[RecordKind, str] = MappingProxyType(
    {
        "signed_in": "Signed in with the password",
        "wrong_password": "Wrong password",
        "signed_out": "Signed out",
        "signed_out_everywhere": "Signed out everywhere else",
        "link_issued": "Sign-in link issued",
        "link_used": "Signed in with a link",
        "key_issued": "API key issued",
        "key_revoked": "API key revoked",
        "all_keys_revoked": "All API keys revoked",
        "password_changed": "Password changed",
        "role_changed": "Role changed",
        "plan_approved": "Plan approved",
        "plan_declined": "Plan declined",
    }
)
"""Each kind as people read it."""

DETAIL_LENGTH_MAX = 200
"""Characters of a detail: a browser's name for itself, or a label with its scopes."""

_IPV4_SHOWN, _IPV6_SHOWN = 24, 48
"""Leading bits of an address that are kept: enough to tell home from elsewhere, too few to name a machine."""


class Record(NamedTuple):
    """One line of the access log. `n` counts the records of an account; `by` and `network` are empty where unknown."""

    lane: int
    account: int
    n: int
    at: int
    kind: RecordKind
    by: str
    network: str
    detail: str
    name: str | None = None


def part_of(address: str) -> str:
    """The part of the network that an address is in, as it is kept; empty for this machine itself and for no address."""
    if network_of(address) == NOWHERE:
        return NOWHERE
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found
    bits = _IPV4_SHOWN if found.version == 4 else _IPV6_SHOWN
    return str(ipaddress.ip_network((str(found).partition("%")[0], bits), strict=False))


def detail_text(text: str) -> str:
    """A detail as it is kept: one line of printable characters, cut where it is too long."""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(line.split())[:DETAIL_LENGTH_MAX]
