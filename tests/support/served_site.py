"""A server of its own process, to be killed: `python -m tests.support.served_site <address> <port>`. Used by `test_live`."""

import asyncio
import socket
import sys

import uvicorn
from tests.support.sites import site_on

from reelbot.allowance import load_terms
from reelbot.clock import system_clock
from reelbot.web import Site, build_app
from reelbot.web.waiting import woken_or_at


class Announced(uvicorn.Server):
    """Says on its output when it answers, and ends open streams first when it is told to end, as `reelbot serve` does."""

    def __init__(self, config: uvicorn.Config, site: Site) -> None:
        super().__init__(config)
        self._site = site

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._site.streams.close()
        await super().shutdown(sockets)


async def serve(address: str, port: int) -> None:
    """Serve the API until a signal ends it."""
    async with site_on(address, system_clock, load_terms(), woken_or_at) as site:
        await Announced(uvicorn.Config(build_app(site), port=port, log_level="warning"), site).serve()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
