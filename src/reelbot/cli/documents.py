"""What programs read: the same shapes as the API's answers."""

from reelbot.allowance import Receipt, Usage, meter_figures
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
