"""What goes wrong, as `application/problem+json` (RFC 9457). One table from code to status: here and nowhere else.

Every error leaves by `problem_of`, called by the outermost loop of a request. A defect is logged and told as nothing but
a defect.
"""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from reelbot.accounts import LastOperator, TooManyTries
from reelbot.allowance import Catalogue, InUse, Refused, Shortage, Status
from reelbot.clock import SECOND, instant_text_or_none
from reelbot.errors import DatabaseFailure, Malformed, ShareUsedUp, TooBusy
from reelbot.providers.port import ProviderUnavailable
from reelbot.publish import PublishRefused
from reelbot.studio import FileMissing, StorageFull, StudioRefused
from reelbot.subprocesses import ChildFailure
from reelbot.subscriptions import SubscriptionRefused
from reelbot.web.ratelimit import rate_limit_fields, request_fields
from reelbot.web.replies import PRIVATE, Fields, Reply
from reelbot.web.token_buckets import Rate

OK = 200
CREATED = 201
ACCEPTED = 202

SEE_OTHER = 303
"""What a form is answered with: the page to look at now."""

DEFECT = "defect"
"""The code of an error of ours that nobody foresaw."""

SHORTAGE = "allowance_exhausted"
"""The code of a limit that was reached; its answer has the figures as members."""

IN_USE = "hold_in_use"
"""The code of a hold that a job, post, channel or asset stands on; its answer names it, in a member of that name."""

CONTENT_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """What a code stands for. `retry_seconds` is told where trying again can help, and nothing else says when."""

    status: int
    title: str
    retry_seconds: int | None = None


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "malformed": Kind(400, "This request cannot be understood"),
        "unauthenticated": Kind(401, "An API key is needed"),
        SHORTAGE: Kind(402, "A limit is reached"),
        "forbidden": Kind(403, "This is not yours to do"),
        "not_found": Kind(404, "There is no such thing"),
        "method_not_allowed": Kind(405, "This cannot be done here"),
        "hold_settled": Kind(409, "The hold is settled"),
        "hold_released": Kind(409, "The hold was released"),
        "hold_expired": Kind(409, "The hold has expired"),
        "hold_open": Kind(409, "The hold is still open"),
        IN_USE: Kind(409, "The hold is in use"),
        "draft_locked": Kind(409, "The draft is being rendered"),
        "revision_conflict": Kind(409, "The draft was changed meanwhile"),
        "confirmation_needed": Kind(409, "This needs your word first"),
        "step_running": Kind(409, "This is being made already"),
        "nothing_to_do": Kind(409, "There is nothing to do"),
        "not_ready": Kind(409, "Something is missing first"),
        "post_locked": Kind(409, "The post is on its way or published"),
        "request_closed": Kind(409, "The request is no longer open"),
        "too_slow": Kind(408, "The request took too long to come"),
        "length_required": Kind(411, "The length has to be said first"),
        "too_large": Kind(413, "The request is too large"),
        "unsupported_media": Kind(415, "This is not a media type that is understood here"),
        "range_not_there": Kind(416, "This file has no such range"),
        "key_reused": Kind(422, "The idempotency key belongs to another request"),
        "amount_above_hold": Kind(422, "This is more than was held"),
        "too_many_requests": Kind(429, "Too many requests"),
        DEFECT: Kind(500, "Something is broken here"),
        "too_busy": Kind(503, "Too much is asked at once", retry_seconds=1),
        "provider_unavailable": Kind(503, "A provider cannot be used", retry_seconds=60),
        "disk_full": Kind(507, "The disk is full", retry_seconds=60),
        "ledger_unavailable": Kind(503, "The ledger cannot be reached", retry_seconds=5),
    }
)

_OF_STATUS: Mapping[Status, str] = MappingProxyType(
    {
        Status.ACCOUNT_NOT_FOUND: "not_found",
        Status.KEY_REUSED: "key_reused",
        Status.HOLD_NOT_FOUND: "not_found",
        Status.HOLD_IN_USE: IN_USE,
        Status.HOLD_SETTLED: "hold_settled",
        Status.HOLD_RELEASED: "hold_released",
        Status.HOLD_EXPIRED: "hold_expired",
        Status.HOLD_OPEN: "hold_open",
        Status.AMOUNT_ABOVE_HOLD: "amount_above_hold",
        Status.PLAN_HIGHER: "forbidden",
        Status.PLAN_NOT_HIGHER: "request_closed",
        Status.ALLOWANCE_EXHAUSTED: SHORTAGE,
    }
)

INSTEAD: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "job": (
            "This hold belongs to a job that isn't finished. Cancel the job instead: DELETE /api/v1/jobs/{id}.",
            "This hold belongs to a job that has ended; what it used stays used. See GET /api/v1/jobs/{id}.",
        ),
        "post": (
            "This hold belongs to a post that is being published, and ends with it. See GET /api/v1/posts/{id}.",
            "This hold belongs to a post that has ended; what it used stays used. See GET /api/v1/posts/{id}.",
        ),
        "channel": (
            "This hold belongs to a channel that is being connected. Wait until it is, then DELETE /api/v1/channels/{id}.",
            "This hold belongs to a channel. Remove the channel to free its place: DELETE /api/v1/channels/{id}.",
        ),
        "asset": (
            "This hold belongs to a file that is being uploaded. Wait until it is, then DELETE /api/v1/assets/{id}.",
            "This hold belongs to a file. Remove the file to free its space: DELETE /api/v1/assets/{id}.",
        ),
    }
)
"""What to do instead of ending a hold that belongs to such a thing: while it is held, and when it has ended."""

_UNAVAILABLE = "The ledger cannot be reached right now, so nothing was written. Try again in a moment."
_DEFECT = "Something is broken on this side; it has been written to the log. Nothing was half done."

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Problem(Exception):
    """An error with its code, a detail that a person can act on, and further members and fields."""

    def __init__(self, code: str, detail: str, members: Mapping[str, Any] | None = None, fields: Fields = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.members = members or {}
        self.fields = fields

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.code].status

    def reply(self) -> Reply:
        """The answer: problem details (RFC 9457)."""
        kind = KINDS[self.code]
        body = {
            "type": f"urn:reelbot:problem:{self.code}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            "code": self.code,
            **self.members,
        }
        retry = () if kind.retry_seconds is None else ((b"retry-after", b"%d" % kind.retry_seconds),)
        fields = ((b"content-type", CONTENT_TYPE.encode()), *PRIVATE, *retry, *self.fields)
        return Reply(kind.status, fields, _encode(body))


class TooManyRequests(Problem):
    """Somebody asks more often than their share is. `fields` say when to ask again."""

    def __init__(self, detail: str, rate: Rate, wait_ms: int) -> None:
        super().__init__("too_many_requests", detail, fields=request_fields(rate, wait_ms))
        self.retry_seconds = max(1, -(-wait_ms // SECOND))


def problem_of(failure: Exception, catalogue: Catalogue) -> Problem:
    """The problem that an error is told as."""
    match failure:
        case Problem():
            return failure
        case Refused():
            return _refusal(failure, catalogue)
        case StudioRefused():
            return Problem(failure.code, failure.detail, failure.members)
        case PublishRefused() | SubscriptionRefused():
            return Problem(failure.code, failure.detail)
        case ProviderUnavailable() | StorageFull() | LastOperator() | TooManyTries() | TooBusy():
            return Problem(failure.code, str(failure))
        case ChildFailure():  # logged with all that the program said, where it ended
            return Problem(DEFECT, str(failure))
        case FileMissing():
            _log.error("A file of the studio is missing")
            return Problem("not_found", str(failure))
        case Malformed():
            return Problem("malformed", failure.detail, {"where": failure.field} if failure.field else None)
        case ShareUsedUp():
            return Problem(failure.code, str(failure), fields=((b"retry-after", b"%d" % failure.retry_seconds),))
        case DatabaseFailure():
            _log.warning("The ledger cannot be reached: %s", failure)
            return Problem("ledger_unavailable", _UNAVAILABLE)
        case _:
            _log.error("A defect", exc_info=failure)
            return Problem(DEFECT, _DEFECT)


def _refusal(refused: Refused, catalogue: Catalogue) -> Problem:
    refusal = refused.refusal
    code = _OF_STATUS[refusal.status]
    if refusal.in_use is not None:
        return _in_use(refusal.in_use, refused.sentence)
    if refusal.shortage is None:
        return Problem(code, refused.sentence)
    members = _figures(refusal.shortage, catalogue)
    return Problem(code, refused.sentence, members, _retry_fields(refusal.shortage, refusal.at))


def _in_use(in_use: InUse, sentence: str) -> Problem:
    kind = in_use.owner.partition("_")[0]
    if kind not in INSTEAD:  # placed by another program on the same ledger
        return Problem(IN_USE, sentence)
    held, ended = INSTEAD[kind]
    words = held if in_use.state in ("open", "unknown") else ended
    return Problem(IN_USE, words.format(id=in_use.owner), {kind: in_use.owner})


def _figures(shortage: Shortage, catalogue: Catalogue) -> dict[str, Any]:
    allowance = shortage.allowance
    return {
        "meter": allowance.meter,
        "limit": allowance.limit,
        "used": allowance.used,
        "held": allowance.held,
        "remaining": allowance.remaining,
        "needed": shortage.needed,
        "resets_at": instant_text_or_none(allowance.ends_at),
        "timezone": shortage.zone,
        "fits": [{"meter": line.meter, "amount": line.amount, "action": line.action} for line in shortage.fits],
        "still_works": catalogue.meters[allowance.meter].still_works,
    }


def _retry_fields(shortage: Shortage, at: int) -> Fields:
    """When it fits again, or at least when the limit resets; nothing for a standing limit, which time does not free."""
    fields = rate_limit_fields((shortage.allowance,), at)
    again_at = shortage.fits_at or shortage.allowance.ends_at
    if again_at is None:
        return fields
    return ((b"retry-after", b"%d" % max(1, -(-(again_at - at) // SECOND))), *fields)
