"""The front door of `webhooks`: signed messages about an account, to addresses that its owner names."""

from reelbot import extras

extras.require("studio")

from reelbot.webhooks.client import Attempt, Client
from reelbot.webhooks.core.messages import ALLOWANCE_KINDS
from reelbot.webhooks.lifespan import open_webhooks
from reelbot.webhooks.service import STORED_KINDS, Added, Webhook, Webhooks
from reelbot.webhooks.views import WebhookShown, webhook_shown

__all__ = [
    "ALLOWANCE_KINDS",
    "ROOM",
    "STORED_KINDS",
    "Added",
    "Attempt",
    "Client",
    "Webhook",
    "WebhookShown",
    "Webhooks",
    "open_webhooks",
    "webhook_shown",
]

ROOM = "reelbot.webhooks"
"""The room's name to `reelbot.db.migrate`."""
