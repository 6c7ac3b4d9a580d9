"""Html from the templates beside the pages, with the shell around it, and the fields that guard it."""

import base64
import binascii
import html
from collections.abc import Mapping
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from reelbot.accounts import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN
from reelbot.studio import COUNTED_MAX
from reelbot.web.auth import cookie_field, cookie_in, cookie_name
from reelbot.web.pages import wording
from reelbot.web.pages.forms import form_token
from reelbot.web.pages.meters import PAIR, meters_shown, words_as_json
from reelbot.web.pages.static_files import StaticFiles
from reelbot.web.pages.visits import Flash, Goto, Shown, Visit
from reelbot.web.problems import SEE_OTHER, TooManyRequests
from reelbot.web.replies import Fields, Reply
from reelbot.web.rollovers import cursor_of

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from other hosts, no script and no style inside a page, and nobody may frame one."""

TOLD_COOKIE = "reelbot_told"
"""The name of the cookie that takes a sentence to the next page."""

TOLD_SECONDS = 60
"""How long it waits for that page."""

_FIELDS: Fields = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

_IN_SHORT = """\
<!doctype html>
<html lang="en">
<title>{title} · ReelBot</title>
<meta name="viewport" content="width=device-width">
<h1>{title}</h1>
<p>{told} You can try again in {seconds} second{s}; nothing is lost.</p>
</html>
"""

_decode_told = msgspec.json.Decoder(Flash).decode


class Renderer:
    """All templates of the pages, compiled when they are first used."""

    def __init__(self, static: StaticFiles) -> None:
        self._static = static
        self._html = Environment(
            loader=PackageLoader("reelbot.web", "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._html.globals.update(
            static=static.url,
            has_static=static.__contains__,
            number_text=wording.number_text,
            counted_text=_counted_text,
            amount_text=wording.amount_text,
            instant_words=wording.instant_words,
            full_instant_words=wording.full_instant_words,
            day_words=wording.day_words,
            password_length_min=PASSWORD_LENGTH_MIN,
            password_length_max=PASSWORD_LENGTH_MAX,
        )

    def reply(self, visit: Visit, shown: Shown) -> Reply:
        """A page, in the shell."""
        told = _told_in(visit.headers, visit.is_secure)
        values = {**_shell(visit, shown, told), **shown.values}
        body = self._html.get_template(f"{shown.name}.html").render(values).encode()
        forget = () if told is None else (_told_field("", 0, visit.is_secure),)
        own = {name for name, _ in shown.fields}
        usual = tuple(field for field in _FIELDS if field[0] not in own)
        return Reply(shown.status, (*usual, *forget, *shown.fields), body)


def goto_reply(goto: Goto, is_secure: bool) -> Reply:
    """The way to another page; what is told there travels in a cookie."""
    told = () if goto.told is None else (_told_field(_told_text(goto.told), TOLD_SECONDS, is_secure),)
    fields = ((b"location", goto.to.encode()), (b"cache-control", b"no-store"), *told, *goto.fields)
    return Reply(SEE_OTHER, fields, b"")


def refused_in_short(refusal: TooManyRequests) -> Reply:
    """A page without the shell around it, for who asks too often: any other costs what they have used up."""
    told, seconds = html.escape(refusal.detail), refusal.retry_seconds
    body = _IN_SHORT.format(title="Too many requests", told=told, seconds=seconds, s="" if seconds == 1 else "s")
    return Reply(refusal.status, (*_FIELDS, *refusal.fields), body.encode())


def _shell(visit: Visit, shown: Shown, told: Flash | None) -> Mapping[str, Any]:
    """What the shell needs around every page."""
    meters = [] if visit.usage is None else meters_shown(visit.usage, visit.site.ledger.terms.catalogue)
    usage = visit.usage
    return {
        "page": shown.name,
        "title": shown.title,
        "path": visit.path,
        "who": visit.who,
        "usage": usage,
        "meters": meters,
        "pair": meters[:PAIR],
        "meters_json": words_as_json(meters),
        "cursor": "" if usage is None else str(cursor_of(usage)),
        "now": visit.site.clock(),
        "zone": "UTC" if usage is None else usage.zone,
        "told": told,
        "form_token": "" if visit.session is None else form_token(visit.session),
        "signup": visit.site.pages.signup,
    }


def _counted_text(number: int) -> str:
    """A number of jobs, which are counted so far and no farther."""
    return f"{number:,} or more" if number >= COUNTED_MAX else f"{number:,}"


def _told_text(told: Flash) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(told)).decode()


def _told_field(text: str, seconds: int, is_secure: bool) -> tuple[bytes, bytes]:
    return cookie_field(TOLD_COOKIE, text, seconds, is_secure)


def _told_in(headers: Mapping[bytes, bytes], is_secure: bool) -> Flash | None:
    """What the page before wanted told; None when it is not there or cannot be read."""
    value = cookie_in(headers, cookie_name(TOLD_COOKIE, is_secure))
    if not value:
        return None
    try:
        return _decode_told(base64.urlsafe_b64decode(value))
    except (binascii.Error, ValueError):
        return None
