"""The front door of `web`: the HTTP API and the pages as one ASGI application."""

from reelbot.web.forwarding import Proxies
from reelbot.web.hosts import Hosts, names_of_this_machine
from reelbot.web.parts import Gate, Site
from reelbot.web.settings import PageSettings
from reelbot.web.site import build_app

__all__ = ["Gate", "Hosts", "PageSettings", "Proxies", "Site", "build_app", "names_of_this_machine"]
