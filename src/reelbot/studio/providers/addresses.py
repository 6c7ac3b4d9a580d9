"""Which URLs of a provider's answer may be fetched: those of the public internet, by https. Used by `http`.

Where a provider itself stands is the operator's choice, the very machine included. What its answers name is not: an
address inside the operator's own network would be fetched on a stranger's behalf.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, as texts."""

_GLOBAL_6 = IPv6Network("2000::/3")
"""All that is assigned as global unicast. Outside: loopback, IPv4-mapped, unique local, link-local, NAT64, …"""

_EMBEDDING_6 = (IPv6Network("2001::/23"), IPv6Network("2002::/16"))
"""Teredo and 6to4: they embed IPv4 addresses, any at all."""


class AddressRefused(Exception):
    """A URL that must not be fetched, or that leads nowhere. The text goes on after a name and tells no address."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet."""
    if isinstance(address, IPv6Address):
        in_range = address in _GLOBAL_6 and not any(address in network for network in _EMBEDDING_6)
        return in_range and address.is_global
    return address.is_global and not address.is_multicast


async def public_address(url: httpx.URL, resolve: Resolve) -> str:
    """A checked address of the host of a URL, to connect to; `AddressRefused` unless every one it has is public.

    The name is resolved once and the address used as it is: what the name resolves to a moment later makes no difference.
    """
    if url.scheme != "https" or not url.raw_host or url.userinfo:
        raise AddressRefused("names a URL that is not plain https")
    try:
        found = [ip_address(text) for text in await resolve(url.raw_host.decode("ascii"), url.port or 443)]
    except (OSError, ValueError):  # UnicodeError, of a label that is too long, is a ValueError
        raise AddressRefused("names a URL that leads nowhere") from None
    if not found or not all(is_public(address) for address in found):
        raise AddressRefused("names a URL outside the public internet")
    return str(min(found, key=lambda address: address.version))  # IPv4 first: not every machine has a way by IPv6


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
