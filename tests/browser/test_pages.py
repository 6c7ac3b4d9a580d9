"""The pages in a browser: signing in, changing plans, the keyboard, a phone, names for screen readers, contrast, weight."""

import pytest
from playwright.async_api import Response, expect
from tests.browser.conftest import PATIENCE_MS, Visited, enter
from tests.support.sites import with_plan_changes

from reelbot.web.pages.wording import instant_words, number_text, size_text

expect.set_options(timeout=PATIENCE_MS)

PATHS = ("/", "/subscription", "/history", "/account", "/operator", "/operator/accounts/0-1", "/nowhere")

WEIGHT_MAX = 200_000

NAMELESS = """() => {
  const nameless = [];
  const seen = (element) => element.checkVisibility() && element.type !== "hidden";
  for (const element of document.querySelectorAll("input, select, textarea")) {
    if (seen(element) && !element.labels?.length && !element.ariaLabel) nameless.push(element.outerHTML);
  }
  for (const element of document.querySelectorAll("a, button, summary")) {
    if (seen(element) && !(element.ariaLabel || element.textContent.trim())) nameless.push(element.outerHTML);
  }
  for (const image of document.querySelectorAll("img:not([alt])")) nameless.push(image.outerHTML);
  for (const id of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    for (const name of ["aria-labelledby", "aria-describedby"]) {
      const named = id.getAttribute(name);
      if (named && !document.getElementById(named)) nameless.push(`${name}=${named}`);
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  nameless.push(...ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => `twice: ${id}`));
  if (document.querySelectorAll("h1").length !== 1) nameless.push("not one h1");
  if (!document.documentElement.lang || !document.title || !document.querySelector("main")) nameless.push("frame");
  return nameless;
}"""

CONTRAST = """(pairs) => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const probe = document.body.appendChild(document.createElement("i"));
  const luminance = (token) => {
    probe.style.color = `var(${token})`;
    context.fillStyle = getComputedStyle(probe).color;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((byte) => {
      const share = byte / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  return pairs.map(([text, ground]) => {
    const [light, dark] = [luminance(text), luminance(ground)].sort((one, other) => other - one);
    return [text, ground, (light + 0.05) / (dark + 0.05)];
  });
}"""

GROUNDS = ("--ground", "--raised", "--sunken")
TEXTS = [
    *((text, ground) for text in ("--ink", "--ink-soft", "--accent-strong") for ground in (*GROUNDS, "--accent-soft")),
    *((f"--{tone}", f"--{tone}-soft") for tone in ("good", "warn", "bad")),
    ("--on-accent", "--accent"), ("--on-accent", "--accent-strong"), ("--bad", "--raised"), ("--ground", "--ink"),
    ("--accent", "--raised"),
]  # fmt: skip
SHAPES = [("--second", "--raised"), ("--accent", "--raised"), ("--line-strong", "--raised"), ("--focus", "--ground")]


async def test_a_one_time_link_leads_to_the_dashboard_and_works_once(visited: Visited) -> None:
    link = await visited.link()
    context = await visited.browser.new_context()
    page = await visited.another(context)
    await enter(page, link)
    await page.wait_for_url(f"{visited.url}/")
    await expect(page.locator("h1")).to_have_text("What is your next video about?")
    await context.clear_cookies()
    await page.goto(link)
    await expect(page.get_by_role("alert")).to_contain_text("This link has expired or was already used")
    await context.close()


async def test_a_topic_is_all_it_takes_to_open_a_draft(visited: Visited) -> None:
    async with visited.signed_in() as page:
        await page.get_by_label("What is your next video about?").fill("Tides")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/studio/draft_**")
        (draft,) = (await visited.stand.get("/drafts")).json()["drafts"]
        assert f"/studio/{draft['id']}" in page.url
    assert await visited.stand.used() == (0, 0)


async def test_a_plan_is_changed_after_its_consequences_were_read(visited: Visited) -> None:
    with_plan_changes(visited.stand, "open")
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/subscription")
        await page.get_by_role("button", name="Switch to Starter").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("You move to Starter at once. What you have used stays used")
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await page.get_by_role("button", name="Switch to Starter").click()
        await dialog.get_by_role("button", name="Switch to Starter").click()
        await expect(page.get_by_role("status").first).to_contain_text("You are on Starter now")
        await expect(page.locator(".card[data-meter=ai_credits] [data-part=of]")).to_have_text("left of 200 today")
        await page.get_by_role("button", name="Cancel plan").click()
        await expect(dialog).to_contain_text("You stay on Starter until Wed 1 Apr 2026, 00:00 (Europe/Paris)")
        await dialog.get_by_role("button", name="Cancel plan").click()
        await expect(page.locator(".plan-now")).to_contain_text("You move to Free on Wed 1 Apr 2026, 00:00")
        await page.get_by_role("button", name="Stay on Starter").click()
        await expect(page.locator(".plan-now")).not_to_contain_text("You move to")


async def test_the_keyboard_reaches_everything_of_the_header_in_order(visited: Visited) -> None:
    async with visited.signed_in() as page:
        reached = []
        for _ in range(10):
            await page.keyboard.press("Tab")
            reached.append(
                await page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent.trim()")
            )
        assert reached[:6] == ["Skip to the content", "ReelBot", "Dashboard", "Studio", "Publish", "Usage"]
        assert reached[8:10] == ["Change between light and dark", "Account of ada"]
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert await page.evaluate(outline) == "solid"
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


async def test_nothing_is_wider_than_a_phone_and_everything_has_a_name(visited: Visited) -> None:
    await _make_operator(visited)
    await visited.stand.hold(30)
    async with visited.signed_in(width=360) as page:
        for path in PATHS:
            await page.goto(f"{visited.url}{path}")
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert (path, wide) == (path, 360)
            assert (path, await page.evaluate(NAMELESS)) == (path, [])
        visited.problems.clear()  # the browser itself notes the answer of 404


async def _make_operator(visited: Visited) -> None:
    assert visited.stand.site.database is not None
    async with visited.stand.site.database.transaction() as connection:
        await connection.execute("UPDATE member SET role = 'operator' WHERE name = 'ada'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_colours_can_be_told_apart(visited: Visited, scheme: str) -> None:
    async with visited.signed_in(color_scheme=scheme) as page:
        texts = await page.evaluate(CONTRAST, TEXTS)
        assert [one for one in texts if one[2] < 4.5] == []
        shapes = await page.evaluate(CONTRAST, SHAPES)
        assert [one for one in shapes if one[2] < 3] == []


async def test_the_first_load_is_light_and_all_of_it_is_ours(visited: Visited) -> None:
    weights: dict[str, int] = {}

    async def weigh(answer: Response) -> None:
        if "/events" not in answer.url and answer.status == 200:
            size = (await answer.request.sizes())["responseBodySize"]
            weights[answer.url] = max(size, weights.get(answer.url, 0))  # later it comes from the cache, and has none

    context = await visited.browser.new_context()
    page = await visited.another(context)
    page.on("response", weigh)
    await enter(page, await visited.link())
    await page.wait_for_selector('html[data-connection="live"]')
    await page.evaluate("document.fonts.ready.then(() => true)")
    assert all(url.startswith(visited.url) for url in weights)
    assert 20_000 < sum(weights.values()) < WEIGHT_MAX
    await context.close()


async def test_scripts_word_figures_as_the_server_does(visited: Visited) -> None:
    numbers = [0, 1, 999, 1_000, 1_234_567]
    sizes = [0, 1, 999, 1_000, 1_550, 500_000_000, 1_260_000_000, 50_000_000_000, 3 * 10**12]
    instants = [1_772_366_400_000, 1_774_742_400_000, 1_798_758_000_000]
    async with visited.signed_in() as page:
        module = await page.evaluate(
            "document.querySelector('script[src$=\"shell.js\"]').src.replace('shell', 'words')"
        )
        said = await page.evaluate(
            "async ([module, numbers, sizes, instants]) => { const words = await import(module);"
            " return [numbers.map(words.numberText), sizes.map(words.sizeText), instants.map(words.instantWords)]; }",
            [module, numbers, sizes, instants],
        )
    assert said == [
        [number_text(one) for one in numbers],
        [size_text(one) for one in sizes],
        [instant_words(one, "Europe/Paris") for one in instants],
    ]


async def test_light_and_dark_can_be_chosen_and_stay_chosen(visited: Visited) -> None:
    async with visited.signed_in(color_scheme="light") as page:
        await page.get_by_role("button", name="Change between light and dark").click()
        await page.reload()
        assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
