"""The whole API in one table: the routes and the OpenAPI document are made of it. Pages have a table of their own.

A request is for a page when the table of pages has its path, or when a browser asks for an address that nothing is at.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from reelbot.accounts import Accounts
from reelbot.publish import ChannelAsked, ChannelShown, PostAsked, PostChangeAsked, PostShown, PublicationAsked
from reelbot.studio import (
    VIDEO_FILES,
    AssetShown,
    ChangeAsked,
    DraftAsked,
    DraftShown,
    GenerationAsked,
    JobShown,
    PresetAsked,
    PresetShown,
    RenderAsked,
    VideoShown,
)
from reelbot.subscriptions import PlanRequestShown
from reelbot.web import health, metrics, openapi
from reelbot.web.api import (
    access,
    account,
    assets,
    channels,
    drafts,
    entries,
    events,
    holds,
    jobs,
    operator_accounts,
    operator_jobs,
    operator_requests,
    operator_workers,
    plans,
    posts,
    presets,
    prices,
    providers,
    quotes,
    subscription,
    usage,
    videos,
    webhooks,
)
from reelbot.web.context import Site
from reelbot.web.operations import ByMethod, Call, Operation
from reelbot.web.pages.serving import API, Pages, is_browser
from reelbot.web.paging import PageQuery
from reelbot.web.problems import ACCEPTED, CREATED, IN_USE, OK, SHORTAGE, Problem
from reelbot.web.replies import SECURITY, STRICT_TRANSPORT, Reply
from reelbot.web.requests import JSON

DOCUMENT_PATH = "/api/v1/openapi.json"

_WELCOME = f"""\
ReelBot: AI work, metered so clearly that nobody is ever surprised by it.

The API is under /api/v1/, and {DOCUMENT_PATH} describes all of it.
Send your API key as `Authorization: Bearer <key>`; start with GET /api/v1/usage.
"""

FILE = ("not_found", "range_not_there")
"""What a file may be refused with."""

_ENDED = (IN_USE, "hold_settled", "hold_released", "hold_expired")


async def tell_welcome(call: Call) -> Reply:
    """Say where things are."""
    return Reply(OK, ((b"content-type", b"text/plain; charset=utf-8"), *SECURITY), _WELCOME.encode())


async def tell_document(call: Call) -> Reply:
    """The OpenAPI document."""
    return Reply(
        OK, ((b"content-type", JSON.encode()), (b"cache-control", b"no-cache"), *SECURITY), _document(call.site)
    )


@lru_cache(maxsize=1)
def _document(site: Site) -> bytes:
    return openapi.document(OPERATIONS, site)


# The most asked for come first: paths are tried in this order.
OPERATIONS: tuple[Operation, ...] = (
    Operation("ledger",
        "POST", "/api/v1/holds", "placeHold", "Set amounts aside, all of them or those that fit.", holds.place_hold,
        {CREATED: {JSON: holds.HoldShown}}, takes=holds.HoldAsked, one_of=("items", "lines"), idempotency="required",
        problems=(SHORTAGE,), metered=True, links=("readHold", "settleHold", "releaseHold"),
    ),
    Operation("ledger",
        "POST", "/api/v1/holds/{id}/settlement", "settleHold", "Turn a hold into usage, in whole or in part.",
        holds.settle_hold, {OK: {JSON: holds.HoldShown}}, takes=holds.SettlementAsked, body_needed=False,
        idempotency="optional", problems=("not_found", "amount_above_hold", *_ENDED), metered=True,
    ),
    Operation("ledger",
        "POST", "/api/v1/holds/{id}/release", "releaseHold", "Give a hold back.", holds.release_hold,
        {OK: {JSON: holds.HoldShown}}, takes=holds.ReleaseAsked, body_needed=False, idempotency="optional",
        problems=("not_found", *_ENDED), metered=True,
    ),
    Operation("read",
        "GET", "/api/v1/holds/{id}", "readHold", "How a hold stands.", holds.read_hold,
        {OK: {JSON: holds.HoldRead}}, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/usage", "readUsage", "Every limit, and what is used, held and left of it.", usage.read_usage,
        {OK: {JSON: usage.UsageShown}}, metered=True,
    ),
    Operation("read",
        "POST", "/api/v1/quotes", "quoteItems", "What actions would cost at most, and whether they fit.",
        quotes.quote_items, {OK: {JSON: quotes.QuoteShown}}, takes=quotes.QuoteAsked, metered=True,
    ),
    Operation("read",
        "GET", "/api/v1/events", "streamEvents", "What happens, as it happens: Server-Sent Events.",
        events.stream_events, {OK: {"text/event-stream": events.EventMessage}}, query=events.EventsQuery,
        request_fields=("Last-Event-ID",), problems=("too_busy",),
    ),
    Operation("read",
        "GET", "/api/v1/entries", "listEntries", "The ledger of the account, newest first.", entries.list_entries,
        {OK: {JSON: entries.EntriesShown, entries.CSV: str}}, query=entries.EntriesQuery, fields=("Vary",),
    ),
    Operation("read",
        "GET", "/api/v1/plans", "listPlans", "The plans on offer.", plans.list_plans, {OK: {JSON: plans.PlansShown}},
    ),
    Operation("read",
        "GET", "/api/v1/prices", "listPrices", "What each action costs.", prices.list_prices,
        {OK: {JSON: prices.PricesShown}},
    ),
    Operation("ledger",
        "PUT", "/api/v1/subscription", "changeSubscription", "What a change of plan does and when; does it if confirmed.",
        subscription.change_subscription,
        {OK: {JSON: subscription.SubscriptionShown}, ACCEPTED: {JSON: subscription.SubscriptionRequested}},
        takes=subscription.SubscriptionAsked, idempotency="optional", problems=("too_many_requests",),
    ),
    Operation("read",
        "GET", "/api/v1/subscription", "readSubscription", "The plan, who may change it, and the last request for another.",
        subscription.read_subscription, {OK: {JSON: subscription.SubscriptionStands}},
    ),
    Operation("ledger",
        "DELETE", "/api/v1/subscription/request", "withdrawRequest", "Withdraw the open request for a plan.",
        subscription.withdraw_request, {OK: {JSON: PlanRequestShown}}, problems=("not_found", "request_closed"),
    ),
    Operation("read",
        "GET", "/api/v1/account", "readAccount", "Who one is, and when one's windows end.", account.read_account,
        {OK: {JSON: account.AccountShown}},
    ),
    Operation("ledger",
        "PATCH", "/api/v1/account", "changeAccount",
        "Tell what a change of time zone does to the running day and month; do it when that is confirmed.",
        account.change_account, {OK: {JSON: account.AccountChanged}}, takes=account.AccountAsked, idempotency="optional",
    ),
    Operation("read",
        "GET", "/api/v1/account/access", "listAccess", "Sign-ins, links, keys and passwords of the account.",
        access.list_access, {OK: {JSON: access.AccessShown}}, query=access.AccessQuery, problems=("not_found",),
    ),
    Operation("ledger",
        "POST", "/api/v1/webhooks", "addWebhook", "Be told at a URL what happens, in signed messages.",
        webhooks.add_webhook, {CREATED: {JSON: webhooks.WebhookAdded}}, takes=webhooks.WebhookAsked,
        idempotency="optional", problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/webhooks", "listWebhooks", "The webhooks of the account, and whether they work.",
        webhooks.list_webhooks, {OK: {JSON: webhooks.WebhooksShown}}, problems=("not_found",),
    ),
    Operation("ledger",
        "DELETE", "/api/v1/webhooks/{id}", "removeWebhook", "Remove a webhook, with what it still has to tell.",
        webhooks.remove_webhook, {OK: {JSON: webhooks.WebhookRemoved}}, problems=("not_found",),
    ),
    Operation("ledger",
        "POST", "/api/v1/webhooks/{id}/test", "testWebhook", "Send a message at once; enables a disabled webhook again.",
        webhooks.test_webhook, {OK: {JSON: webhooks.WebhookTested}}, problems=("not_found", "too_busy"),
    ),
    Operation("ledger",
        "POST", "/api/v1/webhooks/{id}/secret", "rotateWebhookSecret", "Sign with a new secret, and a day with both.",
        webhooks.rotate_webhook_secret, {OK: {JSON: webhooks.WebhookSecret}}, problems=("not_found",),
    ),
    Operation("studio",
        "POST", "/api/v1/drafts", "openDraft", "Open a draft.", drafts.open_draft,
        {CREATED: {JSON: DraftShown}}, takes=DraftAsked, idempotency="optional", problems=("not_found",),
        fields=("ETag",),
        links=("readDraft", "removeDraft"),
    ),
    Operation("read",
        "GET", "/api/v1/drafts", "listDrafts", "The drafts of the account, the last changed first.", drafts.list_drafts,
        {OK: {JSON: drafts.DraftsShown}}, query=PageQuery, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/drafts/{id}", "readDraft", "A draft: steps, results, prices, what is stale.", drafts.read_draft,
        {OK: {JSON: DraftShown}}, problems=("not_found",), fields=("ETag",),
    ),
    Operation("studio",
        "PATCH", "/api/v1/drafts/{id}", "changeDraft", "Change a draft by hand; never costs anything.",
        drafts.change_draft, {OK: {JSON: DraftShown}}, takes=ChangeAsked, request_fields=("If-Match",), fields=("ETag",),
        problems=("not_found", "draft_locked", "revision_conflict", "confirmation_needed", "malformed", "too_busy"),
    ),
    Operation("studio",
        "DELETE", "/api/v1/drafts/{id}", "removeDraft", "Remove a draft, and cancel what is at work for it.",
        drafts.remove_draft, {OK: {JSON: drafts.Removed}}, problems=("not_found", "draft_locked"),
    ),
    Operation("read",
        "POST", "/api/v1/drafts/{id}/quotes", "quoteDraft", "What AI actions on a draft would cost at most.",
        drafts.quote_draft, {OK: {JSON: drafts.DraftQuoteShown}}, takes=GenerationAsked,
        one_of=("step", "steps", "stale"), metered=True,
        problems=("not_found", "nothing_to_do", "provider_unavailable", "too_busy"),
    ),
    Operation("studio",
        "POST", "/api/v1/drafts/{id}/generations", "generate", "Trigger AI actions: one, several, or all that is stale.",
        drafts.generate, {ACCEPTED: {JSON: drafts.BegunShown}}, takes=GenerationAsked,
        one_of=("step", "steps", "stale"), idempotency="required",
        problems=(
            SHORTAGE, "not_found", "draft_locked", "step_running", "nothing_to_do", "not_ready", "provider_unavailable",
        ),
    ),
    Operation("studio",
        "POST", "/api/v1/drafts/{id}/renders", "renderDraft", "Make the finished video: uses a video generation.",
        drafts.render_draft, {ACCEPTED: {JSON: drafts.BegunShown}}, takes=RenderAsked, body_needed=False,
        idempotency="required",
        problems=(SHORTAGE, "not_found", "draft_locked", "step_running", "confirmation_needed", "not_ready"),
    ),
    Operation("studio",
        "POST", "/api/v1/drafts/{id}/previews", "previewDraft", "Make a small video to look at; costs nothing.",
        drafts.preview_draft, {ACCEPTED: {JSON: drafts.BegunShown}}, takes=drafts.EmptyAsked, body_needed=False,
        idempotency="required", problems=("not_found", "step_running", "not_ready"),
    ),
    Operation("read",
        "GET", "/api/v1/drafts/{id}/files/{part}", "readDraftFile", "A picture, clip or sound of a draft.",
        drafts.read_draft_file, {OK: {"*/*": bytes}}, problems=FILE,
    ),
    Operation("read",
        "GET", "/api/v1/drafts/{id}/words/{part}", "readDraftWords", "The word timings of a voiceover.",
        drafts.read_draft_words, {OK: {JSON: list}}, problems=FILE,
    ),
    Operation("read",
        "GET", "/api/v1/jobs", "listJobs", "What is at work and what has ended, the newest first.", jobs.list_jobs,
        {OK: {JSON: jobs.JobsShown}}, query=PageQuery, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/jobs/{id}", "readJob", "How a job stands.", jobs.read_job, {OK: {JSON: JobShown}},
        problems=("not_found",),
    ),
    Operation("studio",
        "DELETE", "/api/v1/jobs/{id}", "cancelJob", "Cancel a job.", jobs.cancel_job, {OK: {JSON: JobShown}},
        problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/jobs/{id}/preview.mp4", "readPreview", "The small video that a preview made.", jobs.read_preview,
        {OK: {"video/mp4": bytes}}, problems=FILE,
    ),
    Operation("studio",
        "POST", "/api/v1/assets", "uploadAsset", "Upload a picture, clip or sound; counts as storage.",
        assets.upload_asset, {CREATED: {JSON: AssetShown}}, uploads=True, idempotency="optional",
    ),
    Operation("read",
        "GET", "/api/v1/assets", "listAssets", "Uploads and animated clips, the newest first.", assets.list_assets,
        {OK: {JSON: assets.AssetsShown}}, query=PageQuery, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/assets/{id}", "readAsset", "An upload or animated clip.", assets.read_asset,
        {OK: {JSON: AssetShown}}, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/assets/{id}/file", "readAssetFile", "Its file.", assets.read_asset_file,
        {OK: {"*/*": bytes}}, problems=FILE,
    ),
    Operation("studio",
        "DELETE", "/api/v1/assets/{id}", "removeAsset", "Remove it, which frees its place at once.",
        assets.remove_asset, {OK: {JSON: drafts.Removed}}, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/videos", "listVideos", "Finished videos, the newest first.", videos.list_videos,
        {OK: {JSON: videos.VideosShown}}, query=PageQuery, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/videos/{id}", "readVideo", "A finished video.", videos.read_video,
        {OK: {JSON: VideoShown}}, problems=("not_found",),
    ),
    *(
        Operation("read",
            "GET", f"/api/v1/videos/{{id}}/{path}", f"readVideo{name.capitalize()}", f"Its file {path}.",
            videos.read_video_file(name), {OK: {videos.CONTENT_TYPES[name].partition(";")[0]: bytes}},
            problems=FILE,
        )
        for name, path in VIDEO_FILES.items()
    ),
    Operation("read",
        "GET", "/api/v1/videos/{id}/script.txt", "readVideoScript", "Its script as text, where it has one.",
        videos.read_video_script, {OK: {videos.TEXT.partition(";")[0]: str}}, problems=("not_found",),
    ),
    Operation("studio",
        "POST", "/api/v1/videos/{id}/edits", "editVideo", "Open a new draft from a video's setup.", videos.edit_video,
        {CREATED: {JSON: DraftShown}}, idempotency="optional", problems=("not_found",), fields=("ETag",),
    ),
    Operation("read",
        "GET", "/api/v1/videos/{id}/kit.zip", "readKit", "All that a platform's form asks for; needs no channel.",
        posts.read_kit, {OK: {posts.ZIP: bytes}}, query=posts.KitQuery, problems=("not_found",),
    ),
    Operation("studio",
        "POST", "/api/v1/videos/{id}/posts", "publishVideo", "Publish a video to a channel: uses a post.",
        posts.publish_video, {ACCEPTED: {JSON: posts.PublishedShown}}, takes=PublicationAsked, idempotency="required",
        problems=(SHORTAGE, "not_found", "not_ready", "post_locked"),
    ),
    Operation("studio",
        "POST", "/api/v1/posts", "openPost", "Write a draft of a post; free.", posts.open_post,
        {CREATED: {JSON: PostShown}}, takes=PostAsked, idempotency="optional", problems=("not_found",),
        links=("readPost", "publishPost", "removePost"),
    ),
    Operation("read",
        "GET", "/api/v1/posts", "listPosts", "Posts and drafts of them, the newest first.", posts.list_posts,
        {OK: {JSON: posts.PostsShown}}, query=PageQuery, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/posts/{id}", "readPost", "How a post stands, and what its platform answered.", posts.read_post,
        {OK: {JSON: PostShown}}, problems=("not_found",),
    ),
    Operation("studio",
        "PATCH", "/api/v1/posts/{id}", "changePost", "Change a draft of a post, or one that failed; free.",
        posts.change_post, {OK: {JSON: PostShown}}, takes=PostChangeAsked, problems=("not_found", "post_locked"),
    ),
    Operation("studio",
        "DELETE", "/api/v1/posts/{id}", "removePost", "Remove a post from the list; what was published stays.",
        posts.remove_post, {OK: {JSON: drafts.Removed}}, problems=("not_found", "post_locked"),
    ),
    Operation("studio",
        "POST", "/api/v1/posts/{id}/publication", "publishPost", "Publish a draft of a post: uses a post.",
        posts.publish_post, {ACCEPTED: {JSON: posts.PublishedShown}}, idempotency="required",
        problems=(SHORTAGE, "not_found", "not_ready", "post_locked"),
    ),
    Operation("studio",
        "POST", "/api/v1/channels", "connectChannel", "Connect a channel: takes one of the places for them.",
        channels.connect_channel, {CREATED: {JSON: ChannelShown}}, takes=ChannelAsked, idempotency="optional",
        problems=(SHORTAGE, "not_found"), links=("removeChannel",),
    ),
    Operation("read",
        "GET", "/api/v1/channels", "listChannels", "The channels that are connected, the newest first.",
        channels.list_channels, {OK: {JSON: channels.ChannelsShown}}, query=PageQuery, problems=("not_found",),
    ),
    Operation("studio",
        "DELETE", "/api/v1/channels/{id}", "removeChannel", "Remove a channel, which frees its place at once.",
        channels.remove_channel, {OK: {JSON: drafts.Removed}}, problems=("not_found",),
    ),
    Operation("studio",
        "POST", "/api/v1/presets", "savePreset", "Keep settings as a template, or colours and logo as a brand preset.",
        presets.save_preset, {CREATED: {JSON: PresetShown}}, takes=PresetAsked, one_of=("template", "brand"),
        idempotency="optional", problems=("not_found",), links=("removePreset",),
    ),
    Operation("read",
        "GET", "/api/v1/presets", "listPresets", "Templates and brand presets, the newest first.", presets.list_presets,
        {OK: {JSON: presets.PresetsShown}}, query=PageQuery, problems=("not_found",),
    ),
    Operation("studio",
        "DELETE", "/api/v1/presets/{id}", "removePreset", "Remove a template or brand preset.", presets.remove_preset,
        {OK: {JSON: drafts.Removed}}, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/providers", "listProviders", "Who can make what, with which options.",
        providers.list_providers, {OK: {JSON: providers.ProvidersShown}}, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/voices", "listVoices", "The voices of a content language.", providers.list_voices,
        {OK: {JSON: providers.VoicesShown}}, query=providers.VoicesQuery, problems=("not_found",),
    ),
    Operation("read",
        "GET", "/api/v1/voices/{id}/sample.wav", "readSample", "A greeting by a voice; costs nothing.",
        providers.read_sample, {OK: {"audio/wav": bytes}}, problems=("not_found", "too_many_requests", "disk_full"),
    ),
    Operation("operator",
        "GET", "/api/v1/operator/jobs", "listOperatorJobs", "For operators: jobs of all accounts, and which failed lately.",
        operator_jobs.list_operator_jobs, {OK: {JSON: operator_jobs.OperatorJobsShown}}, problems=("not_found",),
    ),
    Operation("operator",
        "POST", "/api/v1/operator/jobs/{id}/cancellation", "callOffJob", "For operators: cancel a job, with a reason.",
        operator_jobs.call_off_job, {OK: {JSON: JobShown}}, takes=operator_jobs.CancellationAsked,
        problems=("not_found", "too_busy"),
    ),
    Operation("operator",
        "GET", "/api/v1/operator/access", "listAllAccess", "For operators: sign-ins, links, keys and roles of all accounts.",
        access.list_all_access, {OK: {JSON: access.AccessShown}}, query=access.AccessQuery,
    ),
    Operation("operator",
        "GET", "/api/v1/operator/accounts", "listAccounts",
        "For operators: all accounts, or those of a name.",
        operator_accounts.list_accounts, {OK: {JSON: operator_accounts.AccountsListed}},
        query=operator_accounts.AccountsQuery, problems=("not_found",),
    ),
    Operation("operator",
        "POST", "/api/v1/operator/accounts", "openAccount",
        "For operators: open an account.",
        operator_accounts.open_account, {CREATED: {JSON: operator_accounts.OperatorAccountShown}},
        takes=operator_accounts.AccountAdded, idempotency="optional", problems=("not_found",),
        links=("readOperatorAccount",),
    ),
    Operation("operator",
        "GET", "/api/v1/operator/accounts/{id}", "readOperatorAccount",
        "For operators: an account, its figures, and what sets it apart.",
        operator_accounts.read_account, {OK: {JSON: operator_accounts.OperatorAccountShown}},
        problems=("not_found",),
    ),
    Operation("operator",
        "POST", "/api/v1/operator/accounts/{id}/plan", "setPlan",
        "For operators: move an account to a plan, at once, with a reason.",
        operator_accounts.set_plan, {OK: {JSON: operator_accounts.OperatorAccountShown}},
        takes=operator_accounts.PlanSet, idempotency="optional", problems=("not_found",),
    ),
    Operation("operator",
        "POST", "/api/v1/operator/accounts/{id}/grants", "grant",
        "For operators: add to a limit in the window that runs, with a reason.",
        operator_accounts.grant, {OK: {JSON: operator_accounts.OperatorAccountShown}},
        takes=operator_accounts.GrantAsked, idempotency="optional", problems=("not_found",),
    ),
    Operation("operator",
        "POST", "/api/v1/operator/accounts/{id}/overrides", "setOverride",
        "For operators: set a limit apart from the plan, with a reason.",
        operator_accounts.override, {OK: {JSON: operator_accounts.OperatorAccountShown}},
        takes=operator_accounts.OverrideAsked, idempotency="optional", problems=("not_found",),
    ),
    Operation("operator",
        "POST", "/api/v1/operator/accounts/{id}/role", "setRole",
        "For operators: give an account a role, with a reason; the last operator stays one.",
        operator_accounts.set_role, {OK: {JSON: operator_accounts.OperatorAccountShown}},
        takes=operator_accounts.RoleSet, idempotency="optional", problems=("not_found",),
    ),
    Operation("operator",
        "GET", "/api/v1/operator/requests", "listRequests",
        "For operators: requests for higher plans, the newest first.",
        operator_requests.list_requests, {OK: {JSON: operator_requests.RequestsShown}},
        query=operator_requests.RequestsQuery, problems=("not_found",),
    ),
    Operation("operator",
        "POST", "/api/v1/operator/requests/{id}/approval", "approveRequest",
        "For operators: approve a request: moves the account up at once.",
        operator_requests.approve_request, {OK: {JSON: PlanRequestShown}},
        takes=operator_requests.DecisionAsked, idempotency="optional", problems=("not_found", "request_closed"),
    ),
    Operation("operator",
        "POST", "/api/v1/operator/requests/{id}/decline", "declineRequest",
        "For operators: decline a request, with a reason.",
        operator_requests.decline_request, {OK: {JSON: PlanRequestShown}},
        takes=operator_requests.DecisionAsked, idempotency="optional", problems=("not_found", "request_closed"),
    ),
    Operation("operator",
        "GET", "/api/v1/operator/workers", "listWorkers", "For operators: who works on jobs, and how many each.",
        operator_workers.list_workers, {OK: {JSON: operator_workers.WorkersShown}}, problems=("not_found",),
    ),
    Operation(None,
        "GET", DOCUMENT_PATH, "readDocument", "This document.", tell_document, {OK: {JSON: dict}},
    ),
    Operation(None,
        "GET", "/healthz", "readHealth", "Whether the process lives.", health.tell_health,
        {OK: {JSON: health.Health}}, is_counted=False,
    ),
    Operation(None,
        "GET", "/readyz", "readReadiness", "Whether the ledger can be reached.", health.tell_readiness,
        {OK: {JSON: health.Readiness}}, is_counted=False, problems=("ledger_unavailable",),
    ),
    Operation(None,
        "GET", "/metrics", "readMetrics", "Counts for Prometheus.", metrics.tell_metrics, {OK: {"text/plain": str}},
    ),
    Operation(None,
        "GET", "/", "readWelcome", "Where things are.", tell_welcome, {OK: {"text/plain": str}},
    ),
)  # fmt: skip


def build_app(site: Site) -> ASGIApp:
    """The API of a site, and its pages where members are kept in a database, as an ASGI application."""
    paths = dict.fromkeys(operation.path for operation in OPERATIONS)
    return _App({path: ByMethod(tuple(one for one in OPERATIONS if one.path == path), site) for path in paths}, site)


class _App:
    """Finds a request's operation: by its very path where that names nothing, else by the router's patterns."""

    def __init__(self, paths: Mapping[str, ByMethod], site: Site) -> None:
        routes = [Route(path, by_method) for path, by_method in paths.items()]
        self._pages = Pages(site, site.accounts) if isinstance(site.accounts, Accounts) else None
        self._site = site
        nowhere = _Nowhere(site, self._pages)
        self._router = Router(routes, redirect_slashes=False, default=nowhere, lifespan=_lifespan(site, self._pages))
        self._exact = {
            (method, path): served
            for path, by_method in paths.items()
            for method, served in by_method.served.items()
            if "{" not in path
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve whatever comes: a request, a websocket, the life of the server."""
        if scope["type"] == "http":
            settings = self._site.pages
            if settings.is_secure(scope):
                send = _told_of_tls(send)
            try:
                settings.hosts.require(scope)
            except Problem as problem:
                self._site.counts.problems[problem.code] += 1
                await problem.reply().send_on(scope, receive, send)
                return
            if self._pages is not None and self._pages.takes(scope):
                await self._pages(scope, receive, send)
                return
            served = self._exact.get((scope["method"], scope["path"]))
            if served is not None:
                await served(scope, receive, send)
                return
        await self._router(scope, receive, send)


def _told_of_tls(send: Send) -> Send:
    """The same way out, with the field that makes a browser come by TLS only."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], STRICT_TRANSPORT]}
        await send(message)

    return sent


def _lifespan(site: Site, pages: Pages | None) -> Lifespan[Any]:
    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        yield
        site.streams.close()
        if pages is not None:
            await pages.close()

    return lifespan


class _Nowhere:
    """Answers for every address that nothing is at."""

    def __init__(self, site: Site, pages: Pages | None) -> None:
        self._site = site
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say so."""
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        if self._pages is not None and is_browser(scope) and not scope["path"].startswith(API):
            await self._pages(scope, receive, send)
            return
        self._site.counts.problems["not_found"] += 1
        problem = Problem("not_found", f"There is nothing at this address; {DOCUMENT_PATH} lists what there is.")
        await problem.reply().send_on(scope, receive, send)
