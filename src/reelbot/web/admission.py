"""Rate limiting: lets a request in, or says 429. The first thing that happens to every request that is counted.

A request with valid credentials is counted under its account, any other under the address that it came from: an IPv4
address, or the /64 of an IPv6 one, as a trusted proxy says. So nobody uses up another's share, with a wrong key least of
all. Whoever is over their share is refused before anything is read from the database; a key that was seen to count goes on
where strangers at the same address have used up theirs. Who asks again before a token has come back is served in turn with
others who do (`fair_queue.py`), so that whoever asks now and then is not delayed by who asks for all they may.

What comes from this machine itself, or through a proxy that does not say for whom, has no address and no such bound. Not
counted are static files, `/healthz` and `/readyz`.
"""

from starlette.types import Scope

from reelbot.accounts import NOWHERE, Identity
from reelbot.web.context import Site
from reelbot.web.problems import TooManyRequests
from reelbot.web.token_buckets import Buckets

_REQUEST = "a request"


async def admitted(site: Site, scope: Scope, token: str | None) -> Identity | None:
    """Who asks, None for whoever has no key and no session that counts; either way the request is counted.

    `TooManyRequests` when the account, or the address of a stranger, has used up its share.
    """
    buckets = site.request_buckets
    network = site.pages.proxies.network(scope)
    known = None if token is None else site.accounts.remembered(token)
    if known is None:
        await _may_begin(site, buckets.of_addresses, network)
    else:
        await _may_begin(site, buckets.of_accounts, known)
    who = None if token is None else await site.accounts.identify(token)
    if who is None:
        _take(site, buckets.of_addresses, network)
    else:
        _take(site, buckets.of_accounts, who)
    return who


async def admit_stranger(site: Site, scope: Scope) -> None:
    """Count a request that needs no credentials; `TooManyRequests` for one too many."""
    network = site.pages.proxies.network(scope)
    await _may_begin(site, site.request_buckets.of_addresses, network)
    _take(site, site.request_buckets.of_addresses, network)


async def _may_begin(site: Site, buckets: Buckets, who: Identity | str) -> None:
    """Wait for a turn where somebody asks again that soon; raise where they have used up their share."""
    if who == NOWHERE:
        return
    party, now = _bucket(who), site.clock()
    if buckets.missing_ms(party, now) or site.fair_queue.has_asked_lately(party, now):
        await site.fair_queue.turn(party, now)
    _refuse_after(site, buckets, who, buckets.wait_ms(party, site.clock()))


def _take(site: Site, buckets: Buckets, who: Identity | str) -> None:
    if who != NOWHERE:
        _refuse_after(site, buckets, who, buckets.take(_bucket(who), site.clock()))


def _bucket(who: Identity | str) -> tuple[int, int] | str:
    return who if isinstance(who, str) else (who.lane, who.account)


def _refuse_after(site: Site, buckets: Buckets, who: Identity | str, wait_ms: int) -> None:
    if wait_ms == 0:
        return
    rate = buckets.rate
    if isinstance(who, str):
        named, party = f"address {who}", "An address without a valid key"
    else:
        named, party = f"account {who.name}", "An account"
    site.refusals.note(_REQUEST, named, site.clock())
    detail = f"{party} may send {rate.burst:,} requests at once, and {rate.per_second:,} a second after that."
    raise TooManyRequests(detail, rate, wait_ms)
