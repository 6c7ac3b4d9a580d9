"""The access log in words: of one account for its owner, of all accounts for operators."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from reelbot.accounts import RECORD_WORDS, Record
from reelbot.web.pages.operator_jobs import facts_shown
from reelbot.web.pages.visits import Outcome, Shown, Visit, nothing_here
from reelbot.web.pages.wording import browser_words, full_instant_words

LISTED = 50
"""Records of one page."""

FIRST = 5
"""Records that the account's page itself shows."""

_BY_BROWSER = frozenset({"signed_in", "link_used"})
"""Kinds whose detail is what the browser said it is."""

_PLACE = re.compile(r"([0-9]{1,15})-([0-9]{1,2})-([0-9]{1,15})-([0-9]{1,15})")
_OWN_PLACE = re.compile(r"[0-9]{1,15}")


class AccessLine(NamedTuple):
    """A record in words; `account` is empty for a name that nobody has, `place` names the account in addresses."""

    at: str
    what: str
    facts: str
    account: str
    place: str
    is_bad: bool


async def show(visit: Visit) -> Outcome:
    """Show what happened to the account's access."""
    who, after = visit.member, visit.query.get("after", "")
    if after and not _OWN_PLACE.fullmatch(after):
        raise nothing_here()
    found = await visit.accounts.access.of(who.lane, who.account, LISTED + 1, int(after) if after else None)
    more = str(found[LISTED - 1].n) if len(found) > LISTED else ""
    return Shown("access", {"records": lines(found[:LISTED], visit), "more": more}, "Access log")


async def show_all(visit: Visit) -> Outcome:
    """Show what happened to anybody's access, to an operator."""
    after = visit.query.get("after", "")
    match = _PLACE.fullmatch(after)
    if after and match is None:
        raise nothing_here()
    before = None if match is None else (int(match[1]), int(match[2]), int(match[3]), int(match[4]))
    found = await visit.accounts.access.everywhere(LISTED + 1, before)
    last = found[LISTED - 1] if len(found) > LISTED else None
    more = "" if last is None else f"{last.at}-{last.lane}-{last.account}-{last.n}"
    values = {"section": "access", "records": lines(found[:LISTED], visit), "more": more}
    return Shown("operator", {**values, **await facts_shown(visit)}, "Access log")


def lines(records: Sequence[Record], visit: Visit) -> list[AccessLine]:
    """Records in words, by the clock of who looks at them."""
    return [_line(one, visit) for one in records]


def _line(one: Record, visit: Visit) -> AccessLine:
    detail = browser_words(one.detail) if one.kind in _BY_BROWSER else one.detail
    facts = (detail, f"by {one.by}" if one.by else "", f"from {one.network}" if one.network else "")
    name = one.name or (f"{one.lane}-{one.account}" if one.account else "")
    at = full_instant_words(one.at, visit.figures.zone)
    words = RECORD_WORDS.get(one.kind, one.kind)
    told = "; ".join(filter(None, facts))
    return AccessLine(at, words, told, name, f"{one.lane}-{one.account}", one.kind == "wrong_password")
