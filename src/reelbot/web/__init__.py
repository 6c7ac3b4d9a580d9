"""The front door of `web`: the HTTP API as one ASGI application."""

from reelbot.web.parts import Gate, Site
from reelbot.web.site import build_app

__all__ = ["Gate", "Site", "build_app"]
