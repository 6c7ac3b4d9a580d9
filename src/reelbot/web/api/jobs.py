"""`/api/v1/jobs`: what is at work, and what came of it."""

import msgspec
from msgspec import Struct

from reelbot.studio import JobShown, job_shown
from reelbot.web.api.drafts import studio_of
from reelbot.web.media import file_reply
from reelbot.web.operations import Call
from reelbot.web.paging import PageQuery, cut, page_of
from reelbot.web.problems import OK, Problem
from reelbot.web.replies import Reply, Streamed, json_reply

_encode = msgspec.json.Encoder().encode


class JobsShown(Struct, frozen=True):
    """A page of jobs, the newest first; `next` is the cursor of the page behind it, null on the last."""

    jobs: list[JobShown]
    next: str | None


async def list_jobs(call: Call) -> Reply:
    """Tell which there are."""
    query: PageQuery = call.query
    found = await studio_of(call).jobs(call.account, page_of(query))
    page, following = cut(found, query, [(job.created_at, job.number) for job in found])
    return json_reply(OK, _encode(JobsShown([job_shown(job) for job in page], following)))


async def read_job(call: Call) -> Reply:
    """Tell how it stands."""
    return json_reply(OK, _encode(job_shown(await studio_of(call).job(call.account, call.named))))


async def cancel_job(call: Call) -> Reply:
    """Ask for its end; it is told as it stands right after."""
    return json_reply(OK, _encode(job_shown(await studio_of(call).cancel(call.account, call.named))))


async def read_preview(call: Call) -> Streamed:
    """The small video that a preview made."""
    studio = studio_of(call)
    job = await studio.job(call.account, call.named)
    sha256 = (job.result or {}).get("preview")
    if not isinstance(sha256, str):
        was_made = job.kind == "preview" and job.state == "succeeded"
        told = "Only the last preview of a draft is kept." if was_made else "This job has made no preview."
        raise Problem("not_found", told)
    if not studio.files.has(sha256):
        raise Problem("not_found", "This preview is gone with its draft.")
    return file_reply(call.headers, studio.files.path(sha256), "video/mp4")
