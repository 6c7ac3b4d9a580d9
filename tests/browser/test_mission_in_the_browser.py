"""The mission's rules as people see them, one test for each sentence (PRODUCT M4, M7, M8, M9, M10, M13)."""

import io
import re
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Locator, Page, Response, expect
from tests.browser import furnishing
from tests.browser.conftest import PATIENCE_MS, Visited, leave, live, served
from tests.browser.real_server import Caller, serving
from tests.browser.test_studio_browser import (
    CREDITS,
    SAVED,
    SCRIPT,
    done,
    drafted,
    forgive,
    go,
    picture,
    studio,
)
from tests.fakes import FakeClock
from tests.integration.test_api_publish import connected, filmed, work
from tests.sites import Stand, standing

from reelbot.clock import instant_from

expect.set_options(timeout=PATIENCE_MS)

MIDNIGHT = instant_from("2026-03-01T23:00:00Z")
"""In Paris."""

VIDEOS = ".pair [data-meter=video_generations] [data-part=remaining]"
STEPS = ("topic", "script", "voiceover", "assets", "review")


# M4: never any credits for moving, editing, previewing, reviewing, settings, downloading, publishing, uploading, undoing


async def _move(visited: Visited, page: Page, draft: str, who: str) -> None:
    for step in STEPS:
        await go(page, step)
    await page.go_back()
    await page.go_forward()
    await page.locator("#panel-review .panel-foot a").click()
    await expect(page.locator("#panel-assets")).to_be_visible()


async def _edit(visited: Visited, page: Page, draft: str, who: str) -> None:
    await _type(page, "#topic", "why dogs bark")
    await go(page, "script")
    await _type(page, "#script", "Dogs bark because they can.")
    shown = (await visited.stand.get(f"/drafts/{draft}", who)).json()
    assert shown["steps"]["script"]["text"] == "Dogs bark because they can."


async def _type(page: Page, field: str, text: str) -> None:
    await page.fill(field, text)
    await _saved(page)


async def _saved(page: Page) -> None:
    """A change is saved; where it affects finished steps, it is agreed to first."""
    agree = page.locator("#impact").get_by_role("button", name="Change it")
    await page.locator(f"{SAVED}, #impact[open]").first.wait_for()
    if await agree.is_visible():
        await agree.click()
    await expect(page.locator(SAVED)).to_be_visible()


async def _preview(visited: Visited, page: Page, draft: str, who: str) -> None:
    await go(page, "voiceover")
    async with page.expect_response(re.compile(r"/sample\.wav")) as sample:
        await page.locator("[data-sample]").first.click()
    assert (await sample.value).ok
    await go(page, "review")
    await page.click("[data-preview]")
    await expect(page.locator("#works")).to_contain_text("Preview")
    await done(visited)
    await expect(page.locator(".preview-video")).to_be_visible()


async def _review(visited: Visited, page: Page, draft: str, who: str) -> None:
    await page.goto(f"{visited.url}/studio")
    await page.click(f"[data-draft='{draft}'] a")
    await go(page, "review")
    await expect(page.locator("#panel-review")).to_contain_text("it sets the length of the video")


async def _set(visited: Visited, page: Page, draft: str, who: str) -> None:
    for choice in ("60 s", "16:9", "Large"):
        await page.locator(".settings").get_by_text(choice, exact=True).click()
        await _saved(page)
    for field, value in (("#tone", "humorous"), ("#language", "de")):
        await page.select_option(field, value)
        await _saved(page)
    settings = (await visited.stand.get(f"/drafts/{draft}", who)).json()["settings"]
    assert [settings[name] for name in ("duration_s", "aspect", "tone", "language")] == [60, "16:9", "humorous", "de"]


async def _download(visited: Visited, page: Page, draft: str, who: str) -> None:
    await page.goto(f"{visited.url}/videos/{await filmed(visited.stand, who)}")
    for link in await page.locator("a[download]").all():
        async with page.expect_download() as download:
            await link.click()
        assert await (await download.value).path()
    await page.goto(f"{visited.url}/publish")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download the kit of Why cats purr").first.click()
    assert (await download.value).suggested_filename.endswith(".zip")
    visited.problems.clear()  # the picture on paper is no picture


async def _publish(visited: Visited, page: Page, draft: str, who: str) -> None:
    await filmed(visited.stand, who)
    await connected(visited.stand, who)
    await page.goto(f"{visited.url}/publish")
    await page.get_by_role("button", name="Write a post for Why cats purr").first.click()
    await page.get_by_role("button", name="Publish 1 post").click()
    await expect(page.locator("#post-state")).to_have_text("On its way")
    await work(visited.stand)
    await expect(page.locator("#post-state")).to_have_text("Published")
    visited.problems.clear()  # the picture on paper is no picture


async def _upload(visited: Visited, page: Page, draft: str, who: str) -> None:
    await go(page, "assets")
    file = FilePayload(name="navy.png", mimeType="image/png", buffer=picture("navy"))
    await page.set_input_files("[data-drop=scenes] input", files=[file])
    await expect(page.locator(".scene .scene-picture img")).to_have_count(3)
    tune = FilePayload(name="tune.wav", mimeType="audio/wav", buffer=_silence())
    await page.set_input_files("[data-drop=music] input", files=[tune])
    await expect(page.locator("#music .player")).to_be_visible()


def _silence() -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(32_000))
    return written.getvalue()


async def _undo(visited: Visited, page: Page, draft: str, who: str) -> None:
    await go(page, "script")
    await _type(page, "#script", "Dogs bark because they can.")
    await page.locator("#panel-script .versions summary").click()
    await page.locator("#panel-script [data-choose]").first.click()
    await expect(page.locator("#script")).to_have_value(SCRIPT)
    await expect(page.locator(".step[data-step-link=voiceover]")).to_contain_text("Done")


Doing = Callable[[Visited, Page, str, str], Awaitable[None]]

FREE: dict[str, Doing] = {
    "moving between steps": _move,
    "editing text by hand": _edit,
    "previewing": _preview,
    "reviewing drafts": _review,
    "changing settings": _set,
    "downloading": _download,
    "publishing": _publish,
    "uploading": _upload,
    "undoing": _undo,
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def household(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Visited]:
    """A site for what must change no figure: `ada` has used 1 credit, `bob` all of them. Each test has its own draft."""
    file = tmp_path_factory.mktemp("household") / "reelbot.db"
    async with standing(f"sqlite:///{file}", FakeClock()) as stand, served(stand.app, stand) as url:
        for name in ("ada", "bob"):
            await furnishing.ready(stand, name)
        await stand.hold(59, name="bob")
        yield Visited(stand, url, browser, [])
        await leave(browser)


@pytest.mark.parametrize("what", FREE)
async def test_m4_never_any_credits_for(household: Visited, what: str) -> None:
    await _done_without_credits(household, "ada", FREE[what], (1, 0), "59")


async def _done_without_credits(household: Visited, who: str, do: Doing, used: tuple[int, int], left: str) -> None:
    """Do something as a person does it: neither the figures nor the ledger may show anything of it."""
    visited = replace(household, problems=[])
    draft = await furnishing.ready(visited.stand, who)
    before = await _credit_entries(visited, who)
    assert await visited.stand.used(who) == used
    async with studio(visited, draft, name=who) as page:
        await do(visited, page, draft, who)
        await expect(page.locator(CREDITS)).to_have_text(left)
        forgive(visited, 409)
    assert await visited.stand.used(who) == used
    assert await _credit_entries(visited, who) == before


async def _credit_entries(visited: Visited, who: str = "ada") -> Any:
    return (await visited.stand.get("/entries?meter=ai_credits", who)).json()["entries"]


# M7: the exact limit is shown on the dashboard, in the studio's sidebar and on the page of the subscription


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


# M8: usage is tracked in real time


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
    held_now = [one for one in await _credit_entries(visited) if (one["kind"], one["hold"]) == ("hold", begun["hold"])]
    assert sum(one["amount"] for one in held_now) == said, text
    await expect(page.locator("#works")).to_be_visible()
    await visited.stand.send("DELETE", f"/jobs/{begun['job']}")
    await expect(page.locator("#works")).to_have_count(0)
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def press(page: Page, button: Locator) -> Any:
    """Press an AI button, agree to its quote where one is shown first, and give what was answered."""
    async with page.expect_response(_begins_work) as answer:
        await button.click()
        if await button.get_attribute("data-asks") is not None:
            await page.locator("#quote [data-part=go]").click()
    return await (await answer.value).json()


def _begins_work(answer: Response) -> bool:
    return answer.request.method == "POST" and answer.url.endswith("/generations")


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
        await page.goto(server.link)
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


# M9: at the limit


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


async def _manage(visited: Visited, page: Page, draft: str, who: str) -> None:
    await go(page, "assets")
    await page.locator("[data-move='1']").first.click()
    await expect(page.locator("#announcer")).to_have_text("Now 2 of 2.")
    await page.goto(f"{visited.url}/studio")
    await page.fill("#topic", "Another")
    await page.get_by_role("button", name="Begin").click()
    await page.wait_for_url("**/studio/draft_**")
    await page.goto(f"{visited.url}/studio")
    await page.get_by_role("button", name="Remove Another").click()
    await page.locator("dialog[open] button[value=yes]").click()
    await expect(page.get_by_role("button", name="Remove Another")).to_have_count(0)


async def _render(visited: Visited, page: Page, draft: str, who: str) -> None:
    await go(page, "review")
    await page.click("[data-render]")
    await expect(page.locator("#works")).to_be_visible()
    await done(visited)
    await expect(page).to_have_url(re.compile(r"/videos/video_"))
    await expect(page.locator(VIDEOS)).to_have_text("2")


GOING_ON: dict[str, Doing] = {
    "reviewing": _review,
    "editing": _edit,
    "managing": _manage,
    "previewing": _preview,
    "rendering": _render,
    "downloading": _download,
    "publishing": _publish,
}


@pytest.mark.parametrize("what", GOING_ON)
async def test_m9_at_the_limit_this_goes_on(household: Visited, what: str) -> None:
    await _done_without_credits(household, "bob", GOING_ON[what], (1, 59), "0")


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


# M10: two independent limits, both visible at all times


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


# M13: the product itself encourages deliberate use


async def test_m13_ai_heavy_work_is_batched_under_one_price(visited: Visited) -> None:
    await furnishing.raised(visited.stand, "ada", "pro")
    draft = await furnishing.a_draft(visited.stand)
    await furnishing.painted(visited.stand, draft)
    async with studio(visited, draft, "assets") as page:
        await page.check("[data-select-all]")
        button = page.locator("#scene-bar [data-makes=animation]")
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
