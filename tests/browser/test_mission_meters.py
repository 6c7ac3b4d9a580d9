"""The mission as people see it: the exact limit, live in every tab (PRODUCT M7, M8), one test for each sentence."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from tests.browser import furnishing
from tests.browser.conftest import PATIENCE_MS, Visited, enter, live
from tests.browser.real_server import Caller, serving
from tests.browser.studio_pages import CREDITS, SCRIPT, STEPS, credit_entries, done, go, press, studio
from tests.support.sites import Stand

PLACES = {
    "on the dashboard": ("/", ".card"),
    "in the video studio sidebar": ("/studio/{draft}", ".studio-side"),
    "on the subscription and usage page": ("/subscription", ".card"),
}


@pytest.mark.parametrize("place", PLACES)
async def test_m7_the_exact_limit_is_shown(visited: Visited, place: str) -> None:
    path, around = PLACES[place]
    draft = await furnishing.a_draft(visited.stand)
    held = await visited.stand.hold(7)
    await visited.stand.post(f"/holds/{held['id']}/settlement", {})
    await visited.stand.hold(25)
    async with visited.signed_in() as page:
        await page.goto(visited.url + path.format(draft=draft))
        card = page.locator(f"{around}[data-meter=ai_credits], {around} [data-meter=ai_credits]")
        await _reads(card, remaining="28", of="left of 60 today", used="7", held="25")
        videos = page.locator(f"{around}[data-meter=video_generations], {around} [data-meter=video_generations]")
        await _reads(videos, remaining="3", of="left of 3 this month", used="0", held="0")
        await furnishing.raised(visited.stand, "ada", "pro")
        await _reads(card, remaining="968", of="left of 1,000 today", used="7", held="25")
        await furnishing.raised(visited.stand, "ada", "enterprise")
        await _reads(card, remaining="∞", of="no limit today", used="7", held="25")


async def _reads(card: Locator, **parts: str) -> None:
    for part, text in parts.items():
        await expect(card.locator(f"[data-part={part}]")).to_have_text(text)


TABS = ("/", "/subscription", "/history", "/publish")


async def test_m8_used_and_remaining_change_the_instant_an_ai_action_is_triggered_in_every_open_tab_without_reloading(
    visited: Visited,
) -> None:
    draft = await furnishing.a_draft(visited.stand)
    async with studio(visited, draft, "script") as page:
        tabs = [page]
        for path in TABS:
            tabs.append(await visited.another(page.context))
            await tabs[-1].goto(visited.url + path)
            await live(tabs[-1])
        for tab in tabs:
            await tab.evaluate("window.sameAsBefore = true")
        await page.bring_to_front()
        await page.click("#panel-script [data-makes=step]")
        for tab in tabs:
            await expect(tab.locator(CREDITS)).to_have_text("58")
        assert await visited.stand.used() == (0, 2), "no worker has done anything yet"
        await done(visited)
        for tab in (tabs[0], tabs[1], tabs[2]):
            await expect(tab.locator("[data-meter=ai_credits] [data-part=used]").first).to_have_text("2")
        assert [await tab.evaluate("window.sameAsBefore") for tab in tabs] == [True] * len(tabs)


async def test_m8_what_is_held_is_hatched_and_shrinks_back_when_it_is_released(visited: Visited) -> None:
    async with visited.signed_in() as page:
        bar = page.locator(".card[data-meter=ai_credits] [data-part=bar-held]")
        hold = await visited.stand.hold(30)
        await expect(bar).to_have_attribute("style", re.compile(r"\bwidth: 50%"))
        assert "hatch" in await bar.evaluate("(bar) => getComputedStyle(bar).fill")
        await visited.stand.post(f"/holds/{hold['id']}/release", {})
        await expect(bar).to_have_attribute("style", re.compile(r"\bwidth: 0%"))


async def test_m8_who_wants_less_motion_sees_the_new_figures_and_nothing_moves(visited: Visited) -> None:
    draft = await furnishing.a_draft(visited.stand)
    async with studio(visited, draft, "script", reduced_motion="reduce") as page:
        await page.evaluate(
            "window.moved = []; for (const kind of ['animationstart', 'transitionrun'])"
            " addEventListener(kind, ({ target }) => { for (const one of target.getAnimations())"
            " if (one.effect.getComputedTiming().activeDuration > 1) moved.push(target.className); }, true);"
        )
        await page.click("#panel-script [data-makes=step]")
        await expect(page.locator(CREDITS)).to_have_text("58")
        await expect(page.locator("#works")).to_be_visible()
        assert await page.evaluate("window.moved") == []
        await expect(page.locator(".delta")).to_have_count(0)


async def _begun(stand: Stand) -> str:
    """A draft with a topic and a script by hand, for which all the rest is to be made."""
    return await furnishing.a_draft(stand, script=SCRIPT)


BUTTONS: dict[str, tuple[Callable[[Stand], Awaitable[str]], set[str]]] = {
    "of which little is made": (
        _begun,
        {
            "Get ideas", "Make a title", "Make the whole video", "Write it again", "Rewrite", "Speak the script",
            "Paint", "Make music",
        },
    ),
    "with something in every place": (
        furnishing.full,
        {
            "More ideas", "Make a title", "Write it again", "Rewrite", "Speak it again", "Paint", "Paint again",
            "Animate, 5 s", "Animate 3 pictures", "Make another",
        },
    ),
    "with a step that no longer matches": (
        furnishing.stale,
        {
            "Get ideas", "Make a title", "Write it again", "Rewrite", "Speak it again", "Paint",
            "Make music", "Bring up to date",
        },
    ),
}  # fmt: skip
"""The AI buttons of drafts. One that a page has beyond these fails its test: none is forgotten."""


@pytest.mark.parametrize("draft_is", BUTTONS)
async def test_m8_the_price_on_every_ai_button_is_what_the_ledger_then_shows(visited: Visited, draft_is: str) -> None:
    make, expected = BUTTONS[draft_is]
    await furnishing.raised(visited.stand, "ada", "pro")
    draft = await make(visited.stand)
    pressed: set[str] = set()
    async with studio(visited, draft) as page:
        for step in STEPS:
            await go(page, step)
            if step == "assets" and await page.locator("[data-animate]").count():
                await page.check("[data-select-all]")
            await _press_each(visited, page, f"#panel-{step} [data-makes]:enabled", pressed)
        await _press_each(visited, page, ".studio-side [data-makes]:enabled", pressed)
    assert pressed == expected


TEXTS = "(buttons) => buttons.map((button) => button.querySelector('[data-part=\"text\"]').textContent)"


async def _press_each(visited: Visited, page: Page, which: str, pressed: set[str]) -> None:
    """Press those that were not pressed before, one after another: each may leave a place where there is one more."""
    while new := [text for text in await page.locator(which).evaluate_all(TEXTS) if text not in pressed]:
        await _press_and_compare(visited, page, page.locator(which).filter(has_text=new[0]).first, new[0])
        pressed.add(new[0])


OPENED = """(button) => {
  for (let at = button; at; at = at.parentElement) {
    if (at.matches("details")) at.open = true;
    if (at.matches("dialog")) at.showModal();
  }
}"""


async def _press_and_compare(visited: Visited, page: Page, button: Locator, text: str) -> None:
    """Press an AI button, compare its price with the ledger, and take back what it began."""
    await button.evaluate(OPENED)
    price = button.locator("[data-part=price]")
    await expect(price).to_have_text(re.compile(r"^\d"))
    said = int("".join(re.findall(r"^\d+", await price.inner_text())))
    used, held = await visited.stand.used()
    begun = await press(page, button)
    assert await visited.stand.used() == (used, held + said), text
    held_now = [one for one in await credit_entries(visited) if (one["kind"], one["hold"]) == ("hold", begun["hold"])]
    assert sum(one["amount"] for one in held_now) == said, text
    await expect(page.locator("#works")).to_be_visible()
    await visited.stand.send("DELETE", f"/jobs/{begun['job']}")
    await expect(page.locator("#works")).to_have_count(0)
    await expect(page.locator("dialog[open]")).to_have_count(0)


LISTENS = """() => {
  window.told = [];
  const Plain = window.EventSource;
  window.EventSource = class extends Plain {
    constructor(...asked) {
      super(...asked);
      const note = (message) => told.push(message.lastEventId);
      for (const kind of ["usage", "job", "draft", "video"]) this.addEventListener(kind, note);
    }
  };
}"""


async def test_m8_a_page_whose_server_is_killed_says_so_and_comes_back_by_itself_with_nothing_skipped_or_repeated(
    browser: Browser, tmp_path: Path
) -> None:
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.add_init_script(f"({LISTENS})()")
    async with serving(tmp_path, "--port", "0") as server:
        assert server.key is not None
        caller = Caller(server.url, server.key)
        await enter(page, server.link)
        await live(page)
        await caller.hold(7)
        await expect(page.locator(CREDITS)).to_have_text("993")
        await server.kill()
        await expect(page.locator("#connection")).to_contain_text("Connecting again")
    async with serving(tmp_path, "--port", server.url.rpartition(":")[2]):
        await caller.hold(11)
        await expect(page.locator(CREDITS)).to_have_text("982")
        await expect(page.locator("#connection")).to_be_hidden()
        await caller.hold(13)
        await expect(page.locator(CREDITS)).to_have_text("969")
        await expect(page.locator(".card[data-meter=ai_credits] [data-part=held]")).to_have_text("31")
        told = [int(id) for id in await page.evaluate("told") if "." not in id]
        assert told == list(range(told[0], told[0] + 3))
        await context.close()
