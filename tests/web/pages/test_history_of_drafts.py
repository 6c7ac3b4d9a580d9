"""The history by draft: each row leads to what it was for, and one draft's rows stand under their sum."""

import csv
import io

from tests.support.sites import filmed
from tests.web.api.test_posts import connected
from tests.web.pages.test_studio import finished, generated, opened
from tests.web.pages.visitors import Read, Visitor, visiting

from reelbot.ids import id_text


def purposes(page: Read) -> list[str]:
    """What the rows say that they were for."""
    named = [one for one in [*page.all("a"), *page.all("span")] if "entry-name" in (one.get("class") or "")]
    return [one["title"] or "" for one in named]


def rows(page: Read) -> int:
    return len(page.all("details", **{"class": "entry-row"}))


def chosen(page: Read) -> list[str]:
    return [one["value"] or "" for one in page.all("option") if "selected" in one]


async def test_each_row_names_its_draft_and_leads_there(ada: Visitor) -> None:
    draft = await opened(ada.stand, topic="cats")
    await generated(ada.stand, draft, {"step": "script"})
    await ada.stand.hold(1)
    page = await ada.read("/history")
    assert purposes(page) == ["cats", "cats"]
    assert len(page.all("a", href=f"/studio/{draft}")) == 2
    assert len(page.all("a", href=f"/history?draft={draft}")) == 2
    assert (await ada.get(f"/studio/{draft}")).status_code == 200


async def test_a_row_leads_to_the_video_once_the_draft_is_one(ada: Visitor) -> None:
    draft, video = await finished(ada.stand)
    page = await ada.read("/history")
    assert not page.all("a", href=f"/studio/{draft}")
    assert {"why cats purr"} == set(purposes(page))
    assert page.all("a", href=f"/videos/{video}")
    assert (await ada.get(f"/videos/{video}")).status_code == 200


async def test_a_removed_draft_is_named_without_a_link(ada: Visitor) -> None:
    draft = await opened(ada.stand, topic="cats")
    await generated(ada.stand, draft, {"step": "script"})
    await ada.stand.send("DELETE", f"/drafts/{draft}", key=None)
    page = await ada.read("/history")
    assert "cats (removed)" in page.text
    assert not page.all("a", href=f"/studio/{draft}")
    narrowed = await ada.read(f"/history?draft={draft}")
    assert "Removed draft cats AI credits 2 used" in narrowed.text
    assert rows(narrowed) == 2


async def test_a_post_is_named_where_it_used_one(ada: Visitor) -> None:
    stand = ada.stand
    video, channel = await filmed(stand), await connected(stand)
    sent = (await stand.post(f"/videos/{video}/posts", {"channel": channel, "title": "Cats at last"})).json()
    page = await ada.read("/history")
    assert purposes(page) == ["Cats at last"]
    assert page.all("a", href=f"/publish/posts/{sent['post']}")
    await stand.send("DELETE", f"/posts/{sent['post']}", key=None)
    assert stand.site.publishing is not None
    await stand.site.publishing.worker.run_all()


async def test_a_drafts_history_stands_under_the_sum_of_all_that_it_used(ada: Visitor) -> None:
    cats, dogs = await opened(ada.stand, topic="cats"), await opened(ada.stand, topic="dogs")
    await generated(ada.stand, cats, {"step": "script"}, {"step": "image"})
    await generated(ada.stand, dogs, {"step": "script"})
    await ada.stand.post(f"/drafts/{cats}/generations", {"step": "topic", "options": {"keywords": "cats"}})
    page = await ada.read(f"/history?draft={cats}")
    assert "Draft cats AI credits 6 used, 1 held" in page.text
    assert (rows(page), set(purposes(page)), chosen(page)) == (5, {"cats"}, [cats])
    part = await ada.read(f"/history?draft={cats}&kind=settle&action=image")
    assert rows(part) == 1 and "AI credits 6 used, 1 held" in part.text
    empty = await ada.read(f"/history?draft={cats}&day=2020-01-01")
    assert "No entry" in empty.text and "AI credits 6 used, 1 held" in empty.text
    untouched = await ada.read(f"/history?draft={await opened(ada.stand, topic='newts')}")
    assert "Draft newts Nothing was used for it." in untouched.text and "No entry" in untouched.text


async def test_csv_has_the_drafts_entries_alone_and_names_the_draft(ada: Visitor) -> None:
    cats, dogs = await opened(ada.stand, topic="cats"), await opened(ada.stand, topic="dogs")
    for draft in (cats, dogs):
        await generated(ada.stand, draft, {"step": "script"})
    page = await ada.read(f"/history?draft={cats}&kind=settle")
    (link,) = [one["href"] or "" for one in page.all("a") if (one.get("href") or "").startswith("/history.csv")]
    found = list(csv.DictReader(io.StringIO((await ada.get(link)).text)))
    assert [(row["kind"], row["draft"], row["draft_name"]) for row in found] == [("settle", cats, "cats")]


async def test_drafts_and_videos_are_offered_and_so_is_the_one_that_is_looked_at(ada: Visitor) -> None:
    was, _ = await finished(ada.stand)
    gone, cats = await opened(ada.stand, topic="newts"), await opened(ada.stand, topic="cats")
    await generated(ada.stand, gone, {"step": "script"})
    await ada.stand.send("DELETE", f"/drafts/{gone}", key=None)
    page = await ada.read("/history")
    offered = {one["value"] for one in page.all("option") if (one["value"] or "").startswith("draft_")}
    assert offered == {was, cats}
    assert "why cats purr (video)" in page.text
    assert chosen(await ada.read(f"/history?draft={gone}")) == [gone]


async def test_a_draft_and_a_video_lead_to_what_they_used(ada: Visitor) -> None:
    draft = await opened(ada.stand, topic="cats")
    (link,) = [one["href"] or "" for one in (await ada.read(f"/studio/{draft}")).all("a") if "/history?" in str(one)]
    assert link == f"/history?draft={draft}"
    was, video = await finished(ada.stand)
    (link,) = [one["href"] or "" for one in (await ada.read(f"/videos/{video}")).all("a") if "/history?" in str(one)]
    assert link == f"/history?draft={was}"
    page = await ada.read(link)
    assert "Video why cats purr AI credits 1 used Video generations 1 used" in page.text
    other = await filmed(ada.stand)
    assert "What it used" not in (await ada.read(f"/videos/{other}")).text


async def test_a_draft_that_is_not_ones_own_narrows_nothing_and_is_not_told_apart(ada: Visitor) -> None:
    draft = await opened(ada.stand, topic="cats")
    await generated(ada.stand, draft, {"step": "script"})
    whole = rows(await ada.read("/history"))
    bob = ada.stand.accounts["bob"]
    for id in ("x", "draft_", "draft_0-9-9", id_text("draft", bob.lane, bob.id, 5)):
        page = await ada.read(f"/history?draft={id}")
        assert (rows(page), "used-for" in str(page.elements)) == (whole, False)
    async with visiting(ada.stand) as other:
        await other.sign_in("bob")
        page = await other.read(f"/history?draft={draft}")
        assert "cats" not in page.text and rows(page) == 1
