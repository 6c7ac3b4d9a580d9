"""Views that programs read: the same shapes as the API's answers."""

from reelbot.allowance import NO_SECOND, Receipt, Usage, ZoneChange, meter_figures
from reelbot.clock import instant_text, instant_text_or_none


def usage_document(usage: Usage) -> dict[str, object]:
    """As `GET /api/v1/usage`, without the cursor of the stream."""
    return {
        "account": usage.account.name,
        "plan": usage.plan,
        "next_plan": usage.next_plan,
        "next_plan_at": instant_text_or_none(usage.next_plan_at),
        "timezone": usage.zone,
        "as_of": instant_text(usage.as_of),
        "meters": [meter_figures(allowance) for allowance in usage.meters],
    }


def change_document(receipt: Receipt, usage: Usage) -> dict[str, object]:
    """An accepted change of an account: the usage right after it, and whether the same key had done it before."""
    return usage_document(usage) | {"replayed": receipt.replayed}


def zone_document(change: ZoneChange, receipt: Receipt | None, usage: Usage) -> dict[str, object]:
    """What a change of time zone does to the running windows; without a receipt it has not been done."""
    moves = [
        {
            "kind": one.kind,
            "starts_at": instant_text(one.starts_at),
            "ends_at_before": instant_text(one.ends_at_before),
            "ends_at": instant_text(one.ends_at),
            "next_ends_at": instant_text(one.next_ends_at),
        }
        for one in change.windows
    ]
    replayed = receipt is not None and receipt.replayed
    changed = receipt is not None and not replayed and not change.stays
    told = {"replayed": replayed, "changed": changed, "moves": moves, "sentence": told_before(change)}
    return usage_document(usage) | told


def told_before(change: ZoneChange) -> str:
    """What is said before a change of zone is agreed to."""
    return change.sentence if change.stays else f"{change.sentence} {NO_SECOND}"
