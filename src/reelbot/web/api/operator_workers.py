"""`/api/v1/operator/workers`: who works on jobs, for operators: the machines and processes, idle ones among them."""

import msgspec
from msgspec import Struct

from reelbot.allowance import Instant
from reelbot.clock import instant_text_or_none
from reelbot.studio import SeenWorker
from reelbot.web.api.drafts import studio_of
from reelbot.web.api.operator_jobs import require_operator
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import Reply, json_reply

_encode = msgspec.json.Encoder().encode


class WorkerShown(Struct, frozen=True):
    """A worker, by its machine and process. `jobs` is what it has a lease on, `places` how many it does at once.

    `silent` says that it has not been heard for a minute. Of one that is known by its leases alone, the rest is null.
    """

    name: str
    jobs: int
    places: int | None
    began_at: Instant | None
    heard_at: Instant | None
    silent: bool


class WorkersShown(Struct, frozen=True):
    """The workers, the one that was heard last first."""

    workers: list[WorkerShown]


async def list_workers(call: Call) -> Reply:
    """Tell who is there."""
    require_operator(call)
    now = call.site.clock()
    found = await studio_of(call).overview.workers()
    return json_reply(OK, _encode(WorkersShown([_shown(worker, now) for worker in found])))


def _shown(worker: SeenWorker, now: int) -> WorkerShown:
    began_at, heard_at = instant_text_or_none(worker.began_at), instant_text_or_none(worker.heard_at)
    return WorkerShown(worker.name, worker.jobs, worker.places, began_at, heard_at, worker.is_silent(now))
