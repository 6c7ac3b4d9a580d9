"""The dashboard: make a video, what is left of every limit, the last 14 days, what to go on with, what is at work."""

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from reelbot.allowance import Ledger
from reelbot.records import Page
from reelbot.studio import DraftAsked, DraftListed, JobShown, VideoShown, job_shown, video_shown
from reelbot.web.pages.activity import DayUsed, Used
from reelbot.web.pages.draft_view import work_words
from reelbot.web.pages.plan_changes import request_shown
from reelbot.web.pages.visits import Goto, Outcome, Shown, Visit
from reelbot.web.pages.wording import day_words
from reelbot.web.problems import Problem

LISTED = 6
"""Drafts and videos shown to go on with: two rows; the studio lists all."""

TOLD_DAYS = 7
"""How long the dashboard tells what became of a request for a plan: whoever looks in once a week sees it."""

COLOURS = 8
"""Colours of the chart; further actions share the last one."""

_ACTIVE = ("queued", "running")


class ChartSegment(NamedTuple):
    """One action's part of a day's column, in percent of the chart's height, from the top."""

    title: str
    amount: int
    colour: int
    top: float
    height: float


class Column(NamedTuple):
    """A day of the chart."""

    day: str
    weekday: str
    total: int
    parts: Sequence[ChartSegment]


class Chart(NamedTuple):
    """What was used on the last days, ready to be drawn and to be read as a table."""

    actions: Sequence[tuple[str, int]]
    columns: Sequence[Column]
    most: int
    total: int
    is_whole: bool


class GoingOn(NamedTuple):
    """What the studio has of an account; empty where there is no studio."""

    drafts: Sequence[DraftListed]
    videos: Sequence[VideoShown]
    jobs: Sequence[JobShown]


async def show(visit: Visit) -> Outcome:
    """Show it."""
    site, usage = visit.site, visit.figures
    meter = next(iter(site.ledger.terms.catalogue.meters))
    used = await visit.memory.activity.of(site.ledger, visit.account, meter, usage.zone, usage.as_of)
    values: dict[str, Any] = {
        "chart": _chart(used, site.ledger),
        "going_on": await _going_on(visit),
        "has_studio": site.studio is not None,
        "work_words": work_words,
        "open_requests": await site.subscriptions.count_open() if visit.member.role == "operator" else 0,
        "request": request_shown(
            await site.subscriptions.latest(visit.account), usage, site.ledger.terms.catalogue, TOLD_DAYS
        ),
        "key": secrets.token_hex(16),
    }
    return Shown("dashboard", values, "Dashboard")


async def make(visit: Visit) -> Outcome:
    """Open a draft and go on to it; the key in the form sees to it that a double click opens one."""
    studio = visit.site.studio
    if studio is None:
        raise Problem("not_found", "This server has no studio.")
    asked = DraftAsked(
        flow="cinematic" if visit.field("flow") == "cinematic" else "narrated", topic=visit.field("topic")
    )
    kept, _ = await studio.open(visit.account, asked, visit.field("key") or None)
    return Goto(f"/studio/{kept.id}")


async def _going_on(visit: Visit) -> GoingOn:
    studio = visit.site.studio
    if studio is None:
        return GoingOn((), (), ())
    page = Page(LISTED)
    jobs = [job for job in await studio.jobs(visit.account, Page(50)) if job.state in _ACTIVE]
    videos = [video_shown(video) for video in await studio.videos(visit.account, page)]
    return GoingOn(await studio.drafts(visit.account, page), videos, [job_shown(job) for job in jobs])


# the chart


def _chart(used: Used, ledger: Ledger) -> Chart:
    titles = {name: price.title for name, price in ledger.terms.prices.prices.items()}
    actions = [(titles.get(name, name or "Other"), min(place, COLOURS - 1)) for place, name in enumerate(used.actions)]
    columns = [_column(day, used, dict(zip(used.actions, actions, strict=True))) for day in used.days]
    return Chart(actions, columns, used.most, sum(day.total for day in used.days), used.is_whole)


def _column(day: DayUsed, used: Used, shown: dict[str, tuple[str, int]]) -> Column:
    parts: list[ChartSegment] = []
    top = 100.0
    for action, (title, colour) in shown.items():
        amount = day.amounts.get(action, 0)
        if amount > 0:
            height = 100 * amount / used.most
            top -= height
            parts.append(ChartSegment(title, amount, colour, round(max(0.0, top), 2), round(height, 2)))
    return Column(day_words(day.day), f"{day.day:%a}", day.total, parts)
