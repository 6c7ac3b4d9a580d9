"""`/api/v1/drafts`: unfinished videos, by hand and by AI."""

import msgspec
from msgspec import Struct

from reelbot.allowance import Instant, Usage, meter_figures
from reelbot.clock import instant_from, instant_text, instant_text_or_none
from reelbot.ids import place_of
from reelbot.studio import (
    Begun,
    ChangeAsked,
    DraftAsked,
    DraftListed,
    DraftShown,
    GenerationAsked,
    Quoted,
    RenderAsked,
    Studio,
    StudioRefused,
)
from reelbot.web.api.holds import TouchedUsage
from reelbot.web.media import CONTENT_TYPES, file_reply
from reelbot.web.operations import Call
from reelbot.web.paging import PageQuery, cut, page_of
from reelbot.web.problems import ACCEPTED, CREATED, OK, Problem
from reelbot.web.ratelimit import rate_limit_fields
from reelbot.web.replies import REPLAYED, Reply, Streamed, etag, json_reply
from reelbot.web.requests import revisions_seen

NOT_HERE = "This server keeps its ledger in memory and has no studio."
NO_FILE = "This draft has no such file."

_encode = msgspec.json.Encoder().encode


class DraftsShown(Struct, frozen=True):
    """A page of drafts, the last changed first; `next` is the cursor of the page behind it, null on the last."""

    drafts: list[DraftListed]
    next: str | None


class Removed(Struct, frozen=True):
    """What is no more."""

    removed: str


class LaterShown(Struct, frozen=True):
    """Work that does not fit now; `fits_at` says when it will, null when it never can on this plan."""

    slot: str
    amount: int
    fits_at: Instant | None


class BegunShown(Struct, frozen=True):
    """The job that was queued, and the hold that its price is set aside by; null when it costs nothing."""

    job: str
    hold: str | None
    later: list[LaterShown]


class DraftQuoteLine(Struct, frozen=True):
    """What making something costs, at most. `amount` is 0 for what is already made or stays as it is."""

    slot: str
    action: str
    meter: str
    amount: int
    why: str
    fits: bool
    fits_at: Instant | None


class DraftQuoteShown(Struct, frozen=True):
    """The price of AI actions on a draft, line by line, and the limits now. Nobody is charged more with this `id`."""

    id: str | None
    lines: list[DraftQuoteLine]
    totals: dict[str, int]
    fits: bool
    usage: TouchedUsage
    expires_at: Instant | None


class EmptyAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more to say."""


def studio_of(call: Call) -> Studio:
    """The studio of the site."""
    if call.site.studio is None:
        raise Problem("not_found", NOT_HERE)
    return call.site.studio


async def open_draft(call: Call) -> Reply:
    """Begin."""
    asked: DraftAsked = call.body
    studio = studio_of(call)
    kept, replayed = await studio.open(call.account, asked, call.key)
    shown = await studio.draft(call.account, kept.id)
    return json_reply(CREATED, _encode(shown), (REPLAYED if replayed else ()) + etag(shown.revision))


async def list_drafts(call: Call) -> Reply:
    """Tell which there are."""
    query: PageQuery = call.query
    found = await studio_of(call).drafts(call.account, page_of(query))
    page, following = cut(found, query, [_place(one.updated_at, one.id) for one in found])
    return json_reply(OK, _encode(DraftsShown(list(page), following)))


async def read_draft(call: Call) -> Reply:
    """Tell how it stands."""
    shown = await studio_of(call).draft(call.account, call.named)
    return json_reply(OK, _encode(shown), etag(shown.revision))


async def change_draft(call: Call) -> Reply:
    """Save a change, of the revision that was seen where one is named."""
    asked: ChangeAsked = call.body
    seen = revisions_seen(call.headers)
    try:
        shown: DraftShown = await studio_of(call).change(call.account, call.named, asked, seen)
    except StudioRefused as refused:
        if refused.code != "revision_conflict":
            raise
        fields = etag(refused.members["draft"]["revision"])
        raise Problem(refused.code, refused.detail, refused.members, fields) from refused
    return json_reply(OK, _encode(shown), etag(shown.revision))


async def remove_draft(call: Call) -> Reply:
    """Remove it."""
    await studio_of(call).remove(call.account, call.named)
    return json_reply(OK, _encode(Removed(call.named)))


async def quote_draft(call: Call) -> Reply:
    """Price AI actions."""
    asked: GenerationAsked = call.body
    quoted = await studio_of(call).quote(call.account, call.named, asked)
    fields = rate_limit_fields(quoted.usage.meters, quoted.usage.as_of)
    return json_reply(OK, _encode(_quote(quoted, call.who.name)), fields)


async def generate(call: Call) -> Reply:
    """Trigger AI actions."""
    asked: GenerationAsked = call.body
    assert call.key is not None, "required by the route table"
    return _begun(await studio_of(call).generate(call.account, call.named, asked, call.key))


async def render_draft(call: Call) -> Reply:
    """Trigger a render."""
    asked: RenderAsked = call.body
    assert call.key is not None, "required by the route table"
    return _begun(await studio_of(call).render(call.account, call.named, asked, call.key))


async def preview_draft(call: Call) -> Reply:
    """Trigger a preview."""
    assert call.key is not None, "required by the route table"
    return _begun(await studio_of(call).preview(call.account, call.named, call.key))


async def read_draft_file(call: Call) -> Streamed:
    """A picture, clip or sound of a draft."""
    studio = studio_of(call)
    media = (await studio.kept_draft(call.account, call.named)).draft.media_of(call.part)
    if media is None:
        raise Problem("not_found", NO_FILE)
    return file_reply(call.headers, studio.files.path(media.sha256), CONTENT_TYPES[media.container])


async def read_draft_words(call: Call) -> Streamed:
    """The word timings of a voiceover."""
    studio = studio_of(call)
    if not (await studio.kept_draft(call.account, call.named)).draft.has_words(call.part):
        raise Problem("not_found", NO_FILE)
    return file_reply(call.headers, studio.files.path(call.part), "application/json")


def _begun(begun: Begun) -> Reply:
    later = [LaterShown(one.slot, one.amount, instant_text_or_none(one.fits_at)) for one in begun.later]
    body = _encode(BegunShown(begun.job, begun.hold, later))
    return json_reply(ACCEPTED, body, REPLAYED if begun.replayed else ())


def _quote(quoted: Quoted, name: str) -> DraftQuoteShown:
    lines = [DraftQuoteLine(*line[:6], instant_text_or_none(line.fits_at)) for line in quoted.lines]
    return DraftQuoteShown(
        quoted.id,
        lines,
        quoted.totals,
        quoted.fits,
        usage_shown(quoted.usage, name),
        instant_text_or_none(quoted.expires_at),
    )


def usage_shown(usage: Usage, name: str) -> TouchedUsage:
    """The limits of an account."""
    meters = [meter_figures(one) for one in usage.meters]
    return TouchedUsage(name, usage.plan, usage.zone, instant_text(usage.as_of), meters)


def _place(at: str, id: str) -> tuple[int, int]:
    place = place_of(id)
    assert place is not None, "an id of ours"
    return instant_from(at), place.seq
