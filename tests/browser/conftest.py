"""A real browser before a real server, both in this process's hands, with a clock that the test moves."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from starlette.types import ASGIApp
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing
from tests.system_needs import browser as browser_program
from tests.system_needs import missing, sentence

from reelbot.accounts import Accounts

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip

PATIENCE_MS = 60_000
"""How long the browser may take for anything: a slow machine is no fault."""

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
"""Where pictures of the whole way are kept, for a person to look at. Not in git."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the pictures are."""
    if SCREENSHOTS.exists():
        terminalreporter.write_line(f"Screenshots of every stage: {SCREENSHOTS}")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """One event loop for all browser tests of a worker: its one browser lives in it."""
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


class QuietServer(uvicorn.Server):
    """A server that leaves signals to the test run."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Visited:
    """A site that is served on this machine, and a browser to look at it with."""

    stand: Stand
    url: str
    browser: Browser
    problems: list[str]

    @property
    def accounts(self) -> Accounts:
        assert isinstance(self.stand.site.accounts, Accounts)
        return self.stand.site.accounts

    async def link(self, name: str = "ada") -> str:
        """A link that signs in as an account, once."""
        account = self.stand.accounts[name]
        return f"{self.url}/enter?token={await self.accounts.sessions.issue_link(account.lane, account.id)}"

    @asynccontextmanager
    async def signed_in(self, name: str = "ada", width: int = 1280, **options: object) -> AsyncIterator[Page]:
        """A page on the dashboard of somebody who has signed in. What goes wrong in its scripts fails the test."""
        context = await self.browser.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
        page = await self.another(context)
        await enter(page, await self.link(name))
        await live(page)
        yield page
        await context.close()
        assert self.problems == []

    async def another(self, context: BrowserContext) -> Page:
        """One more tab of the same browser."""
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        return page


async def enter(page: Page, link: str) -> None:
    """Open a one-time link and press its button."""
    await page.goto(link)
    await page.get_by_role("button", name="Sign in as").click()


async def live(page: Page) -> None:
    """Wait until the page follows the stream."""
    await page.wait_for_selector('html[data-connection="live"]')


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is."""
    lacking = [sentence(need) for need in missing() if need.package]
    found = browser_program()
    if found is None or lacking:
        pytest.fail("\n".join(lacking), pytrace=False)
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One browser for all tests of a worker: starting one takes longer than most tests. Each opens contexts of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS), timeout=PATIENCE_MS * 2)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visited(browser: Browser, sqlite_url: str, clock: FakeClock) -> AsyncIterator[Visited]:
    """The accounts `ada` and `bob` on Free in Paris, served; and a browser that nobody has signed in with."""
    async with standing(sqlite_url, clock) as stand, served(stand.app, stand) as url:
        yield Visited(stand, url, browser, [])
        await leave(browser)


async def leave(browser: Browser) -> None:
    """Close what a test left open when it failed: its streams would keep asking a server that is gone."""
    for context in browser.contexts:
        await context.close()


@asynccontextmanager
async def served(app: ASGIApp, stand: Stand) -> AsyncIterator[str]:
    """The address of an application, served until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = QuietServer(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            stand.site.streams.close()
            server.should_exit = True
            await task
