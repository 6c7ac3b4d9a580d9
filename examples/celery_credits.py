"""A Celery task that is tried again and paid for once: `celery --app examples.celery_credits worker`.

    celery --app examples.celery_credits call examples.celery_credits.caption --args '["ada", "order-17"]'

Tasks are run again: by a retry, and by a broker whose worker was killed. The idempotency key is made of the order and not
of the try, so each of them meets the same hold. A try that finds the hold settled returns what was made; one whose provider
is down leaves the hold and comes back; the last one gives it back.

Named here, the ledger is opened by the first task, in the process that Celery's pool forked for it. Settings, from the
environment: CREDITS (the ledger), BROKER and RESULTS (what Celery keeps its queue and its results in).
"""

import os
from typing import Any

from celery import Celery
from celery.app.task import Task

from reelbot.allowance import Refused, SyncLedger

CREDITS = 3
TRIES_MAX = 5
SECONDS_BETWEEN = int(os.environ.get("SECONDS_BETWEEN", "10"))

LEDGER = SyncLedger.open(os.environ.get("CREDITS", "sqlite:///credits.db"))

app = Celery(
    "credits",
    broker=os.environ.get("BROKER", "memory://"),
    backend=os.environ.get("RESULTS", "cache+memory://"),
    task_acks_late=True,  # a task of a killed worker is run again; the key sees to it that this costs nothing
)

CAPTIONS: dict[str, str] = {}
"""What was made, by order; a table of your own."""


class ProviderDown(Exception):
    """The provider didn't answer. Nothing was made."""


def stand_in_provider(order: str) -> str:
    """A caption for an order; put your provider in its place, and give it the order as its own idempotency key."""
    return f"A caption for {order}"


@app.task(bind=True, max_retries=TRIES_MAX - 1)
def caption(self: Task, name: str, order: str) -> dict[str, Any]:
    """Make a caption once, and charge for it once, however often the task is run."""
    account = LEDGER.account(name)
    try:
        hold = LEDGER.hold(account, {"ai_credits": CREDITS}, key=f"caption-{order}", why=f"A caption for {order}")
    except Refused as no:
        return {"refused": no.sentence}
    facts = LEDGER.hold_facts(account, hold.id)
    assert facts is not None, "a hold that was placed is there"
    if facts.state == "settled":
        return {"caption": CAPTIONS[order]}
    if facts.state != "open":
        return {"refused": f"{order} was given up. Order it again, under another number."}
    try:
        CAPTIONS[order] = stand_in_provider(order)
    except ProviderDown as down:
        if self.request.retries == self.max_retries:
            LEDGER.release(hold, why="The provider was down")
            raise
        raise self.retry(exc=down, countdown=SECONDS_BETWEEN) from down
    LEDGER.settle(hold)
    return {"caption": CAPTIONS[order]}
