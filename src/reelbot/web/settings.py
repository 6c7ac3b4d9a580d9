"""What an operator sets of the pages; `serve` hands it over."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Signup = Literal["closed", "open"]


class PageSettings(NamedTuple):
    """Who may open an account, and the configuration in force, its secrets struck out, for operators to read."""

    signup: Signup = "closed"
    configuration: Mapping[str, str] = MappingProxyType({})
