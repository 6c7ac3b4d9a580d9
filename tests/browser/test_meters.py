"""The meters in a browser: live in every tab, exhausted with the reason, back by themselves at the turn."""

from playwright.async_api import Page, expect
from tests.browser.conftest import PATIENCE_MS, Visited, live

from reelbot.clock import instant_from

MIDNIGHT = instant_from("2026-03-01T23:00:00Z")
"""In Paris."""

expect.set_options(timeout=PATIENCE_MS)

HEADER = ".pair [data-meter=ai_credits] [data-part=remaining]"
CARD = ".card[data-meter=ai_credits]"

BUTTON = """(needs) => {
  const button = document.createElement("button");
  button.id = "priced";
  button.className = "button";
  button.dataset.needs = needs;
  button.textContent = "Write a script";
  button.addEventListener("click", () => { button.dataset.clicks = Number(button.dataset.clicks || 0) + 1; });
  document.querySelector("main").append(button);
}"""


async def test_a_hold_moves_the_meter_in_every_tab_without_reloading(visited: Visited) -> None:
    async with visited.signed_in() as first:
        second = await visited.another(first.context)
        await second.goto(f"{visited.url}/subscription")
        await live(second)
        hold = await visited.stand.hold(25)
        for page in (first, second):
            await expect(page.locator(HEADER)).to_have_text("35")
            await expect(page.locator(f"{CARD} [data-part=remaining]")).to_have_text("35")
            await expect(page.locator(f"{CARD} [data-part=held]")).to_have_text("25")
        await visited.stand.post(f"/holds/{hold['id']}/release", {})
        for page in (first, second):
            await expect(page.locator(HEADER)).to_have_text("60")
            await expect(page.locator(f"{CARD} [data-part=held]")).to_have_text("0")


async def test_a_charge_is_announced_once_and_its_settlement_is_not(visited: Visited) -> None:
    async with visited.signed_in() as page:
        announcer = page.locator("#announcer")
        hold = await visited.stand.hold(2)
        await expect(announcer).to_have_text("2 AI credits taken. 58 of 60 left today.")
        await page.evaluate("document.getElementById('announcer').textContent = ''")
        await visited.stand.post(f"/holds/{hold['id']}/settlement", {})
        await expect(page.locator(f"{CARD} [data-part=used]")).to_have_text("2")
        await visited.stand.hold(50)
        await expect(announcer).to_have_text("50 AI credits taken. 8 of 60 left today. Running low.")


async def test_a_rising_amount_shows_what_was_taken_and_goes_away(visited: Visited) -> None:
    async with visited.signed_in() as page:
        await page.evaluate(
            "new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((node) => {"
            " if (node.className === 'delta') document.body.dataset.rose = node.textContent; })))"
            ".observe(document.body, { subtree: true, childList: true })"
        )
        await visited.stand.hold(2)
        await page.wait_for_selector('body[data-rose="−2"]')
        await expect(page.locator(".delta")).to_have_count(0)


async def test_who_wants_less_motion_sees_no_rising_amount(visited: Visited) -> None:
    async with visited.signed_in(reduced_motion="reduce") as page:
        await visited.stand.hold(2)
        await expect(page.locator(HEADER)).to_have_text("58")
        await expect(page.locator(".delta")).to_have_count(0)


async def test_an_exhausted_button_says_why_and_works_again_at_the_turn(visited: Visited) -> None:
    async with visited.signed_in() as page:
        await page.evaluate(BUTTON, "ai_credits:2")
        button = page.locator("#priced")
        await button.click()
        await visited.stand.hold(59)
        await expect(button).to_have_attribute("aria-disabled", "true")
        await expect(button).to_have_text("Write a script")
        await _is_refused(page)
        await expect(page.locator(f"{CARD} [data-part=state]")).to_have_text("Running low")
        await visited.stand.hold(1)
        await expect(page.locator(f"{CARD} [data-part=state]")).to_have_text("Used up")
        await expect(page.locator(f"{CARD} [data-part=still]")).to_be_visible()
        visited.stand.time.move_to(MIDNIGHT)
        await expect(button).not_to_have_attribute("aria-disabled", "true")
        await expect(page.locator(HEADER)).to_have_text("60")
        await expect(page.locator(f"{CARD} [data-part=resets]")).to_have_text("Tue 3 Mar, 00:00")
        await button.click()
        assert await button.get_attribute("data-clicks") == "2"


async def _is_refused(page: Page) -> None:
    button = page.locator("#priced")
    reason = page.locator(f"#{await button.get_attribute('aria-describedby')}")
    await expect(reason).to_contain_text("Needs 2 AI credits; 1 left. Back Mon 2 Mar, 00:00, in 1")
    await button.focus()
    await page.keyboard.press("Enter")
    await button.dispatch_event("click")
    assert await button.get_attribute("data-clicks") == "1"


async def test_the_other_limit_is_its_own(visited: Visited) -> None:
    async with visited.signed_in() as page:
        await page.evaluate(BUTTON, "video_generations:1")
        await visited.stand.hold(60)
        await expect(page.locator(HEADER)).to_have_text("0")
        await page.locator("#priced").click()
        assert await page.locator("#priced").get_attribute("data-clicks") == "1"
        await visited.stand.hold(3, meter="video_generations")
        await expect(page.locator("#priced")).to_have_attribute("aria-disabled", "true")


async def test_a_hidden_tab_gives_its_stream_back_and_catches_up_when_it_is_seen(visited: Visited) -> None:
    async with visited.signed_in() as page:
        await _turn(page, "hidden")
        await visited.stand.hold(7)
        await _turn(page, "visible")
        await expect(page.locator(HEADER)).to_have_text("53")


async def _turn(page: Page, state: str) -> None:
    await page.evaluate(
        "(state) => { Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });"
        " dispatchEvent(new Event('visibilitychange')); }",
        state,
    )


async def test_an_ended_session_says_so_in_the_open_page(visited: Visited) -> None:
    async with visited.signed_in() as page:
        ada = visited.stand.accounts["ada"]
        await visited.accounts.sessions.end_others(ada.lane, ada.id, "")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(page.locator("#connection")).to_contain_text("You have been signed out.")
        visited.problems.clear()  # the browser itself notes each answer of 401


async def test_being_offline_is_told_without_a_reload_and_ends_by_itself(visited: Visited) -> None:
    async with visited.signed_in() as page:
        await page.context.set_offline(True)
        await expect(page.locator("#connection")).to_contain_text("You are offline")
        await visited.stand.hold(9)
        await page.context.set_offline(False)
        await expect(page.locator(HEADER)).to_have_text("51")
        await expect(page.locator("#connection")).to_be_hidden()
        visited.problems.clear()  # the browser itself notes each request that failed


async def test_going_to_a_page_while_the_server_is_away_shows_one_of_ours(visited: Visited) -> None:
    async with visited.signed_in() as page:
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await page.context.set_offline(True)
        await page.goto(f"{visited.url}/history")
        await expect(page.locator("h1")).to_have_text("The server can’t be reached")
        assert await page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily") != "serif"
        await page.context.set_offline(False)
        await page.get_by_role("link", name="Try again").click()
        await expect(page.locator(HEADER)).to_have_text("60")
        visited.problems.clear()  # the browser itself notes each request that failed
