"""The front door of `subscriptions`: who may move to which plan, and requests for higher ones."""

from reelbot.subscriptions.core.requests import REASON_LENGTH_MAX, PlanRequest, RequestState, SubscriptionRefused
from reelbot.subscriptions.core.rules import Offer, PlanChanges, Way
from reelbot.subscriptions.service import CLOSED, EVENT_KIND, PlanMoved, Requested, Subscriptions
from reelbot.subscriptions.views import PlanRequestShown, PlanRequestTold, request_shown, title_of

__all__ = [
    "CLOSED",
    "EVENT_KIND",
    "REASON_LENGTH_MAX",
    "ROOM",
    "Offer",
    "PlanChanges",
    "PlanMoved",
    "PlanRequest",
    "PlanRequestShown",
    "PlanRequestTold",
    "RequestState",
    "Requested",
    "SubscriptionRefused",
    "Subscriptions",
    "Way",
    "request_shown",
    "title_of",
]

ROOM = "reelbot.subscriptions"
"""The room's name to `reelbot.db.migrate`."""
