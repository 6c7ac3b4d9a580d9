"""Asks one provider over HTTP, within bounds, and tells every mishap as the failure point that it means (failures.py).

The key goes to the provider's own address and nowhere else. No redirect leaves that address. A URL that an answer names
is fetched only when it is the provider's own or on the public internet (`reelbot.addresses`), and never with the key. No
connection is kept: one that the other side has just closed would look like work whose outcome isn't known.

Nothing is decompressed: a few kilobytes can become gigabytes. Answers are asked for as they are, one that comes compressed
all the same is refused unread, and every other is counted as it comes.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from reelbot.addresses import AddressInside, NoAddress, Resolve, addresses_of, is_public
from reelbot.providers.keyed.failures import (
    NOT_TAKEN_UP,
    Source,
    not_kept,
    not_told,
    refused,
    retry_seconds,
    said_by,
    unanswered,
    unreachable,
    unusable,
)
from reelbot.providers.limits import ANSWER_BYTES_MAX, ERROR_BYTES_MAX, PIECE_BYTES
from reelbot.providers.port import ProviderFailure

REDIRECTS_MAX = 3
"""Of one question, all within the provider's own address: more is a circle."""


class Timeouts(NamedTuple):
    """How long one call may take. `silence_seconds` is the longest wait for the next piece of an answer.

    A model thinks in silence before the first piece; the studio bounds a whole attempt by `Ability.seconds_max`.
    """

    connect_seconds: float = 10
    silence_seconds: float = 180
    whole_seconds: float = 240


DEFAULT_TIMEOUTS = Timeouts()


class Answer(NamedTuple):
    """What was answered with success."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Stage(Enum):
    """How far a call has come: what a mishap means depends on it."""

    UNSENT = 0
    SENT = 1
    ANSWERED = 2


@dataclass
class _Progress:
    """How far a call has come. `is_question` when asking again is harmless."""

    is_question: bool
    stage: _Stage = _Stage.UNSENT

    async def trace(self, event: str, _: Mapping[str, Any]) -> None:
        """Told by the transport what it does."""
        if self.stage is _Stage.UNSENT and event.endswith("send_request_headers.started"):
            self.stage = _Stage.SENT


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class Caller:
    """Asks the provider at `base_url`. `headers` carry the key."""

    def __init__(
        self,
        source: Source,
        base_url: str,
        headers: Mapping[str, str],
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        resolve: Resolve = resolved,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.source = source
        self._base = httpx.URL(base_url.rstrip("/") + "/")
        self._headers = dict(headers)
        self._timeouts = timeouts
        self._resolve = resolve
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(
                timeouts.whole_seconds, connect=timeouts.connect_seconds, read=timeouts.silence_seconds
            ),
            limits=httpx.Limits(max_keepalive_connections=0),
            verify=_trusted(),
            headers={"user-agent": "ReelBot", "accept-encoding": "identity"},
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Give back connections."""
        await self._client.aclose()

    async def order(
        self,
        path: str,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        bytes_max: int = ANSWER_BYTES_MAX,
    ) -> Answer:
        """Ask for work, once. Whatever goes wrong is a `ProviderFailure` with the point that the work ended at."""
        if json is None:
            content: dict[str, Any] = {"data": form, "files": files}
        else:
            content = {"content": msgspec.json.encode(json), "headers": {"content-type": "application/json"}}
        content["headers"] = {**content.get("headers", {}), **(headers or {})}
        progress = _Progress(is_question=False)
        async with self._answered(progress, "POST", self._base.join(path), content) as response:
            if response.is_success:
                return Answer(response.status_code, response.headers, await self._body(response, bytes_max))
            said = said_by(await self._start_of(response))
            raise refused(self.source, response.status_code, response.headers, said)

    async def ask(self, path: str, *, bytes_max: int = ANSWER_BYTES_MAX, taking: tuple[int, ...] = ()) -> Answer:
        """Ask a question, which may be asked again. A status that is neither success nor in `taking` is `not_told`."""
        progress = _Progress(is_question=True)
        async with self._answered(progress, "GET", self._base.join(path), {}) as response:
            if response.is_success or response.status_code in taking:
                return Answer(response.status_code, response.headers, await self._body(response, bytes_max))
            raise await self._not_told(response)

    async def request(self, method: str, path: str) -> int:
        """Ask for something that may be asked again and again, such as an end; the status, whatever it is."""
        progress = _Progress(is_question=True)
        async with self._answered(progress, method, self._base.join(path), {}) as response:
            return response.status_code

    async def download(self, url: str, into: Path, bytes_max: int) -> None:
        """Fetch what an answer names, a path at the provider or a URL, into a new file."""
        progress = _Progress(is_question=True)
        async with self._answered(progress, "GET", self._named(url), {}) as response:
            if not response.is_success:
                raise await self._not_told(response)
            await self._store(response, into, bytes_max)

    def is_own(self, url: httpx.URL) -> bool:
        """Whether a URL is at the provider's own address."""
        return _origin(url) == _origin(self._base)

    def _named(self, url: str) -> httpx.URL:
        try:
            return self._base.join(url)
        except httpx.InvalidURL:
            raise unusable(self.source, "names a URL that is none") from None

    @asynccontextmanager
    async def _answered(
        self, progress: _Progress, method: str, url: httpx.URL, content: dict[str, Any]
    ) -> AsyncIterator[httpx.Response]:
        """The answer to one call, its body not read yet, with every mishap told as what it means."""
        with self._told(progress):
            async with asyncio.timeout(self._timeouts.whole_seconds):
                for _ in range(REDIRECTS_MAX + 1):
                    request = await self._request(progress, method, url, content)
                    response = await self._client.send(request, stream=True)
                    try:
                        progress.stage = _Stage.ANSWERED
                        if not (progress.is_question and response.has_redirect_location):
                            yield response
                            return
                        url = self._redirected(url, response)
                    finally:
                        await response.aclose()
                raise unusable(self.source, "sends in circles")

    async def _request(
        self, progress: _Progress, method: str, url: httpx.URL, content: dict[str, Any]
    ) -> httpx.Request:
        """A request to the provider with its key, or to a checked address elsewhere without it."""
        extensions: dict[str, Any] = {"trace": progress.trace}
        if self.is_own(url):
            headers = {**self._headers, **content.get("headers", {})}
            rest = {name: value for name, value in content.items() if name != "headers"}
            return self._client.build_request(method, url, headers=headers, extensions=extensions, **rest)
        address = await _public_address(url, self._resolve)
        extensions["sni_hostname"] = url.raw_host.decode("ascii")  # the certificate is still that of the name
        host = {"host": url.netloc.decode("ascii")}
        return self._client.build_request(method, url.copy_with(host=address), headers=host, extensions=extensions)

    def _redirected(self, url: httpx.URL, response: httpx.Response) -> httpx.URL:
        try:
            following = url.join(response.headers["location"])
        except httpx.InvalidURL:
            raise unusable(self.source, "sends to a URL that is none") from None
        if _origin(following) != _origin(url):
            raise unusable(self.source, "sends to another address, which is not followed")
        return following

    @contextmanager
    def _told(self, progress: _Progress) -> Iterator[None]:
        """Tell a mishap of the network as what it means for the work, by how far the call had come."""
        try:
            yield
        except _URLRefused as error:
            raise unusable(self.source, str(error)) from None
        except TimeoutError:
            raise self._failure(progress, f"nothing complete within {self._timeouts.whole_seconds:g} s") from None
        except httpx.TimeoutException:
            raise self._failure(progress, "it was silent for too long") from None
        except httpx.TransportError as error:
            raise self._failure(progress, str(error) or type(error).__name__) from None

    def _failure(self, progress: _Progress, why: str) -> ProviderFailure:
        if progress.is_question:
            return not_told(self.source, why)
        match progress.stage:
            case _Stage.UNSENT:
                return unreachable(self.source, why)
            case _Stage.SENT:
                return unanswered(self.source, why)
            case _Stage.ANSWERED:
                return unusable(self.source, "broke off in the middle of its answer")

    async def _not_told(self, response: httpx.Response) -> ProviderFailure:
        said = said_by(await self._start_of(response))
        why = said.message if response.status_code not in (401, 403) else "it does not accept the key"
        return not_told(self.source, why or f"status {response.status_code}", retry_seconds(response.headers))

    async def _body(self, response: httpx.Response, bytes_max: int) -> bytes:
        pieces: list[bytes] = []
        async for piece in self._pieces(response, bytes_max):
            pieces.append(piece)
        return b"".join(pieces)

    async def _store(self, response: httpx.Response, into: Path, bytes_max: int) -> None:
        try:
            await asyncio.to_thread(into.write_bytes, b"")
            async for piece in self._pieces(response, bytes_max):
                await asyncio.to_thread(_append, into, piece)
        except OSError as error:
            raise not_kept(self.source, f"it could not be stored: {error.strerror}") from error

    async def _pieces(self, response: httpx.Response, bytes_max: int) -> AsyncIterator[bytes]:
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise unusable(self.source, "answered compressed, although it was asked not to")
        size = 0
        async for piece in response.aiter_raw(PIECE_BYTES):
            size += len(piece)
            if size > bytes_max:
                raise unusable(self.source, f"answered with more than {bytes_max // 1024**2} MB")
            yield piece

    async def _start_of(self, response: httpx.Response) -> bytes:
        """The beginning of an error's body; what is said there is worth having, and nothing depends on it."""
        body = b""
        try:
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > ERROR_BYTES_MAX:
                    break
        except httpx.TransportError:
            pass
        return body


def is_passing(status: int) -> bool:
    """Whether a status tells of the moment and not of what was asked."""
    return status in (408, 425, 429, 500, 502, 504, *NOT_TAKEN_UP)


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed: read once, because it takes a while; those of `SSL_CERT_FILE` where it is set."""
    return httpx.create_ssl_context()


class _URLRefused(Exception):
    """A URL that must not be fetched, or that leads nowhere. The text goes on after a name and tells no address."""


async def _public_address(url: httpx.URL, resolve: Resolve) -> str:
    """A checked address of the host of a URL, to connect to; `_URLRefused` unless every one it has is public.

    Where a provider itself stands is the operator's choice, the very machine included. What its answers name is not.
    """
    if url.scheme != "https" or not url.raw_host or url.userinfo:
        raise _URLRefused("names a URL that is not plain https")
    try:
        addresses = await addresses_of(url.raw_host.decode("ascii"), url.port or 443, resolve, is_public)
    except NoAddress:
        raise _URLRefused("names a URL that leads nowhere") from None
    except AddressInside:
        raise _URLRefused("names a URL outside the public internet") from None
    return str(min(addresses, key=lambda address: address.version))  # IPv4 first: not every machine has a way by IPv6


def _append(path: Path, piece: bytes) -> None:
    with path.open("ab") as file:
        file.write(piece)


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    ports = {"http": 80, "https": 443}
    return url.scheme, url.raw_host, url.port or ports.get(url.scheme)
