"""Which network addresses may be reached on a stranger's behalf: those of the public internet. One table for all requests.

Webhooks go to addresses that accounts choose, and answers of providers name URLs to fetch: neither may lead into the
operator's own network (SSRF). A name is resolved once, every address that it has is checked, and the connection goes to one
that was: what the name resolves to a moment later makes no difference. The table follows the registries of IANA.
"""

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, as texts."""


class NoAddress(Exception):
    """A host has no address at all, or one that cannot be read."""


class AddressInside(Exception):
    """A host has an address that must not be reached."""


_REFUSED_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; 0.0.0.0 is this machine
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared behind a provider's NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local: the clouds' metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

_PUBLIC_6 = IPv6Network("2000::/3")
"""All that is assigned as global unicast. Outside: loopback, IPv4-mapped, unique local, link-local, multicast, …"""

_REFUSED_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them, which embeds IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which embeds IPv4 addresses
        "3fff::/20",  # documentation
    )
)

_NAT64 = IPv6Network("64:ff9b::/96")


def address_from(text: str) -> Address:
    """The address that a resolver's text names; `ValueError` when it names none."""
    return ip_address(text)


async def addresses_of(host: str, port: int, resolve: Resolve, may_reach: Callable[[Address], bool]) -> list[Address]:
    """All addresses of a host, each of them checked: `NoAddress` without any, `AddressInside` unless all may be reached."""
    try:
        addresses = [address_from(text) for text in await resolve(host, port)]
    except (OSError, ValueError):  # UnicodeError, of a label that is too long, is a ValueError
        raise NoAddress from None
    if not addresses:
        raise NoAddress
    if not all(map(may_reach, addresses)):
        raise AddressInside
    return addresses


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet. One that NAT64 translates is what it is translated to."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_4)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _PUBLIC_6 and not any(address in network for network in _REFUSED_6)
