"""`/api/v1/posts` and the kit: drafts of posts, publishing, and all that a platform's own form asks for."""

import re
from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from reelbot.publish import Kit, PostAsked, PostChangeAsked, PostShown, PublicationAsked, Published, post_shown, zipped
from reelbot.web.api.channels import publishing_of
from reelbot.web.api.drafts import Removed
from reelbot.web.operations import Call
from reelbot.web.paging import PageQuery, cut, page_of
from reelbot.web.problems import ACCEPTED, CREATED, OK
from reelbot.web.replies import PRIVATE, REPLAYED, Reply, Streamed, json_reply

ZIP = "application/zip"

_NOT_IN_NAMES = re.compile(r"[^\w .,()+-]+")

_encode = msgspec.json.Encoder().encode


class PostsShown(Struct, frozen=True):
    """A page of posts, the newest first; `next` is the cursor of the page behind it, null on the last."""

    posts: list[PostShown]
    next: str | None


class PublishedShown(Struct, frozen=True):
    """The post that is on its way, and the hold that counts it."""

    post: str
    hold: str


class KitQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose words are in the kit: those of a post, else those that the video has itself."""

    post: Annotated[str, Meta(max_length=60, examples=["post_0-1-2s"])] | None = None


async def publish_video(call: Call) -> Reply:
    """Write a post and publish it."""
    asked: PublicationAsked = call.body
    assert call.key is not None, "required by the route table"
    return _published(await publishing_of(call).publish_video(call.account, call.named, asked, call.key))


async def open_post(call: Call) -> Reply:
    """Begin to write one."""
    asked: PostAsked = call.body
    post, replayed = await publishing_of(call).open(call.account, asked, call.key)
    return json_reply(CREATED, _encode(post_shown(post)), REPLAYED if replayed else ())


async def list_posts(call: Call) -> Reply:
    """Tell which there are."""
    query: PageQuery = call.query
    found = await publishing_of(call).posts(call.account, page_of(query))
    page, following = cut(found, query, [(post.created_at, post.number) for post in found])
    return json_reply(OK, _encode(PostsShown([post_shown(post) for post in page], following)))


async def read_post(call: Call) -> Reply:
    """Tell how it stands."""
    return json_reply(OK, _encode(post_shown(await publishing_of(call).post(call.account, call.named))))


async def change_post(call: Call) -> Reply:
    """Save a change."""
    asked: PostChangeAsked = call.body
    return json_reply(OK, _encode(post_shown(await publishing_of(call).change(call.account, call.named, asked))))


async def remove_post(call: Call) -> Reply:
    """Remove it."""
    await publishing_of(call).remove(call.account, call.named)
    return json_reply(OK, _encode(Removed(call.named)))


async def publish_post(call: Call) -> Reply:
    """Publish it."""
    assert call.key is not None, "required by the route table"
    return _published(await publishing_of(call).publish(call.account, call.named, call.key))


async def read_kit(call: Call) -> Streamed:
    """The kit of a video."""
    query: KitQuery = call.query
    return kit_reply(await publishing_of(call).kit(call.account, call.named, query.post))


def kit_reply(kit: Kit) -> Streamed:
    """A kit to be saved, made while it is sent."""

    async def send_kit(scope: Scope, receive: Receive, send: Send) -> None:
        chunks = iter(()) if scope["method"] == "HEAD" else zipped(kit)
        fields = {key.decode(): value.decode() for key, value in PRIVATE}
        name = _NOT_IN_NAMES.sub("", kit.name).strip(". ")[:80] or "video"
        response = StreamingResponse(chunks, headers=fields, media_type=ZIP)
        response.headers["content-disposition"] = (
            f"attachment; filename=\"kit.zip\"; filename*=utf-8''{quote(name)}.zip"
        )
        await response(scope, receive, send)

    return Streamed(OK, send_kit)


def _published(published: Published) -> Reply:
    body = _encode(PublishedShown(published.post, published.hold))
    return json_reply(ACCEPTED, body, REPLAYED if published.replayed else ())
