"""How much of what all need one party may take: of file descriptors, and so of connections and event streams.

Everything follows from how many files the process may open. A connection costs a descriptor for its socket and, while a
file is sent on it, another one.
"""

from typing import NamedTuple

from reelbot.limits import FILES_MAX, FILES_RESERVED, SHARE_OF_ONE, STREAMS_MAX, UNFINISHED_OF_ADDRESS_MAX


class Shares(NamedTuple):
    """Bounds of one process: for all, for one address, for one account.

    Behind a trusted proxy every connection comes from the proxy's address, which has no share of its own: there the proxy
    bounds what an address may hold.
    """

    connections: int
    connections_of_address: int
    unfinished_of_address: int
    streams: int
    streams_of_account: int
    streams_of_address: int


def shares_of(files: int) -> Shares:
    """The bounds of a process that may have so many files open."""
    connections = max(8, (files - min(FILES_RESERVED, files // 4)) // 2)
    streams = min(STREAMS_MAX, connections * 3 // 4)
    return Shares(
        connections=connections,
        connections_of_address=max(4, connections // SHARE_OF_ONE),
        unfinished_of_address=min(UNFINISHED_OF_ADDRESS_MAX, max(4, connections // SHARE_OF_ONE)),
        streams=streams,
        streams_of_account=max(2, streams // SHARE_OF_ONE),
        streams_of_address=max(2, streams // SHARE_OF_ONE),
    )


ALL = shares_of(FILES_MAX)
"""Where descriptors are not what is short: in tests, and where another server has set its own limit."""
