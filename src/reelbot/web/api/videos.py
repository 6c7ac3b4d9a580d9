"""`/api/v1/videos`: finished videos and their files."""

from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Struct

from reelbot.studio import KeptVideo, VideoShown, video_shown
from reelbot.web.api.drafts import studio_of
from reelbot.web.media import file_reply
from reelbot.web.operations import Call
from reelbot.web.paging import PageQuery, cut, page_of
from reelbot.web.problems import CREATED, OK, Problem
from reelbot.web.replies import REPLAYED, SECURITY, Reply, Streamed, etag, json_reply

_encode = msgspec.json.Encoder().encode

CONTENT_TYPES = {
    "mp4": "video/mp4",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "words": "application/json",
    "thumbnail": "image/jpeg",
}
"""Of the files of a video."""

TEXT = "text/plain; charset=utf-8"

NO_SCRIPT = "This video has no script."

_SCRIPT_FIELDS = (
    (b"content-type", TEXT.encode()),
    (b"content-disposition", b'attachment; filename="script.txt"'),
    (b"cache-control", b"private, max-age=31536000, immutable"),  # as its files: a video is never changed
    *SECURITY,
)


class VideosShown(Struct, frozen=True):
    """A page of videos, the newest first; `next` is the cursor of the page behind it, null on the last."""

    videos: list[VideoShown]
    next: str | None


async def list_videos(call: Call) -> Reply:
    """Tell which there are."""
    query: PageQuery = call.query
    found = await studio_of(call).videos(call.account, page_of(query))
    page, following = cut(found, query, [(video.created_at, video.number) for video in found])
    return json_reply(OK, _encode(VideosShown([video_shown(video) for video in page], following)))


async def read_video(call: Call) -> Reply:
    """Tell what it is."""
    return json_reply(OK, _encode(video_shown(await studio_of(call).video(call.account, call.named))))


def read_video_file(name: str) -> Callable[[Call], Awaitable[Streamed]]:
    """An endpoint for one of the files of a video."""

    async def read(call: Call) -> Streamed:
        video: KeptVideo = await studio_of(call).video(call.account, call.named)
        path = studio_of(call).files.path(getattr(video.facts.files, name))
        return file_reply(call.headers, path, CONTENT_TYPES[name])

    return read


async def read_video_script(call: Call) -> Reply:
    """Its script, to be saved."""
    video = await studio_of(call).video(call.account, call.named)
    script = video.facts.setup.script
    if not script:
        raise Problem("not_found", NO_SCRIPT)
    return Reply(OK, _SCRIPT_FIELDS, script.encode())


async def edit_video(call: Call) -> Reply:
    """Open a new draft from its setup."""
    studio = studio_of(call)
    kept, replayed = await studio.edit(call.account, call.named, call.key)
    shown = await studio.draft(call.account, kept.id)
    return json_reply(CREATED, _encode(shown), (REPLAYED if replayed else ()) + etag(shown.revision))
