"""What an operator sets of the pages; `serve` hands it over."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from starlette.types import Scope

from reelbot.web.forwarding import Proxies
from reelbot.web.hosts import Hosts

Signup = Literal["closed", "open"]


class PageSettings(NamedTuple):
    """Who may open an account, and the configuration in force, its secrets struck out, for operators to read.

    `public_url` is where people find this site, without a slash at its end; empty where nobody has said. The word of
    `proxies` counts about where a request came from. `hosts` are the names that requests may be for.
    """

    signup: Signup = "closed"
    configuration: Mapping[str, str] = MappingProxyType({})
    public_url: str = ""
    proxies: Proxies = Proxies()
    hosts: Hosts = Hosts()

    @property
    def is_public_by_tls(self) -> bool:
        """Whether people find this site under https, whatever a request says."""
        return self.public_url.startswith("https:")

    def is_secure(self, scope: Scope) -> bool:
        """Whether a browser came by TLS: cookies then go by TLS only, and it is told never to come without."""
        return self.is_public_by_tls or self.proxies.is_secure(scope)
