"""Sends messages to addresses that strangers chose, and to nothing but the public internet. Used by `delivery`.

A name is resolved once for each attempt, and the connection goes to an address that was checked (`reelbot.addresses`).
The certificate is still that of the name. No redirect is followed, no proxy of the environment used, no connection or cookie
kept; of an answer only its status is read, so nothing of it is decompressed.

What is wrong with an address that must not be reached is told in the same words as a name that does not exist, so that
nobody learns what there is in the operator's own network.
"""

import asyncio
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx

from reelbot.addresses import Address, AddressInside, NoAddress, Resolve, addresses_of, is_public
from reelbot.errors import Malformed

URL_LENGTH_MAX = 2_000
"""Characters of a URL: what servers and proxies on its way accept."""

ATTEMPT_SECONDS = 10.0
"""Of one attempt in all: time enough to store a message, which is all that a receiver should do before it answers."""

CONNECT_SECONDS = 3.0
"""Of a connection to one address, so that a second one still gets its turn."""

ADDRESSES_MAX = 4
"""Of one name that are tried."""

RESOLVERS_MAX = 64
"""Names that are being resolved at once: one whose servers never answer holds a thread for half a minute."""

DETAIL_LENGTH_MAX = 200

_GONE = 410
_FIELDS = {"content-type": "application/json", "user-agent": "ReelBot", "connection": "close"}


class Attempt(NamedTuple):
    """How an attempt ended. `is_gone` when the receiver asks for no more; `status` is None when none was answered."""

    is_delivered: bool
    status: int | None
    detail: str
    is_gone: bool = False


class Client:
    """Sends signed messages. `loopback` lets them go to this very machine too, also without TLS: for development."""

    def __init__(
        self,
        *,
        loopback: bool = False,
        resolve: Resolve | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self._loopback = loopback
        self._threads = ThreadPoolExecutor(RESOLVERS_MAX, "reelbot-resolve")
        self._resolve = resolve or self._resolve_in_thread
        self._transport = transport or httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        self._attempt_seconds = attempt_seconds

    async def aclose(self) -> None:
        """Give everything back."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._transport.aclose()

    async def check(self, url: str) -> None:
        """Raise `Malformed` unless a message could be sent there now."""
        parsed = self._parsed(url)
        try:
            async with asyncio.timeout(self._attempt_seconds):
                await self._addresses(parsed)
        except (NoAddress, AddressInside, TimeoutError):
            raise Malformed("url must lead to an address on the public internet.", "url") from None

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempt:
        """Post one message and tell how it went; raises nothing that the receiver or the network is to blame for."""
        try:
            async with asyncio.timeout(self._attempt_seconds):
                return _attempt(await self._status(url, headers, body))
        except TimeoutError:
            return Attempt(False, None, f"It did not answer within {self._attempt_seconds:g} seconds.")
        except (NoAddress, AddressInside, Malformed):
            return Attempt(False, None, "Its address cannot be used.")
        except httpx.HTTPError as error:
            said = " ".join(str(error).split())[:DETAIL_LENGTH_MAX]
            return Attempt(False, None, f"It could not be reached: {said or type(error).__name__}.")

    async def _status(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        parsed = self._parsed(url)
        timeout = httpx.Timeout(self._attempt_seconds, connect=CONNECT_SECONDS).as_dict()
        fields = {**_FIELDS, **headers}
        request = httpx.Request("POST", parsed, headers=fields, content=body, extensions={"timeout": timeout})
        failure = httpx.ConnectError("it has no address")
        for address in (await self._addresses(parsed))[:ADDRESSES_MAX]:
            try:
                response = await self._transport.handle_async_request(_sent_to(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = httpx.ConnectError(str(error))
                continue
            await response.aclose()
            return response.status_code
        raise failure

    def _parsed(self, url: str) -> httpx.URL:
        """A URL that could be meant; `Malformed` otherwise. The addresses behind its name are not looked at here."""
        schemes = ("https", "http") if self._loopback else ("https",)
        try:
            parsed = httpx.URL(url) if len(url) <= URL_LENGTH_MAX else None
        except httpx.InvalidURL:
            parsed = None
        if parsed is None or parsed.scheme not in schemes or not parsed.raw_host or not _has_port(parsed):
            raise Malformed(f"url must be an https address of at most {URL_LENGTH_MAX} characters.", "url")
        if parsed.userinfo or parsed.fragment:
            raise Malformed("url must have no user, no password and no fragment; messages are signed instead.", "url")
        return parsed

    async def _addresses(self, url: httpx.URL) -> list[Address]:
        """All addresses of the host, each of them checked."""
        host, port = url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)
        return await addresses_of(host, port, self._resolve, lambda address: self._may_reach(address, url.scheme))

    def _may_reach(self, address: Address, scheme: str) -> bool:
        is_mapped = getattr(address, "ipv4_mapped", None) is not None  # from Python 3.13 on it is loopback, too
        if self._loopback and address.is_loopback and not is_mapped:
            return True
        return scheme == "https" and is_public(address)

    async def _resolve_in_thread(self, host: str, port: int) -> list[str]:
        """Ask the system, in threads of our own: names that take for ever to resolve must not delay anything else."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _resolved, host, port)
        return list(dict.fromkeys(found))


def _resolved(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [str(place[0]) for *_, place in found]


def _sent_to(request: httpx.Request, address: Address) -> httpx.Request:
    """The same request, to an address instead of a name: the `Host` field and the certificate stay those of the name."""
    host = request.url.raw_host.decode("ascii")
    extensions = {**request.extensions, "sni_hostname": host}
    url = request.url.copy_with(host=str(address))
    return httpx.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=extensions)


def _has_port(url: httpx.URL) -> bool:
    return url.port is None or 0 < url.port < 65_536


def _attempt(status: int) -> Attempt:
    if 200 <= status < 300:
        return Attempt(True, status, f"It answered {status}.")
    if 300 <= status < 400:
        return Attempt(False, status, f"It answered {status}; redirects are not followed.")
    return Attempt(False, status, f"It answered {status}.", is_gone=status == _GONE)
