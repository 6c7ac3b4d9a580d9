"""The mission as people see it: at a limit, at the reset, two limits, deliberate use (PRODUCT M9, M10, M13)."""

import re

import pytest
from playwright.async_api import expect
from tests.browser import furnishing
from tests.browser.conftest import Visited
from tests.browser.studio_pages import CREDITS, SAVED, VIDEOS, done, drafted, forgive, go, press, studio
from tests.support.sites import filmed

from reelbot.clock import instant_from

MIDNIGHT = instant_from("2026-03-01T23:00:00Z")
"""In Paris."""


async def _use_up(visited: Visited, meter: str = "ai_credits") -> None:
    meters = (await visited.stand.get("/usage")).json()["meters"]
    left = next(one["remaining"] for one in meters if one["meter"] == meter)
    await visited.stand.hold(left, meter)


REFUSED = """() => [...document.querySelectorAll("[data-makes]")].map((button) => {
  button.click();
  return [
    button.querySelector('[data-part="text"]').textContent,
    button.getAttribute("aria-disabled"),
    document.getElementById(button.getAttribute("aria-describedby"))?.textContent ?? "",
  ];
})"""

STOPPED = """() => [...document.querySelectorAll("main button, main input, main select, main textarea")]
  .filter((one) => one.disabled || one.getAttribute("aria-disabled") === "true")
  .filter((one) => !one.matches("[data-makes], [data-move]"))
  .map((one) => one.outerHTML)"""

REASON = re.compile(r"Needs [1-9]\d* AI credits?; 0 left\. Back Mon 2 Mar, 00:00, in \d+ h( \d+ min)?\.")


async def test_m9_at_the_limit_ai_actions_are_disabled_each_with_its_reason_and_countdown_and_only_they(
    visited: Visited,
) -> None:
    draft = await furnishing.full(visited.stand)
    async with studio(visited, draft, "assets") as page:
        await page.check("[data-select-all]")
        await expect(page.locator("#scene-bar [data-makes]")).to_contain_text("Animate 3 pictures")
        await _use_up(visited)
        await expect(page.locator(CREDITS)).to_have_text("0")
        buttons = await page.evaluate(REFUSED)
        assert len(buttons) >= 10
        wrong = [one for one in buttons if not (one[0] and one[1] == "true" and REASON.fullmatch(one[2]))]
        assert wrong == []
        assert await page.evaluate(STOPPED) == []
        await expect(page.locator("#works")).to_have_count(0)
    assert sum(await visited.stand.used()) == 60


async def test_m9_at_the_reset_they_come_back_by_themselves_in_the_open_page_and_nothing_is_lost(
    visited: Visited,
) -> None:
    draft = await furnishing.full(visited.stand)
    async with studio(visited, draft, "script") as page:
        before = await drafted(visited, draft)
        await _use_up(visited)
        await expect(page.locator("[data-refused=ai_credits]").first).to_be_attached()
        await page.fill("#wish", "shorter")
        await page.evaluate("window.sameAsBefore = true")
        visited.stand.time.move_to(MIDNIGHT)
        await expect(page.locator("[data-refused=ai_credits]")).to_have_count(0)
        await expect(page.locator(".reason")).to_have_count(0)
        await expect(page.locator(CREDITS)).to_have_text("60")
        await expect(page.locator("#wish")).to_have_value("shorter")
        assert await page.evaluate("window.sameAsBefore")
        after = await drafted(visited, draft)
        assert (after["steps"], after["settings"]) == (before["steps"], before["settings"])
        await press(page, page.locator("#panel-script [data-makes=step]"))
        await expect(page.locator(CREDITS)).to_have_text("58")


async def test_m10_with_the_ai_credits_used_up_a_video_can_still_be_made(visited: Visited) -> None:
    draft = await furnishing.ready(visited.stand)
    await _use_up(visited)
    async with studio(visited, draft, "review") as page:
        await expect(page.locator(CREDITS)).to_have_text("0")
        await expect(page.locator(VIDEOS)).to_have_text("3")
        await page.click("[data-render]")
        await expect(page.locator(VIDEOS)).to_have_text("2")
    assert await visited.stand.used(meter="video_generations") == (0, 1)


async def test_m10_with_the_videos_used_up_ai_actions_still_work_and_only_generate_video_waits(
    visited: Visited,
) -> None:
    draft = await furnishing.ready(visited.stand)
    await _use_up(visited, "video_generations")
    async with studio(visited, draft, "review") as page:
        generate = page.locator("[data-render]")
        await expect(generate).to_have_attribute("aria-disabled", "true")
        reason = page.locator(f"#{await generate.get_attribute('aria-describedby')}")
        await expect(reason).to_contain_text("Needs 1 video generation; 0 left. Back Wed 1 Apr, 00:00, in 30 days.")
        await expect(page.locator("[data-refused=video_generations]")).to_have_count(1)
        await go(page, "script")
        await press(page, page.locator("#panel-script [data-makes=step]"))
        await expect(page.locator(CREDITS)).to_have_text("57")
        await expect(page.locator(VIDEOS)).to_have_text("0")


PAIR = """() => ["ai_credits", "video_generations"].map((name) => {
  const figure = document.querySelector(`.pair [data-meter=${name}] [data-part=remaining]`);
  if (!figure) return "missing";
  const { left, right, top, bottom, width } = figure.getBoundingClientRect();
  const seen = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return width > 0 && figure.checkVisibility() && figure.closest("a").contains(seen) ? figure.textContent : "hidden";
})"""


@pytest.mark.parametrize("role", ["member", "operator"])
async def test_m10_both_are_visible_at_all_times_on_every_page_for(visited: Visited, role: str) -> None:
    stand = visited.stand
    if role == "operator":
        await furnishing.promoted(stand, "ada")
    video = await filmed(stand)
    post = (await stand.post("/posts", {"video": video})).json()["id"]
    ids = {
        "/studio/": await furnishing.a_draft(stand),
        "/videos/": video,
        "/publish/posts/": post,
        "/operator/accounts/": "0-2",
    }
    await stand.hold(25)
    await stand.hold(1, "video_generations")
    paths = furnishing.looked_at("member", *(("operator",) if role == "operator" else ()))
    async with visited.signed_in() as page:
        for path in (*paths, "/nowhere"):
            address = furnishing.Furnished(ids).address(path)
            assert address is not None, f"{path} needs something to show"
            await page.goto(visited.url + address)
            for width in (1280, 390):
                await page.set_viewport_size({"width": width, "height": 700})
                for place in ("0", "document.documentElement.scrollHeight"):
                    await page.evaluate(f"scrollTo({{ top: {place}, behavior: 'instant' }})")
                    assert (path, width, place, await page.evaluate(PAIR)) == (path, width, place, ["35", "2"])
        visited.problems.clear()  # the picture on paper is no picture, and nowhere is a 404


async def test_m13_ai_heavy_work_is_batched_under_one_price(visited: Visited) -> None:
    await furnishing.raised(visited.stand, "ada", "pro")
    draft = await furnishing.a_draft(visited.stand)
    await furnishing.painted(visited.stand, draft)
    async with studio(visited, draft, "assets") as page:
        bar = page.locator("#scene-bar")
        await expect(bar).to_contain_text("Choose pictures to animate them together, at one price")
        await page.check("[data-select-all]")
        await expect(bar).to_contain_text("2 chosen, one price for all")
        button = bar.locator("[data-makes=animation]")
        await expect(button).to_contain_text("Animate 2 pictures50")
        await button.click()
        quote = page.locator("#quote")
        await expect(quote.locator("tbody tr")).to_have_count(2)
        await expect(quote).to_contain_text("1,000 now → 50 → 950 after")
        await quote.locator("[data-part=go]").click()
        await expect(page.locator("#works li")).to_have_count(1)
    assert await visited.stand.used() == (0, 50)


async def test_m13_settings_are_settled_first_and_a_later_change_says_what_it_would_cost(visited: Visited) -> None:
    draft = await furnishing.a_draft(visited.stand)
    async with studio(visited, draft, "script") as page:
        await expect(page.locator(".settings")).to_contain_text(
            "Choose tone, duration and language before you generate"
        )
        await page.select_option("#tone", "humorous")
        await expect(page.locator(SAVED)).to_be_visible()
        await expect(page.locator("#impact")).to_be_hidden()
        await press(page, page.locator("#panel-script [data-makes=step]"))
        await done(visited)
        await expect(page.locator("#works")).to_have_count(0)
        await page.select_option("#tone", "casual")
        impact = page.locator("#impact")
        await expect(impact).to_contain_text("costs 2 AI credits, when you ask for it")
        await impact.get_by_role("button", name="Cancel, change nothing").click()
        await expect(page.locator("#tone")).to_have_value("humorous")
        forgive(visited, 409)


async def test_m13_only_what_is_needed_is_regenerated(visited: Visited) -> None:
    draft = await furnishing.stale(visited.stand)
    async with studio(visited, draft) as page:
        await expect(page.locator("#refresh li")).to_have_count(1)
        await expect(page.locator("#refresh li")).to_contain_text("Voiceover")
        before = (await drafted(visited, draft))["steps"]["script"]["versions"]
        await page.click("#refresh [data-makes=refresh]")
        charged = page.locator("#quote tbody tr").filter(has_text="AI credit")
        await expect(charged).to_have_count(1)
        await expect(charged).to_contain_text("Voiceover")
        await page.locator("#quote [data-part=go]").click()
        await expect(page.locator("#works")).to_be_visible()
        await done(visited)
        await expect(page.locator("#refresh")).to_have_count(0)
        assert (await drafted(visited, draft))["steps"]["script"]["versions"] == before
    assert await visited.stand.used() == (2, 0)
