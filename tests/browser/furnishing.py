"""Accounts with something in them, for tests that look at every page: drafts in every state, a video, a post, a history."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.browser.studio_pages import SCRIPT, picture
from tests.support.sites import Stand, filmed
from tests.web.api.test_posts import connected

from reelbot.web.pages.table import PAGES
from reelbot.web.pages.visits import Audience

MADE = ({"step": "topic", "options": {"keywords": "cats"}}, {"step": "voiceover"}, {"step": "image"}, {"step": "music"})
"""One of each AI action that the embedded provider does in a moment."""


class Furnished(NamedTuple):
    """What an account has, by what stands before its id in the addresses of pages."""

    ids: Mapping[str, str]

    def address(self, path: str) -> str | None:
        """Where a page of the table is for this account; None for one that it has nothing for."""
        before, id_follows, rest = path.partition("{id}")
        if not id_follows:
            return path
        return f"{before}{self.ids[before]}{rest}" if before in self.ids else None


def looked_at(*audiences: Audience) -> list[str]:
    """Every page of the table for these people, by its path. A page that is added is among them by itself."""
    return [one.path for one in PAGES if one.method == "GET" and one.audience in audiences and one.path not in FILES]


FILES = ("/history.csv", "/enter")
"""Addresses of the table that show nothing by themselves: a download, and a way in, which needs a link."""


async def raised(stand: Stand, name: str, plan: str) -> None:
    """Move an account to a plan."""
    await stand.ledger.change_plan(stand.accounts[name], plan, key=f"{name} {plan}", by="operator")


async def promoted(stand: Stand, name: str) -> None:
    """Make a member an operator."""
    database: Any = stand.site.database
    async with database.transaction() as connection:
        await connection.execute(f"UPDATE member SET role = 'operator' WHERE name = '{name}'")  # a name of this test


async def all_done(stand: Stand) -> None:
    """Do all jobs that wait."""
    assert stand.site.studio is not None
    await stand.site.studio.worker.run_all()


async def a_draft(stand: Stand, name: str = "ada", **more: Any) -> str:
    """A draft with a topic, and whatever else is said."""
    body = {"flow": "narrated", "topic": "why cats purr", **more}
    return str((await stand.post("/drafts", body, name)).json()["id"])


async def changed(stand: Stand, draft: str, name: str = "ada", **change: Any) -> None:
    """Change a draft, whatever stops matching."""
    answer = await stand.send("PATCH", f"/drafts/{draft}", {**change, "confirm": True}, name, key=None)
    assert answer.status_code == 200, answer.text


async def asked(stand: Stand, draft: str, name: str = "ada", **body: Any) -> None:
    """Trigger AI actions; the job waits until somebody has it done."""
    answer = await stand.post(f"/drafts/{draft}/generations", body, name)
    assert answer.status_code == 202, answer.text


async def painted(stand: Stand, draft: str, colours: tuple[str, ...] = ("teal", "orange"), name: str = "ada") -> None:
    """Give a draft pictures of one's own; those that are in the library already are taken from there."""
    library = {one["name"]: one["id"] for one in (await stand.get("/assets", name)).json()["assets"]}
    for file in [f"{colour}.png" for colour in colours]:
        if file not in library:
            files = {"file": (file, picture(file.removesuffix(".png")))}
            library[file] = (await stand.send("POST", "/assets", name=name, files=files)).json()["id"]
    await changed(stand, draft, name, add=[library[f"{colour}.png"] for colour in colours])


async def ready(stand: Stand, name: str = "ada") -> str:
    """A draft that only has to be rendered: a script by hand, spoken, and two pictures.

    It uses 1 AI credit, and the second one of an account none: what it is made of was made already.
    """
    draft = await a_draft(stand, name, script=SCRIPT)
    await painted(stand, draft, name=name)
    await asked(stand, draft, name, step="voiceover")
    await all_done(stand)
    return draft


async def full(stand: Stand, name: str = "ada") -> str:
    """A draft with something in every place: ideas, versions, pictures by hand and by AI, a voice, music."""
    draft = await a_draft(stand, name, script="Hello.")
    await changed(stand, draft, name, script=SCRIPT, title="Purring")
    await painted(stand, draft, name=name)
    await asked(stand, draft, name, steps=[*MADE])
    await all_done(stand)
    return draft


async def stale(stand: Stand, name: str = "ada") -> str:
    """A draft whose voiceover no longer matches its script."""
    draft = await a_draft(stand, name, script=SCRIPT)
    await asked(stand, draft, name, step="voiceover")
    await all_done(stand)
    await changed(stand, draft, name, script="Something else entirely.")
    return draft


async def locked(stand: Stand, name: str = "ada") -> str:
    """A draft whose video waits to be rendered."""
    draft = await ready(stand, name)
    assert (await stand.post(f"/drafts/{draft}/renders", {}, name)).status_code == 202
    return draft


async def failed(stand: Stand, name: str = "ada") -> str:
    """A draft whose video and whose clip could not be made, because a picture was gone from the disk for a while."""
    draft = await a_draft(stand, name, script=SCRIPT)
    await painted(stand, draft, ("crimson",), name)
    await asked(stand, draft, name, step="voiceover")
    await all_done(stand)
    shown = (await stand.get(f"/drafts/{draft}", name)).json()
    scene = shown["steps"]["assets"]["scenes"][0]
    await asked(stand, draft, name, step="animation", options={"scenes": [scene["scene"]], "seconds": 3})
    with _missing(stand, scene["picture"]["media"]["url"].rpartition("/")[2]):
        await all_done(stand)
        assert (await stand.post(f"/drafts/{draft}/renders", {}, name)).status_code == 202
        await all_done(stand)
    return draft


@contextmanager
def _missing(stand: Stand, sha256: str) -> Iterator[None]:
    assert stand.site.studio is not None
    path = stand.site.studio.files.path(sha256)
    elsewhere = path.rename(path.with_name("elsewhere"))
    try:
        yield
    finally:
        elsewhere.rename(path)


async def belongings(stand: Stand, name: str = "ada") -> Furnished:
    """Fill an account: something on every page."""
    video = await filmed(stand, name)
    await connected(stand, name)
    post = (await stand.post("/posts", {"video": video}, name)).json()["id"]
    await stand.post("/presets", {"name": "House", "brand": {"text_colour": "#112233"}}, name)
    await stand.post("/presets", {"name": "Short", "template": {"duration_s": 15}}, name)
    await stand.post("/webhooks", {"url": "https://example.com/hooks", "kinds": ["exhausted"]}, name)
    account = stand.accounts[name]
    place = f"{account.lane}-{account.id}"
    draft = await full(stand, name)
    return Furnished({"/studio/": draft, "/videos/": video, "/publish/posts/": post, "/operator/accounts/": place})


async def at_work(stand: Stand, name: str = "ada") -> str:
    """A draft for which something of every kind waits to be made."""
    draft = await a_draft(stand, name, script=SCRIPT)
    await asked(stand, draft, name, steps=[*MADE])
    return draft


async def exhausted(stand: Stand, name: str) -> None:
    """Hold all that is left of every limit."""
    for meter in (await stand.get("/usage", name)).json()["meters"]:
        if meter["remaining"]:
            await stand.hold(meter["remaining"], meter["meter"], name)
