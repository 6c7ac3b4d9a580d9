"""Where a request came from, behind proxies and behind none: nobody says so who is not trusted."""

import pytest

from reelbot.web.forwarding import Origin, Proxies

FOR = b"x-forwarded-for"
PROTO = b"x-forwarded-proto"

LOOPBACK = "127.0.0.1"
STRANGER = "203.0.113.9"


def origin(peer: str | None, *headers: tuple[bytes, bytes], trusted: tuple[str, ...] | None = None) -> Origin:
    client = None if peer is None else (peer, 40_000)
    scope = {"type": "http", "scheme": "http", "client": client, "headers": list(headers)}
    return (Proxies() if trusted is None else Proxies(trusted)).origin(scope)


@pytest.mark.parametrize(
    ("peer", "listed", "address"),
    [
        (LOOPBACK, "203.0.113.9", "203.0.113.9"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        (LOOPBACK, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (LOOPBACK, "6.6.6.6,203.0.113.9,127.0.0.1, ::1", "203.0.113.9"),
        (LOOPBACK, "203.0.113.9:5123", "203.0.113.9"),
        (LOOPBACK, "[2001:db8::7]:5123", "2001:db8::7"),
        (LOOPBACK, "127.0.0.1", LOOPBACK),
        (LOOPBACK, "6.6.6.6, unknown", LOOPBACK),
        (LOOPBACK, "6.6.6.6, ", LOOPBACK),
        (LOOPBACK, "", LOOPBACK),
        (LOOPBACK, "\xff\x00", LOOPBACK),
        (STRANGER, "6.6.6.6", STRANGER),
    ],
)
def test_the_address_is_what_the_last_trusted_proxy_wrote(peer: str, listed: str, address: str) -> None:
    assert origin(peer, (FOR, listed.encode("latin-1"))) == (address, False)


def test_a_field_that_a_proxy_adds_counts_after_the_one_that_the_caller_sent() -> None:
    assert origin(LOOPBACK, (FOR, b"6.6.6.6"), (FOR, b"203.0.113.9"))[0] == STRANGER


def test_without_a_word_it_is_the_address_of_the_connection() -> None:
    assert origin(LOOPBACK) == (LOOPBACK, False)
    assert origin(STRANGER) == (STRANGER, False)
    assert origin(None, (FOR, b"6.6.6.6")) == ("", False)
    assert origin("a socket", (FOR, b"6.6.6.6")) == ("", False)


@pytest.mark.parametrize(
    ("peer", "proto", "is_secure"),
    [
        (LOOPBACK, b"https", True),
        (LOOPBACK, b"https, http", True),
        (LOOPBACK, b"http", False),
        (STRANGER, b"https", False),
        ("", b"https", False),
    ],
)
def test_only_a_trusted_proxy_says_that_a_request_came_by_tls(peer: str, proto: bytes, is_secure: bool) -> None:
    assert origin(peer, (PROTO, proto))[1] == is_secure


def test_an_operator_says_who_is_trusted() -> None:
    fields = ((FOR, b"203.0.113.9, 10.2.0.1"), (PROTO, b"https"))
    assert origin("10.1.0.1", *fields, trusted=("10.0.0.0/8",)) == (STRANGER, True)
    assert origin("10.1.0.1", *fields) == ("10.1.0.1", False)
    assert origin(LOOPBACK, *fields, trusted=()) == (LOOPBACK, False)
