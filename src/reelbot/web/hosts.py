"""Which names this server answers to: a page of somebody else must not reach it under a name of theirs (DNS rebinding).

A browser takes whatever has one name for one site. So whoever has a domain can let its name lead to a machine inside, and
their pages then read the answers of the server there. Such a request names their domain in `Host`, and is refused. An
address of numbers is always answered: no name leads to it, so no page of another site can have it.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable

from starlette.types import Scope

from reelbot.web.problems import Problem

ALWAYS = frozenset({"/healthz", "/readyz"})
"""Paths that any name may ask for: probes call a machine as they like, and these tell nothing."""

_REMEMBERED_MAX = 1_000
"""Values of `Host` that were found right, so that each is read once."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?")
_LOOPBACK_NAME = "localhost"
_WRONG = (
    "This server does not answer to the host name in this request. Open it at its own address; whoever runs it can add "
    "names with `public_url` and `hosts`."
)


class Hosts:
    """The names of one server, beside those of the loopback and any address of numbers."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(name.casefold().removesuffix(".") for name in names if name) | {_LOOPBACK_NAME}
        self._right: set[bytes] = set()

    def require(self, scope: Scope) -> None:
        """Raise `Problem` malformed for a request to a name that is none of ours.

        One without `Host`, as programs of HTTP/1.0 send it, comes from no browser.
        """
        for name, value in scope["headers"]:
            if name == b"host" and value not in self._right:
                self._look_at(value, scope["path"])

    def _look_at(self, value: bytes, path: str) -> None:
        if self._is_ours(value.decode("latin-1").casefold()):
            if len(self._right) < _REMEMBERED_MAX:
                self._right.add(value)
        elif path not in ALWAYS:
            raise Problem("malformed", _WRONG, {"where": "Host"})

    def _is_ours(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].strip("[]").removesuffix(".")
        return name in self._names or name.endswith(f".{_LOOPBACK_NAME}") or _is_address(name)


def names_of_this_machine() -> tuple[str, ...]:
    """What this machine is called in its own network."""
    name = socket.gethostname()
    return name, f"{name.partition('.')[0]}.local"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
