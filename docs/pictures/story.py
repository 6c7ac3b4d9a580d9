"""What the pictures show: two weeks of somebody's work, done through the product with a clock that is moved.

Every figure is what the ledger came to and every picture what the embedded providers painted; nothing is drawn in.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.support.sites import Stand, join

from reelbot.clock import DAY, HOUR, instant_from

BEGINS_AT = instant_from("2026-02-27T09:00:00Z")
"""The account is opened 14 days before the pictures are taken, so that its chart is full."""

TAKEN_AT = instant_from("2026-03-12T13:32:30Z")
"""A Thursday afternoon in Paris; half a minute away from where a countdown changes, in both directions."""

WHO = "maya"

OPERATOR = "ada"
"""One of the two accounts that a site for tests begins with."""

SPOKEN = ({"step": "script"}, {"step": "voiceover"})

Steps = Sequence[Mapping[str, Any]]


def pictures(count: int, *more: Mapping[str, Any]) -> Steps:
    """So many pictures, and what else is made with them."""
    return ({"step": "image", "options": {"count": count}}, *more)


class Past(NamedTuple):
    """What was made of a topic on a day; a video too where that is said."""

    days_ago: int
    topic: str
    steps: Steps
    flow: str = "narrated"
    is_rendered: bool = False
    tone: str = "professional"


PAST = (
    Past(13, "Why cats purr", ({"step": "topic"}, *SPOKEN, *pictures(4))),
    Past(12, "How tides work", (*SPOKEN, *pictures(5, {"step": "music"}))),
    Past(10, "What makes bread rise", (*SPOKEN, *pictures(6))),
    Past(9, "Waves at night", pictures(4, {"step": "music"}), flow="cinematic", is_rendered=True),
    Past(7, "The first hour of the day", (*SPOKEN, *pictures(3, {"step": "music"})), tone="inspirational"),
    Past(6, "How bridges sing in the wind", ({"step": "topic"}, *SPOKEN, *pictures(8, {"step": "music"}))),
    Past(3, "Why leaves turn red", (*SPOKEN, *pictures(5))),
    Past(2, "A garden on a balcony", (*SPOKEN, *pictures(7, {"step": "music"})), tone="casual"),
    Past(1, "How lighthouses work", (*SPOKEN, *pictures(4, {"step": "music"})), is_rendered=True),
)

ANIMATED_DAYS_AGO = 2
"""On this day two pictures were set in motion as well."""


class Story(NamedTuple):
    """The places that the pictures are taken at."""

    draft: str
    stale: str
    video: str


async def tell(stand: Stand) -> Story:
    """Live through the days, the last of them until the afternoon."""
    await join(stand, WHO, "starter")
    await _appoint(stand, OPERATOR)
    video = ""
    for past in PAST:
        stand.time.move_to(TAKEN_AT - past.days_ago * DAY - 3 * HOUR)
        draft = await _made(stand, past)
        if past.days_ago == ANIMATED_DAYS_AGO:
            await _generate(stand, draft, [await _animation(stand, draft, 5)])
        if past.is_rendered:
            video = await _rendered(stand, draft)
    stand.time.move_to(TAKEN_AT - HOUR)
    stale = await _made(stand, Past(0, "Three things about honey", (*SPOKEN, *pictures(3))))
    await change(stand, stale, {"settings": {"tone": "humorous"}, "confirm": True})
    topics: Steps = ({"step": "topic"}, *SPOKEN, *pictures(5, {"step": "music"}))
    draft = await _made(stand, Past(0, "Why the sea is never still", topics))
    stand.time.move_to(TAKEN_AT)
    return Story(draft, stale, video)


async def _appoint(stand: Stand, name: str) -> None:
    """Make an operator of an account, as only the one who owns the database can."""
    assert stand.site.database is not None
    async with stand.site.database.transaction() as connection:
        await connection.execute(f"UPDATE member SET role = 'operator' WHERE name = '{name}'")


async def begin(stand: Stand, draft: str) -> None:
    """Ask for two clips and leave them to the queue: their price is held, and shown as held."""
    await _accepted(stand, "POST", f"/drafts/{draft}/generations", {"steps": [await _animation(stand, draft, 3)]})


async def use_up(stand: Stand) -> None:
    """Use all that is left today, as a program with a key would."""
    hold = await stand.hold(await _left(stand), name=WHO)
    await _accepted(stand, "POST", f"/holds/{hold['id']}/settlement", {"why": "A nightly script of my own."})


async def change(stand: Stand, draft: str, body: Mapping[str, Any]) -> None:
    """Change a draft by hand."""
    await _accepted(stand, "PATCH", f"/drafts/{draft}", body)


async def _animation(stand: Stand, draft: str, seconds: int) -> Mapping[str, Any]:
    """Set the first two pictures of a draft in motion."""
    shown = await _accepted(stand, "GET", f"/drafts/{draft}")
    scenes = [one["scene"] for one in shown["steps"]["assets"]["scenes"][:2]]
    return {"step": "animation", "options": {"scenes": scenes, "seconds": seconds}}


async def _left(stand: Stand) -> int:
    meters = (await stand.get("/usage", WHO)).json()["meters"]
    return int(next(one["remaining"] for one in meters if one["meter"] == "ai_credits"))


async def _made(stand: Stand, past: Past) -> str:
    settings = {"duration_s": 15, "tone": past.tone}
    asked = {"flow": past.flow, "topic": past.topic, "settings": settings}
    draft = str((await _accepted(stand, "POST", "/drafts", asked))["id"])
    await _generate(stand, draft, past.steps)
    return draft


async def _generate(stand: Stand, draft: str, steps: Steps) -> None:
    await _accepted(stand, "POST", f"/drafts/{draft}/generations", {"steps": list(steps)})
    await _work(stand)


async def _rendered(stand: Stand, draft: str) -> str:
    job = (await _accepted(stand, "POST", f"/drafts/{draft}/renders", {}))["job"]
    await _work(stand)
    ended = await _accepted(stand, "GET", f"/jobs/{job}")
    return str(ended["result"]["video"])


async def _work(stand: Stand) -> None:
    assert stand.site.studio is not None
    await stand.site.studio.worker.run_all()


async def _accepted(stand: Stand, method: str, path: str, body: Any = None) -> Any:
    answer = await stand.send(method, path, body, WHO, None if method in ("GET", "PATCH") else "")
    assert answer.is_success, f"{method} {path}: {answer.text}"
    return answer.json()
