"""The front door of `web`: the HTTP API and the pages as one ASGI application."""

from reelbot import extras

extras.require("server")

from reelbot.web.connections import Streams
from reelbot.web.context import Gate, RequestBuckets, Site
from reelbot.web.forwarding import Proxies
from reelbot.web.hosts import Hosts, names_of_this_machine
from reelbot.web.refusals import Refusals
from reelbot.web.settings import PageSettings
from reelbot.web.shares import Shares, shares_of
from reelbot.web.site import build_app
from reelbot.web.token_buckets import Rate

__all__ = [
    "Gate",
    "Hosts",
    "PageSettings",
    "Proxies",
    "Rate",
    "Refusals",
    "RequestBuckets",
    "Shares",
    "Site",
    "Streams",
    "build_app",
    "names_of_this_machine",
    "shares_of",
]
