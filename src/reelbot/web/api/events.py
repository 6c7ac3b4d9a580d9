"""`GET /api/v1/events`: the account's live stream, from now on or after a cursor."""

from functools import partial
from typing import Annotated, Literal, NoReturn

from msgspec import Meta, Struct

from reelbot.allowance import MeterFigures
from reelbot.errors import Malformed
from reelbot.events import Cursor
from reelbot.publish import PostTold
from reelbot.studio import DraftTold, JobShown, VideoTold
from reelbot.subscriptions import PlanRequestTold
from reelbot.web.connections import Full
from reelbot.web.operations import Call
from reelbot.web.problems import OK, Problem
from reelbot.web.requests import JSON
from reelbot.web.shapes import CursorText
from reelbot.web.sse import EventsAnswer
from reelbot.web.sse_session import Reader, frames

SEND_SECONDS_MAX = 30
"""How long a reader may take to accept what is sent; then it is dropped, and resumes by its cursor: a minute at most."""

RETRY_SECONDS = 5
"""When to try again where a share is used up: a page that was left gives its stream back at once."""


class EventsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to begin: after this cursor. `Last-Event-ID`, which a browser sends by itself, goes before it."""

    after: CursorText | None = None


_TOLD = (MeterFigures, JobShown, DraftTold, VideoTold, PostTold, PlanRequestTold)


class EventMessage(Struct, frozen=True):
    """One message. `usage`: the figures of one meter, as in `/usage`, right after they changed or its window turned.

    `job`: a job as in `/jobs`, when it was queued, went on or ended. `draft`: one that was changed or removed. `video`: one
    that is finished. `post`: one that was written or changed, is on its way, has arrived or not, or was removed.
    `plan_request`: a request for a higher plan, made, withdrawn or decided; operators are told of those of all accounts.
    """

    id: CursorText
    event: Literal["usage", "job", "draft", "video", "post", "plan_request"]
    data: Annotated[
        str,
        Meta(
            description="What happened, as JSON.",
            extra_json_schema={
                "contentMediaType": JSON,
                "contentSchema": {"anyOf": [{"$ref": f"#/components/schemas/{told.__name__}"} for told in _TOLD]},
            },
        ),
    ]


async def stream_events(call: Call) -> EventsAnswer:
    """Open the stream."""
    reader = Reader(call.who, call.token, _cursor(call))
    place, network, streams = (call.who.lane, call.who.account), call.network, call.site.streams
    full = streams.full(place, network)
    if full is not None:
        _refuse(call, full, network)
    return EventsAnswer(OK, partial(frames, call.site, reader), SEND_SECONDS_MAX, streams.take(place, network))


def _refuse(call: Call, full: Full, network: str) -> NoReturn:
    """Raise the `Problem` of one stream too many, and have the log say whose it was."""
    account = f"account {call.who.name}"
    call.site.refusals.note(
        "an event stream", f"address {network}" if full == "address" else account, call.site.clock()
    )
    if full == "server":
        raise Problem("too_busy", "More streams are open than this server can serve. Close some, or try again later.")
    whose = "This account" if full == "account" else "Your network address"
    detail = f"{whose} has as many event streams open as it may have at once. Close some first."
    raise Problem("too_many_requests", detail, fields=((b"retry-after", b"%d" % RETRY_SECONDS),))


def _cursor(call: Call) -> Cursor | None:
    query: EventsQuery = call.query
    last = call.headers.get(b"last-event-id", b"").decode("latin-1").strip()
    text, name = (last, "Last-Event-ID") if last else (query.after, "after")
    if text is None:
        return None
    try:
        return Cursor.parse(text)
    except Malformed as error:
        raise Malformed(f"{name}: {error.detail}", name) from error
