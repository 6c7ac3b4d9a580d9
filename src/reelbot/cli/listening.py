"""The place where the server listens: opened before anything else, so that a port that is taken is told plainly."""

import ipaddress
import socket

from reelbot.errors import ConfigFailure

BACKLOG = 2_048
"""Connections that may wait to be taken: a burst of clients that all connect at once."""


def listener(host: str, port: int) -> socket.socket:
    """A socket that listens on an address; port 0 is any free one. `ConfigFailure` when it can't."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise ConfigFailure(f"There is no address {host} on this machine.", "Choose another with --host.") from error
    except PermissionError as error:
        raise ConfigFailure(
            f"Port {port} may not be used by this user.", "Choose one from 1024 with --port."
        ) from error
    except OSError as error:
        detail = f"Port {port} of {host} cannot be listened on: {_reason(error)}."
        raise ConfigFailure(detail, "Choose another with --port, or end the program that has it.") from error


def url_of(listening: socket.socket) -> str:
    """The address to open: this machine's own name where the server listens on all of its addresses."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        return f"http://localhost:{port}"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def _reason(error: OSError) -> str:
    return str(error.strerror or error).lower()
