"""What stays in a browser after signing out: nothing of anybody's."""

from playwright.async_api import expect
from tests.browser.conftest import PATIENCE_MS, Visited
from tests.web.api.test_drafts import picture

expect.set_options(timeout=PATIENCE_MS)

CACHED = """async () => {
  const texts = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) texts.push(request.url, await (await cache.match(request)).text());
  }
  return texts.join("\\n");
}"""

KEPT = """(path) => fetch(path, { cache: "only-if-cached", mode: "same-origin" })
  .then((answer) => answer.status, () => "nothing")"""
"""Whether the browser has an answer of its own."""


async def test_after_signing_out_the_way_back_shows_nothing_and_nothing_is_kept(visited: Visited) -> None:
    stand = visited.stand
    secret = "A film that nobody has heard of"
    await stand.post("/drafts", {"flow": "narrated", "topic": secret})
    asset = (await stand.send("POST", "/assets", files={"file": ("cat.png", picture())})).json()["id"]
    file = f"/api/v1/assets/{asset}/file"
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/studio")
        await expect(page.locator("main")).to_contain_text(secret)
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        assert await page.evaluate("(path) => fetch(path).then((answer) => answer.status)", file) == 200
        assert await page.evaluate(KEPT, file) == 200
        assert "ada" not in await page.evaluate(CACHED)
        await page.evaluate("document.querySelector('form[action=\"/logout\"]').requestSubmit()")
        await page.wait_for_url("**/login")
        await page.go_back()
        await expect(page.locator("h1")).to_have_text("Sign in")
        assert secret not in await page.content()
        assert await page.evaluate(KEPT, file) != 200
        assert secret not in await page.evaluate(CACHED)
        await page.goto(f"{visited.url}{file}")
        assert "unauthenticated" in await page.content()
        visited.problems.clear()  # the browser itself notes each answer that is no success


async def test_a_picture_and_a_clip_are_shown_when_they_are_opened_by_themselves(visited: Visited) -> None:
    asset = (await visited.stand.send("POST", "/assets", files={"file": ("cat.png", picture())})).json()["id"]
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/api/v1/assets/{asset}/file")
        assert await page.evaluate("document.images[0].naturalWidth") == 64
        visited.problems.clear()
