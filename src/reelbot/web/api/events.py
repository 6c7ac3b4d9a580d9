"""`GET /api/v1/events`: the account's live stream, from now on or after a cursor."""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from sse_starlette.sse import EventSourceResponse

from reelbot.allowance import MeterFigures
from reelbot.errors import Malformed
from reelbot.events import Cursor
from reelbot.web.auth import token_in
from reelbot.web.live import Reader, frames
from reelbot.web.operations import Call
from reelbot.web.problems import OK, Problem
from reelbot.web.replies import SECURITY, Streamed
from reelbot.web.requests import JSON
from reelbot.web.shapes import CursorText
from reelbot.web.streams import Streams

SEND_SECONDS_MAX = 30
"""How long a reader may take to accept what is sent; then it is dropped, and resumes by its cursor."""

FAREWELL_SECONDS = 2
"""How long streams may take to end by themselves when the server stops."""


class EventsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to begin: after this cursor. `Last-Event-ID`, which a browser sends by itself, goes before it."""

    after: CursorText | None = None


class UsageMessage(Struct, frozen=True):
    """One message: the figures of one meter, as in `/usage`, right after they changed or the meter's window turned."""

    id: CursorText
    event: Literal["usage"]
    data: Annotated[
        str,
        Meta(
            description="The figures as JSON.",
            extra_json_schema={
                "contentMediaType": JSON,
                "contentSchema": {"$ref": f"#/components/schemas/{MeterFigures.__name__}"},
            },
        ),
    ]


async def stream_events(call: Call) -> Streamed:
    """Open the stream."""
    reader = Reader(call.who, token_in(call.headers), _cursor(call))
    if call.site.streams.is_full:
        raise Problem("too_busy", "More streams are open than this server can serve. Try again in a moment.")
    response = EventSourceResponse(
        frames(call.site, reader),
        headers={name.decode(): value.decode() for name, value in SECURITY},
        ping=0,
        send_timeout=SEND_SECONDS_MAX,
        shutdown_event=_Ending(call.site.streams),  # type: ignore[arg-type]  # only ever set
        shutdown_grace_period=FAREWELL_SECONDS,
    )
    return Streamed(OK, response)


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


class _Ending:
    """What the response sets when the server stops: then every stream ends by itself, as if all had been said."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def set(self) -> None:
        """Let them end."""
        self._streams.close()
