"""What was charged, against what was delivered: the oracle of dishonest lives, written from what the product promises.

Figures come from the ledger's own history, as the account itself reads it; what was delivered was counted outside, where it
was handed over. Amounts that an account held by itself, with `POST /holds`, pay for nothing that the product makes: they
count within the limits, and never for a delivery.

What falls on the house, by the product's table of failure points, is in the oracle like this: work that came to nothing on
the way (a worker died, the provider answered with something broken) counts as delivered nowhere; what was broken was
charged once, and the try after it is free, so that of such a pair one counts on both sides. Nothing else is free.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tests.adversary.house import STORED_MAX, House, World

PLANS = ("free", "starter", "pro", "enterprise")
"""Lowest first."""

LIMITS: Mapping[str, Mapping[str, int | None]] = {
    "free": {"ai_credits": 60, "video_generations": 3, "posts": 5, "channels": 1},
    "starter": {"ai_credits": 200, "video_generations": 15, "posts": 30, "channels": 3},
    "pro": {"ai_credits": 1_000, "video_generations": 150, "posts": 300, "channels": 10},
    "enterprise": dict.fromkeys(("ai_credits", "video_generations", "posts", "channels")),
}
"""The default plans of the product; what they store in this house is in `STORED_MAX`."""


class Fault(AssertionError):
    """A promise that did not hold. `rule` is the same whenever it is the same promise."""

    def __init__(self, rule: str, sentence: str) -> None:
        super().__init__(f"{rule}: {sentence}")
        self.rule = rule


class Had(NamedTuple):
    """What an account has of what counts as long as it is there."""

    videos: int
    channels: int
    stored: int


def limit_of(plan: str, meter: str) -> int | None:
    """The limit of a plan; None for unlimited."""
    if meter == "storage_bytes":
        return STORED_MAX.get(plan)
    return LIMITS[plan][meter]


class Books:
    """What the ledger says of one account, read entry by entry, and compared with what it was given."""

    def __init__(self, name: str, number: str, plan: str) -> None:
        self.name = name
        self.number = number
        self.plan = plan
        self.own_holds: set[str] = set()
        self.videos: set[str] = set()
        self._charged: dict[str, Counter[str]] = {}
        self._last = ""

    # reading

    async def read(self, house: House) -> None:
        """Take in the entries that are new, and hold each of them to the limits."""
        usage = await told(house, self.name, "/usage")
        plans = (self.plan, usage["plan"])
        for entry in reversed([one async for one in self._new(house)]):
            self._take(entry, plans)
        self._require_given(usage["plan"])
        self.plan = usage["plan"]

    async def _new(self, house: House) -> Any:
        after, last = "", self._last
        while True:
            page = await told(house, self.name, f"/entries?limit=20{after}")
            for entry in page["entries"]:
                if entry["id"] == last:
                    return
                if after == "" and entry is page["entries"][0]:
                    self._last = entry["id"]
                yield entry
            if page["next"] is None:
                return
            after = f"&after={page['next']}"

    def _take(self, entry: Any, plans: Iterable[str]) -> None:
        if entry["meter"] is None or entry["hold"] is None:
            return
        before, after = (entry[side]["used"] + entry[side]["held"] for side in ("before", "after"))
        self._charged.setdefault(entry["hold"], Counter())[entry["meter"]] += after - before
        limits = [limit_of(plan, entry["meter"]) for plan in plans]
        if after > before and None not in limits and after > max(one for one in limits if one is not None):
            raise Fault("limit", f"{self.name} has {after} {entry['meter']} on {' and '.join(plans)}: {entry}")

    def _require_given(self, plan: str) -> None:
        """Nobody is on a higher plan than before unless an operator moved them."""
        if PLANS.index(plan) > PLANS.index(self.plan):
            raise Fault("plan", f"{self.name} went from {self.plan} to {plan}, and nobody gave it.")

    def charged(self, meter: str) -> int:
        """Used and held of a meter, in all windows, by whatever the account did not hold by itself."""
        return sum(charge[meter] for hold, charge in self._charged.items() if hold not in self.own_holds)

    # comparing

    def compare(self, world: World) -> None:
        """Delivered is at most charged, for what is made and published."""
        made = sum(one.credits for one in world.deliveries if one.account == self.number and one.is_usable)
        self._require("AI work", made, "ai_credits")
        self._require("posts that the platform accepted", world.posts[self.number], "posts")

    def compare_had(self, had: Had) -> None:
        """The same for what the account has: finished videos, channels, stored bytes."""
        self._require("finished videos", had.videos, "video_generations")
        self._require("channels", had.channels, "channels")
        self._require("stored bytes", had.stored, "storage_bytes")

    def _require(self, what: str, delivered: int, meter: str) -> None:
        charged = self.charged(meter)
        if delivered > charged:
            raise Fault(meter, f"{self.name} was given {what} worth {delivered}, and {charged} was charged.")

    def compare_at_rest(self, world: World) -> None:
        """Once nothing is at work: nobody paid for what never came."""
        made = sum(one.credits for one in world.deliveries if one.account == self.number)
        for meter, delivered in (
            ("ai_credits", made),
            ("posts", world.posts[self.number]),
            ("video_generations", len(self.videos)),
        ):
            if self.charged(meter) > delivered:
                paid = self.charged(meter)
                raise Fault(f"{meter} for nothing", f"{self.name} paid {paid} {meter} for {delivered} of them.")

    async def had(self, house: House) -> Had:
        """What the account has now, as its own lists tell it."""
        videos = [one async for one in listed(house, self.name, "videos")]
        self.videos |= {one["id"] for one in videos}
        channels = [one async for one in listed(house, self.name, "channels")]
        assets = [one async for one in listed(house, self.name, "assets")]
        return Had(len(self.videos), len(channels), sum(one["bytes"] for one in assets))


async def told(house: House, name: str, path: str) -> Any:
    """What the account is told at an address. Where it has asked too often, it waits."""
    for _ in range(5):
        answer = await house.stand.get(path, name)
        if answer.status_code == 401:
            await house.key_of(name)
        elif answer.status_code == 429:
            house.stand.time.advance(60_000)
        else:
            break
    if answer.status_code != 200:
        raise Fault("reading", f"{path} was answered {answer.status_code}: {answer.text}")
    return answer.json()


async def listed(house: House, name: str, collection: str) -> Any:
    """All of one of the account's lists."""
    after = ""
    while True:
        page = await told(house, name, f"/{collection}?limit=500{after}")
        for one in page[collection]:
            yield one
        if page["next"] is None:
            return
        after = f"&after={page['next']}"
