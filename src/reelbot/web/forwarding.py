"""Where a request came from, and whether by TLS: as its connection says, or as a proxy says that the operator trusts.

A proxy names who asked it in `X-Forwarded-For`, behind whatever the caller had put there. So the list is read from its end:
what a trusted proxy wrote counts, up to the first address that is none of theirs, and nothing before it. From anybody else
neither that field nor `X-Forwarded-Proto` counts.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from starlette.types import Scope

from reelbot.accounts import network_of
from reelbot.config import LOOPBACK

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Origin(NamedTuple):
    """`address` is that of the caller's machine or of the router before it; empty where nobody knows."""

    address: str
    is_secure: bool


class Proxies:
    """The addresses and networks of those whose word counts."""

    def __init__(self, trusted: Iterable[str] = LOOPBACK) -> None:
        self._networks = [ipaddress.ip_network(one) for one in trusted]

    def origin(self, scope: Scope) -> Origin:
        """Where a request came from."""
        peer = _read((scope.get("client") or ("",))[0])
        is_secure = scope["scheme"] == "https"
        if peer is None or not self._trusts(peer):
            return Origin("" if peer is None else str(peer), is_secure)
        told = b",".join(_values(scope, b"x-forwarded-proto")).partition(b",")[0].strip()
        return Origin(str(self._caller(scope, peer)), is_secure or told == b"https")

    def is_secure(self, scope: Scope) -> bool:
        """Whether a request came by TLS."""
        if scope["scheme"] == "https":
            return True
        return any(name == b"x-forwarded-proto" for name, _ in scope["headers"]) and self.origin(scope).is_secure

    def network(self, scope: Scope) -> str:
        """What counts as one place of the caller's: an address of IPv4, a /64 of IPv6; empty where nobody knows."""
        peer = _read((scope.get("client") or ("",))[0])
        if peer is None:
            return network_of("")
        return network_of(str(self._caller(scope, peer) if self._trusts(peer) else peer))

    def trusts(self, address: str) -> bool:
        """Whether an address is a trusted proxy's, whose connections are those of many."""
        read = _read(address)
        return read is not None and self._trusts(read)

    def _caller(self, scope: Scope, peer: _Address) -> _Address:
        """The last address that was not written by one of ours; the farthest of ours where there is none."""
        farthest = peer
        listed = b",".join(_values(scope, b"x-forwarded-for")).decode("latin-1").split(",")
        for text in reversed(listed):
            said = _read(text.strip())
            if said is None:
                return farthest
            farthest = said
            if not self._trusts(said):
                return said
        return farthest

    def _trusts(self, address: _Address) -> bool:
        return any(address in network for network in self._networks)


def _values(scope: Scope, name: bytes) -> Iterator[bytes]:
    """Every value of a field: some proxies add one more instead of lengthening the one there is."""
    return (value for found, value in scope["headers"] if found == name)


def _read(text: str) -> _Address | None:
    """An address as proxies write it, with or without a port; None for what is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None) or address
