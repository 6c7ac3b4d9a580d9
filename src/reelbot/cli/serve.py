"""`reelbot serve`: API and pages, the workers of the studio and of publishing, and the sweeper, in one process.

On a database without accounts it opens the first one, and shows its API key, once.
"""

import gc
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version

import click
import uvicorn
import uvloop
from rich.text import Text

from reelbot.cli.bootstrap import First, first_account
from reelbot.cli.call import Invocation, configured
from reelbot.cli.descriptors import raised
from reelbot.cli.listening import is_loopback, listener, url_of
from reelbot.cli.logs import log_to_stderr
from reelbot.cli.magic_link import link_to
from reelbot.cli.publishing import publishing_of
from reelbot.cli.slow_clients import Connections, protocol_of
from reelbot.cli.studio import TOLD_KINDS, studio_of
from reelbot.cli.terminal import printed, styled, to_paste
from reelbot.config import PORT_MAX
from reelbot.studio import Presets
from reelbot.web import (
    Hosts,
    PageSettings,
    Proxies,
    Rate,
    RequestBuckets,
    Shares,
    Site,
    Streams,
    build_app,
    names_of_this_machine,
    shares_of,
)
from reelbot.webhooks import open_webhooks
from reelbot.wiring import wired

_STRANGERS = "Others can reach this server, and keys travel as plain text. Put a proxy that speaks TLS in front of it."

_log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 5
"""How long requests under way may take to end: longer than any commit, shorter than a supervisor's patience."""

KEEP_ALIVE_SECONDS = 75
"""How long an idle connection is kept: reverse proxies keep theirs for up to 60 s, and one that sends a request on a
connection which the server has just closed answers its own caller with a 502."""

COLLECT_AFTER = (20_000, 10, 10)
"""When Python looks for cyclic garbage. A batch of commands makes thousands of short-lived values and no cycles; with the
usual 700 the collector runs many times in every batch, which costs a tenth of a request."""


@click.command()
@click.option("--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1 by default.")
@click.option("--port", type=click.IntRange(0, PORT_MAX), help="8080 by default; 0 is any free one.")
@configured
def serve(call: Invocation, host: str | None, port: int | None) -> None:
    """Serve the API, work on videos, and give overdue holds back, in one process.

    Opens on http://127.0.0.1:8080, on a SQLite file in ./data, both made when they are missing. On PostgreSQL any number
    of them may run, on any number of machines.
    """
    config = call.config
    config = replace(config, host=host or config.host, port=config.port if port is None else port)
    log_to_stderr(config.log_level)
    with listener(config.host, config.port) as listening:
        _warn_of_strangers(listening)
        uvloop.run(_serve(call._replace(config=config), listening))


async def _serve(call: Invocation, listening: socket.socket) -> None:
    loopback = call.config.webhooks_to_loopback
    async with (
        wired(call.config, create=True, sweeps=True) as parts,
        studio_of(parts, parts.config.jobs) as studio,
        publishing_of(parts, studio, parts.config.jobs > 0) as publishing,
        open_webhooks(
            parts.database, parts.ledger, parts.clock, loopback=loopback, delivers=True, stored_kinds=TOLD_KINDS
        ) as webhooks,
    ):
        facts = (parts.ledger, parts.accounts, parts.events, parts.database, parts.clock, version("reelbot"))
        config = parts.config
        hosts = Hosts((*config.names, *names_of_this_machine()))
        settings = PageSettings(config.signup, config.shown, config.public_url, Proxies(config.proxies), hosts)
        presets = Presets(parts.ledger, parts.database, parts.clock, studio.check_settings)
        files = raised()
        shares, rate = shares_of(files), Rate(config.request_burst, config.requests_per_second)
        site = Site(
            *facts,
            streams=Streams(shares),
            request_buckets=RequestBuckets(rate),
            webhooks=webhooks,
            studio=studio,
            publishing=publishing,
            presets=presets,
            pages=settings,
            subscriptions=parts.subscriptions,
        )
        _tell_shares(files, shares, rate)
        url, first = url_of(listening), await first_account(parts)
        link = await link_to(parts, first.account, config.public_url or url)

        def greet() -> None:
            shown = {"url": url, "account": first.name, "key": first.key, "link": link}
            call.show(shown, *_greeting(url, call, first, link))

        await Server(site, greet, shares).serve(sockets=[listening])


class Server(uvicorn.Server):
    """A server that says when it can be asked and told to end, and that ends open streams first when it is told."""

    def __init__(self, site: Site, greet: Callable[[], None], shares: Shares) -> None:
        connections = Connections(shares, site.pages.proxies, site.refusals, site.clock)
        config = uvicorn.Config(
            build_app(site),
            http=protocol_of(connections),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        super().__init__(config)
        self._site = site
        self._greet = greet

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; signals are caught already."""
        await super().startup(sockets)
        if self.started:
            _spare_the_collector()
            self._greet()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the streams end, then wait for the requests that are under way."""
        self._site.streams.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End by SIGINT or SIGTERM, once: raised again afterwards, they would cut off what is still to be closed."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def _tell_shares(files: int, shares: Shares, rate: Rate) -> None:
    """Log every bound that follows from what this machine allows, and those that were configured."""
    _log.info(
        "%d files may be open: %d connections, %d of them event streams. Of one address: %d connections, %d unfinished"
        " requests, %d streams. Of one account: %d streams, %d requests at once and %d a second after that.",
        files,
        shares.connections,
        shares.streams,
        shares.connections_of_address,
        shares.unfinished_of_address,
        shares.streams_of_address,
        shares.streams_of_account,
        rate.burst,
        rate.per_second,
    )


def _spare_the_collector() -> None:
    """Leave alone what the program itself is made of, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _greeting(url: str, call: Invocation, first: First, link: str) -> list[Text]:
    begin = [
        Text(f"ReelBot listens on {url} and keeps its data in {call.config.database_shown}."),
        Text(f"Open it as {first.name}, within ten minutes, and press the button; the link signs in once:"),
        to_paste(f"\n    {link}\n"),
    ]
    end = Text(f"`reelbot account link {first.name}` prints a new link. Ctrl-C ends the server.")
    if first.key is None:
        return [*begin, end]
    return [
        *begin,
        Text(f"The account {first.name} is new: {first.terms}. Programs use its API key, shown only this once:"),
        to_paste(f"\n    {first.key}\n"),
        Text("Try it:"),
        to_paste(f'\n    curl -H "Authorization: Bearer {first.key}" {url}/api/v1/usage\n'),
        end,
    ]


def _warn_of_strangers(listening: socket.socket) -> None:
    if not is_loopback(listening):
        printed(styled(f"Warning: {_STRANGERS}", "yellow"), stderr=True)
