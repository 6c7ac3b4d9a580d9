"""What an operator sets of the pages; `serve` hands it over."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from reelbot.web.forwarding import Proxies

Signup = Literal["closed", "open"]


class PageSettings(NamedTuple):
    """Who may open an account, and the configuration in force, its secrets struck out, for operators to read.

    `public_url` is where people find this site, without a slash at its end; empty where nobody has said. The word of
    `proxies` counts about where a request came from.
    """

    signup: Signup = "closed"
    configuration: Mapping[str, str] = MappingProxyType({})
    public_url: str = ""
    proxies: Proxies = Proxies()

    @property
    def is_public_by_tls(self) -> bool:
        """Whether people find this site under https, whatever a request says."""
        return self.public_url.startswith("https:")
