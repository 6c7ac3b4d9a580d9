"""Where a provider's answers can lead, and where the key goes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from tests.providers.material import KEY
from tests.providers.servers import Reply, Server
from tests.providers.stage import PATIENT

from reelbot.addresses import is_public
from reelbot.allowance import FailurePoint
from reelbot.cli.logs import log_to_stderr
from reelbot.providers.keyed.failures import Source
from reelbot.providers.keyed.http import Caller
from reelbot.providers.port import ProviderFailure

PUBLIC_4, PUBLIC_6 = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"
HEADERS = {"authorization": f"Bearer {KEY}"}


class Web(httpx.AsyncBaseTransport):
    """Takes the place of the network: keeps each request, and answers with the same words."""

    def __init__(self, *responses: httpx.Response) -> None:
        self.requests: list[httpx.Request] = []
        self.responses = list(responses)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.responses.pop(0) if self.responses else httpx.Response(200, stream=httpx.ByteStream(b"fetched"))


@asynccontextmanager
async def calling(web: Web, *addresses: str) -> AsyncIterator[Caller]:
    async def resolve(host: str, port: int) -> Sequence[str]:
        if not addresses:
            raise OSError("no such name")
        return addresses

    source = Source("Some", "base_url", secrets=(KEY,))
    caller = Caller(source, "https://api.test/v1", HEADERS, timeouts=PATIENT, resolve=resolve, transport=web)
    async with aclosing(caller):
        yield caller


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.0.1", "192.0.2.1",
        "198.18.0.1", "203.0.113.7", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
        f"::ffff:{PUBLIC_4}", "64:ff9b::7f00:1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::1", "fc00::1", "fe80::1",
        "fd00:ec2::254", "ff02::1",
    ],
)  # fmt: skip
async def test_a_url_that_leads_inside_is_not_fetched(tmp_path: Path, address: str) -> None:
    assert not is_public(ip_address(address))
    web = Web()
    for addresses in ([address], [PUBLIC_4, address]):
        async with calling(web, *addresses) as caller:
            with pytest.raises(ProviderFailure, match="outside the public internet") as failure:
                await caller.download("https://cdn.test/clip.mp4", tmp_path / "clip", 100)
        assert failure.value.point is FailurePoint.AT_PROVIDER
        assert address not in failure.value.detail
    assert web.requests == []


@pytest.mark.parametrize(
    "url",
    ["http://cdn.test/x", "ftp://cdn.test/x", "file:///etc/passwd", "https://user@cdn.test/", "http://api.test/v1/x",
     "https://api.test:8443/x", "https://gone.test/x", "//gone.test/x"],
)  # fmt: skip
async def test_a_url_that_is_not_plain_https_or_leads_nowhere_is_not_fetched(tmp_path: Path, url: str) -> None:
    web = Web()
    async with calling(web) as caller:
        with pytest.raises(ProviderFailure) as failure:
            await caller.download(url, tmp_path / "clip", 100)
    assert failure.value.point is FailurePoint.AT_PROVIDER
    assert web.requests == []


async def test_a_public_url_is_fetched_at_the_address_that_was_checked_and_without_the_key(tmp_path: Path) -> None:
    web = Web()
    async with calling(web, PUBLIC_6, PUBLIC_4) as caller:
        await caller.download("https://cdn.test/clip.mp4?signature=a", tmp_path / "clip", 100)
    (request,) = web.requests
    assert str(request.url) == f"https://{PUBLIC_4}/clip.mp4?signature=a"
    assert request.headers["host"] == "cdn.test"
    assert request.extensions["sni_hostname"] == "cdn.test"
    assert KEY not in str(request.headers.raw)
    assert (tmp_path / "clip").read_bytes() == b"fetched"


@pytest.mark.parametrize(
    "url", ["files/x", "/v1/files/x", "https://api.test/v1/files/x", "https://api.test:443/v1/files/x"]
)
async def test_its_own_url_is_fetched_with_the_key(tmp_path: Path, url: str) -> None:
    web = Web()
    async with calling(web) as caller:
        await caller.download(url, tmp_path / "clip", 100)
    (request,) = web.requests
    assert (request.url.path, request.headers["authorization"]) == ("/v1/files/x", f"Bearer {KEY}")


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1/", "https://cdn.test/x", "http://api.test/v1/x", "https://169.254.169.254/"]
)
async def test_a_redirect_to_another_address_is_not_followed(tmp_path: Path, to: str) -> None:
    web = Web(httpx.Response(302, headers={"location": to}))
    async with calling(web, PUBLIC_4) as caller:
        with pytest.raises(ProviderFailure, match="another address, which is not followed") as failure:
            await caller.download("files/x", tmp_path / "clip", 100)
    assert failure.value.point is FailurePoint.AT_PROVIDER
    assert len(web.requests) == 1


async def test_a_redirect_of_a_public_url_to_the_inside_is_not_followed(tmp_path: Path) -> None:
    web = Web(httpx.Response(302, headers={"location": "http://10.0.0.1/"}))
    async with calling(web, PUBLIC_4) as caller:
        with pytest.raises(ProviderFailure, match="not followed"):
            await caller.download("https://cdn.test/x", tmp_path / "clip", 100)
    assert len(web.requests) == 1


async def test_a_redirect_within_its_own_address_is_followed_but_not_in_circles(tmp_path: Path, server: Server) -> None:
    server.routes["GET /v1/a"] = Reply(302, headers={"location": "/v1/b"})
    server.routes["GET /v1/b"] = Reply(body=b"found")
    server.routes["GET /v1/c"] = Reply(302, headers={"location": "/v1/c"})
    async with aclosing(Caller(Source("Some", ""), f"{server.url}/v1", HEADERS, timeouts=PATIENT)) as caller:
        await caller.download("a", tmp_path / "a", 100)
        assert (tmp_path / "a").read_bytes() == b"found"
        with pytest.raises(ProviderFailure, match="in circles"):
            await caller.download("c", tmp_path / "c", 100)


async def test_a_download_that_is_too_large_is_broken_off(tmp_path: Path, server: Server) -> None:
    server.routes["GET .*"] = Reply(body=b"x" * (3 * 1024**2))
    async with aclosing(Caller(Source("Some", ""), server.url, HEADERS, timeouts=PATIENT)) as caller:
        with pytest.raises(ProviderFailure, match="more than 1 MB") as failure:
            await caller.download("x", tmp_path / "x", 1024**2)
    assert failure.value.point is FailurePoint.AT_PROVIDER


async def test_proxies_of_the_environment_are_not_given_the_key(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.routes["GET .*"] = Reply(body=b"found")
    async with aclosing(Caller(Source("Some", ""), server.url, HEADERS, timeouts=PATIENT)) as caller:
        assert (await caller.ask("x")).body == b"found"


async def test_what_signs_a_url_is_not_written_to_the_log_of_a_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log_to_stderr("debug")
    caplog.set_level("DEBUG")
    async with calling(Web(), PUBLIC_4) as caller:
        await caller.download("https://cdn.test/clip.mp4?signature=precious", tmp_path / "clip", 100)
    assert "precious" not in caplog.text
