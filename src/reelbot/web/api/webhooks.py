"""`/api/v1/webhooks`: where the account wants to be told what."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from reelbot.web.operations import Call
from reelbot.web.problems import CREATED, OK, Problem
from reelbot.web.replies import REPLAYED, Reply, json_reply
from reelbot.webhooks import Webhooks, WebhookShown, webhook_shown

_NONE = "There is no such webhook."
"""Said of a webhook that is not there and of one that is somebody else's."""

_NOT_HERE = "This server keeps its ledger in memory and sends no webhooks."

_encode = msgspec.json.Encoder().encode

WebhookUrl = Annotated[
    str,
    Meta(
        max_length=2_000,
        description="An https address on the public internet, without a password or a fragment.",
        examples=["https://example.com/hooks"],
        extra_json_schema={"format": "uri"},
    ),
]
WebhookKind = Annotated[str, Meta(extra_json_schema={"x-one-of": "webhook_kinds"})]


class WebhookAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A URL, and the kinds of messages that it is to be told."""

    url: WebhookUrl
    kinds: Annotated[list[WebhookKind], Meta(min_length=1, max_length=20)]


class WebhookAdded(Struct, frozen=True):
    """A webhook, and the secret that signs its messages."""

    webhook: WebhookShown
    secret: str


class WebhooksShown(Struct, frozen=True):
    """All webhooks of the account, the oldest first."""

    webhooks: list[WebhookShown]


class WebhookRemoved(Struct, frozen=True):
    """The webhook that is no more."""

    removed: str


class WebhookTested(Struct, frozen=True):
    """How a message of the kind `webhook.test` was received; `status` is null when nothing was answered."""

    delivered: bool
    status: int | None
    detail: str


class WebhookSecret(Struct, frozen=True):
    """The secret that signs from now on; the one before it signs too for a day."""

    id: str
    secret: str


async def add_webhook(call: Call) -> Reply:
    """Begin to tell."""
    asked: WebhookAsked = call.body
    added = await _webhooks(call).add(call.account, asked.url, asked.kinds, key=call.key)
    body = _encode(WebhookAdded(webhook_shown(added.webhook), added.secret))
    return json_reply(CREATED, body, REPLAYED if added.replayed else ())


async def list_webhooks(call: Call) -> Reply:
    """Tell which there are."""
    found = await _webhooks(call).of(call.account)
    return json_reply(OK, _encode(WebhooksShown([webhook_shown(one) for one in found])))


async def remove_webhook(call: Call) -> Reply:
    """Tell no more."""
    if not await _webhooks(call).remove(call.account, call.named):
        raise Problem("not_found", _NONE)
    return json_reply(OK, _encode(WebhookRemoved(call.named)))


async def test_webhook(call: Call) -> Reply:
    """Send a message at once."""
    attempt = await _webhooks(call).test(call.account, call.named)
    if attempt is None:
        raise Problem("not_found", _NONE)
    return json_reply(OK, _encode(WebhookTested(attempt.is_delivered, attempt.status, attempt.detail)))


async def rotate_webhook_secret(call: Call) -> Reply:
    """Sign with another secret."""
    secret = await _webhooks(call).rotate(call.account, call.named)
    if secret is None:
        raise Problem("not_found", _NONE)
    return json_reply(OK, _encode(WebhookSecret(call.named, secret)))


def _webhooks(call: Call) -> Webhooks:
    if call.site.webhooks is None:
        raise Problem("not_found", _NOT_HERE)
    return call.site.webhooks
