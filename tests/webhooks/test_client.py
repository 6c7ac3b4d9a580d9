"""Which addresses a webhook can't reach, however they are written, resolved, or changed in between."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest
from tests.support.receivers import Inbox, Receiver

from reelbot.addresses import address_from, is_public
from reelbot.errors import Malformed
from reelbot.webhooks import Attempt, Client
from reelbot.webhooks.client import ADDRESSES_MAX, URL_LENGTH_MAX

CERTIFICATE = Path(__file__).with_name("receiver_test.pem")
"""Of `receiver.test`, signed by itself, with its key: worth nothing anywhere else."""

PUBLIC_4, PUBLIC_6 = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"
REFUSED = Attempt(False, None, "Its address cannot be used.")


class Names:
    """A resolver that answers what it is told to, one answer after the other, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def sent_to(url: str, *answers: Sequence[str], loopback: bool = False) -> tuple[Attempt, list[str]]:
    """How an attempt ends, and which hosts were connected to."""
    inbox = Inbox()
    async with aclosing(Client(loopback=loopback, resolve=Names(*answers), transport=inbox)) as client:
        attempt = await client.send(url, {}, b"{}")
    return attempt, [request.url.host for request in inbox.requests]


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.8.8.8",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
        "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1",
        "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", f"::ffff:{PUBLIC_4}", "::ffff:0:7f00:1",
        "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:2::1",
        "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1",
        "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "ff0e::1",
    ],
)  # fmt: skip
async def test_what_is_not_on_the_public_internet_is_not_connected_to(address: str) -> None:
    assert not is_public(address_from(address))
    assert await sent_to("https://receiver.test/", [address]) == (REFUSED, [])
    assert await sent_to("https://receiver.test/", [PUBLIC_4, address]) == (REFUSED, [])


@pytest.mark.parametrize(
    "address",
    [PUBLIC_4, "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
     "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
     "198.20.0.0", "223.255.255.255", PUBLIC_6, "2001:200::1", "2001:4860:4860::8888", "2400:cb00::1", "2a00::1",
     f"64:ff9b::{PUBLIC_4}"],
)  # fmt: skip
async def test_what_is_on_the_public_internet_is_connected_to(address: str) -> None:
    attempt, hosts = await sent_to("https://receiver.test/", [address])
    assert attempt.is_delivered
    assert [address_from(host) for host in hosts] == [address_from(address)]


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.test/", "HTTP://receiver.test/", "ftp://receiver.test/", "file:///etc/passwd", "gopher://x:70/_",
        "//receiver.test/", "receiver.test", "/hooks", "", "https://", "https:///hooks", "https://?", "javascript:alert(1)",
        "https://user@receiver.test/", "https://user:password@receiver.test/", "https://:password@receiver.test/",
        "https://receiver.test\\@127.0.0.1/", "https://receiver.test/#fragment", "https://receiver.test:port/",
        "https://receiver.test:0/", "https://receiver.test:65536/", "https://[::1/", "https://[::1]extra/",
        "https://receiver.test/\n\rX: y", "https://receiver.test/\x00", f"https://receiver.test/{'x' * URL_LENGTH_MAX}", "https://\u2024/",
    ],
)  # fmt: skip
async def test_what_is_no_plain_https_address_is_told_to_whoever_adds_it_and_not_connected_to(url: str) -> None:
    async with aclosing(Client(resolve=Names([PUBLIC_4]), transport=Inbox())) as client:
        with pytest.raises(Malformed) as malformed:
            await client.check(url)
        assert malformed.value.field == "url"
    assert await sent_to(url, [PUBLIC_4]) == (REFUSED, [])


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost.", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]",
        "[fe80::1%25lo]", "①②⑦.⓪.⓪.①", "127。0。0。1", ".localhost", "a..b", "x" * 64, "-", "%31%32%37.0.0.1",
        "0.0.0.0", "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1:443", "receiver.invalid",
    ],
)  # fmt: skip
async def test_every_way_to_write_an_inner_address_is_refused_in_the_same_words_by_the_systems_own_resolver(
    host: str,
) -> None:
    inbox = Inbox()
    async with aclosing(Client(transport=inbox)) as client:
        assert await client.send(f"https://{host}/", {}, b"") == REFUSED
        with pytest.raises(Malformed) as malformed:
            await client.check(f"https://{host}/")
    assert malformed.value.detail.startswith("url must ")
    assert inbox.requests == []


async def test_who_adds_an_address_is_not_told_whether_a_name_is_inside_or_does_not_exist() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    told = []
    for resolve in (nowhere, Names(["10.0.0.1"]), Names([])):
        async with aclosing(Client(resolve=resolve, transport=Inbox())) as client:
            with pytest.raises(Malformed) as malformed:
                await client.check("https://intranet.test/")
            told.append(malformed.value.detail)
            assert await client.send("https://intranet.test/", {}, b"") == REFUSED
    assert told == ["url must lead to an address on the public internet."] * 3


async def test_a_name_is_resolved_once_an_attempt_and_the_checked_address_is_connected_to() -> None:
    names, inbox = Names([PUBLIC_4], ["127.0.0.1"]), Inbox()
    async with aclosing(Client(resolve=names, transport=inbox)) as client:
        assert (await client.send("https://receiver.test/hooks?a=b", {}, b"{}")).is_delivered
        assert names.asked == [("receiver.test", 443)]
        (request,) = inbox.requests
        assert str(request.url) == f"https://{PUBLIC_4}/hooks?a=b"
        assert request.headers["host"] == "receiver.test"
        assert request.extensions["sni_hostname"] == "receiver.test"
        assert await client.send("https://receiver.test/", {}, b"{}") == REFUSED
    assert len(inbox.requests) == 1


async def test_a_name_with_several_addresses_is_tried_at_the_next_when_one_does_not_answer() -> None:
    class HalfAway(Inbox):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.host != PUBLIC_4:
                self.requests.append(request)
                raise httpx.ConnectTimeout("away")
            return await super().handle_async_request(request)

    inbox = HalfAway()
    async with aclosing(Client(resolve=Names([PUBLIC_6, PUBLIC_4, "1.1.1.1"]), transport=inbox)) as client:
        assert (await client.send("https://receiver.test/", {}, b"{}")).is_delivered
        assert [request.url.host for request in inbox.requests] == [PUBLIC_6, PUBLIC_4]
    inbox.requests.clear()
    async with aclosing(Client(resolve=Names([f"1.1.1.{n}" for n in range(9)]), transport=inbox)) as client:
        assert (await client.send("https://receiver.test/", {}, b"{}")).detail == "It could not be reached: away."
        assert len(inbox.requests) == ADDRESSES_MAX


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
async def test_loopback_is_for_development_and_has_to_be_allowed(address: str) -> None:
    for scheme in ("http", "https"):
        assert await sent_to(f"{scheme}://receiver.test/", [address]) == (REFUSED, [])
        attempt, hosts = await sent_to(f"{scheme}://receiver.test/", [address], loopback=True)
        assert (attempt.is_delivered, hosts) == (True, [address])


@pytest.mark.parametrize(
    "addresses", [[PUBLIC_4], ["127.0.0.1", PUBLIC_4], ["10.0.0.1"], ["0.0.0.0"], ["::ffff:127.0.0.1"]]
)
async def test_what_allows_loopback_allows_nothing_else(addresses: list[str]) -> None:
    assert await sent_to("http://receiver.test/", addresses, loopback=True) == (REFUSED, [])


async def test_the_environments_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    receiver = Receiver()
    async with receiver.open(), aclosing(Client(loopback=True)) as client:
        assert (await client.send(receiver.url, {}, b"{}")).is_delivered


@pytest.mark.parametrize(("host", "is_known"), [("receiver.test", True), ("other.test", False)])
async def test_the_certificate_must_be_that_of_the_name_although_an_address_is_connected_to(
    host: str, is_known: bool
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    transport = httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cafile=str(CERTIFICATE)))
    names, receiver = Names(["127.0.0.1"]), Receiver()
    async with receiver.open(tls), aclosing(Client(loopback=True, resolve=names, transport=transport)) as client:
        attempt = await client.send(f"https://{host}:{receiver.port}/", {}, b"{}")
    assert attempt.is_delivered == is_known
    assert [one.headers["host"] for one in receiver.received] == [f"{host}:{receiver.port}"] * is_known
    assert is_known or "certificate" in attempt.detail


async def test_a_name_that_takes_for_ever_to_resolve_ends_the_attempt() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    async with aclosing(Client(resolve=never, transport=Inbox(), attempt_seconds=0.05)) as client:
        assert (await client.send("https://receiver.test/", {}, b"")).detail == "It did not answer within 0.05 seconds."
        with pytest.raises(Malformed):
            await client.check("https://receiver.test/")
