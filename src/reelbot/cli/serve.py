"""`reelbot serve`: the API, and the sweeper that gives overdue holds back, in one process.

On a database without accounts it opens the first one, and shows its API key, once.
"""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import NamedTuple

import click
import uvicorn
import uvloop
from rich.text import Text

from reelbot.allowance import Catalogue
from reelbot.cli.call import Call, configured
from reelbot.cli.listening import is_loopback, listener, url_of
from reelbot.cli.terminal import printed, styled, to_paste
from reelbot.cli.timezone import machine_timezone
from reelbot.config import PORT_MAX
from reelbot.web import Site, build_app
from reelbot.webhooks import open_webhooks
from reelbot.wiring import FIRST_LABEL, NameTaken, Parts, open_account, wired

OWNER = "owner"
OWNER_PLAN = "pro"

_STRANGERS = "Others can reach this server, and keys travel as plain text. Put a proxy that speaks TLS in front of it."

SHUTDOWN_SECONDS = 5
"""How long requests under way may take to end: longer than any commit, shorter than a supervisor's patience."""


class _First(NamedTuple):
    """The account that a newcomer begins with; `key` and `terms` when it was opened just now."""

    name: str
    key: str | None = None
    terms: str = ""


@click.command()
@click.option("--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1 by default.")
@click.option("--port", type=click.IntRange(0, PORT_MAX), help="8080 by default; 0 is any free one.")
@configured
def serve(call: Call, host: str | None, port: int | None) -> None:
    """Serve the API and give overdue holds back, in one process.

    Opens on http://127.0.0.1:8080, on a SQLite file in ./data, both made when they are missing. On PostgreSQL any number
    of them may run, on any number of machines.
    """
    config = call.config
    config = replace(config, host=host or config.host, port=config.port if port is None else port)
    _log_to_stderr(config.log_level)
    with listener(config.host, config.port) as listening:
        _warn_of_strangers(listening)
        uvloop.run(_serve(call._replace(config=config), listening))


async def _serve(call: Call, listening: socket.socket) -> None:
    loopback = call.config.webhooks_to_loopback
    async with (
        wired(call.config, create=True, sweeps=True) as parts,
        open_webhooks(parts.database, parts.ledger, parts.clock, loopback=loopback, delivers=True) as webhooks,
    ):
        facts = (parts.ledger, parts.accounts, parts.events, parts.database, parts.clock, version("reelbot"))
        site = Site(*facts, webhooks=webhooks)
        url, first = url_of(listening), await _first_account(parts)

        def greet() -> None:
            call.show({"url": url, "account": first.name, "key": first.key}, *_greeting(url, call, first))

        await _Server(site, greet).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """A server that says when it can be asked and told to end, and that ends open streams first when it is told."""

    def __init__(self, site: Site, greet: Callable[[], None]) -> None:
        config = uvicorn.Config(
            build_app(site),
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        super().__init__(config)
        self._site = site
        self._greet = greet

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; signals are caught already."""
        await super().startup(sockets)
        if self.started:
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


async def _first_account(parts: Parts) -> _First:
    """The oldest account; on an empty database the owner, who is an operator too, is opened."""
    some = await parts.ledger.accounts(None, 1)
    if some:
        return _First(some[0].name)
    catalogue, zone = parts.ledger.terms.catalogue, machine_timezone()
    plan = _owner_plan(catalogue)
    try:
        opened = await open_account(parts, OWNER, plan, zone, "operator", FIRST_LABEL)
    except NameTaken:  # by another server that began at the same moment
        return _First(OWNER)
    terms = f"an operator on the {catalogue.plans[plan].title} plan, its days counted in {zone}"
    return _First(OWNER, opened.key, terms)


def _owner_plan(catalogue: Catalogue) -> str:
    """The plan of the first account; the highest one where an operator's file has no such plan."""
    return OWNER_PLAN if OWNER_PLAN in catalogue.plans else list(catalogue.plans)[-1]


def _greeting(url: str, call: Call, first: _First) -> list[Text]:
    begin = Text(f"ReelBot listens on {url} and keeps its data in {call.config.database_shown}.")
    if first.key is None:
        return [begin, Text(f"`reelbot account key {first.name}` issues an API key. Ctrl-C ends the server.")]
    return [
        begin,
        Text(f"The first account, {first.name}, is open: {first.terms}. Its API key, shown only this once:"),
        to_paste(f"\n    {first.key}\n"),
        Text("Try it:"),
        to_paste(f'\n    curl -H "Authorization: Bearer {first.key}" {url}/api/v1/usage\n'),
        Text("Ctrl-C ends the server."),
    ]


def _warn_of_strangers(listening: socket.socket) -> None:
    if not is_loopback(listening):
        printed(styled(f"Warning: {_STRANGERS}", "yellow"), stderr=True)


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if level != "debug":  # the server's own talk about starting and ending says nothing that isn't said here
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
