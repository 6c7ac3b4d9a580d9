"""A webhook as outsiders see it, in the API and on the command line: one shape, one place."""

from msgspec import Struct

from reelbot.clock import instant_text, instant_text_or_none
from reelbot.webhooks.service import Webhook


class WebhookShown(Struct, frozen=True):
    """A webhook. `pending` messages wait; `failure` says why the last attempt failed, null once one has succeeded."""

    id: str
    url: str
    kinds: list[str]
    created_at: str
    pending: int
    delivered_at: str | None
    failed_at: str | None
    failure: str | None
    disabled_at: str | None


def webhook_shown(webhook: Webhook) -> WebhookShown:
    """The shape that everything outside shows."""
    return WebhookShown(
        webhook.id,
        webhook.url,
        list(webhook.kinds),
        instant_text(webhook.created_at),
        webhook.pending,
        instant_text_or_none(webhook.delivered_at),
        instant_text_or_none(webhook.failed_at),
        webhook.failure,
        instant_text_or_none(webhook.disabled_at),
    )
