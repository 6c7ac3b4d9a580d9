"""Sentences: why an entry stands in the ledger, and why a command was refused. Read by people, kept for ever."""

from collections.abc import Sequence

from reelbot.allowance.core.balances import Allowance
from reelbot.allowance.core.commands import Line
from reelbot.allowance.core.outcomes import HeldLine, InUse, Refusal, Shortage, Status
from reelbot.allowance.core.plans import Catalogue, Meter
from reelbot.allowance.core.windows import local_text


def counted(amount: int, meter: Meter) -> str:
    """`1 AI credit`, `1,200 AI credits`."""
    return f"1 {meter.one}" if amount == 1 else f"{amount:,} {meter.many}"


def _because(sentence: str, why: str | None) -> str:
    return f"{sentence}: {why}" if why else f"{sentence}."


def why_opened(name: str, plan: str, zone: str) -> str:
    """The first entry of an account."""
    return f"{name} begins on the {plan} plan; days are counted in {zone}."


def why_held(meter: Meter, line: Line, why: str | None) -> str:
    """Set aside, and what for."""
    return _because(f"Held {counted(line.amount, meter)}", line.why or why or line.action)


def why_several(whys: Sequence[str]) -> str | None:
    """Why several lines were held that are kept as one; None when none of them says."""
    if not whys:
        return None
    if whys.count(whys[0]) == len(whys):
        return whys[0] if len(whys) == 1 else f"{len(whys)} × {whys[0]}"
    return f"{whys[0]}, and {len(whys) - 1} more"


def why_settled(meter: Meter, line: HeldLine, settled: int, why: str | None) -> str:
    """Used, and what of the hold went back."""
    used = f"Used {counted(settled, meter)}"
    rest = line.held - settled
    if rest:
        used += f" of {line.held:,} held; {rest:,} went back"
    return _because(used, why or line.action)


def why_released(meter: Meter, line: HeldLine, why: str | None) -> str:
    """Given back."""
    return _because(f"Gave back {counted(line.held, meter)}, nothing was used", why or line.action)


def why_expired(meter: Meter, line: HeldLine) -> str:
    """Given back because the deadline passed."""
    return f"Gave back {counted(line.held, meter)}: the hold was not settled before its deadline."


def why_unknown(meter: Meter, line: HeldLine, why: str | None) -> str:
    """Kept, because the outcome is not known."""
    return _because(f"Keeps {counted(line.held, meter)} held until the outcome is known", why)


def why_refunded(meter: Meter, amount: int, why: str | None) -> str:
    """Taken back from usage."""
    return _because(f"Refunded {counted(amount, meter)}", why)


def why_granted(meter: Meter, amount: int, why: str) -> str:
    """Added to one window."""
    return _because(f"Granted {counted(amount, meter)} extra", why)


def why_overridden(meter: Meter, limit: int | None, by_plan: bool, why: str) -> str:
    """A limit of its own, or the plan's again."""
    if by_plan:
        return _because(f"The limit of {meter.many} follows the plan again", why)
    figure = "unlimited" if limit is None else f"{limit:,}"
    return _because(f"The limit of {meter.many} is {figure} for this account", why)


def why_plan(catalogue: Catalogue, plan: str, effective: str | None, why: str | None) -> str:
    """Moved, will move (`effective` tells when), or stays after all."""
    title = catalogue.plans[plan].title
    return _because(f"Moves to {title} on {effective}" if effective else f"On {title} from now on", why)


def why_stays(catalogue: Catalogue, plan: str) -> str:
    """A scheduled move was taken back."""
    return f"Stays on {catalogue.plans[plan].title}; the scheduled change was taken back."


def shortage_sentence(catalogue: Catalogue, shortage: Shortage) -> str:
    """What is short, by how much, and when it is back: the `detail` of every exhausted limit."""
    allowance, needed = shortage.allowance, shortage.needed
    meter = catalogue.meters[allowance.meter]
    left = allowance.remaining or 0
    held = f" and {allowance.held:,} held" if allowance.held else ""
    figures = f"{allowance.used:,} of {allowance.limit:,} used{held}"
    return f"This needs {counted(needed, meter)}, {left:,} left ({figures}). {_when(allowance, shortage)}"


def _when(allowance: Allowance, shortage: Shortage) -> str:
    if allowance.ends_at is None:
        return "Removing something frees room at once; a higher plan has more."
    resets = local_text(allowance.ends_at, shortage.zone)
    if shortage.fits_at is None:
        return f"It is more than a whole {allowance.kind} allows; the limit resets on {resets}."
    return f"The limit resets on {resets}."


_PLAIN: dict[Status, str] = {
    Status.ACCOUNT_NOT_FOUND: "There is no such account.",
    Status.KEY_REUSED: "This idempotency key was used for another request. Use a new key for a new request.",
    Status.HOLD_NOT_FOUND: "There is no such hold.",
    Status.HOLD_SETTLED: "This hold was already settled.",
    Status.HOLD_RELEASED: "This hold was already released; what it held went back.",
    Status.HOLD_EXPIRED: "This hold's deadline passed; what it held went back. Place a new hold.",
    Status.HOLD_OPEN: "This hold is still open. Settle or release it.",
    Status.AMOUNT_ABOVE_HOLD: "This is more than was held. A settlement can use at most what was set aside.",
    Status.PLAN_HIGHER: "This plan is higher than the present one, and moving up was not allowed here.",
    Status.PLAN_NOT_HIGHER: "This plan is not higher than the present one, and only moving up was asked for.",
}


def in_use_sentence(in_use: InUse) -> str:
    """Whose a hold is that somebody else asked to end."""
    if in_use.state in ("open", "unknown"):
        return f"This hold belongs to {in_use.owner} and ends with it. Cancel or remove {in_use.owner} instead."
    return f"This hold belonged to {in_use.owner}; what it used stays used. A grant can make up for it."


def refusal_sentence(catalogue: Catalogue, refusal: Refusal) -> str:
    """Why a command was refused, in words that a person can act on."""
    if refusal.shortage is not None:
        return shortage_sentence(catalogue, refusal.shortage)
    if refusal.in_use is not None:
        return in_use_sentence(refusal.in_use)
    return _PLAIN[refusal.status]
