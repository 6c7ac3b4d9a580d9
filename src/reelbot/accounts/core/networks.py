"""What counts as one place on the internet, for whoever counts tries by where they come from."""

import ipaddress

NOWHERE = ""
"""This machine itself, or a place that nobody knows: tries from there say nothing about a network."""

_HOST_BITS = 64
"""Of IPv6: whoever has one address there has the whole /64, and could come from another one with every try."""


def network_of(address: str) -> str:
    """The network of an address: an IPv4 address by itself, the first half of an IPv6 one; `NOWHERE` for any other text."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return NOWHERE
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_loopback or found.is_unspecified:
        return NOWHERE
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.ip_network((int(found) >> _HOST_BITS << _HOST_BITS, 128 - _HOST_BITS)))
