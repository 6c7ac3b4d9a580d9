"""axe-core finds nothing serious on any page: light and dark, on a desk and on a phone, in every state that pages have."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, expect
from tests.browser import furnishing
from tests.browser.conftest import PATIENCE_MS, Visited, enter, leave, live, served
from tests.browser.furnishing import Furnished
from tests.support.clock import FakeClock
from tests.support.sites import join, standing

expect.set_options(timeout=PATIENCE_MS)

Scheme = Literal["light", "dark"]
SCHEMES: dict[Scheme, dict[str, list[str]]] = {
    "light": {},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}
"""What axe looks for: everything in one scheme, and in the other whatever its colours can change."""

WIDTHS = (1280, 390)

PAGES = furnishing.looked_at("member", "operator")
STEPS = ("topic", "script", "voiceover", "assets", "review")
LIMITED = ("/", "/subscription", "/assets", "/publish", *(f"/studio/{{id}}/{step}" for step in STEPS))
"""Pages with something that a limit can stop."""

STILL = """async () => {
  await document.fonts.ready;
  const passing = ({ playState, timeline, effect }) =>
    playState === "running" && timeline instanceof DocumentTimeline && effect.getComputedTiming().endTime < Infinity;
  for (let moving; (moving = document.getAnimations().filter(passing)).length;) {
    await Promise.all(moving.map((one) => one.finished.catch(() => null)));
  }
  await new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)));
}"""
"""Wait until nothing moves: a colour in the middle of a change is no colour of ours."""

LOOK = """async (options) => {
  const { violations } = await axe.run({ resultTypes: ["violations"], ...options });
  return violations.filter((one) => ["serious", "critical"].includes(one.impact)).flatMap((one) => one.nodes.map((node) =>
    `${one.id}: ${node.target.join(" ")}: ${node.failureSummary.split("\\n").at(-1).trim()}`));
}"""
"""What axe finds that keeps somebody out: the rule, where, and what is wrong there."""


@dataclass(frozen=True)
class Town:
    """A site that all tests of a worker look at and none changes: `ada` has everything, `bob` nothing, `eve` used it up."""

    visited: Visited
    ada: Furnished
    bob: Furnished
    eve: Furnished
    drafts: dict[str, str]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    file: Path = tmp_path_factory.mktemp("town") / "reelbot.db"
    async with standing(f"sqlite:///{file}", FakeClock()) as stand, served(stand.app, stand) as url:
        visited = Visited(stand, url, browser, [])
        await join(stand, "eve", "pro")
        await furnishing.raised(stand, "ada", "pro")
        await furnishing.promoted(stand, "ada")
        ada = await furnishing.belongings(stand)
        bob = Furnished({"/studio/": await furnishing.a_draft(stand, "bob", topic="")})
        eve = await furnishing.belongings(stand, "eve")
        drafts = {state: await make(stand) for state, make in STATES.items()}
        await furnishing.exhausted(stand, "eve")
        yield Town(visited, ada, bob, eve, drafts)
        await leave(browser)


STATES = {
    "no longer matching": furnishing.stale,
    "failed": furnishing.failed,
    "ready": furnishing.ready,
    "locked": furnishing.locked,
    "at work": furnishing.at_work,
}
"""What drafts can be like. Those for which something waits come last: to make the others, all that waits is done."""


@asynccontextmanager
async def shown(town: Town, name: str | None, path: str) -> AsyncIterator[Page]:
    """A page as somebody sees it who wants no motion; nobody has signed in where there is no name."""
    context = await town.visited.browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    if name:
        await enter(page, await town.visited.link(name))
        await live(page)
    await page.goto(f"{town.visited.url}{path}")
    if name:
        await live(page)
    yield page
    await context.close()


async def require_nothing_grave(page: Page, what: str) -> None:
    """Look at a page in every scheme and width; each fault is told with where, how and which rule."""
    await page.evaluate(AXE_SCRIPT)
    await page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    faults = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        for scheme, options in SCHEMES.items():
            await page.emulate_media(color_scheme=scheme)
            await page.evaluate(STILL)
            faults += [f"{what}, {scheme}, {width} px: {fault}" for fault in await page.evaluate(LOOK, options)]
    assert faults == [], "\n".join(faults)


def test_every_page_of_the_table_is_looked_at() -> None:
    assert len(PAGES) >= 19
    assert {*STEPS} == {path.rpartition("/")[2] for path in PAGES if path.startswith("/studio/{id}/")}


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_with_something_on_it(town: Town, path: str) -> None:
    address = town.ada.address(path)
    assert address is not None, "somebody who has everything has something for every page"
    async with shown(town, "ada", address) as page:
        await require_nothing_grave(page, f"{path} with content")


@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith("/operator")])
async def test_a_page_with_nothing_on_it(town: Town, path: str) -> None:
    address = town.bob.address(path)
    if address is None:
        address = path.replace("{id}", "nothing_0-1-0")  # what is not there has a page too
    async with shown(town, "bob", address) as page:
        await require_nothing_grave(page, f"{path} empty")


@pytest.mark.parametrize("path", furnishing.looked_at("anyone"))
async def test_a_page_for_strangers(town: Town, path: str) -> None:
    async with shown(town, None, path) as page:
        await require_nothing_grave(page, f"{path} signed out")


@pytest.mark.parametrize(
    "path", ["/", "/subscription", "/assets", "/publish", *(f"/studio/{{id}}/{step}" for step in STEPS)]
)
async def test_a_page_when_every_limit_is_used_up(town: Town, path: str) -> None:
    async with shown(town, "eve", str(town.eve.address(path))) as page:
        await expect(page.locator(".pair [data-state=exhausted]")).to_have_count(2)
        await require_nothing_grave(page, f"{path} exhausted")


@pytest.mark.parametrize("state", STATES)
async def test_a_draft_in_each_state(town: Town, state: str) -> None:
    async with shown(town, "ada", f"/studio/{town.drafts[state]}") as page:
        for step in STEPS:
            await page.click(f".step[data-step-link={step}]")
            await require_nothing_grave(page, f"draft {state}, {step}")


@pytest.mark.parametrize(
    "path", ["/studio", "/studio/{id}/assets", "/assets", "/presets", "/subscription", "/operator"]
)
async def test_each_dialog_of_a_page(town: Town, path: str) -> None:
    async with shown(town, "ada", str(town.ada.address(path))) as page:
        names = await page.locator("dialog:not(:has(h2:empty))").evaluate_all("(all) => all.map((dialog) => dialog.id)")
        assert names, "dialogs without a title are filled first, by what is asked"
        for name in names:
            await page.evaluate("(id) => document.getElementById(id).showModal()", name)
            await require_nothing_grave(page, f"{path}, dialog {name}")
            await page.evaluate("(id) => document.getElementById(id).close()", name)


async def test_the_dialog_that_shows_a_quote(town: Town) -> None:
    async with shown(town, "ada", f"/studio/{town.drafts['no longer matching']}") as page:
        await page.locator("[data-makes=refresh]:visible").first.click()
        await expect(page.locator("#quote")).to_be_visible()
        await require_nothing_grave(page, "the quote")


async def test_the_dialog_that_shows_what_a_change_affects(town: Town) -> None:
    async with shown(town, "ada", f"/studio/{town.drafts['ready']}/script") as page:
        await page.fill("#script", "Quite another text.")
        await expect(page.locator("#impact")).to_be_visible()
        await require_nothing_grave(page, "the impact")
        await page.locator("#impact").get_by_role("button", name="Cancel, change nothing").click()
        await expect(page.locator("#impact")).to_be_hidden()
