"""One idempotency key, one request, over all that an account can ask for: by HTTP, every pair of operations with keys."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.support.clock import FakeClock
from tests.support.sites import Stand, filmed, standing

from reelbot.clock import DAY
from reelbot.limits import ANSWER_KEPT_DAYS
from reelbot.studio import Studio
from reelbot.web.site import OPERATIONS

KEYED = [one for one in OPERATIONS if one.idempotency is not None and one.scope != "operator"]
"""What an account asks for itself. What operators ask for is about others, whose keys are their own."""

Ask = Callable[[str], Awaitable[httpx.Response]]
"""Sends a request under a key."""


@pytest.fixture
async def stand(emptied_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    async with standing(emptied_url, clock) as opened:
        await opened.ledger.change_plan(opened.accounts["ada"], "enterprise", key="more", by="operator")
        yield opened


class Asking:
    """Requests that would be carried out, one of each kind. Each is another one than that before it."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self._numbers = count(1)

    async def of(self, operation: str) -> Ask:
        """A request for an operation, by its name, with all that it needs made before."""
        builder: Callable[[int], Awaitable[Ask]] = getattr(self, re.sub("([A-Z])", r"_\1", f"_{operation}").lower())
        return await builder(next(self._numbers))

    def _sends(self, method: str, path: str, body: Any = None, **more: Any) -> Ask:
        return lambda key: self.stand.send(method, path, body, key=key, **more)

    async def _made(self, path: str, body: Any = None) -> str:
        answer = await self.stand.post(path, body)
        assert answer.status_code in (201, 202), answer.text
        return str(answer.json()["id"])

    async def _place_hold(self, n: int) -> Ask:
        return self._sends("POST", "/holds", {"lines": [{"meter": "ai_credits", "amount": n}]})

    async def _settle_hold(self, n: int) -> Ask:
        return self._sends("POST", f"/holds/{(await self.stand.hold(n))['id']}/settlement", {})

    async def _release_hold(self, n: int) -> Ask:
        return self._sends("POST", f"/holds/{(await self.stand.hold(n))['id']}/release", {})

    async def _change_subscription(self, n: int) -> Ask:
        return self._sends("PUT", "/subscription", {"plan": ("pro", "starter", "free")[n % 3], "confirm": True})

    async def _change_account(self, n: int) -> Ask:
        return self._sends("PATCH", "/account", {"timezone": f"Etc/GMT+{1 + n % 12}", "confirm": True})

    async def _add_webhook(self, n: int) -> Ask:
        return self._sends("POST", "/webhooks", {"url": f"https://example.com/{n}", "kinds": ["allowance.low"]})

    async def _open_draft(self, n: int) -> Ask:
        return self._sends("POST", "/drafts", {"flow": "cinematic", "topic": f"topic {n}"})

    async def _draft(self, n: int) -> str:
        draft = await self._made("/drafts", {"flow": "cinematic", "topic": f"a draft {n}"})
        asset = (await (await self._upload_asset(n))(f"picture {n}")).json()["id"]
        changed = await self.stand.send("PATCH", f"/drafts/{draft}", {"add": [asset]}, key=None)
        assert changed.status_code == 200, changed.text
        return draft

    async def _generate(self, n: int) -> Ask:
        return self._sends("POST", f"/drafts/{await self._draft(n)}/generations", {"step": "topic"})

    async def _render_draft(self, n: int) -> Ask:
        return self._sends("POST", f"/drafts/{await self._draft(n)}/renders", {})

    async def _preview_draft(self, n: int) -> Ask:
        return self._sends("POST", f"/drafts/{await self._draft(n)}/previews", {})

    async def _upload_asset(self, n: int) -> Ask:
        written = io.BytesIO()
        Image.new("RGB", (16 + n % 50, 16)).save(written, "PNG")
        return lambda key: self.stand.send("POST", "/assets", key=key, files={"file": (f"{n}.png", written.getvalue())})

    async def _edit_video(self, n: int) -> Ask:
        return self._sends("POST", f"/videos/{await filmed(self.stand)}/edits")

    async def _channel(self) -> str:
        return await self._made("/channels", {"platform": "folder"})

    async def _publish_video(self, n: int) -> Ask:
        video, channel = await filmed(self.stand), await self._channel()
        return self._sends("POST", f"/videos/{video}/posts", {"channel": channel})

    async def _open_post(self, n: int) -> Ask:
        return self._sends("POST", "/posts", {"video": await filmed(self.stand)})

    async def _publish_post(self, n: int) -> Ask:
        asked = {"video": await filmed(self.stand), "channel": await self._channel()}
        return self._sends("POST", f"/posts/{await self._made('/posts', asked)}/publication")

    async def _connect_channel(self, n: int) -> Ask:
        return self._sends("POST", "/channels", {"platform": "folder", "name": f"channel {n}"})

    async def _save_preset(self, n: int) -> Ask:
        return self._sends("POST", "/presets", {"name": f"preset {n}", "brand": {}})


def studio_of(stand: Stand) -> Studio:
    assert stand.site.studio is not None
    return stand.site.studio


async def refused(ask: Ask, key: str) -> None:
    answer = await ask(key)
    assert (answer.status_code, answer.json().get("code")) == (422, "key_reused"), (answer.request.url, answer.text)


async def test_a_key_that_one_request_has_used_is_refused_to_every_other(stand: Stand) -> None:
    asking = Asking(stand)
    others = {one.id: await asking.of(one.id) for one in KEYED}
    for first in KEYED:
        key, ask = f"the key of {first.id}", await asking.of(first.id)
        done = await ask(key)
        assert done.status_code < 300, (first.id, done.text)
        for other in KEYED:
            await refused(others[other.id], key)
        again = await ask(key)
        assert (again.status_code, again.headers.get("idempotency-replayed")) == (done.status_code, "true"), first.id


async def test_a_key_of_a_request_that_was_refused_is_still_free(stand: Stand) -> None:
    asking = Asking(stand)
    wrong = [
        ("/channels", {"platform": "nowhere"}),
        ("/presets", {"name": "x", "template": {"language": "xx"}}),
        ("/posts", {"video": "video_0-1-1"}),
        ("/drafts", {"flow": "narrated", "settings": {"language": "xx"}}),
        ("/holds", {"lines": [{"meter": "channels", "amount": 10**15}, {"meter": "no such", "amount": 1}]}),
    ]
    for number, (path, body) in enumerate(wrong):
        assert (await stand.post(path, body, key=f"k{number}")).status_code >= 400
        answer = await (await asking.of("openDraft"))(f"k{number}")
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    "pair", [("openDraft", "savePreset"), ("generate", "connectChannel"), ("uploadAsset", "openPost")]
)
async def test_of_two_requests_at_once_with_one_key_one_is_carried_out(stand: Stand, pair: tuple[str, str]) -> None:
    asking = Asking(stand)
    for number in range(4):
        asks = [await asking.of(operation) for operation in (*pair, *pair)]
        answers = await asyncio.gather(*(ask(f"at once {number}") for ask in asks))
        codes = sorted(answer.status_code for answer in answers)
        assert codes[0] in (201, 202), codes
        assert codes[1:] == [422, 422, 422], [answer.text for answer in answers]


async def test_keys_are_forgotten_everywhere_at_once_and_not_before(stand: Stand, clock: FakeClock) -> None:
    asking = Asking(stand)
    first, later = await asking.of("openDraft"), await asking.of("savePreset")
    assert (await first("k")).status_code == 201
    for days, code in ((ANSWER_KEPT_DAYS - 1, 422), (2, 201)):
        clock.advance(days * DAY)
        await stand.ledger.sweeper.forget()
        await studio_of(stand).worker.clean()
        assert (await later("k")).status_code == code
